/* Second factors: codes of RFC 6238 (SHA-1, 30 s, 6 digits: what every authenticator shows), computed by
 * liboath, and recovery codes for whoever lost theirs.
 *
 * C1. A code is good in its own step and the one before and after, and only in a step later than the last
 *     one that was used: one that was looked over somebody's shoulder is of no use.
 * C2. Recovery codes have 80 bits each and are kept as keyed hashes, all of a person in one box; one that
 *     was used is taken out of it. */
#include <liboath/oath.h>

#include "vault/vault_impl.h"

#define DIGITS 6u
#define WINDOW 1

static uint32_t put_letter(char *to, uint32_t len, uint32_t letters, uint32_t value,
                           unsigned group) {
        if (group && letters && letters % group == 0)
                to[len++] = '-';
        to[len++] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[value & 31];
        return len;
}

uint32_t base32_put(char *to, const unsigned char *p, size_t n, unsigned group) {
        uint32_t bits = 0, have = 0, len = 0, letters = 0;

        for (size_t i = 0; i < n; i++) {
                bits = bits << 8 | p[i];
                for (have += 8; have >= 5; letters++) {
                        have -= 5;
                        len = put_letter(to, len, letters, bits >> have, group);
                }
        }
        if (have)
                len = put_letter(to, len, letters, bits << (5 - have), group);
        return len;
}

int totp_make(struct vault *v, int64_t person, struct msg_vault_answer *ret) {
        unsigned char secret[TOTP_SECRET_BYTES];

        randombytes_buf(secret, sizeof(secret));
        int r = box_seal(v, VAULT_FOR_TOTP, person, span_of((const char *)secret, sizeof(secret)),
                         ret->box, &ret->box_len);
        if (r == 0)
                ret->text_len = base32_put(ret->text, secret, sizeof(secret), 0);
        sodium_memzero(secret, sizeof(secret));
        return r;
}

/* All steps are tried, whichever is right. */
static int64_t step_of(const unsigned char *secret, const char *code, int64_t now) {
        int64_t found = -1;

        for (int64_t k = -WINDOW; k <= WINDOW; k++) {
                int64_t step = now / VAULT_STEP_S + k;
                char right[DIGITS + 1] = {0};

                if (step < 0 || oath_hotp_generate((const char *)secret, TOTP_SECRET_BYTES,
                                                   (uint64_t)step, DIGITS, false,
                                                   OATH_HOTP_DYNAMIC_TRUNCATION, right) != OATH_OK)
                        continue;
                if (sodium_memcmp(right, code, DIGITS) == 0)
                        found = step;
                sodium_memzero(right, sizeof(right));
        }
        return found;
}

int totp_check(struct vault *v, const struct msg_vault_ask *m, int64_t now,
               struct msg_vault_answer *ret) {
        unsigned char secret[VAULT_BOX_MAX];
        uint32_t len = 0;
        int r = box_open(v, VAULT_FOR_TOTP, m->person, span_of((const char *)m->box, m->box_len),
                         secret, &len);

        if (r == 0 && (len != TOTP_SECRET_BYTES || m->text_len != DIGITS))
                r = -EACCES;
        int64_t step = r == 0 ? step_of(secret, m->text, now) : -1;
        sodium_memzero(secret, sizeof(secret));
        if (step < 0)
                return -EACCES;
        if (step <= m->step)
                return -EALREADY;
        ret->step = step;
        return 0;
}

int codes_make(struct vault *v, int64_t person, struct msg_vault_answer *ret) {
        unsigned char hashes[VAULT_CODES][CODE_HASH_BYTES], random[CODE_BYTES];

        for (unsigned i = 0; i < VAULT_CODES; i++) {
                randombytes_buf(random, sizeof(random));
                box_hash(v, VAULT_FOR_CODES, person, span_of((const char *)random, sizeof(random)),
                         hashes[i]);
                ret->text_len += base32_put(ret->text + ret->text_len, random, sizeof(random), 4);
                ret->text[ret->text_len++] = '\n';
        }
        sodium_memzero(random, sizeof(random));
        return box_seal(v, VAULT_FOR_CODES, person, span_of((const char *)hashes, sizeof(hashes)),
                        ret->box, &ret->box_len);
}

/* Letters in either case; dashes and blanks do not matter, and 0, 1, 8 are what they look like. */
static bool read_code(const struct msg_vault_ask *m, unsigned char to[CODE_BYTES]) {
        uint32_t bits = 0, have = 0, n = 0;

        for (uint32_t i = 0; i < m->text_len; i++) {
                char c = ascii_lower(m->text[i]);
                uint32_t x;

                if (c == '-' || c == ' ')
                        continue;
                c = c == '0' ? 'o' : c == '1' ? 'i' : c == '8' ? 'b' : c;
                if (c >= 'a' && c <= 'z')
                        x = (uint32_t)(c - 'a');
                else if (c >= '2' && c <= '7')
                        x = (uint32_t)(c - '2') + 26;
                else
                        return false;
                bits = bits << 5 | x;
                have += 5;
                if (have < 8)
                        continue;
                if (n == CODE_BYTES)
                        return false;
                have -= 8;
                to[n++] = (unsigned char)(bits >> have);
        }
        return n == CODE_BYTES && have == 0;
}

int codes_check(struct vault *v, const struct msg_vault_ask *m, struct msg_vault_answer *ret) {
        unsigned char hashes[VAULT_BOX_MAX], code[CODE_BYTES], hash[CODE_HASH_BYTES];
        uint32_t len = 0, left = 0, found = UINT32_MAX;
        int r = box_open(v, VAULT_FOR_CODES, m->person, span_of((const char *)m->box, m->box_len),
                         hashes, &len);

        if (r == 0 && (len % CODE_HASH_BYTES || !read_code(m, code)))
                r = -EACCES;
        if (r == 0) {
                box_hash(v, VAULT_FOR_CODES, m->person, span_of((const char *)code, sizeof(code)),
                         hash);
                for (uint32_t at = 0; at < len; at += CODE_HASH_BYTES)
                        if (sodium_memcmp(hashes + at, hash, CODE_HASH_BYTES) == 0)
                                found = at;
                r = found == UINT32_MAX ? -EACCES : 0;
        }
        if (r == 0) {
                left = len - CODE_HASH_BYTES;
                memmove(hashes + found, hashes + found + CODE_HASH_BYTES, left - found);
                r = box_seal(v, VAULT_FOR_CODES, m->person, span_of((const char *)hashes, left),
                             ret->box, &ret->box_len);
                ret->step = left / CODE_HASH_BYTES;
        }
        sodium_memzero(hashes, sizeof(hashes));
        sodium_memzero(code, sizeof(code));
        return r;
}

/* See pseudonym.h. Six digits of Crockford's alphabet are 30 bits: among 5,000 people two share a code once in
 * a hundred nodes; what is counted is told apart by all 64 bits. Case is folded as Unicode has it, so that
 * AN and an are one person; a domain before it makes another, as it may be. */
#include "scan/pseudonym.h"

#include <sodium.h>

#include "base/hash.h"
#include "base/utf8.h"

#define NAME_MOST 1024u /* bytes that tell names apart */

void pseudonym_digits(uint64_t hash, char to[PSEUDONYM_DIGITS + 1]) {
        static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

        for (unsigned i = 0; i < PSEUDONYM_DIGITS; i++)
                to[i] = alphabet[hash >> (59 - 5 * i) & 31];
        to[PSEUDONYM_DIGITS] = '\0';
}

static struct span folded(struct span name, char room[NAME_MOST * 3 / 2 + 4]) {
        return span_of(room, utf8_fold_to(room, span_of(name.p, MIN(name.len, NAME_MOST))));
}

uint64_t pseudonym_hash(const unsigned char key[PSEUDONYM_KEY_BYTES], struct span name) {
        char room[NAME_MOST * 3 / 2 + 4];
        struct span f = folded(name, room);
        unsigned char h[16];
        uint64_t v;

        crypto_generichash(h, sizeof(h), (const unsigned char *)f.p, f.len, key,
                           PSEUDONYM_KEY_BYTES);
        memcpy(&v, h, sizeof(v));
        return v;
}

const char *pseudonym_word(enum names_kind kind, bool vi) {
        switch (kind) {
        case NAMES_ADDRESS: return vi ? "địa-chỉ" : "address";
        case NAMES_PATH: return vi ? "đường-dẫn" : "path";
        default: return vi ? "người" : "person";
        }
}

struct span pseudonym_text(const unsigned char key[PSEUDONYM_KEY_BYTES], enum names_kind kind,
                           struct span name, bool vi, struct arena *a) {
        char digits[PSEUDONYM_DIGITS + 1];

        pseudonym_digits(pseudonym_hash(key, name), digits);
        return arena_printf(a, "%s-%s", pseudonym_word(kind, vi), digits);
}

static struct span own_name(struct span account) {
        struct span s = names_account(account);

        return s.len ? s : account;
}

bool pseudonym_of_nobody(struct span account) {
        static const char *const list[] = {"root",
                                           "system",
                                           "local service",
                                           "network service",
                                           "localservice",
                                           "networkservice",
                                           "anonymous logon",
                                           "nobody",
                                           "daemon",
                                           "www-data",
                                           "-",
                                           "unknown",
                                           "(unknown)",
                                           "(null)",
                                           "null",
                                           "s-1-5-18",
                                           "s-1-5-19",
                                           "s-1-5-20",
                                           "s-1-0-0",
                                           "s-1-5-7",
                                           "local system",
                                           "localsystem",
                                           "n/a",
                                           "none"};
        struct span own = own_name(account);

        for (size_t i = 0; i < ARRAY_LEN(list); i++)
                if (span_ieq(own, span_str(list[i])))
                        return true;
        return false;
}

uint64_t account_hash(struct span account) {
        char room[NAME_MOST * 3 / 2 + 4];

        return hash_span(folded(own_name(account), room), 0x61636374u) >> 1; /* fits SQLite's */
}

/* See audit_head.h. Reading takes only what audit_head_text() writes: one text for one head, so nothing can hide in a
 * line. Hostile bytes: linear, no memory but its own buffer of AUDIT_LINE_MAX. */
#include "wire/audit_head.h"

#include <sodium.h>
#include <string.h>

#include "base/timestamp.h"

void audit_head_make(struct audit_head *ret, const struct audit_signed *before, uint64_t entries,
                     const unsigned char hash[AUDIT_HASH_BYTES], int64_t time) {
        memset(ret, 0, sizeof(*ret));
        memcpy(ret->name, AUDIT_HEAD_NAME, sizeof(AUDIT_HEAD_NAME));
        ret->number = before ? before->head.number + 1 : 1;
        ret->entries = entries;
        ret->time = time - time % NS_PER_SEC;
        memcpy(ret->hash, hash, sizeof(ret->hash));
        if (before)
                audit_head_hash(ret->before, before);
}

void audit_head_hash(unsigned char ret[AUDIT_HASH_BYTES], const struct audit_signed *s) {
        _Static_assert(sizeof(*s) == 104 + 32 + 64, "no holes");
        crypto_generichash(ret, AUDIT_HASH_BYTES, (const unsigned char *)s, sizeof(*s), NULL, 0);
}

bool audit_head_good(const struct audit_signed *s) {
        static const char name[sizeof(s->head.name)] = AUDIT_HEAD_NAME;

        return memcmp(s->head.name, name, sizeof(name)) == 0 && s->head.number &&
               s->head.number <= INT64_MAX && s->head.entries <= INT64_MAX &&
               crypto_sign_verify_detached(s->signature, (const unsigned char *)&s->head,
                                           sizeof(s->head), s->key) == 0;
}

/* ---- the line ---- */

static void put_hex(struct buf *to, const char *name, const unsigned char *p, size_t n) {
        char hex[2 * 64 + 1];

        sodium_bin2hex(hex, sizeof(hex), p, n);
        buf_printf(to, " %s=%s", name, hex);
}

void audit_head_text(struct buf *to, const struct audit_signed *s) {
        char time[40];

        time[time_format(time, s->head.time, 0)] = '\0';
        buf_printf(to, AUDIT_HEAD_NAME " number=%llu entries=%llu time=%s",
                   (unsigned long long)s->head.number, (unsigned long long)s->head.entries, time);
        put_hex(to, "hash", s->head.hash, sizeof(s->head.hash));
        put_hex(to, "before", s->head.before, sizeof(s->head.before));
        put_hex(to, "key", s->key, sizeof(s->key));
        put_hex(to, "signature", s->signature, sizeof(s->signature));
}

/* " NAME=VALUE" off the front. */
static bool word(struct span *line, const char *name, struct span *ret) {
        size_t n = strlen(name);

        if (line->len < n + 2 || line->p[0] != ' ' || memcmp(line->p + 1, name, n) != 0 ||
            line->p[n + 1] != '=')
                return false;
        *line = span_of(line->p + n + 2, line->len - n - 2);
        const char *end = line->len ? memchr(line->p, ' ', line->len) : NULL;
        *ret = span_of(line->p, end ? (size_t)(end - line->p) : line->len);
        *line = span_of(ret->p + ret->len, line->len - ret->len);
        return true;
}

static bool take_number(struct span s, uint64_t *ret) {
        *ret = 0;
        if (s.len == 0 || s.len > 19)
                return false;
        for (size_t i = 0; i < s.len; i++) {
                if (s.p[i] < '0' || s.p[i] > '9')
                        return false;
                *ret = *ret * 10 + (uint64_t)(s.p[i] - '0');
        }
        return true;
}

static bool take_hex(struct span s, unsigned char *to, size_t n) {
        size_t len = 0;

        return s.len == 2 * n && sodium_hex2bin(to, n, s.p, s.len, NULL, &len, NULL) == 0 &&
               len == n;
}

int audit_head_read(struct span line, struct audit_signed *ret) {
        _cleanup_(buf_deinit) struct buf again = {.limit = AUDIT_LINE_MAX + 1};
        struct span all = line, number, entries, time, hash, before, key, signature;

        memset(ret, 0, sizeof(*ret));
        if (line.len > AUDIT_LINE_MAX || !span_starts(line, SPAN(AUDIT_HEAD_NAME)))
                return -EBADMSG;
        line = span_of(line.p + sizeof(AUDIT_HEAD_NAME) - 1,
                       line.len - (sizeof(AUDIT_HEAD_NAME) - 1));
        if (!word(&line, "number", &number) || !word(&line, "entries", &entries) ||
            !word(&line, "time", &time) || !word(&line, "hash", &hash) ||
            !word(&line, "before", &before) || !word(&line, "key", &key) ||
            !word(&line, "signature", &signature) || line.len ||
            !take_number(number, &ret->head.number) || !take_number(entries, &ret->head.entries) ||
            !take_hex(hash, ret->head.hash, sizeof(ret->head.hash)) ||
            !take_hex(before, ret->head.before, sizeof(ret->head.before)) ||
            !take_hex(key, ret->key, sizeof(ret->key)) ||
            !take_hex(signature, ret->signature, sizeof(ret->signature)))
                return -EBADMSG;
        memcpy(ret->head.name, AUDIT_HEAD_NAME, sizeof(AUDIT_HEAD_NAME));
        ret->head.time = time_parse_iso(time, 0);
        if (ret->head.time == TIME_NONE || !audit_head_good(ret))
                return -EBADMSG;
        audit_head_text(&again, ret);
        return !again.failed && span_eq(buf_get(&again), all) ? 0 : -EBADMSG;
}

/* ---- the vault's file ---- */

void audit_head_slot(char to[AUDIT_SLOT], const struct audit_signed *s) {
        _cleanup_(buf_deinit) struct buf b = {.limit = AUDIT_SLOT};

        audit_head_text(&b, s);
        memset(to, ' ', AUDIT_SLOT);
        to[AUDIT_SLOT - 1] = '\n';
        if (b.len < AUDIT_SLOT)
                memcpy(to, b.p, b.len);
}

int audit_head_last(struct span file, struct audit_signed *ret, unsigned *ret_slot) {
        bool found = false;

        for (unsigned i = 0; i < AUDIT_SLOTS && file.len >= (size_t)(i + 1) * AUDIT_SLOT; i++) {
                struct span s = span_of(file.p + (size_t)i * AUDIT_SLOT, AUDIT_SLOT - 1);
                struct audit_signed one;

                while (s.len && s.p[s.len - 1] == ' ')
                        s.len--;
                if (audit_head_read(s, &one) < 0 || (found && one.head.number <= ret->head.number))
                        continue;
                *ret = one;
                *ret_slot = i;
                found = true;
        }
        return found ? 0 : -ENOENT;
}

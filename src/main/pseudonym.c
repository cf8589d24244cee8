/* See pseudonym.h. A pseudonym is a keyed hash, so nobody without the key can try names until one fits. It
 * is counted with 64 bits, so that no two people become one, and shown with as few digits as tell those apart that
 * were shown before: in a report the same name is the same pseudonym, and the other way round. */
#include "main/pseudonym.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/timestamp.h"
#include "os/os.h"
#include "scan/names.h"
#include "scan/personal.h"

#define SLOTS (1u << 19)
#define DIGITS 16u

struct pseudonyms {
        unsigned char key[32];
        struct {
                uint64_t prefix, full; /* prefix: with its length and kind; 0: free */
        } * table;
        uint32_t n;
};

int pseudonyms_new(struct pseudonyms **ret, const struct place *place, int landlock) {
        _cleanup_(signer_freep) struct signer *signer = NULL;
        struct pseudonyms *p = calloc(1, sizeof(*p));
        char of[60] = "search ", day[40];

        if (!p)
                return -ENOMEM;
        p->table = calloc(SLOTS, sizeof(*p->table));
        if (!p->table) {
                pseudonyms_free(p);
                return -ENOMEM;
        }
        time_format(day, os_now(), 0);
        snprintf(of + 7, sizeof(of) - 7, "%.10s", day);
        if (signer_new(&signer, place, landlock) < 0 ||
            signer_derive(signer, span_str(of), p->key) < 0)
                randombytes_buf(p->key, sizeof(p->key));
        base_fail_clear();
        *ret = p;
        return 0;
}

struct pseudonyms *pseudonyms_free(struct pseudonyms *p) {
        if (!p)
                return NULL;
        sodium_memzero(p->key, sizeof(p->key));
        free(p->table);
        free(p);
        return NULL;
}

char pseudonym_kind(struct span name) {
        static const char kinds[] = {[NAMES_USER] = 'u', [NAMES_ADDRESS] = 'a', [NAMES_PATH] = 'p'};

        return kinds[names_of_field(name)];
}

/* Without personal data, and without what the record's own fields name. */
static struct span masked_text(struct pseudonyms *p, struct span text, const struct names *known,
                               struct arena *a) {
        _cleanup_(buf_deinit) struct buf b = {0}, named = {0};
        struct buf *last = &b;
        size_t n = personal_mask(&b, text, p->key);

        if (known && known->n + known->more > 0) {
                if (!names_mask(&named, buf_get(&b), known))
                        return SPAN("[?]");
                last = &named;
        } else if (n == 0) {
                return text;
        }
        struct span s = b.failed || last->failed ? SPAN_NONE : arena_dup(a, buf_get(last));
        return s.p ? s : SPAN("[?]");
}

struct span pseudonym_full(struct pseudonyms *p, struct span name, struct span value,
                           const struct names *known, struct arena *a) {
        char kind = pseudonym_kind(name);
        unsigned char h[16];

        if (value.len == 0)
                return value;
        if (!kind)
                return masked_text(p, value, known, a);
        crypto_generichash(h, sizeof(h), (const unsigned char *)value.p, value.len, p->key,
                           sizeof(p->key));
        return arena_printf(a, "%c-%02x%02x%02x%02x%02x%02x%02x%02x", kind, h[0], h[1], h[2], h[3],
                            h[4], h[5], h[6], h[7]);
}

/* Whether these first digits are this one's, claimed now if nobody's. */
static bool claim(struct pseudonyms *p, uint64_t prefix, uint64_t full) {
        uint32_t i = (uint32_t)(hash_mix(prefix, 0x9e3779b97f4a7c15u) % SLOTS);

        for (; p->table[i].prefix; i = (i + 1) % SLOTS)
                if (p->table[i].prefix == prefix)
                        return p->table[i].full == full;
        if (p->n >= SLOTS / 2)
                return false;
        p->table[i].prefix = prefix;
        p->table[i].full = full;
        p->n++;
        return true;
}

struct span pseudonym_shown(struct pseudonyms *p, struct span full, struct arena *a) {
        char digits[DIGITS + 1] = "";

        if (full.len != 2 + DIGITS || full.p[1] != '-')
                return full;
        memcpy(digits, full.p + 2, DIGITS);
        uint64_t number = strtoull(digits, NULL, 16);
        for (unsigned n = 4; n < 14; n++) {
                uint64_t prefix = (number >> (64 - 4 * n)) << 8 | n << 2 |
                                  (full.p[0] == 'u'   ? 1
                                   : full.p[0] == 'a' ? 2
                                                      : 3);
                if (claim(p, prefix, number))
                        return arena_dup(a, span_of(full.p, 2 + n));
        }
        return full;
}

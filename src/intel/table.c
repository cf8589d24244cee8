/* See table.h.
 *
 *     header | leads, bits | filter, in blocks of 64 bytes | entries, sorted by digest | names
 *
 * A key's six bits all lie in one block, so a value that is not there (nearly all) costs one line of
 * the cache. What passes (about one in two hundred, at twelve bits a key) is hashed with BLAKE2b and
 * looked for among the entries: 128 bits of digest decide, the value itself is not kept. A name is a
 * byte of length and the bytes. */
#include "intel/table.h"

#include <sodium.h>
#include <stdlib.h>

#include "base/hash.h"

#define LEADS_BYTES ((size_t)LEAD_BITS / 8)
#define TABLE_VERSION 2u
#define TABLE_MAGIC UINT64_C(0x316c65746e696c63)
#define BLOCK_WORDS 8u
#define BITS_A_KEY 12u
#define PROBES 6u

struct header {
        uint64_t magic;
        uint32_t version, n, n_blocks, names_len, first_rule, n_rules;
        uint64_t prefixes[3];
        uint32_t counts[INTEL_TYPES];
        uint32_t pad;
};
#define HEADER_BYTES 128u
_Static_assert(sizeof(struct header) <= HEADER_BYTES && LEADS_BYTES % 64 == 0,
               "blocks are aligned");

void intel_digest(const struct intel_key *k, uint8_t ret[INTEL_DIGEST]) {
        crypto_generichash_state h;
        unsigned char type = (unsigned char)k->type;

        crypto_generichash_init(&h, NULL, 0, INTEL_DIGEST);
        crypto_generichash_update(&h, &type, 1);
        crypto_generichash_update(&h, (const unsigned char *)k->bytes, k->len);
        crypto_generichash_final(&h, ret, INTEL_DIGEST);
}

static inline uint64_t filter_hash(const struct intel_key *k) {
        return hash_bytes(k->bytes, k->len, (uint64_t)k->type * UINT64_C(0x9e3779b97f4a7c15));
}

uint64_t intel_filter_hash(const struct intel_key *k) {
        return filter_hash(k);
}

static inline uint32_t block_of(uint64_t hash, uint32_t n_blocks) {
        return (uint32_t)((hash >> 32) * n_blocks >> 32);
}

/* ---- leads ---- */

static uint32_t hashed(uint64_t v) {
        return (uint32_t)(v * UINT64_C(0x9e3779b97f4a7c15) >> 52);
}

uint32_t intel_lead_address(const uint8_t ip[16]) {
        static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
        uint32_t first;

        if (memcmp(ip, mapped, sizeof(mapped)) == 0)
                return (uint32_t)ip[12] << 8 | ip[13];
        memcpy(&first, ip, 4);
        return LEAD_V4 + hashed(first);
}

uint32_t intel_lead_name(struct span name) {
        const char *dot = name.len ? memrchr(name.p, '.', name.len) : NULL;
        struct span last = dot ? span_of(dot + 1, name.len - (size_t)(dot + 1 - name.p)) : name;
        uint64_t h = last.len;

        for (size_t i = 0; i < last.len; i += 8)
                h = hash_mix(h ^ hash_read(last.p + i, MIN(last.len - i, (size_t)8)),
                             UINT64_C(0xe7037ed1a0b428db));
        return LEAD_V4 + LEAD_HASHED + hashed(h);
}

uint32_t intel_lead(const struct intel_key *k) {
        unsigned prefix = 128, open;
        uint8_t ip[16];

        if (k->type == INTEL_DOMAIN || k->type == INTEL_TREE)
                return intel_lead_name(span_of(k->bytes, k->len));
        if (k->type == INTEL_URL) {
                struct span host = span_of(k->bytes + k->host, k->host_len);

                return intel_address(host, ip) ? intel_lead_address(ip) : intel_lead_name(host);
        }
        if (k->type != INTEL_ADDRESS)
                return UINT32_MAX;
        memcpy(ip, k->bytes, 16);
        prefix = (uint8_t)k->bytes[16];
        uint32_t lead = intel_lead_address(ip);
        if (lead < LEAD_V4)
                open = prefix < 112 ? 112 - MAX(prefix, 96u) : 0;
        else
                open = prefix < 32 ? 12 : 0; /* all of them */
        return lead + open * LEAD_RANGE;
}

static void set_lead(uint64_t *leads, uint32_t lead) {
        uint32_t n, first = lead % LEAD_RANGE;

        if (lead == UINT32_MAX)
                return;
        n = UINT32_C(1) << lead / LEAD_RANGE;
        if (first >= LEAD_V4 && n > 1)
                first = LEAD_V4;
        for (uint32_t i = first; i < first + n && i < LEAD_BITS; i++)
                leads[i / 64] |= UINT64_C(1) << i % 64;
}

/* ---- writing ---- */

static int item_cmp(const void *a, const void *b) {
        const struct intel_item *x = a, *y = b;
        int c = memcmp(x->e.digest, y->e.digest, INTEL_DIGEST);

        if (c)
                return c;
        return (x->e.confidence < y->e.confidence) - (x->e.confidence > y->e.confidence);
}

/* The first of those that are alike says most; the last one to end decides how long. */
static uint32_t merge(struct intel_item *e, uint32_t n) {
        uint32_t k = 0;

        for (uint32_t i = 0; i < n; i++) {
                if (k && memcmp(e[k - 1].e.digest, e[i].e.digest, INTEL_DIGEST) == 0) {
                        uint32_t *expires = &e[k - 1].e.expires;
                        if (*expires && (e[i].e.expires == 0 || e[i].e.expires > *expires))
                                *expires = e[i].e.expires;
                        continue;
                }
                e[k++] = e[i];
        }
        return k;
}

static void set_bits(uint64_t *bloom, uint32_t n_blocks, uint64_t hash) {
        uint64_t *block = bloom + (size_t)block_of(hash, n_blocks) * BLOCK_WORDS;
        uint64_t h = hash * UINT64_C(0xd6e8feb86659fd93);

        for (unsigned i = 0; i < PROBES; i++, h <<= 9)
                block[h >> 61] |= UINT64_C(1) << (h >> 55 & 63);
}

uint32_t intel_table_write(struct buf *out, struct intel_item *e, uint32_t n, struct span names,
                           uint32_t first_rule, uint32_t n_rules) {
        static const char zeros[HEADER_BYTES];
        struct header h = {.magic = TABLE_MAGIC,
                           .version = TABLE_VERSION,
                           .names_len = (uint32_t)names.len,
                           .first_rule = first_rule,
                           .n_rules = n_rules};

        if (n)
                qsort(e, n, sizeof(*e), item_cmp);
        n = merge(e, n);
        h.n = n;
        h.n_blocks = (uint32_t)(((uint64_t)n * BITS_A_KEY + 511) / 512) + 1;
        for (uint32_t i = 0; i < n; i++) {
                h.counts[e[i].e.type]++;
                if (e[i].e.type == INTEL_ADDRESS)
                        h.prefixes[e[i].e.prefix / 64] |= UINT64_C(1) << e[i].e.prefix % 64;
        }
        size_t start = out->len;
        size_t bytes = LEADS_BYTES + (size_t)h.n_blocks * BLOCK_WORDS * sizeof(uint64_t);
        buf_add(out, &h, sizeof(h));
        buf_add(out, zeros, HEADER_BYTES - (out->len - start));
        char *room = buf_reserve(out, bytes + (size_t)n * sizeof(struct intel_entry) + names.len);
        if (!room)
                return n;
        memset(room, 0, bytes);
        for (uint32_t i = 0; i < n; i++) {
                set_lead((uint64_t *)(void *)room, e[i].lead);
                set_bits((uint64_t *)(void *)(room + LEADS_BYTES), h.n_blocks, e[i].filter);
        }
        out->len += bytes;
        for (uint32_t i = 0; i < n; i++)
                buf_add(out, &e[i].e, sizeof(e[i].e));
        buf_span(out, names);
        return n;
}

/* ---- asking ---- */

int intel_table_open(struct intel_table *ret, struct span s) {
        struct header h;

        if (s.len < HEADER_BYTES || ((uintptr_t)s.p & 63) != 0)
                return -EBADMSG;
        memcpy(&h, s.p, sizeof(h));
        size_t bloom = (size_t)h.n_blocks * BLOCK_WORDS * sizeof(uint64_t);
        size_t entries = (size_t)h.n * sizeof(struct intel_entry);
        if (h.magic != TABLE_MAGIC || h.version != TABLE_VERSION || h.n_blocks == 0 ||
            h.n_rules > UINT16_MAX + 1u ||
            HEADER_BYTES + LEADS_BYTES + bloom + entries + h.names_len != s.len)
                return -EBADMSG;
        const char *leads = s.p + HEADER_BYTES, *blocks = leads + LEADS_BYTES;
        *ret = (struct intel_table){.leads = (const void *)leads,
                                    .bloom = (const void *)blocks,
                                    .entries = (const void *)(blocks + bloom),
                                    .names = blocks + bloom + entries,
                                    .n = h.n,
                                    .n_blocks = h.n_blocks,
                                    .names_len = h.names_len,
                                    .first_rule = h.first_rule,
                                    .n_rules = h.n_rules};
        memcpy(ret->prefixes, h.prefixes, sizeof(h.prefixes));
        memcpy(ret->counts, h.counts, sizeof(h.counts));
        for (uint32_t i = LEAD_V4 / 64; i < (LEAD_V4 + LEAD_HASHED) / 64; i++)
                ret->has_v6 |= ret->leads[i] != 0;
        return 0;
}

static inline bool may_have(const struct intel_table *t, uint64_t hash) {
        const uint64_t *block = t->bloom + (size_t)block_of(hash, t->n_blocks) * BLOCK_WORDS;
        uint64_t h = hash * UINT64_C(0xd6e8feb86659fd93);

        for (unsigned i = 0; i < PROBES; i++, h <<= 9)
                if (!(block[h >> 61] & UINT64_C(1) << (h >> 55 & 63)))
                        return false;
        return true;
}

uint32_t intel_table_find(const struct intel_table *t, const struct intel_key *k) {
        uint8_t digest[INTEL_DIGEST];
        uint32_t lo = 0, hi = t->n;

        if (t->counts[k->type] == 0 || !may_have(t, filter_hash(k)))
                return UINT32_MAX;
        intel_digest(k, digest);
        while (lo < hi) {
                uint32_t mid = lo + (hi - lo) / 2;
                int c = memcmp(t->entries[mid].digest, digest, INTEL_DIGEST);

                if (c == 0)
                        /* An entry that is not sound is none. */
                        return t->entries[mid].rule < t->n_rules ? mid : UINT32_MAX;
                if (c < 0)
                        lo = mid + 1;
                else
                        hi = mid;
        }
        return UINT32_MAX;
}

struct span intel_table_name(const struct intel_table *t, const struct intel_entry *e) {
        if (e->name == 0 || e->name >= t->names_len)
                return SPAN_NONE;
        size_t len = (unsigned char)t->names[e->name];
        return len < t->names_len - e->name ? span_of(t->names + e->name + 1, len) : SPAN_NONE;
}

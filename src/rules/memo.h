/* Values seen before: which atoms of a table they had. */
#ifndef RULES_MEMO_H
#define RULES_MEMO_H

#include "decode/event.h"

#define MEMO_SET_BYTES 64u

struct memo {
        char *ring;
        void *map; /* the ring's memory: map_len bytes */
        size_t map_len;
        size_t ring_len;
        uint64_t head; /* bytes ever written; the ring holds the last ring_len of them */
        struct memo_set *sets;
        uint32_t mask;
        uint64_t *door; /* bits: long values seen once */
        uint32_t door_set;
        bool off;
};

int memo_init(struct memo *m, size_t bytes, bool off);
void memo_deinit(struct memo *m);

static inline uint64_t memo_hash(const struct field *f, uint32_t table);
static inline void memo_ahead(const struct memo *m, uint64_t hash);
/* True: known; *ret points to *ret_n atoms, until the next memo_put(). */
bool memo_get(const struct memo *m, uint32_t table, uint64_t hash, const struct field *f,
              const uint32_t **ret, uint32_t *ret_n);
void memo_put(struct memo *m, uint32_t table, uint64_t hash, const struct field *f,
              const uint32_t *atoms, uint32_t n);

#include "base/hash.h"

/* Four lanes: one alone waits for its multiplications (values of kilobytes are common in PowerShell
 * logs). */
static inline uint64_t memo_hash_long(const char *p, size_t len, uint64_t key) {
        uint64_t h[4] = {key, ~key, key ^ UINT64_C(0x8ebc6af09c88c6e3), 0}, v[8];
        size_t i = 0;

        for (; i + 64 <= len; i += 64) {
                memcpy(v, p + i, 64);
                for (unsigned k = 0; k < 4; k++)
                        h[k] = hash_mix(v[2 * k] ^ h[k],
                                        v[2 * k + 1] ^ UINT64_C(0xa0761d6478bd642f));
        }
        h[0] = hash_mix(h[0] ^ UINT64_C(0x589965cc75374cc3), h[1] ^ UINT64_C(0xe7037ed1a0b428db)) ^
               hash_mix(h[2] ^ UINT64_C(0x1d8e4e27c47d124f), h[3] ^ UINT64_C(0xeb44accab455d165));
        return hash_bytes(p + i, len - i, h[0] ^ len);
}

static inline uint64_t memo_hash(const struct field *f, uint32_t table) {
        uint64_t key = (uint64_t)table << 8 | f->type;

        return f->val_len > 128 ? memo_hash_long(f->val, f->val_len, key)
                                : hash_bytes(f->val, f->val_len, key);
}

/* The index of the value's place, ahead of memo_get(). */
static inline void memo_ahead(const struct memo *m, uint64_t hash) {
        __builtin_prefetch((const char *)m->sets + (hash & m->mask) * MEMO_SET_BYTES);
}

#endif

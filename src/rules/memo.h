/* Values seen before: which atoms of a table they had. */
#ifndef RULES_MEMO_H
#define RULES_MEMO_H

#include "decode/event.h"

struct memo {
        char *ring;
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
/* True: known; *ret points to *ret_n atoms, until the next memo_put(). */
bool memo_get(const struct memo *m, uint32_t table, uint64_t hash, const struct field *f,
              const uint32_t **ret, uint32_t *ret_n);
void memo_put(struct memo *m, uint32_t table, uint64_t hash, const struct field *f,
              const uint32_t *atoms, uint32_t n);

#include "base/hash.h"

static inline uint64_t memo_hash(const struct field *f, uint32_t table) {
        return hash_bytes(f->val, f->val_len, (uint64_t)table << 8 | f->type);
}

#endif

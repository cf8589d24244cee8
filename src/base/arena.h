/* Memory that lives and dies together: one arena per batch, request or compilation.
 *
 * A fixed budget: when it is used up, allocation returns NULL and `overflowed` stays set until the
 * reset, so that a caller may check once at the end. Blocks are kept over a reset. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/base.h"

struct arena_block;

struct arena {
        char *pos, *end;           /* free part of the current block */
        struct arena_block *first; /* owned chain */
        struct arena_block *cur;
        size_t used;   /* bytes of all blocks owned */
        size_t budget; /* at most this many */
        bool overflowed;
};

/* Memory is taken as needed, never more than `budget` bytes in all. */
void arena_init(struct arena *a, size_t budget);
void arena_deinit(struct arena *a);
/* Forgets what was allocated, keeps the blocks. */
void arena_reset(struct arena *a);

void *arena_grow(struct arena *a, size_t size);

/* Aligned to 8. NULL when the budget is used up. Not zeroed. */
static inline void *arena_alloc(struct arena *a, size_t size) {
        if (UNLIKELY(size > SIZE_MAX - 64))
                return NULL;
        size = (size + 7) & ~(size_t)7;
        if (LIKELY((size_t)(a->end - a->pos) >= size)) {
                void *p = a->pos;
                a->pos += size;
                return p;
        }
        return arena_grow(a, size);
}

void *arena_zalloc(struct arena *a, size_t size);
/* n × size, checked for overflow; zeroed. */
void *arena_array(struct arena *a, size_t n, size_t size);
/* A copy; p is NULL when the budget is used up. Terminated with a NUL that len does not count. */
struct span arena_dup(struct arena *a, struct span s);
struct span arena_printf(struct arena *a, const char *fmt, ...) _printf_(2, 3);

#endif

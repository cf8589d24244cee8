/* Chained blocks, each twice the last up to 1 MiB. See arena.h. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCK_MIN ((size_t)16 << 10)
#define BLOCK_MAX ((size_t)1 << 20)

struct arena_block {
        struct arena_block *next;
        size_t size; /* of data */
        _Alignas(16) char data[];
};

void arena_init(struct arena *a, size_t budget) {
        *a = (struct arena){.budget = budget};
}

void arena_deinit(struct arena *a) {
        struct arena_block *b = a->first;

        while (b) {
                struct arena_block *next = b->next;
                free(b);
                b = next;
        }
        *a = (struct arena){.budget = a->budget};
}

static void use_block(struct arena *a, struct arena_block *b) {
        a->cur = b;
        a->pos = b->data;
        a->end = b->data + b->size;
}

void arena_reset(struct arena *a) {
        a->overflowed = false;
        if (a->first)
                use_block(a, a->first);
}

void *arena_grow(struct arena *a, size_t size) {
        /* Blocks kept by an earlier reset come first; one that is too small is skipped. */
        while (a->cur && a->cur->next) {
                use_block(a, a->cur->next);
                if (a->cur->size >= size)
                        goto take;
        }

        size_t want = a->cur ? MIN(a->cur->size * 2, BLOCK_MAX) : BLOCK_MIN;
        if (want > a->budget - MIN(a->used, a->budget))
                want = a->budget - MIN(a->used, a->budget);
        if (want < size)
                want = size;
        if (want > a->budget || a->used > a->budget - want) {
                a->overflowed = true;
                return NULL;
        }

        struct arena_block *b = malloc(sizeof(*b) + want);
        if (!b) {
                a->overflowed = true;
                return NULL;
        }
        b->next = NULL;
        b->size = want;
        a->used += want;
        if (a->cur)
                a->cur->next = b;
        else
                a->first = b;
        use_block(a, b);
take:;
        void *p = a->pos;
        a->pos += size;
        return p;
}

void *arena_zalloc(struct arena *a, size_t size) {
        void *p = arena_alloc(a, size);

        if (p)
                memset(p, 0, size);
        return p;
}

void *arena_array(struct arena *a, size_t n, size_t size) {
        size_t total;

        if (__builtin_mul_overflow(n, size, &total)) {
                a->overflowed = true;
                return NULL;
        }
        /* None of something is no failure: NULL would say so, and is what an arena without a block
         * would give. */
        return arena_zalloc(a, total ? total : 1);
}

struct span arena_dup(struct arena *a, struct span s) {
        char *p = arena_alloc(a, s.len + 1);

        if (!p)
                return SPAN_NONE;
        if (s.len)
                memcpy(p, s.p, s.len);
        p[s.len] = '\0';
        return span_of(p, s.len);
}

struct span arena_printf(struct arena *a, const char *fmt, ...) {
        va_list ap;

        va_start(ap, fmt);
        int n = vsnprintf(NULL, 0, fmt, ap);
        va_end(ap);
        if (n < 0)
                return SPAN_NONE;

        char *p = arena_alloc(a, (size_t)n + 1);
        if (!p)
                return SPAN_NONE;
        va_start(ap, fmt);
        vsnprintf(p, (size_t)n + 1, fmt, ap);
        va_end(ap);
        return span_of(p, (size_t)n);
}

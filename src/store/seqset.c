/* See seqset.h. Most sets are made in order, so that the last range grows. */
#include "store/seqset.h"

#include <stdlib.h>

void seqset_deinit(struct seqset *s) {
        free(s->list);
        seqset_init(s);
        s->list = NULL;
}

int seqset_add(struct seqset *s, uint64_t from, uint64_t to) {
        if (from >= to)
                return 0;
        if (s->n && s->list[s->n - 1].from <= from && from <= s->list[s->n - 1].to) {
                s->list[s->n - 1].to = MAX(s->list[s->n - 1].to, to);
                return 0;
        }
        if (s->n == s->cap) {
                size_t cap = s->cap ? s->cap * 2 : 64;
                if (s->n >= SEQSET_MAX)
                        return -E2BIG;
                void *p = realloc(s->list, cap * sizeof(*s->list));
                if (!p)
                        return -ENOMEM;
                s->list = p;
                s->cap = cap;
        }
        s->sorted &= s->n == 0 || s->list[s->n - 1].to <= from;
        s->list[s->n].from = from;
        s->list[s->n++].to = to;
        return 0;
}

static int by_from(const void *a, const void *b) {
        const uint64_t *x = a, *y = b;

        return *x < *y ? -1 : *x > *y;
}

void seqset_settle(struct seqset *s) {
        size_t k = 0;

        if (s->sorted || s->n == 0)
                return;
        qsort(s->list, s->n, sizeof(*s->list), by_from);
        for (size_t i = 1; i < s->n; i++)
                if (s->list[i].from <= s->list[k].to)
                        s->list[k].to = MAX(s->list[k].to, s->list[i].to);
                else
                        s->list[++k] = s->list[i];
        s->n = k + 1;
        s->sorted = true;
}

size_t seqset_find(const struct seqset *s, uint64_t seq) {
        size_t low = 0, high = s->n;

        while (low < high) {
                size_t mid = low + (high - low) / 2;
                if (s->list[mid].to <= seq)
                        low = mid + 1;
                else
                        high = mid;
        }
        return low;
}

uint64_t seqset_count(const struct seqset *s, uint64_t from, uint64_t to) {
        uint64_t sum = 0;

        for (size_t i = seqset_find(s, from); i < s->n && s->list[i].from < to; i++)
                sum += MIN(s->list[i].to, to) - MAX(s->list[i].from, from);
        return sum;
}

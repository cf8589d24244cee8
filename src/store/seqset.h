/* Which records are meant: a set of sequence numbers, kept as ranges. */
#ifndef STORE_SEQSET_H
#define STORE_SEQSET_H

#include "base/base.h"

#define SEQSET_MAX ((size_t)8 << 20) /* ranges */

struct seqset {
        struct {
                uint64_t from, to; /* [from, to) */
        } * list;
        size_t n, cap;
        bool sorted;
};

static inline void seqset_init(struct seqset *s) {
        *s = (struct seqset){.sorted = true};
}
void seqset_deinit(struct seqset *s);
/* In any order. 0, -E2BIG, -ENOMEM. */
int seqset_add(struct seqset *s, uint64_t from, uint64_t to);
/* In order, each number once; before the questions below. */
void seqset_settle(struct seqset *s);
/* Index of the first range with a number >= seq; s->n: none. */
size_t seqset_find(const struct seqset *s, uint64_t seq);
/* How many numbers of [from, to) are in it. */
uint64_t seqset_count(const struct seqset *s, uint64_t from, uint64_t to);
static inline bool seqset_meets(const struct seqset *s, uint64_t from, uint64_t to) {
        size_t i = seqset_find(s, from);
        return i < s->n && s->list[i].from < to;
}

#endif

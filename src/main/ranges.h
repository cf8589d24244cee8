/* A small sorted set of disjoint ranges [from, to) of sequence numbers. When it would hold too
 * many, the two nearest neighbours become one: it may grow to cover more than was added, never
 * less. */
#ifndef MAIN_RANGES_H
#define MAIN_RANGES_H

#include "base/base.h"

#define RANGES_MAX 64u

struct range {
        uint64_t from, to;
};

struct ranges {
        struct range at[RANGES_MAX + 1];
        unsigned n;
};

void ranges_add(struct ranges *r, uint64_t from, uint64_t to);
/* Takes away exactly that. When it would have to hold too many, it goes on covering it. */
void ranges_take(struct ranges *r, uint64_t from, uint64_t to);
/* Whether it covers all of that. */
bool ranges_have(const struct ranges *r, uint64_t from, uint64_t to);
/* How many numbers it covers. */
uint64_t ranges_sum(const struct ranges *r);

#endif

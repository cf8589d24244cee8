/* A first sieve for grams: where in a text may one of some four-byte sequences stand? */
#ifndef RULES_CHARCLASS_H
#define RULES_CHARCLASS_H

#include "base/arena.h"

struct charclass;

#define CHARCLASS_MAX 1600u
#define CHARCLASS_PADDING 131u

struct charclass_gram {
        unsigned char c[4];
        uint32_t len; /* 2, 3 or 4: the others may be anything */
};

/* Sorts `grams`. NULL: no use on this processor, too many, or the arena is used up: do without. */
struct charclass *charclass_new(struct arena *a, struct charclass_gram *grams, uint32_t n);
/* Calls hit(arg, p) wherever a gram may stand. CHARCLASS_PADDING bytes behind the end may be read.
 */
void charclass_walk(const struct charclass *c, const char *p, size_t len,
                    void (*hit)(void *arg, const char *p), void *arg);

#endif

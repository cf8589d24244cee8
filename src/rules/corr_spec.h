/* Correlations as data between processes: what the compiler writes into the program and the
 * correlator reads. The reader trusts nothing. */
#ifndef RULES_CORR_SPEC_H
#define RULES_CORR_SPEC_H

#include "base/buf.h"
#include "rules/rule.h"

/* A condition of a sound specification never needs more than this many results at a time. */
#define CORR_COND_DEPTH 256u

/* Appends all correlations of the set (with what they need of meta: none; titles stay in the
 * program). */
void corr_spec_encode(struct buf *out, const struct ruleset *set);
/* Into the arena: an array of correlations with meta empty. -EBADMSG, -ENOMEM. Cycles of references
 * are -EBADMSG. */
int corr_spec_decode(struct span s, struct arena *a, struct correlation **ret, uint32_t *ret_n);

#endif

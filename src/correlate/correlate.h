/* Hits over time to alerts: Sigma correlations by event time. Pure: no clock, no files. Semantics
 * and the reasons for them: doc/correlation.md.
 *
 * Hits are pushed in the order of event time (ties by input and offset); correlate/sort.h puts them
 * in that order for hunt, whatever order judges finished in, and the node will do so with a set
 * lateness. */
#ifndef CORRELATE_CORRELATE_H
#define CORRELATE_CORRELATE_H

#include "rules/rule.h"
#include "wire/finding.h"

struct correlator;

struct correlate_options {
        size_t memory;       /* budget for windows and groups, bytes; 0: 16 MiB */
        uint32_t max_groups; /* per correlation; 0: 100,000; the group untouched for longest goes
                                first, counted */
        uint64_t
                key; /* random, so that nobody can prepare collisions; alerts do not depend on it */
};

struct correlate_stats {
        uint64_t hits;           /* pushed */
        uint64_t alerts;         /* raised, those only for other correlations too */
        uint64_t groups_evicted; /* for want of memory or over max_groups: their windows are lost */
        uint64_t entries_evicted; /* oldest entries of a window, for want of memory */
        uint64_t without_time;    /* hits of unknown time: correlations cannot use them */
        uint64_t without_group; /* a group-by field was missing: not counted for that correlation */
        uint64_t without_value; /* the counted field was missing, or no number where one is measured
                                 */
        uint64_t late;          /* hits older than one before: taken as if they came with it */
        uint64_t chains_cut;    /* alerts not passed on, as one hit had caused too many already */
        uint64_t peak_memory;
};

/* Called for every alert that a person should see. `f` is valid only during the call: flags
 * FINDING_ALERT | FINDING_REPORT; rule = index of the correlation; time and time_last of the first
 * and last event that count; count = the number that the condition judged (events, distinct values,
 * rules seen; a sum, average … rounded down, exactly in a field named after the type); input,
 * offset, host and user of the last hit; fields = group-by, then the counted ones, then the other
 * fields of the last hit. */
typedef void (*correlate_sink)(void *ctx, const struct finding *f);

/* `c` stays the caller's and must outlive the correlator; it must be what corr_spec_decode() made
 * or accepts. -ENOMEM. */
int correlator_new(struct correlator **ret, const struct correlation *c, uint32_t n,
                   const struct correlate_options *o, correlate_sink sink, void *ctx);
struct correlator *correlator_free(struct correlator *c);
CLEANUP(correlator, correlator_free)

/* A hit of a rule: `f->rule` is the rule's index, `f->fields` its wanted fields under the rule's
 * own names. 0 or -ENOMEM (the correlator stays sound; the hit may be lost). */
int correlator_push(struct correlator *c, const struct finding *f);
/* No hit before t will come any more; windows that end before it are closed. Raises what is due. */
int correlator_advance(struct correlator *c, int64_t t);
/* No hit at all will come: closes every window. */
int correlator_finish(struct correlator *c);
/* Appends all it holds, so that another one of the same correlations and the same key goes on as if it
 * were this one. Bytes of this machine. */
int correlator_save(const struct correlator *c, struct buf *to);
/* Into one that has seen nothing. -EBADMSG: that is none of these correlations (free it). */
int correlator_load(struct correlator *c, struct span s);
const struct correlate_stats *correlator_stats(const struct correlator *c);
size_t correlator_memory(const struct correlator *c); /* used now, of its budget */

#endif

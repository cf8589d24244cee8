/* Hits over time to alerts: Sigma correlations by event time. Pure: no clock, no files.
 *
 * Hits are pushed in the order of event time (ties by offset); correlate_sort.h puts them in that order for hunt, whatever
 * order judges finished in, and the node will do so with a set lateness. */
#ifndef CORRELATE_CORRELATE_H
#define CORRELATE_CORRELATE_H

#include "rules/rule.h"
#include "wire/finding.h"

struct correlator;

struct correlate_options {
        size_t memory;       /* budget for windows and groups, bytes; 0: 16 MiB */
        uint32_t max_groups; /* per correlation; 0: 100,000; the group untouched for longest goes first, counted */
};

struct correlate_stats {
        uint64_t hits, alerts, groups_evicted, entries_evicted, without_time, peak_memory;
};

/* Called for every alert. `f` (flags FINDING_ALERT | FINDING_REPORT, rule = index of the correlation, time of the first
 * and last event, count, group-by fields and the counted value as fields, host and user of the last hit) is valid only
 * during the call. */
typedef void (*correlate_sink)(void *ctx, const struct finding *f);

int correlator_new(struct correlator **ret, const struct correlation *c, uint32_t n, const struct correlate_options *o,
                   correlate_sink sink, void *ctx);
struct correlator *correlator_free(struct correlator *c);
CLEANUP(correlator, correlator_free)

/* A hit of a rule: `f->rule` is the rule's index, `f->fields` its wanted fields under the rule's own names. */
int correlator_push(struct correlator *c, const struct finding *f);
/* No hit before t will come any more; windows that end before it are closed. Raises what is due. */
int correlator_advance(struct correlator *c, int64_t t);
int correlator_finish(struct correlator *c);
const struct correlate_stats *correlator_stats(const struct correlator *c);

#endif

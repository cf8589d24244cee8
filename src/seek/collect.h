/* What becomes of the events that a query found: counted, ranked, put on a timeline, or shown one by
 * one; in bounded memory, and what the bounds cost is said. */
#ifndef SEEK_COLLECT_H
#define SEEK_COLLECT_H

#include "seek/query.h"
#include "wire/finding.h"

#define COLLECT_GROUPS_MAX 100000u
#define COLLECT_ROWS_MAX 100000u /* to be sorted */
#define COLLECT_BUCKETS_MAX 100000u

struct collect;

struct collect_calls {
        void *ctx;
        /* An event to be shown as it comes or, with `sort`, in order. 0 or -errno, which ends all. */
        int (*event)(void *ctx, const struct finding *f);
        /* A row of a table: `n` values, then the count. */
        int (*row)(void *ctx, const struct span *values, uint32_t n, uint64_t count);
        /* A value that names a person, an address or a path, as it is to be shown; may be NULL. */
        struct span (*mask)(void *ctx, const struct finding *f, struct span name, struct span value,
                            struct arena *a);
};

int collect_new(struct collect **ret, const struct query *q, const struct collect_calls *calls);
struct collect *collect_free(struct collect *c);
CLEANUP(collect, collect_free)

/* `encoded` is what f was decoded from. 0; 1: enough, as the limit is reached; -errno. */
int collect_add(struct collect *c, const struct finding *f, struct span encoded);
/* What was gathered or sorted. */
int collect_end(struct collect *c);

struct collect_stats {
        uint64_t events;  /* found */
        uint64_t others;  /* of groups beyond COLLECT_GROUPS_MAX: counted here alone */
        uint64_t dropped; /* events that sorting had no room for */
};
const struct collect_stats *collect_stats(const struct collect *c);

/* The value a query means by a name: host, user, source, peer, time, seq, or a field of the event
 * (also as they are shown: host.name, user.name, @timestamp, event.sequence). */
struct span collect_value(const struct finding *f, struct span name, struct arena *a);

#endif

/* The processes of a hunt, driven: inputs go to ingest, slots to judges, what they say comes back
 * by callback. A process that dies takes nothing along but the record it died on. */
#ifndef MAIN_POOL_H
#define MAIN_POOL_H

#include "main/inputs.h"
#include "main/spawn.h"
#include "wire/finding.h"
#include "wire/message.h"

struct pool;

struct pool_problem {
        uint32_t input;
        uint64_t offset, length;
        const char *what; /* English phrase, or what became of a process */
        bool recovered;
        bool crash;
};

struct pool_calls {
        void *ctx;
        int (*finding)(void *ctx,
                       const struct finding *f); /* to be shown; 0 or -errno, which ends the hunt */
        void (*problem)(void *ctx, const struct pool_problem *p);
        void (*tick)(void *ctx); /* at least twice a second */
};

struct pool_options {
        unsigned judges;
        int program_fd;
        bool correlate;   /* the program has correlations */
        uint32_t format;  /* forced; FORMAT_UNKNOWN: found by looking */
        uint32_t fill;    /* bytes of a slot used; 0: default */
        int64_t from, to; /* TIME_NONE: no bound */
        int zone_sec, year;
        bool no_memo;
        int64_t now; /* what indicators have expired */
        bool leftovers;
        bool pin; /* all on one CPU: for measurements */
        uint32_t min_level;
        const char **tags;
        unsigned n_tags;
        int landlock;
        bool measure_memory;
        unsigned repeat; /* go through the inputs that many times: for measurements */
};

struct pool_stats {
        uint64_t records, bad, bytes, bytes_read, batches, crashes, hits;
        int64_t ready;     /* monotonic: all processes wait for work */
        int64_t judged;    /* monotonic: the last verdict came */
        int64_t done;      /* monotonic: alerts came too */
        uint64_t pss_peak; /* bytes, sum over all processes; 0: not measured */
};

/* The process that correlates, with a scratch file; also for others than a pool. 0 or -errno; *ret_scratch
 * is the caller's to close in any case, -1: none. */
int pool_start_correlator(struct child *ret, int program_fd, int landlock, int cpu,
                          int *ret_scratch);
int pool_new(struct pool **ret, struct inputs *in, const struct pool_options *o,
             const struct pool_calls *calls);
/* Until all inputs are through. 0; -errno; -ECANCELED after pool_cancel(). */
int pool_run(struct pool *p);
/* From a signal handler: finish what is in flight and stop. */
void pool_cancel(void);
const struct pool_stats *pool_stats(const struct pool *p);
struct pool *pool_free(struct pool *p);
CLEANUP(pool, pool_free)

#endif

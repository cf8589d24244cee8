/* Rules over what is kept: blocks of the store to judges of its own, what they find back in the order
 * of records, then what correlations make of it. Nothing of a node is touched. */
#ifndef MAIN_RETRO_RUN_H
#define MAIN_RETRO_RUN_H

#include "base/buf.h"
#include "store/reader.h"
#include "wire/finding.h"

struct retro_run_options {
        int program_fd;
        struct span only;   /* RETRO_* of each rule (main/judge.h) */
        const char *source; /* NULL: any */
        unsigned judges;
        int landlock;
        int64_t from, to;     /* of events; TIME_NONE: no bound */
        uint64_t first, past; /* records; judged from `first` on */
        bool correlate;
        volatile const int *cancelled;
};

struct retro_run_stats {
        uint64_t records, bytes, hits, deaths, aside;
        uint64_t damaged;  /* records in frames that do not open */
        uint64_t given_up; /* matches of regular expressions that cost too much */
        uint64_t at;       /* everything below is done */
};

struct retro_run_calls {
        void *ctx;
        /* Encoded findings, one after the other, of records below `next`. 0 or -errno: it ends. */
        int (*findings)(void *ctx, struct span encoded, uint64_t next);
        /* Judges died on that record or took too long. */
        int (*aside)(void *ctx, uint64_t seq);
        /* An alert of a correlation, after all findings. */
        int (*alert)(void *ctx, const struct finding *f, struct span encoded);
        /* Now and then. 0 or -errno: it ends. */
        int (*tick)(void *ctx, const struct retro_run_stats *s);
};

/* 0; -ECANCELED; -ECHILD: judges or the correlator do not work; -errno. */
int retro_run(const struct retro_run_options *o, struct reader *reader,
              const struct retro_run_calls *calls, struct retro_run_stats *ret);

#endif

/* The processes of a search, driven: blocks of the store go to seekers, what they find comes back by
 * callback, in no set order between blocks. */
#ifndef MAIN_SEEKERS_H
#define MAIN_SEEKERS_H

#include "base/base.h"
#include "main/rulebook.h"
#include "seek/query.h"
#include "store/reader.h"
#include "wire/finding.h"

struct seekers_options {
        struct span query;
        int program_fd;
        unsigned n; /* processes */
        int landlock;
        int64_t from, to; /* event time; TIME_NONE: no bound */
        int64_t deadline; /* monotonic; 0: none */
        volatile const int *cancelled;
        bool masked;     /* findings are for keyed_shows() (seek/keyed.h) */
        unsigned spares; /* started too, for those that die: whoever is walled in can start none */
        bool walled;     /* after seekers_new() it may neither start, wait for nor end a process */
        uint32_t
                explain; /* program: not the query's own; 1 + its rule that says why it matched; 0: no */
        uint64_t first, end; /* sequence numbers, [first, end); end 0: all */
        /* Called now and then while they look; or NULL. -errno ends the search. */
        int (*tick)(void *ctx);
};

#define SEEKERS_LOST_SHOWN 8u

struct seekers_stats {
        uint64_t records, bytes, blocks, lost_processes;
        uint64_t lost_records; /* in damaged frames, or that seekers died on or were too long at */
        struct {
                uint64_t from, to;  /* sequence numbers, [from, to) */
        } lost[SEEKERS_LOST_SHOWN]; /* the first of them */
        uint32_t n_lost;
        uint64_t given_up; /* matches of regular expressions that cost too much */
};

/* 1 from `found`: enough. */
typedef int seekers_found(void *ctx, const struct finding *f, struct span encoded);

/* A line for each of lost[], and how many there are; nothing if there are none. */
void seekers_say_lost(const struct seekers_stats *st, const char *program);

/* The query's terms and rule files as a program. -EINVAL: refused, said on standard error. */
int seekers_compile(const struct query *q, int landlock, struct rulebook *ret);
/* For struct reader_query: whether a block's filter lets the query (`ctx`) through. */
bool seekers_block_may(void *ctx, struct span filter);
/* A block's frames as one sealed memory, as JUDGE_FRAMES carries them. 0, -errno. */
int seekers_frames(const struct reader_block *b, int *ret_fd, uint64_t *ret_len);

/* The processes alone, for whoever enters a sandbox before it searches. `o` must outlive them; its times,
 * deadline, first and end may change between runs. 0, -errno. */
struct seekers;
int seekers_new(struct seekers **ret, const struct seekers_options *o);
struct seekers *seekers_free(struct seekers *s);
/* As seekers_run(), several times if need be. */
int seekers_go(struct seekers *s, struct reader *r, seekers_found *found, void *ctx,
               struct seekers_stats *ret);

/* Goes through what `r` gives (reader_begin() was called). 0; -ETIME: the deadline; -ECANCELED;
 * -errno. */
int seekers_run(const struct seekers_options *o, struct reader *r, seekers_found *found, void *ctx,
                struct seekers_stats *ret);

#endif

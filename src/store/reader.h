/* Reading the event store while a node writes it, or on another machine: blocks in order of their
 * sequence numbers, those skipped that a range of time or a filter excludes. Whoever reads opens the
 * frames (store/frames.h); here nothing foreign is decompressed.
 *
 * A reader holds no lock between calls: it never stops the node, and sees each record once, whether
 * it is in the tail or was sealed meanwhile. */
#ifndef STORE_READER_H
#define STORE_READER_H

#include "store/frames.h"

struct reader;

enum { READER_E_BAD = 1 /* this is no event store, or one of a later version: reader_what() */ };

/* Opens a store's directory for reading only. 0, READER_E_BAD, -errno. Caller frees. */
int reader_open(struct reader **ret, const char *dir);
struct reader *reader_free(struct reader *r);
CLEANUP(reader, reader_free)
const char *reader_what(const struct reader *r); /* why, in English; static */

/* Whether a block with this filter (filter_may()) may hold what is looked for. */
typedef bool reader_may(void *ctx, struct span filter);

/* The store's id. */
void reader_store(const struct reader *r, unsigned char ret[16]);

struct reader_query {
        uint64_t from, to;          /* sequence numbers [from, to); to 0: no end */
        int64_t time_from, time_to; /* receive times [from, to) in ns; TIME_NONE: no bound */
        reader_may *may;            /* NULL: no filter test */
        void *ctx;
        bool backwards; /* latest block first; frames in a block stay in order */
};

struct reader_block {
        uint64_t number;             /* 0: of the tail, not sealed yet */
        uint64_t first_seq, end_seq; /* [first, end) */
        int64_t received_min, received_max;
        uint32_t n_frames;
        const struct frame_entry *entries; /* copies; frames lie one after the other in `data` */
        struct span data;
};

struct reader_stats {
        uint64_t blocks, skipped_time, skipped_filter, filter_bytes, frame_bytes;
};

void reader_begin(struct reader *r, const struct reader_query *q);
/* The next block (or piece of the tail): 1, valid until the next call; 0: the end; -errno. */
int reader_next(struct reader *r, struct reader_block *ret);
/* No more of it is wanted: nothing is held open. */
void reader_end(struct reader *r);
const struct reader_stats *reader_stats(const struct reader *r);
/* First sequence number kept and the first not given yet. */
int reader_range(struct reader *r, uint64_t *ret_first, uint64_t *ret_end);

#endif

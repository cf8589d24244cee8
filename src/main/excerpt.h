/* Frames to lines of masked JSON, in a process of its own that can do nothing else: frames hold foreign bytes.
 *
 *     main: one frame and the numbers that are wanted into shared memory, EXCERPT_DO
 *     it:   lines into other shared memory, EXCERPT_DONE
 *
 * main takes the lines as bytes and looks at none. */
#ifndef MAIN_EXCERPT_H
#define MAIN_EXCERPT_H

#include "base/buf.h"
#include "store/reader.h"
#include "store/seqset.h"

#define EXCERPT_TEXT_BYTES ((size_t)6 << 20)

enum { EXCERPT_DO = 1, EXCERPT_DONE = 2 };

/* At the start of the memory that main writes; the frame follows. */
struct excerpt_task {
        uint64_t block; /* 0: of the tail */
        uint32_t frame, len;
        uint32_t n_ranges, reserved;
        int64_t received_from, received_to;
        unsigned char mask_key[32];
        uint64_t ranges[FRAME_RECORDS_MAX][2];
};
#define EXCERPT_TASK_BYTES (sizeof(struct excerpt_task) + FRAME_BYTES_MAX)

struct msg_excerpt {
        uint32_t type;
        int32_t error;
        uint32_t len, records; /* DONE */
};

struct excerpts;
int excerpts_new(struct excerpts **ret, const unsigned char mask_key[32], int landlock);
struct excerpts *excerpts_free(struct excerpts *x);
CLEANUP(excerpts, excerpts_free)
/* The wanted records of one frame as lines, valid until the next call. -ECHILD: it died over this one, and
 * another took its place. */
int excerpts_frame(struct excerpts *x, const struct reader_block *b, uint32_t frame,
                   struct span data, const struct seqset *set, struct span *ret,
                   uint64_t *ret_records);
/* Only records received in [from, to) from now on. */
void excerpts_times(struct excerpts *x, int64_t from, int64_t to);

#endif

/* What ingest says of its work: a ring in shared memory that it writes and main reads, so that what
 * was done before a crash is known and one wake-up of main serves several batches. It cannot run
 * full: each entry answers a slot or an input that main handed over, and those together are fewer
 * than INTAKE_MAX. */
#ifndef WIRE_INTAKE_H
#define WIRE_INTAKE_H

#include "base/base.h"

#define INTAKE_MAX 128u /* more than RING_SLOTS and INPUTS_AHEAD_MAX together */

enum intake_kind {
        INTAKE_FILLED = 1, /* a batch is in the slot */
        INTAKE_CLOSED,     /* the input is through */
};

struct intake_entry {
        uint32_t kind, input;
        uint32_t slot, bytes; /* FILLED: where, and how much of it is payload */
        uint32_t format;      /* enum format */
        int32_t error;        /* CLOSED: 0; -errno: reading stopped there */
        uint64_t offset;      /* FILLED: of the payload; CLOSED: bytes after decompression */
        uint64_t bytes_read;  /* CLOSED: of the file */
};

struct intake {
        uint64_t head; /* entries ever put */
        struct intake_entry ring[INTAKE_MAX];
};

/* ingest: visible to main at once. */
void intake_put(struct intake *t, const struct intake_entry *e);

/* main: the entry after *tail, copied out. 1: got one, *tail moves on; 0: none; -EBADMSG: the
 * writer claims more than fits. */
int intake_take(const struct intake *t, uint64_t *tail, struct intake_entry *ret);

#endif

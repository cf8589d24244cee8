/* From a stream of bytes to batches: finds the format, fills slots, cuts where a record ends. Runs
 * in the sandbox: its only way out is the read callback. */
#ifndef INGEST_FRAMER_H
#define INGEST_FRAMER_H

#include "decode/decode.h"
#include "ingest/inflate.h"

struct framer;

/* Heap, about 1 MiB; NULL when memory is short. One after the other, any number of inputs may be
 * opened. */
struct framer *framer_new(void);
struct framer *framer_free(struct framer *fr);
CLEANUP(framer, framer_free)

/* Bytes of payload to aim at; a longer record makes a longer batch. Default and most: BATCH_ROOM.
 */
void framer_set_slot_limit(struct framer *fr, size_t limit);

struct framer_input {
        ingest_read read;
        void *ctx;
        uint32_t input;     /* index into main's list */
        enum format forced; /* FORMAT_UNKNOWN: find out */
        int64_t file_time;  /* ns or TIME_NONE */
};

/* Forgets what was open before. */
void framer_open(struct framer *fr, const struct framer_input *in);

/* FRAMER_BATCH: a header, preamble and payload were written to `slot` (SLOT_BYTES). Every input,
 * even an empty or a refused one, gives exactly one batch with BATCH_FIRST and one with BATCH_LAST;
 * a payload may be empty. FRAMER_BAD: *ret_err says what could not be read and where (offset in the
 * decompressed input); the slot holds nothing; call again. FRAMER_END: the input is done. -errno:
 * from the read callback, or -ENOMEM; what was read before has been handed out; the next call gives
 * FRAMER_END. */
enum framer_result { FRAMER_END = 0, FRAMER_BATCH = 1, FRAMER_BAD = 2 };
int framer_fill(struct framer *fr, void *slot, struct decode_error *ret_err);

/* As found or forced; FORMAT_UNKNOWN before the first batch. */
enum format framer_format(const struct framer *fr);
/* "", "gzip" or "zstd". */
const char *framer_codec(const struct framer *fr);
/* Bytes taken from the input as stored, and handed out: for progress. */
uint64_t framer_taken(const struct framer *fr);
uint64_t framer_given(const struct framer *fr);

#endif

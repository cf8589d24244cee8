/* A source of bytes over a read callback: gzip (any number of members) and zstd (any number of
 * frames) are found by their magic and unpacked as a stream, UTF-16 text with a byte order mark
 * becomes UTF-8, all else passes through and is read straight into the caller's memory. What comes
 * out is not looked into again (no nesting). */
#ifndef INGEST_INFLATE_H
#define INGEST_INFLATE_H

#include <sys/types.h>

#include "base/base.h"

/* As read(2): bytes, 0 at the end, -errno. */
typedef ssize_t (*ingest_read)(void *ctx, void *to, size_t n);

/* A read asks for at least this much. */
#define INFLATE_MIN ((size_t)64)

struct inflate;

/* Heap, NULL when memory is short. May be opened any number of times, one input after the other. */
struct inflate *inflate_new(void);
struct inflate *inflate_free(struct inflate *z);
CLEANUP(inflate, inflate_free)

void inflate_open(struct inflate *z, ingest_read read, void *ctx);

/* At least one byte, 0 at the end, or -errno, after which the input is over: -EBADMSG when the
 * packed data is damaged (inflate_error() says how), else what the callback or the allocator said.
 * All bytes before the damage have been handed out. n >= INFLATE_MIN. */
ssize_t inflate_read(struct inflate *z, void *to, size_t n);

/* A constant English phrase, after -EBADMSG; ret_offset: where in the input as stored. */
const char *inflate_error(const struct inflate *z, uint64_t *ret_offset);

/* "", "gzip" or "zstd". */
const char *inflate_codec(const struct inflate *z);

/* Bytes taken from the input so far: for progress. */
uint64_t inflate_taken(const struct inflate *z);

#endif

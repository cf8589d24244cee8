/* How an EVTX file is cut: what `ingest` must know to hand on whole chunks.
 *
 *     file:   header block (4096 bytes, but it says itself how long it is) | chunks of 64 KiB
 *     chunk:  header (512 bytes) | records | unused
 *
 * A chunk is complete in itself: records refer to nothing outside their chunk. The first batch of a
 * file holds the header block and whole chunks, each later one whole chunks; the last chunk may be
 * cut short. */
#ifndef DECODE_EVTX_FRAME_H
#define DECODE_EVTX_FRAME_H

#include "base/base.h"

#define EVTX_CHUNK ((size_t)64 << 10)
#define EVTX_CHUNK_HEADER ((size_t)512)
#define EVTX_FILE_HEADER ((size_t)4096) /* what it nearly always is */
#define EVTX_FILE_HEADER_MAX ((size_t)64 << 10)
#define EVTX_FILE_MAGIC "ElfFile" /* and a NUL, as in the next */
#define EVTX_CHUNK_MAGIC "ElfChnk"

/* Bytes before the first chunk, from the first bytes of the file (at least EVTX_FILE_HEADER of
 * them, if it has so many). 0 when the file begins with a chunk (one that was carved out of
 * something). A header that is damaged or names a size that cannot be counts as EVTX_FILE_HEADER.
 */
static inline size_t evtx_header_size(struct span file) {
        uint16_t size = 0;

        if (file.len >= 8 && memcmp(file.p, EVTX_CHUNK_MAGIC, 8) == 0)
                return 0;
        if (file.len >= 42 && memcmp(file.p, EVTX_FILE_MAGIC, 8) == 0)
                memcpy(&size, file.p + 40, sizeof(size));
        return size >= 128 ? size : EVTX_FILE_HEADER;
}

#endif

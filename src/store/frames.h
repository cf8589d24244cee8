/* A frame: at most 256 KiB of records, packed and compressed, readable on its own. It is what a block
 * of the event store is made of, what `seal` makes of a slot, and what a judge or a search gets.
 *
 *     zstd( struct records_header, layout FRAME_PACKED | payload | packed tables )
 *
 * Decompressed and unpacked in place it is a batch of records (wire/records.h) with its header and
 * payload where they were: frame_open() makes it one, and reads every byte as foreign.
 *
 * The packed tables are columns of LEB128 numbers: sources (id, length, name), runs (records, source,
 * format, flags, drill, port, peer: 0 none, 1 as before, 2 and 16 bytes), then of all records the
 * length, what true_len is beyond it, the flags, and the step of the receive time (zigzag; the first
 * from the header's received_first). Places follow from lengths: records stand one after the other,
 * each with its '\n'. */
#ifndef STORE_FRAMES_H
#define STORE_FRAMES_H

#include "wire/node.h"

#define FRAME_PACKED 3u /* records_header.layout inside a frame */
#define FRAME_PAYLOAD_MAX ((size_t)(256u << 10) + 1)
#define FRAME_RECORDS_MAX 4096u
#define FRAME_RUNS_MAX 2048u
/* Room that any frame, unpacked, fits with its padding: frame_open() wants a buffer like this. */
#define FRAME_ROOM SLOT_BYTES
/* A compressed frame is never longer. */
#define FRAME_BYTES_MAX ((size_t)512 << 10)

enum { FRAME_E_BAD = 1 /* these bytes are no frame */ };

/* What is known of a frame without opening it; the same bytes stand in a block's row (little-endian,
 * no padding) and are hashed into its Merkle leaf with the frame. */
struct frame_entry {
        uint32_t len, raw_len;           /* compressed; what it decompresses to */
        uint32_t payload_len, n_records; /* as received, separators included */
        uint64_t first_seq;
        int64_t received_min, received_max; /* ns UTC, over its records */
        uint32_t flags, reserved;           /* FRAME_* */
};

enum {
        FRAME_UNFILTERED = 1u << 0, /* its tokens are not all known (binary records, letters written
                                       as escapes): a token filter must not skip it */
};

/* ---- reading: judges, searches, verify ---- */

struct frame_opener;
struct frame_opener *frame_opener_new(void); /* NULL when memory is short */
struct frame_opener *frame_opener_free(struct frame_opener *o);
CLEANUP(frame_opener, frame_opener_free)

/* Decompresses and unpacks `z` into `room` (FRAME_ROOM bytes, aligned to 8), which then is a batch:
 * *ret views it. The payload is followed by readable bytes (SLOT_PADDING). Makes no system call.
 * 0 or FRAME_E_BAD. */
int frame_open(struct frame_opener *o, struct span z, void *room, struct records *ret);

/* Frames in one memfd, as STORE_FRAMES and JUDGE_FRAMES carry them:
 *
 *     struct frame_list | struct frame_entry × n_frames | compressed frames, one after the other */
#define FRAME_LIST_MAGIC 0x534c5246u
#define FRAME_LIST_MAX 4096u
struct frame_list {
        uint32_t magic, n_frames;
        uint64_t bytes; /* of all frames */
};
/* A checked copy of the head; the rest points into the memory it was made of. */
struct frame_list_view {
        struct frame_list h;
        const char *entries, *data, *end;
};
/* 0 or FRAME_E_BAD. */
int frame_list_view(const void *p, size_t len, struct frame_list_view *ret);
/* Walk: begins with *at = 0, *i = 0; false at the end, or where the list does not fit its memory. */
bool frame_list_next(const struct frame_list_view *v, uint32_t *i, size_t *at,
                     struct frame_entry *ret, struct span *ret_z);

/* ---- making: seal, and store when it packs small frames together ---- */

struct frame_maker;
struct frame_maker *frame_maker_new(int level); /* of zstd */
struct frame_maker *frame_maker_free(struct frame_maker *m);
CLEANUP(frame_maker, frame_maker_free)

/* Begins a frame with sequence number `first_seq`. */
void frame_begin(struct frame_maker *m, uint64_t first_seq);
/* Appends the records [from, …) of `r` that still fit; *ret_n of them (0: end the frame first).
 * The first record's number must follow the last one's. 0, or FRAME_E_BAD: the batch lies. */
int frame_add(struct frame_maker *m, const struct records *r, uint32_t from, uint32_t *ret_n);
/* The payload so far, for its tokens; valid until the next frame_begin(). */
struct span frame_payload(const struct frame_maker *m);
/* Packs and compresses into `to`; fills *ret. -ENOSPC when `room` is short. */
int frame_end(struct frame_maker *m, void *to, size_t room, struct frame_entry *ret);

#endif

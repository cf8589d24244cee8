/* The line between the desk and a node's `ingest` over which drills are played (desk/replay.h): a stream that main makes
 * anew whenever either end begins. It is the only way by which a record gets a label.
 *
 *     ingest ──POSITIONS…, BEGUN──► desk ──RECORDS…──► ingest ──POSITIONS…──► desk
 *
 * Frames, little-endian as the machine: a head, then `len` bytes. RECORDS: struct replay_item, source name, record, one behind
 * the other. POSITIONS: struct replay_position, how far each play is durable; until BEGUN those of all plays that are known.
 * Whoever gets a frame that is none closes the line.
 *
 * Credit is the stream itself: ingest does not read while it may not, so the desk's end is full. */
#ifndef WIRE_REPLAY_H
#define WIRE_REPLAY_H

#include "base/buf.h"
#include "wire/batch.h"
#include "wire/records.h"

#define REPLAY_MAGIC 0x52504c59u
#define REPLAY_FRAME_MAX ((size_t)RECORD_MAX + 4096u) /* of what follows a head */
#define REPLAY_PLAYS_MAX 4096u /* that a line tells of; the one longest ago is forgotten first */

enum replay_type { REPLAY_RECORDS = 1, REPLAY_POSITIONS, REPLAY_BEGUN };

struct replay_head {
        uint32_t magic, type, len, reserved;
};

struct replay_item {
        uint32_t label; /* wire/exercise.h: a play at least */
        uint16_t format, source_len;
        uint32_t len, reserved;
        uint64_t position; /* of the play: above the one before */
};

struct replay_position {
        uint32_t play, reserved;
        uint64_t position;
};

/* Whether records of this format are taken: lines and JSON, which stand by themselves. */
static inline bool replay_format(unsigned f) {
        return f == FORMAT_JSON || f == FORMAT_SYSLOG || f == FORMAT_AUDITD || f == FORMAT_WEB ||
               f == FORMAT_CEF || f == FORMAT_LEEF || f == FORMAT_KV || f == FORMAT_TEXT;
}

/* A whole frame at the beginning of `in`: 1; 0: not whole yet; -EPROTO. */
int replay_frame(struct span in, enum replay_type *ret_type, struct span *ret_body,
                 size_t *ret_used);
/* The next of a body of REPLAY_RECORDS: 1; 0: no more; -EPROTO: it is none, or breaks a bound. What it points to is in `body`,
 * which is moved on. */
struct replay_record {
        uint32_t label;
        enum format format;
        uint64_t position;
        struct span source, bytes;
};
int replay_next(struct span *body, struct replay_record *ret);
int replay_next_position(struct span *body, struct replay_position *ret);

/* Appends; the buffer says if it failed. A frame is begun, filled and ended. */
size_t replay_begin(struct buf *b, enum replay_type type);
void replay_end(struct buf *b, size_t at);
/* Whether it may be given: bounds of a name, a label, a record. */
bool replay_good(const struct replay_record *r);
void replay_put(struct buf *b, const struct replay_record *r);

#endif

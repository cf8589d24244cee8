/* Records of a drill, from the desk to `ingest` (wire/replay.h): they go through the very pipeline that real ones do, and
 * carry the label of their play and step (wire/exercise.h).
 *
 * A play numbers its records itself: 1 and up, strictly increasing, the same record always with the same number. `ingest`
 * keeps the number of the last one durable together with the records. After any of the processes died, the desk (or the one
 * after it) waits until it is told how far each play got, then goes on behind that: what `ingest` has already is passed over
 * by its number, so none is lost and none comes twice, whoever ended when.
 *
 *     for (;;) {
 *             if (!desk_replayed(d, play, &position))   // not known yet: wait for desk_replay_ready
 *                     return;
 *             … the first record of the play behind `position` …
 *             r = desk_replay(d, LABEL(play, step), source, format, record, position + 1);   // -EAGAIN: wait as well
 *     }
 *
 * `ingest` takes a bounded number of them a second, and none while real senders need the room; the line is then full. */
#ifndef DESK_REPLAY_H
#define DESK_REPLAY_H

#include "desk/desk.h"
#include "wire/exercise.h"
#include "wire/replay.h"

/* ---- for the engine of exercises ---- */

/* 0; -EAGAIN: no room, or it is not known yet how far `ingest` got; -EINVAL: the label is of no play, `position` is 0 or not
 * above the one before, the source's name or the record is empty or too long, or `format` is none that is replayed (JSON and
 * lines; none that needs a header or is binary). Copies. */
int desk_replay(struct desk *d, uint32_t label, struct span source, enum format format,
                struct span record, uint64_t position);
/* How far the play was given (handed over or waiting here), to go on behind it: -EAGAIN: not known yet. After a line broke
 * it falls back to what is durable. */
int desk_replay_given(struct desk *d, uint32_t play, uint64_t *ret_position);
/* How far it is durable: 0: nothing is. -EAGAIN: not known yet. */
int desk_replayed(struct desk *d, uint32_t play, uint64_t *ret_position);
/* Called (once) when there is room again after -EAGAIN, when positions became known, and when more is durable. */
typedef void (*desk_replay_ready)(struct desk *d);
void desk_replay_on_ready(struct desk *d, desk_replay_ready ready);
/* How many numbers of all plays were given and are not durable yet. */
uint64_t desk_replay_waiting(const struct desk *d);

/* ---- for the process (main/replay_line.c) ---- */

void desk_replay_open(struct desk *d);   /* a line is there, a new one */
void desk_replay_closed(struct desk *d); /* it ended */
/* What is to go out, or NULL; whoever writes takes it off, and says so. */
struct buf *desk_replay_out(struct desk *d);
void desk_replay_went(struct desk *d);
/* 0; -EPROTO: it broke the format: close it; -ENOMEM. */
int desk_replay_bytes(struct desk *d, struct span bytes);
void desk_replay_free(struct desk *d);

#endif

/* Drills: records that the desk gives over a line of its own (wire/replay.h), into the batch with the label that only they
 * have. Part of serve. */
#ifndef INGEST_REPLAY_H
#define INGEST_REPLAY_H

#include "ingest/serve_impl.h"

#define REPLAY_RECORDS_S 8000u /* at most so many a second, of all plays */
#define REPLAY_BYTES_S ((size_t)16 << 20)
/* So many free slots are left to real senders: with less, drills wait. */
#define REPLAY_RESERVE (RING_SLOTS * 3 / 8)

struct serve_replay *replay_new(void); /* NULL: out of memory */
struct serve_replay *replay_free(struct serve_replay *x);

/* A position that the store knows, before NODE_BEGIN. */
void replay_position(struct serve *s, struct span key, struct span value);
/* NODE_PEER: takes the descriptor, in place of the one before. 0 or -errno. */
int replay_open(struct serve *s, int fd);
/* The line can be read, or what was read may go on. 0 or -errno: ingest ends. */
int replay_run(struct serve *s, uint32_t what);
/* When it is to be run again (ns monotonic). */
int64_t replay_due(const struct serve *s);
/* NODE_BEGIN came, more is durable. */
void replay_durable(struct serve *s);
/* The batch is about to be handed over: its positions. How many records of it are of drills, and their bytes. */
void replay_batch_ends(struct serve *s, uint32_t *ret_records, uint64_t *ret_bytes);

/* serve.c: a record of a drill, into the batch; `o` has its label. As serve_record(). */
int serve_replayed(struct serve *s, const struct origin *o, struct span bytes, uint64_t *ret_seq);

#endif

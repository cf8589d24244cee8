/* Whether the same came within the last 10 minutes: a bounded memory of hashes in a shared map that
 * outlives a crash of ingest. It marks; nothing is dropped on its word. */
#ifndef INGEST_DEDUP_H
#define INGEST_DEDUP_H

#include "wire/node_ingest.h"

#define DEDUP_SECONDS 600

struct dedup;

/* `memory`: `len` bytes (a power of two, at least 64 KiB), zero at first. `next_seq`: the first
 * sequence number to be given; what the memory has from there on was lost with a crash, before
 * anybody was told that it is durable, and is forgotten. NULL: out of memory or no random bytes. */
struct dedup *dedup_new(void *memory, size_t len, uint64_t next_seq, int64_t now);
struct dedup *dedup_free(struct dedup *d);
CLEANUP(dedup, dedup_free)

/* Monotonic time, ns: at least every few seconds. */
void dedup_tick(struct dedup *d, int64_t now, uint64_t next_seq);
/* Everything below is durable. */
void dedup_durable(struct dedup *d, uint64_t seq);
/* Where something is, or will be once it is noted. */
struct dedup_place {
        uint64_t *entry;
        uint32_t tag;
        bool seen; /* it came before within the time */
};
/* What identifies a record (its content, or an id; `kind` keeps them apart) of a source. Its place is
 * fetched from memory meanwhile: a few records later dedup_find() need not wait for it. */
uint64_t dedup_hash(const struct dedup *d, uint32_t source, uint32_t kind, struct span what);
/* Looks it up; `seq` is the record's number. Changes nothing. */
struct dedup_place dedup_find(struct dedup *d, uint64_t hash, uint64_t seq);
/* Remembers it, before another is noted. */
void dedup_note(const struct dedup_place *p, uint64_t seq);
/* How many seconds back the memory reached when entries were last pushed out early; DEDUP_SECONDS
 * when none are. */
unsigned dedup_window(const struct dedup *d);

#endif

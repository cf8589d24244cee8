/* Whether the same came within the last 10 minutes: a bounded memory of hashes in a shared map that
 * outlives a crash of ingest. It marks; nothing is dropped on its word. */
#ifndef INGEST_DEDUP_H
#define INGEST_DEDUP_H

#include "wire/node_ingest.h"

#define DEDUP_SECONDS 600

struct dedup;

/* `memory`: `len` bytes (a multiple of 4096, at least 64 KiB), zero at first; what another version or
 * another size left in it is forgotten. `next_seq`: the first sequence number to be given; what the
 * memory has from there on was lost with a crash, before anybody was told that it is durable, and is
 * undone. NULL: out of memory or no random bytes. */
struct dedup *dedup_new(void *memory, size_t len, uint64_t next_seq, int64_t now);
struct dedup *dedup_free(struct dedup *d);
CLEANUP(dedup, dedup_free)

/* Monotonic time, ns: at least every few seconds. */
void dedup_tick(struct dedup *d, int64_t now);
/* Everything below is durable. */
void dedup_durable(struct dedup *d, uint64_t seq);

/* What is remembered of a record: where, and by which 56 bits. */
struct dedup_key {
        uint64_t tag;
        uint32_t bucket;
};
/* What identifies a record (its content, or an id; `kind` keeps them apart) of a source. Its place is
 * fetched from memory meanwhile: a few records later dedup_seen() need not wait for it. */
struct dedup_key dedup_key(const struct dedup *d, uint32_t source, uint32_t kind, struct span what);
/* Did it come before, within the time? It has now, with the record of that number; numbers go up. */
bool dedup_seen(struct dedup *d, struct dedup_key key, uint64_t seq);
/* The same, and nothing changes. */
bool dedup_knows(const struct dedup *d, struct dedup_key key);

/* How many seconds back the memory reached when something was last forgotten early; DEDUP_SECONDS
 * when nothing was for as long. */
unsigned dedup_window(const struct dedup *d);
/* How many were forgotten early: before DEDUP_SECONDS had passed, as there was no room. */
uint64_t dedup_forgotten(const struct dedup *d);
/* How many it has room for; those that it has now. */
uint32_t dedup_room(const struct dedup *d);
uint32_t dedup_live(const struct dedup *d);

#endif

/* The event store as its one writer sees it. Format and invariants (S1 …): doc/store.md.
 *
 *     store_take()    a sealed batch, copied into memory
 *     store_commit()  what was taken is durable; store_durable() tells from where on it is not
 *     store_seal()    rows of the tail become blocks
 *     store_head()    what is to be signed; store_signed() keeps the signature
 *
 * A call that fails leaves everything that was taken in memory; the next store_commit() opens the
 * databases again, finds out what they hold, and goes on. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "store/chain.h"
#include "store/seal.h"

struct store;

enum {
        STORE_E_KNOWN = 1, /* it has these records already */
        STORE_E_FULL,      /* too much is waiting: ask again after a commit */
};

/* Opens or creates. -EBUSY: another process has it open; -EBADMSG: damaged, or parts are missing:
 * *ret_what (static, English) says what. Caller frees. */
int store_open(struct store **ret, const char *dir, const char **ret_what);
/* What is in memory only is lost: commit first. */
struct store *store_free(struct store *s);
CLEANUP(store, store_free)

/* 0, STORE_E_KNOWN, STORE_E_FULL; -EPROTO: numbers do not follow the last batch's; -ENOMEM. */
int store_take(struct store *s, const struct sealed_view *v);
uint64_t store_waiting(const struct store *s); /* bytes of records taken and not durable */
int store_commit(struct store *s);
uint64_t store_durable(const struct store *s); /* first sequence number that is not on disk */
uint64_t store_next(const struct store *s);    /* first that was not taken */
uint64_t store_tail(const struct store *s);    /* bytes of records in no block yet */
/* Full blocks, or all rows. A block that begins a new file waits a little for a head of the one before, if that has
 * none: store_head_wanted(). */
int store_seal(struct store *s, bool all);
/* Beyond this size a day's file is followed by another part; 1 GiB as long as nothing was said. */
void store_set_part(struct store *s, uint64_t bytes);

/* A file is to be finished, and its last block has no head. */
bool store_head_wanted(const struct store *s);
/* Whether a file was finished since the last call. */
bool store_rolled(struct store *s);
/* Whether there are blocks that no head covers. */
bool store_head(struct store *s, int64_t now, struct head *ret);
int store_signed(struct store *s, const struct head *h, const unsigned char signature[64],
                 const unsigned char key[32]);

/* Takes away whole files, the oldest first: more than `days` old, or while all together, and what the one that is
 * written to has yet to grow, are larger than `bytes` (0: no such limit). Never the one that is written to, nor what
 * is held. A few at a time: the rest the next time. */
int store_retain(struct store *s, unsigned days, uint64_t bytes, int64_t now);

/* A hold, or its release (store/hold.h has the answers). */
int store_hold(struct store *s, enum keep_what what, const struct keep_hold *h, int64_t now);

/* All positions; free() them. */
struct position;
int store_positions(struct store *s, struct position **ret, size_t *ret_n);
const char *store_dir(const struct store *s);
/* Whether receive times went back beyond a second since the last call: the clock was set. */
bool store_clock_went_back(struct store *s);

#endif

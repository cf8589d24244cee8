/* How a judge's findings leave it: a byte ring in shared memory, so that what was said before a
 * crash is kept, without a system call per finding. One writer (judge), one reader (main). main
 * keeps its own tail and trusts only what it copied out.
 *
 * Entry: u32 kind | u32 length | bytes, padded to 8. Kind OUTBOX_SKIP: the rest up to the end of
 * the ring is unused. */
#ifndef WIRE_OUTBOX_H
#define WIRE_OUTBOX_H

#include "base/base.h"

#define OUTBOX_BYTES ((size_t)1 << 20)

enum outbox_kind {
        OUTBOX_SKIP = 1,
        OUTBOX_FINDING,
        OUTBOX_HIT,
        OUTBOX_PROBLEM /* struct msg_problem */
};

/* What came of one batch. */
struct outbox_done {
        uint64_t slot, events, bad;
};
#define OUTBOX_DONE_MAX 16u /* more than a judge ever has at once */

struct outbox {
        uint64_t head;     /* written by the judge: bytes ever published */
        uint64_t tail;     /* written by main: bytes ever taken */
        uint64_t position; /* of the record the judge is at, in the batch's payload: what a crash
                              report needs */
        uint64_t batch;    /* number of batches begun */
        uint64_t slot;     /* slot of that batch */
        uint64_t events;   /* of that batch, so far */
        uint64_t bad;
        uint64_t finished; /* batches done, with all their findings published */
        struct outbox_done done[OUTBOX_DONE_MAX]; /* of those, the last; in a ring */
        char data[OUTBOX_BYTES];
};

/* Judge: whether an entry of `len` bytes has room now. `staged`: bytes ever put, published or not.
 */
bool outbox_fits(const struct outbox *o, uint64_t staged, size_t len);
/* Judge: copies the entry in; seen by main only after outbox_publish(). Needs outbox_fits(). */
void outbox_put(struct outbox *o, uint64_t *staged, enum outbox_kind kind, struct span bytes);
void outbox_publish(struct outbox *o, uint64_t staged);

/* Judge: a batch is done, its findings are published. */
void outbox_finish(struct outbox *o, const struct outbox_done *d);
/* main: what came of the batch after *finished, copied out. 1: got it, *finished moves on; 0: not
 * done yet; -EBADMSG: the judge claims more than it may have. */
int outbox_finished(const struct outbox *o, uint64_t *finished, struct outbox_done *ret);

/* main: the next entry after *tail, copied into `to` (OUTBOX_ENTRY_MAX bytes). 1: got one; 0: none;
 * -EBADMSG: the judge broke the rules. *tail moves on; outbox_release() tells the judge. */
#define OUTBOX_ENTRY_MAX ((size_t)128 << 10)
int outbox_take(const struct outbox *o, uint64_t *tail, enum outbox_kind *ret_kind, char *to,
                size_t *ret_len);
void outbox_release(struct outbox *o, uint64_t tail);

#endif

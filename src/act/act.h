/* Containment carried out, kept in force for its time, and undone. No sockets and no clock: the process
 * around it (main/process_act.c) gives times and hands; a test gives others.
 *
 *   A1. The ledger has an order, on disk, before anything is done.
 *   A2. What is in force ends by itself: by the kernel's own timeout, and by act_tick(), on the clock that
 *       counts from boot; setting the wall clock changes nothing. After a new boot the wall clock says how much
 *       is left, never more than the order's seconds.
 *   A3. At a start all that the ledger says is in force is done again (doing twice is as once), what is over
 *       is undone, and what lies in the firewall under our name that the ledger does not know is removed.
 *   A4. An order is carried out once: its number is in the ledger for ever. */
#ifndef ACT_ACT_H
#define ACT_ACT_H

#include "act/order.h"

/* How a kind of order is done. All may be called again: the result is the same. */
struct act_hands {
        void *ctx;
        int (*apply)(void *ctx, const struct msg_order *m, uint32_t seconds_left);
        int (*undo)(void *ctx, uint64_t id);
        /* Numbers of what is there under our name: at most `max`. The count or -errno. */
        int (*there)(void *ctx, uint64_t *ids, unsigned max);
        /* The machine's own addresses, which are never touched either. The count or -errno. */
        int (*own)(void *ctx, struct order_target *to, unsigned max);
};

struct act_clock {
        int64_t boottime, wall; /* ns */
        const char *boot;       /* the kernel's boot id */
};

struct act;

int act_open(struct act **ret, int ledger_fd, const struct act_hands *hands,
             const struct act_clock *now);
struct act *act_free(struct act *a);
CLEANUP(act, act_free)

void act_key(struct act *a, const unsigned char public_key[32]);
/* What is never touched, beside what act knows itself. At most ACT_NEVER_MAX: -E2BIG. */
#define ACT_NEVER_MAX 4096u
void act_never_clear(struct act *a);
int act_never(struct act *a, const struct order_target *net);

/* Each gives the state to be told in *ret. 0; -errno: the ledger cannot be written, end. */
int act_order(struct act *a, const struct msg_order *m, const struct act_clock *now,
              struct msg_act_state *ret);
/* Targets as a proposer names them: nothing is done. */
void act_check(struct act *a, const struct msg_order *m, struct msg_act_state *ret);
int act_undo(struct act *a, uint64_t id, const struct act_clock *now, struct msg_act_state *ret);
/* One that is over: 1 and its state; 0: none is. */
int act_tick(struct act *a, const struct act_clock *now, struct msg_act_state *ret);
/* The n-th that the ledger knows and that was not told to be over: for a line that begins. */
bool act_state(const struct act *a, unsigned n, const struct act_clock *now,
               struct msg_act_state *ret);
/* ms until act_tick() has something to do; -1: nothing. */
int act_wait(const struct act *a, const struct act_clock *now);

#endif

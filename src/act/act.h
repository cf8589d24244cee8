/* Containment carried out, kept in force for its time, and undone. No sockets and no clock: the process
 * around it (main/process_act.c) gives times and hands; a test gives others.
 *
 *   A1. The ledger has an order, on disk, before anything is done.
 *   A2. What is in force ends by itself: by the kernel's own timeout, and by act_tick(), on the clock that
 *       counts from boot; setting the wall clock changes nothing. After a new boot the wall clock says how much
 *       is left, never more than the order's seconds.
 *   A3. At a start all that the ledger says is in force is done again (doing twice is as once), what is over
 *       is undone, and what lies in the firewall under our name that the ledger does not know is removed.
 *       What another machine keeps (webhook, directory) is not asked for again once it was confirmed.
 *   A4. An order is carried out once: its number is in the ledger for ever.
 *   A5. How an account or service was before is in the ledger with the plan (order_name.was), and undoing
 *       brings just that back; so no two orders in force touch the same one, but a prolonging, which
 *       takes that knowledge over. */
#ifndef ACT_ACT_H
#define ACT_ACT_H

#include "act/order.h"

/* How orders are done. All may be called again: the result is the same. */
struct act_hands {
        void *ctx;
        int (*apply)(void *ctx, const struct msg_order *m, uint32_t seconds_left);
        int (*undo)(void *ctx, const struct msg_order *m);
        /* Numbers of what is there under our name: at most `max`. The count or -errno. */
        int (*there)(void *ctx, uint64_t *ids, unsigned max);
        /* The machine's own addresses, which are never touched either. The count or -errno. */
        int (*own)(void *ctx, struct order_target *to, unsigned max);
        /* Whether it can be done, and undone, as far as can be seen without doing it; *ret_which: the
         * target that cannot. With `was` of each name filled. 0, enum order_fault, -errno. */
        int (*look)(void *ctx, struct msg_order *m, uint32_t *ret_which);
};

struct act_clock {
        int64_t boottime, wall; /* ns */
        const char *boot;       /* the kernel's boot id */
};

struct act;

/* Reads the ledger; nothing is done before act_ready(). */
int act_open(struct act **ret, int ledger_fd, const struct act_hands *hands);
struct act *act_free(struct act *a);
CLEANUP(act, act_free)

void act_key(struct act *a, const unsigned char public_key[32]);
/* What is never touched, beside what act knows itself, and the services that may be. -E2BIG: too many. */
#define ACT_NEVER_MAX 4096u
#define ACT_NAMES_MAX 256u
void act_never_clear(struct act *a);
int act_never(struct act *a, const struct order_target *net);
int act_name(struct act *a, enum act_value what, const struct order_name *name);
/* The list is whole, and this is what may be ordered (ACT_OFFERS()). The first time brings back what the
 * ledger says (A3); later ones have isolated hosts reach the management of today. */
void act_ready(struct act *a, uint64_t offers, const struct act_clock *now);

/* Each gives the state to be told in *ret. 0; -errno: the ledger cannot be written, end. */
int act_order(struct act *a, const struct msg_order *m, const struct order_drill *drill,
              const struct act_clock *now, struct msg_act_state *ret);
/* Kind and targets as a proposer names them: nothing is done. */
void act_check(struct act *a, struct msg_order *m, struct msg_act_state *ret);
int act_undo(struct act *a, uint64_t id, const struct act_clock *now, struct msg_act_state *ret);
/* One that is over: 1 and its state; 0: none is. */
int act_tick(struct act *a, const struct act_clock *now, struct msg_act_state *ret);
/* The n-th that the ledger knows and that was not told to be over: for a line that begins. */
bool act_state(const struct act *a, unsigned n, const struct act_clock *now,
               struct msg_act_state *ret);
/* ms until act_tick() has something to do; -1: nothing. */
int act_wait(const struct act *a, const struct act_clock *now);

#endif

/* See act.h. */
#include "act/act.h"

#include <stdlib.h>

#include "act/ledger.h"
#include "base/timestamp.h"

#define OWN_MAX 256u
#define THERE_MAX 1024u
#define RETRY_NS (5 * NS_PER_SEC)

struct entry {
        struct msg_order m;
        int64_t planned_wall, planned_boot;
        char boot[LEDGER_BOOT_BYTES];
        int64_t ends;  /* boottime */
        int64_t again; /* boottime; undoing failed */
        bool in_force;
};

struct act {
        struct act_hands hands;
        struct ledger *ledger;
        struct entry list[ORDERS_IN_FORCE_MAX];
        unsigned n;
        uint64_t *known; /* every number that was ever planned, ascending */
        size_t n_known, cap_known;
        unsigned char key[32];
        bool has_key;
        struct order_target never[ACT_NEVER_MAX + OWN_MAX];
        size_t n_never;
};

static struct entry *find(struct act *a, uint64_t id) {
        for (unsigned i = 0; i < a->n; i++)
                if (a->list[i].m.order.id == id)
                        return &a->list[i];
        return NULL;
}

static void forget(struct act *a, struct entry *e) {
        size_t i = (size_t)(e - a->list);

        memmove(e, e + 1, (a->n - i - 1) * sizeof(*e));
        a->n--;
}

static bool is_known(const struct act *a, uint64_t id) {
        for (size_t i = a->n_known; i-- > 0;)
                if (a->known[i] == id)
                        return true;
        return false;
}

static int keep_known(struct act *a, uint64_t id) {
        if (a->n_known == a->cap_known) {
                size_t cap = a->cap_known ? a->cap_known * 2 : 256;
                uint64_t *p = reallocarray(a->known, cap, sizeof(*p));

                if (!p)
                        return FAIL(-ENOMEM);
                a->known = p;
                a->cap_known = cap;
        }
        a->known[a->n_known++] = id;
        return 0;
}

/* ---- the past ---- */

static int replay(void *ctx, const struct ledger_entry *l) {
        struct act *a = ctx;
        struct entry *e = find(a, l->id);

        if (l->what == LEDGER_PLANNED) {
                if (e || a->n == ORDERS_IN_FORCE_MAX)
                        return FAIL(-EBADMSG);
                e = &a->list[a->n++];
                *e = (struct entry){.m = l->order,
                                    .planned_wall = l->wall,
                                    .planned_boot = l->boottime,
                                    .in_force = true};
                memcpy(e->boot, l->boot, sizeof(e->boot));
                return keep_known(a, l->id);
        }
        if (l->what == LEDGER_UNDONE && e)
                forget(a, e);
        return 0;
}

/* A2: what is left of it, in ns. */
static int64_t left_of(const struct entry *e, const struct act_clock *now) {
        int64_t all = (int64_t)e->m.order.seconds * NS_PER_SEC, gone;

        if (strncmp(e->boot, now->boot, sizeof(e->boot)) == 0)
                gone = now->boottime - e->planned_boot;
        else
                gone = now->wall - e->planned_wall;
        return all - MAX(gone, 0);
}

static int write_undone(struct act *a, uint64_t id, int error, bool early,
                        const struct act_clock *now) {
        struct ledger_entry l = {.what = LEDGER_UNDONE,
                                 .error = error,
                                 .id = id,
                                 .boottime = now->boottime,
                                 .wall = now->wall,
                                 .early = early};

        memcpy(l.boot, now->boot, strnlen(now->boot, sizeof(l.boot)));
        return ledger_add(a->ledger, &l);
}

static uint32_t seconds(int64_t ns) {
        return (uint32_t)((ns + NS_PER_SEC - 1) / NS_PER_SEC);
}

/* A3. What cannot be done again now is tried at each tick as an undoing: better open than forgotten. */
static int restore(struct act *a, const struct act_clock *now) {
        for (unsigned i = 0; i < a->n; i++) {
                struct entry *e = &a->list[i];
                int64_t left = left_of(e, now);

                e->ends = now->boottime + MAX(left, 0);
                if (left > 0 && a->hands.apply(a->hands.ctx, &e->m, seconds(left)) < 0)
                        e->ends = now->boottime;
        }
        uint64_t ids[THERE_MAX];
        int n = a->hands.there(a->hands.ctx, ids, THERE_MAX);
        for (int i = 0; i < n; i++)
                if (!find(a, ids[i]))
                        (void)a->hands.undo(a->hands.ctx, ids[i]);
        return 0;
}

int act_open(struct act **ret, int ledger_fd, const struct act_hands *hands,
             const struct act_clock *now) {
        _cleanup_(act_freep) struct act *a = calloc(1, sizeof(*a));

        if (!a)
                return FAIL(-ENOMEM);
        a->hands = *hands;
        int r = ledger_open(&a->ledger, ledger_fd, replay, a);
        if (r == 0)
                r = restore(a, now);
        if (r < 0)
                return r;
        *ret = a;
        a = NULL;
        return 0;
}

struct act *act_free(struct act *a) {
        if (a) {
                ledger_free(a->ledger);
                free(a->known);
                free(a);
        }
        return NULL;
}

void act_key(struct act *a, const unsigned char public_key[32]) {
        memcpy(a->key, public_key, sizeof(a->key));
        a->has_key = true;
}

void act_never_clear(struct act *a) {
        a->n_never = 0;
}

int act_never(struct act *a, const struct order_target *net) {
        if (a->n_never == ACT_NEVER_MAX)
                return FAIL(-E2BIG);
        a->never[a->n_never++] = *net;
        return 0;
}

/* ---- orders ---- */

static void tell(struct msg_act_state *ret, uint64_t id, enum act_state state, int error) {
        *ret = (struct msg_act_state){
                .type = ACT_STATE, .id = id, .state = (uint32_t)state, .error = error};
}

static void tell_in_force(struct msg_act_state *ret, const struct entry *e,
                          const struct act_clock *now) {
        tell(ret, e->m.order.id, ACT_IN_FORCE, 0);
        ret->until = now->wall + (e->ends - now->boottime);
}

/* The machine's own addresses are asked for each time: they change. */
static enum order_fault check(struct act *a, const struct msg_order *m,
                              const struct act_clock *now) {
        struct order_never never = {a->never, a->n_never};
        uint32_t which;
        int own = a->hands.own(a->hands.ctx, a->never + a->n_never, OWN_MAX);

        if (own < 0 || !a->has_key) /* who does not know what is its own touches nothing */
                return ORDER_NEVER;
        never.n += (size_t)own;
        return order_check(m, a->key, &never, now->wall, &which);
}

void act_check(struct act *a, const struct msg_order *m, struct msg_act_state *ret) {
        struct order_never never = {a->never, a->n_never};
        int own = a->hands.own(a->hands.ctx, a->never + a->n_never, OWN_MAX);
        uint32_t n = m->order.n_targets, i = 0;
        enum order_fault f = own < 0 ? ORDER_NEVER : ORDER_GOOD;

        if (n == 0 || n > ORDER_TARGETS_MAX)
                f = ORDER_MANY;
        never.n += own < 0 ? 0 : (size_t)own;
        for (; i < n && !f; i++) {
                f = order_target_check(&m->targets[i], &never);
                for (uint32_t j = 0; j < i && !f; j++)
                        f = order_overlap(&m->targets[i], &m->targets[j]) ? ORDER_SHAPE
                                                                          : ORDER_GOOD;
        }
        tell(ret, m->order.id, 0, (int)f);
        ret->type = ACT_CHECKED;
        ret->which = i ? i - 1 : 0;
}

/* Of what is prolonged the targets are the same. */
static bool prolongs(struct act *a, const struct order *o) {
        struct entry *e = o->replaces ? find(a, o->replaces) : NULL;

        return !o->replaces ||
               (e && memcmp(e->m.order.targets, o->targets, sizeof(o->targets)) == 0);
}

static int plan(struct act *a, const struct msg_order *m, const struct act_clock *now,
                struct entry **ret) {
        struct ledger_entry l = {.what = LEDGER_PLANNED,
                                 .id = m->order.id,
                                 .boottime = now->boottime,
                                 .wall = now->wall,
                                 .order = *m};
        struct entry *e;

        memcpy(l.boot, now->boot, strnlen(now->boot, sizeof(l.boot)));
        int r = keep_known(a, m->order.id);
        if (r == 0)
                r = ledger_add(a->ledger, &l); /* A1 */
        if (r < 0)
                return r;
        e = &a->list[a->n++];
        *e = (struct entry){.m = *m,
                            .planned_wall = now->wall,
                            .planned_boot = now->boottime,
                            .ends = now->boottime + (int64_t)m->order.seconds * NS_PER_SEC,
                            .in_force = true};
        memcpy(e->boot, l.boot, sizeof(e->boot));
        *ret = e;
        return 0;
}

/* Takes it out and says so; an error of the hands leaves it, to be tried again. */
static int end_one(struct act *a, struct entry *e, bool early, const struct act_clock *now,
                   struct msg_act_state *ret) {
        uint64_t id = e->m.order.id;
        int r = a->hands.undo(a->hands.ctx, id);

        if (r < 0) {
                e->again = now->boottime + RETRY_NS;
                e->ends = MIN(e->ends, now->boottime);
                tell_in_force(ret, e, now);
                ret->error = r;
                return 0;
        }
        tell(ret, id, ACT_UNDONE, 0);
        ret->early = early;
        r = write_undone(a, id, 0, early, now);
        if (r == 0)
                forget(a, e);
        return r;
}

int act_order(struct act *a, const struct msg_order *m, const struct act_clock *now,
              struct msg_act_state *ret) {
        struct entry *e = find(a, m->order.id);
        struct ledger_entry done = {.what = LEDGER_DONE,
                                    .id = m->order.id,
                                    .boottime = now->boottime,
                                    .wall = now->wall};
        struct msg_act_state old;

        if (e) { /* said again by a desk that did not hear */
                tell_in_force(ret, e, now);
                return 0;
        }
        enum order_fault f = check(a, m, now);
        if (!f && (is_known(a, m->order.id) || !prolongs(a, &m->order)))
                f = ORDER_OLD; /* A4 */
        if (!f && a->n == ORDERS_IN_FORCE_MAX)
                f = ORDER_MANY;
        if (f) {
                tell(ret, m->order.id, ACT_REFUSED, (int)f);
                return 0;
        }
        int r = plan(a, m, now, &e);
        if (r == -EFBIG) { /* the ledger is full: nothing was done */
                tell(ret, m->order.id, ACT_FAILED, r);
                return 0;
        }
        if (r < 0)
                return r;
        r = a->hands.apply(a->hands.ctx, m, m->order.seconds);
        if (r < 0) {
                (void)a->hands.undo(a->hands.ctx, m->order.id);
                tell(ret, m->order.id, ACT_FAILED, r);
                r = write_undone(a, m->order.id, r, false, now);
                if (r == 0)
                        forget(a, e);
                return r;
        }
        tell_in_force(ret, e, now);
        memcpy(done.boot, e->boot, sizeof(done.boot));
        r = ledger_add(a->ledger, &done);
        e = m->order.replaces && r == 0 ? find(a, m->order.replaces) : NULL;
        return e ? end_one(a, e, true, now, &old) : r;
}

int act_undo(struct act *a, uint64_t id, const struct act_clock *now, struct msg_act_state *ret) {
        struct entry *e = find(a, id);

        if (!e) { /* it is over, or never was */
                tell(ret, id, ACT_UNDONE, 0);
                return 0;
        }
        return end_one(a, e, true, now, ret);
}

/* ---- time ---- */

int act_tick(struct act *a, const struct act_clock *now, struct msg_act_state *ret) {
        for (unsigned i = 0; i < a->n; i++) {
                struct entry *e = &a->list[i];

                if (e->ends > now->boottime || e->again > now->boottime)
                        continue;
                int r = end_one(a, e, false, now, ret);
                return r < 0 ? r : 1;
        }
        return 0;
}

bool act_state(const struct act *a, unsigned n, const struct act_clock *now,
               struct msg_act_state *ret) {
        if (n >= a->n)
                return false;
        tell_in_force(ret, &a->list[n], now);
        return true;
}

int act_wait(const struct act *a, const struct act_clock *now) {
        int64_t first = INT64_MAX;

        for (unsigned i = 0; i < a->n; i++)
                first = MIN(first, MAX(a->list[i].ends, a->list[i].again));
        if (first == INT64_MAX)
                return -1;
        return (int)MIN(MAX(first - now->boottime, 0) / 1000000 + 1, 60000);
}

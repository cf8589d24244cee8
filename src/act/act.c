/* See act.h. */
#include "act/act.h"

#include <stdlib.h>

#include "act/ledger.h"
#include "base/timestamp.h"

#define OWN_MAX 256u
#define THERE_MAX 1024u
#define RETRY_NS (5 * NS_PER_SEC)
#define RETRY_DOUBLINGS 4u /* a minute and a bit at most */

struct entry {
        struct msg_order m;
        int64_t planned_wall, planned_boot;
        char boot[LEDGER_BOOT_BYTES];
        int64_t ends;  /* boottime */
        int64_t again; /* boottime; undoing failed */
        unsigned failures;
        int error; /* of the last undoing */
        bool done; /* the ledger has that it was */
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
        struct order_name accounts[ACT_NAMES_MAX], services[ACT_NAMES_MAX];
        size_t n_accounts, n_services;
        uint64_t offers;
        bool ready;
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
                *e = (struct entry){
                        .m = l->order, .planned_wall = l->wall, .planned_boot = l->boottime};
                memcpy(e->boot, l->boot, sizeof(e->boot));
                return keep_known(a, l->id);
        }
        if (l->what == LEDGER_DONE && e)
                e->done = true;
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

/* Another machine keeps it. */
static bool is_elsewhere(const struct order *o) {
        return (o->flags & ORDER_HOOK) || o->kind == ORDER_DIRECTORY;
}

/* A3. What cannot be done again now is tried at each tick as an undoing: better open than forgotten. */
static void restore(struct act *a, const struct act_clock *now) {
        struct msg_order unknown = {.order.kind = ORDER_BLOCK};

        for (unsigned i = 0; i < a->n; i++) {
                struct entry *e = &a->list[i];
                int64_t left = left_of(e, now);

                e->ends = now->boottime + MAX(left, 0);
                if (left > 0 && !(e->done && is_elsewhere(&e->m.order)) &&
                    a->hands.apply(a->hands.ctx, &e->m, seconds(left)) < 0)
                        e->ends = now->boottime;
        }
        uint64_t ids[THERE_MAX];
        int n = a->hands.there(a->hands.ctx, ids, THERE_MAX);
        for (int i = 0; i < n; i++) {
                unknown.order.id = ids[i];
                if (!find(a, ids[i]))
                        (void)a->hands.undo(a->hands.ctx, &unknown);
        }
}

/* One that cannot be made anew stays as it was. */
static void isolate_again(struct act *a, const struct act_clock *now) {
        for (unsigned i = 0; i < a->n; i++) {
                struct entry *e = &a->list[i];

                if (e->m.order.kind == ORDER_ISOLATE && !is_elsewhere(&e->m.order) &&
                    e->ends > now->boottime)
                        (void)a->hands.apply(a->hands.ctx, &e->m, seconds(e->ends - now->boottime));
        }
}

void act_ready(struct act *a, uint64_t offers, const struct act_clock *now) {
        a->offers = offers;
        if (a->ready)
                isolate_again(a, now);
        else
                restore(a, now);
        a->ready = true;
}

int act_open(struct act **ret, int ledger_fd, const struct act_hands *hands) {
        _cleanup_(act_freep) struct act *a = calloc(1, sizeof(*a));

        if (!a)
                return FAIL(-ENOMEM);
        a->hands = *hands;
        int r = ledger_open(&a->ledger, ledger_fd, replay, a);
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
        a->n_never = a->n_accounts = a->n_services = 0;
}

int act_never(struct act *a, const struct order_target *net) {
        if (a->n_never == ACT_NEVER_MAX)
                return FAIL(-E2BIG);
        a->never[a->n_never++] = *net;
        return 0;
}

int act_name(struct act *a, enum act_value what, const struct order_name *name) {
        bool service = what == ACT_SERVICE;
        size_t *n = service ? &a->n_services : &a->n_accounts;

        if (*n == ACT_NAMES_MAX)
                return FAIL(-E2BIG);
        (service ? a->services : a->accounts)[(*n)++] = *name;
        return 0;
}

/* ---- orders ---- */

static void tell(struct msg_act_state *ret, uint64_t id, enum act_state state, int error) {
        *ret = (struct msg_act_state){
                .type = ACT_STATE, .id = id, .state = (uint32_t)state, .error = error};
}

static void tell_in_force(struct msg_act_state *ret, const struct entry *e,
                          const struct act_clock *now) {
        tell(ret, e->m.order.id, ACT_IN_FORCE, e->error);
        ret->until = now->wall + (e->ends - now->boottime);
}

/* The machine's own addresses are asked for each time: they change. Who does not know what is its own
 * touches nothing. */
static enum order_fault what_never(struct act *a, const struct order *o, struct order_never *ret) {
        int own = a->hands.own(a->hands.ctx, a->never + a->n_never, OWN_MAX);
        uint64_t offer =
                o->flags & ORDER_HOOK ? ACT_OFFERS_BY_HOOK(o->kind & 31) : ACT_OFFERS(o->kind & 31);

        *ret = (struct order_never){a->never,      a->n_never + (size_t)MAX(own, 0),
                                    a->accounts,   a->services,
                                    a->n_accounts, a->n_services};
        if (o->kind > ORDER_KIND_MAX || !(a->offers & offer))
                return ORDER_OFF;
        return own < 0 ? ORDER_NEVER : ORDER_GOOD;
}

static bool same_kind(const struct order *a, const struct order *b) {
        return a->kind == b->kind && (a->flags & ORDER_HOOK) == (b->flags & ORDER_HOOK);
}

static bool touches(const struct msg_order *a, const struct msg_order *b) {
        for (uint32_t i = 0; i < a->order.n_targets; i++)
                for (uint32_t j = 0; j < b->order.n_targets; j++)
                        if (order_kind_has_names(a->order.kind)
                                    ? strncmp(a->names[i].text, b->names[j].text,
                                              ORDER_NAME_BYTES) == 0
                                    : order_overlap(&a->targets[i], &b->targets[j]))
                                return true;
        return false;
}

/* A5. What lies in a table of its own may overlap; `replaces` may be touched. */
static bool touched_by_another(struct act *a, const struct msg_order *m) {
        if (!order_kind_has_names(m->order.kind) && !is_elsewhere(&m->order))
                return false;
        for (unsigned i = 0; i < a->n; i++)
                if (a->list[i].m.order.id != m->order.replaces &&
                    same_kind(&a->list[i].m.order, &m->order) && touches(&a->list[i].m, m))
                        return true;
        return false;
}

/* Of what is prolonged the targets are the same; how they were before is known from there (A5). */
static bool prolongs(struct act *a, struct msg_order *m) {
        const struct order *o = &m->order;
        const struct entry *e = o->replaces ? find(a, o->replaces) : NULL;

        if (!e)
                return !o->replaces;
        if (!same_kind(&e->m.order, o) || memcmp(e->m.order.targets, o->targets, 32) != 0)
                return false;
        memcpy(m->targets, e->m.targets, sizeof(m->targets));
        return true;
}

static int look(struct act *a, struct msg_order *m, uint32_t *ret_which) {
        int r = touched_by_another(a, m) ? ORDER_TWICE : ORDER_GOOD;

        if (r || (m->order.replaces && find(a, m->order.replaces)))
                return r;
        r = a->hands.look(a->hands.ctx, m, ret_which);
        return r < 0 ? ORDER_UNREACHABLE : r;
}

void act_check(struct act *a, struct msg_order *m, struct msg_act_state *ret) {
        struct order_never never;
        uint32_t which = 0;
        enum order_fault f = what_never(a, &m->order, &never);

        if (!f)
                f = order_targets_check(m, &never, &which);
        if (!f)
                f = (enum order_fault)look(a, m, &which);
        tell(ret, m->order.id, 0, (int)f);
        ret->type = ACT_CHECKED;
        ret->which = which;
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
                            .ends = now->boottime + (int64_t)m->order.seconds * NS_PER_SEC};
        memcpy(e->boot, l.boot, sizeof(e->boot));
        *ret = e;
        return 0;
}

/* Another order in force wants the very same: a prolonging, half done. */
static bool is_wanted(const struct act *a, const struct entry *e) {
        for (unsigned i = 0; i < a->n; i++)
                if (&a->list[i] != e && same_kind(&a->list[i].m.order, &e->m.order) &&
                    a->list[i].m.order.replaces == e->m.order.id)
                        return order_kind_has_names(e->m.order.kind) || is_elsewhere(&e->m.order);
        return false;
}

/* Takes it out and says so; an error of the hands leaves it, to be tried again. */
static int end_one(struct act *a, struct entry *e, bool early, const struct act_clock *now,
                   struct msg_act_state *ret) {
        uint64_t id = e->m.order.id;
        int r = is_wanted(a, e) ? 0 : a->hands.undo(a->hands.ctx, &e->m);

        if (r < 0) {
                e->again = now->boottime + (RETRY_NS << MIN(e->failures, RETRY_DOUBLINGS));
                e->failures++;
                e->ends = MIN(e->ends, now->boottime);
                e->error = r;
                tell_in_force(ret, e, now);
                return 0;
        }
        tell(ret, id, ACT_UNDONE, 0);
        ret->early = early;
        r = write_undone(a, id, 0, early, now);
        if (r == 0)
                forget(a, e);
        return r;
}

/* What may be done by half is undone; while that fails it counts as in force, and is tried again. */
static int not_done(struct act *a, struct entry *e, int error, const struct act_clock *now,
                    struct msg_act_state *ret) {
        uint64_t id = e->m.order.id;
        bool shared = order_kind_has_names(e->m.order.kind) || is_elsewhere(&e->m.order);
        int r = shared && e->m.order.replaces ? 0 : a->hands.undo(a->hands.ctx, &e->m);

        if (r < 0) {
                e->ends = now->boottime;
                e->again = now->boottime + RETRY_NS;
                e->failures = 1;
                e->error = r;
                tell_in_force(ret, e, now);
                return 0;
        }
        tell(ret, id, ACT_FAILED, error);
        r = write_undone(a, id, error, false, now);
        if (r == 0)
                forget(a, e);
        return r;
}

static enum order_fault may_be_done(struct act *a, struct msg_order *m,
                                    const struct order_drill *drill, const struct act_clock *now) {
        struct order_never never;
        uint32_t which = 0;
        enum order_fault f = a->has_key ? what_never(a, &m->order, &never) : ORDER_NEVER;

        if (!f)
                f = order_check(m, drill, a->key, &never, now->wall, &which);
        if (!f && (is_known(a, m->order.id) || !prolongs(a, m)))
                f = ORDER_OLD; /* A4 */
        if (!f && a->n == ORDERS_IN_FORCE_MAX)
                f = ORDER_MANY;
        return f ? f : (enum order_fault)look(a, m, &which);
}

int act_order(struct act *a, const struct msg_order *said, const struct order_drill *drill,
              const struct act_clock *now, struct msg_act_state *ret) {
        struct entry *e = find(a, said->order.id);
        struct ledger_entry done = {.what = LEDGER_DONE,
                                    .id = said->order.id,
                                    .boottime = now->boottime,
                                    .wall = now->wall};
        struct msg_order copy = *said, *m = &copy; /* with what was before */
        struct msg_act_state old;

        if (e) { /* said again by a desk that did not hear */
                tell_in_force(ret, e, now);
                return 0;
        }
        enum order_fault f = may_be_done(a, m, drill, now);
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
        if (r < 0)
                return not_done(a, e, r, now, ret);
        e->done = true;
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
        for (unsigned i = 0; a->ready && i < a->n; i++) {
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

        for (unsigned i = 0; a->ready && i < a->n; i++)
                first = MIN(first, MAX(a->list[i].ends, a->list[i].again));
        if (first == INT64_MAX)
                return -1;
        return (int)MIN(MAX(first - now->boottime, 0) / 1000000 + 1, 60000);
}

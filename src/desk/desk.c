/* The desk itself: stretches of what was judged, and the transaction that makes all of it last
 * (see desk.h).
 *
 *   D1. Verdicts, alerts, hits, watermarks and the stretch they came from are one transaction. After a
 *       crash the desk says desk_watermark(), what lies behind is judged again, and what was committed
 *       already is recognised by its stretch or by its row.
 *   D2. A stretch is marked as judged only after everything the judge said of it was taken.
 *   D3. Nothing is taken that may not be committed: an error ends the process (desk.h).
 *   D4. Nothing is taken of records that are not durable: after a crash their numbers are others'. */
#include "desk/api_impl.h"
#include "desk/desk_impl.h"
#include "desk/exercise_facts.h"

#include <jansson.h>
#include <stdlib.h>

#include "desk/errands.h"
#include "desk/heads.h"
#include "desk/mail.h"
#include "desk/mask.h"
#include "desk/orders.h"
#include "desk/replay.h"
#include "desk/searches.h"
#include "desk/systems.h"
#include "os/os.h"
#include "rules/exceptions.h"

#define PRUNE_VERDICTS_EVERY 10000u
#define HOUR_NS (INT64_C(3600) * NS_PER_SEC)

/* ---- stretches ---- */

/* Sequence numbers may begin with 1: nothing is missing below that. */
uint64_t desk_watermark(const struct desk *d) {
        return d->n_ranges && d->ranges[0].from <= 1 ? d->ranges[0].to : 0;
}

bool desk_whole(const struct desk *d) {
        return d->n_ranges == 0 || (d->n_ranges == 1 && d->ranges[0].from <= 1);
}

/* A stretch that finds no place is judged again after a restart, and recognised by its rows. */
static void mark_judged(struct desk *d, uint64_t from, uint64_t to) {
        uint32_t lo = 0, hi;

        d->furthest = MAX(d->furthest, to);
        while (lo < d->n_ranges && d->ranges[lo].to < from)
                lo++;
        hi = lo;
        while (hi < d->n_ranges && d->ranges[hi].from <= to)
                hi++;
        if (hi == lo) {
                if (d->n_ranges == RANGES_MAX)
                        return;
                memmove(&d->ranges[lo + 1], &d->ranges[lo],
                        (d->n_ranges - lo) * sizeof(*d->ranges));
                d->ranges[lo] = (struct state_range){from, to};
                d->n_ranges++;
        } else {
                d->ranges[lo].from = MIN(d->ranges[lo].from, from);
                d->ranges[lo].to = MAX(d->ranges[hi - 1].to, to);
                memmove(&d->ranges[lo + 1], &d->ranges[hi],
                        (d->n_ranges - hi) * sizeof(*d->ranges));
                d->n_ranges -= hi - lo - 1;
        }
        d->ranges_changed = true;
}

/* ---- opening ---- */

static void defaults(struct desk_options *o) {
        if (!o->window)
                o->window = HOUR_NS;
        if (!o->lateness)
                o->lateness = 60 * NS_PER_SEC;
        if (!o->skew)
                o->skew = 300 * NS_PER_SEC;
        if (!o->rate)
                o->rate = 2000;
        if (!o->alerts_of_rule)
                o->alerts_of_rule = 500;
        if (!o->alerts_in_hour)
                o->alerts_in_hour = 20000;
        if (!o->verdicts)
                o->verdicts = 1000000;
        if (!o->hits)
                o->hits = 300000;
        if (!o->hit_bytes)
                o->hit_bytes = (uint64_t)128 << 20;
}

/* Nobody who sends logs can know it; it lasts as long as the windows that were made with it. */
static int load_key(struct desk *d) {
        int64_t key;
        int r = state_number(d->state, "key", &key);

        if (r < 0 || key) {
                d->key = (uint64_t)key;
                return r;
        }
        r = os_random(&d->key, sizeof(d->key));
        if (r == 0)
                r = state_begin(d->state);
        if (r == 0)
                r = state_set_number(d->state, "key", (int64_t)d->key);
        return r == 0 ? state_commit(d->state) : r;
}

static int load(struct desk *d) {
        int64_t last = 0, last_drill = 0;
        int r = state_load_ranges(d->state, d->ranges, RANGES_MAX, &d->n_ranges);

        if (r == 0)
                r = state_last_alert(d->state, false, &last);
        if (r == 0)
                r = state_last_alert(d->state, true, &last_drill);
        if (r == 0)
                r = state_count_verdicts(d->state, &d->kept_verdicts);
        if (r == 0)
                r = state_count_hits(d->state, &d->kept_hits, &d->kept_bytes);
        if (r == 0)
                d->next_alert = last + 1;
        d->next_drill_alert = MAX(last_drill, (int64_t)STATE_DRILL_IDS) + 1;
        return r == 0 ? load_key(d) : r;
}

int desk_open(struct desk **ret, const struct desk_options *o) {
        _cleanup_(desk_freep) struct desk *d = calloc(1, sizeof(*d));

        if (!d)
                return FAIL(-ENOMEM);
        json_object_seed(0); /* reads /dev/urandom, which the sandbox would forbid */
        d->o = *o;
        defaults(&d->o);
        arena_init(&d->arena, (size_t)4 << 20);
        d->text.limit = d->json.limit = (size_t)4 << 20;
        d->entry = malloc(OUTBOX_ENTRY_MAX);
        if (!d->entry)
                return FAIL(-ENOMEM);
        int r = alerts_init(d);
        if (r == 0)
                r = state_open(&d->state, &d->o.state);
        if (r == 0)
                r = load(d);
        if (r == 0)
                r = desk_api_init(d);
        if (r < 0)
                return r;
        *ret = d;
        d = NULL;
        return 0;
}

struct desk *desk_free(struct desk *d) {
        if (!d)
                return NULL;
        d->live = live_free(d->live);
        for (unsigned i = 0; i < GENERATIONS_MAX; i++)
                generation_free(&d->gens[i]);
        desk_retro_leave(d);
        for (unsigned i = 0; i < NODE_JUDGES_MAX; i++)
                if (d->outboxes[i])
                        os_unmap(d->outboxes[i], sizeof(struct outbox));
        if (d->buckets)
                alerts_deinit(d);
        exceptions_free(d->exceptions);
        exempted_free(d);
        json_decref(d->configuration);
        regimes_free(d->regimes);
        desk_orders_free(d);
        desk_holds_free(d);
        desk_drills_free(d);
        desk_errands_free(d);
        warn_free(d);
        desk_api_deinit(d);
        seen_sources_free(d->sources);
        exercises_free(d);
        desk_asks_free(d);
        desk_heads_free(d);
        desk_jobs_free(d);
        exercise_scores_free(d);
        desk_searches_free(d);
        desk_replay_free(d);
        desk_masks_free(d);
        systems_free(d->systems);
        state_free(d->state);
        arena_deinit(&d->arena);
        buf_deinit(&d->text);
        buf_deinit(&d->json);
        free(d->entry);
        free(d);
        return NULL;
}

int desk_regimes(struct desk *d, struct span json) {
        struct regimes *fresh = NULL;
        int r = regimes_open(&fresh, json);

        if (r == -EBADMSG)
                return DESK_E_REFUSED;
        if (r < 0)
                return r;
        regimes_free(d->regimes);
        d->regimes = fresh;
        return 0;
}

const char *desk_error(const struct desk *d) {
        return d->state ? state_error(d->state) : "";
}

/* ---- batches ---- */

int desk_outbox(struct desk *d, uint32_t judge, struct outbox *o) {
        if (judge >= NODE_JUDGES_MAX) {
                os_unmap(o, sizeof(*o));
                return FAIL(-EPROTO);
        }
        if (d->outboxes[judge])
                os_unmap(d->outboxes[judge], sizeof(*o));
        d->outboxes[judge] = o;
        d->tails[judge] = __atomic_load_n(&o->tail, __ATOMIC_ACQUIRE);
        d->broken[judge] = 0;
        return 0;
}

/* What was published so far of records below `limit`, which is a ring at most (D4). */
static int drain(struct desk *d, uint32_t judge, struct generation *g, uint64_t limit) {
        struct outbox *o = d->outboxes[judge];
        uint64_t start = d->tails[judge];
        enum outbox_kind kind;
        size_t len;

        if (d->broken[judge]) /* D2: what was skipped is of who knows which stretch */
                return d->broken[judge];
        while (o && d->tails[judge] - start < OUTBOX_BYTES) {
                uint64_t tail = d->tails[judge];
                int r = outbox_take(o, &tail, &kind, d->entry, &len);

                if (r == 0)
                        return 0;
                if (r == 1)
                        r = take_entry(d, g, kind, span_of(d->entry, len), limit);
                if (r == TAKE_WAIT)
                        return 0;
                if (r == -EBADMSG)
                        r = DESK_E_JUDGE;
                if (r > 0)
                        d->broken[judge] = r;
                if (r != 0)
                        return r;
                d->tails[judge] = tail;
                outbox_release(o, tail);
        }
        return 0;
}

int desk_batch(struct desk *d, const struct msg_judge *m, int64_t mono, int64_t wall) {
        if (m->judge >= NODE_JUDGES_MAX || m->from > m->to || m->to > INT64_MAX)
                return FAIL(-EPROTO);
        d->mono = mono;
        d->wall = wall;
        int r = drain(d, m->judge, generation_find(d, m->program), m->first_seq);
        if (r != 0)
                return r;
        if (m->from < m->to)
                mark_judged(d, m->from, m->to);
        if (d->epoch && d->now && m->program < d->now->number && m->to > d->epoch_past) {
                d->epoch_past = m->to; /* of the rules before */
                d->epoch_changed = true;
        }
        r = windows_settle(d);
        return r < 0 ? r : d->error;
}

/* ---- commits ---- */

int desk_begin(struct desk *d) {
        return state_in_transaction(d->state) ? 0 : state_begin(d->state);
}

bool desk_dirty(const struct desk *d) {
        return state_in_transaction(d->state) || d->ranges_changed || d->dirty ||
               d->epoch_changed || d->retro.changed;
}

/* Rows that replay could still bring again stay: those at or above the watermark. */
static int prune_verdicts(struct desk *d) {
        uint64_t seq, n;

        if (d->kept_verdicts <= d->o.verdicts + PRUNE_VERDICTS_EVERY)
                return 0;
        int r = state_nth_verdict(d->state, d->kept_verdicts - d->o.verdicts, &seq);
        if (r == 0)
                r = state_forget_verdicts(d->state, MIN(seq, desk_watermark(d)), &n);
        if (r == 0)
                d->kept_verdicts -= MIN(n, d->kept_verdicts);
        if (r == 0 && n) /* a run over the past that looks below cannot know what was said */
                r = state_set_number(d->state, "verdicts_below",
                                     (int64_t)MIN(seq, desk_watermark(d)));
        return r;
}

int desk_commit(struct desk *d, int64_t mono, int64_t wall) {
        int64_t began = os_monotonic();
        int r;

        d->mono = mono;
        d->wall = wall;
        r = flush_counted(d);
        if (r < 0 || !desk_dirty(d))
                return r;
        r = desk_begin(d);
        if (r == 0)
                r = alerts_flush(d);
        if (r == 0)
                r = windows_save(d);
        if (r == 0 && d->ranges_changed)
                r = state_save_ranges(d->state, d->ranges, d->n_ranges);
        if (r == 0)
                r = retro_save(d);
        if (r == 0)
                r = prune_verdicts(d);
        if (r == 0)
                r = alerts_prune(d);
        if (r == 0)
                r = windows_prune(d);
        if (r == 0)
                r = state_commit(d->state);
        if (r < 0)
                return r;
        d->ranges_changed = false;
        d->st.commits++;
        d->st.commit_ns = MAX(d->st.commit_ns, os_monotonic() - began);
        return 0;
}

void desk_rest(struct desk *d) {
        state_rest(d->state);
}

void desk_stats(const struct desk *d, struct desk_stats *ret) {
        *ret = d->st;
        ret->watermark = desk_watermark(d);
        ret->ranges = d->n_ranges;
        exercises_stats(d, ret);
        if (d->live) {
                ret->live = *live_stats(d->live);
                live_correlate_stats(d->live, &ret->correlate);
        }
}

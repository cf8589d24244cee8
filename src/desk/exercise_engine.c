/* What is due for each unit, decided and written down before any of it is played.
 *
 *   G1. An item (step or inject) of a play is decided once: its row in exercise_item says played or skipped. Rows are
 *       never taken back; a rewind makes another play.
 *   G2. Memory is made of the tables: engine_load() after a start and after every move, so a kill loses nothing but
 *       the turn at hand, whose rows were not committed and of which nothing was told or given.
 *   G3. A turn decides at most TURN_MOST items, and is soon called again when more are due.
 *   G4. The drill's clock stands still while the node is down: what passed between the last beat and the next start,
 *       when it is more than GAP_NS, is taken out of it, and said in the audit log.
 *   G5. RUNS_MOST are played at once, those of organisers first: people who play alone never hide one (a start alone is
 *       refused above EXERCISE_SOLOS_MAX, and one that stood still for a day is ended). */
#include "desk/exercise_engine.h"
#include "desk/exercise_facts.h"
#include "desk/exercise_results.h"

#include <stdlib.h>

#include "desk/api_impl.h"
#include "desk/desk_impl.h"

#define TURN_MOST 48u
#define BEAT_NS (INT64_C(5) * NS_PER_SEC)
#define GAP_NS (INT64_C(20) * NS_PER_SEC)
#define LOST_EVERY_NS (INT64_C(10) * NS_PER_SEC)
#define LOST_NS (INT64_C(120) * NS_PER_SEC)
#define RUNS_MOST 64u
#define STOOD_NS (INT64_C(86400) * NS_PER_SEC)
#define LOOK_MS 2000 /* conditions that wait are looked at that often, of real time */
#define LATE_NS (INT64_C(2) * NS_PER_SEC)

struct exercises *exercises_of(struct desk *d) {
        if (!d->exercises)
                d->exercises = calloc(1, sizeof(*d->exercises));
        return d->exercises;
}

static void play_deinit(struct exercises *x, struct engine_play *y) {
        spool_free(x, y);
        free(y->own);
        free(y->state);
        free(y->t);
        free(y->spooled);
        free(y->holds);
        board_cells_free(y);
}

void engine_run_deinit(struct exercises *x, struct engine_run *u) {
        for (unsigned k = 0; k < u->n_plays; k++)
                play_deinit(x, &u->plays[k]);
        free(u->plays);
        free(u->shift);
        *u = (struct engine_run){0};
}

static void unload(struct exercises *x) {
        for (unsigned i = 0; i < x->n_runs; i++)
                engine_run_deinit(x, &x->runs[i]);
        free(x->runs);
        x->runs = NULL;
        x->n_runs = 0;
        x->life++;
        x->loaded = false;
}

void exercises_free(struct desk *d) {
        if (d->exercises)
                unload(d->exercises);
        for (unsigned i = 0; d->exercises && i < RECENT_TEXTS; i++)
                told_text_drop(d->exercises->recent[i].text);
        free(d->exercises);
        d->exercises = NULL;
        exercise_plans_free(d);
}

struct engine_play *engine_play_of(struct desk *d, int64_t play) {
        struct exercises *x = d->exercises;

        for (unsigned i = 0; x && i < x->n_runs; i++)
                for (unsigned k = 0; k < x->runs[i].n_plays; k++)
                        if (x->runs[i].plays[k].id == play)
                                return &x->runs[i].plays[k];
        return NULL;
}

void exercise_engine_wake(struct desk *d) {
        struct exercises *x = exercises_of(d);

        if (x) {
                x->wake = true;
                x->wait_ms = 0;
        }
}

void exercise_touched(struct desk *d, int64_t play) {
        struct engine_play *y = engine_play_of(d, play);

        if (!y)
                return;
        y->look = y->dirty = true;
        y->holds_known = false;
        d->exercises->wait_ms = 0;
}

int exercises_written(struct desk *d, int64_t person) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;

        if (!d->exercises || !d->exercises->n_runs || !person)
                return 0;
        int r = sql_rows(state_sql(d->state), &q,
                         "SELECT y.id FROM exercise_roster r JOIN exercise_play y ON"
                         " y.exercise=r.exercise AND y.unit=r.unit AND y.live WHERE r.person=?1 AND"
                         " r.until IS NULL",
                         "i", person);
        while (r == 0 && (r = sql_next(q)) == 1) {
                exercise_touched(d, sql_int(q, 0));
                r = 0;
        }
        return r;
}

int exercise_engine_seen(struct desk *d, int64_t play, int64_t now) {
        struct engine_play *y = engine_play_of(d, play);

        if (y)
                y->seen = now;
        return 0;
}

/* ---- clocks ---- */

static const struct exercise_clock *clock_of(const struct engine_play *y) {
        return y->own ? y->own : &y->of->clock;
}

int64_t engine_t(const struct engine_play *y, int64_t now) {
        const struct exercise_clock *k = clock_of(y);

        return clock_drill_of(k->p, k->n, now / MS_NS);
}

int64_t engine_speed(const struct engine_play *y) {
        const struct exercise_clock *k = clock_of(y);

        return k->n ? k->p[k->n - 1].speed : 0;
}

/* ---- from the tables ---- */

static int load_items(struct sql *db, struct engine_play *y) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        unsigned steps = y->of->n_steps, n = steps + y->of->n_injects;
        int r = sql_rows(db, &q,
                         "SELECT item='i', n, state='played', t, spooled FROM exercise_item WHERE"
                         " play=?1 AND item IN ('s','i')",
                         "i", y->id);

        while (r == 0 && (r = sql_next(q)) == 1) {
                int64_t at = sql_int(q, 1) - 1 + (sql_int(q, 0) ? steps : 0);

                r = 0;
                if (at < 0 || at >= n)
                        continue;
                y->state[at] = sql_int(q, 2) ? ITEM_PLAYED : ITEM_SKIPPED;
                y->t[at] = sql_int(q, 3);
                if (at < steps)
                        y->spooled[at] = (unsigned char)sql_int(q, 4);
        }
        return r;
}

static int load_play(struct desk *d, struct engine_play *y, bool own) {
        struct sql *db = state_sql(d->state);
        unsigned n = y->of->n_steps + y->of->n_injects + 1;

        y->state = calloc(n, 1);
        y->spooled = calloc(n, 1);
        y->t = calloc(n, sizeof(*y->t));
        if (own)
                y->own = calloc(1, sizeof(*y->own));
        if (!y->state || !y->spooled || !y->t || (own && !y->own))
                return FAIL(-ENOMEM);
        int r = own ? exercise_clock_load(db, y->exercise, y->run, y->id, y->own) : 0;
        if (r == 0)
                r = load_items(db, y);
        y->look = y->dirty = true;
        y->next = 0;
        return r == 0 && !y->over ? spool_load(d, y) : r;
}

static int load_plays(struct desk *d, struct engine_run *x, bool past) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                state_sql(d->state), &q,
                "SELECT id, unit, own_clock, state='held', ifnull(old_t,0), noise, seg,"
                " lost IS NOT NULL FROM exercise_play WHERE exercise=?1 AND run=?2 AND (live OR ?3)"
                " AND state<>'declined' ORDER BY id",
                "iii", x->e.id, x->e.run, (int64_t)past);

        x->plays = calloc(EXERCISE_UNITS_MAX, sizeof(*x->plays));
        if (!x->plays)
                return FAIL(-ENOMEM);
        while (r == 0 && x->n_plays < EXERCISE_UNITS_MAX && (r = sql_next(q)) == 1) {
                struct engine_play *y = &x->plays[x->n_plays++];

                *y = (struct engine_play){.id = sql_int(q, 0),
                                          .exercise = x->e.id,
                                          .run = x->e.run,
                                          .unit = sql_int(q, 1),
                                          .held = sql_int(q, 3) != 0,
                                          .base = sql_int(q, 4),
                                          .noise = sql_int(q, 5),
                                          .seg = (uint32_t)sql_int(q, 6),
                                          .lost = sql_int(q, 7) != 0,
                                          .over = past,
                                          .of = x};
                r = load_play(d, y, sql_int(q, 2) != 0);
        }
        return r;
}

static int load_shifts(struct sql *db, struct engine_run *x) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(db, &q,
                         "SELECT n, shift FROM exercise_inject WHERE exercise=?1 AND item='i'", "i",
                         x->e.id);

        x->shift = calloc(x->n_injects + 1, sizeof(*x->shift));
        if (!x->shift)
                return FAIL(-ENOMEM);
        while (r == 0 && (r = sql_next(q)) == 1) {
                int64_t n = sql_int(q, 0);

                if (n >= 1 && n <= x->n_injects)
                        x->shift[n - 1] = sql_int(q, 1);
                r = 0;
        }
        return r;
}

static int load_part(struct sql *db, const struct plan *p, struct engine_run *x) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(db, &q, "SELECT part FROM exercise WHERE id=?1 AND part IS NOT NULL", "i",
                         x->e.id);
        char key[201];

        x->part = (struct part){.item = -1, .until = p ? p->length : 0};
        if (r == 0)
                r = sql_next(q);
        if (r != 1 || !p)
                return MIN(r, 0);
        snprintf(key, sizeof(key), "%.*s", (int)MIN(sql_span(q, 0).len, (size_t)200),
                 sql_span(q, 0).p);
        part_of(p, key, &x->part);
        return 0;
}

static int load_run(struct desk *d, struct engine_run *x, int64_t id, bool past) {
        struct sql *db = state_sql(d->state);
        const struct plan *p = NULL;
        int r = exercise_load(db, NULL, id, &x->e);

        if (r == 1)
                r = exercise_plan_of(d, id, &p);
        if (r < 0)
                return r;
        x->n_steps = p ? p->n_steps : 0;
        x->n_injects = p ? p->n_injects : 0;
        r = exercise_clock_load(db, id, x->e.run, 0, &x->clock);
        if (r == 0)
                r = load_part(db, p, x);
        if (r == 0)
                r = load_shifts(db, x);
        return r == 0 ? load_plays(d, x, past) : r;
}

int engine_past(struct desk *d, int64_t exercise, struct engine_run *ret) {
        return load_run(d, ret, exercise, true);
}

/* G4. Two points: it stood from the last beat on, and goes on now. */
static int gap_points(struct sql *db, const struct exercise *e, int64_t play, int64_t beat,
                      int64_t now) {
        int r = exercise_clock_set(db, e, play, beat, -1, 0);

        if (r == 0)
                r = exercise_clock_set(db, e, play, now, -1, e->speed);
        return r == -E2BIG ? 0 : r;
}

static int take_out_gap(struct desk *d, const struct exercise *e, int64_t from, int64_t now) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct sql *db = state_sql(d->state);
        char about[40], detail[80];
        int r = desk_begin(d);

        if (r == 0)
                r = gap_points(db, e, 0, from, now);
        if (r == 0)
                r = sql_rows(
                        db, &q,
                        "SELECT id FROM exercise_play WHERE exercise=?1 AND run=?2 AND own_clock"
                        " AND live AND state<>'held'",
                        "ii", e->id, e->run);
        while (r == 0 && (r = sql_next(q)) == 1)
                r = gap_points(db, e, sql_int(q, 0), from, now);
        q = sql_end(q);
        snprintf(about, sizeof(about), "exercise %lld", (long long)e->id);
        snprintf(detail, sizeof(detail), "{\"stood_still_s\":%lld}",
                 (long long)((now - from) / NS_PER_SEC));
        return r == 0 ? state_audit(d->state, now, "coloa", "exercises.stood_still",
                                    span_str(about), span_str(detail))
                      : r;
}

/* The next one after `id` that has a gap. 1, 0, -errno. */
static int next_gap(struct sql *db, int64_t now, int64_t *id, int64_t *ret_beat) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(db, &q,
                         "SELECT id, beat FROM exercise WHERE state='running' AND beat<?1 AND"
                         " id>?2 ORDER BY id LIMIT 1",
                         "ii", now - GAP_NS, *id);

        if (r == 0)
                r = sql_next(q);
        if (r == 1) {
                *id = sql_int(q, 0);
                *ret_beat = sql_int(q, 1);
        }
        return r;
}

static int gaps(struct desk *d, int64_t now) {
        struct sql *db = state_sql(d->state);
        int64_t id = 0, beat_ = 0;
        int r;

        while ((r = next_gap(db, now, &id, &beat_)) == 1) {
                struct exercise e;

                r = exercise_load(db, NULL, id, &e);
                if (r == 1)
                        r = take_out_gap(d, &e, beat_, now);
                if (r < 0)
                        break;
        }
        return r;
}

static int load(struct desk *d, struct exercises *x, int64_t now) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        bool first = x->life == 0;
        int64_t ids[RUNS_MOST];
        unsigned n = 0;

        unload(x);
        int r = first ? gaps(d, now) : 0;
        if (r == 0)
                r = sql_rows(state_sql(d->state), &q,
                             "SELECT id FROM exercise WHERE state IN ('running','paused') AND"
                             " kind='replay' ORDER BY solo, id LIMIT ?1", /* G5 */
                             "i", (int64_t)RUNS_MOST);
        while (r == 0 && n < RUNS_MOST && (r = sql_next(q)) == 1) {
                ids[n++] = sql_int(q, 0);
                r = 0;
        }
        q = sql_end(q);
        x->runs = calloc(n + 1, sizeof(*x->runs));
        if (!x->runs)
                return FAIL(-ENOMEM);
        for (unsigned i = 0; i < n && r == 0; i++) {
                x->n_runs++;
                r = load_run(d, &x->runs[i], ids[i], false);
        }
        x->loaded = r == 0;
        x->wake = false;
        return r;
}

/* ---- what is due ---- */

static const struct plan_when *when_of(const struct plan *p, unsigned i) {
        return i < p->n_steps ? &p->steps[i].when : &p->injects[i - p->n_steps].when;
}

int64_t engine_due(const struct engine_play *y, const struct plan *p, unsigned i) {
        const struct plan_when *w = when_of(p, i);
        int64_t shift = i < p->n_steps ? 0 : y->of->shift[i - p->n_steps];
        int at;

        if (y->of->part.item >= 0)
                return part_has(p, &y->of->part, i) ? part_time(p, i) : -1;
        if (!w->after)
                return w->at + shift;
        at = plan_find_step(p, w->after);
        if (at < 0) {
                at = plan_find_inject(p, w->after);
                at = at < 0 ? at : at + (int)p->n_steps;
        }
        if (at < 0 || y->state[at] == ITEM_SKIPPED)
                return -2;
        return y->state[at] == ITEM_PLAYED ? y->t[at] + w->delay + shift : -1;
}

static int write_item(struct desk *d, struct engine_play *y, unsigned i, bool played, int64_t t,
                      int64_t now) {
        bool step = i < y->of->n_steps;
        int r = desk_begin(d);

        if (r == 0)
                r = sql_do(state_sql(d->state),
                           "INSERT OR IGNORE INTO exercise_item(play,item,n,state,t,at,spooled)"
                           " VALUES(?1,?2,?3,?4,?5,?6,?7)",
                           "isisiii", y->id, step ? "s" : "i",
                           (int64_t)(step ? i + 1 : i - y->of->n_steps + 1),
                           played ? "played" : "skipped", t, now,
                           step && y->spooled[i] == 2 ? (int64_t)2 : (int64_t)0);
        y->state[i] = played ? ITEM_PLAYED : ITEM_SKIPPED;
        y->t[i] = t;
        y->dirty = true;
        return r;
}

static int deliver(struct desk *d, struct engine_play *y, char item, int64_t n, int64_t t,
                   int64_t now) {
        struct exercise_play p = {.id = y->id, .exercise = y->exercise, .unit = y->unit};
        char kind[2] = {item, 0};
        int64_t inject = 0;
        int r = desk_begin(d);

        if (r == 0)
                r = sql_get_int(
                        state_sql(d->state), &inject,
                        "SELECT id FROM exercise_inject WHERE exercise=?1 AND item=?2 AND n=?3",
                        "isi", y->exercise, kind, n);
        if (r == 1)
                r = exercise_deliver(d, state_sql(d->state), &p, inject, t, now);
        y->dirty = true;
        return r;
}

static int play_item(struct desk *d, struct engine_play *y, unsigned i, int64_t t, int64_t t_now,
                     int64_t now) {
        unsigned steps = y->of->n_steps;
        int r = write_item(d, y, i, true, t, now);

        if (r == 0 && i < steps)
                r = spool_release(d, y, i + 1, t_now);
        else if (r == 0)
                r = deliver(d, y, 'i', (int64_t)(i - steps) + 1, t, now);
        if (r == 0 && i >= steps && engine_speed(y) &&
            (t_now - t) * 1000 / engine_speed(y) > LATE_NS / MS_NS)
                d->exercises->late++;
        return r;
}

static int skip_item(struct desk *d, struct engine_play *y, unsigned i, int64_t t, int64_t now) {
        int r = write_item(d, y, i, false, t, now);

        return r == 0 && i < y->of->n_steps ? spool_drop(d, y, i + 1) : r;
}

/* One item whose time has come. *ret: it was decided. */
static int decide(struct desk *d, struct engine_play *y, const struct plan *p, unsigned i,
                  int64_t due, int64_t t, int64_t now, bool *ret) {
        const struct plan_when *w = when_of(p, i);
        int holds = w->condition < 0 || y->of->part.item >= 0
                            ? 1
                            : exercise_condition(d, y, p, w->condition);

        *ret = true;
        if (holds < 0)
                return holds;
        if (holds)
                return play_item(d, y, i, w->wait && w->condition >= 0 ? MAX(due, t) : due, t, now);
        if (!w->wait || t > w->until)
                return skip_item(d, y, i, MIN(t, MAX(due, w->wait ? w->until : due)), now);
        *ret = false;
        y->look_at =
                MIN(y->look_at, MIN(w->until + 1, t + LOOK_MS * MAX(engine_speed(y), 1) / 1000));
        return 0;
}

/* All that is due in one play; what one brings may be due at once. */
static int look_at(struct desk *d, struct engine_play *y, int64_t now, unsigned *budget) {
        const struct plan *p = NULL;
        int64_t t = engine_t(y, now);
        bool again = true;
        int r = exercise_scenario_plan(d, y->of->e.scenario, &p);

        while (r == 0 && again && *budget) {
                again = false;
                y->next = y->look_at = INT64_MAX;
                for (unsigned i = 0; i < p->n_steps + p->n_injects && r == 0 && *budget; i++) {
                        bool decided = false;
                        int64_t due;

                        if (y->state[i] != ITEM_OPEN)
                                continue;
                        due = engine_due(y, p, i);
                        if (due > t)
                                y->next = MIN(y->next, due);
                        if (due == -2)
                                r = skip_item(d, y, i, t, now);
                        else if (due >= 0 && due <= t)
                                r = decide(d, y, p, i, due, t, now, &decided);
                        if (due == -2 || decided) {
                                (*budget)--;
                                again = true;
                        }
                }
        }
        y->look = *budget == 0;
        return r;
}

/* Free injects whose time has come, for all plays of their run. */
static int free_injects(struct desk *d, struct engine_run *x, int64_t now) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct {
                int64_t id, t, n;
        } due[16];
        unsigned n = 0;
        int64_t t = clock_drill_of(x->clock.p, x->clock.n, now / MS_NS);
        int r = sql_rows(
                state_sql(d->state), &q,
                "SELECT id, t, n FROM exercise_inject WHERE exercise=?1 AND item='f' AND sent"
                " IS NULL AND t<=?2 LIMIT 16",
                "ii", x->e.id, t);

        while (r == 0 && n < 16 && (r = sql_next(q)) == 1) {
                due[n].id = sql_int(q, 0);
                due[n].t = sql_int(q, 1);
                due[n++].n = sql_int(q, 2);
                r = 0;
        }
        q = sql_end(q);
        for (unsigned i = 0; i < n && r == 0; i++) {
                r = exercise_engine_send(d, x->e.id, 'f', due[i].n, now);
                if (r == 0)
                        r = sql_do(state_sql(d->state),
                                   "UPDATE exercise_inject SET sent=?2 WHERE id=?1", "ii",
                                   due[i].id, now);
        }
        return r;
}

/* Whether a free inject is for that play. 1, 0, -errno. */
static int is_for(struct desk *d, int64_t exercise, int64_t n, int64_t play) {
        int64_t one;

        return sql_get_int(
                state_sql(d->state), &one,
                "SELECT 1 FROM exercise_inject i WHERE i.exercise=?1 AND i.item='f' AND i.n=?2"
                " AND (i.units IS NULL OR EXISTS(SELECT 1 FROM json_each(i.units) j WHERE"
                " j.value=?3))",
                "iii", exercise, n, play);
}

int exercise_engine_send(struct desk *d, int64_t exercise, char item, int64_t n, int64_t now) {
        struct exercises *x = exercises_of(d);
        int r = !x ? FAIL(-ENOMEM) : !x->loaded || x->wake ? load(d, x, now) : 0;

        for (unsigned i = 0; r == 0 && i < x->n_runs; i++)
                for (unsigned k = 0; k < x->runs[i].n_plays && r == 0; k++) {
                        struct engine_play *y = &x->runs[i].plays[k];
                        int64_t t = engine_t(y, now), at = n - 1 + y->of->n_steps;
                        int wanted = item == 'f' ? is_for(d, exercise, n, y->id) : 1;

                        if (y->exercise != exercise || wanted == 0)
                                continue;
                        if (wanted < 0)
                                return wanted;
                        if (item == 'i' && y->state[at] != ITEM_OPEN)
                                continue;
                        r = deliver(d, y, item, n, t, now);
                        if (r == 0 && item == 'i')
                                r = write_item(d, y, (unsigned)at, true, t, now);
                }
        return r;
}

/* ---- the end, and who is there ---- */

static int end_it(struct desk *d, struct exercise e, int64_t now) {
        struct held *h = api_own_new(d, now);
        char about[40];

        if (!h)
                return FAIL(-ENOMEM);
        snprintf(about, sizeof(about), "exercise %lld", (long long)e.id);
        int r = desk_begin(d);
        if (r == 0)
                r = exercise_move(&h->c, &e, "end");
        if (r == 0 && (e.solo || e.part))
                r = exercise_move(&h->c, &e, "publish");
        if (r == 0)
                r = state_audit(d->state, now, "coloa", "exercises.end", span_str(about),
                                SPAN("{}"));
        api_own_free(h);
        return r > 0 ? FAIL(-EPROTO) : r;
}

/* Past the length for all: ends by itself. */
static int maybe_end(struct desk *d, struct engine_run *x, int64_t now) {
        if (x->e.state != EX_RUNNING || !x->clock.n ||
            clock_drill_of(x->clock.p, x->clock.n, now / MS_NS) < x->part.until)
                return 0;
        for (unsigned i = 0; i < x->n_plays; i++)
                if (engine_t(&x->plays[i], now) < x->part.until)
                        return 0;
        return end_it(d, x->e, now);
}

/* G5: who plays alone paused it, and did not come back: one at a time. */
static int end_forgotten(struct desk *d, int64_t now) {
        struct exercise e;
        int64_t id = 0;
        int r = sql_get_int(state_sql(d->state), &id,
                            "SELECT id FROM exercise e WHERE solo AND state='paused' AND NOT"
                            " EXISTS(SELECT 1 FROM exercise_clock k WHERE k.exercise=e.id AND"
                            " k.at_real>?1) ORDER BY id LIMIT 1",
                            "i", (now - STOOD_NS) / MS_NS);

        if (r == 1)
                r = exercise_load(state_sql(d->state), NULL, id, &e);
        return r == 1 ? end_it(d, e, now) : r;
}

/* Somebody of its roster has a session that was used lately, or asked for its drill. */
static int look_for_lost(struct desk *d, struct engine_run *x, int64_t now) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct sql *db = state_sql(d->state);
        int r = sql_rows(
                db, &q,
                "SELECT r.unit, max(s.last) FROM exercise_roster r JOIN session s ON"
                " s.person=r.person WHERE r.exercise=?1 AND r.until IS NULL GROUP BY r.unit",
                "i", x->e.id);

        while (r == 0 && (r = sql_next(q)) == 1) {
                for (unsigned i = 0; i < x->n_plays; i++)
                        if (x->plays[i].unit == sql_int(q, 0))
                                x->plays[i].seen = MAX(x->plays[i].seen, sql_int(q, 1));
                r = 0;
        }
        q = sql_end(q);
        for (unsigned i = 0; i < x->n_plays && r == 0; i++) {
                struct engine_play *y = &x->plays[i];
                bool lost = now - MAX(y->seen, x->e.started) > LOST_NS;

                if (lost == y->lost)
                        continue;
                y->lost = lost;
                y->dirty = true;
                r = desk_begin(d);
                if (r == 0)
                        r = sql_do(
                                db,
                                "UPDATE exercise_play SET lost=?2, seen=?3, version=version+1 WHERE"
                                " id=?1",
                                "iTi", y->id, lost ? now : TIME_NONE, y->seen);
                api_tell_all(d, "exercise", x->e.id, x->e.unit);
        }
        return r;
}

/* ---- a turn ---- */

static int beat(struct desk *d, struct exercises *x, int64_t now) {
        int r = 0;

        if (now - x->beat < BEAT_NS && now >= x->beat)
                return 0;
        x->beat = now;
        if (x->n_runs)
                r = desk_begin(d);
        return r == 0 && x->n_runs
                       ? sql_do(state_sql(d->state),
                                "UPDATE exercise SET beat=?1 WHERE state='running'", "i", now)
                       : r;
}

/* ms of real time until the drill time; at least 0. */
static int64_t until(const struct engine_play *y, int64_t t, int64_t now) {
        const struct exercise_clock *k = clock_of(y);
        int64_t real = t == INT64_MAX ? INT64_MAX : clock_real_of(k->p, k->n, t);

        return real == INT64_MAX ? INT64_MAX : MAX(real - now / MS_NS, 0);
}

static int decide_all(struct desk *d, struct exercises *x, int64_t now) {
        unsigned budget = TURN_MOST;
        int r = 0;

        x->wait_ms = 1000;
        for (unsigned i = 0; i < x->n_runs && r == 0; i++) {
                struct engine_run *u = &x->runs[i];

                if (u->e.state == EX_RUNNING)
                        r = free_injects(d, u, now);
                for (unsigned k = 0; k < u->n_plays && r == 0 && !x->wake; k++) {
                        struct engine_play *y = &u->plays[k];
                        int64_t t = engine_t(y, now);

                        if (!engine_speed(y))
                                continue;
                        if (budget && (y->look || t >= y->next || t >= y->look_at))
                                r = look_at(d, y, now, &budget);
                        x->wait_ms = MIN(x->wait_ms, until(y, MIN(y->next, y->look_at), now));
                        if (y->look)
                                x->wait_ms = 0;
                }
        }
        return r;
}

int exercises_tick(struct desk *d, int64_t mono, int64_t now) {
        struct exercises *x = exercises_of(d);
        int r = 0;

        (void)mono;
        if (x)
                x->now = now;
        if (!x)
                return FAIL(-ENOMEM);
        if (!x->loaded || x->wake)
                r = load(d, x, now);
        if (r == 0)
                r = exercise_scores_tick(d, now);
        if (r == 0)
                r = exercise_retests_tick(d, now);
        if (r < 0 || !x->n_runs)
                return r;
        r = decide_all(d, x, now);
        if (r == 0)
                r = spool_give(d, now);
        if (r == 0)
                r = spool_ask(d, now);
        if (r == 0)
                r = beat(d, x, now);
        if (r == 0 && (now - x->looked_lost > LOST_EVERY_NS || now < x->looked_lost)) {
                x->looked_lost = now;
                for (unsigned i = 0; i < x->n_runs && r == 0; i++)
                        r = look_for_lost(d, &x->runs[i], now);
                if (r == 0)
                        r = end_forgotten(d, now);
        }
        for (unsigned i = 0; i < x->n_runs && r == 0 && !x->wake; i++)
                r = maybe_end(d, &x->runs[i], now);
        return r;
}

int exercises_wait(const struct desk *d) {
        return d->exercises && d->exercises->n_runs ? (int)MIN(d->exercises->wait_ms, 1000) : 1000;
}

void exercises_stats(const struct desk *d, struct desk_stats *ret) {
        struct exercise_numbers n;

        exercise_engine_numbers(d, &n);
        ret->exercises = n.running;
        ret->exercise_plays = n.plays;
        ret->injects_late = n.late;
        ret->drill_behind_ms = n.behind_ms;
        ret->drill_failed = d->exercises ? d->exercises->failed : 0;
}

void exercise_engine_numbers(const struct desk *d, struct exercise_numbers *ret) {
        const struct exercises *x = d->exercises;

        *ret = (struct exercise_numbers){0};
        for (unsigned i = 0; x && i < x->n_runs; i++) {
                ret->running += x->runs[i].e.state == EX_RUNNING;
                ret->plays += x->runs[i].n_plays;
        }
        if (x) {
                ret->late = x->late;
                ret->behind_ms = (uint64_t)x->behind_ms;
        }
}

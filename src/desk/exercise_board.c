/* The organisers' table. What each unit's row says of the steps is kept in memory and made anew only for plays of
 * which something changed (exercise_touched()) or whose next deadline passed, so that a table of 300 units costs a few
 * milliseconds however often it is asked for; `since` leaves out the rows that did not change. */
#include <stdlib.h>

#include "desk/desk_impl.h"
#include "desk/exercise_engine.h"

/* ---- a unit's row ---- */

struct cell {
        int64_t seen, answered; /* ms of the drill; -1 */
};
struct engine_cells {
        struct cell *steps;
        json_t *json;
        int64_t anew; /* drill time at which a cell becomes overdue; INT64_MAX */
        uint64_t mark;
        unsigned overdue;
};

void board_cells_free(struct engine_play *y) {
        if (!y->cells)
                return;
        json_decref(y->cells->json);
        free(y->cells->steps);
        free(y->cells);
        y->cells = NULL;
}

/* An alert of the step: when the first was raised, and when a person took one, or put it into an incident. */
static int alerts_of(struct sql *db, struct engine_play *y) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct engine_cells *k = y->cells;
        int r = sql_rows(
                db, &q,
                "SELECT s.step, min(s.at), min(min(ifnull(t.taken_at,?2),ifnull(i.at,?2)))"
                " FROM exercise_alert_step s LEFT JOIN triage t ON t.alert=s.alert LEFT JOIN"
                " incident_alert i ON i.alert=s.alert WHERE s.play=?1 AND s.step>0 GROUP BY"
                " s.step",
                "ii", y->id, INT64_MAX);

        for (unsigned i = 0; i < y->of->n_steps; i++)
                k->steps[i] = (struct cell){-1, -1};
        while (r == 0 && (r = sql_next(q)) == 1) {
                int64_t step = sql_int(q, 0);

                r = 0;
                if (step < 1 || step > y->of->n_steps)
                        continue;
                k->steps[step - 1].seen = engine_t(y, sql_int(q, 1));
                if (sql_int(q, 2) != INT64_MAX)
                        k->steps[step - 1].answered = engine_t(y, sql_int(q, 2));
        }
        return r;
}

/* Until when somebody should have answered: the step's first line of people. */
static int64_t limit_of(const struct plan *p, unsigned step) {
        int64_t least = INT64_MAX;

        for (unsigned i = 0; i < p->n_expectations; i++) {
                const struct plan_expectation *e = &p->expectations[i];

                if (e->part == PART_PEOPLE && strcmp(e->of, p->steps[step].id) == 0)
                        least = MIN(least, e->d);
        }
        return least;
}

static json_t *cell_json(struct engine_play *y, const struct plan *p, unsigned i, int64_t t) {
        const struct cell *k = &y->cells->steps[i];
        const char *state = "future";
        int64_t ms = -1, limit;

        if (y->state[i] == ITEM_SKIPPED) {
                state = "skipped";
        } else if (y->state[i] == ITEM_PLAYED && k->answered >= 0) {
                state = "answered";
                ms = MAX(k->answered - y->t[i], 0);
        } else if (y->state[i] == ITEM_PLAYED) {
                limit = p->steps[i].background ? INT64_MAX : limit_of(p, i);
                if (limit != INT64_MAX && t >= y->t[i] + limit) {
                        state = "overdue";
                        ms = t - y->t[i];
                        y->cells->overdue++;
                        y->cells->anew = MIN(y->cells->anew, t - (t - y->t[i]) % 60000 + 60000);
                } else {
                        state = k->seen >= 0 ? "seen" : "played";
                        ms = k->seen >= 0 ? MAX(k->seen - y->t[i], 0) : -1;
                        if (limit != INT64_MAX)
                                y->cells->anew = MIN(y->cells->anew, y->t[i] + limit);
                }
        }
        return json_pack("{sI ss so}", "step", (json_int_t)i + 1, "state", state, "ms",
                         ms < 0 ? json_null() : json_integer(ms));
}

static int refresh(struct desk *d, struct engine_play *y, const struct plan *p, int64_t now) {
        static uint64_t mark;
        int64_t t = engine_t(y, now);
        int r = 0;

        if (!y->cells) {
                y->cells = calloc(1, sizeof(*y->cells));
                if (y->cells)
                        y->cells->steps = calloc(y->of->n_steps + 1, sizeof(*y->cells->steps));
                if (!y->cells || !y->cells->steps)
                        return FAIL(-ENOMEM);
                y->dirty = true;
        }
        if (!y->dirty && t < y->cells->anew)
                return 0;
        if (y->dirty)
                r = alerts_of(state_sql(d->state), y);
        y->cells->anew = INT64_MAX;
        y->cells->overdue = 0;
        y->cells->mark = ++mark;
        json_decref(y->cells->json);
        y->cells->json = json_array();
        for (unsigned i = 0; i < p->n_steps && r == 0; i++)
                r = json_array_append_new(y->cells->json, cell_json(y, p, i, t)) < 0 ? FAIL(-ENOMEM)
                                                                                     : 0;
        y->dirty = false;
        return r;
}

/* ---- the whole ---- */

struct board {
        struct api_call *c;
        struct exercise e;
        const struct plan *plan;
        struct engine_run *run; /* NULL: it did not begin */
        struct engine_run past; /* of one that is over, for this answer */
        int64_t now;            /* or its end */
        int64_t since;
        uint64_t mark;
        int64_t lost, overdue;
};

static json_t *last_json(struct sql_rows *q) {
        if (sql_null(q, 6))
                return json_null();
        return json_pack("{sI so so sI}", "points", (json_int_t)sql_int(q, 6), "en",
                         api_json_text(sql_span(q, 7)), "vi", api_json_text(sql_span(q, 8)), "t",
                         (json_int_t)sql_int(q, 9));
}

static struct engine_play *play_in(const struct board *b, int64_t play) {
        for (unsigned i = 0; b->run && i < b->run->n_plays; i++)
                if (b->run->plays[i].id == play)
                        return &b->run->plays[i];
        return NULL;
}

static int unit_row(struct board *b, struct sql_rows *q, json_t *to) {
        struct engine_play *y = play_in(b, sql_int(q, 0));
        bool held = span_eq(sql_span(q, 3), SPAN("held"));
        const char *state = held || b->e.state == EX_PAUSED ? "paused"
                            : b->e.state != EX_RUNNING      ? "done"
                            : !sql_null(q, 4)               ? "lost"
                                                            : "playing";
        int r = y ? refresh(b->c->desk, y, b->plan, b->now) : 0;

        if (r < 0)
                return r;
        b->lost += !sql_null(q, 4) && b->e.state == EX_RUNNING;
        if (y) {
                b->overdue += y->cells->overdue;
                b->mark = MAX(b->mark, y->cells->mark);
                if (b->since && b->run != &b->past && y->cells->mark <= (uint64_t)b->since)
                        return 0;
        }
        json_t *o = json_pack(
                "{sI sI so ss so so so so}", "play", (json_int_t)sql_int(q, 0), "unit",
                (json_int_t)sql_int(q, 1), "unit_name", api_json_text(sql_span(q, 2)), "state",
                state, "score", sql_null(q, 5) ? json_null() : json_integer(sql_int(q, 5)),
                "drill_ms", y ? json_integer(engine_t(y, b->now)) : json_null(), "last",
                last_json(q), "cells", y ? json_incref(y->cells->json) : json_array());
        return json_array_append_new(to, o) < 0 ? FAIL(-ENOMEM) : 0;
}

static int units(struct board *b, json_t *to) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                b->c->db, &q,
                "SELECT y.id, y.unit, u.name, y.state, y.lost, y.points, y.last_points,"
                " y.last_en, y.last_vi, y.last_t FROM exercise_play y JOIN unit u ON u.id=y.unit"
                " WHERE y.exercise=?1 AND y.run=?2 AND y.state<>'declined' ORDER BY y.points DESC"
                " NULLS LAST, u.name COLLATE words",
                "ii", b->e.id, b->e.run);

        while (r == 0 && (r = sql_next(q)) == 1)
                r = unit_row(b, q, to);
        return r;
}

/* Of the run: played when some unit was played it. */
static bool played_by_some(const struct board *b, unsigned i) {
        for (unsigned k = 0; b->run && k < b->run->n_plays; k++)
                if (b->run->plays[k].state[i] == ITEM_PLAYED)
                        return true;
        return false;
}

static json_t *steps(const struct board *b) {
        json_t *list = json_array();

        for (unsigned i = 0; b->plan && i < b->plan->n_steps; i++) {
                const struct plan_step *s = &b->plan->steps[i];

                json_array_append_new(
                        list, json_pack("{sI ss ss ss ss so sb so ss}", "n", (json_int_t)i + 1,
                                        "id", s->id, "kind", "step", "title", s->title.en,
                                        "title_vi", s->title.vi, "technique",
                                        s->technique ? json_string(s->technique) : json_null(),
                                        "background", s->background, "t",
                                        s->when.after ? json_null() : json_integer(s->when.at),
                                        "state", played_by_some(b, i) ? "played" : "future"));
        }
        return list;
}

static const struct plan_inject *plan_inject_at(const struct board *b, struct sql_rows *q) {
        int64_t n = sql_int(q, 2);

        return b->plan && span_eq(sql_span(q, 1), SPAN("i")) && n >= 1 && n <= b->plan->n_injects
                       ? &b->plan->injects[n - 1]
                       : NULL;
}

static int injects(struct board *b, json_t *to) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                b->c->db, &q,
                "SELECT i.id, i.item, i.n, i.plan_id, i.title, i.title_vi, i.kind, i.t, i.sent,"
                " i.shift, count(v.id), count(v.seen), count(v.answered), max(v.at)-min(v.at),"
                " (SELECT count(*) FROM exercise_play y WHERE y.exercise=?1 AND y.run=?2 AND"
                " y.state<>'declined'), (SELECT count(*) FROM exercise_item k JOIN exercise_play"
                " y ON y.id=k.play WHERE y.exercise=?1 AND y.run=?2 AND k.item='i' AND k.n=i.n"
                " AND k.state='skipped' AND i.item='i') FROM exercise_inject i LEFT JOIN"
                " exercise_delivery v ON v.inject=i.id AND v.play IN (SELECT id FROM"
                " exercise_play WHERE exercise=?1 AND run=?2) WHERE i.exercise=?1 AND i.item IN"
                " ('i','f') GROUP BY i.id ORDER BY i.t IS NULL, i.t, i.id",
                "ii", b->e.id, b->e.run);

        while (r == 0 && (r = sql_next(q)) == 1) {
                const struct plan_inject *p = plan_inject_at(b, q);
                int64_t delivered = sql_int(q, 10), of = sql_int(q, 14), skipped = sql_int(q, 15);
                const char *state = delivered                                        ? "sent"
                                    : of && skipped == of                            ? "void"
                                    : sql_int(q, 9)                                  ? "postponed"
                                    : p && (p->when.after || p->when.condition >= 0) ? "conditional"
                                                                                     : "waiting";
                r = json_array_append_new(
                            to,
                            json_pack("{sI so so so so so sb ss sI sI sI sI so}", "id",
                                      (json_int_t)sql_int(q, 0), "plan_id",
                                      sql_null(q, 3) ? json_null() : api_json_text(sql_span(q, 3)),
                                      "title", api_json_text(sql_span(q, 4)), "title_vi",
                                      sql_null(q, 5) ? json_null() : api_json_text(sql_span(q, 5)),
                                      "kind", api_json_text(sql_span(q, 6)), "t",
                                      sql_null(q, 7) ? json_null() : json_integer(sql_int(q, 7)),
                                      "free", !p, "state", state, "delivered",
                                      (json_int_t)delivered, "seen", (json_int_t)sql_int(q, 11),
                                      "answered", (json_int_t)sql_int(q, 12), "of", (json_int_t)of,
                                      "took_ms",
                                      delivered ? json_integer(sql_int(q, 13) / MS_NS)
                                                : json_null())) < 0
                            ? FAIL(-ENOMEM)
                            : 0;
        }
        return r;
}

static int requests(struct board *b, json_t *to) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                b->c->db, &q,
                "SELECT r.id, r.play, u.name, r.kind, r.text, r.step, r.price, r.t, r.at FROM"
                " exercise_request r JOIN exercise_play y ON y.id=r.play JOIN unit u ON"
                " u.id=y.unit WHERE r.exercise=?1 AND r.state='waiting' ORDER BY r.at LIMIT 200",
                "i", b->e.id);

        while (r == 0 && (r = sql_next(q)) == 1)
                r = json_array_append_new(
                            to,
                            json_pack("{sI sI so so so so sI sI sI so}", "id",
                                      (json_int_t)sql_int(q, 0), "play", (json_int_t)sql_int(q, 1),
                                      "unit_name", api_json_text(sql_span(q, 2)), "kind",
                                      api_json_text(sql_span(q, 3)), "text",
                                      sql_null(q, 4) ? json_null() : api_json_text(sql_span(q, 4)),
                                      "step",
                                      sql_null(q, 5) || !sql_int(q, 5)
                                              ? json_null()
                                              : json_integer(sql_int(q, 5)),
                                      "price", (json_int_t)sql_int(q, 6), "t",
                                      (json_int_t)sql_int(q, 7), "waits_s",
                                      (json_int_t)((b->c->now - sql_int(q, 8)) / NS_PER_SEC), "at",
                                      api_json_time(sql_time(q, 8)))) < 0
                            ? FAIL(-ENOMEM)
                            : 0;
        return r;
}

static int counts(struct board *b, json_t *row, json_t **ret) {
        struct exercise_numbers n;
        int64_t contained = 0;
        int r = sql_get_int(
                b->c->db, &contained,
                "SELECT count(*) FROM action a JOIN incident i ON i.id=a.incident JOIN"
                " exercise_play y ON y.id=i.drill WHERE y.exercise=?1 AND a.state='in_force'",
                "i", b->e.id);

        exercise_engine_numbers(b->c->desk, &n);
        *ret = json_pack("{sO sO sI sI sI sI}", "units", json_object_get(row, "units"), "people",
                         json_object_get(row, "playing"), "overdue", (json_int_t)b->overdue, "lost",
                         (json_int_t)b->lost, "contained", (json_int_t)contained, "behind_ms",
                         (json_int_t)n.behind_ms);
        return MIN(r, 0);
}

static int organiser(struct board *b, json_t **ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(b->c->db, &q, "SELECT name FROM person WHERE id=?1", "i", b->e.created_by);

        if (r == 0)
                r = sql_next(q);
        *ret = r == 1 ? api_json_text(sql_span(q, 0)) : json_null();
        return MIN(r, 0);
}

int exercise_do_board(struct api_call *c) {
        struct board b = {.c = c, .now = c->now, .since = api_int(c, "since", 0)};
        json_t *row = NULL, *clock = NULL, *points = NULL, *count = NULL, *who = NULL,
               *unit_list = json_array(), *inject_list = json_array(), *request_list = json_array();
        int r = exercise_get(c, api_int(c, "id", 0), "exercises.plan", &b.e);

        if (r == 0)
                r = exercise_plan_of(c->desk, b.e.id, &b.plan);
        for (unsigned i = 0; r == 0 && c->desk->exercises && i < c->desk->exercises->n_runs; i++)
                if (c->desk->exercises->runs[i].e.id == b.e.id && b.plan)
                        b.run = &c->desk->exercises->runs[i];
        if (r == 0 && !b.run && b.plan && b.e.started != TIME_NONE && b.e.ended != TIME_NONE) {
                b.run = &b.past;
                b.now = MIN(c->now, b.e.ended);
                r = engine_past(c->desk, b.e.id, &b.past);
        }
        if (r == 0)
                r = exercise_row(c, b.e.id, &row);
        if (r == 0)
                r = exercise_clock_json(c, &b.e, 0, &clock);
        if (r == 0)
                r = units(&b, unit_list);
        if (r == 0)
                r = injects(&b, inject_list);
        if (r == 0)
                r = requests(&b, request_list);
        if (r == 0)
                r = counts(&b, row, &count);
        if (r == 0)
                r = exercise_checkpoints_json(c, &b.e, &points);
        if (r == 0)
                r = organiser(&b, &who);
        if (r == 0)
                c->answer =
                        json_pack("{sO sO sO so sO sO sO sO sO sI}", "exercise", row, "organiser",
                                  who, "clock", clock, "steps", steps(&b), "units", unit_list,
                                  "injects", inject_list, "requests", request_list, "counts", count,
                                  "checkpoints", points, "mark", (json_int_t)b.mark);
        json_t *all[] = {row, clock, points, count, who, unit_list, inject_list, request_list};
        for (size_t i = 0; i < ARRAY_LEN(all); i++)
                json_decref(all[i]);
        engine_run_deinit(exercises_of(c->desk), &b.past);
        return r < 0 ? r : r ? r : c->answer ? 0 : FAIL(-ENOMEM);
}

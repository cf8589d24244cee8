/* Plays, and what time it is in them. A play whose unit was held alone has points of its own from then on: all those
 * of its run up to then, then its own; so its clock is one list like any other (exercise/clock.h). */
#include <stdlib.h>

#include "desk/desk_impl.h"
#include "desk/exercise_impl.h"

#define PLANS_KEPT 8u

/* ---- clocks ---- */

int exercise_clock_load(struct sql *db, int64_t exercise, int64_t run, int64_t play,
                        struct exercise_clock *ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(db, &q,
                         "SELECT at_real, at_drill, speed FROM exercise_clock WHERE exercise=?1"
                         " AND run=?2 AND play=?3 ORDER BY id",
                         "iii", exercise, run, play);

        ret->n = 0;
        while (r == 0 && (r = sql_next(q)) == 1) {
                if (ret->n == CLOCK_POINTS_MAX)
                        return FAIL(-EBADMSG);
                ret->p[ret->n++] =
                        (struct clock_point){sql_int(q, 0), sql_int(q, 1), (unsigned)sql_int(q, 2)};
                r = 0;
        }
        return r;
}

int exercise_clock_set(struct sql *db, const struct exercise *e, int64_t play, int64_t now,
                       int64_t t, unsigned speed) {
        struct exercise_clock k;
        int64_t real = now / MS_NS;
        int r = exercise_clock_load(db, e->id, e->run, play, &k);

        if (r < 0)
                return r;
        if (k.n == CLOCK_POINTS_MAX)
                return -E2BIG;
        if (k.n) /* a wall clock that was set back does not turn the drill back */
                real = MAX(real, k.p[k.n - 1].at_real);
        if (k.n && t < 0)
                t = clock_drill_of(k.p, k.n, real);
        return sql_do(db,
                      "INSERT INTO exercise_clock(exercise,run,play,at_real,at_drill,speed)"
                      " VALUES(?1,?2,?3,?4,?5,?6)",
                      "iiiiii", e->id, e->run, play, real, MAX(t, 0), (int64_t)speed);
}

/* ---- plays ---- */

/* Its clock: its own, or that of its run. */
static int clock_of(struct sql *db, int64_t play, struct exercise_clock *ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(db, &q, "SELECT exercise, run, own_clock FROM exercise_play WHERE id=?1",
                         "i", play);

        ret->n = 0;
        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r;
        return exercise_clock_load(db, sql_int(q, 0), sql_int(q, 1), sql_int(q, 2) ? play : 0, ret);
}

int exercise_drill_of(struct sql *db, int64_t play, int64_t real, int64_t *ret_t) {
        struct exercise_clock k;
        int r = clock_of(db, play, &k);

        *ret_t = clock_drill_of(k.p, k.n, real / MS_NS);
        return r;
}

int exercise_real_of(struct sql *db, int64_t play, int64_t t, int64_t *ret_real) {
        struct exercise_clock k;
        int r = clock_of(db, play, &k);
        int64_t real = clock_real_of(k.p, k.n, t);

        *ret_real = real == INT64_MIN || real == INT64_MAX ? TIME_NONE : real * MS_NS;
        return r;
}

static bool is(struct span s, const char *word) {
        return span_eq(s, span_str(word));
}

int exercise_play_of(struct sql *db, int64_t play, int64_t now, struct exercise_play *ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct exercise_clock k;
        int r = sql_rows(
                db, &q,
                "SELECT y.exercise, y.run, y.unit, e.unit, e.started, y.old, y.old_t,"
                " e.kind, e.simulated, e.state, e.run, y.own_clock, y.live, e.ended,"
                " e.solo FROM exercise_play y JOIN exercise e ON e.id=y.exercise WHERE y.id=?1",
                "i", play);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r;
        *ret = (struct exercise_play){.id = play,
                                      .exercise = sql_int(q, 0),
                                      .run = sql_int(q, 1),
                                      .unit = sql_int(q, 2),
                                      .organiser = sql_int(q, 3),
                                      .started = sql_time(q, 4),
                                      .t = -1,
                                      .old = sql_null(q, 5) ? 0 : sql_int(q, 5),
                                      .old_t = sql_null(q, 6) ? 0 : sql_int(q, 6),
                                      .live_fire = is(sql_span(q, 7), "live"),
                                      .simulated = sql_int(q, 8) != 0,
                                      .solo = sql_int(q, 14) != 0,
                                      .running = sql_int(q, 12) != 0};
        ret->over = !sql_null(q, 13) || ret->run != sql_int(q, 10);
        if (ret->over && !sql_null(q, 13))
                now = MIN(now, sql_time(q, 13));
        r = exercise_clock_load(db, ret->exercise, ret->run, sql_int(q, 11) ? play : 0, &k);
        if (r == 0 && k.n) {
                ret->t = clock_drill_of(k.p, k.n, now / MS_NS);
                ret->speed = k.p[k.n - 1].speed;
        }
        return r < 0 ? r : 1;
}

int exercise_unit_plays(struct sql *db, int64_t unit, int64_t *ret_play) {
        return sql_get_int(db, ret_play,
                           "SELECT y.id FROM exercise_play y JOIN exercise e ON e.id=y.exercise"
                           " JOIN unit a ON a.id=y.unit JOIN unit b ON b.id=?1 WHERE y.live"
                           " AND e.solo=0 AND substr(b.path,1,length(a.path))=a.path"
                           " ORDER BY a.depth DESC, y.id DESC LIMIT 1",
                           "i", unit);
}

int exercise_role_of(struct sql *db, struct arena *a, int64_t play, int64_t person, int64_t at,
                     struct span *ret, bool *ret_deputy) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(db, &q,
                         "SELECT r.role, r.deputy FROM exercise_roster r JOIN exercise_play y ON"
                         " y.exercise=r.exercise AND y.unit=r.unit WHERE y.id=?1 AND r.person=?2"
                         " AND r.since<=?3 AND (r.until IS NULL OR r.until>?3)"
                         " ORDER BY r.deputy, r.id LIMIT 1",
                         "iii", play, person, at);

        *ret = SPAN_NONE;
        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r;
        *ret = arena_dup(a, sql_span(q, 0));
        if (ret_deputy)
                *ret_deputy = sql_int(q, 1) != 0;
        return ret->p ? 0 : FAIL(-ENOMEM);
}

int exercise_may_see(struct api_call *c, int64_t play) {
        struct exercise_play y;
        int64_t one;
        int r = exercise_play_of(c->db, play, c->now, &y);

        if (r != 1)
                return r;
        if (c->who.local)
                return 1;
        if (c->who.incident) /* a guest */
                return 0;
        if (c->who.lent.play)
                return c->who.lent.play == play;
        r = sql_get_int(c->db, &one,
                        "SELECT 1 FROM exercise_roster WHERE exercise=?1 AND unit=?2 AND person=?3"
                        " AND until IS NULL LIMIT 1",
                        "iii", y.exercise, y.unit, c->who.id);
        if (r == 0)
                r = api_sees(c, "exercises.play", y.unit);
        if (r == 0)
                r = api_sees(c, "exercises.plan", y.organiser);
        return r == 0 ? api_sees(c, "exercises.judge", y.organiser) : r;
}

/* ---- plans ---- */

/* Of the scenarios that were asked for last; never changed (E1). */
struct exercise_plans {
        struct {
                int64_t scenario;
                uint64_t used;
                struct plan *plan;
        } kept[PLANS_KEPT];
        uint64_t count;
};

void exercise_plans_free(struct desk *d) {
        for (unsigned i = 0; d->plans && i < PLANS_KEPT; i++)
                plan_free(d->plans->kept[i].plan);
        free(d->plans);
        d->plans = NULL;
}

static int plan_read(struct sql *db, int64_t scenario, struct plan **ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(db, &q, "SELECT plan FROM scenario WHERE id=?1", "i", scenario);

        if (r == 0)
                r = sql_next(q);
        return r == 1 ? plan_load(sql_span(q, 0), ret) : r < 0 ? r : FAIL(-EBADMSG);
}

int exercise_scenario_plan(struct desk *d, int64_t scenario, const struct plan **ret) {
        struct exercise_plans *x = d->plans;
        unsigned least = 0;

        if (!x)
                x = d->plans = calloc(1, sizeof(*x));
        if (!x)
                return FAIL(-ENOMEM);
        for (unsigned i = 0; i < PLANS_KEPT; i++) {
                if (x->kept[i].plan && x->kept[i].scenario == scenario) {
                        x->kept[i].used = ++x->count;
                        *ret = x->kept[i].plan;
                        return 0;
                }
                if (x->kept[i].used < x->kept[least].used)
                        least = i;
        }
        struct plan *p = NULL;
        int r = plan_read(state_sql(d->state), scenario, &p);
        if (r < 0)
                return r;
        plan_free(x->kept[least].plan);
        x->kept[least].plan = p;
        x->kept[least].scenario = scenario;
        x->kept[least].used = ++x->count;
        *ret = p;
        return 0;
}

int exercise_plan_of(struct desk *d, int64_t exercise, const struct plan **ret) {
        int64_t scenario = 0;
        int r = sql_get_int(state_sql(d->state), &scenario,
                            "SELECT scenario FROM exercise WHERE id=?1 AND scenario IS NOT NULL",
                            "i", exercise);

        *ret = NULL;
        return r <= 0 ? r : exercise_scenario_plan(d, scenario, ret);
}

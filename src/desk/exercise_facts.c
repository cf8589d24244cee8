/* Facts of a play, read from the desk's tables (exercise_facts.h): its story (items, deliveries, hints), its alerts, who
 * took them; the rest of a case is in exercise_facts_case.c. In the order in which rows were made, so that people's
 * pseudonyms are the same at every reading.
 *
 * Times: the clock of the play turns the real time of a row into the drill's. Event times of telemetry are the
 * exercise's start + the drill's time, so they are drill time already, at any speed.
 *
 * After a rewind the new play has what the old one did up to the checkpoint, by the old clock. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "desk/desk_impl.h"
#include "desk/exercise_facts_impl.h"

const char *reading_text(struct reading *g, const char *fmt, ...) {
        char text[FACT_TEXT_MAX + 1];
        va_list ap;

        va_start(ap, fmt);
        (void)vsnprintf(text, sizeof(text), fmt, ap);
        va_end(ap);
        return arena_dup(&g->arena, span_str(text)).p;
}

static int64_t drill_time(const struct reading *g, int64_t at) {
        int64_t ms = at / MS_NS;

        if (!g->clock.n)
                return 0;
        if (ms < g->clock.p[0].at_real) /* before the start: as if the clock had gone at 1× */
                return ms - g->clock.p[0].at_real;
        return clock_drill_of(g->clock.p, g->clock.n, ms);
}

int reading_put(struct reading *g, struct drill_fact *f, int64_t at) {
        int r;

        if (at != TIME_NONE) {
                f->real = at / MS_NS;
                f->t = drill_time(g, at);
        }
        if (f->t > g->until)
                return 0;
        f->play = g->as;
        if (!f->id)
                return FAIL(-ENOMEM);
        r = facts_add(g->to, f);
        if (r == -E2BIG) { /* the rest is left out, and said to be */
                g->to->cut = true;
                return 0;
        }
        /* A row that no fact can be made of (a name with control characters …) is no fact. */
        return r == -EBADMSG ? 0 : r;
}

int reading_who(struct reading *g, struct drill_fact *f, int64_t person, int64_t at) {
        const char **roles;
        unsigned n = 0;

        if (!person)
                return 0;
        while (n < g->n_people && g->people[n] != person)
                n++;
        if (n == g->n_people && g->n_people < READING_PEOPLE)
                g->people[g->n_people++] = person;
        f->actor = reading_text(g, "p%u", n + 1);
        roles = arena_array(&g->arena, 16 + f->n_roles, sizeof(*roles));
        if (!f->actor || !roles)
                return FAIL(-ENOMEM);
        for (unsigned i = 0; i < f->n_roles; i++)
                roles[i] = f->roles[i];
        n = f->n_roles;
        for (unsigned i = 0; i < g->n_roster && n < f->n_roles + 16; i++)
                if (g->roster[i].person == person && g->roster[i].since <= at &&
                    (g->roster[i].until == TIME_NONE || g->roster[i].until > at))
                        roles[n++] = g->roster[i].role;
        f->roles = roles;
        f->n_roles = n;
        return 0;
}

const char *reading_object(struct reading *g, struct span name) {
        const char *id = g->plan ? match_name(g->plan, &g->cast, name) : NULL;

        return id ? id : reading_text(g, "?%.*s", (int)MIN(name.len, (size_t)120), name.p);
}

/* ---- who plays ---- */

static int read_roster(struct reading *g) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(g->db, &q,
                         "SELECT person, role, since, until FROM exercise_roster WHERE exercise=?1"
                         " AND unit=?2 ORDER BY id",
                         "ii", g->play.exercise, g->play.unit);

        while (r == 0 && (r = sql_next(q)) == 1) {
                if (g->n_roster == READING_ROSTER)
                        return 0;
                g->roster[g->n_roster].person = sql_int(q, 0);
                g->roster[g->n_roster].role = arena_dup(&g->arena, sql_span(q, 1)).p;
                /* A duty given beforehand holds from the beginning. */
                g->roster[g->n_roster].since = sql_int(q, 2);
                g->roster[g->n_roster].until = sql_null(q, 3) ? TIME_NONE : sql_int(q, 3);
                if (!g->roster[g->n_roster++].role)
                        return FAIL(-ENOMEM);
                r = 0;
        }
        return r;
}

static int read_cast(struct reading *g) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(g->db, &q,
                         "SELECT y.casting, u.code FROM exercise_play y JOIN unit u ON u.id=y.unit"
                         " WHERE y.id=?1",
                         "i", g->play.id);

        if (r == 0)
                r = sql_next(q);
        if (r != 1 || !g->plan)
                return MIN(r, 0);
        return exercise_cast_load(&g->arena, g->plan, arena_dup(&g->arena, sql_span(q, 0)),
                                  arena_dup(&g->arena, sql_span(q, 1)), &g->cast);
}

/* ---- the story ---- */

static bool asks_for_a_fact(const struct plan *p, int condition) {
        const struct plan_condition *k = condition >= 0 ? &p->conditions[condition] : NULL;

        if (!k)
                return false;
        if (k->op == PLAN_FACT)
                return true;
        for (unsigned i = 0; k->op <= PLAN_NOT && i < k->n; i++)
                if (asks_for_a_fact(p, (int)(k->first + i)))
                        return true;
        return false;
}

/* Steps that began; those that did not because of what the unit did. */
static int read_steps(struct reading *g) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(g->db, &q,
                         "SELECT n, state, t, at, spooled FROM exercise_item WHERE play=?1 AND"
                         " item='s' AND state IN ('played','skipped','void') ORDER BY t, n",
                         "i", g->play.id);

        while (r == 0 && (r = sql_next(q)) == 1) {
                int64_t n = sql_int(q, 0);
                bool played = span_eq(sql_span(q, 1), SPAN("played"));
                struct drill_fact f = {.kind = played ? FACT_PLAYED : FACT_PREVENTED,
                                       .number = n,
                                       .t = sql_int(q, 2),
                                       .id = reading_text(g, "step/%lld", (long long)n)};

                r = 0;
                if (n < 1 || !g->plan || n > (int64_t)g->plan->n_steps)
                        continue;
                if (!played && !asks_for_a_fact(g->plan, g->plan->steps[n - 1].when.condition))
                        continue; /* another branch: nobody prevented it */
                f.value = played && sql_int(q, 4) == 0 ? "none" : NULL;
                f.real = sql_null(q, 3) ? 0 : sql_int(q, 3) / MS_NS;
                r = reading_put(g, &f, TIME_NONE);
        }
        return r;
}

static int read_injects(struct reading *g) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                g->db, &q,
                "SELECT d.id, i.plan_id, d.t, d.at, d.answered, d.answered_t,"
                " d.answered_by, d.choice FROM exercise_delivery d JOIN exercise_inject i"
                " ON i.id=d.inject WHERE d.play=?1 AND i.plan_id IS NOT NULL ORDER BY d.id",
                "i", g->play.id);

        while (r == 0 && (r = sql_next(q)) == 1) {
                struct drill_fact f = {
                        .kind = FACT_DELIVERED,
                        .of = arena_dup(&g->arena, sql_span(q, 1)).p,
                        .t = sql_int(q, 2),
                        .real = sql_int(q, 3) / MS_NS,
                        .id = reading_text(g, "inject/%lld", (long long)sql_int(q, 0))};

                r = reading_put(g, &f, TIME_NONE);
                if (r < 0 || sql_null(q, 4))
                        continue;
                f.kind = FACT_ANSWERED;
                f.id = reading_text(g, "inject/%lld/answer", (long long)sql_int(q, 0));
                f.t = sql_int(q, 5);
                f.real = sql_int(q, 4) / MS_NS;
                f.value = sql_null(q, 7) ? NULL : arena_dup(&g->arena, sql_span(q, 7)).p;
                r = reading_who(g, &f, sql_int(q, 6), sql_int(q, 4));
                if (r == 0)
                        r = reading_put(g, &f, TIME_NONE);
        }
        return r;
}

/* Hints, which tell of their step too; and re-openings that organisers ordered are in the cases. */
static int read_hints(struct reading *g) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                g->db, &q,
                "SELECT id, hint, t, at FROM exercise_request WHERE play=?1 AND kind='hint'"
                " AND state='answered' AND ifnull(yes,1)=1 AND hint IS NOT NULL"
                " ORDER BY id",
                "i", g->play.id);

        while (r == 0 && (r = sql_next(q)) == 1) {
                long long id = sql_int(q, 0);
                struct drill_fact f = {.kind = FACT_HINT,
                                       .of = arena_dup(&g->arena, sql_span(q, 1)).p,
                                       .t = sql_int(q, 2),
                                       .real = sql_int(q, 3) / MS_NS,
                                       .id = reading_text(g, "request/%lld", id)};

                r = reading_put(g, &f, TIME_NONE);
                for (unsigned i = 0; r == 0 && g->plan && f.of && i < g->plan->n_hints; i++)
                        if (strcmp(g->plan->hints[i].id, f.of) == 0)
                                f.number = plan_find_step(g->plan, g->plan->hints[i].step) + 1;
                f.kind = FACT_TIP;
                f.id = reading_text(g, "request/%lld/tip", id);
                if (r == 0 && f.number)
                        r = reading_put(g, &f, TIME_NONE);
        }
        return r;
}

/* A clock that stood: drill time stood with it, real time did not. */
static int read_pauses(struct reading *g) {
        int r = 0;

        for (size_t i = 0; r == 0 && i + 1 < g->clock.n; i++) {
                const struct clock_point *p = &g->clock.p[i];
                struct drill_fact f = {
                        .kind = FACT_PAUSE,
                        .t = p->at_drill,
                        .until = p->at_drill,
                        .real = p->at_real,
                        .until_real = p[1].at_real,
                        .id = reading_text(g, "clock/%lld/%zu", (long long)g->play.id, i + 1)};

                if (p->speed == 0 && p[1].at_real > p->at_real)
                        r = reading_put(g, &f, TIME_NONE);
        }
        return r;
}

/* ---- alerts ---- */

int exercise_alert_steps(struct sql *db, int64_t alert, unsigned *to) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        unsigned n = 0;
        int r = sql_rows(db, &q,
                         "SELECT step FROM exercise_alert_step WHERE alert=?1 ORDER BY step", "i",
                         alert);

        while (r == 0 && (r = sql_next(q)) == 1) {
                if (n <= PLAN_STEPS_MAX)
                        to[n++] = (unsigned)sql_int(q, 0);
                r = 0;
        }
        return r < 0 ? r : (int)n;
}

/* What the machine took, in real time: since the event went out, or came in where the node itself was late. */
static int64_t latency_of(const struct reading *g, int64_t event, int64_t received, int64_t at) {
        int64_t out = clock_real_of(g->clock.p, g->clock.n, event), in = received / MS_NS;

        at /= MS_NS;
        if (out == INT64_MIN || out == INT64_MAX || (in > out && in <= at))
                out = in;
        return MIN(MAX(at - out, (int64_t)0), FACT_DRILL_MAX);
}

static int read_alert(struct reading *g, struct sql_rows *q) {
        int64_t alert = sql_int(q, 0), at = sql_int(q, 3);
        int64_t event = (sql_int(q, 2) - g->play.started) / MS_NS;
        unsigned step = (unsigned)sql_int(q, 1);
        struct drill_fact f = {
                .kind = FACT_ALERT,
                .label = true,
                .steps = &step,
                .n_steps = 1,
                .event = event,
                .latency = latency_of(g, event, sql_int(q, 4), at),
                .id = reading_text(g, "alert/%lld/%u", (long long)alert, step),
        };
        struct span host = sql_span(q, 5), user = sql_span(q, 6);
        const char *objects[2];
        const char *known;

        f.objects = objects;
        known = host.len && g->plan ? match_name(g->plan, &g->cast, host) : NULL;
        if (known)
                objects[f.n_objects++] = known;
        known = user.len && g->plan ? match_name(g->plan, &g->cast, user) : NULL;
        if (known)
                objects[f.n_objects++] = known;
        return step > PLAN_STEPS_MAX ? 0 : reading_put(g, &f, at);
}

static int keep_held(struct reading *g, struct sql_rows *q) {
        if (g->n_held == g->room_held) {
                size_t room = g->room_held ? 2 * g->room_held : 256;
                void *p = realloc(g->held, room * sizeof(*g->held));

                if (!p)
                        return FAIL(-ENOMEM);
                g->held = p;
                g->room_held = room;
        }
        g->held[g->n_held].alert = sql_int(q, 0);
        g->held[g->n_held].step = (unsigned)sql_int(q, 1);
        g->held[g->n_held++].at = sql_int(q, 3);
        return 0;
}

static int read_alerts(struct reading *g) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(g->db, &q,
                         "SELECT s.alert, s.step, s.time, s.at, a.first_received, a.host, a.user"
                         " FROM exercise_alert_step s JOIN alert a ON a.id=s.alert LEFT JOIN triage"
                         " t ON t.alert=s.alert WHERE s.play=?1 AND ifnull(t.status,'new')<>"
                         "'suppressed' ORDER BY s.alert, s.step",
                         "i", g->play.id);

        while (r == 0 && (r = sql_next(q)) == 1) {
                r = keep_held(g, q);
                if (r == 0)
                        r = read_alert(g, q);
        }
        return r;
}

unsigned reading_steps(const struct reading *g, int64_t alert, unsigned *to) {
        unsigned n = 0;

        for (size_t i = 0; i < g->n_held && n <= PLAN_STEPS_MAX; i++)
                if (g->held[i].alert == alert)
                        to[n++] = g->held[i].step;
        return n;
}

static int taken(struct reading *g, int64_t alert, const char *how, int64_t person, int64_t at) {
        unsigned steps[PLAN_STEPS_MAX + 1];
        struct drill_fact f = {
                .kind = FACT_ACKNOWLEDGED,
                .label = true,
                .steps = steps,
                .n_steps = reading_steps(g, alert, steps),
                .of = reading_text(g, "alert/%lld", (long long)alert),
                .id = reading_text(g, "alert/%lld/%s", (long long)alert, how),
        };
        int r = reading_who(g, &f, person, at);

        return r < 0 || !f.n_steps ? r : reading_put(g, &f, at);
}

static int read_taken(struct reading *g) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                g->db, &q,
                "SELECT t.alert, t.taken_by, t.taken_at, j.by, j.at FROM triage t"
                " LEFT JOIN incident_alert j ON j.alert=t.alert WHERE t.alert IN (SELECT alert"
                " FROM exercise_alert_step WHERE play=?1) AND (t.taken_at IS NOT NULL OR j.at IS "
                "NOT NULL) ORDER BY t.alert",
                "i", g->play.id);

        while (r == 0 && (r = sql_next(q)) == 1) {
                r = 0;
                if (!sql_null(q, 2))
                        r = taken(g, sql_int(q, 0), "taken", sql_int(q, 1), sql_int(q, 2));
                if (r == 0 && !sql_null(q, 4))
                        r = taken(g, sql_int(q, 0), "merged", sql_int(q, 3), sql_int(q, 4));
        }
        return r;
}

/* ---- what was decided about facts, and how long was watched ---- */

static int read_rulings(struct reading *g) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(g->db, &q,
                         "SELECT id, what, of, number, by, at, role FROM exercise_ruling WHERE"
                         " play=?1 ORDER BY id",
                         "i", g->play.id);

        while (r == 0 && (r = sql_next(q)) == 1) {
                struct drill_fact f = {
                        .kind = FACT_RULING,
                        .value = arena_dup(&g->arena, sql_span(q, 1)).p,
                        .of = arena_dup(&g->arena, sql_span(q, 2)).p,
                        .number = sql_int(q, 3),
                        /* With zeros, so that those of one moment keep their order as text. */
                        .id = reading_text(g, "ruling/%06lld", (long long)sql_int(q, 0)),
                        .actor = "jury",
                };

                r = reading_put(g, &f, sql_int(q, 5));
        }
        return r;
}

static int read_watch(struct reading *g, int64_t now) {
        int64_t offline = 0;
        int r = sql_get_int(g->db, &offline,
                            "SELECT offline AND merged IS NULL FROM exercise_play WHERE id=?1", "i",
                            g->play.id);
        struct drill_fact f = {.kind = FACT_WATCH,
                               .id = "watch",
                               .t = MAX(g->play.t, (int64_t)0),
                               .real = now / MS_NS};

        if (r < 0)
                return r;
        f.value = offline ? "offline" : g->play.over ? "ended" : "running";
        if (g->play.over && g->clock.n) {
                int64_t real = clock_real_of(g->clock.p, g->clock.n, f.t);

                f.real = real == INT64_MIN || real == INT64_MAX ? f.real : real;
        }
        return reading_put(g, &f, TIME_NONE);
}

/* What a unit that went on alone recorded, its clock's error taken off. Its ids are as long as ids may be: here they are
 * numbers. */
static int read_merged(struct reading *g) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                g->db, &q,
                "SELECT id, facts, offset_ms FROM exercise_merged WHERE play=?1 ORDER BY id", "i",
                g->play.id);

        while (r == 0 && (r = sql_next(q)) == 1) {
                struct drill_facts own;

                facts_init(&own);
                r = facts_read(&own, sql_span(q, 1), NULL);
                for (size_t i = 0; r == 0 && i < own.n && !g->to->cut; i++) {
                        struct drill_fact f = own.facts[i];

                        if (f.kind == FACT_WATCH || f.kind == FACT_RULING || f.kind == FACT_PLAYED)
                                continue; /* not theirs to say */
                        f.id = reading_text(g, "merged/%lld/%zu", (long long)sql_int(q, 0), i + 1);
                        f.t -= sql_int(q, 2);
                        f.real -= sql_int(q, 2);
                        f.event -= f.kind == FACT_ALERT ? sql_int(q, 2) : 0;
                        r = reading_put(g, &f, TIME_NONE);
                }
                facts_deinit(&own);
        }
        return r;
}

/* ---- sources that said nothing ---- */

/* As they were found when the play was over (api_results.c): owned, named by a system with a host of the plan, and
 * never heard of. */
static int read_unused(struct reading *g) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(g->db, &q,
                         "SELECT id, source, at FROM exercise_unused WHERE play=?1 ORDER BY id",
                         "i", g->play.id);

        while (r == 0 && (r = sql_next(q)) == 1) {
                struct drill_fact f = {
                        .kind = FACT_UNUSED,
                        .value = arena_dup(&g->arena, sql_span(q, 1)).p,
                        .t = MAX(g->play.t, (int64_t)0),
                        .real = sql_int(q, 2) / MS_NS,
                        .id = reading_text(g, "source/%lld", (long long)sql_int(q, 0))};

                r = reading_put(g, &f, TIME_NONE);
        }
        return r;
}

/* ---- all ---- */

static int read_play(struct reading *g, int64_t now) {
        static int (*const readers[])(struct reading *) = {
                read_roster, read_cast,  read_steps,    read_injects, read_hints, read_pauses,
                read_alerts, read_taken, reading_cases, read_rulings, read_merged};
        /* First, as there may be more facts than are taken. */
        int r = g->as == g->play.id ? read_watch(g, now) : 0;

        /* After a rewind steps and deliveries up to the checkpoint are the new play's own rows. */
        for (size_t i = 0; r == 0 && i < ARRAY_LEN(readers); i++)
                if (g->as == g->play.id || (readers[i] != read_steps && readers[i] != read_injects))
                        r = readers[i](g);
        if (r == 0 && g->as == g->play.id)
                r = read_unused(g);
        return r;
}

static int read_one(struct desk *d, int64_t play, unsigned as, int64_t until, int64_t now,
                    struct drill_facts *to, int64_t *ret_old, int64_t *ret_old_t) {
        struct reading *g = calloc(1, sizeof(*g));
        int64_t own = 0;
        int r;

        if (!g)
                return FAIL(-ENOMEM);
        g->desk = d;
        g->db = state_sql(d->state);
        g->to = to;
        g->as = as;
        g->until = until;
        arena_init(&g->arena, (size_t)64 << 20);
        *ret_old = 0;
        r = exercise_play_of(g->db, play, now, &g->play);
        if (r == 1) {
                *ret_old = g->play.old;
                *ret_old_t = g->play.old_t;
                r = sql_get_int(g->db, &own, "SELECT own_clock FROM exercise_play WHERE id=?1", "i",
                                play);
        }
        if (r == 1)
                r = exercise_clock_load(g->db, g->play.exercise, g->play.run, own ? play : 0,
                                        &g->clock);
        if (r == 0)
                r = exercise_plan_of(d, g->play.exercise, &g->plan);
        if (r == 0 && g->play.started != TIME_NONE)
                r = read_play(g, now);
        free(g->held);
        arena_deinit(&g->arena);
        free(g);
        return r;
}

int exercise_facts(struct desk *d, int64_t play, int64_t now, struct drill_facts *to) {
        int64_t at = play, until = FACT_DRILL_MAX;
        int r = 0;

        /* A rewind of a rewind …: each goes on from one before it. */
        for (unsigned n = 0; r == 0 && at && n < 50; n++) {
                int64_t old = 0, old_t = 0;

                r = read_one(d, at, (unsigned)play, until, now, to, &old, &old_t);
                at = old;
                until = MIN(until, old_t);
        }
        if (r == 0)
                r = facts_sort(to);
        /* Rows that make no set of facts are too much for who asks, nothing that a desk ends of. */
        return r == -EEXIST || r == -EBADMSG ? -E2BIG : r;
}

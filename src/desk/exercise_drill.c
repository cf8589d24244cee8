/* What a unit that plays sees of its exercise: its banner and clock, what was handed to it, what was said. Never what is
 * still to come, nor what others do. */
#include "desk/api_impl.h"
#include "desk/desk_impl.h"
#include "desk/exercise_engine.h"

int exercise_clock_json(struct api_call *c, const struct exercise *e, int64_t play, json_t **ret) {
        const struct plan *p = NULL;
        struct exercise_clock k = {0};
        int64_t own = 0, until = e->ended == TIME_NONE ? c->now : MIN(c->now, e->ended);
        int r = exercise_plan_of(c->desk, e->id, &p);

        if (r == 0 && play)
                r = MIN(sql_get_int(c->db, &own, "SELECT own_clock FROM exercise_play WHERE id=?1",
                                    "i", play),
                        0);
        if (r == 0)
                r = exercise_clock_load(c->db, e->id, e->run, own ? play : 0, &k);
        if (r < 0 || !k.n) {
                *ret = json_null();
                return r;
        }
        unsigned speed = k.p[k.n - 1].speed;
        bool running = e->ended == TIME_NONE && speed > 0;
        int64_t ends = p && running ? clock_real_of(k.p, k.n, p->length) : INT64_MAX;
        *ret = json_pack("{sI sI sb so sI so sI}", "drill_ms",
                         (json_int_t)clock_drill_of(k.p, k.n, until / MS_NS), "speed",
                         (json_int_t)(speed ? speed : e->speed), "running", running, "at",
                         api_json_time(until), "length_ms", (json_int_t)(p ? p->length : 0), "ends",
                         ends == INT64_MAX || ends == INT64_MIN ? json_null()
                                                                : api_json_time(ends * MS_NS),
                         "run", (json_int_t)e->run);
        return *ret ? 0 : FAIL(-ENOMEM);
}

/* The roster's first; who is on none has those that their unit plays, where nobody is named. */
int exercise_mine(struct api_call *c, int64_t want, struct exercise_play *ret) {
        const char *scope = "0";
        int64_t play = 0;
        int r = sql_get_int(
                c->db, &play,
                "SELECT y.id FROM exercise_roster r JOIN exercise e ON e.id=r.exercise JOIN"
                " exercise_play y ON y.exercise=e.id AND y.unit=r.unit AND y.run=e.run WHERE "
                "r.person=?1"
                " AND r.until IS NULL AND (y.live OR e.state='rehearsal') AND (?2 IS NULL OR "
                "y.id=?2)"
                " ORDER BY y.live DESC, e.solo DESC, y.id DESC LIMIT 1",
                "ik", c->who.id, want);

        if (r == 0)
                r = api_scope(c, "exercises.play", "y.unit", &scope);
        else if (r == 1)
                return exercise_play_of(c->db, play, c->now, ret);
        if (r < 0)
                return r;
        struct span sql = arena_printf(
                c->arena,
                "SELECT y.id FROM exercise_play y JOIN exercise e ON e.id=y.exercise AND (e.solo=0 "
                "OR e.created_by IS NULL) "
                "WHERE"
                " y.live AND (?1 IS NULL OR y.id=?1) AND (%s) AND NOT EXISTS(SELECT 1 FROM"
                " exercise_roster r WHERE r.exercise=e.id AND r.unit=y.unit AND r.until IS NULL)"
                " ORDER BY y.id DESC LIMIT 1",
                scope);
        r = sql.p ? sql_get_int(c->db, &play, sql.p, "k", want) : FAIL(-ENOMEM);
        return r == 1 ? exercise_play_of(c->db, play, c->now, ret) : r;
}

/* ---- parts of the answer ---- */

static json_t *text_at(struct sql_rows *q, int column) {
        return sql_null(q, column) ? json_null() : api_json_text(sql_span(q, column));
}

static json_t *int_at(struct sql_rows *q, int column) {
        return sql_null(q, column) ? json_null() : json_integer(sql_int(q, column));
}

/* Until when an answer earns points: what the plan's first line about it says. */
static json_t *due_of(const struct plan *p, struct span plan_id, int64_t t) {
        for (unsigned i = 0; p && plan_id.p && i < p->n_expectations; i++)
                if (p->expectations[i].fact == FACT_ANSWERED &&
                    span_eq(plan_id, span_str(p->expectations[i].of)))
                        return json_integer(t + p->expectations[i].h);
        return json_null();
}

/* Texts of the story with the unit's own names put in. */
struct story {
        const struct plan *plan; /* NULL: none */
        struct plan_cast cast;
        struct arena *arena;
};

static int story_of(struct api_call *c, const struct exercise_play *y, const struct plan *p,
                    struct story *ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT y.casting, u.code FROM exercise_play y JOIN unit u ON u.id=y.unit"
                         " WHERE y.id=?1",
                         "i", y->id);

        *ret = (struct story){.plan = p, .arena = c->arena};
        if (r == 0)
                r = sql_next(q);
        if (r == 1 && p)
                r = exercise_cast_load(c->arena, p, sql_null(q, 0) ? SPAN("{}") : sql_span(q, 0),
                                       sql_span(q, 1), &ret->cast);
        return MIN(r, 0);
}

static json_t *told(const struct story *s, struct span text) {
        _cleanup_(buf_deinit) struct buf b = {.limit = (size_t)256 << 10};
        struct span own = s->plan && text.len && memchr(text.p, '{', text.len)
                                  ? arena_printf(s->arena, "%.*s", (int)text.len, text.p)
                                  : SPAN_NONE;

        if (!own.p)
                return api_json_text(text);
        plan_fill(s->plan, &s->cast, own.p, &b);
        return b.failed ? api_json_text(text) : api_json_text(buf_get(&b));
}

static json_t *told_at(const struct story *s, struct sql_rows *q, int column) {
        return sql_null(q, column) ? json_null() : told(s, sql_span(q, column));
}

static void tell_in(const struct story *s, json_t *o, const char *key) {
        const json_t *v = json_object_get(o, key);

        json_object_set_new(o, key,
                            json_is_string(v)
                                    ? told(s, span_of(json_string_value(v), json_string_length(v)))
                                    : json_null());
}

static json_t *choices_at(const struct story *st, struct sql_rows *q, int column) {
        struct span s = sql_span(q, column);
        json_t *o = json_loadb(s.p, s.len, 0, NULL), *v;
        size_t i;

        json_array_foreach(o, i, v) {
                tell_in(st, v, "text");
                tell_in(st, v, "text_vi");
        }
        return o ? o : json_array();
}

#define INJECT                                                                                     \
        "v.id, i.kind, i.title, i.title_vi, i.text, i.text_vi, i.sender, i.sender_vi, v.t,"        \
        " v.seen, i.answer, i.choices, v.answered, p.name, v.choice, v.text, i.file_name,"         \
        " i.file, i.file_vi, i.plan_id, v.at FROM exercise_delivery v JOIN exercise_inject i ON"   \
        " i.id=v.inject LEFT JOIN person p ON p.id=v.answered_by"

static json_t *inject_json(struct sql_rows *q, const struct story *s) {
        return json_pack("{sI so so so so so so so sI so sb so so so so so so so so so so}", "id",
                         (json_int_t)sql_int(q, 0), "kind", text_at(q, 1), "title",
                         told_at(s, q, 2), "title_vi", told_at(s, q, 3), "text", told_at(s, q, 4),
                         "text_vi", told_at(s, q, 5), "sender", told_at(s, q, 6), "sender_vi",
                         told_at(s, q, 7), "t", (json_int_t)sql_int(q, 8), "seen",
                         api_json_time(sql_time(q, 9)), "answer", sql_int(q, 10) != 0, "choices",
                         choices_at(s, q, 11), "answered", api_json_time(sql_time(q, 12)),
                         "answered_by", text_at(q, 13), "choice", text_at(q, 14), "said",
                         text_at(q, 15), "file_name", text_at(q, 16), "file", told_at(s, q, 17),
                         "file_vi", told_at(s, q, 18), "due_t",
                         due_of(s->plan, sql_span(q, 19), sql_int(q, 8)), "at",
                         api_json_time(sql_time(q, 20)));
}

/* For whom: the roles of the inject, when somebody of the roster has one of them. */
#define FOR_PERSON                                                                                 \
        "(i.roles='[]' OR NOT EXISTS(SELECT 1 FROM exercise_roster r, json_each(i.roles) j WHERE"  \
        " r.exercise=?2 AND r.unit=?3 AND r.until IS NULL AND r.role=j.value) OR EXISTS(SELECT 1"  \
        " FROM exercise_roster r, json_each(i.roles) j WHERE r.exercise=?2 AND r.unit=?3 AND"      \
        " r.until IS NULL AND r.role=j.value AND r.person=?4))"

static int injects(struct api_call *c, const struct exercise_play *y, const struct story *s,
                   json_t *to, int64_t *ret_waiting) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT " INJECT " WHERE v.play=?1 AND " FOR_PERSON
                         " ORDER BY v.t DESC, v.id DESC LIMIT 300",
                         "iiii", y->id, y->exercise, y->unit, c->who.id);

        while (r == 0 && (r = sql_next(q)) == 1) {
                *ret_waiting += sql_int(q, 10) != 0 && sql_null(q, 12);
                r = json_array_append_new(to, inject_json(q, s)) < 0 ? FAIL(-ENOMEM) : 0;
        }
        return r;
}

/* ---- as it is told ---- */

#define RECENT_NS (5 * NS_PER_SEC) /* its clock is a reading of then */

/* '"play":7,"clock":{…},"inject":{…}': a page that has the play puts it in its place and fetches nothing. */
static struct told_text *inject_text(struct api_call *c, const struct exercise_play *y,
                                     int64_t delivery) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        _cleanup_(buf_deinit) struct buf b = {.limit = (size_t)256 << 10};
        const struct plan *p = NULL;
        struct exercise e = {0};
        struct story story = {0};
        json_t *clock = NULL;
        int r = exercise_load(c->db, c->arena, y->exercise, &e);

        if (r == 1)
                r = exercise_plan_of(c->desk, e.id, &p);
        if (r == 0)
                r = story_of(c, y, p, &story);
        if (r == 0)
                r = exercise_clock_json(c, &e, y->id, &clock);
        if (r == 0)
                r = sql_rows(c->db, &q, "SELECT " INJECT " WHERE v.id=?1", "i", delivery);
        if (r == 0)
                r = sql_next(q);
        json_t *o = r == 1 ? json_pack("{sI sO so}", "play", (json_int_t)y->id, "clock", clock,
                                       "inject", inject_json(q, &story))
                           : NULL;
        if (o)
                r = api_json_text_of(&b, o);
        json_decref(o);
        json_decref(clock);
        return r == 0 && o && b.len > 2 ? told_text_new(span_of(b.p + 1, b.len - 2)) : NULL;
}

/* The caller drops it. `changed`: what was kept of it is old. When thousands listen again, each play's people are told
 * the same. */
static struct told_text *text_of(struct desk *d, const struct exercise_play *y, int64_t delivery,
                                 int64_t now, bool changed) {
        struct exercises *x = exercises_of(d);
        struct recent_text *k = x ? &x->recent[(uint64_t)delivery % RECENT_TEXTS] : NULL;
        struct arena arena;

        if (k && !changed && k->delivery == delivery && k->text && now - k->at < RECENT_NS &&
            now >= k->at)
                return told_text_hold(k->text);

        arena_init(&arena, (size_t)4 << 20);
        struct api_call c = {.desk = d, .db = state_sql(d->state), .arena = &arena, .now = now};
        struct told_text *t = inject_text(&c, y, delivery);
        arena_deinit(&arena);
        if (k) {
                told_text_drop(k->text);
                *k = (struct recent_text){delivery, now, told_text_hold(t)};
        }
        return t;
}

#define ON_ROSTER "FROM exercise_roster r WHERE r.exercise=?1 AND r.unit=?2 AND r.until IS NULL"

int exercise_tell_inject(struct desk *d, const struct exercise_play *y, int64_t delivery,
                         int64_t now) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct sql *db = state_sql(d->state);
        struct told_text *text;
        int64_t one = 0;
        int r = desk_listened(d) ? sql_get_int(db, &one, "SELECT 1 " ON_ROSTER " LIMIT 1", "ii",
                                               y->exercise, y->unit)
                                 : -ENOENT;

        if (r < 0)
                return r == -ENOENT ? 0 : r;
        text = text_of(d, y, delivery, now, true);
        if (r == 0) /* nobody is named: whoever plays for the unit */
                api_tell_all_text(d, "inject", delivery, y->unit, text);
        else
                r = sql_rows(db, &q,
                             "SELECT DISTINCT r.person " ON_ROSTER " AND EXISTS(SELECT 1 FROM"
                             " exercise_delivery v JOIN exercise_inject i ON i.id=v.inject WHERE"
                             " v.id=?3 AND (i.roles='[]' OR EXISTS(SELECT 1 FROM json_each(i.roles)"
                             " j WHERE j.value=r.role) OR NOT EXISTS(SELECT 1 FROM exercise_roster"
                             " z, json_each(i.roles) j WHERE z.exercise=?1 AND z.unit=?2 AND"
                             " z.until IS NULL AND z.role=j.value)))",
                             "iii", y->exercise, y->unit, delivery);
        while (q && r == 0 && (r = sql_next(q)) == 1) {
                api_tell_person_text(d, "inject", delivery, sql_int(q, 0), text);
                r = 0;
        }
        told_text_drop(text);
        return r;
}

int exercise_tell_recent(struct api_call *c) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct exercise_numbers n;
        struct exercise_play y = {0};

        exercise_engine_numbers(c->desk, &n);
        int r = n.plays ? exercise_mine(c, 0, &y) : 0;

        if (r == 1)
                r = sql_rows(c->db, &q,
                             "SELECT v.id FROM exercise_delivery v JOIN exercise_inject i ON"
                             " i.id=v.inject WHERE v.play=?1 AND " FOR_PERSON
                             " AND max(v.at,ifnull(v.seen,0),ifnull(v.answered,0))>?5"
                             " ORDER BY v.id LIMIT 16",
                             "iiiii", y.id, y.exercise, y.unit, c->who.id,
                             c->now - 60 * NS_PER_SEC);
        while (q && r == 0 && (r = sql_next(q)) == 1) {
                struct told_text *t = text_of(c->desk, &y, sql_int(q, 0), c->now, false);

                api_events_here(c, "inject", sql_int(q, 0), t);
                told_text_drop(t);
                r = 0;
        }
        return r;
}

static int messages(struct api_call *c, const struct exercise_play *y, json_t *to) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                c->db, &q,
                "SELECT m.id, m.organiser, p.name, m.text, m.t, m.at FROM exercise_message m"
                " LEFT JOIN person p ON p.id=m.by WHERE m.exercise=?1 AND (m.play=?2 OR"
                " m.play=?3 OR (m.play IS NULL AND m.organiser)) ORDER BY m.id DESC LIMIT 200",
                "iii", y->exercise, y->id, y->old);

        while (r == 0 && (r = sql_next(q)) == 1)
                r = json_array_append_new(to, json_pack("{sI sb so so sI so}", "id",
                                                        (json_int_t)sql_int(q, 0), "from_organiser",
                                                        sql_int(q, 1) != 0, "by_name",
                                                        text_at(q, 2), "text", text_at(q, 3), "t",
                                                        (json_int_t)sql_int(q, 4), "at",
                                                        api_json_time(sql_time(q, 5)))) < 0
                            ? FAIL(-ENOMEM)
                            : 0;
        return r;
}

static int requests(struct api_call *c, const struct exercise_play *y, json_t *to) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                c->db, &q,
                "SELECT id, kind, text, step, price, t, state, yes, answer, answer_vi,"
                " answered_t, hint FROM exercise_request WHERE play=?1 OR (play=?2 AND t<=?3)"
                " ORDER BY id DESC LIMIT 200",
                "iii", y->id, y->old, y->old_t);

        while (r == 0 && (r = sql_next(q)) == 1)
                r = json_array_append_new(
                            to, json_pack("{sI so so so sI sI so so so so so so}", "id",
                                          (json_int_t)sql_int(q, 0), "kind", text_at(q, 1), "text",
                                          text_at(q, 2), "step", int_at(q, 3), "price",
                                          (json_int_t)sql_int(q, 4), "t", (json_int_t)sql_int(q, 5),
                                          "state", text_at(q, 6), "yes",
                                          sql_null(q, 7) ? json_null()
                                                         : json_boolean(sql_int(q, 7) != 0),
                                          "answer", text_at(q, 8), "answer_vi", text_at(q, 9),
                                          "answered_t", int_at(q, 10), "hint", text_at(q, 11))) < 0
                            ? FAIL(-ENOMEM)
                            : 0;
        return r;
}

/* Of steps that were played for this unit; what they say once they were given. */
static int hints(struct api_call *c, const struct exercise_play *y, const struct story *s,
                 json_t *to) {
        const struct plan *p = s->plan;
        int r = 0;

        for (unsigned i = 0, n = 0; p && i < p->n_hints && r >= 0; i++) {
                const struct plan_hint *h = &p->hints[i];
                int64_t step = plan_find_step(p, h->step) + 1, one, given = 0;

                r = sql_get_int(
                        c->db, &one,
                        "SELECT 1 FROM exercise_item WHERE play=?1 AND item='s' AND n=?2 AND"
                        " state='played'",
                        "ii", y->id, step);
                if (r <= 0)
                        continue;
                n++;
                r = sql_get_int(
                        c->db, &given,
                        "SELECT yes IS NOT NULL AND yes FROM exercise_request WHERE hint=?3 AND"
                        " (play=?1 OR play=?2) ORDER BY id DESC LIMIT 1",
                        "iis", y->id, y->old, h->id);
                bool taken = r == 1;
                char en[40], vi[40];
                snprintf(en, sizeof(en), "Hint %u", n);
                snprintf(vi, sizeof(vi), "Gợi ý %u", n);
                json_array_append_new(
                        to,
                        json_pack("{ss sI ss ss sI sb so so}", "id", h->id, "step",
                                  (json_int_t)step, "title", en, "title_vi", vi, "price",
                                  (json_int_t)h->price, "taken", taken, "text",
                                  given ? told(s, span_str(h->text.en)) : json_null(), "text_vi",
                                  given ? told(s, span_str(h->text.vi)) : json_null()));
        }
        return MIN(r, 0);
}

static int invitations(struct api_call *c, json_t *to) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        const char *scope;
        int r = api_scope(c, "exercises.play", "y.unit", &scope);

        if (r < 0)
                return r;
        struct span sql = arena_printf(c->arena,
                                       "SELECT e.id, e.code, e.title, e.starts, y.unit, u.name, "
                                       "y.state, e.text FROM exercise e"
                                       " JOIN exercise_play y ON y.exercise=e.id AND y.run=e.run "
                                       "JOIN unit u ON u.id=y.unit"
                                       " WHERE e.state IN ('invited','rehearsal','ready') AND "
                                       "e.solo=0 AND ((%s) OR EXISTS("
                                       "SELECT 1 FROM exercise_roster r WHERE r.exercise=e.id AND "
                                       "r.unit=y.unit AND r.until IS"
                                       " NULL AND r.person=?1)) ORDER BY e.starts, e.id LIMIT 20",
                                       scope);
        r = sql.p ? sql_rows(c->db, &q, sql.p, "i", c->who.id) : FAIL(-ENOMEM);
        while (r == 0 && (r = sql_next(q)) == 1)
                r = json_array_append_new(to, json_pack("{sI so so so sI so so so}", "exercise",
                                                        (json_int_t)sql_int(q, 0), "code",
                                                        text_at(q, 1), "title", text_at(q, 2),
                                                        "starts", api_json_time(sql_time(q, 3)),
                                                        "unit", (json_int_t)sql_int(q, 4),
                                                        "unit_name", text_at(q, 5), "state",
                                                        text_at(q, 6), "text", text_at(q, 7))) < 0
                            ? FAIL(-ENOMEM)
                            : 0;
        return r;
}

static json_t *objectives(const struct plan *p) {
        json_t *list = json_array();

        for (unsigned i = 0; p && i < p->n_objectives; i++)
                json_array_append_new(list, json_pack("{ss ss}", "en", p->objectives[i].en, "vi",
                                                      p->objectives[i].vi));
        return list;
}

static int nothing(struct api_call *c) {
        json_t *invited = json_array();
        int r = invitations(c, invited);

        c->answer = json_pack("{sn sn sn sn sn sn sn sn sn sn sn sn sn s[] s[] s[] s[] s[] sn so}",
                              "play", "exercise", "code", "title", "title_vi", "state", "kind",
                              "unit", "unit_name", "role", "solo", "simulated", "clock",
                              "objectives", "injects", "messages", "requests", "hints", "waiting",
                              "invitations", invited);
        return r < 0 ? r : c->answer ? 0 : FAIL(-ENOMEM);
}

/* Somebody of the unit is there. Written down at most every few seconds, outside the audit log. */
static int seen_now(struct api_call *c, const struct exercise_play *y) {
        if (!y->running || y->over)
                return 0;
        return exercise_engine_seen(c->desk, y->id, c->now);
}

static int head(struct api_call *c, const struct exercise_play *y, const struct exercise *e,
                const struct plan *p) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct span role = SPAN_NONE;
        json_t *clock = NULL;
        int r = exercise_role_of(c->db, c->arena, y->id, c->who.id, c->now, &role, NULL);

        if (r == 0)
                r = exercise_clock_json(c, e, y->id, &clock);
        if (r == 0)
                r = sql_rows(
                        c->db, &q,
                        "SELECT u.name, y.state FROM exercise_play y JOIN unit u ON u.id=y.unit"
                        " WHERE y.id=?1",
                        "i", y->id);
        if (r == 0)
                r = sql_next(q);
        if (r != 1) {
                json_decref(clock);
                return r;
        }
        bool held = span_eq(sql_span(q, 1), SPAN("held"));
        const char *state = held                       ? "paused"
                            : e->state == EX_RUNNING   ? "playing"
                            : e->state == EX_REHEARSAL ? "rehearsal"
                                                       : exercise_states[e->state];
        c->answer = json_pack(
                "{sI sI so so so ss ss sI so so sb sb so so}", "play", (json_int_t)y->id,
                "exercise", (json_int_t)e->id, "code", api_json_text(e->code), "title",
                api_json_text(e->title), "title_vi", p ? json_string(p->title.vi) : json_null(),
                "state", state, "kind", e->live_fire ? "live" : "replay", "unit",
                (json_int_t)y->unit, "unit_name", text_at(q, 0), "role",
                role.p ? api_json_text(role) : json_null(), "solo", e->solo, "simulated",
                e->simulated, "clock", clock, "objectives", objectives(p));
        return c->answer ? 0 : FAIL(-ENOMEM);
}

int exercise_do_drill_get(struct api_call *c) {
        json_t *lists[5];
        static const char *const names[5] = {"injects", "messages", "requests", "hints",
                                             "invitations"};
        const struct plan *p = NULL;
        struct exercise_play y = {0};
        struct exercise e = {0};
        struct story story = {0};
        int64_t waiting = 0;
        int r = exercise_mine(c, api_int(c, "play", 0), &y);

        if (r == 0)
                return nothing(c);
        if (r == 1)
                r = exercise_load(c->db, c->arena, y.exercise, &e);
        if (r == 1)
                r = exercise_plan_of(c->desk, e.id, &p);
        if (r == 0)
                r = head(c, &y, &e, p);
        if (r != 0)
                return MIN(r, 0);
        for (unsigned i = 0; i < 5; i++)
                json_object_set_new(c->answer, names[i], lists[i] = json_array());
        r = story_of(c, &y, p, &story);
        if (r == 0)
                r = injects(c, &y, &story, lists[0], &waiting);
        if (r == 0)
                r = messages(c, &y, lists[1]);
        if (r == 0)
                r = requests(c, &y, lists[2]);
        if (r == 0)
                r = hints(c, &y, &story, lists[3]);
        if (r == 0)
                r = invitations(c, lists[4]);
        json_object_set_new(c->answer, "waiting", json_integer(waiting));
        return r == 0 ? seen_now(c, &y) : r;
}

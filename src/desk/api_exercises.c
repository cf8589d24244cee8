/* Exercises as lists and details show them; planning one. Who organises sees all of it; who may play sees those that
 * their unit is invited to, from the invitation on, without the story. */
#include <sodium.h>

#include "desk/api_impl.h"
#include "desk/desk_impl.h"
#include "desk/exercise_impl.h"

/* ---- one ---- */

static enum exercise_state state_of(struct span s) {
        for (unsigned i = 0; i < EX_STATES; i++)
                if (span_eq(s, span_str(exercise_states[i])))
                        return i;
        return EX_STOPPED;
}

int exercise_load(struct sql *db, struct arena *a, int64_t id, struct exercise *ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                db, &q,
                "SELECT scenario, unit, seed, run, starts, started, ended, version,"
                " created_by, state, speed, kind='live', solo, demo, simulated, code, title,"
                " part IS NOT NULL, part_from"
                " FROM exercise WHERE id=?1",
                "i", id);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r;
        *ret = (struct exercise){.id = id,
                                 .scenario = sql_null(q, 0) ? 0 : sql_int(q, 0),
                                 .unit = sql_int(q, 1),
                                 .seed = sql_int(q, 2),
                                 .run = sql_int(q, 3),
                                 .starts = sql_time(q, 4),
                                 .started = sql_time(q, 5),
                                 .ended = sql_time(q, 6),
                                 .version = sql_int(q, 7),
                                 .created_by = sql_null(q, 8) ? 0 : sql_int(q, 8),
                                 .state = state_of(sql_span(q, 9)),
                                 .speed = (unsigned)sql_int(q, 10),
                                 .live_fire = sql_int(q, 11) != 0,
                                 .solo = sql_int(q, 12) != 0,
                                 .demo = sql_int(q, 13) != 0,
                                 .simulated = sql_int(q, 14) != 0,
                                 .part = sql_int(q, 17) != 0,
                                 .from = sql_int(q, 18)};
        if (a) {
                ret->code = arena_dup(a, sql_span(q, 15));
                ret->title = arena_dup(a, sql_span(q, 16));
                if (!ret->code.p || !ret->title.p)
                        return FAIL(-ENOMEM);
        }
        return 1;
}

/* Those that the asker sees, as a condition on `e`. */
static int visible(struct api_call *c, const char **ret) {
        const char *plan = NULL, *judge = NULL, *read = NULL;
        int r = api_scope(c, "exercises.plan", "e.unit", &plan);

        if (r == 0)
                r = api_scope(c, "exercises.judge", "e.unit", &judge);
        if (r == 0)
                r = api_scope(c, "exercises.read", "y.unit", &read);
        if (r < 0)
                return r;
        struct span s = arena_printf(
                c->arena,
                "((%s) OR (%s) OR (e.state<>'draft' AND EXISTS(SELECT 1 FROM exercise_play y"
                " WHERE y.exercise=e.id AND y.run=e.run AND (%s))))",
                plan, judge, read);
        *ret = s.p;
        return s.p ? 0 : FAIL(-ENOMEM);
}

/* Of an invited unit, or of the organisers' own. */
static int sees(struct api_call *c, const struct exercise *e, const char *permission) {
        const char *scope;
        int64_t one;
        int r = api_sees(c, permission, e->unit);

        if (r != 0 || e->state == EX_DRAFT ||
            (strcmp(permission, "exercises.read") != 0 &&
             strcmp(permission, "exercises.play") != 0))
                return r;
        r = api_scope(c, permission, "y.unit", &scope);
        if (r < 0)
                return r;
        struct span sql = arena_printf(c->arena,
                                       "SELECT 1 FROM exercise_play y WHERE y.exercise=?1 AND"
                                       " y.run=?2 AND (%s) LIMIT 1",
                                       scope);
        return sql.p ? sql_get_int(c->db, &one, sql.p, "ii", e->id, e->run) : FAIL(-ENOMEM);
}

int exercise_get(struct api_call *c, int64_t id, const char *permission, struct exercise *ret) {
        int r = exercise_load(c->db, c->arena, id, ret);

        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        snprintf(c->about, sizeof(c->about), "exercise %lld", (long long)id);
        r = sees(c, ret, permission);
        if (r != 0)
                return MIN(r, 0);
        r = sees(c, ret, "exercises.read");
        if (r < 0)
                return r;
        return r ? api_refuse(c, 403, "not_allowed", "your roles do not allow this for that unit",
                              "vai trò của bạn không cho phép việc này với đơn vị đó")
                 : api_missing(c);
}

void exercise_tell(struct desk *d, int64_t exercise) {
        struct exercise e = {0};

        if (exercise_load(state_sql(d->state), NULL, exercise, &e) == 1)
                api_tell_all(d, "exercise", exercise, e.unit);
}

int exercise_changed(struct api_call *c, const struct exercise *e) {
        int r = sql_do(c->db, "UPDATE exercise SET version=version+1 WHERE id=?1", "i", e->id);

        api_tell(c, "exercise", e->id, e->unit);
        return r;
}

int exercise_manages(struct api_call *c, const struct exercise *e) {
        return api_sees(c, "exercises.plan", e->unit);
}

/* ---- lists ---- */

static const char *const columns[] = {
        "e.id",
        "e.code",
        "e.title",
        "e.kind",
        "e.scenario",
        "s.title",
        "s.title_vi",
        "e.state",
        "e.unit",
        "u.name",
        ("(SELECT count(*) FROM exercise_play y WHERE y.exercise=e.id AND y.run=e.run AND"
         " y.state<>'declined')"),
        ("(SELECT count(DISTINCT r.person) FROM exercise_roster r WHERE r.exercise=e.id AND"
         " r.until IS NULL)"),
        "e.solo",
        "e.demo",
        "e.simulated",
        "e.starts",
        "e.started",
        "e.ended",
        "e.created",
        "e.speed",
        "e.run",
        "e.version",
        "NULL",
        "NULL"};

static int add_to_row(struct api_call *c, json_t *row) {
        int64_t id = json_integer_value(json_object_get(row, "id")), mine = 0;
        struct exercise e = {0};
        struct exercise_clock k = {0};
        int r = exercise_load(c->db, NULL, id, &e);

        if (r == 1)
                r = exercise_clock_load(c->db, id, e.run, 0, &k);
        if (r < 0)
                return r;
        int64_t until = e.ended == TIME_NONE ? c->now : MIN(c->now, e.ended);
        if (k.n)
                json_object_set_new(row, "drill_ms",
                                    json_integer(clock_drill_of(k.p, k.n, until / MS_NS)));
        r = sql_get_int(c->db, &mine,
                        "SELECT y.id FROM exercise_play y JOIN exercise_roster r ON"
                        " r.exercise=y.exercise AND r.unit=y.unit AND r.until IS NULL WHERE"
                        " y.exercise=?1 AND y.run=?2 AND r.person=?3 LIMIT 1",
                        "iii", id, e.run, c->who.id);
        if (r == 1)
                json_object_set_new(row, "mine", json_integer(mine));
        return MIN(r, 0);
}

int exercise_spec(struct api_call *c, struct api_list_spec *ret) {
        const char *where = NULL;
        int r = visible(c, &where);

        *ret = (struct api_list_spec){.shape = api_op(api_number("exercises.list"))->answer,
                                      .columns = columns,
                                      .from = "exercise e JOIN unit u ON u.id=e.unit LEFT JOIN"
                                              " scenario s ON s.id=e.scenario",
                                      .where = where,
                                      .id = "e.id",
                                      .search = {"e.title", "e.code", "s.title", "s.title_vi"},
                                      .row = add_to_row};
        return r;
}

static int list(struct api_call *c) {
        struct api_list_spec spec;
        int r = exercise_spec(c, &spec);

        return r < 0 ? r : api_list(c, &spec);
}

int exercise_row(struct api_call *c, int64_t id, json_t **ret) {
        struct api_list_spec spec;
        json_t *rows = json_array();
        int r = exercise_spec(c, &spec);
        struct span where = arena_printf(c->arena, "e.id=" SQL_OWN_INT, (long long)id);

        spec.where = where.p;
        if (r == 0)
                r = where.p ? api_rows(c, &spec, "e.id", 1, rows) : FAIL(-ENOMEM);
        *ret = json_incref(json_array_get(rows, 0));
        json_decref(rows);
        return r < 0 ? r : *ret ? 0 : FAIL(-ENOENT);
}

/* ---- the detail ---- */

static int checkpoints(struct api_call *c, const struct exercise *e, json_t **ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        json_t *list_ = json_array();
        int r = sql_rows(c->db, &q,
                         "SELECT id, name, t, at, run FROM exercise_checkpoint WHERE exercise=?1"
                         " ORDER BY t, id",
                         "i", e->id);

        *ret = list_;
        while (r == 0 && (r = sql_next(q)) == 1) {
                json_array_append_new(list_,
                                      json_pack("{sI so sI so sI}", "id", (json_int_t)sql_int(q, 0),
                                                "name", api_json_text(sql_span(q, 1)), "t",
                                                (json_int_t)sql_int(q, 2), "at",
                                                api_json_time(sql_time(q, 3)), "run",
                                                (json_int_t)sql_int(q, 4)));
                r = 0;
        }
        return r;
}

int exercise_checkpoints_json(struct api_call *c, const struct exercise *e, json_t **ret) {
        return checkpoints(c, e, ret);
}

static int texts(struct api_call *c, const struct exercise *e, bool manages) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT text, reason, scenario_hash, formula, formula_hash, seed FROM "
                         "exercise WHERE"
                         " id=?1",
                         "i", e->id);

        if (r == 0)
                r = sql_next(q);
        static const char *const names[] = {"text", "reason", "scenario_hash", "formula",
                                            "formula_hash"};
        for (int i = 0; i < 5 && r == 1; i++)
                json_object_set_new(c->answer, names[i],
                                    sql_null(q, i) ? json_null() : api_json_text(sql_span(q, i)));
        if (r == 1)
                json_object_set_new(c->answer, "seed",
                                    manages ? json_integer(sql_int(q, 5)) : json_null());
        return MIN(r, 0);
}

static void set(struct api_call *c, const char *name, json_t *v) {
        json_object_set_new(c->answer, name, v ? v : json_null());
}

/* What is played next in the run, of what has its time: for organisers. */
static int next_json(struct api_call *c, const struct exercise *e, const struct plan *p,
                     json_t **ret) {
        struct exercise_clock k = {0};
        int r = exercise_clock_load(c->db, e->id, e->run, 0, &k);
        int64_t t = k.n ? clock_drill_of(k.p, k.n, c->now / MS_NS) : -1, best = INT64_MAX;
        const struct plan_text *title = NULL;
        const char *kind = "step";

        for (unsigned i = 0; p && r == 0 && i < p->n_steps; i++)
                if (!p->steps[i].when.after && p->steps[i].when.at > t &&
                    p->steps[i].when.at < best) {
                        best = p->steps[i].when.at;
                        title = &p->steps[i].title;
                }
        for (unsigned i = 0; p && r == 0 && i < p->n_injects; i++)
                if (!p->injects[i].when.after && p->injects[i].when.at > t &&
                    p->injects[i].when.at < best) {
                        best = p->injects[i].when.at;
                        title = &p->injects[i].title;
                        kind = "inject";
                }
        *ret = title ? json_pack("{ss ss ss sI}", "kind", kind, "title", title->en, "title_vi",
                                 title->vi, "t", (json_int_t)best)
                     : json_null();
        return r;
}

int exercise_answer(struct api_call *c, int64_t id) {
        json_t *clock = NULL, *points = NULL, *plays = NULL, *list_ = NULL, *moves = NULL,
               *next = NULL;
        const struct plan *p = NULL;
        struct exercise e = {0};
        int r = exercise_load(c->db, c->arena, id, &e);

        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        int manages = exercise_manages(c, &e);
        json_decref(c->answer);
        c->answer = NULL;
        r = manages < 0 ? manages : exercise_row(c, id, &c->answer);
        if (r == 0)
                r = texts(c, &e, manages);
        if (r == 0)
                r = exercise_plan_of(c->desk, id, &p);
        if (r == 0)
                r = exercise_clock_json(c, &e, 0, &clock);
        if (r == 0)
                r = checkpoints(c, &e, &points);
        if (r == 0)
                r = exercise_plays_json(c, &e, manages, &plays);
        if (r == 0 && manages)
                r = exercise_checklist(c, &e, &list_, NULL);
        if (r == 0 && manages)
                r = exercise_moves_json(c, &e, &moves);
        if (r == 0 && manages && (EX_BIT(e.state) & (EX_LIVE | EX_BEFORE)))
                r = next_json(c, &e, p, &next);
        set(c, "speed_max", p ? json_integer((json_int_t)p->speed_max * 1000) : NULL);
        set(c, "clock", clock);
        set(c, "checkpoints", points);
        set(c, "plays", plays);
        set(c, "checklist", list_ ? list_ : json_array());
        set(c, "moves", moves ? moves : json_array());
        set(c, "next", next);
        set(c, "manage", json_boolean(manages));
        return r;
}

static int get(struct api_call *c) {
        struct exercise e = {0};
        int r = exercise_get(c, api_int(c, "id", 0), "exercises.read", &e);

        return r == 0 ? exercise_answer(c, e.id) : r;
}

/* ---- planning ---- */

/* "DT-2026-03": the year as the regime's clocks show it, and the next number of that. */
static int next_code(struct api_call *c, struct span *ret) {
        const json_t *regime = c->desk->regimes ? regime_at(c->desk->regimes, c->now) : NULL;
        int64_t year, n = 0;
        unsigned month, day;

        time_civil((c->now + (regime ? regime_zone(regime) : 0)) / (NS_PER_SEC * 86400), &year,
                   &month, &day);
        struct span like = arena_printf(c->arena, "DT-%lld-", (long long)year);
        int r = like.p ? sql_get_int(c->db, &n,
                                     "SELECT ifnull(max(CAST(substr(code,9) AS INTEGER)),0)+1 FROM"
                                     " exercise WHERE substr(code,1,8)=?1",
                                     "t", like)
                       : FAIL(-ENOMEM);
        *ret = arena_printf(c->arena, "DT-%lld-%02lld", (long long)year, (long long)n);
        return r < 0 ? r : ret->p ? 0 : FAIL(-ENOMEM);
}

static int scenario_good(struct api_call *c, int64_t id) {
        int64_t retired = 0;
        int r = sql_get_int(c->db, &retired, "SELECT retired FROM scenario WHERE id=?1", "i", id);

        if (r < 0)
                return r;
        if (r == 0 || retired)
                return api_fault_at(c, "scenario", "there is no such scenario in use",
                                    "không có kịch bản này hoặc đã ngừng dùng", "choose another",
                                    "chọn kịch bản khác");
        return 0;
}

static int64_t seed_of(struct api_call *c) {
        return api_int(c, "seed", 1 + (int64_t)randombytes_uniform(INT32_MAX - 1));
}

int exercise_insert(struct api_call *c, struct exercise *e, struct span title) {
        int r = next_code(c, &e->code);

        if (r == 0)
                r = sql_do(
                        c->db,
                        "INSERT INTO exercise(code,title,kind,scenario,state,unit,solo,demo,seed,"
                        "speed,simulated,starts,text,created,created_by) "
                        "VALUES(?1,?2,?3,?4,'draft',"
                        "?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)",
                        "ttskibbiibTtik", e->code, title, e->live_fire ? "live" : "replay",
                        e->scenario, e->unit, e->solo, e->demo, e->seed, (int64_t)e->speed,
                        e->simulated, e->starts, api_text(c, "text"), c->now, c->who.id);
        e->id = sql_last_id(c->db);
        e->run = 1;
        e->state = EX_DRAFT;
        e->started = e->ended = TIME_NONE;
        snprintf(c->about, sizeof(c->about), "exercise %lld", (long long)e->id);
        return r;
}

static int units_of(struct api_call *c, const struct exercise *e) {
        const json_t *v;
        size_t i;
        int r = 0;

        json_array_foreach(json_object_get(c->in, "units"), i, v) {
                if (r == 0)
                        r = exercise_unit_add(c, e, json_integer_value(v));
        }
        return r;
}

/* Speed and containment: as asked, else as the scenario has them. */
static int as_scenario(struct api_call *c, struct exercise *e, const struct plan **ret) {
        int r = exercise_scenario_plan(c->desk, e->scenario, ret);

        if (r < 0)
                return r;
        e->simulated = api_bool(c, "simulated", (*ret)->simulated);
        e->speed = (unsigned)api_int(c, "speed", e->demo ? (*ret)->demo_speed * 1000 : 1000);
        if (e->speed > MAX((*ret)->speed_max, e->demo ? (*ret)->demo_speed : 1u) * 1000)
                return api_fault_at(c, "speed", "faster than the scenario allows people",
                                    "nhanh hơn mức kịch bản cho phép", "see its speed_max",
                                    "xem speed_max của kịch bản");
        return 0;
}

static int create(struct api_call *c) {
        struct exercise e = {.scenario = api_int(c, "scenario", 0),
                             .unit = api_int(c, "unit", 0),
                             .seed = seed_of(c),
                             .starts = api_time(c, "starts"),
                             .speed = 1000,
                             .simulated = api_bool(c, "simulated", true),
                             .demo = api_bool(c, "demo", false),
                             .live_fire = span_eq(api_text(c, "kind"), SPAN("live"))};
        const struct plan *p = NULL;
        struct span title = api_text(c, "title");
        int r = api_may(c, "exercises.plan", e.unit);

        if (r != 0)
                return r;
        if (e.live_fire)
                e.scenario = 0;
        else if ((r = scenario_good(c, e.scenario)) == 0)
                r = as_scenario(c, &e, &p);
        if (r != 0)
                return r;
        if (!title.len && !p)
                return api_fault_at(c, "title", "live fire needs a title",
                                    "diễn tập thực chiến cần có tên", "give one", "đặt tên");
        r = exercise_insert(c, &e,
                            title.len ? title
                                      : span_str(c->lang == LANG_VI ? p->title.vi : p->title.en));
        if (r == 0)
                r = units_of(c, &e);
        api_tell(c, "exercise", e.id, e.unit);
        return r == 0 ? exercise_answer(c, e.id) : r;
}

/* Exercises that somebody organised are not to be crowded out. */
static int solo_room(struct api_call *c) {
        int64_t n = 0;
        int r = sql_get_int(c->db, &n,
                            "SELECT count(*) FROM exercise WHERE solo AND state IN"
                            " ('running','paused')",
                            "");

        if (r < 0 || n < EXERCISE_SOLOS_MAX)
                return MIN(r, 0);
        return api_refuse(c, 409, "busy", "too many play alone now: try again later",
                          "đang có quá nhiều lượt tự luyện: hãy thử lại sau");
}

/* E: nobody else is in it, and nothing real is touched: no list to go through. */
static int solo(struct api_call *c) {
        struct exercise e = {.scenario = api_int(c, "scenario", 0),
                             .unit = api_int(c, "unit", 0),
                             .seed = seed_of(c),
                             .starts = TIME_NONE,
                             .demo = api_bool(c, "demo", false),
                             .solo = true};
        const struct plan *p = NULL;
        int64_t running = 0;
        int r = api_may(c, "exercises.play", e.unit);

        if (r == 0 && !c->who.id && !c->who.local)
                r = api_refuse(c, 409, "people_only", "only a person plays alone",
                               "chỉ người dùng mới tự luyện được");
        if (r == 0)
                r = scenario_good(c, e.scenario);
        if (r == 0)
                r = as_scenario(c, &e, &p);
        if (r != 0)
                return r;
        e.simulated = true;
        r = sql_get_int(
                c->db, &running,
                "SELECT e.id FROM exercise e WHERE e.solo AND e.created_by=?1 AND e.state IN"
                " ('running','paused') LIMIT 1",
                "i", c->who.id);
        if (r == 1 && c->who.id)
                return api_refuse(c, 409, "playing", "you play alone already: end that first",
                                  "bạn đang tự luyện: hãy kết thúc lượt đó trước");
        if (r >= 0)
                r = solo_room(c);
        if (r == 0)
                r = exercise_insert(c, &e,
                                    span_str(c->lang == LANG_VI ? p->title.vi : p->title.en));
        if (r == 0)
                r = exercise_unit_add(c, &e, e.unit);
        for (unsigned i = 0; c->who.id && i < MAX(p->n_roles, 1u) && r == 0; i++)
                r = sql_do(c->db,
                           "INSERT INTO exercise_roster(exercise,unit,person,role,since)"
                           " VALUES(?1,?2,?3,?4,?5)",
                           "iiisi", e.id, e.unit, c->who.id, p->n_roles ? p->roles[i] : "handler",
                           c->now);
        if (r == 0)
                r = exercise_solo_start(c, &e);
        return r == 0 ? exercise_answer(c, e.id) : r;
}

static int edit(struct api_call *c) {
        static const struct api_set fields[] = {
                {"title", "UPDATE exercise SET title=?2 WHERE id=?1", 't'},
                {"starts", "UPDATE exercise SET starts=?2 WHERE id=?1", 'T'},
                {"text", "UPDATE exercise SET text=?2 WHERE id=?1", 't'},
        };
        struct exercise e = {0};
        int r = exercise_get(c, api_int(c, "id", 0), "exercises.plan", &e);

        if (r != 0)
                return r;
        if (api_int(c, "version", 0) != e.version)
                return api_refuse(c, 409, "stale",
                                  "Somebody changed it meanwhile: look again, then repeat",
                                  "Có người vừa thay đổi: hãy xem lại rồi làm lại");
        bool content = api_has(c, "scenario") || api_has(c, "simulated") || api_has(c, "seed");
        if (content && !(EX_BIT(e.state) & (EX_BEFORE & ~EX_BIT(EX_READY)))) /* M2 */
                return api_refuse(c, 409, "frozen", "its content is frozen since go",
                                  "nội dung đã chốt");
        r = api_set_fields(c, fields, ARRAY_LEN(fields), e.id);
        if (r == 0 && api_has(c, "scenario")) {
                r = e.live_fire ? 0 : scenario_good(c, api_int(c, "scenario", 0));
                if (r == 0) /* the names are of another plan */
                        r = sql_do(c->db, "UPDATE exercise_play SET casting=NULL WHERE exercise=?1",
                                   "i", e.id);
                if (r == 0 && api_int(c, "scenario", 0) != e.scenario) /* and the steps */
                        r = sql_do(c->db, "DELETE FROM exercise_recording WHERE exercise=?1", "i",
                                   e.id);
        }
        if (r == 0 && (api_int(c, "scenario", e.scenario) != e.scenario ||
                       api_bool(c, "simulated", e.simulated) != e.simulated))
                r = sql_do(c->db, "UPDATE exercise_play SET consent='none' WHERE exercise=?1", "i",
                           e.id); /* it was to another one */
        if (r == 0)
                r = sql_do(c->db,
                           "UPDATE exercise SET scenario=?2, simulated=?3, seed=?4 WHERE id=?1",
                           "ikbi", e.id, api_int(c, "scenario", e.scenario),
                           api_bool(c, "simulated", e.simulated), api_int(c, "seed", e.seed));
        if (r == 0 && api_has(c, "speed"))
                r = exercise_set_speed(c, &e, (unsigned)api_int(c, "speed", 1000));
        if (r == 0)
                r = exercise_changed(c, &e);
        return r == 0 ? exercise_answer(c, e.id) : r;
}

const struct api_binding api_exercises_bindings[] = {
        {"scenarios.list", exercise_do_scenario_list},
        {"scenarios.upload", exercise_do_scenario_upload},
        {"scenarios.get", exercise_do_scenario_get},
        {"scenarios.file", exercise_do_scenario_file},
        {"scenarios.retire", exercise_do_scenario_retire},
        {"exercises.list", list},
        {"exercises.create", create},
        {"exercises.solo", solo},
        {"exercises.get", get},
        {"exercises.edit", edit},
        {"exercises.invite", exercise_do_move_invite},
        {"exercises.rehearse", exercise_do_move_rehearse},
        {"exercises.rehearse_play", exercise_do_rehearse_play},
        {"exercises.go", exercise_do_move_go},
        {"exercises.recall", exercise_do_move_recall},
        {"exercises.start", exercise_do_move_start},
        {"exercises.pause", exercise_do_move_pause},
        {"exercises.resume", exercise_do_move_resume},
        {"exercises.end", exercise_do_move_end},
        {"exercises.publish", exercise_do_move_publish},
        {"exercises.finish", exercise_do_move_finish},
        {"exercises.stop", exercise_do_move_stop},
        {"exercises.speed", exercise_do_speed},
        {"exercises.checkpoint", exercise_do_checkpoint},
        {"exercises.rewind", exercise_do_rewind},
        {"exercises.check", exercise_do_check},
        {"exercises.units_add", exercise_do_units_add},
        {"exercises.unit_remove", exercise_do_unit_remove},
        {"exercises.accept", exercise_do_accept},
        {"exercises.roster", exercise_do_roster},
        {"exercises.cast", exercise_do_cast},
        {"exercises.suggest", exercise_do_suggest},
        {"exercises.consent", exercise_do_consent},
        {"exercises.unit_pause", exercise_do_unit_pause},
        {"exercises.unit_resume", exercise_do_unit_resume},
        {"exercises.merge", exercise_do_merge},
        {"exercises.recording", exercise_do_recording},
        {"exercises.recording_remove", exercise_do_recording_remove},
        {"exercises.board", exercise_do_board},
        {"exercises.inject", exercise_do_inject},
        {"exercises.inject_send", exercise_do_inject_send},
        {"exercises.inject_postpone", exercise_do_inject_postpone},
        {"exercises.answer", exercise_do_request_answer},
        {"exercises.messages", exercise_do_messages},
        {"exercises.say", exercise_do_say},
        {"exercises.notes", exercise_do_notes},
        {"exercises.note", exercise_do_note},
        {"drill.get", exercise_do_drill_get},
        {"drill.seen", exercise_do_drill_seen},
        {"drill.answer", exercise_do_drill_answer},
        {"drill.ask", exercise_do_drill_ask},
        {"drill.say", exercise_do_drill_say},
        {"drill.control", exercise_do_drill_control},
        {NULL, NULL},
};

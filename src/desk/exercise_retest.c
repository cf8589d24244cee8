/* Re-tests: each gap's task has them, each has its day and its seed; one plays only that part of the plan
 * (exercise/part.h), to the same unit, in an exercise of its own.
 *
 *   T1. The seed is laid down with the re-test; a play of any other is none. Who is to be re-tested does not see it before.
 *   T2. A re-test is a play that is over, of the same unit and scenario, and serves once. A failed one begins the count
 *       anew, and another is planned.
 *   T3. It begins by itself on its day when it is set so, else when the unit's lead or an organiser says so; never while
 *       the unit is in another exercise. What is refused then is written down and tried again in an hour.
 *   T4. Its containment is simulated; it is judged a minute after its end. One that was stopped is planned again. */
#include <stdio.h>
#include <stdlib.h>

#include "desk/api_impl.h"
#include "desk/desk_impl.h"
#include "desk/exercise_engine.h"
#include "desk/exercise_results.h"
#include "exercise/part.h"
#include "exercise/review.h"

#define RETEST_EVERY_NS (INT64_C(10) * NS_PER_SEC)
#define RETEST_SETTLES_NS (INT64_C(60) * NS_PER_SEC)
#define RETEST_LATER_NS (INT64_C(3600) * NS_PER_SEC)

int retest_add(struct api_call *c, int64_t gap, int64_t due, bool by_itself) {
        int64_t seed = 0;
        /* Another one than was played, and not to be guessed: of the database's own generator. */
        int r = sql_get_int(c->db, &seed, "SELECT abs(random() % 2147483647) + 1", "");

        return r < 0 ? r
                     : sql_do(c->db,
                              "INSERT INTO exercise_retest(gap,due,seed,state,created,by,auto)"
                              " VALUES(?1,?2,?3,'planned',?4,?5,?6)",
                              "iiiikb", gap, due, seed, c->now, c->who.id, by_itself);
}

/* ---- re-tests ---- */

static int retests_json(struct api_call *c, const struct results *x, int64_t one, json_t *to) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT t.id, g.play, y.unit, u.name, g.key, g.en, g.vi, t.due, t.seed,"
                         " t.state, t.play, t.t, t.q, t.auto, t.exercise, x.code, t.note FROM "
                         "exercise_retest t JOIN exercise_gap g ON"
                         " g.id=t.gap JOIN exercise_play y ON y.id=g.play JOIN unit u ON "
                         "u.id=y.unit LEFT JOIN"
                         " exercise x ON x.id=t.exercise WHERE y.exercise=?1 AND (?2=0 OR t.id=?2) "
                         "ORDER BY t.due, t.id LIMIT 2000",
                         "ii", x->e.id, one);

        while (r == 0 && (r = sql_next(q)) == 1) {
                int see = x->all ? 1 : exercise_may_see(c, sql_int(q, 1));

                r = MIN(see, 0);
                if (see != 1)
                        continue;
                /* The seed makes the telemetry: who is to be re-tested does not see it before. */
                bool hide = !x->all && (span_eq(sql_span(q, 9), SPAN("planned")) ||
                                        span_eq(sql_span(q, 9), SPAN("running")));
                json_array_append_new(
                        to,
                        json_pack(
                                "{s:I s:I s:I s:I s:o s:o s:o s:o s:o s:I s:o s:o s:o s:o s:b s:o "
                                "s:o "
                                "s:o}",
                                "id", (json_int_t)sql_int(q, 0), "exercise", (json_int_t)x->e.id,
                                "play", (json_int_t)sql_int(q, 1), "unit",
                                (json_int_t)sql_int(q, 2), "unit_name",
                                api_json_text(sql_span(q, 3)), "key", api_json_text(sql_span(q, 4)),
                                "en", api_json_text(sql_span(q, 5)), "vi",
                                api_json_text(sql_span(q, 6)), "due", api_json_time(sql_int(q, 7)),
                                "seed", (json_int_t)(hide ? 0 : sql_int(q, 8)), "state",
                                api_json_text(sql_span(q, 9)), "replay",
                                sql_null(q, 10) ? json_null() : json_integer(sql_int(q, 10)), "T",
                                sql_null(q, 11) ? json_null() : json_integer(sql_int(q, 11)), "Q",
                                sql_null(q, 12) ? json_null() : json_integer(sql_int(q, 12)),
                                "auto", (int)sql_int(q, 13), "running",
                                sql_null(q, 14) ? json_null() : json_integer(sql_int(q, 14)),
                                "running_code",
                                sql_null(q, 15) ? json_null() : api_json_text(sql_span(q, 15)),
                                "note",
                                sql_null(q, 16) ? json_null() : api_json_text(sql_span(q, 16))));
        }
        return r;
}

int results_do_retests(struct api_call *c) {
        struct results x = {0};
        json_t *list = json_array();
        int r = results_open(c, &x);

        if (r == 0)
                r = retests_json(c, &x, 0, list);
        c->answer = json_pack("{s:o}", "items", list);
        return r;
}

/* A2. */
static int good_replay(struct api_call *c, int64_t gap_play, int64_t play, int64_t seed) {
        int64_t good = 0;
        int r = sql_get_int(
                c->db, &good,
                "SELECT a.unit=b.unit AND f.seed<>e.seed AND f.seed=?3 AND f.ended IS NOT NULL AND"
                " f.scenario=e.scenario AND NOT EXISTS(SELECT 1 FROM exercise_retest t"
                " WHERE t.play=?2 AND t.gap IN (SELECT id FROM exercise_gap WHERE"
                " play=?1)) FROM exercise_play a JOIN exercise e ON e.id=a.exercise,"
                " exercise_play b JOIN exercise f ON f.id=b.exercise WHERE a.id=?1 AND"
                " b.id=?2",
                "iii", gap_play, play, seed);

        if (r < 0 || (r == 1 && good))
                return MIN(r, 0);
        return api_refuse(c, 409, "no_retest",
                          "A re-test is a play of the same unit and scenario, with the seed that "
                          "was laid down for "
                          "it, that is over and was not used before",
                          "Kiểm tra lại phải là lượt diễn tập cùng đơn vị, cùng kịch bản, đúng mầm "
                          "đã định, đã "
                          "kết thúc và chưa dùng");
}

static int judge_retest(struct api_call *c, int64_t id, int64_t gap, const char *key,
                        int64_t play) {
        struct drill_facts facts;
        struct score *s = NULL;
        const struct plan *p;
        int64_t t = 0, q = 0, by_itself = 0;
        bool passed;
        int r;

        facts_init(&facts);
        r = exercise_score_whole(c->desk, play, c->now, &facts, &p, &s);
        passed = r == 0 && s && review_passed(s, key, &t, &q);
        score_free(s);
        facts_deinit(&facts);
        if (r == 0)
                r = MIN(sql_get_int(c->db, &by_itself,
                                    "SELECT auto FROM exercise_retest WHERE id=?1", "i", id),
                        0);
        if (r == 0)
                r = sql_do(c->db,
                           "UPDATE exercise_retest SET state=?2, play=?3, t=?4, q=?5, at=?6 WHERE"
                           " id=?1",
                           "isiiii", id, passed ? "passed" : "failed", play, t, q, c->now);
        if (r == 0)
                r = sql_do(c->db,
                           passed ? "UPDATE exercise_gap SET passed=passed+1 WHERE id=?1"
                                  : "UPDATE exercise_gap SET passed=0 WHERE id=?1",
                           "i", gap);
        if (r == 0 && !passed) /* it is to be tried again */
                r = retest_add(c, gap, c->now + RETEST_AFTER_NS, by_itself);
        return r;
}

int results_do_retest(struct api_call *c) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct results x = {0};
        int64_t id = api_int(c, "retest", 0), gap, play;
        json_t *list = json_array();
        struct span key;
        int r = results_open(c, &x);

        if (r == 0)
                r = api_may(c, "exercises.plan", x.e.unit);
        if (r == 0)
                r = sql_rows(c->db, &q,
                             "SELECT g.id, g.play, g.key, t.seed FROM exercise_retest t JOIN "
                             "exercise_gap g"
                             " ON g.id=t.gap JOIN exercise_play y ON y.id=g.play WHERE t.id=?1 AND"
                             " y.exercise=?2 AND t.state='planned'",
                             "ii", id, x.e.id);
        if (r == 0) {
                r = sql_next(q);
                r = r == 1 ? 0 : r < 0 ? r : api_missing(c);
        }
        if (r == 0) {
                gap = sql_int(q, 0);
                play = sql_int(q, 1);
                key = arena_dup(c->arena, sql_span(q, 2));
                r = key.p ? good_replay(c, play, api_int(c, "play", 0), sql_int(q, 3))
                          : FAIL(-ENOMEM);
                if (r == 0)
                        r = judge_retest(c, id, gap, key.p, api_int(c, "play", 0));
        }
        if (r == 0)
                r = retests_json(c, &x, id, list);
        if (r == 0)
                c->answer = json_incref(json_array_get(list, 0));
        json_decref(list);
        return r;
}

/* ---- playing one ---- */

struct retest {
        int64_t id, gap, play, unit, old, due, seed; /* old: the exercise that showed the gap */
        struct span key;
};

/* 1, 0: there is none that is planned, -errno. */
static int load(struct api_call *c, int64_t id, struct retest *ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT g.id, g.play, y.unit, y.exercise, t.due, t.seed, g.key FROM"
                         " exercise_retest t JOIN exercise_gap g ON g.id=t.gap JOIN exercise_play y"
                         " ON y.id=g.play WHERE t.id=?1 AND t.state='planned'",
                         "i", id);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r;
        *ret = (struct retest){.id = id,
                               .gap = sql_int(q, 0),
                               .play = sql_int(q, 1),
                               .unit = sql_int(q, 2),
                               .old = sql_int(q, 3),
                               .due = sql_int(q, 4),
                               .seed = sql_int(q, 5),
                               .key = arena_dup(c->arena, sql_span(q, 6))};
        return ret->key.p ? 1 : FAIL(-ENOMEM);
}

/* Who was on the unit's roster then and still works here; names are suggested anew. */
static int same_people(struct api_call *c, const struct retest *t, const struct exercise *e,
                       int64_t play) {
        int r = sql_do(c->db,
                       "INSERT INTO exercise_roster(exercise,unit,person,role,deputy,since) SELECT"
                       " ?1, ?2, r.person, r.role, r.deputy, ?4 FROM exercise_roster r JOIN person"
                       " p ON p.id=r.person WHERE r.exercise=?3 AND r.unit=?2 AND r.until IS NULL"
                       " AND p.active",
                       "iiii", e->id, t->unit, t->old, c->now);

        return r == 0 ? exercise_suggest(c, e, play, t->unit) : r;
}

static int begin(struct api_call *c, const struct retest *t, struct exercise *e) {
        const struct plan *p = NULL;
        struct exercise old;
        struct part part;
        int64_t play = 0, live = 0;
        char title[64];
        int r = exercise_load(c->db, c->arena, t->old, &old);

        if (r == 1)
                r = exercise_scenario_plan(c->desk, old.scenario, &p);
        if (r == 0)
                r = exercise_unit_plays(c->db, t->unit, &live);
        if (r == 1)
                return api_refuse(c, 409, "playing", "the unit is in another exercise",
                                  "đơn vị đang trong cuộc diễn tập khác");
        if (r < 0)
                return r;
        part_of(p, t->key.p, &part);
        *e = (struct exercise){.scenario = old.scenario,
                               .unit = old.unit,
                               .seed = t->seed,
                               .starts = TIME_NONE,
                               .speed = old.speed,
                               .simulated = true,
                               .part = true,
                               .from = part.from};
        /* Its title says nothing of what is tested. */
        snprintf(title, sizeof(title), "Re-test %.*s", (int)MIN(old.code.len, (size_t)30),
                 old.code.p);
        r = exercise_insert(c, e, span_str(title));
        if (r == 0)
                r = sql_do(c->db,
                           "UPDATE exercise SET part=?2, part_from=?3, part_until=?4 WHERE id=?1",
                           "itii", e->id, t->key, part.from, part.until);
        if (r ==
            0) /* the unit was invited to the one before: whoever starts this need not organise */
                r = sql_do(c->db,
                           "INSERT INTO exercise_play(exercise,run,unit,state)"
                           " VALUES(?1,1,?2,'invited')",
                           "ii", e->id, t->unit);
        play = sql_last_id(c->db);
        if (r == 0)
                r = same_people(c, t, e, play);
        if (r == 0)
                r = sql_do(
                        c->db,
                        "UPDATE exercise_retest SET state='running', exercise=?2, note=NULL WHERE"
                        " id=?1",
                        "ii", t->id, e->id);
        return r == 0 ? exercise_solo_start(c, e) : r;
}

/* The unit's own lead, or an organiser. */
static int may_start(struct api_call *c, const struct results *x, int64_t id) {
        int64_t unit = 0, play = 0;
        int r = sql_get_int(c->db, &play,
                            "SELECT y.id FROM exercise_retest t JOIN exercise_gap g ON g.id=t.gap"
                            " JOIN exercise_play y ON y.id=g.play WHERE t.id=?1 AND y.exercise=?2",
                            "ii", id, x->e.id);

        if (r != 1)
                return r < 0 ? r : api_missing(c);
        r = exercise_manages(c, &x->e);
        if (r != 0)
                return MIN(r, 0);
        r = exercise_may_see(c, play);
        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        r = sql_get_int(c->db, &unit, "SELECT unit FROM exercise_play WHERE id=?1", "i", play);
        if (r == 1)
                r = api_sees(c, "incidents.lead", unit);
        if (r == 0)
                return api_refuse(c, 403, "not_allowed",
                                  "the unit's lead or the organisers do this",
                                  "chỉ huy của đơn vị hoặc ban tổ chức làm việc này");
        return MIN(r, 0);
}

static int answer_one(struct api_call *c, const struct results *x, int64_t id) {
        json_t *list = json_array();
        int r = retests_json(c, x, id, list);

        if (r == 0)
                c->answer = json_incref(json_array_get(list, 0));
        json_decref(list);
        return r;
}

int results_do_retest_start(struct api_call *c) {
        struct results x = {0};
        struct exercise e;
        struct retest t;
        int64_t id = api_int(c, "retest", 0);
        int r = results_open(c, &x);

        if (r == 0)
                r = may_start(c, &x, id);
        if (r != 0)
                return r;
        r = load(c, id, &t);
        if (r == 0)
                return api_refuse(c, 409, "state", "it is not planned any more",
                                  "lần kiểm tra này không còn ở trạng thái chờ");
        if (r == 1)
                r = begin(c, &t, &e);
        return r == 0 ? answer_one(c, &x, id) : r;
}

int results_do_retest_plan(struct api_call *c) {
        struct results x = {0};
        int64_t id = api_int(c, "retest", 0), due = api_time(c, "due");
        int r = results_open(c, &x);

        if (r == 0)
                r = may_start(c, &x, id);
        if (r == 0)
                r = sql_do(c->db,
                           "UPDATE exercise_retest SET due=ifnull(?2,due), auto=iif(?3,?4,auto),"
                           " note=NULL WHERE id=?1 AND state='planned'",
                           "iTbb", id, due, api_has(c, "auto"), api_bool(c, "auto", false));
        if (r == 0 && !sql_changes(c->db))
                return api_refuse(c, 409, "state", "it is not planned any more",
                                  "lần kiểm tra này không còn ở trạng thái chờ");
        return r == 0 ? answer_one(c, &x, id) : r;
}

/* ---- by themselves ---- */

static int next_due(struct sql *db, int64_t now, int64_t *ret) {
        return sql_get_int(db, ret,
                           "SELECT t.id FROM exercise_retest t JOIN exercise_gap g ON g.id=t.gap"
                           " JOIN exercise_play y ON y.id=g.play WHERE t.state='planned' AND t.auto"
                           " AND t.due<=?1 AND NOT EXISTS(SELECT 1 FROM exercise_play o JOIN"
                           " exercise x ON x.id=o.exercise JOIN unit a ON a.id=o.unit JOIN unit b"
                           " ON b.id=y.unit WHERE o.live AND x.solo=0 AND"
                           " substr(b.path,1,length(a.path))=a.path) ORDER BY t.due, t.id LIMIT 1",
                           "i", now);
}

/* What is refused leaves nothing but its reason. */
static int start_due(struct api_call *c, int64_t id) {
        struct exercise e = {.id = 0};
        struct retest t;
        char about[40];
        int r = load(c, id, &t);

        if (r == 1)
                r = sql_do(c->db, "SAVEPOINT retest", "");
        if (r == 0)
                r = begin(c, &t, &e);
        if (r == -EBADMSG ||
            r == -E2BIG) /* a plan of an older program: refused, as the rest that cannot be */
                r = API_E_REFUSED;
        if (r < 0 && r != API_E_REFUSED)
                return r;
        int e2 = r ? sql_do(c->db, "ROLLBACK TO retest", "") : 0;
        if (e2 == 0)
                e2 = sql_do(c->db, "RELEASE retest", "");
        if (e2 == 0 && r)
                e2 = sql_do(c->db,
                            "UPDATE exercise_retest SET due=?2, note='it could not begin' WHERE"
                            " id=?1",
                            "ii", id, c->now + RETEST_LATER_NS);
        snprintf(about, sizeof(about), "retest %lld", (long long)id);
        return e2 == 0 ? state_audit(c->desk->state, c->now, "coloa",
                                     r ? "exercises.retest_refused" : "exercises.retest_started",
                                     span_str(about), SPAN("{}"))
                       : e2;
}

static int judge_over(struct api_call *c, int64_t id) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT g.id, g.key, n.id, x.state='stopped' FROM exercise_retest t JOIN"
                         " exercise_gap g ON g.id=t.gap JOIN exercise x ON x.id=t.exercise JOIN"
                         " exercise_play n ON n.exercise=x.id AND n.run=x.run WHERE t.id=?1",
                         "i", id);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r;
        int64_t gap = sql_int(q, 0), play = sql_int(q, 2);
        bool stopped = sql_int(q, 3) != 0;
        struct span key = arena_dup(c->arena, sql_span(q, 1));
        q = sql_end(q);
        if (!key.p)
                return FAIL(-ENOMEM);
        if (stopped) /* T4 */
                return sql_do(c->db,
                              "UPDATE exercise_retest SET state='planned', exercise=NULL, auto=0,"
                              " note='it was stopped' WHERE id=?1",
                              "i", id);
        r = judge_retest(c, id, gap, key.p, play);
        return r == -E2BIG ? sql_do(c->db, /* nothing that a desk ends of */
                                    "UPDATE exercise_retest SET state='planned', exercise=NULL,"
                                    " auto=0, note='it could not be judged' WHERE id=?1",
                                    "i", id)
                           : r;
}

int exercise_retests_tick(struct desk *d, int64_t now) {
        static const char over[] =
                "SELECT t.id FROM exercise_retest t JOIN exercise x ON x.id=t.exercise WHERE"
                " t.state='running' AND x.ended IS NOT NULL AND x.ended<=?1 ORDER BY t.id LIMIT 1";
        struct exercises *x = d->exercises;
        struct sql *db = state_sql(d->state);
        int64_t id = 0, done = 0;

        if (!x || (now - x->looked_retests < RETEST_EVERY_NS && now >= x->looked_retests))
                return 0;
        x->looked_retests = now;
        int due = next_due(db, now, &id),
            ended = sql_get_int(db, &done, over, "i", now - RETEST_SETTLES_NS);
        if (due < 0 || ended < 0 || (!due && !ended))
                return MIN(MIN(due, ended), 0);
        struct held *h = api_own_new(d, now);
        if (!h)
                return FAIL(-ENOMEM);
        int r = desk_begin(d);
        if (r == 0 && ended)
                r = judge_over(&h->c, done);
        if (r == 0 && due)
                r = start_due(&h->c, id);
        api_own_free(h);
        return MIN(r, 0);
}

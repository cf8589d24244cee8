/* What an exercise came to, as it is asked for (doc/scoring.md): scores with every line's records, rulings and appeals,
 * the export and the score document. Scores are computed from the facts whenever they are asked for.
 *
 *   V1. Organisers and jury see all units, at any time; a unit sees its own play, and only when the exercise is over,
 *       as expectations say what is to come.
 *   V2. A ruling is added, never changed; what it makes of the score is computed at once and told. */
#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "desk/desk_impl.h"
#include "desk/exercise_facts.h"
#include "desk/exercise_impl.h"
#include "desk/exercise_results.h"
#include "exercise/export.h"

int results_open(struct api_call *c, struct results *ret) {
        int r = exercise_get(c, api_int(c, "id", 0), "exercises.read", &ret->e);
        int judge = 0;

        if (r != 0)
                return r;
        r = exercise_manages(c, &ret->e);
        if (r >= 0)
                judge = api_sees(c, "exercises.judge", ret->e.unit);
        if (r < 0 || judge < 0)
                return r < 0 ? r : judge;
        ret->judge = judge || c->who.local;
        ret->all = r > 0 || ret->judge;
        ret->over = !((EX_BEFORE | EX_LIVE) & EX_BIT(ret->e.state));
        return exercise_plan_of(c->desk, ret->e.id, &ret->plan);
}

/* Plays of the last run that the asker may see; `one`: only that. */
int results_plays(struct api_call *c, const struct results *x, int64_t one,
                  struct results_play **ret, unsigned *ret_n) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct results_play *list = arena_array(c->arena, RESULTS_PLAYS_MAX, sizeof(*list));
        unsigned n = 0;
        int r = list ? sql_rows(c->db, &q,
                                "SELECT y.id, y.unit, CASE ?3 WHEN 1 THEN ifnull(u.name_vi,u.name)"
                                " ELSE u.name END, u.code, y.casting FROM exercise_play y JOIN "
                                "unit u"
                                " ON u.id=y.unit WHERE y.exercise=?1 AND y.run=?2 ORDER BY y.id",
                                "iii", x->e.id, x->e.run, (int64_t)(c->lang == LANG_VI))
                     : FAIL(-ENOMEM);

        while (r == 0 && (r = sql_next(q)) == 1) {
                struct results_play p = {.play = sql_int(q, 0), .unit = sql_int(q, 1)};
                int see = x->all;

                if (!see && x->over)
                        see = exercise_may_see(c, p.play);
                r = MIN(see, 0);
                if (see != 1 || (one && one != p.play) || n == RESULTS_PLAYS_MAX)
                        continue;
                p.name = arena_dup(c->arena, sql_span(q, 2)).p;
                p.code = arena_dup(c->arena, sql_span(q, 3)).p;
                p.cast = sql_null(q, 4) ? SPAN_NONE : arena_dup(c->arena, sql_span(q, 4));
                if (!p.name || !p.code)
                        return FAIL(-ENOMEM);
                list[n++] = p;
        }
        *ret = list;
        *ret_n = n;
        return r;
}

/* ---- a score with its records ---- */

/* "alert/17/3" → its kind, number and page. */
static json_t *linked(const char *id) {
        static const struct {
                const char *kind, *page;
        } pages[] = {{"alert", "/alerts/"},   {"incident", "/incidents/"}, {"action", "/actions/"},
                     {"report", "/reports/"}, {"evidence", "/evidence/"},  {"inject", NULL},
                     {"return", "/recovery/"}};
        const char *slash = strchr(id, '/');
        size_t n = slash ? (size_t)(slash - id) : strlen(id);
        size_t digits = slash ? strspn(slash + 1, "0123456789") : 0;
        json_t *link = NULL;

        for (size_t i = 0; i < ARRAY_LEN(pages) && digits; i++)
                if (pages[i].page && strlen(pages[i].kind) == n &&
                    memcmp(pages[i].kind, id, n) == 0)
                        link = json_sprintf("%s%.*s", pages[i].page, (int)digits, slash + 1);
        return json_pack("{s:s% s:s% s:s s:o}", "kind", id, n, "id", digits ? slash + 1 : id,
                         digits ? digits : strlen(id), "fact", id, "link",
                         link ? link : json_null());
}

static void link_all(json_t *list) {
        json_t *o;
        size_t i, k;

        json_array_foreach(list, i, o) {
                static const char *const names[] = {"facts", "also"};

                for (k = 0; k < ARRAY_LEN(names); k++) {
                        json_t *ids = json_object_get(o, names[k]), *to = json_array(), *id;
                        size_t n;

                        if (!ids) {
                                json_decref(to);
                                continue;
                        }
                        json_array_foreach(ids, n, id)
                                json_array_append_new(to, linked(json_string_value(id)));
                        json_object_set_new(o, names[k], to);
                }
        }
}

static json_t *ms(int64_t t) {
        return t == FORMULA_NEVER ? json_null() : json_integer(t);
}

static json_t *steps_json(const struct review *v) {
        json_t *list = json_array();

        for (unsigned i = 0; i < v->n_steps; i++) {
                const struct review_step *s = &v->steps[i];

                json_array_append_new(
                        list,
                        json_pack("{s:i s:s s:s s:s s:s? s:s? s:b s:o s:o s:o s:i s:s}", "n",
                                  (int)s->n, "id", s->step->id, "title", s->step->title.en,
                                  "title_vi", s->step->title.vi, "technique", s->step->technique,
                                  "tactic", s->step->tactic, "background", s->step->background, "t",
                                  ms(s->t), "seen_t", ms(s->seen), "answered_t", ms(s->answered),
                                  "alerts", (int)s->alerts, "state", review_states[s->state]));
        }
        return list;
}

static json_t *strengths_json(const struct review *v, const struct score *s) {
        json_t *list = json_array();

        for (unsigned i = 0; i < v->n_strengths; i++) {
                char shown[FORMULA_SHOWN], comma[FORMULA_SHOWN];

                formula_show(shown, s->capability[v->strengths[i]]);
                snprintf(comma, sizeof(comma), "%s", shown);
                for (char *p = comma; (p = strchr(p, '.')); *p = ',')
                        ;
                json_array_append_new(
                        list,
                        json_pack("{s:o s:o}", "en",
                                  json_sprintf("%s: %s of 100",
                                               review_capability(v->strengths[i], false), shown),
                                  "vi",
                                  json_sprintf("%s: %s trên 100",
                                               review_capability(v->strengths[i], true), comma)));
        }
        return list;
}

/* The task of a gap and how its re-tests stand. */
static int task_of(struct api_call *c, int64_t play, const char *key, json_t *to) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                c->db, &q,
                "SELECT g.improvement, m.state, g.passed, (SELECT min(due) FROM"
                " exercise_retest t WHERE t.gap=g.id AND t.state='planned'), (SELECT id FROM"
                " exercise_retest t WHERE t.gap=g.id AND t.state='planned' ORDER BY due, id"
                " LIMIT 1) FROM"
                " exercise_gap g LEFT JOIN improvement m ON m.id=g.improvement WHERE"
                " g.play=?1 AND g.key=?2",
                "is", play, key);

        if (r == 0)
                r = sql_next(q);
        json_object_set_new(to, "task",
                            r == 1 && !sql_null(q, 0) ? json_integer(sql_int(q, 0)) : json_null());
        json_object_set_new(to, "task_state",
                            r == 1 && !sql_null(q, 1) ? api_json_text(sql_span(q, 1))
                                                      : json_null());
        json_object_set_new(to, "passed", json_integer(r == 1 ? sql_int(q, 2) : 0));
        json_object_set_new(to, "retest_id",
                            r == 1 && !sql_null(q, 4) ? json_integer(sql_int(q, 4)) : json_null());
        json_object_set_new(to, "retest",
                            r == 1 && !sql_null(q, 3) ? api_json_time(sql_int(q, 3)) : json_null());
        return MIN(r, 0);
}

static int gaps_json(struct api_call *c, int64_t play, const struct review *v, json_t **ret) {
        json_t *list = json_array();
        int r = 0;

        for (unsigned i = 0; r == 0 && i < v->n_gaps; i++) {
                const struct review_gap *g = &v->gaps[i];
                json_t *o = json_pack("{s:s s:s s:s s:s s:s s:s s:i}", "key", g->key, "en", g->en,
                                      "vi", g->vi, "cause", score_causes[g->cause], "cause_en",
                                      review_cause(g->cause, false), "cause_vi",
                                      review_cause(g->cause, true), "needs", (int)g->needs);

                r = o ? task_of(c, play, g->key, o) : FAIL(-ENOMEM);
                json_array_append_new(list, o);
        }
        *ret = list;
        return r;
}

/* The canonical score, with its facts as links and what else a page shows. */
static int unit_json(struct api_call *c, const struct results *x, const struct results_play *p,
                     const struct drill_facts *facts, const struct score *s, json_t **ret) {
        _cleanup_(review_freep) struct review *v = NULL;
        _cleanup_(buf_deinit) struct buf b = {0};
        json_t *o, *list, *gaps = NULL, *e;
        size_t i;
        int r = review_new(&v, x->plan, facts, s);

        if (r < 0)
                return r;
        score_write(&b, x->plan, s);
        o = b.failed ? NULL : json_loadb(b.p, b.len, 0, NULL);
        if (!o)
                return FAIL(-ENOMEM);
        link_all(json_object_get(o, "lines"));
        link_all(json_object_get(o, "penalties"));
        list = json_object_get(o, "capabilities");
        json_array_foreach(list, i, e) {
                json_object_set(e, "id", json_object_get(e, "capability"));
                json_object_del(e, "capability");
        }
        json_object_del(o, "scenario");
        json_object_del(o, "hash");
        json_object_del(o, "formula");
        json_object_set_new(o, "unit", json_integer(p->unit));
        json_object_set_new(o, "unit_name", json_string(p->name));
        json_object_set_new(o, "rank", json_null());
        json_object_set_new(o, "steps", steps_json(v));
        json_object_set_new(o, "strengths", strengths_json(v, s));
        r = gaps_json(c, p->play, v, &gaps);
        json_object_set_new(o, "gaps", gaps);
        *ret = o;
        return r;
}

/* Sums only, as boards have them: of many units at once the lines are asked for unit by unit. */
static int short_json(struct api_call *c, const struct results_play *p, json_t *to) {
        struct exercise_scored s = {0};
        char shown[FORMULA_SHOWN];
        int r = exercise_score(c->desk, p->play, c->now, &s);

        if (r < 0 || !s.is)
                return r;
        formula_show(shown, s.total);
        json_t *o = json_pack("{s:I s:I s:s s:b s:I s:s s:I s:I s:I s:o s:o s:i s:i s:i s:n s:[] "
                              "s:[] s:[] s:[] s:[] s:[]}",
                              "play", (json_int_t)p->play, "unit", (json_int_t)p->unit, "unit_name",
                              p->name, "provisional", s.provisional, "total", (json_int_t)s.total,
                              "shown", shown, "base", (json_int_t)s.base, "penalty",
                              (json_int_t)s.penalty, "harm", (json_int_t)s.harm, "machine",
                              s.machine < 0 ? json_null() : json_integer(s.machine), "people",
                              s.people < 0 ? json_null() : json_integer(s.people), "void", s.n_void,
                              "open", s.n_open, "hints", s.hints, "rank", "capabilities", "lines",
                              "penalties", "steps", "strengths", "gaps");
        return json_array_append_new(to, o) < 0 ? FAIL(-ENOMEM) : 0;
}

static int units_json(struct api_call *c, const struct results *x, json_t *to) {
        struct results_play *plays = NULL;
        unsigned n = 0;
        int r = results_plays(c, x, api_int(c, "play", 0), &plays, &n);

        if (n > RESULTS_WHOLE_MAX) {
                for (unsigned i = 0; r == 0 && x->plan && i < n; i++)
                        r = short_json(c, &plays[i], to);
                return r;
        }
        for (unsigned i = 0; r == 0 && x->plan && i < n; i++) {
                struct drill_facts facts;
                struct score *s = NULL;
                const struct plan *p;
                json_t *o = NULL;

                facts_init(&facts);
                r = exercise_score_whole(c->desk, plays[i].play, c->now, &facts, &p, &s);
                if (r == 0 && s)
                        r = unit_json(c, x, &plays[i], &facts, s, &o);
                if (r == 0 && o)
                        json_array_append_new(to, o);
                score_free(s);
                facts_deinit(&facts);
        }
        return r;
}

/* ---- rulings and appeals, as rows ---- */

static int rulings_json(struct api_call *c, const struct results *x, json_t *to) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                c->db, &q,
                "SELECT r.id, r.play, r.what, r.of, r.number, r.text, r.appeal, p.name,"
                " r.at FROM exercise_ruling r JOIN exercise_play y ON y.id=r.play LEFT JOIN"
                " person p ON p.id=r.by WHERE y.exercise=?1 ORDER BY r.id LIMIT 2000",
                "i", x->e.id);

        while (r == 0 && (r = sql_next(q)) == 1) {
                int see = x->all ? 1 : x->over ? exercise_may_see(c, sql_int(q, 1)) : 0;

                r = MIN(see, 0);
                if (see == 1)
                        json_array_append_new(
                                to, json_pack("{s:I s:I s:o s:o s:I s:o s:o s:o s:o}", "id",
                                              (json_int_t)sql_int(q, 0), "play",
                                              (json_int_t)sql_int(q, 1), "what",
                                              api_json_text(sql_span(q, 2)), "of",
                                              api_json_text(sql_span(q, 3)), "number",
                                              (json_int_t)sql_int(q, 4), "text",
                                              api_json_text(sql_span(q, 5)), "appeal",
                                              sql_null(q, 6) ? json_null()
                                                             : json_integer(sql_int(q, 6)),
                                              "by_name",
                                              sql_null(q, 7) ? json_null()
                                                             : api_json_text(sql_span(q, 7)),
                                              "at", api_json_time(sql_int(q, 8))));
        }
        return r;
}

static json_t *text_or_null(struct sql_rows *q, int column) {
        return sql_null(q, column) ? json_null() : api_json_text(sql_span(q, column));
}
static json_t *number_or_null(struct sql_rows *q, int column) {
        return sql_null(q, column) ? json_null() : json_integer(sql_int(q, column));
}

static int appeals_json(struct api_call *c, const struct results *x, int64_t one, json_t *to) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                c->db, &q,
                "SELECT a.id, a.play, u.name, a.expectation, a.text, a.state, a.at, p.name,"
                " a.points_before, a.points_after, a.ruling, j.name, a.ruled FROM"
                " exercise_appeal a JOIN exercise_play y ON y.id=a.play JOIN unit u ON"
                " u.id=y.unit LEFT JOIN person p ON p.id=a.by LEFT JOIN person j ON"
                " j.id=a.ruled_by WHERE y.exercise=?1 AND (?2=0 OR a.id=?2) ORDER BY a.id"
                " LIMIT 1000",
                "ii", x->e.id, one);

        while (r == 0 && (r = sql_next(q)) == 1) {
                int see = x->all ? 1 : exercise_may_see(c, sql_int(q, 1));

                r = MIN(see, 0);
                if (see == 1)
                        json_array_append_new(
                                to,
                                json_pack("{s:I s:I s:o s:o s:o s:o s:o s:o s:o s:o s:o s:o s:o}",
                                          "id", (json_int_t)sql_int(q, 0), "play",
                                          (json_int_t)sql_int(q, 1), "unit_name",
                                          text_or_null(q, 2), "expectation", text_or_null(q, 3),
                                          "text", text_or_null(q, 4), "state", text_or_null(q, 5),
                                          "at", api_json_time(sql_int(q, 6)), "by_name",
                                          text_or_null(q, 7), "before", number_or_null(q, 8),
                                          "after", number_or_null(q, 9), "ruling",
                                          text_or_null(q, 10), "ruled_by", text_or_null(q, 11),
                                          "ruled",
                                          sql_null(q, 12) ? json_null()
                                                          : api_json_time(sql_int(q, 12))));
        }
        return r;
}

int results_answer(struct api_call *c, const struct results *x) {
        json_t *units = json_array(), *appeals = json_array(), *rulings = json_array();
        char own[FACTS_HASH_HEX];
        int64_t same = 1;
        int r = formula_hash(own);

        if (r ==
            0) /* scores are of the formula that this program has: said where it was another at go */
                r = MIN(sql_get_int(c->db, &same,
                                    "SELECT ifnull(formula_hash,?2)=?2 FROM exercise WHERE id=?1",
                                    "is", x->e.id, own),
                        0);
        c->answer = json_pack("{s:s s:s s:b s:s? s:s? s:s s:b s:o s:o s:o}", "formula", FORMULA,
                              "formula_hash", own, "formula_same", (int)same, "scenario",
                              x->plan ? x->plan->id : NULL, "hash", x->plan ? x->plan->hash : NULL,
                              "state", exercise_states[x->e.state], "all", x->all, "units", units,
                              "appeals", appeals, "rulings", rulings);
        if (r == 0)
                r = c->answer ? units_json(c, x, units) : FAIL(-ENOMEM);
        if (r == 0)
                r = appeals_json(c, x, 0, appeals);
        return r == 0 ? rulings_json(c, x, rulings) : r;
}

static int get(struct api_call *c) {
        struct results x = {0};
        int r = results_open(c, &x);

        return r == 0 ? results_answer(c, &x) : r;
}

/* ---- ruling ---- */

/* Of that exercise's last run? */
static int play_of_it(struct api_call *c, const struct results *x, int64_t play,
                      int64_t *ret_unit) {
        int r = sql_get_int(c->db, ret_unit,
                            "SELECT unit FROM exercise_play WHERE id=?1 AND exercise=?2", "ii",
                            play, x->e.id);

        return r == 1 ? 0 : r < 0 ? r : api_missing(c);
}

static int add_ruling(struct api_call *c, int64_t play, const char *role, int64_t appeal) {
        return sql_do(c->db,
                      "INSERT INTO exercise_ruling(play,what,of,number,text,appeal,by,role,at)"
                      " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)",
                      "ittitkksi", play, api_text(c, "what"), api_text(c, "of"),
                      api_int(c, "number", 0), api_text(c, "text"), appeal, c->who.id, role,
                      c->now);
}

static int good_ruling(struct api_call *c) {
        struct span what = api_text(c, "what");
        int64_t n = api_int(c, "number", 0);

        if (span_eq(what, SPAN("broken")) && (n < 5 || n > 10))
                return api_fault_at(c, "number", "A broken rule costs 5 to 10 points",
                                    "Vi phạm bị trừ từ 5 đến 10 điểm", "Say 5 to 10",
                                    "Ghi từ 5 đến 10");
        if (span_eq(what, SPAN("match")) && (n < 1 || n > (int64_t)PLAN_STEPS_MAX))
                return api_fault_at(c, "number", "There is no such step", "Không có bước này",
                                    "Say the step's number", "Ghi số bước");
        return 0;
}

static void told(struct api_call *c, const struct results *x, int64_t unit, int64_t play) {
        exercise_scores_told(c->desk, unit);
        (void)exercise_score_write(c->desk, play, c->now);
        api_tell(c, "exercise", x->e.id, x->e.unit);
        snprintf(c->about, sizeof(c->about), "exercise %lld", (long long)x->e.id);
}

static int rule(struct api_call *c) {
        struct results x = {0};
        int64_t play = api_int(c, "play", 0), unit = 0;
        int r = results_open(c, &x);

        if (r == 0)
                r = api_may(c, "exercises.judge", x.e.unit);
        if (r == 0)
                r = play_of_it(c, &x, play, &unit);
        if (r == 0)
                r = good_ruling(c);
        if (r == 0 && x.e.state == EX_FINAL)
                return api_refuse(c, 409, "final", "The scores are final and signed",
                                  "Điểm đã chính thức và đã ký");
        if (r == 0)
                r = add_ruling(c, play, "jury", 0);
        if (r != 0)
                return r;
        told(c, &x, unit, play);
        return results_answer(c, &x);
}

static int appeal_answer(struct api_call *c, const struct results *x, int64_t id) {
        json_t *list = json_array();
        int r = appeals_json(c, x, id, list);

        if (r == 0 && json_array_size(list) == 1)
                c->answer = json_incref(json_array_get(list, 0));
        json_decref(list);
        return r < 0 ? r : c->answer ? 0 : FAIL(-EIO);
}

/* The total as it is now; TIME_NONE's place is null. */
static int total_of(struct api_call *c, int64_t play, int64_t *ret) {
        struct drill_facts facts;
        struct score *s = NULL;
        const struct plan *p;
        int r;

        facts_init(&facts);
        r = exercise_score_whole(c->desk, play, c->now, &facts, &p, &s);
        *ret = s ? s->total : 0;
        score_free(s);
        facts_deinit(&facts);
        return r;
}

static int appeal(struct api_call *c) {
        struct results x = {0};
        int64_t play = api_int(c, "play", 0), unit = 0, before = 0;
        int r = results_open(c, &x);

        if (r == 0)
                r = play_of_it(c, &x, play, &unit);
        if (r == 0)
                r = api_may(c, "exercises.play", unit);
        if (r == 0 && (!x.over || x.e.state == EX_FINAL))
                return api_refuse(
                        c, 409, "not_now",
                        "Appeals are open from the provisional to the final score",
                        "Chỉ khiếu nại khi đã có điểm tạm thời và chưa có điểm chính thức");
        if (r == 0)
                r = total_of(c, play, &before);
        if (r == 0)
                r = sql_do(c->db,
                           "INSERT INTO exercise_appeal(play,expectation,text,state,at,by,"
                           "points_before) VALUES(?1,nullif(?2,''),?3,'open',?4,?5,?6)",
                           "ittiki", play,
                           api_text(c, "expectation").p ? api_text(c, "expectation") : SPAN(""),
                           api_text(c, "text"), c->now, c->who.id, before);
        if (r != 0)
                return r;
        before = sql_last_id(c->db);
        told(c, &x, unit, play);
        return appeal_answer(c, &x, before);
}

static int appeal_rule(struct api_call *c) {
        struct results x = {0};
        int64_t id = api_int(c, "appeal", 0), play = 0, unit = 0, after = 0;
        int r = results_open(c, &x);

        if (r == 0)
                r = api_may(c, "exercises.judge", x.e.unit);
        if (r == 0)
                r = sql_get_int(c->db, &play,
                                "SELECT a.play FROM exercise_appeal a JOIN exercise_play y ON"
                                " y.id=a.play WHERE a.id=?1 AND y.exercise=?2 AND a.state='open'",
                                "ii", id, x.e.id);
        else
                return r;
        if (r != 1)
                return r < 0 ? r : api_missing(c);
        r = play_of_it(c, &x, play, &unit);
        if (r == 0 && api_text(c, "what").len && !api_text(c, "of").len)
                return api_fault_at(c, "of", "Nothing says what the ruling is about",
                                    "Chưa rõ quyết định về điều gì", "Name a line, fact or penalty",
                                    "Ghi dòng điểm, dữ kiện hoặc khoản trừ");
        if (r == 0)
                r = good_ruling(c);
        if (r == 0 && api_text(c, "what").len)
                r = add_ruling(c, play, "jury", id);
        if (r == 0)
                r = total_of(c, play, &after);
        if (r == 0)
                r = sql_do(c->db,
                           "UPDATE exercise_appeal SET state=?2, ruling=?3, ruled=?4, ruled_by=?5,"
                           " points_after=?6 WHERE id=?1",
                           "ittiki", id, api_text(c, "state"), api_text(c, "text"), c->now,
                           c->who.id, after);
        if (r != 0)
                return r;
        told(c, &x, unit, play);
        return appeal_answer(c, &x, id);
}

const struct api_binding api_results_bindings[] = {
        {"results.get", get},
        {"results.rule", rule},
        {"results.appeal", appeal},
        {"results.appeal_rule", appeal_rule},
        {"results.export", results_do_export},
        {"results.scores", results_do_scores},
        {"results.layer", results_do_layer},
        {"results.report", results_do_report},
        {"results.comparison", results_do_comparison},
        {"results.task", results_do_task},
        {"results.retests", results_do_retests},
        {"results.retest", results_do_retest},
        {"results.retest_start", results_do_retest_start},
        {"results.retest_plan", results_do_retest_plan},
        {"results.sign", results_do_sign},
        {"results.records", results_do_records},
        {0},
};

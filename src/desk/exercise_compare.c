/* Comparison (exercise/compare.h): what of the scores goes into it, and the answer. Lines of this exercise, and of
 * others: those that are named, else those of the same scenario; a unit in a year is one 'unit'. The sums
 * are made by a job, as they take seconds for 300 units. */
#include <stdio.h>
#include <stdlib.h>

#include "desk/desk_impl.h"
#include "desk/exercise_results.h"
#include "desk/jobs.h"
#include "exercise/compare.h"
#include "exercise/export.h"

#define SITTINGS 10

struct sitting {
        int64_t exercise, speed, year;
        char roles[600];
        bool same; /* of the asked exercise's scenario, in whatever edition */
        const char *code, *title, *scenario;
        unsigned units;
};
struct comparing {
        struct sitting sittings[SITTINGS];
        unsigned n_sittings, n_units, n_items, n_steps, n;
        const char *items[COMPARE_ITEMS_MAX], *steps[COMPARE_ITEMS_MAX];
        json_t *answers, *units, *exposure, *voids, *row;
        const struct plan *plan; /* of the asked exercise */
        bool seen;
};

static unsigned index_of(struct api_call *c, const char **list, unsigned *n, const char *id) {
        for (unsigned i = 0; i < *n; i++)
                if (strcmp(list[i], id) == 0)
                        return i;
        if (*n == COMPARE_ITEMS_MAX)
                return UINT32_MAX;
        list[*n] = arena_dup(c->arena, span_str(id)).p;
        return list[*n] ? (*n)++ : UINT32_MAX;
}

/* "2, 17": as JSON, of numbers that somebody wrote; SPAN_NONE: it is none. */
static struct span numbers(struct api_call *c, struct span text) {
        for (size_t i = 0; i < text.len; i++)
                if (text.p[i] != ',' && text.p[i] != ' ' && (text.p[i] < '0' || text.p[i] > '9'))
                        return SPAN_NONE;
        struct span list = arena_printf(c->arena, "[%.*s]", (int)text.len, text.p ? text.p : "");
        json_t *o = list.p ? json_loadb(list.p, list.len, 0, NULL) : NULL;
        bool good = json_is_array(o) && json_array_size(o) < SITTINGS;

        json_decref(o);
        return good ? list : SPAN_NONE;
}

static int sitting_of(struct api_call *c, struct comparing *k, struct sql_rows *q) {
        struct sitting *s = &k->sittings[k->n_sittings++];
        struct span roles = sql_span(q, 3);

        *s = (struct sitting){.exercise = sql_int(q, 0),
                              .speed = sql_int(q, 1),
                              .year = sql_int(q, 2),
                              .same = sql_int(q, 4) != 0,
                              .code = arena_dup(c->arena, sql_span(q, 5)).p,
                              .title = arena_dup(c->arena, sql_span(q, 6)).p,
                              .scenario = arena_dup(c->arena, sql_span(q, 7)).p};
        snprintf(s->roles, sizeof(s->roles), "%.*s", (int)MIN(roles.len, (size_t)599), roles.p);
        return s->code && s->title && s->scenario ? 0 : FAIL(-ENOMEM);
}

/* Exercises that are over and that the asker may see, the asked one first: those named, of whatever scenario, else all of
 * the same one. What one may not see, or is not over, is as if it were not named. */
static int find_sittings(struct api_call *c, const struct results *x, struct comparing *k) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct span with = api_has(c, "with") ? numbers(c, api_text(c, "with")) : SPAN("null");
        const char *scope;
        int r = api_scope(c, "exercises.read", "e.unit", &scope);
        struct span sql;

        if (r < 0)
                return r;
        if (!with.p)
                return api_fault_at(c, "with", "is no list of at most 9 exercises",
                                    "không phải danh sách tối đa 9 cuộc diễn tập",
                                    "numbers with commas between: 3,8",
                                    "các số cách nhau bằng dấu phẩy: 3,8");
        sql = arena_printf(
                c->arena,
                "SELECT e.id, e.speed, CAST(strftime('%%Y',e.started/1000000000,'unixepoch') AS"
                " INTEGER), (SELECT ifnull(group_concat(role),'') FROM (SELECT DISTINCT role FROM"
                " exercise_roster WHERE exercise=e.id ORDER BY role)), s.code=(SELECT code FROM"
                " scenario WHERE id=?2), e.code, e.title, s.code FROM exercise e JOIN scenario s ON"
                " s.id=e.scenario WHERE e.started IS NOT NULL AND (e.id=?1 OR (e.ended IS NOT NULL"
                " AND e.solo=0 AND e.part IS NULL AND iif(?3='null',s.code=(SELECT code FROM"
                " scenario WHERE id=?2), e.id IN (SELECT value FROM json_each(?3))) AND (%s)))"
                " ORDER BY e.id=?1 DESC, e.started DESC LIMIT 10",
                scope);
        if (!sql.p)
                return FAIL(-ENOMEM);
        r = sql_rows(c->db, &q, sql.p, "iit", x->e.id, x->e.scenario, with);
        while (r == 0 && (r = sql_next(q)) == 1)
                r = sitting_of(c, k, q);
        return r;
}

/* Which line it is. Of the same scenario they are tied by their ids, in whatever edition; one of another scenario is the
 * same only where it asks for the same in the same time; else it stands for itself. */
static const char *line_name(struct api_call *c, const struct comparing *k, const struct sitting *s,
                             const struct plan_expectation *e) {
        for (unsigned i = 0; !s->same && k->plan && i < k->plan->n_expectations; i++) {
                const struct plan_expectation *o = &k->plan->expectations[i];

                if (strcmp(o->id, e->id) == 0 && o->fact == e->fact && o->part == e->part &&
                    o->capability == e->capability && o->g == e->g && o->d == e->d &&
                    o->h == e->h && o->p == e->p)
                        return e->id;
        }
        return s->same ? e->id : arena_printf(c->arena, "%s/%s", s->scenario, e->id).p;
}

static int quality_of(const struct score_line *l) {
        bool graded =
                l->expectation->fact == FACT_CLASSIFIED || l->expectation->fact == FACT_SCOPE ||
                l->expectation->fact == FACT_CONTAINED || l->expectation->fact == FACT_REPORTED ||
                l->expectation->fact == FACT_RESTORED || l->expectation->fact == FACT_ANSWERED;

        return graded && l->state == LINE_SCORED ? (int)((l->Q * 4 + MILLION / 2) / MILLION) : -1;
}

/* People's lines only: what machines do says nothing about who is faster. */
static int add_lines(struct api_call *c, struct comparing *k, unsigned sitting,
                     const struct score *s) {
        unsigned voids = 0, all = 0;

        for (unsigned i = 0; i < s->n_lines; i++) {
                const struct score_line *l = &s->lines[i];
                unsigned item, step;

                if (l->expectation->part != PART_PEOPLE)
                        continue;
                all++;
                voids += l->state == LINE_VOID;
                if (l->state > LINE_MISSED || k->n == COMPARE_ANSWERS_MAX)
                        continue;
                const char *name = line_name(c, k, &k->sittings[sitting], l->expectation);
                struct span of =
                        k->sittings[sitting].same
                                ? span_str(l->expectation->of)
                                : arena_printf(c->arena, "%s/%s", k->sittings[sitting].scenario,
                                               l->expectation->of);
                if (!name || !of.p)
                        return FAIL(-ENOMEM);
                item = index_of(c, k->items, &k->n_items, name);
                step = index_of(c, k->steps, &k->n_steps, of.p);
                if (item == UINT32_MAX || step == UINT32_MAX)
                        continue;
                json_array_append_new(
                        k->answers,
                        json_pack("[i,i,i,i,I,i,i,i]", (int)k->n_units, (int)item, (int)step,
                                  (int)sitting,
                                  (json_int_t)(l->t == FORMULA_NEVER ? MAX(l->censored, (int64_t)0)
                                                                     : l->t),
                                  l->t == FORMULA_NEVER ? 1 : 0, quality_of(l),
                                  (int)l->expectation->capability));
                k->n++;
        }
        json_array_append_new(k->voids, json_real(all ? (double)voids / all : 0));
        return 0;
}

static int add_unit(struct api_call *c, struct comparing *k, unsigned sitting, struct sql_rows *q) {
        struct drill_facts facts;
        struct score *s = NULL;
        const struct plan *p;
        int64_t unit = sql_int(q, 1), before = sql_int(q, 3);
        int r;

        facts_init(&facts);
        r = exercise_score_whole(c->desk, sql_int(q, 0), c->now, &facts, &p, &s);
        if (r == 0 && s && k->n_units < COMPARE_UNITS_MAX) {
                r = add_lines(c, k, sitting, s);
                json_array_append_new(k->units,
                                      json_pack("{s:I s:o s:I s:I}", "unit", (json_int_t)unit,
                                                "unit_name", api_json_text(sql_span(q, 2)), "year",
                                                (json_int_t)k->sittings[sitting].year, "exercise",
                                                (json_int_t)k->sittings[sitting].exercise));
                json_array_append_new(k->exposure, json_integer(before));
                k->seen |= sql_int(q, 4) != 0;
                k->sittings[sitting].units++;
                k->n_units++;
        }
        score_free(s);
        facts_deinit(&facts);
        return r;
}

static int add_sitting(struct api_call *c, struct comparing *k, unsigned at) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                c->db, &q,
                "SELECT y.id, y.unit, CASE ?2 WHEN 1 THEN ifnull(u.name_vi,u.name) ELSE u.name END,"
                " (SELECT count(*) FROM exercise_play p JOIN exercise o ON o.id=p.exercise WHERE"
                " p.unit=y.unit AND o.started<e.started AND p.run=o.run), EXISTS(SELECT 1 FROM"
                " exercise_play p JOIN exercise o ON o.id=p.exercise WHERE p.unit=y.unit AND"
                " o.started<e.started AND o.scenario=e.scenario) FROM exercise_play y JOIN "
                "exercise e ON"
                " e.id=y.exercise JOIN unit u ON u.id=y.unit WHERE e.id=?1 AND y.run=e.run ORDER "
                "BY y.id",
                "ii", k->sittings[at].exercise, (int64_t)(c->lang == LANG_VI));

        while (r == 0 && (r = sql_next(q)) == 1)
                r = add_unit(c, k, at, q);
        return r;
}

/* Kaplan and Meier's median of each line, over the units of the asked exercise. */
static json_t *medians(const struct comparing *k) {
        json_t *list = json_array(), *v;

        for (unsigned item = 0; item < k->n_items; item++) {
                double t[COMPARE_UNITS_MAX], m;
                bool censored[COMPARE_UNITS_MAX];
                unsigned n = 0;
                size_t i;

                json_array_foreach(k->answers, i, v) {
                        if (json_integer_value(json_array_get(v, 1)) != (json_int_t)item ||
                            json_integer_value(json_array_get(v, 3)) != 0 || n == COMPARE_UNITS_MAX)
                                continue;
                        t[n] = (double)json_integer_value(json_array_get(v, 4));
                        censored[n++] = json_integer_value(json_array_get(v, 5)) == 1;
                }
                m = compare_median(t, censored, n);
                json_array_append_new(list,
                                      json_pack("{s:s s:i s:o}", "expectation", k->items[item],
                                                "units", (int)n, "median_ms",
                                                m < 0 ? json_null() : json_integer((json_int_t)m)));
        }
        return list;
}

/* What went into it. */
static json_t *sittings_json(const struct comparing *k) {
        json_t *list = json_array();

        for (unsigned i = 0; i < k->n_sittings; i++) {
                const struct sitting *s = &k->sittings[i];

                json_array_append_new(
                        list, json_pack("{s:I s:s s:s s:s s:I s:I s:i}", "exercise",
                                        (json_int_t)s->exercise, "code", s->code, "title", s->title,
                                        "scenario", s->scenario, "year", (json_int_t)s->year,
                                        "speed", (json_int_t)s->speed, "units", (int)s->units));
        }
        return list;
}

struct waiting {
        json_t *units, *medians, *sittings;
};

static int ask(struct api_call *c, struct comparing *k) {
        struct waiting *w = arena_zalloc(c->arena, sizeof(*w));
        bool speed = true, roles = true;
        char head[EXPORT_ASK] = {EXPORT_WANT_COMPARISON};
        struct buf b = {0};
        json_t *in;
        char *text;
        int r;

        for (unsigned i = 1; i < k->n_sittings; i++) {
                speed = speed && k->sittings[i].speed == k->sittings[0].speed;
                roles = roles && strcmp(k->sittings[i].roles, k->sittings[0].roles) == 0;
        }
        in = json_pack("{s:O s:i s:i s:i s:i s:O s:O s:b s:b s:b}", "answers", k->answers, "units",
                       (int)k->n_units, "items", (int)MAX(k->n_items, 1u), "steps",
                       (int)MAX(k->n_steps, 1u), "sittings", (int)MAX(k->n_sittings, 1u),
                       "exposure", k->exposure, "void", k->voids, "same_speed", speed, "same_roles",
                       roles, "seen", k->seen);
        text = in ? json_dumps(in, JSON_COMPACT) : NULL;
        json_decref(in);
        if (!w || !text) {
                free(text);
                return FAIL(-ENOMEM);
        }
        buf_add(&b, head, sizeof(head));
        buf_str(&b, text);
        free(text);
        w->units = json_incref(k->units);
        w->medians = medians(k);
        w->sittings = sittings_json(k);
        c->kept = w;
        r = b.failed ? FAIL(-ENOMEM) : api_job(c, JOB_SCORE, buf_get(&b));
        buf_deinit(&b);
        if (r != API_E_LATER) {
                json_decref(w->units);
                json_decref(w->medians);
                json_decref(w->sittings);
        }
        return r;
}

/* What the job said, with who the units are. */
static int answer(struct api_call *c) {
        const struct job_said *said = c->said;
        struct waiting *w = c->kept;
        json_t *o = said->error
                            ? NULL
                            : json_loadb(said->out.p ? said->out.p : "", said->out.len, 0, NULL);
        json_t *list = json_object_get(o, "units"), *e;
        size_t i;

        json_array_foreach(list, i, e) json_object_update_missing(e, json_array_get(w->units, i));
        if (o) {
                json_object_set(o, "medians", w->medians);
                json_object_set(o, "sittings", w->sittings);
        }
        json_decref(w->units);
        json_decref(w->medians);
        json_decref(w->sittings);
        if (!o)
                return said->error ? api_job_failed(c, said) : FAIL(-EBADMSG);
        c->answer = json_pack("{s:o}", "comparison", o);
        return c->answer ? 0 : FAIL(-ENOMEM);
}

int results_do_comparison(struct api_call *c) {
        struct results x = {0};
        struct comparing *k;
        int r;

        if (c->said)
                return answer(c);
        r = results_open(c, &x);
        if (r != 0)
                return r;
        if (!x.all)
                return api_refuse(c, 403, "not_yours", "Only organisers and jury compare units",
                                  "Chỉ ban tổ chức và ban giám khảo được so sánh các đơn vị");
        if (!x.plan)
                return api_refuse(c, 409, "no_scenario", "Live fire is judged by its findings",
                                  "Diễn tập thực chiến được chấm theo phát hiện");
        k = arena_zalloc(c->arena, sizeof(*k));
        if (!k)
                return FAIL(-ENOMEM);
        k->plan = x.plan;
        k->answers = json_array();
        k->units = json_array();
        k->exposure = json_array();
        k->voids = json_array();
        r = find_sittings(c, &x, k);
        for (unsigned i = 0; r == 0 && i < k->n_sittings; i++)
                r = add_sitting(c, k, i);
        if (r == 0 && !k->n_units)
                r = api_refuse(c, 409, "no_units", "No unit played", "Chưa có đơn vị nào tham gia");
        if (r == 0)
                r = ask(c, k);
        json_decref(k->answers);
        json_decref(k->units);
        json_decref(k->exposure);
        json_decref(k->voids);
        return r;
}

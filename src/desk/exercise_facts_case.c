/* Facts of a play's incidents (exercise_facts.h), and of what hangs on them: kind, scope, containment, notices, reports,
 * restores, evidence, closing. A case's fact answers each step that the case's alerts hold.
 *
 *   declared    an alert joined the incident
 *   classified  the timeline's "Kind: …", which is written with every choice
 *   scope       hosts and accounts of its alerts and of its observables with the role victim, less those with the role
 *               innocent, whenever a person confirmed it: scope edited, or the part 'analyse' done; without either, once,
 *               when the last of them was added
 *   contained   a measure that was decided and came into force; who decided, with the duties of who proposed too
 *   told        an entry 'message' of the timeline that names who was told (words of `told_words`; else "message"), a
 *               unit that joined ("unit"), a report's recipient ("agency" …)
 *   reported    a report that was sent or handed over; each mandatory field: empty or another kind than the scenario's
 *               is false, "unknown" in either language is unknown
 *   restored    a service that was returned; proved when a restore drill of that system went well since the start
 *   closed      closed, with its review written */
#include <stdio.h>
#include <stdlib.h>

#include "desk/desk_impl.h"
#include "desk/exercise_facts_impl.h"

#define CASE_ALERTS_MAX 5000u

struct drill_case {
        int64_t id, opened, opened_by, closed;
        const char *of; /* "incident/4" */
        struct span kind, regime;
        unsigned steps[PLAN_STEPS_MAX + 1], n_steps;
        const char *objects[FACT_MANY]; /* of the last reading of its scope */
        unsigned n_objects;
};

static struct drill_fact about(const struct drill_case *k, unsigned kind, const char *id) {
        return (struct drill_fact){.kind = kind,
                                   .id = id,
                                   .of = k->of,
                                   .label = true,
                                   .steps = k->steps,
                                   .n_steps = k->n_steps};
}

static int put(struct reading *g, struct drill_fact *f, int64_t person, int64_t at) {
        int r = reading_who(g, f, person, at);

        return r < 0 ? r : reading_put(g, f, at);
}

/* ---- declared ---- */

static void add_steps(struct drill_case *k, const unsigned *steps, unsigned n) {
        for (unsigned i = 0; i < n; i++) {
                unsigned at = 0;

                while (at < k->n_steps && k->steps[at] != steps[i])
                        at++;
                if (at == k->n_steps && at <= PLAN_STEPS_MAX)
                        k->steps[k->n_steps++] = steps[i];
        }
}

static int by_number(const void *a, const void *b) {
        const unsigned *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

static int read_declared(struct reading *g, struct drill_case *k) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(g->db, &q,
                         "SELECT alert, at, by FROM incident_alert WHERE incident=?1 ORDER BY at,"
                         " alert LIMIT 5000",
                         "i", k->id);

        while (r == 0 && (r = sql_next(q)) == 1) {
                unsigned steps[PLAN_STEPS_MAX + 1];
                int64_t alert = sql_int(q, 0);
                struct drill_fact f = {
                        .kind = FACT_DECLARED,
                        .of = k->of,
                        .label = true,
                        .steps = steps,
                        .n_steps = reading_steps(g, alert, steps),
                        .id = reading_text(g, "%s/alert/%lld", k->of, (long long)alert)};

                add_steps(k, steps, f.n_steps);
                r = f.n_steps ? put(g, &f, sql_int(q, 2), sql_int(q, 1)) : 0;
        }
        qsort(k->steps, k->n_steps, sizeof(*k->steps), by_number);
        return r;
}

/* ---- kind ---- */

static int classified(struct reading *g, struct drill_case *k, const char *id, struct span kind,
                      int64_t by, int64_t at) {
        struct drill_fact f = about(k, FACT_CLASSIFIED, id);

        f.value = arena_dup(&g->arena, kind).p;
        return put(g, &f, by, at);
}

/* The timeline names a kind by its title in English, as the regime has it; older entries by its id. */
static struct span kind_id(const struct reading *g, const struct drill_case *k, struct span said) {
        const json_t *regime = g->desk->regimes ? regime_get(g->desk->regimes, k->regime.p) : NULL,
                     *e;
        size_t i;

        json_array_foreach(json_object_get(regime, "kinds"), i, e) {
                const char *en = json_string_value(json_object_get(e, "en"));

                if (en && span_eq(said, span_str(en)))
                        return span_str(json_string_value(json_object_get(e, "id")));
        }
        return said;
}

static int read_kinds(struct reading *g, struct drill_case *k) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        unsigned n = 0;
        int r = sql_rows(
                g->db, &q,
                "SELECT id, written, ifnull(by,0), substr(text,7) FROM incident_entry WHERE"
                " incident=?1 AND kind='state' AND text LIKE 'Kind: %' ORDER BY id LIMIT"
                " 50",
                "i", k->id);

        while (r == 0 && (r = sql_next(q)) == 1) {
                n++;
                r = classified(g, k,
                               reading_text(g, "%s/entry/%lld", k->of, (long long)sql_int(q, 0)),
                               kind_id(g, k, sql_span(q, 3)), sql_int(q, 2), sql_int(q, 1));
        }
        if (r == 0 && n == 0 && k->kind.len)
                r = classified(g, k, reading_text(g, "%s/kind", k->of), k->kind, k->opened_by,
                               k->opened);
        return r;
}

/* ---- scope ---- */

static void add_object(struct drill_case *k, const char *object) {
        for (unsigned i = 0; i < k->n_objects; i++)
                if (strcmp(k->objects[i], object) == 0)
                        return;
        if (k->n_objects < FACT_MANY)
                k->objects[k->n_objects++] = object;
}

/* Hosts and accounts as they were linked at that time. */
static int read_objects(struct reading *g, struct drill_case *k, int64_t at, int64_t *ret_last) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                g->db, &q,
                "SELECT 1, a.host, a.user, j.at FROM incident_alert j JOIN alert a ON a.id=j.alert"
                " WHERE j.incident=?1 AND j.at<=?2 UNION ALL SELECT CASE role WHEN 'victim' THEN 2"
                " ELSE 3 END, value, '', at FROM incident_observable WHERE incident=?1 AND at<=?2"
                " AND (dropped IS NULL OR dropped>?2) AND type IN ('host','account','address') AND"
                " role IN ('victim','innocent') ORDER BY 1, 2, 3 LIMIT 5000",
                "ii", k->id, at);

        k->n_objects = 0;
        while (r == 0 && (r = sql_next(q)) == 1) {
                int64_t how = sql_int(q, 0);
                struct span names[2] = {sql_span(q, 1), sql_span(q, 2)};

                *ret_last = MAX(*ret_last, sql_int(q, 3));
                for (unsigned i = 0; i < 2; i++) {
                        const char *id = names[i].len ? reading_object(g, names[i]) : NULL;

                        if (!id || (how == 1 && id[0] == '?'))
                                continue; /* an alert names many things; a person's word counts */
                        if (how < 3) {
                                add_object(k, id);
                                continue;
                        }
                        for (unsigned o = 0; o < k->n_objects; o++)
                                if (strcmp(k->objects[o], id) == 0)
                                        k->objects[o--] = k->objects[--k->n_objects];
                }
                r = 0;
        }
        return r;
}

static int by_text(const void *a, const void *b) {
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int scope_at(struct reading *g, struct drill_case *k, const char *id, int64_t by,
                    int64_t at) {
        struct drill_fact f;
        int64_t last = 0;
        int r = read_objects(g, k, at, &last);

        if (r < 0)
                return r;
        qsort(k->objects, k->n_objects, sizeof(*k->objects), by_text);
        f = about(k, FACT_SCOPE, id);
        f.objects = k->objects;
        f.n_objects = k->n_objects;
        return put(g, &f, by, at);
}

static int read_scope(struct reading *g, struct drill_case *k) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int64_t last = 0, by = 0;
        unsigned n = 0;
        int r = sql_rows(
                g->db, &q,
                "SELECT 'entry/'||id, written, by FROM incident_entry WHERE incident=?1 AND"
                " kind='state' AND by IS NOT NULL AND text='Scope changed' UNION ALL"
                " SELECT 'analysed', done, by FROM incident_activity WHERE incident=?1 AND"
                " activity='analyse' AND done IS NOT NULL AND by IS NOT NULL ORDER BY 2"
                " LIMIT 20",
                "i", k->id);

        while (r == 0 && (r = sql_next(q)) == 1) {
                struct span what = sql_span(q, 0);

                n++;
                r = scope_at(g, k, reading_text(g, "%s/%.*s", k->of, (int)what.len, what.p),
                             sql_int(q, 2), sql_int(q, 1));
        }
        if (r < 0)
                return r;
        r = read_objects(g, k, INT64_MAX, &last);
        if (r < 0 || n || !last)
                return r;
        r = sql_get_int(g->db, &by,
                        "SELECT by FROM incident_observable WHERE incident=?1 AND at=?2 AND by IS"
                        " NOT NULL UNION ALL SELECT by FROM incident_alert WHERE incident=?1 AND"
                        " at=?2 AND by IS NOT NULL LIMIT 1",
                        "ii", k->id, last);
        return r < 0 ? r : scope_at(g, k, reading_text(g, "%s/scope", k->of), by, last);
}

/* ---- containment ---- */

/* "198.51.100.7/32, 10.0.0.0/24": its parts; a whole address loses its length. */
static unsigned targets(struct reading *g, struct span text, const char **to) {
        unsigned n = 0;

        while (text.len && n < FACT_MANY) {
                const char *comma = memchr(text.p, ',', text.len);
                size_t len = comma ? (size_t)(comma - text.p) : text.len;
                struct span one = span_trim(span_of(text.p, len));

                if (span_ends(one, SPAN("/32")) || span_ends(one, SPAN("/128")))
                        while (one.p[--one.len] != '/')
                                ;
                if (one.len)
                        to[n++] = reading_object(g, one);
                if (n && !to[n - 1])
                        return n - 1;
                len += comma ? 1 : 0;
                text = span_of(text.p + len, text.len - len);
        }
        return n;
}

/* Whether organisers ordered something to be re-opened before that moment. */
static int ordered(struct reading *g, int64_t undone, int64_t *ret) {
        *ret = 0;
        return MIN(sql_get_int(g->db, ret,
                               "SELECT 1 FROM exercise_request WHERE play=?1 AND kind='reopen' AND"
                               " yes=1 AND answered<=?2 AND answered>?2-3600000000000 LIMIT 1",
                               "ii", g->play.id, undone),
                   0);
}

static int read_action(struct reading *g, struct drill_case *k, struct sql_rows *q) {
        const char *objects[FACT_MANY];
        int64_t id = sql_int(q, 0), proposer = sql_int(q, 2), approver = sql_int(q, 3);
        int64_t decided = sql_int(q, 1), undone = sql_null(q, 5) ? TIME_NONE : sql_int(q, 5);
        struct drill_fact f =
                about(k, FACT_CONTAINED, reading_text(g, "action/%lld", (long long)id));
        int r;

        f.objects = objects;
        f.n_objects = targets(g, arena_dup(&g->arena, sql_span(q, 4)), objects);
        f.self =
                approver && proposer == approver && !g->play.solo; /* alone, nobody else is there */
        /* Duties of both, named by the one who decided. */
        r = reading_who(g, &f, proposer, decided);
        if (r == 0 && approver)
                r = reading_who(g, &f, approver, decided);
        if (r == 0)
                r = reading_put(g, &f, decided);
        if (r < 0 || undone == TIME_NONE)
                return r;
        struct drill_fact u =
                about(k, FACT_UNDONE, reading_text(g, "action/%lld/undone", (long long)id));
        int64_t by_order = 0;

        u.of = f.id;
        r = ordered(g, undone, &by_order);
        u.value = sql_null(q, 6) ? "expired" : by_order ? "ordered" : NULL;
        return r < 0 ? r : put(g, &u, sql_int(q, 6), undone);
}

static int read_actions(struct reading *g, struct drill_case *k) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(g->db, &q,
                         "SELECT id, decided, proposer, ifnull(approver,0), text, undone, undo_by"
                         " FROM action WHERE incident=?1 AND decided IS NOT NULL AND state NOT IN"
                         " ('proposed','approved','refused','failed','lapsed','withdrawn')"
                         " ORDER BY id",
                         "i", k->id);

        while (r == 0 && (r = sql_next(q)) == 1)
                r = read_action(g, k, q);
        return r;
}

/* ---- told, reported ---- */

/* Who was told, by the words that people use for them; small letters. */
static const struct {
        const char *value, *words[6];
} told_words[] = {
        {"owner", {"owner", "chủ quản"}},
        {"leadership", {"leadership", "director", "chairman", "lãnh đạo", "giám đốc", "chủ tịch"}},
        {"agency", {"agency", "cơ quan chuyên trách", "bộ công an", "cục an toàn thông tin"}},
        {"personal", {"data protection", "personal-data", "bảo vệ dữ liệu cá nhân"}},
        {"people", {"data subjects", "people concerned", "chủ thể dữ liệu", "người dân"}},
        {"press", {"press", "journalist", "báo chí", "phóng viên"}},
        {"supplier", {"supplier", "vendor", "nhà cung cấp", "nhà thầu"}},
        {"bank", {"bank", "ngân hàng"}},
        {"staff", {"staff", "colleagues", "cán bộ", "nhân viên"}},
        {"network", {"response network", "mạng lưới ứng cứu"}},
        {"lead", {"lead ", "commander", "chỉ huy"}},
        {"officer", {"duty officer", "trực ban", "trực giám sát"}},
        {"handler", {"handler", "người xử lý"}},
        {"approver", {"approver", "người phê duyệt", "người duyệt"}},
        {"liaison", {"liaison", "đầu mối"}},
};

static bool says(struct span text, const char *word) {
        size_t n = strlen(word);

        for (size_t i = 0; i + n <= text.len; i++)
                if (span_ieq(span_of(text.p + i, n), span_of(word, n)))
                        return true;
        return false;
}

static int read_messages(struct reading *g, struct drill_case *k) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                g->db, &q,
                "SELECT id, written, ifnull(by,0), text FROM incident_entry WHERE incident=?1"
                " AND kind='message' AND by IS NOT NULL ORDER BY id LIMIT 500",
                "i", k->id);

        while (r == 0 && (r = sql_next(q)) == 1) {
                long long id = sql_int(q, 0);

                r = 0;
                for (size_t i = 0; r == 0 && i <= ARRAY_LEN(told_words); i++) {
                        bool last = i == ARRAY_LEN(told_words), named = last;
                        const char *value = last ? "message" : told_words[i].value;
                        struct drill_fact f =
                                about(k, FACT_TOLD,
                                      reading_text(g, "%s/entry/%lld/%s", k->of, id, value));

                        for (unsigned w = 0; !last && w < 6 && told_words[i].words[w]; w++)
                                named |= says(sql_span(q, 3), told_words[i].words[w]);
                        f.value = value;
                        if (named)
                                r = put(g, &f, sql_int(q, 2), sql_int(q, 1));
                }
        }
        return r;
}

static int read_told(struct reading *g, struct drill_case *k) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                g->db, &q,
                "SELECT 'unit/'||u.unit, 'unit', u.since,"
                " ifnull(u.by,0) FROM incident_unit u JOIN incident i ON i.id=u.incident WHERE"
                " u.incident=?1 AND u.unit<>i.unit UNION ALL SELECT 'report/'||id,"
                " ifnull(recipient,'agency'), sent_at, ifnull(sent_by,0) FROM report WHERE"
                " incident=?1 AND state='sent' AND sent_at IS NOT NULL ORDER BY 3, 1 LIMIT 500",
                "i", k->id);

        while (r == 0 && (r = sql_next(q)) == 1) {
                struct span what = sql_span(q, 0);
                struct drill_fact f =
                        about(k, FACT_TOLD,
                              reading_text(g, "%s/told/%.*s", k->of, (int)what.len, what.p));

                f.value = arena_dup(&g->arena, sql_span(q, 1)).p;
                r = put(g, &f, sql_int(q, 3), sql_int(q, 2));
        }
        return r;
}

/* The kind that the scenario holds for right; NULL: it says none. */
static const char *right_kind(const struct plan *p) {
        const char *best = NULL;
        unsigned most = 0;

        for (unsigned i = 0; p && i < p->n_expectations; i++)
                for (unsigned k = 0;
                     p->expectations[i].fact == FACT_CLASSIFIED && k < p->expectations[i].n_values;
                     k++)
                        if (p->expectations[i].values[k].worth > most) {
                                best = p->expectations[i].values[k].value;
                                most = p->expectations[i].values[k].worth;
                        }
        return best;
}

static enum fact_truth truth_of(const struct reading *g, const struct drill_case *k,
                                const char *name, const char *value) {
        static const char *const unknown[] = {"unknown",  "not known",     "not yet known",
                                              "chưa rõ",  "chưa biết",     "chưa xác định",
                                              "không rõ", "đang xác minh", "đang làm rõ"};
        struct span v = span_trim(span_str(value));
        const char *right = strcmp(name, "kind") == 0 ? right_kind(g->plan) : NULL;
        const json_t *regime = NULL, *entry;
        const char *texts[2];

        if (!v.len)
                return TRUTH_FALSE;
        for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
                size_t n = strlen(unknown[i]);

                if (v.len >= n && span_ieq(span_of(v.p, n), span_of(unknown[i], n)))
                        return TRUTH_UNKNOWN;
        }
        if (right && g->desk->regimes)
                regime = regime_get(g->desk->regimes, k->regime.p);
        entry = regime ? regime_entry(regime, "kinds", right) : NULL;
        if (!entry)
                return TRUTH_TRUE;
        texts[0] = json_string_value(json_object_get(entry, "en"));
        texts[1] = json_string_value(json_object_get(entry, "vi"));
        return span_ieq(v, span_str(right)) || span_ieq(v, span_str(texts[0])) ||
                               span_ieq(v, span_str(texts[1]))
                       ? TRUTH_TRUE
                       : TRUTH_FALSE;
}

static int read_report(struct reading *g, struct drill_case *k, struct sql_rows *q) {
        struct drill_fact f =
                about(k, FACT_REPORTED, reading_text(g, "report/%lld", (long long)sql_int(q, 0)));
        struct span text = sql_span(q, 4);
        json_t *content = json_loadb(text.p ? text.p : "", text.len, 0, NULL);
        const json_t *list = json_object_get(content, "fields"), *e;
        struct fact_field *fields =
                arena_array(&g->arena, json_array_size(list) + 1, sizeof(*fields));
        size_t i;
        int r;

        f.value = arena_dup(&g->arena, sql_span(q, 1)).p;
        json_array_foreach(list, i, e) {
                const char *name = json_string_value(json_object_get(e, "name"));
                const char *value = json_string_value(json_object_get(e, "value"));

                if (!fields || !name || !json_is_true(json_object_get(e, "must")) ||
                    f.n_fields == FACT_MANY)
                        continue;
                fields[f.n_fields++] =
                        (struct fact_field){arena_dup(&g->arena, span_str(name)).p,
                                            truth_of(g, k, name, value ? value : "")};
        }
        f.fields = fields;
        r = put(g, &f, sql_int(q, 3), sql_int(q, 2));
        json_decref(content);
        return r;
}

static int read_reports(struct reading *g, struct drill_case *k) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                g->db, &q,
                "SELECT t.id, t.kind, t.sent_at, ifnull(t.sent_by,0), v.content FROM report"
                " t JOIN report_version v ON v.report=t.id AND v.n=t.version WHERE"
                " t.incident=?1 AND t.state='sent' AND t.sent_at IS NOT NULL ORDER BY t.id"
                " LIMIT 100",
                "i", k->id);

        while (r == 0 && (r = sql_next(q)) == 1)
                r = read_report(g, k, q);
        return r;
}

/* ---- restored, evidence, closed ---- */

static int hosts_of(struct reading *g, int64_t system, const char **to, unsigned *ret_n) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(g->db, &q,
                         "SELECT host FROM system_host WHERE system=?1 ORDER BY host LIMIT 400",
                         "i", system);

        *ret_n = 0;
        while (r == 0 && (r = sql_next(q)) == 1) {
                to[*ret_n] = reading_object(g, sql_span(q, 0));
                if (!to[(*ret_n)++])
                        return FAIL(-ENOMEM);
                r = 0;
        }
        return r;
}

static bool any_known(const struct drill_fact *f) {
        for (unsigned i = 0; i < f->n_objects; i++)
                if (f->objects[i][0] != '?')
                        return true;
        return false;
}

static int read_returns(struct reading *g, struct drill_case *k) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(g->db, &q,
                         "SELECT s.id, s.system, s.returned, ifnull(s.by,0), EXISTS(SELECT 1 FROM"
                         " drill d WHERE d.system=s.system AND d.good=1 AND d.ended>=?2 AND"
                         " d.ended<=s.returned) FROM service_return s WHERE s.incident=?1 ORDER BY"
                         " s.id",
                         "ii", k->id, g->play.started);

        while (r == 0 && (r = sql_next(q)) == 1) {
                const char *objects[FACT_MANY];
                struct drill_fact f = about(
                        k, FACT_RESTORED, reading_text(g, "return/%lld", (long long)sql_int(q, 0)));

                f.objects = objects;
                f.number = sql_int(q, 4);
                r = hosts_of(g, sql_int(q, 1), objects, &f.n_objects);
                if (r == 0 && !any_known(&f)) { /* a system that names no host of the story */
                        f.objects = k->objects;
                        f.n_objects = k->n_objects;
                }
                if (r == 0)
                        r = put(g, &f, sql_int(q, 3), sql_int(q, 2));
        }
        return r;
}

/* Files and stretches of records that a person kept; with a hash, as all evidence. */
static int read_evidence(struct reading *g, struct drill_case *k) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(g->db, &q,
                         "SELECT id, added, ifnull(added_by,0) FROM evidence WHERE incident=?1 AND"
                         " added_by IS NOT NULL ORDER BY id LIMIT 500",
                         "i", k->id);

        while (r == 0 && (r = sql_next(q)) == 1) {
                struct drill_fact f =
                        about(k, FACT_EVIDENCE,
                              reading_text(g, "evidence/%lld", (long long)sql_int(q, 0)));

                f.objects = k->objects;
                f.n_objects = k->n_objects;
                r = put(g, &f, sql_int(q, 2), sql_int(q, 1));
        }
        return r;
}

static int read_closed(struct reading *g, struct drill_case *k) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct drill_fact f = about(k, FACT_CLOSED, reading_text(g, "%s/closed", k->of));
        int r = sql_rows(g->db, &q,
                         "SELECT max(at,?2), ifnull(by,0) FROM incident_review WHERE incident=?1",
                         "ii", k->id, k->closed);

        if (r == 0 && k->closed && (r = sql_next(q)) == 1)
                r = put(g, &f, sql_int(q, 1), sql_int(q, 0));
        return r;
}

int reading_cases(struct reading *g) {
        static int (*const readers[])(struct reading *, struct drill_case *) = {
                read_declared, read_kinds,   read_scope,   read_actions,  read_messages,
                read_told,     read_reports, read_returns, read_evidence, read_closed};
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct drill_case *k = calloc(1, sizeof(*k));
        int r = !k ? FAIL(-ENOMEM)
                   : sql_rows(
                             g->db, &q,
                             "SELECT id, opened, ifnull(opened_by,0), ifnull(kind,''), regime,"
                             " ifnull(closed,0) FROM incident WHERE drill=?1 ORDER BY id LIMIT 500",
                             "i", g->play.id);

        while (r == 0 && (r = sql_next(q)) == 1) {
                *k = (struct drill_case){
                        .id = sql_int(q, 0),
                        .opened = sql_int(q, 1),
                        .opened_by = sql_int(q, 2),
                        .kind = arena_dup(&g->arena, sql_span(q, 3)),
                        .regime = arena_dup(&g->arena, sql_span(q, 4)),
                        .closed = sql_int(q, 5),
                        .of = reading_text(g, "incident/%lld", (long long)sql_int(q, 0)),
                };
                r = k->of && k->regime.p ? 0 : FAIL(-ENOMEM);
                for (size_t i = 0; r == 0 && i < ARRAY_LEN(readers); i++)
                        r = readers[i](g, k);
        }
        free(k);
        return r;
}

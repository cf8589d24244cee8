/* Directives as people see them. Who issues sees all of it; who it went to sees it once it is issued, and of the
 * answers those of their own units: what another hospital has not patched is not their business. */
#include <stdio.h>

#include "desk/desk_impl.h"
#include "desk/directives.h"
#include "wire/api_shapes.h"

/* As SQL over `directive d`: who may read it. */
static int visible(struct api_call *c, struct span *ret) {
        const char *own = "0", *issue = "0", *to = "0";
        int r = api_scope(c, "directives.read", "d.unit", &own);

        if (r == 0)
                r = api_scope(c, "directives.issue", "d.unit", &issue);
        if (r == 0)
                r = api_scope(c, "directives.read", "x.unit", &to);
        if (r < 0)
                return r;
        *ret = arena_printf(c->arena,
                            "((%s) OR (d.state<>'draft' AND ((%s) OR EXISTS(SELECT 1 FROM"
                            " directive_unit x WHERE x.directive=d.id AND (%s)))))",
                            issue, own, to);
        return ret->p ? 0 : FAIL(-ENOMEM);
}

#define OPEN "x.state IN ('open','acknowledged')"
#define COUNT(more) "(SELECT count(*) FROM directive_unit x WHERE x.directive=d.id" more ")"

static int spec_of(struct api_call *c, struct api_list_spec *l, const struct api_field *shape) {
        static const char *const first[] = {"d.id",
                                            "d.code",
                                            "d.kind",
                                            "d.severity",
                                            "d.title",
                                            "d.tlp",
                                            "d.state",
                                            "d.unit",
                                            "u.name",
                                            "d.incident",
                                            "(SELECT code FROM incident WHERE id=d.incident)",
                                            "d.created",
                                            "(SELECT name FROM person WHERE id=d.created_by)",
                                            "d.issued",
                                            "(SELECT name FROM person WHERE id=d.issued_by)",
                                            "d.due",
                                            "d.rules IS NOT NULL",
                                            "d.indicators IS NOT NULL",
                                            (COUNT("")),
                                            (COUNT(" AND x.state<>'open'")),
                                            (COUNT(" AND x.state IN ('done','declined')"))};
        static const char *const rest[] = {"d.version",
                                           "d.text",
                                           "d.rules",
                                           "d.indicators",
                                           ("CASE WHEN d.checked IS NOT NULL THEN "
                                            "json_object('good',json('true'),'said',d.checked) "
                                            "END"),
                                           "d.withdrawn",
                                           "d.reason",
                                           "'[]'"};
        const char **columns = arena_array(c->arena, 40, sizeof(*columns)), *answers = "0";
        struct span where = SPAN_NONE;
        unsigned n = 0;
        int r = api_scope(c, "directives.answer", "x.unit", &answers);

        if (r == 0)
                r = visible(c, &where);
        if (r < 0)
                return r;
        struct span overdue =
                arena_printf(c->arena,
                             "(CASE WHEN d.state='issued' AND d.due<=%lld THEN " COUNT(
                                     " AND " OPEN) " ELSE 0 END)",
                             (long long)c->now);
        struct span mine = arena_printf(
                c->arena,
                "(CASE WHEN d.state='issued' THEN " COUNT(" AND " OPEN " AND (%s)") " ELSE 0 END)",
                answers);
        if (!columns || !overdue.p || !mine.p)
                return FAIL(-ENOMEM);
        for (size_t i = 0; i < ARRAY_LEN(first); i++)
                columns[n++] = first[i];
        columns[n++] = overdue.p;
        columns[n++] = mine.p;
        for (size_t i = 0; i < ARRAY_LEN(rest); i++)
                columns[n++] = rest[i];
        *l = (struct api_list_spec){.shape = shape,
                                    .columns = columns,
                                    .ids_first = true,
                                    .from = "directive d JOIN unit u ON u.id=d.unit",
                                    .where = where.p,
                                    .id = "d.id",
                                    .search = {"d.title", "d.code", "d.text", NULL}};
        return 0;
}

static int list(struct api_call *c) {
        struct api_list_spec l;
        int r = spec_of(c, &l, api_directive_flat);

        return r < 0 ? r : api_list(c, &l);
}

/* ---- one ---- */

static json_t *text_or_null(struct sql_rows *q, int column) {
        return sql_null(q, column) ? json_null() : api_json_text(sql_span(q, column));
}

static json_t *answer_row(struct api_call *c, struct sql_rows *q, int64_t due, bool issued) {
        struct span state = sql_span(q, 2);
        bool open = span_eq(state, SPAN("open")) || span_eq(state, SPAN("acknowledged"));
        json_t *o =
                json_pack("{sI so so sb so so so so so so}", "unit", (json_int_t)sql_int(q, 0),
                          "unit_name", text_or_null(q, 1), "state", text_or_null(q, 2), "overdue",
                          issued && open && due <= c->now, "acknowledged",
                          api_json_time(sql_time(q, 3)), "acknowledged_by_name", text_or_null(q, 4),
                          "note", text_or_null(q, 5), "done", api_json_time(sql_time(q, 6)),
                          "done_by_name", text_or_null(q, 7), "proof", text_or_null(q, 8));

        if (o) {
                json_object_set_new(o, "evidence",
                                    sql_null(q, 9) ? json_null() : json_integer(sql_int(q, 9)));
                json_object_set_new(o, "reminders", json_integer(sql_int(q, 10)));
                json_object_set_new(o, "reminded", api_json_time(sql_time(q, 11)));
                json_object_set_new(o, "mine", json_boolean(sql_int(q, 12)));
        }
        return o;
}

/* Of whoever issues: all units; else those in sight. */
static int add_answers(struct api_call *c, const struct directive *d) {
        const char *seen = "0", *mine = "0";
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        json_t *list = json_array();
        int r = api_sees(c, "directives.issue", d->unit), all = r;

        json_object_set_new(c->answer, "answers", list);
        if (r >= 0)
                r = api_scope(c, "directives.read", "x.unit", &seen);
        if (r == 0)
                r = api_scope(c, "directives.answer", "x.unit", &mine);
        if (r < 0)
                return r;
        struct span sql = arena_printf(
                c->arena,
                "SELECT x.unit, u.name, x.state, x.acknowledged, (SELECT name FROM person WHERE"
                " id=x.acknowledged_by), x.note, x.done, (SELECT name FROM person WHERE"
                " id=x.done_by), x.proof, x.evidence, x.reminders, x.reminded, (%s) FROM"
                " directive_unit x JOIN unit u ON u.id=x.unit WHERE x.directive=?1 AND (%s)"
                " ORDER BY u.name COLLATE words, u.id LIMIT 1000",
                mine, all ? "1" : seen);
        if (!sql.p)
                return FAIL(-ENOMEM);
        r = sql_rows_of(c->db, &q, sql.p, &(struct sql_value){.kind = SQL_INT, .number = d->id}, 1);
        while (r == 0 && (r = sql_next(q)) == 1)
                r = json_array_append_new(
                            list, answer_row(c, q, d->due, span_eq(d->state, SPAN("issued")))) < 0
                            ? FAIL(-ENOMEM)
                            : 0;
        return r;
}

int directive_find(struct api_call *c, int64_t id, struct directive *ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct span where = SPAN_NONE;
        int r = visible(c, &where);

        if (r < 0)
                return r;
        struct span sql = arena_printf(
                c->arena,
                "SELECT d.unit, d.incident, d.due, d.version, ifnull(d.code,''), d.kind, d.title,"
                " d.state, d.rules IS NOT NULL, d.indicators IS NOT NULL FROM directive d WHERE"
                " d.id=?1 AND %s",
                where.p);
        if (!sql.p)
                return FAIL(-ENOMEM);
        r = sql_rows_of(c->db, &q, sql.p, &(struct sql_value){.kind = SQL_INT, .number = id}, 1);
        if (r == 0)
                r = sql_next(q);
        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        *ret = (struct directive){.id = id,
                                  .unit = sql_int(q, 0),
                                  .incident = sql_int(q, 1),
                                  .due = sql_int(q, 2),
                                  .version = sql_int(q, 3),
                                  .code = arena_dup(c->arena, sql_span(q, 4)),
                                  .kind = arena_dup(c->arena, sql_span(q, 5)),
                                  .title = arena_dup(c->arena, sql_span(q, 6)),
                                  .state = arena_dup(c->arena, sql_span(q, 7)),
                                  .rules = sql_int(q, 8) != 0,
                                  .indicators = sql_int(q, 9) != 0};
        snprintf(c->about, sizeof(c->about), "directive %lld", (long long)id);
        return ret->code.p && ret->kind.p && ret->title.p && ret->state.p ? 0 : FAIL(-ENOMEM);
}

int directive_answer(struct api_call *c, int64_t id) {
        struct api_list_spec l;
        struct directive d = {.id = 0};
        int r = directive_find(c, id, &d);

        if (r == 0)
                r = spec_of(c, &l, api_directive_shape);
        if (r == 0)
                r = api_detail(c, &l, id);
        return r == 0 ? add_answers(c, &d) : r;
}

static int get(struct api_call *c) {
        return directive_answer(c, api_int(c, "id", 0));
}

/* ---- files ---- */

struct giving {
        struct span bytes;
        size_t at;
};

static int give(struct api_call *c, struct buf *to) {
        struct giving *g = c->kept;
        size_t n = MIN(g->bytes.len - g->at, API_PIECE_MAX);

        buf_add(to, g->bytes.p + g->at, n);
        g->at += n;
        return g->at < g->bytes.len;
}

static int file(struct api_call *c, const char *sql, const char *type, const char *ending) {
        struct directive d = {.id = 0};
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct giving *g = arena_zalloc(c->arena, sizeof(*g));
        char name[64];
        int r = directive_find(c, api_int(c, "id", 0), &d);

        if (r == 0)
                r = sql_rows(c->db, &q, sql, "i", d.id);
        if (r == 0)
                r = sql_next(q) == 1 && !sql_null(q, 0) ? 0 : api_missing(c);
        if (r != 0)
                return r;
        if (!g)
                return FAIL(-ENOMEM);
        g->bytes = arena_dup(c->arena, sql_span(q, 0));
        if (!g->bytes.p)
                return FAIL(-ENOMEM);
        c->kept = g;
        snprintf(name, sizeof(name), "%.*s-%s", d.code.len ? (int)d.code.len : 5,
                 d.code.len ? d.code.p : "draft",
                 g->bytes.len && (*g->bytes.p == '{' || *g->bytes.p == '[') &&
                                 strcmp(ending, "indicators.csv") == 0
                         ? "indicators.json"
                         : ending);
        return api_file(c, type, name, give);
}

static int rules(struct api_call *c) {
        return file(c, "SELECT rules FROM directive WHERE id=?1", "application/yaml", "rules.yml");
}

static int indicators(struct api_call *c) {
        return file(c, "SELECT indicators FROM directive WHERE id=?1", "application/octet-stream",
                    "indicators.csv");
}

const struct api_binding api_directives_bindings[] = {
        {"directives.list", list},
        {"directives.create", directive_do_create},
        {"directives.get", get},
        {"directives.edit", directive_do_edit},
        {"directives.issue", directive_do_issue},
        {"directives.withdraw", directive_do_withdraw},
        {"directives.remind", directive_do_remind},
        {"directives.reopen", directive_do_reopen},
        {"directives.acknowledge", directive_do_acknowledge},
        {"directives.answer", directive_do_answer},
        {"directives.rules", rules},
        {"directives.indicators", indicators},
        {NULL, NULL},
};

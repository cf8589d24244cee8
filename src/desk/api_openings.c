/* Opening rules as people write them; openings.c does what they say. */
#include "desk/desk_impl.h"
#include "desk/people.h"
#include "wire/api_shapes.h"

static const char severity_column[] =
        "CASE o.severity WHEN 4 THEN 'critical' WHEN 3 THEN 'high' WHEN 2 THEN 'medium' WHEN 1"
        " THEN 'low' ELSE 'info' END";

static const char *const columns[] = {"o.id",
                                      "o.name",
                                      "o.unit",
                                      "o.match",
                                      "o.value",
                                      severity_column,
                                      "o.level",
                                      "o.kind",
                                      "o.per_hour",
                                      "o.active",
                                      "u.name",
                                      "(SELECT count(*) FROM opening_made m WHERE m.opening=o.id)",
                                      "(SELECT max(at) FROM opening_made m WHERE m.opening=o.id)",
                                      "o.held",
                                      "o.version"};

static const struct api_list_spec spec = {.shape = api_opening_row,
                                          .columns = columns,
                                          .from = "opening o JOIN unit u ON u.id=o.unit",
                                          .where = "o.gone=0",
                                          .id = "o.id",
                                          .search = {"o.name", "o.value"},
                                          .unit = "o.unit"};

static int list(struct api_call *c) {
        return api_list(c, &spec);
}

static int get(struct api_call *c) {
        return api_detail(c, &spec, api_int(c, "id", 0));
}

static int64_t rank_of(struct span severity) {
        static const char *const names[] = {"info", "low", "medium", "high", "critical"};

        for (size_t i = 0; i < ARRAY_LEN(names); i++)
                if (span_eq(severity, span_str(names[i])))
                        return (int64_t)i;
        return 0;
}

static int good_values(struct api_call *c, struct span match, struct span value) {
        const json_t *regime = c->desk->regimes ? regime_at(c->desk->regimes, c->now) : NULL;
        struct span kind = api_text(c, "kind");
        int r = 0;

        if (!span_eq(match, SPAN("any")) && !value.len)
                r = api_fault_at(c, "value", "is missing", "chưa có",
                                 "give the rule's id or the tag", "ghi mã quy tắc hoặc thẻ");
        if (kind.len && !regime_entry(regime, "kinds", kind.p))
                r = api_fault_at(c, "kind", "The law in force has no such kind",
                                 "Bộ quy định không có loại này", "Choose one of its kinds",
                                 "Chọn một loại của bộ quy định");
        return r;
}

static int add(struct api_call *c) {
        int64_t unit = api_int(c, "unit", 0);
        struct span kind = api_text(c, "kind"), value = api_text(c, "value");
        int r = api_may(c, "settings.write", unit);

        if (r == 0)
                r = good_values(c, api_text(c, "match"), value);
        if (r != 0)
                return r;
        r = sql_do(c->db,
                   "INSERT INTO opening(name,unit,match,value,severity,level,kind,per_hour,active)"
                   " VALUES(?1,?2,?3,?4,?5,nullif(?6,0),nullif(?7,''),?8,?9)",
                   "tittiitib", api_text(c, "name"), unit, api_text(c, "match"),
                   value.p ? value : SPAN(""), rank_of(api_text(c, "severity")),
                   api_int(c, "level", 0), kind.p ? kind : SPAN(""), api_int(c, "per_hour", 1),
                   (int)api_bool(c, "active", true));
        if (r < 0)
                return r;
        int64_t id = sql_last_id(c->db);
        snprintf(c->about, sizeof(c->about), "opening rule %lld", (long long)id);
        c->detail = json_deep_copy(c->in);
        api_tell(c, "setting", id, unit);
        return api_detail(c, &spec, id);
}

/* Where it is, for who may change it. */
static int find(struct api_call *c, int64_t id, int64_t *ret_unit, struct span *ret_match,
                struct span *ret_value) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT unit, match, value, version FROM opening WHERE id=?1 AND gone=0",
                         "i", id);

        if (r == 0)
                r = sql_next(q);
        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        *ret_unit = sql_int(q, 0);
        *ret_match = arena_dup(c->arena, sql_span(q, 1));
        *ret_value = arena_dup(c->arena, sql_span(q, 2));
        int64_t version = sql_int(q, 3);
        if (!ret_match->p || !ret_value->p)
                return FAIL(-ENOMEM);
        r = api_may(c, "settings.write", *ret_unit);
        if (r == 0 && api_int(c, "version", version) != version)
                r = api_refuse(c, 409, "stale", "somebody changed it meanwhile",
                               "có người vừa thay đổi mục này");
        snprintf(c->about, sizeof(c->about), "opening rule %lld", (long long)id);
        return r;
}

static int change(struct api_call *c) {
        int64_t id = api_int(c, "id", 0), unit = 0, to = api_int(c, "unit", 0);
        struct span match = SPAN_NONE, value = SPAN_NONE;
        int r = find(c, id, &unit, &match, &value);

        if (r == 0 && to && to != unit)
                r = api_may(c, "settings.write", to);
        if (r != 0)
                return r;
        if (api_has(c, "match"))
                match = api_text(c, "match");
        if (api_has(c, "value"))
                value = api_text(c, "value");
        r = good_values(c, match, value);
        if (r != 0)
                return r;
        struct span name = api_text(c, "name"), kind = api_text(c, "kind");
        r = sql_do(
                c->db,
                "UPDATE opening SET name=ifnull(nullif(?2,''),name), unit=?3, match=?4, value=?5,"
                " severity=iif(?6<0,severity,?6), level=iif(?7<0,level,nullif(?7,0)),"
                " kind=iif(?8,nullif(?9,''),kind), per_hour=iif(?10=0,per_hour,?10),"
                " active=iif(?11<0,active,?11), version=version+1 WHERE id=?1",
                "itittiibtii", id, name.p ? name : SPAN(""), to ? to : unit, match, value,
                api_has(c, "severity") ? rank_of(api_text(c, "severity")) : INT64_C(-1),
                api_has(c, "level") ? api_int(c, "level", 0) : INT64_C(-1), (int)api_has(c, "kind"),
                kind.p ? kind : SPAN(""), api_int(c, "per_hour", 0),
                api_has(c, "active") ? (int64_t)api_bool(c, "active", true) : INT64_C(-1));
        if (r < 0)
                return r;
        c->detail = json_deep_copy(c->in);
        api_tell(c, "setting", id, unit);
        return api_detail(c, &spec, id);
}

/* Its row stays: incidents say that it opened them. */
static int take_out(struct api_call *c) {
        int64_t id = api_int(c, "id", 0), unit = 0;
        struct span match = SPAN_NONE, value = SPAN_NONE;
        int r = find(c, id, &unit, &match, &value);

        if (r != 0)
                return r;
        api_tell(c, "setting", id, unit);
        return sql_do(c->db, "UPDATE opening SET gone=1, active=0 WHERE id=?1", "i", id);
}

extern const struct api_binding api_openings_bindings[];
const struct api_binding api_openings_bindings[] = {
        {"openings.list", list},     {"openings.get", get},         {"openings.add", add},
        {"openings.change", change}, {"openings.remove", take_out}, {0},
};

/* Response figures. Medians and 90th percentiles (nearest rank), as a mean says nothing of times that differ by a
 * thousand.
 *
 *   F1. They are of groups, never of people: a group with fewer than FEW incidents, or whose unit has fewer than FEW
 *       active people, is not shown, and a measure that fewer than FEW incidents have is null. Nobody can be told
 *       apart by asking for less: there is no filter by person, and each answer obeys the same rule.
 *   F2. Incidents of drills and false alarms do not count. */
#include <stdlib.h>

#include "desk/desk_impl.h"
#include "desk/people.h"

#define FEW 5u
#define MOST 20000u
#define GROUPS 500u
#define YEAR_NS (INT64_C(365) * 86400 * NS_PER_SEC)

enum measure { DETECT, ACKNOWLEDGE, CONTAIN, RECOVER, REPORT, MEASURES };
static const char *const names[MEASURES] = {"detect", "acknowledge", "contain", "recover",
                                            "report"};

struct row {
        struct span key;          /* of its group */
        int64_t place;            /* unit whose people count for it */
        int64_t values[MEASURES]; /* seconds; -1: not known */
};

struct asked {
        struct span by, path; /* path of the unit */
        int64_t unit, since, until;
        struct row *rows;
        unsigned n;
};

/* ---- reading ---- */

static int read_asked(struct api_call *c, struct asked *a) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int64_t since = api_time(c, "since"), until = api_time(c, "until");
        int r;

        a->by = api_text(c, "by");
        a->unit = api_int(c, "unit", UNIT_ROOT);
        a->until = until == TIME_NONE ? c->now : until;
        a->since = since == TIME_NONE ? a->until - YEAR_NS : since;
        if (a->since >= a->until)
                return api_fault_at(c, "until", "is before its beginning",
                                    "trước thời điểm bắt đầu", "take a later time",
                                    "chọn thời điểm muộn hơn");
        r = sql_rows(c->db, &q, "SELECT path FROM unit WHERE id=?1", "i", a->unit);
        if (r == 0)
                r = sql_next(q);
        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        a->path = arena_dup(c->arena, sql_span(q, 0));
        return a->path.p ? 0 : FAIL(-ENOMEM);
}

/* The part of the asked unit that a unit's path leads through; the unit itself: what is its own. */
static int64_t part_of(const struct asked *a, struct span path) {
        if (path.len <= a->path.len)
                return a->unit;
        return strtoll(path.p + a->path.len, NULL, 10);
}

static int group_of(struct api_call *c, const struct asked *a, struct sql_rows *q, struct row *to) {
        int64_t part = part_of(a, arena_dup(c->arena, sql_span(q, MEASURES + 1)));

        if (span_eq(a->by, SPAN("unit"))) {
                to->key = arena_printf(c->arena, "%lld", (long long)part);
                to->place = part;
        } else if (span_eq(a->by, SPAN("system"))) {
                to->key = sql_null(q, MEASURES + 2)
                                  ? SPAN("")
                                  : arena_printf(c->arena, "%lld",
                                                 (long long)sql_int(q, MEASURES + 2));
                to->place = sql_int(q, MEASURES + 3);
        } else {
                to->key = arena_dup(c->arena, sql_span(q, MEASURES));
                to->place = a->unit;
        }
        return to->key.p ? 0 : FAIL(-ENOMEM);
}

#define SECONDS(from, to)                                                                          \
        "iif(" to " IS NULL OR " from " IS NULL,-1,max(0,(" to "-" from ")/1000000000))"

static int read_rows(struct api_call *c, struct asked *a) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        const char *scope = "0", *units = "0";
        int r = api_scope(c, "figures.read", "i.unit", &scope);

        if (r == 0)
                r = api_subtree(c, a->unit, "i.unit", &units);
        if (r < 0)
                return r;
        struct span sql = arena_printf(
                c->arena,
                "SELECT " SECONDS("occurred", "t0") "," SECONDS("t0", "act") "," SECONDS(
                        "t0",
                        "contained") "," SECONDS("t0",
                                                 "restored") "," SECONDS("t0",
                                                                         "told") ", kind, path, "
                                                                                 "system, place "
                                                                                 "FROM (SELECT "
                                                                                 "i.occurred, "
                                                                                 "i.t0, "
                                                                                 "i.contained, "
                                                                                 "i.restored,"
                                                                                 " min(ifnull(("
                                                                                 "SELECT "
                                                                                 "min(e.written) "
                                                                                 "FROM "
                                                                                 "incident_entry e "
                                                                                 "WHERE "
                                                                                 "e.incident=i.id"
                                                                                 " AND e.by IS NOT "
                                                                                 "NULL),9e18), "
                                                                                 "ifnull((SELECT "
                                                                                 "min(t.taken_at) "
                                                                                 "FROM triage t "
                                                                                 "WHERE"
                                                                                 " t.incident=i.id)"
                                                                                 ",9e18)) AS act, "
                                                                                 "(SELECT "
                                                                                 "min(k.met_at) "
                                                                                 "FROM "
                                                                                 "incident_clock k "
                                                                                 "WHERE"
                                                                                 " k.incident=i.id "
                                                                                 "AND "
                                                                                 "k.report<>'') AS "
                                                                                 "told, "
                                                                                 "ifnull(i.kind,'')"
                                                                                 " AS kind, u.path,"
                                                                                 " i.system, "
                                                                                 "ifnull(s.unit,i."
                                                                                 "unit) AS place "
                                                                                 "FROM incident i "
                                                                                 "JOIN unit u ON"
                                                                                 " u.id=i.unit "
                                                                                 "LEFT JOIN system "
                                                                                 "s ON "
                                                                                 "s.id=i.system "
                                                                                 "WHERE i.drill=0 "
                                                                                 "AND"
                                                                                 " i.state<>'false_"
                                                                                 "alarm' AND "
                                                                                 "i.t0>=?1 AND "
                                                                                 "i.t0<?2 AND (%s) "
                                                                                 "AND (%s)"
                                                                                 " ORDER BY i.t0 "
                                                                                 "DESC LIMIT %u)",
                scope, units, MOST);
        a->rows = arena_array(c->arena, MOST, sizeof(*a->rows));
        r = sql.p && a->rows ? sql_rows(c->db, &q, sql.p, "ii", a->since, a->until) : FAIL(-ENOMEM);
        while (r == 0 && (r = sql_next(q)) == 1) {
                struct row *to = &a->rows[a->n++];

                for (int i = 0; i < MEASURES; i++)
                        to->values[i] = sql_int(q, i);
                if (to->values[ACKNOWLEDGE] > YEAR_NS / NS_PER_SEC * 100)
                        to->values[ACKNOWLEDGE] = -1; /* nobody acted */
                r = group_of(c, a, q, to);
        }
        return r;
}

/* ---- counting ---- */

static int by_value(const void *x, const void *y) {
        int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;

        return (a > b) - (a < b);
}

/* F1 */
static json_t *measure_of(const struct row *const *rows, unsigned n, enum measure m,
                          int64_t *values) {
        unsigned k = 0;

        for (unsigned i = 0; i < n; i++)
                if (rows[i]->values[m] >= 0)
                        values[k++] = rows[i]->values[m];
        if (k < FEW)
                return json_null();
        qsort(values, k, sizeof(*values), by_value);
        return json_pack("{s:I,s:I,s:I}", "n", (json_int_t)k, "median_s",
                         (json_int_t)((values[(k - 1) / 2] + values[k / 2]) / 2), "p90_s",
                         (json_int_t)values[(k * 9 + 9) / 10 - 1]);
}

static json_t *figures_of(const struct row *const *rows, unsigned n, int64_t *values) {
        json_t *o = json_pack("{s:I}", "incidents", (json_int_t)n);

        for (enum measure m = 0; m < MEASURES; m++)
                json_object_set_new(o, names[m], measure_of(rows, n, m, values));
        return o;
}

/* Active people of a unit and below; of the asked unit's own part: its own only. */
static int people_of(struct api_call *c, const struct asked *a, int64_t unit, int64_t *ret) {
        if (unit == a->unit && span_eq(a->by, SPAN("unit")))
                return MIN(sql_get_int(c->db, ret,
                                       "SELECT count(*) FROM person WHERE active AND unit=?1", "i",
                                       unit),
                           0);
        return MIN(sql_get_int(c->db, ret,
                               "SELECT count(*) FROM unit x JOIN unit u ON u.path>=x.path AND"
                               " u.path<substr(x.path,1,length(x.path)-1)||'0' JOIN person p ON"
                               " p.unit=u.id AND p.active WHERE x.id=?1",
                               "i", unit),
                   0);
}

static int put_name(struct api_call *c, const struct asked *a, struct span key, json_t *o) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        const json_t *regime = c->desk->regimes ? regime_at(c->desk->regimes, c->now) : NULL;
        bool unit = span_eq(a->by, SPAN("unit"));
        int r;

        json_object_set_new(o, "key", api_json_text(key));
        json_object_set_new(o, "name", json_null());
        json_object_set_new(o, "name_vi", json_null());
        if (span_eq(a->by, SPAN("kind"))) {
                const json_t *kind = key.len ? regime_entry(regime, "kinds", key.p) : NULL;

                if (kind) {
                        json_object_set(o, "name", json_object_get(kind, "en"));
                        json_object_set(o, "name_vi", json_object_get(kind, "vi"));
                }
                return 0;
        }
        r = sql_rows(c->db, &q,
                     unit ? "SELECT name, name_vi FROM unit WHERE id=?1"
                          : "SELECT name, name FROM system WHERE id=?1",
                     "i", (int64_t)strtoll(key.p, NULL, 10));
        if (r == 0)
                r = sql_next(q);
        if (r == 1) {
                json_object_set_new(o, "name", api_json_text(sql_span(q, 0)));
                if (!sql_null(q, 1))
                        json_object_set_new(o, "name_vi", api_json_text(sql_span(q, 1)));
        }
        return MIN(r, 0);
}

static int by_key(const void *x, const void *y) {
        const struct row *a = *(const struct row *const *)x, *b = *(const struct row *const *)y;
        size_t n = MIN(a->key.len, b->key.len);
        int r = n ? memcmp(a->key.p, b->key.p, n) : 0;

        return r ? r : (a->key.len > b->key.len) - (a->key.len < b->key.len);
}

static int by_number(const void *x, const void *y) {
        json_int_t a = json_integer_value(json_object_get(*(json_t *const *)x, "incidents"));
        json_int_t b = json_integer_value(json_object_get(*(json_t *const *)y, "incidents"));

        return (a < b) - (a > b);
}

/* One group, if it is large enough: *ret; else NULL. */
static int make_group(struct api_call *c, const struct asked *a, const struct row *const *rows,
                      unsigned n, int64_t *values, json_t **ret) {
        int64_t people = 0;

        *ret = NULL;
        if (n < FEW)
                return 0;
        int r = people_of(c, a, rows[0]->place, &people);
        if (r < 0 || people < FEW)
                return r;
        *ret = figures_of(rows, n, values);
        return *ret ? put_name(c, a, rows[0]->key, *ret) : FAIL(-ENOMEM);
}

static int add_groups(struct api_call *c, const struct asked *a, const struct row **rows,
                      int64_t *values) {
        json_t *items = json_array(), *groups[GROUPS];
        unsigned n = 0, hidden = 0;
        int r = 0;

        json_object_set_new(c->answer, "items", items);
        for (unsigned i = 0, k; i < a->n && r == 0; i = k) {
                json_t *o = NULL;

                for (k = i; k < a->n && span_eq(rows[k]->key, rows[i]->key);)
                        k++;
                r = make_group(c, a, rows + i, k - i, values, &o);
                if (o && n < GROUPS)
                        groups[n++] = o;
                else
                        hidden++;
        }
        qsort(groups, n, sizeof(*groups), by_number);
        for (unsigned i = 0; i < n; i++)
                json_array_append_new(items, groups[i]);
        json_object_set_new(c->answer, "hidden", json_integer(hidden));
        return r;
}

static int figures_get(struct api_call *c) {
        struct asked a = {0};
        int64_t people = 0;
        int r = read_asked(c, &a);

        if (r == 0 && c->who.incident)
                r = api_missing(c);
        if (r == 0 && api_has(c, "unit"))
                r = api_may(c, "figures.read", a.unit);
        if (r == 0)
                r = read_rows(c, &a);
        if (r != 0)
                return r;
        const struct row **rows = arena_array(c->arena, a.n + 1, sizeof(*rows));
        int64_t *values = arena_array(c->arena, a.n + 1, sizeof(*values));
        if (!rows || !values)
                return FAIL(-ENOMEM);
        for (unsigned i = 0; i < a.n; i++)
                rows[i] = &a.rows[i];
        qsort(rows, a.n, sizeof(*rows), by_key);
        c->answer = json_pack("{s:o,s:I,s:o,s:o}", "by", api_json_text(a.by), "unit",
                              (json_int_t)a.unit, "since", api_json_time(a.since), "until",
                              api_json_time(a.until));
        if (!c->answer)
                return FAIL(-ENOMEM);
        r = add_groups(c, &a, rows, values);
        if (r == 0 && a.n >= FEW) {
                struct asked whole = a;

                whole.by = SPAN("kind"); /* everybody below counts */
                r = people_of(c, &whole, a.unit, &people);
        }
        json_object_set_new(c->answer, "all",
                            r == 0 && people >= FEW ? figures_of(rows, a.n, values) : json_null());
        return r;
}

extern const struct api_binding api_figures_bindings[];
const struct api_binding api_figures_bindings[] = {
        {"figures.get", figures_get},
        {0},
};

/* What needs a person now. A page asks this all night, so each part is bounded and comes from an index (tables_nights.c):
 * it costs the same whether ten alerts wait or a hundred thousand. Each part is asked for with the permission that
 * its own list has: what one may not see is empty, or null.
 *
 * Groups of alerts are of one rule and one system. The most urgent alert of each is shown. */
#include <stdlib.h>

#include "desk/decide.h"
#include "desk/desk_impl.h"
#include "desk/incident.h"
#include "desk/matter.h"
#include "desk/people.h"
#include "desk/sources.h"
#include "desk/triage.h"
#include "wire/api_shapes.h"
#include "wire/counters.h"

#define CLOCKS 20
#define MET 3
#define DECISIONS 20
#define GROUPS 12
#define SILENT 10
#define ON_DUTY 10
#define HOSTS_MOST 500
#define DAY_NS (INT64_C(86400) * NS_PER_SEC)

static int put(struct api_call *c, const char *name, json_t *v) {
        return v && json_object_set_new(c->answer, name, v) == 0 ? 0 : FAIL(-ENOMEM);
}

static json_t *texts(struct sql_rows *q, int column) {
        return sql_null(q, column) || !sql_span(q, column).len ? json_null()
                                                               : api_json_text(sql_span(q, column));
}

/* ---- deadlines ---- */

/* Of incidents that one of the units works on. */
static int of_units(struct api_call *c, const char *more, const char **ret) {
        const char *units = "0", *where = "0";
        int r = api_subtree(c, api_int(c, "unit", 0), "y.unit", &units);

        if (r == 0)
                r = incident_visible(c, "", &where);
        if (r < 0)
                return r;
        struct span s = strcmp(units, "1") == 0
                                ? arena_printf(c->arena, "(%s) AND (%s)", more, where)
                                : arena_printf(c->arena,
                                               "(%s) AND (%s) AND i.id IN (SELECT y.incident FROM"
                                               " incident_unit y WHERE %s)",
                                               more, where, units);
        *ret = s.p;
        return s.p ? 0 : FAIL(-ENOMEM);
}

#define RUNS "t.met_at IS NULL AND t.void_at IS NULL AND t.state<>0 AND i.state<>'false_alarm'"

static int add_clocks(struct api_call *c, int64_t *ret_n) {
        json_t *clocks = json_array(), *met = json_array();
        struct span day = arena_printf(c->arena, "t.met_at>=%lld", (long long)(c->now - DAY_NS));
        struct api_list_spec l = {0};
        int r = put(c, "clocks", clocks) | put(c, "met", met);

        *ret_n = 0;
        if (r == 0)
                r = day.p ? incident_clock_spec(c, &l) : FAIL(-ENOMEM);
        if (r == 0)
                r = of_units(c, RUNS, &l.where);
        if (r == 0)
                r = api_rows(c, &l, "t.due, t.id", CLOCKS, clocks);
        if (r == 0) {
                struct span n =
                        arena_printf(c->arena, "SELECT count(*) FROM %s WHERE %s", l.from, l.where);
                r = n.p ? sql_get_int(c->db, ret_n, n.p, "") : FAIL(-ENOMEM);
        }
        if (r >= 0)
                r = of_units(c, day.p, &l.where);
        if (r == 0)
                r = api_rows(c, &l, "t.met_at DESC", MET, met);
        return r == 0 ? put(c, "clocks_total", json_integer(*ret_n)) : r;
}

static int add_incidents(struct api_call *c) {
        const char *where = "0";
        int64_t n = 0;
        int r = api_holds(c, "incidents.read");

        if (r <= 0)
                return r < 0 ? r : put(c, "incidents", json_null());
        r = of_units(c, "i.state IN ('open','declared','containing','recovering','watching')",
                     &where);
        if (r < 0)
                return r;
        struct span s = arena_printf(c->arena, "SELECT count(*) FROM incident i WHERE %s", where);
        r = s.p ? sql_get_int(c->db, &n, s.p, "") : FAIL(-ENOMEM);
        return r < 0 ? r : put(c, "incidents", json_pack("{s:I}", "open", (json_int_t)n));
}

/* ---- decisions ---- */

static int add_decisions(struct api_call *c) {
        json_t *list = NULL;
        int r = decisions_of(c, api_int(c, "unit", 0), &list);

        if (r < 0)
                return r;
        while (json_array_size(list) > DECISIONS)
                json_array_remove(list, json_array_size(list) - 1);
        return put(c, "decisions", list);
}

/* One that somebody made on containment; the page says it when nothing waits. */
static int add_last_decision(struct api_call *c) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        const char *scope = "0", *units = "0", *drill = "1";
        int r = api_scope(c, "actions.read", "a.unit", &scope);

        if (r == 0)
                r = matter_sees(c, "(SELECT drill FROM incident WHERE id=a.incident)", false,
                                &drill);
        if (r == 0)
                r = api_subtree(c, api_int(c, "unit", 0), "a.unit", &units);
        if (r < 0)
                return r;
        struct span s = arena_printf(c->arena,
                                     "SELECT a.id, a.text, a.state='refused', a.decided FROM"
                                     " action a WHERE a.decided IS NOT NULL AND (%s) AND (%s)"
                                     " AND %s ORDER BY a.decided DESC LIMIT 1",
                                     scope, units, drill);
        r = s.p ? sql_rows(c->db, &q, s.p, "") : FAIL(-ENOMEM);
        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r < 0 ? r : put(c, "last_decision", json_null());
        struct span what = sql_span(q, 1);
        bool no = sql_int(q, 2) != 0;
        struct span code = action_code(c->arena, sql_int(q, 0));
        struct span en = arena_printf(c->arena, "Block of %.*s %s", (int)what.len, what.p,
                                      no ? "refused" : "approved");
        struct span vi = arena_printf(c->arena, "%s chặn %.*s", no ? "Từ chối" : "Phê duyệt",
                                      (int)what.len, what.p);
        return put(c, "last_decision",
                   json_pack("{s:o,s:o,s:o,s:o}", "code", api_json_text(code), "title",
                             api_json_text(en), "title_vi", api_json_text(vi), "at",
                             api_json_time(sql_time(q, 3))));
}

/* ---- alerts ---- */

struct group {
        struct span rule;
        int64_t system, n, play;
};

/* The condition on units of table waiting or triage. */
static int alert_units(struct api_call *c, const char *column, const char **ret) {
        const char *scope = "0", *units = "0";
        int r = api_scope(c, "alerts.read", column, &scope);

        if (r == 0)
                r = api_subtree(c, api_int(c, "unit", 0), column, &units);
        if (r < 0)
                return r;
        struct span s = arena_printf(c->arena, "(%s) AND (%s)", scope, units);
        *ret = s.p;
        return s.p ? 0 : FAIL(-ENOMEM);
}

static int read_groups(struct api_call *c, struct group to[GROUPS], unsigned *ret_n,
                       int64_t *ret_groups, int64_t *ret_new) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        const char *units = "0", *drill = "0";
        int r = alert_units(c, "g.unit", &units);

        if (r == 0)
                r = matter_sees(c, "g.drill", false, &drill);
        if (r < 0)
                return r;
        struct span s = arena_printf(
                c->arena,
                "SELECT g.rule, g.system, sum(g.n), max(g.urgency) AS u, g.drill FROM waiting g"
                " WHERE g.n>0 AND %s AND %s GROUP BY g.rule, g.system, g.drill"
                " ORDER BY u DESC, g.rule, g.system, g.drill",
                units, drill);
        r = s.p ? sql_rows(c->db, &q, s.p, "") : FAIL(-ENOMEM);
        while (r == 0 && (r = sql_next(q)) == 1) {
                if (*ret_n < GROUPS) {
                        to[*ret_n] = (struct group){arena_dup(c->arena, sql_span(q, 0)),
                                                    sql_int(q, 1), sql_int(q, 2), sql_int(q, 4)};
                        if (!to[(*ret_n)++].rule.p)
                                return FAIL(-ENOMEM);
                }
                ++*ret_groups;
                *ret_new += sql_int(q, 2);
                r = 0;
        }
        return r;
}

static int add_group(struct api_call *c, const struct group *g, const char *units, json_t *list) {
        struct span of =
                g->play ? arena_printf(c->arena, "t.drill=" SQL_OWN_INT, (long long)g->play)
                        : arena_printf(c->arena, "t.alert<%d", STATE_DRILL_IDS);
        if (!of.p)
                return FAIL(-ENOMEM);
        struct span first = arena_printf(
                c->arena,
                "SELECT t.alert FROM triage t INDEXED BY triage_waits WHERE t.status='new'"
                " AND t.rule=?1 AND ifnull(t.system,0)=?2 AND %s AND %s"
                " ORDER BY t.urgency DESC LIMIT 1",
                units, of.p);
        struct span hosts = arena_printf(
                c->arena,
                "SELECT count(DISTINCT host) FROM (SELECT t.host FROM triage t INDEXED BY "
                "triage_waits"
                " WHERE t.status='new' AND t.rule=?1 AND ifnull(t.system,0)=?2 AND t.host<>''"
                " AND %s AND %s LIMIT %d)",
                units, of.p, HOSTS_MOST);
        int64_t id = 0, n = 0;
        json_t *row = NULL;
        int r = first.p && hosts.p ? sql_get_int(c->db, &id, first.p, "ti", g->rule, g->system)
                                   : FAIL(-ENOMEM);

        if (r == 1)
                r = sql_get_int(c->db, &n, hosts.p, "ti", g->rule, g->system);
        if (r <= 0)
                return r;
        r = alert_row(c, id, &row);
        if (r != 0)
                return MIN(r, 0);
        json_object_set_new(row, "group_alerts", json_integer(g->n));
        json_object_set_new(row, "group_hosts", json_integer(n));
        return json_array_append_new(list, row) == 0 ? 0 : FAIL(-ENOMEM);
}

static int add_alerts(struct api_call *c) {
        struct group groups[GROUPS];
        int64_t n_groups = 0, n_new = 0;
        unsigned n = 0;
        const char *units = "0";
        int r = api_holds(c, "alerts.read");

        if (r <= 0)
                return r < 0 ? r : put(c, "alerts", json_null());
        if (c->who.incident)
                return put(c, "alerts", json_null());
        r = alert_units(c, "t.unit", &units);
        if (r == 0)
                r = read_groups(c, groups, &n, &n_groups, &n_new);
        if (r < 0)
                return r;
        json_t *items = json_array();
        r = put(c, "alerts",
                json_pack("{s:I,s:I,s:o}", "new", (json_int_t)n_new, "groups", (json_int_t)n_groups,
                          "items", items));
        for (unsigned i = 0; i < n && r == 0; i++)
                r = add_group(c, &groups[i], units, items);
        return r;
}

/* ---- sources ---- */

static int source_units(struct api_call *c, const char **ret) {
        const char *scope = "0", *units = "0";
        int r = api_scope(c, "sources.read", "ifnull(s.unit,1)", &scope);

        if (r == 0)
                r = api_subtree(c, api_int(c, "unit", 0), "ifnull(s.unit,1)", &units);
        if (r < 0)
                return r;
        struct span s = arena_printf(c->arena, "(%s) AND (%s)", scope, units);
        *ret = s.p;
        return s.p ? 0 : FAIL(-ENOMEM);
}

static int add_silent(struct api_call *c, const char *units) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        json_t *list = json_array();
        struct span s = arena_printf(
                c->arena,
                "SELECT n.name, n.state, n.last_seen, s.name, n.usual, n.m_until,"
                " CASE WHEN s.level>=4 THEN 'critical' WHEN s.level=3 THEN 'high' ELSE 'medium' END"
                " FROM " FROM_SOURCES " WHERE n.state<>'sending' AND %s"
                " ORDER BY ifnull(s.level,0) DESC, n.last_seen IS NULL, n.last_seen, n.name"
                " LIMIT %d",
                units, SILENT);
        int r = put(c, "silent", list);

        if (r == 0)
                r = s.p ? sql_rows(c->db, &q, s.p, "") : FAIL(-ENOMEM);
        while (r == 0 && (r = sql_next(q)) == 1)
                r = json_array_append_new(
                            list,
                            json_pack("{s:o,s:o,s:n,s:o,s:o,s:o,s:o,s:o}", "name", texts(q, 0),
                                      "state", texts(q, 1), "kind", "since",
                                      api_json_time(sql_time(q, 2)), "usual_every_s",
                                      sql_null(q, 4) ? json_null() : json_integer(sql_int(q, 4)),
                                      "severity", texts(q, 6), "maintenance_until",
                                      api_json_time(sql_time(q, 5)), "system_name", texts(q, 3))) ==
                                    0
                            ? 0
                            : FAIL(-ENOMEM);
        return r;
}

static int add_sources(struct api_call *c, double *ret_rate) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        const char *units = "0";
        int r = api_holds(c, "sources.read");

        *ret_rate = 0;
        if (r <= 0 || c->who.incident) {
                r = r < 0 ? r : put(c, "sources", json_null());
                return r < 0 ? r : put(c, "silent", json_array());
        }
        r = sources_fresh(c);
        if (r == 0)
                r = source_units(c, &units);
        if (r == 0)
                r = add_silent(c, units);
        if (r < 0)
                return r;
        struct span s = arena_printf(c->arena,
                                     "SELECT count(*), total(n.state IN ('silent','never')),"
                                     " total(n.state='maintenance'), sum(n.rate) FROM " FROM_SOURCES
                                     " WHERE %s",
                                     units);
        r = s.p ? sql_rows(c->db, &q, s.p, "") : FAIL(-ENOMEM);
        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r < 0 ? r : FAIL(-EIO);
        struct sql_value rate;
        sql_value_at(q, 3, &rate);
        *ret_rate = rate.kind == SQL_REAL ? rate.real : 0;
        return put(c, "sources",
                   json_pack("{s:I,s:I,s:I,s:o}", "total", (json_int_t)sql_int(q, 0), "silent",
                             (json_int_t)sql_int(q, 1), "maintenance", (json_int_t)sql_int(q, 2),
                             "rate", sql_null(q, 3) ? json_null() : json_real(*ret_rate)));
}

/* What was received and is not judged yet, at the rate at which it comes. */
static int add_behind(struct api_call *c, double rate) {
        const struct counters_page *p = c->desk->counters;
        int64_t durable = p ? (int64_t)counter_get(&p->totals[COUNT_DURABLE]) : 0;
        int64_t judged = (int64_t)desk_watermark(c->desk);

        if (!p)
                return put(c, "behind_ms", json_null());
        if (durable <= judged)
                return put(c, "behind_ms", json_integer(0));
        double ms = (double)(durable - judged) * 1000 / MAX(rate, 1.0);
        return put(c, "behind_ms", json_integer((json_int_t)MIN(ms, 1e12)));
}

/* ---- who is there ---- */

static const char role_of[] =
        "(SELECT min(g.role) FROM role_grant g WHERE g.person=d.person AND g.since<=?1"
        " AND (g.until IS NULL OR g.until>?1))";

static int duty_row(struct api_call *c, struct sql_rows *q, json_t *list) {
        int64_t role = sql_null(q, 3) ? -1 : sql_int(q, 3);
        struct span note = sql_span(q, 5), unit = sql_span(q, 6);
        bool absent = sql_null(q, 9) || sql_time(q, 9) < sql_time(q, 8);
        bool me = sql_int(q, 0) == c->who.id && c->who.id;
        const char *en = "has not signed in since the shift began";
        const char *vi = "chưa đăng nhập từ đầu ca";
        struct span said = note.len ? note : unit;

        absent = absent && !me && c->now - sql_time(q, 8) > 900 * NS_PER_SEC;
        json_t *o = json_pack(
                "{s:I,s:o,s:o,s:o,s:o,s:o,s:b,s:b,s:o,s:o}", "id", (json_int_t)sql_int(q, 0),
                "name", texts(q, 1), "role",
                role >= 0 && role < ROLE_MAX ? json_string(role_names[role]) : json_null(), "phone",
                texts(q, 2), "note_en", api_json_text(absent ? span_str(en) : said), "note_vi",
                api_json_text(absent               ? span_str(vi)
                              : note.len           ? note
                              : sql_span(q, 7).len ? sql_span(q, 7)
                                                   : unit),
                "warn", (int)absent, "me", (int)me, "unit_name", texts(q, 6), "until",
                api_json_time(sql_time(q, 4)));
        return o && json_array_append_new(list, o) == 0 ? 0 : FAIL(-ENOMEM);
}

static int add_duty(struct api_call *c) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        json_t *list = json_array();
        const char *scope = "0", *units = "0";
        int64_t ends = TIME_NONE;
        bool mine = false;
        int r = put(c, "duty", list);

        if (r == 0)
                r = api_scope(c, "people.read", "d.unit", &scope);
        if (r == 0)
                r = api_subtree(c, api_int(c, "unit", 0), "d.unit", &units);
        if (r < 0)
                return r;
        struct span s = arena_printf(
                c->arena,
                "SELECT d.person, p.name, p.phone, %s, d.until, d.note, u.name, u.name_vi, d.since,"
                " p.last_seen FROM duty d JOIN person p ON p.id=d.person JOIN unit u ON u.id=d.unit"
                " WHERE d.until>?1 AND d.since<=?1 AND (((%s) AND (%s)) OR d.person=?2)"
                " ORDER BY d.person<>?2, u.depth, d.until LIMIT %d",
                role_of, scope, units, ON_DUTY);
        r = s.p ? sql_rows(c->db, &q, s.p, "ii", c->now, c->who.id) : FAIL(-ENOMEM);
        while (r == 0 && (r = sql_next(q)) == 1) {
                bool me = c->who.id && sql_int(q, 0) == c->who.id;

                if (ends == TIME_NONE || (me && !mine) || (me == mine && sql_time(q, 4) < ends))
                        ends = sql_time(q, 4);
                mine |= me;
                r = duty_row(c, q, list);
        }
        return r < 0 ? r : put(c, "handover_at", api_json_time(ends));
}

/* A handover note that waits for this person: of a unit where they work, and not theirs. */
static int add_note(struct api_call *c) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        const char *scope = "0", *units = "0";
        int r = api_scope(c, "incidents.work", "h.unit", &scope);

        if (r == 0)
                r = api_subtree(c, api_int(c, "unit", 0), "h.unit", &units);
        if (r < 0)
                return r;
        struct span s = arena_printf(
                c->arena,
                "SELECT h.id, h.at, p.name, u.name FROM handover h JOIN unit u ON u.id=h.unit"
                " LEFT JOIN person p ON p.id=h.by WHERE h.at>?1 AND h.taken_at IS NULL"
                " AND ifnull(h.by,0)<>?2 AND (%s) AND (%s) ORDER BY ifnull(h.heir,0)<>?2, h.at DESC"
                " LIMIT 1",
                scope, units);
        r = s.p ? sql_rows(c->db, &q, s.p, "ii", c->now - DAY_NS, c->who.id) : FAIL(-ENOMEM);
        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r < 0 ? r : put(c, "unacknowledged", json_null());
        return put(c, "unacknowledged",
                   json_pack("{s:I,s:o,s:o,s:o}", "id", (json_int_t)sql_int(q, 0), "at",
                             api_json_time(sql_time(q, 1)), "by_name", texts(q, 2), "unit_name",
                             texts(q, 3)));
}

/* ---- all of it ---- */

static int add_headline(struct api_call *c, int64_t clocks) {
        const json_t *decisions = json_object_get(c->answer, "decisions"), *d;
        const json_t *first = json_array_get(json_object_get(c->answer, "clocks"), 0);
        const json_t *next = NULL, *due = json_object_get(first, "due");
        json_int_t n = clocks;
        size_t i;

        json_array_foreach(decisions, i, d) {
                if (!json_is_true(json_object_get(d, "mine")))
                        continue;
                n++;
                if (!next && json_is_string(json_object_get(d, "due")))
                        next = json_object_get(d, "due");
        }
        return put(c, "headline",
                   json_pack("{s:I,s:O?,s:O?}", "waiting", n, "next_decision", next,
                             "next_deadline", due));
}

static int tonight_get(struct api_call *c) {
        int64_t clocks = 0;
        double rate = 0;
        int r;

        c->answer = json_pack("{s:o}", "now", api_json_time(c->now));
        if (!c->answer)
                return FAIL(-ENOMEM);
        r = add_clocks(c, &clocks);
        if (r == 0)
                r = add_incidents(c);
        if (r == 0)
                r = add_decisions(c);
        if (r == 0)
                r = add_last_decision(c);
        if (r == 0)
                r = add_alerts(c);
        if (r == 0)
                r = add_sources(c, &rate);
        if (r == 0)
                r = add_behind(c, rate);
        if (r == 0)
                r = add_duty(c);
        if (r == 0)
                r = add_note(c);
        return r == 0 ? add_headline(c, clocks) : r;
}

extern const struct api_binding api_tonight_bindings[];
const struct api_binding api_tonight_bindings[] = {
        {"tonight.get", tonight_get},
        {0},
};

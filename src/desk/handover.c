/* The handover note, made of what is there: nobody writes down what the node knows. Parts are lists of bounded length; whoever
 * wants more opens their page. The whole is also put into words, in both languages, for printing and for a
 * mail: times there are of the regime's zone.
 *
 *   H1. What a part shows needs the permission of its own list, for the note's unit: a kept note is read by
 *       others than who made it, so parts are taken out again by the same table when it is read. */
#include "desk/handover.h"

#include <stdarg.h>
#include <stdlib.h>

#include "desk/decide.h"
#include "desk/desk_impl.h"
#include "desk/incident.h"
#include "desk/sources.h"
#include "wire/api_shapes.h"

#define ITEMS 200
#define INCIDENTS 50
#define WAITING 50
#define DEADLINES 30
#define SHIFT_NS (INT64_C(12) * 3600 * NS_PER_SEC)

/* H1: both must be held. */
static const struct {
        const char *part, *permission, *also;
} parts[] = {{"alerts", "alerts.read", NULL},
             {"silent", "sources.read", NULL},
             {"containment", "actions.read", NULL},
             {"decisions", "actions.read", "reports.read"}};

static int sees(struct api_call *c, const char *part, int64_t unit) {
        for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
                if (strcmp(parts[i].part, part) != 0)
                        continue;
                int r = api_sees(c, parts[i].permission, unit);
                return r == 1 && parts[i].also ? api_sees(c, parts[i].also, unit) : r;
        }
        return 0;
}

int handover_veil(struct api_call *c, int64_t unit, json_t *note) {
        int r = 1;

        for (size_t i = 0; i < ARRAY_LEN(parts) && r >= 0; i++) {
                r = sees(c, parts[i].part, unit);
                if (r == 0) {
                        json_object_set_new(note, parts[i].part, json_null());
                        /* The words tell of all parts. */
                        json_object_set_new(note, "text_en", json_null());
                        json_object_set_new(note, "text_vi", json_null());
                }
        }
        return MIN(r, 0);
}

/* ---- rows ---- */

struct making {
        struct api_call *c;
        const struct handover *h;
        json_t *o;
        const char *incidents; /* condition on i */
        int64_t next_until;
};

/* "at:T" → a column called "at", of a time; t text, i number, k id or null. */
static int rows_into(struct sql_rows *q, const char *const *columns, json_t *to) {
        int r;

        while ((r = sql_next(q)) == 1) {
                json_t *o = json_object();

                for (int i = 0; columns[i]; i++) {
                        const char *colon = strchr(columns[i], ':');
                        char name[32];
                        json_t *v = sql_null(q, i)    ? json_null()
                                    : colon[1] == 'T' ? api_json_time(sql_time(q, i))
                                    : colon[1] == 't' ? api_json_text(sql_span(q, i))
                                                      : json_integer(sql_int(q, i));

                        snprintf(name, sizeof(name), "%.*s", (int)(colon - columns[i]), columns[i]);
                        json_object_set_new(o, name, v);
                }
                if (json_array_append_new(to, o) < 0)
                        return FAIL(-ENOMEM);
        }
        return r;
}

/* A list of that name by an SQL text of the arena. */
static int put_rows(struct making *m, const char *name, const char *const *columns,
                    struct span sql) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        json_t *list = json_array();

        if (!sql.p || json_object_set_new(m->o, name, list) < 0)
                return FAIL(-ENOMEM);
        int r = sql_rows(m->c->db, &q, sql.p, "ii", m->h->from, m->h->to);
        return r < 0 ? r : rows_into(q, columns, list);
}

static int count(struct making *m, json_t *to, const char *name, struct span sql) {
        int64_t n = 0;
        int r = sql.p ? sql_get_int(m->c->db, &n, sql.p, "") : FAIL(-ENOMEM);

        if (r >= 0 && json_object_set_new(to, name, json_integer((json_int_t)n)) < 0)
                return FAIL(-ENOMEM);
        return MIN(r, 0);
}

/* ---- parts ---- */

#define AT_WORK "i.state IN ('open','declared','containing','recovering','watching')"

static int put_incidents(struct making *m) {
        static const char *const columns[] = {"id:i",        "code:t",     "title:t",
                                              "severity:t",  "state:t",    "serious:t",
                                              "lead_name:t", "next_due:T", NULL};
        static const char text[] =
                "SELECT i.id, i.code, i.title, i.severity, i.state, i.serious, p.name, i.next_due"
                " FROM incident i LEFT JOIN person p ON p.id=i.lead WHERE i.%s>?1 AND i.%s<=?2"
                " AND %s ORDER BY i.%s LIMIT %d";
        struct arena *a = m->c->arena;
        int r = put_rows(
                m, "opened", columns,
                arena_printf(a, text, "opened", "opened", m->incidents, "opened", INCIDENTS));

        return r < 0 ? r
                     : put_rows(m, "closed", columns,
                                arena_printf(a, text, "closed", "closed", m->incidents, "closed",
                                             INCIDENTS));
}

static int put_items(struct making *m) {
        static const char *const columns[] = {
                "at:T", "kind:t", "text:t", "text_vi:t", "incident:i", "incident_code:t", NULL};
        struct span sql = arena_printf(
                m->c->arena,
                "SELECT * FROM (SELECT t.written AS at, t.kind, t.text, t.text_vi, t.incident,"
                " i.code, t.id AS id FROM incident_entry t JOIN incident i ON i.id=t.incident"
                " WHERE t.written>?1 AND t.written<=?2 AND t.kind<>'alert' AND %s"
                " ORDER BY t.written DESC, t.id DESC LIMIT %d) ORDER BY at, id",
                m->incidents, ITEMS);
        json_t *moved = json_array();
        const json_t *e;
        size_t i;
        int r = put_rows(m, "items", columns, sql);

        if (r < 0 || json_object_set_new(m->o, "moved", moved) < 0)
                return r < 0 ? r : FAIL(-ENOMEM);
        json_array_foreach(json_object_get(m->o, "items"), i, e) {
                const char *kind = json_string_value(json_object_get(e, "kind"));

                if (kind && strcmp(kind, "state") == 0)
                        json_array_append(moved, (json_t *)(uintptr_t)e);
        }
        return 0;
}

/* Tasks that are nobody's or late, incidents that nobody leads. */
static int put_waiting(struct making *m) {
        static const char *const columns[] = {"kind:t",     "id:i",  "code:t",       "title:t",
                                              "title_vi:t", "due:T", "owner_name:t", NULL};

        return put_rows(
                m, "waiting", columns,
                arena_printf(
                        m->c->arena,
                        "SELECT * FROM (SELECT 'incident', i.id, i.code, 'Nobody leads: '||i.title,"
                        " 'Chưa có chỉ huy: '||i.title, i.next_due AS due, NULL FROM incident i"
                        " WHERE " AT_WORK " AND i.lead IS NULL AND ?1<=?2 AND %s"
                        " UNION ALL SELECT 'task', t.id, i.code, t.title, t.title, t.due, p.name"
                        " FROM incident i JOIN incident_task t ON t.incident=i.id LEFT JOIN"
                        " person p ON p.id=t.owner WHERE " AT_WORK
                        " AND t.state IN ('open','doing') AND (t.owner IS NULL OR t.due<=?2)"
                        " AND %s ) ORDER BY due IS NULL, due LIMIT %d",
                        m->incidents, m->incidents, WAITING));
}

/* Until the next shift ends: the one that begins next, or half a day. */
static int put_deadlines(struct making *m) {
        json_t *list = json_array();
        struct api_list_spec l = {0};
        int64_t until = 0;
        int r = sql_get_int(m->c->db, &until,
                            "SELECT max(until) FROM duty WHERE unit=?1 AND since>=?2 AND since<=?3",
                            "iii", m->h->unit, m->h->to, m->h->to + SHIFT_NS);

        if (r < 0 || json_object_set_new(m->o, "deadlines", list) < 0)
                return r < 0 ? r : FAIL(-ENOMEM);
        m->next_until = until > m->h->to ? until : m->h->to + SHIFT_NS;
        json_object_set_new(m->o, "next_until", api_json_time(m->next_until));
        r = incident_clock_spec(m->c, &l);
        if (r < 0)
                return r;
        struct span where = arena_printf(m->c->arena,
                                         "t.met_at IS NULL AND t.void_at IS NULL AND t.state<>0 AND"
                                         " i.state<>'false_alarm' AND t.due<=%lld AND %s",
                                         (long long)m->next_until, m->incidents);
        l.where = where.p;
        return where.p ? api_rows(m->c, &l, "t.due, t.id", DEADLINES, list) : FAIL(-ENOMEM);
}

static int put_sources(struct making *m, const char *units) {
        static const char *const columns[] = {"name:t", "state:t", "since:T", "system_name:t",
                                              NULL};
        int r = sources_fresh(m->c);

        return r < 0 ? r
                     : put_rows(m, "silent", columns,
                                arena_printf(m->c->arena,
                                             "SELECT n.name, n.state, n.last_seen, s.name"
                                             " FROM " FROM_SOURCES " WHERE n.state<>'sending'"
                                             " AND ?1<=?2 AND %s ORDER BY n.name LIMIT 50",
                                             units));
}

static int put_containment(struct making *m, const char *units) {
        static const char *const columns[] = {"id:i",    "code:t",     "targets:t",       "state:t",
                                              "until:T", "incident:i", "incident_code:t", NULL};

        return put_rows(
                m, "containment", columns,
                arena_printf(m->c->arena,
                             "SELECT a.id, printf('NC-%%04d',a.id), a.text, a.state,"
                             " a.until, a.incident, i.code FROM action a LEFT JOIN incident"
                             " i ON i.id=a.incident WHERE a.state IN"
                             " ('approved','in_force') AND a.id<1000000000 AND ?1<=?2 AND %s"
                             " ORDER BY a.until LIMIT 50",
                             units));
}

static int put_alerts(struct making *m, const char *units) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        static const char *const names[] = {"critical", "high", "medium", "low", "info"};
        json_t *of = json_object(), *alerts = json_pack("{s:o}", "by_severity", of);
        int64_t all = 0, oldest = TIME_NONE;
        struct span sql = arena_printf(
                m->c->arena,
                "SELECT t.severity, count(*), min(t.waiting_since) FROM"
                " triage t WHERE t.status='new' AND t.alert<1000000000 AND %s GROUP BY 1",
                units);

        if (!alerts || json_object_set_new(m->o, "alerts", alerts) < 0)
                return FAIL(-ENOMEM);
        for (size_t i = 0; i < ARRAY_LEN(names); i++)
                json_object_set_new(of, names[i], json_integer(0));
        int r = sql.p ? sql_rows(m->c->db, &q, sql.p, "") : FAIL(-ENOMEM);
        while (r == 0 && (r = sql_next(q)) == 1) {
                struct span name = arena_dup(m->c->arena, sql_span(q, 0));

                if (!name.p)
                        return FAIL(-ENOMEM);
                json_object_set_new(of, name.p, json_integer(sql_int(q, 1)));
                all += sql_int(q, 1);
                if (!sql_null(q, 2) && (oldest == TIME_NONE || sql_time(q, 2) < oldest))
                        oldest = sql_time(q, 2);
                r = 0;
        }
        json_object_set_new(alerts, "new", json_integer((json_int_t)all));
        json_object_set_new(alerts, "oldest", api_json_time(oldest));
        return r;
}

static int put_open(struct making *m, const char *units_t, const char *units_a) {
        struct arena *a = m->c->arena;
        json_t *o = json_object();

        if (json_object_set_new(m->o, "open", o) < 0)
                return FAIL(-ENOMEM);
        int r = count(m, o, "incidents",
                      arena_printf(a, "SELECT count(*) FROM incident i WHERE " AT_WORK " AND %s",
                                   m->incidents));
        if (r == 0)
                r = count(m, o, "tasks",
                          arena_printf(a,
                                       "SELECT count(*) FROM incident i JOIN incident_task t ON"
                                       " t.incident=i.id WHERE " AT_WORK
                                       " AND t.state IN ('open','doing') AND %s",
                                       m->incidents));
        if (r == 0)
                r = count(m, o, "actions",
                          arena_printf(a,
                                       "SELECT count(*) FROM action a WHERE a.state IN"
                                       " ('approved','in_force') AND a.id<1000000000 AND %s",
                                       units_a));
        return r < 0 ? r
                     : count(m, o, "alerts",
                             arena_printf(a,
                                          "SELECT ifnull(sum(t.n),0) FROM waiting t WHERE "
                                          "t.drill=0 AND %s",
                                          units_t));
}

/* What a unit and those below have, if this asker may see it; else null. */
static int put_guarded(struct making *m) {
        struct api_call *c = m->c;
        const char *t = "0", *a = "0", *s = "0";
        int r = api_subtree(c, m->h->unit, "t.unit", &t), may = 0;

        if (r == 0)
                r = api_subtree(c, m->h->unit, "a.unit", &a);
        if (r == 0)
                r = api_subtree(c, m->h->unit, "ifnull(s.unit,1)", &s);
        if (r == 0 && (may = sees(c, "silent", m->h->unit)) == 1)
                r = put_sources(m, s);
        if (r == 0 && may >= 0 && (may = sees(c, "containment", m->h->unit)) == 1)
                r = put_containment(m, a);
        if (r == 0 && may >= 0 && (may = sees(c, "alerts", m->h->unit)) == 1)
                r = put_alerts(m, t);
        if (r == 0 && may >= 0 && (may = sees(c, "decisions", m->h->unit)) == 1) {
                json_t *list = NULL;

                r = decisions_of(c, m->h->unit, &list);
                for (size_t i = json_array_size(list);
                     i-- > 0;) /* a night's note is of what is real */
                        if (json_is_true(json_object_get(json_array_get(list, i), "drill")))
                                json_array_remove(list, i);
                if (r == 0)
                        json_object_set_new(m->o, "decisions", list);
        }
        return r < 0 || may < 0 ? MIN(r, may) : put_open(m, t, a);
}

/* ---- in words ---- */

static int64_t zone_of(struct api_call *c) {
        const json_t *regime = c->desk->regimes ? regime_at(c->desk->regimes, c->now) : NULL;
        const char *z = json_string_value(json_object_get(regime, "zone"));

        if (!z || strlen(z) != 6)
                return 0;
        return (strtol(z + 1, NULL, 10) * 60 + strtol(z + 4, NULL, 10)) * (z[0] == '-' ? -60 : 60) *
               NS_PER_SEC;
}

/* "23/11 21:40" of an RFC 3339 text, there. */
static const char *moment(struct api_call *c, const json_t *v, char to[40]) {
        const char *s = json_string_value(v);
        int64_t ns = s ? time_parse_iso(span_str(s), 0) : TIME_NONE;
        char iso[40];

        if (ns == TIME_NONE)
                return "–";
        time_format(iso, ns + zone_of(c), 0);
        snprintf(to, 40, "%.2s/%.2s %.5s", iso + 8, iso + 5, iso + 11);
        return to;
}

static const char *str(const json_t *o, const char *name) {
        const char *s = json_string_value(json_object_get(o, name));

        return s ? s : "–";
}

struct words {
        struct api_call *c;
        struct buf b;
        bool vi;
};

static void heading(struct words *w, const json_t *list, const char *en, const char *vi) {
        if (json_array_size(list))
                buf_printf(&w->b, "\n%s (%zu)\n", w->vi ? vi : en, json_array_size(list));
}

/* Lines of a list: "when code what". */
static void lines(struct words *w, const json_t *list, const char *when, const char *code,
                  const char *what) {
        const json_t *e;
        size_t i;

        json_array_foreach(list, i, e) {
                char at[40], vi[32];

                snprintf(vi, sizeof(vi), "%s_vi", what);
                const char *text = str(e, what), *other = json_string_value(json_object_get(e, vi));
                buf_printf(&w->b, "- %s %s %s\n", moment(w->c, json_object_get(e, when), at),
                           str(e, code), w->vi && other ? other : text);
        }
}

static int put_words(struct making *m, const char *name, bool vi) {
        struct words w = {m->c, {.limit = (size_t)256 << 10}, vi};
        const json_t *o = m->o, *alerts = json_object_get(o, "alerts");
        char from[40], to[40];

        buf_printf(&w.b, vi ? "BÀN GIAO CA, %s: %s – %s\n" : "HANDOVER, %s: %s – %s\n",
                   str(o, "unit_name"), moment(m->c, json_object_get(o, "from"), from),
                   moment(m->c, json_object_get(o, "to"), to));
        if (alerts)
                buf_printf(&w.b, vi ? "Cảnh báo mới: %lld\n" : "New alerts: %lld\n",
                           (long long)json_integer_value(json_object_get(alerts, "new")));
        heading(&w, json_object_get(o, "deadlines"), "Deadlines", "Thời hạn");
        lines(&w, json_object_get(o, "deadlines"), "due", "incident_code", "title");
        heading(&w, json_object_get(o, "decisions"), "Decisions that wait", "Chờ quyết định");
        lines(&w, json_object_get(o, "decisions"), "due", "code", "title");
        heading(&w, json_object_get(o, "opened"), "Incidents opened", "Sự cố mới lập");
        lines(&w, json_object_get(o, "opened"), "next_due", "code", "title");
        heading(&w, json_object_get(o, "closed"), "Incidents closed", "Sự cố đã đóng");
        lines(&w, json_object_get(o, "closed"), "next_due", "code", "title");
        heading(&w, json_object_get(o, "waiting"), "Left to do", "Việc còn treo");
        lines(&w, json_object_get(o, "waiting"), "due", "code", "title");
        heading(&w, json_object_get(o, "containment"), "Containment in force", "Đang ngăn chặn");
        lines(&w, json_object_get(o, "containment"), "until", "code", "targets");
        heading(&w, json_object_get(o, "silent"), "Silent sources", "Nguồn im lặng");
        lines(&w, json_object_get(o, "silent"), "since", "name", "system_name");
        heading(&w, json_object_get(o, "items"), "What happened", "Diễn biến");
        lines(&w, json_object_get(o, "items"), "at", "incident_code", "text");
        json_t *text = w.b.failed ? NULL : api_json_text(buf_get(&w.b));
        buf_deinit(&w.b);
        return text && json_object_set_new(m->o, name, text) == 0 ? 0 : FAIL(-ENOMEM);
}

/* ---- all of it ---- */

static int of_unit(struct making *m) {
        const char *units = "0";
        int r = api_subtree(m->c, m->h->unit, "x.unit", &units);

        if (r < 0)
                return r;
        struct span s = arena_printf(m->c->arena,
                                     "i.drill=0 AND EXISTS(SELECT 1 FROM incident_unit x WHERE"
                                     " x.incident=i.id AND (%s))",
                                     units);
        m->incidents = s.p;
        return s.p ? 0 : FAIL(-ENOMEM);
}

static int head(struct making *m) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(m->c->db, &q, "SELECT ifnull(name_vi,name) FROM unit WHERE id=?1", "i",
                         m->h->unit);

        if (r == 0)
                r = sql_next(q);
        if (r < 0)
                return r;
        m->o = json_pack("{s:I,s:o,s:o,s:o,s:n,s:n,s:n,s:n}", "unit", (json_int_t)m->h->unit,
                         "unit_name", r == 1 ? api_json_text(sql_span(q, 0)) : json_null(), "from",
                         api_json_time(m->h->from), "to", api_json_time(m->h->to), "silent",
                         "containment", "alerts", "decisions");
        return m->o ? 0 : FAIL(-ENOMEM);
}

int handover_note(struct api_call *c, const struct handover *h, json_t **ret) {
        static int (*const all[])(struct making *) = {
                head, of_unit, put_incidents, put_items, put_waiting, put_deadlines, put_guarded};
        struct making m = {.c = c, .h = h};
        int r = 0;

        for (size_t i = 0; i < ARRAY_LEN(all) && r == 0; i++)
                r = all[i](&m);
        if (r == 0)
                r = put_words(&m, "text_en", false);
        if (r == 0)
                r = put_words(&m, "text_vi", true);
        if (r < 0)
                json_decref(m.o);
        else
                *ret = m.o;
        return r;
}

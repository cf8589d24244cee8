/* Alerts that become an incident by themselves, as opening rules say (api_openings.c). It is done as a person would do
 * it, by the same functions, in the transaction that wrote the alert, under the rule's name in the audit log.
 *
 *   O1. One rule opens one incident for one system within a day: what fits later joins that, as long as it is
 *       being worked on.
 *   O2. Beyond its limit by the hour, or that of all rules (settings), and beyond JOINED_MOST alerts in one incident,
 *       alerts stay in the queue and are counted: a flood fills no timeline.
 *   O3. What cannot be opened is no error: the alert waits in the queue as any other. */
#include <stdlib.h>

#include "base/utf8.h"
#include "desk/api_impl.h"
#include "desk/desk_impl.h"
#include "desk/incident.h"
#include "desk/settings.h"

#define HOUR_NS (INT64_C(3600) * NS_PER_SEC)
#define DAY_NS (24 * HOUR_NS)
#define JOINED_MOST 200

struct opening {
        int64_t id, per_hour, system, unit;
        char name[256], kind[64], title[512];
};

static void copy(char *to, size_t room, struct span s) {
        snprintf(to, room, "%.*s", (int)MIN(s.len, room - 1), s.len ? s.p : "");
        size_t n = strlen(to);
        while (n && !utf8_valid(span_of(to, n))) /* cut within a letter */
                to[--n] = '\0';
}

/* The first that fits. 1, 0, -errno. */
static int find(struct desk *d, int64_t alert, struct opening *o) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                state_sql(d->state), &q,
                "SELECT o.id, o.per_hour, ifnull(t.system,0), t.unit, o.name, ifnull(o.kind,''),"
                " r.title||iif(t.host='','',' – '||t.host) FROM triage t"
                " JOIN alert a ON a.id=t.alert JOIN rule r ON r.ref=a.rule"
                " JOIN unit b ON b.id=t.unit LEFT JOIN system s ON s.id=t.system,"
                " opening o JOIN unit u ON u.id=o.unit"
                " WHERE t.alert=?1 AND t.status='new' AND o.active=1"
                " AND substr(b.path,1,length(u.path))=u.path"
                " AND o.severity<=CASE t.severity WHEN 'critical' THEN 4 WHEN 'high' THEN 3 WHEN"
                " 'medium' THEN 2 WHEN 'low' THEN 1 ELSE 0 END"
                " AND (o.level IS NULL OR s.level>=o.level)"
                " AND (o.match='any' OR (o.match='rule' AND o.value=t.rule) OR (o.match='tag' AND"
                " EXISTS(SELECT 1 FROM json_each(r.tags) j WHERE j.value=o.value)))"
                " ORDER BY o.id LIMIT 1",
                "i", alert);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r;
        *o = (struct opening){.id = sql_int(q, 0),
                              .per_hour = sql_int(q, 1),
                              .system = sql_int(q, 2),
                              .unit = sql_int(q, 3)};
        copy(o->name, sizeof(o->name), sql_span(q, 4));
        copy(o->kind, sizeof(o->kind), sql_span(q, 5));
        copy(o->title, sizeof(o->title), sql_span(q, 6));
        return 1;
}

/* O1: 1: there is one to join. */
static int running(struct desk *d, const struct opening *o, int64_t *ret) {
        return sql_get_int(
                state_sql(d->state), ret,
                "SELECT m.incident FROM opening_made m JOIN incident i ON i.id=m.incident"
                " WHERE m.opening=?1 AND m.system=?2 AND m.at>?3 AND i.state IN"
                " ('open','declared','containing','recovering','watching')"
                " ORDER BY m.at DESC LIMIT 1",
                "iii", o->id, o->system, d->wall - DAY_NS);
}

/* O2: 1: it may. */
static int may_open(struct desk *d, const struct opening *o) {
        struct sql *s = state_sql(d->state);
        int64_t own = 0, all = 0, most = 0;
        int r = sql_get_int(s, &own, "SELECT count(*) FROM opening_made WHERE opening=?1 AND at>?2",
                            "ii", o->id, d->wall - HOUR_NS);

        if (r >= 0)
                r = sql_get_int(s, &all, "SELECT count(*) FROM opening_made WHERE at>?1", "i",
                                d->wall - HOUR_NS);
        if (r >= 0)
                r = setting_number(s, "opening_per_hour", &most);
        return r < 0 ? r : own < o->per_hour && all < most;
}

/* O2: 1: it has room for one more. */
static int may_join(struct desk *d, int64_t incident) {
        int64_t n = 0;
        int r = sql_get_int(state_sql(d->state), &n,
                            "SELECT count(*) FROM incident_alert WHERE incident=?1", "i", incident);

        return r < 0 ? r : n < JOINED_MOST;
}

/* As a request of the rule itself. */
static struct held *request(struct desk *d, const struct opening *o, int64_t alert) {
        struct held *h = api_own_new(d, d->wall);

        if (!h)
                return NULL;
        h->c.op = api_op(api_number("incidents.open"));
        h->c.who.name = SPAN_NONE; /* the entry says that a rule did it */
        json_decref(h->c.in);
        h->c.in = json_pack("{s:s,s:I,s:[I],s:s}", "title", o->title, "unit", (json_int_t)o->unit,
                            "alerts", (json_int_t)alert, "detection", "rule");
        if (h->c.in && o->system)
                json_object_set_new(h->c.in, "system", json_integer(o->system));
        if (h->c.in && *o->kind)
                json_object_set_new(h->c.in, "kind", json_string(o->kind));
        return h;
}

static int join(struct api_call *c, int64_t incident, int64_t alert) {
        struct incident i = {0};
        int r = incident_get(c, incident, "incidents.work", &i);

        if (r == 0)
                r = incident_join(c, &i, alert);
        return r == 0 ? incident_touch(c, &i) : r;
}

static int open_one(struct api_call *c, const struct opening *o) {
        int r = incident_do_open(c);

        return r != 0 ? r
                      : sql_do(c->db, "INSERT INTO opening_made VALUES(?1,?2,?3,?4)", "iiii",
                               (int64_t)json_integer_value(json_object_get(c->answer, "id")), o->id,
                               o->system, c->now);
}

static int held_back(struct desk *d, const struct opening *o) {
        return sql_do(state_sql(d->state), "UPDATE opening SET held=held+1 WHERE id=?1", "i",
                      o->id);
}

static int note(struct desk *d, const struct opening *o, const char *what, int64_t alert,
                const char *about) {
        char who[96], detail[400];

        snprintf(who, sizeof(who), "opening rule %lld", (long long)o->id);
        snprintf(detail, sizeof(detail), "alert %lld: %s", (long long)alert, o->name);
        return state_audit(d->state, d->wall, who, what, span_str(about), span_str(detail));
}

/* O3: what is refused is undone. */
static int act(struct desk *d, const struct opening *o, int64_t incident, int64_t alert) {
        struct held *h = request(d, o, alert);
        int r = h && h->c.in ? sql_do(state_sql(d->state), "SAVEPOINT opening", "") : FAIL(-ENOMEM);

        if (r == 0)
                r = incident ? join(&h->c, incident, alert) : open_one(&h->c, o);
        bool refused = r > 0;
        if (refused)
                r = sql_do(state_sql(d->state), "ROLLBACK TO opening", "");
        if (r == 0)
                r = sql_do(state_sql(d->state), "RELEASE opening", "");
        if (r == 0)
                r = refused ? held_back(d, o)
                            : note(d, o, incident ? "incidents.alerts_add" : "incidents.open",
                                   alert, h->c.about);
        if (h)
                api_own_free(h);
        return r;
}

int openings_look(struct desk *d, int64_t alert) {
        int64_t on = 0, incident = 0;
        struct opening o;
        int r = find(d, alert, &o);

        if (r == 1)
                r = setting_number(state_sql(d->state), "opening_enabled", &on) < 0 ? -EIO : 1;
        if (r <= 0 || !on)
                return MIN(r, 0);
        r = running(d, &o, &incident);
        if (r >= 0)
                r = r ? may_join(d, incident) : may_open(d, &o);
        if (r < 0)
                return r;
        return r == 0 ? held_back(d, &o) : act(d, &o, incident, alert);
}

/* See incident.h. What is read here of rows was written by the handlers, who checked it; what the regime
 * says comes from rules/regime.c.
 *
 *   I1. Every change of an incident writes an entry of its timeline in the same transaction.
 *   I2. A clock that was met or voided is never touched again by facts.
 *   I3. An alert is in one incident at most (primary key of incident_alert).
 *   I4. Codes count from 1 in each year, of the regime's zone, without gaps.
 *   I7. Who brings in an alert or a system may see it by their own roles: an incident of theirs is no
 *       way to read another unit's. (I5, I6: doc/incidents.md.) */
#include "desk/incident.h"

#include <stdarg.h>
#include <stdio.h>

#include "desk/desk_impl.h"
#include "desk/exercise.h"
#include "desk/matter.h"
#include "desk/settings.h"

struct span incident_text(struct api_call *c, const char *fmt, ...) {
        char text[1024];
        va_list ap;

        va_start(ap, fmt);
        int n = vsnprintf(text, sizeof(text), fmt, ap);
        va_end(ap);
        size_t len = n < 0 ? 0 : MIN((size_t)n, sizeof(text) - 1);
        /* What was too long ends at a whole character. */
        if ((size_t)MAX(n, 0) > len) {
                while (len && ((unsigned char)text[len - 1] & 0xc0) == 0x80)
                        len--;
                len -= len > 0;
        }
        return arena_dup(c->arena, span_of(text, len));
}

/* ---- finding one ---- */

static enum fact fact_of(struct span s) {
        return span_eq(s, SPAN("yes")) ? FACT_YES : span_eq(s, SPAN("no")) ? FACT_NO : FACT_UNKNOWN;
}

int incident_read(struct api_call *c, int64_t id, struct incident *i) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                c->db, &q,
                "SELECT i.unit, i.system, i.lead, (SELECT max(s.level) FROM incident_systems x JOIN"
                " system s ON s.id=x.system WHERE x.incident=i.id), i.version, i.t0, i.opened, "
                "i.code,"
                " i.title, i.state, i.kind, i.harm, i.severity, i.severity_set, i.regime,"
                " i.serious, i.drill FROM incident i WHERE i.id=?1",
                "i", id);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r;
        struct span *texts[] = {&i->code, &i->title,    &i->state,        &i->kind,
                                &i->harm, &i->severity, &i->severity_set, &i->regime_id};
        *i = (struct incident){.id = id,
                               .unit = sql_int(q, 0),
                               .system = sql_int(q, 1),
                               .lead = sql_int(q, 2),
                               .level = sql_int(q, 3),
                               .version = sql_int(q, 4),
                               .t0 = sql_int(q, 5),
                               .opened = sql_int(q, 6),
                               .serious = fact_of(sql_span(q, 15)),
                               .drill = sql_int(q, 16),
                               .severity_is_set = !sql_null(q, 13)};
        for (size_t n = 0; n < ARRAY_LEN(texts); n++) {
                *texts[n] = arena_dup(c->arena, sql_span(q, (int)n + 7));
                if (!texts[n]->p)
                        return FAIL(-ENOMEM);
        }
        i->regime = c->desk->regimes ? regime_get(c->desk->regimes, i->regime_id.p) : NULL;
        return 1;
}

int64_t tlp_rank(struct span tlp) {
        static const char *const marks[] = {"", "clear", "green", "amber", "amber_strict", "red"};

        for (int64_t i = 1; i < (int64_t)ARRAY_LEN(marks); i++)
                if (span_eq(tlp, span_str(marks[i])))
                        return i;
        return 0;
}

bool incident_for_guests(const struct api_call *c) {
        static const char *const may[] = {"incidents.list",     "incidents.get",
                                          "incidents.timeline", "incidents.observables",
                                          "clocks.list",        "tonight.get"};

        for (size_t i = 0; i < ARRAY_LEN(may); i++)
                if (strcmp(c->op->id, may[i]) == 0)
                        return true;
        return false;
}

/* Whether one of the units that work on it is theirs. A guest has one incident, and reads it. */
static int sees(struct api_call *c, int64_t id, const char *permission) {
        const char *scope = NULL, *drill = NULL;
        int64_t n = 0;
        int r;

        if (c->who.incident) {
                if (c->who.incident != id || strcmp(permission, "incidents.read") != 0 ||
                    !incident_for_guests(c))
                        return 0;
                r = sql_get_int(c->db, &n, "SELECT " TLP_RANK("tlp") " FROM incident WHERE id=?1",
                                "i", id);
                return r < 0 ? r : n <= c->who.tlp;
        }
        r = api_scope(c, permission, "u.unit", &scope);
        if (r == 0)
                r = matter_sees(c, "i.drill", true, &drill);
        if (r < 0)
                return r;
        struct span sql = arena_printf(c->arena,
                                       "SELECT count(*) FROM incident_unit u JOIN incident i ON"
                                       " i.id=u.incident WHERE u.incident=?1 AND (%s) AND (%s)",
                                       scope, drill);
        if (!sql.p)
                return FAIL(-ENOMEM);
        r = sql_get_int(c->db, &n, sql.p, "i", id);
        return r < 0 ? r : n > 0;
}

int incident_get(struct api_call *c, int64_t id, const char *permission, struct incident *ret) {
        int r = incident_read(c, id, ret);

        if (r == 1)
                r = sees(c, id, "incidents.read");
        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        r = sees(c, id, permission);
        if (r == 0)
                return api_refuse(c, 403, "not_allowed",
                                  "Your role in these units does not allow this",
                                  "Vai trò của bạn ở các đơn vị này không cho phép");
        return r < 0 ? r : 0;
}

int incident_fresh(struct api_call *c, const struct incident *i) {
        int64_t seen = api_int(c, "version", i->version);

        return seen == i->version
                       ? 0
                       : api_refuse(c, 409, "stale",
                                    "Somebody changed it meanwhile: look again, then repeat",
                                    "Có người vừa thay đổi: hãy xem lại rồi làm lại");
}

int incident_touch(struct api_call *c, const struct incident *i) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_do(c->db, "UPDATE incident SET version=version+1 WHERE id=?1", "i", i->id);

        if (r != 0)
                return r;
        snprintf(c->about, sizeof(c->about), "incident %lld", (long long)i->id);
        r = sql_rows(c->db, &q, "SELECT unit FROM incident_unit WHERE incident=?1", "i", i->id);
        while (r == 0 && (r = sql_next(q)) == 1) { /* all that work on it */
                api_tell(c, "incident", i->id, sql_int(q, 0));
                r = 0;
        }
        return r;
}

/* ---- the timeline ---- */

int incident_write(struct api_call *c, int64_t incident, const struct incident_entry *e) {
        if (!e->en.p || !e->vi.p)
                return FAIL(-ENOMEM);
        return sql_do(c->db,
                      "INSERT INTO incident_entry(incident,at,written,kind,by,text,text_vi,about,"
                      "about_id,corrects) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)",
                      "iiiskttskk", incident, e->at == TIME_NONE || !e->at ? c->now : e->at, c->now,
                      e->kind, c->who.id, e->en, e->vi, e->about, e->about_id, e->corrects);
}

/* ---- facts and clocks ---- */

static enum fact answered(struct incident_facts *f, const char *id) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        enum fact v = FACT_UNKNOWN;
        int r = sql_rows(f->c->db, &q,
                         "SELECT answer FROM incident_answer WHERE incident=?1 AND question=?2"
                         " ORDER BY id DESC LIMIT 1",
                         "is", f->i->id, id);

        if (r == 0 && (r = sql_next(q)) == 1)
                v = fact_of(sql_span(q, 0));
        if (r < 0)
                f->error = r;
        return v;
}

static enum fact fact_get(void *ctx, const char *id) {
        struct incident_facts *f = ctx;

        if (strcmp(id, "serious") == 0)
                return f->i->serious;
        enum fact v = answered(f, id);
        const json_t *q = v == FACT_UNKNOWN ? regime_entry(f->i->regime, "questions", id) : NULL;
        if (!q)
                return v;
        v = regime_known(q, f->i->level);
        const char *only = json_string_value(json_object_get(q, "only_if"));
        /* `only_if` names a question that depends on none (rules/regime.c): no deeper than this. */
        if (v == FACT_UNKNOWN && only && answered(f, only) == FACT_NO)
                return FACT_NO;
        return v;
}

struct facts incident_facts(struct incident_facts *f, struct api_call *c,
                            const struct incident *i) {
        *f = (struct incident_facts){c, i, 0};
        return (struct facts){fact_get, f};
}

/* When the fact that a clock counts from was answered yes. */
static int since(struct api_call *c, const struct incident *i, const json_t *rule, int64_t *ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        const char *name = json_string_value(json_object_get(rule, "since"));
        int r;

        *ret = TIME_NONE;
        if (!name)
                return 0;
        r = sql_rows(c->db, &q,
                     "SELECT answer, at FROM incident_answer WHERE incident=?1 AND question=?2"
                     " ORDER BY id DESC LIMIT 1",
                     "is", i->id, name);
        if (r == 0 && (r = sql_next(q)) == 1 && fact_of(sql_span(q, 0)) == FACT_YES)
                *ret = sql_time(q, 1);
        return r < 0 ? r : 0;
}

static const char *of(const json_t *o, const char *name) {
        const char *s = json_string_value(json_object_get(o, name));
        return s ? s : "";
}

static int put_clock(struct api_call *c, const struct incident *i, const struct regime_clock *k) {
        int64_t hours = 0;

        if (k->due == TIME_NONE)
                return 0;
        int r = setting_number(c->db, "deadline_warn_h", &hours);
        if (r < 0)
                return r;
        int64_t warn = MAX(MIN(k->warn, k->due - hours * 3600 * NS_PER_SEC), k->begins);
        return sql_do(c->db,
                      "INSERT INTO incident_clock(incident,clock,state,begins,due,warn,title,"
                      "title_vi,basis,checked,report) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)"
                      " ON CONFLICT(incident,clock) DO UPDATE SET state=excluded.state,"
                      " begins=excluded.begins, due=excluded.due, warn=excluded.warn,"
                      " warned=CASE WHEN due=excluded.due THEN warned END,"
                      " told_late=CASE WHEN due=excluded.due THEN told_late END"
                      " WHERE met_at IS NULL AND void_at IS NULL", /* I2 */
                      "isiiiisssss", i->id, k->id, (int64_t)k->state, k->begins, k->due, warn,
                      of(k->rule, "en"), of(k->rule, "vi"), of(k->rule, "basis"),
                      of(k->rule, "status"), k->report);
}

int incident_clocks(struct api_call *c, const struct incident *i) {
        struct incident_facts ctx;
        struct facts f = incident_facts(&ctx, c, i);
        struct regime_clock k;
        int64_t t0 = matter_at(c, i->drill, i->t0); /* a drill's deadlines are of its own clock */
        int r = 0;

        for (size_t n = 0; r == 0 && regime_clock(i->regime, n, t0, TIME_NONE, &f, &k); n++) {
                int64_t from;

                r = since(c, i, k.rule, &from);
                if (r == 0 && from != TIME_NONE)
                        regime_clock(i->regime, n, t0, matter_at(c, i->drill, from), &f, &k);
                if (r == 0)
                        r = ctx.error ? ctx.error : put_clock(c, i, &k);
        }
        if (r < 0)
                return r;
        return sql_do(c->db,
                      "UPDATE incident SET next_due=(SELECT min(due) FROM incident_clock"
                      " WHERE incident=?1 AND state<>0 AND met_at IS NULL AND void_at IS NULL)"
                      " WHERE id=?1",
                      "i", i->id);
}

/* ---- severity: by the regime's table, unless a person said otherwise ---- */

/* As long as no system is named nobody knows its level: medium. */
static const char *by_table(const struct incident *i, int64_t level, const char *harm) {
        const char *s = regime_severity(i->regime, level, harm);

        return s ? s : "medium";
}

int incident_severity(struct api_call *c, const struct incident *i) {
        int64_t level = 0;
        int r = sql_get_int(c->db, &level,
                            "SELECT ifnull(max(s.level),0) FROM incident_systems x JOIN system s ON"
                            " s.id=x.system WHERE x.incident=?1",
                            "i", i->id);

        if (r < 0)
                return r;
        return sql_do(c->db, "UPDATE incident SET severity=ifnull(severity_set,?2) WHERE id=?1",
                      "is", i->id, by_table(i, level, i->harm.p));
}

/* ---- alerts ---- */

int incident_leave(struct api_call *c, const struct incident *i, int64_t alert) {
        struct incident_entry e = {.kind = "alert",
                                   .about = "alert",
                                   .about_id = alert,
                                   .en = incident_text(c, "Alert %lld taken out", (long long)alert),
                                   .vi = incident_text(c, "Tách cảnh báo %lld", (long long)alert)};
        int r = sql_do(c->db, "DELETE FROM incident_alert WHERE alert=?1 AND incident=?2", "ii",
                       alert, i->id);

        if (r == 0 && sql_changes(c->db) == 0)
                return api_missing(c);
        if (r == 0)
                r = incident_write(c, i->id, &e);
        return r == 0 ? incident_touch(c, i) : r;
}

/* A drill's events are dated by its own clock, ahead of ours: its timeline has when each was played. */
static int played_at(struct api_call *c, int64_t play, int64_t *at) {
        struct exercise_play p;
        int64_t real;
        int r = exercise_play_of(c->db, play, c->now, &p);

        if (r != 1 || p.started == TIME_NONE || *at <= p.started)
                return MIN(r, 0);
        r = exercise_real_of(c->db, play, (*at - p.started) / INT64_C(1000000), &real);
        if (r >= 0 && real != TIME_NONE)
                *at = MIN(real, c->now);
        return MIN(r, 0);
}

int incident_join(struct api_call *c, const struct incident *i, int64_t alert) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                c->db, &q,
                "SELECT r.title, r.title_vi, a.host, a.count, a.first, t.unit, t.drill FROM alert a"
                " JOIN rule r ON r.ref=a.rule JOIN triage t ON t.alert=a.id WHERE a.id=?1",
                "i", alert);

        if (r == 0)
                r = sql_next(q);
        if (r == 1) /* I7 */
                r = api_sees(c, "alerts.work", sql_int(q, 5));
        if (r <= 0)
                return r < 0 ? r
                             : api_fault_at(c, "alerts", "There is no such alert",
                                            "Không có cảnh báo này", "Choose one of the list",
                                            "Chọn trong danh sách");
        if (sql_int(q, 6) != i->drill)
                return api_refuse(
                        c, 409, "drill",
                        sql_int(q, 6)
                                ? "An alert of a drill goes into an incident of the same drill only"
                                : "A real alert goes into no incident of a drill",
                        sql_int(q, 6)
                                ? "Cảnh báo diễn tập chỉ thuộc sự cố của chính cuộc diễn tập đó"
                                : "Cảnh báo thật không thuộc sự cố diễn tập");
        struct span en = sql_span(q, 0), vi = sql_span(q, 1), host = sql_span(q, 2);
        int64_t count = sql_int(q, 3), at = sql_time(q, 4);
        if (i->drill && (r = played_at(c, i->drill, &at)) < 0)
                return r;
        if (!vi.len)
                vi = en;
        struct incident_entry e = {
                .kind = "alert",
                .about = "alert",
                .about_id = alert,
                .at = at,
                .en = incident_text(c, "%.*s%s%.*s, %lld ×", (int)en.len, en.p,
                                    host.len ? " on " : "", (int)host.len, host.p,
                                    (long long)count),
                .vi = incident_text(c, "%.*s%s%.*s, %lld lần", (int)vi.len, vi.p,
                                    host.len ? " trên " : "", (int)host.len, host.p,
                                    (long long)count),
        };
        r = sql_do(c->db, "INSERT INTO incident_alert VALUES(?1,?2,?3,?4)", "iiik", alert, i->id,
                   c->now, c->who.id);
        if (r == -EEXIST) /* I3 */
                return api_fault_at(c, "alerts", "The alert is in an incident already",
                                    "Cảnh báo đã thuộc một sự cố", "Take it out there first",
                                    "Tách khỏi sự cố kia trước");
        if (r == 0)
                r = incident_write(c, i->id, &e);
        return r == 0 ? incident_alert_system(c, i, alert) : r;
}

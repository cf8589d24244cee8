/* What fills a form: the names after `from:` in a regime's fields, and where in the state each is found.
 * Most are one query; ?1 is the incident (of a year's report: the unit), ?2 is 1 for Vietnamese, ?3 the
 * regime's seconds east of Greenwich, ?4 and ?5 the year's begin and end. What is not known stays empty
 * and is listed as missing where it must be there: nothing is guessed. Exercises are counted in no year. */
#include <stdio.h>
#include <string.h>

#include "desk/desk_impl.h"
#include "desk/report.h"

#define SAY_TIME(column) "strftime('%H:%M %d/%m/%Y'," column "/1000000000+?3,'unixepoch')"
#define LINES(inner) "SELECT group_concat(line,char(10)) FROM (" inner ")"
#define OF_INCIDENT(column) "SELECT " column " FROM incident WHERE id=?1"
#define OF_SYSTEM(column)                                                                          \
        "SELECT s." column " FROM system s JOIN incident i ON s.id=i.system WHERE i.id=?1"
/* All that are concerned, the main one first. */
#define OF_SYSTEMS                                                                                 \
        " FROM incident_systems x JOIN incident i ON i.id=x.incident JOIN system s ON "            \
        "s.id=x.system"                                                                            \
        " WHERE i.id=?1 ORDER BY s.id<>i.system, s.level DESC, s.name LIMIT 50"
/* The nearest unit above that says so, or the unit itself. */
#define OF_UNIT(column)                                                                            \
        "SELECT a." column " FROM incident i JOIN unit u ON u.id=i.unit JOIN unit a ON"            \
        " substr(u.path,1,length(a.path))=a.path WHERE i.id=?1 AND a." column "<>''"               \
        " ORDER BY a.depth DESC LIMIT 1"
#define REVIEW(column) "SELECT " column " FROM incident_review WHERE incident=?1"
#define YEARS                                                                                      \
        " FROM incident i JOIN unit u ON u.id=i.unit JOIN unit a ON a.id=?1 AND"                   \
        " substr(u.path,1,length(a.path))=a.path LEFT JOIN system s ON s.id=i.system WHERE"        \
        " i.drill=0 AND i.state<>'false_alarm' AND i.t0>=?4 AND i.t0<?5"

static const struct {
        const char *from, *sql;
} queries[] = {
        {"incident.code", OF_INCIDENT("code")},
        {"incident.summary", OF_INCIDENT("summary")},
        {"incident.scope", OF_INCIDENT("scope")},
        {"incident.data_kinds", OF_INCIDENT("data_kinds")},
        {"incident.data_subjects", OF_INCIDENT("data_subjects")},
        {"unit.name", "SELECT CASE ?2 WHEN 1 THEN ifnull(u.name_vi,u.name) ELSE u.name END"
                      " FROM incident i JOIN unit u ON u.id=i.unit WHERE i.id=?1"},
        {"unit.contact", OF_UNIT("contacts")},
        {"system.name", "SELECT group_concat(name,'; ') FROM (SELECT s.name" OF_SYSTEMS ")"},
        {"system.owner", OF_SYSTEM("owner")},
        {"system.operator", OF_SYSTEM("operator")},
        {"system.purpose", OF_SYSTEM("purpose")},
        {"system.level", "SELECT max(level) FROM (SELECT s.level" OF_SYSTEMS ")"},
        {"system.level_decision", OF_SYSTEM("level_decision")},
        {"system.addresses",
         "SELECT group_concat(text,', ') FROM (SELECT x.text FROM system_address x JOIN"
         " incident_systems i ON i.system=x.system WHERE i.incident=?1 ORDER BY x.address, x.bits"
         " LIMIT 200)"},
        {"incident.assets",
         "SELECT group_concat(name,', ') FROM (SELECT a.host AS name FROM incident_alert j JOIN"
         " alert a ON a.id=j.alert WHERE j.incident=?1 AND a.host<>'' UNION SELECT value FROM"
         " incident_observable WHERE incident=?1 AND role='victim' AND dropped IS NULL"
         " ORDER BY 1 LIMIT 200)"},
        {"incident.actions",
         LINES("SELECT '- '||" SAY_TIME(
                 "at") "||': '||text AS line FROM (SELECT at,"
                       " CASE ?2 WHEN 1 THEN text_vi ELSE text END AS text FROM incident_entry "
                       "WHERE"
                       " incident=?1 AND kind='action' UNION ALL SELECT done_at, title FROM "
                       "incident_task"
                       " WHERE incident=?1 AND state='done') ORDER BY at LIMIT 200")},
        {"incident.tasks_open",
         LINES("SELECT '- '||title||CASE WHEN due IS NULL THEN '' ELSE ' ('||" SAY_TIME(
                 "due") "||')' END AS line FROM incident_task WHERE incident=?1 AND state IN"
                        " ('open','doing') ORDER BY due IS NULL, due, id LIMIT 100")},
        {"incident.evidence",
         LINES("SELECT '- '||code||'/E'||n||', '||" SAY_TIME(
                 "taken") "||': '||name||' (BLAKE2b '||substr(lower(hex(hash)),1,16)||'…)' AS line"
                          " FROM evidence e JOIN incident i ON i.id=e.incident WHERE e.incident=?1"
                          " ORDER BY n LIMIT 100")},
        {"incident.notified",
         LINES("SELECT '- '||" SAY_TIME("sent_at") "||': '||sent_to||' ('||code||')' AS line FROM"
                                                   " report WHERE incident=?1 AND state='sent' "
                                                   "ORDER BY sent_at LIMIT 50")},
        {"incident.deadlines",
         LINES("SELECT '- '||CASE ?2 WHEN 1 THEN title_vi ELSE title END||': '||" SAY_TIME(
                 "due") "||' ('||basis||')' AS line FROM incident_clock WHERE incident=?1 AND "
                        "state<>0 AND"
                        " met_at IS NULL AND void_at IS NULL ORDER BY due LIMIT 50")},
        {"review.cause", REVIEW("cause")},
        {"review.vector", REVIEW("vector")},
        {"review.weakness", REVIEW("weakness")},
        {"review.lessons", REVIEW("lessons")},
        {"report.initial",
         "SELECT code||', '||" SAY_TIME(
                 "sent_at") " FROM report WHERE"
                            " incident=?1 AND kind='initial' AND state='sent' ORDER BY sent_at"
                            " LIMIT 1"},
        {"figures.serious", "SELECT count(*)" YEARS " AND i.serious='yes'"},
        {"figures.levels",
         "SELECT ifnull(group_concat(line,char(10)),'0') FROM (SELECT '- '||CASE WHEN s.level IS"
         " NULL THEN CASE ?2 WHEN 1 THEN 'Chưa xác định hệ thống' ELSE 'No system named' END ELSE"
         " CASE ?2 WHEN 1 THEN 'Cấp độ ' ELSE 'Level ' END||s.level END||': '||count(*) AS"
         " line" YEARS " GROUP BY s.level ORDER BY s.level)"},
        {"figures.met", "SELECT CAST(total(k.met_at<=k.due) AS INTEGER)||'/'||count(*) FROM "
                        "incident_clock k WHERE k.state=2 AND"
                        " k.void_at IS NULL AND k.incident IN (SELECT i.id" YEARS ")"},
        {"figures.improvements",
         LINES("SELECT '- '||i.code||': '||(SELECT lessons FROM incident_review v WHERE"
               " v.incident=i.id) AS line" YEARS " AND EXISTS(SELECT 1 FROM incident_review v"
               " WHERE v.incident=i.id AND v.lessons<>'') ORDER BY i.t0 LIMIT 100")},
};

static const struct {
        const char *from, *column;
} times[] = {
        {"incident.t0", OF_INCIDENT("t0")},
        {"incident.occurred", OF_INCIDENT("occurred")},
        {"incident.closed", OF_INCIDENT("closed")},
        {"incident.restored", OF_INCIDENT("restored")},
};

static const struct {
        const char *word, *en, *vi;
} states[] = {{"open", "Being verified", "Đang xác minh"},
              {"declared", "Confirmed, being handled", "Đã xác lập, đang xử lý"},
              {"containing", "Being contained", "Đang ngăn chặn"},
              {"recovering", "Being restored", "Đang khôi phục"},
              {"watching", "Restored, being watched", "Đã khôi phục, đang theo dõi"},
              {"closed", "Closed", "Đã xử lý xong"},
              {"reviewed", "Closed and reviewed", "Đã xử lý xong, đã rút kinh nghiệm"},
              {"false_alarm", "No incident", "Không phải sự cố"}},
  detections[] = {{"rule", "Monitoring rule", "Hệ thống giám sát (quy tắc phát hiện)"},
                  {"log", "Review of logs", "Kiểm tra nhật ký"},
                  {"told", "Told by another party", "Được bên khác thông báo"},
                  {"person", "Noticed by staff", "Cán bộ, người dùng phát hiện"},
                  {"exercise", "Exercise", "Diễn tập"},
                  {"other", "Otherwise", "Cách khác"}};

struct filling {
        struct api_call *c;
        const struct report *r;
        bool vi;
        int64_t zone, from, until;
        int error;
};

/* Nothing for what is empty or not known. A cut ends at a whole character. */
static struct span bounded(struct filling *f, struct span s) {
        size_t n = MIN(s.len, (size_t)REPORT_VALUE_MAX);

        while (n && n < s.len && ((unsigned char)s.p[n] & 0xc0) == 0x80)
                n--;
        while (n && (s.p[n - 1] == ' ' || s.p[n - 1] == '\n'))
                n--;
        if (n == 0)
                return SPAN_NONE;
        struct span kept = arena_dup(f->c->arena, span_of(s.p, n));
        if (!kept.p)
                f->error = FAIL(-ENOMEM);
        return kept;
}

/* ?1 to ?5; a query that asks for fewer gets fewer. */
static int ask(struct filling *f, struct sql_rows **q, const char *sql) {
        const struct sql_value values[] = {
                {.kind = SQL_INT, .number = f->r->incident ? f->r->incident : f->r->unit},
                {.kind = SQL_INT, .number = f->vi},
                {.kind = SQL_INT, .number = f->zone},
                {.kind = SQL_INT, .number = f->from},
                {.kind = SQL_INT, .number = f->until}};

        return sql_rows_of(f->c->db, q, sql, values, ARRAY_LEN(values));
}

static struct span by_query(struct filling *f, const char *sql) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct span s = SPAN_NONE;
        int r = ask(f, &q, sql);

        if (r == 0 && (r = sql_next(q)) == 1 && !sql_null(q, 0))
                s = bounded(f, sql_span(q, 0));
        if (r < 0)
                f->error = r;
        return s;
}

static struct span time_text(struct filling *f, int64_t ns) {
        char text[40];

        return ns == TIME_NONE ? SPAN_NONE : bounded(f, span_of(text, time_format(text, ns, 0)));
}

static struct span by_time(struct filling *f, const char *sql) {
        int64_t ns = TIME_NONE;
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = ask(f, &q, sql);

        if (r == 0 && (r = sql_next(q)) == 1)
                ns = sql_time(q, 0);
        if (r < 0)
                f->error = r;
        return time_text(f, ns);
}

static struct span word_of(const struct filling *f, struct span word, bool state) {
        size_t n = state ? ARRAY_LEN(states) : ARRAY_LEN(detections);

        for (size_t i = 0; i < n; i++) {
                const char *w = state ? states[i].word : detections[i].word;

                if (!span_eq(word, span_str(w)))
                        continue;
                if (state)
                        return span_str(f->vi ? states[i].vi : states[i].en);
                return span_str(f->vi ? detections[i].vi : detections[i].en);
        }
        return SPAN_NONE;
}

static struct span title_of(const struct filling *f, const json_t *entry) {
        const char *s = json_string_value(json_object_get(entry, f->vi ? "vi" : "en"));

        return s ? span_str(s) : SPAN_NONE;
}

static struct span by_fact(struct filling *f, const char *id) {
        struct incident_facts ctx;
        struct facts facts = incident_facts(&ctx, f->c, &f->r->of);
        enum fact v = facts.get(facts.ctx, id);

        if (ctx.error)
                f->error = ctx.error;
        return v == FACT_YES  ? span_str(f->vi ? "Có" : "Yes")
               : v == FACT_NO ? span_str(f->vi ? "Không" : "No")
                              : SPAN_NONE;
}

/* The regime's kinds by name, those that were not: none. */
static struct span kinds(struct filling *f) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        _cleanup_(buf_deinit) struct buf b = {.limit = REPORT_VALUE_MAX};
        int r = ask(f, &q,
                    "SELECT ifnull(i.kind,''), count(*)" YEARS " GROUP BY 1 ORDER BY 2 DESC, 1");

        while (r == 0 && (r = sql_next(q)) == 1) {
                struct span id = arena_dup(f->c->arena, sql_span(q, 0));
                struct span name =
                        title_of(f, id.len ? regime_entry(f->r->regime, "kinds", id.p) : NULL);

                if (!name.p)
                        name = id.len ? id : span_str(f->vi ? "Chưa phân loại" : "Not classified");
                buf_printf(&b, "%s- %.*s: %lld", b.len ? "\n" : "", (int)name.len, name.p,
                           (long long)sql_int(q, 1));
                r = 0;
        }
        if (r < 0)
                f->error = r;
        return b.len ? bounded(f, buf_get(&b)) : SPAN("0");
}

static struct span of_incident_words(struct filling *f, const char *from) {
        if (strcmp(from, "incident.state") == 0)
                return word_of(f, f->r->of.state, true);
        if (strcmp(from, "incident.kind") == 0)
                return title_of(f, f->r->of.kind.len
                                           ? regime_entry(f->r->regime, "kinds", f->r->of.kind.p)
                                           : NULL);
        if (strcmp(from, "incident.detection") == 0)
                return word_of(f, by_query(f, OF_INCIDENT("detection")), false);
        if (strncmp(from, "fact.", 5) == 0)
                return by_fact(f, from + 5);
        return SPAN_NONE;
}

static struct span value_of(struct filling *f, const char *from) {
        const bool year = strncmp(from, "figures.", 8) == 0;

        if (strcmp(from, "report.time") == 0)
                return time_text(f, f->c->now);
        if (strcmp(from, "report.year") == 0 && f->r->year) {
                struct span s = arena_printf(f->c->arena, "%lld", (long long)f->r->year);
                return s;
        }
        if (!f->r->incident && strcmp(from, "unit.name") == 0)
                return by_query(f, "SELECT CASE ?2 WHEN 1 THEN ifnull(name_vi,name) ELSE name END"
                                   " FROM unit WHERE id=?1");
        if (year == (f->r->incident != 0)) /* of an incident in a year's report, or the reverse */
                return SPAN_NONE;
        if (strcmp(from, "figures.kinds") == 0)
                return kinds(f);
        for (size_t i = 0; i < ARRAY_LEN(queries); i++)
                if (strcmp(queries[i].from, from) == 0)
                        return by_query(f, queries[i].sql);
        for (size_t i = 0; i < ARRAY_LEN(times); i++)
                if (strcmp(times[i].from, from) == 0)
                        return by_time(f, times[i].column);
        return of_incident_words(f, from);
}

static struct filling filling_of(struct api_call *c, const struct report *r) {
        const int64_t day = INT64_C(86400) * NS_PER_SEC;
        struct filling f = {.c = c,
                            .r = r,
                            .vi = !span_eq(r->lang, SPAN("en")),
                            .zone = report_zone_s(r->regime)};

        if (r->year) {
                f.from = time_days(r->year, 1, 1) * day - f.zone * NS_PER_SEC;
                f.until = time_days(r->year + 1, 1, 1) * day - f.zone * NS_PER_SEC;
        }
        return f;
}

static json_t *value_json(struct filling *f, const json_t *field) {
        const char *from = json_string_value(json_object_get(field, "from"));
        struct span s = from ? value_of(f, from) : SPAN_NONE;

        return s.p ? api_json_text(s) : json_null();
}

/* The form's own marks go before those of the fields. */
static bool must(const json_t *form, const char *name, const json_t *field) {
        const json_t *list = json_object_get(form, "must"), *e;
        size_t i;

        if (!list)
                return json_is_true(json_object_get(field, "must"));
        json_array_foreach(list, i, e) if (strcmp(json_string_value(e), name) == 0) return true;
        return false;
}

static json_t *or_null(json_t *v) {
        return v ? json_incref(v) : json_null();
}

int report_fill(struct api_call *c, const struct report *r, json_t **ret) {
        const json_t *form = regime_entry(r->regime, "reports", r->kind.p);
        const json_t *all = json_object_get(r->regime, "fields"), *name;
        struct filling f = filling_of(c, r);
        json_t *list = json_array(), *content = json_pack("{s:i,s:o}", "format", 1, "fields", list);
        size_t i;

        if (!content)
                return FAIL(-ENOMEM);
        json_array_foreach(json_object_get(form, "fields"), i, name) {
                const json_t *field = json_object_get(all, json_string_value(name));
                const char *kind = json_string_value(json_object_get(field, "kind"));
                json_t *o = json_pack("{s:O,s:o,s:o,s:b,s:s,s:o,s:o,s:b}", "name", name, "title",
                                      or_null(json_object_get(field, "en")), "title_vi",
                                      or_null(json_object_get(field, "vi")), "must",
                                      must(form, json_string_value(name), field), "kind",
                                      kind ? kind : "line", "basis",
                                      or_null(json_object_get(field, "basis")), "value",
                                      value_json(&f, field), "filled", 1);

                if (i >= REPORT_FIELDS_MAX || json_array_append_new(list, o) < 0)
                        f.error = f.error ? f.error : FAIL(-ENOMEM);
        }
        if (f.error < 0) {
                json_decref(content);
                return f.error;
        }
        *ret = content;
        return 0;
}

int report_fill_again(struct api_call *c, const struct report *r, json_t *content) {
        const json_t *all = json_object_get(r->regime, "fields");
        struct filling f = filling_of(c, r);
        json_t *field;
        size_t i;

        json_array_foreach(json_object_get(content, "fields"), i, field) {
                const char *name = json_string_value(json_object_get(field, "name"));

                if (!json_is_true(json_object_get(field, "filled")) || !name)
                        continue;
                if (json_object_set_new(field, "value",
                                        value_json(&f, json_object_get(all, name))) < 0)
                        return FAIL(-ENOMEM);
        }
        return f.error;
}

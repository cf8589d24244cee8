/* What decides about an incident: opening, its facts, states, deadlines, review. Each handler finds the
 * incident for the asker (incident_get), changes it, writes the timeline and answers with it as it is now. */
#include "desk/incident.h"
#include "desk/matter.h"

#include <stdio.h>
#include <stdlib.h>

#include "desk/desk_impl.h"
#include "desk/people.h"

#define REQUEST_DAYS 14
#define REVIEW_MISSED 4 /* of review_parts */
#define DAY_NS (INT64_C(86400) * NS_PER_SEC)

static struct span person_name(struct api_call *c, int64_t id) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct span s = SPAN("?");

        if (sql_rows(c->db, &q, "SELECT name FROM person WHERE id=?1", "i", id) == 0 &&
            sql_next(q) == 1)
                s = arena_dup(c->arena, sql_span(q, 0));
        return s;
}

/* After a change: the incident as it is now. */
static int done(struct api_call *c, struct incident *i) {
        int r = incident_touch(c, i);

        if (r == 0) /* what it may do next goes by its state of now */
                r = incident_get(c, i->id, "incidents.read", i);
        return r == 0 ? incident_answer(c, i) : r;
}

static int said(struct api_call *c, const struct incident *i, const char *kind, struct span en,
                struct span vi) {
        return incident_write(c, i->id, &(struct incident_entry){.kind = kind, .en = en, .vi = vi});
}

/* ---- checking values that only the regime and the state know ---- */

static int good_kind(struct api_call *c, const json_t *regime, struct span kind) {
        if (!kind.len || regime_entry(regime, "kinds", kind.p))
                return 0;
        return api_fault_at(c, "kind", "The law in force has no such kind",
                            "Bộ quy định không có loại này", "Choose one of its kinds",
                            "Chọn một loại của bộ quy định");
}

static int good_harm(struct api_call *c, const json_t *regime, struct span harm) {
        if (!harm.len || regime_severity(regime, 1, harm.p))
                return 0;
        return api_fault_at(c, "harm", "There is no such harm", "Không có mức thiệt hại này",
                            "Choose one of the list", "Chọn trong danh sách");
}

static int good_time(struct api_call *c, const char *field, int64_t t) {
        if (t == TIME_NONE || t <= c->now + 60 * NS_PER_SEC)
                return 0;
        return api_fault_at(c, field, "This time is in the future", "Thời điểm này ở tương lai",
                            "Give the time it happened", "Ghi thời điểm đã xảy ra");
}

static int exists(struct api_call *c, const char *field, const char *sql, int64_t id) {
        int64_t n = 0;
        int r = id ? sql_get_int(c->db, &n, sql, "i", id) : 1;

        if (r < 0 || r == 1)
                return r < 0 ? r : 0;
        return api_fault_at(c, field, "It does not exist, or no longer works here",
                            "Không tồn tại hoặc không còn hoạt động", "Choose one of the list",
                            "Chọn trong danh sách");
}

/* I7. */
int incident_good_system(struct api_call *c, int64_t id) {
        int64_t unit = 0;
        int r = id ? sql_get_int(c->db, &unit, "SELECT unit FROM system WHERE id=?1", "i", id) : 0;

        if (r == 1)
                r = api_sees(c, "systems.read", unit);
        if (r != 0 || !id)
                return MIN(r, 0);
        return api_fault_at(c, "system", "There is no such system", "Không có hệ thống này",
                            "Choose one of the list", "Chọn trong danh sách");
}

/* ---- opening ---- */

/* "SC-2026-0147": its year, as the regime's clocks on the wall show it, and the next number of that (I4). */
static int next_code(struct api_call *c, const struct incident *i, struct span *ret) {
        const json_t *regime = i->regime;
        const char *z = json_string_value(json_object_get(regime, "zone"));
        int64_t east = 0, year, n = 0;
        unsigned month, day;

        if (z && strlen(z) == 6)
                east = (strtol(z + 1, NULL, 10) * 60 + strtol(z + 4, NULL, 10)) *
                       (z[0] == '-' ? -60 : 60);
        time_civil((c->now + east * NS_PER_SEC) / DAY_NS, &year, &month, &day);
        /* Drills count by themselves: no number of a real one is missing because of them. */
        int64_t series = i->drill ? -year : year;
        int r = sql_do(c->db,
                       "INSERT INTO incident_number VALUES(?1,1) ON CONFLICT(year) DO UPDATE SET"
                       " last=last+1",
                       "i", series);
        if (r == 0)
                r = sql_get_int(c->db, &n, "SELECT last FROM incident_number WHERE year=?1", "i",
                                series);
        if (r < 0)
                return r;
        *ret = incident_text(c, "%sSC-%lld-%04lld", i->drill ? "DT-" : "", (long long)year,
                             (long long)n);
        return 0;
}

/* The unit that was named, or that of the system. */
static int opening_unit(struct api_call *c, int64_t *ret) {
        int64_t system = api_int(c, "system", 0);
        int r = 1;

        *ret = api_int(c, "unit", 0);
        if (!*ret && system)
                r = sql_get_int(c->db, ret, "SELECT unit FROM system WHERE id=?1", "i", system);
        if (r < 0)
                return r;
        if (!*ret)
                return api_fault_at(c, "unit", "Nothing says whose incident it is",
                                    "Chưa rõ sự cố của đơn vị nào", "Name a unit or a system",
                                    "Chọn đơn vị hoặc hệ thống");
        return exists(c, "unit", "SELECT 1 FROM unit WHERE id=?1", *ret);
}

/* Whether it is a drill's: with alerts of one, or as a player says. All that belongs to it then belongs to that play. */
static int opening_drill(struct api_call *c, struct incident *i) {
        const json_t *list = json_object_get(c->in, "alerts"), *id;
        size_t n;
        int r = 0;

        json_array_foreach(list, n, id) {
                int64_t play = 0;

                if (!i->drill && r >= 0)
                        r = sql_get_int(c->db, &play, "SELECT drill FROM alert WHERE id=?1", "i",
                                        (int64_t)json_integer_value(id));
                i->drill = i->drill ? i->drill : play;
        }
        if (r < 0)
                return r;
        if (!i->drill && !api_bool(c, "drill", false))
                return 0;
        int64_t mine = 0;
        r = matter_of_mine(c, i->unit, &mine);
        if (r < 0)
                return r;
        if (!mine || (i->drill && i->drill != mine))
                return api_refuse(c, 403, "not_playing",
                                  "Only who plays in an exercise at this moment, for this unit, "
                                  "opens an incident of it",
                                  "Chỉ người đang tham gia diễn tập của đơn vị này mới lập được sự "
                                  "cố diễn tập");
        i->drill = mine;
        return 0;
}

/* When the first of its alerts was raised: the node knew then. */
static int opening_t0(struct api_call *c, int64_t *ret) {
        const json_t *list = json_object_get(c->in, "alerts"), *id;
        size_t n;

        *ret = api_time(c, "t0");
        if (*ret != TIME_NONE)
                return good_time(c, "t0", *ret);
        *ret = c->now;
        json_array_foreach(list, n, id) {
                int64_t raised;
                int r = sql_get_int(c->db, &raised, "SELECT raised FROM alert WHERE id=?1", "i",
                                    (int64_t)json_integer_value(id));
                if (r < 0)
                        return r;
                if (r == 1)
                        *ret = MIN(*ret, raised);
        }
        return 0;
}

static int insert(struct api_call *c, struct incident *i) {
        struct span summary = api_text(c, "summary"), detection = api_text(c, "detection");

        if (!detection.len)
                detection = json_array_size(json_object_get(c->in, "alerts")) ? SPAN("rule")
                                                                              : SPAN("person");
        if (!i->harm.len)
                i->harm = SPAN("none");
        int r = sql_do(
                c->db,
                "INSERT INTO incident(code,title,summary,unit,system,regime,kind,harm,"
                "severity,state,tlp,lead,t0,detection,opened,opened_by,plain,drill,id) "
                "VALUES(?1,?2,"
                "?3,?4,?5,?6,nullif(?7,''),?8,'medium','open','amber',NULL,?9,?10,?11,?12,"
                "plain(?2),?13,(SELECT ifnull(max(id),iif(?13,1000000000,0))+1 FROM incident WHERE"
                " (id>=1000000000)=(?13<>0)))",
                "tttik"
                "ttt"
                "itiki",
                i->code, i->title, summary.p ? summary : SPAN(""), i->unit, i->system, i->regime_id,
                i->kind.p ? i->kind : SPAN(""), i->harm, i->t0, detection, c->now, c->who.id,
                i->drill);
        if (r < 0)
                return r;
        i->id = sql_last_id(c->db);
        return sql_do(c->db, "INSERT INTO incident_unit VALUES(?1,?2,?3,?4)", "iiik", i->id,
                      i->unit, c->now, c->who.id);
}

/* The first part of the response is under way: somebody detected it. */
static int first_activities(struct api_call *c, const struct incident *i) {
        const json_t *list = json_object_get(json_object_get(i->regime, "activities"), "list"), *a;
        size_t n;
        int r = 0;

        json_array_foreach(list, n, a) if (r == 0) r =
                sql_do(c->db, "INSERT INTO incident_activity VALUES(?1,?2,?3,?4,NULL,?5)", "issTk",
                       i->id, json_string_value(json_object_get(a, "id")),
                       n == 0 ? "doing" : "none", n == 0 ? c->now : TIME_NONE, c->who.id);
        return r;
}

static int join_all(struct api_call *c, const struct incident *i) {
        const json_t *id;
        size_t n;
        int r = 0;

        json_array_foreach(json_object_get(c->in, "alerts"), n, id) if (r == 0) r =
                incident_join(c, i, (int64_t)json_integer_value(id));
        return r;
}

/* Who leads, in the timeline as in the record. */
static int say_lead(struct api_call *c, const struct incident *i, int64_t lead) {
        struct span v = person_name(c, lead);

        return said(c, i, "state", incident_text(c, "Lead: %.*s", (int)v.len, v.p),
                    incident_text(c, "Chỉ huy: %.*s", (int)v.len, v.p));
}

/* Whoever names a lead must be one who may. */
static int opening_lead(struct api_call *c, int64_t unit) {
        int64_t lead = api_int(c, "lead", 0);
        int r = lead ? api_may(c, "incidents.lead", unit) : 0;

        return r == 0 && lead ? person_nameable(c, "lead", lead) : r;
}

static int set_lead(struct api_call *c, const struct incident *i) {
        int64_t lead = api_int(c, "lead", 0);
        int r = lead ? sql_do(c->db, "UPDATE incident SET lead=?2 WHERE id=?1", "ii", i->id, lead)
                     : 0;

        return r == 0 && lead ? say_lead(c, i, lead) : r;
}

int incident_do_open(struct api_call *c) {
        struct incident i = {.title = api_text(c, "title"),
                             .system = api_int(c, "system", 0),
                             .kind = api_text(c, "kind"),
                             .harm = api_text(c, "harm")};
        int r = opening_unit(c, &i.unit);

        if (r == 0)
                r = api_may(c, "incidents.open", i.unit);
        if (r == 0)
                r = opening_lead(c, i.unit);
        if (r == 0)
                r = incident_good_system(c, i.system);
        if (r == 0)
                r = opening_drill(c, &i);
        if (r == 0)
                r = opening_t0(c, &i.t0);
        if (r != 0)
                return r;
        i.regime = c->desk->regimes ? regime_at(c->desk->regimes, i.t0) : NULL;
        if (!i.regime)
                return api_refuse(c, 409, "no_regime", "No regime is in force at that time",
                                  "Không có bộ quy định nào có hiệu lực ở thời điểm đó");
        i.regime_id = span_str(json_string_value(json_object_get(i.regime, "id")));
        r = good_kind(c, i.regime, i.kind);
        if (r == 0)
                r = good_harm(c, i.regime, i.harm);
        if (r == 0)
                r = next_code(c, &i, &i.code);
        if (r == 0)
                r = insert(c, &i);
        if (r == 0)
                r = first_activities(c, &i);
        if (r == 0)
                r = said(c, &i, "state", SPAN("Incident opened"), SPAN("Lập sự cố"));
        if (r == 0 && i.kind.len &&
            i.drill) /* as any later choice: a drill is scored by the first */
                r = said(c, &i, "state", incident_text(c, "Kind: %.*s", (int)i.kind.len, i.kind.p),
                         incident_text(c, "Loại: %.*s", (int)i.kind.len, i.kind.p));
        if (r == 0)
                r = set_lead(c, &i);
        if (r == 0)
                r = join_all(c, &i);
        if (r == 0)
                r = incident_severity(c, &i);
        if (r == 0) /* read back: the level of its system counts for clocks */
                r = incident_get(c, i.id, "incidents.read", &i);
        if (r == 0)
                r = incident_clocks(c, &i);
        return r == 0 ? done(c, &i) : r;
}

/* ---- changing what is known ---- */

static const struct column {
        const char *name, *sql;
        char type;           /* t, k, T, i (or null) */
        bool lead;           /* only who leads */
        const char *en, *vi; /* what the timeline says; %s: the value */
} columns[] = {
        {"title", "UPDATE incident SET title=?2, plain=plain(?2) WHERE id=?1", 't', false,
         "Title: %s", "Tên: %s"},
        {"summary", "UPDATE incident SET summary=?2 WHERE id=?1", 't', false, "Description changed",
         "Đã sửa mô tả"},
        {"scope", "UPDATE incident SET scope=?2 WHERE id=?1", 't', false, "Scope changed",
         "Đã sửa phạm vi"},
        {"system", NULL, 'k', false, "System changed", "Đã đổi hệ thống"},
        {"kind", "UPDATE incident SET kind=?2 WHERE id=?1", 'n', true, "Kind: %s", "Loại: %s"},
        {"harm", "UPDATE incident SET harm=?2 WHERE id=?1", 't', true, "Harm: %s", "Thiệt hại: %s"},
        {"severity", "UPDATE incident SET severity_set=?2 WHERE id=?1", 'n', true, "Severity: %s",
         "Mức độ: %s"},
        {"lead", "UPDATE incident SET lead=?2 WHERE id=?1", 'k', true, "Lead changed",
         "Đã đổi chỉ huy"},
        {"tlp", "UPDATE incident SET tlp=?2 WHERE id=?1", 't', true, "TLP: %s", "TLP: %s"},
        {"occurred", "UPDATE incident SET occurred=?2 WHERE id=?1", 'T', false,
         "Time of occurrence changed", "Đã sửa thời điểm xảy ra"},
        {"detection", "UPDATE incident SET detection=?2 WHERE id=?1", 'n', false, "Detected by: %s",
         "Phát hiện bởi: %s"},
        {"data_kinds", "UPDATE incident SET data_kinds=?2 WHERE id=?1", 't', false,
         "Personal data concerned: %s", "Dữ liệu cá nhân liên quan: %s"},
        {"data_subjects", "UPDATE incident SET data_subjects=?2 WHERE id=?1", 'i', false,
         "Number of people concerned changed", "Đã sửa số chủ thể dữ liệu"},
};

/* What the database keeps of these is a word of the program's; people read their own. */
static const struct {
        const char *field, *value, *en, *vi;
} terms[] = {
        {"severity", "critical", "critical", "nguy cấp"},
        {"severity", "high", "high", "cao"},
        {"severity", "medium", "medium", "trung bình"},
        {"severity", "low", "low", "thấp"},
        {"severity", "info", "informational", "thông tin"},
        {"detection", "rule", "a rule", "quy tắc"},
        {"detection", "log", "reading logs", "xem nhật ký"},
        {"detection", "told", "told by somebody else", "nơi khác báo"},
        {"detection", "person", "a person", "người dùng"},
        {"detection", "exercise", "an exercise", "diễn tập"},
        {"detection", "other", "something else", "cách khác"},
};

/* A value as the law or this program calls it, in one language; as it is when neither knows it. */
static struct span called(const struct incident *i, const char *field, struct span value, bool vi) {
        const json_t *law = i->regime, *e = NULL;
        bool kind = strcmp(field, "kind") == 0;

        if (strcmp(field, "harm") == 0)
                law = json_object_get(law, "severity");
        else if (!kind)
                law = NULL;
        if (law && value.len)
                e = regime_entry(law, kind ? "kinds" : "harms", value.p);
        const char *name = json_string_value(json_object_get(e, vi ? "vi" : "en"));

        if (name)
                return span_str(name);
        for (size_t n = 0; n < ARRAY_LEN(terms); n++)
                if (strcmp(terms[n].field, field) == 0 && span_eq(value, span_str(terms[n].value)))
                        return span_str(vi ? terms[n].vi : terms[n].en);
        return value.len ? value : SPAN("–");
}

static int set_column(struct api_call *c, const struct incident *i, const struct column *k) {
        struct span s = api_text(c, k->name);
        int64_t n = api_int(c, k->name, 0);
        int r;

        if (!s.p)
                s = SPAN("");

        if (!k->sql)
                r = incident_main_system(c, i, n);
        else if (k->type == 'T')
                r = sql_do(c->db, k->sql, "iT", i->id, api_time(c, k->name));
        else if (k->type == 'k')
                r = sql_do(c->db, k->sql, "ik", i->id, n);
        else if (k->type == 'i' && !json_is_null(json_object_get(c->in, k->name)))
                r = sql_do(c->db, k->sql, "ii", i->id, n);
        else if (k->type == 'i' || (k->type == 'n' && !s.len))
                r = sql_do(c->db, k->sql, "in", i->id);
        else
                r = sql_do(c->db, k->sql, "it", i->id, s);
        if (r < 0)
                return r;
        struct span en = span_str(k->en), vi = span_str(k->vi);
        const char *mark = strstr(k->en, "%s"), *mark_vi = strstr(k->vi, "%s");
        if (mark && mark_vi) {
                struct span v = called(i, k->name, s, false), w = called(i, k->name, s, true);
                en = incident_text(c, "%.*s%.*s", (int)(mark - k->en), k->en, (int)v.len, v.p);
                vi = incident_text(c, "%.*s%.*s", (int)(mark_vi - k->vi), k->vi, (int)w.len, w.p);
        } else if (strcmp(k->name, "lead") == 0 && n)
                return say_lead(c, i, n);
        return said(c, i, "state", en, vi);
}

static int check_edit(struct api_call *c, const struct incident *i) {
        int r = good_kind(c, i->regime, api_text(c, "kind"));

        if (r == 0)
                r = good_harm(c, i->regime, api_text(c, "harm"));
        if (r == 0)
                r = good_time(c, "occurred", api_time(c, "occurred"));
        if (r == 0)
                r = incident_good_system(c, api_int(c, "system", 0));
        int64_t lead = api_int(c, "lead", 0);

        return r == 0 && lead ? person_nameable(c, "lead", lead) : r;
}

int incident_do_edit(struct api_call *c) {
        const char *permission = "incidents.work";
        struct incident i = {0};

        for (size_t n = 0; n < ARRAY_LEN(columns); n++)
                if (columns[n].lead && api_has(c, columns[n].name))
                        permission = "incidents.lead";
        int r = incident_get(c, api_int(c, "id", 0), permission, &i);
        if (r == 0)
                r = incident_fresh(c, &i);
        if (r == 0)
                r = check_edit(c, &i);
        for (size_t n = 0; n < ARRAY_LEN(columns) && r == 0; n++)
                if (api_has(c, columns[n].name))
                        r = set_column(c, &i, &columns[n]);
        if (r == 0)
                r = incident_get(c, i.id, "incidents.read", &i);
        if (r == 0)
                r = incident_severity(c, &i);
        if (r == 0)
                r = incident_clocks(c, &i);
        return r == 0 ? done(c, &i) : r;
}

/* ---- states ---- */

static const struct incident_move *move_of(struct span from, struct span to) {
        for (const struct incident_move *m = incident_moves; m->from; m++)
                if (span_eq(from, span_str(m->from)) && span_eq(to, span_str(m->to)))
                        return m;
        return NULL;
}

static int refuse_move(struct api_call *c, unsigned missing) {
        int r = 0;

        while (missing) {
                unsigned one = missing & (0u - missing);
                const char *field = one == NEED_REASON ? "reason" : "to", *en, *vi;

                missing &= ~one;
                incident_need_text(&one, &en, &vi);
                r = api_fault_at(c, field, en, vi, "Do this first, then repeat",
                                 "Làm việc này trước rồi thử lại");
        }
        return r;
}

static int enter_state(struct api_call *c, const struct incident *i, struct span to) {
        static const struct {
                const char *to, *sql;
        } times[] = {
                {"recovering", "UPDATE incident SET contained=?2 WHERE id=?1"},
                {"watching", "UPDATE incident SET restored=?2 WHERE id=?1"},
                {"closed", "UPDATE incident SET closed=?2 WHERE id=?1"},
                {"false_alarm", "UPDATE incident SET closed=?2 WHERE id=?1"},
        };
        bool over = span_eq(to, SPAN("closed")) || span_eq(to, SPAN("reviewed")) ||
                    span_eq(to, SPAN("false_alarm"));
        int r = sql_do(c->db, "UPDATE incident SET state=?2 WHERE id=?1", "it", i->id, to);

        if (r == 0 && !over)
                r = sql_do(c->db, "UPDATE incident SET closed=NULL WHERE id=?1", "i", i->id);
        for (size_t n = 0; n < ARRAY_LEN(times) && r == 0; n++)
                if (span_eq(to, span_str(times[n].to)))
                        r = sql_do(c->db, times[n].sql, "ii", i->id, c->now);
        /* What is no incident has no deadlines; opened again, it has them as before. */
        if (r == 0 && span_eq(to, SPAN("false_alarm")))
                r = sql_do(c->db, "UPDATE incident SET next_due=NULL WHERE id=?1", "i", i->id);
        return r;
}

int incident_do_move(struct api_call *c) {
        struct span to = api_text(c, "to"), reason = api_text(c, "reason");
        struct incident i = {0};
        unsigned missing;
        int r = incident_get(c, api_int(c, "id", 0), "incidents.lead", &i);

        if (r == 0)
                r = incident_fresh(c, &i);
        if (r != 0)
                return r;
        const struct incident_move *m = move_of(i.state, to);
        if (!m)
                return api_refuse(c, 409, "no_such_move", "It cannot go there from its state",
                                  "Không chuyển được từ trạng thái hiện tại");
        r = incident_missing(c, &i, m->needs, &missing);
        if (r == 0 && missing)
                return refuse_move(c, missing);
        if (r == 0)
                r = enter_state(c, &i, to);
        if (r == 0)
                r = said(c, &i, "state",
                         incident_text(c, "%s%s%.*s", m->en, reason.len ? ": " : "",
                                       (int)reason.len, reason.len ? reason.p : ""),
                         incident_text(c, "%s%s%.*s", m->vi, reason.len ? ": " : "",
                                       (int)reason.len, reason.len ? reason.p : ""));
        if (r == 0 && !span_eq(to, SPAN("false_alarm")))
                r = incident_clocks(c, &i);
        return r == 0 ? done(c, &i) : r;
}

int incident_do_activity(struct api_call *c) {
        struct span name = api_text(c, "activity"), state = api_text(c, "state");
        const json_t *list, *a, *found = NULL;
        struct incident i = {0};
        size_t n;
        int r = incident_get(c, api_int(c, "id", 0), "incidents.work", &i);

        if (r != 0)
                return r;
        list = json_object_get(json_object_get(i.regime, "activities"), "list");
        json_array_foreach(list, n, a) if (span_eq(name, span_str(json_string_value(json_object_get(
                                                                 a, "id"))))) found = a;
        if (!found)
                return api_missing(c);
        bool ends = span_eq(state, SPAN("done")), none = span_eq(state, SPAN("none"));
        r = sql_do(c->db,
                   "INSERT INTO incident_activity VALUES(?1,?2,?3,?4,?5,?6)"
                   " ON CONFLICT(incident,activity) DO UPDATE SET state=excluded.state,"
                   " begun=CASE WHEN excluded.begun IS NULL THEN NULL ELSE"
                   " ifnull(begun,excluded.begun) END, done=excluded.done, by=excluded.by",
                   "ittTTk", i.id, name, state, none ? TIME_NONE : c->now,
                   ends ? c->now : TIME_NONE, c->who.id);
        if (r == 0)
                r = said(c, &i, "state",
                         incident_text(c, "%s: %s", json_string_value(json_object_get(found, "en")),
                                       ends   ? "done"
                                       : none ? "not begun"
                                              : "begun"),
                         incident_text(c, "%s: %s", json_string_value(json_object_get(found, "vi")),
                                       ends   ? "xong"
                                       : none ? "chưa làm"
                                              : "bắt đầu"));
        return r == 0 ? done(c, &i) : r;
}

/* ---- T0, the law's questions, serious ---- */

int incident_do_t0(struct api_call *c) {
        struct span reason = api_text(c, "reason");
        int64_t t0 = api_time(c, "t0");
        char before[40], after[40];
        struct incident i = {0};
        int r = incident_get(c, api_int(c, "id", 0), "incidents.lead", &i);

        if (r == 0)
                r = incident_fresh(c, &i);
        if (r == 0)
                r = good_time(c, "t0", t0);
        if (r == 0)
                r = sql_do(c->db, "UPDATE incident SET t0=?2 WHERE id=?1", "ii", i.id, t0);
        if (r != 0)
                return r;
        before[time_format(before, i.t0, 0)] = '\0';
        after[time_format(after, t0, 0)] = '\0';
        i.t0 = t0;
        r = said(c, &i, "state",
                 incident_text(c, "T0 was %s, is %s: %.*s", before, after, (int)reason.len,
                               reason.p),
                 incident_text(c, "T0 trước là %s, nay là %s: %.*s", before, after, (int)reason.len,
                               reason.p));
        if (r == 0)
                r = incident_clocks(c, &i);
        return r == 0 ? done(c, &i) : r;
}

static const char *answer_vi(struct span s) {
        return span_eq(s, SPAN("yes")) ? "có" : span_eq(s, SPAN("no")) ? "không" : "chưa rõ";
}

int incident_do_answer(struct api_call *c) {
        struct span name = api_text(c, "question"), value = api_text(c, "answer");
        struct span note = api_text(c, "note");
        struct incident i = {0};
        int r = incident_get(c, api_int(c, "id", 0), "incidents.work", &i);

        if (r != 0)
                return r;
        const json_t *q = regime_entry(i.regime, "questions", name.p);
        if (!q)
                return api_fault_at(c, "question", "The law in force asks no such question",
                                    "Bộ quy định không có câu hỏi này",
                                    "Choose one of its questions",
                                    "Chọn một câu hỏi của bộ quy định");
        r = sql_do(c->db,
                   "INSERT INTO incident_answer(incident,question,answer,note,at,by)"
                   " VALUES(?1,?2,?3,?4,?5,?6)",
                   "itttik", i.id, name, value, note.p ? note : SPAN(""), c->now, c->who.id);
        if (r == 0)
                r = said(c, &i, "state",
                         incident_text(c, "%s %.*s%s%.*s",
                                       json_string_value(json_object_get(q, "en")), (int)value.len,
                                       value.p, note.len ? ": " : "", (int)note.len,
                                       note.len ? note.p : ""),
                         incident_text(c, "%s %s%s%.*s",
                                       json_string_value(json_object_get(q, "vi")),
                                       answer_vi(value), note.len ? ": " : "", (int)note.len,
                                       note.len ? note.p : ""));
        if (r == 0)
                r = incident_clocks(c, &i);
        if (r == 0)
                r = incident_touch(c, &i);
        return r == 0 ? incident_assessment(c, &i) : r;
}

int incident_do_serious(struct api_call *c) {
        struct span value = api_text(c, "serious"), reason = api_text(c, "reason");
        static const char *const words[] = {"unknown", "no", "yes"};
        struct incident_facts ctx;
        struct incident i = {0};
        int r = incident_get(c, api_int(c, "id", 0), "incidents.lead", &i);

        if (r != 0)
                return r;
        struct facts f = incident_facts(&ctx, c, &i);
        const char *suggests = words[regime_serious(i.regime, &f)];
        i.serious = span_eq(value, SPAN("yes")) ? FACT_YES : FACT_NO;
        r = ctx.error ? ctx.error
                      : sql_do(c->db,
                               "UPDATE incident SET serious=?2, serious_by=?3, serious_at=?4"
                               " WHERE id=?1",
                               "itki", i.id, value, c->who.id, c->now);
        if (r == 0)
                r = said(c, &i, "state",
                         incident_text(c, "Serious by the law: %.*s (answers suggest: %s): %.*s",
                                       (int)value.len, value.p, suggests, (int)reason.len,
                                       reason.p),
                         incident_text(c, "Nghiêm trọng theo luật: %s (gợi ý: %s): %.*s",
                                       answer_vi(value), answer_vi(span_str(suggests)),
                                       (int)reason.len, reason.p));
        if (r == 0)
                r = incident_clocks(c, &i);
        if (r == 0)
                r = incident_touch(c, &i);
        return r == 0 ? incident_assessment(c, &i) : r;
}

/* ---- deadlines ---- */

/* The clock of the path, open still; refuses otherwise. */
static int open_clock(struct api_call *c, const struct incident *i, struct span *ret_en,
                      struct span *ret_vi, bool *ret_met) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct span name = api_text(c, "clock");
        int r = sql_rows(c->db, &q,
                         "SELECT title, title_vi, met_at, void_at FROM incident_clock"
                         " WHERE incident=?1 AND clock=?2 AND state<>0",
                         "it", i->id, name);

        if (r == 0)
                r = sql_next(q);
        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        *ret_en = arena_dup(c->arena, sql_span(q, 0));
        *ret_vi = arena_dup(c->arena, sql_span(q, 1));
        *ret_met = !sql_null(q, 2);
        if (!*ret_met)
                return 0;
        return api_refuse(c, 409, "met_already", "This deadline was met already",
                          "Thời hạn này đã được đáp ứng");
}

int incident_do_clock_met(struct api_call *c) {
        struct span name = api_text(c, "clock"), proof = api_text(c, "proof");
        struct span en = SPAN_NONE, vi = SPAN_NONE;
        int64_t at = api_time(c, "at");
        struct incident i = {0};
        bool met;
        int r = incident_get(c, api_int(c, "id", 0), "reports.send", &i);

        if (r == 0)
                r = good_time(c, "at", at);
        if (r == 0)
                r = open_clock(c, &i, &en, &vi, &met);
        if (r == 0)
                r = sql_do(c->db,
                           "UPDATE incident_clock SET met_at=?3, met_by=?4, proof=?5, void_at=NULL,"
                           " void_by=NULL WHERE incident=?1 AND clock=?2",
                           "itikt", i.id, name,
                           matter_at(c, i.drill, at == TIME_NONE ? c->now : at), c->who.id, proof);
        if (r == 0)
                r = said(c, &i, "clock",
                         incident_text(c, "%.*s: met: %.*s", (int)en.len, en.p, (int)proof.len,
                                       proof.p),
                         incident_text(c, "%.*s: đã đáp ứng: %.*s", (int)vi.len, vi.p,
                                       (int)proof.len, proof.p));
        if (r == 0)
                r = incident_clocks(c, &i);
        return r == 0 ? done(c, &i) : r;
}

/* A second press of the same step is none: the first reason stands. */
static int not_void(struct api_call *c, const struct incident *i, struct span name) {
        int64_t n = 0;
        int r = sql_get_int(c->db, &n,
                            "SELECT 1 FROM incident_clock WHERE incident=?1 AND clock=?2 AND"
                            " void_at IS NOT NULL",
                            "it", i->id, name);

        if (r <= 0)
                return r;
        return api_refuse(c, 409, "void_already", "It was said already that this does not apply",
                          "Đã ghi là thời hạn này không áp dụng");
}

int incident_do_clock_void(struct api_call *c) {
        struct span name = api_text(c, "clock"), reason = api_text(c, "reason");
        struct span en = SPAN_NONE, vi = SPAN_NONE;
        struct incident i = {0};
        bool met;
        int r = incident_get(c, api_int(c, "id", 0), "incidents.lead", &i);

        if (r == 0)
                r = open_clock(c, &i, &en, &vi, &met);
        if (r == 0)
                r = not_void(c, &i, name);
        if (r == 0)
                r = sql_do(c->db,
                           "UPDATE incident_clock SET void_at=?3, void_by=?4, proof=?5"
                           " WHERE incident=?1 AND clock=?2",
                           "itikt", i.id, name, c->now, c->who.id, reason);
        if (r == 0)
                r = said(c, &i, "clock",
                         incident_text(c, "%.*s: does not apply: %.*s", (int)en.len, en.p,
                                       (int)reason.len, reason.p),
                         incident_text(c, "%.*s: không áp dụng: %.*s", (int)vi.len, vi.p,
                                       (int)reason.len, reason.p));
        if (r == 0)
                r = incident_clocks(c, &i);
        return r == 0 ? done(c, &i) : r;
}

/* ---- review ---- */

/* What was not detected is a rule that somebody writes: a request with an owner and a day, that stays on the dashboard
 * until it is done. One that is open says what the review says; one that is over stays as it is. */
static int request_rule(struct api_call *c, const struct incident *i, struct span missed) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        size_t n = 0;
        int64_t id = 0;

        while (n < missed.len && n < 200 && missed.p[n] != '\n')
                n++;
        while (n < missed.len && n && ((unsigned char)missed.p[n] & 0xc0) == 0x80)
                n--;
        struct span title = span_of(missed.p, n);
        int r = missed.len
                        ? sql_rows(c->db, &q,
                                   "SELECT id, state IN ('open','doing'), detail FROM improvement"
                                   " WHERE incident=?1 AND review=1 ORDER BY id DESC LIMIT 1",
                                   "i", i->id)
                        : 1;
        if (r == 0)
                r = sql_next(q);
        if (r < 0 || !missed.len || (r == 1 && span_eq(sql_span(q, 2), missed)))
                return MIN(r, 0);
        if (r == 1 && sql_int(q, 1)) {
                id = sql_int(q, 0);
                r = sql_do(c->db,
                           "UPDATE improvement SET title=?2, detail=?3, version=version+1 WHERE"
                           " id=?1",
                           "itt", id, title, missed);
        } else {
                r = sql_do(
                        c->db,
                        "INSERT INTO improvement(incident,unit,kind,title,detail,owner,due,state,"
                        "note,created,created_by,review) VALUES(?1,?2,'rule_request',?3,?4,?5,?6,"
                        "'open','',?7,?8,1)",
                        "iittkiik", i->id, i->unit, title, missed, c->who.id,
                        c->now + REQUEST_DAYS * DAY_NS, c->now, c->who.id);
                id = sql_last_id(c->db);
                struct incident_entry e = {.kind = "task", .about = "improvement", .about_id = id};
                e.en = incident_text(c, "Rule wanted: %.*s", (int)title.len, title.p);
                e.vi = incident_text(c, "Đề nghị quy tắc: %.*s", (int)title.len, title.p);
                if (r == 0)
                        r = incident_write(c, i->id, &e);
        }
        if (r == 0)
                api_tell(c, "improvement", id, i->unit);
        return r;
}

static const char *const review_parts[] = {"cause",  "vector",    "weakness",   "detected",
                                           "missed", "went_well", "went_badly", "lessons"};

static int review_answer(struct api_call *c, const struct incident *i) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                c->db, &q,
                "SELECT cause,vector,weakness,detected,missed,went_well,went_badly,lessons,"
                "at,(SELECT name FROM person WHERE id=by) FROM incident_review"
                " WHERE incident=?1",
                "i", i->id);

        if (r == 0)
                r = sql_next(q);
        if (r < 0)
                return r;
        c->answer = json_object();
        for (size_t n = 0; n < ARRAY_LEN(review_parts); n++)
                if (json_object_set_new(c->answer, review_parts[n],
                                        r == 1 ? api_json_text(sql_span(q, (int)n))
                                               : json_string("")) < 0)
                        return FAIL(-ENOMEM);
        if (json_object_set_new(c->answer, "at",
                                r == 1 ? api_json_time(sql_time(q, 8)) : json_null()) < 0 ||
            json_object_set_new(c->answer, "by_name",
                                r == 1 && !sql_null(q, 9) ? api_json_text(sql_span(q, 9))
                                                          : json_null()) < 0)
                return FAIL(-ENOMEM);
        return 0;
}

int incident_do_review_get(struct api_call *c) {
        struct incident i = {0};
        int r = incident_get(c, api_int(c, "id", 0), "incidents.read", &i);

        return r == 0 ? review_answer(c, &i) : r;
}

int incident_do_review(struct api_call *c) {
        struct span t[ARRAY_LEN(review_parts)];
        struct incident i = {0};
        int r = incident_get(c, api_int(c, "id", 0), "incidents.lead", &i);

        if (r != 0)
                return r;
        for (size_t n = 0; n < ARRAY_LEN(t); n++) {
                t[n] = api_text(c, review_parts[n]);
                if (!t[n].p)
                        t[n] = SPAN("");
        }
        r = sql_do(c->db,
                   "INSERT OR REPLACE INTO incident_review VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,"
                   "?11)",
                   "ittttttttik", i.id, t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], c->now,
                   c->who.id);
        if (r == 0)
                r = request_rule(c, &i, t[REVIEW_MISSED]);
        if (r == 0)
                r = said(c, &i, "state", SPAN("Review written"), SPAN("Đã viết rút kinh nghiệm"));
        if (r == 0)
                r = incident_touch(c, &i);
        return r == 0 ? review_answer(c, &i) : r;
}

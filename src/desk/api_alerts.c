/* The queue of alerts as people see it: the list, one alert with why it fired, and the steps of triage (tables_alerts.c,
 * triage.c).
 *
 *   Q1. A step is taken from the state it fits only; another answers 409 with a code and changes nothing.
 *   Q2. What a step changed is kept in `was` until the next, so that who made it can take it back within UNDO_NS,
 *       if nobody changed the alert since.
 *   Q3. Names of people stand outside an incident that the asker works on as pseudonyms, in lists as in one alert
 *       that is opened; filters, sorting and search do not look at them (alert_view.c, mask.h).
 *   Q4. What was before on the same host is of units that the asker sees: two of them may have a host of one name. */
#include "desk/alert_view.h"
#include "desk/desk_impl.h"
#include "desk/exceptions.h"
#include "desk/incident.h"
#include "desk/matter.h"
#include "desk/people.h"
#include "desk/triage.h"
#include "wire/api_shapes.h"

#define UNDO_NS (600 * NS_PER_SEC)
#define DAY_NS (INT64_C(86400) * NS_PER_SEC)
#define HISTORY_DAYS 14

#define FROM                                                                                       \
        "triage t JOIN alert a ON a.id=t.alert JOIN rule r ON r.ref=a.rule"                        \
        " LEFT JOIN system s ON s.id=t.system LEFT JOIN person p ON p.id=t.taken_by"               \
        " LEFT JOIN incident i ON i.id=t.incident"
#define COLUMNS                                                                                    \
        "t.alert", "t.status", "t.severity", "r.title", "nullif(r.title_vi,'')", "t.rule",         \
                "CASE r.kind WHEN 0 THEN 'rule' WHEN 1 THEN 'correlation' ELSE 'node' END",        \
                "r.tags", "nullif(t.host,'')", "nullif(a.user,'')", "nullif(t.source,'')",         \
                "nullif(a.entity,'')", "t.system", "s.name", "s.level", "t.unit", "a.count",       \
                "a.first", "a.last", "t.raised", "t.waiting_since", "p.name", "t.taken_at",        \
                "t.incident", "i.code", "t.reason", "t.drill<>0", "nullif(t.drill,0)",             \
                "a.retro<>0", "t.again", "t.version"

static const char *const columns[] = {COLUMNS, NULL};
static const char *const flat_columns[] = {COLUMNS,
                                           "nullif(r.description,'')",
                                           "nullif(r.description_vi,'')",
                                           "t.text",
                                           "t.decided_at",
                                           "nullif(a.exception,'')",
                                           NULL};
static const char *const filters[] = {[8] = "t.host", [10] = "t.source", [32] = NULL};
static const char *const sorts[] = {[2] = "t.urgency", [8] = "t.host", [32] = NULL};

#define USER_COLUMN 9
#define ENTITY_COLUMN 11

static int spec_of(struct api_call *c, const struct api_field *shape, const char *const *list,
                   struct api_list_spec *ret) {
        const char **own = arena_array(c->arena, 40, sizeof(*own));
        int r = own ? 0 : FAIL(-ENOMEM);

        for (unsigned i = 0; r == 0 && list[i]; i++)
                own[i] = list[i];
        if (r == 0)
                r = alert_view_columns(c, &own[USER_COLUMN], &own[ENTITY_COLUMN]);
        *ret = (struct api_list_spec){.shape = shape,
                                      .columns = own,
                                      .sorts = sorts,
                                      .filters = filters,
                                      .from = FROM,
                                      .count_from = "triage t",
                                      .id = "t.alert",
                                      .search = {"=t.words"},
                                      .search_index = "triage_words",
                                      .unit = "t.unit",
                                      .drill = "=t.drill",
                                      .row = alert_view_row};
        return r;
}

/* Filters look at the narrow row: a host is '' there, not NULL. */
static int alerts_list(struct api_call *c) {
        struct api_list_spec l;
        int r = spec_of(c, c->op->answer, columns, &l);

        return r < 0 ? r : api_list(c, &l);
}

int alert_row(struct api_call *c, int64_t id, json_t **ret) {
        struct api_list_spec l;
        json_t *answer = c->answer;
        int r = spec_of(c, api_alert_row, columns, &l);

        l.unit = NULL;
        c->answer = NULL;
        if (r == 0)
                r = api_detail(c, &l, id);
        if (r == 0)
                *ret = c->answer;
        c->answer = answer;
        return r;
}

/* ---- one alert ---- */

/* The same rule on the same host: counts of days, the last ones, whether it is the first ever. */
static int add_history(struct api_call *c, int64_t id, struct span rule, struct span host,
                       int64_t raised) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL, *e = NULL;
        json_t *days = json_array(), *earlier = json_array();
        const char *scope;
        int r = api_scope(c, "alerts.read", "t.unit", &scope);
        struct span counts = SPAN_NONE, rows = SPAN_NONE;

        if (r == 0) { /* Q4 */
                counts = arena_printf(
                        c->arena,
                        "SELECT t.raised/86400000000000, sum(a.count) FROM triage t"
                        " JOIN alert a ON a.id=t.alert WHERE t.rule=?1 AND t.host=?2"
                        " AND t.raised>=?3 AND t.drill=(SELECT drill FROM triage WHERE alert=?4)"
                        " AND (%s) GROUP BY 1 ORDER BY 1",
                        scope);
                rows = arena_printf(
                        c->arena,
                        "SELECT t.alert, t.raised, t.status, t.host, t.reason FROM triage t WHERE"
                        " t.rule=?1 AND t.host=?2 AND t.raised<=?3 AND t.alert<>?4 AND t.drill="
                        "(SELECT drill FROM triage WHERE alert=?4) AND (%s)"
                        " ORDER BY t.raised DESC LIMIT 10",
                        scope);
                r = counts.p && rows.p ? 0 : FAIL(-ENOMEM);
        }
        json_object_set_new(
                c->answer, "history",
                json_pack("{so sb so}", "days", days, "first_on_host", 0, "earlier", earlier));
        if (r == 0)
                r = sql_rows(c->db, &q, counts.p, "ttii", rule, host,
                             c->now - HISTORY_DAYS * DAY_NS, id);
        while (r == 0 && (r = sql_next(q)) == 1) {
                char day[40];

                time_format(day, sql_int(q, 0) * DAY_NS, 0);
                json_array_append_new(days, json_pack("{ss% sI}", "day", day, (size_t)10, "n",
                                                      (json_int_t)sql_int(q, 1)));
                r = 0;
        }
        if (r == 0)
                r = sql_rows(c->db, &e, rows.p, "ttii", rule, host, raised, id);
        while (r == 0 && (r = sql_next(e)) == 1) {
                struct span reason = sql_span(e, 4);

                json_array_append_new(earlier,
                                      json_pack("{sI so so so so}", "id", (json_int_t)sql_int(e, 0),
                                                "raised", api_json_time(sql_int(e, 1)), "status",
                                                api_json_text(sql_span(e, 2)), "host",
                                                api_json_text(sql_span(e, 3)), "dismiss_reason",
                                                reason.len ? api_json_text(reason) : json_null()));
                r = 0;
        }
        json_object_set_new(json_object_get(c->answer, "history"), "first_on_host",
                            json_boolean(r == 0 && json_array_size(earlier) == 0));
        return r;
}

/* Incidents at work that have an alert of the same host, or are about the same system. */
static int add_suggestions(struct api_call *c, int64_t id, struct span host, int64_t system) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        json_t *list = json_array();
        const char *scope;
        int r = api_scope(c, "incidents.read", "i.unit", &scope);

        json_object_set_new(c->answer, "suggestions", list);
        if (r == 0) {
                struct span text = arena_printf(
                        c->arena,
                        "SELECT i.id, i.code, i.title, (SELECT count(*) FROM triage x WHERE"
                        " x.incident=i.id AND x.host=?1 AND ?1<>'') AS n FROM incident i"
                        " WHERE i.state NOT IN ('closed','reviewed') AND (%s) AND (n>0 OR "
                        "i.system=?2) AND i.drill=(SELECT drill FROM triage WHERE alert=?3)"
                        " ORDER BY n DESC, i.id DESC LIMIT 5",
                        scope);
                r = text.p ? sql_rows(c->db, &q, text.p, "tki", host, system, id) : FAIL(-ENOMEM);
        }
        while (r == 0 && (r = sql_next(q)) == 1) {
                bool same = sql_int(q, 3) > 0;

                json_array_append_new(
                        list, json_pack("{sI so so ss ss}", "id", (json_int_t)sql_int(q, 0), "code",
                                        api_json_text(sql_span(q, 1)), "title",
                                        api_json_text(sql_span(q, 2)), "why_en",
                                        same ? "alerts of the same host" : "the same system",
                                        "why_vi", same ? "có cảnh báo cùng máy" : "cùng hệ thống"));
                r = 0;
        }
        return r;
}

static struct span kept_text(struct api_call *c, const char *name) {
        const json_t *v = json_object_get(c->answer, name);

        return json_is_string(v) ? span_of(json_string_value(v), json_string_length(v)) : SPAN("");
}

static int alerts_get(struct api_call *c) {
        struct api_list_spec l;
        int64_t id = api_int(c, "id", 0), raised = 0;
        int r = spec_of(c, api_alert_flat, flat_columns, &l);

        if (r == 0)
                r = api_detail(c, &l, id);
        if (r == 0)
                r = alert_view_events(c, id);
        if (r == 0)
                r = MIN(sql_get_int(c->db, &raised, "SELECT raised FROM triage WHERE alert=?1", "i",
                                    id),
                        0);
        if (r == 0)
                r = add_history(c, id, kept_text(c, "rule"), kept_text(c, "host"), raised);
        if (r == 0)
                r = add_suggestions(c, id, kept_text(c, "host"),
                                    json_integer_value(json_object_get(c->answer, "system")));
        return r;
}

/* ---- steps ---- */

/* An alert as a step finds it. */
struct at {
        int64_t id, unit, incident, version;
        struct span status, was; /* of the call's arena */
        int64_t mine;            /* the asker took or decided it */
};

enum step { STEP_ACCEPT, STEP_MERGE, STEP_DISMISS, STEP_HAND_OVER, STEP_UNDO };

static int not_now(struct api_call *c) {
        return api_refuse(c, 409, "state", "the alert is no longer where this step begins",
                          "cảnh báo không còn ở bước này");
}

static int find(struct api_call *c, int64_t id, struct at *ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int64_t seen = api_int(c, "version", 0);
        int r = sql_rows(c->db, &q,
                         "SELECT unit, ifnull(incident,0), version, status, ifnull(was,''), drill "
                         "FROM triage"
                         " WHERE alert=?1",
                         "i", id);

        if (r == 0)
                r = sql_next(q);
        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        *ret = (struct at){.id = id,
                           .unit = sql_int(q, 0),
                           .incident = sql_int(q, 1),
                           .version = sql_int(q, 2),
                           .status = arena_dup(c->arena, sql_span(q, 3)),
                           .was = arena_dup(c->arena, sql_span(q, 4))};
        r = api_sees(c, "alerts.read", ret->unit);
        /* Nobody else deals with a drill's; and who has a right lent for it, with nothing beside it. */
        if (r == 1 && (sql_int(q, 5) || c->who.lent.play))
                r = matter_plays(c, sql_int(q, 5));
        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        r = api_may(c, "alerts.work", ret->unit);
        if (r == 0 && seen && seen != ret->version)
                return api_refuse(c, 409, "stale", "somebody changed it meanwhile",
                                  "có người vừa thay đổi mục này");
        return r;
}

/* Q2: what is there now, before it changes. */
static int keep_was(struct api_call *c, const struct at *a) {
        return sql_do(
                c->db,
                "UPDATE triage SET was=json_object('status',status,'waiting_since',waiting_since,"
                "'taken_by',taken_by,'taken_at',taken_at,'reason',reason,'text',text,"
                "'decided_by',decided_by,'decided_at',decided_at,'by',?2,'at',?3)"
                " WHERE alert=?1",
                "iii", a->id, c->who.id, c->now);
}

static bool is(const struct at *a, const char *status) {
        return span_eq(a->status, span_str(status));
}

static int do_accept(struct api_call *c, const struct at *a) {
        if (!is(a, "new") && !is(a, "suppressed") && !is(a, "dismissed"))
                return not_now(c);
        int r = keep_was(c, a);
        return r < 0 ? r
                     : sql_do(c->db,
                              "UPDATE triage SET status='taken', taken_by=?2, taken_at=?3,"
                              " waiting_since=NULL, reason=NULL, version=version+1 WHERE alert=?1",
                              "iki", a->id, c->who.id, c->now);
}

static int do_dismiss(struct api_call *c, const struct at *a) {
        struct span text = api_text(c, "text");

        if (!is(a, "new") && !is(a, "taken") && !is(a, "suppressed"))
                return not_now(c);
        if (!api_has(c, "reason"))
                return api_fault_at(c, "reason", "is missing", "chưa có", "choose one",
                                    "chọn một lý do");
        int r = 0;
        bool exception =
                api_has(c, "exception") && !json_is_null(json_object_get(c->in, "exception"));
        /* It would silence what is real, on hosts of the same names. */
        if (exception && a->id >= STATE_DRILL_IDS)
                return api_fault_at(c, "exception", "a drill's alert makes no exception",
                                    "cảnh báo diễn tập không tạo được ngoại lệ",
                                    "dismiss it without one", "bỏ qua mà không tạo ngoại lệ");
        if (exception)
                r = exception_make(c, a->id, a->unit);
        if (r == 0)
                r = keep_was(c, a);
        return r != 0 ? r
                      : sql_do(c->db,
                               "UPDATE triage SET status='dismissed', reason=?2, "
                               "text=nullif(?3,''),"
                               " decided_by=?4, decided_at=?5, waiting_since=NULL, "
                               "version=version+1"
                               " WHERE alert=?1",
                               "ittki", a->id, api_text(c, "reason"), text.p ? text : SPAN(""),
                               c->who.id, c->now);
}

static int do_hand_over(struct api_call *c, const struct at *a) {
        struct span text = api_text(c, "text");
        int64_t to = api_int(c, "to", 0);

        if (!is(a, "new") && !is(a, "taken"))
                return not_now(c);
        int r = to ? person_nameable(c, "to", to) : 0;
        if (r == 0)
                r = keep_was(c, a);
        return r != 0 ? r
                      : sql_do(c->db,
                               "UPDATE triage SET status=iif(?2 IS NULL,'new','taken'), "
                               "taken_by=?2,"
                               " taken_at=iif(?2 IS NULL,NULL,?3), text=nullif(?4,''),"
                               " waiting_since=iif(?2 IS NULL,?3,NULL), version=version+1 WHERE "
                               "alert=?1",
                               "ikit", a->id, to, c->now, text.p ? text : SPAN(""));
}

/* The trigger of incident_alert changes the row (tables_alerts.c). */
static int do_merge(struct api_call *c, const struct at *a) {
        struct incident i;

        if (is(a, "merged"))
                return not_now(c);
        if (!api_has(c, "incident"))
                return api_fault_at(c, "incident", "is missing", "chưa có", "choose one",
                                    "chọn sự cố");
        int r = incident_get(c, api_int(c, "incident", 0), "incidents.work", &i);
        if (r == 0)
                r = keep_was(c, a);
        if (r == 0)
                r = incident_join(c, &i, a->id);
        return r == 0 ? incident_touch(c, &i) : r;
}

static int leave_incident(struct api_call *c, const struct at *a) {
        struct incident i = {0};
        int r = incident_get(c, a->incident, "incidents.work", &i);

        return r == 0 ? incident_leave(c, &i, a->id) : r;
}

static int do_undo(struct api_call *c, const struct at *a) {
        int64_t by = -1, at = 0;
        int r = a->was.len ? sql_get_int(c->db, &by, "SELECT json_extract(?1,'$.by')", "t", a->was)
                           : 0;

        if (r > 0)
                r = sql_get_int(c->db, &at, "SELECT json_extract(?1,'$.at')", "t", a->was);
        if (r < 0)
                return r;
        if (r == 0 || c->now - at > UNDO_NS || by != c->who.id)
                return api_refuse(c, 409, "no_undo", "there is no step of yours to take back",
                                  "không có bước nào của bạn để hoàn tác");
        r = a->incident ? leave_incident(c, a) : 0;
        return r != 0 ? r
                      : sql_do(c->db,
                               "UPDATE triage SET status=json_extract(?2,'$.status'),"
                               " waiting_since=json_extract(?2,'$.waiting_since'),"
                               " taken_by=json_extract(?2,'$.taken_by'),"
                               " taken_at=json_extract(?2,'$.taken_at'),"
                               " reason=json_extract(?2,'$.reason'), "
                               "text=json_extract(?2,'$.text'),"
                               " decided_by=json_extract(?2,'$.decided_by'),"
                               " decided_at=json_extract(?2,'$.decided_at'), was=NULL,"
                               " version=version+1 WHERE alert=?1",
                               "it", a->id, a->was);
}

static int step(struct api_call *c, int64_t id, enum step what) {
        static int (*const steps[])(struct api_call *, const struct at *) = {
                do_accept, do_merge, do_dismiss, do_hand_over, do_undo};
        struct at a = {0};
        int r = find(c, id, &a);

        if (r == 0)
                r = steps[what](c, &a);
        if (r == 0)
                api_tell(c, "alert", id, a.unit);
        return r;
}

static int one(struct api_call *c, enum step what) {
        struct api_list_spec l;
        int64_t id = api_int(c, "id", 0);
        int r = step(c, id, what);

        snprintf(c->about, sizeof(c->about), "alert %lld", (long long)id);
        if (r == 0 && api_has(c, "reason"))
                c->detail = json_pack("{sO sO*}", "reason", json_object_get(c->in, "reason"),
                                      "exception", json_object_get(c->in, "exception"));
        if (r == 0)
                r = spec_of(c, c->op->answer, columns, &l);
        l.unit = NULL; /* step() asked */
        return r == 0 ? api_detail(c, &l, id) : r;
}

static int alerts_accept(struct api_call *c) {
        return one(c, STEP_ACCEPT);
}
static int alerts_merge(struct api_call *c) {
        return one(c, STEP_MERGE);
}
static int alerts_dismiss(struct api_call *c) {
        return one(c, STEP_DISMISS);
}
static int alerts_hand_over(struct api_call *c) {
        return one(c, STEP_HAND_OVER);
}
static int alerts_undo(struct api_call *c) {
        return one(c, STEP_UNDO);
}

/* Each by itself: one that is refused is named and keeps none of the others back. */
static int alerts_bulk(struct api_call *c) {
        static const char *const names[] = {"accept", "merge", "dismiss", "hand_over", "undo"};
        json_t *done = json_array(), *refused = json_array(), *id;
        enum step what = STEP_ACCEPT;
        size_t i;

        c->answer = json_pack("{so so}", "done", done, "refused", refused);
        for (unsigned k = 0; k < ARRAY_LEN(names); k++)
                if (span_eq(api_text(c, "action"), span_str(names[k])))
                        what = (enum step)k;
        json_array_foreach(json_object_get(c->in, "ids"), i, id) {
                const char *code;
                int r = sql_do(c->db, "SAVEPOINT one", "");

                if (r == 0)
                        r = step(c, json_integer_value(id), what);
                if (r < 0)
                        return r;
                if (r > 0 && sql_do(c->db, "ROLLBACK TO one", "") < 0)
                        return FAIL(-EIO);
                if (sql_do(c->db, "RELEASE one", "") < 0)
                        return FAIL(-EIO);
                if (r == 0) {
                        json_array_append(done, id);
                        continue;
                }
                code = api_forgive(c);
                json_array_append_new(refused, json_pack("{sO ss}", "id", id, "code", code));
        }
        snprintf(c->about, sizeof(c->about), "%zu alerts", json_array_size(done));
        c->detail = json_pack("{sO sO}", "ids", done, "action", json_object_get(c->in, "action"));
        return 0;
}

extern const struct api_binding api_alerts_bindings[];
const struct api_binding api_alerts_bindings[] = {
        {"alerts.list", alerts_list},
        {"alerts.get", alerts_get},
        {"alerts.accept", alerts_accept},
        {"alerts.merge", alerts_merge},
        {"alerts.dismiss", alerts_dismiss},
        {"alerts.hand_over", alerts_hand_over},
        {"alerts.undo", alerts_undo},
        {"alerts.bulk", alerts_bulk},
        {0},
};

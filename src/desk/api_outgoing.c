/* What leaves, as people see it: rows of `outgoing`, by the units whose reports they may read; for who
 * keeps the node running, counts without contents. */
#include <stdio.h>

#include "desk/desk_impl.h"
#include "desk/errands.h"
#include "desk/mail.h"
#include "desk/people.h"
#include "desk/report.h"
#include "wire/api_shapes.h"

static const char *const columns[] = {
        "o.id",
        "o.kind",
        "o.state",
        "CASE o.kind WHEN 'mail' THEN o.target ELSE json_array(o.target) END",
        "o.subject",
        "o.about",
        "o.incident",
        "o.unit",
        "o.created",
        "o.created_by",
        "(SELECT name FROM person WHERE id=o.created_by)",
        "CASE o.state WHEN 'queued' THEN o.due END",
        "o.tries",
        "o.last_try",
        "o.last_error",
        "o.sent",
        "o.drill",
        "json_array_length(o.files)",
        "o.body",
        "o.message_id",
};

static struct api_list_spec spec(const struct api_field *shape) {
        return (struct api_list_spec){.shape = shape,
                                      .columns = columns,
                                      .from = "outgoing o",
                                      .id = "o.id",
                                      .search = {"o.subject", "o.target", "o.about", NULL},
                                      .unit = "o.unit",
                                      .drill = "(SELECT drill FROM incident WHERE id=o.incident)"};
}

static int list(struct api_call *c) {
        struct api_list_spec l = spec(api_outgoing_shape);

        return api_list(c, &l);
}

static int get(struct api_call *c) {
        struct api_list_spec l = spec(api_outgoing_one_shape);

        return api_detail(c, &l, api_int(c, "id", 0));
}

/* Found for who may send, and in a state that it can leave. */
static int find(struct api_call *c, struct span *ret_state, bool *ret_drill) {
        int64_t id = api_int(c, "id", 0);
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q, "SELECT unit, state, drill FROM outgoing WHERE id=?1", "i", id);

        if (r == 0)
                r = sql_next(q);
        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        int64_t unit = sql_int(q, 0);
        *ret_state = arena_dup(c->arena, sql_span(q, 1));
        *ret_drill = sql_int(q, 2) != 0;
        r = api_sees(c, "reports.read", unit);
        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        r = api_may(c, "reports.send", unit);
        if (r != 0)
                return r;
        snprintf(c->about, sizeof(c->about), "outgoing %lld", (long long)id);
        api_tell(c, "outgoing", id, unit);
        return 0;
}

/* A report that went another way meanwhile, or is a draft again, does not leave by this one. */
static int report_waits(struct api_call *c, int64_t id) {
        int64_t n = 0;
        int r = sql_get_int(c->db, &n,
                            "SELECT about LIKE 'report %' AND NOT EXISTS(SELECT 1 FROM report WHERE"
                            " mail=o.id AND state='signed') FROM outgoing o WHERE id=?1",
                            "i", id);

        if (r < 0 || !n)
                return MIN(r, 0);
        return api_refuse(c, 409, "report", "its report does not wait for this mail any more",
                          "báo cáo không còn chờ thư này nữa");
}

static int retry(struct api_call *c) {
        int64_t id = api_int(c, "id", 0);
        struct span state = SPAN_NONE;
        bool drill = false;
        int r = find(c, &state, &drill);

        if (r != 0)
                return r;
        if (span_eq(state, SPAN("sent")))
                return api_refuse(c, 409, "sent", "it was sent already", "đã gửi rồi");
        if (drill) /* of an exercise: nobody sends it */
                return api_refuse(c, 409, "drill", "what an exercise holds back never leaves",
                                  "thư của diễn tập không bao giờ rời khỏi nút");
        r = report_waits(c, id);
        if (r != 0)
                return r;
        r = sql_do(c->db,
                   "UPDATE outgoing SET state='queued', due=?2, tries=0, created=CASE WHEN"
                   " state='failed' THEN ?2 ELSE created END WHERE id=?1",
                   "ii", id, c->now);
        errands_changed(c->desk);
        return r < 0 ? r : get(c);
}

static int cancel(struct api_call *c) {
        struct span state = SPAN_NONE;
        int64_t id = api_int(c, "id", 0), report = 0;
        bool drill = false;
        int r = find(c, &state, &drill);

        if (r != 0)
                return r;
        if (span_eq(state, SPAN("sent")))
                return api_refuse(c, 409, "sent", "it was sent already", "đã gửi rồi");
        r = report_of_mail(c->db, id, &report);
        if (r == 1 && errands_under_way(c->desk, id)) /* what came of it decides */
                return api_refuse(c, 409, "leaving",
                                  "it is leaving at this moment: look again in a minute",
                                  "thư đang được gửi ngay lúc này: hãy xem lại sau một phút");
        if (r == 1)
                r = report_mail_ended(c, id, REPORT_MAIL_TAKEN_BACK, c->who.name);
        if (r < 0)
                return r;
        r = sql_do(c->db, "UPDATE outgoing SET state='cancelled' WHERE id=?1", "i", id);
        return r < 0 ? r : get(c);
}

/* ---- for who keeps the node running ---- */

static int count_states(struct api_call *c, json_t *to) {
        static const char *const states[] = {"queued", "failed", "held", "sent"};
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = 0;

        for (size_t i = 0; i < ARRAY_LEN(states) && r >= 0; i++) {
                int64_t n = 0;

                r = sql_get_int(c->db, &n, "SELECT count(*) FROM outgoing WHERE state=?1", "s",
                                states[i]);
                json_object_set_new(to, states[i], json_integer(n));
        }
        if (r >= 0)
                r = sql_rows(c->db, &q,
                             "SELECT (SELECT min(created) FROM outgoing WHERE state='queued'), e.*"
                             " FROM (SELECT 1) LEFT JOIN (SELECT last_error, last_try FROM outgoing"
                             " WHERE last_error IS NOT NULL AND state IN ('queued','failed')"
                             " ORDER BY last_try DESC LIMIT 1) e",
                             "");
        if (r >= 0)
                r = sql_next(q);
        if (r < 0)
                return r;
        json_object_set_new(to, "oldest", api_json_time(sql_time(q, 0)));
        json_object_set_new(to, "last_error",
                            sql_null(q, 1) ? json_null() : api_json_text(sql_span(q, 1)));
        json_object_set_new(to, "last_error_at", api_json_time(sql_time(q, 2)));
        return 0;
}

/* The node's own: for who was given it for all of it. */
static int of_all(struct api_call *c, const char *permission) {
        return api_may(c, permission, UNIT_ROOT);
}

static int status(struct api_call *c) {
        int r = of_all(c, "settings.read");

        if (r != 0)
                return r;
        json_t *hooks = json_array();
        bool mail, up = errands_up(c->desk, &mail);

        for (unsigned i = 0; errands_webhook(c->desk, i); i++)
                json_array_append_new(hooks, json_string(errands_webhook(c->desk, i)));
        c->answer = json_pack("{sb sb sb so}", "configured", errands_known(c->desk), "up", up,
                              "mail", mail, "webhooks", hooks);
        return c->answer ? count_states(c, c->answer) : FAIL(-ENOMEM);
}

static int say_settings(struct api_call *c) {
        int64_t v[SEND_SETTINGS];

        for (unsigned i = 0; i < SEND_SETTINGS; i++) {
                int r = outgoing_setting(c->desk, (enum outgoing_setting)i, &v[i]);
                if (r < 0)
                        return r;
        }
        int64_t version = 0;
        int r = state_number(c->desk->state, "send_version", &version);
        if (r < 0)
                return r;
        json_t *hour = v[SEND_DIGEST] < 0 ? json_null() : json_integer(v[SEND_DIGEST]);
        c->answer = json_pack("{sb sb sb so sI sI}", "deadline_mail", v[SEND_DEADLINES] != 0,
                              "deadline_webhook", v[SEND_DEADLINES_OUT] != 0, "critical_mail",
                              v[SEND_CRITICAL] != 0, "digest_hour", hour, "reminder_hours",
                              (json_int_t)v[SEND_REMINDER], "version", (json_int_t)version);
        return c->answer ? 0 : FAIL(-ENOMEM);
}

static int settings(struct api_call *c) {
        int r = of_all(c, "settings.read");

        return r == 0 ? say_settings(c) : r;
}

static int set(struct api_call *c) {
        const int64_t v[SEND_SETTINGS] = {
                [SEND_DEADLINES] = api_bool(c, "deadline_mail", true),
                [SEND_DEADLINES_OUT] = api_bool(c, "deadline_webhook", true),
                [SEND_CRITICAL] = api_bool(c, "critical_mail", false),
                [SEND_DIGEST] = api_int(c, "digest_hour", -1),
                [SEND_REMINDER] = api_int(c, "reminder_hours", 24),
        };
        int64_t version = 0;
        int r = of_all(c, "settings.write");

        if (r == 0)
                r = state_number(c->desk->state, "send_version", &version);
        if (r == 0 && api_int(c, "version", version) != version)
                return api_refuse(c, 409, "stale",
                                  "Somebody changed it meanwhile: look again, then repeat",
                                  "Có người vừa thay đổi: hãy xem lại rồi làm lại");
        if (r == 0)
                r = state_set_number(c->desk->state, "send_version", version + 1);
        for (unsigned i = 0; i < SEND_SETTINGS && r == 0; i++)
                r = outgoing_set(c->desk, (enum outgoing_setting)i, v[i]);
        snprintf(c->about, sizeof(c->about), "setting outgoing");
        api_tell(c, "setting", 0, UNIT_ROOT);
        if (r == 0)
                r = say_settings(c);
        if (r == 0)
                c->detail = json_incref(c->answer);
        return r;
}

static int test_webhook(struct api_call *c, int64_t *ret) {
        const struct outgoing o = {.to = api_text(c, "webhook"),
                                   .subject = SPAN("test"),
                                   .body = SPAN("{\"event\":\"test\"}"),
                                   .about = SPAN("a test"),
                                   .by = c->who.id};
        int r = outgoing_webhook(c->desk, &o, ret);

        if (r != OUTGOING_E_ADDRESS)
                return r;
        return api_fault_at(c, "webhook", "There is no such webhook", "Không có webhook này",
                            "Take a name of the configuration", "Lấy tên trong cấu hình");
}

/* *ret: 0: they have no address. */
static int test_mail(struct api_call *c, int64_t *ret) {
        const struct outgoing o = {.about = SPAN("a test"), .by = c->who.id};
        const struct outgoing_text t = {
                .subject = {SPAN("Coloa: a test"), SPAN("Coloa: thư thử")},
                .body = {SPAN("This mail was asked for by you, to see whether it arrives.\n"),
                         SPAN("Bạn vừa yêu cầu gửi thư này để xem có tới nơi không.\n")}};
        int64_t before = 0, id = 0;
        int r = sql_get_int(c->db, &before, "SELECT ifnull(max(id),0) FROM outgoing", "");

        if (r >= 0)
                r = outgoing_person(c->desk, &o, &t, c->who.id);
        if (r == 0)
                r = MIN(sql_get_int(c->db, &id, "SELECT max(id) FROM outgoing", ""), 0);
        *ret = id > before ? id : 0;
        return r;
}

static int test(struct api_call *c) {
        int64_t id = 0;
        int r = of_all(c, "settings.write");

        if (r == 0)
                r = api_has(c, "webhook") ? test_webhook(c, &id) : test_mail(c, &id);
        if (r != 0)
                return r;
        if (!id)
                return api_refuse(c, 409, "no_address", "you have no address of mail yet",
                                  "bạn chưa có địa chỉ thư điện tử");
        snprintf(c->about, sizeof(c->about), "outgoing %lld", (long long)id);
        c->answer = json_pack("{sI}", "id", (json_int_t)id);
        return c->answer ? 0 : FAIL(-ENOMEM);
}

const struct api_binding api_outgoing_bindings[] = {
        {"outgoing.list", list},         {"outgoing.status", status}, {"outgoing.get", get},
        {"outgoing.settings", settings}, {"outgoing.set", set},       {"outgoing.test", test},
        {"outgoing.retry", retry},       {"outgoing.cancel", cancel}, {NULL, NULL},
};

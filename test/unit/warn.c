/* What time brings: a deadline is told of once when it is near and once when it passed, whatever restarts in
 * between; overdue tasks once a day; critical alerts when that is switched on. */
#include "rules/regime.h"

#include "people_world.h"

#include "desk/desk_impl.h"
#include "desk/errands.h"
#include "desk/mail.h"

#define HOUR (INT64_C(3600) * NS_PER_SEC)

static int64_t lead, officer, unit;

static void give_regime(void) {
        _cleanup_(buf_deinit) struct buf json = {0}, said = {0};
        static const char path[] = TEST_CONTENT "/regimes/vn-2026/regime.yml";
        char *text;
        size_t len;

        check_int(os_read_file(path, (size_t)1 << 20, &text, &len), 0);
        buf_char(&json, '[');
        check_int(regime_read(SPAN("regime.yml"), span_of(text, len), &json, &said), 0);
        buf_char(&json, ']');
        free(text);
        check_int(desk_regimes(w.d, buf_get(&json)), 0);
}

static void courier_is_there(void) {
        static const char said[] = "{\"mail\":true,\"webhooks\":[\"soc\"]}";
        _cleanup_(buf_deinit) struct buf in = {0};
        struct courier_head h = {sizeof(said) - 1, COURIER_READY, 0};

        buf_add(&in, &h, sizeof(h));
        buf_add(&in, said, sizeof(said) - 1);
        check_int(desk_courier_line(w.d, true), 0);
        check_int(desk_courier_bytes(w.d, &in, w.wall), 0);
}

static int64_t with_mail_in(const char *login, const char *role, int64_t where) {
        int64_t id = member(login, role, where);

        check_int(asf(NULL, "people.change",
                      "{\"id\":%lld,\"version\":1,\"email\":\"%s@a.example\",\"lang\":\"en\"}",
                      (long long)id, login),
                  200);
        return id;
}

static int64_t with_mail(const char *login, const char *role) {
        return with_mail_in(login, role, unit);
}

static void begin(void) {
        people_start();
        w.wall += 60 * 86400 * NS_PER_SEC; /* the law is in force */
        give_regime();
        unit = add_unit("a", UNIT_ROOT);
        lead = with_mail("lead", "lead");
        officer = with_mail("officer", "officer");
        with_mail("liaison", "liaison");
        with_mail("handler", "handler");
        courier_is_there();
}

static void another_desk(void) {
        api_end();
        world_close();
        check_int(world_open(), 0);
        api_start();
        give_regime();
        check_int(desk_vault_line(w.d, true), 0);
        courier_is_there();
}

static void pass(int64_t ns) {
        w.wall += ns;
        w.mono += ns;
        check_int(desk_api_tick(w.d, w.mono, w.wall), 0);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        desk_api_committed(w.d);
        check_int(desk_api_tick(w.d, w.mono, w.wall), 0);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        desk_api_committed(w.d);
}

static long long rows(const char *filter) {
        char body[200];

        snprintf(body, sizeof(body), "{\"limit\":500%s%s}", *filter ? "," : "", filter);
        check_int(local("outgoing.list", body), 200);
        return (long long)json_array_size(answer_at("items"));
}

static int64_t incident(const char *title) {
        check_int(asf(NULL, "incidents.open", "{\"title\":\"%s\",\"unit\":%lld}", title,
                      (long long)unit),
                  200);
        int64_t id = answer_int("id");
        check_int(asf(NULL, "incidents.edit", "{\"id\":%lld,\"version\":%lld,\"lead\":%lld}",
                      (long long)id, answer_int("version"), (long long)lead),
                  200);
        return id;
}

static void deadlines_are_told_of_once(void) {
        begin();
        int64_t id = incident("ransomware");
        pass(NS_PER_SEC);
        check_int(local("clocks.list", "{\"sort\":\"due\",\"limit\":500}"), 200);
        long long clocks = (long long)json_array_size(answer_at("items"));
        check(clocks >= 3);
        long long at_once = rows("\"kind\":\"mail\"");
        pass(1000 * HOUR); /* all have passed: each is told of, to lead, officer, liaison */
        long long mails = rows("\"kind\":\"mail\""), hooks = rows("\"kind\":\"webhook\"");
        printf("# %lld clocks, %lld mails (%lld at once), %lld webhooks\n", clocks, mails, at_once,
               hooks);
        check(mails > at_once && (mails % 3) == 0 && mails / 3 == hooks);
        pass(HOUR);
        another_desk();
        pass(HOUR);
        check_int(rows("\"kind\":\"mail\""), mails);
        check_int(rows("\"kind\":\"webhook\""), hooks);
        check_int(asf(NULL, "incidents.timeline", "{\"id\":%lld,\"kind\":\"clock\",\"limit\":500}",
                      (long long)id),
                  200);
        check_int((long long)json_array_size(answer_at("items")), hooks);
        people_end();
}

static void near_then_late(void) {
        begin();
        int64_t id = incident("malware"), due = 0, warn = 0;
        pass(NS_PER_SEC);
        long long before;
        check_int(sql_get_int(state_sql(w.d->state), &warn,
                              "SELECT warn FROM incident_clock WHERE incident=?1 AND warned IS NULL"
                              " AND state<>0 ORDER BY warn LIMIT 1",
                              "i", id),
                  1);
        check_int(sql_get_int(state_sql(w.d->state), &due,
                              "SELECT due FROM incident_clock WHERE incident=?1 AND warn=?2", "ii",
                              id, warn),
                  1);
        pass(warn - w.wall - NS_PER_SEC);
        before = rows("");
        pass(2 * NS_PER_SEC);
        long long near = rows("");
        check(near > before);
        check(strstr(answer_text("items.0.subject"), "near"));
        pass(due - w.wall - NS_PER_SEC);
        long long still = rows("");
        pass(2 * NS_PER_SEC);
        check(rows("") > still);
        /* Not on disk when the desk dies: said by the next one, once. */
        pass(HOUR);
        long long all = rows("");
        w.wall += 2000 * HOUR;
        check_int(desk_api_tick(w.d, w.mono, w.wall), 0);
        another_desk();
        pass(NS_PER_SEC);
        long long after = rows("");
        check(after > all);
        another_desk();
        pass(HOUR);
        check_int(rows(""), after);
        people_end();
}

static void what_was_met_is_not_told_of(void) {
        begin();
        incident("malware");
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        check_int(desk_begin(w.d), 0);
        check_int(sql_do(state_sql(w.d->state), "UPDATE incident_clock SET met_at=1", ""), 0);
        pass(2000 * HOUR);
        check_int(rows(""), 0);
        people_end();
}

static void switched_off_is_off(void) {
        begin();
        check_int(
                local("outgoing.set",
                      "{\"deadline_mail\":false,\"deadline_webhook\":false,\"critical_mail\":false,"
                      "\"digest_hour\":null,\"reminder_hours\":48}"),
                200);
        incident("malware");
        pass(2000 * HOUR);
        check_int(rows(""), 0);
        people_end();
}

static void a_webhook_waits_for_the_courier(void) {
        begin();
        check_int(desk_courier_line(w.d, false), 0);
        incident("malware");
        pass(2000 * HOUR);
        check_int(rows("\"kind\":\"webhook\""), 0);
        courier_is_there();
        pass(NS_PER_SEC * 2);
        check(rows("\"kind\":\"webhook\"") > 0);
        people_end();
}

static void overdue_tasks_once_a_day(void) {
        char due[40];

        begin();
        check_int(
                local("outgoing.set",
                      "{\"deadline_mail\":false,\"deadline_webhook\":false,\"critical_mail\":false,"
                      "\"digest_hour\":7,\"reminder_hours\":48}"),
                200);
        int64_t id = incident("malware");
        time_format(due, w.wall + HOUR, 0);
        check_int(asf(NULL, "incidents.task_add",
                      "{\"id\":%lld,\"title\":\"call them\",\"owner\":%lld,\"due\":\"%s\"}",
                      (long long)id, (long long)officer, due),
                  200);
        pass(26 * HOUR);
        check_int(rows(""), 1);
        check(strstr(answer_text("items.0.to.0"), "officer@"));
        pass(HOUR / 2);
        another_desk();
        pass(HOUR / 4);
        check_int(rows(""), 1);
        for (unsigned i = 0; i < 24; i++)
                pass(HOUR);
        check_int(rows(""), 2);
        people_end();
}

/* A morning after a bad week: what all of them are told is more than the memory for one. */
static void overdue_tasks_of_many_people(void) {
        struct sql *db;

        begin();
        check_int(
                local("outgoing.set",
                      "{\"deadline_mail\":false,\"deadline_webhook\":false,\"critical_mail\":false,"
                      "\"digest_hour\":7,\"reminder_hours\":48}"),
                200);
        int64_t id = incident("malware");
        db = state_sql(w.d->state);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        check_int(desk_begin(w.d), 0);
        check_int(sql_do(db,
                         "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<60)"
                         " INSERT INTO person(login,name,email,unit,lang,created) SELECT 'p'||i,"
                         "'P','p'||i||'@x.example',1,'vi',?1 FROM n",
                         "i", w.wall),
                  0);
        check_int(sql_do(db,
                         "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<30)"
                         " INSERT INTO incident_task(incident,title,note,owner,due,created)"
                         " SELECT ?1, printf('%.150c','x'), '', p.id, ?2, ?2 FROM n, person p WHERE"
                         " p.login LIKE 'p%'",
                         "ii", id, w.wall),
                  0);
        pass(26 * HOUR);
        check_int(rows(""), 60);
        people_end();
}

static uint64_t seq = 1;

static void critical_alert(void) {
        hit(rule("Failed login"), (uint32_t)seq, 0, "User=x");
        say(rule("Evil tool"), (uint32_t)seq, (double)seq * 7200, "host=h Image=evil");
        check_int(judged(seq, seq + 1), 0);
        seq++;
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        desk_api_committed(w.d);
        check_int(desk_begin(w.d), 0);
        check_int(sql_do(state_sql(w.d->state), "UPDATE triage SET severity='critical', unit=?1",
                         "i", unit),
                  0);
}

static void critical_alerts_from_when_it_is_on(void) {
        static const char on[] =
                "{\"deadline_mail\":false,\"deadline_webhook\":false,"
                "\"critical_mail\":true,\"digest_hour\":null,\"reminder_hours\":48}";
        begin();
        critical_alert();
        pass(60 * NS_PER_SEC);
        check_int(rows(""), 0);
        check_int(local("outgoing.set", on), 200);
        pass(60 * NS_PER_SEC);
        check_int(rows(""), 0);
        critical_alert();
        critical_alert();
        pass(60 * NS_PER_SEC);
        check_int(rows("\"kind\":\"webhook\""), 1);
        check(strcmp(answer_text("items.0.subject"), "alert.critical") == 0);
        check_int(rows("\"kind\":\"mail\""), 1);
        check(strcmp(answer_text("items.0.subject"), "Coloa: 2 critical alerts") == 0);
        check(strstr(answer_text("items.0.to.0"), "officer@"));
        pass(60 * NS_PER_SEC);
        another_desk();
        pass(60 * NS_PER_SEC);
        check_int(rows(""), 2);
        people_end();
}

/* Before 20 and 25 December: a month, a week and a day ahead, to headquarters' liaison, each once. */
static void reports_of_a_year(void) {
        begin();
        int64_t id = member("root", "liaison", UNIT_ROOT);
        check_int(asf(NULL, "people.change",
                      "{\"id\":%lld,\"version\":1,\"email\":\"root@a.example\",\"lang\":\"en\"}",
                      (long long)id),
                  200);
        int64_t due = time_days(2027, 12, 20) * 24 * HOUR - 7 * HOUR; /* in Hà Nội */
        check(w.wall < due - 30 * 24 * HOUR);
        pass(due - 30 * 24 * HOUR - HOUR - w.wall);
        check_int(rows("\"q\":\"due in\""), 0);
        pass(2 * HOUR);
        check_int(rows("\"q\":\"due in\""), 1);
        check(strstr(answer_text("items.0.subject"), "owner, due in 30 days"));
        check(strstr(answer_text("items.0.to.0"), "root@"));
        for (unsigned i = 0; i < 5; i++)
                pass(HOUR);
        another_desk();
        pass(2 * HOUR);
        check_int(rows("\"q\":\"due in\""), 1);
        pass(due - 6 * 24 * HOUR - w.wall);
        check_int(rows("\"q\":\"owner, due in\""), 2);
        pass(due - 2 * HOUR - w.wall);
        check_int(rows("\"q\":\"owner, due in\""), 3);
        pass(4 * HOUR);
        check_int(rows("\"q\":\"owner, due in\""), 3);
        people_end();
}

static void what_nobody_sends_has_failed(void) {
        begin();
        incident("malware");
        pass(2000 * HOUR);
        long long all = rows("\"state\":\"queued\"");
        check(all > 0);
        pass(121 * HOUR);
        check_int(rows("\"state\":\"failed\""), all);
        people_end();
}

/* The audit log's head, every week, to inspectors alone. */
static void heads_are_mailed(void) {
        static const char ours[] = "SELECT count(*) FROM outgoing WHERE about='audit log'";
        int64_t n = 0;

        begin();
        with_mail_in("inspector", "inspector", UNIT_ROOT);
        with_mail("other", "inspector"); /* of one department */
        pass(NS_PER_SEC);
        check_int(asf(NULL, "audit.head", "{}"), 200);
        check(answer_int("number") >= 1);
        for (unsigned day = 0; day < 15; day++)
                pass(24 * HOUR);
        check_int(sql_get_int(state_sql(w.d->state), &n, ours, ""), 1);
        printf("# %lld mails in 15 days\n", (long long)n);
        check(n == 2 || n == 3);
        check_int(sql_get_int(state_sql(w.d->state), &n,
                              "SELECT count(*) FROM outgoing WHERE about='audit log' AND"
                              " target LIKE '%inspector@a.example%' AND"
                              " body LIKE '%coloa-audit-1 number=%signature=%'",
                              ""),
                  1);
        check(n == 2 || n == 3);
        int64_t before = n;
        check_int(local("settings.change", "{\"version\":0,\"audit_head_days\":0}"), 200);
        pass(400 * HOUR);
        check_int(sql_get_int(state_sql(w.d->state), &n, ours, ""), 1);
        check_int(n, before);
        people_end();
}

int main(void) {
        RUN(deadlines_are_told_of_once);
        RUN(near_then_late);
        RUN(what_was_met_is_not_told_of);
        RUN(switched_off_is_off);
        RUN(a_webhook_waits_for_the_courier);
        RUN(overdue_tasks_once_a_day);
        RUN(overdue_tasks_of_many_people);
        RUN(critical_alerts_from_when_it_is_on);
        RUN(heads_are_mailed);
        RUN(reports_of_a_year);
        RUN(what_nobody_sends_has_failed);
        return check_done();
}

/* What needs a person now, and the law as pages have it. */
#include "nights_world.h"

static int64_t counted(const char *sql) {
        int64_t n = -1;

        check(sql_get_int(state_sql(w.d->state), &n, sql, "") >= 0);
        return n;
}

/* What triggers counted is what there is. */
static void check_waiting(void) {
        check_int(counted("SELECT count(*) FROM (SELECT rule, ifnull(system,0) s, unit, count(*) n"
                          " FROM triage WHERE status='new' GROUP BY 1,2,3 EXCEPT"
                          " SELECT rule, system, unit, n FROM waiting)"),
                  0);
        check_int(counted("SELECT ifnull(sum(n),0)-(SELECT count(*) FROM triage WHERE"
                          " status='new') FROM waiting"),
                  0);
}

static void alerts_come_in_groups(void) {
        night_start();
        fire("Evil tool", "host=dc01 Image=evil");
        fire("Evil tool", "host=dc02 Image=evil");
        fire("Evil tool", "host=pv01 Image=evil");
        fire("Failed login", "host=dc01 user=an Image=x");
        check_by(200, LEAD, "tonight.get", "{}");
        check_int(answer_int("alerts.new"), 3);
        check_int(answer_int("alerts.groups"), 2);
        check_int(json_array_size(answer_at("alerts.items")), 2);
        check_span(span_str(answer_text("alerts.items.0.title")), "Evil tool");
        check_int(answer_int("alerts.items.0.group_alerts"), 2);
        check_int(answer_int("alerts.items.0.group_hosts"), 2);
        check_span(span_str(answer_text("alerts.items.0.host")), "dc01"); /* waits longest */
        check(strcmp(answer_text("alerts.items.1.user"), "an") != 0);
        check_by(200, OTHER_LEAD, "tonight.get", "{}");
        check_int(answer_int("alerts.new"), 1);
        check_by(200, INSPECTOR, "tonight.get", "{}");
        check_int(answer_int("alerts.new"), 4);
        check_int(answer_int("alerts.groups"), 3);
        check_by(200, INSPECTOR, "tonight.get", "{\"unit\":3}");
        check_int(answer_int("alerts.new"), 1);
        check_by(200, LEAD, "tonight.get", "{\"unit\":3}");
        check_int(answer_int("alerts.new"), 0);
        check_by(200, ADMIN, "tonight.get", "{}");
        check(json_is_null(answer_at("alerts")) && json_is_null(answer_at("incidents")));
        check(json_is_object(answer_at("sources")));
        check_waiting();
        check_by(200, OFFICER, "alerts.dismiss", "{\"id\":1,\"reason\":\"test\"}");
        check_waiting();
        check_by(200, OFFICER, "alerts.undo", "{\"id\":1}");
        check_by(200, OFFICER, "alerts.accept", "{\"id\":2}");
        check_waiting();
        check_by(200, LEAD, "tonight.get", "{}");
        check_int(answer_int("alerts.new"), 2);
        sql_now("DELETE FROM triage WHERE alert=1");
        check_waiting();
        check_int(ask_on(0, NULL, API_COOKIE, "tonight.get", "{}"), 401);
        night_end();
}

static void deadlines_come_first(void) {
        night_start();
        check_by(200, LEAD, "incidents.open", "{\"title\":\"one\",\"system\":2}");
        check_by(200, LEAD, "incidents.serious",
                 "{\"id\":1,\"serious\":\"yes\",\"reason\":\"clinic stands still\"}");
        check_by(200, LEAD, "tonight.get", "{}");
        check(answer_int("clocks_total") >= 2);
        check_int(answer_int("clocks.0.incident"), 1);
        check_span(span_str(answer_text("clocks.0.incident_code")), "SC-2026-0001");
        check(strcmp(answer_text("clocks.0.due"), answer_text("clocks.1.due")) <= 0);
        check_span(span_str(answer_text("headline.next_deadline")), answer_text("clocks.0.due"));
        check_int(answer_int("headline.waiting"), answer_int("clocks_total"));
        check_span(span_str(answer_text("clocks.0.held_by")), "not_started");
        check(json_is_null(answer_at("clocks.0.report_id")));
        char kind[32], first[40];
        snprintf(kind, sizeof(kind), "%s", answer_text("clocks.0.report"));
        snprintf(first, sizeof(first), "%s", answer_text("clocks.0.due"));
        check_by(200, HANDLER, "reports.open", "{\"kind\":\"%s\",\"incident\":1}", kind);
        long long report = answer_int("id");
        check_by(200, LEAD, "tonight.get", "{}");
        check_int(answer_int("clocks.0.report_id"), report);
        check(strncmp(answer_text("clocks.0.held_by"), "missing:", 8) == 0);
        sql_now("UPDATE report SET missing=0, state='signing'");
        check_by(200, LEAD, "tonight.get", "{}");
        check_span(span_str(answer_text("clocks.0.held_by")), "signature_you");
        check_by(200, HANDLER, "tonight.get", "{}");
        check_span(span_str(answer_text("clocks.0.held_by")), "signature");
        sql_now("UPDATE report SET state='dropped'");
        check_by(200, LEAD, "tonight.get", "{}");
        check_span(span_str(answer_text("clocks.0.held_by")), "not_started");
        check_int(answer_int("incidents.open"), 1);
        char clock[32];
        snprintf(clock, sizeof(clock), "%s", answer_text("clocks.0.clock"));
        long long total = answer_int("clocks_total");
        check_by(200, OTHER_LEAD, "tonight.get", "{}");
        check_int(answer_int("clocks_total"), 0);
        check(json_is_null(answer_at("headline.next_deadline")));
        check_by(200, INSPECTOR, "tonight.get", "{\"unit\":3}");
        check_int(answer_int("clocks_total"), 0);
        check_by(200, INSPECTOR, "tonight.get", "{\"unit\":2}");
        check_int(answer_int("clocks_total"), total);
        check_by(200, LEAD, "incidents.clock_met",
                 "{\"id\":1,\"clock\":\"%s\",\"proof\":\"sent by mail at nine\"}", clock);
        check_by(200, LEAD, "tonight.get", "{}");
        check_int(answer_int("clocks_total"), total - 1);
        check_span(span_str(answer_text("met.0.clock")), clock);
        night_end();
}

/* What is proposed waits for those who may approve, and is theirs only when they may be the second person. */
static void decisions_wait_for_who_may_decide(void) {
        night_start();
        check_by(200, LEAD, "incidents.open", "{\"title\":\"one\",\"system\":2}");
        check_int(desk_begin(w.d), 0);
        check_int(sql_do(state_sql(w.d->state),
                         "INSERT INTO action(incident,unit,kind,targets,text,direction,seconds,"
                         "reason,state,proposed,proposer,lapses) VALUES(1,2,'block',x'00',"
                         "'203.0.113.7','both',600,'x','proposed',?1,?2,?3)",
                         "iii", w.wall, (int64_t)LEAD + 1, w.wall + 900 * NS_PER_SEC),
                  0);
        check_int(commit(), 0);
        check_by(200, APPROVER, "tonight.get", "{}");
        check_int(json_array_size(answer_at("decisions")), 1);
        check_span(span_str(answer_text("decisions.0.kind")), "action_approve");
        check_span(span_str(answer_text("decisions.0.code")), "NC-0001");
        check_span(span_str(answer_text("decisions.0.by")), "Lê Minh Khôi");
        check(json_is_true(answer_at("decisions.0.mine")));
        check_span(span_str(answer_text("headline.next_decision")), answer_text("decisions.0.due"));
        check_by(200, LEAD, "tonight.get", "{}");
        check_int(json_array_size(answer_at("decisions")), 1);
        check(json_is_false(answer_at("decisions.0.mine")));
        check_by(200, OFFICER, "tonight.get", "{}");
        check_int(json_array_size(answer_at("decisions")), 0);
        check_by(200, APPROVER, "tonight.get", "{\"unit\":3}");
        check_int(json_array_size(answer_at("decisions")), 0);
        sql_now("UPDATE person SET reset_by=3 WHERE id=4"); /* P3 */
        check_by(200, APPROVER, "tonight.get", "{}");
        check(json_is_false(answer_at("decisions.0.mine")));
        /* Nor by a detour: reset by somebody whom the proposer reset of late. */
        sql_now("UPDATE person SET reset_by=1 WHERE id=4");
        check_by(200, APPROVER, "tonight.get", "{}");
        check(json_is_true(answer_at("decisions.0.mine")));
        check_int(sql_do(state_sql(w.d->state),
                         "UPDATE person SET reset_by=3, reset_at=?1 WHERE id=1", "i", w.wall),
                  0);
        check_by(200, APPROVER, "tonight.get", "{}");
        check(json_is_false(answer_at("decisions.0.mine")));
        wait_s(901);
        check_by(200, APPROVER, "tonight.get", "{}");
        check_int(json_array_size(answer_at("decisions")), 0);
        check(json_is_null(answer_at("last_decision")));
        sql_now("UPDATE action SET state='in_force', approver=4, decided=proposed,"
                " until=lapses+600000000000");
        check_by(200, HANDLER, "tonight.get", "{}");
        check_span(span_str(answer_text("decisions.0.kind")), "action_prolong");
        check_span(span_str(answer_text("last_decision.title_vi")), "Phê duyệt chặn 203.0.113.7");
        check_by(200, APPROVER, "tonight.get", "{}");
        check_int(json_array_size(answer_at("decisions")), 0);
        night_end();
}

static void who_is_on_duty(void) {
        char now[40], later[40];

        night_start();
        time_format(now, w.wall - 3600 * NS_PER_SEC, 3);
        time_format(later, w.wall + 3600 * NS_PER_SEC, 3);
        check_by(200, LOCAL, "duty.add",
                 "{\"unit\":2,\"person\":1,\"since\":\"%s\",\"until\":\"%s\",\"note\":\"\"}", now,
                 later);
        check_by(200, LEAD, "tonight.get", "{}");
        check_int(answer_int("duty.0.id"), 1);
        check_span(span_str(answer_text("duty.0.role")), "officer");
        check(json_is_false(answer_at("duty.0.me")) && json_is_true(answer_at("duty.0.warn")));
        check_span(span_str(answer_text("handover_at")), later);
        check_by(200, OFFICER, "tonight.get", "{}");
        check(json_is_true(answer_at("duty.0.me")) && json_is_false(answer_at("duty.0.warn")));
        check_by(200, OTHER_LEAD, "tonight.get", "{}");
        check_int(json_array_size(answer_at("duty")), 0);
        check(json_is_null(answer_at("handover_at")));
        night_end();
}

/* `unit=` of every list takes what is below. */
static void lists_go_down_the_tree(void) {
        night_start();
        check_by(200, LOCAL, "incidents.open", "{\"title\":\"one\",\"unit\":2}");
        check_by(200, LOCAL, "incidents.open", "{\"title\":\"two\",\"unit\":4}");
        check_by(200, LOCAL, "incidents.open", "{\"title\":\"three\",\"unit\":3}");
        check_by(200, LOCAL, "incidents.list", "{\"unit\":2}");
        check_int(answer_int("total"), 2);
        check_by(200, LOCAL, "incidents.list", "{\"unit\":[4]}");
        check_int(answer_int("total"), 1);
        check_by(200, LOCAL, "incidents.list", "{\"unit\":[4,3]}");
        check_int(answer_int("total"), 2);
        check_by(200, LOCAL, "incidents.list", "{\"unit\":1}");
        check_int(answer_int("total"), 3);
        check_by(200, LOCAL, "incidents.list", "{\"unit\":77}");
        check_int(answer_int("total"), 0);
        check_by(200, LOCAL, "incidents.unit_add", "{\"id\":3,\"unit\":4}"); /* works on it too */
        check_by(200, LOCAL, "incidents.list", "{\"unit\":2}");
        check_int(answer_int("total"), 3);
        check_by(200, LOCAL, "incidents.list",
                 "{\"unit\":2,\"state\":\"open\",\"sort\":\"-opened\"}");
        check_int(answer_int("total"), 3);
        check_by(200, LOCAL, "incidents.list", "{\"unit\":[]}");
        check_int(answer_int("total"), 0);
        check_by(200, OTHER_LEAD, "incidents.list", "{\"unit\":2}"); /* theirs, with unit 4 */
        check_int(answer_int("total"), 1);
        check_by(200, LOCAL, "people.list", "{\"unit\":3}");
        check_int(answer_int("total"), 1);
        night_end();
}

static void the_law_is_data(void) {
        night_start();
        check_by(200, OTHER_LEAD, "regimes.list", "{}");
        check_int(json_array_size(answer_at("items")), 2);
        check_by(200, OTHER_LEAD, "regimes.get", "{\"id\":\"current\"}");
        check_span(span_str(answer_text("id")), "vn-2026");
        check(json_is_true(answer_at("in_force")));
        check_span(span_str(answer_text("zone")), "+07:00");
        check_span(span_str(answer_text("kinds.0.id")), "denial");
        check_span(span_str(answer_text("kinds.0.vi")), "Từ chối dịch vụ");
        check_span(span_str(answer_text("clocks.1.id")), "initial");
        check_int(answer_int("clocks.1.within_s"), 86400);
        check_span(span_str(answer_text("clocks.1.basis")), "D331 31.2.d");
        check_span(span_str(answer_text("clocks.1.checked")), "reported");
        check_span(span_str(answer_text("harms.3.id")), "grave");
        check_span(span_str(answer_text("severity.4.3")), "critical");
        check_int(answer_int("levels.4.level"), 5);
        check_span(span_str(answer_text("levels.4.approval")), "prime-minister");
        check_span(span_str(answer_text("periodic.0.before")), "12-20");
        check(strlen(answer_text("periodic.0.next")) > 20);
        check(strlen(answer_text("laws.0.checked")) > 5);
        check_span(span_str(answer_text("recipients.0.id")), "agency");
        check_by(200, OTHER_LEAD, "regimes.get", "{\"id\":\"vn-2017\"}");
        check(json_is_false(answer_at("in_force")));
        check_by(404, OTHER_LEAD, "regimes.get", "{\"id\":\"xx\"}");
        night_end();
}

/* ---- handover ---- */

static void the_note_makes_itself(void) {
        char until[40];

        night_start();
        fire("Evil tool", "host=dc01 Image=evil");
        check_by(200, LEAD, "incidents.open", "{\"title\":\"Mã độc ở HIS\",\"system\":1}");
        check_by(200, HANDLER, "incidents.task_add", "{\"id\":1,\"title\":\"Giữ máy\"}");
        check_by(200, HANDLER, "incidents.note", "{\"id\":1,\"text\":\"đã gọi trưởng khoa\"}");
        check_by(200, LOCAL, "incidents.open", "{\"title\":\"other\",\"unit\":3}");
        check_by(200, OFFICER, "handover.now", "{}");
        check_int(answer_int("unit"), 2);
        check_span(span_str(answer_text("unit_name")), "BV Sông Thương");
        check_int(json_array_size(answer_at("opened")), 1);
        check_span(span_str(answer_text("opened.0.title")), "Mã độc ở HIS");
        check_int(json_array_size(answer_at("waiting")), 2); /* nobody leads, a task of nobody */
        check_int(answer_int("open.alerts"), 1);
        check_int(answer_int("open.incidents"), 1);
        check_int(answer_int("open.tasks"), 1);
        check_int(answer_int("alerts.by_severity.high"), 1);
        check(json_array_size(answer_at("items")) >= 2 && json_is_array(answer_at("moved")));
        check(json_is_null(answer_at("previous")) && json_is_array(answer_at("decisions")));
        check(strstr(answer_text("text_vi"), "BÀN GIAO CA") != NULL);
        check(strstr(answer_text("text_vi"), "Chưa có chỉ huy: Mã độc ở HIS") != NULL);
        check(strstr(answer_text("text_en"), "Nobody leads: Mã độc ở HIS") != NULL);
        check_by(200, LIAISON, "handover.now", "{\"unit\":2}"); /* sees no alerts, no actions */
        check(json_is_null(answer_at("alerts")) && json_is_null(answer_at("containment")));
        check_by(404, OTHER_LEAD, "handover.now", "{\"unit\":2}");
        check_by(403, ADMIN, "handover.now", "{}");
        check_by(200, INSPECTOR, "handover.now", "{}");
        check_int(answer_int("unit"), 1);
        check_int(json_array_size(answer_at("opened")), 2);
        time_format(until, w.wall + 60 * NS_PER_SEC, 3);
        check_by(422, OFFICER, "handover.now", "{\"since\":\"%s\"}", until);
        night_end();
}

static void one_shift_hands_over_to_the_next(void) {
        night_start();
        check_by(200, LEAD, "incidents.open", "{\"title\":\"one\",\"system\":1}");
        check_by(403, INSPECTOR, "handover.keep", "{\"text\":\"x\"}");
        check_by(422, OFFICER, "handover.keep", "{\"text\":\"x\",\"to\":8}"); /* of unit 3 */
        check_by(200, OFFICER, "handover.keep", "{\"text\":\"Để ý HIS\",\"to\":2}");
        check_int(answer_int("unit"), 2);
        check_span(span_str(answer_text("by_name")), "Nguyễn Thị Hà");
        check_span(span_str(answer_text("for_name")), "Trần Quốc Bảo");
        check_span(span_str(answer_text("state")), "waiting");
        long long id = answer_int("id");
        check_by(200, OFFICER, "handover.keep", "{\"text\":\"Để ý HIS\",\"to\":2}"); /* K2 */
        check_int(answer_int("id"), id);
        check_by(409, OFFICER, "handover.acknowledge", "{\"id\":%lld}", id);
        check_span(span_str(answer_text("code")), "oneself");
        check_by(404, OTHER_LEAD, "handover.acknowledge", "{\"id\":%lld}", id);
        check_by(200, HANDLER, "tonight.get", "{}");
        check_int(answer_int("unacknowledged.id"), id);
        check_by(200, OFFICER, "tonight.get", "{}");
        check(json_is_null(answer_at("unacknowledged")));
        check_by(200, HANDLER, "handover.acknowledge", "{\"id\":%lld,\"text\":\"rõ\"}", id);
        check_span(span_str(answer_text("state")), "acknowledged");
        check_by(409, LEAD, "handover.acknowledge", "{\"id\":%lld}", id);
        check_by(200, LEAD, "handover.get", "{\"id\":%lld}", id);
        check_span(span_str(answer_text("document.opened.0.title")), "one");
        check(json_is_object(answer_at("document.alerts")));
        check_by(200, LIAISON, "handover.get", "{\"id\":%lld}", id);
        check(json_is_null(answer_at("document.alerts")));
        check(json_is_null(answer_at("document.text_vi")));
        check_by(404, OTHER_LEAD, "handover.get", "{\"id\":%lld}", id);
        wait_s(600);
        check_by(200, HANDLER, "handover.now", "{}"); /* since the last one */
        check_int(json_array_size(answer_at("opened")), 0);
        check_int(answer_int("previous.id"), id);
        check_by(200, LEAD, "handover.list", "{\"state\":\"acknowledged\",\"unit\":2}");
        check_int(answer_int("total"), 1);
        check_by(200, OTHER_LEAD, "handover.list", "{}");
        check_int(answer_int("total"), 0);
        night_end();
}

/* Names of people cannot be learned by their numbers. */
static void only_whom_one_sees_can_be_named(void) {
        night_start();
        fire("Evil tool", "host=dc01 Image=evil");
        check_by(200, LEAD, "incidents.open", "{\"title\":\"one\",\"system\":1}");
        long long version = answer_int("version");
        check_by(422, LEAD, "incidents.edit", "{\"id\":1,\"version\":%lld,\"lead\":8}", version);
        check(!memmem(api_w.body.p, api_w.body.len, "Đặng", strlen("Đặng")));
        check_by(422, LEAD, "incidents.edit", "{\"id\":1,\"version\":%lld,\"lead\":99}", version);
        check_by(422, LEAD, "incidents.task_add", "{\"id\":1,\"title\":\"x\",\"owner\":8}");
        check_by(422, OFFICER, "alerts.hand_over", "{\"id\":1,\"to\":8}");
        check_by(200, LEAD, "incidents.edit", "{\"id\":1,\"version\":%lld,\"lead\":3}", version);
        check_span(span_str(answer_text("lead_name")), "Lê Minh Khôi");
        check_by(200, OFFICER, "alerts.hand_over", "{\"id\":1,\"to\":2}");
        night_end();
}

/* ---- figures ---- */

/* Incidents of a unit: n of them, the i-th contained after i minutes, opened by hand an hour after T0. */
static void incidents_of(int64_t unit, int64_t system, int n, const char *kind) {
        struct sql *s = state_sql(w.d->state);

        check_int(desk_begin(w.d), 0);
        for (int64_t i = 1; i <= n; i++) {
                int64_t t0 = w.wall - 40 * 86400 * NS_PER_SEC;

                check_int(sql_do(s,
                                 "INSERT INTO incident(code,title,unit,system,regime,kind,harm,"
                                 "severity,state,tlp,t0,occurred,opened,contained,restored,plain)"
                                 " VALUES('X-'||?1||'-'||?2||'-'||?3,'x',?1,nullif(?2,0),'vn-2026',"
                                 "?4,'limited','medium','closed','amber',?5,?5-600000000000,?5,"
                                 "?5+?3*60000000000,NULL,'x')",
                                 "iiisi", unit, system, i, kind, t0),
                          0);
                int64_t id = sql_last_id(s);
                check_int(
                        sql_do(s, "INSERT INTO incident_unit VALUES(?1,?2,0,NULL)", "ii", id, unit),
                        0);
                check_int(sql_do(s,
                                 "INSERT INTO "
                                 "incident_entry(incident,at,written,kind,by,text,text_vi)"
                                 " VALUES(?1,?2,?2,'note',1,'x','x')",
                                 "ii", id, t0 + 3600 * NS_PER_SEC),
                          0);
        }
        check_int(commit(), 0);
}

static void figures_are_of_groups_only(void) {
        night_start();
        incidents_of(2, 1, 10, "malware");
        incidents_of(3, 3, 7, "phishing"); /* of a unit with one person */
        incidents_of(4, 0, 4, "malware");  /* too few */
        check_by(422, LEAD, "figures.get", "{}");
        check_by(200, LEAD, "figures.get", "{\"by\":\"system\"}");
        check_int(json_array_size(answer_at("items")), 1);
        check_int(answer_int("hidden"), 1); /* of no system */
        check_span(span_str(answer_text("items.0.name")), "HIS");
        check_int(answer_int("items.0.incidents"), 10);
        check_int(answer_int("items.0.contain.median_s"), 330);
        check_int(answer_int("items.0.contain.p90_s"), 540);
        check_int(answer_int("items.0.detect.median_s"), 600);
        check_int(answer_int("items.0.acknowledge.median_s"), 3600);
        check(json_is_null(answer_at("items.0.recover")));
        check(json_is_null(answer_at("items.0.report")));
        check_by(200, INSPECTOR, "figures.get", "{\"by\":\"unit\"}");
        check_int(json_array_size(answer_at("items")),
                  1); /* unit 2 with 4 below; 3 has few people */
        check_int(answer_int("items.0.incidents"), 14);
        check_span(span_str(answer_text("items.0.key")), "2");
        check_int(answer_int("hidden"), 1);
        check_int(answer_int("all.incidents"), 21);
        check_by(200, OTHER_LEAD, "figures.get", "{\"by\":\"kind\",\"unit\":3}");
        check_int(json_array_size(answer_at("items")), 0);
        check(json_is_null(answer_at("all")));
        check_by(404, OTHER_LEAD, "figures.get", "{\"by\":\"kind\",\"unit\":2}");
        check_by(200, LEAD, "figures.get", "{\"by\":\"kind\"}"); /* their own only */
        check_int(json_array_size(answer_at("items")), 1);
        check_span(span_str(answer_text("items.0.name_vi")), "Mã độc");
        sql_now("UPDATE incident SET drill=1 WHERE unit=2 AND id%2=0");
        check_by(200, LEAD, "figures.get", "{\"by\":\"system\"}");
        check_int(answer_int("items.0.incidents"), 5);
        sql_now("UPDATE person SET active=0 WHERE id=2");
        sql_now("UPDATE person SET active=0 WHERE id=4");
        check_by(200, LEAD, "figures.get", "{\"by\":\"system\"}");
        check_int(json_array_size(answer_at("items")), 0);
        check(!memmem(api_w.body.p, api_w.body.len, "person", 6));
        night_end();
}

int main(void) {
        RUN(alerts_come_in_groups);
        RUN(deadlines_come_first);
        RUN(decisions_wait_for_who_may_decide);
        RUN(who_is_on_duty);
        RUN(lists_go_down_the_tree);
        RUN(the_law_is_data);
        RUN(the_note_makes_itself);
        RUN(one_shift_hands_over_to_the_next);
        RUN(only_whom_one_sees_can_be_named);
        RUN(figures_are_of_groups_only);
        return check_done();
}

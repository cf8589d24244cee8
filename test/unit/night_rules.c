/* Settings, exceptions made at the desk, alerts that open incidents by themselves. */
#include "nights_world.h"
#include "wire/counters.h"

static const char *date_in(int64_t seconds, char to[40]) {
        time_format(to, w.wall + seconds * NS_PER_SEC, 3);
        return to;
}

#define DAY 86400

/* ---- settings ---- */

static void settings_are_changed_while_it_runs(void) {
        night_start();
        check_by(403, LEAD, "settings.get", "{}");
        check_by(200, INSPECTOR, "settings.get", "{}");
        check_int(answer_int("version"), 0);
        check_by(403, INSPECTOR, "settings.change", "{\"version\":0,\"session_idle_s\":600}");
        check_by(422, ADMIN, "settings.change", "{\"version\":0,\"session_idle_s\":10}");
        check_by(422, ADMIN, "settings.change", "{\"version\":0,\"session_idle_strict_s\":301}");
        check_by(422, ADMIN, "settings.change", "{\"version\":0,\"no_such\":1}");
        check_by(200, LEAD, "session.get", "{}");
        check_int(answer_int("level_idle_s"), 1800);
        check_by(200, ADMIN, "settings.change",
                 "{\"version\":0,\"session_idle_s\":600,\"session_idle_strict_s\":120,"
                 "\"agency_name_vi\":\"Sở Y tế\",\"default_lang\":\"en\"}");
        check_int(answer_int("version"), 1);
        check_by(409, ADMIN, "settings.change", "{\"version\":0,\"session_idle_s\":900}");
        check_by(200, LEAD, "session.get", "{}");
        check_int(answer_int("level_idle_s"), 600);
        check_by(200, ADMIN, "session.get", "{}");
        check_int(answer_int("level_idle_s"), 120);
        check_by(200, LOCAL, "units.get", "{\"id\":1}");
        check_span(span_str(answer_text("name_vi")), "Sở Y tế");
        check_by(200, LOCAL, "people.add", "{\"login\":\"moi\",\"name\":\"Mới\",\"unit\":2}");
        check_by(200, LOCAL, "people.get", "{\"id\":%lld}", answer_int("id"));
        check_span(span_str(answer_text("lang")), "en");
        check_by(200, LOCAL, "audit.list", "{\"what\":\"settings.change\"}");
        check_int(answer_int("items.0.detail.session_idle_s"), 600);
        check_by(200, ADMIN, "settings.change", "{\"version\":1,\"session_idle_s\":null}");
        check_by(200, LEAD, "session.get", "{}");
        check_int(answer_int("level_idle_s"), 1800);
        wait_s(121);
        check_by(401, ADMIN, "settings.get", "{}"); /* idle for two minutes */
        night_end();
}

static void the_configuration_is_shown(void) {
        night_start();
        check_by(200, INSPECTOR, "settings.get", "{}");
        check(json_is_null(answer_at("configuration")));
        check_int(desk_configuration(w.d, SPAN("{}")), DESK_E_REFUSED);
        check_int(desk_configuration(w.d, SPAN("[{\"name\":\"store.path\",\"value\":\"/x\"}]")), 0);
        check_by(200, INSPECTOR, "settings.get", "{}");
        check_span(span_str(answer_text("configuration.0.name")), "store.path");
        night_end();
}

/* ---- exceptions ---- */

static void an_alert_becomes_an_exception(void) {
        char until[40], far[40];

        night_start();
        fire("Evil tool", "host=dc01 Image=evil");
        date_in(30 * DAY, until);
        date_in(400 * DAY, far);
        check_by(403, OFFICER, "alerts.dismiss",
                 "{\"id\":1,\"reason\":\"expected\",\"text\":\"ours\",\"exception\":"
                 "{\"until\":\"%s\",\"owner\":3}}",
                 until);
        check_by(200, LEAD, "alerts.get", "{\"id\":1}"); /* nothing of it lasted */
        check_span(span_str(answer_text("status")), "new");
        static const char *const wrong[] = {
                "\"text\":\"ours\",\"exception\":{\"until\":\"2020-01-01T00:00:00Z\",\"owner\":3}",
                "\"text\":\"ours\",\"exception\":{\"until\":\"%s\",\"owner\":8}",
                "\"exception\":{\"until\":\"%s\",\"owner\":3}",
                "\"text\":\"ours\",\"exception\":{\"until\":\"%s\",\"owner\":3,\"by\":[\"user\"]}",
                "\"text\":\"ours\",\"exception\":{\"until\":\"%s\"}"};
        for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
                char body[512], tail[400];

                snprintf(tail, sizeof(tail), "%s", wrong[i]);
                const char *mark = strstr(tail, "%s");
                if (mark)
                        snprintf(body, sizeof(body), "{\"id\":1,\"reason\":\"expected\",%.*s%s%s}",
                                 (int)(mark - tail), tail, until, mark + 2);
                else
                        snprintf(body, sizeof(body), "{\"id\":1,\"reason\":\"expected\",%s}", tail);
                check_by(422, LEAD, "alerts.dismiss", "%s", body);
        }
        check_by(422, LEAD, "alerts.dismiss",
                 "{\"id\":1,\"reason\":\"expected\",\"text\":\"ours\",\"exception\":"
                 "{\"until\":\"%s\",\"owner\":3}}",
                 far);
        check_by(200, LEAD, "exceptions.list", "{}");
        check_int(answer_int("total"), 0);
        check_by(200, LEAD, "alerts.dismiss",
                 "{\"id\":1,\"reason\":\"expected\",\"text\":\"quét định kỳ\",\"exception\":"
                 "{\"until\":\"%s\",\"owner\":3}}",
                 until);
        check_by(200, LEAD, "exceptions.list", "{\"state\":\"active\"}");
        check_int(answer_int("total"), 1);
        check_span(span_str(answer_text("items.0.key")), "#1");
        check_span(span_str(answer_text("items.0.by.0.field")), "entity");
        check_span(span_str(answer_text("items.0.owner_name")), "Lê Minh Khôi");
        check_span(span_str(answer_text("items.0.text")), "quét định kỳ");
        check_by(403, OFFICER, "exceptions.list", "{}");
        check_by(200, OTHER_LEAD, "exceptions.list", "{}");
        check_int(answer_int("total"), 0);
        check_by(404, OTHER_LEAD, "exceptions.get", "{\"id\":1}");
        check_by(404, OTHER_LEAD, "exceptions.end", "{\"id\":1}");
        night_end();
}

static void make_one(const char *by) {
        char until[40];

        fire("Evil tool", "host=DC01 user=An Image=evil");
        check_by(200, LEAD, "alerts.dismiss",
                 "{\"id\":1,\"reason\":\"expected\",\"text\":\"ours\",\"exception\":"
                 "{\"until\":\"%s\",\"owner\":3%s}}",
                 date_in(30 * DAY, until), by);
}

/* An exception is no way to learn whom its alert is about. */
static void whom_it_names_is_masked(void) {
        night_start();
        make_one(",\"by\":[\"user\",\"host\"]");
        check_by(200, LEAD, "exceptions.get", "{\"id\":1}");
        check_span(span_str(answer_text("by.0.field")), "host");
        check_span(span_str(answer_text("by.0.value")), "DC01");
        check_span(span_str(answer_text("by.1.field")), "user");
        check(strncmp(answer_text("by.1.value"), "person-", 7) == 0);
        check_by(200, LEAD, "exceptions.list", "{}");
        check(strncmp(answer_text("items.0.by.1.value"), "person-", 7) == 0);
        night_end();
}

/* Status of the latest alert. */
static const char *latest(void) {
        check_by(200, LOCAL, "alerts.list", "{\"sort\":\"-raised\",\"limit\":1}");
        return answer_text("items.0.status");
}

static void what_it_covers_is_kept_back_and_seen(void) {
        night_start();
        make_one("");
        fire("Evil tool", "host=dc01 Image=evil"); /* whatever the case */
        check_span(span_str(latest()), "suppressed");
        check_by(200, LEAD, "alerts.list", "{\"status\":\"suppressed\"}");
        check_int(answer_int("total"), 1);
        check_by(200, LEAD, "alerts.get", "{\"id\":%lld}", answer_int("items.0.id"));
        check_span(span_str(answer_text("exception")), "#1");
        check_by(200, LEAD, "exceptions.get", "{\"id\":1}");
        check_int(answer_int("count"), 1);
        fire("Evil tool", "host=dc02 Image=evil"); /* another host */
        check_span(span_str(latest()), "new");
        fire("Failed login", "host=dc01 Image=x"); /* another rule */
        check_span(span_str(latest()), "new");
        /* A new file leaves ours in force, and the other way round. */
        struct buf said = {0};
        check_int(desk_exceptions(w.d, SPAN("x.yml"),
                                  SPAN("exceptions:\n- id: logins\n  rules: "
                                       "[11111111-0000-0000-0000-000000000001]\n  owner: soc\n"
                                       "  reason: known\n  expires: 2030-01-01\n"),
                                  w.wall, &said),
                  0);
        buf_deinit(&said);
        check_int(commit(), 0);
        fire("Evil tool", "host=dc01 Image=evil");
        check_span(span_str(latest()), "suppressed");
        check_by(200, INSPECTOR, "audit.list", "{\"what\":\"exception.removed\"}");
        check_int(answer_int("total"), 0);
        check_by(200, LOCAL, "exceptions.list", "{\"origin\":\"file\"}");
        check_int(answer_int("total"), 1);
        check_span(span_str(answer_text("items.0.key")), "logins");
        check_by(409, LOCAL, "exceptions.end", "{\"id\":%lld}", answer_int("items.0.id"));
        check_by(200, LEAD, "exceptions.list", "{}"); /* the file's are the root's */
        check_int(answer_int("total"), 1);
        check_by(200, LEAD, "exceptions.end", "{\"id\":1,\"text\":\"hết việc\"}");
        check_span(span_str(answer_text("state")), "ended");
        check_by(409, LEAD, "exceptions.end", "{\"id\":1}");
        fire("Evil tool", "host=dc01 Image=evil");
        check_span(span_str(latest()), "new");
        night_end();
}

static void it_ends_by_itself_and_lasts_a_restart(void) {
        night_start();
        make_one(",\"by\":[\"host\",\"user\"]");
        fire("Evil tool", "host=dc01 user=binh Image=evil");
        check_span(span_str(latest()), "new");
        fire("Evil tool", "host=dc01 user=an Image=evil");
        check_span(span_str(latest()), "suppressed");
        api_end();
        world_close();
        check_int(world_open(), 0);
        api_start();
        fire("Evil tool", "host=dc01 user=an Image=evil");
        check_span(span_str(latest()), "suppressed");
        w.wall += (int64_t)31 * DAY * NS_PER_SEC;
        fire("Evil tool", "host=dc01 user=an Image=evil");
        check_span(span_str(latest()), "new");
        check_by(200, LOCAL, "exceptions.get", "{\"id\":1}");
        check_span(span_str(answer_text("state")), "expired");
        night_end();
}

static void it_can_be_prolonged_before_it_ends(void) {
        char until[40], far[40];

        night_start();
        make_one("");
        check_by(200, LEAD, "tonight.get", "{}");
        check_int(json_array_size(answer_at("decisions")), 0);
        w.wall += INT64_C(28) * DAY * NS_PER_SEC;
        night_session(LEAD + 1, tokens[LEAD]);
        night_session(OTHER_LEAD + 1, tokens[OTHER_LEAD]);
        check_by(200, LEAD, "tonight.get", "{}");
        check_span(span_str(answer_text("decisions.0.kind")), "exception");
        check(json_is_true(answer_at("decisions.0.mine")));
        check_by(200, OTHER_LEAD, "tonight.get", "{}");
        check_int(json_array_size(answer_at("decisions")), 0);
        date_in(60 * DAY, until);
        date_in(400 * DAY, far);
        static const char body[] = "{\"id\":1,\"until\":\"%s\",\"text\":\"vẫn quét\"}";
        check_by(404, OTHER_LEAD, "exceptions.prolong", body, until);
        check_by(422, LEAD, "exceptions.prolong", body, far);
        check_by(200, LEAD, "exceptions.prolong", body, until);
        check_span(span_str(answer_text("text")), "ours\nvẫn quét");
        check_by(200, LEAD, "tonight.get", "{}");
        check_int(json_array_size(answer_at("decisions")), 0);
        w.wall += INT64_C(10) * DAY * NS_PER_SEC;
        fire("Evil tool", "host=dc01 Image=evil");
        check_span(span_str(latest()), "suppressed");
        check_by(200, LOCAL, "exceptions.end", "{\"id\":1}");
        check_by(409, LOCAL, "exceptions.prolong", body, until);
        night_end();
}

/* X2: by a user's name, of one unit: the same name elsewhere still wakes somebody. */
static void it_covers_its_own_unit_only(void) {
        night_start();
        make_one(",\"by\":[\"user\"]");
        fire("Evil tool", "host=pv01 user=an Image=evil");
        check_span(span_str(latest()), "new");
        fire("Evil tool", "host=dc02 user=an Image=evil");
        check_span(span_str(latest()), "suppressed");
        night_end();
}

/* ---- alerts that open incidents ---- */

static void an_alert_opens_an_incident(void) {
        night_start();
        check_by(403, LEAD, "openings.add",
                 "{\"name\":\"x\",\"unit\":2,\"match\":\"any\",\"severity\":\"high\",\"per_hour\":"
                 "1}");
        check_by(422, ADMIN, "openings.add",
                 "{\"name\":\"x\",\"unit\":2,\"match\":\"tag\",\"severity\":\"high\",\"per_hour\":"
                 "1}");
        check_by(
                422, ADMIN, "openings.add",
                "{\"name\":\"x\",\"unit\":2,\"match\":\"any\",\"severity\":\"high\",\"per_hour\":1,"
                "\"kind\":\"nonsense\"}");
        check_by(200, ADMIN, "openings.add",
                 "{\"name\":\"Lấy mật khẩu\",\"unit\":2,\"match\":\"tag\",\"value\":"
                 "\"attack.t1003.001\",\"severity\":\"high\",\"level\":3,\"per_hour\":2,"
                 "\"kind\":\"access\"}");
        check_int(answer_int("id"), 1);
        fire("Failed login", "host=dc01 Image=x");
        check_span(span_str(latest()), "new");
        fire("Evil tool", "host=pv01 Image=evil"); /* of another unit */
        check_span(span_str(latest()), "new");
        fire("Evil tool", "host=nobody Image=evil"); /* of no system: no level */
        check_span(span_str(latest()), "new");
        fire("Evil tool", "host=dc01 Image=evil");
        check_span(span_str(latest()), "merged");
        check_by(200, LEAD, "incidents.get", "{\"id\":1}");
        check_span(span_str(answer_text("kind")), "access");
        check_int(answer_int("system"), 1);
        check_int(answer_int("alerts"), 1);
        check(answer_int("clocks.0.id") > 0);
        fire("Evil tool", "host=dc02 Image=evil"); /* the same system: O1 */
        check_span(span_str(latest()), "merged");
        check_by(200, LEAD, "incidents.list", "{}");
        check_int(answer_int("total"), 1);
        check_int(answer_int("items.0.alerts"), 2);
        check_by(200, INSPECTOR, "audit.list", "{\"what\":\"incidents.open\"}");
        check_span(span_str(answer_text("items.0.who")), "opening rule 1");
        check_span(span_str(answer_text("items.0.about")), "incident 1");
        check_by(200, ADMIN, "openings.get", "{\"id\":1}");
        check_int(answer_int("opened"), 1);
        sql_now("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<198)"
                " INSERT INTO incident_alert SELECT 1000+i, 1, 0, NULL FROM n");
        fire("Evil tool", "host=dc01.example Image=evil"); /* the incident is full */
        check_span(span_str(latest()), "new");
        check_by(200, ADMIN, "openings.get", "{\"id\":1}");
        check_int(answer_int("held"), 1);
        check_by(200, ADMIN, "openings.change", "{\"id\":1,\"version\":1,\"active\":false}");
        check_by(409, ADMIN, "openings.change", "{\"id\":1,\"version\":1,\"active\":true}");
        fire("Evil tool", "host=dc01 user=b Image=evil");
        night_end();
}

static void it_opens_so_many_in_an_hour(void) {
        night_start();
        check_by(200, ADMIN, "openings.add",
                 "{\"name\":\"x\",\"unit\":1,\"match\":\"rule\",\"value\":"
                 "\"11111111-0000-0000-0000-000000000002\",\"severity\":\"low\",\"per_hour\":1}");
        fire("Evil tool", "host=dc01 Image=evil");
        check_span(span_str(latest()), "merged");
        fire("Evil tool", "host=pv01 Image=evil");
        check_span(span_str(latest()), "new");
        check_by(200, ADMIN, "openings.get", "{\"id\":1}");
        check_int(answer_int("held"), 1);
        w.wall += (int64_t)3601 * NS_PER_SEC;
        fire("Evil tool", "host=pv01 user=x Image=evil");
        check_by(200, LOCAL, "incidents.list", "{}");
        check_int(answer_int("total"), 2);
        check_by(200, LOCAL, "settings.change", "{\"version\":0,\"opening_enabled\":0}");
        w.wall += (int64_t)90000 * NS_PER_SEC;
        fire("Evil tool", "host=dc02 Image=evil");
        check_span(span_str(latest()), "new");
        check_by(204, LOCAL, "openings.remove", "{\"id\":1}");
        check_by(404, LOCAL, "openings.get", "{\"id\":1}");
        night_end();
}

/* ---- sources that are silent on purpose ---- */

static struct counters_page *page;

static struct source_counters *a_source(uint32_t id, const char *name, bool silent) {
        struct source_counters *c = counters_source(page, id, name, "");

        c->received = 100;
        c->last_seen = w.wall - 600 * NS_PER_SEC;
        c->silent = silent;
        c->silent_after = 300;
        return c;
}

static void sources_start(void) {
        night_start();
        page = calloc(1, sizeof(*page));
        check(page != NULL);
        (void)counters_open(page, w.wall - 10000 * NS_PER_SEC, 1);
        page->started = w.wall - 10600 * NS_PER_SEC;
        a_source(1, "fw1", false);
        a_source(2, "his-db", true);
        a_source(3, "pv-log", true);
        desk_counters(w.d, page);
        sql_now("INSERT INTO system_source VALUES('his-db',1),('fw1',1),('pv-log',3)");
}

static void sources_end(void) {
        night_end();
        free(page);
}

/* The node says that one is silent. */
static void silence(const char *source) {
        struct msg_own_alert m = {.what = OWN_SILENT_SOURCE, .time = w.wall};

        snprintf(m.source, sizeof(m.source), "%s", source);
        snprintf(m.text, sizeof(m.text), "silent");
        check_int(desk_own(w.d, &m, w.wall), 0);
        check_int(commit(), 0);
}

static long long alerts_of(const char *source) {
        check_by(200, LOCAL, "alerts.list", "{\"source\":\"%s\"}", source);
        return answer_int("total");
}

static void silence_on_purpose_wakes_nobody(void) {
        char until[40], far[40];

        sources_start();
        /* The first that looks is refused: what it had looked up goes with it. */
        check_by(422, LEAD, "sources.maintain",
                 "{\"name\":\"fw1\",\"until\":\"2020-01-01T00:00:00Z\",\"reason\":\"xxx\"}");
        check_by(200, LEAD, "sources.list", "{}");
        check_int(answer_int("total"), 2);
        check_int(answer_int("items.0.usual_every_s"), 100);
        check_int(answer_int("items.0.silent_after_s"), 300);
        date_in(3600, until);
        date_in(40 * DAY, far);
        static const char body[] = "{\"name\":\"%s\",\"until\":\"%s\",\"reason\":\"thay đĩa\"}";
        check_by(403, OFFICER, "sources.maintain", body, "his-db", until);
        check_by(404, OTHER_LEAD, "sources.maintain", body, "his-db", until);
        check_by(404, LEAD, "sources.maintain", body, "no-such", until);
        check_by(422, LEAD, "sources.maintain", body, "his-db", far);
        check_by(200, LEAD, "sources.maintain", body, "his-db", until);
        check_span(span_str(answer_text("state")), "maintenance");
        check_span(span_str(answer_text("maintenance_by_name")), "Lê Minh Khôi");
        silence("his-db");
        check_int(alerts_of("his-db"), 0);
        silence("pv-log");
        check_int(alerts_of("pv-log"), 1);
        check_by(200, LEAD, "tonight.get", "{}");
        check_int(answer_int("sources.maintenance"), 1);
        check_int(answer_int("sources.silent"), 0);
        check_span(span_str(answer_text("silent.0.state")), "maintenance");
        check_span(span_str(answer_text("silent.0.maintenance_until")), until);
        check_int(answer_int("silent.0.usual_every_s"), 100);
        wait_s(3590);
        check_int(alerts_of("his-db"), 0);
        wait_s(20); /* over, and silent still */
        check_int(commit(), 0);
        check_int(alerts_of("his-db"), 1);
        check_by(200, LOCAL, "sources.list", "{\"state\":\"silent\"}");
        check_int(answer_int("total"), 2);
        silence("his-db"); /* the same alert, later */
        check_int(alerts_of("his-db"), 1);
        sources_end();
}

static void maintenance_ends_early(void) {
        char until[40];

        sources_start();
        date_in(3600, until);
        check_by(200, LOCAL, "sources.maintain",
                 "{\"name\":\"fw1\",\"until\":\"%s\",\"reason\":\"xxx\"}", until);
        check_span(span_str(answer_text("state")), "sending"); /* it sends all the same */
        check_by(403, OFFICER, "sources.resume", "{\"name\":\"fw1\"}");
        check_by(200, LEAD, "sources.resume", "{\"name\":\"fw1\"}");
        check(json_is_null(answer_at("maintenance_until")));
        check_by(409, LEAD, "sources.resume", "{\"name\":\"fw1\"}");
        wait_s(11);
        check_int(alerts_of("fw1"), 0);
        check_by(200, LOCAL, "audit.list", "{\"what\":\"sources.maintain\"}");
        check_span(span_str(answer_text("items.0.about")), "source fw1");
        sources_end();
}

int main(void) {
        RUN(settings_are_changed_while_it_runs);
        RUN(the_configuration_is_shown);
        RUN(an_alert_becomes_an_exception);
        RUN(whom_it_names_is_masked);
        RUN(what_it_covers_is_kept_back_and_seen);
        RUN(it_ends_by_itself_and_lasts_a_restart);
        RUN(it_can_be_prolonged_before_it_ends);
        RUN(it_covers_its_own_unit_only);
        RUN(an_alert_opens_an_incident);
        RUN(it_opens_so_many_in_an_hour);
        RUN(silence_on_purpose_wakes_nobody);
        RUN(maintenance_ends_early);
        return check_done();
}

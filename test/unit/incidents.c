/* Incidents: from alerts to the review, through the API as people ask it. */
#include "rules/regime.h"

#include <fcntl.h>

#include "api_world.h"
#include "desk/desk_impl.h"
#include "desk/people.h"

/* Sessions of people made by hand: who is what for which unit. */
enum who { HANDLER, LEAD, INSPECTOR, OTHER_LEAD, WHO_MAX };
static unsigned char tokens[WHO_MAX][API_TOKEN_BYTES];

static void regimes(void) {
        _cleanup_(buf_deinit) struct buf json = {0}, said = {0};
        static const char *const files[] = {"vn-2026", "vn-2017"};
        char path[512], *text;
        size_t len;

        buf_char(&json, '[');
        for (size_t i = 0; i < ARRAY_LEN(files); i++) {
                snprintf(path, sizeof(path), TEST_CONTENT "/regimes/%s/regime.yml", files[i]);
                check_int(os_read_file(path, (size_t)1 << 20, &text, &len), 0);
                if (i)
                        buf_char(&json, ',');
                check_int(regime_read(span_str(path), span_of(text, len), &json, &said), 0);
                free(text);
        }
        buf_char(&json, ']');
        check_int(desk_regimes(w.d, buf_get(&json)), 0);
}

/* Unit 2 below the root with system 1 (level 3) and 2 (level 4); unit 3 beside it. */
static void people(void) {
        static const struct {
                enum role role;
                int64_t unit;
                const char *name;
        } list[WHO_MAX] = {[HANDLER] = {ROLE_HANDLER, 2, "Trần Quốc Bảo"},
                           [LEAD] = {ROLE_LEAD, 2, "Lê Minh Khôi"},
                           [INSPECTOR] = {ROLE_INSPECTOR, 1, "Vũ Hoàng Yến"},
                           [OTHER_LEAD] = {ROLE_LEAD, 3, "Đặng Văn Lợi"}};
        struct sql *s = state_sql(w.d->state);

        check_int(sql_do(s,
                         "INSERT INTO unit(id,parent,code,name,kind,path,depth,created) VALUES"
                         "(2,1,'st','BV Sông Thương','site','/1/2/',1,0),"
                         "(3,1,'pv','Phú Vân','site','/1/3/',1,0)",
                         ""),
                  0);
        check_int(sql_do(s,
                         "INSERT INTO system(id,code,name,unit,level,created) VALUES"
                         "(1,'his','HIS',2,3,0),(2,'core','Lõi',2,4,0),(3,'pv','Trạm',3,2,0)",
                         ""),
                  0);
        check_int(sql_do(s, "INSERT INTO system_host VALUES('dc01',1),('dc02',1),('pv01',3)", ""),
                  0);
        for (int64_t i = 0; i < WHO_MAX; i++) {
                unsigned char hash[32];
                char login[16];

                snprintf(login, sizeof(login), "p%lld", (long long)i + 1);
                check_int(sql_do(s,
                                 "INSERT INTO person(id,login,name,unit,created)"
                                 " VALUES(?1,?2,?3,?4,0)",
                                 "issi", i + 1, login, list[i].name, list[i].unit),
                          0);
                check_int(sql_do(s,
                                 "INSERT INTO role_grant(person,role,unit,since,given_at)"
                                 " VALUES(?1,?2,?3,0,0)",
                                 "iii", i + 1, (int64_t)list[i].role, list[i].unit),
                          0);
                session_token(tokens[i], hash);
                check_int(sql_do(s,
                                 "INSERT INTO session(hash,person,needs,created,last,second_at,"
                                 "address) VALUES(?1,?2,0,?3,?3,?3,'10.0.0.1')",
                                 "xii", span_of((const char *)hash, 32), i + 1, w.wall),
                          0);
        }
}

static void begin(void) {
        world_start(world_rules);
        api_start();
        people();
        regimes();
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
}

static void end(void) {
        api_end();
        world_end();
}

_printf_(3, 4) static int as(enum who who, const char *op, const char *fmt, ...) {
        char body[2048];
        va_list ap;

        va_start(ap, fmt);
        vsnprintf(body, sizeof(body), fmt, ap);
        va_end(ap);
        int status = ask_as(tokens[who], op, body);
        if (status >= 400 && getenv("VERBOSE"))
                printf("# %s: %.*s\n", op, (int)api_w.body.len, api_w.body.p);
        return status;
}

static int64_t opened(void) {
        check_int(as(HANDLER, "incidents.open",
                     "{\"title\":\"Mã hoá dữ liệu tại BV Sông Thương\",\"system\":1,"
                     "\"kind\":\"ransomware\",\"harm\":\"grave\"}"),
                  200);
        return answer_int("id");
}

/* Whether a list of the answer has an object whose `key` is `value`; its `what`. */
static const char *item(const char *list, const char *key, const char *value, const char *what) {
        const json_t *e;
        size_t i;

        json_array_foreach(answer_at(list), i, e) {
                const char *v = json_string_value(json_object_get(e, key));
                const char *got = json_string_value(json_object_get(e, what));
                if (v && strcmp(v, value) == 0)
                        return got ? got : "null";
        }
        return "";
}

static void opens_with_its_clocks(void) {
        begin();
        int64_t id = opened();
        check_int(id, 1);
        check(strncmp(answer_text("code"), "SC-20", 5) == 0);
        check_span(span_of(answer_text("code") + 7, 5), "-0001");
        check_span(span_str(answer_text("state")), "open");
        check_span(span_str(answer_text("severity")), "critical"); /* level 3 × grave */
        check_span(span_str(answer_text("unit_name")), "BV Sông Thương");
        check_span(span_str(answer_text("regime")), "vn-2026");
        check_int(json_array_size(answer_at("activities")), 6);
        check_span(span_str(answer_text("activities.0.state")), "doing");
        /* Nothing was answered: every clock counts as "if". */
        check_span(span_str(item("clocks", "clock", "initial", "state")), "maybe");
        check_span(span_str(item("clocks", "clock", "personal", "state")), "maybe");
        check_span(span_str(item("clocks", "clock", "at-once", "basis")), "D331 31.2.d");
        check_int(as(HANDLER, "incidents.timeline", "{\"id\":1}"), 200);
        check_int(answer_int("total"), 1);
        check_int(as(HANDLER, "incidents.open", "{\"title\":\"Hai\",\"system\":2}"), 200);
        check_span(span_of(answer_text("code") + 7, 5), "-0002");
        end();
}

static void refuses_what_cannot_be(void) {
        begin();
        check_int(as(HANDLER, "incidents.open", "{\"title\":\"Không đơn vị\"}"), 422);
        check_span(span_str(answer_text("fields.0.field")), "unit");
        check_int(as(HANDLER, "incidents.open",
                     "{\"title\":\"abc\",\"system\":1,\"kind\":\"aliens\"}"),
                  422);
        check_int(
                as(HANDLER, "incidents.open", "{\"title\":\"abc\",\"system\":1,\"harm\":\"huge\"}"),
                422);
        check_int(as(HANDLER, "incidents.open",
                     "{\"title\":\"abc\",\"system\":1,\"t0\":\"2090-01-01T00:00:00Z\"}"),
                  422);
        check_int(as(HANDLER, "incidents.open",
                     "{\"title\":\"abc\",\"system\":1,\"t0\":\"1990-01-01T00:00:00Z\"}"),
                  409);
        check_span(span_str(answer_text("code")), "no_regime");
        check_int(as(HANDLER, "incidents.open", "{\"title\":\"abc\",\"system\":1,\"alerts\":[9]}"),
                  422);
        check_span(span_str(answer_text("fields.0.field")), "alerts");
        /* Nothing of all that was kept, not even a number. */
        check_int(as(HANDLER, "incidents.list", "{}"), 200);
        check_int(answer_int("total"), 0);
        opened();
        check_span(span_of(answer_text("code") + 7, 5), "-0001");
        end();
}

static void only_units_that_work_on_it_see_it(void) {
        begin();
        int64_t id = opened();
        check_int(as(INSPECTOR, "incidents.get", "{\"id\":%d}", (int)id), 200);
        check_int(as(INSPECTOR, "incidents.note", "{\"id\":%d,\"text\":\"x\"}", (int)id), 403);
        check_int(as(OTHER_LEAD, "incidents.get", "{\"id\":%d}", (int)id), 404);
        check_int(as(OTHER_LEAD, "incidents.timeline", "{\"id\":%d}", (int)id), 404);
        check_int(as(OTHER_LEAD, "incidents.note", "{\"id\":%d,\"text\":\"x\"}", (int)id), 404);
        check_int(as(OTHER_LEAD, "incidents.list", "{}"), 200);
        check_int(answer_int("total"), 0);
        check_int(as(OTHER_LEAD, "clocks.list", "{}"), 200);
        check_int(answer_int("total"), 0);
        check_int(as(OTHER_LEAD, "incidents.open", "{\"title\":\"abc\",\"unit\":2}"), 404);
        check_int(as(HANDLER, "incidents.unit_add", "{\"id\":%d,\"unit\":3}", (int)id), 403);
        check_int(as(LEAD, "incidents.unit_add", "{\"id\":%d,\"unit\":3}", (int)id), 200);
        check_int(json_array_size(answer_at("units")), 2);
        check_int(as(LEAD, "incidents.unit_add", "{\"id\":%d,\"unit\":3}", (int)id), 422);
        check_int(as(OTHER_LEAD, "incidents.get", "{\"id\":%d}", (int)id), 200);
        check_int(as(OTHER_LEAD, "incidents.note", "{\"id\":%d,\"text\":\"Đã vào\"}", (int)id),
                  200);
        check_span(span_str(answer_text("by_name")), "Đặng Văn Lợi");
        end();
}

static void answers_turn_clocks(void) {
        begin();
        int64_t id = opened();
        check_int(as(HANDLER, "incidents.assessment", "{\"id\":%d}", (int)id), 200);
        check_span(span_str(item("questions", "id", "critical_system", "answer")), "no");
        check_span(span_str(answer_text("suggests")), "unknown");
        check_int(as(HANDLER, "incidents.answer",
                     "{\"id\":%d,\"question\":\"security_signs\",\"answer\":\"no\"}", (int)id),
                  200);
        check_int(as(HANDLER, "incidents.answer",
                     "{\"id\":%d,\"question\":\"serious_interruption\",\"answer\":\"yes\","
                     "\"note\":\"Khoa khám dừng\"}",
                     (int)id),
                  200);
        check_span(span_str(answer_text("suggests")), "yes");
        check_span(span_str(item("questions", "id", "serious_interruption", "note")),
                   "Khoa khám dừng");
        check_int(as(HANDLER, "incidents.answer",
                     "{\"id\":%d,\"question\":\"personal_data\",\"answer\":\"no\"}", (int)id),
                  200);
        check_span(span_str(item("questions", "id", "personal_notify", "answer")), "no");
        check_int(as(HANDLER, "incidents.answer",
                     "{\"id\":%d,\"question\":\"nonsense\",\"answer\":\"no\"}", (int)id),
                  422);
        check_int(as(HANDLER, "incidents.serious",
                     "{\"id\":%d,\"serious\":\"yes\",\"reason\":\"Gián đoạn khám bệnh\"}", (int)id),
                  403);
        check_int(as(LEAD, "incidents.serious",
                     "{\"id\":%d,\"serious\":\"yes\",\"reason\":\"Gián đoạn khám bệnh\"}", (int)id),
                  200);
        check_span(span_str(answer_text("serious")), "yes");
        check_int(as(LEAD, "incidents.get", "{\"id\":%d}", (int)id), 200);
        check_span(span_str(item("clocks", "clock", "initial", "state")), "running");
        check_span(span_str(item("clocks", "clock", "personal", "state")), ""); /* does not apply */
        check_span(span_str(item("clocks", "clock", "at-once", "state")), "near");
        end();
}

static void deadlines_are_met_and_stay_so(void) {
        begin();
        int64_t id = opened();
        as(LEAD, "incidents.serious", "{\"id\":%d,\"serious\":\"yes\",\"reason\":\"Vì thế\"}",
           (int)id);
        w.wall += INT64_C(25) * 3600 * NS_PER_SEC;
        struct sql *s = state_sql(w.d->state);
        check_int(sql_do(s, "UPDATE session SET created=?1, last=?1", "i", w.wall), 0);
        check_int(as(LEAD, "incidents.get", "{\"id\":%d}", (int)id), 200);
        check_span(span_str(item("clocks", "clock", "initial", "state")), "late");
        check_int(as(HANDLER, "incidents.clock_met",
                     "{\"id\":%d,\"clock\":\"initial\",\"proof\":\"Công văn 12\"}", (int)id),
                  403);
        check_int(as(LEAD, "incidents.clock_met",
                     "{\"id\":%d,\"clock\":\"initial\",\"proof\":\"Công văn 12\"}", (int)id),
                  200);
        check_span(span_str(item("clocks", "clock", "initial", "state")), "met_late");
        check_int(as(LEAD, "incidents.clock_met",
                     "{\"id\":%d,\"clock\":\"initial\",\"proof\":\"Công văn 13\"}", (int)id),
                  409);
        check_int(as(LEAD, "incidents.clock_met",
                     "{\"id\":%d,\"clock\":\"lunch\",\"proof\":\"Công văn 13\"}", (int)id),
                  404);
        /* I2: no fact takes it back. */
        as(LEAD, "incidents.serious", "{\"id\":%d,\"serious\":\"no\",\"reason\":\"Nhầm\"}",
           (int)id);
        check_int(as(LEAD, "incidents.serious",
                     "{\"id\":%d,\"serious\":\"no\",\"reason\":\"Xem lại thì không\"}", (int)id),
                  200);
        check_int(as(LEAD, "incidents.get", "{\"id\":%d}", (int)id), 200);
        check_span(span_str(item("clocks", "clock", "initial", "proof")), "Công văn 12");
        /* T0 put right moves what is open, not what was met. */
        const json_t *k = NULL;
        char t0[40];
        t0[time_format(t0, w.wall - INT64_C(48) * 3600 * NS_PER_SEC, 0)] = '\0';
        check_int(as(LEAD, "incidents.t0", "{\"id\":%d,\"t0\":\"%s\",\"reason\":\"Nhật ký\"}",
                     (int)id, t0),
                  200);
        for (size_t i = 0; (k = json_array_get(answer_at("clocks"), i)); i++) {
                const char *name = json_string_value(json_object_get(k, "clock"));
                long long left = json_integer_value(json_object_get(k, "left_s"));

                if (strcmp(name, "personal") == 0)
                        check_int(left, 24 * 3600);
                if (strcmp(name, "initial") == 0)
                        check_int(left, -3600);
        }
        check_int(as(LEAD, "incidents.t0",
                     "{\"id\":%d,\"t0\":\"2090-11-01T00:00:00Z\",\"reason\":\"Nhật ký\"}", (int)id),
                  422);
        end();
}

static void moves_need_what_they_need(void) {
        begin();
        int64_t id = opened();
        int n = (int)id;
        check_int(as(LEAD, "incidents.move", "{\"id\":%d,\"to\":\"closed\"}", n), 409);
        check_int(as(HANDLER, "incidents.move", "{\"id\":%d,\"to\":\"declared\"}", n), 403);
        check_int(as(LEAD, "incidents.move", "{\"id\":%d,\"to\":\"declared\"}", n), 422);
        check_span(span_str(answer_text("fields.0.fault")), "Name who leads");
        check_int(as(LEAD, "incidents.edit", "{\"id\":%d,\"lead\":2}", n), 200);
        check_span(span_str(answer_text("lead_name")), "Lê Minh Khôi");
        check_int(as(HANDLER, "incidents.edit", "{\"id\":%d,\"kind\":\"malware\"}", n), 403);
        check_int(as(HANDLER, "incidents.edit", "{\"id\":%d,\"scope\":\"12 máy\"}", n), 200);
        long long version = answer_int("version");
        check_int(as(HANDLER, "incidents.edit", "{\"id\":%d,\"version\":1,\"scope\":\"x\"}", n),
                  409);
        check_int(as(LEAD, "incidents.move", "{\"id\":%d,\"to\":\"declared\",\"version\":%lld}", n,
                     version),
                  200);
        check_int(as(LEAD, "incidents.move", "{\"id\":%d,\"to\":\"containing\"}", n), 200);
        check_int(as(LEAD, "incidents.move", "{\"id\":%d,\"to\":\"recovering\"}", n), 422);
        as(LEAD, "incidents.serious", "{\"id\":%d,\"serious\":\"no\",\"reason\":\"Không đủ\"}", n);
        check_int(as(LEAD, "incidents.move", "{\"id\":%d,\"to\":\"recovering\"}", n), 200);
        check(json_is_string(answer_at("contained")));
        check_int(as(LEAD, "incidents.move", "{\"id\":%d,\"to\":\"watching\"}", n), 200);
        check_int(as(LEAD, "incidents.move", "{\"id\":%d,\"to\":\"containing\"}", n), 422);
        check_span(span_str(answer_text("fields.0.field")), "reason");
        check_int(as(LEAD, "incidents.move", "{\"id\":%d,\"to\":\"closed\"}", n), 422);
        static const char *const open[] = {"at-once", "personal", "personal-people"};
        for (size_t i = 0; i < ARRAY_LEN(open); i++)
                check_int(as(LEAD, "incidents.clock_void",
                             "{\"id\":%d,\"clock\":\"%s\",\"reason\":\"Không liên quan\"}", n,
                             open[i]),
                          200);
        check_int(as(LEAD, "incidents.clock_void", /* pressed twice: the first reason stands */
                     "{\"id\":%d,\"clock\":\"%s\",\"reason\":\"Một lý do khác\"}", n, open[0]),
                  409);
        static const char *const parts[] = {"detect",  "protect", "contain",
                                            "analyse", "restore", "verify"};
        for (size_t i = 0; i < ARRAY_LEN(parts); i++)
                check_int(as(HANDLER, "incidents.activity",
                             "{\"id\":%d,\"activity\":\"%s\",\"state\":\"done\"}", n, parts[i]),
                          200);
        check_int(as(HANDLER, "incidents.task_add", "{\"id\":%d,\"title\":\"Rà máy\"}", n), 200);
        int task = (int)answer_int("id");
        check_int(as(LEAD, "incidents.move", "{\"id\":%d,\"to\":\"closed\"}", n), 422);
        check_int(as(HANDLER, "incidents.task_edit",
                     "{\"id\":%d,\"task\":%d,\"state\":\"done\",\"version\":1}", n, task),
                  200);
        check_span(span_str(answer_text("done_by")), "Trần Quốc Bảo");
        check_int(as(HANDLER, "incidents.task_edit",
                     "{\"id\":%d,\"task\":%d,\"state\":\"open\",\"version\":1}", n, task),
                  409);
        check_int(as(LEAD, "incidents.move", "{\"id\":%d,\"to\":\"closed\"}", n), 200);
        check_int(as(LEAD, "incidents.move", "{\"id\":%d,\"to\":\"reviewed\"}", n), 422);
        check_int(as(LEAD, "incidents.review",
                     "{\"id\":%d,\"cause\":\"Tài khoản lộ\",\"lessons\":\"Bật xác thực hai lớp\"}",
                     n),
                  200);
        check_int(as(LEAD, "incidents.move", "{\"id\":%d,\"to\":\"reviewed\"}", n), 200);
        check_int(json_array_size(answer_at("moves")), 0);
        end();
}

static void alerts_join_one_incident(void) {
        begin();
        say(rule("Evil tool"), 7, 10.5, "host=dc01 user=an Image=evil");
        say(rule("Failed login"), 8, 11, "host=dc02 user=an Image=x");
        say(rule("Evil tool"), 9, 12, "host=pv01 user=an Image=evil");
        judged(1, 10);
        commit();
        /* I7: the third is of another unit: not for them to bring in, and no word of what it is. */
        check_int(as(HANDLER, "incidents.open",
                     "{\"title\":\"Của người khác\",\"system\":1,\"alerts\":[3]}"),
                  422);
        check_span(span_str(answer_text("fields.0.fault")), "There is no such alert");
        check_int(as(HANDLER, "incidents.open", "{\"title\":\"abc\",\"unit\":2,\"system\":3}"),
                  422);
        check_span(span_str(answer_text("fields.0.field")), "system");
        check_int(as(HANDLER, "incidents.open",
                     "{\"title\":\"Từ cảnh báo\",\"system\":1,\"alerts\":[1]}"),
                  200);
        int n = (int)answer_int("id");
        check_int(answer_int("alerts"), 1);
        check_int(as(HANDLER, "incidents.timeline", "{\"id\":%d,\"kind\":\"alert\"}", n), 200);
        check_span(span_str(answer_text("items.0.text")), "Evil tool on dc01, 1 ×");
        check_int(answer_int("items.0.about_id"), 1);
        check_int(as(HANDLER, "incidents.alerts_add", "{\"id\":%d,\"alerts\":[2]}", n), 200);
        check_int(answer_int("alerts"), 2);
        check_int(as(HANDLER, "incidents.alerts_add", "{\"id\":%d,\"alerts\":[2]}", n), 422);
        check_int(as(HANDLER, "incidents.alerts_add", "{\"id\":%d,\"alerts\":[3]}", n), 422);
        check_int(as(HANDLER, "incidents.edit", "{\"id\":%d,\"system\":3}", n), 422);
        check_int(as(HANDLER, "incidents.alert_out", "{\"id\":%d,\"alert\":2}", n), 204);
        check_int(as(HANDLER, "incidents.alert_out", "{\"id\":%d,\"alert\":2}", n), 404);
        check_int(as(HANDLER, "incidents.observable_add",
                     "{\"id\":%d,\"type\":\"url\",\"value\":\"hxxps://evil[.]example/a\"}", n),
                  200);
        check_span(span_str(answer_text("value")), "https://evil.example/a");
        int o = (int)answer_int("id");
        check_int(as(HANDLER, "incidents.observable_add",
                     "{\"id\":%d,\"type\":\"url\",\"value\":\"https://evil.example/a\"}", n),
                  422);
        check_int(as(HANDLER, "incidents.observable_drop", "{\"id\":%d,\"observable\":%d}", n, o),
                  204);
        check_int(as(HANDLER, "incidents.observables", "{\"id\":%d}", n), 200);
        check_int(answer_int("total"), 0);
        end();
}

static void the_timeline_is_append_only(void) {
        begin();
        int n = (int)opened();
        check_int(as(HANDLER, "incidents.note", "{\"id\":%d,\"text\":\"Sai\"}", n), 200);
        int first = (int)answer_int("id");
        check_int(as(HANDLER, "incidents.note", "{\"id\":%d,\"text\":\"Đúng\",\"corrects\":%d}", n,
                     first),
                  200);
        check_span(span_str(answer_text("kind")), "correction");
        check_int(as(HANDLER, "incidents.note", "{\"id\":%d,\"text\":\"x\",\"corrects\":99}", n),
                  422);
        struct sql *s = state_sql(w.d->state);
        check(sql_do(s, "UPDATE incident_entry SET text='x' WHERE id=?1", "i", (int64_t)first) < 0);
        check_int(as(HANDLER, "incidents.timeline", "{\"id\":%d,\"sort\":\"id\"}", n), 200);
        check_span(span_str(answer_text("items.1.text")), "Sai");
        end();
}

/* Lets the listener have what is queued for it; whether `what` is in it. */
static bool hears(uint64_t stream, const char *what) {
        struct api_next next = {0};

        check_int(api_send_frame(0, API_NEXT, stream, &next, sizeof(next), SPAN_NONE), 0);
        w.mono += NS_PER_SEC;
        check_int(desk_api_tick(w.d, w.mono, w.wall), 0);
        if (api_take_frame(0) != stream)
                return false;
        buf_char(&api_w.body, '\0');
        return strstr(api_w.body.p, what) != NULL;
}

static void a_unit_leaves_and_loses_sight(void) {
        char event[64];

        begin();
        int n = (int)opened();
        check_int(as(LEAD, "incidents.unit_add", "{\"id\":%d,\"unit\":3}", n), 200);
        check_int(as(OTHER_LEAD, "incidents.task_add",
                     "{\"id\":%d,\"title\":\"Gọi nhà mạng\",\"owner\":4}", n),
                  200);
        check_int(as(OTHER_LEAD, "events.follow", "{}"), 200);
        uint64_t stream = api_w.id;
        snprintf(event, sizeof(event), "{\"what\":\"incident\",\"id\":%d}", n);
        check_int(as(HANDLER, "incidents.note", "{\"id\":%d,\"text\":\"x\"}", n), 200);
        check(hears(stream, event)); /* whoever works on it, of whichever unit */
        check_int(as(HANDLER, "incidents.unit_out",
                     "{\"id\":%d,\"unit\":3,\"reason\":\"not concerned\"}", n),
                  403);
        check_int(as(LEAD, "incidents.unit_out", "{\"id\":%d,\"unit\":3}", n), 422);
        check_int(as(LEAD, "incidents.unit_out",
                     "{\"id\":%d,\"unit\":2,\"reason\":\"not concerned\"}", n),
                  409);
        check_int(as(OTHER_LEAD, "incidents.unit_out",
                     "{\"id\":%d,\"unit\":3,\"reason\":\"not concerned\"}", n),
                  409);
        check_span(span_str(answer_text("code")), "oneself");
        check_int(as(LEAD, "incidents.edit", "{\"id\":%d,\"lead\":2}", n), 200);
        check_int(as(LEAD, "incidents.unit_out",
                     "{\"id\":%d,\"unit\":3,\"reason\":\"not concerned\"}", n),
                  200);
        check_int(json_array_size(answer_at("units")), 1);
        check(hears(stream, event)); /* once more: their page asks again, and */
        check_int(as(OTHER_LEAD, "incidents.get", "{\"id\":%d}", n), 404);
        check_int(as(OTHER_LEAD, "incidents.timeline", "{\"id\":%d}", n), 404);
        check_int(as(OTHER_LEAD, "tasks.list", "{}"), 200);
        check_int(answer_int("total"), 0);
        check_int(as(HANDLER, "incidents.note", "{\"id\":%d,\"text\":\"y\"}", n), 200);
        check(!hears(stream, event));
        check_int(api_send_frame(0, API_GONE, stream, NULL, 0, SPAN_NONE), 0);
        check_int(as(LEAD, "incidents.timeline", "{\"id\":%d,\"kind\":\"state\",\"sort\":\"-id\"}",
                     n),
                  200);
        check_span(span_str(answer_text("items.0.text")),
                   "Phú Vân no longer works on it: not concerned; tasks without an owner now: 1");
        check_int(as(LEAD, "incidents.tasks", "{\"id\":%d}", n), 200);
        check(json_is_null(answer_at("items.0.owner")));
        check_int(as(LEAD, "incidents.unit_out",
                     "{\"id\":%d,\"unit\":3,\"reason\":\"not concerned\"}", n),
                  409);
        /* Who leads it keeps seeing it. */
        check_int(as(LEAD, "incidents.unit_add", "{\"id\":%d,\"unit\":3}", n), 200);
        check_int(sql_do(state_sql(w.d->state), "UPDATE incident SET lead=4", ""), 0);
        check_int(as(LEAD, "incidents.unit_out",
                     "{\"id\":%d,\"unit\":3,\"reason\":\"not concerned\"}", n),
                  409);
        check_span(span_str(answer_text("code")), "lead");
        end();
}

static void several_systems(void) {
        begin();
        say(rule("Evil tool"), 1, 12, "host=dc01 user=an Image=evil");
        say(rule("Evil tool"), 5, 12, "host=core1 user=an Image=evil");
        check_int(sql_do(state_sql(w.d->state), "INSERT INTO system_host VALUES('core1',2)", ""),
                  0);
        judged(1, 10);
        commit();
        int n = (int)opened();
        check_int(as(LEAD, "incidents.edit", "{\"id\":%d,\"harm\":\"considerable\"}", n), 200);
        check_int(answer_int("level"), 3);
        check_int(json_array_size(answer_at("systems")), 1);
        check_span(span_str(answer_text("severity")), "high");
        check_int(as(HANDLER, "incidents.alerts_add", "{\"id\":%d,\"alerts\":[1]}", n), 200);
        check_int(json_array_size(answer_at("systems")), 1);
        /* The second alert's system comes with it, and its level with all that follows. */
        check_int(as(HANDLER, "incidents.alerts_add", "{\"id\":%d,\"alerts\":[2]}", n), 200);
        check_int(json_array_size(answer_at("systems")), 2);
        check_int(answer_int("level"), 4);
        check_span(span_str(answer_text("severity")), "critical");
        check_int(answer_int("systems.0.id"), 1);
        check(json_is_true(answer_at("systems.0.main")));
        check_int(answer_int("systems.1.id"), 2);
        check_int(answer_int("systems.1.alerts"), 1);
        check_int(as(HANDLER, "incidents.timeline",
                     "{\"id\":%d,\"kind\":\"state\",\"sort\":\"-id\"}", n),
                  200);
        check_span(span_str(answer_text("items.0.text")), "System concerned, by its alert: Lõi");
        /* Found by any of them. */
        check_int(as(HANDLER, "incidents.list", "{\"system\":2}"), 200);
        check_int(answer_int("total"), 1);
        check_int(as(HANDLER, "incidents.list", "{\"system\":[3,2]}"), 200);
        check_int(answer_int("total"), 1);
        check_int(as(HANDLER, "incidents.list", "{\"system\":3}"), 200);
        check_int(answer_int("total"), 0);
        check_int(as(HANDLER, "incidents.list", "{\"q\":\"loi\"}"), 200);
        check_int(answer_int("total"), 1);
        check_int(as(HANDLER, "incidents.list", "{\"level\":4}"), 200);
        check_int(answer_int("total"), 1);
        /* I7, and what is linked is linked once. */
        check_int(as(HANDLER, "incidents.system_add", "{\"id\":%d,\"system\":3}", n), 422);
        check_int(as(HANDLER, "incidents.system_add", "{\"id\":%d,\"system\":2}", n), 422);
        check_int(as(INSPECTOR, "incidents.system_add", "{\"id\":%d,\"system\":3}", n), 403);
        check_int(as(HANDLER, "incidents.system_add", "{\"id\":%d,\"system\":2,\"version\":1}", n),
                  409);
        /* Without the main one the other is that; without any nothing is known again. */
        check_int(as(HANDLER, "incidents.system_out", "{\"id\":%d,\"system\":1}", n), 200);
        check_int(answer_int("system"), 2);
        check_int(as(HANDLER, "incidents.system_out", "{\"id\":%d,\"system\":2}", n), 200);
        check(json_is_null(answer_at("system")));
        check(json_is_null(answer_at("level")));
        check_span(span_str(answer_text("severity")), "medium");
        check_int(as(HANDLER, "incidents.system_out", "{\"id\":%d,\"system\":2}", n), 404);
        check_int(as(HANDLER, "incidents.system_add", "{\"id\":%d,\"system\":1}", n), 200);
        check_int(answer_int("system"), 1);
        check_span(span_str(answer_text("severity")), "high");
        end();
}

static void what_was_missed_is_a_rule_request(void) {
        begin();
        int n = (int)opened();
        check_int(as(LEAD, "incidents.review", "{\"id\":%d,\"cause\":\"x\"}", n), 200);
        check_int(as(LEAD, "improvements.list", "{\"incident\":%d}", n), 200);
        check_int(answer_int("total"), 0); /* nothing was missed */
        check_int(as(LEAD, "incidents.review",
                     "{\"id\":%d,\"missed\":\"Copying to a share\\nby night\"}", n),
                  200);
        check_int(as(LEAD, "incidents.review",
                     "{\"id\":%d,\"missed\":\"Copying to a share\\nby night, at 3\"}", n),
                  200);
        check_int(as(LEAD, "improvements.list", "{\"incident\":%d}", n), 200);
        check_int(answer_int("total"), 1); /* the same, as it says now */
        check_span(span_str(answer_text("items.0.kind")), "rule_request");
        check_span(span_str(answer_text("items.0.title")), "Copying to a share");
        check_span(span_str(answer_text("items.0.detail")), "Copying to a share\nby night, at 3");
        check_span(span_str(answer_text("items.0.owner_name")), "Lê Minh Khôi");
        check(json_is_string(answer_at("items.0.due")));
        int id = (int)answer_int("items.0.id");
        check_int(as(LEAD, "improvements.summary", "{}"), 200);
        check_int(answer_int("rule_requests"), 1);
        check_int(
                as(LEAD, "improvements.change", "{\"id\":%d,\"version\":2,\"state\":\"done\"}", id),
                200);
        check_int(as(LEAD, "incidents.review",
                     "{\"id\":%d,\"missed\":\"Copying to a share\\nby night, at 3\"}", n),
                  200);
        check_int(as(LEAD, "improvements.summary", "{}"), 200);
        check_int(answer_int("rule_requests"), 0); /* done stays done */
        check_int(as(LEAD, "incidents.review", "{\"id\":%d,\"missed\":\"Another\"}", n), 200);
        check_int(as(LEAD, "improvements.summary", "{}"), 200);
        check_int(answer_int("rule_requests"), 1);
        end();
}

static void what_left_is_in_the_timeline(void) {
        begin();
        struct sql *s = state_sql(w.d->state);
        int n = (int)opened();
        for (int i = 1; i <= 3; i++)
                check_int(sql_do(s,
                                 "INSERT INTO outgoing(kind,state,target,subject,body,message_id,"
                                 "incident,unit,created,created_by,due) VALUES('mail',?1,'a@b.vn',"
                                 "'Báo cáo',' ','x',?2,2,5,2,5)",
                                 "si", i == 3 ? "held" : "queued", (int64_t)n),
                          0);
        check_int(sql_do(s, "UPDATE outgoing SET state='sent', sent=7 WHERE id=1", ""), 0);
        check_int(sql_do(s,
                         "UPDATE outgoing SET state='failed', last_error='no such box' WHERE id=2",
                         ""),
                  0);
        check_int(sql_do(s, "UPDATE outgoing SET state='sent', tries=2 WHERE id=1", ""), 0);
        check_int(as(LEAD, "incidents.timeline", "{\"id\":%d,\"kind\":\"message\",\"sort\":\"id\"}",
                     n),
                  200);
        check_int(answer_int("total"), 3);
        check_span(span_str(answer_text("items.0.text")),
                   "Held, as it is a drill: mail to a@b.vn: Báo cáo");
        check_span(span_str(answer_text("items.1.text")), "Mail sent to a@b.vn: Báo cáo");
        check_span(span_str(answer_text("items.1.by_name")), "Lê Minh Khôi");
        check_span(span_str(answer_text("items.2.text_vi")),
                   "Không gửi được thư tới a@b.vn: Báo cáo. no such box");
        end();
}

int main(void) {
        RUN(what_was_missed_is_a_rule_request);
        RUN(what_left_is_in_the_timeline);
        RUN(opens_with_its_clocks);
        RUN(refuses_what_cannot_be);
        RUN(only_units_that_work_on_it_see_it);
        RUN(a_unit_leaves_and_loses_sight);
        RUN(several_systems);
        RUN(answers_turn_clocks);
        RUN(deadlines_are_met_and_stay_so);
        RUN(moves_need_what_they_need);
        RUN(alerts_join_one_incident);
        RUN(the_timeline_is_append_only);
        return check_done();
}

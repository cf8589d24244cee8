/* Plans, copies, drills as rows, eradication, return to service, improvements: through the API as people ask it, and
 * what a mender may say. */
#include <sodium.h>

#include "desk/desk_impl.h"
#include "desk/drills.h"
#include "mender/mender.h"
#include "os/os.h"
#include "people_world.h"

static int64_t unit, other, bed, incident;
static struct signed_in handler, owner, inspector, officer, stranger;

static void begin(void) {
        people_start();
        unit = add_unit("bv", 1);
        other = add_unit("khac", 1);
        member("handler", "handler", unit);
        member("owner", "owner", unit);
        member("inspector", "inspector", unit);
        member("officer", "officer", unit);
        member("stranger", "handler", other);
        check_int(sign_in(&handler, "handler", GOOD_PASSWORD), 200);
        check_int(sign_in(&owner, "owner", GOOD_PASSWORD), 200);
        check_int(sign_in(&inspector, "inspector", GOOD_PASSWORD), 200);
        check_int(sign_in(&officer, "officer", GOOD_PASSWORD), 200);
        check_int(sign_in(&stranger, "stranger", GOOD_PASSWORD), 200);
        check_int(asf(NULL, "systems.add",
                      "{\"code\":\"his\",\"name\":\"HIS\",\"unit\":%lld,\"level\":3,\"rto_s\":60,"
                      "\"rpo_s\":3600}",
                      (long long)unit),
                  200);
        bed = answer_int("id");
        struct sql *s = state_sql(w.d->state);
        check_int(sql_do(s,
                         "INSERT INTO incident(code,title,unit,regime,harm,severity,state,tlp,t0,"
                         "opened,plain) VALUES('SC-2026-0001','x',?1,'r','','low','open','amber',0,"
                         "0,'x')",
                         "i", unit),
                  0);
        incident = sql_last_id(s);
        check_int(sql_do(s, "INSERT INTO incident_unit VALUES(?1,?2,0,0)", "ii", incident, unit),
                  0);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
}

static int plan(struct signed_in *s, int version, const char *steps) {
        return asf(s, "recovery.plan_set", "{\"id\":%lld,\"version\":%d,\"steps\":%s}",
                   (long long)bed, version, steps);
}

static void plans_can_be_done(void) {
        begin();
        check_int(plan(&owner, 0,
                       "[{\"name\":\"app\",\"title\":\"start it\",\"minutes\":10,\"after\":"
                       "[\"db\",\"net\"]},{\"name\":\"db\",\"title\":\"restore\",\"minutes\":60},"
                       "{\"name\":\"net\",\"title\":\"cables\",\"minutes\":5},"
                       "{\"name\":\"tell\",\"title\":\"call them\",\"after\":[\"app\"]}]"),
                  200);
        check_int(answer_int("plan.version"), 1);
        check_int(answer_int("plan.minutes"), 70);
        check(strcmp(answer_text("plan.steps.0.name"), "db") == 0);
        check(strcmp(answer_text("plan.steps.3.name"), "tell") == 0);
        check_int(answer_int("plan.steps.2.wave"), 2);
        check_int(plan(&owner, 0, "[{\"name\":\"a\",\"title\":\"abc\"}]"), 409);
        check_int(plan(&inspector, 1, "[{\"name\":\"a\",\"title\":\"abc\"}]"), 403);
        check_int(plan(&stranger, 1, "[{\"name\":\"a\",\"title\":\"abc\"}]"), 404);
        /* A circle is named, in the order that it goes. */
        check_int(plan(&owner, 1,
                       "[{\"name\":\"x\",\"title\":\"abc\"},"
                       "{\"name\":\"a\",\"title\":\"abc\",\"after\":[\"x\",\"c\"]},"
                       "{\"name\":\"b\",\"title\":\"abc\",\"after\":[\"a\"]},"
                       "{\"name\":\"c\",\"title\":\"abc\",\"after\":[\"b\"]}]"),
                  422);
        check(strstr(answer_text("fields.0.fault"), "a → b → c → a") != NULL);
        check_int(plan(&owner, 1, "[{\"name\":\"a\",\"title\":\"abc\",\"after\":[\"a\"]}]"), 422);
        check(strstr(answer_text("fields.0.fault"), "a → a") != NULL);
        check_int(plan(&owner, 1, "[{\"name\":\"a\",\"title\":\"abc\",\"after\":[\"q\"]}]"), 422);
        check_int(plan(&owner, 1,
                       "[{\"name\":\"a\",\"title\":\"abc\"},{\"name\":\"a\",\"title\":\"abc\"}]"),
                  422);
        check_int(plan(&owner, 1, "[{\"name\":\"a\",\"title\":\"abc\"}]"), 200);
        check_int(answer_int("plan.version"), 2);
        check_int(
                asf(&inspector, "recovery.plan_get", "{\"id\":%lld,\"version\":1}", (long long)bed),
                200);
        check_int(answer_int("minutes"), 70);
        people_end();
}

static int64_t copy(const char *more) {
        check_int(asf(&owner, "recovery.copy_add", "{\"id\":%lld,\"name\":\"n\",%s}",
                      (long long)bed, more),
                  200);
        return answer_int("id");
}

static const char repositories[] =
        "[{\"name\":\"nightly\",\"kind\":\"restic\",\"system\":\"his\",\"every_s\":0,\"sample\":5,"
        "\"quota\":1000000,\"whole\":false,\"files\":[],\"expect\":[]},"
        "{\"name\":\"weekly\",\"kind\":\"borg\",\"system\":\"his\",\"every_s\":604800,\"sample\":5,"
        "\"quota\":0,\"rto_s\":5,\"files\":[],\"expect\":[]}]";

/* Says for the mender what came of it. */
static void ended(int64_t id, uint32_t attempt, int64_t snapshot, double seconds,
                  const char *faults) {
        struct msg_mender_done m = {.type = MENDER_DONE, .id = id, .attempt = attempt};
        char json[1024];

        snprintf(json, sizeof(json),
                 "{\"id\":%lld,\"snapshot\":\"abc\",\"snapshot_at_ns\":%lld,\"seconds\":%.1f,"
                 "\"files\":2,\"bytes\":10,\"all_files\":4,\"all_bytes\":40,\"checked\":2,"
                 "\"expected\":0,\"faults\":%s,\"log\":\"\",\"tried\":[{\"path\":\"a\",\"size\":5,"
                 "\"mtime\":7,\"sha256\":\"%064d\",\"there\":true}]}",
                 (long long)id, (long long)snapshot, seconds, faults, 7);
        check_int(desk_drill_said(w.d, &m, span_str(json), w.wall), 0);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        desk_api_committed(w.d);
}

static const struct msg_mender *next_drill(int *fd) {
        const struct msg_mender *m = NULL;
        int error = 0;

        for (unsigned i = 0; i < 4 && !m && !error; i++) {
                m = desk_drill_next(w.d, w.wall, fd, &error);
                if (state_in_transaction(w.d->state))
                        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        }
        check_int(error, 0);
        if (m)
                desk_drill_sent(w.d);
        return m;
}

/* A copy says when a drill of its repository was good. */
static void another_units_repository_is_none(void) {
        check_int(asf(NULL, "systems.add",
                      "{\"code\":\"far\",\"name\":\"Far\",\"unit\":%lld,\"level\":3}",
                      (long long)other),
                  200);
        int64_t far = answer_int("id");
        check_int(asf(&stranger, "recovery.copy_add",
                      "{\"id\":%lld,\"name\":\"n\",\"medium\":\"disk\",\"repository\":\"nightly\"}",
                      (long long)far),
                  422);
        check_int(asf(&stranger, "recovery.copy_add",
                      "{\"id\":%lld,\"name\":\"n\",\"medium\":\"disk\"}", (long long)far),
                  200);
        check_int(asf(&stranger, "recovery.copy_change", "{\"id\":%lld,\"repository\":\"nightly\"}",
                      (long long)answer_int("id")),
                  422);
}

static void copies_are_counted(void) {
        int fd = -1;

        begin();
        check_int(desk_recovery(w.d, span_str(repositories)), 0);
        check_int(asf(&owner, "recovery.get", "{\"id\":%lld}", (long long)bed), 200);
        check_int(answer_int("rule321.copies"), 1);
        check_int((long long)json_array_size(answer_at("rule321.faults")), 5);
        copy("\"medium\":\"disk\",\"repository\":\"nightly\"");
        int64_t tape = copy("\"medium\":\"tape\",\"off_site\":true,\"offline\":true");
        check_int(asf(&owner, "recovery.copy_add",
                      "{\"id\":%lld,\"name\":\"n\",\"medium\":\"disk\",\"repository\":\"none\"}",
                      (long long)bed),
                  422);
        another_units_repository_is_none();
        check_int(asf(&owner, "recovery.get", "{\"id\":%lld}", (long long)bed), 200);
        check_int(answer_int("rule321.copies"), 3);
        check_int(answer_int("rule321.media"), 2);
        check_int((long long)json_array_size(answer_at("rule321.faults")), 1); /* not verified */
        check(strcmp(answer_text("rule321.faults.0.code"), "verified") == 0);
        check_int(as(&handler, "drills.run", "{\"repository\":\"nightly\"}"), 200);
        int64_t id = answer_int("id");
        next_drill(&fd); /* the weekly one is due: nothing was ever tried */
        os_close_quiet(fd);
        int64_t first = 0;
        check_int(sql_get_int(state_sql(w.d->state), &first,
                              "SELECT id FROM drill WHERE state='running'", ""),
                  1);
        ended(first, 1, w.wall - 60 * NS_PER_SEC, 3, "[]");
        const struct msg_mender *m = next_drill(&fd);
        os_close_quiet(fd);
        if (m)
                ended(m->id, 1, w.wall - 60 * NS_PER_SEC, 3, "[]");
        check_int(asf(&handler, "drills.get", "{\"id\":%lld}", (long long)id), 200);
        check(json_is_true(answer_at("good")));
        check_int(asf(&owner, "recovery.get", "{\"id\":%lld}", (long long)bed), 200);
        check_int((long long)json_array_size(answer_at("rule321.faults")), 0);
        check_int((long long)json_array_size(answer_at("drills")), 2);
        check_int(asf(&inspector, "recovery.copy_remove", "{\"id\":%lld}", (long long)tape), 403);
        check_int(asf(&owner, "recovery.copy_remove", "{\"id\":%lld}", (long long)tape), 204);
        people_end();
}

static void drills_are_told_apart(void) {
        int fd = -1;

        begin();
        check_int(desk_recovery(w.d, SPAN("{}")), -EPROTO);
        check_int(desk_recovery(w.d, span_str(repositories)), 0);
        check_int(as(&handler, "drills.run", "{\"repository\":\"never\"}"), 422);
        check_int(as(&officer, "drills.run", "{\"repository\":\"nightly\"}"), 403);
        check_int(as(&stranger, "drills.run", "{\"repository\":\"nightly\"}"),
                  422); /* as "never" */
        check_int(as(&handler, "drills.run", "{\"repository\":\"nightly\"}"), 200);
        int64_t id = answer_int("id");
        check_int(as(&owner, "drills.run", "{\"repository\":\"nightly\"}"), 409);
        const struct msg_mender *m = next_drill(&fd);
        check(m && m->id == id && m->attempt == 1 && strcmp(m->repository, "nightly") == 0);
        check(fd >= 0 && os_memfd_is_sealed(fd) == 1);
        os_close_quiet(fd);
        /* Of another drill or attempt: not listened to. */
        struct msg_mender_done wrong = {.id = id + 1, .attempt = 1};
        check_int(desk_drill_said(w.d, &wrong, SPAN("{}"), w.wall), -EPROTO);
        wrong = (struct msg_mender_done){.id = id, .attempt = 2};
        check_int(desk_drill_said(w.d, &wrong, SPAN("{}"), w.wall), -EPROTO);
        /* Too old (rpo 3600) and too slow (rto 60), both found here. */
        ended(id, 1, w.wall - 7200 * NS_PER_SEC, 61, "[{\"code\":\"hash\",\"detail\":\"a\"}]");
        check_int(asf(&handler, "drills.get", "{\"id\":%lld}", (long long)id), 200);
        check(json_is_false(answer_at("good")) && json_is_false(answer_at("rto_ok")) &&
              json_is_false(answer_at("rpo_ok")));
        check_int((long long)json_array_size(answer_at("faults")), 3);
        check(strcmp(answer_text("faults.0.code"), "hash") == 0 && *answer_text("faults.0.vi"));
        check_int(answer_int("estimate_s"), 244);
        int64_t n = 0;
        check_int(sql_get_int(state_sql(w.d->state), &n,
                              "SELECT count(*) FROM alert a JOIN rule r ON r.ref=a.rule WHERE"
                              " r.id='coloa-restore-drill'",
                              ""),
                  1);
        check_int(n, 1);
        /* What is no result at all is a mender that went wrong. */
        m = next_drill(&fd);
        os_close_quiet(fd);
        check(m != NULL); /* the weekly one */
        struct msg_mender_done junk = {.id = m ? m->id : 0, .attempt = 1};
        check_int(desk_drill_said(w.d, &junk, SPAN("{\"id\":-1}"), w.wall), 0);
        check_int(asf(&handler, "drills.list", "{\"state\":[\"failed\"]}"), 200);
        check_int(answer_int("total"), 1);
        people_end();
}

static void a_killed_desk_begins_it_again(void) {
        int fd = -1;

        begin();
        check_int(desk_recovery(w.d, span_str(repositories)), 0);
        check_int(as(&handler, "drills.run", "{\"repository\":\"nightly\"}"), 200);
        int64_t id = answer_int("id");
        for (uint32_t attempt = 1; attempt <= 4; attempt++) {
                const struct msg_mender *m = next_drill(&fd);
                os_close_quiet(fd);
                if (attempt == 4) {
                        check(!m || m->id != id);
                        break;
                }
                check(m && m->id == id && m->attempt == attempt);
                api_end();
                world_close();
                check_int(world_open(), 0);
                api_start();
                check_int(desk_vault_line(w.d, true), 0);
                check_int(desk_recovery(w.d, span_str(repositories)), 0);
        }
        check_int(asf(NULL, "drills.get", "{\"id\":%lld}", (long long)id), 200);
        check(strcmp(answer_text("state"), "failed") == 0);
        check(strcmp(answer_text("faults.0.code"), "interrupted") == 0);
        people_end();
}

/* ---- after ---- */

static void eradication_is_made_sure_of(void) {
        begin();
        check_int(asf(&handler, "eradication.add", "{\"id\":%lld}", (long long)incident), 200);
        check_int(answer_int("open"), 10);
        check_int(asf(&handler, "eradication.add", "{\"id\":%lld}", (long long)incident), 200);
        check_int(answer_int("open"), 10);
        int64_t item = answer_int("items.0.id");
        check_int(asf(&handler, "eradication.change",
                      "{\"id\":%lld,\"item\":%lld,\"version\":1,\"state\":\"not_needed\"}",
                      (long long)incident, (long long)item),
                  422);
        check_int(asf(&handler, "eradication.change",
                      "{\"id\":%lld,\"item\":%lld,\"version\":1,\"state\":\"done\",\"note\":\"ok "
                      "rồi\"}",
                      (long long)incident, (long long)item),
                  200);
        check_int(answer_int("done"), 1);
        check_int(asf(&handler, "eradication.change",
                      "{\"id\":%lld,\"item\":%lld,\"version\":1,\"state\":\"open\"}",
                      (long long)incident, (long long)item),
                  409);
        check_int(asf(&inspector, "eradication.add", "{\"id\":%lld,\"title\":\"more\"}",
                      (long long)incident),
                  403);
        people_end();
}

static void returns_are_watched(void) {
        begin();
        check_int(asf(&handler, "returns.add",
                      "{\"id\":%lld,\"system\":%lld,\"until\":\"2020-01-01T00:00:00Z\","
                      "\"checks\":\"nhật ký\"}",
                      (long long)incident, (long long)bed),
                  422);
        check_int(asf(&handler, "returns.add",
                      "{\"id\":%lld,\"system\":%lld,\"until\":\"2030-01-01T00:00:00Z\","
                      "\"checks\":\"nhật ký\"}",
                      (long long)incident, (long long)bed),
                  200);
        int64_t item = answer_int("items.0.id");
        check(strcmp(answer_text("items.0.state"), "watching") == 0);
        check_int(asf(&handler, "returns.add",
                      "{\"id\":%lld,\"system\":%lld,\"until\":\"2030-01-01T00:00:00Z\","
                      "\"checks\":\"nhật ký\"}",
                      (long long)incident, (long long)bed),
                  409);
        check_int(asf(&handler, "returns.end",
                      "{\"id\":%lld,\"item\":%lld,\"version\":1,\"state\":\"well\"}",
                      (long long)incident, (long long)item),
                  422); /* before its time, without a word */
        check_int(asf(&handler, "returns.end",
                      "{\"id\":%lld,\"item\":%lld,\"version\":1,\"state\":\"came_back\","
                      "\"note\":\"lại thấy\"}",
                      (long long)incident, (long long)item),
                  200);
        check_int(
                asf(&handler, "returns.end",
                    "{\"id\":%lld,\"item\":%lld,\"version\":1,\"state\":\"well\",\"note\":\"abc\"}",
                    (long long)incident, (long long)item),
                409);
        people_end();
}

static void improvements_stay_until_done(void) {
        begin();
        check_int(asf(&handler, "improvements.add",
                      "{\"id\":%lld,\"kind\":\"rule_request\",\"title\":\"see web shells\","
                      "\"due\":\"2026-01-01T00:00:00Z\"}",
                      (long long)incident),
                  200);
        int64_t id = answer_int("id");
        check(json_is_true(answer_at("overdue")));
        check_int(asf(&inspector, "improvements.summary", "{}"), 200);
        check_int(answer_int("open"), 1);
        check_int(answer_int("overdue"), 1);
        check_int(answer_int("rule_requests"), 1);
        check_int(asf(&stranger, "improvements.summary", "{}"), 200);
        check_int(answer_int("open"), 0);
        check_int(asf(&stranger, "improvements.list", "{}"), 200);
        check_int(answer_int("total"), 0);
        check_int(asf(&handler, "improvements.list", "{\"overdue\":[true]}"), 200);
        check_int(answer_int("total"), 1);
        check_int(asf(&inspector, "improvements.change",
                      "{\"id\":%lld,\"version\":1,\"state\":\"done\"}", (long long)id),
                  403);
        check_int(asf(&handler, "improvements.change",
                      "{\"id\":%lld,\"version\":1,\"state\":\"dropped\"}", (long long)id),
                  422);
        check_int(asf(&handler, "improvements.change",
                      "{\"id\":%lld,\"version\":1,\"state\":\"done\",\"note\":\"đã có quy tắc\"}",
                      (long long)id),
                  200);
        check(json_is_false(answer_at("overdue")) && *answer_text("done_at"));
        check_int(asf(&handler, "improvements.change",
                      "{\"id\":%lld,\"version\":1,\"state\":\"open\"}", (long long)id),
                  409);
        check_int(asf(&handler, "improvements.summary", "{}"), 200);
        check_int(answer_int("open"), 0);
        people_end();
}

int main(void) {
        check_int(sodium_init() < 0, 0);
        RUN(plans_can_be_done);
        RUN(copies_are_counted);
        RUN(drills_are_told_apart);
        RUN(a_killed_desk_begins_it_again);
        RUN(eradication_is_made_sure_of);
        RUN(returns_are_watched);
        RUN(improvements_stay_until_done);
        return check_done();
}

/* Results of an exercise at the desk: facts are read from what people really did through the API, the score is explained
 * by those records, an export gives the same bytes again; rulings, appeals, tasks and their re-tests. Alerts are laid by
 * hand, with their labels, as the pipeline lays them. */
#include <stdarg.h>

#include "desk/desk_impl.h"
#include "desk/exercise_facts.h"
#include "desk/exercise_impl.h"
#include "desk/jobs.h"
#include "exercise/export.h"
#include "exercise/telemetry.h"
#include "os/os.h"
#include "people_world.h"
#include "rules/regime.h"

static int64_t unit_a, unit_b, exercise;
static struct signed_in lead_a, lead_b, organiser, jury;

/* ---- the world, as in exercises.c ---- */

static void lay_content(void) {
        static const char path[] = TEST_CONTENT "/scenarios/ransomware-province.yaml",
                          law[] = TEST_CONTENT "/regimes/vn-2026/regime.yml";
        _cleanup_(buf_deinit) struct buf json = {0}, said = {0};
        char *text;
        size_t len;

        check_int(os_read_file(path, SCENARIO_BYTES_MAX, &text, &len), 0);
        check_int(desk_scenario(w.d, span_of(text, len), w.wall), 0);
        free(text);
        check_int(os_read_file(law, (size_t)1 << 20, &text, &len), 0);
        buf_char(&json, '[');
        check_int(regime_read(span_str(law), span_of(text, len), &json, &said), 0);
        buf_char(&json, ']');
        free(text);
        check_int(desk_regimes(w.d, buf_get(&json)), 0);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
}

_printf_(4, 5) static void want(int status, struct signed_in *s, const char *op, const char *fmt,
                                ...) {
        char body[4096];
        va_list ap;

        va_start(ap, fmt);
        vsnprintf(body, sizeof(body), fmt, ap);
        va_end(ap);
        int got = s ? as(s, op, body) : local(op, body);
        if (got != status)
                printf("# %s: %d %.*s %s\n", op, got, (int)MIN(api_w.body.len, (size_t)600),
                       api_w.body.p, desk_error(w.d));
        check_int(got, status);
}

static int64_t number(const char *sql, int64_t arg) {
        int64_t n = -1;

        check(sql_get_int(state_sql(w.d->state), &n, sql, "i", arg) >= 0);
        return n;
}

static void one(struct signed_in *s, const char *login, const char *role, int64_t unit) {
        char secret[64];

        member(login, role, unit);
        check_int(sign_in(s, login, GOOD_PASSWORD), 200);
        check_int(confirm_totp(s, secret), 200);
}

static int64_t full_unit(const char *code, struct signed_in *s) {
        static const char *const roles[] = {"officer", "handler", "approver", "owner", "liaison"};
        int64_t unit = add_unit(code, UNIT_ROOT);
        char login[32];

        snprintf(login, sizeof(login), "lead-%s", code);
        one(s, login, "lead", unit);
        for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
                snprintf(login, sizeof(login), "%s-%s", roles[i], code);
                give(person(login, unit), roles[i], unit);
        }
        return unit;
}

static void do_jobs(void) {
        const struct msg_job *m;
        int fd = -1;

        while ((m = desk_job_next(w.d, &fd))) {
                _cleanup_(buf_deinit) struct buf out = {0};
                uint64_t id = m->id;
                size_t len = m->len;
                unsigned kind = m->kind;
                char *p = malloc(len);

                check(p && pread(fd, p, len, 0) == (ssize_t)len);
                desk_job_sent(w.d);
                int r = kind == JOB_SCORE ? job_score(span_of(p, len), &out)
                                          : telemetry_job(span_of(p, len), &out);
                check_int(desk_job_said(w.d, id, &(struct job_said){r, buf_get(&out)}), 0);
                free(p);
        }
}

static void pass(int64_t seconds) {
        for (int64_t i = 0; i < seconds; i++) {
                w.wall += NS_PER_SEC;
                w.mono += NS_PER_SEC;
                check_int(desk_api_tick(w.d, w.mono, w.wall), 0);
                do_jobs();
                check_int(desk_commit(w.d, w.mono, w.wall), 0);
                desk_api_committed(w.d);
        }
}

static void begin(void) {
        static const char *const items[] = {"sources", "never_list", "containment", "clock"};

        people_start();
        lay_content();
        unit_a = full_unit("a", &lead_a);
        unit_b = full_unit("b", &lead_b);
        one(&organiser, "org", "organiser", UNIT_ROOT);
        one(&jury, "jury", "jury", UNIT_ROOT);
        want(200, &organiser, "exercises.create",
             "{\"title\":\"x\",\"scenario\":1,\"unit\":1,\"units\":[%lld,%lld],\"speed\":4000,"
             "\"seed\":7}",
             (long long)unit_a, (long long)unit_b);
        exercise = answer_int("id");
        want(200, &organiser, "exercises.invite", "{\"id\":%lld}", (long long)exercise);
        for (size_t i = 0; i < ARRAY_LEN(items); i++)
                want(200, &organiser, "exercises.check",
                     "{\"id\":%lld,\"item\":\"%s\",\"done\":true,\"why\":\"seen\"}",
                     (long long)exercise, items[i]);
        want(200, NULL, "exercises.consent", "{\"id\":%lld,\"unit\":%lld,\"yes\":true}",
             (long long)exercise, (long long)unit_a);
        want(200, NULL, "exercises.consent", "{\"id\":%lld,\"unit\":%lld,\"yes\":true}",
             (long long)exercise, (long long)unit_b);
        want(200, &organiser, "exercises.go", "{\"id\":%lld}", (long long)exercise);
        want(200, &organiser, "exercises.start", "{\"id\":%lld}", (long long)exercise);
}

/* ---- alerts ---- */

static void sql(const char *text) {
        check_int(sql_do(state_sql(w.d->state), text, ""), 0);
}

/* Of a play's step, raised now; its event is 20 s of the drill ago. */
static void alert_of(int id, int play, int64_t unit, int step, const char *host) {
        char text[900];
        long long t = (long long)w.wall, drill = 0, started;

        started = (long long)number("SELECT started FROM exercise WHERE id=?1", exercise);
        check(exercise_drill_of(state_sql(w.d->state), play, w.wall, (int64_t *)&drill) == 0);
        check_int(desk_begin(w.d), 0);
        snprintf(text, sizeof(text),
                 "INSERT INTO rule(ref,kind,id,version,level,status,title,title_vi,description,"
                 "description_vi,file,tags) VALUES(%d,1,'r%d',x'00',3,0,'Rule %d','','','','','')",
                 900 + id, id, id);
        sql(text);
        snprintf(text, sizeof(text),
                 "INSERT INTO alert(id,key,rule,status,drill,entity_kind,entity,host,user,source,"
                 "exception,count,first,last,first_received,last_received,raised,updated,records)"
                 " VALUES(%d,x'%02x',%d,0,%d,1,'%s','%s','','','',1,%lld,%lld,%lld,%lld,%lld,%lld,'"
                 "')",
                 id, id, 900 + id, play, host, host, t, t, t, t, t, t);
        sql(text);
        snprintf(text, sizeof(text),
                 "INSERT INTO "
                 "triage(alert,status,severity,urgency,unit,system,rule,host,source,drill,"
                 "raised,waiting_since,words) "
                 "VALUES(%d,'new','high',1,%lld,NULL,'r%d','%s','',%d,%lld,"
                 "%lld,'')",
                 id, (long long)unit, id, host, play, t, t);
        sql(text);
        snprintf(text, sizeof(text),
                 "INSERT INTO exercise_alert_step(alert,play,step,at,time) "
                 "VALUES(%d,%d,%d,%lld,%lld)",
                 id, play, step, t, started + (drill - 20000) * 1000000);
        sql(text);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        api_tell_all(w.d, "alert", id, unit);
}

/* The whole body of a file. */
static void whole(struct signed_in *s, const char *op, const char *more, struct buf *to) {
        char body[200];
        uint64_t id;

        snprintf(body, sizeof(body), "{\"id\":%lld%s}", (long long)exercise, more);
        check_int(as(s, op, body), 200);
        id = api_w.id;
        buf_span(to, buf_get(&api_w.body));
        while (api_w.say.flags & API_SAY_MORE) {
                struct api_next next = {0};

                check_int(api_send_frame(0, API_NEXT, id, &next, sizeof(next), SPAN_NONE), 0);
                api_settle();
                check(api_take_frame(0) == id);
                buf_span(to, buf_get(&api_w.body));
        }
}

/* An export that is whole, but of another formula, is not scored. */
static void another_formula(struct span export) {
        static const char key[] = "\"formula_hash\":\"";
        _cleanup_(buf_deinit) struct buf b = {0};
        _cleanup_(export_freep) struct exercise_export *x = NULL;
        const char *last = memrchr(export.p, '{', export.len);
        size_t line = 0;

        buf_add(&b, export.p, (size_t)(last - export.p));
        char *at = memmem(b.p, b.len, key, sizeof(key) - 1);
        check(at);
        if (!at)
                return;
        at += sizeof(key) - 1;
        *at = *at == 'a' ? 'b' : 'a';
        export_close(&b);
        check_int(export_read(&x, buf_get(&b), &line), EXPORT_E_FORMULA);
}

static const json_t *line_of(const char *expectation) {
        const json_t *list = answer_at("units.0.lines"), *l;
        size_t i;

        json_array_foreach(list, i,
                           l) if (strcmp(json_string_value(json_object_get(l, "expectation")),
                                         expectation) == 0) return l;
        return NULL;
}

static long long of(const json_t *o, const char *name) {
        return (long long)json_integer_value(json_object_get(o, name));
}

/* Unit A takes what it sees, declares, classifies, tells, keeps; unit B does nothing. */
static int64_t play_a(void) {
        int64_t incident;

        pass(65); /* 4:20 of the drill: the document was opened */
        alert_of(1, 1, unit_a, 2, "a-WS-01");
        pass(30);
        want(200, &lead_a, "alerts.accept", "{\"id\":1}");
        pass(15);
        want(200, &lead_a, "incidents.open",
             "{\"title\":\"macro\",\"unit\":%lld,\"alerts\":[1],\"kind\":\"malware\"}",
             (long long)unit_a);
        incident = answer_int("id");
        pass(500); /* all steps */
        alert_of(2, 1, unit_a, 8, "a-SRV-FILES");
        alert_of(3, 1, unit_a, 12, "a-SRV-FILES");
        want(200, &lead_a, "incidents.alerts_add", "{\"id\":%lld,\"alerts\":[2,3]}",
             (long long)incident);
        want(200, &lead_a, "incidents.note",
             "{\"id\":%lld,\"kind\":\"message\",\"text\":\"Đã báo chủ quản hệ thống qua điện "
             "thoại\"}",
             (long long)incident);
        want(200, &lead_a, "incidents.observable_add",
             "{\"id\":%lld,\"type\":\"account\",\"value\":\"nobody\",\"role\":\"victim\"}",
             (long long)incident);
        return incident;
}

/* ---- tests ---- */

static void facts_become_points(void) {
        _cleanup_(buf_deinit) struct buf export = {0}, scores = {0}, again = {0}, in = {0},
                                         html = {0};
        const char head[EXPORT_ASK] = {EXPORT_WANT_SCORES};
        const json_t *l;

        begin();
        int64_t incident = play_a();
        pass(20);
        want(200, &lead_a, "results.get", "{\"id\":%lld}", (long long)exercise);
        check_int((int64_t)json_array_size(answer_at("units")),
                  0); /* V1: what is to come stays hidden */
        want(200, &organiser, "results.get", "{\"id\":%lld}", (long long)exercise);
        check_int((int64_t)json_array_size(answer_at("units")), 2);
        check(json_is_true(answer_at("units.0.provisional")));
        l = line_of("see-phish");
        check(l && of(l, "points") == 6000);
        check(strcmp(json_string_value(json_object_get(
                             json_array_get(json_object_get(l, "facts"), 0), "link")),
                     "/alerts/1") == 0);
        l = line_of("take-phish");
        check(l && of(l, "t_ms") >= 119000 && of(l, "t_ms") <= 121000 && of(l, "R") == 1000000);
        l = line_of("classify");
        check(l && of(l, "Q") == 500000); /* malware: half */
        l = line_of("tell-owner");
        check(l && of(l, "T") > 0);
        want(200, &lead_a, "incidents.edit", "{\"id\":%lld,\"lead\":%lld}", (long long)incident,
             (long long)number("SELECT id FROM person WHERE login='lead-a' AND ?1", 1));
        want(200, &lead_a, "incidents.edit", "{\"id\":%lld,\"kind\":\"ransomware\"}",
             (long long)incident);
        struct drill_facts facts;
        bool right = false;
        facts_init(&facts);
        check_int(exercise_facts(w.d, 1, w.wall, &facts), 0);
        for (size_t i = 0; i < facts.n; i++) /* a later choice is a fact too, by the kind's id */
                right |= facts.facts[i].kind == FACT_CLASSIFIED &&
                         strcmp(facts.facts[i].value, "ransomware") == 0;
        check(right);
        facts_deinit(&facts);
        check(number("SELECT points FROM exercise_play WHERE id=?1", 1) > 0);
        check(number("SELECT last_en IS NOT NULL FROM exercise_play WHERE id=?1", 1) == 1);
        want(200, &organiser, "exercises.end", "{\"id\":%lld}", (long long)exercise);
        pass(3);
        want(200, &lead_a, "results.get", "{\"id\":%lld}", (long long)exercise);
        check_int((int64_t)json_array_size(answer_at("units")), 1); /* its own, now */
        check(json_is_false(answer_at("all")));
        want(403, &lead_a, "results.export", "{\"id\":%lld}", (long long)exercise);
        whole(&organiser, "results.export", "", &export);
        whole(&organiser, "results.scores", "", &scores);
        buf_add(&in, head, sizeof(head));
        buf_span(&in, buf_get(&export));
        check_int(job_score(buf_get(&in), &again), 0);
        check(scores.len > 1000 && span_eq(buf_get(&scores), buf_get(&again)));
        another_formula(buf_get(&export));
        const char *at = memmem(export.p, export.len, "lead-a", 6);
        if (at)
                printf("# %.120s\n", at - 60);
        check(!memmem(export.p, export.len, "lead-a", 6)); /* duties, no names */
        whole(&organiser, "results.report", ",\"format\":\"html\",\"lang\":\"vi\"", &html);
        check(html.len > 2000 && memmem(html.p, html.len, "DIỄN TẬP", strlen("DIỄN TẬP")));
        people_end();
}

/* What was done before the checkpoint is the new run's too; what came after is nobody's. */
static void a_rewind_keeps_what_was_before(void) {
        struct drill_facts f;
        struct score *s = NULL;
        const struct plan *p;
        bool alert = false, later = false;

        begin();
        pass(65);
        alert_of(1, 1, unit_a, 2, "a-WS-01");
        pass(2);
        want(200, &lead_a, "alerts.accept", "{\"id\":1}");
        want(200, &organiser, "exercises.checkpoint", "{\"id\":%lld,\"name\":\"here\"}",
             (long long)exercise);
        int64_t point = answer_int("checkpoints.0.id");
        pass(60);
        alert_of(2, 1, unit_a, 3, "a-WS-01");
        want(200, &organiser, "exercises.pause", "{\"id\":%lld}", (long long)exercise);
        pass(2);
        want(200, &organiser, "exercises.resume", "{\"id\":%lld}", (long long)exercise);
        want(200, &organiser, "exercises.rewind", "{\"id\":%lld,\"checkpoint\":%lld}",
             (long long)exercise, (long long)point);
        facts_init(&f);
        check_int(exercise_score_whole(w.d, 3, w.wall, &f, &p, &s), 0);
        for (size_t i = 0; i < f.n; i++) {
                check_int(f.facts[i].play, 3);
                alert |= strncmp(f.facts[i].id, "alert/1/", 8) == 0;
                later |= strncmp(f.facts[i].id, "alert/2/", 8) == 0;
        }
        check(s && alert && !later);
        score_free(s);
        facts_deinit(&f);
        people_end();
}

static long long total_of(int play) {
        want(200, &organiser, "results.get", "{\"id\":%lld,\"play\":%d}", (long long)exercise,
             play);
        return answer_int("units.0.total");
}

static void compared(const char *with, int64_t sittings) {
        want(0, &organiser, "results.comparison", "{\"id\":%lld,\"with\":\"%s\"}",
             (long long)exercise, with);
        do_jobs();
        api_settle();
        check(api_take_frame(0) == api_w.id);
        check_int(api_w.say.status, 200);
        check_int((int64_t)json_array_size(answer_at("comparison.sittings")), sittings);
}

/* Another exercise, of another scenario: taken when it is named, with lines of its own. */
static void across_scenarios(void) {
        static const char path[] = TEST_CONTENT "/scenarios/portal-before-exam.yaml";
        char *text;
        size_t len;

        check_int(os_read_file(path, SCENARIO_BYTES_MAX, &text, &len), 0);
        check_int(desk_scenario(w.d, span_of(text, len), w.wall), 0);
        free(text);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        int64_t first = exercise;
        want(200, &organiser, "exercises.create",
             "{\"title\":\"other\",\"scenario\":2,\"unit\":1,\"units\":[%lld],\"speed\":4000}",
             (long long)unit_b);
        int64_t other = answer_int("id");
        char list[40];
        snprintf(list, sizeof(list), "%lld, 999", (long long)other);
        compared(list, 1); /* it is not over */
        check_int(desk_begin(w.d), 0);
        sql("UPDATE exercise SET state='ended', started=(SELECT started FROM exercise WHERE id=1),"
            " ended=(SELECT ended FROM exercise WHERE id=1) WHERE title='other'");
        sql("INSERT INTO exercise_clock(exercise,run,play,at_real,at_drill,speed) SELECT (SELECT"
            " id FROM exercise WHERE title='other'), run, 0, at_real, at_drill, speed FROM"
            " exercise_clock WHERE exercise=1 AND play=0 ORDER BY id");
        sql("INSERT INTO exercise_item(play,item,n,state,t,spooled) SELECT y.id,'s',k.column1,"
            "'played',60000,2 FROM exercise_play y JOIN exercise e ON e.id=y.exercise,"
            " (VALUES(2),(3),(4),(5)) k WHERE e.title='other'");
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        compared(list, 2);
        check(strcmp(answer_text("comparison.sittings.1.scenario"), "portal-before-exam") == 0);
        check_int(answer_int("comparison.sittings.1.units"), 1);
        check(answer_int("comparison.sittings.1.year") >= 2020);
        const json_t *list_of = answer_at("comparison.medians"), *m;
        bool own = false;
        size_t i;
        json_array_foreach(list_of, i, m) own |=
                strncmp(json_string_value(json_object_get(m, "expectation")), "portal-before-exam/",
                        19) == 0;
        check(own);
        want(422, &organiser, "results.comparison", "{\"id\":%lld,\"with\":\"1;2\"}",
             (long long)first);
        want(403, &lead_a, "results.comparison", "{\"id\":%lld,\"with\":\"2\"}", (long long)first);
}

static void rulings_and_appeals(void) {
        long long before, after;

        begin();
        (void)play_a();
        want(200, &organiser, "exercises.end", "{\"id\":%lld}", (long long)exercise);
        want(200, &organiser, "exercises.publish", "{\"id\":%lld}", (long long)exercise);
        before = total_of(1);
        want(403, &lead_a, "results.rule",
             "{\"id\":%lld,\"play\":1,\"what\":\"void\",\"of\":\"take-phish\",\"text\":\"why\"}",
             (long long)exercise);
        want(404, &lead_b, "results.appeal", "{\"id\":%lld,\"play\":1,\"text\":\"not ours\"}",
             (long long)exercise);
        want(200, &lead_a, "results.appeal",
             "{\"id\":%lld,\"play\":1,\"expectation\":\"take-phish\",\"text\":\"it was not "
             "taken\"}",
             (long long)exercise);
        check_int(answer_int("before"), before);
        want(200, &jury, "results.appeal_rule",
             "{\"id\":%lld,\"appeal\":%lld,\"state\":\"upheld\",\"text\":\"so it "
             "was\",\"what\":\"quality\","
             "\"of\":\"take-phish\",\"number\":500000}",
             (long long)exercise, answer_int("id"));
        after = total_of(1);
        check(after < before);
        check_int(answer_int("appeals.0.after"), after);
        check(strstr(json_string_value(json_object_get(line_of("take-phish"), "reason_en")),
                     "jury") != NULL);
        want(422, &jury, "results.rule",
             "{\"id\":%lld,\"play\":1,\"what\":\"broken\",\"of\":\"scan\",\"number\":50,\"text\":"
             "\"why\"}",
             (long long)exercise);
        want(200, &jury, "results.rule",
             "{\"id\":%lld,\"play\":1,\"what\":\"broken\",\"of\":\"scan\",\"number\":10,\"text\":"
             "\"why\"}",
             (long long)exercise);
        check_int(total_of(1), MAX(after - 10000, 0));
        want(200, &jury, "results.rule",
             "{\"id\":%lld,\"play\":1,\"what\":\"pardon\",\"of\":\"broken/scan\",\"text\":\"why\"}",
             (long long)exercise);
        check_int(total_of(1), after);
        check_int((int64_t)json_array_size(answer_at("rulings")), 3); /* all are kept */
        want(0, &organiser, "results.comparison", "{\"id\":%lld}", (long long)exercise);
        do_jobs();
        api_settle();
        check(api_take_frame(0) == api_w.id);
        check_int(api_w.say.status, 200);
        check(strstr(answer_text("comparison.refused"), "30 units")); /* says why not */
        check_int((int64_t)json_array_size(answer_at("comparison.sittings")), 1);
        across_scenarios();
        people_end();
}

static void gaps_have_tasks(void) {
        begin();
        (void)play_a();
        want(200, &organiser, "exercises.end", "{\"id\":%lld}", (long long)exercise);
        want(404, &lead_a, "results.task",
             "{\"id\":%lld,\"play\":1,\"key\":\"see-phish\",\"due\":\"2027-01-01T00:00:00Z\"}",
             (long long)exercise); /* no gap */
        want(200, &lead_a, "results.task",
             "{\"id\":%lld,\"play\":1,\"key\":\"see-creds\",\"due\":\"2027-01-01T00:00:00Z\"}",
             (long long)exercise);
        int64_t task = answer_int("id");
        want(409, &lead_a, "results.task",
             "{\"id\":%lld,\"play\":1,\"key\":\"see-creds\",\"due\":\"2027-01-01T00:00:00Z\"}",
             (long long)exercise);
        want(200, &lead_a, "improvements.list", "{}");
        check_int(answer_int("items.0.id"), task);
        check(json_is_null(answer_at("items.0.incident")));
        want(409, &lead_a, "improvements.change", "{\"id\":%lld,\"version\":1,\"state\":\"done\"}",
             (long long)task);
        want(200, &lead_a, "results.retests", "{\"id\":%lld}", (long long)exercise);
        check_int((int64_t)json_array_size(answer_at("items")), 1); /* a rule: once */
        check_int(answer_int("items.0.seed"), 0);
        int64_t retest = answer_int("items.0.id");
        want(409, &organiser, "results.retest", "{\"id\":%lld,\"retest\":%lld,\"play\":1}",
             (long long)exercise, (long long)retest); /* the same seed */
        check_int(desk_begin(w.d), 0);
        check_int(sql_do(state_sql(w.d->state), "UPDATE exercise_gap SET passed=1", ""), 0);
        want(200, &lead_a, "improvements.change", "{\"id\":%lld,\"version\":1,\"state\":\"done\"}",
             (long long)task);
        want(409, &jury, "results.sign", "{\"id\":%lld}", (long long)exercise);
        want(200, &organiser, "exercises.publish", "{\"id\":%lld}", (long long)exercise);
        want(200, &jury, "exercises.finish", "{\"id\":%lld}", (long long)exercise);
        want(200, &jury, "results.sign", "{\"id\":%lld}", (long long)exercise);
        want(200, &lead_a, "results.records", "{}");
        check_int((int64_t)json_array_size(answer_at("items")), 1);
        check_int(answer_int("items.0.unit"), unit_a);
        people_end();
}

int main(void) {
        RUN(facts_become_points);
        RUN(a_rewind_keeps_what_was_before);
        RUN(rulings_and_appeals);
        RUN(gaps_have_tasks);
        return check_done();
}

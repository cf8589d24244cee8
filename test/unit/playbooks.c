/* Playbooks through the API: brought in whole or not at all, given out as they came, run step by step by people,
 * and never a step lost or done twice, whatever ends the desk. */
#include <dirent.h>
#include <stdarg.h>

#include "rules/regime.h"

#include "api_world.h"
#include "desk/desk_impl.h"
#include "desk/jobs.h"
#include "os/os.h"
#include "playbook_docs.h"
#include "reader/reader.h"

#define JAN "2026-01-01T00:00:00.000Z"
#define FEB "2026-02-01T00:00:00.000Z"

static void law(void) {
        _cleanup_(buf_deinit) struct buf json = {0}, said = {0};
        static const char path[] = TEST_CONTENT "/regimes/vn-2026/regime.yml";
        char *text;
        size_t len;

        check_int(os_read_file(path, (size_t)1 << 20, &text, &len), 0);
        buf_char(&json, '[');
        check_int(regime_read(span_str(path), span_of(text, len), &json, &said), 0);
        buf_char(&json, ']');
        free(text);
        check_int(desk_regimes(w.d, buf_get(&json)), 0);
}

static void begin(void) {
        world_start(world_rules);
        api_start();
        law();
        check_int(
                ask("units.add", "{\"parent\":1,\"code\":\"st\",\"name\":\"x\",\"kind\":\"site\"}"),
                200);
        check_int(ask("incidents.open", "{\"title\":\"Files are encrypted\",\"unit\":1}"), 200);
}

static void end(void) {
        api_end();
        world_end();
        buf_deinit(&doc_);
        doc_ = (struct buf){0};
}

_printf_(2, 3) static int local(const char *op, const char *fmt, ...) {
        char body[4096];
        va_list ap;

        va_start(ap, fmt);
        vsnprintf(body, sizeof(body), fmt, ap);
        va_end(ap);
        int status = ask(op, body);
        if (status >= 400 && getenv("VERBOSE"))
                printf("# %s %s: %.*s\n", op, body, (int)api_w.body.len, api_w.body.p);
        return status;
}

static int64_t number(const char *sql) {
        int64_t n = -1;

        check(sql_get_int(state_sql(w.d->state), &n, sql, "") >= 0);
        return n;
}

/* The job, done here. */
static void read_jobs(void) {
        const struct msg_job *m;
        int fd = -1;

        while ((m = desk_job_next(w.d, &fd))) {
                _cleanup_(buf_deinit) struct buf out = {0};
                uint64_t id = m->id;
                char *p = malloc(m->len);

                check(p && pread(fd, p, m->len, 0) == (ssize_t)m->len);
                check_int(m->kind, JOB_READER);
                int e = job_reader(span_of(p, m->len), &out);
                free(p);
                desk_job_sent(w.d);
                struct job_said s = {e, buf_get(&out)};
                check_int(desk_job_said(w.d, id, &s), 0);
        }
}

/* As the console sends it: pieces, the last one empty. */
static int import(struct span doc, bool dry) {
        struct api_ask ask = {
                .op = api_number("playbooks.import"), .flags = API_ASK_MORE, .how = API_LOCAL};
        const char *fields = dry ? "{\"dry\":true}" : "{}";

        check_int(api_send_frame(1, API_ASK, ++api_w.id, &ask, sizeof(ask), span_str(fields)), 0);
        while (doc.len) {
                size_t n = MIN(doc.len, (size_t)700);
                check_int(
                        api_send_frame(1, API_ASK, api_w.id, &ask, sizeof(ask), span_of(doc.p, n)),
                        0);
                doc = span_of(doc.p + n, doc.len - n);
        }
        ask.flags = 0;
        check_int(api_send_frame(1, API_ASK, api_w.id, &ask, sizeof(ask), SPAN_NONE), 0);
        read_jobs();
        api_settle();
        return api_take_frame(1) == api_w.id ? (int)api_w.say.status : 0;
}

static int64_t kept(struct span doc) {
        check_int(import(doc, false), 200);
        check(json_is_true(answer_at("done")));
        return answer_int("id");
}

/* One with a single step. */
static struct span simple(unsigned number, const char *modified) {
        playbook_begin(number, modified);
        char next[128];
        snprintf(next, sizeof(next), "\"on_completion\":\"%s\"", step_id("action", 2));
        step("start", 1, next);
        action(2, "do", step_id("end", 3), "");
        end_(3);
        return playbook_end();
}

static void brought_in_whole_or_not_at_all(void) {
        begin();
        struct span doc = simple(1, JAN);
        check_int(import(doc, true), 200);
        check(json_is_false(answer_at("done")));
        check_int(answer_int("n_faults"), 0);
        check_int(number("SELECT count(*) FROM playbook"), 0);
        int64_t id = kept(doc);
        check_int(answer_int("edition"), 1);
        /* As it came, byte for byte. */
        check_int(local("playbooks.cacao", "{\"id\":%lld}", (long long)id), 200);
        check(api_w.say.flags & API_SAY_MORE);
        struct api_next more = {0};
        check_int(api_send_frame(1, API_NEXT, api_w.id, &more, sizeof(more), SPAN_NONE), 0);
        check(api_take_frame(1) == api_w.id);
        check(span_eq(buf_get(&api_w.body), doc));
        /* Again: the same edition. */
        check_int(kept(doc), id);
        check_int(number("SELECT count(*) FROM playbook_edition"), 1);
        /* Changed, but not newer: refused with its place; newer: the next edition. */
        buf_str(&doc_, " ");
        check_int(import(buf_get(&doc_), false), 200);
        check(json_is_false(answer_at("done")));
        check_span(span_str(answer_text("faults.0.pointer")), "/modified");
        check_int(number("SELECT count(*) FROM playbook_edition"), 1);
        check_int(kept(simple(1, FEB)), id);
        check_int(answer_int("edition"), 2);
        check_int(local("playbooks.get", "{\"id\":%lld}", (long long)id), 200);
        check_int(answer_int("shown"), 2);
        check_int(json_array_size(answer_at("editions")), 2);
        check_int(json_array_size(answer_at("graph.nodes")), 3);
        /* Faults. */
        check_int(import(SPAN("{\"type\":\"playbook\",\"name\":3}"), false), 200);
        check(json_is_false(answer_at("done")));
        check(answer_int("n_faults") > 5);
        check(*answer_text("faults.0.pointer") && *answer_text("faults.0.fault") &&
              *answer_text("faults.0.remedy"));
        check_int(import(SPAN(""), false), 200);
        check_int(answer_int("n_faults"), 1);
        check_int(number("SELECT count(*) FROM playbook"), 1);
        char *large = malloc((size_t)1 << 21);
        check(large != NULL);
        memset(large, ' ', (size_t)1 << 21);
        check_int(import(span_of(large, (size_t)1 << 21), false), 413);
        free(large);
        end();
}

/* ---- runs ---- */

static int64_t start(int64_t playbook) {
        check_int(local("playbook_runs.start", "{\"id\":1,\"playbook\":%lld}", (long long)playbook),
                  200);
        return answer_int("id");
}

/* Of the latest answer: the visit of that step that is open; NULL. */
static const json_t *open_visit(const char *name) {
        const json_t *v, *list = answer_at("visits"), *nodes = answer_at("graph.nodes");
        size_t i;

        json_array_foreach(list, i, v) {
                const char *state = json_string_value(json_object_get(v, "state"));
                const json_t *n =
                        json_array_get(nodes, (size_t)json_integer_value(json_object_get(v, "n")));

                if ((strcmp(state, "ready") == 0 || strcmp(state, "failed") == 0) &&
                    strcmp(json_string_value(json_object_get(n, "name")), name) == 0)
                        return v;
        }
        return NULL;
}

static long long of(const json_t *v, const char *key) {
        return (long long)json_integer_value(json_object_get(v, key));
}

/* `more`: other fields, with a comma before them. */
static int tell(int64_t run, const char *name, const char *outcome, const char *more) {
        check_int(local("playbook_runs.get", "{\"run\":%lld}", (long long)run), 200);
        const json_t *v = open_visit(name);
        if (!v)
                printf("# no open step '%s'\n", name);
        check(v != NULL);
        return local("playbook_runs.step",
                     "{\"run\":%lld,\"visit\":%lld,\"version\":%lld,\"outcome\":\"%s\"%s}",
                     (long long)run, of(v, "id"), of(v, "version"), outcome, more);
}

static void done(int64_t run, const char *name) {
        check_int(tell(run, name, "done", ""), 200);
}

static void answer(int64_t run, const char *name, const char *answer) {
        char more[300];

        snprintf(more, sizeof(more), ",\"answer\":\"%s\"", answer);
        check_int(tell(run, name, "done", more), 200);
}

static const char *next(const char *key, const char *id) {
        static char text[8][160];
        static unsigned at;
        char *to = text[at++ % ARRAY_LEN(text)];

        snprintf(to, sizeof(text[0]), "\"%s\":\"%s\"", key, id);
        return to;
}

/* Everything: two branches; an if that asks; a while around an action; a switch; a task of the desk's. */
static struct span everything(void) {
        char rest[1000];

        playbook_begin(2, JAN);
        step("start", 1, next("on_completion", step_id("parallel", 2)));
        snprintf(rest, sizeof(rest), "\"next_steps\":[\"%s\",\"%s\"],%s", step_id("action", 10),
                 step_id("action", 11), next("on_completion", step_id("if-condition", 3)));
        step("parallel", 2, rest);
        action(10, "do", step_id("end", 90),
               "\"step_extensions\":{\"extension-definition--5b7c3c1e-6f0d-4a57-9d0b-"
               "1f6c2a9e8d47\":"
               "{\"within_s\":60,\"part\":\"contain\"}}");
        action(11, "do", step_id("action", 12), "");
        action(12, "do", step_id("end", 91), "");
        snprintf(rest, sizeof(rest), "\"condition\":\"__a__:value = 'true'\",%s,%s,%s",
                 next("on_true", step_id("while-condition", 4)),
                 next("on_false", step_id("end", 92)),
                 next("on_completion", step_id("if-condition", 5)));
        step("if-condition", 3, rest);
        snprintf(rest, sizeof(rest), "\"condition\":\"__b__:value = 'true'\",%s,%s",
                 next("on_true", step_id("action", 13)), next("on_completion", step_id("end", 93)));
        step("while-condition", 4, rest);
        action(13, "do", step_id("end", 94), "");
        /* Known by now: nobody is asked. */
        snprintf(rest, sizeof(rest),
                 "\"condition\":\"__a__:value = 'true' AND __c__:value = 'x'\",%s,%s",
                 next("on_true", step_id("action", 14)),
                 next("on_completion", step_id("switch-condition", 6)));
        step("if-condition", 5, rest);
        action(14, "task", step_id("end", 95),
               "\"step_extensions\":{\"extension-definition--5b7c3c1e-6f0d-4a57-9d0b-"
               "1f6c2a9e8d47\":"
               "{\"with\":{\"title\":\"Call them\",\"title_vi\":\"Gọi họ\",\"within_s\":3600}}}");
        snprintf(rest, sizeof(rest),
                 "\"switch\":\"__s__:value\",\"cases\":{\"one\":\"%s\",\"default\":\"%s\"},%s",
                 step_id("action", 15), step_id("end", 96),
                 next("on_completion", step_id("action", 7)));
        step("switch-condition", 6, rest);
        action(15, "do", step_id("end", 97), "");
        action(7, "search", step_id("end", 99), "");
        for (unsigned i = 90; i < 100; i++)
                if (i != 98)
                        end_(i);
        return playbook_end();
}

static void a_whole_run(void) {
        begin();
        int64_t run = start(kept(everything()));
        check_span(span_str(answer_text("state")), "running");
        check(open_visit("action 10") && open_visit("action 11") && !open_visit("action 12"));
        check_int(of(open_visit("action 10"), "left_s"), 60);
        check(json_is_null(json_object_get(open_visit("action 11"), "due")));
        done(run, "action 11");
        check(open_visit("action 12") && !open_visit("if-condition 3"));
        done(run, "action 10"); /* one branch is over, the other is not */
        check(!open_visit("if-condition 3"));
        check_int(tell(run, "action 12", "skipped", ""), 422); /* why? */
        check_int(tell(run, "action 12", "skipped", ",\"note\":\"not here\""), 200);
        check(open_visit("if-condition 3") != NULL);
        check_int(tell(run, "if-condition 3", "done", ""), 422);
        check_int(tell(run, "if-condition 3", "done", ",\"answer\":\"perhaps\""), 422);
        answer(run, "if-condition 3", "true");
        for (int i = 0; i < 3; i++) { /* asked anew each round */
                answer(run, "while-condition 4", "true");
                check(!open_visit("while-condition 4"));
                done(run, "action 13");
                check_int(of(open_visit("while-condition 4"), "round"), i + 1);
        }
        answer(run, "while-condition 4", "false");
        /* The second if was decided, its task opened, the switch asks. */
        check_int(number("SELECT count(*) FROM incident_task WHERE title='Call them' AND due IS "
                         "NOT NULL"),
                  1);
        check(open_visit("switch-condition 6") != NULL);
        check_int(json_array_size(json_object_get(open_visit("switch-condition 6"), "choices")), 2);
        answer(run, "switch-condition 6", "one");
        done(run, "action 15");
        check_span(span_str(json_string_value(json_object_get(
                           json_object_get(open_visit("action 7"), "prepared"), "do"))),
                   "search");
        check_int(answer_int("steps_open"), 1);
        done(run, "action 7");
        check_span(span_str(answer_text("state")), "done");
        check_int(answer_int("steps_open"), 0);
        end();
}

static void written_in_the_timeline(void) {
        begin();
        int64_t run = start(kept(everything()));
        check_int(tell(run, "action 10", "done", ",\"note\":\"cut at the switch\""), 200);
        check_int(local("incidents.timeline", "{\"id\":1}"), 200);
        const char *t = answer_text("items.0.text");
        check(strstr(t, "action 10") && strstr(t, "cut at the switch"));
        check_span(span_str(answer_text("items.0.about")), "playbook_run");
        check_int(answer_int("items.0.about_id"), run);
        end();
}

static void who_is_slower_is_told(void) {
        begin();
        int64_t run = start(kept(everything()));
        check_int(local("playbook_runs.step",
                        "{\"run\":%lld,\"visit\":%lld,\"version\":2,\"outcome\":\"done\"}",
                        (long long)run, of(open_visit("action 10"), "id")),
                  409);
        check_span(span_str(answer_text("code")), "stale");
        check_int(local("playbook_runs.get", "{\"run\":%lld}", (long long)run), 200);
        long long visit = of(open_visit("action 10"), "id");
        done(run, "action 10");
        check_int(local("playbook_runs.step",
                        "{\"run\":%lld,\"visit\":%lld,\"version\":1,\"outcome\":\"failed\","
                        "\"note\":\"no\"}",
                        (long long)run, visit),
                  409);
        check_span(span_str(answer_text("code")), "stale");
        check_int(local("playbook_runs.step",
                        "{\"run\":%lld,\"visit\":%lld,\"version\":2,\"outcome\":\"done\"}",
                        (long long)run, visit),
                  409);
        check_span(span_str(answer_text("code")), "over");
        end();
}

static void pressed_twice_is_done_once(void) {
        begin();
        int64_t run = start(kept(simple(1, JAN)));
        check_int(local("playbook_runs.start", "{\"id\":1,\"playbook\":1}"), 409);
        check_int(local("playbook_runs.get", "{\"run\":%lld}", (long long)run), 200);
        long long visit = of(open_visit("action 2"), "id");
        check_int(local("playbook_runs.step",
                        "{\"run\":1,\"visit\":%lld,\"version\":1,\"outcome\":\"done\"}", visit),
                  200);
        check_span(span_str(answer_text("state")), "done");
        check_int(local("playbook_runs.step",
                        "{\"run\":1,\"visit\":%lld,\"version\":1,\"outcome\":\"done\"}", visit),
                  409);
        check_int(local("playbook_runs.stop", "{\"run\":1,\"reason\":\"late\"}"), 409);
        check_int(local("playbook_runs.start", "{\"id\":1,\"playbook\":1}"),
                  200); /* over: it may run again */
        check_int(local("playbook_runs.step",
                        "{\"run\":2,\"visit\":%lld,\"version\":2,\"outcome\":\"done\"}", visit),
                  404);
        check_int(local("playbook_runs.stop", "{\"run\":2,\"reason\":\"no need\"}"), 200);
        check_span(span_str(answer_text("state")), "stopped");
        check_int(local("playbooks.retire", "{\"id\":1,\"retired\":true}"), 200);
        check_int(local("playbook_runs.start", "{\"id\":1,\"playbook\":1}"), 409);
        end();
}

/* A killed desk goes on where it stood. */
static void goes_on_after_a_kill(void) {
        static const char *const steps[] = {"action 11", "action 10", "action 12"};
        begin();
        int64_t run = start(kept(everything()));
        for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
                done(run, steps[i]);
                api_end();
                world_close();
                check_int(world_open(), 0);
                api_start();
                law();
        }
        check_int(local("playbook_runs.get", "{\"run\":%lld}", (long long)run), 200);
        check(open_visit("if-condition 3") && !open_visit("action 12"));
        check_int(answer_int("steps_done"), 3);
        end();
}

static void late_is_told_once(void) {
        begin();
        int64_t run = start(kept(everything()));
        w.wall += 61 * NS_PER_SEC;
        w.mono += 61 * NS_PER_SEC;
        api_settle();
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        static const char late[] =
                "SELECT count(*) FROM incident_entry WHERE text LIKE '%overdue%'";
        check_int(number(late), 1);
        check_int(local("playbook_runs.get", "{\"run\":%lld}", (long long)run), 200);
        check(json_is_true(json_object_get(open_visit("action 10"), "overdue")));
        check_int(answer_int("overdue"), 1);
        api_end();
        world_close();
        check_int(world_open(), 0);
        api_start();
        law();
        w.mono += 10 * NS_PER_SEC;
        api_settle();
        check_int(number(late), 1);
        end();
}

/* Late or nearly: it stands in what waits tonight; with time left it does not. */
static void late_stands_in_tonight(void) {
        begin();
        check_int(ask("tonight.get", "{}"), 200);
        size_t before = json_array_size(answer_at("decisions"));
        start(kept(everything()));
        check_int(ask("tonight.get", "{}"), 200);
        check_int(json_array_size(answer_at("decisions")), before + 1); /* its limit is a minute */
        const json_t *d = NULL, *e;
        size_t i;
        json_array_foreach(answer_at("decisions"), i,
                           e) if (strcmp(json_string_value(json_object_get(e, "kind")),
                                         "playbook") == 0) d = e;
        check(d && of(d, "id") == 1 && of(d, "incident") == 1);
        done(1, "action 10");
        check_int(ask("tonight.get", "{}"), 200);
        check_int(json_array_size(answer_at("decisions")), before);
        end();
}

static void what_fails(void) {
        char rest[600];

        begin();
        playbook_begin(3, JAN);
        step("start", 1, next("on_completion", step_id("action", 2)));
        snprintf(rest, sizeof(rest), "%s,%s", next("on_success", step_id("action", 3)),
                 next("on_failure", step_id("action", 4)));
        action(2, "do", NULL, rest);
        action(3, "do", step_id("end", 9), "");
        action(4, "do", NULL, next("on_success", step_id("end", 9)));
        end_(9);
        int64_t run = start(kept(playbook_end()));
        check_int(tell(run, "action 2", "failed", ",\"note\":\"no rights\""), 200);
        check(open_visit("action 4") && !open_visit("action 3"));
        check_int(tell(run, "action 4", "failed", ",\"note\":\"nor that\""),
                  200); /* nothing says what then */
        check_span(span_str(answer_text("state")), "stuck");
        check_int(tell(run, "action 4", "again", ""), 200);
        check_span(span_str(answer_text("state")), "running");
        done(run, "action 4");
        check_span(span_str(answer_text("state")), "done");
        end();
}

static void one_calls_another(void) {
        char rest[600];

        begin();
        kept(simple(1, JAN));
        playbook_begin(4, JAN);
        step("start", 1, next("on_completion", step_id("playbook-action", 2)));
        snprintf(rest, sizeof(rest), "%s,%s", next("playbook_id", step_id("playbook", 1)),
                 next("on_completion", step_id("playbook-action", 3)));
        step("playbook-action", 2, rest);
        snprintf(rest, sizeof(rest), "%s,%s", next("playbook_id", step_id("playbook", 77)),
                 next("on_completion", step_id("action", 5)));
        step("playbook-action", 3, rest);
        action(5, "do", step_id("end", 9), "");
        end_(9);
        int64_t run = start(kept(playbook_end()));
        check(!open_visit("playbook-action 2")); /* it runs beside */
        check_int(number("SELECT count(*) FROM playbook_run WHERE parent IS NOT NULL"), 1);
        done(2, "action 2");
        check_span(span_str(answer_text("state")), "done");
        done(run, "playbook-action 3"); /* one that the node does not have: by hand */
        done(run, "action 5");
        check_span(span_str(answer_text("state")), "done");
        end();
}

static void variables(void) {
        begin();
        int64_t run = start(kept(everything()));
        check_int(tell(run, "action 10", "done", ",\"variables\":[\"__c__=y\"]"), 422);
        check_int(tell(run, "action 10", "done", ",\"variables\":[\"__none__=y\"]"), 422);
        check_int(tell(run, "action 10", "done", ",\"variables\":[\"novalue\"]"), 422);
        check_int(tell(run, "action 10", "done", ",\"variables\":[\"__a__=false\",\"__s__=one\"]"),
                  200);
        done(run, "action 11");
        done(run, "action 12");
        /* Both ifs are decided, and the switch. */
        check(open_visit("action 15") != NULL);
        check_int(number("SELECT count(*) FROM incident_task"), 0);
        end();
}

/* ---- ours ---- */

static unsigned keep_ours(void) {
        DIR *d = opendir(TEST_CONTENT "/playbooks");
        struct dirent *e;
        unsigned n = 0;

        check(d != NULL);
        while ((e = readdir(d))) {
                char path[512], *text;
                size_t len;

                if (!strstr(e->d_name, ".json"))
                        continue;
                snprintf(path, sizeof(path), TEST_CONTENT "/playbooks/%s", e->d_name);
                check_int(os_read_file(path, (size_t)1 << 20, &text, &len), 0);
                check_int(desk_playbook(w.d, span_of(text, len), w.wall), 0);
                free(text);
                n++;
        }
        closedir(d);
        return n;
}

static unsigned seed = 7;

static unsigned chance(unsigned n) {
        seed = seed * 1103515245u + 12345u;
        return (seed >> 16) % n;
}

/* Some open step gets some outcome; false: there is none. */
static bool go_on(int64_t run) {
        const json_t *v, *list = answer_at("visits"), *open[64];
        unsigned n = 0;
        char more[400] = "";
        size_t i;

        json_array_foreach(list, i,
                           v) if (n < 64 && strcmp(json_string_value(json_object_get(v, "state")),
                                                   "ready") == 0) open[n++] = v;
        if (!n)
                return false;
        v = open[chance(n)];
        const json_t *choices = json_object_get(v, "choices");
        const char *outcome = chance(9) ? "done" : "skipped";
        if (json_array_size(choices) && strcmp(outcome, "done") == 0)
                snprintf(
                        more, sizeof(more), ",\"answer\":\"%s\"",
                        json_string_value(json_object_get(
                                json_array_get(choices, chance((unsigned)json_array_size(choices))),
                                "value")));
        if (strcmp(outcome, "skipped") == 0)
                snprintf(more, sizeof(more), ",\"note\":\"not needed\"");
        check_int(local("playbook_runs.step",
                        "{\"run\":%lld,\"visit\":%lld,\"version\":%lld,\"outcome\":\"%s\"%s}",
                        (long long)run, of(v, "id"), of(v, "version"), outcome, more),
                  200);
        return true;
}

/* Each of ours, three times by chance: it ends, and every step that was come to is over. */
static void ours_come_to_an_end(void) {
        begin();
        unsigned n = keep_ours();
        check(n >= 10);
        check_int(keep_ours(), n); /* as after a restart: nothing more */
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        check_int(number("SELECT count(*) FROM playbook_edition"), n);
        check_int(local("playbooks.list", "{}"), 200);
        check_int(answer_int("total"), n);
        for (unsigned k = 0; k < 3 * n; k++) {
                int64_t run = start(1 + k % n);
                unsigned steps = 0;

                while (go_on(run))
                        check(++steps < 300);
                check_span(span_str(answer_text("state")), "done");
                check(steps >= 3);
        }
        check_int(number("SELECT count(*) FROM playbook_visit WHERE state IN "
                         "('ready','waiting','failed')"),
                  0);
        /* Every step that was ended by hand is in the timeline. */
        check(number("SELECT count(*) FROM incident_entry WHERE about='playbook_run'") >=
              number("SELECT count(*) FROM playbook_visit WHERE state IN ('done','skipped')"));
        end();
}

static void fitting_ones_first(void) {
        begin();
        keep_ours();
        check_int(sql_do(state_sql(w.d->state), "UPDATE incident SET kind='phishing'", ""), 0);
        check_int(local("playbook_runs.suggest", "{\"id\":1}"), 200);
        check_span(span_str(answer_text("items.0.why")), "kind");
        check(json_array_size(answer_at("items")) >= 10);
        end();
}

/* A playbook whose ways fork without end is stopped, with its reason. */
static void too_many_steps(void) {
        char rest[600];

        begin();
        playbook_begin(5, JAN);
        step("start", 1, next("on_completion", step_id("parallel", 100)));
        for (unsigned i = 100; i < 140; i++) {
                snprintf(rest, sizeof(rest), "\"next_steps\":[\"%s\",\"%s\"]",
                         i < 139 ? step_id("parallel", i + 1) : step_id("end", 9),
                         step_id("if-condition", i + 200));
                step("parallel", i, rest);
                snprintf(rest, sizeof(rest), "\"condition\":\"'a' = 'a'\",%s",
                         next("on_true", i < 139 ? step_id("parallel", i + 1) : step_id("end", 9)));
                step("if-condition", i + 200, rest);
        }
        action(2, "do", step_id("end", 9), "");
        end_(9);
        start(kept(playbook_end()));
        check_span(span_str(answer_text("state")), "stopped");
        check(*answer_text("reason"));
        check(number("SELECT count(*) FROM playbook_visit") <= 1000);
        end();
}

int main(void) {
        RUN(brought_in_whole_or_not_at_all);
        RUN(a_whole_run);
        RUN(written_in_the_timeline);
        RUN(who_is_slower_is_told);
        RUN(pressed_twice_is_done_once);
        RUN(goes_on_after_a_kill);
        RUN(late_is_told_once);
        RUN(late_stands_in_tonight);
        RUN(what_fails);
        RUN(one_calls_another);
        RUN(variables);
        RUN(ours_come_to_an_end);
        RUN(fitting_ones_first);
        RUN(too_many_steps);
        return check_done();
}

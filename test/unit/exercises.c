/* Exercises at the desk: planned, run by a clock that the test turns, played by units through the API; and what is
 * left of one when the desk dies in the middle. Jobs are done here, by the generator itself; the line to ingest is played
 * here too, and looked at: every record once, in order, and none before its time. */
#include <stdarg.h>

#include "desk/desk_impl.h"
#include "desk/exercise_impl.h"
#include "desk/jobs.h"
#include "desk/replay.h"
#include "exercise/telemetry.h"
#include "os/os.h"
#include "people_world.h"

static int64_t unit_a, unit_b, exercise;
static struct signed_in lead_a, lead_b, organiser;

/* ---- the world ---- */

static void lay_scenario(void) {
        static const char path[] = TEST_CONTENT "/scenarios/ransomware-province.yaml";
        char *text;
        size_t len;

        check_int(os_read_file(path, SCENARIO_BYTES_MAX, &text, &len), 0);
        check_int(desk_scenario(w.d, span_of(text, len), w.wall), 0);
        free(text);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
}

static void say_why(const char *op, int status) {
        if (status >= 400 || status == 0)
                printf("# %s: %d %.*s %s\n", op, status, (int)MIN(api_w.body.len, (size_t)600),
                       api_w.body.p, desk_error(w.d));
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
                say_why(op, got);
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

/* A unit with everybody that the scenario wants; `login` is its lead. */
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

static void begin(void) {
        people_start();
        lay_scenario();
        unit_a = full_unit("a", &lead_a);
        unit_b = full_unit("b", &lead_b);
        one(&organiser, "org", "organiser", UNIT_ROOT);
}

static void end(void) {
        people_end();
}

static void prepare(unsigned speed) {
        want(200, &organiser, "exercises.create",
             "{\"title\":\"x\",\"scenario\":1,\"unit\":1,\"units\":[%lld,%lld],\"speed\":%u,"
             "\"seed\":7}",
             (long long)unit_a, (long long)unit_b, speed);
        exercise = answer_int("id");
        want(200, &organiser, "exercises.invite", "{\"id\":%lld}", (long long)exercise);
}

static void go(void) {
        static const char *const items[] = {"sources", "never_list", "containment", "clock"};

        for (size_t i = 0; i < ARRAY_LEN(items); i++)
                want(200, &organiser, "exercises.check",
                     "{\"id\":%lld,\"item\":\"%s\",\"done\":true,\"why\":\"seen\"}",
                     (long long)exercise, items[i]);
        want(200, NULL, "exercises.consent", "{\"id\":%lld,\"unit\":%lld,\"yes\":true}",
             (long long)exercise, (long long)unit_a);
        want(200, NULL, "exercises.consent", "{\"id\":%lld,\"unit\":%lld,\"yes\":true}",
             (long long)exercise, (long long)unit_b);
        want(200, &organiser, "exercises.go", "{\"id\":%lld}", (long long)exercise);
}

/* ---- time ---- */

static void do_jobs(void) {
        const struct msg_job *m;
        int fd = -1;

        while ((m = desk_job_next(w.d, &fd))) {
                _cleanup_(buf_deinit) struct buf out = {0};
                uint64_t id = m->id;
                size_t len = m->len;
                char *p = malloc(len);

                check(p && pread(fd, p, len, 0) == (ssize_t)len);
                check_int(m->kind, JOB_TELEMETRY);
                desk_job_sent(w.d);
                int r = telemetry_job(span_of(p, len), &out);
                check_int(r, 0);
                check_int(desk_job_said(w.d, id, &(struct job_said){r, buf_get(&out)}), 0);
                free(p);
        }
}

static void settle(void) {
        check_int(desk_api_tick(w.d, w.mono, w.wall), 0);
        do_jobs();
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        desk_api_committed(w.d);
        check_int(desk_api_tick(w.d, w.mono, w.wall), 0);
}

static void pass(int64_t seconds) {
        for (int64_t i = 0; i < seconds; i++) {
                w.wall += NS_PER_SEC;
                w.mono += NS_PER_SEC;
                settle();
        }
}

/* ---- the line to ingest ---- */

static struct {
        uint64_t last[8], n[8]; /* by play */
        uint64_t steps[8];      /* bits */
        uint64_t bad;
} line;

static void line_say(enum replay_type type, const struct replay_position *p, size_t n) {
        _cleanup_(buf_deinit) struct buf b = {0};
        size_t at = replay_begin(&b, type);

        buf_add(&b, p, n * sizeof(*p));
        replay_end(&b, at);
        check_int(desk_replay_bytes(w.d, buf_get(&b)), 0);
}

static void line_open(void) {
        struct replay_position p[8];
        size_t n = 0;

        desk_replay_open(w.d);
        for (uint32_t i = 1; i < 8; i++)
                if (line.last[i])
                        p[n++] = (struct replay_position){i, 0, line.last[i]};
        if (n)
                line_say(REPLAY_POSITIONS, p, n);
        line_say(REPLAY_BEGUN, NULL, 0);
}

/* All that is in the line comes, and is durable when `keep`. */
static void line_take(bool keep) {
        struct buf *out;

        while ((out = desk_replay_out(w.d)) && out->len) {
                size_t used = 0;
                enum replay_type type;
                struct span body;

                while (replay_frame(span_of(out->p + used, out->len - used), &type, &body,
                                    &(size_t){0}) == 1) {
                        size_t one_ = 0;
                        struct replay_record r;

                        (void)replay_frame(span_of(out->p + used, out->len - used), &type, &body,
                                           &one_);
                        while (replay_next(&body, &r) == 1) {
                                uint32_t play = LABEL_PLAY(r.label);

                                check(play < 8);
                                if (r.position <= line.last[play])
                                        continue; /* passed over */
                                line.last[play] = r.position;
                                line.n[play]++;
                                line.steps[play] |= UINT64_C(1) << LABEL_STEP(r.label);
                        }
                        used += one_;
                }
                out->len = 0;
                desk_replay_went(w.d);
                for (uint32_t i = 1; keep && i < 8; i++)
                        if (line.last[i])
                                line_say(REPLAY_POSITIONS,
                                         &(struct replay_position){i, 0, line.last[i]}, 1);
        }
}

static void pass_line(int64_t seconds) {
        for (int64_t i = 0; i < seconds; i++) {
                pass(1);
                line_take(true);
        }
}

/* ---- tests ---- */

static void it_is_planned(void) {
        begin();
        want(200, &organiser, "scenarios.list", "{}");
        check_int(answer_int("items.0.id"), 1);
        want(200, &lead_a, "scenarios.get", "{\"id\":1}");
        check_int((int64_t)json_array_size(
                          json_object_get(json_object_get(api_w.answer, "plan"), "steps")),
                  0);
        want(200, &organiser, "scenarios.get", "{\"id\":1}");
        check(json_array_size(json_object_get(json_object_get(api_w.answer, "plan"), "steps")) > 3);
        prepare(1000);
        want(409, &organiser, "exercises.start", "{\"id\":%lld}", (long long)exercise);
        want(409, &organiser, "exercises.go", "{\"id\":%lld}", (long long)exercise);
        want(200, &organiser, "exercises.get", "{\"id\":%lld}", (long long)exercise);
        check(json_array_size(json_object_get(api_w.answer, "plays")) == 2);
        want(200, &lead_a, "exercises.get", "{\"id\":%lld}", (long long)exercise);
        check(json_array_size(json_object_get(api_w.answer, "plays")) == 1);
        want(200, &organiser, "exercises.rehearse", "{\"id\":%lld}", (long long)exercise);
        want(200, &lead_a, "drill.get", "{}");
        int64_t delivery = answer_int("injects.0.id");
        want(200, &lead_a, "drill.answer", "{\"id\":%lld,\"choice\":\"received\"}",
             (long long)delivery);
        want(404, &lead_b, "drill.answer", "{\"id\":%lld,\"choice\":\"received\"}",
             (long long)delivery);
        go();
        want(409, &organiser, "exercises.edit", "{\"id\":%lld,\"version\":%lld,\"seed\":9}",
             (long long)exercise,
             (long long)number("SELECT version FROM exercise WHERE id=?1", exercise));
        want(200, &organiser, "exercises.start", "{\"id\":%lld}", (long long)exercise);
        want(200, &organiser, "exercises.board", "{\"id\":%lld}", (long long)exercise);
        end();
}

static void it_is_played(void) {
        begin();
        prepare(4000);
        go();
        line_open();
        want(200, &organiser, "exercises.start", "{\"id\":%lld}", (long long)exercise);
        pass_line(300); /* 20 minutes of the drill */
        check(number("SELECT count(*) FROM exercise_item WHERE item='s' AND state='played' AND "
                     "play=?1",
                     1) >= 2);
        check_int(
                number("SELECT count(*) FROM exercise_item a WHERE play=?1 AND NOT EXISTS(SELECT 1 "
                       "FROM"
                       " exercise_item b WHERE b.play=2 AND b.item=a.item AND b.n=a.n AND b.t=a.t)",
                       1),
                0);
        check(line.n[1] > 100);
        check(line.steps[1] & ~UINT64_C(1));
        printf("# %llu records, steps %llx\n", (unsigned long long)line.n[1],
               (unsigned long long)line.steps[1]);
        want(200, &organiser, "exercises.board", "{\"id\":%lld}", (long long)exercise);
        want(200, &lead_a, "drill.get", "{}");
        want(200, &organiser, "exercises.stop", "{\"id\":%lld,\"reason\":\"test\"}",
             (long long)exercise);
        uint64_t n = line.n[1];
        pass_line(20);
        check(line.n[1] == n);
        end();
}

int main(void) {
        RUN(it_is_planned);
        RUN(it_is_played);
        return check_done();
}

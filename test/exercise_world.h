/* Exercises at the desk of people_world.h: two units with all that a scenario wants, an organiser, a clock that the test
 * turns. Jobs are done here, by the generator itself; the line to ingest is played here, too. */
#ifndef TEST_EXERCISE_WORLD_H
#define TEST_EXERCISE_WORLD_H

#include <stdarg.h>

#include "base/hash.h"
#include "desk/desk_impl.h"
#include "desk/exercise_impl.h"
#include "desk/jobs.h"
#include "desk/replay.h"
#include "exercise/telemetry.h"
#include "os/os.h"
#include "people_world.h"
#include "reader/reader.h"

static int64_t unit_a, unit_b, exercise;
static struct signed_in lead_a, lead_b, organiser;

/* ---- the world ---- */

static void lay_scenario(const char *path) {
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

static inline int64_t number(const char *sql, int64_t arg) {
        int64_t n = -1;

        check(sql_get_int(state_sql(w.d->state), &n, sql, "i", arg) >= 0);
        return n;
}

#define GOT_MAX 200000u
struct got {
        uint64_t hash, position;
        uint32_t label;
};
static struct {
        uint64_t last[8], durable[8], n[8]; /* by play */
        uint64_t steps[8];                  /* bits */
        struct got *got;
        size_t n_got;
} line;

static inline void one(struct signed_in *s, const char *login, const char *role, int64_t unit) {
        char secret[64];

        member(login, role, unit);
        check_int(sign_in(s, login, GOOD_PASSWORD), 200);
        check_int(confirm_totp(s, secret), 200);
}

/* A unit with everybody that the scenario wants; `login` is its lead. */
static inline int64_t full_unit(const char *code, struct signed_in *s) {
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
        struct got *got = line.got ? line.got : calloc(GOT_MAX, sizeof(*got));

        memset(&line, 0, sizeof(line));
        line.got = got;
        people_start();
        lay_scenario(TEST_CONTENT "/scenarios/ransomware-province.yaml");
        unit_a = full_unit("a", &lead_a);
        unit_b = full_unit("b", &lead_b);
        one(&organiser, "org", "organiser", UNIT_ROOT);
}

static inline void end(void) {
        people_end();
}

static inline void prepare(unsigned speed) {
        want(200, &organiser, "exercises.create",
             "{\"title\":\"x\",\"scenario\":1,\"unit\":1,\"units\":[%lld,%lld],\"speed\":%u,"
             "\"seed\":7}",
             (long long)unit_a, (long long)unit_b, speed);
        exercise = answer_int("id");
        want(200, &organiser, "exercises.invite", "{\"id\":%lld}", (long long)exercise);
}

static inline void go(void) {
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

static bool spoil; /* lists of records end in what is none */

static void do_jobs(void) {
        const struct msg_job *m;
        int fd = -1;

        while ((m = desk_job_next(w.d, &fd))) {
                _cleanup_(buf_deinit) struct buf out = {0};
                uint64_t id = m->id;
                size_t len = m->len;
                char *p = malloc(len);

                check(p && pread(fd, p, len, 0) == (ssize_t)len);
                unsigned kind = m->kind;
                check(kind == JOB_TELEMETRY || kind == JOB_READER);
                desk_job_sent(w.d);
                int r = kind == JOB_READER ? job_reader(span_of(p, len), &out)
                                           : telemetry_job(span_of(p, len), &out);
                check_int(r, 0);
                if (spoil)
                        buf_str(&out, "no record");
                check_int(desk_job_said(w.d, id, &(struct job_said){r, buf_get(&out)}), 0);
                free(p);
        }
}

static inline void settle(void) {
        check_int(desk_api_tick(w.d, w.mono, w.wall), 0);
        do_jobs();
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        desk_api_committed(w.d);
        check_int(desk_api_tick(w.d, w.mono, w.wall), 0);
}

static inline void pass(int64_t seconds) {
        for (int64_t i = 0; i < seconds; i++) {
                w.wall += NS_PER_SEC;
                w.mono += NS_PER_SEC;
                settle();
        }
}

/* ---- the line to ingest ---- */

static void line_say(enum replay_type type, const struct replay_position *p, size_t n) {
        _cleanup_(buf_deinit) struct buf b = {0};
        size_t at = replay_begin(&b, type);

        buf_add(&b, p, n * sizeof(*p));
        replay_end(&b, at);
        check_int(desk_replay_bytes(w.d, buf_get(&b)), 0);
}

static inline void line_open(void) {
        struct replay_position p[8];
        size_t n = 0;

        desk_replay_open(w.d);
        for (uint32_t i = 1; i < 8; i++)
                if (line.durable[i])
                        p[n++] = (struct replay_position){i, 0, line.durable[i]};
        if (n)
                line_say(REPLAY_POSITIONS, p, n);
        line_say(REPLAY_BEGUN, NULL, 0);
}

/* All that is in the line comes, and is durable when `keep`. */
static inline void line_take(bool keep) {
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
                                if (line.n_got < GOT_MAX)
                                        line.got[line.n_got++] = (struct got){
                                                hash_span(r.bytes, hash_span(r.source, r.label)),
                                                r.position, r.label};
                        }
                        used += one_;
                }
                out->len = 0;
                desk_replay_went(w.d);
                for (uint32_t i = 1; keep && i < 8; i++)
                        if (line.last[i]) {
                                line.durable[i] = line.last[i];
                                line_say(REPLAY_POSITIONS,
                                         &(struct replay_position){i, 0, line.last[i]}, 1);
                        }
        }
}

/* ingest ends: what was not durable is lost with it. */
static inline void line_dies(void) {
        size_t n = 0;

        for (size_t i = 0; i < line.n_got; i++)
                if (line.got[i].position <= line.durable[LABEL_PLAY(line.got[i].label)])
                        line.got[n++] = line.got[i];
        line.n_got = n;
        memcpy(line.last, line.durable, sizeof(line.last));
}

static inline void pass_line(int64_t seconds) {
        for (int64_t i = 0; i < seconds; i++) {
                pass(1);
                line_take(true);
        }
}

#endif

/* The generator's contract where the real program does not show it: any stretch of the background, the job's ask and
 * answer, formats as detection finds them, and records of recordings. The rest: test/scenario/exercise_telemetry.py. */
#include "exercise/telemetry.h"

#include <jansson.h>

#include "base/timestamp.h"
#include "check.h"
#include "decode/decode.h"
#include "decode/detect.h"
#include "exercise/activity.h"
#include "exercise/recording.h"

#define SPAN_OF(lit)                                                                               \
        { "" lit, sizeof(lit) - 1 }
#define START (INT64_C(1795136400) * NS_PER_SEC)

static const char *const windows_logs[] = {"sysmon",     "security", "system",
                                           "powershell", "defender", "eve"};
static const char *const linux_logs[] = {"sshd", "auditd", "web", "eve", "mail", "m365"};
static const struct plan_host hosts[] = {
        {.id = "dc",
         .name = "{unit}-DC01",
         .address = "10.9.0.10",
         .os = PLAN_WINDOWS,
         .kind = HOST_DC,
         .sources = windows_logs,
         .n_sources = 6},
        {.id = "pc",
         .name = "{unit}-PC01",
         .address = "10.9.1.21",
         .os = PLAN_WINDOWS,
         .sources = windows_logs,
         .n_sources = 6},
        {.id = "web",
         .name = "{unit}-WEB01",
         .address = "10.9.0.22",
         .os = PLAN_LINUX,
         .kind = HOST_WEB,
         .sources = linux_logs,
         .n_sources = 6},
};
static const struct plan_account accounts[] = {{.id = "lan", .name = "lan.nt"},
                                               {.id = "qt", .name = "qt.minh", .kind = PLAN_ADMIN}};
static const struct plan_outside outside[] = {
        {.id = "c2", .address = "203.0.113.45", .domain = "dongbo.example", .attacker = true}};

/* A plan of one step for every activity of the catalogue. */
struct world {
        struct plan plan;
        struct plan_step steps[PLAN_STEPS_MAX];
        struct plan_activity acts[PLAN_STEPS_MAX];
};
static struct plan_with needed = {"command", "whoami.exe /all"};

static struct world *world(void) {
        static struct world w;

        w.plan = (struct plan){.id = "try",
                               .hosts = hosts,
                               .n_hosts = 3,
                               .accounts = accounts,
                               .n_accounts = 2,
                               .outside = outside,
                               .n_outside = 1,
                               .steps = w.steps,
                               .n_steps = n_activities,
                               .noise = 20,
                               .length = 3600000};
        for (unsigned i = 0; i < n_activities; i++) {
                const struct activity *a = &activities[i];
                bool unix_only = !(a->os & 1u << PLAN_WINDOWS) || a->kinds & 1u << HOST_MAIL;

                w.acts[i] = (struct plan_activity){
                        .activity = a->name,
                        .host = unix_only || activity_lists(a->sources, "web") ? "web" : "dc",
                        .account = "lan",
                        .outside = "c2"};
                if (activity_param_find(a, "command") &&
                    activity_param_find(a, "command")->required) {
                        w.acts[i].with = &needed;
                        w.acts[i].n_with = 1;
                }
                w.steps[i] = (struct plan_step){
                        .id = a->name, .activities = &w.acts[i], .n_activities = 1};
        }
        return &w;
}

static int collect(void *ctx, const struct telemetry_record *r) {
        struct buf *b = ctx;

        buf_printf(b, "%lld %s %u %u ", (long long)r->offset, r->source, (unsigned)r->format,
                   r->step);
        buf_span(b, r->bytes);
        buf_char(b, '\n');
        return 0;
}

static struct telemetry_ask ask_of(unsigned step, int64_t from, int64_t to) {
        return (struct telemetry_ask){.plan = &world()->plan,
                                      .step = step,
                                      .seed = 7,
                                      .start_ns = START,
                                      .at = step ? 60000 : 0,
                                      .from = from,
                                      .to = to};
}

static void any_stretch_of_the_background_is_the_same(void) {
        _cleanup_(buf_deinit) struct buf whole = {0}, parts = {0};
        static const int64_t cuts[] = {0, 1, 59999, 60000, 61234, 200000, 240000};
        struct telemetry_ask a = ask_of(0, 0, 240000);

        check_int(telemetry_step(&a, collect, &whole), 0);
        check(whole.len > 50000);
        for (unsigned i = 0; i + 1 < ARRAY_LEN(cuts); i++) {
                a = ask_of(0, cuts[i], cuts[i + 1]);
                check_int(telemetry_step(&a, collect, &parts), 0);
        }
        check(span_eq(buf_get(&whole), buf_get(&parts)));
}

static void a_step_can_be_cut(void) {
        for (unsigned s = 1; s <= n_activities; s++) {
                _cleanup_(buf_deinit) struct buf whole = {0}, parts = {0};
                struct telemetry_ask a = ask_of(s, 0, INT64_MAX);

                check_int(telemetry_step(&a, collect, &whole), 0);
                check(whole.len > 0);
                a.to = 61000;
                check_int(telemetry_step(&a, collect, &parts), 0);
                a.from = a.to;
                a.to = INT64_MAX;
                check_int(telemetry_step(&a, collect, &parts), 0);
                check(span_eq(buf_get(&whole), buf_get(&parts)));
        }
}

struct formats {
        struct buf text[64];
        char source[64][TELEMETRY_SOURCE_MAX + 1];
        enum format format[64];
        unsigned n;
        int64_t last;
};

static int by_source(void *ctx, const struct telemetry_record *r) {
        struct formats *f = ctx;
        unsigned i = 0;

        check(r->offset >= f->last); /* T2 */
        f->last = r->offset;
        while (i < f->n && strcmp(f->source[i], r->source) != 0)
                i++;
        check(i < 64);
        if (i == f->n) {
                snprintf(f->source[i], sizeof(f->source[i]), "%s", r->source);
                f->format[i] = r->format;
                f->n++;
        }
        check_int(f->format[i], r->format);
        check(!r->bytes.len || !memchr(r->bytes.p, '\n', r->bytes.len));
        buf_span(&f->text[i], r->bytes);
        buf_char(&f->text[i], '\n');
        return 0;
}

/* Every log decodes whole, in the format that detection finds by itself, and its events have times of the drill. */
static void formats_are_found_and_read(void) {
        static struct formats f;
        unsigned events = 0;

        for (unsigned s = 0; s <= n_activities; s++) {
                struct telemetry_ask a = ask_of(s, 0, s ? INT64_MAX : 300000);

                f.last = 0;
                check_int(telemetry_step(&a, by_source, &f), 0);
        }
        check(f.n >= 14);
        for (unsigned i = 0; i < f.n; i++) {
                static const struct decode_options o = {0};
                _cleanup_(decoder_freep) struct decoder *d = decoder_new(&o);
                struct arena arena;
                struct decode_error err;
                struct event e;
                enum decode_result r;
                size_t n = f.text[i].len;

                check_int(detect_format(span_of(f.text[i].p, MIN(n, DETECT_BYTES)),
                                        n <= DETECT_BYTES),
                          f.format[i]);
                check(d && buf_reserve(&f.text[i], SLOT_PADDING));
                memset(f.text[i].p + n, 0, SLOT_PADDING);
                arena_init(&arena, (size_t)4 << 20);
                struct batch b = {.h = {.format = (uint16_t)f.format[i],
                                        .line = 1,
                                        .file_time = TIME_NONE,
                                        .flags = BATCH_FIRST | BATCH_LAST},
                                  .payload = span_of(f.text[i].p, n)};
                decoder_begin(d, &b, 0);
                while ((r = decoder_next(d, &e, &err)) != DECODE_END) {
                        check(r == DECODE_EVENT);
                        arena_reset(&arena);
                        int64_t when = event_time(&e, &o, &arena);
                        check(when > START && when < START + 3 * 3600 * NS_PER_SEC);
                        events++;
                }
                arena_deinit(&arena);
                buf_deinit(&f.text[i]);
        }
        check(events > 3000);
}

static void a_cast_plays_and_no_plan_is_refused(void) {
        static const char *const names[] = {"MAY-DC", NULL, "MAY-WEB"},
                                 *const none[] = {NULL, NULL, NULL},
                                 *const people[] = {"a.nguyen", NULL};
        struct plan_cast cast = {.unit = "QN",
                                 .hosts = names,
                                 .addresses = none,
                                 .accounts = people,
                                 .domain = "qn.example"};
        _cleanup_(buf_deinit) struct buf in = {0}, out = {0}, text = {0};
        _cleanup_(telemetry_hold_freep) struct telemetry_hold *hold = NULL;
        struct telemetry_ask a = ask_of(3, 0, INT64_MAX), b;

        a.cast = &cast;
        check_int(telemetry_ask_encode(&a, SPAN("{\"id\":\"none\"}"), &in), 0);
        check_int(telemetry_ask_decode(buf_get(&in), &b, &hold), -EBADMSG); /* that is no plan */
        check_int(telemetry_job(buf_get(&in), &out), -EBADMSG);
        for (size_t n = 0; n < in.len; n++)
                check(telemetry_ask_decode(span_of(in.p, n), &b, &hold) == -EBADMSG);
        check_int(telemetry_step(&a, collect, &text), 0);
        check(memmem(text.p, text.len, "MAY-DC.qn.example", 17) &&
              memmem(text.p, text.len, "a.nguyen", 8));
        check(!memmem(text.p, text.len, "{unit}", 6) && !memmem(text.p, text.len, "lan.nt", 6));
}

static void frames_are_looked_at(void) {
        char good[] = "\x10\0\0\0\0\0\0\0\1\0\0\0\2\0\0\0\2\4a@H1\0ok";
        struct telemetry_record r;

        for (size_t i = 0; i < sizeof(good) - 1; i++) {
                struct span cut = span_of(good, i);

                check_int(telemetry_out_next(&cut, &r), i ? -EBADMSG : 0);
        }
        struct span rest = span_of(good, sizeof(good) - 1);
        check_int(telemetry_out_next(&rest, &r), 1);
        check_int(r.offset, 16);
        check_int(r.step, 1);
        check_int(r.format, FORMAT_JSON);
        check(strcmp(r.source, "a@H1") == 0);
        check_span(r.bytes, "ok");
        check_int(telemetry_out_next(&rest, &r), 0);
        good[16] = FORMAT_MAX;
        rest = span_of(good, sizeof(good) - 1);
        check_int(telemetry_out_next(&rest, &r), -EBADMSG);
        good[16] = FORMAT_JSON;
        good[24] = '\n';
        rest = span_of(good, sizeof(good) - 1);
        check_int(telemetry_out_next(&rest, &r), -EBADMSG);
        good[24] = 'o';
        rest = span_of(good, sizeof(good) - 1);
        check_int(telemetry_out_next(&rest, &r), 1);
        /* What the line to ingest would refuse. */
        good[18] = '\xe1';
        rest = span_of(good, sizeof(good) - 1);
        check_int(telemetry_out_next(&rest, &r), -EBADMSG);
        good[18] = 'a';
        good[16] = FORMAT_EVTX;
        rest = span_of(good, sizeof(good) - 1);
        check_int(telemetry_out_next(&rest, &r), -EBADMSG);
        good[16] = FORMAT_JSON;
        good[12] = 0;
        rest = span_of(good, sizeof(good) - 3);
        check_int(telemetry_out_next(&rest, &r), -EBADMSG);
}

/* A host by a name with accents is played by a source that can be given. */
static void sources_of_recordings_can_be_given(void) {
        static const char host[] =
                "{\"@timestamp\":\"2020-09-04T20:09:40Z\",\"Hostname\":\"m\xc3\xa1y 1\"}";
        _cleanup_(buf_deinit) struct buf in = {0}, out = {0};
        struct telemetry_record r;

        check_int(recording_encode(
                          &(struct recording_ask){.step = 1, .idle = 1, .records = span_str(host)},
                          &in),
                  0);
        check_int(telemetry_job(buf_get(&in), &out), 0);
        struct span rest = buf_get(&out);
        check_int(telemetry_out_next(&rest, &r), 1);
        check_span(span_str(r.source), "windows@m__y");
        check_int(telemetry_out_next(&rest, &r), 0);
}

static void too_long_a_line_is_named(void) {
        _cleanup_(buf_deinit) struct buf lines = {0}, in = {0}, out = {0};
        size_t n, line;

        buf_str(&lines, "{\"@timestamp\":\"2020-09-04T20:09:40Z\"}\n"
                        "{\"@timestamp\":\"2020-09-04T20:09:41Z\",\"a\":\"");
        for (size_t i = 0; i < (size_t)256 << 10; i++)
                buf_char(&lines, 'x');
        buf_str(&lines, "\"}\n");
        check_int(recording_encode(&(struct recording_ask){.idle = 1, .records = buf_get(&lines)},
                                   &in),
                  0);
        check_int(telemetry_job(buf_get(&in), &out), 0);
        check_int(recording_said(buf_get(&out), &n, &line), -EBADMSG);
        check_int(line, 2);
}

static void what_is_wrong_is_refused(void) {
        struct world *w = world();
        _cleanup_(buf_deinit) struct buf b = {0};
        struct telemetry_ask a = ask_of(n_activities + 1, 0, 1);

        check_int(telemetry_step(&a, collect, &b), -EINVAL);
        a = ask_of(1, 5, 4);
        check_int(telemetry_step(&a, collect, &b), -EINVAL);
        a = ask_of(1, 0, INT64_MAX);
        w->acts[0].activity = "no_such_thing";
        check_int(telemetry_step(&a, collect, &b), -EINVAL);
        w->acts[0].activity = activities[0].name;
        w->acts[0].host = "nobody";
        check_int(telemetry_step(&a, collect, &b), -EINVAL);
        check_int(b.len, 0);
}

static void changed(const char *in, const char *want) {
        static const struct telemetry_name names[] = {
                {{"WORKSTATION5", 12}, {"QN-PC01", 7}},
                {{"WORKSTATION5.lab.example", 24}, {"QN-PC01.qn.example", 18}},
                {{"lab.example", 11}, {"qn.example", 10}},
                {{"pedro", 5}, {"lan.nt", 6}},
                {{"LAB", 3}, {"QN", 2}},
        };
        _cleanup_(buf_deinit) struct buf out = {0};

        check_int(telemetry_record(span_str(in), names, ARRAY_LEN(names),
                                   3600 * NS_PER_SEC + NS_PER_SEC / 2, &out),
                  0);
        check_span(buf_get(&out), want);
}

static void recordings_are_moved_and_renamed(void) {
        _cleanup_(buf_deinit) struct buf out = {0};
        int64_t t;

        changed("{\"Hostname\":\"WORKSTATION5.lab.example\",\"n\":5}",
                "{\"Hostname\":\"QN-PC01.qn.example\",\"n\":5}");
        changed("{\"pedro\":\"pedro\"}", "{\"pedro\":\"lan.nt\"}");
        changed("{\"u\":\"LAB\\\\pedro\",\"v\":\"pedros xpedro pedro-a PEDRO\"}",
                "{\"u\":\"QN\\\\lan.nt\",\"v\":\"pedros xpedro pedro-a LAN.NT\"}");
        changed("{\"m\":\"\\tpedro\\r\\nworkstation5$\"}", "{\"m\":\"\\tlan.nt\\r\\nqn-pc01$\"}");
        changed("{\"@timestamp\":\"2020-09-04T20:09:40.845Z\",\"t\":\"2020-12-31 23:30:00\"}",
                "{\"@timestamp\":\"2020-09-04T21:09:41.345Z\",\"t\":\"2021-01-01 00:30:00\"}");
        changed("{\"m\":\"UtcTime: 2020-09-04 20:09:38.962\\r\\nx\",\"p\":\"a_2020-09-04 "
                "20:09:38\"}",
                "{\"m\":\"UtcTime: 2020-09-04 21:09:39.462\\r\\nx\",\"p\":\"a_2020-09-04 "
                "20:09:38\"}");
        changed("{\"a\":[{\"b\":\"pedro\"},null,-1e3]}", "{\"a\":[{\"b\":\"lan.nt\"},null,-1e3]}");
        check_int(telemetry_record(SPAN("[1]"), NULL, 0, 0, &out), -EBADMSG);
        check_int(telemetry_record(SPAN("{\"a\":\"b"), NULL, 0, 0, &out), -EBADMSG);
        check_int(telemetry_record(SPAN("{} {}"), NULL, 0, 0, &out), -EBADMSG);
        check_int(telemetry_record_time(SPAN("{\"@timestamp\":\"2020-09-04T20:09:40.845Z\"}"), &t),
                  0);
        check_int(t, time_parse_iso(SPAN("2020-09-04T20:09:40.845Z"), 0));
        check_int(telemetry_record_time(SPAN("{\"a\":1}"), &t), -EBADMSG);
}

/* A whole recording of the dev set: keys as they were, no name and no day of the lab left. */
static void a_storyline_is_moved_whole(void) {
        static const struct telemetry_name names[] = {
                {SPAN_OF("WORKSTATION5"), SPAN_OF("QN-PC05")},
                {SPAN_OF("WORKSTATION6"), SPAN_OF("QN-PC06")},
                {SPAN_OF("MORDORDC"), SPAN_OF("QN-DC01")},
                {SPAN_OF("theshire.local"), SPAN_OF("qn.example")},
                {SPAN_OF("THESHIRE"), SPAN_OF("QN")},
                {SPAN_OF("pgustavo"), SPAN_OF("lan.nt")},
        };
        static const char *const gone[] = {"WORKSTATION5", "MORDORDC",    "theshire",
                                           "pgustavo",     "2020-09-21T", "2020-09-21 "};
        char path[512], *line = NULL;
        size_t cap = 0, n = 0;
        int64_t t, moved;

        if (!check_data())
                check_skip("no ../shared/data");
        snprintf(path, sizeof(path),
                 "%s/dev-set/json/otrf/storyline-theshire-2020-09/"
                 "empire_shell_samr_EnumDomainUsers_2020-09-21193527.json",
                 check_data());
        FILE *f = fopen(path, "r");
        check(f);
        for (ssize_t len; (len = getline(&line, &cap, f)) > 0; n++) {
                _cleanup_(buf_deinit) struct buf out = {0};
                _cleanup_(json_decrefp) json_t *was = json_loadb(line, (size_t)len, 0, NULL);
                const int64_t by = 400 * INT64_C(86400) * NS_PER_SEC;
                struct span in = span_of(line, (size_t)len);

                check_int(telemetry_record(in, names, ARRAY_LEN(names), by, &out), 0);
                _cleanup_(json_decrefp) json_t *is = json_loadb(out.p, out.len, 0, NULL);
                check(json_is_object(was) && json_is_object(is));
                check_int(json_object_size(is), json_object_size(was));
                for (void *i = json_object_iter(was); i; i = json_object_iter_next(was, i))
                        check(json_object_get(is, json_object_iter_key(i)));
                for (unsigned k = 0; k < ARRAY_LEN(gone); k++)
                        check(!memmem(out.p, out.len, gone[k], strlen(gone[k])));
                check_int(telemetry_record_time(in, &t), 0);
                check_int(telemetry_record_time(buf_get(&out), &moved), 0);
                check_int(moved - t, by);
        }
        free(line);
        fclose(f);
        check(n > 100);
}

/* The catalogue says nothing that cannot be: fallbacks are values, sources are logs, names are once. */
static void the_catalogue_is_whole(void) {
        for (unsigned i = 0; i < n_activities; i++) {
                const struct activity *a = &activities[i];

                check(activity_find(a->name) == a && *a->title.en && *a->title.vi && a->os &&
                      *a->sources);
                check(a->innocent || *a->techniques);
                for (unsigned k = 0; k < a->n_params; k++) {
                        int64_t n;

                        check(activity_param_find(a, a->params[k].name) == &a->params[k] &&
                              *a->params[k].what.en && *a->params[k].what.vi);
                        check(!a->params[k].fallback ||
                              activity_value(&a->params[k], a->params[k].fallback, &n) == 0);
                }
        }
        static const struct activity_param over = {.type = VALUE_TIME, .max = 60000},
                                           bytes = {.type = VALUE_BYTES, .min = 1, .max = 1 << 30};
        int64_t n;
        check(activity_value(&over, "90s", &n) == -ERANGE && activity_value(&over, "1m", &n) == 0 &&
              n == 60000);
        check(activity_value(&over, "5", &n) == -EINVAL &&
              activity_value(&over, "m", &n) == -EINVAL &&
              activity_value(&over, "9999999999999s", &n) == -EINVAL);
        check(activity_value(&bytes, "700M", &n) == 0 && n == INT64_C(700) << 20 &&
              activity_value(&bytes, "700MB", &n) == -EINVAL);
}

int main(void) {
        RUN(the_catalogue_is_whole);
        RUN(any_stretch_of_the_background_is_the_same);
        RUN(a_step_can_be_cut);
        RUN(formats_are_found_and_read);
        RUN(a_cast_plays_and_no_plan_is_refused);
        RUN(frames_are_looked_at);
        RUN(sources_of_recordings_can_be_given);
        RUN(too_long_a_line_is_named);
        RUN(what_is_wrong_is_refused);
        RUN(recordings_are_moved_and_renamed);
        RUN(a_storyline_is_moved_whole);
        return check_done();
}

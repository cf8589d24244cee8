/* The desk and the past: what a run says is said once, apart from the present, and goes on where it was
 * committed; since when rules are what they are. */
#include "desk_world.h"
#include "rules/version.h"

static struct buf given;
static uint64_t at_record;
static int64_t run;

/* A finding of the run, for the next give(). */
static void past(uint32_t r, uint64_t seq, double t, const char *fields) {
        struct finding_field list[16];
        struct finding f = finding_of(r, seq, t);

        f.flags = FINDING_REPORT;
        parse_fields(fields, &f, list);
        finding_encode(&given, &f);
}

static int begin_with(char key, uint64_t first, uint64_t end, bool whole) {
        char k[STATE_ID_BYTES] = {0};
        struct desk_retro o = {.key = span_of(k, sizeof(k)),
                               .first = first,
                               .past = end,
                               .since = TIME_NONE,
                               .until = TIME_NONE,
                               .rules = 1,
                               .whole = whole};
        void *p;

        memset(k, key, sizeof(k));
        check_int(os_map_anon(w.program_len, &p), 0);
        memcpy(p, w.program, w.program_len);
        return desk_retro_begin(w.d, &o, p, w.program_len, w.wall, &run, &at_record);
}

static int give(uint64_t next) {
        void *p = NULL;
        size_t len = given.len;

        if (len) {
                check_int(os_map_anon(len, &p), 0);
                memcpy(p, given.p, len);
        }
        buf_reset(&given);
        int r = desk_retro_give(w.d, p, len, next);
        while (r == 0 && len && (r = desk_retro_work(w.d, 3, w.mono, w.wall)) == DESK_E_MORE)
                r = 0;
        return r;
}

static void end(void) {
        check_int(desk_retro_end(w.d, NULL, 0, w.wall), 0);
        check_int(commit(), 0);
        desk_retro_leave(w.d);
}

static void marked_apart_and_once(void) {
        world_start(world_rules);
        say(rule("Evil tool"), 1, 10, "host=dc01 Image=evil");
        check_int(judged(1, 20), 0);
        check_int(commit(), 0);
        for (unsigned i = 0; i < 2; i++) {
                check_int(begin_with('a', 1, 20, false), 0);
                check_int(begin_with('b', 1, 20, false), DESK_E_BUSY);
                past(rule("Evil tool"), 1, 10, "host=dc01 Image=evil"); /* live said so */
                past(rule("Evil tool"), 2, 11, "host=dc01 Image=evil");
                past(rule("Evil tool"), 3, 12, "host=dc01 Image=evil");
                past(rule("Evil tool"), 4, 12, "host=dc02 Image=evil");
                check_int(give(20), 0);
                end();
                check_alerts("Evil tool|dc02|1|1; Evil tool|dc01|2|2; Evil tool|dc01|1|1");
                check_int(desk_retro_now(w.d)->verdicts, i ? 0 : 3);
                check_int(desk_retro_now(w.d)->doubled, i ? 4 : 1);
                check_int(desk_retro_now(w.d)->alerts, i ? 0 : 2);
        }
        /* The present joins its own. */
        say(rule("Evil tool"), 20, 13, "host=dc01 Image=evil");
        check_int(judged(20, 21), 0);
        check_int(commit(), 0);
        check(strstr(alerts(), "Evil tool|dc01|2|2; ") == alerts());
        check_int(stats().watermark, 21);
        world_end();
}

static uint64_t audit_rows(void) {
        _cleanup_(state_freep) struct state *s = NULL;
        uint64_t n, bad;

        check_int(state_open(&s, &(struct state_options){.path = w.path, .read_only = true}), 0);
        check_int(state_audit_check(s, &n, &bad), 0);
        return n;
}

/* R4 */
static void every_run_is_in_the_audit_log(void) {
        world_start(world_rules);
        check_int(judged(1, 20), 0);
        check_int(begin_with('a', 1, 20, false), 0);
        check_int(commit(), 0);
        check_int(audit_rows(), 1);
        past(rule("Evil tool"), 2, 11, "host=dc01 Image=evil");
        check_int(give(20), 0);
        end();
        check_int(audit_rows(), 2);
        check_int(begin_with('b', 1, 20, false), 0);
        desk_retro_leave(w.d); /* it went, and nothing was committed since */
        check_int(commit(), 0);
        check_int(audit_rows(), 4);
        check_int(commit(), 0);
        check_int(begin_with('b', 1, 20, false), 0);
        desk_retro_leave(w.d);
        check_int(begin_with('c', 1, 20, false), 0); /* before a commit */
        end();
        check_int(audit_rows(), 8);
        world_end();
}

static void goes_on_from_the_last_commit(void) {
        world_start(world_rules);
        check_int(judged(1, 100), 0);
        check_int(commit(), 0);
        check_int(begin_with('a', 1, 100, false), 0);
        past(rule("Evil tool"), 5, 10, "host=dc01 Image=evil");
        check_int(give(30), 0);
        check_int(commit(), 0);
        past(rule("Evil tool"), 40, 11, "host=dc01 Image=evil");
        check_int(give(60), 0);
        world_close(); /* not committed */
        check_int(world_open(), 0);
        int64_t before = run;
        check_int(begin_with('a', 1, 100, false), 0);
        check(run == before && at_record == 30);
        past(rule("Evil tool"), 40, 11, "host=dc01 Image=evil");
        check_int(give(60), 0);
        check_int(give(90), 0); /* nothing was found up to there */
        check_int(commit(), 0);
        desk_retro_leave(w.d);
        check_int(begin_with('b', 1, 100, false), 0); /* another is another */
        check(run != before && at_record == 1);
        desk_retro_leave(w.d);
        check_int(begin_with('a', 1, 100, true), 0); /* with correlations: from the beginning */
        check(run == before && at_record == 1);
        past(rule("Evil tool"), 5, 10, "host=dc01 Image=evil");
        past(rule("Evil tool"), 40, 11, "host=dc01 Image=evil");
        check_int(give(100), 0);
        end();
        check_alerts("Evil tool|dc01|2|2");
        check_int(begin_with('a', 1, 100, false), 0); /* it ended: a new one */
        check(run != before && at_record == 1);
        world_end();
}

static void what_is_no_finding_is_refused(void) {
        world_start(world_rules);
        check_int(give(5), -EPROTO); /* no run is on */
        check_int(begin_with('a', 10, 100, false), 0);
        buf_str(&given, "nonsense");
        check_int(give(20), DESK_E_JUDGE);
        desk_retro_leave(w.d);
        check_int(begin_with('a', 10, 100, false), 0);
        check_int(give(5), DESK_E_JUDGE); /* back */
        past(999, 11, 1, "host=dc01");
        past(rule("Evil tool"), UINT64_MAX, 1, "host=dc01");
        check_int(give(20), 0);
        check_int(commit(), 0);
        check_alerts("");
        check_int(stats().refused, 2);
        world_end();
}

static void limits_are_its_own(void) {
        char host[64];

        w.o.alerts_of_rule = 10;
        w.o.alerts_in_hour = 15;
        w.o.rate = 5;
        world_start(world_rules);
        check_int(judged(1, 20001), 0);
        check_int(begin_with('a', 1, 20001, false), 0);
        for (unsigned i = 0; i < 12000; i++) {
                snprintf(host, sizeof(host), "host=h%u Image=evil", i);
                past(rule("Evil tool"), 1 + i, 10, host);
        }
        check_int(give(20001), 0);
        end();
        check_int(desk_retro_now(w.d)->verdicts, 10000);
        check_int(desk_retro_now(w.d)->counted, 2000);
        check_int(desk_retro_now(w.d)->alerts, 11); /* and one for the others */
        check(strstr(alerts(), "Evil tool|*|9990|20") != NULL);
        for (unsigned i = 0; i < 5; i++) {
                snprintf(host, sizeof(host), "host=new%u Image=evil", i);
                say(rule("Evil tool"), 20001 + i, 10, host);
        }
        check_int(judged(20001, 20006), 0);
        check_int(commit(), 0);
        check(strstr(alerts(), "Evil tool|new4|1|1") != NULL); /* the present has all of its own */
        check_int(stats().counted, 0);
        world_end();
}

static bool known(const char *title, uint64_t *ret_past, uint64_t *ret_covered) {
        _cleanup_(state_freep) struct state *s = NULL;
        unsigned char version[RULE_VERSION_BYTES];
        struct program_rule r;
        uint32_t i = rule(title);

        check(program_rule(w.g, i, &r));
        rule_version(w.g, i, version);
        check_int(state_open(&s, &(struct state_options){.path = w.path, .read_only = true}), 0);
        return state_known(s, STATE_RULE, r.id, span_of((char *)version, sizeof(version)), ret_past,
                           ret_covered) == 1;
}

static const char other_rules[] =
        "title: Failed login\nid: 11111111-0000-0000-0000-000000000001\nname: login\n"
        "level: low\nlogsource: {product: test}\n"
        "detection: {s: {EventID: 4625}, condition: s}\n"
        "---\n"
        "title: Evil tool\nid: 11111111-0000-0000-0000-000000000002\nname: tool\n"
        "level: high\nlogsource: {product: test}\n"
        "detection: {s: {Image: worse}, condition: s}\n";

static void since_when_a_rule_is_known(void) {
        uint64_t since, covered;
        uint32_t k;

        world_start(world_rules);
        check_int(judged(1, 50), 0);
        say(rule("Evil tool"), 50, 10, "host=dc01 Image=evil");
        check_int(judged(50, 51), 0);
        check_int(commit(), 0);
        check(known("Evil tool", &since, &covered) && since == 0 && covered == 0);
        world_compile(other_rules);
        check_int(world_give_program(), 0);
        w.generation--; /* a judge of the rules before is not done yet */
        check_int(judged(51, 80), 0);
        w.generation++;
        check_int(judged(80, 200), 0);
        check_int(commit(), 0);
        check(known("Failed login", &since, &covered) && since == 0); /* as it was */
        check(known("Evil tool", &since, &covered) && since == 80 && covered == 0);
        /* What the other wording said of a record is not said again. */
        check_int(begin_with('a', 1, 200, false), 0);
        past(rule("Evil tool"), 50, 10, "host=dc01 Image=worse");
        past(rule("Evil tool"), 60, 10, "host=dc01 Image=worse");
        check_int(give(200), 0);
        k = rule("Evil tool");
        check_int(desk_retro_end(w.d, &k, 1, w.wall), 0);
        check_int(commit(), 0);
        check_int(desk_retro_now(w.d)->verdicts, 1);
        check_int(desk_retro_now(w.d)->doubled, 1);
        check(known("Evil tool", &since, &covered) && since == 80 && covered == 200);
        world_close(); /* a restart with the same rules changes nothing */
        check_int(world_open(), 0);
        check(known("Evil tool", &since, &covered) && since == 80 && covered == 200);
        /* Away and back: it did not judge meanwhile. */
        world_compile(world_rules);
        check_int(world_give_program(), 0);
        check_int(commit(), 0);
        check(known("Evil tool", &since, &covered) && since == 200 && covered == 0);
        world_end();
}

int main(void) {
        RUN(marked_apart_and_once);
        RUN(every_run_is_in_the_audit_log);
        RUN(goes_on_from_the_last_commit);
        RUN(what_is_no_finding_is_refused);
        RUN(limits_are_its_own);
        RUN(since_when_a_rule_is_known);
        buf_deinit(&given);
        return check_done();
}

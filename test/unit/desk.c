/* The desk: verdicts to alerts, once each, whatever is judged twice, out of turn, too much or by a
 * liar. */
#include <sqlite3.h>

#include "desk/desk_impl.h"
#include "desk/sql.h"
#include "desk_world.h"
#include "wire/exercise.h"

static void one_alert_for_rule_and_entity(void) {
        world_start(world_rules);
        say(rule("Evil tool"), 1, 10, "host=dc01 Image=evil");
        say(rule("Evil tool"), 2, 20, "host=DC01 Image=evil");
        say(rule("Evil tool"), 3, 15, "host=dc02 Image=evil");
        check_int(judged(1, 4), 0);
        check_int(commit(), 0);
        check_alerts("Evil tool|dc01|2|2; Evil tool|dc02|1|1");
        say(rule("Evil tool"), 4, 20 + 3600, "host=dc01 Image=evil"); /* an hour: still the same */
        say(rule("Evil tool"), 5, 20 + 7201, "host=dc01 Image=evil"); /* and a second: another */
        check_int(judged(4, 6), 0);
        check_int(commit(), 0);
        check_int(stats().watermark, 6);
        check_alerts("Evil tool|dc01|1|1; Evil tool|dc01|3|3; Evil tool|dc02|1|1");
        world_end();
}

static void entity_is_host_else_user_else_source(void) {
        world_start(world_rules);
        w.source = 7;
        say(rule("Evil tool"), 1, 10, "user=an Image=evil");
        say(rule("Evil tool"), 2, 9, "Image=evil coloa.source=fw-1");
        say(rule("Evil tool"), 3, 8, "Image=evil");
        check_int(judged(1, 4), 0);
        check_int(commit(), 0);
        check_alerts("Evil tool|an|1|1; Evil tool|fw-1|1|1; Evil tool|source 7|1|1");
        world_end();
}

static void judged_twice_counts_once(void) {
        world_start(world_rules);
        say(rule("Evil tool"), 1, 10, "host=dc01 Image=evil");
        check_int(judged(0, 0), 0); /* the outbox was full */
        check_int(commit(), 0);
        say(rule("Evil tool"), 1, 10, "host=dc01 Image=evil"); /* the judge died: again */
        say(rule("Evil tool"), 2, 11, "host=dc01 Image=evil");
        check_int(judged(1, 3), 0);
        check_int(commit(), 0);
        say(rule("Noise"), 2, 11, "host=dc01 Image=noise"); /* of what is judged already */
        check_int(judged(1, 3), 0);
        check_int(commit(), 0);
        check_alerts("Evil tool|dc01|2|2");
        check_int(stats().doubled, 2);
        world_end();
}

static void restart_goes_on_from_the_last_commit(void) {
        world_start(world_rules);
        say(rule("Evil tool"), 1, 10, "host=dc01 Image=evil");
        check_int(judged(1, 2), 0);
        check_int(commit(), 0);
        say(rule("Evil tool"), 2, 11, "host=dc01 Image=evil");
        check_int(judged(2, 3), 0);
        world_close(); /* not committed */
        check_int(world_open(), 0);
        check_int(desk_watermark(w.d), 2);
        check_alerts("Evil tool|dc01|1|1");
        say(rule("Evil tool"), 2, 11, "host=dc01 Image=evil");
        check_int(judged(2, 3), 0);
        check_int(commit(), 0);
        check_alerts("Evil tool|dc01|2|2");
        world_end();
}

static void watermark_waits_for_the_gap(void) {
        world_start(world_rules);
        check_int(judged(5, 9), 0);
        check_int(judged(20, 30), 0);
        check_int(desk_watermark(w.d), 0);
        check(!desk_whole(w.d));
        check_int(judged(1, 5), 0);
        check_int(desk_watermark(w.d), 9);
        check_int(commit(), 0);
        world_close();
        check_int(world_open(), 0);
        check_int(desk_watermark(w.d), 9);
        check_int(judged(8, 21), 0);
        check_int(desk_watermark(w.d), 30);
        check(desk_whole(w.d));
        world_end();
}

static void samples_are_first_and_last_ten(void) {
        world_start(world_rules);
        for (uint64_t i = 1; i <= 100; i++)
                say(rule("Evil tool"), i, (double)i, "host=dc01 Image=evil");
        check_int(judged(1, 101), 0);
        check_int(commit(), 0);
        check_alerts("Evil tool|dc01|100|20");
        world_close();
        check_int(world_open(), 0);
        say(rule("Evil tool"), 101, 101, "host=dc01 Image=evil");
        check_int(judged(101, 102), 0);
        check_int(commit(), 0);
        check_alerts("Evil tool|dc01|101|20");
        world_end();
}

static void a_liar_is_not_believed(void) {
        struct finding f;

        world_start(world_rules);
        check_int(judged(1, 100), 0);
        f = finding_of(999, 100, 1); /* no such rule */
        put(OUTBOX_FINDING, &f);
        f = finding_of(rule("Evil tool"), 100 + (1 << 22), 1); /* not in anybody's hands */
        put(OUTBOX_FINDING, &f);
        f = finding_of(rule("Evil tool"), UINT64_MAX, 1);
        put(OUTBOX_FINDING, &f);
        f = finding_of(rule("Evil tool"), 101, 1); /* a correlation's */
        f.flags = FINDING_ALERT | FINDING_REPORT;
        put(OUTBOX_FINDING, &f);
        f = finding_of(rule("Evil tool"), 102, 1); /* no rule for correlations */
        put(OUTBOX_HIT, &f);
        f = finding_of(rule("Evil tool"), 50, 1); /* judged long ago */
        put(OUTBOX_FINDING, &f);
        check_int(judged(100, 103), 0);
        check_int(commit(), 0);
        check_alerts("");
        check_int(stats().refused, 5);
        check_int(stats().doubled, 1);
        /* From the future: as of now. */
        f = finding_of(rule("Evil tool"), 103, 1);
        f.time = f.time_last = INT64_MAX;
        f.received = INT64_MAX;
        put(OUTBOX_FINDING, &f);
        check_int(judged(103, 104), 0);
        check_int(commit(), 0);
        check_alerts("Evil tool|source 0|1|1");
        /* What does not decode ends it, and its stretch is not marked. */
        outbox_put(w.box, &w.staged, OUTBOX_FINDING, SPAN("nonsense"));
        outbox_publish(w.box, w.staged);
        check_int(judged(104, 110), DESK_E_JUDGE);
        check_int(desk_watermark(w.d), 104);
        world_end();
}

static void unknown_rules_are_asked_for(void) {
        world_start(world_rules);
        say(rule("Evil tool"), 1, 10, "host=dc01");
        w.generation++;
        check_int(judged(1, 2), DESK_E_GENERATION);
        check_int(desk_watermark(w.d), 0);
        /* What was passed over may be of any stretch, until there is another outbox. */
        w.generation--;
        check_int(judged(2, 3), DESK_E_GENERATION);
        world_end();
        world_start(world_rules);
        w.generation++;
        check_int(judged(2, 3), 0); /* nothing was said: no rules are needed */
        w.generation--;
        world_end();
}

/* A judge is ahead of the store: what it said of records that are not durable stays where it is. */
static void what_is_not_durable_waits(void) {
        struct msg_judge m = {.type = DESK_BATCH, .first_seq = 10, .from = 1, .to = 10};

        world_start(world_rules);
        m.program = w.generation;
        say(rule("Evil tool"), 5, 10, "host=dc01");
        say(rule("Evil tool"), 10, 10, "host=dc02");
        check_int(desk_batch(w.d, &m, w.mono, w.wall), 0);
        check_int(stats().verdicts, 1);
        check_int(desk_batch(w.d, &m, w.mono, w.wall), 0);
        check_int(stats().verdicts, 1);
        m.first_seq = 11;
        m.from = m.to = 0;
        check_int(desk_batch(w.d, &m, w.mono, w.wall), 0);
        check_int(stats().verdicts, 2);
        check_int(desk_watermark(w.d), 10);
        world_end();
}

static void too_much_is_counted_and_shown(void) {
        uint64_t seq = 1;

        w.o.rate = 50;
        world_start(world_rules);
        for (unsigned i = 0; i < 300; i++)
                say(rule("Noise"), seq++, 10, "host=dc01");
        say(rule("Evil tool"), seq++, 10, "host=dc01 Image=evil");
        check_int(judged(1, seq), 0);
        check_int(commit(), 0);
        check_int(stats().counted, 0); /* Noise is a correlation's only */
        check_int(stats().refused, 300);
        for (unsigned i = 0; i < 300; i++)
                say(rule("Evil tool"), seq++, 10, "host=dc01 Image=evil");
        check_int(judged(302, seq), 0);
        check_int(commit(), 0);
        check_int(stats().counted, 251);
        check_alerts("A rule says too much: only counted|Evil tool|251|0; Evil tool|dc01|50|20");
        w.mono += NS_PER_SEC;
        say(rule("Evil tool"), seq++, 11, "host=dc01 Image=evil");
        check_int(judged(seq - 1, seq), 0);
        check_int(commit(), 0);
        check_alerts("A rule says too much: only counted|Evil tool|251|0; Evil tool|dc01|51|20");
        world_end();
}

/* The limit as it is configured: the 2,001st verdict of a second is counted only, and no other rule is
 * touched by it. */
static void two_thousand_a_second_of_a_rule(void) {
        uint64_t seq = 1;

        world_start(world_rules);
        for (unsigned batch = 0; batch < 50; batch++) {
                for (unsigned i = 0; i < 50; i++)
                        say(rule("Evil tool"), seq++, 10, "host=dc01 Image=evil");
                check_int(judged(seq - 50, seq), 0);
                check_int(stats().counted, seq - 1 > 2000 ? seq - 1 - 2000 : 0);
        }
        say(rule("Failed login"), seq++, 10, "host=dc01");
        for (unsigned i = 0; i < 3; i++)
                hit(rule("Failed login"), seq++, 10 + i, "User=an");
        check_int(judged(2501, seq), 0);
        check_int(desk_clock(w.d, at(1000)), 0);
        check_int(commit(), 0);
        check_alerts("A rule says too much: only counted|Evil tool|500|0; Brute force|User=an|1|1; "
                     "Failed login|dc01|1|1; Evil tool|dc01|2000|20");
        world_end();
}

static void invented_hosts_are_one_alert_more(void) {
        char host[64];

        w.o.alerts_of_rule = 10;
        world_start(world_rules);
        for (unsigned i = 0; i < 1000; i++) {
                snprintf(host, sizeof(host), "host=h%u Image=evil", i);
                say(rule("Evil tool"), 1 + i, 10, host);
        }
        say(rule("Failed login"), 1001, 10, "host=dc01");
        check_int(judged(1, 1002), 0);
        check_int(commit(), 0);
        check_int(stats().alerts, 12);
        check_int(stats().folded, 990);
        check(strstr(alerts(), "Evil tool|*|990|20") != NULL);
        check(strstr(alerts(), "Failed login|dc01|1|1") != NULL);
        world_end();
}

static void alerts_leave_memory_and_come_back(void) {
        char host[64];

        w.o.alerts_of_rule = w.o.alerts_in_hour = 1000000;
        w.o.rate = 1000000;
        world_start(world_rules);
        for (unsigned round = 0; round < 2; round++)
                for (unsigned i = 0; i < 6000; i++) {
                        snprintf(host, sizeof(host), "host=h%u Image=evil", i);
                        say(rule("Evil tool"), 1 + round * 6000 + i, 10, host);
                        if (i % 500 == 499) {
                                check_int(judged(0, 0), 0);
                                if (i % 1000 == 999)
                                        check_int(commit(), 0);
                        }
                }
        check_int(judged(1, 12001), 0);
        check_int(commit(), 0);
        check_int(stats().alerts, 6000);
        check_int(stats().verdicts, 12000);
        check(strstr(alerts(), "Evil tool|h77|2|2;") != NULL);
        world_end();
}

static void own_alerts(void) {
        struct msg_own_alert m = {.type = DESK_INCIDENT,
                                  .what = OWN_SILENT_SOURCE,
                                  .source = "fw-1",
                                  .text = "silent for 600 s"};

        world_start(world_rules);
        m.time = at(5);
        check_int(desk_own(w.d, &m, w.wall), 0);
        m.time = at(6);
        check_int(desk_own(w.d, &m, w.wall), 0);
        m.what = OWN_CRASH;
        m.seq = 77;
        m.source[0] = 0;
        m.time = at(4);
        check_int(desk_own(w.d, &m, w.wall), 0);
        m.what = 1000;
        check_int(desk_own(w.d, &m, w.wall), 0);
        check_int(commit(), 0);
        check_alerts("A source fell silent|fw-1|2|0; A record was set aside without being "
                     "judged||1|1");
        world_end();
}

static void the_same_rule_after_a_change(void) {
        _cleanup_(buf_deinit) struct buf changed = {0};

        world_start(world_rules);
        say(rule("Evil tool"), 1, 10, "host=dc01 Image=evil");
        check_int(judged(1, 2), 0);
        const char *at_ = strstr(world_rules, "Image: evil");
        buf_add(&changed, world_rules, (size_t)(at_ - world_rules));
        buf_str(&changed, "Image: worse");
        buf_str(&changed, at_ + strlen("Image: evil"));
        buf_char(&changed, '\0');
        world_compile(changed.p);
        check_int(world_give_program(), 0);
        say(rule("Evil tool"), 2, 20, "host=dc01 Image=worse");
        check_int(judged(2, 3), 0);
        w.generation--; /* another judge still had the old rules */
        say(rule("Evil tool"), 3, 21, "host=dc01 Image=evil");
        check_int(judged(3, 4), 0);
        w.generation++;
        check_int(commit(), 0);
        check_alerts("Evil tool|dc01|3|3");
        world_end();
}

/* As if an incident had it. */
static void put_in_incident(const char *entity) {
        sqlite3 *db = NULL;
        char sql[200];

        snprintf(sql, sizeof(sql),
                 "PRAGMA foreign_keys=OFF; INSERT INTO incident_alert"
                 " SELECT id,1,0,0 FROM alert WHERE entity='%s'",
                 entity);
        check_int(sqlite3_open(w.path, &db), 0);
        check_int(sqlite3_exec(db, sql, NULL, NULL, NULL), 0);
        check_int(sqlite3_changes(db), 1);
        sqlite3_close(db);
}

static void old_alerts_go(void) {
        static char host[64];
        uint64_t n, bad;

        w.o.alert_days = 30;
        world_start(world_rules);
        for (uint64_t i = 1; i <= 1200; i++) {
                snprintf(host, sizeof(host), "host=h%u Image=%s", (unsigned)(i % 600), "evil");
                say(rule("Evil tool"), i, (double)i / 100, host);
                if (i % 200 == 0) {
                        check_int(judged(i - 199, i + 1), 0);
                        check_int(commit(), 0);
                }
        }
        check_int(stats().alerts, 501); /* and the one of all others */
        w.wall += 29 * INT64_C(86400) * NS_PER_SEC;
        w.mono += 29 * INT64_C(86400) * NS_PER_SEC;
        say(rule("Evil tool"), 1201, 12, "host=h7 Image=evil"); /* touched */
        check_int(judged(1201, 1202), 0);
        check_int(commit(), 0);
        check_int(stats().alerts_removed, 0);
        put_in_incident("h9");
        for (unsigned i = 0; i < 3; i++) {
                w.wall += INT64_C(86400) * NS_PER_SEC;
                w.mono += INT64_C(86400) * NS_PER_SEC;
                check_int(judged(1202 + i, 1203 + i), 0);
                check_int(commit(), 0);
        }
        /* The one that was touched, the incident's, and the latest, whose number must not be given again. */
        check_int(stats().alerts_removed, 498);
        check_alerts("Evil tool|*|200|20; Evil tool|h7|3|3; Evil tool|h9|2|2");
        say(rule("Evil tool"), 1300, 13, "host=h8 Image=evil"); /* gone: it begins anew */
        check_int(judged(1205, 1301), 0);
        check_int(commit(), 0);
        check(strstr(alerts(), "Evil tool|h8|1|1") != NULL);
        world_close();
        _cleanup_(state_freep) struct state *s = NULL;
        check_int(state_open(&s, &(struct state_options){.path = w.path, .read_only = true}), 0);
        check_int(state_audit_check(s, &n, &bad), 0);
        check_int(n, 1);
        check_int(world_open(), 0);
        world_end();
}

/* The same rules in other words, for the rule that says so and the one that correlations want. */
static void reword(void) {
        _cleanup_(buf_deinit) struct buf b = {0};
        const char *a = strstr(world_rules, "EventID: 4625"), *c = strstr(a, "Image: evil");

        buf_add(&b, world_rules, (size_t)(a - world_rules));
        buf_str(&b, "EventID: [4625, 4771]");
        a += strlen("EventID: 4625");
        buf_add(&b, a, (size_t)(c - a));
        buf_str(&b, "Image: [evil, worse]");
        buf_str(&b, c + strlen("Image: evil"));
        buf_char(&b, '\0');
        world_compile(b.p);
}

/* A judge's outbox was full, so the desk took and committed some of a stretch; then the stretch is judged
 * by newer rules, since the judge died or the desk did. No record is said twice by one rule. */
static void a_record_judged_by_two_versions(void) {
        for (unsigned crash = 0; crash < 2; crash++) {
                world_start(world_rules);
                say(rule("Evil tool"), 1, 10, "host=dc01 Image=evil");
                hit(rule("Failed login"), 1, 10, "User=an");
                hit(rule("Failed login"), 2, 11, "User=an");
                check_int(judged(0, 0), 0); /* it is at it still */
                check_int(commit(), 0);
                check_alerts("Evil tool|dc01|1|1");
                reword();
                if (crash) {
                        world_close();
                        check_int(world_open(), 0);
                } else {
                        check_int(world_give_program(), 0);
                }
                say(rule("Evil tool"), 1, 10, "host=dc01 Image=evil");
                hit(rule("Failed login"), 1, 10, "User=an");
                hit(rule("Failed login"), 2, 11, "User=an");
                say(rule("Evil tool"), 3, 12, "host=dc01 Image=worse");
                check_int(judged(1, 4), 0);
                check_int(desk_clock(w.d, at(900)), 0);
                check_int(commit(), 0);
                check_alerts("Evil tool|dc01|2|2");
                check_int(stats().doubled, 3);
                world_end();
        }
}

static void correlations_are_told_when_the_watermark_is_past(void) {
        world_start(world_rules);
        for (uint64_t i = 1; i <= 4; i++)
                hit(rule("Failed login"), i, 10 + (double)i, "User=an host=dc01");
        check_int(judged(1, 5), 0);
        check_int(commit(), 0);
        check_alerts("");
        check_int(desk_clock(w.d, at(80)), 0);
        check_int(commit(), 0);
        check_alerts("Brute force|User=an|1|1");
        world_end();
}

/* A login every 20 s, killed after every commit: one episode is one alert, whenever the desk ends. */
static void restarts_double_no_correlation(void) {
        world_start(world_rules);
        for (uint64_t i = 1; i <= 60; i++) {
                hit(rule("Failed login"), i, 20 * (double)i, "User=an");
                hit(rule("Noise"), i, 20 * (double)i, i % 5 ? "User=x" : "User=y");
                check_int(judged(i, i + 1), 0);
                check_int(desk_clock(w.d, at(20 * (double)i)), 0);
                check_int(commit(), 0);
                w.mono += 3 * NS_PER_SEC;
                if (i % 3 == 0) {
                        hit(rule("Failed login"), i + 1, 20 * (double)(i + 1), "User=an");
                        check_int(judged(i + 1, i + 2), 0);
                        world_close(); /* not committed: it comes again */
                        check_int(world_open(), 0);
                }
        }
        check_int(desk_clock(w.d, at(5000)), 0);
        check_int(commit(), 0);
        check(strstr(alerts(), "Brute force|User=an|1|1") != NULL);
        check(strstr(alerts(), "Few|User=y|12|12") != NULL);
        world_end();
}

static void new_rules_know_what_was(void) {
        world_start(world_rules);
        hit(rule("Failed login"), 1, 10, "User=an");
        hit(rule("Failed login"), 2, 20, "User=an");
        check_int(judged(1, 3), 0);
        check_int(desk_clock(w.d, at(100)), 0);
        check_int(world_give_program(), 0);
        hit(rule("Failed login"), 3, 120, "User=an");
        check_int(judged(3, 4), 0);
        check_int(desk_clock(w.d, at(200)), 0);
        check_int(commit(), 0);
        check_alerts("Brute force|User=an|1|1");
        check_int(world_give_program(), 0);
        check_int(desk_clock(w.d, at(300)), 0);
        check_int(commit(), 0);
        check_alerts("Brute force|User=an|1|1");
        world_end();
}

static void drills_stay_apart(void) {
        world_start(world_rules);
        for (uint64_t i = 1; i <= 6; i++) {
                w.drill = i % 2 ? LABEL(9, i) : 0;
                hit(rule("Failed login"), i, (double)i, "User=an");
                say(rule("Evil tool"), i, (double)i, "host=dc01 Image=evil");
        }
        check_int(judged(1, 7), 0);
        check_int(desk_clock(w.d, at(100)), 0);
        check_int(commit(), 0);
        check_alerts("Brute force|User=an|1|1; Evil tool|dc01|3|3; "
                     "Brute force|User=an|1|1|drill 9; Evil tool|dc01|3|3|drill 9");
        /* Each alert knows its steps; real ones have their own numbers. */
        _cleanup_(buf_deinit) struct buf b = {0};
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        check_int(sql_rows(state_sql(w.d->state), &q,
                           "SELECT alert, play, step FROM exercise_alert_step ORDER BY alert, step",
                           ""),
                  0);
        while (sql_next(q) == 1)
                buf_printf(&b, "%lld/%lld/%lld ", (long long)sql_int(q, 0),
                           (long long)sql_int(q, 1), (long long)sql_int(q, 2));
        check_span(buf_get(&b), "1000000001/9/1 1000000001/9/3 1000000001/9/5 1000000002/9/1 "
                                "1000000002/9/3 1000000002/9/5 ");
        q = sql_end(q);
        world_end();
}

/* An attacker's endless keys against one correlation; kept hits are bounded too. */
static void endless_keys_are_bounded(void) {
        char user[32];
        uint64_t seq = 1;

        w.o.rate = 1000000;
        w.o.hits = 5000;
        w.o.correlate.memory = 1 << 20;
        world_start(world_rules);
        for (unsigned i = 0; i < 100; i++) {
                for (unsigned k = 0; k < 1000; k++) {
                        snprintf(user, sizeof(user), "User=u%u", i * 1000 + k);
                        hit(rule("Noise"), seq++, i, user);
                }
                if (i % 40 == 0)
                        hit(rule("Failed login"), seq++, i, "User=victim");
                check_int(judged(seq - 1000 - (i % 40 == 0), seq), 0);
                w.mono += 6 * NS_PER_SEC;
                check_int(commit(), 0);
        }
        check_int(desk_clock(w.d, at(1000)), 0);
        check_int(commit(), 0);
        check(stats().correlate.groups_evicted > 1000);
        check(stats().hits_forgotten > 80000);
        check(stats().correlate.peak_memory <= 1 << 20);
        check(strstr(alerts(), "Brute force|User=victim|1|1") != NULL);
        check(strstr(alerts(), "Few|*|") != NULL);
        world_end();
}

static const char exceptions_text[] = "exceptions:\n"
                                      "- id: backup\n"
                                      "  rules: 11111111-0000-0000-0000-000000000002\n"
                                      "  when: {Image|endswith: il, host: 'dc0*'}\n"
                                      "  owner: an@agency.vn\n"
                                      "  reason: the nightly backup\n"
                                      "  expires: 2026-12-31\n";

static void exceptions_suppress_and_are_counted(void) {
        _cleanup_(buf_deinit) struct buf said = {0};
        _cleanup_(state_freep) struct state *s = NULL;
        uint64_t n, bad;

        world_start(world_rules);
        check_int(desk_exceptions(w.d, SPAN("x.yml"), span_str(exceptions_text), w.wall, &said), 0);
        check_span(buf_get(&said), "");
        say(rule("Evil tool"), 1, 10, "host=dc01 Image=evil");
        say(rule("Evil tool"), 2, 10, "host=web Image=evil");
        say(rule("Evil tool"), 3, 10, "host=dc01 Image=other");
        say(rule("Evil tool"), 4, 11, "host=dc01 Image=evil");
        check_int(judged(1, 5), 0);
        check_int(commit(), 0);
        check_alerts("Evil tool|dc01|2|2|suppressed by backup; Evil tool|dc01|1|1; "
                     "Evil tool|web|1|1");
        check_int(stats().suppressed, 2);
        /* A broken list changes nothing. */
        check_int(desk_exceptions(w.d, SPAN("x.yml"), SPAN("exceptions:\n- rule: x\n"), w.wall,
                                  &said),
                  DESK_E_REFUSED);
        buf_char(&said, '\0');
        check(strstr(said.p, "x.yml:2:3: error: unknown key \"rule\": is rules meant?") != NULL);
        say(rule("Evil tool"), 5, 12, "host=dc01 Image=evil");
        check_int(judged(5, 6), 0);
        /* It ends. */
        w.wall = (INT64_C(20818) + 1) * 86400 * NS_PER_SEC; /* 2027-01-01 */
        say(rule("Evil tool"), 6, 13, "host=dc01 Image=evil");
        check_int(judged(6, 7), 0);
        check_int(commit(), 0);
        check_alerts("Evil tool|dc01|2|2; Evil tool|dc01|3|3|suppressed by backup; "
                     "Evil tool|web|1|1");
        buf_reset(&said);
        check_int(desk_exceptions(w.d, SPAN("x.yml"), SPAN("exceptions: []"), w.wall, &said), 0);
        check_int(commit(), 0);
        check_int(state_open(&s, &(struct state_options){.path = w.path, .read_only = true}), 0);
        check_int(state_audit_check(s, &n, &bad), 0);
        check_int(n, 2); /* added, removed */
        world_end();
}

int main(void) {
        RUN(old_alerts_go);
        RUN(a_record_judged_by_two_versions);
        RUN(correlations_are_told_when_the_watermark_is_past);
        RUN(restarts_double_no_correlation);
        RUN(new_rules_know_what_was);
        RUN(drills_stay_apart);
        RUN(endless_keys_are_bounded);
        RUN(exceptions_suppress_and_are_counted);
        RUN(one_alert_for_rule_and_entity);
        RUN(entity_is_host_else_user_else_source);
        RUN(judged_twice_counts_once);
        RUN(restart_goes_on_from_the_last_commit);
        RUN(watermark_waits_for_the_gap);
        RUN(samples_are_first_and_last_ten);
        RUN(a_liar_is_not_believed);
        RUN(unknown_rules_are_asked_for);
        RUN(what_is_not_durable_waits);
        RUN(too_much_is_counted_and_shown);
        RUN(two_thousand_a_second_of_a_rule);
        RUN(invented_hosts_are_one_alert_more);
        RUN(alerts_leave_memory_and_come_back);
        RUN(own_alerts);
        RUN(the_same_rule_after_a_change);
        return check_done();
}

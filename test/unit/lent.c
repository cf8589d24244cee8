/* Rights lent for a drill: a trainee alone goes through a whole one and sees nothing real; organisers and jury read what
 * points came from, and change none of it; everybody else is refused. Alerts are laid by hand, with the numbers and the
 * play that the pipeline gives them. */
#include "desk/exercise_facts.h"
#include "exercise_world.h"
#include "rules/regime.h"

#define DRILL_ALERT 1000000001LL
#define REAL_ALERT 5LL

static struct signed_in trainee, other, jury;
static char secret[64];

static void lay_law(void) {
        static const char law[] = TEST_CONTENT "/regimes/vn-2026/regime.yml";
        _cleanup_(buf_deinit) struct buf json = {0}, said = {0};
        char *text;
        size_t len;

        check_int(os_read_file(law, (size_t)1 << 20, &text, &len), 0);
        buf_char(&json, '[');
        check_int(regime_read(span_str(law), span_of(text, len), &json, &said), 0);
        buf_char(&json, ']');
        free(text);
        check_int(desk_regimes(w.d, buf_get(&json)), 0);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
}

static void sql(const char *text) {
        check_int(sql_do(state_sql(w.d->state), text, ""), 0);
}

/* `play` 0: real. */
static void alert_of(long long id, long long play, int64_t unit, int step) {
        long long t = (long long)w.wall, rule = 900 + id % 100;
        char text[900];

        check_int(desk_begin(w.d), 0);
        snprintf(text, sizeof(text),
                 "INSERT INTO rule(ref,kind,id,version,level,status,title,title_vi,description,"
                 "description_vi,file,tags) VALUES(%lld,1,'r%lld',x'00',3,0,'Rule','','','','','')",
                 rule, id);
        sql(text);
        snprintf(text, sizeof(text),
                 "INSERT INTO alert(id,key,rule,status,drill,entity_kind,entity,host,user,source,"
                 "exception,count,first,last,first_received,last_received,raised,updated,records)"
                 " VALUES(%lld,x'%02llx',%lld,0,%lld,1,'h','a-WS-01','','','',1,%lld,%lld,%lld,"
                 "%lld,%lld,%lld,'')",
                 id, id % 100, rule, play, t, t, t, t, t, t);
        sql(text);
        snprintf(text, sizeof(text),
                 "INSERT INTO triage(alert,status,severity,urgency,unit,system,rule,host,source,"
                 "drill,raised,waiting_since,words) VALUES(%lld,'new','high',1,%lld,NULL,'r%lld',"
                 "'a-WS-01','',%lld,%lld,%lld,'')",
                 id, (long long)unit, id, play, t, t);
        sql(text);
        if (play) {
                snprintf(text, sizeof(text),
                         "INSERT INTO exercise_alert_step(alert,play,step,at,time) VALUES(%lld,"
                         "%lld,%d,%lld,%lld)",
                         id, play, step, t, t);
                sql(text);
        }
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        api_tell_all(w.d, "alert", id, unit);
}

static int64_t real_incident, play;

static void world(void) {
        char other_secret[64];

        begin();
        lay_law();
        member("trainee", "trainee", unit_a);
        check_int(sign_in(&trainee, "trainee", GOOD_PASSWORD), 200);
        check_int(confirm_totp(&trainee, secret), 200);
        member("other", "trainee", unit_a);
        check_int(sign_in(&other, "other", GOOD_PASSWORD), 200);
        check_int(confirm_totp(&other, other_secret), 200);
        one(&jury, "jury", "jury", UNIT_ROOT);
        alert_of(REAL_ALERT, 0, unit_a, 0);
        want(200, &lead_a, "incidents.open", "{\"title\":\"real\",\"unit\":%lld,\"alerts\":[%lld]}",
             (long long)unit_a, REAL_ALERT);
        real_incident = answer_int("id");
        want(403, &trainee, "alerts.list", "{}");
        want(200, &trainee, "exercises.solo", "{\"scenario\":1,\"unit\":%lld,\"demo\":true}",
             (long long)unit_a);
        exercise = answer_int("id");
        pass(40);
        play = number("SELECT id FROM exercise_play WHERE exercise=?1", exercise);
        alert_of(DRILL_ALERT, play, unit_a, 2);
        alert_of(DRILL_ALERT + 1, play, unit_a, 3);
}

static void nothing_real(struct signed_in *s, int refused) {
        want(403, s, "alerts.accept", "{\"id\":%lld}", DRILL_ALERT + 7);
        want(refused, s, "alerts.get", "{\"id\":%lld}", REAL_ALERT);
        want(refused, s, "alerts.accept", "{\"id\":%lld}", REAL_ALERT);
        want(refused, s, "incidents.get", "{\"id\":%lld}", (long long)real_incident);
        want(refused, s, "incidents.note", "{\"id\":%lld,\"text\":\"x y\",\"kind\":\"note\"}",
             (long long)real_incident);
}

static int64_t whole_case(void) {
        want(200, &trainee, "alerts.list", "{}");
        check_int(answer_int("total"), 2);
        want(200, &trainee, "alerts.get", "{\"id\":%lld}", DRILL_ALERT);
        want(200, &trainee, "alerts.accept", "{\"id\":%lld}", DRILL_ALERT);
        want(200, &trainee, "incidents.open",
             "{\"title\":\"macro\",\"unit\":%lld,\"alerts\":[%lld],\"kind\":\"malware\"}",
             (long long)unit_a, DRILL_ALERT);
        int64_t incident = answer_int("id");
        check(incident > STATE_DRILL_IDS);
        want(200, &trainee, "alerts.merge", "{\"id\":%lld,\"incident\":%lld}", DRILL_ALERT + 1,
             (long long)incident);
        want(200, &trainee, "incidents.list", "{}");
        check_int(answer_int("total"), 1);
        want(200, &trainee, "incidents.get", "{\"id\":%lld}", (long long)incident);
        want(200, &trainee, "incidents.timeline", "{\"id\":%lld}", (long long)incident);
        want(200, &trainee, "incidents.note",
             "{\"id\":%lld,\"kind\":\"message\",\"text\":\"told the owner by telephone\"}",
             (long long)incident);
        want(200, &trainee, "incidents.observable_add",
             "{\"id\":%lld,\"type\":\"address\",\"value\":\"203.0.113.66\"}", (long long)incident);
        want(200, &trainee, "actions.propose",
             "{\"incident\":%lld,\"kind\":\"block\",\"targets\":[\"203.0.113.66\"],\"seconds\":"
             "3600,"
             "\"reason\":\"it calls home\"}",
             (long long)incident);
        int64_t action = answer_int("id");
        want(200, &trainee, "actions.approve", "{\"id\":%lld,\"code\":\"000000\"}",
             (long long)action);
        check(strcmp(answer_text("state"), "in_force") == 0);
        check_int(number("SELECT simulated FROM action WHERE id=?1", action), 1);
        want(200, &trainee, "actions.undo", "{\"id\":%lld,\"reason\":\"it was wrong\"}",
             (long long)action);
        return incident;
}

static int64_t a_report(int64_t incident) {
        want(200, &trainee, "reports.open", "{\"kind\":\"immediate\",\"incident\":%lld}",
             (long long)incident);
        int64_t report = answer_int("id");
        json_t *fields = json_incref(json_object_get(api_w.answer, "fields")), *f,
               *to = json_array();
        size_t i;
        json_array_foreach(fields, i, f) {
                const char *kind = json_string_value(json_object_get(f, "kind"));

                if (json_is_null(json_object_get(f, "value")))
                        json_array_append_new(
                                to,
                                json_pack("{ss ss}", "name",
                                          json_string_value(json_object_get(f, "name")), "value",
                                          strcmp(kind, "time") == 0 ? "2026-11-23T05:00:00Z"
                                                                    : "as it was"));
        }
        char *text = json_dumps(to, 0);
        want(200, &trainee, "reports.edit", "{\"id\":%lld,\"version\":1,\"fields\":%s}",
             (long long)report, text);
        free(text);
        json_decref(fields);
        json_decref(to);
        want(200, &trainee, "reports.submit", "{\"id\":%lld,\"version\":2}", (long long)report);
        want(200, &trainee, "reports.sign", "{\"id\":%lld,\"version\":2,\"code\":\"000000\"}",
             (long long)report);
        check(strcmp(answer_text("state"), "signed") == 0);
        want(200, &trainee, "reports.hand",
             "{\"id\":%lld,\"to\":\"the department\",\"proof\":\"by telephone at once\"}",
             (long long)report);
        check(strcmp(answer_text("state"), "sent") == 0);
        return report;
}

static const char *const others[] = {"exceptions.list",  "searches.saved",
                                     "systems.list",     "people.list",
                                     "evidence.exports", "recovery.repositories"};

static void a_trainee_alone(void) {
        world();
        nothing_real(&trainee, 403);
        int64_t incident = whole_case();
        alert_of(DRILL_ALERT + 2, play, unit_a, 3);
        alert_of(REAL_ALERT + 1, 0, unit_a, 0);
        want(409, &trainee, "incidents.open",
             "{\"title\":\"both\",\"unit\":%lld,\"alerts\":[%lld,%lld]}", (long long)unit_a,
             DRILL_ALERT + 2, REAL_ALERT + 1);
        want(200, &trainee, "session.get", "{}");
        check(json_array_size(answer_at("lent")) > 10);
        check(json_array_size(answer_at("permissions")) < 5);
        /* Several at once: what is real is not there, whatever stands before it; nor is there an exception. */
        want(200, &trainee, "alerts.bulk",
             "{\"ids\":[%lld,%lld],\"action\":\"dismiss\",\"reason\":\"test\"}", DRILL_ALERT + 2,
             REAL_ALERT + 1);
        check_int(number("SELECT count(*) FROM triage WHERE alert=?1 AND status='new'",
                         REAL_ALERT + 1),
                  1);
        check_int(number("SELECT count(*) FROM triage WHERE alert=?1 AND status='dismissed'",
                         DRILL_ALERT + 2),
                  1);
        want(200, &trainee, "alerts.undo", "{\"id\":%lld}", DRILL_ALERT + 2);
        want(404, &trainee, "alerts.merge", "{\"id\":%lld,\"incident\":%lld}", DRILL_ALERT + 2,
             (long long)real_incident);
        a_report(incident);
        for (size_t i = 0; i < ARRAY_LEN(others); i++)
                want(403, &trainee, others[i], "{}");
        want(403, &trainee, "incidents.open", "{\"title\":\"real\",\"unit\":%lld}",
             (long long)unit_a);
        /* nobody else's, trainee or not */
        want(403, &other, "alerts.get", "{\"id\":%lld}", DRILL_ALERT);
        want(403, &other, "incidents.get", "{\"id\":%lld}", (long long)incident);
        want(403, &other, "alerts.list", "{}");
        want(200, &lead_a, "alerts.list", "{}");
        check_int(answer_int("total"), 2);
        want(404, &lead_b, "incidents.get", "{\"id\":%lld}", (long long)incident);
        /* its points: approved by the same person, as nobody else is there */
        struct drill_facts facts;
        unsigned contained = 0;

        facts_init(&facts);
        check_int(exercise_facts(w.d, play, w.wall, &facts), 0);
        for (size_t i = 0; i < facts.n; i++)
                if (facts.facts[i].kind == FACT_CONTAINED) {
                        contained++;
                        check(!facts.facts[i].self);
                }
        check_int(contained, 1);
        facts_deinit(&facts);
        /* over: it is read, not worked on */
        want(200, &trainee, "drill.control", "{\"move\":\"end\"}");
        want(200, &trainee, "incidents.get", "{\"id\":%lld}", (long long)incident);
        want(403, &trainee, "alerts.accept", "{\"id\":%lld}", DRILL_ALERT);
        want(403, &trainee, "incidents.note", "{\"id\":%lld,\"kind\":\"note\",\"text\":\"late\"}",
             (long long)incident);
        want(403, &trainee, "alerts.list", "{}");
        want(200, &trainee, "alerts.list", "{\"play\":%lld}", (long long)play);
        end();
}

/* The unit's own lead, alone: the same, beside their real work. */
static void a_lead_alone(void) {
        char own[64];

        begin();
        lay_law();
        member("chief", "lead", unit_a);
        check_int(sign_in(&trainee, "chief", GOOD_PASSWORD), 200);
        check_int(confirm_totp(&trainee, own), 200);
        alert_of(REAL_ALERT, 0, unit_a, 0);
        want(200, &trainee, "exercises.solo", "{\"scenario\":1,\"unit\":%lld,\"demo\":true}",
             (long long)unit_a);
        exercise = answer_int("id");
        pass(40);
        play = number("SELECT id FROM exercise_play WHERE exercise=?1", exercise);
        alert_of(DRILL_ALERT, play, unit_a, 2);
        want(200, &trainee, "alerts.list", "{}");
        check_int(answer_int("total"), 2);
        want(200, &trainee, "alerts.get", "{\"id\":%lld}", REAL_ALERT);
        want(200, &trainee, "incidents.open",
             "{\"title\":\"macro\",\"unit\":%lld,\"alerts\":[%lld]}", (long long)unit_a,
             DRILL_ALERT);
        int64_t incident = answer_int("id");
        want(200, &trainee, "actions.propose",
             "{\"incident\":%lld,\"kind\":\"block\",\"targets\":[\"203.0.113.66\"],\"seconds\":"
             "3600,"
             "\"reason\":\"it calls home\"}",
             (long long)incident);
        int64_t action = answer_int("id");
        want(200, &trainee, "actions.approve", "{\"id\":%lld,\"code\":\"000000\"}",
             (long long)action);
        end();
}

static void organisers_and_jury_read(void) {
        static const char *const lists[] = {"alerts.list", "incidents.list", "actions.list",
                                            "reports.list", "evidence.list"};
        struct signed_in *const both[] = {&organiser, &jury};

        world();
        int64_t incident = whole_case(), report = a_report(incident);
        for (size_t k = 0; k < ARRAY_LEN(both); k++) {
                struct signed_in *s = both[k];

                want(200, s, "alerts.get", "{\"id\":%lld}", DRILL_ALERT);
                want(200, s, "incidents.get", "{\"id\":%lld}", (long long)incident);
                want(200, s, "incidents.timeline", "{\"id\":%lld}", (long long)incident);
                want(200, s, "reports.get", "{\"id\":%lld}", (long long)report);
                want(200, s, "actions.get", "{\"id\":%lld}",
                     (long long)number("SELECT max(id) FROM action WHERE incident=?1", incident));
                for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
                        want(200, s, lists[i], "{\"play\":%lld}", (long long)play);
                        want(403, s, lists[i], "{}");
                }
                want(200, s, "alerts.list", "{\"play\":%lld}", (long long)play);
                check_int(answer_int("total"), 2);
                nothing_real(s, 403);
                want(403, s, "alerts.accept", "{\"id\":%lld}", DRILL_ALERT);
                want(403, s, "incidents.note",
                     "{\"id\":%lld,\"kind\":\"note\",\"text\":\"not mine\"}", (long long)incident);
                want(403, s, "actions.undo", "{\"id\":%lld,\"reason\":\"not mine\"}",
                     (long long)number("SELECT max(id) FROM action WHERE incident=?1", incident));
                want(403, s, "reports.reopen", "{\"id\":%lld,\"reason\":\"not mine\"}",
                     (long long)report);
        }
        end();
}

/* An organiser of one unit's own exercises reads those, not others'. */
static void of_other_exercises(void) {
        struct signed_in of_b = {0};

        world();
        one(&of_b, "org-b", "organiser", unit_b);
        want(403, &of_b, "alerts.get", "{\"id\":%lld}", DRILL_ALERT);
        want(403, &of_b, "alerts.list", "{\"play\":%lld}", (long long)play);
        end();
}

int main(void) {
        RUN(a_trainee_alone);
        RUN(a_lead_alone);
        RUN(organisers_and_jury_read);
        RUN(of_other_exercises);
        return check_done();
}

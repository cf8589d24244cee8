/* Re-tests at the desk: one begins by itself on its day, with the seed that was laid down for it, plays the part that the
 * gap is about and nothing else, ends and is judged; the task is done when it was passed, not before. */
#include "exercise/part.h"
#include "exercise_world.h"

static void sql(const char *text) {
        check_int(sql_do(state_sql(w.d->state), text, ""), 0);
}

static const char *when(int64_t seconds) {
        static char text[2][40];
        static int k;

        k = !k;
        time_format(text[k], w.wall + seconds * NS_PER_SEC, 0);
        return text[k];
}

/* Of a play's step, raised now. */
static void alert_of(int id, int play, int64_t unit, int step) {
        long long t = (long long)w.wall, drill = 0,
                  started =
                          (long long)number("SELECT e.started FROM exercise e JOIN exercise_play y"
                                            " ON y.exercise=e.id WHERE y.id=?1",
                                            play);
        char text[900];

        check(exercise_drill_of(state_sql(w.d->state), play, w.wall, (int64_t *)&drill) == 0);
        check_int(desk_begin(w.d), 0);
        snprintf(text, sizeof(text),
                 "INSERT INTO rule(ref,kind,id,version,level,status,title,title_vi,description,"
                 "description_vi,file,tags) VALUES(%d,1,'r%d',x'00',3,0,'Rule','','','','','')",
                 900 + id, id);
        sql(text);
        snprintf(text, sizeof(text),
                 "INSERT INTO alert(id,key,rule,status,drill,entity_kind,entity,host,user,source,"
                 "exception,count,first,last,first_received,last_received,raised,updated,records)"
                 " VALUES(%d,x'%02x',%d,0,%d,1,'h','a-WS-01','','','',1,%lld,%lld,%lld,%lld,%lld,"
                 "%lld,'')",
                 id, id, 900 + id, play, t, t, t, t, t, t);
        sql(text);
        snprintf(
                text, sizeof(text),
                "INSERT INTO triage(alert,status,severity,urgency,unit,system,rule,host,source,"
                "drill,raised,waiting_since,words) VALUES(%d,'new','high',1,%lld,NULL,'r%d','h','',"
                "%d,%lld,%lld,'')",
                id, (long long)unit, id, play, t, t);
        sql(text);
        snprintf(text, sizeof(text),
                 "INSERT INTO exercise_alert_step(alert,play,step,at,time) VALUES(%d,%d,%d,%lld,"
                 "%lld)",
                 id, play, step, t, started + (drill - 5000) * 1000000);
        sql(text);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        api_tell_all(w.d, "alert", id, unit);
}

#define CREDS 6 /* step of the shipped scenario; see-creds is its line */

static int64_t task, retest;

/* Both units saw nothing; unit A makes a task of one gap. */
static void a_gap(bool by_itself) {
        begin();
        prepare(8000);
        go();
        line_open();
        want(200, &organiser, "exercises.start", "{\"id\":%lld}", (long long)exercise);
        pass_line(170);
        want(200, &organiser, "exercises.end", "{\"id\":%lld}", (long long)exercise);
        want(200, &lead_a, "results.task",
             "{\"id\":%lld,\"play\":1,\"key\":\"see-creds\",\"due\":\"%s\",\"retest\":\"%s\","
             "\"auto\":%s}",
             (long long)exercise, when(86400), when(30), by_itself ? "true" : "false");
        task = answer_int("id");
        retest = number("SELECT max(id) FROM exercise_retest WHERE ?1", 1);
        check_int(number("SELECT count(*) FROM exercise_retest WHERE state='planned' AND ?1", 1),
                  1);
}

static void done(int status) {
        want(status, &lead_a, "improvements.change",
             "{\"id\":%lld,\"version\":%lld,\"state\":\"done\"}", (long long)task,
             (long long)number("SELECT version FROM improvement WHERE id=?1", task));
}

static int64_t t_of(int64_t play) {
        int64_t t = 0;

        check_int(exercise_drill_of(state_sql(w.d->state), play, w.wall, &t), 0);
        return t;
}

static bool is(const char *state) {
        char text[200];

        snprintf(text, sizeof(text), "SELECT state='%s' FROM exercise_retest WHERE id=?1", state);
        return number(text, retest) == 1;
}

static void it_begins_by_itself_and_plays_its_part(void) {
        a_gap(true);
        done(409);
        pass_line(20);
        check_int(number("SELECT count(*) FROM exercise WHERE ?1", 1), 1); /* not before its day */
        check(is("planned"));
        pass_line(30);
        check(is("running"));
        int64_t e = number("SELECT exercise FROM exercise_retest WHERE id=?1", retest);
        check(e > exercise);
        check_int(number("SELECT seed FROM exercise WHERE id=?1", e),
                  number("SELECT seed FROM exercise_retest WHERE id=?1", retest));
        check(number("SELECT seed FROM exercise WHERE id=?1", e) != 7);
        check_int(number("SELECT simulated FROM exercise WHERE id=?1", e), 1);
        check(number("SELECT count(*) FROM exercise_roster WHERE exercise=?1", e) >= 5);
        int64_t play = number("SELECT id FROM exercise_play WHERE exercise=?1", e);
        int64_t from = number("SELECT part_from FROM exercise WHERE id=?1", e);
        check(from > 5 * 60000 && t_of(play) >= from && t_of(play) < from + 60 * 8000);
        /* its unit knows that something runs, and not what it is about */
        want(200, &lead_a, "drill.get", "{}");
        check(!memmem(api_w.body.p, api_w.body.len, "see-creds", 9));
        check(!memmem(api_w.body.p, api_w.body.len, "passwords", 9));
        pass_line(100);
        uint64_t others = line.steps[play] & ~(UINT64_C(1) | 1u << 1 | 1u << 4 | 1u << 7);
        check_int((int64_t)others, INT64_C(1) << CREDS);
        check_int(number("SELECT count(*) FROM exercise_delivery WHERE play=?1", play), 0);
        check_int(number("SELECT ended IS NOT NULL FROM exercise WHERE id=?1", e), 1);
        pass_line(80);
        check(is("failed")); /* nothing was seen: another is planned, and the task stays open */
        check_int(number("SELECT count(*) FROM exercise_retest WHERE state='planned' AND auto AND"
                         " due>?1",
                         w.wall + 6 * 86400 * NS_PER_SEC),
                  1);
        done(409);
        end();
}

static void the_units_lead_starts_it(void) {
        a_gap(false);
        pass_line(60);
        check(is("planned")); /* nobody said that it begins by itself */
        want(404, &lead_b, "results.retest_start", "{\"id\":%lld,\"retest\":%lld}",
             (long long)exercise, (long long)retest);
        struct signed_in trainee = {0};
        one(&trainee, "trainee", "trainee", unit_a);
        want(403, &trainee, "results.retest_start", "{\"id\":%lld,\"retest\":%lld}",
             (long long)exercise, (long long)retest);
        want(200, &lead_a, "results.retest_start", "{\"id\":%lld,\"retest\":%lld}",
             (long long)exercise, (long long)retest);
        check(strcmp(answer_text("state"), "running") == 0);
        check_int(answer_int("seed"), 0); /* not the lead's to know before */
        want(409, &lead_a, "results.retest_start", "{\"id\":%lld,\"retest\":%lld}",
             (long long)exercise, (long long)retest);
        int64_t e = answer_int("running");
        e = number("SELECT exercise FROM exercise_retest WHERE id=?1", retest);
        int64_t play = number("SELECT id FROM exercise_play WHERE exercise=?1", e);
        for (int i = 0; i < 60 && !(line.steps[play] >> CREDS & 1); i++)
                pass_line(1);
        pass_line(2);
        alert_of(77, (int)play, unit_a, CREDS);
        pass_line(170);
        check(is("passed"));
        check_int(number("SELECT passed FROM exercise_gap WHERE ?1", 1), 1);
        done(200);
        end();
}

static void another_seed_is_none(void) {
        a_gap(false);
        int64_t seed = number("SELECT seed FROM exercise_retest WHERE id=?1", retest);
        int64_t old = exercise;
        want(200, &organiser, "exercises.create",
             "{\"title\":\"y\",\"scenario\":1,\"unit\":1,\"units\":[%lld],\"speed\":8000,\"seed\":%"
             "lld}",
             (long long)unit_a, (long long)(seed == 99 ? 98 : 99));
        int64_t e = answer_int("id");
        check_int(desk_begin(w.d), 0);
        sql("UPDATE exercise SET started=1, ended=2, state='ended' WHERE title='y'");
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        int64_t play = number("SELECT id FROM exercise_play WHERE exercise=?1", e);
        want(409, &organiser, "results.retest", "{\"id\":%lld,\"retest\":%lld,\"play\":%lld}",
             (long long)old, (long long)retest, (long long)play);
        char text[200];
        snprintf(text, sizeof(text), "UPDATE exercise SET seed=%lld WHERE title='y'",
                 (long long)seed);
        check_int(desk_begin(w.d), 0);
        sql(text);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        want(200, &organiser, "results.retest", "{\"id\":%lld,\"retest\":%lld,\"play\":%lld}",
             (long long)old, (long long)retest, (long long)play);
        check(is("failed"));
        end();
}

/* In another exercise: it waits, and says nothing wrong. */
static void not_while_it_plays(void) {
        a_gap(true);
        prepare(1000);
        go();
        want(200, &organiser, "exercises.start", "{\"id\":%lld}", (long long)exercise);
        pass_line(60);
        check(is("planned"));
        want(200, &organiser, "exercises.stop", "{\"id\":%lld,\"reason\":\"enough\"}",
             (long long)exercise);
        pass_line(30);
        check(is("running"));
        /* stopped: it is planned again, by hand */
        want(200, &organiser, "exercises.stop", "{\"id\":%lld,\"reason\":\"enough\"}",
             (long long)number("SELECT exercise FROM exercise_retest WHERE id=?1", retest));
        pass_line(90);
        check(is("planned"));
        check_int(number("SELECT auto FROM exercise_retest WHERE id=?1", retest), 0);
        end();
}

static void a_rehearsal_plays_telemetry(void) {
        begin();
        prepare(8000);
        want(409, &organiser, "exercises.rehearse_play", "{\"id\":%lld}", (long long)exercise);
        want(200, &organiser, "exercises.rehearse", "{\"id\":%lld}", (long long)exercise);
        want(403, &lead_a, "exercises.rehearse_play", "{\"id\":%lld}", (long long)exercise);
        line_open();
        want(200, &organiser, "exercises.rehearse_play", "{\"id\":%lld}", (long long)exercise);
        int64_t e = answer_int("id");
        check(e != exercise);
        check(strncmp(answer_text("title"), "Rehearsal DT-", 13) == 0);
        want(409, &organiser, "exercises.rehearse_play", "{\"id\":%lld}", (long long)exercise);
        check_int(number("SELECT simulated FROM exercise WHERE id=?1", e), 1);
        check(number("SELECT seed FROM exercise WHERE id=?1", e) != 7);
        check_int(number("SELECT count(*) FROM exercise_play WHERE exercise=?1 AND live", e), 2);
        int64_t play = number("SELECT min(id) FROM exercise_play WHERE exercise=?1", e);
        pass_line(70);
        check(line.n[play] > 10 && line.n[play + 1] > 10);
        check(line.steps[play] >> 2 & 1); /* the document is opened: the first step */
        check_int((int64_t)(line.steps[play] >> 3 & ~(UINT64_C(1) << (4 - 3))),
                  0); /* and no other */
        check_int(number("SELECT ended IS NOT NULL FROM exercise WHERE id=?1", e), 1);
        check_int(number("SELECT state='rehearsal' FROM exercise WHERE id=?1", exercise), 1);
        check_int((int64_t)line.n[1], 0); /* nothing is played to the exercise itself */
        go();
        want(200, &organiser, "exercises.start", "{\"id\":%lld}", (long long)exercise);
        check_int(number("SELECT count(*) FROM exercise_alert_step WHERE play=?1", 1), 0);
        end();
}

int main(void) {
        RUN(it_begins_by_itself_and_plays_its_part);
        RUN(the_units_lead_starts_it);
        RUN(another_seed_is_none);
        RUN(not_while_it_plays);
        RUN(a_rehearsal_plays_telemetry);
        return check_done();
}

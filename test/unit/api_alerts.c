/* The queue of alerts through the API: order, filters, pseudonyms, steps and their undoing, what comes back. */
#include "api_world.h"
#include "desk/desk_impl.h"
#include "desk/people.h"

static void three_alerts(void) {
        world_start(world_rules);
        api_start();
        say(rule("Failed login"), 1, 5, "host=web01 user=an Image=x");
        say(rule("Evil tool"), 2, 10, "host=DC01 user=binh Image=evil");
        say(rule("Evil tool"), 3, 11, "user=binh Image=evil");
        check_int(judged(1, 4), 0);
        check_int(commit(), 0);
}

static void done(void) {
        api_end();
        world_end();
}

static void the_queue_is_by_severity_then_age(void) {
        three_alerts();
        check_int(ask("alerts.list", "{}"), 200);
        check_int(answer_int("total"), 3);
        check_span(span_str(answer_text("items.0.severity")), "high");
        check_span(span_str(answer_text("items.1.severity")), "high");
        check_span(span_str(answer_text("items.2.severity")), "low");
        check_span(span_str(answer_text("items.2.host")), "web01");
        check_span(span_str(answer_text("items.2.status")), "new");
        check(answer_int("items.0.version") == 1 && json_is_array(answer_at("items.0.tags")));
        check_int(ask("alerts.list", "{\"status\":[\"new\"],\"severity\":[\"low\"]}"), 200);
        check_int(answer_int("total"), 1);
        check_int(ask("alerts.list", "{\"status\":\"dismissed\"}"), 200);
        check_int(answer_int("total"), 0);
        check_int(ask("alerts.list", "{\"q\":\"dc01\"}"), 200);
        check_int(answer_int("total"), 1);
        check_int(ask("alerts.list", "{\"sort\":\"-raised\",\"limit\":2}"), 200);
        check(json_is_string(answer_at("next")));
        check_int(ask("alerts.list", "{\"sort\":\"count\"}"), 422);
        done();
}

/* One name is one pseudonym, in the list, in one that is opened and in what a step answers; search does not find
 * accounts. */
static void names_of_people_are_pseudonyms(void) {
        char a[32];

        three_alerts();
        check_int(ask("alerts.list", "{\"severity\":\"high\"}"), 200);
        snprintf(a, sizeof(a), "%s", answer_text("items.0.user"));
        check(strncmp(a, "person-", 7) == 0 && strlen(a) == 13);
        check_span(span_str(answer_text("items.1.user")), a);
        check_int(ask("alerts.list", "{\"q\":\"binh\"}"), 200);
        check_int(answer_int("total"), 0);
        check_int(ask("alerts.get", "{\"id\":2}"), 200);
        check_span(span_str(answer_text("user")), a);
        check(json_is_true(answer_at("masked")));
        check_int(ask("alerts.get", "{\"id\":3}"), 200);
        check_span(span_str(answer_text("entity")), a);
        check_int(ask("alerts.accept", "{\"id\":3}"), 200);
        check_span(span_str(answer_text("user")), a);
        check_span(span_str(answer_text("entity")), a);
        done();
}

static void one_alert_says_why(void) {
        three_alerts();
        check_int(ask("alerts.get", "{\"id\":2}"), 200);
        check_span(span_str(answer_text("why.0.field")), "Image");
        check_span(span_str(answer_text("why.0.value")), "evil");
        check_span(span_str(answer_text("why.0.text_vi")), "Image là \"evil\"");
        check_int(answer_int("events.0.seq"), 2);
        check_span(span_str(answer_text("events.0.fields.Image")), "evil");
        check(json_is_true(answer_at("history.first_on_host")));
        check_int(answer_int("history.days.0.n"), 1);
        check(json_is_array(answer_at("suggestions")));
        check_int(ask("alerts.get", "{\"id\":99}"), 404);
        done();
}

static void steps_are_taken_and_taken_back(void) {
        three_alerts();
        check_int(ask("alerts.accept", "{\"id\":2,\"version\":1}"), 200);
        check_span(span_str(answer_text("status")), "taken");
        check(json_is_null(answer_at("waiting_since")));
        check_int(ask("alerts.accept", "{\"id\":2}"), 409);
        check_span(span_str(answer_text("code")), "state");
        check_int(ask("alerts.dismiss", "{\"id\":2,\"version\":1,\"reason\":\"test\"}"), 409);
        check_span(span_str(answer_text("code")), "stale");
        check_int(ask("alerts.dismiss", "{\"id\":2}"), 422);
        check_int(ask("alerts.dismiss", "{\"id\":2,\"reason\":\"test\",\"text\":\"ours\"}"), 200);
        check_span(span_str(answer_text("dismiss_reason")), "test");
        check_int(ask("alerts.undo", "{\"id\":2}"), 200);
        check_span(span_str(answer_text("status")), "taken");
        check_int(ask("alerts.undo", "{\"id\":2}"), 409);
        check_int(ask("alerts.hand_over", "{\"id\":2}"), 200);
        check_span(span_str(answer_text("status")), "new");
        check_int(ask("alerts.hand_over", "{\"id\":2,\"to\":77}"), 422);
        check_int(ask("alerts.merge", "{\"id\":2,\"incident\":5}"), 404);
        w.wall += 601 * NS_PER_SEC;
        check_int(ask("alerts.undo", "{\"id\":2}"), 409);
        check_int(ask("audit.list", "{\"what\":\"alerts.dismiss\"}"), 200);
        check_int(answer_int("total"), 1);
        check_span(span_str(answer_text("items.0.about")), "alert 2");
        check_span(span_str(answer_text("items.0.detail.reason")), "test");
        done();
}

static void many_at_once(void) {
        three_alerts();
        check_int(ask("alerts.accept", "{\"id\":1}"), 200);
        check_int(ask("alerts.bulk", "{\"ids\":[1,2,3,9],\"action\":\"accept\"}"), 200);
        check_int(json_array_size(answer_at("done")), 2);
        check_int(answer_int("refused.0.id"), 1);
        check_span(span_str(answer_text("refused.0.code")), "state");
        check_span(span_str(answer_text("refused.1.code")), "missing");
        check_int(ask("alerts.bulk", "{\"ids\":[2,3],\"action\":\"undo\"}"), 200);
        check_int(json_array_size(answer_at("done")), 2);
        check_int(ask("alerts.list", "{\"status\":\"new\"}"), 200);
        check_int(answer_int("total"), 2);
        done();
}

/* T1: within the hour it only counts; later it waits again. */
static void what_still_fires_comes_back(void) {
        three_alerts();
        check_int(ask("alerts.dismiss", "{\"id\":2,\"reason\":\"false_positive\"}"), 200);
        w.wall += 600 * NS_PER_SEC;
        say(rule("Evil tool"), 4, 600, "host=dc01 Image=evil");
        check_int(judged(4, 5), 0);
        check_int(commit(), 0);
        check_int(ask("alerts.get", "{\"id\":2}"), 200);
        check_span(span_str(answer_text("status")), "dismissed");
        check_int(answer_int("count"), 2);
        w.wall += 3601 * NS_PER_SEC;
        say(rule("Evil tool"), 5, 4000, "host=dc01 Image=evil");
        check_int(judged(5, 6), 0);
        check_int(commit(), 0);
        check_int(ask("alerts.get", "{\"id\":2}"), 200);
        check_span(span_str(answer_text("status")), "new");
        check_int(answer_int("again"), 1);
        check_int(answer_int("count"), 3);
        done();
}

/* Alerts of before there was a queue. */
static void older_alerts_are_in_the_queue_too(void) {
        three_alerts();
        check_int(sql_do(state_sql(w.d->state), "DELETE FROM triage WHERE alert>1", ""), 0);
        api_end();
        world_close();
        check_int(world_open(), 0);
        api_start();
        check_int(ask("alerts.list", "{}"), 200);
        check_int(answer_int("total"), 3);
        done();
}

/* Few rows are looked up by their trigrams, many are met in order: either way those that have the text. */
static void words_are_found_among_few_and_many(void) {
        static const struct {
                const char *body;
                long long total;
        } asked[] = {{"{\"q\":\"SUSPICIOUS thing\"}", 2500}, /* more than are looked up */
                     {"{\"q\":\"dang ngo\",\"limit\":3}", 2500},
                     {"{\"q\":\"host77.\"}", 25},
                     {"{\"q\":\"77\"}", 25}, /* too short for a trigram */
                     {"{\"q\":\"host77.\",\"status\":[\"taken\"]}", 0},
                     {"{\"q\":\"\\\"host77.\\\"\"}", 0}, /* quotes are a text's own */
                     {"{\"q\":\"host77.example nothing\"}", 0}};
        struct sql *s;

        world_start(world_rules);
        check_int(commit(), 0);
        s = state_sql(w.d->state);
        check_int(state_begin(w.d->state), 0);
        check_int(sql_do(s,
                         "INSERT INTO rule VALUES(1000,0,'r',x'00',3,1,'Suspicious thing',"
                         "'Việc đáng ngờ','','','f.yml','[]')",
                         ""),
                  0);
        for (int64_t i = 1; i <= 2500; i++)
                check_int(sql_do(s,
                                 "INSERT INTO alert VALUES(?1,randomblob(16),1000,0,0,1,'e',"
                                 "'host'||(?1%100)||'.example','u','src','',1,?2,?2,?2,?2,?2,?2,"
                                 "'[[1,0,100,null]]',0)",
                                 "ii", i, w.wall + i),
                          0);
        check_int(state_commit(w.d->state), 0);
        world_close();
        check_int(world_open(), 0);
        api_start();
        for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
                check_int(ask("alerts.list", asked[i].body), 200);
                check_int(answer_int("total"), asked[i].total);
        }
        check_int(ask("alerts.list", "{\"q\":\"host77.\",\"limit\":1,\"sort\":\"raised\"}"), 200);
        check_int(answer_int("items.0.id"), 77);
        done();
}

/* More changes in one commit than one listener is told of: who may see only some hears of just those. */
static void many_changes_are_told_to_whom_they_concern(void) {
        struct api_next next = {0};

        three_alerts();
        check_int(ask("events.follow", "{}"), 200);
        uint64_t stream = api_w.id;
        check_int(api_send_frame(1, API_NEXT, stream, &next, sizeof(next), SPAN_NONE), 0);
        struct sql *s = state_sql(w.d->state);
        check_int(desk_begin(w.d), 0);
        for (int64_t i = 2; i < 302; i++)
                check_int(sql_do(s,
                                 "INSERT INTO unit(id,parent,code,name,name_vi,kind,path,depth,"
                                 "created) VALUES(?1,1,'u'||?1,'u','u','site','/1/'||?1||'/',1,0)",
                                 "i", i),
                          0);
        static const unsigned char token[API_TOKEN_BYTES] = "page of one";
        unsigned char hash[32];
        session_hash(token, hash);
        check_int(sql_do(s,
                         "INSERT INTO person(id,login,name,unit,created) VALUES(77,'p','P',150,0)",
                         ""),
                  0);
        check_int(sql_do(s,
                         "INSERT INTO role_grant(person,role,unit,since,given_at) VALUES(77,?1,150,"
                         "0,0)",
                         "i", (int64_t)ROLE_OFFICER),
                  0);
        check_int(sql_do(s,
                         "INSERT INTO session(hash,person,needs,created,last,second_at,address)"
                         " VALUES(?1,77,0,?2,?2,?2,'127.0.0.1')",
                         "xi", span_of((const char *)hash, 32), w.wall),
                  0);
        check_int(ask_as(token, "events.follow", "{}"), 200);
        uint64_t one = api_w.id;
        check_int(api_send_frame(0, API_NEXT, one, &next, sizeof(next), SPAN_NONE), 0);
        for (int64_t i = 2; i < 302; i++)
                api_tell_all(w.d, "alert", 1000 + i, i);
        api_tell_all(w.d, "person", 5, 0);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        desk_api_committed(w.d);
        w.mono += NS_PER_SEC;
        check_int(desk_api_tick(w.d, w.mono, w.wall), 0);
        check_int(api_take_frame(1), stream);
        buf_char(&api_w.body, '\0');
        check(strcmp(api_w.body.p, "event: change\ndata: {\"what\":\"all\",\"id\":null}\n\n") == 0);
        check_int(api_take_frame(0), one);
        buf_char(&api_w.body, '\0');
        check(strstr(api_w.body.p, "{\"what\":\"alert\",\"id\":1150}"));
        check(!strstr(api_w.body.p, "\"id\":1149") && !strstr(api_w.body.p, "\"id\":1151") &&
              !strstr(api_w.body.p, "all"));
        done();
}

/* A page that listens is told after the commit, once for many changes, and only what changed. */
static void listeners_are_told(void) {
        struct api_next next = {0};

        three_alerts();
        check_int(ask("events.follow", "{}"), 200);
        uint64_t stream = api_w.id;
        check_int(api_send_frame(1, API_NEXT, stream, &next, sizeof(next), SPAN_NONE), 0);
        w.mono += NS_PER_SEC;
        check_int(ask("alerts.accept", "{\"id\":1}"), 200);
        check_int(desk_api_tick(w.d, w.mono, w.wall), 0);
        check_int(api_take_frame(1), stream);
        buf_char(&api_w.body, '\0');
        check(strcmp(api_w.body.p, "event: change\ndata: {\"what\":\"alert\",\"id\":1}\n\n") == 0);
        check_int(ask("alerts.accept", "{\"id\":2}"), 200);
        check_int(api_take_frame(1), 0); /* it did not ask for more */
        check_int(api_send_frame(1, API_NEXT, stream, &next, sizeof(next), SPAN_NONE), 0);
        check_int(api_take_frame(1), 0); /* too soon */
        w.mono += NS_PER_SEC;
        check_int(desk_api_tick(w.d, w.mono, w.wall), 0);
        check_int(api_take_frame(1), stream);
        check_int(api_send_frame(1, API_GONE, stream, &next, sizeof(next), SPAN_NONE), 0);
        done();
}

int main(void) {
        RUN(the_queue_is_by_severity_then_age);
        RUN(names_of_people_are_pseudonyms);
        RUN(one_alert_says_why);
        RUN(steps_are_taken_and_taken_back);
        RUN(many_at_once);
        RUN(what_still_fires_comes_back);
        RUN(older_alerts_are_in_the_queue_too);
        RUN(words_are_found_among_few_and_many);
        RUN(listeners_are_told);
        RUN(many_changes_are_told_to_whom_they_concern);
        return check_done();
}

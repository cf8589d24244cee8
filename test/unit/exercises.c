/* Exercises at the desk: planned, run by a clock that the test turns, played by units through the API; and what is
 * left of one when the desk dies in the middle. Jobs are done here, by the generator itself; the line to ingest is played
 * here too, and looked at: every record once, in order, and none before its time. */
#include "desk/drill_orders.h"
#include "desk/exercise_engine.h"
#include "desk/exercise_facts.h"
#include "exercise_world.h"

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
        want(200, &organiser, "exercises.get", "{\"id\":%lld}", (long long)exercise);
        check(strlen(answer_text("formula_hash")) == 64);
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
        /* over: the table shows how it stood, whoever looks first */
        want(200, &organiser, "exercises.board", "{\"id\":%lld}", (long long)exercise);
        size_t played = 0, i;
        const json_t *cell, *cells = answer_at("units.0.cells");
        json_array_foreach(cells, i, cell) played +=
                strcmp(json_string_value(json_object_get(cell, "state")), "future") != 0;
        check(played >= 2);
        check(json_array_size(cells) > 3);
        check(strcmp(answer_text("steps.0.state"), "played") == 0);
        int64_t t = answer_int("units.0.drill_ms");
        check(t > 0);
        pass_line(5);
        want(200, &organiser, "exercises.board", "{\"id\":%lld,\"since\":5}", (long long)exercise);
        check_int(answer_int("units.0.drill_ms"), t);
        end();
}

static int by_hash(const void *a, const void *b) {
        const struct got *x = a, *y = b;

        return x->hash != y->hash ? (x->hash < y->hash ? -1 : 1) : 0;
}

/* What came of the first play, sorted; the caller frees it. */
static struct got *taken(size_t *ret_n) {
        struct got *list = calloc(line.n_got + 1, sizeof(*list));

        *ret_n = 0;
        for (size_t i = 0; i < line.n_got; i++)
                if (LABEL_PLAY(line.got[i].label) == 1)
                        list[(*ret_n)++] = line.got[i];
        qsort(list, *ret_n, sizeof(*list), by_hash);
        return list;
}

static void die_and_come_back(bool ingest_too) {
        api_end();
        world_close();
        if (ingest_too)
                line_dies();
        check_int(world_open(), 0);
        api_start();
        line_open();
}

static struct got *whole_play(unsigned kills, size_t *ret_n) {
        begin();
        prepare(8000);
        go();
        line_open();
        want(200, &organiser, "exercises.start", "{\"id\":%lld}", (long long)exercise);
        for (unsigned i = 0; i < 480; i++) { /* 64 minutes */
                pass(1);
                line_take(!kills || i % 3 != 2);
                if (kills && i % (480 / kills) == 7)
                        die_and_come_back(i % 2);
                else if (kills && i % 31 == 5) { /* ingest alone */
                        line_dies();
                        desk_replay_closed(w.d);
                        line_open();
                }
        }
        pass_line(3);
        struct got *list = taken(ret_n);
        end();
        return list;
}

/* Every record of the first is in the second, once; but for the last ones, which may still be on their way. */
static void same(const struct got *a, size_t na, const struct got *b, size_t nb) {
        unsigned missing = 0, doubled = 0;

        for (size_t i = 0; i < na; i++) {
                const struct got *f = bsearch(&a[i], b, nb, sizeof(*b), by_hash);

                missing += !f && a[i].position >> 32 < 62 * 60000;
        }
        for (size_t i = 1; i < nb; i++)
                doubled += b[i].hash == b[i - 1].hash && b[i].position == b[i - 1].position;
        check_int(missing, 0);
        check_int(doubled, 0);
}

static unsigned twice(const struct got *a, size_t n) {
        unsigned k = 0;

        for (size_t i = 1; i < n; i++)
                k += a[i].hash == a[i - 1].hash;
        return k;
}

static void killed_nothing_is_lost_or_doubled(void) {
        size_t na, nb;
        struct got *a = whole_play(0, &na), *b = whole_play(24, &nb);

        printf("# %zu and %zu records\n", na, nb);
        check(na > 3000);
        same(a, na, b, nb);
        same(b, nb, a, na);
        check_int(twice(b, nb), twice(a, na));
        free(a);
        free(b);
}

static int64_t t_now(int64_t play) {
        int64_t t = 0;

        check_int(exercise_drill_of(state_sql(w.d->state), play, w.wall, &t), 0);
        return t;
}

static void held_and_rewound(void) {
        begin();
        prepare(8000);
        go();
        line_open();
        want(200, &organiser, "exercises.start", "{\"id\":%lld}", (long long)exercise);
        pass_line(60); /* 8 minutes */
        check(t_now(1) > 470000 && t_now(1) < 490000);
        want(200, &organiser, "exercises.checkpoint", "{\"id\":%lld,\"name\":\"eight\"}",
             (long long)exercise);
        int64_t point = answer_int("checkpoints.0.id");
        want(200, &organiser, "exercises.unit_pause",
             "{\"id\":%lld,\"unit\":%lld,\"reason\":\"real\"}", (long long)exercise,
             (long long)unit_a);
        int64_t stood = t_now(1);
        pass_line(30);
        check_int(t_now(1), stood);
        check(t_now(2) > stood + 230000);
        want(200, &organiser, "exercises.pause", "{\"id\":%lld}", (long long)exercise);
        int64_t both = t_now(2);
        uint64_t n = line.n[2];
        pass_line(10);
        check_int(t_now(2), both);
        check(line.n[2] - n < 50);
        want(200, &organiser, "exercises.resume", "{\"id\":%lld}", (long long)exercise);
        want(200, &organiser, "exercises.unit_resume", "{\"id\":%lld,\"unit\":%lld}",
             (long long)exercise, (long long)unit_a);
        pass_line(60);
        check(t_now(1) > stood + 470000 && t_now(1) < stood + 490000);
        check(number("SELECT count(*) FROM exercise_delivery WHERE play=?1", 1) > 0);
        want(200, &organiser, "exercises.rewind", "{\"id\":%lld,\"checkpoint\":%lld}",
             (long long)exercise, (long long)point);
        check_int(number("SELECT count(*) FROM exercise_play WHERE live AND run=?1", 2), 2);
        check_int(number("SELECT count(*) FROM exercise_play WHERE live AND run=?1", 1), 0);
        check_int(number("SELECT count(*) FROM exercise_item WHERE play=3 AND t>?1", 480000), 0);
        check(number("SELECT count(*) FROM exercise_item WHERE play=?1", 3) > 0);
        uint64_t old = line.n[1];
        pass_line(5);
        check_int(t_now(3), 480000);
        want(200, &organiser, "exercises.resume", "{\"id\":%lld}", (long long)exercise);
        pass_line(60);
        check(line.n[1] - old < 50);
        check(line.n[3] > 100);
        check(line.steps[3] & ~UINT64_C(1));
        check_int(number("SELECT count(*) FROM exercise_item a JOIN exercise_item b ON b.play=1 AND"
                         " b.item=a.item AND b.n=a.n WHERE a.play=?1 AND a.t<>b.t AND a.t<=480000",
                         3),
                  0);
        end();
}

static void alone_against_the_clock(void) {
        begin();
        line_open();
        want(200, &lead_a, "exercises.solo", "{\"scenario\":1,\"unit\":%lld,\"demo\":true}",
             (long long)unit_a);
        exercise = answer_int("id");
        want(409, &lead_a, "exercises.solo", "{\"scenario\":1,\"unit\":%lld}", (long long)unit_a);
        pass_line(70);
        want(200, &lead_a, "drill.get", "{}");
        check(json_is_true(answer_at("solo")));
        check(json_array_size(answer_at("injects")) >= 1);
        want(200, &lead_b, "drill.get", "{}");
        check(json_is_null(answer_at("play")));
        check(json_array_size(json_object_get(api_w.answer, "invitations")) == 0);
        want(200, &lead_a, "drill.control", "{\"move\":\"pause\"}");
        int64_t t = t_now(1);
        pass_line(10);
        check_int(t_now(1), t);
        want(200, &lead_a, "drill.control", "{\"move\":\"resume\"}");
        want(200, &lead_a, "drill.control", "{\"move\":\"end\"}");
        want(200, &lead_a, "exercises.get", "{\"id\":%lld}", (long long)exercise);
        check(strcmp(answer_text("state"), "provisional") == 0);
        end();
}

static void what_units_and_organisers_say(void) {
        begin();
        prepare(8000);
        go();
        line_open();
        want(200, &organiser, "exercises.start", "{\"id\":%lld}", (long long)exercise);
        pass_line(90); /* 12 minutes */
        want(200, &lead_a, "drill.get", "{}");
        char hint[80];
        snprintf(hint, sizeof(hint), "%s", answer_text("hints.0.id"));
        check(json_is_null(answer_at("hints.0.text")));
        want(200, &lead_a, "drill.ask", "{\"kind\":\"hint\",\"hint\":\"%s\"}", hint);
        want(409, &lead_a, "drill.ask", "{\"kind\":\"hint\",\"hint\":\"%s\"}", hint);
        want(422, &lead_a, "drill.ask", "{\"kind\":\"question\"}");
        want(200, &organiser, "exercises.board", "{\"id\":%lld}", (long long)exercise);
        int64_t request = answer_int("requests.0.id");
        check(answer_int("requests.0.price") > 0);
        want(200, &organiser, "exercises.answer", "{\"id\":%lld,\"request\":%lld,\"yes\":true}",
             (long long)exercise, (long long)request);
        want(409, &organiser, "exercises.answer", "{\"id\":%lld,\"request\":%lld,\"yes\":false}",
             (long long)exercise, (long long)request);
        want(200, &lead_a, "drill.get", "{}");
        check(!json_is_null(answer_at("hints.0.text")));
        check(!strchr(answer_text("hints.0.text"), '{'));
        want(200, &lead_b, "drill.get", "{}");
        check(json_is_null(answer_at("hints.0.text")));
        want(200, &organiser, "exercises.say", "{\"id\":%lld,\"text\":\"to all\"}",
             (long long)exercise);
        want(200, &organiser, "exercises.note", "{\"id\":%lld,\"text\":\"of a\",\"play\":1}",
             (long long)exercise);
        want(200, &organiser, "exercises.notes", "{\"id\":%lld}", (long long)exercise);
        check_int(answer_int("items.0.play"), 1);
        want(200, &organiser, "exercises.inject",
             "{\"id\":%lld,\"kind\":\"call\",\"title\":\"Only b\",\"text\":\"?\",\"units\":[2],"
             "\"answer\":true}",
             (long long)exercise);
        pass_line(2);
        want(200, &lead_b, "drill.get", "{}");
        check(strcmp(answer_text("injects.0.title"), "Only b") == 0);
        int64_t delivery = answer_int("injects.0.id");
        want(422, &lead_b, "drill.answer", "{\"id\":%lld}", (long long)delivery);
        want(200, &lead_b, "drill.answer", "{\"id\":%lld,\"text\":\"yes\"}", (long long)delivery);
        want(409, &lead_b, "drill.answer", "{\"id\":%lld,\"text\":\"no\"}", (long long)delivery);
        want(200, &lead_a, "drill.get", "{}");
        check(strcmp(answer_text("injects.0.title"), "Only b") != 0);
        end();
}

/* What listeners were told and nobody looked at yet. */
static struct {
        uint64_t of;
        char text[16384];
} told_to[4];

static void drain(void) {
        struct api_next next = {0};
        uint64_t id;

        w.mono += NS_PER_SEC;
        check_int(desk_api_tick(w.d, w.mono, w.wall), 0);
        while ((id = api_take_frame(0)) != 0)
                for (size_t i = 0; i < ARRAY_LEN(told_to); i++)
                        if (told_to[i].of == id) {
                                size_t n = strlen(told_to[i].text);

                                snprintf(told_to[i].text + n, sizeof(told_to[i].text) - n, "%.*s",
                                         (int)api_w.body.len, api_w.body.p);
                                check_int(api_send_frame(0, API_NEXT, id, &next, sizeof(next),
                                                         SPAN_NONE),
                                          0);
                        }
}

static bool heard(unsigned i, const char *text) {
        return strstr(told_to[i].text, text) != NULL;
}

static void listen_as(unsigned i, struct signed_in *s, uint32_t flags) {
        struct api_ask a = {.op = api_number("events.follow"), .how = API_COOKIE, .flags = flags};
        struct api_next next = {0};

        memcpy(a.token, s->token, sizeof(a.token));
        check_int(api_send_frame(0, API_ASK, ++api_w.id, &a, sizeof(a), SPAN("{}")), 0);
        told_to[i].of = api_w.id;
        told_to[i].text[0] = '\0';
        check_int(api_take_frame(0), api_w.id);
        check_int(api_w.say.status, 200);
        check_int(api_send_frame(0, API_NEXT, api_w.id, &next, sizeof(next), SPAN_NONE), 0);
}

/* An inject comes with its event, to whom it is for, and again as it stands when something of it changed. */
static void injects_come_with_their_event(void) {
        begin();
        prepare(1000);
        go();
        line_open();
        want(200, &organiser, "exercises.start", "{\"id\":%lld}", (long long)exercise);
        pass_line(1);
        drain();
        listen_as(0, &lead_a, 0);
        listen_as(1, &lead_b, 0);
        want(200, &organiser, "exercises.inject",
             "{\"id\":%lld,\"kind\":\"call\",\"title\":\"Only b\",\"text\":\"?\",\"units\":[2],"
             "\"answer\":true}",
             (long long)exercise);
        pass_line(2);
        drain();
        check(!heard(0, "Only b"));
        check(heard(1, "{\"what\":\"inject\",\"id\":") && heard(1, "\"play\":2,"));
        check(heard(1, "\"title\":\"Only b\"") && heard(1, "\"answered\":null"));
        want(200, &lead_b, "drill.get", "{}");
        int64_t delivery = answer_int("injects.0.id");
        told_to[1].text[0] = '\0';
        want(200, &lead_b, "drill.answer", "{\"id\":%lld,\"text\":\"yes\"}", (long long)delivery);
        drain();
        check(heard(1, "\"said\":\"yes\"") && !heard(1, "\"answered\":null"));
        listen_as(2, &lead_b, API_ASK_AGAIN); /* a desk ended meanwhile */
        drain();
        listen_as(3, &lead_a, API_ASK_AGAIN);
        drain();
        check(heard(2, "\"said\":\"yes\"") && heard(2, "{\"what\":\"all\",\"id\":0}"));
        check(!heard(3, "Only b") && heard(3, "{\"what\":\"all\",\"id\":0}"));
        end();
}

/* The clock stands while the node is down. */
static void the_node_was_down(void) {
        begin();
        prepare(1000);
        go();
        line_open();
        want(200, &organiser, "exercises.start", "{\"id\":%lld}", (long long)exercise);
        pass_line(30);
        api_end();
        world_close();
        w.wall += 600 * NS_PER_SEC;
        w.mono += 600 * NS_PER_SEC;
        check_int(world_open(), 0);
        api_start();
        line_open();
        pass_line(10);
        check(t_now(1) >= 34000 && t_now(1) <= 46000);
        end();
}

/* ---- what no list of records should do ---- */

static void bad_telemetry_is_passed_over(void) {
        begin();
        prepare(1000);
        go();
        line_open();
        spoil = true;
        want(200, &organiser, "exercises.start", "{\"id\":%lld}", (long long)exercise);
        pass_line(30);
        check(w.d->exercises->failed > 0);
        check_int(number("SELECT count(*) FROM exercise_spool WHERE 1=?1", 1), 0);
        check_int((int64_t)line.n_got, 0);
        spoil = false;
        pass_line(300);
        check(line.n_got > 0);
        end();
}

static void a_play_runs_out_of_pieces(void) {
        begin();
        prepare(1000);
        go();
        line_open();
        want(200, &organiser, "exercises.start", "{\"id\":%lld}", (long long)exercise);
        pass_line(5);
        struct engine_play *y = engine_play_of(w.d, 1);
        check(y && w.d->exercises->failed == 0);
        y->seg = 0xffff;
        uint64_t before = line.n[2];
        pass_line(900);
        check(engine_play_of(w.d, 1) == y && y->seg == 0xffff);
        check(w.d->exercises->failed > 0);
        check(line.n[2] > before);
        end();
}

/* Rows that another edition kept. */
static void a_bad_spool_is_passed_over(void) {
        begin();
        prepare(1000);
        go();
        line_open();
        want(200, &organiser, "exercises.start", "{\"id\":%lld}", (long long)exercise);
        pass_line(10);
        check(number("SELECT count(*) FROM exercise_spool WHERE 1=?1", 1) > 0);
        check_int(desk_begin(w.d), 0);
        check_int(sql_do(state_sql(w.d->state), "UPDATE exercise_spool SET bytes=x'0102'", ""), 0);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        api_end();
        world_close();
        check_int(world_open(), 0);
        api_start();
        line_open();
        pass_line(300);
        check(w.d->exercises->refused > 0);
        check(line.n_got > 0);
        end();
}

/* ---- what is brought ---- */

/* As the console sends it; without its last piece's answer: 0. */
static int bring(const char *op, const char *fields, struct span text) {
        struct api_ask ask = {.op = api_number(op), .flags = API_ASK_MORE, .how = API_LOCAL};

        check_int(api_send_frame(1, API_ASK, ++api_w.id, &ask, sizeof(ask), span_str(fields)), 0);
        while (text.len) {
                size_t n = MIN(text.len, (size_t)API_PIECE_MAX);

                check_int(
                        api_send_frame(1, API_ASK, api_w.id, &ask, sizeof(ask), span_of(text.p, n)),
                        0);
                text = span_of(text.p + n, text.len - n);
        }
        ask.flags = 0;
        check_int(api_send_frame(1, API_ASK, api_w.id, &ask, sizeof(ask), SPAN_NONE), 0);
        api_settle();
        return api_take_frame(1) == api_w.id ? (int)api_w.say.status : 0;
}

static int merge(const char *fields, struct span text) {
        int status = bring("exercises.merge", fields, text);

        if (status)
                return status;
        do_jobs();
        api_settle();
        return api_take_frame(1) == api_w.id ? (int)api_w.say.status : 0;
}

static void merged_facts_are_bounded(void) {
        _cleanup_(buf_deinit) struct buf text = {0};
        struct exercise_scored scored;
        char fields[64];

        begin();
        prepare(1000);
        go();
        line_open();
        want(200, &organiser, "exercises.start", "{\"id\":%lld}", (long long)exercise);
        pass_line(5);
        snprintf(fields, sizeof(fields), "{\"id\":%lld,\"unit\":%lld}", (long long)exercise,
                 (long long)unit_a);
        /* Two whose ids differ in the last of 200 characters only. */
        for (unsigned i = 1; i < 3; i++)
                buf_printf(&text,
                           "{\"id\":\"%0199d%u\",\"kind\":\"tip\",\"play\":1,\"t\":%u,"
                           "\"number\":1}\n",
                           0, i, i);
        check_int(merge(fields, buf_get(&text)), 200);
        check_int(answer_int("facts"), 2);
        /* kept as the reader wrote it; a line that is none is named, and nothing is taken */
        check_int(number("SELECT count(*) FROM exercise_merged WHERE n=?1", 2), 1);
        check_int(merge(fields,
                        SPAN("{\"id\":\"a\",\"kind\":\"tip\",\"play\":1,\"t\":1}\n{\"id\":7}\n")),
                  422);
        check(memmem(api_w.body.p, api_w.body.len, "line 2", 6));
        check_int(number("SELECT count(*) FROM exercise_merged WHERE n>?1", 0), 1);
        /* bytes that are none at all, and a job that says nonsense */
        check_int(merge(fields, SPAN("\x00\xff{[[[[[")), 422);
        spoil = true;
        check_int(merge(fields, SPAN("no fact")), 422);
        check(!memmem(api_w.body.p, api_w.body.len, "line 1", 6));
        spoil = false;
        check_int(number("SELECT count(*) FROM exercise_merged WHERE n>?1", 0), 1);
        check_int(exercise_score_write(w.d, 1, w.wall), 0);
        want(200, NULL, "results.get", "{\"id\":%lld}", (long long)exercise);
        for (unsigned i = 2; i < 22; i++) {
                buf_printf(&text, "{\"id\":\"x%u\",\"kind\":\"tip\",\"play\":1,\"t\":1}\n", i);
                check_int(merge(fields, buf_get(&text)), i < 21 ? 200 : 409);
        }
        pass_line(20);
        /* More than are taken: the play has a score, which is not the last word. */
        buf_reset(&text);
        for (unsigned i = 0; i < FACTS_MAX / 2 + 1; i++)
                buf_printf(&text, "{\"id\":\"x%u\",\"kind\":\"tip\",\"play\":1,\"t\":1}\n", i);
        check_int(desk_begin(w.d), 0);
        check_int(sql_do(state_sql(w.d->state), "DROP TRIGGER exercise_merged_unremoved", ""), 0);
        check_int(sql_do(state_sql(w.d->state), "DROP TRIGGER exercise_merged_unchanged", ""), 0);
        check_int(sql_do(state_sql(w.d->state), "DELETE FROM exercise_merged WHERE id>2", ""), 0);
        check_int(sql_do(state_sql(w.d->state), "UPDATE exercise_merged SET facts=?1", "x",
                         buf_get(&text)),
                  0);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        struct drill_facts facts;
        const struct plan *plan;
        struct score *score = NULL;
        facts_init(&facts);
        check_int(exercise_score_whole(w.d, 1, w.wall, &facts, &plan, &score), 0);
        check(facts.cut && facts.n == FACTS_MAX && score && score->provisional);
        score_free(score);
        facts_deinit(&facts);
        /* One that this edition would not have taken: there is no score, and the desk goes on. */
        check_int(desk_begin(w.d), 0);
        check_int(sql_do(state_sql(w.d->state), "UPDATE exercise_merged SET facts=x'01'", ""), 0);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        exercise_scores_told(w.d, unit_a);
        check_int(exercise_score_write(w.d, 1, w.wall), 0);
        check_int(exercise_score(w.d, 1, w.wall, &scored), 0);
        check(!scored.is);
        check_int(exercise_score(w.d, 2, w.wall, &scored), 0);
        check(scored.is);
        want(409, NULL, "results.get", "{\"id\":%lld}", (long long)exercise);
        check(strcmp(answer_text("code"), "too_much") == 0);
        pass_line(40);
        end();
}

static int64_t recordings(void) {
        return number("SELECT count(*) FROM exercise_recording WHERE exercise=?1", exercise);
}

static void recordings_are_bounded(void) {
        static const char text[] = "{\"@timestamp\":\"2020-09-04T20:09:40Z\",\"Hostname\":\"a\"}\n";
        char fields[2][64];

        begin();
        prepare(1000);
        for (int i = 0; i < 2; i++)
                snprintf(fields[i], sizeof(fields[i]), "{\"id\":%lld,\"step\":\"%s\"}",
                         (long long)exercise, i ? "phish" : "admin-morning");
        /* The job never says anything: what waits is freed (the sanitizer sees it). */
        check_int(bring("exercises.recording", fields[0], span_str(text)), 0);
        w.mono += (API_LATER_S + 1) * NS_PER_SEC;
        api_settle();
        check(api_take_frame(1) == api_w.id && api_w.say.status == 503);
        do_jobs();
        check_int(recordings(), 0);
        check_int(bring("exercises.recording", fields[0], span_str(text)), 0);
        do_jobs();
        api_settle();
        check(api_take_frame(1) == api_w.id && api_w.say.status == 200);
        check_int(recordings(), 1);
        check_int(desk_begin(w.d), 0);
        check_int(sql_do(state_sql(w.d->state),
                         "UPDATE exercise_recording SET bytes=zeroblob(209715200)", ""),
                  0);
        check_int(bring("exercises.recording", fields[1], span_str(text)), 0);
        do_jobs();
        api_settle();
        check(api_take_frame(1) == api_w.id && api_w.say.status == 413);
        check_int(recordings(), 1);
        /* Steps of another scenario are others. */
        for (int i = 1; i < 3; i++) {
                want(200, NULL, "exercises.get", "{\"id\":%lld}", (long long)exercise);
                want(200, NULL, "exercises.edit", "{\"id\":%lld,\"version\":%lld,\"scenario\":%d}",
                     (long long)exercise, answer_int("version"), i);
                check_int(recordings(), i == 1);
                if (i == 1)
                        lay_scenario(TEST_CONTENT "/scenarios/mail-fraud.yaml");
        }
        end();
}

/* ---- three hundred units (COLOA_BENCH=1): how long a turn and a table take ---- */

static int64_t cpu(void) {
        struct timespec t;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
        return (int64_t)t.tv_sec * NS_PER_SEC + t.tv_nsec;
}

static void line_discard(void) {
        struct buf *out;
        uint64_t last[400] = {0};

        while ((out = desk_replay_out(w.d)) && out->len) {
                enum replay_type type;
                struct span body;
                size_t used = 0, one_;
                struct replay_record r;

                while (replay_frame(span_of(out->p + used, out->len - used), &type, &body, &one_) ==
                       1) {
                        while (replay_next(&body, &r) == 1)
                                last[LABEL_PLAY(r.label) % 400] = r.position;
                        used += one_;
                }
                out->len = 0;
                desk_replay_went(w.d);
        }
        for (uint32_t i = 1; i < 400; i++)
                if (last[i])
                        line_say(REPLAY_POSITIONS, &(struct replay_position){i, 0, last[i]}, 1);
}

static void three_hundred(void) {
        _cleanup_(buf_deinit) struct buf ids = {0};
        int64_t most[3] = {0}, sum = 0, n = 0;

        if (!getenv("COLOA_BENCH"))
                return;
        begin();
        for (unsigned i = 0; i < 300; i++) {
                char code[16];

                snprintf(code, sizeof(code), "u%u", i);
                buf_printf(&ids, "%s%lld", i ? "," : "", (long long)add_unit(code, UNIT_ROOT));
        }
        want(200, &organiser, "exercises.create",
             "{\"title\":\"x\",\"scenario\":1,\"unit\":1,\"units\":[%.*s],\"seed\":7,\"simulated\":"
             "true}",
             (int)ids.len, ids.p);
        exercise = answer_int("id");
        want(200, &organiser, "exercises.invite", "{\"id\":%lld}", (long long)exercise);
        check_int(sql_do(state_sql(w.d->state), "UPDATE exercise SET state='ready' WHERE id=?1",
                         "i", exercise),
                  0);
        line_open();
        want(200, &organiser, "exercises.start", "{\"id\":%lld}", (long long)exercise);
        for (unsigned i = 0; i < 900 * 5; i++) {
                w.wall += NS_PER_SEC / 5;
                w.mono += NS_PER_SEC / 5;
                int64_t t0 = cpu();
                check_int(desk_api_tick(w.d, w.mono, w.wall), 0);
                int64_t t1 = cpu();
                do_jobs();
                int64_t t2 = cpu();
                check_int(desk_commit(w.d, w.mono, w.wall), 0);
                desk_api_committed(w.d);
                line_discard();
                int64_t t3 = cpu();
                most[0] = MAX(most[0], t1 - t0);
                most[1] = MAX(most[1], t3 - t2);
                sum += t1 - t0;
                n++;
                if (i % 500 == 499) {
                        t0 = cpu();
                        want(200, &organiser, "exercises.board", "{\"id\":%lld}",
                             (long long)exercise);
                        most[2] = cpu() - t0;
                        printf("# %u s: tick mean %lld us, most %lld us; commit most %lld us; "
                               "board %lld us"
                               " (%zu bytes); spool %lld rows, late %lld\n",
                               i / 5, (long long)(sum / n / 1000), (long long)(most[0] / 1000),
                               (long long)(most[1] / 1000), (long long)(most[2] / 1000),
                               api_w.body.len,
                               (long long)number("SELECT count(*) FROM exercise_spool WHERE 1=?1",
                                                 1),
                               (long long)w.d->exercises->late);
                        most[0] = most[1] = sum = n = 0;
                }
        }
        end();
}

/* ---- containment that is for real ---- */

/* In force, of an incident of that play, proposed at that moment. */
static int64_t contained(int64_t play, int64_t unit, int64_t proposed) {
        static int64_t id = 1000000000;
        struct sql *db = state_sql(w.d->state);

        check_int(desk_begin(w.d), 0);
        check_int(
                sql_do(db,
                       "INSERT INTO incident(id,code,title,unit,regime,harm,severity,state,tlp,t0,"
                       "opened,drill,plain) VALUES(?1,'D-'||?1,'x',?2,'none','low','low','open',"
                       "'amber',?3,?3,?4,'')",
                       "iiii", ++id, unit, proposed, play),
                0);
        check_int(sql_do(db,
                         "INSERT INTO action(id,incident,unit,kind,targets,text,direction,seconds,"
                         "reason,state,proposed,proposer,lapses) VALUES(?1,?1,?2,'block',x'00',"
                         "'192.0.2.7','both',3600,'','in_force',?3,1,?3)",
                         "iii", id, unit, proposed),
                  0);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        return id;
}

/* The measure of one unit is on the clerk's machine, that of the other on one whose name begins like it. */
static void a_branch_goes_by_the_scorers_facts(void) {
        static const char *const name[] = {"", "a-WS-VT01", "b-WS-VT010"};
        char text[200];

        begin();
        prepare(8000);
        go();
        line_open();
        want(200, &organiser, "exercises.start", "{\"id\":%lld}", (long long)exercise);
        pass_line(10);
        for (int64_t play = 1; play <= 2; play++) {
                int64_t id = contained(play, play == 1 ? unit_a : unit_b, w.wall);

                check_int(desk_begin(w.d), 0);
                snprintf(text, sizeof(text),
                         "UPDATE action SET kind='isolate', text='%s', decided=%lld, approver=2,"
                         " until=%lld, simulated=1 WHERE id=%lld",
                         name[play], (long long)w.wall, (long long)(w.wall + 36000 * NS_PER_SEC),
                         (long long)id);
                check_int(sql_do(state_sql(w.d->state), text, ""), 0);
                check_int(desk_commit(w.d, w.mono, w.wall), 0);
                exercise_touched(w.d, play);
        }
        pass_line(170);
        static const char lateral[] = "SELECT state='played' FROM exercise_item WHERE item='s' AND"
                                      " n=8 AND play=?1";
        check_int(number(lateral, 1), 0);
        check_int(number(lateral, 2), 1);
        end();
}

static bool is_undone(int64_t action) {
        return number("SELECT undo_asked IS NOT NULL FROM action WHERE id=?1", action) == 1;
}

static void real_one(void) {
        want(200, &organiser, "exercises.create",
             "{\"title\":\"x\",\"scenario\":1,\"unit\":1,\"units\":[%lld,%lld],\"speed\":8000,"
             "\"seed\":7,\"simulated\":false}",
             (long long)unit_a, (long long)unit_b);
        exercise = answer_int("id");
        want(200, &organiser, "exercises.invite", "{\"id\":%lld}", (long long)exercise);
}

static void nothing_real_outlives_it(void) {
        begin();
        real_one();
        go();
        want(200, &organiser, "exercises.start", "{\"id\":%lld}", (long long)exercise);
        pass(5);
        int64_t early = contained(1, unit_a, w.wall), other = contained(1, unit_a, w.wall);
        pass(5);
        want(200, &organiser, "exercises.checkpoint", "{\"id\":%lld,\"name\":\"x\"}",
             (long long)exercise);
        int64_t point = answer_int("checkpoints.0.id");
        pass(5);
        int64_t late = contained(1, unit_a, w.wall);
        want(200, &organiser, "exercises.rewind", "{\"id\":%lld,\"checkpoint\":%lld}",
             (long long)exercise, (long long)point);
        check(is_undone(late) && !is_undone(early));
        want(404, &lead_b, "actions.undo", "{\"id\":%lld,\"reason\":\"a test\"}", (long long)early);
        want(200, &lead_a, "actions.undo", "{\"id\":%lld,\"reason\":\"a test\"}", (long long)early);
        check(is_undone(early) && !is_undone(other));
        int64_t fresh = contained(3, unit_a, w.wall), b = contained(4, unit_b, w.wall);
        want(200, &organiser, "exercises.end", "{\"id\":%lld}", (long long)exercise);
        check(is_undone(other) && is_undone(fresh) && is_undone(b));
        int64_t after = contained(3, unit_a, w.wall);
        want(200, NULL, "actions.undo", "{\"id\":%lld,\"reason\":\"a test\"}", (long long)after);
        end();
}

/* The same where its length is over. */
static void it_ends_by_itself(void) {
        begin();
        real_one();
        go();
        want(200, &organiser, "exercises.start", "{\"id\":%lld}", (long long)exercise);
        pass(5);
        int64_t action = contained(2, unit_b, w.wall);
        check_int(desk_begin(w.d), 0);
        check_int(sql_do(state_sql(w.d->state), "DROP TRIGGER exercise_clock_unchanged", ""), 0);
        check_int(sql_do(state_sql(w.d->state),
                         "UPDATE exercise_clock SET at_drill=86400000*30 WHERE exercise=?1", "i",
                         exercise),
                  0);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        exercise_engine_wake(w.d);
        pass(60);
        check_int(number("SELECT state='ended' FROM exercise WHERE id=?1", exercise), 1);
        check(is_undone(action));
        end();
}

/* ---- consent to it ---- */

static const char *consent_of(int64_t play) {
        static const char *const words[] = {"none", "given", "refused"};

        return words[number("SELECT CASE consent WHEN 'none' THEN 0 WHEN 'given' THEN 1 ELSE 2 END"
                            " FROM exercise_play WHERE id=?1",
                            play)];
}

static void consent(struct signed_in *s, int status, bool yes) {
        want(status, s, "exercises.consent", "{\"id\":%lld,\"unit\":%lld,\"yes\":%s}",
             (long long)exercise, (long long)unit_a, yes ? "true" : "false");
}

static bool declares(int64_t play) {
        struct arena arena;
        struct order_drill scope;
        bool simulated;

        arena_init(&arena, (size_t)4 << 20);
        struct api_call c = {
                .desk = w.d, .db = state_sql(w.d->state), .arena = &arena, .now = w.wall};
        check(drill_scope(&c, play, &scope, &simulated) >= 0);
        arena_deinit(&arena);
        return scope.until > w.wall;
}

static void cast(const char *name) {
        want(200, &organiser, "exercises.cast",
             "{\"id\":%lld,\"unit\":%lld,\"domain\":\"%s\",\"hosts\":[],\"accounts\":[]}",
             (long long)exercise, (long long)unit_a, name);
}

static void set(const char *what) {
        want(200, &organiser, "exercises.edit", "{\"id\":%lld,\"version\":%lld,%s}",
             (long long)exercise,
             (long long)number("SELECT version FROM exercise WHERE id=?1", exercise), what);
}

static void only_its_owner_consents(void) {
        struct signed_in owner;

        begin();
        one(&owner, "owns", "owner", unit_a);
        give(number("SELECT id FROM person WHERE login='org' AND 1=?1", 1), "owner", UNIT_ROOT);
        real_one();
        consent(&organiser, 403, true);
        check(strcmp(consent_of(1), "none") == 0);
        consent(&owner, 200, true);
        check(strcmp(consent_of(1), "given") == 0);
        cast("a.example");
        check(strcmp(consent_of(1), "none") == 0);
        consent(&owner, 200, true);
        cast("a.example"); /* the same one */
        check(strcmp(consent_of(1), "given") == 0);
        set("\"simulated\":true");
        check(strcmp(consent_of(1), "none") == 0);
        set("\"simulated\":false");
        consent(&owner, 200, true);
        set("\"title\":\"another\"");
        check(strcmp(consent_of(1), "given") == 0);
        go();
        want(409, &organiser, "exercises.suggest", "{\"id\":%lld,\"unit\":%lld}",
             (long long)exercise, (long long)unit_a);
        want(200, &organiser, "exercises.start", "{\"id\":%lld}", (long long)exercise);
        pass(2);
        check(declares(1) && declares(2));
        int64_t a = contained(1, unit_a, w.wall), b = contained(2, unit_b, w.wall);
        consent(&owner, 200, false);
        check(!declares(1) && declares(2));
        check(is_undone(a) && !is_undone(b));
        end();
}

/* ---- many who play alone ---- */

static void alone(int64_t n, const char *state, int64_t since) {
        struct sql *db = state_sql(w.d->state);

        check_int(desk_begin(w.d), 0);
        for (int64_t i = 0; i < n; i++) {
                check_int(
                        sql_do(db,
                               "INSERT INTO exercise(code,title,kind,scenario,state,unit,solo,seed,"
                               "speed,simulated,started,beat,created) VALUES('S'||(SELECT count(*)"
                               " FROM exercise),'x','replay',1,?1,?2,1,1,1000,1,?3,?3,?3)",
                               "sii", state, unit_b, since),
                        0);
                check_int(sql_do(db,
                                 "INSERT INTO exercise_clock(exercise,run,at_real,at_drill,speed)"
                                 " SELECT max(id),1,?1,0,?2 FROM exercise",
                                 "ii", since / MS_NS,
                                 (int64_t)(strcmp(state, "running") == 0 ? 1000 : 0)),
                          0);
        }
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        exercise_engine_wake(w.d);
}

static bool is_played(int64_t id) {
        for (unsigned i = 0; i < w.d->exercises->n_runs; i++)
                if (w.d->exercises->runs[i].e.id == id)
                        return true;
        return false;
}

static void those_alone_hide_nobody(void) {
        begin();
        alone(39, "paused", w.wall);
        want(200, &lead_a, "exercises.solo", "{\"scenario\":1,\"unit\":%lld}", (long long)unit_a);
        want(200, &lead_a, "drill.control", "{\"move\":\"end\"}");
        alone(1, "paused", w.wall);
        want(409, &lead_a, "exercises.solo", "{\"scenario\":1,\"unit\":%lld}", (long long)unit_a);
        check(strcmp(answer_text("code"), "busy") == 0);
        alone(40, "paused", w.wall);
        prepare(1000);
        go();
        want(200, &organiser, "exercises.start", "{\"id\":%lld}", (long long)exercise);
        pass(2);
        check(is_played(exercise));
        pass(30);
        check_int(number("SELECT count(*) FROM exercise WHERE state='paused' AND 1=?1", 1), 80);
        /* Who paused it long ago does not come back. */
        alone(2, "paused", w.wall - INT64_C(86400) * NS_PER_SEC);
        pass(40);
        check_int(number("SELECT count(*) FROM exercise WHERE state='paused' AND 1=?1", 1), 80);
        end();
}

static void all_stood_still(void) {
        begin();
        alone(35, "running", w.wall);
        api_end();
        world_close();
        w.wall += 600 * NS_PER_SEC;
        w.mono += 600 * NS_PER_SEC;
        check_int(world_open(), 0);
        api_start();
        pass(2);
        check_int(number("SELECT count(*) FROM exercise_clock WHERE speed=0 AND 1=?1", 1), 35);
        end();
}

int main(void) {
        RUN(three_hundred);
        RUN(it_is_planned);
        RUN(nothing_real_outlives_it);
        RUN(it_ends_by_itself);
        RUN(only_its_owner_consents);
        RUN(those_alone_hide_nobody);
        RUN(all_stood_still);
        RUN(it_is_played);
        RUN(killed_nothing_is_lost_or_doubled);
        RUN(held_and_rewound);
        RUN(alone_against_the_clock);
        RUN(what_units_and_organisers_say);
        RUN(injects_come_with_their_event);
        RUN(the_node_was_down);
        RUN(bad_telemetry_is_passed_over);
        RUN(a_play_runs_out_of_pieces);
        RUN(a_bad_spool_is_passed_over);
        RUN(merged_facts_are_bounded);
        RUN(a_branch_goes_by_the_scorers_facts);
        RUN(recordings_are_bounded);
        free(line.got);
        return check_done();
}

/* Live fire at the desk: declared, consented to, attacked, found, verified, marked blind, appealed against, signed,
 * forgotten; who may see and do what at each point; and the arithmetic of places and points. */
#include "people_world.h"

#include "desk/desk_impl.h"
#include "desk/livefire.h"
#include "exercise/plan.h"

#define HOUR (INT64_C(3600) * NS_PER_SEC)

static struct signed_in org, owner, blue, red, other, jury[4];
static char owner_secret[64], jury_secret[4][64];
static int64_t a, exercise, system_id, target, team, team_b, reds[2];

/* ---- points ---- */

static void places_and_points(void) {
        struct live_placed p[] = {
                {.id = 3, .team = 3, .at = 5000000, .same = 7},
                {.id = 1, .team = 1, .at = 1000, .same = 7},
                {.id = 2, .team = 2, .at = 2000000, .same = 7},
                {.id = 4, .team = 4, .at = 9000000, .same = 7},
                {.id = 5, .team = 1, .at = 0, .same = 8},
                {.id = 6, .team = 5, .at = 500, .same = 7, .out = true},
        };
        unsigned base[] = {10, 25, 50, 100};
        struct live_judged critical = {3, {3, 3, 1}}, high = {2, {0, 2, 0}}, low = {0, {1, 0, 0}};

        live_place(p, ARRAY_LEN(p));
        for (size_t i = 0; i < ARRAY_LEN(p); i++)
                switch (p[i].id) {
                case 1: check_int(p[i].place, MILLION); break;
                case 2: check_int(p[i].place, MILLION / 2); break;
                case 3: check_int(p[i].place, MILLION / 4); break;
                case 5: check_int(p[i].place, MILLION); break;
                default: check_int(p[i].place, 0);
                }
        /* Within ten minutes of the first: the mean of their places; one later stands alone. */
        struct live_placed tie[] = {{.id = 1, .team = 1, .at = 0, .same = 1},
                                    {.id = 2, .team = 2, .at = LIVE_TIE_MS, .same = 1},
                                    {.id = 3, .team = 3, .at = LIVE_TIE_MS + 1, .same = 1}};
        live_place(tie, ARRAY_LEN(tie));
        check(tie[0].place == 750000 && tie[1].place == 750000 && tie[2].place == MILLION / 4);
        /* A team that files the same again takes no place with it. */
        struct live_placed own[] = {{.id = 1, .at = 0, .same = 1, .team = 1},
                                    {.id = 2, .at = 9, .same = 1, .team = 1},
                                    {.id = 3, .at = 9000000, .same = 1, .team = 2}};
        live_place(own, ARRAY_LEN(own));
        for (size_t i = 0; i < ARRAY_LEN(own); i++)
                check_int(own[i].place, own[i].id == 1   ? MILLION
                                        : own[i].id == 3 ? MILLION / 2
                                                         : 0);
        /* As the doctrine's example says. */
        check_int(live_points(base, &critical, 1, MILLION, MILLION), 86667);
        check_int(live_points(base, &critical, 1, MILLION / 2, MILLION), 43333);
        check_int(live_points(base, &high, 1, 750000, MILLION), 15000);
        check_int(live_points(base, &critical, 1, MILLION, live_report(true, true)), 78000);
        check_int(live_points(base, &critical, 1, MILLION, live_report(false, false)), 0);
        struct live_judged three[] = {critical, low, high};
        check_int(live_points(base, three, 3, MILLION, MILLION), 20000); /* the middle one */
        check_int(live_points(base, (struct live_judged[]){high, critical}, 2, MILLION, MILLION),
                  53334); /* the mean, half up */
        check(live_apart(&critical, &low) && !live_apart(&critical, &high));
}

/* ---- the desk ---- */

static void second(struct signed_in *s, const char *secret) {
        char code[7];

        later(31); /* no code twice */
        code_now(secret, code);
        check_int(asf(s, "session.second", "{\"code\":\"%s\"}", code), 200);
}

static void enter(struct signed_in *s, const char *login, const char *role, int64_t unit,
                  char secret[64]) {
        char own[64];

        member(login, role, unit);
        check_int(sign_in(s, login, GOOD_PASSWORD), 200);
        check_int(confirm_totp(s, secret ? secret : own), 200);
}

static const char *when(int64_t ns) {
        static char text[6][40];
        static unsigned n;
        char *to = text[n++ % 6];

        time_format(to, w.wall + ns, 0);
        return to;
}

static int64_t row(const char *sql) {
        int64_t v = -1;

        check(sql_get_int(state_sql(w.d->state), &v, sql, "") >= 0);
        return v;
}

static int declare(struct signed_in *s, int64_t version) {
        return asf(
                s, "livefire.declare",
                "{\"id\":%lld,\"objective_vi\":\"Thử cổng\",\"tools\":\"any\",\"limits\":\"no "
                "data leaves\",\"forbidden\":\"denial of service\",\"from\":\"%s\",\"to\":\"%s\","
                "\"sources\":[\"203.0.113.0/28\"],\"targets\":[%lld],\"version\":%lld}",
                (long long)exercise, when(-HOUR), when(72 * HOUR), (long long)system_id,
                (long long)version);
}

static int do_it(struct signed_in *s, const char *op, int64_t finding, const char *more) {
        return asf(s, op, "{\"id\":%lld,\"finding\":%lld%s}", (long long)exercise,
                   (long long)finding, more);
}

static int consent(struct signed_in *s, int64_t from, int64_t to, const char *more) {
        return asf(s, "livefire.consent",
                   "{\"id\":%lld,\"system\":%lld,\"from\":\"%s\",\"to\":\"%s\"%s}",
                   (long long)exercise, (long long)system_id, when(from), when(to), more);
}

static int64_t add_team(const char *name, int64_t who) {
        check_int(asf(&org, "livefire.team_add", "{\"id\":%lld,\"name\":\"%s\",\"people\":[%lld]}",
                      (long long)exercise, name, (long long)who),
                  200);
        return answer_int("id");
}

/* Everybody is there, and the exercise runs, unless `draft`. */
static void begin(bool draft) {
        people_start();
        a = add_unit("a", UNIT_ROOT);
        enter(&org, "org", "organiser", UNIT_ROOT, NULL);
        enter(&owner, "chu", "owner", a, owner_secret);
        enter(&blue, "xanh", "lead", a, NULL);
        enter(&red, "do1", "red_team", UNIT_ROOT, NULL);
        enter(&other, "do2", "red_team", UNIT_ROOT, NULL);
        for (unsigned i = 0; i < 3; i++) {
                char login[8];

                snprintf(login, sizeof(login), "gk%u", i);
                enter(&jury[i], login, "jury", UNIT_ROOT, jury_secret[i]);
        }
        reds[0] = row("SELECT id FROM person WHERE login='do1'");
        reds[1] = row("SELECT id FROM person WHERE login='do2'");
        check_int(asf(NULL, "systems.add",
                      "{\"code\":\"web\",\"name\":\"Portal\",\"unit\":%lld,\"level\":3,\"hosts\":"
                      "[\"web01\"],\"addresses\":[\"10.1.2.3/32\"]}",
                      (long long)a),
                  200);
        system_id = answer_int("id");
        check_int(desk_begin(w.d), 0);
        check_int(sql_do(state_sql(w.d->state),
                         "INSERT INTO exercise(code,title,kind,state,unit,seed,speed,simulated,"
                         "created) VALUES('DT-1','x','live','draft',1,1,1000,0,?1)",
                         "i", w.wall),
                  0);
        exercise = sql_last_id(state_sql(w.d->state));
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        if (draft)
                return;
        check_int(declare(&org, 1), 200);
        target = answer_int("targets.0.id");
        second(&owner, owner_secret);
        check_int(asf(&owner, "livefire.consent",
                      "{\"id\":%lld,\"system\":%lld,\"from\":\"%s\",\"to\":\"%s\"}",
                      (long long)exercise, (long long)system_id, when(-HOUR), when(80 * HOUR)),
                  200);
        team = add_team("Alpha", reds[0]);
        team_b = add_team("Beta", reds[1]);
        check_int(asf(&org, "livefire.get", "{\"id\":%lld}", (long long)exercise), 200);
        check_int((long long)json_array_size(answer_at("missing")), 0);
        check_int(desk_begin(w.d), 0);
        check_int(sql_do(state_sql(w.d->state), "UPDATE exercise SET state='running'", ""), 0);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
}

static int add(struct signed_in *s, int64_t of, const char *title) {
        return asf(
                s, "findings.add",
                "{\"id\":%lld,\"team\":%lld,\"title\":\"%s\",\"target\":%lld,\"severity\":"
                "\"critical\",\"resources\":3,\"data\":3,\"users\":1,\"at\":\"%s\",\"component\":"
                "\"Login form\",\"weakness\":\"CWE-89\",\"entry\":\"/login\",\"steps\":\"a "
                "quote\",\"proof\":\"a picture\",\"remedy_short\":\"block\",\"remedy_long\":"
                "\"bind\"}",
                (long long)exercise, (long long)of, title, (long long)target, when(0));
}

static int64_t filed(struct signed_in *s, int64_t of, const char *title) {
        check_int(add(s, of, title), 200);
        int64_t id = answer_int("id");
        check_int(do_it(s, "findings.file", id, ""), 200);
        return id;
}

#define VERIFIED                                                                                   \
        ",\"severity\":\"critical\",\"resources\":3,\"data\":3,\"users\":1,\"whole\":true,"        \
        "\"text\":\"seen on the portal\""
#define MARK(level) ",\"severity\":\"" level "\",\"resources\":3,\"data\":3,\"users\":1"

static void nothing_without_consent(void) {
        begin(true);
        check_int(asf(&blue, "livefire.get", "{\"id\":%lld}", (long long)exercise), 404);
        check_int(declare(&blue, 1), 403);
        check_int(declare(&red, 1), 403);
        check_int(declare(&org, 1), 200);
        target = answer_int("targets.0.id");
        check(strcmp(answer_text("missing.1.code"), "consent") == 0);
        check_int(declare(&org, 7), 409); /* stale */
        check_int(asf(&org, "exercises.get", "{\"id\":%lld}", (long long)exercise), 200);
        const json_t *list = answer_at("checklist"), *item;
        size_t n;
        json_array_foreach(list, n, item) {
                const char *id = json_string_value(json_object_get(item, "id"));

                if (strcmp(id, "consent") == 0)
                        check(json_is_false(json_object_get(item, "done")) &&
                              json_is_string(json_object_get(item, "why")));
        }
        /* The owner alone; with the second factor fresh; for the system's own addresses. */
        check_int(consent(&org, 0, HOUR, ""), 403);
        check_int(consent(&blue, 0, HOUR, ""), 403);
        later(400);
        check_int(consent(&owner, 0, HOUR, ""), 403);
        second(&owner, owner_secret);
        check_int(consent(&owner, 0, HOUR, ",\"addresses\":[\"10.9.9.9/32\"]"), 422);
        check_int(consent(&owner, 0, 90 * HOUR, ""), 200);
        check(json_is_true(answer_at("targets.0.consented")));
        int64_t consent = answer_int("consents.0.id");
        /* Another address of the system: what was consented to is less than what is a target. */
        check_int(asf(NULL, "systems.change",
                      "{\"id\":%lld,\"version\":1,\"addresses\":[\"10.1.2.3/32\",\"10.1.2.4/32\"]}",
                      (long long)system_id),
                  200);
        check_int(declare(&org, 1), 200);
        check(json_is_false(answer_at("targets.0.consented")));
        check_int(asf(&red, "livefire.withdraw",
                      "{\"id\":%lld,\"consent\":%lld,\"reason\":\"a test\"}", (long long)exercise,
                      (long long)consent),
                  403);
        check_int(asf(&owner, "livefire.withdraw",
                      "{\"id\":%lld,\"consent\":%lld,\"reason\":\"a test\"}", (long long)exercise,
                      (long long)consent),
                  200);
        check(*answer_text("consents.0.withdrawn"));
        /* A blue side sees the rules, but not where they come from. */
        check_int(asf(&blue, "livefire.get", "{\"id\":%lld}", (long long)exercise), 200);
        check_int((long long)json_array_size(answer_at("sources")), 0);
        check(strcmp(answer_text("side"), "blue") == 0);
        people_end();
}

static void teams_have_one_side(void) {
        begin(false);
        check_int(asf(&org, "livefire.team_add", "{\"id\":%lld,\"name\":\"C\",\"people\":[%lld]}",
                      (long long)exercise, (long long)reds[0]),
                  422); /* in another */
        check_int(asf(&org, "livefire.team_add", "{\"id\":%lld,\"name\":\"C\",\"people\":[%lld]}",
                      (long long)exercise,
                      (long long)row("SELECT id FROM person WHERE login='gk0'")),
                  422);
        check_int(asf(&red, "livefire.team_add", "{\"id\":%lld,\"name\":\"C\",\"people\":[]}",
                      (long long)exercise),
                  403);
        check_int(asf(&org, "livefire.team_edit",
                      "{\"id\":%lld,\"team\":%lld,\"name\":\"Alpha 1\",\"version\":1}",
                      (long long)exercise, (long long)team),
                  200);
        check_int(asf(&org, "livefire.team_edit",
                      "{\"id\":%lld,\"team\":%lld,\"name\":\"Beta\",\"version\":2}",
                      (long long)exercise, (long long)team),
                  422);
        check_int(asf(&red, "livefire.teams", "{\"id\":%lld}", (long long)exercise), 200);
        check(json_is_array(answer_at("items.0.members")) &&
              json_is_null(answer_at("items.1.members")));
        people_end();
}

static void findings_are_sealed(void) {
        begin(false);
        check_int(add(&red, team_b, "Secret words"), 403);
        check_int(add(&blue, team, "Secret words"), 403);
        check_int(add(&red, team, "Secret words"), 200);
        int64_t id = answer_int("id");
        check(strcmp(answer_text("title"), "Secret words") == 0);
        check(strcmp(answer_text("code"), "PH-001") == 0);
        /* Nothing of it in the database, nor in the audit log. */
        check_int(row("SELECT count(*) FROM live_finding WHERE instr(sealed, 'Secret')"), 0);
        check_int(row("SELECT count(*) FROM audit WHERE instr(detail, 'Secret')"), 0);
        check_int(do_it(&red, "findings.edit", id, ",\"proof\":\"\""), 200);
        check_int(do_it(&red, "findings.file", id, ""), 422);
        check(strcmp(answer_text("fields.0.field"), "proof") == 0);
        check_int(do_it(&red, "findings.edit", id, ",\"proof\":\"here\",\"version\":1"), 409);
        check_int(do_it(&red, "findings.edit", id, ",\"proof\":\"here\""), 200);
        check(strcmp(answer_text("title"), "Secret words") == 0);
        /* Not seen by others while it is written, by the jury until it is verified, by the blue side ever. */
        check_int(do_it(&other, "findings.get", id, ""), 404);
        check_int(do_it(&org, "findings.get", id, ""), 404);
        check_int(do_it(&red, "findings.file", id, ""), 200);
        check_int(do_it(&red, "findings.edit", id, ",\"proof\":\"other\""), 409);
        check_int(do_it(&org, "findings.get", id, ""), 200);
        check_int(do_it(&jury[0], "findings.get", id, ""), 404);
        check_int(do_it(&blue, "findings.get", id, ""), 404);
        check_int(do_it(&owner, "findings.get", id, ""), 404);
        check_int(asf(&other, "findings.list", "{\"id\":%lld}", (long long)exercise), 200);
        check_int((long long)json_array_size(answer_at("items")), 0);
        check_int(asf(&org, "findings.list", "{\"id\":%lld}", (long long)exercise), 200);
        check(strcmp(answer_text("items.0.title"), "Secret words") == 0);
        /* Given back, changed, filed again. */
        check_int(do_it(&red, "findings.return", id, ",\"reason\":\"no picture\""), 403);
        check_int(do_it(&org, "findings.return", id, ",\"reason\":\"no picture\""), 200);
        check_int(do_it(&red, "findings.edit", id, ",\"proof\":\"other\""), 200);
        check_int(do_it(&red, "findings.file", id, ""), 200);
        people_end();
}

static void the_vault_is_needed(void) {
        begin(false);
        int64_t id = filed(&red, team, "x yz");
        check_int(desk_begin(w.d), 0);
        check_int(sql_do(state_sql(w.d->state), "UPDATE live_rules SET key=zeroblob(length(key))",
                         ""),
                  0);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        check_int(do_it(&org, "findings.get", id, ""), 503);
        people_end();
}

static int64_t with_marks(const char *first, const char *second_level, const char *third) {
        int64_t id = filed(&red, team, "SQL injection");
        char more[100];

        check_int(do_it(&jury[0], "findings.mark", id, MARK("high")), 404);
        check_int(do_it(&red, "findings.verify", id, VERIFIED), 403);
        check_int(do_it(&org, "findings.verify", id, VERIFIED), 200);
        check_int(answer_int("points"), 86667);
        check(json_is_true(answer_at("provisional")));
        snprintf(more, sizeof(more), ",\"severity\":\"%s\",\"resources\":3,\"data\":3,\"users\":1",
                 first);
        check_int(do_it(&org, "findings.mark", id, more), 403);
        check_int(do_it(&jury[0], "findings.mark", id, more), 200);
        check_int(do_it(&jury[0], "findings.mark", id, more), 409);
        /* Blind: neither the team, nor who said what. */
        check_int(do_it(&jury[1], "findings.get", id, ""), 200);
        check(json_is_null(answer_at("team")) && json_is_null(answer_at("verification")));
        check_int((long long)json_array_size(answer_at("marks")), 0);
        snprintf(more, sizeof(more), ",\"severity\":\"%s\",\"resources\":3,\"data\":3,\"users\":1",
                 second_level);
        check_int(do_it(&jury[1], "findings.mark", id, more), 200);
        if (third) {
                check(strcmp(answer_text("state"), "verified") == 0);
                snprintf(more, sizeof(more),
                         ",\"severity\":\"%s\",\"resources\":3,\"data\":3,\"users\":1", third);
                check_int(do_it(&jury[2], "findings.mark", id, more), 200);
        }
        check(strcmp(answer_text("state"), "judged") == 0);
        return id;
}

static void a_jury_marks_blind(void) {
        begin(false);
        int64_t id = with_marks("critical", "low", "high");
        check_int(answer_int("points"), 43333); /* of 86.667, 43.333 and 8.667 the middle one */
        check_int((long long)json_array_size(answer_at("marks")), 3);
        /* Who works for the unit that was attacked does not judge it. */
        enter(&jury[3], "gk3", "jury", UNIT_ROOT, jury_secret[3]);
        give(row("SELECT id FROM person WHERE login='gk3'"), "handler", a);
        int64_t again = filed(&red, team, "another");
        check_int(do_it(&org, "findings.verify", again, VERIFIED), 200);
        check_int(answer_int("place"), 0); /* its team has that one already */
        check_int(do_it(&jury[3], "findings.mark", again, MARK("high")), 403);
        check_int(do_it(&jury[3], "findings.void", again, ",\"reason\":\"out of scope\""), 403);
        /* Before the jury has spoken it sees what the team claims, not what the organisers made of it. */
        check_int(do_it(&jury[0], "findings.get", again, ""), 200);
        check(json_is_null(answer_at("points")) && json_is_null(answer_at("place")));
        /* An appeal: its team, once, within a day; the jury answers. */
        check_int(do_it(&other, "findings.appeal", id, ",\"text\":\"too low\""), 404);
        check_int(do_it(&red, "findings.appeal", id, ",\"text\":\"too low\""), 200);
        second(&jury[0], jury_secret[0]);
        check_int(do_it(&jury[0], "findings.sign", id, ""), 409);
        check_int(do_it(&org, "findings.answer", id, ",\"upheld\":true,\"text\":\"yes\""), 403);
        check_int(
                do_it(&jury[0], "findings.answer", id, ",\"upheld\":true,\"text\":\"seen again\""),
                200);
        check(strcmp(answer_text("state"), "verified") == 0);
        check_int(do_it(&jury[0], "findings.mark", id, MARK("critical")), 200);
        check_int(do_it(&jury[1], "findings.mark", id, MARK("critical")), 200);
        check(strcmp(answer_text("state"), "judged") == 0);
        check_int((long long)json_array_size(answer_at("marks")), 5); /* both rounds stand */
        check_int(do_it(&red, "findings.appeal", id, ",\"text\":\"once more\""), 409);
        people_end();
}

static void what_is_signed_is_forgotten(void) {
        begin(false);
        int64_t id = with_marks("critical", "critical", NULL);
        later(400);
        check_int(asf(&jury[0], "livefire.finish", "{\"id\":%lld}", (long long)exercise), 403);
        second(&jury[0], jury_secret[0]);
        check_int(asf(&jury[0], "livefire.finish", "{\"id\":%lld}", (long long)exercise), 409);
        check_int(do_it(&jury[0], "findings.sign", id, ""), 409); /* a day for an appeal */
        check_int(asf(&org, "livefire.publish", "{\"id\":%lld}", (long long)exercise), 200);
        check_int(answer_int("published.0.teams.0.points"), 86667);
        check_int(asf(&blue, "livefire.publish", "{\"id\":%lld}", (long long)exercise), 403);
        check_int(asf(&blue, "livefire.standings", "{\"id\":%lld}", (long long)exercise), 200);
        check(json_is_null(answer_at("now")));
        for (int day = 0; day < 26; day++)
                later(3600);
        check_int(sign_in(&jury[0], "gk0", GOOD_PASSWORD), 200);
        char code[7];
        code_now(jury_secret[0], code);
        check_int(asf(&jury[0], "session.totp", "{\"code\":\"%s\"}", code), 200);
        check_int(do_it(&jury[0], "findings.sign", id, ""), 200);
        check(strcmp(answer_text("team_name"), "Alpha") == 0); /* no more blind */
        check_int(asf(&jury[0], "livefire.finish", "{\"id\":%lld}", (long long)exercise), 200);
        check(json_is_true(answer_at("published.0.final")));
        check_int(row("SELECT count(*) FROM live_finding WHERE sealed IS NOT NULL"), 1);
        later(29 * 86400);
        check_int(row("SELECT count(*) FROM live_finding WHERE sealed IS NOT NULL"), 1);
        later(2 * 86400);
        check_int(row("SELECT count(*) FROM live_finding WHERE sealed IS NOT NULL"), 0);
        later(4 * 86400);
        check_int(row("SELECT count(*) FROM live_rules WHERE key IS NOT NULL"), 0);
        check_int(local("findings.list", "{\"id\":1}"), 200); /* points stay */
        check_int(answer_int("items.0.points"), 86667);
        check(json_is_null(answer_at("items.0.title")));
        people_end();
}

static void the_same_is_shared(void) {
        begin(false);
        int64_t one = filed(&red, team, "one");
        later(1200);
        int64_t two = filed(&other, team_b, "two");
        check_int(do_it(&org, "findings.verify", two, VERIFIED), 200);
        check_int(answer_int("points"), 86667); /* the only one that is verified */
        check_int(do_it(&org, "findings.verify", one, VERIFIED), 200);
        check_int(answer_int("points"), 86667);
        check_int(do_it(&org, "findings.get", two, ""), 200);
        check_int(answer_int("points"), 43333);
        /* One juror's word changes nothing; the same juror's is no second one; the team hears nothing of it. */
        check_int(do_it(&jury[0], "findings.void", one, ",\"reason\":\"out of scope\""), 200);
        check(strcmp(answer_text("state"), "verified") == 0);
        check_int(answer_int("voids"), 1);
        check_int(do_it(&jury[0], "findings.void", one, ",\"reason\":\"out of scope\""), 409);
        check_int(do_it(&org, "findings.get", two, ""), 200);
        check_int(answer_int("points"), 43333);
        check_int(do_it(&red, "findings.get", one, ""), 200);
        check_int(answer_int("voids"), 0);
        check(!memmem(api_w.body.p, api_w.body.len, "void_asked", 10));
        /* Another does not agree, and it begins anew. */
        check_int(do_it(&jury[1], "findings.void", one,
                        ",\"reason\":\"it was in scope\",\"agree\":false"),
                  200);
        check_int(do_it(&jury[1], "findings.void", one,
                        ",\"reason\":\"it was in scope\",\"agree\":false"),
                  409);
        check_int(do_it(&jury[1], "findings.void", one, ",\"reason\":\"data kept\""), 200);
        check(strcmp(answer_text("state"), "verified") == 0);
        check_int(do_it(&jury[0], "findings.void", one, ",\"reason\":\"out of scope\""), 200);
        check(strcmp(answer_text("state"), "void") == 0);
        check_int(do_it(&org, "findings.get", two, ""), 200);
        check_int(answer_int("points"), 86667); /* its place went to the next */
        check_int(do_it(&org, "findings.void", two, ",\"reason\":\"out of scope\""), 403);
        people_end();
}

static int act(struct signed_in *s, const char *source, int64_t from, int64_t to,
               const char *more) {
        return asf(s, "livefire.act",
                   "{\"id\":%lld,\"team\":%lld,\"from\":\"%s\",\"to\":\"%s\",\"source\":\"%s\","
                   "\"target\":%lld,\"text\":\"tried it\"%s}",
                   (long long)exercise, (long long)team, when(from), when(to), source,
                   (long long)target, more);
}

static void the_log_stays_within_its_bounds(void) {
        begin(false);
        check_int(act(&red, "198.51.100.1", -600 * NS_PER_SEC, 0, ""), 422);
        check_int(act(&red, "203.0.113.16", -600 * NS_PER_SEC, 0, ""), 422);
        check_int(act(&red, "203.0.113.5", -2 * HOUR, 0, ""), 422);
        check_int(act(&red, "203.0.113.5", 0, HOUR, ""), 422);
        check_int(act(&red, "203.0.113.5", -600 * NS_PER_SEC, 0, ",\"technique\":\"T12\""), 422);
        check_int(act(&other, "203.0.113.5", -600 * NS_PER_SEC, 0, ""), 403);
        check_int(act(&red, "203.0.113.5", -600 * NS_PER_SEC, 0, ",\"technique\":\"T1190\""), 200);
        check_int(asf(&other, "livefire.activity", "{\"id\":%lld}", (long long)exercise), 200);
        check_int((long long)json_array_size(answer_at("items")), 0);
        check_int(asf(&org, "livefire.activity", "{\"id\":%lld}", (long long)exercise), 200);
        check_int((long long)json_array_size(answer_at("items")), 1);
        check_int(asf(&jury[0], "livefire.activity", "{\"id\":%lld}", (long long)exercise), 200);
        check(json_is_null(answer_at("items.0.team")) &&
              json_is_null(answer_at("items.0.by_name")));
        check_int(asf(&blue, "livefire.matches", "{\"id\":%lld}", (long long)exercise), 403);
        /* Withdrawn: nothing more may be done to it. */
        int64_t consent = row("SELECT id FROM live_consent");
        check_int(asf(&owner, "livefire.withdraw",
                      "{\"id\":%lld,\"consent\":%lld,\"reason\":\"a test\"}", (long long)exercise,
                      (long long)consent),
                  200);
        check_int(act(&red, "203.0.113.5", -60 * NS_PER_SEC, 0, ""), 422);
        people_end();
}

/* ---- what was seen ---- */

static void sql(const char *text) {
        check_int(sql_do(state_sql(w.d->state), text, ""), 0);
}

/* An alert of the portal with these names in its event, raised a minute after its beginning. */
static void alert(int id, const char *user, const char *fields, const char *tags) {
        char text[900];
        long long t = (long long)(w.wall - 300 * NS_PER_SEC);

        check_int(desk_begin(w.d), 0);
        snprintf(
                text, sizeof(text),
                "INSERT INTO rule(ref,kind,id,version,level,status,title,title_vi,description,"
                "description_vi,file,tags) VALUES(%d,1,'r%d',x'00',3,0,'Rule %d','','','','','%s')",
                900 + id, id, id, tags);
        sql(text);
        snprintf(
                text, sizeof(text),
                "INSERT INTO alert(id,key,rule,status,drill,entity_kind,entity,host,user,source,"
                "exception,count,first,last,first_received,last_received,raised,updated,records)"
                " VALUES(%d,x'%02x',%d,0,0,1,'web01','web01','%s','','',1,%lld,%lld,%lld,%lld,%lld,"
                "%lld,'')",
                id, id, 900 + id, user, t, t, t, t, t, t);
        sql(text);
        snprintf(text, sizeof(text), "INSERT INTO fields VALUES(%d,0,'%s')", id, fields);
        sql(text);
        snprintf(text, sizeof(text),
                 "INSERT INTO triage(alert,status,severity,urgency,unit,system,rule,host,source,"
                 "drill,raised,waiting_since,taken_at,words) VALUES(%d,'taken','high',1,%lld,%lld,"
                 "'r%d','web01','',0,%lld,NULL,%lld,'')",
                 id, (long long)a, (long long)system_id, id, t + 60 * (long long)NS_PER_SEC,
                 t + 120 * (long long)NS_PER_SEC);
        sql(text);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
}

static void what_was_seen_is_matched(void) {
        begin(false);
        check_int(act(&red, "203.0.113.5", -300 * NS_PER_SEC, -200 * NS_PER_SEC,
                      ",\"account\":\"www\",\"technique\":\"T1190\""),
                  200);
        check_int(act(&red, "203.0.113.6", -300 * NS_PER_SEC, -200 * NS_PER_SEC,
                      ",\"account\":\"root\",\"technique\":\"T1068\""),
                  200);
        alert(1, "www", "{\"src\":\"203.0.113.5\"}", "attack.t1190");
        alert(2, "", "{\"src\":\"198.51.100.9\"}", "attack.t1190"); /* target and technique: 5 */
        alert(3, "", "{\"src\":\"203.0.113.6\"}", "");              /* target and source: 6 */
        check_int(asf(&org, "livefire.matches", "{\"id\":%lld}", (long long)exercise), 200);
        check_int(answer_int("items.0.seen.0.alert"), 1);
        check_int(answer_int("items.0.seen.0.evidence"), 9);
        check_int(answer_int("items.0.first_ms"), 60000);
        check_int(answer_int("items.0.acknowledged_ms"), 120000);
        check(json_is_null(answer_at("items.0.contained_ms")));
        check_int(answer_int("items.1.seen.0.alert"), 3);
        check_int(answer_int("real"), 1);
        check(json_is_false(answer_at("items.0.ambiguous")));
        /* The same source twice, nothing else to tell them apart: nobody's until it is ruled. */
        check_int(act(&red, "203.0.113.6", -300 * NS_PER_SEC, -200 * NS_PER_SEC, ""), 200);
        check_int(asf(&jury[0], "livefire.matches", "{\"id\":%lld}", (long long)exercise), 200);
        check_int((long long)json_array_size(answer_at("items.1.seen")), 0);
        check(json_is_true(answer_at("items.1.ambiguous")) &&
              json_is_true(answer_at("items.2.ambiguous")));
        people_end();
}

static int attach(struct signed_in *s, int64_t finding, size_t bytes) {
        struct api_ask ask = {
                .op = api_number("findings.attach"), .how = API_COOKIE, .flags = API_ASK_MORE};
        char fields[128], *p = calloc(1, bytes + 1);

        memset(p, 'a', bytes);
        memcpy(ask.token, s->token, sizeof(ask.token));
        snprintf(fields, sizeof(fields), "{\"id\":%lld,\"finding\":%lld,\"name\":\"picture.png\"}",
                 (long long)exercise, (long long)finding);
        check_int(api_send_frame(0, API_ASK, ++api_w.id, &ask, sizeof(ask), span_str(fields)), 0);
        api_settle();
        for (size_t at = 0; at < bytes; at += API_PIECE_MAX) {
                check_int(api_send_frame(0, API_ASK, api_w.id, &ask, sizeof(ask),
                                         span_of(p + at, MIN(API_PIECE_MAX, bytes - at))),
                          0);
                api_settle();
        }
        ask.flags = 0;
        check_int(api_send_frame(0, API_ASK, api_w.id, &ask, sizeof(ask), SPAN_NONE), 0);
        api_settle();
        pump_vault();
        free(p);
        return api_take_frame(0) == api_w.id ? (int)api_w.say.status : 0;
}

static void attachments_are_sealed_too(void) {
        char more[40];

        begin(false);
        check_int(add(&red, team, "with a picture"), 200);
        int64_t id = answer_int("id");
        check_int(attach(&other, id, 100), 404);
        check_int(attach(&org, id, 100), 403);
        check_int(attach(&red, id, LIVE_FILE_MAX + 1), 413);
        check_int(attach(&red, id, 300000), 200);
        check_int(answer_int("files.0.bytes"), 300000);
        check(strcmp(answer_text("files.0.name"), "picture.png") == 0);
        snprintf(more, sizeof(more), ",\"file\":%lld", answer_int("files.0.id"));
        check_int(row("SELECT count(*) FROM live_file WHERE instr(sealed, 'aaaa') OR"
                      " instr(name, 'picture')"),
                  0);
        check_int(do_it(&red, "findings.attachment", id, more), 200);
        check_int(do_it(&other, "findings.attachment", id, more), 404);
        check_int(do_it(&blue, "findings.attachment", id, more), 404);
        for (int i = 1; i < 10; i++)
                check_int(attach(&red, id, 10), 200);
        check_int(attach(&red, id, 10), 409);
        check_int(do_it(&red, "findings.file", id, ""), 200);
        check_int(attach(&red, id, 10), 409);
        people_end();
}

int main(void) {
        RUN(places_and_points);
        RUN(nothing_without_consent);
        RUN(teams_have_one_side);
        RUN(findings_are_sealed);
        RUN(the_vault_is_needed);
        RUN(a_jury_marks_blind);
        RUN(what_is_signed_is_forgotten);
        RUN(the_same_is_shared);
        RUN(the_log_stays_within_its_bounds);
        RUN(what_was_seen_is_matched);
        RUN(attachments_are_sealed_too);
        return check_done();
}

/* People at the desk: signing in step by step, guessing that slows down only who guesses, roles that hold in
 * their unit and nowhere else, and files that come in whole or not at all. */
#include "people_world.h"

#include "desk/desk_impl.h"
#include "desk/errands.h"
#include "wire/courier.h"

static bool code_is(const char *code) {
        return strcmp(answer_text("code"), code) == 0;
}

static void the_first_person_is_made_at_the_node(void) {
        struct signed_in s = {0};
        char once[32];

        people_start();
        check_int(as(NULL, "session.get", "{}"), 401);
        check_int(local("people.begin", "{\"login\":\"Admin\"}"), 200);
        check_int(json_is_true(answer_at("created")), 1);
        check(strcmp(answer_text("login"), "admin") == 0);
        snprintf(once, sizeof(once), "%s", answer_text("password"));
        check_int(strlen(once), 19);
        check_int(local("people.begin", "{\"login\":\"other\"}"), 404); /* only the first */
        check_int(sign_in(&s, "admin", "wrong wrong"), 401);
        check(!s.has);
        check_int(sign_in(&s, "ADMIN", once), 200);
        check(strcmp(answer_text("step"), "new_password") == 0);
        check_int(answer_int("roles.0.unit"), UNIT_ROOT);
        check_int(as(&s, "units.list", "{}"), 403);
        check(code_is("new_password"));
        check_int(as(&s, "session.password", "{\"new\":\"short\"}"), 422);
        check_int(as(&s, "session.password", "{\"new\":\"" GOOD_PASSWORD "\"}"), 200);
        check(json_is_null(answer_at("step")));
        check(json_is_true(answer_at("needs_totp")));
        check_int(answer_int("level_idle_s"), 300);
        check_int(as(&s, "units.list", "{}"), 200);
        check_int(sign_in(&s, "admin", once), 401); /* it was good once */
        check_int(sign_in(&s, "admin", GOOD_PASSWORD), 200);
        people_end();
}

static void each_step_gives_another_token(void) {
        struct signed_in s, old;
        char secret[64], code[7];

        people_start();
        member("an", "officer", UNIT_ROOT);
        check_int(sign_in(&s, "an", GOOD_PASSWORD), 200);
        check_int(confirm_totp(&s, secret), 200);
        check_int(json_array_size(answer_at("recovery_codes")), 10);
        later(60);
        check_int(sign_in(&s, "an", GOOD_PASSWORD), 200);
        check(strcmp(answer_text("step"), "totp") == 0);
        check_int(as(&s, "units.list", "{}"), 403);
        check(code_is("totp"));
        check_int(as(&s, "totp.begin", "{}"), 403);
        check_int(as(&s, "session.password", "{\"old\":\"" GOOD_PASSWORD "\",\"new\":\"x\"}"), 403);
        old = s;
        code_now(secret, code);
        check_int(asf(&s, "session.totp", "{\"code\":\"%s\"}", code), 200);
        check(json_is_null(answer_at("step")));
        check_int(as(&old, "session.get", "{}"), 401);
        check_int(as(&s, "units.list", "{}"), 200);
        /* The same code again, on another session: used up. */
        check_int(sign_in(&old, "an", GOOD_PASSWORD), 200);
        check_int(asf(&old, "session.totp", "{\"code\":\"%s\"}", code), 403);
        check(code_is("wrong_code"));
        later(31);
        code_now(secret, code);
        check_int(asf(&old, "session.totp", "{\"code\":\"%s\"}", code), 200);
        people_end();
}

/* The subjects of all mails so far, oldest first, a bar behind each. */
static const char *mails(void) {
        static char all[1024];
        _cleanup_(sql_endp) struct sql_rows *q = NULL;

        all[0] = '\0';
        check_int(sql_rows(state_sql(w.d->state), &q,
                           "SELECT subject FROM outgoing WHERE kind='mail' AND target LIKE "
                           "'%an@x.example%'"
                           " ORDER BY id",
                           ""),
                  0);
        while (sql_next(q) == 1)
                snprintf(all + strlen(all), sizeof(all) - strlen(all), "%.*s|",
                         (int)sql_span(q, 0).len, sql_span(q, 0).p);
        return all;
}

static void one_hears_of_ones_own_way_in(void) {
        struct signed_in s = {0};
        char secret[64], code[40];

        people_start();
        int64_t an = member("an", "officer", UNIT_ROOT);
        check_int(asf(NULL, "people.change",
                      "{\"id\":%lld,\"version\":1,\"email\":\"an@x.example\",\"lang\":\"en\"}",
                      (long long)an),
                  200);
        check_int(sign_in(&s, "an", GOOD_PASSWORD), 200);
        check(strcmp(mails(), "") == 0); /* using it is nothing to tell */
        check_int(
                as(&s, "session.password", "{\"old\":\"wrong\",\"new\":\"Chín 9 con chim bay!\"}"),
                403);
        check(code_is("wrong_password"));
        check(strcmp(mails(), "") == 0);
        check_int(as(&s, "session.password",
                     "{\"old\":\"" GOOD_PASSWORD "\",\"new\":\"Chín 9 con chim bay!\"}"),
                  200);
        check_int(confirm_totp(&s, secret), 200);
        snprintf(code, sizeof(code), "%s", answer_text("recovery_codes.3"));
        check_int(sign_in(&s, "an", "Chín 9 con chim bay!"), 200);
        check_int(asf(&s, "session.recovery", "{\"code\":\"%s\"}", code), 200);
        check_int(asf(NULL, "people.one_time", "{\"id\":%lld}", (long long)an), 200);
        check(strcmp(mails(), "Your password was changed|Your second factor was set up anew|"
                              "One of your recovery codes was used|"
                              "You were given a one-time password|") == 0);
        people_end();
}

static void recovery_codes_sign_in_once(void) {
        struct signed_in s = {0};
        char secret[64], code[40];

        people_start();
        member("an", "officer", UNIT_ROOT);
        check_int(sign_in(&s, "an", GOOD_PASSWORD), 200);
        check_int(confirm_totp(&s, secret), 200);
        snprintf(code, sizeof(code), "%s", answer_text("recovery_codes.3"));
        check_int(sign_in(&s, "an", GOOD_PASSWORD), 200);
        check_int(asf(&s, "session.recovery", "{\"code\":\"%s\"}", code), 200);
        check_int(answer_int("codes_left"), 9);
        check_int(as(&s, "units.list", "{}"), 200);
        check_int(sign_in(&s, "an", GOOD_PASSWORD), 200);
        check_int(asf(&s, "session.recovery", "{\"code\":\"%s\"}", code), 403);
        for (unsigned i = 0; i < 3; i++)
                check_int(asf(&s, "session.recovery", "{\"code\":\"AAAA-BBBB-CCCC-DDD%u\"}", 2 + i),
                          403);
        check_int(as(&s, "session.recovery", "{\"code\":\"AAAA-BBBB-CCCC-EEEE\"}"), 401);
        check(!s.has); /* five wrong ones end it */
        people_end();
}

static void what_needs_a_fresh_second_factor(void) {
        struct signed_in s = {0};
        char secret[64], code[7];

        people_start();
        int64_t admin = member("admin", "admin", UNIT_ROOT);
        int64_t an = person("an", UNIT_ROOT);
        (void)admin;
        check_int(sign_in(&s, "admin", GOOD_PASSWORD), 200);
        check_int(asf(&s, "people.one_time", "{\"id\":%lld}", (long long)an), 403);
        check(code_is("enrol"));
        check_int(confirm_totp(&s, secret), 200);
        check_int(asf(&s, "people.one_time", "{\"id\":%lld}", (long long)an), 200);
        later(299);
        check_int(as(&s, "session.get", "{}"), 200);
        later(2);
        check_int(asf(&s, "people.one_time", "{\"id\":%lld}", (long long)an), 403);
        check(code_is("second_factor"));
        code_now(secret, code);
        check_int(asf(&s, "session.second", "{\"code\":\"%s\"}", code), 200);
        check_int(asf(&s, "people.one_time", "{\"id\":%lld}", (long long)an), 200);
        check_int(asf(&s, "people.one_time", "{\"id\":%lld}", (long long)admin), 403);
        check(code_is("oneself"));
        check_int(asf(&s, "roles.give", "{\"id\":%lld,\"role\":\"lead\",\"unit\":1}",
                      (long long)admin),
                  403);
        check(code_is("oneself"));
        people_end();
}

/* Who lives at a site but decides for all is not taken over by the site's administrator. */
static void no_reset_of_who_decides_elsewhere(void) {
        struct signed_in s = {0};
        char secret[64];

        people_start();
        int64_t a = add_unit("a", UNIT_ROOT);
        member("admin", "admin", a);
        int64_t boss = member("boss", "approver", UNIT_ROOT), an = member("an", "officer", a);
        check_int(asf(NULL, "people.change", "{\"id\":%lld,\"version\":1,\"unit\":%lld}",
                      (long long)boss, (long long)a),
                  200);
        check_int(sign_in(&s, "admin", GOOD_PASSWORD), 200);
        check_int(confirm_totp(&s, secret), 200);
        check_int(asf(&s, "people.one_time", "{\"id\":%lld,\"totp\":true}", (long long)boss), 403);
        check(code_is("beyond"));
        check_int(asf(&s, "people.set_way", "{\"id\":%lld,\"way\":\"oidc\",\"external\":\"mine\"}",
                      (long long)boss),
                  403);
        check(code_is("beyond"));
        static const char *const more[] = {"\"active\":false", "\"email\":\"mine@x.example\""};
        for (size_t i = 0; i < ARRAY_LEN(more); i++) {
                check_int(asf(&s, "people.change", "{\"id\":%lld,\"version\":2,%s}",
                              (long long)boss, more[i]),
                          403);
                check(code_is("beyond"));
        }
        check_int(asf(&s, "people.sign_out", "{\"id\":%lld}", (long long)boss), 403);
        check_int(asf(&s, "people.change", "{\"id\":%lld,\"version\":2,\"phone\":\"113\"}",
                      (long long)boss),
                  200);
        check_int(asf(&s, "people.one_time", "{\"id\":%lld,\"totp\":true}", (long long)an), 200);
        people_end();
}

/* Whoever begins thousands of sign-ins, and ends none, keeps nobody out. */
static void many_that_begin_refuse_nobody(void) {
        static const char said[] = "{\"oidc\":\"SSO\"}";
        _cleanup_(buf_deinit) struct buf in = {0};
        struct courier_head h = {sizeof(said) - 1, COURIER_READY, 0};
        struct signed_in s = {0};
        int64_t n = 0;

        people_start();
        buf_add(&in, &h, sizeof(h));
        buf_add(&in, said, sizeof(said) - 1);
        check_int(desk_courier_line(w.d, true), 0);
        check_int(desk_courier_bytes(w.d, &in, w.wall), 0);
        check_int(desk_begin(w.d), 0);
        check_int(sql_do(state_sql(w.d->state),
                         "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE"
                         " i<5000) INSERT INTO sign_in SELECT randomblob(32), randomblob(32), 'n',"
                         " 'v', ?1+i FROM n",
                         "i", w.wall - 60 * NS_PER_SEC),
                  0);
        check_int(as(&s, "session.oidc", "{}"), 0); /* the courier is asked */
        check_int(sql_get_int(state_sql(w.d->state), &n, "SELECT count(*) FROM sign_in", ""), 1);
        check_int(n, 4999);
        people_end();
}

/* One role for each of a thousand units: their conditions grow beyond what SQLite takes, and the desk goes on. */
static void a_thousand_roles(void) {
        static const char *const lists[] = {"alerts.list",     "incidents.list", "systems.list",
                                            "unmaskings.list", "tonight.get",    "sources.list"};
        struct signed_in s = {0};
        struct sql *db;

        people_start();
        int64_t a = add_unit("a", UNIT_ROOT), lead = member("an", "lead", a);
        check_int(desk_begin(w.d), 0);
        db = state_sql(w.d->state);
        check_int(
                sql_do(db,
                       "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<1100)"
                       " INSERT INTO unit(id,parent,code,name,kind,path,depth,created) SELECT"
                       " 1000+i, 1, 'u'||i, 'u', 'site', (SELECT path FROM unit WHERE id=1)||"
                       "(1000+i)||'/', 1, 0 FROM n",
                       ""),
                0);
        check_int(sql_do(db,
                         "INSERT INTO role_grant(person,role,unit,since,given_at) SELECT ?1, 2, id,"
                         " ?2, ?2 FROM unit WHERE id>1000",
                         "ii", lead, w.wall),
                  0);
        check_int(sign_in(&s, "an", GOOD_PASSWORD), 200);
        for (size_t i = 0; i < ARRAY_LEN(lists); i++)
                check_int(as(&s, lists[i], "{}"), 200);
        check_int(as(&s, "units.list", "{\"limit\":1}"), 200);
        check_int(answer_int("total"), 1101); /* theirs, and no other */
        people_end();
}

static void sessions_end(void) {
        struct signed_in s, t, m;

        people_start();
        int64_t an = member("an", "officer", UNIT_ROOT);
        member("admin", "admin", UNIT_ROOT);
        check_int(sign_in(&s, "an", GOOD_PASSWORD), 200);
        check_int(answer_int("level_idle_s"), SESSION_IDLE_S);
        check_int(sign_in(&m, "admin", GOOD_PASSWORD), 200);
        later(290);
        check_int(as(&m, "session.get", "{}"), 200);
        later(290);
        check_int(as(&m, "session.get", "{}"), 200); /* its use counts */
        /* A page that nobody touches asks on; that is no use of it. */
        people_w.flags = API_ASK_BACKGROUND;
        later(200);
        check_int(as(&m, "session.get", "{}"), 200);
        later(101);
        check_int(as(&m, "session.get", "{}"), 401);
        check(code_is("idle"));
        people_w.flags = 0;
        check_int(as(&s, "session.get", "{}"), 200);
        later(SESSION_IDLE_S + 1);
        check_int(as(&s, "session.get", "{}"), 401);
        check_int(sign_in(&s, "an", GOOD_PASSWORD), 200);
        for (int i = 0; i < 12 * 4; i++) { /* always at work: twelve hours at most */
                later(900);
                if (as(&s, "session.get", "{}") != 200)
                        break;
                check(i < 47);
        }
        check(code_is("expired"));
        check_int(sign_in(&s, "an", GOOD_PASSWORD), 200);
        check_int(sign_in(&t, "an", GOOD_PASSWORD), 200);
        check_int(as(&s, "sessions.list", "{}"), 200);
        check_int(json_array_size(answer_at("items")), 2);
        check_int(as(&t, "session.password",
                     "{\"old\":\"" GOOD_PASSWORD "\",\"new\":\"Chín 9 con chim bay!\"}"),
                  200);
        check_int(as(&s, "session.get", "{}"), 401); /* the other one */
        check_int(as(&t, "session.get", "{}"), 200);
        check_int(asf(NULL, "people.change", "{\"id\":%lld,\"version\":1,\"active\":false}",
                      (long long)an),
                  200);
        check_int(as(&t, "session.get", "{}"), 401);
        check_int(sign_in(&s, "an", "Chín 9 con chim bay!"), 401);
        people_end();
}

static void a_half_session_ends_soon(void) {
        struct signed_in s = {0};

        people_start();
        person("an", UNIT_ROOT);
        check_int(local("people.begin", "{\"login\":\"an\"}"), 200);
        char once[32];
        snprintf(once, sizeof(once), "%s", answer_text("password"));
        check_int(sign_in(&s, "an", once), 200);
        later(SESSION_HALF_S + 1);
        check_int(as(&s, "session.password", "{\"new\":\"" GOOD_PASSWORD "\"}"), 401);
        later(ONE_TIME_S);
        check_int(sign_in(&s, "an", once), 401); /* three days: too late */
        people_end();
}

/* ---- guessing ---- */

static void guessing_gets_slower(void) {
        struct signed_in s = {0};
        int status = 0;

        people_start();
        member("an", "officer", UNIT_ROOT);
        people_w.address = 66;
        for (unsigned i = 0; i < 5; i++)
                check_int(sign_in(&s, "an", "guess"), 401);
        status = sign_in(&s, "an", "guess");
        check_int(status, 429);
        check(api_w.say.retry > 0 && api_w.say.retry <= 30);
        check_int(sign_in(&s, "an", GOOD_PASSWORD), 429); /* even the right one, from there */
        people_w.address = 10;                            /* where they always are */
        check_int(sign_in(&s, "an", GOOD_PASSWORD), 200);
        people_w.address = 66;
        later(31);
        check_int(sign_in(&s, "an", GOOD_PASSWORD), 200);
        people_end();
}

/* An attacker with many addresses, or behind the same address as everybody: who is known there signs in. */
static void nobody_is_locked_out_by_others(void) {
        struct signed_in s = {0};
        unsigned waited = 0;

        people_start();
        member("an", "officer", UNIT_ROOT);
        member("binh", "officer", UNIT_ROOT);
        for (unsigned i = 0; i < 200; i++) { /* from everywhere */
                people_w.address = (unsigned char)(i % 100 + 100);
                waited += sign_in(&s, "an", "guess") == 429;
        }
        check(waited > 100);
        people_w.address = 10;
        check_int(sign_in(&s, "an", GOOD_PASSWORD), 200);
        waited = 0;
        for (unsigned i = 0; i < 60; i++) /* from their own office, at many logins */
                waited += asf(&s, "session.open", "{\"login\":\"x%u\",\"password\":\"guess\"}",
                              i) == 429;
        check(waited > 20);
        check_int(sign_in(&s, "an", GOOD_PASSWORD), 200);
        check_int(sign_in(&s, "binh", GOOD_PASSWORD), 200);
        people_end();
}

static void nobody_and_a_wrong_password_sound_alike(void) {
        char one[512], other[512];
        struct signed_in s = {0};

        people_start();
        member("an", "officer", UNIT_ROOT);
        check_int(sign_in(&s, "an", "guess"), 401);
        snprintf(one, sizeof(one), "%.*s", (int)api_w.body.len, api_w.body.p);
        check_int(sign_in(&s, "nobody", "guess"), 401);
        snprintf(other, sizeof(other), "%.*s", (int)api_w.body.len, api_w.body.p);
        check(strcmp(one, other) == 0);
        people_end();
}

static void a_vault_that_is_away_is_said(void) {
        struct signed_in s = {0};

        people_start();
        member("an", "officer", UNIT_ROOT);
        people_w.gone = true;
        check_int(sign_in(&s, "an", GOOD_PASSWORD), 0); /* it waits */
        check_int(desk_vault_line(w.d, false), 0);
        api_settle();
        check_int(sign_in(&s, "an", GOOD_PASSWORD), 503);
        check_int(desk_vault_line(w.d, true), 0);
        people_w.gone = false;
        pump_vault();
        while (api_take_frame(0))
                ;
        check_int(sign_in(&s, "an", GOOD_PASSWORD), 200);
        people_end();
}

/* L3: unknown faces fill their own places only. */
static void a_flood_leaves_room(void) {
        struct signed_in s = {0};
        unsigned busy = 0;

        people_start();
        member("an", "officer", UNIT_ROOT);
        people_w.gone = true;
        for (unsigned i = 0; i < 50; i++) {
                people_w.address = (unsigned char)(100 + i);
                busy += asf(&s, "session.open", "{\"login\":\"y%u\",\"password\":\"guess\"}", i) ==
                        503;
        }
        check_int(busy, 46);
        people_w.address = 10;
        check_int(sign_in(&s, "an", GOOD_PASSWORD), 0); /* it waits, and is not refused */
        people_w.gone = false;
        pump_vault();
        bool in = false;
        while (api_take_frame(0))
                in = in || api_w.say.status == 200;
        check(in);
        people_end();
}

/* K3: two at most are with the vault, and who is known goes before those who are not. */
static void the_known_go_first(void) {
        struct signed_in s = {0};
        const struct msg_vault_ask *m;

        people_start();
        member("an", "officer", UNIT_ROOT);
        people_w.gone = true;
        for (unsigned i = 0; i < 4; i++) {
                people_w.address = (unsigned char)(100 + i);
                check_int(asf(&s, "session.open", "{\"login\":\"y%u\",\"password\":\"guess\"}", i),
                          0);
        }
        uint64_t tickets[2];
        for (unsigned i = 0; i < 2; i++) {
                check((m = desk_to_ask(w.d)) != NULL);
                tickets[i] = m->ticket;
                desk_asked(w.d, m);
        }
        check(desk_to_ask(w.d) == NULL);
        people_w.address = 10;
        check_int(sign_in(&s, "an", GOOD_PASSWORD), 0);
        struct msg_vault_answer no = {.type = VAULT_ANSWER, .error = -EACCES, .ticket = tickets[0]};
        check_int(desk_vault_said(w.d, &no), 0);
        check((m = desk_to_ask(w.d)) != NULL);
        check_span(span_of(m->text, m->text_len), GOOD_PASSWORD);
        people_w.gone = false;
        no.ticket = tickets[1];
        check_int(desk_vault_said(w.d, &no), 0);
        pump_vault();
        people_end();
}

static void passwords_fit_the_rule(void) {
        static const struct {
                const char *password;
                bool alone, second;
        } known[] = {
                {"Ba con mèo, 7 cái bàn", true, true},
                {"short", false, false},
                {"seven77", false, false},
                {"eight888x", false, true},
                {"thirteen Ch4r", false, true},
                {"Fourteen Ch4rs", true, true},
                {"all small letters 4", false, true},
                {"12345678901234567890", false, false},
                {"P@ssw0rd123456!", false, false},
                {"Matkhau@2026!!!!", false, false},
                {"aaaaaaaaaaaaaaaa", false, false},
                {"linh.tran", false, false},
                {"mật khẩu dài ơi là dài 9 A", true, true},
        };

        people_start();
        for (size_t i = 0; i < ARRAY_LEN(known); i++) {
                struct held h = {.kind = HELD_NOW};
                struct span p = span_str(known[i].password);

                check_int(password_fit(&h.c, "new", p, SPAN("linh.tran"), false) == 0,
                          known[i].alone);
                check_int(password_fit(&h.c, "new", p, SPAN("linh.tran"), true) == 0,
                          known[i].second);
        }
        people_end();
}

/* ---- roles ---- */

static void roles_hold_in_their_unit(void) {
        struct signed_in s = {0};

        people_start();
        int64_t north = add_unit("north", UNIT_ROOT), site = add_unit("north-1", north);
        int64_t south = add_unit("south", UNIT_ROOT);
        member("mm", "admin", north);
        int64_t x = person("xx", south);
        check_int(sign_in(&s, "mm", GOOD_PASSWORD), 200);
        check_int(as(&s, "units.list", "{}"), 200);
        check_int(json_array_size(answer_at("items")), 2);
        check_int(asf(&s, "units.get", "{\"id\":%lld}", (long long)site), 200);
        check(strcmp(answer_text("path_names.2"), "Unit north-1") == 0);
        check_int(asf(&s, "units.get", "{\"id\":%lld}", (long long)south), 404);
        check_int(asf(&s, "units.get", "{\"id\":1}"), 404);
        check_int(asf(&s, "people.get", "{\"id\":%lld}", (long long)x), 404);
        check_int(asf(&s, "people.add", "{\"login\":\"y\",\"name\":\"y\",\"unit\":%lld}",
                      (long long)south),
                  422); /* a login of one letter: the shape comes first */
        check_int(asf(&s, "people.add", "{\"login\":\"yy\",\"name\":\"y\",\"unit\":%lld}",
                      (long long)south),
                  404);
        check_int(asf(&s, "people.add", "{\"login\":\"yy\",\"name\":\"y\",\"unit\":%lld}",
                      (long long)site),
                  200);
        check_int(asf(&s, "units.change", "{\"id\":%lld,\"version\":1,\"parent\":%lld}",
                      (long long)site, (long long)south),
                  404); /* not out of their own */
        people_end();
}

static void roles_have_their_time(void) {
        struct signed_in s = {0};
        char since[40], until[40];

        people_start();
        int64_t an = member("an", NULL, UNIT_ROOT);
        time_format(since, w.wall + 100 * NS_PER_SEC, 3);
        time_format(until, w.wall + 200 * NS_PER_SEC, 3);
        check_int(asf(NULL, "roles.give",
                      "{\"id\":%lld,\"role\":\"officer\",\"unit\":1,\"since\":\"%s\",\"until\":\"%"
                      "s\"}",
                      (long long)an, since, until),
                  200);
        check_int(sign_in(&s, "an", GOOD_PASSWORD), 200);
        check_int(as(&s, "units.list", "{}"), 403);
        later(101);
        check_int(as(&s, "units.list", "{}"), 200);
        later(100);
        check_int(as(&s, "units.list", "{}"), 403);
        give(an, "officer", UNIT_ROOT);
        check_int(as(&s, "units.list", "{}"), 200);
        check_int(asf(NULL, "roles.take", "{\"id\":%lld,\"grant\":2}", (long long)an), 204);
        check_int(as(&s, "units.list", "{}"), 403);
        check_int(asf(NULL, "roles.list", "{\"id\":%lld}", (long long)an), 200);
        check_int(json_array_size(answer_at("items")), 2); /* what was, is still known */
        people_end();
}

static void units_move_with_all_below(void) {
        people_start();
        int64_t a = add_unit("a", UNIT_ROOT), b = add_unit("b", a), c = add_unit("c", b);
        int64_t d = add_unit("d", UNIT_ROOT);

        check_int(asf(NULL, "units.change", "{\"id\":%lld,\"version\":1,\"parent\":%lld}",
                      (long long)b, (long long)d),
                  200);
        check_int(asf(NULL, "units.get", "{\"id\":%lld}", (long long)c), 200);
        check(strcmp(answer_text("path_names.1"), "Unit d") == 0);
        check_int(answer_int("depth"), 3);
        check_int(asf(NULL, "units.change", "{\"id\":%lld,\"version\":1,\"parent\":%lld}",
                      (long long)d, (long long)c),
                  422); /* not below itself */
        check_int(
                asf(NULL, "units.change", "{\"id\":1,\"version\":1,\"parent\":%lld}", (long long)a),
                422);
        check_int(asf(NULL, "units.change", "{\"id\":%lld,\"version\":1,\"name\":\"x\"}",
                      (long long)b),
                  409);
        check_int(asf(NULL, "units.change", "{\"id\":%lld,\"version\":2,\"active\":false}",
                      (long long)b),
                  422); /* c is in use */
        check_int(unit_within(state_sql(w.d->state), c, d), 1);
        check_int(unit_within(state_sql(w.d->state), c, a), 0);
        people_end();
}

static void scripts_do_what_they_were_given(void) {
        struct signed_in s = {0};
        unsigned char token[API_TOKEN_BYTES];
        char secret[64], until[40];

        people_start();
        member("mm", "admin", UNIT_ROOT);
        check_int(sign_in(&s, "mm", GOOD_PASSWORD), 200);
        check_int(confirm_totp(&s, secret), 200);
        time_format(until, w.wall + 3600 * NS_PER_SEC, 3);
        check_int(asf(&s, "tokens.make",
                      "{\"name\":\"inventory\",\"permissions\":[\"alerts.work\"],\"until\":\"%s\"}",
                      until),
                  422); /* not their own */
        check_int(asf(&s, "tokens.make",
                      "{\"name\":\"inventory\",\"permissions\":[\"people.read\"],\"until\":\"%s\"}",
                      until),
                  200);
        for (unsigned i = 0; i < API_TOKEN_BYTES; i++)
                check_int(sscanf(answer_text("token") + (size_t)2 * i, "%2hhx", &token[i]), 1);
        check_int(ask_from(0, token, API_BEARER, "units.list", "{}"), 200);
        check_int(ask_from(0, token, API_BEARER, "units.add",
                           "{\"parent\":1,\"code\":\"z\",\"name\":\"z\",\"kind\":\"site\"}"),
                  403);
        check_int(ask_from(0, token, API_BEARER, "tokens.list", "{}"), 403);
        check(code_is("no_token"));
        check_int(ask_from(0, token, API_COOKIE, "units.list", "{}"), 401); /* no session */
        later(3601);
        check_int(ask_from(0, token, API_BEARER, "units.list", "{}"), 401);
        people_end();
}

/* ---- files ---- */

#define IMPORT(op, csv, dry) asf(NULL, op, "{\"csv\":\"%s\",\"dry\":%s}", csv, dry)

static void files_come_whole_or_not_at_all(void) {
        people_start();
        check_int(IMPORT("units.import",
                         "code,name,parent,kind\\nhn,Hà Nội,,department\\nhn-1,\\\"Site, "
                         "one\\\",hn,site\\n",
                         "true"),
                  200);
        check(json_is_false(answer_at("done")));
        check_int(answer_int("n_faults"), 0);
        check_int(answer_int("added"), 2);
        check_int(local("units.list", "{}"), 200);
        check_int(json_array_size(answer_at("items")), 1); /* it was only looked at */
        check_int(IMPORT("units.import",
                         "code,name,parent,kind\\nhn,Hà Nội,,department\\nhn-1,\\\"Site, "
                         "one\\\",hn,site\\n",
                         "false"),
                  200);
        check(json_is_true(answer_at("done")));
        check_int(local("units.list", "{}"), 200);
        check_int(json_array_size(answer_at("items")), 3);
        /* Bad lines: each is named, and the good one between them does not come in. */
        check_int(IMPORT("people.import",
                         "login;name;unit;email\\nan;An;hn;an@x.vn\\nBad Login;B;hn;\\nbinh;;hn;\\n"
                         "chi;Chi;nowhere;\\ndung;Dũng;hn;no address\\n",
                         "false"),
                  200);
        check(json_is_false(answer_at("done")));
        check_int(answer_int("n_faults"), 4);
        check_int(answer_int("faults.0.line"), 3);
        check(strcmp(answer_text("faults.0.field"), "login") == 0);
        check(strcmp(answer_text("faults.0.value"), "Bad Login") == 0);
        check(*answer_text("faults.0.fault") && *answer_text("faults.0.remedy"));
        check_int(answer_int("faults.1.line"), 4);
        check(strcmp(answer_text("faults.1.field"), "name") == 0);
        check_int(answer_int("faults.2.line"), 5);
        check_int(answer_int("faults.3.line"), 6);
        check_int(local("people.list", "{}"), 200);
        check_int(json_array_size(answer_at("items")), 0);
        check_int(
                IMPORT("people.import", "login,name,unit\\nan,An,hn\\nan,An Hai,hn-1\\n", "false"),
                200);
        check(json_is_true(answer_at("done")));
        check_int(local("people.list", "{}"), 200);
        check_int(json_array_size(answer_at("items")), 1);
        check(strcmp(answer_text("items.0.name"), "An Hai") == 0);
        people_end();
}

static void heads_of_files_are_checked(void) {
        people_start();
        check_int(IMPORT("people.import", "login,nme,unit\\nan,An,root\\n", "false"), 200);
        check_int(answer_int("n_faults"), 2); /* an unknown column, and one that is missing */
        check_int(IMPORT("people.import", "login,name,unit,login\\nan,An,root,bn\\n", "false"),
                  200);
        check_int(answer_int("n_faults"), 1);
        check_int(IMPORT("people.import", "\\n\\n", "false"), 422); /* nothing is no text */
        check_int(IMPORT("people.import", "login,name,unit\\nan,\\\"An,root\\n", "false"), 200);
        check_int(answer_int("n_faults"), 1);
        check_int(IMPORT("people.import", "login,name,unit\\nan,An,root,more\\n", "false"), 200);
        check_int(answer_int("n_faults"), 1);
        check_int(IMPORT("people.import", "\xef\xbb\xbflogin,name,unit\\r\\nan,An,root\\r\\n",
                         "false"),
                  200);
        check(json_is_true(answer_at("done")));
        people_end();
}

/* ---- systems ---- */

static int64_t match(const char *host) {
        check_int(asf(NULL, "systems.match", "{\"host\":\"%s\"}", host), 200);
        return answer_int("system");
}

static int64_t system_new(const char *code, int64_t unit, const char *more) {
        check_int(asf(NULL, "systems.add",
                      "{\"code\":\"%s\",\"name\":\"%s\",\"unit\":%lld,\"level\":3%s}", code, code,
                      (long long)unit, more),
                  200);
        return answer_int("id");
}

static void hosts_and_addresses_find_their_system(void) {
        people_start();
        int64_t a = system_new("a", 1,
                               ",\"hosts\":[\"DC01\",\"web.example.vn\"],"
                               "\"addresses\":[\"10.0.0.0/8\",\"2001:db8::/32\"]");
        int64_t b = system_new("b", 1, ",\"addresses\":[\"10.1.2.0/24\",\"10.1.2.9\"]");
        int64_t c = system_new("c", 1, ",\"addresses\":[\"10.1.0.0/16\",\"2001:db8:1::/48\"]");

        check_int(match("dc01"), a);
        check_int(match("DC01.corp.local"), a);
        check_int(match("web.example.vn"), a);
        check_int(match("web"), -1);
        check_int(match("10.1.2.3"), b);
        check_int(match("10.1.3.3"), c);
        check_int(match("10.2.0.1"), a);
        check_int(match("11.0.0.1"), -1);
        check_int(match("2001:db8:1::5"), c);
        check_int(match("2001:db8:2::5"), a);
        check_int(match("10.1.2.0/24"), -1);
        /* A change is seen at once. */
        check_int(asf(NULL, "systems.change", "{\"id\":%lld,\"version\":1,\"addresses\":[]}",
                      (long long)b),
                  200);
        check_int(match("10.1.2.3"), c);
        check_int(asf(NULL, "systems.change", "{\"id\":%lld,\"version\":1,\"active\":false}",
                      (long long)c),
                  200);
        check_int(match("10.1.2.3"), a);
        people_end();
}

static void a_host_is_of_one_system(void) {
        people_start();
        system_new(
                "a", 1,
                ",\"hosts\":[\"dc01\",\"DC01\"],\"addresses\":[\"10.1.2.77/24\",\"10.1.2.0/24\"]");
        check_int(local("systems.get", "{\"id\":1}"), 200);
        check_int(json_array_size(answer_at("addresses")), 1);
        check(strcmp(answer_text("addresses.0"), "10.1.2.0/24") == 0);
        check_int(local("systems.add", "{\"code\":\"b\",\"name\":\"b\",\"unit\":1,\"level\":2,"
                                       "\"hosts\":[\"Dc01\"]}"),
                  422);
        check(strcmp(answer_text("fields.0.field"), "hosts") == 0);
        check_int(local("systems.add", "{\"code\":\"b\",\"name\":\"b\",\"unit\":1,\"level\":2,"
                                       "\"addresses\":[\"10.1.2.128/24\"]}"),
                  422);
        check_int(local("systems.list", "{}"), 200);
        check_int(json_array_size(answer_at("items")), 1);
        check_int(IMPORT("systems.import",
                         "code,name,unit,level,data,hosts,addresses,rto_s\\n"
                         "b,B,root,4,personal secret,srv1 srv2,192.0.2.0/24 2001:db8::7,14400\\n"
                         "c,C,root,9,,,,\\nd,D,root,2,gold,,,\\ne,E,root,2,,,300.1.1.1,\\n"
                         "f,F,root,2,,dc01,,\\ng,G,root,2,,,,-5\\n",
                         "false"),
                  200);
        check_int(answer_int("n_faults"), 5);
        check_int(answer_int("faults.4.line"), 7);
        check_int(IMPORT("systems.import",
                         "code,name,unit,level,data,hosts,addresses,rto_s\\n"
                         "b,B,root,4,personal secret,srv1 srv2,192.0.2.0/24 2001:db8::7,14400\\n",
                         "false"),
                  200);
        check(json_is_true(answer_at("done")));
        check_int(match("192.0.2.200"), 2);
        check_int(local("systems.get", "{\"id\":2}"), 200);
        check_int(json_array_size(answer_at("data")), 2);
        check_int(answer_int("rto_s"), 14400);
        people_end();
}

/* TCVN: whoever owns a system of level 4 or 5 has five minutes too. */
static void owners_of_high_levels_idle_less(void) {
        struct signed_in s = {0};

        people_start();
        int64_t site = add_unit("s", UNIT_ROOT);
        member("oo", "owner", site);
        check_int(sign_in(&s, "oo", GOOD_PASSWORD), 200);
        check_int(answer_int("level_idle_s"), SESSION_IDLE_S);
        check_int(asf(NULL, "systems.add",
                      "{\"code\":\"b\",\"name\":\"b\",\"unit\":%lld,\"level\":4}", (long long)site),
                  200);
        check_int(as(&s, "session.get", "{}"), 200);
        check_int(answer_int("level_idle_s"), SESSION_IDLE_STRICT_S);
        people_end();
}

/* Nothing that was typed as a secret is in the database or in the answers of lists. */
static void no_secret_is_on_the_disk(void) {
        struct signed_in s = {0};
        char secret[64], *file;
        size_t len;

        people_start();
        member("an", "officer", UNIT_ROOT);
        check_int(sign_in(&s, "an", GOOD_PASSWORD), 200);
        check_int(confirm_totp(&s, secret), 200);
        char code[40];
        snprintf(code, sizeof(code), "%s", answer_text("recovery_codes.0"));
        struct signed_in other;
        check_int(sign_in(&other, "an", "WrongButClose123456"), 401);
        check_int(local("people.list", "{}"), 200);
        check(!memmem(api_w.body.p, api_w.body.len, secret, strlen(secret)));
        static const char *const files[] = {"", "-wal"};
        for (unsigned i = 0; i < 2; i++) {
                char path[128];

                snprintf(path, sizeof(path), "%s%s", w.path, files[i]);
                if (os_read_file(path, (size_t)64 << 20, &file, &len) < 0)
                        continue;
                check(!memmem(file, len, GOOD_PASSWORD, strlen(GOOD_PASSWORD)));
                check(!memmem(file, len, "WrongButClose", 13));
                check(!memmem(file, len, "$argon2", 7));
                check(!memmem(file, len, secret, strlen(secret)));
                check(!memmem(file, len, code, strlen(code)));
                check(!memmem(file, len, s.token, sizeof(s.token)));
                free(file);
        }
        people_end();
}

int main(void) {
        RUN(the_first_person_is_made_at_the_node);
        RUN(each_step_gives_another_token);
        RUN(one_hears_of_ones_own_way_in);
        RUN(recovery_codes_sign_in_once);
        RUN(what_needs_a_fresh_second_factor);
        RUN(no_reset_of_who_decides_elsewhere);
        RUN(many_that_begin_refuse_nobody);
        RUN(a_thousand_roles);
        RUN(sessions_end);
        RUN(a_half_session_ends_soon);
        RUN(guessing_gets_slower);
        RUN(nobody_is_locked_out_by_others);
        RUN(nobody_and_a_wrong_password_sound_alike);
        RUN(a_vault_that_is_away_is_said);
        RUN(a_flood_leaves_room);
        RUN(the_known_go_first);
        RUN(passwords_fit_the_rule);
        RUN(roles_hold_in_their_unit);
        RUN(roles_have_their_time);
        RUN(units_move_with_all_below);
        RUN(scripts_do_what_they_were_given);
        RUN(files_come_whole_or_not_at_all);
        RUN(heads_of_files_are_checked);
        RUN(hosts_and_addresses_find_their_system);
        RUN(a_host_is_of_one_system);
        RUN(owners_of_high_levels_idle_less);
        RUN(no_secret_is_on_the_disk);
        return check_done();
}

/* Rights from the other side: what somebody could try who has a role for one unit and means another's. Numbers of other
 * units' things in bodies, answers that say more than their question, events that pages follow, sessions that
 * ended. permissions.c goes through operations one by one; here are the ways around them. */
#include "desk/desk_impl.h"
#include "people_world.h"
#include "rules/regime.h"

static struct signed_in lead_a, lead_b, admin_a, both;
static int64_t unit_a, unit_b, who_lead_a;

static void enter(struct signed_in *s, const char *login) {
        char secret[64];

        check_int(sign_in(s, login, GOOD_PASSWORD), 200);
        check_int(confirm_totp(s, secret), 200);
}

static void give_regime(void) {
        _cleanup_(buf_deinit) struct buf json = {0}, said = {0};
        char *text;
        size_t len;

        check_int(os_read_file(TEST_CONTENT "/regimes/vn-2026/regime.yml", (size_t)1 << 20, &text,
                               &len),
                  0);
        buf_char(&json, '[');
        check_int(regime_read(SPAN("regime.yml"), span_of(text, len), &json, &said), 0);
        buf_char(&json, ']');
        free(text);
        check_int(desk_regimes(w.d, buf_get(&json)), 0);
}

static void begin(void) {
        people_start();
        give_regime();
        unit_a = add_unit("a", UNIT_ROOT);
        unit_b = add_unit("b", UNIT_ROOT);
        who_lead_a = member("lead-a", "lead", unit_a);
        member("lead-b", "lead", unit_b);
        member("admin-a", "admin", unit_a);
        int64_t two = member("both", "lead", unit_a);
        give(two, "admin", unit_b);
        enter(&lead_a, "lead-a");
        enter(&lead_b, "lead-b");
        enter(&admin_a, "admin-a");
        enter(&both, "both");
}

static bool body_has(const char *text) {
        return memmem(api_w.body.p ? api_w.body.p : "", api_w.body.len, text, strlen(text)) != NULL;
}

static int64_t add_system(const char *code, int64_t unit, const char *more) {
        check_int(asf(NULL, "systems.add",
                      "{\"code\":\"%s\",\"name\":\"%s\",\"unit\":%lld,\"level\":2%s}", code, code,
                      (long long)unit, more),
                  200);
        return answer_int("id");
}

static void lay(uint64_t seq, const char *fields) {
        say(rule("Evil tool"), (uint32_t)seq, (double)seq * 7200, fields);
        check_int(judged(seq, seq + 1), 0);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        desk_api_committed(w.d);
}

/* ---- answers that say more than their question ---- */

/* A host named alike, of which the other unit's alerts are. */
static void what_was_before_is_of_ones_own(void) {
        begin();
        int64_t s = add_system("s", unit_b, ",\"hosts\":[\"dc01\"]");
        lay(1, "host=dc01 Image=evil");
        check_int(asf(NULL, "alerts.dismiss", "{\"id\":1,\"reason\":\"expected\"}"), 200);
        /* The host is given to the other unit: what comes from now on is theirs. */
        check_int(asf(NULL, "systems.change", "{\"id\":%lld,\"version\":1,\"unit\":%lld}",
                      (long long)s, (long long)unit_a),
                  200);
        lay(9, "host=dc01 Image=evil");
        check_int(as(&lead_a, "alerts.list", "{}"), 200);
        check_int((int64_t)json_array_size(answer_at("items")), 1);
        int64_t id = answer_int("items.0.id");
        check_int(asf(&lead_a, "alerts.get", "{\"id\":%lld}", (long long)id), 200);
        check_int((int64_t)json_array_size(answer_at("history.earlier")), 0);
        check_int((int64_t)json_array_size(answer_at("history.days")), 1);
        check_int(answer_int("history.days.0.n"), 1);
        check(json_is_true(answer_at("history.first_on_host")));
        check_int(asf(NULL, "alerts.get", "{\"id\":%lld}", (long long)id), 200);
        check_int((int64_t)json_array_size(answer_at("history.earlier")), 1);
        people_end();
}

static void a_search_names_no_unit_of_others(void) {
        begin();
        check_int(asf(&lead_a, "searches.save",
                      "{\"name\":\"x\",\"q\":\"failed\",\"unit\":%lld,\"shared\":false}",
                      (long long)unit_b),
                  404);
        check(!body_has("Unit b"));
        check_int(asf(&lead_a, "searches.save", "{\"name\":\"x\",\"q\":\"failed\",\"unit\":%lld}",
                      (long long)unit_a),
                  200);
        int64_t id = answer_int("id");
        /* Of whoever keeps it: others change and forget none, of their own unit either. */
        check_int(asf(&both, "searches.change", "{\"id\":%lld,\"version\":1,\"name\":\"y\"}",
                      (long long)id),
                  404);
        check_int(asf(&both, "searches.forget", "{\"id\":%lld}", (long long)id), 404);
        check_int(as(&both, "searches.saved", "{}"), 200);
        check_int((int64_t)json_array_size(answer_at("items")), 0);
        check_int(asf(&lead_a, "searches.change", "{\"id\":%lld,\"version\":1,\"shared\":true}",
                      (long long)id),
                  200);
        check_int(as(&both, "searches.saved", "{}"), 200);
        check_int((int64_t)json_array_size(answer_at("items")), 1);
        check_int(as(&lead_b, "searches.saved", "{}"), 200);
        check_int((int64_t)json_array_size(answer_at("items")), 0);
        people_end();
}

/* ---- taking what is another unit's by describing it ---- */

static void describing_a_system_takes_nothing(void) {
        static const char *const theirs[] = {
                "\"hosts\":[\"DC01\"]",
                "\"addresses\":[\"10.2.0.0/16\"]",
                "\"addresses\":[\"10.2.3.0/24\"]", /* longer, so it would win */
                "\"addresses\":[\"10.2.3.4\"]",
                "\"addresses\":[\"10.2.0.0/17\"]",
                "\"addresses\":[\"2001:db8:5::1\"]",
                "\"sources\":[\"firewall\"]",
        };
        static const char *const ours[] = {
                "\"hosts\":[\"dc02\"]",
                "\"addresses\":[\"10.3.3.0/24\"]",
                "\"addresses\":[\"10.0.0.0/8\"]", /* what lies within stays theirs */
                "\"sources\":[\"proxy\"]",
        };

        begin();
        int64_t older = add_system("older", unit_a, "");
        add_system("s", unit_b,
                   ",\"hosts\":[\"dc01\"],\"addresses\":[\"10.2.0.0/16\",\"2001:db8::/32\"],"
                   "\"sources\":[\"firewall\"]");
        for (size_t i = 0; i < ARRAY_LEN(theirs); i++) {
                check_int(asf(&admin_a, "systems.change", "{\"id\":%lld,\"version\":1,%s}",
                              (long long)older, theirs[i]),
                          422);
                check_int(asf(&admin_a, "systems.add",
                              "{\"code\":\"n%zu\",\"name\":\"x\",\"unit\":%lld,\"level\":2,%s}", i,
                              (long long)unit_a, theirs[i]),
                          422);
        }
        check_int(asf(&admin_a, "systems.import",
                      "{\"csv\":\"code,name,unit,level,sources\\nq,Q,a,2,firewall\\n\"}"),
                  200);
        check(json_is_false(answer_at("done")));
        for (size_t i = 0; i < ARRAY_LEN(ours); i++)
                check_int(asf(&admin_a, "systems.change", "{\"id\":%lld,\"version\":%zu,%s}",
                              (long long)older, i + 1, ours[i]),
                          200);
        /* Whoever describes systems of both may. */
        check_int(asf(NULL, "systems.change", "{\"id\":%lld,\"version\":%zu,%s}", (long long)older,
                      ARRAY_LEN(ours) + 1, theirs[2]),
                  200);
        people_end();
}

/* ---- the second person is another ---- */

static int64_t row_of(const char *sql, int64_t incident, int64_t proposer) {
        check_int(desk_begin(w.d), 0);
        check_int(sql_do(state_sql(w.d->state), sql, "iiii", incident, unit_a, proposer, w.wall),
                  0);
        int64_t id = sql_last_id(state_sql(w.d->state));
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        return id;
}

/* An account that whoever proposed made or reset is theirs: it approves no containment and no export of theirs. */
static void who_proposed_makes_no_second_person(void) {
        static const char *const made[] = {"created_by", "reset_by"};
        static const char action[] =
                "INSERT INTO action(incident,unit,kind,targets,text,direction,seconds,reason,state,"
                "proposed,proposer,lapses) VALUES(?1,?2,'block',zeroblob(20),'x','both',600,'x',"
                "'proposed',?4,?3,?4+600000000000)";
        static const char export[] =
                "INSERT INTO evidence_export(incident,unit,reason,state,proposed,proposer,lapses,"
                "items,bytes) VALUES(?1,?2,'x','proposed',?4,?3,?4+600000000000,0,0)";
        struct signed_in approver;
        char sql[160];

        begin();
        int64_t who = member("duyet", "approver", unit_a);
        enter(&approver, "duyet");
        check_int(
                asf(NULL, "incidents.open", "{\"title\":\"one\",\"unit\":%lld}", (long long)unit_a),
                200);
        int64_t incident = answer_int("id"), a = row_of(action, incident, who_lead_a),
                x = row_of(export, incident, who_lead_a);
        for (size_t i = 0; i <= ARRAY_LEN(made); i++) {
                bool theirs = i < ARRAY_LEN(made);

                snprintf(sql, sizeof(sql),
                         "UPDATE person SET created=0, created_by=NULL, reset_by=NULL%s%s%s WHERE"
                         " id=?1",
                         theirs ? ", " : "", theirs ? made[i] : "", theirs ? "=?2" : "");
                check_int(desk_begin(w.d), 0);
                check_int(theirs ? sql_do(state_sql(w.d->state), sql, "ii", who, who_lead_a)
                                 : sql_do(state_sql(w.d->state), sql, "i", who),
                          0);
                check_int(desk_commit(w.d, w.mono, w.wall), 0);
                for (int k = 0; k < 2; k++) {
                        check_int(asf(&approver, k ? "evidence.export_approve" : "actions.approve",
                                      "{\"id\":%lld,\"code\":\"000000\"}", (long long)(k ? x : a)),
                                  403);
                        check_span(span_str(answer_text("code")),
                                   theirs ? "made_by_proposer" : "wrong_code");
                }
        }
        people_end();
}

/* ---- events that pages follow ---- */

static struct follower {
        uint64_t id;
        struct buf heard;
} followers[16];
static unsigned n_followers;

static struct follower *follow(struct signed_in *s) {
        struct api_next next = {0};

        check_int(as(s, "events.follow", "{}"), 200);
        struct follower *f = &followers[n_followers++];
        *f = (struct follower){.id = api_w.id};
        check_int(api_send_frame(0, API_NEXT, f->id, &next, sizeof(next), SPAN_NONE), 0);
        return f;
}

/* All that is said to them within a second; *ret_over: whose stream ended, or 0. */
static uint64_t listen(void) {
        struct api_next next = {0};
        uint64_t id, over = 0;

        for (int i = 0; i < 5; i++) {
                w.mono += NS_PER_SEC / 4;
                api_settle();
                while ((id = api_take_frame(0))) {
                        if (!(api_w.say.flags & API_SAY_MORE))
                                over = id;
                        for (unsigned k = 0; k < n_followers; k++)
                                if (followers[k].id == id)
                                        buf_add(&followers[k].heard, api_w.body.p, api_w.body.len);
                        if (id != over)
                                check_int(api_send_frame(0, API_NEXT, id, &next, sizeof(next),
                                                         SPAN_NONE),
                                          0);
                }
        }
        return over;
}

/* {"what":WHAT,"id":ID} was said; what was said is forgotten. */
static bool heard(struct follower *f, const char *what, int64_t id) {
        char text[80];
        int n = snprintf(text, sizeof(text), "{\"what\":\"%s\",\"id\":%lld}", what, (long long)id);

        return memmem(f->heard.p ? f->heard.p : "", f->heard.len, text, (size_t)n) != NULL;
}

static void forget_heard(void) {
        for (unsigned k = 0; k < n_followers; k++)
                buf_reset(&followers[k].heard);
}

static void stop_following(void) {
        for (unsigned k = 0; k < n_followers; k++)
                buf_deinit(&followers[k].heard);
        n_followers = 0;
        people_end();
}

static void commit_told(void) {
        check_int(desk_begin(w.d), 0);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        desk_api_committed(w.d);
}

/* Each kind of event, and the permissions of which one is needed: in words of this test's own. */
static const struct {
        const char *what, *permissions[4];
} kinds[] = {
        {"alert", {"alerts.read"}},
        {"incident", {"incidents.read"}},
        {"task", {"incidents.read"}},
        {"clock", {"incidents.read"}},
        {"handover", {"incidents.read"}},
        {"improvement", {"incidents.read"}},
        {"playbook_run", {"incidents.read"}},
        {"action", {"actions.read"}},
        {"report", {"reports.read"}},
        {"outgoing", {"reports.read"}},
        {"system", {"systems.read"}},
        {"source", {"sources.read"}},
        {"person", {"people.read"}},
        {"unit", {"people.read"}},
        {"duty", {"people.read"}},
        {"directive", {"directives.read"}},
        {"setting", {"settings.read"}},
        {"exception", {"exceptions.write"}},
        {"drill", {"recovery.read"}},
        {"evidence", {"evidence.read"}},
        {"evidence_export", {"evidence.read"}},
        {"playbook", {"playbooks.read"}},
        {"unmasking", {"events.unmask", "events.unmask_long", "audit.read"}},
        {"exercise", {"exercises.plan", "exercises.judge"}},
        {"exercise_request", {"exercises.plan"}},
        {"scenario", {"exercises.read"}},
        {"inject", {"exercises.play"}},
};

static bool hears_kind(size_t kind, uint32_t role_bit) {
        for (size_t i = 0; i < 4 && kinds[kind].permissions[i]; i++)
                if (permission_roles(kinds[kind].permissions[i]) & role_bit)
                        return true;
        return false;
}

static void each_kind_reaches_who_may_read_it(void) {
        struct follower *by[ROLE_MAX] = {0};
        struct signed_in s[ROLE_MAX];
        unsigned bad = 0, n_heard = 0;

        people_start();
        unit_a = add_unit("a", UNIT_ROOT);
        unit_b = add_unit("b", UNIT_ROOT);
        int64_t below = add_unit("a-1", unit_a);
        for (unsigned role = 0; role < ROLE_MAX; role++)
                if (role != ROLE_GUEST) {
                        member(role_names[role], role_names[role], unit_a);
                        enter(&s[role], role_names[role]);
                }
        for (unsigned role = 0; role < ROLE_MAX; role++)
                by[role] = role != ROLE_GUEST ? follow(&s[role]) : NULL;
        listen();
        forget_heard();
        for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
                const int64_t units[] = {unit_a, below, unit_b, UNIT_ROOT};

                for (int64_t i = 0; i < 4; i++)
                        api_tell_all(w.d, kinds[k].what, 100 + i, units[i]);
                commit_told();
                listen();
                for (unsigned role = 0; role < ROLE_MAX; role++) {
                        bool may = by[role] && hears_kind(k, UINT32_C(1) << role);

                        for (int64_t i = 0; by[role] && i < 4; i++) {
                                bool does = heard(by[role], kinds[k].what, 100 + i);

                                n_heard += does;
                                if (does == (may && i < 2) && !heard(by[role], "all", 0))
                                        continue;
                                printf("# %s as %s, unit %lld: %s\n", kinds[k].what,
                                       role_names[role], (long long)units[i],
                                       does ? "heard" : "not heard");
                                bad++;
                        }
                }
                forget_heard();
        }
        printf("# %u events heard\n", n_heard);
        check(n_heard > 200);
        check_int(bad, 0);
        stop_following();
}

/* The same thing told to two units at once is heard in both, and in no third. */
static void two_units_are_told_of_one_thing(void) {
        begin();
        int64_t unit_c = add_unit("c", UNIT_ROOT);
        struct signed_in lead_c;
        member("lead-c", "lead", unit_c);
        enter(&lead_c, "lead-c");
        struct follower *a = follow(&lead_a), *b = follow(&lead_b), *c = follow(&lead_c);
        listen();
        check_int(
                asf(NULL, "incidents.open", "{\"title\":\"one\",\"unit\":%lld}", (long long)unit_a),
                200);
        int64_t id = answer_int("id");
        listen();
        check(heard(a, "incident", id) && !heard(b, "incident", id));
        check_int(asf(NULL, "incidents.unit_add", "{\"id\":%lld,\"unit\":%lld}", (long long)id,
                      (long long)unit_b),
                  200);
        listen();
        forget_heard();
        check_int(asf(&lead_b, "incidents.note", "{\"id\":%lld,\"text\":\"x\"}", (long long)id),
                  200);
        listen();
        check(heard(a, "incident", id) && heard(b, "incident", id) && !heard(c, "incident", id));
        forget_heard();
        api_tell_all(w.d, "directive", 5, unit_a);
        api_tell_all(w.d, "directive", 5, unit_b);
        commit_told();
        listen();
        check(heard(a, "directive", 5) && heard(b, "directive", 5) && !heard(c, "directive", 5));
        stop_following();
}

static void rights_that_go_are_noticed(void) {
        begin();
        struct follower *a = follow(&lead_a), *b = follow(&lead_b);
        listen();
        api_tell_all(w.d, "alert", 1, unit_a);
        commit_told();
        listen();
        check(heard(a, "alert", 1) && !heard(b, "alert", 1));
        /* Taken from one, given to the other: the next event knows. */
        check_int(asf(NULL, "roles.list", "{\"id\":%lld}", (long long)who_lead_a), 200);
        int64_t grant = answer_int("items.0.id");
        check_int(asf(NULL, "roles.take", "{\"id\":%lld,\"grant\":%lld}", (long long)who_lead_a,
                      (long long)grant),
                  204);
        check_int(asf(NULL, "people.list", "{\"q\":\"lead-b\"}"), 200);
        give(answer_int("items.0.id"), "officer", unit_a);
        api_tell_all(w.d, "alert", 2, unit_a);
        commit_told();
        listen();
        check(!heard(a, "alert", 2) && heard(b, "alert", 2));
        stop_following();
}

/* Signed out, made inactive, idle: the stream ends, and no event comes by it. */
static void a_session_that_ended_hears_nothing(void) {
        begin();
        struct follower *a = follow(&lead_a), *b = follow(&lead_b), *c = follow(&both);
        listen();
        check_int(as(&lead_a, "session.end", "{}"), 204);
        w.mono += 21 * NS_PER_SEC;
        check(listen() == a->id);
        check_int(asf(NULL, "people.list", "{\"q\":\"lead-b\"}"), 200);
        check_int(asf(NULL, "people.change", "{\"id\":%lld,\"version\":1,\"active\":false}",
                      (long long)answer_int("items.0.id")),
                  200);
        w.mono += 21 * NS_PER_SEC;
        check(listen() == b->id);
        forget_heard();
        api_tell_all(w.d, "alert", 3, unit_a);
        commit_told();
        listen();
        check(!heard(a, "alert", 3) && !heard(b, "alert", 3) && heard(c, "alert", 3));
        w.mono +=
                400 * NS_PER_SEC; /* an administrator's, who did nothing for longer than they may */
        w.wall += 400 * NS_PER_SEC;
        check(listen() == c->id);
        check_int(desk_api(w.d)->n_listeners, 0);
        stop_following();
}

int main(void) {
        RUN(what_was_before_is_of_ones_own);
        RUN(a_search_names_no_unit_of_others);
        RUN(describing_a_system_takes_nothing);
        RUN(who_proposed_makes_no_second_person);
        RUN(each_kind_reaches_who_may_read_it);
        RUN(two_units_are_told_of_one_thing);
        RUN(rights_that_go_are_noticed);
        RUN(a_session_that_ended_hears_nothing);
        return check_done();
}

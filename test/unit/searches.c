/* Searches at the desk, with a search's process that is played; who is shown names, for which incident, and every way
 * around it that the API has. */
#include "desk/searches.h"
#include "desk/desk_impl.h"
#include "people_world.h"
#include "rules/regime.h"
#include "scan/pseudonym.h"

#define DAY 86400

static struct signed_in lead, officer, inspector, approver, stranger;
static int64_t unit_a, unit_b, unit_in_a, incident;

static char *when(int64_t seconds) { /* before now */
        static char text[4][40];
        static unsigned n;
        char *to = text[n++ % 4];

        to[time_format(to, w.wall - seconds * NS_PER_SEC, 3)] = '\0';
        return to;
}

static int64_t lay(const char *what, uint64_t seq, const char *fields) {
        say(rule(what), (uint32_t)seq, (double)seq * 10, fields);
        check_int(judged(seq, seq + 1), 0);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        desk_api_committed(w.d);
        return (int64_t)seq;
}

static void enter(struct signed_in *s, const char *login, const char *role, int64_t unit) {
        char secret[64];

        member(login, role, unit);
        check_int(sign_in(s, login, GOOD_PASSWORD), 200);
        check_int(confirm_totp(s, secret), 200);
}

/* An incident needs a law. */
static void give_regime(void) {
        _cleanup_(buf_deinit) struct buf json = {0}, said = {0};
        static const char path[] = TEST_CONTENT "/regimes/vn-2026/regime.yml";
        char *text;
        size_t len;

        check_int(os_read_file(path, (size_t)1 << 20, &text, &len), 0);
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
        unit_in_a = add_unit("a-1", unit_a);
        check_int(
                asf(NULL, "systems.add",
                    "{\"code\":\"s\",\"name\":\"S\",\"unit\":%lld,\"level\":2,\"hosts\":[\"dc01\"],"
                    "\"sources\":[\"proxy\"]}",
                    (long long)unit_in_a),
                200);
        enter(&officer, "officer", "officer", unit_a);
        enter(&inspector, "thanhtra", "inspector", unit_a);
        enter(&approver, "duyet", "approver", unit_a);
        enter(&stranger, "khac", "lead", unit_b);
        enter(&lead, "truong", "lead", unit_a);
        lay("Evil tool", 1, "host=dc01 user=CORP\\binh User=CORP\\binh Image=evil Cmd=run:binh:x");
        lay("Evil tool", 2, "user=binh Image=evil");
        check_int(asf(NULL, "incidents.open", "{\"title\":\"one\",\"unit\":%lld,\"alerts\":[1]}",
                      (long long)unit_in_a),
                  200);
        incident = answer_int("id");
}

static void end(void) {
        people_end();
}

static bool body_has(const char *text) {
        return memmem(api_w.body.p ? api_w.body.p : "", api_w.body.len, text, strlen(text)) != NULL;
}

/* ---- names ---- */

static void names_are_shown_where_one_works(void) {
        begin();
        check_int(as(&lead, "alerts.get", "{\"id\":1}"), 200);
        check_span(span_str(answer_text("user")), "CORP\\binh");
        check(json_is_false(answer_at("masked")) && body_has("run:binh:x"));
        check_int(as(&lead, "alerts.list", "{}"), 200);
        check(body_has("binh"));
        check_int(as(&inspector, "alerts.get", "{\"id\":1}"), 200);
        check(!body_has("binh"));                                  /* until it is asked for */
        check_int(as(&approver, "alerts.get", "{\"id\":1}"), 200); /* works on no incident */
        check(!body_has("binh") && json_is_true(answer_at("masked")));
        check(strncmp(answer_text("events.0.fields.User"), "person-", 7) == 0);
        check(strstr(answer_text("events.0.fields.Cmd"), "person-"));
        check_int(as(&approver, "alerts.list", "{\"format\":\"csv\"}"), 200);
        struct api_next next = {0};
        check_int(api_send_frame(0, API_NEXT, api_w.id, &next, sizeof(next), SPAN_NONE), 0);
        check(api_take_frame(0) == api_w.id && body_has("dc01") && !body_has("binh"));
        check_int(as(&stranger, "alerts.get", "{\"id\":1}"), 404);
        end();
}

static void nothing_filters_or_finds_names(void) {
        begin();
        lay("Failed login", 3, "host=dc01 user=cuong User=cuong EventID=4625");
        check_int(as(&lead, "alerts.list", "{\"user\":\"cuong\"}"), 422);
        check_int(as(&lead, "alerts.list", "{\"entity\":\"cuong\"}"), 422);
        check_int(as(&lead, "alerts.list", "{\"sort\":\"user\"}"), 422);
        check_int(as(&lead, "alerts.list", "{\"user.gte\":\"c\"}"), 422);
        check_int(as(&lead, "alerts.list", "{\"q\":\"cuong\"}"), 200);
        check_int(answer_int("total"), 0);
        check_int(as(&lead, "alerts.list", "{\"q\":\"failed\"}"), 200);
        check_int(answer_int("total"), 1);
        check(!body_has("cuong") && body_has("person-"));
        check_int(as(&lead, "alerts.accept", "{\"id\":3}"), 200);
        check(!body_has("cuong"));
        /* What a correlation grouped by is a name as well. */
        for (uint64_t s = 10; s < 13; s++) {
                hit(rule("Failed login"), (uint32_t)s, 1000 + (double)s, "User=cuong");
                check_int(judged(s, s + 1), 0);
        }
        w.wall += 3600 * NS_PER_SEC;
        check_int(desk_clock(w.d, w.wall - NS_PER_SEC), 0);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        check_int(local("alerts.list", "{\"severity\":\"critical\"}"), 200);
        check_int(answer_int("total"), 1);
        check(strstr(answer_text("items.0.entity"), "=person-") && !body_has("cuong"));
        check_int(local("alerts.list", "{\"q\":\"cuong\"}"), 200);
        check_int(answer_int("total"), 0);
        end();
}

static bool needs_nothing(const struct api_op *o) {
        for (const struct api_field *f = o->fields; f && f->name; f++)
                if (f->flags & (API_REQUIRED | API_IN_PATH))
                        return false;
        return o->method == API_GET && !(o->flags & (API_STREAM | API_BYTES | API_ANONYMOUS));
}

/* Every list and page of the API, as JSON and as CSV: none has the name of somebody in no incident. */
static void no_answer_names_anybody(void) {
        unsigned n = 0, csv = 0;

        begin();
        lay("Failed login", 3,
            "host=dc01 user=CORP\\cuong.vu User=CORP\\cuong.vu EventID=4625 Cmd=/home/cuong.vu/x");
        lay("Evil tool", 4, "user=cuong.vu TargetUserName=cuong.vu Image=evil");
        for (uint32_t i = 0; i < api_count(); i++) {
                const struct api_op *o = api_op(i);

                if (!needs_nothing(o))
                        continue;
                int status = as(&lead, o->id, "{}");
                if (body_has("cuong"))
                        printf("# %s: %.*s\n", o->id, (int)MIN(api_w.body.len, 600u), api_w.body.p);
                check(!body_has("cuong"));
                n += status == 200;
                if (!(o->flags & API_LIST) || status != 200)
                        continue;
                check_int(as(&lead, o->id, "{\"format\":\"csv\"}"), 200);
                struct api_next next = {0};
                check_int(api_send_frame(0, API_NEXT, api_w.id, &next, sizeof(next), SPAN_NONE), 0);
                check(api_take_frame(0) == api_w.id && !body_has("cuong"));
                csv++;
        }
        check(n > 15 && csv > 8);
        check_int(as(&lead, "alerts.get", "{\"id\":3}"), 200);
        check(!body_has("cuong") && body_has("person-"));
        check_int(as(&lead, "alerts.dismiss", "{\"id\":3,\"reason\":\"test\",\"text\":\"ours\"}"),
                  200);
        check(!body_has("cuong"));
        check_int(as(&lead, "alerts.undo", "{\"id\":3}"), 200);
        check(!body_has("cuong"));
        end();
}

/* A month later nobody can tell who was who; within it the same name is the same. */
static void keys_last_a_month(void) {
        char a[40], b[40];

        begin();
        check_int(local("alerts.get", "{\"id\":2}"), 200);
        snprintf(a, sizeof(a), "%s", answer_text("user"));
        people_w.flags = 0;
        world_close();
        api_w.id += 10;
        check_int(world_open(), 0);
        api_start();
        check_int(desk_vault_line(w.d, true), 0);
        check_int(local("alerts.get", "{\"id\":2}"), 200);
        check_span(span_str(answer_text("user")), a);
        later(31 * DAY);
        check_int(local("alerts.get", "{\"id\":2}"), 200);
        snprintf(b, sizeof(b), "%s", answer_text("user"));
        check(strncmp(b, "person-", 7) == 0 && strcmp(a, b) != 0);
        end();
}

/* ---- unmasking ---- */

static int unmask(struct signed_in *s, int64_t from_days, int64_t to_days) {
        return asf(s, "unmaskings.ask",
                   "{\"incident\":%lld,\"reason\":\"who was it\",\"from\":\"%s\",\"to\":\"%s\"}",
                   (long long)incident, when(from_days * DAY), when(to_days * DAY));
}

static void unmasking_is_for_an_incident_and_a_day(void) {
        begin();
        check_int(unmask(&officer, 2, 0), 403); /* the role has it not */
        check_int(unmask(&stranger, 2, 0), 404);
        check_int(asf(&lead, "unmaskings.ask",
                      "{\"incident\":999,\"reason\":\"who\",\"from\":\"%s\",\"to\":\"%s\"}",
                      when(DAY), when(0)),
                  404);
        check_int(asf(&lead, "unmaskings.ask",
                      "{\"incident\":%lld,\"reason\":\"who\",\"from\":\"%s\",\"to\":\"%s\"}",
                      (long long)incident, when(0), when(DAY)),
                  422);
        check_int(unmask(&inspector, 2, 0), 200); /* by an incident, an inspector sees too */
        check_int(unmask(&lead, 2, 0), 200);
        int64_t id = answer_int("id");
        check_span(span_str(answer_text("state")), "active");
        check(json_is_null(answer_at("approver")) && json_is_true(answer_at("mine")));
        check_int(as(&inspector, "unmaskings.list", "{}"), 200);
        check_int(answer_int("total"), 2);
        check_int(as(&officer, "unmaskings.list", "{}"), 200);
        check_int(answer_int("total"), 0);
        check_int(asf(&officer, "unmaskings.get", "{\"id\":%lld}", (long long)id), 404);
        check_int(as(&stranger, "unmaskings.list", "{}"), 200);
        check_int(answer_int("total"), 0);
        check_int(asf(&lead, "incidents.timeline", "{\"id\":%lld}", (long long)incident), 200);
        check(body_has("BC-000") && body_has("who was it"));
        check_int(as(&inspector, "audit.list", "{\"what\":\"unmaskings.ask\"}"), 200);
        check_int(answer_int("total"), 2);
        later(DAY + 60);
        check_int(sign_in(&lead, "truong", GOOD_PASSWORD), 200);
        check_int(asf(NULL, "unmaskings.get", "{\"id\":%lld}", (long long)id), 200);
        check_span(span_str(answer_text("state")), "expired");
        end();
}

static void a_week_needs_a_second_person(void) {
        begin();
        check_int(unmask(&lead, 8, 0), 200);
        int64_t id = answer_int("id");
        check_span(span_str(answer_text("state")), "waiting");
        check_int(asf(&lead, "unmaskings.approve", "{\"id\":%lld}", (long long)id), 403);
        check_int(asf(&officer, "unmaskings.approve", "{\"id\":%lld}", (long long)id), 403);
        check_int(asf(&approver, "unmaskings.approve", "{\"id\":%lld}", (long long)id), 403);
        check_span(span_str(answer_text("code")), "young_account");
        /* In pieces it is as long. */
        check_int(unmask(&lead, 4, 0), 200);
        check_span(span_str(answer_text("state")), "active");
        check_int(unmask(&lead, 4, 1), 200);
        check_span(span_str(answer_text("state")), "active");
        check_int(unmask(&lead, 9, 4), 200);
        check_span(span_str(answer_text("state")), "waiting");
        check_int(unmask(&lead, 7, 4), 200);
        check_span(span_str(answer_text("state")), "active");
        check_int(sql_do(state_sql(w.d->state), "UPDATE person SET created=created-?1", "i",
                         2 * DAY * NS_PER_SEC),
                  0);
        check_int(asf(&approver, "unmaskings.approve", "{\"id\":%lld}", (long long)id), 200);
        check_span(span_str(answer_text("state")), "active");
        check(answer_int("approver") > 0);
        check_int(asf(&approver, "unmaskings.approve", "{\"id\":%lld}", (long long)id), 409);
        check_int(asf(&approver, "unmaskings.end", "{\"id\":%lld}", (long long)id), 403);
        check_int(asf(&lead, "unmaskings.end", "{\"id\":%lld}", (long long)id), 200);
        check_span(span_str(answer_text("state")), "ended");
        check_int(unmask(&lead, 30, 0), 200);
        id = answer_int("id");
        check_int(as(&approver, "tonight.get", "{}"), 200);
        check(body_has("\"unmask\""));
        later(310); /* the second factor is no longer fresh */
        check_int(asf(&approver, "unmaskings.approve", "{\"id\":%lld}", (long long)id), 403);
        check_int(asf(&approver, "unmaskings.refuse", "{\"id\":%lld,\"reason\":\"too much\"}",
                      (long long)id),
                  200);
        check_span(span_str(answer_text("state")), "refused");
        end();
}

/* What was seen before is not forgotten for many small things after it. */
static void many_small_ones_hide_no_week(void) {
        begin();
        check_int(unmask(&lead, 7, 0), 200);
        check_span(span_str(answer_text("state")), "active");
        check_int(sql_do(state_sql(w.d->state),
                         "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<500)"
                         " INSERT INTO unmasking(incident,unit,by,reason,since,until,state,asked,"
                         "expires) SELECT u.incident,u.unit,u.by,'x',u.until-1,u.until,'active',"
                         "u.asked,u.expires FROM n, unmasking u WHERE u.id=?1",
                         "i", answer_int("id")),
                  0);
        check_int(unmask(&lead, 14, 8), 200);
        check_span(span_str(answer_text("state")), "waiting");
        end();
}

/* Nor do a few days of each of several incidents. */
static void several_incidents_hide_no_week(void) {
        begin();
        check_int(unmask(&lead, 5, 0), 200);
        check_span(span_str(answer_text("state")), "active");
        int64_t first = incident;
        check_int(asf(NULL, "incidents.open", "{\"title\":\"two\",\"unit\":%lld}",
                      (long long)unit_in_a),
                  200);
        incident = answer_int("id");
        check_int(unmask(&lead, 5, 0), 200); /* the same days again */
        check_span(span_str(answer_text("state")), "active");
        check_int(unmask(&lead, 12, 8), 200);
        check_span(span_str(answer_text("state")), "waiting");
        incident = first;
        end();
}

/* Who was reset by somebody whom the asker made is no second person. */
static void no_second_person_by_a_detour(void) {
        struct sql *db;

        begin();
        check_int(unmask(&lead, 8, 0), 200);
        int64_t id = answer_int("id");
        db = state_sql(w.d->state);
        check_int(sql_do(db, "UPDATE person SET created=created-?1", "i", 2 * DAY * NS_PER_SEC), 0);
        check_int(sql_do(db,
                         "UPDATE person SET reset_at=?1, reset_by=(SELECT id FROM person WHERE"
                         " login='khac') WHERE login='duyet'",
                         "i", w.wall),
                  0);
        check_int(sql_do(db,
                         "UPDATE person SET reset_at=?1, reset_by=(SELECT id FROM person WHERE"
                         " login='truong') WHERE login='khac'",
                         "i", w.wall),
                  0);
        check_int(asf(&approver, "unmaskings.approve", "{\"id\":%lld}", (long long)id), 403);
        check_span(span_str(answer_text("code")), "made_by_proposer");
        check_int(sql_do(db, "UPDATE person SET reset_at=?1 WHERE login='khac'", "i",
                         w.wall - 31 * DAY * NS_PER_SEC),
                  0);
        check_int(asf(&approver, "unmaskings.approve", "{\"id\":%lld}", (long long)id), 200);
        end();
}

/* ---- the question ---- */

static int ask_search(struct signed_in *s, const char *q, const char *more) {
        char quoted[512];
        size_t n = 0;

        for (; *q && n + 3 < sizeof(quoted); q++) {
                if (*q == '"' || *q == '\\')
                        quoted[n++] = '\\';
                quoted[n++] = *q;
        }
        quoted[n] = '\0';
        return asf(s, "searches.run", "{\"q\":\"%s\"%s}", quoted, more);
}

static void one_account_needs_an_incident(void) {
        static const char *const bad[] = {
                "user:binh",
                "NOT user:binh",
                "user:b*",
                "User:/^b/",
                "binh",
                "\"binh\"",
                "message:binh",
                "failed AND NOT BINH",
                "TargetUserName:x | count",
                "* | sort user",
                "officer",
                "user:binh | count by host",
                "Cmd:binh",
                "host:x OR user.name:a1",
                "* | sort -event.original",
        };
        begin();
        for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
                int status = ask_search(&lead, bad[i], "");

                if (status != 403)
                        printf("# %s: %d\n", bad[i], status);
                check_int(status, 403);
                check_span(span_str(answer_text("code")), "incident_needed");
        }
        check_int(ask_search(&lead, "(x", ""), 422);
        check_span(span_str(answer_text("fields.0.field")), "q");
        check_int(ask_search(&lead, "rule:/etc/passwd", ""), 422);
        check_int(ask_search(&approver, "x", ""), 403);
        check_int(ask_search(&lead, "user:binh", ",\"incident\":999"), 404);
        check_int(ask_search(&officer, "user:binh", ",\"incident\":1"), 403);
        check_int(ask_search(&stranger, "user:binh", ",\"incident\":1"), 404);
        check_int(ask_search(&lead, "user:binh", ",\"incident\":1"), 409); /* all there is */
        check_span(span_str(answer_text("code")), "approval_needed");
        end();
}

/* ---- the process, played ---- */

static struct search_ask got;
static char got_sources[256];

/* main and the process: takes what waits; its place, or -1. */
static int serve(void) {
        int place = desk_search_wanted(w.d);

        if (place < 0)
                return -1;
        desk_search_asked(w.d, (unsigned)place);
        desk_search_open(w.d, (unsigned)place);
        struct buf *out = desk_search_out(w.d, (unsigned)place);
        check(out->len >= sizeof(got));
        memcpy(&got, out->p, sizeof(got));
        check(out->len == sizeof(got) + got.query_len + got.rules_len + got.sources_len);
        size_t n = MIN(got.sources_len, sizeof(got_sources) - 1);
        memcpy(got_sources, out->p + out->len - got.sources_len, n);
        got_sources[n] = '\0';
        buf_drop(out, out->len);
        return place;
}

static int says(int place, uint32_t frame, const char *text, size_t len) {
        struct search_head h = {(uint32_t)len, frame};
        _cleanup_(buf_deinit) struct buf b = {0};

        buf_add(&b, &h, sizeof(h));
        buf_add(&b, text, len);
        int r = desk_search_bytes(w.d, (unsigned)place, buf_get(&b));
        api_settle();
        return r;
}

static int says_text(int place, const char *text) {
        return says(place, SEARCH_TEXT, text, strlen(text));
}

/* The head of the answer is out; what comes then, if anything does. */
static bool next_piece(uint64_t id) {
        struct api_next next = {0};

        check_int(api_send_frame(0, API_NEXT, id, &next, sizeof(next), SPAN_NONE), 0);
        return api_take_frame(0) == id;
}

static int started(struct signed_in *s, const char *q, const char *more, uint64_t *ret_id) {
        check_int(ask_search(s, q, more), 0); /* not answered yet */
        int place = serve();
        check(place >= 0);
        check_int(says(place, SEARCH_BEGUN, "", 0), 0);
        check(api_take_frame(0) == api_w.id && api_w.say.status == 200 &&
              (api_w.say.flags & API_SAY_MORE));
        *ret_id = api_w.id;
        return place;
}

static void gone(uint64_t id) {
        struct api_next next = {0};

        check_int(api_send_frame(0, API_GONE, id, &next, sizeof(next), SPAN_NONE), 0);
}

static void what_is_found_comes_as_it_is_found(void) {
        uint64_t id;

        begin();
        int place = started(&lead, "failed", ",\"newest\":false,\"limit\":7", &id);
        check(strcmp(api_w.say.type, "application/x-ndjson") == 0);
        check(got.kind == SEARCH_QUERY && got.limit == 7 && (got.flags & SEARCH_MASK) &&
              (got.flags & SEARCH_SCOPED) && !(got.flags & SEARCH_NEWEST));
        check_span(span_str(got_sources), "proxy");
        check(!next_piece(id)); /* nothing yet: it waits */
        check_int(says_text(place, "{\"a\":1}\n"), 0);
        check(api_take_frame(0) == id && body_has("{\"a\":1}") && (api_w.say.flags & API_SAY_MORE));
        check_int(says_text(place, "{\"b\":1}\n"), 0);
        check(api_take_frame(0) == 0); /* not asked for */
        check(next_piece(id) && body_has("{\"b\":1}"));
        check_int(says(place, SEARCH_OVER, "", 0), 0);
        check(next_piece(id) && api_w.body.len == 0 && !(api_w.say.flags & API_SAY_MORE));
        check(desk_search_left(w.d, (unsigned)place));
        check_int(desk_search_closed(w.d, (unsigned)place), 0);
        check_int(local("audit.list", "{\"what\":\"searches.run\"}"), 200);
        check_int(answer_int("total"), 1);
        check_span(span_str(answer_text("items.0.detail.q")), "failed");
        /* The root's searcher is bound by nothing. */
        check_int(asf(NULL, "searches.run", "{\"q\":\"x\"}"), 0);
        check(serve() >= 0 && !(got.flags & SEARCH_SCOPED));
        end();
}

/* A role that unmasks in one unit and one that searches in another are two: for an incident of the first, sources of the
 * second are not looked through. */
static void names_are_shown_where_one_may_unmask_alone(void) {
        struct signed_in two;
        uint64_t id;

        begin();
        int64_t who = member("hai", "lead", unit_a);
        give(who, "officer", unit_b);
        char secret[64];
        check_int(sign_in(&two, "hai", GOOD_PASSWORD), 200);
        check_int(confirm_totp(&two, secret), 200);
        check_int(asf(NULL, "systems.add",
                      "{\"code\":\"t\",\"name\":\"T\",\"unit\":%lld,\"level\":2,"
                      "\"sources\":[\"theirs\"]}",
                      (long long)unit_b),
                  200);
        (void)started(&two, "failed", "", &id);
        check((got.flags & SEARCH_MASK) && (got.flags & SEARCH_SCOPED));
        check(strcmp(got_sources, "proxy") == 0 && strcmp(got_sources + 6, "theirs") == 0);
        gone(id);
        char more[128];
        snprintf(more, sizeof(more), ",\"incident\":%lld,\"from\":\"%s\"", (long long)incident,
                 when(DAY));
        memset(got_sources, 0, sizeof(got_sources));
        (void)started(&two, "failed", more, &id);
        check(!(got.flags & SEARCH_MASK) && (got.flags & SEARCH_SCOPED));
        check(strcmp(got_sources, "proxy") == 0 && strcmp(got_sources + 6, "") == 0);
        gone(id);
        end();
}

/* What was unmasked is masked again when the right is gone. */
static void an_unmasking_ends_with_its_right(void) {
        begin();
        check_int(asf(&inspector, "unmaskings.ask",
                      "{\"incident\":%lld,\"reason\":\"a test\",\"from\":\"%s\",\"to\":\"%s\"}",
                      (long long)incident, when(DAY), when(0)),
                  200);
        check_int(as(&inspector, "alerts.get", "{\"id\":1}"), 200);
        check(body_has("binh"));
        check_int(asf(NULL, "people.list", "{\"q\":\"thanhtra\"}"), 200);
        int64_t who = answer_int("items.0.id");
        check_int(asf(NULL, "roles.list", "{\"id\":%lld}", (long long)who), 200);
        int64_t grant = answer_int("items.0.id");
        give(who, "approver", unit_a); /* who sees alerts too */
        check_int(asf(NULL, "roles.take", "{\"id\":%lld,\"grant\":%lld}", (long long)who,
                      (long long)grant),
                  204);
        check_int(as(&inspector, "alerts.get", "{\"id\":1}"), 200);
        check(!body_has("binh"));
        end();
}

static void a_search_that_dies_is_seen_to_be_cut(void) {
        uint64_t id;

        begin();
        int place = started(&lead, "failed", "", &id);
        check_int(says_text(place, "{\"a\":1}\n"), 0);
        check_int(desk_search_closed(w.d, (unsigned)place), 0);
        check(next_piece(id) && body_has("{\"a\":1}"));
        check(next_piece(id) && body_has("\"state\":\"cut\"") && !(api_w.say.flags & API_SAY_MORE));
        /* While the reader waits. */
        place = started(&lead, "failed", "", &id);
        check(!next_piece(id));
        check_int(desk_search_closed(w.d, (unsigned)place), 0);
        check(api_take_frame(0) == id && body_has("\"state\":\"cut\""));
        /* A table must not look whole. */
        place = started(&lead, "failed", ",\"format\":\"csv\"", &id);
        check(got.flags & SEARCH_CSV);
        check_int(desk_search_closed(w.d, (unsigned)place), 0);
        check(next_piece(id) && api_w.say.status == 500);
        /* Before it began. */
        check_int(ask_search(&lead, "failed", ""), 0);
        place = serve();
        check_int(desk_search_closed(w.d, (unsigned)place), 0);
        check(api_take_frame(0) == api_w.id && api_w.say.status == 503 && api_w.say.retry > 0);
        check_int(ask_search(&lead, "failed", ""), 0);
        place = desk_search_wanted(w.d);
        desk_search_asked(w.d, (unsigned)place);
        check_int(desk_search_refused(w.d, (unsigned)place), 0);
        check(api_take_frame(0) == api_w.id && api_w.say.status == 503);
        end();
}

static void what_is_wrong_with_the_query(void) {
        begin();
        check_int(ask_search(&lead, "message:/(/", ""), 0);
        int place = serve();
        static const char wrong[] = "missing closing parenthesis";
        check_int(says(place, SEARCH_BEGUN, wrong, strlen(wrong)), 0);
        check(api_take_frame(0) == api_w.id && api_w.say.status == 422);
        check_span(span_str(answer_text("fields.0.fault")), wrong);
        end();
}

static void as_many_as_the_machine_takes(void) {
        uint64_t first, second, third;

        begin();
        int a = started(&lead, "one", "", &first), b = started(&lead, "two", "", &second);
        check_int(ask_search(&lead, "three", ""), 429);
        check(api_w.say.retry > 0);
        int c = started(&officer, "three", "", &third);
        check_int(ask_search(&stranger, "four", ""), 429);
        /* The records of an alert are looked at meanwhile. */
        check_int(as(&lead, "alerts.events", "{\"id\":1}"), 0);
        uint64_t events = api_w.id;
        int d = serve();
        check(d >= 0 && got.kind == SEARCH_EXPLAIN && got.n_seqs == 1 && got.seqs[0] == 1);
        check(!(got.flags & SEARCH_MASK)); /* an incident of hers */
        check_int(says(d, SEARCH_BEGUN, "", 0), 0);
        check_int(says_text(d, "{\"masked\":false,\"why\":[],\"events\":[],\"missing\":[1]}"), 0);
        check_int(says(d, SEARCH_OVER, "", 0), 0);
        check(api_take_frame(0) == events && api_w.say.status == 200);
        check_int(answer_int("missing.0"), 1);
        check_int(as(&approver, "alerts.events", "{\"id\":1}"), 403);
        check_int(as(&stranger, "alerts.events", "{\"id\":1}"), 404);
        /* Who leaves makes room. */
        gone(first);
        check(desk_search_left(w.d, (unsigned)a) && !desk_search_left(w.d, (unsigned)b));
        check_int(desk_search_closed(w.d, (unsigned)a), 0);
        int e = started(&lead, "five", "", &first);
        check(e == a && c != b);
        end();
}

static void names_shown_for_an_incident(void) {
        char more[200];
        uint64_t id;

        begin();
        snprintf(more, sizeof(more), ",\"incident\":%lld,\"from\":\"%s\"", (long long)incident,
                 when(DAY));
        int place = started(&lead, "user:binh", more, &id);
        check(!(got.flags & SEARCH_MASK));
        check_int(says(place, SEARCH_OVER, "", 0), 0);
        check(next_piece(id));
        check_int(desk_search_closed(w.d, (unsigned)place), 0);
        place = started(&lead, "user:binh", more, &id); /* the same once more */
        check_int(as(&inspector, "unmaskings.list", "{}"), 200);
        check_int(answer_int("total"), 1);
        check_int(answer_int("items.0.uses"), 2);
        check_span(span_str(answer_text("items.0.q")), "user:binh");
        check_int(local("audit.list", "{\"what\":\"searches.run\"}"), 200);
        check(answer_int("items.0.detail.unmasking") > 0 &&
              answer_int("items.0.detail.incident") == incident);
        end();
}

/* A search's process is nobody to be believed. */
static void bad_frames(void) {
        static const struct {
                uint32_t frame;
                size_t len;
        } bad[] = {{0, 0},
                   {9, 3},
                   {SEARCH_BEGUN, 0},
                   {SEARCH_ACCOUNTS, 7},
                   {SEARCH_ACCOUNTS, 4096},
                   {SEARCH_BEGUN, 5000}};
        static char bytes[8192];
        uint64_t id;

        begin();
        for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
                int place = started(&lead, "x", "", &id);

                check_int(says(place, bad[i].frame, bytes, bad[i].len), -EPROTO);
                check_int(desk_search_closed(w.d, (unsigned)place), 0);
                check(next_piece(id) && body_has("cut"));
        }
        int place = started(&lead, "x", "", &id);
        struct search_head h = {(uint32_t)SEARCH_FRAME_MAX + 1, SEARCH_TEXT};
        check_int(desk_search_bytes(w.d, (unsigned)place, span_of((const char *)&h, sizeof(h))),
                  -EPROTO);
        check_int(desk_search_closed(w.d, (unsigned)place), 0);
        /* Text before it began; anything after its end. */
        gone(id);
        check(desk_search_left(w.d, (unsigned)place));
        check_int(ask_search(&lead, "x", ""), 0);
        place = serve();
        check_int(says_text(place, "x"), -EPROTO);
        check_int(desk_search_closed(w.d, (unsigned)place), 0);
        check(api_take_frame(0) == api_w.id && api_w.say.status == 503);
        place = started(&lead, "x", "", &id);
        check_int(says(place, SEARCH_OVER, "", 0), 0);
        check_int(says_text(place, "x"), -EPROTO);
        end();
}

/* A reader who takes nothing costs no memory: its process is not read, and after a minute it is cut. */
static void a_slow_reader(void) {
        static char text[65536];
        uint64_t id;
        int n = 0;

        begin();
        memset(text, 'x', sizeof(text));
        int place = started(&lead, "x", "", &id);
        while (desk_search_reads(w.d, (unsigned)place) && n < 100) {
                check_int(says(place, SEARCH_TEXT, text, sizeof(text)), 0);
                n++;
        }
        check(n == 4);
        check(next_piece(id) && desk_search_reads(w.d, (unsigned)place));
        check(!desk_search_left(w.d, (unsigned)place));
        later(61);
        check(desk_search_left(w.d, (unsigned)place));
        check_int(desk_search_closed(w.d, (unsigned)place), 0);
        check(next_piece(id) && next_piece(id) && body_has("cut"));
        end();
}

/* Accounts that a search met are known from then on. */
static void accounts_are_learned(void) {
        uint64_t id, h;

        begin();
        int place = started(&lead, "x", "", &id);
        h = account_hash(SPAN("dung.le"));
        check_int(says(place, SEARCH_ACCOUNTS, (const char *)&h, sizeof(h)), 0);
        check_int(ask_search(&lead, "failed NOT dung.le", ""), 403);
        check_int(ask_search(&lead, "CORP\\\\DUNG.LE", ""), 403);
        check_int(ask_search(&lead, "dung", ""), 0);
        end();
}

static void searches_that_are_kept(void) {
        begin();
        check_int(as(&lead, "searches.save",
                     "{\"name\":\"Đêm qua\",\"q\":\"failed\",\"span_s\":3600}"),
                  200);
        int64_t id = answer_int("id");
        check(json_is_true(answer_at("mine")) && json_is_false(answer_at("shared")));
        check_int(as(&officer, "searches.saved", "{}"), 200);
        check_int(answer_int("total"), 0);
        check_int(asf(&officer, "searches.change", "{\"id\":%lld,\"version\":1,\"q\":\"y\"}",
                      (long long)id),
                  404);
        check_int(asf(&lead, "searches.change", "{\"id\":%lld,\"version\":1,\"shared\":true}",
                      (long long)id),
                  200);
        check_int(asf(&lead, "searches.change", "{\"id\":%lld,\"version\":1,\"name\":\"x\"}",
                      (long long)id),
                  409);
        check_int(as(&officer, "searches.saved", "{}"), 200);
        check_int(answer_int("total"), 1);
        check_span(span_str(answer_text("items.0.name")), "Đêm qua");
        check_int(as(&stranger, "searches.saved", "{}"), 200);
        check_int(answer_int("total"), 0);
        check_int(asf(&stranger, "searches.save",
                      "{\"name\":\"n\",\"q\":\"x\",\"shared\":true,\"unit\":%lld}",
                      (long long)unit_a),
                  404);
        check_int(asf(&officer, "searches.forget", "{\"id\":%lld}", (long long)id), 404);
        check_int(asf(&lead, "searches.forget", "{\"id\":%lld}", (long long)id), 204);
        check_int(as(&lead, "searches.saved", "{}"), 200);
        check_int(answer_int("total"), 0);
        check_int(as(&approver, "searches.saved", "{}"), 403);
        end();
}

int main(void) {
        RUN(names_are_shown_where_one_works);
        RUN(nothing_filters_or_finds_names);
        RUN(no_answer_names_anybody);
        RUN(keys_last_a_month);
        RUN(unmasking_is_for_an_incident_and_a_day);
        RUN(a_week_needs_a_second_person);
        RUN(many_small_ones_hide_no_week);
        RUN(several_incidents_hide_no_week);
        RUN(no_second_person_by_a_detour);
        RUN(one_account_needs_an_incident);
        RUN(what_is_found_comes_as_it_is_found);
        RUN(names_are_shown_where_one_may_unmask_alone);
        RUN(an_unmasking_ends_with_its_right);
        RUN(a_search_that_dies_is_seen_to_be_cut);
        RUN(what_is_wrong_with_the_query);
        RUN(as_many_as_the_machine_takes);
        RUN(names_shown_for_an_incident);
        RUN(bad_frames);
        RUN(a_slow_reader);
        RUN(accounts_are_learned);
        RUN(searches_that_are_kept);
        return check_done();
}

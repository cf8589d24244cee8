/* The API's machinery: which operation a path means, what shapes refuse, what the dispatcher promises. */
#include "api_world.h"
#include "desk/desk_impl.h"
#include "wire/api_domains.h"

static void every_operation_has_a_handler(void) {
        for (uint32_t i = 0; i < api_count(); i++) {
                const struct api_op *o = api_op(i);

                if (!api_handler(o->id))
                        printf("# no handler: %s\n", o->id);
                check(api_handler(o->id));
                check_int(api_number(o->id), i); /* no id twice */
                check(o->en && o->vi && *o->en && *o->vi);
                check(strncmp(o->path, "/api/v1/", 8) == 0);
                check((o->permission != NULL) != ((o->flags & (API_ANONYMOUS | API_SELF)) != 0));
        }
        if (api_orphan())
                printf("# no operation: %s\n", api_orphan());
        check(!api_orphan());
}

static void paths_mean_operations(void) {
        struct span parts[API_PATH_PARTS];
        uint32_t n;

        check_int(api_route(API_GET, SPAN("/api/v1/health"), &n, parts), 0);
        check_int(n, api_number("system.health"));
        check_int(api_route(API_POST, SPAN("/api/v1/health"), &n, parts), 405);
        check_int(api_route(API_GET, SPAN("/api/v1/health/"), &n, parts), 404);
        check_int(api_route(API_GET, SPAN("/api/v1/healthy"), &n, parts), 404);
        check_int(api_route(API_GET, SPAN("/api/v1"), &n, parts), 404);
        check_int(api_route(API_GET, SPAN(""), &n, parts), 404);
        check_int(api_methods(SPAN("/api/v1/health")), 1u << API_GET);
}

/* ---- shapes ---- */

static const struct api_field inner[] = {{"phone", API_STRING, API_REQUIRED, 3, 5}, {0}};
static const struct api_field fields[] = {
        {"name", API_STRING, API_REQUIRED, 2, 5},
        {"text", API_TEXT, 0, 0, 10},
        {"n", API_INT, 0, -5, 5},
        {"id", API_ID},
        {"on", API_BOOL},
        {"at", API_TIME, API_NULLABLE},
        {"day", API_DATE},
        {"kind", API_ENUM, .values = "a|bb"},
        {"hex", API_HEX, 0, 1, 2},
        {"net", API_ADDRESS, API_LIST_OF, .most = 2},
        {"contact", API_OBJECT, .fields = inner},
        {0},
};
static const struct api_op shape = {.id = "x", .method = API_POST, .path = "/x", .fields = fields};

/* "field fault-first-word; …" */
static const char *faults_of(const struct api_op *o, const char *text) {
        static char to[1024];
        struct api_fault f[API_FAULTS_MAX];
        json_t *v = json_loads(text, 0, NULL);
        size_t at = 0;

        check(v);
        to[0] = '\0';
        unsigned n = api_check(o, v, f);
        for (unsigned i = 0; i < n; i++) {
                check(f[i].en && f[i].vi && f[i].remedy_en && f[i].remedy_vi);
                at += (size_t)snprintf(to + at, sizeof(to) - at, "%s%s %s", i ? "; " : "",
                                       f[i].field, f[i].en);
        }
        json_decref(v);
        return to;
}

#define FAULTS(text, want) check_span(span_str(faults_of(&shape, text)), want)

static void shapes_refuse(void) {
        FAULTS("{\"name\":\"An\"}", "");
        FAULTS("[]", " is not a JSON object");
        FAULTS("{}", "name is missing");
        FAULTS("{\"name\":null}", "name must have a value");
        FAULTS("{\"name\":\"  \"}", "name must have a value");
        FAULTS("{\"name\":7}", "name is not text");
        FAULTS("{\"name\":\"a\"}", "name is too short");
        FAULTS("{\"name\":\"ếếếếế\"}", "");
        FAULTS("{\"name\":\"ếếếếếế\"}", "name is too long");
        FAULTS("{\"name\":\"a\\nb\"}", "name has characters that cannot be shown");
        FAULTS("{\"name\":\"a\\u202eb\"}", "name has characters that cannot be shown");
        FAULTS("{\"name\":\"ab\",\"text\":\"a\\r\\nb\\tc\"}", "");
        FAULTS("{\"name\":\"ab\",\"x\":1}", "x is not a field here");
        FAULTS("{\"name\":\"ab\",\"n\":6}", "n is too large");
        FAULTS("{\"name\":\"ab\",\"n\":-6}", "n is too small");
        FAULTS("{\"name\":\"ab\",\"n\":1.0}", "n is not a whole number");
        FAULTS("{\"name\":\"ab\",\"id\":0}", "id is too small");
        FAULTS("{\"name\":\"ab\",\"on\":1}", "on is neither true nor false");
        FAULTS("{\"name\":\"ab\",\"at\":null}", "");
        FAULTS("{\"name\":\"ab\",\"at\":\"2026-11-23T05:26:07+07:00\"}", "");
        FAULTS("{\"name\":\"ab\",\"at\":\"2026-11-23T05:26:07\"}", "at is not a time");
        FAULTS("{\"name\":\"ab\",\"day\":\"2026-02-28\"}", "");
        FAULTS("{\"name\":\"ab\",\"day\":\"2026-02-30\"}", "day is not a date");
        FAULTS("{\"name\":\"ab\",\"kind\":\"b\"}", "kind is none of the values there are");
        FAULTS("{\"name\":\"ab\",\"kind\":\"bb\"}", "");
        FAULTS("{\"name\":\"ab\",\"hex\":\"0f0\"}", "hex is not in hexadecimal digits");
        FAULTS("{\"name\":\"ab\",\"net\":[\"10.0.0.0/8\",\"2001:db8::1\"]}", "");
        FAULTS("{\"name\":\"ab\",\"net\":[\"10.0.0.0/33\"]}", "net is not an address or network");
        FAULTS("{\"name\":\"ab\",\"net\":[\"1.2.3.4\",\"1.2.3.4\",\"1.2.3.4\"]}",
               "net has too many entries");
        FAULTS("{\"name\":\"ab\",\"net\":\"1.2.3.4\"}", "net is not a list");
        FAULTS("{\"name\":\"ab\",\"contact\":{\"phone\":\"1\",\"y\":2}}",
               "contact.phone is too short; contact.y is not a field here");
}

static void text_is_trimmed(void) {
        struct api_fault f[API_FAULTS_MAX];
        json_t *v = json_loads("{\"name\":\"  An \",\"text\":\" a\\r\\nb \"}", 0, NULL);

        check_int(api_check(&shape, v, f), 0);
        check_span(span_str(json_string_value(json_object_get(v, "name"))), "An");
        check_span(span_str(json_string_value(json_object_get(v, "text"))), "a\nb");
        json_decref(v);
}

static const struct api_field row[] = {
        {"id", API_ID, API_FILTER | API_SORT},
        {"status", API_ENUM, API_FILTER, .values = "new|taken"},
        {"last", API_TIME, API_FILTER | API_SORT | API_DEFAULT_SORT},
        {"title", API_STRING},
        {0},
};
static const struct api_op list = {
        .id = "y", .method = API_GET, .path = "/y", .flags = API_LIST, .answer = row};

static const char *put_all(const char *const pairs[][2], unsigned n) {
        static char to[512];
        json_t *o = json_object();
        struct api_fault f[API_FAULTS_MAX];
        int r = 0;

        for (unsigned i = 0; i < n && r == 0; i++)
                r = api_put(&list, o, pairs[i][0], span_str(pairs[i][1]));
        unsigned faults = r == 0 ? api_check(&list, o, f) : 0;
        char *text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
        if (faults)
                snprintf(to, sizeof(to), "%s %s", f[0].field, f[0].en);
        else
                snprintf(to, sizeof(to), "%d %s", r, text);
        free(text);
        json_decref(o);
        return to;
}

#define PUT(want, ...)                                                                             \
        do {                                                                                       \
                const char *const p_[][2] = {__VA_ARGS__};                                         \
                check_span(span_str(put_all(p_, ARRAY_LEN(p_))), want);                            \
        } while (0)

static void queries_become_fields(void) {
        PUT("0 {\"limit\":5,\"status\":[\"new\",\"taken\"]}", {"limit", "5"},
            {"status", "new,taken"});
        PUT("0 {\"status\":[\"new\",\"taken\"]}", {"status", "new"}, {"status", "taken"});
        PUT("0 {\"last.gte\":\"2026-01-01T00:00:00Z\"}", {"last.gte", "2026-01-01T00:00:00Z"});
        PUT("-17 {\"limit\":5}", {"limit", "5"}, {"limit", "6"});
        PUT("limit is not a whole number", {"limit", "many"});
        PUT("limit is too large", {"limit", "501"});
        PUT("title is not a field here", {"title", "x"});
        PUT("status.gte is not a field here", {"status.gte", "new"});
        PUT("status is none of the values there are", {"status", "old"});
        PUT("-22 {}", {"q", "\xff"});
}

/* ---- the dispatcher ---- */

static void anybody_may_ask_for_health(void) {
        world_start(world_rules);
        api_start();
        check_int(ask_as(NULL, "system.health", "{}"), 200);
        check(json_is_true(answer_at("ok")));
        check_span(span_str(api_w.say.type), "application/json");
        check_int(ask_as(NULL, "system.health", "{\"x\":1}"), 422);
        check_span(span_str(answer_text("fields.0.field")), "x");
        check_span(span_str(answer_text("code")), "fields");
        api_end();
        world_end();
}

static void bad_frames_end_the_line(void) {
        struct api_ask ask = {.op = api_number("system.health")};

        world_start(world_rules);
        api_start();
        check_int(api_send_frame(0, 77, 1, "", 0, SPAN_NONE), -EPROTO);
        check_int(api_send_frame(0, API_ASK, 1, &ask, 8, SPAN_NONE), -EPROTO);
        check_int(api_send_frame(0, API_ASK, 1, &ask, sizeof(ask), SPAN("[]")), -EPROTO);
        check_int(api_send_frame(0, API_ASK, 1, &ask, sizeof(ask), SPAN("{")), -EPROTO);
        ask.op = UINT32_MAX;
        check_int(api_send_frame(0, API_ASK, 1, &ask, sizeof(ask), SPAN("{}")), -EPROTO);
        check_int(api_send_frame(0, API_GONE, 9, "", 0, SPAN_NONE), 0);
        check_int(api_send_frame(0, API_NEXT, 9, "", 0, SPAN_NONE), 0);
        api_end();
        world_end();
}

/* ---- lists ---- */

/* 120 entries: who is "who N", about is "=1+1", "Máy chủ", "" or two lines in turn. */
static void fill_audit(void) {
        static const char *const about[] = {"=1+1", "Máy chủ", "", "a,\"b\"\nc"};
        char who[32];

        world_start(world_rules);
        api_start();
        struct sql *s = state_sql(w.d->state);
        for (int64_t i = 1; i <= 120; i++) {
                snprintf(who, sizeof(who), "who %lld", (long long)(i % 7));
                check_int(sql_do(s, "INSERT INTO audit VALUES(?1,?2,?3,'x',?4,'{\"n\":1}',x'00ff')",
                                 "iiss", i, at((double)i), who, about[i % 4]),
                          0);
        }
}

static void pages_go_on_where_they_ended(void) {
        char body[512];
        long long last = 121;
        int n = 0;

        fill_audit();
        check_int(ask("audit.list", "{}"), 200);
        check_int(answer_int("total"), 120);
        check_int(ask("audit.list", "{\"limit\":50}"), 200);
        for (unsigned page = 0; page < 3; page++) {
                for (size_t i = 0; i < json_array_size(answer_at("items")); i++, n++) {
                        long long id = json_integer_value(
                                json_object_get(json_array_get(answer_at("items"), i), "id"));
                        check_int(id, last - 1);
                        last = id;
                }
                if (page == 2)
                        break;
                snprintf(body, sizeof(body), "{\"limit\":50,\"cursor\":\"%s\"}",
                         answer_text("next"));
                check_int(ask("audit.list", body), 200);
                check(json_is_null(answer_at("total")));
        }
        check_int(n, 120);
        check(json_is_null(answer_at("next")));
        check_int(ask("audit.list", "{\"cursor\":\"nonsense\"}"), 422);
        check_int(ask("audit.list", "{\"cursor\":\"W10\"}"), 422);
        check_int(ask("audit.list", "{\"sort\":\"who\"}"), 422);
        check_span(span_str(answer_text("fields.0.field")), "sort");
        api_end();
        world_end();
}

static void lists_filter_and_search(void) {
        fill_audit();
        check_int(ask("audit.list", "{\"who\":\"who 3\",\"limit\":1}"), 200);
        check_int(answer_int("total"), 17);
        check_int(answer_int("items.0.id"), 115);
        check_int(ask("audit.list", "{\"sort\":\"id\",\"limit\":1}"), 200);
        check_int(answer_int("items.0.id"), 1);
        check_span(span_str(answer_text("items.0.hash")), "00ff");
        check_int(ask("audit.list", "{\"id.gte\":10,\"id.lt\":12}"), 200);
        check_int(answer_int("total"), 2);
        check_int(ask("audit.list", "{\"q\":\"MAY CHU\"}"), 200);
        check_int(answer_int("total"), 30);
        check_int(ask("audit.list", "{\"q\":\"may chủ 2\"}"), 200);
        check_int(answer_int("total"), 0);
        check_int(ask("audit.list", "{\"who\":\"x' OR '1'='1\"}"), 200);
        check_int(answer_int("total"), 0);
        api_end();
        world_end();
}

static void csv_is_whole_and_safe(void) {
        _cleanup_(buf_deinit) struct buf all = {0};
        struct api_next next = {0};
        unsigned lines = 0;
        bool more;

        fill_audit();
        struct sql *s = state_sql(w.d->state);
        for (int64_t i = 121; i <= 1100; i++)
                check_int(sql_do(s,
                                 "INSERT INTO audit VALUES(?1,?1,'w','x','-2','{}',zeroblob(32))",
                                 "i", i),
                          0);
        check_int(ask("audit.list", "{\"format\":\"csv\",\"sort\":\"id\"}"), 200);
        check_span(span_str(api_w.say.name), "audit.csv");
        do {
                check_int(api_send_frame(1, API_NEXT, api_w.id, &next, sizeof(next), SPAN_NONE), 0);
                check_int(api_take_frame(1), api_w.id);
                more = api_w.say.flags & API_SAY_MORE;
                buf_span(&all, buf_get(&api_w.body));
        } while (more);
        buf_char(&all, '\0');
        check(strncmp(all.p, "\xef\xbb\xbfid,time,who,what,about,detail,hash,drill\r\n1,", 47) ==
              0);
        for (const char *p = all.p; (p = strstr(p, "\r\n")); p++)
                lines++;
        check_int(lines, 1102); /* the export is in the log itself */
        check(strstr(all.p, "\"'=1+1\""));
        check(strstr(all.p, "\"a,\"\"b\"\"\nc\""));
        check(strstr(all.p, ",\"'-2\","));
        check(strstr(all.p, "audit.list"));
        api_end();
        world_end();
}

int main(void) {
        RUN(every_operation_has_a_handler);
        RUN(paths_mean_operations);
        RUN(shapes_refuse);
        RUN(text_is_trimmed);
        RUN(queries_become_fields);
        RUN(anybody_may_ask_for_health);
        RUN(bad_frames_end_the_line);
        RUN(pages_go_on_where_they_ended);
        RUN(lists_filter_and_search);
        RUN(csv_is_whole_and_safe);
        return check_done();
}

/* decode/event.c: when, where and who, from fields. */
#include "check.h"

#include "decode/event.h"

static struct field fields[16];
static struct event e;
static struct arena arena;

static void begin(void) {
        e = (struct event){.fields = fields, .time = TIME_NONE, .kind = EVENT_JSON, .key2 = -1};
        arena_init(&arena, 1 << 20);
}

static void add(const char *name, const char *val, uint8_t type) {
        fields[e.n++] = (struct field){.name = name,
                                       .name_len = (uint32_t)strlen(name),
                                       .val = val,
                                       .val_len = (uint32_t)strlen(val),
                                       .type = type};
}

static int64_t at(void) {
        static const struct decode_options o = {.zone_sec = 7 * 3600};
        int64_t r = event_time(&e, &o, &arena);

        arena_deinit(&arena);
        return r;
}

#define ISO(text) time_parse_iso(SPAN(text), 0)

static void names_have_ranks(void) {
        begin();
        add("EventTime", "2020-09-04 03:06:11", V_STR);
        check_int(at(), ISO("2020-09-03T20:06:11Z")); /* no zone: the option's */
        begin();
        add("@timestamp", "2020-09-04T07:06:12.5Z", V_STR);
        add("EventTime", "2020-09-04 03:06:11", V_STR);
        check_int(at(), ISO("2020-09-04T07:06:12.5Z"));
        begin();
        add("Event.System.TimeCreated.#attributes.SystemTime", "2020-09-04T07:06:11Z", V_STR);
        add("@timestamp", "2020-09-04T07:06:12.5Z", V_STR);
        check_int(at(), ISO("2020-09-04T07:06:11Z"));
        begin();
        add("_source.@timestamp", "2020-09-04T07:06:12.5Z", V_STR);
        check_int(at(), ISO("2020-09-04T07:06:12.5Z"));
        begin();
        add("TimeCreated", "garbage", V_STR);
        add("eventTime", "2020-09-04T07:06:12Z", V_STR);
        check_int(at(), ISO("2020-09-04T07:06:12Z"));
        begin();
        add("Timestamp2", "2020-09-04T07:06:12Z", V_STR);
        check_int(at(), TIME_NONE);
        begin();
        e.time = 5;
        add("@timestamp", "2020-09-04T07:06:12Z", V_STR);
        check_int(at(), 5);
}

static void last_of_a_name_wins(void) {
        begin();
        add("@timestamp", "2020-09-04T07:06:11Z", V_STR);
        add("@timestamp", "2020-09-04T07:06:12Z", V_STR);
        check_int(at(), ISO("2020-09-04T07:06:12Z"));
}

static void epochs_by_magnitude(void) {
        static const struct {
                const char *val;
                int64_t want;
        } list[] = {
                {"1599203171", INT64_C(1599203171000000000)},
                {"1599203171.25", INT64_C(1599203171250000000)},
                {"1599203171962", INT64_C(1599203171962000000)},
                {"1599203171962001", INT64_C(1599203171962001000)},
                {"1599203171962001002", INT64_C(1599203171962001002)},
                {"/Date(1599203171962)/", INT64_C(1599203171962000000)},
                {"9/4/2020 7:06:11 PM", 1599246371000000000 - INT64_C(7) * 3600 * NS_PER_SEC},
                {"12/31/2020 12:00:01 AM", 1609372801000000000 - INT64_C(7) * 3600 * NS_PER_SEC},
                {"2020-09-04 07:06:11 UTC", INT64_C(1599203171000000000)},
                {"13/31/2020 12:00:01 AM", TIME_NONE},
                {"99999999999999999999", TIME_NONE},
                {"", TIME_NONE},
        };

        for (size_t i = 0; i < ARRAY_LEN(list); i++) {
                begin();
                add("timestamp", list[i].val, V_STR);
                check_int(at(), list[i].want);
        }
        begin();
        add("__REALTIME_TIMESTAMP", "1599203171962001", V_STR);
        check_int(at(), INT64_C(1599203171962001000));
        begin();
        add("__REALTIME_TIMESTAMP", "1599", V_STR); /* microseconds, however few */
        check_int(at(), INT64_C(1599000));
}

static void date_and_time_in_parts(void) {
        begin();
        add("date", "2024-06-01", V_STR);
        add("time", "10:00:05", V_STR);
        check_int(at(), ISO("2024-06-01T03:00:05Z"));
        begin();
        add("time", "10:00:05", V_STR);
        add("date", "2024-06-01", V_STR);
        add("tz", "+0200", V_STR);
        check_int(at(), ISO("2024-06-01T08:00:05Z"));
        begin();
        add("date", "2024-06-01", V_STR);
        add("time", "10:00:05", V_STR);
        add("tz", "CET", V_STR);
        add("eventtime", "1717232405000000001", V_NUM);
        check_int(at(), INT64_C(1717232405000000001));
        begin();
        add("date", "2024-06-01", V_STR);
        add("time", "later", V_STR);
        check_int(at(), ISO("2024-05-31T17:00:00Z"));
        begin(); /* values may hold NULs */
        add("date", "2---------", V_STR);
        add("time", "1-:00", V_STR);
        add("tz", "1------z", V_STR);
        char nul[][11] = {"2\0-------x", "1\0:00", "1\0-----z"};
        for (unsigned i = 0; i < 3; i++)
                fields[i].val = nul[i];
        check_int(at(), TIME_NONE);
}

static void who(const char *want) {
        struct span s = event_user(&e, &arena);

        check_span(s, want);
        arena_deinit(&arena);
}

static void users_by_sense(void) {
        begin();
        add("EventID", "4688", V_NUM);
        add("SubjectUserName", "alice", V_STR);
        add("TargetUserName", "-", V_STR);
        who("alice");
        begin();
        add("EventID", "4625", V_NUM);
        add("SubjectUserName", "DC01$", V_STR);
        add("TargetUserName", "bob", V_STR);
        who("bob");
        begin();
        e.kind = EVENT_WINDOWS;
        e.key2 = 4624;
        add("SubjectUserName", "SYSTEM", V_STR);
        add("TargetUserName", "carol", V_STR);
        who("carol");
        begin();
        add("SubjectUserName", "-", V_STR);
        add("TargetUserName", "dave", V_STR);
        who("dave");
        begin();
        add("userIdentity.userName", "ci", V_STR);
        who("ci");
        begin();
        add("user.name", "eve", V_STR);
        who("eve");
}

static void hosts(void) {
        begin();
        add("host", "relay", V_STR);
        add("Computer", "DC01.corp", V_STR);
        check_span(event_host(&e, &arena), "DC01.corp");
        arena_deinit(&arena);
        begin();
        add("agent.hostname", "a", V_STR);
        add("host.name", "b", V_STR);
        check_span(event_host(&e, &arena), "b");
        arena_deinit(&arena);
        begin();
        e.kind = EVENT_AUDITD;
        add("hostname", "attacker.example", V_STR); /* the other side's */
        check(!event_host(&e, &arena).p);
        add("node", "web1", V_STR);
        check_span(event_host(&e, &arena), "web1");
        arena_deinit(&arena);
}

int main(void) {
        RUN(names_have_ranks);
        RUN(last_of_a_name_wins);
        RUN(epochs_by_magnitude);
        RUN(date_and_time_in_parts);
        RUN(users_by_sense);
        RUN(hosts);
        return check_done();
}

/* report/: every writer over made-up findings, read back by other code (jansson) or by eye-like
 * checks. */
#include "check.h"

#include <jansson.h>
#include <sodium.h>
#include <zlib.h>

#include "base/lang.h"
#include "base/timestamp.h"
#include "report/attack.h"
#include "report/report.h"
#include "report/text.h"

static struct buf out;

static int collect(void *ctx, const void *p, size_t n) {
        buf_add(&out, p, n);
        return 0;
}

static const char *const tags[] = {"attack.impact", "attack.t1490", "attack.execution",
                                   "attack.t1059.001", "cve.2021-44228"};

static bool fake_rule(void *ctx, uint32_t i, bool correlation, struct program_rule *ret) {
        static const struct span titles[] = {
                {"Shadow copies deleted with vssadmin", 35},
                {"=cmd|'/c calc'!A0, \"quoted\"", 27},
                {"</script><img src=x onerror=alert(1)>", 37},
        };

        if (i >= (correlation ? 1u : 3u))
                return false;
        *ret = (struct program_rule){
                .id = SPAN("0f06a3a5-6a09-413f-8743-e6cf35561297"),
                .title = correlation ? SPAN("Sign-in after many failures") : titles[i],
                .title_vi = correlation ? SPAN("Đăng nhập được sau nhiều lần sai")
                                        : SPAN("Xoá bản sao lưu bóng bằng vssadmin"),
                .level = correlation ? LEVEL_HIGH : (enum level)(LEVEL_CRITICAL - i),
                .n_tags = ARRAY_LEN(tags)};
        return true;
}

static struct span fake_tag(void *ctx, uint32_t i, bool correlation, uint32_t nth) {
        return span_str(tags[nth]);
}

static struct span fake_input(void *ctx, uint32_t i) {
        return i == 0 ? SPAN("logs/Security.evtx") : SPAN("nhật ký/\x1b[31mhostile.json");
}

static struct report_context context(enum report_format format) {
        return (struct report_context){
                .source = {.rule = fake_rule, .tag = fake_tag, .input = fake_input},
                .format = format,
                .write = collect,
                .version = "0.1.0",
                .ruleset = SPAN("sigma"),
                .started = INT64_C(1763400000) * NS_PER_SEC,
                .width = 80,
                .unreadable = true};
}

#define HOSTILE "</script><img src=x onerror=alert(1)>\x1b]0;x\x07\xff \xe2\x80\xae\"';--"

static struct finding_field some_fields[] = {
        {SPAN("EventID"), SPAN("1"), FINDING_NUMBER, true},
        {SPAN("CommandLine"), SPAN("vssadmin.exe delete shadows /all /quiet"), FINDING_STRING,
         true},
        {SPAN("Elevated"), SPAN("true"), FINDING_BOOL, false},
        {SPAN("Empty"), SPAN(""), FINDING_NULL, false},
        {SPAN("Hash"), SPAN("a"), FINDING_STRING, false},
        {SPAN("Fake"), SPAN("1,\"x\":2"), FINDING_NUMBER, false},
        {SPAN("Hash"), SPAN("b"), FINDING_STRING, false},
        {SPAN("Evil." HOSTILE), SPAN(HOSTILE), FINDING_STRING, true},
        {SPAN("Zero"), SPAN("a\0b"), FINDING_STRING, false},
};

static struct finding finding(uint32_t rule, const char *host, int64_t sec) {
        return (struct finding){
                .rule = rule,
                .flags = FINDING_REPORT,
                .length = 512,
                .offset = 4096,
                .record = 88140,
                .time = INT64_C(1763400000) * NS_PER_SEC + sec * NS_PER_SEC + 883000000,
                .count = 1,
                .time_last = INT64_C(1763400000) * NS_PER_SEC + sec * NS_PER_SEC + 883000000,
                .host = span_str(host),
                .user = SPAN("SONGTHUONG\\qtht01"),
                .fields = some_fields,
                .n_fields = ARRAY_LEN(some_fields)};
}

/* A whole report of three findings, one alert, one finding without anything, one unreadable place.
 */
static void make(struct report_context c) {
        struct report *r = NULL;
        struct finding f;

        buf_deinit(&out);
        check(report_new(&r, &c) == 0);
        f = finding(0, "SRV-HIS-03", 0);
        check(report_finding(r, &f) == 0);
        f = finding(0, "KT-PC-07", 90);
        check(report_finding(r, &f) == 0);
        f = finding(2, HOSTILE, 3600);
        f.input = 1;
        check(report_finding(r, &f) == 0);
        f = finding(0, "SRV-HIS-03", 200);
        f.flags |= FINDING_ALERT;
        f.count = 12;
        f.time_last = f.time + 60 * NS_PER_SEC;
        check(report_finding(r, &f) == 0);
        f = (struct finding){.rule = 77, .time = TIME_NONE, .time_last = TIME_NONE, .count = 1};
        check(report_finding(r, &f) == 0);
        check(report_unreadable(
                      r, &(struct report_unreadable){.offset = 4096,
                                                     .length = 65536,
                                                     .phrase = SPAN("chunk checksum is wrong"),
                                                     .recovered = 12}) == 0);
        check(report_end(r, &(struct report_summary){.files = 2,
                                                     .records = 319276,
                                                     .bytes = 780235878,
                                                     .unreadable_bytes = 65536,
                                                     .duration = INT64_C(520000000),
                                                     .rules = 3757,
                                                     .correlations = 12}) == 0);
        check_int(report_counts(r)->findings, 5);
        check_int(report_counts(r)->level[LEVEL_CRITICAL], 2);
        check_int(report_counts(r)->unreadable, 1);
        report_free(r);
}

static bool contains(const char *what) {
        return out.p && memmem(out.p, out.len, what, strlen(what));
}

static json_t *line_of(unsigned nth) {
        const char *p = out.p, *end = out.p + out.len;
        json_error_t error;

        for (unsigned i = 0; p < end; i++) {
                const char *nl = memchr(p, '\n', (size_t)(end - p));
                check(nl);
                if (i == nth)
                        return json_loadb(p, (size_t)(nl - p),
                                          JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
                p = nl + 1;
        }
        return NULL;
}

static void json_lines_read_back(void) {
        make(context(REPORT_JSONL));
        json_t *j = line_of(0), *event, *list;

        check(j);
        check_span(span_str(json_string_value(json_object_get(j, "@timestamp"))),
                   "2025-11-17T17:20:00.883Z");
        check_span(span_str(json_string_value(json_object_get(j, "rule.name"))),
                   "Shadow copies deleted with vssadmin");
        check_span(span_str(json_string_value(json_object_get(j, "rule.level"))), "critical");
        check_span(span_str(json_string_value(json_object_get(j, "log.file.path"))),
                   "logs/Security.evtx");
        check_int(json_integer_value(json_object_get(j, "log.offset")), 4096);
        list = json_object_get(j, "threat.technique.id");
        check_int(json_array_size(list), 2);
        check_span(span_str(json_string_value(json_array_get(list, 1))), "T1059.001");
        list = json_object_get(j, "threat.tactic.name");
        check_span(span_str(json_string_value(json_array_get(list, 0))), "Execution");
        check_int(json_array_size(json_object_get(j, "coloa.matched_fields")), 3);
        event = json_object_get(j, "coloa.event");
        check_int(json_integer_value(json_object_get(event, "EventID")), 1);
        check(json_is_true(json_object_get(event, "Elevated")));
        check(json_is_null(json_object_get(event, "Empty")));
        check_int(json_array_size(json_object_get(event, "Hash")), 2);
        check_span(span_str(json_string_value(json_object_get(event, "Fake"))), "1,\"x\":2");
        check_int(json_string_length(json_object_get(event, "Zero")), 3);
        json_decref(j);
        j = line_of(3);
        check(j && json_is_true(json_object_get(j, "coloa.correlation")));
        check_int(json_integer_value(json_object_get(j, "coloa.count")), 12);
        check_span(span_str(json_string_value(json_object_get(j, "event.end"))),
                   "2025-11-17T17:24:20.883Z");
        json_decref(j);
        j = line_of(4);
        check(j && !json_object_get(j, "@timestamp"));
        json_decref(j);
        j = line_of(5);
        check(j);
        check_span(span_str(json_string_value(json_object_get(j, "event.kind"))), "pipeline_error");
        json_decref(j);
        check(!line_of(6));
        check(!contains("<"));
}

/* A plain RFC 4180 reader: cell `column` of record `nth`. */
static struct buf csv_cell(unsigned nth, unsigned column) {
        struct buf b = {0};
        unsigned rec = 0, col = 0;
        bool quoted = false;

        for (size_t i = 0; i < out.len; i++) {
                char c = out.p[i];

                if (quoted && c == '"' && i + 1 < out.len && out.p[i + 1] == '"') {
                        i++;
                } else if (c == '"') {
                        quoted = !quoted;
                        continue;
                } else if (!quoted && c == ',') {
                        col++;
                        continue;
                } else if (!quoted && c == '\r' && out.p[i + 1] == '\n') {
                        check(rec != nth || col == 15);
                        rec++;
                        col = 0;
                        i++;
                        continue;
                }
                if (rec == nth && col == column)
                        buf_char(&b, c);
        }
        return b;
}

static void check_cell(unsigned nth, unsigned column, const char *want) {
        struct buf b = csv_cell(nth, column);

        check_span(buf_get(&b), want);
        buf_deinit(&b);
}

static void csv_reads_back_and_runs_nothing(void) {
        struct report_context c = context(REPORT_CSV);
        struct report *r = NULL;

        make(c);
        check_cell(0, 4, "rule_title");
        check_cell(1, 0, "2025-11-17T17:20:00.883Z");
        check_cell(1, 2, "critical");
        check_cell(1, 10, "T1490 T1059.001");
        check_cell(2, 7, "KT-PC-07");
        check_cell(3, 4, "</script><img src=x onerror=alert(1)>");
        check_cell(4, 5, "correlation");
        check_cell(5, 4, "(rule unknown to the program)");
        buf_deinit(&out);
        check(report_new(&r, &c) == 0);
        struct finding f = finding(1, "@SUM(A1)", 0);
        f.user = SPAN("a\"b\r\nc\x01");
        check(report_finding(r, &f) == 0);
        report_end(r, &(struct report_summary){0});
        report_free(r);
        check_cell(1, 4, "'=cmd|'/c calc'!A0, \"quoted\"");
        check_cell(1, 7, "'@SUM(A1)");
        check_cell(1, 8, "a\"b\r\nc\xEF\xBF\xBD");
}

static void timesketch_lines_read_back(void) {
        make(context(REPORT_TIMESKETCH));
        json_t *j = line_of(0);

        check(j);
        check_span(span_str(json_string_value(json_object_get(j, "datetime"))),
                   "2025-11-17T17:20:00.883000+00:00");
        check_int(json_integer_value(json_object_get(j, "timestamp")), INT64_C(1763400000883000));
        check_span(span_str(json_string_value(json_object_get(j, "message"))),
                   "Shadow copies deleted with vssadmin: vssadmin.exe delete shadows /all /quiet");
        check_span(span_str(json_string_value(json_object_get(j, "EventID"))), "1");
        json_decref(j);
        j = line_of(4);
        check(j);
        check_span(span_str(json_string_value(json_object_get(j, "timestamp_desc"))), "Not a time");
        json_decref(j);
}

static void navigator_layer_reads_back(void) {
        json_error_t error;

        make(context(REPORT_NAVIGATOR));
        json_t *j = json_loadb(out.p, out.len, JSON_REJECT_DUPLICATES, &error), *t;
        check(j);
        t = json_object_get(j, "techniques");
        check_int(json_array_size(t), 2);
        t = json_array_get(t, 0);
        check_span(span_str(json_string_value(json_object_get(t, "techniqueID"))), "T1059.001");
        check_int(json_integer_value(json_object_get(t, "score")), 4);
        check(strstr(json_string_value(json_object_get(t, "comment")),
                     "Shadow copies deleted with vssadmin (2)"));
        json_decref(j);
}

/* What stands between two texts, the nth time. */
static struct span between(const char *from, const char *to, unsigned nth) {
        struct span s = buf_get(&out);

        for (;; nth--) {
                const char *a = memmem(s.p, s.len, from, strlen(from));
                check(a);
                a += strlen(from);
                const char *b = memmem(a, (size_t)(out.p + out.len - a), to, strlen(to));
                check(b);
                if (!nth)
                        return span_of(a, (size_t)(b - a));
                s = span_of(b, (size_t)(out.p + out.len - b));
        }
}

static unsigned count_of(const char *what) {
        unsigned n = 0;

        for (const char *p = out.p;
             (p = memmem(p, (size_t)(out.p + out.len - p), what, strlen(what))); p++)
                n++;
        return n;
}

static json_t *events_of(unsigned block) {
        struct span b64 = between("data-size=\"", "</script>", block);
        unsigned char *packed = malloc(b64.len), *raw;
        size_t n, size = strtoul(b64.p, NULL, 10),
                  skip = (size_t)((char *)memchr(b64.p, '>', b64.len) + 1 - b64.p);
        json_error_t error;

        check(sodium_base642bin(packed, b64.len, b64.p + skip, b64.len - skip, NULL, &n, NULL,
                                sodium_base64_VARIANT_ORIGINAL) == 0);
        raw = malloc(size + 1);
        uLongf got = size;
        check(uncompress(raw, &got, packed, n) == Z_OK);
        check_int(got, size);
        json_t *j = json_loadb((char *)raw, size, JSON_ALLOW_NUL, &error);
        free(raw);
        free(packed);
        return j;
}

static void the_page_holds_everything_as_data(void) {
        json_error_t error;

        make(context(REPORT_HTML));
        struct span rows = between("class=\"rows\">", "</script>", 0);
        json_t *j = json_loadb(rows.p, rows.len, 0, &error), *row, *x;
        check(j);
        check_int(json_array_size(json_object_get(j, "rows")), 5);
        check_int(json_array_size(json_object_get(j, "unreadable")), 1);
        row = json_array_get(json_object_get(j, "rows"), 2);
        check_span(span_str(json_string_value(json_array_get(row, 0))), "r2");
        check(strstr(json_string_value(json_array_get(row, 5)), "</script><img src=x"));
        x = json_object_get(json_object_get(j, "rules"), "r0");
        check_span(span_str(json_string_value(json_array_get(x, 2))),
                   "Xoá bản sao lưu bóng bằng vssadmin");
        check_int(json_array_size(json_array_get(x, 7)), 2);
        json_decref(j);

        j = events_of(0);
        check(j);
        check_int(json_array_size(j), 5);
        x = json_array_get(json_array_get(j, 0), 1);
        check_span(span_str(json_string_value(json_array_get(x, 1))),
                   "vssadmin.exe delete shadows /all /quiet");
        check_int(json_integer_value(json_array_get(x, 2)), 1);
        check_int(json_array_size(json_array_get(j, 4)), 0);
        json_decref(j);
}

static void the_page_runs_only_its_own_script(void) {
        const char *const kinds[] = {"script", "style"};

        make(context(REPORT_HTML));
        check_int(count_of("</script"), 4); /* rows, events, summary, the script */
        check_int(count_of("<script"), 4);
        check_int(count_of("<script>"), 1);
        check_int(count_of("<img"), 0);
        check(contains("default-src 'none'"));
        for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
                char open[16], close[16], policy[32], b64[64];
                unsigned char hash[crypto_hash_sha256_BYTES];

                snprintf(open, sizeof(open), "<%s>", kinds[i]);
                snprintf(close, sizeof(close), "</%s>", kinds[i]);
                snprintf(policy, sizeof(policy), "%s-src 'sha256-", kinds[i]);
                struct span s = between(open, close, 0);
                crypto_hash_sha256(hash, (const unsigned char *)s.p, s.len);
                sodium_bin2base64(b64, sizeof(b64), hash, sizeof(hash),
                                  sodium_base64_VARIANT_ORIGINAL);
                check(span_eq(between(policy, "'", 0), span_str(b64)));
        }
}

static void the_page_goes_out_in_blocks(void) {
        struct report_context c = context(REPORT_HTML);
        struct report *r = NULL;

        buf_deinit(&out);
        check(report_new(&r, &c) == 0);
        for (int i = 0; i < 1300; i++) {
                struct finding f = finding(0, "SRV-HIS-03", i);
                check(report_finding(r, &f) == 0);
        }
        check_int(count_of("class=\"rows\""), 2); /* before the end */
        check(report_end(r, &(struct report_summary){0}) == 0);
        report_free(r);
        check_int(count_of("class=\"rows\""), 3);
        json_t *j = events_of(2);
        check_int(json_array_size(j), 1300 - 2 * 512);
        json_decref(j);
}

static bool no_control_characters(void) {
        for (size_t i = 0; i < out.len; i++)
                if (((unsigned char)out.p[i] < 0x20 && out.p[i] != '\n') || out.p[i] == 0x7f)
                        return false;
        return true;
}

static size_t widest(void) {
        size_t most = 0;

        for (const char *p = out.p, *end = out.p + out.len; p < end;) {
                const char *nl = memchr(p, '\n', (size_t)(end - p));
                size_t n = nl ? (size_t)(nl - p) : (size_t)(end - p);

                most = MAX(most, text_width(span_of(p, n)));
                p += n + 1;
        }
        return most;
}

static void terminal_is_calm_and_safe(void) {
        struct report_context c = context(REPORT_TERMINAL);
        unsigned widths[] = {48, 80, 120};

        for (size_t i = 0; i < ARRAY_LEN(widths); i++)
                for (int vi = 0; vi < 2; vi++) {
                        lang_current = vi ? LANG_VI : LANG_EN;
                        c.width = widths[i];
                        make(c);
                        if (getenv("REPORT_SHOW"))
                                printf("%.*s\n", (int)out.len, out.p);
                        check(no_control_characters());
                        check(widest() <= widths[i]);
                        check(contains("SRV-HIS-03"));
                        check(contains(vi ? "319.276 bản ghi" : "319,276 records"));
                }
        lang_current = LANG_EN;
        c.width = 80;
        make(c);
        check(contains("5: 2 critical, 1 high, 1 medium, 1 no level, on 3 hosts"));
        check(contains("logs/Security.evtx: at byte 4,096, 65.5 kB: chunk checksum is wrong; 12"));
        check(!contains("Only rules"));
        c.min_level = LEVEL_HIGH;
        make(c);
        check(contains("Times are UTC. Only rules of level High and above."));
        c.colour = true;
        make(c);
        check(contains("\x1b[1;38;5;160mCritical"));
}

static void terminal_bounds_are_said_aloud(void) {
        struct report_context c = context(REPORT_TERMINAL);
        struct report *r = NULL;
        char host[32];

        c.max_groups = 10;
        buf_deinit(&out);
        check(report_new(&r, &c) == 0);
        for (int i = 0; i < 100; i++) {
                snprintf(host, sizeof(host), "host-%03d", i);
                struct finding f = finding(0, host, i);
                check(report_finding(r, &f) == 0);
        }
        check(report_end(r, &(struct report_summary){.records = 100}) == 0);
        report_free(r);
        check(contains("90 more findings are not listed"));
        check(contains("and 2 more hosts with 2 findings"));
        check(contains("on 100 hosts"));
}

static void a_page_lists_no_endless_places(void) {
        struct report_context c = context(REPORT_HTML);
        struct report *r = NULL;
        size_t n = 0;

        buf_deinit(&out);
        check(report_new(&r, &c) == 0);
        for (uint32_t i = 0; i < 10100; i++) {
                struct report_unreadable u = {
                        .offset = i, .phrase = SPAN("not an object"), .crash = i == 10050};
                check(report_unreadable(r, &u) == 0);
        }
        check(report_end(r, &(struct report_summary){0}) == 0);
        report_free(r);
        buf_char(&out, 0);
        for (const char *p = out.p; (p = strstr(p, "\"not an object\"")); p++)
                n++;
        check_int(n, 10001);
        check(strstr(out.p, "\"unreadable\":10100,"));
}

static void places_of_one_kind_are_one_line(void) {
        struct report_context c = context(REPORT_TERMINAL);
        struct report *r = NULL;

        c.width = 120;
        buf_deinit(&out);
        check(report_new(&r, &c) == 0);
        for (uint32_t i = 0; i < 30; i++) {
                struct report_unreadable u = {.offset = 9000 - i * 100,
                                              .length = 100,
                                              .phrase = SPAN("template missing")};

                u.recovered = 1;
                check(report_unreadable(r, &u) == 0);
                u = (struct report_unreadable){
                        .input = 1, .offset = i, .phrase = SPAN("not UTF-8"), .crash = i == 7};
                check(report_unreadable(r, &u) == 0);
        }
        check(report_end(r, &(struct report_summary){.records = 5, .unreadable_bytes = 3000}) == 0);
        report_free(r);
        check(contains("logs/Security.evtx: 30 places, the first at byte 6,100, 3.0 kB in all: "
                       "template missing; 30 "
                       "records"));
        check(contains("hostile.json: at byte 7: not UTF-8; the reader crashed on it"));
        check(contains("hostile.json: 29 places, the first at byte 0"));
        check(!contains("more place"));
}

static void vietnamese_has_its_true_width(void) {
        struct buf b = {0};

        check_int(text_width(SPAN("Nguy cấp")), 8);
        check_int(text_width(SPAN("Nguy ca\xcc\x82\xcc\x81p")), 8); /* decomposed */
        check_int(text_width(SPAN("日本")), 4);
        check_int(text_cut(&b, SPAN("Không đọc được"), 6), 6);
        check_span(buf_get(&b), "Không…");
        buf_reset(&b);
        check_int(text_cut_front(&b, SPAN("/a/b/Security.evtx"), 8), 8);
        check_span(buf_get(&b), "…ty.evtx");
        buf_deinit(&b);
}

static void numbers_follow_the_language(void) {
        struct buf b = {0};

        text_number(&b, 1234567);
        buf_char(&b, ' ');
        text_bytes(&b, 780235878);
        buf_char(&b, ' ');
        text_duration(&b, INT64_C(185000000000));
        check_span(buf_get(&b), "1,234,567 780.2 MB 3 min 05 s");
        buf_reset(&b);
        lang_current = LANG_VI;
        text_bytes(&b, 780235878);
        lang_current = LANG_EN;
        check_span(buf_get(&b), "780,2 MB");
        buf_reset(&b);
        text_times(&b, INT64_C(1763400000) * NS_PER_SEC, INT64_C(1763400100) * NS_PER_SEC);
        check_span(buf_get(&b), "2025-11-17 17:20:00 – 17:21:40");
        buf_deinit(&b);
}

static void progress_fits_its_line(void) {
        struct buf b = {0};
        struct report_progress p = {.bytes = 400000000,
                                    .bytes_total = 780235878,
                                    .findings = 3,
                                    .elapsed = INT64_C(250000000),
                                    .input = SPAN("logs/\x1b[2Jx")};

        report_progress_line(&b, &p, 80);
        check_span(buf_get(&b),
                   " 51 %  400.0 MB, 1.6 GB/s, about 1 s left · 3 findings · logs/\\x1b[2Jx");
        buf_reset(&b);
        report_progress_line(&b, &p, 20);
        check(text_width(buf_get(&b)) <= 20);
        buf_deinit(&b);
}

static void attack_tags_find_their_place(void) {
        char id[ATTACK_ID_MAX];

        check(attack_tag_technique(SPAN("attack.T1059.001"), id));
        check_span(span_str(id), "T1059.001");
        check(!attack_tag_technique(SPAN("attack.t1059.1"), id));
        check(!attack_tag_technique(SPAN("attack.g0016"), id));
        check_int(attack_tag_tactic(SPAN("attack.command_and_control")), 12);
        check_int(attack_tag_tactic(SPAN("attack.defense-evasion")), 6);
        check_int(attack_tag_tactic(SPAN("cve.2021-1")), -1);
        check_span(span_str(attack_technique(SPAN("T1490"))->name), "Inhibit System Recovery");
        check(!attack_technique(SPAN("T9999")));
        check_int(attack_place(SPAN("T1490"), 1u << 3),
                  1u << 14); /* execution is not where T1490 stands */
        check_int(attack_place(SPAN("T1685.001"), 0), 1u << 7);
        check_int(attack_place(SPAN("T1685.999"), 0), 1u << 7); /* the parent's */
        check_span(span_str(attack_technique(SPAN("T1086"))->name), "PowerShell"); /* revoked */
        check_span(span_str(attack_technique(SPAN("T1686.003"))->name),
                   "Disable or Modify System Firewall: Windows Host Firewall");
        check_int(attack_place(SPAN("T1055"), 1u << 5), 1u << 5);
}

static int refuse(void *ctx, const void *p, size_t n) {
        return -ENOSPC;
}

static void a_full_disk_is_reported(void) {
        struct report_context c = context(REPORT_JSONL);
        struct report *r = NULL;

        c.write = refuse;
        check(report_new(&r, &c) == 0);
        struct finding f = finding(0, "a", 0);
        check(report_finding(r, &f) == 0);
        check_int(report_end(r, &(struct report_summary){0}), -ENOSPC);
        check_int(report_finding(r, &f), -ENOSPC);
        report_free(r);
}

int main(void) {
        RUN(json_lines_read_back);
        RUN(csv_reads_back_and_runs_nothing);
        RUN(timesketch_lines_read_back);
        RUN(navigator_layer_reads_back);
        RUN(the_page_holds_everything_as_data);
        RUN(the_page_runs_only_its_own_script);
        RUN(the_page_goes_out_in_blocks);
        RUN(terminal_is_calm_and_safe);
        RUN(terminal_bounds_are_said_aloud);
        RUN(places_of_one_kind_are_one_line);
        RUN(a_page_lists_no_endless_places);
        RUN(vietnamese_has_its_true_width);
        RUN(numbers_follow_the_language);
        RUN(progress_fits_its_line);
        RUN(attack_tags_find_their_place);
        RUN(a_full_disk_is_reported);
        buf_deinit(&out);
        return check_done();
}

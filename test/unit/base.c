/* base/: arena, buffers, time, UTF-8. */
#include "check.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/csv.h"
#include "base/hash.h"
#include "base/timestamp.h"
#include "base/utf8.h"

static void arena_keeps_its_budget(void) {
        struct arena a;

        arena_init(&a, 100000);
        check(arena_alloc(&a, 50000));
        check(!arena_alloc(&a, 90000));
        check(a.overflowed);
        arena_reset(&a);
        check(!a.overflowed);
        check(arena_alloc(&a, 50000));
        check(a.used <= 100000);
        arena_deinit(&a);
}

static void times_read_and_print(void) {
        char out[40];

        check_int(time_parse_iso(SPAN("1970-01-01T00:00:01Z"), 0), NS_PER_SEC);
        check_int(time_parse_iso(SPAN("1970-01-01 07:00:01.5+07:00"), 0), NS_PER_SEC * 3 / 2);
        check_int(time_parse_iso(SPAN("1970-01-01 07:00:01"), 7 * 3600), NS_PER_SEC);
        check(time_parse_iso(SPAN("2026-02-29T00:00:00Z"), 0) == TIME_NONE);
        check(time_parse_iso(SPAN("2026-02-28T00:00:00Zx"), 0) == TIME_NONE);
        int64_t t = time_parse_iso(SPAN("2025-11-27T07:40:10.165324Z"), 0);
        check_int(time_format(out, t, 6), 27);
        check_span(span_str(out), "2025-11-27T07:40:10.165324Z");
        check_int(time_from_filetime(116444736000000000 + 10000000), NS_PER_SEC);
        check_int(time_parse_epoch(SPAN("1681997462.455")), INT64_C(1681997462455000000));
        check_int(time_parse_span(SPAN("15m")), 900 * NS_PER_SEC);
        check_int(time_parse_span(SPAN("15")), -1);
        check_int(time_parse_iso(SPAN("1677-01-01T00:00:00Z"), 0), TIME_NONE);
}

static void folds_vietnamese(void) {
        struct span s = SPAN("ĐƯỜNG Ẩn SS");
        char to[64];

        size_t n = utf8_fold_to(to, s);
        check(span_eq(span_of(to, n), SPAN("đường ẩn ss")));
        check_int(utf8_fold(0x212a), 'k');
        check(utf8_valid(s));
        check(!utf8_valid(SPAN("\xed\xa0\x80")));
        check(!utf8_valid(SPAN("\xc0\xaf")));
}

/* Printed at once where it fits, after a look at its length where not, never beyond the limit. */
static void printing_keeps_to_the_room(void) {
        struct buf b = {.limit = 300};
        char want[400];

        for (unsigned n = 0; n < 299; n++) {
                buf_reset(&b);
                for (unsigned i = 0; i < n; i++)
                        buf_char(&b, 'a');
                buf_printf(&b, "%u-%s", 7u, "");
                memset(want, 'a', sizeof(want));
                memcpy(want + n, "7-", 3);
                check_int(b.failed, n + 3 > 300);
                if (!b.failed)
                        check_span(buf_get(&b), want);
                else
                        check_int(b.len, n); /* ends at a whole append */
        }
        buf_deinit(&b);
        b = (struct buf){0};
        for (unsigned i = 0; i < 1000; i++)
                buf_printf(&b, "%03u", i);
        check_int(b.len, 3000);
        check(memcmp(b.p + 2997, "999", 3) == 0);
        buf_reset(&b);
        buf_number(&b, 0);
        buf_char(&b, ' ');
        buf_number(&b, UINT64_MAX);
        check_span(buf_get(&b), "0 18446744073709551615");
        buf_deinit(&b);
}

static void escapes_for_each_reader(void) {
        struct buf b = {0};

        buf_json(&b, SPAN("a\"</script>\x01\xff"));
        check_span(buf_get(&b), "a\\\"\\u003c/script\\u003e\\u0001\xEF\xBF\xBD");
        buf_reset(&b);
        buf_html(&b, SPAN("<b a='1'>"));
        check_span(buf_get(&b), "&lt;b a=&#39;1&#39;&gt;");
        buf_reset(&b);
        buf_term(&b, SPAN("\x1b[31mx\xe2\x80\xae"));
        check_span(buf_get(&b), "\\x1b[31mx\\u{202e}");
        buf_deinit(&b);
}

/* "line|field|field;" of each row; "!" for one that is none. */
static const char *rows_of(const char *text) {
        static char out[512];
        char own[256];
        struct span f[CSV_FIELDS_MAX];
        unsigned n, line;
        struct csv c;
        size_t at = 0;
        int r;

        snprintf(own, sizeof(own), "%s", text);
        csv_init(&c, own, strlen(own));
        out[0] = '\0';
        while ((r = csv_next(&c, f, &n, &line)) != 0) {
                at += (size_t)snprintf(out + at, sizeof(out) - at, "%u%s", line, r < 0 ? "!" : "");
                for (unsigned i = 0; r == 1 && i < n; i++)
                        at += (size_t)snprintf(out + at, sizeof(out) - at, "|%.*s", (int)f[i].len,
                                               f[i].p);
                at += (size_t)snprintf(out + at, sizeof(out) - at, ";");
        }
        return out;
}

/* A block that is the constant it meets made a factor zero: what stood beside and before it did not
 * count, whatever the key was, so that any number of values could be one. */
static void no_block_hides_another(void) {
        const uint64_t constants[] = {0xe7037ed1a0b428dbu, 0xa0761d6478bd642fu};
        const uint64_t key = 0x123456789abcdef1u;
        char a[40] = {0}, b[40] = {0};

        for (size_t i = 0; i < ARRAY_LEN(constants); i++)
                for (size_t at = 0; at < 32; at += 8) {
                        memset(a, 'x', sizeof(a));
                        memcpy(a + at, &constants[i], 8);
                        for (size_t other = 0; other < 40; other += 8) {
                                if (other == at)
                                        continue;
                                memcpy(b, a, sizeof(b));
                                memset(b + other, 'y', 8);
                                check(hash_bytes(a, sizeof(a), key) !=
                                      hash_bytes(b, sizeof(b), key));
                        }
                        check(hash_bytes(a, sizeof(a), key) != hash_bytes(a, sizeof(a), key + 1));
                }
}

static void tables_are_read(void) {
        check_span(span_str(rows_of("a,b\n1,2\n")), "1|a|b;2|1|2;");
        check_span(span_str(rows_of("a,b\r\n1,2")), "1|a|b;2|1|2;");
        check_span(span_str(rows_of("a;b\n1;x,y\n")), "1|a|b;2|1|x,y;");
        check_span(span_str(rows_of("a\tb\n1\t2\n")), "1|a|b;2|1|2;");
        check_span(span_str(rows_of("\n\na,b\n , \n\n1,\n")), "3|a|b;6|1|;");
        check_span(span_str(rows_of("\xef\xbb\xbf\"a\",\"b \"\"x\"\"\"\n")), "1|a|b \"x\";");
        check_span(span_str(rows_of("a,b\n\"x\ny\",2\n3,4\n")), "1|a|b;2|x\ny|2;4|3|4;");
        check_span(span_str(rows_of("a,b\n\"x\"y,2\n3,4\n")), "1|a|b;2!;3|3|4;");
        check_span(span_str(rows_of("a,b\n\"x,2\n3,4\n")), "1|a|b;2!;");
        check_span(span_str(rows_of("")), "");
}

int main(void) {
        RUN(arena_keeps_its_budget);
        RUN(times_read_and_print);
        RUN(folds_vietnamese);
        RUN(printing_keeps_to_the_room);
        RUN(escapes_for_each_reader);
        RUN(tables_are_read);
        RUN(no_block_hides_another);
        return check_done();
}

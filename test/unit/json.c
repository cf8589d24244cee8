/* The JSON reader: what it accepts, what it makes of it, how it goes on behind what is broken;
 * every case by every implementation that this processor has. Whole documents are compared with
 * another parser by fuzz_json_diff. */
#include <time.h>

#include "check.h"
#include "decode/json_frame.h"
#include "decode/json_string.h"
#include "json_try.h"

/* Every implementation must give exactly `want`. */
static void gives(const char *text, size_t len, const char *want) {
        for (unsigned i = 0; i < JSON_IMPL_MAX; i++) {
                struct json_try t;

                if (!json_impl_has((enum json_impl)i))
                        continue;
                json_impl_force((enum json_impl)i);
                json_try(&t, span_of(text, len), 0, 0);
                buf_char(&t.out, 0);
                if (strcmp(t.out.p, want) != 0)
                        printf("# %s:\n# text %.*s\n%s", json_impl_name((enum json_impl)i),
                               (int)MIN(len, (size_t)300), text, t.out.p);
                check(strcmp(t.out.p, want) == 0);
                json_try_free(&t);
        }
}

#define GIVES(text, want) gives("" text, sizeof(text) - 1, want)

static void flat(void) {
        GIVES("", "");
        GIVES("{}", "{0+2 1\n");
        GIVES("{\"a\":\"b\"}", "{0+9 1\na S b\n");
        GIVES("{\"a\":\"\",\"b\":-12,\"c\":true,\"d\":false,\"e\":null}\n",
              "{0+44 1\na S \nb N -12\nc B true\nd B false\ne 0 \n");
        GIVES(" { \"a\" : 1.5e+3 , \"b\":\t\"x\" } \r\n", "{1+27 1\na N 1.5e+3\nb S x\n");
        GIVES("{\"a\":\"x\\n\\\"y\",\"b\\u0041\":2}", "{0+26 1\na J x\\n\\\"y\nbA N 2\n");
        GIVES("{\"b\\u0041\":\"x\",\"c\":\"y\",\"d\":\"\"}", "{0+30 1\nbA S x\nc S y\nd S \n");
        GIVES("{\"\":\"\"}", "{0+7 1\n S \n");
        GIVES("{\"a\":-9223372036854775808,\"b\":123456789012345678901234567890123456789}",
              "{0+70 1\na N -9223372036854775808\nb N 123456789012345678901234567890123456789\n");
}

static void nested(void) {
        GIVES("{\"a\":{\"b\":{\"c\":1},\"d\":\"x\"},\"e\":2}",
              "{0+33 1\na.b.c N 1 ^2\na.d S x ^1\ne N 2\n");
        GIVES("{\"a\":{},\"b\":[],\"c\":{\"d\":[{}]}}", "{0+30 1\na 0 \nb 0 \nc.d 0  1.1 ^1\n");
        GIVES("{\"t\":[\"x\",\"y\"],\"u\":[1,[2,3],4]}",
              "{0+31 1\nt S x 1.1\nt S y 1.2\nu N 1 2.1\nu N 2 2.3\nu N 3 2.4\nu N 4 2.5\n");
        /* Parts of one element, whatever arrays are in it, belong together; what comes behind an
         * inner array is the outer element's. */
        GIVES("{\"a\":[{\"x\":1,\"y\":[2],\"z\":3},{\"x\":4}]}",
              "{0+37 1\na.x N 1 1.1 ^1\na.y N 2 1.2 ^1\na.z N 3 1.1 ^1\na.x N 4 1.3 ^1\n");
        GIVES("{\"a\":{\"b\\\"c\":{\"d\\\\\":1}}}", "{0+24 1\na.b\"c.d\\ N 1 ^2\n");
}

static void pretty(void) {
        GIVES("{\n  \"a\": \"b\",\n  \"c\": {\n    \"d\": 1\n  },\n  \"e\": [\n    1,\n    2\n  "
              "]\n}\n{ \"f\" : 3 }\n",
              "{0+66 1\na S b\nc.d N 1 ^1\ne N 1 1.1\ne N 2 1.2\n{67+11 11\nf N 3\n");
}

static void sequences(void) {
        GIVES("{\"a\":1}\n{\"a\":2}\r\n\n{\"a\":3}",
              "{0+7 1\na N 1\n{8+7 2\na N 2\n{18+7 4\na N 3\n");
        GIVES("{\"a\":1}{\"a\":2},{\"a\":3}", "{0+7 1\na N 1\n{7+7 1\na N 2\n{15+7 1\na N 3\n");
        GIVES("[{\"a\":1},\n{\"a\":2}]\n", "{1+7 1\na N 1\n{10+7 2\na N 2\n");
        GIVES(",{\"a\":1}]", "{1+7 1\na N 1\n");
        GIVES("\xEF\xBB\xBF{\"a\":1}", "{3+7 1\na N 1\n");
}

static void wrappers(void) {
        GIVES("{\"Records\":[{\"a\":1},{\"a\":2}]}", "{12+7 1\na N 1\n{20+7 1\na N 2\n");
        GIVES("{\n \"Events\": [\n{\"a\":1}\n],\n \"NextToken\": "
              "\"x\",\n\"n\":{\"a\":[1]}\n}\n{\"b\":1}\n",
              "{15+7 3\na N 1\n!45+13 a member behind a list of records was not judged\n"
              "{61+7 8\nb N 1\n");
        GIVES("{\"@odata.context\":\"http://x\",\"value\":[{\"a\":1}]}", "{38+7 1\na N 1\n");
        GIVES("{\"Records\":[]}{\"a\":1}", "{14+7 1\na N 1\n");
        /* What interfaces put behind a list is passed over; anything else may be hidden evidence and is told. */
        GIVES("{\"Records\":[{\"a\":1}],\"nextToken\":\"x\"}", "{12+7 1\na N 1\n");
        GIVES("{\"events\":[{\"a\":1}],\"b\":\"x\"}",
              "{11+7 1\na N 1\n!20+7 a member behind a list of records was not judged\n");
        /* Not wrappers. */
        GIVES("{\"Records\":[1]}", "{0+15 1\nRecords N 1 1.1\n");
        GIVES("{\"a\":1,\"Records\":[{\"b\":2}]}", "{0+27 1\na N 1\nRecords.b N 2 1.1 ^1\n");
        GIVES("{\"a\":{\"Records\":[{\"b\":2}]}}", "{0+27 1\na.Records.b N 2 1.1 ^2\n");
        GIVES("{\"RecordsX\":[{\"b\":2}]}", "{0+22 1\nRecordsX.b N 2 1.1 ^1\n");
}

static void twice(void) {
        GIVES("{\"a\":{\"x\":1},\"b\":2,\"a\":{\"y\":3}}", "{0+31 1\nb N 2\na.y N 3 ^1\n");
        GIVES("{\"a\":[1,{\"b\":2}],\"a\":[3]}", "{0+25 1\na N 3 2.1\n");
        GIVES("{\"o\":{\"a\":{\"x\":1},\"a\":{}}}", "{0+26 1\no.a 0  ^1\n");
        GIVES("{\"a\":{\"x\":1},\"a\":{\"x\":2},\"a\":{\"x\":3}}", "{0+37 1\na.x N 3 ^1\n");
        /* Elements of an array are not members: none vanishes. */
        GIVES("{\"a\":[{\"x\":{\"y\":1}},{\"x\":{\"y\":2}}]}",
              "{0+35 1\na.x.y N 1 1.1 ^2\na.x.y N 2 1.2 ^2\n");
}

/* More members that are objects than a list is good for. */
static void twice_many(void) {
        struct buf text = {0}, want = {0};

        buf_str(&text, "{");
        for (unsigned i = 0; i < 300; i++)
                buf_printf(&text, "%s\"k%u\":{\"v\":%u}", i ? "," : "", i % 100, i);
        buf_str(&text, "}");
        buf_printf(&want, "{0+%zu 1\n", text.len);
        for (unsigned i = 200; i < 300; i++)
                buf_printf(&want, "k%u.v N %u ^1\n", i % 100, i);
        buf_char(&want, 0);
        gives(text.p, text.len, want.p);
        buf_deinit(&text);
        buf_deinit(&want);
}

static void numbers(void) {
        static const char *const good[] = {"0",   "-0",    "1",      "10",  "0.5",    "-0.0e0",
                                           "1e5", "1E-05", "1.0e+9", "1e0", "1e99999"};
        static const char *const wrong[] = {"01",  "-",   "+1",    "1.",    ".5",   "1e",
                                            "1e+", "-01", "00",    "0x1",   "1.e1", "1a",
                                            "NaN", "--1", "1.5.5", "1e5.2", "- 1",  "Infinity"};

        for (unsigned i = 0; i < ARRAY_LEN(good) + ARRAY_LEN(wrong); i++) {
                bool ok = i < ARRAY_LEN(good);
                const char *n = ok ? good[i] : wrong[i - ARRAY_LEN(good)];
                for (unsigned form = 0; form < 3; form++) {
                        struct buf text = {0};
                        struct json_try t;
                        buf_printf(&text,
                                   form == 0   ? "{\"a\":%s,\"b\":1,\"c\":\"\"}\n"
                                   : form == 1 ? "{\"a\":%s}\n"
                                               : "{\"a\":[ %s ]}\n",
                                   n);
                        json_try(&t, buf_get(&text), 0, 0);
                        if (t.events != ok)
                                printf("# %s", text.p);
                        check(t.events == ok && t.bad == !ok);
                        json_try_free(&t);
                        buf_deinit(&text);
                }
        }
}

/* Each at every place in a block, in a value and in a key, and followed by a good record. */
static void strings(void) {
        static const struct {
                struct span s;
                enum json_string_fault fault;
        } cases[] = {
                {SPAN("a"), JSON_STRING_OK},
                {SPAN("\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9"), JSON_STRING_OK},
                {SPAN("\\\\\\\\\\\\\\\""), JSON_STRING_OK},
                {SPAN("\\ud83d\\uDE00"), JSON_STRING_OK},
                {SPAN("\\ud83d\\uDE00\\ud83d\\uDE00"), JSON_STRING_OK},
                {SPAN("Ti\xE1\xBA\xBFng Vi\xE1\xBB\x87t \xF0\x9F\x98\x80\xC2\x80"), JSON_STRING_OK},
                {SPAN("\xEF\xBF\xBF\xF4\x8F\xBF\xBF\xED\x9F\xBF\xEE\x80\x80\xE0\xA0\x80\xF0\x90\x80"
                      "\x80\x7f"),
                 JSON_STRING_OK},
                {SPAN("\x01"), JSON_STRING_CONTROL},
                {SPAN("a\tb"), JSON_STRING_CONTROL},
                {SPAN("\0"), JSON_STRING_CONTROL},
                {SPAN("\x1f"), JSON_STRING_CONTROL},
                {SPAN("\\x"), JSON_STRING_ESCAPE},
                {SPAN("\\ "), JSON_STRING_ESCAPE},
                {SPAN("\\a"), JSON_STRING_ESCAPE},
                {SPAN("\\u12g4"), JSON_STRING_ESCAPE},
                {SPAN("\\u123"), JSON_STRING_ESCAPE},
                {SPAN("\\\xE1\xBA\xBF"), JSON_STRING_ESCAPE},
                {SPAN("\\U0041"), JSON_STRING_ESCAPE},
                {SPAN("\\ud800"), JSON_STRING_SURROGATE},
                {SPAN("\\ud800x"), JSON_STRING_SURROGATE},
                {SPAN("\\ud800\\u0041"), JSON_STRING_SURROGATE},
                {SPAN("\\ud800\\n"), JSON_STRING_SURROGATE},
                {SPAN("\\ud800\\ud800\\udc00"), JSON_STRING_SURROGATE},
                {SPAN("\\udc00"), JSON_STRING_SURROGATE},
                {SPAN("\\ud83d\\ude00\\ude00"), JSON_STRING_SURROGATE},
                {SPAN("\x80"), JSON_STRING_UTF8},
                {SPAN("\xC3"), JSON_STRING_UTF8},
                {SPAN("\xC0\x80"), JSON_STRING_UTF8},
                {SPAN("\xC1\xBF"), JSON_STRING_UTF8},
                {SPAN("\xE0\x9F\xBF"), JSON_STRING_UTF8},
                {SPAN("\xED\xA0\x80"), JSON_STRING_UTF8},
                {SPAN("\xE1\xBA"), JSON_STRING_UTF8},
                {SPAN("\xE1\xBA\xBF\xBF"), JSON_STRING_UTF8},
                {SPAN("\xF0\x8F\xBF\xBF"), JSON_STRING_UTF8},
                {SPAN("\xF4\x90\x80\x80"), JSON_STRING_UTF8},
                {SPAN("\xF5\x80\x80\x80"), JSON_STRING_UTF8},
                {SPAN("\xF0\x9F\x98"), JSON_STRING_UTF8},
                {SPAN("\xFF"), JSON_STRING_UTF8},
        };

        for (unsigned i = 0; i < ARRAY_LEN(cases); i++)
                check_int(json_string_check(cases[i].s), cases[i].fault);
        for (unsigned i = 0; i < 140 * ARRAY_LEN(cases) * JSON_IMPL_MAX; i++) {
                unsigned c = i % ARRAY_LEN(cases), impl = i / ARRAY_LEN(cases) % JSON_IMPL_MAX;
                unsigned pad = i / ARRAY_LEN(cases) / JSON_IMPL_MAX;
                struct buf text = {0};
                struct json_try t;

                if (!json_impl_has((enum json_impl)impl))
                        continue;
                json_impl_force((enum json_impl)impl);
                buf_str(&text, pad & 1 ? "{\"a\":\"" : "{\"");
                for (unsigned k = 0; k < pad; k++)
                        buf_char(&text, 'x');
                buf_span(&text, cases[c].s);
                buf_str(&text, pad & 1 ? "\"}\n" : "\":1}\n");
                buf_str(&text, "{\"ok\":\"yes\"}\n");
                json_try(&t, buf_get(&text), 0, 0);
                bool ok = cases[c].fault == JSON_STRING_OK;
                if (t.events != 2 || t.bad != !ok)
                        printf("# case %u impl %u pad %u\n%.*s", c, impl, pad, (int)t.out.len,
                               t.out.p);
                check(t.events == 2 && t.bad == !ok);
                json_try_free(&t);
                buf_deinit(&text);
        }
}

/* Which strings have escapes, wherever blocks end between the escape and the closing quote. */
static void escapes_seen(void) {
        for (unsigned i = 0; i < 150 * JSON_IMPL_MAX; i++) {
                struct buf text = {0}, want = {0};
                struct json_try t;
                unsigned before = i / JSON_IMPL_MAX % 80, behind = i / JSON_IMPL_MAX;

                if (!json_impl_has((enum json_impl)(i % JSON_IMPL_MAX)))
                        continue;
                json_impl_force((enum json_impl)(i % JSON_IMPL_MAX));
                buf_printf(&text,
                           "{\"%*s\":\"\\n%*s\",\"b\":\"%*s\",\"c\":\"\",\"d\":\"%*s\\\\\",\"e\":"
                           "\"\"}",
                           (int)before, "", (int)behind, "", (int)before, "", (int)behind, "");
                buf_printf(&want, "{0+%zu 1\n%*s J \\n%*s\nb S %*s\nc S \nd J %*s\\\\\ne S \n",
                           text.len, (int)before, "", (int)behind, "", (int)before, "", (int)behind,
                           "");
                json_try(&t, buf_get(&text), 0, 0);
                check(span_eq(buf_get(&t.out), buf_get(&want)));
                json_try_free(&t);
                buf_deinit(&text);
                buf_deinit(&want);
        }
}

/* More quotes in a block than an implementation writes at once. */
static void many_quotes(void) {
        struct buf text = {0}, want = {0};

        buf_str(&text, "{\"a\":[\"\"");
        buf_str(&want, "a S  1.1\n");
        for (unsigned i = 2; i < 200; i++) {
                buf_printf(&text, ",%s", i % 7 ? "\"\"" : "\"\\n\"");
                buf_printf(&want, "a %s 1.%u\n", i % 7 ? "S " : "J \\n", i);
        }
        buf_str(&text, "]}");
        for (unsigned i = 0; i < JSON_IMPL_MAX; i++) {
                struct json_try t;
                if (!json_impl_has((enum json_impl)i))
                        continue;
                json_impl_force((enum json_impl)i);
                json_try(&t, buf_get(&text), 0, 0);
                check(t.events == 1 && t.out.len > want.len);
                check(memcmp(t.out.p + t.out.len - want.len, want.p, want.len) == 0);
                json_try_free(&t);
        }
        buf_deinit(&text);
        buf_deinit(&want);
}

static void broken_lines(void) {
        GIVES("{\"a\":1\n{\"b\":2}\n", "!0+7 no comma in an object\n{7+7 2\nb N 2\n");
        GIVES("{\"a\":\"x\n{\"b\":\"y\"}\n{\"c\":3}\n",
              "!0+8 newline in a string\n{8+9 2\nb S y\n{18+7 3\nc N 3\n");
        GIVES("{\"a\":\"x\\\n{\"b\":\"y\"}\n", "!0+9 newline in a string\n{9+9 2\nb S y\n");
        GIVES("{\"a\":tru}\n{\"b\":2}\n", "!0+9 not a value\n{10+7 2\nb N 2\n");
        GIVES("{\"a\":tru}{\"b\":2}", "!0+9 not a value\n{9+7 1\nb N 2\n");
        GIVES("[{\"a\":{\"c\":}},{\"b\":2}]", "!1+12 not a value\n{14+7 1\nb N 2\n");
        GIVES("Nov 23 garbage \"x\n{\"b\":2}\n", "!0+18 not JSON\n{18+7 2\nb N 2\n");
        GIVES("{\"a\":1}\n\0\0\0{\"b\":2}\n",
              "{0+7 1\na N 1\n!8+3 a block of zeros\n{11+7 2\nb N 2\n");
        GIVES("{\"a\":1}}\n{\"b\":2}\n", "{0+7 1\na N 1\n!7+2 not JSON\n{9+7 2\nb N 2\n");
        GIVES("{\"a\":1,}\n{a:1}\n{\"b\" 2}\n{\"a\":}\n{\"b\":2}",
              "!0+8 no key after a comma\n!9+5 no key in an object\n!15+7 no colon after a "
              "key\n!23+6 not a value\n"
              "{30+7 5\nb N 2\n");
        GIVES("{\"a\":[1 2]}\n{\"a\":[1,]}\n{\"a\":[}\n{\"b\":2}",
              "!0+11 no comma in an array\n!12+10 not a value\n!23+7 not a value\n{31+7 4\nb N "
              "2\n");
        GIVES("1 {\"b\":2} \"x\" null\n[1,{\"c\":3}]",
              "!0+1 not an object\n{2+7 1\nb N 2\n!10+3 not an object\n!14+4 not an object\n!20+1 "
              "not an object\n"
              "{22+7 2\nc N 3\n");
        /* What may follow an array of records only does so there. */
        GIVES("[{\"a\":1}]\n{\"b\":1}\n\"x\":1\n}\n", "{1+7 1\na N 1\n{10+7 2\nb N 1\n!18+3 not an "
                                                      "object\n!21+3 not JSON\n!24+2 not JSON\n");
        /* Pretty-printed: the next record, not each line of the broken one. */
        GIVES("{\n  \"a\": x,\n  \"b\": {\n    \"c\": 1\n  }\n}\n{\n  \"d\": 2\n}\n",
              "!0+37 not a value\n{38+12 7\nd N 2\n");
        GIVES("{\n  \"a\": \"x,\n  \"b\": [\n    {\n    \"c\": 1\n  }\n\n{\n  \"d\": 2\n}\n",
              "!0+44 newline in a string\n{44+12 8\nd N 2\n");
        /* At the end. */
        GIVES("{\"a\":1}\n{\"b\":", "{0+7 1\na N 1\n!8+5 the record does not end\n");
        GIVES("{\"a\":1}\n{\"b\":\"x", "{0+7 1\na N 1\n!8+7 the record does not end\n");
        GIVES("{\"b\":tr", "!0+7 the record does not end\n");
        GIVES("{\"b\":1", "!0+6 the record does not end\n");
        GIVES("{", "!0+1 the record does not end\n");
        GIVES("{\"a\":\"\\\"", "!0+8 the record does not end\n");
        GIVES("tru", "!0+3 not JSON\n");
}

static void deep(void) {
        for (unsigned n = 60; n < 70; n++) {
                struct buf text = {0};
                struct json_try t;

                for (unsigned i = 0; i < n; i++)
                        buf_str(&text, i % 2 && i < n - 1 ? "[" : "{\"a\":");
                buf_str(&text, "1");
                for (unsigned i = n; i-- > 0;)
                        buf_str(&text, i % 2 && i < n - 1 ? "]" : "}");
                buf_str(&text, "\n{\"a\":2}\n");
                /* An object must follow an array's '[' by a value, so odd levels are arrays. */
                json_try(&t, buf_get(&text), 0, 0);
                check_int(t.events, n <= 64 ? 2 : 1);
                check_int(t.bad, n <= 64 ? 0 : 1);
                json_try_free(&t);
                buf_deinit(&text);
        }
}

static void limits(void) {
        struct buf text = {0};
        struct json_try t;

        /* More fields than an event holds. */
        buf_str(&text, "{\"n\":[1");
        for (unsigned i = 0; i < EVENT_FIELDS_MAX; i++)
                buf_str(&text, ",1");
        buf_str(&text, "]}\n{\"a\":1}\n");
        json_try(&t, buf_get(&text), 0, 0);
        check(t.events == 2 && t.bad == 0);
        check(strstr(t.out.p, " 1 cut\n") == t.out.p + strlen("{0+8201"));
        json_try_free(&t);

        buf_reset(&text);
        buf_str(&text, "{\"k0\":1");
        for (unsigned i = 1; i <= EVENT_FIELDS_MAX; i++)
                buf_printf(&text, ",\"k%u\":%u", i, i);
        buf_str(&text, "}\n{\"a\":1}\n");
        json_try(&t, buf_get(&text), 0, 0);
        check(t.events == 2 && t.bad == 0 && strstr(t.out.p, "k4095 N 4095\n{"));
        json_try_free(&t);

        /* Longer than a record may be: what lies wholly in the kept part. */
        buf_reset(&text);
        buf_str(&text, "{\"a\":\"b\",\"c\":\"");
        for (unsigned i = 0; i < RECORD_MAX; i++)
                buf_char(&text, 'x');
        size_t whole = text.len;
        buf_str(&text, "\",\"d\":1}\n{\"e\":1}\n");
        json_try(&t, buf_get(&text), 0, 0);
        buf_char(&t.out, 0);
        check(strcmp(t.out.p, "{0+262144 1 cut\na S b\n{262167+7 2\ne N 1\n") == 0);
        json_try_free(&t);
        json_try(&t, span_of(text.p, whole), 0, 0);
        buf_char(&t.out, 0);
        check(strcmp(t.out.p, "{0+262144 1 cut\na S b\n") == 0);
        json_try_free(&t);
        buf_deinit(&text);
}

static void long_paths(void) {
        struct buf text = {0};
        struct json_try t;

        buf_str(&text, "{\"");
        for (unsigned i = 0; i < 1020; i++)
                buf_char(&text, 'p');
        buf_str(&text, "\":{\"abc\":1,\"abcd\":2,\"oo\":{\"x\":1,\"y\":[1,{}],\"z\":true},\"d\":[4]"
                       "},\"z\":{\"y\":2}}");
        json_try(&t, buf_get(&text), 0, 0);
        check(t.events == 1 && strstr(t.out.p, " cut\n"));
        check(strstr(t.out.p, "p.abc N 1 ^1\n") && !strstr(t.out.p, "abcd") &&
              !strstr(t.out.p, "oo"));
        check(strstr(t.out.p, "p.d N 4 2.1 ^1\nz.y N 2 ^1\n"));
        json_try_free(&t);
        buf_deinit(&text);
}

/* Time must not grow with the square of the text: broken records without newlines, and values in
 * one long line. */
static void linear(void) {
        static const char *const units[] = {"{\"a\":x}", "{\"a\":\"\x01\"}", "{\"a\":[", "\"",
                                            "1 ",        "{\"a\":\"\n",      "]\"a\":1,"};

        for (unsigned i = 0; i < ARRAY_LEN(units); i++) {
                struct buf text = {0};
                struct json_try t;
                struct json_framer f;
                clock_t from = clock();

                while (text.len < 500000)
                        buf_str(&text, units[i]);
                json_try(&t, buf_get(&text), 0, 0);
                json_try_free(&t);
                json_framer_init(&f);
                for (size_t at = 0, n = 1; n && at < text.len; at += n)
                        n = json_frame_cut(&f, span_of(text.p + at, text.len - at), false);
                buf_deinit(&text);
                check((clock() - from) / CLOCKS_PER_SEC < 5); /* it takes 0.1 s, or minutes */
        }
}

static void skips(void) {
        static const char text[] = "{\"a\":1}\n{\"b\":\"}\"}\n{\"c\":3}\n{\n \"d\":4\n}\n{\"e\":5}";
        static const struct {
                uint32_t skip;
                const char *first;
        } cases[] = {{7, "{18+7 3\n"},
                     {8, "{18+7 3\n"},
                     {18, "{26+10 4\n"},
                     {10, "{18+7 3\n"},
                     {26, "{37+7 7\n"}};

        for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
                struct json_try t;
                json_try(&t, span_str(text), 0, cases[i].skip);
                buf_char(&t.out, 0);
                if (strncmp(t.out.p, cases[i].first, strlen(cases[i].first)) != 0)
                        printf("# %u\n%s", cases[i].skip, t.out.p);
                check(strncmp(t.out.p, cases[i].first, strlen(cases[i].first)) == 0);
                json_try_free(&t);
        }
}

/* A judge that died on a record is followed by one that is told to skip a byte more than the end of
 * the one before. */
static void skips_one(void) {
        static const char *const texts[] = {
                "{\"a\":{\"x\":\"}\"}}{\"b\":2}{\"c\":3}",
                "{\"a\":1}\n{\"b\":2}\n{\"c\":3}",
                "[{\"a\":{\"x\":1}},{\"b\":2}\n,\n{\"c\":3}]",
                "{\"Records\":[{\"a\":{\"x\":1}},{\"b\":2},{\"c\":3}]}",
                "{\n\"value\": [\n{\"a\":1},\n{\"b\":2},\n{\"c\":3}]}",
        };

        for (unsigned i = 0; i < ARRAY_LEN(texts); i++) {
                const char *b = strstr(texts[i], "{\"b\""), *a = b;
                struct json_try t;

                while (*--a != '}')
                        ;
                json_try(&t, span_str(texts[i]), 0, 1);
                buf_char(&t.out, 0);
                check(t.events == 2 && t.bad == 0 && strstr(t.out.p, "\nb N 2\n") &&
                      strstr(t.out.p, "\nc N 3\n"));
                json_try_free(&t);
                json_try(&t, span_str(texts[i]), 0, (uint32_t)(a + 1 - texts[i]) + 1);
                buf_char(&t.out, 0);
                check(t.events == 1 && t.bad == 0 && strstr(t.out.p, "\nc N 3\n"));
                json_try_free(&t);
        }
}

static void unescapes(void) {
        static const struct {
                struct span in, out;
        } cases[] = {
                {SPAN(""), SPAN("")},
                {SPAN("abc"), SPAN("abc")},
                {SPAN("C:\\\\Windows\\\\System32\\\\cmd.exe"),
                 SPAN("C:\\Windows\\System32\\cmd.exe")},
                {SPAN("\\\"\\/\\b\\f\\n\\r\\t"), SPAN("\"/\b\f\n\r\t")},
                {SPAN("\\u0041\\u1EBF\\ud83d\\ude00"), SPAN("A\xE1\xBA\xBF\xF0\x9F\x98\x80")},
                {SPAN("0123456789abcdef\\n0123456789abcdef0123456789abcdef\\\\"),
                 SPAN("0123456789abcdef\n0123456789abcdef0123456789abcdef\\")},
                {SPAN("\\u0000x"), SPAN("\0x")},
                {SPAN("\\\\n\\\\\\n\\\\\\\\t\\\"b"), SPAN("\\n\\\n\\\\t\"b")},
                /* What a reader would not pass stands as it is. */
                {SPAN("\\x\\u12"), SPAN("\\x\\u12")},
                {SPAN("a\\ud800b"), SPAN("a\xEF\xBF\xBD"
                                         "b")},
                {SPAN("\\\xE2\x82\xAC"), SPAN("\\\xE2\x82\xAC")},
        };

        /* Each behind 0 to 69 bytes, and three times, so that it meets every place in a block. */
        for (unsigned i = 0; i < ARRAY_LEN(cases) * JSON_IMPL_MAX * 70; i++) {
                unsigned c = i % ARRAY_LEN(cases), impl = i / ARRAY_LEN(cases) % JSON_IMPL_MAX;
                struct buf in = {0}, want = {0};

                if (!json_impl_has((enum json_impl)impl))
                        continue;
                json_impl_force((enum json_impl)impl);
                for (unsigned k = 0; k < 3; k++) {
                        for (unsigned x = i / ARRAY_LEN(cases) / JSON_IMPL_MAX; x; x--) {
                                buf_char(&in, 'n');
                                buf_char(&want, 'n');
                        }
                        buf_span(&in, cases[c].in);
                        buf_span(&want, cases[c].out);
                }
                /* Exact copies, so that the sanitizer sees a byte too many. */
                char *from = malloc(in.len ? in.len : 1), *to = malloc(in.len ? in.len : 1);
                if (in.len)
                        memcpy(from, in.p, in.len);
                struct span got = span_of(to, json_unescape(to, span_of(from, in.len)));
                bool same = span_eq(got, buf_get(&want));
                free(from);
                free(to);
                buf_deinit(&in);
                buf_deinit(&want);
                check(same);
        }
}

/* ---- framing ---- */

/* Cuts `text`, of which the framer sees `window` bytes at first and more where it asks; '|' where
 * it cuts. */
static void cuts(const char *text, size_t window, const char *want) {
        size_t len = strlen(text), at = 0;
        struct json_framer f;
        struct buf out = {0};

        json_framer_init(&f);
        while (at < len) {
                size_t have = MIN(window, len - at), n;
                while ((n = json_frame_cut(&f, span_of(text + at, have), at + have == len)) == 0)
                        have = MIN(have + window, len - at);
                check(n <= have);
                buf_add(&out, text + at, n);
                buf_char(&out, '|');
                at += n;
        }
        buf_char(&out, 0);
        if (strcmp(out.p, want) != 0)
                printf("# %s\n", out.p);
        check(strcmp(out.p, want) == 0);
        buf_deinit(&out);
}

static void frames(void) {
        cuts("{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n", 18, "{\"a\":1}\n{\"b\":2}\n|{\"c\":3}\n|");
        cuts("{\"a\":1}\r\n{\"b\":2}\r\n{\"c\":3}\r\n", 20,
             "{\"a\":1}\r\n{\"b\":2}\r\n|{\"c\":3}\r\n|");
        cuts("{\"a\":1}{\"b\":2}{\"c\":3}", 16, "{\"a\":1}{\"b\":2}|{\"c\":3}|");
        cuts("[{\"a\":1},{\"b\":\"]}{\"},{\"c\":[3]}]", 22,
             "[{\"a\":1},{\"b\":\"]}{\"}|,{\"c\":[3]}]|");
        cuts("{\"Records\":[{\"a\":1},{\"b\":2},{\"c\":3}],\"x\":{}}{\"d\":1}", 30,
             "{\"Records\":[{\"a\":1},{\"b\":2}|,{\"c\":3}],\"x\":{}}{\"d\":1}|");
        cuts("{\"Records\":[{\"a\":1},{\"b\":2}]}{\"d\":1}", 5,
             "{\"Records\":[{\"a\":1}|,{\"b\":2}]}|{\"d\":1}|");
        cuts("{\n \"a\": {\n  \"b\": 1\n }\n}\n{\n \"c\":\n 2\n}\n", 30,
             "{\n \"a\": {\n  \"b\": 1\n }\n}\n|{\n \"c\":\n 2\n}\n|");
        cuts("{\"a\":\"\\\"}\"}{\"b\":\"\\\\\"}{\"c\":1}", 5,
             "{\"a\":\"\\\"}\"}|{\"b\":\"\\\\\"}|{\"c\":1}|");
        /* Not behind the head. */
        cuts("{\"Records\":[\n{\"a\":1},\n{\"b\":2}]}", 14,
             "{\"Records\":[\n{\"a\":1},\n|{\"b\":2}]}|");
        cuts("[\n{\"a\":1},\n{\"b\":2}]", 2, "[\n{\"a\":1}|,\n|{\"b\":2}]|");
        cuts("{\"a\":\"x\n{\"b\":2}\n{\"c\":[\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n1]}\n{\"d\":4}", 34,
             "{\"a\":\"x\n{\"b\":2}\n|{\"c\":[\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n1]}\n{\"d\":4}|");
        /* A line that is cut costs itself. */
        cuts("{\"a\":\"x\n{\"b\":2}\n{\"c\":3}\n{\"d\":4}\n", 20,
             "{\"a\":\"x\n{\"b\":2}\n|{\"c\":3}\n{\"d\":4}\n|");
}

static void drops(void) {
        struct json_framer f;
        const char *big = "[{\"a\":{\"b\":1},\"c\":", *rest = "[1,2]},{\"d\":1}";

        json_framer_init(&f);
        check_int(json_frame_cut(&f, span_str(big), false), 0);
        check_int(json_frame_drop(&f, SPAN("[1")), 2);
        check_int(json_frame_drop(&f, span_str(rest + 2)), 4);
        check_int(json_frame_cut(&f, span_str(rest + 6), false), 8);
}

int main(void) {
        RUN(flat);
        RUN(nested);
        RUN(pretty);
        RUN(sequences);
        RUN(wrappers);
        RUN(twice);
        RUN(twice_many);
        RUN(numbers);
        RUN(strings);
        RUN(escapes_seen);
        RUN(many_quotes);
        RUN(broken_lines);
        RUN(deep);
        RUN(limits);
        RUN(long_paths);
        RUN(linear);
        RUN(skips);
        RUN(skips_one);
        RUN(unescapes);
        RUN(frames);
        RUN(drops);
        return check_done();
}

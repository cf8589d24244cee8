/* Values as text: each type as Windows renders it, and what does not fit its type. */
#include "decode/event.h"
#include "decode/utf16.h"

#include "check.h"

static struct arena arena;

static struct span text(uint8_t type, const void *p, size_t n) {
        struct field f = {.val = p, .val_len = (uint32_t)n, .type = type};

        return value_text(&f, &arena);
}

static struct span text64(uint8_t type, uint64_t v) {
        static uint64_t keep;

        keep = v;
        return text(type, &keep, 8);
}

static void numbers(void) {
        check_span(text64(V_U64, 0), "0");
        check_span(text64(V_U64, UINT64_MAX), "18446744073709551615");
        check_span(text64(V_I64, (uint64_t)-1), "-1");
        check_span(text64(V_I64, (uint64_t)INT64_MIN), "-9223372036854775808");
        check_span(text64(V_I64, 42), "42");
        check_span(text64(V_HEX32, 0x3e7), "0x3e7");
        check_span(text64(V_HEX64, 0), "0x0");
        check_span(text64(V_HEX64, 0xf), "0xf");
        check_span(text64(V_HEX64, 0x10), "0x10");
        check_span(text64(V_HEX64, UINT64_C(0x8000000000000000)), "0x8000000000000000");
        check_span(text(V_NUM, "1e3", 3), "1e3");
}

static struct span text_double(double v) {
        static double keep;

        keep = v;
        return text(V_F64, &keep, 8);
}

static void doubles(void) {
        check_span(text_double(0), "0");
        check_span(text_double(0.1), "0.1");
        check_span(text_double(-2.5), "-2.5");
        check_span(text_double(1.0 / 3), "0.3333333333333333");
        check_span(text_double(1e300), "1e+300");
        check_span(text_double(-__builtin_inf()), "-Infinity");
}

static void times(void) {
        check_span(text64(V_FILETIME, 0), "1601-01-01T00:00:00.0000000Z");
        check_span(text64(V_FILETIME, UINT64_C(116444736000000000)),
                   "1970-01-01T00:00:00.0000000Z");
        check_span(text64(V_FILETIME, UINT64_C(134087028101653245)),
                   "2025-11-27T07:40:10.1653245Z");
        check_span(text64(V_FILETIME, INT64_MAX), "30828-09-14T02:48:05.4775807Z");
        check_span(text(V_SYSTIME, "\xe9\x07\x0b\0\x04\0\x1b\0\x07\0\x28\0\x0a\0\xa5\0", 16),
                   "2025-11-27T07:40:10.165Z");
}

static void identifiers(void) {
        check_span(text(V_GUID, "\x5f\x38\x70\x57\x2a\xc2\xe0\x43\xbf\x4c\x06\xf5\x69\x8f\xfb\xd9",
                        16),
                   "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}");
        check_span(text(V_SID, "\1\1\0\0\0\0\0\5\x12\0\0\0", 12), "S-1-5-18");
        check_span(text(V_SID, "\1\2\0\0\0\0\0\5\x20\0\0\0\xff\xff\xff\xff", 16),
                   "S-1-5-32-4294967295");
        check_span(text(V_SID, "\1\0\1\0\0\0\0\5", 8), "S-1-0x10000000005");
        check_span(text(V_BIN, "\0\x9f\xab", 3), "009FAB");
}

static void damaged_is_hex(void) {
        check_span(text(V_GUID, "\x01\x02", 2), "0102");
        check_span(text(V_SID, "\1\2\0\0\0\0\0\5\x20\0\0\0", 12), "010200000000000520000000");
        check_span(text(V_U64, "\1", 1), "01");
        check_span(text(V_SYSTIME, "", 0), "");
}

static void utf16(void) {
        check_span(text(V_UTF16, "a\0b\0", 4), "ab");
        check_span(text(V_UTF16, "a\0b\0\0\0\0\0", 8), "ab");
        check_span(text(V_UTF16, "", 0), "");
        check_span(text(V_UTF16, "a\0b", 3), "a");
        check_span(text(V_UTF16, "V\0i\0\xc7\x1et\0", 8), "Vi\xe1\xbb\x87t");
        check_span(text(V_UTF16, "\x3d\xd8\x00\xde", 4), "\xf0\x9f\x98\x80");
        check_span(text(V_UTF16, "\x3d\xd8x\0", 4), "\xef\xbf\xbdx");
        check_span(text(V_UTF16, "\x3d\xd8", 2), "\xef\xbf\xbd");
        check_span(text(V_UTF16, "\x3d\xde", 2), "\xef\xbf\xbd");
}

/* Every length and every place of a wide unit gives what the plain way gives. */
static void utf16_every_length(void) {
        char from[2 * 70];
        char want[3 * 70];

        for (size_t units = 0; units <= 70; units++)
                for (size_t wide = 0; wide <= units; wide++) {
                        size_t o = 0;
                        for (size_t i = 0; i < units; i++) {
                                from[2 * i] = i == wide ? '\xa9' : (char)('0' + i % 70);
                                from[2 * i + 1] = 0;
                                if (i == wide)
                                        want[o++] = '\xc2';
                                want[o++] = from[2 * i];
                        }
                        arena_reset(&arena);
                        struct span t = text(V_UTF16, from, 2 * units);
                        check(span_eq(t, span_of(want, o)));
                }
}

static void json(void) {
        check_span(text(V_JSON, "a\\n\\u0041\\\"", 11), "a\nA\"");
}

static void without_value(void) {
        struct span s = text(V_NULL, NULL, 0);

        check(s.p && s.len == 0);
        s = text(V_STR, NULL, 0);
        check(s.p && s.len == 0);
}

static void budget(void) {
        struct arena small;
        uint64_t v = 7;
        struct field f = {.val = (const char *)&v, .val_len = 8, .type = V_U64};

        arena_init(&small, 16);
        check(value_text(&f, &small).p == NULL);
        check(small.overflowed);
        arena_deinit(&small);
}

static void finds_last(void) {
        struct field f[3] = {{.name = "a", .name_len = 1, .val = "1", .val_len = 1},
                             {.name = "ab", .name_len = 2, .val = "2", .val_len = 1},
                             {.name = "a", .name_len = 1, .val = "3", .val_len = 1}};
        struct event e = {.fields = f, .n = 3};

        check(event_find(&e, SPAN("a")) == &f[2]);
        check(event_find(&e, SPAN("ab")) == &f[1]);
        check(event_find(&e, SPAN("b")) == NULL);
}

int main(void) {
        arena_init(&arena, 1 << 20);
        RUN(numbers);
        RUN(doubles);
        RUN(times);
        RUN(identifiers);
        RUN(damaged_is_hex);
        RUN(utf16);
        RUN(utf16_every_length);
        RUN(json);
        RUN(without_value);
        RUN(budget);
        RUN(finds_last);
        arena_deinit(&arena);
        return check_done();
}

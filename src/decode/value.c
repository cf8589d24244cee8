/* A field's value as UTF-8 text: what rules are written against and reports show.
 *
 * Decoders leave values as they lie in the record; here they are rendered the way Windows renders
 * an event as XML, since that is what Sigma rules are written against, and what collectors (NXLog,
 * Winlogbeat, WEF) pass on:
 *
 * - A GUID is upper case within braces. Rules say so themselves: SubcategoryGuid in
 *   win_security_disable_event_auditing ('{0CCE9210-69AE-11D9-BED3-505054503030}'). Tools that
 *   print GUIDs bare (the evtx crate, so SigmaHQ's regression twins) differ from Windows there.
 * - Hexadecimal is lower case without padding: LogonId 0x3e7, Status 0xc000006d.
 * - A FILETIME has all its seven digits, as TimeCreated in the Event Viewer's XML.
 * - Binary is upper-case hexadecimal without separators.
 *
 * A value whose length does not fit its type (a damaged record) is rendered as V_BIN: nothing is
 * dropped. All types but V_JSON and V_UTF16 have a text of at most TEXT_MAX bytes, or twice their
 * length for V_BIN; no text is longer than three times the value. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "decode/event.h"
#include "decode/json_string.h"
#include "decode/utf16.h"

#define TEXT_MAX 64 /* a double in full, a GUID, a time, "18446744073709551615" */

static uint64_t get_u64(const char *p) {
        uint64_t v;

        memcpy(&v, p, sizeof(v));
        return v;
}

static unsigned get_u16le(const char *p) {
        return (unsigned)(unsigned char)p[0] | (unsigned)(unsigned char)p[1] << 8;
}

/* ---- text into a buffer: each returns the end of what it wrote ---- */

static char *put_dec(char *to, uint64_t v) {
        char tmp[20];
        size_t n = 0;

        do {
                tmp[n++] = (char)('0' + v % 10);
                v /= 10;
        } while (v);
        while (n)
                *to++ = tmp[--n];
        return to;
}

static char *put_padded(char *to, uint64_t v, unsigned width) {
        char tmp[20];
        size_t n = 0;

        do {
                tmp[n++] = (char)('0' + v % 10);
                v /= 10;
        } while (v);
        while (n < width)
                tmp[n++] = '0';
        while (n)
                *to++ = tmp[--n];
        return to;
}

static char *put_hex(char *to, uint64_t v) {
        unsigned digits = v ? (67 - (unsigned)__builtin_clzll(v)) / 4 : 1;

        *to++ = '0';
        *to++ = 'x';
        while (digits--)
                *to++ = "0123456789abcdef"[v >> (4 * digits) & 15];
        return to;
}

static char *put_bytes(char *to, const char *p, size_t n) {
        for (size_t i = 0; i < n; i++) {
                *to++ = "0123456789ABCDEF"[(unsigned char)p[i] >> 4];
                *to++ = "0123456789ABCDEF"[(unsigned char)p[i] & 15];
        }
        return to;
}

static char *put_date(char *to, int64_t year, unsigned month, unsigned day) {
        to = put_padded(to, (uint64_t)year, 4);
        *to++ = '-';
        to = put_padded(to, month, 2);
        *to++ = '-';
        to = put_padded(to, day, 2);
        *to++ = 'T';
        return to;
}

static char *put_clock(char *to, unsigned hour, unsigned min, unsigned sec) {
        to = put_padded(to, hour, 2);
        *to++ = ':';
        to = put_padded(to, min, 2);
        *to++ = ':';
        to = put_padded(to, sec, 2);
        *to++ = '.';
        return to;
}

/* Ticks of 100 ns since 1601, whatever the year: "never" (0x7fffffffffffffff) is a value that
 * directory events hold. */
static char *put_filetime(char *to, uint64_t ticks) {
        const uint64_t day_ticks = UINT64_C(864000000000);
        const int64_t epoch_days = 134774; /* 1601 to 1970 */
        unsigned month, day;
        int64_t year;

        uint64_t rest = ticks % day_ticks;
        unsigned sec = (unsigned)(rest / 10000000);

        time_civil((int64_t)(ticks / day_ticks) - epoch_days, &year, &month, &day);
        to = put_date(to, year, month, day);
        to = put_clock(to, sec / 3600, sec / 60 % 60, sec % 60);
        to = put_padded(to, rest % 10000000, 7);
        *to++ = 'Z';
        return to;
}

static char *put_systime(char *to, const char *p) {
        unsigned v[8];

        for (unsigned i = 0; i < 8; i++)
                v[i] = get_u16le(p + 2 * (size_t)i);
        to = put_date(to, v[0], v[1], v[3]); /* v[2] is the day of the week */
        to = put_clock(to, v[4], v[5], v[6]);
        to = put_padded(to, v[7], 3);
        *to++ = 'Z';
        return to;
}

static char *put_guid(char *to, const char *p) {
        /* The first three parts are little-endian numbers, the rest bytes in order. */
        static const unsigned char order[16] = {3, 2, 1,  0,  5,  4,  7,  6,
                                                8, 9, 10, 11, 12, 13, 14, 15};

        *to++ = '{';
        for (unsigned i = 0; i < 16; i++) {
                if (i == 4 || i == 6 || i == 8 || i == 10)
                        *to++ = '-';
                to = put_bytes(to, p + order[i], 1);
        }
        *to++ = '}';
        return to;
}

/* The shortest text that reads back as the same number. */
static char *put_double(char *to, double v) {
        int n = 0;

        if (isnan(v) || isinf(v)) {
                const char *s = isnan(v) ? "NaN" : v < 0 ? "-Infinity" : "Infinity";
                size_t len = strlen(s);
                memcpy(to, s, len);
                return to + len;
        }
        for (int digits = 15; digits <= 17; digits++) {
                n = snprintf(to, TEXT_MAX, "%.*g", digits, v);
                if (strtod(to, NULL) == v)
                        break;
        }
        return to + n;
}

/* ---- whole values ---- */

static struct span hex_text(struct span v, struct arena *a) {
        char *to = arena_alloc(a, v.len * 2 + 1);

        if (!to)
                return SPAN_NONE;
        put_bytes(to, v.p, v.len);
        return span_of(to, v.len * 2);
}

static bool sid_valid(struct span v) {
        return v.len >= 8 && v.len == 8 + 4 * (size_t)(unsigned char)v.p[1];
}

static struct span sid_text(struct span v, struct arena *a) {
        unsigned subs = (unsigned char)v.p[1];
        uint64_t authority = 0;

        char *start = arena_alloc(a, TEXT_MAX + 11 * (size_t)subs);
        if (!start)
                return SPAN_NONE;
        for (unsigned i = 2; i < 8; i++)
                authority = authority << 8 | (unsigned char)v.p[i];
        char *to = start;
        *to++ = 'S';
        *to++ = '-';
        to = put_dec(to, (unsigned char)v.p[0]);
        *to++ = '-';
        to = authority > UINT32_MAX ? put_hex(to, authority) : put_dec(to, authority);
        for (unsigned i = 0; i < subs; i++) {
                const char *p = v.p + 8 + 4 * (size_t)i;
                *to++ = '-';
                to = put_dec(to, get_u16le(p) | (uint64_t)get_u16le(p + 2) << 16);
        }
        return span_of(start, (size_t)(to - start));
}

static struct span utf16_text(struct span v, struct arena *a) {
        size_t units = v.len / 2;

        while (units && v.p[2 * units - 1] == 0 && v.p[2 * units - 2] == 0)
                units--; /* padding */

        /* Nearly all text is ASCII: a byte each is enough. */
        char *to = arena_alloc(a, units + 1);
        if (!to)
                return SPAN_NONE;
        size_t n = utf16_ascii(to, v.p, units);
        if (LIKELY(n == units))
                return span_of(to, n);

        char *wide = arena_alloc(a, n + 3 * (units - n) + 1);
        if (!wide)
                return SPAN_NONE;
        memcpy(wide, to, n);
        n += utf16_to_utf8(wide + n, span_of(v.p + 2 * n, 2 * (units - n)));
        return span_of(wide, n);
}

static struct span json_text(struct span v, struct arena *a) {
        char *to = arena_alloc(a, v.len + 1); /* unescaping never grows */

        if (!to)
                return SPAN_NONE;
        return span_of(to, json_unescape(to, v));
}

/* The length a fixed-size type must have; 0: any. */
static size_t type_size(uint8_t type) {
        switch (type) {
        case V_U64:
        case V_I64:
        case V_HEX32:
        case V_HEX64:
        case V_F64:
        case V_FILETIME: return 8;
        case V_SYSTIME:
        case V_GUID: return 16;
        default: return 0;
        }
}

static struct span fixed_text(const struct field *f, struct arena *a) {
        char *start = arena_alloc(a, TEXT_MAX), *to = start;

        if (!start)
                return SPAN_NONE;
        switch (f->type) {
        case V_U64: to = put_dec(to, get_u64(f->val)); break;
        case V_I64: {
                uint64_t v = get_u64(f->val);
                if (v >> 63) {
                        *to++ = '-';
                        v = 0 - v;
                }
                to = put_dec(to, v);
                break;
        }
        case V_HEX32:
        case V_HEX64: to = put_hex(to, get_u64(f->val)); break;
        case V_F64: {
                double v;
                memcpy(&v, f->val, sizeof(v));
                to = put_double(to, v);
                break;
        }
        case V_FILETIME: to = put_filetime(to, get_u64(f->val)); break;
        case V_SYSTIME: to = put_systime(to, f->val); break;
        case V_GUID: to = put_guid(to, f->val); break;
        default: assert(false); /* type_size() knows no other */
        }
        return span_of(start, (size_t)(to - start));
}

struct span value_text(const struct field *f, struct arena *a) {
        struct span v = span_of(f->val, f->val_len);

        switch (f->type) {
        case V_STR:
        case V_NUM:
        case V_BOOL: return v.p ? v : SPAN("");
        case V_NULL: return SPAN("");
        case V_JSON: return json_text(v, a);
        case V_UTF16: return utf16_text(v, a);
        case V_SID: return sid_valid(v) ? sid_text(v, a) : hex_text(v, a);
        case V_BIN: return hex_text(v, a);
        default: break;
        }
        size_t size = type_size(f->type);
        if (UNLIKELY(size == 0 || size != v.len))
                return hex_text(v, a);
        return fixed_text(f, a);
}

const struct field *event_find(const struct event *e, struct span name) {
        for (uint32_t i = e->n; i-- > 0;) {
                const struct field *f = &e->fields[i];
                if (f->name_len == name.len && memcmp(f->name, name.p, name.len) == 0)
                        return f;
        }
        return NULL;
}

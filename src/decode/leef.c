/* IBM's Log Event Extended Format, bare or behind a syslog header.
 *
 *     LEEF:1.0|Vendor|Product|Version|EventID|key=value<tab>key=value …
 *
 *     LEEF:2.0|Vendor|Product|Version|EventID|^|key=value^key=value …
 *
 * The delimiter of 2.0 is a character, 0x5E or x5E; empty: tab. Nothing is escaped. Fields:
 * DeviceVendor, DeviceProduct, DeviceVersion, EventID, and the keys as they are. The time is
 * devTime (seconds, milliseconds, or text in one of the common forms), else the header's. Some
 * writers of 1.0 part pairs with blanks: then, when there is no tab, pairs are read as in CEF, a
 * value reaching to the next key. */
#include "decode/linetime.h"
#include "decode/prefix.h"
#include "decode/scan.h"

static char delimiter_of(struct span v) {
        int hi, lo;

        if (v.len == 1)
                return *v.p;
        if (v.len && *v.p == '0')
                scan_skip(&v, 1);
        if (v.len == 3 && (*v.p == 'x' || *v.p == 'X') && (hi = scan_hex(v.p[1])) >= 0 &&
            (lo = scan_hex(v.p[2])) >= 0)
                return (char)(hi << 4 | lo);
        return '\t';
}

static void add_pair(struct decode_state *s, struct event *e, struct span pair) {
        struct span key, val = pair;
        int64_t t;

        if (!scan_to(&val, '=', &key) || key.len == pair.len)
                return;
        key = span_trim(key);
        val = span_trim(val);
        if (val.len == 0)
                field_add(s, e, key, span_of("", 0), V_NULL);
        else
                field_add(s, e, key, val, scan_is_number(val) ? V_NUM : V_STR);
        if (!span_eq(key, SPAN("devTime")))
                return;
        if ((val.len == 13 || val.len == 10) && scan_is_number(val)) {
                t = time_parse_epoch(span_of(val.p, 10));
                for (int64_t i = 10, unit = 100000000; t != TIME_NONE && i < (int64_t)val.len;
                     i++, unit /= 10)
                        t += (val.p[i] - '0') * unit;
                e->time = t;
        } else if (linetime_read(val, s->opt, s->b.h.file_time, &t) && t != TIME_NONE) {
                e->time = t;
        }
}

/* Pairs parted by blanks: a pair ends where a word with '=' in it begins. */
static void read_loose(struct decode_state *s, struct event *e, struct span rest) {
        size_t start = 0, word = 0;
        bool open = false;

        for (size_t i = 0; i < rest.len; i++) {
                if (rest.p[i] == ' ') {
                        word = i + 1;
                } else if (rest.p[i] == '=' && i > word && word != start) {
                        if (open)
                                add_pair(s, e, span_of(rest.p + start, word - start));
                        start = word;
                        open = true;
                } else if (rest.p[i] == '=' && !open) {
                        open = true;
                }
        }
        if (open)
                add_pair(s, e, span_of(rest.p + start, rest.len - start));
}

static enum decode_result leef_next(struct decode_state *s, struct event *e,
                                    struct decode_error *err) {
        static const char *const names[] = {"DeviceVendor", "DeviceProduct", "DeviceVersion",
                                            "EventID"};
        struct span line, version, v;
        const char *p;

        do {
                if (!decode_line(s, e, &line))
                        return DECODE_END;
        } while (span_trim(line).len == 0);
        e->kind = EVENT_LEEF;
        p = prefix_find(line, SPAN("LEEF:"));
        if (!p) {
                e->time = linetime_find(line, s->opt, s->b.h.file_time);
                field_add(s, e, SPAN("message"), line, V_STR);
                return DECODE_EVENT;
        }
        if (p > line.p)
                prefix_read(s, e, span_of(line.p, (size_t)(p - line.p)));
        struct span rest = span_of(p + 5, (size_t)(line.p + line.len - p - 5));
        if (!scan_to(&rest, '|', &version))
                version = SPAN_NONE;
        scan_add(s, e, SPAN("LEEFVersion"), version);
        for (size_t i = 0; i < ARRAY_LEN(names) && scan_to(&rest, '|', &v); i++) {
                if (i == 1)
                        e->key1 = v;
                scan_add(s, e, span_str(names[i]), v);
        }
        char delimiter = '\t';
        if (version.len && *version.p == '2') {
                /* 2.0 without the delimiter's field is common: then a pair stands there. */
                struct span t = rest;
                if (scan_to(&t, '|', &v) && v.len <= 4 && !memchr(v.p, '=', v.len)) {
                        delimiter = delimiter_of(v);
                        rest = t;
                }
        }
        if (delimiter == '\t' && rest.len && !memchr(rest.p, '\t', rest.len))
                read_loose(s, e, rest);
        else
                while (scan_to(&rest, delimiter, &v))
                        add_pair(s, e, v);
        return DECODE_EVENT;
}

const struct format_ops format_leef = {.next = leef_next};

/* ArcSight's Common Event Format, bare or behind a syslog header.
 *
 *     CEF:Version|Device Vendor|Device Product|Device Version|Signature ID|Name|Severity|Extension
 *
 * In the header '\|' and '\\' are escaped; in the extension '\=' '\\' '\n' '\r'. The extension is
 * key=value parted by blanks; a value ends where the next key begins, so it may hold blanks: the
 * key is the word before an '=' that is not escaped. Fields: DeviceVendor, DeviceProduct,
 * DeviceVersion, DeviceEventClassID, Name, Severity, the extension's keys as they are, and for
 * custom fields also the name their label gives (cs1=x cs1Label=Rule Name: `Rule Name`=x). Times:
 * rt, start, end as milliseconds or text; else the header's. */
#include "decode/linetime.h"
#include "decode/prefix.h"
#include "decode/scan.h"

/* Backslash before what is in `which` means just that; n, r, t mean themselves in the extension. */
static struct span unescape(struct arena *a, struct span s, bool extension) {
        size_t o = 0;

        if (s.len == 0 || !memchr(s.p, '\\', s.len))
                return s;
        char *to = arena_alloc(a, s.len);
        if (!to)
                return s;
        for (size_t i = 0; i < s.len; i++) {
                char c = s.p[i], d = i + 1 < s.len ? s.p[i + 1] : '\0';
                if (c != '\\' || i + 1 == s.len) {
                        to[o++] = c;
                } else if (d == '\\' || d == '|' || d == '=') {
                        to[o++] = d;
                        i++;
                } else if (extension && (d == 'n' || d == 'r')) {
                        to[o++] = d == 'n' ? '\n' : '\r';
                        i++;
                } else {
                        to[o++] = c;
                }
        }
        return span_of(to, o);
}

/* Up to the next '|' that is not escaped. */
static bool take_header(struct span *s, struct span *ret) {
        size_t i = 0;

        if (s->len == 0)
                return false;
        while (i < s->len && s->p[i] != '|')
                i += 1 + (s->p[i] == '\\');
        i = MIN(i, s->len);
        *ret = span_of(s->p, i);
        scan_skip(s, MIN(i + 1, s->len));
        return true;
}

static bool key_char(char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '_' || c == '.' || c == '-' || c == '[' || c == ']' || c == ':' || c == '@' ||
               c == '/';
}

static int64_t time_of(struct decode_state *s, struct span v) {
        int64_t t;

        if (v.len == 13 && scan_is_number(v)) {
                int64_t ms = 0;
                for (size_t i = 0; i < v.len; i++) {
                        if (!scan_digit(v.p[i]))
                                return TIME_NONE;
                        ms = ms * 10 + (v.p[i] - '0');
                }
                return ms < INT64_MAX / 1000000 ? ms * 1000000 : TIME_NONE;
        }
        if (v.len == 10 && scan_is_number(v))
                return time_parse_epoch(v);
        return linetime_read(v, s->opt, s->b.h.file_time, &t) ? t : TIME_NONE;
}

static void add_pair(struct decode_state *s, struct event *e, struct span key, struct span val,
                     int *best) {
        static const char *const times[] = {"rt", "start", "end", "deviceReceiptTime"};

        while (val.len && (val.p[val.len - 1] == ' ' || val.p[val.len - 1] == '\t'))
                val.len--;
        if (val.len == 0)
                field_add(s, e, key, span_of("", 0), V_NULL);
        else
                field_add(s, e, key, unescape(&s->arena, val, true),
                          scan_is_number(val) ? V_NUM : V_STR);
        for (int i = 0; i < (int)ARRAY_LEN(times) && i < *best; i++) {
                if (!span_eq(key, span_str(times[i])))
                        continue;
                int64_t t = time_of(s, val);
                if (t != TIME_NONE) {
                        e->time = t;
                        *best = i;
                }
        }
}

static void read_extension(struct decode_state *s, struct event *e, struct span ext) {
        struct span key = SPAN_NONE;
        size_t start = 0, word = 0; /* of the value, of the current word */
        int best = 100;

        for (size_t i = 0; i < ext.len; i++) {
                char c = ext.p[i];
                if (c == '\\') {
                        i++;
                } else if (c == ' ' || c == '\t') {
                        word = i + 1;
                } else if (c == '=' && i > word) {
                        size_t k = word;
                        while (k < i && key_char(ext.p[k]))
                                k++;
                        if (k < i ||
                            (key.p &&
                             word == start)) /* no key, or a value with '=' in its first word */
                                continue;
                        if (key.p)
                                add_pair(s, e, key, span_of(ext.p + start, word - start), &best);
                        key = span_of(ext.p + word, i - word);
                        start = word = i + 1;
                }
        }
        if (key.p)
                add_pair(s, e, key, span_of(ext.p + start, ext.len - start), &best);
}

static enum decode_result cef_next(struct decode_state *s, struct event *e,
                                   struct decode_error *err) {
        static const char *const names[] = {"DeviceVendor",       "DeviceProduct", "DeviceVersion",
                                            "DeviceEventClassID", "Name",          "Severity"};
        struct span line, v;
        const char *p;

        do {
                if (!decode_line(s, e, &line))
                        return DECODE_END;
        } while (span_trim(line).len == 0);
        e->kind = EVENT_CEF;
        p = prefix_find(line, SPAN("CEF:"));
        if (!p) { /* the rest of a message of several lines, or another program's */
                e->time = linetime_find(line, s->opt, s->b.h.file_time);
                field_add(s, e, SPAN("message"), line, V_STR);
                return DECODE_EVENT;
        }
        if (p > line.p)
                prefix_read(s, e, span_of(line.p, (size_t)(p - line.p)));
        struct span rest = span_of(p + 4, (size_t)(line.p + line.len - p - 4));
        uint32_t first = e->n;
        if (take_header(&rest, &v))
                scan_add(s, e, SPAN("CEFVersion"), v);
        for (size_t i = 0; i < ARRAY_LEN(names) && take_header(&rest, &v); i++) {
                v = unescape(&s->arena, span_trim(v), false);
                if (i == 1)
                        e->key1 = v;
                scan_add(s, e, span_str(names[i]), v);
        }
        read_extension(s, e, rest);
        prefix_labels(s, e, first);
        return DECODE_EVENT;
}

const struct format_ops format_cef = {.next = cef_next};

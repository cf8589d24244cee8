/* Lines of name=value: logfmt, FortiGate, and the like.
 *
 *     time="2026-01-01T00:00:00Z" level=info msg="say \"hi\"" n=3
 *
 *     <189>date=2026-01-01 time=10:00:00 devname="FG 1" msg=free text up to the next name=
 *
 * A quoted value ends at a quote that no backslash precedes; \" \\ \n \r \t are undone. A bare
 * value ends at a blank; words behind it that hold no '=' belong to it (writers forget to quote),
 * except that a word of capitals alone is a flag, a field without a value. What stands before the
 * first pair is `message`. A comma behind a value is not part of it. */
#include "decode/linetime.h"
#include "decode/scan.h"

static bool name_char(char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '_' || c == '.' || c == '-' || c == '@' || c == '/' || c == '[' || c == ']' ||
               c == ':' || (unsigned char)c >= 0x80;
}

static struct span unescape(struct arena *a, struct span s) {
        size_t o = 0;

        if (s.len == 0 || !memchr(s.p, '\\', s.len))
                return s;
        char *to = arena_alloc(a, s.len);
        if (!to)
                return s;
        for (size_t i = 0; i < s.len; i++) {
                char d = i + 1 < s.len ? s.p[i + 1] : '\0';
                if (s.p[i] != '\\' ||
                    !(d == '"' || d == '\\' || d == 'n' || d == 'r' || d == 't')) {
                        to[o++] = s.p[i];
                        continue;
                }
                to[o++] = d == 'n' ? '\n' : d == 'r' ? '\r' : d == 't' ? '\t' : d;
                i++;
        }
        return span_of(to, o);
}

/* Length of the name at s if '=' follows it, else 0. */
static size_t name_at(struct span s) {
        size_t n = 0;

        while (n < s.len && name_char(s.p[n]))
                n++;
        return n && n < s.len && s.p[n] == '=' ? n : 0;
}

static size_t word_at(struct span s) {
        size_t n = 0;

        while (n < s.len && s.p[n] != ' ' && s.p[n] != '\t')
                n++;
        return n;
}

static bool is_flag(struct span word) {
        for (size_t i = 0; i < word.len; i++)
                if (word.p[i] < 'A' || word.p[i] > 'Z')
                        return false;
        return word.len >= 2 && word.len <= 5;
}

/* The value at *s, which moves behind it. */
static struct span take_value(struct span *s, bool *ret_quoted) {
        struct span v;
        size_t n = 1;

        *ret_quoted = s->len && *s->p == '"';
        if (*ret_quoted) {
                while (n < s->len && s->p[n] != '"')
                        n += 1 + (s->p[n] == '\\');
                n = MIN(n, s->len);
                v = span_of(s->p + 1, n - 1);
                scan_skip(s, MIN(n + 1, s->len));
                scan_char(s, ',');
                return v;
        }
        v = span_of(s->p, word_at(*s));
        scan_skip(s, v.len);
        while (v.len) { /* words that nobody named */
                struct span t = *s;
                scan_blanks(&t);
                size_t w = word_at(t);
                if (w == 0 || name_at(t) || is_flag(span_of(t.p, w)))
                        break;
                v.len = (size_t)(t.p + w - v.p);
                scan_skip(&t, w);
                *s = t;
        }
        v.len -= v.len && v.p[v.len - 1] == ',';
        return v;
}

static void add_pairs(struct decode_state *s, struct event *e, struct span rest) {
        bool quoted;

        for (scan_blanks(&rest); rest.len; scan_blanks(&rest)) {
                size_t n = name_at(rest);
                if (n == 0) {
                        n = word_at(rest);
                        struct span flag = span_of(rest.p, n);
                        scan_skip(&rest, n);
                        flag.len -= flag.len && flag.p[flag.len - 1] == ',';
                        if (flag.len && !field_add(s, e, flag, span_of("", 0), V_NULL))
                                return;
                        continue;
                }
                struct span name = span_of(rest.p, n), v;
                scan_skip(&rest, n + 1);
                v = take_value(&rest, &quoted);
                int64_t t;
                if (n == 1 && *name.p == 't' && linetime_read(v, s->opt, s->b.h.file_time, &t))
                        e->time = t; /* Go's log15; other names are known to event_time() */
                bool ok;
                if (v.len == 0)
                        ok = field_add(s, e, name, span_of("", 0), quoted ? V_STR : V_NULL);
                else if (quoted)
                        ok = field_add(s, e, name, unescape(&s->arena, v), V_STR);
                else
                        ok = field_add(s, e, name, v, scan_is_number(v) ? V_NUM : V_STR);
                if (!ok)
                        return;
        }
}

static enum decode_result kv_next(struct decode_state *s, struct event *e,
                                  struct decode_error *err) {
        struct span line, rest;

        do {
                if (!decode_line(s, e, &line))
                        return DECODE_END;
        } while (span_trim(line).len == 0);
        e->kind = EVENT_KV;
        rest = line;
        if (*rest.p == '<') {
                const char *gt = memchr(rest.p, '>', MIN(rest.len, (size_t)6));
                if (gt)
                        scan_skip(&rest, (size_t)(gt + 1 - rest.p));
        }
        scan_blanks(&rest);
        const char *start = rest.p;
        while (rest.len && !name_at(rest)) {
                scan_skip(&rest, word_at(rest));
                scan_blanks(&rest);
        }
        struct span head = span_trim(span_of(start, (size_t)(rest.p - start)));
        if (head.len)
                field_add(s, e, SPAN("message"), head, V_STR);
        add_pairs(s, e, rest);
        return DECODE_EVENT;
}

const struct format_ops format_kv = {.next = kv_next};

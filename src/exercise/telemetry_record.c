/* A record of somebody else's recording, moved in time and onto a unit's names (telemetry.h). The JSON is not taken
 * apart and put together again: its bytes are copied, and only what stands inside string values is changed, so that key
 * order, numbers and escapes stay as the collector wrote them.
 *
 *   times   wherever a value holds YYYY-MM-DD, 'T' or a blank, HH:MM:SS (with a fraction, or without): a field of its
 *           own, or in the message's text. Shifted, in the same form; a zone behind it stays, as the shift is the same
 *           everywhere.
 *   names   whole words: what stands before and behind is no letter, digit, '-' or '_'. An escape is one character. The
 *           longest name that fits is taken. What was written in capitals or in small letters is so again. */
#include "base/buf.h"
#include "base/timestamp.h"
#include "exercise/telemetry.h"

#define SECONDS 19u /* "2020-09-04 16:09:38" */

static bool digit(char c) {
        return c >= '0' && c <= '9';
}

static bool wordly(char c) {
        return digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
               c == '_' || (unsigned char)c >= 0x80;
}

/* Whether a time begins there; its length with the fraction. */
static size_t time_at(struct span s) {
        static const char form[] = "dddd-dd-ddTdd:dd:dd";
        size_t n = SECONDS, frac = 0;

        if (s.len < SECONDS)
                return 0;
        for (unsigned i = 0; i < SECONDS; i++) {
                bool good = form[i] == 'd'   ? digit(s.p[i])
                            : form[i] == 'T' ? s.p[i] == 'T' || s.p[i] == ' '
                                             : s.p[i] == form[i];

                if (!good)
                        return 0;
        }
        if (n + 1 < s.len && s.p[n] == '.' && digit(s.p[n + 1]))
                while (n + 1 + frac < s.len && digit(s.p[n + 1 + frac]) && frac < 9)
                        frac++;
        return n + (frac ? frac + 1 : 0);
}

static bool shift(struct span s, int64_t by, struct buf *out) {
        int64_t t = time_parse_iso(s, 0), to;
        unsigned digits = s.len > SECONDS ? (unsigned)(s.len - SECONDS - 1) : 0;
        char when[40];

        if (t == TIME_NONE || __builtin_add_overflow(t, by, &to) || to == TIME_NONE)
                return false;
        size_t n = time_format(when, to, digits);
        if (n < 1 || n - 1 != s.len) /* years of more or fewer digits: there are none */
                return false;
        when[10] = s.p[10];
        buf_add(out, when, n - 1); /* not the Z */
        return true;
}

static void put_name(struct span was, struct span to, struct buf *out) {
        bool up = true, low = true;

        for (size_t i = 0; i < was.len; i++) {
                up = up && !(was.p[i] >= 'a' && was.p[i] <= 'z');
                low = low && !(was.p[i] >= 'A' && was.p[i] <= 'Z');
        }
        for (size_t i = 0; i < to.len; i++) {
                char c = to.p[i];

                if (up && !low && c >= 'a' && c <= 'z')
                        c = (char)(c - 32);
                if (low && !up)
                        c = ascii_lower(c);
                if ((unsigned char)c < ' ' || c == '"' || c == '\\')
                        c = '_'; /* a name has none: the JSON stays whole */
                buf_char(out, c);
        }
}

static const struct telemetry_name *name_at(struct span s, const struct telemetry_name *names,
                                            unsigned n) {
        const struct telemetry_name *best = NULL;

        for (unsigned i = 0; i < n; i++) {
                size_t len = names[i].from.len;

                if (!len || len > s.len || (best && len <= best->from.len) ||
                    ascii_lower(*s.p) != ascii_lower(*names[i].from.p))
                        continue;
                if (span_ieq(span_of(s.p, len), names[i].from) &&
                    (len == s.len || !wordly(s.p[len])))
                        best = &names[i];
        }
        return best;
}

struct changes {
        const struct telemetry_name *names;
        unsigned n;
        int64_t by;
};

static void value(struct span s, const struct changes *c, struct buf *out) {
        bool begin = true;

        while (s.len) {
                size_t n = 1;

                if (*s.p == '\\' && s.len > 1) {
                        n = s.p[1] == 'u' ? MIN(s.len, 6) : 2;
                        buf_add(out, s.p, n);
                        begin = true;
                } else if (begin && digit(*s.p) && (n = time_at(s)) &&
                           shift(span_of(s.p, n), c->by, out)) {
                        begin = false;
                } else {
                        const struct telemetry_name *name =
                                begin ? name_at(s, c->names, c->n) : NULL;

                        n = name ? name->from.len : 1;
                        if (name)
                                put_name(span_of(s.p, n), name->to, out);
                        else
                                buf_char(out, *s.p);
                        begin = !wordly(s.p[n - 1]);
                }
                s.p += n;
                s.len -= n;
        }
}

/* The length of the string's inside; SIZE_MAX: it does not end. */
static size_t string_len(struct span s) {
        for (size_t i = 0; i < s.len; i++) {
                if (s.p[i] == '\\')
                        i++;
                else if (s.p[i] == '"')
                        return i;
                else if ((unsigned char)s.p[i] < ' ')
                        return SIZE_MAX;
        }
        return SIZE_MAX;
}

static bool is_key(struct span behind) {
        while (behind.len && (*behind.p == ' ' || *behind.p == '\t'))
                behind.p++, behind.len--;
        return behind.len && *behind.p == ':';
}

int telemetry_record(struct span record, const struct telemetry_name *names, unsigned n,
                     int64_t shift_ns, struct buf *out) {
        struct changes c = {names, n, shift_ns};
        struct span s = span_trim(record);
        int depth = 0;

        if (!s.len || *s.p != '{')
                return -EBADMSG;
        while (s.len) {
                if (*s.p == '"') {
                        struct span in = span_of(s.p + 1, s.len - 1);
                        size_t len = string_len(in);

                        if (len == SIZE_MAX)
                                return -EBADMSG;
                        buf_char(out, '"');
                        if (is_key(span_of(in.p + len + 1, in.len - len - 1)))
                                buf_add(out, in.p, len);
                        else
                                value(span_of(in.p, len), &c, out);
                        buf_char(out, '"');
                        s = span_of(in.p + len + 1, in.len - len - 1);
                        continue;
                }
                depth += *s.p == '{' || *s.p == '[' ? 1 : *s.p == '}' || *s.p == ']' ? -1 : 0;
                if (depth < 0 || (depth == 0 && s.len > 1) || *s.p == '\n')
                        return -EBADMSG;
                buf_char(out, *s.p);
                s.p++;
                s.len--;
        }
        return out->failed ? -ENOMEM : depth == 0 ? 0 : -EBADMSG;
}

int telemetry_record_time(struct span record, int64_t *ret_ns) {
        static const struct span keys[] = {
                {"\"@timestamp\":\"", 14}, {"\"TimeCreated\":\"", 15}, {"\"UtcTime\":\"", 11}};

        for (unsigned k = 0; k < ARRAY_LEN(keys); k++) {
                const char *p =
                        record.len ? memmem(record.p, record.len, keys[k].p, keys[k].len) : NULL;

                if (!p)
                        continue;
                struct span s =
                        span_of(p + keys[k].len, (size_t)(record.p + record.len - p) - keys[k].len);
                size_t n = time_at(s);
                int64_t t = n ? time_parse_iso(span_of(s.p, n), 0) : TIME_NONE;

                if (t != TIME_NONE) {
                        *ret_ns = t;
                        return 0;
                }
        }
        return -EBADMSG;
}

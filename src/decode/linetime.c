/* Times as text logs write them. A small hand-written reader per family, tried by the first byte:
 *
 *     Jun 21 16:47:48             Jun 21 2005 16:47:48        Tue Jun 21 16:47:48 2005
 *     Jun 21 16:47:48.123 2005    Jun-21-05 16:47:48          06-21 16:47:48
 *     2005-06-21T16:47:48+02:00   2005/06/21 16:47:48         2005.06.21 16:47:48,123
 *     2005:06:21-16:47:48         20050621-16:47:48           050621 16:47:48
 *     21/Jun/2005:16:47:48 +0200  21-Jun-2005 16:47:48.123    21 Jun 2005 16:47:48
 *     06/21/2005 16:47:48         21-06-2005 16:47:48         21.06.2005 16:47:48
 *     1119365268.123              @4000000042b82c1e00000000
 *
 * Of dates in digits only, with the year last, slashes mean month first (the United States), unless
 * that cannot be; dashes and dots mean day first. A zone may follow: Z, UTC, GMT, ±hh, ±hhmm,
 * ±hh:mm; other abbreviations name several zones each and are not read.
 *
 * Every reader moves a cursor forward only, so the cost is linear; none reads beyond the end. */
#include "decode/linetime.h"

struct cur {
        const char *p, *end;
};

struct when {
        int64_t year; /* 0: not written */
        unsigned month, day, hour, min, sec;
        uint32_t ns;
        int zone;
        bool zoned;
};

static bool eat(struct cur *c, char ch) {
        if (c->p >= c->end || *c->p != ch)
                return false;
        c->p++;
        return true;
}

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

static bool is_alpha(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* min to max digits. */
static bool num(struct cur *c, unsigned min, unsigned max, unsigned *ret) {
        unsigned v = 0, n = 0;

        while (n < max && c->p + n < c->end && is_digit(c->p[n]))
                v = v * 10 + (unsigned)(c->p[n++] - '0');
        if (n < min)
                return false;
        c->p += n;
        *ret = v;
        return true;
}

static bool boundary(const struct cur *c) {
        return c->p >= c->end || !(is_digit(*c->p) || is_alpha(*c->p) || *c->p == '_');
}

unsigned linetime_month(const char *p) {
        uint32_t m = (uint32_t)(unsigned char)(p[0] | 0x20) << 16 |
                     (uint32_t)(unsigned char)(p[1] | 0x20) << 8 | (unsigned char)(p[2] | 0x20);

#define M3(a, b, d) ((uint32_t)(a) << 16 | (uint32_t)(b) << 8 | (d))
        switch (m) {
        case M3('j', 'a', 'n'): return 1;
        case M3('f', 'e', 'b'): return 2;
        case M3('m', 'a', 'r'): return 3;
        case M3('a', 'p', 'r'): return 4;
        case M3('m', 'a', 'y'): return 5;
        case M3('j', 'u', 'n'): return 6;
        case M3('j', 'u', 'l'): return 7;
        case M3('a', 'u', 'g'): return 8;
        case M3('s', 'e', 'p'): return 9;
        case M3('o', 'c', 't'): return 10;
        case M3('n', 'o', 'v'): return 11;
        case M3('d', 'e', 'c'): return 12;
        default: return 0;
        }
}

static bool month(struct cur *c, unsigned *ret) {
        if (c->end - c->p < 3 || !(*ret = linetime_month(c->p)))
                return false;
        c->p += 3;
        if (*ret == 9 && c->p < c->end && (*c->p | 0x20) == 't') /* "Sept" */
                c->p++;
        eat(c, '.');
        return true;
}

static bool weekday(struct cur *c) {
        static const char names[] = "montuewedthufrisatsun";

        if (c->end - c->p < 4)
                return false;
        for (unsigned i = 0; i < 21; i += 3) {
                if ((c->p[0] | 0x20) != names[i] || (c->p[1] | 0x20) != names[i + 1] ||
                    (c->p[2] | 0x20) != names[i + 2])
                        continue;
                c->p += 3;
                eat(c, ',');
                return eat(c, ' ');
        }
        return false;
}

/* h:mm[:ss[.fraction]] */
static bool clock_time(struct cur *c, struct when *w) {
        if (!num(c, 1, 2, &w->hour) || !eat(c, ':') || !num(c, 2, 2, &w->min))
                return false;
        if (!eat(c, ':'))
                return boundary(c);
        if (!num(c, 2, 2, &w->sec))
                return false;
        if (c->end - c->p >= 2 && (*c->p == '.' || *c->p == ',') && is_digit(c->p[1])) {
                uint32_t scale = 100000000;
                for (c->p++; c->p < c->end && is_digit(*c->p); c->p++, scale /= 10)
                        w->ns += (uint32_t)(*c->p - '0') * scale;
        }
        return true;
}

static void zone(struct cur *c, struct when *w) {
        struct cur t = *c;
        unsigned h, m = 0;

        eat(&t, ' ');
        if (t.p >= t.end)
                return;
        if (*t.p == 'Z' || *t.p == 'z') {
                t.p++;
        } else if (t.end - t.p >= 3 && (memcmp(t.p, "UTC", 3) == 0 || memcmp(t.p, "GMT", 3) == 0)) {
                t.p += 3;
        } else if (*t.p == '+' || *t.p == '-') {
                int sign = *t.p++ == '-' ? -1 : 1;
                if (!num(&t, 2, 2, &h))
                        return;
                bool colon = eat(&t, ':');
                if (!num(&t, 2, 2, &m) && colon)
                        return;
                if (h > 18 || m > 59)
                        return;
                w->zone = sign * (int)(h * 3600 + m * 60);
        } else {
                return;
        }
        if (!boundary(&t))
                return;
        w->zoned = true;
        *c = t;
}

/* A year of four digits that ends at a boundary; moves only when it is one. */
static bool year4(struct cur *c, int64_t *ret) {
        struct cur t = *c;
        unsigned y;

        if (!num(&t, 4, 4, &y) || y < 1970 || y > 2199 || !boundary(&t))
                return false;
        *ret = y;
        *c = t;
        return true;
}

/* Mon dd …, with or without a weekday before and a year on either side of the clock. */
static bool read_bsd(struct cur *c, struct when *w) {
        struct cur t;
        unsigned y;

        weekday(c);
        if (!month(c, &w->month))
                return false;
        if (eat(c, '-')) { /* Jun-21-05 16:47:48 */
                if (!num(c, 2, 2, &w->day) || !eat(c, '-') || !num(c, 2, 2, &y) || !eat(c, ' '))
                        return false;
                w->year = 2000 + (int64_t)y;
                return clock_time(c, w);
        }
        if (!eat(c, ' '))
                return false;
        eat(c, ' ');
        if (!num(c, 1, 2, &w->day))
                return false;
        eat(c, ',');
        if (!eat(c, ' '))
                return false;
        t = *c;
        if (year4(&t, &w->year)) {
                *c = t;
                eat(c, ',');
                if (!eat(c, ' '))
                        return false;
        }
        eat(c, ' ');
        if (!clock_time(c, w))
                return false;
        zone(c, w);
        t = *c;
        if (!w->year && eat(&t, ' ') && year4(&t, &w->year)) {
                *c = t;
                zone(c, w);
        }
        return true;
}

/* yyyy-mm-dd hh:mm:ss and its kin; the year is read already. */
static bool read_iso(struct cur *c, struct when *w) {
        char sep = *c->p++;

        if (!num(c, 2, 2, &w->month) || !eat(c, sep) || !num(c, 2, 2, &w->day))
                return false;
        if (!(eat(c, 'T') || eat(c, 't') || eat(c, ' ') || eat(c, '-') || eat(c, '_')))
                return false;
        eat(c, ' '); /* an hour padded with a blank */
        if (!clock_time(c, w))
                return false;
        zone(c, w);
        return true;
}

/* The date's first number has one or two digits: dd/Mon/yyyy, dd-Mon-yyyy, dd.mm.yyyy, mm/dd/yyyy …
 */
static bool read_dmy(struct cur *c, struct when *w, unsigned first) {
        unsigned second;
        char sep;

        if (c->p >= c->end)
                return false;
        sep = *c->p++;
        w->day = first;
        if (month(c, &w->month)) {
                if (!eat(c, sep) || !year4(c, &w->year))
                        return false;
        } else {
                if (sep == ' ' || !num(c, 1, 2, &second))
                        return false;
                if (sep == '-' && first <= 12 && c->end - c->p > 8 && c->p[0] == ' ' &&
                    c->p[3] == ':') {
                        c->p++; /* mm-dd hh:mm:ss */
                        w->month = first;
                        w->day = second;
                        return clock_time(c, w);
                }
                if (!eat(c, sep) || !year4(c, &w->year))
                        return false;
                w->month = second;
                if ((sep == '/' && first <= 12) || second > 12) {
                        w->month = first;
                        w->day = second;
                }
        }
        if (!eat(c, ':') && !eat(c, 'T')) {
                eat(c, ',');
                if (!eat(c, ' '))
                        return false;
                if (c->end - c->p >= 2 && c->p[0] == '-' && c->p[1] == ' ')
                        c->p += 2;
        }
        eat(c, ' ');
        if (!clock_time(c, w))
                return false;
        zone(c, w);
        return true;
}

/* The date as six or eight digits without separators. */
static bool read_compact(struct cur *c, struct when *w, const char *start, unsigned n) {
        struct cur t = {start, c->end};
        unsigned y;

        if (!num(&t, n == 8 ? 4 : 2, n == 8 ? 4 : 2, &y) || !num(&t, 2, 2, &w->month) ||
            !num(&t, 2, 2, &w->day))
                return false;
        w->year = n == 8 ? y : 2000 + (int64_t)y;
        if (!(eat(c, ' ') || (n == 8 && (eat(c, '-') || eat(c, 'T')))))
                return false;
        eat(c, ' ');
        if (!clock_time(c, w))
                return false;
        zone(c, w);
        return true;
}

/* A label of TAI64N, as daemontools write it: 2^62 + 10 is 1970. */
static bool read_tai(struct cur *c, int64_t *ret_ns) {
        uint64_t sec = 0, ns = 0;

        if (c->end - c->p < 25)
                return false;
        for (unsigned i = 1; i <= 24; i++) {
                char ch = ascii_lower(c->p[i]);
                unsigned d = is_digit(ch)             ? (unsigned)(ch - '0')
                             : ch >= 'a' && ch <= 'f' ? (unsigned)(ch - 'a') + 10
                                                      : 16;
                if (d > 15)
                        return false;
                if (i <= 16)
                        sec = sec << 4 | d;
                else
                        ns = ns << 4 | d;
        }
        const uint64_t epoch = (UINT64_C(1) << 62) + 10;
        if (sec < epoch || sec - epoch > UINT64_C(4102444800) || ns >= (uint64_t)NS_PER_SEC)
                return false;
        *ret_ns = (int64_t)(sec - epoch) * NS_PER_SEC + (int64_t)ns;
        c->p += 25;
        return boundary(c);
}

static bool read_epoch(struct cur *c, const char *start, unsigned n, int64_t *ret_ns) {
        struct cur t = *c;

        if (n != 10 && n != 13)
                return false;
        if (n == 10 && t.end - t.p >= 2 && *t.p == '.' && is_digit(t.p[1]))
                for (t.p++; t.p < t.end && is_digit(*t.p);)
                        t.p++;
        if (!boundary(&t) || *start == '0')
                return false;
        int64_t ns = time_parse_epoch(n == 13 ? span_of(start, 10)
                                              : span_of(start, (size_t)(t.p - start)));
        if (ns == TIME_NONE)
                return false;
        if (n == 13)
                ns += ((start[10] - '0') * 100 + (start[11] - '0') * 10 + (start[12] - '0')) *
                      INT64_C(1000000);
        *ret_ns = ns;
        *c = t;
        return true;
}

int64_t linetime_yearless(const struct decode_options *o, int64_t file_time, unsigned mon,
                          unsigned day, unsigned sec) {
        unsigned h = sec / 3600, m = sec / 60 % 60, s = sec % 60, fm, fd;
        int64_t zone_ns = o->zone_sec * NS_PER_SEC, t, year;

        if (o->year) {
                t = time_make(o->year, mon, day, h, m, s, 0);
                return t == TIME_NONE ? t : t - zone_ns;
        }
        if (file_time == TIME_NONE || file_time > INT64_MAX - 2 * 86400 * NS_PER_SEC ||
            file_time < INT64_MIN + 2 * 86400 * NS_PER_SEC)
                return TIME_NONE;
        time_civil((file_time + zone_ns) / (86400 * NS_PER_SEC), &year, &fm, &fd);
        /* One year on for a time just behind New Year; eight back for a 29 February over a
         * century's end. */
        for (int64_t y = year + 1; y > year - 9; y--) {
                t = time_make(y, mon, day, h, m, s, 0);
                if (t != TIME_NONE && t - zone_ns <= file_time + 86400 * NS_PER_SEC)
                        return t - zone_ns;
        }
        return TIME_NONE;
}

static int64_t resolve(const struct when *w, const struct decode_options *o, int64_t file_time) {
        int64_t t;

        if (!w->year) {
                struct decode_options z = *o;
                if (w->zoned)
                        z.zone_sec = w->zone;
                if (w->hour > 23 || w->min > 59 || w->sec > 60)
                        return TIME_NONE;
                t = linetime_yearless(&z, file_time, w->month, w->day,
                                      w->hour * 3600 + w->min * 60 + MIN(w->sec, 59u));
                return t == TIME_NONE ? t : t + w->ns;
        }
        t = time_make(w->year, w->month, w->day, w->hour, w->min, w->sec, w->ns);
        if (t == TIME_NONE ||
            __builtin_sub_overflow(t, (w->zoned ? w->zone : o->zone_sec) * NS_PER_SEC, &t))
                return TIME_NONE;
        return t;
}

static bool read_digits(struct cur *c, struct when *w, int64_t *ret_ns) {
        const char *start = c->p;
        unsigned n = 0, v = 0;

        while (n < 14 && c->p < c->end && is_digit(*c->p)) {
                v = n < 4 ? v * 10 + (unsigned)(*c->p - '0') : v;
                c->p++;
                n++;
        }
        char next = c->p < c->end ? *c->p : '\0';
        if (n == 4 && v >= 1970 && (next == '-' || next == '/' || next == '.' || next == ':')) {
                w->year = v;
                return read_iso(c, w);
        }
        if (n <= 2 && (next == '/' || next == '-' || next == '.' || next == ' '))
                return read_dmy(c, w, v);
        if (n == 6 || n == 8)
                return read_compact(c, w, start, n);
        return read_epoch(c, start, n, ret_ns);
}

size_t linetime_read(struct span s, const struct decode_options *o, int64_t file_time,
                     int64_t *ret_ns) {
        static const struct decode_options utc;
        struct cur c = {s.p, s.p + s.len};
        struct when w = {0};
        int64_t ns = TIME_NONE;

        if (s.len < 10)
                return 0;
        if (!o)
                o = &utc;
        if (is_digit(*c.p)) {
                if (!read_digits(&c, &w, &ns))
                        return 0;
        } else if (*c.p == '@') {
                if (!read_tai(&c, &ns))
                        return 0;
        } else if (!is_alpha(*c.p) || !read_bsd(&c, &w)) {
                return 0;
        }
        if (ns == TIME_NONE) {
                ns = resolve(&w, o, file_time);
                if (ns == TIME_NONE && (w.year || w.month < 1 || w.month > 12 || w.day < 1 ||
                                        w.day > 31 || w.hour > 23))
                        return 0;
        }
        *ret_ns = ns;
        return (size_t)(c.p - s.p);
}

int64_t linetime_find(struct span line, const struct decode_options *o, int64_t file_time) {
        size_t limit = MIN(line.len, (size_t)160);
        int64_t ns;

        for (size_t i = 0; i < limit; i++) {
                char ch = line.p[i], before = i ? line.p[i - 1] : '[';

                if (before != '[' && before != '(' && before != '"' && before != ' ' &&
                    before != '=' && before != '>')
                        continue;
                if (!is_digit(ch) && !is_alpha(ch) && ch != '@')
                        continue;
                if (is_alpha(ch) &&
                    !(i + 4 <= limit && (linetime_month(line.p + i) || line.p[i + 3] == ' ')))
                        continue;
                /* A count of seconds is a time only where a line begins with it. */
                if (before != '[' && is_digit(ch) && i + 6 <= limit && is_digit(line.p[i + 4]) &&
                    is_digit(line.p[i + 5]) && is_digit(line.p[i + 1]) && is_digit(line.p[i + 2]) &&
                    is_digit(line.p[i + 3]))
                        continue;
                if (linetime_read(span_of(line.p + i, line.len - i), o, file_time, &ns) &&
                    ns != TIME_NONE)
                        return ns;
        }
        return TIME_NONE;
}

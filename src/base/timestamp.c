/* See timestamp.h. Civil dates by Hinnant's era arithmetic (public algorithm, days_from_civil). */
#include "base/timestamp.h"

#include <stdio.h>

int64_t time_days(int64_t year, unsigned month, unsigned day) {
        year -= month <= 2;
        int64_t era = (year >= 0 ? year : year - 399) / 400;
        unsigned yoe = (unsigned)(year - era * 400);
        unsigned doy = (153 * (month + (month > 2 ? -3u : 9u)) + 2) / 5 + day - 1;
        unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
        return era * 146097 + (int64_t)doe - 719468;
}

void time_civil(int64_t days, int64_t *ret_year, unsigned *ret_month, unsigned *ret_day) {
        days += 719468;
        int64_t era = (days >= 0 ? days : days - 146096) / 146097;
        unsigned doe = (unsigned)(days - era * 146097);
        unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
        unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        unsigned mp = (5 * doy + 2) / 153;

        *ret_day = doy - (153 * mp + 2) / 5 + 1;
        *ret_month = mp < 10 ? mp + 3 : mp - 9;
        *ret_year = (int64_t)yoe + era * 400 + (*ret_month <= 2);
}

static unsigned month_days(int64_t year, unsigned month) {
        static const unsigned char len[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

        if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
                return 29;
        return len[month - 1];
}

int64_t time_make(int64_t year, unsigned month, unsigned day, unsigned hour, unsigned min,
                  unsigned sec, uint32_t ns) {
        if (year < 1678 || year > 2261 || month < 1 || month > 12 || day < 1 ||
            day > month_days(year, month) || hour > 23 || min > 59 || sec > 60 || ns >= NS_PER_SEC)
                return TIME_NONE;
        int64_t s = time_days(year, month, day) * 86400 + hour * 3600 + min * 60 + sec;
        return s * NS_PER_SEC + ns;
}

int64_t time_from_filetime(uint64_t ticks) {
        const int64_t epoch = INT64_C(116444736000000000);

        if (ticks > (uint64_t)INT64_MAX)
                return TIME_NONE;
        int64_t t = (int64_t)ticks - epoch, ns;
        if (__builtin_mul_overflow(t, INT64_C(100), &ns))
                return TIME_NONE;
        return ns;
}

static bool digits(const char **p, const char *end, unsigned n, unsigned *ret) {
        unsigned v = 0;

        if ((size_t)(end - *p) < n)
                return false;
        for (unsigned i = 0; i < n; i++) {
                unsigned d = (unsigned)((unsigned char)(*p)[i] - '0');
                if (d > 9)
                        return false;
                v = v * 10 + d;
        }
        *p += n;
        *ret = v;
        return true;
}

static bool take(const char **p, const char *end, char c) {
        if (*p < end && **p == c) {
                (*p)++;
                return true;
        }
        return false;
}

/* Digits after the point, as nanoseconds; further ones are cut. */
static bool fraction(const char **p, const char *end, uint32_t *ret_ns) {
        uint32_t ns = 0, scale = 100000000;
        const char *start = *p;

        while (*p < end && **p >= '0' && **p <= '9') {
                ns += (uint32_t)(**p - '0') * scale;
                scale /= 10;
                (*p)++;
        }
        *ret_ns = ns;
        return *p > start;
}

static bool zone(const char **p, const char *end, int *ret_sec) {
        unsigned h, m = 0;

        if (take(p, end, 'Z') || take(p, end, 'z')) {
                *ret_sec = 0;
                return true;
        }
        if (*p >= end || (**p != '+' && **p != '-'))
                return false;
        int sign = **p == '-' ? -1 : 1;
        (*p)++;
        if (!digits(p, end, 2, &h))
                return false;
        if (*p < end) {
                take(p, end, ':');
                if (!digits(p, end, 2, &m))
                        return false;
        }
        if (h > 18 || m > 59)
                return false;
        *ret_sec = sign * (int)(h * 3600 + m * 60);
        return true;
}

int64_t time_parse_iso(struct span s, int zone_sec) {
        const char *p = s.p, *end = s.p + s.len;
        unsigned y, mo, d, h, mi, sec = 0;
        uint32_t ns = 0;

        if (!digits(&p, end, 4, &y) || !(take(&p, end, '-') || take(&p, end, '/')) ||
            !digits(&p, end, 2, &mo) || !(take(&p, end, '-') || take(&p, end, '/')) ||
            !digits(&p, end, 2, &d))
                return TIME_NONE;
        if (p == end)
                h = mi = 0;
        else {
                if (!(take(&p, end, 'T') || take(&p, end, 't') || take(&p, end, ' ')))
                        return TIME_NONE;
                if (!digits(&p, end, 2, &h) || !take(&p, end, ':') || !digits(&p, end, 2, &mi))
                        return TIME_NONE;
                if (take(&p, end, ':') && !digits(&p, end, 2, &sec))
                        return TIME_NONE;
                if ((take(&p, end, '.') || take(&p, end, ',')) && !fraction(&p, end, &ns))
                        return TIME_NONE;
                take(&p, end, ' ');
        }
        if (p < end && !zone(&p, end, &zone_sec))
                return TIME_NONE;
        if (p != end)
                return TIME_NONE;
        int64_t t = time_make(y, mo, d, h, mi, sec, ns);
        if (t == TIME_NONE || __builtin_sub_overflow(t, zone_sec * NS_PER_SEC, &t))
                return TIME_NONE;
        return t;
}

int64_t time_parse_epoch(struct span s) {
        const char *p = s.p, *end = s.p + s.len;
        int64_t sec = 0, ns;
        uint32_t frac = 0;
        unsigned n = 0;

        while (p < end && *p >= '0' && *p <= '9' && n < 12) {
                sec = sec * 10 + (*p++ - '0');
                n++;
        }
        if (n == 0)
                return TIME_NONE;
        if (take(&p, end, '.') && !fraction(&p, end, &frac))
                return TIME_NONE;
        if (p != end || __builtin_mul_overflow(sec, NS_PER_SEC, &ns) ||
            __builtin_add_overflow(ns, frac, &ns))
                return TIME_NONE;
        return ns;
}

size_t time_format(char *to, int64_t ns, unsigned frac) {
        int64_t sec = ns / NS_PER_SEC, rest = ns % NS_PER_SEC, year;
        unsigned month, day;

        if (rest < 0) {
                rest += NS_PER_SEC;
                sec--;
        }
        int64_t days = sec / 86400, tod = sec % 86400;
        if (tod < 0) {
                tod += 86400;
                days--;
        }
        time_civil(days, &year, &month, &day);
        int n = snprintf(to, 36, "%04d-%02u-%02uT%02u:%02u:%02u", (int)year, month, day,
                         (unsigned)(tod / 3600), (unsigned)(tod / 60 % 60), (unsigned)(tod % 60));
        size_t o = (size_t)n;
        if (frac > 9)
                frac = 9;
        if (frac) {
                to[o++] = '.';
                int64_t scale = 100000000;
                for (unsigned i = 0; i < frac; i++, scale /= 10)
                        to[o++] = (char)('0' + rest / scale % 10);
        }
        to[o++] = 'Z';
        to[o] = '\0';
        return o;
}

int64_t time_parse_span(struct span s) {
        int64_t v = 0, unit;
        size_t i = 0;

        while (i < s.len && i < 9 && s.p[i] >= '0' && s.p[i] <= '9')
                v = v * 10 + (s.p[i++] - '0');
        if (i == 0 || i + 1 != s.len)
                return -1;
        switch (s.p[i]) {
        case 's': unit = 1; break;
        case 'm': unit = 60; break;
        case 'h': unit = 3600; break;
        case 'd': unit = 86400; break;
        case 'w': unit = 7 * 86400; break;
        case 'M': unit = 30 * 86400; break;
        case 'y': unit = 365 * 86400; break;
        default: return -1;
        }
        int64_t ns;
        if (__builtin_mul_overflow(v * unit, NS_PER_SEC, &ns))
                return -1;
        return ns;
}

/* See text.h.
 *
 * Widths follow what terminals do (wcwidth): combining marks none, so decomposed Vietnamese ("e" +
 * U+0323 + U+0302) takes one column; East Asian wide and fullwidth two. Table is by hand, in
 * ranges; unassigned code points count one. Everything here is linear in the text. */
#include "report/text.h"

#include "base/lang.h"
#include "base/timestamp.h"
#include "base/utf8.h"

struct range {
        uint32_t first, last;
};

static const struct range zero[] = {
        {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a},   {0x064b, 0x065f},
        {0x0e31, 0x0e31}, {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e}, {0x1160, 0x11ff},   {0x1ab0, 0x1aff},
        {0x1dc0, 0x1dff}, {0x200b, 0x200f}, {0x2060, 0x2064}, {0x20d0, 0x20ff},   {0x3099, 0x309a},
        {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0xe0100, 0xe01ef},
};

static const struct range wide[] = {
        {0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},
        {0x4e00, 0x9fff},   {0xa000, 0xa4cf},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},
        {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x1f300, 0x1f64f},
        {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
};

static bool within(const struct range *r, size_t n, uint32_t cp) {
        for (size_t i = 0; i < n; i++)
                if (cp >= r[i].first && cp <= r[i].last)
                        return true;
        return false;
}

unsigned text_cp_width(uint32_t cp) {
        if (cp < 0x300)
                return 1;
        if (within(zero, ARRAY_LEN(zero), cp))
                return 0;
        return within(wide, ARRAY_LEN(wide), cp) ? 2 : 1;
}

/* One step: bytes taken, columns needed. */
static size_t step(struct span s, size_t at, unsigned *ret_width) {
        uint32_t cp;
        unsigned n = utf8_next(s.p + at, s.len - at, &cp);

        *ret_width = n ? text_cp_width(cp) : 1;
        return n ? n : 1;
}

size_t text_width(struct span s) {
        size_t columns = 0;
        unsigned w;

        for (size_t i = 0; i < s.len; i += step(s, i, &w), columns += w)
                ;
        return columns;
}

/* Bytes of `s` that fit in `columns`. */
static size_t fit(struct span s, size_t columns, size_t *ret_used) {
        size_t i = 0, used = 0;

        while (i < s.len) {
                unsigned w;
                size_t n = step(s, i, &w);

                if (used + w > columns)
                        break;
                used += w;
                i += n;
        }
        *ret_used = used;
        return i;
}

void text_clean(struct buf *b, struct span s, size_t max) {
        if (s.len > max) {
                s.len = max;
                while (s.len && max - s.len < 3 && ((unsigned char)s.p[s.len] & 0xc0) == 0x80)
                        s.len--;
        }
        buf_term(b, s);
}

size_t text_cut(struct buf *b, struct span s, size_t columns) {
        size_t used, n = fit(s, columns, &used);

        if (n == s.len || columns == 0) {
                buf_add(b, s.p, n);
                return used;
        }
        n = fit(s, columns - 1, &used);
        buf_add(b, s.p, n);
        buf_str(b, "…");
        return used + 1;
}

size_t text_cut_front(struct buf *b, struct span s, size_t columns) {
        size_t all = text_width(s), i = 0;
        unsigned w;

        if (all <= columns || columns == 0)
                return text_cut(b, s, columns);
        while (i < s.len && all > columns - 1) {
                i += step(s, i, &w);
                all -= w;
        }
        /* A combining mark must not land on the ellipsis. */
        while (i < s.len) {
                size_t n = step(s, i, &w);
                if (w)
                        break;
                i += n;
        }
        buf_str(b, "…");
        buf_add(b, s.p + i, s.len - i);
        return all + 1;
}

void text_pad(struct buf *b, size_t n) {
        static const char blanks[] = "                                ";

        while (n) {
                size_t k = MIN(n, sizeof(blanks) - 1);
                buf_add(b, blanks, k);
                n -= k;
        }
}

struct span text_wrap(struct span *s, size_t columns) {
        size_t used, n = fit(*s, MAX(columns, (size_t)2), &used), take = n;

        if (n < s->len && s->p[n] != ' ')
                for (size_t i = n; i > n / 2; i--)
                        if (s->p[i - 1] == ' ') {
                                take = i;
                                break;
                        }
        struct span line = span_of(s->p, take);

        *s = span_of(s->p + take, s->len - take);
        while (s->len && *s->p == ' ')
                s->p++, s->len--;
        while (line.len && line.p[line.len - 1] == ' ')
                line.len--;
        return line;
}

void text_number(struct buf *b, uint64_t n) {
        char digits[32];
        int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);

        for (int i = 0; i < len; i++) {
                if (i && (len - i) % 3 == 0)
                        buf_char(b, tr(',', '.'));
                buf_char(b, digits[i]);
        }
}

void text_count(struct buf *b, uint64_t n, const char *one, const char *many, const char *vi) {
        text_number(b, n);
        buf_char(b, ' ');
        buf_str(b, lang_current == LANG_VI ? vi : n == 1 ? one : many);
}

static void tenths(struct buf *b, uint64_t n) {
        text_number(b, n / 10);
        if (n / 10 < 1000) {
                buf_char(b, tr('.', ','));
                buf_char(b, (char)('0' + n % 10));
        }
}

void text_bytes(struct buf *b, uint64_t n) {
        static const char *const units[] = {"kB", "MB", "GB", "TB", "PB"};
        uint64_t unit = 1000;
        size_t i = 0;

        if (n < 1000) {
                text_count(b, n, "byte", "bytes", "byte");
                return;
        }
        while (i + 1 < ARRAY_LEN(units) && n / unit >= 1000) {
                unit *= 1000;
                i++;
        }
        tenths(b, (n + unit / 20) / (unit / 10));
        buf_char(b, ' ');
        buf_str(b, units[i]);
}

void text_duration(struct buf *b, int64_t ns) {
        uint64_t ms = ns < 0 ? 0 : (uint64_t)ns / 1000000, s = ms / 1000;

        if (s < 10)
                buf_printf(b, "%u%c%02u %s", (unsigned)s, tr('.', ','), (unsigned)(ms % 1000 / 10),
                           tr("s", "giây"));
        else if (s < 60)
                buf_printf(b, "%u%c%u %s", (unsigned)s, tr('.', ','), (unsigned)(ms % 1000 / 100),
                           tr("s", "giây"));
        else if (s < 3600)
                buf_printf(b, tr("%u min %02u s", "%u phút %02u giây"), (unsigned)(s / 60),
                           (unsigned)(s % 60));
        else
                buf_printf(b, tr("%llu h %02u min", "%llu giờ %02u phút"),
                           (unsigned long long)(s / 3600), (unsigned)(s % 3600 / 60));
}

/* "2026-11-17 20:09:41" */
static size_t moment(char to[static 40], int64_t ns) {
        size_t n = time_format(to, ns, 0);

        for (size_t i = 0; i < n; i++)
                if (to[i] == 'T')
                        to[i] = ' ';
        return n ? n - 1 : 0; /* without the Z */
}

void text_times(struct buf *b, int64_t first, int64_t last) {
        char from[40], to[40];

        if (first == TIME_NONE)
                return;
        size_t n = moment(from, first), m = last == TIME_NONE ? 0 : moment(to, last);
        buf_add(b, from, n);
        if (m != n || memcmp(from, to, n) == 0)
                return;
        size_t same = memcmp(from, to, 10) == 0 ? 11 : memcmp(from, to, 5) == 0 ? 5 : 0;
        buf_str(b, " – ");
        buf_add(b, to + same, m - same);
}

/* See csv.h. A row's line number is that of its first line, as an editor shows it; lines within quotes count. */
#include "base/csv.h"

void csv_init(struct csv *c, char *text, size_t len) {
        *c = (struct csv){text, text + len, 1, ','};
        if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
                c->p += 3;
        const char *nl = memchr(c->p, '\n', (size_t)(c->end - c->p));
        size_t first = (size_t)((nl ? nl : c->end) - c->p);
        /* Spreadsheets of this country write semicolons. */
        if (memchr(c->p, ';', first) && !memchr(c->p, ',', first))
                c->comma = ';';
        else if (memchr(c->p, '\t', first) && !memchr(c->p, ',', first))
                c->comma = '\t';
}

/* A quoted field, its quotes taken away: 0 or -EINVAL. p is behind it. */
static int quoted(struct csv *c, struct span *ret) {
        char *to = ++c->p, *from = to;

        *ret = span_of(to, 0);
        for (; from < c->end; from++) {
                if (*from == '"' && from + 1 < c->end && from[1] == '"')
                        from++;
                else if (*from == '"')
                        break;
                if (*from == '\n')
                        c->line++;
                *to++ = *from;
        }
        c->p = from;
        if (from == c->end)
                return -EINVAL;
        c->p++;
        ret->len = (size_t)(to - ret->p);
        if (c->p < c->end && *c->p == '\r' && c->p + 1 < c->end && c->p[1] == '\n')
                c->p++;
        return c->p == c->end || *c->p == '\n' || *c->p == c->comma ? 0 : -EINVAL;
}

static void plain(struct csv *c, struct span *ret) {
        char *from = c->p;

        while (c->p < c->end && *c->p != c->comma && *c->p != '\n')
                c->p++;
        *ret = span_of(from, (size_t)(c->p - from));
        if (ret->len && (c->p == c->end || *c->p == '\n') && ret->p[ret->len - 1] == '\r')
                ret->len--;
}

static void pass_over(struct csv *c) {
        while (c->p < c->end && *c->p != '\n')
                c->p++;
        if (c->p < c->end)
                c->p++;
        c->line++;
}

/* The fields of a row that begins here; p is at its end. */
static int row(struct csv *c, struct span fields[CSV_FIELDS_MAX], unsigned *ret_n) {
        unsigned n = 0;

        for (;;) {
                if (n == CSV_FIELDS_MAX)
                        return -E2BIG;
                if (c->p < c->end && *c->p == '"') {
                        int r = quoted(c, &fields[n]);

                        if (r < 0)
                                return r;
                } else {
                        plain(c, &fields[n]);
                }
                n++;
                if (c->p == c->end || *c->p == '\n')
                        break;
                c->p++; /* the comma */
        }
        *ret_n = n;
        return 0;
}

int csv_next(struct csv *c, struct span fields[CSV_FIELDS_MAX], unsigned *ret_n,
             unsigned *ret_line) {
        while (c->p < c->end) {
                bool empty = true;
                unsigned n = 0;

                *ret_line = c->line;
                int r = row(c, fields, &n);
                pass_over(c);
                for (unsigned i = 0; i < n; i++)
                        empty = empty && span_trim(fields[i]).len == 0;
                if (r == 0 && empty)
                        continue;
                *ret_n = n;
                return r < 0 ? r : 1;
        }
        return 0;
}

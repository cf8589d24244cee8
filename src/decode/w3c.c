/* W3C extended log files: IIS, and proxies that follow it (Blue Coat, Squid, ISA and TMG).
 *
 *     #Software: Microsoft Internet Information Services 10.0
 *
 *     #Date: 2026-01-01 00:00:00
 *
 *     #Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port … cs(User-Agent) sc-status
 *
 *     2026-01-01 00:00:01 10.0.0.1 GET /a b=c 443 … Mozilla/5.0+(…) 200
 *
 * Fields bear the names of the latest `#Fields:` line; '-' is a field without a value. Values are
 * parted by blanks, or by tabs when the `#Fields:` line is; a value in quotes may hold blanks. IIS
 * writes '+' for a blank in the user agent, and the request target in parts: so the agent gets a
 * second value with blanks, targets a second value decoded, and `cs-uri` is made of stem and query
 * where the log has none, since rules look for paths with their queries.
 *
 * `date` and `time` are UTC (the standard says so); a log without `date` takes that of the latest
 * `#Date:`. */
#include <stdlib.h>

#include "decode/scan.h"
#include "decode/uri.h"

#define COLUMNS_MAX 256u

enum column_kind { COL_PLAIN, COL_DATE, COL_TIME, COL_AGENT, COL_URI, COL_STEM, COL_QUERY };

struct w3c {
        struct span name[COLUMNS_MAX]; /* in the batch */
        uint8_t kind[COLUMNS_MAX];
        unsigned n;
        char separator;
        bool has_uri, has_stem, has_date;
        struct span date; /* of #Date: */
};

static void *w3c_new(void) {
        return calloc(1, sizeof(struct w3c));
}

static void w3c_free(void *priv) {
        free(priv);
}

static enum column_kind kind_of(struct span name) {
        static const struct {
                struct span name;
                enum column_kind kind;
        } known[] = {
                {{"date", 4}, COL_DATE},
                {{"time", 4}, COL_TIME},
                {{"cs(User-Agent)", 14}, COL_AGENT},
                {{"cs-uri", 6}, COL_URI},
                {{"c-uri", 5}, COL_URI},
                {{"cs-uri-stem", 11}, COL_STEM},
                {{"cs-uri-path", 11}, COL_STEM},
                {{"cs-uri-query", 12}, COL_QUERY},
        };

        for (size_t i = 0; i < ARRAY_LEN(known); i++)
                if (span_ieq(name, known[i].name))
                        return known[i].kind;
        return COL_PLAIN;
}

static void read_fields(struct w3c *w, struct span list) {
        struct span name;

        w->n = 0;
        w->has_uri = w->has_stem = w->has_date = false;
        w->separator = memchr(list.p, '\t', list.len) ? '\t' : ' ';
        while (w->n < COLUMNS_MAX && scan_to(&list, w->separator, &name)) {
                name = span_trim(name);
                if (name.len == 0)
                        continue;
                enum column_kind k = kind_of(name);
                w->has_uri |= k == COL_URI;
                w->has_stem |= k == COL_STEM;
                w->has_date |= k == COL_DATE;
                w->kind[w->n] = (uint8_t)k;
                w->name[w->n++] = name;
        }
}

/* A line that begins with '#'. */
static void directive(struct w3c *w, struct span line) {
        if (scan_word(&line, SPAN("#Fields:")))
                read_fields(w, span_trim(line));
        else if (scan_word(&line, SPAN("#Date:")))
                w->date = span_of(span_trim(line).p, MIN(span_trim(line).len, (size_t)10));
}

static void w3c_begin(struct decode_state *s) {
        struct w3c *w = s->priv;
        struct span rest = s->b.preamble, line;

        w->n = 0;
        w->separator = ' ';
        w->has_uri = w->has_stem = w->has_date = false;
        w->date = SPAN_NONE;
        while (scan_to(&rest, '\n', &line))
                directive(w, line);
}

/* When records were skipped, so were the header lines among them: the latest before `to` count. */
static void w3c_skip(struct decode_state *s) {
        struct span p = s->b.payload, rest, line;
        const char *nl = memchr(p.p + s->pos, '\n', p.len - s->pos);

        s->pos = nl ? (size_t)(nl + 1 - p.p) : p.len;
        rest = span_of(p.p, s->pos);
        while (scan_to(&rest, '\n', &line)) {
                scan_zeros(&line);
                if (line.len && *line.p == '#')
                        directive(s->priv, line);
        }
}

static bool next_value(struct span *rest, char separator, struct span *ret) {
        if (separator == ' ')
                while (rest->len && *rest->p == ' ')
                        scan_skip(rest, 1);
        if (rest->len > 1 && *rest->p == '"') {
                const char *q = memchr(rest->p + 1, '"', rest->len - 1);
                size_t n = q ? (size_t)(q + 1 - rest->p) : 0;
                if (q && (n == rest->len || rest->p[n] == separator)) {
                        *ret = span_of(rest->p + 1, n - 2);
                        scan_skip(rest, MIN(n + 1, rest->len));
                        return true;
                }
        }
        return scan_to(rest, separator, ret);
}

static void add_agent(struct decode_state *s, struct event *e, struct span name, struct span v) {
        char *to;

        if (!memchr(v.p, '+', v.len) || memchr(v.p, ' ', v.len) ||
            !(to = arena_alloc(&s->arena, v.len))) {
                scan_add(s, e, name, v);
                return;
        }
        for (size_t i = 0; i < v.len; i++)
                to[i] = v.p[i] == '+' ? ' ' : v.p[i];
        uri_add_two(s, e, name, v, span_of(to, v.len));
}

/* cs-uri from its parts. */
static void add_uri(struct decode_state *s, struct event *e, struct span stem, struct span query) {
        if (query.len == 0 || scan_is(query, '-')) {
                uri_add(s, e, SPAN("cs-uri"), stem, false);
                return;
        }
        char *to = arena_alloc(&s->arena, stem.len + 1 + query.len);
        if (!to)
                return;
        memcpy(to, stem.p, stem.len);
        to[stem.len] = '?';
        memcpy(to + stem.len + 1, query.p, query.len);
        uri_add(s, e, SPAN("cs-uri"), span_of(to, stem.len + 1 + query.len), true);
}

static int64_t time_of(struct span date, struct span time) {
        char both[64];

        if (date.len != 10 || time.len < 5 || time.len > 32)
                return TIME_NONE;
        memcpy(both, date.p, 10);
        both[10] = ' ';
        memcpy(both + 11, time.p, time.len);
        return time_parse_iso(span_of(both, 11 + time.len), 0);
}

static void read_record(struct decode_state *s, struct event *e, struct span line) {
        struct w3c *w = s->priv;
        struct span v, date = w->has_date ? SPAN_NONE : w->date, time = SPAN_NONE, stem = SPAN_NONE;
        struct span query = SPAN_NONE;
        unsigned i = 0;

        for (; next_value(&line, w->separator, &v); i++) {
                if (i >= w->n) { /* more values than names: nothing is lost, but nobody knows what
                                    it is */
                        scan_add(s, e, SPAN("extra"), v);
                        continue;
                }
                switch (w->kind[i]) {
                case COL_AGENT: add_agent(s, e, w->name[i], v); continue;
                case COL_URI:
                case COL_QUERY: uri_add(s, e, w->name[i], v, true); break;
                case COL_STEM: uri_add(s, e, w->name[i], v, false); break;
                default: scan_add(s, e, w->name[i], v);
                }
                if (w->kind[i] == COL_DATE)
                        date = v;
                else if (w->kind[i] == COL_TIME)
                        time = v;
                else if (w->kind[i] == COL_STEM)
                        stem = v;
                else if (w->kind[i] == COL_QUERY)
                        query = v;
        }
        if (stem.len && !w->has_uri && !scan_is(stem, '-'))
                add_uri(s, e, stem, query);
        e->time = time_of(date, time);
}

static enum decode_result w3c_next(struct decode_state *s, struct event *e,
                                   struct decode_error *err) {
        struct w3c *w = s->priv;
        struct span line;

        for (;;) {
                if (!decode_line(s, e, &line))
                        return DECODE_END;
                if (line.len && *line.p == '#')
                        directive(w, line);
                else if (span_trim(line).len)
                        break;
        }
        e->kind = EVENT_W3C;
        if (w->n == 0)
                field_add(s, e, SPAN("message"), line, V_STR);
        else
                read_record(s, e, line);
        return DECODE_EVENT;
}

const struct format_ops format_w3c = {
        .new = w3c_new,
        .free = w3c_free,
        .begin = w3c_begin,
        .next = w3c_next,
        .skip = w3c_skip,
};

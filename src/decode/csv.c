/* Comma-separated values (RFC 4180) with a header; also with ';', tab or '|', whichever the header
 * has most of.
 *
 * The first record of the input names the fields; later batches have it as their preamble. A quoted
 * value may hold the delimiter, quotes ("") and line ends: where a record ends is decided in
 * csv_frame.c, for the framer too. An empty cell is a field without a value, "" an empty string;
 * more cells than names are `extra`. */
#include <stdlib.h>

#include "decode/csv_frame.h"
#include "decode/linetime.h"
#include "decode/scan.h"

#define COLUMNS_MAX 2048u

struct csv {
        struct span name[COLUMNS_MAX]; /* in the batch or its arena */
        unsigned n;
        char delimiter;
        bool headed;
};

static void *csv_new(void) {
        return calloc(1, sizeof(struct csv));
}

static void csv_free(void *priv) {
        free(priv);
}

/* The next cell of a record whose line end is off. False behind the last. *ret_bare: not quoted. */
static bool next_cell(struct span *rest, char delimiter, struct arena *a, struct span *ret,
                      bool *ret_bare) {
        if (!rest->p)
                return false;
        const char *p = rest->p, *end = p + rest->len, *close = NULL;

        if (p < end && *p == '"')
                for (close = p + 1; close < end; close++) {
                        if (*close != '"')
                                continue;
                        if (close + 1 < end && close[1] == '"')
                                close++;
                        else
                                break;
                }
        *ret_bare = !close || close >= end; /* a quote that never closes is text */
        const char *from = *ret_bare ? p : close + 1;
        const char *stop = memchr(from, delimiter, (size_t)(end - from));
        size_t o = 0;

        *rest = stop ? span_of(stop + 1, (size_t)(end - stop - 1)) : SPAN_NONE;
        stop = stop ? stop : end;
        *ret = span_of(p, (size_t)(stop - p));
        if (*ret_bare)
                return true;
        *ret = span_of(p + 1, (size_t)(close - p - 1));
        bool clean = from == stop && !memchr(ret->p, '"', ret->len);
        char *to = clean ? NULL : arena_alloc(a, (size_t)(stop - p));
        if (!to)
                return true;
        for (const char *q = p + 1; q < close; q++) {
                to[o++] = *q;
                q += *q == '"';
        }
        memcpy(to + o, from, (size_t)(stop - from)); /* "a"b, as spreadsheets read it: ab */
        *ret = span_of(to, o + (size_t)(stop - from));
        return true;
}

static struct span without_end(struct span rec) {
        rec.len -= rec.len && rec.p[rec.len - 1] == '\n';
        rec.len -= rec.len && rec.p[rec.len - 1] == '\r';
        return rec;
}

static void read_header(struct csv *c, struct arena *a, struct span rec) {
        struct span rest = without_end(rec), v;
        bool bare;

        c->headed = true;
        for (c->n = 0; c->n < COLUMNS_MAX && next_cell(&rest, c->delimiter, a, &v, &bare); c->n++) {
                v = span_trim(v);
                c->name[c->n] = v.len ? v : SPAN("extra");
        }
}

static void csv_begin(struct decode_state *s) {
        struct csv *c = s->priv;

        c->n = 0;
        c->headed = s->b.h.offset > 3; /* 3: a byte order mark */
        c->delimiter = csv_delimiter(s->b.preamble.len ? s->b.preamble : s->b.payload);
        if (s->b.preamble.len)
                read_header(c, &s->batch_arena, s->b.preamble);
}

/* The record at pos; also sets raw and what else stands in front. */
static bool next_record(struct decode_state *s, struct event *e, struct span *ret) {
        struct csv *c = s->priv;
        struct span p = s->b.payload;

        if (s->pos >= p.len)
                return false;
        struct span left = span_of(p.p + s->pos, p.len - s->pos);
        size_t n = csv_record(left, c->delimiter, true);
        *ret = without_end(span_of(left.p, n));
        *e = (struct event){.offset = s->b.h.offset + s->pos,
                            .line = s->line,
                            .time = TIME_NONE,
                            .key2 = -1,
                            .kind = EVENT_CSV,
                            .fields = s->fields};
        s->pos += n;
        if (s->line)
                for (size_t i = 0; i < n; i++)
                        s->line += left.p[i] == '\n';
        if (ret->len > RECORD_MAX) {
                ret->len = RECORD_MAX;
                e->cut = true;
        }
        e->raw = *ret;
        return true;
}

static void csv_skip(struct decode_state *s) {
        struct csv *c = s->priv;
        struct span p = s->b.payload;
        size_t at = 0;

        /* From the start, since only so it is known what is quoted. */
        struct span head = csv_from_header(p);
        if (!c->headed && head.len) {
                head.len = csv_record(head, c->delimiter, true);
                read_header(c, &s->batch_arena, head);
                at = (size_t)(head.p + head.len - p.p);
        }
        while (at < s->pos)
                at += csv_record(span_of(p.p + at, p.len - at), c->delimiter, true);
        s->pos = at;
}

static enum decode_result csv_next(struct decode_state *s, struct event *e,
                                   struct decode_error *err) {
        struct csv *c = s->priv;
        struct span rec, v;
        bool bare;

        for (;;) {
                if (!next_record(s, e, &rec))
                        return DECODE_END;
                if (span_trim(rec).len == 0)
                        continue;
                if (c->headed)
                        break;
                read_header(c, &s->batch_arena, rec);
        }
        for (unsigned i = 0; next_cell(&rec, c->delimiter, &s->arena, &v, &bare); i++) {
                struct span name = i < c->n ? c->name[i] : SPAN("extra");
                bool ok;
                if (v.len == 0)
                        ok = field_add(s, e, name, span_of("", 0), bare ? V_NULL : V_STR);
                else
                        ok = field_add(s, e, name, v, scan_is_number(v) ? V_NUM : V_STR);
                if (!ok)
                        break;
        }
        return DECODE_EVENT;
}

const struct format_ops format_csv = {
        .new = csv_new,
        .free = csv_free,
        .begin = csv_begin,
        .next = csv_next,
        .skip = csv_skip,
};

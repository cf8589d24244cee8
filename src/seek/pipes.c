/* What stands behind '|' in a query: count, top, timeline (one of them), fields, sort, limit. See
 * query.h. */
#include <stdlib.h>

#include "base/lang.h"
#include "base/timestamp.h"
#include "seek/query_impl.h"

/* A word of a pipe: up to a blank, ',' or '|'; "…" may hold any of them. */
static struct span take_word(struct query_parser *p) {
        query_blanks(p);
        size_t start = p->at;

        if (p->at < p->text.len && p->text.p[p->at] == '"') {
                const char *end = memchr(p->text.p + start + 1, '"', p->text.len - start - 1);
                if (end) {
                        p->at = (size_t)(end - p->text.p) + 1;
                        return span_of(p->text.p + start + 1, p->at - start - 2);
                }
        }
        while (p->at < p->text.len && (unsigned char)p->text.p[p->at] > ' ' &&
               p->text.p[p->at] != ',' && p->text.p[p->at] != '|')
                p->at++;
        return span_of(p->text.p + start, p->at - start);
}

static bool take_names(struct query_parser *p, struct span *to, uint32_t *n) {
        for (;;) {
                struct span name = take_word(p);

                if (name.len == 0) {
                        query_wrong(p, p->at, "%s",
                                    tr("a field's name is expected", "cần tên một trường"));
                        return false;
                }
                if (*n == QUERY_NAMES_MAX) {
                        query_wrong(p, p->at, tr("more than %u fields", "quá %u trường"),
                                    QUERY_NAMES_MAX);
                        return false;
                }
                to[(*n)++] = name;
                query_blanks(p);
                if (p->at >= p->text.len || p->text.p[p->at] != ',')
                        return true;
                p->at++;
        }
}

static bool number(struct span s, uint64_t *ret) {
        uint64_t v = 0;

        for (size_t i = 0; i < s.len; i++) {
                if (s.p[i] < '0' || s.p[i] > '9' || v > UINT64_MAX / 20)
                        return false;
                v = v * 10 + (uint64_t)(s.p[i] - '0');
        }
        *ret = v;
        return s.len > 0;
}

static bool gathers(struct query_parser *p, size_t at, enum pipe_kind kind) {
        if (p->q->gather != PIPE_NONE)
                query_wrong(p, at, "%s",
                            tr("only one of count, top and timeline",
                               "chỉ một trong count, top và timeline"));
        p->q->gather = kind;
        return !p->failed;
}

static void pipe_count(struct query_parser *p, size_t at) {
        if (!gathers(p, at, PIPE_COUNT))
                return;
        size_t before = p->at;
        if (span_eq(take_word(p), SPAN("by")))
                take_names(p, p->q->by, &p->q->n_by);
        else
                p->at = before;
}

/* top N FIELD…: the N most frequent. */
static void pipe_top(struct query_parser *p, size_t at) {
        if (!gathers(p, at, PIPE_TOP))
                return;
        size_t before = p->at;
        uint64_t n = 10;
        if (!number(take_word(p), &n))
                p->at = before;
        before = p->at;
        if (!span_eq(take_word(p), SPAN("by")))
                p->at = before;
        if (take_names(p, p->q->by, &p->q->n_by))
                p->q->limit = n;
}

static void pipe_timeline(struct query_parser *p, size_t at) {
        if (!gathers(p, at, PIPE_TIMELINE))
                return;
        size_t before = p->at;
        struct span s = take_word(p);
        p->q->step = s.len ? time_parse_span(s) : INT64_C(3600) * NS_PER_SEC;
        if (p->q->step <= 0)
                query_wrong(p, before, "%s",
                            tr("a span such as 5m, 1h or 1d is expected",
                               "cần khoảng thời gian như 5m, 1h hoặc 1d"));
}

static void pipe_sort(struct query_parser *p) {
        struct span name = take_word(p);

        if (name.len > 1 && name.p[0] == '-') {
                p->q->descending = true;
                name = span_of(name.p + 1, name.len - 1);
        }
        if (name.len == 0)
                query_wrong(p, p->at, "%s", tr("a field's name is expected", "cần tên một trường"));
        p->q->sort = name;
}

static void pipe_limit(struct query_parser *p) {
        size_t at = p->at;

        if (!number(take_word(p), &p->q->limit))
                query_wrong(p, at, "%s", tr("a number is expected", "cần một số"));
}

void query_pipes(struct query_parser *p) {
        for (;;) {
                query_blanks(p);
                if (p->failed || p->at >= p->text.len)
                        return;
                size_t at = p->at;
                if (p->text.p[p->at] != '|') {
                        query_wrong(p, at, "%s", tr("'|' is expected", "cần '|'"));
                        return;
                }
                p->at++;
                struct span word = take_word(p);
                if (span_eq(word, SPAN("count")))
                        pipe_count(p, at);
                else if (span_eq(word, SPAN("top")))
                        pipe_top(p, at);
                else if (span_eq(word, SPAN("timeline")))
                        pipe_timeline(p, at);
                else if (span_eq(word, SPAN("fields")))
                        take_names(p, p->q->fields, &p->q->n_fields);
                else if (span_eq(word, SPAN("sort")))
                        pipe_sort(p);
                else if (span_eq(word, SPAN("limit")))
                        pipe_limit(p);
                else
                        query_wrong(p, at,
                                    tr("'|' is followed by count, top, timeline, fields, sort or "
                                       "limit",
                                       "sau '|' là count, top, timeline, fields, sort hoặc limit"));
        }
}

/* See request.h. A head ends with an empty line (CR LF, or LF alone, as RFC 9112 allows a reader).
 * Only the request line is looked at: method, path, version. Header lines decide nothing here, and a
 * body is not read: the answer closes the connection. */
#include "console/request.h"

/* Linear over all calls: of what was looked at before only the last three bytes count again. */
static bool has_end(struct span head, size_t seen) {
        for (size_t i = seen > 3 ? seen - 3 : 0; i < head.len; i++) {
                if (head.p[i] != '\n')
                        continue;
                if (i + 1 < head.len && head.p[i + 1] == '\n')
                        return true;
                if (i + 2 < head.len && head.p[i + 1] == '\r' && head.p[i + 2] == '\n')
                        return true;
        }
        return false;
}

static struct span word(struct span *line) {
        const char *blank = memchr(line->p, ' ', line->len);
        size_t n = blank ? (size_t)(blank - line->p) : line->len;
        struct span w = span_of(line->p, n);

        *line = span_of(line->p + n, line->len - n);
        if (line->len)
                *line = span_of(line->p + 1, line->len - 1);
        return w;
}

static enum request_page page_of(struct span target) {
        const char *question = memchr(target.p, '?', target.len);

        if (question)
                target.len = (size_t)(question - target.p);
        if (span_eq(target, SPAN("/metrics")))
                return PAGE_METRICS;
        return span_eq(target, SPAN("/healthz")) ? PAGE_HEALTH : PAGE_NONE;
}

int request_parse(struct span head, size_t seen, struct request *ret) {
        if (!has_end(head, seen))
                return -EAGAIN;
        const char *nl = memchr(head.p, '\n', head.len);
        size_t n = (size_t)(nl - head.p);
        struct span line = span_of(head.p, n && head.p[n - 1] == '\r' ? n - 1 : n);
        struct span method = word(&line), target = word(&line), version = line;

        *ret = (struct request){.page = PAGE_NONE, .status = 400};
        if (method.len == 0 || target.len == 0 || !span_starts(version, SPAN("HTTP/")))
                return 0;
        if (!span_eq(version, SPAN("HTTP/1.1")) && !span_eq(version, SPAN("HTTP/1.0"))) {
                ret->status = 505;
                return 0;
        }
        ret->head = span_eq(method, SPAN("HEAD"));
        if (!ret->head && !span_eq(method, SPAN("GET"))) {
                ret->status = 405;
                return 0;
        }
        ret->page = page_of(target);
        ret->status = ret->page == PAGE_NONE ? 404 : 200;
        return 0;
}

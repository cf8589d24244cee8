/* OTLP over HTTP: /v1/logs. The body is small by its senders' habit and is held whole; its records are
 * made one by one, as slots and turns allow. What was too long is told as a partial success. Small
 * parts can cost much: a tree of JSON is many times its text, and what a resource says stands in each of
 * its records. So trees are opened while there is memory for them, and one request gives only so much. */
#include <stdio.h>
#include <stdlib.h>

#include "ingest/http_impl.h"

void http_otlp_feed(struct request *r, struct span piece) {
        if (r->carry_len + piece.len > HTTP_OTLP_MAX) {
                r->status = 413;
                r->what = "request is too large";
                return;
        }
        if (r->carry_len + piece.len > r->carry_cap) {
                size_t cap =
                        MAX(r->carry_cap * 2, (r->carry_len + piece.len + 16383) & ~(size_t)16383);
                char *p = NULL;

                if (http_charge(r, cap - r->carry_cap)) {
                        p = realloc(r->carry, cap);
                        if (!p)
                                http_discharge(r, cap - r->carry_cap);
                }
                if (!p) {
                        r->status = 429;
                        r->what = "too much is held for others: later again";
                        return;
                }
                r->carry = p;
                r->carry_cap = cap;
        }
        memcpy(r->carry + r->carry_len, piece.p, piece.len);
        r->carry_len += piece.len;
}

/* One record, rendered in r->record. 0 or SERVE_E_STALLED. */
static int take_record(struct request *r) {
        struct source_counters *c = r->source->counters;
        struct span bytes = buf_get(&r->record);
        uint64_t seq;

        if (r->record.failed || bytes.len > r->source->record_max) {
                counter_add(&c->refused, 1);
                r->rejected++;
                http_complain(r, "record is longer than 256 KiB");
                return 0;
        }
        struct serve_item x = {.source = r->source,
                               .peer = &r->from,
                               .bytes = bytes,
                               .flags = RECORD_CONVERTED,
                               .format = FORMAT_JSON};
        int got = serve_record(r->http->serve, &x, &seq);
        if (got != 0)
                return got;
        source_charge(r->source, 1, bytes.len);
        r->last_seq = seq;
        r->any = true;
        return 0;
}

static void close_tree(struct request *r) {
        r->otlp = otlp_free(r->otlp);
        r->http->trees -= r->tree;
        r->tree = 0;
}

/* One is opened in any case: a body says how large its tree may become. */
static void open_tree(struct request *r) {
        struct http *h = r->http;
        struct span body = span_of(r->carry, r->carry_len);
        size_t tree = r->json ? otlp_json_memory(body) : 0;

        if (!http_turn(r) || (h->trees && tree && h->trees + tree > HTTP_TREES_MAX)) {
                r->yielded = true;
                return;
        }
        http_spend(r, body.len);
        int got = otlp_new(&r->otlp, body, r->json, &r->what);
        if (got < 0) {
                r->status = got == -ENOMEM ? 503 : 400;
                if (got == -ENOMEM)
                        r->what = "out of memory";
                return;
        }
        r->tree = tree;
        h->trees += tree;
}

/* What one record cost, or would have. false: no more of this request now. */
static bool afford(struct request *r) {
        r->rendered += r->record.len;
        http_spend(r, r->record.len);
        if (r->rendered > HTTP_OTLP_RENDERED) {
                close_tree(r);
                r->status = 413;
                r->what = "its records repeat too much of what they share";
                return false;
        }
        r->yielded = !http_turn(r);
        return !r->yielded;
}

void http_otlp_go_on(struct request *r) {
        /* Before the body is whole there is nothing to do; a request without a slot holds no tree. */
        bool yielded = r->yielded;

        r->yielded = false;
        if (!r->body_done)
                return;
        if (!r->otlp && r->http->serve->stalled) {
                r->stalled = true;
                return;
        }
        if (!r->otlp) {
                open_tree(r);
                if (!r->otlp)
                        return;
        } else if (!yielded && take_record(r) != 0) { /* the one that found no slot */
                r->stalled = true;
                return;
        }
        while (otlp_next(r->otlp, &r->record)) {
                if (take_record(r) != 0) {
                        r->stalled = true;
                        return;
                }
                if (!afford(r))
                        return;
        }
        close_tree(r);
}

static const char *type_of(const struct request *r) {
        return r->json ? "application/json" : "application/x-protobuf";
}

static void pb_varint(struct buf *b, uint64_t v) {
        for (; v >= 0x80; v >>= 7)
                buf_char(b, (char)(v | 0x80));
        buf_char(b, (char)v);
}

static void pb_bytes(struct buf *b, unsigned number, struct span s) {
        pb_varint(b, number << 3 | 2);
        pb_varint(b, s.len);
        buf_span(b, s);
}

enum MHD_Result http_otlp_answer(struct request *r) {
        static const char why[] = "records longer than 256 KiB";
        _cleanup_(buf_deinit) struct buf b = {0}, part = {0};

        if (r->json && r->rejected)
                buf_printf(&b,
                           "{\"partialSuccess\":{\"rejectedLogRecords\":\"%u\","
                           "\"errorMessage\":\"%s\"}}\n",
                           r->rejected, why);
        else if (r->json)
                buf_str(&b, "{}\n");
        else if (r->rejected) {
                pb_varint(&part, 1 << 3);
                pb_varint(&part, r->rejected);
                pb_bytes(&part, 2, span_str(why));
                pb_bytes(&b, 1, buf_get(&part));
        }
        return b.failed || part.failed ? MHD_NO : http_answer(r, 200, type_of(r), buf_get(&b));
}

/* google.rpc.Status: a code of gRPC and words. */
enum MHD_Result http_otlp_refuse(struct request *r) {
        unsigned code = r->status == 401   ? 16
                        : r->status == 429 ? 8
                        : r->status == 404 ? 5
                        : r->status == 503 ? 14
                                           : 3;
        _cleanup_(buf_deinit) struct buf b = {0};

        if (r->json || r->route == ROUTE_ANSWER)
                buf_printf(&b, "{\"code\":%u,\"message\":\"%s\"}\n", code, r->what);
        else {
                pb_varint(&b, 1 << 3);
                pb_varint(&b, code);
                pb_bytes(&b, 2, span_str(r->what));
        }
        return b.failed ? MHD_NO
                        : http_answer(r, r->status,
                                      r->route == ROUTE_ANSWER ? "application/json" : type_of(r),
                                      buf_get(&b));
}

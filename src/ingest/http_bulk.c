/* Elasticsearch's bulk API: items into records, and an answer with a line for each. What became of an
 * item is kept in few bytes until all is durable; the answer is rendered from it piece by piece while
 * it is sent. */
#include <stdio.h>
#include <stdlib.h>

#include "base/timestamp.h"
#include "ingest/http_impl.h"

struct result {
        uint64_t seq;
        uint16_t status, index_len, id_len;
        uint8_t action, what;
};

/* Why an item was not taken: what senders look for is the type. */
static const struct {
        const char *type, *reason;
} whys[] = {
        {"", ""},
        {"illegal_argument_exception", "events are only ever added: create or index"},
        {"document_parsing_exception", "document is not a JSON object"},
        {"document_too_large_exception", "document is longer than 256 KiB"},
        {"es_rejected_execution_exception", "the source sends more than it may: later again"},
};
enum why { WHY_NOT = 0, WHY_ACTION, WHY_DOCUMENT, WHY_LONG, WHY_RATE };

static void note_result(struct request *r, const struct bulk_item *item, unsigned status,
                        enum why what, uint64_t seq) {
        struct result x = {.seq = seq,
                           .status = (uint16_t)status,
                           .index_len = (uint16_t)item->index.len,
                           .id_len = item->id.p ? (uint16_t)item->id.len : UINT16_MAX,
                           .action = (uint8_t)item->action,
                           .what = (uint8_t)what};

        buf_add(&r->results, &x, sizeof(x));
        buf_span(&r->results, item->index);
        if (item->id.p)
                buf_span(&r->results, item->id);
        r->items++;
        if (status >= 300) {
                r->errors++;
                http_complain(r, whys[what].reason);
        }
        if (r->results.cap > r->results_cap) {
                if (!http_charge(r, r->results.cap - r->results_cap)) {
                        r->status = 429;
                        r->what = "too much is held for others: later again";
                }
                r->results_cap = r->results.cap;
        }
        if (r->results.failed) {
                r->status = 413;
                r->what = "too many items in one request";
        }
}

/* 0 or SERVE_E_STALLED. */
static int take_item(struct request *r, const struct bulk_item *item) {
        struct serve *s = r->http->serve;
        struct source_counters *c = r->source->counters;
        uint64_t seq;

        if (item->status) {
                enum why what = item->status == 413 ? WHY_LONG
                                : item->action == BULK_UPDATE || item->action == BULK_DELETE
                                        ? WHY_ACTION
                                        : WHY_DOCUMENT;
                counter_add(&c->refused, 1);
                note_result(r, item, item->status, what, 0);
                return 0;
        }
        if (item->document.len > r->source->record_max) {
                counter_add(&c->refused, 1);
                note_result(r, item, 413, WHY_LONG, 0);
                return 0;
        }
        if (source_wait(r->source, s->now) > 0) {
                counter_add(&c->limited, 1);
                note_result(r, item, 429, WHY_RATE, 0);
                return 0;
        }
        struct serve_item x = {.source = r->source,
                               .peer = &r->from,
                               .bytes = item->document,
                               .format = r->source->format != FORMAT_UNKNOWN ? r->source->format
                                                                             : FORMAT_JSON,
                               .id = item->id};
        int got = serve_record(s, &x, &seq);
        if (got != 0)
                return got;
        source_charge(r->source, 1, item->document.len);
        r->last_seq = seq;
        r->any = true;
        note_result(r, item, 201, WHY_NOT, seq);
        return 0;
}

static void keep_carry(struct request *r, struct span in) {
        if (in.len > r->carry_cap) {
                size_t cap = (in.len + 8191) & ~(size_t)8191;
                char *p = http_charge(r, cap - r->carry_cap) ? malloc(cap) : NULL;

                if (!p) {
                        r->status = 429;
                        r->what = "too much is held for others: later again";
                        return;
                }
                free(r->carry);
                r->carry = p;
                r->carry_cap = cap;
        }
        if (in.len)
                memcpy(r->carry, in.p, in.len);
        r->carry_len = in.len;
}

static void run(struct request *r, struct span in) {
        while (r->status == 0) {
                struct bulk before = *r->bulk;
                struct span at = in;
                struct bulk_item item;
                enum bulk_result got = bulk_next(r->bulk, &in, r->body_done, &item);

                if (got == BULK_MORE || got == BULK_END)
                        break;
                if (got == BULK_BAD) {
                        r->status = 400;
                        r->what = item.what;
                } else if (take_item(r, &item) != 0) {
                        *r->bulk = before;
                        in = at;
                        r->stalled = true;
                        break;
                }
        }
        keep_carry(r, in);
}

void http_bulk_feed(struct request *r, struct span piece) {
        struct span in = piece;

        if (r->carry_len) {
                memcpy(r->http->scratch, r->carry, r->carry_len);
                memcpy(r->http->scratch + r->carry_len, piece.p, piece.len);
                in = span_of(r->http->scratch, r->carry_len + piece.len);
        }
        run(r, in);
}

void http_bulk_go_on(struct request *r) {
        if (r->carry_len)
                memcpy(r->http->scratch, r->carry, r->carry_len);
        run(r, span_of(r->http->scratch, r->carry_len));
}

/* ---- the answer ---- */

/* "%016llx": thousands of a second. */
static void render_hex(struct buf *b, uint64_t v) {
        char text[16];

        for (unsigned i = 16; i-- > 0; v >>= 4)
                text[i] = "0123456789abcdef"[v & 15];
        buf_add(b, text, sizeof(text));
}

static void render_id(struct request *r, const struct result *x, const char *names) {
        if (x->id_len != UINT16_MAX)
                buf_json(&r->chunk, span_of(names + x->index_len, x->id_len));
        else
                render_hex(&r->chunk, x->seq);
}

static void render_item(struct request *r, const struct result *x, const char *names) {
        struct buf *b = &r->chunk;

        buf_str(b, r->said ? ",{\"" : "{\"");
        buf_str(b, bulk_action_name((enum bulk_action)x->action));
        buf_str(b, "\":{");
        if (!r->brief || x->what) {
                buf_str(b, "\"_index\":\"");
                buf_json(b, x->index_len ? span_of(names, x->index_len) : span_str(r->index));
                buf_str(b, "\",\"_id\":\"");
                render_id(r, x, names);
                buf_str(b, "\",");
        }
        if (x->what) {
                buf_printf(b, "\"status\":%u,\"error\":{\"type\":\"%s\",\"reason\":\"%s\"}}}",
                           x->status, whys[x->what].type, whys[x->what].reason);
                return;
        }
        if (!r->brief) {
                buf_str(b, "\"_version\":1,\"result\":\"created\",\"_shards\":{\"total\":1,"
                           "\"successful\":1,\"failed\":0},\"_seq_no\":");
                buf_number(b, x->seq);
                buf_str(b, ",\"_primary_term\":1,");
        }
        buf_str(b, "\"status\":");
        buf_number(b, x->status);
        buf_str(b, "}}");
}

static void render_some(struct request *r) {
        struct buf *b = &r->chunk;
        int64_t took = (r->http->serve->now - r->began) / (NS_PER_SEC / 1000);

        buf_reset(b);
        r->chunk_at = 0;
        if (r->said == 0)
                buf_printf(b, "{\"took\":%lld,\"errors\":%s,\"items\":[", (long long)took,
                           r->errors ? "true" : "false");
        while (r->said < r->items && b->len < 16384 && !b->failed) {
                struct result x;
                const char *p = r->results.p + r->results_at;

                memcpy(&x, p, sizeof(x));
                render_item(r, &x, p + sizeof(x));
                r->results_at += sizeof(x) + x.index_len + (x.id_len == UINT16_MAX ? 0 : x.id_len);
                r->said++;
        }
        if (r->said == r->items) {
                buf_str(b, "]}\n");
                r->said++; /* once */
        }
}

static ssize_t answer_more(void *ctx, uint64_t pos, char *to, size_t max) {
        struct request *r = ctx;

        (void)pos;
        if (r->chunk_at == r->chunk.len) {
                if (r->said > r->items)
                        return MHD_CONTENT_READER_END_OF_STREAM;
                render_some(r);
                if (r->chunk.failed)
                        return MHD_CONTENT_READER_END_WITH_ERROR;
        }
        size_t n = MIN(max, r->chunk.len - r->chunk_at);
        memcpy(to, r->chunk.p + r->chunk_at, n);
        r->chunk_at += n;
        return (ssize_t)n;
}

enum MHD_Result http_bulk_answer(struct request *r) {
        if (r->items == 0) {
                r->status = 400;
                r->what = "request body is required";
                return http_refuse(r);
        }
        struct MHD_Response *a =
                MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16384, answer_more, r, NULL);
        if (!a)
                return MHD_NO;
        (void)MHD_add_response_header(a, "Content-Type", "application/json");
        (void)MHD_add_response_header(a, "X-Elastic-Product", "Elasticsearch");
        enum MHD_Result ok = MHD_queue_response(r->connection, 200, a);
        MHD_destroy_response(a);
        return ok;
}

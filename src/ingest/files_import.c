/* One-off import: a file read once to its end by the framer of a hunt, so whatever a hunt reads can be
 * imported: packed, UTF-16, arrays of JSON, event log files. What comes out of it is cut into
 * records: a chunk of an event log file, a JSON value, an entry, a line.
 *
 * Its content is known as that of followed files is (files_known.c). So an import that was
 * interrupted goes on where it was, and the same file again brings nothing new.
 *
 * It is answered when its last record is durable. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "decode/evtx_frame.h"
#include "ingest/files_impl.h"
#include "os/os.h"

void files_import_free(struct serve_files *f) {
        struct import *g = &f->import;

        framer_free(g->fr);
        decoder_free(g->dec);
        free(g->slot);
        free(g->whole);
}

static ssize_t read_file(void *ctx, void *to, size_t n) {
        struct import *g = ctx;
        ssize_t r = os_pread(g->x->fd, to, n, g->read_at);

        if (r > 0)
                g->read_at += (uint64_t)r;
        return r;
}

static void rewind_to_start(struct import *g) {
        struct framer_input in = {
                .read = read_file, .ctx = g, .forced = g->x->forced, .file_time = TIME_NONE};

        if (g->x->forced == FORMAT_UNKNOWN)
                in.forced = g->x->source->format;
        g->read_at = g->base = 0;
        g->left = SPAN_NONE;
        g->ended = g->last = false;
        crypto_generichash_init(g->whole, NULL, 0, FILE_HASH);
        framer_open(g->fr, &in);
}

static bool begin(struct serve *s, struct followed *x) {
        static const struct decode_options options;
        struct import *g = &s->files->import;

        if (!g->fr)
                g->fr = framer_new();
        if (!g->dec)
                g->dec = decoder_new(&options);
        if (!g->slot)
                g->slot = aligned_alloc(64, SLOT_BYTES);
        if (!g->whole)
                g->whole = aligned_alloc(64, (sizeof(*g->whole) + 63) / 64 * 64);
        if (!g->fr || !g->dec || !g->slot || !g->whole)
                return false;
        g->x = x;
        g->m = (struct msg_imported){.type = NODE_IMPORTED, .token = x->token};
        g->end_seq = s->next_seq;
        rewind_to_start(g);
        return true;
}

static void answer(struct serve *s, struct import *g, int error) {
        struct stream *t = g->x->stream;

        if (t && t->whole) {
                stream_whole(t);
                t->whole = NULL;
        }
        g->m.error = error;
        (void)os_send(s->set.sock, &g->m, sizeof(g->m), NULL, 0);
        g->x->done = true;
        g->x->next = s->now;
        s->files->due = s->now;
        g->x = NULL;
}

void files_import_durable(struct serve *s) {
        struct import *g = &s->files->import;

        if (g->x && g->ended && g->left.len == 0 && s->durable >= g->end_seq)
                answer(s, g, 0);
}

/* ---- records ---- */

static void done_with(struct import *g, size_t n) {
        raw_pass(&g->seen, g->base, span_of(g->left.p, n));
        g->base += n;
        g->left.p += n;
        g->left.len -= n;
}

/* Given or not, it was read. */
static void pass(struct import *g, size_t n) {
        stream_pass(g->x->stream, span_of(g->left.p, n));
        done_with(g, n);
}

static enum look give(struct serve *s, struct import *g, struct span rec, uint64_t true_len,
                      enum format format, uint32_t flags) {
        struct serve_item item = {.source = g->x->source,
                                  .bytes = span_of(rec.p, MIN(rec.len, RECORD_MAX)),
                                  .true_len = MAX(true_len, (uint64_t)rec.len),
                                  .format = format,
                                  .flags = flags};

        if (rec.len == 0)
                return LOOK_DONE;
        if (files_give(s, &g->x->stream->mark, &item) != 0)
                return LOOK_STALLED;
        g->m.records++;
        g->m.bytes += rec.len;
        return LOOK_DONE;
}

/* The head of the file is no record; each chunk is one. */
static enum look give_chunks(struct serve *s, struct import *g) {
        while (g->left.len) {
                size_t head = g->base == 0 ? evtx_header_size(g->left) : 0;
                size_t n = head ? MIN(head, g->left.len) : MIN(EVTX_CHUNK, g->left.len);

                if (!head && give(s, g, span_of(g->left.p, n), n, FORMAT_EVTX, 0) != LOOK_DONE)
                        return LOOK_STALLED;
                pass(g, n);
        }
        return LOOK_DONE;
}

static enum look give_values(struct serve *s, struct import *g) {
        struct batch b = {.h = {.magic = BATCH_MAGIC,
                                .layout = BATCH_STREAM,
                                .format = FORMAT_JSON,
                                .payload_len = (uint32_t)g->left.len,
                                .file_time = TIME_NONE},
                          .payload = g->left};
        const char *start = g->left.p;
        struct decode_error err;
        struct event e;
        enum decode_result r;

        decoder_begin(g->dec, &b, 0);
        while ((r = decoder_next(g->dec, &e, &err)) != DECODE_END) {
                const char *end = start + decoder_position(g->dec);
                struct span rec = e.raw;
                enum format format = FORMAT_JSON;
                uint32_t flags = 0;

                if (r == DECODE_BAD) { /* kept, as what it is */
                        size_t at = MIN((size_t)err.offset, b.payload.len);
                        rec = span_of(start + at, MIN((size_t)err.length, b.payload.len - at));
                        format = FORMAT_TEXT;
                        flags = RECORD_MALFORMED;
                        g->m.bad++;
                        snprintf(g->m.what, sizeof(g->m.what), "%s", err.what);
                }
                uint64_t whole = rec.p < end ? (uint64_t)(end - rec.p) : rec.len;
                if (give(s, g, rec, rec.len < RECORD_MAX ? rec.len : whole, format, flags) !=
                    LOOK_DONE)
                        return LOOK_STALLED;
                if (end > g->left.p)
                        pass(g, (size_t)(end - g->left.p));
        }
        pass(g, g->left.len);
        return LOOK_DONE;
}

static enum look give_lines(struct serve *s, struct import *g) {
        uint64_t before = g->x->source->counters->received;
        enum look l = LOOK_DONE;
        size_t used = files_split(s, g->x, g->left, true, &l);

        g->m.records += g->x->source->counters->received - before;
        g->m.bytes += used;
        done_with(g, used);
        return l;
}

static enum look give_left(struct serve *s, struct import *g) {
        struct stream *t = g->x->stream;
        enum look l;

        switch (framer_format(g->fr)) {
        case FORMAT_EVTX: l = give_chunks(s, g); break;
        case FORMAT_JSON: l = give_values(s, g); break;
        default: l = give_lines(s, g); break;
        }
        t->described = t->at.offset;
        g->end_seq = s->next_seq;
        return l;
}

/* ---- where it goes on ---- */

static bool know(struct serve *s, struct import *g) {
        struct followed *x = g->x;

        if (!x->stream && !files_identify(s, x, g->left, g->last ? g->left.len : UINT64_MAX))
                return false;
        x->forced = framer_format(g->fr);
        return stream_find_format(s, x, g->left) || x->forced == FORMAT_EVTX;
}

static bool is_it(struct import *g, const struct stream *t) {
        struct span head = span_of(g->seen.head, (size_t)MIN(g->base, (uint64_t)FILE_HEAD));
        struct span tail = span_of(g->seen.tail, (size_t)MIN(g->base, (uint64_t)FILE_TAIL));
        crypto_generichash_state copy = *g->whole;
        uint8_t whole[FILE_HASH];

        crypto_generichash_final(&copy, whole, sizeof(whole));
        return files_head_is(t, head) == LIKE && files_tail_is(t, tail) &&
               (!t->at.has_whole || memcmp(whole, t->at.whole, sizeof(whole)) == 0);
}

/* What was read before is passed over. false: it is another content after all. */
static bool pass_over(struct import *g) {
        struct stream *t = g->x->stream;

        if (g->base >= t->at.offset) {
                if (g->base == 0) { /* a new one */
                        t->whole = g->whole;
                        t->whole_at = 0;
                }
                return true;
        }
        size_t n = (size_t)MIN((uint64_t)g->left.len, t->at.offset - g->base);
        if (t->described == g->base) {
                stream_describe(t, span_of(g->left.p, n));
                t->described += n;
        }
        g->m.before += n;
        crypto_generichash_update(g->whole, (const unsigned char *)g->left.p, n);
        done_with(g, n);
        if (g->base < t->at.offset)
                return true;
        if (!is_it(g, t))
                return false;
        t->whole = g->whole;
        t->whole_at = g->base;
        if (!t->raw && (t->raw = malloc(sizeof(*t->raw))))
                *t->raw = g->seen;
        return t->raw != NULL;
}

/* The next batch of the framer. LOOK_MORE: there is one. */
static enum look fetch(struct serve *s, struct import *g) {
        struct decode_error err;
        struct batch b;
        int r;

        while ((r = framer_fill(g->fr, g->slot, &err)) == FRAMER_BAD) {
                g->m.bad++;
                snprintf(g->m.what, sizeof(g->m.what), "%s", err.what);
        }
        if (r == FRAMER_BATCH && batch_view(g->slot, &b) == 0) {
                g->left = b.payload;
                g->last = b.h.flags & BATCH_LAST;
                return LOOK_MORE;
        }
        g->ended = true;
        if (r < 0)
                answer(s, g, r);
        else
                files_import_durable(s);
        return LOOK_DONE;
}

enum look files_look_import(struct serve *s, struct followed *x) {
        struct import *g = &s->files->import;

        if (x->done || (g->x && g->x != x))
                return LOOK_DONE; /* answered, or later */
        if (!g->x && !begin(s, x)) {
                g->x = x;
                g->m = (struct msg_imported){.type = NODE_IMPORTED, .token = x->token};
                answer(s, g, -ENOMEM);
                return LOOK_DONE;
        }
        if (g->ended)
                return LOOK_DONE; /* for what is not durable */
        if (g->left.len == 0 && fetch(s, g) != LOOK_MORE)
                return LOOK_DONE;
        if (g->left.len == 0)
                return LOOK_MORE;
        if (source_wait(x->source, s->now) > 0)
                return LOOK_STALLED;
        if ((!x->stream || x->stream->format == FORMAT_UNKNOWN) && !know(s, g)) {
                answer(s, g, -EINVAL);
                return LOOK_DONE;
        }
        if (!pass_over(g)) {
                files_is_unlike(s, x);
                g->m.before = 0;
                rewind_to_start(g);
                return LOOK_MORE;
        }
        if (g->left.len == 0)
                return LOOK_MORE;
        return give_left(s, g) == LOOK_STALLED ? LOOK_STALLED : LOOK_MORE;
}

/* Records out of the bytes of followed files: where one ends, what stands in front of all of them,
 * and the place of their position in the batch.
 *
 * Formats with a header (W3C, Zeek, CSV) need it wherever records of the file stand, since a batch
 * is decoded by itself. Each record therefore carries the header as it is at that point; serve puts
 * a copy of it in front of a run (RECORD_PREAMBLE).
 *
 * What is no record: blank lines, and zeros at the beginning of a line, which a writer leaves who
 * went on at its old offset after a truncation. They are passed over. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "decode/csv_frame.h"
#include "decode/detect.h"
#include "ingest/cut.h"
#include "ingest/files_impl.h"

/* ---- positions ---- */

static int touch(struct serve *s, struct mark *m) {
        char value[POSITION_VALUE_MAX];
        size_t n = m->value(m, value);
        int r = serve_position(s, span_of(m->key, m->key_len), span_of(value, n));

        if (r != 0)
                return r;
        struct serve_files *f = s->files;
        assert(f->n_touched < POSITIONS_MAX); /* there was room in the batch */
        f->touched[f->n_touched++] = m;
        m->batch = s->batch_no;
        return 0;
}

int files_give(struct serve *s, struct mark *m, const struct serve_item *item) {
        uint64_t seq;
        int r;

        if ((!s->open || m->batch != s->batch_no) && (r = touch(s, m)) != 0)
                return r;
        r = serve_record(s, item, &seq);
        if (r != 0)
                return r;
        /* It went into a new batch, which has room for a position: the value from before is put
         * right when the batch ends. */
        if (m->batch != s->batch_no)
                r = touch(s, m);
        source_charge(item->source, 1, item->bytes.len);
        return r;
}

void files_batch_ends(struct serve *s) {
        struct serve_files *f = s->files;
        char value[POSITION_VALUE_MAX];

        for (uint32_t i = 0; i < f->n_touched; i++) {
                struct mark *m = f->touched[i];
                size_t n = m->value(m, value);

                (void)records_add_position(s->builder, span_of(m->key, m->key_len),
                                           span_of(value, n));
        }
        f->n_touched = 0;
}

/* ---- content ---- */

void raw_pass(struct raw *w, uint64_t at, struct span bytes) {
        if (at < FILE_HEAD)
                memcpy(w->head + at, bytes.p, MIN(bytes.len, FILE_HEAD - (size_t)at));
        size_t had = (size_t)MIN(at, (uint64_t)FILE_TAIL);
        if (bytes.len >= FILE_TAIL) {
                memcpy(w->tail, bytes.p + bytes.len - FILE_TAIL, FILE_TAIL);
        } else {
                size_t keep = MIN(had, FILE_TAIL - bytes.len);

                memmove(w->tail, w->tail + had - keep, keep);
                memcpy(w->tail + keep, bytes.p, bytes.len);
        }
}

void stream_whole(struct stream *t) {
        if (!t->whole || t->whole_at != t->at.offset)
                return;
        crypto_generichash_state copy = *t->whole;
        crypto_generichash_final(&copy, t->at.whole, FILE_HASH);
        t->at.has_whole = true;
}

void stream_pass(struct stream *t, struct span bytes) {
        t->at.has_whole = false; /* unless all before it is known */
        if (t->whole && t->whole_at == t->at.offset) {
                crypto_generichash_update(t->whole, (const unsigned char *)bytes.p, bytes.len);
                t->whole_at += bytes.len;
        }
        raw_pass(t->raw, t->at.offset, bytes);
        t->at.offset += bytes.len;
}

void stream_describe(struct stream *t, struct span lines) {
        if (!t->pr || lines.len == 0)
                return;
        if (preamble_scan(t->pr, lines) == 0)
                t->header++;
}

static bool has_header(enum format f) {
        return f == FORMAT_CSV || f == FORMAT_W3C || f == FORMAT_ZEEK_TSV;
}

bool stream_find_format(struct serve *s, struct followed *x, struct span head) {
        struct stream *t = x->stream;
        enum format found = x->import ? x->forced : x->source->format;

        (void)s;
        if (found == FORMAT_UNKNOWN)
                found = detect_format(span_of(head.p, MIN(head.len, DETECT_BYTES)),
                                      head.len < DETECT_BYTES);
        if (found == FORMAT_UNKNOWN || found == FORMAT_EVTX)
                return false;
        if (found == t->format)
                return true;
        t->format = found;
        t->pr = preamble_free(t->pr);
        t->described = 0;
        if (!has_header(found))
                return true;
        t->pr = preamble_new();
        if (t->pr)
                preamble_reset(t->pr, found);
        return true;
}

/* ---- records ---- */

static size_t record_end(const struct stream *t, struct span data, bool final) {
        const char *nl;

        if (t->format == FORMAT_CSV) {
                struct span head = t->pr ? preamble_get(t->pr) : SPAN_NONE;
                char d = head.len ? preamble_delimiter(t->pr) : csv_delimiter(data);

                return csv_record(data, d, final);
        }
        if (t->format == FORMAT_JOURNAL) {
                struct cut_journal st = {0};
                size_t used, n = cut_journal(&st, data, true, &used);

                return n == 0 && final ? data.len : n;
        }
        nl = memchr(data.p, '\n', data.len);
        return nl ? (size_t)(nl + 1 - data.p) : final ? data.len : 0;
}

static size_t zeros(struct span data) {
        size_t n = 0;

        while (n < data.len && data.p[n] == '\0')
                n++;
        return n;
}

/* What is handed on of the bytes of a record. */
static struct span inner(const struct stream *t, struct span rec) {
        if (rec.len && rec.p[rec.len - 1] == '\n')
                rec.len--;
        if (t->format == FORMAT_CSV && rec.len && rec.p[rec.len - 1] == '\r')
                rec.len--;
        return rec;
}

static int give_one(struct serve *s, struct followed *x, struct span rec, uint64_t true_len,
                    uint32_t flags) {
        struct stream *t = x->stream;
        struct serve_item item = {.source = x->source,
                                  .bytes = rec,
                                  .true_len = true_len,
                                  .flags = flags,
                                  .format = t->format};

        if (t->pr) {
                item.preamble = preamble_get(t->pr);
                item.headed = t->id ^ (uint64_t)t->header << 40;
                if (item.preamble.len && item.preamble.p[item.preamble.len - 1] == '\n')
                        item.preamble.len--;
        }
        return files_give(s, &t->mark, &item);
}

int files_give_cut(struct serve *s, struct followed *x, struct span bytes, uint64_t true_len) {
        return give_one(s, x, bytes, true_len, RECORD_TRUNCATED);
}

/* The record that begins `data` and takes `n` bytes of it: 0 or as serve_record(). */
static int take_one(struct serve *s, struct followed *x, struct span whole) {
        struct stream *t = x->stream;
        struct span rec = inner(t, whole);

        if (span_trim(rec).len == 0)
                return 0;
        if (t->pr && t->format == FORMAT_CSV && preamble_get(t->pr).len == 0) {
                stream_describe(t, whole); /* it is the header: kept with every run */
                return 0;
        }
        if (rec.len > RECORD_MAX)
                return files_give_cut(s, x, span_of(rec.p, RECORD_MAX), rec.len);
        int r = give_one(s, x, rec, rec.len, 0);
        if (r == 0 && t->pr && rec.p[0] == '#' && t->format != FORMAT_CSV)
                stream_describe(t, whole);
        return r;
}

size_t files_split(struct serve *s, struct followed *x, struct span data, bool final,
                   enum look *ret_look) {
        struct stream *t = x->stream;
        const char *start = data.p;
        int r = 0;

        while (data.len) {
                size_t n = t->format == FORMAT_JOURNAL ? 0 : zeros(data);

                if (n == 0) {
                        n = record_end(t, data, final);
                        if (n == 0)
                                break;
                        r = take_one(s, x, span_of(data.p, n));
                        if (r != 0) {
                                *ret_look = LOOK_STALLED;
                                break;
                        }
                }
                stream_pass(t, span_of(data.p, n));
                t->described = t->at.offset;
                data.p += n;
                data.len -= n;
        }
        return (size_t)(data.p - start);
}

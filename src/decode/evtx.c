/* Windows event logs (EVTX): files to chunks, chunks to records, and whatever damage leaves.
 *
 *     file:    "ElfFile\0" header block | chunks of 64 KiB
 *     chunk:   "ElfChnk\0" … last record's offset u32 at 44, end of records u32 at 48, CRC-32 of
 * the records u32 at 52, flags u32 at 120 (4: no checksums), CRC-32 of the header u32 at 124 |
 * records from 512 | what was there before record:  "**\0\0" | size u32 | id u64 | FILETIME |
 * binary XML | size u32 again
 *
 * Windows writes chunks in memory and flushes them late, so logs copied from a running or crashed
 * machine hold chunks whose header is older than their records, pages of different ages, zeros.
 * Nothing that a checksum says keeps a record from being read: it is reported, and the reading goes
 * on. Where no record is where one should be, or its size cannot be, the next one is searched by
 * its signature.
 *
 * Behind the end that a chunk's header names lie, in most logs, leftovers: records of an earlier
 * round of the log, or those that an export filtered out. They are not part of the log, and taking
 * them for it would find attacks that the log's owner excluded or had seen. So they are read only
 * when they continue the chunk (next id, not earlier): then the header is what is old.
 *
 * Invariants:
 * E1  walk.at never moves back within a chunk; every byte is looked at a fixed number of times.
 * E2  s->pos is the payload position of walk.at, so a restart behind it passes the same records.
 * E3  all reads lie within [p, p + len), len <= EVTX_CHUNK. */
#include <stdlib.h>

#include "decode/crc32.h"
#include "decode/evtx_impl.h"

#define RECORD_HEADER 24u
#define RECORD_MIN 28u
#define CHUNK_WORK ((int64_t)8 << 20)
#define RECORD_WORK ((int64_t)512 << 10)
#define PLANS_BYTES ((size_t)4 << 20)
#define NO_CHECKSUMS 4u

static const char signature[4] = {'*', '*', 0, 0};

static void report(struct evtx *x, uint32_t at, uint64_t length, const char *what, bool recovered) {
        if (x->n_errors == ERRORS || (x->skipping && x->base + at <= x->skip_to))
                return;
        x->errors[x->n_errors++] = (struct decode_error){
                .offset = x->s->b.h.offset + x->base + at,
                .length = length,
                .what = what,
                .recovered = recovered,
        };
}

/* ---- records ---- */

static bool has_signature(const struct evtx *x, uint32_t at) {
        return x->len - at >= RECORD_MIN && memcmp(x->p + at, signature, 4) == 0;
}

/* Both sizes agree and binary XML begins behind the header: a record, wherever it lies. */
static bool is_whole(const struct evtx *x, uint32_t at) {
        if (!has_signature(x, at))
                return false;
        uint32_t size = evtx_u32(x->p + at + 4);
        if (size < RECORD_MIN || size > x->len - at || evtx_u32(x->p + at + size - 4) != size)
                return false;
        unsigned token = (unsigned char)x->p[at + RECORD_HEADER];
        return token == TOKEN_FRAGMENT || token == TOKEN_TEMPLATE || token == TOKEN_OPEN ||
               token == (TOKEN_OPEN | TOKEN_MORE);
}

/* The next whole record at or behind `from`; x->len when there is none. */
static uint32_t find_record(const struct evtx *x, uint32_t from) {
        while (from < x->len) {
                const char *hit = memmem(x->p + from, x->len - from, signature, sizeof(signature));
                if (!hit)
                        break;
                from = (uint32_t)(hit - x->p);
                if (is_whole(x, from))
                        return from;
                from++;
        }
        return x->len;
}

typedef uint64_t words __attribute__((vector_size(32)));

/* Most of a young log is room that was never used: told apart at the speed of memory. */
static bool all_zero(const char *p, size_t n) {
        uint64_t any = 0;

        for (; n >= 128; p += 128, n -= 128) {
                words v[4];
                memcpy(v, p, sizeof(v));
                v[0] = (v[0] | v[1]) | (v[2] | v[3]);
                if (v[0][0] | v[0][1] | v[0][2] | v[0][3])
                        return false;
        }
        for (; n; p++, n--)
                any |= (unsigned char)*p;
        return any == 0;
}

/* ---- chunks ---- */

static void check_header(struct evtx *x, uint32_t end) {
        uint32_t flags = evtx_u32(x->p + 120);

        if (flags & NO_CHECKSUMS)
                return;
        uint32_t crc = crc32_of(0, span_of(x->p, 120));
        crc = crc32_of(crc, span_of(x->p + 128, EVTX_CHUNK_HEADER - 128));
        if (crc != evtx_u32(x->p + 124))
                report(x, 0, EVTX_CHUNK_HEADER, "chunk header's checksum differs", true);
        if (end <= x->len && crc32_of(0, span_of(x->p + EVTX_CHUNK_HEADER,
                                                 end - EVTX_CHUNK_HEADER)) != evtx_u32(x->p + 52))
                report(x, EVTX_CHUNK_HEADER, end - EVTX_CHUNK_HEADER, "chunk's checksum differs",
                       true);
}

/* Without a header: records are found by searching. */
static void open_headless(struct evtx *x) {
        struct walk *w = &x->walk;

        w->searching = true;
        w->at = w->end = x->len;
        if (all_zero(x->p, x->len))
                return;
        w->at = find_record(x, 0);
        if (w->at < x->len)
                report(x, 0, w->at, "chunk header is missing; its records were searched for", true);
        else
                report(x, 0, x->len, "not a chunk of an event log", false);
}

static void open_chunk(struct evtx *x) {
        struct decode_state *s = x->s;
        struct walk *w = &x->walk;

        x->base = s->pos;
        x->p = s->b.payload.p + x->base;
        x->len = (uint32_t)MIN(EVTX_CHUNK, s->b.payload.len - x->base);
        x->epoch++;
        x->n_plans = 0;
        evtx_memo_trim(x);
        x->compile_left = 4 * (uint32_t)EVTX_CHUNK;
        x->work_left = CHUNK_WORK;
        /* A chunk that Windows had only begun continues the one before. */
        *w = (struct walk){
                .open = true, .any = w->any, .last_id = w->last_id, .last_time = w->last_time};

        if (x->len < EVTX_CHUNK_HEADER || memcmp(x->p, EVTX_CHUNK_MAGIC, 8) != 0) {
                open_headless(x);
                return;
        }
        w->at = EVTX_CHUNK_HEADER;
        w->end = evtx_u32(x->p + 48);
        if (w->end < EVTX_CHUNK_HEADER || w->end > EVTX_CHUNK) {
                report(x, 48, 4, "chunk names an end that cannot be", true);
                w->end = x->len;
                return;
        }
        check_header(x, w->end);
        if (w->end > x->len) {
                report(x, x->len, w->end - x->len, "chunk is cut short", false);
                w->end = x->len;
        }
}

/* ---- the walk ---- */

struct found {
        uint32_t at, size;
        const char *bad; /* or NULL */
};

/* At walk.at is a signature. The size holds if its copy agrees or the next record follows. */
static struct found take_record(struct evtx *x) {
        struct walk *w = &x->walk;
        struct found r = {.at = w->at, .size = evtx_u32(x->p + w->at + 4)};

        if (r.size >= RECORD_MIN && r.size <= x->len - r.at) {
                uint32_t next = r.at + r.size;
                if (LIKELY(evtx_u32(x->p + next - 4) == r.size) || next == w->end ||
                    (x->len - next >= RECORD_MIN && has_signature(x, next))) {
                        w->at = next;
                        return r;
                }
        }
        uint32_t next = find_record(x, r.at + 4);
        if (next > w->end && r.at < w->end)
                next = w->end;
        r.size = MAX(next - r.at, RECORD_MIN); /* E3: the signature had room for that */
        r.bad = "record's size cannot be";
        w->at = next;
        return r;
}

/* At walk.at, the end that the header names: do records go on that the header does not know yet? */
static bool continues(struct evtx *x) {
        struct walk *w = &x->walk;

        if (w->at >= x->len || !is_whole(x, w->at))
                return false;
        if (x->s->opt->leftovers)
                return true;
        return w->any && evtx_u64(x->p + w->at + 8) == w->last_id + 1 &&
               evtx_u64(x->p + w->at + 16) >= w->last_time;
}

/* The next record of the chunk; false at its end. */
static bool next_record(struct evtx *x, struct found *ret) {
        struct walk *w = &x->walk;

        while (w->at < x->len) {
                if (w->at >= w->end) {
                        if (x->s->opt->leftovers)
                                w->at = find_record(x, w->at);
                        if (!continues(x))
                                return false;
                        if (!w->behind_told)
                                report(x, w->at, x->len - w->at,
                                       "records behind the end that the chunk names", true);
                        w->behind_told = true;
                } else if (!has_signature(x, w->at)) {
                        uint32_t next = MIN(find_record(x, w->at), w->end);
                        if (!w->searching &&
                            (next < w->end || !all_zero(x->p + w->at, next - w->at)))
                                report(x, w->at, next - w->at, "no record where one should be",
                                       false);
                        w->at = next;
                        continue;
                }
                *ret = take_record(x);
                w->any = true;
                w->last_id = evtx_u64(x->p + ret->at + 8);
                w->last_time = evtx_u64(x->p + ret->at + 16);
                return true;
        }
        return false;
}

/* False when nothing of the record could be read. */
static bool decode_record(struct evtx *x, const struct found *r, struct event *e) {
        const char *p = x->p + r->at;

        *e = (struct event){
                .raw = span_of(p, r->size),
                .offset = x->s->b.h.offset + x->base + r->at,
                .record = evtx_u64(p + 8), /* EventRecordID, where there is one, takes its place */
                .time = TIME_NONE,
                .kind = EVENT_WINDOWS,
                .fields = x->s->fields,
                .key1 = SPAN(""),
                .key2 = -1,
                .strays = x->strays,
                .names = x->names_at,
        };
        x->e = e;
        x->bad = r->bad;
        /* What is left over at the end of a stretch without a size may have been anything. */
        x->missing = r->bad && evtx_u32(p + r->size - 4) != r->size;
        x->unnamed = 0;
        x->n_values = 0;
        x->record_work_left = RECORD_WORK;
        /* A wrong size may have been the last thing written: then there is no copy of it to leave
         * out. */
        evtx_run(x, r->at + RECORD_HEADER, r->at + r->size - (r->bad ? 0 : 4), IN_DOCUMENT, 0);
        if (x->s->arena.overflowed)
                e->cut = true;
        if (e->time == TIME_NONE)
                e->time = time_from_filetime(evtx_u64(p + 16));
        if (e->n == 0)
                evtx_complain(x, "record has no fields");
        if (x->bad)
                report(x, r->at, r->size, x->bad, !x->missing && e->n);
        return e->n > 0;
}

/* ---- struct format_ops ---- */

static void *evtx_new(void) {
        struct evtx *x = calloc(1, sizeof(*x));

        if (x) {
                arena_init(&x->plans, PLANS_BYTES);
                arena_init(&x->kept, EVTX_KEPT_BYTES);
        }
        return x;
}

static void evtx_free(void *priv) {
        struct evtx *x = priv;

        arena_deinit(&x->plans);
        arena_deinit(&x->kept);
        free(x);
}

static void evtx_begin(struct decode_state *s) {
        struct evtx *x = s->priv;
        struct span p = s->b.payload;

        x->s = s;
        x->base = 0;
        x->n_errors = 0;
        x->skipping = false;
        x->walk = (struct walk){0};
        if (s->b.h.offset != 0)
                return;

        size_t header = MIN(evtx_header_size(p), p.len);
        if (header >= 128) {
                if (memcmp(p.p, EVTX_FILE_MAGIC, 8) != 0)
                        report(x, 0, header, "file header is damaged", true);
                else if (crc32_of(0, span_of(p.p, 120)) != evtx_u32(p.p + 124))
                        report(x, 0, header, "file header's checksum differs", true);
        } else if (header) {
                report(x, 0, header, "file is cut short", false);
        }
        s->pos = header;
}

static void evtx_skip(struct decode_state *s) {
        struct evtx *x = s->priv;
        size_t header =
                s->b.h.offset == 0 ? MIN(evtx_header_size(s->b.payload), s->b.payload.len) : 0;

        x->n_errors = 0;
        s->pos = MAX(s->pos, header);
        /* Before the first record of a chunk: what failed there was that record. */
        x->skipping = true;
        x->skip_to = s->pos;
        s->pos = header + (s->pos - header) / EVTX_CHUNK * EVTX_CHUNK;
        if (s->pos >= s->b.payload.len)
                return;
        open_chunk(x);

        bool first = x->skip_to < x->base + EVTX_CHUNK_HEADER;
        struct found r;
        while (next_record(x, &r)) {
                if (!first && x->base + r.at > x->skip_to) {
                        x->walk.at = r.at;
                        break;
                }
                first = false;
        }
        s->pos = MAX(x->skip_to, x->base + x->walk.at);
}

static enum decode_result evtx_next(struct decode_state *s, struct event *ret_e,
                                    struct decode_error *ret_err) {
        struct evtx *x = s->priv;
        struct found r;

        for (;;) {
                if (UNLIKELY(x->n_errors)) {
                        *ret_err = x->errors[0];
                        x->n_errors--;
                        memmove(x->errors, x->errors + 1, x->n_errors * sizeof(x->errors[0]));
                        return DECODE_BAD;
                }
                if (!x->walk.open) {
                        if (s->pos >= s->b.payload.len)
                                return DECODE_END;
                        open_chunk(x);
                        continue;
                }
                if (!next_record(x, &r)) {
                        x->walk.open = false;
                        s->pos = x->base + x->len;
                        continue;
                }
                s->pos = x->base + x->walk.at; /* E2 */
                if (decode_record(x, &r, ret_e))
                        return DECODE_EVENT;
        }
}

const struct format_ops format_evtx = {
        .new = evtx_new,
        .free = evtx_free,
        .begin = evtx_begin,
        .next = evtx_next,
        .skip = evtx_skip,
};

/* Making frames: see frames.h for the format.
 *
 * A frame is gathered in one private buffer: room for the header, then the payload, copied record
 * after record out of a batch that its writer could change meanwhile, so that what is compressed is
 * what was counted. Tables are kept as structs and packed behind the payload at the end. Limits keep
 * any frame, unpacked again, inside FRAME_ROOM (checked by a static assertion below). */
#include <stdlib.h>
#include <zstd.h>

#include "store/frames.h"
#include "store/varint.h"

/* Packed, at most: per record three numbers of five bytes and one of ten; per run four of five, two
 * flags and a port, a kind and an address; per source two numbers and a name. */
#define PACKED_MAX                                                                                 \
        (FRAME_RECORDS_MAX * 25u + FRAME_RUNS_MAX * 42u + SOURCES_MAX * (10u + SOURCE_NAME_MAX))
#define RAW_MAX (sizeof(struct records_header) + FRAME_PAYLOAD_MAX + PACKED_MAX)
#define UNPACKED_MAX                                                                               \
        (sizeof(struct records_header) + FRAME_PAYLOAD_MAX + 8 +                                   \
         FRAME_RECORDS_MAX * sizeof(struct record) + FRAME_RUNS_MAX * sizeof(struct run) +         \
         SOURCES_MAX * sizeof(struct source_name) + SLOT_PADDING)

_Static_assert(RAW_MAX + SLOT_PADDING <= FRAME_ROOM, "a frame decompresses into FRAME_ROOM");
_Static_assert(UNPACKED_MAX <= FRAME_ROOM, "a frame unpacks into FRAME_ROOM");

struct frame_maker {
        ZSTD_CCtx *zstd;
        uint64_t first_seq;
        size_t payload_len;
        uint32_t n_runs, n_records, n_sources, flags;
        uint32_t run_of; /* source of the last run, as the batch at hand counts */
        int64_t min, max;
        struct run runs[FRAME_RUNS_MAX];
        struct record records[FRAME_RECORDS_MAX]; /* `at` is not used */
        struct source_name sources[SOURCES_MAX];
        char raw[RAW_MAX + SLOT_PADDING];
};

struct frame_maker *frame_maker_new(int level) {
        struct frame_maker *m = calloc(1, sizeof(*m));

        if (!m)
                return NULL;
        /* Logs repeat long stretches: matches of seven bytes and a larger table cost a twelfth less than
         * level 1 by itself, at the same size. */
        m->zstd = ZSTD_createCCtx();
        if (!m->zstd ||
            ZSTD_isError(ZSTD_CCtx_setParameter(m->zstd, ZSTD_c_compressionLevel, level)) ||
            ZSTD_isError(ZSTD_CCtx_setParameter(m->zstd, ZSTD_c_minMatch, 7)) ||
            ZSTD_isError(ZSTD_CCtx_setParameter(m->zstd, ZSTD_c_hashLog, 16)))
                return frame_maker_free(m);
        return m;
}

struct frame_maker *frame_maker_free(struct frame_maker *m) {
        if (m)
                ZSTD_freeCCtx(m->zstd);
        free(m);
        return NULL;
}

void frame_begin(struct frame_maker *m, uint64_t first_seq) {
        m->first_seq = first_seq;
        m->payload_len = 0;
        m->n_runs = m->n_records = m->n_sources = m->flags = 0;
        m->min = INT64_MAX;
        m->max = INT64_MIN;
}

struct span frame_payload(const struct frame_maker *m) {
        return span_of(m->raw + sizeof(struct records_header), m->payload_len);
}

/* The index of this source in the frame, added when it is new; UINT32_MAX: no room. */
static uint32_t source_index(struct frame_maker *m, const struct source_name *s) {
        for (uint32_t i = m->n_sources; i-- > 0;)
                if (m->sources[i].id == s->id && strcmp(m->sources[i].name, s->name) == 0)
                        return i;
        if (m->n_sources == SOURCES_MAX)
                return UINT32_MAX;
        struct source_name *to = &m->sources[m->n_sources];
        *to = (struct source_name){.id = s->id};
        memcpy(to->name, s->name, strlen(s->name));
        return m->n_sources++;
}

static bool same_run(const struct run *a, const struct run *b) {
        return a->source == b->source && a->format == b->format && a->flags == b->flags &&
               a->drill == b->drill && a->port == b->port &&
               memcmp(a->peer, b->peer, sizeof(a->peer)) == 0 &&
               !(a->flags & (RUN_SINGLE | RUN_HEADED));
}

/* Room for records of this run of the batch; what continues the frame's last run joins it. */
static int enter_run(struct frame_maker *m, const struct records *r, const struct run *run,
                     bool *ret_full) {
        struct source_name name;
        struct run add = *run;

        if (!records_source(r, run->source, &name))
                return FRAME_E_BAD;
        add.source = source_index(m, &name);
        add.first = m->n_records;
        add.n = 0;
        if (m->n_runs && same_run(&m->runs[m->n_runs - 1], &add))
                return 0;
        *ret_full = add.source == UINT32_MAX || m->n_runs == FRAME_RUNS_MAX;
        if (!*ret_full)
                m->runs[m->n_runs++] = add;
        if (run->format == FORMAT_EVTX)
                m->flags |= FRAME_UNFILTERED;
        return 0;
}

static bool add_record(struct frame_maker *m, const struct record *rec, struct span bytes) {
        if (m->n_records == FRAME_RECORDS_MAX || bytes.len + 1 > FRAME_PAYLOAD_MAX - m->payload_len)
                return false;
        char *to = m->raw + sizeof(struct records_header) + m->payload_len;
        memcpy(to, bytes.p, bytes.len);
        to[bytes.len] = '\n';
        m->payload_len += bytes.len + 1;
        m->records[m->n_records] = *rec;
        m->records[m->n_records].len = (uint32_t)bytes.len;
        m->n_records++;
        m->runs[m->n_runs - 1].n++;
        m->min = MIN(m->min, rec->received);
        m->max = MAX(m->max, rec->received);
        return true;
}

/* The run that holds record `i`, with runs in order and without gaps. */
static bool find_run(const struct records *r, uint32_t i, uint32_t *ret_k, struct run *ret) {
        uint32_t first = 0;

        for (uint32_t k = 0; k < r->h.n_runs; k++) {
                if (!records_run(r, k, ret) || ret->first != first || ret->n == 0)
                        return false;
                first += ret->n;
                if (i < first) {
                        *ret_k = k;
                        return true;
                }
        }
        return false;
}

/* A run under a header is not cut, unless it lies about its size: the rest would have none. */
static bool must_begin_frame(const struct frame_maker *m, const struct run *run, uint32_t i) {
        return (run->flags & RUN_HEADED) && i == run->first && m->n_records &&
               (run->n > FRAME_RECORDS_MAX - m->n_records ||
                run->len > FRAME_PAYLOAD_MAX - m->payload_len);
}

int frame_add(struct frame_maker *m, const struct records *r, uint32_t from, uint32_t *ret_n) {
        uint32_t i = from, k = 0;
        bool full = false;
        struct run run = {0};

        if (from > r->h.n_records || r->h.first_seq + from != m->first_seq + m->n_records)
                return FRAME_E_BAD;
        if (i < r->h.n_records && !find_run(r, i, &k, &run))
                return FRAME_E_BAD;
        while (i < r->h.n_records && !full) {
                uint32_t end = run.first + run.n; /* records_run() checked it */

                if (must_begin_frame(m, &run, i))
                        break;
                if (enter_run(m, r, &run, &full) != 0)
                        return FRAME_E_BAD;
                while (i < end && !full) {
                        struct record rec;
                        struct span bytes;
                        if (!records_at(r, i, &rec, &bytes))
                                return FRAME_E_BAD;
                        full = !add_record(m, &rec, bytes);
                        i += !full;
                }
                if (i < end || i == r->h.n_records)
                        break;
                if (!records_run(r, ++k, &run) || run.first != i || run.n == 0)
                        return FRAME_E_BAD;
        }
        /* A run that was entered and got nothing: the next frame begins with it. */
        if (m->n_runs && m->runs[m->n_runs - 1].n == 0)
                m->n_runs--;
        *ret_n = i - from;
        return 0;
}

static unsigned char *pack_sources(const struct frame_maker *m, unsigned char *to) {
        for (uint32_t i = 0; i < m->n_sources; i++) {
                size_t n = strlen(m->sources[i].name);

                to = varint_put(to, m->sources[i].id);
                to = varint_put(to, n);
                memcpy(to, m->sources[i].name, n);
                to += n;
        }
        return to;
}

static unsigned char *pack_runs(const struct frame_maker *m, unsigned char *to) {
        static const unsigned char none[16];
        const unsigned char *last = none;

        for (uint32_t i = 0; i < m->n_runs; i++) {
                const struct run *r = &m->runs[i];

                to = varint_put(to, r->n);
                to = varint_put(to, r->source);
                to = varint_put(to, r->format);
                to = varint_put(to, r->flags);
                to = varint_put(to, r->drill);
                to = varint_put(to, r->port);
                if (memcmp(r->peer, none, sizeof(none)) == 0) {
                        *to++ = 0;
                } else if (memcmp(r->peer, last, sizeof(none)) == 0) {
                        *to++ = 1;
                } else {
                        *to++ = 2;
                        memcpy(to, r->peer, sizeof(r->peer));
                        to += sizeof(r->peer);
                        last = r->peer;
                }
        }
        return to;
}

static unsigned char *pack_records(const struct frame_maker *m, unsigned char *to) {
        const struct record *r = m->records;
        int64_t before = m->n_records ? r[0].received : 0;

        for (uint32_t i = 0; i < m->n_records; i++)
                to = varint_put(to, r[i].len);
        for (uint32_t i = 0; i < m->n_records; i++)
                to = varint_put(to, r[i].true_len > r[i].len ? r[i].true_len - r[i].len : 0);
        for (uint32_t i = 0; i < m->n_records; i++)
                to = varint_put(to, r[i].flags);
        for (uint32_t i = 0; i < m->n_records; i++) {
                /* Wraps where a liar's times are far apart; unpacking wraps back. */
                to = varint_put(to, zigzag((int64_t)((uint64_t)r[i].received - (uint64_t)before)));
                before = r[i].received;
        }
        return to;
}

int frame_end(struct frame_maker *m, void *to, size_t room, struct frame_entry *ret) {
        struct records_header h = {.magic = RECORDS_MAGIC,
                                   .layout = FRAME_PACKED,
                                   .version = 1,
                                   .first_seq = m->first_seq,
                                   .payload_len = (uint32_t)m->payload_len,
                                   .n_runs = m->n_runs,
                                   .n_records = m->n_records,
                                   .n_sources = m->n_sources};

        if (m->n_records) {
                h.received_first = m->records[0].received;
                h.received_last = m->records[m->n_records - 1].received;
        }
        memcpy(m->raw, &h, sizeof(h));
        unsigned char *t = (unsigned char *)m->raw + sizeof(h) + m->payload_len;
        t = pack_sources(m, t);
        t = pack_runs(m, t);
        t = pack_records(m, t);
        size_t raw_len = (size_t)(t - (unsigned char *)m->raw);
        assert(raw_len <= RAW_MAX);
        size_t n = ZSTD_compress2(m->zstd, to, MIN(room, FRAME_BYTES_MAX), m->raw, raw_len);
        if (ZSTD_isError(n))
                return -ENOSPC;
        *ret = (struct frame_entry){.len = (uint32_t)n,
                                    .raw_len = (uint32_t)raw_len,
                                    .payload_len = (uint32_t)m->payload_len,
                                    .n_records = m->n_records,
                                    .first_seq = m->first_seq,
                                    .received_min = m->min,
                                    .received_max = m->max,
                                    .flags = m->flags};
        return 0;
}

/* Opening frames, and walking lists of them: see frames.h. Whatever the bytes are, all work is bounded by FRAME_ROOM and every number is checked before it is used.
 *
 * The header and payload stay where zstd put them; the packed tables behind the payload are copied
 * aside, and their structs written in their place. */
#include <stdlib.h>
#include <zstd.h>

#include "store/frames.h"
#include "store/varint.h"

#define ALIGN8(n) (((n) + 7u) & ~(size_t)7u)

struct frame_opener {
        ZSTD_DCtx *zstd;
        unsigned char packed[FRAME_ROOM];
};

struct frame_opener *frame_opener_new(void) {
        struct frame_opener *o = malloc(sizeof(*o));

        if (!o)
                return NULL;
        o->zstd = ZSTD_createDCtx();
        return o->zstd ? o : frame_opener_free(o);
}

struct frame_opener *frame_opener_free(struct frame_opener *o) {
        if (o)
                ZSTD_freeDCtx(o->zstd);
        free(o);
        return NULL;
}

static void unpack_sources(struct varint_in *in, struct source_name *to, uint32_t n) {
        for (uint32_t i = 0; i < n && !in->bad; i++) {
                to[i] = (struct source_name){.id = varint_get32(in, UINT32_MAX)};
                uint32_t len = varint_get32(in, SOURCE_NAME_MAX - 1);
                if (len > (size_t)(in->end - in->p)) {
                        in->bad = true;
                        return;
                }
                memcpy(to[i].name, in->p, len);
                in->p += len;
        }
}

/* *last: the run whose address was written last, or NULL. */
static void unpack_peer(struct varint_in *in, struct run *run, const struct run **last) {
        uint32_t kind = varint_get32(in, 2);

        if (kind == 1) {
                if (*last)
                        memcpy(run->peer, (*last)->peer, sizeof(run->peer));
        } else if (kind == 2) {
                if ((size_t)(in->end - in->p) < sizeof(run->peer)) {
                        in->bad = true;
                        return;
                }
                memcpy(run->peer, in->p, sizeof(run->peer));
                in->p += sizeof(run->peer);
                *last = run;
        }
}

static void unpack_runs(struct varint_in *in, struct run *to, const struct records_header *h) {
        const struct run *last = NULL;
        uint32_t first = 0;

        for (uint32_t i = 0; i < h->n_runs && !in->bad; i++) {
                struct run *r = &to[i];

                *r = (struct run){.first = first, .n = varint_get32(in, h->n_records - first)};
                r->source = varint_get32(in, UINT32_MAX);
                r->format = (uint16_t)varint_get32(in, FORMAT_MAX - 1);
                r->flags = (uint16_t)varint_get32(in, UINT16_MAX);
                r->drill = varint_get32(in, UINT32_MAX);
                r->port = (uint16_t)varint_get32(in, UINT16_MAX);
                unpack_peer(in, r, &last);
                if (r->source >= h->n_sources)
                        in->bad = true;
                first += r->n;
        }
        if (first != h->n_records)
                in->bad = true;
}

static void unpack_records(struct varint_in *in, struct record *to,
                           const struct records_header *h) {
        uint64_t received = (uint64_t)h->received_first;
        uint32_t at = 0;

        for (uint32_t i = 0; i < h->n_records && !in->bad; i++) {
                uint32_t room = h->payload_len - at;
                to[i] = (struct record){.at = at, .len = varint_get32(in, RECORD_MAX)};
                if (room == 0 || to[i].len > room - 1)
                        in->bad = true;
                else
                        at += to[i].len + 1;
        }
        if (at != h->payload_len)
                in->bad = true;
        for (uint32_t i = 0; i < h->n_records && !in->bad; i++)
                to[i].true_len = to[i].len + varint_get32(in, UINT32_MAX - to[i].len);
        for (uint32_t i = 0; i < h->n_records && !in->bad; i++)
                to[i].flags = varint_get32(in, UINT32_MAX);
        for (uint32_t i = 0; i < h->n_records && !in->bad; i++) {
                received += (uint64_t)unzigzag(varint_get(in));
                to[i].received = (int64_t)received;
        }
}

/* Where each run lies follows from its records. */
static void place_runs(struct run *runs, const struct record *records,
                       const struct records_header *h) {
        for (uint32_t i = 0; i < h->n_runs; i++) {
                struct run *r = &runs[i];

                r->at = r->first < h->n_records ? records[r->first].at : h->payload_len;
                uint32_t next = r->first + r->n;
                r->len = (next < h->n_records ? records[next].at : h->payload_len) - r->at;
        }
}

int frame_open(struct frame_opener *o, struct span z, void *room, struct records *ret) {
        struct records_header h;
        struct records r;

        if (z.len > FRAME_BYTES_MAX || ZSTD_findFrameCompressedSize(z.p, z.len) != z.len)
                return FRAME_E_BAD;
        size_t n = ZSTD_decompressDCtx(o->zstd, room, FRAME_ROOM - SLOT_PADDING, z.p, z.len);
        if (ZSTD_isError(n) || n < sizeof(h))
                return FRAME_E_BAD;
        memcpy(&h, room, sizeof(h));
        if (h.magic != RECORDS_MAGIC || h.layout != FRAME_PACKED || h.version != 1 ||
            h.payload_len > FRAME_PAYLOAD_MAX || h.n_records > FRAME_RECORDS_MAX ||
            h.n_runs > FRAME_RUNS_MAX || h.n_sources > SOURCES_MAX || h.n_positions != 0 ||
            h.payload_len > n - sizeof(h))
                return FRAME_E_BAD;
        size_t end = sizeof(h) + h.payload_len, tables = n - end, at = ALIGN8(end);
        struct varint_in in = {.p = o->packed, .end = o->packed + tables};
        memcpy(o->packed, (char *)room + end, tables);
        memset((char *)room + end, 0, at - end);

        struct run *runs = (struct run *)((char *)room + at);
        struct record *records = (struct record *)(runs + h.n_runs);
        struct source_name *sources = (struct source_name *)(records + h.n_records);
        unpack_sources(&in, sources, h.n_sources);
        unpack_runs(&in, runs, &h);
        unpack_records(&in, records, &h);
        if (in.bad || in.p != in.end)
                return FRAME_E_BAD;
        place_runs(runs, records, &h);
        h.layout = BATCH_RECORDS;
        memcpy(room, &h, sizeof(h));
        /* Readable, and no bytes of an earlier frame: what is read there must not depend on them. */
        size_t used = (size_t)((char *)(sources + h.n_sources) - (char *)room);
        size_t least = at + SLOT_PADDING;
        if (used < least)
                memset((char *)room + used, 0, least - used);
        if (records_view(room, FRAME_ROOM, &r) != 0)
                return FRAME_E_BAD;
        *ret = r;
        return 0;
}

int frame_list_view(const void *p, size_t len, struct frame_list_view *ret) {
        struct frame_list_view v = {0};

        if (len < sizeof(v.h))
                return FRAME_E_BAD;
        memcpy(&v.h, p, sizeof(v.h));
        len -= sizeof(v.h);
        if (v.h.magic != FRAME_LIST_MAGIC || v.h.n_frames > FRAME_LIST_MAX ||
            v.h.n_frames * sizeof(struct frame_entry) > len)
                return FRAME_E_BAD;
        v.entries = (const char *)p + sizeof(v.h);
        v.data = v.entries + v.h.n_frames * sizeof(struct frame_entry);
        v.end = (const char *)p + sizeof(v.h) + len;
        if (v.h.bytes > (uint64_t)(v.end - v.data))
                return FRAME_E_BAD;
        *ret = v;
        return 0;
}

bool frame_list_next(const struct frame_list_view *v, uint32_t *i, size_t *at,
                     struct frame_entry *ret, struct span *ret_z) {
        struct frame_entry e;

        if (*i >= v->h.n_frames)
                return false;
        memcpy(&e, v->entries + *i * sizeof(e), sizeof(e));
        if (e.len > FRAME_BYTES_MAX || e.len > v->h.bytes - *at)
                return false;
        *ret = e;
        *ret_z = span_of(v->data + *at, e.len);
        *at += e.len;
        ++*i;
        return true;
}

/* See records.h.
 *
 * The builder writes the payload straight into the slot and keeps the tables aside until the batch
 * ends, as their place is known only then. What it has promised to fit is counted with the tables'
 * sizes from the start. The viewer takes the header once, checks that all parts lie inside the room
 * one after the other, and checks every entry of a table when it is asked for. */
#include "wire/records.h"

#include <stdlib.h>

#define ALIGN8(n) (((n) + 7u) & ~(size_t)7u)

static size_t tables_size(uint32_t runs, uint32_t records, uint32_t sources, uint32_t positions) {
        return runs * sizeof(struct run) + records * sizeof(struct record) +
               sources * sizeof(struct source_name) + positions * sizeof(struct position);
}

/* Where the tables begin, for so much payload: at least SLOT_PADDING bytes of the slot follow it. */
static size_t tables_at(size_t payload) {
        return ALIGN8(sizeof(struct records_header) + payload);
}

int records_view(const void *p, size_t len, struct records *ret) {
        struct records r = {0};

        if (len < sizeof(r.h))
                return BATCH_E_BAD;
        memcpy(&r.h, p, sizeof(r.h)); /* once: the writer may change it under us */
        if (r.h.magic != RECORDS_MAGIC || r.h.layout != BATCH_RECORDS || r.h.version != 1)
                return BATCH_E_BAD;
        if (r.h.n_runs > RUNS_MAX || r.h.n_records > RECORDS_MAX || r.h.n_sources > SOURCES_MAX ||
            r.h.n_positions > POSITIONS_MAX || r.h.payload_len > len)
                return BATCH_E_BAD;
        size_t at = tables_at(r.h.payload_len);
        size_t tables = tables_size(r.h.n_runs, r.h.n_records, r.h.n_sources, r.h.n_positions);
        if (at > len || tables > len - at || len - at < SLOT_PADDING ||
            r.h.first_seq > UINT64_MAX - r.h.n_records)
                return BATCH_E_BAD;
        r.payload = span_of((const char *)p + sizeof(r.h), r.h.payload_len);
        const char *t = (const char *)p + at;
        r.runs = (const struct run *)t;
        t += r.h.n_runs * sizeof(struct run);
        r.table = (const struct record *)t;
        t += r.h.n_records * sizeof(struct record);
        r.sources = (const struct source_name *)t;
        t += r.h.n_sources * sizeof(struct source_name);
        r.positions = (const struct position *)t;
        *ret = r;
        return 0;
}

bool records_run(const struct records *r, uint32_t i, struct run *ret) {
        struct run run;

        if (i >= r->h.n_runs)
                return false;
        memcpy(&run, &r->runs[i], sizeof(run));
        if (run.at > r->payload.len || run.len > r->payload.len - run.at ||
            run.first > r->h.n_records || run.n > r->h.n_records - run.first ||
            run.source >= r->h.n_sources || run.format >= FORMAT_MAX)
                return false;
        *ret = run;
        return true;
}

bool records_at(const struct records *r, uint32_t i, struct record *ret, struct span *ret_bytes) {
        struct record rec;

        if (i >= r->h.n_records)
                return false;
        memcpy(&rec, &r->table[i], sizeof(rec));
        if (rec.at > r->payload.len || rec.len > r->payload.len - rec.at || rec.len > RECORD_MAX)
                return false;
        *ret = rec;
        *ret_bytes = span_of(r->payload.p + rec.at, rec.len);
        return true;
}

bool records_source(const struct records *r, uint32_t i, struct source_name *ret) {
        if (i >= r->h.n_sources)
                return false;
        memcpy(ret, &r->sources[i], sizeof(*ret));
        return memchr(ret->name, 0, sizeof(ret->name)) != NULL;
}

bool records_position(const struct records *r, uint32_t i, struct position *ret) {
        if (i >= r->h.n_positions)
                return false;
        memcpy(ret, &r->positions[i], sizeof(*ret));
        return ret->key_len <= POSITION_KEY_MAX && ret->value_len <= POSITION_VALUE_MAX;
}

size_t records_size(const struct records *r) {
        size_t n = tables_at(r->h.payload_len) +
                   tables_size(r->h.n_runs, r->h.n_records, r->h.n_sources, r->h.n_positions);

        /* A batch of few records is still followed by padding for wide loads. */
        return MAX(n, tables_at(r->h.payload_len) + SLOT_PADDING);
}

struct records_builder {
        char *slot;
        size_t room, payload;
        uint64_t first_seq;
        int64_t received_first, received_last;
        uint32_t n_runs, n_records, n_sources, n_positions;
        struct origin last; /* of the open run */
        bool sealed_run;    /* the last run takes no more records */
        struct run runs[RUNS_MAX];
        struct record records[RECORDS_MAX];
        struct source_name sources[SOURCES_MAX];
        struct position positions[POSITIONS_MAX];
};

struct records_builder *records_builder_new(void) {
        return calloc(1, sizeof(struct records_builder));
}

struct records_builder *records_builder_free(struct records_builder *b) {
        free(b);
        return NULL;
}

void records_begin(struct records_builder *b, void *slot, size_t room, uint64_t first_seq) {
        b->slot = slot;
        b->room = room;
        b->payload = 0;
        b->first_seq = first_seq;
        b->n_runs = b->n_records = b->n_sources = b->n_positions = 0;
        b->sealed_run = true;
}

static bool same_origin(const struct origin *a, const struct origin *b) {
        return a->source == b->source && a->format == b->format && a->drill == b->drill &&
               a->port == b->port && a->headed == b->headed &&
               memcmp(a->peer, b->peer, sizeof(a->peer)) == 0;
}

static bool fits(const struct records_builder *b, size_t bytes, uint32_t runs, uint32_t records,
                 uint32_t sources, uint32_t positions) {
        size_t tables = tables_size(b->n_runs + runs, b->n_records + records,
                                    b->n_sources + sources, b->n_positions + positions);

        return tables_at(b->payload + bytes) + MAX(tables, SLOT_PADDING) <= b->room &&
               b->n_runs + runs <= RUNS_MAX && b->n_records + records <= RECORDS_MAX &&
               b->n_sources + sources <= SOURCES_MAX && b->n_positions + positions <= POSITIONS_MAX;
}

static uint32_t find_source(const struct records_builder *b, uint32_t id) {
        for (uint32_t i = b->n_sources; i-- > 0;)
                if (b->sources[i].id == id)
                        return i;
        return UINT32_MAX;
}

/* Line formats tell records apart by line ends, so one that holds a line end stands alone; a chunk
 * of EVTX always does. */
static bool stands_alone(const struct origin *o, struct span bytes) {
        if (o->format == FORMAT_JSON || o->format == FORMAT_JOURNAL ||
            (o->format == FORMAT_CSV && o->headed)) /* its decoder knows what is quoted */
                return false;
        return o->format == FORMAT_EVTX || memchr(bytes.p, '\n', bytes.len) != NULL;
}

static void open_run(struct records_builder *b, const struct origin *o, uint32_t source,
                     uint16_t flags) {
        struct run *run = &b->runs[b->n_runs++];

        *run = (struct run){.first = b->n_records,
                            .source = source,
                            .format = (uint16_t)o->format,
                            .flags = flags,
                            .drill = o->drill,
                            .at = (uint32_t)b->payload,
                            .port = o->port};
        memcpy(run->peer, o->peer, sizeof(run->peer));
        b->last = *o;
}

static void add_source(struct records_builder *b, const struct origin *o) {
        struct source_name *s = &b->sources[b->n_sources++];
        size_t n = MIN(strlen(o->source_name), sizeof(s->name) - 1);

        *s = (struct source_name){.id = o->source};
        memcpy(s->name, o->source_name, n);
}

int records_add(struct records_builder *b, const struct origin *o, struct span bytes,
                uint64_t true_len, uint32_t flags, int64_t received, uint64_t *ret_seq) {
        bool preamble = flags & RECORD_PREAMBLE, alone = !preamble && stands_alone(o, bytes);
        bool new_run = alone || preamble || b->sealed_run || !same_origin(o, &b->last);
        uint32_t source = find_source(b, o->source);
        bool new_source = source == UINT32_MAX;

        assert(bytes.len <= RECORD_MAX);
        if (!fits(b, bytes.len + 1, new_run, 1, new_source, 0))
                return RECORDS_E_FULL;
        if (new_source) {
                source = b->n_sources;
                add_source(b, o);
        }
        if (new_run)
                open_run(b, o, source, alone ? RUN_SINGLE : preamble ? RUN_HEADED : 0);
        b->sealed_run = alone;
        if (b->n_records == 0)
                b->received_first = received;
        b->received_last = received;
        char *to = b->slot + sizeof(struct records_header) + b->payload;
        if (bytes.len)
                memcpy(to, bytes.p, bytes.len);
        to[bytes.len] = '\n';
        b->records[b->n_records] = (struct record){.at = (uint32_t)b->payload,
                                                   .len = (uint32_t)bytes.len,
                                                   .true_len = (uint32_t)MIN(true_len, UINT32_MAX),
                                                   .flags = flags | (alone ? RECORD_MULTILINE : 0),
                                                   .received = received};
        b->payload += bytes.len + 1;
        b->runs[b->n_runs - 1].n++;
        b->runs[b->n_runs - 1].len += (uint32_t)bytes.len + 1;
        *ret_seq = b->first_seq + b->n_records++;
        return 0;
}

int records_add_position(struct records_builder *b, struct span key, struct span value) {
        struct position *p = NULL;

        if (key.len > POSITION_KEY_MAX || value.len > POSITION_VALUE_MAX)
                return -EINVAL;
        for (uint32_t i = 0; i < b->n_positions && !p; i++)
                if (span_eq(span_of(b->positions[i].key, b->positions[i].key_len), key))
                        p = &b->positions[i];
        if (!p) {
                if (!fits(b, 0, 0, 0, 0, 1))
                        return RECORDS_E_FULL;
                p = &b->positions[b->n_positions++];
        }
        *p = (struct position){.key_len = (uint32_t)key.len, .value_len = (uint32_t)value.len};
        memcpy(p->key, key.p, key.len);
        memcpy(p->value, value.p, value.len);
        return 0;
}

void records_flag(struct records_builder *b, uint64_t seq, uint32_t flags) {
        assert(seq >= b->first_seq && seq - b->first_seq < b->n_records);
        b->records[seq - b->first_seq].flags |= flags;
}

uint32_t records_count(const struct records_builder *b) {
        return b->n_records;
}

size_t records_bytes(const struct records_builder *b) {
        return b->payload;
}

static char *put_table(char *to, const void *p, size_t n) {
        if (n)
                memcpy(to, p, n);
        return to + n;
}

size_t records_end(struct records_builder *b) {
        struct records_header h = {.magic = RECORDS_MAGIC,
                                   .layout = BATCH_RECORDS,
                                   .version = 1,
                                   .first_seq = b->first_seq,
                                   .received_first = b->received_first,
                                   .received_last = b->received_last,
                                   .payload_len = (uint32_t)b->payload,
                                   .n_runs = b->n_runs,
                                   .n_records = b->n_records,
                                   .n_sources = b->n_sources,
                                   .n_positions = b->n_positions};

        if (b->n_records == 0 && b->n_positions == 0)
                return 0;
        size_t at = tables_at(b->payload), end = sizeof(h) + b->payload;
        memcpy(b->slot, &h, sizeof(h));
        memset(b->slot + end, 0, at - end);
        char *t = b->slot + at;
        t = put_table(t, b->runs, b->n_runs * sizeof(struct run));
        t = put_table(t, b->records, b->n_records * sizeof(struct record));
        t = put_table(t, b->sources, b->n_sources * sizeof(struct source_name));
        t = put_table(t, b->positions, b->n_positions * sizeof(struct position));
        size_t size = (size_t)(t - b->slot), least = at + SLOT_PADDING;
        if (size < least)
                memset(t, 0, least - size);
        return MAX(size, least);
}

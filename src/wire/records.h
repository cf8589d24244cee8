/* The node's batch: raw records with what is known of their receipt. `ingest` builds one in a slot
 * of the ring (records_begin … records_end), everybody else views it (records_view) and trusts
 * nothing: every count and offset is checked once against the room it lies in. The same bytes,
 * compressed, are a frame of the event store, and a judge or a search reads a frame as it reads a
 * slot.
 *
 *     struct records_header | payload | (to 8) | runs | records | sources | positions
 *
 * The payload is the records' bytes exactly as received, each followed by one '\n' that is not part
 * of it, so that neighbours of one source and format (a run) are a stretch that a decoder reads in
 * one go. A run never mixes sources, peers, formats or drill labels. Records have sequence numbers
 * first_seq, first_seq + 1, … for the life of the node, across all sources. At least SLOT_PADDING
 * readable bytes follow the payload.
 *
 * Positions (of followed files, journal cursors) travel in the batch whose records they cover, so
 * that `store` commits both at once. */
#ifndef WIRE_RECORDS_H
#define WIRE_RECORDS_H

#include "wire/batch.h"

#define RECORDS_MAGIC 0x43455243u
#define SOURCE_NAME_MAX 60u
#define POSITION_KEY_MAX 256u
#define POSITION_VALUE_MAX 256u
#define RECORDS_MAX 16384u /* of one batch */
#define RUNS_MAX 4096u
#define SOURCES_MAX 256u  /* of one batch */
#define POSITIONS_MAX 64u /* of one batch */

enum {
        RECORD_TRUNCATED = 1u << 0, /* longer than RECORD_MAX: true_len says how long */
        RECORD_MALFORMED = 1u << 1, /* kept, but not what the protocol asks for */
        RECORD_DUPLICATE = 1u << 2, /* source and content, or a bulk _id, came within 10 minutes */
        RECORD_QUARANTINED = 1u << 3, /* of a sender nobody knows; kept apart, not judged */
        RECORD_CONVERTED = 1u << 4,   /* rendered as JSON here (OTLP): not as received */
        RECORD_MULTILINE = 1u << 5,   /* holds a '\n' of its own; alone in its run */
        RECORD_PREAMBLE =
                1u << 6, /* a copy of its file's header: first of a RUN_HEADED, no event */
};

enum {
        RUN_SINGLE = 1u << 0, /* one record, to be decoded as one whatever it holds */
        RUN_RETAINED = 1u << 1,
        RUN_HEADED =
                1u << 2, /* its first record is the header that the others need (W3C, Zeek, CSV):
                                 never cut across frames */
};

struct records_header {
        uint32_t magic;
        uint16_t layout;  /* BATCH_RECORDS */
        uint16_t version; /* 1 */
        uint64_t first_seq;
        int64_t received_first, received_last; /* ns UTC */
        uint32_t payload_len;
        uint32_t n_runs, n_records, n_sources, n_positions;
        uint32_t reserved;
};

struct run {
        uint32_t first, n; /* records */
        uint32_t source;   /* index in this batch's sources */
        uint16_t format;   /* enum format */
        uint16_t flags;    /* RUN_* */
        uint32_t drill;    /* 0: real; else the label of an exercise */
        uint32_t at, len;  /* stretch of the payload, separators included */
        uint16_t port;
        uint16_t reserved;
        uint8_t peer[16]; /* IPv6, or IPv4 mapped into it; zero: none (a file, this machine) */
};

struct record {
        uint32_t at, len;  /* in the payload */
        uint32_t true_len; /* as received; saturates */
        uint32_t flags;    /* RECORD_* */
        int64_t received;  /* ns UTC */
};

struct source_name {
        uint32_t id;                /* of the configuration; names, not ids, are what lasts */
        char name[SOURCE_NAME_MAX]; /* NUL-terminated */
};

/* A key is "file:DEV:INO", "journal:NAME" … ; the value is the source's own text. */
struct position {
        uint32_t key_len, value_len;
        char key[POSITION_KEY_MAX], value[POSITION_VALUE_MAX];
};

/* A checked copy of the header; the rest points into the slot, which must stay mapped. What it
 * points to may be changed by a hijacked writer while one looks: take a value once into a local,
 * through records_run() and records_at(), which check it against the payload. */
struct records {
        struct records_header h;
        struct span payload;
        const struct run *runs;
        const struct record *table;
        const struct source_name *sources;
        const struct position *positions;
};

/* 0 or BATCH_E_BAD: does not fit `len` bytes. */
int records_view(const void *p, size_t len, struct records *ret);
/* Copies, checked: false when it does not fit (a hijacked writer). */
bool records_run(const struct records *r, uint32_t i, struct run *ret);
bool records_at(const struct records *r, uint32_t i, struct record *ret, struct span *ret_bytes);
bool records_source(const struct records *r, uint32_t i, struct source_name *ret);
bool records_position(const struct records *r, uint32_t i, struct position *ret);
/* Bytes that the batch takes from its header on. */
size_t records_size(const struct records *r);

/* ---- building, by `ingest` alone ---- */

struct records_builder;

/* One heap object, used for one slot after the other. NULL when memory is short. */
struct records_builder *records_builder_new(void);
struct records_builder *records_builder_free(struct records_builder *b);
CLEANUP(records_builder, records_builder_free)

/* Begins a batch in `slot` of `room` bytes (SLOT_BYTES, or less in tests). */
void records_begin(struct records_builder *b, void *slot, size_t room, uint64_t first_seq);

/* Where a record came from; what makes a run. */
struct origin {
        uint32_t source;
        const char *source_name;
        enum format format;
        uint32_t drill;
        uint8_t peer[16];
        uint16_t port;
        uint64_t headed; /* records under different headers stand in different runs; 0: none */
};

/* A run with a header and its records fits a frame of the store (store/frames.h): no more of them
 * are put under one copy of it. */
#define HEADED_BYTES ((size_t)192 << 10)
#define HEADED_RECORDS 1024u

enum { RECORDS_E_FULL = 1 /* does not fit any more: end this batch and begin another */ };

/* Copies a record in; `true_len` >= bytes.len. 0 and its sequence number, or RECORDS_E_FULL. A record
 * of at most RECORD_MAX bytes always fits an empty batch of SLOT_BYTES. One with RECORD_PREAMBLE
 * begins a run. */
int records_add(struct records_builder *b, const struct origin *o, struct span bytes,
                uint64_t true_len, uint32_t flags, int64_t received, uint64_t *ret_seq);
/* More flags for a record of this batch, that change nothing about its run. */
void records_flag(struct records_builder *b, uint64_t seq, uint32_t flags);
/* A position that holds once this batch is durable; a key given twice: the last one counts. */
int records_add_position(struct records_builder *b, struct span key, struct span value);
uint32_t records_count(const struct records_builder *b);
size_t records_bytes(const struct records_builder *b); /* of payload, so far */
/* Writes the tables and the header. Bytes the batch takes; 0: nothing was added. */
size_t records_end(struct records_builder *b);

#endif

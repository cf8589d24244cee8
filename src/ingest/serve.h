/* The node's `ingest`: one loop over main's socket, the listeners and their connections, filling
 * slots of the ring with what comes. wire/node_ingest.h has what is said with main. */
#ifndef INGEST_SERVE_H
#define INGEST_SERVE_H

#include "ingest/source.h"

struct serve;

struct serve_setup {
        int sock;         /* main's */
        char *ring;       /* RING_SLOTS * SLOT_BYTES, writable */
        void *duplicates; /* see ingest/dedup.h */
        size_t duplicates_len;
        struct counters_page *counters;
        bool again; /* the counters were known: a former ingest has gone */
};

/* All must outlive it. */
int serve_new(struct serve **ret, const struct serve_setup *setup);
struct serve *serve_free(struct serve *s);
CLEANUP(serve, serve_free)

/* Takes what main says up to and with NODE_BEGIN, and makes the listeners ready: no byte of theirs is
 * read before serve_run(), so the sandbox comes between. 0 or -errno. */
int serve_configure(struct serve *s);
/* Until main closes the socket: 0; or -errno. */
int serve_run(struct serve *s);

/* ---- for the parts that bring records: connections, http, followed files ---- */

enum { SERVE_E_STALLED = 1 /* no free slot: again when serve says so */ };

struct serve_item {
        struct source *source;
        const struct os_peer *peer; /* NULL: none */
        struct span bytes;
        uint64_t true_len;
        uint32_t flags;     /* RECORD_* */
        enum format format; /* FORMAT_UNKNOWN: as the source says */
        struct span id;     /* of the sender, for duplicates; .p NULL: none */
        /* The header of its file (W3C, Zeek, CSV), which then stands in front of its run. */
        struct span preamble;
        uint64_t headed; /* the file, and which header of it; 0: none */
};

/* One record into the batch; counts it. It is durable when `durable` of serve_on_durable() is above
 * its number. 0, SERVE_E_STALLED (nothing was changed) or -errno. */
int serve_record(struct serve *s, const struct serve_item *item, uint64_t *ret_seq);
/* A position that holds once the records given so far are durable; as serve_record(). */
int serve_position(struct serve *s, struct span key, struct span value);

enum serve_level { NOTE_ERROR = 0, NOTE_WARNING, NOTE_INFORMATION };
/* One line for the operator: source (or ""), a constant phrase, and who ("peer=…"). The same again
 * within a minute is counted and said then. */
void serve_note(struct serve *s, enum serve_level level, const char *source, const char *phrase,
                const char *who);

#endif

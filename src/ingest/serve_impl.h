/* What the files of serve share. */
#ifndef INGEST_SERVE_IMPL_H
#define INGEST_SERVE_IMPL_H

#include "base/buf.h"
#include "ingest/dedup.h"
#include "ingest/relp.h"
#include "ingest/serve.h"
#include "ingest/syslog_frame.h"
#include "ingest/tls.h"

#define CONNECTIONS_MAX 8192u
#define BATCH_NS (20 * INT64_C(1000000)) /* a batch waits so long for more */
#define BATCH_IDLE_MS 2                  /* … and so long when nothing comes but someone waits */
#define SCRATCH ((size_t)256 << 10)      /* of one read */
#define SCRATCH_LIMITED ((size_t)16 << 10) /* of a source that has a rate, or waits for answers */
#define HANDSHAKE_NS (10 * INT64_C(1000000000))
#define PARTIAL_NS (120 * INT64_C(1000000000)) /* for one record to become whole */
#define MEMORY_MAX ((size_t)96 << 20)          /* held for stream connections in all */
#define OUT_MAX ((size_t)64 << 10)             /* answers that the sender does not take */
#define DATAGRAMS 64u
#define NOTES 64u
#define MARKS 16u /* records whose earlier ones are not looked for yet */

/* What epoll hands back: kind in the upper half, index in the lower. */
enum tag {
        TAG_MAIN = 1,
        TAG_STREAMS,
        TAG_LISTENER,
        TAG_CONNECTION,
        TAG_ANSWER,
        TAG_HTTP,
        TAG_JOURNAL,
        TAG_REPLAY,
};

struct http;
struct serve_files;  /* ingest/files.h */
struct serve_replay; /* ingest/replay.h */

struct listener {
        struct msg_listen m;
        int fd; /* -1: no more */
        uint32_t connections;
        struct tls_context *tls;
        struct http *http;
        char *pem[SECRET_REVOKED + 1]; /* for http_new() */
        uint32_t drops;                /* UDP: the kernel's counter as last seen */
        bool drops_known;
        int64_t again_at; /* not accepting before: out of descriptors */
};

struct connection {
        uint32_t index;
        int fd;
        struct listener *listener;
        struct source *source;
        struct os_peer peer;
        struct tls *tls;
        bool handshaken;
        bool watched;   /* in the set of streams */
        bool answering; /* waits to write */
        bool ended;     /* no more is read; closes when all is answered */
        bool has_held;  /* the first record of carry was taken off and found no slot */
        struct syslog_frame frame;
        struct relp *relp; /* or NULL */
        /* What is not a whole record yet, or found no slot. */
        char *carry;
        size_t carry_len, carry_cap;
        struct serve_item held; /* bytes: into carry, set when used */
        size_t held_len, held_skip;
        uint32_t held_txnr;
        struct buf out; /* not yet written */
        size_t out_at;
        int64_t since, active, partial; /* ns monotonic; partial 0: nothing half */
        int64_t resume;                 /* > 0: over its rate until then */
};

struct note {
        uint64_t key;
        uint32_t count; /* since it was said */
        enum serve_level level;
        int64_t said, quiet; /* ns monotonic; for how long it is only counted */
        char source[SOURCE_NAME_MAX], text[160];
        bool peers; /* of a source: it was not always the one in the text */
};

struct secret {
        struct msg_secret m;
        struct span text; /* on the heap */
};

struct serve {
        struct serve_setup set;
        struct records_builder *builder;
        struct sources *sources;
        struct dedup *dedup;
        uint64_t forgotten; /* by it, as counted */
        uint64_t *totals;
        int ep, streams; /* epoll: all; streams within, left out while stalled */
        bool begun, stopping, stalled, said_stall;
        int64_t now, wall; /* of this round */
        uint64_t round;    /* counted */
        int64_t stalled_since, last_tick, next_resume;

        uint32_t slots[RING_SLOTS], n_slots, slots_mine; /* free; a bit for each that we have */
        bool open;                                       /* slot `slot` is being filled */
        uint32_t slot;
        int64_t batch_since;
        uint64_t next_seq, durable;
        uint64_t batch_no; /* of the open batch; goes up */
        struct {           /* the run under a header that takes more records */
                uint64_t headed, batch, next_seq;
                size_t bytes;
                uint32_t n;
        } run;
        struct serve_files *files;
        struct serve_replay *replay;

        uint32_t waiting; /* answers that wait for durability */
        uint32_t http_stalled;

        struct listener listeners[LISTENERS_MAX];
        uint32_t n_listeners;
        struct secret secrets[4 * (LISTENERS_MAX + 1)]; /* until NODE_BEGIN */
        uint32_t n_secrets;
        struct connection *connections[CONNECTIONS_MAX];
        uint32_t n_connections, top; /* open; first index never used */
        uint32_t told, applied;      /* generation of sources: at the last tick, for connections */
        size_t memory;
        char *scratch; /* RECORD_MAX + room of a head, then SCRATCH */

        struct os_datagrams *datagrams;
        unsigned datagrams_at, datagrams_n; /* left over when a slot was missing */
        uint32_t datagrams_listener;

        struct asked {
                uint64_t seq;
                struct dedup_key content, id;
                bool has_id;
                struct source *source;
        } marks[MARKS]; /* of the open batch */
        unsigned n_marks;

        struct note notes[NOTES];
};

/* serve.c */
void serve_wake(struct serve *s); /* after records were held up: not stalled any more */
void serve_alert(struct serve *s, enum own_alert what, const char *source, const char *text);
static inline void serve_count(struct serve *s, enum counter c, uint64_t n) {
        counter_add(&s->totals[c], n);
}

/* serve_notes.c */
void serve_notes_tick(struct serve *s);
/* "listener=NAME peer=ADDRESS" */
void serve_who(const struct listener *l, const struct os_peer *p, char *to, size_t n);

/* serve_config.c */
int serve_message(struct serve *s); /* takes one from main; -EAGAIN: none is there */

/* serve_stream.c */
void serve_accept(struct serve *s, struct listener *l);
void serve_connection_ready(struct serve *s, uint32_t index, uint32_t what);
void serve_connection_answer(struct serve *s, uint32_t index);
void serve_streams_unstalled(struct serve *s);
void serve_streams_durable(struct serve *s);
void serve_streams_resume(struct serve *s); /* those that waited for their rate */
void serve_streams_tick(struct serve *s);
void serve_streams_stop(struct serve *s);
void serve_streams_free(struct serve *s);

/* serve_udp.c */
void serve_datagrams(struct serve *s, uint32_t listener);
void serve_datagrams_unstalled(struct serve *s);
void serve_count_drops(struct serve *s, struct listener *l);

/* Who it is, by its address; unknown: quarantined where the listener says so, else NULL, counted and
 * noted. */
struct source *serve_who_is(struct serve *s, struct listener *l, const struct os_peer *peer);
void serve_refuse_unknown(struct serve *s, struct listener *l, const struct os_peer *peer);

#endif

/* What main tells `ingest` of a node, and what both take from the same shared pages.
 *
 *     ingest ──READY──► main  (it waits for all of this, in any order)
 *     main ──SOURCE…, LISTEN(socket)…, SECRET(memfd)…, STORE_POSITIONS(memfd), BEGIN(seq)──► ingest
 *     (ingest enters its sandbox: nothing foreign was read before, and LISTEN is refused after)
 *     main ──SLOT n, DURABLE seq, SOURCE…, SECRET(memfd)──► ingest
 *     ingest ──FILLED slot, NOTE, DESK_INCIDENT──► main
 *     main ──STOP──► ingest: what is there is handed over, acknowledgements are still sent as
 *                    DURABLE comes; closing the socket ends it
 *
 * Descriptors at its start: 4 the ring, writable (RING_SLOTS * SLOT_BYTES); 5 the memory of
 * duplicates (a file of DEDUP_MIN to DEDUP_MAX bytes, zero at first, the same one after any crash and start); 6 the
 * counters (a memfd of sizeof(struct counters_page), wire/counters.h; the same one after a crash).
 *
 * Listeners are fixed by BEGIN: main restarts ingest to change them, and keeps the sockets, so that
 * who connects meanwhile waits in the backlog. Sources and tokens may change at any time. */
#ifndef WIRE_NODE_INGEST_H
#define WIRE_NODE_INGEST_H

#include "wire/message.h"
#include "wire/node.h"

#define SOURCES_CONFIGURED_MAX 1024u
#define SOURCE_NETS_MAX 16u /* of one message; of one source: four times as many */
#define LISTENERS_MAX 32u
#define LISTEN_NAME_MAX 32u
#define IDENTITY_MAX 128u
#define SECRET_MAX ((uint32_t)1 << 20)
#define DEDUP_MIN ((size_t)1 << 20)
#define DEDUP_MAX ((size_t)512 << 20)
#define DEDUP_BYTES ((size_t)128 << 20) /* as it is unless configured: 24,000 records a second */

/* Id and name of what came from a sender nobody knows, at a listener that keeps such. */
#define SOURCE_UNKNOWN 0u
#define SOURCE_UNKNOWN_NAME "unknown"

/* bits: 0–128 of the IPv6 form; 192.0.2.0/24 is ::ffff:192.0.2.0 with 96 + 24. */
struct address_net {
        uint8_t address[16];
        uint8_t bits, reserved[3];
};

enum {
        SOURCE_MORE = 1u << 0, /* more networks or one more identity for a source already told */
        SOURCE_GONE = 1u << 1, /* no longer configured: only `id` counts */
        SOURCE_FILE = 1u << 2, /* of followed files: no listener takes it */
};

/* A sender is known by its certificate where the listener is mutual, else by its token where it gave
 * one, else by its address: the longest network that holds it wins, then the lower id. Told again
 * with the same id, it replaces what was told before (its counters stay). */
struct msg_source {
        uint32_t type, id; /* id >= 1 */
        uint32_t flags;
        uint32_t format; /* enum format; FORMAT_UNKNOWN: found from what it sends */
        char name[SOURCE_NAME_MAX], system[SOURCE_NAME_MAX]; /* NUL-terminated, printable ASCII */
        char identity[IDENTITY_MAX]; /* of its certificate: a DNS name, a common name, or "sha256:"
                                        and 64 hexadecimal digits; empty: none */
        uint32_t listen;             /* only at this listener; 0: any */
        uint32_t record_max;         /* bytes of a record; 0: RECORD_MAX */
        uint32_t records_s;          /* at most so many a second; 0: any */
        uint32_t silent_s;           /* silent for longer: an alert; 0: never */
        uint64_t bytes_s;            /* at most so many a second; 0: any */
        int64_t last_seen;           /* as known before ingest started, ns UTC; 0: never */
        uint32_t n_nets, reserved;
        struct address_net nets[SOURCE_NETS_MAX];
};

enum listen_protocol {
        LISTEN_SYSLOG_UDP = 1,
        LISTEN_SYSLOG_TCP, /* and TLS, with LISTEN_TLS */
        LISTEN_RELP,
        LISTEN_BULK, /* Elasticsearch's bulk API */
        LISTEN_OTLP, /* /v1/logs */
        LISTEN_UNIX, /* lines over a local socket (Suricata's EVE), of the source that names it */
        LISTEN_UNIX_DATAGRAM,
        LISTEN_PROTOCOL_MAX,
};

static inline bool listen_is_http(uint32_t protocol) {
        return protocol == LISTEN_BULK || protocol == LISTEN_OTLP;
}
static inline bool listen_is_local(uint32_t protocol) {
        return protocol == LISTEN_UNIX || protocol == LISTEN_UNIX_DATAGRAM;
}
static inline bool listen_is_datagram(uint32_t protocol) {
        return protocol == LISTEN_SYSLOG_UDP || protocol == LISTEN_UNIX_DATAGRAM;
}

enum {
        LISTEN_TLS = 1u << 0,
        LISTEN_MUTUAL = 1u << 1,     /* the sender must show a certificate that we know */
        LISTEN_QUARANTINE = 1u << 2, /* unknown senders are kept apart instead of refused */
        LISTEN_TOKEN = 1u << 3,      /* HTTP: an address alone is nobody */
};

enum listen_framing { FRAMING_AUTO = 0, FRAMING_OCTETS, FRAMING_LINES };

/* With one descriptor: a bound socket, listening where that applies, non-blocking. */
struct msg_listen {
        uint32_t type, id; /* id >= 1 */
        uint32_t protocol, flags;
        uint32_t framing;           /* of LISTEN_SYSLOG_TCP */
        uint32_t max_connections;   /* 0: 4096 */
        uint32_t per_peer;          /* connections of one address; 0: half of max_connections */
        uint32_t idle_s;            /* a connection that is silent so long is closed; 0: 3600,
                                     HTTP: 120 */
        uint64_t request_max;       /* HTTP: bytes of a body as sent; 0: 100 MiB */
        char name[LISTEN_NAME_MAX]; /* for notes: "syslog-tcp" */
};

enum secret_kind {
        SECRET_CERTIFICATE = 1, /* of the listener `owner` (0: of all): PEM, leaf first */
        SECRET_KEY,             /* PEM, unencrypted */
        SECRET_AUTHORITIES,     /* PEM: who may sign a sender's certificate */
        SECRET_REVOKED,         /* PEM: revocation list */
        SECRET_TOKENS,          /* of the source `owner`: a line each, as the sender gives it, or
                                   "blake2b:" and 64 hexadecimal digits of its hash; blank lines
                                   and lines that begin with '#' do not count */
};

/* With one descriptor: a sealed memfd of `len` bytes. Told again, it replaces the older. TLS secrets
 * of an HTTP listener must come before BEGIN. */
struct msg_secret {
        uint32_t type, kind, owner, len; /* len <= SECRET_MAX */
};

enum {
        FILE_MATCHED = 1u << 0,
        FILE_ROTATED = 1u << 1,
        FILE_JOURNAL = 1u << 2, /* a pipe that journalctl writes its export format to */
        FILE_IMPORT = 1u << 3,  /* read once, to the end; answered by NODE_IMPORTED */
};

/* With one descriptor: a followed file that main opened, as its name matched a source's pattern. */
struct msg_node_file {
        uint32_t type, source;
        uint32_t flags, token; /* token: of an import, comes back */
        uint32_t format;       /* of an import; FORMAT_UNKNOWN: find out */
        uint32_t reserved;
        uint64_t device, inode, size;
        int64_t modified; /* ns UTC */
        char path[512];   /* for notes; NUL-terminated */
};

_Static_assert(sizeof(struct msg_source) <= MESSAGE_MAX, "a message");
_Static_assert(sizeof(struct msg_listen) <= MESSAGE_MAX, "a message");
_Static_assert(sizeof(struct msg_node_file) <= MESSAGE_MAX, "a message");

#endif

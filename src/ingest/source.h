/* The sources of the configuration: who is it that sends, in which format, how much may come. Told
 * by messages (wire/node_ingest.h); counts into the shared page. */
#ifndef INGEST_SOURCE_H
#define INGEST_SOURCE_H

#include "os/net.h"
#include "wire/counters.h"

#define TOKEN_HASH 32u
#define SOURCE_TOKENS_MAX 16u

struct sources;

/* Embedded in the table; read by the rest of ingest, written here. */
struct source {
        uint32_t id;
        enum format format; /* FORMAT_UNKNOWN: found by records */
        enum format found;  /* for records that do not say themselves; FORMAT_UNKNOWN: not yet */
        uint32_t looked;    /* records looked at to find it */
        char name[SOURCE_NAME_MAX], system[SOURCE_NAME_MAX];
        uint32_t listen, record_max, silent_s;
        bool file, gone, unknown;
        uint64_t records_s, bytes_s;
        double records_left, bytes_left; /* of the token buckets: a second's worth at most */
        int64_t filled;                  /* when, ns monotonic */
        int64_t seen;                    /* ns monotonic: last record, or since when we wait */
        size_t held;                     /* bytes, for its requests */
        bool silent;
        struct source_counters *counters;
        struct source_private *own;
};

/* NULL: out of memory. `page` must stay mapped. */
struct sources *sources_new(struct counters_page *page);
struct sources *sources_free(struct sources *s);
CLEANUP(sources, sources_free)

/* 0, or -EPROTO when the message is not one that main may send, -ENOSPC, -ENOMEM. `now` monotonic,
 * `wall` UTC. */
int sources_tell(struct sources *s, const struct msg_source *m, int64_t now, int64_t wall);
/* Replaces the tokens of a source: the text of a SECRET_TOKENS, which the caller wipes. -EINVAL: a
 * hash that is none, or too many. */
int sources_tokens(struct sources *s, uint32_t source, struct span text);

/* Who sends; NULL: nobody we know. The unknown source is never returned by these. */
struct source *sources_by_address(struct sources *s, uint32_t listen, const struct os_peer *peer);
/* The first that names this listener: of a local one, whose senders have no address. */
struct source *sources_by_listener(struct sources *s, uint32_t listen);
struct source *sources_by_token(struct sources *s, uint32_t listen, struct span token);
/* `fingerprint`: 32 bytes of SHA-256 over the certificate; `names`: those that an authority we trust
 * vouches for (none when it is not trusted). */
struct source *sources_by_certificate(struct sources *s, uint32_t listen,
                                      const uint8_t fingerprint[32], const struct span *names,
                                      unsigned n_names);
bool sources_any_identity(const struct sources *s, uint32_t listen);
struct source *sources_unknown(struct sources *s); /* quarantine */
/* Another number whenever one was told. */
uint32_t sources_generation(const struct sources *s);
uint32_t sources_count(const struct sources *s);
struct source *sources_at(struct sources *s, uint32_t i);

/* Rate. Nanoseconds until it may send again; 0: now. */
int64_t source_wait(struct source *s, int64_t now);
void source_charge(struct source *s, uint64_t records, uint64_t bytes);

/* The format of a record of this source; sets RECORD_MALFORMED in `flags` where it should have
 * been syslog and is not. */
enum format source_format(struct source *s, struct span bytes, uint32_t *flags);

#endif

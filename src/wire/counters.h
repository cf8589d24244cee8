/* What `ingest` counts, in a shared page: one writer, any number of readers, no locks. A number is
 * stored whole (aligned, relaxed), so that a reader sees the old or the new one; numbers beside each
 * other may be of different moments. The page outlives a crash of the writer: counting goes on where
 * it stopped.
 *
 * Readers take a copy with counters_copy(), which trusts nothing: counts are cut to the room, names
 * end and are printable. */
#ifndef WIRE_COUNTERS_H
#define WIRE_COUNTERS_H

#include "wire/node_ingest.h"

#define COUNTERS_MAGIC 0x544e4f43u
#define COUNTERS_ROOM 64u                                 /* of totals: more than COUNT_MAX */
#define COUNTERS_SOURCES_MAX (SOURCES_CONFIGURED_MAX + 1) /* the first is SOURCE_UNKNOWN */

/* Of the whole process. What only goes up ends in no particular word; what goes up and down is a
 * gauge (counter_is_gauge). Append only: the numbers are an interface. */
enum counter {
        COUNT_RECORDS = 0,      /* handed over */
        COUNT_BYTES,            /* their payload */
        COUNT_BATCHES,          /* handed over */
        COUNT_DURABLE,          /* gauge: everything below this sequence number is durable */
        COUNT_SLOTS_FREE,       /* gauge: slots at hand */
        COUNT_STALLS,           /* times that receipt waited for a free slot */
        COUNT_STALL_NS,         /* how long in all */
        COUNT_CONNECTIONS,      /* gauge: open now */
        COUNT_ACCEPTED,         /* connections taken */
        COUNT_REFUSED_FULL,     /* closed at once: too many connections, in all or of one peer */
        COUNT_REFUSED_UNKNOWN,  /* connections, datagrams or requests of senders nobody knows */
        COUNT_REFUSED_TLS,      /* handshakes that failed */
        COUNT_CLOSED_IDLE,      /* closed: idle, or too slow with a handshake or header */
        COUNT_CLOSED_FRAMING,   /* closed: bytes that are no frame */
        COUNT_UDP_DROPPED,      /* datagrams that the kernel dropped as we were too slow */
        COUNT_HTTP_REQUESTS,    /* all */
        COUNT_HTTP_REFUSED,     /* answered 4xx as a whole */
        COUNT_WAITING,          /* gauge: answers that wait for durability */
        COUNT_DUPLICATE_WINDOW, /* gauge: seconds that the memory of duplicates reaches back */
        COUNT_MEMORY,           /* gauge: bytes held for connections */
        COUNT_DUPLICATES_FORGOTTEN, /* hashes that the memory of duplicates gave up early */
        COUNT_DUPLICATES_KNOWN,     /* gauge: hashes in it */
        COUNT_DUPLICATES_ROOM,      /* gauge: hashes that it has room for */
        COUNT_DRILL_RECORDS,        /* of drills, handed over: in none of the numbers above */
        COUNT_DRILL_KNOWN,          /* of drills, given again: passed over */
        COUNT_DRILL_HELD,    /* times that drills waited: for their limit, or for real senders */
        COUNT_DRILL_REFUSED, /* lines of drills that were closed: no frame */
        COUNT_DRILL_CLAIMED, /* records of real senders that say they are of a drill: they are not */
        COUNT_MAX,
};

struct source_counters {
        uint32_t id; /* 0 with an empty name: no entry */
        uint32_t connections;
        char name[SOURCE_NAME_MAX], system[SOURCE_NAME_MAX];
        uint64_t received;     /* records kept, duplicates and malformed included */
        uint64_t bytes;        /* of them */
        uint64_t refused;      /* records not kept: too long for bulk, or no JSON */
        uint64_t limited;      /* records not kept, or answered 429: over its rate */
        uint64_t malformed;    /* kept, marked */
        uint64_t truncated;    /* kept, marked */
        uint64_t duplicates;   /* kept, marked */
        uint64_t quarantined;  /* kept, marked */
        uint64_t paused_ns;    /* how long its connections were not read: over its rate */
        int64_t last_seen;     /* ns UTC; 0: never */
        uint64_t silent;       /* gauge: 1 when silent for longer than allowed */
        uint64_t unread;       /* gauge: bytes of its followed files that are not read yet */
        uint64_t silent_after; /* gauge: seconds after which it counts as silent; 0: never */
        uint64_t reserved[2];
};

/* A followed file, as ingest sees it. */
#define COUNTERS_FILES_MAX 1024u
enum file_state {
        FILE_FOLLOWED = 0,
        FILE_UNDECIDED, /* too short to be known again by its beginning, or empty */
        FILE_DONE,      /* packed: all of it was read */
        FILE_REFUSED,   /* binary */
};
struct file_counters {
        char source[SOURCE_NAME_MAX];
        char path[92]; /* the end of it */
        uint32_t state, packed;
        uint64_t size, read; /* bytes of the file */
};

struct counters_page {
        uint32_t magic, version;
        uint32_t n_sources; /* entries used, from the first; a source keeps its entry */
        uint32_t pid;
        int64_t started, updated; /* ns UTC; updated at least every second while it lives */
        uint64_t totals[COUNTERS_ROOM];
        struct source_counters sources[COUNTERS_SOURCES_MAX];
        /* Written anew each second; odd while it is. */
        uint32_t files_written, n_files;
        struct file_counters files[COUNTERS_FILES_MAX];
};

/* "records", and one English line on it. NULL beyond the last. */
const char *counter_name(enum counter c);
const char *counter_help(enum counter c);
bool counter_is_gauge(enum counter c);

static inline uint64_t counter_get(const uint64_t *at) {
        return __atomic_load_n(at, __ATOMIC_RELAXED);
}
static inline void counter_set(uint64_t *at, uint64_t v) {
        __atomic_store_n(at, v, __ATOMIC_RELAXED);
}
/* By the one writer alone. */
static inline void counter_add(uint64_t *at, uint64_t n) {
        __atomic_store_n(at, *at + n, __ATOMIC_RELAXED);
}

/* By the writer: makes a fresh page one, takes over what is one already. Returns whether it was. */
bool counters_open(struct counters_page *page, int64_t now, uint32_t pid);
/* The entry of a source, new or known by its id; NULL: no room. */
struct source_counters *counters_source(struct counters_page *page, uint32_t id, const char *name,
                                        const char *system);

/* By a reader. false: not a page. */
bool counters_copy(const struct counters_page *page, struct counters_page *ret);

#endif

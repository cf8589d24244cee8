/* See counters.h. */
#include "wire/counters.h"

static const struct {
        const char *name, *help;
        bool gauge;
} table[COUNT_MAX] = {
        [COUNT_RECORDS] = {"records", "Records handed over", false},
        [COUNT_BYTES] = {"bytes", "Bytes of the records handed over", false},
        [COUNT_BATCHES] = {"batches", "Batches handed over", false},
        [COUNT_DURABLE] = {"durable_seq", "Every record below this number is durable", true},
        [COUNT_SLOTS_FREE] = {"slots_free", "Slots of the ring at hand", true},
        [COUNT_STALLS] = {"stalls", "Times that receipt waited for a free slot", false},
        [COUNT_STALL_NS] = {"stall_ns", "Time that receipt waited for a free slot", false},
        [COUNT_CONNECTIONS] = {"connections", "Open connections", true},
        [COUNT_ACCEPTED] = {"accepted", "Connections taken", false},
        [COUNT_REFUSED_FULL] = {"refused_full", "Connections refused: too many", false},
        [COUNT_REFUSED_UNKNOWN] = {"refused_unknown", "Refused: a sender nobody knows", false},
        [COUNT_REFUSED_TLS] = {"refused_tls", "TLS handshakes that failed", false},
        [COUNT_CLOSED_IDLE] = {"closed_idle", "Connections closed: idle or too slow", false},
        [COUNT_CLOSED_FRAMING] = {"closed_framing", "Connections closed: bad framing", false},
        [COUNT_UDP_DROPPED] = {"udp_dropped", "Datagrams that the kernel dropped", false},
        [COUNT_HTTP_REQUESTS] = {"http_requests", "HTTP requests", false},
        [COUNT_HTTP_REFUSED] = {"http_refused", "HTTP requests answered 4xx as a whole", false},
        [COUNT_WAITING] = {"waiting", "Answers that wait for durability", true},
        [COUNT_DUPLICATE_WINDOW] = {"duplicate_window_seconds",
                                    "How far the memory of duplicates reaches back", true},
        [COUNT_MEMORY] = {"memory_bytes", "Bytes held for connections", true},
        [COUNT_DUPLICATES_FORGOTTEN] = {"duplicates_forgotten",
                                        "Hashes forgotten before ten minutes: no room", false},
        [COUNT_DUPLICATES_KNOWN] = {"duplicates_known", "Hashes in the memory of duplicates", true},
        [COUNT_DUPLICATES_ROOM] = {"duplicates_room",
                                   "Hashes that the memory of duplicates has room for", true},
        [COUNT_DRILL_RECORDS] = {"drill_records", "Records of drills handed over, not in records",
                                 false},
        [COUNT_DRILL_KNOWN] = {"drill_known", "Records of drills that were given again", false},
        [COUNT_DRILL_HELD] = {"drill_held",
                              "Times that drills waited for their limit or for real senders",
                              false},
        [COUNT_DRILL_REFUSED] = {"drill_refused", "Lines of drills that broke the format", false},
        [COUNT_DRILL_CLAIMED] = {"drill_claimed",
                                 "Records of real senders that claim to be of a drill", false},
};

const char *counter_name(enum counter c) {
        return c < COUNT_MAX ? table[c].name : NULL;
}

const char *counter_help(enum counter c) {
        return c < COUNT_MAX ? table[c].help : NULL;
}

bool counter_is_gauge(enum counter c) {
        return c < COUNT_MAX && table[c].gauge;
}

static void copy_name(char *to, const char *from) {
        size_t n = from ? strnlen(from, SOURCE_NAME_MAX - 1) : 0;

        memset(to, 0, SOURCE_NAME_MAX);
        if (n)
                memcpy(to, from, n);
}

bool counters_open(struct counters_page *page, int64_t now, uint32_t pid) {
        bool known = page->magic == COUNTERS_MAGIC && page->version == 1 && page->n_sources >= 1 &&
                     page->n_sources <= COUNTERS_SOURCES_MAX;

        if (!known) {
                memset(page, 0, sizeof(*page));
                page->version = 1;
                page->n_sources = 1;
                copy_name(page->sources[0].name, SOURCE_UNKNOWN_NAME);
                __atomic_store_n(&page->magic, COUNTERS_MAGIC, __ATOMIC_RELEASE);
        }
        page->pid = pid;
        page->started = page->updated = now;
        for (enum counter c = 0; c < COUNT_MAX; c++)
                if (table[c].gauge)
                        counter_set(&page->totals[c], 0);
        for (uint32_t i = 0; i < page->n_sources; i++)
                __atomic_store_n(&page->sources[i].connections, 0, __ATOMIC_RELAXED);
        for (uint32_t i = 0; i < page->n_sources; i++)
                counter_set(&page->sources[i].unread, 0);
        page->n_files = page->files_written = 0;
        return known;
}

struct source_counters *counters_source(struct counters_page *page, uint32_t id, const char *name,
                                        const char *system) {
        struct source_counters *s = NULL;

        if (id == SOURCE_UNKNOWN)
                return &page->sources[0];
        for (uint32_t i = 1; i < page->n_sources && !s; i++)
                if (page->sources[i].id == id)
                        s = &page->sources[i];
        if (!s) {
                if (page->n_sources == COUNTERS_SOURCES_MAX)
                        return NULL;
                s = &page->sources[page->n_sources];
                memset(s, 0, sizeof(*s));
                s->id = id;
        }
        copy_name(s->name, name);
        copy_name(s->system, system);
        if (s == &page->sources[page->n_sources])
                __atomic_store_n(&page->n_sources, page->n_sources + 1, __ATOMIC_RELEASE);
        return s;
}

static void clean_name(char *name) {
        name[SOURCE_NAME_MAX - 1] = 0;
        for (char *p = name; *p; p++)
                if (*p < ' ' || *p > '~')
                        *p = '?';
}

/* The list of files is of one moment, unless its writer died over it or never rests. */
static void copy_whole(const struct counters_page *page, struct counters_page *ret) {
        for (unsigned i = 0; i < 3; i++) {
                uint32_t before = __atomic_load_n(&page->files_written, __ATOMIC_ACQUIRE);

                memcpy(ret, page, sizeof(*ret));
                __atomic_thread_fence(__ATOMIC_ACQUIRE);
                if (before % 2 == 0 &&
                    before == __atomic_load_n(&page->files_written, __ATOMIC_RELAXED))
                        return;
        }
}

bool counters_copy(const struct counters_page *page, struct counters_page *ret) {
        if (__atomic_load_n(&page->magic, __ATOMIC_ACQUIRE) != COUNTERS_MAGIC)
                return false;
        copy_whole(page, ret);
        ret->n_files = MIN(ret->n_files, COUNTERS_FILES_MAX);
        for (uint32_t i = 0; i < ret->n_files; i++) {
                clean_name(ret->files[i].source);
                ret->files[i].path[sizeof(ret->files[i].path) - 1] = '\0';
        }
        ret->n_sources = MIN(ret->n_sources, COUNTERS_SOURCES_MAX);
        for (uint32_t i = 0; i < ret->n_sources; i++) {
                clean_name(ret->sources[i].name);
                clean_name(ret->sources[i].system);
        }
        return true;
}

/* See source.h.
 *
 * Matching by address looks for the longest network; what was found is remembered per address in a
 * small cache, so that a datagram costs one comparison. The cache is emptied whenever a source is
 * told. Tokens are kept as BLAKE2b hashes and compared in constant time, all of them each time.
 *
 * The format, where it is not configured, is a matter of each record: what begins with a priority is
 * syslog (with whatever payload: the decoder looks inside), what begins with a brace is JSON. Records
 * that do not say themselves have the format found from the first of them; it is looked for again
 * until a certain one was seen or 64 were looked at. */
#include "ingest/source.h"

#include <sodium.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/timestamp.h"
#include "decode/detect.h"
#include "wire/batch.h"

#define NETS_MAX (SOURCE_NETS_MAX * 4)
#define IDENTITIES_MAX 8u
#define CACHE 4096u
#define LOOKS 64u

struct source_private {
        uint32_t n_nets, n_identities, n_tokens;
        struct address_net nets[NETS_MAX];
        char identities[IDENTITIES_MAX][IDENTITY_MAX];
        uint8_t tokens[SOURCE_TOKENS_MAX][TOKEN_HASH];
};

struct cached {
        uint8_t address[16];
        uint32_t listen, generation;
        struct source *source;
};

struct sources {
        struct counters_page *page;
        uint32_t n, generation;
        uint64_t key;
        struct source unknown;
        struct source *list[SOURCES_CONFIGURED_MAX];
        struct cached cache[CACHE];
};

struct sources *sources_new(struct counters_page *page) {
        struct sources *s = calloc(1, sizeof(*s));

        if (!s || sodium_init() < 0) {
                free(s);
                return NULL;
        }
        s->page = page;
        s->generation = 1;
        randombytes_buf(&s->key, sizeof(s->key));
        memcpy(s->unknown.name, SOURCE_UNKNOWN_NAME, sizeof(SOURCE_UNKNOWN_NAME));
        s->unknown.unknown = true;
        s->unknown.record_max = RECORD_MAX;
        s->unknown.counters = counters_source(page, SOURCE_UNKNOWN, NULL, NULL);
        return s;
}

static void free_source(struct source *x) {
        if (x && x->own) {
                sodium_memzero(x->own, sizeof(*x->own));
                free(x->own);
        }
        free(x);
}

struct sources *sources_free(struct sources *s) {
        for (uint32_t i = 0; s && i < s->n; i++)
                free_source(s->list[i]);
        free(s);
        return NULL;
}

struct source *sources_unknown(struct sources *s) {
        return &s->unknown;
}

uint32_t sources_generation(const struct sources *s) {
        return s->generation;
}

uint32_t sources_count(const struct sources *s) {
        return s->n;
}

struct source *sources_at(struct sources *s, uint32_t i) {
        return s->list[i];
}

static struct source *by_id(struct sources *s, uint32_t id) {
        for (uint32_t i = 0; i < s->n; i++)
                if (s->list[i]->id == id)
                        return s->list[i];
        return NULL;
}

/* A source keeps its place for good: connections point to it. */
static int add(struct sources *s, uint32_t id, struct source **ret) {
        struct source *x;

        if (s->n == SOURCES_CONFIGURED_MAX)
                return -ENOSPC;
        x = calloc(1, sizeof(*x));
        if (x)
                x->own = calloc(1, sizeof(*x->own));
        if (!x || !x->own) {
                free_source(x);
                return -ENOMEM;
        }
        x->id = id;
        s->list[s->n++] = x;
        *ret = x;
        return 0;
}

static bool text_ok(const char *p, size_t room) {
        size_t n = strnlen(p, room);

        for (size_t i = 0; i < n; i++)
                if (p[i] < ' ' || p[i] > '~')
                        return false;
        return n < room;
}

static bool message_ok(const struct msg_source *m) {
        if (m->id == SOURCE_UNKNOWN || m->format >= FORMAT_MAX || m->n_nets > SOURCE_NETS_MAX ||
            !text_ok(m->name, sizeof(m->name)) || !text_ok(m->system, sizeof(m->system)) ||
            !text_ok(m->identity, sizeof(m->identity)) || m->record_max > RECORD_MAX)
                return false;
        for (uint32_t i = 0; i < m->n_nets; i++)
                if (m->nets[i].bits > 128)
                        return false;
        return true;
}

static int add_matches(struct source_private *own, const struct msg_source *m) {
        if (m->n_nets > NETS_MAX - own->n_nets)
                return -ENOSPC;
        for (uint32_t i = 0; i < m->n_nets; i++)
                own->nets[own->n_nets++] = m->nets[i];
        if (!m->identity[0])
                return 0;
        if (own->n_identities == IDENTITIES_MAX)
                return -ENOSPC;
        memcpy(own->identities[own->n_identities++], m->identity, IDENTITY_MAX);
        return 0;
}

static void set(struct source *x, const struct msg_source *m) {
        if (x->format != (enum format)m->format)
                x->found = FORMAT_UNKNOWN;
        x->format = (enum format)m->format;
        memcpy(x->name, m->name, sizeof(x->name));
        memcpy(x->system, m->system, sizeof(x->system));
        x->listen = m->listen;
        x->record_max = m->record_max ? m->record_max : (uint32_t)RECORD_MAX;
        x->silent_s = m->silent_s;
        x->file = m->flags & SOURCE_FILE;
        x->gone = false;
        x->records_s = m->records_s;
        x->bytes_s = m->bytes_s;
        x->records_left = (double)m->records_s;
        x->bytes_left = (double)m->bytes_s;
}

int sources_tell(struct sources *s, const struct msg_source *m, int64_t now, int64_t wall) {
        struct source *x = by_id(s, m->id);
        int r;

        if (!message_ok(m))
                return -EPROTO;
        s->generation++;
        if (m->flags & SOURCE_GONE) {
                if (x)
                        x->gone = true;
                return 0;
        }
        if (m->flags & SOURCE_MORE)
                return x ? add_matches(x->own, m) : -EPROTO;
        if (!x) {
                r = add(s, m->id, &x);
                if (r < 0)
                        return r;
                x->filled = x->seen = now;
                x->counters = counters_source(s->page, m->id, m->name, m->system);
                int64_t last =
                        x->counters ? MAX(x->counters->last_seen, m->last_seen) : m->last_seen;
                if (last > 0 && last < wall)
                        x->seen = now - (wall - last);
        }
        x->counters = counters_source(s->page, m->id, m->name, m->system);
        if (!x->counters)
                return -ENOSPC;
        set(x, m);
        counter_set(&x->counters->silent_after, m->silent_s);
        x->own->n_nets = x->own->n_identities = 0;
        return add_matches(x->own, m);
}

static int token_hash(struct span token, uint8_t to[TOKEN_HASH]) {
        struct span prefix = SPAN("blake2b:");
        size_t got;

        if (!span_starts(token, prefix)) {
                crypto_generichash(to, TOKEN_HASH, (const unsigned char *)token.p, token.len, NULL,
                                   0);
                return 0;
        }
        if (sodium_hex2bin(to, TOKEN_HASH, token.p + prefix.len, token.len - prefix.len, NULL, &got,
                           NULL) < 0 ||
            got != TOKEN_HASH || token.len != prefix.len + 2 * TOKEN_HASH)
                return -EINVAL;
        return 0;
}

int sources_tokens(struct sources *s, uint32_t source, struct span text) {
        struct source *x = by_id(s, source);
        uint8_t tokens[SOURCE_TOKENS_MAX][TOKEN_HASH];
        uint32_t n = 0;

        if (!x)
                return -EPROTO;
        while (text.len) {
                const char *end = memchr(text.p, '\n', text.len);
                size_t len = end ? (size_t)(end - text.p) : text.len;
                struct span line = span_trim(span_of(text.p, len));

                if (line.len && line.p[0] != '#') {
                        if (n == SOURCE_TOKENS_MAX)
                                return -EINVAL;
                        int r = token_hash(line, tokens[n++]);
                        if (r < 0)
                                return r;
                }
                text.p += len + (end != NULL);
                text.len -= len + (end != NULL);
        }
        memcpy(x->own->tokens, tokens, sizeof(tokens[0]) * n);
        x->own->n_tokens = n;
        return 0;
}

static bool usable(const struct source *x, uint32_t listen) {
        return !x->gone && !x->file && (x->listen == 0 || x->listen == listen);
}

/* Whether the first `bits` bits agree. */
static bool in_net(const struct address_net *n, const uint8_t address[16]) {
        unsigned whole = n->bits / 8, rest = n->bits % 8;

        if (memcmp(n->address, address, whole) != 0)
                return false;
        return rest == 0 || ((n->address[whole] ^ address[whole]) >> (8 - rest)) == 0;
}

static struct source *find_address(struct sources *s, uint32_t listen, const uint8_t a[16]) {
        struct source *best = NULL;
        int bits = -1;

        for (uint32_t i = 0; i < s->n; i++) {
                struct source *x = s->list[i];

                for (uint32_t k = 0; usable(x, listen) && k < x->own->n_nets; k++) {
                        const struct address_net *n = &x->own->nets[k];

                        if (n->bits >= bits && in_net(n, a) &&
                            (n->bits > bits || x->id < best->id)) {
                                best = x;
                                bits = n->bits;
                        }
                }
        }
        return best;
}

struct source *sources_by_address(struct sources *s, uint32_t listen, const struct os_peer *peer) {
        uint64_t h = hash_bytes((const char *)peer->address, 16, s->key ^ listen);
        struct cached *c = &s->cache[h % CACHE];

        if (c->generation != s->generation || c->listen != listen ||
            memcmp(c->address, peer->address, 16) != 0) {
                c->source = find_address(s, listen, peer->address);
                c->generation = s->generation;
                c->listen = listen;
                memcpy(c->address, peer->address, 16);
        }
        return c->source;
}

struct source *sources_by_listener(struct sources *s, uint32_t listen) {
        for (uint32_t i = 0; i < s->n; i++)
                if (usable(s->list[i], listen) && s->list[i]->listen == listen)
                        return s->list[i];
        return NULL;
}

struct source *sources_by_token(struct sources *s, uint32_t listen, struct span token) {
        struct source *found = NULL;
        uint8_t hash[TOKEN_HASH];

        crypto_generichash(hash, sizeof(hash), (const unsigned char *)token.p, token.len, NULL, 0);
        for (uint32_t i = 0; i < s->n; i++) {
                struct source *x = s->list[i];

                for (uint32_t k = 0; usable(x, listen) && k < x->own->n_tokens; k++)
                        if (sodium_memcmp(hash, x->own->tokens[k], TOKEN_HASH) == 0 && !found)
                                found = x;
        }
        sodium_memzero(hash, sizeof(hash));
        return found;
}

static bool identity_is(const char *identity, const uint8_t fingerprint[32],
                        const struct span *names, unsigned n_names) {
        struct span want = span_str(identity), prefix = SPAN("sha256:");

        if (span_starts(want, prefix)) {
                uint8_t bin[32];
                size_t got;

                return sodium_hex2bin(bin, sizeof(bin), want.p + prefix.len, want.len - prefix.len,
                                      ": ", &got, NULL) == 0 &&
                       got == sizeof(bin) && memcmp(bin, fingerprint, sizeof(bin)) == 0;
        }
        for (unsigned i = 0; i < n_names; i++)
                if (span_ieq(want, names[i]))
                        return true;
        return false;
}

struct source *sources_by_certificate(struct sources *s, uint32_t listen,
                                      const uint8_t fingerprint[32], const struct span *names,
                                      unsigned n_names) {
        for (uint32_t i = 0; i < s->n; i++) {
                struct source *x = s->list[i];

                for (uint32_t k = 0; usable(x, listen) && k < x->own->n_identities; k++)
                        if (identity_is(x->own->identities[k], fingerprint, names, n_names))
                                return x;
        }
        return NULL;
}

bool sources_any_identity(const struct sources *s, uint32_t listen) {
        for (uint32_t i = 0; i < s->n; i++)
                if (usable(s->list[i], listen) && s->list[i]->own->n_identities)
                        return true;
        return false;
}

/* A bucket holds a second's worth and may fall below zero by what one read brought. */
static int64_t bucket_wait(double *left, uint64_t rate, double seconds) {
        if (rate == 0)
                return 0;
        *left = MIN(*left + (double)rate * seconds, (double)rate);
        if (*left > 0)
                return 0;
        return (int64_t)((1.0 - *left) * (double)NS_PER_SEC / (double)rate) + 1;
}

int64_t source_wait(struct source *s, int64_t now) {
        double seconds = (double)(now - s->filled) / (double)NS_PER_SEC;

        if (s->records_s == 0 && s->bytes_s == 0)
                return 0;
        s->filled = now;
        int64_t a = bucket_wait(&s->records_left, s->records_s, seconds);
        int64_t b = bucket_wait(&s->bytes_left, s->bytes_s, seconds);
        return MAX(a, b);
}

void source_charge(struct source *s, uint64_t records, uint64_t bytes) {
        if (s->records_s)
                s->records_left -= (double)records;
        if (s->bytes_s)
                s->bytes_left -= (double)bytes;
}

/* "<0>" to "<191>". */
static bool has_priority(struct span b) {
        size_t i = 1;
        unsigned v = 0;

        if (b.len < 3 || b.p[0] != '<')
                return false;
        for (; i < b.len && i < 4 && b.p[i] >= '0' && b.p[i] <= '9'; i++)
                v = v * 10 + (unsigned)(b.p[i] - '0');
        return i > 1 && i < b.len && b.p[i] == '>' && v <= 191;
}

/* Formats that need what stood at the beginning of a file, or are no lines, cannot come as single
 * records unless the configuration says so. */
static enum format as_records(enum format f) {
        switch (f) {
        case FORMAT_UNKNOWN:
        case FORMAT_EVTX:
        case FORMAT_JOURNAL:
        case FORMAT_CSV:
        case FORMAT_W3C:
        case FORMAT_ZEEK_TSV: return FORMAT_TEXT;
        default: return f;
        }
}

enum format source_format(struct source *s, struct span bytes, uint32_t *flags) {
        bool priority = has_priority(bytes);

        if (s->format != FORMAT_UNKNOWN) {
                if (s->format == FORMAT_SYSLOG && !priority)
                        *flags |= RECORD_MALFORMED;
                return s->format;
        }
        if (priority)
                return FORMAT_SYSLOG;
        if (bytes.len && bytes.p[0] == '{')
                return FORMAT_JSON;
        if (s->looked < LOOKS && (s->found == FORMAT_UNKNOWN || s->found == FORMAT_TEXT)) {
                s->looked++;
                s->found = as_records(
                        detect_format(span_of(bytes.p, MIN(bytes.len, DETECT_BYTES)), true));
        }
        /* A line of syslog without its priority was not sent as the protocol asks. */
        if (s->found == FORMAT_SYSLOG)
                *flags |= RECORD_MALFORMED;
        return s->found;
}

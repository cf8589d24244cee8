/* MISP warning lists: values that are no indicators whatever a feed says (resolvers everybody uses,
 * private networks, popular sites).
 *
 *     {"name": "…", "type": "string" | "hostname" | "cidr" | "substring", "list": ["…", …]}
 *
 * string: the value itself; hostname: that name, names below it, URLs there; cidr: addresses and
 * networks inside; substring: text that stands in the value. "regex" is not supported and is told.
 * Substrings cost their number per indicator, so their number is limited; all others are in one
 * table of digests. */
#include <stdlib.h>

#include "base/hash.h"
#include "intel/pull.h"
#include "intel/set.h"

#define SUBSTRINGS_MAX 4096u
#define LISTS_MAX 1024u
#define WARNINGS_MAX 8000000u

enum warning { AS_STRING = 1, AS_HOST, AS_NETWORK };

struct entry {
        uint8_t digest[INTEL_DIGEST];
        uint16_t list1; /* from 1; 0: free */
};

struct intel_warnings {
        struct entry *at;
        uint32_t mask, n;
        struct span lists[LISTS_MAX];
        uint32_t n_lists;
        struct {
                struct span text;
                uint16_t list1;
        } sub[SUBSTRINGS_MAX];
        uint32_t n_sub;
        uint64_t prefixes[3];
};

struct intel_warnings *intel_warnings_free(struct intel_warnings *w) {
        if (w)
                free(w->at);
        free(w);
        return NULL;
}

/* The slot of the digest, taken or free. */
static struct entry *slot(const struct intel_warnings *w, const uint8_t digest[INTEL_DIGEST]) {
        uint32_t k = (uint32_t)hash_read((const char *)digest, 8) & w->mask;

        while (w->at[k].list1 && memcmp(w->at[k].digest, digest, INTEL_DIGEST) != 0)
                k = (k + 1) & w->mask;
        return &w->at[k];
}

static bool grow(struct intel_warnings *w) {
        struct entry *old = w->at;
        uint32_t n = old ? w->mask + 1 : 0;

        w->mask = n ? n * 2 - 1 : 4095;
        w->at = calloc((size_t)w->mask + 1, sizeof(*w->at));
        if (!w->at) {
                w->at = old;
                w->mask = n ? n - 1 : 0;
                return false;
        }
        for (uint32_t i = 0; i < n; i++)
                if (old[i].list1)
                        *slot(w, old[i].digest) = old[i];
        free(old);
        return true;
}

/* One namespace per kind of list; a key's own type tells what it is of. */
static void digest_of(const struct intel_key *k, enum warning as, uint8_t ret[INTEL_DIGEST]) {
        intel_digest(k, ret);
        ret[0] ^= (uint8_t)as;
}

static void put(struct intel_set *s, const struct intel_key *k, enum warning as) {
        struct intel_warnings *w = s->warnings;
        uint8_t digest[INTEL_DIGEST];

        if (w->n >= WARNINGS_MAX || ((!w->at || w->n * 2 > w->mask) && !grow(w))) {
                s->error = -ENOMEM;
                return;
        }
        digest_of(k, as, digest);
        struct entry *e = slot(w, digest);
        if (!e->list1) {
                memcpy(e->digest, digest, sizeof(digest));
                e->list1 = (uint16_t)w->n_lists;
                w->n++;
        }
        if (as == AS_NETWORK) {
                unsigned prefix = (uint8_t)k->bytes[16];
                w->prefixes[prefix / 64] |= UINT64_C(1) << prefix % 64;
        }
}

static void add_substring(struct intel_set *s, struct span v, uint32_t line) {
        struct intel_warnings *w = s->warnings;

        if (v.len < 3 || w->n_sub == SUBSTRINGS_MAX)
                return intel_unsupported(s, line, v);
        struct span text = arena_dup(&s->arena, v);
        if (!text.p)
                return;
        w->sub[w->n_sub].text = text;
        w->sub[w->n_sub++].list1 = (uint16_t)w->n_lists;
}

static void add_value(struct intel_set *s, struct span type, struct span v, uint32_t line) {
        struct intel_key k;

        v = span_trim(v);
        if (v.len == 0 || v.len > INTEL_KEY_MAX)
                return intel_malformed(s, line, v);
        if (span_eq(type, SPAN("substring")))
                return add_substring(s, v, line);
        if (span_eq(type, SPAN("cidr"))) {
                if (!intel_key_network(&k, v))
                        return intel_malformed(s, line, v);
                return put(s, &k, AS_NETWORK);
        }
        bool host = span_eq(type, SPAN("hostname"));
        if (host && v.p[0] == '.')
                v = span_of(v.p + 1, v.len - 1);
        if (!intel_key_any(&k, v)) {
                /* "com", a filename: nothing that an indicator could be. */
                if (host)
                        return intel_malformed(s, line, v);
                return;
        }
        if (k.type == INTEL_TREE)
                k.type = INTEL_DOMAIN;
        if (k.type == INTEL_ADDRESS)
                return put(s, &k, AS_NETWORK);
        put(s, &k, host && k.type == INTEL_DOMAIN ? AS_HOST : AS_STRING);
}

static void read_list(struct intel_set *s, struct pull *p, struct span type) {
        _cleanup_(buf_deinit) struct buf scratch = {0};
        struct span v;
        enum pull_token t;

        while ((t = pull_next(p, &scratch, &v)) == PULL_TEXT || t == PULL_NUMBER)
                add_value(s, type, v, 0);
        if (t != PULL_LIST_END)
                intel_file_bad(s, pull_line(p), "the list is broken off or malformed",
                               "danh sách bị đứt hoặc sai dạng");
}

void intel_read_warnings(struct intel_set *s, struct span name, struct span text) {
        static const char *const known[] = {"string", "hostname", "cidr", "substring"};
        _cleanup_(buf_deinit) struct buf scratch = {0};
        struct span key, v, title = name, type = SPAN("string");
        struct pull p, list = {.all = SPAN_NONE};
        enum pull_token t;
        bool ok = false;

        s->file = name;
        if (!s->warnings)
                s->warnings = calloc(1, sizeof(*s->warnings));
        if (!s->warnings) {
                s->error = -ENOMEM;
                return;
        }
        if (s->warnings->n_lists == LISTS_MAX)
                return intel_file_bad(s, 0, "more warning lists than 1,024",
                                      "quá 1.024 danh sách cảnh báo");
        pull_init(&p, text);
        t = pull_next(&p, &scratch, &key);
        while (t == PULL_MAP && pull_next(&p, &scratch, &key) == PULL_KEY) {
                bool is_name = span_eq(key, SPAN("name")), is_type = span_eq(key, SPAN("type"));
                bool is_list = span_eq(key, SPAN("list"));
                enum pull_token u = pull_next(&p, &scratch, &v);

                if (u == PULL_TEXT && (is_name || is_type))
                        *(is_name ? &title : &type) = arena_dup(&s->arena, v);
                if (u == PULL_LIST && is_list)
                        list = p;
                if (!pull_skip(&p, u))
                        break;
        }
        if (!list.all.p)
                return intel_file_bad(s, t == PULL_MAP ? 0 : pull_line(&p),
                                      "not a MISP warning list: it has no \"list\"",
                                      "không phải danh sách cảnh báo MISP: thiếu \"list\"");
        for (size_t i = 0; i < ARRAY_LEN(known); i++)
                ok |= span_eq(type, span_str(known[i]));
        if (!ok) {
                intel_unsupported(s, 0, type);
                return;
        }
        s->warnings->lists[s->warnings->n_lists++] = title;
        read_list(s, &list, type);
}

/* ---- asking ---- */

static struct span known_as(const struct intel_warnings *w, const struct intel_key *k,
                            enum warning as) {
        uint8_t digest[INTEL_DIGEST];

        if (!w->at)
                return SPAN_NONE;
        digest_of(k, as, digest);
        const struct entry *e = slot(w, digest);
        return e->list1 ? w->lists[e->list1 - 1] : SPAN_NONE;
}

static struct span warned_network(const struct intel_warnings *w, const struct intel_key *of) {
        struct intel_key k;

        for (unsigned p = 0; p <= (uint8_t)of->bytes[16]; p++) {
                if (!(w->prefixes[p / 64] >> p % 64 & 1) ||
                    !intel_key_address(&k, (const uint8_t *)of->bytes, p))
                        continue;
                struct span list = known_as(w, &k, AS_NETWORK);
                if (list.p)
                        return list;
        }
        return SPAN_NONE;
}

static struct span warned_host(const struct intel_warnings *w, struct span host) {
        struct intel_key k;
        struct span list = SPAN_NONE;

        if (intel_key_network(&k, host))
                return warned_network(w, &k);
        while (!list.p && intel_key_domain(&k, host, INTEL_DOMAIN)) {
                list = known_as(w, &k, AS_HOST);
                const char *dot = memchr(host.p, '.', host.len);
                host = span_of(dot + 1, host.len - (size_t)(dot + 1 - host.p));
        }
        return list;
}

struct span intel_warned(const struct intel_warnings *w, const struct intel_key *k) {
        char text[INTEL_KEY_MAX * 2 + 8];
        struct intel_key as = *k;
        struct span list;

        if (as.type == INTEL_TREE)
                as.type = INTEL_DOMAIN;
        list = k->type == INTEL_ADDRESS ? warned_network(w, k) : known_as(w, &as, AS_STRING);
        if (!list.p && as.type == INTEL_DOMAIN)
                list = warned_host(w, span_of(k->bytes, k->len));
        if (!list.p && k->type == INTEL_URL)
                list = warned_host(w, span_of(k->bytes + k->host, k->host_len));
        if (list.p || w->n_sub == 0)
                return list;
        size_t n = intel_key_text(k, text, sizeof(text));
        for (uint32_t i = 0; i < w->n_sub; i++)
                if (memmem(text, n, w->sub[i].text.p, w->sub[i].text.len))
                        return w->lists[w->sub[i].list1 - 1];
        return SPAN_NONE;
}

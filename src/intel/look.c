/* See look.h. A value is as long as whoever sent it likes, so what is looked at is bounded: VALUE_MAX
 * bytes, PARTS_MAX parts. Bounds must not be a way to hide: a name's labels are all looked at, and of
 * a URL too long to be known the host is. */
#include "intel/look.h"

#define VALUE_MAX ((size_t)16 << 10)
#define PARTS_MAX 2048u
#define LABELS_MAX 128u /* more than INTEL_DOMAIN_MAX has room for */
#define URL_CUT 1024u

enum intel_field intel_field_of(struct span name) {
        static const char *const names[INTEL_FIELDS] = {"",     "host",   "hosts", "url",
                                                        "hash", "hashes", "ja3"};

        for (unsigned i = 1; i < INTEL_FIELDS; i++)
                if (span_eq(name, span_str(names[i])))
                        return (enum intel_field)i;
        return INTEL_FIELD_NONE;
}

static void ask(const struct intel_table *t, const struct intel_key *k, struct intel_found *f) {
        uint32_t e = intel_table_find(t, k);

        if (LIKELY(e == UINT32_MAX))
                return;
        if (e == f->want)
                intel_key_text(k, f->text, sizeof(f->text));
        for (uint32_t i = 0; i < f->n; i++)
                if (f->entry[i] == e)
                        return;
        if (f->n < INTEL_FOUND_MAX)
                f->entry[f->n++] = e;
}

/* Networks from the narrowest on: only lengths that some network has are asked for. */
static void look_address(const struct intel_table *t, const uint8_t ip[16], struct intel_key *k,
                         struct intel_found *f) {
        if (t->counts[INTEL_ADDRESS] == 0)
                return;
        for (int w = 2; w >= 0; w--) {
                uint64_t bits = t->prefixes[w];

                while (bits) {
                        unsigned top = 63 - (unsigned)__builtin_clzll(bits);

                        bits &= ~(UINT64_C(1) << top);
                        if (intel_key_address(k, ip, (unsigned)w * 64 + top))
                                ask(t, k, f);
                }
        }
}

/* `k` holds the name. */
static void look_name(const struct intel_table *t, struct intel_key *k, struct intel_found *f) {
        k->type = INTEL_DOMAIN;
        ask(t, k, f);
        k->type = INTEL_TREE;
        for (unsigned i = 0; t->counts[INTEL_TREE] && i < LABELS_MAX; i++) {
                const char *dot = memchr(k->bytes, '.', k->len);

                if (!dot)
                        return;
                ask(t, k, f);
                k->len -= (uint32_t)(dot + 1 - k->bytes);
                memmove(k->bytes, dot + 1, k->len);
        }
}

static void look_host(const struct intel_table *t, struct span s, struct intel_key *k,
                      struct intel_found *f) {
        uint8_t ip[16];

        s = span_trim(s);
        if (intel_address(s, ip)) {
                look_address(t, ip, k, f);
                return;
        }
        /* A port: "host:443", "[::1]:443". */
        size_t n = s.len;
        while (n > 0 && s.p[n - 1] >= '0' && s.p[n - 1] <= '9')
                n--;
        if (n > 1 && n < s.len && s.p[n - 1] == ':') {
                s.len = n - 1;
                if (intel_address(s, ip)) {
                        look_address(t, ip, k, f);
                        return;
                }
        }
        if ((t->counts[INTEL_DOMAIN] || t->counts[INTEL_TREE]) &&
            intel_key_domain(k, s, INTEL_DOMAIN))
                look_name(t, k, f);
}

static void look_url(const struct intel_table *t, struct span s, struct intel_key *k,
                     struct intel_found *f) {
        char host[INTEL_DOMAIN_MAX];

        s = span_trim(s);
        if (intel_key_url(k, s))
                ask(t, k, f);
        else if (s.len <= URL_CUT || !intel_key_url(k, span_of(s.p, URL_CUT)))
                return;
        size_t n = MIN((size_t)k->host_len, sizeof(host));
        memcpy(host, k->bytes + k->host, n);
        look_host(t, span_of(host, n), k, f);
}

static void look_hash(const struct intel_table *t, struct span s, struct span name,
                      struct intel_key *k, struct intel_found *f) {
        enum intel_type type = intel_hash_type(s.len);

        if (span_ieq(name, SPAN("IMPHASH")))
                type = INTEL_IMPHASH;
        if (type != INTEL_NONE && t->counts[type] && intel_key_hash(k, s, type))
                ask(t, k, f);
}

static bool between(char c) {
        return (unsigned char)c <= ' ' || c == ',' || c == ';' || c == '|';
}

static void look_parts(const struct intel_table *t, enum intel_field field, struct span s,
                       struct intel_key *k, struct intel_found *f) {
        unsigned parts = 0;

        for (size_t i = 0; i < s.len && parts < PARTS_MAX; parts++) {
                while (i < s.len && between(s.p[i]))
                        i++;
                size_t from = i;
                while (i < s.len && !between(s.p[i]))
                        i++;
                struct span part = span_of(s.p + from, i - from), name = SPAN_NONE;
                if (part.len == 0)
                        continue;
                if (field == INTEL_FIELD_HOSTS) {
                        look_host(t, part, k, f);
                        continue;
                }
                const char *eq = memchr(part.p, '=', part.len);
                if (!eq)
                        eq = memchr(part.p, ':', part.len);
                if (eq) {
                        name = span_of(part.p, (size_t)(eq - part.p));
                        part = span_of(eq + 1, part.len - name.len - 1);
                }
                look_hash(t, part, name, k, f);
        }
}

static void look(const struct intel_table *t, enum intel_field field, struct span v,
                 struct intel_found *f) {
        struct intel_key k;

        v.len = MIN(v.len, VALUE_MAX);
        switch (field) {
        case INTEL_FIELD_HOST: look_host(t, v, &k, f); return;
        case INTEL_FIELD_URL: look_url(t, v, &k, f); return;
        case INTEL_FIELD_HASH: look_hash(t, span_trim(v), SPAN_NONE, &k, f); return;
        case INTEL_FIELD_HOSTS:
        case INTEL_FIELD_HASHES: look_parts(t, field, v, &k, f); return;
        case INTEL_FIELD_JA3:
                if (t->counts[INTEL_JA3] && intel_key_hash(&k, span_trim(v), INTEL_JA3))
                        ask(t, &k, f);
                return;
        default: return;
        }
}

void intel_look(const struct intel_table *t, enum intel_field field, struct span value,
                struct intel_found *ret) {
        ret->n = 0;
        ret->want = UINT32_MAX;
        look(t, field, value, ret);
}

const char *intel_look_text(const struct intel_table *t, enum intel_field field, struct span value,
                            uint32_t entry, struct intel_found *scratch) {
        scratch->n = 0;
        scratch->want = entry;
        scratch->text[0] = '\0';
        look(t, field, value, scratch);
        return scratch->text;
}

/* See look.h. A value is as long as whoever sent it likes, so what is looked at is bounded: VALUE_MAX
 * bytes, PARTS_MAX parts; of texts TEXT_MAX bytes, in one walk. Bounds must not be a way to hide: a name's labels are all looked at, and of
 * a URL too long to be known the host is. */
#include "intel/look.h"

#define VALUE_MAX ((size_t)16 << 10)
#define PARTS_MAX 2048u
#define LABELS_MAX 128u /* more than INTEL_DOMAIN_MAX has room for */
#define URL_CUT 1024u
#define TEXT_MAX ((size_t)64 << 10) /* Windows cuts command lines at 32 KiB, scripts in pieces */

enum intel_field intel_field_of(struct span name) {
        static const char *const names[INTEL_FIELDS] = {"",       "host", "hosts", "url", "hash",
                                                        "hashes", "ja3",  "text",  ""};

        for (unsigned i = 1; i < INTEL_FIELDS; i++)
                if (names[i][0] && span_eq(name, span_str(names[i])))
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
        if (t->counts[INTEL_ADDRESS] == 0 || !intel_leads(t, intel_lead_address(ip)))
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
        if (!intel_leads(t, intel_lead_name(span_of(k->bytes, k->len))))
                return;
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

/* `k` holds the URL. */
static void ask_url(const struct intel_table *t, struct intel_key *k, struct intel_found *f) {
        if (t->counts[INTEL_URL] && intel_leads(t, intel_lead(k)))
                ask(t, k, f);
}

static void look_url(const struct intel_table *t, struct span s, struct intel_key *k,
                     struct intel_found *f) {
        char host[INTEL_DOMAIN_MAX];

        s = span_trim(s);
        if (intel_key_url(k, s))
                ask_url(t, k, f);
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

/* ---- texts ---- */

enum { IN_NAME = 1, IN_URL = 2, IN_ADDRESS = 4 };

/* What each byte may be part of. Not ASCII: of a name, as nobody writes one of blanks and quotes. */
static unsigned part_of(unsigned char c) {
        static const uint8_t kind[128] = {
                ['!'] = IN_URL,
                ['#'] = IN_URL,
                ['$'] = IN_URL,
                ['%'] = IN_URL,
                ['&'] = IN_URL,
                ['*'] = IN_URL,
                ['+'] = IN_URL,
                ['-'] = IN_NAME | IN_URL,
                ['.'] = IN_NAME | IN_URL | IN_ADDRESS,
                ['/'] = IN_URL,
                ['0' ... '9'] = IN_NAME | IN_URL | IN_ADDRESS,
                [':'] = IN_URL | IN_ADDRESS,
                [';'] = IN_URL,
                [','] = IN_URL,
                ['='] = IN_URL,
                ['?'] = IN_URL,
                ['@'] = IN_URL,
                ['['] = IN_URL,
                [']'] = IN_URL,
                ['A' ... 'F'] = IN_NAME | IN_URL | IN_ADDRESS,
                ['G' ... 'Z'] = IN_NAME | IN_URL,
                ['_'] = IN_NAME | IN_URL,
                ['a' ... 'f'] = IN_NAME | IN_URL | IN_ADDRESS,
                ['g' ... 'z'] = IN_NAME | IN_URL,
                ['~'] = IN_URL,
        };

        return c < 128 ? kind[c] : IN_NAME | IN_URL;
}

/* Is there an indicator whose name ends in the same label? Nearly all that has a dot in a script (a
 * method, a file) ends here. */
static bool ends_alike(const struct intel_table *t, struct span s) {
        const char *dot = memrchr(s.p, '.', s.len);
        size_t n = s.len - (size_t)(dot + 1 - s.p);
        char lower[64];

        if (n > 63)
                return false;
        for (size_t i = 0; i < n; i++) {
                if ((unsigned char)dot[1 + i] >= 0x80)
                        return true; /* nobody knows before it is as on the wire */
                lower[i] = ascii_lower(dot[1 + i]);
        }
        return intel_leads(t, intel_lead_name(span_of(lower, n)));
}

/* What may be a name, with a dot in it. */
static void text_name(const struct intel_table *t, struct span s, struct intel_key *k,
                      struct intel_found *f) {
        uint8_t ip[16];

        while (s.len && (s.p[s.len - 1] == '.' || s.p[s.len - 1] == '-'))
                s.len--;
        while (s.len && (s.p[0] == '.' || s.p[0] == '-')) {
                s.p++;
                s.len--;
        }
        if (s.len < 4 || s.len > INTEL_DOMAIN_MAX || !memchr(s.p, '.', s.len))
                return;
        if (s.p[0] >= '0' && s.p[0] <= '9' && intel_address(s, ip)) {
                look_address(t, ip, k, f);
                return;
        }
        if (t->counts[INTEL_DOMAIN] + t->counts[INTEL_TREE] && ends_alike(t, s) &&
            intel_key_domain(k, s, INTEL_DOMAIN))
                look_name(t, k, f);
}

/* Where what may be part of `what` begins, from `at` back to `from` at most; and ends. */
static size_t begin_of(struct span s, size_t at, size_t from, unsigned what) {
        while (at > from && (part_of((unsigned char)s.p[at - 1]) & what))
                at--;
        return at;
}

static size_t end_of(struct span s, size_t at, unsigned what) {
        while (at < s.len && (part_of((unsigned char)s.p[at]) & what))
                at++;
        return at;
}

/* "http://…" around its colon: the URL, and an address in brackets; a host with dots is looked at with
 * all other names. */
static void text_url(const struct intel_table *t, struct span s, size_t colon, size_t end,
                     struct intel_key *k, struct intel_found *f) {
        size_t from = begin_of(s, colon, colon > 16 ? colon - 16 : 0, IN_NAME);

        if (from == colon)
                from += 3;
        if (end <= from || !intel_key_url(k, span_of(s.p + from, end - from)))
                return;
        uint8_t ip[16];
        bool bracket = k->bytes[k->host] == '[' &&
                       intel_address(span_of(k->bytes + k->host, k->host_len), ip);
        ask_url(t, k, f);
        if (bracket)
                look_address(t, ip, k, f);
}

/* All URLs from that colon on to what can be of none: one may stand in another's query. What ends a
 * sentence or a list is not part of it, but may be: both are asked. Returns that end. */
static size_t text_urls(const struct intel_table *t, struct span s, size_t colon,
                        struct intel_key *k, struct intel_found *f) {
        size_t end = end_of(s, colon, IN_URL), bare = end;

        while (bare > colon && memchr(".,;:!]*&", s.p[bare - 1], 8))
                bare--;
        for (size_t i = colon; i + 3 < end; i++) {
                if (s.p[i] != ':' || s.p[i + 1] != '/' || s.p[i + 2] != '/')
                        continue;
                text_url(t, s, i, end, k, f);
                if (bare < end)
                        text_url(t, s, i, bare, k, f);
        }
        return end;
}

/* "2001:db8::1": two colons at least; also before a port in brackets. Returns its end. */
static size_t text_address6(const struct intel_table *t, struct span s, size_t colon, size_t from,
                            struct intel_key *k, struct intel_found *f) {
        size_t begin = begin_of(s, colon, from, IN_ADDRESS), end = end_of(s, colon, IN_ADDRESS);
        uint8_t ip[16];

        if (end - begin > 2 && end - begin < 64 && memchr(s.p + colon + 1, ':', end - colon - 1) &&
            intel_address(span_of(s.p + begin, end - begin), ip))
                look_address(t, ip, k, f);
        return end;
}

/* Texts are long, and what counts is rare: names have a dot, all else has a colon. No byte is walked
 * over more than once for each. */
static void look_text(const struct intel_table *t, struct span s, struct intel_key *k,
                      struct intel_found *f) {
        const char *p;

        for (size_t i = 0; i < s.len && (p = memchr(s.p + i, '.', s.len - i));) {
                size_t dot = (size_t)(p - s.p), begin = begin_of(s, dot, i, IN_NAME);

                i = end_of(s, dot, IN_NAME);
                text_name(t, span_of(s.p + begin, i - begin), k, f);
        }
        if (t->counts[INTEL_URL] == 0 && !t->has_v6) /* no colon counts */
                return;
        for (size_t i = 0; i < s.len && (p = memchr(s.p + i, ':', s.len - i));) {
                size_t colon = (size_t)(p - s.p), from = i;

                i = colon + 1;
                if (s.len - colon > 3 && p[1] == '/' && p[2] == '/')
                        i = text_urls(t, s, colon, k, f);
                if (t->has_v6)
                        i = MAX(i, text_address6(t, s, colon, from, k, f));
        }
}

static void look(const struct intel_table *t, enum intel_field field, struct span v,
                 struct intel_found *f) {
        struct intel_key k;

        v.len = MIN(v.len, field == INTEL_FIELD_TEXT ? TEXT_MAX : VALUE_MAX);
        switch (field) {
        case INTEL_FIELD_HOST: look_host(t, v, &k, f); return;
        case INTEL_FIELD_URL: look_url(t, v, &k, f); return;
        case INTEL_FIELD_HASH: look_hash(t, span_trim(v), SPAN_NONE, &k, f); return;
        case INTEL_FIELD_HOSTS:
        case INTEL_FIELD_HASHES: look_parts(t, field, v, &k, f); return;
        case INTEL_FIELD_TEXT: look_text(t, v, &k, f); return;
        case INTEL_FIELD_PATH:
                if (intel_key_url(&k, v))
                        ask_url(t, &k, f);
                return;
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

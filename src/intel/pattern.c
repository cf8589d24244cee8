/* STIX patterns, as far as one value of one event can meet them:
 *
 *     [ipv4-addr:value = '198.51.100.7' OR domain-name:value IN ('a.example', 'b.example')]
 *     [file:name = 'x.exe' AND file:hashes.'SHA-256' = '…'] OR [url:value = '…']
 *
 * `=` and IN; ISSUBSET for networks; LIKE '%.name' for a name and what is below. In an AND, what only
 * narrows (a file's name and size, ports, protocols, kinds of references) is passed over, so such a
 * pattern means the value that decides; hashes joined by AND are one file, so any of them decides. An
 * AND of different things, AND, FOLLOWEDBY and qualifiers between observations, NOT, MATCHES and order
 * need more than one value: not supported, and told.
 *
 * The whole pattern is read before anything of it is used. */
#include "intel/set.h"

#define COMPARED_MAX 64u
#define VALUES_MAX 1024u
#define DEPTH_MAX 16u

enum role { DECIDES, NARROWS, UNKNOWN };

struct compared {
        enum intel_type type;
        enum role role;
        uint32_t first, n; /* values */
        bool hash;
        bool like, network;
        struct span path;
};

struct parser {
        const char *p, *end;
        struct span values[VALUES_MAX];
        uint32_t n_values;
        struct compared list[VALUES_MAX]; /* of those that decide, to be used */
        uint32_t n;
        struct span why; /* what is not supported; p NULL: it is no pattern */
        struct intel_set *set;
};

static void blanks(struct parser *p) {
        while (p->p < p->end && (unsigned char)*p->p <= ' ')
                p->p++;
}

static bool is_word(char c) {
        c = ascii_lower(c);
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static bool take(struct parser *p, const char *what) {
        size_t n = strlen(what);

        blanks(p);
        if ((size_t)(p->end - p->p) < n || !span_ieq(span_of(p->p, n), span_of(what, n)))
                return false;
        if (is_word(what[n - 1]) && p->p + n < p->end && is_word(p->p[n]))
                return false;
        p->p += n;
        return true;
}

static bool refuse(struct parser *p, struct span why) {
        if (!p->why.p)
                p->why = why;
        return false;
}

/* 'text', with \' and \\ undone; a number or a word is as good. */
static bool literal(struct parser *p, struct span *ret) {
        blanks(p);
        if (p->p < p->end && *p->p != '\'') {
                const char *from = p->p;

                while (p->p < p->end && (is_word(*p->p) || *p->p == '.'))
                        p->p++;
                *ret = span_of(from, (size_t)(p->p - from));
                return ret->len > 0 && (p->p == p->end || *p->p != '\'');
        }
        if (p->p == p->end)
                return false;
        const char *from = ++p->p;
        bool escaped = false;
        while (p->p < p->end && *p->p != '\'') {
                if (*p->p == '\\') {
                        escaped = true;
                        p->p++;
                }
                if (p->p < p->end)
                        p->p++;
        }
        if (p->p >= p->end)
                return false;
        *ret = span_of(from, (size_t)(p->p++ - from));
        if (!escaped)
                return true;
        char *to = arena_alloc(&p->set->arena, ret->len);
        size_t n = 0;
        if (!to)
                return refuse(p, SPAN("too long a file"));
        for (size_t i = 0; i < ret->len; i++) {
                if (ret->p[i] == '\\' && i + 1 < ret->len)
                        i++;
                to[n++] = ret->p[i];
        }
        *ret = span_of(to, n);
        return true;
}

/* object-type:path.'quoted'[*].more */
static bool path(struct parser *p, struct span *ret) {
        blanks(p);
        const char *from = p->p;
        bool colon = false;

        while (p->p < p->end) {
                char c = *p->p;

                if (c == '\'' || c == '"') {
                        const char *close = memchr(p->p + 1, c, (size_t)(p->end - p->p - 1));
                        if (!close)
                                return false;
                        p->p = close + 1;
                } else if (c == '[') {
                        const char *close = memchr(p->p, ']', (size_t)(p->end - p->p));
                        if (!close)
                                return false;
                        p->p = close + 1;
                } else if (is_word(c) || c == '.' || c == ':') {
                        colon |= c == ':';
                        p->p++;
                } else {
                        break;
                }
        }
        *ret = span_of(from, (size_t)(p->p - from));
        return colon;
}

static enum intel_type hash_named(struct span s) {
        char name[16];
        size_t n = 0;
        static const struct {
                const char *name;
                enum intel_type type;
        } known[] = {{"md5", INTEL_MD5},
                     {"sha1", INTEL_SHA1},
                     {"sha256", INTEL_SHA256},
                     {"sha512", INTEL_SHA512},
                     {"imphash", INTEL_IMPHASH}};

        for (size_t i = 0; i < s.len; i++) {
                if (s.p[i] == '\'' || s.p[i] == '"' || s.p[i] == '-' || s.p[i] == '_')
                        continue;
                if (n == sizeof(name))
                        return INTEL_NONE;
                name[n++] = ascii_lower(s.p[i]);
        }
        for (size_t i = 0; i < ARRAY_LEN(known); i++)
                if (span_eq(span_of(name, n), span_str(known[i].name)))
                        return known[i].type;
        return INTEL_NONE;
}

static bool begins(struct span s, const char *with, struct span *ret_rest) {
        struct span w = span_str(with);

        if (!span_starts(s, w))
                return false;
        *ret_rest = span_of(s.p + w.len, s.len - w.len);
        return true;
}

static bool has(struct span s, const char *what) {
        return memmem(s.p, s.len, what, strlen(what)) != NULL;
}

static void classify(struct compared *c) {
        struct span rest, s = c->path;

        c->role = DECIDES;
        if (span_eq(s, SPAN("ipv4-addr:value")) || span_eq(s, SPAN("ipv6-addr:value")))
                c->type = INTEL_ADDRESS;
        else if (span_eq(s, SPAN("domain-name:value")) || span_eq(s, SPAN("hostname:value")))
                c->type = INTEL_DOMAIN;
        else if (span_eq(s, SPAN("url:value")))
                c->type = INTEL_URL;
        else if (begins(s, "file:hashes.", &rest) || begins(s, "artifact:hashes.", &rest))
                c->type = hash_named(rest);
        else if (begins(s, "network-traffic:", &rest) && has(rest, "ja3"))
                c->type = INTEL_JA3;
        else if (begins(s, "network-traffic:", &rest) &&
                 (span_eq(rest, SPAN("dst_ref.value")) || span_eq(rest, SPAN("src_ref.value"))))
                c->type = INTEL_NONE; /* an address or a name: by its looks */
        else if (begins(s, "file:name", &rest) || begins(s, "file:size", &rest) ||
                 begins(s, "file:mime_type", &rest) ||
                 begins(s, "domain-name:resolves_to_refs", &rest) ||
                 begins(s, "network-traffic:dst_port", &rest) ||
                 begins(s, "network-traffic:src_port", &rest) ||
                 begins(s, "network-traffic:protocols", &rest) || span_ends(s, SPAN("_ref.type")))
                c->role = NARROWS;
        else
                c->role = UNKNOWN;
        c->hash = c->role == DECIDES && c->type >= INTEL_MD5 && c->type <= INTEL_IMPHASH;
        if (c->role == DECIDES && c->type == INTEL_NONE && !begins(s, "network-traffic:", &rest))
                c->role = UNKNOWN;
}

static bool value(struct parser *p, struct compared *c) {
        if (p->n_values == VALUES_MAX)
                return refuse(p, SPAN("a pattern of more than 1,024 values"));
        if (!literal(p, &p->values[p->n_values]))
                return false;
        p->n_values++;
        c->n++;
        return true;
}

/* path op value */
static bool comparison(struct parser *p, struct compared *c) {
        *c = (struct compared){.first = p->n_values};
        if (take(p, "NOT"))
                return refuse(p, SPAN("NOT"));
        if (!path(p, &c->path))
                return false;
        classify(c);
        if (take(p, "=") || take(p, "=="))
                return value(p, c);
        if (take(p, "IN")) {
                bool ok = take(p, "(") && value(p, c);
                while (ok && take(p, ","))
                        ok = value(p, c);
                return ok && take(p, ")");
        }
        if (take(p, "ISSUBSET")) {
                c->network = true;
                return value(p, c);
        }
        if (take(p, "LIKE")) {
                if (!value(p, c))
                        return false;
                struct span *v = &p->values[c->first];
                if (c->type == INTEL_DOMAIN && v->len > 2 && v->p[0] == '%' && v->p[1] == '.' &&
                    !memchr(v->p + 2, '%', v->len - 2)) {
                        *v = span_of(v->p + 2, v->len - 2);
                        c->type = INTEL_TREE;
                        return true;
                }
                return refuse(p, SPAN("LIKE other than of '%.name'"));
        }
        return refuse(p, c->path);
}

static bool any_of(struct parser *p, unsigned depth);

/* Those joined by AND: which of them decide? */
static bool all_of(struct parser *p, unsigned depth) {
        struct compared decides[COMPARED_MAX], c;
        uint32_t n = 0, parts = 0;
        struct span unknown = SPAN_NONE;

        do {
                if (take(p, "(")) {
                        if (depth == DEPTH_MAX || !any_of(p, depth + 1) || !take(p, ")"))
                                return false;
                        blanks(p);
                        if (parts ||
                            (p->end - p->p >= 3 && span_ieq(span_of(p->p, 3), SPAN("AND"))))
                                return refuse(p, SPAN("AND of parts in parentheses"));
                        return true;
                }
                if (!comparison(p, &c))
                        return false;
                parts++;
                if (c.role == UNKNOWN)
                        unknown = c.path;
                if (c.role != DECIDES)
                        continue;
                if (n == COMPARED_MAX)
                        return refuse(p, SPAN("too long an AND"));
                decides[n++] = c;
        } while (take(p, "AND"));
        if (unknown.p)
                return refuse(p, unknown);
        if (n == 0)
                return refuse(p, c.path);
        for (uint32_t i = 0; i < n; i++) {
                if (n > 1 && !decides[i].hash)
                        return refuse(p, SPAN("AND of different things"));
                if (p->n == VALUES_MAX)
                        return refuse(p, SPAN("a pattern of more than 1,024 values"));
                p->list[p->n++] = decides[i];
        }
        return true;
}

static bool any_of(struct parser *p, unsigned depth) {
        do {
                if (!all_of(p, depth))
                        return false;
        } while (take(p, "OR"));
        return true;
}

static bool observations(struct parser *p) {
        do {
                bool more = take(p, "("); /* ([a]) OR ([b]) */
                if (!take(p, "[") || !any_of(p, 0) || !take(p, "]") || (more && !take(p, ")")))
                        return false;
        } while (take(p, "OR"));
        blanks(p);
        if (p->p != p->end)
                return refuse(p, span_of(p->p, MIN((size_t)(p->end - p->p), (size_t)40)));
        return true;
}

void intel_pattern(struct intel_set *s, struct span pattern, struct intel_raw *raw, uint32_t line) {
        static struct parser p; /* large; of one process, which has no threads */

        p = (struct parser){.p = pattern.p, .end = pattern.p + pattern.len, .set = s};
        if (pattern.len == 0 || !observations(&p)) {
                s->counts.read++;
                if (p.why.p)
                        intel_unsupported(s, line, p.why);
                else
                        intel_malformed(s, line, pattern);
                return;
        }
        for (uint32_t i = 0; i < p.n; i++) {
                raw->type = p.list[i].type;
                for (uint32_t k = 0; k < p.list[i].n; k++) {
                        raw->value = p.values[p.list[i].first + k];
                        intel_add(s, raw, line);
                }
        }
}

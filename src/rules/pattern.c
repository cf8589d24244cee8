/* Sigma strings.
 *
 * Escaping (rules specification, section "Escaping"), read from the left: `\*` and `\?` are the
 * plain characters, `\\` is one backslash, and a backslash before anything else is itself. So `\\*`
 * is a backslash and a wildcard, `\\\*` a backslash and an asterisk, and three or four backslashes
 * are two.
 *
 * Normal form, which all functions here keep:
 *   P1  no two literals touch, and no literal is empty
 *   P2  no two PIECE_ANY touch; in a run of wildcards the PIECE_ONEs come first ("*?*" means the
 * same as "?*")
 *
 * base64offset (modifiers appendix, "Encoding"): a value somewhere inside a Base64 text starts at
 * one of three positions modulo 3. For shift s the value is encoded behind s bytes; the first
 * characters, which hold bits of those bytes, and the last one, which would hold bits of what
 * follows, are cut off. With n = s + length: cut 0, 2, 3 at the front; 0, 3, 2 (padding included)
 * at the end for n mod 3 = 0, 1, 2. */
#include "rules/pattern.h"

#include "base/utf8.h"

struct builder {
        struct piece *v;
        uint32_t n, cap;
};

static bool builder_init(struct builder *b, struct arena *a, size_t cap) {
        *b = (struct builder){.cap = (uint32_t)cap};
        if (cap > UINT32_MAX / 2)
                return false;
        b->v = arena_alloc(a, MAX(cap, (size_t)1) * sizeof(*b->v));
        return b->v != NULL;
}

/* Keeps P2. Literals are the caller's care (P1). */
static void push(struct builder *b, struct piece p) {
        assert(b->n < b->cap);
        if (p.kind != PIECE_LIT && p.kind != PIECE_PLACEHOLDER && b->n &&
            b->v[b->n - 1].kind == PIECE_ANY) {
                if (p.kind == PIECE_ANY)
                        return;
                b->v[b->n - 1] = p;
                p.kind = PIECE_ANY;
        }
        b->v[b->n++] = p;
}

static void done(struct builder *b, struct pattern *ret) {
        *ret = (struct pattern){b->v, b->n};
}

static bool name_char(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-' || c == '.';
}

/* Length of the placeholder's name after the percent sign at s[i], or 0. */
static size_t placeholder_name(struct span s, size_t i) {
        size_t k = i + 1;

        while (k < s.len && name_char(s.p[k]))
                k++;
        return k < s.len && s.p[k] == '%' ? k - i - 1 : 0;
}

bool pattern_literal(struct arena *a, struct span text, struct pattern *ret) {
        struct builder b;

        if (!builder_init(&b, a, 1))
                return false;
        if (text.len)
                push(&b, (struct piece){PIECE_LIT, text});
        done(&b, ret);
        return true;
}

bool pattern_parse(struct arena *a, struct span text, bool placeholders, struct pattern *ret) {
        size_t special = 0, len = 0, start = 0, name;
        struct builder b;
        char *lit;

        for (size_t i = 0; i < text.len; i++)
                special += text.p[i] == '*' || text.p[i] == '?' || text.p[i] == '%';
        lit = arena_alloc(a, text.len + 1);
        if (!lit || !builder_init(&b, a, special * 2 + 1))
                return false;
        for (size_t i = 0; i < text.len; i++) {
                char c = text.p[i], next = i + 1 < text.len ? text.p[i + 1] : 0;
                struct piece p;

                if (c == '\\' &&
                    (next == '\\' || next == '*' || next == '?' || (placeholders && next == '%'))) {
                        lit[len++] = next;
                        i++;
                        continue;
                }
                if (c == '*')
                        p = (struct piece){.kind = PIECE_ANY};
                else if (c == '?')
                        p = (struct piece){.kind = PIECE_ONE};
                else if (c == '%' && placeholders && (name = placeholder_name(text, i)) > 0)
                        p = (struct piece){PIECE_PLACEHOLDER,
                                           arena_dup(a, span_of(text.p + i + 1, name))};
                else {
                        lit[len++] = c;
                        continue;
                }
                if (len > start)
                        push(&b, (struct piece){PIECE_LIT, span_of(lit + start, len - start)});
                start = len;
                push(&b, p);
                if (p.kind == PIECE_PLACEHOLDER)
                        i += p.lit.len + 1;
        }
        if (len > start)
                push(&b, (struct piece){PIECE_LIT, span_of(lit + start, len - start)});
        done(&b, ret);
        return true;
}

bool pattern_wrap(struct arena *a, const struct pattern *p, bool before, bool after,
                  struct pattern *ret) {
        struct builder b;

        if (!builder_init(&b, a, (size_t)p->n + 2))
                return false;
        if (before)
                push(&b, (struct piece){.kind = PIECE_ANY});
        for (uint32_t i = 0; i < p->n; i++)
                push(&b, p->pieces[i]);
        if (after)
                push(&b, (struct piece){.kind = PIECE_ANY});
        done(&b, ret);
        return true;
}

bool pattern_concat(struct arena *a, const struct pattern *x, const struct pattern *y,
                    struct pattern *ret) {
        struct builder b;
        uint32_t i = 0;

        if (!builder_init(&b, a, (size_t)x->n + y->n))
                return false;
        for (uint32_t k = 0; k < x->n; k++)
                push(&b, x->pieces[k]);
        if (b.n && y->n && b.v[b.n - 1].kind == PIECE_LIT && y->pieces[0].kind == PIECE_LIT) {
                struct span s = b.v[b.n - 1].lit, t = y->pieces[0].lit;
                char *lit = arena_alloc(a, s.len + t.len);
                if (!lit)
                        return false;
                memcpy(lit, s.p, s.len);
                memcpy(lit + s.len, t.p, t.len);
                b.v[b.n - 1].lit = span_of(lit, s.len + t.len);
                i = 1;
        }
        for (; i < y->n; i++)
                push(&b, y->pieces[i]);
        done(&b, ret);
        return true;
}

bool pattern_has_placeholder(const struct pattern *p) {
        for (uint32_t i = 0; i < p->n; i++)
                if (p->pieces[i].kind == PIECE_PLACEHOLDER)
                        return true;
        return false;
}

/* ---- windash ---- */

static const struct span dashes[] = {
        {"-", 1}, {"/", 1}, {"\xe2\x80\x93", 3}, {"\xe2\x80\x94", 3}, {"\xe2\x80\x95", 3}};

/* Length of the dash at s[i] where a flag can begin, or 0. `before`: the byte before it, 0 at the
 * start. */
static size_t flag_dash(struct span s, size_t i, char before) {
        if ((before >= 'a' && before <= 'z') || (before >= 'A' && before <= 'Z') ||
            (before >= '0' && before <= '9') || before == '_' || (unsigned char)before >= 0x80)
                return 0;
        for (size_t k = 0; k < ARRAY_LEN(dashes); k++)
                if (span_starts(span_of(s.p + i, s.len - i), dashes[k]))
                        return dashes[k].len;
        return 0;
}

uint32_t pattern_windash_count(const struct pattern *p) {
        uint32_t n = 1, found = 0;

        for (uint32_t k = 0; k < p->n; k++) {
                struct span s = p->pieces[k].lit;
                char before = 0;
                if (p->pieces[k].kind != PIECE_LIT)
                        continue;
                for (size_t i = 0; i < s.len;) {
                        size_t len = flag_dash(s, i, before);
                        before = len ? 0 : s.p[i];
                        i += len ? len : 1;
                        if (!len)
                                continue;
                        if (found++ == WINDASH_MAX)
                                return UINT32_MAX;
                        n *= ARRAY_LEN(dashes);
                }
        }
        return n;
}

bool pattern_windash(struct arena *a, const struct pattern *p, uint32_t nth, struct pattern *ret) {
        struct builder b;

        if (!builder_init(&b, a, p->n))
                return false;
        for (uint32_t k = 0; k < p->n; k++) {
                struct piece q = p->pieces[k];
                struct span s = q.lit;
                size_t n = 0;
                char before = 0, *to;

                if (q.kind != PIECE_LIT) {
                        push(&b, q);
                        continue;
                }
                to = arena_alloc(a, s.len + (size_t)WINDASH_MAX * 2);
                if (!to)
                        return false;
                for (size_t i = 0; i < s.len;) {
                        size_t len = flag_dash(s, i, before);
                        if (len) {
                                struct span d = dashes[nth % ARRAY_LEN(dashes)];
                                nth /= ARRAY_LEN(dashes);
                                memcpy(to + n, d.p, d.len);
                                n += d.len;
                        } else {
                                to[n++] = s.p[i];
                        }
                        before = len ? 0 : s.p[i];
                        i += len ? len : 1;
                }
                q.lit = span_of(to, n);
                push(&b, q);
        }
        done(&b, ret);
        return true;
}

/* ---- encodings ---- */

static size_t put16(char *to, uint32_t unit, enum utf16 how) {
        to[how == UTF16_BE] = (char)(unit & 0xff);
        to[how != UTF16_BE] = (char)(unit >> 8);
        return 2;
}

static struct span to_utf16(struct arena *a, struct span s, enum utf16 how, bool bom) {
        /* At most two bytes for one, and the mark. */
        char *to = arena_alloc(a, s.len * 2 + 2);
        size_t n = 0;

        if (!to)
                return SPAN_NONE;
        if (bom)
                n += put16(to, 0xfeff, how);
        for (size_t i = 0; i < s.len;) {
                uint32_t cp = 0xfffd;
                unsigned len = utf8_next(s.p + i, s.len - i, &cp);
                i += len ? len : 1;
                if (cp >= 0x10000) {
                        n += put16(to + n, 0xd800 + ((cp - 0x10000) >> 10), how);
                        n += put16(to + n, 0xdc00 + ((cp - 0x10000) & 0x3ff), how);
                } else {
                        n += put16(to + n, cp, how);
                }
        }
        return span_of(to, n);
}

bool pattern_utf16(struct arena *a, const struct pattern *p, enum utf16 how, struct pattern *ret) {
        bool bom = how == UTF16_BOM;
        struct builder b;

        if (!builder_init(&b, a, (size_t)p->n + 1))
                return false;
        if (bom && (p->n == 0 || p->pieces[0].kind != PIECE_LIT)) {
                struct span mark = to_utf16(a, SPAN(""), how, true);
                if (!mark.p)
                        return false;
                push(&b, (struct piece){PIECE_LIT, mark});
                bom = false;
        }
        for (uint32_t i = 0; i < p->n; i++) {
                struct piece q = p->pieces[i];
                if (q.kind == PIECE_LIT) {
                        q.lit = to_utf16(a, q.lit, how, bom && i == 0);
                        if (!q.lit.p)
                                return false;
                }
                push(&b, q);
        }
        done(&b, ret);
        return true;
}

/* Of `shift` unknown bytes and then s, with padding. */
static struct span base64(struct arena *a, struct span s, unsigned shift) {
        static const char digit[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        size_t len = s.len + shift, n = 0;
        char *to = arena_alloc(a, len / 3 * 4 + 8);

        if (!to)
                return SPAN_NONE;
        for (size_t i = 0; i < len; i += 3) {
                uint32_t v = 0;
                for (size_t k = i; k < i + 3; k++)
                        v = v << 8 | (k >= shift && k < len ? (unsigned char)s.p[k - shift] : 0);
                to[n++] = digit[v >> 18];
                to[n++] = digit[v >> 12 & 63];
                to[n++] = i + 1 < len ? digit[v >> 6 & 63] : '=';
                to[n++] = i + 2 < len ? digit[v & 63] : '=';
        }
        return span_of(to, n);
}

bool pattern_base64(struct arena *a, const struct pattern *p, struct pattern *ret) {
        struct span s;

        assert(pattern_is_literal(p));
        s = base64(a, pattern_text(p), 0);
        return s.p && pattern_literal(a, s, ret);
}

bool pattern_base64offset(struct arena *a, const struct pattern *p, unsigned offset,
                          struct pattern *ret) {
        static const uint8_t front[3] = {0, 2, 3}, back[3] = {0, 3, 2};
        struct span s;
        size_t cut;

        assert(pattern_is_literal(p) && offset < 3);
        s = base64(a, pattern_text(p), offset);
        if (!s.p)
                return false;
        cut = (size_t)front[offset] + back[(pattern_text(p).len + offset) % 3];
        if (s.len <= cut)
                return pattern_literal(a, SPAN(""), ret);
        return pattern_literal(a, span_of(s.p + front[offset], s.len - cut), ret);
}

bool pattern_regex(struct arena *a, const struct pattern *p, struct span *ret) {
        size_t len = 0, n = 0;
        char *to;

        for (uint32_t i = 0; i < p->n; i++)
                len += p->pieces[i].kind == PIECE_LIT ? p->pieces[i].lit.len * 2 : 2;
        to = arena_alloc(a, len + 1);
        if (!to)
                return false;
        for (uint32_t i = 0; i < p->n; i++) {
                const struct piece *q = &p->pieces[i];
                if (q->kind == PIECE_ANY) {
                        to[n++] = '.';
                        to[n++] = '*';
                } else if (q->kind == PIECE_ONE) {
                        to[n++] = '.';
                } else {
                        for (size_t k = 0; k < q->lit.len; k++) {
                                if (q->lit.p[k] && strchr("\\^$.[]|()?*+{}#-", q->lit.p[k]))
                                        to[n++] = '\\';
                                to[n++] = q->lit.p[k];
                        }
                }
        }
        *ret = span_of(to, n);
        return true;
}

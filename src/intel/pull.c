/* See pull.h. The state says what may come next; depth is bounded, so nothing recurses. */
#include "intel/pull.h"

#include "base/utf8.h"

enum { WANT_VALUE, WANT_FIRST_KEY, WANT_KEY, WANT_FIRST_ITEM, WANT_MORE, WANT_END, BROKEN };

void pull_init(struct pull *p, struct span text) {
        *p = (struct pull){.all = text, .state = WANT_VALUE};
        if (text.len >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0)
                p->at = 3;
}

uint32_t pull_line(struct pull *p) {
        size_t end = MIN(p->token_at, p->all.len);
        const char *at;

        if (end < p->lined)
                p->lined = p->lines = 0;
        while (p->lined < end && (at = memchr(p->all.p + p->lined, '\n', end - p->lined))) {
                p->lined = (size_t)(at + 1 - p->all.p);
                p->lines++;
        }
        p->lined = end;
        return p->lines + 1;
}

static enum pull_token bad(struct pull *p) {
        p->state = BROKEN;
        return PULL_BAD;
}

static void blanks(struct pull *p) {
        while (p->at < p->all.len) {
                char c = p->all.p[p->at];
                if (c != ' ' && c != '\n' && c != '\t' && c != '\r')
                        return;
                p->at++;
        }
}

static bool hex4(const char *s, uint32_t *ret) {
        uint32_t v = 0;

        for (unsigned i = 0; i < 4; i++) {
                char c = ascii_lower(s[i]);
                if (c >= '0' && c <= '9')
                        v = v << 4 | (uint32_t)(c - '0');
                else if (c >= 'a' && c <= 'f')
                        v = v << 4 | (uint32_t)(c - 'a' + 10);
                else
                        return false;
        }
        *ret = v;
        return true;
}

/* The escape at s (behind the backslash); its length, 0: none. */
static size_t escape(const char *s, size_t len, struct buf *to) {
        static const char from[] = "\"\\/bfnrt", what[] = "\"\\/\b\f\n\r\t";
        char utf8[4];
        uint32_t cp, low;

        if (len == 0)
                return 0;
        const char *f = s[0] ? strchr(from, s[0]) : NULL;
        if (f) {
                buf_char(to, what[f - from]);
                return 1;
        }
        if (s[0] != 'u' || len < 5 || !hex4(s + 1, &cp))
                return 0;
        size_t n = 5;
        if (cp >= 0xd800 && cp < 0xdc00 && len >= 11 && s[5] == '\\' && s[6] == 'u' &&
            hex4(s + 7, &low) && low >= 0xdc00 && low < 0xe000) {
                cp = 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00);
                n = 11;
        }
        buf_add(to, utf8, utf8_put(utf8, cp));
        return n;
}

/* At the opening quote. */
static bool text(struct pull *p, struct buf *to, struct span *ret) {
        const char *s = p->all.p + p->at + 1, *end = p->all.p + p->all.len, *c = s;

        while (c < end && *c != '"' && *c != '\\' && (unsigned char)*c >= ' ')
                c++;
        if (c < end && *c == '"') {
                *ret = span_of(s, (size_t)(c - s));
                p->at = (size_t)(c + 1 - p->all.p);
                return true;
        }
        buf_reset(to);
        buf_add(to, s, (size_t)(c - s));
        while (c < end && *c != '"') {
                const char *from = c;

                if ((unsigned char)*c < ' ')
                        return false;
                if (*c == '\\') {
                        size_t n = escape(c + 1, (size_t)(end - c - 1), to);
                        if (n == 0)
                                return false;
                        c += 1 + n;
                        continue;
                }
                while (c < end && *c != '"' && *c != '\\' && (unsigned char)*c >= ' ')
                        c++;
                buf_add(to, from, (size_t)(c - from));
        }
        if (c >= end || to->failed)
                return false;
        p->at = (size_t)(c + 1 - p->all.p);
        *ret = buf_get(to);
        return true;
}

static void value_done(struct pull *p) {
        p->state = p->depth ? WANT_MORE : WANT_END;
}

static enum pull_token open(struct pull *p, bool map) {
        if (p->depth >= PULL_DEPTH_MAX - 1)
                return bad(p);
        p->depth++;
        p->at++;
        p->maps = map ? p->maps | UINT64_C(1) << p->depth : p->maps & ~(UINT64_C(1) << p->depth);
        p->state = map ? WANT_FIRST_KEY : WANT_FIRST_ITEM;
        return map ? PULL_MAP : PULL_LIST;
}

static enum pull_token close_it(struct pull *p) {
        bool map = p->maps >> p->depth & 1;

        p->at++;
        p->depth--;
        value_done(p);
        return map ? PULL_MAP_END : PULL_LIST_END;
}

static enum pull_token word(struct pull *p, struct span *ret) {
        static const struct {
                const char *text;
                enum pull_token t;
        } words[] = {{"true", PULL_TRUE}, {"false", PULL_FALSE}, {"null", PULL_NULL}};
        struct span rest = span_of(p->all.p + p->at, p->all.len - p->at);
        size_t n = 0;

        for (size_t i = 0; i < ARRAY_LEN(words); i++)
                if (span_starts(rest, span_str(words[i].text))) {
                        p->at += strlen(words[i].text);
                        value_done(p);
                        return words[i].t;
                }
        while (n < rest.len && n < 64 &&
               ((rest.p[n] >= '0' && rest.p[n] <= '9') || strchr("+-.eE", rest.p[n])) && rest.p[n])
                n++;
        if (n == 0 || n == 64)
                return bad(p);
        *ret = span_of(rest.p, n);
        p->at += n;
        value_done(p);
        return PULL_NUMBER;
}

static enum pull_token value(struct pull *p, struct buf *to, struct span *ret) {
        switch (p->all.p[p->at]) {
        case '{': return open(p, true);
        case '[': return open(p, false);
        case '"':
                if (!text(p, to, ret))
                        return bad(p);
                value_done(p);
                return PULL_TEXT;
        default: return word(p, ret);
        }
}

static enum pull_token key(struct pull *p, struct buf *to, struct span *ret) {
        if (p->all.p[p->at] != '"' || !text(p, to, ret))
                return bad(p);
        blanks(p);
        if (p->at >= p->all.len || p->all.p[p->at] != ':')
                return bad(p);
        p->at++;
        p->state = WANT_VALUE;
        return PULL_KEY;
}

enum pull_token pull_next(struct pull *p, struct buf *to, struct span *ret) {
        *ret = SPAN_NONE;
        if (p->state == BROKEN)
                return PULL_BAD;
        blanks(p);
        p->token_at = p->at;
        if (p->state == WANT_END)
                return p->at == p->all.len ? PULL_END : bad(p);
        if (p->at >= p->all.len)
                return bad(p);
        char c = p->all.p[p->at];
        bool map = p->maps >> p->depth & 1;

        if (p->depth && p->state != WANT_VALUE && p->state != WANT_KEY && c == (map ? '}' : ']'))
                return close_it(p);
        if (p->state == WANT_MORE) {
                if (c != ',')
                        return bad(p);
                p->at++;
                blanks(p);
                p->token_at = p->at;
                if (p->at >= p->all.len)
                        return bad(p);
                p->state = map ? WANT_KEY : WANT_VALUE;
        }
        if (p->state == WANT_FIRST_KEY || p->state == WANT_KEY)
                return key(p, to, ret);
        return value(p, to, ret);
}

bool pull_skip(struct pull *p, enum pull_token t) {
        _cleanup_(buf_deinit) struct buf scratch = {0};
        unsigned depth = p->depth;
        struct span s;

        if (t != PULL_MAP && t != PULL_LIST)
                return t != PULL_BAD && t != PULL_END;
        while (p->depth >= depth) {
                t = pull_next(p, &scratch, &s);
                if (t == PULL_BAD || t == PULL_END)
                        return false;
        }
        return true;
}

/* JSON cut into pieces: any bytes must be cut without loss; and a stream that is valid JSON must
 * decode to the same events from its pieces as from the whole. The second wants valid streams,
 * which random bytes never are: they are made here, the fuzzer's bytes choosing what comes next. */
#include "decode/json_frame.h"
#include "json_try.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct dice {
        const uint8_t *p, *end;
};

static unsigned roll(struct dice *d, unsigned n) {
        return d->p < d->end ? *d->p++ % n : 0;
}

/* ---- a stream ---- */

static void blank(struct buf *b, struct dice *d) {
        static const char *const blanks[] = {"", "", "", " ", "\n", "\r\n", "\n  ", "\t", "\n\n"};
        buf_str(b, blanks[roll(d, ARRAY_LEN(blanks))]);
}

static void string(struct buf *b, struct dice *d) {
        static const char *const parts[] = {"a",   "{",       "}",
                                            "[",   "]",       ",",
                                            ":",   "\\\"",    "\\\\",
                                            "\\n", "\\u0041", "\xE1\xBA\xBF",
                                            " ",   "Records", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxx"};
        buf_char(b, '"');
        for (unsigned n = roll(d, 6); n; n--)
                buf_str(b, parts[roll(d, ARRAY_LEN(parts))]);
        buf_char(b, '"');
}

static void value(struct buf *b, struct dice *d, unsigned depth);

static void object(struct buf *b, struct dice *d, unsigned depth) {
        buf_char(b, '{');
        for (unsigned n = roll(d, 4), i = 0; i < n; i++) {
                if (i)
                        buf_char(b, ',');
                blank(b, d);
                /* Numbered: a wrapper is not to come about by chance. */
                buf_printf(b, "\"k%u\"", i);
                blank(b, d);
                buf_char(b, ':');
                blank(b, d);
                value(b, d, depth + 1);
        }
        blank(b, d);
        buf_char(b, '}');
}

static void value(struct buf *b, struct dice *d, unsigned depth) {
        switch (roll(d, depth < 8 ? 6 : 4)) {
        case 0: buf_str(b, "12"); return;
        case 1: string(b, d); return;
        case 2: buf_str(b, "true"); return;
        case 3: buf_str(b, "null"); return;
        case 4: object(b, d, depth); return;
        default:
                buf_char(b, '[');
                for (unsigned n = roll(d, 4), i = 0; i < n; i++) {
                        if (i)
                                buf_char(b, ',');
                        value(b, d, depth + 1);
                        blank(b, d);
                }
                buf_char(b, ']');
        }
}

static void objects(struct buf *b, struct dice *d, const char *comma) {
        for (unsigned n = 1 + roll(d, 8), i = 0; i < n; i++) {
                buf_str(b, i ? comma : "");
                blank(b, d);
                object(b, d, 0);
                blank(b, d);
        }
}

static void stream(struct buf *b, struct dice *d) {
        for (unsigned n = 1 + roll(d, 4); n; n--) {
                switch (roll(d, 4)) {
                case 0: objects(b, d, "\n"); break;
                case 1: objects(b, d, ""); break;
                case 2:
                        buf_char(b, '[');
                        objects(b, d, ",");
                        buf_char(b, ']');
                        break;
                default:
                        buf_str(b, "{");
                        blank(b, d);
                        buf_str(b,
                                roll(d, 2) ? "\"Records\":" : "\"@odata.x\" : \"y\", \"value\" :");
                        blank(b, d);
                        buf_str(b, "[");
                        objects(b, d, ",");
                        buf_str(b, "]");
                        blank(b, d);
                        if (roll(d, 2)) {
                                buf_str(b, ",\"NextToken\":");
                                value(b, d, 0);
                        }
                        buf_str(b, "}");
                }
                blank(b, d);
        }
}

/* ---- pieces ---- */

static void pieces(struct span text, struct dice *d, struct buf *out, bool whole) {
        size_t at = 0, line = 1;
        struct json_framer f;
        bool dropping = false;

        json_framer_init(&f);
        while (at < text.len) {
                size_t want = 1u + roll(d, 200), have = MIN(want, text.len - at), n, tries = 0;
                if (dropping) {
                        n = json_frame_drop(&f, span_of(text.p + at, have));
                        assert(n <= have);
                        dropping = n == have;
                        at += n;
                        continue;
                }
                while ((n = json_frame_cut(&f, span_of(text.p + at, have),
                                           at + have == text.len)) == 0) {
                        assert(at + have < text.len);
                        if (!whole && tries++ > 3) {
                                dropping = true;
                                n = have;
                                break;
                        }
                        want = have + 1 + roll(d, 100);
                        have = MIN(want, text.len - at);
                }
                assert(n <= have);
                struct json_try t;
                json_try(&t, span_of(text.p + at, n), at, 0);
                /* Line numbers are told from the piece's first. */
                for (char *p = t.out.p, *end = p + t.out.len, *nl; p < end; p = nl + 1) {
                        nl = memchr(p, '\n', (size_t)(end - p));
                        if (*p == '{') {
                                char *sp = memchr(p, ' ', (size_t)(end - p));
                                buf_add(out, p, (size_t)(sp - p));
                                char *rest;
                                unsigned long l = strtoul(sp, &rest, 10);
                                buf_printf(out, " %zu%.*s\n", l + line - 1, (int)(nl - rest), rest);
                        } else {
                                buf_add(out, p, (size_t)(nl - p + 1));
                        }
                }
                assert(!whole || t.bad == 0);
                json_try_free(&t);
                for (size_t i = 0; i < n; i++)
                        line += text.p[at + i] == '\n';
                at += n;
        }
        assert(at == text.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct dice d = {data, data + size};
        struct buf text = {0}, out = {0};
        struct json_try t;

        if (size == 0)
                return 0;
        if (*d.p++ & 1) {
                stream(&text, &d);
                json_try(&t, buf_get(&text), 0, 0);
                assert(t.bad == 0 && t.events > 0);
                pieces(buf_get(&text), &d, &out, true);
                assert(span_eq(buf_get(&t.out), buf_get(&out)));
                json_try_free(&t);
        } else {
                struct dice sizes = {data, data + size};
                pieces(span_of((const char *)d.p, size - 1), &sizes, &out, false);
        }
        buf_deinit(&text);
        buf_deinit(&out);
        return 0;
}

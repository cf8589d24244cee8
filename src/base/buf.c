/* See buf.h. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"

void buf_deinit(struct buf *b) {
        free(b->p);
        *b = (struct buf){.limit = b->limit};
}

char *buf_reserve(struct buf *b, size_t n) {
        size_t limit = b->limit ? b->limit : (size_t)1 << 30;

        if (b->failed || n > limit || b->len > limit - n) {
                b->failed = true;
                return NULL;
        }
        if (b->cap - b->len < n) {
                size_t cap = MAX(b->cap * 2, b->len + n);
                cap = MAX(cap, (size_t)256);
                char *p = realloc(b->p, cap);
                if (!p) {
                        b->failed = true;
                        return NULL;
                }
                b->p = p;
                b->cap = cap;
        }
        return b->p + b->len;
}

void buf_add(struct buf *b, const void *p, size_t n) {
        if (n == 0)
                return;
        char *to = buf_reserve(b, n);
        if (!to)
                return;
        memcpy(to, p, n);
        b->len += n;
}

void buf_printf(struct buf *b, const char *fmt, ...) {
        va_list ap;

        /* Where it fits already it is made at once, else its length is asked first. */
        size_t end = MIN(b->cap, b->limit ? b->limit : b->cap);
        size_t room = b->failed || end < b->len ? 0 : end - b->len;

        va_start(ap, fmt);
        int n = vsnprintf(room ? b->p + b->len : NULL, room, fmt, ap);
        va_end(ap);
        if (n < 0) {
                b->failed = true;
                return;
        }
        if ((size_t)n < room) {
                b->len += (size_t)n;
                return;
        }
        char *to = buf_reserve(b, (size_t)n + 1);
        if (!to)
                return;
        va_start(ap, fmt);
        vsnprintf(to, (size_t)n + 1, fmt, ap);
        va_end(ap);
        b->len += (size_t)n;
}

void buf_number(struct buf *b, uint64_t v) {
        char text[20];
        size_t i = sizeof(text);

        do
                text[--i] = (char)('0' + v % 10);
        while (v /= 10);
        buf_add(b, text + i, sizeof(text) - i);
}

/* Printable ASCII that JSON and a script element take as it is. */
static bool json_plain(unsigned char c) {
        return c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
}

void buf_json(struct buf *b, struct span s) {
        size_t i = 0;

        while (i < s.len) {
                uint32_t cp;
                size_t from = i;

                while (i < s.len && json_plain((unsigned char)s.p[i]))
                        i++;
                if (i > from) {
                        buf_add(b, s.p + from, i - from);
                        continue;
                }
                unsigned n = utf8_next(s.p + i, s.len - i, &cp);

                if (n == 0) {
                        buf_str(b, "\xEF\xBF\xBD");
                        n = 1;
                } else if (cp == '"' || cp == '\\') {
                        buf_char(b, '\\');
                        buf_char(b, (char)cp);
                } else if (cp == '\n') {
                        buf_str(b, "\\n");
                } else if (cp == '\r') {
                        buf_str(b, "\\r");
                } else if (cp == '\t') {
                        buf_str(b, "\\t");
                } else if (cp < 0x20 || cp == 0x7f || cp == '<' || cp == '>' || cp == '&' ||
                           cp == 0x2028 || cp == 0x2029) {
                        buf_printf(b, "\\u%04x", cp);
                } else {
                        buf_add(b, s.p + i, n);
                }
                i += n;
        }
}

void buf_html(struct buf *b, struct span s) {
        size_t i = 0;

        while (i < s.len) {
                uint32_t cp;
                unsigned n = utf8_next(s.p + i, s.len - i, &cp);

                if (n == 0) {
                        buf_str(b, "\xEF\xBF\xBD");
                        n = 1;
                } else if (cp == '&') {
                        buf_str(b, "&amp;");
                } else if (cp == '<') {
                        buf_str(b, "&lt;");
                } else if (cp == '>') {
                        buf_str(b, "&gt;");
                } else if (cp == '"') {
                        buf_str(b, "&quot;");
                } else if (cp == '\'') {
                        buf_str(b, "&#39;");
                } else if (cp < 0x20 && cp != '\n' && cp != '\t') {
                        buf_str(b, "\xEF\xBF\xBD");
                } else {
                        buf_add(b, s.p + i, n);
                }
                i += n;
        }
}

static bool unsafe_on_terminal(uint32_t cp) {
        return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || (cp >= 0x200b && cp <= 0x200f) ||
               (cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069) || cp == 0x2028 ||
               cp == 0x2029 || cp == 0xfeff || cp == 0xad || cp == 0x61c || cp == 0x180e ||
               (cp >= 0x2060 && cp <= 0x206f) || (cp >= 0xfff9 && cp <= 0xfffb) ||
               (cp >= 0xe0000 && cp <= 0xe007f);
}

void buf_term(struct buf *b, struct span s) {
        size_t i = 0;

        while (i < s.len) {
                uint32_t cp;
                unsigned n = utf8_next(s.p + i, s.len - i, &cp);

                if (n == 0) {
                        buf_printf(b, "\\x%02x", (unsigned char)s.p[i]);
                        n = 1;
                } else if (unsafe_on_terminal(cp)) {
                        buf_printf(b, cp < 0x100 ? "\\x%02x" : "\\u{%x}", cp);
                } else {
                        buf_add(b, s.p + i, n);
                }
                i += n;
        }
}

/* A growing byte string on the heap, with a limit and a sticky failure, checked once at the end. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/base.h"

struct buf {
        char *p;
        size_t len, cap;
        size_t limit; /* 0: 1 GiB */
        bool failed;  /* out of memory or over the limit; contents end at a whole append */
};

void buf_deinit(struct buf *b);
/* Room for n more bytes; NULL when that fails. Does not change len. */
char *buf_reserve(struct buf *b, size_t n);
void buf_add(struct buf *b, const void *p, size_t n);
void buf_printf(struct buf *b, const char *fmt, ...) _printf_(2, 3);

/* "%llu", without what printf costs. */
void buf_number(struct buf *b, uint64_t v);

static inline void buf_span(struct buf *b, struct span s) {
        buf_add(b, s.p, s.len);
}
static inline void buf_str(struct buf *b, const char *s) {
        buf_add(b, s, strlen(s));
}
static inline void buf_char(struct buf *b, char c) {
        buf_add(b, &c, 1);
}
/* Takes the first n bytes away. */
static inline void buf_drop(struct buf *b, size_t n) {
        assert(n <= b->len);
        if (n)
                memmove(b->p, b->p + n, b->len - n);
        b->len -= n;
}
static inline void buf_reset(struct buf *b) {
        b->len = 0;
        b->failed = false;
}
static inline struct span buf_get(const struct buf *b) {
        return span_of(b->p, b->len);
}

/* As the inside of a JSON string: quotes, backslashes and controls escaped, bytes that are not
 * UTF-8 replaced by U+FFFD. Also `<`, `>`, `&` and U+2028/9 as \u escapes, so it is safe inside a
 * script element. */
void buf_json(struct buf *b, struct span s);
/* As HTML text or a quoted attribute; bytes that are not UTF-8 replaced. */
void buf_html(struct buf *b, struct span s);
/* For a terminal: control characters (C0, DEL, C1, bidi overrides) shown as \xNN or \u{N}, never
 * sent. */
void buf_term(struct buf *b, struct span s);

#endif

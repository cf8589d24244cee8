/* Small steps over a span, for the decoders of text. */
#ifndef DECODE_SCAN_H
#define DECODE_SCAN_H

#include "decode/decode.h"

static inline void scan_skip(struct span *s, size_t n) {
        s->p += n;
        s->len -= n;
}

static inline void scan_blanks(struct span *s) {
        while (s->len && (*s->p == ' ' || *s->p == '\t'))
                scan_skip(s, 1);
}

/* A crash leaves blocks of zeros in logs; they belong to no line. */
static inline void scan_zeros(struct span *s) {
        while (s->len && *s->p == '\0')
                scan_skip(s, 1);
}

static inline bool scan_char(struct span *s, char c) {
        if (s->len == 0 || *s->p != c)
                return false;
        scan_skip(s, 1);
        return true;
}

static inline bool scan_word(struct span *s, struct span word) {
        if (!span_starts(*s, word))
                return false;
        scan_skip(s, word.len);
        return true;
}

/* What stands before the next c, or all when there is none; *s moves behind the c. False, and
 * nothing in *ret, at the end of *s. */
static inline bool scan_to(struct span *s, char c, struct span *ret) {
        *ret = SPAN_NONE;
        if (s->len == 0)
                return false;
        const char *p = memchr(s->p, c, s->len);
        size_t n = p ? (size_t)(p - s->p) : s->len;
        *ret = span_of(s->p, n);
        scan_skip(s, n + (p != NULL));
        return true;
}

static inline bool scan_digit(char c) {
        return c >= '0' && c <= '9';
}

static inline int scan_hex(char c) {
        if (c >= '0' && c <= '9')
                return c - '0';
        c |= 0x20;
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static inline bool scan_is(struct span s, char c) {
        return s.len == 1 && *s.p == c;
}

/* A number as JSON writes it, so that V_NUM's promise holds. */
static inline bool scan_is_number(struct span s) {
        size_t i = s.len && *s.p == '-', digits = 0;

        for (; i < s.len && scan_digit(s.p[i]); i++)
                digits++;
        if (digits && i < s.len && s.p[i] == '.')
                for (i++, digits = 0; i < s.len && scan_digit(s.p[i]); i++)
                        digits++;
        return digits && i == s.len && s.len < 40;
}

/* Adds the field; '-' alone, as W3C and the web servers write, is a field without a value. */
static inline void scan_add(struct decode_state *s, struct event *e, struct span name,
                            struct span val) {
        if (val.len == 0 || scan_is(val, '-'))
                field_add(s, e, name, span_of("", 0), V_NULL);
        else
                field_add(s, e, name, val, scan_is_number(val) ? V_NUM : V_STR);
}

#endif

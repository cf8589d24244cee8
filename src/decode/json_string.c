/* Escapes inside JSON strings.
 *
 * RFC 8259: a backslash is followed by one of "\/bfnrt, or by u and four hexadecimal digits naming
 * a UTF-16 unit; characters beyond U+FFFF are two such escapes, a high and a low half. The text
 * written is never longer than the text read: two bytes give one, six give at most three, twelve
 * give four. So unescaping can copy whole vectors forward without running out of room as long as
 * the vector read lies inside the input (J1). */
#include "decode/json_string.h"

#include "base/utf8.h"
#include "decode/json_scan.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static int hex_digit(unsigned char c) {
        if (c >= '0' && c <= '9')
                return c - '0';
        c |= 0x20;
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        return -1;
}

int json_hex4(const char *p) {
        int v = 0;

        for (unsigned i = 0; i < 4; i++) {
                int d = hex_digit((unsigned char)p[i]);
                if (d < 0)
                        return -1;
                v = v << 4 | d;
        }
        return v;
}

/* The byte that a two-byte escape stands for, or 0 when there is no such escape. */
static char simple_escape(char c) {
        switch (c) {
        case '"':
        case '\\':
        case '/': return c;
        case 'b': return '\b';
        case 'f': return '\f';
        case 'n': return '\n';
        case 'r': return '\r';
        case 't': return '\t';
        default: return 0;
        }
}

/* The unit of the "\uXXXX" at p, or -1. */
static int unit_at(const char *p, const char *end) {
        if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
                return -1;
        return json_hex4(p + 2);
}

/* The code point of the "\uXXXX" at p and how many bytes it takes. Half a pair: U+FFFD and false.
 */
static bool unicode_escape(const char *p, const char *end, uint32_t *ret_cp, size_t *ret_len) {
        int hi = unit_at(p, end), lo;

        *ret_len = 6;
        if (hi < 0xd800 || hi >= 0xe000) {
                *ret_cp = (uint32_t)hi;
                return true;
        }
        lo = hi < 0xdc00 ? unit_at(p + 6, end) : -1;
        if (lo < 0xdc00 || lo >= 0xe000) {
                *ret_cp = 0xfffd;
                return false;
        }
        *ret_len = 12;
        *ret_cp = 0x10000 + (((uint32_t)hi - 0xd800) << 10 | ((uint32_t)lo - 0xdc00));
        return true;
}

/* Copies up to the first backslash or the end; returns how many bytes. */
static size_t copy_plain(char *to, const char *p, const char *end) {
        const char *start = p;

#ifdef __SSE2__
        const __m128i bs = _mm_set1_epi8('\\');
        while (end - p >= 16) { /* J1 */
                __m128i v = _mm_loadu_si128((const __m128i *)p);
                unsigned m = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, bs));
                _mm_storeu_si128((__m128i *)(to + (p - start)), v);
                if (m)
                        return (size_t)(p - start) + (unsigned)__builtin_ctz(m);
                p += 16;
        }
#endif
        for (; p < end && *p != '\\'; p++)
                to[p - start] = *p;
        return (size_t)(p - start);
}

/* The escape at p, or the byte when it is none; returns how many bytes that took. */
static inline size_t unescape_one(const char *p, const char *end, char **o) {
        char c = end - p >= 2 ? simple_escape(p[1]) : 0;
        uint32_t cp;
        size_t n;

        if (LIKELY(c)) {
                *(*o)++ = c;
                return 2;
        }
        if (unit_at(p, end) < 0) {
                *(*o)++ = *p;
                return 1;
        }
        (void)unicode_escape(p, end, &cp, &n);
        *o += utf8_put(*o, cp);
        return n;
}

size_t json_unescape(char *to, struct span inner) {
        const char *p = inner.p, *end = inner.p + inner.len;
        const bool wide = json_impl_current() == JSON_AVX512;
        char *o = to;

        while (p < end) {
                size_t n;
#ifdef __x86_64__
                if (LIKELY(wide))
                        n = json_unescape_avx512(&o, p, (size_t)(end - p));
                else
#endif
                        o += n = copy_plain(o, p, end);
                p += n;
                if (p < end)
                        p += unescape_one(p, end, &o);
        }
        return (size_t)(o - to);
}

enum json_string_fault json_string_check(struct span inner) {
        const char *p = inner.p, *end = inner.p + inner.len;

        while (p < end) {
                unsigned char c = (unsigned char)*p;
                uint32_t cp;
                size_t n = 1;

                if (c < 0x20)
                        return JSON_STRING_CONTROL;
                if (c == '\\') {
                        if (end - p >= 2 && simple_escape(p[1]))
                                n = 2;
                        else if (unit_at(p, end) < 0)
                                return JSON_STRING_ESCAPE;
                        else if (!unicode_escape(p, end, &cp, &n))
                                return JSON_STRING_SURROGATE;
                } else if (c >= 0x80) {
                        n = utf8_next(p, (size_t)(end - p), &cp);
                        if (n == 0)
                                return JSON_STRING_UTF8;
                }
                p += n;
        }
        return JSON_STRING_OK;
}

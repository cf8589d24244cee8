/* UTF-8: stepping, validating, case folding (Unicode simple folding, so Vietnamese too). */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/base.h"

/* Length (1–4) of the well-formed code point at p, or 0 when there is none (RFC 3629: no
 * surrogates, no overlong forms). `len` bytes may be read; len > 0. */
static inline unsigned utf8_next(const char *s, size_t len, uint32_t *ret_cp) {
        const unsigned char *p = (const unsigned char *)s;

        if (p[0] < 0x80) {
                *ret_cp = p[0];
                return 1;
        }
        if (p[0] >= 0xc2 && p[0] < 0xe0 && len >= 2 && (p[1] & 0xc0) == 0x80) {
                *ret_cp = (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
                return 2;
        }
        if (p[0] >= 0xe0 && p[0] < 0xf0 && len >= 3 && (p[1] & 0xc0) == 0x80 &&
            (p[2] & 0xc0) == 0x80) {
                uint32_t cp = (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 |
                              (p[2] & 0x3f);
                if (cp < 0x800 || (cp >= 0xd800 && cp < 0xe000))
                        return 0;
                *ret_cp = cp;
                return 3;
        }
        if (p[0] >= 0xf0 && p[0] < 0xf5 && len >= 4 && (p[1] & 0xc0) == 0x80 &&
            (p[2] & 0xc0) == 0x80 && (p[3] & 0xc0) == 0x80) {
                uint32_t cp = (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 |
                              (uint32_t)(p[2] & 0x3f) << 6 | (p[3] & 0x3f);
                if (cp < 0x10000 || cp > 0x10ffff)
                        return 0;
                *ret_cp = cp;
                return 4;
        }
        return 0;
}

/* Writes 1–4 bytes; cp must be a scalar value (others become U+FFFD). */
unsigned utf8_put(char *to, uint32_t cp);
bool utf8_valid(struct span s);

/* Unicode simple case folding of one code point (CaseFolding.txt statuses C and S). */
uint32_t utf8_fold(uint32_t cp);
/* Folds `s` into `to`, which has room for at least s.len * 3 / 2 + 4 bytes (the worst growth of
 * simple folding is two bytes to three). Bytes that are not UTF-8 are copied as they are. Returns
 * the length written. */
size_t utf8_fold_to(char *to, struct span s);
/* The same without accents (plain.c): "Nguyễn" and "nguyen" are one. Room as above. */
size_t utf8_plain_to(char *to, struct span s);

#endif

/* UTF-16LE to UTF-8. Nearly all text in Windows events is ASCII, so runs of it go 16 units at a
 * time. Nothing is refused: a lone surrogate becomes U+FFFD, an odd last byte is dropped. */
#include "decode/utf16.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/utf8.h"

static unsigned get_u16le(const char *p) {
        return (unsigned)(unsigned char)p[0] | (unsigned)(unsigned char)p[1] << 8;
}

size_t utf16_ascii(char *to, const char *p, size_t units) {
        size_t i = 0;

#if defined(__SSE2__)
        const __m128i high = _mm_set1_epi16((short)0xff80);
        while (units - i >= 16) {
                __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(p + 2 * i));
                __m128i y = _mm_loadu_si128((const __m128i *)(const void *)(p + 2 * i + 16));
                __m128i bad = _mm_and_si128(_mm_or_si128(x, y), high);
                if (_mm_movemask_epi8(_mm_cmpeq_epi16(bad, _mm_setzero_si128())) != 0xffff)
                        break;
                _mm_storeu_si128((__m128i *)(void *)(to + i), _mm_packus_epi16(x, y));
                i += 16;
        }
#endif
        for (; i < units; i++) {
                unsigned u = get_u16le(p + 2 * i);
                if (u >= 0x80)
                        break;
                to[i] = (char)u;
        }
        return i;
}

size_t utf16_to_utf8(char *to, struct span s) {
        size_t units = s.len / 2, i = 0, o = 0;

        while (i < units) {
                uint32_t u = get_u16le(s.p + 2 * i);
                if (u < 0x80) {
                        size_t n = utf16_ascii(to + o, s.p + 2 * i, units - i);
                        i += n;
                        o += n;
                        continue;
                }
                i++;
                if (u >= 0xd800 && u < 0xdc00 && i < units) {
                        uint32_t low = get_u16le(s.p + 2 * i);
                        if (low >= 0xdc00 && low < 0xe000) {
                                u = 0x10000 + ((u - 0xd800) << 10) + (low - 0xdc00);
                                i++;
                        }
                }
                o += utf8_put(to + o, u); /* a lone surrogate becomes U+FFFD */
        }
        return o;
}

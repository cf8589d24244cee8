/* CRC-32 at the speed of memory, because every chunk of every event log is checked.
 *
 * Where the processor multiplies without carry, 64 bytes at a time are folded into four 128-bit
 * remainders, these into one, and that is reduced by Barrett's method (Gopal et al., "Fast CRC
 * Computation for Generic Polynomials Using PCLMULQDQ", Intel 2009; the constants are powers of x
 * modulo the polynomial, bit-reflected). Where it does so in registers of 512 bits, 256 bytes at a
 * time are folded first. Elsewhere eight bytes at a time go through eight tables. zlib's takes 25
 * to 40 µs a chunk, as much as decoding its records; this takes about 4, and the wide one less. */
#include "decode/crc32.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define POLY 0xedb88320u

static uint32_t table[8][256];

static void make_table(void) {
        for (uint32_t i = 0; i < 256; i++) {
                uint32_t c = i;
                for (unsigned k = 0; k < 8; k++)
                        c = c & 1 ? c >> 1 ^ POLY : c >> 1;
                table[0][i] = c;
        }
        for (uint32_t i = 0; i < 256; i++)
                for (unsigned t = 1; t < 8; t++)
                        table[t][i] = table[t - 1][i] >> 8 ^ table[0][table[t - 1][i] & 255];
}

uint32_t crc32_portable(uint32_t crc, struct span s) {
        const unsigned char *p = (const unsigned char *)s.p, *end = p + s.len;
        uint32_t c = ~crc;

        if (UNLIKELY(table[0][1] == 0))
                make_table();
        for (; end - p >= 8; p += 8) {
                uint32_t lo, hi;
                memcpy(&lo, p, 4);
                memcpy(&hi, p + 4, 4);
                lo ^= c;
                c = table[7][lo & 255] ^ table[6][lo >> 8 & 255] ^ table[5][lo >> 16 & 255] ^
                    table[4][lo >> 24] ^ table[3][hi & 255] ^ table[2][hi >> 8 & 255] ^
                    table[1][hi >> 16 & 255] ^ table[0][hi >> 24];
        }
        for (; p < end; p++)
                c = c >> 8 ^ table[0][(c ^ *p) & 255];
        return ~c;
}

#if defined(__x86_64__)

#define TARGET_CLMUL __attribute__((target("pclmul,sse4.1")))

TARGET_CLMUL static inline __m128i load(const char *p) {
        return _mm_loadu_si128((const __m128i *)(const void *)p);
}

/* x times k, plus y. */
TARGET_CLMUL static inline __m128i fold(__m128i x, __m128i k, __m128i y) {
        __m128i lo = _mm_clmulepi64_si128(x, k, 0x00), hi = _mm_clmulepi64_si128(x, k, 0x11);
        return _mm_xor_si128(_mm_xor_si128(lo, hi), y);
}

/* Four times 128 bits: what the bytes so far leave. */
struct rest {
        __m128i v[4];
};

#define TARGET_WIDE __attribute__((target("pclmul,sse4.1,avx512f,vpclmulqdq")))

TARGET_WIDE static inline __m512i fold_wide(__m512i x, __m512i k, const char *p) {
        __m512i lo = _mm512_clmulepi64_epi128(x, k, 0x00);
        __m512i hi = _mm512_clmulepi64_epi128(x, k, 0x11);
        return _mm512_ternarylogic_epi64(lo, hi, _mm512_loadu_si512(p), 0x96); /* xor of three */
}

/* Whole 256 bytes, at least 256: returns what is left of the length. */
TARGET_WIDE static __attribute__((noinline)) size_t wide(struct rest *r, uint32_t c, const char *p,
                                                         size_t len) {
        const __m512i by16 = _mm512_broadcast_i32x4(_mm_set_epi64x(0x1322d1430, 0x11542778a));
        const __m512i by4 = _mm512_broadcast_i32x4(_mm_set_epi64x(0x1c6e41596, 0x154442bd4));
        __m512i a = _mm512_loadu_si512(p), b = _mm512_loadu_si512(p + 64);
        __m512i d = _mm512_loadu_si512(p + 128), e = _mm512_loadu_si512(p + 192);
        char t[64];

        a = _mm512_xor_si512(a, _mm512_zextsi128_si512(_mm_cvtsi32_si128((int)c)));
        for (p += 256, len -= 256; len >= 256; p += 256, len -= 256) {
                a = fold_wide(a, by16, p);
                b = fold_wide(b, by16, p + 64);
                d = fold_wide(d, by16, p + 128);
                e = fold_wide(e, by16, p + 192);
        }
        _mm512_storeu_si512(t, b);
        a = fold_wide(a, by4, t);
        _mm512_storeu_si512(t, d);
        a = fold_wide(a, by4, t);
        _mm512_storeu_si512(t, e);
        a = fold_wide(a, by4, t);
        _mm512_storeu_si512(r->v, a);
        return len;
}

/* `len` is a multiple of 16 and at least 64. */
TARGET_CLMUL static uint32_t crc_clmul(uint32_t c, const char *p, size_t len, bool has_wide) {
        const __m128i by4 = _mm_set_epi64x(0x1c6e41596, 0x154442bd4);
        const __m128i by1 = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
        const __m128i to64 = _mm_set_epi64x(0, 0x163cd6124);
        const __m128i barrett = _mm_set_epi64x(0x1f7011641, 0x1db710641);
        const __m128i low32 = _mm_set_epi32(0, -1, 0, -1);
        struct rest r;
        size_t left = len - 64;

        if (has_wide && len >= 512) {
                left = wide(&r, c, p, len);
        } else {
                r.v[0] = _mm_xor_si128(load(p), _mm_cvtsi32_si128((int)c));
                r.v[1] = load(p + 16);
                r.v[2] = load(p + 32);
                r.v[3] = load(p + 48);
        }
        __m128i a = r.v[0], b = r.v[1], d = r.v[2], e = r.v[3], t;

        for (p += len - left; left >= 64; p += 64, left -= 64) {
                a = fold(a, by4, load(p));
                b = fold(b, by4, load(p + 16));
                d = fold(d, by4, load(p + 32));
                e = fold(e, by4, load(p + 48));
        }
        a = fold(a, by1, b);
        a = fold(a, by1, d);
        a = fold(a, by1, e);
        for (; left >= 16; p += 16, left -= 16)
                a = fold(a, by1, load(p));

        /* 128 bits to 64, to 32, to the remainder. */
        t = _mm_clmulepi64_si128(a, by1, 0x10);
        a = _mm_xor_si128(_mm_srli_si128(a, 8), t);
        t = _mm_srli_si128(a, 4);
        a = _mm_xor_si128(_mm_clmulepi64_si128(_mm_and_si128(a, low32), to64, 0x00), t);
        t = _mm_clmulepi64_si128(_mm_and_si128(a, low32), barrett, 0x10);
        t = _mm_clmulepi64_si128(_mm_and_si128(t, low32), barrett, 0x00);
        return (uint32_t)_mm_extract_epi32(_mm_xor_si128(a, t), 1);
}

/* What the processor can: 1 carry-less multiplication, 2 in wide registers too. */
static int ability(void) {
        static int known = -1;

        if (UNLIKELY(known < 0)) {
                known = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
                if (known && __builtin_cpu_supports("vpclmulqdq") &&
                    __builtin_cpu_supports("avx512f"))
                        known = 2;
        }
        return known;
}

uint32_t crc32_of(uint32_t crc, struct span s) {
        if (s.len >= 64 && ability() > 0) {
                size_t n = s.len & ~(size_t)15;
                crc = ~crc_clmul(~crc, s.p, n, ability() > 1);
                s = span_of(s.p + n, s.len - n);
        }
        return s.len ? crc32_portable(crc, s) : crc;
}

#else

uint32_t crc32_of(uint32_t crc, struct span s) {
        return crc32_portable(crc, s);
}

#endif

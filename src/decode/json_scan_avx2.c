/* The scan with AVX2: a block is two registers. */
#include "decode/json_scan.h"

#ifdef __x86_64__
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,pclmul,bmi,bmi2,popcnt")))
#define SCAN_NAME json_scan_avx2

TARGET static inline uint64_t join(__m256i a, __m256i b) {
        return (uint32_t)_mm256_movemask_epi8(a) | (uint64_t)(uint32_t)_mm256_movemask_epi8(b)
                                                           << 32;
}

TARGET static inline uint64_t equal(__m256i a, __m256i b, int c) {
        __m256i x = _mm256_set1_epi8((char)c);
        return join(_mm256_cmpeq_epi8(a, x), _mm256_cmpeq_epi8(b, x));
}

/* Unsigned: there is no such comparison, but the greater of x and c is x. */
TARGET static inline uint64_t at_least(__m256i a, __m256i b, int c) {
        __m256i x = _mm256_set1_epi8((char)c);
        return join(_mm256_cmpeq_epi8(_mm256_max_epu8(a, x), a),
                    _mm256_cmpeq_epi8(_mm256_max_epu8(b, x), b));
}

/* Zero bytes where v makes no simple escape: what can stand in either half of the byte, as bits per
 * row of the ASCII table, must meet. */
TARGET static inline __m256i simple(__m256i v) {
        const __m256i low = _mm256_setr_epi8(0, 0, 13, 0, 8, 0, 4, 0, 0, 0, 0, 0, 2, 0, 4,
                                             1, /* " b r, t, f, \, n, / */
                                             0, 0, 13, 0, 8, 0, 4, 0, 0, 0, 0, 0, 2, 0, 4, 1);
        const __m256i high =
                _mm256_setr_epi8(0, 0, 1, 0, 0, 2, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0, /* 2x 5x 6x 7x */
                                 0, 0, 1, 0, 0, 2, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0);
        __m256i nibble = _mm256_set1_epi8(0x0f);
        __m256i h = _mm256_and_si256(_mm256_srli_epi16(v, 4), nibble);

        return _mm256_and_si256(_mm256_shuffle_epi8(low, _mm256_and_si256(v, nibble)),
                                _mm256_shuffle_epi8(high, h));
}

TARGET static inline struct json_block scan_masks(const char *p) {
        __m256i a = _mm256_loadu_si256((const __m256i *)p);
        __m256i b = _mm256_loadu_si256((const __m256i *)(p + 32));

        return (struct json_block){
                .quote = equal(a, b, '"'),
                .slash = equal(a, b, '\\'),
                .control = ~at_least(a, b, 0x20),
                .high = join(a, b),
                .odd = equal(simple(a), simple(b), 0),
        };
}

TARGET static inline void scan_utf8(const char *p, struct json_block_utf8 *m) {
        __m256i a = _mm256_loadu_si256((const __m256i *)p);
        __m256i b = _mm256_loadu_si256((const __m256i *)(p + 32));

        *m = (struct json_block_utf8){
                .c0 = at_least(a, b, 0xc0),
                .c2 = at_least(a, b, 0xc2),
                .e0 = at_least(a, b, 0xe0),
                .f0 = at_least(a, b, 0xf0),
                .f5 = at_least(a, b, 0xf5),
                .a0 = at_least(a, b, 0xa0),
                .x90 = at_least(a, b, 0x90),
                .is_e0 = equal(a, b, 0xe0),
                .is_ed = equal(a, b, 0xed),
                .is_f0 = equal(a, b, 0xf0),
                .is_f4 = equal(a, b, 0xf4),
        };
}

TARGET static inline uint64_t scan_prefix(uint64_t x) {
        __m128i ones = _mm_set1_epi8(-1);
        return (uint64_t)_mm_cvtsi128_si64(
                _mm_clmulepi64_si128(_mm_cvtsi64_si128((int64_t)x), ones, 0));
}

/* Four at once without asking how many there are, then the rest: most blocks have fewer than that.
 */
TARGET static inline uint32_t *scan_emit(uint32_t *to, uint64_t quote, uint64_t flag,
                                         uint32_t base2) {
        unsigned n = (unsigned)_mm_popcnt_u64(quote);

        for (unsigned done = 0; done < n; done += 4)
                for (unsigned k = 0; k < 4; k++) {
                        unsigned i = (unsigned)_tzcnt_u64(quote) & 63;
                        to[done + k] = base2 + 2 * i + (uint32_t)(flag >> i & 1);
                        quote &= quote - 1;
                }
        return to + n;
}

#include "decode/json_scan_body.h"

#endif

/* The scan with AVX-512 (BW, VBMI, VBMI2): a block is one register, its masks come straight from
 * comparisons, and the index is written without a loop: positions and flags are made for all 64
 * bytes and compressed down to the quotes. */
#include "decode/json_scan.h"

#ifdef __x86_64__
#include <immintrin.h>

#define TARGET                                                                                     \
        __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,avx2,pclmul,bmi,"  \
                              "bmi2,popcnt,lzcnt")))
#define SCAN_NAME json_scan_avx512

/* By the low seven bits of a byte: 0x80 where it makes no simple escape. */
static const uint8_t escape_table[128] __attribute__((aligned(64))) = {
#define R16                                                                                        \
        0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,  \
                0x80
        R16,           R16,
        /* 20 */ 0x80, 0x80, 0,    0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
        0x80,          0x80, 0x80, 0x80, 0x80, 0x80, 0,    R16,  R16,
        /* 50 */ 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
        0x80,          0x80, 0x80, 0,    0x80, 0x80, 0x80,
        /* 60 */ 0x80, 0x80, 0,    0x80, 0x80, 0x80, 0,    0x80, 0x80,
        0x80,          0x80, 0x80, 0x80, 0x80, 0,    0x80,
        /* 70 */ 0x80, 0x80, 0,    0x80, 0,    0x80, 0x80, 0x80, 0x80,
        0x80,          0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
#undef R16
};

/* Twice the position of each byte in its block. */
static const uint8_t twice[64] __attribute__((aligned(64))) = {
        0,  2,  4,   6,   8,   10,  12,  14,  16,  18,  20,  22,  24,  26,  28,  30,
        32, 34, 36,  38,  40,  42,  44,  46,  48,  50,  52,  54,  56,  58,  60,  62,
        64, 66, 68,  70,  72,  74,  76,  78,  80,  82,  84,  86,  88,  90,  92,  94,
        96, 98, 100, 102, 104, 106, 108, 110, 112, 114, 116, 118, 120, 122, 124, 126,
};

TARGET static inline struct json_block scan_masks(const char *p) {
        __m512i v = _mm512_loadu_si512(p);
        __m512i odd = _mm512_permutex2var_epi8(_mm512_load_si512(escape_table), v,
                                               _mm512_load_si512(escape_table + 64));

        return (struct json_block){
                .quote = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('"')),
                .slash = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\\')),
                .control = _mm512_cmplt_epu8_mask(v, _mm512_set1_epi8(0x20)),
                .high = _mm512_movepi8_mask(v),
                .odd = _mm512_movepi8_mask(odd),
        };
}

TARGET static inline void scan_utf8(const char *p, struct json_block_utf8 *m) {
        __m512i v = _mm512_loadu_si512(p);

#define GE(x) _mm512_cmpge_epu8_mask(v, _mm512_set1_epi8((char)(x)))
#define EQ(x) _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8((char)(x)))
        *m = (struct json_block_utf8){
                .c0 = GE(0xc0),
                .c2 = GE(0xc2),
                .e0 = GE(0xe0),
                .f0 = GE(0xf0),
                .f5 = GE(0xf5),
                .a0 = GE(0xa0),
                .x90 = GE(0x90),
                .is_e0 = EQ(0xe0),
                .is_ed = EQ(0xed),
                .is_f0 = EQ(0xf0),
                .is_f4 = EQ(0xf4),
        };
#undef GE
#undef EQ
}

TARGET static inline uint64_t scan_prefix(uint64_t x) {
        __m128i ones = _mm_set1_epi8(-1);
        return (uint64_t)_mm_cvtsi128_si64(
                _mm_clmulepi64_si128(_mm_cvtsi64_si128((int64_t)x), ones, 0));
}

TARGET static inline uint32_t *scan_emit(uint32_t *to, uint64_t quote, uint64_t flag,
                                         uint32_t base2) {
        __m512i x = _mm512_load_si512(twice), base = _mm512_set1_epi32((int)base2);
        unsigned n = (unsigned)_mm_popcnt_u64(quote);

        x = _mm512_mask_add_epi8(x, flag, x, _mm512_set1_epi8(1));
        x = _mm512_maskz_compress_epi8(quote, x);
        _mm512_storeu_si512(
                to, _mm512_add_epi32(_mm512_cvtepu8_epi32(_mm512_castsi512_si128(x)), base));
        for (unsigned done = 16; UNLIKELY(done < n); done += 16) {
                x = _mm512_alignr_epi32(x, x, 4); /* the next 16 bytes to the front */
                _mm512_storeu_si512(
                        to + done,
                        _mm512_add_epi32(_mm512_cvtepu8_epi32(_mm512_castsi512_si128(x)), base));
        }
        return to + n;
}

#include "decode/json_scan_body.h"

/* What a simple escape stands for: bfnrt in the table's last quarter, others themselves. */
static const uint8_t unescape_table[64] __attribute__((aligned(64))) = {
        0x40, 'A', 'B',  'C', 'D',  'E', 'F',  'G', 'H', 'I', 'J', 'K', 'L',  'M', 'N',  'O',
        'P',  'Q', 'R',  'S', 'T',  'U', 'V',  'W', 'X', 'Y', 'Z', '[', '\\', ']', '^',  '_',
        '`',  'a', '\b', 'c', 'd',  'e', '\f', 'g', 'h', 'i', 'j', 'k', 'l',  'm', '\n', 'o',
        'p',  'q', '\r', 's', '\t', 'u', 'v',  'w', 'x', 'y', 'z', '{', '|',  '}', '~',  0x7f,
};

TARGET size_t json_unescape_avx512(char **to, const char *from, size_t len) {
        const char *p = from, *end = from + len;
        char *o = *to;

        while (p < end) {
                unsigned n = (unsigned)MIN((size_t)(end - p), (size_t)64);
                uint64_t all = _bzhi_u64(~UINT64_C(0), n), carry = 0;
                __m512i v = _mm512_maskz_loadu_epi8(all, p);
                uint64_t slash = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\\'));

                if (slash == 0) {
                        _mm512_mask_storeu_epi8(o, all, v);
                        o += n;
                        p += n;
                        continue;
                }
                uint64_t escaped = scan_escaped(slash, &carry);
                uint64_t first = slash & ~escaped;
                __m512i odds = _mm512_permutex2var_epi8(_mm512_load_si512(escape_table), v,
                                                        _mm512_load_si512(escape_table + 64));
                uint64_t odd = (_mm512_movepi8_mask(odds) | _mm512_movepi8_mask(v)) & escaped & all;

                if (UNLIKELY(odd))
                        n = (unsigned)__builtin_ctzll(odd) - 1; /* its backslash */
                else
                        n -= first >> (n - 1) &
                             1; /* what it escapes is in the next block, or missing */
                /* Letters stand in the table, " and / for themselves. */
                uint64_t letters = escaped & _mm512_cmpge_epu8_mask(v, _mm512_set1_epi8(0x40));
                uint64_t keep = _bzhi_u64(~first, n);
                unsigned left = (unsigned)_mm_popcnt_u64(keep);

                v = _mm512_mask_permutexvar_epi8(v, letters, v, _mm512_load_si512(unescape_table));
                _mm512_mask_storeu_epi8(o, _bzhi_u64(~UINT64_C(0), left),
                                        _mm512_maskz_compress_epi8(keep, v));
                o += left;
                p += n;
                if (odd || n == 0)
                        break;
        }
        *to = o;
        return (size_t)(p - from);
}

#endif

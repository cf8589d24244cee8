/* The scan with SSE2, which every x86-64 processor has, also the plain ones that virtual machines
 * show: a block is four registers. */
#include "decode/json_scan.h"

#ifdef __x86_64__
#include <emmintrin.h>

#define TARGET
#define SCAN_NAME json_scan_sse2

struct quarters {
        __m128i v[4];
};

static inline struct quarters load(const char *p) {
        struct quarters q;

        for (unsigned i = 0; i < 4; i++)
                q.v[i] = _mm_loadu_si128((const __m128i *)(p + 16 * i));
        return q;
}

static inline uint64_t join(struct quarters q) {
        uint64_t m = 0;

        for (unsigned i = 0; i < 4; i++)
                m |= (uint64_t)(uint32_t)_mm_movemask_epi8(q.v[i]) << (16 * i);
        return m;
}

static inline uint64_t equal(struct quarters q, int c) {
        for (unsigned i = 0; i < 4; i++)
                q.v[i] = _mm_cmpeq_epi8(q.v[i], _mm_set1_epi8((char)c));
        return join(q);
}

static inline uint64_t at_least(struct quarters q, int c) {
        for (unsigned i = 0; i < 4; i++)
                q.v[i] = _mm_cmpeq_epi8(_mm_max_epu8(q.v[i], _mm_set1_epi8((char)c)), q.v[i]);
        return join(q);
}

static inline bool is_odd(char c) {
        return c != '"' && c != '\\' && c != '/' && c != 'b' && c != 'f' && c != 'n' && c != 'r' &&
               c != 't';
}

/* There is no table look-up: each escape is compared with, and only where a block has a backslash.
 * Else only the first byte may be escaped, by the block before. */
static inline struct json_block scan_masks(const char *p) {
        struct quarters q = load(p);
        struct json_block m = {
                .quote = equal(q, '"'),
                .slash = equal(q, '\\'),
                .control = ~at_least(q, 0x20),
                .high = join(q),
                .odd = is_odd(*p),
        };

        if (m.slash) {
                m.odd = ~(m.quote | m.slash | equal(q, 'n') | equal(q, 'r') | equal(q, 't') |
                          equal(q, '/') | equal(q, 'b') | equal(q, 'f'));
        }
        return m;
}

static inline void scan_utf8(const char *p, struct json_block_utf8 *m) {
        struct quarters q = load(p);

        *m = (struct json_block_utf8){
                .c0 = at_least(q, 0xc0),
                .c2 = at_least(q, 0xc2),
                .e0 = at_least(q, 0xe0),
                .f0 = at_least(q, 0xf0),
                .f5 = at_least(q, 0xf5),
                .a0 = at_least(q, 0xa0),
                .x90 = at_least(q, 0x90),
                .is_e0 = equal(q, 0xe0),
                .is_ed = equal(q, 0xed),
                .is_f0 = equal(q, 0xf0),
                .is_f4 = equal(q, 0xf4),
        };
}

static inline uint64_t scan_prefix(uint64_t x) {
        x ^= x << 1;
        x ^= x << 2;
        x ^= x << 4;
        x ^= x << 8;
        x ^= x << 16;
        return x ^ x << 32;
}

static inline uint32_t *scan_emit(uint32_t *to, uint64_t quote, uint64_t flag, uint32_t base2) {
        for (; quote; quote &= quote - 1) {
                unsigned i = (unsigned)__builtin_ctzll(quote);
                *to++ = base2 + 2 * i + (uint32_t)(flag >> i & 1);
        }
        return to;
}

#include "decode/json_scan_body.h"

#endif

/* Sequences of four characters are dealt to groups, eight to a set; for each place and character a
 * table says to which groups of the set it may belong. A position can hold a sequence of a group
 * only if the group's bit is set for all four places. With AVX-512 VBMI that is four permutations
 * for 64 positions and eight groups; sequences that look alike share a group, so that few others
 * pass. What passes is looked up properly by the caller. Without VBMI the caller's own walk is as
 * good, and there is no sieve. */
#include "rules/charclass.h"

#include <stdlib.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define SETS_MAX 8u
#define PLACES 4u

struct charclass {
        uint32_t sets;
        unsigned char table[SETS_MAX][PLACES][128];
};

#if defined(__x86_64__)

static int gram_cmp(const void *a, const void *b) {
        const struct charclass_gram *x = a, *y = b;

        if (x->len != y->len)
                return x->len > y->len ? -1 : 1;
        return memcmp(x->c, y->c, sizeof(x->c));
}

/* Groups for grams[0..n), from `group` on, `groups` of them. */
static void deal(struct charclass *c, const struct charclass_gram *g, uint32_t n, uint32_t group,
                 uint32_t groups) {
        for (uint32_t i = 0; i < n; i++) {
                uint32_t at = group + (uint32_t)((uint64_t)i * groups / n);
                unsigned char bit = (unsigned char)(1u << at % 8);
                for (uint32_t k = 0; k < g[i].len; k++)
                        c->table[at / 8][k][g[i].c[k] & 127u] |= bit;
                for (uint32_t k = g[i].len; k < PLACES; k++)
                        for (uint32_t v = 0; v < 128; v++)
                                c->table[at / 8][k][v] |= bit;
        }
}

struct charclass *charclass_new(struct arena *a, struct charclass_gram *grams, uint32_t n) {
        uint32_t of[5] = {0}, groups, shorts;

        if (n == 0 || n > CHARCLASS_MAX || !__builtin_cpu_supports("avx512vbmi") ||
            !__builtin_cpu_supports("avx512bw"))
                return NULL;
        struct charclass *c = arena_zalloc(a, sizeof(*c));
        if (!c)
                return NULL;
        c->sets = n <= 24 ? 1 : n <= 80 ? 2 : n <= 200 ? 3 : n <= 600 ? 4 : SETS_MAX;
        groups = c->sets * 8;
        qsort(grams, n, sizeof(*grams), gram_cmp);
        for (uint32_t i = 0; i < n; i++)
                of[grams[i].len]++;
        shorts = (of[3] ? 1 + (of[3] > 12 && groups > 8) : 0) + (of[2] != 0);
        if (of[4])
                deal(c, grams, of[4], 0, groups - shorts);
        if (of[3])
                deal(c, grams + of[4], of[3], groups - shorts, shorts - (of[2] != 0));
        if (of[2])
                deal(c, grams + of[4] + of[3], of[2], groups - 1, 1);
        return c;
}

#define VBMI __attribute__((target("avx512f,avx512bw,avx512vbmi")))

VBMI static inline __m512i groups_at(const unsigned char *table, const char *p) {
        return _mm512_permutex2var_epi8(_mm512_loadu_si512(table), _mm512_loadu_si512(p),
                                        _mm512_loadu_si512(table + 64));
}

VBMI void charclass_walk(const struct charclass *c, const char *p, size_t len,
                         void (*hit)(void *arg, const char *p), void *arg) {
        for (size_t i = 0; i < len; i += 64) {
                uint64_t hits = 0;
                for (uint32_t s = 0; s < c->sets; s++) {
                        __m512i g = _mm512_and_si512(
                                _mm512_and_si512(groups_at(c->table[s][0], p + i),
                                                 groups_at(c->table[s][1], p + i + 1)),
                                _mm512_and_si512(groups_at(c->table[s][2], p + i + 2),
                                                 groups_at(c->table[s][3], p + i + 3)));
                        hits |= _mm512_test_epi8_mask(g, g);
                }
                if (len - i < 64)
                        hits &= (UINT64_C(1) << (len - i)) - 1;
                for (; hits; hits &= hits - 1)
                        hit(arg, p + i + (unsigned)__builtin_ctzll(hits));
        }
}

#else

struct charclass *charclass_new(struct arena *a, struct charclass_gram *grams, uint32_t n) {
        (void)a, (void)grams, (void)n;
        return NULL;
}

void charclass_walk(const struct charclass *c, const char *p, size_t len,
                    void (*hit)(void *arg, const char *p), void *arg) {
        (void)c, (void)p, (void)len, (void)hit, (void)arg;
}

#endif

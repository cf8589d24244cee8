/* Looking for some literals in raw records at the speed of memory, before anything is unescaped or
 * folded.
 *
 * Of each literal three characters in a row stand for it (the rarest, by a rough ranking). Literals
 * are dealt to groups, eight to a set; for each of the three places a table says, for each
 * character, to which groups it may belong. So a position can hold a literal of group g only if bit
 * g is set in all three tables: with AVX-512 VBMI three permutations for 64 positions and eight
 * groups. What passes is compared. One set serves what public rules ask of Windows events (20
 * keywords); hundreds in eight groups would let nearly everything pass.
 * In UTF-16LE the places are two bytes apart, and everything else is the same.
 *
 * What raw bytes may hide from this is looked for too, and answered with "look at everything":
 * \u00XX of a printable character, the Kelvin sign and the long s, which fold to k and s. */
#include "rules/rawscan.h"

#include <stdlib.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define SETS_MAX 4u
#define EXACT_BITS 15u
#define HIDDEN 5u /* literals of our own, behind the caller's */

struct rawlit {
        struct span lit;
        uint32_t at; /* of the window in it */
        uint32_t id;
};

struct rawscan {
        uint32_t sets;
        unsigned char table[SETS_MAX][3][128]; /* [place][character & 127]: groups */
        struct rawlit *lit;                    /* sorted by group */
        uint32_t first[SETS_MAX * 8 + 1];
        uint64_t exact[(1u << EXACT_BITS) / 64]; /* windows, hashed: what the tables let through by
                                                    mixing them stops here */
        uint32_t n;                              /* the caller's */
};

static const struct span hidden[HIDDEN] = {
        {"\\u00", 4}, {"\\u212a", 6}, {"\\u017f", 6}, {"\xe2\x84\xaa", 3}, {"\xc5\xbf", 2},
};

static bool part_char(char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr(" .:-_", c));
}

struct span rawscan_part(struct span s) {
        struct span best = {s.p, 0};

        for (size_t i = 0; i < s.len;) {
                size_t k = i;
                while (k < s.len && part_char(s.p[k]))
                        k++;
                if (k - i > best.len)
                        best = span_of(s.p + i, k - i);
                i = k + 1;
        }
        return best;
}

/* How common a character is in logs, very roughly. */
static unsigned weight(char c) {
        static const char order[] = "zqjxvkybgwph_:fumdl-.cnrstaioe 0123456789";
        const char *p = c ? strchr(order, c) : NULL;

        return p ? (unsigned)(p - order) + 2 : 1;
}

static uint32_t *tri_of(struct tri_count *c, const char *p) {
        uint32_t v = (uint32_t)(unsigned char)ascii_lower(p[0]) |
                     (uint32_t)(unsigned char)ascii_lower(p[1]) << 8 |
                     (uint32_t)(unsigned char)ascii_lower(p[2]) << 16;
        return &c->n[v * 0x9e3779b1u >> 16];
}

void tri_learn(struct tri_count *c, struct span text) {
        for (size_t i = 0; i + 3 <= text.len; i++)
                ++*tri_of(c, text.p + i);
}

static uint32_t window(struct span lit, const struct tri_count *common) {
        uint32_t best = 0;
        uint64_t best_w = UINT64_MAX;

        for (uint32_t i = 0; i + 3 <= lit.len; i++) {
                uint64_t w = weight(lit.p[i]) * weight(lit.p[i + 1]) * weight(lit.p[i + 2]);
                w += *tri_of((struct tri_count *)(uintptr_t)common, lit.p + i) * UINT64_C(20000);
                if (w < best_w) {
                        best_w = w;
                        best = i;
                }
        }
        return best;
}

static void enter(struct rawscan *r, unsigned place, int c, uint32_t group) {
        unsigned char *table = r->table[group / 8][place], bit = (unsigned char)(1u << group % 8);

        if (c < 0) { /* any */
                for (unsigned i = 0; i < 128; i++)
                        table[i] |= bit;
                return;
        }
        table[c & 127] |= bit;
        if (c >= 'a' && c <= 'z')
                table[c - 32] |= bit;
}

/* Three characters, without regard to case (and some others taken for each other). */
static inline uint32_t exact_of(const unsigned char *p, unsigned step) {
        uint32_t v = p[0] | (uint32_t)p[step] << 8 | (uint32_t)p[2 * step] << 16;

        return (v | 0x202020u) * 0x9e3779b1u >> (32 - EXACT_BITS);
}

static inline bool in_exact(const struct rawscan *r, uint32_t w) {
        return r->exact[w / 64] >> w % 64 & 1;
}

/* Of a literal that is too short, whatever may follow it. */
static void enter_exact(struct rawscan *r, const struct rawlit *l) {
        unsigned char window[3];
        bool whole = l->lit.len >= 3;

        memcpy(window, l->lit.p + l->at, whole ? 3 : 2);
        for (unsigned last = 0; last < (whole ? 1 : 256); last++) {
                if (!whole)
                        window[2] = (unsigned char)last;
                uint32_t w = exact_of(window, 1);
                r->exact[w / 64] |= UINT64_C(1) << w % 64;
        }
}

static int by_window(const void *a, const void *b) {
        const struct rawlit *x = a, *y = b;
        return memcmp(x->lit.p + x->at, y->lit.p + y->at, 3);
}

/* Alike windows share a group, so that its tables hold few characters. The last of our own is too
 * short for three places: it gets a group of its own. */
struct rawscan *rawscan_new(struct arena *a, const struct span *lits, uint32_t n,
                            const struct tri_count *common) {
        struct rawscan *r = arena_zalloc(a, sizeof(*r));
        uint32_t all = n + HIDDEN, groups;

        if (!r)
                return NULL;
        r->n = n;
        r->sets = n <= 64 ? 1 : n <= 256 ? 2 : SETS_MAX;
        groups = r->sets * 8;
        r->lit = arena_array(a, all, sizeof(*r->lit));
        if (!r->lit)
                return NULL;
        for (uint32_t i = 0; i < all; i++) {
                struct span l = i < n ? lits[i] : hidden[i - n];
                r->lit[i] = (struct rawlit){l, i < n ? window(l, common) : 0, i};
        }
        for (uint32_t i = 0; i < all; i++)
                enter_exact(r, &r->lit[i]);
        qsort(r->lit, all - 1, sizeof(*r->lit), by_window);
        for (uint32_t g = 0; g <= groups; g++)
                r->first[g] = g < groups ? (uint32_t)((uint64_t)(all - 1) * g / (groups - 1)) : all;
        for (uint32_t g = 0; g < groups; g++)
                for (uint32_t i = r->first[g]; i < r->first[g + 1]; i++)
                        for (uint32_t k = 0; k < 3; k++) {
                                const struct rawlit *l = &r->lit[i];
                                bool in = l->at + k < l->lit.len;
                                enter(r, k, in ? (unsigned char)l->lit.p[l->at + k] : -1, g);
                        }
        return r;
}

struct scan {
        const struct rawscan *r;
        struct span s;
        unsigned step; /* bytes per character */
        uint64_t *found;
        bool hidden;
};

/* \u00XX: of a character that a literal may hold? */
static bool escaped_part(const struct scan *x, size_t at) {
        unsigned v = 0;

        for (unsigned i = 4; i < 6; i++) {
                if (at + i >= x->s.len)
                        return false;
                char c = ascii_lower(x->s.p[at + i]);
                if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
                        return false;
                v = v * 16 + (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
        }
        return v < 128 && part_char(ascii_lower((char)v));
}

static bool stands_at(const struct scan *x, struct span lit, size_t at) {
        if (x->s.len - at < lit.len * x->step)
                return false;
        for (size_t i = 0; i < lit.len; i++) {
                const char *p = x->s.p + at + i * x->step;
                if (ascii_lower(*p) != lit.p[i] || (x->step == 2 && p[1] != 0))
                        return false;
        }
        return true;
}

/* The characters that fold into ASCII, in UTF-16: none of our literals says them. */
static bool folds_to_ascii(const struct scan *x, size_t at) {
        if (x->step != 2 || x->s.len - at < 2)
                return false;
        return (x->s.p[at] == 0x2a && x->s.p[at + 1] == 0x21) ||
               (x->s.p[at] == 0x7f && x->s.p[at + 1] == 0x01);
}

static void hit(struct scan *x, size_t at, uint32_t set, unsigned groups) {
        const struct rawscan *r = x->r;

        for (; groups; groups &= groups - 1) {
                unsigned g = set * 8 + (unsigned)__builtin_ctz(groups);
                for (uint32_t i = r->first[g]; i < r->first[g + 1]; i++) {
                        const struct rawlit *l = &r->lit[i];
                        uint32_t id = l->id;
                        size_t back = (size_t)l->at * x->step;
                        if (at < back || (id < r->n && x->found[id / 64] >> id % 64 & 1))
                                continue;
                        if (!stands_at(x, l->lit, at - back))
                                continue;
                        if (id < r->n)
                                x->found[id / 64] |= UINT64_C(1) << id % 64;
                        else if (x->step == 1)
                                x->hidden |= id == r->n ? escaped_part(x, at) : true;
                }
        }
}

static void run_scalar(struct scan *x) {
        const struct rawscan *r = x->r;
        const unsigned char *p = (const unsigned char *)x->s.p;

        for (size_t i = 0; i < x->s.len; i++) {
                size_t b = i + x->step, c = i + 2 * (size_t)x->step;
                for (uint32_t s = 0; s < r->sets; s++) {
                        unsigned g = r->table[s][0][p[i] & 127];
                        if (g && b < x->s.len)
                                g &= r->table[s][1][p[b] & 127];
                        if (g && c < x->s.len)
                                g &= r->table[s][2][p[c] & 127];
                        if (UNLIKELY(g))
                                hit(x, i, s, g);
                }
                x->hidden |= folds_to_ascii(x, i);
        }
}

#if defined(__x86_64__)

#define VBMI __attribute__((target("avx512f,avx512bw,avx512vbmi")))

VBMI static inline __m512i groups_at(const char *p, __m512i lo, __m512i hi) {
        return _mm512_permutex2var_epi8(lo, _mm512_loadu_si512(p),
                                        hi); /* the top bit of an index is ignored */
}

static __attribute__((noinline)) void hits_at(struct scan *x, size_t at, uint32_t set) {
        const unsigned char(*t)[128] = x->r->table[set];
        const unsigned char *p = (const unsigned char *)x->s.p + at;

        hit(x, at, set, t[0][p[0] & 127] & t[1][p[x->step] & 127] & t[2][p[2 * x->step] & 127]);
}

/* One set after the other: its tables stay in registers, the record in the first cache. What the
 * tables let through by mixing literals stops at `exact`. */
VBMI static inline void run_set(struct scan *x, uint32_t set, unsigned step) {
        const struct rawscan *r = x->r;
        const unsigned char(*t)[128] = r->table[set];
        const char *s = x->s.p;
        size_t len = x->s.len;
        __m512i a0 = _mm512_loadu_si512(t[0]), a1 = _mm512_loadu_si512(t[0] + 64);
        __m512i b0 = _mm512_loadu_si512(t[1]), b1 = _mm512_loadu_si512(t[1] + 64);
        __m512i c0 = _mm512_loadu_si512(t[2]), c1 = _mm512_loadu_si512(t[2] + 64);

        for (size_t i = 0; i < len; i += 64) {
                __m512i g = _mm512_and_si512(groups_at(s + i, a0, a1),
                                             _mm512_and_si512(groups_at(s + i + step, b0, b1),
                                                              groups_at(s + i + 2 * step, c0, c1)));
                uint64_t hits = _mm512_test_epi8_mask(g, g);
                for (; hits; hits &= hits - 1) {
                        size_t at = i + (unsigned)__builtin_ctzll(hits);
                        if (UNLIKELY(in_exact(r, exact_of((const unsigned char *)s + at, step))) &&
                            at < len)
                                hits_at(x, at, set);
                }
        }
}

VBMI static void run_vbmi(struct scan *x) {
        const __m512i kelvin = _mm512_set1_epi16(0x212a), long_s = _mm512_set1_epi16(0x017f);
        __mmask32 seen = 0;

        for (uint32_t set = 0; set < x->r->sets; set++) {
                if (x->step == 1)
                        run_set(x, set, 1);
                else
                        run_set(x, set, 2);
        }
        for (size_t i = 0; x->step == 2 && i < x->s.len; i += 64) {
                __m512i v = _mm512_loadu_si512(x->s.p + i), w = _mm512_loadu_si512(x->s.p + i + 1);
                seen |= _mm512_cmpeq_epi16_mask(v, kelvin) | _mm512_cmpeq_epi16_mask(v, long_s) |
                        _mm512_cmpeq_epi16_mask(w, kelvin) | _mm512_cmpeq_epi16_mask(w, long_s);
        }
        x->hidden |= seen != 0; /* or behind the end: no harm */
}

static bool have_vbmi(void) {
        static int known; /* 0: not asked yet */

        if (!known)
                known = __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512bw")
                                ? 1
                                : -1;
        return known > 0;
}

#endif

bool rawscan_run(const struct rawscan *r, struct span bytes, enum raw_form form, bool padded,
                 uint64_t *found) {
        struct scan x = {.r = r, .s = bytes, .step = form == RAW_UTF16 ? 2 : 1, .found = found};

#if defined(__x86_64__)
        if (padded && have_vbmi()) {
                run_vbmi(&x);
                return x.hidden;
        }
#endif
        (void)padded;
        run_scalar(&x);
        return x.hidden;
}

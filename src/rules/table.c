/* The table of one field: all strings that rules trigger on there, found in one go.
 *
 * - exact: hash of the whole value.
 * - prefix: hash of the first (at most 8) bytes, one probe per key length that occurs.
 * - suffix: the same at the end.
 * - equals: hash of the 8 bytes behind an equals sign: `Hashes` holds thousands of MD5=…, SHA256=….
 * - contains: filters of 4-byte sequences in a bit map; only a hit looks at literals. Of a long
 *   literal four neighbouring sequences are entered, so that one position in four of a value needs
 *   to be looked at: one multiplication and one bit each (with eight times the public rules, the walk
 *   fell from 25 to 6 % of a judge's time on Windows events). Short literals enter one sequence,
 *   their rarest, and every position is looked at, behind the sieve of rules/charclass.h where it
 *   serves; so are all literals where they are few. With AVX-512 sixteen sequences are looked up at
 *   once.
 * - direct: what none of these can find is tried one by one: addresses, numbers, regexes without a
 *   literal.
 *
 * All but the last compare the literal itself; if the atom asks for more than its literal
 * (wildcards, regexes, case), atom_test() confirms. Literals and values are folded (rules/text.h).
 */
#include "rules/table.h"

#include "base/hash.h"
#include "rules/charclass.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define WIDE __attribute__((target("avx512f,avx512bw")))
#endif

#define NONE UINT32_MAX
#define KEY 0x5bd1e995u
#define GRAM_MIN 2u
#define STEP 4u
#define LONG_MIN (4u + STEP - 1)
#define FEW 200u /* literals: the sieve serves better */

struct entry {
        struct span lit;
        const struct catom *confirm; /* NULL: the literal at its place is all */
        uint32_t id;
        uint32_t next; /* of the same chain */
        uint32_t off;  /* short ones: of the gram in the literal; '=': of the equals sign */
};

/* Chained hash from a 64-bit key. */
struct heads {
        uint32_t *head;
        uint64_t *key; /* of each entry; all heads share it */
        uint32_t bits; /* 0: empty */
        uint32_t lens; /* prefix, suffix: bit k-1 set if keys of k bytes occur */
};

struct gram {
        uint32_t gram;
        uint32_t near; /* four more bytes of the literal */
        uint32_t entry;
        uint16_t off;  /* in the literal */
        int8_t delta;  /* of `near`, from here */
        uint8_t alone; /* the literal is too short for it */
};
_Static_assert(sizeof(struct gram) == 16, "four to a line of the cache");
#define OFF_MAX 32768u

/* Sequences, and where they stand in literals. */
struct grams {
        uint64_t *map; /* bits */
        uint32_t map_shift;
        uint32_t *head; /* by the top bits of the hash: first in `gram`; one more than there are */
        uint32_t head_shift;
        struct gram *gram; /* ordered by head */
        uint32_t n;
};

struct table {
        struct entry *e;
        uint64_t *key;
        uint32_t n;
        struct heads exact, prefix, suffix, equals;
        /* contains */
        struct grams shorts, longs; /* looked for at every position; at each STEP-th */
        bool twos, threes;          /* some literal has two or three bytes only */
        struct charclass *sieve;    /* of the short ones, or NULL */
        uint32_t *direct;
        uint32_t n_direct;
        uint64_t *once; /* bit per entry index: found already in this value */
        bool within;
};

static inline uint32_t gram_hash(uint32_t g) {
        return g * 0x9e3779b1u;
}

static inline uint32_t load4(const char *p) {
        uint32_t v;
        memcpy(&v, p, 4);
        return v;
}

static inline uint64_t load8(const char *p) {
        uint64_t v;
        memcpy(&v, p, 8);
        return v;
}

static inline uint64_t mask_key(uint64_t v, unsigned len) {
        return len >= 8 ? v : v & ((UINT64_C(1) << (len * 8)) - 1);
}

static inline uint64_t short_key(uint64_t v, unsigned len) {
        return hash_mix(v ^ UINT64_C(0x9e3779b97f4a7c15), UINT64_C(0xa0761d6478bd642f) + len);
}

void gram_learn(struct gram_count *c, struct span s) {
        for (size_t i = 0; i + 4 <= s.len; i++) {
                uint16_t *n = &c->n[gram_hash(load4(s.p + i)) >> (32 - GRAM_BITS)];
                *n = (uint16_t)(*n + (*n < UINT16_MAX));
        }
}

bool table_takes(const struct catom *c) {
        return c->b->op == ATOM_STRING || c->b->op == ATOM_REGEX || c->b->op == ATOM_CIDR ||
               c->b->op == ATOM_COMPARE;
}

float atom_guess(const struct catom *c, float *ret_cost) {
        size_t n = c->need.len;

        *ret_cost = 0.0002f;
        if (c->b->op == ATOM_CIDR || c->b->op == ATOM_COMPARE) {
                *ret_cost = 0.3f;
                return 0.3f;
        }
        if (c->b->op == ATOM_STRING && (c->pat.form == PAT_EXACT || c->pat.form == PAT_EMPTY)) {
                *ret_cost = 0.00005f;
                return n <= 2 ? 0.05f : n <= 6 ? 0.01f : 0.004f;
        }
        if (n < GRAM_MIN || (c->b->op == ATOM_STRING && c->pat.form == PAT_ANY)) {
                *ret_cost = c->b->op == ATOM_REGEX ? 4.0f : 0.2f;
                return 0.7f;
        }
        if (c->b->op == ATOM_REGEX)
                *ret_cost = 0.001f;
        if (c->b->op == ATOM_STRING && c->pat.form == PAT_SUFFIX && n >= 6)
                return 0.004f;
        return n == 2    ? 0.3f
               : n == 3  ? 0.15f
               : n == 4  ? 0.03f
               : n <= 6  ? 0.015f
               : n <= 10 ? 0.006f
                         : 0.004f;
}

/* ---- building ---- */

enum place { AT_EXACT, AT_PREFIX, AT_SUFFIX, AT_EQUALS, AT_CONTAINS, AT_CONTAINS_LONG, AT_DIRECT };

static enum place place_within(struct entry *e, const struct catom *c) {
        bool plain = c->b->op == ATOM_STRING && !c->b->cased && c->pat.form != PAT_GLOB;

        e->lit = c->need;
        e->confirm = plain && e->lit.len >= GRAM_MIN ? NULL : c;
        return e->lit.len >= GRAM_MIN ? AT_CONTAINS : AT_DIRECT;
}

static enum place place_of(struct entry *e, const struct catom *c) {
        e->lit = c->need;
        e->confirm = c->b->cased || c->b->op != ATOM_STRING || c->pat.form == PAT_GLOB ? c : NULL;
        if (c->b->op == ATOM_STRING) {
                if (c->pat.form == PAT_EXACT || c->pat.form == PAT_EMPTY)
                        return AT_EXACT;
                if (c->pat.form == PAT_PREFIX)
                        return AT_PREFIX;
                if (c->pat.form == PAT_SUFFIX)
                        return AT_SUFFIX;
        }
        if (e->lit.len < GRAM_MIN) {
                e->confirm = c;
                return AT_DIRECT;
        }
        const char *eq = memchr(e->lit.p, '=', e->lit.len);
        if (eq && e->lit.len - (size_t)(eq - e->lit.p) > 8 && e->lit.len >= 24) {
                e->off = (uint32_t)(eq - e->lit.p);
                return AT_EQUALS;
        }
        return AT_CONTAINS;
}

static uint64_t entry_key(const struct entry *e, enum place place, unsigned *ret_len) {
        unsigned k = (unsigned)MIN(e->lit.len, (size_t)8);

        *ret_len = k;
        switch (place) {
        case AT_EXACT: return hash_span(e->lit, KEY);
        case AT_PREFIX: return short_key(hash_read(e->lit.p, k), k);
        case AT_SUFFIX: return short_key(hash_read(e->lit.p + e->lit.len - k, k), k);
        default: return short_key(load8(e->lit.p + e->off + 1), 8);
        }
}

static bool heads_build(struct arena *a, struct table *t, struct heads *h, enum place place,
                        const uint8_t *places) {
        uint32_t n = 0;

        for (uint32_t i = 0; i < t->n; i++)
                n += places[i] == place;
        if (n == 0)
                return true;
        h->bits = 2;
        while ((1u << h->bits) < n * 2 && h->bits < 24)
                h->bits++;
        h->head = arena_alloc(a, sizeof(uint32_t) << h->bits);
        h->key = t->key = t->key ? t->key : arena_alloc(a, sizeof(uint64_t) * t->n);
        if (!h->head || !h->key)
                return false;
        memset(h->head, 0xff, sizeof(uint32_t) << h->bits);
        for (uint32_t i = 0; i < t->n; i++) {
                unsigned len;
                if (places[i] != place)
                        continue;
                h->key[i] = entry_key(&t->e[i], place, &len);
                if (len)
                        h->lens |= 1u << (len - 1);
                uint32_t *head = &h->head[h->key[i] >> (64 - h->bits)];
                t->e[i].next = *head;
                *head = i;
        }
        return true;
}

static uint32_t gram_of(const struct entry *e) {
        return e->lit.len < 4 ? (uint32_t)hash_read(e->lit.p, e->lit.len)
                              : load4(e->lit.p + e->off);
}

/* Where in the literal its rarest `run` neighbouring sequences begin. */
static uint32_t rarest(struct span lit, const struct gram_count *c, uint32_t run) {
        uint32_t best = 0, n = 0, best_n = UINT32_MAX, last[STEP] = {0};

        lit.len = MIN(lit.len, (size_t)OFF_MAX);
        for (uint32_t i = 0; i + 4 <= lit.len; i++) {
                uint32_t v = c->n[gram_hash(load4(lit.p + i)) >> (32 - GRAM_BITS)];
                n += v - (i >= run ? last[i % run] : 0);
                last[i % run] = v;
                if (i + 1 >= run && n < best_n) {
                        best_n = n;
                        best = i + 1 - run;
                }
        }
        return best;
}

/* Few enough short ones: a sieve in front of the map. */
static bool sieve_build(struct arena *a, struct table *t, const uint8_t *places) {
        struct charclass_gram *g;
        uint32_t n = 0;

        if (t->shorts.n == 0 || t->shorts.n > CHARCLASS_MAX)
                return true;
        g = malloc(t->shorts.n * sizeof(*g));
        if (!g)
                return false;
        for (uint32_t i = 0; i < t->n; i++) {
                if (places[i] != AT_CONTAINS)
                        continue;
                uint32_t v = gram_of(&t->e[i]);
                memcpy(g[n].c, &v, 4);
                g[n++].len = (uint32_t)MIN(t->e[i].lit.len, (size_t)4);
        }
        t->sieve = charclass_new(a, g, n);
        free(g);
        return true;
}

/* Literals share their common sequences by the dozen ("exe ", ".dll"): the bytes beside tell them
 * apart without looking at the literal. */
static struct gram gram_new(const struct entry *e, uint32_t gram, uint32_t i) {
        struct gram g = {.gram = gram, .entry = i, .off = (uint16_t)e->off, .alone = 1};

        if (e->lit.len < 5)
                return g;
        uint32_t at = e->off + 8 <= e->lit.len ? e->off + 4 : e->off >= 4 ? e->off - 4 : 0;
        if (at == 0 && e->off < 4) /* five to seven bytes and in the middle */
                at = e->off ? 0 : (uint32_t)e->lit.len - 4;
        g.delta = (int8_t)((int32_t)at - (int32_t)e->off);
        g.near = load4(e->lit.p + at);
        g.alone = 0;
        return g;
}

/* Of all entries at `place`, `run` sequences each. */
static bool grams_build(struct arena *a, struct table *t, struct grams *s, const uint8_t *places,
                        enum place place, const struct gram_count *counts) {
        uint32_t n = 0, bits = 10, head_bits = 4, run = place == AT_CONTAINS_LONG ? STEP : 1;

        for (uint32_t i = 0; i < t->n; i++)
                n += places[i] == place ? run : 0;
        if (n == 0)
                return true;
        while ((1u << bits) < n * 64 && bits < 18)
                bits++;
        while ((1u << head_bits) < n && head_bits < 20)
                head_bits++;
        s->n = n;
        s->map_shift = 32 - bits;
        s->head_shift = 32 - head_bits;
        s->map = arena_zalloc(a, ((size_t)1 << bits) / 8);
        s->head = arena_zalloc(a, (((size_t)1 << head_bits) + 2) * sizeof(uint32_t));
        s->gram = arena_alloc(a, n * sizeof(*s->gram));
        if (!s->map || !s->head || !s->gram)
                return false;
        uint32_t *start = s->head + 1; /* counted one further, so that filling makes them starts */
        for (uint32_t i = 0; i < t->n; i++) {
                if (places[i] != place)
                        continue;
                struct entry *e = &t->e[i];
                e->off = rarest(e->lit, counts, run);
                t->twos |= e->lit.len == 2;
                t->threes |= e->lit.len == 3;
                for (uint32_t k = 0; k < run; k++, e->off++) {
                        uint32_t h = gram_hash(gram_of(e));
                        s->map[(h >> s->map_shift) / 64] |= UINT64_C(1) << (h >> s->map_shift) % 64;
                        start[(h >> s->head_shift) + 1]++;
                }
                e->off -= run;
        }
        for (uint32_t i = 1; i <= 1u << head_bits; i++)
                start[i] += start[i - 1];
        for (uint32_t i = 0; i < t->n; i++) {
                struct entry *e = &t->e[i];
                for (uint32_t k = 0; places[i] == place && k < run; k++, e->off++) {
                        uint32_t g = gram_of(e);
                        s->gram[start[gram_hash(g) >> s->head_shift]++] = gram_new(e, g, i);
                }
                e->off -= places[i] == place ? run : 0;
        }
        /* Now start[h] is the end of h, that is the beginning of h + 1: head[h], head[h + 1]
         * enclose h. */
        s->head[0] = 0;
        return true;
}

static bool contains_build(struct arena *a, struct table *t, uint8_t *places,
                           const struct gram_count *counts, enum table_use use) {
        uint32_t n = 0;

        for (uint32_t i = 0; i < t->n; i++)
                n += places[i] == AT_CONTAINS;
        for (uint32_t i = 0; i < t->n && n > FEW && use != TABLE_BRIEF; i++)
                if (places[i] == AT_CONTAINS && t->e[i].lit.len >= LONG_MIN)
                        places[i] = AT_CONTAINS_LONG;
        return grams_build(a, t, &t->shorts, places, AT_CONTAINS, counts) &&
               grams_build(a, t, &t->longs, places, AT_CONTAINS_LONG, counts) &&
               (use == TABLE_BRIEF || sieve_build(a, t, places));
}

struct table *table_new(struct arena *a, const struct table_item *items, uint32_t n,
                        const struct gram_count *counts, enum table_use use) {
        bool within = use == TABLE_WITHIN;
        struct table *t = arena_zalloc(a, sizeof(*t));
        uint8_t *places = calloc((size_t)n + 1, 1);
        bool ok = t && places;

        if (ok) {
                t->n = n;
                t->within = within;
                t->e = arena_alloc(a, ((size_t)n + 1) * sizeof(*t->e));
                t->once = arena_zalloc(a, (size_t)n / 8 + 8);
                ok = t->e && t->once;
        }
        for (uint32_t i = 0; ok && i < n; i++) {
                t->e[i] = (struct entry){.id = items[i].id, .next = NONE};
                places[i] = (uint8_t)(within ? place_within(&t->e[i], items[i].atom)
                                             : place_of(&t->e[i], items[i].atom));
                t->n_direct += places[i] == AT_DIRECT;
        }
        if (ok && t->n_direct) {
                t->direct = arena_alloc(a, t->n_direct * sizeof(*t->direct));
                ok = t->direct != NULL;
                for (uint32_t i = 0, k = 0; ok && i < n; i++)
                        if (places[i] == AT_DIRECT)
                                t->direct[k++] = i;
        }
        ok = ok && heads_build(a, t, &t->exact, AT_EXACT, places) &&
             heads_build(a, t, &t->prefix, AT_PREFIX, places) &&
             heads_build(a, t, &t->suffix, AT_SUFFIX, places) &&
             heads_build(a, t, &t->equals, AT_EQUALS, places) &&
             contains_build(a, t, places, counts, use);
        free(places);
        return ok ? t : NULL;
}

bool table_is_cheap(const struct table *t) {
        return t->shorts.n + t->longs.n == 0 && t->n_direct == 0 && t->equals.bits == 0;
}

/* ---- running ---- */

#define HITS 24u

/* Tables are too large for the nearest cache: what is to be read next is fetched for several at
 * once. */
struct gram_hit {
        const struct grams *m;
        const char *p;
        uint32_t gram, head, end;
};
struct literal_hit {
        const char *p; /* where it should begin */
        uint32_t entry;
};
struct probe {
        const struct heads *h;
        uint64_t key;
};

struct run {
        const struct table *t;
        struct atoms *a;
        const struct value *v;
        uint32_t *to;
        uint32_t n;
        uint32_t n_hits, n_literals, n_probes;
        struct gram_hit hit[HITS];
        struct literal_hit literal[HITS];
        struct probe probe[17];
};

static void found(struct run *r, uint32_t i) {
        const struct entry *e = &r->t->e[i];
        uint64_t bit = UINT64_C(1) << i % 64;

        if (r->t->once[i / 64] & bit)
                return;
        if (e->confirm && !(r->t->within ? atom_within(r->a, e->confirm, r->v)
                                         : atom_test(r->a, e->confirm, r->v)))
                return;
        r->t->once[i / 64] |= bit;
        r->to[r->n++] = i;
}

static void probe(struct run *r, const struct heads *h, uint64_t key) {
        r->probe[r->n_probes++] = (struct probe){h, key};
        __builtin_prefetch(&h->head[key >> (64 - h->bits)]);
}

static void probe_ends(struct run *r, const struct heads *h, bool suffix) {
        struct span s = r->v->fold;

        for (uint32_t lens = h->lens; lens; lens &= lens - 1) {
                unsigned len = (unsigned)__builtin_ctz(lens) + 1;
                if (len > s.len)
                        return;
                probe(r, h, short_key(mask_key(load8(suffix ? s.p + s.len - len : s.p), len), len));
        }
}

static void run_probes(struct run *r) {
        const struct table *t = r->t;
        struct span s = r->v->fold;

        for (uint32_t k = 0; k < r->n_probes; k++) {
                const struct heads *h = r->probe[k].h;
                uint64_t key = r->probe[k].key;
                for (uint32_t i = h->head[key >> (64 - h->bits)]; i != NONE; i = t->e[i].next) {
                        struct span lit = t->e[i].lit;
                        if (h->key[i] == key && (h == &t->exact    ? span_eq(lit, s)
                                                 : h == &t->prefix ? span_starts(s, lit)
                                                                   : span_ends(s, lit)))
                                found(r, i);
                }
        }
}

static void run_equals(struct run *r) {
        const struct heads *h = &r->t->equals;
        struct span s = r->v->fold;
        const char *end = s.p + s.len;

        for (const char *p = s.p; p < end && (p = memchr(p, '=', (size_t)(end - p))) != NULL; p++) {
                if (end - p <= 8)
                        return;
                uint64_t key = short_key(load8(p + 1), 8);
                for (uint32_t i = h->head[key >> (64 - h->bits)]; i != NONE; i = r->t->e[i].next) {
                        const struct entry *e = &r->t->e[i];
                        if (h->key[i] != key || (size_t)(p - s.p) < e->off)
                                continue;
                        const char *at = p - e->off;
                        if ((size_t)(end - at) >= e->lit.len &&
                            memcmp(at, e->lit.p, e->lit.len) == 0)
                                found(r, i);
                }
        }
}

static void compare_literals(struct run *r) {
        struct span s = r->v->fold;

        for (uint32_t i = 0; i < r->n_literals; i++)
                __builtin_prefetch(r->t->e[r->literal[i].entry].lit.p);
        for (uint32_t i = 0; i < r->n_literals; i++) {
                const struct literal_hit *l = &r->literal[i];
                struct span lit = r->t->e[l->entry].lit;
                if (s.len - (size_t)(l->p - s.p) >= lit.len && memcmp(l->p, lit.p, lit.len) == 0)
                        found(r, l->entry);
        }
        r->n_literals = 0;
}

/* What the sequences that were met belong to. */
static void take_hits(struct run *r) {
        const char *begin = r->v->fold.p;

        for (uint32_t i = 0; i < r->n_hits; i++) {
                struct gram_hit *q = &r->hit[i];
                q->end = q->m->head[q->head + 1];
                q->head = q->m->head[q->head];
                __builtin_prefetch(&q->m->gram[q->head]);
        }
        for (uint32_t i = 0; i < r->n_hits; i++) {
                const struct gram_hit *q = &r->hit[i];
                for (uint32_t k = q->head; k < q->end; k++) {
                        const struct gram *g = &q->m->gram[k];
                        if (g->gram != q->gram || (size_t)(q->p - begin) < g->off ||
                            (!g->alone && load4(q->p + g->delta) != g->near))
                                continue;
                        if (r->n_literals == HITS)
                                compare_literals(r);
                        r->literal[r->n_literals++] = (struct literal_hit){q->p - g->off, g->entry};
                        __builtin_prefetch(&r->t->e[g->entry]);
                }
        }
        r->n_hits = 0;
        compare_literals(r);
}

static inline void gram_hit(struct run *r, const struct grams *m, const char *p, uint32_t gram,
                            uint32_t hash) {
        if (UNLIKELY(r->n_hits == HITS))
                take_hits(r);
        r->hit[r->n_hits++] = (struct gram_hit){m, p, gram, hash >> m->head_shift, 0};
        __builtin_prefetch(&m->head[hash >> m->head_shift]);
}

static inline bool in_map(const struct grams *m, uint32_t hash) {
        uint32_t b = hash >> m->map_shift;

        return m->map[b / 64] >> (b % 64) & 1;
}

/* Loads run into the padding; what is found there fails the comparison. */
static void walk_plain(struct run *r, const struct grams *m, uint32_t mask, unsigned step) {
        struct span s = r->v->fold;
        const uint64_t *map = m->map;
        uint32_t shift = m->map_shift;

        for (const char *p = s.p, *end = s.p + s.len; p < end; p += step) {
                uint32_t g = load4(p) & mask, h = gram_hash(g), b = h >> shift;
                if (UNLIKELY(map[b / 64] >> (b % 64) & 1))
                        gram_hit(r, m, p, g, h);
        }
}

#if defined(__x86_64__)

/* Sixteen sequences at once, four bytes apart; from `at` on. */
WIDE static inline uint32_t wide_hits(const struct grams *m, const char *at, __m512i mask) {
        __m512i g = _mm512_and_si512(_mm512_loadu_si512(at), mask);
        __m512i h = _mm512_mullo_epi32(g, _mm512_set1_epi32((int)0x9e3779b1u));
        __m512i b = _mm512_srl_epi32(h, _mm_cvtsi32_si128((int)m->map_shift));
        __m512i w = _mm512_i32gather_epi32(_mm512_srli_epi32(b, 5), m->map, 4);
        __m512i bit =
                _mm512_sllv_epi32(_mm512_set1_epi32(1), _mm512_and_si512(b, _mm512_set1_epi32(31)));

        return _mm512_test_epi32_mask(w, bit);
}

WIDE static void walk_wide(struct run *r, const struct grams *m, uint32_t mask, unsigned step) {
        struct span s = r->v->fold;
        const char *end = s.p + s.len;
        __m512i wide_mask = _mm512_set1_epi32((int)mask);

        for (const char *p = s.p; p < end; p += 64)
                for (unsigned off = 0; off < STEP; off += step) {
                        uint32_t hits = wide_hits(m, p + off, wide_mask);
                        for (; UNLIKELY(hits); hits &= hits - 1) {
                                const char *at = p + off + __builtin_ctz(hits) * STEP;
                                uint32_t g = load4(at) & mask;
                                if (at < end)
                                        gram_hit(r, m, at, g, gram_hash(g));
                        }
                }
}

static bool have_wide(void) {
        static int known; /* 0: not asked yet */

        if (!known)
                known = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
                                ? 1
                                : -1;
        return known > 0;
}

#else
#define have_wide() false
#define walk_wide walk_plain
#endif

static void walk_grams(struct run *r, const struct grams *m, uint32_t mask, unsigned step) {
        if (have_wide())
                walk_wide(r, m, mask, step);
        else
                walk_plain(r, m, mask, step);
}

static void sieve_hit(void *arg, const char *p) {
        struct run *r = arg;
        const struct table *t = r->t;
        const struct grams *m = &t->shorts;
        uint32_t g = load4(p), h = gram_hash(g);

        if (in_map(m, h))
                gram_hit(r, m, p, g, h);
        if (t->threes && in_map(m, h = gram_hash(g & 0xffffffu)))
                gram_hit(r, m, p, g & 0xffffffu, h);
        if (t->twos && in_map(m, h = gram_hash(g & 0xffffu)))
                gram_hit(r, m, p, g & 0xffffu, h);
}

static void run_grams(struct run *r) {
        const struct table *t = r->t;

        if (t->longs.n)
                walk_grams(r, &t->longs, 0xffffffffu, STEP);
        if (t->sieve) {
                charclass_walk(t->sieve, r->v->fold.p, r->v->fold.len, sieve_hit, r);
        } else if (t->shorts.n) {
                walk_grams(r, &t->shorts, 0xffffffffu, 1);
                if (t->threes)
                        walk_grams(r, &t->shorts, 0xffffffu, 1);
                if (t->twos)
                        walk_grams(r, &t->shorts, 0xffffu, 1);
        }
        if (r->n_hits)
                take_hits(r);
}

uint32_t table_run(const struct table *t, struct atoms *a, const struct value *v, uint32_t *to) {
        struct run r;

        r.t = t;
        r.a = a;
        r.v = v;
        r.to = to;
        r.n = r.n_hits = r.n_literals = r.n_probes = 0;
        if (t->exact.bits)
                probe(&r, &t->exact, hash_span(v->fold, KEY));
        if (t->prefix.bits)
                probe_ends(&r, &t->prefix, false);
        if (t->suffix.bits)
                probe_ends(&r, &t->suffix, true);
        if (t->equals.bits)
                run_equals(&r);
        if (t->shorts.n + t->longs.n)
                run_grams(&r);
        run_probes(&r);
        for (uint32_t i = 0; i < t->n_direct; i++)
                found(&r, t->direct[i]);
        for (uint32_t i = 0; i < r.n; i++) {
                t->once[to[i] / 64] &= ~(UINT64_C(1) << to[i] % 64);
                to[i] = t->e[to[i]].id;
        }
        return r.n;
}

/* The table of one field: all strings that rules trigger on there, found in one go.
 *
 * - exact: hash of the whole value.
 * - prefix: hash of the first (at most 8) bytes, one probe per key length that occurs.
 * - suffix: the same at the end.
 * - equals: hash of the 8 bytes behind an equals sign: `Hashes` holds thousands of MD5=…, SHA256=….
 * - contains: a filter of 4-byte sequences. Of each literal the rarest one is entered in a bit map;
 *   a value is walked once, one multiplication and one bit per position (or, where there are few
 *   sequences, behind the sieve of rules/charclass.h), and only a hit looks at literals. Literals
 *   of two and three bytes take a walk of their own.
 * - direct: what none of these can find is tried one by one: addresses, numbers, regexes without a
 *   literal.
 *
 * All but the last compare the literal itself; if the atom asks for more than its literal
 * (wildcards, regexes, case), atom_test() confirms. Literals and values are folded (rules/text.h).
 */
#include "rules/table.h"

#include "base/hash.h"
#include "rules/charclass.h"

#define NONE UINT32_MAX
#define KEY 0x5bd1e995u
#define GRAM_MIN 2u

struct entry {
        struct span lit;
        const struct catom *confirm; /* NULL: the literal at its place is all */
        uint32_t id;
        uint32_t next; /* of the same chain */
        uint32_t off;  /* contains: of the gram in the literal; '=': of the equals sign */
};

/* Chained hash from a 64-bit key. */
struct heads {
        uint32_t *head;
        uint64_t *key; /* of each entry */
        uint32_t bits; /* 0: empty */
        uint32_t lens; /* prefix, suffix: bit k-1 set if keys of k bytes occur */
};

struct gram {
        uint32_t gram;
        uint32_t entry;
};

struct table {
        struct entry *e;
        uint32_t n;
        struct heads exact, prefix, suffix, equals;
        /* contains */
        uint64_t *map;     /* bits */
        bool twos, threes; /* some literal has two or three bytes only */
        uint32_t map_shift;
        uint32_t *gram_head; /* by the top bits of the hash: first in `grams`; one more than there
                                are heads */
        uint32_t head_shift;
        struct charclass *sieve; /* or NULL */
        struct gram *grams;      /* ordered by head */
        uint32_t n_grams;
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

enum place { AT_EXACT, AT_PREFIX, AT_SUFFIX, AT_EQUALS, AT_CONTAINS, AT_DIRECT };

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
        h->key = arena_alloc(a, sizeof(uint64_t) * t->n);
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

/* Where in the literal its rarest sequence is. */
static uint32_t rarest(struct span lit, const struct gram_count *c) {
        uint32_t best = 0, best_n = UINT32_MAX;

        for (uint32_t i = 0; i + 4 <= lit.len; i++) {
                uint32_t n = c->n[gram_hash(load4(lit.p + i)) >> (32 - GRAM_BITS)];
                if (n < best_n) {
                        best_n = n;
                        best = i;
                }
        }
        return best;
}

/* Few enough grams: a sieve in front of the map. */
static bool sieve_build(struct arena *a, struct table *t, const uint8_t *places) {
        struct charclass_gram *g;
        uint32_t n = 0;

        if (t->n_grams > CHARCLASS_MAX)
                return true;
        g = malloc(t->n_grams * sizeof(*g));
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

static bool grams_build(struct arena *a, struct table *t, const uint8_t *places,
                        const struct gram_count *counts, enum table_use use) {
        uint32_t n = 0, bits = 10, head_bits = 4;

        for (uint32_t i = 0; i < t->n; i++)
                n += places[i] == AT_CONTAINS;
        if (n == 0)
                return true;
        while ((1u << bits) < n * 32 && bits < 18)
                bits++;
        while ((1u << head_bits) < n && head_bits < 20)
                head_bits++;
        t->n_grams = n;
        t->map_shift = 32 - bits;
        t->head_shift = 32 - head_bits;
        t->map = arena_zalloc(a, ((size_t)1 << bits) / 8);
        t->gram_head = arena_zalloc(a, (((size_t)1 << head_bits) + 2) * sizeof(uint32_t));
        t->grams = arena_array(a, n, sizeof(*t->grams));
        if (!t->map || !t->gram_head || !t->grams)
                return false;
        uint32_t *start =
                t->gram_head + 1; /* counted one further, so that filling makes them starts */
        for (uint32_t i = 0; i < t->n; i++) {
                if (places[i] != AT_CONTAINS)
                        continue;
                t->e[i].off = rarest(t->e[i].lit, counts);
                t->twos |= t->e[i].lit.len == 2;
                t->threes |= t->e[i].lit.len == 3;
                uint32_t h = gram_hash(gram_of(&t->e[i]));
                t->map[(h >> t->map_shift) / 64] |= UINT64_C(1) << (h >> t->map_shift) % 64;
                start[(h >> t->head_shift) + 1]++;
        }
        for (uint32_t i = 1; i <= 1u << head_bits; i++)
                start[i] += start[i - 1];
        for (uint32_t i = 0; i < t->n; i++) {
                if (places[i] != AT_CONTAINS)
                        continue;
                uint32_t g = gram_of(&t->e[i]);
                t->grams[start[gram_hash(g) >> t->head_shift]++] = (struct gram){g, i};
        }
        /* Now start[h] is the end of h, that is the beginning of h + 1: gram_head[h], gram_head[h +
         * 1] enclose h. */
        t->gram_head[0] = 0;
        return use == TABLE_BRIEF || sieve_build(a, t, places);
}

struct table *table_new(struct arena *a, const struct table_item *items, uint32_t n,
                        const struct gram_count *counts, enum table_use use) {
        bool within = use == TABLE_WITHIN;
        struct table *t = arena_zalloc(a, sizeof(*t));
        uint8_t *places = malloc((size_t)n + 1);
        bool ok = t && places;

        if (ok) {
                t->n = n;
                t->within = within;
                t->e = arena_array(a, (size_t)n + 1, sizeof(*t->e));
                t->direct = arena_array(a, (size_t)n + 1, sizeof(*t->direct));
                t->once = arena_zalloc(a, (size_t)n / 8 + 8);
                ok = t->e && t->direct && t->once;
        }
        for (uint32_t i = 0; ok && i < n; i++) {
                t->e[i] = (struct entry){.id = items[i].id, .next = NONE};
                places[i] = (uint8_t)(within ? place_within(&t->e[i], items[i].atom)
                                             : place_of(&t->e[i], items[i].atom));
                if (places[i] == AT_DIRECT)
                        t->direct[t->n_direct++] = i;
        }
        ok = ok && heads_build(a, t, &t->exact, AT_EXACT, places) &&
             heads_build(a, t, &t->prefix, AT_PREFIX, places) &&
             heads_build(a, t, &t->suffix, AT_SUFFIX, places) &&
             heads_build(a, t, &t->equals, AT_EQUALS, places) &&
             grams_build(a, t, places, counts, use);
        free(places);
        return ok ? t : NULL;
}

bool table_is_cheap(const struct table *t) {
        return t->n_grams == 0 && t->n_direct == 0 && t->equals.bits == 0;
}

/* ---- running ---- */

struct run {
        const struct table *t;
        struct atoms *a;
        const struct value *v;
        uint32_t *to;
        uint32_t n;
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

static void run_exact(struct run *r) {
        const struct heads *h = &r->t->exact;
        struct span s = r->v->fold;
        uint64_t key = hash_span(s, KEY);

        for (uint32_t i = h->head[key >> (64 - h->bits)]; i != NONE; i = r->t->e[i].next)
                if (h->key[i] == key && span_eq(r->t->e[i].lit, s))
                        found(r, i);
}

static void run_ends(struct run *r, const struct heads *h, bool suffix) {
        struct span s = r->v->fold;

        for (uint32_t lens = h->lens; lens; lens &= lens - 1) {
                unsigned len = (unsigned)__builtin_ctz(lens) + 1;
                if (len > s.len)
                        return;
                uint64_t key =
                        short_key(mask_key(load8(suffix ? s.p + s.len - len : s.p), len), len);
                for (uint32_t i = h->head[key >> (64 - h->bits)]; i != NONE; i = r->t->e[i].next) {
                        struct span lit = r->t->e[i].lit;
                        if (h->key[i] == key && (suffix ? span_ends(s, lit) : span_starts(s, lit)))
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

static void gram_hit(struct run *r, const char *p, uint32_t gram, uint32_t hash) {
        const struct table *t = r->t;
        struct span s = r->v->fold;
        uint32_t h = hash >> t->head_shift;

        for (uint32_t k = t->gram_head[h]; k < t->gram_head[h + 1]; k++) {
                if (t->grams[k].gram != gram)
                        continue;
                const struct entry *e = &t->e[t->grams[k].entry];
                size_t at = (size_t)(p - s.p);
                if (at >= e->off && s.len - (at - e->off) >= e->lit.len &&
                    memcmp(p - e->off, e->lit.p, e->lit.len) == 0)
                        found(r, t->grams[k].entry);
        }
}

static inline bool in_map(const struct table *t, uint32_t hash) {
        uint32_t b = hash >> t->map_shift;

        return t->map[b / 64] >> (b % 64) & 1;
}

/* Loads run into the padding; what is found there fails the comparison. */
static inline void walk_grams(struct run *r, uint32_t mask) {
        const struct table *t = r->t;
        struct span s = r->v->fold;

        for (const char *p = s.p, *end = s.p + s.len; p < end; p++) {
                uint32_t g = load4(p) & mask, h = gram_hash(g);
                if (UNLIKELY(in_map(t, h)))
                        gram_hit(r, p, g, h);
        }
}

static void sieve_hit(void *arg, const char *p) {
        struct run *r = arg;
        uint32_t g = load4(p), h = gram_hash(g);

        if (in_map(r->t, h))
                gram_hit(r, p, g, h);
        if (r->t->threes && in_map(r->t, h = gram_hash(g & 0xffffffu)))
                gram_hit(r, p, g & 0xffffffu, h);
        if (r->t->twos && in_map(r->t, h = gram_hash(g & 0xffffu)))
                gram_hit(r, p, g & 0xffffu, h);
}

static void run_grams(struct run *r) {
        if (r->t->sieve) {
                charclass_walk(r->t->sieve, r->v->fold.p, r->v->fold.len, sieve_hit, r);
                return;
        }
        walk_grams(r, 0xffffffffu);
        if (r->t->threes)
                walk_grams(r, 0xffffffu);
        if (r->t->twos)
                walk_grams(r, 0xffffu);
}

uint32_t table_run(const struct table *t, struct atoms *a, const struct value *v, uint32_t *to) {
        struct run r = {.t = t, .a = a, .v = v, .to = to};

        if (t->exact.bits)
                run_exact(&r);
        if (t->prefix.bits)
                run_ends(&r, &t->prefix, false);
        if (t->suffix.bits)
                run_ends(&r, &t->suffix, true);
        if (t->equals.bits)
                run_equals(&r);
        if (t->n_grams)
                run_grams(&r);
        for (uint32_t i = 0; i < t->n_direct; i++)
                found(&r, t->direct[i]);
        for (uint32_t i = 0; i < r.n; i++) {
                t->once[to[i] / 64] &= ~(UINT64_C(1) << to[i] % 64);
                to[i] = t->e[to[i]].id;
        }
        return r.n;
}

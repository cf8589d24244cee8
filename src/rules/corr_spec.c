/* Correlations as bytes. Little-endian:
 *
 *     u32 magic | u32 correlations
 *     per correlation: u32 type, flags (1: generate, 2: report) | i64 timespan | f64 percentile
 *         | u32 refs:   u32 is_correlation, u32 index
 *         | u32 groups: text
 *         | u32 aliases: u32 ref, text alias, text field
 *         | u32 bounds: u32 op, f64 value
 *         | u32 conds:  u32 op, u32 ref
 *         | u32 fields: text
 *     text: u32 length | bytes
 *
 * The program that holds this was made by a process that parsed foreign YAML, and the correlator is
 * another process: the reader believes nothing. It checks that every length fits, and every
 * invariant that the correlator relies on:
 *
 *   S1. A reference to a correlation is in range; following references never leads back, nor deeper
 *       than CHAIN_MAX.
 *   S2. Aliases and conditions name references in range; a condition is sound postfix, never holds
 *       more than CORR_COND_DEPTH results, and leaves one.
 *   S3. timespan > 0; numbers are finite; percentile is within 0 … 100.
 *   S4. value_* name a field; all but temporal ones have a bound.
 *
 * An empty span is no correlations at all. */
#include "rules/corr_spec.h"

#include <math.h>

#define MAGIC 0x31525243u /* "CRR1" */
#define CHAIN_MAX 64u     /* the parser refuses earlier */
#define CORRELATIONS_MAX 65536u
#define REFS_MAX 65536u
#define LIST_MAX 256u

enum { FLAG_GENERATE = 1, FLAG_REPORT = 2 };

/* ---- writing ---- */

static void put32(struct buf *b, uint32_t v) {
        buf_add(b, &v, sizeof(v));
}

static void put_text(struct buf *b, struct span s) {
        put32(b, (uint32_t)s.len);
        buf_span(b, s);
}

static void put_texts(struct buf *b, const struct span *s, uint32_t n) {
        put32(b, n);
        for (uint32_t i = 0; i < n; i++)
                put_text(b, s[i]);
}

static void put_correlation(struct buf *b, const struct correlation *c) {
        put32(b, c->type);
        put32(b, (c->generate ? FLAG_GENERATE : 0) | (c->report ? FLAG_REPORT : 0));
        buf_add(b, &c->timespan, sizeof(c->timespan));
        buf_add(b, &c->percentile, sizeof(c->percentile));
        put32(b, c->n_refs);
        for (uint32_t i = 0; i < c->n_refs; i++) {
                put32(b, c->refs[i].is_correlation);
                put32(b, c->refs[i].index);
        }
        put_texts(b, c->group_by, c->n_group_by);
        put32(b, c->n_aliases);
        for (uint32_t i = 0; i < c->n_aliases; i++) {
                put32(b, c->aliases[i].ref);
                put_text(b, c->aliases[i].alias);
                put_text(b, c->aliases[i].field);
        }
        put32(b, c->n_bounds);
        for (uint32_t i = 0; i < c->n_bounds; i++) {
                put32(b, (uint32_t)c->bounds[i].op);
                buf_add(b, &c->bounds[i].value, sizeof(c->bounds[i].value));
        }
        put32(b, c->n_cond);
        for (uint32_t i = 0; i < c->n_cond; i++) {
                put32(b, c->cond[i].op);
                put32(b, c->cond[i].ref);
        }
        put_texts(b, c->fields, c->n_fields);
}

void corr_spec_encode(struct buf *out, const struct ruleset *set) {
        put32(out, MAGIC);
        put32(out, set->n_correlations);
        for (uint32_t i = 0; i < set->n_correlations; i++)
                put_correlation(out, &set->correlations[i]);
}

/* ---- reading ---- */

struct reader {
        struct span s;
        struct arena *a;
        int error; /* sticky */
};

static void fail(struct reader *r, int error) {
        if (r->error == 0)
                r->error = error;
        r->s.len = 0;
}

static void get(struct reader *r, void *to, size_t n) {
        if (r->s.len < n) {
                memset(to, 0, n);
                fail(r, -EBADMSG);
                return;
        }
        memcpy(to, r->s.p, n);
        r->s.p += n;
        r->s.len -= n;
}

static uint32_t get32(struct reader *r) {
        uint32_t v;

        get(r, &v, sizeof(v));
        return v;
}

static double get_number(struct reader *r) {
        double v;

        get(r, &v, sizeof(v));
        if (!isfinite(v))
                fail(r, -EBADMSG); /* S3 */
        return v;
}

/* A number of things, each of which takes at least `least` bytes: so that a few bytes cannot ask
 * for much memory. */
static uint32_t get_count(struct reader *r, uint32_t max, size_t least) {
        uint32_t n = get32(r);

        if (n > max || n > r->s.len / least) {
                fail(r, -EBADMSG);
                return 0;
        }
        return n;
}

static void *room(struct reader *r, uint32_t n, size_t size) {
        void *p = arena_array(r->a, n, size);

        if (!p)
                fail(r, -ENOMEM);
        return p;
}

/* A copy, as the bytes may not outlive the arena. */
static struct span get_text(struct reader *r) {
        uint32_t n = get32(r);
        struct span s;

        if (n > r->s.len) {
                fail(r, -EBADMSG);
                return SPAN("");
        }
        s = arena_dup(r->a, span_of(r->s.p, n));
        if (!s.p) {
                fail(r, -ENOMEM);
                return SPAN("");
        }
        r->s.p += n;
        r->s.len -= n;
        return s;
}

static struct span *get_texts(struct reader *r, uint32_t *ret_n) {
        uint32_t n = get_count(r, LIST_MAX, 4);
        struct span *list = room(r, n, sizeof(*list));

        for (uint32_t i = 0; list && i < n; i++)
                list[i] = get_text(r);
        *ret_n = list ? n : 0;
        return list;
}

/* Postfix: never takes what is not there, never holds more than CORR_COND_DEPTH, leaves one result
 * (S2). */
static bool cond_sound(const struct corr_cond *c, uint32_t n, uint32_t n_refs) {
        uint32_t depth = 0;

        for (uint32_t i = 0; i < n; i++) {
                if (c[i].op > COND_NOT || (c[i].op == COND_REF && c[i].ref >= n_refs))
                        return false;
                if (c[i].op == COND_REF)
                        depth++;
                else if (depth < (c[i].op == COND_NOT ? 1u : 2u))
                        return false;
                else if (c[i].op != COND_NOT)
                        depth--;
                if (depth > CORR_COND_DEPTH)
                        return false;
        }
        return n == 0 || depth == 1;
}

static bool sound(const struct correlation *c) {
        bool temporal = c->type == CORR_TEMPORAL || c->type == CORR_TEMPORAL_ORDERED;
        bool measures = c->type >= CORR_VALUE_SUM;

        if (c->n_refs == 0 || c->timespan <= 0 || c->percentile < 0 || c->percentile > 100)
                return false;
        if (!temporal && (c->n_bounds == 0 || c->n_cond > 0))
                return false;
        if ((c->type == CORR_VALUE_COUNT || measures) && c->n_fields == 0)
                return false;
        for (uint32_t i = 0; i < c->n_aliases; i++)
                if (c->aliases[i].ref >= c->n_refs)
                        return false;
        for (uint32_t i = 0; i < c->n_bounds; i++)
                if ((uint32_t)c->bounds[i].op > BOUND_NEQ)
                        return false;
        return cond_sound(c->cond, c->n_cond, c->n_refs);
}

static void get_lists(struct reader *r, struct correlation *c) {
        c->group_by = get_texts(r, &c->n_group_by);
        c->n_aliases = get_count(r, REFS_MAX, 12);
        c->aliases = room(r, c->n_aliases, sizeof(*c->aliases));
        for (uint32_t i = 0; c->aliases && i < c->n_aliases; i++) {
                c->aliases[i].ref = get32(r);
                c->aliases[i].alias = get_text(r);
                c->aliases[i].field = get_text(r);
        }
        c->n_bounds = get_count(r, LIST_MAX, 12);
        c->bounds = room(r, c->n_bounds, sizeof(*c->bounds));
        for (uint32_t i = 0; c->bounds && i < c->n_bounds; i++) {
                uint32_t op = get32(r);

                if (op > BOUND_NEQ)
                        fail(r, -EBADMSG);
                c->bounds[i].op = MIN(op, (uint32_t)BOUND_NEQ);
                c->bounds[i].value = get_number(r);
        }
        c->n_cond = get_count(r, REFS_MAX, 8);
        c->cond = room(r, c->n_cond, sizeof(*c->cond));
        for (uint32_t i = 0; c->cond && i < c->n_cond; i++) {
                uint32_t op = get32(r);

                if (op > COND_NOT)
                        fail(r, -EBADMSG);
                c->cond[i].op = MIN(op, (uint32_t)COND_NOT);
                c->cond[i].ref = get32(r);
        }
        c->fields = get_texts(r, &c->n_fields);
}

static void get_correlation(struct reader *r, struct correlation *c, uint32_t n) {
        uint32_t type = get32(r), flags = get32(r);

        if (type > CORR_VALUE_MEDIAN)
                fail(r, -EBADMSG);
        c->type = MIN(type, (uint32_t)CORR_VALUE_MEDIAN);
        c->generate = flags & FLAG_GENERATE;
        c->report = flags & FLAG_REPORT;
        get(r, &c->timespan, sizeof(c->timespan));
        c->percentile = get_number(r);
        c->n_refs = get_count(r, REFS_MAX, 8);
        c->refs = room(r, c->n_refs, sizeof(*c->refs));
        for (uint32_t i = 0; c->refs && i < c->n_refs; i++) {
                c->refs[i].is_correlation = get32(r) != 0;
                c->refs[i].index = get32(r);
                if (c->refs[i].is_correlation && c->refs[i].index >= n)
                        fail(r, -EBADMSG); /* S1 */
        }
        get_lists(r, c);
        if (r->error == 0 && !sound(c))
                fail(r, -EBADMSG);
}

/* Depth of every correlation over the rules it ends in, by rounds: after round d all of depth <= d
 * are known. What is not known after CHAIN_MAX rounds is part of a cycle, or too deep (S1). */
static bool chains_end(const struct correlation *c, uint32_t n, uint8_t *known) {
        uint32_t n_known = 0;

        for (uint32_t round = 1; round <= CHAIN_MAX && n_known < n; round++)
                for (uint32_t i = 0; i < n; i++) {
                        bool all = !known[i];

                        for (uint32_t k = 0; all && k < c[i].n_refs; k++)
                                if (c[i].refs[k].is_correlation)
                                        all = known[c[i].refs[k].index] != 0 &&
                                              known[c[i].refs[k].index] < round;
                        if (all) {
                                known[i] = (uint8_t)round;
                                n_known++;
                        }
                }
        return n_known == n;
}

int corr_spec_decode(struct span s, struct arena *a, struct correlation **ret, uint32_t *ret_n) {
        struct reader r = {.s = s, .a = a};
        struct correlation *c;
        uint8_t *known;
        uint32_t n;

        if (s.len == 0) {
                *ret = NULL;
                *ret_n = 0;
                return 0;
        }
        if (get32(&r) != MAGIC)
                fail(&r, -EBADMSG);
        n = get_count(&r, CORRELATIONS_MAX, 48);
        c = room(&r, n, sizeof(*c));
        for (uint32_t i = 0; i < n && r.error == 0; i++)
                get_correlation(&r, &c[i], n);
        if (r.error)
                return FAIL(r.error);
        known = arena_array(a, n, 1);
        if (!known)
                return FAIL(-ENOMEM);
        if (r.s.len != 0 || !chains_end(c, n, known))
                return FAIL(-EBADMSG);
        *ret = c;
        *ret_n = n;
        return 0;
}

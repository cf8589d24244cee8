/* A sketch of a large bucket: for each rule the leaves that wake it, chosen on the rule's words as
 * they stand in the program, by guesses. Nothing else is made; a condition follows when its rule is
 * woken for the first time (bucket_make()), all others when the bucket learns.
 *
 * Most rules of a large bucket are never woken: of 1,400 rules on process creations a log of a day
 * wakes a few dozen. Making all conditions cost more than judging with them (25 ms for 11,300
 * rules, then used for 800 events).
 *
 * What is chosen is what rules/trigger.c would choose, see there for what may wake a rule. A word's
 * costs are those of the sets that must hold for it to be true, and to be false. S1: all slots that
 * a condition may ask for are made here, as views of the bucket show where slots are. S2: all
 * keywords are, as keywords are looked for together. */
#include <stdlib.h>

#include "rules/builder.h"

#define NEVER PLAN_ALWAYS

/* A word with its argument, in postfix order. */
struct part {
        uint32_t code, arg, min;
        uint32_t first;       /* the first part of what it combines, or itself */
        float cost[2];        /* to be true; to be false */
        const uint32_t *slot; /* of an atom */
        uint32_t n;
};

struct sketch {
        struct builder *x;
        struct part *part;
        uint32_t n, cap;
        float *sorted;   /* [cap] */
        uint32_t *stack; /* [cap] */
        uint32_t *leaf;  /* chosen */
        uint32_t n_leaves, leaves_cap;
};

static int float_cmp(const void *a, const void *b) {
        float x = *(const float *)a, y = *(const float *)b;
        return (x > y) - (x < y);
}

static void push(struct sketch *s, uint32_t leaf) {
        if (s->n_leaves == s->leaves_cap) {
                uint32_t cap = s->leaves_cap ? s->leaves_cap * 2 : 256;
                uint32_t *p = realloc(s->leaf, cap * sizeof(*p));
                if (!p) {
                        s->x->failed = true;
                        return;
                }
                s->leaf = p;
                s->leaves_cap = cap;
        }
        s->leaf[s->n_leaves++] = leaf;
}

/* How many kids' sets are needed together for the part to be true (false: `neg`). */
static uint32_t kids_needed(const struct part *p, bool neg) {
        switch (p->code) {
        case WORD_AND: return neg ? p->arg : 1;
        case WORD_OR: return neg ? 1 : p->arg;
        default: return neg ? p->min : p->arg - p->min + 1;
        }
}

/* Kids stand one after the other before their parent, the last one next to it. */
static uint32_t kid_before(const struct sketch *s, uint32_t kid) {
        return s->part[kid].first - 1;
}

/* The sum of the `want` cheapest kids; *ret_limit: the dearest of them. */
static float cheapest(struct sketch *s, uint32_t at, bool neg, uint32_t want, float *ret_limit) {
        const struct part *p = &s->part[at];
        float sum = 0, best = NEVER;

        for (uint32_t i = 0, kid = at - 1; i < p->arg; i++, kid = kid_before(s, kid)) {
                s->sorted[i] = s->part[kid].cost[neg];
                sum += s->sorted[i];
                best = MIN(best, s->sorted[i]);
        }
        *ret_limit = want == 1 ? best : NEVER;
        if (want == 1 || want == p->arg)
                return MIN(want == 1 ? best : sum, NEVER);
        qsort(s->sorted, p->arg, sizeof(*s->sorted), float_cmp);
        sum = 0;
        for (uint32_t i = 0; i < want; i++)
                sum += s->sorted[i];
        *ret_limit = s->sorted[want - 1];
        return MIN(sum, NEVER);
}

static void decided(struct part *p, bool holds) {
        p->code = holds ? WORD_TRUE : WORD_FALSE;
        p->cost[0] = holds ? NEVER : 0;
        p->cost[1] = holds ? 0 : NEVER;
}

static void atom_part(struct sketch *s, struct part *p) {
        struct builder *x = s->x;
        const struct guess *guess = &x->m->atom_guess[p->arg];
        const struct target *t;

        p->cost[0] = p->cost[1] = NEVER;
        p->n = 0;
        if (x->m->atom_slot[p->arg] == NONE32) { /* S2 */
                uint32_t leaf = builder_leaf(x, LEAF_KEYWORD, NONE32, 0, p->arg);
                if (!x->failed && guess->table)
                        p->cost[0] = x->b->leaves[leaf].p + 0.001f;
                return;
        }
        if (guess->op == ATOM_FIELDREF) { /* S1 */
                builder_reference(x, p->arg);
                return;
        }
        int known = builder_atom(x, p->arg, &t);
        if (known >= 0 || t->n == 0) {
                decided(p, known < 0 ? guess->op == ATOM_NULL : known);
                return;
        }
        if (!guess->table)
                return;
        p->slot = t->slot;
        p->n = t->n;
        p->cost[0] = (guess->p + guess->cost) * (float)t->n;
}

static void combined(struct sketch *s, uint32_t at) {
        struct part *p = &s->part[at];
        float limit;

        if (p->code == WORD_AT_LEAST && (p->min == 0 || p->min > p->arg)) {
                decided(p, p->min == 0);
                return;
        }
        p->cost[0] = cheapest(s, at, false, kids_needed(p, false), &limit);
        p->cost[1] = cheapest(s, at, true, kids_needed(p, true), &limit);
}

/* The words of a rule as parts, with their costs. */
static void read_words(struct sketch *s, const struct b_rule *r) {
        const uint32_t *w = s->x->g->words + r->expr.first;
        uint32_t sp = 0;

        s->n = 0;
        for (uint32_t i = 0; i < r->expr.n; i++) {
                struct part *p = &s->part[s->n];
                *p = (struct part){.code = w[i] >> 28, .arg = w[i] & WORD_ARG, .first = s->n};
                if (p->code == WORD_TRUE || p->code == WORD_FALSE) {
                        decided(p, p->code == WORD_TRUE);
                } else if (p->code == WORD_ATOM) {
                        atom_part(s, p);
                } else {
                        uint32_t kids = p->code == WORD_NOT ? 1 : p->arg;
                        if (p->code == WORD_AT_LEAST)
                                p->min = w[++i];
                        sp -= kids;
                        if (kids)
                                p->first = s->part[s->stack[sp]].first;
                        if (p->code == WORD_NOT) {
                                p->cost[0] = s->part[s->n - 1].cost[1];
                                p->cost[1] = s->part[s->n - 1].cost[0];
                        } else {
                                combined(s, s->n);
                        }
                }
                s->stack[sp++] = s->n++;
        }
        assert(sp == 1); /* P3 */
}

/* The leaves of the set that the costs are of. */
static void collect(struct sketch *s, uint32_t at, bool neg) {
        const struct part *p = &s->part[at];
        struct builder *x = s->x;
        float limit = NEVER;

        if (p->code == WORD_ATOM) {
                uint32_t index = p->arg;
                if (x->m->atom_slot[index] == NONE32)
                        push(s, builder_leaf(x, LEAF_KEYWORD, NONE32, 0, index));
                for (uint32_t i = 0; i < p->n; i++)
                        push(s, builder_leaf(x, LEAF_ATOM, p->slot[i], 0, index));
        }
        if (p->code == WORD_NOT)
                collect(s, at - 1, !neg);
        if (p->code != WORD_AND && p->code != WORD_OR && p->code != WORD_AT_LEAST)
                return;
        uint32_t want = kids_needed(p, neg), taken = 0;
        if (want < p->arg)
                (void)cheapest(s, at, neg, want, &limit);
        for (uint32_t i = 0, kid = at - 1; i < p->arg && taken < want;
             i++, kid = kid_before(s, kid))
                if (want == p->arg || s->part[kid].cost[neg] <= limit) {
                        collect(s, kid, neg);
                        taken++;
                }
}

/* False: the alternative's own conditions are never met. */
static bool conds(struct sketch *s) {
        const struct b_alt *alt = s->x->alt;

        for (uint32_t i = 0; i < alt->conds.n; i++) /* S1 */
                if (builder_cond_slot(s->x, alt->conds.first + i) == NONE32 &&
                    !s->x->g->conds[alt->conds.first + i].absent)
                        return false;
        return true;
}

static bool init(struct sketch *s, struct builder *x, struct plan *plan) {
        const struct bucket *b = x->b;

        *s = (struct sketch){.x = x};
        for (uint32_t i = 0; i < b->n_instances; i++)
                s->cap = MAX(s->cap, x->g->rules[b->instances[i].rule].expr.n);
        s->part = arena_alloc(x->tmp, ((size_t)s->cap + 1) * sizeof(*s->part));
        s->sorted = arena_alloc(x->tmp, ((size_t)s->cap + 1) * sizeof(*s->sorted));
        s->stack = arena_alloc(x->tmp, ((size_t)s->cap + 1) * sizeof(*s->stack));
        return s->part && s->sorted && s->stack && plan_init(plan, b->n_instances);
}

void bucket_sketch(struct builder *x, struct plan *plan) {
        struct bucket *b = x->b;
        struct sketch s;
        uint32_t n = 0;

        if (!init(&s, x, plan)) {
                x->failed = true;
                return;
        }
        for (uint32_t i = 0; i < b->n_instances && !x->failed; i++) {
                struct instance in = b->instances[i];
                x->alt = &x->g->alts[in.alt];
                s.n_leaves = 0;
                if (!conds(&s))
                        continue;
                read_words(&s, &x->g->rules[in.rule]);
                float cost = s.part[s.n - 1].cost[0];
                if (cost <= 0) /* nothing could make it hold: no leaf is free */
                        continue;
                if (cost < NEVER)
                        collect(&s, s.n - 1, false);
                b->instances[n] = in;
                x->failed |= !plan_add(plan, n++, cost, s.leaf, s.n_leaves);
        }
        b->n_instances = n;
        free(s.leaf);
}

/* Triggers: for each rule the leaves that wake it.
 *
 * Of a condition, a set of leaves is *necessary* if no event can meet the condition without at
 * least one of them:
 *
 *     a leaf            itself              NOT                 what the opposite needs
 *     A and B           A's set or B's      A or B              A's set with B's
 *     at least k of n   the sets of any n - k + 1
 *
 * The rarest one is the rule's trigger (T1: a rule that matches has a leaf of its trigger that
 * holds). Rules without one (only negations, null tests) are tried on every event of the bucket.
 * How rare a leaf is, is guessed at first (rules/sketch.c does so for large buckets), then measured
 * on samples of the bucket's own events, when so much was spent on them that learning is cheap
 * beside it; the tables are then made anew. */
#include <stdlib.h>

#include "rules/engine.h"

#define NEVER PLAN_ALWAYS
#define EVAL_COST 80.0f /* ns, of looking at a candidate */
#define SAMPLES 64u
#define SAMPLE_TEXT 4096u
#define RESOLVE_P 0.004f     /* none of the samples had it */
#define RESOLVE_P_MEMO 0.02f /* finding it is remembered with the value */
#define TRAIN_MIN 4u         /* instances: learning is worth it */
#define PRICE_LEAF 150u      /* ns, of learning, until half of the samples are due */
#define PRICE_ANY 20000u
#define GOOD 0.25 /* candidates per event: no learning makes it much better */

struct chooser {
        struct matcher *m;
        struct bucket *b;
        bool *banned;   /* [slot] */
        uint32_t *list; /* chosen leaves */
        uint32_t n, cap;
        bool failed;
};

static float leaf_cost(const struct chooser *x, uint32_t leaf) {
        const struct leaf *l = &x->b->leaves[leaf];

        if (l->kind == LEAF_KEYWORD)
                return table_takes(&x->m->atoms.atom[l->index]) ? l->p + 0.001f : NEVER;
        if (l->kind != LEAF_ATOM || x->banned[l->slot])
                return NEVER;
        return l->p + l->cost;
}

static int float_cmp(const void *a, const void *b) {
        float x = *(const float *)a, y = *(const float *)b;
        return (x > y) - (x < y);
}

static float cost(struct chooser *x, uint32_t node, bool neg);

/* Of the `want` cheapest kids together; *ret_limit: the dearest of them. */
static float cheapest(struct chooser *x, const struct node *n, bool neg, uint32_t want,
                      float *ret_limit) {
        float small[64], *c = n->n <= 64 ? small : malloc(n->n * sizeof(*c)), sum = 0;

        *ret_limit = NEVER;
        if (!c) {
                x->failed = true;
                return NEVER;
        }
        for (uint32_t i = 0; i < n->n; i++)
                c[i] = cost(x, n->kids + i, neg);
        qsort(c, n->n, sizeof(*c), float_cmp);
        for (uint32_t i = 0; i < want; i++)
                sum += c[i];
        *ret_limit = c[want - 1];
        if (c != small)
                free(c);
        return MIN(sum, NEVER);
}

/* How many kids' sets are needed together: 1 for an AND, all for an OR. */
static uint32_t kids_needed(const struct node *n, bool neg) {
        switch (n->kind) {
        case NODE_AND: return neg ? n->n : 1;
        case NODE_OR: return neg ? 1 : n->n;
        default: return neg ? n->min : n->n - n->min + 1;
        }
}

static float cost(struct chooser *x, uint32_t node, bool neg) {
        const struct node *n = &x->b->nodes[node];
        uint32_t want;
        float sum = 0, best = NEVER, limit;

        switch (n->kind) {
        case NODE_LEAF: return neg ? NEVER : leaf_cost(x, n->kids);
        case NODE_NOT: return cost(x, n->kids, !neg);
        case NODE_TRUE:
        case NODE_FALSE: return (n->kind == NODE_FALSE) != neg ? 0 : NEVER;
        default: break;
        }
        want = kids_needed(n, neg);
        if (want != 1 && want != n->n)
                return cheapest(x, n, neg, want, &limit);
        for (uint32_t i = 0; i < n->n; i++) {
                float c = cost(x, n->kids + i, neg);
                sum += c;
                best = MIN(best, c);
                if (want != 1 && sum >= NEVER)
                        return NEVER;
        }
        return want == 1 ? best : MIN(sum, NEVER);
}

static void push(struct chooser *x, uint32_t leaf) {
        if (x->n == x->cap) {
                uint32_t cap = x->cap ? x->cap * 2 : 256;
                uint32_t *p = realloc(x->list, cap * sizeof(*p));
                if (!p) {
                        x->failed = true;
                        return;
                }
                x->list = p;
                x->cap = cap;
        }
        x->list[x->n++] = leaf;
}

/* The leaves of the cheapest set, as cost() counted it. */
static void collect(struct chooser *x, uint32_t node, bool neg) {
        const struct node *n = &x->b->nodes[node];
        uint32_t want, taken = 0;
        float limit = NEVER;

        if (n->kind == NODE_LEAF)
                push(x, n->kids);
        else if (n->kind == NODE_NOT)
                collect(x, n->kids, !neg);
        if (n->kind == NODE_LEAF || n->kind == NODE_NOT || n->kind == NODE_TRUE ||
            n->kind == NODE_FALSE)
                return;
        want = kids_needed(n, neg);
        if (want < n->n)
                (void)cheapest(x, n, neg, want, &limit);
        for (uint32_t i = 0; i < n->n && taken < want; i++)
                if (want == n->n || cost(x, n->kids + i, neg) <= limit) {
                        collect(x, n->kids + i, neg);
                        taken++;
                }
}

/* ---- which fields get a table ---- */

bool plan_init(struct plan *p, uint32_t n) {
        *p = (struct plan){.first = calloc((size_t)n + 2, sizeof(uint32_t)),
                           .cost = calloc((size_t)n + 1, sizeof(float))};
        return p->first && p->cost;
}

bool plan_add(struct plan *p, uint32_t i, float cost, const uint32_t *leaves, uint32_t n) {
        if (p->n + n > p->cap) {
                uint32_t cap = (p->n + n) * 2;
                uint32_t *q = realloc(p->leaf, cap * sizeof(*q));
                if (!q)
                        return false;
                p->leaf = q;
                p->cap = cap;
        }
        if (n)
                memcpy(p->leaf + p->n, leaves, n * sizeof(uint32_t));
        p->n += n;
        p->first[i + 1] = p->n;
        p->cost[i] = cost;
        return true;
}

void plan_deinit(struct plan *p) {
        free(p->first);
        free(p->leaf);
        free(p->cost);
        *p = (struct plan){0};
}

static bool plan_instance(struct chooser *x, struct plan *p, uint32_t i) {
        uint32_t root = x->b->instances[i].root;
        float c = root == NONE32 ? 0 : cost(x, root, false); /* never met, so never woken */

        x->n = 0;
        if (root != NONE32 && c < NEVER)
                collect(x, root, false);
        return plan_add(p, i, c, x->list, x->n);
}

/* What it costs to run a field's table, without what it finds: ns per event. */
static float slot_cost(const struct bucket *b, uint32_t slot) {
        uint64_t len = 0, n = 0;

        for (uint32_t i = 0; i < b->n_samples; i++)
                if (b->samples[i].slot == slot) {
                        len += b->samples[i].fold.len;
                        n++;
                }
        if (b->n_sampled == 0)
                return 40;
        return ((float)n * 25 + (float)len * 0.15f) / (float)b->n_sampled;
}

/* Bans the fields whose tables cost more than what their triggers save against the next best ones.
 */
static void ban_slots(struct chooser *x) {
        struct bucket *b = x->b;
        float *now = calloc((size_t)b->n_slots + 1, sizeof(float)),
              *else_ = calloc((size_t)b->n_slots + 1, sizeof(float));
        uint32_t *users = calloc((size_t)b->n_slots + 1, sizeof(uint32_t));

        for (uint32_t round = 0; now && else_ && users && round < MIN(b->n_slots, 8u); round++) {
                float best_gain = 0;
                uint32_t best = NONE32;

                memset(now, 0, b->n_slots * sizeof(float));
                memset(else_, 0, b->n_slots * sizeof(float));
                memset(users, 0, b->n_slots * sizeof(uint32_t));
                for (uint32_t i = 0; i < b->n_instances; i++) {
                        if (b->instances[i].root == NONE32)
                                continue;
                        float c = cost(x, b->instances[i].root, false);
                        if (c >= NEVER)
                                continue;
                        x->n = 0;
                        collect(x, b->instances[i].root, false);
                        uint32_t last = NONE32;
                        for (uint32_t k = 0; k < x->n; k++) {
                                uint32_t slot = b->leaves[x->list[k]].slot;
                                if (b->leaves[x->list[k]].kind != LEAF_ATOM || slot == last)
                                        continue;
                                last = slot;
                                if (++users[slot] > 48)
                                        continue;
                                x->banned[slot] = true;
                                float d = cost(x, b->instances[i].root, false);
                                x->banned[slot] = false;
                                now[slot] += c;
                                else_[slot] += d >= NEVER ? 1.0f : d;
                        }
                }
                for (uint32_t s = 0; s < b->n_slots; s++) {
                        if (!users[s] || users[s] > 48 || x->banned[s])
                                continue;
                        float gain = slot_cost(b, s) - (else_[s] - now[s]) * EVAL_COST;
                        if (gain > best_gain) {
                                best_gain = gain;
                                best = s;
                        }
                }
                if (best == NONE32)
                        break;
                x->banned[best] = true;
        }
        free(now);
        free(else_);
        free(users);
}

/* ---- tables ---- */

/* Leaves that no rule triggers on, but that conditions ask for often or dearly: a table that runs
 * anyway decides them. */
static bool worth_resolving(const struct matcher *m, const struct leaf *l) {
        if (l->kind != LEAF_ATOM || l->p > (m->o.no_memo ? RESOLVE_P : RESOLVE_P_MEMO))
                return false;
        const struct catom *c = &m->atoms.atom[l->index];
        return c->b->op == ATOM_STRING && c->need.len >= 3;
}

static int make_tables(struct matcher *m, struct bucket *b) {
        struct arena *a = &b->table_arena;
        /* The first tables serve 64 events, and most buckets never see more. */
        enum table_use use =
                b->trainings == 0 && b->n_instances >= TRAIN_MIN ? TABLE_BRIEF : TABLE_VALUES;
        struct table_item *items = malloc(((size_t)b->n_leaves + 1) * sizeof(*items));
        uint32_t *count = calloc((size_t)b->n_slots + 2, sizeof(*count)), *at = NULL;
        int r = items && count ? 0 : -ENOMEM;

        /* Count, then place: items of one slot together. */
        for (uint32_t i = 0; r == 0 && i < b->n_leaves; i++)
                if (b->leaves[i].kind == LEAF_ATOM && b->leaves[i].in_table)
                        count[b->leaves[i].slot + 1]++;
        at = r == 0 ? calloc((size_t)b->n_slots + 2, sizeof(*at)) : NULL;
        if (!at)
                r = -ENOMEM;
        for (uint32_t s = 0; r == 0 && s < b->n_slots; s++)
                at[s + 1] = at[s] + count[s + 1];
        for (uint32_t i = 0; r == 0 && i < b->n_leaves; i++)
                if (b->leaves[i].kind == LEAF_ATOM && b->leaves[i].in_table) {
                        uint32_t s = b->leaves[i].slot;
                        items[at[s]++] = (struct table_item){&m->atoms.atom[b->leaves[i].index], i};
                }
        for (uint32_t s = 0; r == 0 && s < b->n_slots; s++) {
                struct bslot *q = &b->slots[s];
                uint32_t n = count[s + 1];
                q->table = NULL;
                q->n_items = n;
                if (n == 0)
                        continue;
                q->table = table_new(a, items + at[s] - n, n, m->grams, use);
                q->table_id = ++m->next_table_id;
                q->memo_tries = q->memo_found = 0;
                q->memo = !m->o.no_memo && q->table && (q->intel || !table_is_cheap(q->table));
                if (!q->table)
                        r = -ENOMEM;
        }
        free(items);
        free(count);
        free(at);
        return r < 0 ? FAIL(r) : 0;
}

/* fires[leaf.first … + n): the instances that trigger on it. */
static int make_fires(struct bucket *b, const struct plan *p) {
        b->n_always = 0;
        for (uint32_t i = 0; i < b->n_leaves; i++) {
                b->leaves[i].n = b->leaves[i].held = 0;
                b->leaves[i].in_table = false;
        }
        for (uint32_t i = 0; i < b->n_instances; i++) {
                if (p->cost[i] >= NEVER)
                        b->always[b->n_always++] = i;
                for (uint32_t k = p->first[i]; k < p->first[i + 1]; k++)
                        b->leaves[p->leaf[k]].n++;
        }
        b->fires = arena_alloc(&b->table_arena, ((size_t)p->n + 1) * sizeof(*b->fires));
        if (!b->fires)
                return FAIL(-ENOMEM);
        for (uint32_t i = 0, at = 0; i < b->n_leaves; i++) {
                struct leaf *l = &b->leaves[i];
                l->first = at;
                at += l->n;
                l->in_table = l->kind == LEAF_ATOM && l->n;
                l->n = 0;
        }
        for (uint32_t i = 0; i < b->n_instances; i++)
                for (uint32_t k = p->first[i]; k < p->first[i + 1]; k++) {
                        struct leaf *l = &b->leaves[p->leaf[k]];
                        b->fires[l->first + l->n++] = i;
                }
        return 0;
}

static void resolve_more(struct matcher *m, struct bucket *b, bool *has) {
        for (uint32_t i = 0; i < b->n_leaves; i++)
                if (b->leaves[i].in_table)
                        has[b->leaves[i].slot] = true;
        for (uint32_t i = 0; i < b->n_leaves; i++)
                if (worth_resolving(m, &b->leaves[i]) && has[b->leaves[i].slot])
                        b->leaves[i].in_table = true;
}

/* ---- the order in which a condition is evaluated ---- */

struct odds {
        float p, cost; /* that it holds; ns to find out */
};

static struct odds leaf_odds(const struct matcher *m, const struct leaf *l) {
        if (l->kind == LEAF_KEYWORD)
                return (struct odds){0.01f, 500};
        if (l->kind != LEAF_ATOM)
                return (struct odds){0.5f, 5};
        if (l->in_table)
                return (struct odds){l->p, 2};
        return (struct odds){l->p, m->atoms.atom[l->index].b->op == ATOM_REGEX ? 200 : 20};
}

/* Kids that decide soonest for what they cost come first; they stand together, so they may be
 * swapped (insertion sort: lists are nearly in order after the first time). */
static struct odds order(const struct matcher *m, struct bucket *b, uint32_t node) {
        struct node *n = &b->nodes[node];
        struct odds all = {1, 0}, o;
        bool and = n->kind == NODE_AND;

        if (n->kind == NODE_LEAF)
                return leaf_odds(m, &b->leaves[n->kids]);
        if (n->kind == NODE_NOT) {
                o = order(m, b, n->kids);
                return (struct odds){1 - o.p, o.cost};
        }
        if (n->kind == NODE_AT_LEAST || n->n > 4096)
                return (struct odds){0.3f, 20.0f * (float)n->n};
        float *worth = n->n ? malloc(n->n * sizeof(*worth)) : NULL;
        for (uint32_t i = 0; i < n->n; i++) {
                o = order(m, b, n->kids + i);
                float decides = and? 1 - o.p : o.p, w = (decides + 0.0001f) / (o.cost + 1);
                all.cost += o.cost * all.p; /* as far as one has to look */
                all.p *= 1 - decides;
                uint32_t k = i;
                struct node kid = b->nodes[n->kids + i];
                for (; worth && k > 0 && worth[k - 1] < w; k--) {
                        worth[k] = worth[k - 1];
                        b->nodes[n->kids + k] = b->nodes[n->kids + k - 1];
                }
                if (worth)
                        worth[k] = w;
                b->nodes[n->kids + k] = kid;
        }
        free(worth);
        all.p = and? all.p : 1 - all.p;
        return all;
}

int bucket_wake(struct matcher *m, struct bucket *b, const struct plan *p) {
        bool *has = calloc((size_t)b->n_slots + 1, 1);
        int r = has ? 0 : -ENOMEM;

        arena_reset(&b->table_arena);
        if (r == 0)
                r = make_fires(b, p);
        if (r == 0) {
                resolve_more(m, b, has);
                r = make_tables(m, b);
        }
        for (uint32_t i = 0; r == 0 && i < b->n_nodes; i++)
                if (b->nodes[i].kind == NODE_LEAF)
                        b->nodes[i].min = b->leaves[b->nodes[i].kids].in_table;
        if (r == 0)
                r = keywords_make(m, b);
        for (uint32_t i = 0; r == 0 && i < b->n_instances; i++)
                if (b->instances[i].root != NONE32)
                        (void)order(m, b, b->instances[i].root);
        b->trainings++;
        free(has);
        return r < 0 ? FAIL(r) : 0;
}

int bucket_triggers(struct matcher *m, struct bucket *b) {
        struct chooser x = {.m = m, .b = b, .banned = calloc((size_t)b->n_slots + 1, 1)};
        struct plan p;
        int r = plan_init(&p, b->n_instances) && x.banned ? 0 : -ENOMEM;

        if (r == 0 && (b->trainings || b->n_instances < TRAIN_MIN)) /* guesses do not tell */
                ban_slots(&x);
        for (uint32_t i = 0; r == 0 && i < b->n_instances; i++)
                r = plan_instance(&x, &p, i) && !x.failed ? 0 : -ENOMEM;
        if (r == 0)
                r = bucket_wake(m, b, &p);
        free(x.banned);
        free(x.list);
        plan_deinit(&p);
        return r < 0 ? FAIL(r) : 0;
}

/* ---- learning ---- */

static void take_sample(struct matcher *m, struct bucket *b) {
        for (uint32_t s = 0; s < b->n_slots; s++) {
                const uint32_t *fields;
                uint32_t n = b->slots[s].slot == NONE32 ? 0 : slot_fields(m, s, &fields);

                for (uint32_t i = 0; i < n && b->n_samples < SAMPLES * 64; i++) {
                        if (m->e->fields[fields[i]].type == V_NULL)
                                continue;
                        struct span f = field_value(m, fields[i])->fold;
                        f.len = MIN(f.len, SAMPLE_TEXT);
                        char *to = arena_alloc(&b->samples_arena, f.len + TEXT_PADDING);
                        if (!to)
                                return;
                        memcpy(to, f.p, f.len);
                        memset(to + f.len, 0, TEXT_PADDING);
                        b->samples[b->n_samples++] = (struct sample){s, span_of(to, f.len)};
                }
        }
        b->n_sampled++;
}

/* Counts, on the samples, how often each leaf of the slot holds. */
static void measure_slot(struct matcher *m, struct bucket *b, uint32_t slot,
                         const struct table_item *items, uint32_t n, uint32_t *hits) {
        uint32_t *found = malloc(((size_t)n + 1) * sizeof(*found));

        arena_reset(&m->build_arena);
        struct table *t = table_new(&m->build_arena, items, n, m->grams, TABLE_BRIEF);
        for (uint32_t i = 0; t && found && i < b->n_samples; i++) {
                if (b->samples[i].slot != slot)
                        continue;
                struct value v = {b->samples[i].fold, b->samples[i].fold, false};
                uint32_t k = table_run(t, &m->atoms, &v, found);
                for (uint32_t j = 0; j < k; j++)
                        hits[found[j]]++;
        }
        free(found);
}

static void measure(struct matcher *m, struct bucket *b) {
        struct table_item *items = malloc(((size_t)b->n_leaves + 1) * sizeof(*items));
        uint32_t *hits = calloc((size_t)b->n_leaves + 1, sizeof(*hits));
        float events = (float)(b->events - b->made);

        for (uint32_t i = 0; i < b->n_samples; i++) {
                gram_learn(m->grams, b->samples[i].fold);
                tri_learn(m->tris, b->samples[i].fold);
        }
        for (uint32_t s = 0; items && hits && s < b->n_slots; s++) {
                uint32_t n = 0;
                for (uint32_t i = 0; i < b->n_leaves; i++) {
                        const struct leaf *l = &b->leaves[i];
                        if (l->kind == LEAF_ATOM && l->slot == s)
                                items[n++] = (struct table_item){&m->atoms.atom[l->index], i};
                }
                if (n)
                        measure_slot(m, b, s, items, n, hits);
        }
        for (uint32_t i = 0; hits && i < b->n_leaves; i++) {
                struct leaf *l = &b->leaves[i];
                float ignored, guess;
                if (l->kind != LEAF_ATOM)
                        continue;
                guess = atom_guess(&m->atoms.atom[l->index], &ignored);
                l->p = MIN(((float)hits[i] + guess * 2) / ((float)b->n_sampled + 2), 1.0f);
                if (l->in_table && events > (float)b->n_sampled) /* that knows better */
                        l->p = MIN(((float)l->held + guess * 2) / (events + 2), 1.0f);
        }
        free(items);
        free(hits);
}

/* Learning has a price, which many buckets would never earn back: a log has a few hundred process
 * creations, and thousands of rules on them. So it waits until as much was spent on the bucket's
 * events: then, whatever comes, at most twice the least possible was spent. Each further time is
 * less likely to change anything, and waits longer. */
static void next_training(struct bucket *b) {
        b->learn_at = ((uint64_t)b->n_leaves * PRICE_LEAF + PRICE_ANY) << MIN(b->lessons * 3, 24u);
        b->lessons++;
        b->looked = b->spent = 0;
        b->made = b->events;
        b->sample_step = 0;
}

void bucket_learn(struct matcher *m, struct bucket *b) {
        if (b->n_instances < TRAIN_MIN) {
                b->learn_at = UINT64_MAX;
                return;
        }
        if (b->learn_at == 0) {
                next_training(b);
                return;
        }
        if (b->sample_step == 0) {
                if (b->trainings > 1 && (double)b->looked < GOOD * (double)(b->events - b->made)) {
                        next_training(b);
                        return;
                }
                b->sample_step = (uint32_t)MIN((b->events - b->made) / SAMPLES + 1, 1u << 20);
                b->train_at = b->events;
        }
        if (b->events < b->train_at)
                return;
        if (!b->samples)
                b->samples = arena_array(&b->samples_arena, SAMPLES * 64, sizeof(*b->samples));
        if (!b->samples) {
                b->learn_at = UINT64_MAX;
                return;
        }
        take_sample(m, b);
        b->train_at = b->events + b->sample_step;
        if (b->n_sampled < SAMPLES)
                return;
        if (bucket_complete(m, b) < 0) {
                m->failed = true;
                b->learn_at = UINT64_MAX;
                return;
        }
        measure(m, b);
        if (bucket_triggers(m, b) < 0)
                m->failed = true;
        build_done(m);
        bucket_count(m, b);
        next_training(b);
        b->n_samples = b->n_sampled = 0;
        b->samples = NULL;
        arena_deinit(&b->samples_arena);
        arena_init(&b->samples_arena, (size_t)1 << 20);
}

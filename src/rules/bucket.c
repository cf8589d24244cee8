/* A bucket: all rules that can apply to events of one (kind, key1, key2), made when the first such
 * event comes.
 *
 * A rule comes in once for each alternative of its log source that holds here (an instance): its
 * field names are replaced by those of the alternative's renames, constants stand in for fields,
 * the alternative's own conditions are and-ed to it, and conditions on key2 are decided. What
 * becomes constant by that is simplified away, so a rule that asks for another event id is not here
 * at all. Leaves (what conditions are made of) are shared by all instances. */
#include <stdlib.h>

#include "rules/engine.h"

#define BUILD_KEPT ((size_t)12 << 20)
#define BUCKET_BYTES ((size_t)256 << 20)

/* A node while an expression is simplified. */
struct tnode {
        uint8_t kind;
        uint32_t n, min, leaf;
        struct tnode **kids;
};

struct builder {
        struct matcher *m;
        const struct program *g;
        struct bucket *b;
        const struct b_alt *alt;
        struct arena *tmp; /* the matcher's: its pages serve bucket after bucket */
        uint32_t *slot_of; /* [names.n] bucket slot + 1 */
        struct {
                uint64_t key;
                uint32_t leaf1;
        } * leaf_table;
        uint32_t leaf_mask;
        struct bslot *slots;
        uint32_t slots_cap;
        struct leaf *leaves;
        uint32_t leaves_cap;
        struct node *nodes;
        uint32_t nodes_cap;
        struct instance *instances;
        uint32_t instances_cap;
        bool failed;
};

static struct tnode always = {.kind = NODE_TRUE}, never = {.kind = NODE_FALSE};

static void *grow(struct builder *x, void *p, uint32_t n, uint32_t *cap, size_t size) {
        if (n < *cap)
                return p;
        *cap = *cap ? *cap * 2 : 64;
        void *q = realloc(p, *cap * size);
        if (!q) {
                x->failed = true;
                *cap = n;
                free(p);
        }
        return q;
}

static uint32_t slot_for(struct builder *x, uint32_t name, struct span constant) {
        if (name != NONE32 && x->slot_of[name])
                return x->slot_of[name] - 1;
        for (uint32_t i = 0; name == NONE32 && i < x->b->n_slots; i++)
                if (x->slots[i].slot == NONE32 && span_eq(x->slots[i].value, constant))
                        return i;
        x->slots = grow(x, x->slots, x->b->n_slots, &x->slots_cap, sizeof(*x->slots));
        if (!x->slots)
                return 0;
        x->slots[x->b->n_slots] = (struct bslot){.slot = name, .value = constant};
        if (name != NONE32)
                x->slot_of[name] = x->b->n_slots + 1;
        return x->b->n_slots++;
}

static uint64_t leaf_key(uint32_t kind, uint32_t slot, uint32_t other, uint32_t index) {
        return hash_mix((uint64_t)index << 32 ^ (uint64_t)slot << 8 ^ kind ^
                                UINT64_C(0xa0761d6478bd642f),
                        UINT64_C(0xe7037ed1a0b428db) ^ other);
}

static bool leaves_rehash(struct builder *x) {
        uint32_t size = x->leaf_mask ? (x->leaf_mask + 1) * 2 : 256;
        void *p = arena_array(x->tmp, size, sizeof(*x->leaf_table));

        if (!p)
                return false;
        x->leaf_table = p;
        x->leaf_mask = size - 1;
        for (uint32_t i = 0; i < x->b->n_leaves; i++) {
                const struct leaf *l = &x->leaves[i];
                uint64_t key = leaf_key(l->kind, l->slot, l->other, l->index);
                uint32_t k = (uint32_t)key & x->leaf_mask;
                while (x->leaf_table[k].leaf1)
                        k = (k + 1) & x->leaf_mask;
                x->leaf_table[k].key = key;
                x->leaf_table[k].leaf1 = i + 1;
        }
        return true;
}

static struct tnode *leaf_node(struct builder *x, enum leaf_kind kind, uint32_t slot,
                               uint32_t other, uint32_t index) {
        struct bucket *b = x->b;
        struct tnode *t = arena_zalloc(x->tmp, sizeof(*t));

        if (!t || (b->n_leaves * 2 >= x->leaf_mask && !leaves_rehash(x))) {
                x->failed = true;
                return &never;
        }
        uint64_t key = leaf_key(kind, slot, other, index);
        uint32_t k = (uint32_t)key & x->leaf_mask;
        t->kind = NODE_LEAF;
        for (; x->leaf_table[k].leaf1; k = (k + 1) & x->leaf_mask) {
                const struct leaf *l = &x->leaves[x->leaf_table[k].leaf1 - 1];
                t->leaf = x->leaf_table[k].leaf1 - 1;
                if (l->kind == kind && l->slot == slot && l->other == other && l->index == index)
                        return t;
        }
        x->leaves = grow(x, x->leaves, b->n_leaves, &x->leaves_cap, sizeof(*x->leaves));
        if (!x->leaves)
                return &never;
        x->leaf_table[k].key = key;
        t->leaf = b->n_leaves;
        x->leaf_table[k].leaf1 = b->n_leaves + 1;
        struct leaf *l = &x->leaves[b->n_leaves++];
        *l = (struct leaf){.kind = (uint8_t)kind,
                           .slot = slot,
                           .other = other,
                           .index = index,
                           .p = 0.5f,
                           .cost = 0.1f};
        if (kind == LEAF_ATOM || kind == LEAF_KEYWORD)
                l->p = atom_guess(&x->m->atoms.atom[index], &l->cost);
        return t;
}

/* ---- atoms under an alternative ---- */

static const struct b_const *find_const(const struct program *g, const struct b_alt *alt,
                                        struct b_str field) {
        for (uint32_t i = 0; i < alt->consts.n; i++)
                if (span_eq(blob_str(g, g->consts[alt->consts.first + i].field),
                            blob_str(g, field)))
                        return &g->consts[alt->consts.first + i];
        return NULL;
}

/* The names under which the event has the rule's field. */
static uint32_t targets(const struct program *g, const struct b_alt *alt, const struct b_str *field,
                        const struct b_str **ret) {
        for (uint32_t i = 0; i < alt->renames.n; i++) {
                const struct b_rename *r = &g->renames[alt->renames.first + i];
                if (span_eq(blob_str(g, r->field), blob_str(g, *field))) {
                        *ret = &g->strs[r->to.first];
                        return r->to.n;
                }
        }
        *ret = field;
        return 1;
}

int64_t bucket_number(const struct program *g, const struct b_atom *a) {
        if (a->op != ATOM_STRING || a->field.len == 0 || a->pieces.n != 1 ||
            g->pieces[a->pieces.first].kind != PIECE_LIT)
                return -1;
        struct span s = blob_str(g, g->pieces[a->pieces.first].lit);
        int64_t v = 0;
        if (s.len == 0 || s.len > 18 || (s.len > 1 && s.p[0] == '0'))
                return -1;
        for (size_t i = 0; i < s.len; i++) {
                if (s.p[i] < '0' || s.p[i] > '9')
                        return -1;
                v = v * 10 + (s.p[i] - '0');
        }
        return v;
}

int64_t bucket_key2_atom(const struct matcher *m, const struct b_alt *alt, uint32_t atom,
                         uint32_t slot) {
        const struct program *g = m->g;
        const struct b_atom *a = &g->atoms[atom];
        const struct b_str *to;

        if (m->atom_number[atom] < 0)
                return -1;
        if (alt->consts.n + alt->renames.n == 0)
                return m->atom_slot[atom] == slot ? m->atom_number[atom] : -1;
        if (find_const(g, alt, a->field) || targets(g, alt, &a->field, &to) != 1)
                return -1;
        return span_eq(blob_str(g, *to), m->names.name[slot]) ? m->atom_number[atom] : -1;
}

static bool constant_holds(struct builder *x, const struct b_atom *a, uint32_t atom,
                           struct span value) {
        struct value v = {.text = value};
        char *to = arena_alloc(x->tmp, TEXT_ROOM(value.len));

        if (a->op == ATOM_NULL || a->op == ATOM_EXISTS)
                return a->op == ATOM_EXISTS;
        if (!to) {
                x->failed = true;
                return false;
        }
        v.fold = span_of(to, text_fold(to, value, &v.ascii));
        return atom_test(&x->m->atoms, &x->m->atoms.atom[atom], &v);
}

static struct tnode *combine(struct builder *x, uint8_t kind, struct tnode **kids, uint32_t n,
                             uint32_t min);

/* Slots of a name under the alternative, at most `max`. */
static uint32_t name_slots(struct builder *x, const struct b_str *field, uint32_t *to,
                           uint32_t max) {
        const struct b_const *c = find_const(x->g, x->alt, *field);
        const struct b_str *names;

        if (c) {
                to[0] = slot_for(x, NONE32, blob_str(x->g, c->value));
                return 1;
        }
        uint32_t n = MIN(targets(x->g, x->alt, field, &names), max), k = 0;
        for (uint32_t i = 0; i < n; i++) {
                uint32_t slot = names_slot(&x->m->names, blob_str(x->g, names[i]));
                if (slot != NONE32)
                        to[k++] = slot_for(x, slot, SPAN_NONE);
        }
        return k;
}

#define TARGETS_MAX 16u

static struct tnode *reference_node(struct builder *x, uint32_t index) {
        const struct b_atom *a = &x->g->atoms[index];
        uint32_t left[TARGETS_MAX], right[TARGETS_MAX], n, k, at = 0;
        struct tnode *kids[TARGETS_MAX * TARGETS_MAX];

        n = name_slots(x, &a->field, left, TARGETS_MAX);
        k = name_slots(x, &a->other, right, TARGETS_MAX);
        for (uint32_t i = 0; i < n; i++)
                for (uint32_t j = 0; j < k; j++)
                        kids[at++] = leaf_node(x, LEAF_REF, left[i], right[j], index);
        return combine(x, NODE_OR, kids, at, 0);
}

static struct tnode *atom_node(struct builder *x, uint32_t index) {
        const struct b_atom *a = &x->g->atoms[index];
        const struct b_const *c;
        uint32_t slots[TARGETS_MAX], n;
        struct tnode *kids[TARGETS_MAX];
        uint8_t kind = x->b->channel->kind;

        if (a->field.len == 0)
                return leaf_node(x, LEAF_KEYWORD, NONE32, 0, index);
        if (a->op == ATOM_FIELDREF)
                return reference_node(x, index);
        c = find_const(x->g, x->alt, a->field);
        if (c)
                return constant_holds(x, a, index, blob_str(x->g, c->value)) ? &always : &never;
        if (x->b->fold && x->m->key2_slot[kind] != NONE32) {
                int64_t v = bucket_key2_atom(x->m, x->alt, index, x->m->key2_slot[kind]);
                if (v >= 0)
                        return v == x->b->key2 ? &always : &never;
        }
        n = name_slots(x, &a->field, slots, TARGETS_MAX);
        for (uint32_t i = 0; i < n; i++)
                kids[i] = leaf_node(x,
                                    a->op == ATOM_NULL     ? LEAF_NULL
                                    : a->op == ATOM_EXISTS ? LEAF_EXISTS
                                                           : LEAF_ATOM,
                                    slots[i], 0, index);
        return combine(x, a->op == ATOM_NULL ? NODE_AND : NODE_OR, kids, n, 0);
}

/* ---- expressions ---- */

static struct tnode *negate(struct builder *x, struct tnode *k) {
        if (k->kind == NODE_TRUE)
                return &never;
        if (k->kind == NODE_FALSE)
                return &always;
        if (k->kind == NODE_NOT)
                return k->kids[0];
        struct tnode *t = arena_zalloc(x->tmp, sizeof(*t));
        struct tnode **kids = arena_alloc(x->tmp, sizeof(struct tnode *));
        if (!t || !kids) {
                x->failed = true;
                return &never;
        }
        kids[0] = k;
        *t = (struct tnode){.kind = NODE_NOT, .n = 1, .kids = kids};
        return t;
}

/* AND, OR or AT_LEAST of kids, without constants; nested ones of the same kind are joined. */
static struct tnode *combine(struct builder *x, uint8_t kind, struct tnode **kids, uint32_t n,
                             uint32_t min) {
        uint32_t room = 0, k = 0;

        for (uint32_t i = 0; i < n; i++)
                room += kids[i]->kind == kind && kind != NODE_AT_LEAST ? kids[i]->n : 1;
        struct tnode *t = arena_zalloc(x->tmp, sizeof(*t));
        struct tnode **to = arena_alloc(x->tmp, ((size_t)room + 1) * sizeof(struct tnode *));
        if (!t || !to) {
                x->failed = true;
                return &never;
        }
        for (uint32_t i = 0; i < n; i++) {
                struct tnode *q = kids[i];
                if (q->kind == NODE_TRUE) {
                        if (kind == NODE_OR)
                                return &always;
                        min -= kind == NODE_AT_LEAST && min > 0;
                } else if (q->kind == NODE_FALSE) {
                        if (kind == NODE_AND)
                                return &never;
                } else if (q->kind == kind && kind != NODE_AT_LEAST) {
                        memcpy(to + k, q->kids, q->n * sizeof(struct tnode *));
                        k += q->n;
                } else {
                        to[k++] = q;
                }
        }
        if (kind == NODE_AT_LEAST) {
                if (min == 0)
                        return &always;
                if (min > k)
                        return &never;
                if (min == 1)
                        kind = NODE_OR;
                else if (min == k)
                        kind = NODE_AND;
        }
        if (k == 0)
                return kind == NODE_AND ? &always : &never;
        if (k == 1)
                return to[0];
        *t = (struct tnode){.kind = kind, .n = k, .min = min, .kids = to};
        return t;
}

static struct tnode *expression(struct builder *x, const struct b_rule *r) {
        const uint32_t *w = x->g->words + r->expr.first;
        struct tnode **stack =
                arena_alloc(x->tmp, ((size_t)r->expr.n + 1) * sizeof(struct tnode *));
        uint32_t sp = 0;

        if (!stack) {
                x->failed = true;
                return &never;
        }
        for (uint32_t i = 0; i < r->expr.n; i++) {
                uint32_t arg = w[i] & WORD_ARG;
                switch (w[i] >> 28) {
                case WORD_TRUE: stack[sp++] = &always; break;
                case WORD_FALSE: stack[sp++] = &never; break;
                case WORD_ATOM: stack[sp++] = atom_node(x, arg); break;
                case WORD_NOT: stack[sp - 1] = negate(x, stack[sp - 1]); break;
                case WORD_AND:
                case WORD_OR:
                        sp -= arg;
                        stack[sp] = combine(x, w[i] >> 28 == WORD_AND ? NODE_AND : NODE_OR,
                                            stack + sp, arg, 0);
                        sp++;
                        break;
                default:
                        sp -= arg;
                        stack[sp] = combine(x, NODE_AT_LEAST, stack + sp, arg, w[++i]);
                        sp++;
                        break;
                }
        }
        assert(sp == 1); /* P3 */
        return stack[0];
}

static void flatten(struct builder *x, const struct tnode *t, uint32_t at) {
        uint32_t first = 0;

        if (t->n) {
                first = x->b->n_nodes;
                for (uint32_t i = 0; i < t->n; i++) {
                        x->nodes =
                                grow(x, x->nodes, x->b->n_nodes, &x->nodes_cap, sizeof(*x->nodes));
                        if (!x->nodes)
                                return;
                        x->b->n_nodes++;
                }
        }
        x->nodes[at] = (struct node){t->kind, t->n, t->min, t->kind == NODE_LEAF ? t->leaf : first};
        for (uint32_t i = 0; i < t->n && !x->failed; i++)
                flatten(x, t->kids[i], first + i);
}

/* Is the condition false whatever else the event says, by its key2 alone? Cheap, so that most rules
 * of a channel are turned away before anything is built for them. Values: 0 no, 1 yes, 2 not known.
 */
static bool hopeless(struct builder *x, const struct b_rule *r) {
        const uint32_t *w = x->g->words + r->expr.first;
        uint32_t slot = x->m->key2_slot[x->b->channel->kind], sp = 0;
        unsigned char stack[256] = {0};

        if (!x->b->fold || slot == NONE32 || r->expr.n > sizeof(stack))
                return false;
        for (uint32_t i = 0; i < r->expr.n; i++) {
                uint32_t code = w[i] >> 28, arg = w[i] & WORD_ARG;
                if (code == WORD_TRUE || code == WORD_FALSE) {
                        stack[sp++] = code == WORD_TRUE;
                } else if (code == WORD_ATOM) {
                        int64_t v = bucket_key2_atom(x->m, x->alt, arg, slot);
                        stack[sp++] = v < 0 ? 2 : v == x->b->key2;
                } else if (code == WORD_NOT) {
                        stack[sp - 1] = stack[sp - 1] == 2 ? 2 : !stack[sp - 1];
                } else {
                        unsigned no = 0, yes = 0;
                        sp -= arg;
                        for (uint32_t k = 0; k < arg; k++) {
                                no += stack[sp + k] == 0;
                                yes += stack[sp + k] == 1;
                        }
                        if (code == WORD_AT_LEAST) {
                                i++;
                                stack[sp++] = 2;
                        } else if (code == WORD_AND) {
                                stack[sp++] = no ? 0 : yes == arg ? 1 : 2;
                        } else {
                                stack[sp++] = yes ? 1 : no == arg ? 0 : 2;
                        }
                }
        }
        return stack[0] == 0;
}

static void add_instance(struct builder *x, uint32_t rule, uint32_t alt) {
        uint32_t n = x->alt->conds.n;

        if (hopeless(x, &x->g->rules[rule]))
                return;
        struct tnode **kids = arena_alloc(x->tmp, ((size_t)n + 1) * sizeof(struct tnode *));

        if (!kids) {
                x->failed = true;
                return;
        }
        for (uint32_t i = 0; i < n; i++) {
                uint32_t at = x->alt->conds.first + i;
                uint32_t slot = names_slot(&x->m->names, blob_str(x->g, x->g->conds[at].field));
                kids[i] = slot == NONE32
                                  ? x->g->conds[at].absent ? &always : &never
                                  : leaf_node(x, LEAF_COND, slot_for(x, slot, SPAN_NONE), 0, at);
        }
        kids[n] = expression(x, &x->g->rules[rule]);
        struct tnode *t = combine(x, NODE_AND, kids, n + 1, 0);
        if (t->kind == NODE_FALSE || x->failed)
                return;
        x->instances =
                grow(x, x->instances, x->b->n_instances, &x->instances_cap, sizeof(*x->instances));
        x->nodes = grow(x, x->nodes, x->b->n_nodes, &x->nodes_cap, sizeof(*x->nodes));
        if (!x->instances || !x->nodes)
                return;
        uint32_t root = x->b->n_nodes++;
        flatten(x, t, root);
        x->instances[x->b->n_instances++] = (struct instance){rule, alt, root};
}

static bool alt_in_bucket(const struct program *g, const struct bucket *b, uint32_t alt) {
        const struct b_alt *a = &g->alts[alt];
        bool in = false;

        for (uint32_t i = 0; !in && i < b->channel->n_alts; i++)
                in = b->channel->alts[i] == alt;
        if (!in || a->key2.n == 0)
                return in;
        for (uint32_t i = 0; i < a->key2.n; i++)
                if (g->key2[a->key2.first + i] == b->key2)
                        return true;
        return false;
}

static void add_all(struct builder *x) {
        const struct program *g = x->g;

        for (uint32_t s = 0; s < g->n[SEC_SOURCE] && !x->failed; s++) {
                bool plain = false; /* an alternative that only looks at kind and keys: a second one
                                       adds nothing */
                for (uint32_t k = 0; k < g->sources[s].alts.n && !x->failed; k++) {
                        uint32_t alt = g->sources[s].alts.first + k;
                        x->alt = &g->alts[alt];
                        if (x->m->rule_first[s] == x->m->rule_first[s + 1] ||
                            !alt_in_bucket(g, x->b, alt))
                                continue;
                        bool simple = x->alt->conds.n == 0 && x->alt->renames.n == 0 &&
                                      x->alt->consts.n == 0;
                        if (simple && plain)
                                continue;
                        plain |= simple;
                        for (uint32_t i = x->m->rule_first[s];
                             i < x->m->rule_first[s + 1] && !x->failed; i++)
                                add_instance(x, x->m->source_rules[i], alt);
                }
        }
}

static void *keep(struct builder *x, const void *p, uint32_t n, size_t size) {
        void *q = arena_alloc(&x->b->arena, ((size_t)n + 1) * size);

        if (!q)
                x->failed = true;
        else if (n)
                memcpy(q, p, n * size);
        return q;
}

/* Into the bucket's arena, at their final size. */
static void finish(struct builder *x) {
        struct bucket *b = x->b;

        b->slots = keep(x, x->slots, b->n_slots, sizeof(*b->slots));
        b->leaves = keep(x, x->leaves, b->n_leaves, sizeof(*b->leaves));
        b->nodes = keep(x, x->nodes, b->n_nodes, sizeof(*b->nodes));
        b->instances = keep(x, x->instances, b->n_instances, sizeof(*b->instances));
        b->state = arena_array(&b->arena, (size_t)b->n_leaves + 1, sizeof(*b->state));
        b->inst_seen = arena_array(&b->arena, (size_t)b->n_instances + 1, sizeof(*b->inst_seen));
        b->always = arena_array(&b->arena, (size_t)b->n_instances + 1, sizeof(*b->always));
        b->keywords = arena_array(&b->arena, (size_t)b->n_leaves + 1, sizeof(*b->keywords));
        x->failed |= !b->state || !b->inst_seen || !b->always || !b->keywords;
        for (uint32_t i = 0; !x->failed && i < b->n_leaves; i++)
                if (b->leaves[i].kind == LEAF_KEYWORD)
                        b->keywords[b->n_keywords++] = i;
}

static void bucket_free(struct bucket *b) {
        arena_deinit(&b->arena);
        arena_deinit(&b->samples_arena);
        arena_deinit(&b->table_arena);
        free(b);
}

void build_done(struct matcher *m) {
        if (m->build_arena.used > BUILD_KEPT)
                arena_deinit(&m->build_arena);
}

static struct bucket *bucket_new(struct matcher *m, struct channel *c, int64_t key2, bool fold) {
        struct bucket *b = calloc(1, sizeof(*b));
        struct builder x = {.m = m, .g = m->g, .b = b, .tmp = &m->build_arena};

        if (!b)
                return NULL;
        arena_init(&b->arena, BUCKET_BYTES);
        arena_init(&b->samples_arena, (size_t)1 << 20);
        arena_init(&b->table_arena, BUCKET_BYTES);
        arena_reset(x.tmp);
        b->channel = c;
        b->key2 = key2;
        b->fold = fold;
        x.slot_of = arena_array(x.tmp, (size_t)m->names.n + 1, sizeof(*x.slot_of));
        x.failed = !x.slot_of;
        if (!x.failed)
                add_all(&x);
        if (!x.failed)
                finish(&x);
        free(x.slots);
        free(x.leaves);
        free(x.nodes);
        free(x.instances);
        build_done(m);
        if (x.failed || bucket_triggers(m, b) < 0) {
                bucket_free(b);
                return NULL;
        }
        m->bucket_bytes += b->arena.used + b->table_arena.used;
        return b;
}

void buckets_deinit(struct matcher *m) {
        while (m->buckets) {
                struct bucket *b = m->buckets;
                m->buckets = b->next;
                bucket_free(b);
        }
        m->n_buckets = 0;
        m->bucket_bytes = 0;
        memset(m->bucket_heads, 0, sizeof(m->bucket_heads));
}

struct bucket *bucket_of(struct matcher *m, struct channel *c, int64_t key2, bool fold) {
        bool wanted = false;

        for (uint32_t lo = 0, hi = c->n_key2; lo < hi && !wanted;) {
                uint32_t mid = (lo + hi) / 2;
                wanted = c->key2[mid] == key2;
                if (c->key2[mid] < key2)
                        lo = mid + 1;
                else
                        hi = mid;
        }
        if (!wanted)
                key2 = NONE2;
        uint64_t h = hash_mix((uint64_t)c->number << 1 | fold,
                              (uint64_t)key2 ^ UINT64_C(0x9e3779b97f4a7c15));
        struct bucket **head = &m->bucket_heads[h % BUCKET_HEADS];
        for (struct bucket *b = *head; b; b = b->chain)
                if (b->channel == c && b->key2 == key2 && b->fold == fold)
                        return b;
        struct bucket *b = bucket_new(m, c, key2, fold);
        if (!b)
                return NULL;
        b->chain = *head;
        *head = b;
        b->next = m->buckets;
        m->buckets = b;
        m->n_buckets++;
        return b;
}

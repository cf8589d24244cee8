/* A bucket: all rules that can apply to events of one (kind, key1, key2), made when the first such
 * event comes.
 *
 * A rule comes in once for each alternative of its log source that holds here (an instance): its
 * field names are replaced by those of the alternative's renames, constants stand in for fields,
 * the alternative's own conditions are and-ed to it, and conditions on key2 are decided. What
 * becomes constant by that is simplified away, so a rule that asks for another event id is not here
 * at all. Leaves (what conditions are made of) are shared by all instances.
 *
 * Of a large bucket only what wakes its instances is made at first (rules/sketch.c). The condition
 * of one is made when it is woken for the first time, the others when the bucket learns. B1: no
 * slot is added after the bucket was made, since views say where slots are. */
#include <stdlib.h>

#include "rules/builder.h"

#define BUILD_KEPT ((size_t)12 << 20)
#define BUCKET_BYTES ((size_t)256 << 20)
#define SKETCH_MIN 64u

/* A node while an expression is simplified. */
struct tnode {
        uint8_t kind;
        uint32_t n, min, leaf;
        struct tnode **kids;
};

static struct tnode always = {.kind = NODE_TRUE}, never = {.kind = NODE_FALSE};

static bool room(struct builder *x, void *array, uint32_t n, uint32_t *cap, size_t size) {
        uint32_t want = *cap ? *cap * 2 : 64;
        void *p;

        if (LIKELY(n < *cap))
                return true;
        memcpy(&p, array, sizeof(p));
        p = realloc(p, want * size);
        if (!p) {
                x->failed = true;
                return false;
        }
        memcpy(array, &p, sizeof(p));
        *cap = want;
        return true;
}

/* Of a name (NONE32: a constant). */
static uint32_t slot_for(struct builder *x, uint32_t name, struct span constant) {
        struct bucket *b = x->b;
        struct name_seen *seen = name == NONE32 ? NULL : &x->m->name_seen[name];

        if (seen && seen->build == x->build)
                return seen->slot;
        uint32_t i = 0;
        while (i < b->n_slots &&
               !(b->slots[i].slot == name && (seen || span_eq(b->slots[i].value, constant))))
                i++;
        if (i == b->n_slots) {
                if (b->slots_known || !room(x, &b->slots, i, &b->slots_cap, sizeof(*b->slots))) {
                        x->failed = true;
                        return 0;
                }
                b->slots[b->n_slots++] = (struct bslot){
                        .slot = name,
                        .value = constant,
                        .intel = seen ? intel_match_holds(x->m, x->m->names.name[name]) : 0};
        }
        if (seen)
                *seen = (struct name_seen){x->build, i};
        return i;
}

static uint64_t leaf_key(uint32_t kind, uint32_t slot, uint32_t other, uint32_t index) {
        return hash_mix((uint64_t)index << 32 ^ (uint64_t)slot << 8 ^ kind ^
                                UINT64_C(0xa0761d6478bd642f),
                        UINT64_C(0xe7037ed1a0b428db) ^ other);
}

static bool leaves_rehash(struct bucket *b) {
        uint32_t size = b->leaf_mask ? (b->leaf_mask + 1) * 2 : 64;

        while (size < b->n_instances * 4) /* each has one at least */
                size *= 2;
        struct leaf_head *p = calloc(size, sizeof(*p));

        if (!p)
                return false;
        free(b->leaf_table);
        b->leaf_table = p;
        b->leaf_mask = size - 1;
        for (uint32_t i = 0; i < b->n_leaves; i++) {
                const struct leaf *l = &b->leaves[i];
                uint64_t key = leaf_key(l->kind, l->slot, l->other, l->index);
                uint32_t k = (uint32_t)key & b->leaf_mask;
                while (p[k].leaf1)
                        k = (k + 1) & b->leaf_mask;
                p[k] = (struct leaf_head){(uint32_t)(key >> 32), i + 1};
        }
        return true;
}

uint32_t builder_leaf(struct builder *x, enum leaf_kind kind, uint32_t slot, uint32_t other,
                      uint32_t index) {
        struct bucket *b = x->b;

        if (b->n_leaves * 2 >= b->leaf_mask && !leaves_rehash(b)) {
                x->failed = true;
                return 0;
        }
        uint64_t key = leaf_key(kind, slot, other, index);
        uint32_t k = (uint32_t)key & b->leaf_mask, high = (uint32_t)(key >> 32);
        for (; b->leaf_table[k].leaf1; k = (k + 1) & b->leaf_mask) {
                if (b->leaf_table[k].high != high)
                        continue;
                const struct leaf *l = &b->leaves[b->leaf_table[k].leaf1 - 1];
                if (l->kind == kind && l->slot == slot && l->other == other && l->index == index)
                        return b->leaf_table[k].leaf1 - 1;
        }
        if (!room(x, &b->leaves, b->n_leaves, &b->leaves_cap, sizeof(*b->leaves)))
                return 0;
        b->leaf_table[k] = (struct leaf_head){high, b->n_leaves + 1};
        b->leaves[b->n_leaves] = (struct leaf){.kind = (uint8_t)kind,
                                               .slot = slot,
                                               .other = other,
                                               .index = index,
                                               .p = 0.5f,
                                               .cost = 0.1f};
        if (kind == LEAF_ATOM || kind == LEAF_KEYWORD) {
                b->leaves[b->n_leaves].p = x->m->atom_guess[index].p;
                b->leaves[b->n_leaves].cost = x->m->atom_guess[index].cost;
        }
        return b->n_leaves++;
}

static struct tnode *leaf_node(struct builder *x, enum leaf_kind kind, uint32_t slot,
                               uint32_t other, uint32_t index) {
        struct tnode *t = arena_zalloc(x->tmp, sizeof(*t));

        if (!t) {
                x->failed = true;
                return &never;
        }
        t->kind = NODE_LEAF;
        t->leaf = builder_leaf(x, kind, slot, other, index);
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

/* What the name stands for under the alternative. */
static const struct target *target_of(struct builder *x, const struct b_str *field) {
        static const struct target none;
        uint32_t name = names_slot(&x->m->names, blob_str(x->g, *field));

        return name == NONE32 ? &none : builder_target(x, name, field);
}

const struct target *builder_target(struct builder *x, uint32_t name, const struct b_str *field) {
        struct target *t = &x->m->targets[name];
        const struct b_str *names;

        if (LIKELY(t->build == x->build && t->alt == x->alt))
                return t;
        *t = (struct target){.build = x->build, .alt = x->alt};
        t->fixed = find_const(x->g, x->alt, *field);
        if (t->fixed) {
                t->slot[t->n++] = slot_for(x, NONE32, blob_str(x->g, t->fixed->value));
                return t;
        }
        uint32_t n = MIN(targets(x->g, x->alt, field, &names), TARGETS_MAX);
        for (uint32_t i = 0; i < n; i++) {
                uint32_t slot = names_slot(&x->m->names, blob_str(x->g, names[i]));
                if (slot != NONE32)
                        t->slot[t->n++] = slot_for(x, slot, SPAN_NONE);
        }
        return t;
}

void builder_reference(struct builder *x, uint32_t index) {
        (void)target_of(x, &x->g->atoms[index].field);
        (void)target_of(x, &x->g->atoms[index].other);
}

static struct tnode *reference_node(struct builder *x, uint32_t index) {
        const struct b_atom *a = &x->g->atoms[index];
        const struct target *left = target_of(x, &a->field), *right = target_of(x, &a->other);
        struct tnode *kids[TARGETS_MAX * TARGETS_MAX];
        uint32_t at = 0;

        for (uint32_t i = 0; i < left->n; i++)
                for (uint32_t j = 0; j < right->n; j++)
                        kids[at++] = leaf_node(x, LEAF_REF, left->slot[i], right->slot[j], index);
        return combine(x, NODE_OR, kids, at, 0);
}

int builder_atom(struct builder *x, uint32_t index, const struct target **ret) {
        const struct b_atom *a = &x->g->atoms[index];
        uint8_t kind = x->b->channel->kind;
        const struct target *t = builder_target(x, x->m->atom_slot[index], &a->field);

        *ret = t;
        if (t->fixed)
                return constant_holds(x, a, index, blob_str(x->g, t->fixed->value));
        if (x->b->fold && x->m->key2_slot[kind] != NONE32 && x->m->atom_number[index] >= 0) {
                int64_t v = bucket_key2_atom(x->m, x->alt, index, x->m->key2_slot[kind]);
                if (v >= 0)
                        return v == x->b->key2;
        }
        return -1;
}

static struct tnode *atom_node(struct builder *x, uint32_t index) {
        const struct b_atom *a = &x->g->atoms[index];
        const struct target *t;
        struct tnode *kids[TARGETS_MAX];

        if (a->field.len == 0)
                return leaf_node(x, LEAF_KEYWORD, NONE32, 0, index);
        if (a->op == ATOM_FIELDREF)
                return reference_node(x, index);
        int known = builder_atom(x, index, &t);
        if (known >= 0)
                return known ? &always : &never;
        for (uint32_t i = 0; i < t->n; i++)
                kids[i] = leaf_node(x,
                                    a->op == ATOM_NULL     ? LEAF_NULL
                                    : a->op == ATOM_EXISTS ? LEAF_EXISTS
                                                           : LEAF_ATOM,
                                    t->slot[i], 0, index);
        return combine(x, a->op == ATOM_NULL ? NODE_AND : NODE_OR, kids, t->n, 0);
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
        struct bucket *b = x->b;
        uint32_t first = 0;

        if (t->n) {
                first = b->n_nodes;
                for (uint32_t i = 0; i < t->n; i++) {
                        if (!room(x, &b->nodes, b->n_nodes, &b->nodes_cap, sizeof(*b->nodes)))
                                return;
                        b->nodes[b->n_nodes++] = (struct node){.kind = NODE_FALSE};
                }
        }
        b->nodes[at] = (struct node){t->kind, t->n, t->min, t->kind == NODE_LEAF ? t->leaf : first};
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

uint32_t builder_cond_slot(struct builder *x, uint32_t cond) {
        uint32_t name = x->m->cond_slot[cond];

        return name == NONE32 ? NONE32 : slot_for(x, name, SPAN_NONE);
}

uint32_t builder_condition(struct builder *x, uint32_t rule) {
        struct bucket *b = x->b;
        uint32_t n = x->alt->conds.n;
        struct tnode **kids = arena_alloc(x->tmp, ((size_t)n + 1) * sizeof(struct tnode *));

        if (!kids) {
                x->failed = true;
                return NONE32;
        }
        for (uint32_t i = 0; i < n; i++) {
                uint32_t at = x->alt->conds.first + i, slot = builder_cond_slot(x, at);
                kids[i] = slot == NONE32 ? x->g->conds[at].absent ? &always : &never
                                         : leaf_node(x, LEAF_COND, slot, 0, at);
        }
        kids[n] = expression(x, &x->g->rules[rule]);
        struct tnode *t = combine(x, NODE_AND, kids, n + 1, 0);
        if (t->kind == NODE_FALSE || x->failed ||
            !room(x, &b->nodes, b->n_nodes, &b->nodes_cap, sizeof(*b->nodes)))
                return NONE32;
        uint32_t root = b->n_nodes++;
        b->nodes[root] = (struct node){.kind = NODE_FALSE};
        flatten(x, t, root);
        return x->failed ? NONE32 : root;
}

static void add_instance(struct builder *x, uint32_t rule, uint32_t alt) {
        struct bucket *b = x->b;

        if (!hopeless(x, &x->g->rules[rule]) &&
            room(x, &b->instances, b->n_instances, &b->instances_cap, sizeof(*b->instances)))
                b->instances[b->n_instances++] = (struct instance){rule, alt, NONE32};
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

static void builder_init(struct builder *x, struct matcher *m, struct bucket *b) {
        *x = (struct builder){
                .m = m, .g = m->g, .b = b, .tmp = &m->build_arena, .build = ++m->n_builds};
        arena_reset(x->tmp);
}

/* Room for what bears epochs, as far as there are leaves. */
static bool state_room(struct bucket *b) {
        if (b->state_cap >= b->n_leaves + 1)
                return true;
        uint32_t want = MAX(b->leaves_cap, b->n_leaves + 1);
        uint32_t *p = realloc(b->state, want * sizeof(*p));
        if (!p)
                return false;
        memset(p + b->state_cap, 0, (want - b->state_cap) * sizeof(*p));
        b->state = p;
        b->state_cap = want;
        return true;
}

/* The bucket's memory, in the matcher's account. */
void bucket_count(struct matcher *m, struct bucket *b) {
        size_t n = b->arena.used + b->table_arena.used +
                   (size_t)b->leaves_cap * sizeof(*b->leaves) +
                   (size_t)b->nodes_cap * sizeof(*b->nodes) +
                   (size_t)b->instances_cap * sizeof(*b->instances) +
                   (size_t)b->state_cap * sizeof(*b->state) +
                   (b->leaf_table ? ((size_t)b->leaf_mask + 1) * sizeof(*b->leaf_table) : 0);

        m->bucket_bytes += n - b->counted;
        b->counted = n;
}

/* All conditions, as far as they are not there. Before anything wakes an instance (`first`), those
 * that are never met go. */
static void make_all(struct builder *x, bool first) {
        struct bucket *b = x->b;
        uint32_t n = 0;

        for (uint32_t i = 0; i < b->n_instances && !x->failed; i++) {
                struct instance in = b->instances[i];
                if (in.root == NONE32) {
                        x->alt = &x->g->alts[in.alt];
                        in.root = builder_condition(x, in.rule);
                }
                if (in.root != NONE32 || !first)
                        b->instances[n++] = in;
        }
        if (!x->failed)
                b->n_instances = n;
        b->complete = !x->failed;
        free(b->leaf_table);
        b->leaf_table = NULL;
        b->leaf_mask = 0;
}

int bucket_complete(struct matcher *m, struct bucket *b) {
        struct builder x;

        if (b->complete)
                return 0;
        builder_init(&x, m, b);
        make_all(&x, false);
        build_done(m);
        if (!state_room(b))
                x.failed = true;
        bucket_count(m, b);
        return x.failed ? FAIL(-ENOMEM) : 0;
}

bool bucket_make(struct matcher *m, uint32_t instance) {
        struct bucket *b = m->b;
        struct instance *in = &b->instances[instance];
        struct builder x;

        if (b->complete)
                return false;
        builder_init(&x, m, b);
        x.alt = &x.g->alts[in->alt];
        in->root = builder_condition(&x, in->rule);
        if (!state_room(b))
                x.failed = true;
        if (x.failed) {
                in->root = NONE32;
                m->failed = true;
        }
        bucket_count(m, b);
        return in->root != NONE32;
}

static void finish(struct builder *x) {
        struct bucket *b = x->b;

        b->slots_known = true;
        b->inst_seen = arena_array(&b->arena, (size_t)b->n_instances + 1, sizeof(*b->inst_seen));
        b->always = arena_array(&b->arena, (size_t)b->n_instances + 1, sizeof(*b->always));
        b->keywords = arena_array(&b->arena, (size_t)b->n_leaves + 1, sizeof(*b->keywords));
        x->failed |= !b->inst_seen || !b->always || !b->keywords || !state_room(b);
        for (uint32_t i = 0; !x->failed && i < b->n_leaves; i++)
                if (b->leaves[i].kind == LEAF_KEYWORD)
                        b->keywords[b->n_keywords++] = i;
}

static void bucket_free(struct bucket *b) {
        free(b->slots);
        free(b->leaves);
        free(b->nodes);
        free(b->instances);
        free(b->state);
        free(b->leaf_table);
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
        struct plan plan = {0};
        struct builder x;
        int r = 0;

        if (!b)
                return NULL;
        arena_init(&b->arena, BUCKET_BYTES);
        arena_init(&b->samples_arena, (size_t)1 << 20);
        arena_init(&b->table_arena, BUCKET_BYTES);
        b->channel = c;
        b->key2 = key2;
        b->fold = fold;
        builder_init(&x, m, b);
        add_all(&x);
        bool sketch = b->n_instances >= SKETCH_MIN;
        if (sketch && !x.failed)
                bucket_sketch(&x, &plan);
        else if (!x.failed)
                make_all(&x, true);
        if (!x.failed)
                finish(&x);
        if (!x.failed)
                r = sketch ? bucket_wake(m, b, &plan) : bucket_triggers(m, b);
        plan_deinit(&plan);
        build_done(m);
        if (x.failed || r < 0) {
                bucket_free(b);
                return NULL;
        }
        bucket_count(m, b);
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

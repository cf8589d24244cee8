/* Names to slots, once per shape.
 *
 * Logs repeat: events of one kind have the same field names in the same order. So names are not
 * looked up but compared with what stood there the last time, along a tree of shapes (a trie over
 * whole names): a node says which name it is and leads to what came next before; what came last is
 * tried first, the others are found by a hash (behind the last field that all Windows events share
 * stand hundreds). At the end of the walk stands everything that depends on names alone. A new
 * shape is learned once. The tree is bounded (SHAPE_BYTES, FANOUT, CHAIN_MAX): an event that would
 * grow it further gets a shape for itself; after enough events the tree is forgotten and learned
 * anew, so that a log which changes its habits is not slow for ever.
 *
 * Where a decoder says that a name's place tells the name, the last event of the kind is compared
 * with first, place by place. */
#include <stdlib.h>

#include "rules/engine.h"

#define SHAPE_BYTES ((size_t)12 << 20)
#define SHAPE_SCRATCH ((size_t)8 << 20)
#define FANOUT 2048u
#define RECENT 3u
#define CHAIN_MAX 48u /* names may be chosen so that they collide */
#define FORGET_AFTER 20000u

struct shape_node {
        struct shape_node *recent[RECENT]; /* kids, the one met last first */
        struct shape_node *parent, *chain; /* of the same hash */
        const char *name;
        uint32_t len, n_kids;
        struct name_ids ids;
        struct shape *shape; /* of events that end here */
};

/* ---- names ---- */

static void names_add(struct names *t, struct span name) {
        if (name.len == 0)
                return;
        uint32_t h = (uint32_t)hash_span(name, 3), k = h & t->mask;

        for (; t->table[k].slot1; k = (k + 1) & t->mask)
                if (t->table[k].hash == h && span_eq(t->name[t->table[k].slot1 - 1], name))
                        return;
        t->table[k].hash = h;
        t->name[t->n++] = name;
        t->table[k].slot1 = t->n;
}

uint32_t names_slot(const struct names *t, struct span name) {
        uint32_t h = (uint32_t)hash_span(name, 3), k = h & t->mask;

        for (; t->table[k].slot1; k = (k + 1) & t->mask)
                if (t->table[k].hash == h && span_eq(t->name[t->table[k].slot1 - 1], name))
                        return t->table[k].slot1 - 1;
        return NONE32;
}

uint32_t names_event_slot(struct matcher *m, struct span name) {
        char squeezed[512];
        size_t n = 0;

        name = source_canonical(&m->map, name);
        if (name.len == 0 || name.len > sizeof(squeezed) || !memchr(name.p, ' ', name.len))
                return names_slot(&m->names, name);
        for (size_t i = 0; i < name.len; i++)
                if (name.p[i] != ' ')
                        squeezed[n++] = name.p[i];
        return names_slot(&m->names, span_of(squeezed, n));
}

int names_init(struct names *t, struct arena *a, const struct program *g) {
        size_t max = (size_t)g->n[SEC_ATOM] * 2 + g->n[SEC_STRS] + g->n[SEC_COND] + g->n[SEC_TEST] +
                     1,
               size = 64;

        while (size < max * 2)
                size *= 2;
        t->name = arena_array(a, max, sizeof(*t->name));
        t->table = arena_array(a, size, sizeof(*t->table));
        t->mask = (uint32_t)size - 1;
        t->n = 0;
        if (!t->name || !t->table)
                return FAIL(-ENOMEM);
        for (uint32_t i = 0; i < g->n[SEC_ATOM]; i++) {
                names_add(t, blob_str(g, g->atoms[i].field));
                names_add(t, blob_str(g, g->atoms[i].other));
        }
        for (uint32_t i = 0; i < g->n[SEC_RENAME]; i++)
                for (uint32_t k = 0; k < g->renames[i].to.n; k++)
                        names_add(t, blob_str(g, g->strs[g->renames[i].to.first + k]));
        for (uint32_t i = 0; i < g->n[SEC_COND]; i++)
                names_add(t, blob_str(g, g->conds[i].field));
        for (uint32_t i = 0; i < g->n[SEC_TEST]; i++) {
                const struct b_test *s = &g->tests[i];
                for (uint32_t k = 0; k < s->has.n; k++)
                        names_add(t, blob_str(g, g->strs[s->has.first + k]));
                for (uint32_t k = 0; k < s->key1.n; k++)
                        names_add(t, blob_str(g, g->strs[s->key1.first + k]));
                names_add(t, blob_str(g, s->key2));
        }
        for (uint32_t i = 0; i < g->n[SEC_RULE]; i++)
                for (uint32_t k = 0; k < g->rules[i].wanted.n; k++)
                        names_add(t, blob_str(g, g->strs[g->rules[i].wanted.first + k]));
        return 0;
}

/* ---- shapes ---- */

int shapes_init(struct matcher *m) {
        arena_init(&m->shapes.arena, SHAPE_BYTES);
        arena_init(&m->shapes.scratch_arena, SHAPE_SCRATCH);
        return 0;
}

void shapes_deinit(struct matcher *m) {
        arena_deinit(&m->shapes.arena);
        arena_deinit(&m->shapes.scratch_arena);
}

void shapes_forget(struct matcher *m) {
        memset(m->shapes.root, 0, sizeof(m->shapes.root));
        memset(m->shapes.heads, 0, sizeof(m->shapes.heads));
        memset(m->shapes.known, 0, sizeof(m->shapes.known));
        arena_reset(&m->shapes.arena);
        arena_reset(&m->shapes.scratch_arena);
        m->shapes.age = 0;
}

static inline bool name_is(const struct shape_node *n, const struct field *f) {
        const char *a = n->name, *b = f->name;
        size_t len = n->len;
        uint64_t x, y;

        if (len != f->name_len)
                return false;
        for (; len > 8; len -= 8, a += 8, b += 8) {
                memcpy(&x, a, 8);
                memcpy(&y, b, 8);
                if (x != y)
                        return false;
        }
        if (n->len >= 8) { /* the last eight, perhaps overlapping */
                memcpy(&x, a + len - 8, 8);
                memcpy(&y, b + len - 8, 8);
                return x == y;
        }
        if (len >= 4) {
                uint32_t v, w, t, u;
                memcpy(&v, a, 4);
                memcpy(&w, b, 4);
                memcpy(&t, a + len - 4, 4);
                memcpy(&u, b + len - 4, 4);
                return v == w && t == u;
        }
        for (size_t i = 0; i < len; i++)
                if (a[i] != b[i])
                        return false;
        return true;
}

static struct shape_node **node_head(struct matcher *m, const struct shape_node *parent,
                                     const struct field *f) {
        uint64_t h = hash_bytes(f->name, f->name_len, (uint64_t)(uintptr_t)parent);

        return &m->shapes.heads[h % NODE_HEADS];
}

static void remember(struct shape_node *n, struct shape_node *kid) {
        memmove(n->recent + 1, n->recent, sizeof(n->recent) - sizeof(n->recent[0]));
        n->recent[0] = kid;
}

static struct shape_node *node_new(struct matcher *m, struct shape_node *parent,
                                   const struct field *f) {
        struct arena *a = &m->shapes.arena;

        if (parent && parent->n_kids >= FANOUT)
                return NULL;
        struct shape_node *n = arena_zalloc(a, sizeof(*n));
        if (!n)
                return NULL;
        if (!parent)
                return n;
        struct span name = arena_dup(a, span_of(f->name, f->name_len));
        if (!name.p)
                return NULL;
        n->name = name.p;
        n->len = f->name_len;
        n->ids = (struct name_ids){names_event_slot(m, name), intel_match_name(m, name)};
        n->parent = parent;
        struct shape_node **head = node_head(m, parent, f);
        n->chain = *head;
        *head = n;
        parent->n_kids++;
        remember(parent, n);
        return n;
}

static __attribute__((noinline)) struct shape_node *
node_find(struct matcher *m, struct shape_node *n, const struct field *f) {
        uint32_t left = CHAIN_MAX;

        for (unsigned i = 1; i < RECENT && n->recent[i]; i++)
                if (name_is(n->recent[i], f)) {
                        struct shape_node *k = n->recent[i];
                        n->recent[i] = n->recent[0];
                        n->recent[0] = k;
                        return k;
                }
        if (n->n_kids <= RECENT)
                return NULL;
        for (struct shape_node *k = *node_head(m, n, f); k && left; k = k->chain, left--)
                if (k->parent == n && name_is(k, f)) {
                        remember(n, k);
                        return k;
                }
        return NULL;
}

static inline struct shape_node *node_next(struct matcher *m, struct shape_node *n,
                                           const struct field *f) {
        struct shape_node *k = n->recent[0];

        if (LIKELY(k && name_is(k, f)))
                return k;
        return k ? node_find(m, n, f) : NULL;
}

static uint32_t ref_of(const struct shape *s, uint32_t slot) {
        for (uint32_t i = s->n_refs; i-- > 0;)
                if (s->refs[i].slot == slot)
                        return s->refs[i].field;
        return NONE32;
}

static uint32_t field_named(const struct matcher *m, const struct shape *s, struct b_str name) {
        uint32_t slot = name.len ? names_slot(&m->names, blob_str(m->g, name)) : NONE32;

        return slot == NONE32 ? NONE32 : ref_of(s, slot);
}

/* Which tests may hold, by the names alone, up to the first that has no conditions on values. */
static void add_key(struct shape *s, uint32_t field) {
        if (field == NONE32 || s->n_keys == NONE32)
                return;
        for (uint32_t i = 0; i < s->n_keys; i++)
                if (s->keys[i] == field)
                        return;
        if (s->n_keys == SHAPE_KEYS)
                s->n_keys = NONE32;
        else
                s->keys[s->n_keys++] = field;
}

/* All fields of the slot. If there are several, it depends on arrays which of them count. */
static void add_slot(struct shape *s, uint32_t slot) {
        uint32_t n = 0;

        for (uint32_t i = 0; i < s->n_refs; i++)
                if (slot != NONE32 && s->refs[i].slot == slot) {
                        add_key(s, s->refs[i].field);
                        n++;
                }
        if (n > 1)
                s->n_keys = NONE32;
}

static bool classify(struct matcher *m, struct arena *a, struct shape *s) {
        const struct program *g = m->g;
        uint32_t n = g->n[SEC_TEST];

        s->classes = arena_array(a, (size_t)n + 1, sizeof(*s->classes));
        if (!s->classes)
                return false;
        for (uint32_t i = 0; i < n; i++) {
                const struct b_test *t = &g->tests[i];
                struct shape_class c = {.test = i, .key1 = NONE32};
                bool has = true;

                for (uint32_t k = 0; has && k < t->has.n; k++)
                        has = field_named(m, s, g->strs[t->has.first + k]) != NONE32;
                for (uint32_t k = 0; has && k < t->conds.n; k++) {
                        const struct b_cond *q = &g->conds[t->conds.first + k];
                        has = q->absent || field_named(m, s, q->field) != NONE32;
                }
                if (!has)
                        continue;
                for (uint32_t k = 0; c.key1 == NONE32 && k < t->key1.n; k++)
                        c.key1 = field_named(m, s, g->strs[t->key1.first + k]);
                c.key2 = field_named(m, s, t->key2);
                for (uint32_t k = 0; k < t->conds.n; k++)
                        add_slot(s, m->cond_slot[t->conds.first + k]);
                add_key(s, c.key1);
                add_key(s, c.key2);
                s->classes[s->n_classes++] = c;
                if (t->conds.n == 0)
                        return true;
        }
        s->classes[s->n_classes++] = (struct shape_class){NONE32, NONE32, NONE32};
        return true;
}

/* Room for at most `max` shapes' references is not needed: they are counted while the nodes are
 * walked. */
static struct shape *shape_new(struct matcher *m, struct arena *a, const struct event *e,
                               const struct name_ids *ids) {
        struct shape *s = arena_zalloc(a, sizeof(*s));
        uint32_t n = 0;

        if (!s)
                return NULL;
        for (uint32_t i = 0; i < e->n; i++)
                n += ids[i].slot != NONE32;
        s->n = e->n;
        s->kind = e->kind;
        s->refs = arena_array(a, (size_t)n + 1, sizeof(*s->refs));
        if (!s->refs)
                return NULL;
        for (uint32_t i = 0; i < e->n; i++)
                if (ids[i].slot != NONE32)
                        s->refs[s->n_refs++] = (struct shape_ref){i, ids[i].slot};
        s->key2_field = NONE32;
        if (m->intel_names && !intel_match_shape(m, a, ids, s))
                return NULL;
        if (e->kind == EVENT_JSON)
                return classify(m, a, s) ? s : NULL;
        uint32_t slot = m->key2_slot[e->kind];
        s->key2_field = slot == NONE32 ? NONE32 : ref_of(s, slot);
        add_key(s, s->key2_field);
        return s;
}

/* For an event that the tree cannot hold. */
static struct shape *shape_scratch(struct matcher *m, const struct event *e) {
        struct arena *a = &m->shapes.scratch_arena;

        arena_reset(a);
        struct name_ids *ids = arena_alloc(a, ((size_t)e->n + 1) * sizeof(*ids));
        if (!ids)
                return NULL;
        for (uint32_t i = 0; i < e->n; i++) {
                struct span name = span_of(e->fields[i].name, e->fields[i].name_len);
                ids[i] = (struct name_ids){names_event_slot(m, name), intel_match_name(m, name)};
        }
        return shape_new(m, a, e, ids);
}

/* The walk left the tree (or ends where no event ended before): learn. */
static struct shape *shape_learn(struct matcher *m, const struct event *e) {
        struct shape_node *n = m->shapes.root[e->kind];
        struct name_ids *ids = arena_alloc(&m->event_arena, ((size_t)e->n + 1) * sizeof(*ids));

        if (!ids)
                return shape_scratch(m, e);
        if (!n)
                n = m->shapes.root[e->kind] = node_new(m, NULL, NULL);
        for (uint32_t i = 0; n && i < e->n; i++) {
                struct shape_node *k = node_next(m, n, &e->fields[i]);
                n = k ? k : node_new(m, n, &e->fields[i]);
                if (n)
                        ids[i] = n->ids;
        }
        struct shape *s = n ? shape_new(m, &m->shapes.arena, e, ids) : NULL;
        if (s) {
                n->shape = s;
                return s;
        }
        return shape_scratch(m, e);
}

static struct known_shape *known_of(struct matcher *m, const struct event *e) {
        uint64_t h = (uint64_t)e->key2 * 31 + e->n * 7 + e->key1.len;

        return &m->shapes.known[h * 0x9e3779b97f4a7c15u >> 56];
}
_Static_assert(KNOWN_SHAPES == 1u << 8, "as many as the hash has bits");

static bool known_is(const struct known_shape *g, const struct event *e) {
        if (g->names != e->names || g->n != e->n || g->kind != e->kind)
                return false;
        for (uint32_t i = 0; i < g->n; i++)
                if (g->name[i] != e->fields[i].name)
                        return false;
        return true;
}

static void known_put(struct known_shape *g, const struct event *e, struct shape *s) {
        g->shape = s;
        g->names = e->names;
        g->n = e->n;
        g->kind = e->kind;
        for (uint32_t i = 0; i < g->n; i++)
                g->name[i] = e->fields[i].name;
}

struct shape *shape_of(struct matcher *m, const struct event *e) {
        struct known_shape *g = e->names && e->n <= KNOWN_NAMES ? known_of(m, e) : NULL;
        struct shape_node *n = m->shapes.root[e->kind];
        const struct field *f = e->fields, *end = f + e->n;

        m->shapes.age++;
        if (g && known_is(g, e))
                return g->shape;
        for (; n && f < end; f++)
                n = node_next(m, n, f);
        if (LIKELY(n && n->shape)) {
                if (g)
                        known_put(g, e, n->shape);
                return n->shape;
        }
        if (m->shapes.arena.overflowed && m->shapes.age > FORGET_AFTER) {
                shapes_forget(m);
                m->shapes.arena.overflowed = false;
        }
        return shape_learn(m, e);
}

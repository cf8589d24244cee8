/* Conditions on the event at hand: leaves are evaluated at most once per event (their state bears
 * the event's number), and only when a condition that may still come true asks.
 *
 * What a field's value is: the last field of that name; if that is an element of an array, all
 * elements of the same array (a condition holds if it holds for any). A null is no value: it
 * matches no string, but it is there. A field is null if it is absent or any of its values is null.
 * Keywords look into every value and, where the record is text, into its line. */
#include "rules/engine.h"

/* Maps compare without case (ASCII); `want` is lower-cased. */
static bool has_inside(struct span text, struct span want) {
        if (want.len == 0)
                return true;
        for (size_t i = 0; i + want.len <= text.len; i++)
                if (ascii_lower(text.p[i]) == *want.p &&
                    span_ieq(span_of(text.p + i, want.len), want))
                        return true;
        return false;
}

bool cond_holds(const struct program *g, const struct b_cond *c, struct span text) {
        for (uint32_t i = 0; i < c->values.n; i++) {
                const struct b_value *v = &g->values[c->values.first + i];
                struct span want = blob_str(g, v->text);
                if (v->prefix == B_INSIDE ? has_inside(text, want)
                    : v->prefix ? text.len >= want.len && span_ieq(span_of(text.p, want.len), want)
                                : span_ieq(text, want))
                        return true;
        }
        return false;
}

const struct value *field_value(struct matcher *m, uint32_t field) {
        static const struct value empty = {.text = {"", 0}, .fold = {"", 0}, .ascii = true};
        struct textcache *t = &m->text[field];

        if (t->epoch == m->epoch)
                return &t->v;
        struct span text = value_text(&m->e->fields[field], &m->event_arena);
        char *to = text.p ? arena_alloc(&m->event_arena, TEXT_ROOM(text.len)) : NULL;
        if (!to) {
                m->failed = true;
                return &empty;
        }
        t->v.text = text;
        t->v.fold = span_of(to, text_fold(to, text, &t->v.ascii));
        t->epoch = m->epoch;
        return &t->v;
}

uint32_t slot_fields(struct matcher *m, uint32_t slot, const uint32_t **ret) {
        uint32_t at = m->view->last[slot];

        if (at == NONE32)
                return 0;
        if (!(at & MULTI)) {
                *ret = &m->view->last[slot];
                return 1;
        }
        const uint32_t *list = &m->view->multi[(at & ~MULTI) + 1];
        uint32_t n = list[-1], arr = m->e->fields[list[n - 1]].arr, k = 0;
        /* In a line of text whoever wrote a part of it may have repeated a name, so none may hide
         * another; in JSON the last counts, as for all that read it. */
        if (m->e->kind != EVENT_JSON && m->e->kind != EVENT_WINDOWS) {
                *ret = list;
                return n;
        }
        if (arr == 0) {
                *ret = &list[n - 1];
                return 1;
        }
        while (k < n && m->e->fields[list[n - 1 - k]].arr >> 16 == arr >> 16)
                k++; /* elements of one array stand together, but for what other names stand between
                      */
        *ret = &list[n - k];
        return k;
}

static bool value_leaf(struct matcher *m, const struct leaf *l) {
        const uint32_t *fields;
        uint32_t n = slot_fields(m, l->slot, &fields);

        for (uint32_t i = 0; i < n; i++) {
                if (m->e->fields[fields[i]].type == V_NULL)
                        continue;
                const struct value *v = field_value(m, fields[i]);
                if (l->kind == LEAF_COND ? cond_holds(m->g, &m->g->conds[l->index], v->text)
                                         : atom_test(&m->atoms, &m->atoms.atom[l->index], v))
                        return true;
        }
        return n == 0 && l->kind == LEAF_COND && m->g->conds[l->index].absent;
}

static bool null_leaf(struct matcher *m, const struct leaf *l) {
        const uint32_t *fields;
        uint32_t n = slot_fields(m, l->slot, &fields);

        for (uint32_t i = 0; i < n; i++)
                if (m->e->fields[fields[i]].type == V_NULL)
                        return true;
        return n == 0;
}

/* The values of one side of a reference; constants have one. */
static uint32_t side(struct matcher *m, uint32_t slot, const uint32_t **fields,
                     struct value *constant) {
        const struct bslot *s = &m->b->slots[slot];

        if (s->slot != NONE32)
                return slot_fields(m, slot, fields);
        char *to = arena_alloc(&m->event_arena, TEXT_ROOM(s->value.len));
        if (!to) {
                m->failed = true;
                return 0;
        }
        constant->text = s->value;
        constant->fold = span_of(to, text_fold(to, s->value, &constant->ascii));
        *fields = NULL;
        return 1;
}

static bool ref_leaf(struct matcher *m, const struct leaf *l) {
        const uint32_t *left = NULL, *right = NULL;
        struct value cl, cr;
        uint32_t n = side(m, l->slot, &left, &cl), k = side(m, l->other, &right, &cr);

        for (uint32_t i = 0; i < n; i++) {
                if (left && m->e->fields[left[i]].type == V_NULL)
                        continue;
                for (uint32_t j = 0; j < k; j++) {
                        if (right && m->e->fields[right[j]].type == V_NULL)
                                continue;
                        if (atom_refers(&m->atoms.atom[l->index],
                                        left ? field_value(m, left[i]) : &cl,
                                        right ? field_value(m, right[j]) : &cr))
                                return true;
                }
        }
        return false;
}

const struct value *raw_value(struct matcher *m) {
        if (m->format == FORMAT_EVTX || m->format == FORMAT_JSON || m->format == FORMAT_UNKNOWN)
                return NULL;
        if (m->raw_epoch != m->epoch) {
                char *to = arena_alloc(&m->event_arena, TEXT_ROOM(m->e->raw.len));
                if (!to) {
                        m->failed = true;
                        return NULL;
                }
                m->raw.text = m->e->raw;
                m->raw.fold = span_of(to, text_fold(to, m->raw.text, &m->raw.ascii));
                m->raw_epoch = m->epoch;
        }
        return &m->raw;
}

static bool keyword_leaf(struct matcher *m, const struct leaf *l) {
        const struct catom *c = &m->atoms.atom[l->index];
        const struct value *raw;

        if (m->kw_epoch == m->epoch || !table_takes(c))
                return false;
        for (uint32_t i = 0; i < m->e->n; i++)
                if (m->e->fields[i].type != V_NULL && atom_within(&m->atoms, c, field_value(m, i)))
                        return true;
        raw = raw_value(m);
        return raw && atom_within(&m->atoms, c, raw);
}

static bool leaf_value(struct matcher *m, const struct leaf *l) {
        const uint32_t *fields;

        switch (l->kind) {
        case LEAF_ATOM: /* what tables hold was marked when they ran */
                return !l->in_table && value_leaf(m, l);
        case LEAF_COND: return value_leaf(m, l);
        case LEAF_REF: return ref_leaf(m, l);
        case LEAF_NULL: return null_leaf(m, l);
        case LEAF_EXISTS: return slot_fields(m, l->slot, &fields) != 0;
        default: return keyword_leaf(m, l);
        }
}

static inline bool holds(struct matcher *m, uint32_t leaf) {
        uint32_t *state = &m->b->state[leaf];

        if (*state >> 1 == m->epoch)
                return *state & 1;
        bool yes = leaf_value(m, &m->b->leaves[leaf]);
        *state = m->epoch << 1 | yes;
        return yes;
}

bool leaf_holds(struct matcher *m, uint32_t leaf) {
        return holds(m, leaf);
}

/* Most kids are leaves that tables decided. */
static inline bool kid_holds(struct matcher *m, uint32_t node) {
        const struct node *n = &m->b->nodes[node];

        if (LIKELY(n->kind == NODE_LEAF))
                return n->min ? m->b->state[n->kids] == (m->epoch << 1 | 1) : holds(m, n->kids);
        return node_holds(m, node);
}

bool node_holds(struct matcher *m, uint32_t node) {
        const struct node *n = &m->b->nodes[node];
        uint32_t min = n->min;

        switch (n->kind) {
        case NODE_TRUE: return true;
        case NODE_FALSE: return false;
        case NODE_LEAF: return holds(m, n->kids);
        case NODE_NOT: return !kid_holds(m, n->kids);
        case NODE_AND:
                for (uint32_t i = 0; i < n->n; i++)
                        if (!kid_holds(m, n->kids + i))
                                return false;
                return true;
        case NODE_OR:
                for (uint32_t i = 0; i < n->n; i++)
                        if (kid_holds(m, n->kids + i))
                                return true;
                return false;
        default:
                for (uint32_t i = 0; i < n->n && n->n - i >= min; i++)
                        if (kid_holds(m, n->kids + i) && --min == 0)
                                return true;
                return false;
        }
}

/* The fields by which a leaf holds. */
void leaf_mark(struct matcher *m, uint32_t leaf, bool *matched) {
        const struct leaf *l = &m->b->leaves[leaf];
        const uint32_t *fields;

        if (l->kind == LEAF_KEYWORD) {
                for (uint32_t i = 0; i < m->e->n; i++)
                        if (m->e->fields[i].type != V_NULL &&
                            atom_within(&m->atoms, &m->atoms.atom[l->index], field_value(m, i)))
                                matched[i] = true;
                return;
        }
        uint32_t n = m->b->slots[l->slot].slot == NONE32 ? 0 : slot_fields(m, l->slot, &fields);
        for (uint32_t i = 0; i < n; i++) {
                bool null = m->e->fields[fields[i]].type == V_NULL;
                /* The leaf holds: by the only value there is, or by some of them. */
                if (l->kind == LEAF_ATOM && n > 1 &&
                    (null ||
                     !atom_test(&m->atoms, &m->atoms.atom[l->index], field_value(m, fields[i]))))
                        continue;
                matched[fields[i]] = true;
        }
        if (l->kind != LEAF_REF || m->b->slots[l->other].slot == NONE32)
                return;
        n = slot_fields(m, l->other, &fields);
        for (uint32_t i = 0; i < n; i++)
                matched[fields[i]] = true;
}

/* An event's bucket, and where its fields are: the view of a shape in a bucket.
 *
 * Which kind of log an event is, and its key1 and key2, decide which rules can apply. Kinds that
 * decoders know come with their keys; a JSON event is tested as the maps say. The last few (shape,
 * key1, key2) are remembered with the shape, compared as raw bytes; so for a log that repeats
 * itself nothing is computed here.
 *
 * key2 is the number its field shows. `fold` says that the field's text is exactly that number in
 * decimal (or that the field is absent), so that conditions on it may be decided when the bucket is
 * made; where it is not (leading zeros, several values), another bucket serves, in which they are
 * evaluated like all others. */
#include <stdio.h>

#include "rules/engine.h"

#define VIEWS_MAX 24u
#define KEY_MAX 200u /* bytes of a key; longer ones are looked at anew each time */

struct keys {
        uint8_t kind;
        uint32_t test;
        struct span key1, key2; /* raw bytes; p NULL: none */
        uint32_t key1_field, key2_field;
};

static struct span raw_of(const struct field *f) {
        return span_of(f->val ? f->val : "", f->val_len);
}

static bool test_conds_hold(struct matcher *m, const struct event *e, const struct shape *s,
                            const struct b_test *t) {
        for (uint32_t i = 0; i < t->conds.n; i++) {
                const struct b_cond *c = &m->g->conds[t->conds.first + i];
                uint32_t slot = m->cond_slot[t->conds.first + i];
                bool holds = false, there = false;

                uint32_t arr = 0;
                for (uint32_t k = s->n_refs; slot != NONE32 && !holds && k-- > 0;) {
                        const struct field *f = &e->fields[s->refs[k].field];
                        if (s->refs[k].slot != slot)
                                continue;
                        if (there && (arr == 0 || f->arr >> 16 != arr))
                                break; /* the last one counts, or the array it is in */
                        there = true;
                        arr = f->arr >> 16;
                        struct span text =
                                f->type == V_NULL ? SPAN_NONE : value_text(f, &m->event_arena);
                        holds = text.p && cond_holds(m->g, c, text);
                }
                if (!holds && !(c->absent && !there))
                        return false;
        }
        return true;
}

static void find_keys(struct matcher *m, const struct event *e, const struct shape *s,
                      struct keys *k) {
        *k = (struct keys){
                .kind = e->kind, .test = NONE32, .key1_field = NONE32, .key2_field = s->key2_field};
        if (e->kind != EVENT_JSON) {
                k->key1 = e->key1;
        } else {
                const struct shape_class *c = s->classes;
                while (c->test != NONE32 && m->g->tests[c->test].conds.n &&
                       !test_conds_hold(m, e, s, &m->g->tests[c->test]))
                        c++;
                k->test = c->test;
                k->key1_field = c->key1;
                k->key2_field = c->key2;
                if (c->test != NONE32) {
                        k->kind = (uint8_t)m->g->tests[c->test].kind;
                        if (m->g->tests[c->test].key1_is.len)
                                k->key1 = blob_str(m->g, m->g->tests[c->test].key1_is);
                }
                if (c->key1 != NONE32)
                        k->key1 = raw_of(&e->fields[c->key1]);
        }
        if (k->key2_field != NONE32)
                k->key2 = raw_of(&e->fields[k->key2_field]);
}

static inline bool same_bytes(const char *a, const char *b, size_t len) {
        uint64_t x, y;

        for (; len >= 8; len -= 8, a += 8, b += 8) {
                memcpy(&x, a, 8);
                memcpy(&y, b, 8);
                if (x != y)
                        return false;
        }
        for (; len; len--)
                if (*a++ != *b++)
                        return false;
        return true;
}

static inline bool view_is(const struct view *v, const struct shape *s, const struct event *e) {
        for (uint32_t i = 0; i < s->n_keys; i++) {
                const struct field *f = &e->fields[s->keys[i]];
                if (f->val_len != v->key[i].len || f->type != v->type[i] ||
                    !same_bytes(f->val, v->key[i].p, f->val_len))
                        return false;
        }
        return v->ekey2 == e->key2 && v->key1.len == e->key1.len &&
               same_bytes(v->key1.p, e->key1.p, e->key1.len);
}

/* Decimal digits only; -1 if it is anything else. *ret_exact: and written as we would write it. */
static int64_t number_of(struct span s, bool *ret_exact) {
        int64_t v = 0;

        *ret_exact = false;
        if (s.len == 0 || s.len > 18)
                return -1;
        for (size_t i = 0; i < s.len; i++) {
                if (s.p[i] < '0' || s.p[i] > '9')
                        return -1;
                v = v * 10 + (s.p[i] - '0');
        }
        *ret_exact = s.len == 1 || s.p[0] != '0';
        return v;
}

static struct span map_key1(const struct matcher *m, uint8_t kind, struct span text, char *to,
                            size_t room) {
        if (text.len > room)
                text.len = room; /* no map knows a name that long; a prefix decides the same */
        for (size_t i = 0; i < text.len; i++)
                to[i] = ascii_lower(text.p[i]);
        text.p = to;
        for (uint32_t i = 0; i < m->g->n[SEC_K1NAME]; i++) {
                const struct b_k1name *n = &m->g->k1names[i];
                if (n->kind == kind && span_eq(blob_str(m->g, n->from), text))
                        return blob_str(m->g, n->to);
        }
        return text;
}

static struct bucket *find_bucket(struct matcher *m, const struct event *e, const struct shape *s,
                                  const struct keys *k) {
        char lower[256];
        struct span key1 = k->key1;
        int64_t key2 = e->key2;
        bool fold = true;

        if (e->kind == EVENT_JSON) {
                if (k->key1_field != NONE32)
                        key1 = value_text(&e->fields[k->key1_field], &m->event_arena);
                key2 = -1;
        }
        if (k->key2_field != NONE32) {
                const struct field *f = &e->fields[k->key2_field];
                uint32_t slot = m->key2_slot[k->kind], n = 0;
                bool exact;
                struct span text = value_text(f, &m->event_arena);
                int64_t v = f->type == V_NULL || !text.p ? -1 : number_of(text, &exact);

                for (uint32_t i = 0; i < s->n_refs; i++)
                        n += s->refs[i].slot == slot;
                if (e->kind == EVENT_JSON)
                        key2 = v;
                /* Text that is no number equals none that a rule asks for, so it may be folded too.
                 */
                fold = n == 1 && f->type != V_NULL && (v < 0 ? key2 < 0 : exact && v == key2);
        } else if (key2 >= 0) {
                fold = false; /* the decoder knows a key2 that no field shows */
        }
        struct channel *c = channel_of(
                m, k->kind, map_key1(m, k->kind, key1.p ? key1 : SPAN(""), lower, sizeof(lower)));
        return c ? bucket_of(m, c, key2, fold) : NULL;
}

/* Where the bucket's slots stand in this shape. */
static bool place_slots(struct matcher *m, struct arena *a, struct view *v, const struct shape *s) {
        struct bucket *b = v->bucket;
        size_t room = 1;

        v->last = arena_alloc(a, ((size_t)b->n_slots + 1) * sizeof(*v->last));
        v->multi = arena_alloc(a, ((size_t)s->n_refs * 2 + 2) * sizeof(*v->multi));
        v->scan = arena_alloc(a, ((size_t)b->n_slots + 1) * sizeof(*v->scan));
        v->intel = arena_alloc(a, ((size_t)s->n_intel + 1) * sizeof(*v->intel));
        v->shape = s;
        if (!v->last || !v->multi || !v->scan || !v->intel)
                return false;
        for (uint32_t i = 0; i < b->n_slots; i++) {
                uint32_t n = 0, first = 0;
                v->last[i] = NONE32;
                for (uint32_t k = 0; b->slots[i].slot != NONE32 && k < s->n_refs; k++) {
                        if (s->refs[k].slot != b->slots[i].slot)
                                continue;
                        v->last[i] = s->refs[k].field;
                        n++;
                }
                if (n < 2)
                        continue;
                first = (uint32_t)room;
                v->multi[room++] = n;
                for (uint32_t k = 0; k < s->n_refs; k++)
                        if (s->refs[k].slot == b->slots[i].slot)
                                v->multi[room++] = s->refs[k].field;
                v->last[i] = MULTI | first;
        }
        v->tables = NONE32;
        return true;
}

/* One of the slots' tables looks at the field, alone of its name. */
static bool in_scan(const struct view *v, const struct shape_intel *x) {
        for (uint32_t i = 0; i < v->n_scan; i++)
                if (v->scan[i].field == x->field &&
                    v->bucket->slots[v->scan[i].slot].intel == x->holds)
                        return true;
        return false;
}

/* Which slots with a table the event has: made anew when the tables were. */
static void list_scan(struct view *v) {
        struct bucket *b = v->bucket;

        v->n_scan = 0;
        for (uint32_t i = 0; i < b->n_slots; i++) {
                if (!b->slots[i].table)
                        continue;
                bool constant = b->slots[i].slot == NONE32;
                if (!constant && v->last[i] == NONE32)
                        continue;
                bool one = !constant && !(v->last[i] & MULTI);
                v->scan[v->n_scan++] = (struct view_scan){i, one ? v->last[i] : NONE32};
        }
        v->n_intel = 0;
        for (uint32_t i = 0; i < v->shape->n_intel; i++)
                if (!in_scan(v, &v->shape->intel[i]))
                        v->intel[v->n_intel++] = v->shape->intel[i];
        v->tables = b->trainings;
}

void view_refresh(struct view *v) {
        if (UNLIKELY(v->tables != v->bucket->trainings))
                list_scan(v);
}

/* What decides the view, for the next event. */
static bool keep_keys(struct matcher *m, struct view *v, const struct shape *s,
                      const struct event *e) {
        struct arena *a = &m->shapes.arena;

        for (uint32_t i = 0; i < s->n_keys; i++) {
                const struct field *f = &e->fields[s->keys[i]];
                v->key[i] = arena_dup(a, span_of(f->val ? f->val : "", f->val_len));
                v->type[i] = f->type;
                if (!v->key[i].p)
                        return false;
        }
        v->key1 = arena_dup(a, span_of(e->key1.p ? e->key1.p : "", e->key1.len));
        v->ekey2 = e->key2;
        return v->key1.p != NULL;
}

static bool worth_keeping(const struct shape *s, const struct event *e) {
        uint32_t n = 0;

        for (const struct view *v = s->views; v; v = v->next)
                n++;
        for (uint32_t i = 0; s->n_keys != NONE32 && i < s->n_keys; i++)
                if (e->fields[s->keys[i]].val_len > KEY_MAX)
                        return false;
        return s->n_keys != NONE32 && n < VIEWS_MAX && e->key1.len <= KEY_MAX;
}

static struct view *view_new(struct matcher *m, const struct event *e, struct shape *s) {
        struct keys k;
        struct bucket *b;

        find_keys(m, e, s, &k);
        b = find_bucket(m, e, s, &k);
        if (!b)
                return NULL;
        for (unsigned try = worth_keeping(s, e) ? 0 : 1; try < 2; try++) {
                struct arena *a = try == 0 ? &m->shapes.arena : &m->event_arena;
                struct view *v = arena_zalloc(a, sizeof(*v));
                if (!v)
                        continue;
                v->bucket = b;
                if (!place_slots(m, a, v, s) || (try == 0 && !keep_keys(m, v, s, e)))
                        continue;
                if (try == 0) {
                        v->next = s->views;
                        s->views = v;
                }
                return v;
        }
        return NULL;
}

struct view *view_of(struct matcher *m, const struct event *e, struct shape *s) {
        struct view **link = &s->views, *v = NULL;

        if (LIKELY(s->n_keys != NONE32))
                for (v = *link; v && !view_is(v, s, e); link = &v->next, v = v->next)
                        ;
        if (v && link != &s->views) { /* to the front */
                *link = v->next;
                v->next = s->views;
                s->views = v;
        }
        if (UNLIKELY(!v))
                v = view_new(m, e, s);
        if (v)
                view_refresh(v);
        return v;
}

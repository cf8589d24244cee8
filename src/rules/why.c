/* Why a rule matched, for people: its conditions that hold for the event, each with its field, comparison and value. What
 * the matcher keeps of a rule in a bucket is without what the bucket itself decided (the event's number,
 * most often), so the rule's own expression is evaluated here once more, slowly, for one event that a person
 * opened. What stands under a NOT did not take part. */
#include "rules/engine.h"

#define STACK 4096u /* kids of an expression that wait for their parent */

struct why_run {
        struct matcher *m;
        const struct b_alt *alt;
        struct arena *arena;
        struct match_why *to;
        uint32_t n, max;
};

struct part {
        bool holds;
        uint32_t start; /* what it said begins here */
};

/* Names that a rule's field has under the alternative. */
static const struct b_str *names_of(const struct why_run *w, const struct b_str *field,
                                    uint32_t *ret_n) {
        const struct program *g = w->m->g;

        *ret_n = 1;
        for (uint32_t i = 0; i < w->alt->renames.n; i++) {
                const struct b_rename *r = &g->renames[w->alt->renames.first + i];
                if (!span_eq(blob_str(g, r->field), blob_str(g, *field)))
                        continue;
                *ret_n = r->to.n;
                return &g->strs[r->to.first];
        }
        return field;
}

/* The next field of the event from *at on that the rule calls so; false: none. */
static bool next_field(const struct why_run *w, const struct b_str *field, uint32_t *at) {
        struct matcher *m = w->m;
        uint32_t n;
        const struct b_str *names = names_of(w, field, &n);

        for (; *at < m->e->n; ++*at) {
                const struct field *f = &m->e->fields[*at];
                uint32_t slot = names_event_slot(m, span_of(f->name, f->name_len));

                for (uint32_t i = 0; i < n && slot != NONE32; i++)
                        if (names_slot(&m->names, blob_str(m->g, names[i])) == slot)
                                return true;
        }
        return false;
}

static bool constant(const struct why_run *w, const struct b_str *field, struct value *ret) {
        const struct program *g = w->m->g;

        for (uint32_t i = 0; i < w->alt->consts.n; i++) {
                const struct b_const *c = &g->consts[w->alt->consts.first + i];
                if (!span_eq(blob_str(g, c->field), blob_str(g, *field)))
                        continue;
                ret->text = blob_str(g, c->value);
                char *to = arena_alloc(w->arena, TEXT_ROOM(ret->text.len));
                if (!to)
                        return false;
                ret->fold = span_of(to, text_fold(to, ret->text, &ret->ascii));
                return true;
        }
        return false;
}

/* ---- one condition in words ---- */

static const char *string_op(const struct program *g, const struct b_atom *a) {
        const struct b_piece *p = &g->pieces[a->pieces.first];
        uint32_t n = a->pieces.n;

        if (n == 0 || (n == 1 && p[0].kind == PIECE_LIT))
                return "is";
        if (n == 2 && p[0].kind == PIECE_ANY && p[1].kind == PIECE_LIT)
                return "ends_with";
        if (n == 2 && p[0].kind == PIECE_LIT && p[1].kind == PIECE_ANY)
                return "begins_with";
        if (n == 3 && p[0].kind == PIECE_ANY && p[1].kind == PIECE_LIT && p[2].kind == PIECE_ANY)
                return "contains";
        return "is_like";
}

static struct span string_text(const struct why_run *w, const struct b_atom *a, bool like) {
        const struct program *g = w->m->g;
        struct buf b = {.limit = 4096};

        for (uint32_t i = 0; i < a->pieces.n; i++) {
                const struct b_piece *p = &g->pieces[a->pieces.first + i];

                if (p->kind == PIECE_LIT)
                        buf_span(&b, blob_str(g, p->lit));
                else if (like)
                        buf_char(&b, p->kind == PIECE_ANY ? '*' : '?');
        }
        struct span s = arena_dup(w->arena, buf_get(&b));
        buf_deinit(&b);
        return s.p ? s : SPAN("");
}

static struct span network_text(const struct why_run *w, const struct b_atom *a) {
        const uint8_t *x = a->addr;

        if (a->addr_len == 4)
                return arena_printf(w->arena, "%u.%u.%u.%u/%u", x[0], x[1], x[2], x[3], a->prefix);
        return arena_printf(w->arena,
                            "%02x%02x:%02x%02x:%02x%02x:%02x%02x:%02x%02x:%02x%02x:%02x%02x:"
                            "%02x%02x/%u",
                            x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7], x[8], x[9], x[10],
                            x[11], x[12], x[13], x[14], x[15], a->prefix);
}

static void say(struct why_run *w, const struct b_atom *a, uint32_t field) {
        static const char *const compares[] = {"is", "below", "at_most", "above", "at_least"};
        const struct program *g = w->m->g;
        struct match_why y = {.field = field, .name = blob_str(g, a->field), .text = SPAN("")};

        switch (a->op) {
        case ATOM_STRING:
                y.op = string_op(g, a);
                y.text = string_text(w, a, strcmp(y.op, "is_like") == 0);
                break;
        case ATOM_REGEX:
                y.op = "matches";
                y.text = blob_str(g, a->regex);
                break;
        case ATOM_CIDR:
                y.op = "within";
                y.text = network_text(w, a);
                break;
        case ATOM_COMPARE:
                y.op = a->cmp < ARRAY_LEN(compares) ? compares[a->cmp] : "is";
                y.text = arena_printf(w->arena, "%.15g", a->value);
                break;
        case ATOM_NULL: y.op = "missing"; break;
        case ATOM_FIELDREF:
                y.op = "same_as";
                y.text = blob_str(g, a->other);
                break;
        default: y.op = "present"; break;
        }
        for (uint32_t i = 0; i < w->n; i++) /* said already, by another part */
                if (w->to[i].field == y.field && strcmp(w->to[i].op, y.op) == 0 &&
                    span_eq(w->to[i].text, y.text) && span_eq(w->to[i].name, y.name))
                        return;
        if (w->n < w->max && y.text.p)
                w->to[w->n++] = y;
}

/* ---- whether it holds ---- */

static bool reference(struct why_run *w, const struct b_atom *a) {
        struct matcher *m = w->m;
        const struct catom *c = &m->atoms.atom[a - m->g->atoms];

        for (uint32_t i = 0; next_field(w, &a->field, &i); i++)
                for (uint32_t k = 0; next_field(w, &a->other, &k); k++)
                        if (m->e->fields[i].type != V_NULL && m->e->fields[k].type != V_NULL &&
                            atom_refers(c, field_value(m, i), field_value(m, k))) {
                                say(w, a, i);
                                return true;
                        }
        return false;
}

static bool keyword(struct why_run *w, const struct b_atom *a) {
        struct matcher *m = w->m;
        const struct catom *c = &m->atoms.atom[a - m->g->atoms];
        const struct value *raw;

        for (uint32_t i = 0; i < m->e->n; i++)
                if (m->e->fields[i].type != V_NULL &&
                    atom_within(&m->atoms, c, field_value(m, i))) {
                        say(w, a, i);
                        return true;
                }
        raw = raw_value(m);
        if (!raw || !atom_within(&m->atoms, c, raw))
                return false;
        say(w, a, NONE32);
        return true;
}

static bool atom_holds(struct why_run *w, uint32_t atom) {
        struct matcher *m = w->m;
        const struct b_atom *a = &m->g->atoms[atom];
        struct value fixed;
        bool there = false;

        if (a->field.len == 0)
                return keyword(w, a);
        if (a->op == ATOM_FIELDREF)
                return reference(w, a);
        for (uint32_t i = 0; next_field(w, &a->field, &i); i++) {
                bool null = m->e->fields[i].type == V_NULL;

                there |= !null;
                if (a->op == ATOM_EXISTS ||
                    (a->op != ATOM_NULL && !null &&
                     atom_test(&m->atoms, &m->atoms.atom[atom], field_value(m, i)))) {
                        say(w, a, i);
                        return true;
                }
        }
        if (a->op == ATOM_NULL && !there) {
                say(w, a, NONE32);
                return true;
        }
        if (a->op == ATOM_EXISTS || a->op == ATOM_NULL || !constant(w, &a->field, &fixed) ||
            !atom_test(&m->atoms, &m->atoms.atom[atom], &fixed))
                return false;
        say(w, a, NONE32);
        return true;
}

/* The last `n` parts become one. */
static void join(struct why_run *w, struct part *stack, uint32_t *depth, uint32_t n, uint32_t min) {
        uint32_t held = 0, start = stack[*depth - n].start;

        for (uint32_t i = *depth - n; i < *depth; i++)
                held += stack[i].holds;
        *depth -= n;
        bool holds = held >= min;
        if (!holds)
                w->n = start;
        stack[(*depth)++] = (struct part){holds, start};
}

static bool walk(struct why_run *w, const struct b_range *expr) {
        static struct part stack[STACK];
        const uint32_t *words = w->m->g->words + expr->first;
        uint32_t depth = 0;

        for (uint32_t i = 0; i < expr->n; i++) {
                uint32_t code = words[i] >> 28, arg = words[i] & WORD_ARG, start = w->n;

                if (code == WORD_TRUE || code == WORD_FALSE || code == WORD_ATOM) {
                        if (depth == ARRAY_LEN(stack))
                                return false;
                        bool holds = code == WORD_TRUE || (code == WORD_ATOM && atom_holds(w, arg));
                        stack[depth++] = (struct part){holds, start};
                } else if (code == WORD_NOT && depth) {
                        w->n = stack[depth - 1].start;
                        stack[depth - 1].holds = !stack[depth - 1].holds;
                } else if (arg == 0 || arg > depth) {
                        return false;
                } else {
                        uint32_t min = code == WORD_AND ? arg : 1;
                        if (code == WORD_AT_LEAST && ++i < expr->n)
                                min = words[i];
                        join(w, stack, &depth, arg, min);
                }
        }
        return depth == 1 && stack[0].holds;
}

uint32_t matcher_why(struct matcher *m, const struct event *e, uint32_t rule, struct arena *a,
                     struct match_why *to, uint32_t max) {
        uint32_t at = 0;
        const struct instance *in = matcher_holding(m, rule, &at);
        struct why_run w = {.m = m, .arena = a, .to = to, .max = max};

        assert(e == m->e);
        if (!in)
                return 0;
        w.alt = &m->g->alts[in->alt];
        (void)walk(&w, &m->g->rules[rule].expr);
        return w.n;
}

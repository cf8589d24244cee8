/* Whether an exception covers a finding: its expression over the finding's fields, plainly, atom by
 * atom. Only what became a verdict comes here, at most a few thousand a second, so this is written to
 * be read; the engine has the speed.
 *
 * A field's name is the decoded one, or its end behind a dot ("CommandLine" is also
 * "Event.EventData.CommandLine"). Any of several values will do. `host`, `user` and `source` are what
 * the alert says, unless the event has fields of these names. A keyword is looked for in every value.
 * No regular expression is compiled to machine code: this runs behind a sandbox. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "rules/exceptions_impl.h"

#define MATCH_LIMIT 100000u
#define DEPTH_LIMIT 500u
#define GLOB_WORK_MAX 1000000u /* steps of one wildcard pattern over one value */

/* ---- preparing ---- */

static void count_atoms(const struct expr *e, uint32_t *n) {
        if (e->kind == EXPR_ATOM)
                ++*n;
        for (uint32_t i = 0; i < e->n; i++)
                count_atoms(e->kids[i], n);
}

static bool fold_pieces(struct arena *a, struct atom *atom) {
        for (uint32_t i = 0; i < atom->pat.n && !atom->cased; i++) {
                struct piece *p = &atom->pat.pieces[i];
                char *to;

                if (p->kind != PIECE_LIT)
                        continue;
                to = arena_alloc(a, p->lit.len * 3 / 2 + 4);
                if (!to)
                        return false;
                p->lit = span_of(to, utf8_fold_to(to, p->lit));
        }
        return true;
}

static void prepare_regex(struct compiled *c) {
        const struct atom *a = c->atom;
        uint32_t flags = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | (a->re_i ? PCRE2_CASELESS : 0) |
                         (a->re_m ? PCRE2_MULTILINE : 0) | (a->re_s ? PCRE2_DOTALL : 0) |
                         PCRE2_NEVER_BACKSLASH_C;
        int err;
        size_t off;

        c->c.re = pcre2_compile((PCRE2_SPTR)a->regex.p, a->regex.len, flags, &err, &off, NULL);
}

static bool prepare(struct exceptions *x, const struct expr *e) {
        for (uint32_t i = 0; i < e->n; i++)
                if (!prepare(x, e->kids[i]))
                        return false;
        if (e->kind != EXPR_ATOM)
                return true;
        struct atom *a = e->atom;
        struct compiled *c = &x->atoms[x->n_atoms++];
        *c = (struct compiled){.atom = a,
                               .b = {.value = a->value,
                                     .op = (uint8_t)a->op,
                                     .cmp = (uint8_t)a->cmp,
                                     .part = (uint8_t)a->part,
                                     .addr_len = a->addr_len,
                                     .prefix = a->prefix}};
        memcpy(c->b.addr, a->addr, sizeof(c->b.addr));
        c->c.b = &c->b;
        if (a->op == ATOM_REGEX)
                prepare_regex(c);
        return a->op != ATOM_STRING || fold_pieces(&x->set.arena, a);
}

static int compiled_cmp(const void *a, const void *b) {
        const struct compiled *x = a, *y = b;

        return ((uintptr_t)x->atom > (uintptr_t)y->atom) -
               ((uintptr_t)x->atom < (uintptr_t)y->atom);
}

int exceptions_prepare(struct exceptions *x) {
        uint32_t n = 0;

        for (uint32_t i = 0; i < x->n; i++)
                if (x->list[i].expr)
                        count_atoms(x->list[i].expr, &n);
        x->atoms = arena_array(&x->set.arena, n + 1, sizeof(*x->atoms));
        x->tools.match_data = pcre2_match_data_create(1, NULL);
        x->tools.match_context = pcre2_match_context_create(NULL);
        if (!x->atoms || !x->tools.match_data || !x->tools.match_context)
                return FAIL(-ENOMEM);
        pcre2_set_match_limit(x->tools.match_context, MATCH_LIMIT);
        pcre2_set_depth_limit(x->tools.match_context, DEPTH_LIMIT);
        for (uint32_t i = 0; i < x->n; i++)
                if (x->list[i].expr && !prepare(x, x->list[i].expr))
                        return FAIL(-ENOMEM);
        qsort(x->atoms, x->n_atoms, sizeof(*x->atoms), compiled_cmp);
        for (uint32_t i = 0; i < x->n_atoms; i++)
                x->atoms[i].c.b = &x->atoms[i].b;
        return 0;
}

void exceptions_discard(struct exceptions *x) {
        for (uint32_t i = 0; i < x->n_atoms; i++)
                if (x->atoms[i].c.re)
                        pcre2_code_free(x->atoms[i].c.re);
        pcre2_match_data_free(x->tools.match_data);
        pcre2_match_context_free(x->tools.match_context);
}

/* ---- fields ---- */

static bool names(struct span field, struct span name) {
        return span_eq(field, name) ||
               (name.len > field.len && name.p[name.len - field.len - 1] == '.' &&
                span_ends(name, field));
}

/* The nth value of the field: 1 there is one, 2 it is null, 0 no more. */
static int value_at(const struct exception_subject *s, struct span field, uint32_t *at,
                    struct span *ret) {
        const struct finding *f = s->finding;

        while (*at < f->n_fields) {
                const struct finding_field *x = &f->fields[(*at)++];

                if (field.len == 0 || names(field, x->name)) {
                        *ret = x->value;
                        return x->type == FINDING_NULL ? 2 : 1;
                }
        }
        return 0;
}

static struct span special(const struct exception_subject *s, struct span field) {
        if (span_eq(field, SPAN("host")))
                return s->finding->host;
        if (span_eq(field, SPAN("user")))
                return s->finding->user;
        return span_eq(field, SPAN("source")) ? s->source : SPAN_NONE;
}

/* ---- atoms ---- */

/* Wildcards: the last '*' takes one more whenever what follows does not fit. */
static bool glob(const struct pattern *p, struct span t) {
        size_t at = 0, star_at = 0;
        uint32_t i = 0, star = UINT32_MAX, work = 0;

        for (;;) {
                if (work++ > GLOB_WORK_MAX)
                        return false;
                if (i == p->n && at == t.len)
                        return true;
                if (i < p->n && p->pieces[i].kind == PIECE_ANY) {
                        star = i++;
                        star_at = at;
                        if (i == p->n)
                                return true;
                        continue;
                }
                if (i < p->n && p->pieces[i].kind == PIECE_ONE && at < t.len) {
                        at += text_char(t.p + at, t.len - at);
                        i++;
                        continue;
                }
                if (i < p->n && p->pieces[i].kind == PIECE_LIT &&
                    span_starts(span_of(t.p + at, t.len - at), p->pieces[i].lit)) {
                        at += p->pieces[i].lit.len;
                        i++;
                        continue;
                }
                if (star == UINT32_MAX || star_at >= t.len)
                        return false;
                star_at += text_char(t.p + star_at, t.len - star_at);
                at = star_at;
                i = star + 1;
        }
}

static bool value_make(struct exceptions *x, struct span text, struct value *ret) {
        char *to = arena_alloc(&x->scratch, TEXT_ROOM(text.len));

        if (!to)
                return false;
        if (!text.p)
                text.p = "";
        ret->text = text;
        ret->fold = span_of(to, text_fold(to, text, &ret->ascii));
        return true;
}

static const struct compiled *compiled_of(const struct exceptions *x, const struct atom *a) {
        struct compiled want = {.atom = a};

        return bsearch(&want, x->atoms, x->n_atoms, sizeof(want), compiled_cmp);
}

static bool refers(const struct atom *a, const struct value *v, const struct value *other) {
        struct span l = a->cased ? v->text : v->fold, r = a->cased ? other->text : other->fold;

        switch (a->ref) {
        case REF_EQ: return span_eq(l, r);
        case REF_STARTS: return span_starts(l, r);
        case REF_ENDS: return span_ends(l, r);
        default: return r.len == 0 || memmem(l.p, l.len, r.p, r.len) != NULL;
        }
}

static bool test(struct exceptions *x, const struct exception_subject *s, const struct atom *a,
                 struct span text) {
        struct value v, other;
        struct span t;
        uint32_t at = 0;
        int r;

        if (!value_make(x, text, &v))
                return false;
        if (a->op == ATOM_STRING)
                return glob(&a->pat, a->cased ? v.text : v.fold);
        if (a->op != ATOM_FIELDREF) {
                const struct compiled *c = compiled_of(x, a);
                return c && atom_test(&x->tools, &c->c, &v);
        }
        while ((r = value_at(s, a->other, &at, &t)) != 0)
                if (r == 1 && value_make(x, t, &other) && refers(a, &v, &other))
                        return true;
        return false;
}

static bool atom_holds(struct exceptions *x, const struct exception_subject *s,
                       const struct atom *a) {
        uint32_t at = 0, n = 0;
        bool null = false;
        struct span t;
        int r;

        while ((r = value_at(s, a->field, &at, &t)) != 0) {
                n++;
                if (r == 2)
                        null = true;
                else if (a->op != ATOM_NULL && a->op != ATOM_EXISTS && test(x, s, a, t))
                        return true;
        }
        t = n == 0 ? special(s, a->field) : SPAN_NONE;
        if (t.len) {
                n++;
                if (a->op != ATOM_NULL && a->op != ATOM_EXISTS && test(x, s, a, t))
                        return true;
        }
        if (a->op == ATOM_NULL)
                return n == 0 || null;
        return a->op == ATOM_EXISTS && n > 0;
}

static bool holds(struct exceptions *x, const struct exception_subject *s, const struct expr *e) {
        uint32_t n = 0;

        switch (e->kind) {
        case EXPR_TRUE: return true;
        case EXPR_FALSE: return false;
        case EXPR_ATOM: return atom_holds(x, s, e->atom);
        case EXPR_NOT: return !holds(x, s, e->kids[0]);
        default: break;
        }
        uint32_t want = e->kind == EXPR_AND ? e->n : e->kind == EXPR_OR ? 1 : e->min;
        for (uint32_t i = 0; i < e->n && n < want; i++) {
                if (e->n - i < want - n)
                        return false;
                n += holds(x, s, e->kids[i]);
        }
        return n >= want;
}

/* ---- exceptions ---- */

static bool concerns(const struct entry *e, const struct exception_subject *s,
                     const struct program_rule *r) {
        if (e->any)
                return true;
        for (uint32_t i = 0; i < e->n_ids; i++)
                if (span_ieq(e->ids[i], r->id) || span_eq(e->ids[i], r->title))
                        return true;
        for (uint32_t k = 0; k < r->n_tags; k++) {
                struct span tag = s->correlation ? program_correlation_tag(s->program, s->index, k)
                                                 : program_rule_tag(s->program, s->index, k);
                for (uint32_t i = 0; i < e->n_tags; i++)
                        if (tag.len >= e->tags[i].len &&
                            span_ieq(span_of(tag.p, e->tags[i].len), e->tags[i]) &&
                            (tag.len == e->tags[i].len || tag.p[e->tags[i].len] == '.'))
                                return true;
        }
        return false;
}

struct span exceptions_match(struct exceptions *x, const struct exception_subject *s,
                             int64_t wall) {
        struct program_rule r;

        if (s->correlation ? !program_correlation_meta(s->program, s->index, &r)
                           : !program_rule(s->program, s->index, &r))
                return SPAN_NONE;
        for (uint32_t i = 0; i < x->n; i++) {
                const struct entry *e = &x->list[i];

                if (wall >= e->x.expires || !concerns(e, s, &r))
                        continue;
                arena_reset(&x->scratch);
                if (!e->expr || holds(x, s, e->expr))
                        return e->x.id;
        }
        return SPAN_NONE;
}

/* What the parser's files share: growing arrays of the arena, diags, and expressions in normal
 * form.
 *
 * Expressions (rules/rule.h): an AND has no AND among its kids that was made for it alone, an OR no
 * OR; NOT of NOT is gone; a list of one is the one. Trees are shared: a search that the condition
 * names twice is one tree with two parents. */
#include "rules/build.h"

#include <stdarg.h>
#include <stdio.h>

void *vec_push(struct arena *a, void *array, uint32_t *n, uint32_t *cap, size_t size) {
        void *old;

        memcpy(&old, array, sizeof(old));
        if (*n == *cap) {
                uint32_t want = *cap ? *cap * 2 : 16;
                void *grown = want > *cap ? arena_alloc(a, want * size) : NULL;
                if (!grown)
                        return NULL;
                if (*n)
                        memcpy(grown, old, *n * size);
                memcpy(array, &grown, sizeof(grown));
                old = grown;
                *cap = want;
        }
        return memset((char *)old + (size_t)(*n)++ * size, 0, size);
}

static struct span arena_vprintf(struct arena *a, const char *fmt, va_list ap) _printf_(2, 0);

static struct span arena_vprintf(struct arena *a, const char *fmt, va_list ap) {
        char text[1024];
        int n = vsnprintf(text, sizeof(text), fmt, ap);

        if (n < 0)
                return SPAN_NONE;
        return arena_dup(a, span_of(text, MIN((size_t)n, sizeof(text) - 1)));
}

/* The array's room follows from its length: doubled at every power of two from 16. */
static struct diag *diag_push(struct ruleset *set) {
        uint32_t n = set->n_diags, cap = n < 16 ? (n ? 16 : 0) : n;

        if (n >= 16 && (n & (n - 1)))
                return memset(&set->diags[set->n_diags++], 0, sizeof(*set->diags));
        return vec_push(&set->arena, &set->diags, &set->n_diags, &cap, sizeof(*set->diags));
}

void ruleset_diag(struct ruleset *set, const struct diag *d, const char *en, const char *vi, ...) {
        struct diag *to = diag_push(set);
        va_list ap;

        if (!to)
                return;
        *to = *d;
        va_start(ap, vi);
        to->en = arena_vprintf(&set->arena, en, ap);
        va_end(ap);
        va_start(ap, vi);
        to->vi = arena_vprintf(&set->arena, vi, ap);
        va_end(ap);
}

void say(struct parse *p, enum diag_severity severity, const char *code, const struct node *at,
         const char *en, const char *vi, ...) {
        struct diag *to;
        va_list ap;

        if (severity == DIAG_ERROR)
                p->refused = true;
        /* The first error is always told, so that no refusal is silent. */
        if (p->said >= DIAGS_PER_DOCUMENT && severity != DIAG_ERROR)
                return;
        if (p->said++ > 2 * DIAGS_PER_DOCUMENT)
                return;
        to = diag_push(p->set);
        if (!to)
                return;
        to->severity = severity;
        to->code = code;
        to->file = p->file;
        to->rule = p->rule;
        if (at) {
                to->line = at->line;
                to->column = at->column;
        }
        va_start(ap, vi);
        to->en = arena_vprintf(p->a, en, ap);
        va_end(ap);
        va_start(ap, vi);
        to->vi = arena_vprintf(p->a, vi, ap);
        va_end(ap);
}

struct node mark(uint32_t line, uint32_t column) {
        return (struct node){.line = line, .column = column};
}

/* Edit distance, for words up to 64 bytes. */
bool alike(struct span x, struct span y) {
        uint8_t row[65];

        if (x.len > 64 || y.len > 64 || MIN(x.len, y.len) < 3 ||
            MAX(x.len, y.len) - MIN(x.len, y.len) > 2)
                return false;
        for (size_t k = 0; k <= y.len; k++)
                row[k] = (uint8_t)k;
        for (size_t i = 1; i <= x.len; i++) {
                uint8_t corner = row[0];
                row[0] = (uint8_t)i;
                for (size_t k = 1; k <= y.len; k++) {
                        uint8_t change =
                                corner + (ascii_lower(x.p[i - 1]) != ascii_lower(y.p[k - 1]));
                        uint8_t least = MIN(row[k], row[k - 1]) + 1;
                        corner = row[k];
                        row[k] = MIN(change, least);
                }
        }
        return row[y.len] <= (MIN(x.len, y.len) < 5 ? 1 : 2);
}

struct expr *expr_atom(struct arena *a, struct atom *atom) {
        struct expr *e = atom ? arena_zalloc(a, sizeof(*e)) : NULL;

        if (e) {
                e->kind = EXPR_ATOM;
                e->atom = atom;
        }
        return e;
}

struct expr *expr_not(struct arena *a, struct expr *e) {
        struct expr *negation, **kids;

        if (!e)
                return NULL;
        if (e->kind == EXPR_NOT)
                return e->kids[0];
        negation = arena_zalloc(a, sizeof(*negation));
        kids = arena_alloc(a, sizeof(*kids));
        if (!negation || !kids)
                return NULL;
        kids[0] = e;
        *negation = (struct expr){.kind = EXPR_NOT, .n = 1, .kids = kids};
        return negation;
}

struct expr *expr_list(struct arena *a, enum expr_kind kind, struct expr **kids, uint32_t n) {
        struct expr *e;
        uint32_t total = 0;
        bool flat = true;

        for (uint32_t i = 0; i < n; i++) {
                if (!kids[i])
                        return NULL;
                bool same = kids[i]->kind == kind && kind != EXPR_AT_LEAST;
                total += same ? kids[i]->n : 1;
                flat &= !same;
        }
        if (n == 1)
                return kids[0];
        e = arena_zalloc(a, sizeof(*e));
        if (!e)
                return NULL;
        if (!flat) {
                struct expr **all = arena_alloc(a, total * sizeof(*all));
                if (!all)
                        return NULL;
                for (uint32_t i = 0, k = 0; i < n; i++) {
                        bool same = kids[i]->kind == kind;
                        memcpy(all + k, same ? kids[i]->kids : &kids[i],
                               (same ? kids[i]->n : 1) * sizeof(*all));
                        k += same ? kids[i]->n : 1;
                }
                kids = all;
        }
        *e = (struct expr){.kind = kind, .n = total, .kids = kids};
        return e;
}

struct expr *expr_pair(struct arena *a, enum expr_kind kind, struct expr *x, struct expr *y) {
        struct expr **kids = arena_alloc(a, 2 * sizeof(*kids));

        if (!kids)
                return NULL;
        kids[0] = x;
        kids[1] = y;
        return expr_list(a, kind, kids, 2);
}

/* Conditions of CACAO steps as far as a machine may decide them: STIX patterning's comparisons, over variables.
 *
 *     or:   and { OR and }
 *     and:  not { AND not }
 *     not:  [NOT] ( "(" or ")" | "[" or "]" | comparison )
 *     comparison: side (= | == | != | < | <= | > | >=) side;  side: __name__:value, 'text', number, true, false
 *
 * Three values: what is not known stays unknown unless the rest decides. What is not of this grammar is unknown as
 * a whole: a person is asked, who sees the condition. Numbers compare as numbers when both sides are, else bytes.
 * Linear in the text; depth bounded. */
#include <stdlib.h>
#include <strings.h>

#include "reader/playbook.h"

#define DEPTH_MAX 32u

struct parse {
        struct span rest;
        playbook_value *value;
        void *ctx;
        bool bad;
        unsigned depth;
};

struct side {
        struct span text;
        struct span name; /* of a variable */
        bool known;
};

static void skip(struct parse *p) {
        while (p->rest.len && memchr(" \t\r\n", p->rest.p[0], 4))
                p->rest = span_of(p->rest.p + 1, p->rest.len - 1);
}

static bool letter(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
               (c >= '0' && c <= '9') || c == '-' || c == '.';
}

static struct span word(struct parse *p) {
        size_t n = 0;

        skip(p);
        while (n < p->rest.len && letter(p->rest.p[n]))
                n++;
        return span_of(p->rest.p, n);
}

static void drop(struct parse *p, size_t n) {
        p->rest = span_of(p->rest.p + n, p->rest.len - n);
}

static bool keyword(struct parse *p, struct span name) {
        struct span w = word(p);

        if (w.len != name.len || strncasecmp(w.p, name.p, w.len) != 0)
                return false;
        drop(p, w.len);
        return true;
}

static bool sign(struct parse *p, struct span s) {
        skip(p);
        if (p->rest.len < s.len || memcmp(p->rest.p, s.p, s.len) != 0)
                return false;
        drop(p, s.len);
        return true;
}

static bool read_side(struct parse *p, struct side *s) {
        *s = (struct side){.known = true};
        skip(p);
        if (p->rest.len && p->rest.p[0] == '\'') {
                const char *end = memchr(p->rest.p + 1, '\'', p->rest.len - 1);

                if (!end)
                        return false;
                s->text = span_of(p->rest.p + 1, (size_t)(end - p->rest.p) - 1);
                if (memchr(s->text.p, '\\', s->text.len))
                        return false; /* escapes: a person reads them better */
                drop(p, s->text.len + 2);
                return true;
        }
        struct span w = word(p);
        if (!w.len)
                return false;
        drop(p, w.len);
        s->text = w;
        if (w.len > 4 && memcmp(w.p, "__", 2) == 0) {
                if (!sign(p, SPAN(":value")))
                        return false;
                s->name = w;
                s->text = p->value ? p->value(p->ctx, w) : SPAN_NONE;
                s->known = s->text.p != NULL;
        }
        return true;
}

static bool number(struct span s, double *ret) {
        char text[64];
        char *end;

        if (!s.len || s.len >= sizeof(text) || !memchr("-0123456789", s.p[0], 11))
                return false;
        memcpy(text, s.p, s.len);
        text[s.len] = '\0';
        *ret = strtod(text, &end);
        return !*end;
}

enum { EQ, NE, LE, GE, LT, GT, OPS };

static enum playbook_truth compare(const struct side *a, const struct side *b, int op) {
        double x, y;
        int c;

        if (!a->known || !b->known)
                return PLAYBOOK_UNKNOWN;
        if (number(a->text, &x) && number(b->text, &y)) {
                c = (x > y) - (x < y);
        } else {
                c = memcmp(a->text.p, b->text.p, MIN(a->text.len, b->text.len));
                if (c == 0)
                        c = (a->text.len > b->text.len) - (a->text.len < b->text.len);
        }
        bool is = op == EQ   ? c == 0
                  : op == NE ? c != 0
                  : op == LE ? c <= 0
                  : op == GE ? c >= 0
                  : op == LT ? c < 0
                             : c > 0;
        return is ? PLAYBOOK_TRUE : PLAYBOOK_FALSE;
}

static int read_op(struct parse *p) {
        static const struct span ops[] = {SPAN("!="), SPAN("<="), SPAN(">="), SPAN("=="),
                                          SPAN("="),  SPAN("<"),  SPAN(">")};
        static const int which[] = {NE, LE, GE, EQ, EQ, LT, GT};

        for (size_t i = 0; i < ARRAY_LEN(ops); i++)
                if (sign(p, ops[i]))
                        return which[i];
        return OPS;
}

static enum playbook_truth read_or(struct parse *p);

static enum playbook_truth opposite(enum playbook_truth t) {
        return t == PLAYBOOK_TRUE ? PLAYBOOK_FALSE : t == PLAYBOOK_FALSE ? PLAYBOOK_TRUE : t;
}

static enum playbook_truth read_not(struct parse *p) {
        enum playbook_truth t = PLAYBOOK_UNKNOWN;
        struct side a, b;
        int op;

        if (++p->depth > DEPTH_MAX)
                p->bad = true;
        if (p->bad) {
                p->depth--;
                return t;
        }
        if (keyword(p, SPAN("NOT"))) {
                t = opposite(read_not(p));
        } else if (sign(p, SPAN("("))) {
                t = read_or(p);
                p->bad |= !sign(p, SPAN(")"));
        } else if (sign(p, SPAN("["))) {
                t = read_or(p);
                p->bad |= !sign(p, SPAN("]"));
        } else if (!read_side(p, &a) || (op = read_op(p)) == OPS || !read_side(p, &b)) {
                p->bad = true;
        } else {
                t = compare(&a, &b, op);
        }
        p->depth--;
        return t;
}

static enum playbook_truth read_and(struct parse *p) {
        enum playbook_truth t = read_not(p);

        while (!p->bad && keyword(p, SPAN("AND"))) {
                enum playbook_truth u = read_not(p);

                if (t == PLAYBOOK_FALSE || u == PLAYBOOK_FALSE)
                        t = PLAYBOOK_FALSE;
                else if (t == PLAYBOOK_UNKNOWN || u == PLAYBOOK_UNKNOWN)
                        t = PLAYBOOK_UNKNOWN;
        }
        return t;
}

static enum playbook_truth read_or(struct parse *p) {
        enum playbook_truth t = read_and(p);

        while (!p->bad && keyword(p, SPAN("OR"))) {
                enum playbook_truth u = read_and(p);

                if (t == PLAYBOOK_TRUE || u == PLAYBOOK_TRUE)
                        t = PLAYBOOK_TRUE;
                else if (t == PLAYBOOK_UNKNOWN || u == PLAYBOOK_UNKNOWN)
                        t = PLAYBOOK_UNKNOWN;
        }
        return t;
}

enum playbook_truth playbook_condition(struct span text, playbook_value *value, void *ctx) {
        struct parse p = {.rest = text, .value = value, .ctx = ctx};
        enum playbook_truth t = read_or(&p);

        skip(&p);
        return p.bad || p.rest.len ? PLAYBOOK_UNKNOWN : t;
}

struct span playbook_asks(struct span text) {
        struct parse p = {.rest = text};
        struct side a, b;

        if (!read_side(&p, &a) || !a.name.len || read_op(&p) != EQ || !read_side(&p, &b) ||
            !span_eq(b.text, SPAN("true")))
                return SPAN_NONE;
        skip(&p);
        return p.rest.len ? SPAN_NONE : a.name;
}

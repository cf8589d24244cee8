/* Conditions (rules specification, section "Condition") to expressions.
 *
 *     or    := and { "or" and }            least binding
 *     and   := not { "and" not }
 *     not   := "not" not | of | name | "(" or ")"
 *     of    := ("1" | "any" | "all" | NUMBER) "of" ("them" | PATTERN)
 *
 * Words are runs of anything but blanks and parentheses; the operators are recognised in any case
 * of letters. `them` and a pattern leave out names that begin with '_', unless the pattern itself
 * does. A number above 1 is an extension that the old converters had; it is accepted with a hint.
 *
 * The text is hostile: recursion is limited to 64 levels, and the size of what it would be written
 * out is charged to the rule (RULE_SIZE_MAX), since a name of a large search can be repeated
 * thousands of times. */
#include "rules/build.h"

#define NESTING_MAX 64

enum token { TOKEN_END, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_AND, TOKEN_OR, TOKEN_NOT, TOKEN_WORD };

struct cond {
        struct parse *p;
        struct span text;
        const struct node *at;
        uint32_t offset; /* of text in the node */
        struct named *names;
        uint32_t n;
        size_t pos;  /* behind the token */
        size_t from; /* its start */
        enum token token;
        struct span word;
        unsigned nesting;
};

static bool is_blank(char c) {
        return (unsigned char)c <= ' ';
}

static void next(struct cond *c) {
        struct span s = c->text;

        while (c->pos < s.len && is_blank(s.p[c->pos]))
                c->pos++;
        c->from = c->pos;
        if (c->pos == s.len) {
                c->token = TOKEN_END;
                c->word = SPAN("");
                return;
        }
        char ch = s.p[c->pos++];
        if (ch == '(' || ch == ')') {
                c->token = ch == '(' ? TOKEN_OPEN : TOKEN_CLOSE;
                c->word = span_of(s.p + c->from, 1);
                return;
        }
        while (c->pos < s.len && !is_blank(s.p[c->pos]) && s.p[c->pos] != '(' && s.p[c->pos] != ')')
                c->pos++;
        c->word = span_of(s.p + c->from, c->pos - c->from);
        c->token = span_ieq(c->word, SPAN("and"))   ? TOKEN_AND
                   : span_ieq(c->word, SPAN("or"))  ? TOKEN_OR
                   : span_ieq(c->word, SPAN("not")) ? TOKEN_NOT
                                                    : TOKEN_WORD;
}

/* The place of the token at hand; exact while the condition stands on one line. */
static struct node here(const struct cond *c) {
        return mark(c->at->line,
                    c->at->column + (c->at->plain ? 0 : 1) + c->offset + (uint32_t)c->from);
}

static bool wild(struct span pattern, struct span name) {
        size_t i = 0, k = 0, star = SIZE_MAX, mark_ = 0;

        while (k < name.len) {
                if (i < pattern.len && pattern.p[i] == '*') {
                        star = i++;
                        mark_ = k;
                } else if (i < pattern.len && (pattern.p[i] == name.p[k] || pattern.p[i] == '?')) {
                        i++;
                        k++;
                } else if (star != SIZE_MAX) {
                        i = star + 1;
                        k = ++mark_;
                } else {
                        return false;
                }
        }
        while (i < pattern.len && pattern.p[i] == '*')
                i++;
        return i == pattern.len;
}

static bool charge(struct cond *c, uint32_t size) {
        struct node at = here(c);

        if (size > RULE_SIZE_MAX || c->p->size > RULE_SIZE_MAX - size) {
                say(c->p, DIAG_ERROR, "rule-too-large", &at,
                    "written out, the condition has more than %d parts: split the rule",
                    "viết đầy đủ thì điều kiện có hơn %d phần: hãy chia quy tắc", RULE_SIZE_MAX);
                return false;
        }
        c->p->size += size;
        return true;
}

static struct expr *unknown_name(struct cond *c, struct span word) {
        struct node at = here(c);
        struct span guess = SPAN_NONE;

        for (uint32_t i = 0; i < c->n; i++)
                if (alike(c->names[i].name, word) || span_ieq(c->names[i].name, word) ||
                    (word.len > 2 &&
                     (span_starts(c->names[i].name, word) || span_starts(word, c->names[i].name))))
                        guess = c->names[i].name;
        if (guess.p)
                say(c->p, DIAG_ERROR, "condition-unknown", &at,
                    "the condition names \"%.*s\", which is not defined: did you mean \"%.*s\"?",
                    "điều kiện nêu \"%.*s\" nhưng không có định nghĩa: ý bạn là \"%.*s\"?",
                    SHOW(word), SHOW(guess));
        else
                say(c->p, DIAG_ERROR, "condition-unknown", &at,
                    "the condition names \"%.*s\", which is not defined: define it or correct the "
                    "name",
                    "điều kiện nêu \"%.*s\" nhưng không có định nghĩa: hãy định nghĩa hoặc sửa tên",
                    SHOW(word));
        return NULL;
}

static struct expr *name_parse(struct cond *c) {
        struct span word = c->word;

        for (uint32_t i = 0; i < c->n; i++) {
                if (!span_eq(c->names[i].name, word))
                        continue;
                c->names[i].used = true;
                if (!charge(c, c->names[i].size))
                        return NULL;
                next(c);
                return c->names[i].expr;
        }
        return unknown_name(c, word);
}

/* 0: not a quantifier; UINT32_MAX: all. */
static uint32_t quantifier(struct span w) {
        uint32_t v = 0;

        if (span_ieq(w, SPAN("all")))
                return UINT32_MAX;
        if (span_ieq(w, SPAN("any")))
                return 1;
        if (w.len == 0 || w.len > 6)
                return 0;
        for (size_t i = 0; i < w.len; i++) {
                if (w.p[i] < '0' || w.p[i] > '9')
                        return 0;
                v = v * 10 + (uint32_t)(w.p[i] - '0');
        }
        return v;
}

static struct expr *at_least(struct cond *c, const struct node *at, struct expr **kids, uint32_t n,
                             uint32_t min) {
        struct expr *e;

        say(c->p, DIAG_HINT, "condition-count", at,
            "\"%u of\" is not part of the specification; other tools may refuse it",
            "\"%u of\" không thuộc đặc tả; công cụ khác có thể từ chối", min);
        if (min > n) {
                say(c->p, DIAG_ERROR, "condition-count-high", at,
                    "asks for %u of %u searches, which can never be: lower the number",
                    "đòi %u trong %u phép tìm, không bao giờ xảy ra: hãy giảm số", min, n);
                return NULL;
        }
        e = n > 1 ? expr_list(c->p->a, EXPR_AT_LEAST, kids, n) : kids[0];
        if (e && n > 1)
                e->min = min;
        return e;
}

/* After "N of": `them` or a pattern. */
static struct expr *of_parse(struct cond *c, uint32_t min) {
        struct expr **kids = arena_array(c->p->a, MAX(c->n, 1u), sizeof(*kids));
        struct span word = c->word;
        bool them = span_ieq(word, SPAN("them"));
        struct node at = here(c);
        uint32_t n = 0;

        if (!kids)
                return NULL;
        if (c->token != TOKEN_WORD) {
                say(c->p, DIAG_ERROR, "condition-syntax", &at,
                    "after \"of\" stands them or a name with *",
                    "sau \"of\" phải là them hoặc tên có dấu *");
                return NULL;
        }
        for (uint32_t i = 0; i < c->n; i++) {
                struct named *d = &c->names[i];
                if (d->name.len && d->name.p[0] == '_' && (them || word.p[0] != '_'))
                        continue;
                if (!them && !wild(word, d->name))
                        continue;
                d->used = true;
                if (!charge(c, d->size))
                        return NULL;
                kids[n++] = d->expr;
        }
        if (n == 0) {
                say(c->p, DIAG_ERROR, "condition-no-match", &at,
                    "no search has a name like \"%.*s\": define one or correct the pattern",
                    "không phép tìm nào có tên như \"%.*s\": hãy định nghĩa hoặc sửa mẫu",
                    SHOW(word));
                return NULL;
        }
        if (them && min == UINT32_MAX)
                say(c->p, DIAG_HINT, "condition-all-of-them", &at,
                    "\"all of them\" leaves users no room to add filters: name a pattern like "
                    "\"all of selection*\"",
                    "\"all of them\" không cho người dùng thêm bộ lọc: hãy nêu mẫu như \"all of "
                    "selection*\"");
        next(c);
        if (min == UINT32_MAX)
                return expr_list(c->p->a, EXPR_AND, kids, n);
        return min == 1 ? expr_list(c->p->a, EXPR_OR, kids, n) : at_least(c, &at, kids, n, min);
}

static struct expr *or_parse(struct cond *c);

static struct expr *word_parse(struct cond *c) {
        struct cond save = *c;
        uint32_t min = quantifier(c->word);

        next(c);
        if (c->token == TOKEN_WORD && span_ieq(c->word, SPAN("of"))) {
                if (min == 0) {
                        struct node at = here(&save);
                        say(c->p, DIAG_ERROR, "condition-syntax", &at,
                            "before \"of\" stands 1, any or all, not \"%.*s\"",
                            "trước \"of\" phải là 1, any hoặc all, không phải \"%.*s\"",
                            SHOW(save.word));
                        return NULL;
                }
                next(c);
                return of_parse(c, min);
        }
        *c = save;
        return name_parse(c);
}

static struct expr *not_parse(struct cond *c) {
        struct node at = here(c);
        bool negate = false;
        struct expr *e;

        while (c->token == TOKEN_NOT) {
                negate = !negate;
                next(c);
        }
        if (c->token == TOKEN_WORD) {
                e = word_parse(c);
        } else if (c->token == TOKEN_OPEN) {
                if (c->nesting == NESTING_MAX) {
                        say(c->p, DIAG_ERROR, "condition-too-deep", &at,
                            "parentheses nested more than %d times", "ngoặc lồng nhau hơn %d tầng",
                            NESTING_MAX);
                        return NULL;
                }
                c->nesting++;
                next(c);
                e = or_parse(c);
                c->nesting--;
                if (!e)
                        return NULL;
                if (c->token != TOKEN_CLOSE) {
                        at = here(c);
                        say(c->p, DIAG_ERROR, "condition-syntax", &at,
                            "a closing parenthesis is missing here", "thiếu dấu đóng ngoặc ở đây");
                        return NULL;
                }
                next(c);
        } else {
                at = here(c);
                say(c->p, DIAG_ERROR, "condition-syntax", &at,
                    "a search's name or a parenthesis is missing here, before \"%.*s\"",
                    "thiếu tên phép tìm hoặc ngoặc ở đây, trước \"%.*s\"", SHOW(c->word));
                return NULL;
        }
        return negate ? expr_not(c->p->a, e) : e;
}

/* A chain of one operator, collected before it is built: linear in its length. */
static struct expr *chain_parse(struct cond *c, enum token op) {
        struct expr **kids = NULL, **slot;
        uint32_t n = 0, cap = 0;

        for (;;) {
                struct expr *e = op == TOKEN_OR ? chain_parse(c, TOKEN_AND) : not_parse(c);
                slot = e ? vec_push(c->p->a, &kids, &n, &cap, sizeof(*kids)) : NULL;
                if (!slot)
                        return NULL;
                *slot = e;
                if (c->token != op)
                        return expr_list(c->p->a, op == TOKEN_OR ? EXPR_OR : EXPR_AND, kids, n);
                next(c);
        }
}

static struct expr *or_parse(struct cond *c) {
        return chain_parse(c, TOKEN_OR);
}

struct expr *condition_parse(struct parse *p, struct span text, const struct node *at,
                             uint32_t offset, struct named *names, uint32_t n) {
        struct cond c = {.p = p, .text = text, .at = at, .offset = offset, .names = names, .n = n};
        struct expr *e;

        next(&c);
        e = or_parse(&c);
        if (e && c.token != TOKEN_END) {
                struct node place = here(&c);
                say(p, DIAG_ERROR, "condition-syntax", &place,
                    "and, or or the end is expected before \"%.*s\"",
                    "cần and, or hoặc kết thúc trước \"%.*s\"", SHOW(c.word));
                return NULL;
        }
        return e;
}

/* See query.h.
 *
 * A recursive descent over the text that writes postfix steps; depth and counts are bounded. What
 * the engine shall judge becomes a Sigma rule, so that a query means what a rule means. */
#include "seek/query.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/lang.h"
#include "base/timestamp.h"
#include "seek/query_impl.h"

void query_wrong(struct query_parser *p, size_t at, const char *fmt, ...) {
        va_list ap;

        if (p->failed)
                return; /* the first one counts */
        p->failed = true;
        p->problem->at = (uint32_t)at;
        va_start(ap, fmt);
        vsnprintf(p->problem->text, sizeof(p->problem->text), fmt, ap);
        va_end(ap);
}

void query_blanks(struct query_parser *p) {
        while (p->at < p->text.len && (unsigned char)p->text.p[p->at] <= ' ')
                p->at++;
}

static char peek(const struct query_parser *p) {
        return p->at < p->text.len ? p->text.p[p->at] : '\0';
}

static bool ends_word(char c) {
        return (unsigned char)c <= ' ' || strchr("()|\"", c) != NULL;
}

/* A keyword in capitals, followed by something that ends a word. */
static bool take_keyword(struct query_parser *p, const char *word) {
        size_t n = strlen(word);

        query_blanks(p);
        if (p->text.len - p->at < n || memcmp(p->text.p + p->at, word, n) != 0)
                return false;
        if (p->at + n < p->text.len && !ends_word(p->text.p[p->at + n]))
                return false;
        p->at += n;
        return true;
}

static void step(struct query_parser *p, enum query_op op, uint32_t leaf) {
        struct query *q = p->q;

        if (q->n_steps == QUERY_OPS_MAX) {
                query_wrong(p, p->at, "%s", tr("the query is too long", "truy vấn quá dài"));
                return;
        }
        q->steps[q->n_steps++] = (struct query_step){op, leaf};
}

/* ---- leaves ---- */

static bool is_wild(struct span s) {
        for (size_t i = 0; i < s.len; i++) {
                if (s.p[i] == '\\' && i + 1 < s.len)
                        i++;
                else if (s.p[i] == '*' || s.p[i] == '?')
                        return true;
        }
        return false;
}

static bool is_word_byte(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-' || c == '.';
}

/* The longest stretch of bytes that look the same in every encoding of a record. */
static struct span longest_plain(struct query_parser *p, struct span s) {
        struct span best = SPAN_NONE;
        size_t start = 0;

        for (size_t i = 0; i <= s.len; i++) {
                if (i < s.len && is_word_byte(s.p[i]))
                        continue;
                if (i - start > best.len)
                        best = span_of(s.p + start, i - start);
                start = i + 1;
        }
        if (best.len < 3)
                return SPAN_NONE;
        struct span copy = arena_dup(&p->q->arena, best);
        for (size_t i = 0; copy.p && i < copy.len; i++)
                ((char *)copy.p)[i] = ascii_lower(copy.p[i]);
        return copy;
}

static uint32_t add_leaf(struct query_parser *p, const struct leaf *l) {
        struct query *q = p->q;

        if (q->n_leaves == QUERY_LEAVES_MAX) {
                query_wrong(p, p->at, tr("more than %u terms", "quá %u điều kiện"),
                            QUERY_LEAVES_MAX);
                return 0;
        }
        q->leaves[q->n_leaves] = *l;
        if (!q->leaves[q->n_leaves].literal.p && l->kind != LEAF_RULE && l->kind != LEAF_SOURCE &&
            l->kind != LEAF_PEER && l->kind != LEAF_FLAG && l->kind != LEAF_DRILL &&
            strcmp(l->modifier, "|re") != 0 && !(l->modifier[0] && l->modifier[1] != 'c'))
                q->leaves[q->n_leaves].literal = longest_plain(p, l->text);
        if (strcmp(l->modifier, "|cidr") == 0)
                q->leaves[q->n_leaves].literal = SPAN_NONE;
        step(p, QUERY_LEAF, q->n_leaves);
        return q->n_leaves++;
}

/* A quoted phrase: \" and \\ are escapes; the result is without them, and wildcards in it are
 * escaped for Sigma when `escape`. */
static struct span take_quoted(struct query_parser *p, bool escape) {
        size_t start = p->at++, n = 0;
        char *to = arena_alloc(&p->q->arena, (p->text.len - start) * 2 + 2);

        if (!to)
                return SPAN_NONE;
        while (p->at < p->text.len && p->text.p[p->at] != '"') {
                char c = p->text.p[p->at++];

                if (c == '\\' && p->at < p->text.len &&
                    (p->text.p[p->at] == '"' || p->text.p[p->at] == '\\'))
                        c = p->text.p[p->at++];
                if (escape && (c == '*' || c == '?' || c == '\\'))
                        to[n++] = '\\';
                to[n++] = c;
        }
        if (peek(p) != '"')
                query_wrong(p, start, "%s",
                            tr("the quotation mark is never closed", "dấu nháy không được đóng"));
        p->at++;
        return span_of(to, n);
}

static struct span take_bare(struct query_parser *p) {
        size_t start = p->at;

        while (p->at < p->text.len && !ends_word(p->text.p[p->at])) {
                if (p->text.p[p->at] == '\\' && p->at + 1 < p->text.len)
                        p->at++;
                p->at++;
        }
        return arena_dup(&p->q->arena, span_of(p->text.p + start, p->at - start));
}

static bool looks_like_network(struct span s) {
        const char *slash = memchr(s.p, '/', s.len);
        bool seen = false;

        for (const char *c = s.p; slash && c < slash; c++) {
                if (!strchr("0123456789abcdefABCDEF.:", *c))
                        return false;
                seen |= *c == '.' || *c == ':';
        }
        for (const char *c = slash ? slash + 1 : NULL; c && c < s.p + s.len; c++)
                if (*c < '0' || *c > '9')
                        return false;
        return slash && seen && slash + 1 < s.p + s.len;
}

static const struct {
        const char *name;
        enum leaf_kind kind;
} own_names[] = {{"host", LEAF_HOST}, {"user", LEAF_USER}, {"source", LEAF_SOURCE},
                 {"peer", LEAF_PEER}, {"flag", LEAF_FLAG}, {"drill", LEAF_DRILL},
                 {"rule", LEAF_RULE}};

static enum leaf_kind kind_of(struct span field) {
        for (size_t i = 0; i < ARRAY_LEN(own_names); i++)
                if (span_eq(field, span_str(own_names[i].name)))
                        return own_names[i].kind;
        return LEAF_FIELD;
}

static void set_flag(struct query_parser *p, struct leaf *l) {
        static const char *const names[] = {"truncated",   "malformed", "duplicate",
                                            "quarantined", "converted", "multiline"};

        for (unsigned i = 0; i < ARRAY_LEN(names); i++)
                if (span_eq(l->text, span_str(names[i])))
                        l->flag = 1u << i;
        if (!l->flag)
                query_wrong(p, p->at,
                            tr("flag is one of: truncated, malformed, duplicate, quarantined, "
                               "converted, multiline",
                               "flag là một trong: truncated, malformed, duplicate, quarantined, "
                               "converted, multiline"));
}

/* A number as Sigma compares it. */
static void check_number(struct query_parser *p, struct span s) {
        size_t i = s.len && (s.p[0] == '-' || s.p[0] == '+');
        bool digits = false, dot = false;

        for (; i < s.len; i++) {
                bool is_dot = s.p[i] == '.' && !dot;

                if (!is_dot && (s.p[i] < '0' || s.p[i] > '9'))
                        break;
                dot |= is_dot;
                digits |= !is_dot;
        }
        if (i < s.len || !digits)
                query_wrong(p, p->at, "%s", tr("a number is expected", "cần một số"));
}

/* `>5`, `>=5`, `<5`, `<=5`. */
static bool take_comparison(struct query_parser *p, struct leaf *l) {
        char c = peek(p);

        if (c != '<' && c != '>')
                return false;
        p->at++;
        bool equal = peek(p) == '=';
        p->at += equal;
        l->modifier = c == '<' ? (equal ? "|lte" : "|lt") : (equal ? "|gte" : "|gt");
        l->text = take_bare(p);
        check_number(p, l->text);
        return true;
}

/* `/regex/`: '\/' stands for '/'. What goes on behind the second slash is a path, most likely. */
static bool take_regex(struct query_parser *p, struct leaf *l) {
        size_t start = p->at, n = 0;

        if (peek(p) != '/')
                return false;
        char *to = arena_alloc(&p->q->arena, p->text.len - start + 1);
        if (!to)
                return true;
        for (p->at++; p->at < p->text.len && p->text.p[p->at] != '/'; p->at++) {
                if (p->text.p[p->at] == '\\' && p->at + 1 < p->text.len) {
                        if (p->text.p[p->at + 1] != '/')
                                to[n++] = '\\';
                        p->at++;
                }
                to[n++] = p->text.p[p->at];
        }
        if (peek(p) != '/' || (p->at + 1 < p->text.len && !ends_word(p->text.p[p->at + 1])))
                query_wrong(p, start, "%s",
                            tr("/…/ is an expression; a path begins with '\\/', or stands in "
                               "quotation marks",
                               "/…/ là biểu thức; đường dẫn thì bắt đầu bằng '\\/' hoặc đặt trong "
                               "dấu nháy"));
        p->at++;
        l->modifier = "|re";
        l->text = span_of(to, n);
        return true;
}

/* `[a TO b]`, '{' and '}' without the end itself; '*': no bound. Two leaves and an AND. */
static bool take_range(struct query_parser *p, struct leaf *l) {
        struct span ends[2];
        char open = peek(p);
        unsigned n = 0;

        if (open != '[' && open != '{')
                return false;
        size_t start = p->at++;
        const char *close = p->text.p + p->at;
        while (close < p->text.p + p->text.len && *close != ']' && *close != '}')
                close++;
        size_t end = (size_t)(close - p->text.p);
        if (end == p->text.len) {
                query_wrong(p, start, "%s",
                            tr("the range is never closed", "khoảng không được đóng"));
                return true;
        }
        struct span inside = span_of(p->text.p + p->at, end - p->at);
        const char *to = memmem(inside.p, inside.len, " TO ", 4);
        if (!to) {
                query_wrong(p, start, "%s",
                            tr("a range is written [5 TO 9]", "khoảng được viết [5 TO 9]"));
                return true;
        }
        ends[0] = span_trim(span_of(inside.p, (size_t)(to - inside.p)));
        ends[1] = span_trim(span_of(to + 4, (size_t)(inside.p + inside.len - to - 4)));
        p->at = end + 1;
        for (unsigned i = 0; i < 2; i++) {
                if (span_eq(ends[i], SPAN("*")))
                        continue;
                bool closed = i == 0 ? open == '[' : *close == ']';
                l->modifier = i == 0 ? (closed ? "|gte" : "|gt") : (closed ? "|lte" : "|lt");
                l->text = arena_dup(&p->q->arena, ends[i]);
                check_number(p, l->text);
                add_leaf(p, l);
                n++;
        }
        if (n == 2)
                step(p, QUERY_AND, 0);
        else if (n == 0) {
                l->modifier = "|exists";
                l->text = SPAN("true");
                add_leaf(p, l);
        }
        return true;
}

/* One value of a field. */
static void take_value(struct query_parser *p, struct span field) {
        struct leaf l = {.kind = kind_of(field), .field = field, .modifier = ""};
        size_t start = p->at;

        if (l.kind == LEAF_FIELD && (take_range(p, &l)))
                return;
        if (l.kind != LEAF_FIELD || (!take_comparison(p, &l) && !take_regex(p, &l))) {
                bool quoted = peek(p) == '"';

                /* "\/usr": a value that begins with a slash. */
                if (peek(p) == '\\' && p->at + 1 < p->text.len && p->text.p[p->at + 1] == '/')
                        p->at++;
                l.text = quoted ? take_quoted(p, true) : take_bare(p);
                if (!quoted && l.text.len == 0)
                        query_wrong(p, start, "%s",
                                    tr("a value is missing behind ':'", "thiếu giá trị sau ':'"));
                if (!quoted && span_eq(l.text, SPAN("*")) && l.kind == LEAF_FIELD) {
                        l.modifier = "|exists";
                        l.text = SPAN("true");
                } else if (!quoted && l.kind == LEAF_FIELD && looks_like_network(l.text)) {
                        l.modifier = "|cidr";
                }
        }
        if (l.kind == LEAF_FLAG)
                set_flag(p, &l);
        /* It would find nothing, and say nothing of it. */
        if (l.kind == LEAF_PEER && memchr(l.text.p ? l.text.p : "", '/', l.text.len))
                query_wrong(p, start, "%s",
                            tr("peer is one address; of a network: peer:10.1.*",
                               "peer là một địa chỉ; của một mạng thì viết peer:10.1.*"));
        add_leaf(p, &l);
}

static void either(struct query_parser *p, struct span field);

/* `field:(a OR b)`. */
static void take_values(struct query_parser *p, struct span field) {
        if (peek(p) != '(') {
                take_value(p, field);
                return;
        }
        size_t start = p->at++;
        if (++p->depth > QUERY_DEPTH_MAX) {
                query_wrong(p, start, "%s",
                            tr("too many brackets inside each other", "quá nhiều ngoặc lồng nhau"));
                return;
        }
        either(p, field);
        p->depth--;
        query_blanks(p);
        if (peek(p) != ')')
                query_wrong(p, start, "%s",
                            tr("the bracket is never closed", "ngoặc không được đóng"));
        p->at++;
}

/* A name directly followed by ':'. */
static struct span take_field(struct query_parser *p) {
        size_t i = p->at;

        while (i < p->text.len && !ends_word(p->text.p[i]) && p->text.p[i] != ':' &&
               p->text.p[i] != '/' && p->text.p[i] != '*' && p->text.p[i] != '\\')
                i++;
        if (i == p->at || i >= p->text.len || p->text.p[i] != ':')
                return SPAN_NONE;
        struct span name = arena_dup(&p->q->arena, span_of(p->text.p + p->at, i - p->at));
        p->at = i + 1;
        return name;
}

static void take_term(struct query_parser *p) {
        struct leaf l = {.modifier = ""};
        struct span field = take_field(p);

        if (field.p) {
                take_values(p, field);
                return;
        }
        bool quoted = peek(p) == '"';
        l.text = quoted ? take_quoted(p, false) : take_bare(p);
        l.kind = quoted ? LEAF_PHRASE : is_wild(l.text) ? LEAF_PART : LEAF_WORD;
        if (l.text.len == 0) {
                query_wrong(p, p->at, "%s", tr("a term is expected", "cần một điều kiện"));
                return;
        }
        if (!quoted && span_eq(l.text, SPAN("*"))) {
                step(p, QUERY_ALL, 0);
                return;
        }
        add_leaf(p, &l);
}

/* ---- and, or, not ---- */

static void unary(struct query_parser *p, struct span field) {
        bool no = false;

        query_blanks(p);
        for (;; no = !no) {
                if (peek(p) == '-' && p->at + 1 < p->text.len &&
                    (unsigned char)p->text.p[p->at + 1] > ' ')
                        p->at++;
                else if (!take_keyword(p, "NOT"))
                        break;
                query_blanks(p);
        }
        if (peek(p) == '(') {
                size_t start = p->at++;

                if (++p->depth > QUERY_DEPTH_MAX)
                        query_wrong(p, start, "%s",
                                    tr("too many brackets inside each other",
                                       "quá nhiều ngoặc lồng nhau"));
                else
                        either(p, field);
                p->depth--;
                query_blanks(p);
                if (peek(p) != ')')
                        query_wrong(p, start, "%s",
                                    tr("the bracket is never closed", "ngoặc không được đóng"));
                p->at++;
        } else if (field.p) {
                take_value(p, field);
        } else {
                take_term(p);
        }
        if (no)
                step(p, QUERY_NOT, 0);
}

/* Whether another operand begins here. */
static bool more(struct query_parser *p) {
        query_blanks(p);
        char c = peek(p);
        return !p->failed && c != '\0' && c != ')' && c != '|';
}

static bool at_or(struct query_parser *p) {
        size_t before = p->at;
        bool yes = take_keyword(p, "OR");

        p->at = before;
        return yes;
}

static void all_of(struct query_parser *p, struct span field) {
        unary(p, field);
        while (more(p) && !at_or(p)) {
                (void)take_keyword(p, "AND");
                unary(p, field);
                step(p, QUERY_AND, 0);
        }
}

static void either(struct query_parser *p, struct span field) {
        all_of(p, field);
        while (!p->failed && take_keyword(p, "OR")) {
                all_of(p, field);
                step(p, QUERY_OR, 0);
        }
}

int query_parse(struct query *ret, struct span text, struct query_problem *ret_problem) {
        struct query_parser p = {.q = ret, .problem = ret_problem};

        *ret = (struct query){.limit = UINT64_MAX};
        arena_init(&ret->arena, (size_t)256 << 10);
        *ret_problem = (struct query_problem){0};
        if (text.len > QUERY_TEXT_MAX || memchr(text.p, 0, text.len)) {
                query_wrong(&p, 0, "%s", tr("the query is too long", "truy vấn quá dài"));
        } else {
                p.text = arena_dup(&ret->arena, text);
                query_blanks(&p);
                if (peek(&p) == '|' || peek(&p) == '\0')
                        step(&p, QUERY_ALL, 0);
                else
                        either(&p, SPAN_NONE);
                query_blanks(&p);
                if (!p.failed && peek(&p) == ')')
                        query_wrong(&p, p.at, "%s", tr("a bracket too many", "thừa một ngoặc"));
                query_pipes(&p);
        }
        if (ret->arena.overflowed && !p.failed)
                query_wrong(&p, 0, "%s", tr("the query is too long", "truy vấn quá dài"));
        if (!p.failed)
                return 0;
        query_deinit(ret);
        return QUERY_E_BAD;
}

void query_deinit(struct query *q) {
        arena_deinit(&q->arena);
        *q = (struct query){0};
}

unsigned query_judge(const struct query *q, const uint8_t *leaves) {
        uint8_t stack[QUERY_OPS_MAX + 1] = {0};
        unsigned n = 0;

        for (uint32_t i = 0; i < q->n_steps; i++) {
                const struct query_step *s = &q->steps[i];
                unsigned a = n ? stack[n - 1] : 0, b = n > 1 ? stack[n - 2] : 0;

                switch (s->op) {
                case QUERY_LEAF: stack[n++] = leaves[s->leaf]; break;
                case QUERY_ALL: stack[n++] = MAYBE_TRUE; break;
                case QUERY_NOT:
                        stack[n - 1] = (uint8_t)((a & MAYBE_TRUE ? MAYBE_FALSE : 0u) |
                                                 (a & MAYBE_FALSE ? MAYBE_TRUE : 0u));
                        break;
                case QUERY_AND:
                        stack[--n - 1] = (uint8_t)((a & b & MAYBE_TRUE) | ((a | b) & MAYBE_FALSE));
                        break;
                case QUERY_OR:
                        stack[--n - 1] = (uint8_t)(((a | b) & MAYBE_TRUE) | (a & b & MAYBE_FALSE));
                        break;
                }
        }
        return n == 1 ? stack[0] : MAYBE_TRUE;
}

/* ---- rules of leaves ---- */

#define LEAF_ID "c0105eec-0000-4000-8000-"

static void yaml_text(struct buf *y, struct span s) {
        buf_char(y, '"');
        for (size_t i = 0; i < s.len; i++) {
                unsigned char c = (unsigned char)s.p[i];

                if (c == '"' || c == '\\')
                        buf_printf(y, "\\%c", c);
                else if (c < ' ' || c == 0x7f)
                        buf_printf(y, "\\x%02x", c);
                else
                        buf_char(y, (char)c);
        }
        buf_char(y, '"');
}

#define RULE_LINES 10u

const struct leaf *query_leaf_of_line(const struct query *q, uint64_t line) {
        uint64_t n = (line - 1) / RULE_LINES;

        for (uint32_t i = 0; line && i < q->n_leaves; i++)
                if (q->leaves[i].kind == LEAF_FIELD && n-- == 0)
                        return &q->leaves[i];
        return NULL;
}

/* Each of RULE_LINES lines. */
void query_rules(const struct query *q, struct buf *yaml) {
        for (uint32_t i = 0; i < q->n_leaves; i++) {
                const struct leaf *l = &q->leaves[i];
                bool bare = l->modifier[0] && strcmp(l->modifier, "|re") != 0 &&
                            strcmp(l->modifier, "|cidr") != 0;

                if (l->kind != LEAF_FIELD)
                        continue;
                buf_printf(yaml,
                           "---\ntitle: term %u\nid: " LEAF_ID
                           "%012x\nstatus: test\nlevel: low\nlogsource: {category: coloa_any}\n"
                           "detection:\n  term:\n    ",
                           i, i);
                buf_char(yaml, '"');
                for (size_t k = 0; k < l->field.len; k++)
                        if (l->field.p[k] != '"' && l->field.p[k] != '\\' &&
                            (unsigned char)l->field.p[k] >= ' ')
                                buf_char(yaml, l->field.p[k]);
                buf_printf(yaml, "%s\": ", l->modifier);
                if (bare)
                        buf_span(yaml, l->text);
                else
                        yaml_text(yaml, l->text);
                buf_str(yaml, "\n  condition: term\n");
        }
}

uint32_t query_leaf_of(struct span id) {
        const struct span prefix = SPAN(LEAF_ID);
        uint64_t v = 0;

        if (!span_starts(id, prefix) || id.len != prefix.len + 12)
                return UINT32_MAX;
        for (size_t i = prefix.len; i < id.len; i++) {
                char c = id.p[i];
                v = v << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
        }
        return v < QUERY_LEAVES_MAX ? (uint32_t)v : UINT32_MAX;
}

/* Rules as one line each: YAML in, the tree as text out.
 *
 *     rule("s: {'Image|endswith': '\\x.exe'}, condition: s")   ->   Image="*\\x.exe"
 *
 * (& a b) and, (| a b) or, !a not, (2 of a b c); A="pat" string with * and ? as wildcards (plain
 * ones escaped), A=="pat" cased, A~/re/i, A@10.0.0.0/8, A<5, hour(A)>=5, A=null, exists(A), A=$B,
 * A^=$B, A$=$B, A*=$B; a keyword has no field. A refused rule gives "error CODE LINE:COLUMN", the
 * column counted in the text given to rule(). Warnings and hints follow as " ; warning CODE". */
#ifndef TEST_RULE_TEXT_H
#define TEST_RULE_TEXT_H

#include <arpa/inet.h>

#include "check.h"

#include "rules/parse.h"
#include "wire/bundle.h"

static inline void text_pattern(struct buf *b, const struct pattern *p) {
        for (uint32_t i = 0; i < p->n; i++) {
                const struct piece *q = &p->pieces[i];
                if (q->kind == PIECE_ANY)
                        buf_char(b, '*');
                if (q->kind == PIECE_ONE)
                        buf_char(b, '?');
                for (size_t k = 0; q->kind == PIECE_LIT && k < q->lit.len; k++) {
                        unsigned char c = (unsigned char)q->lit.p[k];
                        if (c < ' ')
                                buf_printf(b, "\\x%02x", c);
                        else if (strchr("*?\\", c))
                                buf_printf(b, "\\%c", c);
                        else
                                buf_char(b, (char)c);
                }
        }
}

static inline void text_atom(struct buf *b, const struct atom *t) {
        static const char *const cmp[] = {"=", "<", "<=", ">", ">="}, *const ref[] = {"=", "^=",
                                                                                      "$=", "*="};
        static const char *const part[] = {"", "minute", "hour", "day", "week", "month", "year"};
        char addr[64];

        if (t->op == ATOM_EXISTS)
                buf_str(b, "exists(");
        if (t->op == ATOM_COMPARE && t->part)
                buf_printf(b, "%s(", part[t->part]);
        buf_span(b, t->field);
        switch (t->op) {
        case ATOM_STRING:
                buf_str(b, t->cased ? "==\"" : t->field.len ? "=\"" : "\"");
                text_pattern(b, &t->pat);
                buf_char(b, '"');
                break;
        case ATOM_REGEX:
                buf_printf(b, "~/%.*s/%s%s%s", (int)t->regex.len, t->regex.p, t->re_i ? "i" : "",
                           t->re_m ? "m" : "", t->re_s ? "s" : "");
                break;
        case ATOM_CIDR:
                inet_ntop(t->addr_len == 4 ? AF_INET : AF_INET6, t->addr, addr, sizeof(addr));
                buf_printf(b, "@%s/%u", addr, t->prefix);
                break;
        case ATOM_COMPARE:
                buf_printf(b, "%s%s%g", t->part ? ")" : "", cmp[t->cmp], t->value);
                break;
        case ATOM_NULL: buf_str(b, "=null"); break;
        case ATOM_EXISTS: buf_str(b, ")"); break;
        case ATOM_FIELDREF:
                buf_printf(b, "%s%s$%.*s", t->cased ? "=" : "", ref[t->ref], (int)t->other.len,
                           t->other.p);
                break;
        }
}

static inline void text_expr(struct buf *b, const struct expr *e) {
        switch (e->kind) {
        case EXPR_TRUE: buf_str(b, "true"); return;
        case EXPR_FALSE: buf_str(b, "false"); return;
        case EXPR_ATOM: text_atom(b, e->atom); return;
        case EXPR_NOT:
                buf_char(b, '!');
                text_expr(b, e->kids[0]);
                return;
        case EXPR_AND: buf_str(b, "(&"); break;
        case EXPR_OR: buf_str(b, "(|"); break;
        case EXPR_AT_LEAST: buf_printf(b, "(%u of", e->min); break;
        }
        for (uint32_t i = 0; i < e->n; i++) {
                buf_char(b, ' ');
                text_expr(b, e->kids[i]);
        }
        buf_char(b, ')');
}

static struct ruleset text_set; /* the last one parsed */
static struct buf text_bundle, text_out;

static inline void text_done(void) {
        ruleset_deinit(&text_set);
        buf_deinit(&text_bundle);
        buf_deinit(&text_out);
}

static inline bool has_diag(enum diag_severity severity, const char *code) {
        for (uint32_t i = 0; i < text_set.n_diags; i++)
                if (text_set.diags[i].severity == severity &&
                    strcmp(text_set.diags[i].code, code) == 0)
                        return true;
        return false;
}

/* Parses one file of rules, after an optional placeholder file. */
static inline void parse_text(const char *yaml, const char *placeholders) {
        ruleset_deinit(&text_set);
        buf_reset(&text_bundle);
        bundle_add(&text_bundle, BUNDLE_RULE, SPAN("t.yml"), span_str(yaml));
        if (placeholders)
                bundle_add(&text_bundle, BUNDLE_PLACEHOLDER, SPAN("p.yml"), span_str(placeholders));
        check_int(ruleset_parse(&text_set, buf_get(&text_bundle)), 0);
}

static inline void text_diags(struct buf *b) {
        for (uint32_t i = 0; i < text_set.n_diags; i++) {
                struct diag *d = &text_set.diags[i];
                check(d->en.len && d->vi.len);
                if (d->severity != DIAG_ERROR)
                        buf_printf(b, " ; %s %s", d->severity == DIAG_WARNING ? "warning" : "hint",
                                   d->code);
        }
}

static inline const char *rule_with(const char *detection, const char *placeholders) {
        static const char head[] = "{title: t, logsource: {product: x}, detection: {";
        char yaml[8192];

        snprintf(yaml, sizeof(yaml), "%s%s}}\n", head, detection);
        parse_text(yaml, placeholders);
        buf_reset(&text_out);
        if (text_set.n_refused) {
                check_int(text_set.n_rules, 0);
                for (uint32_t i = 0; i < text_set.n_diags; i++)
                        if (text_set.diags[i].severity == DIAG_ERROR) {
                                struct diag *d = &text_set.diags[i];
                                buf_printf(&text_out, "error %s %u:%d", d->code, d->line,
                                           (int)d->column - (int)sizeof(head) + 1);
                                break;
                        }
        } else {
                check_int(text_set.n_rules, 1);
                text_expr(&text_out, text_set.rules[0].expr);
        }
        text_diags(&text_out);
        buf_char(&text_out, '\0');
        return text_out.p;
}

static inline const char *rule(const char *detection) {
        return rule_with(detection, NULL);
}

/* One item under a search named s. */
static inline const char *item(const char *yaml) {
        char text[4096];

        snprintf(text, sizeof(text), "s: {%s}, condition: s", yaml);
        return rule(text);
}

#define check_text(got, want) check_span(span_str(got), want)

#endif

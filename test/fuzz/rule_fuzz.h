/* What must hold of every rule set, whatever the text it came from. */
#ifndef TEST_RULE_FUZZ_H
#define TEST_RULE_FUZZ_H

#include "base/lang.h"
#include "rules/lint.h"
#include "rules/listing.h"
#include "rules/parse.h"
#include "wire/bundle.h"

#define MUST(x)                                                                                    \
        do {                                                                                       \
                if (!(x))                                                                          \
                        __builtin_trap();                                                          \
        } while (0)

static inline void must_pattern(const struct pattern *p) {
        for (uint32_t i = 0; i < p->n; i++) {
                const struct piece *q = &p->pieces[i], *before = i ? q - 1 : NULL;
                MUST(q->kind == PIECE_LIT || q->kind == PIECE_ANY || q->kind == PIECE_ONE);
                MUST(q->kind != PIECE_LIT || q->lit.len > 0);
                MUST(!before || q->kind == PIECE_ONE || q->kind != before->kind);
        }
}

static inline void must_expr(const struct expr *e, unsigned depth) {
        MUST(e && depth < 600);
        switch (e->kind) {
        case EXPR_ATOM:
                MUST(e->atom && e->atom->line > 0 && e->atom->column > 0);
                if (e->atom->op == ATOM_STRING)
                        must_pattern(&e->atom->pat);
                else
                        MUST(e->atom->op == ATOM_REGEX || e->atom->field.len > 0);
                if (e->atom->op == ATOM_CIDR)
                        MUST((e->atom->addr_len == 4 || e->atom->addr_len == 16) &&
                             e->atom->prefix <= e->atom->addr_len * 8);
                return;
        case EXPR_NOT: MUST(e->n == 1); break;
        case EXPR_AND:
        case EXPR_OR: MUST(e->n >= 2); break;
        case EXPR_AT_LEAST: MUST(e->n >= 2 && e->min >= 2 && e->min <= e->n); break;
        default: MUST(!"no constants are parsed");
        }
        for (uint32_t i = 0; i < e->n; i++)
                must_expr(e->kids[i], depth + 1);
}

static inline void must_correlation(const struct ruleset *s, const struct correlation *c) {
        int depth = 0;

        MUST(c->n_refs > 0 && c->timespan > 0);
        for (uint32_t i = 0; i < c->n_refs; i++)
                MUST(c->refs[i].index <
                     (c->refs[i].is_correlation ? s->n_correlations : s->n_rules));
        for (uint32_t i = 0; i < c->n_aliases; i++)
                MUST(c->aliases[i].ref < c->n_refs);
        for (uint32_t i = 0; i < c->n_cond; i++) {
                MUST(c->cond[i].op != COND_REF || c->cond[i].ref < c->n_refs);
                depth += c->cond[i].op == COND_REF ? 1 : c->cond[i].op == COND_NOT ? 0 : -1;
                MUST(depth >= 1);
        }
        MUST(c->n_cond == 0 || depth == 1);
        MUST(c->type == CORR_TEMPORAL || c->type == CORR_TEMPORAL_ORDERED || c->n_bounds > 0);
        MUST(c->percentile >= 0 && c->percentile <= 100);
}

static inline void must_set(struct ruleset *s) {
        uint32_t errors = 0, made = s->n_correlations + s->n_filters + s->n_refused;

        for (uint32_t i = 0; i < s->n_diags; i++) {
                struct diag *d = &s->diags[i];
                MUST(d->code && d->en.len && d->vi.len);
                errors += d->severity == DIAG_ERROR;
        }
        MUST(errors >= s->n_refused);
        MUST(s->n_documents >= made);
        MUST(s->n_documents <= made + s->n_rules);
        for (uint32_t i = 0; i < s->n_rules; i++)
                must_expr(s->rules[i].expr, 0);
        for (uint32_t i = 0; i < s->n_correlations; i++)
                must_correlation(s, &s->correlations[i]);
}

/* Parses, checks, lints; every sixteenth length is listed too (that costs more than all the rest). */
static inline void must_bundle(struct span bundle) {
        struct listing_filter f = {.text = SPAN("a")};
        struct ruleset s;
        struct buf out = {0};

        MUST(ruleset_parse(&s, bundle) == 0);
        must_set(&s);
        MUST(lint_ruleset(&s) == 0);
        if (bundle.len % 16 == 0) {
                MUST(listing_text(&out, &s, &f) == 0);
                MUST(listing_json(&out, &s, &f) == 0);
                MUST(listing_navigator(&out, &s, &f) == 0);
                MUST(diags_text(&out, &s) == 0);
                MUST(diags_json(&out, &s) == 0);
        }
        buf_deinit(&out);
        ruleset_deinit(&s);
}

#endif

/* See version.h.
 *
 * BLAKE2b over the rule as compiled, every string and list with its length first, so that nothing can
 * be shifted from one part to another. Numbers of atoms, strings and sources are of one program only:
 * what they stand for is hashed instead. A correlation names its rules by id (by title and file when
 * they have none). */
#include "rules/version.h"

#include <sodium.h>

#include "rules/blob.h"

typedef crypto_generichash_state hash;

static void add(hash *h, const void *p, size_t n) {
        crypto_generichash_update(h, p, n);
}

static void add_number(hash *h, uint64_t v) {
        add(h, &v, sizeof(v));
}

static void add_text(hash *h, struct span s) {
        add_number(h, s.len);
        if (s.len)
                add(h, s.p, s.len);
}

static void add_rule(hash *h, const struct program_rule *r) {
        add_text(h, r->id);
        add_text(h, r->title);
        add_number(h, r->level);
        add_number(h, r->status);
}

static void add_atom(hash *h, const struct program *g, const struct b_atom *a) {
        const unsigned char small[] = {a->op,  a->cased, a->re_i, a->re_m,   a->re_s,
                                       a->cmp, a->part,  a->ref,  a->prefix, a->addr_len};

        add(h, small, sizeof(small));
        add(h, a->addr, sizeof(a->addr));
        add(h, &a->value, sizeof(a->value));
        add_text(h, blob_str(g, a->field));
        add_text(h, blob_str(g, a->regex));
        add_text(h, blob_str(g, a->other));
        add_number(h, a->pieces.n);
        for (uint32_t i = 0; i < a->pieces.n; i++) {
                const struct b_piece *p = &g->pieces[a->pieces.first + i];

                add_number(h, p->kind);
                add_text(h, blob_str(g, p->lit));
        }
}

void rule_version(const struct program *g, uint32_t i, unsigned char ret[RULE_VERSION_BYTES]) {
        struct program_rule r;
        hash h;

        memset(ret, 0, RULE_VERSION_BYTES);
        if (!program_rule(g, i, &r))
                return;
        const struct b_rule *b = &g->rules[i];
        crypto_generichash_init(&h, NULL, 0, RULE_VERSION_BYTES);
        add_rule(&h, &r);
        add_text(&h, program_rule_logsource(g, i));
        /* New indicators are a new version: what speaks for them has no condition that would tell. */
        for (uint32_t k = 0; b->flags & RULE_INDICATOR && k < b->wanted.n; k++)
                add_text(&h, blob_str(g, g->strs[b->wanted.first + k]));
        add_number(&h, b->expr.n);
        for (uint32_t k = 0; k < b->expr.n; k++) {
                uint32_t w = g->words[b->expr.first + k];

                if (w >> 28 == WORD_ATOM) {
                        add_number(&h, WORD_ATOM);
                        add_atom(&h, g, &g->atoms[w & WORD_ARG]);
                        continue;
                }
                add_number(&h, w);
                if (w >> 28 == WORD_AT_LEAST && k + 1 < b->expr.n)
                        add_number(&h, g->words[b->expr.first + ++k]);
        }
        crypto_generichash_final(&h, ret, RULE_VERSION_BYTES);
}

static void add_ref(hash *h, const struct program *g, const struct corr_ref *ref) {
        struct program_rule r = {0};
        bool there = ref->is_correlation ? program_correlation_meta(g, ref->index, &r)
                                         : program_rule(g, ref->index, &r);

        add_number(h, ref->is_correlation);
        add_text(h, there ? r.id : SPAN(""));
        if (there && r.id.len == 0) {
                add_text(h, r.title);
                add_text(h, r.file);
        }
}

static void add_texts(hash *h, const struct span *list, uint32_t n) {
        add_number(h, n);
        for (uint32_t i = 0; i < n; i++)
                add_text(h, list[i]);
}

void correlation_version(const struct program *g, uint32_t i, const struct correlation *c,
                         unsigned char ret[RULE_VERSION_BYTES]) {
        struct program_rule r;
        hash h;

        memset(ret, 0, RULE_VERSION_BYTES);
        if (!program_correlation_meta(g, i, &r))
                return;
        crypto_generichash_init(&h, NULL, 0, RULE_VERSION_BYTES);
        add_rule(&h, &r);
        add_number(&h, c->type);
        add_number(&h, (uint64_t)c->timespan);
        add(&h, &c->percentile, sizeof(c->percentile));
        add_number(&h, c->n_refs);
        for (uint32_t k = 0; k < c->n_refs; k++)
                add_ref(&h, g, &c->refs[k]);
        add_texts(&h, c->group_by, c->n_group_by);
        add_texts(&h, c->fields, c->n_fields);
        add_number(&h, c->n_aliases);
        for (uint32_t k = 0; k < c->n_aliases; k++) {
                add_text(&h, c->aliases[k].alias);
                add_text(&h, c->aliases[k].field);
                add_number(&h, c->aliases[k].ref);
        }
        add_number(&h, c->n_bounds);
        for (uint32_t k = 0; k < c->n_bounds; k++) {
                add_number(&h, c->bounds[k].op);
                add(&h, &c->bounds[k].value, sizeof(c->bounds[k].value));
        }
        add_number(&h, c->n_cond);
        for (uint32_t k = 0; k < c->n_cond; k++) {
                add_number(&h, c->cond[k].op);
                add_number(&h, c->cond[k].ref);
        }
        crypto_generichash_final(&h, ret, RULE_VERSION_BYTES);
}

/* A rule set to a program: the bytes that rules/blob.h describes.
 *
 * What is alike is kept once: strings, atoms (field, operator, pattern), log sources. Field names
 * become canonical here (rules/source.h), literals are folded here unless the atom is cased, so
 * that a matcher compares bytes. Which events a log source means is written out per log source;
 * renames and constants are resolved by the matcher, for the kinds of events it really meets.
 *
 * Expressions are written in postfix order, so that a reader can check them in one pass without
 * recursion. An expression deeper than BLOB_DEPTH_MAX makes the rule refused
 * ("condition-too-deep"). */
#include <stdio.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "rules/blob.h"
#include "rules/corr_spec.h"
#include "rules/indicators.h"
#include "rules/program.h"

/* A set of byte strings or records already written: open addressing, hash → position + 1. */
struct seen {
        struct {
                uint64_t hash;
                uint32_t at1;
        } * slot;
        size_t n, cap;
};

struct compiler {
        struct ruleset *set;
        struct source_map map;
        struct arena arena; /* the map, alternatives */
        struct buf sec[SEC_MAX];
        struct seen strings, atoms;
        struct buf scratch;
        const struct source_alt **alts; /* SOURCE_MATCH_MAX */
        uint32_t diag_cap;
        int error;
};

#define COUNT(c, s, type) ((uint32_t)((c)->sec[s].len / sizeof(type)))

static int seen_grow(struct seen *s) {
        size_t cap = s->cap ? s->cap * 2 : 4096;
        void *p = calloc(cap, sizeof(*s->slot));

        if (!p)
                return -ENOMEM;
        struct seen old = *s;
        s->slot = p;
        s->cap = cap;
        for (size_t i = 0; i < old.cap; i++) {
                if (!old.slot[i].at1)
                        continue;
                size_t k = old.slot[i].hash & (cap - 1);
                while (s->slot[k].at1)
                        k = (k + 1) & (cap - 1);
                s->slot[k] = old.slot[i];
        }
        free(old.slot);
        return 0;
}

static struct b_str put_str(struct compiler *c, struct span s) {
        struct buf *b = &c->sec[SEC_STR];

        if (s.len == 0)
                return (struct b_str){0, 0};
        if (c->strings.n * 2 >= c->strings.cap && seen_grow(&c->strings) < 0) {
                c->error = -ENOMEM;
                return (struct b_str){0, 0};
        }
        uint64_t hash = hash_span(s, 1);
        size_t k = hash & (c->strings.cap - 1);
        for (; c->strings.slot[k].at1; k = (k + 1) & (c->strings.cap - 1)) {
                /* A string is stored as its length and its bytes. */
                uint32_t at = c->strings.slot[k].at1 - 1, len;
                memcpy(&len, b->p + at, 4);
                if (c->strings.slot[k].hash == hash && span_eq(s, span_of(b->p + at + 4, len)))
                        return (struct b_str){at + 4, len};
        }
        uint32_t at = (uint32_t)b->len, len = (uint32_t)s.len;
        buf_add(b, &len, 4);
        buf_span(b, s);
        if (b->failed) {
                c->error = -ENOMEM;
                return (struct b_str){0, 0};
        }
        c->strings.slot[k].hash = hash;
        c->strings.slot[k].at1 = at + 1;
        c->strings.n++;
        return (struct b_str){at + 4, len};
}

/* Canonical and without blanks: "Threat Name" and ThreatName are one field. */
static struct b_str put_name(struct compiler *c, struct span name) {
        name = source_canonical(&c->map, name);
        if (!name.len || !memchr(name.p, ' ', name.len))
                return put_str(c, name);
        buf_reset(&c->scratch);
        for (size_t i = 0; i < name.len; i++)
                if (name.p[i] != ' ')
                        buf_char(&c->scratch, name.p[i]);
        return put_str(c, buf_get(&c->scratch));
}

static struct b_range put_strs(struct compiler *c, const struct span *s, uint32_t n, bool names) {
        struct b_range r = {COUNT(c, SEC_STRS, struct b_str), n};

        for (uint32_t i = 0; i < n; i++) {
                struct b_str t = names ? put_name(c, s[i]) : put_str(c, s[i]);
                buf_add(&c->sec[SEC_STRS], &t, sizeof(t));
        }
        return r;
}

/* ---- log sources ---- */

static struct b_range put_values(struct compiler *c, const struct source_value *v, uint32_t n) {
        struct b_range r = {COUNT(c, SEC_VALUE, struct b_value), n};

        for (uint32_t i = 0; i < n; i++) {
                struct b_value t = {.text = put_str(c, v[i].text),
                                    .prefix = v[i].inside ? B_INSIDE : v[i].prefix};
                buf_add(&c->sec[SEC_VALUE], &t, sizeof(t));
        }
        return r;
}

static struct b_range put_conds(struct compiler *c, const struct source_cond *v, uint32_t n) {
        struct b_range r = {COUNT(c, SEC_COND, struct b_cond), n};

        for (uint32_t i = 0; i < n; i++) {
                struct b_cond t = {.field = put_name(c, v[i].field), .absent = v[i].absent};
                t.values = put_values(c, v[i].values, v[i].n);
                buf_add(&c->sec[SEC_COND], &t, sizeof(t));
        }
        return r;
}

static void put_alt(struct compiler *c, const struct source_alt *a) {
        struct b_alt t = {.kind = a->kind};

        t.key1 = put_values(c, a->key1, a->n_key1);
        t.key2 = (struct b_range){COUNT(c, SEC_KEY2, int64_t), a->n_key2};
        buf_add(&c->sec[SEC_KEY2], a->key2, a->n_key2 * sizeof(int64_t));
        t.conds = put_conds(c, a->conds, a->n_conds);

        t.renames = (struct b_range){COUNT(c, SEC_RENAME, struct b_rename), a->n_renames};
        for (uint32_t i = 0; i < a->n_renames; i++) {
                struct b_rename r = {.field = put_name(c, a->renames[i].field)};
                r.to = put_strs(c, a->renames[i].to, a->renames[i].n, true);
                buf_add(&c->sec[SEC_RENAME], &r, sizeof(r));
        }
        t.consts = (struct b_range){COUNT(c, SEC_CONST, struct b_const), a->n_consts};
        for (uint32_t i = 0; i < a->n_consts; i++) {
                struct b_const k = {put_name(c, a->consts[i].field),
                                    put_str(c, a->consts[i].value)};
                buf_add(&c->sec[SEC_CONST], &k, sizeof(k));
        }
        buf_add(&c->sec[SEC_ALT], &t, sizeof(t));
}

static void put_map(struct compiler *c) {
        const struct source_map *m = &c->map;

        for (uint32_t i = 0; i < m->n_aliases; i++) {
                struct b_alias t = {put_str(c, m->aliases[i].from), put_str(c, m->aliases[i].to)};
                buf_add(&c->sec[SEC_ALIAS], &t, sizeof(t));
        }
        for (uint32_t i = 0; i < m->n_prefixes; i++) {
                struct b_prefix t = {put_str(c, m->prefixes[i].text), m->prefixes[i].any_next};
                buf_add(&c->sec[SEC_PREFIX], &t, sizeof(t));
        }
        for (uint32_t i = 0; i < m->n_tests; i++) {
                const struct source_test *s = &m->tests[i];
                struct b_test t = {.kind = s->kind, .has = put_strs(c, s->has, s->n_has, true)};
                t.conds = put_conds(c, s->conds, s->n_conds);
                t.key1 = put_strs(c, s->key1, s->n_key1, true);
                t.key1_is = put_str(c, s->key1_is);
                t.key2 = put_name(c, s->key2);
                buf_add(&c->sec[SEC_TEST], &t, sizeof(t));
        }
        for (uint32_t i = 0; i < m->n_key1_names; i++) {
                struct b_k1name t = {m->key1_names[i].kind, put_str(c, m->key1_names[i].from),
                                     put_str(c, m->key1_names[i].to)};
                buf_add(&c->sec[SEC_K1NAME], &t, sizeof(t));
        }
}

/* The index of the rule's log source, written at its first use. */
static uint32_t put_source(struct compiler *c, const struct logsource *l, struct span *ret_why) {
        buf_reset(&c->scratch);
        buf_span(&c->scratch, l->product);
        buf_char(&c->scratch, '/');
        buf_span(&c->scratch, l->category);
        buf_char(&c->scratch, '/');
        buf_span(&c->scratch, l->service);
        struct b_str name = put_str(c, buf_get(&c->scratch));
        uint32_t n = COUNT(c, SEC_SOURCE, struct b_source);

        *ret_why = SPAN_NONE;
        for (uint32_t i = 0; i < n;
             i++) { /* some hundred at most in practice; strings are unique */
                const struct b_source *s =
                        (const struct b_source *)(void *)c->sec[SEC_SOURCE].p + i;
                if (s->name.off == name.off && s->alts.n)
                        return i;
        }
        uint32_t k = source_match(&c->map, l, c->alts, SOURCE_MATCH_MAX, ret_why);
        struct b_source s = {name, {COUNT(c, SEC_ALT, struct b_alt), k}};
        for (uint32_t i = 0; i < k; i++)
                put_alt(c, c->alts[i]);
        buf_add(&c->sec[SEC_SOURCE], &s, sizeof(s));
        return n;
}

/* A source that no event belongs to. */
static uint32_t put_no_source(struct compiler *c) {
        struct b_source s = {put_str(c, SPAN("//")), {COUNT(c, SEC_ALT, struct b_alt), 0}};

        buf_add(&c->sec[SEC_SOURCE], &s, sizeof(s));
        return COUNT(c, SEC_SOURCE, struct b_source) - 1;
}

/* ---- atoms and expressions ---- */

static struct b_range put_pieces(struct compiler *c, const struct atom *a) {
        struct b_range r = {COUNT(c, SEC_PIECE, struct b_piece), a->pat.n};

        for (uint32_t i = 0; i < a->pat.n; i++) {
                const struct piece *p = &a->pat.pieces[i];
                struct b_piece t = {.kind = p->kind};
                if (p->kind == PIECE_LIT && a->cased) {
                        t.lit = put_str(c, p->lit);
                } else if (p->kind == PIECE_LIT) {
                        buf_reset(&c->scratch);
                        char *to = buf_reserve(&c->scratch, p->lit.len * 3 / 2 + 4);
                        if (!to)
                                c->error = -ENOMEM;
                        else
                                t.lit = put_str(c, span_of(to, utf8_fold_to(to, p->lit)));
                }
                buf_add(&c->sec[SEC_PIECE], &t, sizeof(t));
        }
        return r;
}

static bool same_pieces(const struct compiler *c, struct b_range x, struct b_range y) {
        return x.n == y.n &&
               (x.n == 0 || memcmp(c->sec[SEC_PIECE].p + x.first * sizeof(struct b_piece),
                                   c->sec[SEC_PIECE].p + y.first * sizeof(struct b_piece),
                                   x.n * sizeof(struct b_piece)) == 0);
}

/* The atom's index. Strings are unique, so two atoms are alike when their records are, but for
 * where the pieces stand. */
static uint32_t put_atom(struct compiler *c, const struct atom *a) {
        struct b_atom t;

        memset(&t, 0, sizeof(t)); /* padding is compared */
        t.op = (uint8_t)a->op;
        t.field = a->field.p ? put_name(c, a->field) : (struct b_str){0, 0};
        t.cased = a->cased;
        if (a->op == ATOM_STRING) {
                t.pieces = put_pieces(c, a);
        } else if (a->op == ATOM_REGEX) {
                t.regex = put_str(c, a->regex);
                t.re_i = a->re_i;
                t.re_m = a->re_m;
                t.re_s = a->re_s;
        } else if (a->op == ATOM_CIDR) {
                memcpy(t.addr, a->addr, 16);
                t.addr_len = a->addr_len;
                t.prefix = a->prefix;
        } else if (a->op == ATOM_COMPARE) {
                t.cmp = (uint8_t)a->cmp;
                t.part = (uint8_t)a->part;
                t.value = a->value;
        } else if (a->op == ATOM_FIELDREF) {
                t.other = put_name(c, a->other);
                t.ref = (uint8_t)a->ref;
        }
        if (c->atoms.n * 2 >= c->atoms.cap && seen_grow(&c->atoms) < 0) {
                c->error = -ENOMEM;
                return 0;
        }
        struct b_atom key = t;
        key.pieces.first = 0;
        uint64_t hash = hash_bytes((const char *)&key, sizeof(key), 2);
        if (t.pieces.n)
                hash = hash_bytes(c->sec[SEC_PIECE].p + t.pieces.first * sizeof(struct b_piece),
                                  t.pieces.n * sizeof(struct b_piece), hash);
        size_t k = hash & (c->atoms.cap - 1);
        for (; c->atoms.slot[k].at1; k = (k + 1) & (c->atoms.cap - 1)) {
                if (c->atoms.slot[k].hash != hash)
                        continue;
                struct b_atom o;
                memcpy(&o, c->sec[SEC_ATOM].p + (c->atoms.slot[k].at1 - 1) * sizeof(o), sizeof(o));
                struct b_range pieces = o.pieces;
                o.pieces.first = 0;
                /* Padding too: all of it was cleared. NOLINTNEXTLINE(*-comparison,cert-*) */
                if (memcmp(&o, &key, sizeof(o)) == 0 && same_pieces(c, pieces, t.pieces)) {
                        c->sec[SEC_PIECE].len -= t.pieces.n * sizeof(struct b_piece);
                        return c->atoms.slot[k].at1 - 1;
                }
        }
        uint32_t at = COUNT(c, SEC_ATOM, struct b_atom);
        buf_add(&c->sec[SEC_ATOM], &t, sizeof(t));
        c->atoms.slot[k].hash = hash;
        c->atoms.slot[k].at1 = at + 1;
        c->atoms.n++;
        return at;
}

static void put_word(struct compiler *c, uint32_t code, uint32_t arg) {
        uint32_t w = code << 28 | (arg & WORD_ARG);

        if (arg > WORD_ARG)
                c->error = -E2BIG;
        buf_add(&c->sec[SEC_WORD], &w, sizeof(w));
}

/* false: deeper than BLOB_DEPTH_MAX. */
static bool put_expr(struct compiler *c, const struct expr *e, unsigned depth) {
        static const uint32_t codes[] = {
                [EXPR_TRUE] = WORD_TRUE,        [EXPR_FALSE] = WORD_FALSE, [EXPR_ATOM] = WORD_ATOM,
                [EXPR_AND] = WORD_AND,          [EXPR_OR] = WORD_OR,       [EXPR_NOT] = WORD_NOT,
                [EXPR_AT_LEAST] = WORD_AT_LEAST};

        if (depth >= BLOB_DEPTH_MAX)
                return false;
        switch (e->kind) {
        case EXPR_TRUE:
        case EXPR_FALSE: put_word(c, codes[e->kind], 0); return true;
        case EXPR_ATOM: put_word(c, WORD_ATOM, put_atom(c, e->atom)); return true;
        case EXPR_NOT:
                assert(e->n == 1);
                if (!put_expr(c, e->kids[0], depth + 1))
                        return false;
                put_word(c, WORD_NOT, 0);
                return true;
        case EXPR_AND:
        case EXPR_OR:
        case EXPR_AT_LEAST:
                if (e->n == 0) { /* all of nothing holds, one of nothing does not */
                        bool holds =
                                e->kind == EXPR_AND || (e->kind == EXPR_AT_LEAST && e->min == 0);
                        put_word(c, holds ? WORD_TRUE : WORD_FALSE, 0);
                        return true;
                }
                for (uint32_t i = 0; i < e->n; i++)
                        if (!put_expr(c, e->kids[i], depth + 1))
                                return false;
                put_word(c, codes[e->kind], e->n);
                if (e->kind == EXPR_AT_LEAST)
                        buf_add(&c->sec[SEC_WORD], &e->min, sizeof(e->min));
                return true;
        }
        return false;
}

/* ---- rules ---- */

static void add_diag(struct compiler *c, enum diag_severity sev, const char *code,
                     const struct meta *m, struct span en, struct span vi) {
        struct ruleset *s = c->set;
        /* The array is the arena's, of a length only its maker knows: a longer one replaces it. */
        if (s->n_diags >= c->diag_cap) {
                c->diag_cap = s->n_diags * 2 + 16;
                struct diag *d = arena_array(&s->arena, c->diag_cap, sizeof(*d));
                if (!d) {
                        c->error = -ENOMEM;
                        return;
                }
                if (s->n_diags)
                        memcpy(d, s->diags, s->n_diags * sizeof(*d));
                s->diags = d;
        }
        s->diags[s->n_diags++] = (struct diag){.severity = sev,
                                               .code = code,
                                               .file = m->file,
                                               .line = m->line,
                                               .rule = m->id.len ? m->id : m->title,
                                               .en = en,
                                               .vi = vi};
}

static void put_meta(struct compiler *c, struct b_rule *t, const struct meta *m) {
        t->id = put_str(c, m->id);
        t->title = put_str(c, m->title);
        t->title_vi = put_str(c, m->title_vi);
        t->description = put_str(c, m->description);
        t->description_vi = put_str(c, m->description_vi);
        t->file = put_str(c, m->file);
        t->level = (uint8_t)m->level;
        t->status = (uint8_t)m->status;
        t->tags = put_strs(c, m->tags, m->n_tags, false);
}

static void diag_unmapped(struct compiler *c, const struct rule *r, struct span why) {
        struct span l = arena_printf(
                &c->set->arena, "product=%.*s category=%.*s service=%.*s",
                (int)r->source.product.len, r->source.product.p ? r->source.product.p : "",
                (int)r->source.category.len, r->source.category.p ? r->source.category.p : "",
                (int)r->source.service.len, r->source.service.p ? r->source.service.p : "");
        const char *sep = why.len ? ": " : "";
        struct span en = arena_printf(
                &c->set->arena, "no log-source map knows %.*s, so the rule never matches%s%.*s",
                (int)l.len, l.p ? l.p : "", sep, (int)why.len, why.p ? why.p : "");
        struct span vi = arena_printf(
                &c->set->arena,
                "không bảng nguồn nhật ký nào biết %.*s nên luật không bao giờ khớp%s%.*s",
                (int)l.len, l.p ? l.p : "", sep, (int)why.len, why.p ? why.p : "");
        add_diag(c, DIAG_WARNING, "logsource-unmapped", &r->meta, en, vi);
}

static void put_rule(struct compiler *c, uint32_t i, const bool *correlate) {
        const struct rule *r = &c->set->rules[i];
        struct b_rule t;
        struct span why;

        memset(&t, 0, sizeof(t));
        put_meta(c, &t, &r->meta);
        t.flags = (uint8_t)((r->report ? RULE_REPORT : 0) | (correlate[i] ? RULE_CORRELATE : 0));
        t.source = r->indicator ? put_no_source(c) : put_source(c, &r->source, &why);
        const struct b_source *s = (const struct b_source *)(void *)c->sec[SEC_SOURCE].p + t.source;
        if (r->indicator) {
                t.flags |= RULE_INDICATOR;
        } else if (!c->sec[SEC_SOURCE].failed && s->alts.n == 0) {
                t.flags |= RULE_UNMAPPED;
                diag_unmapped(c, r, why);
        }
        t.expr.first = COUNT(c, SEC_WORD, uint32_t);
        if (!put_expr(c, r->expr, 0)) {
                c->sec[SEC_WORD].len = t.expr.first * sizeof(uint32_t);
                put_word(c, WORD_FALSE, 0);
                c->set->n_refused++;
                add_diag(c, DIAG_ERROR, "condition-too-deep", &r->meta,
                         SPAN("the condition is nested too deeply (more than 128 levels)"),
                         SPAN("điều kiện lồng nhau quá sâu (hơn 128 tầng)"));
        }
        t.expr.n = COUNT(c, SEC_WORD, uint32_t) - t.expr.first;
        t.wanted = put_strs(c, r->wanted, r->n_wanted, true);
        buf_add(&c->sec[SEC_RULE], &t, sizeof(t));
}

static int put_correlations(struct compiler *c, bool *correlate) {
        struct ruleset *set = c->set;

        for (uint32_t i = 0; i < set->n_correlations; i++) {
                const struct correlation *k = &set->correlations[i];
                struct b_rule t;

                memset(&t, 0, sizeof(t));
                put_meta(c, &t, &k->meta);
                t.flags = k->report ? RULE_REPORT : 0;
                t.source = UINT32_MAX;
                buf_add(&c->sec[SEC_CORR], &t, sizeof(t));
                for (uint32_t j = 0; j < k->n_refs; j++)
                        if (!k->refs[j].is_correlation && k->refs[j].index < set->n_rules)
                                correlate[k->refs[j].index] = true;
        }
        if (set->n_correlations)
                corr_spec_encode(&c->sec[SEC_SPEC], set);
        return 0;
}

/* As rules/intel_match.c makes names of events. */
static struct b_str put_lower(struct compiler *c, struct span name) {
        char lower[INTEL_NAME_MAX];
        size_t n = 0;

        name = source_canonical(&c->map, name);
        for (size_t i = 0; i < name.len && n < sizeof(lower); i++)
                if (name.p[i] != ' ')
                        lower[n++] = ascii_lower(name.p[i]);
        return put_str(c, span_of(lower, n));
}

static void put_field(void *ctx, const struct indicator_field *i) {
        struct compiler *c = ctx;
        struct b_field f = {.name = put_lower(c, i->name),
                            .beside = put_lower(c, i->beside),
                            .at = put_lower(c, i->at),
                            .then = put_lower(c, i->then),
                            .holds = i->holds};

        buf_add(&c->sec[SEC_FIELD], &f, sizeof(f));
}

static void put_fields(struct compiler *c, struct span bundle) {
        int r = indicator_fields(bundle, put_field, c);

        if (r < 0 && !c->error)
                c->error = r;
}

/* Header, then the sections, each aligned to 64. */
static int assemble(struct compiler *c, struct buf *out) {
        static const size_t size[SEC_MAX] = {
                [SEC_STR] = 1,
                [SEC_STRS] = sizeof(struct b_str),
                [SEC_PIECE] = sizeof(struct b_piece),
                [SEC_ATOM] = sizeof(struct b_atom),
                [SEC_WORD] = sizeof(uint32_t),
                [SEC_RULE] = sizeof(struct b_rule),
                [SEC_SOURCE] = sizeof(struct b_source),
                [SEC_ALT] = sizeof(struct b_alt),
                [SEC_VALUE] = sizeof(struct b_value),
                [SEC_COND] = sizeof(struct b_cond),
                [SEC_KEY2] = sizeof(int64_t),
                [SEC_RENAME] = sizeof(struct b_rename),
                [SEC_CONST] = sizeof(struct b_const),
                [SEC_ALIAS] = sizeof(struct b_alias),
                [SEC_PREFIX] = sizeof(struct b_prefix),
                [SEC_TEST] = sizeof(struct b_test),
                [SEC_K1NAME] = sizeof(struct b_k1name),
                [SEC_CORR] = sizeof(struct b_rule),
                [SEC_SPEC] = 1,
                [SEC_FIELD] = sizeof(struct b_field),
                [SEC_INTEL] = 1,
        };
        struct b_header h = {.magic = BLOB_MAGIC, .version = BLOB_VERSION};
        size_t at = sizeof(h), start = out->len;
        static const char zeros[64];

        for (unsigned i = 0; i < SEC_MAX; i++) {
                if (c->sec[i].failed)
                        return FAIL(-ENOMEM);
                at = (at + 63) & ~(size_t)63; /* lines of the cache: intel/table.c */
                h.sec[i].off = (uint32_t)at;
                h.sec[i].n = (uint32_t)(c->sec[i].len / size[i]);
                at += c->sec[i].len;
                if (at > UINT32_MAX - 64)
                        return FAIL(-E2BIG);
        }
        h.len = (uint32_t)at;
        buf_add(out, &h, sizeof(h));
        for (unsigned i = 0; i < SEC_MAX; i++) {
                buf_add(out, zeros, start + h.sec[i].off - out->len);
                buf_span(out, buf_get(&c->sec[i]));
        }
        return out->failed ? FAIL(-ENOMEM) : 0;
}

static int compile(struct compiler *c, struct buf *out, struct span bundle) {
        int r = source_map_parse(&c->map, &c->arena, bundle);

        if (r < 0)
                return FAIL(r);
        for (uint32_t i = 0; i < c->map.n_diags; i++) {
                const struct diag *d = &c->map.diags[i];
                struct arena *a = &c->set->arena;
                struct meta m = {.file = arena_dup(a, d->file), .line = d->line};
                add_diag(c, d->severity, d->code, &m, arena_dup(a, d->en), arena_dup(a, d->vi));
                if (!c->error)
                        c->set->diags[c->set->n_diags - 1].column = d->column;
        }
        c->alts = arena_array(&c->arena, SOURCE_MATCH_MAX, sizeof(*c->alts));
        bool *correlate = arena_zalloc(&c->arena, c->set->n_rules + 1);
        if (!c->alts || !correlate)
                return FAIL(-ENOMEM);
        put_map(c);
        put_correlations(c, correlate);
        if (c->set->intel.p) {
                put_fields(c, bundle);
                buf_span(&c->sec[SEC_INTEL], c->set->intel);
        }
        for (uint32_t i = 0; i < c->set->n_rules && !c->error; i++)
                put_rule(c, i, correlate);
        if (c->error)
                return FAIL(c->error);
        return assemble(c, out);
}

int program_compile(struct buf *out, struct ruleset *set, struct span bundle) {
        struct compiler c = {.set = set};
        int r;

        arena_init(&c.arena, (size_t)64 << 20);
        r = compile(&c, out, bundle);
        for (unsigned i = 0; i < SEC_MAX; i++)
                buf_deinit(&c.sec[i]);
        buf_deinit(&c.scratch);
        free(c.strings.slot);
        free(c.atoms.slot);
        arena_deinit(&c.arena);
        return r;
}

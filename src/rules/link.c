/* Joins what was read: references of correlations to rules and to other correlations, filters to
 * rules.
 *
 *   1. A table from id and name to rule or correlation. The first of equal names counts; the later
 * is warned of.
 *   2. Each correlation's references are looked up, depth first; what refers to something unknown,
 * refused, or to itself through others is refused too.
 *   3. The living correlations get their places in the set.
 *   4. From the outermost correlation inwards, the fields that it needs are handed to what it
 * refers to, renamed by its aliases; what arrives at a rule is the rule's `wanted`.
 *   5. A rule that correlations name reports by itself only if one of them says `generate: true`.
 *   6. Filters are joined to their rules with AND. */
#include "base/hash.h"
#include "rules/build.h"

#define WANTED_MAX 1024

enum target { TARGET_NONE, TARGET_RULE, TARGET_CORR, TARGET_REFUSED };

struct entry {
        struct span key;
        enum target what;
        uint32_t index;
};

struct linker {
        struct parse *p;
        struct entry *table;
        uint32_t mask;
        unsigned depth;
};

/* Ids are compared without regard to case; names are too, which only helps. */
static uint64_t key_hash(struct span s) {
        char low[64];
        size_t n = MIN(s.len, sizeof(low));

        for (size_t i = 0; i < n; i++)
                low[i] = ascii_lower(s.p[i]);
        return hash_bytes(low, n, s.len);
}

static struct entry *lookup(struct linker *l, struct span key) {
        uint32_t i = (uint32_t)key_hash(key) & l->mask;

        while (l->table[i].what && !span_ieq(l->table[i].key, key))
                i = (i + 1) & l->mask;
        return &l->table[i];
}

static void context(struct parse *p, const struct meta *m) {
        p->file = m->file;
        p->rule = m->id.len ? m->id : m->title;
        p->refused = false;
        p->said = 0;
}

static void enter(struct linker *l, const struct meta *m, struct span key, enum target what,
                  uint32_t index, bool quiet) {
        struct entry *e;

        if (key.len == 0)
                return;
        e = lookup(l, key);
        if (!e->what) {
                *e = (struct entry){key, what, index};
        } else if (!quiet) {
                struct node at = mark(m->line, 1);
                context(l->p, m);
                say(l->p, DIAG_WARNING, "duplicate-name", &at,
                    "\"%.*s\" is also the id or name of another rule; references mean the first: "
                    "give it its own",
                    "\"%.*s\" cũng là id hoặc name của quy tắc khác; tham chiếu chỉ tới quy tắc "
                    "đầu: hãy "
                    "đặt riêng",
                    SHOW(key));
        }
}

static bool table_build(struct linker *l) {
        struct parse *p = l->p;
        uint64_t keys = ((uint64_t)p->set->n_rules + p->n_corrs) * 2 + p->n_dead, size = 64;

        while (size < keys * 2)
                size *= 2;
        l->table = arena_array(&p->scratch, size, sizeof(*l->table));
        l->mask = (uint32_t)size - 1;
        if (!l->table)
                return false;
        for (uint32_t i = 0; i < p->n_corrs; i++) {
                enter(l, &p->corrs[i].c.meta, p->corrs[i].c.meta.id, TARGET_CORR, i, false);
                enter(l, &p->corrs[i].c.meta, p->corrs[i].c.meta.name, TARGET_CORR, i, false);
        }
        for (uint32_t i = 0; i < p->set->n_rules; i++) {
                struct rule *r = &p->set->rules[i];
                /* By-products of legacy rules carry the id of their correlation. */
                enter(l, &r->meta, r->meta.id, TARGET_RULE, i, !r->report);
                enter(l, &r->meta, r->meta.name, TARGET_RULE, i, !r->report);
        }
        for (uint32_t i = 0; i < p->n_dead; i++)
                enter(l, NULL, p->dead[i].text, TARGET_REFUSED, 0, true);
        return true;
}

/* ---- references ---- */

static void refuse(struct linker *l, struct raw_corr *c) {
        if (!c->dead)
                l->p->set->n_refused++;
        c->dead = true;
}

static struct entry *refer(struct linker *l, const struct raw_ref *ref) {
        struct entry *e = lookup(l, ref->text);
        struct node at = mark(ref->line, ref->column);

        if (e->what == TARGET_NONE)
                say(l->p, DIAG_ERROR, "reference-unknown", &at,
                    "no rule has the id or name \"%.*s\": load it too, or correct the reference",
                    "không quy tắc nào có id hay name \"%.*s\": hãy nạp thêm hoặc sửa tham chiếu",
                    SHOW(ref->text));
        else if (e->what == TARGET_REFUSED)
                say(l->p, DIAG_ERROR, "reference-refused", &at,
                    "the rule \"%.*s\" was refused, so this correlation cannot work: repair that "
                    "rule first",
                    "quy tắc \"%.*s\" bị từ chối nên tương quan này không chạy được: hãy sửa quy "
                    "tắc đó "
                    "trước",
                    SHOW(ref->text));
        return e;
}

static void resolve(struct linker *l, uint32_t index);

/* The names in a boolean condition are references too; those not listed are added. */
static bool condition_refs(struct linker *l, struct raw_corr *c) {
        struct parse *p = l->p;
        struct raw_ref *all = NULL, *to;
        uint32_t n = 0, cap = 0;
        struct span s = c->cond;

        for (uint32_t i = 0; i < c->n_refs; i++) {
                to = vec_push(p->a, &all, &n, &cap, sizeof(*to));
                if (!to)
                        return false;
                *to = c->refs[i];
        }
        if (c->n_refs == 0)
                for (size_t i = 0; i < s.len;) {
                        size_t from = i;
                        while (i < s.len && (unsigned char)s.p[i] > ' ' && s.p[i] != '(' &&
                               s.p[i] != ')')
                                i++;
                        struct span w = span_of(s.p + from, i - from);
                        i += i == from;
                        bool known = w.len == 0 || span_ieq(w, SPAN("and")) ||
                                     span_ieq(w, SPAN("or")) || span_ieq(w, SPAN("not"));
                        for (uint32_t k = 0; k < n && !known; k++)
                                known = span_eq(all[k].text, w);
                        if (known)
                                continue;
                        to = n < CORR_COND_MAX ? vec_push(p->a, &all, &n, &cap, sizeof(*to)) : NULL;
                        if (!to)
                                break;
                        *to = (struct raw_ref){w, c->cond_line, c->cond_column + (uint32_t)from};
                }
        c->refs = all;
        c->n_refs = n;
        return true;
}

static bool condition_build(struct linker *l, struct raw_corr *c) {
        struct parse *p = l->p;
        struct named *names = arena_array(p->a, c->n_refs + 1, sizeof(*names));
        struct expr *leaves = arena_array(p->a, c->n_refs + 1, sizeof(*leaves)), *e;
        struct node at = mark(c->cond_line, c->cond_column);

        c->c.cond = arena_array(p->a, CORR_COND_MAX, sizeof(*c->c.cond));
        if (!names || !leaves || !c->c.cond)
                return false;
        for (uint32_t i = 0; i < c->n_refs; i++)
                names[i] = (struct named){.name = c->refs[i].text, .expr = &leaves[i], .size = 1};
        at.plain = true; /* the column is that of the text */
        p->size = 0;
        e = condition_parse(p, c->cond, &at, 0, names, c->n_refs);
        if (e && !cond_postfix(p, e, leaves, c->n_refs, c->c.cond, CORR_COND_MAX, &c->c.n_cond)) {
                say(p, DIAG_ERROR, "correlation-condition", &at,
                    "the condition has more than %d parts, or counts with \"N of\": simplify it",
                    "điều kiện có hơn %d phần, hoặc đếm bằng \"N of\": hãy viết gọn lại",
                    CORR_COND_MAX);
                return false;
        }
        for (uint32_t i = 0; e && i < c->n_refs; i++)
                if (!names[i].used) {
                        struct node ref = mark(c->refs[i].line, c->refs[i].column);
                        say(p, DIAG_WARNING, "detection-unused", &ref,
                            "the condition never uses \"%.*s\"", "điều kiện không dùng \"%.*s\"",
                            SHOW(c->refs[i].text));
                }
        return e && c->c.n_cond;
}

/* One reference of a correlation to another: that one is resolved first. false: it cannot be used.
 */
static bool chain_resolve(struct linker *l, struct raw_corr *c, uint32_t ref, uint32_t index) {
        struct raw_corr *d = &l->p->corrs[index];
        struct node at = mark(c->refs[ref].line, c->refs[ref].column);
        struct span name = c->refs[ref].text;

        if (d->open) {
                say(l->p, DIAG_ERROR, "correlation-cycle", &at,
                    "\"%.*s\" leads back to this correlation: break the circle",
                    "\"%.*s\" dẫn ngược về chính tương quan này: hãy phá vòng", SHOW(name));
                return false;
        }
        if (l->depth > CORR_DEPTH_MAX) {
                say(l->p, DIAG_ERROR, "correlation-too-deep", &at,
                    "correlations over correlations go deeper than %d: flatten them",
                    "tương quan chồng tương quan sâu hơn %d tầng: hãy làm phẳng", CORR_DEPTH_MAX);
                return false;
        }
        resolve(l, index);
        context(l->p, &c->c.meta);
        if (d->dead) {
                say(l->p, DIAG_ERROR, "reference-refused", &at,
                    "the correlation \"%.*s\" was refused, so this one cannot work: repair that "
                    "one first",
                    "tương quan \"%.*s\" bị từ chối nên quy tắc này không chạy được: hãy sửa quy "
                    "tắc đó "
                    "trước",
                    SHOW(name));
                return false;
        }
        c->depth = MAX(c->depth, d->depth + 1);
        return true;
}

static bool refs_resolve(struct linker *l, struct raw_corr *c) {
        bool ok = true;

        c->c.refs = arena_array(l->p->a, MAX(c->n_refs, 1u), sizeof(*c->c.refs));
        if (!c->c.refs)
                return false;
        c->c.n_refs = c->n_refs;
        for (uint32_t i = 0; i < c->n_refs; i++) {
                struct entry *e = refer(l, &c->refs[i]);
                c->c.refs[i] = (struct corr_ref){e->what == TARGET_CORR, e->index};
                if (e->what == TARGET_CORR)
                        ok &= chain_resolve(l, c, i, e->index);
                else
                        ok &= e->what == TARGET_RULE;
        }
        return ok;
}

static bool aliases_resolve(struct linker *l, struct raw_corr *c) {
        struct parse *p = l->p;
        bool ok = true;

        c->c.aliases = arena_array(p->a, MAX(c->n_aliases, 1u), sizeof(*c->c.aliases));
        for (uint32_t i = 0; c->c.aliases && i < c->n_aliases; i++) {
                struct raw_alias *a = &c->aliases[i];
                struct node at = mark(a->line, a->column);
                struct entry *e = lookup(l, a->ref);
                uint32_t k = 0;
                while (k < c->n_refs && !span_eq(c->refs[k].text, a->ref) &&
                       !(e->what && e->index == c->c.refs[k].index &&
                         (e->what == TARGET_CORR) == c->c.refs[k].is_correlation))
                        k++;
                if (k == c->n_refs) {
                        ok = false;
                        say(p, DIAG_ERROR, "alias-unknown-rule", &at,
                            "the alias \"%.*s\" names a rule that is not among this correlation's "
                            "rules: add or correct it",
                            "bí danh \"%.*s\" nêu quy tắc không thuộc tương quan này: hãy thêm "
                            "hoặc "
                            "sửa",
                            SHOW(a->alias));
                } else {
                        c->c.aliases[c->c.n_aliases++] = (struct corr_alias){a->alias, k, a->field};
                }
        }
        return ok && c->c.aliases;
}

static void resolve(struct linker *l, uint32_t index) {
        struct raw_corr *c = &l->p->corrs[index];

        if (c->done || c->dead)
                return;
        context(l->p, &c->c.meta);
        if (c->synthetic) {
                c->done = true;
                return;
        }
        c->open = true;
        l->depth++;
        bool ok = (c->cond.len == 0 || condition_refs(l, c)) && refs_resolve(l, c) &&
                  aliases_resolve(l, c) && (c->cond.len == 0 || condition_build(l, c));
        l->depth--;
        c->open = false;
        c->done = true;
        if (!ok)
                refuse(l, c);
}

/* ---- places, wanted fields, reports ---- */

static bool emit(struct parse *p) {
        uint32_t n = 0;

        for (uint32_t i = 0; i < p->n_corrs; i++)
                if (!p->corrs[i].dead)
                        p->corrs[i].index = n++;
        p->set->correlations = arena_array(p->a, MAX(n, 1u), sizeof(*p->set->correlations));
        if (!p->set->correlations)
                return false;
        for (uint32_t i = 0; i < p->n_corrs; i++) {
                struct raw_corr *c = &p->corrs[i];
                if (c->dead)
                        continue;
                for (uint32_t k = 0; k < c->c.n_refs; k++)
                        if (c->c.refs[k].is_correlation)
                                c->c.refs[k].index = p->corrs[c->c.refs[k].index].index;
                p->set->correlations[c->index] = c->c;
        }
        p->set->n_correlations = n;
        return true;
}

struct want {
        struct span *v;
        uint32_t n, cap;
};

static bool want_add(struct parse *p, struct want *w, struct span field) {
        struct span *to;

        for (uint32_t i = 0; i < w->n; i++)
                if (span_eq(w->v[i], field))
                        return true;
        if (w->n == WANTED_MAX)
                return true;
        to = vec_push(p->a, &w->v, &w->n, &w->cap, sizeof(*to));
        if (to)
                *to = field;
        return to != NULL;
}

static struct span renamed(const struct correlation *c, uint32_t ref, struct span field) {
        for (uint32_t i = 0; i < c->n_aliases; i++)
                if (c->aliases[i].ref == ref && span_eq(c->aliases[i].alias, field))
                        return c->aliases[i].field;
        return field;
}

static bool hand_down(struct parse *p, struct correlation *c, struct want *own, struct want *rules,
                      struct want *corrs) {
        for (uint32_t i = 0; i < c->n_group_by; i++)
                if (!want_add(p, own, c->group_by[i]))
                        return false;
        for (uint32_t i = 0; i < c->n_fields; i++)
                if (!want_add(p, own, c->fields[i]))
                        return false;
        for (uint32_t r = 0; r < c->n_refs; r++) {
                struct want *to = c->refs[r].is_correlation ? &corrs[c->refs[r].index]
                                                            : &rules[c->refs[r].index];
                for (uint32_t i = 0; i < own->n; i++)
                        if (!want_add(p, to, renamed(c, r, own->v[i])))
                                return false;
        }
        return true;
}

static void wanted(struct parse *p) {
        struct ruleset *s = p->set;
        struct want *rules = arena_array(&p->scratch, s->n_rules + 1, sizeof(*rules));
        struct want *corrs = arena_array(&p->scratch, s->n_correlations + 1, sizeof(*corrs));

        if (!rules || !corrs)
                return;
        /* A correlation is deeper than all it refers to, so the deepest go first. */
        for (uint32_t depth = CORR_DEPTH_MAX + 1; depth-- > 0;)
                for (uint32_t i = 0; i < p->n_corrs; i++) {
                        struct raw_corr *c = &p->corrs[i];
                        if (!c->dead && c->depth == depth &&
                            !hand_down(p, &s->correlations[c->index], &corrs[c->index], rules,
                                       corrs))
                                return;
                }
        for (uint32_t i = 0; i < s->n_rules; i++) {
                s->rules[i].wanted = rules[i].v;
                s->rules[i].n_wanted = rules[i].n;
        }
}

static void reports(struct parse *p) {
        struct ruleset *s = p->set;
        enum { NAMED = 1, GENERATED = 2 };
        uint8_t *rules = arena_array(&p->scratch, s->n_rules + 1, 1);
        uint8_t *corrs = arena_array(&p->scratch, s->n_correlations + 1, 1);

        if (!rules || !corrs)
                return;
        for (uint32_t i = 0; i < s->n_correlations; i++) {
                struct correlation *c = &s->correlations[i];
                for (uint32_t k = 0; k < c->n_refs; k++)
                        (c->refs[k].is_correlation ? corrs : rules)[c->refs[k].index] |=
                                (uint8_t)(c->generate ? NAMED | GENERATED : NAMED);
        }
        for (uint32_t i = 0; i < s->n_rules; i++)
                if (rules[i] == NAMED)
                        s->rules[i].report = false;
        for (uint32_t i = 0; i < s->n_correlations; i++)
                if (corrs[i] == NAMED)
                        s->correlations[i].report = false;
}

/* ---- filters ---- */

static bool covers(struct span filter, struct span rule) {
        return filter.len == 0 || span_eq(filter, rule);
}

static bool same_source(const struct logsource *f, const struct logsource *r) {
        return covers(f->category, r->category) && covers(f->product, r->product) &&
               covers(f->service, r->service);
}

static bool names_rule(const struct raw_ref *ref, const struct meta *m) {
        return span_ieq(ref->text, m->id) || (m->name.len && span_ieq(ref->text, m->name));
}

static void filter_told(struct linker *l, const struct raw_ref *ref, bool other_source) {
        struct node at = mark(ref->line, ref->column);

        if (other_source)
                say(l->p, DIAG_WARNING, "filter-logsource", &at,
                    "the rule \"%.*s\" has another log source than the filter, which does not "
                    "apply to it",
                    "quy tắc \"%.*s\" có nguồn nhật ký khác bộ lọc nên bộ lọc không áp dụng",
                    SHOW(ref->text));
        else if (lookup(l, ref->text)->what == TARGET_CORR)
                say(l->p, DIAG_WARNING, "filter-correlation", &at,
                    "\"%.*s\" is a correlation; filters apply to rules: name the rules it refers "
                    "to",
                    "\"%.*s\" là tương quan; bộ lọc chỉ áp dụng cho quy tắc: hãy nêu các quy tắc "
                    "của nó",
                    SHOW(ref->text));
        else
                say(l->p, DIAG_WARNING, "filter-unknown-rule", &at,
                    "no rule has the id or name \"%.*s\": load it too, or correct the reference",
                    "không quy tắc nào có id hay name \"%.*s\": hãy nạp thêm hoặc sửa tham chiếu",
                    SHOW(ref->text));
}

static void filter_apply(struct linker *l, struct raw_filter *f) {
        struct parse *p = l->p;

        context(p, &f->meta);
        for (uint32_t i = 0; f->any && i < p->set->n_rules; i++) {
                struct rule *r = &p->set->rules[i];
                if (same_source(&f->source, &r->source))
                        r->expr = expr_pair(p->a, EXPR_AND, r->expr, f->expr);
        }
        for (uint32_t k = 0; k < f->n_refs; k++) {
                bool applied = false, other_source = false, again = false;
                for (uint32_t j = 0; j < k; j++)
                        again |= span_ieq(f->refs[j].text, f->refs[k].text);
                for (uint32_t i = 0; !again && i < p->set->n_rules; i++) {
                        struct rule *r = &p->set->rules[i];
                        if (!names_rule(&f->refs[k], &r->meta))
                                continue;
                        if (same_source(&f->source, &r->source)) {
                                r->expr = expr_pair(p->a, EXPR_AND, r->expr, f->expr);
                                applied = true;
                        } else {
                                other_source = true;
                        }
                }
                if (!applied && !again)
                        filter_told(l, &f->refs[k], other_source);
        }
}

void link_set(struct parse *p) {
        struct linker l = {.p = p};

        arena_reset(&p->scratch);
        if (!table_build(&l))
                return;
        for (uint32_t i = 0; i < p->n_corrs; i++)
                resolve(&l, i);
        if (!emit(p))
                return;
        wanted(p);
        reports(p);
        for (uint32_t i = 0; i < p->n_filters && !p->a->overflowed; i++)
                filter_apply(&l, &p->filters[i]);
        if (p->n_filters)
                for (uint32_t i = 0; i < p->set->n_rules; i++)
                        if (!p->set->rules[i].expr)
                                p->a->overflowed = true;
}

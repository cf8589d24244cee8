/* The linter's checks of what rules detect and how they stand to each other. See lint.h;
 * lint_meta.c has the rest.
 *
 * A finding must be worth reading: the checks of logic (never matches, always matches) compare
 * written atoms only, so they say what is certain, not what might be. Lists longer than LIST_MAX
 * are not compared pairwise. */
#include "rules/lint.h"

#include "base/hash.h"
#include "rules/parse.h"

#define LIST_MAX 200
#define DEPTH_MAX 64
#define SHOW(s) (int)MIN((s).len, (size_t)120), (s).p ? (s).p : ""

struct at {
        struct ruleset *set;
        const struct meta *m;
        const struct rule *rule;
        uint32_t line, column; /* of the last atom seen */
};

static struct diag head(const struct at *a, enum diag_severity severity, const char *code,
                        uint32_t line, uint32_t column) {
        return (struct diag){.severity = severity,
                             .code = code,
                             .file = a->m->file,
                             .line = line ? line : a->m->line,
                             .column = line ? column : 1,
                             .rule = a->m->id.len ? a->m->id : a->m->title};
}

#define TELL(a, severity, code, line, column, en, ...)                                             \
        do {                                                                                       \
                struct diag d_ = head(a, severity, code, line, column);                            \
                ruleset_diag((a)->set, &d_, en, __VA_ARGS__);                                      \
        } while (0)

/* ---- atoms ---- */

static bool same_pattern(const struct pattern *x, const struct pattern *y, bool cased) {
        if (x->n != y->n)
                return false;
        for (uint32_t i = 0; i < x->n; i++)
                if (x->pieces[i].kind != y->pieces[i].kind ||
                    !(cased ? span_eq(x->pieces[i].lit, y->pieces[i].lit)
                            : span_ieq(x->pieces[i].lit, y->pieces[i].lit)))
                        return false;
        return true;
}

static bool same_atom(const struct atom *x, const struct atom *y) {
        if (x->op != y->op || !span_eq(x->field, y->field) || x->cased != y->cased)
                return false;
        switch (x->op) {
        case ATOM_STRING: return same_pattern(&x->pat, &y->pat, x->cased);
        case ATOM_REGEX:
                return span_eq(x->regex, y->regex) && x->re_i == y->re_i && x->re_m == y->re_m &&
                       x->re_s == y->re_s;
        case ATOM_CIDR:
                return x->addr_len == y->addr_len && x->prefix == y->prefix &&
                       memcmp(x->addr, y->addr, x->addr_len) == 0;
        case ATOM_COMPARE: return x->cmp == y->cmp && x->part == y->part && x->value == y->value;
        case ATOM_FIELDREF: return span_eq(x->other, y->other) && x->ref == y->ref;
        default: return true;
        }
}

static bool same_expr(const struct expr *x, const struct expr *y, unsigned depth) {
        if (x == y)
                return true;
        if (x->kind != y->kind || x->n != y->n || x->min != y->min || depth == 0)
                return false;
        if (x->kind == EXPR_ATOM)
                return same_atom(x->atom, y->atom);
        for (uint32_t i = 0; i < x->n; i++)
                if (!same_expr(x->kids[i], y->kids[i], depth - 1))
                        return false;
        return true;
}

static void string_atom(struct at *a, const struct atom *t) {
        size_t longest = 0;

        for (uint32_t i = 0; i < t->pat.n; i++)
                longest = MAX(longest, t->pat.pieces[i].lit.len);
        if (t->field.len == 0 && longest < 3)
                TELL(a, DIAG_WARNING, "keyword-short", t->line, t->column,
                     "a keyword this short is in almost every record: make it longer or name a "
                     "field",
                     "từ khóa ngắn như vậy có trong hầu hết bản ghi: hãy viết dài hơn hoặc nêu "
                     "trường");
        else if (t->pat.n && longest == 0)
                TELL(a, DIAG_HINT, "only-wildcards", t->line, t->column,
                     "only wildcards: this asks whether the field is there; |exists: true says so",
                     "chỉ có ký tự đại diện: điều này chỉ hỏi trường có mặt; |exists: true nói rõ "
                     "hơn");
}

static bool has_meta(struct span r) {
        for (size_t i = 0; i < r.len; i++)
                if (r.p[i] && strchr("\\^$.[]|()?*+{}", r.p[i]))
                        return true;
        return false;
}

static bool ends_with_any(struct span r) {
        size_t slashes = 0;

        if (r.len < 2 || r.p[r.len - 2] != '.' || r.p[r.len - 1] != '*')
                return false;
        for (size_t i = r.len - 2; i > 0 && r.p[i - 1] == '\\'; i--)
                slashes++;
        return slashes % 2 == 0;
}

static void regex_atom(struct at *a, const struct atom *t) {
        struct span r = t->regex;

        if (!has_meta(r))
                TELL(a, DIAG_HINT, "regex-literal", t->line, t->column,
                     "plain text needs no regular expression: use |contains",
                     "văn bản thường không cần biểu thức chính quy: hãy dùng |contains");
        if ((span_starts(r, SPAN(".*")) && r.len > 2 && r.p[2] != '?') || ends_with_any(r))
                TELL(a, DIAG_HINT, "regex-ends", t->line, t->column,
                     "a regular expression matches anywhere: remove .* at its beginning or end",
                     "biểu thức chính quy khớp ở mọi vị trí: hãy bỏ .* ở đầu hoặc cuối");
        for (size_t i = 0; i + 2 < r.len; i++)
                if (r.p[i] == '(' && r.p[i + 1] == '?' && (i == 0 || r.p[i - 1] != '\\') &&
                    strchr("=!<", r.p[i + 2])) {
                        TELL(a, DIAG_HINT, "regex-portability", t->line, t->column,
                             "lookaround is outside the flavour that the specification names; "
                             "other tools may refuse it",
                             "lookaround nằm ngoài dạng biểu thức mà đặc tả nêu; công cụ khác có "
                             "thể từ chối");
                        break;
                }
}

static void atom(struct at *a, const struct atom *t) {
        a->line = t->line;
        a->column = t->column;
        if (t->op == ATOM_STRING)
                string_atom(a, t);
        else if (t->op == ATOM_REGEX)
                regex_atom(a, t);
        if (t->op == ATOM_CIDR && t->prefix == 0)
                TELL(a, DIAG_WARNING, "cidr-all", t->line, t->column,
                     "this network holds every address", "mạng này chứa mọi địa chỉ");
        if (t->op == ATOM_FIELDREF && span_eq(t->field, t->other))
                TELL(a, DIAG_WARNING, "fieldref-self", t->line, t->column,
                     "the field is compared with itself: name another",
                     "trường được so với chính nó: hãy nêu trường khác");
        if (a->rule && a->rule->source.category.len &&
            span_eq(a->rule->source.product, SPAN("windows")) && span_eq(t->field, SPAN("EventID")))
                TELL(a, DIAG_HINT, "eventid-category", t->line, t->column,
                     "the category says already which events are meant: an EventID binds the rule "
                     "to one source",
                     "category đã nêu loại sự kiện: EventID buộc quy tắc vào một nguồn");
}

/* ---- logic ---- */

static void first_place(const struct expr *e, struct at *a) {
        while (e->kind != EXPR_ATOM && e->n)
                e = e->kids[0];
        if (e->kind == EXPR_ATOM) {
                a->line = e->atom->line;
                a->column = e->atom->column;
        }
}

/* x beside not x; x beside x. */
static void pairs(struct at *a, const struct expr *e) {
        bool and = e->kind == EXPR_AND;

        if (e->n > LIST_MAX || e->kind == EXPR_AT_LEAST)
                return;
        for (uint32_t i = 0; i < e->n; i++)
                for (uint32_t k = 0; k < i; k++) {
                        const struct expr *x = e->kids[i], *y = e->kids[k];
                        const struct expr *p = x->kind == EXPR_NOT ? x->kids[0] : x,
                                          *q = y->kind == EXPR_NOT ? y->kids[0] : y;
                        if (!same_expr(p, q, 8))
                                continue;
                        first_place(p, a);
                        if ((x->kind == EXPR_NOT) != (y->kind == EXPR_NOT)) {
                                if (and)
                                        TELL(a, DIAG_WARNING, "never-matches", a->line, a->column,
                                             "the same is demanded and excluded: this can never "
                                             "match",
                                             "vừa đòi vừa loại cùng một điều: không bao giờ khớp");
                                else
                                        TELL(a, DIAG_WARNING, "always-matches", a->line, a->column,
                                             "something or its opposite: this always matches",
                                             "một điều hoặc điều ngược lại: luôn luôn khớp");
                        } else if (x->kind == EXPR_ATOM) {
                                TELL(a, DIAG_HINT, "value-duplicate", a->line, a->column,
                                     "the same value stands twice: remove one",
                                     "giá trị lặp lại: hãy bỏ bớt");
                        }
                }
}

/* Two different whole values demanded of one field at once. */
static void contradictions(struct at *a, const struct expr *e) {
        for (uint32_t i = 0; i < e->n && e->n <= LIST_MAX; i++)
                for (uint32_t k = 0; k < i; k++) {
                        const struct atom *x = e->kids[i]->atom, *y = e->kids[k]->atom;
                        if (e->kids[i]->kind != EXPR_ATOM || e->kids[k]->kind != EXPR_ATOM ||
                            x->op != ATOM_STRING || y->op != ATOM_STRING || x->field.len == 0 ||
                            !span_eq(x->field, y->field) || x->pat.n != 1 || y->pat.n != 1 ||
                            x->pat.pieces[0].kind != PIECE_LIT ||
                            y->pat.pieces[0].kind != PIECE_LIT ||
                            same_pattern(&x->pat, &y->pat, false))
                                continue;
                        TELL(a, DIAG_WARNING, "never-matches", x->line, x->column,
                             "\"%.*s\" would have to have two values at once: this can only match "
                             "a field that occurs twice",
                             "\"%.*s\" phải có hai giá trị cùng lúc: chỉ khớp khi trường xuất hiện "
                             "hai lần",
                             SHOW(x->field));
                }
}

static void walk(struct at *a, const struct expr *e, unsigned depth) {
        if (depth == 0)
                return;
        if (e->kind == EXPR_ATOM) {
                atom(a, e->atom);
                return;
        }
        if (e->kind == EXPR_AND || e->kind == EXPR_OR)
                pairs(a, e);
        if (e->kind == EXPR_AND)
                contradictions(a, e);
        for (uint32_t i = 0; i < e->n; i++)
                walk(a, e->kids[i], depth - 1);
}

/* Whether a rule matches events that hold none of what it names: negations only. */
static bool only_negative(const struct expr *e, unsigned depth) {
        if (e->kind == EXPR_NOT)
                return e->kids[0]->kind != EXPR_ATOM ||
                       (e->kids[0]->atom->op != ATOM_NULL && e->kids[0]->atom->op != ATOM_EXISTS);
        if (depth == 0 || (e->kind != EXPR_AND && e->kind != EXPR_OR))
                return false;
        for (uint32_t i = 0; i < e->n; i++) {
                bool kid = only_negative(e->kids[i], depth - 1);
                if (e->kind == EXPR_OR && kid)
                        return true;
                if (e->kind == EXPR_AND && !kid)
                        return false;
        }
        return e->kind == EXPR_AND && e->n > 0;
}

static void one_rule(struct ruleset *set, const struct rule *r) {
        struct at a = {.set = set, .m = &r->meta, .rule = r};
        struct logsource s = r->source;

        if (r->meta.at[AT_LOGSOURCE].line && s.category.len + s.product.len + s.service.len == 0)
                TELL(&a, DIAG_WARNING, "logsource-empty", r->meta.at[AT_LOGSOURCE].line,
                     r->meta.at[AT_LOGSOURCE].column,
                     "the log source has neither category, product nor service, so the rule never "
                     "matches: add one",
                     "nguồn nhật ký thiếu cả category, product và service nên quy tắc không bao "
                     "giờ "
                     "khớp: hãy thêm");
        if (memchr(s.category.len ? s.category.p : "", ' ', s.category.len) ||
            memchr(s.product.len ? s.product.p : "", ' ', s.product.len) ||
            memchr(s.service.len ? s.service.p : "", ' ', s.service.len))
                TELL(&a, DIAG_WARNING, "logsource-blank", r->meta.at[AT_LOGSOURCE].line,
                     r->meta.at[AT_LOGSOURCE].column,
                     "a log source is written with _ in place of blanks",
                     "nguồn nhật ký dùng _ thay cho khoảng trắng");
        if (only_negative(r->expr, 8))
                TELL(&a, DIAG_WARNING, "only-negative", 0, 0,
                     "the condition only excludes, so the rule matches almost every event: add "
                     "what must be there",
                     "điều kiện chỉ loại trừ nên quy tắc khớp hầu như mọi sự kiện: hãy thêm điều "
                     "phải "
                     "có");
        walk(&a, r->expr, DEPTH_MAX);
}

static void one_correlation(struct ruleset *set, const struct correlation *c) {
        struct at a = {.set = set, .m = &c->meta};
        bool counts = c->type == CORR_EVENT_COUNT || c->type == CORR_VALUE_COUNT;

        if (c->n_group_by == 0)
                TELL(&a, DIAG_HINT, "group-by-missing", 0, 0,
                     "no group-by: all events of all hosts are taken together",
                     "thiếu group-by: sự kiện của mọi máy được tính chung");
        if (c->timespan > INT64_C(31) * 86400 * 1000000000)
                TELL(&a, DIAG_HINT, "timespan-long", 0, 0,
                     "a time span above a month keeps much in memory",
                     "khoảng thời gian hơn một tháng giữ nhiều dữ liệu trong bộ nhớ");
        for (uint32_t i = 0; counts && i < c->n_bounds; i++) {
                struct corr_bound b = c->bounds[i];
                if ((b.op == BOUND_GTE && b.value <= 1) || (b.op == BOUND_GT && b.value < 1))
                        TELL(&a, DIAG_WARNING, "bound-always", 0, 0,
                             "a single event satisfies this condition: raise the number",
                             "một sự kiện đã thỏa điều kiện: hãy tăng số");
                if ((b.op == BOUND_LT && b.value <= 1) || (b.op == BOUND_LTE && b.value < 1) ||
                    (b.op == BOUND_EQ && b.value < 1))
                        TELL(&a, DIAG_WARNING, "bound-never", 0, 0,
                             "without an event nothing is counted, so this never holds",
                             "không có sự kiện thì không đếm gì nên điều kiện không bao giờ thỏa");
        }
}

/* ---- between rules ---- */

struct seen {
        const struct meta **v;
        uint32_t mask;
};

/* Enters a value; returns who had it before. */
static const struct meta *enter(struct seen *s, struct span key, const struct meta *m, bool title) {
        char low[128];
        size_t n = MIN(key.len, sizeof(low));
        uint32_t i;

        if (key.len == 0)
                return NULL;
        for (size_t k = 0; k < n; k++)
                low[k] = ascii_lower(key.p[k]);
        for (i = (uint32_t)hash_bytes(low, n, 1) & s->mask; s->v[i]; i = (i + 1) & s->mask)
                if (span_ieq(title ? s->v[i]->title : s->v[i]->id, key))
                        return s->v[i];
        s->v[i] = m;
        return NULL;
}

static void unique(struct ruleset *set, struct seen *ids, struct seen *titles,
                   const struct meta *m) {
        struct at a = {.set = set, .m = m};
        const struct meta *other = enter(ids, m->id, m, false);

        if (other)
                /* Documents of one collection may share it on purpose. */
                TELL(&a, span_eq(other->file, m->file) ? DIAG_WARNING : DIAG_ERROR, "duplicate-id",
                     m->at[AT_ID].line, m->at[AT_ID].column,
                     "%.*s:%u has the same id: give this rule its own",
                     "%.*s:%u có cùng id: hãy cấp id riêng cho quy tắc này", SHOW(other->file),
                     other->line);
        other = titles ? enter(titles, m->title, m, true) : NULL;
        if (other)
                TELL(&a, DIAG_WARNING, "duplicate-title", m->at[AT_TITLE].line,
                     m->at[AT_TITLE].column, "%.*s:%u has the same title: say what differs",
                     "%.*s:%u có cùng tiêu đề: hãy nêu điểm khác", SHOW(other->file), other->line);
}

/* What a legacy rule was split into carries its correlation's description. */
static bool by_product(const struct ruleset *set, const struct rule *r) {
        if (r->report || r->meta.id.len == 0)
                return false;
        for (uint32_t i = 0; i < set->n_correlations; i++)
                if (set->correlations[i].meta.id.p == r->meta.id.p)
                        return true;
        return false;
}

int lint_ruleset(struct ruleset *set) {
        uint32_t size = 64, n = set->n_rules + set->n_correlations;
        struct seen ids, titles;

        while (size < n * 2)
                size *= 2;
        ids = (struct seen){arena_array(&set->arena, size, sizeof(*ids.v)), size - 1};
        titles = (struct seen){arena_array(&set->arena, size, sizeof(*ids.v)), size - 1};
        if (!ids.v || !titles.v)
                return FAIL(-ENOMEM);
        for (uint32_t i = 0; i < set->n_rules; i++) {
                struct rule *r = &set->rules[i];
                if (!by_product(set, r)) {
                        lint_meta(set, &r->meta, false, r->report);
                        unique(set, &ids, r->report ? &titles : NULL, &r->meta);
                }
                one_rule(set, r);
        }
        for (uint32_t i = 0; i < set->n_correlations; i++) {
                struct correlation *c = &set->correlations[i];
                lint_meta(set, &c->meta, true, c->report);
                unique(set, &ids, c->report ? &titles : NULL, &c->meta);
                one_correlation(set, c);
        }
        return set->arena.overflowed ? FAIL(-ENOMEM) : 0;
}

/* The older aggregations in a condition (specification 1.x, section "Aggregation expression"), as
 * SigmaHQ's unsupported/ folder still has them, turned into a rule that does not report and a
 * correlation that does:
 *
 *     selection | count() by host > 5           event_count over the rule, grouped by host
 *     selection | count(user) by host > 5       value_count of user
 *     selection | sum(bytes) by host > 5        value_sum; avg: value_avg; min and max: percentile
 * 0 and 100 selection | near other and not third      temporal over one rule for each name, with a
 * boolean condition
 *
 * Without `timeframe` the older converters meant the whole time searched; here that is a year, and
 * a warning says so. */
#include "base/timestamp.h"
#include "rules/build.h"

#define WHOLE_TIME (366 * 86400 * NS_PER_SEC)

struct pipe {
        struct parse *p;
        struct span s; /* what is left */
        const struct detection *d;
};

static struct node at_of(const struct pipe *q) {
        size_t used = (size_t)(q->s.p - q->d->pipe.p);
        return mark(q->d->pipe_at->line, q->d->pipe_at->column + (q->d->pipe_at->plain ? 0 : 1) +
                                                 q->d->pipe_offset + (uint32_t)used);
}

static bool word_char(char c) {
        return (unsigned char)c > ' ' && !strchr("(),<>=", c);
}

/* A word, or one of ( ) , < <= > >= = ==; empty at the end. */
static struct span token(struct pipe *q) {
        size_t n = 0;

        q->s = span_trim(q->s);
        if (q->s.len == 0)
                return q->s;
        while (n < q->s.len && word_char(q->s.p[n]))
                n++;
        if (n == 0)
                n = 1 + (q->s.len > 1 && strchr("<>=", q->s.p[0]) && q->s.p[1] == '=');
        struct span t = span_of(q->s.p, n);
        q->s = span_of(q->s.p + n, q->s.len - n);
        return t;
}

static bool bad(struct pipe *q) {
        struct node at = at_of(q);

        say(q->p, DIAG_ERROR, "aggregation-syntax", &at,
            "this aggregation cannot be read: write count(field) by group > number, or a "
            "correlation rule",
            "không đọc được phép tổng hợp này: hãy viết count(trường) by nhóm > số, hoặc quy tắc "
            "tương quan");
        return false;
}

static bool function(struct span name, struct correlation *c) {
        if (span_ieq(name, SPAN("count")))
                c->type = CORR_EVENT_COUNT;
        else if (span_ieq(name, SPAN("sum")))
                c->type = CORR_VALUE_SUM;
        else if (span_ieq(name, SPAN("avg")))
                c->type = CORR_VALUE_AVG;
        else if (span_ieq(name, SPAN("min")) || span_ieq(name, SPAN("max")))
                c->type = CORR_VALUE_PERCENTILE;
        else
                return false;
        c->percentile = span_ieq(name, SPAN("max")) ? 100 : 0;
        return true;
}

static bool bound(struct pipe *q, struct span op, struct correlation *c) {
        static const struct {
                const char *text;
                int op;
        } ops[] = {{"<", BOUND_LT},   {"<=", BOUND_LTE}, {">", BOUND_GT},
                   {">=", BOUND_GTE}, {"=", BOUND_EQ},   {"==", BOUND_EQ}};
        struct span t = token(q);
        struct node n = {.kind = NODE_SCALAR, .plain = true, .text = arena_dup(q->p->a, t)};

        c->bounds = arena_zalloc(q->p->a, sizeof(*c->bounds));
        if (!c->bounds || !n.text.p)
                return false;
        c->n_bounds = 1;
        for (size_t i = 0; i < ARRAY_LEN(ops); i++)
                if (span_eq(op, span_str(ops[i].text))) {
                        memcpy(&c->bounds->op, &ops[i].op, sizeof(c->bounds->op));
                        return node_number(&n, &c->bounds->value) && token(q).len == 0;
                }
        return false;
}

static bool count_parse(struct pipe *q, struct span name, struct correlation *c) {
        struct span field, t;
        uint32_t cap = 0;

        if (!function(name, c) || !span_eq(token(q), SPAN("(")))
                return bad(q);
        field = token(q);
        if (!span_eq(field, SPAN(")"))) {
                c->fields = arena_alloc(q->p->a, sizeof(*c->fields));
                if (!c->fields)
                        return false;
                c->fields[0] = arena_dup(q->p->a, field);
                c->n_fields = 1;
                if (c->type == CORR_EVENT_COUNT)
                        c->type = CORR_VALUE_COUNT;
                if (!span_eq(token(q), SPAN(")")))
                        return bad(q);
        } else if (c->type != CORR_EVENT_COUNT) {
                return bad(q);
        }
        t = token(q);
        if (span_ieq(t, SPAN("by")) || span_ieq(t, SPAN("group-by"))) {
                do {
                        struct span *to =
                                vec_push(q->p->a, &c->group_by, &c->n_group_by, &cap, sizeof(*to));
                        t = token(q);
                        if (!to || t.len == 0 || !word_char(t.p[0]))
                                return bad(q);
                        *to = arena_dup(q->p->a, t);
                        t = token(q);
                } while (span_eq(t, SPAN(",")));
        }
        return bound(q, t, c) || bad(q);
}

static bool timespan(struct parse *p, const struct detection *d, struct correlation *c) {
        const struct node *t = d->timeframe;

        c->timespan = WHOLE_TIME;
        if (!t) {
                say(p, DIAG_WARNING, "timeframe-missing", d->pipe_at,
                    "the aggregation has no timeframe, so a whole year is counted: add timeframe: "
                    "5m or the like",
                    "phép tổng hợp không có timeframe nên tính cả năm: hãy thêm timeframe: 5m hoặc "
                    "tương tự");
                return true;
        }
        c->timespan = t->kind == NODE_SCALAR ? time_parse_span(span_trim(t->text)) : -1;
        if (c->timespan <= 0) {
                say(p, DIAG_ERROR, "timespan-invalid", t,
                    "a time span is a number and s, m, h, d, w, M or y: 90m",
                    "khoảng thời gian gồm số và s, m, h, d, w, M hoặc y: 90m");
                return false;
        }
        return true;
}

/* The rule as something only the correlation uses. Returns its index or UINT32_MAX. */
static uint32_t add_base(struct parse *p, const struct rule *base, struct expr *expr) {
        struct rule r = *base;

        r.expr = expr;
        r.report = false;
        r.meta.name = SPAN_NONE;
        return rule_add(p, &r) ? p->set->n_rules - 1 : UINT32_MAX;
}

/* Expression over leaves (one per ref) to postfix. Leaves are told apart by address. */
bool cond_postfix(struct parse *p, const struct expr *e, const struct expr *leaves, uint32_t n,
                  struct corr_cond *to, uint32_t max, uint32_t *len) {
        enum corr_cond_op join = e->kind == EXPR_AND ? COND_AND : COND_OR;

        if (e >= leaves && e < leaves + n) {
                if (*len == max)
                        return false;
                to[(*len)++] = (struct corr_cond){COND_REF, (uint32_t)(e - leaves)};
                return true;
        }
        if (e->kind == EXPR_AT_LEAST)
                return false;
        for (uint32_t i = 0; i < e->n; i++) {
                if (!cond_postfix(p, e->kids[i], leaves, n, to, max, len))
                        return false;
                if (e->kind != EXPR_NOT && i == 0)
                        continue;
                if (*len == max)
                        return false;
                to[(*len)++] = (struct corr_cond){e->kind == EXPR_NOT ? COND_NOT : join, 0};
        }
        return true;
}

static bool near_parse(struct pipe *q, const struct rule *base, struct detection *d,
                       struct raw_corr *raw) {
        struct parse *p = q->p;
        struct named *names = arena_array(p->a, d->n + 1, sizeof(*names));
        struct expr *leaves = arena_array(p->a, d->n + 1, sizeof(*leaves)), *e;
        struct corr_cond *cond = arena_array(p->a, CORR_COND_MAX, sizeof(*cond));
        uint32_t len = 0, refs = 1;

        raw->c.refs = arena_array(p->a, d->n + 1, sizeof(*raw->c.refs));
        if (!names || !leaves || !cond || !raw->c.refs)
                return false;
        for (uint32_t i = 0; i < d->n; i++)
                names[i] =
                        (struct named){.name = d->names[i].name, .expr = &leaves[i + 1], .size = 1};
        e = condition_parse(p, q->s, d->pipe_at, d->pipe_offset + (uint32_t)(q->s.p - d->pipe.p),
                            names, d->n);
        if (!e)
                return false;
        /* Only what is named becomes a rule; leaves move together. */
        for (uint32_t i = 0; i < d->n; i++) {
                if (!names[i].used)
                        continue;
                d->names[i].used = true;
                raw->c.refs[refs++].index = add_base(p, base, d->names[i].expr);
        }
        if (!cond_postfix(p, e, leaves, d->n + 1, cond + 1, CORR_COND_MAX - 2, &len)) {
                say(p, DIAG_ERROR, "near-too-complex", d->pipe_at,
                    "this near cannot be turned into a correlation: write one of type temporal",
                    "không chuyển được phép near này thành tương quan: hãy viết tương quan kiểu "
                    "temporal");
                return false;
        }
        cond[0] = (struct corr_cond){COND_REF, 0};
        for (uint32_t i = 1; i <= len; i++) {
                if (cond[i].op != COND_REF)
                        continue;
                uint32_t k = 1;
                for (uint32_t j = 0; j + 1 < cond[i].ref; j++)
                        k += names[j].used;
                cond[i].ref = k;
        }
        cond[len + 1].op = COND_AND;
        raw->c.type = CORR_TEMPORAL;
        raw->c.cond = cond;
        raw->c.n_cond = len + 2;
        raw->c.n_refs = refs;
        return true;
}

bool legacy_convert(struct parse *p, const struct rule *base, struct detection *d) {
        struct pipe q = {.p = p, .s = d->pipe, .d = d};
        struct raw_corr raw = {.synthetic = true, .line = base->meta.line, .column = 1}, *to;
        uint32_t first = p->set->n_rules, index;
        struct span name = token(&q);
        bool ok;

        raw.c.meta = base->meta;
        raw.c.report = true;
        index = add_base(p, base, d->expr);
        if (span_ieq(name, SPAN("near"))) {
                ok = near_parse(&q, base, d, &raw);
        } else {
                raw.c.refs = arena_zalloc(p->a, sizeof(*raw.c.refs));
                raw.c.n_refs = 1;
                ok = raw.c.refs && count_parse(&q, name, &raw.c);
        }
        ok = timespan(p, d, &raw.c) && ok && index != UINT32_MAX;
        to = ok ? vec_push(p->a, &p->corrs, &p->n_corrs, &p->cap_corrs, sizeof(*to)) : NULL;
        if (!to) {
                p->set->n_rules = first; /* nothing of a refused document stays */
                return false;
        }
        raw.c.refs[0].index = index;
        *to = raw;
        say(p, DIAG_HINT, "aggregation-legacy", d->pipe_at,
            "aggregations in conditions are obsolete; this one works as a correlation: better "
            "write one",
            "phép tổng hợp trong điều kiện đã lỗi thời; quy tắc này chạy như tương quan: nên viết "
            "tương quan");
        return true;
}

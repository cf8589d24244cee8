/* Correlation documents (correlation rules specification) and filter documents (filters
 * specification).
 *
 * Both name other rules, which may stand in files not read yet, so they are kept with their
 * references as text until link.c.
 *
 * What a filter's condition means. The specification's own example suppresses the accounts that its
 * selection names with `condition: selection`; the reference implementation and most published
 * filters write `condition: not selection` and mean the same. Both are understood: a condition that
 * begins with a negation says what remains, any other says what is suppressed, and then a hint says
 * how it was read. */
#include "base/timestamp.h"
#include "rules/build.h"

#define REFS_MAX 1000
#define FIELDS_MAX 64

static const struct {
        const char *name;
        enum corr_type type;
        bool field, condition;
        double percentile;
} types[] = {
        {"event_count", CORR_EVENT_COUNT, false, true, 0},
        {"value_count", CORR_VALUE_COUNT, true, true, 0},
        {"temporal", CORR_TEMPORAL, false, false, 0},
        {"temporal_ordered", CORR_TEMPORAL_ORDERED, false, false, 0},
        {"value_sum", CORR_VALUE_SUM, true, true, 0},
        {"value_avg", CORR_VALUE_AVG, true, true, 0},
        {"value_percentile", CORR_VALUE_PERCENTILE, true, true, -1},
        {"value_median", CORR_VALUE_MEDIAN, true, true, 50},
        /* in the schema of 2.1 drafts: the ends of the distribution */
        {"value_min", CORR_VALUE_PERCENTILE, true, true, 0},
        {"value_max", CORR_VALUE_PERCENTILE, true, true, 100},
};

static bool refs_parse(struct parse *p, const struct node *n, struct raw_ref **ret,
                       uint32_t *ret_n) {
        const struct node *first = n && n->kind == NODE_LIST ? n->first : n;
        uint32_t count = n && n->kind == NODE_LIST ? n->n : 1, k = 0;

        if (count > REFS_MAX) {
                say(p, DIAG_ERROR, "too-many-references", n,
                    "more than %d rules named: split the document",
                    "nêu hơn %d quy tắc: hãy chia tài liệu", REFS_MAX);
                return false;
        }
        *ret = arena_array(p->a, MAX(count, 1u), sizeof(**ret));
        for (const struct node *c = first; *ret && c && k < count; c = c->next) {
                if (c->kind != NODE_SCALAR || c->text.len == 0) {
                        say(p, DIAG_ERROR, "reference-type", c,
                            "a rule is named by its id or its name",
                            "quy tắc được nêu bằng id hoặc name");
                        return false;
                }
                (*ret)[k++] =
                        (struct raw_ref){arena_dup(p->a, span_trim(c->text)), c->line, c->column};
        }
        *ret_n = k;
        return *ret != NULL;
}

static bool aliases_parse(struct parse *p, const struct node *map, struct raw_corr *raw) {
        uint32_t cap = 0;

        if (!map)
                return true;
        for (struct node *a = map->kind == NODE_MAP ? map->first : NULL; a; a = a->next) {
                for (struct node *f = a->kind == NODE_MAP ? a->first : NULL; f; f = f->next) {
                        struct raw_alias *to;
                        if (f->kind != NODE_SCALAR || f->text.len == 0 ||
                            raw->n_aliases == REFS_MAX)
                                goto bad;
                        to = vec_push(p->a, &raw->aliases, &raw->n_aliases, &cap, sizeof(*to));
                        if (!to)
                                return false;
                        to->alias = arena_dup(p->a, a->key->text);
                        to->ref = arena_dup(p->a, f->key->text);
                        to->field = arena_dup(p->a, f->text);
                        to->line = f->key->line;
                        to->column = f->key->column;
                }
                if (a->kind != NODE_MAP)
                        goto bad;
        }
        if (map->kind == NODE_MAP)
                return true;
bad:
        say(p, DIAG_ERROR, "alias-type", map, "aliases are written alias: {rule name: field}",
            "bí danh được viết alias: {tên quy tắc: trường}");
        return false;
}

static bool bound_parse(struct parse *p, const struct node *v, struct correlation *c) {
        static const char *const names[] = {"gt", "gte", "lt", "lte", "eq", "neq"};

        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
                int op = (int)i;
                if (!span_eq(v->key->text, span_str(names[i])))
                        continue;
                struct corr_bound *b = &c->bounds[c->n_bounds];
                if (!node_number(v, &b->value)) {
                        say(p, DIAG_ERROR, "not-a-number", v, "%s needs a number", "%s cần một số",
                            names[i]);
                        return false;
                }
                memcpy(&b->op, &op, sizeof(b->op));
                c->n_bounds++;
                return true;
        }
        say(p, DIAG_ERROR, "correlation-condition", v->key,
            "\"%.*s\" is none of gt, gte, lt, lte, eq, neq, field, percentile: correct it",
            "\"%.*s\" không thuộc gt, gte, lt, lte, eq, neq, field, percentile: hãy sửa",
            SHOW(v->key->text));
        return false;
}

static bool bounds_parse(struct parse *p, const struct node *map, struct correlation *c) {
        c->bounds = arena_array(p->a, map->n + 1, sizeof(*c->bounds));
        for (struct node *v = map->first; c->bounds && v; v = v->next) {
                if (span_eq(v->key->text, SPAN("field"))) {
                        strings_parse(p, v, "field", &c->fields, &c->n_fields);
                } else if (span_eq(v->key->text, SPAN("percentile"))) {
                        if (!node_number(v, &c->percentile) || c->percentile < 0 ||
                            c->percentile > 100) {
                                say(p, DIAG_ERROR, "percentile-invalid", v,
                                    "a percentile is a number from 0 to 100",
                                    "phân vị là số từ 0 đến 100");
                                return false;
                        }
                } else if (!bound_parse(p, v, c)) {
                        return false;
                }
        }
        if (c->bounds && c->n_bounds == 0) {
                say(p, DIAG_ERROR, "correlation-condition", map,
                    "the condition compares nothing: add gte: NUMBER",
                    "điều kiện không so sánh gì: hãy thêm gte: SỐ");
                return false;
        }
        return c->bounds != NULL;
}

static bool type_parse(struct parse *p, const struct node *n, const struct node *at, size_t *ret) {
        for (size_t i = 0; n && n->kind == NODE_SCALAR && i < ARRAY_LEN(types); i++)
                if (span_eq(n->text, span_str(types[i].name))) {
                        *ret = i;
                        return true;
                }
        say(p, DIAG_ERROR, "correlation-type", n ? n : at,
            "the correlation's type must be event_count, value_count, temporal, temporal_ordered, "
            "value_sum, "
            "value_avg, value_percentile or value_median",
            "kiểu tương quan phải là event_count, value_count, temporal, temporal_ordered, "
            "value_sum, value_avg, "
            "value_percentile hoặc value_median");
        return false;
}

static bool condition_section(struct parse *p, const struct node *map, size_t type,
                              struct raw_corr *raw) {
        struct node *n = node_get(map, "condition");
        struct correlation *c = &raw->c;

        c->percentile = types[type].percentile;
        if (!n) {
                if (!types[type].condition)
                        return true;
                say(p, DIAG_ERROR, "correlation-condition", map,
                    "a %s correlation needs a condition, like gte: 10",
                    "tương quan %s cần điều kiện, như gte: 10", types[type].name);
                return false;
        }
        if (n->kind == NODE_MAP) {
                if (!bounds_parse(p, n, c))
                        return false;
        } else if (n->kind == NODE_SCALAR && !types[type].condition && n->text.len <= 16384) {
                raw->cond = arena_dup(p->a, n->text);
                raw->cond_line = n->line;
                raw->cond_column = n->column + (n->plain ? 0 : 1);
        } else {
                say(p, DIAG_ERROR, "correlation-condition", n,
                    "a %s correlation's condition is a map, like gte: 10",
                    "điều kiện của tương quan %s là bảng, như gte: 10", types[type].name);
                return false;
        }
        if (types[type].field && (c->n_fields == 0 || c->n_fields > FIELDS_MAX)) {
                say(p, DIAG_ERROR, "correlation-field", n,
                    "a %s correlation needs field: NAME in its condition",
                    "tương quan %s cần field: TÊN trong điều kiện", types[type].name);
                return false;
        }
        if (!types[type].field && c->n_fields)
                say(p, DIAG_WARNING, "correlation-field-unused", n,
                    "field has no meaning for %s: remove it", "field không có nghĩa với %s: hãy bỏ",
                    types[type].name);
        if (c->percentile < 0) {
                c->percentile = 50;
                say(p, DIAG_WARNING, "percentile-missing", n,
                    "no percentile given, 50 is taken: add percentile: N",
                    "chưa có percentile nên dùng 50: hãy thêm percentile: N");
        }
        return true;
}

static bool section(struct parse *p, const struct node *map, struct raw_corr *raw) {
        struct node *n, *generate = node_get(map, "generate");
        size_t type;

        if (!type_parse(p, node_get(map, "type"), map, &type))
                return false;
        raw->c.type = types[type].type;
        n = node_get(map, "rules");
        if (n && !refs_parse(p, n, &raw->refs, &raw->n_refs))
                return false;
        if (!condition_section(p, map, type, raw))
                return false;
        if (raw->n_refs == 0 && raw->cond.len == 0) {
                say(p, DIAG_ERROR, "correlation-rules", n ? n : map,
                    "the correlation names no rules: add rules: [id or name]",
                    "tương quan chưa nêu quy tắc nào: hãy thêm rules: [id hoặc name]");
                return false;
        }
        strings_parse(p, node_get(map, "group-by"), "group-by", &raw->c.group_by,
                      &raw->c.n_group_by);
        if (raw->c.n_group_by > FIELDS_MAX) {
                say(p, DIAG_ERROR, "too-many-fields", map, "more than %d fields in group-by",
                    "group-by có hơn %d trường", FIELDS_MAX);
                return false;
        }
        n = node_get(map, "timespan");
        if (!n)
                n = node_get(map, "timeframe");
        raw->c.timespan = n && n->kind == NODE_SCALAR ? time_parse_span(span_trim(n->text)) : -1;
        if (raw->c.timespan <= 0) {
                say(p, DIAG_ERROR, "timespan-invalid", n ? n : map,
                    "a time span is a number and s, m, h, d, w, M or y: timespan: 90m",
                    "khoảng thời gian gồm số và s, m, h, d, w, M hoặc y: timespan: 90m");
                return false;
        }
        if (generate && node_type(generate) != SCALAR_BOOL)
                say(p, DIAG_WARNING, "generate-not-boolean", generate,
                    "generate takes true or false; false is taken",
                    "generate chỉ nhận true hoặc false; đang dùng false");
        raw->c.generate = generate && node_type(generate) == SCALAR_BOOL && node_bool(generate);
        return aliases_parse(p, node_get(map, "aliases"), raw);
}

void correlation_parse(struct parse *p, const struct node *root) {
        struct node *map = node_get(root, "correlation"), *generate = node_get(root, "generate");
        struct raw_corr raw = {.line = map->line, .column = map->column}, *to;

        meta_parse(p, root, &raw.c.meta);
        raw.c.report = true;
        if (map->kind != NODE_MAP) {
                say(p, DIAG_ERROR, "correlation-type", map,
                    "correlation must be a map with type, rules and timespan",
                    "correlation phải là bảng có type, rules và timespan");
                return;
        }
        if (!section(p, map, &raw))
                return;
        /* The specification describes `generate` beside the section, its readers take it inside. */
        if (generate && node_type(generate) == SCALAR_BOOL)
                raw.c.generate |= node_bool(generate);
        to = vec_push(p->a, &p->corrs, &p->n_corrs, &p->cap_corrs, sizeof(*to));
        if (to)
                *to = raw;
}

/* ---- filters ---- */

/* Begins with a negation, parentheses aside. */
static bool negative(const struct node *condition) {
        struct span s;

        if (condition && condition->kind == NODE_LIST)
                condition = condition->first;
        s = condition ? condition->text : SPAN("");
        while (s.len && ((unsigned char)*s.p <= ' ' || *s.p == '('))
                s.p++, s.len--;
        return s.len > 3 && span_ieq(span_of(s.p, 3), SPAN("not")) &&
               ((unsigned char)s.p[3] <= ' ' || s.p[3] == '(');
}

void filter_parse(struct parse *p, const struct node *root) {
        static const char *const skip[] = {"condition", "rules", NULL};
        struct node *map = node_get(root, "filter"), *rules;
        struct raw_filter f = {.line = map->line, .column = map->column}, *to;
        struct detection d;

        meta_parse(p, root, &f.meta);
        logsource_parse(p, root, &f.source);
        if (!detection_parse(p, map, skip, &d))
                return;
        if (d.pipe.p) {
                say(p, DIAG_ERROR, "aggregation-syntax", d.pipe_at,
                    "a filter cannot aggregate: remove what follows '|'",
                    "bộ lọc không thể tổng hợp: hãy bỏ phần sau '|'");
                return;
        }
        rules = node_get(map, "rules");
        if (!rules) {
                say(p, DIAG_ERROR, "filter-rules", map,
                    "the filter names no rules: add rules: [id or name], or rules: any",
                    "bộ lọc chưa nêu quy tắc nào: hãy thêm rules: [id hoặc name], hoặc rules: any");
                return;
        }
        f.any = (rules->kind == NODE_LIST && rules->n == 0) ||
                (rules->kind == NODE_SCALAR &&
                 (span_ieq(rules->text, SPAN("any")) || span_ieq(rules->text, SPAN("all"))));
        if (!f.any && !refs_parse(p, rules, &f.refs, &f.n_refs))
                return;
        if (negative(node_get(map, "condition"))) {
                f.expr = d.expr;
        } else {
                f.expr = expr_not(p->a, d.expr);
                say(p, DIAG_HINT, "filter-suppresses", node_get(map, "condition"),
                    "read as: what matches is suppressed; other tools want \"not\" before it",
                    "được hiểu là: sự kiện khớp sẽ bị loại; công cụ khác đòi có \"not\" đứng "
                    "trước");
        }
        for (uint32_t i = 0; i < d.n; i++) {
                struct node at = mark(d.names[i].line, d.names[i].column);
                if (!d.names[i].used)
                        say(p, DIAG_WARNING, "detection-unused", &at,
                            "the condition never uses \"%.*s\": use it or remove it",
                            "điều kiện không dùng \"%.*s\": hãy dùng hoặc bỏ đi",
                            SHOW(d.names[i].name));
        }
        to = vec_push(p->a, &p->filters, &p->n_filters, &p->cap_filters, sizeof(*to));
        if (to)
                *to = f;
        p->set->n_filters = p->n_filters;
}

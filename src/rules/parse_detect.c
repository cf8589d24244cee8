/* The `detection` section (rules specification, sections "Detection" to "Condition"): searches by
 * name, and the condition that joins them.
 *
 * A search is a map (all its items), a list of maps (any of them), a list of strings or one string
 * (keywords, any of them). A list may mix both. What stands under `timeframe` belongs to the legacy
 * aggregation. */
#include "rules/build.h"

#define SEARCHES_MAX 1000
#define NAME_MAX_BYTES 256
#define CONDITION_MAX ((size_t)16 << 10)

static struct expr *map_parse(struct parse *p, const struct node *map) {
        struct expr **kids = arena_array(p->a, MAX(map->n, 1u), sizeof(*kids));
        uint32_t n = 0;

        if (map->n == 0) {
                say(p, DIAG_ERROR, "empty-search", map,
                    "an empty map matches everything: name a field and a value",
                    "bảng rỗng khớp mọi thứ: hãy nêu trường và giá trị");
                return NULL;
        }
        for (struct node *v = map->first; kids && v; v = v->next) {
                kids[n] = item_parse(p, v->key, v);
                if (!kids[n++])
                        return NULL;
        }
        return kids ? expr_list(p->a, EXPR_AND, kids, n) : NULL;
}

static struct expr *search_parse(struct parse *p, const struct node *s) {
        struct expr **kids;
        uint32_t n = 0;

        if (s->kind == NODE_MAP)
                return map_parse(p, s);
        if (s->kind == NODE_SCALAR)
                return item_parse(p, NULL, s);
        kids = arena_array(p->a, MAX(s->n, 1u), sizeof(*kids));
        if (s->n == 0) {
                say(p, DIAG_ERROR, "empty-list", s,
                    "an empty list matches nothing: give keywords or maps",
                    "danh sách rỗng không khớp gì: hãy ghi từ khóa hoặc bảng");
                return NULL;
        }
        for (struct node *c = s->first; kids && c; c = c->next) {
                kids[n] = c->kind == NODE_MAP      ? map_parse(p, c)
                          : c->kind == NODE_SCALAR ? item_parse(p, NULL, c)
                                                   : NULL;
                if (c->kind == NODE_LIST)
                        say(p, DIAG_ERROR, "nested-value", c,
                            "a list inside a list: write one list",
                            "danh sách trong danh sách: hãy viết một danh sách");
                if (!kids[n++])
                        return NULL;
        }
        return kids ? expr_list(p->a, EXPR_OR, kids, n) : NULL;
}

static bool skipped(struct span name, const char *const *skip) {
        for (; *skip; skip++)
                if (span_eq(name, span_str(*skip)))
                        return true;
        return false;
}

bool searches_parse(struct parse *p, const struct node *map, const char *const *skip,
                    struct named **ret, uint32_t *ret_n) {
        struct named *v = arena_array(p->a, map->n + 1, sizeof(*v));
        uint32_t n = 0;
        bool ok = v != NULL;

        if (map->n > SEARCHES_MAX) {
                say(p, DIAG_ERROR, "rule-too-large", map, "more than %d searches: split the rule",
                    "hơn %d phép tìm: hãy chia quy tắc", SEARCHES_MAX);
                return false;
        }
        /* All searches are read even after a mistake, so that one run tells them all. */
        for (struct node *c = map->first; v && c; c = c->next) {
                uint32_t before = p->size;
                if (skipped(c->key->text, skip))
                        continue;
                if (c->key->text.len == 0 || c->key->text.len > NAME_MAX_BYTES) {
                        say(p, DIAG_ERROR, "search-name", c->key,
                            "a search needs a name of at most %d bytes",
                            "phép tìm cần tên dài tối đa %d byte", NAME_MAX_BYTES);
                        ok = false;
                        continue;
                }
                v[n].name = arena_dup(p->a, c->key->text);
                v[n].line = c->key->line;
                v[n].column = c->key->column;
                v[n].expr = search_parse(p, c);
                v[n].size = MAX(p->size - before, 1u);
                ok &= v[n++].expr != NULL;
        }
        *ret = v;
        *ret_n = n;
        return ok;
}

/* One condition; splits off a legacy aggregation. */
static struct expr *one_condition(struct parse *p, const struct node *c, struct detection *d) {
        struct span text = c->text;
        const char *bar = text.len ? memchr(text.p, '|', text.len) : NULL;

        if (c->kind != NODE_SCALAR || text.len > CONDITION_MAX) {
                say(p, DIAG_ERROR, "condition-type", c,
                    "a condition is one string of at most %zu bytes",
                    "điều kiện là một chuỗi dài tối đa %zu byte", CONDITION_MAX);
                return NULL;
        }
        if (bar) {
                size_t at = (size_t)(bar - text.p);
                if (d->pipe.p) {
                        say(p, DIAG_ERROR, "aggregation-in-list", c,
                            "only one condition may have an aggregation",
                            "chỉ một điều kiện được có phép tổng hợp");
                        return NULL;
                }
                d->pipe = span_of(bar + 1, text.len - at - 1);
                d->pipe_at = c;
                d->pipe_offset = (uint32_t)at + 1;
                text.len = at;
        }
        return condition_parse(p, text, c, 0, d->names, d->n);
}

static struct expr *conditions_parse(struct parse *p, const struct node *map, const struct node *c,
                                     struct detection *d) {
        struct expr **kids;
        uint32_t n = 0;

        if (!c || (c->kind == NODE_LIST && c->n == 0) || c->kind == NODE_MAP) {
                say(p, DIAG_ERROR, "condition-missing", c ? c : map,
                    "the condition is missing: add condition: NAME",
                    "thiếu điều kiện: hãy thêm condition: TÊN");
                return NULL;
        }
        if (c->kind == NODE_SCALAR)
                return one_condition(p, c, d);
        kids = arena_array(p->a, c->n, sizeof(*kids));
        for (struct node *k = c->first; kids && k; k = k->next) {
                kids[n] = one_condition(p, k, d);
                if (!kids[n++])
                        return NULL;
        }
        if (d->pipe.p && n > 1) {
                say(p, DIAG_ERROR, "aggregation-in-list", c,
                    "an aggregation cannot stand in a list of conditions: write two rules",
                    "phép tổng hợp không thể nằm trong danh sách điều kiện: hãy viết hai quy tắc");
                return NULL;
        }
        return kids ? expr_list(p->a, EXPR_OR, kids, n) : NULL;
}

bool detection_parse(struct parse *p, const struct node *map, const char *const *skip,
                     struct detection *ret) {
        bool ok;

        *ret = (struct detection){0};
        if (!map || map->kind != NODE_MAP) {
                say(p, DIAG_ERROR, "detection-type", map,
                    "the detection must be a map of searches and a condition",
                    "detection phải là bảng gồm các phép tìm và điều kiện");
                return false;
        }
        ok = searches_parse(p, map, skip, &ret->names, &ret->n);
        if (p->a->overflowed || (!ok && !ret->names))
                return false;
        ret->timeframe = node_get(map, "timeframe");
        /* With a broken search its expression is missing; the condition is checked all the same. */
        if (!ok)
                for (uint32_t i = 0; i < ret->n; i++)
                        if (!ret->names[i].expr)
                                ret->names[i].expr = arena_zalloc(p->a, sizeof(struct expr));
        ret->expr = conditions_parse(p, map, node_get(map, "condition"), ret);
        return ok && ret->expr;
}

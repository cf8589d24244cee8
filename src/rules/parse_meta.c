/* What rules, correlations and filters say about themselves (rules specification, sections "Title"
 * to "Scope").
 *
 * Nothing here refuses a rule: a detection with a misspelt level still detects. The linter (lint.c)
 * judges more strictly. */
#include "rules/build.h"

static void wrong_type(struct parse *p, const struct node *n, const char *what, const char *en,
                       const char *vi) {
        say(p, DIAG_WARNING, "meta-type", n, "%s must be %s%.0s", "%s phải là %.0s%s", what, en,
            vi);
}

static struct span text_of(struct parse *p, const struct node *root, const char *key) {
        struct node *n = node_get(root, key);

        if (!n || (n->kind == NODE_SCALAR && node_type(n) == SCALAR_NULL))
                return SPAN_NONE;
        if (n->kind != NODE_SCALAR) {
                wrong_type(p, n, key, "one string", "một chuỗi");
                return SPAN_NONE;
        }
        return arena_dup(p->a, span_trim(n->text));
}

void strings_parse(struct parse *p, const struct node *n, const char *what, struct span **ret,
                   uint32_t *ret_n) {
        const struct node *first = n;
        uint32_t count = 1, k = 0;
        struct span *v;

        *ret = NULL;
        *ret_n = 0;
        if (!n || n->kind == NODE_MAP || (n->kind == NODE_SCALAR && node_type(n) == SCALAR_NULL)) {
                if (n && n->kind == NODE_MAP)
                        wrong_type(p, n, what, "a list of strings", "danh sách chuỗi");
                return;
        }
        if (n->kind == NODE_LIST) {
                first = n->first;
                count = n->n;
        } else if (strcmp(what, "rules") != 0 && strcmp(what, "field") != 0 &&
                   strcmp(what, "group-by") != 0) {
                say(p, DIAG_HINT, "meta-not-list", n, "%s should be a list: write it below a dash",
                    "%s nên là danh sách: hãy viết sau dấu gạch đầu dòng", what);
        }
        v = arena_array(p->a, MAX(count, 1u), sizeof(*v));
        if (!v)
                return;
        for (const struct node *c = first; c && k < count; c = c->next) {
                if (c->kind != NODE_SCALAR) {
                        wrong_type(p, c, what, "a list of strings", "danh sách chuỗi");
                        continue;
                }
                v[k++] = arena_dup(p->a, c->text);
        }
        *ret = v;
        *ret_n = k;
}

static enum level level_parse(struct parse *p, const struct node *root) {
        static const char *const names[] = {"",       "informational", "low",
                                            "medium", "high",          "critical"};
        struct node *n = node_get(root, "level");

        if (!n)
                return LEVEL_NONE;
        for (unsigned i = 1; i < ARRAY_LEN(names); i++)
                if (n->kind == NODE_SCALAR && span_ieq(span_trim(n->text), span_str(names[i])))
                        return (enum level)i;
        say(p, DIAG_WARNING, "level-invalid", n,
            "level \"%.*s\" is none of informational, low, medium, high, critical: correct it",
            "mức \"%.*s\" không thuộc informational, low, medium, high, critical: hãy sửa",
            SHOW(n->text));
        return LEVEL_NONE;
}

static enum status status_parse(struct parse *p, const struct node *root) {
        static const char *const names[] = {"",           "stable",     "test", "experimental",
                                            "deprecated", "unsupported"};
        struct node *n = node_get(root, "status");

        if (!n)
                return STATUS_NONE;
        for (unsigned i = 1; i < ARRAY_LEN(names); i++)
                if (n->kind == NODE_SCALAR && span_ieq(span_trim(n->text), span_str(names[i])))
                        return (enum status)i;
        say(p, DIAG_WARNING, "status-invalid", n,
            "status \"%.*s\" is none of stable, test, experimental, deprecated, unsupported: "
            "correct it",
            "trạng thái \"%.*s\" không thuộc stable, test, experimental, deprecated, unsupported: "
            "hãy sửa",
            SHOW(n->text));
        return STATUS_NONE;
}

static void places(const struct node *root, struct meta *m) {
        static const char *const keys[AT_N] = {
                [AT_ID] = "id",
                [AT_TITLE] = "title",
                [AT_DESCRIPTION] = "description",
                [AT_STATUS] = "status",
                [AT_LEVEL] = "level",
                [AT_DATE] = "date",
                [AT_MODIFIED] = "modified",
                [AT_TAGS] = "tags",
                [AT_REFERENCES] = "references",
                [AT_AUTHOR] = "author",
                [AT_LOGSOURCE] = "logsource",
                [AT_FALSEPOSITIVES] = "falsepositives",
        };

        for (size_t i = 0; i < AT_N; i++) {
                struct node *n = node_get(root, keys[i]);
                m->at[i].line = n ? n->line : 0;
                m->at[i].column = n ? n->column : 0;
        }
}

void meta_parse(struct parse *p, const struct node *root, struct meta *ret) {
        struct meta m = {.file = p->file, .line = root->line};

        places(root, &m);
        m.id = text_of(p, root, "id");
        m.title = text_of(p, root, "title");
        p->rule = m.id.len ? m.id : m.title;
        if (m.title.len == 0)
                say(p, DIAG_WARNING, "title-missing", root, "the rule has no title: give it one",
                    "quy tắc chưa có tiêu đề: hãy đặt tiêu đề");
        m.name = text_of(p, root, "name");
        m.title_vi = text_of(p, root, "title_vi");
        m.description = text_of(p, root, "description");
        m.description_vi = text_of(p, root, "description_vi");
        m.author = text_of(p, root, "author");
        m.date = text_of(p, root, "date");
        m.modified = text_of(p, root, "modified");
        m.license = text_of(p, root, "license");
        m.taxonomy = text_of(p, root, "taxonomy");
        m.level = level_parse(p, root);
        m.status = status_parse(p, root);
        strings_parse(p, node_get(root, "tags"), "tags", &m.tags, &m.n_tags);
        strings_parse(p, node_get(root, "references"), "references", &m.references,
                      &m.n_references);
        strings_parse(p, node_get(root, "falsepositives"), "falsepositives", &m.falsepositives,
                      &m.n_falsepositives);
        strings_parse(p, node_get(root, "fields"), "fields", &m.fields, &m.n_fields);
        if (m.taxonomy.len && !span_eq(m.taxonomy, SPAN("sigma")))
                say(p, DIAG_WARNING, "taxonomy-unknown", node_get(root, "taxonomy"),
                    "taxonomy \"%.*s\" is not known here: field names are taken as they stand",
                    "chưa biết hệ phân loại \"%.*s\": tên trường được dùng nguyên văn",
                    SHOW(m.taxonomy));
        *ret = m;
}

static struct span lower(struct parse *p, const struct node *map, const char *key) {
        struct span s = text_of(p, map, key);
        char *to = (char *)s.p; /* our own copy */

        for (size_t i = 0; i < s.len; i++)
                to[i] = ascii_lower(to[i]);
        return s;
}

void logsource_parse(struct parse *p, const struct node *root, struct logsource *ret) {
        struct node *map = node_get(root, "logsource");

        *ret = (struct logsource){0};
        if (!map || map->kind != NODE_MAP) {
                say(p, DIAG_WARNING, "logsource-missing", map ? map : root,
                    "the rule has no log source, so nothing says which events it means and it "
                    "never "
                    "matches: add category, product or service",
                    "quy tắc chưa có nguồn nhật ký nên không biết xét sự kiện nào và không bao giờ "
                    "khớp: hãy thêm category, product hoặc service");
                return;
        }
        for (struct node *c = map->first; c; c = c->next) {
                struct span k = c->key->text;
                if (!span_eq(k, SPAN("category")) && !span_eq(k, SPAN("product")) &&
                    !span_eq(k, SPAN("service")) && !span_eq(k, SPAN("definition")))
                        say(p, DIAG_HINT, "logsource-attribute", c->key,
                            "\"%.*s\" is no attribute of a log source and is not evaluated",
                            "\"%.*s\" không phải thuộc tính của nguồn nhật ký và không được xét",
                            SHOW(k));
        }
        ret->category = lower(p, map, "category");
        ret->product = lower(p, map, "product");
        ret->service = lower(p, map, "service");
        ret->definition = text_of(p, map, "definition");
}

/* Placeholder files for |expand (rules specification, section "Placeholders"): a YAML map from name
 * to one value or a list of values. Values are Sigma strings and may hold wildcards. A name that
 * several files define has all their values. */
#include "rules/build.h"

const struct placeholder *placeholder_find(const struct parse *p, struct span name) {
        for (uint32_t i = 0; i < p->n_placeholders; i++)
                if (p->placeholders[i].n && span_eq(p->placeholders[i].name, name))
                        return &p->placeholders[i];
        return NULL;
}

static bool add_value(struct parse *p, struct placeholder *to, const struct node *v) {
        struct pattern *grown;

        if (v->kind != NODE_SCALAR || node_type(v) == SCALAR_NULL) {
                say(p, DIAG_ERROR, "placeholder-value", v,
                    "a placeholder's value must be a string or number",
                    "giá trị của biến giữ chỗ phải là chuỗi hoặc số");
                return true;
        }
        if (to->n == ITEM_VARIANTS_MAX) {
                say(p, DIAG_ERROR, "too-many-values", v, "more than %d values for one placeholder",
                    "hơn %d giá trị cho một biến giữ chỗ", ITEM_VARIANTS_MAX);
                return true;
        }
        /* Room follows from the length: doubled at powers of two. */
        if ((to->n & (to->n - 1)) == 0) {
                grown = arena_alloc(p->a, (to->n ? to->n * 2 : 1) * sizeof(*grown));
                if (!grown)
                        return false;
                if (to->n)
                        memcpy(grown, to->values, to->n * sizeof(*grown));
                to->values = grown;
        }
        return pattern_parse(p->a, scalar_text(p, v), false, &to->values[to->n++]);
}

static void add(struct parse *p, const struct node *v) {
        struct placeholder *to = (struct placeholder *)placeholder_find(p, v->key->text);

        if (v->kind == NODE_LIST && v->n == 0)
                say(p, DIAG_WARNING, "placeholder-empty", v->key,
                    "the placeholder \"%.*s\" has no value, so it counts as undefined: give it one",
                    "biến giữ chỗ \"%.*s\" chưa có giá trị nên coi như chưa định nghĩa: hãy ghi "
                    "giá trị",
                    SHOW(v->key->text));
        if (!to) {
                to = vec_push(p->a, &p->placeholders, &p->n_placeholders, &p->cap_placeholders,
                              sizeof(*to));
                if (!to)
                        return;
                to->name = arena_dup(p->a, v->key->text);
        }
        if (v->kind != NODE_LIST) {
                add_value(p, to, v);
                return;
        }
        for (struct node *c = v->first; c; c = c->next)
                if (!add_value(p, to, c))
                        return;
}

void placeholders_parse(struct parse *p, const struct bundle_entry *e) {
        _cleanup_(yaml_closep) struct yaml *y = NULL;
        struct yaml_problem problem;
        struct node *root;
        int r;

        p->file = e->name;
        p->rule = SPAN_NONE;
        p->said = 0;
        r = yaml_open(&y, e->data);
        if (r == -EFBIG)
                say(p, DIAG_ERROR, "file-too-large", NULL,
                    "the file is larger than 1 MiB: split it", "tệp lớn hơn 1 MiB: hãy chia nhỏ");
        if (r < 0) {
                p->a->overflowed |= r == -ENOMEM;
                return;
        }
        while ((r = yaml_next(y, &p->scratch, &root, &problem)) > 0) {
                if (r == YAML_E_PROBLEM) {
                        struct node at = mark(problem.line, problem.column);
                        say(p, DIAG_ERROR, problem.code, &at, "%s%.0s", "%.0s%s", problem.en.p,
                            problem.vi.p);
                } else if (root->kind != NODE_MAP) {
                        say(p, DIAG_ERROR, "placeholder-file", root,
                            "expected a map: name: [values]", "cần một bảng: tên: [giá trị]");
                } else {
                        for (struct node *c = root->first; c; c = c->next)
                                add(p, c);
                }
        }
        p->a->overflowed |= r == -ENOMEM;
}

/* info.yml of regression data (sigmahq-regression-data-schema.json of the Sigma specification):
 *
 *     id: UUID of the test                      regression_tests_info:
 *     rule_metadata:                              - name: Positive Detection Test
 *       - id: UUID of the rule                      type: evtx | json | ndjson | jsonl
 *         title: …                                  provider: …
 *                                                   match_count: 3
 *                                                   path: regression_data/…/x.evtx
 *
 * match_count is what must match at least, 1 when absent. Keys that we do not know are left aside:
 * the schema grows. */
#include "rules/regress.h"

#include "base/lang.h"
#include "rules/yamltree.h"
#include "wire/bundle.h"

#define RULES_MAX 100
#define TESTS_MAX 10000
#define COUNT_MAX 1e15
#define WORD_MAX 4096u

static int bad(struct arena *a, struct regress_problem *p, const struct node *at, const char *en,
               const char *vi) {
        p->line = at->line;
        p->column = at->column;
        p->en = arena_dup(a, span_str(en));
        p->vi = arena_dup(a, span_str(vi));
        return REGRESS_E_BAD;
}

static struct span text_of(const struct node *map, const char *key) {
        struct node *n = node_get(map, key);

        return n && n->kind == NODE_SCALAR && node_type(n) != SCALAR_NULL ? span_trim(n->text)
                                                                          : SPAN_NONE;
}

static int rules_of(struct arena *a, const struct node *root, struct regress *r,
                    struct regress_problem *p) {
        struct node *list = node_get(root, "rule_metadata");

        /* Public data has files whose tests are commented out: a description without a test is
         * fine. */
        if (!list && node_get(root, "rule_metadata"))
                return 0;
        if (!list)
                return bad(a, p, root,
                           "expected a map with rule_metadata and regression_tests_info",
                           "cần một bảng có rule_metadata và regression_tests_info");
        if (list->kind != NODE_LIST || list->n == 0 || list->n > RULES_MAX)
                return bad(a, p, list, "rule_metadata must be a list of rules with id and title",
                           "rule_metadata phải là danh sách quy tắc có id và title");
        r->rules = arena_array(a, list->n, sizeof(*r->rules));
        if (!r->rules)
                return FAIL(-ENOMEM);
        for (struct node *c = list->first; c; c = c->next) {
                struct regress_rule *to = &r->rules[r->n_rules++];
                to->id = text_of(c, "id");
                to->title = text_of(c, "title");
                if (to->id.len == 0 || to->id.len > WORD_MAX)
                        return bad(a, p, c, "this entry of rule_metadata has no id: name the rule",
                                   "mục này của rule_metadata chưa có id: hãy nêu quy tắc");
        }
        return 0;
}

static int test_of(struct arena *a, const struct node *c, struct regress_test *to,
                   struct regress_problem *p) {
        struct node *count = node_get(c, "match_count");
        double n = 1;

        to->name = text_of(c, "name");
        to->type = text_of(c, "type");
        to->provider = text_of(c, "provider");
        to->path = text_of(c, "path");
        to->line = c->line;
        if (to->path.len > WORD_MAX || to->name.len > WORD_MAX)
                return bad(a, p, c, "name or path is longer than 4096 bytes",
                           "name hoặc path dài hơn 4096 byte");
        if (to->path.len == 0)
                return bad(a, p, c, "the test has no path: name the file of events",
                           "phép thử chưa có path: hãy nêu tệp sự kiện");
        if (count &&
            (!node_number(count, &n) || n < 0 || n > COUNT_MAX || n != (double)(uint64_t)n))
                return bad(a, p, count, "match_count must be a whole number",
                           "match_count phải là số nguyên");
        to->match_count = (uint64_t)n;
        to->counted = count != NULL;
        return 0;
}

static int tests_of(struct arena *a, const struct node *root, struct regress *r,
                    struct regress_problem *p) {
        struct node *list = node_get(root, "regression_tests_info");

        /* Public data has files whose tests are commented out: a description without a test is
         * fine. */
        if (!list && node_get(root, "rule_metadata"))
                return 0;
        if (!list)
                return bad(a, p, root,
                           "expected a map with rule_metadata and regression_tests_info",
                           "cần một bảng có rule_metadata và regression_tests_info");
        if (list->kind != NODE_LIST || list->n == 0 || list->n > TESTS_MAX)
                return bad(a, p, list,
                           "regression_tests_info must be a list of tests with type and path",
                           "regression_tests_info phải là danh sách phép thử có type và path");
        r->tests = arena_array(a, list->n, sizeof(*r->tests));
        if (!r->tests)
                return FAIL(-ENOMEM);
        for (struct node *c = list->first; c; c = c->next) {
                int e = test_of(a, c, &r->tests[r->n_tests++], p);
                if (e)
                        return e;
        }
        return 0;
}

int regress_parse(struct arena *a, struct span text, struct regress *ret,
                  struct regress_problem *ret_problem) {
        _cleanup_(yaml_closep) struct yaml *y = NULL;
        struct node none = {.line = 1, .column = 1};
        struct yaml_problem why;
        struct regress out = {0};
        struct node *root;
        int r;

        r = yaml_open(&y, text);
        if (r == -EFBIG)
                return bad(a, ret_problem, &none, "the file is larger than 1 MiB",
                           "tệp lớn hơn 1 MiB");
        if (r < 0)
                return r;
        r = yaml_next(y, a, &root, &why);
        if (r < 0)
                return r;
        if (r == YAML_E_PROBLEM) {
                *ret_problem = (struct regress_problem){why.line, why.column, why.en, why.vi};
                return REGRESS_E_BAD;
        }
        if (r == 0 || root->kind != NODE_MAP)
                return bad(a, ret_problem, r ? root : &none,
                           "expected a map with rule_metadata and regression_tests_info",
                           "cần một bảng có rule_metadata và regression_tests_info");
        out.id = text_of(root, "id");
        out.description = text_of(root, "description");
        r = rules_of(a, root, &out, ret_problem);
        if (r == 0)
                r = tests_of(a, root, &out, ret_problem);
        if (r)
                return r;
        *ret = out;
        return 0;
}

/* Words of a line: tabs and what would end it become blanks. */
static void put_word(struct buf *b, struct span s, char end) {
        for (size_t i = 0; i < s.len; i++)
                buf_char(b, (unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f ? ' ' : s.p[i]);
        buf_char(b, end);
}

static void put_file(struct buf *out, struct span file, const struct regress *r) {
        for (uint32_t i = 0; i < r->n_tests; i++)
                for (uint32_t k = 0; k < r->n_rules; k++) {
                        put_word(out, file, '\t');
                        put_word(out, r->rules[k].id, '\t');
                        put_word(out, r->tests[i].name, '\t');
                        put_word(out, r->tests[i].path, '\t');
                        buf_printf(out, "%llu\n", (unsigned long long)r->tests[i].match_count);
                }
}

int regress_lines(struct buf *out, struct span bundle) {
        struct bundle_entry e;
        struct arena a;
        size_t pos = 0;
        int r;

        arena_init(&a, (size_t)256 << 20);
        while ((r = bundle_next(bundle, &pos, &e)) > 0) {
                struct regress_problem p;
                struct regress info;
                arena_reset(&a);
                r = regress_parse(&a, e.data, &info, &p);
                if (r < 0)
                        break;
                if (r == REGRESS_E_BAD) {
                        buf_char(out, '!');
                        buf_term(out, e.name);
                        buf_printf(out, ":%u:%u: ", p.line, p.column);
                        buf_term(out, tr(p.en, p.vi));
                        buf_char(out, '\n');
                } else if (info.n_tests == 0) {
                        buf_char(out, '?');
                        buf_term(out, e.name);
                        buf_str(out, tr(": names no test\n", ": không nêu phép thử nào\n"));
                } else {
                        put_file(out, e.name, &info);
                }
        }
        arena_deinit(&a);
        if (r < 0)
                return FAIL(r);
        return out->failed ? FAIL(-ENOMEM) : 0;
}

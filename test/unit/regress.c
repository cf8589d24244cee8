/* rules/regress.c: info.yml of regression data. */
#include "check.h"

#include "base/lang.h"
#include "rules/regress.h"
#include "wire/bundle.h"

static const char good[] =
        "id: a\ndescription: N/A\nrule_metadata:\n    - id: r1\n      title: T\n    - id: r2\n"
        "regression_tests_info:\n    - name: Positive Detection Test\n      type: evtx\n      "
        "provider: P\n"
        "      path: d/x.evtx\n    - type: json\n      match_count: 3\n      path: d/y.json\n";

static void reads_rules_and_tests(void) {
        struct regress r;
        struct regress_problem p;
        struct arena a;

        arena_init(&a, 1 << 20);
        check_int(regress_parse(&a, SPAN(""), &r, &p), REGRESS_E_BAD);
        check_int(regress_parse(&a, span_str(good), &r, &p), 0);
        check_int(r.n_rules, 2);
        check_span(r.rules[0].title, "T");
        check_span(r.rules[1].id, "r2");
        check_int(r.n_tests, 2);
        check_span(r.tests[0].type, "evtx");
        check_span(r.tests[0].provider, "P");
        check_int(r.tests[0].match_count, 1);
        check(!r.tests[0].counted);
        check_span(r.tests[1].path, "d/y.json");
        check_int(r.tests[1].match_count, 3);
        check(r.tests[1].counted);
        check_int(r.tests[1].line, 12);
        arena_deinit(&a);
}

/* "LINE:COLUMN" of what is wrong. */
static const char *wrong(const char *text) {
        static char out[32];
        struct regress r;
        struct regress_problem p = {0};
        struct arena a;

        arena_init(&a, 1 << 20);
        check_int(regress_parse(&a, span_str(text), &r, &p), REGRESS_E_BAD);
        check(p.en.len && p.vi.len);
        snprintf(out, sizeof(out), "%u:%u", p.line, p.column);
        arena_deinit(&a);
        return out;
}

static void names_what_is_wrong(void) {
        check_span(span_str(wrong("- a\n")), "1:1");
        check_span(span_str(wrong("a: 'b\n")), "2:1");
        check_span(span_str(wrong("a: b\n")), "1:1");
        check_span(span_str(wrong("rule_metadata: x\n")), "1:16");
        check_span(span_str(wrong("rule_metadata: [{title: x}]\n")), "1:17");
        check_span(span_str(wrong("rule_metadata: [{id: x}]\nregression_tests_info: []\n")),
                   "2:24");
        check_span(span_str(wrong(
                           "rule_metadata: [{id: x}]\nregression_tests_info: [{type: json}]\n")),
                   "2:25");
        check_span(span_str(wrong("rule_metadata: [{id: x}]\nregression_tests_info: [{path: p, "
                                  "match_count: x}]\n")),
                   "2:48");
        check_span(span_str(wrong("rule_metadata: [{id: x}]\nregression_tests_info: [{path: p, "
                                  "match_count: -1}]\n")),
                   "2:48");
        check_span(span_str(wrong("rule_metadata: [{id: x}]\nregression_tests_info: [{path: p, "
                                  "match_count: 1.5}]\n")),
                   "2:48");
}

/* Public data has a file whose tests are commented out. */
static void may_have_no_test(void) {
        struct regress r;
        struct regress_problem p;
        struct arena a;

        arena_init(&a, 1 << 20);
        check_int(regress_parse(&a, SPAN("rule_metadata: [{id: x}]\n"), &r, &p), 0);
        check_int(r.n_tests, 0);
        arena_deinit(&a);
}

static void becomes_lines(void) {
        _cleanup_(buf_deinit) struct buf bundle = {0}, out = {0};

        bundle_add(&bundle, BUNDLE_OTHER, SPAN("d/info.yml"), span_str(good));
        bundle_add(&bundle, BUNDLE_OTHER, SPAN("e/info.yml"), SPAN("x"));
        bundle_add(&bundle, BUNDLE_OTHER, SPAN("f/info.yml"),
                   SPAN("rule_metadata: [{id: r}]\nregression_tests_info: [{name: \"a\\tb\\nc\", "
                        "path: \"p\\tq\"}]\n"));
        check_int(regress_lines(&out, buf_get(&bundle)), 0);
        check_span(buf_get(&out),
                   "d/info.yml\tr1\tPositive Detection Test\td/x.evtx\t1\n"
                   "d/info.yml\tr2\tPositive Detection Test\td/x.evtx\t1\n"
                   "d/info.yml\tr1\t\td/y.json\t3\n"
                   "d/info.yml\tr2\t\td/y.json\t3\n"
                   "!e/info.yml:1:1: expected a map with rule_metadata and regression_tests_info\n"
                   "f/info.yml\tr\ta b c\tp q\t1\n");
        check_int(regress_lines(&out, SPAN("xx")), -EBADMSG);
}

int main(void) {
        RUN(reads_rules_and_tests);
        RUN(names_what_is_wrong);
        RUN(may_have_no_test);
        RUN(becomes_lines);
        return check_done();
}

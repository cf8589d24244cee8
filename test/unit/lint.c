/* rules/lint.c, lint_meta.c: each check finds its case, and a good rule is left in peace. */
#include "rules/lint.h"
#include "rule_text.h"

#define GOOD_META                                                                                  \
        "title: Good Title\nid: 5013198d-1fd1-4123-8123-123456789abc\nstatus: test\nlevel: low\n"  \
        "description: Says what the rule finds and why\nauthor: someone\ndate: "                   \
        "2026-01-02\nmodified: 2026-01-03\n"                                                       \
        "tags: [attack.execution, attack.t1059.001, cve.2021-44228]\nreferences:\n    - "          \
        "https://example.org/a\n"
#define GOOD_REST                                                                                  \
        "logsource: {product: windows, category: process_creation}\ndetection: {s: "               \
        "{Image|endswith: '\\a.exe'}, condition: s}\n"

static void lint(const char *file, const char *yaml) {
        ruleset_deinit(&text_set);
        buf_reset(&text_bundle);
        bundle_add(&text_bundle, BUNDLE_RULE, span_str(file), span_str(yaml));
        check_int(ruleset_parse(&text_set, buf_get(&text_bundle)), 0);
        check_int(lint_ruleset(&text_set), 0);
        for (uint32_t i = 0; i < text_set.n_diags; i++)
                check(text_set.diags[i].en.len && text_set.diags[i].vi.len);
}

/* All codes, in order. */
static const char *codes(const char *yaml) {
        lint("dir/a_good_name.yml", yaml);
        buf_reset(&text_out);
        for (uint32_t i = 0; i < text_set.n_diags; i++)
                buf_printf(&text_out, "%s%s", i ? " " : "", text_set.diags[i].code);
        buf_char(&text_out, 0);
        return text_out.p;
}

/* A good rule with another detection. */
static const char *detect(const char *detection) {
        char yaml[4096];

        snprintf(yaml, sizeof(yaml),
                 GOOD_META
                 "logsource: {product: windows, category: process_creation}\ndetection: {%s}\n",
                 detection);
        return codes(yaml);
}

/* A good rule with one line of its head replaced. */
static const char *with(const char *old, const char *new) {
        char yaml[8192];
        const char *good = GOOD_META GOOD_REST, *at = strstr(good, old);

        check(at);
        snprintf(yaml, sizeof(yaml), "%.*s%s%s", (int)(at - good), good, new, at + strlen(old));
        return codes(yaml);
}

static void a_good_rule_is_left_in_peace(void) {
        check_text(codes(GOOD_META GOOD_REST), "");
}

static void identities(void) {
        check_text(with("id: 5013198d-1fd1-4123-8123-123456789abc\n", ""), "id-missing");
        check_text(with("id: 5013198d-1fd1-4123-8123-123456789abc", "id: x"), "id-invalid");
        check_int(text_set.diags[0].severity, DIAG_ERROR);
        check_int(text_set.diags[0].line, 2);
        check_int(text_set.diags[0].column, 5);
        check_text(with("5013198d-1fd1-4123-8123-123456789abc",
                        "5013198d-1fd1-4123-8123-12345678zabc"),
                   "id-invalid");
        check_text(with("-4123-", "-1123-"), "id-version");
        check_text(with("author: someone\n", ""), "author-missing");
}

static void titles_and_descriptions(void) {
        char text[512] = "title: ";

        check_text(with("Good Title", "Detects Something"), "title-detects");
        check_text(with("Good Title", "Good Title."), "title-end");
        memset(text + 7, 'x', 300);
        text[307] = 0;
        check_text(with("title: Good Title", text), "title-long");
        check_int(text_set.diags[0].severity, DIAG_WARNING);
        text[150] = 0;
        check_text(with("title: Good Title", text), "title-long");
        check_int(text_set.diags[0].severity, DIAG_HINT);
        check_text(with("description: Says what the rule finds and why\n", ""),
                   "description-missing");
        check_text(with("description: Says what the rule finds and why\n", "description: x\n"),
                   "description-short");
        check_text(with("author: someone\n", "author: someone\ntitle_vi: Tên\n"),
                   "translation-missing");
}

static void status_level_dates(void) {
        check_text(with("status: test\n", ""), "status-missing");
        check_text(with("status: test\n", "status: tested\n"), "status-invalid");
        check_text(with("status: test\n", "status: deprecated\n"), "status-retired");
        check_text(with("level: low\n", ""), "level-missing");
        check_text(with("level: low\n", "level: lo\n"), "level-invalid");
        check_text(with("date: 2026-01-02\n", "date: 2026/01/02\n"), "date-invalid");
        check_text(with("date: 2026-01-02\n", "date: 2026-02-30\n"), "date-invalid");
        check_text(with("modified: 2026-01-03", "modified: 2026-13-03"), "modified-invalid");
        check_text(with("modified: 2026-01-03", "modified: 2025-01-03"), "modified-before-date");
        check_text(with("date: 2026-01-02\n", ""), "date-missing");
}

static void tags_and_references(void) {
        check_text(with("attack.execution", "Attack.Execution"), "tag-format");
        check_text(with("attack.execution", "execution"), "tag-format");
        check_text(with("attack.execution", "attack.excution"), "tag-attack");
        check_text(with("attack.t1059.001", "attack.t1059.1"), "tag-attack");
        check_text(with("attack.t1059.001", "attack.t105"), "tag-attack");
        check_text(with("attack.t1059.001", "attack.ds0005"), "");
        check_text(with("cve.2021-44228", "cve.44228"), "tag-cve");
        check_text(with("cve.2021-44228", "foo.bar"), "tag-namespace");
        check_text(with("cve.2021-44228", "tlp.blue"), "tag-tlp");
        check_text(with("cve.2021-44228", "attack.execution"), "tag-duplicate");
        check_text(with("tags: [attack.execution, attack.t1059.001, cve.2021-44228]\n", ""),
                   "tag-missing");
        check_text(with("https://example.org/a", "a book"), "reference-format");
        check_text(with("https://example.org/a", "https://a.org\n    - https://a.org"),
                   "reference-duplicate");
        check_text(with("author: someone\n", "author: someone\nfalsepositives: [None]\n"),
                   "falsepositives-none");
}

static void sources(void) {
        check_text(with("{product: windows, category: process_creation}", "{definition: x}"),
                   "logsource-empty");
        check_text(with("category: process_creation", "category: process creation"),
                   "logsource-blank");
        check_text(with("category: process_creation", "level: x"), "logsource-attribute");
}

static void values(void) {
        check_text(detect("s: {A: '*'}, condition: s"), "only-wildcards");
        check_text(detect("s: {A|contains: '*b*'}, condition: s"), "wildcard-redundant");
        check_text(detect("s: {A: '*b*'}, condition: s"), "wildcard-modifier");
        check_text(detect("s: [ab], condition: s"), "keyword-short");
        check_text(detect("s: {A|re: abc}, condition: s"), "regex-literal");
        check_text(detect("s: {A|re: '.*ab+c'}, condition: s"), "regex-ends");
        check_text(detect("s: {A|re: 'ab+c.*'}, condition: s"), "regex-ends");
        check_text(detect("s: {A|re: 'ab+c\\.*'}, condition: s"), "");
        check_text(detect("s: {A|re: 'a(?!b)'}, condition: s"), "regex-portability");
        check_text(detect("s: {A|cidr: 0.0.0.0/0}, condition: s"), "cidr-all");
        check_text(detect("s: {A|fieldref: A}, condition: s"), "fieldref-self");
        check_text(detect("s: {EventID: 1}, condition: s"), "eventid-category");
        check_text(detect("s: {A: [b, c, B]}, condition: s"), "value-duplicate");
        check_text(detect("s: {A|contains|all: b}, condition: s"), "single-value-all");
}

static void logic(void) {
        check_text(detect("s: {A: b}, f: {A: B}, condition: s and not f"), "never-matches");
        check_text(detect("s: {A: b}, f: {A: b}, condition: s or not f"),
                   "only-negative always-matches");
        check_text(detect("s: {A: b}, f: {A: c}, condition: s and f"), "never-matches");
        check_text(detect("s: {A|contains: b}, f: {A|contains: c}, condition: s and f"), "");
        check_text(detect("s: {A: b}, condition: not s"), "only-negative");
        check_text(detect("s: {A: null}, condition: not s"), "");
        check_text(detect("s: {A: b}, f: {B: c}, condition: s and not f"), "");
        check_text(detect("a: {A: b}, b: {B: c}, condition: all of them"), "condition-all-of-them");
}

#define CORR(rest)                                                                                 \
        GOOD_META GOOD_REST "name: n\n---\n"                                                       \
                            "title: Other\nid: 6013198d-1fd1-4123-8123-123456789abc\nstatus: "     \
                            "test\nlevel: low\n"                                                   \
                            "description: Says what the rule finds and why\nauthor: "              \
                            "someone\ndate: 2026-01-02\n"                                          \
                            "correlation: {type: event_count, rules: [n], timespan: 5m, "          \
                            "group-by: [h], condition: {gte: 5}}\n" rest

static void correlations(void) {
        check_text(codes(CORR("")), "");
        char yaml[4096];
        const char *good = CORR(""), *at = strstr(good, "gte: 5");

        /* The rule below reports through its correlation only: nobody sees its title. */
        const char *title = strstr(good, "Good Title");
        snprintf(yaml, sizeof(yaml), "%.*sOther%s", (int)(title - good), good, title + 10);
        check_text(codes(yaml), "");
        snprintf(yaml, sizeof(yaml), "%.*sgte: 1%s", (int)(at - good), good, at + 6);
        check_text(codes(yaml), "bound-always");
        snprintf(yaml, sizeof(yaml), "%.*slt: 1%s", (int)(at - good), good, at + 6);
        check_text(codes(yaml), "bound-never");
        at = strstr(good, "group-by: [h], ");
        snprintf(yaml, sizeof(yaml), "%.*s%s", (int)(at - good), good, at + 15);
        check_text(codes(yaml), "group-by-missing");
        at = strstr(good, "5m");
        snprintf(yaml, sizeof(yaml), "%.*s1y%s", (int)(at - good), good, at + 2);
        check_text(codes(yaml), "timespan-long");
}

static void between_rules(void) {
        check_text(codes(GOOD_META GOOD_REST "---\n" GOOD_META GOOD_REST),
                   "duplicate-name duplicate-id duplicate-title");
        ruleset_deinit(&text_set);
        buf_reset(&text_bundle);
        bundle_add(&text_bundle, BUNDLE_RULE, SPAN("rules_one_a.yml"), SPAN(GOOD_META GOOD_REST));
        bundle_add(&text_bundle, BUNDLE_RULE, SPAN("rules_one_b.yml"), SPAN(GOOD_META GOOD_REST));
        check_int(ruleset_parse(&text_set, buf_get(&text_bundle)), 0);
        check_int(lint_ruleset(&text_set), 0);
        check(has_diag(DIAG_ERROR, "duplicate-id"));
        check(has_diag(DIAG_WARNING, "duplicate-title"));
        lint("Bad Name.yaml", GOOD_META GOOD_REST);
        check(has_diag(DIAG_HINT, "file-name"));
}

int main(void) {
        RUN(a_good_rule_is_left_in_peace);
        RUN(identities);
        RUN(titles_and_descriptions);
        RUN(status_level_dates);
        RUN(tags_and_references);
        RUN(sources);
        RUN(values);
        RUN(logic);
        RUN(correlations);
        RUN(between_rules);
        text_done();
        return check_done();
}

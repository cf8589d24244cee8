/* rules/parse.c, parse_meta.c, parse_detect.c, yamltree.c, legacy.c: files, documents, collections,
 * metadata, older aggregations. */
#include "base/timestamp.h"
#include "rule_text.h"

static const char *shown(const struct expr *e) {
        buf_reset(&text_out);
        text_expr(&text_out, e);
        buf_char(&text_out, 0);
        return text_out.p;
}

static const struct diag *first_error(void) {
        for (uint32_t i = 0; i < text_set.n_diags; i++)
                if (text_set.diags[i].severity == DIAG_ERROR)
                        return &text_set.diags[i];
        return NULL;
}

/* "CODE LINE:COLUMN" of the first error. */
static const char *error(const char *yaml) {
        static char out[128];
        const struct diag *d;

        parse_text(yaml, NULL);
        d = first_error();
        snprintf(out, sizeof(out), "%s %u:%u", d ? d->code : "none", d ? d->line : 0,
                 d ? d->column : 0);
        check_int(text_set.n_refused > 0, d != NULL);
        return out;
}

#define RULE "logsource: {product: windows}\ndetection:\n    s: {A: 1}\n    condition: s\n"

static void metadata(void) {
        struct meta *m;

        parse_text("title: Tên\nid: 12345678-1234-4123-8123-123456789abc\nname: n\nstatus: "
                   "test\nlevel: High\n"
                   "title_vi: Tiêu đề\ndescription: >\n    two\n    lines\ndescription_vi: Mô "
                   "tả\nauthor: x\n"
                   "date: 2026-01-02\nmodified: 2026-01-03\nlicense: Apache-2.0\ntags: "
                   "[attack.t1059, attack.execution]\n"
                   "references:\n    - https://example.org\nfalsepositives: [none]\nfields: [A, "
                   "B]\ncustom: {x: y}\n"
                   "logsource: {Product: no, product: Windows, category: Process_Creation, "
                   "definition: 'As It Is'}\n"
                   "detection:\n    s: {A: 1}\n    condition: s\n",
                   NULL);
        check_int(text_set.n_rules, 1);
        m = &text_set.rules[0].meta;
        check_span(m->title, "Tên");
        check_span(m->title_vi, "Tiêu đề");
        check_span(m->description, "two lines");
        check_span(m->description_vi, "Mô tả");
        check_span(m->name, "n");
        check_span(m->date, "2026-01-02");
        check_int(m->level, LEVEL_HIGH);
        check_int(m->status, STATUS_TEST);
        check_int(m->n_tags, 2);
        check_span(m->tags[1], "attack.execution");
        check_int(m->n_references, 1);
        check_int(m->n_fields, 2);
        check_int(m->line, 1);
        check_span(m->file, "t.yml");
        check_span(text_set.rules[0].source.product, "windows");
        check_span(text_set.rules[0].source.category, "process_creation");
        check_span(text_set.rules[0].source.definition, "As It Is");
        check(text_set.rules[0].source.service.len == 0);
        check(has_diag(DIAG_HINT, "logsource-attribute"));
}

/* What is wrong about a rule's description does not take the detection away. */
static void bad_metadata_only_warns(void) {
        parse_text("level: hgh\nstatus: [x]\ntags: a\nreferences: {a: b}\ndetection:\n    s: {A: "
                   "1}\n    condition: s\n",
                   NULL);
        check_int(text_set.n_rules, 1);
        check_int(text_set.n_refused, 0);
        check(has_diag(DIAG_WARNING, "title-missing"));
        check(has_diag(DIAG_WARNING, "logsource-missing"));
        check(has_diag(DIAG_WARNING, "level-invalid"));
        check(has_diag(DIAG_WARNING, "status-invalid"));
        check(has_diag(DIAG_HINT, "meta-not-list"));
        check(has_diag(DIAG_WARNING, "meta-type"));
}

static void values_know_their_place(void) {
        struct atom *t;

        parse_text("title: t\nlogsource: {product: x}\ndetection:\n    s:\n        A:\n            "
                   "- one\n            - two\n"
                   "    condition: s\n",
                   NULL);
        t = text_set.rules[0].expr->kids[1]->atom;
        check_int(t->line, 7);
        check_int(t->column, 15);
}

static void several_documents(void) {
        parse_text("title: a\n" RULE "---\ntitle: b\n" RULE
                   "---\n---\ntitle: c\ndetection: {s: {A|foo: 1}, condition: s}\n",
                   NULL);
        check_int(text_set.n_documents, 3);
        check_int(text_set.n_rules, 2);
        check_int(text_set.n_refused, 1);
        check_int(text_set.rules[1].meta.line, 7);
        check_span(first_error()->rule, "c");
}

static void yaml_mistakes(void) {
        check_text(error("title: 'a\n"), "yaml-syntax 2:1");
        check_text(error("title: a\n\tb: c\n"), "yaml-syntax 2:1");
        check_text(error("a: 1\nb: 2\na: 3\n"), "yaml-duplicate-key 3:1");
        check_text(error("title: t\ndetection:\n    s: {A: 1, A: 2}\n    condition: s\n"),
                   "yaml-duplicate-key 3:15");
        check_text(error("title: \xff\n"), "yaml-syntax 1:8");
        check_text(error("? [a]\n: b\n"), "yaml-complex-key 1:3");
        check_text(error("a: *b\n"), "yaml-unknown-alias 1:4");
        check_text(error("a: &a [*a]\n"), "yaml-unknown-alias 1:8");
        check_text(error("a: &a {b: c}\nd:\n    <<: *a\n"), "yaml-merge-key 3:5");
        check_text(error("just text\n"), "not-a-rule 1:1");
        check_text(error("- a\n"), "not-a-rule 1:1");
        check_text(error("title: t\n"), "not-a-rule 1:1");
        check_text(error("title: t\ndetection: [a]\n"), "detection-type 2:12");
        /* The documents before a syntax error stay. */
        check_text(error("title: a\n" RULE "---\ntitle: 'b\n"), "yaml-syntax 8:1");
        check_int(text_set.n_rules, 1);
        check_int(text_set.n_documents, 2);
        parse_text("", NULL);
        check(has_diag(DIAG_WARNING, "empty-file"));
        check_int(text_set.n_documents, 0);
}

static void a_large_map_may_not_repeat_either(void) {
        _cleanup_(buf_deinit) struct buf b = {0};

        for (int i = 0; i < 1000; i++)
                buf_printf(&b, "k%d: 1\n", i);
        buf_str(&b, "k500: 1\n");
        buf_char(&b, 0);
        check_text(error(b.p), "yaml-duplicate-key 1001:1");
}

/* Aliases are copies; a few lines of them may not become billions of nodes. */
static void aliases_are_bounded(void) {
        _cleanup_(buf_deinit) struct buf b = {0};

        parse_text("title: t\nlogsource: {product: x}\ndetection:\n    a: &a {A: [1, 2]}\n    b: "
                   "*a\n    condition: a and b\n",
                   NULL);
        check_int(text_set.n_refused, 0);
        check_text(shown(text_set.rules[0].expr), "(& (| A=\"1\" A=\"2\") (| A=\"1\" A=\"2\"))");
        buf_str(&b, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (int i = 1; i < 12; i++)
                buf_printf(&b, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i,
                           i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
        buf_char(&b, 0);
        check_text(error(b.p), "yaml-too-large 6:15");
}

static void limits(void) {
        _cleanup_(buf_deinit) struct buf b = {0};

        for (int i = 0; i < 100; i++)
                buf_str(&b, "[");
        buf_char(&b, 0);
        check_text(error(b.p), "yaml-too-deep 1:65");
        /* What is refused is not read to its end for minutes either. */
        while (b.len < 1000000)
                b.p[b.len - 1] = '[', buf_char(&b, 0);
        clock_t before = clock();
        check_text(error(b.p), "yaml-too-deep 1:65");
        check(clock() - before < 3 * CLOCKS_PER_SEC);
        buf_reset(&b);
        buf_str(&b, "title: t\nx: '");
        while (b.len < (1 << 20) + 1)
                buf_char(&b, 'x');
        buf_str(&b, "'\n");
        buf_char(&b, 0);
        check_text(error(b.p), "file-too-large 0:0");
        check_int(text_set.n_documents, 1);
}

/* A megabyte of text must not become gigabytes, and what one file costs must not refuse another. */
static void memory_is_charged_to_its_file(void) {
        _cleanup_(buf_deinit) struct buf b = {0};

        buf_str(&b, "action: global\ndescription: ");
        for (int i = 0; i < 800000; i++)
                buf_char(&b, 'x');
        buf_str(&b, "\nlogsource: {product: x}\ndetection: {s: {A: 1}, condition: s}\n");
        for (int i = 0; i < 10000; i++)
                buf_str(&b, "---\ntitle: a\n");
        buf_reset(&text_bundle);
        ruleset_deinit(&text_set);
        bundle_add(&text_bundle, BUNDLE_RULE, SPAN("greedy.yml"), buf_get(&b));
        buf_reset(&b);
        buf_str(&b, "title: t\nlogsource: {product: x}\ndetection:\n    s:\n        A|windash:\n");
        for (int i = 0; i < 100; i++)
                buf_str(&b, "            - '-a -b -c -d -e'\n");
        buf_str(&b, "    condition: s\n");
        bundle_add(&text_bundle, BUNDLE_RULE, SPAN("dashes.yml"), buf_get(&b));
        bundle_add(&text_bundle, BUNDLE_RULE, SPAN("good.yml"), SPAN("title: good\n" RULE));
        check_int(ruleset_parse(&text_set, buf_get(&text_bundle)), 0);
        check(has_diag(DIAG_ERROR, "memory-full"));
        check(has_diag(DIAG_ERROR, "rule-too-large"));
        check_int(text_set.n_refused, 2);
        check_span(text_set.rules[text_set.n_rules - 1].meta.title, "good");
        check(text_set.arena.used < (size_t)256 << 20);
}

/* The older rule collections. */
static void collections(void) {
        parse_text("action: global\ntitle: g\nlevel: low\ndetection: {s: {A: 1}, condition: s}\n"
                   "---\nlogsource: {product: windows}\n"
                   "---\nlogsource: {product: linux}\nlevel: high\ndetection: {s: {B: 2}}\n"
                   "---\naction: repeat\nlogsource: {product: macos}\n"
                   "---\naction: reset\n---\ntitle: own\n" RULE,
                   NULL);
        check_int(text_set.n_refused, 0);
        check_int(text_set.n_documents, 4);
        check_int(text_set.n_rules, 4);
        check_span(text_set.rules[0].meta.title, "g");
        check_text(shown(text_set.rules[0].expr), "A=\"1\"");
        check_int(text_set.rules[0].meta.level, LEVEL_LOW);
        check_span(text_set.rules[1].source.product, "linux");
        check_text(shown(text_set.rules[1].expr), "(& A=\"1\" B=\"2\")");
        check_int(text_set.rules[1].meta.level, LEVEL_HIGH);
        check_span(text_set.rules[2].source.product, "macos");
        check_text(shown(text_set.rules[2].expr), "(& A=\"1\" B=\"2\")");
        check_span(text_set.rules[3].meta.title, "own");
        check_int(text_set.rules[3].meta.level, LEVEL_NONE);
}

static const char *legacy(const char *condition, const char *timeframe) {
        char yaml[1024];

        snprintf(yaml, sizeof(yaml),
                 "title: t\nid: i\nlogsource: {product: x}\ndetection:\n    a: {A: 1}\n    b: {B: "
                 "2}\n    c: {C: 3}\n%s"
                 "    condition: '%s'\n",
                 timeframe, condition);
        return error(yaml);
}

static void older_aggregations(void) {
        struct correlation *c;

        check_text(legacy("a | count() by host > 5", "    timeframe: 10m\n"), "none 0:0");
        check_int(text_set.n_rules, 1);
        check(!text_set.rules[0].report);
        check_int(text_set.rules[0].n_wanted, 1);
        check_span(text_set.rules[0].wanted[0], "host");
        c = &text_set.correlations[0];
        check(c->report);
        check_int(c->type, CORR_EVENT_COUNT);
        check_int(c->timespan, INT64_C(600000000000));
        check_int(c->n_bounds, 1);
        check_int(c->bounds[0].op, BOUND_GT);
        check(c->bounds[0].value == 5);
        check_int(c->n_refs, 1);
        check_int(c->refs[0].index, 0);
        check_span(c->meta.id, "i");
        check_span(c->group_by[0], "host");
        check(!has_diag(DIAG_WARNING, "duplicate-name")); /* the rule below it is no second one */

        check_text(legacy("a | count(user) by host, dom <= 2", ""), "none 0:0");
        check(has_diag(DIAG_WARNING, "timeframe-missing"));
        c = &text_set.correlations[0];
        check_int(c->type, CORR_VALUE_COUNT);
        check_int(c->timespan, 366 * 86400 * NS_PER_SEC);
        check_span(c->fields[0], "user");
        check_int(c->n_group_by, 2);
        check_int(c->bounds[0].op, BOUND_LTE);
        check_int(text_set.rules[0].n_wanted, 3);

        check_text(legacy("a | sum(n) by h > 2", ""), "none 0:0");
        check_int(text_set.correlations[0].type, CORR_VALUE_SUM);
        check_text(legacy("a | count() < 2", ""), "none 0:0");
        check_int(text_set.correlations[0].bounds[0].op, BOUND_LT);
        check_text(legacy("a | count() >= 2", ""), "none 0:0");
        check_int(text_set.correlations[0].bounds[0].op, BOUND_GTE);
        check_text(legacy("a | count() == 2", ""), "none 0:0");
        check_int(text_set.correlations[0].bounds[0].op, BOUND_EQ);
        check_text(legacy("a | min(n) > 2", ""), "none 0:0");
        check_int(text_set.correlations[0].type, CORR_VALUE_PERCENTILE);
        check(text_set.correlations[0].percentile == 0);
        check_text(legacy("a | avg(n) > 2", ""), "none 0:0");
        check_int(text_set.correlations[0].type, CORR_VALUE_AVG);
        check_text(legacy("a | max(n) > 2", ""), "none 0:0");
        check_int(text_set.correlations[0].type, CORR_VALUE_PERCENTILE);
        check(text_set.correlations[0].percentile == 100);

        check_text(legacy("a | count( > 5", ""), "aggregation-syntax 8:31");
        check_text(legacy("a | frob(x) > 5", ""), "aggregation-syntax 8:25");
        check_text(legacy("a | count() by h", ""), "aggregation-syntax 8:33");
        check_text(legacy("a | count() > x", ""), "aggregation-syntax 8:32");
        check_int(text_set.n_rules, 0);
        check_text(legacy("a | count() > 1", "    timeframe: ten\n"), "timespan-invalid 8:16");
        check_int(text_set.n_rules, 0);
}

static void older_near(void) {
        struct correlation *c;

        check_text(legacy("a | near b and not c", "    timeframe: 30s\n"), "none 0:0");
        check_int(text_set.n_rules, 3);
        c = &text_set.correlations[0];
        check_int(c->type, CORR_TEMPORAL);
        check_int(c->n_refs, 3);
        check_text(shown(text_set.rules[c->refs[0].index].expr), "A=\"1\"");
        check_text(shown(text_set.rules[c->refs[2].index].expr), "C=\"3\"");
        /* a, b, c, not, and, and */
        check_int(c->n_cond, 6);
        check_int(c->cond[0].op, COND_REF);
        check_int(c->cond[0].ref, 0);
        check_int(c->cond[1].ref, 1);
        check_int(c->cond[2].ref, 2);
        check_int(c->cond[3].op, COND_NOT);
        check_int(c->cond[4].op, COND_AND);
        check_int(c->cond[5].op, COND_AND);
        check_text(legacy("a | near c", ""), "none 0:0");
        check_int(text_set.correlations[0].n_refs, 2);
        check_int(text_set.correlations[0].cond[1].ref, 1);
        check_text(shown(text_set.rules[text_set.correlations[0].refs[1].index].expr), "C=\"3\"");
        check_text(legacy("a | near d", ""), "condition-unknown 8:26");
}

int main(void) {
        RUN(metadata);
        RUN(bad_metadata_only_warns);
        RUN(values_know_their_place);
        RUN(several_documents);
        RUN(yaml_mistakes);
        RUN(a_large_map_may_not_repeat_either);
        RUN(aliases_are_bounded);
        RUN(limits);
        RUN(memory_is_charged_to_its_file);
        RUN(collections);
        RUN(older_aggregations);
        RUN(older_near);
        text_done();
        return check_done();
}

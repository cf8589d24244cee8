/* rules/parse_corr.c, rules/link.c: correlations, filters, and what refers to what. */
#include "rule_text.h"

#define RULES                                                                                      \
        "title: A\nname: a\nid: 11111111-1111-4111-8111-111111111111\nlogsource: {product: "       \
        "windows, category: x}\n"                                                                  \
        "detection: {s: {A: 1}, condition: s}\n---\n"                                              \
        "title: B\nname: b\nlogsource: {product: windows}\ndetection: {s: {B: 2}, condition: "     \
        "s}\n---\n"                                                                                \
        "title: C\nname: c\nlogsource: {product: linux}\ndetection: {s: {C: 3}, condition: "       \
        "s}\n---\n"

static void parse_more(const char *yaml) {
        char text[8192];

        snprintf(text, sizeof(text), "%s%s", RULES, yaml);
        parse_text(text, NULL);
}

static const char *error(const char *yaml) {
        static char out[128] = "";

        parse_more(yaml);
        out[0] = 0;
        for (uint32_t i = 0; i < text_set.n_diags && !out[0]; i++)
                if (text_set.diags[i].severity == DIAG_ERROR)
                        snprintf(out, sizeof(out), "%s %u:%u", text_set.diags[i].code,
                                 text_set.diags[i].line - 16, text_set.diags[i].column);
        check_int(text_set.n_documents, text_set.n_rules + text_set.n_correlations +
                                                text_set.n_filters + text_set.n_refused);
        return out;
}

static const char *wanted(uint32_t rule_) {
        struct rule *r = &text_set.rules[rule_];

        buf_reset(&text_out);
        for (uint32_t i = 0; i < r->n_wanted; i++)
                buf_printf(&text_out, "%s%.*s", i ? " " : "", (int)r->wanted[i].len,
                           r->wanted[i].p);
        buf_char(&text_out, 0);
        return text_out.p;
}

static const char *expr_of(uint32_t rule_) {
        buf_reset(&text_out);
        text_expr(&text_out, text_set.rules[rule_].expr);
        buf_char(&text_out, 0);
        return text_out.p;
}

static void event_count(void) {
        struct correlation *c;

        check_text(error("title: many\ncorrelation:\n    type: event_count\n    rules: "
                         "11111111-1111-4111-8111-111111111111\n"
                         "    group-by: [Host, User]\n    timespan: 1h\n    condition: {gte: 3, "
                         "lt: 10}\n"),
                   "");
        c = &text_set.correlations[0];
        check_int(c->type, CORR_EVENT_COUNT);
        check_int(c->n_group_by, 2);
        check_int(c->timespan, INT64_C(3600000000000));
        check_int(c->n_bounds, 2);
        check_int(c->bounds[0].op, BOUND_GTE);
        check_int(c->bounds[1].op, BOUND_LT);
        check(c->bounds[1].value == 10);
        check_int(c->refs[0].index, 0);
        check(!c->generate && c->report);
        check(!text_set.rules[0].report); /* generate: false */
        check(text_set.rules[1].report);
        check_text(wanted(0), "Host User");
        check_text(wanted(1), "");
}

static void generate(void) {
        static const char form[] =
                "title: x\ncorrelation:\n    type: event_count\n    rules: [a, b]\n    timespan: "
                "5m\n"
                "    condition: {gt: 3}\n%s---\n"
                "title: y\ncorrelation:\n    type: event_count\n    rules: [b]\n    timespan: 5m\n"
                "    condition: {gt: 3}\n";
        char yaml[2048];

        snprintf(yaml, sizeof(yaml), form, "    generate: true\n");
        check_text(error(yaml), "");
        check(text_set.rules[0].report && text_set.rules[1].report);
        snprintf(yaml, sizeof(yaml), form, "generate: true\n"); /* beside the section */
        check_text(error(yaml), "");
        check(text_set.rules[0].report);
        snprintf(yaml, sizeof(yaml), form, "");
        check_text(error(yaml), "");
        check(!text_set.rules[0].report && !text_set.rules[1].report && text_set.rules[2].report);
}

static void aliases(void) {
        struct correlation *c;

        check_text(error("title: x\ncorrelation:\n    type: temporal\n    rules: [a, b]\n    "
                         "group-by: [ip, Host]\n    timespan: 10s\n"
                         "    aliases:\n        ip: {a: src.ip, b: dst.ip}\n"),
                   "");
        c = &text_set.correlations[0];
        check_int(c->n_aliases, 2);
        check_span(c->aliases[1].alias, "ip");
        check_span(c->aliases[1].field, "dst.ip");
        check_int(c->aliases[1].ref, 1);
        check_text(wanted(0), "src.ip Host");
        check_text(wanted(1), "dst.ip Host");
        /* By id instead of name. */
        check_text(
                error("title: x\ncorrelation:\n    type: temporal\n    rules: [a, b]\n    "
                      "group-by: [ip]\n    timespan: 10s\n"
                      "    aliases:\n        ip: {11111111-1111-4111-8111-111111111111: src.ip}\n"),
                "");
        check_text(wanted(0), "src.ip");
        check_text(error("title: x\ncorrelation:\n    type: temporal\n    rules: [a, b]\n    "
                         "timespan: 10s\n"
                         "    aliases:\n        ip: {c: src.ip}\n"),
                   "alias-unknown-rule 7:14");
}

static void values(void) {
        struct correlation *c;

        check_text(error("title: x\ncorrelation:\n    type: value_count\n    rules: a\n    "
                         "timespan: 1d\n"
                         "    condition: {field: [User, Host], gte: 100}\n"),
                   "");
        c = &text_set.correlations[0];
        check_int(c->n_fields, 2);
        check_text(wanted(0), "User Host");
        check_text(error("title: x\ncorrelation:\n    type: value_percentile\n    rules: a\n    "
                         "timespan: 1d\n"
                         "    condition: {field: n, percentile: 95, gte: 100}\n"),
                   "");
        check(text_set.correlations[0].percentile == 95);
        check_text(error("title: x\ncorrelation:\n    type: value_median\n    rules: a\n    "
                         "timespan: 1d\n"
                         "    condition: {field: n, neq: 1.5}\n"),
                   "");
        check_int(text_set.correlations[0].type, CORR_VALUE_MEDIAN);
        check_int(text_set.correlations[0].bounds[0].op, BOUND_NEQ);
        check_text(error("title: x\ncorrelation:\n    type: value_sum\n    rules: a\n    timespan: "
                         "1d\n    condition: {gte: 1}\n"),
                   "correlation-field 6:16");
        check_text(error("title: x\ncorrelation:\n    type: value_percentile\n    rules: a\n    "
                         "timespan: 1d\n"
                         "    condition: {field: n, percentile: 101, gte: 1}\n"),
                   "percentile-invalid 6:39");
}

static const char *postfix(void) {
        struct correlation *c = &text_set.correlations[0];

        buf_reset(&text_out);
        for (uint32_t i = 0; i < c->n_cond; i++)
                if (c->cond[i].op == COND_REF)
                        buf_printf(&text_out, "%u", c->cond[i].ref);
                else
                        buf_char(&text_out, "?&|!"[c->cond[i].op]);
        buf_char(&text_out, 0);
        return text_out.p;
}

static void boolean_conditions(void) {
        check_text(error("title: x\ncorrelation:\n    type: temporal\n    rules: [a, b, c]\n    "
                         "timespan: 5m\n"
                         "    condition: (a or b) AND not c\n"),
                   "");
        check_text(postfix(), "01|2!&");
        /* The rules may be left out: the condition names them. */
        check_text(error("title: x\ncorrelation:\n    type: temporal_ordered\n    timespan: 5m\n   "
                         " condition: c and a and b\n"),
                   "");
        check_text(postfix(), "01&2&");
        check_int(text_set.correlations[0].refs[0].index, 2);
        check_text(error("title: x\ncorrelation:\n    type: temporal\n    rules: [a, b]\n    "
                         "timespan: 5m\n"
                         "    condition: a and c\n"),
                   "condition-unknown 6:22");
        check_text(error("title: x\ncorrelation:\n    type: event_count\n    rules: [a, b]\n    "
                         "timespan: 5m\n"
                         "    condition: a and c\n"),
                   "correlation-condition 6:16");
}

static void mistakes(void) {
        check_text(error("title: x\ncorrelation:\n    type: event\n    rules: a\n    timespan: "
                         "5m\n    condition: {gt: 1}\n"),
                   "correlation-type 3:11");
        check_text(error("title: x\ncorrelation:\n    type: event_count\n    rules: a\n    "
                         "timespan: 5x\n    condition: {gt: 1}\n"),
                   "timespan-invalid 5:15");
        check_text(error("title: x\ncorrelation:\n    type: event_count\n    rules: a\n    "
                         "timespan: 5m\n"),
                   "correlation-condition 3:5");
        check_text(error("title: x\ncorrelation:\n    type: event_count\n    rules: a\n    "
                         "timespan: 5m\n    condition: {ge: 1}\n"),
                   "correlation-condition 6:17");
        check_text(error("title: x\ncorrelation:\n    type: event_count\n    rules: a\n    "
                         "timespan: 5m\n    condition: {gt: x}\n"),
                   "not-a-number 6:21");
        check_text(error("title: x\ncorrelation:\n    type: event_count\n    timespan: 5m\n    "
                         "condition: {gt: 1}\n"),
                   "correlation-rules 3:5");
        check_text(error("title: x\ncorrelation:\n    type: event_count\n    rules: [zz]\n    "
                         "timespan: 5m\n    condition: {gt: 1}\n"),
                   "reference-unknown 4:13");
        check_int(text_set.n_correlations, 0);
        check_int(text_set.n_refused, 1);
        check(text_set.rules[0].report);
}

#define OVER(name, ref)                                                                            \
        "title: " name "\nname: " name "\ncorrelation:\n    type: event_count\n    rules: " ref    \
        "\n    timespan: 5m\n    group-by: [g" name "]\n    condition: {gt: 1}\n"

static void chains(void) {
        check_text(error(OVER("x", "[y]") "---\n" OVER("y", "[a, b]")), "");
        check_int(text_set.n_correlations, 2);
        check(text_set.correlations[0].refs[0].is_correlation);
        check_int(text_set.correlations[0].refs[0].index, 1);
        check(text_set.correlations[0].report && !text_set.correlations[1].report);
        check_text(wanted(0), "gx gy");
        check(!text_set.rules[0].report);
}

static void circles_and_refused(void) {
        check_text(error(OVER("x", "[y]") "---\n" OVER("y", "[x]")), "correlation-cycle 14:13");
        check_int(text_set.n_refused, 2);
        check_text(error(OVER("x", "[a, x]")), "correlation-cycle 5:16");
        check_text(
                error("title: bad\nname: bad\ndetection: {s: {A|foo: 1}, condition: s}\n---\n" OVER(
                        "x", "[bad]") "---\n" OVER("y", "[x]")),
                "unknown-modifier 3:17");
        check_int(text_set.n_refused, 3);
        check_int(text_set.n_correlations, 0);
        check(has_diag(DIAG_ERROR, "reference-refused"));
}

static void chains_have_an_end(void) {
        _cleanup_(buf_deinit) struct buf b = {0};

        buf_str(&b, RULES);
        for (int i = 0; i < 100; i++)
                buf_printf(&b,
                           "title: t\nname: k%d\ncorrelation: {type: event_count, rules: [k%d], "
                           "timespan: 5m, condition: {gt: 1}}\n---\n",
                           i, i + 1);
        buf_str(&b, OVER("k100", "[a]"));
        buf_char(&b, 0);
        parse_text(b.p, NULL);
        check(text_set.n_refused > 0);
        check(has_diag(DIAG_ERROR, "correlation-too-deep"));
        check_int(text_set.n_refused + text_set.n_correlations, 101);
}

static void equal_names(void) {
        check_text(error("title: D\nname: a\nlogsource: {product: x}\ndetection: {s: {D: 4}, "
                         "condition: s}\n---\n" OVER("x", "[a]")),
                   "");
        check(has_diag(DIAG_WARNING, "duplicate-name"));
        check_int(text_set.correlations[0].refs[0].index, 0);
}

/* Filters: the specification's example suppresses what its selection names; `not selection` means
 * the same. */
static void filters(void) {
        check_text(error("title: f\nlogsource: {product: windows}\nfilter:\n    rules: [a, b]\n    "
                         "s: {User|startswith: adm_}\n    condition: s\n"),
                   "");
        check_int(text_set.n_filters, 1);
        check_text(expr_of(0), "(& A=\"1\" !User=\"adm_*\")");
        check_text(expr_of(1), "(& B=\"2\" !User=\"adm_*\")");
        check_text(expr_of(2), "C=\"3\"");
        check(has_diag(DIAG_HINT, "filter-suppresses"));
        check_text(error("title: f\nlogsource: {product: windows}\nfilter:\n    rules: "
                         "[11111111-1111-4111-8111-111111111111]\n"
                         "    s: {User|startswith: adm_}\n    condition: not s\n"),
                   "");
        check_text(expr_of(0), "(& A=\"1\" !User=\"adm_*\")");
        check(!has_diag(DIAG_HINT, "filter-suppresses"));
        check_text(error("title: f\nlogsource: {product: windows}\nfilter:\n    rules: any\n    s: "
                         "{U: 1}\n    condition: not s\n"),
                   "");
        check_text(expr_of(1), "(& B=\"2\" !U=\"1\")");
        check_text(expr_of(2), "C=\"3\"");
}

static void filters_that_miss(void) {
        check_text(error("title: f\nlogsource: {product: windows}\nfilter:\n    rules: [c, zz]\n   "
                         " s: {U: 1}\n    condition: not s\n"),
                   "");
        check(has_diag(DIAG_WARNING, "filter-logsource"));
        check(has_diag(DIAG_WARNING, "filter-unknown-rule"));
        check_text(expr_of(2), "C=\"3\"");
        check_text(error("title: f\nlogsource: {product: windows}\nfilter:\n    s: {U: 1}\n    "
                         "condition: not s\n"),
                   "filter-rules 4:5");
        check_text(error("title: f\nlogsource: {product: windows}\nfilter:\n    rules: any\n    s: "
                         "{U: 1}\n    condition: t\n"),
                   "condition-unknown 6:16");
}

int main(void) {
        RUN(event_count);
        RUN(generate);
        RUN(aliases);
        RUN(values);
        RUN(boolean_conditions);
        RUN(mistakes);
        RUN(chains);
        RUN(circles_and_refused);
        RUN(chains_have_an_end);
        RUN(equal_names);
        RUN(filters);
        RUN(filters_that_miss);
        text_done();
        return check_done();
}

/* rules/condition.c: the grammar of conditions ("Condition" in the rules specification). */
#include "rule_text.h"

#define SEARCHES "a1: {A: 1}, a2: {A: 2}, b: {B: 3}, _c: {C: 4}"

static const char *cond(const char *condition) {
        static char out[4096];
        char text[8192];
        const char *got, *unused;
        size_t len;

        snprintf(text, sizeof(text), "condition: '%s', " SEARCHES, condition);
        got = rule(text);
        /* Searches left unused are another test. */
        unused = strstr(got, " ; warning detection-unused");
        len = unused ? (size_t)(unused - got) : strlen(got);
        snprintf(out, sizeof(out), "%.*s", (int)len, got);
        return out;
}

static void operators_and_precedence(void) {
        check_text(cond("a1"), "A=\"1\"");
        check_text(cond("a1 and b"), "(& A=\"1\" B=\"3\")");
        check_text(cond("a1 or a2 and b"), "(| A=\"1\" (& A=\"2\" B=\"3\"))");
        check_text(cond("(a1 or a2) and b"), "(& (| A=\"1\" A=\"2\") B=\"3\")");
        check_text(cond("not a1 and b"), "(& !A=\"1\" B=\"3\")");
        check_text(cond("not (a1 and b)"), "!(& A=\"1\" B=\"3\")");
        check_text(cond("not not a1"), "A=\"1\"");
        check_text(cond("a1 AND NOT b Or a2"), "(| (& A=\"1\" !B=\"3\") A=\"2\")");
        check_text(cond("a1 and b and a2"), "(& A=\"1\" B=\"3\" A=\"2\")");
        check_text(cond("((a1))"), "A=\"1\"");
        check_text(cond("(a1)and(b)"), "(& A=\"1\" B=\"3\")");
}

static void quantifiers(void) {
        check_text(cond("1 of a*"), "(| A=\"1\" A=\"2\")");
        check_text(cond("any of a*"), "(| A=\"1\" A=\"2\")");
        check_text(cond("all of a*"), "(& A=\"1\" A=\"2\")");
        check_text(cond("1 of them"), "(| A=\"1\" A=\"2\" B=\"3\")"); /* without _c */
        check_text(cond("all of them"), "(& A=\"1\" A=\"2\" B=\"3\") ; hint condition-all-of-them");
        check_text(cond("1 of *"), "(| A=\"1\" A=\"2\" B=\"3\")");
        check_text(cond("1 of _*"), "C=\"4\"");
        check_text(cond("1 of *1"), "A=\"1\"");
        check_text(cond("1 of b"), "B=\"3\"");
        check_text(cond("not 1 of a*"), "!(| A=\"1\" A=\"2\")");
        check_text(cond("b and not 1 of a* or _c"), "(| (& B=\"3\" !(| A=\"1\" A=\"2\")) C=\"4\")");
        check_text(cond("2 of them"), "(2 of A=\"1\" A=\"2\" B=\"3\") ; hint condition-count");
        check_text(cond("4 of them"), "error condition-count-high 1:18 ; hint condition-count");
        check_text(cond("1 OF THEM"), "(| A=\"1\" A=\"2\" B=\"3\")");
}

static void pattern_in_the_middle(void) {
        check_text(rule("sel_x_img: {A: 1}, sel_y_img: {A: 2}, sel_x_cli: {A: 3}, condition: 1 of "
                        "sel_*_img or sel_x_cli"),
                   "(| A=\"1\" A=\"2\" A=\"3\")");
        check_text(rule("'s-1.a': {A: 1}, condition: 's-1.a'"), "A=\"1\"");
        check_text(rule("all: {A: 1}, of: {A: 2}, them: {A: 3}, condition: all and of or them"),
                   "(| (& A=\"1\" A=\"2\") A=\"3\")");
}

static void mistakes_have_a_place(void) {
        check_text(cond("a1 and c"), "error condition-unknown 1:20");
        check_text(cond("a1 b"), "error condition-syntax 1:16");
        check_text(cond("(a1"), "error condition-syntax 1:16");
        check_text(cond("a1)"), "error condition-syntax 1:15");
        check_text(cond("and a1"), "error condition-syntax 1:13");
        check_text(cond("a1 and"), "error condition-syntax 1:19");
        check_text(cond(""), "error condition-syntax 1:13");
        check_text(cond("1 of zz*"), "error condition-no-match 1:18");
        check_text(cond("0 of a*"), "error condition-syntax 1:13");
        check_text(cond("1 of (a1)"), "error condition-syntax 1:18");
        check_text(cond("x of a*"), "error condition-syntax 1:13");
        check_text(rule("a: {A: 1}"), "error condition-missing 1:0");
        check_text(rule("a: {A: 1}, condition: [[a]]"), "error condition-type 1:24");
        check_text(rule("a: {}, condition: a"), "error empty-search 1:4");
        check_text(rule("a: [], condition: a"), "error empty-list 1:4");
}

static void guesses_what_was_meant(void) {
        rule("selection: {A: 1}, condition: selectio");
        check(memmem(text_set.diags[0].en.p, text_set.diags[0].en.len, "\"selection\"", 11));
        rule("filter: {A: 1}, condition: fitler");
        check(memmem(text_set.diags[0].en.p, text_set.diags[0].en.len, "\"filter\"", 8));
        rule("filter: {A: 1}, condition: flourish");
        check(!memmem(text_set.diags[0].en.p, text_set.diags[0].en.len, "did you mean", 12));
        rule("s: {A|endwith: 1}, condition: s");
        check(memmem(text_set.diags[0].en.p, text_set.diags[0].en.len, "|endswith?", 10));
        rule("Selection: {A: 1}, condition: selection");
        check(memmem(text_set.diags[0].en.p, text_set.diags[0].en.len, "\"Selection\"", 11));
}

static void lists_and_unused(void) {
        check_text(rule("a: {A: 1}, b: {B: 2}, condition: [a, b]"), "(| A=\"1\" B=\"2\")");
        check_text(rule("a: {A: 1}, b: {B: 2}, condition: a"),
                   "A=\"1\" ; warning detection-unused");
        check_text(rule("a: {A: 1}, timeframe: 5m, condition: a"),
                   "A=\"1\" ; warning timeframe-unused");
        check_text(rule("a: [{A: 1, B: 2}, {A: 3}], condition: a"),
                   "(| (& A=\"1\" B=\"2\") A=\"3\")");
}

/* Hostile: deep nesting ends in an error, long chains stay linear. */
static void bounded(void) {
        _cleanup_(buf_deinit) struct buf b = {0};

        buf_str(&b, "a: {A: 1}, condition: '");
        for (int i = 0; i < 100; i++)
                buf_char(&b, '(');
        buf_str(&b, "a'");
        buf_char(&b, 0);
        check_text(rule(b.p), "error condition-too-deep 1:88");
        buf_reset(&b);
        buf_str(&b, "a: {A: 1}, condition: '");
        for (int i = 0; i < 1000; i++)
                buf_str(&b, "not ");
        buf_str(&b, "a'");
        buf_char(&b, 0);
        check_text(rule(b.p), "A=\"1\"");
        /* A large search named often would be huge, written out. */
        buf_reset(&b);
        buf_str(&b, "{title: t, logsource: {product: x}, detection: {a: {A: [");
        for (int i = 0; i < 5000; i++)
                buf_str(&b, "1, ");
        buf_str(&b, "]}, condition: 'a");
        for (int i = 0; i < 100; i++)
                buf_str(&b, " or a");
        buf_str(&b, "'}}");
        buf_char(&b, 0);
        parse_text(b.p, NULL);
        check(has_diag(DIAG_ERROR, "rule-too-large"));
        check_int(text_set.n_refused, 1);
}

int main(void) {
        RUN(operators_and_precedence);
        RUN(quantifiers);
        RUN(pattern_in_the_middle);
        RUN(mistakes_have_a_place);
        RUN(guesses_what_was_meant);
        RUN(lists_and_unused);
        RUN(bounded);
        text_done();
        return check_done();
}

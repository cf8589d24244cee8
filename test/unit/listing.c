/* rules/listing.c: lists, coverage, Navigator layer, diags. JSON is read back with jansson. */
#include <jansson.h>

#include "rule_text.h"

#include "base/lang.h"
#include "rules/listing.h"

static const char rules[] =
        "title: First\ntitle_vi: Thứ nhất\nid: i1\nname: one\nlevel: high\nstatus: test\ntags: "
        "[attack.t1059.001, attack.execution]\n"
        "logsource: {product: windows, category: process_creation}\ndetection: {s: {A: 1}, "
        "condition: s}\n---\n"
        "title: Sec\"ond\x1b[31m\ndescription: Phát hiện ĐIỀU LẠ\nid: i2\nlevel: low\ntags: "
        "[attack.t1059.001, attack.t1003]\n"
        "logsource: {product: linux, service: sshd}\ndetection: {s: {A: 2}, condition: s}\n---\n"
        "title: Many\nid: i3\nlevel: critical\ncorrelation: {type: event_count, rules: [two], "
        "timespan: 5m, condition: {gt: 3}}\n---\n"
        "title: Base\nname: two\nlevel: low\nlogsource: {product: macos}\ndetection: {s: {A: 3}, "
        "condition: s}\n";

static struct buf out;

static void load(void) {
        /* The escape is written as YAML wants it: in double quotes. */
        char yaml[2048];
        const char *bad = strstr(rules, "Sec\"ond\x1b[31m");

        snprintf(yaml, sizeof(yaml), "%.*s\"Sec\\\"ond\\e[31m\"%s", (int)(bad - rules), rules,
                 bad + strlen("Sec\"ond\x1b[31m"));
        parse_text(yaml, NULL);
        check_int(text_set.n_refused, 0);
        buf_reset(&out);
}

static unsigned listed(struct listing_filter f) {
        unsigned n = 0;

        load();
        check_int(listing_text(&out, &text_set, &f), 0);
        for (size_t i = 0; i < out.len; i++)
                n += out.p[i] == '\n';
        return n - 1; /* the last line counts */
}

static void filters(void) {
        check_int(listed((struct listing_filter){0}), 3); /* "Base" serves the correlation only */
        check_int(listed((struct listing_filter){.min_level = LEVEL_HIGH}), 2);
        check_int(listed((struct listing_filter){.status = SPAN("test")}), 1);
        check_int(listed((struct listing_filter){.tag = SPAN("attack.t1059")}), 2);
        check_int(listed((struct listing_filter){.tag = SPAN("attack.t1003")}), 1);
        check_int(listed((struct listing_filter){.product = SPAN("Windows")}), 1);
        check_int(listed((struct listing_filter){.product = SPAN("macos")}),
                  1); /* through the correlation */
        check_int(listed((struct listing_filter){.service = SPAN("sshd")}), 1);
        check_int(listed((struct listing_filter){.category = SPAN("none")}), 0);
        check_int(listed((struct listing_filter){.text = SPAN("điều lạ")}), 1);
        check_int(listed((struct listing_filter){.text = SPAN("THỨ NHẤT")}), 1);
        check_int(listed((struct listing_filter){.text = SPAN("zzz")}), 0);
}

static void text_is_safe_and_in_two_languages(void) {
        struct listing_filter f = {0};

        load();
        check_int(listing_text(&out, &text_set, &f), 0);
        check(!memchr(out.p, 0x1b, out.len));
        check(memmem(out.p, out.len, "First  [windows/process_creation]  i1  t.yml:1\n", 47));
        lang_current = LANG_VI;
        buf_reset(&out);
        check_int(listing_text(&out, &text_set, &f), 0);
        lang_current = LANG_EN;
        check(memmem(out.p, out.len, "Thứ nhất", strlen("Thứ nhất")));
        check(memmem(out.p, out.len, "cao ", 4));
}

static json_t *json(void) {
        json_error_t e;
        json_t *j = json_loadb(out.p, out.len, 0, &e);

        if (!j)
                printf("# %s at %d: %.*s\n", e.text, e.position, (int)out.len, out.p);
        check(j);
        return j;
}

static void as_json(void) {
        struct listing_filter f = {0};
        json_t *j, *o;

        load();
        check_int(listing_json(&out, &text_set, &f), 0);
        j = json();
        check_int(json_array_size(j), 3);
        o = json_array_get(j, 1);
        check_span(span_str(json_string_value(json_object_get(o, "title"))), "Sec\"ond\x1b[31m");
        check_span(span_str(json_string_value(json_object_get(o, "level"))), "low");
        check_span(span_str(json_string_value(json_object_get(o, "service"))), "sshd");
        check_int(json_array_size(json_object_get(o, "tags")), 2);
        check_span(span_str(json_string_value(json_object_get(json_array_get(j, 2), "kind"))),
                   "correlation");
        json_decref(j);
        load();
        f.text = SPAN("zzz");
        check_int(listing_json(&out, &text_set, &f), 0);
        j = json();
        check_int(json_array_size(j), 0);
        json_decref(j);
}

static void coverage(void) {
        struct listing_filter f = {0};

        load();
        check_int(listing_coverage(&out, &text_set, &f), 0);
        check_span(buf_get(&out), "T1003          1  low 1\nT1059.001      2  high 1, low 1\n"
                                  "2 techniques by 3 rules; 1 rules without a technique\n");
}

static void navigator(void) {
        struct listing_filter f = {0};
        json_t *j, *t;

        load();
        check_int(listing_navigator(&out, &text_set, &f), 0);
        j = json();
        check_span(span_str(json_string_value(
                           json_object_get(json_object_get(j, "versions"), "layer"))),
                   "4.5");
        t = json_object_get(j, "techniques");
        check_int(json_array_size(t), 2);
        check_span(
                span_str(json_string_value(json_object_get(json_array_get(t, 1), "techniqueID"))),
                "T1059.001");
        check_int(json_integer_value(json_object_get(json_array_get(t, 1), "score")), 2);
        check_int(json_integer_value(json_object_get(json_object_get(j, "gradient"), "maxValue")),
                  2);
        json_decref(j);
}

static void diags(void) {
        json_t *j, *o;

        buf_reset(&out);
        parse_text("title: a\nlogsource: {product: x}\ndetection:\n    s: {\"A|fo\\eo\": 1}\n    "
                   "condition: t\n",
                   NULL);
        check_int(diags_text(&out, &text_set), 0);
        check_span(buf_get(&out), "t.yml:4:9: error: unknown modifier |fo\\x1bo: use one of the "
                                  "Sigma 2.1 modifiers (contains, re, cidr …) "
                                  "[unknown-modifier]\n"
                                  "t.yml:5:16: error: the condition names \"t\", which is not "
                                  "defined: define it or correct the name "
                                  "[condition-unknown]\n");
        lang_current = LANG_VI;
        buf_reset(&out);
        check_int(diags_json(&out, &text_set), 0);
        lang_current = LANG_EN;
        j = json();
        check_int(json_array_size(j), 2);
        o = json_array_get(j, 1);
        check_span(span_str(json_string_value(json_object_get(o, "code"))), "condition-unknown");
        check_span(span_str(json_string_value(json_object_get(o, "severity"))), "error");
        check_int(json_integer_value(json_object_get(o, "line")), 5);
        check_span(span_str(json_string_value(json_object_get(o, "message"))),
                   json_string_value(json_object_get(o, "message_vi")));
        json_decref(j);
}

int main(void) {
        RUN(filters);
        RUN(text_is_safe_and_in_two_languages);
        RUN(as_json);
        RUN(coverage);
        RUN(navigator);
        RUN(diags);
        buf_deinit(&out);
        text_done();
        return check_done();
}

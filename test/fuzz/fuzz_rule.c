/* Rule text: YAML of any kind, with placeholders to expand. What is accepted can be compiled, and
 * what was compiled can be opened; for every eighth length, since that costs more than to read it. */
#include "fuzz/rule_fuzz.h"
#include "rules/program.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_compile(struct span bundle) {
        struct ruleset s;
        struct buf blob = {0};
        struct program *g = NULL;

        MUST(ruleset_parse(&s, bundle) == 0);
        uint32_t accepted = s.n_rules;
        MUST(program_compile(&blob, &s, bundle) == 0);
        MUST(program_open(&g, blob.p, blob.len) == 0);
        MUST(program_rules(g) <= accepted);
        program_free(g);
        buf_deinit(&blob);
        ruleset_deinit(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct buf b = {0};

        if (size > 65536)
                return 0;
        bundle_add(&b, BUNDLE_PLACEHOLDER, SPAN("p.yml"),
                   SPAN("a: [x, 'y*', '-z']\nb: 1\nn: [10.0.0.0/8]\n"));
        bundle_add(&b, BUNDLE_RULE, SPAN("t.yml"), span_of((const char *)data, size));
        must_bundle(buf_get(&b));
        if (size % 8 == 3)
                must_compile(buf_get(&b));
        buf_reset(&b);
        /* The same text as placeholders, for every fourth length. */
        if (size % 4) {
                buf_deinit(&b);
                return 0;
        }
        bundle_add(&b, BUNDLE_PLACEHOLDER, SPAN("t.yml"), span_of((const char *)data, size));
        bundle_add(&b, BUNDLE_RULE, SPAN("r.yml"),
                   SPAN("{detection: {s: {'A|expand': '%a%%b%'}, condition: s}}"));
        must_bundle(buf_get(&b));
        buf_deinit(&b);
        return 0;
}

/* Rule text: YAML of any kind, with placeholders to expand. */
#include "fuzz/rule_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct buf b = {0};

        if (size > 65536)
                return 0;
        bundle_add(&b, BUNDLE_PLACEHOLDER, SPAN("p.yml"),
                   SPAN("a: [x, 'y*', '-z']\nb: 1\nn: [10.0.0.0/8]\n"));
        bundle_add(&b, BUNDLE_RULE, SPAN("t.yml"), span_of((const char *)data, size));
        must_bundle(buf_get(&b));
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

/* Conditions of rules (older aggregations too) and of correlations, before searches of fixed names.
 */
#include "fuzz/rule_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct buf y = {0}, b = {0};

        if (size > 4096)
                return 0;
        buf_str(&y, "logsource: {product: x}\ndetection:\n    a: {A: 1}\n    a2: {A: [2, 3]}\n    "
                    "b: {B: 1}\n    _c: {C: 1}\n"
                    "    sel_x: {D: 1}\n    sel_y: {E: 1}\n    timeframe: 5m\n    condition: \"");
        for (size_t i = 0; i < size; i++)
                buf_printf(&y, "\\x%02x", data[i]);
        buf_str(&y, "\"\n---\nname: a\nlogsource: {product: x}\ndetection: {s: {A: 1}, condition: "
                    "s}\n---\nname: b\n"
                    "logsource: {product: x}\ndetection: {s: {B: 1}, condition: s}\n---\n"
                    "correlation:\n    type: temporal\n    rules: [a, b]\n    timespan: 5m\n    "
                    "condition: \"");
        for (size_t i = 0; i < size; i++)
                buf_printf(&y, "\\x%02x", data[i]);
        buf_str(&y,
                "\"\n---\ncorrelation:\n    type: temporal\n    timespan: 5m\n    condition: \"");
        for (size_t i = 0; i < size; i++)
                buf_printf(&y, "\\x%02x", data[i]);
        buf_str(&y, "\"\n");
        bundle_add(&b, BUNDLE_RULE, SPAN("t.yml"), buf_get(&y));
        must_bundle(buf_get(&b));
        buf_deinit(&y);
        buf_deinit(&b);
        return 0;
}

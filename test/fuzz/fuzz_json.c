/* Any bytes as a batch of JSON: every implementation must give the same, from every alignment, and
 * from a restart in the middle. */
#include "json_try.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct span text = span_of((const char *)data, size);
        uint32_t skip = size ? (uint32_t)(data[size / 2] % size) : 0;

        for (unsigned from = 0; from < 2; from++) {
                struct json_try first = {0};
                for (unsigned i = 0; i < JSON_IMPL_MAX; i++) {
                        struct json_try t;
                        if (!json_impl_has((enum json_impl)i))
                                continue;
                        json_impl_force((enum json_impl)i);
                        json_try_shift = i * 21 + size % 64;
                        json_try(&t, text, from, from ? skip : 0);
                        assert(t.covered <= size);
                        if (i == 0) {
                                first = t;
                                continue;
                        }
                        assert(span_eq(buf_get(&t.out), buf_get(&first.out)));
                        json_try_free(&t);
                }
                json_try_free(&first);
        }
        return 0;
}

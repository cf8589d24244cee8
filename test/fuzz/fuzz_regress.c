/* info.yml of regression data. What is read back has as many words as a line must have. */
#include "fuzz/rule_fuzz.h"
#include "rules/regress.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct buf b = {0}, out = {0};
        size_t tabs = 0;
        bool told = false;

        if (size > 65536)
                return 0;
        bundle_add(&b, BUNDLE_OTHER, SPAN("d/info.yml"), span_of((const char *)data, size));
        MUST(regress_lines(&out, buf_get(&b)) == 0);
        for (size_t i = 0; i < out.len; i++) {
                if (i == 0 || out.p[i - 1] == '\n')
                        told = out.p[i] == '!' || out.p[i] == '?';
                tabs += out.p[i] == '\t';
                if (out.p[i] == '\n') {
                        MUST(told || tabs == 4);
                        tabs = 0;
                }
        }
        MUST(out.len > 0 && out.p[out.len - 1] == '\n');
        buf_deinit(&b);
        buf_deinit(&out);
        return 0;
}

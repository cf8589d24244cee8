/* Any bytes as a table of indicators: refused, or asked without harm. */
#include <stdlib.h>

#include "intel/look.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const char *const values[] = {
                "198.51.100.7",
                "a.evil.example",
                "http://evil.example/x",
                "MD5=d41d8cd98f00b204e9800998ecf8427e",
                "aaaabbbbccccddddaaaabbbbccccdddd",
                "curl http://evil.example/x; nc 2001:db8::5 q.evil.example 198.51.100.7"};
        char *p = aligned_alloc(64, (size + 64) & ~(size_t)63);
        struct intel_table t;

        if (!p)
                abort();
        memcpy(p, data, size);
        if (intel_table_open(&t, span_of(p, size)) == 0)
                for (unsigned k = 1; k < INTEL_FIELDS; k++)
                        for (size_t i = 0; i < ARRAY_LEN(values); i++) {
                                struct intel_found f, g;

                                intel_look(&t, (enum intel_field)k, span_str(values[i]), &f);
                                for (uint32_t n = 0; n < f.n; n++) {
                                        (void)intel_table_name(&t, &t.entries[f.entry[n]]);
                                        (void)intel_look_text(&t, (enum intel_field)k,
                                                              span_str(values[i]), f.entry[n], &g);
                                }
                        }
        free(p);
        return 0;
}

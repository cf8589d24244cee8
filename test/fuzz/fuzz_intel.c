/* A file of indicators (or, when it begins with 'w', a warning list before one), the table made of it,
 * and looks into that table. What is read is kept, left out by a reason, or told. */
#include <stdlib.h>

#include "intel/look.h"
#include "intel/set.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct span text = span_of((const char *)data, size);
        struct buf list = {0}, out = {.limit = (size_t)64 << 20};
        struct intel_options o = {.now = INT64_C(1790000000) * NS_PER_SEC, .list = &list};
        struct intel_set *s = calloc(1, sizeof(*s));
        struct intel_table t;

        if (!s || intel_set_init(s, &o) < 0)
                abort();
        if (size && (data[0] & 1))
                o.columns = SPAN("type,value,name");
        s->o.json = size > 1 && (data[1] & 1);
        if (size && data[0] == 'w') {
                intel_read_warnings(s, SPAN("w.json"), span_of(text.p + 1, size - 1));
                text = SPAN("8.8.8.8\nwww.popular.example\nhttp://a.example/x\n");
        }
        intel_read(s, SPAN("a.json"), text);
        const struct intel_counts *c = &s->counts;
        assert(c->kept + c->expired + c->revoked + c->warned + c->unsupported + c->malformed +
                       c->over >=
               c->read);
        assert(c->kept == s->n);
        intel_set_number(s);
        intel_set_write(s, &out, 0);
        char *p = aligned_alloc(64, (out.len + 63) & ~(size_t)63);
        if (p && !out.failed) {
                struct intel_found f;

                memcpy(p, out.p, out.len);
                assert(intel_table_open(&t, span_of(p, out.len)) == 0);
                for (unsigned k = 1; k < INTEL_FIELDS; k++)
                        intel_look(&t, (enum intel_field)k, text, &f);
        }
        free(p);
        intel_set_deinit(s);
        free(s);
        buf_deinit(&list);
        buf_deinit(&out);
        return 0;
}

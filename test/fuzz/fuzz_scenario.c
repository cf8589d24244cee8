/* A foreign scenario: whatever it is, it ends, says why it refuses at a line and a column, and a plan that was written
 * is one that loads. */
#include <jansson.h>

#include "exercise/plan.h"
#include "reader/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const json_t *list) {
        static const char *const texts[] = {"rule", "en", "vi", "remedy_en", "remedy_vi"};
        const json_t *f;
        size_t i;

        json_array_foreach(list, i, f) {
                assert(json_integer_value(json_object_get(f, "line")) > 0);
                assert(json_integer_value(json_object_get(f, "column")) > 0);
                for (size_t k = 0; k < ARRAY_LEN(texts); k++)
                        assert(json_string_length(json_object_get(f, texts[k])) > 0);
        }
}

static void load(const json_t *plan) {
        struct plan *p = NULL;
        struct buf b = {0};
        char *s = json_dumps(plan, JSON_COMPACT);

        assert(s && plan_load(span_str(s), &p) == 0); /* SC2 */
        for (unsigned i = 0; i < p->n_injects; i++)
                plan_fill(p, NULL, p->injects[i].text.en, &b);
        buf_deinit(&b);
        plan_free(p);
        free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct buf in = {.limit = (size_t)4 << 20}, out = {.limit = (size_t)64 << 20};

        buf_char(&in, READER_SCENARIO);
        buf_add(&in, data, size);
        assert(job_reader(buf_get(&in), &out) == 0);
        json_t *o = json_loadb(out.p, out.len, JSON_REJECT_DUPLICATES, NULL);
        const json_t *plan = json_object_get(o, "plan");
        bool faults = json_integer_value(json_object_get(o, "n_faults")) > 0;
        assert(o && faults == json_is_null(plan)); /* SC1 */
        look(json_object_get(o, "faults"));
        look(json_object_get(o, "warnings"));
        if (!faults)
                load(plan);
        json_decref(o);
        buf_deinit(&in);
        buf_deinit(&out);
        return 0;
}

/* A foreign playbook: whatever it is, it ends, says why it refuses, and a plan names only steps that are there. */
#include <jansson.h>

#include "reader/playbook.h"
#include "reader/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct span some(void *ctx, struct span name) {
        (void)ctx;
        return name.len & 1 ? SPAN("true") : SPAN_NONE;
}

static void look(const json_t *plan) {
        static const char *const ways[] = {"next", "success", "failure", "true", "false"};
        const json_t *steps = json_object_get(plan, "steps"), *s;
        json_int_t n = (json_int_t)json_array_size(steps);
        size_t i;

        assert(n > 0 && n <= PLAYBOOK_STEPS_MAX);
        assert(json_integer_value(json_object_get(plan, "start")) < n);
        json_array_foreach(steps, i, s) for (size_t k = 0; k < ARRAY_LEN(ways); k++) {
                json_int_t to = json_integer_value(json_object_get(s, ways[k]));
                assert(to >= -1 && to < n); /* R2 */
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct buf in = {.limit = (size_t)4 << 20}, out = {.limit = (size_t)64 << 20};
        struct span s = span_of((const char *)data, size);

        (void)playbook_condition(s, some, NULL);
        (void)playbook_asks(s);
        buf_char(&in, READER_PLAYBOOK);
        buf_span(&in, s);
        assert(job_reader(buf_get(&in), &out) == 0);
        json_t *o = json_loadb(out.p, out.len, JSON_REJECT_DUPLICATES, NULL);
        const json_t *plan = json_object_get(o, "plan");
        bool faults = json_array_size(json_object_get(o, "faults")) > 0;
        assert(o && faults == json_is_null(plan)); /* R1: a refusal is never silent */
        if (!faults)
                look(plan);
        json_decref(o);
        buf_deinit(&in);
        buf_deinit(&out);
        return 0;
}

/* A foreign exercise: CEXF, Attack Flow or a table; and a scenario written as one of them. Whatever it is, it ends; with a
 * fault there is no YAML; what was written out is read again without a fault. */
#include <jansson.h>

#include "exercise/exchange.h"
#include "reader/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static json_t *job(unsigned kind, unsigned more, struct span s) {
        struct buf in = {.limit = (size_t)32 << 20}, out = {.limit = (size_t)64 << 20};

        buf_char(&in, (char)kind);
        if (more)
                buf_char(&in, (char)more);
        buf_span(&in, s);
        assert(!in.failed && job_reader(buf_get(&in), &out) == 0);
        json_t *o = json_loadb(out.p, out.len, JSON_REJECT_DUPLICATES, NULL);
        assert(json_is_array(json_object_get(o, "faults")));
        buf_deinit(&in);
        buf_deinit(&out);
        return o;
}

static struct span text(const json_t *o, const char *key) {
        const json_t *v = json_object_get(o, key);

        return span_of(json_string_value(v), json_string_length(v));
}

static void out_and_in(struct span yaml) {
        for (unsigned format = EXCHANGE_CEXF; format <= EXCHANGE_NAVIGATOR; format++) {
                json_t *o = job(READER_EXPORT, format, yaml);
                bool faults = json_integer_value(json_object_get(o, "n_faults")) > 0;

                assert(faults == json_is_null(json_object_get(o, "text")));
                if (!faults && format == EXCHANGE_CEXF) {
                        json_t *in = job(READER_EXCHANGE, 0, text(o, "text"));

                        assert(json_integer_value(json_object_get(in, "n_faults")) == 0);
                        json_decref(in);
                }
                json_decref(o);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct span s = span_of((const char *)data, size);
        json_t *o = job(READER_EXCHANGE, 0, s);
        bool faults = json_integer_value(json_object_get(o, "n_faults")) > 0;

        assert(faults == json_is_null(json_object_get(o, "yaml"))); /* X1 */
        if (!faults)
                out_and_in(text(o, "yaml"));
        else if (size > 20 && memcmp(data, "scenario:", 9) == 0)
                out_and_in(s);
        json_decref(o);
        return 0;
}

/* rules/corr_spec: any bytes. What is taken for sound is so for the writer too, and for the
 * correlator. */
#include "check.h"
#include "correlate/correlate.h"
#include "rules/corr_spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(void *ctx, const struct finding *f) {
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct buf first = {0}, second = {0};
        struct ruleset set = {.n_rules = 0};
        struct correlator *q;
        struct arena a;

        arena_init(&a, (size_t)4 << 20);
        if (corr_spec_decode(span_of((const char *)data, size), &a, &set.correlations,
                             &set.n_correlations) < 0)
                goto done;
        corr_spec_encode(&first, &set);
        if (corr_spec_decode(buf_get(&first), &a, &set.correlations, &set.n_correlations) < 0) {
                assert(a.overflowed);
                goto done;
        }
        corr_spec_encode(&second, &set);
        assert(span_eq(buf_get(&first), buf_get(&second)));
        if (correlator_new(&q, set.correlations, set.n_correlations, NULL, ignore, NULL) == 0) {
                for (uint32_t i = 0; i < 4; i++)
                        correlator_push(q, &(struct finding){.rule = i, .time = i, .offset = i});
                correlator_finish(q);
                correlator_free(q);
        }
done:
        arena_deinit(&a);
        buf_deinit(&first);
        buf_deinit(&second);
        return 0;
}

/* Windows of a correlator as a desk that was taken over may have kept them: whatever they are, the
 * correlator refuses them or goes on soundly. Also: what it takes, it gives back and takes again. */
#include <stdlib.h>

#include "base/timestamp.h"
#include "correlate/correlate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct span by[] = {SPAN("User")}, bytes_field[] = {SPAN("Bytes")};
static struct corr_ref refs[] = {{.index = 0}, {.index = 1}};
static struct corr_bound three[] = {{.op = BOUND_GTE, .value = 3}},
                         two[] = {{.op = BOUND_LT, .value = 2}};
#define BASE                                                                                       \
        .refs = refs, .n_refs = 2, .group_by = by, .n_group_by = 1, .timespan = 60 * NS_PER_SEC,   \
        .report = true
#define FIELD .fields = bytes_field, .n_fields = 1
static struct correlation specs[] = {
        {.type = CORR_EVENT_COUNT, .bounds = three, .n_bounds = 1, BASE},
        {.type = CORR_EVENT_COUNT, .bounds = two, .n_bounds = 1, BASE},
        {.type = CORR_VALUE_COUNT, .bounds = three, .n_bounds = 1, FIELD, BASE},
        {.type = CORR_TEMPORAL_ORDERED, BASE},
        {.type = CORR_VALUE_AVG, .bounds = three, .n_bounds = 1, FIELD, BASE},
        {.type = CORR_VALUE_MEDIAN, .bounds = three, .n_bounds = 1, FIELD, BASE},
};

static void ignore(void *ctx, const struct finding *f) {
        (void)ctx;
        (void)f;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct finding_field fields[] = {{.name = SPAN("User"), .value = SPAN("an")},
                                         {.name = SPAN("Bytes"), .value = SPAN("7")}};
        struct correlate_options o = {.memory = 1 << 20, .key = 7};
        struct correlator *q, *again;
        struct buf b = {0};

        assert(correlator_new(&q, specs, ARRAY_LEN(specs), &o, ignore, NULL) == 0);
        if (correlator_load(q, span_of((const char *)data, size)) == 0) {
                assert(correlator_save(q, &b) == 0);
                assert(correlator_new(&again, specs, ARRAY_LEN(specs), &o, ignore, NULL) == 0);
                (void)correlator_load(again, buf_get(&b));
                correlator_free(again);
                for (unsigned i = 0; i < 8; i++) {
                        struct finding f = {.rule = i % 2,
                                            .time = i * NS_PER_SEC,
                                            .seq = i,
                                            .fields = fields,
                                            .n_fields = 2};
                        assert(correlator_push(q, &f) == 0);
                }
                assert(correlator_finish(q) == 0);
        }
        correlator_free(q);
        buf_deinit(&b);
        return 0;
}

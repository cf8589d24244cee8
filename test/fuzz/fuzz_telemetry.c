/* What comes from elsewhere: the ask that a job reads, what a job gave back, and a record of a recording. The first byte
 * says which. */
#include <stdlib.h>

#include "exercise/telemetry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int count(void *ctx, const struct telemetry_record *r) {
        size_t *n = ctx;

        assert(r->format != FORMAT_UNKNOWN && strlen(r->source) <= TELEMETRY_SOURCE_MAX);
        *n += r->bytes.len;
        return *n > (1 << 20) ? -EFBIG : 0;
}

static void ask(struct span in) {
        _cleanup_(telemetry_hold_freep) struct telemetry_hold *hold = NULL;
        struct telemetry_ask a;
        size_t n = 0;

        if (telemetry_ask_decode(in, &a, &hold) < 0)
                return;
        a.to = MIN(a.to, a.from + 1000);
        (void)telemetry_step(&a, count, &n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const struct telemetry_name names[] = {
                {{"HOST1", 5}, {"MAY-01", 6}},
                {{"HOST1.lab.example", 17}, {"MAY-01.dv.example", 17}},
                {{"an", 2}, {"binh", 4}}};
        _cleanup_(buf_deinit) struct buf out = {.limit = (size_t)4 << 20};
        struct telemetry_record r;
        int64_t t;

        if (size == 0)
                return 0;
        struct span in = span_of((const char *)data + 1, size - 1);
        switch (data[0] % 3) {
        case 0: ask(in); break;
        case 1:
                while (telemetry_out_next(&in, &r) > 0)
                        assert(r.bytes.len == 0 || !memchr(r.bytes.p, '\n', r.bytes.len));
                break;
        default:
                (void)telemetry_record_time(in, &t);
                (void)telemetry_record(in, names, ARRAY_LEN(names), 123456789012345, &out);
        }
        return 0;
}

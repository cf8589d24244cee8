/* exercise/recording: an ask that anything may have written, and records of anybody. It ends; records come in order of
 * time, of the step asked for, and can be read; what was looked at and found good can be played. The first byte says which;
 * then the step and how long a pause may be. */
#include <stdlib.h>

#include "exercise/recording.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void played(struct span out, unsigned step) {
        struct telemetry_record t;
        int64_t before = 0;
        int r;

        while ((r = telemetry_out_next(&out, &t)) > 0) {
                assert(t.step == step && t.format == FORMAT_JSON && t.offset >= before);
                assert(t.bytes.len && !memchr(t.bytes.p, '\n', t.bytes.len));
                assert(strlen(t.source) <= TELEMETRY_SOURCE_MAX);
                before = t.offset;
        }
        assert(r == 0);
}

static int job(struct span ask, unsigned step) {
        struct buf out = {.limit = (size_t)16 << 20};
        size_t n, line;
        int r = recording_job(ask, &out);

        assert(r == 0 || r == -EBADMSG || r == -EFBIG || r == -ENOMEM);
        if (r == 0 && step)
                played(buf_get(&out), step);
        else if (r == 0)
                r = recording_said(buf_get(&out), &n, &line);
        buf_deinit(&out);
        return r;
}

static void any(struct span in) {
        struct buf b = {0};
        uint32_t step = 0;

        (void)recording_encode(&(struct recording_ask){.idle = 1}, &b);
        b.len = 4; /* the number that says what it is */
        buf_span(&b, in);
        if (b.len >= 36) /* of less it is said what was looked at */
                memcpy(&step, b.p + 4, sizeof(step));
        (void)job(buf_get(&b), step);
        buf_deinit(&b);
}

static void records(unsigned step, int64_t idle, struct span in) {
        static const struct telemetry_name names[] = {
                {{"HOST1", 5}, {"MAY-01", 6}},
                {{"HOST1.lab.example", 17}, {"MAY-01.dv.example", 17}},
                {{"an", 2}, {"binh", 4}}};
        struct recording_ask a = {.start_ns = INT64_C(1790000000000000000),
                                  .at = 60000,
                                  .idle = idle,
                                  .names = names,
                                  .n_names = ARRAY_LEN(names),
                                  .records = in};
        struct buf look = {0}, play = {0};

        assert(recording_encode(&a, &look) == 0);
        a.step = step;
        assert(recording_encode(&a, &play) == 0);
        bool good = job(buf_get(&look), 0) == 0;
        int r = job(buf_get(&play), step);
        assert(good ? r != -EBADMSG : r != 0);
        buf_deinit(&look);
        buf_deinit(&play);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        if (size < 3)
                return 0;
        if (data[0] & 1)
                any(span_of((const char *)data + 1, size - 1));
        else
                records(1 + data[1] % 100, 1 + (int64_t)data[2] * 1000,
                        span_of((const char *)data + 3, size - 3));
        return 0;
}

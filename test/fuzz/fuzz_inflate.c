/* ingest/inflate and framer: any bytes, in reads of any size, give well-formed batches in order and
 * then end. The first four bytes: forced format, slot limit, size of reads, how it ends. */
#include <stdlib.h>

#include "ingest/framer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct source {
        const uint8_t *p;
        size_t left;
        uint32_t state;
        size_t step;
        int end;
};

static ssize_t source_read(void *ctx, void *to, size_t n) {
        struct source *s = ctx;

        s->state = s->state * 1664525u + 1013904223u;
        n = MIN(MIN(n, s->left), s->step ? 1 + (s->state >> 8) % s->step : SIZE_MAX);
        if (n == 0)
                return s->end;
        memcpy(to, s->p, n);
        s->p += n;
        s->left -= n;
        return (ssize_t)n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const size_t limits[] = {1, 64, 4000, 70000, BATCH_ROOM};
        static const size_t steps[] = {0, 1, 16, 5000};
        static struct framer *fr;
        static char *slot;
        struct decode_error err;
        struct batch b;
        uint64_t next = 0;
        unsigned first = 0, last = 0, rounds = 0;
        int r;

        if (!fr) {
                fr = framer_new();
                slot = malloc(SLOT_BYTES);
        }
        if (size < 4)
                return 0;
        struct source src = {.p = data + 4,
                             .left = size - 4,
                             .step = steps[data[2] % ARRAY_LEN(steps)],
                             .end = data[3] & 1 ? -EIO : 0};
        framer_set_slot_limit(fr, limits[data[1] % ARRAY_LEN(limits)]);
        framer_open(fr, &(struct framer_input){.read = source_read,
                                               .ctx = &src,
                                               .forced = (enum format)(data[0] % FORMAT_MAX),
                                               .file_time = TIME_NONE});
        /* What a small input may unpack to is bounded here for the fuzzer's sake, not the framer's.
         */
        while ((r = framer_fill(fr, slot, &err)) > 0 && rounds++ < 5000 && next < 8u << 20) {
                if (r == FRAMER_BAD) {
                        assert(err.what && *err.what);
                        continue;
                }
                assert(batch_view(slot, &b) == 0);
                assert(b.h.offset >= next);
                next = b.h.offset + b.payload.len;
                first += (b.h.flags & BATCH_FIRST) != 0;
                last += (b.h.flags & BATCH_LAST) != 0;
                assert(first == 1);
        }
        if (r <= 0)
                assert(last == 1);
        if (r < 0)
                assert(framer_fill(fr, slot, &err) == FRAMER_END);
        return 0;
}

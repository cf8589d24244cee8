/* ingest/bulk: any bytes, in pieces of any size, give the same items; little is kept. The first byte:
 * size of the pieces. */
#include <stdlib.h>

#include "ingest/bulk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
        uint64_t items, taken, sum;
        bool bad;
};

static void mix(struct outcome *o, struct span s) {
        for (size_t i = 0; i < s.len; i++)
                o->sum = o->sum * 31 + (unsigned char)s.p[i];
        o->sum = o->sum * 31 + s.len;
}

static struct outcome feed(struct span body, size_t step) {
        static char hold[RECORD_MAX + 65536];
        struct outcome o = {0};
        struct bulk b;
        struct bulk_item item;
        size_t kept = 0;
        enum bulk_result got;

        bulk_init(&b);
        for (size_t at = 0;;) {
                size_t len = MIN(step, body.len - at);
                bool end = len == 0;

                memcpy(hold + kept, body.p + at, len);
                at += len;
                struct span in = span_of(hold, kept + len);
                while ((got = bulk_next(&b, &in, end, &item)) == BULK_ITEM) {
                        assert(item.document.len <= RECORD_MAX &&
                               item.true_len >= item.document.len);
                        assert((item.status == 0) == (item.what == NULL));
                        o.items++;
                        o.taken += item.status == 0;
                        mix(&o, item.document);
                        mix(&o, item.index);
                        mix(&o, item.id);
                        o.sum += item.status + item.action * 7u + item.true_len;
                }
                o.bad |= got == BULK_BAD;
                if (got != BULK_MORE)
                        return o;
                assert(in.len <= RECORD_MAX); /* B1 */
                memmove(hold, in.p, in.len);
                kept = in.len;
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        if (size < 1)
                return 0;
        struct span s = span_of((const char *)data + 1, MIN(size - 1, (size_t)60000));
        struct outcome whole = feed(s, 65536), parts = feed(s, 1u + data[0]);

        assert(memcmp(&whole, &parts, sizeof(whole)) == 0); /* B2 */
        return 0;
}

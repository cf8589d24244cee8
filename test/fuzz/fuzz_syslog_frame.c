/* ingest/syslog_frame: any bytes, in pieces of any size, give the same records; no byte is lost, and
 * little is kept. The first two bytes: framing, size of the pieces. */
#include <stdlib.h>

#include "ingest/syslog_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
        uint64_t records, bytes, sum;
        bool bad;
};

static struct outcome feed(struct span stream, size_t step, enum listen_framing framing) {
        static char hold[RECORD_MAX + SYSLOG_HEAD_MAX + 65536];
        struct outcome o = {0};
        struct syslog_frame f;
        struct syslog_record r;
        size_t kept = 0;

        syslog_frame_init(&f, framing);
        for (size_t at = 0;;) {
                size_t len = MIN(step, stream.len - at);
                bool end = len == 0;
                enum syslog_frame_result got;

                memcpy(hold + kept, stream.p + at, len);
                at += len;
                struct span in = span_of(hold, kept + len);
                for (;;) {
                        got = end ? syslog_frame_end(&f, &in, &r) : syslog_frame_next(&f, &in, &r);
                        if (got != SYSLOG_FRAME_RECORD)
                                break;
                        assert(r.bytes.len <= RECORD_MAX && r.true_len >= r.bytes.len);
                        assert(r.bytes.p >= hold && r.bytes.p + r.bytes.len <= hold + kept + len);
                        o.records++;
                        o.bytes += r.bytes.len;
                        for (size_t i = 0; i < r.bytes.len; i++)
                                o.sum = o.sum * 31 + (unsigned char)r.bytes.p[i];
                        o.sum = o.sum * 31 + r.true_len * 7 + r.flags;
                }
                if (got == SYSLOG_FRAME_BAD) {
                        assert(r.what && *r.what);
                        o.bad = true;
                }
                if (got != SYSLOG_FRAME_MORE)
                        return o;
                assert(in.len <= RECORD_MAX + SYSLOG_HEAD_MAX); /* F1 */
                memmove(hold, in.p, in.len);
                kept = in.len;
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        if (size < 2)
                return 0;
        struct span s = span_of((const char *)data + 2, MIN(size - 2, (size_t)60000));
        enum listen_framing framing = (enum listen_framing)(data[0] % 3);
        struct outcome whole = feed(s, 65536, framing);
        struct outcome parts = feed(s, 1u + data[1], framing);

        assert(memcmp(&whole, &parts, sizeof(whole)) == 0);
        assert(whole.bytes <= s.len);
        return 0;
}

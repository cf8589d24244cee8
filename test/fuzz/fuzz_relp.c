/* ingest/relp: any bytes, in pieces of any size, give the same answers; no transaction is answered
 * before its record is durable, none twice. The first byte: size of the pieces. */
#include <stdlib.h>

#include "ingest/relp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void feed(struct relp *r, struct span stream, size_t step, struct buf *out) {
        static char hold[RECORD_MAX + RELP_HEAD_MAX + 65536];
        struct relp_frame f;
        uint64_t seq = 1, said = 0;
        size_t kept = 0;

        relp_init(r);
        buf_reset(out);
        for (size_t at = 0; at < stream.len;) {
                size_t len = MIN(step, stream.len - at);

                memcpy(hold + kept, stream.p + at, len);
                at += len;
                struct span in = span_of(hold, kept + len);
                for (;;) {
                        if (r->n == RELP_WINDOW)
                                said += relp_durable(r, seq, out);
                        if (r->closing)
                                break;
                        enum relp_result got = relp_next(r, &in, &f);
                        if (got == RELP_MORE)
                                break;
                        if (got == RELP_BAD) {
                                assert(f.what && *f.what);
                                relp_answer_bad(r, &f, out);
                                return;
                        }
                        assert(f.data.len <= RECORD_MAX && f.true_len >= f.data.len && f.txnr);
                        if (f.command == RELP_OPEN && !relp_answer_open(r, &f, out))
                                return;
                        if (f.command == RELP_SYSLOG)
                                relp_wait(r, f.txnr, seq++);
                        if (f.command == RELP_CLOSE)
                                relp_close(r, &f, out);
                }
                if (r->closing)
                        break;
                assert(in.len <= RECORD_MAX + RELP_HEAD_MAX);
                memmove(hold, in.p, in.len);
                kept = in.len;
        }
        assert(relp_durable(r, 0, out) == 0);
        said += relp_durable(r, seq, out);
        assert(said == seq - 1 && r->n == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static struct relp r;
        static struct buf whole, parts;

        if (size < 1)
                return 0;
        struct span s = span_of((const char *)data + 1, MIN(size - 1, (size_t)60000));
        feed(&r, s, 65536, &whole);
        feed(&r, s, 1u + data[0], &parts);
        assert(span_eq(buf_get(&whole), buf_get(&parts)));
        return 0;
}

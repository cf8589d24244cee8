/* store/proof, store/envelope: any bytes as an exported file. Good is only what was signed, so nothing here ever
 * is; what is asked is that the readers end, stay inside, and keep their memory bounded. The first byte
 * chooses the form; for an envelope the bytes are also sealed here first, so that what lies inside is
 * reached. */
#include <sodium.h>
#include <stdlib.h>

#include "base/buf.h"
#include "store/envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct memory {
        struct span s;
        size_t at;
};

static ssize_t take(void *ctx, void *to, size_t n) {
        struct memory *m = ctx;
        size_t k = MIN(n, m->s.len - m->at);

        if (k)
                memcpy(to, m->s.p + m->at, k);
        m->at += k;
        return (ssize_t)k;
}

static int put(void *ctx, const void *p, size_t n) {
        buf_add(ctx, p, n);
        return 0;
}

static int record(void *ctx, uint64_t seq, int64_t received, struct span bytes) {
        volatile char *last = ctx;

        if (bytes.len)
                *last = bytes.p[bytes.len - 1];
        return 0;
}

static void check(proof_read *read, void *ctx, bool proof) {
        static struct proof_result r;
        char last = 0;
        struct proof_options o = {.record = record, .ctx = &last};
        int k = proof ? proof_check(read, ctx, &o, &r) : working_check(read, ctx, &o, &r);

        if (k == 0 && r.problem == PROOF_GOOD)
                abort(); /* the key to sign that is nowhere here */
}

static void open_envelope(struct span s, const unsigned char *public_key,
                          const unsigned char *secret) {
        struct memory m = {.s = s};
        struct envelope_reader *e = NULL;

        if (envelope_open(&e, public_key, secret, take, &m) == 0)
                check(envelope_get, e, true);
        envelope_close(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static unsigned char public_key[32], secret[32] = {9};
        struct envelope_writer *w = NULL;
        struct buf sealed = {0};

        if (size == 0 || sodium_init() < 0)
                return 0;
        crypto_scalarmult_base(public_key, secret);
        struct memory m = {.s = span_of((const char *)data + 1, size - 1)};
        switch (data[0] % 4) {
        case 0: check(take, &m, true); break;
        case 1: check(take, &m, false); break;
        case 2: open_envelope(m.s, public_key, secret); break;
        default:
                if (envelope_new(&w, public_key, put, &sealed) == 0 &&
                    envelope_put(w, m.s.p, m.s.len) == 0 && envelope_end(w) == 0)
                        open_envelope(span_of(sealed.p + 8, sealed.len - 8), public_key, secret);
                envelope_free(w);
                buf_deinit(&sealed);
        }
        return 0;
}

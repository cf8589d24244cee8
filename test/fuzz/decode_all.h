/* For the targets of decoders: all records of a batch, with every value rendered and the decoder's
 * promises checked. */
#ifndef TEST_FUZZ_DECODE_ALL_H
#define TEST_FUZZ_DECODE_ALL_H

#include <stdlib.h>

#include "decode/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void decode_batch(enum format f, struct span preamble, struct span payload,
                                bool again) {
        static struct decoder *dec;
        static struct arena a;
        static volatile unsigned sink _unused_;
        struct batch b = {.h = {.magic = BATCH_MAGIC,
                                .layout = BATCH_STREAM,
                                .format = (uint16_t)f,
                                .offset = preamble.len ? 1000 : 0,
                                .line = 1,
                                .file_time = INT64_C(1700000000000000000)},
                          .preamble = preamble,
                          .payload = payload};
        struct event e;
        struct decode_error err;
        enum decode_result r;
        uint32_t last = 0;
        uint64_t n = 0;

        if (!dec) {
                dec = decoder_new(NULL);
                arena_init(&a, 64u << 20);
        }
        decoder_begin(dec, &b, again ? (uint32_t)payload.len / 2 : 0);
        while ((r = decoder_next(dec, &e, &err)) != DECODE_END) {
                assert(decoder_position(dec) >= last && decoder_position(dec) <= payload.len);
                last = decoder_position(dec);
                assert(++n <= payload.len);
                if (r == DECODE_BAD) {
                        assert(err.what && err.offset >= b.h.offset);
                        continue;
                }
                assert(e.raw.p >= payload.p && e.raw.p + e.raw.len <= payload.p + payload.len);
                assert(e.offset == b.h.offset + (uint64_t)(e.raw.p - payload.p));
                assert(e.n <= EVENT_FIELDS_MAX && e.kind < EVENT_KIND_MAX);
                arena_reset(&a);
                for (uint32_t i = 0; i < e.n; i++) {
                        struct span v = value_text(&e.fields[i], &a);
                        for (size_t k = 0; k < v.len; k += 16)
                                sink += (unsigned char)v.p[k];
                        for (uint32_t k = 0; k < e.fields[i].name_len; k++)
                                sink += (unsigned char)e.fields[i].name[k];
                }
                event_time(&e, &(struct decode_options){0}, &a);
                event_host(&e, &a);
                event_user(&e, &a);
        }
        assert(decoder_position(dec) == payload.len);
}

/* With padding behind the payload, as in a slot; the preamble an exact copy. */
static inline void decode_bytes(enum format f, struct span preamble, const uint8_t *data,
                                size_t size) {
        char *copy = malloc(size + SLOT_PADDING), *pre = malloc(preamble.len + 1);

        if (size)
                memcpy(copy, data, size);
        memset(copy + size, 'x', SLOT_PADDING);
        if (preamble.len)
                memcpy(pre, preamble.p, preamble.len);
        decode_batch(f, span_of(pre, preamble.len), span_of(copy, size), false);
        if (size > 1)
                decode_batch(f, span_of(pre, preamble.len), span_of(copy, size), true);
        free(copy);
        free(pre);
}

/* The first two bytes say how much of the rest is the preamble. */
static inline void decode_split(enum format f, const uint8_t *data, size_t size) {
        if (size < 2)
                return;
        size_t n = ((size_t)data[0] | (size_t)(data[1] & 0x3f) << 8) % (size - 1);
        bool none = data[1] & 0x80;
        data += 2;
        size -= 2;
        n = none ? 0 : MIN(n, size);
        decode_bytes(f, span_of((const char *)data, n), data + n, size - n);
}

#endif

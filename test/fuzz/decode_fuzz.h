/* For fuzz targets of decoders: any bytes as one batch, read to the end, from the start and from
 * behind a skip.
 *
 * The first byte chooses where to skip to; the rest is the payload, an exact copy on the heap.
 * Asserted: calls end, offsets never leave the payload, spans can be read, values render, and the
 * well-known fields are looked for. */
#ifndef TEST_FUZZ_DECODE_FUZZ_H
#define TEST_FUZZ_DECODE_FUZZ_H

#include <stdlib.h>

#include "decode/decode.h"

static inline void decode_fuzz_touch(struct span s) {
        static volatile unsigned char sink _unused_;

        for (size_t i = 0; i < s.len; i++)
                sink ^= (unsigned char)s.p[i];
}

static inline void decode_fuzz_event(const struct batch *b, const struct event *e,
                                     const struct decode_options *o, struct arena *a) {
        decode_fuzz_touch(e->raw);
        decode_fuzz_touch(e->key1);
        assert(e->raw.len <= RECORD_MAX);
        assert(e->offset >= b->h.offset && e->offset <= b->h.offset + b->payload.len);
        assert(e->n <= EVENT_FIELDS_MAX);
        assert(e->kind < EVENT_KIND_MAX);
        for (uint32_t i = 0; i < e->n; i++) {
                const struct field *f = &e->fields[i];
                assert(f->name || !f->name_len);
                assert(!f->arr || (f->arr >> 16 && f->arr & 0xffff));
                decode_fuzz_touch(span_of(f->name, f->name_len));
                decode_fuzz_touch(value_text(f, a));
        }
        event_time(e, o, a);
        decode_fuzz_touch(event_host(e, a));
        decode_fuzz_touch(event_user(e, a));
}

static inline void decode_fuzz_run(struct decoder *d, const struct batch *b, uint32_t skip,
                                   const struct decode_options *o) {
        struct arena a;
        struct event e;
        struct decode_error err;
        enum decode_result r;
        size_t calls = 0;

        arena_init(&a, (size_t)8 << 20);
        decoder_begin(d, b, skip);
        while ((r = decoder_next(d, &e, &err)) != DECODE_END) {
                assert(++calls <= b->payload.len + 64); /* D3 */
                assert(decoder_position(d) <= b->payload.len);
                arena_reset(&a);
                if (r == DECODE_EVENT) {
                        decode_fuzz_event(b, &e, o, &a);
                } else {
                        assert(err.what);
                        assert(err.offset >= b->h.offset &&
                               err.offset + err.length <= b->h.offset + b->payload.len);
                }
        }
        assert(decoder_position(d) == b->payload.len); /* D2: all of it was passed */
        arena_deinit(&a);
}

static inline int decode_fuzz(enum format f, const uint8_t *data, size_t size) {
        static const struct decode_options o = {.zone_sec = 3600};
        static struct decoder *d;

        if (size == 0 || size > BATCH_ROOM)
                return 0;
        if (!d)
                d = decoder_new(&o);
        size_t len = size - 1;
        char *copy = malloc(len ? len : 1);
        if (len)
                memcpy(copy, data + 1, len);
        struct batch b = {
                .h = {.format = (uint16_t)f,
                      .line = 1,
                      .offset = 1000,
                      .file_time = INT64_C(1700000000) * NS_PER_SEC},
                .payload = {copy, len},
        };
        decode_fuzz_run(d, &b, 0, &o);
        decode_fuzz_run(d, &b, (uint32_t)(len * data[0] / 256 + 1), &o);
        free(copy);
        return 0;
}

#endif

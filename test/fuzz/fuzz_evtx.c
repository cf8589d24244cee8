/* decode/evtx: as the first batch of a file; and, with what lies behind the chunks' ends, as the
 * first or a later one, from the beginning or the middle, as a hash of the input says.
 *
 * Decoded twice, what was read without complaint is read alike: plans that were kept must say what
 * fresh ones say. */
#include <stdlib.h>

#include "base/hash.h"
#include "decode/decode.h"
#include "decode/evtx_frame.h"
#include "evtx_promise.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct arena arena;

static uint64_t hash_event(const struct event *e, uint64_t h) {
        h = hash_span(e->key1, h) + (uint64_t)e->key2 + (uint64_t)e->time + e->record;
        for (uint32_t i = 0; i < e->n; i++) {
                const struct field *f = &e->fields[i];
                struct span t = value_text(f, &arena);

                h = hash_span(span_of(f->name, f->name_len), h ^ f->arr);
                h = hash_span(t, h ^ f->type);
                assert(t.p || arena.overflowed);
        }
        return h;
}

/* A hash of all events. */
static uint64_t decode(struct decoder *d, const struct batch *b, uint32_t skip, bool *ret_bad) {
        struct span p = b->payload;
        struct decode_error err;
        enum decode_result r;
        uint32_t last = 0;
        uint64_t h = 0, n = 0;
        struct event e;

        *ret_bad = false;
        decoder_begin(d, b, skip);
        while ((r = decoder_next(d, &e, &err)) != DECODE_END) {
                uint32_t at = decoder_position(d);
                assert(at >= last && at >= skip && at <= p.len);
                last = at;
                assert(++n <= p.len + 8);
                if (r == DECODE_BAD) {
                        assert(err.what && err.offset >= b->h.offset &&
                               err.offset <= b->h.offset + p.len);
                        *ret_bad = true;
                        continue;
                }
                assert(e.raw.p >= p.p && e.raw.len <= (size_t)(p.p + p.len - e.raw.p));
                assert(e.offset == b->h.offset + (uint64_t)(e.raw.p - p.p));
                assert(skip == 0 || e.offset > b->h.offset + skip);
                assert(e.n > 0 && e.n <= EVENT_FIELDS_MAX && e.kind == EVENT_WINDOWS);
                assert(evtx_strays_right(&e) && evtx_names_right(&e));
                arena_reset(&arena);
                h = hash_event(&e, h);
                *ret_bad |= arena.overflowed;
        }
        assert(decoder_position(d) == p.len);
        return h;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static struct decoder *plain, *all;
        struct batch b = {.h = {.magic = BATCH_MAGIC,
                                .layout = BATCH_STREAM,
                                .format = FORMAT_EVTX,
                                .file_time = TIME_NONE}};
        bool bad, bad2;

        if (!plain) {
                plain = decoder_new(NULL);
                all = decoder_new(&(struct decode_options){.leftovers = true});
                arena_init(&arena, 64u << 20);
        }
        size = MIN(size, BATCH_ROOM);
        char *copy = malloc(size + SLOT_PADDING);
        if (size)
                memcpy(copy, data, size);
        memset(copy + size, 'x', SLOT_PADDING);
        b.payload = span_of(copy, size);
        b.h.payload_len = (uint32_t)size;

        uint64_t first = decode(plain, &b, 0, &bad), second = decode(plain, &b, 0, &bad2);
        assert(bad == bad2 && (bad || first == second));
        uint64_t h = hash_bytes(copy, size, 1);
        b.h.offset = h & 1 ? EVTX_FILE_HEADER : 0;
        decode(all, &b, size > 1 && h & 2 ? (uint32_t)(1 + (h >> 2) % (size - 1)) : 0, &bad);
        free(copy);
        return 0;
}

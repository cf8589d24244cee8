/* Decodes a text as one JSON batch and writes down everything that came out, for tests and fuzz
 * targets to compare.
 *
 *     {offset+length line flags
 *     path type value arr depth
 *     !offset+length phrase
 */
#ifndef TEST_JSON_TRY_H
#define TEST_JSON_TRY_H

#include <stdlib.h>

#include "base/buf.h"
#include "decode/decode.h"
#include "decode/json_scan.h"

struct json_try {
        struct buf out;
        unsigned events, bad;
        uint64_t covered; /* bytes in records and reported stretches */
};

static inline void json_try_event(struct json_try *t, const struct event *e) {
        static const char types[] = "SJNB0";

        buf_printf(&t->out, "{%llu+%zu %llu%s\n", (unsigned long long)e->offset, e->raw.len,
                   (unsigned long long)e->line, e->cut ? " cut" : "");
        for (uint32_t i = 0; i < e->n; i++) {
                const struct field *f = &e->fields[i];
                assert(f->type < 5);
                buf_add(&t->out, f->name, f->name_len);
                buf_printf(&t->out, " %c ", types[f->type]);
                buf_add(&t->out, f->val, f->val_len);
                if (f->arr)
                        buf_printf(&t->out, " %u.%u", f->arr >> 16, f->arr & 0xffff);
                if (f->depth)
                        buf_printf(&t->out, " ^%u", f->depth);
                buf_char(&t->out, '\n');
        }
}

/* Where in a line of the cache the text begins. */
static size_t json_try_shift;

/* The text stands in a block of its own, behind it padding of which every byte could go on a value.
 */
static inline void json_try(struct json_try *t, struct span text, uint64_t offset, uint32_t skip) {
        static const char more[] = "\"}]1e,:[{\\u\xc3";
        static struct decoder *d; /* kept: making one costs more than most texts */
        char *block = malloc(json_try_shift + text.len + SLOT_PADDING), *p = block + json_try_shift;
        struct batch b = {.h = {.format = FORMAT_JSON, .offset = offset, .line = 1}};
        struct decode_error err;
        struct event e;
        enum decode_result r;
        uint32_t last = 0;

        *t = (struct json_try){.out.limit = (size_t)1 << 30};
        if (!d)
                d = decoder_new(NULL);
        assert(d && block);
        if (text.len)
                memcpy(p, text.p, text.len);
        for (size_t i = 0; i < SLOT_PADDING; i++)
                p[text.len + i] = more[(i + text.len) % (sizeof(more) - 1)];
        b.payload = span_of(p, text.len);
        b.h.payload_len = (uint32_t)text.len;
        decoder_begin(d, &b, skip);
        while ((r = decoder_next(d, &e, &err)) != DECODE_END) {
                bool recovered = r == DECODE_BAD && err.recovered; /* told behind its event */
                assert(decoder_position(d) > last || last == 0 || recovered);
                assert(decoder_position(d) <= text.len);
                last = decoder_position(d);
                if (r == DECODE_EVENT) {
                        assert(e.raw.p == p + (e.offset - offset));
                        assert(e.raw.len <= text.len && e.kind == EVENT_JSON);
                        t->events++;
                        t->covered += e.raw.len;
                        json_try_event(t, &e);
                } else {
                        assert(err.length > 0 && err.offset + err.length <= offset + text.len);
                        t->bad++;
                        t->covered += recovered ? 0 : err.length;
                        buf_printf(&t->out, "!%llu+%llu %s\n", (unsigned long long)err.offset,
                                   (unsigned long long)err.length, err.what);
                }
        }
        assert(decoder_position(d) == text.len);
        free(block);
}

static inline void json_try_free(struct json_try *t) {
        buf_deinit(&t->out);
}

#endif

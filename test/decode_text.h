/* For tests of decoders: a text as one batch, and its fields by name. */
#ifndef TEST_DECODE_TEXT_H
#define TEST_DECODE_TEXT_H

#include "check.h"

#include "decode/decode.h"

struct decoding {
        struct decoder *d;
        char *copy; /* an exact copy on the heap, so that the sanitizer sees a read past the end */
        struct event e;
        struct decode_error err;
        struct arena arena;
};

static inline struct batch decoding_batch(struct decoding *t, enum format f, struct span text,
                                          int64_t file_time) {
        t->copy = malloc(text.len ? text.len : 1);
        if (text.len)
                memcpy(t->copy, text.p, text.len);
        return (struct batch){
                .h = {.format = (uint16_t)f,
                      .line = 1,
                      .file_time = file_time,
                      .flags = BATCH_FIRST | BATCH_LAST},
                .payload = {t->copy, text.len},
        };
}

static inline void decoding_start(struct decoding *t, enum format f, struct span text,
                                  const struct decode_options *o, int64_t file_time) {
        *t = (struct decoding){.d = decoder_new(o)};
        check(t->d);
        arena_init(&t->arena, (size_t)4 << 20);
        struct batch b = decoding_batch(t, f, text, file_time);
        decoder_begin(t->d, &b, 0);
}

static inline void decoding_stop(struct decoding *t) {
        decoder_free(t->d);
        arena_deinit(&t->arena);
        free(t->copy);
}

static inline enum decode_result decoding_next(struct decoding *t) {
        arena_reset(&t->arena);
        return decoder_next(t->d, &t->e, &t->err);
}

/* The `nth` value (from 0) of that name; p is NULL when there is none. */
static inline struct span decoding_nth(struct decoding *t, const char *name, unsigned nth) {
        for (uint32_t i = 0; i < t->e.n; i++) {
                const struct field *f = &t->e.fields[i];
                if (span_eq(span_of(f->name, f->name_len), span_str(name)) && nth-- == 0)
                        return value_text(f, &t->arena);
        }
        return SPAN_NONE;
}

static inline struct span decoding_get(struct decoding *t, const char *name) {
        return decoding_nth(t, name, 0);
}

/* Whether any value of that name is `value`: what a rule asks. */
static inline bool decoding_any(struct decoding *t, const char *name, const char *value) {
        struct span v;

        for (unsigned i = 0; (v = decoding_nth(t, name, i)).p; i++)
                if (span_eq(v, span_str(value)))
                        return true;
        return false;
}

#endif

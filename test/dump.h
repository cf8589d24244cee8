/* Records of a text as one line each, so that a decoder's test is a comparison of strings:
 *
 *     name=value|name#2=second element|name=~ (a field without a value)
 *
 * Flags of the batch, header lines and the time are the caller's to set. */
#ifndef TEST_DUMP_H
#define TEST_DUMP_H

#include "base/buf.h"
#include "decode/decode.h"

struct dump {
        struct buf text;
        unsigned events, bad, kinds[EVENT_KIND_MAX];
        int64_t time; /* of the last event */
        char key1[64];
        uint64_t line, offset;
};

static inline void dump_event(struct dump *d, const struct event *e) {
        static struct arena a;

        if (!a.budget)
                arena_init(&a, 16u << 20);
        arena_reset(&a);
        for (uint32_t i = 0; i < e->n; i++) {
                const struct field *f = &e->fields[i];
                if (i)
                        buf_char(&d->text, '|');
                buf_add(&d->text, f->name, f->name_len);
                if (f->arr)
                        buf_printf(&d->text, "#%u", f->arr & 0xffff);
                buf_char(&d->text, '=');
                if (f->type == V_NULL)
                        buf_char(&d->text, '~');
                else
                        buf_span(&d->text, value_text(f, &a));
        }
        buf_char(&d->text, '\n');
        d->events++;
        d->kinds[e->kind]++;
        d->time = e->time;
        d->line = e->line;
        d->offset = e->offset;
        snprintf(d->key1, sizeof(d->key1), "%.*s", (int)e->key1.len, e->key1.len ? e->key1.p : "");
}

/* All records of `text`. d->text.p is terminated; free with buf_deinit(). */
static inline struct dump dump_batch(enum format f, struct span preamble, struct span text,
                                     uint64_t offset) {
        struct dump d = {0};
        struct decoder *dec = decoder_new(NULL);
        char *copy = calloc(1, text.len + SLOT_PADDING);
        struct batch b = {.h = {.magic = BATCH_MAGIC,
                                .layout = BATCH_STREAM,
                                .format = (uint16_t)f,
                                .offset = offset,
                                .line = 1,
                                .file_time = TIME_NONE}};
        struct event e;
        struct decode_error err;
        enum decode_result r;

        memcpy(copy, text.p, text.len);
        b.preamble = preamble;
        b.payload = span_of(copy, text.len);
        decoder_begin(dec, &b, 0);
        while ((r = decoder_next(dec, &e, &err)) != DECODE_END) {
                if (r == DECODE_EVENT)
                        dump_event(&d, &e);
                else
                        d.bad++;
        }
        buf_char(&d.text, '\0');
        d.text.len--;
        decoder_free(dec);
        free(copy);
        return d;
}

static inline struct dump dump_text(enum format f, struct span text) {
        return dump_batch(f, SPAN_NONE, text, 0);
}

/* The records of `text` must read as `want`. */
#define check_dump(f, text_, want)                                                                 \
        do {                                                                                       \
                struct dump d_ = dump_text((f), SPAN(text_));                                      \
                check_span(buf_get(&d_.text), want);                                               \
                buf_deinit(&d_.text);                                                              \
        } while (0)

/* The time of the last record of `text`, as ISO 8601 with microseconds. */
#define check_time(f, text_, want)                                                                 \
        do {                                                                                       \
                struct dump d_ = dump_text((f), SPAN(text_));                                      \
                char at_[40] = "none";                                                             \
                if (d_.time != TIME_NONE)                                                          \
                        time_format(at_, d_.time, 6);                                              \
                check_span(span_str(at_), want);                                                   \
                buf_deinit(&d_.text);                                                              \
        } while (0)

#endif

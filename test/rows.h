/* A rule against an event in one line: rule text through parser, compiler and matcher, event text
 * through the JSON decoder. Define `map`, the log-source map, before including this. */
#ifndef TEST_ROWS_H
#define TEST_ROWS_H

#include "engine_data.h"
#include "reference.h"

/* `detection` is YAML in flow style. The engine runs every event often enough to have learned; the
 * reference checks. */
static bool hit(const char *category, const char *detection, const char *event) {
        struct engine t = {0};
        struct reference ref;
        struct event e;
        struct decode_error err;
        struct buf rule = {0}, text = {0};
        const uint32_t *rules;
        uint32_t expected[4];
        bool r = false;

        bundle_add(&t.bundle, BUNDLE_LOGSOURCE, SPAN("map.yml"), span_str(map));
        buf_printf(&rule,
                   "title: t\nid: 11111111-1111-4111-8111-111111111111\nlogsource: {category: "
                   "%s}\ndetection: %s\n",
                   category, detection);
        buf_char(&rule, 0);
        engine_rule(&t, rule.p);
        check(engine_start(&t, NULL) == 0);
        for (uint32_t i = 0; i < t.set.n_diags; i++)
                printf("# %.*s\n", (int)t.set.diags[i].en.len, t.set.diags[i].en.p);
        check_int(program_rules(t.program), 1);
        check(ref_init(&ref, &t.set, buf_get(&t.bundle)) == 0);
        struct decoder *d = decoder_new(&(struct decode_options){0});
        buf_str(&text, event);
        buf_char(&text, '\n');
        struct batch b = {.payload = buf_get(&text)};
        check(buf_reserve(&text, SLOT_PADDING) != NULL);
        memset(text.p + text.len, 0, SLOT_PADDING);
        b.payload.p = text.p;
        b.h.format = *event == '{' ? FORMAT_JSON : FORMAT_KV;
        b.h.payload_len = (uint32_t)b.payload.len;
        b.h.flags = BATCH_FIRST | BATCH_LAST;
        b.h.file_time = TIME_NONE;
        for (unsigned i = 0; i < 3; i++) {
                decoder_begin(d, &b, 0);
                matcher_batch(t.matcher, b.payload, (enum format)b.h.format);
                check(decoder_next(d, &e, &err) == DECODE_EVENT);
                bool now = matcher_run(t.matcher, &e, &rules) == 1;
                check(i == 0 || now == r);
                r = now;
        }
        check_int(ref_run(&ref, &e, e.kind != EVENT_JSON, expected), r);
        decoder_free(d);
        ref_deinit(&ref);
        buf_deinit(&rule);
        buf_deinit(&text);
        engine_stop(&t);
        return r;
}

struct row {
        const char *detection, *event;
        bool hit;
};

static void rows(const char *category, const struct row *r, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (hit(category, r[i].detection, r[i].event) != r[i].hit) {
                        printf("# %s on %s\n", r[i].detection, r[i].event);
                        check(!"as expected");
                }
}

#define ROWS(category, ...)                                                                        \
        do {                                                                                       \
                static const struct row r_[] = {__VA_ARGS__};                                      \
                rows(category, r_, ARRAY_LEN(r_));                                                 \
        } while (0)
#define S(x) "{s: {" x "}, condition: s}"

#endif

/* A hostile program: bytes given to program_open() as they are, or a sound program in which bytes
 * are changed. What is accepted is run on a fixed event.
 *
 *     'Y' | rules (YAML) | 0x00 | changes: u24 position, u8 value … */
#include "base/hash.h"
#include "rules/match.h"
#include "rules/parse.h"
#include "wire/bundle.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char map[] =
        "aliases: {Image: [process.executable]}\nprefixes: [winlog.event_data.]\n"
        "kinds:\n  - {kind: windows, has: [Channel, EventID], key1: Channel, key2: EventID}\n"
        "map:\n  - {category: test, from: [{kind: windows, key1: [sec*], key2: [1, 2], rename: {B: "
        "[C, D]}, "
        "constant: {E: x}}, {kind: windows, where: {A: null}}]}\n";

static void run(const void *blob, size_t len) {
        struct program *g = NULL;
        struct matcher *m = NULL;
        const uint32_t *rules;
        bool marks[8];
        struct span names[4], values[4];
        struct match_options o = {.memory = 1 << 18};

        if (program_open(&g, blob, len) < 0)
                return;
        for (uint32_t i = 0; i < program_rules(g); i++) {
                struct program_rule r;
                program_rule(g, i, &r);
                (void)program_rule_logsource(g, i);
                for (uint32_t k = 0; k < r.n_tags && k < 4; k++)
                        (void)program_rule_tag(g, i, k);
        }
        struct field f[] = {{"Channel", "Security", 7, 8, .type = V_STR},
                            {"EventID", "1", 7, 1, .type = V_NUM},
                            {"A", "x\\\\cmd.exe foo 10.1.2.3", 1, 23, .type = V_JSON},
                            {"C", "4625", 1, 4, .type = V_STR},
                            {"B", "a", 1, 1, 1 << 16 | 1, V_STR},
                            {"B", "b", 1, 1, 1 << 16 | 2, V_STR}};
        char raw[512] = "{\"Channel\":\"Security\",\"EventID\":1,\"A\":\"x\\\\cmd.exe foo "
                        "10.1.2.3\",\"C\":\"4625\"}";
        struct event e = {.raw = {raw, 80},
                          .time = TIME_NONE,
                          .kind = EVENT_JSON,
                          .n = 6,
                          .fields = f,
                          .key2 = -1};
        if (matcher_new(&m, g, &o) == 0) {
                matcher_batch(m, span_of(raw, 80), FORMAT_JSON);
                for (unsigned i = 0; i < 3; i++) {
                        uint32_t n = matcher_run(m, &e, &rules);
                        for (uint32_t k = 0; k < n && k < 4; k++) {
                                if (rules[k] >= program_rules(g))
                                        __builtin_trap();
                                matcher_explain(m, &e, rules[k], marks);
                                (void)matcher_wanted(m, &e, rules[k], names, values, 4);
                        }
                }
                matcher_free(m);
        }
        program_free(g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const uint8_t *end = size ? memchr(data, 0, size) : NULL;

        if (size > 1 << 16)
                return 0;
        if (!size || data[0] != 'Y' || !end) {
                void *copy = malloc(size + 8); /* aligned */
                memcpy(copy, data, size);
                run(copy, size);
                free(copy);
                return 0;
        }
        struct buf bundle = {0}, blob = {0};
        struct ruleset set;
        bundle_add(&bundle, BUNDLE_LOGSOURCE, SPAN("m.yml"), span_of(map, sizeof(map) - 1));
        bundle_add(&bundle, BUNDLE_RULE, SPAN("t.yml"),
                   span_of((const char *)data + 1, (size_t)(end - data) - 1));
        if (ruleset_parse(&set, buf_get(&bundle)) == 0) {
                if (program_compile(&blob, &set, buf_get(&bundle)) == 0) {
                        for (const uint8_t *p = end + 1; data + size - p >= 4; p += 4) {
                                size_t at = (size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16;
                                blob.p[at % blob.len] = (char)p[3];
                        }
                        run(blob.p, blob.len);
                }
                ruleset_deinit(&set);
        }
        buf_deinit(&bundle);
        buf_deinit(&blob);
        return 0;
}

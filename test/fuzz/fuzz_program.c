/* A hostile program: bytes given to program_open() as they are, or one of a few sound programs in
 * which bytes are changed. What is accepted is run on a fixed event. The sound ones are compiled
 * once: reading rules has a target of its own.
 *
 *     'P' | which u8 | changes: u16 position, u8 value … */
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

/* ---- the sound ones ---- */

#define HEAD "title: t\nlogsource: {category: test}\ndetection:\n"

static const char *const rules[] = {
        HEAD "  s: {A: a, 'B|contains': [b, cd], C: 4625}\n  condition: s\n",
        HEAD "  s: {'A|endswith': cmd.exe, 'A|startswith': 'x', 'A|re': 'f.o'}\n"
             "  t: {'A|contains|all': [foo, '10.']}\n  condition: s and not t\n",
        HEAD "  s: {'A|cidr': 10.0.0.0/8}\n  t: {'C|gte': 5, 'C|lt': 5000}\n"
             "  u: {'D|exists': false, 'E|exists': true}\n  condition: 1 of s* or t and u\n",
        HEAD "  s: [foo, 'b*r', '?']\n  t: {A: null, B: ''}\n  condition: s or not t\n",
        HEAD
        "  s: {'A|fieldref': B, 'B|fieldref|contains': A}\n  t: {'A|windash|contains': ' -a'}\n"
        "  u: {'A|base64offset|contains': foo}\n  condition: 2 of them\n",
        HEAD "  s1: {A: 'a*b?c'}\n  s2: {B|re|i: '(a|b)+'}\n  s3: {'C|neq': [1, 2]}\n"
             "  s4: {'A|cased': a}\n  condition: 2 of s*\n",
        "title: a\nname: a\nid: 5f92fff9-82e2-48eb-8fc1-8b133556a551\ntags: [attack.t1059, "
        "attack.execution]\nlevel: high\nlogsource: {category: test}\n"
        "detection: {s: {A: a}, condition: s}\n---\ntitle: c\nlevel: low\ncorrelation: {type: "
        "event_count, rules: [a], group-by: [B, C], timespan: 5m, condition: {gte: 2}}\n",
        HEAD "  s: {A: a}\n  condition: s\n---\n" HEAD
             "  s: {A: [a, b]}\n  condition: s\n---\n" HEAD
             "  s: {'B|contains': a}\n  condition: not s\n",
};

static struct buf programs[ARRAY_LEN(rules)];

static void make_programs(void) {
        for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
                struct buf bundle = {0};
                struct ruleset set;
                bundle_add(&bundle, BUNDLE_LOGSOURCE, SPAN("m.yml"), span_of(map, sizeof(map) - 1));
                bundle_add(&bundle, BUNDLE_RULE, SPAN("t.yml"), span_str(rules[i]));
                if (ruleset_parse(&set, buf_get(&bundle)) < 0 || set.n_refused ||
                    program_compile(&programs[i], &set, buf_get(&bundle)) < 0)
                        __builtin_trap();
                ruleset_deinit(&set);
                buf_deinit(&bundle);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        if (!programs[0].len)
                make_programs();
        if (size > 1 << 16)
                return 0;
        if (size < 2 || data[0] != 'P') {
                void *copy = malloc(size + 8); /* aligned */
                memcpy(copy, data, size);
                run(copy, size);
                free(copy);
                return 0;
        }
        const struct buf *from = &programs[data[1] % ARRAY_LEN(rules)];
        char *copy = malloc(from->len);
        memcpy(copy, from->p, from->len);
        for (const uint8_t *p = data + 2; data + size - p >= 3; p += 3)
                copy[((size_t)p[0] | (size_t)p[1] << 8) % from->len] = (char)p[2];
        run(copy, from->len);
        free(copy);
        return 0;
}

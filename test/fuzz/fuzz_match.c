/* Random rules on random events: the engine says what brute force says (test/reference.h). Bytes
 * choose among a few fields, operators, values and shapes of conditions, so that most rules mean
 * something and many match.
 *
 *     set of rules u8 | events
 *
 * The sets of rules are made once, of numbers that are always the same: to read and compile rules
 * costs ten times as much as to match with them, and has targets of its own (rule, program). The
 * matcher is made anew in each execution, so that one input always does the same. */
#include "base/hash.h"
#include "reference.h"
#include "rules/match.h"
#include "wire/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char map[] =
        "kinds:\n  - {kind: windows, has: [Ch, Id], key1: Ch, key2: Id}\n"
        "map:\n  - {category: test, from: [{kind: json}, {kind: windows, key1: a*, key2: [1, 22]}, "
        "{kind: windows, key1: b, rename: {A: [B, C]}, constant: {D: abc}}, "
        "{kind: windows, key1: bc, where: {E: [x, null]}}]}\n";
static const char *const fields[] = {"A", "B", "C", "D", "E", "Id", "Ch", "F.G"};
static const char *const values[] = {"a",    "abc",     "b",         "abcabc",   "1",
                                     "22",   "",        "x",         "bc",       "cab",
                                     "A",    "ABC",     "ế",         "Ế ",       "a b",
                                     "-ab",  "/ab -cd", "10.0.0.1",  "abcdefgh", "xabcdefghy",
                                     "\\\\", "\\\"",    "\\u0061bc", "k",        "K"};
static const char *const ops[] = {"",
                                  "|contains",
                                  "|startswith",
                                  "|endswith",
                                  "|re",
                                  "|contains|all",
                                  "|lt",
                                  "|gte",
                                  "|cidr",
                                  "|exists",
                                  "|fieldref",
                                  "|cased",
                                  "|re|i",
                                  "|windash|contains",
                                  "|contains|cased",
                                  "|neq",
                                  "|fieldref|contains"};
static const char *const patterns[] = {"a*",          "*b",     "a?c",   "*b*c",  "abc",   "a",
                                       "'1'",         "22",     "''",    "null",  "bc",    "'*'",
                                       "'?'",         "ab",     "cdefg", "'Ế'",   "'a b'", "'-ab'",
                                       "'*abcdefgh'", "'\\\\'", "k",     "'a**b'"};

struct source {
        const uint8_t *p, *end;
};

static unsigned pick(struct source *s, unsigned n) {
        return s->p < s->end ? *s->p++ % n : 0;
}

static void put_item(struct buf *b, struct source *s) {
        const char *op = ops[pick(s, ARRAY_LEN(ops))];

        buf_printf(b, "%s%s: ", fields[pick(s, ARRAY_LEN(fields))], op);
        if (strstr(op, "lt") || strstr(op, "gte"))
                buf_printf(b, "%u", pick(s, 30));
        else if (strstr(op, "cidr"))
                buf_printf(b, "10.0.0.%u/%u", pick(s, 4), 28 + pick(s, 5));
        else if (strstr(op, "exists"))
                buf_str(b, pick(s, 2) ? "true" : "false");
        else if (strstr(op, "fieldref"))
                buf_str(b, fields[pick(s, ARRAY_LEN(fields))]);
        else if (strstr(op, "re"))
                buf_str(b, (const char *[]){"'a.c'", "'^abc$'", "'(a|b)c'", "'ab+c?'", "'[a-c]{2}'",
                                            "'abcd'", "'ế'"}[pick(s, 7)]);
        else if (pick(s, 3) == 0)
                buf_printf(b, "[%s, %s]", patterns[pick(s, ARRAY_LEN(patterns))],
                           patterns[pick(s, ARRAY_LEN(patterns))]);
        else
                buf_str(b, patterns[pick(s, ARRAY_LEN(patterns))]);
}

static void put_rule(struct buf *b, struct source *s) {
        static const char *const conditions[] = {"s0",
                                                 "s0 and s1",
                                                 "s0 or s1",
                                                 "not s0",
                                                 "s0 and not s1",
                                                 "1 of s*",
                                                 "all of s*",
                                                 "2 of s*",
                                                 "not (s0 and s1)",
                                                 "not 1 of s*",
                                                 "not all of s*",
                                                 "s2 and (s0 or not s1)",
                                                 "s0 and not (s1 or s2)"};

        buf_str(b, "title: t\nlogsource: {category: test}\ndetection:\n");
        for (unsigned i = 0; i < 3; i++) {
                if (pick(s, 8) == 0) {
                        buf_printf(b, "  s%u: [%s, %s]\n", i, patterns[pick(s, 9)],
                                   patterns[pick(s, 9)]);
                        continue;
                }
                buf_printf(b, "  s%u: {", i);
                put_item(b, s);
                if (pick(s, 2)) {
                        buf_str(b, ", ");
                        put_item(b, s);
                }
                buf_str(b, "}\n");
        }
        buf_printf(b, "  condition: %s\n---\n", conditions[pick(s, ARRAY_LEN(conditions))]);
}

static void put_event(struct buf *b, struct source *s) {
        unsigned n = 1 + pick(s, 7);

        buf_char(b, '{');
        for (unsigned i = 0; i < n; i++) {
                const char *f = fields[pick(s, ARRAY_LEN(fields))];
                buf_printf(b, "%s\"%s\":", i ? "," : "", f);
                switch (pick(s, 6)) {
                case 0: buf_str(b, "null"); break;
                case 1: buf_printf(b, "%u", pick(s, 30)); break;
                case 2:
                        buf_printf(b, "[\"%s\",\"%s\"]", values[pick(s, ARRAY_LEN(values))],
                                   values[pick(s, ARRAY_LEN(values))]);
                        break;
                default: buf_printf(b, "\"%s\"", values[pick(s, ARRAY_LEN(values))]); break;
                }
        }
        buf_str(b, "}\n");
}

/* ---- the sets ---- */

#define SETS 256u
#define RULES 3u
#define EVENTS 4u

struct set {
        struct ruleset rules;
        struct buf bundle, text, blob;
        struct program *program;
        struct reference ref;
};

static struct set *sets;

/* A rule that is not refused. */
static void accepted_rule(struct buf *b, struct source *s) {
        bool good = false;

        while (!good) {
                struct buf rule = {0}, bundle = {0};
                struct ruleset parsed;
                put_rule(&rule, s);
                bundle_add(&bundle, BUNDLE_RULE, SPAN("t.yml"), buf_get(&rule));
                if (ruleset_parse(&parsed, buf_get(&bundle)) < 0 || s->p >= s->end)
                        __builtin_trap();
                good = parsed.n_rules == 1;
                if (good)
                        buf_span(b, buf_get(&rule));
                ruleset_deinit(&parsed);
                buf_deinit(&rule);
                buf_deinit(&bundle);
        }
}

static void make_set(struct set *x, unsigned nth) {
        uint64_t number = (nth + 1) * UINT64_C(0xd1342543de82ef95);
        uint8_t bytes[2048];
        struct source s = {bytes, bytes + sizeof(bytes)};

        for (unsigned i = 0; i < sizeof(bytes); i++) {
                number = hash_mix(number + i, UINT64_C(0x9e3779b97f4a7c15));
                bytes[i] = (uint8_t)(number >> 24);
        }
        for (unsigned i = 0; i < RULES; i++)
                accepted_rule(&x->text, &s);
        bundle_add(&x->bundle, BUNDLE_LOGSOURCE, SPAN("m.yml"), span_of(map, sizeof(map) - 1));
        bundle_add(&x->bundle, BUNDLE_RULE, SPAN("t.yml"), buf_get(&x->text));
        if (ruleset_parse(&x->rules, buf_get(&x->bundle)) < 0 || x->rules.n_rules != RULES ||
            program_compile(&x->blob, &x->rules, buf_get(&x->bundle)) < 0 ||
            program_open(&x->program, x->blob.p, x->blob.len) < 0 ||
            ref_init(&x->ref, &x->rules, buf_get(&x->bundle)) < 0)
                __builtin_trap();
}

/* ---- one execution ---- */

static void compare(struct matcher *m, struct reference *ref, const struct batch *b) {
        static struct decoder *d;
        struct decode_error err;
        struct event e;
        enum decode_result q;

        if (!d)
                d = decoder_new(&(struct decode_options){0});
        for (unsigned round = 0; round < 2; round++) {
                decoder_begin(d, b, 0);
                matcher_batch(m, b->payload, FORMAT_JSON);
                while ((q = decoder_next(d, &e, &err)) != DECODE_END) {
                        const uint32_t *rules;
                        uint32_t expected[8];
                        if (q != DECODE_EVENT)
                                continue;
                        uint32_t n = matcher_run(m, &e, &rules),
                                 k = ref_run(ref, &e, false, expected);
                        if (n != k || (n && memcmp(rules, expected, n * sizeof(*rules)) != 0)) {
                                printf("engine %u, reference %u: %.*s\n", n, k, (int)e.raw.len,
                                       e.raw.p);
                                fflush(stdout);
                                __builtin_trap();
                        }
                }
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct source s = {data, data + size};
        struct match_options o = {.memory = 1 << 18};
        struct matcher *m = NULL;
        struct buf text = {0};

        if (!sets) {
                sets = calloc(SETS, sizeof(*sets));
                for (unsigned i = 0; i < SETS; i++)
                        make_set(&sets[i], i);
        }
        struct set *x = &sets[pick(&s, SETS)];
        for (unsigned i = 0; i < EVENTS; i++)
                put_event(&text, &s);
        struct batch b = {.payload = {NULL, text.len}};
        if (!buf_reserve(&text, SLOT_PADDING) || matcher_new(&m, x->program, &o) < 0)
                __builtin_trap();
        memset(text.p + text.len, 0, SLOT_PADDING);
        b.payload.p = text.p;
        b.h.format = FORMAT_JSON;
        b.h.payload_len = (uint32_t)text.len;
        b.h.flags = BATCH_FIRST | BATCH_LAST;
        b.h.file_time = TIME_NONE;
        if (getenv("FUZZ_SHOW"))
                printf("%.*s%.*s", (int)x->text.len, x->text.p, (int)text.len, text.p);
        compare(m, &x->ref, &b);
        matcher_free(m);
        buf_deinit(&text);
        return 0;
}

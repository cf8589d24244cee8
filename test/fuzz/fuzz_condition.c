/* Conditions of rules (older aggregations too) and of correlations, before searches of fixed names.
 * The grammar alone runs each time; a whole document, which costs twenty times as much, for every
 * sixteenth length. */
#include "fuzz/rule_fuzz.h"
#include "rules/build.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void grammar(struct span text) {
        static struct parse p;
        static struct ruleset set;
        static const char *const searches[] = {"a", "a2", "b", "_c", "sel_x", "sel_y"};
        struct named names[ARRAY_LEN(searches)] = {0};
        struct atom atoms[ARRAY_LEN(searches)];
        struct expr leaves[ARRAY_LEN(searches)];
        struct node at = mark(1, 1);

        if (!set.arena.budget)
                arena_init(&set.arena, (size_t)64 << 20);
        arena_reset(&set.arena);
        set = (struct ruleset){.arena = set.arena};
        p = (struct parse){.set = &set, .a = &set.arena};
        for (size_t i = 0; i < ARRAY_LEN(searches); i++) {
                atoms[i] =
                        (struct atom){.op = ATOM_NULL, .field = SPAN("f"), .line = 1, .column = 1};
                leaves[i] = (struct expr){.kind = EXPR_ATOM, .atom = &atoms[i]};
                names[i] = (struct named){
                        .name = span_str(searches[i]), .expr = &leaves[i], .size = 1};
        }
        struct expr *e = condition_parse(&p, text, &at, 0, names, ARRAY_LEN(names));
        MUST(!set.arena.overflowed && (e != NULL) != p.refused);
        MUST(e || set.n_diags > 0);
        if (e)
                must_expr(e, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct buf y = {0}, b = {0};

        if (size > 4096)
                return 0;
        grammar(span_of((const char *)data, size));
        if (size % 16)
                return 0;
        buf_str(&y, "logsource: {product: x}\ndetection:\n    a: {A: 1}\n    a2: {A: [2, 3]}\n    "
                    "b: {B: 1}\n    _c: {C: 1}\n"
                    "    sel_x: {D: 1}\n    sel_y: {E: 1}\n    timeframe: 5m\n    condition: \"");
        for (size_t i = 0; i < size; i++)
                buf_printf(&y, "\\x%02x", data[i]);
        buf_str(&y, "\"\n---\nname: a\nlogsource: {product: x}\ndetection: {s: {A: 1}, condition: "
                    "s}\n---\nname: b\n"
                    "logsource: {product: x}\ndetection: {s: {B: 1}, condition: s}\n---\n"
                    "correlation:\n    type: temporal\n    rules: [a, b]\n    timespan: 5m\n    "
                    "condition: \"");
        for (size_t i = 0; i < size; i++)
                buf_printf(&y, "\\x%02x", data[i]);
        buf_str(&y,
                "\"\n---\ncorrelation:\n    type: temporal\n    timespan: 5m\n    condition: \"");
        for (size_t i = 0; i < size; i++)
                buf_printf(&y, "\\x%02x", data[i]);
        buf_str(&y, "\"\n");
        bundle_add(&b, BUNDLE_RULE, SPAN("t.yml"), buf_get(&y));
        must_bundle(buf_get(&b));
        buf_deinit(&y);
        buf_deinit(&b);
        return 0;
}

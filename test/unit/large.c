/* Many random rules in few buckets against brute force, event by event, while the matcher sketches
 * the buckets, makes conditions as rules are woken, learns and makes its tables anew. Words are few
 * and share their sequences, so that all of them meet. */
#include "engine_data.h"
#include "reference.h"

#define RULES 400u
#define EVENTS 4000u

static const char map[] = "map:\n"
                          "  - {category: plain, from: [{kind: json}]}\n"
                          "  - {category: renamed, from: [{kind: json, where: {K: [one, two]}, "
                          "rename: {A: [B, New], C: New}, constant: {F: Yes, D: no}}, {kind: json, "
                          "where: {K: x*}}]}\n";

static uint64_t seed;

static uint32_t draw(uint32_t n) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (uint32_t)(seed >> 33) % n;
}

static const char *const fields[] = {"A", "B", "C", "D", "F", "New", "K"};
static const char *const words[] = {
        "power",  "powershell", "shell", "ell.exe", ".exe", "exe -enc", " -enc ",
        "net",    "net user",   "user",  "one",     "two",  "xenon",    "windows",
        "window", "system32",   "q",     "",        "yes",  "no",       "7"};

static void add_item(struct buf *b) {
        static const char *const mods[] = {"",          "|contains", "|startswith", "|endswith",
                                           "|contains", "|re",       "|contains",   "|cased"};
        uint32_t what = draw(14);
        const char *f = fields[draw(ARRAY_LEN(fields))];

        if (what == 0)
                buf_printf(b, "%s: null", f);
        else if (what == 1)
                buf_printf(b, "%s|exists: %s", f, draw(2) ? "true" : "false");
        else if (what == 2)
                buf_printf(b, "%s|fieldref: %s", f, fields[draw(ARRAY_LEN(fields))]);
        else if (what == 3)
                buf_printf(b, "%s|lt: %u", f, draw(9));
        else {
                uint32_t n = draw(4) ? 1 + draw(3) : 1 + draw(9);
                buf_printf(b, "%s%s: [", f, mods[draw(ARRAY_LEN(mods))]);
                for (uint32_t i = 0; i < n; i++)
                        buf_printf(b, "%s'%s%s'", i ? ", " : "", words[draw(16)],
                                   words[draw(ARRAY_LEN(words))]);
                buf_str(b, "]");
        }
}

static void add_rule(struct engine *t, uint32_t i) {
        static const char *const conditions[] = {"s0",
                                                 "s0 and s1",
                                                 "s0 and not s1",
                                                 "s0 or s1 and s2",
                                                 "s0 and not (s1 or s2)",
                                                 "1 of s*",
                                                 "all of s*",
                                                 "s0 and not 1 of s1*",
                                                 "not s0 and not s1",
                                                 "not (not s0 and not s1)",
                                                 "not (not s0 or s1)"};
        struct buf b = {0};

        buf_printf(&b,
                   "title: t%u\nid: 11111111-1111-4111-8111-%012u\nlogsource: {category: %s}\n"
                   "detection:\n",
                   i, i, draw(3) ? "plain" : "renamed");
        for (uint32_t k = 0; k < 3; k++) {
                buf_printf(&b, "  s%u:\n", k);
                if (draw(12) == 0) { /* keywords */
                        buf_printf(&b, "    - '%s%s'\n", words[draw(14)], words[draw(14)]);
                        continue;
                }
                for (uint32_t n = 1 + draw(2); n; n--) {
                        buf_str(&b, "    - ");
                        add_item(&b);
                        buf_str(&b, "\n");
                }
        }
        buf_printf(&b, "  condition: %s\n", conditions[draw(ARRAY_LEN(conditions))]);
        buf_char(&b, 0);
        engine_rule(t, b.p);
        buf_deinit(&b);
}

static void add_event(struct buf *b) {
        const char *sep = "{";

        for (uint32_t i = 0; i < ARRAY_LEN(fields); i++) {
                if (draw(4) == 0)
                        continue;
                buf_printf(b, "%s\"%s\":", sep, fields[i]);
                sep = ",";
                if (draw(10) == 0)
                        buf_str(b, "null");
                else if (draw(10) == 0)
                        buf_printf(b, "[\"%s\",\"%s\"]", words[draw(16)], words[draw(16)]);
                else if (i == 6)
                        buf_printf(b, "\"%s\"", words[10 + draw(3)]);
                else {
                        buf_char(b, '"');
                        for (uint32_t n = draw(10) ? 1 + draw(4) : draw(60); n; n--)
                                buf_printf(b, "%s%s", words[draw(ARRAY_LEN(words))],
                                           draw(3) ? "" : "\\\\");
                        buf_char(b, '"');
                }
        }
        buf_str(b, *sep == '{' ? "{}\n" : "}\n");
}

static void compare(uint64_t from, bool no_memo) {
        static uint32_t expected[RULES * 2];
        struct engine t = {0};
        struct reference ref;
        struct buf text = {0};
        struct event e;
        struct decode_error err;
        uint64_t hits = 0, some = 0;
        uint32_t n = 0;

        seed = from;
        bundle_add(&t.bundle, BUNDLE_LOGSOURCE, SPAN("map.yml"), span_str(map));
        for (uint32_t i = 0; i < RULES; i++)
                add_rule(&t, i);
        check(engine_start(&t, &(struct match_options){.no_memo = no_memo}) == 0);
        check(program_rules(t.program) > RULES / 2);
        check(ref_init(&ref, &t.set, buf_get(&t.bundle)) == 0);
        struct decoder *d = decoder_new(&(struct decode_options){0});
        for (uint32_t i = 0; i < EVENTS; i++)
                add_event(&text);
        size_t len = text.len, pos = 0;
        check(buf_reserve(&text, SLOT_PADDING) != NULL);
        memset(text.p + len, 0, SLOT_PADDING);
        while (pos < len) {
                struct batch b = engine_lines(text.p, len, &pos, FORMAT_JSON);
                enum decode_result q;
                decoder_begin(d, &b, 0);
                matcher_batch(t.matcher, b.payload, FORMAT_JSON);
                while ((q = decoder_next(d, &e, &err)) != DECODE_END) {
                        const uint32_t *rules;
                        check(q == DECODE_EVENT);
                        uint32_t k = matcher_run(t.matcher, &e, &rules);
                        n++;
                        hits += k;
                        some += k != 0;
                        if (n > 100 && n % 11 && n < EVENTS - 200)
                                continue; /* the reference is slow */
                        check_int(k, ref_run(&ref, &e, false, expected));
                        check(k == 0 || memcmp(rules, expected, k * sizeof(*rules)) == 0);
                }
        }
        check_int(n, EVENTS);
        check(some > EVENTS / 2 && hits < (uint64_t)EVENTS * RULES / 2);
        decoder_free(d);
        ref_deinit(&ref);
        buf_deinit(&text);
        engine_stop(&t);
}

static void equal_hits_while_learning(void) {
        for (uint64_t i = 1; i <= 3; i++)
                compare(i * 77, false);
}

static void equal_hits_without_memo(void) {
        for (uint64_t i = 1; i <= 2; i++)
                compare(i * 1001, true);
}

int main(void) {
        RUN(equal_hits_while_learning);
        RUN(equal_hits_without_memo);
        return check_done();
}

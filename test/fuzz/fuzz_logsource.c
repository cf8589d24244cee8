/* rules/source_parse: any text as a log-source map, together with a small sound one. What is loaded
 * must be usable. */
#include "check.h"
#include "rules/source.h"
#include "wire/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const struct source_map *m) {
        static const struct source_alt *alts[SOURCE_MATCH_MAX];
        struct span why;

        for (uint32_t i = 0; i < m->n_aliases; i++) {
                struct span to = source_canonical(m, m->aliases[i].from);

                assert(span_eq(to, m->aliases[i].to));
                assert(i == 0 || !span_eq(m->aliases[i - 1].from, m->aliases[i].from));
        }
        for (uint32_t i = 0; i < m->n_tests; i++)
                assert(m->tests[i].kind > 0 && m->tests[i].kind < m->n_kinds);
        for (uint32_t i = 0; i < m->n_entries && i < 50; i++) {
                const struct source_entry *e = &m->entries[i];
                struct logsource l = {e->category, e->product, e->service, SPAN("")};
                uint32_t n = source_match(m, &l, alts, SOURCE_MATCH_MAX, &why);

                assert(n <= SOURCE_MATCH_MAX && (e->n_alts == 0 || n > 0));
                for (uint32_t k = 0; k < n; k++) {
                        assert(alts[k]->kind > 0 && alts[k]->kind < m->n_kinds);
                        for (uint32_t j = 1; j < alts[k]->n_key2; j++)
                                assert(alts[k]->key2[j - 1] <= alts[k]->key2[j]);
                }
                l.service = SPAN("nonsense");
                source_match(m, &l, alts, SOURCE_MATCH_MAX, NULL);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct source_map m;
        struct buf b = {0};
        struct arena a;

        arena_init(&a, (size_t)8 << 20);
        bundle_add(&b, BUNDLE_LOGSOURCE, SPAN("a.yml"),
                   SPAN("prefixes: ['e.']\naliases: {A: [b, e.c]}\nmap: [{product: p, from: {kind: "
                        "web}}]\n"));
        bundle_add(&b, BUNDLE_LOGSOURCE, SPAN("b.yml"), span_of((const char *)data, size));
        if (source_map_parse(&m, &a, buf_get(&b)) == 0)
                use(&m);
        arena_deinit(&a);
        buf_deinit(&b);
        return 0;
}

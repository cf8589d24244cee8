/* Every log source of the public rules is mapped, or listed here with the reason why it is not. */
#include <ftw.h>
#include <yaml.h>

#include "check.h"
#include "rules/source.h"
#include "wire/bundle.h"

static struct arena arena;
static struct buf bundle;
static struct source_map map;
static uint32_t rules, unmapped, explained;

static size_t slurp(const char *path, char *to, size_t cap) {
        FILE *f = fopen(path, "rb");
        size_t n;

        if (!f)
                return 0;
        n = fread(to, 1, cap, f);
        fclose(f);
        return n;
}

static char data[4 << 20];

static int add_map(const char *path, const struct stat *st, int flag, struct FTW *w) {
        if (flag == FTW_F && span_ends(span_str(path), SPAN(".yml")))
                bundle_add(&bundle, BUNDLE_LOGSOURCE, span_str(path),
                           span_of(data, slurp(path, data, sizeof(data))));
        return 0;
}

static struct span text(yaml_document_t *d, int i) {
        yaml_node_t *n = yaml_document_get_node(d, i);
        struct span s = SPAN("");

        if (n && n->type == YAML_SCALAR_NODE) {
                s = arena_dup(&arena, span_of((char *)n->data.scalar.value, n->data.scalar.length));
                for (size_t k = 0; k < s.len; k++)
                        ((char *)s.p)[k] = ascii_lower(s.p[k]);
        }
        return s;
}

static yaml_node_t *get(yaml_document_t *d, yaml_node_t *map_node, const char *key,
                        int *ret_index) {
        if (map_node && map_node->type == YAML_MAPPING_NODE)
                for (yaml_node_pair_t *p = map_node->data.mapping.pairs.start;
                     p < map_node->data.mapping.pairs.top; p++)
                        if (span_eq(text(d, p->key), span_str(key))) {
                                if (ret_index)
                                        *ret_index = p->value;
                                return yaml_document_get_node(d, p->value);
                        }
        return NULL;
}

static void look_at(yaml_document_t *d, const char *path) {
        yaml_node_t *l = get(d, yaml_document_get_root_node(d), "logsource", NULL);
        const struct source_alt *alts[SOURCE_MATCH_MAX];
        struct logsource s = {.category = SPAN("")};
        struct span why;
        int i;

        if (!l)
                return;
        s.category = get(d, l, "category", &i) ? text(d, i) : SPAN("");
        s.product = get(d, l, "product", &i) ? text(d, i) : SPAN("");
        s.service = get(d, l, "service", &i) ? text(d, i) : SPAN("");
        rules++;
        if (source_match(&map, &s, alts, SOURCE_MATCH_MAX, &why) > 0)
                return;
        unmapped++;
        if (why.len)
                explained++;
        else
                printf("# unmapped, no reason: %.*s/%.*s/%.*s %s\n", (int)s.category.len,
                       s.category.p, (int)s.product.len, s.product.p, (int)s.service.len,
                       s.service.p, path);
}

static int look(const char *path, const struct stat *st, int flag, struct FTW *w) {
        yaml_parser_t p;
        yaml_document_t d;
        size_t n;

        if (flag != FTW_F || !span_ends(span_str(path), SPAN(".yml")))
                return 0;
        n = slurp(path, data, sizeof(data));
        yaml_parser_initialize(&p);
        yaml_parser_set_input_string(&p, (unsigned char *)data, n);
        while (yaml_parser_load(&p, &d)) {
                bool end = !yaml_document_get_root_node(&d);

                if (!end)
                        look_at(&d, path);
                yaml_document_delete(&d);
                if (end)
                        break;
        }
        yaml_parser_delete(&p);
        return 0;
}

static void public_rules_are_mapped(void) {
        static const char *const active[] = {"rules", "rules-compliance", "rules-emerging-threats",
                                             "rules-placeholder", "rules-threat-hunting"};
        char path[4096];

        if (!check_data())
                check_skip("COLOA_TEST_DATA is not set");
        arena_init(&arena, (size_t)64 << 20);
        check(nftw(COLOA_CONTENT "/logsources", add_map, 8, 0) == 0);
        check(source_map_parse(&map, &arena, buf_get(&bundle)) == 0);
        for (size_t i = 0; i < ARRAY_LEN(active); i++) {
                snprintf(path, sizeof(path), "%s/sigma-rules-8eaafff1/%s", check_data(), active[i]);
                check(nftw(path, look, 16, 0) == 0);
        }
        printf("# %u rules, %u unmapped, of these %u with a reason\n", rules, unmapped, explained);
        check_int(rules, 3780);
        check_int(unmapped, 1);
        check_int(explained, unmapped);

        rules = unmapped = explained = 0;
        static const char *const old[] = {"deprecated", "unsupported"};
        for (size_t i = 0; i < ARRAY_LEN(old); i++) {
                snprintf(path, sizeof(path), "%s/sigma-rules-8eaafff1/%s", check_data(), old[i]);
                check(nftw(path, look, 16, 0) == 0);
        }
        printf("# deprecated and unsupported: %u rules, %u unmapped\n", rules, unmapped);
        check(rules > 150);
        check_int(unmapped, explained);
}

int main(void) {
        RUN(public_rules_are_mapped);
        arena_deinit(&arena);
        buf_deinit(&bundle);
        return check_done();
}

/* Log-source maps from YAML (format: doc/logsources.md).
 *
 * libyaml gives a document as a graph of nodes; this file walks the few shapes that a map has and
 * never recurses into what it does not know. YAML anchors are welcome (they are how a map says a
 * channel once), so a small file can stand for a large tree: every visit to a node is charged to a
 * budget (MAP_NODES), which bounds time and, with the arena, memory.
 *
 * Files are read twice: first for `kinds`, so that no order of files matters to who may name a
 * kind.
 *
 * A mistake costs the smallest thing that holds it (an alternative, a test, an alias) and leaves a
 * diag with its line; whatever else the file says is used. Names are made canonical only when all
 * files are read, since an alias may stand in a later file. */
#include "rules/source.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

#include "wire/bundle.h"

#define MAP_BYTES_MAX ((size_t)4 << 20)
#define MAP_NODES 200000u
#define MAP_DIAGS_MAX 200u

struct load {
        struct source_map *m;
        struct arena *a;
        yaml_document_t *doc;
        struct span file;
        uint32_t visits;
        bool kinds_only; /* the first pass */
        bool nomem;
};

/* ---- small helpers ---- */

/* Room for one more at the end of an array in the arena; NULL when memory is used up. */
static void *push_(struct load *l, void **array, uint32_t *n, size_t size) {
        if ((*n & (*n - 1)) == 0) {
                void *p = arena_array(l->a, *n ? (size_t)*n * 2 : 1, size);

                if (!p) {
                        l->nomem = true;
                        return NULL;
                }
                if (*n)
                        memcpy(p, *array, *n * size);
                *array = p;
        }
        return (char *)*array + (size_t)(*n)++ * size;
}
#define PUSH(l, array, n) push_((l), (void **)&(array), &(n), sizeof(*(array)))

static void complain(struct load *l, const yaml_node_t *at, const char *code, const char *en,
                     const char *vi) {
        struct diag *d;

        if (l->m->n_diags >= MAP_DIAGS_MAX)
                return;
        d = PUSH(l, l->m->diags, l->m->n_diags);
        if (!d)
                return;
        *d = (struct diag){.severity = DIAG_ERROR,
                           .code = code,
                           .file = l->file,
                           .line = at ? (uint32_t)at->start_mark.line + 1 : 0,
                           .column = at ? (uint32_t)at->start_mark.column + 1 : 0,
                           .en = span_str(en),
                           .vi = span_str(vi)};
}

static yaml_node_t *node_at(struct load *l, int index) {
        if (l->visits >= MAP_NODES)
                return NULL;
        l->visits++;
        return yaml_document_get_node(l->doc, index);
}

static struct span scalar(const yaml_node_t *n) {
        if (!n || n->type != YAML_SCALAR_NODE)
                return SPAN_NONE;
        return span_of((const char *)n->data.scalar.value, n->data.scalar.length);
}

static bool is_null(const yaml_node_t *n) {
        struct span s = scalar(n);

        return n->type == YAML_SCALAR_NODE && n->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
               (s.len == 0 || span_eq(s, SPAN("~")) || span_eq(s, SPAN("null")));
}

/* A copy that outlives the document; empty is SPAN(""). */
static struct span keep(struct load *l, struct span s, bool lower) {
        struct span d = arena_dup(l->a, s);

        if (!d.p) {
                l->nomem = true;
                return SPAN("");
        }
        for (size_t i = 0; lower && i < d.len; i++)
                ((char *)d.p)[i] = ascii_lower(d.p[i]);
        return d;
}

/* The items of a list, or the one thing that stands where a list may: item(l, n, i) for i <
 * items(n). */
static uint32_t items(const yaml_node_t *n) {
        if (n->type != YAML_SEQUENCE_NODE)
                return 1;
        return (uint32_t)(n->data.sequence.items.top - n->data.sequence.items.start);
}

static yaml_node_t *item(struct load *l, yaml_node_t *n, uint32_t i) {
        if (n->type != YAML_SEQUENCE_NODE)
                return n;
        return node_at(l, n->data.sequence.items.start[i]);
}

static uint32_t pairs(const yaml_node_t *n) {
        return n->type == YAML_MAPPING_NODE
                       ? (uint32_t)(n->data.mapping.pairs.top - n->data.mapping.pairs.start)
                       : 0;
}

/* The i-th pair; false when a node is missing (the budget is used up) or the key is no text. */
static bool pair(struct load *l, yaml_node_t *n, uint32_t i, struct span *ret_key,
                 yaml_node_t **ret_value) {
        yaml_node_t *k = node_at(l, n->data.mapping.pairs.start[i].key);
        yaml_node_t *v = node_at(l, n->data.mapping.pairs.start[i].value);

        *ret_key = scalar(k);
        *ret_value = v;
        return v && ret_key->p;
}

/* Texts of a scalar or a list of scalars. */
static bool texts(struct load *l, yaml_node_t *n, struct span **ret, uint32_t *ret_n) {
        for (uint32_t i = 0; i < items(n); i++) {
                struct span s = scalar(item(l, n, i)), *to;

                if (s.len == 0) {
                        complain(l, n, "map-text", "a text, or a list of texts, was expected here",
                                 "ở đây cần một chuỗi hoặc danh sách chuỗi");
                        return false;
                }
                to = PUSH(l, *ret, *ret_n);
                if (!to)
                        return false;
                *to = keep(l, s, false);
        }
        return true;
}

/* "text", "text*" or, where `inside` allows it, "*text*". */
static bool value_of(struct load *l, const yaml_node_t *n, bool inside, struct source_value *ret) {
        struct span s = scalar(n);

        if (!s.p)
                return false;
        *ret = (struct source_value){.text = keep(l, s, true)};
        if (ret->text.len && ret->text.p[ret->text.len - 1] == '*') {
                ret->text.len--;
                ret->prefix = true;
        }
        if (inside && ret->prefix && ret->text.len && ret->text.p[0] == '*') {
                ret->text = span_of(ret->text.p + 1, ret->text.len - 1);
                ret->prefix = false;
                ret->inside = true;
        }
        return true;
}

/* `where: {EventType: [CreateKey, null]}` */
static bool conditions(struct load *l, yaml_node_t *n, struct source_cond **ret, uint32_t *ret_n) {
        for (uint32_t i = 0; i < pairs(n); i++) {
                struct span key;
                yaml_node_t *v;
                struct source_cond *c;

                if (!pair(l, n, i, &key, &v) || !(c = PUSH(l, *ret, *ret_n)))
                        return false;
                *c = (struct source_cond){.field = keep(l, key, false)};
                for (uint32_t k = 0; k < items(v); k++) {
                        yaml_node_t *x = item(l, v, k);
                        struct source_value *to;

                        if (x && is_null(x)) {
                                c->absent = true;
                                continue;
                        }
                        if (!x || !(to = PUSH(l, c->values, c->n)) || !value_of(l, x, true, to)) {
                                complain(l, v, "map-text",
                                         "values are texts, or null for an absent field",
                                         "giá trị phải là chuỗi, hoặc null nếu trường vắng mặt");
                                return false;
                        }
                }
        }
        return n->type == YAML_MAPPING_NODE;
}

static int kind_number(struct load *l, const yaml_node_t *at, struct span name, bool define) {
        int k = source_kind(l->m, name);

        if (k >= 0)
                return k;
        if (define && name.len && l->m->n_kinds < SOURCE_KINDS_MAX) {
                l->m->kinds[l->m->n_kinds] = keep(l, name, false);
                return (int)l->m->n_kinds++;
        }
        complain(l, at, "map-kind", "no such kind of log: name it under `kinds` first",
                 "không có loại nhật ký này: hãy khai báo trong `kinds` trước");
        return -1;
}

/* ---- the sections ---- */

static void load_aliases(struct load *l, yaml_node_t *n) {
        for (uint32_t i = 0; i < pairs(n); i++) {
                struct span to, *from = NULL;
                uint32_t n_from = 0;
                yaml_node_t *v;

                if (!pair(l, n, i, &to, &v) || !texts(l, v, &from, &n_from))
                        continue;
                to = keep(l, to, false);
                for (uint32_t k = 0; k < n_from; k++) {
                        struct source_alias *a = PUSH(l, l->m->aliases, l->m->n_aliases);

                        if (!a)
                                return;
                        *a = (struct source_alias){from[k], to};
                }
        }
}

static void load_prefixes(struct load *l, yaml_node_t *n) {
        struct span *list = NULL;
        uint32_t n_list = 0;

        texts(l, n, &list, &n_list);
        for (uint32_t i = 0; i < n_list; i++) {
                struct source_prefix *p = PUSH(l, l->m->prefixes, l->m->n_prefixes);

                if (!p)
                        return;
                *p = (struct source_prefix){.text = list[i]};
                if (span_ends(list[i], SPAN(".*."))) {
                        p->any_next = true;
                        p->text.len -= 2;
                }
        }
}

static bool load_test_pair(struct load *l, struct source_test *t, struct span key, yaml_node_t *v) {
        if (span_eq(key, SPAN("kind"))) {
                int k = kind_number(l, v, scalar(v), true);

                t->kind = (uint8_t)MAX(k, 0);
                return k >= 0;
        }
        if (span_eq(key, SPAN("has")))
                return texts(l, v, &t->has, &t->n_has);
        if (span_eq(key, SPAN("where")))
                return conditions(l, v, &t->conds, &t->n_conds);
        if (span_eq(key, SPAN("key1")))
                return texts(l, v, &t->key1, &t->n_key1);
        if (span_eq(key, SPAN("key1_is"))) {
                t->key1_is = keep(l, scalar(v), true);
                return true;
        }
        if (span_eq(key, SPAN("key2"))) {
                t->key2 = keep(l, scalar(v), false);
                return true;
        }
        complain(l, v, "map-key",
                 "unknown key in a kind: kind, has, where, key1, key1_is, key2 are known",
                 "khóa lạ: ở đây chỉ có kind, has, where, key1, key1_is, key2");
        return false;
}

static void load_kinds(struct load *l, yaml_node_t *n) {
        for (uint32_t i = 0; i < items(n); i++) {
                yaml_node_t *x = item(l, n, i), *v;
                struct source_test t = {.kind = EVENT_UNKNOWN}, *to;
                struct span key;
                bool good = x && x->type == YAML_MAPPING_NODE;

                for (uint32_t k = 0; good && k < pairs(x); k++)
                        good = pair(l, x, k, &key, &v) && load_test_pair(l, &t, key, v);
                if (good && t.kind == EVENT_UNKNOWN) {
                        complain(l, x, "map-kind", "a test needs `kind`", "thiếu `kind`");
                        good = false;
                }
                /* A kind without a test is one that only decoders give. */
                if (good && (t.n_has || t.n_conds) && (to = PUSH(l, l->m->tests, l->m->n_tests)))
                        *to = t;
        }
}

/* `key1_names: {windows: {Microsoft-Windows-Sysmon: Microsoft-Windows-Sysmon/Operational}}` */
static void load_key1_names(struct load *l, yaml_node_t *n) {
        for (uint32_t i = 0; i < pairs(n); i++) {
                struct span kind, from;
                yaml_node_t *v, *to;
                int k;

                if (!pair(l, n, i, &kind, &v) || (k = kind_number(l, v, kind, false)) < 0)
                        continue;
                for (uint32_t j = 0; j < pairs(v); j++) {
                        struct source_key1_name *x;

                        if (!pair(l, v, j, &from, &to) ||
                            !(x = PUSH(l, l->m->key1_names, l->m->n_key1_names)))
                                continue;
                        *x = (struct source_key1_name){(uint8_t)k, keep(l, from, true),
                                                       keep(l, scalar(to), true)};
                }
        }
}

static bool load_numbers(struct load *l, yaml_node_t *n, struct source_alt *alt) {
        for (uint32_t i = 0; i < items(n); i++) {
                struct span s = scalar(item(l, n, i));
                char text[24], *end = text;
                long long v = -1;
                int64_t *to;

                if (s.len > 0 && s.len < sizeof(text)) {
                        memcpy(text, s.p, s.len);
                        text[s.len] = 0;
                        v = strtoll(text, &end, 10);
                }
                if (end == text || *end || v < 0) {
                        complain(l, n, "map-number",
                                 "key2 is a number, or a list of numbers, from 0",
                                 "key2 phải là số, hoặc danh sách số, từ 0");
                        return false;
                }
                if (!(to = PUSH(l, alt->key2, alt->n_key2)))
                        return false;
                *to = v;
        }
        return true;
}

static bool load_renames(struct load *l, yaml_node_t *n, struct source_alt *alt) {
        for (uint32_t i = 0; i < pairs(n); i++) {
                struct source_rename *r;
                struct span key;
                yaml_node_t *v;

                if (!pair(l, n, i, &key, &v) || !(r = PUSH(l, alt->renames, alt->n_renames)))
                        return false;
                *r = (struct source_rename){.field = keep(l, key, false)};
                if (!texts(l, v, &r->to, &r->n))
                        return false;
        }
        return true;
}

static bool load_consts(struct load *l, yaml_node_t *n, struct source_alt *alt) {
        for (uint32_t i = 0; i < pairs(n); i++) {
                struct source_const *c;
                struct span key;
                yaml_node_t *v;

                if (!pair(l, n, i, &key, &v) || !scalar(v).p ||
                    !(c = PUSH(l, alt->consts, alt->n_consts)))
                        return false;
                *c = (struct source_const){keep(l, key, false), keep(l, scalar(v), false)};
        }
        return true;
}

static bool load_alt_pair(struct load *l, struct source_alt *alt, struct span key, yaml_node_t *v) {
        if (span_eq(key, SPAN("kind"))) {
                int k = kind_number(l, v, scalar(v), false);

                alt->kind = (uint8_t)MAX(k, 0);
                return k >= 0;
        }
        if (span_eq(key, SPAN("key1"))) {
                for (uint32_t i = 0; i < items(v); i++) {
                        yaml_node_t *x = item(l, v, i);
                        struct source_value *to = x ? PUSH(l, alt->key1, alt->n_key1) : NULL;

                        if (!to || !value_of(l, x, false, to))
                                return false;
                }
                return true;
        }
        if (span_eq(key, SPAN("key2")))
                return load_numbers(l, v, alt);
        if (span_eq(key, SPAN("where")))
                return conditions(l, v, &alt->conds, &alt->n_conds);
        if (span_eq(key, SPAN("rename")))
                return load_renames(l, v, alt);
        if (span_eq(key, SPAN("constant")))
                return load_consts(l, v, alt);
        complain(l, v, "map-key",
                 "unknown key in an alternative: kind, key1, key2, where, rename, constant are "
                 "known",
                 "khóa lạ: ở đây chỉ có kind, key1, key2, where, rename, constant");
        return false;
}

static int number_cmp(const void *a, const void *b) {
        int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

        return (x > y) - (x < y);
}

/* One alternative; or a list of them, as an anchor may stand for several. */
static void load_alts(struct load *l, yaml_node_t *n, struct source_entry *e, unsigned depth) {
        for (uint32_t i = 0; i < items(n); i++) {
                yaml_node_t *x = item(l, n, i), *v;
                struct source_alt alt = {.kind = EVENT_UNKNOWN}, *to;
                struct span key;
                bool good = x && x->type == YAML_MAPPING_NODE;

                if (x && x->type == YAML_SEQUENCE_NODE && depth < 3) {
                        load_alts(l, x, e, depth + 1);
                        continue;
                }
                for (uint32_t k = 0; good && k < pairs(x); k++)
                        good = pair(l, x, k, &key, &v) && load_alt_pair(l, &alt, key, v);
                if (!good || alt.kind == EVENT_UNKNOWN) {
                        complain(l, x ? x : n, "map-alternative", "this alternative is left out",
                                 "bỏ qua lựa chọn này");
                        continue;
                }
                alt.line = (uint32_t)x->start_mark.line + 1;
                if (alt.n_key2)
                        qsort(alt.key2, alt.n_key2, sizeof(*alt.key2), number_cmp);
                to = PUSH(l, e->alts, e->n_alts);
                if (!to)
                        return;
                *to = alt;
        }
}

static void load_entry(struct load *l, yaml_node_t *n) {
        struct source_entry e = {.file = l->file, .line = (uint32_t)n->start_mark.line + 1}, *to;
        bool bad = false;

        for (uint32_t i = 0; i < pairs(n); i++) {
                struct span key;
                yaml_node_t *v;

                if (!pair(l, n, i, &key, &v))
                        return;
                if (span_eq(key, SPAN("category")))
                        e.category = keep(l, scalar(v), true);
                else if (span_eq(key, SPAN("product")))
                        e.product = keep(l, scalar(v), true);
                else if (span_eq(key, SPAN("service")))
                        e.service = keep(l, scalar(v), true);
                else if (span_eq(key, SPAN("why")))
                        e.why = keep(l, scalar(v), false);
                else if (span_eq(key, SPAN("from")))
                        load_alts(l, v, &e, 0);
                else
                        bad = true;
        }
        if (bad)
                complain(l, n, "map-key",
                         "unknown key in an entry: category, product, service, from, why are known",
                         "khóa lạ: ở đây chỉ có category, product, service, from, why");
        if (!(e.category.len || e.product.len || e.service.len) || !(e.n_alts || e.why.len)) {
                complain(l, n, "map-entry",
                         "an entry needs category, product or service, and `from` (or `why` it has "
                         "none)",
                         "cần category, product hoặc service, cùng `from` (hoặc `why` nếu không "
                         "có)");
                return;
        }
        if ((to = PUSH(l, l->m->entries, l->m->n_entries)))
                *to = e;
}

static void load_entries(struct load *l, yaml_node_t *n) {
        for (uint32_t i = 0; i < items(n); i++) {
                yaml_node_t *x = item(l, n, i);

                if (x && x->type == YAML_MAPPING_NODE)
                        load_entry(l, x);
                else
                        complain(l, x ? x : n, "map-entry", "an entry is a mapping",
                                 "mỗi mục phải là ánh xạ");
        }
}

/* ---- files ---- */

static const struct {
        const char *name;
        void (*load)(struct load *l, yaml_node_t *n);
} sections[] = {
        {"kinds", load_kinds},           {"aliases", load_aliases}, {"prefixes", load_prefixes},
        {"key1_names", load_key1_names}, {"map", load_entries},     {"define", NULL},
};

static void load_section(struct load *l, struct span key, yaml_node_t *v) {
        size_t k = 0;

        while (k < ARRAY_LEN(sections) && !span_eq(key, span_str(sections[k].name)))
                k++;
        if (k == ARRAY_LEN(sections)) {
                if (!l->kinds_only)
                        complain(
                                l, v, "map-key",
                                "unknown section: kinds, aliases, prefixes, key1_names, define, "
                                "map are known",
                                "mục lạ: chỉ có kinds, aliases, prefixes, key1_names, define, map");
        } else if (sections[k].load && l->kinds_only == (k == 0)) {
                sections[k].load(l, v);
        }
}

static void load_document(struct load *l, yaml_node_t *root) {
        if (root->type != YAML_MAPPING_NODE) {
                if (!l->kinds_only)
                        complain(l, root, "map-file", "a log-source map is a mapping",
                                 "tệp phải là ánh xạ YAML");
                return;
        }
        for (uint32_t i = 0; i < pairs(root); i++) {
                struct span key;
                yaml_node_t *v;

                if (!pair(l, root, i, &key, &v))
                        break;
                load_section(l, key, v);
        }
        if (l->visits >= MAP_NODES)
                complain(l, root, "map-size", "the map is too large; the rest of it is left out",
                         "tệp quá lớn; phần còn lại bị bỏ qua");
}

static void load_file(struct load *l, struct span yaml) {
        yaml_parser_t parser;

        if (yaml.len > MAP_BYTES_MAX || !yaml_parser_initialize(&parser)) {
                if (!l->kinds_only)
                        complain(l, NULL, "map-size", "the file is larger than 4 MiB",
                                 "tệp lớn hơn 4 MiB");
                return;
        }
        yaml_parser_set_input_string(&parser, (const unsigned char *)yaml.p, yaml.len);
        for (;;) {
                yaml_document_t doc;
                yaml_node_t *root;

                if (!yaml_parser_load(&parser, &doc)) {
                        yaml_node_t at = {.start_mark = parser.problem_mark};

                        if (!l->kinds_only)
                                complain(l, &at, "map-yaml", "not sound YAML from here on",
                                         "YAML sai từ đây trở đi");
                        break;
                }
                root = yaml_document_get_root_node(&doc);
                l->doc = &doc;
                if (root)
                        load_document(l, root);
                l->doc = NULL;
                yaml_document_delete(&doc);
                if (!root)
                        break;
        }
        yaml_parser_delete(&parser);
}

static int load_files(struct load *l, struct span bundle) {
        struct bundle_entry e;
        size_t pos = 0;
        int r;

        while ((r = bundle_next(bundle, &pos, &e)) > 0) {
                if (e.kind != BUNDLE_LOGSOURCE)
                        continue;
                l->file = e.name;
                l->visits = 0;
                load_file(l, e.data);
        }
        return r < 0 ? FAIL(r) : 0;
}

/* ---- when all files are read ---- */

static int alias_cmp(const void *a, const void *b) {
        struct span x = ((const struct source_alias *)a)->from,
                    y = ((const struct source_alias *)b)->from;
        int r = memcmp(x.p, y.p, MIN(x.len, y.len));

        return r ? r : (x.len > y.len) - (x.len < y.len);
}

static int prefix_cmp(const void *a, const void *b) {
        size_t x = ((const struct source_prefix *)a)->text.len,
               y = ((const struct source_prefix *)b)->text.len;

        return (x < y) - (x > y);
}

static void sort_names(struct load *l) {
        struct source_map *m = l->m;
        uint32_t n = 0;

        if (m->n_prefixes)
                qsort(m->prefixes, m->n_prefixes, sizeof(*m->prefixes), prefix_cmp);
        if (m->n_aliases == 0)
                return;
        qsort(m->aliases, m->n_aliases, sizeof(*m->aliases), alias_cmp);
        for (uint32_t i = 0; i < m->n_aliases; i++) {
                if (n && span_eq(m->aliases[n - 1].from, m->aliases[i].from)) {
                        if (!span_eq(m->aliases[n - 1].to, m->aliases[i].to)) {
                                struct span s =
                                        arena_printf(l->a, "one field name stands for two: %.*s",
                                                     (int)MIN(m->aliases[i].from.len, (size_t)200),
                                                     m->aliases[i].from.p);

                                complain(l, NULL, "map-alias", s.p ? s.p : "",
                                         "một tên trường có hai nghĩa");
                        }
                        continue;
                }
                m->aliases[n++] = m->aliases[i];
        }
        m->n_aliases = n;
}

static void canonical_list(const struct source_map *m, struct span *list, uint32_t n) {
        for (uint32_t i = 0; i < n; i++)
                list[i] = source_canonical(m, list[i]);
}

static void canonical_conds(const struct source_map *m, struct source_cond *c, uint32_t n) {
        for (uint32_t i = 0; i < n; i++)
                c[i].field = source_canonical(m, c[i].field);
}

static void make_canonical(struct source_map *m) {
        for (uint32_t i = 0; i < m->n_tests; i++) {
                struct source_test *t = &m->tests[i];

                canonical_list(m, t->has, t->n_has);
                canonical_list(m, t->key1, t->n_key1);
                canonical_conds(m, t->conds, t->n_conds);
                t->key2 = source_canonical(m, t->key2);
        }
        for (uint32_t i = 0; i < m->n_entries; i++)
                for (uint32_t k = 0; k < m->entries[i].n_alts; k++) {
                        struct source_alt *a = &m->entries[i].alts[k];

                        canonical_conds(m, a->conds, a->n_conds);
                        for (uint32_t j = 0; j < a->n_renames; j++) {
                                a->renames[j].field = source_canonical(m, a->renames[j].field);
                                canonical_list(m, a->renames[j].to, a->renames[j].n);
                        }
                        for (uint32_t j = 0; j < a->n_consts; j++)
                                a->consts[j].field = source_canonical(m, a->consts[j].field);
                }
}

static void known_kinds(struct source_map *m) {
        static const char *const names[EVENT_KIND_MAX] = {
                [EVENT_WINDOWS] = "windows", [EVENT_JSON] = "json", [EVENT_SYSLOG] = "syslog",
                [EVENT_AUDITD] = "auditd",   [EVENT_WEB] = "web",   [EVENT_WEBERR] = "weberr",
                [EVENT_W3C] = "w3c",         [EVENT_ZEEK] = "zeek", [EVENT_CEF] = "cef",
                [EVENT_LEEF] = "leef",       [EVENT_KV] = "kv",     [EVENT_JOURNAL] = "journal",
                [EVENT_CSV] = "csv",         [EVENT_TEXT] = "text",
        };

        for (uint32_t i = 0; i < EVENT_KIND_MAX; i++)
                m->kinds[i] = names[i] ? span_str(names[i]) : SPAN("");
        m->n_kinds = EVENT_KIND_MAX;
}

int source_map_parse(struct source_map *ret, struct arena *a, struct span bundle) {
        struct source_map m = {.arena = a};
        struct load l = {.m = &m, .a = a};
        int r;

        known_kinds(&m);
        for (unsigned pass = 0; pass < 2; pass++) {
                l.kinds_only = pass == 0;
                r = load_files(&l, bundle);
                if (r < 0)
                        return r;
        }
        l.file = SPAN("");
        sort_names(&l);
        make_canonical(&m);
        if (l.nomem)
                return FAIL(-ENOMEM);
        *ret = m;
        return 0;
}

/* YAML documents as trees of nodes, built from libyaml's events.
 *
 * libyaml's own document loader keeps no positions of keys and copies more than it needs; the event
 * stream costs half as much and gives a mark for every event. The tree is built without recursion
 * on a stack of 64 levels.
 *
 * What we refuse, since it either hides a mistake or is an attack: a key twice in one map (YAML
 * forbids it; most readers silently take the last), keys that are not scalars, merge keys ("<<",
 * not in YAML 1.2), aliases to something that is not finished, and documents that aliases blow up:
 * an alias is a copy of the node's head that shares the children, and all nodes below it count
 * again towards the limit.
 *
 * Invariants:
 *   I1  a node's `n` is the length of its chain, and every child of a map has a key of kind
 * NODE_SCALAR I2  the tree, walked as a tree, has at most NODES_MAX nodes and DEPTH_MAX levels */
#include "rules/yamltree.h"

#include <stdlib.h>

#include <yaml.h>

#include "base/hash.h"

#define DEPTH_MAX 64
#define DEPTH_READ                                                                                 \
        256 /* what is too deep is read to its end for the documents behind it, but no deeper: libyaml looks
                          at every level for every token */
#define NODES_MAX 100000
#define TEXT_MAX ((size_t)1 << 20)
#define ANCHORS_MAX 64
#define SMALL_MAP 12 /* pairs compared one by one; larger maps are hashed */

struct level {
        struct node *node, *last, *key; /* key: read, its value comes next */
        uint32_t nodes;                 /* below here, for the size of an anchor */
        uint32_t anchor;                /* index + 1 */
        uint8_t below;                  /* levels below */
};

struct anchor {
        struct span name;
        struct node *node; /* NULL until it is finished */
        uint32_t nodes;
        uint8_t depth;
};

struct yaml {
        yaml_parser_t parser;
        struct span text;
        bool over; /* after the end or a syntax error */
        struct level stack[DEPTH_MAX];
        uint32_t depth, nodes, n_anchors;
        uint32_t read; /* levels that are open, kept or not */
        struct anchor anchors[ANCHORS_MAX];
        bool bad; /* the document at hand has a problem */
};

int yaml_open(struct yaml **ret, struct span text) {
        struct yaml *y;

        if (text.len > TEXT_MAX)
                return -EFBIG;
        y = calloc(1, sizeof(*y));
        if (!y)
                return FAIL(-ENOMEM);
        if (!yaml_parser_initialize(&y->parser)) {
                free(y);
                return FAIL(-ENOMEM);
        }
        yaml_parser_set_input_string(&y->parser, (const unsigned char *)(text.p ? text.p : ""),
                                     text.len);
        y->text = text;
        *ret = y;
        return 0;
}

struct yaml *yaml_close(struct yaml *y) {
        if (y) {
                yaml_parser_delete(&y->parser);
                free(y);
        }
        return NULL;
}

static void problem(struct yaml *y, struct yaml_problem *to, const char *code, yaml_mark_t at) {
        y->bad = true;
        to->code = code;
        to->line = (uint32_t)at.line + 1;
        to->column = (uint32_t)at.column + 1;
}

/* The first problem of a document is the one that is told. */
#define PROBLEM(code, at, en_, vi_, ...)                                                           \
        do {                                                                                       \
                if (!y->bad) {                                                                     \
                        problem(y, to, code, at);                                                  \
                        to->en = arena_printf(a, en_, ##__VA_ARGS__);                              \
                        to->vi = arena_printf(a, vi_, ##__VA_ARGS__);                              \
                }                                                                                  \
        } while (0)
#define SHOW(s) (int)MIN((s).len, (size_t)80), (s).p

static bool keys_equal(const struct node *x, const struct node *y) {
        return span_eq(x->key->text, y->key->text);
}

/* The second of two equal keys, or NULL. Linear for large maps. */
static struct node *find_duplicate(struct arena *a, struct node *map) {
        uint32_t size = 64, mask;
        struct node **table;

        if (map->n <= SMALL_MAP) {
                for (struct node *x = map->first; x; x = x->next)
                        for (struct node *z = map->first; z != x; z = z->next)
                                if (keys_equal(x, z))
                                        return x;
                return NULL;
        }
        while (size < map->n * 2)
                size *= 2;
        mask = size - 1;
        table = arena_array(a, size, sizeof(*table));
        if (!table)
                return NULL; /* the arena remembers */
        for (struct node *x = map->first; x; x = x->next) {
                uint32_t i = (uint32_t)hash_span(x->key->text, (uintptr_t)table) & mask;
                for (; table[i]; i = (i + 1) & mask)
                        if (keys_equal(x, table[i]))
                                return x;
                table[i] = x;
        }
        return NULL;
}

/* Hangs a finished node below the innermost open one. */
static void attach(struct yaml *y, struct arena *a, struct node *n, yaml_mark_t at, uint32_t nodes,
                   uint32_t below, struct yaml_problem *to) {
        struct level *l;

        if (y->depth == 0)
                return;
        l = &y->stack[y->depth - 1];
        l->nodes += nodes;
        if (below + 1 > l->below)
                l->below = (uint8_t)(below + 1);
        if (l->node->kind == NODE_MAP && !l->key) {
                if (n->kind != NODE_SCALAR)
                        PROBLEM("yaml-complex-key", at,
                                "the key is a map or list: write a plain name",
                                "khóa là bảng hoặc danh sách: hãy viết một tên đơn giản");
                else if (n->plain && span_eq(n->text, SPAN("<<")))
                        PROBLEM("yaml-merge-key", at,
                                "merge keys (<<) are not part of YAML 1.2: write the pairs out%s",
                                "khóa gộp (<<) không thuộc YAML 1.2: hãy viết đầy đủ các cặp%s",
                                "");
                l->key = n;
                return;
        }
        n->key = l->key;
        l->key = NULL;
        if (l->last)
                l->last->next = n;
        else
                l->node->first = n;
        l->last = n;
        l->node->n++;
}

static struct node *new_node(struct yaml *y, struct arena *a, enum node_kind kind,
                             const yaml_mark_t *at, struct yaml_problem *to) {
        struct node *n = arena_zalloc(a, sizeof(*n));

        if (!n)
                return NULL;
        n->kind = kind;
        n->line = (uint32_t)at->line + 1;
        n->column = (uint32_t)at->column + 1;
        if (++y->nodes > NODES_MAX)
                PROBLEM("yaml-too-large", *at, "more than %d nodes in one document: split it",
                        "hơn %d nút trong một tài liệu: hãy chia nhỏ", NODES_MAX);
        return n;
}

static uint32_t take_anchor(struct yaml *y, struct arena *a, const yaml_char_t *name,
                            yaml_mark_t at, struct yaml_problem *to) {
        if (!name)
                return 0;
        if (y->n_anchors == ANCHORS_MAX) {
                PROBLEM("yaml-too-many-anchors", at, "more than %d anchors: write the values out",
                        "hơn %d neo: hãy viết đầy đủ các giá trị", ANCHORS_MAX);
                return 0;
        }
        y->anchors[y->n_anchors++] =
                (struct anchor){.name = arena_dup(a, span_str((const char *)name))};
        return y->n_anchors;
}

static struct node *on_scalar(struct yaml *y, struct arena *a, yaml_event_t *e,
                              struct yaml_problem *to) {
        struct node *n = new_node(y, a, NODE_SCALAR, &e->start_mark, to);
        uint32_t anchor;

        if (!n)
                return NULL;
        n->text = arena_dup(a, span_of((const char *)e->data.scalar.value, e->data.scalar.length));
        n->plain = e->data.scalar.plain_implicit && e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        anchor = take_anchor(y, a, e->data.scalar.anchor, e->start_mark, to);
        if (anchor) {
                y->anchors[anchor - 1].node = n;
                y->anchors[anchor - 1].nodes = 1;
        }
        attach(y, a, n, e->start_mark, 1, 0, to);
        return n;
}

static void on_alias(struct yaml *y, struct arena *a, yaml_event_t *e, struct yaml_problem *to) {
        struct span name = span_str((const char *)e->data.alias.anchor);

        /* The last anchor of a name counts. */
        for (uint32_t i = y->n_anchors; i-- > 0;) {
                struct anchor *k = &y->anchors[i];
                if (!span_eq(k->name, name))
                        continue;
                if (!k->node)
                        break;
                if (y->depth + k->depth > DEPTH_MAX ||
                    k->nodes > NODES_MAX - MIN(y->nodes, NODES_MAX)) {
                        PROBLEM("yaml-too-large", e->start_mark,
                                "the alias *%.*s makes the document too large: write less",
                                "bí danh *%.*s làm tài liệu quá lớn: hãy viết ít hơn", SHOW(name));
                        return;
                }
                struct node *n = new_node(y, a, k->node->kind, &e->start_mark, to);
                if (!n)
                        return;
                n->plain = k->node->plain;
                n->text = k->node->text;
                n->first = k->node->first;
                n->n = k->node->n;
                y->nodes += k->nodes - 1;
                attach(y, a, n, e->start_mark, k->nodes, k->depth, to);
                return;
        }
        PROBLEM("yaml-unknown-alias", e->start_mark, "no anchor &%.*s stands before this alias",
                "không có neo &%.*s nào đứng trước bí danh này", SHOW(name));
}

static struct node *on_start(struct yaml *y, struct arena *a, yaml_event_t *e,
                             struct yaml_problem *to) {
        bool map = e->type == YAML_MAPPING_START_EVENT;
        struct node *n = new_node(y, a, map ? NODE_MAP : NODE_LIST, &e->start_mark, to);
        struct level *l;

        if (!n)
                return NULL;
        if (y->depth == DEPTH_MAX) {
                PROBLEM("yaml-too-deep", e->start_mark, "nested more than %d levels",
                        "lồng nhau hơn %d tầng", DEPTH_MAX);
                return NULL;
        }
        l = &y->stack[y->depth++];
        *l = (struct level){.node = n, .nodes = 1};
        l->anchor = take_anchor(y, a,
                                map ? e->data.mapping_start.anchor : e->data.sequence_start.anchor,
                                e->start_mark, to);
        return n;
}

static void on_end(struct yaml *y, struct arena *a, yaml_event_t *e, struct yaml_problem *to) {
        struct level l = y->stack[--y->depth];
        yaml_mark_t at = {.line = l.node->line - 1, .column = l.node->column - 1};

        if (l.node->kind == NODE_MAP && !y->bad) {
                struct node *twice = find_duplicate(a, l.node);
                if (twice)
                        PROBLEM("yaml-duplicate-key",
                                ((yaml_mark_t){.line = twice->key->line - 1,
                                               .column = twice->key->column - 1}),
                                "the key \"%.*s\" stands twice in this map: only one would count, "
                                "so "
                                "join or rename them",
                                "khóa \"%.*s\" xuất hiện hai lần trong bảng này: chỉ một được "
                                "tính, hãy "
                                "gộp hoặc đổi tên",
                                SHOW(twice->key->text));
        }
        if (l.anchor)
                y->anchors[l.anchor - 1] = (struct anchor){.name = y->anchors[l.anchor - 1].name,
                                                           .node = l.node,
                                                           .nodes = l.nodes,
                                                           .depth = l.below};
        attach(y, a, l.node, at, l.nodes, l.below, to);
}

/* The reader (bytes that are not UTF-8) knows an offset only. */
static yaml_mark_t mark_of(const struct yaml *y) {
        yaml_mark_t m = {0};

        if (y->parser.error != YAML_READER_ERROR)
                return y->parser.problem_mark;
        for (size_t i = 0; i < y->parser.problem_offset && i < y->text.len; i++) {
                m.column++;
                if (y->text.p[i] == '\n') {
                        m.line++;
                        m.column = 0;
                }
        }
        return m;
}

static void syntax_error(struct yaml *y, struct arena *a, struct yaml_problem *to) {
        const char *what = y->parser.problem ? y->parser.problem : "unreadable";

        y->over = true;
        PROBLEM("yaml-syntax", mark_of(y), "not readable as YAML: %s; check indentation and quotes",
                "không đọc được YAML: %s; hãy kiểm tra thụt dòng và dấu nháy", what);
}

static void on_event(struct yaml *y, struct arena *a, yaml_event_t *e, struct node **root,
                     struct yaml_problem *to) {
        bool top = y->depth == 0;
        struct node *n = NULL;

        switch (e->type) {
        case YAML_SCALAR_EVENT: n = on_scalar(y, a, e, to); break;
        case YAML_ALIAS_EVENT: on_alias(y, a, e, to); break;
        case YAML_MAPPING_START_EVENT:
        case YAML_SEQUENCE_START_EVENT: n = on_start(y, a, e, to); break;
        case YAML_MAPPING_END_EVENT:
        case YAML_SEQUENCE_END_EVENT: on_end(y, a, e, to); break;
        default: break;
        }
        if (top && n)
                *root = n;
}

/* Whether to go on. */
static bool count_levels(struct yaml *y, yaml_event_type_t type) {
        if (type == YAML_MAPPING_START_EVENT || type == YAML_SEQUENCE_START_EVENT)
                y->over |= ++y->read > DEPTH_READ;
        else if (type == YAML_MAPPING_END_EVENT || type == YAML_SEQUENCE_END_EVENT)
                y->read--;
        return y->read <= DEPTH_READ;
}

int yaml_next(struct yaml *y, struct arena *a, struct node **ret,
              struct yaml_problem *ret_problem) {
        struct node *root = NULL;
        bool open = false;

        y->depth = y->nodes = y->n_anchors = y->read = 0;
        y->bad = false;
        while (!y->over) {
                yaml_event_t e;
                if (!yaml_parser_parse(&y->parser, &e)) {
                        if (y->parser.error == YAML_MEMORY_ERROR)
                                return FAIL(-ENOMEM);
                        syntax_error(y, a, ret_problem);
                        return a->overflowed ? FAIL(-ENOMEM) : YAML_E_PROBLEM;
                }
                yaml_event_type_t type = e.type;
                if (type == YAML_DOCUMENT_START_EVENT)
                        open = true;
                else if (type == YAML_STREAM_END_EVENT || type == YAML_NO_EVENT)
                        y->over = true;
                else if (open && !y->bad)
                        on_event(y, a, &e, &root, ret_problem);
                yaml_event_delete(&e);
                if (a->overflowed)
                        return FAIL(-ENOMEM);
                if (!count_levels(y, type))
                        return YAML_E_PROBLEM;
                if (type == YAML_DOCUMENT_END_EVENT && open) {
                        if (y->bad)
                                return YAML_E_PROBLEM;
                        assert(root && y->depth == 0); /* I1 */
                        *ret = root;
                        return 1;
                }
        }
        return 0;
}

struct node *node_get(const struct node *map, const char *key) {
        struct span k = span_str(key);

        if (!map || map->kind != NODE_MAP)
                return NULL;
        for (struct node *c = map->first; c; c = c->next)
                if (span_eq(c->key->text, k))
                        return c;
        return NULL;
}

static bool one_of(struct span s, const char *a, const char *b, const char *c) {
        return span_eq(s, span_str(a)) || span_eq(s, span_str(b)) || span_eq(s, span_str(c));
}

static size_t digits(struct span s, size_t i) {
        while (i < s.len && s.p[i] >= '0' && s.p[i] <= '9')
                i++;
        return i;
}

static bool all_of(struct span s, size_t from, const char *set) {
        if (from >= s.len)
                return false;
        for (size_t i = from; i < s.len; i++)
                if (!s.p[i] || !strchr(set, s.p[i]))
                        return false;
        return true;
}

static enum scalar_type number_type(struct span s) {
        size_t i = s.len && (s.p[0] == '-' || s.p[0] == '+'), start = i, end;

        if (i == 0 && s.len > 2 && s.p[0] == '0') {
                if (s.p[1] == 'x' && all_of(s, 2, "0123456789abcdefABCDEF"))
                        return SCALAR_INT;
                if (s.p[1] == 'o' && all_of(s, 2, "01234567"))
                        return SCALAR_INT;
        }
        end = digits(s, i);
        if (end == s.len)
                return end > start ? SCALAR_INT : SCALAR_STRING;
        i = end;
        if (s.p[i] == '.') {
                size_t frac = digits(s, i + 1);
                if (frac == i + 1 && end == start)
                        return SCALAR_STRING;
                i = frac;
        } else if (end == start) {
                return SCALAR_STRING;
        }
        if (i < s.len && (s.p[i] == 'e' || s.p[i] == 'E')) {
                i++;
                if (i < s.len && (s.p[i] == '-' || s.p[i] == '+'))
                        i++;
                if (digits(s, i) == i)
                        return SCALAR_STRING;
                i = digits(s, i);
        }
        return i == s.len ? SCALAR_FLOAT : SCALAR_STRING;
}

enum scalar_type node_type(const struct node *n) {
        if (n->kind != NODE_SCALAR || !n->plain)
                return SCALAR_STRING;
        if (n->text.len == 0 || span_eq(n->text, SPAN("~")) ||
            one_of(n->text, "null", "Null", "NULL"))
                return SCALAR_NULL;
        if (one_of(n->text, "true", "True", "TRUE") || one_of(n->text, "false", "False", "FALSE"))
                return SCALAR_BOOL;
        return number_type(n->text);
}

bool node_bool(const struct node *n) {
        return n->text.len == 4;
}

bool node_number(const struct node *n, double *ret) {
        struct span s = n->text;
        double v = 0;

        if (n->kind != NODE_SCALAR || s.len == 0 || s.len > 64)
                return false;
        switch (number_type(s)) {
        case SCALAR_INT:
                if (s.len > 2 && (s.p[1] == 'o' || s.p[1] == 'x')) {
                        for (size_t i = 2; i < s.len; i++) {
                                int d = (unsigned char)ascii_lower(s.p[i]);
                                v = v * (s.p[1] == 'o' ? 8 : 16) +
                                    (d <= '9' ? d - '0' : d - 'a' + 10);
                        }
                        break;
                }
                __attribute__((fallthrough));
        case SCALAR_FLOAT: v = strtod(s.p, NULL); break;
        default: return false;
        }
        if (v - v != 0) /* 1e999 */
                return false;
        *ret = v;
        return true;
}

/* YAML to a small tree, with the line and column of every node. For rules, placeholder files,
 * log-source maps and regression files. Limits: depth 64, 100,000 nodes a document (what aliases
 * repeat is counted), 1 MiB of text. */
#ifndef RULES_YAMLTREE_H
#define RULES_YAMLTREE_H

#include "base/arena.h"

enum node_kind { NODE_SCALAR, NODE_MAP, NODE_LIST };

/* Children are chained by `next`; those of a map each carry their `key` (a scalar node). */
struct node {
        enum node_kind kind;
        bool plain; /* scalar without quotes and without !!str: may be null, a number … */
        uint32_t line, column; /* from 1 */
        uint32_t n;            /* children */
        struct span text;      /* scalar; terminated with a NUL that len does not count */
        struct node *first, *next, *key;
};

enum scalar_type { SCALAR_STRING, SCALAR_NULL, SCALAR_BOOL, SCALAR_INT, SCALAR_FLOAT };

/* YAML 1.2 core schema: `yes` is a string, `017` is seventeen. */
enum scalar_type node_type(const struct node *n);
/* SCALAR_BOOL only. */
bool node_bool(const struct node *n);
/* Value of an int or float, also when it is quoted. false: not a number. */
bool node_number(const struct node *n, double *ret);
/* The child of a map with this key, or NULL; also when `map` is NULL or no map. */
struct node *node_get(const struct node *map, const char *key);

struct yaml_problem {
        const char *code; /* "yaml-syntax", "yaml-duplicate-key", … */
        uint32_t line, column;
        struct span en, vi; /* in the arena */
};

enum { YAML_E_PROBLEM = 2 };

struct yaml;
/* `text` must stay. -ENOMEM; -EFBIG above 1 MiB. */
int yaml_open(struct yaml **ret, struct span text);
struct yaml *yaml_close(struct yaml *y);
CLEANUP(yaml, yaml_close)

/* The next document into the arena. 1: *ret is its root; 0: the end; YAML_E_PROBLEM: *ret_problem
 * says why this document is no good (call again for the next one: after a syntax error there is
 * none). -ENOMEM. */
int yaml_next(struct yaml *y, struct arena *a, struct node **ret, struct yaml_problem *ret_problem);

#endif

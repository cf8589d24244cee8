/* Inside the parser: what its files share. Not for other rooms, nor for the compiler. */
#ifndef RULES_BUILD_H
#define RULES_BUILD_H

#include "rules/parse.h"
#include "rules/pattern.h"
#include "rules/yamltree.h"
#include "wire/bundle.h"

#define ITEM_VARIANTS_MAX                                                                          \
        4096                 /* values of one item, after windash, base64offset and placeholders */
#define RULE_SIZE_MAX 100000 /* nodes of a rule's expression, written out */
#define REGEX_MAX 8192       /* bytes of a regular expression */
#define DIAGS_PER_DOCUMENT 100
#define CORR_COND_MAX 256 /* steps of a correlation's boolean condition */
#define CORR_DEPTH_MAX 32 /* correlations over correlations */

struct placeholder {
        struct span name;
        struct pattern *values;
        uint32_t n;
};

/* A correlation before its references are resolved. */
struct raw_ref {
        struct span text;
        uint32_t line, column;
};
struct raw_alias {
        struct span alias, ref, field;
        uint32_t line, column;
};
struct raw_corr {
        struct correlation c;
        struct raw_ref *refs;
        uint32_t n_refs;
        struct raw_alias *aliases;
        uint32_t n_aliases;
        struct span cond; /* boolean condition, or empty */
        uint32_t cond_line, cond_column, line, column;
        bool synthetic; /* refs of a converted legacy rule: indexes into rules, not names */
        bool dead, done, open;
        uint32_t depth, index;
};
struct raw_filter {
        struct meta meta;
        struct logsource source;
        struct expr *expr; /* what a rule must satisfy besides: negated already */
        bool any;
        struct raw_ref *refs;
        uint32_t n_refs, line, column;
};

struct parse {
        struct ruleset *set;
        struct arena *a;      /* the set's */
        struct arena scratch; /* nodes of one file */
        struct span file, rule;
        bool refused; /* an error was told about the document at hand */
        uint32_t said;
        uint32_t size; /* of the document's expression so far */
        uint32_t cap_rules;
        struct raw_corr *corrs;
        uint32_t n_corrs, cap_corrs;
        struct raw_filter *filters;
        uint32_t n_filters, cap_filters;
        struct raw_ref *dead; /* ids and names of refused documents */
        uint32_t n_dead, cap_dead;
        struct placeholder *placeholders;
        uint32_t n_placeholders, cap_placeholders;
        bool unmatched_cost;
};

/* Room for one more in an array of the arena, doubled when full. Returns it zeroed, or NULL. */
void *vec_push(struct arena *a, void *array, uint32_t *n, uint32_t *cap, size_t size);

/* Both texts take the same arguments; the Vietnamese one may number them. An error refuses the
 * document at hand. */
void say(struct parse *p, enum diag_severity severity, const char *code, const struct node *at,
         const char *en, const char *vi, ...)
        __attribute__((format(printf, 5, 7), format(printf, 6, 7)));
/* At a place that has no node. */
struct node mark(uint32_t line, uint32_t column);
#define SHOW(s) (int)MIN((s).len, (size_t)120), (s).p ? (s).p : ""

/* Whether two words are so alike that one may be meant for the other: at most two letters wrong, missing, extra. */
bool alike(struct span x, struct span y);

/* expressions: NULL when the arena is used up or an argument is NULL */
struct expr *expr_atom(struct arena *a, struct atom *atom);
struct expr *expr_not(struct arena *a, struct expr *e);
/* Takes the kids as an array of the arena; one kid is returned as it is; AND in AND is joined. */
struct expr *expr_list(struct arena *a, enum expr_kind kind, struct expr **kids, uint32_t n);
struct expr *expr_pair(struct arena *a, enum expr_kind kind, struct expr *x, struct expr *y);

/* modifier.c: one pair of a detection's map, or the value list of a keyword search (key NULL).
 * NULL: refused. */
struct expr *item_parse(struct parse *p, const struct node *key, const struct node *value);
/* A scalar as Sigma sees it: numbers in plain decimal. */
struct span scalar_text(struct parse *p, const struct node *n);

/* condition.c */
struct named {
        struct span name;
        struct expr *expr;
        uint32_t size;
        uint32_t line, column;
        bool used;
};
/* `text` stands in `at` (for columns, +offset). NULL: refused. Marks what it uses. */
struct expr *condition_parse(struct parse *p, struct span text, const struct node *at,
                             uint32_t offset, struct named *names, uint32_t n);

/* parse_detect.c */
/* The named searches of a `detection` or `filter` map, without `condition` and (if given) the keys
 * in `skip`. */
bool searches_parse(struct parse *p, const struct node *map, const char *const *skip,
                    struct named **ret, uint32_t *ret_n);
/* A whole `detection` map to an expression; a legacy aggregation is left to legacy_convert(): then
 * *ret_pipe is the part of the condition after '|'. */
struct detection {
        struct named *names;
        uint32_t n;
        struct expr *expr;
        struct span pipe; /* after '|', trimmed; empty p: none */
        const struct node *pipe_at;
        uint32_t pipe_offset;
        const struct node *timeframe;
};
bool detection_parse(struct parse *p, const struct node *map, const char *const *skip,
                     struct detection *ret);

/* parse_meta.c */
void meta_parse(struct parse *p, const struct node *root, struct meta *ret);
void logsource_parse(struct parse *p, const struct node *map, struct logsource *ret);
/* Strings of a list (or one string), copied. */
void strings_parse(struct parse *p, const struct node *n, const char *what, struct span **ret,
                   uint32_t *ret_n);

/* legacy.c */
/* Expression over leaves (one per reference, told apart by address) to postfix. false: more than
 * `max` steps, or "2 of". */
bool cond_postfix(struct parse *p, const struct expr *e, const struct expr *leaves, uint32_t n,
                  struct corr_cond *to, uint32_t max, uint32_t *len);
bool legacy_convert(struct parse *p, const struct rule *base, struct detection *d);

/* parse_corr.c, parse_filter.c, link.c, placeholder.c */
void correlation_parse(struct parse *p, const struct node *root);
void filter_parse(struct parse *p, const struct node *root);
void link_set(struct parse *p);
void placeholders_parse(struct parse *p, const struct bundle_entry *e);
const struct placeholder *placeholder_find(const struct parse *p, struct span name);

struct rule *rule_add(struct parse *p, const struct rule *r);

#endif

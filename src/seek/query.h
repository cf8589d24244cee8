/* What a person asks of the kept events:
 *
 *     host:dc01 AND CommandLine:*mimikatz* | count by user
 *     "failed password" OR (EventID:4625 NOT user:*$) | timeline 1h
 *     source:proxy* bytes:>1000000 dst:10.0.0.0/8 | top 20 dst
 *     rule:my_rule.yml | fields host, user, CommandLine | sort -host | limit 50
 *
 * Words and phrases are looked for as whole words anywhere in a record; with '*' or '?', as parts.
 * `field:value` is Sigma's comparison with a value (whole value, no case, wildcards); `field:*`: it
 * is there; `field:>=5`, `field:[5 TO 9]`; `field:/regex/`; an address with a prefix length is a
 * network; `field:(a OR b)`. AND binds tighter than OR, two terms side by side are AND, NOT or '-'
 * negates. host, user, source, peer, flag, drill and rule are names of their own (doc/search.md).
 *
 * Pure: text to tree. */
#ifndef SEEK_QUERY_H
#define SEEK_QUERY_H

#include "base/arena.h"
#include "base/buf.h"

#define QUERY_TEXT_MAX 8192u
#define QUERY_LEAVES_MAX 64u
#define QUERY_OPS_MAX 256u
#define QUERY_NAMES_MAX 16u

enum leaf_kind {
        LEAF_WORD,   /* a whole word, anywhere */
        LEAF_PHRASE, /* words in this order with what stands between them, bounded as a word is */
        LEAF_PART,   /* with wildcards, anywhere */
        LEAF_FIELD,  /* for the rule engine: `field`, `modifier`, `text` */
        LEAF_RULE,   /* a file of Sigma rules: any of them */
        LEAF_HOST,
        LEAF_USER,
        LEAF_SOURCE,
        LEAF_PEER,
        LEAF_FLAG,  /* RECORD_* bit in `flag` */
        LEAF_DRILL, /* of any exercise */
};

struct leaf {
        enum leaf_kind kind;
        struct span field;    /* LEAF_FIELD */
        const char *modifier; /* of Sigma: "|re", "|gte" …, or "" */
        struct span text;     /* as Sigma takes it: '*' and '?' are wildcards unless escaped */
        struct span literal;  /* lower-case; stands in every record that matches; empty: none */
        uint32_t flag;
};

enum query_op { QUERY_LEAF, QUERY_AND, QUERY_OR, QUERY_NOT, QUERY_ALL /* everything */ };
struct query_step {
        enum query_op op;
        uint32_t leaf;
};

enum pipe_kind { PIPE_NONE = 0, PIPE_COUNT, PIPE_TOP, PIPE_TIMELINE };
struct query {
        struct arena arena;
        struct leaf leaves[QUERY_LEAVES_MAX];
        uint32_t n_leaves;
        struct query_step steps[QUERY_OPS_MAX]; /* postfix */
        uint32_t n_steps;
        /* Pipes: at most one that gathers; then what to show. */
        enum pipe_kind gather;
        struct span by[QUERY_NAMES_MAX]; /* count by, top */
        uint32_t n_by;
        int64_t step; /* timeline, ns */
        struct span fields[QUERY_NAMES_MAX];
        uint32_t n_fields;
        struct span sort;
        bool descending;
        uint64_t limit; /* UINT64_MAX: none */
};

struct query_problem {
        uint32_t at; /* byte in the text */
        char text[256];
};

enum { QUERY_E_BAD = 1 };

/* 0, QUERY_E_BAD with *ret_problem, -ENOMEM. `text` is copied. */
int query_parse(struct query *ret, struct span text, struct query_problem *ret_problem);
void query_deinit(struct query *q);

/* Three-valued: of each leaf whether it may be true and whether it may be false. Whether the whole
 * may be true (bit 0) and may be false (bit 1). */
enum { MAYBE_TRUE = 1u, MAYBE_FALSE = 2u };
unsigned query_judge(const struct query *q, const uint8_t *leaves);

/* The leaves that are for the engine, as Sigma rules: YAML documents whose ids end in the leaf's
 * number (query_leaf_of). */
void query_rules(const struct query *q, struct buf *yaml);
/* The leaf that a line of these, from 1, is of, for what is wrong with it; NULL: none. */
const struct leaf *query_leaf_of_line(const struct query *q, uint64_t line);
/* The leaf that a rule's id stands for; UINT32_MAX: none (it is of a LEAF_RULE's file). */
uint32_t query_leaf_of(struct span id);

#endif

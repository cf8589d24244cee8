/* Sigma as a tree: what the parser (rules/parse_*.c) makes of YAML, after modifiers, placeholders, `them`, filters and
 * rule collections are resolved, and what the compiler (rules/compile.c) turns into a program. All memory belongs to
 * the rule set's arena. Sigma specification 2.1.0. */
#ifndef RULES_RULE_H
#define RULES_RULE_H

#include "base/arena.h"

/* ---- patterns and atoms ---- */

/* A string value after escapes are resolved: literals and wildcards in turn. "*\\cmd.exe" is ANY, LIT. Two LITs never
 * touch; neither do two ANYs. No piece at all is the empty string. */
enum piece_kind {
        PIECE_LIT,
        PIECE_ANY /* '*': any bytes, none too */,
        PIECE_ONE /* '?': one character */
};
struct piece {
        enum piece_kind kind;
        struct span lit; /* PIECE_LIT; not folded; bytes of any kind (utf16, base64 …) */
};
struct pattern {
        struct piece *pieces;
        uint32_t n;
};

enum atom_op {
        ATOM_STRING =
                0, /* the whole value equals `pat` (contains, startswith, endswith, windash, base64 … became pieces) */
        ATOM_REGEX, /* PCRE2, unanchored search, `regex` and the flags; case-sensitive unless re_i */
        ATOM_CIDR,  /* value is an address inside addr/prefix (IPv4 or IPv6) */
        ATOM_COMPARE,  /* value as a number (or its time's part) against `number` */
        ATOM_NULL,     /* the field is absent or null */
        ATOM_EXISTS,   /* the field is there, whatever its value (null too) */
        ATOM_FIELDREF, /* equals, starts with, ends with or contains the value of `other` */
};

enum compare { CMP_EQ, CMP_LT, CMP_LTE, CMP_GT, CMP_GTE };
enum time_part {
        PART_NONE = 0,
        PART_MINUTE,
        PART_HOUR,
        PART_DAY,
        PART_WEEK,
        PART_MONTH,
        PART_YEAR
};
enum ref_mode { REF_EQ, REF_STARTS, REF_ENDS, REF_CONTAINS };

struct atom {
        struct span
                field; /* as the rule writes it, spaces stripped; empty p: keyword, looked for in the whole record */
        enum atom_op op;
        bool cased;  /* ATOM_STRING, ATOM_FIELDREF: case matters (|cased); else Unicode folding */
        bool number; /* ATOM_STRING: YAML gave a plain integer; same matching, kept for messages */
        struct pattern
                pat; /* ATOM_STRING; a keyword's is wrapped in ANY already, so it too matches the whole */
        struct span regex; /* ATOM_REGEX */
        bool re_i, re_m, re_s;
        uint8_t addr[16];    /* ATOM_CIDR; IPv4 in the first four */
        uint8_t addr_len;    /* 4 or 16 */
        uint8_t prefix;      /* bits */
        enum compare cmp;    /* ATOM_COMPARE */
        enum time_part part; /* ATOM_COMPARE: of the value as a time, UTC */
        double value;        /* ATOM_COMPARE */
        struct span other;   /* ATOM_FIELDREF */
        enum ref_mode ref;
        uint32_t line, column; /* where its value stands, from 1 */
};

enum expr_kind {
        EXPR_TRUE,
        EXPR_FALSE,
        EXPR_ATOM,
        EXPR_AND,
        EXPR_OR,
        EXPR_NOT,
        EXPR_AT_LEAST /* `min` of the kids */
};
struct expr {
        enum expr_kind kind;
        uint32_t n, min;
        struct expr **kids;
        struct atom *atom;
};

/* ---- rules ---- */

enum level {
        LEVEL_NONE = 0,
        LEVEL_INFORMATIONAL,
        LEVEL_LOW,
        LEVEL_MEDIUM,
        LEVEL_HIGH,
        LEVEL_CRITICAL
};
enum status {
        STATUS_NONE = 0,
        STATUS_STABLE,
        STATUS_TEST,
        STATUS_EXPERIMENTAL,
        STATUS_DEPRECATED,
        STATUS_UNSUPPORTED
};

struct logsource {
        struct span category, product, service, definition; /* lower-cased, empty when absent */
};

/* Where an attribute's value stands, for messages. */
enum meta_at {
        AT_ID,
        AT_TITLE,
        AT_DESCRIPTION,
        AT_STATUS,
        AT_LEVEL,
        AT_DATE,
        AT_MODIFIED,
        AT_TAGS,
        AT_REFERENCES,
        AT_AUTHOR,
        AT_LOGSOURCE,
        AT_FALSEPOSITIVES,
        AT_N
};

/* What rules, correlations and filters have in common. Empty spans when absent. */
struct meta {
        struct span id, name, title, title_vi, description, description_vi, author, date, modified,
                license, taxonomy;
        enum level level;
        enum status status;
        struct span *tags;
        uint32_t n_tags;
        struct span *references;
        uint32_t n_references;
        struct span *falsepositives;
        uint32_t n_falsepositives;
        struct span *fields; /* the `fields` attribute: worth showing */
        uint32_t n_fields;
        struct span file;
        uint32_t line; /* of the document in the file */
        struct {
                uint32_t line, column;
        } at[AT_N]; /* 0: absent */
};

struct rule {
        struct meta meta;
        struct logsource source;
        struct expr *expr; /* conditions of a list are OR-ed */
        bool indicator;    /* made for a feed of indicators: never by its condition */
        bool report; /* false: only correlations use it (they name it and say generate: false) */
        struct span *
                wanted; /* fields that correlations need from a hit, after aliases: for the program */
        uint32_t n_wanted;
};

enum corr_type {
        CORR_EVENT_COUNT,
        CORR_VALUE_COUNT,
        CORR_TEMPORAL,
        CORR_TEMPORAL_ORDERED,
        CORR_VALUE_SUM,
        CORR_VALUE_AVG,
        CORR_VALUE_PERCENTILE,
        CORR_VALUE_MEDIAN,
};

/* One comparison of a correlation's condition; all of them must hold (gte: 3 and lt: 10). */
struct corr_bound {
        enum { BOUND_GT, BOUND_GTE, BOUND_LT, BOUND_LTE, BOUND_EQ, BOUND_NEQ } op;
        double value;
};

/* Boolean condition over the referenced rules (temporal with an expression): postfix over refs. */
enum corr_cond_op { COND_REF, COND_AND, COND_OR, COND_NOT };
struct corr_cond {
        enum corr_cond_op op;
        uint32_t ref; /* COND_REF: index in refs */
};

struct corr_ref {
        bool is_correlation; /* chaining */
        uint32_t index;      /* in rules or in correlations */
};

/* For one referenced rule, the field of that rule that stands for a group-by alias. */
struct corr_alias {
        struct span alias; /* name used in group_by (or field) */
        uint32_t ref;      /* index in refs */
        struct span field;
};

struct correlation {
        struct meta meta;
        enum corr_type type;
        struct corr_ref *refs;
        uint32_t n_refs;
        struct span *group_by;
        uint32_t n_group_by;
        struct corr_alias *aliases;
        uint32_t n_aliases;
        int64_t timespan; /* ns */
        struct corr_bound *bounds;
        uint32_t n_bounds;
        struct corr_cond *cond; /* temporal with an expression; else NULL: all refs must occur */
        uint32_t n_cond;
        struct span *fields; /* value_*: counted or measured field(s) */
        uint32_t n_fields;
        double percentile;
        bool generate; /* referenced rules report by themselves too */
        bool report;   /* false: only a chained correlation uses it */
};

/* ---- what the parser says ---- */

enum diag_severity { DIAG_ERROR, DIAG_WARNING, DIAG_HINT };
struct diag {
        enum diag_severity severity;
        const char *code; /* stable, for JSON and tests: "unknown-modifier" */
        struct span file;
        uint32_t line, column; /* from 1; 0: whole file */
        struct span rule;      /* id or title, may be empty */
        struct span en, vi;    /* what is wrong and what to do */
};

struct ruleset {
        struct arena arena;
        struct rule *rules;
        uint32_t n_rules;
        struct correlation *correlations;
        uint32_t n_correlations;
        struct diag *diags;
        uint32_t n_diags;
        uint32_t n_documents; /* YAML documents that are to be rules, correlations or filters */
        uint32_t n_refused;   /* rules left out because of an error: each has a diag */
        uint32_t n_filters;
        struct span intel; /* intel/table.h; p NULL: no indicators */
};

#endif

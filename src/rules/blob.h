/* The program's bytes: what rules/compile.c writes, rules/program.c checks and the matcher walks.
 * Native byte order (it never leaves the machine), offsets from the start, every record 4-byte
 * aligned (KEY2 and ATOM 8-byte aligned).
 *
 *     header | sections, one after the other, each an array of the records below
 *
 * A string is (offset in the STR section, length). A range is (first record, count) in the section
 * its comment names. */
#ifndef RULES_BLOB_H
#define RULES_BLOB_H

#include "intel/look.h"
#include "rules/source.h"

#define BLOB_MAGIC UINT64_C(0x31676f7270616c43)
#define BLOB_VERSION 2u
#define BLOB_DEPTH_MAX 128u /* of an expression: its evaluation is recursive */

enum blob_section {
        SEC_STR = 0, /* bytes */
        SEC_STRS,    /* b_str */
        SEC_PIECE,
        SEC_ATOM,
        SEC_WORD, /* uint32_t: expressions */
        SEC_RULE,
        SEC_SOURCE,
        SEC_ALT,
        SEC_VALUE,
        SEC_COND,
        SEC_KEY2, /* int64_t */
        SEC_RENAME,
        SEC_CONST,
        SEC_ALIAS,
        SEC_PREFIX,
        SEC_TEST,
        SEC_K1NAME,
        SEC_CORR,
        SEC_SPEC, /* bytes: rules/corr_spec.h */
        SEC_FIELD,
        SEC_INTEL, /* bytes: intel/table.h; empty: no indicators */
        SEC_MAX,
};

struct b_str {
        uint32_t off, len;
};

struct b_range {
        uint32_t first, n;
};

struct b_header {
        uint64_t magic;
        uint32_t version, len;
        struct {
                uint32_t off, n; /* n: records */
        } sec[SEC_MAX];
};

struct b_piece {
        uint32_t kind;
        struct b_str lit; /* folded, unless the atom is cased */
};

struct b_atom {
        double value;
        struct b_str field; /* canonical; empty: keyword */
        struct b_str regex, other;
        struct b_range pieces; /* SEC_PIECE */
        uint8_t op, cased, re_i, re_m, re_s, cmp, part, ref;
        uint8_t addr[16];
        uint8_t addr_len, prefix, pad[6];
};

/* Expression: words in postfix order. Word = code << 28 | argument; AT_LEAST is followed by a word
 * with the minimum. */
enum {
        WORD_TRUE = 0,
        WORD_FALSE,
        WORD_ATOM, /* argument: atom */
        WORD_AND,  /* argument: number of kids, ≥ 1 */
        WORD_OR,
        WORD_NOT,
        WORD_AT_LEAST,
};
#define WORD_ARG 0x0fffffffu

enum { RULE_REPORT = 1, RULE_CORRELATE = 2, RULE_UNMAPPED = 4, RULE_INDICATOR = 8 };

struct b_rule {
        struct b_str id, title, title_vi, description, description_vi, file;
        struct b_range tags;   /* SEC_STRS */
        struct b_range expr;   /* SEC_WORD; empty for correlations */
        struct b_range wanted; /* SEC_STRS, canonical */
        uint32_t source;       /* SEC_SOURCE; UINT32_MAX: none (correlations) */
        uint8_t level, status, flags, pad;
};

struct b_source {
        struct b_str name;   /* product/category/service */
        struct b_range alts; /* SEC_ALT */
};

#define B_INSIDE 2u
struct b_value {
        struct b_str text;
        uint32_t prefix; /* 0: equal; 1: begins with it; B_INSIDE: has it somewhere (conditions) */
};

struct b_cond {
        struct b_str field;
        struct b_range values; /* SEC_VALUE */
        uint32_t absent;
};

struct b_rename {
        struct b_str field;
        struct b_range to; /* SEC_STRS */
};

struct b_const {
        struct b_str field, value;
};

struct b_alt {
        uint32_t kind;
        struct b_range key1;    /* SEC_VALUE */
        struct b_range key2;    /* SEC_KEY2 */
        struct b_range conds;   /* SEC_COND */
        struct b_range renames; /* SEC_RENAME */
        struct b_range consts;  /* SEC_CONST */
};

struct b_alias {
        struct b_str from, to;
};

struct b_prefix {
        struct b_str text;
        uint32_t any_next;
};

struct b_test {
        uint32_t kind;
        struct b_range has;   /* SEC_STRS */
        struct b_range conds; /* SEC_COND */
        struct b_range key1;  /* SEC_STRS */
        struct b_str key1_is; /* not empty: key1 is this text */
        struct b_str key2;
};

struct b_k1name {
        uint32_t kind;
        struct b_str from, to;
};

/* Events' fields of that name are looked up among the indicators. */
struct b_field {
        /* Canonical, no blanks, lower case; the others may be empty (struct indicator_field). */
        struct b_str name, beside, at, then;
        uint32_t holds; /* enum intel_field */
};

/* ---- reading, for the matcher: everything was checked by program_open() ---- */

struct program {
        const char *base;
        size_t len;
        const struct b_header *h;
        const char *str;
        const struct b_str *strs;
        const struct b_piece *pieces;
        const struct b_atom *atoms;
        const uint32_t *words;
        const struct b_rule *rules;
        const struct b_source *sources;
        const struct b_alt *alts;
        const struct b_value *values;
        const struct b_cond *conds;
        const int64_t *key2;
        const struct b_rename *renames;
        const struct b_const *consts;
        const struct b_alias *aliases;
        const struct b_prefix *prefixes;
        const struct b_test *tests;
        const struct b_k1name *k1names;
        const struct b_rule *corrs;
        struct span spec;
        const struct b_field *fields;
        struct span intel_bytes;
        struct intel_table intel; /* n 0: none */
        uint32_t n[SEC_MAX];
};

static inline struct span blob_str(const struct program *g, struct b_str s) {
        return span_of(g->str + s.off, s.len);
}

#endif

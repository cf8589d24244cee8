/* Sigma strings: escapes and wildcards to pieces, and what the value modifiers make of them. */
#ifndef RULES_PATTERN_H
#define RULES_PATTERN_H

#include "rules/rule.h"

/* Only between parsing and |expand: a placeholder; `lit` is its name. Never in a finished rule. */
#define PIECE_PLACEHOLDER ((enum piece_kind)3)

/* All take memory from the arena and return false when its budget is used up (or as said). Results
 * may share literals with what they were made from. */

/* Rules specification, "String Wildcard" and "Escaping". With `placeholders`, %name% becomes
 * PIECE_PLACEHOLDER and \% a plain percent sign ("Placeholders"). */
bool pattern_parse(struct arena *a, struct span text, bool placeholders, struct pattern *ret);
/* One literal, no escapes. */
bool pattern_literal(struct arena *a, struct span text, struct pattern *ret);
/* '*' before and after, unless it is there. */
bool pattern_wrap(struct arena *a, const struct pattern *p, bool before, bool after,
                  struct pattern *ret);
/* Pieces of x, then of y, in normal form. */
bool pattern_concat(struct arena *a, const struct pattern *x, const struct pattern *y,
                    struct pattern *ret);

static inline bool pattern_is_literal(const struct pattern *p) {
        return p->n == 0 || (p->n == 1 && p->pieces[0].kind == PIECE_LIT);
}
static inline struct span pattern_text(const struct pattern *p) {
        return p->n ? p->pieces[0].lit : SPAN("");
}
bool pattern_has_placeholder(const struct pattern *p);

/* |windash: how many variants, and the nth. A dash counts where a flag can begin: not after a
 * letter, digit or '_'. */
#define WINDASH_MAX 5
uint32_t pattern_windash_count(const struct pattern *p); /* UINT32_MAX: more than 5 dashes */
bool pattern_windash(struct arena *a, const struct pattern *p, uint32_t nth, struct pattern *ret);

enum utf16 { UTF16_LE, UTF16_BE, UTF16_BOM };
/* Literals to UTF-16; wildcards stay. Bytes that are not UTF-8 become U+FFFD. */
bool pattern_utf16(struct arena *a, const struct pattern *p, enum utf16 how, struct pattern *ret);
/* The pattern must be literal. */
bool pattern_base64(struct arena *a, const struct pattern *p, struct pattern *ret);
/* For offset 0, 1, 2: what of the encoded value does not depend on its neighbours. Empty when
 * nothing is left. */
bool pattern_base64offset(struct arena *a, const struct pattern *p, unsigned offset,
                          struct pattern *ret);

/* As a regular expression (for placeholders inside |re); not anchored. */
bool pattern_regex(struct arena *a, const struct pattern *p, struct span *ret);

#endif

/* What is in a rule set, for people and programs. All append to `out`; 0 or -ENOMEM. Texts are in
 * the language chosen (base/lang.h) and safe for a terminal. */
#ifndef RULES_LISTING_H
#define RULES_LISTING_H

#include "base/buf.h"
#include "rules/rule.h"

struct listing_filter {
        enum level min_level;
        struct span status; /* by name; empty: any */
        struct span tag;    /* prefix: "attack.t1059" */
        struct span product, category,
                service;  /* equal; a correlation matches if one of its rules does */
        struct span text; /* in title, description or id, whatever the case */
};

/* A line per rule: level, title, log source, id, file. Rules that only correlations use are left
 * out. */
int listing_text(struct buf *out, const struct ruleset *s, const struct listing_filter *f);
/* An array of objects. */
int listing_json(struct buf *out, const struct ruleset *s, const struct listing_filter *f);
/* ATT&CK techniques, how many rules each has, and of which levels. */
int listing_coverage(struct buf *out, const struct ruleset *s, const struct listing_filter *f);
/* The same as an ATT&CK Navigator layer (format 4.5): score is the number of rules. */
int listing_navigator(struct buf *out, const struct ruleset *s, const struct listing_filter *f);

/* "FILE:LINE:COLUMN: severity: text [code]", by file in the order read, by line within. */
int diags_text(struct buf *out, const struct ruleset *s);
/* An array of objects: severity, code, file, line, column, rule, message, and both languages. */
int diags_json(struct buf *out, const struct ruleset *s);

#endif

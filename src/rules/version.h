/* What tells one text of a rule from another: a hash over what it means. Verdicts bear it, so that
 * nobody has to guess later which wording of a rule said something. */
#ifndef RULES_VERSION_H
#define RULES_VERSION_H

#include "rules/program.h"

#define RULE_VERSION_BYTES 16u

/* Of rule i: log source, level, titles, and its condition with every value; the same in every program
 * that holds the same rule, wherever in it. Zeroes when i is out of range. */
void rule_version(const struct program *g, uint32_t i, unsigned char ret[RULE_VERSION_BYTES]);
/* Of correlation i, whose specification is `c`. */
void correlation_version(const struct program *g, uint32_t i, const struct correlation *c,
                         unsigned char ret[RULE_VERSION_BYTES]);

#endif

/* The linter behind `coloa rules check`: what a rule may do and still had better not. */
#ifndef RULES_LINT_H
#define RULES_LINT_H

#include "rules/rule.h"

/* Adds diags to a parsed set. Those of severity error are breaches of the specification that the
 * parser lets pass, so that a hunt still uses the rule. -ENOMEM. */
int lint_ruleset(struct ruleset *set);

/* Inside (`shown`: it reports, so people see its title): lint_meta.c looks at what documents say
 * about themselves, lint.c at what they detect. */
void lint_meta(struct ruleset *set, const struct meta *m, bool correlation, bool shown);

#endif

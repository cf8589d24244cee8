/* Sigma YAML to a rule set. */
#ifndef RULES_PARSE_H
#define RULES_PARSE_H

#include "rules/rule.h"

/* `bundle` (wire/bundle.h) holds rule files, log-source maps and placeholder files. Every document that is a rule,
 * correlation or filter ends up in the set or in a diag of severity error: nothing is left out silently. A rule that
 * needs a placeholder nobody defines is refused with the code "placeholder-undefined".
 * -EBADMSG: not a bundle; -ENOMEM. Broken rules are not an error of the call. `bundle` must stay as long as the set. */
int ruleset_parse(struct ruleset *ret, struct span bundle);
void ruleset_deinit(struct ruleset *s);

/* Adds a diag: severity, code, file, line, column and rule from `d`, both texts from the formats (which take the same
 * arguments). For what reads the set after the parser. */
void ruleset_diag(struct ruleset *s, const struct diag *d, const char *en, const char *vi, ...)
        __attribute__((format(printf, 3, 5), format(printf, 4, 5)));

#endif

/* `coloa rules import`: a rule set from elsewhere into a directory of ours, validated first, all or
 * nothing. */
#ifndef MAIN_RULES_IMPORT_H
#define MAIN_RULES_IMPORT_H

#include "main/rulebook.h"

/* `from`: a zip or a directory; `to`: the directory to replace (made when absent; what was there is
 * kept beside it as TO.previous). Exit status. */
int rules_import(struct rulebook_options *o, const char *from, const char *to, bool skip_refused);

#endif

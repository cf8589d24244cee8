/* `coloa rules test`: regression data laid out as SigmaHQ's. */
#ifndef MAIN_RULES_TEST_H
#define MAIN_RULES_TEST_H

#include "main/rulebook.h"

/* Runs every test that an info.yml below `dir` names, all in one hunt, and prints what differs.
 * Exit status. */
int rules_test(struct rulebook_options *o, const char *dir);

#endif

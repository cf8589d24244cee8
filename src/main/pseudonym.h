/* Names of people, addresses of clients and paths as they are shown outside an incident: "u-3fa2". */
#ifndef MAIN_PSEUDONYM_H
#define MAIN_PSEUDONYM_H

#include "base/arena.h"
#include "main/ledger.h"
#include "scan/names.h"

struct pseudonyms;

/* With a key of the vault that holds for this day, or, where there is no key (a copy), one of this call's
 * own. */
int pseudonyms_new(struct pseudonyms **ret, const struct place *p, int landlock);
struct pseudonyms *pseudonyms_free(struct pseudonyms *p);
CLEANUP(pseudonyms, pseudonyms_free)

/* What a field of this name names: 'u' a person, 'a' an address, 'p' a path, 0 none of them. */
char pseudonym_kind(struct span name);
/* The value as it is counted: 16 digits; or, when the name names nobody, with personal data masked, and what
 * is known of its record (NULL: nothing). */
struct span pseudonym_full(struct pseudonyms *p, struct span name, struct span value,
                           const struct names *known, struct arena *a);
/* The same as it is shown: four digits, or so many that no other shown has the same. */
struct span pseudonym_shown(struct pseudonyms *p, struct span full, struct arena *a);

#endif

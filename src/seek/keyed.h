/* Whether a query comes down to one person: by a field that names people, or by words that are an account's name.
 * Such a search needs an incident (doc/search.md, "Names of people"). Pure. */
#ifndef SEEK_KEYED_H
#define SEEK_KEYED_H

#include "seek/query.h"

/* The part of the query that says whom, as it stands there: a value of a field that names people, or sorting by
 * a name. SPAN_NONE: none does. */
struct span keyed_part(const struct query *q);
/* Values of other terms that could be an account's name: the i-th; SPAN_NONE: there are no more. */
struct span keyed_word(const struct query *q, uint32_t i);
/* Whether an event that names this account may have been found by the account's name. */
bool keyed_by(const struct query *q, struct span account);

#endif

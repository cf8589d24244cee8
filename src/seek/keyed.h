/* Whether a query comes down to one person: by a field that names people, or by words that are an account's name.
 * Such a search needs an incident (doc/search.md, "Names of people"). Pure; runs on hostile bytes in a sandbox. */
#ifndef SEEK_KEYED_H
#define SEEK_KEYED_H

#include "scan/names.h"
#include "seek/query.h"
#include "wire/finding.h"

/* The part of the query that says whom, as it stands there: a value of a field that names people, or sorting by
 * a name. SPAN_NONE: none does. */
struct span keyed_part(const struct query *q);
/* Values of other terms that could be an account's name: the i-th; SPAN_NONE: there are no more. */
struct span keyed_word(const struct query *q, uint32_t i);

/* A bit for each term that leaves events out by their words: seekers let those through (sieve_relax()), and
 * keyed_shows() decides by what is shown. */
uint64_t keyed_relaxed(const struct query *q);

/* Expressions: where an event names somebody they are judged by what is shown alone (sieve_open()), as one could be
 * written that holds for what is shown of everybody and, as it is, for one. */
uint64_t keyed_open(const struct query *q);

/* Judges events as their reader sees them. `q` must outlive it. 0 or -ENOMEM. */
struct keyed;
int keyed_new(struct keyed **ret, const struct query *q);
struct keyed *keyed_free(struct keyed *k);
CLEANUP(keyed, keyed_free)
/* Some term is over text: else people are not looked at. */
bool keyed_reads(const struct keyed *k);
/* Whether the query still means the event when `people` are replaced in it. f->line says which terms hold for the
 * event as it is. */
bool keyed_shows(struct keyed *k, const struct finding *f, const struct names *people);

#endif

/* Many patterns, one value: which of the atoms that rules trigger on does a field's value have? */
#ifndef RULES_TABLE_H
#define RULES_TABLE_H

#include "rules/atom.h"

struct table;

/* How often 4-byte sequences occur in values, hashed: what makes a good rare one. */
#define GRAM_BITS 16
struct gram_count {
        uint16_t n[1u << GRAM_BITS];
};
void gram_learn(struct gram_count *c, struct span folded);

/* Roughly how likely it is that a value has what the atom asks for: before anything was measured.
 * And what trying it costs a table per value, in the same unit. */
float atom_guess(const struct catom *c, float *ret_cost);
/* Whether a table can find it: everything but null, exists and references. */
bool table_takes(const struct catom *c);

struct table_item {
        const struct catom *atom;
        uint32_t id;
};

enum table_use {
        TABLE_VALUES,
        TABLE_WITHIN, /* for keywords: found anywhere in the value */
        TABLE_BRIEF,  /* for few values: made fast rather than fast */
};
/* In the arena; NULL when that is used up. */
struct table *table_new(struct arena *a, const struct table_item *items, uint32_t n,
                        const struct gram_count *grams, enum table_use use);
/* Ids of the items that the value has, each once, in `to` (room for n items). */
uint32_t table_run(const struct table *t, struct atoms *a, const struct value *v, uint32_t *to);
/* As long as one of these does nothing but look a few hashes up, remembering values is not worth
 * it. */
bool table_is_cheap(const struct table *t);

#endif

/* What the parser of exceptions and their matcher share. */
#ifndef RULES_EXCEPTIONS_IMPL_H
#define RULES_EXCEPTIONS_IMPL_H

#include "rules/atom.h"
#include "rules/exceptions.h"

struct compiled {
        const struct atom *atom;
        struct catom c; /* ATOM_REGEX, ATOM_CIDR, ATOM_COMPARE */
        struct b_atom b;
};

struct entry {
        struct exception x;
        struct span *ids, *tags;
        uint32_t n_ids, n_tags;
        bool any;
        struct expr *expr; /* NULL: whatever the event */
};

struct exceptions {
        struct ruleset set; /* its arena holds everything */
        struct entry *list;
        uint32_t n;
        struct compiled *atoms; /* sorted by address of the atom */
        uint32_t n_atoms;
        struct atoms tools; /* match data and limits for atom_test() */
        struct arena scratch;
};

/* exception_match.c: atoms made ready to run; literals folded. */
int exceptions_prepare(struct exceptions *x);
void exceptions_discard(struct exceptions *x);

#endif

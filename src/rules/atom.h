/* One atom of the program, ready to be tried on one value. */
#ifndef RULES_ATOM_H
#define RULES_ATOM_H

#include "rules/text.h"

struct pcre2_real_code_8;
struct pcre2_real_match_data_8;

/* One value of an event, in the forms that atoms look at. */
struct value {
        struct span text; /* value_text() */
        struct span fold; /* text_fold() of it, TEXT_PADDING readable bytes behind */
        bool ascii;
};

struct catom {
        const struct b_atom *b;
        struct textpat pat; /* ATOM_STRING */
        struct pcre2_real_code_8
                *re;        /* ATOM_REGEX; NULL: it does not compile, so it never matches */
        struct span need;   /* folded text that a match cannot be without; may be empty */
        struct span *chain; /* [n_chain] regex_chain(); n_chain 0: it is no chain */
        uint32_t n_chain;
};

struct atoms {
        const struct program *g;
        struct catom *atom; /* [n of SEC_ATOM] */
        struct arena arena;
        struct pcre2_real_match_data_8 *match_data;
        struct pcre2_real_match_context_8 *match_context;
        uint64_t regex_limits; /* how often a match was given up */
};

int atoms_init(struct atoms *a, const struct program *g);
void atoms_deinit(struct atoms *a);

/* Whether the (non-null) value has what the atom asks for. Not for ATOM_NULL, ATOM_EXISTS,
 * ATOM_FIELDREF. */
bool atom_test(struct atoms *a, const struct catom *c, const struct value *v);
/* The same for keywords: somewhere in the text. */
bool atom_within(struct atoms *a, const struct catom *c, const struct value *v);
/* ATOM_FIELDREF on two values. */
bool atom_refers(const struct catom *c, const struct value *v, const struct value *other);

/* The longest literal that each match of the regex must contain (unfolded), written to `to` (room
 * for re.len bytes). Returns its length; 0: none found. Conservative. */
size_t regex_need(char *to, struct span re);

/* The literals that the regex asks for, one after the other with anything but line breaks between:
 * their number, 0 if it asks for something else (regex_chain.c). Not for expressions that ignore
 * case. */
uint32_t regex_chain(struct arena *a, struct span re, struct span **ret);
enum chain_answer { CHAIN_NO, CHAIN_YES, CHAIN_MAYBE };
enum chain_answer regex_chain_look(const struct span *list, uint32_t n, const struct value *v);

#endif

/* Making a bucket: what rules/bucket.c and rules/sketch.c share. */
#ifndef RULES_BUILDER_H
#define RULES_BUILDER_H

#include "rules/engine.h"

struct builder {
        struct matcher *m;
        const struct program *g;
        struct bucket *b;
        const struct b_alt *alt; /* of the instance at hand */
        struct arena *tmp;       /* the matcher's: its pages serve bucket after bucket */
        uint32_t build;          /* its number: what bears another is of an earlier one */
        bool failed;
};

/* What the name (of an atom's field) stands for under x->alt. */
const struct target *builder_target(struct builder *x, uint32_t name, const struct b_str *field);
/* Of an atom with a field, no reference. 1 or 0: it is decided here; -1: look into the slots. */
int builder_atom(struct builder *x, uint32_t index, const struct target **ret);
/* Makes the slots of an atom that refers to another field. */
void builder_reference(struct builder *x, uint32_t index);
/* The leaf's number, made if it is not there. */
uint32_t builder_leaf(struct builder *x, enum leaf_kind kind, uint32_t slot, uint32_t other,
                      uint32_t index);
/* The slot of a condition of the maps; NONE32: nobody knows the field. */
uint32_t builder_cond_slot(struct builder *x, uint32_t cond);
/* Adds the condition of the rule under x->alt. Its root; NONE32: it is never met, or x->failed. */
uint32_t builder_condition(struct builder *x, uint32_t rule);

/* sketch.c: what wakes the bucket's instances, and nothing else of them. */
void bucket_sketch(struct builder *x, struct plan *ret);

#endif

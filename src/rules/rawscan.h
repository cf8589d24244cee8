/* Keywords in raw records: which strings may stand in any value of an event? */
#ifndef RULES_RAWSCAN_H
#define RULES_RAWSCAN_H

#include "base/arena.h"

/* A filter over raw bytes: literals that a record must hold, as they stand in it, before a keyword
 * is worth a look. */
struct rawscan;

/* How the bytes stand in the record. */
enum raw_form {
        RAW_BYTES, /* UTF-8, JSON's escapes included */
        RAW_UTF16, /* UTF-16LE */
};

#define RAWSCAN_MIN 3u    /* shortest literal */
#define RAWSCAN_MAX 4096u /* most literals */

/* How often three letters stand together, hashed. */
struct tri_count {
        uint32_t n[1u << 16];
};
void tri_learn(struct tri_count *c, struct span text); /* any case */

/* Literals are lower-case ASCII; found whatever the case is. In the arena; NULL when that is used
 * up. */
struct rawscan *rawscan_new(struct arena *a, const struct span *lits, uint32_t n,
                            const struct tri_count *common);
/* Sets bit i of `found` ((n + 63) / 64 words, cleared by the caller) for each literal there is.
 * True: something in the bytes may hide a literal (an escaped letter, a letter that folds into
 * ASCII), so that all must be looked at. `padded`: RAWSCAN_PADDING bytes behind may be read. */
#define RAWSCAN_PADDING 192u
bool rawscan_run(const struct rawscan *r, struct span bytes, enum raw_form form, bool padded,
                 uint64_t *found);

/* The longest part of a folded literal that looks the same in JSON and out of it: letters, digits
 * and some marks. */
struct span rawscan_part(struct span folded);

#endif

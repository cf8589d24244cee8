/* Text as rules compare it: folding, finding, and patterns with wildcards. */
#ifndef RULES_TEXT_H
#define RULES_TEXT_H

#include "base/arena.h"
#include "rules/blob.h"

/* Readable bytes behind every folded text: finders load whole vectors. */
#define TEXT_PADDING 192u
/* Room that text_fold() needs for n bytes. */
#define TEXT_ROOM(n) ((n) + (n) / 2 + TEXT_PADDING + 16)

/* Simple case folding of s into `to`. Returns the length. *ret_ascii: s had no byte above 0x7f. */
size_t text_fold(char *to, struct span s, bool *ret_ascii);

/* The first occurrence, or NULL. lit.len > 0. The haystack has no padding. */
const char *text_find(struct span hay, struct span lit);

enum pattern_form { PAT_EMPTY, PAT_ANY, PAT_EXACT, PAT_PREFIX, PAT_SUFFIX, PAT_CONTAINS, PAT_GLOB };

/* A string pattern of the program, ready to run. */
struct textpat {
        uint8_t form;
        uint8_t any_first, any_last; /* PAT_GLOB: begins, ends with '*' */
        uint32_t n;                  /* PAT_GLOB: pieces */
        const struct b_piece *pieces;
        struct span lit; /* the literal of the simple forms; of PAT_GLOB the longest one (may be
                            empty) */
};

void textpat_init(struct textpat *t, const struct program *g, const struct b_atom *a);
/* `text` folded, unless the atom is cased. The whole text. */
bool textpat_match(const struct textpat *t, const char *str, struct span text);
/* Somewhere in the text (keywords). */
bool textpat_within(const struct textpat *t, const char *str, struct span text);

/* Length of the character at p (a well-formed code point or one byte), len > 0. */
unsigned text_char(const char *p, size_t len);

#endif

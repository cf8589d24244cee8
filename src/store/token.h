/* Tokens: the words by which blocks are skipped. A token is a longest run of ASCII letters, digits
 * and '_' of at least two bytes, whatever its case; an IPv4 address is one more, as a whole. A block
 * whose filter does not hold a token's hash has no record with that token as a whole word, neither
 * in the bytes as received nor behind JSON's escapes ("\n", "\u00e9"). What only further decoding
 * makes (hex of auditd, %41 of URLs, UTF-16 of EVTX) is not known by its tokens: searches for decoded
 * values of those formats do not use filters, and EVTX frames are FRAME_UNFILTERED. */
#ifndef STORE_TOKEN_H
#define STORE_TOKEN_H

#include "base/base.h"

#define TOKENS_MAX 32768u /* of one set; beyond, it says `overflowed` */

/* Of a whole token as given: its case does not matter. */
uint32_t token_hash(struct span token);
/* The next whole token of `text` from *at on, for a query: false when there is none. A piece that
 * touches the text's beginning or end is only a whole word if the caller's search is for words:
 * *ret_edge is then set. */
bool token_next(struct span text, size_t *at, struct span *ret, bool *ret_edge);

/* The distinct hashes of some records. */
struct token_set;
struct token_set *token_set_new(void);
struct token_set *token_set_free(struct token_set *s);
CLEANUP(token_set, token_set_free)
void token_set_reset(struct token_set *s);
/* At least 32 readable bytes must precede the end of `text`'s memory: SLOT_PADDING does. */
void token_set_add(struct token_set *s, struct span text);
/* Hashes in order of arrival. *ret_all: take it as holding every token. */
const uint32_t *token_set_get(const struct token_set *s, uint32_t *ret_n, bool *ret_all);

#endif

/* A block's token filter: a Bloom filter of 64-byte lines, five bits of one line per token, twelve
 * bits of room per token: about one in 200 tokens that a block does not have seems to be there.
 * Stored as its lines and nothing else; no lines at all: everything may be there. */
#ifndef STORE_FILTER_H
#define STORE_FILTER_H

#include "base/base.h"

#define FILTER_LINE 64u
#define FILTER_LINES_MAX 4096u /* 256 KiB */

/* Bytes for `n` distinct tokens. */
size_t filter_size(size_t n);
/* `to` has filter_size() bytes, zeroed. */
void filter_add(void *to, size_t size, uint32_t token);
/* Whether a record with this token may be in the block. A filter of odd size holds everything. */
bool filter_may(struct span filter, uint32_t token);

#endif

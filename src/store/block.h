/* Making a block out of rows of the tail. */
#ifndef STORE_BLOCK_H
#define STORE_BLOCK_H

#include "store/day.h"

struct packer;
struct packer *packer_new(int level);
struct packer *packer_free(struct packer *p);
CLEANUP(packer, packer_free)

/* The rows from l->first on that make the next block: as many as fit, of one day. *ret_full: no more
 * will join them. */
uint32_t block_rows(const struct row_list *l, int64_t day_least, bool *ret_full, int64_t *ret_day);

/* A block after `end` of the first `n` rows. What *ret points to is the packer's, until the next call.
 * 0 or -ENOMEM. */
int block_make(struct packer *p, const struct row_list *l, uint32_t n, const struct chain_end *end,
               struct block *ret);

#endif

/* A row of the tail in memory: one sealed batch, from when `store` took it until its block is sealed. */
#ifndef STORE_ROW_H
#define STORE_ROW_H

#include "store/chain.h"
#include "store/seal.h"

struct row {
        struct row *next;
        struct block_header h; /* TAIL_MAGIC */
        unsigned char prev[CHAIN_BYTES], chain[CHAIN_BYTES];
        struct frame_entry *entries;
        char *data;
        uint32_t *tokens;
        uint32_t n_tokens;
        bool tokens_known; /* else to be found in the frames (after a start) */
        uint32_t n_positions;
        struct position *positions; /* in the same memory, as are all */
        size_t bytes;               /* of memory */
};

/* Copies what a seal wrote. NULL: memory is short, or a position does not fit. */
struct row *row_from_sealed(const struct sealed_view *v);
/* Of a row of the table. NULL: memory is short. */
struct row *row_from_table(const struct block_header *h, struct span entries, struct span data);
void row_link(struct row *r, const unsigned char prev[CHAIN_BYTES]); /* fills prev and chain */
struct row *row_free(struct row *r);

struct row_list {
        struct row *first, **last;
        uint64_t payload; /* bytes as received */
        size_t bytes;     /* of memory */
        uint32_t n;
};
void row_list_init(struct row_list *l);
void row_list_push(struct row_list *l, struct row *r);
struct row *row_list_pop(struct row_list *l);
void row_list_clear(struct row_list *l);

#endif

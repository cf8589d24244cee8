/* What makes the store's content provable: Merkle roots over frames, the chain over blocks, signed
 * heads. Everything that is hashed is hashed as it lies in these structs: little-endian, no padding.
 * The format is numbered in doc/store.md. */
#ifndef STORE_CHAIN_H
#define STORE_CHAIN_H

#include "store/frames.h"

#define CHAIN_BYTES 32u
#define STORE_ID_BYTES 16u
#define BLOCK_PAYLOAD_MAX ((uint64_t)4 << 20)
#define BLOCK_FRAMES_MAX 8192u

/* Of a block, or of a row of the tail (one batch). */
struct block_header {
        char magic[8];
        uint64_t number; /* of blocks, from 1; 0 for a row of the tail */
        uint64_t first_seq, end_seq;
        int64_t received_min, received_max;
        uint64_t payload_len, data_len;
        uint32_t n_frames, n_records, flags, reserved; /* SEALED_UNFILTERED */
        unsigned char filter[CHAIN_BYTES];             /* BLAKE2b of the block's filter */
        unsigned char tail[CHAIN_BYTES]; /* chain value of the last row of the tail that is in it */
};
#define BLOCK_MAGIC "coloaB1"
#define TAIL_MAGIC "coloaT1"

/* BLAKE2b-256 of one piece. */
void chain_hash(unsigned char ret[CHAIN_BYTES], struct span s);
/* Of one frame with its entry; the root over `n` such leaves, one behind the other. */
void chain_leaf(unsigned char ret[CHAIN_BYTES], const struct frame_entry *e, struct span z);
void chain_root(unsigned char ret[CHAIN_BYTES], const unsigned char *leaves, uint32_t n);
/* Over the frames of `data`, each with its entry. */
void chain_merkle(unsigned char ret[CHAIN_BYTES], const struct frame_entry *e, uint32_t n,
                  struct span data);
/* The value after `prev`. */
void chain_next(unsigned char ret[CHAIN_BYTES], const unsigned char prev[CHAIN_BYTES],
                const struct block_header *h, const unsigned char root[CHAIN_BYTES]);
/* What the first block and the first row of the tail come after. */
void chain_genesis(unsigned char ret[CHAIN_BYTES], const unsigned char id[STORE_ID_BYTES]);

/* What is signed. */
struct head {
        char name[16]; /* HEAD_NAME */
        unsigned char store[STORE_ID_BYTES];
        uint64_t number, end_seq; /* of the last block */
        int64_t time;
        unsigned char chain[CHAIN_BYTES];
};
#define HEAD_NAME "coloa-head-1"

/* A header and entries as they must be, of a row read back: 0 or FRAME_E_BAD. */
int chain_check_shape(const struct block_header *h, const char *magic, const struct frame_entry *e,
                      size_t entries_len, size_t data_len);

#endif

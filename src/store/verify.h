/* Checking a store, or one day's file of it, against itself and against signatures: with the files and
 * the public key alone, on any machine. */
#ifndef STORE_VERIFY_H
#define STORE_VERIFY_H

#include "store/chain.h"

enum verify_kind {
        VERIFY_FILE = 1,  /* the file cannot be read, or not from here on */
        VERIFY_STORE,     /* it belongs to another store */
        VERIFY_MISSING,   /* blocks are missing before this one */
        VERIFY_ROW,       /* the block's header, entries or lengths contradict each other */
        VERIFY_FRAMES,    /* its frames or header were changed: the chain value does not follow */
        VERIFY_FILTER,    /* its filter was changed */
        VERIFY_HEAD,      /* a signed head says another chain value */
        VERIFY_SIGNATURE, /* a head's signature is not of the key it names */
        VERIFY_KEY,       /* a head is signed by another key than the one given */
        VERIFY_TAIL,      /* the tail does not follow */
        VERIFY_END,       /* blocks that meta.db knows are missing at the end */
        VERIFY_OPEN,      /* (deep) a frame does not open, or holds other records than it says */
        VERIFY_KINDS,
};

struct verify_break {
        enum verify_kind kind;
        char file[64];                       /* name in the directory */
        uint64_t number, first_seq, end_seq; /* of the block; 0: of none */
        uint32_t frame;                      /* VERIFY_OPEN */
};

struct verify_options {
        const unsigned char *key; /* public; NULL: any key, but signatures must fit */
        int64_t day;              /* only that one, since 1970, all its parts; INT64_MIN: all */
        bool deep;                /* open every frame */
        void (*say)(void *ctx, const struct verify_break *b);
        void *ctx;
};

struct verify_result {
        uint64_t days, files; /* a day may have several */
        uint64_t gone;        /* files that retention took */
        uint64_t blocks, frames, records, payload, data, breaks;
        uint64_t tail_rows, tail_records;
        uint64_t first_seq, end_seq;
        uint64_t first_number, end_number; /* of blocks: [first, end) */
        uint64_t heads, covered;           /* heads that are good; last block under one */
        int64_t head_time;                 /* of that */
        unsigned char key[32];             /* of that */
        unsigned char chain[CHAIN_BYTES];  /* at the end */
};

/* `path`: a directory or a day's file. 0: looked through, see ret->breaks; -errno: it could not. */
int verify_store(const char *path, const struct verify_options *o, struct verify_result *ret);

#endif

/* Exported pieces of the store that prove themselves (doc/export.md has the format byte by byte).
 *
 *     writing: proof_new(), proof_from_store(), proof_sum() → signed by the vault → proof_end()
 *     checking: proof_check(), with the public key alone, on any machine; working_check() for the
 *     other form, lines of JSON
 *
 * Every byte is under the last signature; every frame under its block's root, every root under a chain
 * value, every chain value under a signed head. Checking reads hostile bytes. */
#ifndef STORE_PROOF_H
#define STORE_PROOF_H

#include "store/chain.h"
#include "store/seqset.h"

#define PROOF_MAGIC "coloaP1\n"
#define PROOF_TEXT_MAX 4096u

enum proof_piece {
        PIECE_ABOUT = 1, /* text: key=value lines */
        PIECE_START,     /* the chain value before the next block */
        PIECE_LINK,      /* a block in between: header, root */
        PIECE_BLOCK,     /* header, leaf hashes of all its frames */
        PIECE_FRAME,     /* struct proof_frame, then the frame */
        PIECE_HEAD,      /* head, signature, key */
        PIECE_END,       /* struct export_sign, signature, key */
};
struct proof_piece_head {
        uint32_t kind, len;
};
struct proof_frame {
        uint32_t index, reserved; /* in its block */
        struct frame_entry entry;
};

/* What the vault signs at the end of either form. */
struct export_sign {
        char name[16]; /* PROOF_NAME, WORKING_NAME */
        unsigned char store[STORE_ID_BYTES];
        int64_t time;
        uint64_t records, frames, blocks;
        unsigned char hash[CHAIN_BYTES]; /* of all bytes before */
};
#define PROOF_NAME "coloa-proof-1"
#define WORKING_NAME "coloa-work-1"

/* ---- writing ---- */

struct proof;
typedef int proof_write(void *ctx, const void *p, size_t n);

/* `text` says what it is: lines of key=value. */
int proof_new(struct proof **ret, proof_write *write, void *ctx, struct span text);
struct proof *proof_free(struct proof *p);
CLEANUP(proof, proof_free)
/* The whole frames of `dir` that hold records of `set`, as far as a signed head covers them. *ret_left:
 * records of the set that none covers yet, or that are in no block. */
int proof_from_store(struct proof *p, const char *dir, const struct seqset *set,
                     uint64_t *ret_left);
void proof_sum(struct proof *p, int64_t now, struct export_sign *ret);
int proof_end(struct proof *p, const struct export_sign *s, const unsigned char signature[64],
              const unsigned char key[32]);

/* ---- checking ---- */

/* n bytes, fewer only at the end; -errno. -EBADMSG: what is read is broken itself (an envelope). */
typedef ssize_t proof_read(void *ctx, void *to, size_t n);

enum proof_problem {
        PROOF_GOOD = 0,
        PROOF_FORMAT,    /* no export, or cut off, or followed by something */
        PROOF_LINK,      /* blocks do not follow */
        PROOF_FRAME,     /* a frame is not the one its block had */
        PROOF_OPEN,      /* a frame does not hold what it says */
        PROOF_HEAD,      /* a head says another chain value */
        PROOF_SIGNATURE, /* a signature is wrong */
        PROOF_KEY,       /* signed by another key than the one given */
        PROOF_BARE,      /* blocks that no head covers */
        PROOF_CHANGED,   /* bytes are not what was signed */
};

struct proof_options {
        const unsigned char *key; /* NULL: any */
        /* Each record, as received; may be NULL. Before the end is read nothing is proved. */
        int (*record)(void *ctx, uint64_t seq, int64_t received, struct span bytes);
        void *ctx;
};

struct proof_result {
        enum proof_problem problem;
        uint64_t number;         /* of the block at hand when it was found; 0: none yet */
        struct export_sign sign; /* as signed */
        uint64_t records, frames, blocks, links, heads;
        uint64_t first_seq, end_seq;
        int64_t received_min, received_max;
        unsigned char key[32];
        char text[PROOF_TEXT_MAX + 1];
};

/* 0: see ret->problem; -errno: it could not be read. */
int proof_check(proof_read *read, void *ctx, const struct proof_options *o,
                struct proof_result *ret);
/* Lines of JSON; the first is copied to ret->text. Only format, signature and changes are looked at. */
int working_check(proof_read *read, void *ctx, const struct proof_options *o,
                  struct proof_result *ret);

#endif

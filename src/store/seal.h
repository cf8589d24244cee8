/* Sealing: a slot of the ring becomes frames and the tokens that filters are made of, in one half of
 * the seal's output, which `store` reads. */
#ifndef STORE_SEAL_H
#define STORE_SEAL_H

#include "store/frames.h"

#define FRAMES_PER_SLOT 16u

/* What a seal writes into its half: this head, the frames one after the other, the tokens, the
 * batch's positions. The reader takes the head once and checks it against the half. */
struct sealed {
        uint32_t n_frames, n_records;
        uint32_t data_at, data_len;         /* frames */
        uint32_t tokens_at, n_tokens;       /* distinct hashes, u32 each */
        uint32_t positions_at, n_positions; /* struct position each */
        uint64_t first_seq;
        uint32_t flags, reserved;
        struct frame_entry frames[FRAMES_PER_SLOT];
};

enum {
        SEALED_UNFILTERED = 1u << 0, /* the tokens are not all */
};

struct sealer;
struct sealer *sealer_new(int level);
struct sealer *sealer_free(struct sealer *s);
CLEANUP(sealer, sealer_free)

/* Packs the batch in `slot` into `to`. *ret_used: bytes of it. 0; FRAME_E_BAD: the slot holds no
 * batch; -ENOSPC: more than fits (never for a slot of ours). `plain`: no tokens. */
int sealer_run(struct sealer *s, const void *slot, size_t len, bool plain, void *to, size_t room,
               size_t *ret_used);

/* What `store` makes of a half: checked copies of numbers; spans and pointers into the half. */
struct sealed_view {
        struct sealed h;
        struct span data;
        const char *tokens, *positions; /* not aligned */
};
/* 0 or FRAME_E_BAD: it does not fit `len` bytes, or frames do not follow one another. */
int sealed_view(const void *p, size_t len, struct sealed_view *ret);
/* Frames as they must be: numbers follow one another, lengths add up. Also for rows read back. */
bool frames_follow(const struct frame_entry *e, uint32_t n, uint64_t first_seq, uint64_t *ret_end,
                   uint64_t *ret_bytes);
bool sealed_position(const struct sealed_view *v, uint32_t i, struct position *ret);

#endif

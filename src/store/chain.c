/* See chain.h. The tree is that of RFC 6962: leaves and nodes are hashed with different first bytes,
 * and n leaves split at the greatest power of two below n; here from left to right with one node kept
 * per level. */
#include "store/chain.h"

#include <sodium.h>

#include "store/seal.h"

_Static_assert(sizeof(struct block_header) == 144, "no padding");
_Static_assert(sizeof(struct frame_entry) == 48, "no padding");
_Static_assert(sizeof(struct head) == 88, "no padding");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "what is hashed is little-endian");

#define LEVELS 14u /* of BLOCK_FRAMES_MAX leaves */

void chain_hash(unsigned char ret[CHAIN_BYTES], struct span s) {
        crypto_generichash(ret, CHAIN_BYTES, (const unsigned char *)s.p, s.len, NULL, 0);
}

void chain_leaf(unsigned char ret[CHAIN_BYTES], const struct frame_entry *e, struct span z) {
        crypto_generichash_state s;

        crypto_generichash_init(&s, NULL, 0, CHAIN_BYTES);
        crypto_generichash_update(&s, (const unsigned char *)"\0", 1);
        crypto_generichash_update(&s, (const unsigned char *)e, sizeof(*e));
        crypto_generichash_update(&s, (const unsigned char *)z.p, z.len);
        crypto_generichash_final(&s, ret, CHAIN_BYTES);
}

static void hash_node(unsigned char ret[CHAIN_BYTES], const unsigned char *left,
                      const unsigned char *right) {
        unsigned char both[1 + 2 * CHAIN_BYTES] = {1};

        memcpy(both + 1, left, CHAIN_BYTES);
        memcpy(both + 1 + CHAIN_BYTES, right, CHAIN_BYTES);
        crypto_generichash(ret, CHAIN_BYTES, both, sizeof(both), NULL, 0);
}

/* The tree from left to right: one node kept per level. */
struct tree {
        unsigned char level[LEVELS][CHAIN_BYTES];
        uint32_t n;
};

static void add_leaf(struct tree *t, const unsigned char leaf[CHAIN_BYTES]) {
        unsigned char node[CHAIN_BYTES];
        unsigned k = 0;

        memcpy(node, leaf, CHAIN_BYTES);
        for (; t->n >> k & 1; k++)
                hash_node(node, t->level[k], node);
        memcpy(t->level[k], node, CHAIN_BYTES);
        t->n++;
}

static void tree_root(const struct tree *t, unsigned char ret[CHAIN_BYTES]) {
        bool any = false;

        memset(ret, 0, CHAIN_BYTES);
        for (unsigned k = 0; k < LEVELS; k++) {
                if (!(t->n >> k & 1))
                        continue;
                if (any)
                        hash_node(ret, t->level[k], ret);
                else
                        memcpy(ret, t->level[k], CHAIN_BYTES);
                any = true;
        }
}

void chain_merkle(unsigned char ret[CHAIN_BYTES], const struct frame_entry *e, uint32_t n,
                  struct span data) {
        struct tree t = {.n = 0};
        size_t at = 0;

        assert(n <= BLOCK_FRAMES_MAX);
        for (uint32_t i = 0; i < n; i++) {
                unsigned char leaf[CHAIN_BYTES];
                assert(e[i].len <= data.len - at);
                chain_leaf(leaf, &e[i], span_of(data.p + at, e[i].len));
                at += e[i].len;
                add_leaf(&t, leaf);
        }
        tree_root(&t, ret);
}

void chain_root(unsigned char ret[CHAIN_BYTES], const unsigned char *leaves, uint32_t n) {
        struct tree t = {.n = 0};

        assert(n <= BLOCK_FRAMES_MAX);
        for (uint32_t i = 0; i < n; i++)
                add_leaf(&t, leaves + (size_t)i * CHAIN_BYTES);
        tree_root(&t, ret);
}

void chain_next(unsigned char ret[CHAIN_BYTES], const unsigned char prev[CHAIN_BYTES],
                const struct block_header *h, const unsigned char root[CHAIN_BYTES]) {
        crypto_generichash_state s;

        crypto_generichash_init(&s, NULL, 0, CHAIN_BYTES);
        crypto_generichash_update(&s, prev, CHAIN_BYTES);
        crypto_generichash_update(&s, (const unsigned char *)h, sizeof(*h));
        crypto_generichash_update(&s, root, CHAIN_BYTES);
        crypto_generichash_final(&s, ret, CHAIN_BYTES);
}

void chain_genesis(unsigned char ret[CHAIN_BYTES], const unsigned char id[STORE_ID_BYTES]) {
        unsigned char text[16 + STORE_ID_BYTES] = "coloa-store-1";

        memcpy(text + 16, id, STORE_ID_BYTES);
        crypto_generichash(ret, CHAIN_BYTES, text, sizeof(text), NULL, 0);
}

int chain_check_shape(const struct block_header *h, const char *magic, const struct frame_entry *e,
                      size_t entries_len, size_t data_len) {
        uint64_t end, bytes;

        if (strncmp(h->magic, magic, sizeof(h->magic)) != 0 || h->n_frames > BLOCK_FRAMES_MAX ||
            entries_len != h->n_frames * sizeof(*e) || h->data_len != data_len)
                return FRAME_E_BAD;
        if (!frames_follow(e, h->n_frames, h->first_seq, &end, &bytes) || end != h->end_seq ||
            bytes != data_len || h->end_seq - h->first_seq != h->n_records)
                return FRAME_E_BAD;
        return 0;
}

/* Which blocks of the store can be passed by, by the words they hold: see sieve.h. A leaf that is a
 * word or phrase is false in a block that lacks one of its whole words; what is only known after
 * decoding says nothing here. */
#include "seek/sieve.h"
#include "store/token.h"

static bool all_there(const struct leaf *l, sieve_has_token *has, void *ctx) {
        struct span token;
        size_t at = 0;
        bool edge;

        /* A word's and a phrase's ends are ends of words; nothing is cut off at an edge. */
        while (token_next(l->text, &at, &token, &edge))
                if (!has(ctx, token))
                        return false;
        return true;
}

bool sieve_block_may(const struct query *q, sieve_has_token *has, void *ctx) {
        uint8_t state[QUERY_LEAVES_MAX];

        for (uint32_t i = 0; i < q->n_leaves; i++) {
                const struct leaf *l = &q->leaves[i];
                bool word = l->kind == LEAF_WORD || l->kind == LEAF_PHRASE;

                state[i] = MAYBE_TRUE | MAYBE_FALSE;
                if (word && !all_there(l, has, ctx))
                        state[i] = MAYBE_FALSE;
        }
        return (query_judge(q, state) & MAYBE_TRUE) != 0;
}

/* seek/query: any text is a query or a problem with a place; what it means can be judged and written
 * as rules. */
#include <stdlib.h>

#include "seek/sieve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool some(void *ctx, struct span token) {
        return token.len % 2 == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static uint8_t known[QUERY_LEAVES_MAX];
        struct query_problem problem;
        struct query q;
        struct buf y = {0};

        if (query_parse(&q, span_of((const char *)data, size), &problem) != 0)
                return problem.at <= size ? 0 : abort(), 0;
        for (size_t i = 0; i < QUERY_LEAVES_MAX; i++)
                known[i] = (uint8_t)(1 + i % 3);
        (void)query_judge(&q, known);
        (void)sieve_block_may(&q, some, NULL);
        query_rules(&q, &y);
        for (uint32_t i = 0; i < q.n_leaves; i++)
                (void)sieve_glob(q.leaves[i].text, SPAN("A text with NGUYỄN in it"), i % 2);
        buf_deinit(&y);
        query_deinit(&q);
        return 0;
}

/* Whether an order may be carried out: everything is looked at once more, whoever sent it. Pure. */
#ifndef ACT_ORDER_H
#define ACT_ORDER_H

#include "wire/order.h"

/* Networks that are never touched, whoever approved. */
struct order_never {
        const struct order_target *list;
        size_t n;
};

/* `now` in ns since 1970. *ret_target: which one, of ORDER_WIDE, ORDER_SHAPE, ORDER_NEVER. */
enum order_fault order_check(const struct msg_order *m, const unsigned char public_key[32],
                             const struct order_never *never, int64_t now, uint32_t *ret_target);
/* One target alone, as a proposer asks: ORDER_WIDE, ORDER_SHAPE, ORDER_NEVER. */
enum order_fault order_target_check(const struct order_target *t, const struct order_never *never);
void order_hash(const struct order_target *list, uint32_t n, unsigned char to[32]);
bool order_overlap(const struct order_target *a, const struct order_target *b);

#endif

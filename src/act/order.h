/* Whether an order may be carried out: everything is looked at once more, whoever sent it. Pure. */
#ifndef ACT_ORDER_H
#define ACT_ORDER_H

#include "wire/order.h"

/* What is never touched, whoever approved; and the services that may be, which is all else. */
struct order_never {
        const struct order_target *list;
        size_t n;
        const struct order_name *accounts, *services;
        size_t n_accounts, n_services;
};

/* `now` in ns since 1970; `drill`: what came with it, or NULL. *ret_target: which one, of ORDER_WIDE, ORDER_SHAPE, ORDER_NEVER. */
enum order_fault order_check(const struct msg_order *m, const struct order_drill *drill,
                             const unsigned char public_key[32], const struct order_never *never,
                             int64_t now, uint32_t *ret_target);
/* The targets alone, as a proposer asks: ORDER_MANY, ORDER_WIDE, ORDER_SHAPE, ORDER_NEVER … */
enum order_fault order_targets_check(const struct msg_order *m, const struct order_never *never,
                                     uint32_t *ret_target);
void order_hash(const struct msg_order *m, const struct order_drill *drill, unsigned char to[32]);
bool order_overlap(const struct order_target *a, const struct order_target *b);

#endif

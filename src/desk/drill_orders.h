/* Containment in a drill (doc/drill-pipeline.md): written down only, or carried out on the targets that the exercise
 * declared, as `act` looks at once more. */
#ifndef DESK_DRILL_ORDERS_H
#define DESK_DRILL_ORDERS_H

#include "desk/api.h"
#include "wire/order.h"

/* What this play declared: addresses and accounts that its unit mapped the scenario's to, the scenario's addresses of the
 * outside world, systems whose owner consented (live fire). 0; -errno. *ret_simulated: nothing is to be carried out. */
int drill_scope(struct api_call *c, int64_t play, struct order_drill *ret, bool *ret_simulated);
/* Refuses what is outside of it: with words, an audit row and a number. 0, API_E_REFUSED, -errno. */
int drill_order_good(struct api_call *c, int64_t play, const struct msg_order *m,
                     const struct order_drill *d);
/* One more that was refused, by the desk or by act; and how many were. 0 or -errno. */
int drill_order_refused(struct desk *d);
int drill_orders_refused(struct desk *d, int64_t *ret_n);
/* Those that are only written down end in their time, or when that was asked for. 0 or -errno. */
int drill_orders_tick(struct desk *d, int64_t mono, int64_t wall);

#endif

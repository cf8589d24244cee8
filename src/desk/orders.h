/* The desk's line to `act` (wire/order.h): what is to be sent, and what was heard. Orders are sent when their
 * approval is on disk, and again whenever a line begins; `act` does each once. */
#ifndef DESK_ORDERS_H
#define DESK_ORDERS_H

#include "wire/order.h"

struct desk;
struct api_call;

/* There is a line now, or none any more. 0 or -errno. */
int desk_act_line(struct desk *d, bool there);
/* Something that act said: struct msg_act_state or struct msg_act. -EPROTO: neither. */
int desk_act_said(struct desk *d, const void *m, size_t len, int64_t wall);
/* The next to send, or NULL; nothing is sent from within a transaction. *ret_len: its length. */
const void *desk_to_act(struct desk *d, size_t *ret_len, int *ret_error);
void desk_act_sent(struct desk *d);
void desk_orders_free(struct desk *d);

/* ---- for the handlers ---- */

/* Orders or undoings wait for the commit. */
void orders_changed(struct desk *d);
/* Asks act about targets: API_E_LATER, then c->said is a struct msg_act_state; or it refuses. */
int orders_check(struct api_call *c, const struct order_target *list, uint32_t n);
/* 0; else why containment is not possible: constant texts. */
bool orders_possible(struct desk *d, const char **ret_en, const char **ret_vi);

#endif

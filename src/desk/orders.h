/* The desk's line to `act` (wire/order.h): what is to be sent, and what was heard. Orders are sent when their
 * approval is on disk, and again whenever a line begins; `act` does each once. */
#ifndef DESK_ORDERS_H
#define DESK_ORDERS_H

#include "wire/order.h"

struct desk;
struct api_call;

/* There is a line now, or none any more. 0 or -errno. */
int desk_act_line(struct desk *d, bool there);
/* Something that act said (wire/order.h). -EPROTO: no such message. */
int desk_act_said(struct desk *d, const void *m, size_t len, int64_t wall);
/* The next to send, or NULL; nothing is sent from within a transaction. *ret_len: its length. */
const void *desk_to_act(struct desk *d, size_t *ret_len, int *ret_error);
void desk_act_sent(struct desk *d);
void desk_orders_free(struct desk *d);

/* ---- for the handlers ---- */

/* Orders or undoings wait for the commit. */
void orders_changed(struct desk *d);
/* Asks act about kind, flags and targets: API_E_LATER, then c->said is a struct msg_act_state; or it
 * refuses. */
int orders_check(struct api_call *c, const struct msg_order *m);
/* What act can do on this node, as it says. */
#define ORDERS_SHOWN_MAX 256u
struct orders_offer {
        uint64_t kinds; /* ACT_OFFERS() */
        uint32_t n_management, n_services;
        struct order_target management[ORDERS_SHOWN_MAX];
        struct order_name services[ORDERS_SHOWN_MAX];
};
const struct orders_offer *orders_offer(struct desk *d); /* NULL: out of memory */
/* "block"; 0 and NULL: there is none such. */
uint32_t orders_kind(struct span name);
const char *orders_kind_name(uint32_t kind);
/* How an entry in the timeline begins: "Block of", "Chặn". */
void orders_words(struct span kind, const char **ret_en, const char **ret_vi);
/* 0; else why containment is not possible: constant texts. */
bool orders_possible(struct desk *d, const char **ret_en, const char **ret_vi);

#endif

/* The desk's line to `act` (wire/order.h, desk/orders.h). */
#ifndef MAIN_ACT_LINE_H
#define MAIN_ACT_LINE_H

#include "desk/desk.h"

struct act_line {
        struct desk *desk;
        int sock; /* -1: there is none */
};

/* A new line; `fd` stays the caller's. */
int act_line_open(struct act_line *l, int fd);
/* Takes what there is; a line that ended, or breaks the format, is left until main joins the next. */
int act_line_take(struct act_line *l);
/* Sends what is to be sent; between transactions only. */
int act_line_give(struct act_line *l);

#endif

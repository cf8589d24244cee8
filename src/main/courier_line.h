/* The desk's line to the courier (wire/courier.h, desk/errands.h): a stream. */
#ifndef MAIN_COURIER_LINE_H
#define MAIN_COURIER_LINE_H

#include "desk/desk.h"

struct pollfd;

struct courier_line {
        struct desk *desk;
        int sock; /* -1: there is none */
        struct buf in;
};

/* A new line; `fd` stays the caller's. */
int courier_line_open(struct courier_line *l, int fd);
/* What to wait for. */
void courier_line_poll(struct courier_line *l, struct pollfd *p);
/* Takes what there is; a line that ended, or breaks the format, is left until main joins the next. */
int courier_line_take(struct courier_line *l);
/* Sends what is to be sent; between transactions only. */
int courier_line_give(struct courier_line *l);

#endif

/* The head of an HTTP/1 request, as far as the console needs it. */
#ifndef CONSOLE_REQUEST_H
#define CONSOLE_REQUEST_H

#include "base/base.h"

enum request_page { PAGE_METRICS, PAGE_HEALTH, PAGE_NONE };

struct request {
        enum request_page page;
        bool head;  /* HEAD: the answer has no body */
        int status; /* 200, or what is wrong: 400, 404, 405, 505 */
};

/* 0: all of the head is there and *ret says what is asked; -EAGAIN: more bytes are needed. `more`:
 * only bytes that came since the last call need be looked at for the end, from `seen` on. */
int request_parse(struct span head, size_t seen, struct request *ret);

#endif

/* The desk's lines to those who ask through the API (wire/api.h): one to the console, others to local
 * callers of the command line. */
#ifndef MAIN_DESK_API_H
#define MAIN_DESK_API_H

#include <poll.h>

#include "desk/api_impl.h"
#include "desk/desk.h"

struct desk_lines {
        struct desk *desk;
        struct {
                int fd; /* -1: none */
                struct buf in;
        } line[API_LINES];
};

void desk_lines_init(struct desk_lines *l, struct desk *d);
/* `fd` is theirs from here on. The console's replaces the one before; a local one that finds no place is
 * closed. */
void desk_lines_open(struct desk_lines *l, int fd, bool local);
/* Fills API_LINES entries: -1 where there is nothing to wait for. */
void desk_lines_poll(const struct desk_lines *l, struct pollfd p[API_LINES]);
/* What came, as those entries say. 0, -errno: the desk ends. */
int desk_lines_take(struct desk_lines *l, const struct pollfd p[API_LINES]);
/* What may go out. */
void desk_lines_give(struct desk_lines *l);

#endif

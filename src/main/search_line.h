/* The desk's lines to searches (wire/search.h, desk/searches.h). */
#ifndef MAIN_SEARCH_LINE_H
#define MAIN_SEARCH_LINE_H

#include <poll.h>

#include "desk/desk.h"
#include "wire/search.h"

struct search_lines {
        struct desk *desk;
        int fd[SEARCHES_MAX]; /* -1: none */
};

void search_lines_init(struct search_lines *l, struct desk *d);
/* `fd` stays the caller's. 0 or -errno. */
int search_lines_open(struct search_lines *l, unsigned place, int fd);
void search_lines_poll(struct search_lines *l, struct pollfd p[SEARCHES_MAX]);
/* What came. 0, -errno: the desk ends. */
int search_lines_take(struct search_lines *l, const struct pollfd p[SEARCHES_MAX]);
/* What may go out, and what is wanted of main: over `sock`; lines that nobody waits for are closed. 0, -errno. */
int search_lines_give(struct search_lines *l, int sock);

#endif

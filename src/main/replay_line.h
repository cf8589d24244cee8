/* The desk's end of the line over which drills are played (wire/replay.h, desk/replay.h). */
#ifndef MAIN_REPLAY_LINE_H
#define MAIN_REPLAY_LINE_H

#include <poll.h>

#include "desk/desk.h"

struct replay_line {
        struct desk *desk;
        int fd; /* -1: none */
};

/* In place of the one before; `fd` stays the caller's. 0 or -errno. */
int replay_line_open(struct replay_line *l, int fd);
void replay_line_poll(struct replay_line *l, struct pollfd *p);
/* What came, and what may go out. 0; -errno: the desk ends. */
int replay_line_take(struct replay_line *l, const struct pollfd *p);
int replay_line_give(struct replay_line *l);

#endif

/* The desk's end of a run over the past (wire/retro.h). One at a time. */
#ifndef MAIN_DESK_LINE_H
#define MAIN_DESK_LINE_H

#include "desk/desk.h"
#include "wire/retro.h"

struct desk_line {
        struct desk *desk;
        int sock;     /* -1: none */
        bool at_work; /* findings are being taken */
        bool due;     /* to be answered after the commit */
};

/* Both descriptors are the line's from here on. 0 or -errno: the desk cannot go on. */
int desk_line_open(struct desk_line *l, const struct msg_retro_begin *m, int program, int sock);
/* -1: it is not listened to now. */
int desk_line_fd(const struct desk_line *l);
int desk_line_message(struct desk_line *l);
/* A little of what there is. */
int desk_line_work(struct desk_line *l);
void desk_line_committed(struct desk_line *l);

#endif

/* Both ends of the local socket by which the command line reaches a running node. */
#ifndef MAIN_CONTROL_H
#define MAIN_CONTROL_H

#include "base/buf.h"
#include "wire/control.h"

struct control_server;

/* Listens at `path`. -EADDRINUSE: a node does already. */
int control_open(struct control_server **ret, const char *path);
struct control_server *control_close(struct control_server *s);
CLEANUP(control_server, control_close)
int control_fd(const struct control_server *s);

/* Answers one caller who waits: `answer` appends the text and returns 0 or -errno. Only root and the
 * node's own user are heard. */
typedef int control_answer(void *ctx, const struct msg_control *m, struct buf *out);
void control_serve(struct control_server *s, control_answer *answer, void *ctx);

/* The caller: prints the answer. An exit code. */
int control_ask(const char *path, const struct msg_control *m);

#endif

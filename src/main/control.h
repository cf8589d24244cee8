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
/* A file to import: takes both descriptors when it returns 0, and answers later by control_reply(). */
typedef int control_import(void *ctx, const struct msg_control_import *m, int file, int sock);
/* Something to be written down: takes `sock` when it returns 0, and answers later. */
typedef int control_keep(void *ctx, const struct msg_control_keep *m, int sock);
/* A run over the past: takes both descriptors when it returns 0. */
typedef int control_retro(void *ctx, const struct msg_control_retro *m, int program, int sock);
/* A line to the desk. */
typedef int control_api(void *ctx, int *ret_fd);
struct control_calls {
        control_answer *answer;
        control_import *import;
        control_keep *keep;
        control_retro *retro;
        control_api *api;
        void *ctx;
};
void control_serve(struct control_server *s, const struct control_calls *calls);
/* The text goes to the caller; `sock` stays the caller's. */
void control_reply(int sock, int error, const struct buf *out);

/* The caller of a run over the past: the line to the desk, or -errno. */
int control_ask_retro(const char *path, const struct msg_control_retro *m, int program);
/* The caller of the API: a line to the desk, or -errno; -EHOSTDOWN: no node is there. */
int control_ask_api(const char *path);
/* The caller: prints the answer, and says whether there was one. An exit code. */
int control_ask(const char *path, const struct msg_control *m, bool *ret_answered);
/* The answer as text, with a NUL behind; free() it. 0 or -errno; says nothing. */
int control_ask_text(const char *path, const struct msg_control *m, char **ret, size_t *ret_len);
/* The same for one file; 1: the node said that not all of it could be read. */
int control_ask_import(const char *path, const struct msg_control_import *m, int file);
/* 0 when it was written down; -EHOSTDOWN: no node is there; other -errno: it was not. Says
 * nothing. */
int control_ask_keep(const char *path, const struct msg_control_keep *m);

#endif

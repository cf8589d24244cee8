/* See control.h. A caller is answered at once and for good: it gets a second to say what it wants,
 * so that nobody can hold the node up, and the answer is memory that it reads at leisure. */
#include "main/control.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/lang.h"
#include "main/phrases.h"
#include "os/bind.h"
#include "os/os.h"

#define ASK_MS 1000
#define ANSWER_MAX ((size_t)1 << 20)

struct control_server {
        int fd;
        char path[108];
};

int control_open(struct control_server **ret, const char *path) {
        struct control_server *s = calloc(1, sizeof(*s));

        if (!s)
                return -ENOMEM;
        s->fd = os_local_listen(path);
        if (s->fd < 0) {
                int r = s->fd;
                free(s);
                return r;
        }
        snprintf(s->path, sizeof(s->path), "%s", path);
        *ret = s;
        return 0;
}

struct control_server *control_close(struct control_server *s) {
        if (!s)
                return NULL;
        os_close_quiet(s->fd);
        (void)os_unlink(s->path);
        free(s);
        return NULL;
}

int control_fd(const struct control_server *s) {
        return s->fd;
}

static int sealed_text(const struct buf *b, int *ret_fd) {
        _cleanup_(os_closep) int fd = -1;
        int r = b->failed ? -ENOMEM : os_memfd("answer", &fd);

        if (r == 0)
                r = os_write_full(fd, b->p ? b->p : "", b->len);
        if (r == 0)
                r = os_memfd_seal(fd);
        if (r < 0)
                return r;
        *ret_fd = fd;
        fd = -1;
        return 0;
}

void control_reply(int sock, int error, const struct buf *out) {
        struct msg_control_reply reply = {.magic = CONTROL_MAGIC, .error = error, .len = out->len};
        int fd = -1;

        if (sealed_text(out, &fd) < 0)
                return;
        (void)os_send_now(sock, &reply, sizeof(reply), &fd, 1);
        os_close(fd);
}

static int answer_api(int sock, const struct control_calls *calls, struct buf *out) {
        struct msg_control_reply reply = {.magic = CONTROL_MAGIC};
        int fd = -1;
        int r = calls->api(calls->ctx, &fd);

        if (r < 0) {
                buf_printf(out, "coloa api: %s\n", error_text(r));
                return r;
        }
        (void)os_send_now(sock, &reply, sizeof(reply), &fd, 1);
        os_close(fd);
        return 0;
}

/* Whether the socket was kept, for an answer that comes later. */
static bool answer_one(int sock, const struct control_calls *calls) {
        struct pollfd p = {.fd = sock, .events = POLLIN};
        union {
                struct msg_control head;
                struct msg_control_import import;
                struct msg_control_keep keep;
                struct msg_control_retro retro;
        } m;
        struct buf out = {.limit = ANSWER_MAX};
        _cleanup_(os_closep) int file = -1;
        unsigned n_fds = 0;
        bool kept = false, answered = false;
        ssize_t n;
        int r = -EPROTO;

        if (os_poll(&p, 1, ASK_MS) <= 0 ||
            (n = os_recv(sock, &m, sizeof(m), &file, 1, &n_fds)) < (ssize_t)sizeof(m.head) ||
            m.head.magic != CONTROL_MAGIC)
                return false;
        enum lang before = lang_current;
        lang_current = m.head.lang == LANG_VI ? LANG_VI : LANG_EN;
        if (m.head.verb == CONTROL_IMPORT && n == sizeof(m.import) && n_fds == 1) {
                r = calls->import(calls->ctx, &m.import, file, sock);
                if (r < 0)
                        buf_printf(&out, "coloa import: %s\n", error_text(r));
                kept = r == 0;
        } else if (m.head.verb == CONTROL_RETRO && n == sizeof(m.retro) && n_fds == 1) {
                r = calls->retro(calls->ctx, &m.retro, file, sock);
                if (r < 0)
                        buf_printf(&out, "coloa retro: %s\n", error_text(r));
                kept = r == 0;
        } else if (m.head.verb == CONTROL_KEEP && n == sizeof(m.keep) && n_fds == 0) {
                r = calls->keep(calls->ctx, &m.keep, sock);
                kept = r == 0;
        } else if (n == sizeof(m.head) && n_fds == 0 && m.head.verb == CONTROL_API) {
                r = answer_api(sock, calls, &out);
                answered = r == 0;
        } else if (n == sizeof(m.head) && n_fds == 0) {
                r = calls->answer(calls->ctx, &m.head, &out);
        }
        if (kept)
                file = -1;
        if (!kept && !answered)
                control_reply(sock, r, &out);
        lang_current = before;
        buf_deinit(&out);
        return kept;
}

void control_serve(struct control_server *s, const struct control_calls *calls) {
        uid_t uid;
        int sock = os_local_accept(s->fd, &uid);

        if (sock < 0)
                return;
        if ((uid != 0 && uid != geteuid()) || !answer_one(sock, calls))
                os_close(sock);
}

static int print_answer(int fd, uint64_t len, FILE *to) {
        char *text;
        size_t n;
        int r = os_seek(fd, 0, SEEK_SET) < 0 ? -EIO : os_read_fd(fd, ANSWER_MAX, &text, &n);

        if (r < 0)
                return r;
        fwrite(text, 1, MIN(n, len), to);
        free(text);
        return 0;
}

static int ask(const char *path, const void *m, size_t len, int file, bool *ret_answered) {
        struct msg_control_reply reply = {0};
        unsigned n_fds = 0;
        int fd = -1, sock = os_local_connect(path), r;

        if (sock < 0) {
                fprintf(stderr,
                        tr("coloa: no node answers at %s: %s\n",
                           "coloa: không có nút nào trả lời tại %s: %s\n"),
                        path, error_text(sock));
                fputs(where_else(), stderr);
                return 3;
        }
        r = os_send(sock, m, len, &file, file >= 0 ? 1 : 0);
        if (r == 0) {
                ssize_t n = os_recv(sock, &reply, sizeof(reply), &fd, 1, &n_fds);
                r = n == sizeof(reply) && n_fds == 1 ? 0 : -EPERM;
        }
        os_close(sock);
        *ret_answered = r == 0;
        if (r == 0)
                r = print_answer(fd, reply.len, reply.error ? stderr : stdout);
        os_close_quiet(fd);
        if (r < 0) {
                fprintf(stderr, "coloa: %s: %s\n", path, error_text(r));
                return 3;
        }
        return reply.error ? 3 : 0;
}

int control_ask_retro(const char *path, const struct msg_control_retro *m, int program) {
        int sock = os_local_connect(path);

        if (sock < 0)
                return sock;
        int r = os_send(sock, m, sizeof(*m), &program, 1);
        if (r == 0)
                return sock;
        os_close(sock);
        return r;
}

int control_ask_api(const char *path) {
        struct msg_control m = {.magic = CONTROL_MAGIC, .verb = CONTROL_API, .lang = lang_current};
        struct msg_control_reply reply = {0};
        unsigned n_fds = 0;
        int fd = -1, sock = os_local_connect(path);

        if (sock < 0)
                return sock == -EACCES || sock == -EPERM ? sock : -EHOSTDOWN;
        int r = os_send(sock, &m, sizeof(m), NULL, 0);
        ssize_t n = r == 0 ? os_recv(sock, &reply, sizeof(reply), &fd, 1, &n_fds) : r;
        os_close(sock);
        if (n != sizeof(reply) || reply.error || n_fds != 1) {
                os_close_quiet(fd);
                return n < 0 ? (int)n : n == sizeof(reply) ? reply.error : -EPERM;
        }
        return fd;
}

int control_ask(const char *path, const struct msg_control *m, bool *ret_answered) {
        *ret_answered = false;
        return ask(path, m, sizeof(*m), -1, ret_answered);
}

int control_ask_text(const char *path, const struct msg_control *m, char **ret, size_t *ret_len) {
        struct msg_control_reply reply = {0};
        unsigned n_fds = 0;
        int fd = -1, sock = os_local_connect(path), r;

        if (sock < 0)
                return sock;
        r = os_send(sock, m, sizeof(*m), NULL, 0);
        if (r == 0) {
                ssize_t n = os_recv(sock, &reply, sizeof(reply), &fd, 1, &n_fds);

                r = n == sizeof(reply) && n_fds == 1 ? MIN(reply.error, 0) : -EPERM;
        }
        os_close(sock);
        if (r == 0)
                r = os_seek(fd, 0, SEEK_SET) < 0 ? -EIO : os_read_fd(fd, ANSWER_MAX, ret, ret_len);
        os_close_quiet(fd);
        return r;
}

int control_ask_import(const char *path, const struct msg_control_import *m, int file) {
        bool answered = false;
        int r = ask(path, m, sizeof(*m), file, &answered);
        return r && answered ? 1 : r;
}

int control_ask_keep(const char *path, const struct msg_control_keep *m) {
        struct msg_control_reply reply = {0};
        unsigned n_fds = 0;
        int fd = -1, sock = os_local_connect(path);

        if (sock < 0)
                return sock == -EACCES || sock == -EPERM ? sock : -EHOSTDOWN;
        int r = os_send(sock, m, sizeof(*m), NULL, 0);
        ssize_t n = r == 0 ? os_recv(sock, &reply, sizeof(reply), &fd, 1, &n_fds) : r;
        os_close(sock);
        os_close_quiet(fd);
        if (n != sizeof(reply))
                return n < 0 ? (int)n : -EPERM; /* it does not hear us */
        return reply.error > 0 ? -EIO : reply.error;
}

/* The console's loop: a handful of connections, one request each.
 *
 * A monitoring system asks a few times a minute, so there is one poll set, at most CONNECTIONS at once,
 * a head of at most HEAD_MAX bytes, and LIFE_NS from the first byte to the last: who is slower is
 * closed. When all places are taken, the connection that has been there longest makes room. So
 * whoever reaches the address can delay another's answer, and no more: nothing of what is shown is
 * held by it, and memory is bounded by CONNECTIONS answers. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/timestamp.h"
#include "console/console.h"
#include "console/pages.h"
#include "console/request.h"
#include "console/web.h"
#include "os/net.h"
#include "os/os.h"
#include "wire/message.h"
#include "wire/node.h"

#define CONNECTIONS 32u
#define HEAD_MAX 8192u
#define ANSWER_MAX ((size_t)8 << 20)
#define LIFE_NS (INT64_C(10) * NS_PER_SEC)
#define TICK_MS 1000

struct connection {
        int fd; /* -1: free */
        int64_t born;
        size_t got; /* of the head */
        char head[HEAD_MAX];
        struct buf answer;
        size_t sent;
        bool answering, ending; /* ending: all was sent, its end is awaited */
};

struct loop {
        const struct console_setup *setup;
        struct connection c[CONNECTIONS];
        struct counters_page counters; /* copies */
        struct node_stats_page stats;
};

static void drop(struct connection *c) {
        os_close_quiet(c->fd);
        buf_deinit(&c->answer);
        c->answer = (struct buf){.limit = ANSWER_MAX};
        c->fd = -1;
}

static struct connection *place(struct loop *l) {
        struct connection *oldest = &l->c[0];

        for (unsigned i = 0; i < CONNECTIONS; i++) {
                if (l->c[i].fd < 0)
                        return &l->c[i];
                if (l->c[i].born < oldest->born)
                        oldest = &l->c[i];
        }
        drop(oldest);
        return oldest;
}

static void take_one(struct loop *l) {
        struct os_peer peer;
        int fd = os_accept(l->setup->listener, &peer);

        if (fd < 0)
                return; /* gone again, or a limit: the next turn */
        struct connection *c = place(l);
        c->fd = fd;
        c->born = os_monotonic();
        c->got = c->sent = 0;
        c->answering = c->ending = false;
}

/* ---- one answer ---- */

static const char *reason(int status) {
        switch (status) {
        case 200: return "OK";
        case 400: return "Bad Request";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 431: return "Request Header Fields Too Large";
        case 503: return "Service Unavailable";
        default: return "HTTP Version Not Supported";
        }
}

static int page(struct loop *l, enum request_page which, struct buf *body) {
        bool have_counters = counters_copy(l->setup->counters, &l->counters);
        bool have_stats = node_stats_copy(l->setup->stats, &l->stats);
        const struct counters_page *c = have_counters ? &l->counters : NULL;
        const struct node_stats_page *n = have_stats ? &l->stats : NULL;

        if (which == PAGE_HEALTH)
                return health_write(body, c, n, os_now());
        metrics_write(body, c, n);
        return 200;
}

static void answer(struct loop *l, struct connection *c, const struct request *q) {
        _cleanup_(buf_deinit) struct buf body = {.limit = ANSWER_MAX / 2};
        const char *type = "text/plain; charset=utf-8";
        int status = q->status;

        if (status == 200) {
                status = page(l, q->page, &body);
                type = q->page == PAGE_METRICS ? METRICS_TYPE : type;
        } else {
                buf_printf(&body, "%d %s\n", status, reason(status));
        }
        buf_printf(&c->answer,
                   "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s"
                   "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
                   "Connection: close\r\n\r\n",
                   status, reason(status), type, body.len,
                   status == 405 ? "Allow: GET, HEAD\r\n" : "");
        if (!q->head)
                buf_span(&c->answer, buf_get(&body));
        c->answering = true;
        if (body.failed || c->answer.failed)
                drop(c);
}

static void write_more(struct connection *c) {
        while (c->sent < c->answer.len) {
                ssize_t n = os_write_now(c->fd, c->answer.p + c->sent, c->answer.len - c->sent);

                if (n == -EAGAIN)
                        return;
                if (n <= 0) {
                        drop(c);
                        return;
                }
                c->sent += (size_t)n;
        }
        /* Not closed at once: bytes of the request not read yet would make the kernel reset the
         * connection, and the answer be lost. */
        c->ending = true;
        if (os_shutdown_write(c->fd) < 0)
                drop(c);
}

static void read_more(struct loop *l, struct connection *c) {
        struct request q = {.page = PAGE_NONE, .status = 431};
        char rest[4096];
        ssize_t n;

        if (c->answering) { /* more than was asked for: read and forgotten */
                n = os_recv_stream(c->fd, rest, sizeof(rest));
                if (n == 0 || (n < 0 && n != -EAGAIN))
                        drop(c);
                return;
        }
        n = os_recv_stream(c->fd, c->head + c->got, HEAD_MAX - c->got);
        if (n == -EAGAIN)
                return;
        if (n <= 0) {
                drop(c);
                return;
        }
        size_t seen = c->got;
        c->got += (size_t)n;
        if (request_parse(span_of(c->head, c->got), seen, &q) == -EAGAIN && c->got < HEAD_MAX)
                return;
        answer(l, c, &q);
        if (c->fd >= 0)
                write_more(c);
}

/* ---- the loop ---- */

static void turn(struct loop *l, const struct pollfd *p, unsigned n, const unsigned *which) {
        for (unsigned i = 0; i < n; i++) {
                struct connection *c = &l->c[which[i]];

                if (p[i].revents & POLLOUT)
                        write_more(c);
                if (c->fd >= 0 && (p[i].revents & (POLLIN | POLLHUP | POLLERR)))
                        read_more(l, c);
        }
        for (unsigned i = 0; i < CONNECTIONS; i++)
                if (l->c[i].fd >= 0 && os_monotonic() - l->c[i].born > LIFE_NS)
                        drop(&l->c[i]);
}

/* main gives a line to the desk, and says nothing else. 0: it has gone; 1; -errno. */
static int from_main(struct loop *l) {
        struct msg_plain m;
        unsigned n_fds = 0;
        int fd = -1;
        ssize_t n = os_recv(l->setup->sock, &m, sizeof(m), &fd, 1, &n_fds);

        if (n <= 0)
                return (int)n;
        if (n != sizeof(m) || m.type != NODE_PEER || n_fds != 1 || !l->setup->web) {
                os_close_quiet(fd);
                return FAIL(-EPROTO);
        }
        web_desk(l->setup->web, fd);
        return 1;
}

static int run(struct loop *l) {
        struct pollfd p[CONNECTIONS + 2 + WEB_POLL];
        struct web *w = l->setup->web;
        unsigned which[CONNECTIONS];

        for (;;) {
                unsigned n = 0;

                p[0] = (struct pollfd){.fd = l->setup->sock, .events = POLLIN};
                p[1] = (struct pollfd){.fd = l->setup->listener, .events = POLLIN};
                for (unsigned i = 0; i < CONNECTIONS; i++) {
                        const struct connection *c = &l->c[i];

                        if (c->fd < 0)
                                continue;
                        which[n] = i;
                        p[2 + n++] = (struct pollfd){
                                .fd = c->fd,
                                .events = c->answering && !c->ending ? POLLIN | POLLOUT : POLLIN};
                }
                struct pollfd *of_web = p + 2 + n;
                if (w)
                        web_poll(w, of_web);
                int r = os_poll(p, n + 2 + (w ? WEB_POLL : 0), w ? web_wait(w) : TICK_MS);
                if (r < 0)
                        return FAIL(r);
                if (p[0].revents) {
                        r = from_main(l);
                        if (r <= 0)
                                return r;
                }
                turn(l, p + 2, n, which);
                r = w ? web_turn(w, of_web) : 0;
                if (r < 0)
                        return r;
                if (p[1].revents & POLLIN)
                        take_one(l);
        }
}

int console_run(const struct console_setup *setup) {
        struct loop *l = calloc(1, sizeof(*l));

        if (!l)
                return -ENOMEM;
        l->setup = setup;
        for (unsigned i = 0; i < CONNECTIONS; i++) {
                l->c[i].fd = -1;
                l->c[i].answer.limit = ANSWER_MAX;
        }
        int r = run(l);
        for (unsigned i = 0; i < CONNECTIONS; i++)
                drop(&l->c[i]);
        free(l);
        return r;
}

/* See courier_line.h. Nothing here waits: what does not fit the socket stays in the desk. */
#include "main/courier_line.h"

#include <poll.h>

#include "desk/errands.h"
#include "os/net.h"
#include "os/os.h"

#define READ_BYTES ((size_t)64 << 10)
#define IN_MOST ((size_t)4 << 20)

static int forget(struct courier_line *l) {
        if (l->sock < 0)
                return 0;
        os_close(l->sock);
        l->sock = -1;
        buf_deinit(&l->in);
        return desk_courier_line(l->desk, false);
}

int courier_line_open(struct courier_line *l, int fd) {
        int r = forget(l);

        if (r < 0)
                return r;
        l->sock = os_dup(fd);
        l->in = (struct buf){.limit = IN_MOST};
        return l->sock < 0 ? l->sock : desk_courier_line(l->desk, true);
}

void courier_line_poll(struct courier_line *l, struct pollfd *p) {
        int r = 0;
        const struct buf *out = l->sock >= 0 ? desk_courier_out(l->desk, os_now(), &r) : NULL;

        *p = (struct pollfd){.fd = l->sock,
                             .events = (short)(POLLIN | (out && out->len ? POLLOUT : 0))};
}

int courier_line_take(struct courier_line *l) {
        int r = 0;

        while (r == 0 && l->sock >= 0) {
                char *to = buf_reserve(&l->in, READ_BYTES);
                ssize_t n = to ? os_recv_stream(l->sock, to, READ_BYTES) : -ENOMEM;

                if (n == -EAGAIN)
                        return 0;
                if (n <= 0)
                        return forget(l);
                l->in.len += (size_t)n;
                r = desk_courier_bytes(l->desk, &l->in, os_now());
                if (r == -EPROTO)
                        return forget(l);
        }
        return r;
}

int courier_line_give(struct courier_line *l) {
        int r = 0;

        while (r == 0 && l->sock >= 0) {
                struct buf *out = desk_courier_out(l->desk, os_now(), &r);

                if (r < 0 || !out->len)
                        return r;
                ssize_t n = os_write_now(l->sock, out->p, out->len);
                if (n == -EAGAIN)
                        return 0;
                if (n < 0)
                        return forget(l);
                buf_drop(out, (size_t)n);
        }
        return r;
}

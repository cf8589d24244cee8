/* See replay_line.h. Nothing here waits. A line that broke is made anew by main, as that means that its other end
 * began anew. */
#include "main/replay_line.h"

#include "desk/replay.h"
#include "os/net.h"
#include "os/os.h"

#define READ_BYTES ((size_t)64 << 10)

static void end(struct replay_line *l) {
        os_close_quiet(l->fd);
        l->fd = -1;
        desk_replay_closed(l->desk);
}

int replay_line_open(struct replay_line *l, int fd) {
        int r = os_dup(fd);

        if (r < 0)
                return FAIL(r);
        if (l->fd >= 0)
                end(l);
        l->fd = r;
        r = os_nonblocking(l->fd);
        desk_replay_open(l->desk);
        return r;
}

void replay_line_poll(struct replay_line *l, struct pollfd *p) {
        struct buf *out = l->fd >= 0 ? desk_replay_out(l->desk) : NULL;

        *p = (struct pollfd){.fd = l->fd, .events = POLLIN};
        if (out && out->len)
                p->events |= POLLOUT;
}

int replay_line_take(struct replay_line *l, const struct pollfd *p) {
        char bytes[READ_BYTES];

        if (l->fd < 0 || p->fd != l->fd || !(p->revents & (POLLIN | POLLHUP | POLLERR)))
                return 0;
        ssize_t n = os_recv_stream(l->fd, bytes, sizeof(bytes));
        if (n == -EAGAIN)
                return 0;
        int r = n > 0 ? desk_replay_bytes(l->desk, span_of(bytes, (size_t)n)) : -EPROTO;
        if (r == -EPROTO)
                end(l);
        return r == -EPROTO ? 0 : r;
}

int replay_line_give(struct replay_line *l) {
        struct buf *out = l->fd >= 0 ? desk_replay_out(l->desk) : NULL;
        size_t at = 0;
        ssize_t n = 1;

        while (out && at < out->len && n > 0) {
                n = os_write_now(l->fd, out->p + at, out->len - at);
                if (n > 0)
                        at += (size_t)n;
        }
        if (n < 0 && n != -EAGAIN) {
                end(l);
                return 0;
        }
        if (at) {
                buf_drop(out, at);
                desk_replay_went(l->desk);
        }
        return 0;
}

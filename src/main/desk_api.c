/* See desk_api.h. Nothing here waits: what does not fit a socket stays until it is writable again, and
 * from who does not read nothing more is taken (OUT_MOST), so that memory is bounded by what a line may ask.
 * A line that breaks the format is closed; the one at its other end asks main for another. */
#include "main/desk_api.h"

#include "os/net.h"
#include "os/os.h"

#define OUT_MOST ((size_t)8 << 20)
#define IN_MOST ((size_t)4 << 20)
#define READ_BYTES ((size_t)64 << 10)
#define READS 4u /* of a line in a turn: no one keeps the others waiting */

void desk_lines_init(struct desk_lines *l, struct desk *d) {
        *l = (struct desk_lines){.desk = d};
        for (unsigned i = 0; i < API_LINES; i++)
                l->line[i].fd = -1;
}

static void end(struct desk_lines *l, unsigned i) {
        os_close_quiet(l->line[i].fd);
        l->line[i].fd = -1;
        buf_deinit(&l->line[i].in);
        l->line[i].in = (struct buf){.limit = IN_MOST};
        desk_api_close(l->desk, i);
}

void desk_lines_open(struct desk_lines *l, int fd, bool local) {
        unsigned i = local;

        while (local && i < API_LINES && l->line[i].fd >= 0)
                i++;
        if (i == API_LINES) {
                os_close(fd);
                return;
        }
        if (l->line[i].fd >= 0)
                end(l, i);
        l->line[i].fd = fd;
        l->line[i].in = (struct buf){.limit = IN_MOST};
        desk_api_open(l->desk, i, local);
}

void desk_lines_poll(const struct desk_lines *l, struct pollfd p[API_LINES]) {
        for (unsigned i = 0; i < API_LINES; i++) {
                size_t out = l->line[i].fd >= 0 ? desk_api_out(l->desk, i)->len : 0;

                p[i] = (struct pollfd){
                        .fd = l->line[i].fd,
                        .events = (short)((out < OUT_MOST ? POLLIN : 0) | (out ? POLLOUT : 0))};
        }
}

/* 0: on; 1: the line has ended; -errno: of the desk. */
static int read_line(struct desk_lines *l, unsigned i) {
        struct buf *in = &l->line[i].in;

        for (unsigned k = 0; k < READS; k++) {
                char *to = buf_reserve(in, READ_BYTES);
                ssize_t n = to ? os_recv_stream(l->line[i].fd, to, READ_BYTES) : -ENOMEM;
                int r;

                if (n == -EAGAIN)
                        return 0;
                if (n <= 0)
                        return 1;
                in->len += (size_t)n;
                r = desk_api_bytes(l->desk, i, in, os_now());
                if (r == -EPROTO)
                        return 1;
                if (r < 0)
                        return r;
                if ((size_t)n < READ_BYTES)
                        return 0;
        }
        return 0;
}

int desk_lines_take(struct desk_lines *l, const struct pollfd p[API_LINES]) {
        int r = desk_api_tick(l->desk, os_monotonic(), os_now());

        for (unsigned i = 0; i < API_LINES && r == 0; i++) {
                if (l->line[i].fd < 0 || p[i].fd != l->line[i].fd ||
                    !(p[i].revents & (POLLIN | POLLHUP | POLLERR)))
                        continue;
                r = read_line(l, i);
                if (r == 1)
                        end(l, i);
                r = MIN(r, 0);
        }
        return r;
}

void desk_lines_give(struct desk_lines *l) {
        for (unsigned i = 0; i < API_LINES; i++) {
                if (l->line[i].fd < 0)
                        continue;
                struct buf *out = desk_api_out(l->desk, i);
                size_t at = 0;
                ssize_t n = 1;

                while (at < out->len && n > 0) {
                        n = os_write_now(l->line[i].fd, out->p + at, out->len - at);
                        if (n > 0)
                                at += (size_t)n;
                }
                if ((n < 0 && n != -EAGAIN) || out->failed) {
                        end(l, i);
                        continue;
                }
                buf_drop(out, at);
        }
}

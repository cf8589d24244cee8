/* See search_line.h. Nothing here waits. A line that breaks the format is closed, which its reader sees. */
#include "main/search_line.h"

#include "desk/searches.h"
#include "os/net.h"
#include "os/os.h"
#include "wire/message.h"
#include "wire/node.h"

#define READ_BYTES ((size_t)64 << 10)

void search_lines_init(struct search_lines *l, struct desk *d) {
        *l = (struct search_lines){.desk = d};
        for (unsigned i = 0; i < SEARCHES_MAX; i++)
                l->fd[i] = -1;
}

static int end(struct search_lines *l, unsigned i) {
        os_close_quiet(l->fd[i]);
        l->fd[i] = -1;
        return desk_search_closed(l->desk, i);
}

int search_lines_open(struct search_lines *l, unsigned place, int fd) {
        int r = place < SEARCHES_MAX && l->fd[place] < 0 ? os_dup(fd) : -EPROTO;

        if (r < 0)
                return FAIL(r);
        l->fd[place] = r;
        desk_search_open(l->desk, place);
        return 0;
}

void search_lines_poll(struct search_lines *l, struct pollfd p[SEARCHES_MAX]) {
        for (unsigned i = 0; i < SEARCHES_MAX; i++) {
                bool on = l->fd[i] >= 0;
                bool in = on && desk_search_reads(l->desk, i);
                bool out = on && desk_search_out(l->desk, i)->len > 0;

                /* One that is not read is not looked at either: its end would wake us for ever. */
                p[i] = (struct pollfd){.fd = in || out ? l->fd[i] : -1,
                                       .events = (short)((in ? POLLIN : 0) | (out ? POLLOUT : 0))};
        }
}

static int read_line(struct search_lines *l, unsigned i) {
        char bytes[READ_BYTES];
        ssize_t n = os_recv_stream(l->fd[i], bytes, sizeof(bytes));

        if (n == -EAGAIN)
                return 0;
        if (n <= 0)
                return end(l, i);
        int r = desk_search_bytes(l->desk, i, span_of(bytes, (size_t)n));
        return r == -EPROTO ? end(l, i) : r;
}

int search_lines_take(struct search_lines *l, const struct pollfd p[SEARCHES_MAX]) {
        int r = 0;

        for (unsigned i = 0; i < SEARCHES_MAX && r == 0; i++)
                if (l->fd[i] >= 0 && p[i].fd == l->fd[i] &&
                    (p[i].revents & (POLLIN | POLLHUP | POLLERR)))
                        r = read_line(l, i);
        return r;
}

static int write_line(struct search_lines *l, unsigned i) {
        struct buf *out = desk_search_out(l->desk, i);
        size_t at = 0;
        ssize_t n = 1;

        while (at < out->len && n > 0) {
                n = os_write_now(l->fd[i], out->p + at, out->len - at);
                if (n > 0)
                        at += (size_t)n;
        }
        buf_drop(out, at);
        return n < 0 && n != -EAGAIN ? end(l, i) : 0;
}

int search_lines_give(struct search_lines *l, int sock) {
        int place, r = 0;

        while (r == 0 && (place = desk_search_wanted(l->desk)) >= 0) {
                struct msg_plain m = {DESK_SEARCH, (uint32_t)place};

                r = os_send(sock, &m, sizeof(m), NULL, 0);
                if (r == 0)
                        desk_search_asked(l->desk, (unsigned)place);
        }
        for (unsigned i = 0; i < SEARCHES_MAX && r == 0; i++) {
                bool left = desk_search_left(l->desk, i);

                if (l->fd[i] >= 0)
                        r = left ? end(l, i) : write_line(l, i);
        }
        return r;
}

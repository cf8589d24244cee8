/* See act_line.h. */
#include "main/act_line.h"

#include <poll.h>

#include "desk/orders.h"
#include "os/os.h"

static int forget(struct act_line *l) {
        if (l->sock < 0)
                return 0;
        os_close(l->sock);
        l->sock = -1;
        return desk_act_line(l->desk, false);
}

int act_line_open(struct act_line *l, int fd) {
        int r = forget(l);

        if (r < 0)
                return r;
        l->sock = os_dup(fd);
        return l->sock < 0 ? l->sock : desk_act_line(l->desk, true);
}

int act_line_take(struct act_line *l) {
        struct pollfd p = {.fd = l->sock, .events = POLLIN};
        int r = 0;

        while (r == 0 && l->sock >= 0 && os_poll(&p, 1, 0) > 0) {
                _Alignas(8) char m[sizeof(struct msg_order)];
                ssize_t n = os_recv(l->sock, m, sizeof(m), NULL, 0, NULL);

                if (n <= 0)
                        return forget(l);
                r = desk_act_said(l->desk, m, (size_t)n, os_now());
                if (r == -EPROTO)
                        return forget(l);
        }
        return r;
}

int act_line_give(struct act_line *l) {
        const void *m;
        size_t len;
        int r = 0;

        while (l->sock >= 0 && (m = desk_to_act(l->desk, &len, &r))) {
                int e = os_send_now(l->sock, m, len, NULL, 0);

                if (e == -EAGAIN)
                        return 0;
                if (e < 0)
                        return forget(l);
                desk_act_sent(l->desk);
        }
        return r;
}

/* See vault_line.h. A vault that does not take what it is sent is busy: the rest waits in the desk. */
#include "main/vault_line.h"

#include <poll.h>
#include <sodium.h>

#include "desk/asks.h"
#include "desk/heads.h"
#include "os/os.h"

static int forget(struct vault_line *l) {
        if (l->sock < 0)
                return 0;
        os_close(l->sock);
        l->sock = -1;
        return desk_vault_line(l->desk, false);
}

int vault_line_open(struct vault_line *l, int fd) {
        int r = forget(l);

        if (r < 0)
                return r;
        l->sock = os_dup(fd);
        return l->sock < 0 ? l->sock : desk_vault_line(l->desk, true);
}

int vault_line_take(struct vault_line *l) {
        struct pollfd p = {.fd = l->sock, .events = POLLIN};
        int r = 0;

        while (r == 0 && l->sock >= 0 && os_poll(&p, 1, 0) > 0) {
                struct msg_vault_answer a;
                ssize_t n = os_recv(l->sock, &a, sizeof(a), NULL, 0, NULL);

                if (n != sizeof(a) || a.type != VAULT_ANSWER || a.box_len > VAULT_BOX_MAX ||
                    a.text_len > VAULT_TEXT_MAX)
                        return forget(l);
                r = desk_vault_said(l->desk, &a);
                sodium_memzero(&a, sizeof(a));
        }
        return r;
}

int vault_line_head(struct vault_line *l, int ms) {
        const struct msg_vault_ask *m = desk_to_ask(l->desk);
        struct pollfd p = {.fd = l->sock, .events = POLLIN};

        if (l->sock < 0)
                return 0;
        if (m && m->ticket == HEADS_TICKET) {
                if (os_send_now(l->sock, m, sizeof(*m), NULL, 0) < 0)
                        return 0;
                desk_asked(l->desk, m);
        }
        for (int64_t until = os_monotonic() + (int64_t)ms * 1000000; os_monotonic() < until;) {
                struct msg_vault_answer a;

                if (os_poll(&p, 1, 50) <= 0)
                        continue;
                ssize_t n = os_recv(l->sock, &a, sizeof(a), NULL, 0, NULL);
                if (n != sizeof(a) || a.type != VAULT_ANSWER)
                        return 0;
                if (a.ticket == HEADS_TICKET) {
                        int r = heads_said(l->desk, &a);

                        return r < 0 ? r : a.error == 0;
                }
                sodium_memzero(&a, sizeof(a));
        }
        return 0;
}

int vault_line_give(struct vault_line *l) {
        const struct msg_vault_ask *m;

        while (l->sock >= 0 && (m = desk_to_ask(l->desk))) {
                int r = os_send_now(l->sock, m, sizeof(*m), NULL, 0);

                if (r == -EAGAIN)
                        return 0;
                if (r < 0)
                        return forget(l);
                desk_asked(l->desk, m);
        }
        return 0;
}

/* A run over the past asks to be let in: its program and its connection go to the desk, and main is out
 * of it (wire/retro.h). */
#include "main/control.h"
#include "main/node_impl.h"

int node_retro(struct node *n, const struct msg_control_retro *m, int program, int sock) {
        struct msg_desk_retro to = {.type = DESK_RETRO, .begin = m->begin};
        const struct worker *desk = &n->workers[NODE_DESK];

        if (n->stopping)
                return -ESHUTDOWN;
        if (desk->child.pid <= 0 || !desk->up)
                return -EAGAIN;
        int r = os_send_now(desk->child.sock, &to, sizeof(to), (int[]){program, sock}, 2);
        if (r < 0)
                return r;
        os_close(program);
        os_close(sock);
        return 0;
}

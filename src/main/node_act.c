/* Containment's part of a node: the ledger, a line between the desk and `act`, and what `act` believes of
 * main: whose orders count, and what is never touched. */
#include <fcntl.h>
#include <stdio.h>

#include "main/node_impl.h"
#include "main/phrases.h"

int node_open_ledger(struct node *n) {
        char path[PATH_MAX_TEXT];

        if (!n->config->containment.on)
                return 0;
        if ((size_t)snprintf(path, sizeof(path), "%s/keys/containment.ledger",
                             n->config->directory) >= sizeof(path))
                return -ENAMETOOLONG;
        n->ledger_fd = os_open(path, O_RDWR | O_CREAT, 0600);
        if (n->ledger_fd < 0)
                node_say(n, 0, "main", "path=%s cannot be opened: %s", path,
                         error_text(n->ledger_fd));
        return n->ledger_fd < 0 ? n->ledger_fd : 0;
}

static struct order_target target_of(const struct address_net *a) {
        struct order_target t = {.bits = a->bits};

        memcpy(t.address, a->address, sizeof(t.address));
        return t;
}

int node_tell_act(struct node *n) {
        const struct config_containment *c = &n->config->containment;
        struct msg_act_never m = {.type = ACT_NEVER};
        int r;

        if (n->workers[NODE_ACT].child.pid <= 0)
                return 0;
        r = node_send(n, NODE_ACT, &m, sizeof(m), -1);
        for (uint32_t i = 0; i < c->n_never && r == 0; i++) {
                m.value = 1;
                m.net = target_of(&c->never[i]);
                r = node_send(n, NODE_ACT, &m, sizeof(m), -1);
        }
        if (r == 0 && n->act_key.type == ACT_KEY)
                r = node_send(n, NODE_ACT, &n->act_key, sizeof(n->act_key), -1);
        return r;
}

/* Made anew whenever either of them begins. */
int node_join_act(struct node *n) {
        struct msg_plain m = {NODE_PEER, 0};
        int pair[2];

        if (n->workers[NODE_ACT].child.pid <= 0 || n->workers[NODE_DESK].child.pid <= 0)
                return 0;
        int r = os_socketpair_seqpacket(pair);
        if (r < 0)
                return FAIL(r);
        r = node_send(n, NODE_ACT, &m, sizeof(m), pair[0]);
        m.value = NODE_PEER_ACT;
        if (r == 0)
                r = node_send(n, NODE_DESK, &m, sizeof(m), pair[1]);
        os_close(pair[0]);
        os_close(pair[1]);
        return r;
}

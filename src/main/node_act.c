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

static int tell_nets(struct node *n, uint32_t value, const struct address_net *list,
                     uint32_t count) {
        struct msg_act_never m = {.type = ACT_NEVER, .value = value};
        int r = 0;

        for (uint32_t i = 0; i < count && r == 0; i++) {
                m.net = target_of(&list[i]);
                r = node_send(n, NODE_ACT, &m, sizeof(m), -1);
        }
        return r;
}

static int tell_names(struct node *n, uint32_t value, const char *const *list, uint32_t count) {
        struct msg_act_name m = {.type = ACT_NAME, .value = value};
        int r = 0;

        for (uint32_t i = 0; i < count && r == 0; i++) {
                memset(m.text, 0, sizeof(m.text));
                memcpy(m.text, list[i], strnlen(list[i], sizeof(m.text) - 1));
                r = node_send(n, NODE_ACT, &m, sizeof(m), -1);
        }
        return r;
}

/* What the configuration switches on. */
static uint64_t offers_of(const struct config *all) {
        const struct config_containment *c = &all->containment;
        uint64_t offers = ACT_OFFERS(ORDER_BLOCK);

        offers |= c->gateway ? ACT_OFFERS(ORDER_ISOLATE) : 0;
        offers |= c->accounts ? ACT_OFFERS(ORDER_ACCOUNT) : 0;
        offers |= c->n_services ? ACT_OFFERS(ORDER_SERVICE) : 0;
        if (c->hook.url)
                offers |= ACT_OFFERS_BY_HOOK(ORDER_BLOCK) | ACT_OFFERS_BY_HOOK(ORDER_ISOLATE);
        offers |= all->ldap.lock ? ACT_OFFERS(ORDER_DIRECTORY) : 0;
        return offers;
}

int node_tell_act(struct node *n) {
        const struct config_containment *c = &n->config->containment;
        struct msg_act_never m = {.type = ACT_NEVER, .value = ACT_BEGIN};
        uint64_t offers = offers_of(n->config);
        int r;

        if (n->workers[NODE_ACT].child.pid <= 0)
                return 0;
        r = node_send(n, NODE_ACT, &m, sizeof(m), -1);
        if (r == 0)
                r = tell_nets(n, ACT_NEVER_NET, c->never, c->n_never);
        if (r == 0)
                r = tell_nets(n, ACT_MANAGEMENT, c->management, c->n_management);
        if (r == 0)
                r = tell_names(n, ACT_NEVER_ACCOUNT, c->never_accounts, c->n_never_accounts);
        if (r == 0)
                r = tell_names(n, ACT_SERVICE, c->services, c->n_services);
        if (r == 0 && n->act_key.type == ACT_KEY)
                r = node_send(n, NODE_ACT, &n->act_key, sizeof(n->act_key), -1);
        m.value = ACT_END;
        memcpy(m.net.address, &offers, sizeof(offers));
        return r == 0 ? node_send(n, NODE_ACT, &m, sizeof(m), -1) : r;
}

bool node_act_needs_new(const struct config *before, const struct config *now) {
        const struct config_containment *a = &before->containment, *b = &now->containment;

        return a->accounts != b->accounts || !a->n_services != !b->n_services;
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

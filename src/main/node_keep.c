/* What the command line asks to be written down (wire/keep.h): a hold goes to the store first, then all goes to
 * the desk for the audit log; the asker is answered when both are on disk. One who does not get that answer
 * was not served: a process that died, or half a minute without an answer, is an error. */
#include <stdio.h>

#include "main/control.h"
#include "main/node_impl.h"
#include "os/os.h"

#define WAIT_NS (INT64_C(30) * 1000000000)

static int tell_desk(struct node *n, struct node_keep *k) {
        struct msg_desk_audit m = {.type = DESK_AUDIT, .token = k->token, .audit = k->m.audit};

        k->at_desk = true;
        return node_send(n, NODE_DESK, &m, sizeof(m), -1);
}

static int tell_store(struct node *n, struct node_keep *k) {
        struct msg_store_hold m = {
                .type = STORE_HOLD, .token = k->token, .what = k->m.what, .hold = k->m.hold};

        return node_send(n, NODE_STORE, &m, sizeof(m), -1);
}

int node_keep(struct node *n, const struct msg_control_keep *m, int sock) {
        struct node_keeps *g = &n->keeps;

        if (m->what > KEEP_RELEASE || !keep_audit_good(&m->audit) ||
            (m->what != KEEP_AUDIT && !keep_hold_good(&m->hold, (enum keep_what)m->what)))
                return -EINVAL;
        if (n->stopping)
                return -ESHUTDOWN;
        if (g->n == NODE_KEEPS_MAX || !n->workers[NODE_DESK].up || !n->workers[NODE_STORE].up)
                return -EBUSY;
        struct node_keep *k = &g->list[g->n];
        *k = (struct node_keep){
                .m = *m, .sock = sock, .token = ++g->last_token, .since = os_monotonic()};
        int r = m->what == KEEP_AUDIT ? tell_desk(n, k) : tell_store(n, k);
        if (r == 0)
                g->n++;
        return r;
}

/* The desk writes its own row in the audit log. */
int node_hold(struct node *n, const struct msg_store_hold *m) {
        struct msg_kept kept = {.type = DESK_HELD, .token = m->token, .error = -EAGAIN};
        struct node_keeps *g = &n->keeps;

        if (m->what != KEEP_HOLD || !keep_hold_good(&m->hold, KEEP_HOLD))
                return -EPROTO;
        if (n->stopping || g->n == NODE_KEEPS_MAX || !n->workers[NODE_STORE].up)
                return node_send(n, NODE_DESK, &kept, sizeof(kept), -1);
        struct node_keep *k = &g->list[g->n];
        *k = (struct node_keep){.m = {.what = KEEP_HOLD, .hold = m->hold},
                                .sock = -1,
                                .desk_token = m->token,
                                .token = ++g->last_token,
                                .since = os_monotonic()};
        int r = tell_store(n, k);
        if (r == 0)
                g->n++;
        return r;
}

static void end(struct node *n, uint32_t i, int error) {
        struct node_keeps *g = &n->keeps;
        struct buf none = {0};

        if (g->list[i].sock < 0) {
                struct msg_kept kept = {
                        .type = DESK_HELD, .token = g->list[i].desk_token, .error = error};

                if (n->workers[NODE_DESK].up)
                        (void)node_send(n, NODE_DESK, &kept, sizeof(kept), -1);
                g->list[i] = g->list[--g->n];
                return;
        }
        control_reply(g->list[i].sock, error, &none);
        os_close(g->list[i].sock);
        g->list[i] = g->list[--g->n];
}

int node_kept(struct node *n, const struct msg_kept *m, bool by_desk) {
        struct node_keeps *g = &n->keeps;
        uint32_t i = 0;

        while (i < g->n && g->list[i].token != m->token)
                i++;
        if (i == g->n)
                return 0; /* it took too long: answered already */
        struct node_keep *k = &g->list[i];
        if (k->at_desk != by_desk)
                return -EPROTO;
        if (k->sock < 0)
                end(n, i, MIN(m->error, 0));
        else if (m->error < 0 || by_desk || tell_desk(n, k) < 0)
                end(n, i, m->error < 0 ? m->error : by_desk ? 0 : -EIO);
        return 0;
}

void node_keeps_tick(struct node *n) {
        int64_t now = os_monotonic();

        for (uint32_t i = n->keeps.n; i-- > 0;) {
                const struct node_keep *k = &n->keeps.list[i];
                if (!n->workers[k->at_desk ? NODE_DESK : NODE_STORE].up || now - k->since > WAIT_NS)
                        end(n, i, -EIO);
        }
}

void node_keeps_end(struct node *n) {
        while (n->keeps.n)
                end(n, 0, -ESHUTDOWN);
}

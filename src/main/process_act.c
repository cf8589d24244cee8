/* Containment: carries out what two people approved, keeps it in force for its time, undoes it (act/act.h).
 * It alone may change the firewall; it can do nothing else: no files but its ledger, which is open, no
 * sockets but netlink. Accounts and services, where they are configured, are a hand's of its own
 * (process_hand.c). What main says (whose signatures count, what is never touched) is believed; what comes
 * over the desk's line is looked at as if anybody had sent it.
 *
 *     3 main, 4 the ledger; hand=accounts, hand=services */
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "main/act_hands.h"
#include "main/processes.h"
#include "os/own.h"
#include "os/sandbox.h"
#include "wire/message.h"
#include "wire/node.h"

#define LEDGER_FD 4
#define MEMORY_MAX ((size_t)256 << 20)

struct loop {
        struct act *act;
        struct act_tools tools;
        int sock, desk; /* desk: -1 until main joined it */
        uint64_t offers;
        bool ready; /* main said all */
        char boot[OS_BOOT_ID_BYTES + 1];
        /* Told on to the desk, to be shown. */
        struct order_target management[NFT_KEPT_MAX];
        struct order_name services[ACT_NAMES_MAX];
        uint32_t n_management, n_services;
};

static struct act_clock now_of(const struct loop *l) {
        return (struct act_clock){os_boottime(), os_now(), l->boot};
}

/* main shows it; it checks that it is printable. */
static void note(const struct loop *l, uint32_t level, const char *text) {
        struct msg_note m = {.type = NODE_NOTE, .level = level};

        for (size_t i = 0; i < sizeof(m.text) - 1 && text[i]; i++)
                m.text[i] = text[i] >= ' ' && text[i] < 0x7f ? text[i] : ' ';
        (void)os_send_now(l->sock, &m, sizeof(m), NULL, 0);
}

static void note_tools(void *ctx, const char *text) {
        note(ctx, 0, text);
}

/* ---- lines ---- */

static void leave_desk(struct loop *l) {
        os_close_quiet(l->desk);
        l->desk = -1;
}

/* A desk that does not take it hears all again when main joins the next. */
static void tell(struct loop *l, const void *m, size_t n) {
        if (l->desk >= 0 && os_send_now(l->desk, m, n, NULL, 0) < 0)
                leave_desk(l);
}

static void tell_offers(struct loop *l) {
        struct msg_act_never net = {.type = ACT_NEVER, .value = ACT_BEGIN};

        tell(l, &net, sizeof(net));
        net.value = ACT_MANAGEMENT;
        for (uint32_t i = 0; i < l->n_management; i++) {
                net.net = l->management[i];
                tell(l, &net, sizeof(net));
        }
        for (uint32_t i = 0; i < l->n_services; i++) {
                struct msg_act_name m = {.type = ACT_NAME, .value = ACT_SERVICE};

                memcpy(m.text, l->services[i].text, sizeof(m.text));
                tell(l, &m, sizeof(m));
        }
}

static void tell_all(struct loop *l) {
        struct msg_act known = {.type = ACT_KNOWN, .id = l->offers};
        struct act_clock now = now_of(l);
        struct msg_act_state s;

        tell_offers(l);
        for (unsigned i = 0; act_state(l->act, i, &now, &s); i++)
                tell(l, &s, sizeof(s));
        tell(l, &known, sizeof(known));
}

/* ---- what main says ---- */

static int take_net(struct loop *l, const struct msg_act_never *m) {
        struct act_clock now = now_of(l);

        switch (m->value) {
        case ACT_BEGIN:
                act_never_clear(l->act);
                l->n_management = l->n_services = 0;
                if (l->tools.nft)
                        nft_kept_clear(l->tools.nft);
                return 0;
        case ACT_NEVER_NET: return act_never(l->act, &m->net);
        case ACT_MANAGEMENT:
                if (l->n_management == NFT_KEPT_MAX)
                        return FAIL(-E2BIG);
                l->management[l->n_management++] = m->net;
                return l->tools.nft ? nft_keep(l->tools.nft, &m->net) : 0;
        case ACT_END:
                memcpy(&l->offers, m->net.address, sizeof(l->offers));
                l->offers &= l->tools.can;
                l->ready = true;
                act_ready(l->act, l->offers, &now);
                tell_all(l);
                return 0;
        default: return FAIL(-EPROTO);
        }
}

static int take_name(struct loop *l, const struct msg_act_name *m) {
        struct order_name n = {{0}};

        memcpy(n.text, m->text, sizeof(n.text));
        n.text[sizeof(n.text) - 1] = '\0';
        if (m->value == ACT_SERVICE && l->n_services < ACT_NAMES_MAX)
                l->services[l->n_services++] = n;
        else if (m->value != ACT_NEVER_ACCOUNT)
                return FAIL(-EPROTO);
        return act_name(l->act, (enum act_value)m->value, &n);
}

static int from_main(struct loop *l) {
        union {
                struct msg_plain plain;
                struct msg_act_key key;
                struct msg_act_never never;
                struct msg_act_name name;
                char bytes[MESSAGE_MAX];
        } m;
        unsigned n_fds = 0;
        int fd = -1;
        ssize_t n = os_recv(l->sock, &m, sizeof(m), &fd, 1, &n_fds);

        if (n <= 0)
                return n < 0 ? (int)n : -EPIPE;
        if (n == sizeof(m.plain) && m.plain.type == NODE_PEER && n_fds == 1 &&
            m.plain.value == NODE_PEER_COURIER) {
                act_tools_courier(&l->tools, fd);
                return 0;
        }
        if (n == sizeof(m.plain) && m.plain.type == NODE_PEER && n_fds == 1) {
                leave_desk(l);
                l->desk = fd;
                if (l->ready)
                        tell_all(l);
                return 0;
        }
        os_close_quiet(fd);
        if (n == sizeof(m.key) && m.key.type == ACT_KEY) {
                act_key(l->act, m.key.public_key);
                return 0;
        }
        if (n == sizeof(m.never) && m.never.type == ACT_NEVER)
                return take_net(l, &m.never);
        return n == sizeof(m.name) && m.name.type == ACT_NAME ? take_name(l, &m.name)
                                                              : FAIL(-EPROTO);
}

static int from_desk(struct loop *l) {
        union {
                struct msg_order order;
                struct msg_order_drill drill;
                struct msg_act act;
                uint32_t type;
        } m;
        struct act_clock now = now_of(l);
        struct msg_act_state s;
        ssize_t n = os_recv(l->desk, &m, sizeof(m), NULL, 0, NULL);
        int r;

        if (n == sizeof(m.order) && m.type == ACT_ORDER)
                r = act_order(l->act, &m.order, NULL, &now, &s);
        else if (n == sizeof(m.drill) && m.type == ACT_ORDER)
                r = act_order(l->act, &m.drill.m, &m.drill.drill, &now, &s);
        else if (n == sizeof(m.order) && m.type == ACT_CHECK)
                act_check(l->act, &m.order, &s), r = 0;
        else if (n == sizeof(m.act) && m.type == ACT_UNDO)
                r = act_undo(l->act, m.act.id, &now, &s);
        else {
                leave_desk(l);
                return 0;
        }
        if (r < 0)
                return r;
        tell(l, &s, sizeof(s));
        return 0;
}

static int tick(struct loop *l) {
        struct act_clock now = now_of(l);
        struct msg_act_state s;
        int r;

        while ((r = act_tick(l->act, &now, &s)) == 1)
                tell(l, &s, sizeof(s));
        return r;
}

static int serve(struct loop *l) {
        for (;;) {
                struct pollfd p[3] = {{.fd = l->sock, .events = POLLIN},
                                      {.fd = l->desk, .events = POLLIN},
                                      {.fd = l->tools.hand.pid > 0 ? l->tools.hand.sock : -1}};
                struct act_clock now = now_of(l);
                int r = os_poll(p, 3, act_wait(l->act, &now));

                if (r < 0)
                        return r;
                r = tick(l);
                if (l->tools.gone || p[2].revents)
                        return 0; /* main starts us again, and we our hand */
                if (r == 0 && p[0].revents)
                        r = from_main(l);
                else if (r == 0 && p[1].revents && l->desk >= 0)
                        r = from_desk(l);
                if (r < 0)
                        return r == -EPIPE ? 0 : r;
        }
}

/* Only the firewall is left of what root may do; who may not even that says so to whoever asks. */
static int begin(struct loop *l, bool accounts, bool services, const char *landlock) {
        struct act_hands hands;
        int r = os_boot_id(l->boot);

        if (r < 0)
                return r;
        l->tools.note = note_tools;
        l->tools.ctx = l;
        act_tools_open(&l->tools, accounts, services, landlock);
        act_tools_hands(&l->tools, &hands);
        r = act_open(&l->act, LEDGER_FD, &hands);
        if (r == -EBADMSG)
                note(l, 0,
                     "the ledger of containment is damaged: nothing is done until it is looked at");
        return r;
}

int process_act(int argc, char **argv) {
        static struct loop l = {.sock = CHILD_SOCKET, .desk = -1};
        struct msg_plain ready = {PROCESS_READY, 0};
        bool accounts = false, services = false;
        const char *abi = NULL;

        for (int i = 1; i < argc; i++) {
                if (strncmp(argv[i], "landlock=", 9) == 0)
                        abi = argv[i];
                accounts |= strcmp(argv[i], "hand=accounts") == 0;
                services |= strcmp(argv[i], "hand=services") == 0;
        }
        if (sodium_init() < 0 || begin(&l, accounts, services, abi) < 0)
                return 13;
        if (sandbox_enter(SANDBOX_ACT, abi ? (int)strtol(abi + 9, NULL, 10) : -1, MEMORY_MAX,
                          NULL) < 0)
                return 15;
        int r = os_send(l.sock, &ready, sizeof(ready), NULL, 0);
        if (r == 0)
                r = serve(&l);
        return r < 0 ? 16 : 0;
}

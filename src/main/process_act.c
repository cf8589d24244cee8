/* Containment: carries out what two people approved, keeps it in force for its time, undoes it (act/act.h).
 * It alone may change the firewall; it can do nothing else: no files but its ledger, which is open, no
 * sockets but netlink. What main says (whose signatures count, what is never touched) is believed; what
 * comes over the desk's line is looked at as if anybody had sent it.
 *
 *     3 main, 4 the ledger */
#include <linux/capability.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "act/act.h"
#include "act/nft.h"
#include "main/processes.h"
#include "main/spawn.h"
#include "os/own.h"
#include "os/sandbox.h"
#include "wire/message.h"
#include "wire/node.h"

#define LEDGER_FD 4
#define MEMORY_MAX ((size_t)256 << 20)
#define OWN_ADDRESSES 128u

struct loop {
        struct act *act;
        struct nft *nft;
        int sock, desk; /* desk: -1 until main joined it */
        int error;      /* the firewall is not ours to change */
        char boot[OS_BOOT_ID_BYTES + 1];
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

/* ---- hands ---- */

static int hands_apply(void *ctx, const struct msg_order *m, uint32_t seconds_left) {
        struct loop *l = ctx;
        int r = l->nft ? nft_apply(l->nft, m, seconds_left) : l->error;

        if (r < 0)
                note(l, 0, l->nft ? nft_said(l->nft) : "the firewall may not be changed");
        return r;
}

static int hands_undo(void *ctx, uint64_t id) {
        struct loop *l = ctx;

        return l->nft ? nft_undo(l->nft, id) : l->error;
}

static int hands_there(void *ctx, uint64_t *ids, unsigned max) {
        struct loop *l = ctx;

        return l->nft ? nft_there(l->nft, ids, max) : 0;
}

static int hands_own(void *ctx, struct order_target *to, unsigned max) {
        unsigned char list[OWN_ADDRESSES][16];
        int n = os_own_addresses(list, MIN(OWN_ADDRESSES, max));

        (void)ctx;
        for (int i = 0; i < n; i++) {
                to[i] = (struct order_target){.bits = 128};
                memcpy(to[i].address, list[i], 16);
        }
        return n;
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

static void tell_all(struct loop *l) {
        struct msg_act known = {.type = ACT_KNOWN, .reserved = (uint32_t)-l->error};
        struct act_clock now = now_of(l);
        struct msg_act_state s;

        for (unsigned i = 0; act_state(l->act, i, &now, &s); i++)
                tell(l, &s, sizeof(s));
        tell(l, &known, sizeof(known));
}

static int from_main(struct loop *l) {
        union {
                struct msg_plain plain;
                struct msg_act_key key;
                struct msg_act_never never;
                char bytes[MESSAGE_MAX];
        } m;
        unsigned n_fds = 0;
        int fd = -1;
        ssize_t n = os_recv(l->sock, &m, sizeof(m), &fd, 1, &n_fds);

        if (n <= 0)
                return n < 0 ? (int)n : -EPIPE;
        if (n == sizeof(m.plain) && m.plain.type == NODE_PEER && n_fds == 1) {
                leave_desk(l);
                l->desk = fd;
                tell_all(l);
                return 0;
        }
        os_close_quiet(fd);
        if (n == sizeof(m.key) && m.key.type == ACT_KEY) {
                act_key(l->act, m.key.public_key);
                return 0;
        }
        if (n != sizeof(m.never) || m.never.type != ACT_NEVER)
                return FAIL(-EPROTO);
        if (m.never.value == 0) {
                act_never_clear(l->act);
                return 0;
        }
        return act_never(l->act, &m.never.net);
}

static int from_desk(struct loop *l) {
        union {
                struct msg_order order;
                struct msg_act act;
                uint32_t type;
        } m;
        struct act_clock now = now_of(l);
        struct msg_act_state s;
        ssize_t n = os_recv(l->desk, &m, sizeof(m), NULL, 0, NULL);
        int r;

        if (n == sizeof(m.order) && m.type == ACT_ORDER)
                r = act_order(l->act, &m.order, &now, &s);
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
                struct pollfd p[2] = {{.fd = l->sock, .events = POLLIN},
                                      {.fd = l->desk, .events = POLLIN}};
                struct act_clock now = now_of(l);
                int r = os_poll(p, 2, act_wait(l->act, &now));

                if (r < 0)
                        return r;
                r = tick(l);
                if (r == 0 && p[0].revents)
                        r = from_main(l);
                else if (r == 0 && p[1].revents && l->desk >= 0)
                        r = from_desk(l);
                if (r < 0)
                        return r == -EPIPE ? 0 : r;
        }
}

/* Only the firewall is left of what root may do; who may not even that says so to whoever asks. */
static int begin(struct loop *l) {
        const struct act_hands hands = {l, hands_apply, hands_undo, hands_there, hands_own};
        int r = os_boot_id(l->boot);

        if (r < 0)
                return r;
        l->error = os_keep_capability(CAP_NET_ADMIN);
        if (l->error == 0)
                l->error = nft_new(&l->nft);
        if (l->error)
                note(l, 0, "containment is not possible: CAP_NET_ADMIN is needed");
        struct act_clock now = now_of(l);
        r = act_open(&l->act, LEDGER_FD, &hands, &now);
        if (r == -EBADMSG)
                note(l, 0,
                     "the ledger of containment is damaged: nothing is done until it is looked at");
        return r;
}

int process_act(int argc, char **argv) {
        static struct loop l = {.sock = CHILD_SOCKET, .desk = -1};
        struct msg_plain ready = {PROCESS_READY, 0};
        int landlock = -1;

        for (int i = 1; i < argc; i++)
                if (strncmp(argv[i], "landlock=", 9) == 0)
                        landlock = (int)strtol(argv[i] + 9, NULL, 10);
        if (sodium_init() < 0 || begin(&l) < 0)
                return 13;
        if (sandbox_enter(SANDBOX_ACT, landlock, MEMORY_MAX, NULL) < 0)
                return 15;
        int r = os_send(l.sock, &ready, sizeof(ready), NULL, 0);
        if (r == 0)
                r = serve(&l);
        return r < 0 ? 16 : 0;
}

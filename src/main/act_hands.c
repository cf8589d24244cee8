/* See act_hands.h. */
#include "main/act_hands.h"

#include <linux/capability.h>
#include <stdlib.h>

#include "os/net.h"
#include "os/own.h"
#include "wire/hand.h"
#include "wire/message.h"

#define OWN_ADDRESSES 128u
#define HAND_MS 30000

static struct act_tools *tools_of(void *ctx) {
        return ctx;
}

/* ---- the hand ---- */

static int hand_gone(struct act_tools *t) {
        t->gone = true;
        return -EPIPE;
}

/* One that does not answer in time may still do it: both begin anew, and the ledger says what is to be. */
static int ask_hand(struct act_tools *t, uint32_t what, uint32_t kind, struct order_name *name) {
        struct msg_hand m = {.type = HAND_ASK, .what = what, .kind = kind, .name = *name};
        struct msg_hand_said said;

        if (t->gone || t->hand.pid <= 0)
                return t->gone ? -EPIPE : -EOPNOTSUPP;
        if (os_send_now(t->hand.sock, &m, sizeof(m), NULL, 0) < 0)
                return hand_gone(t);
        if (os_poll_in(t->hand.sock, HAND_MS) != 1)
                return hand_gone(t);
        if (os_recv(t->hand.sock, &said, sizeof(said), NULL, 0, NULL) != sizeof(said) ||
            said.type != HAND_SAID)
                return hand_gone(t);
        if (said.error == -EPIPE)
                return hand_gone(t);
        memcpy(name->was, said.was, sizeof(name->was));
        return said.error;
}

/* All of an order; undoing goes on past one that fails. */
static int by_hand(struct act_tools *t, uint32_t what, const struct msg_order *m) {
        int r = 0;

        for (uint32_t i = 0; i < MIN(m->order.n_targets, ORDER_NAMES_MAX); i++) {
                struct order_name name = m->names[i];
                int one = ask_hand(t, what, m->order.kind, &name);

                r = one ? one : r;
                if (one && what == HAND_DO)
                        break;
        }
        return r > 0 ? -EPERM : r;
}

static int look_by_hand(struct act_tools *t, struct msg_order *m, uint32_t *ret_which) {
        int r = 0;

        for (uint32_t i = 0; i < m->order.n_targets && r == 0; i++) {
                *ret_which = i;
                r = ask_hand(t, HAND_LOOK, m->order.kind, &m->names[i]);
        }
        return r;
}

/* ---- all ---- */

static int hands_apply(void *ctx, const struct msg_order *m, uint32_t seconds_left) {
        struct act_tools *t = tools_of(ctx);

        if (order_kind_has_names(m->order.kind))
                return by_hand(t, HAND_DO, m);
        int r = t->nft ? nft_apply(t->nft, m, seconds_left) : t->nft_error;
        if (r < 0)
                t->note(t->ctx, t->nft ? nft_said(t->nft) : "the firewall may not be changed");
        return r;
}

static int hands_undo(void *ctx, const struct msg_order *m) {
        struct act_tools *t = tools_of(ctx);

        if (order_kind_has_names(m->order.kind))
                return by_hand(t, HAND_UNDO, m);
        return t->nft ? nft_undo(t->nft, m->order.id) : t->nft_error;
}

static int hands_there(void *ctx, uint64_t *ids, unsigned max) {
        struct act_tools *t = tools_of(ctx);

        return t->nft ? nft_there(t->nft, ids, max) : 0;
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

static int hands_look(void *ctx, struct msg_order *m, uint32_t *ret_which) {
        struct act_tools *t = tools_of(ctx);

        if (order_kind_has_names(m->order.kind))
                return look_by_hand(t, m, ret_which);
        if (!t->nft)
                return ORDER_OFF;
        if (nft_try(t->nft, m) == 0)
                return 0;
        t->note(t->ctx, nft_said(t->nft));
        return ORDER_NO_WAY_BACK;
}

void act_tools_hands(struct act_tools *t, struct act_hands *ret) {
        *ret = (struct act_hands){.ctx = t,
                                  .apply = hands_apply,
                                  .undo = hands_undo,
                                  .there = hands_there,
                                  .own = hands_own,
                                  .look = hands_look};
}

/* ---- the beginning ---- */

static void start_hand(struct act_tools *t, bool accounts, bool services, const char *landlock) {
        const char *args[4] = {NULL};
        struct child_spec spec = {.name = "hand", .args = args, .cpu = -1};
        struct msg_plain ready;
        unsigned n = 0;

        if (landlock)
                args[n++] = landlock;
        if (accounts)
                args[n++] = "accounts";
        if (services)
                args[n++] = "services";
        if (child_start(&t->hand, &spec) < 0)
                return;
        if (os_poll_in(t->hand.sock, HAND_MS) == 1 &&
            os_recv(t->hand.sock, &ready, sizeof(ready), NULL, 0, NULL) == sizeof(ready) &&
            ready.type == PROCESS_READY)
                t->can |= ready.value & (ACT_OFFERS(ORDER_ACCOUNT) | ACT_OFFERS(ORDER_SERVICE));
        else
                t->gone = true;
        if (accounts && !(t->can & ACT_OFFERS(ORDER_ACCOUNT)))
                t->note(t->ctx, "accounts cannot be disabled: the right to change /etc/shadow is "
                                "needed");
        if (services && !(t->can & ACT_OFFERS(ORDER_SERVICE)))
                t->note(t->ctx, "services cannot be stopped: no manager of services answers");
}

void act_tools_open(struct act_tools *t, bool accounts, bool services, const char *landlock) {
        if (accounts || services)
                start_hand(t, accounts, services, landlock);
        t->nft_error = os_keep_capability(CAP_NET_ADMIN);
        if (t->nft_error == 0)
                t->nft_error = nft_new(&t->nft);
        else /* the others' rights are given up all the same */
                (void)os_keep_capabilities(NULL, 0);
        if (t->nft_error == 0)
                t->can |= ACT_OFFERS(ORDER_BLOCK) | ACT_OFFERS(ORDER_ISOLATE);
        else
                t->note(t->ctx, "the firewall may not be changed: CAP_NET_ADMIN is needed");
}

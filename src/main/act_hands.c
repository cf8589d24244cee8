/* See act_hands.h. */
#include "main/act_hands.h"

#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>

#include "os/net.h"
#include "os/own.h"
#include "wire/courier.h"
#include "wire/hand.h"
#include "wire/message.h"

#define OWN_ADDRESSES 128u
#define HAND_MS 30000
#define COURIER_MS 12000
#define COURIER_WORDS 400u

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

/* ---- the courier: a firewall elsewhere, accounts of the directory ---- */

void act_tools_courier(struct act_tools *t, int fd) {
        os_close_quiet(t->courier);
        t->courier = fd;
}

static int leave_courier(struct act_tools *t, int error) {
        os_close_quiet(os_take(&t->courier));
        return error;
}

/* All of n bytes by then. */
static int read_by(struct act_tools *t, void *to, size_t n, int64_t by) {
        size_t got = 0;

        while (got < n) {
                int64_t left = (by - os_monotonic()) / 1000000;
                int r = left > 0 ? os_poll_in(t->courier, (int)left) : 0;
                ssize_t k = r == 1 ? os_read(t->courier, (char *)to + got, n - got) : 0;

                if (k <= 0)
                        return r == 1 ? -EPIPE : r < 0 ? r : -ETIMEDOUT;
                got += (size_t)k;
        }
        return 0;
}

/* Its answer; a late one to a question before is passed over. */
static int hear_courier(struct act_tools *t, char *to, size_t room) {
        int64_t by = os_monotonic() + COURIER_MS * INT64_C(1000000);
        struct courier_head h = {0};
        struct courier_say say = {0};
        char text[COURIER_WORDS];

        for (;;) {
                int r = read_by(t, &h, sizeof(h), by);

                if (r == 0 && (h.len < sizeof(say) || h.len - sizeof(say) >= sizeof(text)))
                        r = -EPROTO;
                if (r == 0)
                        r = read_by(t, &say, sizeof(say), by);
                if (r == 0)
                        r = read_by(t, text, h.len - sizeof(say), by);
                if (r < 0) /* half an answer may be on its way */
                        return leave_courier(t, r);
                if (h.id != t->last_ask)
                        continue;
                text[h.len - sizeof(say)] = '\0';
                snprintf(to, room, "%s", text);
                return say.error > 0 ? -EPROTO : say.error;
        }
}

static int ask_courier(struct act_tools *t, uint32_t kind, const struct buf *payload, char *to,
                       size_t room) {
        struct courier_head h = {(uint32_t)payload->len, kind, ++t->last_ask};

        *to = '\0';
        if (payload->failed)
                return FAIL(-ENOMEM);
        if (t->courier < 0)
                return -EAGAIN;
        int r = os_write_full(t->courier, &h, sizeof(h));
        if (r == 0)
                r = os_write_full(t->courier, payload->p, payload->len);
        return r < 0 ? leave_courier(t, r) : hear_courier(t, to, room);
}

/* All that goes in is a number, or a name or address whose letters were looked at. `deed`: "block", "undo",
 * "probe". */
static int by_hook(struct act_tools *t, const struct msg_order *m, const char *deed,
                   uint32_t seconds) {
        static const char *const ways[] = {"", "in", "out", "both"};
        _cleanup_(buf_deinit) struct buf body = {.limit = 16384}, b = {.limit = 32768};
        unsigned long long id = m->order.id;
        char text[COURIER_WORDS] = "";

        buf_printf(&body, "{\"action\":\"%s\",\"order\":\"NC-%04llu\",\"kind\":\"%s\"", deed, id,
                   m->order.kind == ORDER_ISOLATE ? "isolate_host" : "block");
        if (m->order.kind == ORDER_BLOCK)
                buf_printf(&body, ",\"direction\":\"%s\"", ways[m->order.flags & 3]);
        buf_printf(&body, ",\"seconds\":%u,\"targets\":[", seconds);
        for (uint32_t i = 0; i < MIN(m->order.n_targets, ORDER_TARGETS_MAX); i++) {
                order_target_text(&m->targets[i], text);
                buf_printf(&body, "%s\"%s\"", i ? "," : "", text);
        }
        buf_str(&body, "]}");
        buf_printf(&b, "{\"id\":\"nc%llu%s\",\"event\":\"containment.%s\",\"body\":\"", id, deed,
                   deed);
        if (!body.failed)
                buf_json(&b, buf_get(&body));
        buf_str(&b, "\"}");
        int r = body.failed ? -ENOMEM : ask_courier(t, COURIER_FIREWALL, &b, text, sizeof(text));
        if (r < 0)
                t->note(t->ctx, *text ? text : "the firewall's webhook does not answer");
        return r;
}

/* `was` is of the directory: printable, no quotes (courier/directory.c). */
static int in_directory(struct act_tools *t, const char *op, struct order_name *name) {
        static const char head[] = "{\"was\":\"";
        _cleanup_(buf_deinit) struct buf b = {.limit = 4096};
        char text[COURIER_WORDS];

        buf_printf(&b, "{\"op\":\"%s\",\"login\":\"%.*s\",\"was\":\"", op,
                   (int)sizeof(name->text) - 1, name->text);
        buf_json(&b, span_of((char *)name->was, strnlen((char *)name->was, sizeof(name->was))));
        buf_str(&b, "\"}");
        int r = ask_courier(t, COURIER_LDAP, &b, text, sizeof(text));
        if (r < 0 || strcmp(op, "look") != 0)
                return r;
        size_t n = strlen(text);
        if (n < sizeof(head) + 1 || strncmp(text, head, sizeof(head) - 1) != 0)
                return FAIL(-EPROTO);
        n -= sizeof(head) - 1 + 2; /* its end: "} */
        if (n > sizeof(name->was))
                return ORDER_NO_WAY_BACK;
        memset(name->was, 0, sizeof(name->was));
        memcpy(name->was, text + sizeof(head) - 1, n);
        return 0;
}

static int all_in_directory(struct act_tools *t, const char *op, const struct msg_order *m) {
        bool undo = strcmp(op, "unlock") == 0;
        int r = 0;

        for (uint32_t i = 0; i < MIN(m->order.n_targets, ORDER_NAMES_MAX); i++) {
                struct order_name name = m->names[i];
                int one = in_directory(t, op, &name);

                if (undo && one == -ENOENT) /* it is gone: nothing to bring back */
                        one = 0;
                r = one ? one : r;
                if (one && !undo)
                        break;
        }
        return r;
}

static int look_in_directory(struct act_tools *t, struct msg_order *m, uint32_t *ret_which) {
        int r = 0;

        for (uint32_t i = 0; i < m->order.n_targets && r == 0; i++) {
                *ret_which = i;
                r = in_directory(t, "look", &m->names[i]);
        }
        return r == -ENOENT ? ORDER_MISSING : r == -EOPNOTSUPP ? ORDER_OFF : r;
}

/* ---- all ---- */

static int hands_apply(void *ctx, const struct msg_order *m, uint32_t seconds_left) {
        struct act_tools *t = tools_of(ctx);

        if (m->order.kind == ORDER_DIRECTORY)
                return all_in_directory(t, "lock", m);
        if (order_kind_has_names(m->order.kind))
                return by_hand(t, HAND_DO, m);
        if (m->order.flags & ORDER_HOOK)
                return by_hook(t, m, "block", seconds_left);
        int r = t->nft ? nft_apply(t->nft, m, seconds_left) : t->nft_error;
        if (r < 0)
                t->note(t->ctx, t->nft ? nft_said(t->nft) : "the firewall may not be changed");
        return r;
}

static int hands_undo(void *ctx, const struct msg_order *m) {
        struct act_tools *t = tools_of(ctx);

        if (m->order.kind == ORDER_DIRECTORY)
                return all_in_directory(t, "unlock", m);
        if (order_kind_has_names(m->order.kind))
                return by_hand(t, HAND_UNDO, m);
        if (m->order.flags & ORDER_HOOK)
                return by_hook(t, m, "undo", 0);
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

        if (m->order.kind == ORDER_DIRECTORY)
                return look_in_directory(t, m, ret_which);
        if (order_kind_has_names(m->order.kind))
                return look_by_hand(t, m, ret_which);
        if (m->order.flags & ORDER_HOOK)
                return by_hook(t, m, "probe", 0);
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
        t->courier = -1;
        /* Whether they are configured main says; whether they answer is seen each time. */
        t->can = ACT_OFFERS(ORDER_DIRECTORY) | ACT_OFFERS_BY_HOOK(ORDER_BLOCK) |
                 ACT_OFFERS_BY_HOOK(ORDER_ISOLATE);
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

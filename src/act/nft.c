/* See nft.h. All that goes into a command is a number or an address made from bits; no text of anybody. */
#include "act/nft.h"

#include <nftables/libnftables.h>
#include <stdio.h>
#include <stdlib.h>

#define COMMANDS_MAX ((size_t)64 << 10)

struct nft {
        struct nft_ctx *ctx;
        struct nft_nets kept;
};

struct nft *nft_free(struct nft *n) {
        if (n && n->ctx)
                nft_ctx_free(n->ctx);
        free(n);
        return NULL;
}

/* Tries a table of no effect: whoever may not change the firewall is told so at the start, not in need. */
int nft_new(struct nft **ret) {
        _cleanup_(nft_freep) struct nft *n = calloc(1, sizeof(*n));

        if (!n)
                return FAIL(-ENOMEM);
        n->ctx = nft_ctx_new(NFT_CTX_DEFAULT);
        if (!n->ctx || nft_ctx_buffer_output(n->ctx) != 0 || nft_ctx_buffer_error(n->ctx) != 0)
                // NOLINTNEXTLINE(clang-analyzer-unix.Malloc): _cleanup_ frees it
                return FAIL(-ENOMEM);
        if (nft_run_cmd_from_buffer(n->ctx, "add table inet coloa_0\ndelete table inet coloa_0") !=
            0)
                return -EPERM;
        *ret = n;
        n = NULL;
        return 0;
}

const char *nft_said(const struct nft *n) {
        const char *s = nft_ctx_get_error_buffer(n->ctx);

        return s ? s : "";
}

static bool is_v4(const struct order_target *t) {
        char text[64];

        order_target_text(t, text);
        return strchr(text, ':') == NULL;
}

void nft_kept_clear(struct nft *n) {
        n->kept.n = 0;
}

int nft_keep(struct nft *n, const struct order_target *net) {
        if (n->kept.n == NFT_KEPT_MAX)
                return FAIL(-E2BIG);
        n->kept.list[n->kept.n++] = *net;
        return 0;
}

/* An isolated host: nothing of it or to it passes this gateway but from and to management. */
static void isolation(struct buf *to, unsigned long long id, const struct nft_nets *kept) {
        static const struct {
                const char *family, *hosts, *kept, *type;
        } both[] = {{"ip", "v4", "kept4", "ipv4_addr"}, {"ip6", "v6", "kept6", "ipv6_addr"}};
        char text[64];

        buf_printf(to,
                   "add chain inet coloa_%llu forward { type filter hook forward priority -10; "
                   "policy accept; }\n",
                   id);
        for (size_t i = 0; i < ARRAY_LEN(both); i++) {
                const char *f = both[i].family, *h = both[i].hosts, *k = both[i].kept;

                buf_printf(to,
                           "add set inet coloa_%llu %s { type %s; flags interval; auto-merge; }\n"
                           "add rule inet coloa_%llu forward %s saddr @%s %s daddr != @%s counter "
                           "drop\n"
                           "add rule inet coloa_%llu forward %s daddr @%s %s saddr != @%s counter "
                           "drop\n",
                           id, k, both[i].type, id, f, h, f, k, id, f, h, f, k);
        }
        for (size_t i = 0; i < kept->n; i++) {
                order_target_text(&kept->list[i], text);
                buf_printf(to, "add element inet coloa_%llu %s { %s }\n", id,
                           is_v4(&kept->list[i]) ? "kept4" : "kept6", text);
        }
}

static void rules(struct buf *to, unsigned long long id, uint32_t flags) {
        static const struct {
                const char *chain;
                uint32_t in, out; /* which way packets of this hook go */
        } hooks[] = {
                {"input", ORDER_IN, 0}, {"forward", ORDER_IN, ORDER_OUT}, {"output", 0, ORDER_OUT}};

        for (size_t i = 0; i < ARRAY_LEN(hooks); i++) {
                const char *c = hooks[i].chain;

                if (!(flags & (hooks[i].in | hooks[i].out)))
                        continue;
                buf_printf(
                        to,
                        "add chain inet coloa_%llu %s { type filter hook %s priority -10; policy "
                        "accept; }\n",
                        id, c, c);
                if (flags & hooks[i].in)
                        buf_printf(to,
                                   "add rule inet coloa_%llu %s ip saddr @v4 counter drop\n"
                                   "add rule inet coloa_%llu %s ip6 saddr @v6 counter drop\n",
                                   id, c, id, c);
                if (flags & hooks[i].out)
                        buf_printf(to,
                                   "add rule inet coloa_%llu %s ip daddr @v4 counter drop\n"
                                   "add rule inet coloa_%llu %s ip6 daddr @v6 counter drop\n",
                                   id, c, id, c);
        }
}

/* One transaction; a table of that name goes first, so that doing it twice is doing it once. */
void nft_commands(struct buf *to, const struct msg_order *m, uint32_t seconds_left,
                  const struct nft_nets *kept) {
        unsigned long long id = m->order.id;
        char text[64];

        buf_printf(to, "add table inet coloa_%llu\ndelete table inet coloa_%llu\n", id, id);
        buf_printf(to, "add table inet coloa_%llu\n", id);
        buf_printf(to,
                   "add set inet coloa_%llu v4 { type ipv4_addr; flags interval, timeout; }\n"
                   "add set inet coloa_%llu v6 { type ipv6_addr; flags interval, timeout; }\n",
                   id, id);
        if (m->order.kind == ORDER_ISOLATE)
                isolation(to, id, kept);
        else
                rules(to, id, m->order.flags);
        for (uint32_t i = 0; i < MIN(m->order.n_targets, ORDER_TARGETS_MAX); i++) {
                order_target_text(&m->targets[i], text);
                buf_printf(to, "add element inet coloa_%llu %s { %s timeout %us }\n", id,
                           is_v4(&m->targets[i]) ? "v4" : "v6", text, seconds_left);
        }
}

static int run(struct nft *n, const struct msg_order *m, uint32_t seconds_left, bool only_try) {
        _cleanup_(buf_deinit) struct buf b = {.limit = COMMANDS_MAX};

        nft_commands(&b, m, seconds_left, &n->kept);
        if (only_try)
                buf_printf(&b, "delete table inet coloa_%llu\n", (unsigned long long)m->order.id);
        buf_char(&b, '\0');
        if (b.failed)
                return FAIL(-ENOMEM);
        nft_ctx_set_dry_run(n->ctx, only_try);
        int r = nft_run_cmd_from_buffer(n->ctx, b.p) == 0 ? 0 : -EIO;
        nft_ctx_set_dry_run(n->ctx, false);
        return r;
}

int nft_apply(struct nft *n, const struct msg_order *m, uint32_t seconds_left) {
        return run(n, m, seconds_left, false);
}

int nft_try(struct nft *n, const struct msg_order *m) {
        return run(n, m, ORDER_SECONDS_MIN, true);
}

int nft_undo(struct nft *n, uint64_t id) {
        char text[128];

        snprintf(text, sizeof(text), "add table inet coloa_%llu\ndelete table inet coloa_%llu",
                 (unsigned long long)id, (unsigned long long)id);
        return nft_run_cmd_from_buffer(n->ctx, text) == 0 ? 0 : FAIL(-EIO);
}

int nft_there(struct nft *n, uint64_t *ids, unsigned max) {
        static const char name[] = "table inet coloa_";
        unsigned found = 0;

        if (nft_run_cmd_from_buffer(n->ctx, "list tables inet") != 0)
                return FAIL(-EIO);
        for (const char *p = nft_ctx_get_output_buffer(n->ctx); p && found < max;) {
                p = strstr(p, name);
                if (!p)
                        break;
                p += sizeof(name) - 1;
                ids[found++] = strtoull(p, NULL, 10);
        }
        return (int)found;
}

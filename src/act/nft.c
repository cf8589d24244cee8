/* See nft.h. All that goes into a command is a number or an address made from bits; no text of anybody. */
#include "act/nft.h"

#include <nftables/libnftables.h>
#include <stdio.h>
#include <stdlib.h>

#define COMMANDS_MAX ((size_t)64 << 10)

struct nft {
        struct nft_ctx *ctx;
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
void nft_commands(struct buf *to, const struct msg_order *m, uint32_t seconds_left) {
        unsigned long long id = m->order.id;
        char text[64];

        buf_printf(to, "add table inet coloa_%llu\ndelete table inet coloa_%llu\n", id, id);
        buf_printf(to, "add table inet coloa_%llu\n", id);
        buf_printf(to,
                   "add set inet coloa_%llu v4 { type ipv4_addr; flags interval, timeout; }\n"
                   "add set inet coloa_%llu v6 { type ipv6_addr; flags interval, timeout; }\n",
                   id, id);
        rules(to, id, m->order.flags);
        for (uint32_t i = 0; i < MIN(m->order.n_targets, ORDER_TARGETS_MAX); i++) {
                order_target_text(&m->targets[i], text);
                buf_printf(to, "add element inet coloa_%llu %s { %s timeout %us }\n", id,
                           is_v4(&m->targets[i]) ? "v4" : "v6", text, seconds_left);
        }
}

int nft_apply(void *ctx, const struct msg_order *m, uint32_t seconds_left) {
        _cleanup_(buf_deinit) struct buf b = {.limit = COMMANDS_MAX};
        struct nft *n = ctx;

        nft_commands(&b, m, seconds_left);
        buf_char(&b, '\0');
        if (b.failed)
                return FAIL(-ENOMEM);
        return nft_run_cmd_from_buffer(n->ctx, b.p) == 0 ? 0 : FAIL(-EIO);
}

int nft_undo(void *ctx, uint64_t id) {
        struct nft *n = ctx;
        char text[128];

        snprintf(text, sizeof(text), "add table inet coloa_%llu\ndelete table inet coloa_%llu",
                 (unsigned long long)id, (unsigned long long)id);
        return nft_run_cmd_from_buffer(n->ctx, text) == 0 ? 0 : FAIL(-EIO);
}

int nft_there(void *ctx, uint64_t *ids, unsigned max) {
        static const char name[] = "table inet coloa_";
        struct nft *n = ctx;
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

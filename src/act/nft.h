/* The kernel's firewall through libnftables: a table of its own for each order, so that undoing is one
 * command and what is left over is seen by its name (inet coloa_NUMBER). Elements carry a timeout, so the
 * kernel ends them even when nobody is left to. */
#ifndef ACT_NFT_H
#define ACT_NFT_H

#include "act/act.h"
#include "base/buf.h"

struct nft;

/* Before the sandbox: the library reads names of /etc. -EPERM: no CAP_NET_ADMIN. */
int nft_new(struct nft **ret);
struct nft *nft_free(struct nft *n);
CLEANUP(nft, nft_free)
/* What isolated hosts still reach: from the next order on. -E2BIG. */
#define NFT_KEPT_MAX 64u
void nft_kept_clear(struct nft *n);
int nft_keep(struct nft *n, const struct order_target *net);
/* Hands of `act` (act.h). */
int nft_apply(struct nft *n, const struct msg_order *m, uint32_t seconds_left);
int nft_undo(struct nft *n, uint64_t id);
int nft_there(struct nft *n, uint64_t *ids, unsigned max);
/* The order's commands and their undoing, looked at by library and kernel, not done. */
int nft_try(struct nft *n, const struct msg_order *m);
/* What the firewall said last; "" when nothing. */
const char *nft_said(const struct nft *n);

/* The commands of an order. */
struct nft_nets {
        struct order_target list[NFT_KEPT_MAX];
        size_t n;
};
void nft_commands(struct buf *to, const struct msg_order *m, uint32_t seconds_left,
                  const struct nft_nets *kept);

#endif

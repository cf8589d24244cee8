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
/* Hands of `act` (act.h); ctx is the nft. */
int nft_apply(void *ctx, const struct msg_order *m, uint32_t seconds_left);
int nft_undo(void *ctx, uint64_t id);
int nft_there(void *ctx, uint64_t *ids, unsigned max);
/* What the firewall said last; "" when nothing. */
const char *nft_said(const struct nft *n);

/* The commands of an order, for what a person is shown before. */
void nft_commands(struct buf *to, const struct msg_order *m, uint32_t seconds_left);

#endif

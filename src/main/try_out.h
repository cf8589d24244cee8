/* What a node does that was given no configuration: it listens to this machine alone, and reads what
 * this machine logs itself, as far as whoever starts it may. */
#ifndef MAIN_TRY_OUT_H
#define MAIN_TRY_OUT_H

#include "base/buf.h"
#include "main/config.h"

typedef void (*try_out_say)(void *ctx, int level, const char *text);

/* Appends its configuration. What this user may not read is said and left out. */
void try_out_text(struct buf *b, try_out_say say, void *ctx);
/* Takes out the listeners whose address another program has, and says so: a try-out goes on without
 * them. Those taken out are bits of `*gone`; those that are there already go without a look, so that
 * a reload does not find the node's own sockets in its way. */
void try_out_ports(struct config *c, bool look, uint32_t *gone, try_out_say say, void *ctx);

#endif

/* What calls of the API wait for from the vault: kept here until the process has sent it
 * (main/process_desk.c), and until its answer comes. */
#ifndef DESK_ASKS_H
#define DESK_ASKS_H

#include "wire/vault.h"

struct desk;

/* The next to be sent, or NULL; it is wiped by desk_asked(). */
const struct msg_vault_ask *desk_to_ask(struct desk *d);
void desk_asked(struct desk *d, const struct msg_vault_ask *m);
/* An answer; of nobody's ask: -EPROTO. 0 or -errno. */
int desk_vault_said(struct desk *d, const struct msg_vault_answer *a);
/* There is a line now, or none any more: what was sent is answered with 'try later'. */
int desk_vault_line(struct desk *d, bool there);

#endif

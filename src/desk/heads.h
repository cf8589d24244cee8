/* Signed heads of the audit log (wire/audit_head.h): when one is asked of the vault, and what is kept of them. */
#ifndef DESK_HEADS_H
#define DESK_HEADS_H

#include "wire/audit_head.h"
#include "wire/vault.h"

struct desk;

#define HEADS_TICKET UINT64_MAX /* no call of the API has it */

/* ---- asks.c: the line to the vault ---- */

/* What there is to ask now, or NULL. */
const struct msg_vault_ask *heads_to_ask(struct desk *d);
void heads_asked(struct desk *d);
/* 0 or -errno. */
int heads_said(struct desk *d, const struct msg_vault_answer *a);
void heads_line(struct desk *d, bool there);

/* ---- for the process ---- */

/* At a clean end: what is committed is to be covered now. Then desk_to_ask() … until it is false. */
bool desk_heads_wanted(struct desk *d);

void desk_heads_free(struct desk *d);

/* The last that is kept, and how many entries there are now. 1; 0: there is none yet; -errno. */
int heads_last(struct desk *d, struct audit_signed *ret, uint64_t *ret_entries);

#endif

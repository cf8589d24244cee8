/* The desk's line to the vault (wire/vault.h, desk/asks.h). */
#ifndef MAIN_VAULT_LINE_H
#define MAIN_VAULT_LINE_H

#include "desk/desk.h"

struct vault_line {
        struct desk *desk;
        int sock; /* -1: main has not joined us */
};

/* A new line; `fd` stays the caller's. */
int vault_line_open(struct vault_line *l, int fd);
/* Takes what the vault says; one that ended, or breaks the format, is left until main joins the next. */
int vault_line_take(struct vault_line *l);
/* At a clean end: asks for a head of the audit log alone, and takes it, or waits `ms` for it. 1: it was said; 0:
 * it was not; -errno. What else is said is of calls that nobody waits for any more. */
int vault_line_head(struct vault_line *l, int ms);
/* Sends what there is to ask. */
int vault_line_give(struct vault_line *l);

#endif

/* The agency's directory (LDAP): whether a password is somebody's, and an account there that is disabled and
 * enabled again. One connection for each ask, over TLS, with an end in time. */
#ifndef COURIER_DIRECTORY_H
#define COURIER_DIRECTORY_H

#include <jansson.h>

#include "courier/courier.h"

struct directory;

/* What main says of it: {"server", "port", "tls": tls|starttls|none, "ca", "dn", "base", "attribute", "class",
 * "user", "password", "lock", "locked"}. NULL: something is missing or not allowed. */
struct directory *directory_new(struct courier *c, const json_t *o);
struct directory *
directory_free(struct directory *d); /* all that is under way is answered: -EAGAIN */
void directory_end_all(struct directory *d);
/* What is under way too long is answered. */
void directory_tick(struct directory *d);

/* COURIER_LDAP. {"op": "sign-in", "login", "password"}: 0 or -EACCES (wrong, or no such one).
 * {"op": "look"|"lock"|"unlock", "login", "was"}: 0 and what was; -ENOENT.
 * Others: -ETIMEDOUT, -ECONNREFUSED, -EPROTO … : it could not be asked. */
int directory_ask(struct courier *c, uint64_t id, struct span payload);

#endif

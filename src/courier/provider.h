/* The agency's OpenID provider: where to send a browser, and whom a code that came back is of (authorization
 * code with PKCE; the ID token is looked at by courier/jwt.h). */
#ifndef COURIER_PROVIDER_H
#define COURIER_PROVIDER_H

#include <jansson.h>

#include "courier/courier.h"

struct provider;

/* What main says of it: {"issuer", "client", "secret"?, "redirect", "claim", "name", "ca"?}. NULL: something is
 * missing or not allowed. */
struct provider *provider_new(struct courier *c, const json_t *o);
struct provider *provider_free(struct provider *p); /* what is under way is answered: -EAGAIN */
void provider_end_all(struct provider *p);
const char *provider_name(const struct provider *p);

/* COURIER_OIDC. {"op": "begin", "state", "nonce", "challenge"}: {"url"}: where the browser goes.
 * {"op": "code", "code", "verifier", "nonce"}: {"who"}; -EACCES and {"why"}: the provider or its token was refused.
 * Others: it could not be asked. */
int provider_ask(struct courier *c, uint64_t id, struct span payload);

/* ---- pure, for tests: bytes that a provider sent ---- */

#define PROVIDER_URL_MAX 1000u
struct provider_places {
        char authorize[PROVIDER_URL_MAX], token[PROVIDER_URL_MAX], keys[PROVIDER_URL_MAX];
};
/* Its discovery document. -EBADMSG: not of this issuer, or without what is needed. */
int provider_discovery(struct span json, const char *issuer, struct provider_places *ret);
/* The ID token of an answer of the token endpoint, in `to`. */
int provider_token(struct span json, struct buf *to);

#endif

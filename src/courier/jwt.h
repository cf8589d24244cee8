/* What an OpenID provider says of who signed in: an ID token (RFC 7519, 7515), looked at against the keys that
 * the provider publishes (RFC 7517). Pure but for GnuTLS's arithmetic.
 *
 *   T1. Only RS256 and ES256 count, each with a key of its own kind; "none", and a key that the token
 *       brings along, are nothing.
 *   T2. Nothing of the claims is looked at before the signature is good.
 *   T3. Issuer and client are ours to the byte, the nonce is the one of this sign-in, its time is now: a
 *       clock may be off by `skew_s`, no more. */
#ifndef COURIER_JWT_H
#define COURIER_JWT_H

#include <jansson.h>

#include "base/base.h"

#define JWT_BYTES_MAX ((size_t)32 << 10)
#define JWT_KEYS_BYTES_MAX ((size_t)128 << 10)
#define JWT_KEYS_MAX 32u

struct jwt_keys;
/* Those that can be used here; others are passed over. -EBADMSG: it is no set of keys. */
int jwt_keys_read(struct jwt_keys **ret, struct span jwks);
struct jwt_keys *jwt_keys_free(struct jwt_keys *k);
CLEANUP(jwt_keys, jwt_keys_free)
unsigned jwt_keys_count(const struct jwt_keys *k);

struct jwt_want {
        const char *issuer, *audience;
        struct span nonce;
        int64_t now_s, skew_s;
};

enum jwt_fault {
        JWT_GOOD,
        JWT_FORM,      /* no token, or not of this form */
        JWT_ALGORITHM, /* not one of ours (T1) */
        JWT_KEY,       /* its key is not among these */
        JWT_SIGNATURE,
        JWT_ISSUER,
        JWT_AUDIENCE,
        JWT_TIME, /* expired, or of the future */
        JWT_NONCE,
        JWT_FAULT_MAX = JWT_NONCE,
};
/* *ret_claims (json_decref it) is set with JWT_GOOD alone. */
enum jwt_fault jwt_check(const struct jwt_keys *k, struct span token, const struct jwt_want *w,
                         json_t **ret_claims);
/* "algorithm", "signature": for the log and the audit. */
const char *jwt_fault_name(enum jwt_fault f);

#endif

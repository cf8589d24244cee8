/* What can be said of certificates and keys before anybody connects: for `coloa doctor`. */
#ifndef INGEST_TLS_CHECK_H
#define INGEST_TLS_CHECK_H

#include "base/base.h"

struct tls_facts {
        unsigned n;                    /* certificates in the file, 1 or more */
        int64_t not_before, not_after; /* ns since 1970: when all of them hold */
        bool weak;                     /* of the first: a key or signature that is too short */
        char name[160];                /* of the first, as RFC 4514 writes it, cut */
};

/* PEM. 0, or -EINVAL and why: a constant phrase (GnuTLS's). */
int tls_check_certificates(struct span pem, struct tls_facts *ret, const char **ret_what);
/* Whether the key is that of the file's first certificate. */
int tls_check_key(struct span certificates, struct span key, bool *ret_matches,
                  const char **ret_what);
/* When the list is to be replaced: ns since 1970, or TIME_NONE when it does not say. */
int tls_check_revoked(struct span pem, int64_t *ret_next, const char **ret_what);

#endif

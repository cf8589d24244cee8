/* TLS for the syslog and RELP listeners (RFC 5425): GnuTLS sessions over non-blocking sockets, who
 * the other end is, and why not. */
#ifndef INGEST_TLS_H
#define INGEST_TLS_H

#include <sys/types.h>

#include "wire/node_ingest.h"

/* What is spoken, also by the HTTP listeners. */
#define TLS_PRIORITIES                                                                             \
        "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-MAC-ALL:+AEAD:%SERVER_PRECEDENCE"
#define TLS_NAMES_MAX 16u
#define TLS_NAME_MAX 128u

struct tls_context; /* of a listener: certificate, key, authorities */
struct tls;         /* of a connection */

struct tls_context *tls_context_new(bool mutual);
struct tls_context *tls_context_free(struct tls_context *c);
CLEANUP(tls_context, tls_context_free)
/* Takes a copy. A certificate takes effect when its key is told behind it; the others at once. 0, or
 * a negative errno and `ret_what`: a constant phrase (GnuTLS's), and the former stay in effect.
 * Connections under way keep what they began with. */
int tls_context_set(struct tls_context *c, enum secret_kind kind, struct span pem,
                    const char **ret_what);
bool tls_context_ready(const struct tls_context *c);

struct tls *tls_new(struct tls_context *c, int fd);
/* Says goodbye if that is possible without waiting; does not close fd. */
struct tls *tls_free(struct tls *t);

/* 0: done; -EAGAIN: come again when readable (or, tls_wants_write(), writable); other -errno: over,
 * tls_what() says why. */
int tls_handshake(struct tls *t);
bool tls_wants_write(const struct tls *t);
ssize_t tls_recv(struct tls *t, void *to, size_t n); /* bytes, 0 at the end, -EAGAIN, -errno */
ssize_t tls_send(struct tls *t, const void *p, size_t n);
const char *tls_what(const struct tls *t);

/* Who it is, after the handshake; no certificate: n_names 0 and no fingerprint. */
struct tls_peer {
        bool shown, trusted; /* signed by an authority of ours, in time, not revoked */
        uint8_t fingerprint[32];
        unsigned n_names; /* DNS names, addresses, mail addresses, then the common name */
        char names[TLS_NAMES_MAX][TLS_NAME_MAX];
};
int tls_peer(struct tls *t, struct tls_peer *ret);
/* The same for a session that is not ours (libmicrohttpd's), after its handshake: it is judged by the
 * authorities and the list of revoked certificates of `c`, as the library knows no such list. */
struct gnutls_session_int;
int tls_peer_by(struct tls_context *c, struct gnutls_session_int *session, struct tls_peer *ret);

#endif

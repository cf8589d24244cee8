/* See tls.h.
 *
 * A mutual listener asks for a certificate and requires one. Whether it is known is decided after
 * the handshake, by the sources: by a name, when an authority of ours signed it, or by its
 * fingerprint, which needs no authority (RFC 5425 wants both). */
#include "ingest/tls.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>

#define RETIRED 16u

struct tls_context {
        gnutls_certificate_credentials_t credentials;
        /* A handshake under way uses those of its beginning; no handshake outlives so many
         * renewals. */
        gnutls_certificate_credentials_t retired[RETIRED];
        unsigned next_retired;
        gnutls_priority_t priorities;
        gnutls_datum_t pem[SECRET_REVOKED + 1];
        bool mutual;
};

struct tls {
        gnutls_session_t session;
        bool open;
        const char *what;
};

struct tls_context *tls_context_new(bool mutual) {
        struct tls_context *c = calloc(1, sizeof(*c));

        if (!c)
                return NULL;
        c->mutual = mutual;
        if (gnutls_priority_init(&c->priorities, TLS_PRIORITIES, NULL) < 0)
                return tls_context_free(c);
        return c;
}

static void wipe(gnutls_datum_t *d) {
        if (d->data) {
                gnutls_memset(d->data, 0, d->size);
                free(d->data);
        }
        *d = (gnutls_datum_t){0};
}

static void free_credentials(gnutls_certificate_credentials_t *c) {
        if (*c)
                gnutls_certificate_free_credentials(*c);
        *c = NULL;
}

struct tls_context *tls_context_free(struct tls_context *c) {
        if (c) {
                free_credentials(&c->credentials);
                for (unsigned i = 0; i < RETIRED; i++)
                        free_credentials(&c->retired[i]);
                if (c->priorities)
                        gnutls_priority_deinit(c->priorities);
                for (unsigned i = 0; i < ARRAY_LEN(c->pem); i++)
                        wipe(&c->pem[i]);
                free(c);
        }
        return NULL;
}

/* Fresh credentials of all that was told. */
static int build(const gnutls_datum_t *pem, gnutls_certificate_credentials_t *ret) {
        gnutls_certificate_credentials_t x;
        const gnutls_x509_crt_fmt_t as = GNUTLS_X509_FMT_PEM;
        int r = gnutls_certificate_allocate_credentials(&x);

        if (r < 0)
                return r;
        r = gnutls_certificate_set_x509_key_mem(x, &pem[SECRET_CERTIFICATE], &pem[SECRET_KEY], as);
        if (r >= 0 && pem[SECRET_AUTHORITIES].size)
                r = gnutls_certificate_set_x509_trust_mem(x, &pem[SECRET_AUTHORITIES], as);
        if (r >= 0 && pem[SECRET_REVOKED].size)
                r = gnutls_certificate_set_x509_crl_mem(x, &pem[SECRET_REVOKED], as);
        if (r < 0)
                free_credentials(&x);
        else
                *ret = x;
        return MIN(r, 0);
}

static int set(struct tls_context *c, enum secret_kind kind, struct span pem) {
        gnutls_certificate_credentials_t fresh;
        unsigned char *copy = malloc(MAX(pem.len, (size_t)1));

        if (!copy)
                return GNUTLS_E_MEMORY_ERROR;
        memcpy(copy, pem.p, pem.len);
        wipe(&c->pem[kind]);
        c->pem[kind] = (gnutls_datum_t){copy, (unsigned)pem.len};
        /* A new certificate waits for its key. */
        if (kind == SECRET_CERTIFICATE || !c->pem[SECRET_CERTIFICATE].size ||
            !c->pem[SECRET_KEY].size)
                return 0;
        int r = build(c->pem, &fresh);
        if (r < 0)
                return r;
        free_credentials(&c->retired[c->next_retired]);
        c->retired[c->next_retired] = c->credentials;
        c->next_retired = (c->next_retired + 1) % RETIRED;
        c->credentials = fresh;
        return 0;
}

int tls_context_set(struct tls_context *c, enum secret_kind kind, struct span pem,
                    const char **ret_what) {
        if (kind < SECRET_CERTIFICATE || kind > SECRET_REVOKED || pem.len > SECRET_MAX)
                return -EINVAL;
        int r = set(c, kind, pem);
        if (r == 0)
                return 0;
        *ret_what = gnutls_strerror(r);
        return r == GNUTLS_E_MEMORY_ERROR ? -ENOMEM : -EINVAL;
}

bool tls_context_ready(const struct tls_context *c) {
        return c->credentials != NULL;
}

struct tls *tls_new(struct tls_context *c, int fd) {
        struct tls *t = calloc(1, sizeof(*t));

        if (!t)
                return NULL;
        if (gnutls_init(&t->session, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) < 0) {
                free(t);
                return NULL;
        }
        if (gnutls_priority_set(t->session, c->priorities) < 0 ||
            gnutls_credentials_set(t->session, GNUTLS_CRD_CERTIFICATE, c->credentials) < 0)
                return tls_free(t);
        gnutls_certificate_server_set_request(t->session,
                                              c->mutual ? GNUTLS_CERT_REQUIRE : GNUTLS_CERT_IGNORE);
        gnutls_handshake_set_timeout(t->session, 0); /* the loop has its own deadline */
        gnutls_transport_set_int(t->session, fd);
        return t;
}

struct tls *tls_free(struct tls *t) {
        if (t) {
                if (t->open)
                        (void)gnutls_bye(t->session, GNUTLS_SHUT_WR);
                gnutls_deinit(t->session);
                free(t);
        }
        return NULL;
}

/* GnuTLS's answer as ours. Alerts that are warnings do not count. */
static ssize_t result(struct tls *t, ssize_t r) {
        if (r >= 0)
                return r;
        if (r == GNUTLS_E_AGAIN || r == GNUTLS_E_INTERRUPTED ||
            r == GNUTLS_E_WARNING_ALERT_RECEIVED)
                return -EAGAIN;
        t->open = false;
        /* Many senders end without a goodbye: for logs an end, not an error. */
        if (r == GNUTLS_E_PREMATURE_TERMINATION)
                return 0;
        t->what = gnutls_strerror((int)r);
        return r == GNUTLS_E_MEMORY_ERROR ? -ENOMEM : -EBADMSG;
}

int tls_handshake(struct tls *t) {
        int r = gnutls_handshake(t->session);

        if (r == 0) {
                t->open = true;
                return 0;
        }
        if (r == GNUTLS_E_PREMATURE_TERMINATION) {
                t->what = gnutls_strerror(r);
                return -EBADMSG;
        }
        if (r < 0 && gnutls_error_is_fatal(r) == 0)
                return -EAGAIN;
        return (int)result(t, r);
}

bool tls_wants_write(const struct tls *t) {
        return gnutls_record_get_direction(t->session) == 1;
}

ssize_t tls_recv(struct tls *t, void *to, size_t n) {
        return result(t, gnutls_record_recv(t->session, to, n));
}

ssize_t tls_send(struct tls *t, const void *p, size_t n) {
        return result(t, gnutls_record_send(t->session, p, n));
}

const char *tls_what(const struct tls *t) {
        return t->what ? t->what : "";
}

static void add_name(struct tls_peer *p, const char *name, size_t len) {
        /* A name with a NUL inside is a trick: certificates say how long a name is. */
        if (p->n_names == TLS_NAMES_MAX || len == 0 || len >= TLS_NAME_MAX || memchr(name, 0, len))
                return;
        memcpy(p->names[p->n_names], name, len);
        p->names[p->n_names++][len] = 0;
}

static void add_names(gnutls_x509_crt_t crt, struct tls_peer *p) {
        char name[TLS_NAME_MAX];

        for (unsigned i = 0; i < TLS_NAMES_MAX; i++) {
                size_t len = sizeof(name);
                int type = gnutls_x509_crt_get_subject_alt_name(crt, i, name, &len, NULL);

                if (type == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
                        break;
                if (type == GNUTLS_SAN_DNSNAME || type == GNUTLS_SAN_RFC822NAME)
                        add_name(p, name, strnlen(name, len) == len ? len : strlen(name));
        }
        size_t len = sizeof(name);
        if (gnutls_x509_crt_get_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name, &len) >= 0)
                add_name(p, name, len);
}

static int tls_peer_of(struct gnutls_session_int *session, struct tls_peer *ret) {
        unsigned n = 0, status = 0;
        const gnutls_datum_t *list = gnutls_certificate_get_peers(session, &n);
        gnutls_x509_crt_t crt;
        size_t len = sizeof(ret->fingerprint);

        *ret = (struct tls_peer){0};
        if (!list || n == 0)
                return 0;
        if (gnutls_fingerprint(GNUTLS_DIG_SHA256, &list[0], ret->fingerprint, &len) < 0 ||
            len != sizeof(ret->fingerprint))
                return -EBADMSG;
        ret->shown = true;
        ret->trusted = gnutls_certificate_verify_peers2(session, &status) == 0 && status == 0;
        if (status & GNUTLS_CERT_REVOKED)
                ret->shown = false; /* not for its fingerprint either */
        if (!ret->trusted)
                return 0; /* its names are worth nothing */
        if (gnutls_x509_crt_init(&crt) < 0)
                return -ENOMEM;
        if (gnutls_x509_crt_import(crt, &list[0], GNUTLS_X509_FMT_DER) >= 0)
                add_names(crt, ret);
        gnutls_x509_crt_deinit(crt);
        return 0;
}

int tls_peer(struct tls *t, struct tls_peer *ret) {
        return tls_peer_of(t->session, ret);
}

int tls_peer_by(struct tls_context *c, struct gnutls_session_int *session, struct tls_peer *ret) {
        *ret = (struct tls_peer){0};
        if (!c->credentials ||
            gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, c->credentials) < 0)
                return -EBADMSG;
        return tls_peer_of(session, ret);
}

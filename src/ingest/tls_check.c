/* See tls_check.h. Reads the same files that a listener is given, with the same library; nothing is
 * kept, and a key is forgotten at once. */
#include "ingest/tls_check.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>

#include "base/timestamp.h"

static int wrong(int error, const char **ret_what) {
        *ret_what = gnutls_strerror(error);
        return -EINVAL;
}

/* A certificate may say the year 9999. */
static int64_t ns(time_t t) {
        return t == (time_t)-1 ? TIME_NONE : MIN((int64_t)t, INT64_MAX / NS_PER_SEC) * NS_PER_SEC;
}

static gnutls_datum_t datum(struct span s) {
        return (gnutls_datum_t){(unsigned char *)(uintptr_t)s.p, (unsigned)s.len};
}

static bool is_weak(gnutls_x509_crt_t c) {
        unsigned bits = 0;
        int algorithm = gnutls_x509_crt_get_pk_algorithm(c, &bits);
        int signature = gnutls_x509_crt_get_signature_algorithm(c);

        return algorithm < 0 || signature < 0 ||
               gnutls_pk_bits_to_sec_param((gnutls_pk_algorithm_t)algorithm, bits) <
                       GNUTLS_SEC_PARAM_MEDIUM ||
               gnutls_sign_is_secure((gnutls_sign_algorithm_t)signature) == 0;
}

int tls_check_certificates(struct span pem, struct tls_facts *ret, const char **ret_what) {
        gnutls_datum_t d = datum(pem), name;
        gnutls_x509_crt_t *list = NULL;
        unsigned n = 0;
        int r = gnutls_x509_crt_list_import2(&list, &n, &d, GNUTLS_X509_FMT_PEM, 0);

        if (r < 0)
                return wrong(r, ret_what);
        *ret = (struct tls_facts){.n = n, .not_before = INT64_MIN, .not_after = INT64_MAX};
        for (unsigned i = 0; i < n; i++) {
                ret->not_before =
                        MAX(ret->not_before, ns(gnutls_x509_crt_get_activation_time(list[i])));
                ret->not_after =
                        MIN(ret->not_after, ns(gnutls_x509_crt_get_expiration_time(list[i])));
        }
        ret->weak = is_weak(list[0]);
        if (gnutls_x509_crt_get_dn3(list[0], &name, 0) == 0) {
                snprintf(ret->name, sizeof(ret->name), "%.*s", (int)name.size, name.data);
                gnutls_free(name.data);
        }
        for (unsigned i = 0; i < n; i++)
                gnutls_x509_crt_deinit(list[i]);
        gnutls_free(list);
        return 0;
}

/* What the public halves of two keys are known by. */
static int id_of(gnutls_x509_crt_t c, gnutls_x509_privkey_t k, unsigned char to[32]) {
        size_t n = 32;

        return c ? gnutls_x509_crt_get_key_id(c, GNUTLS_KEYID_USE_SHA256, to, &n)
                 : gnutls_x509_privkey_get_key_id(k, GNUTLS_KEYID_USE_SHA256, to, &n);
}

int tls_check_key(struct span certificates, struct span key, bool *ret_matches,
                  const char **ret_what) {
        gnutls_datum_t d = datum(certificates), k = datum(key);
        unsigned char a[32], b[32];
        gnutls_x509_crt_t first = NULL;
        gnutls_x509_privkey_t private = NULL;
        int r = gnutls_x509_crt_init(&first);

        if (r == 0)
                r = gnutls_x509_privkey_init(&private);
        if (r == 0)
                r = gnutls_x509_crt_import(first, &d, GNUTLS_X509_FMT_PEM);
        if (r == 0)
                r = gnutls_x509_privkey_import2(private, &k, GNUTLS_X509_FMT_PEM, NULL, 0);
        if (r == 0)
                r = id_of(first, NULL, a);
        if (r == 0)
                r = id_of(NULL, private, b);
        if (r == 0)
                *ret_matches = memcmp(a, b, sizeof(a)) == 0;
        if (first)
                gnutls_x509_crt_deinit(first);
        if (private)
                gnutls_x509_privkey_deinit(private);
        return r < 0 ? wrong(r, ret_what) : 0;
}

int tls_check_revoked(struct span pem, int64_t *ret_next, const char **ret_what) {
        gnutls_datum_t d = datum(pem);
        gnutls_x509_crl_t *list = NULL;
        unsigned n = 0;
        int r = gnutls_x509_crl_list_import2(&list, &n, &d, GNUTLS_X509_FMT_PEM, 0);

        if (r < 0)
                return wrong(r, ret_what);
        *ret_next = TIME_NONE;
        for (unsigned i = 0; i < n; i++) {
                int64_t next = ns(gnutls_x509_crl_get_next_update(list[i]));

                if (next != TIME_NONE && (*ret_next == TIME_NONE || next < *ret_next))
                        *ret_next = next;
                gnutls_x509_crl_deinit(list[i]);
        }
        gnutls_free(list);
        return 0;
}

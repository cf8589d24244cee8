/* See jwt.h. A token is three pieces of base64url with dots between: header, claims, signature over the first
 * two as they stand. */
#include "courier/jwt.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <sodium.h>
#include <stdlib.h>

#define RSA_BITS_MIN 2048u
#define RSA_BYTES_MAX 1024u
#define COORDINATE 32u /* of P-256 */
#define SIGNATURE_MAX 1024u
#define AGE_MAX_S 86400 /* a token that lives longer is none of signing in */

enum algorithm { NO_ALGORITHM, RS256, ES256 };

struct key {
        enum algorithm algorithm;
        char id[128]; /* "" when it has none */
        gnutls_pubkey_t key;
};

struct jwt_keys {
        struct key list[JWT_KEYS_MAX];
        unsigned n;
};

static struct span text_at(const json_t *o, const char *name) {
        const json_t *v = json_object_get(o, name);

        return json_is_string(v) ? span_of(json_string_value(v), json_string_length(v)) : SPAN_NONE;
}

/* 0 on success; strict: no padding, no other alphabet, no bits behind. */
static int decode(struct span s, unsigned char *to, size_t room, size_t *ret_n) {
        const char *end = NULL;

        if (!s.len || sodium_base642bin(to, room, s.p, s.len, NULL, ret_n, &end,
                                        sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
                return -EBADMSG;
        return end == s.p + s.len ? 0 : -EBADMSG;
}

/* ---- keys ---- */

struct jwt_keys *jwt_keys_free(struct jwt_keys *k) {
        for (unsigned i = 0; k && i < k->n; i++)
                gnutls_pubkey_deinit(k->list[i].key);
        free(k);
        return NULL;
}

unsigned jwt_keys_count(const struct jwt_keys *k) {
        return k->n;
}

static int read_rsa(const json_t *o, gnutls_pubkey_t key) {
        unsigned char n[RSA_BYTES_MAX], e[16];
        gnutls_datum_t m = {n, 0}, x = {e, 0};
        size_t n_len = 0, e_len = 0;
        unsigned bits = 0;

        if (decode(text_at(o, "n"), n, sizeof(n), &n_len) < 0 ||
            decode(text_at(o, "e"), e, sizeof(e), &e_len) < 0)
                return -EBADMSG;
        m.size = (unsigned)n_len;
        x.size = (unsigned)e_len;
        if (gnutls_pubkey_import_rsa_raw(key, &m, &x) < 0 ||
            gnutls_pubkey_get_pk_algorithm(key, &bits) != GNUTLS_PK_RSA || bits < RSA_BITS_MIN)
                return -EBADMSG;
        return 0;
}

static int read_ec(const json_t *o, gnutls_pubkey_t key) {
        unsigned char x[COORDINATE], y[COORDINATE];
        gnutls_datum_t dx = {x, COORDINATE}, dy = {y, COORDINATE};
        size_t nx = 0, ny = 0;

        if (!span_eq(text_at(o, "crv"), SPAN("P-256")) ||
            decode(text_at(o, "x"), x, sizeof(x), &nx) < 0 ||
            decode(text_at(o, "y"), y, sizeof(y), &ny) < 0 || nx != COORDINATE || ny != COORDINATE)
                return -EBADMSG;
        return gnutls_pubkey_import_ecc_raw(key, GNUTLS_ECC_CURVE_SECP256R1, &dx, &dy) < 0
                       ? -EBADMSG
                       : 0;
}

/* 1: taken; 0: a key of another kind or use; -ENOMEM. */
static int read_key(const json_t *o, struct key *ret) {
        struct span type = text_at(o, "kty"), use = text_at(o, "use"), alg = text_at(o, "alg"),
                    id = text_at(o, "kid");
        struct key k = {.algorithm = span_eq(type, SPAN("RSA"))  ? RS256
                                     : span_eq(type, SPAN("EC")) ? ES256
                                                                 : NO_ALGORITHM};

        if (!k.algorithm || (use.len && !span_eq(use, SPAN("sig"))) || id.len >= sizeof(k.id))
                return 0;
        if (alg.len && !span_eq(alg, k.algorithm == RS256 ? SPAN("RS256") : SPAN("ES256")))
                return 0;
        if (id.len)
                memcpy(k.id, id.p, id.len);
        if (strlen(k.id) != id.len)
                return 0;
        if (gnutls_pubkey_init(&k.key) < 0)
                return FAIL(-ENOMEM);
        if ((k.algorithm == RS256 ? read_rsa(o, k.key) : read_ec(o, k.key)) < 0) {
                gnutls_pubkey_deinit(k.key);
                return 0;
        }
        *ret = k;
        return 1;
}

int jwt_keys_read(struct jwt_keys **ret, struct span jwks) {
        _cleanup_(jwt_keys_freep) struct jwt_keys *k = NULL;
        json_t *root, *list, *o;
        size_t i;
        int r = 0;

        if (jwks.len > JWT_KEYS_BYTES_MAX)
                return -EBADMSG;
        root = json_loadb(jwks.p ? jwks.p : "", jwks.len, JSON_REJECT_DUPLICATES, NULL);
        list = json_object_get(root, "keys");
        k = calloc(1, sizeof(*k));
        if (!json_is_array(list) || !k) {
                json_decref(root);
                // NOLINTNEXTLINE(clang-analyzer-unix.Malloc): _cleanup_ frees it
                return k ? -EBADMSG : FAIL(-ENOMEM);
        }
        json_array_foreach(list, i, o) {
                if (r < 0 || k->n == JWT_KEYS_MAX)
                        break;
                r = read_key(o, &k->list[k->n]);
                k->n += r == 1;
        }
        json_decref(root);
        if (r < 0)
                return r;
        *ret = k;
        k = NULL;
        return 0;
}

/* ---- the token ---- */

struct pieces {
        struct span header, claims, signature, is_signed;
};

static bool split(struct span t, struct pieces *ret) {
        const char *a, *b, *end = t.p + t.len;

        if (!t.len || t.len > JWT_BYTES_MAX)
                return false;
        a = memchr(t.p, '.', t.len);
        b = a ? memchr(a + 1, '.', (size_t)(end - a - 1)) : NULL;
        if (!b || memchr(b + 1, '.', (size_t)(end - b - 1)))
                return false;
        ret->header = span_of(t.p, (size_t)(a - t.p));
        ret->claims = span_of(a + 1, (size_t)(b - a - 1));
        ret->signature = span_of(b + 1, (size_t)(end - b - 1));
        ret->is_signed = span_of(t.p, (size_t)(b - t.p));
        return true;
}

/* An object of JSON out of a piece; NULL: none. */
static json_t *read_piece(struct span s) {
        unsigned char *p = malloc(s.len + 1);
        json_t *o = NULL;
        size_t n = 0;

        if (p && decode(s, p, s.len, &n) == 0)
                o = json_loadb((const char *)p, n, JSON_REJECT_DUPLICATES, NULL);
        free(p);
        if (!json_is_object(o)) {
                json_decref(o);
                return NULL;
        }
        return o;
}

static bool is_good(const struct key *k, const struct pieces *t) {
        unsigned char raw[SIGNATURE_MAX];
        gnutls_datum_t data = {(unsigned char *)t->is_signed.p, (unsigned)t->is_signed.len};
        gnutls_datum_t sig = {raw, 0}, der = {NULL, 0};
        size_t n = 0;

        if (decode(t->signature, raw, sizeof(raw), &n) < 0)
                return false;
        sig.size = (unsigned)n;
        if (k->algorithm == RS256)
                return gnutls_pubkey_verify_data2(k->key, GNUTLS_SIGN_RSA_SHA256, 0, &data, &sig) >=
                       0;
        if (n != (size_t)2 * COORDINATE)
                return false;
        gnutls_datum_t r = {raw, COORDINATE}, s = {raw + COORDINATE, COORDINATE};
        if (gnutls_encode_rs_value(&der, &r, &s) < 0)
                return false;
        bool good =
                gnutls_pubkey_verify_data2(k->key, GNUTLS_SIGN_ECDSA_SHA256, 0, &data, &der) >= 0;
        gnutls_free(der.data);
        return good;
}

/* A token that names its key is of that one; one that does not may be of any of its algorithm. */
static enum jwt_fault check_signature(const struct jwt_keys *k, const struct pieces *t) {
        json_t *h = read_piece(t->header);
        struct span alg = text_at(h, "alg"), id = text_at(h, "kid");
        enum algorithm a = span_eq(alg, SPAN("RS256"))   ? RS256
                           : span_eq(alg, SPAN("ES256")) ? ES256
                                                         : NO_ALGORITHM;
        enum jwt_fault f = !h ? JWT_FORM : !a ? JWT_ALGORITHM : JWT_KEY;

        if (h && json_object_get(h, "crit")) /* what we do not know must not be passed over */
                f = JWT_FORM;
        for (unsigned i = 0; i < k->n && (f == JWT_KEY || f == JWT_SIGNATURE); i++) {
                const struct key *one = &k->list[i];

                if (one->algorithm != a || (id.len && !span_eq(id, span_str(one->id))))
                        continue;
                f = is_good(one, t) ? JWT_GOOD : JWT_SIGNATURE;
        }
        json_decref(h);
        return f;
}

static bool for_us(const json_t *claims, const char *audience) {
        const json_t *aud = json_object_get(claims, "aud"), *e;
        struct span us = span_str(audience), party = text_at(claims, "azp");
        bool found = false;
        size_t i;

        if (json_is_string(aud))
                found = span_eq(text_at(claims, "aud"), us);
        json_array_foreach(aud, i, e) if (json_is_string(e)) found |=
                span_eq(span_of(json_string_value(e), json_string_length(e)), us);
        /* Of several it must have been issued to us. */
        if (json_array_size(aud) > 1 && !party.len)
                return false;
        return found && (!json_object_get(claims, "azp") || span_eq(party, us));
}

static bool in_time(const json_t *claims, const struct jwt_want *w) {
        const json_t *exp = json_object_get(claims, "exp"), *iat = json_object_get(claims, "iat"),
                     *nbf = json_object_get(claims, "nbf");

        if (!json_is_number(exp) || !json_is_number(iat) || (nbf && !json_is_number(nbf)))
                return false;
        double end = json_number_value(exp), made = json_number_value(iat),
               from = nbf ? json_number_value(nbf) : made, now = (double)w->now_s,
               skew = (double)w->skew_s;
        return end > now - skew && made <= now + skew && from <= now + skew &&
               made >= now - AGE_MAX_S && end > made;
}

enum jwt_fault jwt_check(const struct jwt_keys *k, struct span token, const struct jwt_want *w,
                         json_t **ret_claims) {
        struct pieces t;

        if (!split(token, &t))
                return JWT_FORM;
        enum jwt_fault f = check_signature(k, &t); /* T2 */
        if (f)
                return f;
        json_t *c = read_piece(t.claims);
        struct span nonce = text_at(c, "nonce");
        if (!c)
                f = JWT_FORM;
        else if (!span_eq(text_at(c, "iss"), span_str(w->issuer)))
                f = JWT_ISSUER;
        else if (!for_us(c, w->audience))
                f = JWT_AUDIENCE;
        else if (!in_time(c, w))
                f = JWT_TIME;
        else if (!w->nonce.len || nonce.len != w->nonce.len ||
                 sodium_memcmp(nonce.p, w->nonce.p, nonce.len) != 0)
                f = JWT_NONCE;
        if (f)
                json_decref(c);
        else
                *ret_claims = c;
        return f;
}

const char *jwt_fault_name(enum jwt_fault f) {
        static const char *const names[] = {"good",   "form",     "algorithm", "key",  "signature",
                                            "issuer", "audience", "time",      "nonce"};

        assert((unsigned)f < ARRAY_LEN(names));
        return names[f];
}

/* Signing in by the agency's account, its pure parts: tokens and keys of a provider, words of a directory, and
 * that what anybody sends is bounded and never believed too early. */
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <sodium.h>
#include <stdlib.h>

#include "check.h"
#include "courier/courier.h"
#include "courier/jwt.h"
#include "courier/ldap.h"
#include "courier/provider.h"
#include "wire/courier.h"

#define NOW INT64_C(1795000000)

static gnutls_privkey_t rsa, ec;
static struct jwt_keys *keys;
static char jwks[4096];

static void encode(char *to, size_t room, const void *p, size_t n) {
        sodium_bin2base64(to, room, p, n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* Without the zero that makes a number positive. */
static void encode_number(char *to, size_t room, gnutls_datum_t d) {
        while (d.size > 32 && d.size % 2 && !*d.data)
                d.data++, d.size--;
        encode(to, room, d.data, d.size);
}

static void make_keys(void) {
        gnutls_datum_t n, e, d, p, q, u, x, y, k;
        gnutls_ecc_curve_t curve;
        char a[600], b[64], c[64], f[64];

        check(sodium_init() >= 0);
        check(gnutls_privkey_init(&rsa) == 0 && gnutls_privkey_init(&ec) == 0);
        check(gnutls_privkey_generate(rsa, GNUTLS_PK_RSA, 2048, 0) == 0);
        check(gnutls_privkey_generate(ec, GNUTLS_PK_EC,
                                      GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) == 0);
        check(gnutls_privkey_export_rsa_raw(rsa, &n, &e, &d, &p, &q, &u, NULL, NULL) == 0);
        check(gnutls_privkey_export_ecc_raw2(ec, &curve, &x, &y, &k, GNUTLS_EXPORT_FLAG_NO_LZ) ==
              0);
        encode_number(a, sizeof(a), n);
        encode_number(b, sizeof(b), e);
        unsigned char point[64] = {0};
        memcpy(point + 32 - x.size, x.data, x.size);
        memcpy(point + 64 - y.size, y.data, y.size);
        encode(c, sizeof(c), point, 32);
        encode(f, sizeof(f), point + 32, 32);
        snprintf(jwks, sizeof(jwks),
                 "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"},{\"kty\":\"RSA\",\"kid\":\"r\","
                 "\"use\":\"sig\","
                 "\"n\":\"%s\",\"e\":\"%s\"},{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"e\",\"x\":"
                 "\"%s\",\"y\":\"%s\"}]}",
                 a, b, c, f);
        gnutls_datum_t *all[] = {&n, &e, &d, &p, &q, &u, &x, &y, &k};
        for (size_t i = 0; i < ARRAY_LEN(all); i++)
                gnutls_free(all[i]->data);
        check_int(jwt_keys_read(&keys, span_str(jwks)), 0);
        check_int(jwt_keys_count(keys), 2);
}

/* A token of this header and these claims, signed with the one or the other. */
static void make(char *to, size_t room, const char *header, const char *claims, bool by_ec) {
        gnutls_datum_t sig, r, s, data;
        unsigned char raw[64] = {0};
        char h[600], c[2000], g[600];

        encode(h, sizeof(h), header, strlen(header));
        encode(c, sizeof(c), claims, strlen(claims));
        snprintf(to, room, "%s.%s", h, c);
        data = (gnutls_datum_t){(unsigned char *)to, (unsigned)strlen(to)};
        check(gnutls_privkey_sign_data(by_ec ? ec : rsa, GNUTLS_DIG_SHA256, 0, &data, &sig) == 0);
        if (by_ec) {
                check(gnutls_decode_rs_value(&sig, &r, &s) == 0);
                while (r.size > 32)
                        memmove(r.data, r.data + 1, --r.size);
                while (s.size > 32)
                        memmove(s.data, s.data + 1, --s.size);
                memcpy(raw + 32 - r.size, r.data, r.size);
                memcpy(raw + 64 - s.size, s.data, s.size);
                encode(g, sizeof(g), raw, 64);
                gnutls_free(r.data);
                gnutls_free(s.data);
        } else {
                encode(g, sizeof(g), sig.data, sig.size);
        }
        gnutls_free(sig.data);
        snprintf(to + strlen(to), room - strlen(to), ".%s", g);
}

static enum jwt_fault look(const char *token) {
        const struct jwt_want w = {"https://id.example.vn", "coloa", SPAN("n-0123"), NOW,
                                   .skew_s = 120};
        json_t *claims = NULL;
        enum jwt_fault f = jwt_check(keys, span_str(token), &w, &claims);

        check((f == JWT_GOOD) == (claims != NULL));
        json_decref(claims);
        return f;
}

static enum jwt_fault with(const char *header, const char *claims, bool by_ec) {
        char token[4096];

        make(token, sizeof(token), header, claims, by_ec);
        return look(token);
}

#define R "{\"alg\":\"RS256\",\"kid\":\"r\"}"
#define E "{\"alg\":\"ES256\",\"kid\":\"e\"}"
#define CLAIMS(aud, exp, iat, more)                                                                \
        "{\"iss\":\"https://id.example.vn\",\"aud\":" aud ",\"exp\":" exp ",\"iat\":" iat          \
        ",\"nonce\":\"n-0123\",\"sub\":\"lan\"" more "}"
#define GOOD CLAIMS("\"coloa\"", "1795000060", "1795000000", "")

static void good_tokens(void) {
        check_int(with(R, GOOD, false), JWT_GOOD);
        check_int(with(E, GOOD, true), JWT_GOOD);
        check_int(with("{\"alg\":\"RS256\"}", GOOD, false), JWT_GOOD);
        check_int(with(R, CLAIMS("[\"coloa\"]", "1795000060", "1795000000", ""), false), JWT_GOOD);
        check_int(
                with(R,
                     CLAIMS("[\"x\",\"coloa\"]", "1795000060", "1795000000", ",\"azp\":\"coloa\""),
                     false),
                JWT_GOOD);
        /* Clocks may differ by two minutes. */
        check_int(with(R, CLAIMS("\"coloa\"", "1794999890", "1794999800", ""), false), JWT_GOOD);
        check_int(with(R, CLAIMS("\"coloa\"", "1795000200", "1795000110", ""), false), JWT_GOOD);
}

static void bad_tokens(void) {
        static const struct {
                const char *header, *claims;
                bool by_ec;
                enum jwt_fault fault;
        } list[] = {
                {"{\"alg\":\"none\"}", GOOD, false, JWT_ALGORITHM},
                {"{\"alg\":\"HS256\",\"kid\":\"r\"}", GOOD, false, JWT_ALGORITHM},
                {"{\"alg\":\"RS512\",\"kid\":\"r\"}", GOOD, false, JWT_ALGORITHM},
                {"{\"kid\":\"r\"}", GOOD, false, JWT_ALGORITHM},
                {"{\"alg\":[\"RS256\"]}", GOOD, false, JWT_ALGORITHM},
                {"[]", GOOD, false, JWT_FORM},
                {"{\"alg\":\"RS256\",\"alg\":\"none\"}", GOOD, false, JWT_FORM},
                {"{\"alg\":\"RS256\",\"kid\":\"r\",\"crit\":[\"b64\"]}", GOOD, false, JWT_FORM},
                {"{\"alg\":\"RS256\",\"kid\":\"x\"}", GOOD, false, JWT_KEY},
                {"{\"alg\":\"RS256\",\"kid\":\"e\"}", GOOD, false, JWT_KEY},
                {"{\"alg\":\"ES256\",\"kid\":\"r\"}", GOOD, true, JWT_KEY},
                {E, GOOD, false, JWT_SIGNATURE},
                {R, GOOD, true, JWT_SIGNATURE},
                {R, "[]", false, JWT_FORM},
                {R, "x", false, JWT_FORM},
                {R, CLAIMS("\"other\"", "1795000060", "1795000000", ""), false, JWT_AUDIENCE},
                {R, CLAIMS("[]", "1795000060", "1795000000", ""), false, JWT_AUDIENCE},
                {R, CLAIMS("[\"x\",\"coloa\"]", "1795000060", "1795000000", ""), false,
                 JWT_AUDIENCE},
                {R, CLAIMS("\"coloa\"", "1795000060", "1795000000", ",\"azp\":\"x\""), false,
                 JWT_AUDIENCE},
                {R, CLAIMS("\"coloa\"", "1794999880", "1794999800", ""), false, JWT_TIME},
                {R, CLAIMS("\"coloa\"", "1795000300", "1795000121", ""), false, JWT_TIME},
                {R, CLAIMS("\"coloa\"", "\"1795000060\"", "1795000000", ""), false, JWT_TIME},
                {R, CLAIMS("\"coloa\"", "null", "1795000000", ""), false, JWT_TIME},
                {R, CLAIMS("\"coloa\"", "1e400", "1795000000", ""), false, JWT_FORM},
                {R, CLAIMS("\"coloa\"", "1795000060", "1794000000", ""), false, JWT_TIME},
                {R, CLAIMS("\"coloa\"", "1795000060", "1795000000", ",\"nbf\":1795000121"), false,
                 JWT_TIME},
                {R,
                 "{\"iss\":\"https://id.example.vn/\",\"aud\":\"coloa\",\"exp\":1795000060,"
                 "\"iat\":1795000000,\"nonce\":\"n-0123\"}",
                 false, JWT_ISSUER},
                {R,
                 "{\"iss\":\"https://id.example.vn\",\"aud\":\"coloa\",\"exp\":1795000060,"
                 "\"iat\":1795000000,\"nonce\":\"n-0124\"}",
                 false, JWT_NONCE},
                {R,
                 "{\"iss\":\"https://id.example.vn\",\"aud\":\"coloa\",\"exp\":1795000060,"
                 "\"iat\":1795000000}",
                 false, JWT_NONCE},
        };
        char token[4096];

        for (size_t i = 0; i < ARRAY_LEN(list); i++) {
                enum jwt_fault f = with(list[i].header, list[i].claims, list[i].by_ec);

                if (f != list[i].fault)
                        printf("# %zu: %s\n", i, jwt_fault_name(f));
                check_int(f, list[i].fault);
        }
        for (const char *const *t = (const char *const[]){"", ".", "..", "a.b.c", "a.b.c.d", NULL};
             *t; t++)
                check_int(look(*t), JWT_FORM);
        /* No byte of a good one may be another. */
        make(token, sizeof(token), R, GOOD, false);
        for (size_t i = 0, n = strlen(token); i < n; i += 7) {
                char was = token[i];

                token[i] = was == 'A' ? 'B' : 'A';
                check(look(token) != JWT_GOOD);
                token[i] = was;
        }
        check_int(look(token), JWT_GOOD);
}

static void sets_of_keys(void) {
        struct jwt_keys *k = NULL;

        check_int(jwt_keys_read(&k, SPAN("{}")), -EBADMSG);
        check_int(jwt_keys_read(&k, SPAN("")), -EBADMSG);
        check_int(jwt_keys_read(&k, SPAN("{\"keys\":{}}")), -EBADMSG);
        /* Too small, of another curve, not on the curve, for encryption: not among them. */
        check_int(
                jwt_keys_read(
                        &k,
                        SPAN("{\"keys\":[1,null,{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"},"
                             "{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"AA\",\"y\":\"AA\"},"
                             "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"},"
                             "{\"kty\":\"RSA\",\"use\":\"enc\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}")),
                0);
        check_int(jwt_keys_count(k), 0);
        k = jwt_keys_free(k);
}

static void discovery(void) {
        static const char good[] =
                "{\"issuer\":\"https://i\",\"authorization_endpoint\":\"https://i/a\","
                "\"token_endpoint\":\"https://i/t\",\"jwks_uri\":\"https://i/k\"}";
        struct provider_places p;
        char text[512];

        check_int(provider_discovery(span_str(good), "https://i", &p), 0);
        check(strcmp(p.token, "https://i/t") == 0);
        check_int(provider_discovery(span_str(good), "https://i/", &p), -EBADMSG);
        for (const char *at = good; (at = strstr(at, "https://i/")); at++) {
                snprintf(text, sizeof(text), "%.*shttp:xx%s", (int)(at - good), good, at + 7);
                check_int(provider_discovery(span_str(text), "https://i", &p), -EBADMSG);
        }
        check_int(provider_discovery(SPAN("[]"), "https://i", &p), -EBADMSG);
}

/* ---- the directory ---- */

static void no_password_is_no_bind(void) {
        _cleanup_(buf_deinit) struct buf b = {0};

        check_int(ldap_bind(&b, 1, SPAN("uid=a"), SPAN("")), -EINVAL);
        check_int(ldap_bind(&b, 1, SPAN(""), SPAN("x")), -EINVAL);
        check_int(b.len, 0);
        check_int(ldap_bind(&b, 1, SPAN("uid=a"), SPAN("x")), 0);
}

static void logins_in_names(void) {
        static const struct {
                const char *login, *dn;
        } list[] = {
                {"lan.tran", "uid=lan.tran,dc=vn"},
                {"a,dc=evil", "uid=a\\2cdc\\3devil,dc=vn"},
                {"a+b=c", "uid=a\\2bb\\3dc,dc=vn"},
                {"\"<>;#\\ ", "uid=\\22\\3c\\3e\\3b\\23\\5c\\20,dc=vn"},
                {"lân", "uid=l\\c3\\a2n,dc=vn"},
        };

        for (size_t i = 0; i < ARRAY_LEN(list); i++) {
                _cleanup_(buf_deinit) struct buf b = {0};

                check_int(ldap_dn_of(&b, SPAN("uid={login},dc=vn"), span_str(list[i].login)), 0);
                check_span(buf_get(&b), list[i].dn);
        }
        _cleanup_(buf_deinit) struct buf b = {0};
        check_int(ldap_dn_of(&b, SPAN("uid=x,dc=vn"), SPAN("a")), -EINVAL);
        check_int(ldap_dn_of(&b, SPAN("uid={login}"), SPAN("")), -EINVAL);
}

/* What is typed stands as a value with its length: signs of filters mean nothing. */
static void a_search_holds_a_value(void) {
        _cleanup_(buf_deinit) struct buf b = {0};

        check_int(ldap_search(&b, 2, SPAN("dc=vn"), SPAN("person"), SPAN("uid"), SPAN("*)(uid=*"),
                              SPAN("1.1")),
                  0);
        check(memmem(b.p, b.len, "\x04\x82\x00\x08*)(uid=*", 12));
        check_int(ldap_search(&b, 2, SPAN("dc=vn"), SPAN(""), SPAN("uid"), SPAN(""), SPAN("1.1")),
                  -EINVAL);
}

static void words_of_a_directory(void) {
        static const unsigned char bind[] = {0x30, 0x0c, 2, 1, 1, 0x61, 7, 0x0a, 1, 49, 4, 0, 4, 0};
        static const unsigned char entry[] = {
                0x30, 0x1d, 2,   1,   2,   0x64, 0x18, 4, 3, 'd', 'n', '=', 0x30, 0x11, 0x30, 0x0f,
                4,    4,    'l', 'o', 'c', 'k',  0x31, 7, 4, 5,   '1', '2', '3',  '4',  '5'};
        struct ldap_said s;
        size_t used = 0;

        check_int(ldap_read(span_of((const char *)bind, sizeof(bind)), &used, &s), 1);
        check(s.op == LDAP_BIND_DONE && s.code == LDAP_WRONG_PASSWORD && used == sizeof(bind));
        check_int(ldap_read(span_of((const char *)entry, sizeof(entry)), &used, &s), 1);
        check(s.op == LDAP_ENTRY && s.n_values == 1);
        check_span(s.dn, "dn=");
        check_span(s.value, "12345");
        for (size_t n = 0; n < sizeof(entry); n++)
                check_int(ldap_read(span_of((const char *)entry, n), &used, &s), 0);
        for (size_t i = 0; i < sizeof(entry); i++)
                for (unsigned v = 0; v < 256; v += 3) {
                        unsigned char *p = malloc(sizeof(entry));

                        check(p);
                        memcpy(p, entry, sizeof(entry));
                        p[i] = (unsigned char)v;
                        (void)ldap_read(span_of((const char *)p, sizeof(entry)), &used, &s);
                        free(p);
                }
        check_int(ldap_read(SPAN("\x30\x84\xff\xff\xff\xff"), &used, &s), -EBADMSG);
        check_int(ldap_read(SPAN("HTTP/1.1 400"), &used, &s), -EBADMSG);
}

/* ---- who may ask the courier for what ---- */

static int said_of(struct buf *out) {
        struct courier_head h;
        struct courier_say s = {.error = 1};

        while (out->len >= sizeof(h)) {
                memcpy(&h, out->p, sizeof(h));
                if (h.kind != COURIER_READY)
                        memcpy(&s, out->p + sizeof(h), sizeof(s));
                buf_drop(out, sizeof(h) + h.len);
        }
        return s.error;
}

/* What it answers, or what it made of the line; 1: nothing yet. */
static int asked(struct courier *c, bool act, uint32_t kind, uint64_t id, const char *payload) {
        _cleanup_(buf_deinit) struct buf in = {0};
        struct courier_head h = {(uint32_t)strlen(payload), kind, id};

        buf_add(&in, &h, sizeof(h));
        buf_str(&in, payload);
        int r = act ? courier_act_bytes(c, &in) : courier_bytes(c, &in);
        return r < 0 ? r : said_of(act ? courier_act_out(c) : courier_out(c));
}

static void the_desk_disables_nobody(void) {
        static const char lock[] = "{\"op\":\"lock\",\"login\":\"lan\"}",
                          sign_in[] = "{\"op\":\"sign-in\",\"login\":\"lan\",\"password\":\"\"}",
                          hook[] = "{\"id\":\"nc1\",\"event\":\"x\",\"body\":\"{}\",\"to\":\"\"}";
        struct courier *c = NULL;

        if (courier_new(&c) == -ELIBACC) {
                check_skip("no libcurl here");
                return;
        }
        check(c != NULL);
        courier_line(c, true);
        courier_act_line(c, true);
        check_int(
                courier_configure(
                        c, SPAN("{\"ldap\":{\"server\":\"127.0.0.1\",\"port\":9,\"tls\":\"none\","
                                "\"base\":\"dc=vn\",\"attribute\":\"uid\",\"user\":\"cn=n\","
                                "\"password\":\"x\",\"lock\":\"l\",\"locked\":\"1\"},\"firewall\":{"
                                "\"url\":\"https://127.0.0.1:9/\",\"secret\":\"s\"}}")),
                0);
        (void)said_of(courier_out(c));
        check_int(asked(c, false, COURIER_LDAP, 1, lock), -EOPNOTSUPP);
        check_int(asked(c, true, COURIER_LDAP, 1, sign_in), -EOPNOTSUPP);
        check_int(asked(c, false, COURIER_LDAP, 1, sign_in),
                  -EACCES); /* no password: nobody is asked */
        check_int(asked(c, false, COURIER_WEBHOOK, 1, hook), -ENOENT);
        check_int(asked(c, false, COURIER_FIREWALL, 1, hook), -EPROTO);
        check_int(asked(c, true, COURIER_WEBHOOK, 1, hook), -EPROTO);
        check_int(asked(c, true, COURIER_MAIL, 1, "{}"), -EPROTO);
        check_int(asked(c, true, COURIER_OIDC, 1, "{}"), -EPROTO);
        /* Nobody borrows the other's number. */
        check_int(asked(c, false, COURIER_LDAP, UINT64_C(1) << 63 | 1, lock), -EPROTO);
        check_int(asked(c, true, COURIER_LDAP, UINT64_C(1) << 63 | 1, lock), -EPROTO);
        check_int(asked(c, true, COURIER_LDAP, 2, lock), 1); /* that is its own business */
        courier_free(c);
}

int main(void) {
        make_keys();
        RUN(good_tokens);
        RUN(bad_tokens);
        RUN(sets_of_keys);
        RUN(discovery);
        RUN(no_password_is_no_bind);
        RUN(logins_in_names);
        RUN(a_search_holds_a_value);
        RUN(words_of_a_directory);
        RUN(the_desk_disables_nobody);
        jwt_keys_free(keys);
        gnutls_privkey_deinit(rsa);
        gnutls_privkey_deinit(ec);
        return check_done();
}

/* See provider.h.
 *
 *     begin: (discovery) ─► the address of the sign-in page
 *     code:  (discovery) ─► token endpoint ─► (keys) ─► the token is looked at ─► who
 *
 *   R1. Discovery and keys are kept for KEPT_S; a token of a key that is not among them has them fetched once
 *       more, at most every AGAIN_S, so that nobody makes us ask without end.
 *   R2. The token comes from the provider itself, over TLS; its signature is looked at all the same.
 *   R3. A code is the browser's word and goes to the token endpoint alone. */
#include "courier/provider.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/timestamp.h"
#include "courier/impl.h"
#include "courier/jwt.h"

#define ASKS_MAX 16u
#define TEXT_MAX 600u
#define KEPT_S 3600
#define AGAIN_S 30
#define SKEW_S 120
#define SECONDS 10u

enum step { DISCOVERING, EXCHANGING, KEYS };

struct ask {
        uint64_t id;
        bool begin, again; /* again: keys were fetched for it */
        enum step step;
        char state[128], nonce[128], challenge[128]; /* challenge: or the verifier */
        char code[2048];
        struct buf token;
};

struct provider {
        struct courier *c;
        char *issuer, *client, *secret, *redirect, *claim, *name, *ca;
        struct provider_places places;
        int64_t places_at, keys_at; /* courier_mono(); 0: not there */
        struct jwt_keys *keys;
        struct ask *asks[ASKS_MAX];
};

/* ---- the end of one ---- */

static void ask_free(struct provider *p, struct ask *a) {
        for (unsigned i = 0; i < ASKS_MAX; i++)
                if (p->asks[i] == a)
                        p->asks[i] = NULL;
        if (a->token.p)
                sodium_memzero(a->token.p, a->token.cap);
        buf_deinit(&a->token);
        sodium_memzero(a, sizeof(*a));
        free(a);
}

/* {"name": "value"}, or nothing. */
static void answer(struct provider *p, struct ask *a, int error, const char *name,
                   const char *value) {
        json_t *o = value ? json_pack("{ss}", name, value) : NULL;
        char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;

        json_decref(o);
        if (value && !text)
                error = -ENOMEM;
        courier_answer(p->c, COURIER_OIDC, a->id, error, 0, text ? span_str(text) : SPAN_NONE);
        free(text);
        ask_free(p, a);
}

static void refuse(struct provider *p, struct ask *a, const char *why) {
        answer(p, a, -EACCES, "why", why);
}

/* ---- what a provider says ---- */

static bool take(const json_t *o, const char *name, char *to, size_t room) {
        const json_t *v = json_object_get(o, name);
        size_t n = json_string_length(v);

        if (!json_is_string(v) || n == 0 || n >= room || memchr(json_string_value(v), 0, n))
                return false;
        memcpy(to, json_string_value(v), n + 1);
        return true;
}

static bool is_place(const char *url) {
        for (const char *c = url; *c; c++)
                if (*c <= ' ' || *c > '~' || *c == '"' || *c == '\\' || *c == '#')
                        return false;
        return strncmp(url, "https://", 8) == 0 && url[8];
}

static json_t *object_of(struct span json) {
        json_t *o = json_loadb(json.p ? json.p : "", json.len, JSON_REJECT_DUPLICATES, NULL);

        if (json_is_object(o))
                return o;
        json_decref(o);
        return NULL;
}

int provider_discovery(struct span json, const char *issuer, struct provider_places *ret) {
        json_t *o = object_of(json);
        struct provider_places p;
        char own[PROVIDER_URL_MAX];

        bool good = o && take(o, "issuer", own, sizeof(own)) && strcmp(own, issuer) == 0 &&
                    take(o, "authorization_endpoint", p.authorize, sizeof(p.authorize)) &&
                    take(o, "token_endpoint", p.token, sizeof(p.token)) &&
                    take(o, "jwks_uri", p.keys, sizeof(p.keys)) && is_place(p.authorize) &&
                    is_place(p.token) && is_place(p.keys);
        json_decref(o);
        if (good)
                *ret = p;
        return good ? 0 : -EBADMSG;
}

int provider_token(struct span json, struct buf *to) {
        json_t *o = object_of(json);
        const json_t *t = json_object_get(o, "id_token");
        bool good = json_is_string(t) && json_string_length(t) <= JWT_BYTES_MAX;

        if (good)
                buf_add(to, json_string_value(t), json_string_length(t));
        json_decref(o);
        return to->failed ? FAIL(-ENOMEM) : good ? 0 : -EBADMSG;
}

/* ---- steps ---- */

static void go_on(struct provider *p, struct ask *a);

/* An answer may outlive who asked; what was sent lives as long as it. */
struct coming {
        struct courier *c;
        uint64_t id;
        struct buf body;
};

static void coming_free(struct coming *k) {
        if (k && k->body.p)
                sodium_memzero(k->body.p, k->body.cap);
        if (k)
                buf_deinit(&k->body);
        free(k);
}

static bool is_fresh(const struct provider *p, int64_t at) {
        return at && courier_mono(p->c) - at < KEPT_S * NS_PER_SEC;
}

static void take_said(struct provider *p, struct ask *a, const struct http_said *s) {
        if (s->error) {
                answer(p, a, s->error == -EACCES ? -ENETUNREACH : s->error, NULL, NULL);
                return;
        }
        if (a->step == EXCHANGING && s->status >= 400 && s->status < 500) {
                refuse(p, a, "code"); /* used before, expired, or of somebody else */
                return;
        }
        int r = s->status == 200 ? 0 : -EPROTO;
        if (r == 0 && a->step == DISCOVERING) {
                r = provider_discovery(s->body, p->issuer, &p->places);
                p->places_at = r == 0 ? courier_mono(p->c) : 0;
        } else if (r == 0 && a->step == EXCHANGING) {
                r = provider_token(s->body, &a->token);
        } else if (r == 0) {
                struct jwt_keys *k = NULL;

                r = jwt_keys_read(&k, s->body);
                if (r == 0) {
                        jwt_keys_free(p->keys);
                        p->keys = k;
                        p->keys_at = courier_mono(p->c);
                }
        }
        if (r < 0)
                answer(p, a, -EPROTO, NULL, NULL);
        else
                go_on(p, a);
}

static void said(void *ctx, const struct http_said *s) {
        struct coming *k = ctx;
        struct provider *p = k->c->provider;

        for (unsigned i = 0; p && i < ASKS_MAX; i++)
                if (p->asks[i] && p->asks[i]->id == k->id) {
                        take_said(p, p->asks[i], s);
                        break;
                }
        coming_free(k);
}

static void fetch(struct provider *p, struct ask *a, enum step step, struct http_ask *h) {
        struct coming *k = calloc(1, sizeof(*k));
        int r = -ENOMEM;

        if (k) {
                k->c = p->c;
                k->id = a->id;
                buf_span(&k->body, h->body);
                a->step = step;
                h->body = buf_get(&k->body);
                h->ca = p->ca;
                h->seconds = SECONDS;
                h->answer_max = JWT_KEYS_BYTES_MAX;
                r = k->body.failed ? -ENOMEM : courier_http(p->c, h, said, k);
        }
        if (r < 0) {
                coming_free(k);
                answer(p, a, r == -EBUSY ? -EAGAIN : r, NULL, NULL);
        }
}

static void discover(struct provider *p, struct ask *a) {
        char url[PROVIDER_URL_MAX];
        size_t n = strlen(p->issuer);

        snprintf(url, sizeof(url), "%.*s/.well-known/openid-configuration",
                 (int)(n && p->issuer[n - 1] == '/' ? n - 1 : n), p->issuer);
        fetch(p, a, DISCOVERING, &(struct http_ask){.url = url});
}

/* application/x-www-form-urlencoded, and what stands behind "Basic" (RFC 6749, 2.3.1). */
static void escape(struct buf *to, const char *s) {
        for (; *s; s++) {
                unsigned char c = (unsigned char)*s;

                if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    strchr("-._~", c))
                        buf_char(to, *s);
                else
                        buf_printf(to, "%%%02X", c);
        }
}

static void field(struct buf *to, const char *name, const char *value) {
        buf_printf(to, "%s%s=", to->len ? "&" : "", name);
        escape(to, value);
}

static void exchange(struct provider *p, struct ask *a) {
        static const char form[] = "Content-Type: application/x-www-form-urlencoded",
                          accept[] = "Accept: application/json";
        char basic[4096] = "Authorization: Basic ";
        const char *headers[] = {form, accept, p->secret ? basic : NULL, NULL};
        struct buf pair = {.limit = 2048}, body = {.limit = 8192};

        field(&body, "grant_type", "authorization_code");
        field(&body, "code", a->code);
        field(&body, "redirect_uri", p->redirect);
        field(&body, "code_verifier", a->challenge);
        field(&body, "client_id", p->client);
        escape(&pair, p->client);
        buf_char(&pair, ':');
        escape(&pair, p->secret ? p->secret : "");
        size_t at = strlen(basic);
        if (body.failed || pair.failed) {
                answer(p, a, -E2BIG, NULL, NULL);
        } else {
                sodium_bin2base64(basic + at, sizeof(basic) - at, (unsigned char *)pair.p, pair.len,
                                  sodium_base64_VARIANT_ORIGINAL);
                fetch(p, a, EXCHANGING,
                      &(struct http_ask){.url = p->places.token,
                                         .method = "POST",
                                         .headers = headers,
                                         .body = buf_get(&body)});
        }
        buf_deinit(&body);
        if (pair.p)
                sodium_memzero(pair.p, pair.cap);
        buf_deinit(&pair);
        sodium_memzero(basic, sizeof(basic));
}

static void send_browser(struct provider *p, struct ask *a) {
        _cleanup_(buf_deinit) struct buf b = {.limit = 6000};
        struct buf q = {.limit = 4000};

        field(&q, "response_type", "code");
        field(&q, "client_id", p->client);
        field(&q, "redirect_uri", p->redirect);
        field(&q, "scope", strcmp(p->claim, "email") == 0 ? "openid email" : "openid profile");
        field(&q, "state", a->state);
        field(&q, "nonce", a->nonce);
        field(&q, "code_challenge", a->challenge);
        field(&q, "code_challenge_method", "S256");
        buf_str(&b, p->places.authorize);
        buf_char(&b, strchr(p->places.authorize, '?') ? '&' : '?');
        buf_add(&b, q.p, q.len);
        buf_char(&b, '\0');
        bool good = !b.failed && !q.failed;
        buf_deinit(&q);
        answer(p, a, good ? 0 : -E2BIG, "url", good ? b.p : NULL);
}

/* Whom it names, by the claim of the configuration. An address of mail that nobody verified names nobody. */
static void name_them(struct provider *p, struct ask *a, json_t *claims) {
        const json_t *verified = json_object_get(claims, "email_verified");
        char who[256];

        bool good = take(claims, p->claim, who, sizeof(who)) &&
                    (strcmp(p->claim, "email") != 0 || json_is_true(verified));
        json_decref(claims);
        if (good)
                answer(p, a, 0, "who", who);
        else
                refuse(p, a, "claim");
}

static void look_at_token(struct provider *p, struct ask *a) {
        struct jwt_want w = {.issuer = p->issuer,
                             .audience = p->client,
                             .nonce = span_str(a->nonce),
                             .now_s = courier_wall(p->c) / NS_PER_SEC,
                             .skew_s = SKEW_S};
        json_t *claims = NULL;
        enum jwt_fault f = jwt_check(p->keys, buf_get(&a->token), &w, &claims);

        if (f == JWT_KEY && !a->again &&
            courier_mono(p->c) - p->keys_at > AGAIN_S * NS_PER_SEC) { /* R1 */
                a->again = true;
                fetch(p, a, KEYS, &(struct http_ask){.url = p->places.keys});
        } else if (f) {
                refuse(p, a, jwt_fault_name(f));
        } else {
                name_them(p, a, claims);
        }
}

static void go_on(struct provider *p, struct ask *a) {
        if (!is_fresh(p, p->places_at))
                discover(p, a);
        else if (a->begin)
                send_browser(p, a);
        else if (!a->token.len)
                exchange(p, a);
        else if (!p->keys || !is_fresh(p, p->keys_at))
                fetch(p, a, KEYS, &(struct http_ask){.url = p->places.keys});
        else
                look_at_token(p, a);
}

/* ---- asks ---- */

static bool read_ask(struct ask *a, const json_t *o) {
        char op[16];

        if (!take(o, "op", op, sizeof(op)) || !take(o, "nonce", a->nonce, sizeof(a->nonce)))
                return false;
        a->begin = strcmp(op, "begin") == 0;
        if (a->begin)
                return take(o, "state", a->state, sizeof(a->state)) &&
                       take(o, "challenge", a->challenge, sizeof(a->challenge));
        return strcmp(op, "code") == 0 && take(o, "code", a->code, sizeof(a->code)) &&
               take(o, "verifier", a->challenge, sizeof(a->challenge));
}

int provider_ask(struct courier *c, uint64_t id, struct span payload) {
        struct provider *p = c->provider;
        struct ask *a = calloc(1, sizeof(*a));
        json_t *o = object_of(payload);
        unsigned i = 0;

        while (p && i < ASKS_MAX && p->asks[i])
                i++;
        bool good = a && o && read_ask(a, o);
        json_decref(o);
        if (!p || !good || i == ASKS_MAX) {
                free(a);
                courier_answer(c, COURIER_OIDC, id, p && good ? -EAGAIN : -EOPNOTSUPP, 0,
                               SPAN_NONE);
                return 0;
        }
        a->id = id;
        a->token.limit = JWT_BYTES_MAX;
        p->asks[i] = a;
        go_on(p, a);
        return 0;
}

/* ---- its configuration ---- */

void provider_end_all(struct provider *p) {
        for (unsigned i = 0; p && i < ASKS_MAX; i++)
                if (p->asks[i])
                        answer(p, p->asks[i], -EAGAIN, NULL, NULL);
}

const char *provider_name(const struct provider *p) {
        return p->name;
}

struct provider *provider_free(struct provider *p) {
        if (!p)
                return NULL;
        provider_end_all(p);
        jwt_keys_free(p->keys);
        if (p->secret)
                sodium_memzero(p->secret, strlen(p->secret));
        char *const texts[] = {p->issuer, p->client, p->secret, p->redirect,
                               p->claim,  p->name,   p->ca};
        for (size_t i = 0; i < ARRAY_LEN(texts); i++)
                free(texts[i]);
        free(p);
        return NULL;
}

static char *copy(const json_t *o, const char *name) {
        const char *s = json_string_value(json_object_get(o, name));

        return s && strlen(s) <= (strcmp(name, "ca") == 0 ? (size_t)1 << 20 : TEXT_MAX) ? strdup(s)
                                                                                        : NULL;
}

struct provider *provider_new(struct courier *c, const json_t *o) {
        struct provider *p = calloc(1, sizeof(*p));

        if (!p)
                return NULL;
        p->c = c;
        p->issuer = copy(o, "issuer");
        p->client = copy(o, "client");
        p->secret = copy(o, "secret");
        p->redirect = copy(o, "redirect");
        p->claim = copy(o, "claim");
        p->name = copy(o, "name");
        p->ca = copy(o, "ca");
        bool good =
                p->issuer && is_place(p->issuer) && p->client && p->redirect && p->claim && p->name;
        return good ? p : provider_free(p);
}

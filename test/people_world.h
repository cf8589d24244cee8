/* People at the desk of api_world.h: a vault that is played by its own room, and what it takes to sign in.
 *
 *     people_start(); … people_end();
 *     int64_t an = person("an", UNIT_ROOT); password("an", "…"); sign_in(&s, "an", "…");
 *     check_int(as(&s, "units.list", "{}"), 200); */
#ifndef TEST_PEOPLE_WORLD_H
#define TEST_PEOPLE_WORLD_H

#include <liboath/oath.h>
#include <sodium.h>

#include "api_world.h"
#include "desk/asks.h"
#include "desk/heads.h"
#include "desk/people.h"
#include "vault/vault.h"

static struct {
        struct vault *vault;
        bool gone; /* nobody answers */
        unsigned char address;
        uint32_t flags; /* of asks to come */
} people_w;

struct signed_in {
        unsigned char token[API_TOKEN_BYTES];
        bool has;
};

static inline int people_keep_head(void *ctx, const struct audit_signed *s) {
        (void)ctx;
        return audit_head_good(s) ? 0 : -EIO;
}

static inline void people_start(void) {
        static const unsigned char seed[VAULT_SEED_BYTES] = "a seed";
        static unsigned char public_key[32], secret_key[64];
        static const struct vault_options light = {.work = 1,
                                                   .work_mem = 8192,
                                                   .public_key = public_key,
                                                   .secret_key = secret_key,
                                                   .keep_head = people_keep_head};

        world_start(world_rules);
        api_start();
        check_int(crypto_sign_seed_keypair(public_key, secret_key, seed), 0);
        check_int(vault_new(&people_w.vault, seed, &light), 0);
        check_int(desk_vault_line(w.d, true), 0);
        people_w.gone = false;
        people_w.address = 10;
}

static inline void people_end(void) {
        api_end();
        people_w.vault = vault_free(people_w.vault);
        world_end();
}

/* What waits for the vault is answered. */
static inline void pump_vault(void) {
        const struct msg_vault_ask *m;

        while (!people_w.gone && (m = desk_to_ask(w.d))) {
                struct msg_vault_ask own = *m;
                struct msg_vault_answer a;

                desk_asked(w.d, m);
                check(vault_ask_good(&own));
                vault_do(people_w.vault, &own, w.wall / NS_PER_SEC, &a);
                check_int(desk_vault_said(w.d, &a), 0);
                if (a.ticket == HEADS_TICKET) /* as the loop of the process does in a moment */
                        check_int(desk_commit(w.d, w.mono, w.wall), 0);
                api_settle();
        }
}

static inline int ask_from(unsigned line, const unsigned char *token, uint32_t how, const char *op,
                           const char *body) {
        struct api_ask ask = {.op = api_number(op), .how = how, .flags = people_w.flags};

        check(ask.op != UINT32_MAX);
        if (token)
                memcpy(ask.token, token, sizeof(ask.token));
        ask.address[10] = ask.address[11] = 0xff;
        ask.address[12] = people_w.address;
        int sent = api_send_frame(line, API_ASK, ++api_w.id, &ask, sizeof(ask), span_str(body));

        if (sent < 0)
                printf("# %s: %s: %s\n", op, base_fail_where(), desk_error(w.d));
        check_int(sent, 0);
        api_settle();
        pump_vault();
        return api_take_frame(line) == api_w.id ? (int)api_w.say.status : 0;
}

static inline int local(const char *op, const char *body) {
        return ask_from(1, NULL, API_LOCAL, op, body);
}

/* As who is signed in; a new cookie is kept, as a browser does. */
static inline int as(struct signed_in *s, const char *op, const char *body) {
        int status = ask_from(0, s && s->has ? s->token : NULL, API_COOKIE, op, body);

        if (s && (api_w.say.flags & API_SAY_COOKIE)) {
                memcpy(s->token, api_w.say.token, sizeof(s->token));
                s->has = true;
        }
        if (s && (api_w.say.flags & API_SAY_FORGET))
                s->has = false;
        return status;
}

_printf_(3, 4) static inline int asf(struct signed_in *s, const char *op, const char *fmt, ...) {
        char body[4096];
        va_list ap;

        va_start(ap, fmt);
        vsnprintf(body, sizeof(body), fmt, ap);
        va_end(ap);
        return s ? as(s, op, body) : local(op, body);
}

static inline int64_t add_unit(const char *code, int64_t parent) {
        check_int(asf(NULL, "units.add",
                      "{\"parent\":%lld,\"code\":\"%s\",\"name\":\"Unit %s\",\"kind\":\"site\"}",
                      (long long)parent, code, code),
                  200);
        return answer_int("id");
}

static inline int64_t person(const char *login, int64_t unit) {
        check_int(asf(NULL, "people.add", "{\"login\":\"%s\",\"name\":\"Người %s\",\"unit\":%lld}",
                      login, login, (long long)unit),
                  200);
        return answer_int("id");
}

static inline void give(int64_t who, const char *role, int64_t unit) {
        check_int(asf(NULL, "roles.give", "{\"id\":%lld,\"role\":\"%s\",\"unit\":%lld}",
                      (long long)who, role, (long long)unit),
                  200);
}

static inline int sign_in(struct signed_in *s, const char *login, const char *password) {
        *s = (struct signed_in){0};
        return asf(s, "session.open", "{\"login\":\"%s\",\"password\":\"%s\"}", login, password);
}

/* A person's own password, by way of a one-time one. */
#define GOOD_PASSWORD "Ba con mèo, 7 cái bàn"
static inline void set_password(const char *login) {
        struct signed_in s;
        char once[32];

        check_int(asf(NULL, "people.begin", "{\"login\":\"%s\"}", login), 200);
        snprintf(once, sizeof(once), "%s", answer_text("password"));
        check_int(sign_in(&s, login, once), 200);
        check(strcmp(answer_text("step"), "new_password") == 0);
        check_int(as(&s, "session.password", "{\"new\":\"" GOOD_PASSWORD "\"}"), 200);
        check(json_is_null(answer_at("step")));
        check_int(as(&s, "session.end", "{}"), 204);
}

static inline int64_t member(const char *login, const char *role, int64_t unit) {
        int64_t id = person(login, unit);

        if (role)
                give(id, role, unit);
        set_password(login);
        return id;
}

/* What an authenticator shows now. */
static inline void code_now(const char *secret, char to[7]) {
        char *bytes = NULL;
        size_t len = 0;

        check_int(oath_base32_decode(secret, strlen(secret), &bytes, &len), OATH_OK);
        check_int(oath_totp_generate(bytes, len, (time_t)(w.wall / NS_PER_SEC), 30, 0, 6, to),
                  OATH_OK);
        free(bytes);
}

static inline void later(int64_t seconds) {
        w.wall += seconds * NS_PER_SEC;
        w.mono += seconds * NS_PER_SEC;
        api_settle();
}

static inline int confirm_totp(struct signed_in *s, char secret[64]) {
        char code[7];

        check_int(as(s, "totp.begin", "{}"), 200);
        snprintf(secret, 64, "%s", answer_text("secret"));
        code_now(secret, code);
        return asf(s, "totp.confirm", "{\"code\":\"%s\"}", code);
}

#endif

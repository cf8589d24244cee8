/* Passwords: Argon2id with 64 MiB, then sealed (box.c). So whoever has the database needs the vault's key
 * too before a single guess can be tried, and whoever has both still needs 64 MiB and 0.1 s for each.
 *
 * P1. A check takes the same work whether or not there is such a person, and whether or not the box is
 *     one: the clock tells nobody which logins exist. */
#include "vault/vault_impl.h"

#define ONE_TIME_BYTES 10u /* 80 bits, 16 letters */

int password_hash(struct vault *v, int64_t person, struct span password,
                  struct msg_vault_answer *ret) {
        char text[crypto_pwhash_STRBYTES] = {0};

        if (crypto_pwhash_str_alg(text, password.p, password.len, v->o.work, v->o.work_mem,
                                  crypto_pwhash_ALG_ARGON2ID13) != 0)
                return -ENOMEM;
        int r = box_seal(v, VAULT_FOR_PASSWORD, person, span_of(text, sizeof(text)), ret->box,
                         &ret->box_len);
        sodium_memzero(text, sizeof(text));
        return r;
}

int password_check(struct vault *v, const struct msg_vault_ask *m) {
        unsigned char text[VAULT_BOX_MAX];
        uint32_t len = 0;
        bool known = box_open(v, VAULT_FOR_PASSWORD, m->person,
                              span_of((const char *)m->box, m->box_len), text, &len) == 0 &&
                     len == crypto_pwhash_STRBYTES;

        if (!known)
                memcpy(text, v->nobody, crypto_pwhash_STRBYTES);
        text[crypto_pwhash_STRBYTES - 1] = '\0';
        bool right = crypto_pwhash_str_verify((const char *)text, m->text, m->text_len) == 0;
        sodium_memzero(text, sizeof(text));
        return known && right ? 0 : -EACCES;
}

int password_one_time(struct vault *v, int64_t person, struct msg_vault_answer *ret) {
        unsigned char random[ONE_TIME_BYTES];

        randombytes_buf(random, sizeof(random));
        ret->text_len = base32_put(ret->text, random, sizeof(random), 4);
        sodium_memzero(random, sizeof(random));
        return password_hash(v, person, span_of(ret->text, ret->text_len), ret);
}

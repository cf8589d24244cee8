/* What the vault's files share. */
#ifndef VAULT_VAULT_IMPL_H
#define VAULT_VAULT_IMPL_H

#include <sodium.h>

#include "vault/vault.h"

#define BOX_VERSION 1
#define BOX_MORE (1u + crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES)
#define TOTP_SECRET_BYTES 20u
#define CODE_BYTES 10u /* of a recovery code: 16 letters */
#define CODE_HASH_BYTES 16u

struct vault {
        unsigned char *key; /* of boxes: sodium_malloc */
        struct vault_options o;
        /* What a login that nobody has is checked against, so that it takes as long. */
        char nobody[crypto_pwhash_STRBYTES];
        struct audit_signed head; /* the last, of the audit log */
        bool has_head;
};

/* ---- box.c ---- */

/* `plain` into a box of that purpose and person: box[0 … *ret_len). 0 or -EINVAL (too long). */
int box_seal(const struct vault *v, enum vault_purpose p, int64_t person, struct span plain,
             unsigned char box[VAULT_BOX_MAX], uint32_t *ret_len);
/* 0, or -EACCES: it is none of those. *ret_len bytes in `to`, which has room for VAULT_BOX_MAX. */
int box_open(const struct vault *v, enum vault_purpose p, int64_t person, struct span box,
             unsigned char *to, uint32_t *ret_len);
/* A keyed hash of what has so much chance in it that no work is needed. */
void box_hash(const struct vault *v, enum vault_purpose p, int64_t person, struct span s,
              unsigned char to[CODE_HASH_BYTES]);

/* ---- password.c ---- */

int password_hash(struct vault *v, int64_t person, struct span password,
                  struct msg_vault_answer *ret);
int password_check(struct vault *v, const struct msg_vault_ask *m);
int password_one_time(struct vault *v, int64_t person, struct msg_vault_answer *ret);

/* ---- order.c ---- */

int file_sign(struct vault *v, const struct msg_vault_ask *m, int64_t now,
              struct msg_vault_answer *ret);
int court_sign(struct vault *v, const struct msg_vault_ask *m, int64_t now,
               struct msg_vault_answer *ret);
int order_sign(struct vault *v, const struct msg_vault_ask *m, int64_t now,
               struct msg_vault_answer *ret);

/* ---- audit.c ---- */

int audit_sign(struct vault *v, const struct msg_vault_ask *m, int64_t now,
               struct msg_vault_answer *ret);

/* ---- codes.c ---- */

/* 5 bits a letter, RFC 4648, no padding: n bytes are ceil(n * 8 / 5) letters. A dash after each `group`
 * letters (0: none). The length; `to` has room, and no NUL is added. */
uint32_t base32_put(char *to, const unsigned char *p, size_t n, unsigned group);
int totp_make(struct vault *v, int64_t person, struct msg_vault_answer *ret);
int totp_check(struct vault *v, const struct msg_vault_ask *m, int64_t now,
               struct msg_vault_answer *ret);
int codes_make(struct vault *v, int64_t person, struct msg_vault_answer *ret);
int codes_check(struct vault *v, const struct msg_vault_ask *m, struct msg_vault_answer *ret);

#endif

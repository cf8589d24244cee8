/* Boxes: a version byte, a nonce, and what crypto_secretbox makes of the plain bytes (XSalsa20 and Poly1305).
 * The key of each is derived from the vault's own by BLAKE2b over purpose and person, so that a box opens
 * only for whom and what it was made: nobody can put one person's password into another's row.
 *
 *     1 version, 24 nonce, 16 authenticator, n ciphertext
 *
 * B1. Nothing that comes from a box of VAULT_FOR_PASSWORD, _TOTP or _CODES leaves the vault. */
#include "vault/vault_impl.h"

static void derive(const struct vault *v, const char name[16], enum vault_purpose p, int64_t person,
                   unsigned char to[32]) {
        unsigned char of[12];
        crypto_generichash_state h;

        for (unsigned i = 0; i < 4; i++)
                of[i] = (unsigned char)((uint32_t)p >> (8 * i));
        for (unsigned i = 0; i < 8; i++)
                of[4 + i] = (unsigned char)((uint64_t)person >> (8 * i));
        crypto_generichash_init(&h, v->key, crypto_secretbox_KEYBYTES, 32);
        crypto_generichash_update(&h, (const unsigned char *)name, 16);
        crypto_generichash_update(&h, of, sizeof(of));
        crypto_generichash_final(&h, to, 32);
        sodium_memzero(&h, sizeof(h));
}

int box_seal(const struct vault *v, enum vault_purpose p, int64_t person, struct span plain,
             unsigned char box[VAULT_BOX_MAX], uint32_t *ret_len) {
        unsigned char key[crypto_secretbox_KEYBYTES];

        if (plain.len > VAULT_BOX_MAX - BOX_MORE)
                return -EINVAL;
        derive(v, "coloa-box-key-1", p, person, key);
        box[0] = BOX_VERSION;
        randombytes_buf(box + 1, crypto_secretbox_NONCEBYTES);
        crypto_secretbox_easy(box + 1 + crypto_secretbox_NONCEBYTES, (const unsigned char *)plain.p,
                              plain.len, box + 1, key);
        sodium_memzero(key, sizeof(key));
        *ret_len = (uint32_t)(plain.len + BOX_MORE);
        return 0;
}

int box_open(const struct vault *v, enum vault_purpose p, int64_t person, struct span box,
             unsigned char *to, uint32_t *ret_len) {
        const unsigned char *b = (const unsigned char *)box.p;
        unsigned char key[crypto_secretbox_KEYBYTES];

        if (box.len < BOX_MORE || box.len > VAULT_BOX_MAX || b[0] != BOX_VERSION)
                return -EACCES;
        derive(v, "coloa-box-key-1", p, person, key);
        int r = crypto_secretbox_open_easy(to, b + 1 + crypto_secretbox_NONCEBYTES,
                                           box.len - 1 - crypto_secretbox_NONCEBYTES, b + 1, key);
        sodium_memzero(key, sizeof(key));
        if (r != 0)
                return -EACCES;
        *ret_len = (uint32_t)(box.len - BOX_MORE);
        return 0;
}

void box_hash(const struct vault *v, enum vault_purpose p, int64_t person, struct span s,
              unsigned char to[CODE_HASH_BYTES]) {
        unsigned char key[32];

        derive(v, "coloa-code-key1", p, person, key);
        crypto_generichash(to, CODE_HASH_BYTES, (const unsigned char *)s.p, s.len, key,
                           sizeof(key));
        sodium_memzero(key, sizeof(key));
}

/* The vault: whatever a desk sends, what it answers is bounded, and never what a box of a person holds. The
 * box given is one that was made, changed by the input; the secret in it must not come out. */
#include <stdlib.h>

#include "vault/vault.h"
#include "vault/vault_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char secret[] = "a secret of 20 bytes";
static struct vault *v;
static unsigned char box[VAULT_BOX_MAX];
static uint32_t box_len;

static int keep(void *ctx, const struct audit_signed *s) {
        (void)ctx;
        return audit_head_good(s) ? 0 : -EIO;
}

static void begin(void) {
        static const unsigned char seed[VAULT_SEED_BYTES] = "a seed";
        static unsigned char public_key[32], secret_key[64];

        if (sodium_init() < 0 || crypto_sign_seed_keypair(public_key, secret_key, seed) < 0 ||
            vault_new(&v, seed,
                      &(struct vault_options){.work = 1,
                                              .work_mem = 8192,
                                              .public_key = public_key,
                                              .secret_key = secret_key,
                                              .keep_head = keep}) < 0 ||
            box_seal(v, VAULT_FOR_TOTP, 1, span_of(secret, TOTP_SECRET_BYTES), box, &box_len) < 0)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct msg_vault_ask m = {.person = 1};
        struct msg_vault_answer a;

        if (!v)
                begin();
        if (size < 4)
                return 0;
        m.type = VAULT_HASH + data[0] % 16;
        m.box_len = data[1] & 1 ? (uint32_t)data[2] * 2 : box_len;
        memcpy(m.box, box, box_len);
        if (data[1] & 2)
                m.box[data[2] % VAULT_BOX_MAX] ^= data[3];
        m.text_len = (uint32_t)MIN(size - 4, (size_t)VAULT_TEXT_MAX + 1);
        if (m.text_len <= VAULT_TEXT_MAX)
                memcpy(m.text, data + 4, m.text_len);
        if (!vault_ask_good(&m))
                return 0;
        vault_do(v, &m, 1790000000, &a);
        if (a.type != VAULT_ANSWER || a.box_len > VAULT_BOX_MAX || a.text_len > VAULT_TEXT_MAX ||
            a.error > 0 || memmem(&a, sizeof(a), secret, TOTP_SECRET_BYTES))
                abort();
        return 0;
}

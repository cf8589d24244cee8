/* Heads of the audit log (wire/audit_head.h).
 *
 *   A1. A head is given to nobody before it is kept (vault_options.keep_head): so the vault never forgets one that
 *       somebody has, whatever crashes, and signs no other with its number.
 *   A2. A log does not get shorter, and has one hash at each length. Whether what is behind was changed the vault
 *       cannot see, as it does not see entries; the heads before show it, and the next names the last.
 *   A3. Who missed one (a crash in between) asks for the last again, and gets the same. */
#include "wire/audit_head.h"

#include "base/timestamp.h"
#include "vault/vault_impl.h"

static int sign(struct vault *v, uint64_t entries, const unsigned char *hash, int64_t now) {
        struct audit_signed s = {0};

        audit_head_make(&s.head, v->has_head ? &v->head : NULL, entries, hash, now * NS_PER_SEC);
        memcpy(s.key, v->o.public_key, sizeof(s.key));
        crypto_sign_detached(s.signature, NULL, (const unsigned char *)&s.head, sizeof(s.head),
                             v->o.secret_key);
        int r = v->o.keep_head(v->o.keep_ctx, &s); /* A1 */
        if (r < 0)
                return r;
        v->head = s;
        v->has_head = true;
        return 0;
}

int vault_audit_begin(struct vault *v, const struct audit_signed *last, int64_t now) {
        static const unsigned char none[AUDIT_HASH_BYTES];

        if (!v->o.secret_key || !v->o.keep_head)
                return -EPERM;
        if (last) {
                v->head = *last;
                v->has_head = true;
                return 0;
        }
        return sign(v, 0, none, now);
}

int audit_sign(struct vault *v, const struct msg_vault_ask *m, int64_t now,
               struct msg_vault_answer *ret) {
        struct audit_ask a;
        int r = 0;

        if (!v->o.secret_key || !v->o.keep_head || m->text_len != sizeof(a))
                return -EPERM;
        memcpy(&a, m->text, sizeof(a));
        if (!v->has_head) /* its file could not be written at the start */
                r = vault_audit_begin(v, NULL, now);
        if (r == 0 && a.number) {
                const struct audit_head *h = &v->head.head;

                if (a.number != h->number + 1 || a.entries < h->entries || a.entries > INT64_MAX ||
                    (a.entries == h->entries && memcmp(a.hash, h->hash, sizeof(a.hash)) != 0))
                        return -EPERM; /* A2 */
                r = sign(v, a.entries, a.hash, now);
        }
        if (r < 0)
                return r;
        memcpy(ret->box, &v->head, sizeof(v->head));
        ret->box_len = sizeof(v->head);
        return 0;
}

/* Orders of containment (wire/order.h): signed only together with a code of the approver's, so that whoever
 * took over the desk still needs the second person's telephone. What an order may say is looked at by
 * `act`; here only that it is one, that it is of two people, of now, and short enough. */
#include "wire/order.h"

#include "vault/vault_impl.h"

#define NOW_S 60

int order_sign(struct vault *v, const struct msg_vault_ask *m, int64_t now,
               struct msg_vault_answer *ret) {
        static const char name[sizeof(((struct order *)0)->name)] = ORDER_NAME;
        struct msg_vault_ask code = {
                .type = VAULT_TOTP_CHECK, .person = m->person, .step = m->step};
        struct order_signed s;
        struct order_ask a;

        if (!v->o.secret_key || m->text_len != sizeof(a))
                return -EPERM;
        memcpy(&a, m->text, sizeof(a));
        const struct order *o = &a.order;
        int64_t approved = o->approved / INT64_C(1000000000);
        if (memcmp(o->name, name, sizeof(name)) != 0 || o->approver != m->person ||
            o->approver == o->proposer || o->proposer <= 0 || o->seconds > ORDER_SECONDS_MAX ||
            o->n_targets > ORDER_TARGETS_MAX || approved < now - NOW_S || approved > now + NOW_S)
                return -EPERM;
        code.text_len = (uint32_t)strnlen(a.code, sizeof(a.code));
        memcpy(code.text, a.code, code.text_len);
        code.box_len = m->box_len;
        memcpy(code.box, m->box, m->box_len);
        int r = totp_check(v, &code, now, ret);
        sodium_memzero(&code, sizeof(code));
        if (r < 0)
                return r;
        crypto_sign_detached(s.signature, NULL, (const unsigned char *)o, sizeof(*o),
                             v->o.secret_key);
        memcpy(s.public_key, v->o.public_key, sizeof(s.public_key));
        memcpy(ret->box, &s, sizeof(s));
        ret->box_len = sizeof(s);
        return 0;
}

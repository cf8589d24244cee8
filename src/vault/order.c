/* What is signed for the desk. Orders of containment (wire/order.h) and evidence for a court (wire/court.h) only
 * together with a code of the second person's, so that whoever took over the desk still needs their
 * telephone; a report's files (wire/file_sign.h) without one. What an order may say is looked at by `act`;
 * here only that it is one, that it is of two people, of now, and short enough. */
#include "wire/order.h"

#include "vault/vault_impl.h"
#include "wire/court.h"
#include "wire/file_sign.h"

#define NOW_S 60

static bool is_now(int64_t ns, int64_t now) {
        int64_t s = ns / INT64_C(1000000000);

        return s >= now - NOW_S && s <= now + NOW_S;
}

/* The code is right, and used up. */
static int check_code(struct vault *v, const struct msg_vault_ask *m, const char code[16],
                      int64_t now, struct msg_vault_answer *ret) {
        struct msg_vault_ask c = {.type = VAULT_TOTP_CHECK, .person = m->person, .step = m->step};

        c.text_len = (uint32_t)strnlen(code, 16);
        memcpy(c.text, code, c.text_len);
        c.box_len = m->box_len;
        memcpy(c.box, m->box, m->box_len);
        int r = totp_check(v, &c, now, ret);
        sodium_memzero(&c, sizeof(c));
        return r;
}

/* All that is signed here is answered alike: the signature, and whose. */
_Static_assert(sizeof(struct court_signed) == sizeof(struct order_signed) &&
                       sizeof(struct file_signed) == sizeof(struct order_signed),
               "one answer");

static void answer_signed(struct vault *v, const void *what, size_t len,
                          struct msg_vault_answer *ret) {
        struct order_signed s;

        crypto_sign_detached(s.signature, NULL, what, len, v->o.secret_key);
        memcpy(s.public_key, v->o.public_key, sizeof(s.public_key));
        memcpy(ret->box, &s, sizeof(s));
        ret->box_len = sizeof(s);
}

int order_sign(struct vault *v, const struct msg_vault_ask *m, int64_t now,
               struct msg_vault_answer *ret) {
        static const char name[sizeof(((struct order *)0)->name)] = ORDER_NAME;
        struct order_ask a;

        if (!v->o.secret_key || m->text_len != sizeof(a))
                return -EPERM;
        memcpy(&a, m->text, sizeof(a));
        const struct order *o = &a.order;
        if (memcmp(o->name, name, sizeof(name)) != 0 || o->approver != m->person ||
            o->approver == o->proposer || o->proposer <= 0 || o->seconds > ORDER_SECONDS_MAX ||
            o->n_targets > ORDER_TARGETS_MAX || !is_now(o->approved, now))
                return -EPERM;
        int r = check_code(v, m, a.code, now, ret);
        if (r < 0)
                return r;
        answer_signed(v, o, sizeof(*o), ret);
        return 0;
}

int court_sign(struct vault *v, const struct msg_vault_ask *m, int64_t now,
               struct msg_vault_answer *ret) {
        static const char name[sizeof(((struct court_sign *)0)->name)] = COURT_NAME;
        struct court_ask a;

        if (!v->o.secret_key || m->text_len != sizeof(a))
                return -EPERM;
        memcpy(&a, m->text, sizeof(a));
        const struct court_sign *o = &a.sign;
        if (memcmp(o->name, name, sizeof(name)) != 0 || o->approver != m->person ||
            o->approver == o->proposer || o->proposer <= 0 || !is_now(o->time, now))
                return -EPERM;
        int r = check_code(v, m, a.code, now, ret);
        if (r < 0)
                return r;
        answer_signed(v, o, sizeof(*o), ret);
        return 0;
}

/* A file that this node made, signed for whoever gets it; two people signed its content off before (desk/report.h).
 * It says so little that it can stand for nothing else. */
int file_sign(struct vault *v, const struct msg_vault_ask *m, int64_t now,
              struct msg_vault_answer *ret) {
        static const char name[sizeof(((struct file_sign *)0)->name)] = FILE_SIGN_NAME;
        struct file_sign f;

        if (!v->o.secret_key || m->text_len != sizeof(f))
                return -EPERM;
        memcpy(&f, m->text, sizeof(f));
        if (memcmp(f.name, name, sizeof(name)) != 0 || !is_now(f.time, now) ||
            f.what[sizeof(f.what) - 1])
                return -EPERM;
        answer_signed(v, &f, sizeof(f), ret);
        return 0;
}

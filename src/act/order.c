/* See order.h. The desk looked at all of this when it was proposed and approved; a desk that was taken
 * over is why it is looked at again, here, where only the firewall is in reach. */
#include "act/order.h"

#include <sodium.h>

#include "base/timestamp.h"

#define V4_BITS 96u

/* Whether the first `bits` are the same. */
static bool same_bits(const unsigned char *a, const unsigned char *b, unsigned bits) {
        unsigned whole = bits / 8, rest = bits % 8;

        if (memcmp(a, b, whole) != 0)
                return false;
        unsigned char mask = (unsigned char)(0xff00u >> rest);
        return rest == 0 || ((a[whole] ^ b[whole]) & mask) == 0;
}

bool order_overlap(const struct order_target *a, const struct order_target *b) {
        return same_bits(a->address, b->address, MIN(a->bits, b->bits));
}

/* What no agency means: this machine itself, its link, everybody. RFC 6890, RFC 4291. */
static const struct {
        const char *net;
} built_in[] = {{"0.0.0.0/8"},   {"127.0.0.0/8"}, {"169.254.0.0/16"},
                {"224.0.0.0/4"}, {"240.0.0.0/4"}, {"::/128"},
                {"::1/128"},     {"fe80::/10"},   {"ff00::/8"}};

static bool never(const struct order_target *t, const struct order_never *n) {
        struct order_target own;

        for (size_t i = 0; i < ARRAY_LEN(built_in); i++)
                if (order_target_parse(span_str(built_in[i].net), &own) && order_overlap(t, &own))
                        return true;
        for (size_t i = 0; i < n->n; i++)
                if (order_overlap(t, &n->list[i]))
                        return true;
        return false;
}

enum order_fault order_target_check(const struct order_target *t, const struct order_never *n) {
        static const unsigned char zero[sizeof(t->reserved)];

        if (t->bits > 128 || memcmp(t->reserved, zero, sizeof(zero)) != 0)
                return ORDER_SHAPE;
        if (t->bits < (order_target_is_v4(t) ? V4_BITS + 24 : 64))
                return ORDER_WIDE;
        if (order_target_bits_behind(t))
                return ORDER_SHAPE;
        return never(t, n) ? ORDER_NEVER : ORDER_GOOD;
}

void order_hash(const struct order_target *list, uint32_t n, unsigned char to[32]) {
        crypto_generichash(to, 32, (const unsigned char *)list, n * sizeof(*list), NULL, 0);
}

static enum order_fault check_targets(const struct msg_order *m, const struct order_never *n,
                                      uint32_t *ret_target) {
        for (uint32_t i = 0; i < m->order.n_targets; i++) {
                enum order_fault f = order_target_check(&m->targets[i], n);

                *ret_target = i;
                if (f)
                        return f;
                for (uint32_t j = 0; j < i; j++)
                        if (order_overlap(&m->targets[i], &m->targets[j]))
                                return ORDER_SHAPE;
        }
        return ORDER_GOOD;
}

enum order_fault order_check(const struct msg_order *m, const unsigned char public_key[32],
                             const struct order_never *n, int64_t now, uint32_t *ret_target) {
        const struct order *o = &m->order;
        static const char name[sizeof(o->name)] = ORDER_NAME;
        unsigned char hash[32];

        *ret_target = 0;
        if (memcmp(o->name, name, sizeof(name)) != 0 || o->id == 0 || o->id > INT64_MAX ||
            o->kind == 0 || o->kind > ORDER_KIND_MAX ||
            (o->flags & ~(uint32_t)(ORDER_IN | ORDER_OUT)) || o->flags == 0)
                return ORDER_FORMAT;
        if (o->n_targets == 0 || o->n_targets > ORDER_TARGETS_MAX)
                return ORDER_MANY;
        order_hash(m->targets, o->n_targets, hash);
        if (sodium_memcmp(hash, o->targets, sizeof(hash)) != 0 ||
            crypto_sign_verify_detached(m->signature, (const unsigned char *)o, sizeof(*o),
                                        public_key) != 0)
                return ORDER_FORGED;
        if (o->proposer <= 0 || o->approver <= 0 || o->proposer == o->approver)
                return ORDER_ONE_PERSON;
        if (o->seconds < ORDER_SECONDS_MIN || o->seconds > ORDER_SECONDS_MAX)
                return ORDER_TIME;
        if (o->approved < now - ORDER_FRESH_S * NS_PER_SEC || o->approved > now + 60 * NS_PER_SEC)
                return ORDER_OLD;
        return check_targets(m, n, ret_target);
}

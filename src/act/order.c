/* See order.h. The desk looked at all of this when it was proposed and approved; a desk that was taken
 * over is why it is looked at again, here, where only the firewall is in reach. */
#include "act/order.h"

#include <sodium.h>
#include <strings.h>

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

static enum order_fault check_net(const struct msg_order *m, uint32_t i,
                                  const struct order_never *n) {
        static const unsigned char zero[sizeof(((struct order_target *)0)->reserved)];
        const struct order_target *t = &m->targets[i];

        if (t->bits > 128 || memcmp(t->reserved, zero, sizeof(zero)) != 0)
                return ORDER_SHAPE;
        if (m->order.kind == ORDER_ISOLATE && t->bits != 128)
                return ORDER_NOT_ONE;
        if (t->bits < (order_target_is_v4(t) ? V4_BITS + 24 : 64))
                return ORDER_WIDE;
        if (order_target_bits_behind(t))
                return ORDER_SHAPE;
        for (uint32_t j = 0; j < i; j++)
                if (order_overlap(t, &m->targets[j]))
                        return ORDER_SHAPE;
        return never(t, n) ? ORDER_NEVER : ORDER_GOOD;
}

static bool among(const struct order_name *one, const struct order_name *list, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (strncasecmp(one->text, list[i].text, sizeof(one->text)) == 0)
                        return true;
        return false;
}

static enum order_fault check_name(const struct msg_order *m, uint32_t i,
                                   const struct order_never *n) {
        const struct order_name *t = &m->names[i];

        if (!order_name_good(m->order.kind, t) || among(t, m->names, i))
                return ORDER_SHAPE;
        if (m->order.kind == ORDER_SERVICE)
                return among(t, n->services, n->n_services) ? ORDER_GOOD : ORDER_MISSING;
        /* The directory's administrator often has the same name: neither is ever touched. */
        if (strncasecmp(t->text, "root", sizeof(t->text)) == 0)
                return ORDER_NEVER;
        return among(t, n->accounts, n->n_accounts) ? ORDER_NEVER : ORDER_GOOD;
}

enum order_fault order_targets_check(const struct msg_order *m, const struct order_never *n,
                                     uint32_t *ret_target) {
        bool names = order_kind_has_names(m->order.kind);
        enum order_fault f = ORDER_GOOD;

        *ret_target = 0;
        if (m->order.kind == 0 || m->order.kind > ORDER_KIND_MAX)
                return ORDER_FORMAT;
        if (m->order.n_targets == 0 || m->order.n_targets > order_kind_most(m->order.kind))
                return ORDER_MANY;
        for (uint32_t i = 0; i < m->order.n_targets && !f; i++) {
                *ret_target = i;
                f = names ? check_name(m, i, n) : check_net(m, i, n);
        }
        return f;
}

void order_hash(const struct msg_order *m, const struct order_drill *drill, unsigned char to[32]) {
        crypto_generichash_state h;

        crypto_generichash_init(&h, NULL, 0, 32);
        crypto_generichash_update(&h, (const unsigned char *)m->targets,
                                  m->order.n_targets * order_kind_bytes(m->order.kind));
        if (drill)
                crypto_generichash_update(&h, (const unsigned char *)drill, sizeof(*drill));
        crypto_generichash_final(&h, to, 32);
}

/* ---- of a drill ---- */

static bool net_in_scope(const struct order_target *t, const struct order_drill *d) {
        for (uint32_t i = 0; i < d->n_nets; i++)
                if (d->nets[i].bits <= t->bits && d->nets[i].bits >= 1 &&
                    same_bits(t->address, d->nets[i].address, d->nets[i].bits))
                        return true;
        return false;
}

/* An order of a drill says whose it is and what that drill declared, and stays within; one that says nothing of a drill
 * brings nothing of it. */
static enum order_fault check_scope(const struct msg_order *m, const struct order_drill *d,
                                    int64_t now, uint32_t *ret_target) {
        bool drill = (m->order.flags & ORDER_DRILL) != 0;

        if (drill != (d != NULL))
                return ORDER_SCOPE;
        if (!d)
                return ORDER_GOOD;
        if (d->play == 0 || d->reserved || d->n_nets > ORDER_SCOPE_NETS ||
            d->n_names > ORDER_SCOPE_NAMES || d->n_nets + d->n_names == 0 ||
            d->until - now < (int64_t)m->order.seconds * NS_PER_SEC)
                return ORDER_SCOPE;
        for (uint32_t i = 0; i < m->order.n_targets; i++) {
                *ret_target = i;
                if (order_kind_has_names(m->order.kind) ? !among(&m->names[i], d->names, d->n_names)
                                                        : !net_in_scope(&m->targets[i], d))
                        return ORDER_SCOPE;
        }
        return ORDER_GOOD;
}

/* Which way counts where addresses are blocked; a webhook stands only for what a firewall can do. */
static bool good_flags(const struct order *o) {
        uint32_t ways = o->flags & (uint32_t)(ORDER_IN | ORDER_OUT);

        if (o->flags & ~(uint32_t)(ORDER_IN | ORDER_OUT | ORDER_HOOK | ORDER_DRILL))
                return false;
        if ((o->flags & ORDER_HOOK) && order_kind_has_names(o->kind))
                return false;
        return o->kind == ORDER_BLOCK ? ways != 0 : ways == 0;
}

enum order_fault order_check(const struct msg_order *m, const struct order_drill *drill,
                             const unsigned char public_key[32], const struct order_never *n,
                             int64_t now, uint32_t *ret_target) {
        const struct order *o = &m->order;
        static const char name[sizeof(o->name)] = ORDER_NAME;
        unsigned char hash[32];

        *ret_target = 0;
        if (memcmp(o->name, name, sizeof(name)) != 0 || o->id == 0 || o->id > INT64_MAX ||
            o->kind == 0 || o->kind > ORDER_KIND_MAX || !good_flags(o))
                return ORDER_FORMAT;
        if (o->n_targets == 0 || o->n_targets > order_kind_most(o->kind))
                return ORDER_MANY;
        if ((o->flags & ORDER_DRILL) && !drill)
                return ORDER_SCOPE;
        order_hash(m, drill, hash);
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
        enum order_fault f = order_targets_check(m, n, ret_target);
        return f ? f : check_scope(m, drill, now, ret_target);
}

/* Containment: what two people agreed on, as the vault signs it and `act` carries it out.
 *
 *     desk ──VAULT_ORDER (order, the approver's code)──► vault ──signature──► desk
 *     desk ──ACT_ORDER──► act: looks at everything once more, its ledger, then the deed
 *     act ──ACT_STATE──► desk: in force until, undone, refused, failed; all of them when a line begins
 *
 * An order says what, whom, how long, and which two people; nobody can change it afterwards. Numbers are the
 * machine's own: both ends are of one program on one machine. */
#ifndef WIRE_ORDER_H
#define WIRE_ORDER_H

#include "base/base.h"

#define ORDER_NAME "coloa-action-1"
#define ORDER_TARGETS_MAX 50u
#define ORDER_SECONDS_MIN 60u
#define ORDER_SECONDS_MAX 86400u
#define ORDER_FRESH_S 900 /* between the second person's word and the deed */
#define ORDERS_IN_FORCE_MAX 128u
#define ORDER_NAMES_MAX 12u /* accounts or services at a time */
#define ORDER_NAME_BYTES 112u
#define ORDER_WAS_BYTES 16u

enum order_kind {
        ORDER_BLOCK = 1, /* addresses and networks, by nftables or the webhook */
        ORDER_ISOLATE, /* single addresses: only management reaches them through this gateway; or the
                            webhook */
        ORDER_ACCOUNT,   /* accounts of this machine: no signing in */
        ORDER_SERVICE,   /* units of systemd: stopped */
        ORDER_DIRECTORY, /* accounts in the LDAP directory: no signing in */
        ORDER_KIND_MAX = ORDER_DIRECTORY,
};
/* ORDER_HOOK: a firewall elsewhere does it, asked by the webhook; of the first two kinds only. */
/* ORDER_DRILL: of an exercise: it comes with what that exercise declared (struct order_drill), and touches nothing else. */
enum { ORDER_IN = 1, ORDER_OUT = 2, ORDER_HOOK = 4, ORDER_DRILL = 8 };

/* IPv6, or IPv4 mapped: then `bits` are 96 more. Bits behind are zero. */
struct order_target {
        unsigned char address[16];
        uint8_t bits, reserved[15];
};

/* An account or a service, for kinds from ORDER_ACCOUNT on. `was` is zero in an order; in the ledger of
 * `act` it holds how it was before, which undoing brings back. */
struct order_name {
        char text[ORDER_NAME_BYTES]; /* ends with NULs */
        unsigned char was[ORDER_WAS_BYTES];
};

struct order {
        char name[16];
        uint64_t id; /* never given twice */
        uint32_t kind, n_targets;
        uint32_t seconds; /* in force from the deed on */
        uint32_t flags;
        int64_t approved; /* ns since 1970 */
        int64_t proposer, approver;
        uint64_t replaces; /* an order that this one prolongs; 0: none */
        unsigned char
                targets[32]; /* BLAKE2b-256 of all of them; of a drill: and of its order_drill */
};

/* The targets that an exercise declared, and until when: what is signed with an order of it, and looked at by `act`. */
#define ORDER_SCOPE_NETS 256u
#define ORDER_SCOPE_NAMES 64u
struct order_drill {
        uint32_t play; /* wire/exercise.h; never 0 */
        uint32_t n_nets, n_names, reserved;
        int64_t until; /* ns since 1970: nothing of it is in force later */
        struct order_target nets[ORDER_SCOPE_NETS];
        struct order_name names[ORDER_SCOPE_NAMES]; /* accounts and services */
};

/* What the vault's ask carries as its text: a code of the approver's, then the order. */
struct order_ask {
        char code[16]; /* ends with NULs */
        struct order order;
};
/* What its answer carries as its box. */
struct order_signed {
        unsigned char signature[64], public_key[32];
};

enum act_message {
        ACT_ORDER = 240, /* struct msg_order */
        ACT_CHECK, /* struct msg_order, not signed, its id a ticket: may these targets be touched? */
        ACT_CHECKED, /* struct msg_act_state: id the ticket, error, `which` target */
        ACT_UNDO,    /* struct msg_act */
        ACT_STATE,   /* struct msg_act_state */
        ACT_KNOWN, /* struct msg_act: all orders in force were said; id: what is offered, ACT_OFFERS() */
        ACT_KEY,   /* main: struct msg_act_key, whose signatures count */
        ACT_NEVER, /* main: struct msg_act_never, a network, or the list's begin or end */
        ACT_NAME, /* main: struct msg_act_name; both are told on to the desk, but what is never touched */
};
#define ACT_OFFERS(kind) (UINT64_C(1) << (kind))
#define ACT_OFFERS_BY_HOOK(kind) (UINT64_C(1) << (32 + (kind)))

struct msg_order {
        uint32_t type, reserved;
        struct order order;
        unsigned char signature[64];
        union {
                struct order_target targets[ORDER_TARGETS_MAX];
                struct order_name names[ORDER_NAMES_MAX];
        };
};
/* ACT_ORDER of a drill. */
struct msg_order_drill {
        struct msg_order m;
        struct order_drill drill;
};
struct msg_act {
        uint32_t type, reserved;
        uint64_t id;
};
enum act_state { ACT_REFUSED = 1, ACT_FAILED, ACT_IN_FORCE, ACT_UNDONE };
struct msg_act_state {
        uint32_t type;
        uint32_t state; /* enum act_state */
        uint64_t id;
        int64_t until;  /* ns since 1970; of ACT_IN_FORCE */
        int32_t error;  /* enum order_fault of ACT_REFUSED; -errno of others */
        uint32_t early; /* ACT_UNDONE: before its time */
        uint32_t which, reserved;
};
struct msg_act_key {
        uint32_t type, reserved;
        unsigned char public_key[32];
};
/* Of ACT_NEVER and ACT_NAME. Between BEGIN and END comes everything anew; END has what is switched on
 * (ACT_OFFERS()) in the first eight bytes of its network's address. */
enum act_value {
        ACT_BEGIN,
        ACT_NEVER_NET,
        ACT_MANAGEMENT, /* what an isolated host still reaches */
        ACT_END,
        ACT_NEVER_ACCOUNT,
        ACT_SERVICE, /* one that may be stopped */
};
struct msg_act_never {
        uint32_t type, value;
        struct order_target net;
};
struct msg_act_name {
        uint32_t type, value;
        char text[ORDER_NAME_BYTES];
};

/* ---- what is wrong with one (act/order.h) ---- */

enum order_fault {
        ORDER_GOOD = 0,
        ORDER_FORMAT, /* no order of ours */
        ORDER_FORGED, /* not signed by this node's vault, or not these targets */
        ORDER_ONE_PERSON,
        ORDER_OLD,         /* approved too long ago, or in the future */
        ORDER_TIME,        /* in force too short or too long */
        ORDER_MANY,        /* no target, or too many */
        ORDER_WIDE,        /* a network wider than /24 or /64 */
        ORDER_SHAPE,       /* bits behind the network, targets that overlap */
        ORDER_NEVER,       /* on the list of what is never touched */
        ORDER_OFF,         /* this kind is not set up here */
        ORDER_NOT_ONE,     /* isolating is for single addresses */
        ORDER_MISSING,     /* no such account or service here, or not one that may be touched */
        ORDER_TWICE,       /* another order in force touches it: prolong that one */
        ORDER_NO_WAY_BACK, /* undoing was tried first, and does not work */
        ORDER_UNREACHABLE, /* who would do it does not answer */
        ORDER_SCOPE, /* of a drill: outside what it declared, or without saying what that is */
        ORDER_FAULT_MAX = ORDER_SCOPE,
};

/* Says it in both languages; constant. */
void order_fault_text(enum order_fault f, const char **ret_en, const char **ret_vi);

/* "203.0.113.64/28", "2001:db8::7". false: not an address or network, or bits behind it. */
bool order_target_parse(struct span s, struct order_target *ret);
/* The same back; `to` has room for 64 bytes. */
size_t order_target_text(const struct order_target *t, char *to);
/* "…:ffff:0:0/96 and more": IPv4. */
bool order_target_is_v4(const struct order_target *t);
bool order_target_bits_behind(const struct order_target *t);

static inline bool order_kind_has_names(uint32_t kind) {
        return kind >= ORDER_ACCOUNT && kind <= ORDER_KIND_MAX;
}
/* How many of a kind at a time, and how many bytes each has in an order. */
static inline uint32_t order_kind_most(uint32_t kind) {
        return order_kind_has_names(kind) ? ORDER_NAMES_MAX : ORDER_TARGETS_MAX;
}
static inline size_t order_kind_bytes(uint32_t kind) {
        return order_kind_has_names(kind) ? sizeof(struct order_name) : sizeof(struct order_target);
}
/* "lan.tran", "nginx.service": printable ASCII without blanks, slashes, quotes; a service has a type behind
 * its last dot. *ret is filled to its end with NULs. */
bool order_name_parse(uint32_t kind, struct span s, struct order_name *ret);
/* The same looked at again: its text is such a name and nothing follows. */
bool order_name_good(uint32_t kind, const struct order_name *n);

#endif

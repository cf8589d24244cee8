/* Containment: what is looked at once more, the ledger, and that nothing is forgotten or left behind. */
#include "act/act.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>

#include "act/dbus.h"
#include "act/ledger.h"
#include "act/nft.h"
#include "act/shadow.h"
#include "base/timestamp.h"
#include "check.h"
#include "os/fault.h"
#include "os/os.h"

static unsigned char public_key[32], secret_key[64];
static int64_t wall, boottime;
static const char *boot = "11111111-1111-1111-1111-111111111111";

static struct act_clock now(void) {
        return (struct act_clock){boottime, wall, boot};
}

/* ---- a firewall that is played ---- */

static uint64_t there[16];
static unsigned n_there;
static uint32_t last_seconds;
static int failing, undo_failing, undone_was;

static void take_out(uint64_t id) {
        for (unsigned i = 0; i < n_there; i++)
                if (there[i] == id)
                        there[i--] = there[--n_there];
}

static int apply(void *ctx, const struct msg_order *m, uint32_t seconds) {
        (void)ctx;
        if (failing)
                return -EIO;
        take_out(m->order.id);
        there[n_there++] = m->order.id;
        last_seconds = seconds;
        return 0;
}

static int undo(void *ctx, const struct msg_order *m) {
        (void)ctx;
        if (undo_failing)
                return -EIO;
        take_out(m->order.id);
        if (order_kind_has_names(m->order.kind))
                undone_was = m->names[0].was[0];
        return 0;
}

static int list(void *ctx, uint64_t *ids, unsigned max) {
        (void)ctx;
        memcpy(ids, there, MIN(n_there, max) * sizeof(*ids));
        return (int)MIN(n_there, max);
}

static int own(void *ctx, struct order_target *to, unsigned max) {
        (void)ctx;
        check(max >= 1 && order_target_parse(SPAN("10.9.9.9"), &to[0]));
        return 1;
}

static int look_fault;
static unsigned char was = 7;

static int look(void *ctx, struct msg_order *m, uint32_t *ret_which) {
        (void)ctx;
        *ret_which = 0;
        for (uint32_t i = 0; order_kind_has_names(m->order.kind) && i < m->order.n_targets; i++)
                m->names[i].was[0] = was;
        return look_fault;
}

static const struct act_hands hands = {NULL, apply, undo, list, own, look};

static bool is_there(uint64_t id) {
        for (unsigned i = 0; i < n_there; i++)
                if (there[i] == id)
                        return true;
        return false;
}

/* ---- orders ---- */

static void sign(struct msg_order *m) {
        order_hash(m, NULL, m->order.targets);
        crypto_sign_detached(m->signature, NULL, (const unsigned char *)&m->order, sizeof(m->order),
                             secret_key);
}

static struct msg_order order(uint64_t id, const char *target) {
        struct msg_order m = {.type = ACT_ORDER,
                              .order = {.name = ORDER_NAME,
                                        .id = id,
                                        .kind = ORDER_BLOCK,
                                        .n_targets = 1,
                                        .seconds = 3600,
                                        .flags = ORDER_IN | ORDER_OUT,
                                        .approved = wall,
                                        .proposer = 1,
                                        .approver = 2}};

        check(order_target_parse(span_str(target), &m.targets[0]));
        sign(&m);
        return m;
}

static enum order_fault fault_of(const struct msg_order *m, const char *never) {
        struct order_target t;
        struct order_never n = {.list = &t};
        uint32_t which;

        if (never) {
                check(order_target_parse(span_str(never), &t));
                n.n = 1;
        }
        return order_check(m, NULL, public_key, &n, wall, &which);
}

static void begin(void) {
        check(sodium_init() >= 0);
        crypto_sign_keypair(public_key, secret_key);
        wall = INT64_C(1795000000) * NS_PER_SEC;
        boottime = INT64_C(500) * NS_PER_SEC;
        boot = "11111111-1111-1111-1111-111111111111";
        n_there = 0;
        failing = undo_failing = 0;
}

/* Of a drill that declared 203.0.113.0/25, the account lan.tran, and an end in an hour and a half. */
static struct order_drill declared(void) {
        struct order_drill d = {
                .play = 17, .n_nets = 1, .n_names = 1, .until = wall + 5400 * NS_PER_SEC};

        check(order_target_parse(SPAN("203.0.113.0/25"), &d.nets[0]));
        check(order_name_parse(ORDER_ACCOUNT, SPAN("lan.tran"), &d.names[0]));
        return d;
}

static void sign_drill(struct msg_order *m, const struct order_drill *d) {
        m->order.flags |= ORDER_DRILL;
        order_hash(m, d, m->order.targets);
        crypto_sign_detached(m->signature, NULL, (const unsigned char *)&m->order, sizeof(m->order),
                             secret_key);
}

static enum order_fault drill_fault(const struct msg_order *m, const struct order_drill *d) {
        struct order_never n = {0};
        uint32_t which;

        return order_check(m, d, public_key, &n, wall, &which);
}

/* Straight at act, past any desk: a drill stays within what it declared, and says so. */
static void a_drill_stays_within_its_targets(void) {
        begin();
        struct order_drill d = declared(), other;
        struct msg_order m = order(1, "203.0.113.7");

        sign_drill(&m, &d);
        check_int(drill_fault(&m, &d), ORDER_GOOD);
        check_int(drill_fault(&m, NULL), ORDER_SCOPE); /* it does not say what */
        other = d;
        other.play = 18;
        check_int(drill_fault(&m, &other), ORDER_FORGED);
        check(order_target_parse(SPAN("0.0.0.0/1"), &other.nets[0]));
        check_int(drill_fault(&m, &other), ORDER_FORGED); /* not what was signed */
        m = order(2, "203.0.113.129");
        sign_drill(&m, &d);
        check_int(drill_fault(&m, &d), ORDER_SCOPE);
        m = order(3, "203.0.113.0/24"); /* more than was declared */
        sign_drill(&m, &d);
        check_int(drill_fault(&m, &d), ORDER_SCOPE);
        m = order(4, "203.0.113.64/28");
        sign_drill(&m, &d);
        check_int(drill_fault(&m, &d), ORDER_GOOD);
        m.order.seconds = 5401; /* beyond its end */
        sign_drill(&m, &d);
        check_int(drill_fault(&m, &d), ORDER_SCOPE);
        m.order.seconds = 3600;
        other = d;
        other.n_nets = other.n_names = 0; /* nothing declared */
        sign_drill(&m, &other);
        check_int(drill_fault(&m, &other), ORDER_SCOPE);
        other = d;
        other.n_nets = ORDER_SCOPE_NETS + 1;
        sign_drill(&m, &other);
        check_int(drill_fault(&m, &other), ORDER_SCOPE);
        other = d;
        other.play = 0;
        sign_drill(&m, &other);
        check_int(drill_fault(&m, &other), ORDER_SCOPE);
        /* A real order brings no scope. */
        m = order(5, "203.0.113.7");
        check_int(drill_fault(&m, &d), ORDER_FORGED);
        /* Names. */
        m = order(6, "203.0.113.7");
        m.order.kind = ORDER_ACCOUNT;
        m.order.flags = 0;
        memset(m.names, 0, sizeof(m.names));
        check(order_name_parse(ORDER_ACCOUNT, SPAN("lan.tran"), &m.names[0]));
        sign_drill(&m, &d);
        check_int(drill_fault(&m, &d), ORDER_GOOD);
        memset(m.names, 0, sizeof(m.names));
        check(order_name_parse(ORDER_ACCOUNT, SPAN("minh.vo"), &m.names[0]));
        sign_drill(&m, &d);
        check_int(drill_fault(&m, &d), ORDER_SCOPE);
}

static void targets_are_read_and_written(void) {
        static const char *const good[] = {"203.0.113.64/28", "203.0.113.7", "2001:db8::/64",
                                           "2001:db8::7"};
        static const char *const bad[] = {"",
                                          "203.0.113.7/28",
                                          "203.0.113.0/33",
                                          "1.2.3",
                                          "2001:db8::1/64",
                                          "203.0.113.0/",
                                          "1.2.3.4/+24",
                                          "::/129",
                                          "example.org",
                                          "10.0.0.0/024x"};
        struct order_target t;
        char text[64];

        for (size_t i = 0; i < ARRAY_LEN(good); i++) {
                check(order_target_parse(span_str(good[i]), &t));
                order_target_text(&t, text);
                check_span(span_str(text), good[i]);
        }
        for (size_t i = 0; i < ARRAY_LEN(bad); i++)
                check(!order_target_parse(span_str(bad[i]), &t));
}

static void every_fault_is_found(void) {
        struct msg_order m;

        begin();
        m = order(1, "203.0.113.64/28");
        check_int(fault_of(&m, NULL), ORDER_GOOD);
        check_int(fault_of(&m, "203.0.113.70"), ORDER_NEVER);
        check_int(fault_of(&m, "203.0.0.0/16"), ORDER_NEVER);
        check_int(fault_of(&m, "203.0.113.80"), ORDER_GOOD);
        m.order.seconds++;
        check_int(fault_of(&m, NULL), ORDER_FORGED);
        m = order(1, "203.0.113.64/28");
        m.targets[0].address[15]++;
        check_int(fault_of(&m, NULL), ORDER_FORGED);
        m = order(1, "203.0.113.64/28");
        m.signature[3] ^= 1;
        check_int(fault_of(&m, NULL), ORDER_FORGED);
#define WITH(change, fault)                                                                        \
        do {                                                                                       \
                m = order(1, "203.0.113.64/28");                                                   \
                change;                                                                            \
                sign(&m);                                                                          \
                check_int(fault_of(&m, NULL), fault);                                              \
        } while (0)
        WITH(m.order.approver = 1, ORDER_ONE_PERSON);
        WITH(m.order.proposer = 0, ORDER_ONE_PERSON);
        WITH(m.order.seconds = 59, ORDER_TIME);
        WITH(m.order.seconds = 86401, ORDER_TIME);
        WITH(m.order.approved = wall - 901 * NS_PER_SEC, ORDER_OLD);
        WITH(m.order.approved = wall + 61 * NS_PER_SEC, ORDER_OLD);
        WITH(m.order.kind = 9, ORDER_FORMAT);
        WITH(m.order.flags = 0, ORDER_FORMAT);
        WITH(m.order.flags = 4, ORDER_FORMAT);
        WITH(m.order.id = 0, ORDER_FORMAT);
        WITH(m.order.name[0] = 'x', ORDER_FORMAT);
        WITH(m.order.n_targets = 0, ORDER_MANY);
        m.order.n_targets = 51;
        check_int(fault_of(&m, NULL), ORDER_MANY);
        WITH(m.targets[0].bits = 96 + 23, ORDER_WIDE);
        WITH(m.targets[0].bits = 96 + 26, ORDER_GOOD);
        WITH(m.targets[0].bits = 96 + 25, ORDER_SHAPE); /* .64 lies behind it */
        WITH(m.targets[0].bits = 129, ORDER_SHAPE);
        WITH(m.targets[0].reserved[2] = 1, ORDER_SHAPE);
        WITH((m.order.n_targets = 2, m.targets[1] = m.targets[0]), ORDER_SHAPE);
        static const char *const never[] = {"127.0.0.1",       "0.0.0.0/24",    "224.0.0.1",
                                            "255.255.255.255", "::1",           "fe80::1",
                                            "ff02::1",         "169.254.1.0/24"};
        for (size_t i = 0; i < ARRAY_LEN(never); i++) {
                m = order(1, never[i]);
                check_int(fault_of(&m, NULL), ORDER_NEVER);
        }
        m = order(1, "2001:db8:1::/64");
        check_int(fault_of(&m, NULL), ORDER_GOOD);
        m = order(1, "2001:db8::/63");
        check_int(fault_of(&m, NULL), ORDER_WIDE);
        for (enum order_fault f = ORDER_GOOD; f <= ORDER_FAULT_MAX; f++) {
                const char *en = NULL, *vi = NULL;
                order_fault_text(f, &en, &vi);
                check(en && vi);
        }
}

/* ---- in force, and over ---- */

static int ledger_fd = -1;
#define ALL (UINT64_C(0xff) | UINT64_C(0xff) << 32)

static void new_ledger(void) {
        os_close_quiet(ledger_fd);
        check(os_memfd("ledger", &ledger_fd) == 0);
}

static struct act *opened(void) {
        struct act_clock c = now();
        struct act *a = NULL;

        check_int(act_open(&a, ledger_fd, &hands), 0);
        act_ready(a, ALL, &c);
        act_key(a, public_key);
        return a;
}

static struct msg_act_state ordered(struct act *a, struct msg_order m) {
        struct act_clock c = now();
        struct msg_act_state s;

        check_int(act_order(a, &m, NULL, &c, &s), 0);
        check(s.type == ACT_STATE && s.id == m.order.id);
        return s;
}

static int tick(struct act *a, struct msg_act_state *s) {
        struct act_clock c = now();

        return act_tick(a, &c, s);
}

static void it_ends_by_itself(void) {
        struct msg_act_state s;

        begin();
        new_ledger();
        struct act *a = opened();
        s = ordered(a, order(7, "203.0.113.0/24"));
        check_int(s.state, ACT_IN_FORCE);
        check_int(s.until, wall + 3600 * NS_PER_SEC);
        check(is_there(7));
        check_int(last_seconds, 3600);
        wall += 100000 * NS_PER_SEC; /* A2: somebody set the clock */
        check_int(tick(a, &s), 0);
        wall -= 200000 * NS_PER_SEC;
        boottime += 3599 * NS_PER_SEC;
        check_int(tick(a, &s), 0);
        boottime += NS_PER_SEC;
        check_int(tick(a, &s), 1);
        check_int(s.state, ACT_UNDONE);
        check_int(s.early, 0);
        check(!is_there(7));
        check_int(tick(a, &s), 0);
        act_free(a);
}

static void it_is_done_once(void) {
        struct msg_act_state s;

        begin();
        new_ledger();
        struct act *a = opened();
        struct msg_order m = order(7, "203.0.113.0/24");
        check_int(ordered(a, m).state, ACT_IN_FORCE);
        check_int(ordered(a, m).state, ACT_IN_FORCE); /* said again: as it is */
        struct act_clock c = now();
        check_int(act_undo(a, 7, &c, &s), 0);
        check(s.state == ACT_UNDONE && s.early);
        check_int(ordered(a, m).state, ACT_REFUSED); /* A4: an old order played again */
        a = act_free(a);
        a = opened();
        s = ordered(a, m);
        check(s.state == ACT_REFUSED && s.error == ORDER_OLD);
        check_int(act_undo(a, 99, &c, &s), 0);
        check_int(s.state, ACT_UNDONE);
        act_free(a);
}

static void what_is_its_own_is_never_touched(void) {
        struct order_target t;

        begin();
        new_ledger();
        struct act *a = opened();
        check_int(ordered(a, order(1, "10.9.9.0/24")).error, ORDER_NEVER); /* its own address */
        check(order_target_parse(SPAN("198.51.100.0/24"), &t));
        check_int(act_never(a, &t), 0);
        check_int(ordered(a, order(2, "198.51.100.9")).error, ORDER_NEVER);
        act_never_clear(a);
        check_int(ordered(a, order(2, "198.51.100.9")).state, ACT_IN_FORCE);
        check_int(n_there, 1);
        act_free(a);
        struct act_clock c = now();
        struct msg_act_state s;
        struct msg_order m = order(3, "198.51.100.10");
        check_int(act_open(&a, ledger_fd, &hands), 0);
        act_ready(a, ALL, &c);
        check_int(act_order(a, &m, NULL, &c, &s), 0); /* nobody said whose signatures count */
        check_int(s.state, ACT_REFUSED);
        act_free(a);
}

static void a_restart_forgets_nothing(void) {
        struct msg_act_state s;

        begin();
        new_ledger();
        struct act *a = opened();
        ordered(a, order(1, "203.0.113.0/24"));
        ordered(a, order(2, "198.51.100.1"));
        a = act_free(a);
        boottime += 600 * NS_PER_SEC;
        wall += 600 * NS_PER_SEC;
        there[n_there++] = 55; /* of nobody: a crash between table and ledger */
        take_out(1);           /* the firewall was flushed */
        a = opened();
        check(is_there(1) && is_there(2) && !is_there(55));
        check_int(last_seconds, 3000);
        a = act_free(a);
        /* A new boot: an hour went by, but the clock was set back two. */
        boot = "22222222-2222-2222-2222-222222222222";
        boottime = 20 * NS_PER_SEC;
        wall -= 7200 * NS_PER_SEC;
        n_there = 0;
        a = opened();
        check_int(last_seconds, 3600); /* never more than it was to be */
        a = act_free(a);
        wall += 7200 * NS_PER_SEC + 3001 * NS_PER_SEC;
        a = opened();
        check_int(tick(a, &s), 1);
        check_int(tick(a, &s), 1);
        check_int(tick(a, &s), 0);
        check_int(n_there, 0);
        act_free(a);
}

static void prolonging_replaces(void) {
        struct msg_act_state s;
        struct msg_order m;

        begin();
        new_ledger();
        struct act *a = opened();
        ordered(a, order(1, "203.0.113.0/24"));
        m = order(2, "203.0.113.0/25");
        m.order.replaces = 1;
        sign(&m);
        check_int(ordered(a, m).state, ACT_REFUSED); /* other targets are no prolonging */
        m = order(2, "203.0.113.0/24");
        m.order.replaces = 1;
        sign(&m);
        boottime += 3000 * NS_PER_SEC;
        wall += 800 * NS_PER_SEC;
        check_int(ordered(a, m).state, ACT_IN_FORCE);
        check(is_there(2) && !is_there(1));
        boottime += 3599 * NS_PER_SEC;
        check_int(tick(a, &s), 0);
        boottime += NS_PER_SEC;
        check_int(tick(a, &s), 1);
        check_int(n_there, 0);
        act_free(a);
}

static void what_fails_is_tried_again(void) {
        struct msg_act_state s;

        begin();
        new_ledger();
        struct act *a = opened();
        failing = 1;
        s = ordered(a, order(1, "203.0.113.0/24"));
        check(s.state == ACT_FAILED && s.error == -EIO);
        failing = 0;
        check_int(ordered(a, order(2, "203.0.113.0/24")).state, ACT_IN_FORCE);
        boottime += 3600 * NS_PER_SEC;
        undo_failing = 1;
        check_int(tick(a, &s), 1);
        check(s.state == ACT_IN_FORCE && s.error == -EIO);
        check_int(tick(a, &s), 0); /* a moment later */
        undo_failing = 0;
        boottime += 5 * NS_PER_SEC;
        check_int(tick(a, &s), 1);
        check_int(s.state, ACT_UNDONE);
        check_int(n_there, 0);
        act_free(a);
}

static void no_more_than_that_many(void) {
        char text[32];

        begin();
        new_ledger();
        struct act *a = opened();
        for (unsigned i = 0; i < ORDERS_IN_FORCE_MAX; i++) {
                snprintf(text, sizeof(text), "203.0.113.%u", i);
                n_there = 0;
                check_int(ordered(a, order(i + 1, text)).state, ACT_IN_FORCE);
        }
        struct msg_act_state s = ordered(a, order(500, "198.51.100.1"));
        check(s.state == ACT_REFUSED && s.error == ORDER_MANY);
        act_free(a);
}

/* Every write of the ledger fails once, or is torn: what was acknowledged is known afterwards, what was
 * done is undone. */
static void ledger_faults(void) {
        unsigned hit = 1;

        for (unsigned k = 1; hit && k < 100; k++) {
                struct msg_act_state s = {0};
                struct act *a = NULL;
                bool in_force;

                begin();
                new_ledger();
                a = opened();
                struct act_clock c = now();
                struct msg_order m = order(7, "203.0.113.0/24");
                fault_arm(k, EIO);
                int r = act_order(a, &m, NULL, &c, &s);
                hit = fault_disarm();
                in_force = r == 0 && s.state == ACT_IN_FORCE;
                a = act_free(a);
                a = opened(); /* the next life */
                check(!in_force || is_there(7));
                boottime += 3600 * NS_PER_SEC;
                while (tick(a, &s) == 1)
                        ;
                check_int(n_there, 0);
                act_free(a);
        }
}

static void a_torn_end_is_cut(void) {
        struct stat st;
        char byte = 'x';

        begin();
        new_ledger();
        struct act *a = opened();
        ordered(a, order(1, "203.0.113.0/24"));
        a = act_free(a);
        check_int(os_fstat(ledger_fd, &st), 0);
        check_int(os_seek(ledger_fd, 0, SEEK_END), st.st_size);
        check_int(os_write_full(ledger_fd, "torn", 4), 0);
        a = opened();
        check(is_there(1));
        ordered(a, order(2, "198.51.100.1"));
        a = act_free(a);
        a = opened();
        check(is_there(1) && is_there(2));
        a = act_free(a);
        /* One in the middle is damage. */
        check(os_seek(ledger_fd, 100, SEEK_SET) == 100);
        check_int(os_write_full(ledger_fd, &byte, 1), 0);
        check_int(act_open(&a, ledger_fd, &hands), -EBADMSG);
}

static const struct nft_nets none;

static void commands_hold_numbers_only(void) {
        _cleanup_(buf_deinit) struct buf b = {0};

        begin();
        struct msg_order m = order(312, "203.0.113.64/28");
        m.order.n_targets = 2;
        check(order_target_parse(SPAN("2001:db8::/64"), &m.targets[1]));
        nft_commands(&b, &m, 14400, &none);
        buf_char(&b, '\0');
        check(strstr(b.p, "add element inet coloa_312 v4 { 203.0.113.64/28 timeout 14400s }\n"));
        check(strstr(b.p, "add element inet coloa_312 v6 { 2001:db8::/64 timeout 14400s }\n"));
        check(strstr(b.p, "hook forward"));
        m.order.flags = ORDER_OUT;
        buf_reset(&b);
        nft_commands(&b, &m, 60, &none);
        buf_char(&b, '\0');
        check(!strstr(b.p, "hook input") && !strstr(b.p, "saddr") && strstr(b.p, "hook output"));
}

static void an_isolated_host_reaches_management_alone(void) {
        _cleanup_(buf_deinit) struct buf b = {0};
        struct nft_nets kept = {.n = 2};

        begin();
        struct msg_order m = order(9, "192.0.2.7");
        m.order.kind = ORDER_ISOLATE;
        m.order.flags = 0;
        check(order_target_parse(SPAN("10.0.0.0/24"), &kept.list[0]));
        check(order_target_parse(SPAN("2001:db8::/64"), &kept.list[1]));
        nft_commands(&b, &m, 60, &kept);
        buf_char(&b, '\0');
        check(strstr(b.p, "add element inet coloa_9 kept4 { 10.0.0.0/24 }\n"));
        check(strstr(b.p, "add element inet coloa_9 kept6 { 2001:db8::/64 }\n"));
        check(strstr(b.p, "forward ip saddr @v4 ip daddr != @kept4 counter drop"));
        check(!strstr(b.p, "hook input") && !strstr(b.p, "hook output"));
}

/* ---- kinds with names ---- */

static struct msg_order named(uint64_t id, uint32_t kind, const char *name) {
        struct msg_order m = order(id, "203.0.113.1");

        memset(m.targets, 0, sizeof(m.targets));
        m.order.kind = kind;
        m.order.flags = 0;
        check(order_name_parse(kind, span_str(name), &m.names[0]));
        sign(&m);
        return m;
}

static void names_are_read(void) {
        static const char *const logins[] = {"lan", "lan.tran", "svc_web$", "lan@agency.vn",
                                             "a-b_c"};
        static const char *const no_logins[] = {"",      "-lan",  ".lan", "lan tran",
                                                "lan/x", "lan:x", "l*n",  "lan\n",
                                                "lan\"", "l$n",   "lân"};
        static const char *const units[] = {"nginx.service", "getty@tty1.service", "x.timer"};
        static const char *const no_units[] = {"nginx",   ".service",     "a b.service",
                                               "x.slice", "../x.service", "x.mount"};
        struct order_name n;

        for (size_t i = 0; i < ARRAY_LEN(logins); i++)
                check(order_name_parse(ORDER_ACCOUNT, span_str(logins[i]), &n) &&
                      order_name_good(ORDER_ACCOUNT, &n));
        for (size_t i = 0; i < ARRAY_LEN(no_logins); i++)
                check(!order_name_parse(ORDER_ACCOUNT, span_str(no_logins[i]), &n));
        for (size_t i = 0; i < ARRAY_LEN(units); i++)
                check(order_name_parse(ORDER_SERVICE, span_str(units[i]), &n));
        for (size_t i = 0; i < ARRAY_LEN(no_units); i++)
                check(!order_name_parse(ORDER_SERVICE, span_str(no_units[i]), &n));
        check(!order_name_parse(ORDER_ACCOUNT, span_of("a\0b", 3), &n));
        n.was[3] = 1;
        check(!order_name_good(ORDER_ACCOUNT, &n));
}

static void faults_of_names(void) {
        struct order_name web = {.text = "nginx.service"}, lan = {.text = "lan"};
        struct msg_act_state s;

        begin();
        new_ledger();
        look_fault = 0;
        struct act *a = opened();
        check_int(ordered(a, named(1, ORDER_SERVICE, "nginx.service")).error, ORDER_MISSING);
        check_int(act_name(a, ACT_SERVICE, &web), 0);
        check_int(act_name(a, ACT_NEVER_ACCOUNT, &lan), 0);
        check_int(ordered(a, named(2, ORDER_SERVICE, "sshd.service")).error, ORDER_MISSING);
        check_int(ordered(a, named(2, ORDER_ACCOUNT, "lan")).error, ORDER_NEVER);
        check_int(ordered(a, named(2, ORDER_ACCOUNT, "LAN")).error, ORDER_NEVER);
        check_int(ordered(a, named(2, ORDER_ACCOUNT, "root")).error, ORDER_NEVER);
        look_fault = ORDER_NO_WAY_BACK;
        check_int(ordered(a, named(3, ORDER_ACCOUNT, "minh")).error, ORDER_NO_WAY_BACK);
        look_fault = -EIO;
        check_int(ordered(a, named(3, ORDER_ACCOUNT, "minh")).error, ORDER_UNREACHABLE);
        look_fault = 0;
        struct msg_order m = named(3, ORDER_ACCOUNT, "minh");
        m.order.flags = ORDER_IN;
        sign(&m);
        check_int(ordered(a, m).error, ORDER_FORMAT);
        m.order.flags = ORDER_HOOK;
        sign(&m);
        check_int(ordered(a, m).state, ACT_REFUSED);
        m = named(3, ORDER_ACCOUNT, "minh");
        m.order.n_targets = 2;
        m.names[1] = m.names[0];
        sign(&m);
        check_int(ordered(a, m).error, ORDER_SHAPE);
        m.order.n_targets = 13;
        check_int(ordered(a, m).error, ORDER_MANY);
        m = named(3, ORDER_ACCOUNT, "minh");
        m.names[0].was[0] = 1;
        sign(&m);
        check_int(ordered(a, m).error, ORDER_SHAPE);
        check_int(n_there, 0);
        struct act_clock c = now();
        act_ready(a, ACT_OFFERS(ORDER_BLOCK), &c);
        check_int(ordered(a, named(3, ORDER_ACCOUNT, "minh")).error, ORDER_OFF);
        m = named(3, ORDER_ACCOUNT, "minh");
        act_check(a, &m, &s);
        check_int(s.error, ORDER_OFF);
        check_int(ordered(a, named(4, ORDER_SERVICE, "nginx.service")).error, ORDER_OFF);
        m = order(5, "198.51.100.0/30");
        m.order.kind = ORDER_ISOLATE;
        m.order.flags = 0;
        sign(&m);
        act_ready(a, ALL, &c);
        check_int(ordered(a, m).error, ORDER_NOT_ONE);
        act_free(a);
}

/* A5: what was is in the ledger before the deed, and with a prolonging. */
static void what_was_is_kept(void) {
        struct msg_act_state s;

        begin();
        new_ledger();
        was = 7;
        struct act *a = opened();
        check_int(ordered(a, named(1, ORDER_ACCOUNT, "minh")).state, ACT_IN_FORCE);
        was = 99; /* now it looks otherwise, as it is locked */
        check_int(ordered(a, named(2, ORDER_ACCOUNT, "minh")).error, ORDER_TWICE);
        struct msg_order m = named(3, ORDER_ACCOUNT, "minh");
        m.order.replaces = 1;
        sign(&m);
        undone_was = -1;
        check_int(ordered(a, m).state, ACT_IN_FORCE);
        check_int(undone_was, -1); /* the first was not undone: the second holds it */
        check(is_there(3));
        a = act_free(a);
        a = opened();
        boottime += 3600 * NS_PER_SEC;
        check_int(tick(a, &s), 1);
        check_int(undone_was, 7);
        check_int(tick(a, &s), 0);
        act_free(a);
}

/* Before main said all, nothing ends and nothing is said to be in force. */
static void nothing_before_all_was_said(void) {
        struct act *a = NULL;
        struct msg_act_state s;
        struct act_clock c = now();

        begin();
        new_ledger();
        a = opened();
        check_int(ordered(a, order(1, "203.0.113.1")).state, ACT_IN_FORCE);
        a = act_free(a);
        c = now();
        check_int(act_open(&a, ledger_fd, &hands), 0);
        check_int(tick(a, &s), 0);
        check_int(act_wait(a, &c), -1);
        check(is_there(1));
        act_ready(a, ALL, &c);
        check_int(tick(a, &s), 0);
        check(is_there(1));
        act_free(a);
}

/* A prolonging that died between plan and the end of the first. */
static void half_a_prolonging(void) {
        struct msg_act_state s;
        unsigned hit = 1;

        for (unsigned k = 1; hit && k < 100; k++) {
                begin();
                new_ledger();
                was = 7;
                struct act *a = opened();
                check_int(ordered(a, named(1, ORDER_ACCOUNT, "minh")).state, ACT_IN_FORCE);
                was = 99;
                struct msg_order m = named(3, ORDER_ACCOUNT, "minh");
                m.order.replaces = 1;
                m.order.seconds = 7200;
                sign(&m);
                struct act_clock c = now();
                fault_arm(k, EIO);
                (void)act_order(a, &m, NULL, &c, &s);
                hit = fault_disarm();
                a = act_free(a);
                a = opened();
                undone_was = -1;
                boottime += 7200 * NS_PER_SEC;
                while (tick(a, &s) == 1)
                        ;
                check_int(undone_was, 7);
                a = act_free(a);
        }
}

/* What another machine keeps: not asked for again when it was confirmed, undone until that is. */
static void elsewhere(void) {
        struct msg_act_state s;

        begin();
        new_ledger();
        struct act *a = opened();
        struct msg_order m = order(1, "203.0.113.0/24");
        m.order.flags |= ORDER_HOOK;
        sign(&m);
        check_int(ordered(a, m).state, ACT_IN_FORCE);
        a = act_free(a);
        last_seconds = 0;
        a = opened();
        check_int(last_seconds, 0);
        undo_failing = 1;
        boottime += 3600 * NS_PER_SEC;
        int64_t pause = 5;
        for (unsigned i = 0; i < 8; i++, pause = MIN(pause * 2, 80)) {
                check_int(tick(a, &s), 1);
                check(s.state == ACT_IN_FORCE && s.error == -EIO);
                boottime += pause * NS_PER_SEC - 1;
                check_int(tick(a, &s), 0);
                boottime += 1;
        }
        struct act_clock c = now();
        check(act_state(a, 0, &c, &s) && s.error == -EIO);
        undo_failing = 0;
        check_int(tick(a, &s), 1);
        check_int(s.state, ACT_UNDONE);
        /* It may have been done though no answer came: undone before it counts as failed. */
        failing = undo_failing = 1;
        m = order(2, "203.0.113.0/24");
        m.order.flags |= ORDER_HOOK;
        sign(&m);
        s = ordered(a, m);
        check(s.state == ACT_IN_FORCE && s.error == -EIO);
        undo_failing = 0;
        boottime += 5 * NS_PER_SEC;
        check_int(tick(a, &s), 1);
        check_int(s.state, ACT_UNDONE);
        failing = 0;
        act_free(a);
}

/* ---- accounts ---- */

static const char shadow_file[] = "root:*:19000:0:99999:7:::\n"
                                  "lan:$y$j9T$abc$def:19700:0:99999:7:::\n"
                                  "lan2:!$6$x$y:19700:0:99999:7::20000:\n"
                                  "moi::19700:0:99999:7:::\n"
                                  "odd:x:1:2\n"
                                  "last:$6$q$r:19700:0:99999:7::1:";

static void locked_and_back(const char *login, const char *locked) {
        _cleanup_(buf_deinit) struct buf a = {0}, b = {0}, again = {0};
        unsigned char before[ORDER_WAS_BYTES];
        struct span file = span_str(shadow_file);

        check_int(shadow_lock(file, span_str(login), before, &a), 0);
        check(memmem(a.p, a.len, locked, strlen(locked)));
        check_int(shadow_lock_again(buf_get(&a), span_str(login), &again), 0);
        check(span_eq(buf_get(&a), buf_get(&again)));
        check_int(shadow_unlock(buf_get(&a), span_str(login), before, &b), 0);
        check(span_eq(buf_get(&b), file));
}

static void an_account_is_locked_and_unlocked(void) {
        _cleanup_(buf_deinit) struct buf b = {0}, c = {0};
        unsigned char before[ORDER_WAS_BYTES];
        uint32_t uid;

        locked_and_back("lan", "\nlan:!$y$j9T$abc$def:19700:0:99999:7::1:\n");
        locked_and_back("lan2", "\nlan2:!$6$x$y:19700:0:99999:7::1:\n");
        locked_and_back("moi", "\nmoi:!:19700:0:99999:7::1:\n");
        locked_and_back("last", "\nlast:!$6$q$r:19700:0:99999:7::1:");
        check_int(shadow_lock(span_str(shadow_file), SPAN("la"), before, &b), SHADOW_E_MISSING);
        check_int(shadow_lock(span_str(shadow_file), SPAN(""), before, &b), SHADOW_E_MISSING);
        check_int(shadow_lock(span_str(shadow_file), SPAN("odd"), before, &b), SHADOW_E_ODD);
        /* W2: an administrator gave another password and another end meanwhile. */
        check_int(shadow_lock(SPAN("lan:old:1:0:9:7:::\n"), SPAN("lan"), before, &b), 0);
        check_int(shadow_unlock(SPAN("lan:new:2:0:9:7::20500:\n"), SPAN("lan"), before, &c), 0);
        check_span(buf_get(&c), "lan:new:2:0:9:7::20500:\n");
        struct span passwd =
                SPAN("root:x:0:0:r:/root:/bin/sh\nlan:x:1000:1000::/:/bin/sh\nb:x::1::/:/x\n");
        check(shadow_uid(passwd, SPAN("root"), &uid) == 0 && uid == 0);
        check(shadow_uid(passwd, SPAN("lan"), &uid) == 0 && uid == 1000);
        check_int(shadow_uid(passwd, SPAN("b"), &uid), SHADOW_E_ODD);
        check_int(shadow_uid(passwd, SPAN("l"), &uid), SHADOW_E_MISSING);
}

/* ---- the manager of services ---- */

static void a_call_and_its_answer(void) {
        static const unsigned char hello[] = {
                'l', 1, 0, 1,   0,   0, 0, 0, 1, 0, 0, 0, 0x1a, 0,   0, 0, 1, 1, 'o', 0,   2,
                0,   0, 0, '/', 'o', 0, 0, 0, 0, 0, 0, 3, 1,    's', 0, 1, 0, 0, 0,   'H', 0};
        static const unsigned char said[] = {'l', 2, 1,   1,   12,  0,   0,   0,   9, 0,
                                             0,   0, 15,  0,   0,   0, /* a variant with a text */
                                             5,   1, 'u', 0,   7,   0,   0,   0,   8, 1,
                                             'g', 0, 1,   'v', 0,   0,   1,   's', 0, 0,
                                             3,   0, 0,   0,   'y', 'e', 's', 0};
        _cleanup_(buf_deinit) struct buf b = {0};
        struct dbus_said got;
        size_t used = 0;

        dbus_write(&b, &(struct dbus_call){.serial = 1, .path = "/o", .member = "H"});
        check(b.len == 48 && memcmp(b.p, hello, sizeof(hello)) == 0);
        check_int(dbus_read(span_of((const char *)said, sizeof(said)), &used, &got), 1);
        check_int(used, sizeof(said));
        check(got.type == DBUS_RETURN && got.reply_to == 7 && span_eq(got.text, SPAN("yes")));
        for (size_t n = 0; n < sizeof(said); n++)
                check_int(dbus_read(span_of((const char *)said, n), &used, &got), 0);
        /* No byte of it, whatever it becomes, makes us read behind the end. */
        for (size_t i = 0; i < sizeof(said); i++)
                for (unsigned v = 0; v < 256; v += 5) {
                        unsigned char *p = malloc(sizeof(said));

                        check(p);
                        memcpy(p, said, sizeof(said));
                        p[i] = (unsigned char)v;
                        (void)dbus_read(span_of((const char *)p, sizeof(said)), &used, &got);
                        free(p);
                }
}

int main(void) {
        RUN(a_drill_stays_within_its_targets);
        RUN(targets_are_read_and_written);
        RUN(every_fault_is_found);
        RUN(it_ends_by_itself);
        RUN(it_is_done_once);
        RUN(what_is_its_own_is_never_touched);
        RUN(a_restart_forgets_nothing);
        RUN(prolonging_replaces);
        RUN(what_fails_is_tried_again);
        RUN(no_more_than_that_many);
        RUN(ledger_faults);
        RUN(a_torn_end_is_cut);
        RUN(commands_hold_numbers_only);
        RUN(an_isolated_host_reaches_management_alone);
        RUN(names_are_read);
        RUN(faults_of_names);
        RUN(what_was_is_kept);
        RUN(nothing_before_all_was_said);
        RUN(half_a_prolonging);
        RUN(elsewhere);
        RUN(an_account_is_locked_and_unlocked);
        RUN(a_call_and_its_answer);
        os_close_quiet(ledger_fd);
        return check_done();
}

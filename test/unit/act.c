/* Containment: what is looked at once more, the ledger, and that nothing is forgotten or left behind. */
#include "act/act.h"

#include <fcntl.h>
#include <sodium.h>

#include "act/ledger.h"
#include "act/nft.h"
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
static int failing, undo_failing;

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

static int undo(void *ctx, uint64_t id) {
        (void)ctx;
        if (undo_failing)
                return -EIO;
        take_out(id);
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

static const struct act_hands hands = {NULL, apply, undo, list, own};

static bool is_there(uint64_t id) {
        for (unsigned i = 0; i < n_there; i++)
                if (there[i] == id)
                        return true;
        return false;
}

/* ---- orders ---- */

static void sign(struct msg_order *m) {
        order_hash(m->targets, m->order.n_targets, m->order.targets);
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
        struct order_never n = {&t, 0};
        uint32_t which;

        if (never) {
                check(order_target_parse(span_str(never), &t));
                n.n = 1;
        }
        return order_check(m, public_key, &n, wall, &which);
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
        for (enum order_fault f = ORDER_GOOD; f <= ORDER_NEVER; f++) {
                const char *en = NULL, *vi = NULL;
                order_fault_text(f, &en, &vi);
                check(en && vi);
        }
}

/* ---- in force, and over ---- */

static int ledger_fd = -1;

static void new_ledger(void) {
        os_close_quiet(ledger_fd);
        check(os_memfd("ledger", &ledger_fd) == 0);
}

static struct act *opened(void) {
        struct act_clock c = now();
        struct act *a = NULL;

        check_int(act_open(&a, ledger_fd, &hands, &c), 0);
        act_key(a, public_key);
        return a;
}

static struct msg_act_state ordered(struct act *a, struct msg_order m) {
        struct act_clock c = now();
        struct msg_act_state s;

        check_int(act_order(a, &m, &c, &s), 0);
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
        check_int(act_open(&a, ledger_fd, &hands, &c), 0);
        check_int(act_order(a, &m, &c, &s), 0); /* nobody said whose signatures count */
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
                int r = act_order(a, &m, &c, &s);
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
        struct act_clock c = now();
        check_int(act_open(&a, ledger_fd, &hands, &c), -EBADMSG);
}

static void commands_hold_numbers_only(void) {
        _cleanup_(buf_deinit) struct buf b = {0};

        begin();
        struct msg_order m = order(312, "203.0.113.64/28");
        m.order.n_targets = 2;
        check(order_target_parse(SPAN("2001:db8::/64"), &m.targets[1]));
        nft_commands(&b, &m, 14400);
        buf_char(&b, '\0');
        check(strstr(b.p, "add element inet coloa_312 v4 { 203.0.113.64/28 timeout 14400s }\n"));
        check(strstr(b.p, "add element inet coloa_312 v6 { 2001:db8::/64 timeout 14400s }\n"));
        check(strstr(b.p, "hook forward"));
        m.order.flags = ORDER_OUT;
        buf_reset(&b);
        nft_commands(&b, &m, 60);
        buf_char(&b, '\0');
        check(!strstr(b.p, "hook input") && !strstr(b.p, "saddr") && strstr(b.p, "hook output"));
}

int main(void) {
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
        os_close_quiet(ledger_fd);
        return check_done();
}

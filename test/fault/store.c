/* The store when the disk fails, the power goes, or its process is killed: what it said is durable is
 * there, once, in order, and the chain holds. */
#include <signal.h>
#include <sodium.h>
#include <sys/wait.h>

#include "os/fault.h"
#include "os/vfs.h"
#include "store/day.h"
#include "store/verify.h"
#include "store_data.h"

/* In memory where there is such a place: thousands of syncs, and the power is ours to cut. */
static char top[64] = "/dev/shm/coloa-fault-XXXXXX", dir[128];
static unsigned n_dirs;

static void new_dir(void) {
        if (n_dirs)
                os_remove_tree(dir);
        snprintf(dir, sizeof(dir), "%s/%u", top, n_dirs++);
        if (os_mkdir(dir, 0700) < 0)
                abort();
}

static void say(void *ctx, const struct verify_break *b) {
        (void)ctx;
        printf("# broken: kind %u %s block %llu [%llu, %llu)\n", b->kind, b->file,
               (unsigned long long)b->number, (unsigned long long)b->first_seq,
               (unsigned long long)b->end_seq);
}

/* Everything in order, and at least all below `acked` there. */
static void check_whole(uint64_t acked) {
        struct verify_options o = {.day = INT64_MIN, .deep = true, .say = say};
        struct verify_result v;

        check_int(verify_store(dir, &o, &v), 0);
        check_int(v.breaks, 0);
        uint64_t end = test_read(dir, false);
        check(end >= acked && end > 0);
        check_int(test_read(dir, true), end);
}

struct life {
        struct store *s;
        uint64_t next, acked;
};

/* Days' files in parts of this size; 0: whole days. */
static uint64_t part_bytes;
static unsigned char public_key[32], secret_key[64];

/* As the vault does, when a file is to be finished. */
static int sign(struct store *s) {
        unsigned char signature[64];
        struct head h;

        if (!store_head_wanted(s) || !store_head(s, TEST_TIME, &h))
                return 0;
        crypto_sign_detached(signature, NULL, (const unsigned char *)&h, sizeof(h), secret_key);
        int r = store_signed(s, &h, signature, public_key);
        return r < 0 ? r : store_seal(s, false);
}

/* One step of a node's life: a batch, sometimes a commit, sometimes blocks. */
static int step(struct life *l, unsigned i) {
        /* Sizes so that a block comes together every few steps, and a day ends now and then. */
        uint32_t n = i % 4 == 3 ? 100 : 3;
        size_t len = i % 4 == 3 ? 4500 : 90;
        int64_t time = TEST_TIME + (int64_t)(i / 24) * INT64_C(86400000000000);
        int r = 0;

        if (store_next(l->s) == l->next) {
                struct sealed_view v = test_batch(l->next, n, len, time);
                r = store_take(l->s, &v);
                if (r == 0)
                        l->next += n;
                if (r == STORE_E_FULL)
                        r = 0;
        }
        if (r == 0 && i % 2)
                r = store_commit(l->s);
        l->acked = MAX(l->acked, store_durable(l->s));
        if (r == 0 && i % 5 == 4)
                r = store_seal(l->s, i % 15 == 14);
        return r < 0 || i % 7 == 0 ? r : sign(l->s); /* a vault may be busy */
}

static int begin(struct life *l) {
        const char *what;
        int r = store_open(&l->s, dir, &what);

        if (r == 0 && part_bytes)
                store_set_part(l->s, part_bytes);
        if (r == 0)
                l->next = store_durable(l->s);
        return r;
}

#define STEPS 36u

static bool sparse(unsigned k) {
        return getenv("COLOA_FAULT_ALL") == NULL && k > 40 && k % 41 != 0;
}

/* A life with the k-th call failing, or none (0): whether it did; *ret_calls: that there were. */
static bool life_with_a_failure(unsigned k, int err, unsigned *ret_calls) {
        struct life l = {0};

        new_dir();
        fault_arm(k, err);
        int r = begin(&l);
        bool at_once = r < 0;
        if (at_once) {
                check(fault_disarm());
                check_int(begin(&l), 0);
        }
        for (unsigned i = 0; i < STEPS; i++) {
                r = step(&l, i);
                if (r < 0)
                        r = store_commit(l.s); /* once more, as the process does */
                check_int(r, 0);
        }
        if (store_seal(l.s, true) < 0)
                check_int(store_seal(l.s, true), 0);
        l.acked = store_durable(l.s);
        check_int(l.acked, l.next);
        *ret_calls = fault_count();
        bool hit = fault_disarm() || at_once;
        l.s = store_free(l.s);
        check_whole(l.acked);
        check_int(test_read(dir, false), l.next);
        return hit;
}

/* Fail the k-th call, for every k: the store goes on in the same process. */
static void every_call_fails_once(int err) {
        unsigned hits = 0, calls, some, missed = 0;

        check(!life_with_a_failure(0, err, &calls));
        for (unsigned k = 1; k <= calls; k++) {
                if (sparse(k))
                        continue;
                if (life_with_a_failure(k, err, &some))
                        hits++;
                else
                        missed++;
        }
        check(!life_with_a_failure(calls + 100, err, &some));
        printf("# %u calls failed in turn, of %u\n", hits, calls);
        check(hits > 80);
        check_int(missed, 0);
}

static void every_call_fails_with_eio(void) {
        every_call_fails_once(EIO);
}

static void every_call_fails_with_a_full_disk(void) {
        every_call_fails_once(ENOSPC);
}

/* A part to a block or two, so that a file ends in every other step. */
static void every_call_fails_where_days_have_parts(void) {
        part_bytes = 65536;
        every_call_fails_once(EIO);
        part_bytes = 0;
}

static size_t n_files(void) {
        int64_t *pieces = NULL;
        size_t n = 0;

        check(day_list(dir, &pieces, &n) == 0);
        free(pieces);
        return n;
}

/* The power goes at a random moment, often after a call that failed; then the node lives on. */
static void power_cuts(void) {
        unsigned rounds = getenv("COLOA_FAULT_ALL") ? 2000 : 60;
        uint64_t x = 12345;
        size_t most = 0;

        for (unsigned round = 0; round < rounds; round++) {
                part_bytes = round % 2 ? 65536 : 0;
                struct life l = {0};
                uint64_t acked = 1;

                new_dir();
                for (unsigned cut = 0; cut < 3; cut++) {
                        x = x * 6364136223846793005u + 1442695040888963407u;
                        unsigned steps = (unsigned)(x >> 33) % 40, k = (unsigned)(x >> 40) % 900;
                        bool fails = x >> 63;

                        fault_power_watch();
                        int r = begin(&l);
                        check_int(r, 0);
                        check(store_durable(l.s) >= acked);
                        l.acked = store_durable(l.s);
                        if (fails)
                                fault_arm(k, (x >> 62) & 1 ? EIO : ENOSPC);
                        for (unsigned i = 0; i < steps; i++) {
                                r = step(&l, i + cut * 11);
                                if (r < 0)
                                        r = store_commit(l.s);
                                check_int(r, 0);
                        }
                        acked = l.acked;
                        fault_power_cut();
                        fault_disarm();
                        l.s = store_free(l.s);
                        check_int(fault_power_restore(x), 0);
                }
                check_int(begin(&l), 0);
                check(store_durable(l.s) >= acked);
                check_int(test_position(l.s), store_durable(l.s));
                l.s = store_free(l.s);
                check_whole(acked);
                most = MAX(most, n_files());
        }
        part_bytes = 0;
        printf("# up to %zu files of days\n", most);
        check(most > 6);
}

/* A call fails, the process is killed before it can mend that, and some time later the power goes. What
 * its successor found was acknowledged by it, although the disk may never have seen it. */
static void a_failed_call_a_kill_and_a_power_cut(void) {
        bool hit = true;
        unsigned hits = 0;

        for (unsigned k = 1; hit; k++) {
                struct life l = {0};

                if (sparse(k))
                        continue;
                new_dir();
                fault_power_watch();
                check_int(begin(&l), 0);
                for (unsigned i = 0; i < 6; i++)
                        check_int(step(&l, i), 0);
                fault_arm(k, EIO);
                for (unsigned i = 6; i < 18; i++)
                        if (step(&l, i) < 0)
                                break;
                hit = fault_disarm();
                hits += hit;
                fault_writes(EIO); /* so that closing does nothing */
                l.s = store_free(l.s);
                fault_writes(0);
                uint64_t acked = l.acked;
                check_int(begin(&l), 0);
                check(store_durable(l.s) >= acked);
                acked = store_durable(l.s);
                for (unsigned i = 0; i < k % 3; i++)
                        check_int(step(&l, i + 20), 0);
                acked = MAX(acked, store_durable(l.s));
                fault_power_cut();
                l.s = store_free(l.s);
                check_int(fault_power_restore(k), 0);
                check_int(begin(&l), 0);
                check(store_durable(l.s) >= acked);
                l.s = store_free(l.s);
                check_whole(acked);
        }
        printf("# %u calls failed in turn\n", hits);
        check(hits > 20);
}

/* The disk is full, or cannot be written, for a while: nothing is lost, it goes on by itself. */
static void writes_fail_for_a_while(void) {
        static const int errors[] = {ENOSPC, EROFS, EIO};

        for (size_t e = 0; e < ARRAY_LEN(errors); e++) {
                for (unsigned at = 0; at < STEPS; at += 5) {
                        struct life l = {0};
                        unsigned taken = 0;

                        new_dir();
                        check_int(begin(&l), 0);
                        for (unsigned i = 0; i < at; i++)
                                check_int(step(&l, i), 0);
                        fault_writes(errors[e]);
                        for (unsigned i = at; i < at + 300; i++) {
                                uint64_t before = l.next, durable = store_durable(l.s);
                                (void)step(&l, i);
                                taken += l.next > before;
                                if (i > at + 20)
                                        check_int(store_durable(l.s), durable);
                        }
                        check_int(store_commit(l.s), -errors[e]);
                        check(taken > 3 && taken < 300); /* bounded */
                        fault_writes(0);
                        check_int(store_commit(l.s), 0);
                        check_int(store_durable(l.s), l.next);
                        for (unsigned i = 0; i < 10; i++)
                                check_int(step(&l, i), 0);
                        check_int(store_seal(l.s, true), 0);
                        l.s = store_free(l.s);
                        check_whole(l.next);
                }
        }
}

/* A process that is killed at any moment: what it said before is there. */
static void live_and_say(int out) {
        struct life l = {0};

        if (begin(&l) < 0)
                _exit(1);
        for (unsigned i = 0;; i++) {
                if (step(&l, i) < 0)
                        _exit(2);
                if (os_write_full(out, &l.acked, sizeof(l.acked)) < 0)
                        _exit(3);
        }
}

static void kills(void) {
        unsigned rounds = getenv("COLOA_FAULT_ALL") ? 500 : 24;
        uint64_t x = 99, acked = 1;

        new_dir();
        for (unsigned i = 0; i < rounds; i++) {
                int p[2], status;
                uint64_t said;

                if (i % 10 == 0) {
                        part_bytes = part_bytes ? 0 : 65536;
                        new_dir();
                        acked = 1;
                }
                check_int(os_pipe(p), 0);
                pid_t pid = fork();
                if (pid == 0) {
                        os_close(p[0]);
                        live_and_say(p[1]);
                }
                os_close(p[1]);
                x = x * 6364136223846793005u + 1442695040888963407u;
                os_poll(NULL, 0, (int)(x >> 33) % 200);
                kill(pid, SIGKILL);
                waitpid(pid, &status, 0);
                check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
                while (os_read_full(p[0], &said, sizeof(said)) == sizeof(said))
                        acked = MAX(acked, said);
                os_close(p[0]);
                struct life l = {0};
                check_int(begin(&l), 0);
                check(store_durable(l.s) >= acked);
                acked = store_durable(l.s);
                l.s = store_free(l.s);
                check_whole(acked);
        }
}

int main(void) {
        if (!mkdtemp(top)) {
                snprintf(top, sizeof(top), "/tmp/coloa-fault-XXXXXX");
                if (!mkdtemp(top))
                        return 1;
        }
        if (sodium_init() < 0)
                return 1;
        crypto_sign_keypair(public_key, secret_key);
        test_tools();
        RUN(every_call_fails_with_eio);
        RUN(every_call_fails_with_a_full_disk);
        RUN(every_call_fails_where_days_have_parts);
        RUN(power_cuts);
        RUN(a_failed_call_a_kill_and_a_power_cut);
        RUN(writes_fail_for_a_while);
        RUN(kills);
        test_tools_free();
        os_remove_tree(top);
        return check_done();
}

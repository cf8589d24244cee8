/* Backups and retention when calls fail, the power goes or the disk is full: the copy before stands, the next run goes on, and
 * what is restored is whole, up to a moment that the store had. */
#include <sodium.h>

#include "os/fault.h"
#include "os/vfs.h"
#include "store/backup.h"
#include "store/day.h"
#include "store/hold.h"
#include "store/retain.h"
#include "store/tail.h"
#include "store/verify.h"
#include "store_data.h"

#define DAY INT64_C(86400000000000)

static char top[64] = "/dev/shm/coloa-backup-XXXXXX", dir[128], copy[128], back[128];
static unsigned n_dirs;
static uint64_t part_bytes; /* of the days' files; 0: whole days */

static void new_dir(char to[128]) {
        if (to[0])
                os_remove_tree(to);
        snprintf(to, 128, "%s/%u", top, n_dirs++);
        if (os_mkdir(to, 0700) < 0)
                abort();
}

static void say(void *ctx, const struct verify_break *b) {
        (void)ctx;
        printf("# broken: kind %u %s block %llu\n", b->kind, b->file,
               (unsigned long long)b->number);
}

/* Where the records of a whole store end; 0: it is not whole. */
static uint64_t whole(const char *where) {
        struct verify_options o = {.day = INT64_MIN, .deep = true, .say = say};
        struct verify_result v;

        if (verify_store(where, &o, &v) != 0 || v.breaks)
                return 0;
        return MAX(v.end_seq, 1);
}

/* `n` blocks over some days, and something in the tail. */
static void grow(uint64_t *seq, unsigned n, int64_t time) {
        struct store *s = NULL;
        const char *what;

        check(store_open(&s, dir, &what) == 0);
        if (part_bytes)
                store_set_part(s, part_bytes);
        for (unsigned i = 0; i <= n; i++) {
                struct sealed_view v = test_batch(*seq, 5, 300, time + (int64_t)(i / 2) * DAY);
                check(store_take(s, &v) == 0 && store_commit(s) == 0);
                *seq += 5;
                if (i < n)
                        check(store_seal(s, true) == 0);
        }
        store_free(s);
}

static int run(void) {
        struct backup_stats st;
        const char *what;

        return backup_store(dir, copy, &st, &what);
}

/* What a restore gives, or 0. */
static uint64_t restored(void) {
        struct backup_stats st;
        const char *what;

        new_dir(back);
        int r = backup_store(copy, back, &st, &what);
        if (r < 0 && r != -ENOENT)
                printf("# restore: %d %s\n", r, what ? what : "");
        base_fail_clear();
        return r == -ENOENT ? 1 : r < 0 ? 0 : whole(back);
}

/* Each call fails once, in the first run and in one that adds to a copy. */
static void every_call_may_fail(void) {
        uint64_t seq, before, after;
        unsigned hits = 0;

        for (unsigned k = 1, hit = 1; hit; k += 1 + k / 12) {
                seq = 1;
                new_dir(dir);
                new_dir(copy);
                part_bytes = k % 3 ? 0 : 1;
                grow(&seq, 3, TEST_TIME);
                before = k % 2 ? seq : 1;
                if (k % 2)
                        check_int(run(), 0);
                grow(&seq, 3, TEST_TIME + 3 * DAY);
                after = seq;
                fault_arm(k, EIO);
                int r = run();
                hit = fault_disarm();
                base_fail_clear();
                hits += hit;
                uint64_t got = restored();
                check(got == after || (r < 0 && got == before));
                check_int(run(), 0);
                check_int(restored(), after);
        }
        part_bytes = 0;
        printf("# %u calls failed\n", hits);
        check(hits > 30);
}

static void a_full_disk(void) {
        for (unsigned i = 0; i < 3; i++) {
                uint64_t seq = 1, before;

                new_dir(dir);
                new_dir(copy);
                grow(&seq, 4, TEST_TIME);
                check_int(run(), 0);
                before = seq;
                grow(&seq, 4, TEST_TIME + 3 * DAY);
                fault_writes(ENOSPC);
                check(run() < 0);
                fault_writes(0);
                base_fail_clear();
                check_int(restored(), before);
                check_int(run(), 0);
                check_int(restored(), seq);
        }
}

static int retain_to(int64_t today, unsigned days, uint64_t bytes) {
        struct store *s = NULL;
        const char *what;
        int r = store_open(&s, dir, &what);

        if (r == 0)
                store_set_part(s, 1);
        for (unsigned i = 0; i < 4 && r == 0; i++) /* a few at a time */
                r = store_retain(s, days, bytes, today);
        store_free(s);
        return r;
}

/* The power goes at each call: the copy is the one before or the new one, and the next run goes on. */
static void the_power_goes_while_copying(void) {
        unsigned seeds = getenv("COLOA_FAULT_ALL") ? 6 : 2, cuts = 0, was_before = 0;

        for (unsigned k = 1, hit = 1; hit; k += getenv("COLOA_FAULT_ALL") ? 1 : 1 + k / 12) {
                hit = 0;
                for (unsigned seed = 0; seed < seeds; seed++) {
                        uint64_t seq = 1, before, after;

                        new_dir(dir);
                        new_dir(copy);
                        grow(&seq, 3, TEST_TIME);
                        before = seed % 2 ? seq : 1;
                        if (seed % 2)
                                check_int(run(), 0);
                        grow(&seq, 3, TEST_TIME + 3 * DAY);
                        after = seq;
                        fault_power_watch();
                        fault_arm(k, FAULT_CUT);
                        int r = run();
                        hit |= fault_disarm();
                        fault_power_cut();
                        base_fail_clear();
                        check_int(fault_power_restore(k * 100 + seed), 0);
                        uint64_t got = restored();
                        check(got == after || (r < 0 && got == before));
                        was_before += got == before;
                        check_int(run(), 0);
                        check_int(restored(), after);
                        check_int(whole(dir), after);
                        cuts++;
                }
        }
        printf("# %u power cuts, after %u of them the copy before stood\n", cuts, was_before);
        check(cuts > 30 && was_before > 10 && was_before < cuts);
}

static int retain(int64_t today, unsigned days) {
        return retain_to(today, days, 0);
}

static size_t n_days(void) {
        int64_t *days = NULL;
        size_t n = 0;

        check(day_list(dir, &days, &n) == 0);
        free(days);
        return n;
}

static void hold(const char *name, uint64_t from, uint64_t to, bool on) {
        struct keep_hold h = {
                .owner = "an", .reason = "x", .first = from, .end = to, .until = INT64_MAX};
        char path[200];
        struct tail t;

        snprintf(h.name, sizeof(h.name), "%s", name);
        snprintf(path, sizeof(path), "%s/" TAIL_NAME, dir);
        check(tail_open(&t, path, false) == 0);
        check_int(on ? hold_add(t.db, &h, 1) : hold_release(t.db, name), 0);
        tail_close(&t);
}

static void retention_survives_every_call(void) {
        unsigned hits = 0;

        for (unsigned k = 1, hit = 1; hit; k += 1 + k / 12) {
                uint64_t seq = 1;

                new_dir(dir);
                grow(&seq, 8, TEST_TIME);
                fault_arm(k, EIO);
                (void)retain(TEST_TIME + 5 * DAY, 2);
                hit = fault_disarm();
                base_fail_clear();
                hits += hit;
                check_int(whole(dir), seq);
                check_int(retain(TEST_TIME + 5 * DAY, 2), 0);
                check_int(whole(dir), seq);
                check(n_days() <= 2);
        }
        check(hits > 20);
}

static void retention_survives_power_cuts(void) {
        unsigned seeds = getenv("COLOA_FAULT_ALL") ? 6 : 2, cuts = 0, stood = 0;

        for (unsigned k = 1, hit = 1; hit; k += getenv("COLOA_FAULT_ALL") ? 1 : 1 + k / 12) {
                hit = 0;
                for (unsigned seed = 0; seed < seeds; seed++) {
                        uint64_t seq = 1;

                        new_dir(dir);
                        grow(&seq, 8, TEST_TIME);
                        fault_power_watch();
                        fault_arm(k, FAULT_CUT);
                        (void)retain(TEST_TIME + 5 * DAY, 2);
                        hit |= fault_disarm();
                        fault_power_cut();
                        base_fail_clear();
                        check_int(fault_power_restore(k * 100 + seed), 0);
                        stood += n_days() > 2;
                        check_int(whole(dir), seq);
                        check_int(retain(TEST_TIME + 5 * DAY, 2), 0);
                        check_int(whole(dir), seq);
                        check(n_days() <= 2);
                        cuts++;
                }
        }
        printf("# %u power cuts; after %u of them days stood\n", cuts, stood);
        check(cuts > 20 && stood > 5 && stood < cuts);
}

static void retention_leaves_what_is_held(void) {
        uint64_t seq = 1;

        new_dir(dir);
        grow(&seq, 10, TEST_TIME); /* five days of two blocks of five records */
        size_t all = n_days();
        check(all >= 5);
        hold("second", 11, 12, true);
        check_int(retain(TEST_TIME + 30 * DAY, 2), 0);
        check_int(whole(dir), seq);
        check_int(n_days(), 2);
        hold("second", 0, 0, false);
        check_int(retain(TEST_TIME + 30 * DAY, 2), 0);
        check_int(whole(dir), seq);
        check_int(n_days(), 1);
        new_dir(copy);
        check_int(run(), 0);
        check_int(restored(), seq);
}

/* A day of many parts: the oldest go by size, those that are held stay, the copy follows, and all that is left
 * proves itself. */
static void parts_of_a_day_go_by_size(void) {
        struct verify_options o = {.day = INT64_MIN, .deep = true, .say = say};
        struct verify_result v;
        uint64_t seq = 1;

        part_bytes = 1;
        for (unsigned k = 1, hit = 1; hit; k += 1 + k / 8) {
                new_dir(dir);
                new_dir(copy);
                seq = 1;
                for (unsigned i = 0; i < 9; i++)
                        grow(&seq, 1, TEST_TIME);
                size_t all = n_days();
                check_int(all, 9);
                check_int(run(), 0);
                check_int(restored(), seq);
                hold("third", 21, 22, true);
                fault_arm(k, EIO);
                (void)retain_to(TEST_TIME, 0, 700000);
                hit = fault_disarm();
                base_fail_clear();
                check_int(whole(dir), seq);
                check_int(retain_to(TEST_TIME, 0, 700000), 0);
                check_int(whole(dir), seq);
                size_t left = n_days();
                check(left > 2 && left < all);
                o.day = TEST_TIME / DAY;
                check_int(verify_store(dir, &o, &v), 0);
                check(v.breaks == 0 && v.files == left && v.days == 1 && v.gone == all - left &&
                      v.first_seq > 1 && v.first_seq <= 21);
                check_int(run(), 0);
                check_int(restored(), seq);
                check_int(verify_store(copy, &o, &v), 0);
                check(v.breaks == 0 && v.files == left);
                hold("third", 0, 0, false);
                check_int(retain_to(TEST_TIME, 0, 1), 0);
                check_int(n_days(), 1);
                check_int(whole(dir), seq);
                check_int(run(), 0);
                check_int(restored(), seq);
        }
        part_bytes = 0;
}

/* A part that is held and has no head of its last block: the next stands with it, as that has one. */
static void what_proves_a_held_part_stays(void) {
        unsigned char public_key[32], secret_key[64], signature[64];
        struct store *s = NULL;
        const char *what;
        struct head h;

        crypto_sign_keypair(public_key, secret_key);
        new_dir(dir);
        check_int(store_open(&s, dir, &what), 0);
        store_set_part(s, 1);
        for (uint64_t i = 0; i < 6; i++) {
                struct sealed_view v = test_batch(1 + i * 5, 5, 300, TEST_TIME);
                check(store_take(s, &v) == 0 && store_commit(s) == 0);
                check_int(store_seal(s, true), 0);
                if (i % 2 == 0)
                        continue;
                check(store_head(s, TEST_TIME, &h));
                crypto_sign_detached(signature, NULL, (const unsigned char *)&h, sizeof(h),
                                     secret_key);
                check_int(store_signed(s, &h, signature, public_key), 0);
        }
        store_free(s);
        check_int(n_days(), 6);
        hold("odd", 11, 12, true); /* in the third file; the fourth has the head */
        check_int(retain_to(TEST_TIME, 0, 1), 0);
        check_int(n_days(), 3);
        check_int(whole(dir), 31);
        hold("odd", 0, 0, false);
        hold("even", 16, 17, true); /* the fourth has its own */
        check_int(retain_to(TEST_TIME, 0, 1), 0);
        check_int(n_days(), 2);
        check_int(whole(dir), 31);
}

int main(void) {
        if (!mkdtemp(top) || sodium_init() < 0)
                return 1;
        RUN(every_call_may_fail);
        RUN(a_full_disk);
        RUN(the_power_goes_while_copying);
        RUN(retention_survives_every_call);
        RUN(retention_survives_power_cuts);
        RUN(retention_leaves_what_is_held);
        RUN(parts_of_a_day_go_by_size);
        RUN(what_proves_a_held_part_stays);
        test_tools_free();
        os_remove_tree(top);
        return check_done();
}

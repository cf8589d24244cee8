/* The desk's state: every call to the kernel fails once, or the power is cut, at every point; what was
 * committed is kept, and what comes again is neither doubled nor lost. */
#include "desk_world.h"
#include "os/fault.h"
#include "os/vfs.h"

#define RECORDS 300u
#define BATCH 30u

static uint64_t acked; /* the watermark after the last commit that succeeded */

/* What is said of record n follows from n. */
static void judge(uint64_t from, uint64_t to) {
        for (uint64_t n = from; n < to; n++) {
                if (n % 3 == 0)
                        say(rule("Evil tool"), n, (double)n,
                            n % 2 ? "host=a Image=evil" : "host=b Image=evil");
                if (n % 4 == 0)
                        hit(rule("Failed login"), n, (double)n, "User=an");
        }
}

/* One life of a desk: from where the one before got to, until something fails (-errno) or all is done. */
static int live_once(void) {
        w.d = NULL;
        int r = world_open();

        if (r < 0)
                return r;
        check(desk_watermark(w.d) >= acked);
        for (uint64_t at_ = MAX(desk_watermark(w.d), 1); at_ < RECORDS; at_ += BATCH) {
                uint64_t to = MIN(at_ + BATCH, RECORDS);

                judge(at_, to);
                r = judged(at_, to);
                if (r == 0)
                        r = desk_clock(w.d, at((double)to));
                w.mono += 6 * NS_PER_SEC;
                if (r == 0)
                        r = commit();
                if (r < 0)
                        return r;
                acked = desk_watermark(w.d);
        }
        return 0;
}

/* Opening again maps an outbox each time, which belongs to the desk once it is given. */
static void end_life(void) {
        w.d = desk_free(w.d);
}

static void check_end(void) {
        check_alerts("Evil tool|a|50|20; Evil tool|b|49|20; Brute force|User=an|1|1");
}

static void begin(void) {
        w.o.state.vfs = OS_VFS;
        world_start(world_rules);
        world_close();
        acked = 0;
}

static void nothing_fails(void) {
        begin();
        check_int(live_once(), 0);
        check_int(desk_clock(w.d, at(2000)), 0);
        check_int(commit(), 0);
        end_life();
        check_end();
        world_end();
}

static void each_call_fails_once(int error) {
        bool struck = true;
        unsigned k = 1, lives = 0;

        for (; struck; k += 1 + k / 40) {
                begin();
                fault_arm(k, error);
                int r = live_once();
                struck = fault_disarm();
                if (r < 0) {
                        check(struck);
                        end_life();
                        check_int(live_once(), 0);
                        lives++;
                }
                check_int(desk_clock(w.d, at(2000)), 0);
                check_int(commit(), 0);
                end_life();
                check_end();
                world_end();
        }
        printf("# up to call %u; %u second lives\n", k, lives);
        check(lives > 20);
}

static void io_errors(void) {
        each_call_fails_once(EIO);
}

static void full_disk(void) {
        each_call_fails_once(ENOSPC);
}

/* The disk is full for a while, then not. */
static void full_for_a_while(void) {
        begin();
        check_int(live_once(), 0);
        end_life();
        world_end();
        begin();
        fault_writes(ENOSPC);
        check(live_once() < 0);
        end_life();
        fault_writes(0);
        check_int(live_once(), 0);
        check_int(desk_clock(w.d, at(2000)), 0);
        check_int(commit(), 0);
        end_life();
        check_end();
        world_end();
}

static void the_power_is_cut(void) {
        unsigned seed = 1, cuts = 0;

        for (unsigned round = 0; round < 60; round++) {
                begin();
                for (unsigned life = 0;; life++) {
                        fault_power_watch();
                        seed = seed * 1103515245 + 12345;
                        /* From some call on nothing reaches the disk. */
                        fault_arm(life < 4 ? 1 + (seed >> 8) % 400 : 0, EIO);
                        int r = live_once();
                        fault_disarm();
                        if (r == 0) {
                                check_int(desk_clock(w.d, at(2000)), 0);
                                check_int(commit(), 0);
                                acked = desk_watermark(w.d);
                        }
                        fault_power_cut();
                        end_life();
                        check_int(fault_power_restore(seed), 0);
                        cuts++;
                        if (r == 0)
                                break;
                }
                check_end();
                check_int(world_open(), 0);
                check_int(desk_watermark(w.d), RECORDS);
                end_life();
                world_end();
        }
        printf("# %u power cuts\n", cuts);
}

int main(void) {
        if (os_vfs_init() < 0)
                return 2;
        RUN(nothing_fails);
        RUN(io_errors);
        RUN(full_disk);
        RUN(full_for_a_while);
        RUN(the_power_is_cut);
        return check_done();
}

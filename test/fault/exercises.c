/* What is due in an exercise is decided, and an inject is answered: every call to the kernel fails once, or the power is
 * cut, at every point. An item's row, its delivery and what is told of it are all there or none is; nothing is told of
 * what is not on disk; and afterwards the exercise goes on, each item and each answer once. */
#include "api_world.h"
#include "desk/desk_impl.h"
#include "desk/exercise.h"
#include "os/fault.h"
#include "os/os.h"
#include "os/vfs.h"

static int64_t number(const char *sql) {
        int64_t n = -1;

        check_int(sql_get_int(state_sql(w.d->state), &n, sql, ""), 1);
        return n;
}

/* One turn as desk's process does it: 0; the desk ends. */
static int turn(int64_t ms) {
        w.wall += ms * 1000000;
        w.mono += ms * 1000000;
        int r = desk_api_tick(w.d, w.mono, w.wall);

        if (r == 0)
                r = desk_commit(w.d, w.mono, w.wall);
        if (r == 0)
                desk_api_committed(w.d);
        return r;
}

static void turns(unsigned n) {
        while (n--)
                check_int(turn(5000), 0);
}

static void lay_scenario(void) {
        char *text;
        size_t len;

        check_int(os_read_file(TEST_CONTENT "/scenarios/ransomware-province.yaml",
                               SCENARIO_BYTES_MAX, &text, &len),
                  0);
        check_int(desk_scenario(w.d, span_of(text, len), w.wall), 0);
        free(text);
}

/* Just before the first inject, at seven minutes. */
static void begin(void) {
        w.o.state.vfs = OS_VFS;
        world_start(world_rules);
        api_start();
        lay_scenario();
        check_int(ask("exercises.solo", "{\"scenario\":1,\"unit\":1}"), 200);
        turns(83);
        check_int(turn(4500), 0);
        check_int(number("SELECT count(*) FROM exercise_delivery"), 0);
}

static void open_again(void) {
        check_int(world_open(), 0);
        api_start();
}

/* 1: delivered, 0: not; with all that belongs to it. */
static int64_t look(void) {
        int64_t n = number("SELECT count(*) FROM exercise_delivery");

        check(n == 0 || n == 1);
        check_int(number("SELECT count(*) FROM exercise_item WHERE item='i'"), n);
        return n;
}

static int answer(void) {
        static const char body[] = "{\"id\":1,\"choice\":\"leave-on\"}";
        _cleanup_(buf_deinit) struct buf in = {0};
        struct api_ask asked = {.op = api_number("drill.answer"), .how = API_LOCAL};
        struct api_head head = {sizeof(asked) + sizeof(body) - 1, API_ASK, 7};

        buf_add(&in, &head, sizeof(head));
        buf_add(&in, &asked, sizeof(asked));
        buf_add(&in, body, sizeof(body) - 1);
        if (desk_api_bytes(w.d, 1, &in, w.wall) < 0)
                return 0;
        if (desk_api_waiting(w.d)) {
                check_int(desk_api_out(w.d, 1)->len, 0);
                if (desk_commit(w.d, w.mono, w.wall) < 0)
                        return 0;
                desk_api_committed(w.d);
        }
        return api_take_frame(1) == 7 ? (int)api_w.say.status : 0;
}

static int64_t answered(void) {
        int64_t n = number("SELECT count(*) FROM exercise_delivery WHERE answered IS NOT NULL");

        check_int(number("SELECT count(*) FROM exercise_delivery WHERE choice='leave-on' AND seen "
                         "IS NOT"
                         " NULL"),
                  n);
        check_int(number("SELECT count(*) FROM audit WHERE what='drill.answer'"), n);
        return n;
}

static void each_fault(bool answers, int error, bool power) {
        unsigned went = 0;
        bool hit = true;

        for (unsigned k = 1; hit; k++) {
                begin();
                if (answers)
                        turns(1);
                if (power)
                        fault_power_watch();
                fault_arm(k, error);
                int said = answers ? answer() : turn(1000);
                hit = fault_disarm();
                bool good = answers ? said == 200 : said == 0;
                if (power)
                        fault_power_cut();
                api_end();
                world_close();
                if (power)
                        check_int(fault_power_restore(k), 0);
                open_again();
                int64_t is = answers ? answered() : look();
                check(is == 1 || !good);
                check(hit || good);
                turns(2);
                check_int(look(), 1);
                if (answers)
                        check_int(answer(), is ? 409 : 200);
                check_int(answers ? answered() : 1, 1);
                went += good;
                api_end();
                world_end();
        }
        check(went >= 1);
}

static void nothing_due_is_lost_or_done_twice(void) {
        each_fault(false, EIO, false);
}

static void nor_when_the_power_is_cut(void) {
        each_fault(false, EIO, true);
}

static void no_answer_is_lost_or_taken_twice(void) {
        each_fault(true, ENOSPC, false);
}

static void nor_an_answer_when_the_power_is_cut(void) {
        each_fault(true, EIO, true);
}

int main(void) {
        check_int(os_vfs_init(), 0);
        RUN(nothing_due_is_lost_or_done_twice);
        RUN(nor_when_the_power_is_cut);
        RUN(no_answer_is_lost_or_taken_twice);
        RUN(nor_an_answer_when_the_power_is_cut);
        return check_done();
}

/* A write through the API: every call to the kernel fails once, or the power is cut, at every point. What was answered is kept, with
 * its row in the audit log; what was not is whole or not there. */
#include "api_world.h"
#include "desk/desk_impl.h"
#include "os/fault.h"
#include "os/vfs.h"

/* As desk's process does it; the status, 0: the desk ends without an answer. */
static int dismiss(void) {
        static const char body[] = "{\"id\":1,\"reason\":\"test\",\"text\":\"ours\"}";
        _cleanup_(buf_deinit) struct buf in = {0};
        struct api_ask ask = {.op = api_number("alerts.dismiss"), .how = API_LOCAL};
        struct api_head head = {sizeof(ask) + sizeof(body) - 1, API_ASK, 7};

        buf_add(&in, &head, sizeof(head));
        buf_add(&in, &ask, sizeof(ask));
        buf_add(&in, body, sizeof(body) - 1);
        if (desk_api_bytes(w.d, 1, &in, w.wall) < 0)
                return 0;
        if (desk_api_waiting(w.d)) {
                check_int(desk_api_out(w.d, 1)->len, 0); /* W3 */
                if (desk_commit(w.d, w.mono, w.wall) < 0)
                        return 0;
                desk_api_committed(w.d);
        }
        return api_take_frame(1) == 7 ? (int)api_w.say.status : 0;
}

static void begin(void) {
        w.o.state.vfs = OS_VFS;
        world_start(world_rules);
        say(rule("Evil tool"), 1, 10, "host=dc01 Image=evil");
        check_int(judged(1, 2), 0);
        check_int(commit(), 0);
        api_start();
}

/* 1: dismissed, 0: not; with the row or without, never one of them. */
static int64_t look(void) {
        struct sql *s = state_sql(w.d->state);
        int64_t done = -1, rows = -1, text = -1;

        check_int(sql_get_int(s, &done, "SELECT status='dismissed' FROM triage", ""), 1);
        check_int(sql_get_int(s, &text, "SELECT ifnull(text,'')='ours' FROM triage", ""), 1);
        check_int(
                sql_get_int(s, &rows, "SELECT count(*) FROM audit WHERE what='alerts.dismiss'", ""),
                1);
        check(done == rows && done == text);
        return done;
}

static void each_fault(int error, bool power) {
        bool hit = true;
        unsigned answered = 0;

        for (unsigned k = 1; hit; k++) {
                begin();
                if (power)
                        fault_power_watch();
                fault_arm(k, error);
                int status = dismiss();
                hit = fault_disarm();
                check(status == 0 || status == 200);
                if (power)
                        fault_power_cut();
                api_end();
                world_close();
                if (power)
                        check_int(fault_power_restore(k), 0);
                check_int(world_open(), 0);
                check(look() == 1 || status == 0);
                check(hit || status == 200);
                answered += status == 200;
                world_end();
        }
        check(answered >= 1);
}

static void an_answer_outlives_every_fault(void) {
        each_fault(EIO, false);
}

static void a_full_disk_loses_nothing_answered(void) {
        each_fault(ENOSPC, false);
}

static void the_power_is_cut(void) {
        each_fault(EIO, true);
}

int main(void) {
        check_int(os_vfs_init(), 0);
        RUN(an_answer_outlives_every_fault);
        RUN(a_full_disk_loses_nothing_answered);
        RUN(the_power_is_cut);
        return check_done();
}

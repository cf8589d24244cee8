/* A step of a playbook is ended: every call to the kernel fails once, or the power is cut, at every point. The step, the
 * task that the desk opens after it, the step that comes next and the timeline's entries are all there, or none
 * is; what was answered is kept; and afterwards the run goes on from there, each step once. */
#include "rules/regime.h"

#include "api_world.h"
#include "desk/desk_impl.h"
#include "os/fault.h"
#include "os/os.h"
#include "os/vfs.h"
#include "playbook_docs.h"

static void law(void) {
        _cleanup_(buf_deinit) struct buf json = {0}, said = {0};
        static const char path[] = TEST_CONTENT "/regimes/vn-2026/regime.yml";
        char *text;
        size_t len;

        check_int(os_read_file(path, (size_t)1 << 20, &text, &len), 0);
        buf_char(&json, '[');
        check_int(regime_read(span_str(path), span_of(text, len), &json, &said), 0);
        buf_char(&json, ']');
        free(text);
        check_int(desk_regimes(w.d, buf_get(&json)), 0);
}

static void document(void) {
        char rest[200];

        playbook_begin(1, "2026-01-01T00:00:00.000Z");
        snprintf(rest, sizeof(rest), "\"on_completion\":\"%s\"", step_id("action", 2));
        step("start", 1, rest);
        action(2, "do", step_id("action", 3), "");
        action(3, "task", step_id("action", 4), "");
        action(4, "do", step_id("end", 5), "");
        end_(5);
        check_int(desk_playbook(w.d, playbook_end(), w.wall), 0);
}

/* Visit 1 is the start's, 2 that of the first action. */
static void begin(void) {
        w.o.state.vfs = OS_VFS;
        world_start(world_rules);
        api_start();
        law();
        document();
        check_int(ask("incidents.open", "{\"title\":\"a test\",\"unit\":1}"), 200);
        check_int(ask("playbook_runs.start", "{\"id\":1,\"playbook\":1}"), 200);
}

/* As desk's process does it; the status, 0: the desk ends without an answer. */
static int end_step(void) {
        static const char body[] = "{\"run\":1,\"visit\":2,\"version\":1,\"outcome\":\"done\"}";
        _cleanup_(buf_deinit) struct buf in = {0};
        struct api_ask ask = {.op = api_number("playbook_runs.step"), .how = API_LOCAL};
        struct api_head head = {sizeof(ask) + sizeof(body) - 1, API_ASK, 7};

        buf_add(&in, &head, sizeof(head));
        buf_add(&in, &ask, sizeof(ask));
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

static int64_t number(const char *sql) {
        int64_t n = -1;

        check_int(sql_get_int(state_sql(w.d->state), &n, sql, ""), 1);
        return n;
}

/* 1: ended, 0: not; with all that follows or without. */
static int64_t look(void) {
        int64_t done = number("SELECT state='done' FROM playbook_visit WHERE id=2");

        check_int(number("SELECT count(*) FROM incident_task"), done);
        check_int(number("SELECT count(*) FROM playbook_visit"), done ? 4 : 2);
        check_int(number("SELECT count(*) FROM incident_entry WHERE text LIKE '%action 2%'"), done);
        check_int(number("SELECT count(*) FROM audit WHERE what='playbook_runs.step'"), done);
        return done;
}

/* Whoever was not answered presses again: then it is done once. */
static void press_again(bool done) {
        api_start();
        law();
        check_int(end_step(), done ? 409 : 200);
        check_int(look(), 1);
}

static void each_fault(int error, bool power) {
        unsigned answered = 0;
        bool hit = true;

        for (unsigned k = 1; hit; k++) {
                begin();
                if (power)
                        fault_power_watch();
                fault_arm(k, error);
                int status = end_step();
                hit = fault_disarm();
                check(status == 0 || status == 200);
                if (power)
                        fault_power_cut();
                api_end();
                world_close();
                if (power)
                        check_int(fault_power_restore(k), 0);
                check_int(world_open(), 0);
                int64_t done = look();
                check(done == 1 || status == 0);
                check(hit || status == 200);
                press_again(done == 1);
                answered += status == 200;
                api_end();
                world_end();
        }
        check(answered >= 1);
        buf_deinit(&doc_);
        doc_ = (struct buf){0};
}

static void no_step_is_lost_or_done_twice(void) {
        each_fault(EIO, false);
}

static void nor_when_the_disk_is_full(void) {
        each_fault(ENOSPC, false);
}

static void nor_when_the_power_is_cut(void) {
        each_fault(EIO, true);
}

int main(void) {
        check_int(os_vfs_init(), 0);
        RUN(no_step_is_lost_or_done_twice);
        RUN(nor_when_the_disk_is_full);
        RUN(nor_when_the_power_is_cut);
        return check_done();
}

/* Evidence is attached, a drill ends: every call to the kernel fails once, or the power is cut, at every point. The
 * item, its content, its first link of custody and its rows in timeline and audit log are all there, or none is;
 * a drill's result, its proof and what it expects next time likewise; what was answered is kept, and what was
 * not can be done again, once. */
#include "api_world.h"
#include "desk/desk_impl.h"
#include "desk/drills.h"
#include "os/fault.h"
#include "os/os.h"
#include "os/vfs.h"

static const char repositories[] =
        "[{\"name\":\"r\",\"kind\":\"restic\",\"system\":\"\",\"sample\":5}]";

static void begin(void) {
        w.o.state.vfs = OS_VFS;
        world_start(world_rules);
        api_start();
        check_int(desk_begin(w.d), 0);
        check_int(
                sql_do(state_sql(w.d->state),
                       "INSERT INTO incident(id,code,title,unit,regime,harm,severity,state,tlp,t0,"
                       "opened,plain) VALUES(1,'SC-1','x',1,'r','','low','open','amber',0,0,'x')",
                       ""),
                0);
        check_int(sql_do(state_sql(w.d->state), "INSERT INTO incident_unit VALUES(1,1,0,0)", ""),
                  0);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        check_int(desk_recovery(w.d, span_str(repositories)), 0);
        check_int(ask("drills.run", "{\"repository\":\"r\"}"), 200);
}

static int64_t number(const char *sql) {
        int64_t n = -1;

        check_int(sql_get_int(state_sql(w.d->state), &n, sql, ""), 1);
        return n;
}

/* As desk's process does it. -1: the desk ends. */
static int settle(void) {
        if (desk_api_waiting(w.d) || state_in_transaction(w.d->state)) {
                if (desk_commit(w.d, w.mono, w.wall) < 0)
                        return -1;
                desk_api_committed(w.d);
        }
        return 0;
}

static int frame(const char *body, uint32_t flags) {
        struct api_ask ask = {.op = api_number("evidence.add"), .how = API_LOCAL, .flags = flags};
        _cleanup_(buf_deinit) struct buf in = {0};
        struct api_head head = {(uint32_t)(sizeof(ask) + strlen(body)), API_ASK, 7};

        buf_add(&in, &head, sizeof(head));
        buf_add(&in, &ask, sizeof(ask));
        buf_str(&in, body);
        return desk_api_bytes(w.d, 1, &in, w.wall) < 0 ? -1 : settle();
}

/* The status; 0: no answer. */
static int attach(void) {
        if (frame("{\"incident\":1,\"name\":\"a\",\"note\":\"why it\"}", API_ASK_MORE) < 0 ||
            frame("some content", API_ASK_MORE) < 0 || frame("", 0) < 0)
                return 0;
        return api_take_frame(1) == 7 ? (int)api_w.say.status : 0;
}

static int64_t look_evidence(void) {
        int64_t n = number("SELECT count(*) FROM evidence");

        check(n == 0 || n == 1);
        check_int(number("SELECT count(*) FROM custody"), n);
        check_int(number("SELECT count(*) FROM blob"), n);
        check_int(number("SELECT count(*) FROM blob_piece"), n);
        check_int(number("SELECT ifnull(sum(holds),0) FROM blob"), n);
        check_int(number("SELECT count(*) FROM incident_entry"), n);
        check_int(number("SELECT count(*) FROM audit WHERE what='custody.taken'"), n);
        check_int(number("SELECT count(*) FROM audit WHERE what='evidence.add'"), n);
        return n;
}

/* From the queue to its end, as far as it goes: 200, or 0. */
static int drill(void) {
        static const char json[] =
                "{\"id\":1,\"snapshot\":\"a\",\"snapshot_at_ns\":5,\"seconds\":1.5,\"tried\":[{"
                "\"path\":\"a\",\"size\":1,\"mtime\":2,\"sha256\":"
                "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\"there\":"
                "true}]}";
        const struct msg_mender *m = NULL;
        int fd = -1, error = 0;

        for (unsigned i = 0; i < 4 && !m; i++) {
                m = desk_drill_next(w.d, w.wall, &fd, &error);
                if (error < 0 || settle() < 0)
                        return 0;
        }
        if (!m)
                return 0;
        os_close_quiet(fd);
        desk_drill_sent(w.d);
        /* D1: it is known on disk that it runs. */
        int64_t running = 0;
        if (sql_get_int(state_sql(w.d->state), &running,
                        "SELECT count(*) FROM drill WHERE state='running'", "") < 0)
                return 0;
        check_int(running, 1);
        struct msg_mender_done done = {
                .type = MENDER_DONE, .id = m->id, .attempt = m->attempt, .len = sizeof(json) - 1};
        if (desk_drill_said(w.d, &done, span_str(json), w.wall) < 0 || settle() < 0)
                return 0;
        return 200;
}

static int64_t look_drill(void) {
        int64_t done = number("SELECT count(*) FROM drill WHERE state='done' AND good=1");

        check_int(number("SELECT count(*) FROM drill"), 1);
        check_int(number("SELECT count(*) FROM drill_expect"), done);
        check_int(number("SELECT count(*) FROM blob WHERE holds=1"), done);
        check_int(number("SELECT count(*) FROM audit WHERE what='drill.ended'"), done);
        check_int(number("SELECT count(*) FROM drill WHERE state IN ('queued','done')"), 1);
        return done;
}

static const struct {
        int (*deed)(void);
        int64_t (*look)(void);
} deeds[] = {{attach, look_evidence}, {drill, look_drill}};

static void each_fault(size_t which, int error, bool power) {
        unsigned answered = 0;
        bool hit = true;

        for (unsigned k = 1; hit; k++) {
                begin();
                if (power)
                        fault_power_watch();
                fault_arm(k, error);
                int status = deeds[which].deed();
                hit = fault_disarm();
                check(status == 0 || status == 200);
                if (power)
                        fault_power_cut();
                api_end();
                world_close();
                if (power)
                        check_int(fault_power_restore(k), 0);
                check_int(world_open(), 0);
                int64_t done = deeds[which].look();
                check(done == 1 || status == 0);
                check(hit || status == 200);
                api_start();
                check_int(desk_recovery(w.d, span_str(repositories)), 0);
                int again = deeds[which].deed();
                check_int(again, !done ? 200 : which == 0 ? 409 : 0);
                check_int(deeds[which].look(), 1);
                answered += status == 200;
                api_end();
                world_end();
        }
        check(answered >= 1);
}

static void all_or_nothing(void) {
        for (size_t i = 0; i < ARRAY_LEN(deeds); i++)
                each_fault(i, EIO, false);
}

static void also_when_the_disk_is_full(void) {
        for (size_t i = 0; i < ARRAY_LEN(deeds); i++)
                each_fault(i, ENOSPC, false);
}

static void also_when_the_power_is_cut(void) {
        for (size_t i = 0; i < ARRAY_LEN(deeds); i++)
                each_fault(i, EIO, true);
}

int main(void) {
        check_int(os_vfs_init(), 0);
        RUN(all_or_nothing);
        RUN(also_when_the_disk_is_full);
        RUN(also_when_the_power_is_cut);
        return check_done();
}

/* What the desk says by itself: every call to the kernel fails once, or the power is cut, at every point. A deadline is
 * marked as told of together with its mail, its entry and its webhook, or not at all; the next desk tells of
 * what was not. And what the courier said to be sent is sent, or goes out again. */
#include "api_world.h"
#include "desk/desk_impl.h"
#include "desk/errands.h"
#include "desk/mail.h"
#include "os/fault.h"
#include "os/vfs.h"

static const char lay[] =
        "INSERT INTO incident(id,code,title,unit,regime,harm,severity,state,tlp,t0,opened,plain)"
        " VALUES(1,'SC-1','x',1,'none','none','high','open','amber',1,1,'x')";
static const char lay_clock[] =
        "INSERT INTO "
        "incident_clock(incident,clock,state,begins,due,warn,title,title_vi,basis,checked,"
        "report) VALUES(1,'a',2,1,?1,2,'Report','Báo cáo','law','reported','x')";
static const char lay_person[] = "INSERT INTO person(id,login,name,unit,created,email) "
                                 "VALUES(5,'an','An',1,1,'a@b.example')";
static const char lay_role[] =
        "INSERT INTO role_grant(person,role,unit,since,given_at) VALUES(5,0,1,1,1)";

static void begin(void) {
        struct sql *s;

        w.o.state.vfs = OS_VFS;
        world_start(world_rules);
        api_start();
        s = state_sql(w.d->state);
        check_int(desk_begin(w.d), 0);
        check_int(sql_do(s, lay, ""), 0);
        check_int(sql_do(s, lay_clock, "i", w.wall * 2), 0);
        check_int(sql_do(s, lay_person, ""), 0);
        check_int(sql_do(s, lay_role, ""), 0);
        check_int(commit(), 0);
}

static int64_t count(const char *sql) {
        int64_t n = -1;

        check(sql_get_int(state_sql(w.d->state), &n, sql, "") >= 0);
        return n;
}

/* All of it, or nothing. */
static int64_t told(void) {
        int64_t n = count("SELECT count(*) FROM incident_clock WHERE warned IS NOT NULL");

        check_int(count("SELECT count(*) FROM outgoing WHERE kind='mail'"), n);
        check_int(count("SELECT count(*) FROM outgoing_event"), n);
        check_int(count("SELECT count(*) FROM incident_entry WHERE kind='clock'"), n);
        return n;
}

static int look_at_time(void) {
        w.wall += 10 * NS_PER_SEC;
        int r = desk_api_tick(w.d, w.mono, w.wall);
        return r == 0 ? desk_commit(w.d, w.mono, w.wall) : r;
}

static void each_fault(int error, bool power) {
        bool hit = true;

        for (unsigned k = 1; hit; k++) {
                begin();
                if (power)
                        fault_power_watch();
                fault_arm(k, error);
                int r = look_at_time();
                hit = fault_disarm();
                if (power)
                        fault_power_cut();
                api_end();
                world_close();
                if (power)
                        check_int(fault_power_restore(k), 0);
                check_int(world_open(), 0);
                check(told() == 1 || r < 0);
                api_start();
                check_int(look_at_time(), 0);
                check_int(told(), 1);
                world_end();
        }
}

static void told_of_once_whatever_fails(void) {
        each_fault(EIO, false);
        each_fault(ENOSPC, false);
}

static void told_of_once_though_the_power_is_cut(void) {
        each_fault(EIO, true);
}

static int frame(uint32_t kind, uint64_t id, const void *p, size_t n) {
        _cleanup_(buf_deinit) struct buf in = {0};
        struct courier_head h = {(uint32_t)n, kind, id};

        buf_add(&in, &h, sizeof(h));
        buf_add(&in, p, n);
        return desk_courier_bytes(w.d, &in, w.wall);
}

/* Whether a mail goes to the courier. */
static bool goes_out(void) {
        static const char ready[] = "{\"mail\":true,\"webhooks\":[]}";
        int r;

        check_int(desk_courier_line(w.d, true), 0);
        check_int(frame(COURIER_READY, 0, ready, sizeof(ready) - 1), 0);
        return desk_courier_out(w.d, w.wall, &r)->len > 0;
}

static void sent_is_sent_or_goes_out_again(void) {
        static const struct courier_say ok = {0, 0};
        bool hit = true;

        for (unsigned k = 1; hit; k++) {
                begin();
                check_int(outgoing_mail(w.d, &(struct outgoing){.to = SPAN("a@b.example")}, NULL),
                          0);
                check_int(sql_do(state_sql(w.d->state), "UPDATE incident_clock SET warned=1", ""),
                          0);
                check_int(commit(), 0);
                check(goes_out());
                fault_arm(k, EIO);
                int r = frame(COURIER_MAIL, 1, &ok, sizeof(ok));
                if (r == 0)
                        r = desk_commit(w.d, w.mono, w.wall);
                hit = fault_disarm();
                api_end();
                world_close();
                check_int(world_open(), 0);
                bool sent = count("SELECT count(*) FROM outgoing WHERE state='sent'") == 1;
                check(sent || r < 0);
                check(sent != goes_out());
                world_end();
        }
}

static const char lay_report[] =
        "INSERT INTO report(id,code,incident,unit,regime,kind,title,title_vi,lang,state,clock,"
        "created,version,written,missing,missing_fields,how,sent_to,sent_by,mail)"
        " VALUES(3,'BC-1',1,1,'none','x','Report','Báo cáo','vi','signed','a',1,1,1,0,'[]','mail',"
        "'a@b.example',5,1)";

/* The duty is met in the transaction that marks its mail as sent, or not at all. */
static void a_report_has_left_with_its_mail_or_not_at_all(void) {
        static const struct courier_say ok = {0, 0};
        bool hit = true;

        for (unsigned k = 1; hit; k++) {
                begin();
                check_int(outgoing_mail(w.d, &(struct outgoing){.to = SPAN("a@b.example")}, NULL),
                          0);
                check_int(sql_do(state_sql(w.d->state), lay_report, ""), 0);
                check_int(commit(), 0);
                check(goes_out());
                w.wall += 10 * NS_PER_SEC;
                fault_arm(k, k % 2 ? EIO : ENOSPC);
                int r = frame(COURIER_MAIL, 1, &ok, sizeof(ok));
                if (r == 0)
                        r = desk_commit(w.d, w.mono, w.wall);
                hit = fault_disarm();
                api_end();
                world_close();
                check_int(world_open(), 0);
                int64_t sent = count("SELECT count(*) FROM outgoing WHERE state='sent'");
                check(sent == 1 || r < 0);
                check_int(count("SELECT count(*) FROM report r JOIN outgoing o ON o.id=r.mail WHERE"
                                " r.state='sent' AND r.sent_at=o.sent"),
                          sent);
                check_int(count("SELECT count(*) FROM incident_clock k JOIN outgoing o ON"
                                " k.met_at=o.sent WHERE k.met_by=5"),
                          sent);
                check_int(count("SELECT count(*) FROM incident_clock WHERE met_at IS NOT NULL"),
                          sent);
                check_int(count("SELECT count(*) FROM incident_entry WHERE about='report'"),
                          2 * sent);
                check((sent == 1) != goes_out());
                world_end();
        }
}

int main(void) {
        check_int(os_vfs_init(), 0);
        RUN(told_of_once_whatever_fails);
        RUN(told_of_once_though_the_power_is_cut);
        RUN(sent_is_sent_or_goes_out_again);
        RUN(a_report_has_left_with_its_mail_or_not_at_all);
        return check_done();
}

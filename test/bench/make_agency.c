/* Writes the state of a large agency into a folder, as years of work leave it: 300 sites below 15
 * departments, 5,000 people, 600 systems, 200,000 alerts, 5,000 incidents with their timelines, tasks and
 * clocks, 10,000 reports, and what agency_rows.c adds. Prints a session's token for each of WORKERS people who work (200), a line each: "TOKEN ROLE UNIT".
 *
 *     make_agency DIR [ALERTS [INCIDENTS [WORKERS]]]
 *
 * What people wrote goes through the API; what exists in thousands is put into its tables at once. */
#include <stdlib.h>

#include "agency_rows.h"
#include "api_world.h"
#include "desk/desk_impl.h"
#include "desk/people.h"
#include "rules/regime.h"

#define DEPARTMENTS 15
#define SITES 300
#define PEOPLE 5000
#define WORKERS_MOST 10000
#define SYSTEMS (2 * SITES)
#define DAY (INT64_C(86400) * NS_PER_SEC)

static int64_t n_alerts = 200000, n_incidents = 5000, n_workers = 200;

static struct sql *db(void) {
        return state_sql(w.d->state);
}

static void read_regime(const char *path, struct buf *json) {
        _cleanup_(buf_deinit) struct buf said = {0};
        char *text;
        size_t len;

        check_int(os_read_file(path, (size_t)1 << 20, &text, &len), 0);
        check_int(regime_read(span_str(path), span_of(text, len), json, &said), 0);
        free(text);
}

/* Years reach back behind the law of today. */
static void regimes(void) {
        _cleanup_(buf_deinit) struct buf json = {0};

        buf_char(&json, '[');
        read_regime(TEST_CONTENT "/regimes/vn-2026/regime.yml", &json);
        buf_char(&json, ',');
        read_regime(TEST_CONTENT "/regimes/vn-2017/regime.yml", &json);
        buf_char(&json, ']');
        check_int(desk_regimes(w.d, buf_get(&json)), 0);
}

/* Unit 1 is the agency, 2…16 its departments, then the sites. */
static void units(void) {
        for (int64_t i = 2; i < 2 + DEPARTMENTS; i++)
                check_int(sql_do(db(),
                                 "INSERT INTO unit(id,parent,code,name,name_vi,kind,path,depth,"
                                 "created) VALUES(?1,1,'d'||?1,'Department '||?1,'Cục '||?1,"
                                 "'department','/1/'||?1||'/',1,0)",
                                 "i", i),
                          0);
        for (int64_t i = 0; i < SITES; i++)
                check_int(sql_do(db(),
                                 "INSERT INTO unit(id,parent,code,name,name_vi,kind,path,depth,"
                                 "created) VALUES(?1,?2,'s'||?1,'Site '||?1,'Chi cục '||?1,'site',"
                                 "'/1/'||?2||'/'||?1||'/',2,0)",
                                 "ii", 100 + i, 2 + i % DEPARTMENTS),
                          0);
}

static void fill_people(void) {
        for (int64_t i = 1; i <= MAX(PEOPLE, n_workers); i++)
                check_int(sql_do(db(),
                                 "INSERT INTO person(id,login,name,title,email,unit,created) VALUES"
                                 "(?1,'user'||?1,'Nguyễn Văn '||?1,'Chuyên viên','user'||?1||"
                                 "'@agency.example',?2,0)",
                                 "ii", i, 100 + i % SITES),
                          0);
}

/* Of ten: three officers, three handlers, two leads, an approver, an inspector. A tenth works for the whole
 * agency, two for a department, the rest for a site. */
static void workers(void) {
        static const enum role roles[] = {ROLE_OFFICER,  ROLE_OFFICER,  ROLE_OFFICER, ROLE_HANDLER,
                                          ROLE_HANDLER,  ROLE_HANDLER,  ROLE_LEAD,    ROLE_LEAD,
                                          ROLE_APPROVER, ROLE_INSPECTOR};
        static const char *const names[] = {
                [ROLE_OFFICER] = "officer",    [ROLE_HANDLER] = "handler",
                [ROLE_LEAD] = "lead",          [ROLE_APPROVER] = "approver",
                [ROLE_OWNER] = "owner",        [ROLE_LIAISON] = "liaison",
                [ROLE_INSPECTOR] = "inspector"};

        /* Beyond those of old: who plays in a drill of a site. */
        static const enum role more[] = {ROLE_OFFICER, ROLE_OFFICER, ROLE_HANDLER,  ROLE_HANDLER,
                                         ROLE_LEAD,    ROLE_OWNER,   ROLE_APPROVER, ROLE_LIAISON,
                                         ROLE_HANDLER, ROLE_LEAD};

        for (int64_t i = 1; i <= n_workers; i++) {
                enum role role = i <= 200 ? roles[i % 10] : more[(i + i / SITES) % 10];
                int64_t part = i <= 200 ? i / 10 % 10 : 9, unit = 100 + i % SITES;
                unsigned char token[API_TOKEN_BYTES], hash[32];

                unit = part == 0 ? 1 : part <= 2 ? 2 + i % DEPARTMENTS : unit;
                check_int(sql_do(db(),
                                 "INSERT INTO role_grant(person,role,unit,since,given_at)"
                                 " VALUES(?1,?2,?3,0,0)",
                                 "iii", i, (int64_t)role, unit),
                          0);
                if (i <= 5) /* who organises exercises beside */
                        check_int(sql_do(db(),
                                         "INSERT INTO role_grant(person,role,unit,since,given_at)"
                                         " VALUES(?1,?2,1,0,0)",
                                         "ii", i, (int64_t)ROLE_ORGANISER),
                                  0);
                session_token(token, hash);
                check_int(sql_do(db(),
                                 "INSERT INTO session(hash,person,needs,created,last,second_at,"
                                 "address) VALUES(?1,?2,0,?3,?3,?3,'127.0.0.1')",
                                 "xii", span_of((const char *)hash, 32), i, w.wall),
                          0);
                for (size_t k = 0; k < sizeof(token); k++)
                        printf("%02x", token[k]);
                printf(" %s %lld\n", names[role], (long long)unit);
        }
}

/* Host N of 1…1800 is of system 1 + N % 600. */
static void fill_systems(void) {
        for (int64_t i = 1; i <= SYSTEMS; i++) {
                check_int(sql_do(db(),
                                 "INSERT INTO system(id,code,name,unit,level,created) VALUES"
                                 "(?1,'sys'||?1,'Hệ thống số '||?1,?2,1+?1%5,0)",
                                 "ii", i, 100 + i % SITES),
                          0);
                for (int64_t k = 0; k < 3; k++)
                        check_int(
                                sql_do(db(),
                                       "INSERT INTO system_host VALUES('host'||?1||'.example',?2)",
                                       "ii", i - 1 + k * SYSTEMS, i),
                                0);
        }
}

static void fill_alerts(void) {
        for (int64_t i = 0; i < 300; i++)
                check_int(sql_do(db(),
                                 "INSERT INTO rule VALUES(?1,0,'rule-'||?1,x'00',1+?1%5,1,"
                                 "'Suspicious thing number '||?1,'Việc đáng ngờ số '||?1,"
                                 "'What this rule looks for, and why, in some eighty characters of "
                                 "text','','f.yml','[\"attack.t1059\"]')",
                                 "i", i + 1000),
                          0);
        for (int64_t i = 1; i <= n_alerts; i++)
                check_int(sql_do(db(),
                                 "INSERT INTO alert VALUES(?1,randomblob(16),1000+?1%300,0,0,1,"
                                 "'host'||(?1%1800)||'.example','host'||(?1%1800)||'.example',"
                                 "'user'||(?1%5000),'source'||(?1%40),'',1+?1%9,?2,?2,?2,?2,?2,?2,"
                                 "'[[1,0,100,null],[2,0,100,null],[3,0,100,null]]',0)",
                                 "ii", i, w.wall - (n_alerts - i) * 157 * NS_PER_SEC),
                          0);
}

/* 1 of 20 is new, 1 of 20 taken. */
static void fill_queue(void) {
        check_int(sql_do(db(), "DELETE FROM triage", ""), 0);
        check_int(sql_do(db(), "INSERT INTO triage_words(triage_words) VALUES('rebuild')", ""), 0);
        check_int(state_commit(w.d->state), 0);
        int64_t wall = w.wall;
        world_close();
        check_int(world_open(), 0);
        w.wall = wall;
        check_int(state_begin(w.d->state), 0);
        check_int(sql_do(db(),
                         "UPDATE triage SET status=CASE alert%20 WHEN 0 THEN 'new' WHEN 1 THEN"
                         " 'taken' ELSE 'dismissed' END",
                         ""),
                  0);
        check_int(state_commit(w.d->state), 0);
}

static void incident(int64_t i) {
        char body[2048], t0[40];
        int64_t at = w.wall - (n_incidents - i) * (2 * 365 * DAY / n_incidents);

        t0[time_format(t0, at, 3)] = '\0';
        snprintf(body, sizeof(body),
                 "{\"title\":\"Sự cố số %lld tại hệ thống %lld\",\"system\":%lld,\"t0\":\"%s\","
                 "\"summary\":\"Máy chủ có dấu hiệu bị xâm nhập, đang kiểm tra.\"}",
                 (long long)i, (long long)(i % SYSTEMS + 1), (long long)(i % SYSTEMS + 1), t0);
        int status = ask("incidents.open", body);
        if (status != 201 && status != 200)
                printf("# %d %.*s\n", status, (int)api_w.body.len, api_w.body.p);
        check(status == 200 || status == 201);
        long long id = answer_int("id");
        for (int k = 0; k < 3; k++) {
                snprintf(body, sizeof(body),
                         "{\"id\":%lld,\"text\":\"Ghi chú %d: đã xem nhật ký của máy chủ và hỏi "
                         "người quản trị.\"}",
                         id, k);
                status = ask("incidents.note", body);
                check(status == 200 || status == 201 || status == 204);
        }
        snprintf(body, sizeof(body), "{\"id\":%lld,\"title\":\"Thay mật khẩu quản trị\"}", id);
        status = ask("incidents.task_add", body);
        check(status == 200 || status == 201);
        for (int k = 0; k < 2; k++) {
                snprintf(body, sizeof(body), "{\"incident\":%lld,\"kind\":\"%s\"}", id,
                         k ? "final" : "initial");
                check_int(ask("reports.open", body), 200);
        }
}

/* Signed by two and sent a day after their incident was opened; of those of open incidents every other waits for its
 * signatures, the rest are drafts. */
static void reports(void) {
        check_int(sql_do(db(),
                         "UPDATE report SET created=i.opened, written=i.opened, "
                         "created_by=1+t.id%5000,"
                         " writer=1+t.id%5000, "
                         "state=iif(i.state='reviewed','sent',iif(t.id%2,'signing',"
                         "'draft')), sent_at=iif(i.state='reviewed',i.opened+86400000000000,NULL),"
                         " how=iif(i.state='reviewed','hand',NULL), "
                         "sent_to=iif(i.state='reviewed','NCSC',"
                         "NULL) FROM report t JOIN incident i ON i.id=t.incident WHERE "
                         "report.id=t.id",
                         ""),
                  0);
        check_int(
                sql_do(db(),
                       "INSERT INTO report_sign(report,version,hash,person,at) SELECT "
                       "t.id,t.version,"
                       "v.hash,p.id,t.written+3600000000000 FROM report t JOIN report_version v ON"
                       " v.report=t.id AND v.n=t.version JOIN person p ON p.id IN (1+(t.id+1)%5000,"
                       "1+(t.id+2)%5000) WHERE t.state='sent'",
                       ""),
                0);
}

/* One in twenty is still open. */
static void settle(void) {
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        check_int(sql_do(db(),
                         "UPDATE incident SET state='reviewed', closed=opened+86400000000000"
                         " WHERE id%20<>0",
                         ""),
                  0);
        check_int(sql_do(db(),
                         "UPDATE incident_clock SET met_at=begins+3600000000000, proof='x' WHERE "
                         "incident%20"
                         "<>0 AND met_at IS NULL",
                         ""),
                  0);
        /* Those that passed were told of when they did. */
        check_int(sql_do(db(),
                         "UPDATE incident_clock SET warned=warn, told_late=due WHERE due<?1 AND"
                         " met_at IS NULL",
                         "i", w.wall),
                  0);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
}

static void make(void) {
        check_int(commit(), 0);
        check_int(state_begin(w.d->state), 0);
        units();
        fill_people();
        workers();
        fill_systems();
        fill_alerts();
        fill_queue();
        api_start();
        regimes();
        check_int(agency_audit(w.d, w.wall), 0);
        for (int64_t i = 1; i <= n_incidents; i++)
                incident(i);
        settle();
        reports();
        check_int(agency_rows(w.d, w.wall, n_incidents), 0);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        api_end();
}

int main(int argc, char **argv) {
        if (argc < 2 || setjmp(check_jump) != 0)
                return 2;
        if (argc > 2)
                n_alerts = strtoll(argv[2], NULL, 10);
        if (argc > 3)
                n_incidents = strtoll(argv[3], NULL, 10);
        if (argc > 4)
                n_workers = MIN(strtoll(argv[4], NULL, 10), WORKERS_MOST);
        world_start(world_rules);
        world_close();
        snprintf(w.path, sizeof(w.path), "%s/state.db", argv[1]);
        w.wall = os_now();
        if (world_open() < 0)
                return 1;
        make();
        world_close();
        (void)os_remove_tree(w.dir);
        return 0;
}

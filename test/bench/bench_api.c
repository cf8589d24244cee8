/* How long lists and details of the API take over 200,000 alerts and what they return: percentiles in ms of
 * processor time, by kind of question, without HTTP. `bench_api [ALERTS]`. */
#include <math.h>

#include "api_world.h"
#include "desk/desk_impl.h"

#define ROUNDS 100u

static int64_t n_alerts = 200000, n_incidents = 5000;

static void fill(void) {
        struct sql *s = state_sql(w.d->state);

        check_int(commit(), 0);
        check_int(state_begin(w.d->state), 0);
        for (int64_t i = 0; i < 300; i++)
                check_int(sql_do(s,
                                 "INSERT INTO rule VALUES(?1,0,'rule-'||?1,x'00',1+?1%5,1,"
                                 "'Suspicious thing number '||?1,'Việc đáng ngờ số '||?1,"
                                 "'A longer description of what this rule is for, some 80 "
                                 "characters of "
                                 "it','','f.yml','[\"attack.t1059\"]')",
                                 "i", i + 1000),
                          0);
        for (int64_t i = 1; i <= n_alerts; i++)
                check_int(sql_do(s,
                                 "INSERT INTO alert VALUES(?1,randomblob(16),1000+?1%300,0,0,1,"
                                 "'host'||(?1%700)||'.example','host'||(?1%700)||'.example','user'|"
                                 "|(?1%5000),"
                                 "'source'||(?1%40),'',1+?1%9,?2,?2,?2,?2,?2,?2,"
                                 "'[[1,0,100,null],[2,0,100,null],[3,0,100,null]]',0)",
                                 "ii", i, w.wall - (n_alerts - i) * NS_PER_SEC),
                          0);
        check_int(state_commit(w.d->state), 0);
        int64_t began = os_monotonic();
        check_int(sql_do(s, "DELETE FROM triage", ""), 0);
        check_int(sql_do(s, "INSERT INTO triage_words(triage_words) VALUES('rebuild')", ""), 0);
        world_close();
        check_int(world_open(), 0);
        printf("queue made for %lld alerts in %.1f s\n", (long long)n_alerts,
               (double)(os_monotonic() - began) / 1e9);
        s = state_sql(w.d->state);
        check_int(sql_do(s,
                         "UPDATE triage SET status=CASE alert%20 WHEN 0 THEN 'new' WHEN 1 THEN "
                         "'taken'"
                         " ELSE 'dismissed' END",
                         ""),
                  0);
}

/* 5,000 incidents of 300 units, 40 of them open, with four deadlines, eight entries and three tasks each. */
static void fill_incidents(void) {
        struct sql *s = state_sql(w.d->state);

        check_int(state_begin(w.d->state), 0);
        for (int64_t i = 2; i <= 300; i++) {
                check_int(sql_do(s,
                                 "INSERT INTO unit(id,parent,code,name,kind,path,depth,created)"
                                 " VALUES(?1,1,'u'||?1,'Unit '||?1,'site','/1/'||?1||'/',1,0)",
                                 "i", i),
                          0);
                check_int(sql_do(s,
                                 "INSERT INTO system(id,code,name,unit,level,created)"
                                 " VALUES(?1,'s'||?1,'System '||?1,?1,1+?1%5,0)",
                                 "i", i),
                          0);
        }
        for (int64_t i = 1; i <= n_incidents; i++) {
                int64_t at = w.wall - (n_incidents - i) * 3600 * NS_PER_SEC;
                int64_t unit = 2 + i % 299;

                check_int(
                        sql_do(s,
                               "INSERT INTO incident(id,code,title,unit,system,regime,kind,harm,"
                               "severity,state,tlp,lead,t0,opened,closed,contained,restored,plain)"
                               " VALUES(?1,'SC-2026-'||?1,'Something happened '||?1,?2,?2,"
                               "'vn-2026','malware','limited','medium',iif(?1%125,'closed',"
                               "'declared'),'amber',NULL,?3,?3,iif(?1%125,?3+9,NULL),"
                               "?3+3600000000000,?3+7200000000000,'something happened')",
                               "iii", i, unit, at),
                        0);
                check_int(
                        sql_do(s, "INSERT INTO incident_unit VALUES(?1,?2,0,NULL)", "ii", i, unit),
                        0);
                for (int64_t k = 0; k < 4; k++)
                        check_int(sql_do(s,
                                         "INSERT INTO incident_clock(incident,clock,state,begins,"
                                         "due,warn,title,title_vi,basis,checked,report,met_at)"
                                         " VALUES(?1,'c'||?2,2,?3,?3+86400000000000,?3,'Report',"
                                         "'Báo cáo','D331','reported','initial',"
                                         "iif(?1%125,?3+1,NULL))",
                                         "iii", i, k, at),
                                  0);
                for (int64_t k = 0; k < 8; k++)
                        check_int(sql_do(s,
                                         "INSERT INTO incident_entry(incident,at,written,kind,text,"
                                         "text_vi) VALUES(?1,?2,?2,'note','x','x')",
                                         "ii", i, at + k * NS_PER_SEC),
                                  0);
                for (int64_t k = 0; k < 3; k++)
                        check_int(sql_do(s,
                                         "INSERT INTO incident_task(incident,title,state,created)"
                                         " VALUES(?1,'do it',iif(?1%125,'done','open'),?2)",
                                         "ii", i, at),
                                  0);
        }
        check_int(state_commit(w.d->state), 0);
        printf("incidents made\n");
        fflush(stdout);
        /* 200,000 alerts: of systems and units too */
        check_int(sql_do(s, "UPDATE triage SET system=2+alert%299, unit=2+alert%299", ""), 0);
}

static int compare(const void *a, const void *b) {
        double x = *(const double *)a, y = *(const double *)b;

        return x < y ? -1 : x > y;
}

/* %d: a number from 1 to n_alerts. */
static const char *const questions[][3] = {
        {"new, by severity", "alerts.list", "{\"status\":[\"new\"],\"limit\":50}"},
        {"all, by severity", "alerts.list", "{}"},
        {"dismissed, by severity", "alerts.list", "{\"status\":[\"dismissed\"]}"},
        {"all, latest first, 500", "alerts.list", "{\"sort\":\"-raised\",\"limit\":500}"},
        {"one host", "alerts.list", "{\"host\":\"host%d.example\"}"},
        {"of one system", "alerts.list", "{\"system\":%d}"},
        {"of two severities, new", "alerts.list",
         "{\"status\":[\"new\"],\"severity\":[\"low\",\"info\"]}"},
        {"words that are common", "alerts.list", "{\"q\":\"dang ngo\"}"},
        {"words that are rare", "alerts.list", "{\"q\":\"number 1%d\"}"},
        {"words that are nowhere", "alerts.list", "{\"q\":\"nothing of the kind %d\"}"},
        {"one alert", "alerts.get", "{\"id\":%d}"},
        {"tonight", "tonight.get", "{}"},
        {"tonight, of one unit", "tonight.get", "{\"unit\":%d}"},
        {"new, of one unit", "alerts.list", "{\"status\":[\"new\"],\"unit\":[%d]}"},
        {"all, of one unit", "alerts.list", "{\"unit\":[%d]}"},
        {"figures by unit", "figures.get", "{\"by\":\"unit\"}"},
        {"figures by system", "figures.get", "{\"by\":\"system\"}"},
        {"a handover note", "handover.now", "{}"},
        {"incidents", "incidents.list", "{}"},
        {"incidents of one unit", "incidents.list", "{\"unit\":[%d]}"},
        {"deadlines", "clocks.list", "{\"open\":true}"},
        {"the audit log", "audit.list", "{}"},
};

/* What stands for %d: an alert, a unit, a host. */
static int number_for(const char *op, const char *format, int n) {
        if (strstr(format, "unit"))
                return n % 299 + 2;
        return op[7] == 'g' || strstr(format, "nothing") ? n : n % 700 + 1;
}

static void time_of_question(const char *what, const char *op, const char *format) {
        double ms[ROUNDS];
        char body[256];

        for (unsigned i = 0; i < ROUNDS; i++) {
                const char *mark = strstr(format, "%d");
                int n = (int)(1 + (i * 7919u) % (unsigned)n_alerts);

                if (mark)
                        snprintf(body, sizeof(body), "%.*s%d%s", (int)(mark - format), format,
                                 number_for(op, format, n), mark + 2);
                else
                        snprintf(body, sizeof(body), "%s", format);
                clock_t began = clock();
                int status = ask(op, body);
                ms[i] = (double)(clock() - began) * 1e3 / CLOCKS_PER_SEC;
                if (status != 200)
                        printf("%s: %d %.200s\n", what, status, api_w.body.p);
                check_int(status, 200);
        }
        qsort(ms, ROUNDS, sizeof(*ms), compare);
        fflush(stdout);
        printf("%-36s p50 %7.2f  p99 %7.2f  max %7.2f ms\n", what, ms[ROUNDS / 2],
               ms[ROUNDS * 99 / 100], ms[ROUNDS - 1]);
}

static void lists(void) {
        world_start(world_rules);
        fill();
        printf("states\n");
        fflush(stdout);
        fill_incidents();
        printf("units\n");
        fflush(stdout);
        api_start();
        for (size_t i = 0; i < ARRAY_LEN(questions); i++)
                time_of_question(questions[i][0], questions[i][1], questions[i][2]);
        api_end();
        world_end();
}

int main(int argc, char **argv) {
        if (argc > 1)
                n_alerts = strtoll(argv[1], NULL, 10);
        RUN(lists);
        return check_done();
}

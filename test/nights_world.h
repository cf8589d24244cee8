/* A small agency at the desk of api_world.h: the law of content/regimes, unit 2 with systems 1 (level 3) and 2 (level 4),
 * unit 3 beside it with system 3, unit 4 below 2; people with one role each, whose sessions are there.
 *
 *     night_start(); check_int(by(LEAD, "tonight.get", "{}"), 200); night_end(); */
#ifndef TEST_NIGHTS_WORLD_H
#define TEST_NIGHTS_WORLD_H

#include "rules/regime.h"

#include "api_world.h"
#include "desk/desk_impl.h"
#include "desk/people.h"

enum who {
        OFFICER,
        HANDLER,
        LEAD,
        APPROVER,
        INSPECTOR,
        LIAISON,
        ADMIN,
        OTHER_LEAD,
        LOCAL,
        WHO_MAX
};
static unsigned char tokens[WHO_MAX][API_TOKEN_BYTES];
static uint64_t night_seq;

static inline void night_regimes(void) {
        _cleanup_(buf_deinit) struct buf json = {0}, said = {0};
        static const char *const files[] = {"vn-2026", "vn-2017"};
        char path[512], *text;
        size_t len;

        buf_char(&json, '[');
        for (size_t i = 0; i < ARRAY_LEN(files); i++) {
                snprintf(path, sizeof(path), TEST_CONTENT "/regimes/%s/regime.yml", files[i]);
                check_int(os_read_file(path, (size_t)1 << 20, &text, &len), 0);
                if (i)
                        buf_char(&json, ',');
                check_int(regime_read(span_str(path), span_of(text, len), &json, &said), 0);
                free(text);
        }
        buf_char(&json, ']');
        check_int(desk_regimes(w.d, buf_get(&json)), 0);
}

static inline void night_session(int64_t person, unsigned char token[API_TOKEN_BYTES]) {
        unsigned char hash[32];

        session_token(token, hash);
        check_int(sql_do(state_sql(w.d->state),
                         "INSERT INTO session(hash,person,needs,created,last,second_at,address)"
                         " VALUES(?1,?2,0,?3,?3,?3,'10.0.0.1')",
                         "xii", span_of((const char *)hash, 32), person, w.wall),
                  0);
}

static inline void night_people(void) {
        static const struct {
                enum role role;
                int64_t unit;
                const char *name;
        } list[LOCAL] = {[OFFICER] = {ROLE_OFFICER, 2, "Nguyễn Thị Hà"},
                         [HANDLER] = {ROLE_HANDLER, 2, "Trần Quốc Bảo"},
                         [LEAD] = {ROLE_LEAD, 2, "Lê Minh Khôi"},
                         [APPROVER] = {ROLE_APPROVER, 2, "Phạm Thu Trang"},
                         [INSPECTOR] = {ROLE_INSPECTOR, 1, "Vũ Hoàng Yến"},
                         [LIAISON] = {ROLE_LIAISON, 2, "Hoàng Gia Huy"},
                         [ADMIN] = {ROLE_ADMIN, 1, "Bùi Văn Tài"},
                         [OTHER_LEAD] = {ROLE_LEAD, 3, "Đặng Văn Lợi"}};
        struct sql *s = state_sql(w.d->state);

        check_int(sql_do(s,
                         "INSERT INTO unit(id,parent,code,name,kind,path,depth,created) VALUES"
                         "(2,1,'st','BV Sông Thương','site','/1/2/',1,0),"
                         "(3,1,'pv','Phú Vân','site','/1/3/',1,0),"
                         "(4,2,'st1','Khoa Xét nghiệm','team','/1/2/4/',2,0)",
                         ""),
                  0);
        check_int(sql_do(s,
                         "INSERT INTO system(id,code,name,unit,level,created) VALUES"
                         "(1,'his','HIS',2,3,0),(2,'core','Lõi',2,4,0),(3,'pv','Trạm',3,2,0)",
                         ""),
                  0);
        check_int(sql_do(s, "INSERT INTO system_host VALUES('dc01',1),('dc02',1),('pv01',3)", ""),
                  0);
        for (int64_t i = 0; i < LOCAL; i++) {
                char login[16];

                snprintf(login, sizeof(login), "p%lld", (long long)i + 1);
                check_int(sql_do(s,
                                 "INSERT INTO person(id,login,name,unit,created)"
                                 " VALUES(?1,?2,?3,?4,0)",
                                 "issi", i + 1, login, list[i].name, list[i].unit),
                          0);
                check_int(sql_do(s,
                                 "INSERT INTO role_grant(person,role,unit,since,given_at)"
                                 " VALUES(?1,?2,?3,0,0)",
                                 "iii", i + 1, (int64_t)list[i].role, list[i].unit),
                          0);
                night_session(i + 1, tokens[i]);
        }
}

static inline void night_start(void) {
        world_start(world_rules);
        api_start();
        night_seq = 1;
        night_regimes();
        check_int(desk_begin(w.d), 0);
        night_people();
        check_int(commit(), 0);
}

static inline void night_end(void) {
        api_end();
        world_end();
}

static inline int by(enum who who, const char *op, const char *body) {
        int status = who == LOCAL ? ask(op, body) : ask_as(tokens[who], op, body);

        return status;
}

_printf_(3, 4) static inline int byf(enum who who, const char *op, const char *fmt, ...) {
        char body[4096];
        va_list ap;

        va_start(ap, fmt);
        vsnprintf(body, sizeof(body), fmt, ap);
        va_end(ap);
        return by(who, op, body);
}

/* As by(), and says what came when that is not what was expected. */
#define check_by(expected, who, op, ...)                                                           \
        do {                                                                                       \
                int status_ = byf(who, op, __VA_ARGS__);                                           \
                if (status_ != (expected))                                                         \
                        printf("# %s: %d %.*s\n", op, status_,                                     \
                               (int)MIN(api_w.body.len, (size_t)600),                              \
                               api_w.body.p ? api_w.body.p : "");                                  \
                check_int(status_, expected);                                                      \
        } while (0)

/* An alert of a rule about a host, an hour after the one before. */
static inline void fire(const char *name, const char *fields) {
        say(rule(name), (uint32_t)night_seq, (double)night_seq * 7200, fields);
        check_int(judged(night_seq, night_seq + 1), 0);
        night_seq++;
        check_int(commit(), 0);
        w.wall += NS_PER_SEC; /* the next waits less long */
}

static inline void wait_s(int64_t seconds) {
        w.wall += seconds * NS_PER_SEC;
        w.mono += seconds * NS_PER_SEC;
        check_int(desk_api_tick(w.d, w.mono, w.wall), 0);
        api_settle();
}

static inline void sql_now(const char *text) {
        check_int(desk_begin(w.d), 0);
        check_int(sql_do(state_sql(w.d->state), text, ""), 0);
        check_int(commit(), 0);
}

#endif

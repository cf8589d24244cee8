/* Who asks: the session or script whose token came along.
 *
 * A token is 32 random bytes; the table has its hash only. A session ends when it was idle for as long as its
 * person may be (five minutes for administrators and owners of systems of level 4 and 5), after twelve hours,
 * when its person is made inactive or gets a new password, or when it is ended.
 *
 *   N1. One that is not whole (its second factor or new password is not there yet) may do nothing but
 *       become whole, look at itself and end, and for ten minutes only.
 *   N2. `last` is written when it is more than REFRESH_S old: a page that asks every second does not write
 *       every second, and nobody's session ends more than that too early. */
#include <sodium.h>

#include "desk/desk_impl.h"
#include "desk/incident.h"
#include "desk/people.h"
#include "desk/settings.h"

#define REFRESH_S 20

void session_hash(const unsigned char token[API_TOKEN_BYTES], unsigned char hash[32]) {
        crypto_generichash(hash, 32, token, API_TOKEN_BYTES, NULL, 0);
}

void session_token(unsigned char token[API_TOKEN_BYTES], unsigned char hash[32]) {
        randombytes_buf(token, API_TOKEN_BYTES);
        session_hash(token, hash);
}

int session_end_all(struct sql *db, int64_t person, int64_t but) {
        return sql_do(db, "DELETE FROM session WHERE person=?1 AND id<>?2", "ii", person, but);
}

/* The strictest rule that holds for them. */
int session_idle_of(struct sql *db, int64_t person, int64_t now, int64_t *ret_s) {
        int64_t idle = 0, strict = 0, one;
        int r = setting_number(db, "session_idle_s", &idle);

        if (r == 0)
                r = setting_number(db, "session_idle_strict_s", &strict);
        if (r < 0)
                return r;
        r = sql_get_int(db, &one,
                        "SELECT 1 FROM role_grant g WHERE g.person=?1 AND g.since<=?2"
                        " AND (g.until IS NULL OR g.until>?2) AND (g.role=?3 OR (g.role=?4 AND"
                        " EXISTS(SELECT 1 FROM system s JOIN unit u ON u.id=s.unit JOIN unit a"
                        " ON a.id=g.unit WHERE s.level>=4 AND s.active"
                        " AND substr(u.path,1,length(a.path))=a.path))) LIMIT 1",
                        "iiii", person, now, (int64_t)ROLE_ADMIN, (int64_t)ROLE_OWNER);
        if (r < 0)
                return r;
        *ret_s = r == 1 ? MIN(idle, strict) : idle;
        return 0;
}

static int nobody(struct api_call *c, const char *code, const char *en, const char *vi) {
        c->who = (struct api_person){.second = TIME_NONE};
        if (c->op->flags & API_ANONYMOUS)
                return 0;
        if (c->ask->how == API_COOKIE)
                c->say |= API_SAY_FORGET;
        return api_refuse(c, 401, code, en, vi);
}

static int no_session(struct api_call *c) {
        return nobody(c, "sign_in", "there is no session", "chưa có phiên làm việc");
}

static bool has_token(const struct api_ask *a) {
        return !sodium_is_zero(a->token, sizeof(a->token));
}

/* ---- scripts ---- */

static int who_token(struct api_call *c, const unsigned char hash[32]) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int64_t last;
        int r = sql_rows(
                c->db, &q,
                "SELECT t.id, p.id, p.name, t.permissions, t.last, t.name FROM token t"
                " JOIN person p ON p.id=t.person WHERE t.hash=?1 AND t.until>?2 AND p.active"
                " AND NOT EXISTS(SELECT 1 FROM guest WHERE person=p.id)",
                "xi", span_of((const char *)hash, 32), c->now);

        if (r == 0)
                r = sql_next(q);
        if (r < 0)
                return r;
        if (r == 0)
                return nobody(c, "sign_in", "this token is of nobody, or its time is over",
                              "mã truy cập không thuộc về ai hoặc đã hết hạn");
        struct span name = sql_span(q, 2), script = sql_span(q, 5);
        c->who.token = sql_int(q, 0);
        c->who.id = sql_int(q, 1);
        c->who.name = arena_printf(c->arena, "%.*s (%.*s)", (int)name.len, name.p, (int)script.len,
                                   script.p);
        c->who.allowed = arena_dup(c->arena, sql_span(q, 3));
        last = sql_time(q, 4);
        q = sql_end(q);
        if (!c->who.name.p || !c->who.allowed.p)
                return FAIL(-ENOMEM);
        if (c->op->flags & API_NO_TOKEN)
                return api_refuse(c, 403, "no_token", "only people may do this, no script",
                                  "việc này chỉ dành cho người dùng, không cho mã truy cập");
        if (last != TIME_NONE && c->now - last < 60 * NS_PER_SEC)
                return 0;
        r = desk_begin(c->desk);
        return r < 0 ? r
                     : sql_do(c->db, "UPDATE token SET last=?2 WHERE id=?1", "ii", c->who.token,
                              c->now);
}

/* ---- sessions ---- */

struct found {
        int64_t needs, created, last;
        bool totp;
};

static int find_session(struct api_call *c, const unsigned char hash[32], struct found *f) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                c->db, &q,
                "SELECT s.id, s.person, p.name, s.needs, s.created, s.last, s.second_at,"
                " p.totp IS NOT NULL, (SELECT g.incident FROM guest g WHERE g.person=p.id"
                " AND g.until>?2 ORDER BY g.id DESC LIMIT 1), EXISTS(SELECT 1 FROM guest"
                " WHERE person=p.id), (SELECT g.tlp FROM guest g WHERE g.person=p.id AND g.until>?2"
                " ORDER BY g.id DESC LIMIT 1) FROM session s JOIN person p ON p.id=s.person"
                " WHERE s.hash=?1 AND p.active",
                "xi", span_of((const char *)hash, 32), c->now);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r;
        if (sql_int(q, 9) && sql_null(q, 8))
                return 0; /* a guest whose time is over */
        c->who.session = sql_int(q, 0);
        c->who.id = sql_int(q, 1);
        c->who.name = arena_dup(c->arena, sql_span(q, 2));
        c->who.second = sql_time(q, 6);
        c->who.incident = sql_int(q, 8);
        c->who.tlp = tlp_rank(sql_span(q, 10));
        c->who.half = sql_int(q, 3) != 0;
        *f = (struct found){sql_int(q, 3), sql_int(q, 4), sql_int(q, 5), sql_int(q, 7) != 0};
        return c->who.name.p ? 1 : FAIL(-ENOMEM);
}

/* N1. */
static int still_half(struct api_call *c, const struct found *f) {
        static const char *const may[] = {"session.get",      "session.totp", "session.recovery",
                                          "session.password", "session.end",  "session.open"};

        for (size_t i = 0; i < ARRAY_LEN(may); i++)
                if (strcmp(c->op->id, may[i]) == 0)
                        return 0;
        return f->needs & NEEDS_TOTP
                       ? api_refuse(c, 403, "totp", "the second factor is missing",
                                    "còn thiếu yếu tố xác thực thứ hai")
                       : api_refuse(c, 403, "new_password", "set a new password first",
                                    "hãy đặt mật khẩu mới trước");
}

static int fresh_second(struct api_call *c, const struct found *f) {
        if (!(c->op->flags & API_SECOND) ||
            (c->who.second != TIME_NONE && c->now - c->who.second < SECOND_FRESH_S * NS_PER_SEC))
                return 0;
        return f->totp ? api_refuse(c, 403, "second_factor", "show your second factor again",
                                    "hãy xác thực lại yếu tố thứ hai")
                       : api_refuse(c, 403, "enrol",
                                    "this needs a second factor: set one up on your own page",
                                    "việc này cần yếu tố xác thực thứ hai: hãy thiết lập ở trang "
                                    "cá nhân");
}

/* N2. The row goes with the next commit; an answer does not wait for it. What a page asks by itself is no
 * use of the session: a browser left open ends as idle. */
static int refresh(struct api_call *c, const struct found *f) {
        if ((c->ask->flags & API_ASK_BACKGROUND) || (c->op->flags & API_STREAM))
                return 0;
        if (c->now - f->last < REFRESH_S * NS_PER_SEC)
                return 0;
        int r = desk_begin(c->desk);
        if (r == 0)
                r = sql_do(c->db, "UPDATE session SET last=?2 WHERE id=?1", "ii", c->who.session,
                           c->now);
        if (r == 0)
                r = sql_do(c->db, "UPDATE person SET last_seen=?2 WHERE id=?1", "ii", c->who.id,
                           c->now);
        return r;
}

static int who_session(struct api_call *c, const unsigned char hash[32]) {
        struct found f = {0};
        int64_t idle = 0;
        int r = find_session(c, hash, &f);

        if (r < 0)
                return r;
        if (r == 0)
                return no_session(c);
        r = session_idle_of(c->db, c->who.id, c->now, &idle);
        if (r < 0)
                return r;
        if (c->now - f.last >= idle * NS_PER_SEC)
                return nobody(c, "idle", "the session ended, as nobody used it",
                              "phiên làm việc đã kết thúc do không hoạt động");
        if (c->now - f.created >= (f.needs ? SESSION_HALF_S : SESSION_MAX_S) * NS_PER_SEC)
                return nobody(c, "expired", "the session's time is over: sign in again",
                              "phiên làm việc đã hết thời hạn: hãy đăng nhập lại");
        r = f.needs ? still_half(c, &f) : fresh_second(c, &f);
        return r != 0 ? r : refresh(c, &f);
}

int session_stands(struct sql *db, const struct api_person *who, int64_t now) {
        int64_t last = 0, idle = 0;
        int r;

        if (who->local)
                return 1;
        if (who->token)
                return sql_get_int(db, &last,
                                   "SELECT 1 FROM token t JOIN person p ON p.id=t.person WHERE"
                                   " t.id=?1 AND t.until>?2 AND p.active",
                                   "ii", who->token, now);
        r = sql_get_int(db, &last,
                        "SELECT s.last FROM session s JOIN person p ON p.id=s.person WHERE s.id=?1"
                        " AND p.active AND s.needs=0 AND s.created>?2 AND (NOT EXISTS(SELECT 1 FROM"
                        " guest WHERE person=p.id) OR EXISTS(SELECT 1 FROM guest WHERE person=p.id"
                        " AND until>?3))",
                        "iii", who->session, now - SESSION_MAX_S * NS_PER_SEC, now);
        if (r != 1 || now - last < REFRESH_S * NS_PER_SEC)
                return r;
        r = session_idle_of(db, who->id, now, &idle);
        return r < 0 ? r : now - last < idle * NS_PER_SEC;
}

int api_who(struct api_call *c) {
        unsigned char hash[32];

        c->who = (struct api_person){.second = TIME_NONE};
        if (c->ask->how == API_LOCAL) {
                c->who =
                        (struct api_person){.name = SPAN("local"), .local = true, .second = c->now};
                return 0;
        }
        if (!has_token(c->ask))
                return no_session(c);
        session_hash(c->ask->token, hash);
        return c->ask->how == API_BEARER ? who_token(c, hash) : who_session(c, hash);
}

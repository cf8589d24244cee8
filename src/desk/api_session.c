/* Signing in, and what the signed-in see of themselves.
 *
 *     password ──► (second factor, when there is one) ──► (a new password, behind a one-time one) ──► whole
 *
 *   L1. Every wrong login sounds the same, and takes the vault as long: nobody learns from it which logins
 *       there are.
 *   L2. Each step forward gives the session another token: one that somebody had before is worth nothing.
 *   L3. Passwords wait for the vault, UNKNOWN_MAX of people from new places at most, KNOWN_MAX of all: a
 *       flood from somewhere leaves room for those who are where they always are.
 *   L4. A code counts once (the last used step is kept), and WRONG_MAX wrong ones end the session. */
#include <sodium.h>

#include "desk/errands.h"
#include "desk/lent.h"
#include "desk/people.h"
#include "wire/court.h"
#include "wire/order.h"

#define UNKNOWN_MAX 4u
#define KNOWN_MAX 14u
#define ELSEWHERE_MAX 8u /* as many as the courier asks a directory at once */
#define WRONG_MAX 5

/* Between the password and what the vault says of it. */
struct signing {
        int64_t person, totp, one_time;
        struct span login, name,
                external; /* external: the directory's, which asks for the password */
        bool known;
};

static struct span hash_span_of(const unsigned char hash[32]) {
        return span_of((const char *)hash, 32);
}

/* ---- what a session is, as JSON ---- */

static int add_roles(struct api_call *c, json_t *o) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        json_t *list = json_array();
        int r = sql_rows(
                c->db, &q,
                "SELECT g.role, g.unit, u.name FROM role_grant g JOIN unit u ON u.id=g.unit"
                " WHERE g.person=?1 AND g.since<=?2 AND (g.until IS NULL OR g.until>?2)"
                " ORDER BY g.role, g.unit",
                "ii", c->who.id, c->now);

        json_object_set_new(o, "roles", list);
        while (r >= 0 && (r = sql_next(q)) == 1) {
                int64_t role = sql_int(q, 0);

                if (role < 0 || role >= ROLE_MAX)
                        continue;
                json_array_append_new(list, json_pack("{ss sI so}", "role", role_names[role],
                                                      "unit", (json_int_t)sql_int(q, 1),
                                                      "unit_name", api_json_text(sql_span(q, 2))));
        }
        return r;
}

static int add_permissions(struct api_call *c, json_t *o) {
        json_t *list = json_array();
        const char *name;
        int r = 0;

        json_object_set_new(o, "permissions", list);
        for (unsigned i = 0; r >= 0 && (name = permission_name(i)); i++) {
                r = c->who.half ? 0 : api_holds(c, name);
                if (r == 1)
                        json_array_append_new(list, json_string(name));
        }
        return r < 0 ? r : 0;
}

/* Roles that decide over others' work or people have a second factor (API_SECOND asks for it anyway). */
static int wants_second(struct api_call *c) {
        int64_t one;

        return sql_get_int(
                c->db, &one,
                "SELECT 1 FROM role_grant WHERE person=?1 AND role IN (2,3,8) AND since<=?2"
                " AND (until IS NULL OR until>?2) LIMIT 1",
                "ii", c->who.id, c->now);
}

static json_t *null_or_text(struct sql_rows *q, int column) {
        return sql_null(q, column) ? json_null() : api_json_text(sql_span(q, column));
}

static int add_person(struct api_call *c, json_t *o, bool *ret_totp) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT p.id, p.name, p.login, nullif(p.lang,''), p.title, p.totp IS NOT"
                         " NULL, p.codes_left, s.created, s.needs FROM person p LEFT JOIN session"
                         " s ON s.id=?2 WHERE p.id=?1",
                         "ii", c->who.id, c->who.session);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r;
        int64_t needs = sql_int(q, 8);
        json_t *step = needs & NEEDS_TOTP       ? json_string("totp")
                       : needs & NEEDS_PASSWORD ? json_string("new_password")
                                                : json_null();
        *ret_totp = sql_int(q, 5) != 0;
        json_object_set_new(o, "step", step);
        json_object_set_new(o, "person",
                            json_pack("{sI so so so so}", "id", (json_int_t)sql_int(q, 0), "name",
                                      api_json_text(sql_span(q, 1)), "login",
                                      api_json_text(sql_span(q, 2)), "lang", null_or_text(q, 3),
                                      "title", null_or_text(q, 4)));
        json_object_set_new(o, "has_totp", json_boolean(*ret_totp));
        json_object_set_new(o, "codes_left", json_integer(sql_int(q, 6)));
        json_object_set_new(o, "must_change_password", json_boolean(needs & NEEDS_PASSWORD));
        json_object_set_new(o, "expires",
                            api_json_time(sql_null(q, 7) ? TIME_NONE
                                                         : sql_int(q, 7) + (needs ? SESSION_HALF_S
                                                                                  : SESSION_MAX_S) *
                                                                                   NS_PER_SEC));
        return 0;
}

/* What a guest may see, and until when; null: no guest. */
static int add_guest(struct api_call *c, json_t *o) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        json_t *guest = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT incident, tlp, until FROM guest WHERE person=?1 AND until>?2"
                         " ORDER BY id DESC LIMIT 1",
                         "ii", c->who.id, c->now);

        if (r == 0)
                r = sql_next(q);
        if (r == 1)
                guest = json_pack("{sI so so}", "incident", (json_int_t)sql_int(q, 0), "tlp",
                                  api_json_text(sql_span(q, 1)), "until",
                                  api_json_time(sql_time(q, 2)));
        json_object_set_new(o, "guest", guest ? guest : json_null());
        return MIN(r, 0);
}

/* The answer of most of these operations. */
static int show(struct api_call *c) {
        bool totp = false;
        int64_t idle = 0;

        json_decref(c->answer);
        c->answer = json_object();
        int r = add_person(c, c->answer, &totp);
        if (r == 0)
                r = add_roles(c, c->answer);
        if (r == 0)
                r = add_permissions(c, c->answer);
        if (r == 0)
                r = lent_names(c, c->answer);
        if (r == 0)
                r = add_guest(c, c->answer);
        if (r == 0)
                r = session_idle_of(c->db, c->who.id, c->now, &idle);
        if (r == 0)
                r = wants_second(c);
        if (r < 0)
                return r;
        json_object_set_new(c->answer, "level_idle_s", json_integer(idle));
        json_object_set_new(c->answer, "second_at", api_json_time(c->who.second));
        json_object_set_new(c->answer, "needs_totp", json_boolean(r == 1 && !totp));
        json_object_set_new(c->answer, "now", api_json_time(c->now));
        return 0;
}

static int session_get(struct api_call *c) {
        if (c->who.local)
                return api_missing(c);
        return show(c);
}

/* ---- sessions ---- */

/* L2. `needs` from now on. */
static int forward(struct api_call *c, int64_t needs) {
        unsigned char hash[32];

        session_token(c->token, hash);
        c->say |= API_SAY_COOKIE;
        c->who.half = needs != 0;
        return sql_do(c->db,
                      "UPDATE session SET hash=?2, needs=?3, last=?4, second_at=?5, wrong=0,"
                      " created=CASE WHEN needs<>0 AND ?3=0 THEN ?4 ELSE created END WHERE id=?1",
                      "ixiiT", c->who.session, hash_span_of(hash), needs, c->now, c->who.second);
}

static int needs_of(struct api_call *c, int64_t *ret) {
        int r = sql_get_int(c->db, ret, "SELECT needs FROM session WHERE id=?1", "i",
                            c->who.session);

        return r < 0 ? r : r == 1 ? 0 : api_missing(c);
}

static struct attempt attempt_of(struct api_call *c, const struct signing *s) {
        return (struct attempt){s->login, s->person, c->ask->address, s->known};
}

/* Old sessions go when somebody signs in: nobody has to count time for that. */
static int forget_old(struct api_call *c) {
        return sql_do(c->db, "DELETE FROM session WHERE last<?1", "i",
                      c->now - SESSION_MAX_S * NS_PER_SEC);
}

static int begin_session(struct api_call *c, const struct signing *s) {
        int64_t needs = (s->totp ? NEEDS_TOTP : 0) | (s->one_time ? NEEDS_PASSWORD : 0);
        unsigned char hash[32];
        char address[64] = "";
        int r = forget_old(c);

        (void)api_address_text(c->ask->address, address, sizeof(address));
        if (r < 0)
                return r;
        session_token(c->token, hash);
        c->say |= API_SAY_COOKIE;
        r = sql_do(c->db,
                   "INSERT INTO session(hash,person,needs,created,last,address)"
                   " VALUES(?1,?2,?3,?4,?4,?5)",
                   "xiiis", hash_span_of(hash), s->person, needs, c->now, address);
        if (r < 0)
                return r;
        c->who = (struct api_person){.id = s->person,
                                     .session = sql_last_id(c->db),
                                     .name = s->name,
                                     .second = TIME_NONE,
                                     .half = needs != 0};
        snprintf(c->about, sizeof(c->about), "person %lld", (long long)s->person);
        struct attempt a = attempt_of(c, s);
        r = needs & NEEDS_TOTP ? 0 : attempt_done(c->db, &a, c->now);
        if (r == 0)
                r = sql_do(c->db, "UPDATE person SET last_seen=?2 WHERE id=?1", "ii", s->person,
                           c->now);
        return r < 0 ? r : show(c);
}

/* ---- the password ---- */

static int wrong_login(struct api_call *c) {
        return api_refuse(c, 401, "wrong_login", "the login or the password is not right",
                          "tên đăng nhập hoặc mật khẩu không đúng");
}

static int wait(struct api_call *c, int64_t seconds) {
        c->retry = seconds;
        return api_refuse(c, 429, "wait", "too many wrong tries: wait a little before the next",
                          "đã sai quá nhiều lần: hãy đợi một lát rồi thử lại");
}

/* Who it would be: a person who may sign in, or nobody. *ret_box: of the arena. */
static int find_person(struct api_call *c, struct signing *s, struct span *ret_box) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT p.id, p.name, p.password, p.totp IS NOT NULL, p.one_time_until,"
                         " w.external FROM person p LEFT JOIN sign_in_way w ON w.person=p.id"
                         " WHERE p.login=?1 AND p.active AND (w.way='directory' OR (w.way IS NULL"
                         " AND p.password IS NOT NULL"
                         " AND (p.one_time_until IS NULL OR p.one_time_until>?2)))",
                         "ti", s->login, c->now);

        *ret_box = SPAN_NONE;
        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r;
        s->person = sql_int(q, 0);
        s->name = arena_dup(c->arena, sql_span(q, 1));
        s->totp = sql_int(q, 3);
        s->external = arena_dup(c->arena, sql_span(q, 5));
        if (s->external.len)
                return s->name.p && s->external.p ? 0 : FAIL(-ENOMEM);
        *ret_box = arena_dup(c->arena, sql_span(q, 2));
        s->one_time = !sql_null(q, 4);
        return s->name.p && ret_box->p ? 0 : FAIL(-ENOMEM);
}

static int opened(struct api_call *c) {
        struct signing *s = c->kept;
        struct attempt t = attempt_of(c, s);
        const struct courier_said *directory = c->said;
        int error = s->external.len ? directory->error
                                    : ((const struct msg_vault_answer *)c->said)->error;

        if (s->external.len && error && error != -EACCES)
                return signin_directory_away(c);
        if (error == -EAGAIN)
                return api_vault_busy(c);
        if (error == 0)
                return begin_session(c, s);
        int r = attempt_failed(c->db, &t, c->now);
        if (r < 0)
                return r;
        c->keep = true;
        /* What was typed as a login may be a password: only logins that exist are written down. */
        if (s->person) {
                snprintf(c->about, sizeof(c->about), "person %lld", (long long)s->person);
                c->detail = json_pack("{ss}", "refused", "wrong password");
        }
        return wrong_login(c);
}

static int session_open(struct api_call *c) {
        struct span box;
        int64_t seconds = 0;

        if (c->said)
                return opened(c);
        if (c->who.local)
                return api_refuse(c, 403, "local", "whoever is local has no session",
                                  "truy cập cục bộ không có phiên làm việc");
        struct signing *s = arena_zalloc(c->arena, sizeof(*s));
        if (!s)
                return FAIL(-ENOMEM);
        s->login = login_fold(c->arena, api_text(c, "login"));
        int r = find_person(c, s, &box);
        struct attempt a = attempt_of(c, s);
        if (r == 0)
                r = attempt_known(c->db, &a, c->now);
        if (r == 0)
                r = attempt_wait(c->db, &a, c->now, &seconds);
        if (r < 0)
                return r;
        if (seconds)
                return wait(c, seconds);
        s->known = a.known;
        c->kept = s;
        if (s->external.len && errands_waiting(c->desk) >= (a.known ? ELSEWHERE_MAX : UNKNOWN_MAX))
                return api_vault_busy(c); /* L3 */
        if (s->external.len) {
                r = signin_ask_directory(c, s->external, api_text(c, "password"));
                people_wipe(c, "password");
                return r;
        }
        if (vault_waits(c->desk) >= (a.known ? KNOWN_MAX : UNKNOWN_MAX)) /* L3 */
                return api_vault_busy(c);
        r = people_check(c, s->person, box, api_text(c, "password"), a.known);
        people_wipe(c, "password");
        return r;
}

int session_begin_of(struct api_call *c, int64_t person) {
        struct signing s = {.person = person};
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q, "SELECT name, login, totp IS NOT NULL FROM person WHERE id=?1",
                         "i", person);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r < 0 ? r : api_missing(c);
        s.name = arena_dup(c->arena, sql_span(q, 0));
        s.login = arena_dup(c->arena, sql_span(q, 1));
        s.totp = sql_int(q, 2);
        q = sql_end(q);
        return s.name.p && s.login.p ? begin_session(c, &s) : FAIL(-ENOMEM);
}

/* ---- the second factor ---- */

static int person_box(struct api_call *c, const char *text, struct span *ret_box,
                      int64_t *ret_step) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q, text, "i", c->who.id);

        *ret_box = SPAN_NONE;
        if (r == 0)
                r = sql_next(q);
        if (r != 1 || sql_null(q, 0))
                return r < 0 ? r : 0;
        *ret_box = arena_dup(c->arena, sql_span(q, 0));
        *ret_step = sql_int(q, 1);
        return ret_box->p ? 1 : FAIL(-ENOMEM);
}

static int ask_code(struct api_call *c, enum vault_message what, struct span box, int64_t step) {
        struct msg_vault_ask m = {.type = what, .person = c->who.id, .step = step};
        struct span code = api_text(c, "code");

        if (box.len > sizeof(m.box) || code.len > sizeof(m.text))
                return FAIL(-EBADMSG);
        memcpy(m.box, box.p, box.len);
        m.box_len = (uint32_t)box.len;
        memcpy(m.text, code.p, code.len);
        m.text_len = (uint32_t)code.len;
        int r = api_vault(c, &m);
        sodium_memzero(&m, sizeof(m));
        people_wipe(c, "code");
        return r;
}

/* L4. `refused`: what the audit log says; 0: the session goes on; else it has ended, which is said. */
static int wrong_try(struct api_call *c, const char *refused) {
        int64_t wrong = 0;
        int r = sql_do(c->db, "UPDATE session SET wrong=wrong+1 WHERE id=?1", "i", c->who.session);

        if (r == 0)
                r = sql_get_int(c->db, &wrong, "SELECT wrong FROM session WHERE id=?1", "i",
                                c->who.session);
        if (r < 0)
                return r;
        c->keep = true;
        c->detail = json_pack("{ss}", "refused", refused);
        if (wrong < WRONG_MAX)
                return 0;
        r = sql_do(c->db, "DELETE FROM session WHERE id=?1", "i", c->who.session);
        if (r < 0)
                return r;
        c->say |= API_SAY_FORGET;
        return api_refuse(c, 401, "sign_in", "too many wrong tries: sign in again",
                          "sai mã quá nhiều lần: hãy đăng nhập lại");
}

static int wrong_code(struct api_call *c) {
        int r = wrong_try(c, "wrong code");
        return r != 0 ? r
                      : api_refuse(c, 403, "wrong_code",
                                   "the code is not right, or was used before: take the next one",
                                   "mã không đúng hoặc đã dùng: hãy dùng mã kế tiếp");
}

static int wrong_password(struct api_call *c) {
        int r = wrong_try(c, "wrong password");

        if (r != 0)
                return r;
        (void)api_fault_at(c, "old", "this is not your present password",
                           "đây không phải mật khẩu hiện tại", "type the one you signed in with",
                           "gõ mật khẩu bạn vừa đăng nhập");
        return api_refuse(c, 403, "wrong_password", "the present password is not right",
                          "mật khẩu hiện tại không đúng");
}

int totp_ask(struct api_call *c) {
        struct span box;
        int64_t step = 0;
        int r = person_box(c, "SELECT totp, totp_step FROM person WHERE id=?1", &box, &step);

        if (r < 0)
                return r;
        return r ? ask_code(c, VAULT_TOTP_CHECK, box, step)
                 : api_refuse(c, 403, "enrol", "there is no second factor yet: set one up first",
                              "chưa có yếu tố thứ hai: hãy thiết lập trước");
}

/* `text` begins with room for the code. */
#define CODE_ROOM 16u
static int ask_signed(struct api_call *c, enum vault_message what, char *text, size_t len) {
        struct msg_vault_ask m = {.type = what, .person = c->who.id};
        struct span box, code = api_text(c, "code");
        int r = person_box(c, "SELECT totp, totp_step FROM person WHERE id=?1", &box, &m.step);

        if (r < 0)
                return r;
        if (r == 0)
                return api_refuse(c, 403, "enrol",
                                  "there is no second factor yet: set one up first",
                                  "chưa có yếu tố thứ hai: hãy thiết lập trước");
        if (box.len > sizeof(m.box) || code.len >= CODE_ROOM || len > sizeof(m.text))
                return FAIL(-EBADMSG);
        memcpy(m.box, box.p, box.len);
        m.box_len = (uint32_t)box.len;
        memcpy(text, code.p, code.len);
        memcpy(m.text, text, len);
        m.text_len = (uint32_t)len;
        r = api_vault(c, &m);
        sodium_memzero(&m, sizeof(m));
        sodium_memzero(text, CODE_ROOM);
        people_wipe(c, "code");
        return r;
}

int order_ask(struct api_call *c, const struct order *o) {
        struct order_ask a = {.order = *o};

        _Static_assert(sizeof(a.code) == CODE_ROOM && offsetof(struct order_ask, code) == 0, "");
        return ask_signed(c, VAULT_ORDER, (char *)&a, sizeof(a));
}

int court_ask(struct api_call *c, const struct court_sign *s) {
        struct court_ask a = {.sign = *s};

        _Static_assert(sizeof(a.code) == CODE_ROOM && offsetof(struct court_ask, code) == 0, "");
        return ask_signed(c, VAULT_COURT, (char *)&a, sizeof(a));
}

/* The step is compared once more: of two that ask with the same code at once, one wins. */
int totp_said(struct api_call *c) {
        const struct msg_vault_answer *a = c->said;
        int r;

        if (a->error == -EAGAIN)
                return api_vault_busy(c);
        if (a->error)
                return wrong_code(c);
        r = sql_do(c->db, "UPDATE person SET totp_step=?2 WHERE id=?1 AND totp_step<?2", "ii",
                   c->who.id, a->step);
        if (r < 0)
                return r;
        if (sql_changes(c->db) != 1)
                return wrong_code(c);
        c->who.second = c->now;
        return 0;
}

/* The person whom a half session is of, for the limits of guessing. */
static int attempt_of_self(struct api_call *c, struct attempt *ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q, "SELECT login FROM person WHERE id=?1", "i", c->who.id);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r < 0 ? r : FAIL(-EBADMSG);
        *ret = (struct attempt){.person = c->who.id, .address = c->ask->address};
        ret->login = arena_dup(c->arena, sql_span(q, 0));
        if (!ret->login.p)
                return FAIL(-ENOMEM);
        return attempt_known(c->db, ret, c->now);
}

/* A session that needed it, needs it no more. */
static int second_shown(struct api_call *c) {
        struct attempt a;
        int64_t needs = 0;
        int r = needs_of(c, &needs);

        if (r != 0)
                return r;
        if (needs & NEEDS_TOTP) {
                r = attempt_of_self(c, &a);
                if (r == 0)
                        r = attempt_done(c->db, &a, c->now);
        }
        if (r == 0)
                r = forward(c, needs & ~(int64_t)NEEDS_TOTP);
        return r < 0 ? r : show(c);
}

/* Wrong codes of a half session count as wrong sign-ins: another password does not give five more. */
static int half_failed(struct api_call *c, int r) {
        struct attempt a;

        if (r != API_E_REFUSED || !c->keep || !c->who.half)
                return r;
        int e = attempt_of_self(c, &a);
        if (e == 0)
                e = attempt_failed(c->db, &a, c->now);
        return e < 0 ? e : r;
}

/* Before a code of a half session is looked at. */
static int half_may(struct api_call *c) {
        struct attempt a;
        int64_t seconds = 0;

        if (!c->who.half)
                return 0;
        int r = attempt_of_self(c, &a);
        if (r == 0)
                r = attempt_wait(c->db, &a, c->now, &seconds);
        return r < 0 ? r : seconds ? wait(c, seconds) : 0;
}

static int session_totp(struct api_call *c) {
        int r;

        if (!c->who.session)
                return api_missing(c);
        if (!c->said)
                return (r = half_may(c)) != 0 ? r : totp_ask(c);
        r = totp_said(c);
        return r == 0 ? second_shown(c) : half_failed(c, r);
}

static int session_recovery(struct api_call *c) {
        const struct msg_vault_answer *a = c->said;
        struct span box;
        int64_t left = 0;
        int r;

        if (!c->who.session)
                return api_missing(c);
        if (!a) {
                r = half_may(c);
                if (r != 0)
                        return r;
                r = person_box(c, "SELECT codes, codes_left FROM person WHERE id=?1", &box, &left);
                if (r < 0)
                        return r;
                return r ? ask_code(c, VAULT_CODES_CHECK, box, 0)
                         : api_refuse(c, 403, "no_codes", "there are no recovery codes left",
                                      "không còn mã khôi phục nào");
        }
        if (a->error == -EAGAIN)
                return api_vault_busy(c);
        if (a->error)
                return half_failed(c, wrong_code(c));
        /* Of two that show one code at once the second finds another count, and is too late. */
        r = sql_do(c->db,
                   "UPDATE person SET codes=?2, codes_left=?3 WHERE id=?1 AND codes_left=?3+1",
                   "ixi", c->who.id, span_of((const char *)a->box, a->box_len), a->step);
        if (r < 0)
                return r;
        if (sql_changes(c->db) != 1)
                return half_failed(c, wrong_code(c));
        c->who.second = c->now;
        c->detail = json_pack("{sI}", "codes_left", (json_int_t)a->step);
        r = people_told(c, c->who.id, TOLD_RECOVERY);
        return r != 0 ? r : second_shown(c);
}

/* ---- a new password ---- */

struct changing {
        bool checked; /* the old one was right */
};

static int own_row(struct api_call *c, struct span *ret_login, bool *ret_totp) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q, "SELECT login, totp IS NOT NULL FROM person WHERE id=?1", "i",
                         c->who.id);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r < 0 ? r : FAIL(-EBADMSG);
        *ret_login = arena_dup(c->arena, sql_span(q, 0));
        *ret_totp = sql_int(q, 1) != 0;
        return ret_login->p ? 0 : FAIL(-ENOMEM);
}

static int hash_new(struct api_call *c) {
        int r = people_ask(c, VAULT_HASH, c->who.id, SPAN_NONE, api_text(c, "new"));

        people_wipe(c, "new");
        return r;
}

static int begin_change(struct api_call *c) {
        struct span login = SPAN_NONE, box;
        int64_t needs = 0, ignored, one;
        bool totp = false;
        int r = needs_of(c, &needs);

        if (r == 0)
                r = sql_get_int(c->db, &one, "SELECT 1 FROM sign_in_way WHERE person=?1", "i",
                                c->who.id);
        if (r == 1)
                return api_refuse(c, 409, "elsewhere",
                                  "your password is not kept here: change it where it is",
                                  "mật khẩu của bạn không lưu ở đây: hãy đổi tại nơi lưu");
        if (r == 0 && (needs & NEEDS_TOTP))
                r = api_refuse(c, 403, "totp", "the second factor is missing",
                               "còn thiếu yếu tố xác thực thứ hai");
        if (r == 0)
                r = own_row(c, &login, &totp);
        if (r == 0)
                r = password_fit(c, "new", api_text(c, "new"), login, totp);
        if (r == 0 && span_eq(api_text(c, "old"), api_text(c, "new")))
                r = api_fault_at(c, "new", "it is the old one", "trùng mật khẩu cũ",
                                 "take another one", "chọn mật khẩu khác");
        if (r == 0 && vault_waits(c->desk) >= KNOWN_MAX)
                r = api_vault_busy(c);
        if (r != 0)
                return r;
        struct changing *k = arena_zalloc(c->arena, sizeof(*k));
        c->kept = k;
        if (!k)
                return FAIL(-ENOMEM);
        if (needs & NEEDS_PASSWORD) {
                k->checked = true;
                return hash_new(c);
        }
        r = person_box(c, "SELECT password, 0 FROM person WHERE id=?1", &box, &ignored);
        if (r < 0)
                return r;
        r = people_ask(c, VAULT_CHECK, c->who.id, box, api_text(c, "old"));
        people_wipe(c, "old");
        return r;
}

static int session_password(struct api_call *c) {
        const struct msg_vault_answer *a = c->said;
        struct changing *k = c->kept;
        int64_t needs = 0;
        int r;

        if (!c->who.session)
                return api_missing(c);
        if (!a)
                return begin_change(c);
        if (a->error == -EAGAIN)
                return api_vault_busy(c);
        if (!k->checked && a->error)
                return wrong_password(c);
        if (!k->checked) {
                k->checked = true;
                return hash_new(c);
        }
        if (a->error)
                return FAIL(-EIO);
        r = sql_do(c->db,
                   "UPDATE person SET password=?2, password_at=?3, one_time_until=NULL WHERE id=?1",
                   "ixi", c->who.id, span_of((const char *)a->box, a->box_len), c->now);
        if (r == 0)
                r = session_end_all(c->db, c->who.id, c->who.session);
        if (r == 0)
                r = needs_of(c, &needs);
        if (r == 0)
                r = people_told(c, c->who.id, TOLD_PASSWORD);
        if (r == 0)
                r = forward(c, needs & ~(int64_t)NEEDS_PASSWORD);
        snprintf(c->about, sizeof(c->about), "person %lld", (long long)c->who.id);
        return r != 0 ? r : show(c);
}

static int session_second(struct api_call *c) {
        if (!c->who.session)
                return api_missing(c);
        if (!c->said)
                return totp_ask(c);
        int r = totp_said(c);
        if (r == 0)
                r = forward(c, 0);
        return r != 0 ? r : show(c);
}

/* ---- their end ---- */

static int session_end(struct api_call *c) {
        c->say |= API_SAY_FORGET;
        return sql_do(c->db, "DELETE FROM session WHERE id=?1", "i", c->who.session);
}

static int sessions_list(struct api_call *c) {
        int64_t idle = 0;
        int r = session_idle_of(c->db, c->who.id, c->now, &idle);

        if (r < 0)
                return r;
        struct span mine = arena_printf(
                c->arena,
                "s.person=" SQL_OWN_INT " AND s.needs=0 AND s.last>%lld AND s.created>%lld",
                (long long)c->who.id, (long long)(c->now - idle * NS_PER_SEC),
                (long long)(c->now - SESSION_MAX_S * NS_PER_SEC));
        struct span current =
                arena_printf(c->arena, "s.id=" SQL_OWN_INT, (long long)c->who.session);
        const char *const all[] = {"s.id", "s.created", "s.last", "s.address", current.p};
        const char **columns = arena_alloc(c->arena, sizeof(all)); /* a CSV outlives this */

        if (!mine.p || !current.p || !columns)
                return FAIL(-ENOMEM);
        memcpy(columns, all, sizeof(all));
        return api_list(c, &(struct api_list_spec){.shape = c->op->answer,
                                                   .columns = columns,
                                                   .from = "session s",
                                                   .where = mine.p,
                                                   .id = "s.id"});
}

static int sessions_end(struct api_call *c) {
        int r = sql_do(c->db, "DELETE FROM session WHERE id=?1 AND person=?2", "ii",
                       api_int(c, "id", 0), c->who.id);

        if (r < 0)
                return r;
        return sql_changes(c->db) ? 0 : api_missing(c);
}

/* ---- setting up a second factor ---- */

/* One that is there is replaced only by who has it at hand. */
static int may_replace(struct api_call *c, struct span *ret_login) {
        bool totp = false;
        int r = own_row(c, ret_login, &totp);

        if (r == 0 && totp &&
            (c->who.second == TIME_NONE || c->now - c->who.second >= SECOND_FRESH_S * NS_PER_SEC))
                r = api_refuse(c, 403, "second_factor", "show your second factor again",
                               "hãy xác thực lại yếu tố thứ hai");
        return r;
}

static void uri_text(struct buf *to, struct span s) {
        for (size_t i = 0; i < s.len; i++) {
                unsigned char ch = (unsigned char)s.p[i];

                if ((ascii_lower(s.p[i]) >= 'a' && ascii_lower(s.p[i]) <= 'z') ||
                    (ch >= '0' && ch <= '9') || ch == '-' || ch == '.' || ch == '_')
                        buf_char(to, s.p[i]);
                else
                        buf_printf(to, "%%%02X", ch);
        }
}

static int totp_begin(struct api_call *c) {
        const struct msg_vault_answer *a = c->said;
        _cleanup_(buf_deinit) struct buf uri = {.limit = 1024};
        struct span login;

        if (!c->who.session)
                return api_missing(c);
        int r = may_replace(c, &login);
        if (r != 0)
                return r;
        if (!a)
                return people_ask(c, VAULT_TOTP_MAKE, c->who.id, SPAN_NONE, SPAN_NONE);
        if (a->error)
                return api_vault_busy(c);
        r = sql_do(c->db, "UPDATE person SET totp_new=?2 WHERE id=?1", "ix", c->who.id,
                   span_of((const char *)a->box, a->box_len));
        if (r < 0)
                return r;
        buf_str(&uri, "otpauth://totp/Coloa:");
        uri_text(&uri, login);
        buf_printf(&uri, "?secret=%.*s&issuer=Coloa", (int)a->text_len, a->text);
        c->answer = json_pack("{so so}", "secret", api_json_text(span_of(a->text, a->text_len)),
                              "uri", api_json_text(buf_get(&uri)));
        sodium_memzero(uri.p, uri.len);
        return uri.failed ? FAIL(-ENOMEM) : 0;
}

static json_t *lines_of(const struct msg_vault_answer *a) {
        json_t *list = json_array();
        const char *p = a->text, *end = p + a->text_len, *nl;

        for (; p < end && (nl = memchr(p, '\n', (size_t)(end - p))); p = nl + 1)
                json_array_append_new(list, json_stringn(p, (size_t)(nl - p)));
        return json_pack("{so}", "recovery_codes", list);
}

static int keep_codes(struct api_call *c) {
        const struct msg_vault_answer *a = c->said;

        if (a->error)
                return api_vault_busy(c);
        c->answer = lines_of(a);
        return sql_do(c->db, "UPDATE person SET codes=?2, codes_left=?3 WHERE id=?1", "ixi",
                      c->who.id, span_of((const char *)a->box, a->box_len), (int64_t)VAULT_CODES);
}

static int confirmed(struct api_call *c) {
        const struct msg_vault_answer *a = c->said;
        int64_t needs = 0;
        int r;

        if (a->error == -EAGAIN)
                return api_vault_busy(c);
        if (a->error)
                return wrong_code(c);
        c->who.second = c->now;
        r = sql_do(c->db,
                   "UPDATE person SET totp=totp_new, totp_new=NULL, totp_step=?2 WHERE id=?1"
                   " AND totp_new IS NOT NULL",
                   "ii", c->who.id, a->step);
        if (r == 0)
                r = session_end_all(c->db, c->who.id, c->who.session);
        if (r == 0)
                r = needs_of(c, &needs);
        if (r == 0)
                r = people_told(c, c->who.id, TOLD_SECOND);
        if (r == 0)
                r = forward(c, needs);
        c->kept = c; /* the codes come next */
        return r != 0 ? r : people_ask(c, VAULT_CODES_MAKE, c->who.id, SPAN_NONE, SPAN_NONE);
}

static int totp_confirm(struct api_call *c) {
        struct span box, login;
        int64_t step = 0;

        if (!c->who.session)
                return api_missing(c);
        if (c->said)
                return c->kept ? keep_codes(c) : confirmed(c);
        int r = may_replace(c, &login);
        if (r != 0)
                return r;
        r = person_box(c, "SELECT totp_new, 0 FROM person WHERE id=?1", &box, &step);
        if (r < 0)
                return r;
        return r ? ask_code(c, VAULT_TOTP_CHECK, box, 0)
                 : api_refuse(c, 409, "begin", "there is nothing to confirm: begin first",
                              "chưa có gì để xác nhận: hãy bắt đầu trước");
}

static int totp_codes(struct api_call *c) {
        if (!c->who.session)
                return api_missing(c);
        return c->said ? keep_codes(c)
                       : people_ask(c, VAULT_CODES_MAKE, c->who.id, SPAN_NONE, SPAN_NONE);
}

/* ---- tokens of scripts ---- */

static int tokens_list(struct api_call *c) {
        static const char *const columns[] = {"t.id",      "t.name",  "t.permissions",
                                              "t.created", "t.until", "t.last"};
        struct span mine = arena_printf(c->arena, "t.person=" SQL_OWN_INT, (long long)c->who.id);

        if (!mine.p)
                return FAIL(-ENOMEM);
        return api_list(c, &(struct api_list_spec){.shape = c->op->answer,
                                                   .columns = columns,
                                                   .from = "token t",
                                                   .where = mine.p,
                                                   .id = "t.id",
                                                   .search = {"t.name"}});
}

/* Names that there are, and that the asker holds. */
static int permissions_of(struct api_call *c, struct buf *to) {
        const json_t *list = json_object_get(c->in, "permissions");

        for (size_t i = 0; i < json_array_size(list); i++) {
                const char *name = json_string_value(json_array_get(list, i));
                int r = permission_roles(name) ? api_holds(c, name) : 0;

                if (r < 0)
                        return r;
                if (r == 0)
                        return api_fault_at(c, "permissions",
                                            "you do not hold one of these yourself",
                                            "chính bạn không có một trong các quyền này",
                                            "take names of your own permissions",
                                            "chọn trong các quyền của chính bạn");
                buf_printf(to, "%s%s", to->len ? " " : "", name);
        }
        return to->failed ? FAIL(-ENOMEM) : 0;
}

#define TOKEN_DAYS 366
#define TOKENS_MAX 50

static int tokens_make(struct api_call *c) {
        _cleanup_(buf_deinit) struct buf names = {.limit = 8192};
        unsigned char token[API_TOKEN_BYTES], hash[32];
        char hex[2 * API_TOKEN_BYTES + 1];
        int64_t until = api_time(c, "until"), n = 0;

        if (!c->who.session)
                return api_missing(c);
        if (until <= c->now || until > c->now + TOKEN_DAYS * INT64_C(86400) * NS_PER_SEC)
                api_fault_at(c, "until", "it is past, or more than a year from now",
                             "thời điểm đã qua hoặc quá một năm", "take a day within a year",
                             "chọn một ngày trong vòng một năm");
        int r = permissions_of(c, &names);
        if (r != 0)
                return r;
        r = sql_get_int(c->db, &n, "SELECT count(*) FROM token WHERE person=?1", "i", c->who.id);
        if (r == 1 && n >= TOKENS_MAX)
                return api_refuse(c, 409, "too_many", "you have 50 tokens: end one first",
                                  "bạn đã có 50 mã: hãy hủy bớt một mã");
        if (r != 1)
                return r;
        session_token(token, hash);
        r = sql_do(c->db,
                   "INSERT INTO token(hash,person,name,permissions,created,until)"
                   " VALUES(?1,?2,?3,?4,?5,?6)",
                   "xittii", hash_span_of(hash), c->who.id, api_text(c, "name"), buf_get(&names),
                   c->now, until);
        if (r < 0)
                return r;
        sodium_bin2hex(hex, sizeof(hex), token, sizeof(token));
        c->answer = json_pack("{sI ss}", "id", (json_int_t)sql_last_id(c->db), "token", hex);
        snprintf(c->about, sizeof(c->about), "token %lld", (long long)sql_last_id(c->db));
        c->detail = json_pack("{so}", "permissions", api_json_text(buf_get(&names)));
        sodium_memzero(hex, sizeof(hex));
        sodium_memzero(token, sizeof(token));
        return 0;
}

static int tokens_end(struct api_call *c) {
        int r = sql_do(c->db, "DELETE FROM token WHERE id=?1 AND person=?2", "ii",
                       api_int(c, "id", 0), c->who.id);

        snprintf(c->about, sizeof(c->about), "token %lld", (long long)api_int(c, "id", 0));
        if (r < 0)
                return r;
        return sql_changes(c->db) ? 0 : api_missing(c);
}

extern const struct api_binding api_session_bindings[];
const struct api_binding api_session_bindings[] = {
        {"session.get", session_get},
        {"session.open", session_open},
        {"session.totp", session_totp},
        {"session.recovery", session_recovery},
        {"session.password", session_password},
        {"session.second", session_second},
        {"session.end", session_end},
        {"sessions.list", sessions_list},
        {"sessions.end", sessions_end},
        {"totp.begin", totp_begin},
        {"totp.confirm", totp_confirm},
        {"totp.codes", totp_codes},
        {"tokens.list", tokens_list},
        {"tokens.make", tokens_make},
        {"tokens.end", tokens_end},
        {0},
};

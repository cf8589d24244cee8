/* The second factor: codes that a phone shows (TOTP), recovery codes, setting both up. What is asked of the vault, and
 * what it said, are one handler called twice (c->said).
 *
 *   L4. A code counts once (the last used step is kept), and WRONG_MAX wrong ones end the session. (L1 to
 *       L3: api_session.c.) */
#include <sodium.h>

#include "desk/people.h"
#include "desk/session_impl.h"
#include "wire/court.h"
#include "wire/order.h"

#define WRONG_MAX 5

/* ---- the second factor ---- */

int session_box(struct api_call *c, const char *text, struct span *ret_box, int64_t *ret_step) {
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

int session_wrong_password(struct api_call *c) {
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
        int r = session_box(c, "SELECT totp, totp_step FROM person WHERE id=?1", &box, &step);

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
        int r = session_box(c, "SELECT totp, totp_step FROM person WHERE id=?1", &box, &m.step);

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
        int r = session_needs(c, &needs);

        if (r != 0)
                return r;
        if (needs & NEEDS_TOTP) {
                r = attempt_of_self(c, &a);
                if (r == 0)
                        r = attempt_done(c->db, &a, c->now);
        }
        if (r == 0)
                r = session_forward(c, needs & ~(int64_t)NEEDS_TOTP);
        return r < 0 ? r : session_show(c);
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
        return r < 0 ? r : seconds ? session_wait(c, seconds) : 0;
}

int session_do_totp(struct api_call *c) {
        int r;

        if (!c->who.session)
                return api_missing(c);
        if (!c->said)
                return (r = half_may(c)) != 0 ? r : totp_ask(c);
        r = totp_said(c);
        return r == 0 ? second_shown(c) : half_failed(c, r);
}

int session_do_recovery(struct api_call *c) {
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
                r = session_box(c, "SELECT codes, codes_left FROM person WHERE id=?1", &box, &left);
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

/* ---- setting up a second factor ---- */

/* One that is there is replaced only by who has it at hand. */
static int may_replace(struct api_call *c, struct span *ret_login) {
        bool totp = false;
        int r = session_own(c, ret_login, &totp);

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

int session_do_totp_begin(struct api_call *c) {
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
                r = session_needs(c, &needs);
        if (r == 0)
                r = people_told(c, c->who.id, TOLD_SECOND);
        if (r == 0)
                r = session_forward(c, needs);
        c->kept = c; /* the codes come next */
        return r != 0 ? r : people_ask(c, VAULT_CODES_MAKE, c->who.id, SPAN_NONE, SPAN_NONE);
}

int session_do_totp_confirm(struct api_call *c) {
        struct span box, login;
        int64_t step = 0;

        if (!c->who.session)
                return api_missing(c);
        if (c->said)
                return c->kept ? keep_codes(c) : confirmed(c);
        int r = may_replace(c, &login);
        if (r != 0)
                return r;
        r = session_box(c, "SELECT totp_new, 0 FROM person WHERE id=?1", &box, &step);
        if (r < 0)
                return r;
        return r ? ask_code(c, VAULT_TOTP_CHECK, box, 0)
                 : api_refuse(c, 409, "begin", "there is nothing to confirm: begin first",
                              "chưa có gì để xác nhận: hãy bắt đầu trước");
}

int session_do_totp_codes(struct api_call *c) {
        if (!c->who.session)
                return api_missing(c);
        return c->said ? keep_codes(c)
                       : people_ask(c, VAULT_CODES_MAKE, c->who.id, SPAN_NONE, SPAN_NONE);
}

/* What the signed-in do with their own way in: another password, an end to sessions, tokens for scripts. */
#include <sodium.h>

#include "desk/people.h"
#include "desk/session_impl.h"

/* ---- a new password ---- */

struct changing {
        bool checked; /* the old one was right */
};

int session_own(struct api_call *c, struct span *ret_login, bool *ret_totp) {
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
        int r = session_needs(c, &needs);

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
                r = session_own(c, &login, &totp);
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
        r = session_box(c, "SELECT password, 0 FROM person WHERE id=?1", &box, &ignored);
        if (r < 0)
                return r;
        r = people_ask(c, VAULT_CHECK, c->who.id, box, api_text(c, "old"));
        people_wipe(c, "old");
        return r;
}

int session_do_password(struct api_call *c) {
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
                return session_wrong_password(c);
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
                r = session_needs(c, &needs);
        if (r == 0)
                r = people_told(c, c->who.id, TOLD_PASSWORD);
        if (r == 0)
                r = session_forward(c, needs & ~(int64_t)NEEDS_PASSWORD);
        snprintf(c->about, sizeof(c->about), "person %lld", (long long)c->who.id);
        return r != 0 ? r : session_show(c);
}

int session_do_second(struct api_call *c) {
        if (!c->who.session)
                return api_missing(c);
        if (!c->said)
                return totp_ask(c);
        int r = totp_said(c);
        if (r == 0)
                r = session_forward(c, 0);
        return r != 0 ? r : session_show(c);
}

/* ---- their end ---- */

int session_do_end(struct api_call *c) {
        c->say |= API_SAY_FORGET;
        return sql_do(c->db, "DELETE FROM session WHERE id=?1", "i", c->who.session);
}

int session_do_sessions_list(struct api_call *c) {
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

int session_do_sessions_end(struct api_call *c) {
        int r = sql_do(c->db, "DELETE FROM session WHERE id=?1 AND person=?2", "ii",
                       api_int(c, "id", 0), c->who.id);

        if (r < 0)
                return r;
        return sql_changes(c->db) ? 0 : api_missing(c);
}

/* ---- tokens of scripts ---- */

int session_do_tokens_list(struct api_call *c) {
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

int session_do_tokens_make(struct api_call *c) {
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
                   "xittii", session_hash_span(hash), c->who.id, api_text(c, "name"),
                   buf_get(&names), c->now, until);
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

int session_do_tokens_end(struct api_call *c) {
        int r = sql_do(c->db, "DELETE FROM token WHERE id=?1 AND person=?2", "ii",
                       api_int(c, "id", 0), c->who.id);

        snprintf(c->about, sizeof(c->about), "token %lld", (long long)api_int(c, "id", 0));
        if (r < 0)
                return r;
        return sql_changes(c->db) ? 0 : api_missing(c);
}

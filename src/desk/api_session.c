/* Signing in, and what the signed-in see of themselves.
 *
 *     password ──► (second factor, when there is one) ──► (a new password, behind a one-time one) ──► whole
 *
 *   L1. Every wrong login sounds the same, and takes the vault as long: nobody learns from it which logins
 *       there are.
 *   L2. Each step forward gives the session another token: one that somebody had before is worth nothing.
 *   L3. Passwords wait for the vault, UNKNOWN_MAX of people from new places at most, KNOWN_MAX of all: a
 *       flood from somewhere leaves room for those who are where they always are.
 *   L5. While the directory is away every failed sign-in says so, whoever's it is, counts, and takes the vault's time: it is
 *       asked again every AGAIN_NS at most. So that nobody learns who signs in by it; only the first who meets it away, and
 *       one each AGAIN_NS by the time it takes, can be told.
 *   L6. What was counted while it was away holds while it is away, for everybody alike (A4 of attempts.c); and who has to wait
 *       for that alone is asked for all the same where it is to be asked, so that a try finds it back. A directory that
 *       comes and goes begins counts anew once each AWAY_NS at most: nobody guesses faster by it.
 *   L4. A code counts once (the last used step is kept), and WRONG_MAX wrong ones end the session. */
#include <sodium.h>

#include "desk/desk_impl.h"
#include "desk/errands.h"
#include "desk/lent.h"
#include "desk/people.h"
#include "desk/session_impl.h"

#define UNKNOWN_MAX 4u
#define ELSEWHERE_MAX 8u /* as many as the courier asks a directory at once */
#define AGAIN_NS (INT64_C(2) * NS_PER_SEC)
#define AWAY_NS (INT64_C(900) * NS_PER_SEC)

/* Between the password and what the vault says of it. */
struct signing {
        int64_t person, totp, one_time;
        struct span login, name,
                external; /* external: the directory's, which asks for the password */
        bool known;
        bool played;     /* L5: the vault took the directory's time */
        int64_t away;    /* L6: the time that the directory is away in; 0: it answers */
        int64_t seconds; /* L6: to wait while it is */
};

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
int session_show(struct api_call *c) {
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
        return session_show(c);
}

/* ---- sessions ---- */

/* L2. `needs` from now on. */
int session_forward(struct api_call *c, int64_t needs) {
        unsigned char hash[32];

        session_token(c->token, hash);
        c->say |= API_SAY_COOKIE;
        c->who.half = needs != 0;
        return sql_do(c->db,
                      "UPDATE session SET hash=?2, needs=?3, last=?4, second_at=?5, wrong=0,"
                      " created=CASE WHEN needs<>0 AND ?3=0 THEN ?4 ELSE created END WHERE id=?1",
                      "ixiiT", c->who.session, session_hash_span(hash), needs, c->now,
                      c->who.second);
}

int session_needs(struct api_call *c, int64_t *ret) {
        int r = sql_get_int(c->db, ret, "SELECT needs FROM session WHERE id=?1", "i",
                            c->who.session);

        return r < 0 ? r : r == 1 ? 0 : api_missing(c);
}

static struct attempt attempt_of(struct api_call *c, const struct signing *s) {
        return (struct attempt){s->login, s->person, c->ask->address, s->known, s->away};
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
                   "xiiis", session_hash_span(hash), s->person, needs, c->now, address);
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
        return r < 0 ? r : session_show(c);
}

/* ---- the password ---- */

static int wrong_login(struct api_call *c) {
        return api_refuse(c, 401, "wrong_login", "the login or the password is not right",
                          "tên đăng nhập hoặc mật khẩu không đúng");
}

int session_wait(struct api_call *c, int64_t seconds) {
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

static void directory_is(struct desk *d, bool away, int64_t now) {
        if (away && !d->directory_away && (!d->away_since || now - d->away_since >= AWAY_NS))
                d->away_since = now; /* L6 */
        d->directory_away = away;
}

static int64_t away_since(const struct desk *d) {
        return d->directory_away ? d->away_since : 0;
}

static int opened(struct api_call *c) {
        struct signing *s = c->kept;
        const struct courier_said *directory = c->said;
        bool asked = s->external.len && !s->played;
        int error = asked ? directory->error : ((const struct msg_vault_answer *)c->said)->error;

        if (asked) { /* L5 */
                directory_is(c->desk, error && error != -EACCES, c->now);
                error = c->desk->directory_away ? -EACCES : error;
        }
        if (asked || !s->away) /* it was away as this began: so it is answered */
                s->away = away_since(c->desk);
        if (error == -EAGAIN)
                return api_vault_busy(c);
        if (error == 0)
                return begin_session(c, s);
        if (s->seconds && s->away)
                return session_wait(c, s->seconds);
        struct attempt t = attempt_of(c, s);
        int r = attempt_failed(c->db, &t, c->now);
        if (r < 0)
                return r;
        c->keep = true;
        /* What was typed as a login may be a password: only logins that exist are written down. */
        if (s->person) {
                snprintf(c->about, sizeof(c->about), "person %lld", (long long)s->person);
                c->detail = json_pack("{ss}", "refused",
                                      s->external.len && s->away ? "the directory does not answer"
                                                                 : "wrong password");
        }
        return s->away ? signin_directory_away(c) : wrong_login(c);
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
                return session_wait(c, seconds);
        s->known = a.known;
        c->kept = s;
        if (s->external.len && !c->desk->directory_away &&
            errands_waiting(c->desk) >= (a.known ? ELSEWHERE_MAX : UNKNOWN_MAX))
                return api_vault_busy(c); /* L3 */
        if (s->external.len && !errands_directory(c->desk))
                directory_is(c->desk, true, c->now);
        a.away = s->away = away_since(c->desk);
        if (s->away)
                r = attempt_wait(c->db, &a, c->now, &s->seconds);
        if (r < 0)
                return r;
        s->played = s->external.len && c->desk->directory_away &&
                    (!errands_directory(c->desk) || c->now - c->desk->directory_asked < AGAIN_NS);
        if (s->seconds && (s->played || !s->external.len))
                return session_wait(c, s->seconds);
        if (s->external.len && !s->played) {
                c->desk->directory_asked = c->now;
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

extern const struct api_binding api_session_bindings[];
const struct api_binding api_session_bindings[] = {
        {"session.get", session_get},
        {"session.open", session_open},
        {"session.totp", session_do_totp},
        {"session.recovery", session_do_recovery},
        {"session.password", session_do_password},
        {"session.second", session_do_second},
        {"session.end", session_do_end},
        {"sessions.list", session_do_sessions_list},
        {"sessions.end", session_do_sessions_end},
        {"totp.begin", session_do_totp_begin},
        {"totp.confirm", session_do_totp_confirm},
        {"totp.codes", session_do_totp_codes},
        {"tokens.list", session_do_tokens_list},
        {"tokens.make", session_do_tokens_make},
        {"tokens.end", session_do_tokens_end},
        {0},
};

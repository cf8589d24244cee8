/* Signing in by the agency's account. The courier talks to the directory and to the provider; who somebody is
 * here, and what they may do, is this node's alone.
 *
 *   G1. Nobody comes in who is not there already: a name from elsewhere finds a person, or is refused.
 *   G2. A sign-in that went to the provider comes back once, within ten minutes, to the browser that began it: its
 *       state is known here by its hash, and that browser alone has the binder.
 *   G3. How a person signs in is changed by another, with a fresh second factor; it counts as a reset of
 *       theirs: who did it cannot have them approve what that one proposes.
 *   G5. Anybody may begin, so those on their way are bounded, and being many refuses nobody.
 *   G4. A second factor that is set up here is asked for here, whoever vouched for the first. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "desk/desk_impl.h"
#include "desk/errands.h"
#include "desk/people.h"

#define WAY_MOST 5000 /* sign-ins on their way */
#define WAY_NS (INT64_C(600) * NS_PER_SEC)
#define RANDOM 32u
#define TEXT (2 * RANDOM + 1)

static int ways(struct api_call *c) {
        const char *oidc = errands_oidc(c->desk);

        c->answer = json_pack("{sb sb sb ss?}", "password", true, "directory",
                              errands_directory(c->desk), "oidc", oidc != NULL, "oidc_name", oidc);
        return c->answer ? 0 : FAIL(-ENOMEM);
}

/* ---- to the provider ---- */

struct going {
        char state[TEXT], binder[TEXT], nonce[TEXT], verifier[TEXT];
};

static void random_text(char to[TEXT]) {
        unsigned char bytes[RANDOM];

        randombytes_buf(bytes, sizeof(bytes));
        sodium_bin2hex(to, TEXT, bytes, sizeof(bytes));
}

static void hash_text(struct span s, unsigned char to[32]) {
        crypto_generichash(to, 32, (const unsigned char *)s.p, s.len, NULL, 0);
}

/* RFC 7636: base64url of the verifier's SHA-256. */
static void challenge_of(const char *verifier, char *to, size_t room) {
        unsigned char hash[crypto_hash_sha256_BYTES];

        crypto_hash_sha256(hash, (const unsigned char *)verifier, strlen(verifier));
        sodium_bin2base64(to, room, hash, sizeof(hash), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static int ask(struct api_call *c, uint32_t kind, json_t *o) {
        char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;

        json_decref(o);
        if (!text)
                return FAIL(-ENOMEM);
        int r = api_courier(c, kind, span_str(text));
        sodium_memzero(text, strlen(text));
        free(text);
        return r;
}

static int away(struct api_call *c) {
        c->retry = 10;
        return api_refuse(
                c, 503, "provider_away",
                "the agency's sign-in does not answer: try again; or the login or the "
                "password of this node is not right",
                "hệ thống đăng nhập của cơ quan không trả lời: hãy thử lại; hoặc tên đăng "
                "nhập hay mật khẩu của nút này không đúng");
}

static int oidc_begin(struct api_call *c) {
        char challenge[64];
        int64_t n = 0;

        if (!errands_oidc(c->desk))
                return api_refuse(c, 409, "no_oidc",
                                  "signing in by the agency's account is not set up here",
                                  "nút này chưa bật đăng nhập bằng tài khoản cơ quan");
        int r = sql_do(c->db, "DELETE FROM sign_in WHERE created<?1", "i", c->now - WAY_NS);
        if (r == 0)
                r = sql_get_int(c->db, &n, "SELECT count(*) FROM sign_in", "");
        if (r < 0)
                return r;
        /* G5: the oldest goes: whoever begins many makes nobody wait. */
        if (n >= WAY_MOST)
                r = sql_do(c->db,
                           "DELETE FROM sign_in WHERE state IN (SELECT state FROM sign_in ORDER BY"
                           " created LIMIT ?1)",
                           "i", n - WAY_MOST + 1);
        if (r < 0)
                return r;
        struct going *g = arena_zalloc(c->arena, sizeof(*g));
        if (!g)
                return FAIL(-ENOMEM);
        random_text(g->state);
        random_text(g->binder);
        random_text(g->nonce);
        random_text(g->verifier);
        challenge_of(g->verifier, challenge, sizeof(challenge));
        c->kept = g;
        return ask(c, COURIER_OIDC,
                   json_pack("{ss ss ss ss}", "op", "begin", "state", g->state, "nonce", g->nonce,
                             "challenge", challenge));
}

static int oidc_go(struct api_call *c) {
        const struct courier_said *s = c->said;
        unsigned char state[32], binder[32];
        const struct going *g = c->kept;
        json_t *o;

        if (!s)
                return oidc_begin(c);
        if (s->error)
                return away(c);
        o = json_loadb(s->out.p, s->out.len, 0, NULL);
        const char *url = json_string_value(json_object_get(o, "url"));
        if (!url || strncmp(url, "https://", 8) != 0) {
                json_decref(o);
                return away(c);
        }
        hash_text(span_str(g->state), state);
        hash_text(span_str(g->binder), binder);
        c->answer = json_pack("{ss ss}", "url", url, "binder", g->binder);
        json_decref(o);
        c->quiet = true; /* G5: who comes back is written down */
        return sql_do(c->db,
                      "INSERT INTO sign_in(state,binder,nonce,verifier,created)"
                      " VALUES(?1,?2,?3,?4,?5)",
                      "xxssi", span_of((const char *)state, 32), span_of((const char *)binder, 32),
                      g->nonce, g->verifier, c->now);
}

/* ---- and back ---- */

static int not_known(struct api_call *c, const char *why) {
        c->keep = true;
        c->detail = json_pack("{ss}", "refused", why);
        return api_refuse(c, 401, "not_known",
                          "the agency's account is good, but nobody here is known by it: ask an "
                          "administrator",
                          "tài khoản cơ quan hợp lệ nhưng chưa gắn với ai ở đây: hãy hỏi quản trị");
}

static int refused(struct api_call *c, const char *why) {
        c->keep = true;
        c->detail = json_pack("{ss}", "refused", why);
        return api_refuse(c, 401, "refused",
                          "this sign-in is over, or not of this browser: begin again",
                          "lượt đăng nhập này đã hết hạn hoặc không phải của trình duyệt này: hãy "
                          "bắt đầu lại");
}

/* G2: taken off before anything else, whatever then comes of it. */
static int take_going(struct api_call *c, struct going *g) {
        unsigned char state[32], binder[32];
        struct span s;

        hash_text(api_text(c, "state"), state);
        hash_text(api_text(c, "binder"), binder);
        s = span_of((const char *)state, 32);
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                c->db, &q,
                "SELECT nonce, verifier, binder FROM sign_in WHERE state=?1 AND created>?2", "xi",
                s, c->now - WAY_NS);
        if (r == 0)
                r = sql_next(q);
        if (r < 0)
                return r;
        struct span kept = r ? sql_span(q, 2) : SPAN_NONE;
        bool good = kept.len == 32 && sodium_memcmp(kept.p, binder, 32) == 0;
        if (good) {
                snprintf(g->nonce, sizeof(g->nonce), "%.*s", (int)sql_span(q, 0).len,
                         sql_span(q, 0).p);
                snprintf(g->verifier, sizeof(g->verifier), "%.*s", (int)sql_span(q, 1).len,
                         sql_span(q, 1).p);
        }
        q = sql_end(q);
        /* Who has the state without the binder does not end somebody else's. */
        if (!good) {
                r = refused(c, "state");
                c->keep = false; /* a stranger's word: nothing is kept, no row */
                return r;
        }
        return sql_do(c->db, "DELETE FROM sign_in WHERE state=?1", "x", s);
}

static int oidc_said(struct api_call *c) {
        const struct courier_said *s = c->said;
        int64_t person = 0;

        if (s->error && s->error != -EACCES)
                return away(c);
        json_t *o = json_loadb(s->out.p ? s->out.p : "", s->out.len, 0, NULL);
        const char *name = json_string_value(json_object_get(o, "who")),
                   *fault = json_string_value(json_object_get(o, "why"));
        struct span who = arena_printf(c->arena, "%s", name ? name : ""),
                    why = arena_printf(c->arena, "%.30s", fault ? fault : "provider");
        json_decref(o);
        if (s->error || !who.len)
                return refused(c, why.p ? why.p : "provider");
        int r = sql_get_int(c->db, &person,
                            "SELECT w.person FROM sign_in_way w JOIN person p ON p.id=w.person"
                            " WHERE w.way='oidc' AND w.external=?1 AND p.active",
                            "t", who);
        if (r < 0)
                return r;
        return r ? session_begin_of(c, person) : not_known(c, "nobody"); /* G1, G4 */
}

static int oidc_back(struct api_call *c) {
        struct going *g;

        if (c->said)
                return oidc_said(c);
        if (c->who.local)
                return api_refuse(c, 403, "local", "whoever is local has no session",
                                  "truy cập cục bộ không có phiên làm việc");
        g = arena_zalloc(c->arena, sizeof(*g));
        if (!g)
                return FAIL(-ENOMEM);
        int r = take_going(c, g);
        if (r != 0)
                return r;
        return ask(c, COURIER_OIDC,
                   json_pack("{ss ss ss so}", "op", "code", "nonce", g->nonce, "verifier",
                             g->verifier, "code", api_json_text(api_text(c, "code"))));
}

/* ---- the directory's passwords ---- */

int signin_ask_directory(struct api_call *c, struct span login, struct span password) {
        return ask(c, COURIER_LDAP,
                   json_pack("{ss so so}", "op", "sign-in", "login", api_json_text(login),
                             "password", api_json_text(password)));
}

int signin_directory_away(struct api_call *c) {
        return away(c);
}

/* ---- which way a person takes ---- */

static int show_way(struct api_call *c, int64_t id) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT ifnull(w.way,'local'), w.external FROM person p"
                         " LEFT JOIN sign_in_way w ON w.person=p.id WHERE p.id=?1",
                         "i", id);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r < 0 ? r : api_missing(c);
        c->answer =
                json_pack("{sI so so}", "id", (json_int_t)id, "way", api_json_text(sql_span(q, 0)),
                          "external", sql_null(q, 1) ? json_null() : api_json_text(sql_span(q, 1)));
        return c->answer ? 0 : FAIL(-ENOMEM);
}

/* Found by who may see them, of a unit where the asker may. *ret_login: of the arena. */
static int find_person(struct api_call *c, int64_t id, struct span *ret_login) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q, "SELECT unit, login FROM person WHERE id=?1", "i", id);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r < 0 ? r : api_missing(c);
        int64_t unit = sql_int(q, 0);
        *ret_login = arena_dup(c->arena, sql_span(q, 1));
        q = sql_end(q);
        r = api_sees(c, "people.read", unit);
        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        return ret_login->p ? api_may(c, "people.write", unit) : FAIL(-ENOMEM);
}

static int way(struct api_call *c) {
        struct span login = SPAN_NONE;
        int64_t id = api_int(c, "id", 0);
        int r = find_person(c, id, &login);

        return r == 0 ? show_way(c, id) : r;
}

static int set_way(struct api_call *c) {
        struct span login = SPAN_NONE, to = api_text(c, "way"), external = api_text(c, "external");
        int64_t id = api_int(c, "id", 0);
        int r = find_person(c, id, &login);

        if (r == 0 && id == c->who.id)
                return api_refuse(c, 403, "not_oneself", "somebody else does this for you",
                                  "việc này phải do người khác làm cho bạn");
        if (r == 0)
                r = person_within(c, id); /* api_people.c H4 */
        if (r == 0 && span_eq(to, SPAN("oidc")) && !external.len)
                return api_fault_at(c, "external", "it is needed for the agency's account",
                                    "cần cho tài khoản cơ quan",
                                    "give what the provider calls them",
                                    "ghi tên mà nhà cung cấp dùng");
        if (r == 0)
                r = sql_do(c->db, "DELETE FROM sign_in_way WHERE person=?1", "i", id);
        if (r == 0 && !span_eq(to, SPAN("local")))
                r = sql_do(c->db, "INSERT INTO sign_in_way(person,way,external) VALUES(?1,?2,?3)",
                           "itt", id, to, external.len ? external : login);
        if (r == -EEXIST)
                return api_fault_at(c, "external", "somebody else here has it",
                                    "đã gắn với người khác", "take another one", "chọn tên khác");
        if (r == 0) /* G3 */
                r = sql_do(c->db, "UPDATE person SET reset_by=?2, reset_at=?3 WHERE id=?1", "iki",
                           id, c->who.id, c->now);
        if (r == 0)
                r = session_end_all(c->db, id, 0);
        if (r == 0)
                r = sql_do(c->db, "DELETE FROM token WHERE person=?1", "i", id);
        if (r != 0)
                return r;
        snprintf(c->about, sizeof(c->about), "person %lld", (long long)id);
        c->detail = json_pack("{so}", "way", api_json_text(to));
        return show_way(c, id);
}

extern const struct api_binding api_signin_bindings[];
const struct api_binding api_signin_bindings[] = {
        {"session.ways", ways}, {"session.oidc", oidc_go},   {"session.oidc_back", oidc_back},
        {"people.way", way},    {"people.set_way", set_way}, {0},
};

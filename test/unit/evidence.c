/* Evidence: files and stored records, their chain of custody, and what leaves for a court; through the API as
 * people ask it, and back through the checker. */
#include <sodium.h>

#include "desk/blobs.h"
#include "desk/desk_impl.h"
#include "desk/evidence.h"
#include "people_world.h"
#include "wire/court.h"

static unsigned char public_key[32], secret_key[64];
static struct signed_in lead, approver, inspector, officer, stranger;
static int64_t unit, incident;
static char approver_secret[64], lead_secret[64];

static void begin(void) {
        static const unsigned char seed[VAULT_SEED_BYTES] = "a seed";
        const struct vault_options o = {
                .work = 1, .work_mem = 8192, .public_key = public_key, .secret_key = secret_key};

        crypto_sign_keypair(public_key, secret_key);
        people_start();
        people_w.vault = vault_free(people_w.vault);
        check_int(vault_new(&people_w.vault, seed, &o), 0);
        unit = add_unit("bv", 1);
        int64_t other = add_unit("khac", 1);
        member("lead", "lead", unit);
        member("approver", "approver", unit);
        member("inspector", "inspector", unit);
        member("officer", "officer", unit);
        member("stranger", "lead", other);
        later(2 * 86400);
        check_int(sign_in(&lead, "lead", GOOD_PASSWORD), 200);
        check_int(confirm_totp(&lead, lead_secret), 200);
        check_int(sign_in(&approver, "approver", GOOD_PASSWORD), 200);
        check_int(confirm_totp(&approver, approver_secret), 200);
        check_int(sign_in(&inspector, "inspector", GOOD_PASSWORD), 200);
        check_int(sign_in(&officer, "officer", GOOD_PASSWORD), 200);
        check_int(sign_in(&stranger, "stranger", GOOD_PASSWORD), 200);
        check_int(
                sql_do(state_sql(w.d->state),
                       "INSERT INTO incident(code,title,unit,regime,harm,severity,state,tlp,t0,"
                       "opened,plain) VALUES('SC-2026-0001','x',?1,'r','','low','open','amber',0,0,"
                       "'x')",
                       "i", unit),
                0);
        incident = sql_last_id(state_sql(w.d->state));
        check_int(sql_do(state_sql(w.d->state), "INSERT INTO incident_unit VALUES(?1,?2,0,0)", "ii",
                         incident, unit),
                  0);
}

/* An upload in pieces, the last of which is empty, as the console sends it. `cut`: it goes before the end. */
static int upload(struct signed_in *s, const char *fields, struct span content, size_t piece,
                  bool cut) {
        struct api_ask ask = {
                .op = api_number("evidence.add"), .how = API_COOKIE, .flags = API_ASK_MORE};

        memcpy(ask.token, s->token, sizeof(ask.token));
        check_int(api_send_frame(0, API_ASK, ++api_w.id, &ask, sizeof(ask), span_str(fields)), 0);
        api_settle();
        for (size_t at = 0; at < content.len; at += piece) {
                check_int(api_send_frame(0, API_ASK, api_w.id, &ask, sizeof(ask),
                                         span_of(content.p + at, MIN(piece, content.len - at))),
                          0);
                api_settle();
        }
        if (cut) {
                struct api_next gone = {0};
                check_int(api_send_frame(0, API_GONE, api_w.id, &gone, sizeof(gone), SPAN_NONE), 0);
        } else {
                ask.flags = 0;
                check_int(api_send_frame(0, API_ASK, api_w.id, &ask, sizeof(ask), SPAN_NONE), 0);
        }
        api_settle();
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        return api_take_frame(0) == api_w.id ? (int)api_w.say.status : 0;
}

static int add(struct signed_in *s, const char *name, struct span content) {
        char fields[512];

        snprintf(fields, sizeof(fields),
                 "{\"incident\":%lld,\"name\":\"%s\",\"note\":\"vì sao\",\"origin\":\"máy dc01\"}",
                 (long long)incident, name);
        return upload(s, fields, content, 100000, false);
}

/* A download to its end. */
static int download(struct signed_in *s, const char *op, const char *body, struct buf *to) {
        int status = as(s, op, body);

        buf_reset(to);
        if (status != 200)
                return status;
        buf_span(to, buf_get(&api_w.body));
        while (api_w.say.flags & API_SAY_MORE) {
                struct api_next next = {0};

                check_int(api_send_frame(0, API_NEXT, api_w.id, &next, sizeof(next), SPAN_NONE), 0);
                if (api_take_frame(0) != api_w.id)
                        return 0;
                buf_span(to, buf_get(&api_w.body));
        }
        return status;
}

static int64_t count(const char *sql) {
        int64_t n = -1;

        check_int(sql_get_int(state_sql(w.d->state), &n, sql, ""), 1);
        return n;
}

static char *pattern(size_t n) {
        char *p = malloc(n);

        for (size_t i = 0; i < n; i++)
                p[i] = (char)(i * 2654435761u >> 11);
        return p;
}

/* ---- attaching ---- */

static void a_file_goes_in_and_comes_out(void) {
        struct buf got = {0};
        char body[64], *p = pattern(600001);

        begin();
        check_int(add(&officer, "../../etc/pass\\u0020wd\\\"", span_of(p, 600001)), 200);
        int64_t id = answer_int("id");
        check(strcmp(answer_text("code"), "SC-2026-0001/E1") == 0);
        check_int(answer_int("size"), 600001);
        check_int(answer_int("custody_n"), 1);
        check(strcmp(answer_text("custody.0.what"), "taken") == 0);
        check(strcmp(answer_text("custody.0.from"), "máy dc01") == 0);
        check_int(add(&lead, "again", span_of(p, 600001)), 409);
        check_int(count("SELECT holds FROM blob"), 1);
        snprintf(body, sizeof(body), "{\"id\":%lld,\"reason\":\"xem\"}", (long long)id);
        check_int(download(&inspector, "evidence.content", body, &got), 200);
        check(got.len == 600001 && memcmp(got.p, p, got.len) == 0);
        check_int(download(&officer, "evidence.content", body, &got), 403); /* adds, sees not */
        check_int(download(&stranger, "evidence.content", body, &got), 404);
        check_int(asf(&lead, "evidence.get", "{\"id\":%lld}", (long long)id), 200);
        check_int(answer_int("custody_n"), 2);
        check(strcmp(answer_text("custody.1.what"), "viewed") == 0);
        check(strcmp(answer_text("custody.1.from"), "10.0.0.0") == 0);
        check_int(count("SELECT count(*) FROM audit WHERE what='custody.viewed'"), 1);
        check_int(asf(&inspector, "evidence.hand_over",
                      "{\"id\":%lld,\"to\":\"C50\",\"reason\":\"biên bản 12\"}", (long long)id),
                  403);
        check_int(asf(&lead, "evidence.hand_over",
                      "{\"id\":%lld,\"to\":\"C50\",\"reason\":\"biên bản 12\"}", (long long)id),
                  200);
        check(strcmp(answer_text("custody.2.to"), "C50") == 0);
        check_int(asf(&stranger, "evidence.list", "{}"), 200);
        check_int(answer_int("total"), 0);
        check_int(asf(&inspector, "evidence.list", "{\"incident\":%lld}", (long long)incident),
                  200);
        check_int(answer_int("total"), 1);
        buf_deinit(&got);
        free(p);
        people_end();
}

/* Whatever was cut, refused or too much leaves nothing behind, and does not cost the line. */
static void broken_uploads_leave_nothing(void) {
        char fields[256], *p = pattern(900000);

        begin();
        snprintf(fields, sizeof(fields), "{\"incident\":%lld,\"name\":\"a\",\"note\":\"why it\"}",
                 (long long)incident);
        check_int(upload(&officer, fields, span_of(p, 900000), 200000, true), 0);
        check_int(count("SELECT count(*) FROM blob"), 0);
        check_int(count("SELECT count(*) FROM blob_piece"), 0);
        w.d->o.blob_bytes = 500000;
        check_int(upload(&officer, fields, span_of(p, 900000), 200000, false), 507);
        check_int(count("SELECT count(*) FROM blob"), 0);
        /* One person does not fill it, nor one incident, nor evidence what reports need. */
        w.d->o.blob_bytes = 4000000;
        check_int(upload(&officer, fields, span_of(p, 600000), 200000, false), 409);
        check(strcmp(answer_text("code"), "person_full") == 0);
        w.d->o.blob_bytes = 2000000;
        check_int(upload(&officer, fields, span_of(p, 600000), 200000, false), 409);
        check(strcmp(answer_text("code"), "incident_full") == 0);
        check_int(count("SELECT count(*) FROM blob"), 0);
        w.d->o.blob_bytes = 0;
        check_int(upload(&officer, fields, SPAN(""), 1, false), 422);
        check_int(upload(&stranger, fields, span_of(p, 900000), 200000, false), 404);
        check_int(upload(&inspector, fields, SPAN("{\"a\":1}"), 100, false), 403);
        check_int(upload(&officer, "{\"name\":\"a\"}", span_of(p, 300000), 100000, false), 422);
        check_int(count("SELECT count(*) FROM blob"), 0);
        check_int(count("SELECT count(*) FROM evidence"), 0);
        check_int(as(&officer, "evidence.room", "{}"), 403);
        check_int(as(&lead, "evidence.room", "{}"), 200);
        check_int(answer_int("used"), 0);
        free(p);
        people_end();
}

static void records_are_held(void) {
        int error;

        begin();
        check_int(asf(&officer, "evidence.range",
                      "{\"incident\":%lld,\"name\":\"đăng nhập\",\"note\":\"dấu vết\","
                      "\"first_seq\":100,\"last_seq\":99}",
                      (long long)incident),
                  422);
        check_int(asf(&officer, "evidence.range",
                      "{\"incident\":%lld,\"name\":\"tất cả\",\"note\":\"dấu vết\","
                      "\"first_seq\":1,\"last_seq\":5000001}",
                      (long long)incident),
                  422);
        check_int(asf(&officer, "evidence.range",
                      "{\"incident\":%lld,\"name\":\"đăng nhập\",\"note\":\"dấu vết\","
                      "\"first_seq\":100,\"last_seq\":2000,\"query\":\"user=an\"}",
                      (long long)incident),
                  200);
        int64_t id = answer_int("id");
        check(strcmp(answer_text("hold_state"), "asked") == 0);
        check(desk_hold_next(w.d, &error) == NULL || !state_in_transaction(w.d->state));
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        const struct msg_store_hold *m = desk_hold_next(w.d, &error);
        check(m && m->hold.first == 100 && m->hold.end == 2001);
        check(m && keep_hold_good(&m->hold, KEEP_HOLD));
        check(m && strcmp(m->hold.name, "SC-2026-0001-E1") == 0);
        uint32_t token = m ? m->token : 0;
        desk_hold_sent(w.d);
        check(desk_hold_next(w.d, &error) == NULL);
        /* The store is away: asked again later. */
        check_int(desk_hold_said(w.d, &(struct msg_kept){.token = token, .error = -EAGAIN}, w.wall),
                  0);
        w.d->mono += 31 * NS_PER_SEC;
        m = desk_hold_next(w.d, &error);
        check(m != NULL);
        token = m ? m->token : 0;
        desk_hold_sent(w.d);
        check_int(desk_hold_said(w.d, &(struct msg_kept){.token = token + 1}, w.wall), -EPROTO);
        check_int(desk_hold_said(w.d, &(struct msg_kept){.token = token}, w.wall), 0);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        check_int(asf(&lead, "evidence.get", "{\"id\":%lld}", (long long)id), 200);
        check(strcmp(answer_text("hold_state"), "held") == 0);
        check(desk_hold_next(w.d, &error) == NULL);
        people_end();
}

/* ---- for a court ---- */

struct memory {
        struct span s;
        size_t at;
};

static ssize_t take(void *ctx, void *to, size_t n) {
        struct memory *m = ctx;
        size_t k = MIN(n, m->s.len - m->at);

        if (k)
                memcpy(to, m->s.p + m->at, k);
        m->at += k;
        return (ssize_t)k;
}

static enum court_problem problem_of(struct span s, const unsigned char *key,
                                     struct court_result *ret) {
        struct court_options o = {.key = key};
        struct memory m = {.s = s};

        check_int(court_check(take, &m, &o, ret), 0);
        return ret->problem;
}

static void sealed(struct buf *to) {
        char code[7], body[64], *p = pattern(300000);

        if (count("SELECT count(*) FROM evidence") == 0)
                check_int(asf(&lead, "evidence.export_propose",
                              "{\"incident\":%lld,\"reason\":\"theo yêu cầu của toà\"}",
                              (long long)incident),
                          409);
        check_int(add(&lead, "disk.img", span_of(p, 300000)), 200);
        check_int(add(&lead, "../../../etc/passwd", SPAN("x")), 200);
        check_int(asf(&lead, "evidence.range",
                      "{\"incident\":%lld,\"name\":\"ssh\",\"note\":\"dấu vết\",\"first_seq\":7,"
                      "\"last_seq\":9,\"query\":\"q\"}",
                      (long long)incident),
                  200);
        check_int(asf(&officer, "evidence.export_propose",
                      "{\"incident\":%lld,\"reason\":\"theo yêu cầu\"}", (long long)incident),
                  403);
        check_int(asf(NULL, "evidence.export_propose",
                      "{\"incident\":%lld,\"reason\":\"theo yêu cầu\"}", (long long)incident),
                  403);
        check_int(asf(&lead, "evidence.export_propose",
                      "{\"incident\":%lld,\"reason\":\"theo yêu cầu của toà\"}",
                      (long long)incident),
                  200);
        int64_t id = answer_int("id");
        snprintf(body, sizeof(body), "{\"id\":%lld}", (long long)id);
        check_int(as(&lead, "evidence.export_file", body), 409);
        later(60);
        code_now(lead_secret, code);
        check_int(asf(&lead, "evidence.export_approve", "{\"id\":%lld,\"code\":\"%s\"}",
                      (long long)id, code),
                  403); /* the same person */
        code_now(approver_secret, code);
        check_int(asf(&inspector, "evidence.export_approve", "{\"id\":%lld,\"code\":\"%s\"}",
                      (long long)id, code),
                  403);
        check_int(asf(&approver, "evidence.export_approve", "{\"id\":%lld,\"code\":\"000000\"}",
                      (long long)id),
                  403);
        check_int(asf(&approver, "evidence.export_approve", "{\"id\":%lld,\"code\":\"%s\"}",
                      (long long)id, code),
                  200);
        check(strcmp(answer_text("state"), "signed") == 0);
        later(60);
        code_now(approver_secret, code);
        check_int(asf(&approver, "evidence.export_approve", "{\"id\":%lld,\"code\":\"%s\"}",
                      (long long)id, code),
                  409);
        check_int(download(&inspector, "evidence.export_file", body, to), 403);
        check_int(download(&lead, "evidence.export_file", body, to), 200);
        check_int(count("SELECT count(*)-(SELECT count(*) FROM evidence) FROM custody WHERE"
                        " what='sealed'"),
                  0);
        check_int(count("SELECT count(*)-(SELECT count(*) FROM evidence) FROM custody WHERE"
                        " what='exported'"),
                  0);
        free(p);
}

static void a_court_can_check_it(void) {
        _cleanup_(buf_deinit) struct buf tar = {0};
        unsigned char other[32] = {1};
        struct court_result r;

        begin();
        sealed(&tar);
        check_int(problem_of(buf_get(&tar), public_key, &r), COURT_GOOD);
        check_int(r.items, 3);
        check_int(r.links, 3);
        check_int(r.bytes, 300001);
        check(strcmp(r.incident, "SC-2026-0001") == 0);
        check(memcmp(r.key, public_key, 32) == 0);
        check_int(problem_of(buf_get(&tar), NULL, &r), COURT_GOOD);
        check_int(problem_of(buf_get(&tar), other, &r), COURT_KEY);
        check(court_begins((const unsigned char *)tar.p));
        /* Nothing in it may be changed, left out or added. */
        for (size_t at = 0; at < tar.len; at += at < 20000 ? 7 : 997) {
                tar.p[at] ^= 1;
                check(problem_of(buf_get(&tar), public_key, &r) != COURT_GOOD);
                tar.p[at] ^= 1;
        }
        for (size_t cut = 1; cut < tar.len; cut += cut < 1200 ? 1 : 4999)
                check(problem_of(span_of(tar.p, tar.len - cut), public_key, &r) != COURT_GOOD);
        buf_char(&tar, '\0');
        check_int(problem_of(buf_get(&tar), public_key, &r), COURT_FORMAT);
        check(memmem(tar.p, tar.len, "files/0002-.._.._.._etc_passwd", 30) != NULL);
        people_end();
}

/* Whoever owns the database changes a link: seen in the file's chain, although it is signed. */
static void a_changed_link_is_seen(void) {
        _cleanup_(buf_deinit) struct buf tar = {0};
        struct court_result r;

        begin();
        check_int(add(&lead, "a", SPAN("content")), 200);
        check_int(sql_do(state_sql(w.d->state), "DROP TRIGGER custody_keeps", ""), 0);
        check_int(sql_do(state_sql(w.d->state), "UPDATE custody SET by_name='somebody else'", ""),
                  0);
        sealed(&tar);
        check_int(problem_of(buf_get(&tar), public_key, &r), COURT_CHAIN);
        check_int(r.item, 1);
        people_end();
}

int main(void) {
        check_int(sodium_init() < 0, 0);
        RUN(a_file_goes_in_and_comes_out);
        RUN(broken_uploads_leave_nothing);
        RUN(records_are_held);
        RUN(a_court_can_check_it);
        RUN(a_changed_link_is_seen);
        return check_done();
}

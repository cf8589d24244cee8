/* Reports: filled from an incident, written in versions, signed by two others, handed over; the law's clock is
 * met by it. Asked through the API as people do, with a vault that checks their codes. */
#include "rules/regime.h"

#include <sodium.h>

#include "desk/desk_impl.h"
#include "desk/errands.h"
#include "desk/jobs.h"
#include "desk/mail.h"
#include "people_world.h"
#include "wire/file_sign.h"

enum who { HANDLER, LEAD, APPROVER, LIAISON, OTHER, WHO_MAX };
static struct signed_in who[WHO_MAX];
static char secrets[WHO_MAX][64];
static int64_t unit_a, unit_b, system_a, incident;

static void give_regimes(void) {
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

static void enrol(enum who i, const char *login, const char *role, int64_t unit) {
        member(login, role, unit);
        check_int(sign_in(&who[i], login, GOOD_PASSWORD), 200);
        check_int(confirm_totp(&who[i], secrets[i]), 200);
}

static unsigned char public_key[32], secret_key[64];

/* People of unit a, one of unit b; an incident of unit a with a system that lacks nothing. */
static void begin(void) {
        static const unsigned char seed[VAULT_SEED_BYTES] = "a seed";
        const struct vault_options o = {
                .work = 1, .work_mem = 8192, .public_key = public_key, .secret_key = secret_key};

        people_start();
        crypto_sign_keypair(public_key, secret_key);
        people_w.vault = vault_free(people_w.vault);
        check_int(vault_new(&people_w.vault, seed, &o), 0);
        give_regimes();
        unit_a = add_unit("a", UNIT_ROOT);
        unit_b = add_unit("b", UNIT_ROOT);
        check_int(asf(NULL, "units.change",
                      "{\"id\":%lld,\"version\":1,\"name_vi\":\"Bệnh viện Sông Thương\","
                      "\"contacts\":\"Trực ban: 0204 000 000\"}",
                      (long long)unit_a),
                  200);
        enrol(HANDLER, "bao", "handler", unit_a);
        enrol(LEAD, "khoi", "lead", unit_a);
        enrol(APPROVER, "hanh", "approver", unit_a);
        enrol(LIAISON, "lien", "liaison", unit_a);
        enrol(OTHER, "loi", "lead", unit_b);
        check_int(asf(NULL, "systems.add",
                      "{\"code\":\"his\",\"name\":\"Quản lý khám chữa bệnh\",\"unit\":%lld,"
                      "\"level\":3,\"operator\":\"Phòng CNTT\",\"addresses\":[\"10.1.0.0/24\"]}",
                      (long long)unit_a),
                  200);
        system_a = answer_int("id");
        check_int(asf(&who[HANDLER], "incidents.open",
                      "{\"title\":\"Mã hóa dữ liệu\",\"system\":%lld,\"kind\":\"ransomware\","
                      "\"harm\":\"grave\",\"summary\":\"Máy chủ bị mã hóa\",\"detection\":"
                      "\"rule\"}",
                      (long long)system_a),
                  200);
        incident = answer_int("id");
        later(31); /* codes of before are used up */
}

static void end(void) {
        people_end();
}

static int64_t begun(const char *kind) {
        check_int(asf(&who[HANDLER], "reports.open", "{\"incident\":%lld,\"kind\":\"%s\"}",
                      (long long)incident, kind),
                  200);
        return answer_int("id");
}

static const char *value(const char *name) {
        const json_t *f;
        size_t i;

        json_array_foreach(answer_at("fields"), i, f) {
                if (strcmp(json_string_value(json_object_get(f, "name")), name) == 0) {
                        const char *v = json_string_value(json_object_get(f, "value"));
                        return v ? v : "";
                }
        }
        return "?";
}

static bool misses(const char *name) {
        const json_t *f;
        size_t i;

        json_array_foreach(answer_at("missing_fields"), i, f) {
                if (strcmp(json_string_value(json_object_get(f, "name")), name) == 0)
                        return true;
        }
        return false;
}

static int edit(int64_t id, int64_t version, const char *name, const char *text) {
        return asf(&who[HANDLER], "reports.edit",
                   "{\"id\":%lld,\"version\":%lld,\"fields\":[{\"name\":\"%s\",\"value\":\"%s\"}]}",
                   (long long)id, (long long)version, name, text);
}

static int sign(enum who i, int64_t id, int64_t version) {
        char code[7];

        code_now(secrets[i], code);
        return asf(&who[i], "reports.sign", "{\"id\":%lld,\"version\":%lld,\"code\":\"%s\"}",
                   (long long)id, (long long)version, code);
}

/* An initial report with everything in it; its last version. */
static int64_t complete(int64_t id) {
        int64_t version = answer_int("version");

        check_int(edit(id, version, "actions", "Đã cô lập máy chủ"), 200);
        check_int(edit(id, version + 1, "security", "Không"), 200);
        check_int(edit(id, version + 2, "interruption", "Có"), 200);
        check_int(answer_int("missing"), 0);
        return answer_int("version");
}

static void is_filled_as_far_as_known(void) {
        begin();
        begun("initial");
        check(strncmp(answer_text("code"), "BC-20", 5) == 0);
        check_span(span_str(answer_text("state")), "draft");
        check_span(span_str(answer_text("title_vi")), "Báo cáo ban đầu, 24 giờ");
        check_span(span_str(answer_text("to")), "agency");
        check(strstr(answer_text("to_name_vi"), "Bộ Công an") != NULL);
        check_span(span_str(answer_text("basis")), "D331 31.2.d");
        check_span(span_str(answer_text("checked")), "reported");
        check(json_is_false(answer_at("official")));
        check_span(span_str(value("unit")), "Bệnh viện Sông Thương");
        check_span(span_str(value("contact")), "Trực ban: 0204 000 000");
        check_span(span_str(value("operator")), "Phòng CNTT");
        check_span(span_str(value("addresses")), "10.1.0.0/24");
        check_span(span_str(value("level")), "3");
        check_span(span_str(value("kind")), "Mã hóa phần mềm, dữ liệu, thiết bị");
        check_span(span_str(value("state")), "Đang xác minh");
        check(strstr(value("deadlines"), "D331 31.2.d") != NULL);
        check_int(answer_int("missing"), 3);
        check(misses("actions") && misses("security") && misses("interruption"));
        check(!misses("summary") && !misses("support")); /* the latter is empty, and may be */
        check(answer_text("due")[0] != '\0');            /* of its clock */
        check(strstr(answer_text("subject"), "[TBSC] Báo cáo ban đầu SC-20") != NULL);
        /* What is answered meanwhile comes in when it is filled anew. */
        int64_t id = answer_int("id");
        check_int(asf(&who[LEAD], "incidents.answer",
                      "{\"id\":%lld,\"question\":\"security_signs\",\"answer\":\"no\"}",
                      (long long)incident),
                  200);
        check_int(edit(id, 1, "summary", "Viết tay"), 200);
        check_int(asf(&who[HANDLER], "reports.fill", "{\"id\":%lld,\"version\":2}", (long long)id),
                  200);
        check_span(span_str(value("security")), "Không");
        check_span(span_str(value("summary")), "Viết tay"); /* what a person wrote stays */
        check_int(json_array_size(answer_at("versions")), answer_int("version"));
        end();
}

static void form_says_what_is_mandatory(void) {
        begin();
        /* An incident that began under the earlier law has its forms. */
        check_int(asf(&who[HANDLER], "incidents.open",
                      "{\"title\":\"Trước 2026\",\"system\":%lld,\"t0\":"
                      "\"2026-06-01T00:00:00Z\"}",
                      (long long)system_a),
                  200);
        incident = answer_int("id");
        check_span(span_str(answer_text("regime")), "vn-2017");
        begun("initial");
        check(misses("summary") && misses("notified"));
        check(!misses("level") && !misses("kind")); /* form 03 does not mark them */
        check_int(asf(&who[HANDLER], "reports.open", "{\"incident\":%lld,\"kind\":\"annual\"}",
                      (long long)incident),
                  422);
        end();
}

static void versions_stay(void) {
        begin();
        int64_t id = begun("initial"), version = complete(id);
        struct sql *s = state_sql(w.d->state);

        check_int(edit(id, version - 1, "summary", "Cũ"), 409);
        check_span(span_str(answer_text("code")), "stale");
        check_int(edit(id, version, "no_such", "x"), 422);
        check_int(edit(id, version, "t0", "hôm qua"), 422);
        check_int(edit(id, version, "t0", "2026-11-20T10:00:00Z"), 200);
        check_int(edit(id, version + 1, "t0", "2026-11-20T10:00:00Z"),
                  200); /* the same: no new one */
        check_int(answer_int("version"), version + 1);
        check_int(desk_begin(w.d), 0);
        check(sql_do(s, "UPDATE report_version SET content='{}' WHERE report=?1", "i", id) < 0);
        check(sql_do(s, "DELETE FROM report_version WHERE report=?1", "i", id) < 0);
        /* What was changed behind the node's back is not shown as if it were what was written. */
        check_int(sql_do(s, "DROP TRIGGER report_version_keeps", ""), 0);
        check_int(sql_do(s, "UPDATE report_version SET content=replace(content,'Phòng','Ban')", ""),
                  0);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        check_int(asf(&who[HANDLER], "reports.get", "{\"id\":%lld}", (long long)id), 409);
        check_span(span_str(answer_text("code")), "changed_outside");
        end();
}

static void two_others_sign(void) {
        begin();
        int64_t id = begun("initial");

        check_int(
                asf(&who[HANDLER], "reports.submit", "{\"id\":%lld,\"version\":1}", (long long)id),
                422);
        check_span(span_str(answer_text("code")), "missing");
        check_int(asf(&who[HANDLER], "reports.get", "{\"id\":%lld}", (long long)id), 200);
        int64_t version = complete(id);
        check_int(sign(LEAD, id, version), 409); /* nobody asked yet */
        check_int(asf(&who[HANDLER], "reports.submit", "{\"id\":%lld,\"version\":%lld}",
                      (long long)id, (long long)version),
                  200);
        check_span(span_str(answer_text("state")), "signing");
        check_int(edit(id, version, "summary", "x"), 409);
        check_int(sign(HANDLER, id, version), 403); /* not in their role */
        check_int(sign(OTHER, id, version), 404);
        check_int(sign(LEAD, id, version - 1), 409);
        check_int(asf(&who[LEAD], "reports.sign",
                      "{\"id\":%lld,\"version\":%lld,\"code\":"
                      "\"000000\"}",
                      (long long)id, (long long)version),
                  403);
        check_span(span_str(answer_text("code")), "wrong_code");
        check_int(asf(NULL, "reports.sign", "{\"id\":%lld,\"version\":%lld,\"code\":\"000000\"}",
                      (long long)id, (long long)version),
                  403);
        check_span(span_str(answer_text("code")), "people_only");
        check_int(asf(&who[LEAD], "reports.get", "{\"id\":%lld}", (long long)id), 200);
        check(json_is_true(answer_at("may_sign")));
        check_int(as(&who[LEAD], "tonight.get", "{}"), 200);
        check_span(span_str(answer_text("decisions.0.kind")), "report_sign");
        check_int(answer_int("decisions.0.id"), id);
        check(json_is_true(answer_at("decisions.0.mine")));
        check_int(as(&who[OTHER], "tonight.get", "{}"), 200);
        check_int(json_array_size(answer_at("decisions")), 0);
        check_int(sign(LEAD, id, version), 200);
        check_span(span_str(answer_text("state")), "signing");
        check_int(json_array_size(answer_at("signatures")), 1);
        later(31);
        check_int(sign(LEAD, id, version), 409); /* once is enough */
        check_span(span_str(answer_text("code")), "signed_already");
        check_int(asf(&who[LIAISON], "reports.hand",
                      "{\"id\":%lld,\"to\":\"A05\",\"proof\":\"biên nhận\"}", (long long)id),
                  409);
        check_int(sign(APPROVER, id, version), 200);
        check_span(span_str(answer_text("state")), "signed");
        check_int(json_array_size(answer_at("signatures")), 2);
        /* Another version has none. */
        check_int(asf(&who[HANDLER], "reports.reopen", "{\"id\":%lld,\"reason\":\"sai số liệu\"}",
                      (long long)id),
                  200);
        check_int(json_array_size(answer_at("signatures")), 0);
        check_span(span_str(answer_text("state")), "draft");
        end();
}

static void who_wrote_does_not_sign(void) {
        begin();
        int64_t id = begun("initial"), version = complete(id);

        /* The lead writes the last version: they may not sign it, though their role may. */
        check_int(asf(&who[LEAD], "reports.edit",
                      "{\"id\":%lld,\"version\":%lld,\"fields\":[{\"name\":\"support\",\"value\":"
                      "\"Không\"}]}",
                      (long long)id, (long long)version),
                  200);
        check_int(asf(&who[LEAD], "reports.submit", "{\"id\":%lld,\"version\":%lld}", (long long)id,
                      (long long)version + 1),
                  200);
        check_int(sign(LEAD, id, version + 1), 403);
        check_span(span_str(answer_text("code")), "writer");
        end();
}

static void handing_over_meets_the_clock(void) {
        begin();
        int64_t id = begun("initial"), version = complete(id);
        const json_t *k;
        bool met = false;
        size_t i;

        check_int(asf(&who[HANDLER], "reports.submit", "{\"id\":%lld,\"version\":%lld}",
                      (long long)id, (long long)version),
                  200);
        check_int(sign(LEAD, id, version), 200);
        check_int(sign(APPROVER, id, version), 200);
        check_int(asf(&who[HANDLER], "reports.open", "{\"incident\":%lld,\"kind\":\"initial\"}",
                      (long long)incident),
                  409);
        check_span(span_str(answer_text("code")), "exists");
        check_int(asf(&who[APPROVER], "reports.hand",
                      "{\"id\":%lld,\"to\":\"A05\",\"proof\":\"biên nhận 12\"}", (long long)id),
                  403);
        check_int(asf(&who[LIAISON], "reports.hand",
                      "{\"id\":%lld,\"to\":\"A05\",\"proof\":\"biên nhận 12\"}", (long long)id),
                  200);
        check_span(span_str(answer_text("state")), "sent");
        check_span(span_str(answer_text("sent.how")), "hand");
        check_span(span_str(answer_text("sent.to")), "A05");
        check_int(asf(&who[HANDLER], "incidents.get", "{\"id\":%lld}", (long long)incident), 200);
        json_array_foreach(answer_at("clocks"), i, k) {
                if (strcmp(json_string_value(json_object_get(k, "clock")), "initial") == 0) {
                        check_span(span_str(json_string_value(json_object_get(k, "state"))), "met");
                        met = strstr(json_string_value(json_object_get(k, "proof")),
                                     "biên nhận 12") != NULL;
                }
        }
        check(met);
        check_int(asf(&who[HANDLER], "reports.reopen", "{\"id\":%lld,\"reason\":\"muộn rồi\"}",
                      (long long)id),
                  409);
        end();
}

static void a_year_is_counted(void) {
        begin();
        check_int(asf(&who[LEAD], "reports.periodic", "{\"unit\":%lld}", (long long)unit_a), 200);
        check_int(json_array_size(answer_at("items")), 2);
        int64_t year = answer_int("items.0.year");
        check_int(asf(&who[LEAD], "reports.open",
                      "{\"periodic\":\"annual-owner\",\"unit\":%lld,\"year\":%lld}",
                      (long long)unit_a, (long long)year),
                  200);
        check_span(span_str(value("unit")), "Bệnh viện Sông Thương");
        check_span(span_str(value("count_kinds")), "- Mã hóa phần mềm, dữ liệu, thiết bị: 1");
        check_span(span_str(value("count_levels")), "- Cấp độ 3: 1");
        check_span(span_str(value("count_serious")), "0");
        check(answer_text("due")[0] != '\0');
        int64_t id = answer_int("id");
        check_int(asf(&who[LEAD], "reports.periodic", "{\"unit\":%lld}", (long long)unit_a), 200);
        check_int(answer_int("items.0.report"), id);
        check_int(asf(&who[LEAD], "reports.open",
                      "{\"periodic\":\"annual-owner\",\"unit\":%lld,\"year\":%lld}",
                      (long long)unit_a, (long long)year),
                  409);
        check_int(asf(&who[LEAD], "reports.open",
                      "{\"periodic\":\"annual-owner\",\"unit\":%lld,\"year\":%lld}",
                      (long long)unit_b, (long long)year),
                  404);
        check_int(asf(&who[OTHER], "reports.get", "{\"id\":%lld}", (long long)id), 404);
        check_int(asf(&who[OTHER], "reports.list", "{}"), 200);
        check_int(json_array_size(answer_at("items")), 0);
        check_int(asf(&who[LEAD], "reports.list", "{\"open\":true}"), 200);
        check_int(answer_int("items.0.id"), id);
        end();
}

/* ---- files: the press is played here, it says what it was asked for ---- */

static unsigned printed;

/* All that wait for press and vault; the status of the answer. */
static int work_done(unsigned line) {
        for (unsigned i = 0; i < 20; i++) {
                int fd = -1;
                const struct msg_job *m = desk_job_next(w.d, &fd);

                if (m) {
                        char *text = calloc(1, m->len + 8);
                        uint64_t id = m->id;

                        check_int(pread(fd, text + 7, m->len, 0), m->len);
                        memcpy(text,
                               strstr(text + 7, "\"format\":\"docx\"") ? "PK\3\4   " : "%PDF-  ",
                               7);
                        const struct job_said said = {0, span_of(text, m->len + 7)};
                        desk_job_sent(w.d);
                        check_int(desk_job_said(w.d, id, &said), 0);
                        printed++;
                        free(text);
                }
                api_settle();
                pump_vault();
        }
        return api_take_frame(line) == api_w.id ? (int)api_w.say.status : 0;
}

/* The bytes of a file that is being given. */
static struct span given(unsigned line) {
        static struct buf all;

        buf_reset(&all);
        while (api_w.say.flags & API_SAY_MORE) {
                struct api_next next = {0};

                check_int(api_send_frame(line, API_NEXT, api_w.id, &next, sizeof(next), SPAN_NONE),
                          0);
                api_settle();
                check(api_take_frame(line) == api_w.id);
                buf_span(&all, buf_get(&api_w.body));
        }
        return buf_get(&all);
}

static int file(enum who i, int64_t id, const char *op, const char *format) {
        int status = asf(&who[i], op, "{\"id\":%lld,\"format\":\"%s\"}", (long long)id, format);

        return status ? status : work_done(0);
}

static int64_t signed_report(void) {
        int64_t id = begun("initial"), version = complete(id);

        check_int(asf(&who[HANDLER], "reports.submit", "{\"id\":%lld,\"version\":%lld}",
                      (long long)id, (long long)version),
                  200);
        check_int(sign(LEAD, id, version), 200);
        check_int(sign(APPROVER, id, version), 200);
        return id;
}

static bool has(struct span s, const char *what) {
        return memmem(s.p, s.len, what, strlen(what)) != NULL;
}

/* A draft's page that comes after the second signature is no page of what was signed. */
static void a_draft_that_is_printed_while_two_sign(void) {
        begin();
        int64_t id = begun("initial"), version = complete(id);

        check_int(asf(&who[HANDLER], "reports.submit", "{\"id\":%lld,\"version\":%lld}",
                      (long long)id, (long long)version),
                  200);
        check_int(sign(LEAD, id, version), 200);
        check_int(asf(&who[HANDLER], "reports.file", "{\"id\":%lld,\"format\":\"pdf\"}",
                      (long long)id),
                  0);
        uint64_t waits = api_w.id;
        check_int(sign(APPROVER, id, version), 200);
        uint64_t last = api_w.id;
        api_w.id = waits;
        check_int(work_done(0), 409);
        api_w.id = last;
        check_int(file(HANDLER, id, "reports.file", "pdf"), 200);
        struct span paper = given(0);
        check(has(paper, "\"mark\":\"\"") && has(paper, "Người khoi") && has(paper, "Người hanh"));
        end();
}

/* The same words signed anew are other files: they say who signed. */
static void files_go_with_the_signatures(void) {
        begin();
        int64_t id = signed_report();

        printed = 0;
        check_int(file(HANDLER, id, "reports.file", "pdf"), 200);
        (void)given(0);
        check_int(asf(&who[HANDLER], "reports.reopen", "{\"id\":%lld,\"reason\":\"sai số liệu\"}",
                      (long long)id),
                  200);
        int64_t version = answer_int("version");
        check_int(asf(&who[HANDLER], "reports.submit", "{\"id\":%lld,\"version\":%lld}",
                      (long long)id, (long long)version),
                  200);
        later(31);
        check_int(sign(LEAD, id, version), 200);
        check_int(sign(APPROVER, id, version), 200);
        check_int(file(HANDLER, id, "reports.file", "pdf"), 200);
        (void)given(0);
        check_int(printed, 2);
        end();
}

static void files_of_a_signed_version_stay(void) {
        begin();
        int64_t id = begun("initial");

        printed = 0;
        check_int(file(HANDLER, id, "reports.file", "pdf"), 200);
        check(has(given(0), "\"mark\":\"DỰ THẢO\""));
        check_int(file(HANDLER, id, "reports.file", "pdf"), 200);
        (void)given(0);
        check_int(printed, 2); /* of a draft nothing is kept */
        check_int(file(HANDLER, id, "reports.signature", "pdf"), 409);
        check_int(file(OTHER, id, "reports.file", "pdf"), 404);
        check_int(asf(&who[HANDLER], "reports.drop", "{\"id\":%lld,\"reason\":\"a test\"}",
                      (long long)id),
                  200);

        id = signed_report();
        printed = 0;
        check_int(file(HANDLER, id, "reports.file", "pdf"), 200);
        struct span paper = given(0);
        check(has(paper, "\"mark\":\"\"") && has(paper, "Người khoi") && has(paper, "Người hanh"));
        check(has(paper, "Kính gửi:") && has(paper, "TLP:") &&
              has(paper, "Nghị định 331/2026/NĐ-CP"));
        check(has(paper, "Đây không phải mẫu chính thức"));
        unsigned char hash[32];
        crypto_generichash(hash, 32, (const unsigned char *)paper.p, paper.len, NULL, 0);
        check_int(file(LEAD, id, "reports.file", "pdf"), 200);
        (void)given(0);
        check_int(printed, 1);
        check_int(file(LEAD, id, "reports.signature", "pdf"), 200);
        struct file_signed s;
        struct file_sign f;
        check_int(file_sign_read(given(0), &f, &s), 0);
        check(memcmp(f.hash, hash, 32) == 0 && memcmp(s.public_key, public_key, 32) == 0);
        check_int(crypto_sign_verify_detached(s.signature, (const unsigned char *)&f, sizeof(f),
                                              public_key),
                  0);
        check(strstr(f.what, "pdf") != NULL);
        check_int(file(LEAD, id, "reports.file", "json"), 200);
        check(has(given(0), "\"final\":true"));
        end();
}

static int edit_long(int64_t id, int64_t version, const char *const *names, unsigned n) {
        _cleanup_(buf_deinit) struct buf b = {0};

        buf_printf(&b, "{\"id\":%lld,\"version\":%lld,\"fields\":[", (long long)id,
                   (long long)version);
        for (unsigned i = 0; i < n; i++) {
                buf_printf(&b, "%s{\"name\":\"%s\",\"value\":\"", i ? "," : "", names[i]);
                for (unsigned k = 0; k < 20000; k++)
                        buf_str(&b, "ệ");
                buf_str(&b, "\"}");
        }
        buf_str(&b, "]}");
        buf_char(&b, '\0');
        return as(&who[HANDLER], "reports.edit", b.p);
}

/* As long as it may be, and longer: refused, and nothing ends. */
static void long_ones_are_cut_nowhere(void) {
        static const char *const names[] = {"number",   "unit",      "contact",   "owner",
                                            "operator", "system",    "summary",   "level",
                                            "approval", "detection", "kind",      "state",
                                            "security", "addresses", "personal",  "assets",
                                            "actions",  "notified",  "deadlines", "support"};
        char title[700] = "";

        begin();
        for (unsigned i = 0; i < 200; i++)
                memcpy(title + (size_t)3 * i, "ệ", 4);
        check_int(asf(&who[HANDLER], "incidents.open",
                      "{\"title\":\"%s\",\"system\":%lld,\"kind\":\"malware\",\"summary\":\"x\"}",
                      title, (long long)system_a),
                  200);
        incident = answer_int("id");
        int64_t id = begun("initial");
        check_int(file(HANDLER, id, "reports.file", "pdf"), 200);
        check(has(given(0), "ệệệ"));
        check_int(asf(&who[HANDLER], "reports.drop", "{\"id\":%lld,\"reason\":\"%s %s\"}",
                      (long long)id, title, title),
                  200); /* its entry is too long for a line */
        check_int(asf(&who[HANDLER], "incidents.timeline", "{\"id\":%lld,\"kind\":\"report\"}",
                      (long long)incident),
                  200);
        check(strstr(answer_text("items.0.text_vi"), "bỏ báo cáo: ệệệ") != NULL);
        id = begun("initial");
        check_int(edit_long(id, 1, names, 10), 200);
        check_int(edit_long(id, 2, names + 10, 10), 413);
        check_span(span_str(answer_text("code")), "too_large");
        check_int(asf(&who[HANDLER], "reports.get", "{\"id\":%lld}", (long long)id), 200);
        check_int(answer_int("version"), 2);
        end();
}

/* ---- by mail: the courier is played too ---- */

static void courier_says(uint32_t kind, int64_t id, int error, uint32_t flags, const char *text) {
        _cleanup_(buf_deinit) struct buf in = {0};
        struct courier_say s = {error, flags};
        bool ready = kind == COURIER_READY;
        struct courier_head h = {(uint32_t)(strlen(text) + (ready ? 0 : sizeof(s))), kind,
                                 (uint64_t)id};

        buf_add(&in, &h, sizeof(h));
        if (!ready)
                buf_add(&in, &s, sizeof(s));
        buf_str(&in, text);
        check_int(desk_courier_bytes(w.d, &in, w.wall), 0);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        desk_api_committed(w.d);
}

static void courier(const char *ready) {
        check_int(desk_courier_line(w.d, true), 0);
        courier_says(COURIER_READY, 0, 0, 0, ready);
}

/* A mail is handed to the courier with all that hangs on it; which one (0: none). */
static int64_t handed_over(void) {
        int64_t mail = 0;
        bool more = true;

        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        desk_api_committed(w.d);
        while (more) {
                struct courier_head h;
                int r;
                struct buf *out = desk_courier_out(w.d, w.wall, &r);

                check_int(r, 0);
                more = out->len >= sizeof(h);
                if (!more)
                        break;
                memcpy(&h, out->p, sizeof(h));
                if (h.kind == COURIER_MAIL)
                        mail = (int64_t)h.id;
                buf_drop(out, sizeof(h) + h.len);
        }
        return mail;
}

static int send_to(int64_t id, const char *to) {
        int status =
                asf(&who[LIAISON], "reports.send", "{\"id\":%lld,\"to\":[%s]}", (long long)id, to);

        return status ? status : work_done(0);
}

/* What the list says of the initial report's clock. */
static const char *clock_says(const char *field) {
        static char path[64];
        const json_t *k;
        size_t i;

        check_int(as(&who[LIAISON], "clocks.list", "{\"limit\":100}"), 200);
        json_array_foreach(answer_at("items"), i, k) {
                if (strcmp(json_string_value(json_object_get(k, "clock")), "initial") != 0)
                        continue;
                snprintf(path, sizeof(path), "items.%zu.%s", i, field);
                return json_is_null(answer_at(path)) ? "" : answer_text(path);
        }
        return "?";
}

static void see(int64_t id) {
        check_int(asf(&who[LIAISON], "reports.get", "{\"id\":%lld}", (long long)id), 200);
}

static int outgoing(const char *what, int64_t id) {
        char op[32];

        snprintf(op, sizeof(op), "outgoing.%s", what);
        return asf(&who[LIAISON], op, "{\"id\":%lld}", (long long)id);
}

static void nothing_waits_for_a_server_that_there_is_not(void) {
        begin();
        int64_t id = signed_report();

        check_int(send_to(id, "\"a05@example.vn\""), 503); /* not heard of yet */
        courier("{\"mail\":false,\"webhooks\":[]}");
        check_int(send_to(id, "\"a05@example.vn\""), 409);
        check_span(span_str(answer_text("code")), "no_mail");
        see(id);
        check_span(span_str(answer_text("state")), "signed");
        check(json_is_null(answer_at("sent")));
        check_span(span_str(clock_says("held_by")), "to_send");
        end();
}

static void mail_leaves_with_its_files(void) {
        begin();
        int64_t id = signed_report(), n = 0;
        char at[40];

        courier("{\"mail\":true,\"webhooks\":[]}");
        check_int(send_to(id, "\"không phải\""), 422);
        check_int(send_to(id, "\"a05@example.vn\",\"vncert@example.vn\""), 200);
        check_span(span_str(answer_text("state")), "signed"); /* it has not left yet */
        check_span(span_str(answer_text("sent.how")), "mail");
        check_span(span_str(answer_text("sent.mail_state")), "queued");
        check(json_is_null(answer_at("sent.at")));
        check_span(span_str(answer_text("sent.to")), "a05@example.vn, vncert@example.vn");
        int64_t mail = answer_int("sent.mail");
        check_int(sql_get_int(state_sql(w.d->state), &n,
                              "SELECT count(*) FROM outgoing WHERE subject LIKE"
                              " '[TBSC] Báo cáo ban đầu SC-%'",
                              ""),
                  1);
        check_int(n, 1);
        check_span(span_str(clock_says("held_by")), "sending");
        check_span(span_str(clock_says("met_at")), "");
        check_int(send_to(id, "\"a05@example.vn\""), 409); /* pressed twice */
        check_span(span_str(answer_text("code")), "sending");
        check_int(asf(&who[HANDLER], "reports.reopen", "{\"id\":%lld,\"reason\":\"sai số\"}",
                      (long long)id),
                  409);
        check_int(asf(&who[HANDLER], "reports.drop", "{\"id\":%lld,\"reason\":\"sai số\"}",
                      (long long)id),
                  409);
        check_int(handed_over(), mail);
        check_int(outgoing("cancel", mail), 409); /* nobody knows whether it left */
        check_span(span_str(answer_text("code")), "leaving");
        w.wall += 90 * NS_PER_SEC;
        time_format(at, w.wall, 3);
        courier_says(COURIER_MAIL, mail, 0, 0, "");
        see(id);
        check_span(span_str(answer_text("state")), "sent");
        check_span(span_str(answer_text("sent.mail_state")), "sent");
        check_span(span_str(answer_text("sent.by")), "Người lien");
        check(strncmp(answer_text("sent.at"), at, 19) == 0);
        check_span(span_str(clock_says("state")), "met");
        check(strncmp(clock_says("met_at"), at, 19) == 0);
        check_span(span_str(clock_says("held_by")), "");
        check_int(outgoing("cancel", mail), 409);
        check_int(send_to(id, "\"a05@example.vn\""), 409);
        end();
}

static void a_mail_that_fails_meets_nothing(void) {
        begin();
        check_int(asf(&who[LEAD], "incidents.serious",
                      "{\"id\":%lld,\"serious\":\"yes\",\"reason\":\"Dữ liệu bị mã hóa\"}",
                      (long long)incident),
                  200);
        int64_t id = signed_report(), first, second;

        courier("{\"mail\":true,\"webhooks\":[]}");
        check_int(send_to(id, "\"a05@example.vn\""), 200);
        first = answer_int("sent.mail");
        check_int(handed_over(), first);
        courier_says(COURIER_MAIL, first, -EPERM, COURIER_FOR_GOOD, "550 no such user");
        see(id);
        check_span(span_str(answer_text("state")), "signed");
        check_span(span_str(answer_text("sent.mail_state")), "failed");
        check_span(span_str(clock_says("held_by")), "failed");
        check_span(span_str(clock_says("met_at")), "");
        check_int(outgoing("retry", first), 200);
        check_span(span_str(clock_says("held_by")), "sending");
        check_int(outgoing("cancel", first), 200); /* it lies there still */
        check_span(span_str(clock_says("held_by")), "to_send");
        check_int(outgoing("retry", first), 409);
        check_int(send_to(id, "\"a06@example.vn\""), 200); /* to where it should have gone */
        second = answer_int("sent.mail");
        check(second != first);
        check_int(handed_over(), second);
        courier_says(COURIER_MAIL, second, -EPERM, COURIER_FOR_GOOD, "550 no such user");
        later(INT64_C(30) * 86400); /* the law's time is over */
        check_int(sign_in(&who[LIAISON], "lien", GOOD_PASSWORD), 200);
        char code[7];
        code_now(secrets[LIAISON], code);
        check_int(asf(&who[LIAISON], "session.totp", "{\"code\":\"%s\"}", code), 200);
        check_span(span_str(clock_says("state")), "late");
        check_span(span_str(clock_says("held_by")), "failed");
        check_int(outgoing("retry", second), 200);
        check_int(asf(&who[LIAISON], "reports.hand",
                      "{\"id\":%lld,\"to\":\"A05\",\"proof\":\"biên nhận\"}", (long long)id),
                  200);
        check_span(span_str(answer_text("sent.how")), "hand");
        check_int(handed_over(), 0); /* its mail was taken back */
        check_int(outgoing("retry", second), 409);
        check_span(span_str(clock_says("state")), "met_late");
        end();
}

static void exercises_never_leave(void) {
        begin();
        check_int(desk_begin(w.d), 0);
        check_int(sql_do(state_sql(w.d->state), "UPDATE incident SET drill=1", ""), 0);
        /* All of them are on the roster of a play that is under way. */
        check_int(sql_do(state_sql(w.d->state),
                         "INSERT INTO exercise(id,code,title,kind,state,unit,seed,speed,simulated,"
                         "started,created) VALUES(1,'DT-2026-01','x','replay','running',1,0,1000,0,"
                         "?1,?1)",
                         "i", w.wall),
                  0);
        check_int(sql_do(state_sql(w.d->state),
                         "INSERT INTO exercise_play(id,exercise,run,unit,state,live)"
                         " VALUES(1,1,1,1,'playing',1)",
                         ""),
                  0);
        check_int(sql_do(state_sql(w.d->state),
                         "INSERT INTO exercise_roster(exercise,unit,person,role,since)"
                         " SELECT 1,1,id,'lead',0 FROM person",
                         ""),
                  0);
        check_int(desk_commit(w.d, w.mono, w.wall), 0);
        int64_t id = signed_report();
        check_int(asf(&who[LIAISON], "reports.send", "{\"id\":%lld,\"to\":[\"a05@example.vn\"]}",
                      (long long)id),
                  409);
        check_span(span_str(answer_text("code")), "drill");
        check_int(file(LEAD, id, "reports.file", "pdf"), 200);
        check(has(given(0), "\"mark\":\"DIỄN TẬP\""));
        check_int(asf(&who[LIAISON], "reports.hand",
                      "{\"id\":%lld,\"to\":\"giám khảo\",\"proof\":\"biên nhận\"}", (long long)id),
                  200);
        end();
}

int main(void) {
        RUN(is_filled_as_far_as_known);
        RUN(form_says_what_is_mandatory);
        RUN(versions_stay);
        RUN(two_others_sign);
        RUN(who_wrote_does_not_sign);
        RUN(handing_over_meets_the_clock);
        RUN(a_year_is_counted);
        RUN(a_draft_that_is_printed_while_two_sign);
        RUN(files_go_with_the_signatures);
        RUN(files_of_a_signed_version_stay);
        RUN(long_ones_are_cut_nowhere);
        RUN(nothing_waits_for_a_server_that_there_is_not);
        RUN(mail_leaves_with_its_files);
        RUN(a_mail_that_fails_meets_nothing);
        RUN(exercises_never_leave);
        return check_done();
}

/* What changes a report: opening, writing, asking for signatures, signing, handing over. Who may sign:
 *
 *   S1. a person with a session and a fresh code of their second factor, with the permission for the unit;
 *   S2. not who wrote the last version: what was written is read by two others;
 *   S3. two different people, of this version and its hash; a new version has none.
 *   S4. Of a drill that one person plays alone, that person signs once, without a code: nobody else is
 *       there, and it never leaves. */
#include <stdio.h>
#include <string.h>

#include "desk/blobs.h"
#include "desk/desk_impl.h"
#include "desk/lent.h"
#include "desk/people.h"
#include "desk/report.h"

/* After a change: the report as it is now. */
static int done(struct api_call *c, const struct report *t, const char *en, const char *vi,
                struct span more) {
        int r = report_say(c, t, en, vi, more);

        return r == 0 ? report_answer(c, t->id) : r;
}

/* ---- opening ---- */

static const char *text(const json_t *o, const char *name) {
        const char *s = json_string_value(json_object_get(o, name));
        return s ? s : "";
}

/* The clock that such a report meets: the nearest that runs, else the regime's. */
static const json_t *clock_of(const json_t *regime, const char *kind) {
        const json_t *e;
        size_t n;

        json_array_foreach(json_object_get(regime, "clocks"), n, e) {
                if (strcmp(text(e, "report"), kind) == 0)
                        return e;
        }
        return NULL;
}

static int insert(struct api_call *c, struct report *t, const json_t *form, const json_t *named) {
        struct span lang = api_text(c, "lang");
        json_t *content = NULL;
        int r = report_next_code(c, t->regime, t->drill, &t->code);

        t->lang = lang.len ? lang : SPAN("vi");
        t->title = span_str(text(named, "en"));
        t->title_vi = span_str(text(named, "vi"));
        if (r == 0)
                r = sql_do(c->db,
                           "INSERT INTO report(code,incident,unit,regime,kind,periodic,year,title,"
                           "title_vi,lang,state,clock,due,recipient,drill,created,created_by,"
                           "version,written,writer,missing,missing_fields) VALUES(?1,?2,?3,?4,?5,"
                           "?6,?7,?8,?9,?10,'draft',?11,?12,?13,?14,?15,?16,0,?15,?16,0,'[]')",
                           "tkitssktttsTsbik", t->code, t->incident, t->unit, t->regime_id,
                           text(form, "id"), t->periodic.len ? t->periodic.p : NULL, t->year,
                           t->title, t->title_vi, t->lang, t->clock.len ? t->clock.p : NULL, t->due,
                           t->recipient.len ? t->recipient.p : NULL, (int)t->drill, c->now,
                           c->who.id);
        t->id = sql_last_id(c->db);
        if (r == 0)
                r = report_fill(c, t, &content);
        if (r == 0)
                r = report_write(c, t, content, SPAN(""));
        json_decref(content);
        return r == 0 ? done(c, t, "begun", "bắt đầu soạn", SPAN_NONE) : r;
}

static int exists_open(struct api_call *c, const char *sql, const struct report *t) {
        int64_t id = 0;
        int r = sql_get_int(c->db, &id, sql, "iti", t->incident ? t->incident : t->unit,
                            t->incident ? t->kind : t->periodic, t->year);

        if (r <= 0)
                return r;
        return api_refuse(c, 409, "exists", "There is one already: go on with that",
                          "Đã có một báo cáo như vậy: hãy tiếp tục báo cáo đó");
}

static int no_form(struct api_call *c, const char *field) {
        return api_fault_at(c, field, "The law in force has no such report",
                            "Bộ quy định không có báo cáo này", "Choose one of its reports",
                            "Chọn một báo cáo của bộ quy định");
}

static int open_of_incident(struct api_call *c, int64_t incident) {
        struct report t = {.incident = incident, .due = TIME_NONE, .kind = api_text(c, "kind")};
        int r = incident_get(c, incident, "reports.write", &t.of);

        if (r != 0)
                return r;
        t.regime = t.of.regime;
        t.regime_id = t.of.regime_id;
        t.unit = t.of.unit;
        t.drill = t.of.drill;
        const json_t *form = t.kind.p ? regime_entry(t.regime, "reports", t.kind.p) : NULL;
        if (!form)
                return no_form(c, "kind");
        const json_t *e, *clock = clock_of(t.regime, t.kind.p);
        size_t n;
        json_array_foreach(json_object_get(t.regime, "periodic"), n, e) {
                if (strcmp(text(e, "report"), t.kind.p) == 0)
                        return no_form(c, "kind"); /* of a year */
        }
        t.clock = span_str(text(clock, "id"));
        t.recipient = span_str(text(clock ? clock : form, "to"));
        if (strcmp(t.kind.p, "update") != 0) /* of those there may be several */
                r = exists_open(c,
                                "SELECT id FROM report WHERE incident=?1 AND kind=?2 AND ?3=0 AND"
                                " state IN ('draft','signing','signed')",
                                &t);
        return r == 0 ? insert(c, &t, form, form) : r;
}

static int open_of_year(struct api_call *c) {
        struct report t = {.periodic = api_text(c, "periodic"),
                           .unit = api_int(c, "unit", 0),
                           .year = api_int(c, "year", 0),
                           .due = TIME_NONE};
        const json_t *list, *named = NULL;
        const char *id;
        size_t n = 0;

        if (!t.unit || !t.year)
                return api_fault_at(c, t.unit ? "year" : "unit", "It is wanted for such a report",
                                    "Báo cáo định kỳ cần trường này", "Give it", "Hãy điền");
        int r = api_may(c, "reports.write", t.unit);
        if (r != 0)
                return r;
        t.regime = c->desk->regimes ? regime_at(c->desk->regimes, c->now) : NULL;
        list = json_object_get(t.regime, "periodic");
        while (n < json_array_size(list) &&
               strcmp(text(json_array_get(list, n), "id"), t.periodic.p) != 0)
                n++;
        named = json_array_get(list, n);
        const json_t *form =
                named ? regime_entry(t.regime, "reports", text(named, "report")) : NULL;
        if (!form)
                return no_form(c, "periodic");
        /* Due in its own year. */
        const int64_t begin = time_days(t.year, 1, 1) * 86400 - report_zone_s(t.regime);
        regime_periodic(t.regime, n, begin * NS_PER_SEC, &id, &t.due);
        t.regime_id = span_str(text(t.regime, "id"));
        t.kind = span_str(text(form, "id"));
        t.recipient = span_str(text(named, "to"));
        r = exists_open(c,
                        "SELECT id FROM report WHERE unit=?1 AND periodic=?2 AND year=?3 AND"
                        " state<>'dropped'",
                        &t);
        return r == 0 ? insert(c, &t, form, named) : r;
}

int report_do_open(struct api_call *c) {
        int64_t incident = api_int(c, "incident", 0);

        if (incident && !api_text(c, "periodic").p)
                return open_of_incident(c, incident);
        if (!incident && api_text(c, "periodic").p)
                return open_of_year(c);
        return api_fault_at(c, "incident", "Either an incident with a kind, or periodic",
                            "Chọn sự cố và loại, hoặc báo cáo định kỳ", "Give one of the two",
                            "Điền một trong hai");
}

/* ---- writing ---- */

static json_t *field_of(json_t *content, const char *name) {
        json_t *f;
        size_t i;

        json_array_foreach(json_object_get(content, "fields"), i, f) {
                if (strcmp(text(f, "name"), name) == 0)
                        return f;
        }
        return NULL;
}

static int good_value(struct api_call *c, const json_t *field, const char *at, struct span s) {
        if (strcmp(text(field, "kind"), "time") == 0 && time_parse_iso(s, 0) == TIME_NONE)
                return api_fault_at(c, at, "This is no time", "Không phải thời điểm",
                                    "Write it as 2026-11-23T14:05:00Z",
                                    "Viết dạng 2026-11-23T14:05:00Z");
        return 0;
}

/* One {name, value} of the request into the content; `changed`: it is another than before. */
static int set_field(struct api_call *c, json_t *content, size_t i, const json_t *edit,
                     bool *changed) {
        const json_t *value = json_object_get(edit, "value");
        json_t *field = field_of(content, text(edit, "name"));
        char at[64];

        snprintf(at, sizeof(at), "fields.%zu", i);
        if (!field)
                return api_fault_at(c, at, "The form has no such field", "Mẫu không có trường này",
                                    "Leave it out", "Bỏ trường này");
        if (!json_is_string(value)) { /* as the incident has it, from now on */
                if (!json_is_true(json_object_get(field, "filled")))
                        *changed = true;
                return json_object_set_new(field, "filled", json_true()) < 0 ? FAIL(-ENOMEM) : 0;
        }
        struct span s = span_of(json_string_value(value), json_string_length(value));
        int r = s.len ? good_value(c, field, at, s) : 0;
        if (r != 0 || json_equal(json_object_get(field, "value"), value))
                return r;
        *changed = true;
        if (json_object_set_new(field, "value", s.len ? api_json_text(s) : json_null()) < 0 ||
            json_object_set_new(field, "filled", json_false()) < 0)
                return FAIL(-ENOMEM);
        return 0;
}

static int draft_of(struct api_call *c, struct report *t, json_t **ret) {
        unsigned char hash[REPORT_HASH];
        int r = report_get(c, api_int(c, "id", 0), "reports.write", t);

        if (r == 0)
                r = report_in(c, t, "draft"); /* R4 */
        if (r == 0)
                r = report_fresh(c, t);
        return r == 0 ? report_content(c, t, t->version, ret, hash) : r;
}

int report_do_edit(struct api_call *c) {
        struct report t = {0};
        json_t *content = NULL;
        const json_t *edit;
        bool changed = false;
        size_t i;
        int r = draft_of(c, &t, &content);

        json_array_foreach(json_object_get(c->in, "fields"), i, edit) {
                int e = r >= 0 && content ? set_field(c, content, i, edit, &changed) : 0;
                r = r ? r : e;
        }
        if (r == 0 && changed)
                r = report_fill_again(c, &t, content);
        if (r == 0 && changed)
                r = report_write(c, &t, content, api_text(c, "note"));
        json_decref(content);
        if (r == 0 && changed)
                r = done(c, &t, "a new version", "bản mới", api_text(c, "note"));
        return r == 0 && !c->answer ? report_answer(c, t.id) : r;
}

int report_do_fill(struct api_call *c) {
        struct report t = {0};
        json_t *content = NULL, *before = NULL;
        int r = draft_of(c, &t, &content);

        if (r == 0) {
                before = json_deep_copy(content);
                r = before ? report_fill_again(c, &t, content) : FAIL(-ENOMEM);
        }
        bool changed = r == 0 && !json_equal(before, content);
        if (changed)
                r = report_write(c, &t, content,
                                 span_str(span_eq(t.lang, SPAN("en")) ? "Filled anew"
                                                                      : "Điền lại từ sự cố"));
        json_decref(before);
        json_decref(content);
        if (r == 0 && changed)
                return done(c, &t, "filled anew", "điền lại", SPAN_NONE);
        return r == 0 ? report_answer(c, t.id) : r;
}

/* ---- states ---- */

static int to_state(struct api_call *c, const struct report *t, const char *state) {
        return sql_do(c->db, "UPDATE report SET state=?2 WHERE id=?1", "is", t->id, state);
}

int report_do_submit(struct api_call *c) {
        struct report t = {0};
        json_t *content = NULL;
        int64_t missing = 0;
        int r = draft_of(c, &t, &content);

        json_decref(content);
        if (r == 0)
                r = sql_get_int(c->db, &missing, "SELECT missing FROM report WHERE id=?1", "i",
                                t.id);
        if (r < 0 || r == API_E_REFUSED)
                return r;
        if (missing)
                return api_refuse(c, 422, "missing", "Mandatory fields are empty: fill them first",
                                  "Còn thiếu trường bắt buộc: hãy điền trước");
        r = to_state(c, &t, "signing");
        return r == 0 ? done(c, &t, "waits for two signatures", "chờ hai người ký", SPAN_NONE) : r;
}

/* They name who signed it, and nobody did any more. */
static int files_void(struct api_call *c, const struct report *t) {
        int64_t blob = 0;
        int r = 1;

        while (r == 1) {
                r = sql_get_int(c->db, &blob,
                                "SELECT blob FROM report_file WHERE report=?1 AND version=?2"
                                " ORDER BY format LIMIT 1",
                                "ii", t->id, t->version);
                if (r != 1)
                        break;
                r = sql_do(c->db,
                           "DELETE FROM report_file WHERE rowid=(SELECT rowid FROM report_file"
                           " WHERE report=?1 AND version=?2 ORDER BY format LIMIT 1)",
                           "ii", t->id, t->version);
                if (r == 0)
                        r = blob_drop(c->db, blob);
                r = r == 0 ? 1 : r;
        }
        return r;
}

/* One that failed is its mail no more. */
static int no_mail(struct api_call *c, const struct report *t) {
        return sql_do(c->db,
                      "UPDATE report SET mail=NULL, how=NULL, sent_to=NULL, sent_by=NULL WHERE"
                      " id=?1",
                      "i", t->id);
}

int report_do_reopen(struct api_call *c) {
        struct report t = {0};
        int r = report_get(c, api_int(c, "id", 0), "reports.write", &t);

        if (r == 0 && !span_eq(t.state, SPAN("signing")))
                r = report_in(c, &t, "signed");
        if (r == 0)
                r = report_not_leaving(c, &t);
        if (r == 0)
                r = no_mail(c, &t);
        if (r == 0)
                r = sql_do(c->db, "UPDATE report_sign SET void=?2 WHERE report=?1 AND void IS NULL",
                           "ii", t.id, c->now);
        if (r == 0)
                r = files_void(c, &t);
        if (r == 0)
                r = to_state(c, &t, "draft");
        return r == 0 ? done(c, &t, "a draft again, signatures are void",
                             "trả về dự thảo, các chữ ký hết giá trị", api_text(c, "reason"))
                      : r;
}

int report_do_drop(struct api_call *c) {
        struct report t = {0};
        int r = report_get(c, api_int(c, "id", 0), "reports.write", &t);

        if (r == 0 && (span_eq(t.state, SPAN("sent")) || span_eq(t.state, SPAN("dropped"))))
                return api_refuse(c, 409, "over", "It was sent or given up already",
                                  "Báo cáo đã gửi hoặc đã bỏ");
        if (r == 0)
                r = report_not_leaving(c, &t);
        if (r == 0)
                r = to_state(c, &t, "dropped");
        return r == 0 ? done(c, &t, "given up", "bỏ báo cáo", api_text(c, "reason")) : r;
}

/* ---- signing ---- */

static int may_sign(struct api_call *c, const struct report *t) {
        int64_t n = 0;

        if (!c->who.session) /* S1 */
                return api_refuse(c, 403, "people_only",
                                  "reports are signed by people who signed in, not from here",
                                  "báo cáo do người đã đăng nhập ký, không phải từ đây");
        int alone = lent_alone(c, t->of.drill); /* S4 */
        if (alone < 0)
                return alone;
        if (t->writer == c->who.id && !alone) /* S2 */
                return api_refuse(c, 403, "writer", "you wrote this version: two others sign it",
                                  "bạn là người soạn bản này: hai người khác ký");
        int r = sql_get_int(c->db, &n,
                            "SELECT count(*) FROM report_sign WHERE report=?1 AND version=?2 AND"
                            " person=?3 AND void IS NULL",
                            "iii", t->id, t->version, c->who.id);
        if (r < 0 || n == 0)
                return MIN(r, 0);
        return api_refuse(c, 409, "signed_already", "you signed it already: another person too",
                          "bạn đã ký: cần thêm người khác");
}

static int sign_now(struct api_call *c, struct report *t) {
        unsigned char hash[REPORT_HASH];
        json_t *content = NULL;
        int64_t n = 0;
        int r = report_content(c, t, t->version, &content, hash);

        json_decref(content);
        if (r == 0)
                r = sql_do(c->db,
                           "INSERT INTO report_sign(report,version,hash,person,at)"
                           " VALUES(?1,?2,?3,?4,?5)",
                           "iixii", t->id, t->version, span_of((const char *)hash, sizeof(hash)),
                           c->who.id, c->now);
        if (r != 0)
                return r;
        r = sql_get_int(c->db, &n,
                        "SELECT count(DISTINCT person) FROM report_sign WHERE report=?1 AND"
                        " version=?2 AND hash=?3 AND void IS NULL",
                        "iix", t->id, t->version, span_of((const char *)hash, sizeof(hash)));
        if (r < 0)
                return r;
        r = lent_alone(c, t->of.drill);
        if (r < 0)
                return r;
        if (n < (r ? 1 : REPORT_SIGNS)) /* S3, S4 */
                return done(c, t, "signed by one", "một người đã ký", c->who.name);
        r = sql_do(c->db, "UPDATE report SET state='signed', signed_at=?2 WHERE id=?1", "ii", t->id,
                   c->now);
        return r == 0 ? done(c, t, "signed by two", "đã đủ hai người ký", c->who.name) : r;
}

int report_do_sign(struct api_call *c) {
        struct report t = {0};
        int r = report_get(c, api_int(c, "id", 0), "reports.sign", &t);

        if (r == 0)
                r = report_in(c, &t, "signing");
        if (r == 0)
                r = report_fresh(c, &t);
        if (r == 0)
                r = may_sign(c, &t);
        if (r != 0)
                return r;
        r = c->said ? 0 : lent_alone(c, t.of.drill); /* S4 */
        if (r != 0)
                return r < 0 ? r : sign_now(c, &t);
        if (!c->said)
                return totp_ask(c);
        r = totp_said(c);
        return r == 0 ? sign_now(c, &t) : r;
}

/* ---- handing over ---- */

int report_do_hand(struct api_call *c) {
        struct span to = api_text(c, "to"), proof = api_text(c, "proof");
        int64_t at = api_time(c, "at");
        struct report t = {0};
        int r = report_get(c, api_int(c, "id", 0), "reports.send", &t);

        if (r == 0)
                r = report_in(c, &t, "signed");
        if (r == 0 && at != TIME_NONE && at > c->now + 60 * NS_PER_SEC)
                r = api_fault_at(c, "at", "This time is in the future", "Thời điểm này ở tương lai",
                                 "Give the time it happened", "Ghi thời điểm đã xảy ra");
        if (r != 0)
                return r;
        at = at == TIME_NONE ? c->now : at;
        if (t.leaving) { /* L2 of report_mail.c */
                r = sql_do(c->db, "UPDATE outgoing SET state='cancelled' WHERE id=?1", "i", t.mail);
                api_tell(c, "outgoing", t.mail, t.unit);
        }
        if (r == 0)
                r = sql_do(c->db,
                           "UPDATE report SET state='sent', how='hand', sent_to=?2, sent_at=?3, "
                           "sent_by=?4,"
                           " proof=?5, mail=NULL WHERE id=?1",
                           "itikt", t.id, to, at, c->who.id, proof);
        struct span words = incident_text(c, "%s → %.*s: %.*s", t.code.p, (int)to.len, to.p,
                                          (int)proof.len, proof.p);
        if (r == 0)
                r = words.p ? report_meets(c, &t, at, words) : FAIL(-ENOMEM);
        return r == 0 ? done(c, &t, t.drill ? "handed over, as an exercise" : "handed over",
                             t.drill ? "đã giao, trong diễn tập" : "đã giao", to)
                      : r;
}

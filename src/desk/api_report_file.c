/* A report's files. Of a signed version each is made once, kept as a blob and signed by the node (R3); of a
 * draft it is made for whoever asks, and says so on every page. The press is another process and so is the
 * vault: a call that needs both waits more than once, and each time goes on with what is there by then:
 *
 *     files wanted ─► one is not made: press ─► kept ─► one is not signed: vault ─► kept ─► … ─► done
 *
 *   S5. What comes from the press or the vault is of the version, and of the state, that it was made for, or it is
 *       none: people sign, and reopen, while a page is printed.
 *   S4. Whatever is sent was signed by two people, is no exercise's, and leaves by a row of `outgoing`; when that
 *       has left its clock is met (report_mail.c). */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "desk/blobs.h"
#include "desk/desk_impl.h"
#include "desk/errands.h"
#include "desk/jobs.h"
#include "desk/mail.h"
#include "desk/report.h"
#include "desk/share.h"
#include "wire/file_sign.h"
#include "wire/vault.h"

#define FORMATS 3u
static const char *const formats[FORMATS] = {"pdf", "docx", "json"};
static const char *const types[FORMATS] = {
        "application/pdf",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/json"};

enum { WANT_SIGNATURE = 1 << 8 };

/* What a call waits for; in its arena. */
struct waiting {
        unsigned format;
        int64_t version;
        bool final;            /* it was one that two signed */
        int64_t signs;         /* the last signature of those */
        struct file_sign sign; /* as the vault has it; name empty: it is the press that works */
        struct span bytes;     /* being given */
        size_t at;
};

struct file {
        int64_t blob, size; /* blob 0: not made yet */
        unsigned char hash[32];
        bool is_signed;
};

static unsigned format_of(struct span s) {
        for (unsigned i = 0; i < FORMATS; i++)
                if (span_eq(s, span_str(formats[i])))
                        return i;
        return 0;
}

static int find_file(struct api_call *c, const struct report *t, unsigned format,
                     struct file *ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT blob, size, hash, signature IS NOT NULL FROM report_file"
                         " WHERE report=?1 AND version=?2 AND format=?3",
                         "iis", t->id, t->version, formats[format]);

        *ret = (struct file){0};
        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r;
        struct span hash = sql_span(q, 2);
        ret->blob = sql_int(q, 0);
        ret->size = sql_int(q, 1);
        ret->is_signed = sql_int(q, 3) != 0;
        if (hash.len == sizeof(ret->hash))
                memcpy(ret->hash, hash.p, sizeof(ret->hash));
        return 0;
}

static int keep_file(struct api_call *c, const struct report *t, unsigned format,
                     struct span bytes) {
        unsigned char hash[BLOB_HASH_BYTES];
        int64_t blob;
        int r = blob_put(c->desk, bytes, c->now, &blob, hash);

        if (r > 0)
                return blob_refuse(c, r);
        if (r == 0)
                r = sql_do(c->db,
                           "INSERT INTO report_file(report,version,format,made,blob,size,hash)"
                           " VALUES(?1,?2,?3,?4,?5,?6,?7)",
                           "iisiiix", t->id, t->version, formats[format], c->now, blob,
                           (int64_t)bytes.len, span_of((const char *)hash, sizeof(hash)));
        if (r == -EEXIST)
                return 0; /* two asked at once: the first one's stays, and this one is the same */
        return r == 0 ? blob_hold(c->db, blob) : r;
}

static int last_sign(struct api_call *c, const struct report *t, int64_t version, int64_t *ret) {
        *ret = 0;
        return report_final(t, version)
                       ? MIN(sql_get_int(c->db, ret,
                                         "SELECT ifnull(max(id),0) FROM report_sign WHERE report=?1"
                                         " AND version=?2 AND void IS NULL",
                                         "ii", t->id, version),
                             0)
                       : 0;
}

static struct waiting *waiting_of(struct api_call *c) {
        if (!c->kept)
                c->kept = arena_zalloc(c->arena, sizeof(struct waiting));
        return c->kept;
}

/* ---- one step: the press, the vault ---- */

static int begin_wait(struct api_call *c, const struct report *t, int64_t version,
                      unsigned format) {
        struct waiting *w = waiting_of(c);

        if (!w)
                return FAIL(-ENOMEM);
        *w = (struct waiting){
                .format = format, .version = version, .final = report_final(t, version)};
        return last_sign(c, t, version, &w->signs);
}

static int print(struct api_call *c, const struct report *t, int64_t version, unsigned format) {
        _cleanup_(buf_deinit) struct buf b = {.limit = JOB_IN_MAX};
        int r = report_paper(c, t, version, span_str(formats[format]), &b);

        if (r == 0)
                r = begin_wait(c, t, version, format);
        return r == 0 ? api_job(c, JOB_PRESS, buf_get(&b)) : r;
}

static int ask_vault(struct api_call *c, const struct report *t, unsigned format,
                     const struct file *f) {
        struct msg_vault_ask m = {.type = VAULT_FILE, .text_len = sizeof(struct file_sign)};
        int r = begin_wait(c, t, t->version, format);
        struct waiting *w = c->kept;
        char what[64];

        if (r != 0)
                return r;
        snprintf(what, sizeof(what), "%s version %lld %s", t->code.p, (long long)t->version,
                 formats[format]);
        file_sign_make(&w->sign, span_str(what), c->now, f->hash);
        memcpy(m.text, &w->sign, sizeof(w->sign));
        return api_vault(c, &m);
}

static int vault_said(struct api_call *c, const struct report *t, const struct waiting *w) {
        const struct msg_vault_answer *a = c->said;
        _cleanup_(buf_deinit) struct buf b = {.limit = FILE_SIGN_TEXT_MAX};
        struct file_signed s;

        if (a->error == -EAGAIN)
                return api_vault_busy(c);
        if (a->error || a->box_len != sizeof(s))
                return api_refuse(c, 503, "no_key", "the node's key signs nothing at this moment",
                                  "khóa của nút hiện chưa ký được");
        memcpy(&s, a->box, sizeof(s));
        if (crypto_sign_verify_detached(s.signature, (const unsigned char *)&w->sign,
                                        sizeof(w->sign), s.public_key) != 0)
                return FAIL(-EBADMSG);
        file_sign_text(&b, &w->sign, &s);
        return sql_do(c->db,
                      "UPDATE report_file SET signature=?4 WHERE report=?1 AND version=?2 AND"
                      " format=?3 AND signature IS NULL",
                      "iist", t->id, t->version, formats[w->format], buf_get(&b));
}

/* What the press says is foreign: no more is looked at than whether it is such a file at all. */
static bool of_format(unsigned format, struct span s) {
        struct span begin = format == 0 ? SPAN("%PDF-") : SPAN("PK\003\004");

        return s.len > begin.len && memcmp(s.p, begin.p, begin.len) == 0;
}

static const struct job_said nothing = {.error = -EIO};

/* S5 */
static int still_that(struct api_call *c, const struct report *t, int64_t version) {
        const struct waiting *w = c->kept;
        int64_t signs = 0;
        int r = w ? last_sign(c, t, version, &signs) : FAIL(-EPROTO);

        if (r < 0 ||
            (w->version == version && w->final == report_final(t, version) && w->signs == signs))
                return r;
        return api_refuse(c, 409, "stale", "the report changed while this was made: ask again",
                          "báo cáo vừa thay đổi trong lúc tạo tệp: hãy yêu cầu lại");
}

static int take_said(struct api_call *c, const struct report *t) {
        struct waiting *w = c->kept;
        int r = still_that(c, t, t->version);

        if (r == 0)
                r = api_write(c);
        if (r != 0)
                return r;
        if (w->sign.name[0]) {
                r = vault_said(c, t, w);
        } else {
                const struct job_said *s = c->said;
                r = s->error                        ? api_job_failed(c, s)
                    : !of_format(w->format, s->out) ? api_job_failed(c, &nothing)
                                                    : keep_file(c, t, w->format, s->out);
        }
        c->said = NULL;
        return r;
}

/* All files of a signed version that `want` has a bit for (1 << format), signed with WANT_SIGNATURE. 0: they are
 * there; API_E_LATER: come again; API_E_REFUSED, -errno. */
static int ensure(struct api_call *c, const struct report *t, unsigned want) {
        int r = c->said ? take_said(c, t) : 0;

        for (unsigned i = 0; i < FORMATS && r == 0; i++) {
                struct file f;

                if (!(want & 1u << i))
                        continue;
                r = find_file(c, t, i, &f);
                if (r == 0 && !f.blob && i == 2) {
                        _cleanup_(buf_deinit) struct buf b = {.limit = JOB_OUT_MAX};

                        r = api_write(c);
                        if (r == 0)
                                r = report_json(c, t, t->version, &b);
                        if (r == 0)
                                r = keep_file(c, t, i, buf_get(&b));
                        if (r == 0)
                                r = find_file(c, t, i, &f);
                } else if (r == 0 && !f.blob) {
                        return print(c, t, t->version, i);
                }
                if (r == 0 && (want & WANT_SIGNATURE) && !f.is_signed)
                        return ask_vault(c, t, i, &f);
        }
        return r;
}

/* ---- giving one ---- */

static int give(struct api_call *c, struct buf *to) {
        struct waiting *w = c->kept;
        size_t n = MIN(w->bytes.len - w->at, API_PIECE_MAX);

        buf_add(to, w->bytes.p + w->at, n);
        w->at += n;
        return w->at < w->bytes.len;
}

static int give_bytes(struct api_call *c, const struct report *t, int64_t version, unsigned format,
                      struct span bytes) {
        struct waiting *w = waiting_of(c);
        char name[96];

        if (!w)
                return FAIL(-ENOMEM);
        *w = (struct waiting){.bytes = arena_dup(c->arena, bytes)};
        if (!w->bytes.p)
                return api_refuse(c, 413, "too_large", "this file is larger than what is given",
                                  "tệp lớn hơn mức cho phép");
        snprintf(name, sizeof(name), "%s-%lld%s.%s", t->code.p, (long long)version,
                 report_final(t, version) ? "" : "-du-thao", formats[format]);
        return api_file(c, types[format], name, give);
}

/* Of a draft, or of a version that is no more: made anew for each. */
static int draft_file(struct api_call *c, const struct report *t, int64_t version,
                      unsigned format) {
        _cleanup_(buf_deinit) struct buf b = {.limit = JOB_OUT_MAX};
        int r;

        if (format != 2 && !c->said)
                return print(c, t, version, format);
        if (c->said) {
                const struct job_said *s = c->said;
                r = still_that(c, t, version);
                return r != 0     ? r
                       : s->error ? api_job_failed(c, s)
                                  : give_bytes(c, t, version, format, s->out);
        }
        r = report_json(c, t, version, &b);
        return r == 0 ? give_bytes(c, t, version, format, buf_get(&b)) : r;
}

int report_do_file(struct api_call *c) {
        unsigned format = format_of(api_text(c, "format"));
        struct report t = {0};
        struct file f;
        char name[96];
        int r = report_get(c, api_int(c, "id", 0), "reports.read", &t);

        if (r != 0)
                return r;
        int64_t version = api_int(c, "version", t.version);
        if (version > t.version)
                return api_missing(c);
        if (!report_final(&t, version))
                return draft_file(c, &t, version, format);
        r = ensure(c, &t, 1u << format);
        if (r == 0)
                r = find_file(c, &t, format, &f);
        if (r != 0)
                return r;
        snprintf(c->about, sizeof(c->about), "report %lld", (long long)t.id);
        snprintf(name, sizeof(name), "%s-%lld.%s", t.code.p, (long long)version, formats[format]);
        c->kept = NULL; /* blobs.c has its own there */
        return blob_download(c, f.blob, span_str(name));
}

int report_do_signature(struct api_call *c) {
        unsigned format = format_of(api_text(c, "format"));
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct report t = {0};
        char name[96];
        int r = report_get(c, api_int(c, "id", 0), "reports.read", &t);

        if (r != 0)
                return r;
        if (!report_final(&t, t.version))
                return report_in(c, &t, "signed");
        r = ensure(c, &t, (1u << format) | WANT_SIGNATURE);
        if (r == 0)
                r = sql_rows(c->db, &q,
                             "SELECT signature FROM report_file WHERE report=?1 AND version=?2 AND"
                             " format=?3",
                             "iis", t.id, t.version, formats[format]);
        if (r == 0)
                r = sql_next(q) == 1 ? 0 : FAIL(-EIO);
        if (r != 0)
                return r;
        struct waiting *w = waiting_of(c);
        if (!w)
                return FAIL(-ENOMEM);
        *w = (struct waiting){.bytes = arena_dup(c->arena, sql_span(q, 0))};
        if (!w->bytes.p)
                return FAIL(-ENOMEM);
        snprintf(name, sizeof(name), "%s-%lld.%s.sig", t.code.p, (long long)t.version,
                 formats[format]);
        return api_file(c, "text/plain; charset=utf-8", name, give);
}

/* ---- sending ---- */

static int signature_blob(struct api_call *c, const struct report *t, unsigned format,
                          struct outgoing_file *ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        unsigned char hash[BLOB_HASH_BYTES];
        int r = sql_rows(c->db, &q,
                         "SELECT signature FROM report_file WHERE report=?1 AND version=?2 AND"
                         " format=?3",
                         "iis", t->id, t->version, formats[format]);

        if (r == 0)
                r = sql_next(q) == 1 ? 0 : FAIL(-EIO);
        struct span text = r == 0 ? arena_dup(c->arena, sql_span(q, 0)) : SPAN_NONE;
        q = sql_end(q);
        if (r == 0)
                r = text.p ? blob_put(c->desk, text, c->now, &ret->blob, hash) : FAIL(-ENOMEM);
        ret->size = text.len;
        ret->type = SPAN("text/plain");
        return r;
}

/* Each file and its signature. */
static int attachments(struct api_call *c, const struct report *t,
                       struct outgoing_file list[2 * FORMATS]) {
        int r = 0;

        for (unsigned i = 0; i < FORMATS && r == 0; i++) {
                struct outgoing_file *a = &list[2 * i];
                struct file f;

                r = find_file(c, t, i, &f);
                a[0] = (struct outgoing_file){
                        .blob = f.blob,
                        .type = span_str(types[i]),
                        .size = (uint64_t)f.size,
                        .name = arena_printf(c->arena, "%s.%s", t->code.p, formats[i])};
                if (r == 0)
                        r = signature_blob(c, t, i, &a[1]);
                a[1].name = arena_printf(c->arena, "%s.%s.sig", t->code.p, formats[i]);
                if (r == 0 && (!a[0].name.p || !a[1].name.p))
                        r = FAIL(-ENOMEM);
        }
        return r > 0 && r < API_E_REFUSED ? r : r > 0 ? blob_refuse(c, r) : r;
}

static struct span body_of(struct api_call *c, const struct report *t) {
        bool en = span_eq(t->lang, SPAN("en"));
        struct span title = en ? t->title : t->title_vi;

        return arena_printf(c->arena,
                            en ? "%.*s\n%s\n\nAttached: the report as PDF, DOCX and JSON, each "
                                 "with a detached signature (.sig) of this node; check with:\n"
                                 "coloa verify FILE --signature FILE.sig --key KEY\n"
                               : "%.*s\n%s\n\nKèm theo: báo cáo dạng PDF, DOCX và JSON, mỗi tệp "
                                 "có chữ ký tách rời (.sig) của nút; kiểm tra bằng:\n"
                                 "coloa verify TỆP --signature TỆP.sig --key KHÓA\n",
                            (int)title.len, title.p, t->code.p);
}

/* The addresses of the request, a comma between; each is looked at. */
static int addresses(struct api_call *c, struct span *ret) {
        _cleanup_(buf_deinit) struct buf b = {.limit = 16384};
        const json_t *e;
        size_t i;

        json_array_foreach(json_object_get(c->in, "to"), i, e) {
                struct span s = span_of(json_string_value(e), json_string_length(e));

                if (!outgoing_address_good(s))
                        return api_fault_at(c, "to", "One of them is no address of mail",
                                            "Có mục không phải địa chỉ thư",
                                            "Write it as name@agency.gov.vn",
                                            "Viết dạng ten@coquan.gov.vn");
                buf_printf(&b, "%s%.*s", i ? ", " : "", (int)s.len, s.p);
        }
        *ret = arena_dup(c->arena, buf_get(&b));
        return ret->p ? 0 : FAIL(-ENOMEM);
}

static int send_now(struct api_call *c, struct report *t, struct span to) {
        struct outgoing_file files[2 * FORMATS] = {{0}};
        const json_t *form = regime_entry(t->regime, "reports", t->kind.p);
        struct span subject = api_text(c, "subject"), about;
        int64_t mail = 0, before = 0;
        char once[96];
        int r = attachments(c, t, files);

        if (r != 0)
                return r;
        if (!subject.len)
                subject = report_subject(c, t, form);
        about = arena_printf(c->arena, "report %lld", (long long)t->id);
        struct span body = body_of(c, t);
        if (!subject.p || !about.p || !body.p)
                return FAIL(-ENOMEM);
        r = sql_get_int(c->db, &before, "SELECT count(*) FROM outgoing WHERE about=?1", "t", about);
        if (r < 0)
                return r;
        snprintf(once, sizeof(once), "report %lld version %lld mail %lld", (long long)t->id,
                 (long long)t->version, (long long)before + 1);
        r = outgoing_mail(c->desk,
                          &(struct outgoing){.once = once,
                                             .to = to,
                                             .subject = subject,
                                             .body = body,
                                             .files = files,
                                             .n_files = ARRAY_LEN(files),
                                             .about = about,
                                             .incident = t->incident,
                                             .unit = t->unit,
                                             .by = c->who.id},
                          &mail);
        if (r == OUTGOING_E_ADDRESS)
                return api_fault_at(c, "to", "One of them is no address of mail",
                                    "Có mục không phải địa chỉ thư",
                                    "Write it as name@agency.gov.vn",
                                    "Viết dạng ten@coquan.gov.vn");
        if (r == 0)
                r = sql_do(c->db,
                           "UPDATE report SET how='mail', sent_to=?2, sent_by=?3, mail=?4"
                           " WHERE id=?1",
                           "itki", t->id, to, c->who.id, mail);
        if (r == 0) /* met when it has left: report_mail.c */
                r = report_say(c, t, "given to the mail", "đã đưa vào thư gửi đi", to);
        return r == 0 ? report_answer(c, t->id) : r;
}

/* Nothing waits for ever for a server that there is not. */
static int can_mail(struct api_call *c) {
        bool mail;

        if (errands_mail(c->desk))
                return 0;
        if (!errands_up(c->desk, &mail)) {
                c->retry = 5;
                return api_refuse(c, 503, "try_later",
                                  "the part of the node that sends mail is not up: try again, or "
                                  "hand the report over",
                                  "phần gửi thư của nút chưa sẵn sàng: hãy thử lại, hoặc nộp trực "
                                  "tiếp");
        }
        return api_refuse(c, 409, "no_mail",
                          "this node has no mail server: hand the report over and say so here, or "
                          "have one configured (courier: mail:)",
                          "nút này chưa có máy chủ thư: hãy nộp trực tiếp rồi ghi lại ở đây, hoặc "
                          "cấu hình máy chủ thư (courier: mail:)");
}

int report_do_send(struct api_call *c) {
        struct report t = {0};
        struct span to = SPAN_NONE;
        int r = report_get(c, api_int(c, "id", 0), "reports.send", &t);

        if (r == 0)
                r = report_in(c, &t, "signed");
        if (r == 0 && t.drill) /* S4 */
                r = api_refuse(c, 409, "drill", "a report of an exercise is never sent",
                               "báo cáo của diễn tập không bao giờ được gửi ra ngoài");
        if (r == 0)
                r = report_not_leaving(c, &t);
        if (r == 0)
                r = can_mail(c);
        if (r == 0)
                r = addresses(c, &to);
        if (r == 0)
                r = ensure(c, &t, ((1u << FORMATS) - 1u) | WANT_SIGNATURE);
        return r == 0 ? send_now(c, &t, to) : r;
}

/* ---- the incident, for others' machines ---- */

static int share_too_large(struct api_call *c) {
        return api_refuse(c, 413, "too_large", "this incident has more than one file holds",
                          "sự cố có nhiều dữ liệu hơn mức một tệp chứa được");
}

static int give_share(struct api_call *c, const struct share *s, const char *type,
                      const char *ending, const struct buf *b) {
        struct waiting *w = waiting_of(c);
        char name[96];

        if (!w)
                return FAIL(-ENOMEM);
        *w = (struct waiting){.bytes = arena_dup(c->arena, buf_get(b))};
        if (!w->bytes.p)
                return share_too_large(c);
        snprintf(name, sizeof(name), "%s%s.%s", s->of.drill ? "dien-tap-" : "", s->of.code.p,
                 ending);
        return api_file(c, type, name, give);
}

int report_do_stix(struct api_call *c) {
        _cleanup_(buf_deinit) struct buf b = {.limit = (size_t)6 << 20};
        struct share *s;
        int r = share_open(c, &s);

        if (r == 0 && (r = share_stix(s, &b)) < 0 && b.failed)
                return share_too_large(c);
        return r == 0 ? give_share(c, s, "application/stix+json;version=2.1", "stix.json", &b) : r;
}

int report_do_iodef(struct api_call *c) {
        _cleanup_(buf_deinit) struct buf b = {.limit = (size_t)6 << 20};
        struct share *s;
        int r = share_open(c, &s);

        if (r == 0 && !s->open)
                return api_refuse(c, 409, "stricter",
                                  "the incident's traffic light is stricter than that: choose a "
                                  "narrower sharing, or change its light first",
                                  "mức TLP của sự cố chặt hơn: chọn phạm vi hẹp hơn, hoặc đổi mức "
                                  "TLP của sự cố trước");
        if (r == 0 && (r = share_iodef(s, &b)) < 0 && b.failed)
                return share_too_large(c);
        return r == 0 ? give_share(c, s, "application/xml; charset=utf-8", "iodef.xml", &b) : r;
}

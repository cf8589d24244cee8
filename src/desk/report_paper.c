/* A report's version as what the press prints and as JSON. What is printed is of that version alone, of the people
 * who signed it and of the regime, so that a signed version gives the same file whenever it is made. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "desk/api_impl.h"
#include "desk/desk_impl.h"
#include "desk/report.h"

struct paper {
        struct api_call *c;
        const struct report *t;
        int64_t version, at; /* at: it was written, or signed by the second */
        struct span by;
        bool vi, final;
        unsigned char hash[REPORT_HASH];
        json_t *content;
        const json_t *form;
};

bool report_final(const struct report *t, int64_t version) {
        return version == t->version &&
               (span_eq(t->state, SPAN("signed")) || span_eq(t->state, SPAN("sent")));
}

__attribute__((format_arg(2), format_arg(3))) static const char *
tr_of(const struct paper *p, const char *en, const char *vi) {
        return p->vi ? vi : en;
}

static const char *named(const struct paper *p, const json_t *o) {
        const char *s = json_string_value(json_object_get(o, p->vi ? "vi" : "en"));
        return s ? s : "";
}

/* ---- times, as the regime's clocks on the wall show them ---- */

struct wall {
        int64_t year;
        unsigned month, day, hour, minute;
};

static struct wall wall_of(const struct paper *p, int64_t ns) {
        const int64_t s = ns / NS_PER_SEC + report_zone_s(p->t->regime);
        const int64_t days = s >= 0 ? s / 86400 : -((86399 - s) / 86400);
        const int64_t in_day = s - days * 86400;
        struct wall w = {.hour = (unsigned)(in_day / 3600), .minute = (unsigned)(in_day / 60 % 60)};

        time_civil(days, &w.year, &w.month, &w.day);
        return w;
}

static json_t *date_json(const struct paper *p, int64_t ns) {
        static const char *const months[] = {"January",   "February", "March",    "April",
                                             "May",       "June",     "July",     "August",
                                             "September", "October",  "November", "December"};
        struct wall w = wall_of(p, ns);

        return p->vi ? json_sprintf("…………, ngày %02u tháng %02u năm %lld", w.day, w.month,
                                    (long long)w.year)
                     : json_sprintf("…………, %u %s %lld", w.day, months[(w.month + 11) % 12],
                                    (long long)w.year);
}

static struct span time_words(const struct paper *p, int64_t ns) {
        const char *zone = json_string_value(json_object_get(p->t->regime, "zone"));
        struct wall w = wall_of(p, ns);

        return arena_printf(p->c->arena,
                            p->vi ? "%02u:%02u ngày %02u/%02u/%lld (UTC%s)"
                                  : "%02u:%02u, %02u/%02u/%lld (UTC%s)",
                            w.hour, w.minute, w.day, w.month, (long long)w.year, zone ? zone : "");
}

/* ---- reading ---- */

static int open_paper(struct api_call *c, const struct report *t, int64_t version,
                      struct paper *p) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;

        *p = (struct paper){.c = c,
                            .t = t,
                            .version = version,
                            .vi = !span_eq(t->lang, SPAN("en")),
                            .final = report_final(t, version),
                            .form = regime_entry(t->regime, "reports", t->kind.p)};
        int r = report_content(c, t, version, &p->content, p->hash);
        if (r == 0)
                r = sql_rows(c->db, &q,
                             "SELECT CASE ?3 WHEN 1 THEN (SELECT signed_at FROM report WHERE id=?1)"
                             " ELSE v.at END, (SELECT name FROM person WHERE id=v.by) FROM"
                             " report_version v WHERE v.report=?1 AND v.n=?2",
                             "iib", t->id, version, (int)p->final);
        if (r == 0)
                r = sql_next(q) == 1 ? 0 : FAIL(-EIO);
        if (r == 0) {
                p->at = sql_time(q, 0);
                p->by = arena_dup(c->arena, sql_null(q, 1) ? SPAN("") : sql_span(q, 1));
        }
        return r;
}

static void close_paper(struct paper *p) {
        json_decref(p->content);
}

/* What stood around the form when the version was written (report.c). */
static json_t *head_of(const struct paper *p, const char *name) {
        return json_object_get(json_object_get(p->content, "head"), name);
}

static struct span head_text(const struct paper *p, const char *name) {
        const json_t *v = head_of(p, name);

        return json_is_string(v) ? span_of(json_string_value(v), json_string_length(v)) : SPAN("");
}

static int add_rows(struct paper *p, json_t *rows) {
        const json_t *f;
        size_t i;

        json_array_foreach(json_object_get(p->content, "fields"), i, f) {
                const char *title =
                        json_string_value(json_object_get(f, p->vi ? "title_vi" : "title"));
                const char *value = json_string_value(json_object_get(f, "value"));
                const char *kind = json_string_value(json_object_get(f, "kind"));
                bool missing = !value && json_is_true(json_object_get(f, "must"));
                struct span s = value ? span_str(value) : SPAN("");
                int64_t ns = value && kind && strcmp(kind, "time") == 0 ? time_parse_iso(s, 0)
                                                                        : TIME_NONE;

                if (ns != TIME_NONE)
                        s = time_words(p, ns);
                if (missing)
                        s = span_str(tr_of(p, "(missing)", "(chưa có)"));
                if (!s.p ||
                    json_array_append_new(rows, json_pack("[s,o,b]", title ? title : "",
                                                          api_json_text(s), (int)missing)) < 0)
                        return FAIL(-ENOMEM);
        }
        return 0;
}

/* "D331 31.2.d; D356 28" with the laws' whole names. */
static void basis_words(const struct paper *p, const char *basis, struct buf *b) {
        const json_t *laws = json_object_get(p->t->regime, "laws");

        while (basis && *basis) {
                size_t n = strcspn(basis, ";"), word = strcspn(basis, " ;");
                char name[64];

                snprintf(name, sizeof(name), "%.*s", (int)MIN(word, sizeof(name) - 1), basis);
                const json_t *law = json_object_get(laws, name);
                if (law)
                        buf_printf(b, "%s%s%.*s", named(p, law), word < n ? "," : "",
                                   (int)(n - word), basis + word);
                else
                        buf_add(b, basis, n);
                basis += n;
                if (*basis)
                        buf_str(b, ";");
                basis += *basis == ';';
        }
}

static int add_notes(struct paper *p, json_t *list) {
        _cleanup_(buf_deinit) struct buf b = {.limit = 4096};
        const char *basis = json_string_value(json_object_get(p->form, "basis"));
        const char *notice = named(p, json_object_get(p->t->regime, "notice"));

        buf_str(&b, tr_of(p, "Basis: ", "Căn cứ: "));
        basis_words(p, basis, &b);
        buf_char(&b, '.');
        if (json_array_append_new(list, api_json_text(buf_get(&b))) < 0)
                return FAIL(-ENOMEM);
        if (json_is_true(json_object_get(p->form, "official")))
                return 0;
        buf_reset(&b);
        buf_str(&b, tr_of(p, "This is no official form. ", "Đây không phải mẫu chính thức. "));
        buf_str(&b, notice);
        return json_array_append_new(list, api_json_text(buf_get(&b))) < 0 ? FAIL(-ENOMEM) : 0;
}

static int add_signers(struct paper *p, json_t *list) {
        static const char *const en[] = {"FIRST SIGNATURE", "SECOND SIGNATURE"};
        static const char *const vi[] = {"NGƯỜI KÝ THỨ NHẤT", "NGƯỜI KÝ THỨ HAI"};
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        unsigned n = 0;
        int r = !p->final ? 0
                          : sql_rows(p->c->db, &q,
                                     "SELECT p.name, p.title, s.at FROM report_sign s JOIN person p"
                                     " ON p.id=s.person WHERE s.report=?1 AND s.version=?2 AND"
                                     " s.void IS NULL ORDER BY s.id LIMIT 2",
                                     "ii", p->t->id, p->version);

        while (p->final && n < ARRAY_LEN(en) && r == 0 && (r = sql_next(q)) == 1) {
                struct wall at = wall_of(p, sql_time(q, 2));
                struct span when = arena_printf(p->c->arena, "%02u:%02u, %02u/%02u/%lld", at.hour,
                                                at.minute, at.day, at.month, (long long)at.year);
                struct span title = sql_null(q, 1) ? SPAN("") : sql_span(q, 1);
                json_t *note = when.p ? json_sprintf(tr_of(p, "%.*s%s(signed in the system, %s)",
                                                           "%.*s%s(đã ký trong hệ thống lúc %s)"),
                                                     (int)title.len, title.p, title.len ? "\n" : "",
                                                     when.p)
                                      : NULL;

                r = json_array_append_new(list, json_pack("[s,o,o]", p->vi ? vi[n] : en[n], note,
                                                          api_json_text(sql_span(q, 0)))) < 0
                            ? FAIL(-ENOMEM)
                            : 0;
                n++;
        }
        return r;
}

/* ---- the press's JSON ---- */

static json_t *subtitle(const struct paper *p) {
        struct span about = head_text(p, "about");
        size_t n = MIN(about.len, (size_t)600);

        while (n && n < about.len && ((unsigned char)about.p[n] & 0xc0) == 0x80)
                n--; /* a cut ends at a whole character */
        if (!p->t->incident)
                return json_sprintf(tr_of(p, "Year %lld", "Năm %lld"), (long long)p->t->year);
        return json_sprintf(tr_of(p, "Incident %s: %.*s", "Sự cố %s: %.*s"), p->t->of.code.p,
                            (int)n, about.p);
}

static json_t *recipient(const struct paper *p) {
        const json_t *e = json_object_get(json_object_get(p->t->regime, "recipients"),
                                          p->t->recipient.len ? p->t->recipient.p : "-");

        return e ? json_pack("[s,s]", tr_of(p, "To:", "Kính gửi:"), named(p, e)) : json_array();
}

static const char *mark(const struct paper *p) {
        if (p->t->drill)
                return tr_of(p, "EXERCISE", "DIỄN TẬP");
        return p->final ? "" : tr_of(p, "DRAFT", "DỰ THẢO");
}

/* "TLP:AMBER+STRICT" */
static json_t *handling(const struct paper *p) {
        struct span s = head_text(p, "tlp");
        char word[32] = "";

        for (size_t i = 0; i < s.len && i + 1 < sizeof(word); i++)
                word[i] = (char)(s.p[i] == '_' ? '+' : s.p[i] & ~0x20);
        return s.len ? json_sprintf("TLP:%s", word) : json_string("");
}

static json_t *foot(const struct paper *p) {
        char hex[2 * REPORT_HASH + 1];

        sodium_bin2hex(hex, sizeof(hex), p->hash, sizeof(p->hash));
        return json_sprintf(
                tr_of(p, "%s%s%s · version %lld · BLAKE2b %s", "%s%s%s · bản %lld · BLAKE2b %s"),
                mark(p), *mark(p) ? " · " : "", p->t->code.p, (long long)p->version, hex);
}

static int set(json_t *o, const char *name, json_t *v) {
        return json_object_set_new(o, name, v) < 0 ? FAIL(-ENOMEM) : 0;
}

static json_t *or_empty(json_t *v) {
        return v ? json_incref(v) : json_array();
}

static int fill_lists(struct paper *p, json_t *o) {
        json_t *rows = json_array(), *notes = json_array(), *signers = json_array();
        int r = set(o, "agency", or_empty(head_of(p, "agency")));

        if (r == 0)
                r = set(o, "rows", rows);
        if (r == 0)
                r = set(o, "notes", notes);
        if (r == 0)
                r = set(o, "signers", signers);
        if (r == 0)
                r = add_rows(p, rows);
        if (r == 0)
                r = add_notes(p, notes);
        return r == 0 ? add_signers(p, signers) : r;
}

static json_t *filed(const struct paper *p) {
        return json_sprintf(tr_of(p, "- File %s.", "- Lưu: VT, hồ sơ %s."),
                            p->t->incident ? p->t->of.code.p : p->t->code.p);
}

static int paper_json(struct paper *p, struct span format, struct buf *to) {
        const json_t *state = json_object_get(p->t->regime, "paper");
        struct span title = p->vi ? p->t->title_vi : p->t->title;
        char made[40];

        made[time_format(made, p->at - p->at % NS_PER_SEC, 0)] = '\0';
        json_t *o = json_pack(
                "{s:s,s:s,s:s,s:s,s:s,s:o,s:o,s:o,s:s,s:o,s:o,s:o,s:[s,s,s],s:s,s:[s,o],s:[s,s],"
                "s:o}",
                "format", format.p, "lang", p->vi ? "vi" : "en", "made", made, "state",
                named(p, json_object_get(state, "state")), "motto",
                named(p, json_object_get(state, "motto")), "number",
                json_sprintf(tr_of(p, "No. %s", "Số: %s"), p->t->code.p), "place",
                date_json(p, p->at), "handling", handling(p), "mark", mark(p), "title",
                api_json_text(title), "subtitle", subtitle(p), "to", recipient(p), "columns",
                tr_of(p, "No.", "STT"), tr_of(p, "Item", "Nội dung"),
                tr_of(p, "Information", "Thông tin"), "copies_title",
                tr_of(p, "Copies:", "Nơi nhận:"), "copies", tr_of(p, "- As above;", "- Như trên;"),
                filed(p), "seal",
                tr_of(p, "DIGITAL SIGNATURE OF THE AGENCY", "CHỮ KÝ SỐ CỦA CƠ QUAN"),
                tr_of(p, "(name and post; signed as the law says)",
                      "(họ tên, chức vụ; ký số theo quy định)"),
                "foot", foot(p));
        if (!o)
                return FAIL(-ENOMEM);
        int r = fill_lists(p, o);
        if (r == 0)
                r = api_json_text_of(to, o);
        json_decref(o);
        return r;
}

int report_paper(struct api_call *c, const struct report *t, int64_t version, struct span format,
                 struct buf *to) {
        struct paper p;
        int r = open_paper(c, t, version, &p);

        if (r == 0)
                r = paper_json(&p, format, to);
        close_paper(&p);
        return r;
}

/* ---- JSON for others' machines ---- */

int report_json(struct api_call *c, const struct report *t, int64_t version, struct buf *to) {
        char hex[2 * REPORT_HASH + 1];
        struct paper p;
        json_t *signers = json_array();
        int r = open_paper(c, t, version, &p);

        if (r == 0)
                r = add_signers(&p, signers);
        sodium_bin2hex(hex, sizeof(hex), p.hash, sizeof(p.hash));
        json_t *o = r != 0 ? NULL
                           : json_pack("{s:i,s:s,s:s,s:s,s:s,s:s,s:s,s:s?,s:s,s:b,s:b,s:I,s:s,s:o,"
                                       "s:o,s:s,s:O?,s:O?,s:O?,s:O?}",
                                       "format", 1, "code", t->code.p, "kind", t->kind.p, "regime",
                                       t->regime_id.p, "title", t->title.p, "title_vi",
                                       t->title_vi.p, "lang", t->lang.p, "incident",
                                       t->incident ? t->of.code.p : NULL, "to", t->recipient.p,
                                       "drill", (int)t->drill, "final", (int)p.final, "version",
                                       (json_int_t)version, "hash", hex, "at", api_json_time(p.at),
                                       "agency", or_empty(head_of(&p, "agency")), "writer", p.by.p,
                                       "basis", json_object_get(p.form, "basis"), "signatures",
                                       signers, "fields", json_object_get(p.content, "fields"),
                                       "head", json_object_get(p.content, "head"));
        if (r == 0 && !o)
                r = FAIL(-ENOMEM);
        if (r == 0)
                r = api_json_text_of(to, o);
        if (r == 0)
                buf_char(to, '\n');
        json_decref(o);
        json_decref(signers);
        close_paper(&p);
        return r;
}

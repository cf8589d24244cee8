/* Reports as they are read: the list, one with its form, versions and signatures, what could be written, what
 * is due once in a while. What changes them: api_report_work.c; their files: api_report_file.c. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "desk/desk_impl.h"
#include "desk/lent.h"
#include "desk/report.h"
#include "wire/api_shapes.h"

#define DAY_NS (INT64_C(86400) * NS_PER_SEC)

#define FROM_REPORT                                                                                \
        "report t LEFT JOIN incident i ON i.id=t.incident LEFT JOIN unit u ON u.id=t.unit"         \
        " LEFT JOIN incident_clock k ON k.incident=t.incident AND k.clock=t.clock"
#define RECIPIENT "NULL" /* filled by row(): the regime knows the names */

static const char *const columns[] = {
        "t.id",
        "t.code",
        "t.incident",
        "i.code",
        "t.kind",
        "t.regime",
        "t.title",
        "t.title_vi",
        "t.state",
        "ifnull(k.due,t.due)",
        "k.id",
        "t.recipient",
        RECIPIENT,
        RECIPIENT,
        "t.missing",
        "t.missing_fields",
        ("(SELECT json_group_array(json_object('id',s.person,'name',p.name,'at',"
         "strftime('%Y-%m-%dT%H:%M:%SZ',s.at/1000000000,'unixepoch'))) FROM (SELECT * FROM"
         " report_sign WHERE report=t.id AND version=t.version AND void IS NULL ORDER BY id) s"
         " JOIN person p ON p.id=s.person)"),
        "t.lang",
        "t.unit",
        "u.name",
        "t.drill",
        "nullif(i.drill,0)",
        "t.created",
        "(SELECT name FROM person WHERE id=t.created_by)",
        "t.written",
        "(SELECT name FROM person WHERE id=t.writer)",
        "t.version",
        NULL};

/* Names that only the regime has. */
static int with_names(struct api_call *c, json_t *row) {
        const char *regime = json_string_value(json_object_get(row, "regime"));
        const char *to = json_string_value(json_object_get(row, "to"));
        const json_t *g = c->desk->regimes && regime ? regime_get(c->desk->regimes, regime) : NULL;
        const json_t *e = to ? json_object_get(json_object_get(g, "recipients"), to) : NULL;

        if (!e)
                return 0;
        if (json_object_set(row, "to_name", json_object_get(e, "en")) < 0 ||
            json_object_set(row, "to_name_vi", json_object_get(e, "vi")) < 0)
                return FAIL(-ENOMEM);
        return 0;
}

static int list(struct api_call *c) {
        struct api_list_spec l = {
                .shape = api_report_list_shape,
                .columns = columns,
                .ids_first = true,
                .from = FROM_REPORT,
                .id = "t.id",
                .search = {"t.code", "t.title", "t.title_vi", "i.code", "i.title", NULL},
                .row = with_names};
        int r = report_visible(
                c, api_bool(c, "open", false) ? " AND t.state NOT IN ('sent','dropped')" : "",
                &l.where);

        return r < 0 ? r : api_list(c, &l);
}

/* ---- one ---- */

static json_t *text_or_null(struct sql_rows *q, int column) {
        return sql_null(q, column) ? json_null() : api_json_text(sql_span(q, column));
}

static json_t *hex(struct span hash) {
        char text[2 * REPORT_HASH + 1];

        if (hash.len != REPORT_HASH)
                return json_null();
        sodium_bin2hex(text, sizeof(text), (const unsigned char *)hash.p, hash.len);
        return json_string(text);
}

static int add_versions(struct api_call *c, const struct report *t) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        json_t *versions = json_array();
        int r = json_object_set_new(c->answer, "versions", versions) < 0 ? FAIL(-ENOMEM) : 0;

        if (r == 0)
                r = sql_rows(c->db, &q,
                             "SELECT v.n, v.at, p.name, v.hash, v.note FROM report_version v"
                             " LEFT JOIN person p ON p.id=v.by WHERE v.report=?1 ORDER BY v.n DESC"
                             " LIMIT 1000",
                             "i", t->id);
        while (r == 0 && (r = sql_next(q)) == 1) {
                json_t *o = json_pack("{s:I,s:o,s:o,s:o,s:o}", "n", (json_int_t)sql_int(q, 0), "at",
                                      api_json_time(sql_time(q, 1)), "by", text_or_null(q, 2),
                                      "hash", hex(sql_span(q, 3)), "note", text_or_null(q, 4));
                r = json_array_append_new(versions, o) < 0 ? FAIL(-ENOMEM) : 0;
        }
        return r;
}

static int add_sent(struct api_call *c, const struct report *t) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT how, sent_to, sent_at, (SELECT name FROM person WHERE id=sent_by),"
                         " proof, mail, (SELECT state FROM outgoing o WHERE o.id=mail) FROM report"
                         " WHERE id=?1 AND (state='sent' OR state='signed' AND mail IS NOT NULL)",
                         "i", t->id);

        if (r == 0)
                r = sql_next(q);
        if (r < 0)
                return r;
        json_t *o =
                r == 0 ? json_null()
                       : json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "how", text_or_null(q, 0), "to",
                                   text_or_null(q, 1), "at", api_json_time(sql_time(q, 2)), "by",
                                   text_or_null(q, 3), "proof", text_or_null(q, 4), "mail",
                                   sql_null(q, 5) ? json_null() : json_integer(sql_int(q, 5)),
                                   "mail_state", text_or_null(q, 6));
        return json_object_set_new(c->answer, "sent", o) < 0 ? FAIL(-ENOMEM) : 0;
}

/* '{code}' and '{year}' of the regime's subject line. */
struct span report_subject(struct api_call *c, const struct report *t, const json_t *form) {
        _cleanup_(buf_deinit) struct buf b = {.limit = 1000};
        const json_t *subject = json_object_get(form, "subject");
        const char *s = json_string_value(
                json_object_get(subject, span_eq(t->lang, SPAN("en")) ? "en" : "vi"));

        while (s && *s) {
                size_t n = strcspn(s, "{");

                buf_add(&b, s, n);
                s += n;
                if (strncmp(s, "{code}", 6) == 0) {
                        buf_span(&b, t->incident ? t->of.code : t->code);
                        s += 6;
                } else if (strncmp(s, "{year}", 6) == 0) {
                        buf_printf(&b, "%lld", (long long)t->year);
                        s += 6;
                } else if (*s) {
                        buf_char(&b, *s++);
                }
        }
        return arena_dup(c->arena, buf_get(&b));
}

static json_t *entry(const json_t *o, const char *name) {
        json_t *v = json_object_get(o, name);
        return v ? json_incref(v) : json_null();
}

static int signed_by_asker(struct api_call *c, const struct report *t, bool *ret) {
        int64_t n = 0;
        int r = sql_get_int(c->db, &n,
                            "SELECT count(*) FROM report_sign WHERE report=?1 AND version=?2 AND"
                            " person=?3 AND void IS NULL",
                            "iii", t->id, t->version, c->who.id);

        *ret = n > 0;
        return r < 0 ? r : 0;
}

/* Through any of the units that work on the incident. 1, 0, -errno. */
static int role_signs(struct api_call *c, const struct report *t) {
        struct incident i = {0};
        int r;

        if (!t->incident)
                return api_sees(c, "reports.sign", t->unit);
        r = incident_get(c, t->incident, "reports.sign", &i);
        if (r == API_E_REFUSED)
                (void)api_forgive(c);
        return r < 0 ? r : r == 0;
}

static int add_form(struct api_call *c, const struct report *t) {
        const json_t *form = regime_entry(t->regime, "reports", t->kind.p);
        const json_t *notice = json_object_get(t->regime, "notice");
        unsigned char hash[REPORT_HASH];
        json_t *content = NULL;
        bool again = false;
        int r = report_content(c, t, t->version, &content, hash);

        if (r == 0)
                r = signed_by_asker(c, t, &again);
        if (r == 0)
                r = role_signs(c, t);
        if (r < 0 || r == API_E_REFUSED) {
                json_decref(content);
                return r;
        }
        int alone = lent_alone(c, t->of.drill);
        if (alone < 0) {
                json_decref(content);
                return alone;
        }
        bool mine = c->who.id && t->writer == c->who.id;
        bool may = r == 1 && (!mine || alone) && !again && c->who.session &&
                   span_eq(t->state, SPAN("signing"));
        json_t *more =
                json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:O?,s:b,s:b}", "basis",
                          entry(form, "basis"), "checked", entry(form, "status"), "official",
                          entry(form, "official"), "notice", entry(notice, "en"), "notice_vi",
                          entry(notice, "vi"), "subject", api_json_text(report_subject(c, t, form)),
                          "hash", hex(span_of((const char *)hash, sizeof(hash))), "fields",
                          json_object_get(content, "fields"), "mine", mine, "may_sign", may);
        r = more ? json_object_update(c->answer, more) : -1;
        json_decref(more);
        json_decref(content);
        return r < 0 ? FAIL(-ENOMEM) : 0;
}

int report_answer(struct api_call *c, int64_t id) {
        static const struct api_list_spec l = {.shape = api_report_list_shape,
                                               .columns = columns,
                                               .from = FROM_REPORT,
                                               .id = "t.id",
                                               .row = with_names};
        struct report t = {0};
        int r = report_get(c, id, "reports.read", &t);

        if (r == 0)
                r = api_detail(c, &l, id);
        if (r == 0)
                r = add_form(c, &t);
        if (r == 0)
                r = add_versions(c, &t);
        return r == 0 ? add_sent(c, &t) : r;
}

static int get(struct api_call *c) {
        return report_answer(c, api_int(c, "id", 0));
}

/* ---- what could be written ---- */

static int kind_json(struct api_call *c, const struct incident *i, const json_t *form,
                     json_t *items) {
        const char *id = json_string_value(json_object_get(form, "id"));
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        const json_t *e, *clock = NULL;
        int64_t report = 0, due = TIME_NONE;
        size_t n;

        json_array_foreach(json_object_get(i->regime, "clocks"), n, e) {
                const char *s = json_string_value(json_object_get(e, "report"));
                if (!clock && s && strcmp(s, id) == 0)
                        clock = e;
        }
        int r = sql_rows(c->db, &q,
                         "SELECT (SELECT min(due) FROM incident_clock WHERE incident=?1 AND"
                         " report=?2 AND state<>0 AND met_at IS NULL AND void_at IS NULL),"
                         " (SELECT max(id) FROM report WHERE incident=?1 AND kind=?2 AND state IN"
                         " ('draft','signing','signed'))",
                         "is", i->id, id);
        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r < 0 ? r : FAIL(-EIO);
        due = sql_time(q, 0);
        report = sql_int(q, 1);
        json_t *to = json_object_get(clock ? clock : form, "to");
        json_t *o = json_pack("{s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "kind", id, "title",
                              entry(form, "en"), "title_vi", entry(form, "vi"), "basis",
                              entry(form, "basis"), "checked", entry(form, "status"), "official",
                              entry(form, "official"), "clock", entry(clock, "id"), "due",
                              api_json_time(due), "to", to ? json_incref(to) : json_null(),
                              "report", report ? json_integer(report) : json_null());
        return json_array_append_new(items, o) < 0 ? FAIL(-ENOMEM) : 0;
}

static bool of_years(const json_t *regime, const char *id) {
        const json_t *e;
        size_t n;

        json_array_foreach(json_object_get(regime, "periodic"), n, e) {
                const char *s = json_string_value(json_object_get(e, "report"));
                if (s && strcmp(s, id) == 0)
                        return true;
        }
        return false;
}

static int kinds(struct api_call *c) {
        struct incident i = {0};
        json_t *items = json_array();
        const json_t *form;
        size_t n;

        c->answer = json_pack("{s:o}", "items", items);
        if (!c->answer)
                return FAIL(-ENOMEM);
        int r = incident_get(c, api_int(c, "incident", 0), "reports.read", &i);
        json_array_foreach(json_object_get(i.regime, "reports"), n, form) {
                if (r == 0 && !of_years(i.regime, json_string_value(json_object_get(form, "id"))))
                        r = kind_json(c, &i, form, items);
        }
        return r;
}

/* ---- what is due once in a while ---- */

static int period_json(struct api_call *c, const json_t *regime, size_t n, int64_t unit,
                       json_t *items) {
        const json_t *e = json_array_get(json_object_get(regime, "periodic"), n);
        int64_t due, year, report = 0;
        unsigned month, day;
        const char *id;

        if (!regime_periodic(regime, n, c->now, &id, &due))
                return 0;
        time_civil((due - 1 + report_zone_s(regime) * NS_PER_SEC) / DAY_NS, &year, &month, &day);
        int r = sql_get_int(c->db, &report,
                            "SELECT id FROM report WHERE periodic=?1 AND unit=?2 AND year=?3 AND"
                            " state<>'dropped' ORDER BY id DESC",
                            "sii", id, unit, year);
        if (r < 0)
                return r;
        json_t *o = json_pack("{s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:I,s:o}", "id", id, "title",
                              entry(e, "en"), "title_vi", entry(e, "vi"), "basis",
                              entry(e, "basis"), "before", entry(e, "before"), "due",
                              api_json_time(due), "to", entry(e, "to"), "year", (json_int_t)year,
                              "report", report ? json_integer(report) : json_null());
        return json_array_append_new(items, o) < 0 ? FAIL(-ENOMEM) : 0;
}

static int periodic(struct api_call *c) {
        const json_t *regime = c->desk->regimes ? regime_at(c->desk->regimes, c->now) : NULL;
        int64_t unit = api_int(c, "unit", 1);
        json_t *items = json_array();
        size_t n = json_array_size(json_object_get(regime, "periodic"));

        c->answer = json_pack("{s:o}", "items", items);
        if (!c->answer)
                return FAIL(-ENOMEM);
        int r = api_may(c, "reports.read", unit);
        for (size_t i = 0; i < n && r == 0; i++)
                r = period_json(c, regime, i, unit, items);
        return r;
}

extern const struct api_binding api_reports_bindings[];
const struct api_binding api_reports_bindings[] = {
        {"reports.list", list},
        {"reports.kinds", kinds},
        {"reports.periodic", periodic},
        {"reports.get", get},
        {"reports.open", report_do_open},
        {"reports.edit", report_do_edit},
        {"reports.fill", report_do_fill},
        {"reports.submit", report_do_submit},
        {"reports.reopen", report_do_reopen},
        {"reports.drop", report_do_drop},
        {"reports.sign", report_do_sign},
        {"reports.hand", report_do_hand},
        {"reports.file", report_do_file},
        {"reports.stix", report_do_stix},
        {"reports.iodef", report_do_iodef},
        {"reports.signature", report_do_signature},
        {"reports.send", report_do_send},
        {NULL, NULL},
};

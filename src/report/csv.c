/* CSV as RFC 4180 has it: UTF-8 without a mark, CRLF, a header, every text quoted, quotes doubled.
 * Column names are English in both languages, for scripts.
 *
 * A spreadsheet runs a cell that begins like a formula, and logs are written by attackers. So a
 * text that begins with = + - @ (also their fullwidth forms), a tab, CR or LF gets a leading
 * apostrophe; nothing else is changed, except that bytes that are not UTF-8 and control characters
 * other than tab, CR and LF become U+FFFD. */
#include "base/timestamp.h"
#include "base/utf8.h"
#include "report/fields.h"

static bool formula(struct span s) {
        static const struct span leads[] = {
                {"=", 1},
                {"+", 1},
                {"-", 1},
                {"@", 1},
                {"\t", 1},
                {"\r", 1},
                {"\n", 1},
                {"＝", 3},
                {"＋", 3},
                {"\xEF\xBC\x8D", 3},
                {"\xEF\xBC\xA0", 3},
        };

        for (size_t i = 0; i < ARRAY_LEN(leads); i++)
                if (span_starts(s, leads[i]))
                        return true;
        return false;
}

/* Quotes doubled, controls replaced. */
static void inside(struct buf *b, struct span s) {
        size_t i = 0, from = 0;

        while (i < s.len) {
                uint32_t cp;
                unsigned n = utf8_next(s.p + i, s.len - i, &cp);
                bool bad = n == 0 || (cp < 0x20 && cp != '\t' && cp != '\r' && cp != '\n') ||
                           cp == 0x7f;

                if (bad || cp == '"') {
                        buf_add(b, s.p + from, i - from);
                        buf_str(b, bad ? "\xEF\xBF\xBD" : "\"\"");
                        from = i + MAX(n, 1u);
                }
                i += MAX(n, 1u);
        }
        buf_add(b, s.p + from, s.len - from);
}

static void text(struct buf *b, struct span s) {
        buf_char(b, '"');
        if (formula(s))
                buf_char(b, '\'');
        inside(b, s);
        buf_str(b, "\",");
}

static void number(struct buf *b, uint64_t n) {
        buf_printf(b, "%llu,", (unsigned long long)n);
}

static int csv_begin(struct report *r) {
        buf_str(&r->out, "time,time_last,level,rule_id,rule_title,kind,count,host,user,tactics,"
                         "techniques,matched,"
                         "input,offset,line,record\r\n");
        return 0;
}

static void attack(struct report *r, const struct finding *f, const struct program_rule *m) {
        struct fields_attack a;
        bool any = false;

        fields_attack(&a, r, f->rule, report_is_alert(f), m);
        buf_char(&r->out, '"');
        for (unsigned i = 0; i < ATTACK_TACTICS; i++)
                if (a.tactics & 1u << i) {
                        buf_printf(&r->out, "%s%s", any ? " " : "", attack_tactic(i)->key);
                        any = true;
                }
        buf_str(&r->out, "\",\"");
        for (uint32_t i = 0; i < a.n; i++)
                buf_printf(&r->out, "%s%s", i ? " " : "", a.techniques[i]);
        buf_str(&r->out, "\",");
}

/* name=value; name=value: of the matched fields, and for an alert of all (what it grouped by). */
static void matched(struct buf *b, const struct finding *f) {
        bool any = false;

        buf_char(b, '"');
        for (uint32_t i = 0; i < f->n_fields; i++) {
                const struct finding_field *x = &f->fields[i];

                if (!x->matched && !report_is_alert(f))
                        continue;
                if (any)
                        buf_str(b, "; ");
                else if (formula(x->name.len ? x->name : SPAN("=")))
                        buf_char(b, '\'');
                inside(b, x->name);
                buf_char(b, '=');
                inside(b, x->value);
                any = true;
        }
        buf_str(b, "\",");
}

static int csv_finding(struct report *r, const struct finding *f) {
        bool alert = report_is_alert(f);
        struct buf *b = &r->out;
        struct program_rule m;

        report_rule(r, f->rule, alert, &m);
        report_time(b, f->time);
        buf_char(b, ',');
        report_time(b, f->time_last != TIME_NONE ? f->time_last : f->time);
        buf_printf(b, ",%s,", report_level_key(m.level));
        text(b, m.id);
        text(b, m.title);
        buf_str(b, alert ? "correlation," : "rule,");
        number(b, f->count);
        text(b, f->host);
        text(b, f->user);
        attack(r, f, &m);
        matched(b, f);
        if (alert) {
                buf_str(b, ",,,\r\n");
                return 0;
        }
        text(b, report_input(r, f->input));
        number(b, f->offset);
        if (f->line)
                buf_printf(b, "%llu", (unsigned long long)f->line);
        buf_char(b, ',');
        if (f->record)
                buf_printf(b, "%llu", (unsigned long long)f->record);
        buf_str(b, "\r\n");
        return 0;
}

const struct report_writer report_csv = {
        .begin = csv_begin,
        .finding = csv_finding,
};

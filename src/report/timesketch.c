/* Timesketch JSON lines: `message`, `datetime`, `timestamp` (µs), `timestamp_desc`, then
 * attributes.
 *
 * Timesketch puts every attribute into one OpenSearch index, where a name must keep one type and
 * may not be both a value and a prefix of others. So values of the event are strings, and their
 * names have everything but letters, digits and
 * '_' replaced by '_'; a name of our own or one that would occur twice is joined into one list of
 * values. An event without a time goes to 1970 and says so, as Plaso does: Timesketch refuses lines
 * without one. */
#include "base/timestamp.h"
#include "report/fields.h"
#include "report/text.h"

static void text(struct buf *b, const char *key, struct span s) {
        buf_printf(b, ",\"%s\":\"", key);
        buf_json(b, s);
        buf_char(b, '"');
}

static void number(struct buf *b, const char *key, uint64_t n) {
        buf_printf(b, ",\"%s\":%llu", key, (unsigned long long)n);
}

static bool own_name(struct span s) {
        static const char *const own[] = {
                "message",    "datetime",   "timestamp",   "timestamp_desc", "tag",
                "rule_id",    "rule_title", "level",       "hostname",       "username",
                "techniques", "tactics",    "source_file", "offset",         "data_type",
                "count",      "line",       "record",      "correlation",
        };

        for (size_t i = 0; i < ARRAY_LEN(own); i++)
                if (span_ieq(s, span_str(own[i])))
                        return true;
        return s.len == 0 || *s.p == '_'; /* OpenSearch keeps those */
}

static void head(struct report *r, const struct finding *f, const struct program_rule *m) {
        int64_t t = f->time == TIME_NONE ? 0 : f->time;
        struct buf *b = &r->out;
        uint32_t shown = fields_headline(f);
        char at[40];

        buf_str(b, "{\"message\":\"");
        buf_json(b, m->title);
        if (shown != FIELDS_NONE) {
                struct span v = f->fields[shown].value;

                buf_str(b, ": ");
                buf_json(b, span_of(v.p, MIN(v.len, (size_t)2000)));
        }
        size_t n = time_format(at, t, 6);
        buf_printf(b, "\",\"datetime\":\"%.*s+00:00\",\"timestamp\":%lld,\"timestamp_desc\":\"%s\"",
                   (int)(n - 1), at, (long long)(t / 1000 - (t % 1000 < 0)),
                   f->time == TIME_NONE ? "Not a time"
                   : report_is_alert(f) ? "First event of a correlation"
                                        : "Event time");
}

static void attack(struct report *r, const struct finding *f, const struct program_rule *m) {
        struct buf *b = &r->out;
        struct fields_attack a;
        const char *sep = ",\"tactics\":[\"";

        fields_attack(&a, r, f->rule, report_is_alert(f), m);
        for (unsigned i = 0; i < ATTACK_TACTICS; i++)
                if (a.tactics & 1u << i) {
                        buf_printf(b, "%s%s\"", sep, attack_tactic(i)->key);
                        sep = ",\"";
                }
        if (a.tactics)
                buf_char(b, ']');
        for (uint32_t i = 0; i < a.n; i++)
                buf_printf(b, "%s%s\"", i ? ",\"" : ",\"techniques\":[\"", a.techniques[i]);
        if (a.n)
                buf_char(b, ']');
        buf_printf(b, ",\"tag\":[\"sigma\",\"%s\"", report_level_key(m->level));
        for (uint32_t i = 0; i < a.n; i++)
                buf_printf(b, ",\"%s\"", a.techniques[i]);
        buf_char(b, ']');
}

/* The event under names that an index takes. */
static int event(struct report *r, const struct finding *f) {
        struct finding_field renamed[FINDING_FIELDS_MAX];
        struct buf names = {.limit = 4 * FINDING_BYTES_MAX};
        const struct span prefix = SPAN("event_");
        struct fields g;

        /* Spans are set after the last append: the buffer moves as it grows. */
        for (uint32_t i = 0; i < f->n_fields; i++) {
                struct span name = f->fields[i].name;

                if (own_name(name))
                        buf_span(&names, prefix);
                for (size_t k = 0; k < name.len; k++) {
                        char c = name.p[k], l = ascii_lower(c);
                        bool keep = (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9');

                        buf_char(&names, keep ? c : '_');
                }
        }
        if (names.failed) {
                buf_deinit(&names);
                return FAIL(-ENOMEM);
        }
        size_t at = 0;
        for (uint32_t i = 0; i < f->n_fields; i++) {
                struct span name = f->fields[i].name;
                size_t len = name.len + (own_name(name) ? prefix.len : 0);

                renamed[i] = f->fields[i];
                renamed[i].name = span_of(names.p + at, len);
                if (renamed[i].type != FINDING_NULL)
                        renamed[i].type = FINDING_STRING;
                at += len;
        }
        struct finding as = *f;
        as.fields = renamed;
        fields_group(&g, renamed, f->n_fields);
        for (uint32_t i = 0; i < g.n; i++)
                if (g.first[i] && f->fields[i].type != FINDING_NULL) {
                        buf_char(&r->out, ',');
                        fields_json(&r->out, &as, &g, i);
                }
        buf_deinit(&names);
        return 0;
}

static int timesketch_finding(struct report *r, const struct finding *f) {
        bool alert = report_is_alert(f);
        struct program_rule m;
        int e;

        report_rule(r, f->rule, alert, &m);
        head(r, f, &m);
        text(&r->out, "data_type", SPAN("coloa:sigma:finding"));
        text(&r->out, "rule_id", m.id);
        text(&r->out, "rule_title", m.title);
        text(&r->out, "level", span_str(report_level_key(m.level)));
        text(&r->out, "hostname", f->host);
        text(&r->out, "username", f->user);
        attack(r, f, &m);
        if (alert) {
                buf_str(&r->out, ",\"correlation\":true");
                number(&r->out, "count", f->count);
        } else {
                text(&r->out, "source_file", report_input(r, f->input));
                number(&r->out, "offset", f->offset);
                if (f->line)
                        number(&r->out, "line", f->line);
                if (f->record)
                        number(&r->out, "record", f->record);
        }
        e = event(r, f);
        buf_str(&r->out, "}\n");
        return e;
}

const struct report_writer report_timesketch = {
        .finding = timesketch_finding,
};

/* JSON lines in ECS names, one object per finding.
 *
 * Keys are dotted ("rule.id"), as ECS documents name them: Elasticsearch and OpenSearch expand them
 * to objects, and jq reads them as .["rule.id"]. What ECS has no name for is under "coloa.". The
 * event as decoded is one object, "coloa.event", of flat dotted names; a name that occurs more than
 * once becomes a list. A key without a value is left out, but "@timestamp" only when the event has
 * no time. Order of lines is the order in which findings came. */
#include "base/timestamp.h"
#include "report/fields.h"

/* Elastic's own mapping of risk to 0–100. */
static unsigned severity(enum level level) {
        static const unsigned of[] = {0, 1, 21, 47, 73, 99};

        return of[level];
}

static void text(struct buf *b, const char *key, struct span s) {
        if (!s.len)
                return;
        buf_printf(b, ",\"%s\":\"", key);
        buf_json(b, s);
        buf_char(b, '"');
}

static void number(struct buf *b, const char *key, uint64_t n) {
        buf_printf(b, ",\"%s\":%llu", key, (unsigned long long)n);
}

static void time_text(struct buf *b, const char *key, int64_t ns) {
        buf_printf(b, "\"%s\":\"", key);
        report_time(b, ns);
        buf_char(b, '"');
}

static void attack(struct buf *b, const struct fields_attack *a) {
        if (!a->n && !a->tactics)
                return;
        buf_str(b, ",\"threat.framework\":\"MITRE ATT&CK\"");
        for (uint32_t i = 0; i < a->n; i++)
                buf_printf(b, "%s\"%s\"", i ? "," : ",\"threat.technique.id\":[", a->techniques[i]);
        if (a->n)
                buf_str(b, "],\"threat.technique.name\":[");
        for (uint32_t i = 0; i < a->n; i++) {
                const struct attack_technique *t = attack_technique(span_str(a->techniques[i]));

                buf_str(b, i ? ",\"" : "\"");
                buf_json(b, span_str(t ? t->name : a->techniques[i]));
                buf_char(b, '"');
        }
        if (a->n)
                buf_char(b, ']');
        if (!a->tactics)
                return;
        for (unsigned pass = 0; pass < 2; pass++) {
                const char *open = pass ? ",\"threat.tactic.name\":[" : ",\"threat.tactic.id\":[";

                for (unsigned i = 0; i < ATTACK_TACTICS; i++)
                        if (a->tactics & 1u << i) {
                                buf_printf(b, "%s\"%s\"", open,
                                           pass ? attack_tactic(i)->en : attack_tactic(i)->id);
                                open = ",";
                        }
                buf_char(b, ']');
        }
}

static void rule_part(struct report *r, const struct finding *f, const struct program_rule *m) {
        bool alert = report_is_alert(f);
        struct fields_attack a;

        text(&r->out, "rule.id", m->id);
        text(&r->out, "rule.name", m->title);
        text(&r->out, "rule.ruleset", r->context.ruleset);
        buf_printf(&r->out, ",\"rule.level\":\"%s\",\"event.severity\":%u",
                   report_level_key(m->level), severity(m->level));
        fields_attack(&a, r, f->rule, alert, m);
        attack(&r->out, &a);
        for (uint32_t i = 0; i < m->n_tags; i++) {
                buf_str(&r->out, i ? ",\"" : ",\"tags\":[\"");
                buf_json(&r->out, report_tag(r, f->rule, alert, i));
                buf_char(&r->out, '"');
        }
        if (m->n_tags)
                buf_char(&r->out, ']');
}

static void place_part(struct report *r, const struct finding *f) {
        bool alert = report_is_alert(f);

        text(&r->out, "host.name", f->host);
        text(&r->out, "user.name", f->user);
        if (!alert) {
                text(&r->out, "log.file.path", report_input(r, f->input));
                number(&r->out, "log.offset", f->offset);
                number(&r->out, "coloa.length", f->length);
                if (f->line)
                        number(&r->out, "coloa.line", f->line);
                if (f->record)
                        number(&r->out, "coloa.record", f->record);
                return;
        }
        buf_str(&r->out, ",\"coloa.correlation\":true");
        number(&r->out, "coloa.count", f->count);
        if (f->time != TIME_NONE) {
                buf_char(&r->out, ',');
                time_text(&r->out, "event.start", f->time);
        }
        if (f->time_last != TIME_NONE) {
                buf_char(&r->out, ',');
                time_text(&r->out, "event.end", f->time_last);
        }
}

static void event_part(struct report *r, const struct finding *f) {
        struct fields g;
        bool any = false;

        fields_group(&g, f->fields, f->n_fields);
        for (uint32_t i = 0; i < f->n_fields; i++) {
                bool matched = g.first[i] && f->fields[i].matched;

                for (uint32_t k = g.first[i] ? g.next[i] : FIELDS_NONE; k != FIELDS_NONE;
                     k = g.next[k])
                        matched |= f->fields[k].matched;
                if (!matched)
                        continue;
                buf_str(&r->out, any ? ",\"" : ",\"coloa.matched_fields\":[\"");
                buf_json(&r->out, f->fields[i].name);
                buf_char(&r->out, '"');
                any = true;
        }
        if (any)
                buf_char(&r->out, ']');
        if (f->flags & FINDING_CUT)
                buf_str(&r->out, ",\"coloa.fields_cut\":true");
        buf_str(&r->out, ",\"coloa.event\":");
        fields_json_event(&r->out, f, &g);
}

static int jsonl_finding(struct report *r, const struct finding *f) {
        struct program_rule m;
        int64_t t = report_is_alert(f) && f->time_last != TIME_NONE ? f->time_last : f->time;

        report_rule(r, f->rule, report_is_alert(f), &m);
        buf_char(&r->out, '{');
        if (t != TIME_NONE) {
                time_text(&r->out, "@timestamp", t);
                buf_char(&r->out, ',');
        }
        buf_str(&r->out, "\"ecs.version\":\"8.17.0\",\"event.kind\":\"alert\"");
        rule_part(r, f, &m);
        place_part(r, f);
        event_part(r, f);
        buf_str(&r->out, "}\n");
        return 0;
}

static int jsonl_unreadable(struct report *r, const struct report_unreadable *u) {
        if (!r->context.unreadable)
                return 0;
        buf_str(&r->out, "{\"ecs.version\":\"8.17.0\",\"event.kind\":\"pipeline_error\"");
        text(&r->out, "log.file.path", report_input(r, u->input));
        number(&r->out, "log.offset", u->offset);
        number(&r->out, "coloa.length", u->length);
        number(&r->out, "coloa.recovered", u->recovered);
        if (u->crash)
                buf_str(&r->out, ",\"coloa.crash\":true");
        text(&r->out, "error.message", u->phrase);
        buf_str(&r->out, "}\n");
        return 0;
}

const struct report_writer report_jsonl = {
        .finding = jsonl_finding,
        .unreadable = jsonl_unreadable,
};

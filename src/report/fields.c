/* See fields.h.
 *
 * A decoded event is a flat list of dotted names with typed values. Judges are not trusted: a
 * "number" may be any text, so a value is only written bare when it is short and a JSON number to
 * the letter; otherwise it is a string, and nothing is lost. */
#include "report/fields.h"

#include "base/hash.h"

#define SLOTS 2048u /* power of two, at least twice FINDING_FIELDS_MAX */

void fields_group(struct fields *ret, const struct finding_field *f, uint32_t n) {
        uint32_t head[SLOTS], last[SLOTS];

        static_assert(SLOTS >= 2 * FINDING_FIELDS_MAX, "the table must never be full");
        assert(n <= FINDING_FIELDS_MAX);
        memset(head, 0xff, sizeof(head));
        memset(last, 0, sizeof(last));
        ret->n = n;
        for (uint32_t i = 0; i < n; i++) {
                uint32_t at = (uint32_t)hash_span(f[i].name, 0) & (SLOTS - 1);

                while (head[at] != FIELDS_NONE && !span_eq(f[head[at]].name, f[i].name))
                        at = (at + 1) & (SLOTS - 1);
                ret->first[i] = head[at] == FIELDS_NONE;
                ret->next[i] = FIELDS_NONE;
                if (ret->first[i])
                        head[at] = i;
                else
                        ret->next[last[at]] = i;
                last[at] = i;
        }
}

/* Best first. Compared with the last part of a dotted name, letter case aside. */
static const char *const telling[] = {
        "CommandLine",
        "ProcessCommandLine",
        "command_line",
        "ScriptBlockText",
        "Payload",
        "proctitle",
        "TargetObject",
        "TargetFilename",
        "ImageLoaded",
        "QueryName",
        "DestinationHostname",
        "PipeName",
        "ServiceFileName",
        "ImagePath",
        "ServiceName",
        "TaskName",
        "Threat Name",
        "HostApplication",
        "url",
        "uri",
        "c-uri",
        "cs-uri",
        "original",
        "query",
        "Image",
        "NewProcessName",
        "SourceImage",
        "ObjectName",
        "ShareName",
        "RelativeTargetName",
        "TargetUserName",
        "exe",
        "DestinationIp",
        "IpAddress",
        "SourceIp",
        "Path",
        "message",
        "msg",
        "raw",
        "SubjectUserName",
};

/* Say only what kind of record it is. */
static const char *const dull[] = {"Provider_Name", "ProviderName", "Provider", "SourceName",
                                   "Channel",       "EventID",      "event_id", "code",
                                   "Name",          "type"};

enum {
        COMMANDS = 4 /* of telling[]: go first even when something else matched */,
        UNMATCHED = 101,
        DULL = 90,
        NUMBER = 40
};

static bool one_of(struct span name, const char *const *list, unsigned n, unsigned *ret_at) {
        for (*ret_at = 0; *ret_at < n; (*ret_at)++)
                if (span_ieq(name, span_str(list[*ret_at])))
                        return true;
        return false;
}

/* Less is better: matched and telling, matched, telling, matched but dull, the rest. */
static unsigned headline_rank(const struct finding_field *x) {
        struct span name = x->name;
        unsigned at, rank = ARRAY_LEN(telling);

        for (size_t i = name.len; i > 0; i--)
                if (name.p[i - 1] == '.') {
                        name = span_of(name.p + i, name.len - i);
                        break;
                }
        if (one_of(name, telling, ARRAY_LEN(telling), &at))
                rank = at;
        if (rank < COMMANDS)
                return rank;
        if (one_of(name, dull, ARRAY_LEN(dull), &at))
                rank += DULL;
        return rank + (x->matched ? 0 : UNMATCHED) + (x->type == FINDING_NUMBER ? NUMBER : 0);
}

uint32_t fields_headline(const struct finding *f) {
        uint32_t best = FIELDS_NONE;
        unsigned best_rank = UINT32_MAX;

        for (uint32_t i = 0; i < f->n_fields; i++) {
                const struct finding_field *x = &f->fields[i];
                unsigned rank;

                if (!x->value.len || x->type == FINDING_NULL || x->type == FINDING_BOOL)
                        continue;
                rank = headline_rank(x);
                if (rank < best_rank) {
                        best_rank = rank;
                        best = i;
                }
        }
        return best;
}

static bool digits(struct span *s) {
        size_t n = 0;

        while (s->len && *s->p >= '0' && *s->p <= '9')
                s->p++, s->len--, n++;
        return n > 0;
}

/* RFC 8259: -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)? */
static bool is_json_number(struct span s) {
        if (s.len == 0 || s.len > 40)
                return false;
        if (*s.p == '-')
                s.p++, s.len--;
        if (s.len > 1 && *s.p == '0' && s.p[1] >= '0' && s.p[1] <= '9')
                return false;
        if (!digits(&s))
                return false;
        if (s.len && *s.p == '.') {
                s.p++, s.len--;
                if (!digits(&s))
                        return false;
        }
        if (s.len && (*s.p == 'e' || *s.p == 'E')) {
                s.p++, s.len--;
                if (s.len && (*s.p == '+' || *s.p == '-'))
                        s.p++, s.len--;
                /* 1e999 is a number to the grammar and infinity to readers. */
                if (s.len > 2 || !digits(&s))
                        return false;
        }
        return s.len == 0;
}

void fields_json_value(struct buf *b, const struct finding_field *x) {
        if (x->type == FINDING_NULL) {
                buf_str(b, "null");
        } else if ((x->type == FINDING_NUMBER && is_json_number(x->value)) ||
                   (x->type == FINDING_BOOL &&
                    (span_eq(x->value, SPAN("true")) || span_eq(x->value, SPAN("false"))))) {
                buf_span(b, x->value);
        } else {
                buf_char(b, '"');
                buf_json(b, x->value);
                buf_char(b, '"');
        }
}

void fields_json(struct buf *b, const struct finding *f, const struct fields *g, uint32_t i) {
        bool many = g->next[i] != FIELDS_NONE;

        buf_char(b, '"');
        buf_json(b, f->fields[i].name);
        buf_str(b, many ? "\":[" : "\":");
        fields_json_value(b, &f->fields[i]);
        for (uint32_t k = g->next[i]; k != FIELDS_NONE; k = g->next[k]) {
                buf_char(b, ',');
                fields_json_value(b, &f->fields[k]);
        }
        if (many)
                buf_char(b, ']');
}

void fields_json_event(struct buf *b, const struct finding *f, const struct fields *g) {
        bool any = false;

        buf_char(b, '{');
        for (uint32_t i = 0; i < g->n; i++) {
                if (!g->first[i])
                        continue;
                if (any)
                        buf_char(b, ',');
                fields_json(b, f, g, i);
                any = true;
        }
        buf_char(b, '}');
}

void fields_attack(struct fields_attack *ret, const struct report *r, uint32_t rule,
                   bool correlation, const struct program_rule *m) {
        ret->n = 0;
        ret->tactics = 0;
        for (uint32_t i = 0; i < m->n_tags; i++) {
                struct span tag = report_tag(r, rule, correlation, i);
                int tactic = attack_tag_tactic(tag);

                if (tactic >= 0)
                        ret->tactics |= 1u << (unsigned)tactic;
                else if (ret->n < FIELDS_TECHNIQUES_MAX &&
                         attack_tag_technique(tag, ret->techniques[ret->n]))
                        ret->n++;
        }
        if (!ret->tactics)
                for (uint32_t i = 0; i < ret->n; i++)
                        ret->tactics |= attack_place(span_str(ret->techniques[i]), 0);
}

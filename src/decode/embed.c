/* Some programs send whole events through syslog or the journal: Suricata and Zeek a JSON object
 * (with or without the "@cee:" cookie), Sysmon for Linux the XML of a Windows event.
 *
 * The fields come under their own names beside those of the header. Where a name tells which
 * product wrote the object (event_type, _path, Channel …), the event's kind becomes EVENT_JSON, so
 * that it is classified by its fields as if it stood in a file of its own; else it stays what the
 * carrier made it, and rules for Linux logs hold.
 *
 * The JSON reader looks up to 32 bytes further than its text, so it gets a padded copy; its state
 * is made when it is first needed and kept. Sysmon's XML is read by a scan for tags: it has no
 * mixed content, comments or CDATA; what does not look so ends the reading, and what was read until
 * then stays. */
#include "decode/embed.h"

#include <stdlib.h>

#include "decode/json_walk.h"

#define PADDING 64u

void embed_free(struct decode_state *s) {
        if (!s->embed)
                return;
        json_scan_deinit(&s->embed->scan);
        free(s->embed);
        s->embed = NULL;
}

/* Whether a field is one by which a product's JSON is known. */
static bool tells_product(const struct event *e, uint32_t from) {
        static const struct span names[] = {
                SPAN("event_type"),  SPAN("_path"),
                SPAN("Channel"),     SPAN("EventID"),
                SPAN("eventSource"), SPAN("auditID"),
                SPAN("ecs.version"), SPAN("SYSCALL.arch"),
                SPAN("ActionType"),  SPAN("protoPayload.methodName"),
                SPAN("@stream"),     SPAN("eventType"),
                SPAN("logtype"),
        };

        for (uint32_t i = from; i < e->n; i++)
                for (size_t k = 0; k < ARRAY_LEN(names); k++)
                        if (span_eq(span_of(e->fields[i].name, e->fields[i].name_len), names[k]))
                                return true;
        return false;
}

static void become_json(struct decode_state *s, struct event *e, uint32_t from) {
        if (!tells_product(e, from))
                return;
        struct event inner = *e;
        inner.kind = EVENT_JSON;
        inner.time = TIME_NONE;
        inner.fields += from;
        inner.n -= from;
        int64_t t = event_time(&inner, s->opt, &s->arena);
        if (t != TIME_NONE) /* finer than the carrier's, and not late */
                e->time = t;
        e->kind = EVENT_JSON;
        e->key1 = SPAN_NONE;
}

bool embed_json(struct decode_state *s, struct event *e, struct span text) {
        if (!s->embed && !(s->embed = calloc(1, sizeof(*s->embed))))
                return false;
        struct json_walk *w = s->embed;
        char *copy = arena_alloc(&s->arena, text.len + PADDING);
        if (!copy)
                return false;
        memcpy(copy, text.p, text.len);
        memset(copy + text.len, 0, PADDING);
        text.p = copy;
        if (!json_scan_begin(&w->scan, text, 0))
                return false;
        w->i = w->keep = 0;
        w->at = text.p;
        w->end = text.p + text.len;
        w->arena = &s->arena;
        w->fields = s->fields + e->n;
        w->full = s->fields + EVENT_FIELDS_MAX;
        if (json_walk(w, false) != JSON_WALK_OK ||
            span_trim(span_of(w->at, (size_t)(w->end - w->at))).len)
                return false;
        /* Faults inside strings are no reason to see less of it. */
        if (w->removed)
                json_walk_compact(w);
        uint32_t from = e->n;
        e->n += (uint32_t)(w->f - w->fields);
        e->cut |= w->cut;
        become_json(s, e, from);
        return true;
}

/* ---- Sysmon for Linux ---- */

static struct span unescape(struct decode_state *s, struct span v) {
        static const struct {
                struct span name;
                char c;
        } entities[] = {{SPAN("&lt;"), '<'},   {SPAN("&gt;"), '>'},    {SPAN("&amp;"), '&'},
                        {SPAN("&quot;"), '"'}, {SPAN("&apos;"), '\''}, {SPAN("&#10;"), '\n'},
                        {SPAN("&#xA;"), '\n'}};

        if (!memchr(v.p, '&', v.len))
                return v;
        char *to = arena_alloc(&s->arena, v.len);
        size_t n = 0;
        if (!to)
                return v;
        for (size_t i = 0; i < v.len;) {
                bool found = false;
                for (size_t k = 0; v.p[i] == '&' && k < ARRAY_LEN(entities) && !found; k++) {
                        if (!span_starts(span_of(v.p + i, v.len - i), entities[k].name))
                                continue;
                        to[n++] = entities[k].c;
                        i += entities[k].name.len;
                        found = true;
                }
                if (!found)
                        to[n++] = v.p[i++];
        }
        return span_of(to, n);
}

/* The value of key="…" in a tag; p is NULL when it is not there. */
static struct span attribute(struct span tag, struct span key) {
        const char *p = memmem(tag.p, tag.len, key.p, key.len), *end = tag.p + tag.len;

        if (!p || p == tag.p || p[-1] != ' ')
                return SPAN_NONE;
        p += key.len;
        if (end - p < 2 || (*p != '"' && *p != '\''))
                return SPAN_NONE;
        const char *shut = memchr(p + 1, *p, (size_t)(end - p - 1));
        return shut ? span_of(p + 1, (size_t)(shut - p - 1)) : SPAN_NONE;
}

static void put(struct decode_state *s, struct event *e, struct span name, struct span val) {
        if (val.p && val.len)
                field_add(s, e, name, unescape(s, val), V_STR);
}

/* One tag and the text behind it. */
static void sysmon_tag(struct decode_state *s, struct event *e, struct span tag, struct span text) {
        size_t n = 0;

        while (n < tag.len && tag.p[n] != ' ' && tag.p[n] != '/')
                n++;
        struct span name = span_of(tag.p, n);
        if (span_eq(name, SPAN("Data"))) {
                struct span field = attribute(tag, SPAN("Name="));
                if (field.len)
                        field_add(s, e, field, unescape(s, text), V_STR);
        } else if (span_eq(name, SPAN("Provider"))) {
                put(s, e, SPAN("Provider_Name"), attribute(tag, SPAN("Name=")));
        } else if (span_eq(name, SPAN("TimeCreated"))) {
                put(s, e, SPAN("SystemTime"), attribute(tag, SPAN("SystemTime=")));
        } else if (span_eq(name, SPAN("Execution"))) {
                put(s, e, SPAN("ExecutionProcessID"), attribute(tag, SPAN("ProcessID=")));
        } else if (span_eq(name, SPAN("Security"))) {
                put(s, e, SPAN("UserId"), attribute(tag, SPAN("UserId=")));
        } else if (name.len && *name.p != '/') {
                put(s, e, name, text);
        }
}

bool embed_sysmon(struct decode_state *s, struct event *e, struct span text) {
        const char *p = text.p, *end = text.p + text.len;
        uint32_t from = e->n;

        if (!span_starts(text, SPAN("<Event>")) && !span_starts(text, SPAN("<Event ")))
                return false;
        while (p < end && *p == '<') {
                const char *shut = memchr(p, '>', (size_t)(end - p));
                if (!shut)
                        break;
                const char *next = memchr(shut + 1, '<', (size_t)(end - shut - 1));
                struct span tag = span_of(p + 1, (size_t)(shut - p - 1));
                struct span inner =
                        span_of(shut + 1, (size_t)((next ? next : shut + 1) - shut - 1));
                sysmon_tag(s, e, tag, inner);
                if (!next)
                        break;
                p = next;
        }
        become_json(s, e, from);
        return e->n > from;
}

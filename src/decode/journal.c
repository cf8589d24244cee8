/* The journal's export format (journalctl -o export), as systemd documents it:
 *
 *     __CURSOR=s=…;i=…               text: NAME=value up to the line end
 *     MESSAGE                        binary: NAME alone, then 8 bytes of length (little-endian),
 *     \x0b\0\0\0\0\0\0\0two\nlines…    the bytes, a line end
 *                                    an empty line ends the entry
 *
 * Every field is given under its own name; then those that syslog lines have (hostname, program,
 * pid, severity, facility, message) and what the service's message says (syslog_service.c), so that
 * rules written for syslog hold here too.
 *
 * Damage (a line that is neither, a length beyond the batch) is reported up to the next entry,
 * which is looked for by an empty line followed by two underscores (__CURSOR), since binary values
 * may hold empty lines. */
#include "decode/journal.h"

#include "decode/syslog.h"

#define NAME_LEN_MAX 256u /* systemd allows 64 */

struct entry {
        struct span identifier, comm, host, pid, syslog_pid, message, priority, facility;
        int64_t source_time, time;
};

static bool is_name(struct span s) {
        if (s.len == 0 || s.len > NAME_LEN_MAX)
                return false;
        for (size_t i = 0; i < s.len; i++) {
                char c = s.p[i];
                if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '-' || c == '.'))
                        return false;
        }
        return true;
}

static int64_t micros(struct span v) {
        int64_t t = 0;

        if (v.len == 0 || v.len > 18)
                return TIME_NONE;
        for (size_t i = 0; i < v.len; i++) {
                if (v.p[i] < '0' || v.p[i] > '9')
                        return TIME_NONE;
                t = t * 10 + (v.p[i] - '0');
        }
        return __builtin_mul_overflow(t, INT64_C(1000), &t) ? TIME_NONE : t;
}

static void note(struct entry *n, struct span name, struct span val) {
        if (span_eq(name, SPAN("MESSAGE")))
                n->message = val;
        else if (span_eq(name, SPAN("SYSLOG_IDENTIFIER")))
                n->identifier = val;
        else if (span_eq(name, SPAN("_COMM")))
                n->comm = val;
        else if (span_eq(name, SPAN("_HOSTNAME")))
                n->host = val;
        else if (span_eq(name, SPAN("_PID")))
                n->pid = val;
        else if (span_eq(name, SPAN("SYSLOG_PID")))
                n->syslog_pid = val;
        else if (span_eq(name, SPAN("PRIORITY")))
                n->priority = val;
        else if (span_eq(name, SPAN("SYSLOG_FACILITY")))
                n->facility = val;
        else if (span_eq(name, SPAN("__REALTIME_TIMESTAMP")))
                n->time = micros(val);
        else if (span_eq(name, SPAN("_SOURCE_REALTIME_TIMESTAMP")))
                n->source_time = micros(val);
}

static void put(struct decode_state *s, struct event *e, struct span name, struct span val) {
        if (val.len)
                field_add(s, e, name, val, V_STR);
}

static unsigned level(struct span v, unsigned max) {
        unsigned n = 0;

        if (v.len == 0 || v.len > 2)
                return UINT32_MAX;
        for (size_t i = 0; i < v.len; i++) {
                if (v.p[i] < '0' || v.p[i] > '9')
                        return UINT32_MAX;
                n = n * 10 + (unsigned)(v.p[i] - '0');
        }
        return n <= max ? n : UINT32_MAX;
}

static void finish(struct decode_state *s, struct event *e, const struct entry *n) {
        struct span program = n->identifier.len ? n->identifier : n->comm;
        unsigned severity = level(n->priority, 7), facility = level(n->facility, 23);

        e->time = n->source_time != TIME_NONE ? n->source_time : n->time;
        if (facility != UINT32_MAX)
                put(s, e, SPAN("facility"), syslog_facility(facility * 8));
        if (severity != UINT32_MAX)
                put(s, e, SPAN("severity"), syslog_severity(severity));
        put(s, e, SPAN("hostname"), n->host);
        put(s, e, SPAN("program"), program);
        put(s, e, SPAN("pid"), n->pid.len ? n->pid : n->syslog_pid);
        put(s, e, SPAN("message"), n->message);
        program = syslog_program(program);
        e->key1 = e->kind == EVENT_JOURNAL ? program : SPAN_NONE;
        syslog_service(s, e, program, n->message);
}

void journal_complete(struct decode_state *s, struct event *e) {
        struct entry n = {.time = TIME_NONE, .source_time = TIME_NONE};
        bool journal = false;

        /* Of an entry's fields most begin with an underscore, and fewer than eight do not. */
        for (uint32_t i = 0; i < e->n && i < 8 && !journal; i++)
                journal = e->fields[i].name_len > 4 && e->fields[i].name[0] == '_';
        if (LIKELY(!journal) || !event_find(e, SPAN("__REALTIME_TIMESTAMP")) ||
            !event_find(e, SPAN("MESSAGE")))
                return;
        for (uint32_t i = 0; i < e->n; i++) {
                const struct field *f = &e->fields[i];
                if (f->arr == 0 &&
                    f->depth == 0) /* a MESSAGE of bytes that are no text is an array of numbers */
                        note(&n, span_of(f->name, f->name_len), value_text(f, &s->arena));
        }
        finish(s, e, &n);
}

/* Where the next entry begins at or behind `from`. What is scanned is passed over, so the cost is
 * linear. */
static size_t next_entry(struct span p, size_t from) {
        const struct span mark =
                SPAN("\n\n__"); /* every entry begins with __CURSOR or __REALTIME_TIMESTAMP */
        const char *at = memmem(p.p + from, p.len - from, mark.p, mark.len);

        return at ? (size_t)(at + 2 - p.p) : p.len;
}

static void journal_skip(struct decode_state *s) {
        s->pos = next_entry(s->b.payload, s->pos ? s->pos - 1 : 0);
}

/* One field at `pos`. Where it ends, or 0 when it is damaged. */
static size_t read_field(struct span p, size_t pos, struct span *ret_name, struct span *ret_val) {
        const char *line = p.p + pos, *nl = memchr(line, '\n', p.len - pos);
        size_t len = nl ? (size_t)(nl - line) : p.len - pos;
        const char *eq = memchr(line, '=', len);
        uint64_t n = 0;

        if (eq) {
                *ret_name = span_of(line, (size_t)(eq - line));
                *ret_val = span_of(eq + 1, len - ret_name->len - 1);
                return is_name(*ret_name) ? pos + len + (nl != NULL) : 0;
        }
        *ret_name = span_of(line, len);
        if (!nl || !is_name(*ret_name) || p.len - pos - len - 1 < 8)
                return 0;
        const unsigned char *b = (const unsigned char *)nl + 1;
        for (unsigned i = 0; i < 8; i++)
                n |= (uint64_t)b[i] << 8 * i;
        size_t data = pos + len + 9;
        if (n > p.len - data)
                return 0;
        *ret_val = span_of(p.p + data, (size_t)n);
        data += (size_t)n;
        if (data < p.len && p.p[data] != '\n')
                return 0;
        return MIN(data + 1, p.len);
}

static void count(struct decode_state *s, size_t from, size_t to) {
        const char *p = s->b.payload.p;

        if (!s->line)
                return;
        while (from < to) {
                const char *nl = memchr(p + from, '\n', to - from);
                if (!nl)
                        return;
                s->line++;
                from = (size_t)(nl + 1 - p);
        }
}

static enum decode_result journal_next(struct decode_state *s, struct event *ret_e,
                                       struct decode_error *ret_err) {
        struct span p = s->b.payload, name, val;
        struct entry n = {.time = TIME_NONE, .source_time = TIME_NONE};

        for (size_t from = s->pos; s->pos < p.len && p.p[s->pos] == '\n'; from = s->pos) {
                s->pos++;
                count(s, from, s->pos);
        }
        if (s->pos >= p.len)
                return DECODE_END;
        size_t start = s->pos, pos = start;

        memset(ret_e, 0, sizeof(*ret_e));
        ret_e->fields = s->fields;
        ret_e->kind = EVENT_JOURNAL;
        ret_e->key2 = -1;
        ret_e->offset = s->b.h.offset + start;
        ret_e->line = s->line;
        while (pos < p.len && p.p[pos] != '\n') {
                size_t next = read_field(p, pos, &name, &val);
                if (next == 0) {
                        s->pos = next_entry(p, pos);
                        count(s, start, s->pos);
                        *ret_err = (struct decode_error){.offset = ret_e->offset,
                                                         .length = s->pos - start,
                                                         .what = "damaged journal entry"};
                        return DECODE_BAD;
                }
                field_add(s, ret_e, name, val, V_STR);
                note(&n, name, val);
                pos = next;
        }
        s->pos = MIN(pos + 1, p.len);
        count(s, start, s->pos);
        ret_e->cut |= pos - start > RECORD_MAX;
        ret_e->raw = span_of(p.p + start, MIN(pos - start, RECORD_MAX));
        finish(s, ret_e, &n);
        return DECODE_EVENT;
}

const struct format_ops format_journal = {.next = journal_next, .skip = journal_skip};

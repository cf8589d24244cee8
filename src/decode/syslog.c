/* Syslog lines as files and relays hold them: RFC 5424, RFC 3164, and what became of the latter.
 *
 *     <34>1 2003-10-11T22:14:15.003Z host app 123 ID47 [id@1 a="b"] message
 *     <34>Oct 11 22:14:15 host su[123]: message          with or without <34>, host, [123]
 *     2018-08-14T14:30:02.203151+02:00 host su: message  rsyslog's files; also with a blank for 'T'
 *     Apr  2 17:52:55 <auth.info> host su: message       BSD's verbose files; also <4.6>
 *     <189>29: host: *Mar  1 18:46:11.123 UTC: %SYS-5-CONFIG_I: message       Cisco
 *     Oct 11 22:14:15 host com.apple.x[1] (com.apple.y[2]): message           macOS
 *
 * Fields: pri, facility, severity, hostname, program, pid, msgid, sd.ID.NAME, message; then those
 * of the service (syslog_service.c). A line in which no header can be seen (a continuation, a
 * console's chatter) is an event with `message` alone, so that keyword rules see it; it is not an
 * error, for RFC 3164 makes every line a message.
 *
 * Where the header ends is a matter of judgement, since RFC 3164 describes rather than prescribes:
 *  - the first word behind the time is the host unless it ends as a tag does ("su:", "su[123]");
 *  - behind a date in digits, which applications write into their own logs too, a word is the host
 *    only if a tag follows and the word is no level (INFO); behind "time:" there is no host;
 *  - a word with characters that no host name has (quotes, '=', commas) begins the message. */
#include "decode/syslog.h"

#include "decode/linetime.h"

static const char *const facilities[] = {
        "kern",   "user",   "mail",     "daemon", "auth",   "syslog", "lpr",    "news",
        "uucp",   "cron",   "authpriv", "ftp",    "ntp",    "audit",  "alert",  "clock",
        "local0", "local1", "local2",   "local3", "local4", "local5", "local6", "local7",
};
static const char *const severities[] = {"emerg",   "alert",  "crit", "err",
                                         "warning", "notice", "info", "debug"};

#define NO_PRI 1000u

struct header {
        unsigned pri; /* NO_PRI: none */
        struct span pri_text, facility, severity;
        struct span host, program, pid, msgid, message;
        int64_t time;
        bool dated;       /* a time was read (perhaps without a year) */
        bool plain_dated; /* … in a form that applications' own logs use as well */
        bool colon; /* … and a colon behind it, as Cisco writes, and applications, but no relay */
};

struct span syslog_facility(unsigned pri) {
        return pri / 8 < ARRAY_LEN(facilities) ? span_str(facilities[pri / 8]) : SPAN_NONE;
}

struct span syslog_severity(unsigned pri) {
        return pri / 8 < ARRAY_LEN(facilities) ? span_str(severities[pri % 8]) : SPAN_NONE;
}

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

static void skip(struct span *s, size_t n) {
        s->p += n;
        s->len -= n;
}

static void skip_blanks(struct span *s) {
        while (s->len && (*s->p == ' ' || *s->p == '\t'))
                skip(s, 1);
}

static bool starts_char(struct span s, char c) {
        return s.len && *s.p == c;
}

static size_t count_digits(struct span s, size_t max) {
        size_t n = 0;

        while (n < s.len && n < max && is_digit(s.p[n]))
                n++;
        return n;
}

static bool all_digits(struct span s) {
        return s.len && count_digits(s, s.len) == s.len;
}

/* Up to the next blank. */
static struct span word(struct span s) {
        size_t n = 0;

        while (n < s.len && s.p[n] != ' ' && s.p[n] != '\t')
                n++;
        return span_of(s.p, n);
}

static void read_pri(struct span *s, struct header *h) {
        if (!starts_char(*s, '<'))
                return;
        size_t n = count_digits(span_of(s->p + 1, s->len - 1), 3);
        if (n == 0 || n + 2 > s->len || s->p[n + 1] != '>')
                return;
        unsigned v = 0;
        for (size_t i = 1; i <= n; i++)
                v = v * 10 + (unsigned)(s->p[i] - '0');
        if (v > 191)
                return;
        h->pri = v;
        h->pri_text = span_of(s->p + 1, n);
        h->facility = syslog_facility(v);
        h->severity = syslog_severity(v);
        skip(s, n + 2);
}

/* ---- RFC 5424 ---- */

static bool nil(struct span s) {
        return s.len == 1 && *s.p == '-';
}

/* A word and the blank behind it. */
static bool read_word(struct span *s, struct span *ret) {
        *ret = word(*s);
        if (ret->len == 0 || ret->len == s->len)
                return false;
        skip(s, ret->len + 1);
        return true;
}

static struct span unescape_sd(struct decode_state *s, struct span v) {
        if (!memchr(v.p, '\\', v.len))
                return v;
        char *to = arena_alloc(&s->arena, v.len);
        size_t n = 0;

        if (!to)
                return v;
        for (size_t i = 0; i < v.len; i++) {
                if (v.p[i] == '\\' && i + 1 < v.len &&
                    (v.p[i + 1] == '"' || v.p[i + 1] == '\\' || v.p[i + 1] == ']'))
                        i++;
                to[n++] = v.p[i];
        }
        return span_of(to, n);
}

static struct span sd_name(struct decode_state *s, struct span id, struct span name) {
        size_t len = 3 + id.len + (name.len ? 1 + name.len : 0);
        char *p = arena_alloc(&s->arena, len);

        if (!p)
                return SPAN_NONE;
        memcpy(p, "sd.", 3);
        memcpy(p + 3, id.p, id.len);
        if (name.len) {
                p[3 + id.len] = '.';
                memcpy(p + 4 + id.len, name.p, name.len);
        }
        return span_of(p, len);
}

/* One element "[id name="value" …]". */
static bool read_element(struct decode_state *s, struct event *e, struct span *in) {
        struct span id;
        size_t n = 1, params = 0;

        while (n < in->len && in->p[n] != ' ' && in->p[n] != ']' && in->p[n] != '"')
                n++;
        id = span_of(in->p + 1, n - 1);
        if (id.len == 0 || id.len > 256)
                return false;
        for (;;) {
                while (n < in->len && in->p[n] == ' ')
                        n++;
                if (n >= in->len)
                        return false;
                if (in->p[n] == ']')
                        break;
                size_t name = n;
                while (n < in->len && in->p[n] != '=' && in->p[n] != ' ' && in->p[n] != ']')
                        n++;
                size_t name_len = n - name;
                if (n + 1 >= in->len || in->p[n] != '=' || in->p[n + 1] != '"' || name_len == 0 ||
                    name_len > 256)
                        return false;
                n += 2;
                size_t val = n;
                while (n < in->len && in->p[n] != '"')
                        n += in->p[n] == '\\' ? 2 : 1;
                if (n >= in->len)
                        return false;
                struct span full = sd_name(s, id, span_of(in->p + name, name_len));
                if (full.p)
                        field_add(s, e, full, unescape_sd(s, span_of(in->p + val, n - val)), V_STR);
                params++;
                n++;
        }
        if (params == 0) {
                struct span full = sd_name(s, id, SPAN_NONE);
                if (full.p)
                        field_add(s, e, full, SPAN(""), V_NULL);
        }
        skip(in, n + 1);
        return true;
}

static void read_structured(struct decode_state *s, struct event *e, struct span *in) {
        if (nil(word(*in))) {
                skip(in, 1);
        } else {
                while (starts_char(*in, '[')) {
                        uint32_t kept = e->n;
                        if (!read_element(s, e, in)) {
                                e->n = kept; /* damaged: it stays part of the message */
                                break;
                        }
                }
        }
        if (starts_char(*in, ' '))
                skip(in, 1);
}

/* Behind "<pri>1 ". Adds the structured data; false leaves everything as it was. */
static bool read_5424(struct decode_state *s, struct event *e, struct span in, struct header *h) {
        struct span stamp, host, app, proc, msgid;

        if (!read_word(&in, &stamp) || !read_word(&in, &host) || !read_word(&in, &app) ||
            !read_word(&in, &proc))
                return false;
        msgid = word(in);
        if (msgid.len == 0)
                return false;
        skip(&in, MIN(msgid.len + 1, in.len));
        if (!nil(stamp)) {
                h->time = time_parse_iso(stamp, s->opt->zone_sec);
                if (h->time == TIME_NONE)
                        return false;
                h->dated = true;
        }
        h->host = nil(host) ? SPAN_NONE : host;
        h->program = nil(app) ? SPAN_NONE : app;
        h->pid = nil(proc) ? SPAN_NONE : proc;
        h->msgid = nil(msgid) ? SPAN_NONE : msgid;
        read_structured(s, e, &in);
        if (span_starts(in, SPAN("\xEF\xBB\xBF")))
                skip(&in, 3);
        h->message = in;
        return true;
}

/* ---- RFC 3164 ---- */

/* "29: ", "000029: " and "host: " before Cisco's time, which may bear '*' or '.' for a clock not
 * set. */
static void skip_cisco(struct span *s, struct header *h) {
        struct span t = *s;

        for (unsigned i = 0; i < 3; i++) {
                struct span w = word(t);
                if (w.len < 2 || w.p[w.len - 1] != ':' || w.len == t.len)
                        break;
                struct span name = span_of(w.p, w.len - 1),
                            rest = span_of(t.p + w.len + 1, t.len - w.len - 1);
                if (!all_digits(name) && (i == 0 || h->host.p)) {
                        /* A host only where a number or a starred time follows, else it is a tag.
                         */
                        struct span next = word(rest);
                        if (next.len < 2 ||
                            !(*next.p == '*' || (next.p[next.len - 1] == ':' &&
                                                 all_digits(span_of(next.p, next.len - 1)))))
                                break;
                }
                if (!all_digits(name))
                        h->host = name;
                t = rest;
        }
        skip_blanks(&t);
        if (starts_char(t, '*') || starts_char(t, '.'))
                skip(&t, 1);
        int64_t ignored;
        static const struct decode_options any = {.year = 2000};
        if (t.p != s->p && linetime_read(t, &any, TIME_NONE, &ignored))
                *s = t;
        else
                h->host = SPAN_NONE;
}

static unsigned two(const char *p) {
        unsigned a = (unsigned char)p[0] - '0', b = (unsigned char)p[1] - '0';

        if (p[0] == ' ')
                a = 0;
        return a > 9 || b > 9 ? 99 : a * 10 + b;
}

/* "Mmm dd hh:mm:ss " with nothing else around: nearly every line of nearly every file. */
static bool read_time_fast(const struct decode_state *s, struct span *in, struct header *h) {
        const char *p = in->p;

        if (in->len < 17 || p[3] != ' ' || p[6] != ' ' || p[9] != ':' || p[12] != ':' ||
            p[15] != ' ' || is_digit(p[16]) || p[16] == '+' || p[16] == '-' || p[16] == 'U' ||
            p[16] == 'G' || p[16] == 'Z')
                return false;
        unsigned month = linetime_month(p), day = two(p + 4), hour = two(p + 7), min = two(p + 10),
                 sec = two(p + 13);
        if (!month || day < 1 || day > 31 || hour > 23 || min > 59 || sec > 60)
                return false;
        h->time = linetime_yearless(s->opt, s->b.h.file_time, month, day,
                                    hour * 3600 + min * 60 + MIN(sec, 59u));
        h->dated = true;
        skip(in, 16);
        return true;
}

static void read_time(const struct decode_state *s, struct span *in, struct header *h) {
        if (LIKELY(read_time_fast(s, in, h)))
                return;
        struct span t = *in;
        skip_blanks(&t);
        if (t.len && (is_digit(*t.p) || h->pri != NO_PRI))
                skip_cisco(&t, h);
        bool bracket = starts_char(t, '[');
        if (bracket || starts_char(t, '*'))
                skip(&t, 1);
        size_t n = linetime_read(t, s->opt, s->b.h.file_time, &h->time);
        if (n == 0)
                return;
        h->dated = true;
        h->plain_dated = is_digit(*t.p);
        skip(&t, n);
        if (bracket && starts_char(t, ']'))
                skip(&t, 1);
        if (starts_char(t, ':')) {
                h->colon = true;
                skip(&t, 1);
        }
        skip_blanks(&t);
        *in = t;
}

/* "<auth.info>" and "<4.6>". */
static void read_bsd_pri(struct span *in, struct header *h) {
        size_t n = 1, dot = 0;

        if (!starts_char(*in, '<'))
                return;
        while (n < in->len && n < 20 && in->p[n] != '>' && in->p[n] != ' ') {
                if (in->p[n] == '.')
                        dot = n;
                n++;
        }
        if (n >= in->len || in->p[n] != '>' || dot < 2 || dot + 1 >= n)
                return;
        struct span f = span_of(in->p + 1, dot - 1), v = span_of(in->p + dot + 1, n - dot - 1);
        if (all_digits(f) && all_digits(v) && f.len <= 2 && v.len == 1) {
                unsigned pri = 0;
                for (size_t i = 0; i < f.len; i++)
                        pri = pri * 10 + (unsigned)(f.p[i] - '0');
                pri = pri * 8 + (unsigned)(*v.p - '0') % 8;
                f = syslog_facility(pri);
                v = syslog_severity(pri);
        }
        h->facility = f;
        h->severity = v;
        skip(in, n + 1);
        skip_blanks(in);
}

static bool host_char(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '.' ||
               c == '-' || c == '_' || c == ':' || c == '@' || c == '/' || c == '%' ||
               (unsigned char)c >= 0x80;
}

static bool host_like(struct span w) {
        if (w.len == 0 || w.len > 255 || *w.p == '-' || *w.p == '%')
                return false;
        for (size_t i = 0; i < w.len; i++)
                if (!host_char(w.p[i]))
                        return false;
        return true;
}

/* Takes a tag off the front: "su:", "su[123]:", "su[123]", "[su]:", "com.apple.x[1] (y):". */
static bool read_tag(struct span *in, struct header *h) {
        struct span w = word(*in), name, pid = SPAN_NONE;
        const char *open;
        size_t used = w.len;

        if (w.len < 2)
                return false;
        if (*w.p == '[') { /* [sshd]: */
                const char *shut = memchr(w.p, ']', w.len);
                if (!shut || shut - w.p < 2)
                        return false;
                name = span_of(w.p + 1, (size_t)(shut - w.p - 1));
                size_t rest = w.len - (size_t)(shut + 1 - w.p);
                if (all_digits(name) || rest > 1 || (rest == 1 && shut[1] != ':'))
                        return false;
                goto done;
        }
        open = memchr(w.p, '[', w.len);
        if (open) {
                const char *shut = memchr(open, ']', (size_t)(w.p + w.len - open));
                if (!shut)
                        return false;
                name = span_of(w.p, (size_t)(open - w.p));
                pid = span_of(open + 1, (size_t)(shut - open - 1));
                used = (size_t)(shut + 1 - w.p);
                if (used < w.len && w.p[used] == ':')
                        used++;
                else if (used != w.len || !all_digits(pid))
                        return false;
        } else if (w.p[w.len - 1] == ':') {
                name = span_of(w.p, w.len - 1);
        } else {
                return false;
        }
        for (size_t i = 0; i < name.len; i++)
                if (name.p[i] == '"' || name.p[i] == '=' || name.p[i] == '\'' || name.p[i] == '<' ||
                    name.p[i] == ',')
                        return false;
        if (name.len == 0 || name.len > 128)
                return false;
done:
        h->program = name;
        h->pid = pid;
        skip(in, used);
        if (starts_char(*in, ' '))
                skip(in, 1);
        if (pid.p && starts_char(*in, '(') && name.len > 4 &&
            memchr(name.p, '.', name.len)) { /* launchd's subject */
                const char *end = memmem(in->p, MIN(in->len, (size_t)256), "): ", 3);
                if (end)
                        skip(in, (size_t)(end + 3 - in->p));
        }
        return true;
}

/* "[ID 800047 auth.info] ", which Solaris puts before the message. */
static void read_solaris(struct span *in, struct header *h) {
        if (LIKELY(!span_starts(*in, SPAN("[ID "))))
                return;
        struct span t = span_of(in->p + 4, in->len - 4), id, level;
        id = word(t);
        if (!all_digits(id) || id.len >= t.len)
                return;
        skip(&t, id.len + 1);
        level = word(t);
        const char *dot = level.len ? memchr(level.p, '.', level.len) : NULL;
        if (!dot || level.p[level.len - 1] != ']' || level.len >= t.len)
                return;
        h->msgid = id;
        h->facility = span_of(level.p, (size_t)(dot - level.p));
        h->severity = span_of(dot + 1, level.len - (size_t)(dot - level.p) - 2);
        skip(&t, level.len + 1);
        *in = t;
}

static bool is_level(struct span w) {
        static const struct span levels[] = {
                SPAN("INFO"),  SPAN("WARN"),     SPAN("WARNING"), SPAN("ERROR"),  SPAN("DEBUG"),
                SPAN("TRACE"), SPAN("CRITICAL"), SPAN("FATAL"),   SPAN("NOTICE"),
        };

        for (size_t i = 0; i < ARRAY_LEN(levels); i++)
                if (span_ieq(w, levels[i]))
                        return true;
        return false;
}

static void read_3164(const struct decode_state *s, struct span in, struct header *h) {
        struct span all = in;

        read_time(s, &in, h);
        if (!h->dated && h->pri == NO_PRI) {
                h->message = all;
                return;
        }
        skip_blanks(&in);
        read_bsd_pri(&in, h);
        if (h->colon && !starts_char(in, '%')) {
                h->message = in;
                return;
        }
        if (!read_tag(&in, h)) {
                struct span host = word(in), rest = span_of(in.p + host.len, in.len - host.len);
                skip_blanks(&rest);
                if (rest.len > 1 && rest.p[0] == ':' &&
                    rest.p[1] == ' ') /* Cisco ASA: "host : %ASA-…" */
                        skip(&rest, 2);
                if (host_like(host)) {
                        struct header before = *h;
                        h->host = host;
                        bool tag = read_tag(&rest, h), level = h->plain_dated && is_level(host);
                        if (level && tag && h->pid.len) { /* "… info exim[8001]: …" */
                                h->host = SPAN_NONE;
                                h->severity = host;
                        }
                        if (h->plain_dated ? tag && (!level || h->pid.len) : tag || h->dated)
                                in = rest;
                        else
                                *h = before;
                }
        }
        read_solaris(&in, h);
        h->message = in;
}

struct span syslog_program(struct span program) {
        const char *paren = program.len ? memchr(program.p, '(', program.len) : NULL;

        if (paren && paren > program.p)
                program.len = (size_t)(paren - program.p);
        if (program.len && *program.p == '/') {
                const char *slash = memrchr(program.p, '/', program.len);
                if (slash + 1 < program.p + program.len)
                        program = span_of(slash + 1, (size_t)(program.p + program.len - slash - 1));
        }
        if (span_eq(program, SPAN("sshd-session")) || span_eq(program, SPAN("sshd-auth")))
                return span_of(program.p, 4);
        return program;
}

static void add(struct decode_state *s, struct event *e, struct span name, struct span val) {
        if (val.p && val.len)
                field_add(s, e, name, val, V_STR);
}

static enum decode_result syslog_next(struct decode_state *s, struct event *ret_e,
                                      struct decode_error *ret_err) {
        struct header h = {.pri = NO_PRI, .time = TIME_NONE};
        struct span line;
        bool done = false;

        do {
                if (!decode_line(s, ret_e, &line))
                        return DECODE_END;
        } while (span_trim(line).len == 0);

        ret_e->kind = EVENT_SYSLOG;
        if (is_digit(*line.p)) { /* octet counting, as captured from TCP */
                size_t n = count_digits(line, 6);
                if (n + 2 < line.len && line.p[n] == ' ' && line.p[n + 1] == '<')
                        skip(&line, n + 1);
        }
        read_pri(&line, &h);
        if (h.pri != NO_PRI && line.len > 2 && line.p[0] == '1' && line.p[1] == ' ')
                done = read_5424(s, ret_e, span_of(line.p + 2, line.len - 2), &h);
        if (!done) {
                ret_e->n = 0;
                read_3164(s, line, &h);
        }

        if (!h.program.p && span_starts(h.message, SPAN("[pid ")) &&
            memmem(h.message.p, h.message.len, " Client \"", 9))
                h.program = SPAN("vsftpd"); /* its own log has no tag */
        if (!h.dated) /* not where syslog has it, but perhaps elsewhere near the start */
                h.time = linetime_find(line, s->opt, s->b.h.file_time);
        ret_e->time = h.time;
        add(s, ret_e, SPAN("pri"), h.pri_text);
        add(s, ret_e, SPAN("facility"), h.facility);
        add(s, ret_e, SPAN("severity"), h.severity);
        add(s, ret_e, SPAN("hostname"), h.host);
        add(s, ret_e, SPAN("program"), h.program);
        add(s, ret_e, SPAN("pid"), h.pid);
        add(s, ret_e, SPAN("msgid"), h.msgid);
        field_add(s, ret_e, SPAN("message"), h.message, V_STR);
        ret_e->key1 = syslog_program(h.program);
        syslog_service(s, ret_e, ret_e->key1, h.message);
        return DECODE_EVENT;
}

const struct format_ops format_syslog = {.next = syslog_next};

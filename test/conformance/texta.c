/* Syslog lines against what others say about the same lines: fail2ban's test cases, LogHub's
 * structured copies, wazuh's expected documents.
 *
 * Where Coloa differs on purpose, a table says so and why; every other difference fails. The counts
 * reached are printed and fixed: less is a failure. */
#include <ctype.h>
#include <dirent.h>
#include <jansson.h>

#include "data.h"
#include "decode_text.h"

#define F2B "dev-set/syslog/fail2ban-testcases/fail2ban/tests/files/logs"

/* ---- fail2ban ---- */

/* fail2ban's tests run in Zurich: where a line has a zone, the expected time is Zurich's wall
 * clock. */
static int64_t from_zurich(int64_t wall) {
        int64_t year, change[2];
        unsigned month, day;

        time_civil(wall / (86400 * NS_PER_SEC), &year, &month, &day);
        for (int i = 0; i < 2; i++) { /* the last Sundays of March and October, at 01:00 UTC */
                int64_t last = time_days(year, i ? 10 : 3, 31);
                last -= (last + 4) % 7; /* day 0 was a Thursday */
                change[i] = last * 86400 + 3600;
        }
        int64_t winter = wall - 3600 * NS_PER_SEC, sec = winter / NS_PER_SEC;
        return sec >= change[0] && sec < change[1] ? wall - 7200 * NS_PER_SEC : winter;
}

/* A zone behind a clock, or a count of seconds. */
static bool has_zone(struct span l) {
        struct span head = span_of(l.p, MIN(l.len, (size_t)160));
        size_t at = head.len && (*head.p == '[' || *head.p == '@'), d = 0;

        while (at + d < head.len && isxdigit((unsigned char)head.p[at + d]))
                d++;
        if (d == 10 || d == 24 || memmem(head.p, head.len, "msg=audit(", 10))
                return true;
        for (size_t i = 8; i < head.len;
             i++) { /* behind the first "hh:mm:ss", with or without a fraction */
                const char *p = head.p + i, *end = head.p + head.len;
                if (p[-3] != ':' || p[-6] != ':' || !isdigit((unsigned char)p[-1]) ||
                    !isdigit((unsigned char)p[-4]) || !isdigit((unsigned char)p[-7]) ||
                    (i > 8 && isdigit((unsigned char)p[-9])))
                        continue;
                while (p < end && (isdigit((unsigned char)*p) || *p == '.' || *p == ','))
                        p++;
                if (p < end && *p == ' ')
                        p++;
                return end - p >= 3 &&
                       (*p == 'Z' || memcmp(p, "UTC", 3) == 0 || memcmp(p, "GMT", 3) == 0 ||
                        ((*p == '+' || *p == '-') && isdigit((unsigned char)p[1]) &&
                         isdigit((unsigned char)p[2])));
        }
        return false;
}

#define F2B_EARLIER                                                                                \
        "the address is in an earlier line of the same process; a line is decoded by itself"

/* What differs and why. */
static const struct {
        const char *file, *part, *why;
} f2b_differs[] = {
        {"3proxy", " +0300 ", "fail2ban's filter reads the clock without its zone"},
        {"cowrie", "\"timestamp\"", "fail2ban's filter reads the clock without its zone"},
        {"selinux-ssh", "audit(1372546928.000:52008)",
         "the annotation is an hour from the line's own count of seconds"},
        {"selinux-ssh", "audit(1372557500.000:61750)",
         "the annotation is an hour from the line's own count of seconds"},
        {"sshd", "sshd[26713]: Disconnecting", F2B_EARLIER},
        {"sshd", "sshd[32686]: fatal: Read from socket failed", F2B_EARLIER},
        {"sshd", "kex_exchange_identification: ", F2B_EARLIER},
        {"sshd", "fatal: Unable to negotiate a key exchange method", F2B_EARLIER},
        {"sshd", "fatal: no matching mac found", F2B_EARLIER},
        {"apache-botsearch", "[Fri Dec 06 09:29:34 2013]",
         "the line says 2013, the annotation 2014"},
        {"dovecot", "@400000004c91b044077a9e94",
         "TAI64N counts from ten seconds before 1970; fail2ban leaves them in"},
        {"ejabberd-auth", "I(<0.1440.0>",
         "the time is in the line before (a record of several lines)"},
        {"guacamole", "WARNING: Authentication attempt",
         "the time is in the line before (a record of several lines)"},
        {"guacamole", "12:57:32.907", "no date: fail2ban takes the present day"},
        {"monit", "[PDT ",
         "a zone's abbreviation before the date is not read (the same letters name several zones)"},
        {"sshd", "ssh2: from 10.10.1.2",
         "fail2ban reads the end as what the server appended; with protocol 2 the server ends a "
         "password's line with \"ssh2\", so the last address is the server's and the first part of "
         "the name"},
};

static const char *f2b_why(const char *file, struct span line) {
        for (size_t i = 0; i < ARRAY_LEN(f2b_differs); i++)
                if (strcmp(f2b_differs[i].file, file) == 0 &&
                    memmem(line.p, line.len, f2b_differs[i].part, strlen(f2b_differs[i].part)))
                        return f2b_differs[i].why;
        return NULL;
}

/* Services whose messages are decoded, so that an address in the annotation must be found. */
static bool f2b_decoded(struct span program) {
        static const char *const names[] = {"sshd",    "vsftpd",   "proftpd", "named",
                                            "postfix", "dovecot",  "exim",    "sendmail",
                                            "sm-mta",  "dropbear", "wu-ftpd", "pure-ftpd",
                                            "xinetd",  "imapd",    "pop3d"};

        for (size_t i = 0; i < ARRAY_LEN(names); i++)
                if (span_starts(program, span_str(names[i])))
                        return true;
        return false;
}

static struct { unsigned times, times_ok, hosts, hosts_ok, explained, unexplained; } f2b;

static void f2b_differs_note(const char *file, struct span line, const char *want,
                             struct span got) {
        const char *why = f2b_why(file, line);

        if (why)
                f2b.explained++;
        else
                f2b.unexplained++;
        printf("# %s: %s: wanted %s, got %.*s: %.*s\n", file, why ? why : "NOT EXPLAINED", want,
               (int)got.len, got.p ? got.p : "", (int)MIN(line.len, (size_t)130), line.p);
}

/* "2005-03-07T02:09:33", to the second; one annotation writes "2005-03-7". */
static int64_t f2b_wall(const char *s) {
        unsigned y, mo, d, h, mi, sec;

        return sscanf(s, "%u-%u-%uT%u:%u:%u", &y, &mo, &d, &h, &mi, &sec) == 6
                       ? time_make(y, mo, d, h, mi, sec, 0)
                       : TIME_NONE;
}

static void f2b_case(const char *file, json_t *want, struct span line) {
        const char *time = json_string_value(json_object_get(want, "time"));
        const char *host = json_string_value(json_object_get(want, "host"));
        struct decode_options o = {0};
        struct decoding t;
        enum format f = span_starts(line, SPAN("type=")) ? FORMAT_AUDITD
                        : *line.p == '{'                 ? FORMAT_JSON
                                                         : FORMAT_SYSLOG;

        /* Year-less lines are annotated as seen on that day. */
        decoding_start(&t, f, line, &o, time_parse_iso(SPAN("2005-08-14T12:00:00Z"), 0));
        check_int(decoding_next(&t), DECODE_EVENT);
        if (time) {
                int64_t wall = f2b_wall(time), got = event_time(&t.e, &o, &t.arena);
                char text[40] = "nothing";
                f2b.times++;
                if (got != TIME_NONE) {
                        time_format(text, got, 3);
                        got -= got % NS_PER_SEC;
                }
                if (got == (has_zone(line) || f == FORMAT_JSON ? from_zurich(wall) : wall))
                        f2b.times_ok++;
                else
                        f2b_differs_note(file, line, time, span_str(text));
        }
        bool match = json_is_true(json_object_get(want, "match"));
        struct span ip = decoding_get(&t, "src_ip"), name = decoding_get(&t, "src_host");
        if (host && f == FORMAT_SYSLOG && (ip.p || name.p || (match && f2b_decoded(t.e.key1)))) {
                f2b.hosts++;
                if (span_eq(ip, span_str(host)) || span_eq(name, span_str(host)))
                        f2b.hosts_ok++;
                else
                        f2b_differs_note(file, line, host, ip.p ? ip : name);
        }
        decoding_stop(&t);
}

static void f2b_file(const char *file) {
        char rel[1024];
        size_t len;

        int n = snprintf(rel, sizeof(rel), F2B "/%s", file);
        check(n > 0 && (size_t)n < sizeof(rel));
        _cleanup_(freep) char *text = read_file(rel, &len);
        if (!text)
                return;
        const struct span mark = SPAN("# failJSON:");
        const char *p = text, *end = text + len;
        struct span line;
        json_t *want = NULL;
        while (next_line(&p, end, &line)) {
                if (span_starts(line, mark)) {
                        json_error_t err;
                        json_decref(want);
                        want = json_loadb(line.p + mark.len, line.len - mark.len,
                                          JSON_DISABLE_EOF_CHECK, &err);
                } else if (want && line.len && *line.p != '#') {
                        f2b_case(file, want, line);
                        json_decref(want);
                        want = NULL;
                }
        }
        json_decref(want);
}

static int by_name(const void *a, const void *b) {
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void fail2ban_times_and_hosts(void) {
        char path[1024], *names[256];
        size_t n = 0;

        if (!check_data())
                check_skip("COLOA_TEST_DATA is not set");
        snprintf(path, sizeof(path), "%s/" F2B, check_data());
        DIR *d = opendir(path);
        check(d);
        for (struct dirent *e; (e = readdir(d));)
                if (e->d_name[0] != '.' && n < ARRAY_LEN(names))
                        names[n++] = strdup(e->d_name);
        closedir(d);
        qsort(names, n, sizeof(*names), by_name);
        for (size_t i = 0; i < n; i++) {
                f2b_file(names[i]);
                free(names[i]);
        }
        printf("# fail2ban: %u of %u times, %u of %u addresses; %u differences explained\n",
               f2b.times_ok, f2b.times, f2b.hosts_ok, f2b.hosts, f2b.explained);
        check_int(f2b.unexplained, 0);
        check_int(f2b.times, 919);
        check_int(f2b.times_ok, 900);
        check_int(f2b.hosts, 348);
        check_int(f2b.hosts_ok, 336);
}

/* ---- LogHub: the header's parts of 2,000 lines each ---- */

/* The next column of a CSV line, unquoted into `to`. */
static struct span csv_column(struct span *line, char *to, size_t room) {
        size_t n = 0, i = 0;
        bool quoted = line->len && *line->p == '"';

        for (i = quoted; i < line->len && n < room; i++) {
                char c = line->p[i];
                if (quoted && c == '"') {
                        if (i + 1 < line->len && line->p[i + 1] == '"')
                                i++;
                        else {
                                i++;
                                break;
                        }
                } else if (!quoted && c == ',') {
                        break;
                }
                to[n++] = c;
        }
        i += i < line->len && line->p[i] == ',';
        line->p += i;
        line->len -= i;
        return span_of(to, n);
}

static void loghub(const char *name, bool linux_layout, unsigned want_same) {
        char rel[256], cell[12][2048];
        struct decode_options o = {.year = 2005};
        struct decoding t;
        size_t len, clen;
        unsigned lines = 0, same = 0;

        snprintf(rel, sizeof(rel), "dev-set/syslog/loghub/%s/%s_2k.log", name, name);
        _cleanup_(freep) char *text = read_file(rel, &len);
        snprintf(rel, sizeof(rel), "dev-set/syslog/loghub/%s/%s_2k.log_structured.csv", name, name);
        _cleanup_(freep) char *csv = read_file(rel, &clen);
        check(text && csv);
        const char *p = csv, *end = csv + clen;
        struct span line;
        next_line(&p, end, &line);
        decoding_start(&t, FORMAT_SYSLOG, span_of(text, len), &o, TIME_NONE);
        while (next_line(&p, end, &line)) {
                struct span col[12];
                for (size_t i = 0; i < ARRAY_LEN(col); i++)
                        col[i] = csv_column(&line, cell[i], sizeof(cell[i]));
                check_int(decoding_next(&t), DECODE_EVENT);
                lines++;
                struct span host = col[linux_layout ? 5 - 1 : 4], program = col[5],
                            pid = col[linux_layout ? 6 : 5], content = col[linux_layout ? 7 : 6];
                struct span message = span_trim(decoding_get(&t, "message"));
                bool ok = span_eq(decoding_get(&t, "hostname"), host) &&
                          span_eq(message, span_trim(content));
                ok = ok && (pid.len == 0 ? true : span_eq(decoding_get(&t, "pid"), pid));
                if (linux_layout)
                        ok = ok &&
                             span_eq(decoding_get(&t, "program").p ? decoding_get(&t, "program")
                                                                   : SPAN(""),
                                     program);
                else
                        ok = ok && span_eq(t.e.key1, SPAN("sshd"));
                same += ok && t.e.time != TIME_NONE;
                if (!ok)
                        printf("# loghub %s: %.*s\n", name, (int)t.e.raw.len, t.e.raw.p);
        }
        check_int(decoding_next(&t), DECODE_END);
        decoding_stop(&t);
        printf("# loghub %s: %u of %u lines\n", name, same, lines);
        check_int(same, want_same);
}

static void loghub_headers(void) {
        if (!check_data())
                check_skip("COLOA_TEST_DATA is not set");
        /* Of the eight others seven are "syslogd 1.4.1: restart.", where a tag of two words is not
         * believed, and one is a login(1) that wrote " -- root[2421]: " for its tag. */
        loghub("Linux", true, 1992);
        loghub("OpenSSH", false, 2000);
}

/* ---- wazuh's engine, syslog ---- */

static void wazuh_syslog(void) {
        size_t len, elen, i;
        json_t *want;
        unsigned values = 0, ok = 0, explained = 0;

        if (!check_data())
                check_skip("COLOA_TEST_DATA is not set");
        _cleanup_(freep) char *expected = read_file(
                "dev-set/expected-ecs/wazuh-engine/syslog/test/syslog_expected.json", &elen);
        _cleanup_(freep) char *text =
                read_file("dev-set/expected-ecs/wazuh-engine/syslog/test/syslog_input.txt", &len);
        check(expected && text);
        json_t *list = json_loadb(expected, elen, 0, NULL);
        struct decode_options o = {.year = 2024};
        struct decoding t;
        decoding_start(&t, FORMAT_SYSLOG, span_of(text, len), &o, TIME_NONE);
        json_array_foreach(list, i, want) {
                const struct {
                        const char *object, *key, *ours;
                } names[] = {{"host", "hostname", "hostname"},
                             {"process", "name", "program"},
                             {"process", "pid", "pid"},
                             {NULL, "message", "message"}};
                check_int(decoding_next(&t), DECODE_EVENT);
                const char *start =
                        json_string_value(json_object_get(json_object_get(want, "event"), "start"));
                values++;
                int64_t at = t.e.time - t.e.time % 1000000; /* theirs to the millisecond */
                if (at == time_parse_iso(span_str(start), 0))
                        ok++;
                else
                        printf("# wazuh syslog %zu: start %s\n", i + 1, start);
                for (size_t n = 0; n < ARRAY_LEN(names); n++) {
                        json_t *v = json_object_get(
                                names[n].object ? json_object_get(want, names[n].object) : want,
                                names[n].key);
                        char text_of[32];
                        if (!v)
                                continue;
                        snprintf(text_of, sizeof(text_of), "%lld",
                                 (long long)json_integer_value(v));
                        const char *theirs = json_is_integer(v) ? text_of : json_string_value(v);
                        values++;
                        struct span ours = decoding_get(&t, names[n].ours);
                        if (span_eq(ours, span_str(theirs))) {
                                ok++;
                        } else if (memmem(t.e.raw.p, t.e.raw.len, " --- last message repeated ",
                                          27)) {
                                explained++; /* they take "---" for the host; it is what syslogd
                                                writes instead of one */
                        } else {
                                printf("# wazuh syslog %zu: %s is %s, got %.*s\n", i + 1,
                                       names[n].ours, theirs, (int)ours.len, ours.p ? ours.p : "");
                        }
                }
        }
        check_int(decoding_next(&t), DECODE_END);
        decoding_stop(&t);
        json_decref(list);
        printf("# wazuh syslog: %u of %u values, %u explained\n", ok, values, explained);
        check_int(ok + explained, values);
}

int main(void) {
        RUN(fail2ban_times_and_hosts);
        RUN(loghub_headers);
        RUN(wazuh_syslog);
        return check_done();
}

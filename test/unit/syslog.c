/* decode/syslog.c, linetime.c, syslog_pattern.c, syslog_service.c */
#include "decode_text.h"

#include "decode/linetime.h"
#include "decode/syslog.h"

static struct decoding t;

static void one(const char *line) {
        static const struct decode_options o = {.year = 2024};

        decoding_start(&t, FORMAT_SYSLOG, span_str(line), &o, TIME_NONE);
        check_int(decoding_next(&t), DECODE_EVENT);
}

#define IS(name, value) check_span(decoding_get(&t, name), value)
#define NONE(name) check(!decoding_get(&t, name).p)
#define TIME(text) check_int(t.e.time, time_parse_iso(SPAN(text), 0))
#define DONE()                                                                                     \
        do {                                                                                       \
                check_int(decoding_next(&t), DECODE_END);                                          \
                decoding_stop(&t);                                                                 \
        } while (0)

static void rfc5424_in_full(void) {
        one("<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 ID7 "
            "[ex@1 iut=\"3\" q=\"a\\\"b\\]c\\\\d\\n\"][empty@2] \xEF\xBB\xBFtext here");
        TIME("2003-08-24T12:14:15.000003Z");
        IS("pri", "165");
        IS("facility", "local4");
        IS("severity", "notice");
        IS("hostname", "192.0.2.1");
        IS("program", "myproc");
        IS("pid", "8710");
        IS("msgid", "ID7");
        IS("sd.ex@1.iut", "3");
        IS("sd.ex@1.q", "a\"b]c\\d\\n");
        IS("sd.empty@2", "");
        IS("message", "text here");
        check_span(t.e.key1, "myproc");
        check_int(t.e.kind, EVENT_SYSLOG);
        DONE();
}

static void rfc5424_nil_and_damaged(void) {
        one("<0>1 - - - - - -");
        check_int(t.e.time, TIME_NONE);
        NONE("hostname");
        NONE("program");
        IS("facility", "kern");
        IS("severity", "emerg");
        IS("message", "");
        DONE();
        one("<34>1 2003-10-11T22:14:15.003Z h app - - [broken=\"x message");
        IS("hostname", "h");
        IS("message", "[broken=\"x message");
        DONE();
        /* no valid time: what RFC 3164 makes of it */
        one("<34>1 notatime h app - - - x");
        IS("pri", "34");
        check(decoding_get(&t, "message").p);
        DONE();
}

static void rfc3164_and_its_kin(void) {
        one("<34>Oct 11 22:14:15 mymachine su[230]: 'su root' failed for lonvick on /dev/pts/8");
        TIME("2024-10-11T22:14:15Z");
        IS("facility", "auth");
        IS("severity", "crit");
        IS("hostname", "mymachine");
        IS("program", "su");
        IS("pid", "230");
        IS("event.action", "su_failed");
        IS("target_user", "root");
        IS("user", "lonvick");
        DONE();
        one("Feb  5 17:32:18 10.0.0.99 Use the BFG!");
        IS("hostname", "10.0.0.99");
        NONE("program");
        IS("message", "Use the BFG!");
        DONE();
        one("Jan 29 09:33:58 pop3-login: Info: x");
        NONE("hostname");
        IS("program", "pop3-login");
        DONE();
        one("Apr  2 17:52:55 <auth.info> pancake sshd[5]: x");
        IS("facility", "auth");
        IS("severity", "info");
        IS("hostname", "pancake");
        DONE();
        one("Apr  2 17:52:55 <4.3> pancake sshd[5]: x");
        IS("facility", "auth");
        IS("severity", "err");
        DONE();
        one("2018-08-14T14:30:02.203151+02:00 linux-sqrz systemd[4179]: Stopped target Basic "
            "System.");
        TIME("2018-08-14T12:30:02.203151Z");
        IS("hostname", "linux-sqrz");
        IS("event.action", "service_stopped");
        DONE();
        one("Mar 29 05:59:23 dusky sshd[2]: [ID 800047 auth.info] Failed none for x from 10.0.0.1 "
            "port 2 ssh2");
        IS("msgid", "800047");
        IS("facility", "auth");
        IS("event.action", "failed_none");
        DONE();
        one("Sep 19 10:31:52 mini com.apple.xpc.launchd[1] (com.apple.quicklook[99]): Service "
            "exited");
        IS("program", "com.apple.xpc.launchd");
        IS("pid", "1");
        IS("message", "Service exited");
        DONE();
}

static void cisco_headers(void) {
        one("<189>29: *Mar  1 18:46:11.123 UTC: %SYS-5-CONFIG_I: Configured from console by vty2 "
            "(10.34.195.36)");
        TIME("2024-03-01T18:46:11.123Z");
        IS("program", "%SYS-5-CONFIG_I");
        NONE("hostname");
        DONE();
        one("<189>29: core1: *Mar  1 18:46:11.123 UTC: %SYS-5-CONFIG_I: x");
        IS("hostname", "core1");
        IS("program", "%SYS-5-CONFIG_I");
        DONE();
        one("<166>Jul 14 2013 13:12:11 fw1 : %ASA-6-302013: Built outbound TCP connection");
        TIME("2013-07-14T13:12:11Z");
        IS("hostname", "fw1");
        IS("program", "%ASA-6-302013");
        DONE();
}

static void lines_without_header_stay_whole(void) {
        one("    at com.example.Main(Main.java:3)");
        IS("message", "    at com.example.Main(Main.java:3)");
        check_int(t.e.n, 1);
        check_int(t.e.time, TIME_NONE);
        DONE();
        /* an application's own log: no host is made up */
        one("2016-03-21 06:38:05 no MAIL in SMTP connection from x");
        TIME("2016-03-21T06:38:05Z");
        NONE("hostname");
        IS("message", "no MAIL in SMTP connection from x");
        DONE();
        one("2016-03-21 06:38:05 INFO Worker: started");
        NONE("hostname");
        IS("message", "INFO Worker: started");
        DONE();
        one("2020-04-09T14:04:00.667Z: Failed Login: username=admin ip=80.10.11.12");
        NONE("hostname");
        NONE("program");
        IS("message", "Failed Login: username=admin ip=80.10.11.12");
        DONE();
}

static void lines_are_counted_and_cut(void) {
        struct decode_options o = {0};
        static char text[RECORD_MAX + 400];

        decoding_start(&t, FORMAT_SYSLOG,
                       SPAN("\xEF\xBB\xBF"
                            "a\r\n\n\nb\n"),
                       &o, TIME_NONE);
        check_int(decoding_next(&t), DECODE_EVENT);
        IS("message", "a");
        check_int(t.e.line, 1);
        check_int(t.e.offset, 3);
        check_int(decoding_next(&t), DECODE_EVENT);
        IS("message", "b");
        check_int(t.e.line, 4);
        check_int(t.e.offset, 8);
        DONE();
        /* A block of zeros, as a crash leaves it. */
        decoding_start(&t, FORMAT_SYSLOG, SPAN("\0\0\0Jun 21 16:47:48 host su[7]: x\n\0\0\n"), &o,
                       TIME_NONE);
        check_int(decoding_next(&t), DECODE_EVENT);
        IS("program", "su");
        check_int(t.e.offset, 3);
        check(span_starts(t.e.raw, SPAN("Jun")));
        DONE();
        memset(text, 'x', sizeof(text));
        decoding_start(&t, FORMAT_SYSLOG, span_of(text, sizeof(text)), &o, TIME_NONE);
        check_int(decoding_next(&t), DECODE_EVENT);
        check(t.e.cut);
        check_int(t.e.raw.len, RECORD_MAX);
        DONE();
}

static void skipping_goes_to_the_next_line(void) {
        struct decode_options o = {0};
        struct span text = SPAN("one\ntwo\nthree\n");

        decoding_start(&t, FORMAT_SYSLOG, text, &o, TIME_NONE);
        struct batch b = {.h = {.format = FORMAT_SYSLOG, .line = 1, .file_time = TIME_NONE},
                          .payload = {t.copy, text.len}};
        check_int(decoding_next(&t), DECODE_EVENT);
        check_int(decoder_position(t.d), 4);
        decoder_begin(t.d, &b, 4); /* died on the record at 4 */
        check_int(decoding_next(&t), DECODE_EVENT);
        IS("message", "three");
        check_int(t.e.line, 3);
        decoder_begin(t.d, &b, 9999);
        DONE();
}

static void years_are_inferred(void) {
        struct decode_options o = {0};
        int64_t file = time_parse_iso(SPAN("2024-01-02T03:00:00Z"), 0);
        unsigned noon = 12 * 3600;

        check_int(linetime_yearless(&o, file, 12, 31, noon),
                  time_parse_iso(SPAN("2023-12-31T12:00:00Z"), 0));
        check_int(linetime_yearless(&o, file, 1, 1, noon),
                  time_parse_iso(SPAN("2024-01-01T12:00:00Z"), 0));
        check_int(linetime_yearless(&o, file, 1, 3, 0),
                  time_parse_iso(SPAN("2024-01-03T00:00:00Z"), 0)); /* within a day */
        check_int(linetime_yearless(&o, file, 1, 4, 0),
                  time_parse_iso(SPAN("2023-01-04T00:00:00Z"), 0));
        check_int(linetime_yearless(&o, file, 2, 29, 0),
                  time_parse_iso(SPAN("2020-02-29T00:00:00Z"), 0));
        /* just behind New Year, by a clock that runs ahead */
        file = time_parse_iso(SPAN("2023-12-31T23:59:00Z"), 0);
        check_int(linetime_yearless(&o, file, 1, 1, 60),
                  time_parse_iso(SPAN("2024-01-01T00:01:00Z"), 0));
        check_int(linetime_yearless(&o, TIME_NONE, 1, 1, 0), TIME_NONE);
        o.year = 2005;
        check_int(linetime_yearless(&o, TIME_NONE, 1, 1, 0),
                  time_parse_iso(SPAN("2005-01-01T00:00:00Z"), 0));
        o.zone_sec = 7 * 3600;
        check_int(linetime_yearless(&o, TIME_NONE, 1, 1, 7 * 3600),
                  time_parse_iso(SPAN("2005-01-01T00:00:00Z"), 0));
}

static void times_of_many_programs(void) {
        static const struct {
                const char *text, *want;
        } list[] = {
                {"Tue Jun 21 16:47:48 2005", "2005-06-21T16:47:48Z"},
                {"Jun 21 2005 16:47:48.5", "2005-06-21T16:47:48.5Z"},
                {"Jun-21-05 16:47:48", "2005-06-21T16:47:48Z"},
                {"2005/06/21 16:47:48", "2005-06-21T16:47:48Z"},
                {"2005.06.21 16:47:48,123", "2005-06-21T16:47:48.123Z"},
                {"2005:06:21-16:47:48", "2005-06-21T16:47:48Z"},
                {"2005-06-21 16:47:48 +02:00", "2005-06-21T14:47:48Z"},
                {"2005-06-21 16:47:48 UTC x", "2005-06-21T16:47:48Z"},
                {"21/Jun/2005:16:47:48 +0200", "2005-06-21T14:47:48Z"},
                {"21-Jun-2005 16:47:48.123", "2005-06-21T16:47:48.123Z"},
                {"06/21/2005 16:47:48", "2005-06-21T16:47:48Z"},
                {"06/07/2005 16:47:48", "2005-06-07T16:47:48Z"},
                {"06-07-2005 16:47:48", "2005-07-06T16:47:48Z"},
                {"21.06.2005 16:47:48", "2005-06-21T16:47:48Z"},
                {"050621 16:47:48", "2005-06-21T16:47:48Z"},
                {"20050621-16:47:48", "2005-06-21T16:47:48Z"},
                {"1119372468.250", "2005-06-21T16:47:48.25Z"},
                {"@4000000042b844beffffffff", NULL},
                {"@4000000042b844be00000000", "2005-06-21T16:47:48Z"},
                {"2005-13-21 16:47:48", NULL},
                {"Jun 21", NULL},
        };
        static const struct decode_options o = {0};

        for (size_t i = 0; i < ARRAY_LEN(list); i++) {
                int64_t ns = TIME_NONE,
                        want = list[i].want ? time_parse_iso(span_str(list[i].want), 0) : TIME_NONE;
                size_t n = linetime_read(span_str(list[i].text), &o, TIME_NONE, &ns);
                if ((n == 0) != !list[i].want || ns != want)
                        printf("# %s\n", list[i].text);
                check_int(n == 0, !list[i].want);
                check_int(ns, want);
        }
        check_int(linetime_find(SPAN("1.2.3.4 - - [21/Jun/2005:16:47:48 +0200] \"GET"), &o,
                                TIME_NONE),
                  time_parse_iso(SPAN("2005-06-21T14:47:48Z"), 0));
        check_int(linetime_find(SPAN("no time 12345678901 here"), &o, TIME_NONE), TIME_NONE);
}

static void sshd_sentences(void) {
        one("Jun 1 10:00:00 h sshd[1]: Failed password for invalid user admin from 203.0.113.9 "
            "port 4022 ssh2");
        IS("event.action", "failed_password");
        IS("user", "admin");
        IS("src_ip", "203.0.113.9");
        IS("src_port", "4022");
        IS("method", "password");
        DONE();
        one("Jun 1 10:00:00 h sshd-session[1]: Accepted publickey for git from 2001:db8::1 port "
            "4022 ssh2: RSA SHA256:x");
        IS("event.action", "accepted_publickey");
        IS("src_ip", "2001:db8::1");
        check_span(t.e.key1, "sshd");
        DONE();
        one("Jun 1 10:00:00 h sshd[1]: message repeated 3 times: [ Failed password for root from "
            "10.0.0.1 port 5 ssh2]");
        IS("repeated", "3");
        IS("user", "root");
        IS("src_ip", "10.0.0.1");
        DONE();
        one("Jun 1 10:00:00 h sshd[1]: Connection closed by authenticating user root 10.0.0.2 port "
            "46038 [preauth]");
        IS("event.action", "closed_preauth");
        IS("user", "root");
        IS("src_ip", "10.0.0.2");
        DONE();
}

/* A login name may imitate the sentence; the address that the server wrote must win. */
static void sshd_names_cannot_blame_others(void) {
        one("Jun 1 10:00:00 h sshd[1]: Failed password for invalid user x from 8.8.8.8 port 1 ssh2 "
            "from 10.0.0.1 port 2 ssh2");
        IS("src_ip", "10.0.0.1");
        IS("src_port", "2");
        DONE();
        one("Jun 1 10:00:00 h sshd[1]: Failed password for invalid user x from 8.8.8.8 port 1 "
            "ssh1: ruser from 10.0.0.1 port 2 ssh2");
        IS("src_ip", "10.0.0.1");
        DONE();
        one("Jun 1 10:00:00 h sshd[1]: Failed password for invalid user x from 8.8.8.8 port 1 "
            "ssh2: RSA a from 10.0.0.1 port 2 ssh2");
        IS("src_ip", "10.0.0.1");
        DONE();
        one("Jun 1 10:00:00 h sshd[1]: Connection closed by invalid user a 8.8.8.8 port 1 10.0.0.1 "
            "port 2");
        IS("src_ip", "10.0.0.1");
        DONE();
        one("Jun 1 10:00:00 h d: pam_unix(x:auth): authentication failure; logname= uid=0 euid=0 "
            "tty=x ruser=a rhost=8.8.8.8 rhost=10.0.0.1");
        IS("src_ip", "10.0.0.1");
        DONE();
        one("Jun 1 10:00:00 h d: pam_unix(x:auth): authentication failure; logname= uid=0 euid=0 "
            "tty=x ruser= rhost=10.0.0.1  user=a rhost=8.8.8.8");
        IS("src_ip", "10.0.0.1");
        IS("pam.service", "x");
        DONE();
}

static void other_services(void) {
        one("Jun 1 10:00:00 h sudo:    alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; "
            "COMMAND=/bin/sh -c a ; b");
        IS("event.action", "sudo_command");
        IS("user", "alice");
        IS("tty", "pts/0");
        IS("pwd", "/home/alice");
        IS("target_user", "root");
        IS("command", "/bin/sh -c a ; b");
        DONE();
        one("Jun 1 10:00:00 h sudo: bob : user NOT in sudoers ; TTY=pts/1 ; PWD=/ ; USER=root ; "
            "COMMAND=/bin/su");
        IS("event.action", "sudo_denied");
        IS("reason", "user NOT in sudoers");
        DONE();
        one("Jun 1 10:00:00 h CRON[7]: (root) CMD (cd / && run-parts --report /etc/cron.hourly "
            "(x))");
        IS("event.action", "cron_command");
        IS("user", "root");
        IS("command", "cd / && run-parts --report /etc/cron.hourly (x)");
        DONE();
        one("Jun 1 10:00:00 h useradd[9]: new user: name=eve, UID=0, GID=0, home=/home/eve, "
            "shell=/bin/bash, from=none");
        IS("event.action", "user_added");
        IS("user", "eve");
        IS("uid", "0");
        DONE();
        one("Jun 1 10:00:00 h usermod[9]: add 'eve' to group 'sudo'");
        IS("event.action", "group_member_added");
        IS("group", "sudo");
        DONE();
        one("Jun 1 10:00:00 h kernel: [  123.456789] [UFW BLOCK] IN=eth0 OUT= MAC=00:11 "
            "SRC=198.51.100.7 DST=10.0.0.5 LEN=40 PROTO=TCP SPT=4444 DPT=22 SYN");
        IS("event.action", "packet_blocked");
        IS("SRC", "198.51.100.7");
        IS("DPT", "22");
        IS("src_ip", "198.51.100.7");
        IS("dst_port", "22");
        IS("proto", "TCP");
        DONE();
        one("Jun 1 10:00:00 h kernel: audit: type=1400 audit(1524662933.080:61207): "
            "apparmor=\"DENIED\" comm=\"x\"");
        IS("type", "AVC");
        IS("apparmor", "DENIED");
        DONE();
        one("Jun 1 10:00:00 h named[3]: client @0x7f 192.0.2.8#53 (example.io): query (cache) "
            "'example.io/A/IN' denied");
        IS("event.action", "query_denied");
        IS("src_ip", "192.0.2.8");
        IS("query", "example.io");
        IS("query_type", "A");
        DONE();
        one("Jun 1 10:00:00 h postfix/smtpd[3]: warning: unknown[192.0.2.5]:5729: SASL LOGIN "
            "authentication failed: x, sasl_username=a");
        IS("event.action", "auth_failure");
        IS("src_ip", "192.0.2.5");
        IS("src_port", "5729");
        IS("user", "a");
        DONE();
        one("Jun 1 10:00:00 h dovecot: imap-login: Disconnected (auth failed, 1 attempts): "
            "user=<bob>, method=PLAIN, rip=192.0.2.3, lip=10.0.0.1");
        IS("event.action", "auth_failure");
        IS("user", "bob");
        IS("src_ip", "192.0.2.3");
        DONE();
}

/* They are the audit log's, whatever carries them. */
static void audit_records_inside(void) {
        one("Jun 1 10:00:00 h audispd: node=n type=EXECVE msg=audit(1717236000.250:7): argc=2 "
            "a0=\"chattr\" a1=\"-i\"");
        check_int(t.e.kind, EVENT_AUDITD);
        check_span(t.e.key1, "EXECVE");
        TIME("2024-06-01T10:00:00.25Z");
        IS("type", "EXECVE");
        IS("a0", "chattr");
        IS("cmdline", "chattr -i");
        IS("hostname", "h");
        DONE();
        one("Jun 1 10:00:00 h audit[812]: USER_LOGIN pid=812 uid=0 msg='op=login acct=\"root\" "
            "addr=1.2.3.4 res=failed'");
        check_int(t.e.kind, EVENT_AUDITD);
        TIME("2024-06-01T10:00:00Z");
        IS("type", "USER_LOGIN");
        IS("acct", "root");
        check_span(event_host(&t.e, &t.arena), "h");
        DONE();
        one("Jun 1 10:00:00 h audit[812]: no record=1");
        check_int(t.e.kind, EVENT_SYSLOG);
        DONE();
}

static void whole_events_inside(void) {
        one("Jun 1 10:00:00 fw suricata[7]: @cee: "
            "{\"timestamp\":\"2024-06-01T10:00:00.123456+0000\",\"event_type\":\"dns\",\"dns\":{"
            "\"rrname\":\"a\\u002eb\",\"answers\":[1,2]}}");
        check_int(t.e.kind, EVENT_JSON);
        check_int(t.e.key1.len, 0);
        TIME("2024-06-01T10:00:00.123456Z");
        IS("hostname", "fw");
        IS("event_type", "dns");
        IS("dns.rrname", "a.b");
        check_span(decoding_nth(&t, "dns.answers", 1), "2");
        DONE();
        one("Jun 1 10:00:00 h app[7]: {\"user\":\"x\",\"level\":3}");
        check_int(t.e.kind, EVENT_SYSLOG); /* nobody's in particular: a Linux log */
        IS("user", "x");
        IS("level", "3");
        DONE();
        one("Jun 1 10:00:00 h app[7]: {\"user\":\"x\"} and more}");
        check(!decoding_get(&t, "user").p);
        DONE();
        one("Jun 1 10:00:00 h sysmon: <Event><System><Provider Name=\"Linux-Sysmon\" "
            "Guid=\"{x}\"/><EventID>1</EventID>"
            "<TimeCreated "
            "SystemTime=\"2024-06-01T10:00:00.5Z\"/><Channel>Linux-Sysmon/Operational</"
            "Channel><Computer>h</Computer>"
            "</System><EventData><Data Name=\"Image\">/bin/sh</Data><Data Name=\"CommandLine\">sh "
            "-c \"a &amp;&lt; b\"</Data></EventData></Event>");
        check_int(t.e.kind, EVENT_JSON);
        TIME("2024-06-01T10:00:00.5Z");
        IS("EventID", "1");
        IS("Channel", "Linux-Sysmon/Operational");
        IS("Provider_Name", "Linux-Sysmon");
        IS("Image", "/bin/sh");
        IS("CommandLine", "sh -c \"a &< b\"");
        DONE();
}

int main(void) {
        RUN(rfc5424_in_full);
        RUN(rfc5424_nil_and_damaged);
        RUN(rfc3164_and_its_kin);
        RUN(cisco_headers);
        RUN(lines_without_header_stay_whole);
        RUN(lines_are_counted_and_cut);
        RUN(skipping_goes_to_the_next_line);
        RUN(years_are_inferred);
        RUN(times_of_many_programs);
        RUN(sshd_sentences);
        RUN(sshd_names_cannot_blame_others);
        RUN(other_services);
        RUN(audit_records_inside);
        RUN(whole_events_inside);
        return check_done();
}

/* decode/detect: what each kind of log looks like, with the stray lines that real ones have. */
#include "check.h"

#include "decode/detect.h"

#define IS(f, text)                                                                                \
        do {                                                                                       \
                enum format got_ = detect_format(SPAN(text), true);                                \
                if (got_ != (f)) {                                                                 \
                        printf("# taken for %s: %.60s\n", format_name(got_), text);                \
                        check(got_ == (f));                                                        \
                }                                                                                  \
        } while (0)

static void json(void) {
        IS(FORMAT_JSON, "{\"a\":1}\n");
        IS(FORMAT_JSON, "\xEF\xBB\xBF\n {\n  \"a\": 1 }");
        IS(FORMAT_JSON, "[{\"a\":1},\n{\"a\":2}]");
        IS(FORMAT_JSON, "[\n]\n");
        IS(FORMAT_JSON, "{}\n");
        IS(FORMAT_JSON, "listening\n{\"a\":1}\n{\"a\":2}\n");
        IS(FORMAT_TEXT, "{not json\n");
        IS(FORMAT_TEXT, "[main] started\n[main] stopped\n");
}

static void marked_by_their_head(void) {
        IS(FORMAT_EVTX, "ElfFile\0\1\0\0\0");
        IS(FORMAT_EVTX, "ElfChnk\0\1\0\0\0");
        IS(FORMAT_ZEEK_TSV, "#separator \\x09\n#set_separator\t,\n#fields\tts\tuid\n");
        IS(FORMAT_ZEEK_TSV, "#fields\tts\tuid\n1.0\tC1\n");
        IS(FORMAT_W3C, "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n");
        IS(FORMAT_W3C, "\n# a note\n#Fields: date time c-ip\n");
        IS(FORMAT_TEXT, "#Fieldsx: date time c-ip\n");
        IS(FORMAT_JOURNAL,
           "__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=1342540861416351\nMESSAGE=x\n\n");
}

static void syslog(void) {
        IS(FORMAT_SYSLOG, "<34>Oct 11 22:14:15 mymachine su: 'su root' failed\n");
        IS(FORMAT_SYSLOG, "Oct  1 22:14:15 mymachine su: 'su root' failed\n");
        IS(FORMAT_SYSLOG, "<165>1 2003-10-11T22:14:15.003Z host app - ID47 - text\n");
        IS(FORMAT_SYSLOG, "2026-11-23T05:26:07.123456+00:00 host sshd[12]: Failed password\n");
        IS(FORMAT_SYSLOG,
           "# comment\nOct  1 22:14:15 h su: a\n  continued\nOct  1 22:14:15 h su: b\n");
        IS(FORMAT_SYSLOG,
           "172.16.5.1 67: Feb 17 13:40:03.673: %PARSER-5-CFGLOG_LOGGEDCMD: User:a\n");
        IS(FORMAT_TEXT, "2026-11-23 05:26:07 INFO started\n");
}

static void auditd(void) {
        IS(FORMAT_AUDITD,
           "type=SYSCALL msg=audit(1364481363.243:24287): arch=c000003e syscall=2\n");
        IS(FORMAT_AUDITD, "node=web type=EOE msg=audit(1364481363.243:24287): \n");
        IS(FORMAT_AUDITD,
           "----\ntype=PROCTITLE msg=audit(03/28/2013 14:36:03.243:24287) : proctitle=ls\n");
}

static void web(void) {
        IS(FORMAT_WEB,
           "10.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] \"GET /a HTTP/1.0\" 200 2326\n");
        IS(FORMAT_WEB, "www.example.org:443 10.0.0.1 - - [10/Oct/2000:13:55:36 -0700] \"GET "
                       "/a=b&c=d HTTP/1.0\" "
                       "200 2326 \"-\" \"curl\"\n");
        IS(FORMAT_WEB,
           "[10/Oct/2000:13:55:36 -0700] 10.0.0.1 TLSv1.2 ECDHE \"GET / HTTP/1.1\" 5\n");
        IS(FORMAT_WEB, "[Wed Oct 11 14:32:52 2000] [error] [client 127.0.0.1] client denied\n");
        IS(FORMAT_WEB, "2026/11/23 05:26:07 [error] 12#12: *1 open() failed\n");
}

static void security_products(void) {
        IS(FORMAT_CEF, "CEF:0|Vendor|Product|1|100|Name|5|src=10.0.0.1 dst=10.0.0.2\n");
        IS(FORMAT_CEF, "<13>Sep 19 08:26:10 host CEF:0|V|P|1|100|N|10|src=1 act=a msg=b\n");
        IS(FORMAT_LEEF, "LEEF:2.0|V|P|1|100|^|src=10.0.0.1^dst=10.0.0.2\n");
        IS(FORMAT_LEEF, "Jan 18 11:07:53 host LEEF:1.0|V|P|1|100|src=10.0.0.1\tdst=10.0.0.2\n");
        IS(FORMAT_KV,
           "date=2026-01-01 time=10:00:00 devname=\"FG 1\" logid=\"001\" msg=\"a b c\"\n");
        IS(FORMAT_KV, "<189>date=2026-01-01 time=10:00:00 devname=\"FG 1\" logid=\"001\"\n");
        IS(FORMAT_KV, "time=\"2026-01-01T00:00:00Z\" level=info msg=\"say \\\"hi\\\" now\"\n");
}

static void tables(void) {
        IS(FORMAT_CSV, "time,name,ip\n1,a,b\n2,\"c,d\",e\n");
        IS(FORMAT_CSV, "\"Level\";\"Date and Time\";\"Source\"\nInformation;\"1\";x\n");
        IS(FORMAT_CSV, "Time,Message\n1,\"two\nlines\"\n2,x\n");
        IS(FORMAT_TEXT, "Hello, world, again\nThis is text, and more\nbye\n");
        IS(FORMAT_TEXT, "just words\n");
}

static void what_is_no_log(void) {
        char zeros[4096] = {0};

        check(detect_format(span_of(zeros, sizeof(zeros)), true) == FORMAT_TEXT);
        memcpy(zeros + 4000, "Oct  1 22:14:15 h su: a\n", 24);
        memset(zeros + 4024, '\n', 72);
        check(detect_format(span_of(zeros, sizeof(zeros)), true) == FORMAT_SYSLOG);
        IS(FORMAT_TEXT, "");
        IS(FORMAT_UNKNOWN, "\x7f"
                           "ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0\x3e\0");
        char tar[1024] = "log.txt";
        memset(tar + 20, 'a', sizeof(tar) - 20);
        memcpy(tar + 257, "ustar", 5);
        check(detect_format(span_of(tar, sizeof(tar)), true) == FORMAT_UNKNOWN);
        check(strstr(detect_refusal(span_of(tar, sizeof(tar))), "tar"));
        check_span(span_str(detect_refusal(SPAN("LPKSHHRH\0\0"))),
                   "a binary journal: read it with journalctl -o export");
}

int main(void) {
        RUN(json);
        RUN(marked_by_their_head);
        RUN(syslog);
        RUN(auditd);
        RUN(web);
        RUN(security_products);
        RUN(tables);
        RUN(what_is_no_log);
        return check_done();
}

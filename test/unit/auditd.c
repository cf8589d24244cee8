/* decode/auditd.c, auditd_record.c, auditd_syscall.c */
#include "decode_text.h"

#include "base/buf.h"
#include "decode/auditd_syscall.h"

static struct decoding t;

static void start(const char *text) {
        static const struct decode_options o = {0};

        decoding_start(&t, FORMAT_AUDITD, span_str(text), &o, TIME_NONE);
}

#define IS(name, value) check_span(decoding_get(&t, name), value)
#define ANY(name, value) check(decoding_any(&t, name, value))
#define EVENT() check_int(decoding_next(&t), DECODE_EVENT)
#define DONE()                                                                                     \
        do {                                                                                       \
                check_int(decoding_next(&t), DECODE_END);                                          \
                decoding_stop(&t);                                                                 \
        } while (0)
#define STAMP "msg=audit(1700000000.123:"

static void joins_the_records_of_a_serial(void) {
        start("type=SYSCALL " STAMP
              "7): arch=c000003e syscall=59 success=yes exit=0 a0=8c403a0 a1=1 items=2 pid=9 "
              "comm=\"chattr\" exe=\"/usr/bin/chattr\" key=\"x\"\n"
              "type=EXECVE " STAMP "7): argc=3 a0=\"chattr\" a1=\"-i\" a2=2F746D702F6120622F63\n"
              "type=CWD " STAMP "7): cwd=\"/root\"\n"
              "type=PATH " STAMP "7): item=0 name=\"/usr/bin/chattr\" nametype=NORMAL\n"
              "type=PATH " STAMP "7): item=1 name=\"/lib64/ld.so\" nametype=NORMAL\n"
              "type=PROCTITLE " STAMP "7): proctitle=636861747472002D69002F746D702F612062\n"
              "type=EOE " STAMP "7): \n"
              "type=USER_LOGIN " STAMP
              "8): pid=1 uid=0 msg='op=login acct=28696E76616C6964207573657229 "
              "exe=\"/usr/sbin/sshd\" hostname=? addr=1.2.3.4 terminal=sshd res=failed'\n");
        EVENT();
        check_int(t.e.kind, EVENT_AUDITD);
        check_int(t.e.time, INT64_C(1700000000123000000));
        check_span(t.e.key1, "SYSCALL");
        ANY("type", "SYSCALL");
        ANY("type", "EXECVE");
        ANY("type", "PATH");
        ANY("a0", "8c403a0");
        ANY("a0", "chattr");
        ANY("a1", "-i");
        IS("a2", "/tmp/a b/c");
        ANY("name", "/usr/bin/chattr");
        ANY("name", "/lib64/ld.so");
        IS("proctitle", "chattr -i /tmp/a b");
        IS("cmdline", "chattr -i /tmp/a b/c");
        ANY("syscall", "59");
        ANY("syscall", "execve");
        IS("SYSCALL", "execve");
        IS("serial", "7");
        check(span_starts(t.e.raw, SPAN("type=SYSCALL")));
        check(span_ends(t.e.raw, SPAN("2F612062")));
        EVENT();
        IS("type", "USER_LOGIN");
        IS("acct", "(invalid user)");
        IS("addr", "1.2.3.4");
        IS("res", "failed");
        DONE();
}

/* One array instance per name, its elements counted from 1; names that occur once are no array. */
static void repeated_names_are_one_array(void) {
        uint32_t instance = 0, next = 1;

        start("type=PATH " STAMP "7): name=\"a\" item=0\ntype=PATH " STAMP
              "7): name=\"b\"\ntype=PATH " STAMP "7): name=\"c\"\n");
        EVENT();
        for (uint32_t i = 0; i < t.e.n; i++) {
                const struct field *f = &t.e.fields[i];
                if (f->name_len == 4 && memcmp(f->name, "item", 4) == 0)
                        check_int(f->arr, 0);
                if (f->name_len != 4 || memcmp(f->name, "name", 4) != 0)
                        continue;
                check(f->arr >> 16);
                check(!instance || instance == f->arr >> 16);
                instance = f->arr >> 16;
                check_int(f->arr & 0xffff, next++);
        }
        check_int(next, 4);
        DONE();
}

/* Thousands of arguments neither push the records that follow out of the event nor keep one PATH
 * from standing beside the other. */
static void many_arguments_hide_nothing(void) {
        static const char tail[] =
                "\ntype=PATH " STAMP "7): item=0 name=\"/tmp/evil\" nametype=NORMAL\n"
                "type=PATH " STAMP "7): item=1 name=\"/lib64/ld.so\" nametype=NORMAL\n"
                "type=PROCTITLE " STAMP "7): proctitle=\"evil\"\n";

        for (unsigned n = 1500; n <= 6000; n += 4500) {
                _cleanup_(buf_deinit) struct buf b = {0};

                buf_str(&b, "type=SYSCALL " STAMP "7): syscall=59 exe=\"/tmp/evil\"\n"
                            "type=EXECVE " STAMP "7): argc=9999");
                for (unsigned i = 0; i < n; i++)
                        buf_printf(&b, " a%u=\"x%u\"", i, i);
                buf_printf(&b, "%s", tail);
                buf_add(&b, "", 1);
                start(b.p);
                EVENT();
                ANY("name", "/tmp/evil");
                ANY("name", "/lib64/ld.so");
                IS("proctitle", "evil");
                IS("a511", "x511");
                const struct field *f = event_find(&t.e, SPAN("cmdline"));
                check(f && span_starts(span_of(f->val, f->val_len), SPAN("x0 x1 x2 ")));
                check(f && memmem(f->val, f->val_len, " x1499", 6));
                check(t.e.cut == (n > 4096));
                DONE();
        }
}

static void parentheses_at_the_end_go(void) {
        start("type=USER_AUTH " STAMP "7): (uid=0, acct=x,)), b=f(1), c=)\n");
        EVENT();
        IS("uid", "0");
        IS("acct", "x");
        IS("b", "f(1)");
        DONE();
}

static void interleaved_events_come_in_order(void) {
        start("type=SYSCALL " STAMP "1): a0=1\n"
              "type=SYSCALL " STAMP "2): a0=2\n"
              "type=PROCTITLE " STAMP "2): proctitle=\"two\"\n"
              "type=PROCTITLE " STAMP "1): proctitle=\"one\"\n"
              "type=SYSCALL " STAMP "3): a0=3\n");
        EVENT();
        IS("serial", "1");
        IS("proctitle", "one");
        check_span(t.e.raw,
                   "type=SYSCALL " STAMP "1): a0=1\ntype=PROCTITLE " STAMP "1): proctitle=\"one\"");
        EVENT();
        IS("serial", "2");
        IS("proctitle", "two");
        check_int(t.e.line, 2);
        EVENT();
        IS("serial", "3");
        DONE();
}

static void window_is_bounded(void) {
        static char text[8192];
        size_t n = 0;

        /* 20 events open at once: the first is given out when the 17th arrives, and its late record
         * comes alone. */
        for (int i = 0; i < 20; i++)
                n += (size_t)snprintf(text + n, sizeof(text) - n,
                                      "type=SYSCALL " STAMP "%d): a0=%d\n", i, i);
        n += (size_t)snprintf(text + n, sizeof(text) - n, "type=PATH " STAMP "0): name=\"late\"\n");
        start(text);
        for (int i = 0; i < 20; i++) {
                char want[16];
                snprintf(want, sizeof(want), "%d", i);
                EVENT();
                IS("serial", want);
                IS("type", "SYSCALL");
        }
        EVENT();
        IS("serial", "0");
        IS("name", "late");
        DONE();
}

static void later_time_closes_an_event(void) {
        start("type=SYSCALL msg=audit(1700000000.000:1): a0=1\n"
              "type=SYSCALL msg=audit(1700000003.000:2): a0=2\n"
              "type=PATH msg=audit(1700000000.000:1): name=\"late\"\n");
        EVENT();
        IS("serial", "1");
        check(!decoding_get(&t, "name").p);
        EVENT();
        EVENT();
        IS("name", "late");
        DONE();
}

static void reads_enriched_and_nested(void) {
        start("type=SYSCALL " STAMP "1): arch=c000003e syscall=2 a0=ff key=6B31016B32\x1d"
              "ARCH=x86_64 SYSCALL=open AUID=\"root\" UID=\"web\"\n"
              "type=SERVICE_START " STAMP
              "2): pid=1 msg=\"unit=auditd comm=\\\"systemd\\\" exe=\\\"/x y\\\" res=success\"\n"
              "type=USER_ACCT " STAMP
              "3): user pid=13015 msg='PAM: accounting acct=root : exe=\"/usr/sbin/crond\" "
              "(hostname=?, addr=?, terminal=cron res=success)'\n"
              "type=AVC " STAMP "4): avc:  denied  { read write } for  pid=13010 comm=\"pickup\"\n"
              "type=EXECVE " STAMP "5): argc=2 a0=\"sh\" a1_len=6 a1[0]=6162 a1[1]=\"cd\"\n"
              "type=SOCKADDR " STAMP "6): saddr=02000050A9FEA9FE0000000000000000\x1d"
              "SADDR={ saddr_fam=inet laddr=169.254.169.254 lport=80 }\n"
              "type=SOCKADDR " STAMP
              "7): saddr=0A00005000000000FE8000000000000000000000000000010200000000\n"
              "type=SOCKADDR " STAMP "8): saddr=01002F72756E2F7300\n");
        EVENT();
        ANY("key", "k1");
        ANY("key", "k2");
        IS("SYSCALL", "open");
        check(!decoding_nth(&t, "SYSCALL", 1).p);
        IS("AUID", "root");
        check_span(event_user(&t.e, &t.arena), "root");
        IS("a0", "ff");
        EVENT();
        IS("unit", "auditd");
        IS("comm", "systemd");
        IS("exe", "/x y");
        IS("res", "success");
        EVENT();
        IS("acct", "root");
        IS("addr", "?");
        IS("res", "success");
        EVENT();
        IS("seresult", "denied");
        ANY("seperms", "read");
        ANY("seperms", "write");
        EVENT();
        IS("a1", "abcd");
        IS("cmdline", "sh abcd");
        EVENT();
        IS("saddr.family", "inet");
        IS("saddr.addr", "169.254.169.254");
        IS("saddr.port", "80");
        IS("laddr", "169.254.169.254");
        EVENT();
        IS("saddr.addr", "fe80::1");
        EVENT();
        IS("saddr.path", "/run/s");
        DONE();
}

static void heads_in_many_wrappings(void) {
        start("node=web1 type=EXECVE " STAMP "1): a0=\"x\"\n"
              "Jun 21 16:47:48 web2 audispd: type=EXECVE " STAMP "2): a0=\"x\"\n"
              "Jun 21 16:47:48 web3 kernel: [  12.345678] audit: type=1400 "
              "audit(1700000000.123:3): apparmor=\"DENIED\"\n"
              "not audit at all\n"
              "type=UNKNOWN[1334] " STAMP "4): prog-id=7 op=LOAD\n");
        /* damage is reported when it is read, while events are still held */
        check_int(decoding_next(&t), DECODE_BAD);
        check_int(t.err.length, 16);
        EVENT();
        IS("node", "web1");
        check_span(event_host(&t.e, &t.arena), "web1");
        EVENT();
        IS("node", "web2");
        EVENT();
        IS("node", "web3");
        IS("type", "AVC");
        EVENT();
        IS("type", "BPF");
        IS("op", "LOAD");
        DONE();
}

static void crash_skips_one_event_only(void) {
        struct span text = SPAN("type=SYSCALL " STAMP "1): a0=1\n"
                                "type=SYSCALL " STAMP "2): a0=2\n"
                                "type=PATH " STAMP "1): name=\"one\"\n"
                                "type=PATH " STAMP "2): name=\"two\"\n");

        start(text.p);
        struct batch b = {.h = {.format = FORMAT_AUDITD, .line = 1, .file_time = TIME_NONE},
                          .payload = {t.copy, text.len}};
        decoder_begin(t.d, &b, 0);
        uint32_t at = decoder_position(t.d);
        check_int(at, 0);
        EVENT();
        /* the second event is read already but held back: that is where work would go on */
        check_int(decoder_position(t.d), (long long)(strchr(t.copy, '\n') + 1 - t.copy));
        /* died on the second: its records are passed over; the first, given out already, comes in
         * part again */
        decoder_begin(t.d, &b, decoder_position(t.d));
        EVENT();
        IS("serial", "1");
        DONE();
}

static void syscalls_have_names(void) {
        check_span(auditd_syscall(0xc000003e, 59), "execve");
        check_span(auditd_syscall(0xc000003e, 0), "read");
        check_span(auditd_syscall(0xc000003e, 319), "memfd_create");
        check_span(auditd_syscall(0x40000003, 11), "execve");
        check_span(auditd_syscall(0xc00000b7, 221), "execve");
        check(!auditd_syscall(0xc00000b7, 9999).p);
        check(!auditd_syscall(1, 59).p);
}

int main(void) {
        RUN(joins_the_records_of_a_serial);
        RUN(repeated_names_are_one_array);
        RUN(many_arguments_hide_nothing);
        RUN(parentheses_at_the_end_go);
        RUN(interleaved_events_come_in_order);
        RUN(window_is_bounded);
        RUN(later_time_closes_an_event);
        RUN(reads_enriched_and_nested);
        RUN(heads_in_many_wrappings);
        RUN(crash_skips_one_event_only);
        RUN(syscalls_have_names);
        return check_done();
}

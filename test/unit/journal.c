/* decode/journal.c */
#include "decode_text.h"

static struct decoding t;

#define IS(name, value) check_span(decoding_get(&t, name), value)
#define DONE()                                                                                     \
        do {                                                                                       \
                check_int(decoding_next(&t), DECODE_END);                                          \
                decoding_stop(&t);                                                                 \
        } while (0)

static void start(struct span text) {
        static const struct decode_options o = {0};

        decoding_start(&t, FORMAT_JOURNAL, text, &o, TIME_NONE);
}

static void entries_text_and_binary(void) {
        start(SPAN("__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=1700000000123456\n_HOSTNAME="
                   "web1\nPRIORITY=6\nSYSLOG_FACILITY=4\n"
                   "SYSLOG_IDENTIFIER=sshd\n_PID=77\nMESSAGE=Failed password for root from "
                   "10.1.2.3 port 22 ssh2\n\n"
                   "__CURSOR=s=2\n_SOURCE_REALTIME_TIMESTAMP=1700000000000001\n__REALTIME_"
                   "TIMESTAMP=1700000000123456\n_COMM=app\n"
                   "MESSAGE\n\x0a\0\0\0\0\0\0\0two\n\nlines\nX=1\n"));
        check_int(decoding_next(&t), DECODE_EVENT);
        check_int(t.e.kind, EVENT_JOURNAL);
        check_int(t.e.time, INT64_C(1700000000123456000));
        check_span(t.e.key1, "sshd");
        IS("__CURSOR", "s=1;i=2");
        IS("_HOSTNAME", "web1");
        IS("hostname", "web1");
        IS("program", "sshd");
        IS("pid", "77");
        IS("facility", "auth");
        IS("severity", "info");
        IS("event.action", "failed_password");
        IS("src_ip", "10.1.2.3");
        check_span(event_host(&t.e, &t.arena), "web1");
        check_span(event_user(&t.e, &t.arena), "root");
        check_int(t.e.line, 1);
        check_int(decoding_next(&t), DECODE_EVENT);
        check_int(t.e.line, 10);
        check_int(t.e.time, INT64_C(1700000000000001000));
        IS("MESSAGE", "two\n\nlines");
        IS("message", "two\n\nlines");
        IS("X", "1");
        check_span(t.e.key1, "app");
        DONE();
}

static void damage_is_reported_and_passed(void) {
        start(SPAN("__CURSOR=1\nMESSAGE\n\xff\xff\xff\xff\xff\xff\xff\xff"
                   "aa\n\n__CURSOR=2\nMESSAGE=b\n\nno field here\n\n__CURSOR=3\nMESSAGE=c"));
        check_int(decoding_next(&t), DECODE_BAD);
        check_int(t.err.offset, 0);
        check_int(t.err.length, 31);
        check_int(decoding_next(&t), DECODE_EVENT);
        IS("MESSAGE", "b");
        check_int(decoding_next(&t), DECODE_BAD);
        check_int(decoding_next(&t), DECODE_EVENT);
        IS("MESSAGE", "c");
        DONE();
}

static void skipping_goes_to_the_next_entry(void) {
        struct span text =
                SPAN("__CURSOR=1\nMESSAGE=a\n\n__CURSOR=2\nMESSAGE=b\n\n__CURSOR=3\nMESSAGE=c\n");

        start(text);
        struct batch b = {.h = {.format = FORMAT_JOURNAL, .line = 1, .file_time = TIME_NONE},
                          .payload = {t.copy, text.len}};
        check_int(decoding_next(&t), DECODE_EVENT);
        check_int(decoder_position(t.d), 22);
        decoder_begin(t.d, &b, decoder_position(t.d));
        check_int(decoding_next(&t), DECODE_EVENT);
        IS("MESSAGE", "c");
        check_int(t.e.line, 7);
        DONE();
}

static void json_entries_are_completed(void) {
        static const struct decode_options o = {0};

        decoding_start(
                &t, FORMAT_JSON,
                SPAN("{\"PRIORITY\":\"6\",\"_PID\":\"77\",\"__REALTIME_TIMESTAMP\":"
                     "\"1700000000123456\",\"_HOSTNAME\":\"web1\",\"SYSLOG_IDENTIFIER\":\"sudo\","
                     "\"MESSAGE\":\"alice : TTY=pts\\/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh\"}\n"
                     "{\"_a\":1,\"MESSAGE\":\"alice : TTY=x ; "
                     "COMMAND=y\",\"SYSLOG_IDENTIFIER\":\"sudo\"}\n"),
                &o, TIME_NONE);
        check_int(decoding_next(&t), DECODE_EVENT);
        check_int(t.e.kind, EVENT_JSON);
        check_int(t.e.key1.len, 0);
        check_int(t.e.time, INT64_C(1700000000123456000));
        IS("program", "sudo");
        IS("hostname", "web1");
        IS("event.action", "sudo_command");
        IS("tty", "pts/0");
        IS("command", "/bin/sh");
        check_int(decoding_next(&t), DECODE_EVENT);
        check(!decoding_get(&t, "program").p); /* no entry of the journal */
        DONE();
}

int main(void) {
        RUN(entries_text_and_binary);
        RUN(damage_is_reported_and_passed);
        RUN(skipping_goes_to_the_next_entry);
        RUN(json_entries_are_completed);
        return check_done();
}

/* decode/w3c, zeek, csv: logs whose header names the columns. */
#include "check.h"

#include "dump.h"

static void w3c(void) {
        check_dump(FORMAT_W3C,
                   "#Software: IIS\n#Fields: date time cs-method cs-uri-stem cs-uri-query "
                   "cs(User-Agent) sc-status\n"
                   "2026-01-02 03:04:05 GET /a%20b x=%41 Mozilla/5.0+(X) 200\n"
                   "#Fields: time c-ip\n"
                   "03:04:05 -\n",
                   "date=2026-01-02|time=03:04:05|cs-method=GET|cs-uri-stem#1=/"
                   "a%20b|cs-uri-stem#2=/a b|"
                   "cs-uri-query#1=x=%41|cs-uri-query#2=x=A|cs(User-Agent)#1=Mozilla/5.0+(X)|"
                   "cs(User-Agent)#2=Mozilla/5.0 "
                   "(X)|sc-status=200|cs-uri#1=/a%20b?x=%41|cs-uri#2=/a b?x=A\n"
                   "time=03:04:05|c-ip=~\n");
        check_dump(FORMAT_W3C, "#Fields: a b\r\n\"x y\"  2 3\r\n", "a=x y|b=2|extra=3\n");
        check_dump(FORMAT_W3C, "#Fields:\ta\tb\n\t2\nx y\t\n", "a=~|b=2\na=x y\n");
        check_dump(FORMAT_W3C, "no header\n", "message=no header\n");
        check_time(FORMAT_W3C, "#Date: 2026-01-02 00:00:00\n#Fields: time c-ip\n03:04:05 -\n",
                   "2026-01-02T03:04:05.000000Z");
}

static void headers_from_the_preamble(void) {
        struct dump d =
                dump_batch(FORMAT_W3C, SPAN("#Date: 2026-01-02 00:00:00\n#Fields: time c-ip\n"),
                           SPAN("03:04:05 10.0.0.1\n"), 1000);
        check_span(buf_get(&d.text), "time=03:04:05|c-ip=10.0.0.1\n");
        check(d.time != TIME_NONE);
        buf_deinit(&d.text);
        d = dump_batch(
                FORMAT_ZEEK_TSV,
                SPAN("#separator \\x09\n#path\tdns\n#fields\tts\tquery\n#types\ttime\tstring\n"),
                SPAN("1.5\ta\n"), 1000);
        check_span(buf_get(&d.text), "ts=1.5|query=a\n");
        check_span(span_str(d.key1), "dns");
        check_int(d.time, 1500000000);
        buf_deinit(&d.text);
        d = dump_batch(FORMAT_CSV, SPAN("a;b\n"), SPAN("a;b\n1;\"2\"\n"), 1000);
        check_span(buf_get(&d.text), "a=a|b=b\na=1|b=2\n");
        buf_deinit(&d.text);
}

static void zeek(void) {
        check_dump(FORMAT_ZEEK_TSV,
                   "#separator "
                   "\\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\thttp\n"
                   "#fields\tts\tuid\tn\tok\ttags\thosts\ts\n"
                   "#types\ttime\tstring\tcount\tbool\tset[enum]\tvector[addr]\tstring\n"
                   "1300475168.853899\tC1\t7\tT\t(empty)\t10.0.0.1,10.0.0.2\ta\\x09b\\\n"
                   "-\tC2\t-\tF\ta,-\t-\t(empty)\n"
                   "#close\t2020\n",
                   "ts=1300475168.853899|uid=C1|n=7|ok=true|tags=~|hosts#1=10.0.0.1|hosts#2=10.0.0."
                   "2|s=a\tb\\\n"
                   "ts=~|uid=C2|n=~|ok=false|tags#1=a|tags#2=~|hosts=~|s=\n");
        /* another log joined on; more values than names */
        check_dump(FORMAT_ZEEK_TSV, "#fields\ta\n1\n#separator \\x7c\n#fields|b|c\n2|3|4\n",
                   "a=1\nb=2|c=3|extra=4\n");
        check_time(FORMAT_ZEEK_TSV, "#fields\tts\n#types\ttime\n1300475168.853899\n",
                   "2011-03-18T19:06:08.853899Z");
}

static void csv(void) {
        check_dump(FORMAT_CSV, "a,b,c\n1,x,\n\"2\"\"\n,\",\"\",y\"z\"\r\n3\n4,5,6,7\n",
                   "a=1|b=x|c=~\na=2\"\n,|b=|c=y\"z\"\na=3\na=4|b=5|c=6|extra=7\n");
        check_dump(FORMAT_CSV, "a,b\n\"x\"y,\"open\nlast,1\n", "a=xy|b=\"open\na=last|b=1\n");
        check_dump(FORMAT_CSV, "\"a b\";\"c,,d\"\n1;2\n", "a b=1|c,,d=2\n");
        check_dump(FORMAT_CSV, "", "");
}

/* Begun anywhere, a decoder goes on with the next record, and with the header that is in force
 * there. */
static void skip_everywhere(enum format f, struct span text) {
        char *copy = calloc(1, text.len + SLOT_PADDING);
        struct decoder *dec = decoder_new(NULL);
        struct dump whole = dump_text(f, text);
        struct batch b = {.h = {.magic = BATCH_MAGIC,
                                .layout = BATCH_STREAM,
                                .format = (uint16_t)f,
                                .line = 1,
                                .file_time = TIME_NONE},
                          .payload = span_of(copy, text.len)};
        struct event e;
        struct decode_error err;
        unsigned last = whole.events;

        memcpy(copy, text.p, text.len);
        for (uint32_t skip = 0; skip <= text.len; skip++) {
                struct dump part = {0};
                uint64_t first = UINT64_MAX;
                decoder_begin(dec, &b, skip);
                while (decoder_next(dec, &e, &err) == DECODE_EVENT) {
                        first = MIN(first, e.offset);
                        dump_event(&part, &e);
                }
                check(part.events == 0 || first >= skip);
                check(part.events <= last &&
                      part.events + 1 >= last); /* one after the other falls away */
                check(part.events == 0 || span_ends(buf_get(&whole.text), buf_get(&part.text)));
                if (part.events)
                        check_int(part.line, whole.line);
                last = part.events;
                buf_deinit(&part.text);
        }
        check_int(last, 0);
        buf_deinit(&whole.text);
        decoder_free(dec);
        free(copy);
}

static void skips(void) {
        skip_everywhere(FORMAT_W3C,
                        SPAN("#Date: 2026-01-02 0:0:0\n#Fields: time c-ip\n1:1:1 a\n2:2:2 b\n"
                             "#Fields: c-ip time\nc 3:3:3\n\nd 4:4:4\n"));
        skip_everywhere(FORMAT_ZEEK_TSV,
                        SPAN("#separator \\x09\n#path\ta\n#fields\tts\tx\n1\ta\n2\tb\n#close\n"
                             "#separator \\x09\n#path\tb\n#fields\tx\tts\nc\t3\nd\t4\n"));
        /* Header lines behind the zeros that a crash left. */
        skip_everywhere(FORMAT_W3C, SPAN("#Fields: time c-ip\n1:1:1 a\n2:2:2 b\n\0\0#Fields: c-ip "
                                         "time\nc 3:3:3\nd 4:4:4\n"));
        skip_everywhere(FORMAT_ZEEK_TSV,
                        SPAN("#separator \\x09\n#path\ta\n#fields\tts\tx\n1\ta\n2\tb\n\0"
                             "#fields\tx\tts\nc\t3\nd\t4\n"));
        skip_everywhere(FORMAT_CSV, SPAN("\na,b\n1,\"x\n\ny\"\n2,\"\"\"\n\"\n\n3,z\n"));
        skip_everywhere(FORMAT_KV, SPAN("a=1\n\nb=2\nc=3"));
}

int main(void) {
        RUN(w3c);
        RUN(headers_from_the_preamble);
        RUN(zeek);
        RUN(csv);
        RUN(skips);
        return check_done();
}

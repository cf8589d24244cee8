/* The courier's pure parts: where it may connect to, what name servers say, mails as bytes. */
#include "check.h"

#include "base/buf.h"
#include "courier/dns.h"
#include "courier/message.h"
#include "courier/reach.h"
#include "os/dial.h"

static bool may(const char *const *allow, const char *address) {
        struct reach r = {.n = 0};
        uint8_t a[16];

        for (; allow && *allow; allow++)
                check(reach_add(&r, *allow));
        check(os_address_of(address, a));
        return reach_allowed(&r, a);
}

static void what_is_never_reached(void) {
        static const char *const never[] = {"127.0.0.1",
                                            "127.255.255.254",
                                            "0.0.0.0",
                                            "0.1.2.3",
                                            "169.254.169.254",
                                            "224.0.0.1",
                                            "239.255.255.255",
                                            "240.0.0.1",
                                            "255.255.255.255",
                                            "::",
                                            "::1",
                                            "fe80::1",
                                            "febf::1",
                                            "ff02::1",
                                            "::ffff:127.0.0.1",
                                            "::127.0.0.1",
                                            "64:ff9b::7f00:1",
                                            "2002:7f00:1::",
                                            "2002:a9fe:a9fe::",
                                            "64:ff9b::a9fe:a9fe",
                                            "64:ff9b:1::7f00:1",
                                            "64:ff9b:1:ffff::a9fe:a9fe",
                                            "::ffff:0:127.0.0.1"};
        static const char *const everywhere[] = {"0.0.0.0/0", "::/0", NULL};
        static const char *const good[] = {
                "1.1.1.1",         "10.0.0.1",    "192.168.1.1", "128.0.0.1",    "126.255.255.255",
                "223.255.255.255", "2001:db8::1", "fec0::1",     "2002:a00:1::", "169.253.255.255"};

        for (size_t i = 0; i < ARRAY_LEN(never); i++) {
                if (may(NULL, never[i]) || may(everywhere, never[i]))
                        printf("# %s\n", never[i]);
                check(!may(NULL, never[i]) && !may(everywhere, never[i]));
        }
        for (size_t i = 0; i < ARRAY_LEN(good); i++)
                check(may(NULL, good[i]) && may(everywhere, good[i]));
}

static void what_the_list_says(void) {
        static const char *const some[] = {"10.1.0.0/16", "2001:db8::/33", "127.0.0.2", NULL};
        static const char *const bad[] = {"10.0.0.0/33", "::/129",   "x",
                                          "10.0.0.0/",   "10.0.0/8", "10.0.0.0/8x"};
        struct reach r = {.n = 0};

        check(may(some, "10.1.255.255") && !may(some, "10.2.0.0") && !may(some, "9.1.0.0"));
        check(may(some, "2001:db8:7fff::") && !may(some, "2001:db8:8000::"));
        check(may(some, "127.0.0.2") && !may(some, "127.0.0.1") && !may(some, "::1"));
        check(may((const char *const[]){"127.0.0.0/8", NULL}, "127.0.0.1"));
        check(!may((const char *const[]){"126.0.0.0/7", NULL}, "127.0.0.1"));
        check(may((const char *const[]){"::1", NULL}, "::1"));
        for (size_t i = 0; i < ARRAY_LEN(bad); i++)
                check(!reach_add(&r, bad[i]));
}

/* ---- names ---- */

static struct buf answer_to(const char *name, enum dns_type type, unsigned flags, unsigned n) {
        unsigned char q[DNS_QUERY_MAX];
        struct buf b = {0};
        size_t len = dns_query(q, span_str(name), type, 0x1234);

        check(len > 12);
        q[2] = (unsigned char)(flags >> 8);
        q[3] = (unsigned char)flags;
        q[7] = (unsigned char)n;
        buf_add(&b, q, len);
        return b;
}

static void record(struct buf *b, const char *owner, size_t n, unsigned type, const char *data,
                   size_t len) {
        const unsigned char head[10] = {0, (unsigned char)type, 0, 1, 0, 0, 0, 60,
                                        0, (unsigned char)len};

        buf_add(b, owner, n);
        buf_add(b, head, sizeof(head));
        buf_add(b, data, len);
}

static int read_it(const struct buf *b, const char *name, struct dns_addresses *a) {
        *a = (struct dns_addresses){.n = 0};
        return dns_answer(buf_get(b), span_str(name), DNS_A, 0x1234, a);
}

static void answers_are_read(void) {
        struct buf b = answer_to("Mail.Agency.example", DNS_A, 0x8180, 3);
        struct dns_addresses a;
        uint8_t want[16];

        record(&b, "\xc0\x0c", 2, 5, "\x04real\xc0\x11", 7); /* an alias: real.agency.example */
        record(&b, "\x04real\xc0\x11", 7, 1, "\x0a\x01\x02\x03", 4);
        record(&b, "\x05other\xc0\x11", 8, 1, "\x0a\x09\x09\x09",
               4); /* of nobody that was asked for */
        check_int(read_it(&b, "mail.agency.example", &a), 0);
        check_int(a.n, 1);
        check(os_address_of("10.1.2.3", want) && memcmp(a.list[0], want, 16) == 0);
        check_int(read_it(&b, "mail.agency.example.", &a), 0);
        check_int(read_it(&b, "other.agency.example", &a), -EBADMSG);
        check_int(dns_answer(buf_get(&b), SPAN("mail.agency.example"), DNS_A, 0x1235, &a),
                  -EBADMSG);
        check_int(dns_answer(buf_get(&b), SPAN("mail.agency.example"), DNS_AAAA, 0x1234, &a),
                  -EBADMSG);
        for (size_t n = 0; n < b.len; n++) { /* cut anywhere: no more than was there */
                struct dns_addresses part = {.n = 0};
                char *own = malloc(n ? n : 1);

                memcpy(own, b.p, n);
                (void)dns_answer(span_of(own, n), SPAN("mail.agency.example"), DNS_A, 0x1234,
                                 &part);
                check(part.n <= 1);
                free(own);
        }
        buf_deinit(&b);
        b = answer_to("a.b", DNS_A, 0x8183, 0);
        check_int(read_it(&b, "a.b", &a), -ENOENT);
        buf_deinit(&b);
        b = answer_to("a.b", DNS_A, 0x8182, 0);
        check_int(read_it(&b, "a.b", &a), -EAGAIN);
        buf_deinit(&b);
        b = answer_to("a.b", DNS_A, 0x0100, 0); /* a question is no answer */
        check_int(read_it(&b, "a.b", &a), -EBADMSG);
        buf_deinit(&b);
        b = answer_to("a.b", DNS_A, 0x8180, 1); /* an owner that points at itself */
        record(&b, "\xc0\x15", 2, 1, "\x0a\x01\x02\x03", 4);
        check_int(read_it(&b, "a.b", &a), 0);
        check_int(a.n, 0);
        buf_deinit(&b);
}

static void names_that_are_none(void) {
        unsigned char q[DNS_QUERY_MAX];
        char longest[300];

        memset(longest, 'a', sizeof(longest));
        check(!dns_query(q, SPAN(""), DNS_A, 1) && !dns_query(q, SPAN("a..b"), DNS_A, 1));
        check(!dns_query(q, SPAN(".a"), DNS_A, 1) && !dns_query(q, SPAN("a b"), DNS_A, 1));
        check(!dns_query(q, span_of(longest, 64), DNS_A, 1));
        check(!dns_query(q, span_of(longest, 300), DNS_A, 1));
        check(dns_query(q, span_of(longest, 63), DNS_A, 1) > 0);
        check(!dns_query(q, span_of("a\0b", 3), DNS_A, 1));
}

static void hosts_come_first(void) {
        static const char text[] =
                "127.0.0.1 localhost # mail\n\n# 9.9.9.9 mail\n"
                "10.0.0.5\tmail Mail.Agency.Example\n::1 localhost ip6\nnone mail";
        struct dns_addresses a = {.n = 0};

        dns_hosts(span_str(text), SPAN("mail.agency.example"), &a);
        check_int(a.n, 1);
        check(a.list[0][12] == 10 && a.list[0][15] == 5);
        dns_hosts(span_str(text), SPAN("localhost"), &a);
        check_int(a.n, 3);
        a.n = 0;
        dns_hosts(span_str(text), SPAN("agency.example"), &a);
        check_int(a.n, 0);
}

/* ---- mails ---- */

static void lines_are_mail(const struct buf *b) {
        size_t line = 0;

        for (size_t i = 0; i < b->len; i++) {
                unsigned char c = (unsigned char)b->p[i];

                check(c < 0x7f && (c >= ' ' || c == '\r' || c == '\n'));
                check((c == '\n') == (i > 0 && b->p[i - 1] == '\r'));
                line = c == '\n' ? 0 : line + 1;
                check(line <= 79);
        }
}

static void a_mail_as_bytes(void) {
        static const char *const to[] = {"an@agency.example", "binh@agency.example"};
        const struct message_file files[] = {
                {SPAN("báo cáo \"72 giờ\"\r\n.pdf"), SPAN("application/pdf"), SPAN("%PDF")},
                {SPAN("x"), SPAN("text/html\r\nX: y"), SPAN_NONE}};
        struct message m = {.from = "coloa@agency.example",
                            .id = "abc123",
                            .to = to,
                            .n_to = 2,
                            .subject =
                                    SPAN("Sự cố nghiêm trọng tại Bệnh viện Đa khoa: \r\nBcc: x@y "
                                         "báo cáo trong 24 giờ tới, xin hãy đọc ngay"),
                            .body = SPAN("Kính gửi,\r\n.\r\nhết"),
                            .date = 1795456800,
                            .files = files,
                            .n_files = 2};
        _cleanup_(buf_deinit) struct buf b = {0};

        check_int(message_write(&b, &m), 0);
        lines_are_mail(&b);
        buf_char(&b, '\0');
        check(strstr(b.p, "Date: Mon, 23 Nov 2026 18:00:00 +0000\r\n") == b.p);
        check(strstr(b.p, "\r\nMessage-ID: <abc123@agency.example>\r\n"));
        check(strstr(b.p, "To: <an@agency.example>,\r\n <binh@agency.example>\r\n"));
        check(!strstr(b.p, "\nBcc") && !strstr(b.p, "\nX: y") && !strstr(b.p, "\n.\r"));
        check(strstr(b.p, "application/octet-stream") &&
              strstr(b.p, "filename*0*=UTF-8''b%C3%A1o"));
        check(strstr(b.p, "filename=\"x\"\r\n") && strstr(b.p, "JVBERg==\r\n"));
        check(strstr(b.p, "\r\n--_abc123_--\r\n"));
        buf_reset(&b);
        m.n_files = 0;
        m.subject = SPAN("Plain enough");
        check_int(message_write(&b, &m), 0);
        lines_are_mail(&b);
        buf_char(&b, '\0');
        check(strstr(b.p, "\r\nSubject: Plain enough\r\n") && !strstr(b.p, "multipart"));
}

int main(void) {
        RUN(what_is_never_reached);
        RUN(what_the_list_says);
        RUN(answers_are_read);
        RUN(names_that_are_none);
        RUN(hosts_come_first);
        RUN(a_mail_as_bytes);
        return check_done();
}

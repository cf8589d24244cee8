/* decode/web: access and error logs of Apache and nginx. */
#include "check.h"

#include "dump.h"

#define WEB(text, want) check_dump(FORMAT_WEB, text "\n", want "\n")

static void common_and_combined(void) {
        WEB("10.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] \"GET /a.gif?x=1 HTTP/1.0\" 200 2326",
            "c-ip=10.0.0.1|cs-username=frank|time=10/Oct/2000:13:55:36 -0700|request=GET "
            "/a.gif?x=1 HTTP/1.0|"
            "cs-method=GET|cs-uri=/a.gif?x=1|cs-uri-stem=/a.gif|cs-uri-query=x=1|cs-version=HTTP/"
            "1.0|"
            "sc-status=200|sc-bytes=2326");
        WEB("::1 - - [10/Oct/2000:13:55:36 +0000] \"-\" 408 - \"http://r/\" \"agent (x; y)\"",
            "c-ip=::1|cs-username=~|time=10/Oct/2000:13:55:36 "
            "+0000|request=~|sc-status=408|sc-bytes=~|"
            "cs-referer=http://r/|cs-user-agent=agent (x; y)");
        check_time(FORMAT_WEB, "h - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 1\n",
                   "2000-10-10T20:55:36.000000Z");
        check_time(FORMAT_WEB, "h - - [10/Oct/2000:13:55:36.25 +0000] \"GET / HTTP/1.0\" 200 1\n",
                   "2000-10-10T13:55:36.250000Z");
}

static void hosts_before_the_client(void) {
        WEB("www.x.org:443 10.0.0.1 - - [10/Oct/2000:13:55:36 +0000] \"\" 400 0 \"-\" \"-\"",
            "c-ip=10.0.0.1|cs-username=~|cs-host=www.x.org|s-port=443|time=10/Oct/2000:13:55:36 "
            "+0000|"
            "request=~|sc-status=400|sc-bytes=0|cs-referer=~|cs-user-agent=~");
        WEB("\"10.5.1.2, 175.1.1.1\" 10.2.1.185 - - [10/Oct/2000:13:55:36 +0000] \"\" 400 0",
            "c-ip=10.2.1.185|cs-username=~|X-Forwarded-For=10.5.1.2, "
            "175.1.1.1|time=10/Oct/2000:13:55:36 +0000|"
            "request=~|sc-status=400|sc-bytes=0");
        WEB("x.com 10.0.0.2, 10.0.0.1, 81.2.6.1 - - [10/Oct/2000:13:55:36 +0000] \"\" 400 0",
            "c-ip=81.2.6.1|cs-username=~|cs-host=x.com|X-Forwarded-For=10.0.0.2, 10.0.0.1|"
            "time=10/Oct/2000:13:55:36 +0000|request=~|sc-status=400|sc-bytes=0");
        WEB("10.0.0.1 - John Q Smith [10/Oct/2000:13:55:36 +0000] \"\" 400 0",
            "c-ip=10.0.0.1|cs-username=John Q Smith|time=10/Oct/2000:13:55:36 "
            "+0000|request=~|sc-status=400|"
            "sc-bytes=0");
        WEB("10.0.0.1 - - x.com [10/Oct/2000:13:55:36 +0000] \"\" 400 0",
            "c-ip=10.0.0.1|cs-username=~|cs-host=x.com|time=10/Oct/2000:13:55:36 "
            "+0000|request=~|sc-status=400|"
            "sc-bytes=0");
        WEB("[10/Oct/2000:13:55:36 +0100] 10.0.0.1 TLSv1.2 ECDHE-X \"GET / HTTP/1.1\" 5",
            "c-ip=10.0.0.1|ssl-protocol=TLSv1.2|ssl-cipher=ECDHE-X|request=GET / "
            "HTTP/1.1|cs-method=GET|"
            "cs-uri=/|cs-uri-stem=/|cs-version=HTTP/1.1|sc-bytes=5");
}

static void what_follows_the_agent(void) {
        WEB("h - - [10/Oct/2000:13:55:36 +0000] \"\" 200 1 \"-\" \"a\" "
            "X-Forwarded-For=\"10.0.0.2,10.0.0.1\"",
            "c-ip=h|cs-username=~|time=10/Oct/2000:13:55:36 "
            "+0000|request=~|sc-status=200|sc-bytes=1|"
            "cs-referer=~|cs-user-agent=a|X-Forwarded-For=10.0.0.2,10.0.0.1");
        WEB("h - - [10/Oct/2000:13:55:36 +0000] \"\" 200 1 \"-\" \"a\" \"10.0.0.2, ::1\" 0.005 "
            "\"-\" x=y",
            "c-ip=h|cs-username=~|time=10/Oct/2000:13:55:36 "
            "+0000|request=~|sc-status=200|sc-bytes=1|"
            "cs-referer=~|cs-user-agent=a|X-Forwarded-For=10.0.0.2, ::1|extra=0.005|x=y");
}

static void what_is_encoded_has_two_values(void) {
        WEB("h - - [10/Oct/2000:13:55:36 +0000] \"GET /a%2eb?q=1+UNION%20SELECT%zz HTTP/1.1\" 200 "
            "1",
            "c-ip=h|cs-username=~|time=10/Oct/2000:13:55:36 +0000|request=GET "
            "/a%2eb?q=1+UNION%20SELECT%zz HTTP/1.1|"
            "cs-method=GET|cs-uri#1=/a%2eb?q=1+UNION%20SELECT%zz|cs-uri#2=/a.b?q=1 UNION SELECT%zz|"
            "cs-uri-stem#1=/a%2eb|cs-uri-stem#2=/a.b|cs-uri-query#1=q=1+UNION%20SELECT%zz|"
            "cs-uri-query#2=q=1 UNION SELECT%zz|cs-version=HTTP/1.1|sc-status=200|sc-bytes=1");
        /* '+' in the path is a plus; a second decoding is not done */
        WEB("h - - [10/Oct/2000:13:55:36 +0000] \"GET /c++/%252e HTTP/1.1\" 200 1",
            "c-ip=h|cs-username=~|time=10/Oct/2000:13:55:36 +0000|request=GET /c++/%252e "
            "HTTP/1.1|cs-method=GET|"
            "cs-uri#1=/c++/%252e|cs-uri#2=/c++/%2e|cs-uri-stem#1=/c++/%252e|cs-uri-stem#2=/c++/%2e|"
            "cs-version=HTTP/1.1|sc-status=200|sc-bytes=1");
}

static void quotes_and_escapes(void) {
        WEB("h - - [10/Oct/2000:13:55:36 +0000] \"GET /\\\"x\\x41 HTTP/1.1\" 200 1 \"a\"b\" "
            "\"c\\\\d\\\"\"",
            "c-ip=h|cs-username=~|time=10/Oct/2000:13:55:36 +0000|request=GET /\\\"x\\x41 "
            "HTTP/1.1|cs-method=GET|"
            "cs-uri=/\"xA|cs-uri-stem=/\"xA|cs-version=HTTP/"
            "1.1|sc-status=200|sc-bytes=1|cs-referer=a\"b|"
            "cs-user-agent=c\\d\"");
        /* a target with blanks, no version; what is no request; never closed */
        WEB("h - - [10/Oct/2000:13:55:36 +0000] \"GET /a b\" 200 1",
            "c-ip=h|cs-username=~|time=10/Oct/2000:13:55:36 +0000|request=GET /a "
            "b|cs-method=GET|cs-uri=/a b|"
            "cs-uri-stem=/a b|sc-status=200|sc-bytes=1");
        WEB("h - - [10/Oct/2000:13:55:36 +0000] \"\\x16\\x03\\x01 x\" 400 1",
            "c-ip=h|cs-username=~|time=10/Oct/2000:13:55:36 +0000|request=\\x16\\x03\\x01 "
            "x|sc-status=400|sc-bytes=1");
        WEB("h - - [10/Oct/2000:13:55:36 +0000] \"GET /a",
            "c-ip=h|cs-username=~|time=10/Oct/2000:13:55:36 +0000|request=GET "
            "/a|cs-method=GET|cs-uri=/a|cs-uri-stem=/a");
}

static void apache_errors(void) {
        WEB("[Wed Oct 20 19:20:59.121211 2021] [core:error] [pid 35708:tid 4328636416] [client "
            "10.1.2.3:12] "
            "AH00128: File does not exist: /var/x, referer: http://r/",
            "time=Wed Oct 20 19:20:59.121211 "
            "2021|module=core|level=error|pid=35708|tid=4328636416|c-port=12|"
            "c-ip=10.1.2.3|message=AH00128: File does not exist: /var/x, referer: "
            "http://r/|code=AH00128|"
            "cs-referer=http://r/|file=/var/x");
        WEB("[Mon Dec 26 16:22:08 2016] [error] [client ::1] (13)Permission denied: x",
            "time=Mon Dec 26 16:22:08 2016|level=error|c-ip=::1|message=(13)Permission denied: x");
        WEB("[Mon Dec 26 16:22:08 2016] [core:error] [pid 1] (13)Permission denied: [client "
            "[::1]:80] AH00035: x",
            "time=Mon Dec 26 16:22:08 2016|module=core|level=error|pid=1|error=(13)Permission "
            "denied|c-port=80|"
            "c-ip=::1|message=AH00035: x|code=AH00035");
        WEB("[Mon Dec 26 16:22:08 2016] [error] [pid ] x",
            "time=Mon Dec 26 16:22:08 2016|level=error|pid=~|message=x");
        WEB("Feb 15 16:23:00 srv httpd[22034]: [core:error] [pid 22] [client 1.2.3.4:5] AH01630: x",
            "hostname=srv|program=httpd|module=core|level=error|pid=22|c-port=5|c-ip=1.2.3.4|"
            "message=AH01630: x|code=AH01630");
        WEB("Feb 15 16:23:00 srv nginx: 1.2.3.4 - - [10/Oct/2000:13:55:36 +0000] \"\" 200 1",
            "hostname=srv|program=nginx|c-ip=1.2.3.4|cs-username=~|time=10/Oct/2000:13:55:36 +0000|"
            "request=~|sc-status=200|sc-bytes=1");
        WEB("[Mon Dec 26 16:22:08 2016] [error] [client ::1] [client ::1] ModSecurity: no [id "
            "\"12\"] "
            "[msg \"a \\\"b\\\"\"] [x]",
            "time=Mon Dec 26 16:22:08 2016|level=error|c-ip=::1|message=ModSecurity: no [id "
            "\"12\"] "
            "[msg \"a \"b\"\"] [x]|ModSecurity.id=12|ModSecurity.msg=a \"b\"");
        check_time(FORMAT_WEB, "[Wed Oct 20 19:20:59.121211 2021] [core:error] [pid 1] x\n",
                   "2021-10-20T19:20:59.121211Z");
        WEB("[Mon Dec 2x 16:22:08 2016] [error] [client 1.2.3.4] \"x\" y",
            "message=[Mon Dec 2x 16:22:08 2016] [error] [client 1.2.3.4] \"x\" y");
        WEB("sh: 1: wget: not found", "message=sh: 1: wget: not found");
}

static void nginx_errors(void) {
        WEB("2022/05/14 19:55:51 [error] 6689#6690: *167 open() \"/x\" failed, client: 10.1.1.1, "
            "server: t.com, "
            "request: \"GET /my?a=%41 HTTP/1.1\", upstream: \"fastcgi://u:\", host: \"h.com\", "
            "referrer: \"http://r\"",
            "time=2022/05/14 19:55:51|level=error|pid=6689|tid=6690|connection=167|message=open() "
            "\"/x\" failed, "
            "client: 10.1.1.1, server: t.com, request: \"GET /my?a=%41 HTTP/1.1\", upstream: "
            "\"fastcgi://u:\", "
            "host: \"h.com\", referrer: \"http://r\"|c-ip=10.1.1.1|server=t.com|request=GET "
            "/my?a=%41 HTTP/1.1|"
            "cs-method=GET|cs-uri#1=/my?a=%41|cs-uri#2=/my?a=A|cs-uri-stem=/"
            "my|cs-uri-query#1=a=%41|"
            "cs-uri-query#2=a=A|cs-version=HTTP/1.1|upstream=fastcgi://"
            "u:|cs-host=h.com|cs-referer=http://r");
        WEB("2022/05/14 19:55:51 [notice] 12#0: signal process started",
            "time=2022/05/14 19:55:51|level=notice|pid=12|tid=0|message=signal process started");
}

static void kinds(void) {
        struct dump d = dump_text(
                FORMAT_WEB, SPAN("h - - [10/Oct/2000:13:55:36 +0000] \"\" 200 1\n\n# note\nx\n"));

        check_int(d.kinds[EVENT_WEB], 1);
        check_int(d.kinds[EVENT_WEBERR], 1);
        check_int(d.line, 4);
        check_int(d.offset, 52);
        buf_deinit(&d.text);
}

int main(void) {
        RUN(common_and_combined);
        RUN(hosts_before_the_client);
        RUN(what_follows_the_agent);
        RUN(what_is_encoded_has_two_values);
        RUN(quotes_and_escapes);
        RUN(apache_errors);
        RUN(nginx_errors);
        RUN(kinds);
        return check_done();
}

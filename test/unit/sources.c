/* ingest/source: who is it; how much; in which format. */
#include "check.h"

#include <sodium.h>

#include "base/timestamp.h"
#include "ingest/source.h"

static struct counters_page page;

static struct msg_source source(uint32_t id, const char *net, unsigned bits) {
        struct msg_source m = {.type = NODE_SOURCE, .id = id, .n_nets = net ? 1 : 0};

        snprintf(m.name, sizeof(m.name), "s%u", id);
        if (net) {
                unsigned a, b, c, d;
                sscanf(net, "%u.%u.%u.%u", &a, &b, &c, &d);
                m.nets[0] = (struct address_net){
                        .address =
                                {[10] = 0xff, 0xff, (uint8_t)a, (uint8_t)b, (uint8_t)c, (uint8_t)d},
                        .bits = (uint8_t)(96 + bits)};
        }
        return m;
}

static struct os_peer peer(uint8_t a, uint8_t b, uint8_t c, uint8_t d) {
        return (struct os_peer){.address = {[10] = 0xff, 0xff, a, b, c, d}, .port = 9};
}

static struct sources *some(void) {
        struct sources *s;

        memset(&page, 0, sizeof(page));
        counters_open(&page, 0, 1);
        s = sources_new(&page);
        check(s);
        return s;
}

static void by_the_longest_network(void) {
        _cleanup_(sources_freep) struct sources *s = some();
        struct msg_source a = source(1, "10.0.0.0", 8), b = source(2, "10.1.0.0", 20),
                          c = source(3, "10.1.0.7", 32);
        struct os_peer p = peer(10, 1, 0, 7);

        check(!sources_by_address(s, 1, &p));
        check(sources_tell(s, &a, 0, 0) == 0 && sources_tell(s, &b, 0, 0) == 0);
        check(sources_by_address(s, 1, &p)->id == 2);
        check(sources_tell(s, &c, 0, 0) == 0);
        check(sources_by_address(s, 1, &p)->id == 3);
        p = peer(10, 1, 15, 255);
        check(sources_by_address(s, 1, &p)->id == 2);
        p = peer(10, 1, 16, 0);
        check(sources_by_address(s, 1, &p)->id == 1);
        p = peer(11, 1, 16, 0);
        check(!sources_by_address(s, 1, &p));
        /* Only at one listener; gone. */
        c.listen = 5;
        p = peer(10, 1, 0, 7);
        check(sources_tell(s, &c, 0, 0) == 0);
        check(sources_by_address(s, 1, &p)->id == 2 && sources_by_address(s, 5, &p)->id == 3);
        b.flags = SOURCE_GONE;
        check(sources_tell(s, &b, 0, 0) == 0);
        check(sources_by_address(s, 1, &p)->id == 1);
        a.name[0] = '\n';
        check(sources_tell(s, &a, 0, 0) == -EPROTO);
}

static void by_token(void) {
        _cleanup_(sources_freep) struct sources *s = some();
        struct msg_source a = source(1, NULL, 0), b = source(2, NULL, 0);
        uint8_t hash[32];
        char text[200], hex[65];

        check(sources_tell(s, &a, 0, 0) == 0 && sources_tell(s, &b, 0, 0) == 0);
        check(sources_tokens(s, 1, SPAN("# of the proxy\nfirst\n\n second\r\n")) == 0);
        crypto_generichash(hash, 32, (const unsigned char *)"third", 5, NULL, 0);
        snprintf(text, sizeof(text), "blake2b:%s", sodium_bin2hex(hex, sizeof(hex), hash, 32));
        check(sources_tokens(s, 2, span_str(text)) == 0);
        check(sources_by_token(s, 1, SPAN("first"))->id == 1);
        check(sources_by_token(s, 1, SPAN("second"))->id == 1);
        check(sources_by_token(s, 1, SPAN("third"))->id == 2);
        check(!sources_by_token(s, 1, span_str(text))); /* the hash is not the token */
        check(!sources_by_token(s, 1, SPAN("firs")));
        check(sources_tokens(s, 2, SPAN("blake2b:00")) == -EINVAL);
        check(sources_tokens(s, 1, SPAN("new")) == 0 && !sources_by_token(s, 1, SPAN("first")));
}

static void by_certificate(void) {
        _cleanup_(sources_freep) struct sources *s = some();
        struct msg_source a = source(1, NULL, 0), b = source(2, NULL, 0);
        const struct span names[] = {SPAN("other"), SPAN("DC01.example")};
        const uint8_t print[32] = {0xab, 0xcd};

        snprintf(a.identity, sizeof(a.identity), "dc01.example");
        snprintf(b.identity, sizeof(b.identity), "sha256:%s%060d", "abcd", 0);
        check(sources_tell(s, &a, 0, 0) == 0 && sources_tell(s, &b, 0, 0) == 0);
        check(sources_by_certificate(s, 1, (const uint8_t[32]){1}, names, 2)->id == 1);
        check(!sources_by_certificate(s, 1, (const uint8_t[32]){1}, names, 1));
        check(sources_by_certificate(s, 1, print, NULL, 0)->id == 2);
}

static void no_more_than_its_rate(void) {
        _cleanup_(sources_freep) struct sources *s = some();
        struct msg_source a = source(1, "10.0.0.0", 8);
        int64_t now = 0, wait;

        a.records_s = 100;
        check(sources_tell(s, &a, 0, 0) == 0);
        struct source *x = sources_at(s, 0);
        uint64_t sent = 0;
        while (now < 10 * NS_PER_SEC) {
                wait = source_wait(x, now);
                if (wait == 0) {
                        source_charge(x, 7, 700);
                        sent += 7;
                }
                now += MAX(wait, NS_PER_SEC / 1000);
        }
        check(sent >= 1090 && sent <= 1110); /* a second's worth at once, then the rate */
}

static void formats(void) {
        _cleanup_(sources_freep) struct sources *s = some();
        struct msg_source a = source(1, "10.0.0.0", 8);
        uint32_t flags = 0;

        check(sources_tell(s, &a, 0, 0) == 0);
        struct source *x = sources_at(s, 0);
        check_int(source_format(x, SPAN("<34>Nov 23 05:00:00 h su: x"), &flags), FORMAT_SYSLOG);
        check_int(source_format(x, SPAN("<34>Nov 23 05:00:00 h {\"a\":1}"), &flags), FORMAT_SYSLOG);
        check_int(source_format(x, SPAN("{\"a\":1}"), &flags), FORMAT_JSON);
        check_int(source_format(x, SPAN("CEF:0|v|p|1|2|n|3|src=1.2.3.4"), &flags), FORMAT_CEF);
        check(flags == 0);
        check_int(source_format(x, SPAN("<999>x"), &flags), FORMAT_CEF);
        a.format = FORMAT_SYSLOG;
        check(sources_tell(s, &a, 0, 0) == 0);
        check_int(source_format(x, SPAN("no priority"), &flags), FORMAT_SYSLOG);
        check_int(flags, RECORD_MALFORMED);
}

int main(void) {
        RUN(by_the_longest_network);
        RUN(by_token);
        RUN(by_certificate);
        RUN(no_more_than_its_rate);
        RUN(formats);
        return check_done();
}

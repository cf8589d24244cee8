/* main/config: what is written is read; a slip is named with its line and never means a default. */
#include "check.h"

#include "base/lang.h"
#include "main/config.h"
#include "os/os.h"

static char told[4096];
static unsigned n_told;

static void tell(void *ctx, uint32_t line, uint32_t column, const char *text) {
        size_t n = strnlen(told, sizeof(told));

        n_told++;
        snprintf(told + n, sizeof(told) - n, "%u:%u %s\n", line, column, text);
}

static int parse(struct config *c, const char *text) {
        told[0] = '\0';
        n_told = 0;
        return config_parse(c, "test.yaml", span_str(text), tell, NULL);
}

static void the_shipped_one_is_read(void) {
        struct config c;
        char *text;
        size_t len;

        check_int(os_read_file(TEST_CONTENT "/coloa.yaml", 1 << 20, &text, &len), 0);
        check_int(config_parse(&c, "coloa.yaml", span_of(text, len), tell, NULL), 0);
        check(c.n_listen == 3 && c.n_sources == 3);
        check(c.listen[0].protocol == LISTEN_SYSLOG_UDP && c.listen[0].port == 5514);
        /* Until somebody changes it, only this machine can send. */
        for (uint32_t i = 0; i < c.n_listen; i++)
                check(c.listen[i].flags == 0 && c.listen[i].address[12] == 127);
        check(c.sources[0].n_nets == 2 && c.sources[1].journal && c.sources[2].n_files == 3);
        check(c.sources[0].nets[0].bits == 104 && c.sources[0].nets[1].bits == 128);
        check(strcmp(c.directory, "/var/lib/coloa") == 0 && c.metrics_port == 9464);
        config_deinit(&c);
        free(text);
}

/* As people may see it: names, and no secret even where one does not belong. */
static void what_is_shown(void) {
        struct config c;

        check_int(parse(&c,
                        "directory: /x\n"
                        "courier:\n  mail: {server: localhost, port: 25, tls: none, from: a@b,"
                        " user: u, password-file: hunter2}\n"
                        "  webhooks:\n  - {name: h, url: 'https://x.example/services/T0/abc',"
                        " secret-file: /etc/s}\n"
                        "listen:\n- {name: e, protocol: unix, path: /run/\\\"e}\n"
                        "sources:\n- {name: fw1, listen: e, from: [10.0.0.0/8, 10.1.0.0/16]}\n"),
                  0);
        const char *s = c.shown.p;
        check(s && s[0] == '[' && s[c.shown.len - 1] == ']');
        check(strstr(s, "{\"name\":\"directory\",\"value\":\"/x\"}") != NULL);
        check(strstr(s, "\"sources[fw1].from[2]\",\"value\":\"10.1.0.0/16\"") != NULL);
        check(strstr(s, "\"https://x.example/…\"") != NULL);
        check(strstr(s, "/etc/s") != NULL && strstr(s, "•••") != NULL);
        check(!strstr(s, "hunter2") && !strstr(s, "abc"));
        config_deinit(&c);
        check_int(parse(&c, ""), 0);
        check(!c.shown.p);
        config_deinit(&c);
}

static void local_listeners(void) {
        struct config c;

        check_int(parse(&c, "listen:\n"
                            "- {name: e, protocol: unix, path: /run/e}\n"
                            "- {name: d, protocol: unix-datagram, path: /run/d}\n"
                            "sources:\n- {name: s, listen: e}\n- {name: t, listen: d}\n"),
                  0);
        check(strcmp(c.listen[0].path, "/run/e") == 0 && c.listen[0].protocol == LISTEN_UNIX);
        config_deinit(&c);
        check_int(parse(&c, "listen:\n- {name: e, protocol: unix}\n"), -EINVAL);
        check(strstr(told, "path is missing for") != NULL);
        check_int(parse(&c, "listen:\n- {name: e, protocol: unix, path: /e, address: ':1'}\n"),
                  -EINVAL);
        check_int(parse(&c, "listen:\n- {name: e, protocol: relp, path: /e, address: ':1'}\n"),
                  -EINVAL);
        check_int(parse(&c, "listen:\n- {name: e, protocol: relp, address: ':1'}\n"
                            "sources:\n- {name: s, listen: e}\n"),
                  -EINVAL);
}

static void all_keys_are_read(void) {
        struct config c;

        check_int(parse(&c, "directory: /d\nrules: [a, b]\njudges: 3\nlateness: 2m\nmetrics: none\n"
                            "retention: {days: 7, size: 2T}\nduplicates: 5000000\n"
                            "tls: {certificate: c, key: k, authorities: a}\n"
                            "listen:\n"
                            "- {name: t, protocol: syslog-tcp, address: '[::1]:6514', mutual: true,"
                            " framing: octets, connections: 10, idle: 1h}\n"
                            "- {name: b, protocol: bulk, address: ':9200', token: true,"
                            " request-max: 10M}\n"
                            "sources:\n"
                            "- {name: s, system: y, identity: web.example, listen: t, rate: 5,"
                            " bytes-rate: 1M, silent-after: 1d, format: json, record-max: 64K}\n"
                            "- {name: j, journal: true, files: /var/log/a}\n"),
                  0);
        check(c.n_rules == 2 && strcmp(c.rules[1], "b") == 0 && c.judges == 3);
        check(c.lateness_s == 120 && c.metrics_port == 0);
        check(c.retention_days == 7 && c.retention_bytes == 2ull << 40);
        check_int(c.duplicates_bytes, 5000000 / 4096 * 4096);
        check(c.listen[0].flags == (LISTEN_MUTUAL | LISTEN_TLS) && c.listen[0].address[15] == 1);
        check(c.listen[0].framing == FRAMING_OCTETS && c.listen[0].idle_s == 3600);
        check(c.listen[1].flags == LISTEN_TOKEN && c.listen[1].request_max == 10u << 20);
        check(c.sources[0].format == FORMAT_JSON && c.sources[0].record_max == 64u << 10);
        check(c.sources[0].silent_s == 86400 && c.sources[0].bytes_s == 1u << 20);
        check(c.sources[1].journal && c.sources[1].n_files == 1);
        config_deinit(&c);
}

static void refused(const char *text, const char *where) {
        struct config c;
        int r = parse(&c, text);

        if (r != -EINVAL || strncmp(told, where, strlen(where)) != 0)
                printf("# %d %s", r, told);
        check_int(r, -EINVAL);
        check(strncmp(told, where, strlen(where)) == 0);
}

static void a_slip_is_named_with_its_line(void) {
        refused("directry: /d\n", "1:1 unknown key 'directry'");
        refused("a: 1\nb: 2\n", "1:1 unknown key 'a'");
        check_int(n_told, 2);
        refused("lateness: soon\n", "1:11 lateness is a time");
        refused("lateness: 99999999999999d\n", "1:11 lateness is a time");
        refused("retention: {size: 2X}\n", "1:19 size is a number");
        refused("duplicates: 100K\n", "1:13 duplicates is 1M to 512M");
        refused("duplicates: 1G\n", "1:13 duplicates is 1M to 512M");
        refused("listen:\n- {name: a, protocol: tcp, address: ':1'}\n", "2:23 'tcp' is none of");
        refused("listen:\n- {name: a, protocol: relp}\n", "2:1 protocol and address are missing");
        refused("listen:\n- {name: a, protocol: relp, address: 'x:1'}\n", "2:38 an address");
        refused("listen:\n- {name: a, protocol: relp, address: ':99999'}\n", "2:38 an address");
        refused("listen:\n- {name: a, protocol: relp, address: ':1', tls: true}\n",
                "2:1 tls needs certificate and key");
        refused("sources:\n- {name: a}\n", "2:1 from, identity, tokens, files or journal");
        refused("sources:\n- {name: a, from: 10.0.0.0/33}\n", "2:19 '10.0.0.0/33' is no address");
        refused("sources:\n- {name: a, from: 10.0.0.1}\n- {name: a, from: 10.0.0.2}\n",
                "3:1 two sources are named 'a'");
        refused("sources:\n- {name: 'a b', from: 10.0.0.1}\n", "2:1 a source needs a name");
        refused("sources:\n- {name: a, from: 10.0.0.1, listen: no}\n", "2:1 no listener is named");
        refused("sources: {}\n", "1:10 sources is a list");
        refused("listen: [1\n", "2:");
        refused("a: 1\n---\nb: 2\n", "1:1 unknown key");
}

static void empty_is_all_defaults(void) {
        struct config c;

        check_int(parse(&c, "# nothing\n"), 0);
        check(c.n_listen == 0 && c.lateness_s == 60);
        config_deinit(&c);
}

int main(void) {
        lang_current = LANG_EN;
        RUN(the_shipped_one_is_read);
        RUN(all_keys_are_read);
        RUN(what_is_shown);
        RUN(local_listeners);
        RUN(a_slip_is_named_with_its_line);
        RUN(empty_is_all_defaults);
        return check_done();
}

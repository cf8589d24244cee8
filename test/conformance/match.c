/* The engine against brute force (test/reference.h): all SigmaHQ rules on real events, equal hits
 * on each. */
#include "engine_data.h"
#include "reference.h"

static struct engine engine;
static struct reference reference;

static void start(void) {
        if (!check_data())
                check_skip("COLOA_TEST_DATA is not set");
        if (engine.matcher)
                return;
        engine_maps(&engine);
        check(engine_sigmahq(&engine, check_data()) > 3000);
        check(engine_start(&engine, NULL) == 0);
        check(ref_init(&reference, &engine.set, buf_get(&engine.bundle)) == 0);
}

static void differ(const struct event *e, const uint32_t *a, uint32_t n, const uint32_t *b,
                   uint32_t k) {
        for (uint32_t i = 0; i < n; i++)
                printf("# engine: %.*s\n", (int)engine.set.rules[a[i]].meta.id.len,
                       engine.set.rules[a[i]].meta.id.p);
        for (uint32_t i = 0; i < k; i++)
                printf("# reference: %.*s\n", (int)engine.set.rules[b[i]].meta.id.len,
                       engine.set.rules[b[i]].meta.id.p);
        printf("# event: %.*s\n", (int)MIN(e->raw.len, (size_t)3000), e->raw.p);
        fflush(stdout);
}

/* On both: every record that the engine says matches, and every `step`th of all. The engine sees all of them, so that it
 * learns. */
static void compare_file(const char *name, enum format f, unsigned step, uint64_t *events,
                         uint64_t *hits) {
        static uint32_t expected[8192];
        _cleanup_(decoder_freep) struct decoder *d = decoder_new(&(struct decode_options){0});
        char path[4096];
        size_t len;
        struct event e;
        struct decode_error err;
        enum decode_result q;
        unsigned nth = 0;

        snprintf(path, sizeof(path), "%s/dev-set/%s", check_data(), name);
        char *p = engine_read(path, &len);
        if (!p) {
                printf("# cannot read %s\n", path);
                check(p != NULL);
        }
        for (size_t pos = 0; pos < len;) {
                struct batch b = engine_lines(p, len, &pos, f);
                decoder_begin(d, &b, 0);
                matcher_batch(engine.matcher, b.payload, f);
                while ((q = decoder_next(d, &e, &err)) != DECODE_END) {
                        const uint32_t *rules;
                        if (q != DECODE_EVENT)
                                continue;
                        uint32_t n = matcher_run(engine.matcher, &e, &rules), k;
                        if (nth++ % step && n == 0)
                                continue;
                        k = ref_run(&reference, &e, f != FORMAT_JSON && f != FORMAT_EVTX, expected);
                        if (n != k || (n && memcmp(rules, expected, n * sizeof(*rules)) != 0)) {
                                differ(&e, rules, n, expected, k);
                                check(!"equal hits");
                        }
                        (*events)++;
                        *hits += n;
                }
        }
        free(p);
}

static void done(const char *what, uint64_t events, uint64_t hits) {
        printf("# %s: %llu events compared, %llu hits, equal\n", what, (unsigned long long)events,
               (unsigned long long)hits);
}

static void windows_json(void) {
        static const char *const files[] = {
                "json/otrf/storyline-theshire-2020-09/empire_launcher_vbs_2020-09-04160940.json",
                "json/otrf/storyline-theshire-2020-09/"
                "empire_shell_net_local_users_2020-09-21192606.json",
                "json/otrf/storyline-theshire-2020-09/"
                "empire_shell_reg_dump_sam_2020-09-22042823.json",
                "json/otrf/storyline-theshire-2020-09/"
                "empire_shell_rubeus_asktgt_ptt_2020-09-21223848.json",
                "json/otrf/storyline-theshire-2020-09/"
                "rdp_interactive_taskmanager_lsass_dump_2020-09-22043748.json",
                "json/otrf/storyline-theshire-2020-09/"
                "empire_psexec_dcerpc_tcp_svcctl_2020-09-20121608.json",
                "json/otrf/log4shell-2022/"
                "sysmon_log4shell_cve2021_44228_java_serialized_object_2022-05-13045800.json",
                "json/otrf/log4shell-2022/"
                "securityauditing_log4shell_cve2021_44228_java_serialized_object_2022-05-13045400."
                "json",
                "json/otrf/log4shell-2022/"
                "syslog_auoms_auditd_log4shell_cve2021_44228_jndi_reference_2022-05-11181020.json",
        };
        uint64_t events = 0, hits = 0;

        start();
        for (size_t i = 0; i < ARRAY_LEN(files); i++)
                compare_file(files[i], FORMAT_JSON, 7, &events, &hits);
        done("windows_json", events, hits);
        check(hits > 140);
}

static void text(void) {
        uint64_t events = 0, hits = 0;

        start();
        compare_file("web/elastic-examples/apache_logs", FORMAT_WEB, 5, &events, &hits);
        compare_file("syslog/loghub/OpenSSH/OpenSSH_2k.log", FORMAT_SYSLOG, 2, &events, &hits);
        compare_file("syslog/loghub/Linux/Linux_2k.log", FORMAT_SYSLOG, 2, &events, &hits);
        compare_file("auditd/audit-userspace/auparse/test/test.log", FORMAT_AUDITD, 1, &events,
                     &hits);
        compare_file("auditd/go-libaudit/auparse/testdata/audit-rhel7.log", FORMAT_AUDITD, 1,
                     &events, &hits);
        done("text", events, hits);
        check(hits > 3);
}

int main(void) {
        RUN(windows_json);
        RUN(text);
        engine_stop(&engine);
        ref_deinit(&reference);
        return check_done();
}

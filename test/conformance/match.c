/* The engine against brute force (test/reference.h): all SigmaHQ rules and the shipped pack on real
 * events and on some of our own, equal hits on each. */
#include <ftw.h>
#include <sys/stat.h>

#include "engine_data.h"
#include "ingest/framer.h"
#include "reference.h"

static struct engine engine;
static struct reference reference;

/* Words that event logs are full of, in text and in values that are rendered: public rules ask for
 * few. */
static const char keywords[] =
        "title: words\nlogsource: {product: windows}\n"
        "detection: {k: [procdump, mimikatz, 'net user'], condition: k}\n---\n"
        "title: identifiers and numbers\nlogsource: {product: windows}\n"
        "detection: {k: ['-4C58-', '0x1f1fff', '7045'], condition: k}\n";

static void start(void) {
        static const char *const packs[] = {
                COLOA_CONTENT "/rules/linux", COLOA_CONTENT "/rules/network",
                COLOA_CONTENT "/rules/web", COLOA_CONTENT "/rules/windows"};

        if (!check_data())
                check_skip("COLOA_TEST_DATA is not set");
        if (engine.matcher)
                return;
        engine_maps(&engine);
        check(engine_sigmahq(&engine, check_data()) > 3000);
        for (size_t i = 0; i < ARRAY_LEN(packs); i++)
                check(bundle_folder(&engine.bundle, packs[i]) > 0);
        engine_rule(&engine, keywords);
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

struct tally {
        uint64_t events, hits;
        uint32_t rules; /* that matched at least once */
        bool rule[8192];
};

static struct tally tally;

/* On both: every record that the engine says matches, and every `step`th of all. The engine sees
 * all of them, so that it learns. */
static void compare_batch(struct decoder *d, const struct batch *b, unsigned step) {
        static uint32_t expected[8192];
        static unsigned nth;
        enum format f = (enum format)b->h.format;
        struct event e;
        struct decode_error err;
        enum decode_result q;

        decoder_begin(d, b, 0);
        matcher_batch(engine.matcher, b->payload, f);
        while ((q = decoder_next(d, &e, &err)) != DECODE_END) {
                const uint32_t *rules;
                if (q != DECODE_EVENT)
                        continue;
                uint32_t n = matcher_run(engine.matcher, &e, &rules), k;
                if (nth++ % step && n == 0)
                        continue;
                k = ref_run(&reference, &e,
                            f != FORMAT_JSON && f != FORMAT_EVTX && f != FORMAT_UNKNOWN, expected);
                if (n != k || (n && memcmp(rules, expected, n * sizeof(*rules)) != 0)) {
                        differ(&e, rules, n, expected, k);
                        check(!"equal hits");
                }
                tally.events++;
                tally.hits += n;
                for (uint32_t i = 0; i < n; i++) {
                        check(rules[i] < ARRAY_LEN(tally.rule));
                        tally.rules += !tally.rule[rules[i]];
                        tally.rule[rules[i]] = true;
                }
        }
}

struct memory {
        const char *p;
        size_t len, pos;
};

static ssize_t take(void *ctx, void *to, size_t n) {
        struct memory *m = ctx;

        n = MIN(n, m->len - m->pos);
        memcpy(to, m->p + m->pos, n);
        m->pos += n;
        return (ssize_t)n;
}

/* One file as a hunt reads it: its format is found, its batches are cut by the framer. */
static void compare_file(const char *path, unsigned step) {
        static char slot[SLOT_BYTES] __attribute__((aligned(64)));
        struct framer *fr = framer_new();
        struct decoder *d = decoder_new(&(struct decode_options){.year = 2026});
        struct memory mem = {0};
        struct decode_error err;
        int r;

        char *p = engine_read(path, &mem.len);
        if (!p)
                printf("# cannot read %s\n", path);
        check(p && fr && d);
        mem.p = p;
        framer_open(fr, &(struct framer_input){.read = take, .ctx = &mem, .file_time = TIME_NONE});
        while ((r = framer_fill(fr, slot, &err)) > 0) {
                struct batch b;
                if (r != FRAMER_BATCH)
                        continue;
                check(batch_view(slot, &b) == 0);
                compare_batch(d, &b, step);
        }
        framer_free(fr);
        decoder_free(d);
        free(p);
}

static void compare_data(const char *name, unsigned step) {
        char path[4096];

        snprintf(path, sizeof(path), "%s/dev-set/%s", check_data(), name);
        compare_file(path, step);
}

static unsigned walk_step;

static int walk_one(const char *path, const struct stat *st, int type, struct FTW *w) {
        if (type == FTW_F && st->st_size && !strstr(path, "LICENSE") &&
            !span_ends(span_str(path), SPAN("COPYING")))
                compare_file(path, walk_step);
        return 0;
}

static void compare_folder(const char *path, unsigned step) {
        walk_step = step;
        check_int(nftw(path, walk_one, 32, FTW_PHYS), 0);
}

static void compare_data_folder(const char *name, unsigned step) {
        char path[4096];

        snprintf(path, sizeof(path), "%s/dev-set/%s", check_data(), name);
        compare_folder(path, step);
}

static void begin(void) {
        start();
        tally = (struct tally){0};
}

static void done(const char *what, uint64_t least_hits, uint32_t least_rules) {
        printf("# %s: %llu events compared, %llu hits of %u rules, equal\n", what,
               (unsigned long long)tally.events, (unsigned long long)tally.hits, tally.rules);
        check(tally.hits >= least_hits);
        check(tally.rules >= least_rules);
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

        begin();
        for (size_t i = 0; i < ARRAY_LEN(files); i++)
                compare_data(files[i], 7);
        done("windows_json", 190, 48);
}

/* Records whose strings are UTF-16, in templates and beside. */
static void windows_evtx(void) {
        begin();
        compare_data_folder("evtx/sbousseaden", 29);
        compare_data_folder("evtx/sigma-regression", 5);
        done("windows_evtx", 2000, 470);
}

static void text(void) {
        begin();
        compare_data("web/elastic-examples/apache_logs", 5);
        compare_data_folder("syslog", 9);
        compare_data_folder("auditd", 1);
        compare_data_folder("expected-ecs", 3);
        done("text", 2000, 16);
}

/* Written by us to be hit by public rules for Linux, web servers, proxies and name servers, in many
 * formats of text: the events of the pack's own tests and those below test/conformance/logs. */
static void text_of_our_own(void) {
        begin();
        compare_folder(COLOA_CONTENT "/rules/tests/linux", 1);
        compare_folder(COLOA_CONTENT "/rules/tests/web", 1);
        compare_folder(COLOA_CONTENT "/rules/tests/network", 1);
        compare_folder(COLOA_CONTENT "/sample", 1);
        compare_folder(COLOA_CONTENT "/../test/conformance/logs", 1);
        done("text_of_our_own", 2000, 240);
}

static void network(void) {
        begin();
        compare_data_folder("zeek", 3);
        compare_data_folder("eve", 97);
        done("network", 4000, 17);
}

int main(void) {
        RUN(windows_json);
        RUN(windows_evtx);
        RUN(text);
        RUN(text_of_our_own);
        RUN(network);
        engine_stop(&engine);
        ref_deinit(&reference);
        return check_done();
}

/* SigmaHQ's regression data: for each rule that has some, the event log and its JSON twin must
 * match the rule, at least as often as info.yml says. More matches than that are counted and
 * listed. */
#include <dirent.h>
#include <sys/stat.h>

#include "engine_data.h"
#include "ingest/framer.h"
#include "rules/regress.h"

static struct engine engine;

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

static uint32_t rule_index(struct span id) {
        struct program_rule r;

        for (uint32_t i = 0; i < program_rules(engine.program); i++)
                if (program_rule(engine.program, i, &r) && span_eq(r.id, id))
                        return i;
        return UINT32_MAX;
}

/* How many events of the file match the rule. */
static uint64_t matches(const char *path, uint32_t rule, uint64_t *events) {
        static char slot[SLOT_BYTES] __attribute__((aligned(64)));
        struct framer *fr = framer_new();
        struct decoder *d = decoder_new(&(struct decode_options){0});
        struct memory mem = {0};
        struct decode_error err;
        struct event e;
        uint64_t n = 0;
        enum decode_result q;
        int r;

        char *p = engine_read(path, &mem.len);
        mem.p = p;
        check(p != NULL);
        framer_open(fr, &(struct framer_input){.read = take, .ctx = &mem, .file_time = TIME_NONE});
        while ((r = framer_fill(fr, slot, &err)) > 0) {
                struct batch b;
                if (r != FRAMER_BATCH)
                        continue;
                check(batch_view(slot, &b) == 0);
                decoder_begin(d, &b, 0);
                matcher_batch(engine.matcher, b.payload, (enum format)b.h.format);
                while ((q = decoder_next(d, &e, &err)) != DECODE_END) {
                        const uint32_t *rules;
                        if (q != DECODE_EVENT)
                                continue;
                        uint32_t k = matcher_run(engine.matcher, &e, &rules);
                        (*events)++;
                        for (uint32_t i = 0; i < k; i++)
                                n += rules[i] == rule;
                }
        }
        framer_free(fr);
        decoder_free(d);
        free(p);
        return n;
}

struct tally {
        unsigned cases, files, more;
        uint64_t events;
};

static void one_case(const char *folder, struct tally *t) {
        struct arena a;
        struct regress g;
        struct regress_problem problem;
        char path[8192];
        size_t len;

        arena_init(&a, (size_t)4 << 20);
        snprintf(path, sizeof(path), "%s/info.yml", folder);
        char *text = engine_read(path, &len);
        check(text != NULL);
        check_int(regress_parse(&a, span_of(text, len), &g, &problem), 0);
        check(g.n_rules >= 1);
        uint32_t rule = rule_index(g.rules[0].id);
        if (rule == UINT32_MAX) {
                printf("# no rule %.*s\n", (int)g.rules[0].id.len, g.rules[0].id.p);
                check(!"the rule is known");
        }
        t->cases++;
        for (unsigned json = 0; json < 2; json++) {
                snprintf(path, sizeof(path), "%s/%.*s.%s", folder, (int)g.rules[0].id.len,
                         g.rules[0].id.p, json ? "json" : "evtx");
                if (g.n_tests == 0 && access(path, R_OK) != 0) {
                        printf("# %s: there is no such file, and info.yml names none\n", path);
                        continue;
                }
                uint64_t n = matches(path, rule, &t->events),
                         want = g.n_tests ? g.tests[0].match_count : 1;
                t->files++;
                if (n < want) {
                        printf("# %s: %llu of %llu\n", path, (unsigned long long)n,
                               (unsigned long long)want);
                        check(!"as often as it says");
                }
                if (n > want) {
                        t->more++;
                        printf("# %s: %llu, more than %llu%s\n", path, (unsigned long long)n,
                               (unsigned long long)want,
                               g.n_tests && g.tests[0].counted ? ""
                                                               : " (which info.yml does not say)");
                }
        }
        free(text);
        arena_deinit(&a);
}

static void walk(const char *folder, struct tally *t) {
        DIR *d = opendir(folder);
        struct dirent *e;

        check(d != NULL);
        while ((e = readdir(d))) {
                char path[4096];
                struct stat st;
                if (e->d_name[0] == '.')
                        continue;
                snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
                if (strcmp(e->d_name, "info.yml") == 0)
                        one_case(folder, t);
                else if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
                        walk(path, t);
        }
        closedir(d);
}

static void regression(void) {
        struct tally t = {0};
        char path[4096];

        if (!check_data())
                check_skip("COLOA_TEST_DATA is not set");
        engine_maps(&engine);
        check(engine_sigmahq(&engine, check_data()) > 3000);
        check(engine_start(&engine, NULL) == 0);
        snprintf(path, sizeof(path), "%s/dev-set/evtx/sigma-regression", check_data());
        walk(path, &t);
        printf("# %u rules, %u files, %llu events; %u files with more matches\n", t.cases, t.files,
               (unsigned long long)t.events, t.more);
        check(t.cases >= 94);
}

int main(void) {
        RUN(regression);
        engine_stop(&engine);
        return check_done();
}

/* See rules_test.h.
 *
 * An info.yml names rules by id and files of events with the number of matches to expect. The files
 * of all tests become the inputs of one hunt; findings are counted per input and rule id. A file
 * that two tests name is read twice. */
#include "main/rules_test.h"
#include "main/phrases.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/lang.h"
#include "base/timestamp.h"
#include "main/inputs.h"
#include "main/pool.h"
#include "wire/bundle.h"

#define TESTS_MAX 100000u
#define INFO_MAX ((size_t)1 << 20)

struct expect {
        struct span info, rule, name, path; /* into the rules process's answer */
        uint64_t count;
        uint32_t input; /* UINT32_MAX: its file is missing */
        uint64_t got;
};

struct testing {
        struct expect *tests;
        uint32_t n, cap;
        struct inputs files;
        struct rulebook rules, infos;
        uint64_t unreadable;
        bool broken;
};

/* The next tab-separated word of a line. */
static struct span word(struct span *s) {
        const char *tab = memchr(s->p, '\t', s->len);
        struct span w = span_of(s->p, tab ? (size_t)(tab - s->p) : s->len);

        s->p += w.len + (tab != NULL);
        s->len -= w.len + (tab != NULL);
        return w;
}

static bool is_file(const char *path) {
        struct stat st;

        return os_stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* A test's path is relative to the repository that the data came from: it is looked for as it is,
 * then below the folder that was named, then by its last part beside the info.yml. */
static bool find_file(const char *dir, const struct expect *e, char *to, size_t room) {
        const char *slash = memrchr(e->path.p, '/', e->path.len);
        struct span last =
                slash ? span_of(slash + 1, (size_t)(e->path.p + e->path.len - slash - 1)) : e->path;
        const char *end = memrchr(e->info.p, '/', e->info.len);
        struct span folder = span_of(e->info.p, end ? (size_t)(end - e->info.p) : 0);

        snprintf(to, room, "%.*s/%.*s", (int)folder.len, folder.p, (int)last.len, last.p);
        if (is_file(to))
                return true;
        snprintf(to, room, "%s/%.*s", dir, (int)e->path.len, e->path.p);
        if (is_file(to))
                return true;
        snprintf(to, room, "%.*s", (int)e->path.len, e->path.p);
        return is_file(to);
}

static int add_test(struct testing *t, const char *dir, struct span line) {
        struct expect e = {.input = UINT32_MAX};
        char path[4096], digits[24];

        e.info = word(&line);
        e.rule = word(&line);
        e.name = word(&line);
        e.path = word(&line);
        struct span count = word(&line);
        if (count.len == 0 || count.len >= sizeof(digits) || t->n == TESTS_MAX)
                return -EBADMSG;
        memcpy(digits, count.p, count.len);
        digits[count.len] = '\0';
        e.count = strtoull(digits, NULL, 10);
        if (t->n == t->cap) {
                uint32_t cap = t->cap ? t->cap * 2 : 256;
                struct expect *p = reallocarray(t->tests, cap, sizeof(*p));
                if (!p)
                        return -ENOMEM;
                t->tests = p;
                t->cap = cap;
        }
        if (find_file(dir, &e, path, sizeof(path))) {
                e.input = t->files.n;
                int r = inputs_add(&t->files, path, rulebook_complain, &(int){0});
                if (r < 0)
                        return r;
        }
        t->tests[t->n++] = e;
        return 0;
}

static int gather_infos(const char *dir, struct buf *bundle) {
        struct inputs in = {0};
        int first = 0, r = inputs_add(&in, dir, rulebook_complain, &first);

        for (uint32_t i = 0; i < in.n && r == 0; i++) {
                const char *path = in.list[i].path, *slash = strrchr(path, '/');
                char *text;
                size_t len;

                if (strcmp(slash ? slash + 1 : path, "info.yml") != 0)
                        continue;
                r = os_read_file(path, INFO_MAX, &text, &len);
                if (r < 0) {
                        rulebook_complain(&first, path, r);
                        break;
                }
                bundle_add(bundle, BUNDLE_OTHER, span_str(path), span_of(text, len));
                free(text);
        }
        inputs_deinit(&in);
        return r < 0 ? r : first;
}

static int read_tests(struct testing *t, const struct rulebook_options *o, const char *dir) {
        struct rulebook_options job = {.job = RULES_REGRESS, .landlock = o->landlock};
        struct buf bundle = {0};
        int r = gather_infos(dir, &bundle);

        if (r == 0)
                r = rulebook_run(&t->infos, &job, buf_get(&bundle));
        buf_deinit(&bundle);
        if (r < 0)
                return r;
        struct span s = span_of(t->infos.text, t->infos.text_len);
        while (s.len && r == 0) {
                const char *end = memchr(s.p, '\n', s.len);
                size_t len = end ? (size_t)(end - s.p) : s.len;
                struct span line = span_of(s.p, len);

                if (span_starts(line, SPAN("?"))) { /* described, but its tests are commented out */
                        printf("%.*s\n", (int)(len - 1), s.p + 1);
                } else if (span_starts(
                                   line,
                                   SPAN("!"))) { /* an info.yml that is not one: said as it is */
                        printf("%.*s\n", (int)(len - 1), s.p + 1);
                        t->broken = true;
                } else {
                        r = add_test(t, dir, line);
                }
                s.p += len + (end != NULL);
                s.len -= len + (end != NULL);
        }
        return r;
}

static int on_finding(void *ctx, const struct finding *f) {
        struct testing *t = ctx;
        struct program_rule info;
        bool alert = (f->flags & FINDING_ALERT) != 0;

        if (!(alert ? program_correlation_meta(t->rules.program, f->rule, &info)
                    : program_rule(t->rules.program, f->rule, &info)))
                return 0;
        for (uint32_t i = 0; i < t->n; i++)
                if (t->tests[i].input == f->input && span_ieq(t->tests[i].rule, info.id))
                        t->tests[i].got++;
        return 0;
}

static void on_problem(void *ctx, const struct pool_problem *p) {
        struct testing *t = ctx;

        if (p->recovered)
                return;
        t->unreadable++;
        fprintf(stderr, "%s: %llu: %s\n", t->files.list[p->input].path,
                (unsigned long long)p->offset, p->what);
}

static void on_tick(void *ctx) {
        (void)ctx;
}

/* Correlations look at one stream of time, but every test is a world of its own: those with a
 * correlation are hunted one file at a time, all others together. */
static int hunt_files(struct testing *t, struct inputs *in, bool correlate, int landlock) {
        struct pool_options o = {.judges = os_cpu_count(),
                                 .program_fd = t->rules.program_fd,
                                 .correlate = correlate,
                                 .from = TIME_NONE,
                                 .to = TIME_NONE,
                                 .landlock = landlock,
                                 .repeat = 1};
        struct pool_calls calls = {
                .ctx = t, .finding = on_finding, .problem = on_problem, .tick = on_tick};
        struct pool *p;
        int r = pool_new(&p, in, &o, &calls);

        if (r < 0)
                return r;
        r = pool_run(p);
        t->unreadable += pool_stats(p)->crashes;
        pool_free(p);
        return r;
}

static bool is_correlation(const struct testing *t, struct span id) {
        struct program_rule info;

        for (uint32_t i = 0; program_correlation_meta(t->rules.program, i, &info); i++)
                if (span_ieq(info.id, id))
                        return true;
        return false;
}

/* One file as the only input, under the number it has among all. */
static int hunt_one(struct testing *t, uint32_t n, int landlock) {
        struct inputs one = {0};
        struct expect *e = &t->tests[n];
        uint32_t keep = e->input;
        int r = inputs_add(&one, t->files.list[keep].path, rulebook_complain, &(int){0});

        for (uint32_t i = 0; i < t->n; i++)
                t->tests[i].input ^= i == n ? 0 : 0x80000000u; /* out of the way */
        e->input = 0;
        if (r == 0)
                r = hunt_files(t, &one, true, landlock);
        for (uint32_t i = 0; i < t->n; i++)
                t->tests[i].input ^= i == n ? 0 : 0x80000000u;
        e->input = keep;
        inputs_deinit(&one);
        return r;
}

static int hunt_tests(struct testing *t, int landlock) {
        int r = t->files.n ? hunt_files(t, &t->files, false, landlock) : 0;

        for (uint32_t i = 0; i < t->n && r == 0; i++)
                if (t->tests[i].input != UINT32_MAX && is_correlation(t, t->tests[i].rule))
                        r = hunt_one(t, i, landlock);
        return r;
}

static uint32_t report(const struct testing *t) {
        uint32_t failed = 0, above = 0;

        for (uint32_t i = 0; i < t->n; i++) {
                const struct expect *e = &t->tests[i];
                const char *what = NULL;

                if (e->input == UINT32_MAX)
                        what = tr("its file is missing", "thiếu tệp");
                else if (e->got < e->count || (e->count == 0 && e->got))
                        what = tr("differs", "khác");
                else if (e->got > e->count)
                        above++;
                if (!what && e->got == e->count)
                        continue;
                failed += what != NULL;
                printf("%s %.*s (%.*s): %s: %llu, %s %llu\n", what ? "FAIL" : "more",
                       (int)e->info.len, e->info.p, (int)e->rule.len, e->rule.p,
                       what ? what : tr("more than expected", "nhiều hơn mong đợi"),
                       (unsigned long long)e->got, tr("expected", "mong đợi"),
                       (unsigned long long)e->count);
        }
        printf(tr("%u tests: %u as expected, %u with more matches, %u failed\n",
                  "%u phép thử: %u đúng như mong đợi, %u khớp nhiều hơn, %u hỏng\n"),
               t->n, t->n - failed - above, above, failed);
        return failed;
}

int rules_test(struct rulebook_options *o, const char *dir) {
        struct testing t = {.rules.program_fd = -1, .infos.program_fd = -1};
        const char *here[1] = {dir};
        struct stat st;
        int status = 3;

        /* Without -r, the rules beside the tests: a pack of ours holds both. */
        char beside[4096];
        snprintf(beside, sizeof(beside), "%s/tests", dir);
        if (o->n_rules == 0 && os_stat(beside, &st) == 0) {
                o->rules = here;
                o->n_rules = 1;
        }
        o->job = RULES_COMPILE;
        int r = rulebook_load(&t.rules, o);
        if (r == 0)
                r = read_tests(&t, o, dir);
        if (r == 0)
                r = hunt_tests(&t, o->landlock);
        if (r < 0) {
                fprintf(stderr, "coloa rules test: %s\n", error_text(r));
        } else if (t.n == 0) {
                fprintf(stderr, "coloa rules test: %s: %s\n", dir,
                        tr("no info.yml names a test here", "không có info.yml nào nêu phép thử"));
                status = 2;
        } else {
                uint32_t failed = report(&t);
                status = failed || t.broken ? 1 : t.unreadable ? 3 : 0;
        }
        inputs_deinit(&t.files);
        rulebook_deinit(&t.rules);
        rulebook_deinit(&t.infos);
        free(t.tests);
        return status;
}

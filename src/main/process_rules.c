/* The rules process: foreign YAML (and zips) in, a sealed program or a text out. Lives for one job.
 */
#include <stdlib.h>
#include <time.h>

#include "base/lang.h"
#include "main/processes.h"
#include "main/spawn.h"
#include "os/sandbox.h"
#include "rules/indicators.h"
#include "rules/lint.h"
#include "rules/listing.h"
#include "rules/parse.h"
#include "rules/program.h"
#include "rules/regime.h"
#include "rules/regress.h"
#include "rules/zipfile.h"
#include "wire/bundle.h"
#include "wire/message.h"

/* A sealed memfd holding the bytes. */
static int sealed(const char *name, struct span s, int *ret_fd) {
        _cleanup_(os_closep) int fd = -1;
        int r = os_memfd(name, &fd);

        if (r == 0)
                r = os_write_full(fd, s.p, s.len);
        if (r == 0)
                r = os_memfd_seal(fd);
        if (r < 0)
                return FAIL(r);
        *ret_fd = fd;
        fd = -1;
        return 0;
}

static void count(const struct ruleset *s, struct msg_rules_done *d) {
        d->n_errors = d->n_warnings = 0;
        d->n_rules = s->n_rules;
        d->n_correlations = s->n_correlations;
        d->n_refused = s->n_refused;
        d->n_documents = s->n_documents;
        d->n_filters = s->n_filters;
        for (uint32_t i = 0; i < s->n_diags; i++) {
                if (s->diags[i].severity == DIAG_ERROR)
                        d->n_errors++;
                else if (s->diags[i].severity == DIAG_WARNING)
                        d->n_warnings++;
        }
}

static int listing(struct buf *out, const struct ruleset *s, const struct msg_rules_job *job) {
        struct listing_filter f = {.min_level = (enum level)job->filter.min_level,
                                   .status = span_str(job->filter.status),
                                   .tag = span_str(job->filter.tag),
                                   .product = span_str(job->filter.product),
                                   .category = span_str(job->filter.category),
                                   .service = span_str(job->filter.service),
                                   .text = span_str(job->filter.text)};

        switch (job->job) {
        case RULES_LIST_TEXT: return listing_text(out, s, &f);
        case RULES_LIST_JSON: return listing_json(out, s, &f);
        case RULES_LIST_COVERAGE: return listing_coverage(out, s, &f);
        case RULES_LIST_NAVIGATOR: return listing_navigator(out, s, &f);
        default: return -EINVAL;
        }
}

/* A hunt says what it leaves out; what could be better is for `rules check`. */
static void keep_errors(struct ruleset *s) {
        uint32_t n = 0;

        for (uint32_t i = 0; i < s->n_diags; i++)
                if (s->diags[i].severity == DIAG_ERROR)
                        s->diags[n++] = s->diags[i];
        s->n_diags = n;
}

/* A line per file, without its name, which may hold anything: whether it may be imported: no error
 * in it but a placeholder that is only defined where the rule is used. */
static int import_verdicts(struct buf *out, const struct ruleset *s, struct span bundle) {
        struct bundle_entry e;
        size_t pos = 0;
        int r;

        while ((r = bundle_next(bundle, &pos, &e)) == 1) {
                bool bad = false;

                if (e.kind != BUNDLE_RULE)
                        continue;
                for (uint32_t i = 0; i < s->n_diags && !bad; i++)
                        bad = s->diags[i].severity == DIAG_ERROR &&
                              span_eq(s->diags[i].file, e.name) &&
                              strcmp(s->diags[i].code, "placeholder-undefined") != 0;
                buf_str(out, bad ? "refused\n" : "ok\n");
        }
        return r;
}

static enum intel_kind kind_of(enum intel_type t) {
        switch (t) {
        case INTEL_ADDRESS: return KIND_ADDRESS;
        case INTEL_DOMAIN:
        case INTEL_TREE: return KIND_DOMAIN;
        case INTEL_URL: return KIND_URL;
        case INTEL_JA3: return KIND_JA3;
        default: return KIND_HASH;
        }
}

static void count_intel(const struct intel_set *s, struct msg_rules_done *d) {
        const struct intel_counts *c = &s->counts;

        d->n_indicators = (uint32_t)(c->kept - c->doubled);
        d->n_intel_left = (uint32_t)(c->expired + c->revoked + c->warned + c->inactive +
                                     c->unsupported + c->malformed + c->over);
        d->n_intel_bad = (uint32_t)(c->unsupported + c->malformed + c->over);
        d->n_intel_expired = (uint32_t)c->expired;
        for (unsigned t = 1; t < INTEL_TYPES; t++)
                d->intel_kinds[kind_of((enum intel_type)t)] += (uint32_t)c->types[t];
        for (uint32_t i = 0; i < s->n_problems; i++)
                d->n_intel_errors += s->problems[i].error;
}

/* Indicators into the set, and what is to be said of them into `text`. `table` must outlive the set.
 */
static int intel(const struct msg_rules_job *job, struct span bundle, struct msg_rules_done *d,
                 struct ruleset *rules, struct buf *table, struct buf *text) {
        bool list = job->job == RULES_INTEL_LIST_TEXT || job->job == RULES_INTEL_LIST_JSON;
        struct intel_options o = {
                .now = job->now,
                .expiry = job->expiry,
                .columns = span_of(job->columns, strnlen(job->columns, sizeof(job->columns))),
                .list = list ? text : NULL,
                .json = job->job == RULES_INTEL_LIST_JSON};
        struct intel_set *s = calloc(1, sizeof(*s));
        int64_t t0 = os_monotonic();
        int r = s ? indicators_read(rules, s, table, bundle, &o) : -ENOMEM;

        if (r == 0) {
                count_intel(s, d);
                if (job->job == RULES_INTEL_TEXT)
                        indicators_text(text, s);
                else if (job->job == RULES_INTEL_JSON)
                        indicators_json(text, s);
                else if (!list)
                        indicators_brief(text, s);
        }
        if (s)
                intel_set_deinit(s);
        free(s);
        d->intel_ns = (uint64_t)(os_monotonic() - t0);
        return r;
}

static bool is_intel(uint32_t job) {
        return job >= RULES_INTEL_TEXT && job <= RULES_INTEL_LIST_JSON;
}

/* All regimes of the bundle as one array; of those with one id the last counts: an administrator's own
 * takes the place of a shipped one. Any that is wrong: nothing but what is wrong. */
static int regimes(struct buf *text, struct span bundle, struct msg_rules_done *d) {
        _cleanup_(buf_deinit) struct buf said = {.limit = (size_t)1 << 20};
        struct bundle_entry e;
        size_t pos = 0;
        int r;

        buf_char(text, '[');
        while ((r = bundle_next(bundle, &pos, &e)) == 1) {
                if (e.kind != BUNDLE_REGIME)
                        continue;
                if (text->len > 1)
                        buf_char(text, ',');
                r = regime_read(e.name, e.data, text, &said);
                if (r < 0)
                        return r;
                d->n_errors += r == REGIME_E_BAD;
        }
        buf_char(text, ']');
        if (d->n_errors) {
                buf_reset(text);
                buf_span(text, buf_get(&said));
        }
        return r;
}

static int run(const struct msg_rules_job *job, struct span bundle, struct msg_rules_done *d,
               struct buf *text, struct buf *program) {
        _cleanup_(buf_deinit) struct buf table = {0};
        struct ruleset set = {0};
        int64_t t0 = os_monotonic();
        int r;

        if (job->job == RULES_UNZIP)
                return zipfile_read(text, bundle);
        if (job->job == RULES_REGRESS)
                return regress_lines(text, bundle);
        if (job->job == RULES_REGIMES)
                return regimes(text, bundle, d);
        if (is_intel(job->job))
                return intel(job, bundle, d, NULL, &table, text);
        r = ruleset_parse(&set, bundle);
        int64_t t1 = os_monotonic();
        d->parse_ns = (uint64_t)(t1 - t0);
        if (r == 0 && job->lint)
                r = lint_ruleset(&set);
        count(&set, d);
        if (r == 0 && job->job == RULES_COMPILE)
                r = intel(job, bundle, d, &set, &table, text);
        t1 = os_monotonic();
        if (r == 0)
                r = program_compile(program, &set, bundle);
        d->compile_ns = (uint64_t)(os_monotonic() - t1);
        uint32_t n_rules = d->n_rules;
        count(&set, d);
        d->n_rules = n_rules; /* not those that speak for feeds */
        if (r == 0 && job->job == RULES_COMPILE)
                keep_errors(&set);
        if (r == 0 && (job->job == RULES_CHECK_TEXT || job->job == RULES_COMPILE))
                r = diags_text(text, &set);
        else if (r == 0 && job->job == RULES_IMPORT)
                r = import_verdicts(text, &set, bundle);
        else if (r == 0 && job->job == RULES_CHECK_JSON)
                r = diags_json(text, &set);
        else if (r == 0)
                r = listing(text, &set, job);
        ruleset_deinit(&set);
        if (r == 0 && (text->failed || program->failed))
                r = -ENOMEM;
        return r;
}

static int answer(int sock, struct msg_rules_done *d, struct buf *text, struct buf *program) {
        int fds[2] = {-1, -1};
        unsigned n = 0;

        if (d->error == 0) {
                int r = sealed("output", buf_get(text), &fds[0]);
                if (r < 0)
                        d->error = r;
                else
                        n = 1;
                d->output_len = text->len;
                if (d->error == 0 && program->len) {
                        r = sealed("program", buf_get(program), &fds[1]);
                        if (r < 0)
                                d->error = r;
                        else
                                n = 2;
                        d->program_len = program->len;
                }
        }
        return os_send(sock, d, sizeof(*d), fds, d->error ? 0 : n);
}

int process_rules(int argc, char **argv) {
        struct msg_rules_job job;
        struct msg_rules_done done = {.type = RULES_DONE};
        struct buf text = {0}, program = {0};
        void *bundle = NULL;
        int landlock = argc > 1 ? (int)strtol(argv[1], NULL, 10) : -1;

        ssize_t n = os_recv(CHILD_SOCKET, &job, sizeof(job), NULL, 0, NULL);
        if (n != sizeof(job) || job.type != RULES_JOB)
                return 16;
        lang_current = job.lang == LANG_VI ? LANG_VI : LANG_EN;
        if (job.bundle_len && os_map(4, job.bundle_len, false, &bundle) < 0)
                return 13;
        /* libzip turns times with mktime(), which would open /etc/localtime behind the sandbox's
         * back. */
        setenv("TZ", "UTC0", 1);
        tzset();
        if (sandbox_enter(SANDBOX_RULES, landlock, (size_t)4 << 30, NULL) < 0)
                return 15;
        done.error = run(&job, span_of(bundle, job.bundle_len), &done, &text, &program);
        return answer(CHILD_SOCKET, &done, &text, &program) < 0 ? 16 : 0;
}

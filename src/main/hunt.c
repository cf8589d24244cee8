/* `coloa hunt`: options, rules, inputs, processes, reports. main parses nothing foreign: it moves
 * descriptors, checks what its children say and writes reports, every one of which escapes what it
 * shows. */
#include "main/hunt.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/lang.h"
#include "main/inputs.h"
#include "main/options.h"
#include "main/phrases.h"
#include "main/pool.h"
#include "main/rulebook.h"
#include "main/version.h"

struct output {
        struct report *report;
        const char *path; /* NULL: standard output */
        int fd;
        char *buf; /* writes are gathered */
        size_t have;
        bool failed; /* said */
};
#define OUTPUT_BUF ((size_t)256 << 10)

struct hunt {
        struct hunt_options o;
        struct inputs in;
        struct rulebook rules;
        struct pool *pool;
        struct output outputs[OUTPUTS_MAX];
        unsigned n_outputs;
        uint64_t unreadable, unreadable_bytes, problems_said, report_ns;
        int64_t started;
        bool progress;
        bool progress_shown;
        unsigned width;
        int64_t now;    /* of which indicators are in force */
        bool to_stdout; /* a report goes there: the summary goes to standard error */
};

#define PROBLEMS_SHOWN 50u /* on standard error; all are counted, and in the reports */

/* ---- writing ---- */

static int output_flush(struct output *w) {
        int r = os_write_full(w->fd, w->buf, w->have);

        w->have = 0;
        return r;
}

static int output_write(void *ctx, const void *p, size_t n) {
        struct output *w = ctx;

        if (n > OUTPUT_BUF - w->have) {
                int r = output_flush(w);
                if (r < 0)
                        return r;
        }
        if (n > OUTPUT_BUF)
                return os_write_full(w->fd, p, n);
        memcpy(w->buf + w->have, p, n);
        w->have += n;
        return 0;
}

static bool source_rule(void *ctx, uint32_t i, bool correlation, struct program_rule *ret) {
        struct hunt *h = ctx;

        return correlation ? program_correlation_meta(h->rules.program, i, ret)
                           : program_rule(h->rules.program, i, ret);
}

static struct span source_tag(void *ctx, uint32_t i, bool correlation, uint32_t nth) {
        struct hunt *h = ctx;

        return correlation ? program_correlation_tag(h->rules.program, i, nth)
                           : program_rule_tag(h->rules.program, i, nth);
}

static struct span source_input(void *ctx, uint32_t i) {
        struct hunt *h = ctx;

        return i < h->in.n ? span_str(h->in.list[i].path) : SPAN_NONE;
}

static bool colour_wanted(const struct hunt *h, int fd) {
        const char *no = getenv("NO_COLOR");

        if (h->o.colour >= 0)
                return h->o.colour != 0;
        return os_isatty(fd) && !(no && *no);
}

static void hide_progress(struct hunt *h) {
        if (!h->progress_shown)
                return;
        fputs("\r\033[K", stderr);
        h->progress_shown = false;
}

static void say_write_failed(struct hunt *h, const struct output *w, int r) {
        hide_progress(h);
        fprintf(stderr, "coloa: %s: %s: %s\n",
                w->path ? w->path : tr("standard output", "đầu ra chuẩn"),
                tr("writing the report failed", "ghi báo cáo hỏng"), error_text(r));
}

/* A report must not fall upon evidence: the file it goes to is neither read nor another report. */
static int check_apart(const struct hunt *h, const struct output *w) {
        const char *with = NULL;
        struct stat st, other;
        int r = os_fstat(w->fd, &st);

        if (r < 0 || !S_ISREG(st.st_mode))
                return r;
        for (uint32_t i = 0; i < h->in.n && !with; i++)
                if (h->in.list[i].ino == st.st_ino && h->in.list[i].dev == st.st_dev)
                        with = tr("is among the logs to be read; write the report elsewhere",
                                  "nằm trong số nhật ký cần đọc; hãy ghi báo cáo ở chỗ khác");
        for (unsigned i = 0; i < h->n_outputs && !with; i++)
                if (h->outputs[i].path && os_fstat(h->outputs[i].fd, &other) == 0 &&
                    other.st_ino == st.st_ino && other.st_dev == st.st_dev)
                        with = tr("is named for two reports; give each its own file",
                                  "được dùng cho hai báo cáo; hãy cho mỗi báo cáo một tệp");
        if (!with)
                return 0;
        fprintf(stderr, "coloa: %s: %s\n", w->path, with);
        return -EEXIST;
}

static int open_output(struct hunt *h, const struct hunt_output *want) {
        struct output *w = &h->outputs[h->n_outputs];

        w->path = want->path;
        w->fd = want->path ? os_open(want->path, O_WRONLY | O_CREAT | O_NOCTTY, 0600)
                           : STDOUT_FILENO;
        if (w->fd < 0) {
                fprintf(stderr, "coloa: %s: %s\n", want->path, error_text(w->fd));
                return w->fd;
        }
        int checked = want->path ? check_apart(h, w) : 0;
        if (checked < 0) {
                os_close(w->fd);
                return checked;
        }
        w->buf = malloc(OUTPUT_BUF);
        if (!w->buf)
                return -ENOMEM;
        if (!want->path)
                h->to_stdout = true;
        h->n_outputs++;
        struct report_context c = {
                .source = {.ctx = h,
                           .rule = source_rule,
                           .tag = source_tag,
                           .input_ctx = h,
                           .input = source_input},
                .format = want->format,
                .write = output_write,
                .write_ctx = w,
                .version = COLOA_VERSION,
                .ruleset = h->o.n_rules ? span_str(h->o.rules[0])
                                        : span_str(tr("the shipped pack", "bộ quy tắc đi kèm")),
                .started = os_now(),
                .min_level = h->o.min_level,
                .width = h->width,
                .colour = want->format == REPORT_TERMINAL && colour_wanted(h, w->fd)};
        return report_new(&w->report, &c);
}

static int open_outputs(struct hunt *h) {
        struct hunt_output terminal = {REPORT_TERMINAL, NULL};
        bool to_stdout = false;
        int r = 0;

        for (unsigned i = 0; i < h->o.n_outputs; i++) {
                if (!h->o.outputs[i].path && to_stdout) {
                        fputs(tr("coloa hunt: only one report can go to standard output: name "
                                 "files (-o html=FILE)\n",
                                 "coloa hunt: chỉ một báo cáo ra được đầu ra chuẩn: hãy ghi tên "
                                 "tệp (-o html=TỆP)\n"),
                              stderr);
                        return -EINVAL;
                }
                to_stdout |= !h->o.outputs[i].path;
        }
        /* The terminal view is what is shown unless a report takes its place. */
        if (!to_stdout)
                r = open_output(h, &terminal);
        for (unsigned i = 0; i < h->o.n_outputs && r == 0; i++)
                r = open_output(h, &h->o.outputs[i]);
        /* Only when all can be written does what was in them go. */
        for (unsigned i = 0; i < h->n_outputs && r == 0; i++) {
                struct stat st;
                if (h->outputs[i].path && os_fstat(h->outputs[i].fd, &st) == 0 &&
                    S_ISREG(st.st_mode))
                        r = os_ftruncate(h->outputs[i].fd, 0);
        }
        return r;
}

/* ---- what the pool says ---- */

/* What was asked for. Judges run rules that correlations need although nobody asked for them, and a
 * correlation's alert is known only here. */
static bool wanted(struct hunt *h, const struct finding *f) {
        bool alert = f->flags & FINDING_ALERT;
        struct program_rule m;

        if (h->o.n_tags == 0 && h->o.min_level == LEVEL_NONE)
                return true;
        if (!source_rule(h, f->rule, alert, &m))
                return true; /* the reports say what they cannot name */
        bool tagged = h->o.n_tags == 0;
        for (uint32_t k = 0; k < m.n_tags && !tagged; k++)
                for (unsigned t = 0; t < h->o.n_tags && !tagged; t++)
                        tagged = span_starts(source_tag(h, f->rule, alert, k),
                                             span_str(h->o.tags[t]));
        return tagged && m.level >= h->o.min_level;
}

static int on_finding(void *ctx, const struct finding *f) {
        struct hunt *h = ctx;

        if (!wanted(h, f))
                return 0;
        for (unsigned i = 0; i < h->n_outputs; i++) {
                int r = report_finding(h->outputs[i].report, f);
                if (r < 0) {
                        say_write_failed(h, &h->outputs[i], r);
                        h->outputs[i].failed = true;
                        return r;
                }
        }
        return 0;
}

static void say_problem(struct hunt *h, const struct report_unreadable *u) {
        _cleanup_(buf_deinit) struct buf b = {0};

        if (h->problems_said++ >= PROBLEMS_SHOWN)
                return;
        hide_progress(h);
        report_unreadable_line(&b, source_input(h, u->input), u);
        fprintf(stderr, "%.*s\n", (int)b.len, b.p ? b.p : "");
        if (h->problems_said == PROBLEMS_SHOWN)
                fputs(tr("coloa: further places are only counted here; jsonl lists them all\n",
                         "coloa: các chỗ sau chỉ được đếm ở đây; jsonl liệt kê tất cả\n"),
                      stderr);
}

static void on_problem(void *ctx, const struct pool_problem *p) {
        struct hunt *h = ctx;
        struct report_unreadable u = {.input = p->input,
                                      .offset = p->offset,
                                      .length = p->length,
                                      .phrase = span_str(phrase(p->what)),
                                      .recovered = p->recovered,
                                      .crash = p->crash};

        h->unreadable++;
        h->unreadable_bytes += p->recovered ? 0 : p->length;
        for (unsigned i = 0; i < h->n_outputs; i++)
                report_unreadable(h->outputs[i].report, &u);
        say_problem(h, &u);
}

static void on_tick(void *ctx) {
        struct hunt *h = ctx;
        _cleanup_(buf_deinit) struct buf b = {0};
        const struct pool_stats *st = pool_stats(h->pool);

        if (!h->progress)
                return;
        struct report_progress p = {.bytes = st->bytes,
                                    .bytes_total = h->in.bytes * h->o.repeat,
                                    .records = st->records,
                                    .findings = report_counts(h->outputs[0].report)->findings,
                                    .unreadable = h->unreadable,
                                    .elapsed = os_monotonic() - h->started};
        report_progress_line(&b, &p, h->width ? h->width - 1 : 79);
        fprintf(stderr, "\r%.*s\033[K", (int)b.len, b.p ? b.p : "");
        h->progress_shown = true;
}

static void on_input_problem(void *ctx, const char *path, int error) {
        struct hunt *h = ctx;

        if (inputs_add_failed(&h->in, path, error) < 0)
                inputs_say(path, error_text(error));
}

/* ---- the phases ---- */

static int load_rules(struct hunt *h) {
        struct rulebook_intel intel;
        option_intel_book(&h->o, &intel);
        h->now = intel.now;
        struct rulebook_options o = {.rules = h->o.rules,
                                     .intel = &intel,
                                     .n_rules = h->o.n_rules,
                                     .placeholders = h->o.placeholders,
                                     .n_placeholders = h->o.n_placeholders,
                                     .logsources = h->o.logsources,
                                     .job = RULES_COMPILE,
                                     .landlock = h->o.landlock};
        int r = rulebook_load(&h->rules, &o);

        if (r < 0) {
                fprintf(stderr, "coloa: %s: %s\n",
                        tr("the rules could not be loaded", "không nạp được quy tắc"),
                        error_text(r));
                return r;
        }
        /* Warnings are for `coloa rules check`; a rule that is not used must be said here. */
        rulebook_print(&h->rules, stderr);
        if (!h->rules.program ||
            program_rules(h->rules.program) + program_correlations(h->rules.program) == 0) {
                fputs(tr("coloa: no usable rule\n", "coloa: không có quy tắc nào dùng được\n"),
                      stderr);
                return -EINVAL;
        }
        return 0;
}

static void on_signal(int sig) {
        (void)sig;
        pool_cancel(); /* NOLINT(bugprone-signal-handler,cert-sig30-c): sets one sig_atomic_t */
}

static int run_pool(struct hunt *h) {
        unsigned jobs = h->o.jobs ? h->o.jobs : os_cpu_count();
        struct pool_options o = {.judges = h->o.pin ? 1 : jobs,
                                 .program_fd = h->rules.program_fd,
                                 .correlate = program_correlations(h->rules.program) > 0,
                                 .format = h->o.format,
                                 .fill = h->o.fill,
                                 .from = h->o.from,
                                 .to = h->o.to,
                                 .zone_sec = h->o.zone_sec,
                                 .year = h->o.year,
                                 .no_memo = h->o.no_memo,
                                 .now = h->now,
                                 .leftovers = h->o.leftovers,
                                 .pin = h->o.pin,
                                 .min_level = h->o.min_level,
                                 .tags = h->o.tags,
                                 .n_tags = h->o.n_tags,
                                 .landlock = h->o.landlock,
                                 .measure_memory = h->o.stats,
                                 .repeat = h->o.repeat};
        struct pool_calls calls = {
                .ctx = h, .finding = on_finding, .problem = on_problem, .tick = on_tick};

        if (h->o.pin)
                os_pin_cpu(0, 0);
        int r = pool_new(&h->pool, &h->in, &o, &calls);
        if (r < 0) {
                fprintf(stderr, "coloa: %s: %s %s\n", tr("cannot start", "không khởi động được"),
                        error_text(r), base_fail_where());
                return r;
        }
        /* A second one ends at once. */
        struct sigaction once = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
        sigaction(SIGINT, &once, NULL);
        sigaction(SIGTERM, &once, NULL);
        return pool_run(h->pool);
}

static uint32_t unmapped(const struct program *g) {
        uint32_t n = 0;

        for (uint32_t i = 0; i < program_rules(g); i++) {
                struct program_rule r;
                n += program_rule(g, i, &r) && r.unmapped;
        }
        return n;
}

static int end_reports(struct hunt *h, int how, struct report_summary *ret) {
        const struct pool_stats *st = pool_stats(h->pool);
        struct report_summary s = {.files = h->in.n,
                                   .records = st->records,
                                   .bytes = st->bytes,
                                   .unreadable_bytes = h->unreadable_bytes,
                                   .crashes = st->crashes,
                                   .duration = os_monotonic() - h->started,
                                   .rules = h->rules.done.n_rules,
                                   .correlations = program_correlations(h->rules.program),
                                   .rules_refused = h->rules.done.n_refused,
                                   .rules_unmapped = unmapped(h->rules.program),
                                   .interrupted = how < 0};
        int first = 0;

        for (unsigned i = 0; i < h->n_outputs; i++) {
                int r = report_end(h->outputs[i].report, &s);
                if (r == 0)
                        r = output_flush(&h->outputs[i]);
                if (r < 0 && first == 0)
                        first = r;
                if (r < 0 && !h->outputs[i].failed)
                        say_write_failed(h, &h->outputs[i], r);
        }
        *ret = s;
        return first;
}

static void print_stats(const struct hunt *h) {
        const struct pool_stats *st = pool_stats(h->pool);
        const struct msg_rules_done *d = &h->rules.done;
        double judging = (double)(st->judged - st->ready) / 1e9,
               total = (double)(os_monotonic() - h->started) / 1e9;

        fprintf(stderr,
                "stats: rules_read_s=%.4f rules_parse_s=%.4f rules_compile_s=%.4f intel_s=%.4f "
                "start_to_ready_s=%.4f judge_s=%.4f "
                "correlate_s=%.4f total_s=%.4f\n",
                (double)h->rules.read_ns / 1e9, (double)d->parse_ns / 1e9,
                (double)d->compile_ns / 1e9, (double)d->intel_ns / 1e9,
                (double)(st->ready - h->started) / 1e9, judging,
                (double)(st->done - st->judged) / 1e9, total);
        fprintf(stderr,
                "stats: rules=%u correlations=%u refused=%u records=%llu bytes=%llu batches=%llu "
                "bad=%llu hits=%llu "
                "crashes=%llu records_per_s=%.0f mb_per_s=%.1f records_per_s_total=%.0f "
                "pss_peak_mb=%.1f\n",
                program_rules(h->rules.program), program_correlations(h->rules.program),
                d->n_refused, (unsigned long long)st->records, (unsigned long long)st->bytes,
                (unsigned long long)st->batches, (unsigned long long)st->bad,
                (unsigned long long)st->hits, (unsigned long long)st->crashes,
                judging > 0 ? (double)st->records / judging : 0.0,
                judging > 0 ? (double)st->bytes / 1e6 / judging : 0.0,
                total > 0 ? (double)st->records / total : 0.0, (double)st->pss_peak / 1e6);
}

static void summarise(struct hunt *h, const struct report_summary *s) {
        _cleanup_(buf_deinit) struct buf b = {0};

        if (!h->to_stdout || h->outputs[0].report == NULL)
                return;
        /* The terminal view ends with its own summary; any other report leaves it to us. */
        if (h->o.n_outputs == 0 || h->o.outputs[0].path)
                return;
        report_summary_lines(&b, report_counts(h->outputs[0].report), s, h->width,
                             colour_wanted(h, STDERR_FILENO));
        fwrite(b.p, 1, b.len, stderr);
}

static void hunt_deinit(struct hunt *h) {
        pool_free(h->pool);
        for (unsigned i = 0; i < h->n_outputs; i++) {
                report_free(h->outputs[i].report);
                free(h->outputs[i].buf);
                if (h->outputs[i].fd != STDOUT_FILENO)
                        os_close_quiet(h->outputs[i].fd);
        }
        rulebook_deinit(&h->rules);
        inputs_deinit(&h->in);
}

static int hunt(struct hunt *h) {
        struct report_summary s;
        int r = 0;

        for (unsigned i = 0; i < h->o.n_paths && r == 0; i++)
                r = inputs_add(&h->in, h->o.paths[i], on_input_problem, h);
        /* When nothing is left to look into, that is all there is to say. */
        if (r == 0 && h->in.n == h->in.failed) {
                for (uint32_t i = 0; i < h->in.n; i++)
                        inputs_say(h->in.list[i].path, error_text(h->in.list[i].error));
                for (unsigned i = 0; i < h->o.n_paths && h->in.n == 0; i++)
                        fprintf(stderr, "coloa: %s: %s\n", h->o.paths[i],
                                tr("nothing to read: no file in it that is not empty",
                                   "không có gì để đọc: trong đó không có tệp nào khác rỗng"));
                return h->in.failed ? 3 : 2;
        }
        if (r == 0 && load_rules(h) < 0)
                return 2;
        if (r == 0 && open_outputs(h) < 0)
                return 2;
        if (r == 0)
                r = run_pool(h);
        hide_progress(h);
        if (!h->pool)
                return 3;
        if (r < 0 && r != -ECANCELED)
                fprintf(stderr, "coloa: %s: %s %s\n",
                        tr("the hunt stopped early", "cuộc săn tìm dừng sớm"), error_text(r),
                        base_fail_where());
        int w = end_reports(h, r, &s);
        summarise(h, &s);
        if (h->o.stats)
                print_stats(h);
        if (r < 0 || w < 0 || h->unreadable || pool_stats(h->pool)->crashes)
                return 3;
        return report_counts(h->outputs[0].report)->findings ? 1 : 0;
}

int verb_hunt(int argc, char **argv) {
        static struct hunt h = {.rules.program_fd = -1};
        int r = hunt_options_read(&h.o, argc, argv);

        if (r != 0)
                return r == 1 ? 0 : r;
        h.started = os_monotonic();
        int width = os_terminal_width(STDOUT_FILENO);
        if (width == 0)
                width = os_terminal_width(STDERR_FILENO);
        h.width = width > 0 ? (unsigned)width : 100;
        h.progress = !h.o.quiet && os_isatty(STDERR_FILENO);
        r = hunt(&h);
        hunt_deinit(&h);
        return r;
}

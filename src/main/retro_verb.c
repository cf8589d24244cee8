/* `coloa retro`: rules over the past that a node keeps. Reads the store and the state beside the node;
 * judges of its own find, and what they find goes to the node's desk, which raises alerts marked as
 * such. Without a node that runs, what is found is shown as a hunt would, and no alert is raised. */
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/lang.h"
#include "base/timestamp.h"
#include "desk/desk.h"
#include "main/config.h"
#include "main/control.h"
#include "main/judge.h"
#include "main/option_rows.h"
#include "main/phrases.h"
#include "main/retro.h"
#include "main/retro_run.h"
#include "main/rulebook.h"
#include "main/serve.h"
#include "main/version.h"
#include "os/os.h"
#include "report/report.h"
#include "rules/corr_spec.h"
#include "rules/version.h"

#define RULES_MAX 256u
#define SEND_BYTES ((size_t)1 << 20)
#define SEND_NS (INT64_C(500) * 1000000)
#define POLL_MS 200
#define DAY_NS (INT64_C(86400) * NS_PER_SEC)
#define GIVE_WAY 10

struct retro_options {
        const char *config, *directory, *source, *by;
        const char *rules[RULES_MAX];
        const char *intel[RULES_MAX];
        unsigned n_rules, n_intel, jobs;
        int64_t from, to;
        bool json, quiet;
        int landlock;
};

struct past {
        struct retro_options o;
        struct config *config;
        struct rulebook rules;
        struct correlation *spec;
        uint32_t n_spec;
        struct arena arena;
        struct reader *reader;
        struct state *state; /* NULL: there is none yet */
        unsigned char *only; /* RETRO_* of each rule */
        bool *alerts;        /* which correlations are run */
        uint32_t n_chosen, n_chosen_correlations;
        uint64_t first, past;
        int line; /* to the desk; -1: no node */
        int64_t run;
        struct buf out;           /* findings for the desk */
        uint64_t next, sent_next; /* records below are in `out`; were sent */
        bool asked;               /* an answer is due */
        int64_t sent;
        struct msg_retro said; /* the desk's last word */
        struct report *report; /* without a node */
        int64_t started;
        bool progress, shown;
};

static volatile int cancelled;

static void cancel(int sig) {
        (void)sig;
        cancelled = 1;
}

static void hide_progress(struct past *p) {
        if (p->shown)
                fputs("\r\033[K", stderr);
        p->shown = false;
}

/* ---- which rules ---- */

static void version(const struct past *p, bool correlation, uint32_t i,
                    unsigned char to[RULE_VERSION_BYTES]) {
        if (correlation)
                correlation_version(p->rules.program, i, &p->spec[i], to);
        else
                rule_version(p->rules.program, i, to);
}

/* As the desk calls it. */
static int name_of(struct past *p, const struct program_rule *r, struct buf *to) {
        buf_reset(to);
        if (r->id.len)
                state_text(to, r->id, 4096);
        else {
                struct span s = arena_printf(&p->arena, "%.*s:%.*s", (int)MIN(r->file.len, 4096u),
                                             r->file.p, (int)MIN(r->title.len, 4096u), r->title.p);
                state_text(to, s, 4096);
        }
        return to->failed ? -ENOMEM : 0;
}

/* Whether it has something to look for in the past, and up to where. */
static int is_due(struct past *p, bool correlation, uint32_t i, bool *ret) {
        _cleanup_(buf_deinit) struct buf name = {0};
        unsigned char v[RULE_VERSION_BYTES];
        uint64_t since = 0, covered = 0;
        struct program_rule r;

        bool there = correlation ? program_correlation_meta(p->rules.program, i, &r)
                                 : program_rule(p->rules.program, i, &r);
        *ret = p->o.n_rules > 0 || (p->o.n_intel > 0 && there && r.indicator);
        if (*ret || p->o.n_intel > 0 || !there)
                return 0;
        version(p, correlation, i, v);
        int e = name_of(p, &r, &name);
        if (e == 0 && p->state)
                e = state_known(p->state, correlation ? STATE_CORRELATION : STATE_RULE,
                                buf_get(&name), span_of((const char *)v, sizeof(v)), &since,
                                &covered);
        *ret = e == 0 || (since > p->first && covered < since);
        return MIN(e, 0);
}

static void want_hits(struct past *p, uint32_t c) {
        for (uint32_t k = 0; k < p->spec[c].n_refs; k++) {
                const struct corr_ref *ref = &p->spec[c].refs[k];

                if (ref->is_correlation && ref->index < p->n_spec)
                        want_hits(p, ref->index); /* no cycles: corr_spec.h */
                else if (!ref->is_correlation && ref->index < program_rules(p->rules.program))
                        p->only[ref->index] |= RETRO_HITS;
        }
}

static int choose(struct past *p) {
        uint32_t n = program_rules(p->rules.program);
        int r = 0;

        p->only = calloc(n + 1, 1);
        p->alerts = calloc(p->n_spec + 1, sizeof(bool));
        if (!p->only || !p->alerts)
                return -ENOMEM;
        for (uint32_t i = 0; i < n && r == 0; i++) {
                bool due;

                r = is_due(p, false, i, &due);
                p->only[i] = due ? RETRO_REPORTS : 0;
                p->n_chosen += due;
        }
        for (uint32_t i = 0; i < p->n_spec && r == 0; i++) {
                r = is_due(p, true, i, &p->alerts[i]);
                p->n_chosen_correlations += p->alerts[i];
                if (p->alerts[i])
                        want_hits(p, i);
        }
        return r;
}

/* What is run over what: the same again goes on where it was. */
static void make_key(const struct past *p, unsigned char key[16]) {
        uint32_t n = program_rules(p->rules.program);
        unsigned char v[RULE_VERSION_BYTES];
        crypto_generichash_state h;

        crypto_generichash_init(&h, NULL, 0, 16);
        for (uint32_t i = 0; i < n + p->n_spec; i++) {
                bool c = i >= n;

                if (c ? !p->alerts[i - n] : !(p->only[i] & RETRO_REPORTS))
                        continue;
                version(p, c, c ? i - n : i, v);
                crypto_generichash_update(&h, v, sizeof(v));
        }
        crypto_generichash_update(&h, (const unsigned char *)&p->o.from, sizeof(p->o.from));
        crypto_generichash_update(&h, (const unsigned char *)&p->o.to, sizeof(p->o.to));
        if (p->o.source)
                crypto_generichash_update(&h, (const unsigned char *)p->o.source,
                                          strlen(p->o.source));
        crypto_generichash_final(&h, key, 16);
}

/* ---- the line to the desk ---- */

/* The desk's next word. -EPIPE: it has gone. */
static int listen_to(struct past *p) {
        union {
                struct msg_retro retro;
                struct msg_control_reply reply;
        } m;
        struct pollfd f = {.fd = p->line, .events = POLLIN};
        unsigned n_fds = 0;
        int fd = -1, r = 0;

        while (r == 0) {
                r = os_poll(&f, 1, POLL_MS);
                if (r == 0 && cancelled)
                        return -ECANCELED;
        }
        if (r < 0)
                return r;
        ssize_t n = os_recv(p->line, &m, sizeof(m), &fd, 1, &n_fds);
        if (n_fds)
                os_close(fd);
        if (n == sizeof(m.reply) && m.reply.magic == CONTROL_MAGIC)
                return m.reply.error < 0 ? m.reply.error : -EPROTO;
        if (n != sizeof(m.retro))
                return n < 0 ? (int)n : -EPIPE;
        p->said = m.retro;
        if (m.retro.type == RETRO_REFUSED)
                return m.retro.error < 0 ? m.retro.error : -EPROTO;
        return 0;
}

static int ask_node(struct past *p) {
        struct msg_control_retro m = {.head = {CONTROL_MAGIC, CONTROL_RETRO, 0, lang_current},
                                      .begin = {.flags = p->n_chosen_correlations ? RETRO_WHOLE : 0,
                                                .rules = p->n_chosen + p->n_chosen_correlations,
                                                .first = p->first,
                                                .past = p->past,
                                                .since = p->o.from,
                                                .until = p->o.to}};

        make_key(p, m.begin.key);
        if (p->o.by)
                snprintf(m.begin.who, sizeof(m.begin.who), "%s", p->o.by);
        else
                snprintf(m.begin.who, sizeof(m.begin.who), "uid %u", (unsigned)geteuid());
        if (p->o.source)
                snprintf(m.begin.source, sizeof(m.begin.source), "%s", p->o.source);
        p->line = control_ask_retro(p->config->control, &m, p->rules.program_fd);
        if (p->line == -ENOENT || p->line == -ECONNREFUSED)
                return 0;
        if (p->line < 0)
                return p->line;
        int r = listen_to(p);
        if (r == 0 && p->said.type != RETRO_READY)
                r = -EPROTO;
        if (r < 0)
                return r;
        p->run = p->said.run;
        if (p->said.at > p->first && p->said.at <= p->past) {
                p->first = p->said.at;
                fprintf(stderr,
                        tr("coloa retro: goes on where run %lld was interrupted, at record %llu\n",
                           "coloa retro: tiếp tục lượt chạy %lld từ bản ghi %llu\n"),
                        (long long)p->run, (unsigned long long)p->first);
        }
        p->said = (struct msg_retro){0};
        return 0;
}

static int wait_taken(struct past *p) {
        int r = p->asked ? listen_to(p) : 0;

        p->asked = false;
        return r == 0 && p->said.type != RETRO_TAKEN && p->said.type ? -EPROTO : r;
}

static int send_memory(struct past *p, uint32_t type, struct span bytes, uint64_t at) {
        struct msg_retro m = {.type = type, .at = at, .bytes = bytes.len};
        _cleanup_(os_closep) int fd = -1;
        int r = wait_taken(p); /* one is on its way at most */

        if (r == 0 && bytes.len)
                r = os_memfd("findings", &fd);
        if (r == 0 && bytes.len)
                r = os_write_full(fd, bytes.p, bytes.len);
        if (r == 0 && bytes.len)
                r = os_memfd_seal(fd);
        if (r == 0)
                r = os_send(p->line, &m, sizeof(m), &fd, bytes.len > 0);
        p->asked = r == 0;
        return r;
}

/* What there is, once it is much or waited long. How far the run came goes with it. */
static int flush(struct past *p, bool all) {
        int64_t now = os_monotonic();

        if (p->line < 0 || (p->out.len == 0 && p->next == p->sent_next) ||
            (!all && p->out.len < SEND_BYTES && now - p->sent < SEND_NS))
                return 0;
        p->sent = now;
        p->sent_next = p->next;
        int r = send_memory(p, RETRO_FINDINGS, buf_get(&p->out), p->next);
        buf_reset(&p->out);
        return r;
}

/* ---- what the run says ---- */

static int show(struct past *p, struct span s) {
        int r = 0;

        hide_progress(p);
        while (s.len && r == 0) {
                struct finding f;

                arena_reset(&p->arena);
                ssize_t n = finding_decode(s, &p->arena, &f);
                if (n <= 0)
                        return n < 0 ? (int)n : -EBADMSG;
                r = report_finding(p->report, &f);
                s = span_of(s.p + n, s.len - (size_t)n);
        }
        return r;
}

static int on_findings(void *ctx, struct span encoded, uint64_t next) {
        struct past *p = ctx;

        p->next = next;
        if (p->line < 0)
                return show(p, encoded);
        buf_span(&p->out, encoded);
        return p->out.failed ? -ENOMEM : flush(p, false);
}

static int on_alert(void *ctx, const struct finding *f, struct span encoded) {
        struct past *p = ctx;

        if (f->rule >= p->n_spec || !p->alerts[f->rule])
                return 0;
        if (p->line < 0)
                return report_finding(p->report, f);
        buf_span(&p->out, encoded);
        return p->out.failed ? -ENOMEM : flush(p, false);
}

static int on_aside(void *ctx, uint64_t seq) {
        struct past *p = ctx;
        struct msg_retro m = {.type = RETRO_ASIDE, .at = seq};

        hide_progress(p);
        fprintf(stderr,
                tr("coloa retro: record %llu was set aside: judges died on it or took too long\n",
                   "coloa retro: bản ghi %llu bị để riêng: tiến trình xét bị lỗi hoặc quá lâu\n"),
                (unsigned long long)seq);
        if (p->line < 0)
                return 0;
        int r = wait_taken(p);
        return r < 0 ? r : os_send(p->line, &m, sizeof(m), NULL, 0);
}

static int on_tick(void *ctx, const struct retro_run_stats *s) {
        struct past *p = ctx;
        uint64_t all = p->past - p->first, done = s->at - p->first;
        double seconds = (double)(os_monotonic() - p->started) / 1e9;
        int r = flush(p, false);

        if (r < 0 || !p->progress)
                return r;
        fprintf(stderr,
                tr("\r%3u %%  %llu records  %.0f MB/s\033[K",
                   "\r%3u %%  %llu bản ghi  %.0f MB/s\033[K"),
                all ? (unsigned)(done * 100 / all) : 100, (unsigned long long)s->records,
                (double)s->bytes / 1e6 / (seconds > 0 ? seconds : 1));
        p->shown = true;
        return 0;
}

/* ---- the phases ---- */

static int load_rules(struct past *p) {
        bool own = p->o.n_intel > 0;
        struct rulebook_intel intel = {.files = own ? p->o.intel : p->config->intel.files,
                                       .n_files = own            ? p->o.n_intel
                                                  : p->o.n_rules ? 0
                                                                 : p->config->intel.n_files,
                                       .warnings = p->config->intel.warnings,
                                       .n_warnings = p->config->intel.n_warnings,
                                       .fields = p->config->intel.fields,
                                       .columns = p->config->intel.columns,
                                       .now = os_now(),
                                       .expiry = p->config->intel.expiry_s * NS_PER_SEC};
        struct rulebook_options o = {.intel = &intel,
                                     .rules = p->o.n_rules ? p->o.rules : p->config->rules,
                                     .n_rules = p->o.n_rules ? p->o.n_rules : p->config->n_rules,
                                     .placeholders = p->config->placeholders,
                                     .n_placeholders = p->config->n_placeholders,
                                     .logsources = p->config->logsources,
                                     .job = RULES_COMPILE,
                                     .landlock = p->o.landlock};
        int r = rulebook_load(&p->rules, &o);

        if (r < 0)
                return r;
        if (own || (p->rules.done.n_errors && p->o.n_rules))
                rulebook_print(&p->rules, stderr);
        if (!p->rules.program)
                return -ENODATA;
        r = corr_spec_decode(program_correlation_spec(p->rules.program), &p->arena, &p->spec,
                             &p->n_spec);
        return r == 0 && p->n_spec != program_correlations(p->rules.program) ? -EBADMSG : r;
}

static int open_kept(struct past *p) {
        char path[4200];

        snprintf(path, sizeof(path), "%s/events", p->config->directory);
        int r = reader_open(&p->reader, path);
        if (r == READER_E_BAD || r < 0) {
                fprintf(stderr, "coloa retro: %s: %s\n", path,
                        r > 0 ? tr("no event store", "không phải kho sự kiện") : error_text(r));
                fputs(where_else(), stderr);
                return r > 0 ? -EBADMSG : r;
        }
        r = reader_range(p->reader, &p->first, &p->past);
        if (r < 0)
                return r;
        snprintf(path, sizeof(path), "%s/state/" STATE_FILE, p->config->directory);
        r = state_open(&p->state, &(struct state_options){.path = path, .read_only = true});
        if (r < 0 && r != -ENOENT)
                fprintf(stderr, "coloa retro: %s: %s\n", path,
                        r == -ESTALE ? tr("of an older version: start the node once",
                                          "của phiên bản cũ: hãy khởi động nút một lần")
                                     : error_text(r));
        return r == -ENOENT ? 0 : r;
}

static int write_out(void *ctx, const void *b, size_t n) {
        (void)ctx;
        return fwrite(b, 1, n, stdout) == n ? 0 : -EPIPE;
}

static int open_report(struct past *p) {
        int width = os_terminal_width(STDOUT_FILENO);
        const char *no = getenv("NO_COLOR");
        struct report_context c = {
                .format = p->o.json ? REPORT_JSONL : REPORT_TERMINAL,
                .write = write_out,
                .version = COLOA_VERSION,
                .ruleset = span_str(p->o.n_rules ? p->o.rules[0] : tr("the node's", "của nút")),
                .started = os_now(),
                .width = width > 0 ? (unsigned)width : 100,
                .colour = os_isatty(STDOUT_FILENO) && !(no && *no)};

        report_source_of_program(&c.source, p->rules.program);
        fputs(tr("coloa retro: no node runs here: what is found is shown, no alert is raised\n",
                 "coloa retro: không có nút nào chạy: chỉ hiện kết quả, không nêu cảnh báo\n"),
              stderr);
        return report_new(&p->report, &c);
}

/* The rules are done with the past, if all of it was looked through. */
static int say_end(struct past *p) {
        _cleanup_(buf_deinit) struct buf list = {0};
        uint32_t n = program_rules(p->rules.program);
        bool all = p->o.from == TIME_NONE && p->o.to == TIME_NONE && !p->o.source;
        int r = flush(p, true);

        for (uint32_t i = 0; i < n + p->n_spec && all; i++) {
                uint32_t k = i < n ? i : (i - n) | RETRO_CORRELATION;

                if (i < n ? p->only[i] & RETRO_REPORTS : p->alerts[i - n])
                        buf_add(&list, &k, sizeof(k));
        }
        if (r == 0 && list.failed)
                r = -ENOMEM;
        if (r == 0)
                r = send_memory(p, RETRO_END, buf_get(&list), p->past);
        return r < 0 ? r : wait_taken(p);
}

static void say_gaps(const struct retro_run_stats *s) {
        if (s->damaged)
                fprintf(stderr,
                        tr("coloa retro: %llu records lie in damaged frames; 'coloa verify' says "
                           "where\n",
                           "coloa retro: %llu bản ghi nằm trong khung bị hỏng; 'coloa verify' cho "
                           "biết "
                           "chỗ\n"),
                        (unsigned long long)s->damaged);
        if (s->given_up)
                fprintf(stderr,
                        tr("coloa retro: %llu values cost a regular expression too much: taken for "
                           "no "
                           "match\n",
                           "coloa retro: %llu giá trị quá tốn cho biểu thức chính quy: coi như "
                           "không "
                           "khớp\n"),
                        (unsigned long long)s->given_up);
}

static void say_summary(struct past *p, const struct retro_run_stats *s) {
        double seconds = (double)(os_monotonic() - p->started) / 1e9;

        hide_progress(p);
        if (p->o.quiet)
                return;
        fprintf(stderr,
                tr("%u rules, %u correlations over %llu records (%llu to %llu), %.1f s, %.0f "
                   "MB/s\n",
                   "%u quy tắc, %u tương quan trên %llu bản ghi (%llu đến %llu), %.1f giây, %.0f "
                   "MB/s\n"),
                p->n_chosen, p->n_chosen_correlations, (unsigned long long)s->records,
                (unsigned long long)p->first, (unsigned long long)s->at, seconds,
                (double)s->bytes / 1e6 / (seconds > 0 ? seconds : 1));
        if (p->line >= 0)
                fprintf(stderr,
                        tr("run %lld: %llu new verdicts, %llu new alerts; %llu were said "
                           "before%s\n",
                           "lượt %lld: %llu phán quyết mới, %llu cảnh báo mới; %llu đã có từ "
                           "trước%s\n"),
                        (long long)p->run, (unsigned long long)p->said.verdicts,
                        (unsigned long long)p->said.alerts, (unsigned long long)p->said.doubled,
                        p->said.counted ? tr("; rules that say too much were only counted",
                                             "; quy tắc nói quá nhiều chỉ được đếm")
                                        : "");
}

static int run(struct past *p) {
        struct retro_run_options o = {.program_fd = p->rules.program_fd,
                                      .source = p->o.source,
                                      .judges = p->o.jobs ? p->o.jobs : os_cpu_count(),
                                      .landlock = p->o.landlock,
                                      .from = p->o.from,
                                      .to = p->o.to,
                                      .first = p->first,
                                      .past = p->past,
                                      .correlate = p->n_chosen_correlations > 0,
                                      .cancelled = &cancelled};
        struct retro_run_calls calls = {p, on_findings, on_aside, on_alert, on_tick};
        struct reader_query q = {.from = p->first,
                                 .to = p->past,
                                 .time_from =
                                         p->o.from == TIME_NONE ? TIME_NONE : p->o.from - DAY_NS,
                                 .time_to = TIME_NONE};
        struct retro_run_stats st;

        o.only = span_of((const char *)p->only, program_rules(p->rules.program));
        if (o.only.len == 0)
                o.only.len = 1; /* a memory of nothing cannot be mapped */
        p->started = p->sent = os_monotonic();
        p->next = p->sent_next = p->first;
        reader_begin(p->reader, &q);
        int r = retro_run(&o, p->reader, &calls, &st);
        if (r == 0 && p->line >= 0)
                r = say_end(p);
        else if (r == -ECANCELED && p->line >= 0)
                (void)(flush(p, true) < 0 || wait_taken(p) < 0); /* so much is kept */
        if (p->report) {
                struct report_summary s = {.files = 1,
                                           .records = st.records,
                                           .bytes = st.bytes,
                                           .crashes = st.aside,
                                           .duration = os_monotonic() - p->started,
                                           .rules = p->n_chosen,
                                           .correlations = p->n_chosen_correlations,
                                           .interrupted = r != 0};
                struct report_unreadable damaged = {
                        .phrase =
                                span_str(tr("damaged frames of the store", "khung hỏng của kho"))};
                int e = st.damaged ? report_unreadable(p->report, &damaged) : 0;

                e = e == 0 ? report_end(p->report, &s) : e;
                r = r == 0 ? e : r;
        }
        say_summary(p, &st);
        say_gaps(&st);
        return r < 0 ? r : st.aside || st.damaged ? 1 : 0;
}

/* Verdicts are kept up to a number of them (doc/state.md). The node's own new rules are run once anyhow. */
static void say_forgotten(struct past *p) {
        int64_t below = 0;

        if (p->state && (p->o.n_rules || p->o.n_intel || p->o.source || p->o.from != TIME_NONE) &&
            state_number(p->state, "verdicts_below", &below) == 0 && (uint64_t)below > p->first)
                fprintf(stderr,
                        tr("coloa retro: what was said of records below %lld is not known any "
                           "more: "
                           "an alert that an earlier run raised about them may come again, marked "
                           "with this run\n",
                           "coloa retro: không còn biết đã báo gì về các bản ghi dưới %lld: cảnh "
                           "báo "
                           "mà lượt chạy trước đã nêu về chúng có thể xuất hiện lại, mang dấu lượt "
                           "chạy này\n"),
                        (long long)below);
}

static int retro(struct past *p) {
        int r = serve_config(p->o.config, p->o.directory, &p->config);

        if (r == 0)
                r = load_rules(p);
        if (r == 0)
                r = open_kept(p);
        if (r == 0)
                r = choose(p);
        if (r < 0)
                return r;
        if (p->n_chosen + p->n_chosen_correlations == 0 || p->first >= p->past) {
                fputs(tr("No rule is newer than what is kept: there is nothing to look for.\n"
                         "(-r RULES runs rules whatever was run before.)\n",
                         "Không có quy tắc nào mới hơn dữ liệu đang giữ: không có gì để tìm.\n"
                         "(-r QUY_TẮC chạy quy tắc bất kể đã chạy hay chưa.)\n"),
                      stderr);
                return 0;
        }
        say_forgotten(p);
        r = ask_node(p);
        if (r == 0 && p->line < 0)
                r = open_report(p);
        if (r == 0 && p->line >= 0)
                (void)os_nice(GIVE_WAY); /* to the present */
        return r < 0 ? r : run(p);
}

/* ---- the command line ---- */

static const char help_en[] =
        "Usage: coloa retro [options]\n"
        "\n"
        "Runs rules over the events that a node keeps. Without -r, the node's rules that are new "
        "or\n"
        "changed, over what was received before they came. The node raises what is found as "
        "alerts\n"
        "marked 'retro' and goes on as it was; if none runs, findings are shown, as a hunt's are.\n"
        "Again, it finds nothing new; interrupted (Ctrl-C), it goes on where it was, but from the\n"
        "beginning if correlations are among the rules. doc/retro.md says more.\n"
        "\n"
        "  -r, --rules RULES    these rules (file, directory, zip; may be given again)\n"
        "      --intel FILE     these indicators alone (STIX, MISP, CSV; may be given again)\n"
        "      --from T, --to T when events happened: 2026-11-23T07:00:00Z, or -1h, -7d\n"
        "      --source NAME    only of this source\n"
        "  -c, --config FILE    the node's configuration\n"
        "      --directory DIR  its directory, when it has no configuration\n"
        "      --by NAME        who asks, for the audit log (default: the user's number)\n"
        "      --jobs N         judges (default: one per processor)\n"
        "      --json           findings as lines of JSON, when no node runs\n"
        "  -q, --quiet          neither progress nor summary\n"
        "      --lang LANG      en or vi\n"
        "\n"
        "Exit codes: 0 done, 1 done but for records set aside or damaged, 2 usage, 3 it could not\n"
        "be done, or was interrupted.\n";
static const char help_vi[] =
        "Cách dùng: coloa retro [tùy chọn]\n"
        "\n"
        "Chạy quy tắc trên các sự kiện mà nút đang giữ. Không có -r thì chạy những quy tắc mới "
        "hoặc\n"
        "đã đổi của nút, trên những gì nhận trước khi có chúng. Nút nêu kết quả thành cảnh báo có\n"
        "dấu 'hồi cứu' và vẫn làm việc như thường; nếu nút không chạy thì chỉ hiện kết quả như "
        "hunt.\n"
        "Chạy lại không tìm thêm gì; bị ngắt (Ctrl-C) thì lần sau tiếp tục từ chỗ dừng, nhưng làm\n"
        "lại từ đầu nếu có tương quan. doc/retro.md nói rõ hơn.\n"
        "\n"
        "  -r, --rules QUY_TẮC      những quy tắc này (tệp, thư mục, zip; có thể lặp lại)\n"
        "      --intel TỆP              chỉ các chỉ dấu này (STIX, MISP, CSV; có thể lặp lại)\n"
        "      --from LÚC, --to LÚC giờ sự kiện: 2026-11-23T07:00:00Z, hoặc -1h, -7d\n"
        "      --source TÊN         chỉ của nguồn này\n"
        "  -c, --config TỆP         cấu hình của nút\n"
        "      --directory THƯ_MỤC  thư mục của nút, khi không có cấu hình\n"
        "      --by TÊN             ai yêu cầu, cho nhật ký kiểm toán (mặc định: số của người "
        "dùng)\n"
        "      --jobs N             số tiến trình xét (mặc định: mỗi bộ xử lý một)\n"
        "      --json               kết quả thành dòng JSON, khi nút không chạy\n"
        "  -q, --quiet              không hiện tiến độ và tổng kết\n"
        "      --lang NGỮ           en hoặc vi\n"
        "\n"
        "Mã thoát: 0 xong, 1 xong nhưng có bản ghi bị để riêng hay hỏng, 2 sai cách dùng, 3 không "
        "làm được\n"
        "hoặc bị ngắt.\n";

static int add_rules(void *to, const char *v) {
        struct retro_options *o = to;

        if (o->n_rules == RULES_MAX)
                return OPTION_REFUSED;
        o->rules[o->n_rules++] = v;
        return OPTION_GOOD;
}

static int add_intel(void *to, const char *v) {
        struct retro_options *o = to;

        if (o->n_intel == RULES_MAX)
                return OPTION_REFUSED;
        o->intel[o->n_intel++] = v;
        return OPTION_GOOD;
}

static int set_source(void *to, const char *v) {
        struct retro_options *o = to;

        o->source = v;
        return *v && strlen(v) < SOURCE_NAME_MAX ? OPTION_GOOD : OPTION_REFUSED;
}

#define AT(member) OPTION_OF(retro_options, member)

static const struct option_row rows[] = {
        {"rules", 'r', OPTION_CALL, 0, add_rules},
        {"config", 'c', OPTION_TEXT, AT(config), NULL},
        {"quiet", 'q', OPTION_FLAG, AT(quiet), NULL},
        {"directory", 0, OPTION_TEXT, AT(directory), NULL},
        {"from", 0, OPTION_TIME, AT(from), NULL},
        {"to", 0, OPTION_TIME, AT(to), NULL},
        {"source", 0, OPTION_CALL, 0, set_source},
        {"intel", 0, OPTION_CALL, 0, add_intel},
        {"by", 0, OPTION_TEXT, AT(by), NULL},
        {"jobs", 0, OPTION_COUNT, AT(jobs), NULL},
        {"json", 0, OPTION_FLAG, AT(json), NULL},
        {"landlock", 0, OPTION_NUMBER, AT(landlock), NULL},
};

static int read_options(struct retro_options *o, int argc, char **argv) {
        static const struct option_verb verb = {"coloa retro", help_en, help_vi, rows,
                                                ARRAY_LEN(rows)};

        *o = (struct retro_options){.from = TIME_NONE, .to = TIME_NONE, .landlock = -1};
        int r = option_rows_read(&verb, o, argc, argv);
        return r != 0 ? r : option_nothing_left(verb.name, argc, argv);
}

static void say_why(struct past *p, int r) {
        hide_progress(p);
        if (r == -ECANCELED)
                fputs(tr("coloa retro: interrupted; the same again goes on\n",
                         "coloa retro: đã ngắt; chạy lại để tiếp tục\n"),
                      stderr);
        else if (r == -EPIPE && p->line >= 0)
                fputs(tr("coloa retro: the node's desk has gone; the same again goes on\n",
                         "coloa retro: tiến trình desk của nút đã dừng; chạy lại để tiếp tục\n"),
                      stderr);
        else if (r == -EBUSY && p->line >= 0)
                fputs(tr("coloa retro: another run is on\n",
                         "coloa retro: đang có lượt chạy khác\n"),
                      stderr);
        else
                fprintf(stderr, "coloa retro: %s\n", error_text(r));
}

int verb_retro(int argc, char **argv) {
        static struct past p = {.line = -1, .rules = {.program_fd = -1}};
        int r = read_options(&p.o, argc, argv);

        if (r != 0)
                return r == 1 ? 0 : 2;
        if (sodium_init() < 0)
                return 3;
        signal(SIGINT, cancel);
        signal(SIGTERM, cancel);
        arena_init(&p.arena, (size_t)64 << 20);
        p.out.limit = (size_t)500 << 20;
        p.progress = os_isatty(STDERR_FILENO) && !p.o.quiet;
        r = retro(&p);
        if (r < 0)
                say_why(&p, r);
        report_free(p.report);
        reader_free(p.reader);
        state_free(p.state);
        os_close_quiet(p.line);
        rulebook_deinit(&p.rules);
        if (p.config)
                config_deinit(p.config);
        free(p.config);
        buf_deinit(&p.out);
        arena_deinit(&p.arena);
        free(p.only);
        free(p.alerts);
        return r < 0 ? 3 : r;
}

/* `coloa serve`: the node in the foreground, until a signal ends it. And the verbs that ask a node
 * that runs: `coloa status`, `coloa reload`.
 *
 * SIGTERM and SIGINT: receipt ends, what was received is made durable and judged, then the processes
 * end. SIGHUP: as `coloa reload`. Log lines go to standard error as key=value. */
#include "main/serve.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/timestamp.h"
#include "main/config_reload.h"
#include "main/control.h"
#include "main/node.h"
#include "main/option_rows.h"
#include "main/phrases.h"
#include "main/rulebook.h"
#include "main/service.h"
#include "main/status.h"
#include "main/try_out.h"
#include "main/version.h"

#define DEFAULT_CONFIG "/etc/coloa/coloa.yaml"
#define CONFIG_MAX ((size_t)1 << 20)
#define STOP_NS (INT64_C(20) * NS_PER_SEC)
#define ERRORS_SHOWN 20u

struct serve {
        const char *config_path; /* NULL: the defaults of a try-out */
        const char
                *directory; /* instead of the configuration's; the control socket lies there too */
        char control_path[1100];
        int landlock;
        struct config *config; /* the node holds it too */
        struct rulebook rules;
        struct node *node;
        struct control_server *control;
        int signals;
        int64_t stop_at; /* monotonic; 0: runs */
        bool up_said, journal, serves;
        struct buf *told; /* what is wrong in the configuration, for who asked; NULL: nobody did */
        uint32_t gone;    /* listeners of a try-out whose ports others have */
};

const char *serve_default_config(void) {
        return access(DEFAULT_CONFIG, R_OK) == 0 ? DEFAULT_CONFIG : NULL;
}

/* Names of files are others' text: no line end in them begins a line of ours. */
static void clean(char *to, size_t room, const char *text) {
        snprintf(to, room, "%s", text);
        for (; *to; to++)
                if ((unsigned char)*to < ' ' || *to == 0x7f)
                        *to = '?';
}

static void log_line(void *ctx, int level, const char *process, const char *text) {
        static const char *const names[] = {"error", "warning", "info"};
        static const int priority[] = {3, 4, 6};
        const struct serve *s = ctx;
        char now[40], line[1100];

        level = MIN(MAX(level, 0), 2);
        if (s->journal) {
                fprintf(stderr, "<%d>", priority[level]);
        } else {
                time_format(now, os_now(), 3);
                fprintf(stderr, "time=%s ", now);
        }
        clean(line, sizeof(line), text);
        fprintf(stderr, "level=%s process=%s %s\n", names[level], process, line);
}

_printf_(3, 4) static void say(struct serve *s, int level, const char *fmt, ...) {
        char text[1024];
        va_list ap;

        va_start(ap, fmt);
        vsnprintf(text, sizeof(text), fmt, ap);
        va_end(ap);
        log_line(s, level, "main", text);
}

/* ---- configuration and rules ---- */

static void complain(void *ctx, uint32_t line, uint32_t column, const char *text) {
        struct serve *s = ctx;

        const char *path = s->config_path ? s->config_path : "-";

        if (s->told)
                buf_printf(s->told, "coloa: %s:%u:%u: %s\n", path, line, column, text);
        if (!s->serves) { /* to who asked, not to a log */
                if (!s->told)
                        fprintf(stderr, "coloa: %s:%u:%u: %s\n", path, line, column, text);
                return;
        }
        say(s, 0, "path=%s:%u:%u %s", path, line, column, text);
}

static void say_text(void *ctx, int level, const char *text) {
        struct serve *s = ctx;

        /* The verbs that only ask it are not the place to say what it lacks. */
        if (s->serves)
                say(s, level, "%s", text);
}

static int read_try_out(struct serve *s, struct config *ret) {
        _cleanup_(buf_deinit) struct buf b = {0};

        try_out_text(&b, say_text, s);
        int r = b.failed ? -ENOMEM : config_parse(ret, "-", buf_get(&b), complain, s);
        if (r == 0 && s->serves)
                try_out_ports(ret, !s->node, &s->gone, say_text, s);
        return r;
}

static int read_config(struct serve *s, struct config *ret) {
        char *text = NULL;
        size_t len = 0;
        int r;

        if (!s->config_path)
                return read_try_out(s, ret);
        r = os_read_file(s->config_path, CONFIG_MAX, &text, &len);
        if (r < 0 && !s->serves)
                fprintf(stderr, "coloa: %s: %s\n", s->config_path, error_text(r));
        else if (r < 0)
                say(s, 0, "path=%s cannot be read: %s", s->config_path, error_text(r));
        if (r < 0)
                return r;
        if (s->node && span_trim(span_of(text, len)).len == 0) {
                /* An editor that is at work empties it first; defaults for a node that runs mean no
                 * listeners, and nobody means that. */
                complain(s, 1, 1, "the file is empty: was it being written?");
                r = -EINVAL;
        } else {
                r = config_parse(ret, s->config_path, span_of(text, len), complain, s);
        }
        free(text);
        return r;
}

/* What the command line says stands above the file. */
static void override(struct serve *s, struct config *c) {
        if (!s->directory)
                return;
        snprintf(s->control_path, sizeof(s->control_path), "%s/control", s->directory);
        c->directory = s->directory;
        c->control = s->control_path;
}

void serve_rules(const struct config *c, int landlock, struct rulebook_intel *intel,
                 struct rulebook_options *ret) {
        *intel = (struct rulebook_intel){.files = c->intel.files,
                                         .n_files = c->intel.n_files,
                                         .warnings = c->intel.warnings,
                                         .n_warnings = c->intel.n_warnings,
                                         .fields = c->intel.fields,
                                         .columns = c->intel.columns,
                                         .now = os_now(),
                                         .expiry = c->intel.expiry_s * NS_PER_SEC};
        *ret = (struct rulebook_options){.intel = intel,
                                         .rules = c->rules,
                                         .n_rules = c->n_rules,
                                         .placeholders = c->placeholders,
                                         .n_placeholders = c->n_placeholders,
                                         .logsources = c->logsources,
                                         .job = RULES_COMPILE,
                                         .landlock = landlock};
}

static struct span next_line(struct span *text) {
        const char *nl = memchr(text->p, '\n', text->len);
        struct span line = span_of(text->p, nl ? (size_t)(nl - text->p) : text->len);
        size_t used = MIN(line.len + 1, text->len);

        *text = span_of(text->p + used, text->len - used);
        return line;
}

/* The law, ours and the administrator's. One that is wrong is said, and those before stay; at the start
 * that is none, and the node does not go on with deadlines that nobody meant. */
static int read_regimes(struct serve *s, const struct config *c, struct rulebook *ret,
                        struct buf *out) {
        int r = rulebook_regimes(ret, c->regimes, c->n_regimes, s->landlock);

        if (r < 0) {
                say(s, 0, "regimes cannot be read: %s", error_text(r));
                return r;
        }
        if (!ret->done.n_errors)
                return 0;
        rulebook_clean(ret);
        struct span text = span_of(ret->text, ret->text_len);
        while (text.len) {
                struct span line = next_line(&text);

                if (out) {
                        buf_span(out, line);
                        buf_char(out, '\n');
                }
                say(s, 0, "path=%.*s", (int)MIN(line.len, (size_t)900), line.p);
        }
        return -EINVAL;
}

static int read_rules(struct serve *s, const struct config *c, struct rulebook *ret) {
        struct rulebook_intel intel;
        struct rulebook_options o;

        serve_rules(c, s->landlock, &intel, &o);
        int r = rulebook_load(ret, &o);

        if (r < 0) {
                say(s, 0, "rules cannot be read: %s", error_text(r));
                return r;
        }
        if (ret->done.n_errors)
                say(s, 1, "refused=%u rules were refused; 'coloa rules check' says why",
                    ret->done.n_refused);
        say(s, 2, "rules=%u correlations=%u rules loaded", ret->done.n_rules,
            ret->done.n_correlations);
        if (c->intel.n_files)
                say(s, ret->done.n_intel_errors ? 1 : 2,
                    "indicators=%u left-out=%u errors=%u indicators loaded%s",
                    ret->done.n_indicators, ret->done.n_intel_left, ret->done.n_intel_errors,
                    ret->done.n_intel_left || ret->done.n_intel_errors
                            ? "; 'coloa intel check' says why"
                            : "");
        return 0;
}

static void tell_numbers(struct serve *s) {
        node_set_numbers(s->node, &s->rules.done);
}

static struct config *forget_config(struct config *c) {
        if (c)
                config_deinit(c);
        free(c);
        return NULL;
}

static int take_config(struct serve *s, struct config **ret) {
        struct config *c = calloc(1, sizeof(*c));
        int r = c ? read_config(s, c) : -ENOMEM;

        if (r < 0) {
                free(c); /* config_parse() left nothing in it */
                return r;
        }
        override(s, c);
        *ret = c;
        return 0;
}

/* The file that a line of diagnostics is about: "FILE:LINE:COLUMN: error: …". */
static struct span file_of(struct span line) {
        const char *e = memmem(line.p, line.len, ": error: ", 9);
        size_t n = e ? (size_t)(e - line.p) : 0;

        for (unsigned part = 0; part < 2; part++) {
                size_t k = n;

                while (k && line.p[k - 1] >= '0' && line.p[k - 1] <= '9')
                        k--;
                if (k && k < n && line.p[k - 1] == ':')
                        n = k - 1;
        }
        return span_of(line.p, n);
}

static bool names_file(const struct rulebook *b, struct span file) {
        struct span text = span_of(b->text, b->text_len);

        while (text.len) {
                struct span f = file_of(next_line(&text));
                if (span_eq(f, file))
                        return true;
        }
        return false;
}

/* A rule that was refused before keeps nobody from a reload; a file that has got an error does: who
 * made a slip while writing shall not lose the rule that was in force. Says which, and where. */
static bool worse(struct serve *s, struct rulebook *fresh, struct buf *out) {
        struct span text;
        unsigned shown = 0;
        bool bad = fresh->done.n_errors > s->rules.done.n_errors;

        rulebook_clean(fresh);
        text = span_of(fresh->text, fresh->text_len);
        while (text.len) {
                struct span line = next_line(&text), file = file_of(line);

                if (!file.len || (!bad && names_file(&s->rules, file)))
                        continue;
                if (shown == 0)
                        buf_reset(out);
                bad = true;
                if (shown++ >= ERRORS_SHOWN)
                        continue;
                buf_span(out, line);
                buf_char(out, '\n');
                say(s, 0, "%.*s", (int)MIN(line.len, (size_t)900), line.p);
        }
        return bad;
}

static int read_new_rules(struct serve *s, const struct config *c, struct rulebook *ret,
                          struct buf *out) {
        int r = read_rules(s, c, ret);

        if (r < 0 || !worse(s, ret, out))
                return r;
        say(s, 0, "errors=%u the rules have new errors: those before stay in force",
            ret->done.n_errors);
        buf_str(out, tr("the rules have new errors; 'coloa rules check' says more\n",
                        "quy tắc có lỗi mới; 'coloa rules check' cho biết thêm\n"));
        return -EINVAL;
}

static const char config_errors_en[] =
        "the configuration has errors: nothing was changed. Mend what is named above, then "
        "'coloa reload' again\n";
static const char config_errors_vi[] =
        "cấu hình có lỗi: không thay đổi gì. Hãy sửa các chỗ nêu trên rồi chạy lại 'coloa "
        "reload'\n";

/* What it names must be there: a source without its tokens would be closed to all of its senders. */
static int read_files(struct serve *s, const struct config *c, struct buf *out) {
        size_t before = out->len;
        int r = config_files_wrong(c, out);
        struct span text = span_of(out->p + before, out->len - before);

        while (r < 0 && text.len) {
                struct span line = next_line(&text);
                say(s, 0, "path=%.*s", (int)line.len, line.p);
        }
        return r;
}

static int read_anew(struct serve *s, struct buf *out) {
        struct rulebook rules = {.program_fd = -1}, regimes = {.program_fd = -1};
        _cleanup_(buf_deinit) struct buf later = {0};
        struct config *config = NULL;
        int r;

        s->told = out;
        r = take_config(s, &config);
        s->told = NULL;
        if (r < 0) {
                if (r != -EINVAL)
                        buf_printf(out, "coloa: %s: %s\n", s->config_path ? s->config_path : "-",
                                   error_text(r));
                buf_str(out, tr(config_errors_en, config_errors_vi));
                return r;
        }
        r = config_keep_fixed(config, s->config, &later);
        if (r == 0)
                r = read_files(s, config, out);
        if (r == 0)
                r = read_regimes(s, config, &regimes, out);
        if (r == 0)
                r = read_new_rules(s, config, &rules, out);
        if (r == 0)
                r = node_set_regimes(s->node, span_of(regimes.text, regimes.text_len));
        rulebook_deinit(&regimes);
        if (r == 0)
                r = node_set_config(s->node, config);
        if (r < 0) {
                buf_printf(out, tr("nothing was changed: %s\n", "không thay đổi gì: %s\n"),
                           error_text(r));
                rulebook_deinit(&rules);
                forget_config(config);
                return r;
        }
        forget_config(s->config);
        s->config = config;
        r = node_set_program(s->node, rules.program_fd);
        if (r < 0)
                buf_printf(out, tr("the rules stay as they were: %s\n", "quy tắc giữ nguyên: %s\n"),
                           error_text(r));
        if (r == 0)
                rulebook_deinit(&s->rules);
        else
                rulebook_deinit(&rules);
        s->rules = r == 0 ? rules : s->rules;
        tell_numbers(s);
        buf_printf(out,
                   tr("%u rules, %u correlations, %u sources, %u listeners\n",
                      "%u quy tắc, %u tương quan, %u nguồn, %u cổng nghe\n"),
                   s->rules.done.n_rules, s->rules.done.n_correlations, s->config->n_sources,
                   s->config->n_listen);
        if (later.len) {
                buf_printf(out,
                           tr("only at the next start: %.*s\n", "chỉ từ lần khởi động sau: %.*s\n"),
                           (int)later.len, later.p);
                say(s, 1, "keys=\"%.*s\" take effect at the next start only", (int)later.len,
                    later.p);
        }
        say(s, 2, "configuration and rules were read anew");
        return r;
}

static void tell_ready(const struct serve *s) {
        char text[128];

        snprintf(text, sizeof(text), "%u rules, %u sources, %u listeners", s->rules.done.n_rules,
                 s->config->n_sources, s->config->n_listen);
        service_ready(text);
}

static int reload(struct serve *s, struct buf *out) {
        service_reloading();
        int r = read_anew(s, out);
        tell_ready(s); /* as before, if that failed */
        return r;
}

/* ---- running ---- */

static void stop(struct serve *s) {
        if (s->stop_at)
                return;
        say(s, 2, "stopping: what was received is made durable and judged first");
        service_stopping();
        node_stop(s->node);
        s->stop_at = os_monotonic() + STOP_NS;
}

static int answer(void *ctx, const struct msg_control *m, struct buf *out) {
        struct serve *s = ctx;

        switch (m->verb) {
        case CONTROL_STATUS: status_write(out, s->node, m->json != 0); return 0;
        case CONTROL_RELOAD: return reload(s, out);
        case CONTROL_STOP: stop(s); return 0;
        default: return -ENOSYS;
        }
}

static int import(void *ctx, const struct msg_control_import *m, int file, int sock) {
        struct serve *s = ctx;

        return node_import(s->node, m, file, sock);
}

static int keep(void *ctx, const struct msg_control_keep *m, int sock) {
        struct serve *s = ctx;

        return node_keep(s->node, m, sock);
}

static int retro(void *ctx, const struct msg_control_retro *m, int program, int sock) {
        struct serve *s = ctx;

        return node_retro(s->node, m, program, sock);
}

static int api(void *ctx, int *ret_fd) {
        struct serve *s = ctx;

        return node_api(s->node, ret_fd);
}

static void take_signals(struct serve *s) {
        struct buf out = {0};
        uint32_t info[32]; /* struct signalfd_siginfo: 128 bytes, the number first */

        if (os_read(s->signals, info, sizeof(info)) != sizeof(info))
                return;
        if (info[0] == SIGHUP)
                (void)reload(s, &out);
        else if (s->stop_at)
                s->stop_at = 1; /* the second time: at once */
        else
                stop(s);
        buf_deinit(&out);
}

static void say_up(struct serve *s) {
        if (s->up_said || !node_all_up(s->node))
                return;
        s->up_said = true;
        for (uint32_t i = 0; i < s->config->n_listen; i++)
                say(s, 2, "listener=%s port=%u open", s->config->listen[i].name,
                    s->config->listen[i].port);
        say(s, 2, "the node is up; 'coloa status' says how it does");
        tell_ready(s);
}

static int run(struct serve *s) {
        int r = 0;

        while (r == 0) {
                r = node_turn(s->node, 100);
                if (r == 0 && node_is_readable(s->node, s->signals))
                        take_signals(s);
                if (r == 0 && s->control && node_is_readable(s->node, control_fd(s->control)))
                        control_serve(s->control,
                                      &(struct control_calls){answer, import, keep, retro, api, s});
                say_up(s);
                service_tick();
                if (s->stop_at && (node_stopped(s->node) || os_monotonic() > s->stop_at))
                        break;
        }
        return r;
}

static int open_control(struct serve *s) {
        int r = control_open(&s->control, s->config->control);

        if (r == -EADDRINUSE) {
                say(s, 0, "path=%s a node answers there already", s->config->control);
                return r;
        }
        if (r < 0) {
                say(s, 1, "path=%s cannot be made, so no 'coloa status': %s", s->config->control,
                    error_text(r));
                return 0;
        }
        return node_wait_for(s->node, control_fd(s->control));
}

static int serve(struct serve *s) {
        static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
        struct node_options o = {.landlock = s->landlock, .log = log_line};
        int r = take_config(s, &s->config);

        if (r < 0)
                return r;
        o.config = s->config;
        r = read_rules(s, s->config, &s->rules);
        if (r < 0)
                return r;
        o.ctx = s;
        o.program_fd = s->rules.program_fd;
        struct rulebook regimes = {.program_fd = -1};
        r = read_regimes(s, s->config, &regimes, NULL);
        if (r == 0)
                r = node_new(&s->node, &o);
        if (r == 0)
                r = node_set_regimes(s->node, span_of(regimes.text, regimes.text_len));
        rulebook_deinit(&regimes);
        if (r < 0)
                return r;
        tell_numbers(s);
        s->signals = os_signalfd(signals, ARRAY_LEN(signals));
        r = s->signals < 0 ? s->signals : node_wait_for(s->node, s->signals);
        if (r == 0)
                r = open_control(s);
        return r < 0 ? r : run(s);
}

/* ---- the verbs ---- */

static const char help_en[] =
        "Usage: coloa serve [-c FILE] [--directory DIR]\n"
        "       coloa status [-c FILE] [--directory DIR] [--json]\n"
        "       coloa reload [-c FILE] [--directory DIR]\n"
        "\n"
        "serve receives logs, keeps them, judges them and raises alerts, in the foreground.\n"
        "Without -c or --directory, /etc/coloa/coloa.yaml; without that file, a try-out that "
        "listens to\n"
        "this machine and reads its own logs.\n"
        "\n"
        "  -c, --config FILE   the configuration\n"
        "      --directory DIR where events, alerts and keys are kept, and the node is reached\n"
        "      --json          status: as JSON\n"
        "      --lang LANG     en or vi\n"
        "\n"
        "SIGHUP reads configuration and rules anew, as 'coloa reload' does.\n"
        "Exit codes: 0 good, 2 usage, 3 it could not start, go on, or be reached.\n";
static const char help_vi[] =
        "Cách dùng: coloa serve [-c TỆP] [--directory THƯ_MỤC]\n"
        "           coloa status [-c TỆP] [--directory THƯ_MỤC] [--json]\n"
        "           coloa reload [-c TỆP] [--directory THƯ_MỤC]\n"
        "\n"
        "serve nhận nhật ký, lưu giữ, phán xét và nêu cảnh báo, chạy ở tiền cảnh.\n"
        "Không có -c hay --directory thì dùng /etc/coloa/coloa.yaml; không có tệp đó thì chạy thử, "
        "chỉ\n"
        "nghe máy này và đọc nhật ký của chính nó.\n"
        "\n"
        "  -c, --config TỆP         cấu hình\n"
        "      --directory THƯ_MỤC  nơi lưu sự kiện, cảnh báo, khóa, và nơi liên lạc với nút\n"
        "      --json               status: dạng JSON\n"
        "      --lang NGỮ           en hoặc vi\n"
        "\n"
        "SIGHUP đọc lại cấu hình và quy tắc, như 'coloa reload'.\n"
        "Mã thoát: 0 tốt, 2 sai cách dùng, 3 không khởi động, không chạy tiếp hoặc không liên lạc "
        "được.\n";

struct serve_options {
        const char *config, *directory;
        bool json;
        int landlock;
};

static int read_options(struct serve_options *o, int argc, char **argv) {
        static const struct option_row rows[] = {
                {"config", 'c', OPTION_TEXT, OPTION_OF(serve_options, config), NULL},
                {"directory", 0, OPTION_TEXT, OPTION_OF(serve_options, directory), NULL},
                {"json", 0, OPTION_FLAG, OPTION_OF(serve_options, json), NULL},
                {"landlock", 0, OPTION_NUMBER, OPTION_OF(serve_options, landlock), NULL},
        };
        char name[40];
        struct option_verb verb = {name, help_en, help_vi, rows, ARRAY_LEN(rows)};

        snprintf(name, sizeof(name), "coloa %s", argv[0]);
        *o = (struct serve_options){.landlock = -1};
        int r = option_rows_read(&verb, o, argc, argv);
        if (r == 0)
                r = option_nothing_left(name, argc, argv);
        if (r != 0)
                return r;
        if (!o->config && !o->directory)
                o->config = serve_default_config();
        return 0;
}

/* Where a node that was given nothing keeps things: below the user's home, or beside. */
const char *serve_own_directory(void) {
        static char path[1024];
        const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

        if (state && *state)
                snprintf(path, sizeof(path), "%s/coloa", state);
        else if (home && *home)
                snprintf(path, sizeof(path), "%s/.coloa", home);
        else
                snprintf(path, sizeof(path), "coloa-state");
        return path;
}

int verb_serve(int argc, char **argv) {
        struct serve s = {.signals = -1, .rules = {.program_fd = -1}, .serves = true};
        struct serve_options o;
        int r = read_options(&o, argc, argv);

        if (r != 0)
                return r == 1 ? 0 : 2;
        s.config_path = o.config;
        s.landlock = o.landlock;
        s.journal = getenv("JOURNAL_STREAM") != NULL;
        service_begin();
        s.directory = o.directory ? o.directory : o.config ? NULL : serve_own_directory();
        r = serve(&s);
        if (r < 0)
                say(&s, 0, "the node ends: %s", error_text(r));
        else
                say(&s, 2, "the node ended; records=%llu",
                    (unsigned long long)node_stats(s.node)->received);
        control_close(s.control);
        node_free(s.node);
        os_close_quiet(s.signals);
        rulebook_deinit(&s.rules);
        forget_config(s.config);
        return r < 0 ? 3 : 0;
}

/* What a line `KEY: value` that begins a line of the file says. */
static bool value_of(struct span text, const char *key, char *to, size_t room) {
        size_t n = strlen(key);

        while (text.len) {
                struct span line = next_line(&text);

                if (line.len <= n || memcmp(line.p, key, n) != 0 || line.p[n] != ':')
                        continue;
                struct span v = span_trim(span_of(line.p + n + 1, line.len - n - 1));
                const char *end = memmem(v.p, v.len, " #", 2);
                if (end)
                        v = span_trim(span_of(v.p, (size_t)(end - v.p)));
                if (v.len > 1 && (*v.p == '\'' || *v.p == '"') && v.p[v.len - 1] == *v.p)
                        v = span_of(v.p + 1, v.len - 2);
                snprintf(to, room, "%.*s", (int)MIN(v.len, room), v.p);
                return v.len > 0;
        }
        return false;
}

/* Where the node listens, when the configuration it runs with has become one that cannot be read: it goes
 * on with what it was, and says itself what is wrong. */
static const char *guess_control(struct serve *s) {
        char *text = NULL;
        size_t len = 0;

        snprintf(s->control_path, sizeof(s->control_path), "/run/coloa/control");
        if (s->directory) {
                snprintf(s->control_path, sizeof(s->control_path), "%s/control", s->directory);
        } else if (s->config_path && os_read_file(s->config_path, CONFIG_MAX, &text, &len) == 0) {
                (void)value_of(span_of(text, len), "control", s->control_path,
                               sizeof(s->control_path));
                free(text);
        }
        return s->control_path;
}

/* The control socket that the configuration names. */
static int ask(int argc, char **argv, enum control_verb verb) {
        struct serve s = {.signals = -1};
        struct serve_options o;
        int r = read_options(&o, argc, argv);

        if (r != 0)
                return r == 1 ? 0 : 2;
        s.config_path = o.config;
        s.directory = o.directory ? o.directory : o.config ? NULL : serve_own_directory();
        _cleanup_(buf_deinit) struct buf told = {0};

        s.told = &told;
        r = take_config(&s, &s.config);
        if (r < 0 && r != -EINVAL)
                return 3;
        struct msg_control m = {CONTROL_MAGIC, verb, o.json, lang_current};
        bool wrong = r < 0, answered = false;
        r = control_ask(wrong ? guess_control(&s) : s.config->control, &m, &answered);
        if (wrong && (!answered || verb != CONTROL_RELOAD)) /* else the node said it */
                fwrite(told.p, 1, told.len, stderr);
        forget_config(s.config);
        return r;
}

int serve_place(const char *config, const char *directory, struct place *ret) {
        struct serve s = {.signals = -1};

        if (!config && !directory)
                config = serve_default_config();
        s.config_path = config;
        s.directory = directory ? directory : config ? NULL : serve_own_directory();
        int r = take_config(&s, &s.config);
        if (r < 0)
                return r;
        snprintf(ret->control, sizeof(ret->control), "%s", s.config->control);
        snprintf(ret->directory, sizeof(ret->directory), "%s", s.config->directory);
        forget_config(s.config);
        return 0;
}

int serve_control_path(const char *config, const char *directory, char *to, size_t room) {
        struct place p;
        int r = serve_place(config, directory, &p);

        if (r == 0)
                snprintf(to, room, "%s", p.control);
        return r;
}

int serve_config(const char *config, const char *directory, struct config **ret) {
        static struct serve s = {.signals = -1}; /* it holds the path of the control socket */

        if (!config && !directory)
                config = serve_default_config();
        s.config_path = config;
        s.directory = directory ? directory : config ? NULL : serve_own_directory();
        return take_config(&s, ret);
}

int verb_status(int argc, char **argv) {
        return ask(argc, argv, CONTROL_STATUS);
}

int verb_reload(int argc, char **argv) {
        return ask(argc, argv, CONTROL_RELOAD);
}

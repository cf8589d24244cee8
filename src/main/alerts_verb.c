/* `coloa alerts`: what the desk knows, read from its database while it works (readers of a WAL do not
 * wait and are not waited for). Nothing is changed here. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/lang.h"
#include "base/timestamp.h"
#include "main/alerts.h"
#include "main/alerts_show.h"
#include "main/config.h"
#include "main/option_rows.h"
#include "main/phrases.h"
#include "main/serve.h"
#include "os/os.h"
#include "rules/exceptions.h"

#define CONFIG_DEFAULT "/etc/coloa/coloa.yaml"
#define FILE_MAX ((size_t)1 << 20)
#define SHOWN 50u
#define FOLLOWED 10u
#define FOLLOW_MS 500

static const char *const help_en =
        "Usage: coloa alerts [list] [filters]      alerts, the latest first\n"
        "       coloa alerts show ID               one alert: why, with the fields of its first "
        "and "
        "last event\n"
        "       coloa alerts exceptions            what shall wake nobody: until when, how often, "
        "whose\n"
        "       coloa alerts check FILE            a file of exceptions before it is put in force\n"
        "       coloa alerts audit                 whether the audit log's chain is whole\n"
        "\n"
        "      --since T, --until T  by the last event: 2026-11-23, 2026-11-23T10:00:00Z, or an "
        "age: "
        "1h, 7d\n"
        "      --min-level LEVEL     informational, low, medium, high, critical\n"
        "      --rule TEXT           in the rule's id or title\n"
        "      --entity TEXT         in the host, user, source or group\n"
        "      --tag TAG             attack.t1059 (with what is below it)\n"
        "      --open, --suppressed  only those; else all\n"
        "      --drill N             of that exercise; without: real ones only; any: all\n"
        "      --retro N             of that run over the past; none: only others; any: only "
        "those\n"
        "  -n, --limit N             at most so many (50, before following 10; 0: all)\n"
        "  -f, --follow              then every new one as it is raised, until interrupted\n"
        "  -o FORMAT                 text or jsonl\n"
        "      --directory DIR       the node's directory; else of the configuration\n"
        "      --state DIR           the desk's directory alone\n"
        "  -c, --config FILE         " CONFIG_DEFAULT "\n"
        "      --lang LANG           en or vi\n"
        "\n"
        "Exit status: 0 well, 1 no such alert, or something wrong with the file, 2 usage, 3 the "
        "state could not be read.\n";

static const char *const help_vi =
        "Cách dùng: coloa alerts [list] [bộ lọc]   các cảnh báo, mới nhất trước\n"
        "           coloa alerts show SỐ           một cảnh báo: vì sao, với các trường của sự "
        "kiện "
        "đầu và cuối\n"
        "           coloa alerts exceptions        những ngoại lệ: đến khi nào, bao nhiêu lần, của "
        "ai\n"
        "           coloa alerts check TỆP         kiểm tra tệp ngoại lệ trước khi dùng\n"
        "           coloa alerts audit             chuỗi nhật ký kiểm toán có nguyên vẹn không\n"
        "\n"
        "      --since T, --until T  theo sự kiện cuối: 2026-11-23, 2026-11-23T10:00:00Z, hoặc "
        "1h, 7d trước\n"
        "      --min-level MỨC       informational, low, medium, high, critical\n"
        "      --rule CHỮ            trong mã hoặc tên quy tắc\n"
        "      --entity CHỮ          trong máy, người dùng, nguồn hoặc nhóm\n"
        "      --tag THẺ             attack.t1059 (cùng các thẻ con)\n"
        "      --open, --suppressed  chỉ loại đó; nếu không thì tất cả\n"
        "      --drill N             của cuộc diễn tập đó; không ghi: chỉ cảnh báo thật; any: tất "
        "cả\n"
        "      --retro N             của lượt hồi cứu đó; none: chỉ cảnh báo khác; any: chỉ hồi "
        "cứu\n"
        "  -n, --limit N             tối đa bấy nhiêu (50, trước khi theo dõi 10; 0: tất cả)\n"
        "  -f, --follow              sau đó từng cảnh báo mới khi được nêu, đến khi ngắt\n"
        "  -o DẠNG                   text hoặc jsonl\n"
        "      --directory TM        thư mục của nút; nếu không thì theo cấu hình\n"
        "      --state TM            chỉ thư mục trạng thái\n"
        "  -c, --config TỆP          " CONFIG_DEFAULT "\n"
        "      --lang NGỮ            en hoặc vi\n"
        "\n"
        "Mã thoát: 0 tốt, 1 không có cảnh báo đó hoặc tệp có lỗi, 2 sai cách dùng, 3 không đọc "
        "được trạng thái.\n";

enum {
        OPT_SINCE = 256,
        OPT_UNTIL,
        OPT_MIN_LEVEL,
        OPT_RULE,
        OPT_ENTITY,
        OPT_TAG,
        OPT_OPEN,
        OPT_SUPPRESSED,
        OPT_DRILL,
        OPT_RETRO,
        OPT_STATE,
        OPT_DIRECTORY,
        OPT_LANG,
};

static const struct option long_options[] = {
        {"since", required_argument, NULL, OPT_SINCE},
        {"until", required_argument, NULL, OPT_UNTIL},
        {"min-level", required_argument, NULL, OPT_MIN_LEVEL},
        {"rule", required_argument, NULL, OPT_RULE},
        {"entity", required_argument, NULL, OPT_ENTITY},
        {"tag", required_argument, NULL, OPT_TAG},
        {"open", no_argument, NULL, OPT_OPEN},
        {"suppressed", no_argument, NULL, OPT_SUPPRESSED},
        {"drill", required_argument, NULL, OPT_DRILL},
        {"retro", required_argument, NULL, OPT_RETRO},
        {"limit", required_argument, NULL, 'n'},
        {"output", required_argument, NULL, 'o'},
        {"follow", no_argument, NULL, 'f'},
        {"state", required_argument, NULL, OPT_STATE},
        {"directory", required_argument, NULL, OPT_DIRECTORY},
        {"config", required_argument, NULL, 'c'},
        {"lang", required_argument, NULL, OPT_LANG},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
};

struct alerts_options {
        struct state_filter filter;
        const char *state, *directory, *config;
        char *rule, *entity, *tag; /* in small letters, as the state compares */
        bool jsonl, follow, limited;
        char **words;
        int n_words;
};

struct output {
        struct state *state;
        struct buf b;
        bool jsonl, page;
        unsigned width;
        uint64_t n;
        int64_t now;
};

static int usage(const char *what) {
        fprintf(stderr, "coloa alerts: %s\n%s", what,
                tr("Try 'coloa alerts --help'.\n", "Xem 'coloa alerts --help'.\n"));
        return 2;
}

/* ---- options ---- */

static void set_small(char **to, const char *s) {
        free(*to); /* said twice: the last holds */
        *to = strdup(s);
        for (char *p = *to; p && *p; p++)
                *p = ascii_lower(*p);
}

/* A point in time, a day, or an age. */
static int set_time(int64_t *to, const char *v) {
        int64_t t = time_parse_span(span_str(v));
        char day[40];

        if (t > 0) {
                *to = os_now() - t;
                return 0;
        }
        if (strlen(v) == 10) {
                snprintf(day, sizeof(day), "%sT00:00:00Z", v);
                v = day;
        }
        t = time_parse_iso(span_str(v), 0);
        if (t == TIME_NONE)
                return usage(tr("no such time: 2026-11-23, 2026-11-23T10:00:00Z, 1h or 7d",
                                "không phải thời gian: 2026-11-23, 2026-11-23T10:00:00Z, 1h hay "
                                "7d"));
        *to = t;
        return 0;
}

static int set_number(const char *v, uint64_t max, uint64_t *to) {
        char *end;

        errno = 0;
        *to = strtoull(v, &end, 10);
        if (errno || end == v || *end || *v == '-' || *to > max)
                return usage(tr("a number is wrong", "một số không đúng"));
        return 0;
}

static int set_drill(struct state_filter *f, const char *v) {
        uint64_t n = 0;

        if (strcmp(v, "any") == 0) {
                f->drill = -1;
                return 0;
        }
        int r = set_number(v, UINT32_MAX, &n);
        f->drill = (int64_t)n;
        return r;
}

static int set_retro(struct state_filter *f, const char *v) {
        uint64_t n = 0;
        int r = 0;

        if (strcmp(v, "any") == 0)
                f->retro = -1;
        else if (strcmp(v, "none") == 0)
                f->retro = -2;
        else {
                r = set_number(v, INT64_MAX, &n);
                f->retro = (int64_t)n;
        }
        return r;
}

static int set_option(void *to, int c, const char *v) {
        struct alerts_options *o = to;

        switch (c) {
        case OPT_SINCE: return set_time(&o->filter.since, v);
        case OPT_UNTIL: return set_time(&o->filter.until, v);
        case OPT_MIN_LEVEL:
                o->filter.min_level = (unsigned)level_from_name(v);
                return o->filter.min_level ? 0 : usage(tr("no such level", "không có mức này"));
        case OPT_RULE: set_small(&o->rule, v); return 0;
        case OPT_ENTITY: set_small(&o->entity, v); return 0;
        case OPT_TAG: set_small(&o->tag, v); return 0;
        case OPT_OPEN: o->filter.status = ALERT_OPEN; return 0;
        case OPT_SUPPRESSED: o->filter.status = ALERT_SUPPRESSED; return 0;
        case OPT_DRILL: return set_drill(&o->filter, v);
        case OPT_RETRO: return set_retro(&o->filter, v);
        case 'n': o->limited = true; return set_number(v, INT64_MAX, &o->filter.limit);
        case 'o':
                if (strcmp(v, "text") != 0 && strcmp(v, "jsonl") != 0)
                        return usage(tr("-o is text or jsonl", "-o là text hoặc jsonl"));
                o->jsonl = *v == 'j';
                return 0;
        case 'f': o->follow = true; return 0;
        case OPT_STATE: o->state = v; return 0;
        case OPT_DIRECTORY: o->directory = v; return 0;
        case 'c': o->config = v; return 0;
        default: return option_lang("coloa alerts", v);
        }
}

/* 0; 1: help was printed; 2: said on standard error. */
static int read_options(struct alerts_options *o, int argc, char **argv) {
        static const struct option_loop loop = {"coloa alerts", help_en,      help_vi,
                                                ":n:o:c:fh",    long_options, set_option};

        int r = option_loop_read(&loop, o, argc, argv);
        if (r != 0)
                return r;
        o->filter.rule = span_str(o->rule);
        o->filter.entity = span_str(o->entity);
        o->filter.tag = span_str(o->tag);
        o->words = argv + optind;
        o->n_words = argc - optind;
        return 0;
}

/* ---- the state ---- */

static int state_path(const struct alerts_options *o, char *to, size_t size) {
        const char *config = o->config ? o->config : serve_default_config();
        struct place place;

        if (o->state) {
                snprintf(to, size, "%s/" STATE_FILE, o->state);
                return 0;
        }
        if (o->directory) {
                snprintf(to, size, "%s/state/" STATE_FILE, o->directory);
                return 0;
        }
        int r = serve_place(config, NULL, &place);
        if (r < 0) {
                fputs(tr("coloa alerts: name the state with --state DIR.\n",
                         "coloa alerts: hãy chỉ trạng thái bằng --state THƯ_MỤC.\n"),
                      stderr);
                return 3;
        }
        snprintf(to, size, "%s/state/" STATE_FILE, place.directory);
        return 0;
}

static int open_state(const struct alerts_options *o, struct state **ret) {
        char path[4096];
        int r = state_path(o, path, sizeof(path));

        if (r != 0)
                return r;
        r = state_open(ret, &(struct state_options){.path = path, .read_only = true});
        if (r < 0) {
                fprintf(stderr, "coloa alerts: %s: %s\n", path,
                        r == -EBADMSG  ? tr("no state of Coloa, or damaged",
                                            "không phải trạng thái của Coloa, hoặc đã hỏng")
                        : r == -ESTALE ? tr("of an older version: start the node once",
                                            "của phiên bản cũ: hãy khởi động nút một lần")
                        : r == -EPROTO
                                ? tr("of a newer version of Coloa", "của phiên bản Coloa mới hơn")
                                : error_text(r));
                if (r == -ENOENT)
                        fputs(where_else(), stderr);
                return 3;
        }
        return 0;
}

static int flush(struct output *o) {
        bool ok = !o->b.failed && fwrite(o->b.p ? o->b.p : "", 1, o->b.len, stdout) == o->b.len;

        buf_reset(&o->b);
        return ok ? 0 : -EPIPE;
}

static int each_alert(void *ctx, const struct state_alert *a, const struct state_rule *r) {
        struct output *o = ctx;
        struct buf copies[2] = {{0}};
        struct span fields[2] = {{0}};
        struct state_retro run;
        int e = a->retro ? state_get_retro(o->state, a->retro, &run) : 0;
        const struct state_retro *of = e == 1 ? &run : NULL;

        e = MIN(e, 0);
        o->n++;
        for (int i = 0; i < 2 && o->page && e == 0; i++) {
                e = state_fields(o->state, a->id, i, &fields[i]);
                buf_span(&copies[i], fields[i]);
                fields[i] = buf_get(&copies[i]);
        }
        if (e == 0 && o->jsonl)
                alert_json(&o->b, a, r, o->page ? fields : NULL, of);
        else if (e == 0 && o->page)
                alert_page(&o->b, a, r, fields, of);
        else if (e == 0)
                alert_line(&o->b, a, r, o->width);
        buf_deinit(&copies[0]);
        buf_deinit(&copies[1]);
        return e < 0 ? e : flush(o);
}

static int said(struct output *o, int r) {
        if (r < 0 && r != -EPIPE)
                fprintf(stderr, "coloa alerts: %s: %s\n",
                        tr("the state could not be read", "không đọc được trạng thái"),
                        state_error(o->state));
        buf_deinit(&o->b);
        return r < 0 ? 3 : 0;
}

static int list(struct alerts_options *o, struct output *out) {
        int r = state_alerts(out->state, &o->filter, each_alert, out);

        if (r == 0 && out->n == 0 && !o->jsonl)
                fprintf(stderr, "%s\n", tr("No alerts.", "Không có cảnh báo nào."));
        if (r == 0 && out->n && out->n == o->filter.limit && !o->jsonl)
                fprintf(stderr,
                        tr("The latest %llu; -n 0 shows all.\n",
                           "%llu cảnh báo mới nhất; -n 0 cho xem tất cả.\n"),
                        (unsigned long long)out->n);
        return said(out, r);
}

/* The latest few, the oldest of them first, then each new one as the desk commits it. The numbers
 * of alerts only rise, so the last one seen says what is new. */
static int follow(struct alerts_options *o, struct output *out) {
        uint64_t few = o->limited ? o->filter.limit : FOLLOWED;
        int64_t seen, last;
        int r = state_last_alert(out->state, false, &seen);

        o->filter.limit = 0;
        seen = few && (uint64_t)seen > few ? seen - (int64_t)few : 0;
        while (r == 0 && (r = state_last_alert(out->state, false, &last)) == 0) {
                for (; seen < last && r == 0; seen++) {
                        o->filter.id = seen + 1;
                        r = state_alerts(out->state, &o->filter, each_alert, out);
                }
                if (r == 0 && fflush(stdout) != 0)
                        r = -EPIPE;
                if (r == 0)
                        os_poll(NULL, 0, FOLLOW_MS);
        }
        return said(out, r);
}

static int show(struct alerts_options *o, struct output *out, uint64_t id) {
        o->filter = (struct state_filter){.since = TIME_NONE,
                                          .until = TIME_NONE,
                                          .status = -1,
                                          .drill = -1,
                                          .id = (int64_t)id};
        out->page = true;
        int r = said(out, state_alerts(out->state, &o->filter, each_alert, out));
        if (r == 0 && out->n == 0) {
                fprintf(stderr,
                        tr("coloa alerts: no alert %llu\n",
                           "coloa alerts: không có cảnh báo %llu\n"),
                        (unsigned long long)id);
                return 1;
        }
        return r;
}

static int each_exception(void *ctx, const struct state_exception *e) {
        struct output *o = ctx;

        o->n++;
        if (o->jsonl)
                exception_json(&o->b, e, o->now);
        else
                exception_line(&o->b, e, o->now);
        return flush(o);
}

/* The last signed one, to be kept elsewhere. */
static int audit_head(struct output *o) {
        _cleanup_(buf_deinit) struct buf line = {0};
        struct audit_signed s;
        bool begun = false, there = false;
        int r = state_has_heads(o->state);

        while (r == 1 && (r = state_next_head(o->state, &begun, &s)) == 1)
                there = true;
        if (r == 0 && there) {
                audit_head_text(&line, &s);
                buf_char(&line, '\0');
                puts(line.failed ? "?" : line.p);
        }
        return r;
}

static int audit(struct output *o) {
        uint64_t n = 0, bad;
        int r = state_audit_check(o->state, &n, &bad);

        if (r == -EBADMSG && bad) {
                fprintf(stderr,
                        tr("The audit log was changed at entry %llu.\n",
                           "Nhật ký kiểm toán bị sửa ở mục %llu.\n"),
                        (unsigned long long)bad);
                return 1;
        }
        if (r == 0)
                printf(tr("The audit log is whole: %llu entries.\n",
                          "Nhật ký kiểm toán nguyên vẹn: %llu mục.\n"),
                       (unsigned long long)n);
        if (r == 0)
                r = audit_head(o);
        return said(o, r);
}

/* ---- a file of exceptions ---- */

static int check(const char *path) {
        _cleanup_(exceptions_freep) struct exceptions *x = NULL;
        _cleanup_(buf_deinit) struct buf why = {0};
        char *text;
        size_t len;
        int r = os_read_file(path, FILE_MAX, &text, &len);

        if (r == 0) {
                r = exceptions_parse(&x, span_str(path), span_of(text, len), os_now(), &why);
                free(text);
        }
        if (r < 0) {
                fprintf(stderr, "coloa alerts: %s: %s\n", path, error_text(r));
                return 3;
        }
        fwrite(why.p ? why.p : "", 1, why.len, stdout);
        if (r == 0)
                printf(tr("%u exceptions\n", "%u ngoại lệ\n"), exceptions_count(x));
        return r > 0;
}

static int run(struct alerts_options *o) {
        struct output out = {.jsonl = o->jsonl,
                             .width = os_isatty(1) == 1 ? (unsigned)os_terminal_width(1) : 0,
                             .now = os_now()};
        const char *word = o->n_words ? o->words[0] : "list";
        uint64_t id = 0;
        int r;

        if (strcmp(word, "check") == 0)
                return o->n_words == 2 ? check(o->words[1])
                                       : usage(tr("expected check FILE", "phải là check TỆP"));
        if (strcmp(word, "list") != 0 && strcmp(word, "show") != 0 &&
            strcmp(word, "exceptions") != 0 && strcmp(word, "audit") != 0)
                return usage(tr("expected list, show, exceptions, check or audit",
                                "phải là list, show, exceptions, check hoặc audit"));
        if (strcmp(word, "show") == 0 &&
            (o->n_words != 2 || set_number(o->words[1], INT64_MAX, &id) != 0 || id == 0))
                return usage(tr("expected show ID", "phải là show SỐ"));
        r = open_state(o, &out.state);
        if (r != 0)
                return r;
        if (strcmp(word, "list") == 0)
                r = o->follow ? follow(o, &out) : list(o, &out);
        else if (strcmp(word, "show") == 0)
                r = show(o, &out, id);
        else if (strcmp(word, "audit") == 0)
                r = audit(&out);
        else
                r = said(&out, state_exceptions(out.state, each_exception, &out));
        state_free(out.state);
        return r;
}

int verb_alerts(int argc, char **argv) {
        struct alerts_options o = {
                .filter = {.since = TIME_NONE, .until = TIME_NONE, .status = -1, .limit = SHOWN}};
        int r = read_options(&o, argc, argv);

        if (r == 0)
                r = run(&o);
        else if (r == 1)
                r = 0;
        free(o.rule);
        free(o.entity);
        free(o.tag);
        return r;
}

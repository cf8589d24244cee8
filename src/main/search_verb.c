/* `coloa search QUERY`: looks through the kept events. Reads the store beside a node that runs, or
 * any copy of one; every record is opened in sandboxed seekers, what they say is escaped here.
 *
 * Values that name people, addresses and paths are shown as pseudonyms in counts, unless an incident
 * is named. */
#include "main/search.h"

#include <getopt.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/lang.h"
#include "base/timestamp.h"
#include "main/options.h"
#include "main/phrases.h"
#include "main/seekers.h"
#include "os/os.h"
#include "seek/collect.h"

struct search_options {
        const char *directory, *incident, *text;
        int64_t from, to;
        unsigned jobs, timeout_s;
        bool json, stats, newest;
        int landlock;
};

struct shower {
        const struct search_options *o;
        const struct query *q;
        struct arena arena;
        struct buf out;
        struct collect *collect;
        unsigned char key[32];
};

static volatile int cancelled;

static void cancel(int sig) {
        cancelled = 1;
}

/* ---- showing ---- */

static int flush(struct shower *s, bool all) {
        if (!all && s->out.len < 65536)
                return 0;
        bool ok = fwrite(s->out.p ? s->out.p : "", 1, s->out.len, stdout) == s->out.len &&
                  (!all || fflush(stdout) == 0);
        buf_reset(&s->out);
        return ok ? 0 : -EPIPE;
}

static void json_pair(struct buf *b, struct span name, struct span value, bool first) {
        buf_str(b, first ? "\"" : ",\"");
        buf_json(b, name);
        buf_str(b, "\":\"");
        buf_json(b, value);
        buf_char(b, '"');
}

static void fields_json(struct shower *s, const struct finding *f) {
        struct buf *b = &s->out;

        json_pair(b, SPAN("@timestamp"), collect_value(f, SPAN("time"), &s->arena), true);
        buf_printf(b, ",\"event.sequence\":%llu", (unsigned long long)f->seq);
        if (f->host.len)
                json_pair(b, SPAN("host.name"), f->host, false);
        if (f->user.len)
                json_pair(b, SPAN("user.name"), f->user, false);
        for (uint32_t i = 0; i < f->n_fields; i++)
                json_pair(b, f->fields[i].name, f->fields[i].value, false);
}

static int show_json(struct shower *s, const struct finding *f) {
        struct buf *b = &s->out;

        buf_char(b, '{');
        for (uint32_t i = 0; i < s->q->n_fields; i++) {
                struct span name = s->q->fields[i];

                if (span_eq(name, SPAN("event.sequence"))) /* a number, as without `fields` */
                        buf_printf(b, "%s\"event.sequence\":%llu", i ? "," : "",
                                   (unsigned long long)f->seq);
                else
                        json_pair(b, name, collect_value(f, name, &s->arena), i == 0);
        }
        if (s->q->n_fields == 0)
                fields_json(s, f);
        buf_str(b, "}\n");
        return b->failed ? -ENOMEM : flush(s, false);
}

/* Time, source and the record; or the fields asked for, tab between them. */
static int show_text(struct shower *s, const struct finding *f) {
        static const struct span names[] = {SPAN("time"), SPAN("source"), SPAN("event.original")};
        bool own = s->q->n_fields > 0;
        uint32_t n = own ? s->q->n_fields : ARRAY_LEN(names);

        for (uint32_t i = 0; i < n; i++) {
                if (i)
                        buf_char(&s->out, '\t');
                buf_term(&s->out, collect_value(f, own ? s->q->fields[i] : names[i], &s->arena));
        }
        buf_char(&s->out, '\n');
        return s->out.failed ? -ENOMEM : flush(s, false);
}

static int show_event(void *ctx, const struct finding *f) {
        struct shower *s = ctx;

        arena_reset(&s->arena);
        return s->o->json ? show_json(s, f) : show_text(s, f);
}

static int show_row(void *ctx, const struct span *values, uint32_t n, uint64_t count) {
        struct shower *s = ctx;
        bool timeline = s->q->gather == PIPE_TIMELINE;

        if (s->o->json) {
                buf_char(&s->out, '{');
                for (uint32_t i = 0; i < n; i++)
                        json_pair(&s->out, timeline ? SPAN("@timestamp") : s->q->by[i], values[i],
                                  i == 0);
                buf_printf(&s->out, "%s\"count\":%llu}\n", n ? "," : "", (unsigned long long)count);
        } else {
                buf_printf(&s->out, "%10llu", (unsigned long long)count);
                for (uint32_t i = 0; i < n; i++) {
                        buf_str(&s->out, i ? "\t" : "  ");
                        buf_term(&s->out, values[i].len ? values[i] : SPAN("-"));
                }
                buf_char(&s->out, '\n');
        }
        return s->out.failed ? -ENOMEM : flush(s, false);
}

/* ---- pseudonyms ---- */

static bool holds(struct span name, const char *part) {
        size_t n = strlen(part);

        for (size_t i = 0; i + n <= name.len; i++)
                if (span_ieq(span_of(name.p + i, n), span_of(part, n)))
                        return true;
        return false;
}

/* Names of people, addresses of clients, paths they asked for. */
static const char *what_it_names(struct span name) {
        static const struct {
                const char *part, *shown;
        } parts[] = {{"user", "user"},       {"account", "user"}, {"peer", "address"},
                     {"address", "address"}, {"_ip", "address"},  {"ip", "address"},
                     {"client", "address"},  {"url", "path"},     {"uri", "path"},
                     {"path", "path"},       {"mail", "user"}};

        for (size_t i = 0; i < ARRAY_LEN(parts); i++)
                if (holds(name, parts[i].part))
                        return parts[i].shown;
        return NULL;
}

static struct span pseudonym(void *ctx, struct span name, struct span value, struct arena *a) {
        const struct shower *s = ctx;
        const char *kind = what_it_names(name);
        unsigned char h[16];

        if (!kind || value.len == 0)
                return value;
        crypto_generichash(h, sizeof(h), (const unsigned char *)value.p, value.len, s->key,
                           sizeof(s->key));
        return arena_printf(a, "%s~%02x%02x%02x%02x%02x%02x", kind, h[0], h[1], h[2], h[3], h[4],
                            h[5]);
}

/* The same value has the same pseudonym for as long as the store's key lives. */
static int read_key(struct shower *s) {
        char path[1100], *text = NULL;
        size_t len = 0;

        snprintf(path, sizeof(path), "%s/keys/pseudonyms", s->o->directory);
        int r = os_read_file(path, sizeof(s->key), &text, &len);
        if (r == 0 && len == sizeof(s->key))
                memcpy(s->key, text, len);
        free(text);
        if (r == 0 && len == sizeof(s->key))
                return 0;
        randombytes_buf(s->key, sizeof(s->key));
        (void)os_write_file(path, s->key, sizeof(s->key), 0600); /* else for this search alone */
        return 0;
}

/* ---- searching ---- */

static int found(void *ctx, const struct finding *f, struct span encoded) {
        struct shower *s = ctx;

        return collect_add(s->collect, f, encoded);
}

static void say_stats(const struct shower *s, const struct seekers_stats *st,
                      const struct reader_stats *rs, int64_t ns) {
        const struct collect_stats *c = collect_stats(s->collect);

        fprintf(stderr,
                "found=%llu records=%llu bytes=%llu blocks=%llu skipped_filter=%llu "
                "skipped_time=%llu seconds=%.3f\n",
                (unsigned long long)c->events, (unsigned long long)st->records,
                (unsigned long long)st->bytes, (unsigned long long)st->blocks,
                (unsigned long long)rs->skipped_filter, (unsigned long long)rs->skipped_time,
                (double)ns / 1e9);
}

/* What was not looked at is said, always. */
static void say_gaps(const struct shower *s, const struct seekers_stats *st, int r) {
        const struct collect_stats *c = collect_stats(s->collect);

        if (st->lost_blocks)
                fprintf(stderr,
                        tr("coloa search: %llu blocks could not be looked through\n",
                           "coloa search: %llu khối không xem được\n"),
                        (unsigned long long)st->lost_blocks);
        if (c->others)
                fprintf(stderr,
                        tr("coloa search: %llu events of further groups are not shown\n",
                           "coloa search: %llu sự kiện của các nhóm khác không hiện\n"),
                        (unsigned long long)c->others);
        if (c->dropped)
                fprintf(stderr,
                        tr("coloa search: too many events to sort: %llu left out\n",
                           "coloa search: quá nhiều sự kiện để sắp xếp: bỏ %llu\n"),
                        (unsigned long long)c->dropped);
        if (r == -ETIME)
                fputs(tr("coloa search: the time was up: the rest was not looked through\n",
                         "coloa search: hết thời gian: phần còn lại chưa được xem\n"),
                      stderr);
        if (r == -ECANCELED)
                fputs(tr("coloa search: cancelled\n", "coloa search: đã hủy\n"), stderr);
}

static int run(struct shower *s, const struct query *q, struct reader *reader, int program_fd) {
        const struct search_options *o = s->o;
        struct collect_calls calls = {s, show_event, show_row, o->incident ? NULL : pseudonym};
        struct seekers_options so = {.query = span_str(o->text),
                                     .program_fd = program_fd,
                                     .n = o->jobs ? o->jobs : os_cpu_count(),
                                     .landlock = o->landlock,
                                     .from = o->from,
                                     .to = o->to,
                                     .cancelled = &cancelled};
        struct reader_query rq = {.time_from = TIME_NONE,
                                  .time_to = TIME_NONE,
                                  .may = seekers_block_may,
                                  .ctx = (void *)q,
                                  .backwards = o->newest};
        struct seekers_stats st;
        int64_t t0 = os_monotonic();
        int r = collect_new(&s->collect, q, &calls);

        if (r < 0)
                return r;
        if (o->timeout_s)
                so.deadline = t0 + (int64_t)o->timeout_s * NS_PER_SEC;
        reader_begin(reader, &rq);
        r = seekers_run(&so, reader, found, s, &st);
        if (r == 0 || r == -ETIME || r == -ECANCELED) {
                int e = collect_end(s->collect);
                if (e < 0)
                        r = e;
        }
        if (flush(s, true) < 0 && r == 0)
                r = -EPIPE;
        say_gaps(s, &st, r);
        if (o->stats)
                say_stats(s, &st, reader_stats(reader), os_monotonic() - t0);
        uint64_t events = collect_stats(s->collect)->events;
        if (r < 0)
                return r;
        return st.lost_blocks ? 3 : events ? 0 : 1;
}

static int search(const struct search_options *o) {
        struct shower s = {.o = o};
        struct rulebook rules = {.program_fd = -1};
        struct query_problem problem;
        struct reader *reader = NULL;
        char events[1100];
        struct query q;
        int r = query_parse(&q, span_str(o->text), &problem);

        if (r == QUERY_E_BAD) {
                fprintf(stderr, "coloa search: %s\n  %s\n  %*s^\n", problem.text, o->text,
                        (int)problem.at, "");
                return 2;
        }
        if (r < 0)
                return r;
        s.q = &q;
        arena_init(&s.arena, (size_t)1 << 20);
        snprintf(events, sizeof(events), "%s/events", o->directory);
        r = reader_open(&reader, events);
        if (r != 0) {
                fprintf(stderr, "coloa search: %s: %s\n", events,
                        r == READER_E_BAD ? tr("no event store", "không phải kho sự kiện")
                                          : error_text(r));
                r = 3;
        } else {
                r = seekers_compile(&q, o->landlock, &rules);
                if (r == 0)
                        r = read_key(&s);
                if (r == 0)
                        r = run(&s, &q, reader, rules.program_fd);
        }
        collect_free(s.collect);
        reader_free(reader);
        rulebook_deinit(&rules);
        arena_deinit(&s.arena);
        buf_deinit(&s.out);
        query_deinit(&q);
        return r;
}

/* ---- the command line ---- */

static const char help_en[] =
        "Usage: coloa search [options] 'QUERY'\n"
        "\n"
        "  host:dc01 AND CommandLine:*mimikatz* | count by user\n"
        "  \"failed password\" OR (EventID:4625 NOT user:*$) | timeline 1h\n"
        "  bytes:>1000000 dst:10.0.0.0/8 | top 20 dst\n"
        "  rule:my_rule.yml | fields host, user, CommandLine | sort -time | limit 50\n"
        "\n"
        "Words and \"phrases\" stand anywhere in a record; field:value, wildcards * and ?,\n"
        "ranges >=5 and [5 TO 9], /regex/, networks, AND OR NOT ( ). doc/search.md says more.\n"
        "\n"
        "      --directory DIR  the node's directory (default /var/lib/coloa)\n"
        "      --from TIME, --to TIME   of the event: 2026-11-23T07:00:00Z, or -1h, -7d\n"
        "      --newest         latest blocks first\n"
        "      --json           a line of JSON for each\n"
        "      --incident NR    show names and addresses in counts, for this incident\n"
        "      --timeout S      stop after so many seconds\n"
        "      --jobs N         seekers (default: one per processor)\n"
        "      --stats          say what was read\n"
        "      --lang LANG      en or vi\n"
        "\n"
        "Exit codes: 0 found, 1 nothing found, 2 usage, 3 something could not be read.\n";
static const char help_vi[] =
        "Cách dùng: coloa search [tùy chọn] 'TRUY_VẤN'\n"
        "\n"
        "  host:dc01 AND CommandLine:*mimikatz* | count by user\n"
        "  \"failed password\" OR (EventID:4625 NOT user:*$) | timeline 1h\n"
        "  bytes:>1000000 dst:10.0.0.0/8 | top 20 dst\n"
        "  rule:my_rule.yml | fields host, user, CommandLine | sort -time | limit 50\n"
        "\n"
        "Từ và \"cụm từ\" ở bất cứ đâu trong bản ghi; field:value, ký tự đại diện * và ?,\n"
        "khoảng >=5 và [5 TO 9], /biểu thức/, mạng, AND OR NOT ( ). Xem thêm doc/search.md.\n"
        "\n"
        "      --directory THƯ_MỤC  thư mục của nút (mặc định /var/lib/coloa)\n"
        "      --from LÚC, --to LÚC     giờ sự kiện: 2026-11-23T07:00:00Z, hoặc -1h, -7d\n"
        "      --newest         khối mới nhất trước\n"
        "      --json           mỗi kết quả một dòng JSON\n"
        "      --incident SỐ    hiện tên và địa chỉ khi đếm, cho sự cố này\n"
        "      --timeout S      dừng sau số giây này\n"
        "      --jobs N         số tiến trình tìm (mặc định: mỗi bộ xử lý một)\n"
        "      --stats          cho biết đã đọc gì\n"
        "      --lang NGỮ       en hoặc vi\n"
        "\n"
        "Mã thoát: 0 thấy, 1 không thấy, 2 sai cách dùng, 3 có thứ không đọc được.\n";

enum {
        OPT_DIRECTORY = 256,
        OPT_FROM,
        OPT_TO,
        OPT_NEWEST,
        OPT_JSON,
        OPT_INCIDENT,
        OPT_TIMEOUT,
        OPT_JOBS,
        OPT_STATS,
        OPT_LANG,
        OPT_LANDLOCK
};

static bool set_option(struct search_options *o, int c, const char *v) {
        switch (c) {
        case OPT_DIRECTORY: o->directory = v; return true;
        case OPT_FROM: return option_time(v, &o->from);
        case OPT_TO: return option_time(v, &o->to);
        case OPT_NEWEST: o->newest = true; return true;
        case OPT_JSON: o->json = true; return true;
        case OPT_INCIDENT: o->incident = v; return *v != '\0';
        case OPT_TIMEOUT: o->timeout_s = (unsigned)strtoul(v, NULL, 10); return o->timeout_s > 0;
        case OPT_JOBS: o->jobs = (unsigned)strtoul(v, NULL, 10); return o->jobs > 0;
        case OPT_STATS: o->stats = true; return true;
        case OPT_LANDLOCK: o->landlock = (int)strtol(v, NULL, 10); return true;
        default: return false;
        }
}

static int read_options(struct search_options *o, int argc, char **argv) {
        static const struct option options[] = {
                {"directory", required_argument, NULL, OPT_DIRECTORY},
                {"from", required_argument, NULL, OPT_FROM},
                {"to", required_argument, NULL, OPT_TO},
                {"newest", no_argument, NULL, OPT_NEWEST},
                {"json", no_argument, NULL, OPT_JSON},
                {"incident", required_argument, NULL, OPT_INCIDENT},
                {"timeout", required_argument, NULL, OPT_TIMEOUT},
                {"jobs", required_argument, NULL, OPT_JOBS},
                {"stats", no_argument, NULL, OPT_STATS},
                {"lang", required_argument, NULL, OPT_LANG},
                {"landlock", required_argument, NULL, OPT_LANDLOCK},
                {"help", no_argument, NULL, 'h'},
                {NULL, 0, NULL, 0}};
        int c;

        *o = (struct search_options){
                .directory = "/var/lib/coloa", .from = TIME_NONE, .to = TIME_NONE, .landlock = -1};
        opterr = 0;
        while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
                if (c == 'h') {
                        fputs(tr(help_en, help_vi), stdout);
                        return 1;
                }
                if (c == ':' || c == '?')
                        return option_refused("coloa search", c, argv);
                if (c == OPT_LANG) {
                        if (option_lang("coloa search", optarg) != 0)
                                return 2;
                } else if (!set_option(o, c, optarg)) {
                        fprintf(stderr,
                                tr("coloa search: '%s' is no value for that option\n",
                                   "coloa search: '%s' không hợp lệ cho tùy chọn đó\n"),
                                optarg);
                        return 2;
                }
        }
        if (optind + 1 != argc) {
                fputs(tr("coloa search: one query is expected (in quotation marks)\n",
                         "coloa search: cần đúng một truy vấn (đặt trong dấu nháy)\n"),
                      stderr);
                return 2;
        }
        o->text = argv[optind];
        return 0;
}

int verb_search(int argc, char **argv) {
        struct search_options o;
        int r = read_options(&o, argc, argv);

        if (r != 0)
                return r == 1 ? 0 : 2;
        if (sodium_init() < 0)
                return 3;
        signal(SIGINT, cancel);
        signal(SIGTERM, cancel);
        r = search(&o);
        if (r < 0) {
                if (r != -ETIME && r != -ECANCELED && r != -EINVAL)
                        fprintf(stderr, "coloa search: %s\n", error_text(r));
                return r == -EINVAL ? 2 : 3;
        }
        return r;
}

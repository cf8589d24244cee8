/* `coloa search QUERY`: looks through the kept events. Reads the store beside a node that runs, or
 * any copy of one; every record is opened in sandboxed seekers, what they say is escaped here.
 *
 * Values that name people, addresses and paths are shown as pseudonyms in counts, and with --mask
 * everywhere, unless an incident is named, which the audit log then has. */
#include "main/search.h"

#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/timestamp.h"
#include "main/ledger.h"
#include "main/option_rows.h"
#include "main/phrases.h"
#include "main/pseudonym.h"
#include "main/seekers.h"
#include "os/os.h"
#include "seek/collect.h"
#include "seek/keyed.h"

struct search_options {
        const char *config, *directory, *incident, *by, *text;
        struct place place;
        int64_t from, to;
        unsigned jobs, timeout_s;
        bool json, stats, newest, mask;
        int landlock;
};

struct shower {
        const struct search_options *o;
        const struct query *q;
        struct arena arena;
        struct buf out;
        struct collect *collect;
        struct pseudonyms *names; /* NULL: everything is shown as it is */
        struct names known;       /* whom and what the event at hand names */
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

static void know(struct shower *s, struct span name, struct span value, bool counted,
                 struct arena *a) {
        struct span p;

        if (!pseudonym_kind(name) || value.len == 0)
                return;
        p = pseudonym_full(s->names, name, value, NULL, a);
        names_add(&s->known, value, counted ? p : pseudonym_shown(s->names, p, a));
}

/* All that the event's fields name; an account's own name too, without its domain. */
static void know_event(struct shower *s, const struct finding *f, bool counted, struct arena *a) {
        s->known.n = 0;
        s->known.more = (f->flags & FINDING_CUT) != 0; /* who knows what it named */
        know(s, SPAN("user.name"), f->user, counted, a);
        know(s, SPAN("user.name"), names_account(f->user), counted, a);
        for (uint32_t i = 0; i < f->n_fields; i++) {
                const struct finding_field *x = &f->fields[i];

                if (x->type == FINDING_BOOL || x->type == FINDING_NULL)
                        continue;
                know(s, x->name, x->value, counted, a);
                if (pseudonym_kind(x->name) == 'u')
                        know(s, x->name, names_account(x->value), counted, a);
        }
}

/* What names a machine, a source or a time is no text that could name anybody else. */
static bool is_text(struct span name) {
        static const struct span plain[] = {
                SPAN("host"), SPAN("host.name"),  SPAN("source"),         SPAN("coloa.source"),
                SPAN("time"), SPAN("@timestamp"), SPAN("event.sequence"), SPAN("seq")};

        for (size_t i = 0; i < ARRAY_LEN(plain); i++)
                if (span_eq(name, plain[i]))
                        return false;
        return true;
}

/* A value of an event as it is shown. */
static struct span shown(struct shower *s, struct span name, struct span value) {
        if (!s->o->mask || !s->names)
                return value;
        return pseudonym_shown(
                s->names,
                pseudonym_full(s->names, name, value, is_text(name) ? &s->known : NULL, &s->arena),
                &s->arena);
}

static void fields_json(struct shower *s, const struct finding *f) {
        struct buf *b = &s->out;

        json_pair(b, SPAN("@timestamp"), collect_value(f, SPAN("time"), &s->arena), true);
        buf_printf(b, ",\"event.sequence\":%llu", (unsigned long long)f->seq);
        if (f->host.len)
                json_pair(b, SPAN("host.name"), shown(s, SPAN("host.name"), f->host), false);
        if (f->user.len)
                json_pair(b, SPAN("user.name"), shown(s, SPAN("user.name"), f->user), false);
        for (uint32_t i = 0; i < f->n_fields; i++)
                json_pair(b, f->fields[i].name, shown(s, f->fields[i].name, f->fields[i].value),
                          false);
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
                        json_pair(b, name, shown(s, name, collect_value(f, name, &s->arena)),
                                  i == 0);
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
                struct span name = own ? s->q->fields[i] : names[i];
                buf_term(&s->out, shown(s, name, collect_value(f, name, &s->arena)));
        }
        buf_char(&s->out, '\n');
        return s->out.failed ? -ENOMEM : flush(s, false);
}

static int show_event(void *ctx, const struct finding *f) {
        struct shower *s = ctx;

        arena_reset(&s->arena);
        if (s->o->mask && s->names)
                know_event(s, f, false, &s->arena);
        return s->o->json ? show_json(s, f) : show_text(s, f);
}

static struct span row_value(struct shower *s, bool timeline, uint32_t i,
                             const struct span *values) {
        return !timeline && s->names && pseudonym_kind(s->q->by[i])
                       ? pseudonym_shown(s->names, values[i], &s->arena)
                       : values[i];
}

static int show_row(void *ctx, const struct span *values, uint32_t n, uint64_t count) {
        struct shower *s = ctx;
        bool timeline = s->q->gather == PIPE_TIMELINE;

        arena_reset(&s->arena);
        if (s->o->json) {
                buf_char(&s->out, '{');
                for (uint32_t i = 0; i < n; i++)
                        json_pair(&s->out, timeline ? SPAN("@timestamp") : s->q->by[i],
                                  row_value(s, timeline, i, values), i == 0);
                buf_printf(&s->out, "%s\"count\":%llu}\n", n ? "," : "", (unsigned long long)count);
        } else {
                buf_printf(&s->out, "%10llu", (unsigned long long)count);
                for (uint32_t i = 0; i < n; i++) {
                        buf_str(&s->out, i ? "\t" : "  ");
                        struct span v = row_value(s, timeline, i, values);
                        buf_term(&s->out, v.len ? v : SPAN("-"));
                }
                buf_char(&s->out, '\n');
        }
        return s->out.failed ? -ENOMEM : flush(s, false);
}

/* ---- what is written down ---- */

static struct span pseudonym(void *ctx, const struct finding *f, struct span name,
                             struct span value, struct arena *a) {
        struct shower *s = ctx;
        bool text = !pseudonym_kind(name) && is_text(name);

        if (text)
                know_event(s, f, true, a);
        return pseudonym_full(s->names, name, value, text ? &s->known : NULL, a);
}

/* Who is shown names must say for which incident; that is in the audit log first. */
static int unmask(const struct search_options *o) {
        struct keep_audit a = {.what = "search.unmasked"};

        if (o->by)
                snprintf(a.who, sizeof(a.who), "%.90s", o->by);
        else
                snprintf(a.who, sizeof(a.who), "uid %u", (unsigned)geteuid());
        snprintf(a.about, sizeof(a.about), "%.90s", o->incident);
        snprintf(a.detail, sizeof(a.detail), "%.200s", o->text);
        return ledger_write("search", &o->place, KEEP_AUDIT, &a, NULL) < 0 ? -EPERM : 0;
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

        seekers_say_lost(st, "coloa search");
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
        struct collect_calls calls = {s, show_event, show_row, s->names ? pseudonym : NULL};
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
        return st.lost_records || st.given_up ? 3 : events ? 0 : 1;
}

/* What comes down to one person needs an incident, as it does at the console. */
static bool lacks_incident(const struct search_options *o, const struct query *q) {
        struct span part = keyed_part(q);

        if (o->incident || !part.p)
                return false;
        fprintf(stderr,
                tr("coloa search: '%.*s' comes down to one person: --incident NUMBER says what "
                   "for, and the audit log has it\n",
                   "coloa search: '%.*s' quy về một người: --incident SỐ cho biết vì sự cố nào, và "
                   "được ghi vào nhật ký kiểm toán\n"),
                (int)part.len, part.p);
        return true;
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
                int column = 0; /* a letter of Vietnamese is several bytes */

                for (uint32_t i = 0; i < problem.at; i++)
                        column += (o->text[i] & 0xc0) != 0x80;
                fprintf(stderr, "coloa search: %s\n  %s\n  %*s^\n", problem.text, o->text, column,
                        "");
                return 2;
        }
        if (r < 0)
                return r;
        if (lacks_incident(o, &q)) {
                query_deinit(&q);
                return 2;
        }
        s.q = &q;
        arena_init(&s.arena, (size_t)1 << 20);
        snprintf(events, sizeof(events), "%s/events", o->place.directory);
        r = reader_open(&reader, events);
        if (r != 0) {
                fprintf(stderr, "coloa search: %s: %s\n", events,
                        r == READER_E_BAD ? tr("no event store", "không phải kho sự kiện")
                                          : error_text(r));
                fputs(where_else(), stderr);
                r = 3;
        } else {
                r = seekers_compile(&q, o->landlock, &rules);
                if (r == 0 && !o->incident && (q.gather || o->mask))
                        r = pseudonyms_new(&s.names, &o->place, o->landlock);
                if (r == 0 && o->incident)
                        r = unmask(o);
                if (r == 0)
                        r = run(&s, &q, reader, rules.program_fd);
        }
        collect_free(s.collect);
        pseudonyms_free(s.names);
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
        "  -c, --config FILE    the node's configuration\n"
        "      --directory DIR  its directory, when it has no configuration\n"
        "      --from TIME, --to TIME   of the event: 2026-11-23T07:00:00Z, or -1h, -7d\n"
        "      --newest         latest blocks first\n"
        "      --json           a line of JSON for each\n"
        "      --mask           personal data masked in events; names, addresses, paths as\n"
        "                       pseudonyms (u-3fa2), as they always are in counts\n"
        "      --incident NR    show them as they are, for this incident: audited; needed to\n"
        "                       look for one account (user:an)\n"
        "      --by NAME        who asks, for the audit log\n"
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
        "  -c, --config TỆP     cấu hình của nút\n"
        "      --directory THƯ_MỤC  thư mục của nút, khi không có cấu hình\n"
        "      --from LÚC, --to LÚC     giờ sự kiện: 2026-11-23T07:00:00Z, hoặc -1h, -7d\n"
        "      --newest         khối mới nhất trước\n"
        "      --json           mỗi kết quả một dòng JSON\n"
        "      --mask           che dữ liệu cá nhân trong sự kiện; tên, địa chỉ, đường dẫn thành "
        "bí\n"
        "                       danh (u-3fa2), như luôn làm khi đếm\n"
        "      --incident SỐ    hiện nguyên, cho sự cố này: được ghi vào nhật ký kiểm toán; bắt "
        "buộc\n"
        "                       khi tìm theo một tài khoản (user:an)\n"
        "      --by TÊN         ai yêu cầu, cho nhật ký kiểm toán\n"
        "      --timeout S      dừng sau số giây này\n"
        "      --jobs N         số tiến trình tìm (mặc định: mỗi bộ xử lý một)\n"
        "      --stats          cho biết đã đọc gì\n"
        "      --lang NGỮ       en hoặc vi\n"
        "\n"
        "Mã thoát: 0 thấy, 1 không thấy, 2 sai cách dùng, 3 có thứ không đọc được.\n";

#define AT(member) OPTION_OF(search_options, member)

static const struct option_row rows[] = {
        {"config", 'c', OPTION_TEXT, AT(config), NULL},
        {"directory", 0, OPTION_TEXT, AT(directory), NULL},
        {"from", 0, OPTION_TIME, AT(from), NULL},
        {"to", 0, OPTION_TIME, AT(to), NULL},
        {"newest", 0, OPTION_FLAG, AT(newest), NULL},
        {"json", 0, OPTION_FLAG, AT(json), NULL},
        {"incident", 0, OPTION_WORD, AT(incident), NULL},
        {"by", 0, OPTION_WORD, AT(by), NULL},
        {"mask", 0, OPTION_FLAG, AT(mask), NULL},
        {"timeout", 0, OPTION_COUNT, AT(timeout_s), NULL},
        {"jobs", 0, OPTION_COUNT, AT(jobs), NULL},
        {"stats", 0, OPTION_FLAG, AT(stats), NULL},
        {"landlock", 0, OPTION_NUMBER, AT(landlock), NULL},
};

static int read_options(struct search_options *o, int argc, char **argv) {
        static const struct option_verb verb = {"coloa search", help_en, help_vi, rows,
                                                ARRAY_LEN(rows)};

        *o = (struct search_options){.from = TIME_NONE, .to = TIME_NONE, .landlock = -1};
        int r = option_rows_read(&verb, o, argc, argv);
        if (r != 0)
                return r;
        if (optind + 1 != argc) {
                fputs(tr("coloa search: one query is expected (in quotation marks)\n",
                         "coloa search: cần đúng một truy vấn (đặt trong dấu nháy)\n"),
                      stderr);
                return 2;
        }
        o->text = argv[optind];
        return 0;
}

static int find_place(struct search_options *o) {
        const char *config = o->config;

        if (!config && !o->directory)
                config = serve_default_config();
        return serve_place(config, o->directory, &o->place);
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
        r = find_place(&o);
        if (r == 0)
                r = search(&o);
        if (r < 0) {
                if (r != -ETIME && r != -ECANCELED && r != -EINVAL)
                        fprintf(stderr, "coloa search: %s\n", error_text(r));
                return r == -EINVAL ? 2 : 3;
        }
        return r;
}

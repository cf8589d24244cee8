/* `coloa hold`: records that retention leaves where they are, with an owner and a reason; each step is in the
 * audit log. A hold is a range of sequence numbers; days and times are turned into one by what the store has. One that
 * reaches into the future holds all from its beginning on. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/timestamp.h"
#include "main/hold_verb.h"
#include "main/ledger.h"
#include "main/option_rows.h"
#include "main/phrases.h"
#include "os/os.h"
#include "store/day.h"
#include "store/hold.h"
#include "store/reader.h"

static const char help_en[] =
        "Usage: coloa hold add NAME --owner WHO --reason TEXT (--day D | --from T [--to T] |\n"
        "                  --seq A-B) [--until T]\n"
        "       coloa hold release NAME --reason TEXT [--by WHO]\n"
        "       coloa hold list\n"
        "\n"
        "Keeps records from retention until the hold ends or is released.\n"
        "\n"
        "      --owner WHO     who answers for it\n"
        "      --reason TEXT   why\n"
        "      --day D         all received on that day (UTC): 2026-11-23\n"
        "      --from T, --to T   received in that time: 2026-11-23T07:00:00Z, or -2d\n"
        "      --seq A-B       sequence numbers, both included\n"
        "      --until T       the hold ends by itself then: 2027-02-01, or 90d from now\n"
        "  -c, --config FILE   the node's configuration\n"
        "      --directory DIR its directory, when it has no configuration\n"
        "      --json          list: a line of JSON for each\n"
        "      --lang LANG     en or vi\n"
        "\n"
        "Exit codes: 0 done, 1 no such hold, or that name is taken, 2 usage, 3 it failed.\n";
static const char help_vi[] =
        "Cách dùng: coloa hold add TÊN --owner AI --reason LÝ_DO (--day NGÀY | --from LÚC\n"
        "                  [--to LÚC] | --seq A-B) [--until LÚC]\n"
        "           coloa hold release TÊN --reason LÝ_DO [--by AI]\n"
        "           coloa hold list\n"
        "\n"
        "Giữ các bản ghi khỏi bị xóa theo thời hạn lưu, đến khi lệnh giữ hết hạn hoặc được bỏ.\n"
        "\n"
        "      --owner AI      người chịu trách nhiệm\n"
        "      --reason LÝ_DO  vì sao\n"
        "      --day NGÀY      mọi bản ghi nhận trong ngày đó (UTC): 2026-11-23\n"
        "      --from LÚC, --to LÚC   nhận trong khoảng đó: 2026-11-23T07:00:00Z, hoặc -2d\n"
        "      --seq A-B       số thứ tự, gồm cả hai đầu\n"
        "      --until LÚC     tự hết hạn khi đó: 2027-02-01, hoặc 90d kể từ bây giờ\n"
        "  -c, --config TỆP    cấu hình của nút\n"
        "      --directory THƯ_MỤC  thư mục của nút, khi không có cấu hình\n"
        "      --json          list: mỗi lệnh giữ một dòng JSON\n"
        "      --lang NGỮ      en hoặc vi\n"
        "\n"
        "Mã thoát: 0 xong, 1 không có lệnh giữ đó hoặc tên đã dùng, 2 sai cách dùng, 3 thất bại.\n";

struct hold_options {
        const char *config, *directory, *by, *verb;
        struct place place;
        struct keep_hold hold;
        int64_t from, to;
        bool json;
};

/* ---- times to numbers ---- */

/* The first number received in the time, and the one behind the last. 1: *ret; 0: nothing. */
static int find_range(struct hold_options *o) {
        struct reader *reader = NULL;
        struct reader_query q = {.time_from = o->from, .time_to = o->to};
        struct reader_block b;
        char events[1100];
        uint64_t first = UINT64_MAX, end = 0;

        snprintf(events, sizeof(events), "%s/events", o->place.directory);
        int r = reader_open(&reader, events);
        if (r != 0)
                return r < 0 ? r : -EBADMSG;
        reader_begin(reader, &q);
        while ((r = reader_next(reader, &b)) > 0) {
                first = MIN(first, b.first_seq);
                end = MAX(end, b.end_seq);
        }
        if (r == 0 && (o->to == TIME_NONE || o->to > os_now())) {
                if (end == 0) {
                        r = reader_range(reader, &first, &end);
                        first = end; /* what comes */
                }
                end = INT64_MAX;
        }
        reader_free(reader);
        if (r < 0)
                return r;
        o->hold.first = first;
        o->hold.end = end;
        return end > first;
}

/* ---- the verbs ---- */

static int say(const struct hold_options *o, int r) {
        if (r == -EEXIST)
                fprintf(stderr,
                        tr("coloa hold: there is a hold of the name %s\n",
                           "coloa hold: đã có lệnh giữ tên %s\n"),
                        o->hold.name);
        else if (r == -ENOENT)
                fprintf(stderr,
                        tr("coloa hold: there is no hold of the name %s\n",
                           "coloa hold: không có lệnh giữ tên %s\n"),
                        o->hold.name);
        return r == -EEXIST || r == -ENOENT ? 1 : r < 0 ? 3 : 0;
}

static void range_text(const struct keep_hold *h, char *to, size_t room) {
        char end[32], until[40];

        snprintf(end, sizeof(end), "%llu", (unsigned long long)h->end - 1);
        until[h->until == INT64_MAX ? 0 : time_format(until, h->until, 0)] = '\0';
        snprintf(to, room, "%llu-%s%s%s", (unsigned long long)h->first,
                 h->end == INT64_MAX ? "" : end, *until ? " until=" : "", until);
}

static int add(struct hold_options *o) {
        struct keep_audit a = {.what = "hold.add"};
        char range[100];
        int r = o->hold.end ? 1 : find_range(o);

        if (r <= 0) {
                fprintf(stderr, "coloa hold: %s\n",
                        r < 0 ? error_text(r)
                              : tr("nothing was received in that time",
                                   "không nhận được gì trong khoảng đó"));
                return 3;
        }
        range_text(&o->hold, range, sizeof(range));
        snprintf(a.who, sizeof(a.who), "%s", o->hold.owner);
        snprintf(a.about, sizeof(a.about), "%s", o->hold.name);
        snprintf(a.detail, sizeof(a.detail), "seq=%s reason=%s", range, o->hold.reason);
        r = say(o, ledger_write("hold", &o->place, KEEP_HOLD, &a, &o->hold));
        if (r == 0)
                printf(tr("%s holds records %s\n", "%s giữ các bản ghi %s\n"), o->hold.name, range);
        return r;
}

static int release(struct hold_options *o) {
        struct keep_audit a = {.what = "hold.release"};

        snprintf(a.who, sizeof(a.who), "%s", o->by);
        snprintf(a.about, sizeof(a.about), "%s", o->hold.name);
        snprintf(a.detail, sizeof(a.detail), "reason=%s", o->hold.reason);
        return say(o, ledger_write("hold", &o->place, KEEP_RELEASE, &a, &o->hold));
}

static int show(void *ctx, const struct keep_hold *h, int64_t made) {
        const struct hold_options *o = ctx;
        struct buf b = {0};
        char range[100], time[40];

        time[time_format(time, made, 0)] = '\0';
        range_text(h, range, sizeof(range));
        if (o->json) {
                buf_str(&b, "{\"name\":\"");
                buf_json(&b, span_str(h->name));
                buf_str(&b, "\",\"owner\":\"");
                buf_json(&b, span_str(h->owner));
                buf_str(&b, "\",\"reason\":\"");
                buf_json(&b, span_str(h->reason));
                buf_printf(&b, "\",\"first\":%llu,\"end\":%llu,\"until\":%lld,\"made\":\"%s\"}",
                           (unsigned long long)h->first, (unsigned long long)h->end,
                           (long long)h->until, time);
        } else {
                buf_term(&b, span_str(h->name));
                buf_printf(&b, "\t%s\t%s\t", range, time);
                buf_term(&b, span_str(h->owner));
                buf_char(&b, '\t');
                buf_term(&b, span_str(h->reason));
                if (h->until <= os_now())
                        buf_str(&b, tr("\tended", "\tđã hết hạn"));
        }
        buf_char(&b, '\n');
        if (!b.failed)
                fwrite(b.p, 1, b.len, stdout);
        int r = b.failed ? -ENOMEM : 0;
        buf_deinit(&b);
        return r;
}

static int list(struct hold_options *o) {
        sqlite3 *meta = NULL;
        char path[1100];

        snprintf(path, sizeof(path), "%s/events/" TAIL_NAME, o->place.directory);
        int r = db_open(&meta, path, DB_READ, 0, TAIL_KIND);
        if (r == 0)
                r = hold_list(meta, show, o);
        db_close(&meta);
        if (r < 0)
                fprintf(stderr, "coloa hold: %s: %s\n", path, error_text(r));
        return r < 0 ? 3 : 0;
}

/* ---- the command line ---- */

static bool fits(char *to, size_t room, const char *v) {
        return *v && (size_t)snprintf(to, room, "%s", v) < room;
}

static int set_owner(void *to, const char *v) {
        struct hold_options *o = to;

        return fits(o->hold.owner, sizeof(o->hold.owner), v) ? OPTION_GOOD : OPTION_REFUSED;
}

static int set_reason(void *to, const char *v) {
        struct hold_options *o = to;

        return fits(o->hold.reason, sizeof(o->hold.reason), v) ? OPTION_GOOD : OPTION_REFUSED;
}

static int set_day(void *to, const char *v) {
        struct hold_options *o = to;

        o->to = option_time(v, &o->from) && strlen(v) == 10 ? o->from + DAY_NS : TIME_NONE;
        return o->to != TIME_NONE ? OPTION_GOOD : OPTION_REFUSED;
}

static int set_numbers(void *to, const char *v) {
        struct hold_options *o = to;

        return option_range(v, &o->hold.first, &o->hold.end) ? OPTION_GOOD : OPTION_REFUSED;
}

static int set_until(void *to, const char *v) {
        struct hold_options *o = to;
        int64_t span = time_parse_span(span_str(v));

        o->hold.until = span > 0 ? os_now() + span : 0;
        return span > 0 || (option_time(v, &o->hold.until) && o->hold.until > os_now())
                       ? OPTION_GOOD
                       : OPTION_REFUSED;
}

#define AT(member) OPTION_OF(hold_options, member)

static const struct option_row rows[] = {
        {"owner", 0, OPTION_CALL, 0, set_owner},
        {"reason", 0, OPTION_CALL, 0, set_reason},
        {"day", 0, OPTION_CALL, 0, set_day},
        {"from", 0, OPTION_TIME, AT(from), NULL},
        {"to", 0, OPTION_TIME, AT(to), NULL},
        {"seq", 0, OPTION_CALL, 0, set_numbers},
        {"until", 0, OPTION_CALL, 0, set_until},
        {"by", 0, OPTION_WORD, AT(by), NULL},
        {"config", 'c', OPTION_TEXT, AT(config), NULL},
        {"directory", 0, OPTION_TEXT, AT(directory), NULL},
        {"json", 0, OPTION_FLAG, AT(json), NULL},
};

static const char *what_is_wrong(struct hold_options *o, int words, char **argv) {
        static char uid[40];
        bool adding, listing;

        if (words < 1)
                return tr("add, release or list?", "add, release hay list?");
        o->verb = argv[0];
        adding = strcmp(o->verb, "add") == 0;
        listing = strcmp(o->verb, "list") == 0;
        if (!adding && !listing && strcmp(o->verb, "release") != 0)
                return tr("add, release or list?", "add, release hay list?");
        if (listing)
                return words == 1 ? NULL : tr("list takes nothing more", "list không cần gì thêm");
        if (words != 2 || !fits(o->hold.name, sizeof(o->hold.name), argv[1]))
                return tr("one name of at most 63 characters is needed",
                          "cần một tên dài tối đa 63 ký tự");
        if (!o->hold.reason[0])
                return tr("--reason is needed", "cần --reason");
        snprintf(uid, sizeof(uid), "uid %u", (unsigned)geteuid());
        o->by = o->by ? o->by : uid;
        if (!adding)
                return keep_hold_good(&o->hold, KEEP_RELEASE)
                               ? NULL
                               : tr("a name is ASCII without blanks",
                                    "tên gồm ký tự ASCII, không có dấu cách");
        if (!o->hold.owner[0])
                return tr("--owner is needed", "cần --owner");
        if ((o->from != TIME_NONE) == (o->hold.end != 0))
                return tr("one of --day, --from and --seq is needed",
                          "cần một trong --day, --from và --seq");
        struct keep_hold probe = o->hold;
        probe.end = probe.end ? probe.end : probe.first + 1;
        return keep_hold_good(&probe, KEEP_HOLD) ? NULL
                                                 : tr("a name is ASCII without blanks",
                                                      "tên gồm ký tự ASCII, không có dấu cách");
}

static int read_options(struct hold_options *o, int argc, char **argv) {
        static const struct option_verb verb = {"coloa hold", help_en, help_vi, rows,
                                                ARRAY_LEN(rows)};
        int r = option_rows_read(&verb, o, argc, argv);

        if (r != 0)
                return r;
        const char *wrong = what_is_wrong(o, argc - optind, argv + optind);
        if (wrong)
                fprintf(stderr, "coloa hold: %s\n", wrong);
        return wrong ? 2 : 0;
}

int verb_hold(int argc, char **argv) {
        struct hold_options o = {.from = TIME_NONE, .to = TIME_NONE, .hold = {.until = INT64_MAX}};
        int r = read_options(&o, argc, argv);

        if (r != 0)
                return r == 1 ? 0 : 2;
        if (serve_place(o.config, o.directory, &o.place) < 0)
                return 3;
        return *o.verb == 'a' ? add(&o) : *o.verb == 'r' ? release(&o) : list(&o);
}

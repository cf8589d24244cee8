/* See status.h. What sources are called comes from the configuration, what they did from counters
 * that ingest wrote: copied and checked first. */
#include "main/status.h"

#include <stdlib.h>

#include "base/lang.h"
#include "base/timestamp.h"
#include "os/os.h"
#include "wire/counters.h"
#include "wire/node_stats.h"

#define ULL(x) ((unsigned long long)(x))

static const char *condition(const struct flow_stats *s) {
        switch (s->condition) {
        case STORE_FINE: return tr("writes", "đang ghi");
        case STORE_FULL: return tr("cannot write: disk full", "không ghi được: đĩa đầy");
        case STORE_READ_ONLY:
                return tr("cannot write: read-only file system",
                          "không ghi được: hệ thống tệp chỉ đọc");
        case STORE_IO_ERROR:
                return tr("cannot write: input/output error", "không ghi được: lỗi vào/ra");
        case STORE_CLOCK: return tr("the clock stepped back", "đồng hồ bị lùi");
        default: return "?";
        }
}

static void source_text(struct buf *out, const struct source_counters *s, int64_t now) {
        char seen[64] = "-";

        if (s->last_seen)
                snprintf(seen, sizeof(seen), tr("%lld s ago", "%lld giây trước"),
                         (long long)((now - s->last_seen) / NS_PER_SEC));
        buf_printf(out, "  %-24s ", s->name);
        buf_printf(out,
                   tr("%llu received, %llu refused, %llu malformed, %llu duplicates, last %s%s\n",
                      "%llu đã nhận, %llu từ chối, %llu sai dạng, %llu trùng, gần nhất %s%s\n"),
                   ULL(s->received), ULL(s->refused + s->limited), ULL(s->malformed),
                   ULL(s->duplicates), seen, s->silent ? tr(", SILENT", ", IM LẶNG") : "");
}

static const char *file_state(const struct file_counters *f) {
        switch (f->state) {
        case FILE_UNDECIDED: return tr("too short yet", "còn quá ngắn");
        case FILE_DONE: return tr("read", "đã đọc xong");
        case FILE_REFUSED: return tr("binary: not followed", "nhị phân: không theo dõi");
        default:
                return f->packed           ? tr("being unpacked", "đang giải nén")
                       : f->read < f->size ? tr("being read", "đang đọc")
                                           : tr("followed", "đang theo dõi");
        }
}

static void files_text(struct buf *out, const struct counters_page *c) {
        if (!c || c->n_files == 0)
                return;
        buf_str(out, tr("Files:\n", "Tệp:\n"));
        for (uint32_t i = 0; i < c->n_files; i++) {
                const struct file_counters *f = &c->files[i];

                buf_printf(out, "  %-24s ", f->source);
                buf_term(out, span_str(f->path));
                buf_printf(out, tr(": %s, %llu of %llu bytes\n", ": %s, %llu trong %llu byte\n"),
                           file_state(f), ULL(f->read), ULL(f->size));
        }
        if (c->n_files == COUNTERS_FILES_MAX)
                buf_str(out, tr("  and more\n", "  và còn nữa\n"));
}

static void files_json(struct buf *out, const struct counters_page *c) {
        static const char *const states[] = {"followed", "undecided", "done", "refused"};

        for (uint32_t i = 0; c && i < c->n_files; i++) {
                const struct file_counters *f = &c->files[i];

                buf_printf(out, "%s{\"source\":\"", i ? "," : "");
                buf_json(out, span_str(f->source));
                buf_str(out, "\",\"path\":\"");
                buf_json(out, span_str(f->path));
                buf_printf(out, "\",\"state\":\"%s\",\"packed\":%s,\"size\":%llu,\"read\":%llu}",
                           states[f->state % ARRAY_LEN(states)], f->packed ? "true" : "false",
                           ULL(f->size), ULL(f->read));
        }
}

static void processes_text(struct buf *out, const struct node *n) {
        for (unsigned p = 0; p < NODE_PROCESSES; p++) {
                struct node_process_info info;

                node_process(n, (enum node_process)p, &info);
                if (!info.name)
                        continue;
                buf_printf(out, "  %-10s %s, pid %d", info.name,
                           info.up ? tr("up", "chạy") : tr("starting", "đang bật"), info.pid);
                if (info.restarts)
                        buf_printf(out, tr(", started again %llu times", ", bật lại %llu lần"),
                                   ULL(info.restarts));
                buf_char(out, '\n');
        }
}

/* The flow says which number comes next. */
static uint64_t last_before(uint64_t seq) {
        return seq ? seq - 1 : 0;
}

/* How far back a record that comes again is known as one, in seconds or as promised. */
static void duplicates_text(struct buf *out, const struct counters_page *c) {
        const uint64_t *t = c->totals;

        if (t[COUNT_DUPLICATES_ROOM] == 0)
                return; /* ingest has not begun */
        buf_printf(out,
                   tr("Duplicates: known for %llu s; %llu of %llu places taken",
                      "Trùng lặp: nhận ra trong %llu giây; dùng %llu trên %llu chỗ"),
                   ULL(t[COUNT_DUPLICATE_WINDOW]), ULL(t[COUNT_DUPLICATES_KNOWN]),
                   ULL(t[COUNT_DUPLICATES_ROOM]));
        if (t[COUNT_DUPLICATES_FORGOTTEN])
                buf_printf(out,
                           tr("; %llu FORGOTTEN EARLY: 'duplicates' in the configuration is too "
                              "small",
                              "; %llu BỊ QUÊN SỚM: 'duplicates' trong cấu hình quá nhỏ"),
                           ULL(t[COUNT_DUPLICATES_FORGOTTEN]));
        buf_char(out, '\n');
}

static void kind(struct buf *out, const struct node *n, enum node_number k, const char *what) {
        uint64_t number = node_count(n, k);

        if (number)
                buf_printf(out, ", %llu %s", ULL(number), what);
}

static void indicators_text(struct buf *out, const struct node *n) {
        uint64_t left = node_count(n, NUMBER_INDICATORS_LEFT);

        if (node_count(n, NUMBER_INDICATORS) + left == 0)
                return; /* none are configured */
        buf_printf(out, tr("Indicators: %llu in force", "Chỉ dấu: %llu đang có hiệu lực"),
                   ULL(node_count(n, NUMBER_INDICATORS)));
        kind(out, n, NUMBER_INDICATORS_ADDRESS, tr("addresses", "địa chỉ"));
        kind(out, n, NUMBER_INDICATORS_DOMAIN, tr("domain names", "tên miền"));
        kind(out, n, NUMBER_INDICATORS_URL, "URL");
        kind(out, n, NUMBER_INDICATORS_HASH, tr("hashes", "mã băm"));
        kind(out, n, NUMBER_INDICATORS_JA3, "JA3");
        buf_printf(out,
                   tr("; left out: %llu, of them expired: %llu; found in records: %llu\n",
                      "; bỏ ra: %llu, trong đó hết hạn: %llu; đã thấy trong bản ghi: %llu\n"),
                   ULL(left), ULL(node_count(n, NUMBER_INDICATORS_EXPIRED)),
                   ULL(node_count(n, NUMBER_INDICATOR_HITS)));
}

static void indicators_json(struct buf *out, const struct node *n) {
        for (enum node_number k = NUMBER_INDICATORS; k <= NUMBER_INDICATORS_LEFT; k++)
                buf_printf(out, "\"%s\":%llu,", node_number_name(k), ULL(node_count(n, k)));
        buf_printf(out, "\"%s\":%llu", node_number_name(NUMBER_INDICATOR_HITS),
                   ULL(node_count(n, NUMBER_INDICATOR_HITS)));
}

static void outgoing_text(struct buf *out, const struct node *n) {
        uint64_t queued = node_count(n, NUMBER_OUTGOING_QUEUED);
        uint64_t failed = node_count(n, NUMBER_OUTGOING_FAILED);
        uint64_t sent =
                node_count(n, NUMBER_COURIER_MAILS) + node_count(n, NUMBER_COURIER_WEBHOOKS);

        if (queued + failed + sent == 0)
                return;
        buf_printf(out,
                   tr("Mail and webhooks: %llu sent since the start; %llu wait, %llu failed\n",
                      "Thư và webhook: đã gửi %llu từ khi chạy; %llu đang chờ, %llu thất bại\n"),
                   ULL(sent), ULL(queued), ULL(failed));
}

static void exercises_text(struct buf *out, const struct node *n) {
        if (node_count(n, NUMBER_EXERCISES) == 0)
                return;
        buf_printf(
                out,
                tr("Exercises: %llu run, %llu units play; %llu injects came late, telemetry is "
                   "%llu ms behind\n",
                   "Diễn tập: %llu cuộc đang chạy, %llu đơn vị; %llu tình huống phát muộn, dữ liệu "
                   "chậm %llu ms\n"),
                ULL(node_count(n, NUMBER_EXERCISES)), ULL(node_count(n, NUMBER_EXERCISE_PLAYS)),
                ULL(node_count(n, NUMBER_INJECTS_LATE)), ULL(node_count(n, NUMBER_DRILL_BEHIND)));
}

static void outgoing_json(struct buf *out, const struct node *n) {
        for (enum node_number k = NUMBER_OUTGOING_QUEUED; k <= NUMBER_COURIER_REFUSED; k++)
                buf_printf(out, "%s\"%s\":%llu", k > NUMBER_OUTGOING_QUEUED ? "," : "",
                           node_number_name(k), ULL(node_count(n, k)));
}

static void text(struct buf *out, const struct node *n, const struct counters_page *c) {
        const struct flow_stats *s = node_stats(n);
        int64_t now = os_now();

        buf_printf(out,
                   tr("Store: %s; durable through record %llu\n",
                      "Kho: %s; bền vững đến bản ghi %llu\n"),
                   condition(s), ULL(last_before(s->durable)));
        buf_printf(out,
                   tr("Received: %llu records, %llu.%llu MB; %llu connections\n",
                      "Đã nhận: %llu bản ghi, %llu,%llu MB; %llu kết nối\n"),
                   ULL(s->received), ULL(s->bytes / 1000000), ULL(s->bytes / 100000 % 10),
                   ULL(c ? c->totals[COUNT_CONNECTIONS] : 0));
        buf_printf(
                out,
                tr("Judged: through record %llu; %llu still to be judged from the store; %llu "
                   "set aside\n",
                   "Đã phán xét: đến bản ghi %llu; còn %llu chờ phán xét từ kho; %llu để riêng\n"),
                ULL(last_before(s->judged)), ULL(s->behind), ULL(s->set_aside));
        indicators_text(out, n);
        exercises_text(out, n);
        outgoing_text(out, n);
        if (c)
                duplicates_text(out, c);
        buf_str(out, tr("Processes:\n", "Tiến trình:\n"));
        processes_text(out, n);
        buf_str(out, tr("Sources:\n", "Nguồn:\n"));
        for (uint32_t i = 0; c && i < c->n_sources; i++)
                source_text(out, &c->sources[i], now);
        files_text(out, c);
}

static void processes_json(struct buf *out, const struct node *n) {
        const char *comma = "";

        for (unsigned p = 0; p < NODE_PROCESSES; p++) {
                struct node_process_info info;

                node_process(n, (enum node_process)p, &info);
                if (!info.name)
                        continue;
                buf_printf(out, "%s{\"name\":\"%s\",\"up\":%s,\"pid\":%d,\"restarts\":%llu}", comma,
                           info.name, info.up ? "true" : "false", info.pid, ULL(info.restarts));
                comma = ",";
        }
}

static void source_json(struct buf *out, const struct source_counters *s) {
        buf_str(out, "{\"name\":\"");
        buf_json(out, span_str(s->name));
        buf_str(out, "\",\"system\":\"");
        buf_json(out, span_str(s->system));
        buf_printf(out,
                   "\",\"received\":%llu,\"bytes\":%llu,\"refused\":%llu,\"limited\":%llu,"
                   "\"malformed\":%llu,\"truncated\":%llu,\"duplicates\":%llu,"
                   "\"quarantined\":%llu,\"unread\":%llu,\"last_seen_ns\":%lld,\"silent\":%s}",
                   ULL(s->received), ULL(s->bytes), ULL(s->refused), ULL(s->limited),
                   ULL(s->malformed), ULL(s->truncated), ULL(s->duplicates), ULL(s->quarantined),
                   ULL(s->unread), (long long)s->last_seen, s->silent ? "true" : "false");
}

static void json(struct buf *out, const struct node *n, const struct counters_page *c) {
        const struct flow_stats *s = node_stats(n);

        buf_printf(
                out,
                "{\"store\":%u,\"durable\":%llu,\"received\":%llu,\"bytes\":%llu,\"judged\":%llu,"
                "\"behind\":%llu,\"later\":%llu,\"set_aside\":%llu,\"events\":%llu,"
                "\"bad\":%llu,\"slots\":%u,\"counters\":{",
                s->condition, ULL(s->durable), ULL(s->received), ULL(s->bytes), ULL(s->judged),
                ULL(s->behind), ULL(s->later), ULL(s->set_aside), ULL(s->events), ULL(s->bad),
                s->full_slots);
        for (unsigned i = 0; c && counter_name((enum counter)i); i++)
                buf_printf(out, "%s\"%s\":%llu", i ? "," : "", counter_name((enum counter)i),
                           ULL(c->totals[i]));
        buf_str(out, "},\"indicators\":{");
        indicators_json(out, n);
        buf_str(out, "},\"outgoing\":{");
        outgoing_json(out, n);
        buf_str(out, "},\"processes\":[");
        processes_json(out, n);
        buf_str(out, "],\"sources\":[");
        for (uint32_t i = 0; c && i < c->n_sources; i++) {
                if (i)
                        buf_char(out, ',');
                source_json(out, &c->sources[i]);
        }
        buf_str(out, "],\"files\":[");
        files_json(out, c);
        buf_str(out, "]}\n");
}

void status_write(struct buf *out, const struct node *n, bool as_json) {
        struct counters_page *copy = malloc(sizeof(*copy));
        bool have = copy && counters_copy(node_counters(n), copy);

        if (as_json)
                json(out, n, have ? copy : NULL);
        else
                text(out, n, have ? copy : NULL);
        free(copy);
}

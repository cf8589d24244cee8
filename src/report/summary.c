/* The last lines of a hunt, the progress line, and the line about a place that could not be read.
 *
 * The summary always says all three: what was found, how much was looked at with how many rules
 * (quiet is not safe), and what could not be read. */
#include "base/lang.h"
#include "report/terminal.h"
#include "report/text.h"

#define PATH_MAX_SHOWN 4096u

/* One labelled line; the text wraps under itself. */
static void line(struct buf *b, const struct summary *s, const char *label, enum paint p,
                 struct buf *text) {
        size_t column = 0;
        struct span rest = buf_get(text);
        static const char *const labels[][2] = {
                {"Findings", "Phát hiện"}, {"Looked at", "Đã xem"}, {"Not read", "Không đọc được"},
                {"Rules", "Quy tắc"},      {"Note", "Lưu ý"},
        };

        for (size_t i = 0; i < ARRAY_LEN(labels); i++)
                column = MAX(column, text_width(span_str(tr(labels[i][0], labels[i][1]))));
        column += 3;
        for (bool first = true; rest.len; first = false) {
                paint(b, s->colour && first, p);
                if (first)
                        buf_str(b, label);
                paint(b, s->colour && first, PAINT_OFF);
                text_pad(b, column - (first ? text_width(span_str(label)) : 0));
                buf_span(b, text_wrap(&rest, s->width - column));
                buf_char(b, '\n');
        }
        buf_reset(text);
}

static void found(struct buf *b, const struct summary *s) {
        const struct report_counts *c = s->counts;
        struct buf t = {0};
        bool any = false;

        if (c->findings == 0) {
                buf_str(&t, s->total->records ? tr("none; no rule matched",
                                                   "không có; không quy tắc nào khớp")
                                              : tr("none; no record was read",
                                                   "không có; chưa đọc được bản ghi nào"));
                line(b, s, tr("Findings", "Phát hiện"), s->total->records ? PAINT_OK : PAINT_HIGH,
                     &t);
                buf_deinit(&t);
                return;
        }
        text_number(&t, c->findings);
        buf_str(&t, ": ");
        for (unsigned l = LEVEL_CRITICAL + 1; l-- > 0;) {
                if (!c->level[l])
                        continue;
                buf_str(&t, any ? ", " : "");
                text_number(&t, c->level[l]);
                buf_char(&t, ' ');
                struct span word = span_str(report_level_word((enum level)l));
                if (lang_current == LANG_EN) { /* lower case inside a sentence */
                        buf_char(&t, ascii_lower(word.p[0]));
                        buf_add(&t, word.p + 1, word.len - 1);
                } else {
                        buf_span(&t, word);
                }
                any = true;
        }
        if (s->hosts) {
                buf_str(&t, tr(", on ", ", trên "));
                if (s->hosts_more)
                        buf_str(&t, tr("more than ", "hơn "));
                text_count(&t, s->hosts, "host", "hosts", "máy");
        }
        line(b, s, tr("Findings", "Phát hiện"),
             c->level[LEVEL_CRITICAL] ? PAINT_CRITICAL
             : c->level[LEVEL_HIGH]   ? PAINT_HIGH
                                      : PAINT_BOLD,
             &t);
        buf_deinit(&t);
}

static void looked_at(struct buf *b, const struct summary *s) {
        const struct report_summary *x = s->total;
        struct buf t = {0};

        text_count(&t, x->records, "record", "records", "bản ghi");
        buf_str(&t, tr(" in ", " trong "));
        text_count(&t, x->files, "file", "files", "tệp");
        buf_str(&t, ", ");
        text_bytes(&t, x->bytes);
        buf_str(&t, tr(", with ", ", bằng "));
        text_count(&t, (uint64_t)x->rules + x->correlations, "rule", "rules", "quy tắc");
        buf_str(&t, tr(", in ", ", trong "));
        text_duration(&t, x->duration);
        if (x->duration > 0 && x->records > 1000) {
                buf_str(&t, " (");
                text_number(&t, (uint64_t)((double)x->records * 1e9 / (double)x->duration));
                buf_str(&t, tr(" a second)", " mỗi giây)"));
        }
        line(b, s, tr("Looked at", "Đã xem"), PAINT_BOLD, &t);
        buf_deinit(&t);
}

static void left_out(struct buf *b, const struct summary *s) {
        const struct report_summary *x = s->total;
        struct buf t = {0};

        if (x->rules_refused) {
                text_count(&t, x->rules_refused, "rule was left out", "rules were left out",
                           "quy tắc bị bỏ ra");
                buf_str(&t, tr("; coloa rules check says why. ",
                               "; coloa rules check cho biết vì sao. "));
        }
        if (x->rules_unmapped)
                text_count(&t, x->rules_unmapped, "rule has a log source that nothing maps.",
                           "rules have a log source that nothing maps.",
                           "quy tắc có nguồn nhật ký chưa được ánh xạ.");
        if (t.len)
                line(b, s, tr("Rules", "Quy tắc"), PAINT_BOLD, &t);
        if (x->without_time) {
                text_count(&t, x->without_time, "match has no time, so correlations",
                           "matches have no time, so correlations",
                           "kết quả khớp không có thời gian, nên phép tương quan");
                buf_str(&t, tr(" could not use them. ", " không dùng được. "));
        }
        if (x->evicted) {
                text_count(&t, x->evicted, "correlation window was", "correlation windows were",
                           "cửa sổ tương quan");
                buf_str(&t, tr(" dropped for lack of memory: alerts may be missing. ",
                               " bị bỏ vì hết bộ nhớ: có thể thiếu cảnh báo. "));
        }
        if (x->interrupted)
                buf_str(&t, tr("Interrupted: the rest of the input was not looked at.",
                               "Bị ngắt: phần còn lại của dữ liệu chưa được xem."));
        if (t.len)
                line(b, s, tr("Note", "Lưu ý"), PAINT_HIGH, &t);
        buf_deinit(&t);
}

static void not_read(struct buf *b, const struct summary *s) {
        struct buf t = {0};
        bool all = s->counts->unreadable == 0 && s->total->crashes == 0;

        if (all && s->total->interrupted) {
                buf_str(&t, tr("the rest: the hunt was interrupted", "phần còn lại: đã bị ngắt"));
                all = false;
        } else if (all) {
                buf_str(&t, tr("nothing; everything could be read",
                               "không có gì; mọi thứ đều đọc được"));
        } else {
                text_count(&t, s->counts->unreadable, "place", "places", "chỗ");
                buf_str(&t, ", ");
                text_bytes(&t, s->total->unreadable_bytes);
        }
        if (s->total->crashes) {
                buf_str(&t, "; ");
                text_count(&t, s->total->crashes, "reader crashed and was replaced",
                           "readers crashed and were replaced",
                           "tiến trình đọc bị hỏng và đã được thay");
        }
        line(b, s, tr("Not read", "Không đọc được"), all ? PAINT_BOLD : PAINT_CRITICAL, &t);
        buf_deinit(&t);
}

void summary_lines(struct buf *b, const struct summary *s) {
        found(b, s);
        looked_at(b, s);
        left_out(b, s);
        not_read(b, s);
}

void report_summary_lines(struct buf *b, const struct report_counts *c,
                          const struct report_summary *s, unsigned width, bool colour) {
        summary_lines(b, &(struct summary){.counts = c,
                                           .total = s,
                                           .width = width ? MAX(48u, MIN(width, 160u)) : 80,
                                           .colour = colour});
}

void report_unreadable_line(struct buf *b, struct span path, const struct report_unreadable *u) {
        text_clean(b, path.len ? path : span_str(tr("(unknown input)", "(không rõ tệp)")),
                   PATH_MAX_SHOWN);
        buf_str(b, tr(": at byte ", ": tại byte "));
        text_number(b, u->offset);
        if (u->length) {
                buf_str(b, ", ");
                text_bytes(b, u->length);
        }
        if (u->phrase.len) {
                buf_str(b, ": ");
                text_clean(b, u->phrase, 1024);
        }
        if (u->crash)
                buf_str(b, tr("; the reader crashed on it", "; tiến trình đọc bị hỏng tại đây"));
        if (u->recovered) {
                buf_str(b, "; ");
                text_count(b, u->recovered, "record recovered", "records recovered",
                           "bản ghi cứu được");
        }
}

/* A guess needs no hundredths. */
static void text_eta(struct buf *b, uint64_t seconds) {
        if (seconds < 60)
                buf_printf(b, "%u %s", (unsigned)seconds, tr("s", "giây"));
        else if (seconds < 3600)
                buf_printf(b, "%u %s", (unsigned)(seconds / 60), tr("min", "phút"));
        else
                text_duration(b, (int64_t)seconds * 1000000000);
}

void report_progress_line(struct buf *b, const struct report_progress *p, unsigned width) {
        struct buf t = {0}, path = {0};

        if (p->bytes_total) {
                uint64_t done = MIN(p->bytes, p->bytes_total);

                buf_printf(&t, "%3u %%  ", (unsigned)((double)done * 100 / (double)p->bytes_total));
        }
        text_bytes(&t, p->bytes);
        if (p->elapsed > 200000000) {
                double rate = (double)p->bytes * 1e9 / (double)p->elapsed;

                buf_str(&t, ", ");
                text_bytes(&t, (uint64_t)rate);
                buf_str(&t, tr("/s", "/giây"));
                if (p->bytes_total > p->bytes && rate > 0) {
                        buf_str(&t, tr(", about ", ", còn khoảng "));
                        text_eta(&t,
                                 (uint64_t)MIN((double)(p->bytes_total - p->bytes) / rate, 1e9) +
                                         1);
                        buf_str(&t, tr(" left", ""));
                }
        }
        buf_str(&t, " · ");
        text_count(&t, p->findings, "finding", "findings", "phát hiện");
        if (p->unreadable) {
                buf_str(&t, " · ");
                text_count(&t, p->unreadable, "place not read", "places not read",
                           "chỗ không đọc được");
        }
        size_t used = text_width(buf_get(&t));
        text_cut(b, buf_get(&t), width);
        if (p->input.len && width > used + 20) {
                text_clean(&path, p->input, PATH_MAX_SHOWN);
                buf_str(b, " · ");
                text_cut_front(b, buf_get(&path), width - used - 3);
        }
        buf_deinit(&t);
        buf_deinit(&path);
}

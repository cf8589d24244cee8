/* The list of what a doctor found, and how it is shown: one line each, what to do below it. */
#include <stdarg.h>
#include <stdio.h>

#include "base/lang.h"
#include "main/doctor.h"

static struct span format(struct doctor *d, const char *fmt, va_list ap) _printf_(2, 0);

static struct span format(struct doctor *d, const char *fmt, va_list ap) {
        char text[2048];

        vsnprintf(text, sizeof(text), fmt, ap);
        struct span s = arena_dup(&d->arena, span_of(text, strlen(text) + 1));
        return s.p ? span_of(s.p, s.len - 1) : SPAN("");
}

const char *doctor_text(struct doctor *d, const char *fmt, ...) {
        va_list ap;

        va_start(ap, fmt);
        struct span s = format(d, fmt, ap);
        va_end(ap);
        return s.p;
}

void doctor_say(struct doctor *d, enum doctor_level level, const char *check, const char *advice,
                const char *fmt, ...) {
        va_list ap;

        assert((level == DOCTOR_OK) == (advice == NULL));
        d->count[level]++;
        if (d->n == DOCTOR_FINDINGS_MAX) {
                d->n_left_out++;
                return;
        }
        va_start(ap, fmt);
        d->list[d->n++] = (struct doctor_finding){level, check, format(d, fmt, ap), advice};
        va_end(ap);
}

int doctor_status(const struct doctor *d) {
        return d->count[DOCTOR_ERROR] ? 2 : d->count[DOCTOR_WARNING] ? 1 : 0;
}

static const char *label(const char *check) {
        static const char *const vi[][2] = {{"certificates", "chứng thư"},
                                            {"clock", "đồng hồ"},
                                            {"configuration", "cấu hình"},
                                            {"control", "điều khiển"},
                                            {"exceptions", "ngoại lệ"},
                                            {"intel", "dấu hiệu"},
                                            {"directory", "thư mục"},
                                            {"disk", "đĩa"},
                                            {"files", "tệp theo dõi"},
                                            {"kernel", "nhân"},
                                            {"keys", "khóa"},
                                            {"limits", "giới hạn"},
                                            {"memory", "bộ nhớ"},
                                            {"permissions", "quyền"},
                                            {"regimes", "bộ quy định"},
                                            {"ports", "cổng"},
                                            {"retention", "lưu giữ"},
                                            {"rules", "quy tắc"},
                                            {"secrets", "bí mật"},
                                            {"sources", "nguồn"}};

        for (size_t i = 0; lang_current == LANG_VI && i < ARRAY_LEN(vi); i++)
                if (strcmp(check, vi[i][0]) == 0)
                        return vi[i][1];
        return check;
}

static void as_text(const struct doctor *d, struct buf *out) {
        const char *const words[] = {tr("good", "tốt"), tr("WARNING", "CẢNH BÁO"),
                                     tr("ERROR", "LỖI")};

        for (uint32_t i = 0; i < d->n; i++) {
                const struct doctor_finding *f = &d->list[i];

                buf_printf(out, "%s  %s: ", words[f->level], label(f->check));
                buf_term(out, f->text);
                buf_char(out, '\n');
                if (f->advice) {
                        buf_str(out, tr("    do: ", "    cần làm: "));
                        buf_term(out, span_str(f->advice));
                        buf_char(out, '\n');
                }
        }
        if (d->n_left_out)
                buf_printf(out, tr("%u more are not shown\n", "còn %u mục không hiện\n"),
                           d->n_left_out);
        buf_printf(out, tr("%u errors, %u warnings\n", "%u lỗi, %u cảnh báo\n"),
                   d->count[DOCTOR_ERROR], d->count[DOCTOR_WARNING]);
}

static void as_json(const struct doctor *d, struct buf *out) {
        static const char *const levels[] = {"ok", "warning", "error"};

        buf_printf(out, "{\"errors\":%u,\"warnings\":%u,\"left_out\":%u,\"findings\":[",
                   d->count[DOCTOR_ERROR], d->count[DOCTOR_WARNING], d->n_left_out);
        for (uint32_t i = 0; i < d->n; i++) {
                const struct doctor_finding *f = &d->list[i];

                buf_printf(out, "%s\n{\"level\":\"%s\",\"check\":\"%s\",\"text\":\"", i ? "," : "",
                           levels[f->level], f->check);
                buf_json(out, f->text);
                if (f->advice) {
                        buf_str(out, "\",\"do\":\"");
                        buf_json(out, span_str(f->advice));
                }
                buf_str(out, "\"}");
        }
        buf_str(out, "]}\n");
}

void doctor_print(const struct doctor *d, struct buf *out, bool json) {
        if (json)
                as_json(d, out);
        else
                as_text(d, out);
}

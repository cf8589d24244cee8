/* A report: one writer, its counts, and the way out.
 *
 * Every call appends to one buffer; when it holds more than FLUSH_BYTES, or at the end, it goes to
 * the caller's write(). So the buffer never holds more than FLUSH_BYTES and what one finding can
 * make (bounded by FINDING_BYTES_MAX times the worst escape). The first error sticks: later calls
 * return it at once. */
#include "report/writer.h"

#include <stdlib.h>

#include "base/lang.h"
#include "base/timestamp.h"

#define FLUSH_BYTES ((size_t)64 << 10)
#define OUT_LIMIT ((size_t)8 << 20)

static const struct report_writer *const writers[] = {
        [REPORT_TERMINAL] = &report_terminal,
        [REPORT_JSONL] = &report_jsonl,
        [REPORT_CSV] = &report_csv,
        [REPORT_HTML] = &report_html,
        [REPORT_NAVIGATOR] = &report_navigator,
        [REPORT_TIMESKETCH] = &report_timesketch,
};

bool report_format_from(struct span name, enum report_format *ret) {
        static const struct {
                struct span name;
                enum report_format format;
        } names[] = {
                {{"terminal", 8}, REPORT_TERMINAL},
                {{"text", 4}, REPORT_TERMINAL},
                {{"jsonl", 5}, REPORT_JSONL},
                {{"json", 4}, REPORT_JSONL},
                {{"csv", 3}, REPORT_CSV},
                {{"html", 4}, REPORT_HTML},
                {{"navigator", 9}, REPORT_NAVIGATOR},
                {{"timesketch", 10}, REPORT_TIMESKETCH},
        };

        for (size_t i = 0; i < ARRAY_LEN(names); i++)
                if (span_ieq(name, names[i].name)) {
                        *ret = names[i].format;
                        return true;
                }
        return false;
}

int report_flush(struct report *r) {
        int e = 0;

        if (r->failed)
                return r->failed;
        if (r->out.failed)
                e = FAIL(-ENOMEM);
        else if (r->out.len)
                e = r->context.write(r->context.write_ctx, r->out.p, r->out.len);
        buf_reset(&r->out);
        if (e < 0)
                r->failed = e;
        return e;
}

static int report_step(struct report *r, int e) {
        if (e < 0) {
                r->failed = e;
                return FAIL(e);
        }
        if (r->out.failed || r->out.len >= FLUSH_BYTES)
                return report_flush(r);
        return 0;
}

int report_new(struct report **ret, const struct report_context *context) {
        struct report *r = calloc(1, sizeof(*r));
        int e;

        if (!r)
                return FAIL(-ENOMEM);
        r->context = *context;
        r->writer = writers[context->format];
        r->out.limit = OUT_LIMIT;
        e = report_step(r, r->writer->begin ? r->writer->begin(r) : 0);
        if (e < 0) {
                report_free(r);
                return e;
        }
        *ret = r;
        return 0;
}

struct report *report_free(struct report *r) {
        if (!r)
                return NULL;
        if (r->writer->deinit)
                r->writer->deinit(r);
        buf_deinit(&r->out);
        free(r);
        return NULL;
}

int report_finding(struct report *r, const struct finding *f) {
        struct program_rule m;
        struct finding clipped = *f;

        if (r->failed)
                return r->failed;
        if (f->n_fields > FINDING_FIELDS_MAX) {
                clipped.n_fields = FINDING_FIELDS_MAX;
                clipped.flags |= FINDING_CUT;
                f = &clipped;
        }
        report_rule(r, f->rule, report_is_alert(f), &m);
        r->counts.findings++;
        r->counts.level[m.level]++;
        return report_step(r, r->writer->finding(r, f));
}

int report_unreadable(struct report *r, const struct report_unreadable *u) {
        if (r->failed)
                return r->failed;
        r->counts.unreadable++;
        return report_step(r, r->writer->unreadable ? r->writer->unreadable(r, u) : 0);
}

int report_end(struct report *r, const struct report_summary *s) {
        int e;

        if (r->failed)
                return r->failed;
        e = report_step(r, r->writer->end ? r->writer->end(r, s) : 0);
        return e < 0 ? e : report_flush(r);
}

const struct report_counts *report_counts(const struct report *r) {
        return &r->counts;
}

void report_rule(const struct report *r, uint32_t rule, bool correlation,
                 struct program_rule *ret) {
        *ret = (struct program_rule){0};
        if (r->context.source.rule(r->context.source.ctx, rule, correlation, ret)) {
                if (ret->level > LEVEL_CRITICAL)
                        ret->level = LEVEL_NONE;
                if (!ret->title.len)
                        ret->title = ret->id.len ? ret->id : SPAN("(untitled rule)");
                return;
        }
        *ret = (struct program_rule){.title = SPAN("(rule unknown to the program)"),
                                     .title_vi = SPAN("(quy tắc không có trong chương trình)")};
}

struct span report_title(const struct program_rule *m) {
        return lang_current == LANG_VI && m->title_vi.len ? m->title_vi : m->title;
}

struct span report_tag(const struct report *r, uint32_t rule, bool correlation, uint32_t nth) {
        return r->context.source.tag(r->context.source.ctx, rule, correlation, nth);
}

struct span report_input(const struct report *r, uint32_t input) {
        return r->context.source.input ? r->context.source.input(r->context.source.input_ctx, input)
                                       : SPAN_NONE;
}

const char *report_level_key(enum level level) {
        static const char *const keys[] = {"none",   "informational", "low",
                                           "medium", "high",          "critical"};

        return keys[level];
}

const char *report_level_word(enum level level) {
        switch (level) {
        case LEVEL_CRITICAL: return tr("Critical", "Nguy cấp");
        case LEVEL_HIGH: return tr("High", "Cao");
        case LEVEL_MEDIUM: return tr("Medium", "Trung bình");
        case LEVEL_LOW: return tr("Low", "Thấp");
        case LEVEL_INFORMATIONAL: return tr("Informational", "Thông tin");
        case LEVEL_NONE: break;
        }
        return tr("No level", "Không có mức");
}

void report_time(struct buf *b, int64_t ns) {
        char text[40];
        unsigned digits = ns % 1000000 == 0 ? 3 : ns % 1000 == 0 ? 6 : 9;

        if (ns != TIME_NONE)
                buf_add(b, text, time_format(text, ns, digits));
}

/* What the writers of this room share: the report itself, and a writer's five calls. */
#ifndef REPORT_WRITER_H
#define REPORT_WRITER_H

#include "report/report.h"

struct report;

/* A format. `state` belongs to the writer: begin makes it, deinit frees it (also after a failed
 * begin). Calls append to r->out, which report.c hands on; failures of r->out are seen there. All
 * but `finding` may be NULL. */
struct report_writer {
        int (*begin)(struct report *r);
        int (*finding)(struct report *r, const struct finding *f);
        int (*unreadable)(struct report *r, const struct report_unreadable *u);
        int (*end)(struct report *r, const struct report_summary *s);
        void (*deinit)(struct report *r);
};

extern const struct report_writer report_terminal, report_jsonl, report_csv, report_html,
        report_navigator, report_timesketch;

struct report {
        struct report_context context;
        const struct report_writer *writer;
        struct report_counts counts;
        struct buf out;
        void *state;
        int failed; /* first error; sticky */
};

/* Hands r->out to the caller's write. Writers with much to say call it now and then. */
int report_flush(struct report *r);

/* Meta of a finding's rule. One that the program does not know (a judge may be hijacked) gets a
 * title saying so. */
void report_rule(const struct report *r, uint32_t rule, bool correlation, struct program_rule *ret);
/* In the language in use. */
struct span report_title(const struct program_rule *m);
struct span report_tag(const struct report *r, uint32_t rule, bool correlation, uint32_t nth);
struct span report_input(const struct report *r, uint32_t input);

static inline bool report_is_alert(const struct finding *f) {
        return (f->flags & FINDING_ALERT) != 0;
}

/* Stable names for machines: "critical" …; LEVEL_NONE is "none". */
const char *report_level_key(enum level level);
/* For people, in the language in use. */
const char *report_level_word(enum level level);

/* "2026-11-17T20:09:41.883Z" with 3, 6 or 9 digits, as many as are needed; nothing for TIME_NONE.
 */
void report_time(struct buf *b, int64_t ns);

#endif

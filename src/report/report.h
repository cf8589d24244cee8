/* Findings shown: on a terminal, as JSON lines, CSV, one HTML page, an ATT&CK Navigator layer or
 * Timesketch lines.
 *
 * A report takes findings as they stream in, in any order, and writes through a callback: the room
 * makes no system call. What it keeps is bounded whatever the input (about 10 MiB on a terminal, 2
 * MiB as HTML, less elsewhere); what a bound leaves out is counted and said in the report. Formats:
 * doc/output.md. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "base/buf.h"
#include "rules/program.h"
#include "wire/finding.h"

enum report_format {
        REPORT_TERMINAL,
        REPORT_JSONL,
        REPORT_CSV,
        REPORT_HTML,
        REPORT_NAVIGATOR,
        REPORT_TIMESKETCH,
};

/* "jsonl", "csv", "html", "navigator", "timesketch", "terminal" (also "text"); false: none of them.
 */
bool report_format_from(struct span name, enum report_format *ret);

/* Where titles and paths come from. Spans must stay valid until the next call. */
struct report_source {
        void *ctx;
        /* false: no such rule. `correlation` counts correlations. */
        bool (*rule)(void *ctx, uint32_t i, bool correlation, struct program_rule *ret);
        struct span (*tag)(void *ctx, uint32_t i, bool correlation, uint32_t nth);
        void *input_ctx;
        struct span (*input)(void *input_ctx,
                             uint32_t i); /* its path; empty: unknown. May be NULL */
};

/* Sets ctx, rule and tag for a program; the caller sets the input pair. */
void report_source_of_program(struct report_source *ret, const struct program *g);

struct report_context {
        struct report_source source;
        enum report_format format;
        int (*write)(void *ctx, const void *p, size_t n); /* all of it; 0 or -errno */
        void *write_ctx;
        const char *version;  /* of Coloa */
        struct span ruleset;  /* what the rules are called: a folder, "SigmaHQ" … */
        int64_t started;      /* ns UTC, TIME_NONE: not said */
        enum level min_level; /* said in the report; the caller filters */
        unsigned width;       /* terminal: columns; 0: 80 */
        bool colour;          /* terminal: the caller looked at NO_COLOR and the like */
        bool unreadable;      /* jsonl: also an object of event.kind "pipeline_error" per unreadable
                                 place */
        unsigned max_hosts;   /* terminal: hosts shown per rule; 0: 8 */
        uint32_t max_groups;  /* terminal: groups of rule and host kept; 0: 20,000 */
};

/* A place that could not be read. */
struct report_unreadable {
        uint32_t input;
        uint64_t offset, length;
        struct span phrase; /* why, in the user's language */
        uint64_t recovered; /* records rescued from it */
        bool crash;         /* a judge died here */
};

struct report_summary {
        uint64_t files, records, bytes;
        uint64_t unreadable_bytes, crashes;
        int64_t duration; /* ns */
        uint32_t rules, correlations;
        uint32_t rules_refused;  /* not usable; `coloa rules check` says why */
        uint32_t rules_unmapped; /* their log source is not mapped to anything */
        uint64_t without_time;   /* findings correlations could not use */
        uint64_t evicted;        /* correlation groups dropped for lack of memory */
        bool interrupted;        /* not all input was read */
};

struct report;

/* Context is copied, what it points to stays the caller's. Writes the head. 0 or -errno. */
int report_new(struct report **ret, const struct report_context *context);
/* 0 or -errno; after an error the report only wants to be freed. Nothing of `f` is kept. */
int report_finding(struct report *r, const struct finding *f);
int report_unreadable(struct report *r, const struct report_unreadable *u);
/* Writes what remains. */
int report_end(struct report *r, const struct report_summary *s);
struct report *report_free(struct report *r);
CLEANUP(report, report_free)

struct report_counts {
        uint64_t findings; /* records that matched and alerts, each counted once */
        uint64_t unreadable;
        uint64_t level[LEVEL_CRITICAL + 1];
};
const struct report_counts *report_counts(const struct report *r);

/* ---- beside a report, on the user's terminal ---- */

struct report_progress {
        uint64_t bytes, bytes_total; /* total 0: not known (standard input) */
        uint64_t records, findings, unreadable;
        int64_t elapsed; /* ns */
        struct span input;
};
/* One line without control characters or a line end, at most `width` columns: the caller overwrites
 * it in place. */
void report_progress_line(struct buf *b, const struct report_progress *p, unsigned width);
/* "logs/a.evtx: at 4,096, 65,536 bytes: chunk damaged; 12 records recovered", for standard error.
 */
void report_unreadable_line(struct buf *b, struct span path, const struct report_unreadable *u);
/* The summary as plain lines, for standard error beside a report that goes to a file or a pipe. */
void report_summary_lines(struct buf *b, const struct report_counts *c,
                          const struct report_summary *s, unsigned width, bool colour);

#endif

/* The command line of `coloa hunt`. */
#ifndef MAIN_OPTIONS_H
#define MAIN_OPTIONS_H

#include "base/base.h"
#include "base/timestamp.h"
#include "report/report.h"

#define OPTION_LIST_MAX 256u
#define OPTION_TAG_MAX 100u
#define OUTPUTS_MAX 8u

struct hunt_output {
        enum report_format format;
        const char *path; /* NULL: standard output */
};

struct hunt_options {
        const char *rules[OPTION_LIST_MAX];
        unsigned n_rules;
        const char *placeholders[OPTION_LIST_MAX];
        unsigned n_placeholders;
        const char *intel[OPTION_LIST_MAX], *warnings[OPTION_LIST_MAX];
        unsigned n_intel, n_warnings;
        const char *intel_columns, *intel_fields;
        int64_t intel_at, intel_expiry; /* ns; 0: now, none */
        const char *tags[2];
        unsigned n_tags;
        const char *logsources;
        struct hunt_output outputs[OUTPUTS_MAX];
        unsigned n_outputs;
        uint32_t format;
        int zone_sec, year;
        enum level min_level;
        int64_t from, to;
        unsigned jobs; /* 0: as many as there are processors */
        bool stats, no_memo, pin, quiet, leftovers;
        int colour; /* -1: as the terminal and NO_COLOR say */
        unsigned repeat;
        uint32_t fill;
        int landlock;
        char **paths;
        unsigned n_paths;
};

/* 0; 1: help was printed, end well; 2: usage error, said on standard error. */
int hunt_options_read(struct hunt_options *ret, int argc, char **argv);
/* Says what getopt_long() refused (its messages are off: they know one language) and gives 2.
 * `verb` is what stands before options; `c` what getopt_long() gave, with a ':' first in its
 * short options. */
int option_refused(const char *verb, int c, char **argv);
/* The same for a value that the option cannot have. */
int option_value_refused(const char *verb, const char *value);
/* --lang: 0, or 2 when it is none of ours, said. */
int option_lang(const char *verb, const char *value);
/* An instant (2026-11-23T07:00:00Z, 2026-11-23), or how long ago (-1h). */
bool option_time(const char *text, int64_t *ret);
/* "7", "7-9": sequence numbers [7, 8), [7, 10). */
bool option_range(const char *text, uint64_t *ret_first, uint64_t *ret_end);
/* 32 bytes: 64 hex digits, or a file that holds them. */
bool key_read(const char *arg, unsigned char key[32]);
/* One of the options about indicators (OPTION_INTEL …), shared with `coloa intel`: 0, or 2: said. */
enum {
        OPTION_INTEL = 512,
        OPTION_WARNINGS,
        OPTION_COLUMNS,
        OPTION_FIELDS,
        OPTION_EXPIRY,
        OPTION_AT
};
int option_intel(struct hunt_options *o, const char *verb, int c, const char *v);
/* What they say. */
struct rulebook_intel;
void option_intel_book(const struct hunt_options *o, struct rulebook_intel *ret);
/* LEVEL_NONE when there is no such name. */
enum level level_from_name(const char *s);

#endif

/* Indicators on their way from files to a table: what was read, what was left out and why. */
#ifndef INTEL_SET_H
#define INTEL_SET_H

#include "base/arena.h"
#include "base/timestamp.h"
#include "intel/table.h"

#define INTEL_MAX 4000000u       /* indicators kept */
#define INTEL_FEEDS_MAX 256u     /* beyond, the last one stands for all */
#define INTEL_PROBLEMS_MAX 1000u /* kept with their place; all are counted */

enum intel_level { INTEL_LOW, INTEL_MEDIUM, INTEL_HIGH, INTEL_LEVELS };

struct intel_problem {
        struct span file;
        uint32_t line;      /* 0: the whole file */
        struct span en, vi; /* what */
        bool error;         /* the file's rest was not read */
};

struct intel_feed {
        struct span name, file;
        uint64_t n[INTEL_LEVELS];          /* indicators kept */
        uint64_t content[INTEL_LEVELS][2]; /* a sum of digests: tells whether they changed */
        uint16_t rule[INTEL_LEVELS];
};

struct intel_counts {
        uint64_t types[INTEL_TYPES]; /* kept */
        uint64_t read, kept, doubled, expired, revoked, warned, unsupported, malformed, inactive,
                over;
};

struct intel_options {
        int64_t now;    /* ns; TIME_NONE: nothing is expired */
        int64_t expiry; /* ns after an indicator's own time; 0: those without an end have none */
        struct span columns; /* of CSV files without a header: "type,value,name" */
        struct buf *list;    /* NULL; else a line per indicator */
        bool json;           /* … as JSON */
};

/* One indicator as a file has it; spans may go after the call. */
struct intel_raw {
        struct span value, name;
        enum intel_type type; /* INTEL_NONE: by the value's looks */
        bool network;         /* INTEL_ADDRESS: the value may be a network */
        int confidence;       /* 0–100; -1: not told */
        int64_t since, until; /* TIME_NONE: not told */
        uint8_t tlp;          /* enum intel_tlp */
};
enum intel_tlp { TLP_NONE, TLP_CLEAR, TLP_GREEN, TLP_AMBER, TLP_AMBER_STRICT, TLP_RED, TLP_N };
const char *intel_tlp_name(uint8_t t);
/* "TLP:AMBER", "tlp:white" …; TLP_NONE. */
uint8_t intel_tlp(struct span s);

struct intel_warnings;
struct intel_set {
        struct arena arena;
        struct intel_options o;
        struct intel_item *items;
        uint32_t n, cap;
        struct buf names;  /* u8 length, bytes */
        uint32_t *name_at; /* open addressing: offsets in `names` */
        uint32_t name_mask, n_names;
        struct intel_feed feeds[INTEL_FEEDS_MAX];
        uint32_t n_feeds, feed; /* at hand */
        struct intel_problem *problems;
        uint32_t n_problems;
        uint64_t problems_all;
        struct intel_counts counts;
        struct intel_warnings *warnings;
        struct span file; /* at hand */
        int error;        /* -ENOMEM */
        uint16_t n_rules;
};

int intel_set_init(struct intel_set *s, const struct intel_options *o);
void intel_set_deinit(struct intel_set *s);

/* A file of warnings, to be read before any indicator (intel/warnings.c). */
void intel_read_warnings(struct intel_set *s, struct span name, struct span text);
/* A file of indicators of whatever format. */
void intel_read(struct intel_set *s, struct span name, struct span text);
/* Feeds and levels that are used get rule numbers, from 0 on. Then intel_set_write(), once. */
void intel_set_number(struct intel_set *s);
void intel_set_write(struct intel_set *s, struct buf *out, uint32_t first_rule);

/* ---- for the readers ---- */

/* Checks, counts, keeps. */
void intel_add(struct intel_set *s, const struct intel_raw *raw, uint32_t line);
_printf_(4, 5) void intel_wrong(struct intel_set *s, uint32_t line, const char *vi, const char *en,
                                ...);
/* Counts too. `what` is shown. */
void intel_unsupported(struct intel_set *s, uint32_t line, struct span what);
void intel_malformed(struct intel_set *s, uint32_t line, struct span what);
void intel_file_bad(struct intel_set *s, uint32_t line, const char *en, const char *vi);
/* Is it on a warning list? Its name then, else p NULL. */
struct span intel_warned(const struct intel_warnings *w, const struct intel_key *k);
struct intel_warnings *intel_warnings_free(struct intel_warnings *w);

struct pull;
void intel_read_stix(struct intel_set *s, struct span text);
void intel_read_misp(struct intel_set *s, struct span text);
void intel_read_csv(struct intel_set *s, struct span text);
/* One STIX pattern: `raw` has all but type and value. */
void intel_pattern(struct intel_set *s, struct span pattern, struct intel_raw *raw, uint32_t line);

#endif

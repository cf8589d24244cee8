/* Every message between main and the processes of a hunt: fixed structs over a SOCK_SEQPACKET pair,
 * one message a packet. The receiver checks the length and every value; descriptors travel beside.
 *
 *     main ──RULES_JOB(bundle)──► rules ──RULES_DONE(output, program)──► main
 *     main ──INGEST_OPEN(files)──► ingest;  main ──INGEST_FILL slots──► ingest
 *     ingest ──INGEST_NEWS──► main: look into wire/intake.h;  ingest ──INGEST_PROBLEM──► main
 *     main ──JUDGE_BATCHES──► judge ──JUDGE_DONE──► main: look into wire/outbox.h
 *     main ──a stream of encoded findings──► correlate ──the same──► main
 */
#ifndef WIRE_MESSAGE_H
#define WIRE_MESSAGE_H

#include "base/base.h"

enum message_type {
        RULES_JOB = 1,
        RULES_DONE,
        INGEST_OPEN,
        INGEST_FILL, /* plain; value: a bit for each slot that is free */
        INGEST_NEWS,
        INGEST_PROBLEM,
        JUDGE_BATCHES,
        JUDGE_DONE,
        JUDGE_FULL,    /* the outbox has no room: empty it */
        JUDGE_EMPTIED, /* go on */
        PROCESS_READY, /* sandboxed and waiting */
};

enum rules_job {
        RULES_COMPILE = 1, /* program + diagnostics */
        RULES_CHECK_TEXT,
        RULES_CHECK_JSON,
        RULES_LIST_TEXT,
        RULES_LIST_JSON,
        RULES_LIST_COVERAGE,
        RULES_LIST_NAVIGATOR,
        RULES_UNZIP,   /* bundle's one entry is a zip; output: the bundle inside */
        RULES_REGRESS, /* bundle of info.yml files; output: a line per test, see main/rules_test.c
                        */
        RULES_IMPORT,  /* output: a line per rule file, in the bundle's order: "ok" or "refused" */
        RULES_INTEL_TEXT, /* output: what the bundle's indicators are and what is wrong with them */
        RULES_INTEL_JSON,
        RULES_INTEL_LIST_TEXT, /* output: a line per indicator */
        RULES_INTEL_LIST_JSON,
        RULES_REGIMES, /* output: regimes as a JSON array; with n_errors: what is wrong, a line each */
};

/* A filter of `rules list`; strings end with NUL, empty: any. */
struct rules_filter {
        uint32_t min_level; /* enum level */
        char status[16], tag[64], product[64], category[64], service[64], text[128];
};

struct msg_rules_job {
        uint32_t type, job;
        uint32_t lang;
        uint32_t lint; /* extra checks */
        uint64_t bundle_len;
        int64_t now;       /* ns: which indicators have expired */
        int64_t expiry;    /* ns that indicators live which have no end; 0: for ever */
        char columns[256]; /* of CSV files without a header; ends with NUL */
        struct rules_filter filter;
};

/* Indicators as people count them. */
enum intel_kind {
        KIND_ADDRESS,
        KIND_DOMAIN,
        KIND_URL,
        KIND_HASH,
        KIND_JA3,
        INTEL_KINDS,
};

struct msg_rules_done {
        uint32_t type;
        int32_t error;        /* 0 or -errno */
        uint64_t output_len;  /* first descriptor: text, diagnostics or bundle */
        uint64_t program_len; /* second descriptor when > 0 */
        uint32_t n_rules, n_correlations, n_refused, n_documents, n_filters, n_errors, n_warnings;
        uint32_t n_indicators, n_intel_left, n_intel_errors; /* kept; left out; files at fault */
        uint32_t n_intel_bad; /* of those left out: not supported or malformed */
        uint32_t n_intel_expired;
        uint32_t intel_kinds[INTEL_KINDS]; /* of those kept */
        uint64_t parse_ns, compile_ns, intel_ns;
};

/* A few at a time: a hunt over small files is mostly opening them. One descriptor each. */
#define OPENS_MAX 8u
struct msg_ingest_open {
        uint32_t type, n;
        uint32_t format; /* enum format; FORMAT_UNKNOWN: find out */
        uint32_t fill;   /* bytes of a slot to use; 0: all */
        struct {
                uint32_t input;
                uint32_t slow; /* a pipe or the like: reading it may take for ever */
                int64_t file_time;
        } list[OPENS_MAX];
};

/* Batches to judge, in this order; one JUDGE_DONE answers them all. */
#define BATCHES_MAX 8u
struct msg_batches {
        uint32_t type, n;
        struct {
                uint32_t slot;
                uint32_t skip; /* see decoder_begin() */
        } list[BATCHES_MAX];
};

struct msg_problem {
        uint32_t type, input;
        uint64_t offset, length;
        uint32_t recovered;
        char what[92]; /* ends with NUL */
};

struct msg_plain {
        uint32_t type, value;
};

#define MESSAGE_MAX 1024u

#endif

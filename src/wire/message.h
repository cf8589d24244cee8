/* Every message between main and the processes of a hunt: fixed structs over a SOCK_SEQPACKET pair,
 * one message a packet. The receiver checks the length and every value; descriptors travel beside.
 *
 *     main ──RULES_JOB(bundle)──► rules ──RULES_DONE(output, program)──►
 *     main ──INGEST_OPEN(file)──► ingest;  main ──INGEST_FILL slot──► ingest ──INGEST_FILLED
 * slot──► ingest ──INGEST_PROBLEM, INGEST_CLOSED──► main ──JUDGE_BATCH slot──► judge ──JUDGE_DONE
 * slot──►, findings by the outbox (wire/outbox.h) main ──a stream of encoded findings──► correlate
 * ──a stream of encoded findings──►
 */
#ifndef WIRE_MESSAGE_H
#define WIRE_MESSAGE_H

#include "base/base.h"

enum message_type {
        RULES_JOB = 1,
        RULES_DONE,
        INGEST_OPEN,
        INGEST_FILL,
        INGEST_FILLED,
        INGEST_PROBLEM,
        INGEST_CLOSED,
        JUDGE_BATCH,
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
        struct rules_filter filter;
};

struct msg_rules_done {
        uint32_t type;
        int32_t error;        /* 0 or -errno */
        uint64_t output_len;  /* first descriptor: text, diagnostics or bundle */
        uint64_t program_len; /* second descriptor when > 0 */
        uint32_t n_rules, n_correlations, n_refused, n_documents, n_filters, n_errors, n_warnings;
        uint64_t parse_ns, compile_ns;
};

struct msg_ingest_open {
        uint32_t type, input, format; /* enum format; FORMAT_UNKNOWN: find out */
        uint32_t fill;                /* bytes of a slot to use; 0: all */
        int64_t file_time;
};

struct msg_slot {
        uint32_t type, slot;
        uint32_t input, format; /* FILLED */
        uint32_t flags;         /* FILLED: BATCH_* */
        uint32_t bytes;         /* FILLED: payload */
        uint32_t skip;          /* JUDGE_BATCH: see decoder_begin() */
        uint32_t reserved;
        uint64_t offset;      /* FILLED */
        uint64_t events, bad; /* JUDGE_DONE: of this batch */
};

struct msg_problem {
        uint32_t type, input;
        uint64_t offset, length;
        uint32_t recovered;
        char what[92]; /* ends with NUL */
};

struct msg_closed {
        uint32_t type, input;
        uint64_t bytes_read, bytes_out; /* of the file; after decompression */
        int32_t error;                  /* 0; -errno: reading stopped there */
        uint32_t format;
};

struct msg_plain {
        uint32_t type, value;
};

#define MESSAGE_MAX 1024u

#endif

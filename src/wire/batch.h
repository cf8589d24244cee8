/* The unit everywhere: a slot of the shared ring. `ingest` writes it, all others map it read-only
 * and trust nothing in it: batch_view() copies the header once and checks every length against the
 * slot.
 *
 *     ring:  RING_SLOTS slots of SLOT_BYTES
 *     slot:  struct batch_header | preamble | payload | padding
 *
 * BATCH_STREAM, the layout of a hunt: the payload is one stretch of one input, cut
 * by `ingest` where a record ends (a line, a JSON value, an EVTX chunk, an auditd serial, a
 * journald entry). The preamble holds what later stretches need from the beginning of the input
 * (Zeek's `#fields`, IIS's `#Fields:`, a CSV header), else nothing. At least SLOT_PADDING readable
 * bytes follow the payload, so that wide loads need no tail case. */
#ifndef WIRE_BATCH_H
#define WIRE_BATCH_H

#include "base/base.h"

#define SLOT_BYTES ((size_t)512 << 10)
#define SLOT_PADDING ((size_t)256)
#define RING_SLOTS 32u /* 16 MiB */
/* A record longer than this is cut and marked (DESIGN.md). */
#define RECORD_MAX ((size_t)256 << 10)

enum batch_layout {
        BATCH_STREAM = 1,
        BATCH_RECORDS = 2, /* of the node: wire/records.h */
};

/* What the input looks like; found by decode/detect or forced by --format. */
enum format {
        FORMAT_UNKNOWN = 0,
        FORMAT_EVTX,
        FORMAT_JSON, /* values one after the other: lines, concatenated, or elements of arrays; any
                        object */
        FORMAT_SYSLOG,   /* RFC 3164 and 5424 lines */
        FORMAT_AUDITD,   /* type=… msg=audit(…): records, those of one serial joined */
        FORMAT_WEB,      /* Apache/nginx common and combined, with variants; error logs */
        FORMAT_W3C,      /* #Fields: lines of IIS and proxies */
        FORMAT_ZEEK_TSV, /* #fields */
        FORMAT_CEF,      /* bare or behind a syslog header */
        FORMAT_LEEF,     /* 1.0 and 2.0 */
        FORMAT_KV,       /* logfmt, key=value, key="value" */
        FORMAT_JOURNAL,  /* journald export */
        FORMAT_CSV,      /* header line, RFC 4180 */
        FORMAT_TEXT,     /* any line: one field `message` */
        FORMAT_MAX,
};

enum {
        BATCH_FIRST = 1u << 0, /* begins an input */
        BATCH_LAST = 1u << 1,  /* ends an input */
};

struct batch_header {
        uint32_t magic; /* BATCH_MAGIC */
        uint16_t layout;
        uint16_t format;
        uint32_t flags;
        uint32_t input;    /* which input: index into main's list */
        uint64_t offset;   /* of the payload's first byte in the (decompressed) input */
        uint64_t line;     /* number of the payload's first line, from 1; 0: not counted */
        int64_t file_time; /* mtime of the input, ns; TIME_NONE when unknown: for year-less times */
        uint32_t preamble_len;
        uint32_t payload_len;
};
#define BATCH_MAGIC 0x48435442u
#define BATCH_ROOM (SLOT_BYTES - sizeof(struct batch_header) - SLOT_PADDING)

/* A checked copy. Spans point into the slot. */
struct batch {
        struct batch_header h;
        struct span preamble;
        struct span payload;
};

enum { BATCH_E_BAD = 1 /* header does not fit the slot */ };

/* `slot` is SLOT_BYTES long. 0 or BATCH_E_BAD. */
int batch_view(const void *slot, struct batch *ret);

const char *format_name(enum format f);
/* FORMAT_UNKNOWN when there is no such name. */
enum format format_from_name(struct span name);

#endif

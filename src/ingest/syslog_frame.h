/* Records out of a syslog byte stream (TCP, TLS): RFC 6587's two framings, told apart by the first
 * frame. Bytes in, records out; no memory of its own: what is not a whole record yet stays with the
 * caller, at most RECORD_MAX + SYSLOG_HEAD_MAX bytes of it. */
#ifndef INGEST_SYSLOG_FRAME_H
#define INGEST_SYSLOG_FRAME_H

#include "wire/node_ingest.h"

#define SYSLOG_HEAD_MAX 12u                    /* "67108864 " and room */
#define SYSLOG_OCTETS_MAX ((uint64_t)64 << 20) /* a longer announcement is no frame */

/* Caller's memory; nothing to free. */
struct syslog_frame {
        enum listen_framing framing; /* FRAMING_AUTO until the first frame told */
        bool in_octets;              /* the head of a counted frame was taken */
        uint64_t octets;             /* its length */
        uint64_t dropped;            /* bytes of the record at hand beyond RECORD_MAX */
        size_t scanned;              /* bytes of the rest that hold no line end */
};

enum syslog_frame_result {
        SYSLOG_FRAME_RECORD, /* one more */
        SYSLOG_FRAME_MORE,   /* keep `in` as it is now, and come again with more behind it */
        SYSLOG_FRAME_BAD,    /* no frame: close; `what` says why. What came before stands */
        SYSLOG_FRAME_END,    /* syslog_frame_end(): nothing is left */
};

struct syslog_record {
        struct span bytes; /* into `in` */
        uint64_t true_len;
        uint32_t flags;   /* RECORD_TRUNCATED, RECORD_MALFORMED (ended early) */
        const char *what; /* BAD: constant English phrase */
};

void syslog_frame_init(struct syslog_frame *f, enum listen_framing framing);
/* Takes one record off the front of `in`. Linear: a byte is looked at once, whatever the pieces. */
enum syslog_frame_result syslog_frame_next(struct syslog_frame *f, struct span *in,
                                           struct syslog_record *ret);
/* The sender closed: what is left in `in`, which came back with MORE, is a record or nothing. */
enum syslog_frame_result syslog_frame_end(struct syslog_frame *f, struct span *in,
                                          struct syslog_record *ret);

#endif

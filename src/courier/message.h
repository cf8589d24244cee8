/* A mail as bytes (RFC 5322, MIME): what was written by people and machines cannot become a header. */
#ifndef COURIER_MESSAGE_H
#define COURIER_MESSAGE_H

#include "base/buf.h"

struct message_file {
        struct span name, type, bytes;
};

struct message {
        const char *from;      /* address */
        const char *id;        /* left half of its Message-ID: letters and digits */
        const char *const *to; /* addresses */
        unsigned n_to;
        struct span subject, body; /* UTF-8 */
        int64_t date;              /* seconds since 1970, UTC */
        const struct message_file *files;
        unsigned n_files;
};

/* 0, -ENOMEM. */
int message_write(struct buf *to, const struct message *m);

#endif

/* A detached signature of a file that the node made (reports): Ed25519 with the node's key, over a struct of its
 * own name, so that it can stand for nothing else that the key signs. As text, beside the file (FILE.sig):
 *
 *     coloa signature 1
 *     what: BC-2026-0007 version 4 pdf
 *     time: 2026-11-23T07:00:00Z
 *     blake2b-256: 64 hex digits, of the whole file
 *     key: 64 hex digits
 *     ed25519: 128 hex digits
 *
 * `coloa verify FILE --signature FILE.sig --key KEY` needs nothing else. */
#ifndef WIRE_FILE_SIGN_H
#define WIRE_FILE_SIGN_H

#include "base/base.h"
#include "base/buf.h"

#define FILE_SIGN_NAME "coloa-report-1"
#define FILE_SIGN_TEXT_MAX 1024u

/* As signed: little-endian, no padding. */
struct file_sign {
        char name[16];          /* FILE_SIGN_NAME, zeros behind */
        int64_t time;           /* ns UTC, whole seconds */
        char what[64];          /* zeros behind */
        unsigned char hash[32]; /* BLAKE2b-256 of the file */
};
struct file_signed {
        unsigned char signature[64], public_key[32];
};

/* `time` in whole seconds, `what` of printable ASCII (others become ?). */
void file_sign_make(struct file_sign *ret, struct span what, int64_t time,
                    const unsigned char hash[32]);
void file_sign_text(struct buf *to, const struct file_sign *f, const struct file_signed *s);
/* 0; -EBADMSG: it is no such text, to the letter. */
int file_sign_read(struct span text, struct file_sign *f, struct file_signed *s);

#endif

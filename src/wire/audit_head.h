/* A head of the audit log (doc/state.md): how many entries it has and the hash of the last one, signed by the vault.
 * The hash covers every entry before it, so one head that is kept shows every change, insertion and removal up to it.
 *
 * Heads are numbered and each has the hash of the one before, so that one cannot be taken out. They are kept by
 * the desk in the state (table audit_head), and the last one by the vault in a file of its own, `state/audit.head`,
 * which no other process can write: what is older than that file says is a log, or a head, that was put back.
 *
 * As one line of text a head can be printed, mailed, copied by hand, and read again by `coloa verify --head`:
 *
 *     coloa-audit-1 number=12 entries=4711 time=2026-11-24T01:00:00Z hash=… before=… key=… signature=…
 *
 * The vault's file has two such lines, each filled with blanks to AUDIT_SLOT bytes; they are written in turn, so
 * that a crash in the middle of one leaves the other. */
#ifndef WIRE_AUDIT_HEAD_H
#define WIRE_AUDIT_HEAD_H

#include "base/base.h"
#include "base/buf.h"

#define AUDIT_HEAD_NAME "coloa-audit-1"
#define AUDIT_HEAD_FILE "audit.head"
#define AUDIT_HASH_BYTES 32u
#define AUDIT_SLOT 512u
#define AUDIT_SLOTS 2u
#define AUDIT_LINE_MAX (AUDIT_SLOT - 1)

/* As signed: little-endian, no padding. */
struct audit_head {
        char name[16];   /* AUDIT_HEAD_NAME, zeros behind */
        uint64_t number; /* from 1: the first is of no entry, signed when there was no head yet */
        uint64_t entries;
        int64_t time;                         /* ns UTC, whole seconds */
        unsigned char hash[AUDIT_HASH_BYTES]; /* of the last entry; zeros of none */
        unsigned char before
                [AUDIT_HASH_BYTES]; /* audit_head_hash() of the head before; zeros of the first */
};
_Static_assert(sizeof(struct audit_head) == 104, "no holes");

struct audit_signed {
        struct audit_head head;
        unsigned char key[32], signature[64];
};

/* What the desk asks with (VAULT_AUDIT, text), and is answered with (box: struct audit_signed). `number` 0: the
 * last that was signed; else the one to be signed, which must come next. */
struct audit_ask {
        uint64_t number, entries;
        unsigned char hash[AUDIT_HASH_BYTES];
};

void audit_head_make(struct audit_head *ret, const struct audit_signed *before, uint64_t entries,
                     const unsigned char hash[AUDIT_HASH_BYTES], int64_t time);
/* Over head, key and signature: what the next one has as `before`. */
void audit_head_hash(unsigned char ret[AUDIT_HASH_BYTES], const struct audit_signed *s);
/* It is one, and signed by the key that it names. */
bool audit_head_good(const struct audit_signed *s);

/* The line, without a newline; at most AUDIT_LINE_MAX. */
void audit_head_text(struct buf *to, const struct audit_signed *s);
/* 0; -EBADMSG: it is no such line, to the letter, or not signed. */
int audit_head_read(struct span line, struct audit_signed *ret);

/* A slot's bytes: the line, blanks, a newline. */
void audit_head_slot(char to[AUDIT_SLOT], const struct audit_signed *s);
/* The later good one of the file's bytes, and which slot it is in; -ENOENT: there is none. */
int audit_head_last(struct span file, struct audit_signed *ret, unsigned *ret_slot);

#endif

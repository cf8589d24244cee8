/* Where a stretch of an input may be cut so that no record is torn: one function per way of
 * framing. Each gets the bytes from the start of a record on and returns how many of them are whole
 * records; 0: not one is. */
#ifndef INGEST_CUT_H
#define INGEST_CUT_H

#include "wire/batch.h"

size_t cut_lines(struct span s);
/* Lines whose audit serial occurs near the end stay together with what is still to come. */
size_t cut_auditd(struct span s);
size_t cut_csv(struct span s, char delimiter);

/* Entries of journald's export format, taken step by step, since a field may be longer than any
 * slot. */
struct cut_journal {
        uint64_t binary; /* bytes of a binary field still to pass */
        bool tail;       /* inside a text field's line */
        bool field;      /* the entry has a field */
};

/* Passes over s; returns how many bytes end with a whole entry (0: none), and how many were
 * understood in *ret_used, behind which the scan goes on. */
size_t cut_journal(struct cut_journal *st, struct span s, bool first_only, size_t *ret_used);

/* Line ends in s. */
uint64_t cut_count_lines(struct span s);

#endif

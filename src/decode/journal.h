/* The journal's entries, whatever carries them. */
#ifndef DECODE_JOURNAL_H
#define DECODE_JOURNAL_H

#include "decode/decode.h"

/* For JSON (journalctl -o json): an entry of the journal gets what an entry in the export format
 * gets: time, hostname, program, pid, message, and the fields of its service. Other events stay as
 * they are; looks at eight names at most to know. */
void journal_complete(struct decode_state *s, struct event *e);

#endif

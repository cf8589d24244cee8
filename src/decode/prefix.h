/* The syslog header that may stand before a CEF or LEEF message. */
#ifndef DECODE_PREFIX_H
#define DECODE_PREFIX_H

#include "decode/decode.h"

/* Where `word` ("CEF:") begins with a digit behind it, at the start or behind a blank, '>' or ':';
 * NULL: nowhere. */
const char *prefix_find(struct span line, struct span word);

/* Takes time and host from what stands before the message: sets e->time, adds `hostname`. */
void prefix_read(struct decode_state *s, struct event *e, struct span head);

/* Adds a copy of the value of every "x1" whose "x1Label" names it, under that name (cs1=a
 * cs1Label=b: b=a). Looks at fields from `first` on. Linear: labels and values are matched by a
 * small table. */
void prefix_labels(struct decode_state *s, struct event *e, uint32_t first);

#endif

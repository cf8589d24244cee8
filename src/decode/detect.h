/* What a file's beginning looks like. */
#ifndef DECODE_DETECT_H
#define DECODE_DETECT_H

#include "wire/batch.h"

/* As much of the beginning as is looked at. */
#define DETECT_BYTES ((size_t)64 << 10)

/* `whole`: head is the whole input, so its last line is complete. FORMAT_UNKNOWN: binary data that
 * nothing reads; any text is at least FORMAT_TEXT. Linear in DETECT_BYTES. */
enum format detect_format(struct span head, bool whole);

/* For FORMAT_UNKNOWN: a constant English phrase saying what it is and what to do, as far as that is
 * known. */
const char *detect_refusal(struct span head);

#endif

/* Where a CSV record ends: shared by the framer, which must not cut inside one, and the decoder. */
#ifndef DECODE_CSV_FRAME_H
#define DECODE_CSV_FRAME_H

#include "wire/batch.h"

/* From the first line on that is not blank: where the header stands. */
struct span csv_from_header(struct span s);

/* ',', ';', '\t' or '|': the one that occurs most in the header's first line, outside quotes. */
char csv_delimiter(struct span s);

/* Length of the first record with its line end; `final`: nothing follows s. 0: more bytes are
 * needed (only when not final) or s is empty. A quote that no other quote follows within RECORD_MAX
 * bytes is text, and then the record ends with its line. When s.len > RECORD_MAX the answer is
 * never 0 unless there is no line end in s. */
size_t csv_record(struct span s, char delimiter, bool final);

#endif

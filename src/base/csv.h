/* Tables as text (RFC 4180): fields divided by commas (or semicolons, as the first line has them), quoted
 * where they must be, lines ended by LF or CRLF. In place, linear, nothing is copied but fields with doubled
 * quotes, which are made shorter where they stand. */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include "base/base.h"

#define CSV_FIELDS_MAX 64u

struct csv {
        char *p, *end;
        unsigned line; /* where the next row begins; from 1 */
        char comma;
};

/* `text` is changed; a byte-order mark is passed over. */
void csv_init(struct csv *c, char *text, size_t len);
/* The next row that is not empty: 1, and its fields and line; 0: no more; -EINVAL: a quote without an end, or
 * text behind one; -E2BIG: more fields than CSV_FIELDS_MAX. After an error the row is passed over. */
int csv_next(struct csv *c, struct span fields[CSV_FIELDS_MAX], unsigned *ret_n,
             unsigned *ret_line);

#endif

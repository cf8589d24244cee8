/* What later batches of an input need from its beginning: the latest of each header line. */
#ifndef INGEST_PREAMBLE_H
#define INGEST_PREAMBLE_H

#include "base/buf.h"
#include "wire/batch.h"

/* More than this is not carried on: the decoder then names columns by number. */
#define PREAMBLE_MAX ((size_t)64 << 10)

struct preamble;

struct preamble *preamble_new(void);
struct preamble *preamble_free(struct preamble *pr);
CLEANUP(preamble, preamble_free)

void preamble_reset(struct preamble *pr, enum format format);
/* Takes in the header lines of a payload that was cut. -ENOMEM or 0. */
int preamble_scan(struct preamble *pr, struct span payload);
/* Until the next call. At most PREAMBLE_MAX. */
struct span preamble_get(struct preamble *pr);
/* For CSV: the delimiter of the header, known after the first scan. */
char preamble_delimiter(const struct preamble *pr);

#endif

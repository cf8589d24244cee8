/* A regime: laws, levels, clocks, forms and thresholds as data (doc/regimes.md). YAML in, checked by one
 * table of keys; JSON out, with the same names, times in seconds, for the desk (desk/regime.h). */
#ifndef RULES_REGIME_H
#define RULES_REGIME_H

#include "base/buf.h"

enum { REGIME_E_BAD = 1 };

/* 0: `json` has one object. REGIME_E_BAD: `said` has a line for each fault (NAME:LINE:COLUMN: what, and what
 * to do), at most 50; nothing was added to `json`. -ENOMEM, -EFBIG (above 1 MiB). */
int regime_read(struct span name, struct span yaml, struct buf *json, struct buf *said);

#endif

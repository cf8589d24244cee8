/* What years of work leave beside alerts and incidents (agency_rows.c). */
#ifndef BENCH_AGENCY_ROWS_H
#define BENCH_AGENCY_ROWS_H

#include "desk/desk_impl.h"

/* Within a transaction, when the incidents 1…n_incidents are there and closed as they are to be. */
int agency_rows(struct desk *d, int64_t wall, int64_t n_incidents);
/* Before the API writes its own. */
int agency_audit(struct desk *d, int64_t wall);

#endif

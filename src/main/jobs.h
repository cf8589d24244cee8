/* Kinds of jobs (wire/job.h) that need several rooms: main's own. */
#ifndef MAIN_JOBS_H
#define MAIN_JOBS_H

#include "base/buf.h"

int job_check(struct span in, struct buf *out); /* rules and indicators of a directive */

#endif

/* One job (wire/job.h) for a verb, without a node: the same process in the same sandbox. */
#ifndef MAIN_JOB_ONCE_H
#define MAIN_JOB_ONCE_H

#include "base/buf.h"
#include "wire/job.h"

/* What it made is appended to `out`, as foreign as the input. 0; what the job said (-EBADMSG …); -ETIMEDOUT;
 * -ECHILD: it died, which was said on standard error; -errno. */
int job_once(enum job_kind kind, struct span in, struct buf *out);

#endif

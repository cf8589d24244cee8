/* Jobs that the desk has done by processes of their own (wire/job.h): kept here until they are sent
 * (main/process_desk.c), and until they are answered. */
#ifndef DESK_JOBS_H
#define DESK_JOBS_H

#include "desk/api.h"
#include "wire/job.h"

/* What came of one; `out` is foreign, and lives for the call. */
struct job_said {
        int error; /* 0; -errno of the job; -ETIMEDOUT: it took too long; -ECHILD: it died */
        struct span out;
};

/* Has `in` (copied) done for this call: API_E_LATER, then c->said is a struct job_said. API_E_REFUSED: 503, as
 * too many wait; -errno. */
int api_job(struct api_call *c, enum job_kind kind, struct span in);
/* The refusal of a call whose job failed: what was not read or made (422 for -EBADMSG, else 500 or 503). */
int api_job_failed(struct api_call *c, const struct job_said *said);

/* For what the desk does by itself: `done` hears of it once, unless the desk dies before. It runs outside any
 * call, in the transaction that is open. 0; -EAGAIN: too many wait; -errno. */
typedef int desk_job_done(struct desk *d, int64_t key, const struct job_said *said);
int desk_job(struct desk *d, enum job_kind kind, struct span in, desk_job_done *done, int64_t key);

/* ---- for the process ---- */

/* The next to be sent with its input, or NULL. */
const struct msg_job *desk_job_next(struct desk *d, int *ret_fd);
void desk_job_sent(struct desk *d);
/* 0, -EPROTO: of no job that was sent; -errno. */
int desk_job_said(struct desk *d, uint64_t id, const struct job_said *said);

#endif

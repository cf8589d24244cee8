/* A recorded attack instead of generated telemetry: somebody's records of Windows as JSON, one on a line, moved in time
 * and onto the unit's names (telemetry.h, telemetry_record()), given as a step's. Long pauses of the recording become
 * short ones. The same recording, names and time give the same bytes. */
#ifndef EXERCISE_RECORDING_H
#define EXERCISE_RECORDING_H

#include "exercise/telemetry.h"

#define RECORDING_BYTES_MAX ((size_t)15 << 20)
#define RECORDING_NAMES_MAX 500u

struct recording_ask {
        unsigned step;    /* 0: only look at the records: recording_said() */
        int64_t start_ns; /* event time at drill 0 */
        int64_t at;       /* the step's begin, ms of the drill */
        int64_t idle;     /* ms: what is longer than this between two records is this */
        const struct telemetry_name *names;
        unsigned n_names;
        struct span records; /* lines */
};

/* What JOB_TELEMETRY reads for it; it begins with another number than telemetry_ask_encode()'s. 0, -ENOMEM. */
int recording_encode(const struct recording_ask *a, struct buf *out);
bool recording_is(struct span in);
/* The job: framed records (telemetry_out_next()) in order of time. 0; -EBADMSG: no such ask, or a line that is none of
 * JSON with a time; -EFBIG; -ENOMEM. */
int recording_job(struct span in, struct buf *out);

/* What a job that only looked wrote: 0 and how many records; -EBADMSG and *ret_line, from 1; -EFBIG: too many. */
int recording_said(struct span out, size_t *ret_n, size_t *ret_line);

#endif

/* Jobs: one document is read, or one is made, by a process that lives for it alone and holds nothing else.
 *
 *     desk ──JOB_DO + input──► main ──starts──► job;  main ──JOB_DONE + output──► desk
 *
 * The input is a sealed memfd, the output one that main made, and sealed when the process was gone. What a
 * job says is as foreign as what it was given. */
#ifndef WIRE_JOB_H
#define WIRE_JOB_H

#include "base/base.h"

enum job_kind {
        JOB_READER = 1, /* an imported document to plain messages; its first byte says which kind */
        JOB_PRESS,      /* a report as PDF or DOCX */
        JOB_CHECK,      /* rules and indicators, as the linter sees them (main/job_check.c) */
        JOB_TELEMETRY,  /* a step of an exercise as log records (exercise/telemetry.h) */
        JOB_SCORE,      /* an exercise's export to scores or a report (exercise/export.h) */
        JOB_KINDS,
};

#define JOB_IN_MAX ((size_t)16 << 20)
#define JOB_OUT_MAX ((size_t)64 << 20)
#define JOBS_AT_ONCE 2u
/* Of wall time; a job that needs more is ended. */
#define JOB_S 15

enum job_message {
        JOB_DO = 260, /* msg_job + input */
        JOB_DONE,     /* msg_job_done + output, which is there only with error 0 */
};

struct msg_job {
        uint32_t type, kind;
        uint64_t id; /* the desk's */
        uint64_t len;
};

struct msg_job_done {
        uint32_t type;
        int32_t error; /* 0; what the job said: -EBADMSG, …; -ETIMEDOUT; -ECHILD: it died */
        uint64_t id;
        uint64_t len;
};

#endif

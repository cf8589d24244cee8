/* Restore drills (doc/recovery.md): the desk asks main, main starts `mender` for it, one at a time.
 *
 *     desk ──MENDER_DO + job──► main ──fds, arguments──► mender ──MENDER_DONE──► main ──MENDER_DONE + result──► desk
 *
 * Where a repository lies and its password main has from the configuration; the desk knows names only. */
#ifndef WIRE_MENDER_H
#define WIRE_MENDER_H

#include "base/base.h"

#define MENDER_NAME_MAX 64u
#define MENDER_JOB_MAX ((size_t)1 << 20)
#define MENDER_OUT_MAX ((size_t)4 << 20)

enum mender_message {
        MENDER_DO = 300, /* desk: struct msg_mender + sealed memfd (mender/mender.h) */
        MENDER_DONE,     /* struct msg_mender_done; to the desk + sealed memfd, when there is one */
        DESK_RECOVERY,   /* main to the desk: msg_plain + sealed memfd: the repositories, JSON */
};

struct msg_mender {
        uint32_t type, attempt;
        int64_t id;
        char repository[MENDER_NAME_MAX];
};
struct msg_mender_done {
        uint32_t type;
        int32_t error; /* 0; -ECHILD: it died; -ETIMEDOUT; -ENOENT: no such repository; -EBUSY: one is on */
        int64_t id;
        uint64_t len; /* of the result */
        uint32_t attempt, reserved;
};

#endif

/* What people do with what is kept, and the node must write down: holds, exports, names made visible. From the
 * command line over the control socket to main, from there to the store and the desk. */
#ifndef WIRE_KEEP_H
#define WIRE_KEEP_H

#include "base/base.h"

/* For the audit log; texts end with NUL. */
struct keep_audit {
        char who[96];     /* "an" or "an, approved by binh" */
        char what[32];    /* "export.proof" */
        char about[96];   /* the incident's number, the hold's name */
        char detail[320]; /* what exactly */
};

/* Records that retention must leave. */
struct keep_hold {
        char name[64], owner[64], reason[200];
        uint64_t first, end; /* sequence numbers [first, end) */
        int64_t until;       /* ns UTC; INT64_MAX: until it is released */
};

enum keep_what { KEEP_AUDIT = 0, KEEP_HOLD, KEEP_RELEASE };

struct msg_store_hold {
        uint32_t type, token;
        uint32_t what; /* enum keep_what */
        uint32_t reserved;
        struct keep_hold hold;
};
struct msg_desk_audit {
        uint32_t type, token;
        struct keep_audit audit;
};
struct msg_kept {
        uint32_t type, token;
        int32_t error; /* 0: durable; -EEXIST, -ENOENT: the hold's name */
        uint32_t reserved;
};

/* Whether all texts end, and a hold has a name of printable ASCII without blanks and a sound range. */
bool keep_audit_good(const struct keep_audit *a);
bool keep_hold_good(const struct keep_hold *h, enum keep_what what);

#endif

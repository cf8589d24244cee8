/* The audit log's part of `coloa verify`. */
#ifndef MAIN_VERIFY_AUDIT_H
#define MAIN_VERIFY_AUDIT_H

#include "base/base.h"

struct verify_audit {
        const char *dir;          /* of the state */
        const unsigned char *key; /* the node's; NULL: any */
        const char *kept_path;    /* a file with heads that were kept, and its text; NULL: none */
        struct span kept;
};
/* Says what is wrong. 0; 1: it is; 3: it cannot be read. */
int verify_audit(const struct verify_audit *o);

#endif

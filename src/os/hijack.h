/* Test builds only (COLOA_FAULTS): a process that is hijacked. What it is asked to try happens right
 * behind its sandbox, by system calls of its own, as code that an attacker brought would do it. */
#ifndef OS_HIJACK_H
#define OS_HIJACK_H

#include "base/base.h"

enum {
        HIJACK_FAILED = 98, /* the kernel said no */
        HIJACK_DONE = 99,   /* it could: what a test must never see */
        HIJACK_NONE = 97,   /* there is no such try */
};

#ifdef COLOA_FAULTS
/* The next sandbox_enter() does not return: it tries `what`, "open:/etc/passwd", and ends with one of
 * the codes above, unless the kernel ends it. */
void hijack_arm(const char *what);
void hijack_behind_sandbox(void);
/* At once, without any sandbox: shows that a try is one. */
_Noreturn void hijack_now(const char *what);
#else
static inline void hijack_behind_sandbox(void) {
}
#endif

#endif

/* Making kernel calls fail. Compiled in only where the build sets COLOA_FAULTS (developer build and
 * tests). */
#ifndef OS_FAULT_H
#define OS_FAULT_H

#include "base/base.h"

/* Make the k-th call from now (1 is the next) fail with -err; further ones go through. 0 disarms. With
 * FAULT_CUT the power is cut there (vfs.h). */
#define FAULT_CUT 100000
void fault_arm(unsigned k, int err);
/* Whether a call was made to fail since fault_arm(). Disarms. */
bool fault_disarm(void);
/* Calls seen since fault_arm(). */
unsigned fault_count(void);

#ifdef COLOA_FAULTS
/* From now on fault_lag() takes so long: this process loses every race. */
void fault_lag_set(unsigned ms);
/* Whether it is to be slow, and was. */
bool fault_lag(void);
/* 0, or the errno with which this call must fail. */
int fault_hit(void);
#else
static inline int fault_hit(void) {
        return 0;
}
static inline bool fault_lag(void) {
        return false;
}
#endif

#endif

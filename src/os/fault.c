/* See fault.h. */
#include "os/fault.h"

static unsigned armed, seen;
static int error;
static bool struck;

void fault_arm(unsigned k, int err) {
        armed = k;
        seen = 0;
        error = err;
        struck = false;
}

bool fault_disarm(void) {
        armed = 0;
        return struck;
}

unsigned fault_count(void) {
        return seen;
}

#ifdef COLOA_FAULTS
int fault_hit(void) {
        seen++;
        if (armed == 0 || seen != armed)
                return 0;
        struck = true;
        return error;
}
#endif

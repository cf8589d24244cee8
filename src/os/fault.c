/* See fault.h. */
#include "os/fault.h"

#include <time.h>

#include "os/power.h"
#include "os/vfs.h"

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
static unsigned lag_ms;

void fault_lag_set(unsigned ms) {
        lag_ms = ms;
}

bool fault_lag(void) {
        struct timespec t = {lag_ms / 1000, (long)(lag_ms % 1000) * 1000000};

        if (lag_ms)
                nanosleep(&t, NULL);
        return lag_ms != 0;
}

int fault_hit(void) {
        seen++;
        if (armed && seen == armed) {
                struck = true;
                if (error != FAULT_CUT)
                        return error;
                fault_power_cut();
        }
        return power_is_cut() ? EIO : 0;
}
#endif

/* Where an unexpected error was first seen. One static slot is enough: no process has threads, and
 * an error is either handled or ends the work at hand. */
#include <stdio.h>

#include "base/base.h"

static char where[128];

void base_fail_note(int r, const char *file, int line) {
        if (r < 0 && where[0] == '\0') {
                const char *slash = strrchr(file, '/');
                snprintf(where, sizeof(where), "%s:%d", slash ? slash + 1 : file, line);
        }
}

const char *base_fail_where(void) {
        return where;
}

void base_fail_clear(void) {
        where[0] = '\0';
}

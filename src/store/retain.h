/* Retention of whole days: see retain.c. */
#ifndef STORE_RETAIN_H
#define STORE_RETAIN_H

#include "store/db.h"

struct retention {
        unsigned days;          /* kept, today's included; 0: any number */
        uint64_t bytes;         /* of all days' files together; 0: any number */
        int64_t today, current; /* days since 1970: by the clock; the one that is written to */
        int64_t now;            /* ns */
};

int retain_days(sqlite3 *meta, const char *dir, const struct retention *o);

#endif

/* Retention of whole files: see retain.c. */
#ifndef STORE_RETAIN_H
#define STORE_RETAIN_H

#include "store/db.h"

/* A part is this fraction of the size that is kept, within bounds. */
#define RETENTION_PARTS 16u
#define PART_LEAST ((uint64_t)32 << 20)
#define PART_MOST ((uint64_t)1 << 30)
/* How large a part is made when `bytes` are kept of all (0: any number). */
uint64_t retain_part(uint64_t bytes);

struct retention {
        unsigned days;          /* kept, today's included; 0: any number */
        uint64_t bytes;         /* of all files together; 0: any number */
        int64_t today, current; /* a day since 1970, by the clock; the piece that is written to */
        uint64_t part;          /* what that one may grow to */
        int64_t now;            /* ns */
};

int retain_files(sqlite3 *meta, const char *dir, const struct retention *o);

#endif

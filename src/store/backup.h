/* A second copy of a store, made while a node writes it, and brought up to date by what is new; the same the
 * other way is a restore. Order and invariants: backup.c. */
#ifndef STORE_BACKUP_H
#define STORE_BACKUP_H

#include "base/base.h"

struct backup_stats {
        uint64_t days, blocks, bytes; /* copied now: blocks, and bytes of frames */
        uint64_t gone;                /* days taken out, as retention did at the source */
        uint64_t number, end_seq;     /* of the last block; where its records end */
};

/* All of the directory `from` into `to`, both existing. An interrupted one is gone on with by the next. 0;
 * -EXDEV: `to` holds another store, or one that went another way; -ENOENT: there is no store; -EAGAIN:
 * retention took a day meanwhile; -errno. *ret_what (static, English) or NULL. */
int backup_store(const char *from, const char *to, struct backup_stats *ret, const char **ret_what);
/* One database as it is at this moment, to `to`, which appears when all of it is on disk. `tmp` is used
 * meanwhile, in the same directory. */
int backup_database(const char *from, const char *tmp);
int backup_publish(const char *tmp, const char *to);

#endif

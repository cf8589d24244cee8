/* Holds: records that retention leaves where they are, each with an owner and a reason. In meta.db, beside what
 * retention reads. */
#ifndef STORE_HOLD_H
#define STORE_HOLD_H

#include "store/db.h"
#include "wire/keep.h"

#define HOLDS_MAX 10000u

/* One transaction of its own. 0; -EEXIST: the name is taken; -E2BIG: there are HOLDS_MAX; -errno. */
int hold_add(sqlite3 *meta, const struct keep_hold *h, int64_t now);
/* 0; -ENOENT: there is none of that name. */
int hold_release(sqlite3 *meta, const char *name);
int hold_list(sqlite3 *meta, int (*each)(void *ctx, const struct keep_hold *h, int64_t made),
              void *ctx);

#endif

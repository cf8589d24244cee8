/* SQLite with our errors and our habits: WAL, every commit synced, no memory of deleted content. */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <sqlite3.h>

#include "base/base.h"

enum db_mode { DB_READ, DB_WRITE, DB_CREATE };

/* `page`: bytes of a page when the file is made. The file must be ours (application id and version
 * `kind`), else -EBADMSG. -ENOENT also for an empty file that is not to be made. For writing only by
 * who has the store's lock: what an earlier process left in the journal is written again first, as it
 * may be seen and yet never reach the disk (os_vfs_refresh(); S4 in doc/store.md). */
int db_open(sqlite3 **ret, const char *path, enum db_mode mode, unsigned page, uint32_t kind);
/* Any database: the file's kind is not looked at, and nothing is set. */
int db_open_any(sqlite3 **ret, const char *path, enum db_mode mode);
void db_close(sqlite3 **h);
/* -errno of what SQLite said. */
int db_fail(sqlite3 *h, int rc);
int db_exec(sqlite3 *h, const char *sql);
int db_prepare(sqlite3 *h, sqlite3_stmt **ret, const char *sql);
/* 1: a row; 0: done, and reset; -errno, and reset. */
int db_step(sqlite3 *h, sqlite3_stmt *s);
/* Everything that was committed is on disk, whatever a sync said earlier: written again from the
 * journal and synced (S4 in doc/store.md). */
int db_settle(sqlite3 *h);

static inline void db_finalizep(sqlite3_stmt **s) {
        sqlite3_finalize(*s);
}
static inline struct span db_blob(sqlite3_stmt *s, int column) {
        const char *p = sqlite3_column_blob(s, column);

        return span_of(p, p ? (size_t)sqlite3_column_bytes(s, column) : 0);
}
static inline uint64_t db_u64(sqlite3_stmt *s, int column) {
        return (uint64_t)sqlite3_column_int64(s, column);
}
static inline void db_bind_blob(sqlite3_stmt *s, int at, struct span v) {
        sqlite3_bind_blob64(s, at, v.len ? v.p : "", v.len, SQLITE_STATIC);
}

#endif

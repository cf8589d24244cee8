/* See db.h. */
#include "store/db.h"

#include <stdio.h>

#include "base/buf.h"
#include "os/os.h"
#include "os/vfs.h"

#define BUSY_MS 2000

int db_fail(sqlite3 *h, int rc) {
        int system = h ? sqlite3_system_errno(h) : 0;

        switch (rc & 0xff) {
        case SQLITE_OK:
        case SQLITE_ROW:
        case SQLITE_DONE: return 0;
        case SQLITE_FULL: return -ENOSPC;
        case SQLITE_READONLY: return -EROFS;
        case SQLITE_NOMEM: return -ENOMEM;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_PROTOCOL: return -EBUSY;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
        case SQLITE_ERROR:
        case SQLITE_MISMATCH:
        case SQLITE_TOOBIG:
        case SQLITE_CONSTRAINT: return -EBADMSG;
        case SQLITE_IOERR:
                return system == ENOSPC || system == EDQUOT ? -ENOSPC
                       : system == EROFS                    ? -EROFS
                                                            : -EIO;
        case SQLITE_CANTOPEN:
                return system == ENOENT || system == EACCES || system == EROFS ||
                                       system == ENOSPC || system == EMFILE
                               ? -system
                               : -EIO;
        default: return -EIO;
        }
}

int db_exec(sqlite3 *h, const char *sql) {
        int rc = sqlite3_exec(h, sql, NULL, NULL, NULL);

        return rc == SQLITE_OK ? 0 : FAIL(db_fail(h, rc));
}

int db_prepare(sqlite3 *h, sqlite3_stmt **ret, const char *sql) {
        int rc = sqlite3_prepare_v3(h, sql, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL);

        return rc == SQLITE_OK ? 0 : FAIL(db_fail(h, rc));
}

int db_step(sqlite3 *h, sqlite3_stmt *s) {
        int rc = sqlite3_step(s);

        if (rc == SQLITE_ROW)
                return 1;
        if (rc != SQLITE_DONE) {
                int r = db_fail(h, rc);
                sqlite3_reset(s);
                return FAIL(r);
        }
        sqlite3_reset(s);
        return 0;
}

void db_close(sqlite3 **h) {
        sqlite3_close_v2(*h);
        *h = NULL;
}

static int number(sqlite3 *h, const char *sql, int64_t *ret) {
        _cleanup_(db_finalizep) sqlite3_stmt *s = NULL;
        int r = db_prepare(h, &s, sql);

        if (r < 0)
                return r;
        r = db_step(h, s);
        if (r < 0)
                return r;
        *ret = r ? sqlite3_column_int64(s, 0) : 0;
        return 0;
}

static int identify(sqlite3 *h, enum db_mode mode, unsigned page, uint32_t kind) {
        char sql[256];
        int64_t tables = 0, id = 0;
        int r = number(h, "SELECT count(*) FROM sqlite_schema", &tables);

        if (r == 0)
                r = number(h, "PRAGMA application_id", &id);
        if (r < 0)
                return r;
        if (tables == 0 && id == 0 && mode == DB_CREATE) {
                snprintf(sql, sizeof(sql),
                         "PRAGMA page_size=%u;PRAGMA journal_mode=WAL;PRAGMA application_id=%u",
                         page, kind);
                return db_exec(h, sql);
        }
        /* Made, and the power went: as if it were not there. */
        if (tables == 0 && id == 0)
                return -ENOENT;
        return id == (int64_t)kind ? 0 : FAIL(-EBADMSG);
}

/* A copy on a medium that cannot be written, where SQLite cannot make its shared memory: it may be read as it
 * is if no journal belongs to it. */
static int open_unchanging(sqlite3 **ret, const char *path) {
        _cleanup_(buf_deinit) struct buf uri = {0};
        struct stat st;

        buf_printf(&uri, "%s-wal", path);
        if (uri.failed)
                return -ENOMEM;
        int r = os_stat(uri.p, &st);
        if (r != -ENOENT && (r < 0 || st.st_size > 0))
                return r < 0 ? r : -EROFS;
        buf_reset(&uri);
        buf_str(&uri, "file:");
        for (const char *c = path; *c; c++)
                if (strchr("%?#", *c))
                        buf_printf(&uri, "%%%02x", (unsigned)*c);
                else
                        buf_char(&uri, *c);
        buf_add(&uri, "?immutable=1", sizeof("?immutable=1"));
        if (uri.failed)
                return -ENOMEM;
        int rc = sqlite3_open_v2(
                uri.p, ret, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, OS_VFS);
        return rc == SQLITE_OK ? 0 : db_fail(*ret, rc);
}

int db_open(sqlite3 **ret, const char *path, enum db_mode mode, unsigned page, uint32_t kind) {
        int flags = mode == DB_READ    ? SQLITE_OPEN_READONLY
                    : mode == DB_WRITE ? SQLITE_OPEN_READWRITE
                                       : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
        sqlite3 *h = NULL;

        int r = os_vfs_init();
        if (r == 0 && mode != DB_READ)
                r = os_vfs_refresh(OS_VFS, path);
        if (r < 0)
                return r;
        int rc = sqlite3_open_v2(path, &h, flags | SQLITE_OPEN_NOMUTEX, OS_VFS);
        r = rc == SQLITE_OK ? 0 : db_fail(h, rc);
        if (r == 0 && mode == DB_READ) {
                /* The first look shows whether it can be read beside a writer. */
                r = db_exec(h, "SELECT 1 FROM sqlite_schema LIMIT 1");
                if (r == -EROFS || r == -EACCES || r == -EIO || r == -ENOENT) {
                        db_close(&h);
                        r = open_unchanging(&h, path);
                }
        }
        if (r == 0) {
                sqlite3_busy_timeout(h, BUSY_MS);
                sqlite3_extended_result_codes(h, 1);
                r = db_exec(h, "PRAGMA temp_store=MEMORY;PRAGMA trusted_schema=OFF;"
                               "PRAGMA cell_size_check=ON;PRAGMA secure_delete=OFF");
        }
        if (r == 0)
                r = identify(h, mode, page, kind);
        if (r == 0 && mode != DB_READ)
                r = db_exec(h, "PRAGMA synchronous=FULL;PRAGMA journal_size_limit=16777216");
        if (r < 0) {
                db_close(&h);
                return FAIL(r);
        }
        *ret = h;
        return 0;
}

int db_open_any(sqlite3 **ret, const char *path, enum db_mode mode) {
        int flags =
                mode == DB_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
        sqlite3 *h = NULL;
        struct stat st;

        int r = os_vfs_init();
        if (r == 0 && mode == DB_READ)
                r = os_stat(path, &st);
        if (r < 0)
                return r;
        int rc = sqlite3_open_v2(path, &h, flags | SQLITE_OPEN_NOMUTEX, OS_VFS);
        r = rc == SQLITE_OK ? 0 : db_fail(h, rc);
        if (r == 0) {
                sqlite3_busy_timeout(h, BUSY_MS);
                sqlite3_extended_result_codes(h, 1);
        }
        if (r == 0 && mode == DB_READ) {
                r = db_exec(h, "SELECT 1 FROM sqlite_schema LIMIT 1");
                if (r == -EROFS || r == -EACCES || r == -EIO) {
                        db_close(&h);
                        r = open_unchanging(&h, path);
                }
        }
        if (r < 0) {
                db_close(&h);
                return FAIL(r);
        }
        *ret = h;
        return 0;
}

int db_settle(sqlite3 *h) {
        int log, done, rc = sqlite3_wal_checkpoint_v2(h, NULL, SQLITE_CHECKPOINT_FULL, &log, &done);

        return rc == SQLITE_OK ? 0 : FAIL(db_fail(h, rc));
}

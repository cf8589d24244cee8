/* A database's log, written again.
 *
 * When the sync of a commit failed, or the process was killed before it, what it wrote to the log may
 * be seen by the next process and yet never reach the disk: the kernel drops what it could not write
 * and calls the pages clean, so syncing again says nothing. Whoever then copies the log into the
 * database makes it worse: after a power cut the disk has the new pages and only the old beginning of
 * the log, which SQLite takes for the truth: a torn database. Writing the same bytes again makes the
 * pages dirty anew; then a sync that succeeds means what it says. */
#include <sqlite3.h>
#include <stdlib.h>

#include "os/vfs.h"

#define PIECE 65536

static int errno_of(int rc) {
        switch (rc & 0xff) {
        case SQLITE_OK: return 0;
        case SQLITE_NOMEM: return -ENOMEM;
        case SQLITE_FULL: return -ENOSPC;
        case SQLITE_READONLY: return -EROFS;
        default: return -EIO;
        }
}

static int rewrite(sqlite3_file *f, char *piece) {
        sqlite3_int64 size = 0;
        int rc = f->pMethods->xFileSize(f, &size);

        for (sqlite3_int64 at = 0; at < size && rc == SQLITE_OK; at += PIECE) {
                int n = (int)MIN(size - at, (sqlite3_int64)PIECE);

                rc = f->pMethods->xRead(f, piece, n, at);
                if (rc == SQLITE_OK)
                        rc = f->pMethods->xWrite(f, piece, n, at);
        }
        if (rc == SQLITE_OK && size)
                rc = f->pMethods->xSync(f, SQLITE_SYNC_NORMAL);
        return rc;
}

int os_vfs_refresh(const char *vfs, const char *path) {
        sqlite3_vfs *v = sqlite3_vfs_find(vfs);
        int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_WAL, there = 0, rc;
        char name[4096 + 8] = {0};

        if (!v || strlen(path) + 8 > sizeof(name))
                return FAIL(-EINVAL);
        /* SQLite's own unix file looks behind the name for parameters: there are none. */
        snprintf(name, sizeof(name) - 2, "%s-wal", path);
        rc = v->xAccess(v, name, SQLITE_ACCESS_EXISTS, &there);
        if (rc != SQLITE_OK || !there)
                return rc == SQLITE_OK ? 0 : FAIL(errno_of(rc));
        sqlite3_file *f = calloc(1, (size_t)v->szOsFile + PIECE);
        if (!f)
                return FAIL(-ENOMEM);
        rc = v->xOpen(v, name, f, flags, &flags);
        if (rc == SQLITE_OK &&
            (flags & SQLITE_OPEN_READONLY)) /* that is how SQLite opens it then */
                rc = SQLITE_READONLY;
        if (rc == SQLITE_OK)
                rc = rewrite(f, (char *)f + v->szOsFile);
        if (f->pMethods)
                f->pMethods->xClose(f);
        free(f);
        return rc == SQLITE_OK ? 0 : FAIL(errno_of(rc));
}

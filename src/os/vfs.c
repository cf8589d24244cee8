/* See vfs.h. A shim: every file is SQLite's own unix file with a head of ours; methods say whether a
 * test wants them to fail, and tell os/power.c what was written. Nothing else is changed, so that what
 * is tested is what runs. */
#include "os/vfs.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>

#include "os/fault.h"
#include "os/os.h"
#include "os/power.h"

struct file {
        sqlite3_file base;
        struct power_file *power; /* NULL: not watched */
        sqlite3_file *real;       /* behind this struct */
};

static sqlite3_vfs *unix_vfs;
static int last_error;

static sqlite3_file *real_of(sqlite3_file *f) {
        return ((struct file *)f)->real;
}

#ifdef COLOA_FAULTS
static int writes_error;
static unsigned syncs;

void fault_writes(int err) {
        writes_error = err;
}

unsigned fault_syncs(void) {
        unsigned n = syncs;

        syncs = 0;
        return n;
}

static int hit(bool writes) {
        int e = fault_hit();

        if (e == 0 && writes)
                e = writes_error;
        if (e)
                last_error = e;
        return e;
}
#else
static inline int hit(bool writes) {
        (void)writes;
        return 0;
}
#endif

/* What SQLite is told when a call fails so. */
static int code_of(int err, int otherwise) {
        return err == ENOSPC ? SQLITE_FULL : err == EROFS ? SQLITE_READONLY : otherwise;
}

static int x_close(sqlite3_file *f) {
        struct file *mine = (struct file *)f;
        int r = mine->real->pMethods ? mine->real->pMethods->xClose(mine->real) : SQLITE_OK;

        mine->power = power_close(mine->power);
        return r;
}

static int x_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at) {
        if (hit(false))
                return SQLITE_IOERR_READ;
        return real_of(f)->pMethods->xRead(real_of(f), to, n, at);
}

static int x_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at) {
        int e = hit(true);

        if (e)
                return code_of(e, SQLITE_IOERR_WRITE);
        int r = real_of(f)->pMethods->xWrite(real_of(f), p, n, at);
        if (r == SQLITE_OK)
                power_write(((struct file *)f)->power, p, (size_t)n, (uint64_t)at);
        return r;
}

static int x_truncate(sqlite3_file *f, sqlite3_int64 size) {
        if (hit(true))
                return SQLITE_IOERR_TRUNCATE;
        int r = real_of(f)->pMethods->xTruncate(real_of(f), size);
        if (r == SQLITE_OK)
                power_truncate(((struct file *)f)->power, (uint64_t)size);
        return r;
}

static int x_sync(sqlite3_file *f, int flags) {
        if (hit(true)) {
                /* As Linux does it: what could not be written is forgotten, and still seen. */
                power_sync(((struct file *)f)->power, false);
                return SQLITE_IOERR_FSYNC;
        }
#ifdef COLOA_FAULTS
        syncs++;
#endif
        int r = real_of(f)->pMethods->xSync(real_of(f), flags);
        if (r == SQLITE_OK)
                power_sync(((struct file *)f)->power, true);
        return r;
}

static int x_size(sqlite3_file *f, sqlite3_int64 *ret) {
        if (hit(false))
                return SQLITE_IOERR_FSTAT;
        return real_of(f)->pMethods->xFileSize(real_of(f), ret);
}

static int x_lock(sqlite3_file *f, int level) {
        if (hit(false))
                return SQLITE_IOERR_LOCK;
        return real_of(f)->pMethods->xLock(real_of(f), level);
}

static int x_unlock(sqlite3_file *f, int level) {
        return real_of(f)->pMethods->xUnlock(real_of(f), level);
}

static int x_check_reserved(sqlite3_file *f, int *ret) {
        if (hit(false))
                return SQLITE_IOERR_CHECKRESERVEDLOCK;
        return real_of(f)->pMethods->xCheckReservedLock(real_of(f), ret);
}

static int x_control(sqlite3_file *f, int op, void *arg) {
        return real_of(f)->pMethods->xFileControl(real_of(f), op, arg);
}

static int x_sector(sqlite3_file *f) {
        return real_of(f)->pMethods->xSectorSize(real_of(f));
}

static int x_characteristics(sqlite3_file *f) {
        return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
}

static int x_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **ret) {
        if (hit(false))
                return SQLITE_IOERR_SHMMAP;
        return real_of(f)->pMethods->xShmMap(real_of(f), page, size, extend, ret);
}

static int x_shm_lock(sqlite3_file *f, int at, int n, int flags) {
        if ((flags & SQLITE_SHM_LOCK) && hit(false))
                return SQLITE_IOERR_SHMLOCK;
        return real_of(f)->pMethods->xShmLock(real_of(f), at, n, flags);
}

static void x_shm_barrier(sqlite3_file *f) {
        real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int x_shm_unmap(sqlite3_file *f, int remove) {
        return real_of(f)->pMethods->xShmUnmap(real_of(f), remove);
}

static int x_fetch(sqlite3_file *f, sqlite3_int64 at, int n, void **ret) {
        return real_of(f)->pMethods->xFetch(real_of(f), at, n, ret);
}

static int x_unfetch(sqlite3_file *f, sqlite3_int64 at, void *p) {
        return real_of(f)->pMethods->xUnfetch(real_of(f), at, p);
}

static const sqlite3_io_methods methods = {
        .iVersion = 3,
        .xClose = x_close,
        .xRead = x_read,
        .xWrite = x_write,
        .xTruncate = x_truncate,
        .xSync = x_sync,
        .xFileSize = x_size,
        .xLock = x_lock,
        .xUnlock = x_unlock,
        .xCheckReservedLock = x_check_reserved,
        .xFileControl = x_control,
        .xSectorSize = x_sector,
        .xDeviceCharacteristics = x_characteristics,
        .xShmMap = x_shm_map,
        .xShmLock = x_shm_lock,
        .xShmBarrier = x_shm_barrier,
        .xShmUnmap = x_shm_unmap,
        .xFetch = x_fetch,
        .xUnfetch = x_unfetch,
};

static int x_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *ret_flags) {
        struct file *mine = (struct file *)f;
        bool creates = flags & SQLITE_OPEN_CREATE;
        /* SQLite syncs the directory with the first sync of a journal that it made. */
        bool sync_dir = creates && (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL));

        (void)v;
        *mine = (struct file){.real = (sqlite3_file *)(mine + 1)};
        if (hit(false))
                return SQLITE_CANTOPEN;
        if (name)
                power_know(name);
        int r = unix_vfs->xOpen(unix_vfs, name, mine->real, flags, ret_flags);
        if (r != SQLITE_OK)
                return r;
        mine->power = name ? power_open(name, sync_dir) : NULL;
        mine->base.pMethods = &methods;
        return SQLITE_OK;
}

static int x_delete(sqlite3_vfs *v, const char *name, int sync_dir) {
        (void)v;
        if (hit(true))
                return SQLITE_IOERR_DELETE;
        power_know(name);
        int r = unix_vfs->xDelete(unix_vfs, name, sync_dir);
        if (r == SQLITE_OK)
                power_delete(name, sync_dir);
        return r;
}

static int x_access(sqlite3_vfs *v, const char *name, int flags, int *ret) {
        (void)v;
        if (hit(false))
                return SQLITE_IOERR_ACCESS;
        return unix_vfs->xAccess(unix_vfs, name, flags, ret);
}

static int x_full(sqlite3_vfs *v, const char *name, int room, char *to) {
        (void)v;
        if (hit(false))
                return SQLITE_CANTOPEN;
        return unix_vfs->xFullPathname(unix_vfs, name, room, to);
}

static int x_random(sqlite3_vfs *v, int n, char *to) {
        (void)v;
        return unix_vfs->xRandomness(unix_vfs, n, to);
}

static int x_sleep(sqlite3_vfs *v, int us) {
        (void)v;
        return unix_vfs->xSleep(unix_vfs, us);
}

static int x_time(sqlite3_vfs *v, double *ret) {
        (void)v;
        return unix_vfs->xCurrentTime(unix_vfs, ret);
}

static int x_time64(sqlite3_vfs *v, sqlite3_int64 *ret) {
        (void)v;
        return unix_vfs->xCurrentTimeInt64(unix_vfs, ret);
}

static int x_last_error(sqlite3_vfs *v, int n, char *to) {
        (void)v;
        int made = last_error;

        last_error = 0;
        return made ? made : unix_vfs->xGetLastError(unix_vfs, n, to);
}

int os_vfs_init(void) {
        static sqlite3_vfs vfs = {.iVersion = 2, .zName = OS_VFS};

        if (unix_vfs)
                return 0;
        unix_vfs = sqlite3_vfs_find("unix");
        if (!unix_vfs)
                return -ENOMEM;
        vfs.szOsFile = (int)sizeof(struct file) + unix_vfs->szOsFile;
        vfs.mxPathname = unix_vfs->mxPathname;
        vfs.xOpen = x_open;
        vfs.xDelete = x_delete;
        vfs.xAccess = x_access;
        vfs.xFullPathname = x_full;
        vfs.xRandomness = x_random;
        vfs.xSleep = x_sleep;
        vfs.xCurrentTime = x_time;
        vfs.xGetLastError = x_last_error;
        vfs.xCurrentTimeInt64 = x_time64;
        return sqlite3_vfs_register(&vfs, 1) == SQLITE_OK ? 0 : -ENOMEM;
}

int os_sync_dir(const char *path) {
        int fd = os_open(path, O_RDONLY | O_DIRECTORY, 0);

        if (fd < 0)
                return fd;
        int r = os_fsync(fd);
        os_close(fd);
        if (r == 0)
                power_sync_dir(path);
        return r;
}

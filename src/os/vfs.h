/* SQLite's way to the kernel: its own unix VFS behind fault_hit(), so that a test can make any call
 * fail or cut the power. All of our databases are opened through it. */
#ifndef OS_VFS_H
#define OS_VFS_H

#include "base/base.h"

#define OS_VFS "coloa"

/* Once in a process, before the first database. 0 or -ENOMEM. */
int os_vfs_init(void);

/* Before a database that may have been left by a crash or a failed commit is opened for writing: makes
 * sure that the log one reads is the log on the disk (vfs_refresh.c says why a sync is not enough). `vfs`
 * NULL: SQLite's own. 0 when there is no log; -errno: the database must not be opened. */
int os_vfs_refresh(const char *vfs, const char *path);

#ifdef COLOA_FAULTS
/* While nonzero, whatever would write fails so: ENOSPC, EROFS, EIO. */
void fault_writes(int err);
/* Syncs since the last call of this. */
unsigned fault_syncs(void);

/* The power. From fault_power_watch() on, what is written to a database file is only sure to be kept
 * once it was synced, and a new name, a deletion or a renaming only once its directory was.
 * fault_power_cut(): from now on every call fails (close the databases, which cannot write any more);
 * fault_power_restore() then gives all watched files what a disk could hold: what was synced, and of
 * what was written or done to names since, any or none. */
void fault_power_watch(void);
void fault_power_cut(void);
int fault_power_restore(uint64_t seed);
#endif

#endif

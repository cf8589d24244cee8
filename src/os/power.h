/* What a disk would hold after the power was cut: only for tests, only for os/vfs.c and what does something
 * to names in os/os_file.c. */
#ifndef OS_POWER_H
#define OS_POWER_H

#include "base/base.h"

struct power_file;

#ifdef COLOA_FAULTS
/* Before anything is done to a name. */
void power_know(const char *path);
/* After a file that is known was opened, or made. NULL while nothing is watched. */
struct power_file *power_open(const char *path, bool sync_dir);
struct power_file *power_close(struct power_file *f);
void power_write(struct power_file *f, const void *p, size_t n, uint64_t at);
void power_truncate(struct power_file *f, uint64_t size);
void power_sync(struct power_file *f, bool well);
void power_delete(const char *path, bool synced);
void power_rename(const char *from, const char *to);
void power_sync_dir(const char *dir);
bool power_is_cut(void);
#else
static inline void power_know(const char *path) {
        (void)path;
}
static inline struct power_file *power_open(const char *path, bool sync_dir) {
        (void)path, (void)sync_dir;
        return NULL;
}
static inline struct power_file *power_close(struct power_file *f) {
        (void)f;
        return NULL;
}
static inline void power_write(struct power_file *f, const void *p, size_t n, uint64_t at) {
        (void)f, (void)p, (void)n, (void)at;
}
static inline void power_truncate(struct power_file *f, uint64_t size) {
        (void)f, (void)size;
}
static inline void power_sync(struct power_file *f, bool well) {
        (void)f, (void)well;
}
static inline void power_delete(const char *path, bool synced) {
        (void)path, (void)synced;
}
static inline void power_rename(const char *from, const char *to) {
        (void)from, (void)to;
}
static inline void power_sync_dir(const char *dir) {
        (void)dir;
}
#endif

#endif

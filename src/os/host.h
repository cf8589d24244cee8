/* What this machine gives a node, for `coloa doctor`. As os.h: thin, -errno. */
#ifndef OS_HOST_H
#define OS_HOST_H

#include "base/base.h"

enum os_disk_kind { OS_DISK_LOCAL, OS_DISK_MEMORY, OS_DISK_NETWORK };

/* Of the file system that `path` is on. */
struct os_disk {
        uint64_t bytes, free;       /* free: for who is not root */
        uint64_t files, files_free; /* 0, 0: it counts none */
        bool read_only;
        enum os_disk_kind kind;
};
int os_disk(const char *path, struct os_disk *ret);

struct os_clock {
        bool synchronised;
        int64_t error_ns; /* at most so far from true, as the kernel believes */
};
int os_clock(struct os_clock *ret);

/* As getrlimit(2) has it for open files; UINT64_MAX: none. */
int os_files_limit(uint64_t *ret_soft, uint64_t *ret_hard);
/* 0 when seccomp filters that end a process are there; -errno. */
int os_seccomp(void);
/* A number that a file of /proc holds, alone on its first line. */
int os_proc_number(const char *path, uint64_t *ret);
/* Whether this process, as who it really is, may do so: R_OK, W_OK, X_OK. 0 or -errno. */
int os_access(const char *path, int how);
/* The name of a user into to[room]; its number when it has none. */
void os_user_name(uid_t uid, char *to, size_t room);

#endif

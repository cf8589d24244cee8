/* See host.h. */
#include "os/host.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "os/call.h"
#include "os/os.h"

#define CIFS_MAGIC 0xff534d42
#define SMB2_MAGIC 0xfe534d42

static enum os_disk_kind kind_of(unsigned long magic) {
        switch (magic & 0xffffffff) {
        case TMPFS_MAGIC:
        case RAMFS_MAGIC: return OS_DISK_MEMORY;
        case NFS_SUPER_MAGIC:
        case SMB_SUPER_MAGIC:
        case CIFS_MAGIC:
        case SMB2_MAGIC:
        case CEPH_SUPER_MAGIC:
        case V9FS_MAGIC:
        case AFS_SUPER_MAGIC: return OS_DISK_NETWORK;
        default: return OS_DISK_LOCAL;
        }
}

int os_disk(const char *path, struct os_disk *ret) {
        struct statvfs v;
        struct statfs f;
        int r;

        CALL(r, statvfs(path, &v));
        if (r < 0)
                return r;
        CALL(r, statfs(path, &f));
        if (r < 0)
                return r;
        *ret = (struct os_disk){.bytes = (uint64_t)v.f_blocks * v.f_frsize,
                                .free = (uint64_t)v.f_bavail * v.f_frsize,
                                .files = v.f_files,
                                .files_free = v.f_favail,
                                .read_only = (v.f_flag & ST_RDONLY) != 0,
                                .kind = kind_of((unsigned long)f.f_type)};
        return 0;
}

int os_clock(struct os_clock *ret) {
        struct timex t = {.modes = 0};
        int r;

        CALL(r, adjtimex(&t));
        if (r < 0)
                return r;
        ret->synchronised = r != TIME_ERROR && !(t.status & STA_UNSYNC);
        ret->error_ns = (int64_t)t.maxerror * 1000;
        return 0;
}

int os_files_limit(uint64_t *ret_soft, uint64_t *ret_hard) {
        struct rlimit l;
        int r;

        CALL(r, getrlimit(RLIMIT_NOFILE, &l));
        if (r < 0)
                return r;
        *ret_soft = l.rlim_cur == RLIM_INFINITY ? UINT64_MAX : l.rlim_cur;
        *ret_hard = l.rlim_max == RLIM_INFINITY ? UINT64_MAX : l.rlim_max;
        return 0;
}

int os_seccomp(void) {
        uint32_t action = SECCOMP_RET_KILL_PROCESS;
        long r;

        CALL(r, syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action));
        return (int)r;
}

int os_proc_number(const char *path, uint64_t *ret) {
        char text[64] = "", *end;
        _cleanup_(os_closep) int fd = os_open(path, O_RDONLY, 0);

        if (fd < 0)
                return fd;
        ssize_t n = os_read(fd, text, sizeof(text) - 1);
        if (n <= 0)
                return n < 0 ? (int)n : -ENODATA;
        errno = 0;
        *ret = strtoull(text, &end, 10);
        return errno || end == text ? -EINVAL : 0;
}

int os_access(const char *path, int how) {
        int r;

        CALL(r, access(path, how));
        return r;
}

void os_user_name(uid_t uid, char *to, size_t room) {
        struct passwd p, *found = NULL;
        char text[4096];

        if (getpwuid_r(uid, &p, text, sizeof(text), &found) == 0 && found)
                snprintf(to, room, "%s", p.pw_name);
        else
                snprintf(to, room, "%u", (unsigned)uid);
}

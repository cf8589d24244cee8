/* See own.h. */
#include "os/own.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "os/call.h"
#include "os/os.h"

int64_t os_boottime(void) {
        struct timespec t = {0};

        clock_gettime(CLOCK_BOOTTIME, &t);
        return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int os_boot_id(char to[OS_BOOT_ID_BYTES + 1]) {
        _cleanup_(os_closep) int fd = os_open("/proc/sys/kernel/random/boot_id", O_RDONLY, 0);
        ssize_t n = fd < 0 ? fd : os_read_full(fd, to, OS_BOOT_ID_BYTES);

        if (n != OS_BOOT_ID_BYTES)
                return FAIL(n < 0 ? (int)n : -EIO);
        to[OS_BOOT_ID_BYTES] = '\0';
        return 0;
}

int os_own_addresses(unsigned char (*to)[16], unsigned max) {
        static const unsigned char v4[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
        struct ifaddrs *list = NULL;
        unsigned n = 0;
        int r;

        CALL(r, getifaddrs(&list));
        if (r < 0)
                return FAIL(r);
        for (const struct ifaddrs *i = list; i && n < max; i = i->ifa_next) {
                if (!i->ifa_addr)
                        continue;
                if (i->ifa_addr->sa_family == AF_INET) {
                        struct sockaddr_in a;
                        memcpy(&a, i->ifa_addr, sizeof(a));
                        memcpy(to[n], v4, sizeof(v4));
                        memcpy(to[n++] + 12, &a.sin_addr, 4);
                } else if (i->ifa_addr->sa_family == AF_INET6) {
                        struct sockaddr_in6 a;
                        memcpy(&a, i->ifa_addr, sizeof(a));
                        memcpy(to[n++], &a.sin6_addr, 16);
                }
        }
        freeifaddrs(list);
        return (int)n;
}

/* What of `mask` is permitted, and nothing else; `all`: or nothing at all. */
static int keep(uint64_t mask, bool all) {
        struct __user_cap_header_struct h = {.version = _LINUX_CAPABILITY_VERSION_3};
        struct __user_cap_data_struct d[2] = {{0}};
        int r;

        CALL(r, (int)syscall(SYS_capget, &h, d));
        if (r < 0)
                return FAIL(r);
        uint64_t have = (d[0].permitted | (uint64_t)d[1].permitted << 32) & mask;
        if (all && have != mask)
                return -EPERM;
        for (unsigned i = 0; i < 2; i++) {
                uint32_t word = (uint32_t)(have >> (32 * i));

                d[i] = (struct __user_cap_data_struct){.effective = word, .permitted = word};
        }
        CALL(r, (int)syscall(SYS_capset, &h, d));
        return r < 0 ? FAIL(r) : 0;
}

int os_keep_capability(int which) {
        return keep(UINT64_C(1) << (unsigned)which, true);
}

int os_keep_capabilities(const int *which, unsigned n) {
        uint64_t mask = 0;

        for (unsigned i = 0; i < n; i++)
                mask |= UINT64_C(1) << (unsigned)which[i];
        return keep(mask, false);
}

uint32_t os_user(void) {
        return (uint32_t)geteuid();
}

int os_replace_file(const char *path, const void *p, size_t n) {
        char beside[4096];
        struct stat st;
        int len = snprintf(beside, sizeof(beside), "%s.coloa", path), r = os_stat(path, &st);

        if (r < 0)
                return FAIL(r);
        if (len < 0 || (size_t)len >= sizeof(beside))
                return FAIL(-ENAMETOOLONG);
        (void)os_unlink(beside); /* of one who died here */
        _cleanup_(os_closep) int fd =
                os_open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
        if (fd < 0)
                return FAIL(fd);
        r = os_write_full(fd, p, n);
        if (r == 0)
                CALL(r, fchown(fd, st.st_uid, st.st_gid));
        if (r == 0)
                CALL(r, fchmod(fd, st.st_mode & 07777));
        if (r == 0)
                r = os_fsync(fd);
        if (r == 0)
                r = os_rename(beside, path);
        if (r < 0)
                (void)os_unlink(beside);
        return r < 0 ? FAIL(r) : 0;
}

int os_lock_record(int fd) {
        struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        int r;

        CALL(r, fcntl(fd, F_SETLK, &l));
        return r == -EACCES ? -EAGAIN : r;
}

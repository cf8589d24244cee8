/* See own.h. */
#include "os/own.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/capability.h>
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

int os_keep_capability(int which) {
        struct __user_cap_header_struct h = {.version = _LINUX_CAPABILITY_VERSION_3};
        struct __user_cap_data_struct d[2] = {{0}};
        unsigned word = (unsigned)which / 32;
        uint32_t bit = UINT32_C(1) << ((unsigned)which % 32);
        int r;

        CALL(r, (int)syscall(SYS_capget, &h, d));
        if (r < 0)
                return FAIL(r);
        if (!(d[word].permitted & bit))
                return -EPERM;
        for (unsigned i = 0; i < 2; i++)
                d[i] = (struct __user_cap_data_struct){0};
        d[word].permitted = d[word].effective = bit;
        CALL(r, (int)syscall(SYS_capset, &h, d));
        return r < 0 ? FAIL(r) : 0;
}

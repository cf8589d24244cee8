/* What is this machine's own: its addresses, how long it runs, what its root may still do. As os.h: -errno. */
#ifndef OS_OWN_H
#define OS_OWN_H

#include "base/base.h"

#define OS_BOOT_ID_BYTES 36u

int64_t os_boottime(void); /* ns since the machine began, sleep counted; nobody can set it */
/* The kernel's name of this run of the machine, from /proc; `to` has room for a NUL too. */
int os_boot_id(char to[OS_BOOT_ID_BYTES + 1]);
/* Addresses of all interfaces, 16 bytes each (IPv4 mapped): at most `max` of them. The count. */
int os_own_addresses(unsigned char (*to)[16], unsigned max);
/* Gives up all capabilities but one, for good; -EPERM: that one is not there to keep. */
int os_keep_capability(int which);
/* The same for some: what of them is not there is given up too. */
int os_keep_capabilities(const int *which, unsigned n);
uint32_t os_user(void); /* whose rights this process has */
/* Another content under that name, in one step, with owner and mode as they are. */
int os_replace_file(const char *path, const void *p, size_t n);
/* The lock that the tools for accounts take while they change them; -EAGAIN: one of them has it. */
int os_lock_record(int fd);

#endif

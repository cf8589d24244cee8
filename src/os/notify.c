/* See notify.h. The protocol is one datagram to the AF_UNIX socket that NOTIFY_SOCKET names; nothing
 * comes back. */
#include "os/notify.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "os/call.h"
#include "os/os.h"

int os_notify(const char *path, struct span text) {
        struct sockaddr_un a = {.sun_family = AF_UNIX};
        size_t n = strlen(path);
        ssize_t r;
        int fd;

        if ((path[0] != '/' && path[0] != '@') || n < 2)
                return -EAFNOSUPPORT;
        if (n >= sizeof(a.sun_path))
                return -ENAMETOOLONG;
        memcpy(a.sun_path, path, n);
        /* An abstract name ends where the address does, a path with its NUL. */
        socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (*path == '/'));
        if (*path == '@')
                a.sun_path[0] = '\0';
        CALL(fd, socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        if (fd < 0)
                return fd;
        CALL(r,
             sendto(fd, text.p, text.len, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&a, len));
        os_close(fd);
        return r < 0 ? (int)r : 0;
}

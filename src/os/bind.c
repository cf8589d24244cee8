/* See bind.h. */
#include "os/bind.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "os/call.h"
#include "os/os.h"

#define BACKLOG 4096

static const uint8_t any[16], mapped[12] = {[10] = 0xff, [11] = 0xff};

static int set(int fd, int level, int what, int to) {
        int r;

        CALL(r, setsockopt(fd, level, what, &to, sizeof(to)));
        return r;
}

/* Datagrams that come while ingest has no turn wait there: a second of a busy network. As much as the
 * kernel lets us: beyond its limit only with privilege. */
static void make_room(int fd) {
        if (set(fd, SOL_SOCKET, SO_RCVBUFFORCE, OS_DATAGRAM_ROOM) < 0)
                (void)set(fd, SOL_SOCKET, SO_RCVBUF, OS_DATAGRAM_ROOM);
}

static int new_socket(int family, int type) {
        int fd;

        CALL(fd, socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        return fd;
}

static int bind_to(int fd, const void *address, socklen_t len) {
        int r;

        CALL(r, bind(fd, address, len));
        return r;
}

static int bind_v4(int fd, const uint8_t address[16], uint16_t port) {
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};

        memcpy(&a.sin_addr, address + 12, 4);
        return bind_to(fd, &a, sizeof(a));
}

static int bind_v6(int fd, const uint8_t address[16], uint16_t port) {
        struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
        int r = set(fd, IPPROTO_IPV6, IPV6_V6ONLY, memcmp(address, any, sizeof(any)) != 0);

        memcpy(&a.sin6_addr, address, 16);
        return r < 0 ? r : bind_to(fd, &a, sizeof(a));
}

/* On machines without IPv6 "all addresses" are those of IPv4. */
static int any_socket(int type, bool *ret_v4) {
        int fd = *ret_v4 ? -EAFNOSUPPORT : new_socket(AF_INET6, type);

        if (fd != -EAFNOSUPPORT)
                return fd;
        *ret_v4 = true;
        return new_socket(AF_INET, type);
}

int os_bind(enum bind_kind kind, const uint8_t address[16], uint16_t port) {
        int type = kind == BIND_STREAM ? SOCK_STREAM : SOCK_DGRAM, r;
        bool v4 = memcmp(address, mapped, sizeof(mapped)) == 0;
        _cleanup_(os_closep) int fd = any_socket(type, &v4);

        if (fd < 0)
                return fd;
        r = kind == BIND_STREAM ? set(fd, SOL_SOCKET, SO_REUSEADDR, 1) : 0;
        if (kind == BIND_DATAGRAM)
                make_room(fd);
        if (r == 0)
                r = v4 ? bind_v4(fd, address, port) : bind_v6(fd, address, port);
        if (r == 0 && kind == BIND_STREAM)
                CALL(r, listen(fd, BACKLOG));
        if (r < 0)
                return r;
        return os_take(&fd);
}

int os_bound_port(int fd, uint16_t *ret) {
        struct sockaddr_storage a = {0};
        socklen_t len = sizeof(a);
        int r;

        CALL(r, getsockname(fd, (struct sockaddr *)&a, &len));
        if (r < 0)
                return r;
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&a;
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)&a;
        // NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): zeros at least
        *ret = ntohs(a.ss_family == AF_INET6 ? v6->sin6_port : v4->sin_port);
        return 0;
}

static int local_address(const char *path, struct sockaddr_un *ret) {
        *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
        int n = snprintf(ret->sun_path, sizeof(ret->sun_path), "%s", path);
        return n < 0 || (size_t)n >= sizeof(ret->sun_path) ? -ENAMETOOLONG : 0;
}

static int local_connect(const char *path, int type) {
        struct sockaddr_un a;
        int fd, r = local_address(path, &a);

        if (r < 0)
                return r;
        CALL(fd, socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
        if (fd < 0)
                return fd;
        CALL(r, connect(fd, (struct sockaddr *)&a, sizeof(a)));
        if (r < 0)
                os_close(fd);
        return r < 0 ? r : fd;
}

int os_local_connect(const char *path) {
        return local_connect(path, SOCK_SEQPACKET);
}

int os_local_connect_stream(const char *path) {
        return local_connect(path, SOCK_STREAM);
}

/* A socket of a node that is gone refuses; only such a one is removed. A file that is no socket refuses
 * too: a slip in the configuration must not take it away. */
static int clear_path(const char *path, int type) {
        struct stat st;
        int fd = local_connect(path, type), r;

        CALL(r, lstat(path, &st));
        if (r == 0 && !S_ISSOCK(st.st_mode)) {
                os_close_quiet(fd);
                return -EEXIST;
        }
        if (fd >= 0) {
                os_close(fd);
                return -EADDRINUSE;
        }
        if (fd == -ECONNREFUSED)
                return os_unlink(path);
        return fd == -ENOENT ? 0 : fd == -EPROTOTYPE ? -EADDRINUSE : fd;
}

static int local_bind(const char *path, int type) {
        struct sockaddr_un a;
        int r = local_address(path, &a);

        if (r == 0)
                r = clear_path(path, type);
        if (r < 0)
                return r;
        _cleanup_(os_closep) int fd = new_socket(AF_UNIX, type);
        if (fd < 0)
                return fd;
        mode_t before = umask(0117);
        r = bind_to(fd, &a, sizeof(a));
        umask(before);
        if (r == 0 && type != SOCK_DGRAM)
                CALL(r, listen(fd, type == SOCK_STREAM ? BACKLOG : 16));
        if (r < 0)
                return r;
        return os_take(&fd);
}

int os_local_listen(const char *path) {
        return local_bind(path, SOCK_SEQPACKET);
}

int os_local_bind(enum bind_kind kind, const char *path) {
        return local_bind(path, kind == BIND_STREAM ? SOCK_STREAM : SOCK_DGRAM);
}

int os_local_accept(int listener, uid_t *ret_uid) {
        struct ucred cred;
        socklen_t len = sizeof(cred);
        int fd, r;

        CALL(fd, accept4(listener, NULL, NULL, SOCK_CLOEXEC));
        if (fd < 0)
                return fd;
        CALL(r, getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len));
        if (r < 0) {
                os_close(fd);
                return r;
        }
        *ret_uid = cred.uid;
        return fd;
}

int os_lock(int fd) {
        int r;

        CALL(r, flock(fd, LOCK_EX | LOCK_NB));
        return r;
}

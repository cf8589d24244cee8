/* See dial.h. */
#include "os/dial.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "os/call.h"
#include "os/os.h"

static const uint8_t mapped[12] = {[10] = 0xff, 0xff};

static int make(bool v6, int type) {
        int r;

        CALL(r, socket(v6 ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        return r;
}

int os_dial_socket(bool v6) {
        return make(v6, SOCK_STREAM);
}

static int dial(const struct os_peer *to, int type) {
        bool v6 = memcmp(to->address, mapped, sizeof(mapped)) != 0;
        struct sockaddr_in6 a6 = {.sin6_family = AF_INET6, .sin6_port = htons(to->port)};
        struct sockaddr_in a4 = {.sin_family = AF_INET, .sin_port = htons(to->port)};
        int fd = make(v6, type), r;

        if (fd < 0)
                return fd;
        memcpy(&a6.sin6_addr, to->address, 16);
        memcpy(&a4.sin_addr, to->address + 12, 4);
        const struct sockaddr *a = v6 ? (const struct sockaddr *)&a6 : (const struct sockaddr *)&a4;
        CALL(r, connect(fd, a, v6 ? sizeof(a6) : sizeof(a4)));
        if (r < 0 && r != -EINPROGRESS) {
                os_close(fd);
                return r;
        }
        return fd;
}

int os_dial_stream(const struct os_peer *to) {
        return dial(to, SOCK_STREAM);
}

int os_dial_datagram(const struct os_peer *to) {
        return dial(to, SOCK_DGRAM);
}

int os_dial_error(int fd) {
        socklen_t len = sizeof(int);
        int error = 0, r;

        CALL(r, getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len));
        return r < 0 ? r : -error;
}

bool os_address_of(const char *text, uint8_t to[16]) {
        if (inet_pton(AF_INET6, text, to) == 1)
                return true;
        memcpy(to, mapped, sizeof(mapped));
        return inet_pton(AF_INET, text, to + 12) == 1;
}

/* See net.h. */
#include "os/net.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "os/call.h"
#include "os/os.h"

void os_peer_of(const struct sockaddr *from, struct os_peer *ret) {
        *ret = (struct os_peer){0};
        if (!from)
                return;
        if (from->sa_family == AF_INET6) {
                struct sockaddr_in6 a;
                memcpy(&a, from, sizeof(a));
                memcpy(ret->address, &a.sin6_addr, 16);
                ret->port = ntohs(a.sin6_port);
        } else if (from->sa_family == AF_INET) {
                struct sockaddr_in a;
                memcpy(&a, from, sizeof(a));
                ret->address[10] = ret->address[11] = 0xff;
                memcpy(ret->address + 12, &a.sin_addr, 4);
                ret->port = ntohs(a.sin_port);
        }
}

void os_peer_text(const struct os_peer *p, char *to) {
        static const uint8_t none[16], mapped[12] = {[10] = 0xff, [11] = 0xff};

        if (memcmp(p->address, none, 16) == 0)
                snprintf(to, OS_PEER_TEXT, "local");
        else if (memcmp(p->address, mapped, 12) == 0)
                (void)inet_ntop(AF_INET, p->address + 12, to, OS_PEER_TEXT);
        else
                (void)inet_ntop(AF_INET6, p->address, to, OS_PEER_TEXT);
}

int os_accept(int listener, struct os_peer *ret_peer) {
        struct sockaddr_storage a = {0};
        socklen_t len = sizeof(a);
        int r;

        CALL(r, accept4(listener, (struct sockaddr *)&a, &len, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (r >= 0)
                os_peer_of((struct sockaddr *)&a, ret_peer);
        return r;
}

ssize_t os_recv_stream(int fd, void *to, size_t n) {
        ssize_t r;

        CALL(r, recv(fd, to, n, MSG_DONTWAIT));
        return r;
}

int os_shutdown(int fd) {
        int r;

        CALL(r, shutdown(fd, SHUT_RDWR));
        return r;
}

int os_nonblocking(int fd) {
        int r;

        CALL(r, fcntl(fd, F_GETFL));
        if (r < 0)
                return r;
        int flags = r | O_NONBLOCK;
        CALL(r, fcntl(fd, F_SETFL, flags));
        return r;
}

int os_raise_files(unsigned n) {
        struct rlimit l;
        int r;

        CALL(r, getrlimit(RLIMIT_NOFILE, &l));
        if (r < 0)
                return r;
        l.rlim_cur = MIN((rlim_t)n, l.rlim_max);
        CALL(r, setrlimit(RLIMIT_NOFILE, &l));
        return r < 0 ? r : (int)l.rlim_cur;
}

int os_keepalive(int fd) {
        static const struct {
                int level, name, value;
        } set[] = {{SOL_SOCKET, SO_KEEPALIVE, 1},
                   {IPPROTO_TCP, TCP_KEEPIDLE, 60},
                   {IPPROTO_TCP, TCP_KEEPINTVL, 20},
                   {IPPROTO_TCP, TCP_KEEPCNT, 6}};
        int r = 0;

        for (size_t i = 0; i < ARRAY_LEN(set) && r == 0; i++)
                CALL(r, setsockopt(fd, set[i].level, set[i].name, &set[i].value, sizeof(int)));
        return r;
}

struct os_datagrams {
        unsigned n, got;
        size_t size;
        struct mmsghdr *heads;
        struct iovec *iov;
        struct sockaddr_storage *from;
        char *bytes;
};

struct os_datagrams *os_datagrams_new(unsigned n, size_t size) {
        struct os_datagrams *d = calloc(1, sizeof(*d));

        if (!d)
                return NULL;
        *d = (struct os_datagrams){.n = n,
                                   .size = size,
                                   .heads = calloc(n, sizeof(*d->heads)),
                                   .iov = calloc(n, sizeof(*d->iov)),
                                   .from = calloc(n, sizeof(*d->from)),
                                   .bytes = malloc(n * size)};
        if (!d->heads || !d->iov || !d->from || !d->bytes)
                return os_datagrams_free(d);
        return d;
}

struct os_datagrams *os_datagrams_free(struct os_datagrams *d) {
        if (d) {
                free(d->heads);
                free(d->iov);
                free(d->from);
                free(d->bytes);
                free(d);
        }
        return NULL;
}

int os_socket_drops(int fd, uint32_t *ret) {
        uint32_t all[SK_MEMINFO_VARS] = {0};
        socklen_t len = sizeof(all);
        int r;

        CALL(r, getsockopt(fd, SOL_SOCKET, SO_MEMINFO, all, &len));
        if (r < 0)
                return r;
        *ret = all[SK_MEMINFO_DROPS];
        return 0;
}

int os_datagrams_recv(struct os_datagrams *d, int fd) {
        int r;

        for (unsigned i = 0; i < d->n; i++) {
                d->iov[i] = (struct iovec){d->bytes + i * d->size, d->size};
                d->heads[i].msg_hdr = (struct msghdr){.msg_name = &d->from[i],
                                                      .msg_namelen = sizeof(d->from[i]),
                                                      .msg_iov = &d->iov[i],
                                                      .msg_iovlen = 1};
        }
        d->got = 0;
        CALL(r, recvmmsg(fd, d->heads, d->n, MSG_DONTWAIT, NULL));
        if (r < 0)
                return r;
        d->got = (unsigned)r;
        return r;
}

bool os_datagram(const struct os_datagrams *d, unsigned i, struct span *ret, struct os_peer *peer) {
        assert(i < d->got);
        *ret = span_of(d->bytes + i * d->size, d->heads[i].msg_len);
        if (d->heads[i].msg_hdr.msg_namelen == 0)
                *peer = (struct os_peer){0};
        else
                os_peer_of((const struct sockaddr *)&d->from[i], peer);
        return !(d->heads[i].msg_hdr.msg_flags & MSG_TRUNC);
}

static uint32_t to_epoll(uint32_t what) {
        return (what & OS_READABLE ? EPOLLIN : 0u) | (what & OS_WRITABLE ? EPOLLOUT : 0u);
}

int os_ready_add(int ep, int fd, uint32_t what, uint64_t tag) {
        return os_epoll_add(ep, fd, to_epoll(what), tag);
}

int os_ready_change(int ep, int fd, uint32_t what, uint64_t tag) {
        struct epoll_event e = {.events = to_epoll(what), .data.u64 = tag};
        int r;

        CALL(r, epoll_ctl(ep, EPOLL_CTL_MOD, fd, &e));
        return r;
}

int os_ready_wait(int ep, struct os_ready *to, unsigned max, int timeout_ms) {
        struct epoll_event got[256];

        assert(max <= ARRAY_LEN(got));
        int n = os_epoll_wait(ep, got, (int)max, timeout_ms);
        for (int i = 0; i < n; i++)
                to[i] = (struct os_ready){
                        .tag = got[i].data.u64,
                        .what = (got[i].events & EPOLLIN ? OS_READABLE : 0u) |
                                (got[i].events & EPOLLOUT ? OS_WRITABLE : 0u) |
                                (got[i].events & (EPOLLHUP | EPOLLERR) ? OS_HANGUP : 0u)};
        return n;
}

#ifdef COLOA_FAULTS
int os_test_connect(void) {
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(9)};
        int fd, r;

        CALL(fd, socket(AF_INET, SOCK_STREAM, 0));
        if (fd < 0)
                return fd;
        CALL(r, connect(fd, (struct sockaddr *)&a, sizeof(a)));
        return r == 0 || r == -ECONNREFUSED ? 0 : r;
}
#endif

int os_poll_in(int fd, int timeout_ms) {
        struct pollfd p = {.fd = fd, .events = POLLIN};

        return os_poll(&p, 1, timeout_ms);
}

/* Processes and messages between them: see os.h. */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/call.h"
#include "os/net.h"
#include "os/os.h"

pid_t os_fork(void) {
        pid_t r;

        CALL(r, fork());
        return r;
}

int os_exec(const char *path, char *const argv[], char *const envp[]) {
        int fault = fault_hit();

        if (fault)
                return -fault;
        execve(path, argv, envp);
        return -errno;
}

int os_die_with_parent(pid_t parent) {
        int r;

        CALL(r, prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0));
        return r == 0 && getppid() != parent ? -ESRCH : r;
}

int os_wait(pid_t pid, int *ret_status, bool block) {
        pid_t r;

        CALL(r, waitpid(pid, ret_status, block ? 0 : WNOHANG));
        return r;
}

int os_kill(pid_t pid, int sig) {
        int r;

        CALL(r, kill(pid, sig));
        return r;
}

int os_socketpair_seqpacket(int ret_fds[2]) {
        int r;

        CALL(r, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_fds));
        return r;
}

int os_socketpair_stream(int ret_fds[2]) {
        int r;

        CALL(r, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ret_fds));
        return r;
}

#define FDS_MAX 8u

static int send_with(int sock, struct span s, const int *fds, unsigned n_fds, int flags) {
        struct iovec iov = {.iov_base = (void *)s.p, .iov_len = s.len};
        union {
                struct cmsghdr align;
                char room[CMSG_SPACE(sizeof(int) * FDS_MAX)];
        } control;
        struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
        ssize_t r;

        assert(n_fds <= FDS_MAX);
        if (n_fds) {
                memset(&control, 0, sizeof(control));
                m.msg_control = control.room;
                m.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
                struct cmsghdr *c = CMSG_FIRSTHDR(&m);
                c->cmsg_level = SOL_SOCKET;
                c->cmsg_type = SCM_RIGHTS;
                c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
                memcpy(CMSG_DATA(c), fds, sizeof(int) * n_fds);
        }
        CALL(r, sendmsg(sock, &m, MSG_NOSIGNAL | flags));
        if (r < 0)
                return (int)r;
        return (size_t)r == s.len ? 0 : -EIO;
}

int os_send(int sock, const void *p, size_t n, const int *fds, unsigned n_fds) {
        return send_with(sock, span_of(p, n), fds, n_fds, 0);
}

int os_send_now(int sock, const void *p, size_t n, const int *fds, unsigned n_fds) {
        return send_with(sock, span_of(p, n), fds, n_fds, MSG_DONTWAIT);
}

/* Takes descriptors out of a message; those over the limit are closed. */
static unsigned take_fds(struct msghdr *m, int *fds, unsigned max_fds, bool *ret_too_many) {
        unsigned n = 0;

        for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
                        continue;
                size_t got = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
                for (size_t i = 0; i < got; i++) {
                        int fd;
                        memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
                        if (n < max_fds) {
                                fds[n++] = fd;
                        } else {
                                close(fd);
                                *ret_too_many = true;
                        }
                }
        }
        return n;
}

static ssize_t recv_with(int sock, struct iovec iov, int flags, int *fds, unsigned max_fds,
                         unsigned *ret_n_fds) {
        union {
                struct cmsghdr align;
                char room[CMSG_SPACE(sizeof(int) * FDS_MAX)];
        } control;
        struct msghdr m = {.msg_iov = &iov,
                           .msg_iovlen = 1,
                           .msg_control = control.room,
                           .msg_controllen = sizeof(control.room)};
        bool bad = false;
        ssize_t r;

        CALL(r, recvmsg(sock, &m, MSG_CMSG_CLOEXEC | flags));
        if (r < 0)
                return r;
        unsigned got = take_fds(&m, fds, max_fds, &bad);
        if (bad || (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
                for (unsigned i = 0; i < got; i++)
                        close(fds[i]);
                return -EPROTO;
        }
        if (ret_n_fds)
                *ret_n_fds = got;
        return r;
}

ssize_t os_recv(int sock, void *to, size_t n, int *fds, unsigned max_fds, unsigned *ret_n_fds) {
        return recv_with(sock, (struct iovec){to, n}, 0, fds, max_fds, ret_n_fds);
}

ssize_t os_recv_now(int sock, void *to, size_t n, int *fds, unsigned max_fds, unsigned *ret_n_fds) {
        return recv_with(sock, (struct iovec){to, n}, MSG_DONTWAIT, fds, max_fds, ret_n_fds);
}

ssize_t os_write_now(int sock, const void *p, size_t n) {
        ssize_t r;

        CALL(r, send(sock, p, n, MSG_DONTWAIT | MSG_NOSIGNAL));
        return r;
}

int os_shutdown_write(int sock) {
        int r;

        CALL(r, shutdown(sock, SHUT_WR));
        return r;
}

int os_poll(struct pollfd *fds, unsigned n, int timeout_ms) {
        int fault = fault_hit();

        if (fault)
                return -fault;
        int r = poll(fds, n, timeout_ms);
        /* A signal only ends the wait early: the caller looks at the clock anyway. */
        return r < 0 ? (errno == EINTR ? 0 : -errno) : r;
}

int os_epoll_new(void) {
        int r;

        CALL(r, epoll_create1(EPOLL_CLOEXEC));
        return r;
}

int os_epoll_add(int ep, int fd, uint32_t events, uint64_t tag) {
        struct epoll_event e = {.events = events, .data.u64 = tag};
        int r;

        CALL(r, epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e));
        return r;
}

int os_epoll_del(int ep, int fd) {
        int r;

        CALL(r, epoll_ctl(ep, EPOLL_CTL_DEL, fd, NULL));
        return r;
}

int os_epoll_wait(int ep, struct epoll_event *to, int max, int timeout_ms) {
        int fault = fault_hit();

        if (fault)
                return -fault;
        int r = epoll_wait(ep, to, max, timeout_ms);
        return r < 0 ? (errno == EINTR ? 0 : -errno) : r;
}

int os_signalfd(const int *signals, unsigned n) {
        sigset_t set;
        int r;

        sigemptyset(&set);
        for (unsigned i = 0; i < n; i++)
                sigaddset(&set, signals[i]);
        if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
                return -errno;
        CALL(r, signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
        return r;
}

int os_nice(int by) {
        errno = 0;
        return nice(by) == -1 && errno ? -errno : 0;
}

unsigned os_cpu_count(void) {
        cpu_set_t set;

        if (sched_getaffinity(0, sizeof(set), &set) < 0)
                return 1;
        return (unsigned)MAX(CPU_COUNT(&set), 1);
}

int os_pin_cpu(pid_t pid, unsigned nth) {
        cpu_set_t have, want;
        int r;

        if (sched_getaffinity(0, sizeof(have), &have) < 0)
                return -errno;
        CPU_ZERO(&want);
        for (unsigned i = 0; i < CPU_SETSIZE; i++) {
                if (!CPU_ISSET(i, &have) || nth-- > 0)
                        continue;
                CPU_SET(i, &want);
                break;
        }
        CALL(r, sched_setaffinity(pid, sizeof(want), &want));
        return r;
}

/* As the kernel defines it (linux/sched/types.h); that header and libc's do not go together. */
#define SCHED_RESET_ON_FORK_FLAG 1u
struct turns {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
};

int os_turns(unsigned us) {
        struct turns t = {.size = sizeof(t)};
        int r;

        CALL(r, (int)syscall(SYS_sched_getattr, 0, &t, sizeof(t), 0));
        /* In another class than the usual, whoever put us there knows better. */
        if (r < 0 || (t.policy != SCHED_OTHER && t.policy != SCHED_BATCH))
                return r;
        t.size = sizeof(t);
        t.flags &= SCHED_RESET_ON_FORK_FLAG;
        t.runtime = (uint64_t)us * 1000;
        CALL(r, (int)syscall(SYS_sched_setattr, 0, &t, 0));
        return r;
}

int64_t os_pss(pid_t pid) {
        char path[64], *text;
        size_t len;

        snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
        int r = os_read_file(path, 65536, &text, &len);
        if (r < 0)
                return r;
        const char *at = strstr(text, "\nPss:");
        int64_t kb = at ? strtoll(at + 5, NULL, 10) : -EBADMSG;
        free(text);
        return kb < 0 ? kb : kb * 1024;
}

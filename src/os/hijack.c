/* See hijack.h. Nothing of this is in a program that people run. */
#include "os/hijack.h"

#ifdef COLOA_FAULTS
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

static const char *armed;

/* By number, so that no library comes between. */
#define TRY(...) (syscall(__VA_ARGS__) >= 0)

static bool try_open(const char *arg) {
        return TRY(SYS_openat, AT_FDCWD, arg, O_RDONLY, 0);
}

static bool try_open_old(const char *arg) {
#ifdef SYS_open
        return TRY(SYS_open, arg, O_RDONLY, 0);
#else
        return try_open(arg);
#endif
}

static bool try_openat2(const char *arg) {
        uint64_t how[3] = {O_RDONLY, 0, 0};
        return TRY(437, AT_FDCWD, arg, how, sizeof(how));
}

static bool try_create(const char *arg) {
        return TRY(SYS_openat, AT_FDCWD, arg, O_WRONLY | O_CREAT, 0600);
}

static bool try_unlink(const char *arg) {
        return TRY(SYS_unlinkat, AT_FDCWD, arg, 0);
}

static bool try_rename(const char *arg) {
        return TRY(SYS_renameat2, AT_FDCWD, arg, AT_FDCWD, "/tmp/coloa-hijacked", 0);
}

static bool try_chmod(const char *arg) {
        return TRY(SYS_fchmodat, AT_FDCWD, arg, 0666);
}

static bool try_list(const char *arg) {
        return TRY(SYS_openat, AT_FDCWD, arg, O_RDONLY | O_DIRECTORY, 0);
}

static bool try_connect(const char *arg) {
        struct sockaddr_in a = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)strtoul(arg, NULL, 10)),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        long fd = syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);

        return fd >= 0 && TRY(SYS_connect, (int)fd, &a, sizeof(a));
}

static bool try_local(const char *arg) {
        struct sockaddr_un a = {.sun_family = AF_UNIX};
        long fd = syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0);

        memcpy(a.sun_path, arg, MIN(strlen(arg), sizeof(a.sun_path) - 1));
        return fd >= 0 && TRY(SYS_connect, (int)fd, &a, sizeof(a));
}

static bool try_listen(const char *arg) {
        struct sockaddr_in a = {.sin_family = AF_INET};
        long fd = syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);

        (void)arg;
        return fd >= 0 && TRY(SYS_bind, (int)fd, &a, sizeof(a)) && TRY(SYS_listen, (int)fd, 1);
}

static bool try_exec(const char *arg) {
        char *argv[] = {(char *)arg, NULL};

        /* Only a failure comes back; a success ends with the code of what runs, which is asked for. */
        (void)syscall(SYS_execve, arg, argv, argv + 1);
        return false;
}

static bool try_exec_memory(const char *arg) {
        static const char script[] = "#!/bin/sh\nexit 99\n";
        char *argv[] = {(char *)"x", NULL};
        long fd = syscall(SYS_memfd_create, "x", 0);

        (void)arg;
        if (fd >= 0 && syscall(SYS_write, (int)fd, script, sizeof(script) - 1) > 0)
                (void)syscall(SYS_execveat, (int)fd, "", argv, argv + 1, AT_EMPTY_PATH);
        return false;
}

static bool try_fork(const char *arg) {
        long pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

        (void)arg;
        if (pid == 0)
                _exit(0);
        return pid > 0;
}

static bool try_ptrace(const char *arg) {
        (void)arg;
        return TRY(SYS_ptrace, PTRACE_SEIZE, getppid(), NULL, NULL);
}

/* One byte of its parent's memory, at an address that the parent told. */
static bool try_peek(const char *arg) {
        char to;
        struct iovec here = {&to, 1}, there = {(void *)(uintptr_t)strtoull(arg, NULL, 16), 1};

        return TRY(SYS_process_vm_readv, getppid(), &here, 1, &there, 1, 0);
}

static bool try_kill(const char *arg) {
        (void)arg;
        return TRY(SYS_kill, getppid(), 0);
}

static bool try_new_code(const char *arg) {
        (void)arg;
        return syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != -1;
}

static bool try_own_code(const char *arg) {
        long p = syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                         -1, 0);

        (void)arg;
        return p != -1 && TRY(SYS_mprotect, p, 4096, PROT_READ | PROT_EXEC);
}

/* What it was given to read, mapped to be written. */
static bool try_write_map(const char *arg) {
        return syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED,
                       (int)strtoul(arg, NULL, 10), 0) != -1;
}

static bool try_write_fd(const char *arg) {
        return TRY(SYS_pwrite64, (int)strtoul(arg, NULL, 10), "x", 1, 0);
}

static bool try_userns(const char *arg) {
        (void)arg;
        return TRY(SYS_unshare, CLONE_NEWUSER);
}

/* A way around lists of system calls. */
static bool try_uring(const char *arg) {
        char params[120] = {0};

        (void)arg;
        return TRY(425, 4, params);
}

/* A descriptor out of its parent: main has a line to every process, the vault's among them. */
static bool try_take_fd(const char *arg) {
        long pidfd = syscall(434, getppid(), 0);

        return pidfd >= 0 && TRY(438, (int)pidfd, (int)strtoul(arg, NULL, 10), 0);
}

/* ---- to have something signed ---- */

static size_t from_hex(const char *hex, unsigned char *to, size_t room) {
        size_t n = 0;

        for (; n < room && hex[2 * n] && hex[2 * n + 1]; n++) {
                char two[3] = {hex[2 * n], hex[2 * n + 1], 0};

                to[n] = (unsigned char)strtoul(two, NULL, 16);
        }
        return n;
}

/* Whether one of the messages that wait there says yes. Descriptors that come with them stay where they
 * are put, and are asked too. */
static bool hears(int fd, uint32_t yes) {
        uint32_t said[1024];
        _Alignas(struct cmsghdr) char control[256];
        struct iovec iov = {said, sizeof(said)};

        for (int i = 0; i < 16; i++) {
                struct msghdr m = {.msg_iov = &iov,
                                   .msg_iovlen = 1,
                                   .msg_control = control,
                                   .msg_controllen = sizeof(control)};
                long n = syscall(SYS_recvmsg, fd, &m, MSG_DONTWAIT);

                if (n <= 0)
                        break;
                if (n > 72 && said[0] == yes && said[1] == 0)
                        return true;
        }
        return false;
}

/* Asks whoever is at the other end of any descriptor, main at last: "TYPE:ROUNDS:SIZE:HEX" is the kind
 * of an answer that means yes (with no error behind it), how long it tries, in 50ths of a second, how long
 * the question is, and how it begins. */
static bool try_sign(const char *arg) {
        static unsigned char question[4096];
        struct timespec pause = {.tv_nsec = 20000000};
        char *at;
        uint32_t yes = (uint32_t)strtoul(arg, &at, 10);
        unsigned long rounds = strtoul(at + 1, &at, 10);
        size_t len = strtoul(at + 1, &at, 10);

        (void)from_hex(at + 1, question, sizeof(question));
        for (unsigned long round = 0; round < rounds; round++) {
                for (int fd = 3; fd < 32; fd++) {
                        if (hears(fd, yes))
                                return true;
                        if (round % 16 == 1 && (fd > 3 || round > 1))
                                (void)syscall(SYS_sendto, fd, question, len,
                                              MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0);
                }
                (void)syscall(SYS_ppoll, NULL, 0, &pause, NULL, 0);
        }
        return false;
}

static const struct {
        const char *name;
        bool (*run)(const char *arg);
} tries[] = {
        {"open", try_open},         {"open-old", try_open_old}, {"openat2", try_openat2},
        {"create", try_create},     {"unlink", try_unlink},     {"rename", try_rename},
        {"chmod", try_chmod},       {"list", try_list},         {"connect", try_connect},
        {"local", try_local},       {"listen", try_listen},     {"exec", try_exec},
        {"fork", try_fork},         {"ptrace", try_ptrace},     {"exec-memory", try_exec_memory},
        {"peek", try_peek},         {"kill", try_kill},         {"new-code", try_new_code},
        {"own-code", try_own_code}, {"userns", try_userns},     {"write-map", try_write_map},
        {"write-fd", try_write_fd}, {"uring", try_uring},       {"take-fd", try_take_fd},
        {"sign", try_sign},
};

void hijack_arm(const char *what) {
        armed = what;
}

void hijack_now(const char *what) {
        size_t n = strcspn(what, ":");

        for (size_t i = 0; i < ARRAY_LEN(tries); i++)
                if (strlen(tries[i].name) == n && strncmp(tries[i].name, what, n) == 0)
                        _exit(tries[i].run(what[n] ? what + n + 1 : "") ? HIJACK_DONE
                                                                        : HIJACK_FAILED);
        _exit(HIJACK_NONE);
}

void hijack_behind_sandbox(void) {
        if (armed)
                hijack_now(armed);
}
#endif

/* See sandbox.h.
 *
 * A process enters with all descriptors and maps it needs. From then on it can read and write
 * those, grow its heap, exchange messages and exit: no path can be opened (Landlock without any
 * rule denies every path it knows, seccomp kills openat), no socket made, no process started,
 * nothing executed. A list of system calls is allowed; any other kills the process, which main sees
 * and reports. */
#include "os/sandbox.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/hijack.h"

/* Rights that later kernels know and this header may not. */
#define FS_TRUNCATE (1ull << 14)
#define FS_IOCTL_DEV (1ull << 15)
#define NET_ALL (3ull)
#define NET_BIND (1ull)
#define SCOPE_ALL (3ull)

struct ruleset_attr {
        uint64_t fs, net, scoped;
};

int sandbox_landlock(void) {
        long r = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
        return r < 0 ? 0 : (int)r;
}

static int allowed[4];
static bool only_read[4];
static unsigned n_allowed;
static bool may_be_root, directory_is_root;

int sandbox_allow_directory(const char *path) {
        if (n_allowed == ARRAY_LEN(allowed))
                return FAIL(-E2BIG);
        int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return FAIL(-errno);
        allowed[n_allowed++] = fd;
        return 0;
}

int sandbox_allow_reading(const char *path) {
        int r = sandbox_allow_directory(path);

        if (r == 0)
                only_read[n_allowed - 1] = true;
        return r;
}

int sandbox_allow_root(const char *path) {
        int r = sandbox_allow_directory(path);

        may_be_root = r == 0;
        return r;
}

const char *sandbox_directory(const char *path) {
        return directory_is_root ? "/" : path;
}

static void forget_directories(void) {
        while (n_allowed)
                close(allowed[--n_allowed]);
}

/* Without Landlock: nothing but the directory has a name. seccomp takes away what leads out of it.
 * Who may do neither keeps the rights of its user; so does who did not ask for it. */
static int enter_root(void) {
        if (may_be_root && n_allowed == 1 && (geteuid() == 0 || unshare(CLONE_NEWUSER) == 0) &&
            fchdir(allowed[0]) == 0 && chroot(".") == 0)
                directory_is_root = true;
        forget_directories();
        return 0;
}

/* The rights over files in the allowed directories; nothing there can be executed or linked elsewhere. */
static int add_directories(int ruleset, int abi, enum sandbox_job job) {
        for (unsigned i = 0; i < n_allowed; i++) {
                struct landlock_path_beneath_attr a = {
                        .allowed_access =
                                LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                                LANDLOCK_ACCESS_FS_REMOVE_FILE | (abi >= 3 ? FS_TRUNCATE : 0),
                        .parent_fd = allowed[i],
                };
                if (only_read[i])
                        a.allowed_access =
                                LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
                if (job == SANDBOX_COPY)
                        a.allowed_access |=
                                LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR;
                if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &a, 0) < 0)
                        return -errno;
        }
        return 0;
}

static int enter_landlock(int abi, enum sandbox_job job) {
        /* ABI 1 knows thirteen rights, 2 adds REFER, 3 TRUNCATE, 4 the network, 5 IOCTL_DEV, 6
         * scopes. */
        struct ruleset_attr a = {.fs = (1ull << 13) - 1};
        size_t size = sizeof(a.fs);

        if (abi <= 0)
                return enter_root();
        if (abi >= 2)
                a.fs |= LANDLOCK_ACCESS_FS_REFER;
        if (abi >= 3)
                a.fs |= FS_TRUNCATE;
        if (abi >= 4) { /* the courier connects; nobody binds */
                a.net = job == SANDBOX_COURIER ? NET_BIND : NET_ALL;
                size = offsetof(struct ruleset_attr, scoped);
        }
        if (abi >= 5)
                a.fs |= FS_IOCTL_DEV;
        if (abi >= 6) {
                a.scoped = SCOPE_ALL;
                size = sizeof(a);
        }
        long fd = syscall(SYS_landlock_create_ruleset, &a, size, 0);
        if (fd < 0)
                return -errno;
        int r = add_directories((int)fd, abi, job);
        if (r == 0 && syscall(SYS_landlock_restrict_self, (int)fd, 0) < 0)
                r = -errno;
        close((int)fd);
        forget_directories();
        return r;
}

/* What every job needs: its memory, its descriptors, an end. */
static const int calls_common[] = {
        SCMP_SYS(read),
        SCMP_SYS(write),
        SCMP_SYS(readv),
        SCMP_SYS(writev),
        SCMP_SYS(pread64),
        SCMP_SYS(pwrite64),
        SCMP_SYS(recvmsg),
        SCMP_SYS(sendmsg),
        SCMP_SYS(recvfrom),
        SCMP_SYS(sendto),
        SCMP_SYS(poll),
        SCMP_SYS(ppoll),
        SCMP_SYS(close),
        SCMP_SYS(fstat),
        SCMP_SYS(lseek),
        SCMP_SYS(munmap),
        SCMP_SYS(mremap),
        SCMP_SYS(brk),
        SCMP_SYS(madvise),
        SCMP_SYS(futex),
        SCMP_SYS(rt_sigreturn),
        SCMP_SYS(exit),
        SCMP_SYS(exit_group),
        SCMP_SYS(getpid),
        SCMP_SYS(gettid),
        SCMP_SYS(getrandom),
        SCMP_SYS(restart_syscall),
        SCMP_SYS(clock_gettime),
        SCMP_SYS(sched_yield),
        SCMP_SYS(sysinfo), /* glibc's qsort() asks how much memory there is */
};

/* To make the program: a memfd, its size, its seals. fcntl and ftruncate take descriptors only. */
static const int calls_rules[] = {SCMP_SYS(memfd_create), SCMP_SYS(ftruncate), SCMP_SYS(fcntl)};

/* A database whose files are open: locks, lengths, and onto the disk. Waiting for a lock sleeps. What goes to
 * a job is memory of its own (desk/jobs.c).
 * (glibc's fstat() is newfstatat() with an empty name; see fill_filter().) */
static const int calls_desk[] = {
        SCMP_SYS(fcntl),           SCMP_SYS(fsync),     SCMP_SYS(fdatasync),   SCMP_SYS(ftruncate),
        SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep), SCMP_SYS(memfd_create)};

/* To take connections of the listeners it holds, to answer and to end them, by libmicrohttpd and GnuTLS; nothing
 * here makes a socket or connects one. */
static const int calls_console[] = {
        SCMP_SYS(accept4),     SCMP_SYS(shutdown),     SCMP_SYS(setsockopt), SCMP_SYS(getsockopt),
        SCMP_SYS(getsockname), SCMP_SYS(epoll_ctl),    SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),
        SCMP_SYS(fcntl),       SCMP_SYS(gettimeofday), SCMP_SYS(time),       SCMP_SYS(getrusage)};

/* To take connections and answer them: nothing here makes a socket or connects one. GnuTLS asks for
 * the time by time() and gettimeofday(), which the vDSO may leave to the kernel. */
static const int calls_listen[] = {
        SCMP_SYS(accept4),    SCMP_SYS(recvmmsg),    SCMP_SYS(shutdown),    SCMP_SYS(setsockopt),
        SCMP_SYS(getsockopt), SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(epoll_ctl),
        SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(fcntl),       SCMP_SYS(gettimeofday),
        SCMP_SYS(time),       SCMP_SYS(getrusage)};
/* SQLite's own file system layer, and memfds for answers. */
static const int calls_store[] = {
        SCMP_SYS(openat),       SCMP_SYS(unlink),       SCMP_SYS(unlinkat),
        SCMP_SYS(access),       SCMP_SYS(faccessat),    SCMP_SYS(faccessat2),
        SCMP_SYS(stat),         SCMP_SYS(lstat),        SCMP_SYS(newfstatat),
        SCMP_SYS(statx),        SCMP_SYS(readlink),     SCMP_SYS(getcwd),
        SCMP_SYS(getdents64),   SCMP_SYS(fcntl),        SCMP_SYS(flock),
        SCMP_SYS(fsync),        SCMP_SYS(fdatasync),    SCMP_SYS(ftruncate),
        SCMP_SYS(fallocate),    SCMP_SYS(fchmod),       SCMP_SYS(fchown),
        SCMP_SYS(geteuid),      SCMP_SYS(nanosleep),    SCMP_SYS(clock_nanosleep),
        SCMP_SYS(gettimeofday), SCMP_SYS(memfd_create),
};

/* SQLite reads files that another process writes, and asks a lot about them; nothing is opened for writing, made or
 * removed (fill_filter()). Blocks go to seekers as sealed memory. */
static const int calls_search[] = {SCMP_SYS(access),      SCMP_SYS(faccessat),
                                   SCMP_SYS(faccessat2),  SCMP_SYS(stat),
                                   SCMP_SYS(lstat),       SCMP_SYS(newfstatat),
                                   SCMP_SYS(statx),       SCMP_SYS(readlink),
                                   SCMP_SYS(getcwd),      SCMP_SYS(getdents64),
                                   SCMP_SYS(fcntl),       SCMP_SYS(geteuid),
                                   SCMP_SYS(nanosleep),   SCMP_SYS(gettimeofday),
                                   SCMP_SYS(ftruncate),   SCMP_SYS(clock_nanosleep),
                                   SCMP_SYS(memfd_create)};

/* Files put under their names, directories made and emptied. */
static const int calls_copy[] = {SCMP_SYS(rename), SCMP_SYS(mkdir), SCMP_SYS(rmdir)};

/* To take a line to the store and give it up; its file of heads onto the disk. */
static const int calls_vault[] = {SCMP_SYS(fcntl), SCMP_SYS(fsync)};

/* The firewall over a netlink socket that is open, the machine's addresses over one that it makes each
 * time (fill_filter() lets it make no other), its ledger onto the disk. */
static const int calls_act[] = {SCMP_SYS(bind),       SCMP_SYS(getsockname), SCMP_SYS(setsockopt),
                                SCMP_SYS(getsockopt), SCMP_SYS(fsync),       SCMP_SYS(ftruncate),
                                SCMP_SYS(fcntl),      SCMP_SYS(select),      SCMP_SYS(pselect6)};

/* A file of accounts read, another put in its place with owner and mode kept, the lock of those files. */
static const int calls_hand[] = {SCMP_SYS(openat), SCMP_SYS(stat),   SCMP_SYS(newfstatat),
                                 SCMP_SYS(fchown), SCMP_SYS(fchmod), SCMP_SYS(fsync),
                                 SCMP_SYS(rename), SCMP_SYS(unlink), SCMP_SYS(fcntl)};
/* Streams and datagrams outward, by libcurl and OpenSSL. What a socket may be is in fill_filter(); where it may
 * connect to is asked in the process (courier/reach.h), as the kernel's filter cannot read addresses. */
static const int calls_courier[] = {
        SCMP_SYS(connect),    SCMP_SYS(getsockname), SCMP_SYS(getpeername),  SCMP_SYS(setsockopt),
        SCMP_SYS(getsockopt), SCMP_SYS(fcntl),       SCMP_SYS(gettimeofday), SCMP_SYS(time)};

#if defined(__SANITIZE_ADDRESS__)
/* The sanitizers' own needs, in developer builds only: to print a report and to look at their
 * shadow. */
static const int calls_sanitizer[] = {
        SCMP_SYS(sigaltstack), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
        SCMP_SYS(tgkill),      SCMP_SYS(getrlimit),    SCMP_SYS(prlimit64),
        SCMP_SYS(readlink),    SCMP_SYS(getuid),       SCMP_SYS(newfstatat)};
#endif

static int allow(scmp_filter_ctx c, const int *calls, size_t n) {
        for (size_t i = 0; i < n; i++) {
                int r = seccomp_rule_add(c, SCMP_ACT_ALLOW, calls[i], 0);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int allow_desk(scmp_filter_ctx c) {
        int r = allow(c, calls_desk, ARRAY_LEN(calls_desk));

        return r < 0 ? r
                     : seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), 1,
                                        SCMP_A3(SCMP_CMP_EQ, AT_EMPTY_PATH));
}

/* What would write is refused, not punished: SQLite tries, and goes on without. */
static int allow_search(scmp_filter_ctx c) {
        const uint64_t writes = O_ACCMODE | O_CREAT | O_TRUNC;
        static const uint64_t refused[] = {O_WRONLY, O_RDWR};
        static const int never[] = {SCMP_SYS(unlink), SCMP_SYS(fchown), SCMP_SYS(fchmod)};
        int r = allow(c, calls_search, ARRAY_LEN(calls_search));

        if (r == 0)
                r = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
                                     SCMP_A2(SCMP_CMP_MASKED_EQ, writes, O_RDONLY));
        for (size_t i = 0; i < ARRAY_LEN(refused) && r == 0; i++)
                r = seccomp_rule_add(c, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(openat), 1,
                                     SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE, refused[i]));
        for (size_t i = 0; i < ARRAY_LEN(never) && r == 0; i++)
                r = seccomp_rule_add(c, SCMP_ACT_ERRNO(EACCES), never[i], 0);
        return r;
}

static int allow_act(scmp_filter_ctx c) {
        int r = allow(c, calls_act, ARRAY_LEN(calls_act));

        return r < 0 ? r
                     : seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
                                        SCMP_A0(SCMP_CMP_EQ, AF_NETLINK));
}

/* TCP and UDP of IPv4 and IPv6; the flags above the kind are close-on-exec and non-blocking. */
static int allow_courier(scmp_filter_ctx c) {
        static const unsigned families[] = {AF_INET, AF_INET6}, kinds[] = {SOCK_STREAM, SOCK_DGRAM};
        int r = allow(c, calls_courier, ARRAY_LEN(calls_courier));

        for (unsigned i = 0; i < 4 && r == 0; i++)
                r = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
                                     SCMP_A0(SCMP_CMP_EQ, families[i / 2]),
                                     SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, kinds[i % 2]));
        return r;
}

static int fill_filter(scmp_filter_ctx c, enum sandbox_job job) {
        int r = allow(c, calls_common, ARRAY_LEN(calls_common));

        if (r < 0)
                return r;
        /* Memory may be mapped and protected, but never made executable. */
        r = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                             SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
        if (r < 0)
                return r;
        if (job == SANDBOX_RULES)
                r = allow(c, calls_rules, ARRAY_LEN(calls_rules));
        if (job == SANDBOX_DESK)
                r = allow_desk(c);
        if (job == SANDBOX_CONSOLE)
                r = allow(c, calls_console, ARRAY_LEN(calls_console));
        if (job == SANDBOX_LISTEN)
                r = allow(c, calls_listen, ARRAY_LEN(calls_listen));
        if (job == SANDBOX_STORE || job == SANDBOX_COPY)
                r = allow(c, calls_store, ARRAY_LEN(calls_store));
        if (r == 0 && job == SANDBOX_COPY)
                r = allow(c, calls_copy, ARRAY_LEN(calls_copy));
        if (job == SANDBOX_SEARCH)
                r = allow_search(c);
        if (job == SANDBOX_VAULT)
                r = allow(c, calls_vault, ARRAY_LEN(calls_vault));
        if (job == SANDBOX_ACT)
                r = allow_act(c);
        if (job == SANDBOX_HAND)
                r = allow(c, calls_hand, ARRAY_LEN(calls_hand));
        if (job == SANDBOX_COURIER)
                r = allow_courier(c);
        if (r < 0)
                return r;
#if defined(__SANITIZE_ADDRESS__)
        r = allow(c, calls_sanitizer, ARRAY_LEN(calls_sanitizer));
        if (r == 0)
                r = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                                     SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
        if (r < 0)
                return r;
        if (job != SANDBOX_STORE && job != SANDBOX_COPY && job != SANDBOX_SEARCH &&
            job != SANDBOX_HAND)
                r = seccomp_rule_add(c, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(openat), 0);
        if (r < 0)
                return r;
#endif
        return 0;
}

static int enter_seccomp(enum sandbox_job job) {
        scmp_filter_ctx c = seccomp_init(SCMP_ACT_KILL_PROCESS);

        if (!c)
                return -ENOMEM;
        int r = fill_filter(c, job);
        if (r == 0)
                r = seccomp_load(c);
        seccomp_release(c);
        return r;
}

static void limit(int what, size_t to) {
        struct rlimit l = {.rlim_cur = to, .rlim_max = to};

        /* A limit that cannot be set is one layer less, not a reason to stop: seccomp is the wall.
         */
        (void)setrlimit(what, &l);
}

int sandbox_enter(enum sandbox_job job, int max_landlock_abi, size_t max_memory,
                  struct sandbox_report *ret) {
        struct sandbox_report report = {0};
        int abi = sandbox_landlock(), r;

        if (max_landlock_abi >= 0 && abi > max_landlock_abi)
                abi = max_landlock_abi;
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
                return FAIL(-errno);
        limit(RLIMIT_CORE, 0);
        limit(RLIMIT_NPROC, 0);
        if (job == SANDBOX_RULES)
                limit(RLIMIT_CPU, SANDBOX_RULES_CPU);
#if !defined(__SANITIZE_ADDRESS__)
        if (max_memory)
                limit(RLIMIT_AS, max_memory);
#else
        (void)max_memory; /* the sanitizer reserves terabytes of shadow */
#endif
        r = enter_landlock(abi, job);
        if (r < 0)
                return FAIL(r);
        r = enter_seccomp(job);
        if (r < 0)
                return FAIL(r);
        report.landlock_abi = abi;
        report.seccomp = true;
        if (ret)
                *ret = report;
        hijack_behind_sandbox();
        return 0;
}

/* See programs.h. Landlock gives what may be reached, seccomp takes away what a restore never needs: sockets,
 * tracing, mounts, keys, the clock, modules. It is a list of what is forbidden, not of what is allowed as in
 * sandbox.c: which calls a Go or Python runtime makes changes with each of their versions. */
#include "os/programs.h"

#include "os/hijack.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/os.h"
#include "os/sandbox.h"

#define FS_TRUNCATE (1ull << 14)
#define FS_IOCTL_DEV (1ull << 15)

#define READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define RUN (READ | LANDLOCK_ACCESS_FS_EXECUTE)
#define MAKE                                                                                       \
        (READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |                    \
         LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |                            \
         LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SYM |                               \
         LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SOCK)

struct attr {
        uint64_t fs, net, scoped;
};

static int add(int ruleset, const char *path, uint64_t rights) {
        struct stat st;
        int fd = open(path, O_PATH | O_CLOEXEC);

        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
                rights &= LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                          LANDLOCK_ACCESS_FS_EXECUTE | FS_TRUNCATE;
        struct landlock_path_beneath_attr a = {.allowed_access = rights, .parent_fd = fd};
        int r = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &a, 0) < 0
                        ? -errno
                        : 0;
        close(fd);
        return r;
}

/* What is not there need not be reached. */
static int add_system(int ruleset) {
        static const struct {
                const char *path;
                uint64_t rights;
        } list[] = {{"/usr", RUN},
                    {"/lib", RUN},
                    {"/lib64", RUN},
                    {"/bin", RUN},
                    {"/etc/ld.so.cache", READ},
                    {"/etc/passwd", READ},
                    {"/etc/group", READ},
                    {"/etc/nsswitch.conf", READ},
                    {"/etc/borg", READ},
                    {"/dev/null", READ | LANDLOCK_ACCESS_FS_WRITE_FILE},
                    {"/dev/urandom", READ}};
        int r = 0;

        for (size_t i = 0; i < ARRAY_LEN(list) && r == 0; i++) {
                r = add(ruleset, list[i].path, list[i].rights);
                if (r == -ENOENT)
                        r = 0;
        }
        return r;
}

static int wall_paths(const struct programs_wall *w, int abi) {
        struct attr a = {.fs = (1ull << 13) - 1};
        size_t size = sizeof(a.fs);
        uint64_t truncate = abi >= 3 ? FS_TRUNCATE : 0;

        if (abi <= 0)
                return -ENOSYS;
        if (abi >= 2)
                a.fs |= LANDLOCK_ACCESS_FS_REFER;
        a.fs |= truncate;
        if (abi >= 4) {
                a.net = 3;
                size = offsetof(struct attr, scoped);
        }
        if (abi >= 5)
                a.fs |= FS_IOCTL_DEV;
        if (abi >= 6) {
                a.scoped = 3;
                size = sizeof(a);
        }
        int fd = (int)syscall(SYS_landlock_create_ruleset, &a, size, 0);
        if (fd < 0)
                return -errno;
        int r = add_system(fd);
        if (r == 0 && w->read_only)
                r = add(fd, w->read_only, READ);
        if (r == 0)
                r = add(fd, w->scratch,
                        MAKE | truncate | (abi >= 2 ? LANDLOCK_ACCESS_FS_REFER : 0));
        if (r == 0 && syscall(SYS_landlock_restrict_self, fd, 0) < 0)
                r = -errno;
        close(fd);
        return r;
}

static const int forbidden[] = {
        SCMP_SYS(socket),
        SCMP_SYS(ptrace),
        SCMP_SYS(process_vm_readv),
        SCMP_SYS(process_vm_writev),
        SCMP_SYS(mount),
        SCMP_SYS(umount2),
        SCMP_SYS(pivot_root),
        SCMP_SYS(chroot),
        SCMP_SYS(setns),
        SCMP_SYS(unshare),
        SCMP_SYS(bpf),
        SCMP_SYS(perf_event_open),
        SCMP_SYS(keyctl),
        SCMP_SYS(add_key),
        SCMP_SYS(request_key),
        SCMP_SYS(io_uring_setup),
        SCMP_SYS(userfaultfd),
        SCMP_SYS(init_module),
        SCMP_SYS(finit_module),
        SCMP_SYS(delete_module),
        SCMP_SYS(kexec_load),
        SCMP_SYS(kexec_file_load),
        SCMP_SYS(reboot),
        SCMP_SYS(swapon),
        SCMP_SYS(swapoff),
        SCMP_SYS(acct),
        SCMP_SYS(settimeofday),
        SCMP_SYS(clock_settime),
        SCMP_SYS(adjtimex),
        SCMP_SYS(clock_adjtime),
        SCMP_SYS(sethostname),
        SCMP_SYS(setdomainname),
        SCMP_SYS(quotactl),
        SCMP_SYS(syslog),
        SCMP_SYS(open_by_handle_at),
        SCMP_SYS(pidfd_getfd),
        SCMP_SYS(move_pages),
        SCMP_SYS(migrate_pages),
        SCMP_SYS(fsopen),
        SCMP_SYS(open_tree),
        SCMP_SYS(move_mount),
        SCMP_SYS(memfd_secret),
};

static int forbid(const int *calls, size_t n) {
        scmp_filter_ctx c = seccomp_init(SCMP_ACT_ALLOW);
        int r = c ? 0 : -ENOMEM;

        for (size_t i = 0; i < n && r == 0; i++)
                if (calls[i] >= 0) /* that this machine has */
                        r = seccomp_rule_add(c, SCMP_ACT_ERRNO(EPERM), calls[i], 0);
        if (r == 0)
                r = seccomp_load(c);
        if (c)
                seccomp_release(c);
        return r;
}

/* Of root only this is left: to give what is restored its owner and rights. */
static void drop_capabilities(void) {
        for (int i = 0; i <= 63; i++)
                if (i != CAP_CHOWN && i != CAP_DAC_OVERRIDE && i != CAP_FOWNER && i != CAP_FSETID)
                        (void)prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
}

int programs_wall(const struct programs_wall *w) {
        int abi = sandbox_landlock(), r;

        if (w->max_landlock >= 0 && abi > w->max_landlock)
                abi = w->max_landlock;
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return FAIL(-errno);
        drop_capabilities();
        (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        if (w->file_max)
                (void)setrlimit(RLIMIT_FSIZE, &(struct rlimit){w->file_max, w->file_max});
        r = wall_paths(w, abi);
        if (r == 0)
                r = forbid(forbidden, ARRAY_LEN(forbidden));
        if (r == 0)
                hijack_behind_sandbox();
        return r == -ENOSYS ? r : r < 0 ? FAIL(r) : 0;
}

static void become(const struct program *p, pid_t parent) {
        static const int others[] = {SCMP_SYS(kill), SCMP_SYS(pidfd_send_signal)};
        int from[] = {p->out, p->err, p->secret}, to[] = {1, 2, 3};
        sigset_t none;

        signal(SIGPIPE, SIG_DFL);
        signal(SIGXFSZ, SIG_DFL);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        for (unsigned i = 0; i < 3; i++)
                if (from[i] >= 0)
                        from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 64);
        int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (nothing < 0 || os_dup_to(nothing, 0) < 0 || os_die_with_parent(parent) < 0 ||
            chdir(p->directory) < 0)
                _exit(127);
        for (unsigned i = 0; i < 3; i++)
                if (from[i] >= 0 && os_dup_to(from[i], to[i]) < 0)
                        _exit(127);
        (void)os_cloexec_from(p->secret >= 0 ? 4 : 3);
        umask(077);
        if (forbid(others, ARRAY_LEN(others)) < 0)
                _exit(127);
        os_exec(p->path, p->argv, p->envp);
        _exit(127);
}

int program_run(pid_t *ret, const struct program *p) {
        pid_t parent = getpid(), pid = os_fork();

        if (pid == 0)
                become(p, parent);
        if (pid < 0)
                return FAIL(pid);
        *ret = pid;
        return 0;
}

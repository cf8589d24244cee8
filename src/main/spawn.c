/* See spawn.h. */
#include "main/spawn.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/lang.h"
#include "main/processes.h"
#include "os/hijack.h"
#include "os/net.h"

static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
} children[] = {
        {"rules", process_rules},     {"ingest", process_ingest},
        {"listen", process_listen}, /* the node's ingest */
        {"judge", process_judge},     {"correlate", process_correlate},
        {"console", process_console}, {"desk", process_desk},
        {"seal", process_seal},       {"store", process_store},
        {"vault", process_vault},     {"excerpt", process_excerpt},
        {"act", process_act},         {"hand", process_hand},
        {"job", process_job},         {"search", process_search},
        {"courier", process_courier}, {"mender", process_mender},
};

#ifdef COLOA_FAULTS
/* A last argument "hijack=WHAT" has it try that behind its sandbox; "unwalled=WHAT" without one. */
static int hijacked(int argc, char **argv) {
        const char *last = argv[argc - 1];

        if (strncmp(last, "unwalled=", 9) == 0)
                hijack_now(last + 9);
        if (strncmp(last, "hijack=", 7) != 0)
                return argc;
        hijack_arm(last + 7);
        return argc - 1;
}

/* In a whole node: with COLOA_HIJACK=DIR, what processes NAME are started while there is a file
 * DIR/NAME are taken over; its one line is what they try. */
static const char *hijack_argument(const char *name) {
        static char text[1024] = "hijack=";
        const char *dir = getenv("COLOA_HIJACK");
        char path[512];

        if (!dir)
                return NULL;
        snprintf(path, sizeof(path), "%s/%s", dir, name);
        _cleanup_(os_closep) int fd = os_open(path, O_RDONLY, 0);
        ssize_t got = fd < 0 ? -1 : os_read(fd, text + 7, sizeof(text) - 8);
        if (got <= 0)
                return NULL;
        text[7 + got] = 0;
        return text;
}
#else
static const char *hijack_argument(const char *name) {
        (void)name;
        return NULL;
}

static int hijacked(int argc, char **argv) {
        (void)argv;
        return argc;
}
#endif

void child_main(int argc, char **argv) {
        if (argc < 1 || strncmp(argv[0], "coloa: ", 7) != 0)
                return;
        argc = hijacked(argc, argv);
        for (size_t i = 0; i < ARRAY_LEN(children); i++)
                if (strcmp(argv[0] + 7, children[i].name) == 0)
                        /* Not exit(): a sandboxed process has nothing to flush, and may not do what
                         * exit handlers do. */
                        _exit(children[i].run(argc, argv));
}

/* Standard input may be evidence, and standard output is a report or a terminal that obeys what is
 * written to it: neither is a child's business. An empty file that cannot grow takes their places.
 */
static int leave_terminal(void) {
        int fd, r = os_memfd("nothing", &fd);

        if (r == 0)
                r = os_memfd_seal(fd);
        for (int i = STDIN_FILENO; i <= STDERR_FILENO && r == 0; i++) {
#if defined(__SANITIZE_ADDRESS__)
                if (i == STDERR_FILENO) /* where a sanitizer reports */
                        break;
#endif
                r = os_dup_to(fd, i);
        }
        return r;
}

/* In the forked child: descriptors in place, then the same program again. Never returns. */
static void become(const struct child_spec *spec, int sock, pid_t parent) {
        int moved[CHILD_FDS_MAX + 1];
        char title[32];
        char *argv[16], *envp[] = {NULL, NULL, NULL};
        unsigned n = 0, n_env = 0;
        sigset_t none;

        /* What ends a whole process group (Ctrl-C, timeout, a service manager) goes to main, which
         * ends its children in order. */
        signal(SIGINT, SIG_IGN);
        signal(SIGTERM, SIG_IGN);
        signal(SIGPIPE, SIG_IGN);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        /* First out of the way, so that no target number is still a source. */
        moved[0] = fcntl(sock, F_DUPFD_CLOEXEC, 64);
        for (unsigned i = 0; i < spec->n_fds; i++)
                moved[i + 1] = fcntl(spec->fds[i], F_DUPFD_CLOEXEC, 64);
        for (unsigned i = 0; i <= spec->n_fds; i++)
                if (moved[i] < 0 || os_dup_to(moved[i], CHILD_SOCKET + (int)i) < 0)
                        _exit(127);
        /* Whatever becomes of main: one that hangs must not stay behind. */
        if (os_die_with_parent(parent) < 0 || leave_terminal() < 0)
                _exit(127);
        /* Ours close themselves; what whoever started us left open would not. */
        (void)os_cloexec_from(CHILD_SOCKET + (int)spec->n_fds + 1);
        if (spec->cpu >= 0)
                os_pin_cpu(0, (unsigned)spec->cpu);
        (void)os_turns(spec->brisk ? BRISK_US : 0); /* not as main, whose turns are short */
        snprintf(title, sizeof(title), "coloa: %s", spec->name);
        argv[n++] = title;
        for (const char *const *a = spec->args; a && *a && n < ARRAY_LEN(argv) - 1; a++)
                argv[n++] = (char *)*a;
        const char *hijack = hijack_argument(spec->name);
        if (hijack && n < ARRAY_LEN(argv) - 1)
                argv[n++] = (char *)hijack;
        argv[n] = NULL;
        const char *asan = getenv("ASAN_OPTIONS");
        static char keep[512];
        if (asan) {
                snprintf(keep, sizeof(keep), "ASAN_OPTIONS=%s", asan);
                envp[n_env++] = keep;
        }
#ifdef COLOA_FAULTS /* for what this one starts itself */
        static char dir[512];
        if (getenv("COLOA_HIJACK")) {
                snprintf(dir, sizeof(dir), "COLOA_HIJACK=%s", getenv("COLOA_HIJACK"));
                envp[n_env++] = dir;
        }
#endif
        os_exec("/proc/self/exe", argv, envp);
        _exit(127);
}

int child_start(struct child *ret, const struct child_spec *spec) {
        int pair[2];

        assert(spec->n_fds <= CHILD_FDS_MAX);
        int r = spec->stream ? os_socketpair_stream(pair) : os_socketpair_seqpacket(pair);
        if (r < 0)
                return FAIL(r);
        pid_t parent = getpid(), pid = os_fork();
        if (pid < 0) {
                os_close(pair[0]);
                os_close(pair[1]);
                return FAIL(pid);
        }
        if (pid == 0)
                become(spec, pair[1], parent);
        os_close(pair[1]);
        *ret = (struct child){.pid = pid, .sock = pair[0]};
        return 0;
}

static void become_program(const char *path, const char *const *args, int output, pid_t parent) {
        static char path_variable[] = "PATH=/usr/bin:/bin", language[] = "LC_ALL=C.UTF-8";
        char *envp[] = {path_variable, language, NULL}, *argv[16];
        unsigned n = 0;
        sigset_t none;

        signal(SIGPIPE, SIG_DFL);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        int out = fcntl(output, F_DUPFD_CLOEXEC, 64);
        if (out < 0 || os_die_with_parent(parent) < 0 || leave_terminal() < 0 ||
            os_dup_to(out, STDOUT_FILENO) < 0)
                _exit(127);
        (void)os_cloexec_from(STDERR_FILENO + 1);
        for (; *args && n < ARRAY_LEN(argv) - 1; args++)
                argv[n++] = (char *)*args;
        argv[n] = NULL;
        os_exec(path, argv, envp);
        _exit(127);
}

int program_start(pid_t *ret_pid, const char *path, const char *const *args, int *ret_output) {
        int ends[2], r = os_pipe(ends);

        if (r < 0)
                return FAIL(r);
        pid_t parent = getpid(), pid = os_fork();
        if (pid == 0)
                become_program(path, args, ends[1], parent);
        os_close(ends[1]);
        r = pid < 0 ? pid : os_nonblocking(ends[0]);
        if (r < 0) {
                os_close(ends[0]);
                return FAIL(r);
        }
        *ret_pid = pid;
        *ret_output = ends[0];
        return 0;
}

/* Waits `ms` for it to end by itself, then ends it. A status, or -errno. */
static int end_within(struct child *c, int ms) {
        int64_t end = os_monotonic() + (int64_t)ms * 1000000;
        int status = 0, r;

        for (;;) {
                r = os_wait(c->pid, &status, false);
                if (r != 0)
                        break;
                if (os_monotonic() > end) {
                        os_kill(c->pid, SIGKILL);
                        r = os_wait(c->pid, &status, true);
                        break;
                }
                os_poll(NULL, 0, 1);
        }
        c->pid = 0;
        return r < 0 ? r : status;
}

static void close_socket(struct child *c) {
        if (c->sock >= 0)
                os_close(c->sock);
        c->sock = -1;
}

int child_reap(struct child *c) {
        /* Its end of the socket may close a moment before it is gone; and when it was we who gave
         * it up, it must go. */
        int r = c->pid > 0 ? end_within(c, 200) : 0;

        close_socket(c);
        return r;
}

int child_stop(struct child *c, int ms) {
        close_socket(c);
        return c->pid > 0 ? end_within(c, ms) : 0;
}

const char *child_fate(int status) {
        static char text[128];

        if (WIFEXITED(status))
                snprintf(text, sizeof(text), tr("it ended with status %d", "kết thúc với mã %d"),
                         WEXITSTATUS(status));
        else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
                snprintf(text, sizeof(text), "%s",
                         tr("it tried a forbidden system call and was killed",
                            "đã gọi một lời gọi hệ thống bị cấm và bị dừng"));
        else if (WIFSIGNALED(status))
                snprintf(text, sizeof(text),
                         tr("it was killed by signal %d (%s)", "bị dừng bởi tín hiệu %d (%s)"),
                         WTERMSIG(status), strsignal(WTERMSIG(status)));
        else
                snprintf(text, sizeof(text), "?");
        return text;
}

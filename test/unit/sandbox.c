/* os/sandbox: a process that tries to break out cannot read a file, connect, execute, start a
 * process or make memory executable; with all of Landlock, with ABI 2 (Debian 12's kernel) and
 * without it. What it was given still works. */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "check.h"
#include "os/os.h"
#include "os/sandbox.h"

enum { BROKE_OUT = 42, REFUSED = 43, WORKED = 44, NO_SANDBOX = 45 };

static int try_open(void) {
        return (int)syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY, 0);
}

static int try_open_old(void) {
        return (int)syscall(SYS_open, "/etc/passwd", O_RDONLY, 0);
}

static int try_socket(void) {
        return (int)syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
}

static int try_exec(void) {
        static char path[] = "/bin/true";
        char *argv[] = {path, NULL};
        return (int)syscall(SYS_execve, argv[0], argv, argv + 1);
}

static int try_fork(void) {
        return (int)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static int try_executable_memory(void) {
        void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return p == MAP_FAILED ? -1 : 0;
}

static int try_ptrace(void) {
        return (int)syscall(SYS_ptrace, 0, 0, 0, 0);
}

static int try_kill(void) {
        return (int)syscall(SYS_kill, getppid(), 0);
}

static int (*const attempts[])(void) = {try_open, try_open_old,          try_socket, try_exec,
                                        try_fork, try_executable_memory, try_ptrace, try_kill};

/* What became of a child that sandboxed itself for `job` and then ran `attempt`: its exit status,
 * or -signal. */
static int outcome(enum sandbox_job job, int abi, int (*attempt)(void)) {
        pid_t pid = fork();
        int status;

        if (pid == 0) {
                if (sandbox_enter(job, abi, 0, NULL) < 0)
                        _exit(NO_SANDBOX);
                _exit(attempt() < 0 ? REFUSED : BROKE_OUT);
        }
        waitpid(pid, &status, 0);
        return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void no_job_lets_a_hijacked_process_out(void) {
        static const int abis[] = {-1, 2, 0};

        for (unsigned job = SANDBOX_RULES; job <= SANDBOX_CORRELATE; job++)
                for (size_t k = 0; k < ARRAY_LEN(abis); k++)
                        for (size_t i = 0; i < ARRAY_LEN(attempts); i++) {
                                int how = outcome((enum sandbox_job)job, abis[k], attempts[i]);

                                if (job == SANDBOX_COURIER && attempts[i] == try_socket) {
                                        check_int(how, BROKE_OUT); /* it alone, and outward */
                                        continue;
                                }
                                if (how != -SIGSYS && how != REFUSED)
                                        printf("# job %u, Landlock %d, attempt %zu: %d\n", job,
                                               abis[k], i, how);
                                check(how == -SIGSYS || how == REFUSED);
                        }
}

static int use_what_it_has(void) {
        int pair[2] = {10, 11};
        char c = 'x';

        if (write(pair[0], &c, 1) != 1 || read(pair[1], &c, 1) != 1)
                return 0;
        void *p = malloc((size_t)8 << 20);
        memset(p, 1, (size_t)8 << 20);
        free(p);
        return c == 'x' ? -1 : 0; /* "refused" is this attempt's word for: all went well */
}

static void what_it_was_given_still_works(void) {
        int pair[2];

        check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
        check(dup2(pair[0], 10) == 10 && dup2(pair[1], 11) == 11);
        for (unsigned job = SANDBOX_RULES; job <= SANDBOX_CORRELATE; job++)
                check_int(outcome((enum sandbox_job)job, -1, use_what_it_has), REFUSED);
        close(pair[0]);
        close(pair[1]);
}

static int has_a_cpu_limit(void) {
        struct rlimit l;

        return getrlimit(RLIMIT_CPU, &l) == 0 && l.rlim_cur == SANDBOX_RULES_CPU ? -1 : 0;
}

/* main waits for the rules process; the others have to answer for each batch. */
static void rules_do_not_take_for_ever(void) {
#if !defined(__SANITIZE_ADDRESS__)
        check_skip("only a sanitizer's process may ask for its limits");
#endif
        for (unsigned job = SANDBOX_RULES; job <= SANDBOX_CORRELATE; job++)
                check_int(outcome((enum sandbox_job)job, -1, has_a_cpu_limit),
                          job == SANDBOX_RULES ? REFUSED : BROKE_OUT);
}

/* A search reads files of its directory, and that is all. */
static char search_dir[] = "/tmp/coloa-sandbox-XXXXXX";

static int reads(void) {
        char path[64];

        snprintf(path, sizeof(path), "%s/there", search_dir);
        return open(path, O_RDONLY) >= 0 ? -1 : 0;
}

static int writes(void) {
        char path[64];

        snprintf(path, sizeof(path), "%s/there", search_dir);
        return open(path, O_RDWR);
}

static int makes(void) {
        char path[64];

        snprintf(path, sizeof(path), "%s/new", search_dir);
        return open(path, O_WRONLY | O_CREAT, 0600);
}

static int removes(void) {
        char path[64];

        snprintf(path, sizeof(path), "%s/there", search_dir);
        return unlink(path);
}

static int outcome_in(int abi, int (*attempt)(void)) {
        pid_t pid = fork();
        int status;

        if (pid == 0) {
                if (sandbox_allow_reading(search_dir) < 0 ||
                    sandbox_enter(SANDBOX_SEARCH, abi, 0, NULL) < 0)
                        _exit(NO_SANDBOX);
                _exit(attempt() < 0 ? REFUSED : BROKE_OUT);
        }
        waitpid(pid, &status, 0);
        return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void a_search_only_reads(void) {
        static const int abis[] = {-1, 2, 0};
        static int (*const bad[])(void) = {writes, makes, removes};
        char path[64];

        check(mkdtemp(search_dir) != NULL);
        snprintf(path, sizeof(path), "%s/there", search_dir);
        close(open(path, O_WRONLY | O_CREAT, 0600));
        for (size_t k = 0; k < ARRAY_LEN(abis); k++) {
                check_int(outcome_in(abis[k], reads), REFUSED); /* its word for: it could */
                for (size_t i = 0; i < ARRAY_LEN(bad); i++)
                        check_int(outcome_in(abis[k], bad[i]), REFUSED);
                for (size_t i = 0; i < ARRAY_LEN(attempts); i++) {
                        int how = outcome_in(abis[k], attempts[i]);
                        /* Without Landlock a path is kept from it by its user's rights alone. */
                        check(how == -SIGSYS || how == REFUSED || (abis[k] == 0 && i == 0));
                }
        }
        check(access(path, F_OK) == 0);
        unlink(path);
        rmdir(search_dir);
}

/* The checks above can fail: outside a sandbox the attempts succeed. */
static void attempts_work_without_a_sandbox(void) {
        check(try_open() >= 0);
        check(try_socket() >= 0);
        check_int(try_executable_memory(), 0);
        check_int(try_kill(), 0);
}

int main(void) {
        RUN(attempts_work_without_a_sandbox);
        RUN(no_job_lets_a_hijacked_process_out);
        RUN(what_it_was_given_still_works);
        RUN(rules_do_not_take_for_ever);
        RUN(a_search_only_reads);
        return check_done();
}

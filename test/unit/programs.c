/* os/programs, os/tree: what runs behind the wall reads one directory, writes another, and reaches nothing else; a
 * tree of hostile names is walked and emptied without following anything. */
#include "os/programs.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "os/os.h"
#include "os/sandbox.h"
#include "os/tree.h"

static char dir[64], repository[80], scratch[80], outside[80];

static void put(const char *path, const char *name, const char *text) {
        char full[200];

        snprintf(full, sizeof(full), "%s/%s", path, name);
        check_int(os_write_file(full, text, strlen(text), 0644), 0);
}

static void begin(void) {
        snprintf(dir, sizeof(dir), "/tmp/coloa-programs-XXXXXX");
        check(mkdtemp(dir) != NULL);
        snprintf(repository, sizeof(repository), "%s/repository", dir);
        snprintf(scratch, sizeof(scratch), "%s/scratch", dir);
        snprintf(outside, sizeof(outside), "%s/outside", dir);
        check(os_mkdir(repository, 0755) == 0 && os_mkdir(scratch, 0755) == 0 &&
              os_mkdir(outside, 0755) == 0);
        put(repository, "data", "of the repository");
        put(outside, "secret", "of others");
}

static void end(void) {
        check_int(os_tree_wipe(dir), 0);
}

/* The status of a shell's command behind the wall; 200: there is none. */
static int behind(const char *command) {
        pid_t pid = os_fork(), child;
        int status = 0;

        if (pid == 0) {
                static char shell[] = "/bin/sh", dash[] = "-c", path[] = "PATH=/usr/bin:/bin";
                char *argv[] = {shell, dash, (char *)(uintptr_t)command, NULL};
                char *envp[] = {path, NULL};
                int nothing = os_open("/dev/null", O_RDWR, 0);
                int r = programs_wall(&(struct programs_wall){.read_only = repository,
                                                              .scratch = scratch,
                                                              .max_landlock = -1,
                                                              .file_max = 100000});
                if (r == -ENOSYS)
                        _exit(200);
                if (r == 0)
                        r = program_run(&child, &(struct program){.path = argv[0],
                                                                  .argv = argv,
                                                                  .envp = envp,
                                                                  .directory = scratch,
                                                                  .secret = -1,
                                                                  .out = nothing,
                                                                  .err = nothing});
                if (r < 0 || os_wait(child, &status, true) < 0)
                        _exit(201);
                _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 202);
        }
        check(os_wait(pid, &status, true) == pid || status >= 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 203;
}

_printf_(1, 2) static int behindf(const char *fmt, ...) {
        char command[400];
        va_list ap;

        va_start(ap, fmt);
        vsnprintf(command, sizeof(command), fmt, ap);
        va_end(ap);
        return behind(command);
}

static void the_wall_holds(void) {
        begin();
        if (behind("true") == 200) {
                check_skip("no Landlock");
                end();
                return;
        }
        /* What it may. */
        check_int(behindf("cat %s/data", repository), 0);
        check_int(behindf("echo x > %s/made && ln -s /etc/passwd link && mkdir d && rm -r d made "
                          "link",
                          scratch),
                  0);
        check_int(behindf("test \"$(pwd)\" = %s", scratch), 0);
        /* What it may not. */
        check(behindf("echo x > %s/made", repository) != 0);
        check(behindf("rm %s/data", repository) != 0);
        check(behindf("mv %s/data .", repository) != 0);
        check(behindf("cat %s/secret", outside) != 0);
        check(behindf("ls %s", outside) != 0);
        check(behindf("echo x > %s/secret", outside) != 0);
        check(behindf("ln -s %s/secret out && cat out", outside) != 0);
        check(behind("cat /etc/shadow") != 0);
        check(behind("cat /proc/1/environ") != 0);
        check(behind("ls /root /home /var") != 0);
        check(behind("cp /bin/true own && ./own") != 0); /* nothing that it made is executed */
        check(behind("mknod dev c 1 3") != 0);
        check(behind("kill -0 $PPID") != 0);
        check(behind("exec 3<>/dev/tcp/127.0.0.1/22 || python3 -c 'import socket; "
                     "socket.socket()'") != 0);
        check(behind("unshare -U true") != 0);
        check(behind("head -c 200000 /dev/urandom > big") != 0); /* larger than one file may be */
        char path[200], *text = NULL;
        size_t len = 0;
        snprintf(path, sizeof(path), "%s/data", repository);
        check_int(os_read_file(path, 100, &text, &len), 0);
        check(len == 17 && memcmp(text, "of the repository", 17) == 0);
        free(text);
        end();
}

static void without_landlock_nothing_runs(void) {
        begin();
        pid_t pid = os_fork();
        int status = 0;
        if (pid == 0)
                _exit(programs_wall(&(struct programs_wall){.scratch = scratch,
                                                            .max_landlock = 0}) == -ENOSYS
                              ? 0
                              : 1);
        check_int(os_wait(pid, &status, true) < 0, 0);
        check_int(status, 0);
        end();
}

struct seen {
        unsigned files, others;
        uint64_t bytes;
};

static int see(void *ctx, const struct tree_file *f) {
        struct seen *s = ctx;

        *(f->fd >= 0 ? &s->files : &s->others) += 1;
        s->bytes += f->size;
        return 0;
}

static void trees_are_walked_within(void) {
        char path[4000];
        struct seen s = {0};
        uint64_t size = 0;

        begin();
        put(scratch, "a", "12345");
        put(scratch, "-rf *\n\x1b[31m", "1");
        snprintf(path, sizeof(path), "%s/link", scratch);
        check_int(symlink(outside, path), 0);
        snprintf(path, sizeof(path), "%s/passwd", scratch);
        check_int(symlink("/etc/passwd", path), 0);
        snprintf(path, sizeof(path), "%s/fifo", scratch);
        check_int(mkfifo(path, 0600), 0);
        snprintf(path, sizeof(path), "%s/locked", scratch);
        check_int(os_mkdir(path, 0700), 0);
        put(path, "in", "123");
        check_int(os_tree_walk(scratch, see, &s), 0);
        check_int(s.files, 3);
        check_int(s.others, 3);
        check_int((long long)s.bytes, 9);
        check_int(os_tree_size(scratch, &size), 0);
        check_int((long long)size, 9);
        check_int(chmod(path, 0), 0);
        /* Deeper than a walk goes, and than there are descriptors. */
        check_int(chdir(scratch), 0);
        for (int i = 0; i < 1500; i++)
                check(mkdir("d", 0700) == 0 && chdir("d") == 0);
        check_int(chdir("/"), 0);
        check_int(os_tree_walk(scratch, see, &s), -ELOOP);
        base_fail_clear();
        check_int(os_tree_wipe(scratch), 0);
        check(access(scratch, F_OK) != 0);
        snprintf(path, sizeof(path), "%s/secret", outside);
        check_int(access(path, F_OK), 0);
        check_int(os_tree_wipe(scratch), 0);
        end();
}

int main(void) {
        RUN(the_wall_holds);
        RUN(without_landlock_nothing_runs);
        RUN(trees_are_walked_within);
        return check_done();
}

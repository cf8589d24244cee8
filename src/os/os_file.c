/* Files, memory and time: each function one kernel call (or one loop of it) behind fault_hit(), see
 * os.h. */
#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/close_range.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>

#include "os/call.h"
#include "os/os.h"
#include "os/power.h"

int os_close(int fd) {
        int fault = fault_hit();

        if (fd < 0)
                return 0;
        /* The descriptor is gone whatever close() says: never again. */
        int r = close(fd) < 0 ? -errno : 0;
        return fault ? -fault : r;
}

int os_open(const char *path, int flags, mode_t mode) {
        return os_open_at(AT_FDCWD, path, flags, mode);
}

int os_open_at(int dirfd, const char *path, int flags, mode_t mode) {
        int r;

        CALL(r, openat(dirfd, path, flags | O_CLOEXEC, mode));
        return r;
}

ssize_t os_read(int fd, void *to, size_t n) {
        ssize_t r;

        CALL(r, read(fd, to, n));
        return r;
}

ssize_t os_read_full(int fd, void *to, size_t n) {
        size_t got = 0;

        while (got < n) {
                ssize_t r = os_read(fd, (char *)to + got, n - got);
                if (r < 0)
                        return r;
                if (r == 0)
                        break;
                got += (size_t)r;
        }
        return (ssize_t)got;
}

ssize_t os_pread(int fd, void *to, size_t n, uint64_t off) {
        ssize_t r;

        CALL(r, pread(fd, to, n, (off_t)off));
        return r;
}

ssize_t os_pwrite(int fd, const void *p, size_t n, uint64_t off) {
        ssize_t r;

        CALL(r, pwrite(fd, p, n, (off_t)off));
        return r;
}

ssize_t os_write(int fd, const void *p, size_t n) {
        ssize_t r;

        CALL(r, write(fd, p, n));
        return r;
}

int os_write_full(int fd, const void *p, size_t n) {
        size_t done = 0;

        while (done < n) {
                ssize_t r = os_write(fd, (const char *)p + done, n - done);
                if (r < 0)
                        return (int)r;
                if (r == 0)
                        return -EIO;
                done += (size_t)r;
        }
        return 0;
}

int os_fstat(int fd, struct stat *ret) {
        int r;

        /* Not glibc's fstat(), which is newfstatat() and would need a call that takes paths inside
         * a sandbox. */
        CALL(r, (int)syscall(SYS_fstat, fd, ret));
        return r;
}

int os_stat(const char *path, struct stat *ret) {
        int r;

        CALL(r, stat(path, ret));
        return r;
}

int os_lstat(const char *path, struct stat *ret) {
        int r;

        CALL(r, lstat(path, ret));
        return r;
}

int os_ftruncate(int fd, uint64_t size) {
        int r;

        CALL(r, ftruncate(fd, (off_t)size));
        return r;
}

int64_t os_seek(int fd, int64_t off, int whence) {
        off_t r;

        CALL(r, lseek(fd, off, whence));
        return r;
}

int os_fsync(int fd) {
        int r;

        CALL(r, fsync(fd));
        return r;
}

int os_lock_file(const char *path, int *ret_fd) {
        int fd = os_open(path, O_RDWR | O_CREAT, 0600), r;

        if (fd < 0)
                return fd;
        CALL(r, flock(fd, LOCK_EX | LOCK_NB));
        if (r < 0) {
                os_close(fd);
                return r == -EWOULDBLOCK ? -EBUSY : r;
        }
        *ret_fd = fd;
        return 0;
}

int os_rename(const char *from, const char *to) {
        int r;

        power_know(from);
        power_know(to);
        CALL(r, rename(from, to));
        if (r == 0)
                power_rename(from, to);
        return r;
}

int os_exchange(const char *a, const char *b) {
        int r;

        CALL(r, renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE));
        return r;
}

int os_remove_tree(const char *path) {
        char **names = NULL, full[4096];
        struct stat st;
        size_t n = 0;
        int r = os_lstat(path, &st);

        if (r < 0)
                return r == -ENOENT ? 0 : r;
        if (!S_ISDIR(st.st_mode))
                return os_unlink(path);
        r = os_list_dir(path, &names, &n);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n && r == 0; i++) {
                int k = snprintf(full, sizeof(full), "%s/%s", path, names[i]);
                r = k < 0 || (size_t)k >= sizeof(full) ? -ENAMETOOLONG : os_remove_tree(full);
        }
        free(names);
        return r == 0 ? os_rmdir(path) : r;
}

int os_unlink(const char *path) {
        int r;

        power_know(path);
        CALL(r, unlink(path));
        if (r == 0)
                power_delete(path, false);
        return r;
}

int os_rmdir(const char *path) {
        int r;

        CALL(r, rmdir(path));
        return r;
}

int os_mkdir(const char *path, mode_t mode) {
        int r;

        CALL(r, mkdir(path, mode));
        return r;
}

int os_pipe(int ret_fds[2]) {
        int r;

        CALL(r, pipe2(ret_fds, O_CLOEXEC));
        return r;
}

int os_dup(int fd) {
        int r;

        CALL(r, fcntl(fd, F_DUPFD_CLOEXEC, 0));
        return r;
}

int os_dup_to(int fd, int at) {
        int r;

        if (fd == at)
                return os_set_cloexec(fd, false);
        CALL(r, dup2(fd, at));
        return r < 0 ? r : 0;
}

int os_set_cloexec(int fd, bool on) {
        int r;

        CALL(r, fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0));
        return r < 0 ? r : 0;
}

int os_cloexec_from(int fd) {
        int r;

        CALL(r, close_range((unsigned)fd, ~0u, CLOSE_RANGE_CLOEXEC));
        return r;
}

int os_isatty(int fd) {
        return isatty(fd);
}

int os_chdir(const char *path) {
        int r;

        CALL(r, chdir(path));
        return r;
}

static int by_name(const void *a, const void *b) {
        return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names found so far: texts one after the other, to become one block with the pointers before
 * them. */
struct names {
        char *text;
        size_t len, cap, n;
};

static int names_add(struct names *s, const char *name) {
        size_t len = strlen(name) + 1;

        if (s->cap - s->len < len) {
                size_t cap = MAX(s->cap * 2, s->len + len + 4096);
                char *p = realloc(s->text, cap);
                if (!p)
                        return -ENOMEM;
                s->text = p;
                s->cap = cap;
        }
        memcpy(s->text + s->len, name, len);
        s->len += len;
        s->n++;
        return 0;
}

static int names_finish(const struct names *s, char ***ret, size_t *ret_n) {
        char **all = malloc((s->n + 1) * sizeof(char *) + s->len);

        if (!all)
                return -ENOMEM;
        char *at = (char *)(all + s->n + 1);
        if (s->len)
                memcpy(at, s->text, s->len);
        for (size_t i = 0; i < s->n; i++) {
                all[i] = at;
                at += strlen(at) + 1;
        }
        all[s->n] = NULL;
        qsort(all, s->n, sizeof(char *), by_name);
        *ret = all;
        *ret_n = s->n;
        return 0;
}

int os_list_dir(const char *path, char ***ret_names, size_t *ret_n) {
        struct names s = {0};
        int r = fault_hit();

        if (r)
                return -r;
        DIR *d = opendir(path);
        if (!d)
                return -errno;
        for (;;) {
                errno = 0;
                struct dirent *e = readdir(d);
                if (!e) {
                        r = -errno;
                        break;
                }
                if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
                        continue;
                r = names_add(&s, e->d_name);
                if (r < 0)
                        break;
        }
        closedir(d);
        if (r == 0)
                r = names_finish(&s, ret_names, ret_n);
        free(s.text);
        return r;
}

int os_glob(const char *pattern, char ***ret_names, size_t *ret_n) {
        struct names s = {0};
        glob_t g;
        int r = fault_hit();

        if (r)
                return -r;
        r = glob(pattern, 0, NULL, &g);
        if (r != 0)
                return r == GLOB_NOMATCH ? -ENOENT : r == GLOB_NOSPACE ? -ENOMEM : -EIO;
        for (size_t i = 0; i < g.gl_pathc && r == 0; i++)
                r = names_add(&s, g.gl_pathv[i]);
        globfree(&g);
        if (r == 0)
                r = names_finish(&s, ret_names, ret_n);
        free(s.text);
        return r;
}

int os_read_fd(int fd, size_t limit, char **ret_p, size_t *ret_len) {
        struct stat st;
        size_t len = 0, cap;

        int r = os_fstat(fd, &st);
        if (r < 0)
                return r;
        if (S_ISDIR(st.st_mode))
                return -EISDIR;
        if (st.st_size > 0 && (uint64_t)st.st_size > limit)
                return -EFBIG;
        cap = st.st_size > 0 ? (size_t)st.st_size + 1 : 4096;
        char *p = malloc(cap + 1);
        if (!p)
                return -ENOMEM;
        for (;;) {
                ssize_t n = os_read(fd, p + len, cap - len);
                if (n < 0) {
                        free(p);
                        return (int)n;
                }
                if (n == 0)
                        break;
                len += (size_t)n;
                if (len > limit) {
                        free(p);
                        return -EFBIG;
                }
                if (len == cap) {
                        cap *= 2;
                        char *q = realloc(p, cap + 1);
                        if (!q) {
                                free(p);
                                return -ENOMEM;
                        }
                        p = q;
                }
        }
        p[len] = '\0';
        *ret_p = p;
        *ret_len = len;
        return 0;
}

int os_read_file(const char *path, size_t limit, char **ret_p, size_t *ret_len) {
        _cleanup_(os_closep) int fd = os_open(path, O_RDONLY, 0);

        if (fd < 0)
                return fd;
        return os_read_fd(fd, limit, ret_p, ret_len);
}

int os_write_file(const char *path, const void *p, size_t n, mode_t mode) {
        char beside[4096], dir[4096];
        int len = snprintf(beside, sizeof(beside), "%s.new", path);

        if (len < 0 || (size_t)len >= sizeof(beside))
                return -ENAMETOOLONG;
        int fd = os_open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode);
        if (fd < 0)
                return fd;
        int r = os_write_full(fd, p, n);
        if (r == 0)
                r = os_fsync(fd);
        int c = os_close(fd);
        if (r == 0)
                r = c;
        if (r == 0)
                r = os_rename(beside, path);
        if (r < 0) {
                os_unlink(beside);
                return r;
        }
        /* The new name itself must last too. */
        snprintf(dir, sizeof(dir), "%s", path);
        char *slash = strrchr(dir, '/');
        if (slash)
                slash[slash == dir ? 1 : 0] = '\0';
        _cleanup_(os_closep) int dfd = os_open(slash ? dir : ".", O_RDONLY | O_DIRECTORY, 0);
        if (dfd < 0)
                return dfd;
        return os_fsync(dfd);
}

int os_memfd(const char *name, int *ret_fd) {
        int r;

        CALL(r, memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
        if (r < 0)
                return r;
        *ret_fd = r;
        return 0;
}

#define SEALS (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)

int os_memfd_room(int fd, size_t bytes) {
        int r = os_ftruncate(fd, bytes);

        if (r < 0)
                return r;
        CALL(r, fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK));
        return r < 0 ? r : 0;
}

int os_memfd_seal(int fd) {
        int r;

        CALL(r, fcntl(fd, F_ADD_SEALS, SEALS));
        return r < 0 ? r : 0;
}

int os_memfd_is_sealed(int fd) {
        int r;

        CALL(r, fcntl(fd, F_GET_SEALS));
        return r < 0 ? r : (r & SEALS) == SEALS;
}

static int map(int fd, size_t len, int prot, int flags, void **ret) {
        int fault = fault_hit();

        if (fault)
                return -fault;
        void *p = mmap(NULL, len, prot, flags, fd, 0);
        if (p == MAP_FAILED)
                return -errno;
        *ret = p;
        return 0;
}

int os_map(int fd, size_t len, bool writable, void **ret) {
        return map(fd, len, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, ret);
}

int os_map_anon(size_t len, void **ret) {
        return map(-1, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, ret);
}

int os_unmap(void *p, size_t len) {
        int r;

        CALL(r, munmap(p, len));
        return r;
}

int os_advise_huge(void *p, size_t len) {
        int r;

        CALL(r, madvise(p, len, MADV_HUGEPAGE));
        return r;
}

static int64_t clock_ns(clockid_t id) {
        struct timespec t;

        clock_gettime(id, &t);
        return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t os_now(void) {
        return clock_ns(CLOCK_REALTIME);
}

int64_t os_monotonic(void) {
        return clock_ns(CLOCK_MONOTONIC);
}

int64_t os_booted(void) {
        return os_now() - clock_ns(CLOCK_BOOTTIME);
}

int64_t os_cpu_time_of(pid_t pid) {
        struct timespec t = {0};
        clockid_t clock;
        int r;

        CALL(r, clock_getcpuclockid(pid, &clock) == 0 ? clock_gettime(clock, &t) : -1);
        return r < 0 ? r : (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

uint64_t os_cpu_time(void) {
        return (uint64_t)clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

int os_random(void *to, size_t n) {
        ssize_t r;

        CALL(r, getrandom(to, n, 0));
        if (r < 0)
                return (int)r;
        return (size_t)r == n ? 0 : -EIO;
}

int os_terminal_width(int fd) {
        struct winsize w;

        return ioctl(fd, TIOCGWINSZ, &w) < 0 ? 0 : w.ws_col;
}

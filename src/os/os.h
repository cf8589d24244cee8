/* The only caller of the kernel: thin, so that a test can make any call fail (os/fault.h).
 * All return 0 or a count or descriptor on success, -errno otherwise; EINTR is retried here. */
#ifndef OS_OS_H
#define OS_OS_H

#include <sys/stat.h>
#include <sys/types.h>

#include "base/base.h"

static inline int os_close_quiet(int fd);
int os_close(int fd); /* -1 is accepted; never retried */

/* What *fd was, which is -1 now: for one that is handed on. */
static inline int os_take(int *fd) {
        int was = *fd;

        *fd = -1;
        return was;
}

/* For `_cleanup_(os_closep) int fd = -1;` */
static inline void os_closep(int *fd) {
        os_close_quiet(*fd);
        *fd = -1;
}

int os_open(const char *path, int flags, mode_t mode); /* O_CLOEXEC is added */
int os_open_at(int dirfd, const char *path, int flags, mode_t mode);
/* For reading what lies where others may write: links that somebody else made lead only to files of who
 * made them. -EPERM: one that leads elsewhere. */
int os_open_follow(const char *path, int flags);
ssize_t os_read(int fd, void *to, size_t n);                /* one read; 0 is the end */
ssize_t os_read_full(int fd, void *to, size_t n);           /* until n or the end */
ssize_t os_pread(int fd, void *to, size_t n, uint64_t off); /* one read */
ssize_t os_write(int fd, const void *p, size_t n);          /* one write */
int os_write_full(int fd, const void *p, size_t n);         /* all, or an error */
int os_fstat(int fd, struct stat *ret);
int os_stat(const char *path, struct stat *ret);
int os_lstat(const char *path, struct stat *ret);
int os_ftruncate(int fd, uint64_t size);
int64_t os_seek(int fd, int64_t off, int whence);
int os_fsync(int fd);
ssize_t os_pwrite(int fd, const void *p, size_t n, uint64_t off); /* one write */
/* Makes the file when needed and locks it while it is open; -EBUSY: somebody else has it. */
int os_lock_file(const char *path, int *ret_fd);
int os_sync_dir(const char *path); /* names made, changed or deleted in it are on disk */
int os_rename(const char *from, const char *to);
int os_exchange(const char *a, const char *b); /* both names swap at once */
/* A directory of ours and all in it; links are removed, not followed. -ENOENT is fine. */
int os_remove_tree(const char *path);
int os_unlink(const char *path);
int os_rmdir(const char *path);
int os_mkdir(const char *path, mode_t mode);
int os_pipe(int ret_fds[2]);
int os_dup(int fd);            /* O_CLOEXEC is added */
int os_dup_to(int fd, int at); /* without O_CLOEXEC, for a child */
int os_set_cloexec(int fd, bool on);
int os_cloexec_from(int fd); /* all descriptors from fd on end with exec */
int os_isatty(int fd);
int os_chdir(const char *path);

/* Sorted names (strcmp order) of a directory without "." and "..": an array of strings, one
 * allocation; free() it. */
int os_list_dir(const char *path, char ***ret_names, size_t *ret_n);

/* Names that match a shell pattern, sorted; as os_list_dir(). -ENOENT when there is none. */
int os_glob(const char *pattern, char ***ret_names, size_t *ret_n);

/* A regular file's whole contents, NUL after the end; at most `limit` bytes (-EFBIG). free() it. */
int os_read_file(const char *path, size_t limit, char **ret_p, size_t *ret_len);
int os_read_fd(int fd, size_t limit, char **ret_p, size_t *ret_len);
/* Writes beside, syncs, renames over: the old file or the new one, never a half. */
int os_write_file(const char *path, const void *p, size_t n, mode_t mode);

/* Memory. */
int os_memfd(const char *name, int *ret_fd); /* sealable */
int os_memfd_room(int fd, size_t bytes);     /* of that size, and no other from now on */
int os_memfd_seal(int fd);                   /* no write, grow, shrink any more */
int os_memfd_is_sealed(int fd);              /* 1, 0 or -errno */
int os_map(int fd, size_t len, bool writable, void **ret); /* shared, whole, offset 0 */
int os_map_anon(size_t len, void **ret);
int os_unmap(void *p, size_t len);
int os_advise_huge(void *p, size_t len);

/* Processes and messages. */
pid_t os_fork(void);
int os_exec(const char *path, char *const argv[], char *const envp[]);
int os_die_with_parent(pid_t parent);                /* -ESRCH: it is dead already */
int os_wait(pid_t pid, int *ret_status, bool block); /* pid, 0 when none is ready, -errno */
int os_kill(pid_t pid, int sig);
int os_socketpair_seqpacket(int ret_fds[2]);
int os_socketpair_stream(int ret_fds[2]);
/* One message with up to 8 descriptors. */
int os_send(int sock, const void *p, size_t n, const int *fds, unsigned n_fds);
/* The same, but -EAGAIN instead of waiting for a receiver who does not take it. */
int os_send_now(int sock, const void *p, size_t n, const int *fds, unsigned n_fds);
/* One message; the length, 0 when the other end closed. Received descriptors (close-on-exec) go to
 * fds; more than max_fds of them, or a cut message, is -EPROTO and they are closed. */
ssize_t os_recv(int sock, void *to, size_t n, int *fds, unsigned max_fds, unsigned *ret_n_fds);
int os_shutdown_write(int sock);
/* One write to a stream socket; -EAGAIN when there is no room. */
ssize_t os_write_now(int sock, const void *p, size_t n);
struct pollfd;
int os_poll(struct pollfd *fds, unsigned n, int timeout_ms);
int os_epoll_new(void);
int os_epoll_add(int ep, int fd, uint32_t events, uint64_t tag);
int os_epoll_del(int ep, int fd);
struct epoll_event;
int os_epoll_wait(int ep, struct epoll_event *to, int max, int timeout_ms);
int os_signalfd(const int *signals, unsigned n); /* blocks them and returns a descriptor */

/* Time. */
int64_t os_now(void);              /* ns since 1970, wall clock */
int64_t os_monotonic(void);        /* ns */
int64_t os_booted(void);           /* when the machine was, ns since 1970 by today's clock */
uint64_t os_cpu_time(void);        /* ns of this process */
int64_t os_cpu_time_of(pid_t pid); /* ns of a child of ours; -errno */

int os_random(void *to, size_t n);
int os_nice(int by);                     /* this process and those it starts give way to others */
unsigned os_cpu_count(void);             /* that this process may run on */
int os_pin_cpu(pid_t pid, unsigned nth); /* to the n-th CPU it may run on */
/* Processor time of this process in turns of `us` microseconds (100–100,000; 0: as the kernel likes):
 * where the kernel knows such turns (Linux 6.12), one who has short ones and little to do goes before
 * those with long ones when it wakes, and takes nothing from them. 0 also where it does not know. */
int os_turns(unsigned us);
int64_t os_pss(pid_t pid);     /* bytes, from smaps_rollup; -errno */
int os_terminal_width(int fd); /* columns, or 0 */

static inline int os_close_quiet(int fd) {
        return fd >= 0 ? os_close(fd) : 0;
}

#endif

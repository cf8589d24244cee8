/* Opens a file of a directory that others may write. A symbolic link there may lead to what only we may
 * read: our own keys, another's secrets. As the kernel does for links in sticky directories, one is
 * followed when root or we made it, or when the file that it leads to is of who made it. The path is gone
 * along part by part, each held open, so that nothing can be put in between a look and its use. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "os/call.h"
#include "os/os.h"

#define LINKS_MAX 16u

struct walk {
        int at;              /* where the rest begins; AT_FDCWD: here */
        char rest[PATH_MAX]; /* not gone yet */
        unsigned links;
        bool doubted; /* a link was made by somebody else: */
        uid_t maker;
};

static void step_to(struct walk *w, int fd) {
        if (w->at >= 0)
                os_close(w->at);
        w->at = fd;
}

/* Takes the next part off the rest. false: none. */
static bool next_part(struct walk *w, char to[NAME_MAX + 2], bool *ret_last) {
        size_t slashes = strspn(w->rest, "/"), n = strcspn(w->rest + slashes, "/");
        size_t behind = slashes + n + strspn(w->rest + slashes + n, "/");

        if (n == 0 || n > NAME_MAX)
                return false;
        memcpy(to, w->rest + slashes, n);
        to[n] = '\0';
        *ret_last = w->rest[behind] == '\0';
        memmove(w->rest, w->rest + behind, strlen(w->rest + behind) + 1);
        return true;
}

static int from_root(struct walk *w) {
        int fd = os_open("/", O_PATH | O_DIRECTORY, 0);

        if (fd < 0)
                return fd;
        step_to(w, fd);
        return 0;
}

static int through_link(struct walk *w, int fd, const struct stat *st) {
        char to[PATH_MAX], whole[PATH_MAX];
        ssize_t n;

        if (++w->links > LINKS_MAX)
                return -ELOOP;
        if (st->st_uid != 0 && st->st_uid != geteuid()) {
                if (w->doubted && w->maker != st->st_uid)
                        return -EPERM;
                w->doubted = true;
                w->maker = st->st_uid;
        }
        CALL(n, readlinkat(fd, "", to, sizeof(to) - 1));
        if (n < 0)
                return (int)n;
        to[n] = '\0';
        int k = snprintf(whole, sizeof(whole), "%s%s%s", to, *w->rest ? "/" : "", w->rest);
        if (n == 0 || k < 0 || (size_t)k >= sizeof(whole))
                return -ENAMETOOLONG;
        memcpy(w->rest, whole, (size_t)k + 1);
        return *to == '/' ? from_root(w) : 0;
}

/* 1: that was the file, opened; 0: go on. */
static int step(struct walk *w, int flags, int *ret_fd) {
        _cleanup_(os_closep) int fd = -1;
        char part[NAME_MAX + 2];
        struct stat st;
        bool last;
        int r;

        if (!next_part(w, part, &last))
                return -ENOENT;
        fd = os_open_at(w->at, part, O_PATH | O_NOFOLLOW, 0);
        if (fd < 0)
                return fd;
        r = os_fstat(fd, &st);
        if (r < 0)
                return r;
        if (S_ISLNK(st.st_mode))
                return through_link(w, fd, &st);
        if (!last) {
                step_to(w, os_take(&fd));
                return 0;
        }
        r = os_open_at(w->at, part, flags | O_NOFOLLOW, 0);
        if (r < 0)
                return r;
        *ret_fd = r;
        r = os_fstat(*ret_fd, &st);
        if (r == 0 && w->doubted && st.st_uid != w->maker)
                r = -EPERM;
        if (r < 0)
                os_close(*ret_fd);
        return r < 0 ? r : 1;
}

int os_open_follow(const char *path, int flags) {
        struct walk w = {.at = AT_FDCWD};
        int fd = -1, r = strlen(path) < sizeof(w.rest) ? 0 : -ENAMETOOLONG;

        if (r == 0) {
                memcpy(w.rest, path, strlen(path) + 1);
                r = *path == '/' ? from_root(&w) : 0;
        }
        while (r == 0)
                r = step(&w, flags, &fd);
        if (w.at >= 0)
                os_close(w.at);
        return r < 0 ? r : fd;
}

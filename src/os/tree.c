/* See tree.h. Every name is opened from the directory above it, with O_NOFOLLOW: whatever a name says, it cannot
 * lead out. Names are read as they are and never put together into a path that the kernel would resolve. */
#include "os/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/os.h"

struct walk {
        int (*each)(void *ctx, const struct tree_file *f);
        void *ctx;
        bool wipe, open;
        char path[TREE_PATH];
        size_t len;
        unsigned depth;
        int top;        /* of a wipe */
        unsigned moved; /* deep ones that were put at the top, to be emptied from there */
};

static int walk_dir(struct walk *w, int fd);

static bool dots(const char *name) {
        return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int enter(struct walk *w, int dir, const char *name) {
        int r;

        if (w->wipe && w->depth == TREE_DEPTH - 1) {
                char up[32];

                snprintf(up, sizeof(up), "deep-%u", ++w->moved);
                return renameat(dir, name, w->top, up) < 0 ? -errno : 0;
        }
        if (w->wipe)
                (void)fchmodat(dir, name, 0700, 0);
        int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (++w->depth > TREE_DEPTH) {
                close(fd);
                return -ELOOP;
        }
        r = walk_dir(w, fd); /* closes it */
        w->depth--;
        if (r == 0 && w->wipe && unlinkat(dir, name, AT_REMOVEDIR) < 0)
                r = -errno;
        return r;
}

static int file(struct walk *w, int dir, const char *name, const struct stat *st) {
        struct tree_file f = {.path = w->path,
                              .fd = -1,
                              .size = (uint64_t)st->st_size,
                              .mtime = st->st_mtim.tv_sec};

        if (w->wipe)
                return unlinkat(dir, name, 0) < 0 ? -errno : 0;
        if (S_ISREG(st->st_mode) && w->open) {
                f.fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
                if (f.fd < 0)
                        return -errno;
        }
        if (!S_ISREG(st->st_mode))
                f.size = 0;
        int r = w->each(w->ctx, &f);
        if (f.fd >= 0)
                close(f.fd);
        return r;
}

static int entry(struct walk *w, int dir, const char *name) {
        size_t before = w->len, n = strlen(name);
        struct stat st;
        int r;

        if (!w->wipe) {
                if (before + n + 2 > sizeof(w->path))
                        return -ENAMETOOLONG;
                if (before)
                        w->path[w->len++] = '/';
                memcpy(w->path + w->len, name, n + 1);
                w->len += n;
        }
        if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                r = -errno;
        else
                r = S_ISDIR(st.st_mode) ? enter(w, dir, name) : file(w, dir, name, &st);
        w->len = before;
        w->path[before] = '\0';
        return r == -ENOENT ? 0 : r; /* a program is at work there */
}

static int walk_dir(struct walk *w, int fd) {
        DIR *d = fdopendir(fd);
        const struct dirent *e;
        int r = 0;

        if (!d) {
                r = -errno;
                close(fd);
                return r;
        }
        while (r == 0 && (e = readdir(d)))
                if (!dots(e->d_name))
                        r = entry(w, fd, e->d_name);
        closedir(d);
        return r;
}

static int walk(struct walk *w, const char *top) {
        int fd = open(top, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        return fd < 0 ? -errno : walk_dir(w, fd);
}

int os_tree_walk(const char *top, int (*each)(void *ctx, const struct tree_file *f), void *ctx) {
        struct walk w = {.each = each, .ctx = ctx, .open = true};
        int r = walk(&w, top);

        return r < 0 ? FAIL(r) : r;
}

static int add_size(void *ctx, const struct tree_file *f) {
        *(uint64_t *)ctx += f->size;
        return 0;
}

int os_tree_size(const char *top, uint64_t *ret) {
        uint64_t n = 0;
        struct walk w = {.each = add_size, .ctx = &n};
        int r = walk(&w, top);

        if (r == 0)
                *ret = n;
        return r;
}

int os_tree_wipe(const char *top) {
        struct walk w = {.wipe = true};
        unsigned before;
        int r;

        (void)chmod(top, 0700);
        w.top = open(top, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (w.top < 0)
                return errno == ENOENT ? 0 : FAIL(-errno);
        do {
                before = w.moved;
                r = walk(&w, top);
        } while (r == 0 && w.moved != before);
        close(w.top);
        if (r == 0 && rmdir(top) < 0)
                r = -errno;
        return r == -ENOENT ? 0 : r < 0 ? FAIL(r) : 0;
}

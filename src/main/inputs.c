/* See inputs.h. */
#include "main/inputs.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/timestamp.h"

#define DEPTH_MAX 64u

static int push(struct inputs *in, const char *path, const struct stat *st) {
        if (in->n == in->cap) {
                uint32_t cap = in->cap ? in->cap * 2 : 64;
                struct input *p = reallocarray(in->list, cap, sizeof(*p));
                if (!p)
                        return -ENOMEM;
                in->list = p;
                in->cap = cap;
        }
        char *copy = strdup(path);
        if (!copy)
                return -ENOMEM;
        bool regular = st && S_ISREG(st->st_mode);
        in->list[in->n++] = (struct input){
                .path = copy,
                .size = regular ? (uint64_t)st->st_size : 0,
                .dev = regular ? st->st_dev : 0,
                .ino = regular ? st->st_ino : 0,
                .mtime = regular ? st->st_mtim.tv_sec * NS_PER_SEC + st->st_mtim.tv_nsec
                                 : os_now()}; /* what a pipe says now was written by now */
        in->bytes += regular ? (uint64_t)st->st_size : 0;
        return 0;
}

int inputs_add_failed(struct inputs *in, const char *path, int error) {
        int r = push(in, path, NULL);

        if (r < 0)
                return r;
        in->list[in->n - 1].error = error;
        in->failed++;
        return 0;
}

struct walk {
        struct inputs *in;
        inputs_problem problem;
        void *ctx;
};

static int add_dir(const struct walk *w, const char *path, unsigned depth);

/* One name found in a directory: files and directories, neither links nor devices. */
static int add_entry(const struct walk *w, const char *path, unsigned depth) {
        struct stat st;
        int r = os_lstat(path, &st);

        if (r < 0)
                w->problem(w->ctx, path, r);
        else if (S_ISDIR(st.st_mode))
                return add_dir(w, path, depth + 1);
        else if (S_ISREG(st.st_mode) && st.st_size > 0)
                return push(w->in, path, &st);
        return 0;
}

static int add_dir(const struct walk *w, const char *path, unsigned depth) {
        char **names, full[4096];
        size_t n;
        int r = depth > DEPTH_MAX ? -ELOOP : os_list_dir(path, &names, &n);

        if (r < 0) {
                w->problem(w->ctx, path, r);
                return 0;
        }
        for (size_t i = 0; i < n && r == 0; i++) {
                size_t len = strlen(path);
                bool slash = len && path[len - 1] == '/';
                int k = snprintf(full, sizeof(full), "%s%s%s", path, slash ? "" : "/", names[i]);
                if (k < 0 || (size_t)k >= sizeof(full))
                        w->problem(w->ctx, path, -ENAMETOOLONG);
                else
                        r = add_entry(w, full, depth);
        }
        free(names);
        return r;
}

static int add_named(const struct walk *w, const char *path, const struct stat *st) {
        return S_ISDIR(st->st_mode) ? add_dir(w, path, 0) : push(w->in, path, st);
}

static int add_pattern(const struct walk *w, const char *path) {
        char **names;
        size_t n;
        int r = os_glob(path, &names, &n);

        if (r < 0) {
                w->problem(w->ctx, path, r);
                return 0;
        }
        /* A name found is no pattern, whatever stands in it: a dangling link called "*" would
         * otherwise be looked for for ever. */
        for (size_t i = 0; i < n && r == 0; i++) {
                struct stat st;
                int s = os_stat(names[i], &st);
                if (s < 0)
                        w->problem(w->ctx, names[i], s);
                else
                        r = add_named(w, names[i], &st);
        }
        free(names);
        return r;
}

int inputs_add(struct inputs *in, const char *path, inputs_problem problem, void *ctx) {
        struct walk w = {in, problem, ctx};
        struct stat st;

        if (strcmp(path, "-") == 0)
                return push(in, path, NULL);
        int r = os_stat(path, &st);
        if (r == -ENOENT && strpbrk(path, "*?["))
                return add_pattern(&w, path);
        if (r < 0) {
                problem(ctx, path, r);
                return 0;
        }
        return add_named(&w, path, &st);
}

void inputs_deinit(struct inputs *in) {
        for (uint32_t i = 0; i < in->n; i++)
                free(in->list[i].path);
        free(in->list);
        *in = (struct inputs){0};
}

int inputs_open(const struct inputs *in, uint32_t n) {
        const struct input *i = &in->list[n];
        bool regular = i->ino != 0;
        struct stat st;

        if (i->error)
                return i->error;
        if (strcmp(i->path, "-") == 0)
                return os_dup(STDIN_FILENO);
        /* A FIFO named on the command line is fine and may make us wait. What was a regular file
         * when we looked must not have become one since. */
        int fd = os_open(i->path, O_RDONLY | O_NOCTTY | (regular ? O_NONBLOCK : 0), 0);
        if (fd < 0 || !regular)
                return fd;
        int r = os_fstat(fd, &st);
        if (r == 0 && S_ISREG(st.st_mode))
                return fd;
        os_close(fd);
        return r < 0 ? r : -ESTALE;
}

void inputs_say(const char *path, const char *why) {
        _cleanup_(buf_deinit) struct buf b = {0};

        buf_term(&b, span_str(path));
        fprintf(stderr, "coloa: %.*s: %s\n", (int)b.len, b.p ? b.p : "", why);
}

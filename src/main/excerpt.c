/* See excerpt.h: main's side. */
#include "main/excerpt.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/timestamp.h"
#include "main/spawn.h"
#include "wire/message.h"

#define FRAME_MS 20000

struct excerpts {
        struct child child;
        int landlock, task_fd, text_fd;
        struct excerpt_task *task;
        const char *text;
};

static int start(struct excerpts *x) {
        char argument[40];
        const char *args[] = {argument, NULL};
        int fds[] = {x->task_fd, x->text_fd};
        struct msg_plain m;

        snprintf(argument, sizeof(argument), "landlock=%d", x->landlock);
        int r = child_start(
                &x->child,
                &(struct child_spec){
                        .name = "excerpt", .fds = fds, .n_fds = 2, .args = args, .cpu = -1});
        if (r < 0)
                return r;
        return os_recv(x->child.sock, &m, sizeof(m), NULL, 0, NULL) == sizeof(m) &&
                               m.type == PROCESS_READY
                       ? 0
                       : FAIL(-ECHILD);
}

static int share(const char *name, size_t len, bool writable, int *ret_fd, void **ret) {
        int r = os_memfd(name, ret_fd);

        if (r == 0)
                r = os_ftruncate(*ret_fd, len);
        return r == 0 ? os_map(*ret_fd, len, writable, ret) : r;
}

int excerpts_new(struct excerpts **ret, const unsigned char mask_key[32], int landlock) {
        struct excerpts *x = calloc(1, sizeof(*x));
        void *task = NULL, *text = NULL;

        if (!x)
                return FAIL(-ENOMEM);
        *x = (struct excerpts){
                .child = {.sock = -1}, .landlock = landlock, .task_fd = -1, .text_fd = -1};
        int r = share("task", EXCERPT_TASK_BYTES, true, &x->task_fd, &task);
        x->task = task;
        if (r == 0)
                r = share("text", EXCERPT_TEXT_BYTES, false, &x->text_fd, &text);
        x->text = text;
        if (r == 0) {
                memcpy(x->task->mask_key, mask_key, sizeof(x->task->mask_key));
                excerpts_times(x, TIME_NONE, TIME_NONE);
                r = start(x);
        }
        if (r < 0)
                excerpts_free(x);
        else
                *ret = x;
        return r;
}

struct excerpts *excerpts_free(struct excerpts *x) {
        if (!x)
                return NULL;
        child_stop(&x->child, 0);
        if (x->task)
                os_unmap(x->task, EXCERPT_TASK_BYTES);
        if (x->text)
                os_unmap((void *)x->text, EXCERPT_TEXT_BYTES);
        os_close_quiet(x->task_fd);
        os_close_quiet(x->text_fd);
        free(x);
        return NULL;
}

void excerpts_times(struct excerpts *x, int64_t from, int64_t to) {
        x->task->received_from = from;
        x->task->received_to = to;
}

/* 0, or it is no use any more. */
static int ask(struct excerpts *x, struct msg_excerpt *ret) {
        struct msg_excerpt m = {.type = EXCERPT_DO};
        struct pollfd p = {.fd = x->child.sock, .events = POLLIN};
        int r = os_send(x->child.sock, &m, sizeof(m), NULL, 0);

        if (r < 0 || os_poll(&p, 1, FRAME_MS) <= 0 ||
            os_recv(x->child.sock, ret, sizeof(*ret), NULL, 0, NULL) != sizeof(*ret) ||
            ret->type != EXCERPT_DONE || ret->len > EXCERPT_TEXT_BYTES ||
            ret->records > FRAME_RECORDS_MAX)
                return -ECHILD;
        return 0;
}

int excerpts_frame(struct excerpts *x, const struct reader_block *b, uint32_t frame,
                   struct span data, const struct seqset *set, struct span *ret,
                   uint64_t *ret_records) {
        const struct frame_entry *e = &b->entries[frame];
        struct excerpt_task *t = x->task;
        struct msg_excerpt done;
        uint32_t n = 0;

        if (data.len > FRAME_BYTES_MAX)
                return FAIL(-EBADMSG);
        for (size_t i = seqset_find(set, e->first_seq);
             i < set->n && set->list[i].from < e->first_seq + e->n_records && n < FRAME_RECORDS_MAX;
             i++, n++) {
                t->ranges[n][0] = set->list[i].from;
                t->ranges[n][1] = set->list[i].to;
        }
        t->block = b->number;
        t->frame = frame;
        t->len = (uint32_t)data.len;
        t->n_ranges = n;
        memcpy(t + 1, data.p, data.len);
        if (ask(x, &done) < 0) {
                os_kill(x->child.pid, SIGKILL);
                child_reap(&x->child);
                int r = start(x);
                return r < 0 && r != -ECHILD ? r : -ECHILD;
        }
        *ret = span_of(x->text, done.error < 0 ? 0 : done.len);
        *ret_records = done.records;
        return done.error;
}

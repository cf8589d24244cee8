/* See job_once.h. The input is sealed before the process starts, and its output before it is looked at: what a
 * hijacked job does to its memory afterwards changes nothing. */
#include "main/job_once.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>

#include "base/lang.h"
#include "main/spawn.h"
#include "os/net.h"
#include "os/os.h"

static int input_of(struct span in, int *ret_fd) {
        int fd = -1, r = os_memfd("job", &fd);

        if (r == 0)
                r = os_write_full(fd, in.p, in.len);
        if (r == 0)
                r = os_memfd_seal(fd);
        if (r < 0) {
                os_close_quiet(fd);
                return FAIL(r);
        }
        *ret_fd = fd;
        return 0;
}

static int take(int fd, uint64_t len, struct buf *out) {
        void *p = NULL;
        int r = os_memfd_seal(fd);

        if (r == 0 && len)
                r = os_map(fd, JOB_OUT_MAX, false, &p);
        if (r < 0)
                return FAIL(r);
        if (len) {
                buf_add(out, p, len);
                os_unmap(p, JOB_OUT_MAX);
        }
        return out->failed ? -ENOMEM : 0;
}

/* Until it says something, or is gone, or its time is over. */
static int wait_for(struct child *c, struct msg_job_done *ret) {
        struct pollfd p = {.fd = c->sock, .events = POLLIN};
        int r = os_poll(&p, 1, JOB_S * 1000);

        if (r <= 0)
                return r < 0 ? r : -ETIMEDOUT;
        ssize_t got = os_recv(c->sock, ret, sizeof(*ret), NULL, 0, NULL);
        bool good = got == sizeof(*ret) && ret->type == JOB_DONE && ret->len <= JOB_OUT_MAX &&
                    ret->error <= 0 && ret->error > -4096;
        return good ? ret->error : -ECHILD;
}

int job_once(enum job_kind kind, struct span in, struct buf *out) {
        _cleanup_(os_closep) int input = -1, output = -1;
        struct msg_job_done done = {0};
        struct child c = {.sock = -1};
        char word[24];
        const char *args[] = {word, NULL};

        if (!in.len || in.len > JOB_IN_MAX)
                return in.len ? -EFBIG : -ENODATA;
        int r = input_of(in, &input);
        if (r == 0)
                r = os_memfd("job", &output);
        if (r == 0)
                r = os_memfd_room(output, JOB_OUT_MAX);
        if (r < 0)
                return r;
        snprintf(word, sizeof(word), "kind=%u", (unsigned)kind);
        int fds[2] = {input, output};
        r = child_start(&c,
                        &(struct child_spec){
                                .name = "job", .fds = fds, .n_fds = 2, .args = args, .cpu = -1});
        if (r < 0)
                return r;
        r = wait_for(&c, &done);
        if (r == -ETIMEDOUT && c.pid > 0)
                os_kill(c.pid, SIGKILL);
        int status = child_reap(&c);
        if (r == -ECHILD)
                fprintf(stderr, "coloa: %s: %s\n",
                        tr("the process that reads it failed", "tiến trình đọc tệp hỏng"),
                        child_fate(status));
        return r == 0 ? take(output, done.len, out) : r;
}

/* See jobs.h.
 *
 *   J1. A job lives in memory only: a desk that dies forgets it, and so does main. Whoever called is answered
 *       by the console; what the desk does by itself it begins again from its tables.
 *   J2. JOBS_MAX wait at most, of which JOBS_AT_ONCE are with main: it starts no more.
 *   J3. An input is a sealed memfd from the start, so that nobody who holds it can change it. */
#include "desk/jobs.h"

#include <stdlib.h>

#include "desk/desk_impl.h"
#include "os/os.h"

#define JOBS_MAX 16u

struct job {
        struct msg_job m; /* m.id 0: free */
        int fd;           /* -1 once it is sent */
        bool sent;
        uint64_t ticket; /* of a call; or: */
        desk_job_done *done;
        int64_t key;
};

struct jobs {
        struct job list[JOBS_MAX];
        uint64_t id;
};

void desk_jobs_free(struct desk *d) {
        for (unsigned i = 0; d->jobs && i < JOBS_MAX; i++)
                if (d->jobs->list[i].m.id)
                        os_close_quiet(d->jobs->list[i].fd);
        free(d->jobs);
        d->jobs = NULL;
}

/* J3 */
static int seal(struct span in, int *ret_fd) {
        _cleanup_(os_closep) int fd = -1;
        int r = os_memfd("job", &fd);

        if (r == 0)
                r = os_write_full(fd, in.p, in.len);
        if (r == 0)
                r = os_memfd_seal(fd);
        if (r < 0)
                return FAIL(r);
        *ret_fd = fd;
        fd = -1;
        return 0;
}

static int put(struct desk *d, enum job_kind kind, struct span in, struct job **ret) {
        struct job *k = NULL;

        if (in.len == 0 || in.len > JOB_IN_MAX)
                return FAIL(-E2BIG);
        if (!d->jobs)
                d->jobs = calloc(1, sizeof(*d->jobs));
        if (!d->jobs)
                return FAIL(-ENOMEM);
        for (unsigned i = 0; i < JOBS_MAX && !k; i++)
                if (!d->jobs->list[i].m.id)
                        k = &d->jobs->list[i];
        if (!k)
                return -EAGAIN; /* J2 */
        *k = (struct job){.fd = -1};
        int r = seal(in, &k->fd);
        if (r < 0)
                return r;
        k->m = (struct msg_job){.type = JOB_DO, .kind = kind, .id = ++d->jobs->id, .len = in.len};
        *ret = k;
        return 0;
}

int api_job(struct api_call *c, enum job_kind kind, struct span in) {
        struct job *k;
        int r = put(c->desk, kind, in, &k);

        if (r == -EAGAIN) {
                c->retry = 2;
                return api_refuse(c, 503, "try_later",
                                  "too much is read or printed at this moment: "
                                  "try again",
                                  "đang đọc hoặc in quá nhiều: hãy thử lại");
        }
        if (r == -E2BIG)
                return api_refuse(c, 413, "too_large", "this is larger than what is read at once",
                                  "dữ liệu lớn hơn mức đọc được một lần");
        if (r < 0)
                return r;
        k->ticket = c->ticket;
        return API_E_LATER;
}

int api_job_failed(struct api_call *c, const struct job_said *said) {
        if (said->error == -EBADMSG)
                return api_refuse(c, 422, "unreadable", "this is not what it should be",
                                  "nội dung không đúng định dạng");
        if (said->error == -EFBIG)
                return api_refuse(c, 413, "too_large", "what would come of this is too large",
                                  "kết quả quá lớn");
        c->retry = 5;
        return api_refuse(
                c, 503, "job_failed",
                "the process that works on this ended early: try again; if it happens "
                "again, the node's log says more",
                "tiến trình xử lý kết thúc sớm: hãy thử lại; nếu lặp lại, xem nhật ký của "
                "nút");
}

int desk_job(struct desk *d, enum job_kind kind, struct span in, desk_job_done *done, int64_t key) {
        struct job *k;
        int r = put(d, kind, in, &k);

        if (r < 0)
                return r;
        k->done = done;
        k->key = key;
        return 0;
}

static struct job *next(struct desk *d) {
        unsigned sent = 0;
        struct job *k = NULL;

        for (unsigned i = 0; d->jobs && i < JOBS_MAX; i++) {
                struct job *x = &d->jobs->list[i];

                sent += x->m.id && x->sent;
                if (x->m.id && !x->sent && (!k || x->m.id < k->m.id))
                        k = x;
        }
        return sent < JOBS_AT_ONCE ? k : NULL;
}

const struct msg_job *desk_job_next(struct desk *d, int *ret_fd) {
        struct job *k = next(d);

        if (!k)
                return NULL;
        *ret_fd = k->fd;
        return &k->m;
}

void desk_job_sent(struct desk *d) {
        struct job *k = next(d);

        if (!k)
                return;
        os_close(k->fd);
        k->fd = -1;
        k->sent = true;
}

int desk_job_said(struct desk *d, uint64_t id, const struct job_said *said) {
        for (unsigned i = 0; d->jobs && i < JOBS_MAX; i++) {
                struct job *x = &d->jobs->list[i], k = *x;

                if (!k.sent || k.m.id != id)
                        continue;
                *x = (struct job){.fd = -1}; /* before it is told: that may ask for another */
                return k.done ? k.done(d, k.key, said) : api_resume(d, k.ticket, said);
        }
        return FAIL(-EPROTO);
}

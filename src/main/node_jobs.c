/* Jobs for the desk (wire/job.h): a process each, that is ended after JOB_S. JOBS_AT_ONCE of them at most: a
 * desk that asks for more has broken what was agreed. A desk that ends takes its jobs along. */
#include <signal.h>
#include <stdio.h>

#include "main/node_impl.h"
#include "main/phrases.h"
#include "os/net.h"
#include "wire/job.h"

static int forward(struct node *n, struct node_job *j, struct msg_job_done *m) {
        bool out = m->error == 0 && os_memfd_seal(j->output) == 0;

        if (m->error == 0 && !out)
                m->error = -EIO;
        m->type = JOB_DONE;
        m->id = j->id;
        if (m->error)
                m->len = 0;
        return node_send(n, NODE_DESK, m, sizeof(*m), out ? j->output : -1);
}

static void end(struct node *n, struct node_job *j, struct msg_job_done *m) {
        (void)os_epoll_del(n->ep, j->child.sock);
        if (j->child.pid > 0 && m->error == -ETIMEDOUT)
                os_kill(j->child.pid, SIGKILL);
        int status = child_reap(&j->child);
        if (m->error == -ECHILD || m->error == -ETIMEDOUT)
                node_say(n, 0, "job", "kind=%u %s%s", j->kind,
                         m->error == -ETIMEDOUT ? "took too long: " : "", child_fate(status));
        if (n->workers[NODE_DESK].child.pid > 0 && forward(n, j, m) < 0)
                node_say(n, 0, "job", "kind=%u its end could not be told", j->kind);
        os_close(j->output);
        j->output = -1;
}

static int room_for(struct node_job *j) {
        int r = os_memfd("job", &j->output);

        return r < 0 ? r : os_memfd_room(j->output, JOB_OUT_MAX);
}

static int start(struct node *n, struct node_job *j, int input) {
        char kind[24], landlock[24];
        const char *args[] = {kind, landlock, NULL};
        int fds[2] = {input, -1};
        int r = room_for(j);

        if (r < 0)
                return r;
        fds[1] = j->output;
        snprintf(kind, sizeof(kind), "kind=%u", j->kind);
        snprintf(landlock, sizeof(landlock), "landlock=%d", n->o.landlock);
        struct child_spec spec = {.name = "job", .fds = fds, .n_fds = 2, .args = args, .cpu = -1};
        r = child_start(&j->child, &spec);
        if (r < 0)
                return r;
        j->began = os_monotonic();
        return os_ready_add(n->ep, j->child.sock, OS_READABLE,
                            NODE_JOB_TAG + (unsigned)(j - n->jobs));
}

int node_job(struct node *n, const struct msg_job *m, int input) {
        struct msg_job_done failed = {.type = JOB_DONE, .id = m->id};
        struct node_job *j = NULL;

        for (unsigned i = 0; i < JOBS_AT_ONCE && !j; i++)
                if (n->jobs[i].output < 0)
                        j = &n->jobs[i];
        if (!j || m->kind == 0 || m->kind >= JOB_KINDS || os_memfd_is_sealed(input) != 1)
                return -EPROTO;
        *j = (struct node_job){.child = {.sock = -1}, .output = -1, .kind = m->kind, .id = m->id};
        int r = start(n, j, input);
        if (r == 0)
                return 0;
        node_say(n, 0, "job", "kind=%u cannot start: %s", m->kind, error_text(r));
        if (j->child.pid > 0)
                child_stop(&j->child, 0);
        os_close_quiet(j->output);
        j->output = -1;
        failed.error = r;
        return node_send(n, NODE_DESK, &failed, sizeof(failed), -1);
}

/* What it says, or that it is gone; either is its end. */
void node_job_message(struct node *n, unsigned i) {
        struct msg_job_done m = {0}, died = {.error = -ECHILD};
        struct node_job *j = i < JOBS_AT_ONCE ? &n->jobs[i] : NULL;

        if (!j || j->output < 0)
                return;
        ssize_t got = os_recv(j->child.sock, &m, sizeof(m), NULL, 0, NULL);
        bool good = got == sizeof(m) && m.type == JOB_DONE && m.len <= JOB_OUT_MAX &&
                    m.error <= 0 && m.error > -4096;
        end(n, j, good ? &m : &died);
}

void node_jobs_tick(struct node *n) {
        int64_t now = os_monotonic();

        for (unsigned i = 0; i < JOBS_AT_ONCE; i++) {
                struct msg_job_done late = {.error = -ETIMEDOUT};

                if (n->jobs[i].output >= 0 && now - n->jobs[i].began > JOB_S * INT64_C(1000000000))
                        end(n, &n->jobs[i], &late);
        }
}

void node_jobs_forget(struct node *n) {
        for (unsigned i = 0; i < JOBS_AT_ONCE; i++) {
                struct node_job *j = &n->jobs[i];

                if (j->output < 0)
                        continue;
                (void)os_epoll_del(n->ep, j->child.sock);
                child_stop(&j->child, 0);
                os_close(j->output);
                j->output = -1;
        }
}

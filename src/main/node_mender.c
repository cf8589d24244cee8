/* Restore drills (wire/mender.h): one `mender` at a time, started with what the configuration says of a repository.
 * The desk knows names only, and gets back what the drill said. A desk that ends takes its drill along; after a
 * mender that died, and when a node begins, another one only wipes the scratch folder. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>

#include <jansson.h>

#include "main/node_impl.h"
#include "main/phrases.h"
#include "mender/mender.h"
#include "os/net.h"
#include "wire/mender.h"

/* It keeps its own time; this is for one that hangs. */
#define PATIENCE_NS (INT64_C(120) * 1000000000)
#define PASSWORD_MAX 4096u

/* ---- what the desk knows of it ---- */

static json_t *texts(const char **list, uint32_t n) {
        json_t *a = json_array();

        for (uint32_t i = 0; i < n; i++)
                json_array_append_new(a, json_string(list[i]));
        return a;
}

static json_t *expects(const struct config_repository *p) {
        json_t *a = json_array();

        for (uint32_t i = 0; i < p->n_expect; i++) {
                const char *blank = strrchr(p->expect[i], ' ');

                json_array_append_new(a,
                                      json_pack("{ss# ss}", "path", p->expect[i],
                                                (int)(blank - p->expect[i]), "sha256", blank + 1));
        }
        return a;
}

static int put(const char *p, size_t n, void *to) {
        buf_add(to, p, n);
        return ((struct buf *)to)->failed ? -1 : 0;
}

static int write_repositories(const struct config_recovery *c, struct buf *to) {
        json_t *list = json_array();

        for (uint32_t i = 0; i < c->n; i++) {
                const struct config_repository *p = &c->list[i];

                json_array_append_new(
                        list,
                        json_pack("{ss ss ss sI sI sI sI sI sb so so}", "name", p->name, "kind",
                                  p->kind, "system", p->system ? p->system : "", "every_s",
                                  (json_int_t)p->every_s, "rto_s", (json_int_t)p->rto_s, "rpo_s",
                                  (json_int_t)p->rpo_s, "sample", (json_int_t)p->sample, "quota",
                                  (json_int_t)c->quota, "whole", (int)p->whole, "files",
                                  texts(p->files, p->n_files), "expect", expects(p)));
        }
        int r = json_dump_callback(list, put, to, JSON_COMPACT) < 0 ? -ENOMEM : 0;
        json_decref(list);
        return r;
}

int node_tell_recovery(struct node *n) {
        struct msg_plain m = {DESK_RECOVERY, 0};
        _cleanup_(buf_deinit) struct buf b = {.limit = (size_t)8 << 20};
        _cleanup_(os_closep) int fd = -1;

        if (n->workers[NODE_DESK].child.pid <= 0)
                return 0;
        int r = write_repositories(&n->config->recovery, &b);
        if (r == 0)
                r = os_memfd("recovery", &fd);
        if (r == 0)
                r = os_write_full(fd, b.p, b.len);
        if (r == 0)
                r = os_memfd_seal(fd);
        return r < 0 ? r : node_send(n, NODE_DESK, &m, sizeof(m), fd);
}

/* ---- its process ---- */

static int start_it(struct node *n, const struct config_repository *p, const int *fds,
                    unsigned n_fds) {
        const struct config_recovery *c = &n->config->recovery;
        static char kind[24], path[PATH_MAX_TEXT], scratch[PATH_MAX_TEXT], limit[40], landlock[24];
        const char *drill[] = {kind, path, scratch, limit, landlock, NULL};
        const char *wipe[] = {"wipe=1", scratch, landlock, NULL};
        struct node_mender *j = &n->mender;

        if (p && (strlen(p->path) > 900 || strlen(c->scratch) > 900))
                return -ENAMETOOLONG;
        if (p) {
                snprintf(kind, sizeof(kind), "kind=%d",
                         strcmp(p->kind, "borg") == 0 ? MENDER_BORG : MENDER_RESTIC);
                snprintf(path, sizeof(path), "path=%s", p->path);
        }
        snprintf(scratch, sizeof(scratch), "scratch=%s", c->scratch);
        snprintf(limit, sizeof(limit), "limit=%u", c->limit_s);
        snprintf(landlock, sizeof(landlock), "landlock=%d", n->o.landlock);
        struct child_spec spec = {
                .name = "mender", .fds = fds, .n_fds = n_fds, .args = p ? drill : wipe, .cpu = -1};
        int r = child_start(&j->child, &spec);
        if (r < 0)
                return r;
        j->began = os_monotonic();
        return os_ready_add(n->ep, j->child.sock, OS_READABLE, NODE_MENDER_TAG);
}

static void forget_it(struct node *n) {
        struct node_mender *j = &n->mender;

        os_close_quiet(j->output);
        *j = (struct node_mender){.child = {.sock = -1}, .output = -1};
}

void node_mender_wipe(struct node *n) {
        const struct config_recovery *c = &n->config->recovery;

        if (!c->n || !c->scratch || n->mender.child.pid > 0 || n->stopping)
                return;
        n->mender.wipes = true;
        int r = start_it(n, NULL, NULL, 0);
        if (r < 0) {
                node_say(n, 0, "mender", "cannot start: %s", error_text(r));
                forget_it(n);
        }
}

static int tell_desk(struct node *n, struct msg_mender_done *m, int fd) {
        m->type = MENDER_DONE;
        m->id = n->mender.id;
        m->attempt = n->mender.attempt;
        return n->workers[NODE_DESK].child.pid > 0 ? node_send(n, NODE_DESK, m, sizeof(*m), fd) : 0;
}

/* It ended; error < 0: not as it should. */
static void end(struct node *n, struct msg_mender_done *m) {
        struct node_mender *j = &n->mender;
        bool wipes = j->wipes, good = m->error == 0;

        (void)os_epoll_del(n->ep, j->child.sock);
        if (j->child.pid > 0 && !good)
                os_kill(j->child.pid, SIGKILL);
        int status = child_reap(&j->child);
        if (!good && !wipes)
                node_say(n, 0, "mender", "drill=%lld %s%s", (long long)j->id,
                         m->error == -ETIMEDOUT ? "took too long: " : "", child_fate(status));
        if (wipes && status != 0)
                node_say(n, 0, "mender", "the scratch folder could not be emptied: %s",
                         child_fate(status));
        if (good && !wipes && (m->len > MENDER_OUT_MAX || os_memfd_seal(j->output) < 0))
                m->error = -EIO;
        if (!wipes && tell_desk(n, m, m->error == 0 ? j->output : -1) < 0)
                node_say(n, 0, "mender", "drill=%lld its end could not be told", (long long)j->id);
        forget_it(n);
        if (!good && !wipes)
                node_mender_wipe(n);
}

void node_mender_message(struct node *n) {
        struct msg_mender_done m = {0}, died = {.error = -ECHILD};
        struct node_mender *j = &n->mender;

        if (j->child.pid <= 0)
                return;
        ssize_t got = os_recv(j->child.sock, &m, sizeof(m), NULL, 0, NULL);
        bool good = got == sizeof(m) && m.type == MENDER_DONE && m.error <= 0 && m.error > -4096;

        end(n, j->wipes || good ? &m : &died);
}

void node_mender_tick(struct node *n) {
        struct msg_mender_done late = {.error = -ETIMEDOUT};
        int64_t most = (int64_t)n->config->recovery.limit_s * 1000000000 + PATIENCE_NS;

        if (n->mender.child.pid > 0 && os_monotonic() - n->mender.began > most)
                end(n, &late);
}

/* The desk is gone: it asks again. */
void node_mender_forget(struct node *n) {
        if (n->mender.child.pid <= 0 || n->mender.wipes)
                return;
        (void)os_epoll_del(n->ep, n->mender.child.sock);
        os_kill(n->mender.child.pid, SIGKILL);
        (void)child_reap(&n->mender.child);
        forget_it(n);
        node_mender_wipe(n);
}

void node_mender_end(struct node *n) {
        if (n->mender.child.pid > 0)
                os_kill(n->mender.child.pid, SIGKILL);
        (void)child_reap(&n->mender.child);
        forget_it(n);
}

static const struct config_repository *find(const struct config_recovery *c, const char *name) {
        for (uint32_t i = 0; i < c->n; i++)
                if (strcmp(c->list[i].name, name) == 0)
                        return &c->list[i];
        return NULL;
}

static int begin(struct node *n, const struct config_repository *p, int job) {
        _cleanup_(os_closep) int secret = -1;
        struct stat st;
        uint64_t print = 0;
        int r = node_seal_file(p->password, &secret, &print);

        if (r < 0)
                node_say(n, 0, "mender", "path=%s cannot be read: %s", p->password, error_text(r));
        if (r == 0)
                r = os_fstat(secret, &st);
        if (r == 0 && (st.st_size == 0 || st.st_size > (off_t)PASSWORD_MAX))
                r = -EBADMSG;
        if (r == 0)
                r = os_memfd("drill", &n->mender.output);
        if (r == 0)
                r = os_memfd_room(n->mender.output, MENDER_OUT_MAX);
        return r < 0 ? r : start_it(n, p, (int[]){job, n->mender.output, secret}, 3);
}

int node_mender(struct node *n, struct msg_mender *m, int job) {
        struct msg_mender_done failed = {.error = -ENOENT};

        m->repository[sizeof(m->repository) - 1] = '\0';
        if (os_memfd_is_sealed(job) != 1)
                return -EPROTO;
        if (n->mender.child.pid > 0 && !n->mender.wipes)
                return -EPROTO;
        if (n->mender.child.pid > 0) /* what is wiped is wiped by the next one too */
                node_mender_end(n);
        const struct config_repository *p = find(&n->config->recovery, m->repository);
        n->mender.id = m->id;
        n->mender.attempt = m->attempt;
        if (p) {
                failed.error = begin(n, p, job);
                if (failed.error == 0)
                        return 0;
                node_say(n, 0, "mender", "drill=%lld cannot start: %s", (long long)m->id,
                         error_text(failed.error));
        }
        if (n->mender.child.pid > 0)
                child_stop(&n->mender.child, 0);
        int r = tell_desk(n, &failed, -1);
        forget_it(n);
        return r;
}

/* What each process of a node is given at its start: descriptors at fixed numbers, numbers and paths
 * as arguments, nothing else. See node.h and wire/node.h, wire/node_ingest.h.
 *
 *     vault    4 its key file, 5 the file of the audit log's head
 *     store    the directory of events; a line to the vault by NODE_PEER
 *     desk     4 counters (read-only); the directory of the state; a line to the vault by NODE_PEER
 *     ingest   4 ring, 5 memory of duplicates, 6 counters; listeners, sources, secrets by message
 *     console  4 counters, 5 node_stats (both read-only); as its arguments say, listeners of numbers and
 *              of pages, certificate, key; a line to the desk by NODE_PEER
 *     courier  nothing; its configuration and a line to the desk by message
 *     seal     4 ring (read-only), 5 its output
 *     judge    4 ring (read-only), 5 program, 6 its outbox
 */
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "main/node_impl.h"
#include "main/phrases.h"
#include "os/bind.h"
#include "os/net.h"

#define SEND_MS 1000
#define BIND_AGAIN_MS 50

static int shared_memory(const char *name, size_t size, int *ret_fd) {
        int r = os_memfd(name, ret_fd);

        return r < 0 ? r : os_ftruncate(*ret_fd, size);
}

/* The same memory by a descriptor that cannot be mapped writable. */
static int read_only(int fd) {
        char path[64];

        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        return os_open(path, O_RDONLY, 0);
}

/* Written in full, as a hole could not be filled once the disk is: who maps it would die of that. */
static int fill_with_zeros(int fd, size_t len) {
        static const char zeros[65536];
        int r = os_ftruncate(fd, 0);

        for (size_t at = 0; at < len && r == 0; at += sizeof(zeros))
                r = os_write_full(fd, zeros, MIN(sizeof(zeros), len - at));
        return r;
}

/* A file, so that it outlives main too: entries name sequence numbers, which go on where they were.
 * Where there can be none it is memory, and a crash of main forgets who sent what. */
static int open_duplicates(struct node *n) {
        size_t len = n->config->duplicates_bytes;
        char path[PATH_MAX_TEXT];
        struct stat st;
        int fd, r;

        snprintf(path, sizeof(path), "%s/state/duplicates", n->config->directory);
        fd = os_open(path, O_RDWR | O_CREAT, 0600);
        r = fd < 0 ? fd : os_fstat(fd, &st);
        if (r == 0 && st.st_size != (off_t)len)
                r = fill_with_zeros(fd, len);
        if (r == 0) {
                n->dedup_fd = fd;
                return 0;
        }
        if (fd >= 0) {
                (void)os_ftruncate(fd, 0);
                os_close(fd);
        }
        node_say(n, 1, "main", "path=%s cannot be made, so a crash forgets duplicates: %s", path,
                 error_text(r));
        base_fail_clear();
        return shared_memory("duplicates", len, &n->dedup_fd);
}

int node_make_shared(struct node *n) {
        void *p = NULL;
        int r = shared_memory("ring", RING_SLOTS * SLOT_BYTES, &n->ring_fd);

        if (r == 0)
                r = open_duplicates(n);
        if (r == 0)
                r = shared_memory("counters", sizeof(struct counters_page), &n->counters_fd);
        if (r == 0)
                r = os_map(n->counters_fd, sizeof(struct counters_page), false, &p);
        if (r < 0)
                return FAIL(r);
        n->counters = p;
        n->ring_ro = read_only(n->ring_fd);
        if (n->ring_ro < 0)
                return FAIL(n->ring_ro);
        for (unsigned i = 0; i < n->seals && r == 0; i++)
                r = shared_memory("sealed", SEAL_HALVES * SEAL_HALF_BYTES,
                                  &n->workers[NODE_SEAL0 + i].shared);
        return r;
}

/* Which program has it, and where in the configuration another address is named. */
const char *node_bind_advice(int error, const char *key) {
        static char advice[200];

        if (error == -EADDRINUSE)
                snprintf(advice, sizeof(advice),
                         ": another program has it ('ss -lntup' says which); end that one, or give "
                         "another address under '%s' of the configuration",
                         key);
        else if (error == -EACCES)
                snprintf(advice, sizeof(advice),
                         ": ports below 1024 need CAP_NET_BIND_SERVICE; take one above under '%s'",
                         key);
        else
                advice[0] = '\0';
        return advice;
}

static int bind_one(const struct config_listen *l) {
        enum bind_kind kind = listen_is_datagram(l->protocol) ? BIND_DATAGRAM : BIND_STREAM;

        return l->path ? os_local_bind(kind, l->path) : os_bind(kind, l->address, l->port);
}

int node_bind(struct node *n, const struct config *c, int *to, int patience_ms) {
        for (uint32_t i = 0; i < c->n_listen; i++) {
                const struct config_listen *l = &c->listen[i];
                int fd = bind_one(l);

                for (; fd == -EADDRINUSE && patience_ms > 0; patience_ms -= BIND_AGAIN_MS) {
                        (void)os_poll(NULL, 0, BIND_AGAIN_MS);
                        fd = bind_one(l);
                }
                if (fd < 0) {
                        node_say(n, 0, "main", "listener=%s %s%s port=%u cannot be bound: %s%s",
                                 l->name, l->path ? "path=" : "", l->path ? l->path : "", l->port,
                                 strerror(-fd), node_bind_advice(fd, "listen:"));
                        return fd;
                }
                to[i] = fd;
        }
        return 0;
}

/* ---- ingest ---- */

int node_send(struct node *n, enum node_process p, const void *m, size_t len, int fd) {
        struct pollfd f = {.fd = n->workers[p].child.sock, .events = POLLOUT};
        int r = os_send_now(f.fd, m, len, &fd, fd >= 0 ? 1 : 0);

        /* A thousand sources do not fit the socket at once; who does not read for a second is not
         * waited for. */
        if (r == -EAGAIN && os_poll(&f, 1, SEND_MS) > 0)
                r = os_send_now(f.fd, m, len, &fd, fd >= 0 ? 1 : 0);
        return r;
}

static uint32_t listen_id(const struct config *c, const char *name) {
        for (uint32_t i = 0; name && i < c->n_listen; i++)
                if (strcmp(c->listen[i].name, name) == 0)
                        return i + 1;
        return 0;
}

static void copy_text(char *to, size_t room, const char *from) {
        size_t len = from ? MIN(strlen(from), room - 1) : 0;

        memset(to, 0, room);
        if (len)
                memcpy(to, from, len);
}

static int tell_source(struct node *n, uint32_t i) {
        const struct config_source *s = &n->config->sources[i];
        struct msg_source m = {.type = NODE_SOURCE,
                               .id = s->id,
                               .format = s->format,
                               .listen = listen_id(n->config, s->listen),
                               .record_max = s->record_max,
                               .records_s = s->records_s,
                               .silent_s = s->silent_s,
                               .bytes_s = s->bytes_s};
        uint32_t listen = listen_id(n->config, s->listen);
        bool local = listen && listen_is_local(n->config->listen[listen - 1].protocol);
        bool listens = s->n_nets || s->identity || s->tokens || local;
        uint32_t at = 0;
        int r;

        m.flags = listens ? 0 : SOURCE_FILE;
        copy_text(m.name, sizeof(m.name), s->name);
        copy_text(m.system, sizeof(m.system), s->system);
        copy_text(m.identity, sizeof(m.identity), s->identity);
        do {
                m.n_nets = MIN(s->n_nets - at, SOURCE_NETS_MAX);
                if (m.n_nets)
                        memcpy(m.nets, s->nets + at, m.n_nets * sizeof(m.nets[0]));
                r = node_send(n, NODE_INGEST, &m, sizeof(m), -1);
                at += m.n_nets;
                m.flags |= SOURCE_MORE;
        } while (r == 0 && at < s->n_nets);
        return r;
}

/* So that its process holds no path. */
int node_seal_file(const char *path, int *ret_fd, uint64_t *print) {
        _cleanup_(os_closep) int fd = -1;
        char *text = NULL;
        size_t len;
        int r = os_read_file(path, SECRET_MAX, &text, &len);

        if (r == 0)
                r = os_memfd("secret", &fd);
        if (r == 0)
                r = os_write_full(fd, text, len);
        if (r == 0)
                r = os_memfd_seal(fd);
        if (text) {
                *print = hash_span(span_of(text, len), *print + 1);
                explicit_bzero(text, len);
        }
        free(text);
        if (r == 0)
                *ret_fd = os_take(&fd);
        return r;
}

/* A file of secrets, as sealed memory. */
static int tell_secret(struct node *n, enum secret_kind kind, uint32_t owner, const char *path) {
        _cleanup_(os_closep) int fd = -1;
        uint64_t print = 0;
        struct stat st;

        if (!path)
                return 0;
        int r = node_seal_file(path, &fd, &print);
        if (r == 0)
                r = os_fstat(fd, &st);
        if (r < 0) {
                node_say(n, 0, "main", "path=%s cannot be read: %s", path, strerror(-r));
                return r == -ENOENT || r == -EACCES ? 0 : r; /* that listener or source alone */
        }
        struct msg_secret m = {NODE_SECRET, kind, owner, (uint32_t)st.st_size};
        return node_send(n, NODE_INGEST, &m, sizeof(m), fd);
}

static int tell_tls(struct node *n, uint32_t owner, const struct config_tls *t) {
        int r = tell_secret(n, SECRET_CERTIFICATE, owner, t->certificate);

        if (r == 0)
                r = tell_secret(n, SECRET_KEY, owner, t->key);
        if (r == 0)
                r = tell_secret(n, SECRET_AUTHORITIES, owner, t->authorities);
        if (r == 0)
                r = tell_secret(n, SECRET_REVOKED, owner, t->revoked);
        return r;
}

static uint64_t print_of(uint64_t h, const struct config_tls *t) {
        const char *const paths[] = {t->certificate, t->key, t->authorities, t->revoked};

        for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
                char *text;
                size_t len;

                if (!paths[i] || os_read_file(paths[i], SECRET_MAX, &text, &len) < 0)
                        continue;
                h = hash_span(span_of(text, len), h + i);
                explicit_bzero(text, len);
                free(text);
        }
        return h;
}

/* Certificates are renewed under the same names: their bytes tell. */
static uint64_t tls_print(const struct config *c) {
        uint64_t h = print_of(0, &c->tls);

        for (uint32_t i = 0; i < c->n_listen; i++)
                h = print_of(h + 1, &c->listen[i].tls);
        return h;
}

bool node_tls_changed(const struct node *n) {
        return n->tls_print != tls_print(n->config);
}

int node_tell_tls(struct node *n) {
        const struct config *c = n->config;
        int r = tell_tls(n, 0, &c->tls);

        n->tls_print = tls_print(c);
        for (uint32_t i = 0; i < c->n_listen && r == 0; i++)
                r = tell_tls(n, i + 1, &c->listen[i].tls);
        return r;
}

static int tell_listener(struct node *n, uint32_t i) {
        const struct config_listen *l = &n->config->listen[i];
        struct msg_listen m = {.type = NODE_LISTEN,
                               .id = i + 1,
                               .protocol = l->protocol,
                               .flags = l->flags,
                               .framing = l->framing,
                               .max_connections = l->max_connections,
                               .per_peer = l->per_peer,
                               .idle_s = l->idle_s,
                               .request_max = l->request_max};

        copy_text(m.name, sizeof(m.name), l->name);
        int r = tell_tls(n, i + 1, &l->tls);
        return r < 0 ? r : node_send(n, NODE_INGEST, &m, sizeof(m), n->listeners[i]);
}

int node_tell_ingest(struct node *n) {
        const struct config *c = n->config;
        int r = tell_tls(n, 0, &c->tls);

        n->tls_print = tls_print(c);
        for (uint32_t i = 0; i < c->n_listen && r == 0; i++)
                r = tell_listener(n, i);
        return r < 0 ? r : node_tell_sources(n);
}

int node_tell_gone(struct node *n, uint32_t id) {
        struct msg_source m = {.type = NODE_SOURCE, .id = id, .flags = SOURCE_GONE};

        return node_send(n, NODE_INGEST, &m, sizeof(m), -1);
}

int node_tell_sources(struct node *n) {
        const struct config *c = n->config;
        int r = 0;

        for (uint32_t i = 0; i < c->n_sources && r == 0; i++) {
                r = tell_source(n, i);
                if (r == 0)
                        r = tell_secret(n, SECRET_TOKENS, c->sources[i].id, c->sources[i].tokens);
        }
        return r;
}

/* The line that drills are played over: made anew whenever either of its ends begins. Nobody else ever has an end of it. */
static int join_replay(struct node *n) {
        struct msg_plain m = {NODE_PEER, NODE_PEER_REPLAY};
        int pair[2];

        if (n->workers[NODE_INGEST].child.pid <= 0 || n->workers[NODE_DESK].child.pid <= 0)
                return 0;
        int r = os_socketpair_stream(pair);
        if (r < 0)
                return FAIL(r);
        r = node_send(n, NODE_INGEST, &m, sizeof(m), pair[0]);
        if (r == 0)
                r = node_send(n, NODE_DESK, &m, sizeof(m), pair[1]);
        os_close(pair[0]);
        os_close(pair[1]);
        return r;
}

/* ---- starting ---- */

static int new_outbox(struct node *n, struct worker *w) {
        void *p = NULL;

        if (w->out)
                os_unmap(w->out, sizeof(struct outbox));
        os_close_quiet(w->shared);
        w->out = NULL;
        w->shared = -1;
        int r = shared_memory("outbox", sizeof(struct outbox), &w->shared);
        if (r == 0)
                r = os_map(w->shared, sizeof(struct outbox), true, &p);
        if (r < 0)
                return FAIL(r);
        w->out = p;
        return 0;
}

/* A line to the vault of the store or the desk: made anew whenever either end of it begins. */
static int join_vault(struct node *n, enum node_process other) {
        struct msg_plain m = {NODE_PEER, other == NODE_DESK ? NODE_PEER_DESK : 0};
        int pair[2];

        if (n->workers[NODE_VAULT].child.pid <= 0 || n->workers[other].child.pid <= 0)
                return 0;
        int r = os_socketpair_seqpacket(pair);
        if (r < 0)
                return FAIL(r);
        r = node_send(n, NODE_VAULT, &m, sizeof(m), pair[0]);
        m.value = 0;
        if (r == 0)
                r = node_send(n, other, &m, sizeof(m), pair[1]);
        os_close(pair[0]);
        os_close(pair[1]);
        return r;
}

/* The file that is configured, as it is now; without one, an empty list, so that those of a file that
 * was taken away end. One that cannot be read changes nothing: what it had stays in force. */
static int tell_exceptions(struct node *n) {
        struct msg_plain m = {DESK_EXCEPTIONS, 0};
        const char *path = n->config->exceptions;
        _cleanup_(os_closep) int fd = -1;
        struct stat st;
        int r = 0;

        if (!path)
                r = os_memfd("no exceptions", &fd);
        else
                r = fd = os_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
        if (path && r >= 0)
                r = os_fstat(fd, &st);
        if (path && r >= 0 && !S_ISREG(st.st_mode))
                r = -EINVAL;
        if (r < 0) {
                node_say(n, 0, "main", "path=%s the exceptions cannot be read: %s",
                         path ? path : "-", error_text(r));
                return 0;
        }
        return node_send(n, NODE_DESK, &m, sizeof(m), fd);
}

int node_tell_regimes(struct node *n) {
        struct msg_plain m = {DESK_REGIMES, 0};

        return n->regimes_fd < 0 ? 0 : node_send(n, NODE_DESK, &m, sizeof(m), n->regimes_fd);
}

/* What the file says, for people to read; the desk can do without. */
int node_tell_configuration(struct node *n) {
        struct msg_plain m = {DESK_CONFIGURATION, 0};
        _cleanup_(os_closep) int fd = -1;
        struct span shown = n->config->shown.len ? n->config->shown : SPAN("[]");
        int r = os_memfd("configuration", &fd);

        if (r == 0)
                r = os_write_full(fd, shown.p, shown.len);
        if (r == 0)
                r = os_memfd_seal(fd);
        return r < 0 ? FAIL(r) : node_send(n, NODE_DESK, &m, sizeof(m), fd);
}

int node_tell_desk(struct node *n) {
        struct msg_plain m = {DESK_PROGRAM, n->generation};
        int r = node_send(n, NODE_DESK, &m, sizeof(m), n->program_fd);

        if (r == 0)
                r = tell_exceptions(n);
        if (r == 0)
                r = node_tell_configuration(n);
        if (r == 0)
                r = node_tell_recovery(n);
        return r < 0 ? r : node_tell_regimes(n);
}

struct start {
        int fds[8];
        unsigned n_fds;
        char landlock[24], text[8][PATH_MAX_TEXT];
        const char *args[10];
        unsigned n_args;
};

_printf_(2, 3) static void argument(struct start *s, const char *fmt, ...) {
        va_list ap;

        assert(s->n_args < ARRAY_LEN(s->text));
        va_start(ap, fmt);
        vsnprintf(s->text[s->n_args], sizeof(s->text[0]), fmt, ap);
        va_end(ap);
        s->args[s->n_args] = s->text[s->n_args];
        s->n_args++;
}

static void give_fds(struct start *s, const int *fds, unsigned n) {
        memcpy(s->fds, fds, n * sizeof(int));
        s->n_fds = n;
}

static void give_more(struct start *s, const char *name, int fd) {
        if (fd < 0)
                return;
        argument(s, "%s=%u", name, s->n_fds + 4);
        s->fds[s->n_fds++] = fd;
}

static void prepare_console(struct node *n, struct start *s) {
        give_fds(s, (int[]){n->counters_ro, n->stats_ro}, 2);
        give_more(s, "metrics", n->metrics_fd);
        give_more(s, "pages", n->web.fd);
        give_more(s, "certificate", n->web.certificate_fd);
        give_more(s, "key", n->web.key_fd);
        give_more(s, "tickets", n->web.tickets_fd);
}

static int prepare(struct node *n, enum node_process p, struct start *s, const char **ret_name) {
        const struct config *c = n->config;
        struct worker *w = &n->workers[p];
        int r = 0;

        if (p == NODE_VAULT) {
                *ret_name = "vault";
                give_fds(s, &n->key_fd, 1);
                give_more(s, "head", n->head_fd);
        } else if (p == NODE_STORE) {
                *ret_name = "store";
                argument(s, "directory=%s/events", c->directory);
                argument(s, "retention=%u:%llu", c->retention_days,
                         (unsigned long long)c->retention_bytes);
        } else if (p == NODE_DESK) {
                *ret_name = "desk";
                give_fds(s, &n->counters_ro, 1);
                argument(s, "counters=4");
                argument(s, "directory=%s/state", c->directory);
                argument(s, "stats=1");
                argument(s, "times=%u:%u:%u", c->lateness_s, c->skew_s, c->alert_window_s);
                argument(s, "alerts=%u", c->retention_alerts_days);
                argument(s, "blobs=%llu", (unsigned long long)c->attachments_bytes);
        } else if (p == NODE_INGEST) {
                *ret_name = "listen";
                give_fds(s, (int[]){n->ring_fd, n->dedup_fd, n->counters_fd}, 3);
        } else if (p == NODE_CONSOLE) {
                *ret_name = "console";
                prepare_console(n, s);
        } else if (p == NODE_ACT) {
                *ret_name = "act";
                give_fds(s, &n->ledger_fd, 1);
                if (c->containment.accounts)
                        argument(s, "hand=accounts");
                if (c->containment.n_services)
                        argument(s, "hand=services");
        } else if (p == NODE_COURIER) {
                *ret_name = "courier";
        } else if (p < NODE_JUDGE0) {
                *ret_name = "seal";
                give_fds(s, (int[]){n->ring_ro, w->shared}, 2);
        } else {
                *ret_name = "judge";
                r = new_outbox(n, w);
                w->generation = n->generation;
                give_fds(s, (int[]){n->ring_ro, n->program_fd, w->shared}, 3);
                argument(s, "node=1");
        }
        return r;
}

int node_start(struct node *n, enum node_process p) {
        struct worker *w = &n->workers[p];
        struct start s = {0};
        const char *name;
        int r = prepare(n, p, &s, &name);

        if (r < 0)
                return r;
        argument(&s, "landlock=%d", n->o.landlock);
        s.args[s.n_args] = NULL;
        struct child_spec spec = {
                .name = name, .fds = s.fds, .n_fds = s.n_fds, .args = s.args, .cpu = -1};
        r = child_start(&w->child, &spec);
        if (r < 0)
                return r;
        w->up = w->retired = false;
        w->why = NULL;
        w->born = os_monotonic();
        r = os_ready_add(n->ep, w->child.sock, OS_READABLE, p);
        w->watched = r == 0;
        if (r == 0 && p == NODE_INGEST) {
                node_files_forget(n);
                node_imports_forget(n);
                r = node_tell_ingest(n);
        }
        if (r == 0 && p == NODE_DESK)
                r = node_tell_desk(n);
        if (r == 0 && (p == NODE_VAULT || p == NODE_STORE))
                r = join_vault(n, NODE_STORE);
        if (r == 0 && (p == NODE_VAULT || p == NODE_DESK))
                r = join_vault(n, NODE_DESK);
        if (r == 0 && (p == NODE_INGEST || p == NODE_DESK))
                r = join_replay(n);
        if (r == 0 && (p == NODE_CONSOLE || p == NODE_DESK))
                r = node_join_console(n);
        if (r == 0 && p == NODE_ACT)
                r = node_tell_act(n);
        if (r == 0 && (p == NODE_ACT || p == NODE_DESK))
                r = node_join_act(n);
        if (r == 0 && (p == NODE_ACT || p == NODE_COURIER))
                r = node_join_act_courier(n);
        if (r == 0 && p == NODE_COURIER)
                r = node_tell_courier(n);
        if (r == 0 && (p == NODE_COURIER || p == NODE_DESK))
                r = node_join_courier(n);
        return r;
}

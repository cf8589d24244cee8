/* See node.h.
 *
 * One epoll loop. A process that ends, whatever the reason, is reaped, the flow hears of it, and it is
 * started again: at once, or, when it keeps dying young, after a pause that doubles up to ten seconds.
 * A process that sends what it may not is ended. Judges are replaced one by one when the rules
 * change: one that is at rest makes room for its successor, so every batch is judged by exactly one
 * generation of rules. */
#include "main/node_impl.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "main/phrases.h"
#include "os/net.h"
#include "wire/audit_head.h"
#include "wire/mender.h"

#define TICK_NS INT64_C(100000000)
#define YOUNG_NS INT64_C(5000000000)
#define PAUSE_MAX_NS INT64_C(10000000000)
#define EXTRA_TAG 1000u
#define BIND_PATIENCE_MS 3000

_printf_(4, 5) void node_say(struct node *n, int level, const char *process, const char *fmt, ...) {
        char text[512];
        va_list ap;

        va_start(ap, fmt);
        vsnprintf(text, sizeof(text), fmt, ap);
        va_end(ap);
        n->o.log(n->o.ctx, level, process, text);
}

const char *node_name(enum node_process p) {
        static const char *const names[] = {"vault",   "store", "desk",   "ingest",
                                            "console", "act",   "courier"};
        static char text[32];

        if (p < ARRAY_LEN(names))
                return names[p];
        if (p < NODE_JUDGE0)
                snprintf(text, sizeof(text), "seal-%u", (unsigned)p - NODE_SEAL0 + 1);
        else
                snprintf(text, sizeof(text), "judge-%u", (unsigned)p - NODE_JUDGE0 + 1);
        return text;
}

/* Whether the flow knows it, and as what. */
static bool role_of(enum node_process p, enum flow_role *ret_role, unsigned *ret_index) {
        *ret_index = 0;
        switch (p) {
        case NODE_STORE: *ret_role = FLOW_STORE; return true;
        case NODE_DESK: *ret_role = FLOW_DESK; return true;
        case NODE_INGEST: *ret_role = FLOW_INGEST; return true;
        case NODE_VAULT:
        case NODE_CONSOLE:
        case NODE_ACT:
        case NODE_COURIER: return false;
        default: break;
        }
        *ret_role = p < NODE_JUDGE0 ? FLOW_SEAL : FLOW_JUDGE;
        *ret_index = p < NODE_JUDGE0 ? (unsigned)p - NODE_SEAL0 : (unsigned)p - NODE_JUDGE0;
        return true;
}

static enum node_process process_of(enum flow_role role, unsigned index) {
        switch (role) {
        case FLOW_INGEST: return NODE_INGEST;
        case FLOW_STORE: return NODE_STORE;
        case FLOW_DESK: return NODE_DESK;
        case FLOW_SEAL: return (enum node_process)(NODE_SEAL0 + index);
        default: return (enum node_process)(NODE_JUDGE0 + index);
        }
}

/* ---- what the flow asks for ---- */

static int flow_sends(void *ctx, enum flow_role role, unsigned index, const void *m, size_t len,
                      int fd) {
        struct node *n = ctx;
        const struct worker *w = &n->workers[process_of(role, index)];

        if (w->child.pid <= 0)
                return -EPIPE;
        return os_send_now(w->child.sock, m, len, &fd, fd >= 0 ? 1 : 0);
}

static void end_worker(struct node *n, enum node_process p, const char *why) {
        struct worker *w = &n->workers[p];

        if (w->child.pid <= 0)
                return;
        if (!w->why)
                w->why = why;
        os_kill(w->child.pid, SIGKILL);
}

static void flow_ends(void *ctx, enum flow_role role, unsigned index, const char *why) {
        end_worker(ctx, process_of(role, index), why);
}

static void flow_notes(void *ctx, int level, const char *text, uint64_t seq) {
        if (seq == UINT64_MAX)
                node_say(ctx, level, "main", "%s", text);
        else
                node_say(ctx, level, "main", "seq=%llu %s", (unsigned long long)seq, text);
}

static int64_t flow_now(void *ctx) {
        return os_monotonic();
}

static int64_t flow_spent(void *ctx, unsigned judge) {
        const struct node *n = ctx;
        int64_t t = os_cpu_time_of(n->workers[NODE_JUDGE0 + judge].child.pid);

        return MAX(t, 0);
}

/* ---- life and death ---- */

static void pause_before(struct worker *w) {
        int64_t now = os_monotonic(), pause = 0;

        w->quick = now - w->born < YOUNG_NS ? w->quick + 1 : 0;
        if (w->quick > 2)
                pause = MIN(INT64_C(50000000) << MIN(w->quick - 3, 10u), PAUSE_MAX_NS);
        w->again = now + pause;
}

static void worker_died(struct node *n, enum node_process p) {
        struct worker *w = &n->workers[p];
        enum flow_role role;
        unsigned index;

        if (w->watched)
                (void)os_epoll_del(n->ep, w->child.sock);
        w->watched = w->up = false;
        n->changed = true;
        int status = child_reap(&w->child);
        if (p == NODE_DESK)
                node_jobs_forget(n), node_searches_forget(n), node_mender_forget(n);
        if (w->retired)
                w->quick = 0;
        else if (!n->stopping)
                node_say(n, 0, node_name(p), "%s%s%s", child_fate(status), w->why ? ": " : "",
                         w->why ? w->why : "");
        w->restarts += !w->retired;
        w->renewed = w->retired;
        pause_before(w);
        if (w->retired)
                w->again = 0;
        if (role_of(p, &role, &index)) {
                uint64_t hint =
                        w->out ? __atomic_load_n(&w->out->position, __ATOMIC_RELAXED) : UINT64_MAX;
                flow_died(n->flow, role, index, hint);
        }
}

static void start_wanted(struct node *n) {
        int64_t now = os_monotonic();

        for (unsigned p = 0; p < NODE_PROCESSES; p++) {
                struct worker *w = &n->workers[p];

                if (!w->wanted || w->child.pid > 0 || w->again > now)
                        continue;
                if (n->stopping && (p == NODE_INGEST || p == NODE_CONSOLE || p == NODE_COURIER))
                        continue;
                int r = node_start(n, (enum node_process)p);
                if (r < 0) {
                        node_say(n, 0, node_name((enum node_process)p), "cannot start: %s",
                                 error_text(r));
                        if (w->child.pid > 0)
                                worker_died(n, (enum node_process)p);
                        w->again = os_monotonic() + PAUSE_MAX_NS / 10;
                } else if (p == NODE_INGEST) {
                        flow_ready(n->flow, FLOW_INGEST, 0, -1, 0);
                }
        }
}

/* Judges of older rules make room as they come to rest. */
static void renew_judges(struct node *n) {
        for (unsigned i = 0; i < n->judges; i++) {
                struct worker *w = &n->workers[NODE_JUDGE0 + i];

                if (!w->up || w->generation == n->generation || !flow_rest_judge(n->flow, i))
                        continue;
                w->retired = true;
                end_worker(n, (enum node_process)(NODE_JUDGE0 + i), "its rules are old");
        }
}

/* ---- messages ---- */

static void is_ready(struct node *n, enum node_process p) {
        struct worker *w = &n->workers[p];
        enum flow_role role;
        unsigned index;

        if (w->up)
                return;
        w->up = n->changed = true;
        if (p >= NODE_SEAL0 && role_of(p, &role, &index))
                flow_ready(n->flow, role, index, w->shared, w->generation);
}

/* What a process wants said is shown as text of a foreign hand. */
static void show_note(struct node *n, enum node_process p, const struct msg_note *m) {
        char source[SOURCE_NAME_MAX], text[sizeof(m->text)];

        memcpy(source, m->source, sizeof(source));
        memcpy(text, m->text, sizeof(text));
        source[sizeof(source) - 1] = text[sizeof(text) - 1] = '\0';
        for (char *c = source; *c; c++)
                *c = *c > ' ' && *c < 0x7f ? *c : '?';
        for (char *c = text; *c; c++)
                *c = *c >= ' ' && *c < 0x7f ? *c : '?';
        node_say(n, (int)MIN(m->level, 2u), node_name(p), "%s%s%s%s", *source ? "source=" : "",
                 source, *source ? " " : "", text);
}

/* A store that cannot begin says so and ends. */
static bool has_begun(uint32_t type, const void *m, size_t len) {
        struct msg_store_ready ready;

        if (type != STORE_READY || len != sizeof(ready))
                return type == DESK_READY;
        memcpy(&ready, m, sizeof(ready));
        return ready.error == 0;
}

/* What the desk alone may ask. false: it is something else. */
static bool desk_asks(struct node *n, const void *m, size_t len, int fd, int *ret) {
        union {
                struct msg_plain plain;
                struct msg_desk_stats stats;
                struct msg_job job;
                struct msg_mender drill;
                struct msg_store_hold hold;
        } k;

        memcpy(&k, m, MIN(len, sizeof(k)));
        *ret = 0;
        if (k.plain.type == DESK_STATS && len == sizeof(k.stats))
                node_desk_stats(n, &k.stats);
        else if (k.plain.type == JOB_DO && len == sizeof(k.job) && fd >= 0)
                *ret = node_job(n, &k.job, fd);
        else if (k.plain.type == MENDER_DO && len == sizeof(k.drill) && fd >= 0)
                *ret = node_mender(n, &k.drill, fd);
        else if (k.plain.type == DESK_HOLD && len == sizeof(k.hold))
                *ret = node_hold(n, &k.hold);
        else if (k.plain.type == DESK_SEARCH && len == sizeof(k.plain))
                *ret = node_search(n, k.plain.value);
        else
                return false;
        return true;
}

static int deal_with(struct node *n, enum node_process p, const void *m, size_t len, int fd) {
        struct msg_plain plain;
        struct msg_note note;
        struct msg_own_alert own;
        enum flow_role role;
        unsigned index;
        int done;

        if (len < sizeof(plain))
                return -EPROTO;
        memcpy(&plain, m, sizeof(plain));
        if (plain.type == PROCESS_READY && len == sizeof(plain)) {
                is_ready(n, p);
                return 0;
        }
        if (plain.type == NODE_NOTE && len == sizeof(note)) {
                memcpy(&note, m, sizeof(note));
                show_note(n, p, &note);
                return 0;
        }
        if (plain.type == DESK_INCIDENT && len == sizeof(own) && p != NODE_DESK) {
                memcpy(&own, m, sizeof(own));
                own.source[sizeof(own.source) - 1] = own.text[sizeof(own.text) - 1] = '\0';
                flow_incident(n->flow, &own);
                return 0;
        }
        if (plain.type == ACT_KEY && len == sizeof(n->act_key) && p == NODE_VAULT) {
                memcpy(&n->act_key, m, sizeof(n->act_key));
                return node_tell_act(n);
        }
        if (p == NODE_DESK && desk_asks(n, m, len, fd, &done))
                return done;
        if (plain.type == COURIER_STATS && len == sizeof(struct msg_courier_stats) &&
            p == NODE_COURIER) {
                struct msg_courier_stats stats;

                memcpy(&stats, m, sizeof(stats));
                node_courier_stats(n, &stats);
                return 0;
        }
        if (plain.type == NODE_IMPORTED && len == sizeof(struct msg_imported) && p == NODE_INGEST)
                return node_imported(n, m);
        if (len == sizeof(struct msg_kept) && ((plain.type == STORE_HELD && p == NODE_STORE) ||
                                               (plain.type == DESK_AUDITED && p == NODE_DESK))) {
                struct msg_kept kept;

                memcpy(&kept, m, sizeof(kept));
                return node_kept(n, &kept, p == NODE_DESK);
        }
        if (!role_of(p, &role, &index))
                return -EPROTO;
        if (plain.type == STORE_POSITIONS && len == sizeof(struct msg_store_frames) && fd >= 0)
                node_positions(n, m, fd);
        if (has_begun(plain.type, m, len))
                n->workers[p].up = n->changed = true;
        return flow_message(n->flow, role, index, m, len, fd);
}

/* One message, or the end. */
static void take_message(struct node *n, enum node_process p) {
        _Alignas(8) char bytes[MESSAGE_MAX];
        struct worker *w = &n->workers[p];
        unsigned n_fds = 0;
        int fd = -1;

        if (w->child.pid <= 0)
                return;
        ssize_t len = os_recv(w->child.sock, bytes, sizeof(bytes), &fd, 1, &n_fds);
        if (len <= 0) {
                worker_died(n, p);
                return;
        }
        int r = deal_with(n, p, bytes, (size_t)len, n_fds ? fd : -1);
        if (n_fds)
                os_close(fd);
        if (r < 0) {
                end_worker(n, p, r == -EPROTO ? "it said what it may not" : error_text(r));
                worker_died(n, p);
        }
}

static void tick(struct node *n) {
        int64_t now = os_monotonic();

        start_wanted(n);
        renew_judges(n);
        node_files_scan(n);
        node_imports_tick(n);
        node_keeps_tick(n);
        node_jobs_tick(n);
        node_mender_tick(n);
        node_searches_tick(n);
        if (now - n->ticked >= TICK_NS) {
                n->ticked = now;
                n->changed = true;
                flow_tick(n->flow);
        }
        if (n->changed)
                node_write_stats(n);
        n->changed = false;
}

int node_turn(struct node *n, int timeout_ms) {
        struct os_ready events[32];

        memset(n->readable, 0, sizeof(n->readable));
        int got = os_ready_wait(n->ep, events, ARRAY_LEN(events), timeout_ms);
        if (got < 0)
                return FAIL(got);
        for (int i = 0; i < got; i++) {
                if (events[i].tag == NODE_MENDER_TAG)
                        node_mender_message(n);
                else if (events[i].tag >= NODE_JOB_TAG)
                        node_job_message(n, (unsigned)(events[i].tag - NODE_JOB_TAG));
                else if (events[i].tag >= EXTRA_TAG)
                        n->readable[events[i].tag - EXTRA_TAG] = true;
                else
                        take_message(n, (enum node_process)events[i].tag);
        }
        tick(n);
        return 0;
}

int node_wait_for(struct node *n, int fd) {
        unsigned i = 0;

        while (i < n->n_extra && n->extra[i] >= 0)
                i++;
        if (i == EXTRA_MAX)
                return -ENOSPC;
        int r = os_ready_add(n->ep, fd, OS_READABLE, EXTRA_TAG + i);
        if (r < 0)
                return r;
        n->extra[i] = fd;
        n->n_extra = MAX(n->n_extra, i + 1);
        return 0;
}

int node_set_regimes(struct node *n, struct span json) {
        _cleanup_(os_closep) int fd = -1;
        int r = os_memfd("regimes", &fd);

        if (r == 0)
                r = os_write_full(fd, json.p, json.len);
        if (r == 0)
                r = os_memfd_seal(fd);
        if (r < 0)
                return FAIL(r);
        os_close_quiet(n->regimes_fd);
        n->regimes_fd = fd;
        fd = -1;
        return n->workers[NODE_DESK].child.pid > 0 ? node_tell_regimes(n) : 0;
}

bool node_is_readable(const struct node *n, int fd) {
        for (unsigned i = 0; i < n->n_extra; i++)
                if (n->extra[i] == fd)
                        return n->readable[i];
        return false;
}

/* ---- from without ---- */

int node_set_program(struct node *n, int program_fd) {
        int fd = os_dup(program_fd);

        if (fd < 0)
                return FAIL(fd);
        os_close_quiet(n->program_fd);
        n->program_fd = fd;
        n->generation++;
        return n->workers[NODE_DESK].child.pid > 0 ? node_tell_desk(n) : 0;
}

static uint32_t free_id(const struct config *a, const struct config *b) {
        for (uint32_t id = 1;; id++) {
                bool taken = false;

                for (uint32_t i = 0; i < a->n_sources; i++)
                        taken |= a->sources[i].id == id;
                for (uint32_t i = 0; b && i < b->n_sources; i++)
                        taken |= b->sources[i].id == id;
                if (!taken)
                        return id;
        }
}

/* A source keeps its number over a reload, by its name. */
static void number_sources(struct config *c, const struct config *before) {
        for (uint32_t i = 0; i < c->n_sources; i++) {
                c->sources[i].id = 0;
                for (uint32_t k = 0; before && k < before->n_sources; k++)
                        if (strcmp(before->sources[k].name, c->sources[i].name) == 0)
                                c->sources[i].id = before->sources[k].id;
        }
        for (uint32_t i = 0; i < c->n_sources; i++)
                if (c->sources[i].id == 0)
                        c->sources[i].id = free_id(c, before);
}

static bool same_text(const char *a, const char *b) {
        return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_tls(const struct config_tls *a, const struct config_tls *b) {
        return same_text(a->certificate, b->certificate) && same_text(a->key, b->key) &&
               same_text(a->authorities, b->authorities) && same_text(a->revoked, b->revoked);
}

static bool same_socket(const struct config_listen *a, const struct config_listen *b) {
        return a->protocol == b->protocol && a->port == b->port && same_text(a->path, b->path) &&
               memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

static bool same_listeners(const struct config *a, const struct config *b) {
        if (a->n_listen != b->n_listen || !same_tls(&a->tls, &b->tls))
                return false;
        for (uint32_t i = 0; i < a->n_listen; i++) {
                const struct config_listen *x = &a->listen[i], *y = &b->listen[i];

                if (!same_text(x->name, y->name) || !same_socket(x, y) || x->flags != y->flags ||
                    x->framing != y->framing || x->max_connections != y->max_connections ||
                    x->per_peer != y->per_peer || x->idle_s != y->idle_s ||
                    x->request_max != y->request_max || !same_tls(&x->tls, &y->tls))
                        return false;
        }
        return true;
}

/* Sockets that stay are kept, so that who waits in their backlog still does; the others are bound
 * before any is closed, so that an error changes nothing. */
static int swap_listeners(struct node *n, const struct config *c) {
        int fresh[LISTENERS_MAX], r = 0;

        for (uint32_t i = 0; i < LISTENERS_MAX; i++)
                fresh[i] = -1;
        for (uint32_t i = 0; i < c->n_listen && r == 0; i++) {
                struct config one = {.listen = &c->listen[i], .n_listen = 1};

                for (uint32_t k = 0; k < n->config->n_listen && fresh[i] < 0; k++)
                        if (n->listeners[k] >= 0 &&
                            same_socket(&n->config->listen[k], &c->listen[i]))
                                fresh[i] = os_dup(n->listeners[k]);
                if (fresh[i] < 0)
                        r = node_bind(n, &one, &fresh[i], 0);
        }
        for (uint32_t i = 0; i < LISTENERS_MAX; i++) {
                os_close_quiet(r == 0 ? n->listeners[i] : fresh[i]);
                if (r == 0)
                        n->listeners[i] = fresh[i];
        }
        return r;
}

static bool has_source(const struct config *c, uint32_t id) {
        for (uint32_t i = 0; i < c->n_sources; i++)
                if (c->sources[i].id == id)
                        return true;
        return false;
}

/* libmicrohttpd takes a certificate when it starts, and then no more. */
static bool http_tls(const struct config *c) {
        for (uint32_t i = 0; i < c->n_listen; i++)
                if (listen_is_http(c->listen[i].protocol) && (c->listen[i].flags & LISTEN_TLS))
                        return true;
        return false;
}

/* It hears anew, begins or ends. */
static void renew_courier(struct node *n) {
        struct worker *w = &n->workers[NODE_COURIER];

        w->wanted = n->config->courier.on;
        if (w->child.pid <= 0)
                return;
        w->retired = !w->wanted;
        if (!w->wanted || node_tell_courier(n) < 0)
                end_worker(n, NODE_COURIER, "it does not take what it is told");
}

int node_set_config(struct node *n, struct config *c) {
        const struct config *before = n->config;
        bool same = same_listeners(before, c);
        int r = 0;

        number_sources(c, before);
        if (!same)
                r = swap_listeners(n, c);
        if (r < 0)
                return r;
        n->config = c;
        node_move_console(n, before);
        renew_courier(n);
        r = n->workers[NODE_DESK].child.pid > 0 ? node_tell_configuration(n) : 0;
        if (r < 0)
                end_worker(n, NODE_DESK, "it does not take its configuration");
        r = node_tell_recovery(n);
        if (r < 0)
                end_worker(n, NODE_DESK, "it does not take the repositories");
        r = node_tell_act(n);
        if (r < 0)
                end_worker(n, NODE_ACT, "it does not take what is never touched");
        else if (node_act_needs_new(before, c))
                end_worker(n, NODE_ACT, "what it may do changed");
        r = 0;
        if (n->workers[NODE_INGEST].child.pid <= 0)
                return 0; /* it will be told all when it starts */
        bool renewed = same && node_tls_changed(n);
        if (!same || (renewed && http_tls(c))) {
                n->workers[NODE_INGEST].retired = true;
                end_worker(n, NODE_INGEST, "its listeners changed");
                return 0;
        }
        if (renewed)
                r = node_tell_tls(n);
        for (uint32_t i = 0; i < before->n_sources && r == 0; i++)
                if (!has_source(c, before->sources[i].id))
                        r = node_tell_gone(n, before->sources[i].id);
        return r < 0 ? r : node_tell_sources(n);
}

void node_stop(struct node *n) {
        struct msg_plain m = {NODE_STOP, 0};

        if (n->stopping)
                return;
        n->stopping = true;
        if (n->workers[NODE_INGEST].child.pid > 0)
                (void)os_send_now(n->workers[NODE_INGEST].child.sock, &m, sizeof(m), NULL, 0);
}

bool node_stopped(const struct node *n) {
        const struct flow_stats *s = flow_stats(n->flow);

        return n->stopping && flow_settled(n->flow) && s->full_slots == 0;
}

bool node_all_up(const struct node *n) {
        for (unsigned p = 0; p < NODE_PROCESSES; p++)
                if (n->workers[p].wanted && !n->workers[p].up)
                        return false;
        return true;
}

const struct flow_stats *node_stats(const struct node *n) {
        return flow_stats(n->flow);
}

void node_process(const struct node *n, enum node_process p, struct node_process_info *ret) {
        const struct worker *w = &n->workers[p];

        *ret = (struct node_process_info){.name = w->wanted ? node_name(p) : NULL,
                                          .pid = w->child.pid,
                                          .up = w->up,
                                          .restarts = w->restarts};
}

const struct counters_page *node_counters(const struct node *n) {
        return n->counters;
}

int node_listen_fd(const struct node *n, uint32_t i) {
        return n->listeners[i];
}

void node_incident(struct node *n, const struct msg_own_alert *a) {
        flow_incident(n->flow, a);
}

/* ---- beginning and end ---- */

static int make_directory(struct node *n, const char *sub) {
        char path[PATH_MAX_TEXT];

        if ((size_t)snprintf(path, sizeof(path), "%s%s", n->config->directory, sub) >= sizeof(path))
                return -ENAMETOOLONG;
        int r = os_mkdir(path, 0700);
        if (r == -EEXIST)
                r = 0;
        if (r < 0)
                node_say(n, 0, "main", "directory=%s cannot be made: %s", path, error_text(r));
        return r;
}

static int open_key(struct node *n) {
        char path[PATH_MAX_TEXT];

        snprintf(path, sizeof(path), "%s/keys/node.key", n->config->directory);
        n->key_fd = os_open(path, O_RDWR | O_CREAT, 0600);
        if (n->key_fd < 0)
                node_say(n, 0, "main", "path=%s cannot be opened: %s", path, error_text(n->key_fd));
        return n->key_fd < 0 ? n->key_fd : 0;
}

/* A disk that does not let it be made lets nothing else be made: said, and verify says it. */
static void open_audit_head(struct node *n) {
        char path[PATH_MAX_TEXT];

        snprintf(path, sizeof(path), "%s/state/" AUDIT_HEAD_FILE, n->config->directory);
        n->head_fd = os_open(path, O_RDWR | O_CREAT, 0600);
        if (n->head_fd < 0) {
                node_say(n, 0, "main", "path=%s cannot be opened: %s", path,
                         error_text(n->head_fd));
                base_fail_clear();
        }
}

static void wanted_processes(struct node *n) {
        n->workers[NODE_VAULT].wanted = n->workers[NODE_STORE].wanted = true;
        n->workers[NODE_DESK].wanted = n->workers[NODE_INGEST].wanted = true;
        n->workers[NODE_CONSOLE].wanted = node_has_console(n);
        n->workers[NODE_ACT].wanted = n->config->containment.on;
        n->workers[NODE_COURIER].wanted = n->config->courier.on;
        for (unsigned i = 0; i < n->seals; i++)
                n->workers[NODE_SEAL0 + i].wanted = true;
        for (unsigned i = 0; i < n->judges; i++)
                n->workers[NODE_JUDGE0 + i].wanted = true;
}

static int prepare(struct node *n) {
        struct flow_options fo = {
                .slots = RING_SLOTS, .seals = n->seals, .judges = n->judges, .judge_limit = 0};
        struct flow_calls calls = {n, flow_sends, flow_ends, flow_notes, flow_now, flow_spent};
        int r = make_directory(n, "");

        if (r == 0)
                r = make_directory(n, "/events");
        if (r == 0)
                r = make_directory(n, "/state");
        if (r == 0)
                r = make_directory(n, "/keys");
        if (r == 0)
                r = open_key(n);
        if (r == 0)
                open_audit_head(n);
        if (r == 0)
                r = node_open_ledger(n);
        if (r == 0)
                r = node_bind(n, n->config, n->listeners, BIND_PATIENCE_MS);
        if (r == 0)
                r = node_make_shared(n);
        if (r == 0)
                r = node_open_stats(n);
        if (r == 0)
                r = flow_new(&n->flow, &fo, &calls);
        if (r == 0)
                r = n->ep = os_epoll_new();
        return r < 0 ? r : 0;
}

int node_new(struct node **ret, const struct node_options *o) {
        _cleanup_(node_freep) struct node *n = calloc(1, sizeof(*n));
        unsigned cpus = MAX(os_cpu_count(), 1u);

        if (!n)
                return -ENOMEM;
        n->o = *o;
        n->config = o->config;
        n->ep = n->ring_fd = n->ring_ro = n->dedup_fd = n->counters_fd = -1;
        n->program_fd = n->regimes_fd = n->key_fd = n->metrics_fd = n->ledger_fd = n->head_fd = -1;
        n->web = (struct node_web){.fd = -1, .certificate_fd = -1, .key_fd = -1, .tickets_fd = -1};
        n->counters_ro = n->stats_fd = n->stats_ro = -1;
        for (unsigned i = 0; i < LISTENERS_MAX; i++)
                n->listeners[i] = -1;
        for (unsigned i = 0; i < NODE_PROCESSES; i++)
                n->workers[i] = (struct worker){.child = {.sock = -1}, .shared = -1};
        for (unsigned i = 0; i < EXTRA_MAX; i++)
                n->extra[i] = -1;
        for (unsigned i = 0; i < JOBS_AT_ONCE; i++)
                n->jobs[i] = (struct node_job){.child = {.sock = -1}, .output = -1};
        n->mender = (struct node_mender){.child = {.sock = -1}, .output = -1};
        for (unsigned i = 0; i < NODE_SEARCHES; i++)
                n->searches[i].child.sock = -1;
        number_sources(n->config, NULL);
        n->judges = MIN(o->config->judges ? o->config->judges : cpus, NODE_JUDGES_MAX);
        n->seals = MIN(o->config->seals ? o->config->seals : cpus, NODE_SEALS_MAX);
        int r = prepare(n);
        if (r == 0)
                r = node_set_program(n, o->program_fd);
        if (r < 0)
                return FAIL(r);
        wanted_processes(n);
        node_mender_wipe(n);
        *ret = n;
        n = NULL;
        return 0;
}

struct node *node_free(struct node *n) {
        if (!n)
                return NULL;
        n->stopping = true;
        node_journal_end(n);
        node_imports_end(n);
        node_keeps_end(n);
        node_jobs_forget(n);
        node_mender_end(n);
        node_searches_forget(n);
        /* In the order that data flows, so that each can still hand on what it has. */
        static const enum node_process first[] = {NODE_INGEST,  NODE_CONSOLE, NODE_DESK, NODE_ACT,
                                                  NODE_COURIER, NODE_STORE,   NODE_VAULT};
        for (unsigned i = 0; i < ARRAY_LEN(first); i++)
                child_stop(&n->workers[first[i]].child, 3000);
        for (unsigned i = 0; i < NODE_PROCESSES; i++) {
                struct worker *w = &n->workers[i];

                child_stop(&w->child, 500);
                if (w->out)
                        os_unmap(w->out, sizeof(struct outbox));
                os_close_quiet(w->shared);
        }
        for (unsigned i = 0; i < LISTENERS_MAX; i++)
                os_close_quiet(n->listeners[i]);
        if (n->counters)
                os_unmap(n->counters, sizeof(struct counters_page));
        node_close_stats(n);
        int fds[] = {n->ep,         n->ring_fd,    n->ring_ro, n->dedup_fd,  n->counters_fd,
                     n->program_fd, n->regimes_fd, n->key_fd,  n->ledger_fd, n->head_fd};
        for (unsigned i = 0; i < ARRAY_LEN(fds); i++)
                os_close_quiet(fds[i]);
        flow_free(n->flow);
        free(n);
        return NULL;
}

/* The desk of a node: what judges say in, alerts into the state's database. See desk/desk.h; this is
 * the loop around it, and the only place where it meets a clock.
 *
 * A batch is taken at once and answered with DESK_TAKEN, so that its judge goes on. What was taken is
 * committed COMMIT_NS later, all of it in one transaction; then each batch is answered with
 * DESK_COMMITTED (first_seq: everything below is judged and committed). Any error ends the process:
 * main starts another, and that one says from where on to judge again.
 *
 * All files are open before the sandbox (desk/state.c S2), so the desk needs no path: Landlock
 * without a rule, and no call that opens anything. */
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/lang.h"
#include "desk/drills.h"
#include "desk/evidence.h"
#include "desk/heads.h"
#include "desk/jobs.h"
#include "desk/searches.h"
#include "main/act_line.h"
#include "main/courier_line.h"
#include "main/desk_api.h"
#include "main/desk_line.h"
#include "main/phrases.h"
#include "main/processes.h"
#include "main/replay_line.h"
#include "main/rulebook.h"
#include "main/search_line.h"
#include "main/spawn.h"
#include "main/vault_line.h"
#include "os/os.h"
#include "os/sandbox.h"
#include "os/vfs.h"
#include "wire/bundle.h"
#include "wire/counters.h"
#include "wire/message.h"
#include "wire/node_stats.h"

#define COMMIT_NS (INT64_C(40) * 1000000)
#define IDLE_NS (INT64_C(2) * NS_PER_SEC)
#define TICK_MS 500
#define STATS_NS INT64_C(1000000000)
#define SLOW_NS (INT64_C(20) * 1000000)
#define WAITING_MAX 256u
#define MESSAGES_AT_ONCE 64u
#define EXCEPTIONS_BYTES ((size_t)1 << 20)
#define REGIMES_BYTES ((off_t)64 << 20)
#define PATH_ROOM 4096u
#define MEMORY_MAX ((size_t)1 << 30)
#define LAST_HEAD_MS 1500

/* What the desk waits for: its place among the descriptors. */
enum { OF_MAIN, OF_LINE, OF_VAULT, OF_ACT, OF_COURIER, OF_REPLAY, OF_API };

struct loop {
        struct desk *desk;
        struct msg_judge waiting[WAITING_MAX]; /* for the commit */
        unsigned n_waiting;
        int64_t dirty_since; /* 0: nothing to commit */
        int64_t last_batch;
        bool clocked; /* main says what time it is */
        bool ready;   /* it knows the rules */
        struct desk_line line;
        struct vault_line vault;
        struct desk_lines api;
        struct act_line act;
        struct search_lines searches;
        struct courier_line courier;
        struct replay_line replay;
        int counters; /* the page's descriptor until it is mapped; 0: none */
        bool tell;    /* main wants our numbers */
        uint64_t turns_slow;
        int64_t turn_max;
        int64_t told;
};

/* main shows it; it checks that it is printable. */
static void note(uint32_t level, const char *text) {
        struct msg_note m = {.type = NODE_NOTE, .level = level};

        for (size_t i = 0; i < sizeof(m.text) - 1 && text[i]; i++)
                m.text[i] = text[i] >= ' ' && text[i] < 0x7f ? text[i] : '?';
        (void)os_send(CHILD_SOCKET, &m, sizeof(m), NULL, 0);
}

static int commit(struct loop *l) {
        int r = desk_commit(l->desk, os_monotonic(), os_now());

        l->dirty_since = 0;
        for (unsigned i = 0; i < l->n_waiting && r == 0; i++) {
                struct msg_judge *m = &l->waiting[i];

                m->type = DESK_COMMITTED;
                m->first_seq = desk_watermark(l->desk);
                r = os_send(CHILD_SOCKET, m, sizeof(*m), NULL, 0);
        }
        l->n_waiting = 0;
        if (r == 0)
                desk_line_committed(&l->line);
        if (r == 0)
                desk_api_committed(l->desk);
        return r;
}

static int take_batch(struct loop *l, const struct msg_judge *m) {
        struct msg_judge taken = *m;
        int r = desk_batch(l->desk, m, os_monotonic(), os_now());

        if (r < 0)
                return r;
        taken.type = DESK_TAKEN;
        taken.error = r == DESK_E_JUDGE ? -EBADMSG : r == DESK_E_GENERATION ? -ESTALE : 0;
        l->last_batch = os_monotonic();
        if (r == 0 && m->from < m->to)
                l->waiting[l->n_waiting++] = *m;
        r = os_send(CHILD_SOCKET, &taken, sizeof(taken), NULL, 0);
        return r == 0 && l->n_waiting == WAITING_MAX ? commit(l) : r;
}

/* ---- what comes with a descriptor ---- */

static int take_outbox(struct loop *l, const struct msg_judge *m, int fd) {
        struct stat st;
        void *p = NULL;
        int r = os_fstat(fd, &st);

        if (r == 0 && (uint64_t)st.st_size < sizeof(struct outbox))
                r = -EPROTO;
        if (r == 0)
                r = os_map(fd, sizeof(struct outbox), true, &p);
        return r < 0 ? FAIL(r) : desk_outbox(l->desk, m->judge, p);
}

static int take_program(struct loop *l, const struct msg_plain *m, int fd) {
        struct stat st;
        void *p = NULL;

        if (os_memfd_is_sealed(fd) != 1) {
                note(0, "the rules were refused: not sealed");
                return 0;
        }
        int r = os_fstat(fd, &st);
        if (r == 0)
                r = os_map(fd, (size_t)st.st_size, false, &p);
        if (r < 0)
                return FAIL(r);
        r = desk_program(l->desk, m->value, p, (size_t)st.st_size);
        if (r == DESK_E_REFUSED)
                note(0, "the rules were refused: no sound program");
        l->ready = true;
        /* Since when a rule is what it is must be on disk before anybody asks for it. */
        return r < 0 ? r : desk_dirty(l->desk) ? commit(l) : 0;
}

static void note_lines(uint32_t level, struct span s) {
        while (s.len) {
                const char *nl = memchr(s.p, '\n', s.len);
                size_t n = nl ? (size_t)(nl - s.p) : s.len;
                char line[160];

                snprintf(line, sizeof(line), "%.*s", (int)MIN(n, sizeof(line) - 1), s.p);
                note(level, line);
                s = span_of(s.p + n, s.len - n);
                if (s.len)
                        s = span_of(s.p + 1, s.len - 1);
        }
}

static int take_exceptions(struct loop *l, int fd) {
        _cleanup_(buf_deinit) struct buf said = {.limit = (size_t)1 << 20};
        char *text;
        size_t len;
        int r = os_read_fd(fd, EXCEPTIONS_BYTES, &text, &len);

        if (r < 0) {
                note(0, "the exceptions could not be read: those before stay");
                return 0;
        }
        r = desk_exceptions(l->desk, SPAN("exceptions"), span_of(text, len), os_now(), &said);
        free(text);
        if (!said.failed)
                note_lines(r == DESK_E_REFUSED ? 0 : 1, buf_get(&said));
        if (r == DESK_E_REFUSED)
                note(0, "the exceptions were refused: those before stay");
        return r < 0 ? r : 0;
}

/* Mapped, not read: whoever wrote it shares its position. */
static int take_json(struct loop *l, int fd, const char *refused,
                     int (*take)(struct desk *d, struct span json)) {
        struct stat st;
        void *p = NULL;

        if (os_memfd_is_sealed(fd) != 1) {
                note(0, refused);
                return 0;
        }
        int r = os_fstat(fd, &st);
        if (r == 0 && (st.st_size <= 0 || st.st_size > REGIMES_BYTES))
                r = -EPROTO;
        if (r == 0)
                r = os_map(fd, (size_t)st.st_size, false, &p);
        if (r < 0)
                return FAIL(r);
        r = take(l->desk, span_of(p, (size_t)st.st_size));
        os_unmap(p, (size_t)st.st_size);
        if (r == DESK_E_REFUSED)
                note(0, refused);
        return r < 0 ? r : 0;
}

#ifdef COLOA_FAULTS
/* Test builds only: an incident with one of these words hijacks the desk. Status 98: it could not do
 * what it tried; 99: it could. A forbidden call ends it before. */
static void misbehave(const struct msg_own_alert *m) {
        if (strcmp(m->text, "coloa-test-open") == 0)
                _exit(os_open("/etc/passwd", 0, 0) >= 0 ? 99 : 98);
        if (strcmp(m->text, "coloa-test-exec") == 0)
                _exit(os_exec("/bin/true", (char *[]){NULL}, (char *[]){NULL}) < 0 ? 98 : 99);
        if (strcmp(m->text, "coloa-test-connect") == 0) {
                int pair[2];
                _exit(os_socketpair_stream(pair) < 0 ? 98 : 99);
        }
        if (strcmp(m->text, "coloa-test-unlink") == 0)
                _exit(os_unlink("state.db") < 0 ? 98 : 99);
        if (strcmp(m->text, "coloa-test-crash") == 0)
                abort();
}
#else
static void misbehave(const struct msg_own_alert *m) {
        (void)m;
}
#endif

/* ---- messages ---- */

union message {
        struct msg_plain plain;
        struct msg_judge judge;
        struct msg_node_seq seq;
        struct msg_own_alert own;
        struct msg_desk_audit audit;
        struct msg_desk_retro retro;
        struct msg_job_done job;
        struct msg_kept kept;
        struct msg_mender_done drill;
        char bytes[MESSAGE_MAX];
};

/* Whoever asks waits until it is on disk. */
static int take_audit(struct loop *l, const struct msg_desk_audit *m) {
        struct msg_kept kept = {.type = DESK_AUDITED, .token = m->token};

        if (!keep_audit_good(&m->audit))
                return FAIL(-EPROTO);
        int r = desk_audit(l->desk, &m->audit, os_now());
        if (r == 0)
                r = commit(l);
        return r < 0 ? r : os_send(CHILD_SOCKET, &kept, sizeof(kept), NULL, 0);
}

/* What a job made is mapped as long as it is looked at. */
static int take_job(struct loop *l, const struct msg_job_done *m, int fd) {
        struct job_said said = {.error = m->error};
        void *p = NULL;
        int r = 0;

        if (m->error == 0 && m->len) {
                if (fd < 0 || m->len > JOB_OUT_MAX || os_memfd_is_sealed(fd) != 1)
                        return FAIL(-EPROTO);
                r = os_map(fd, JOB_OUT_MAX, false, &p);
                if (r < 0)
                        return FAIL(r);
                said.out = span_of(p, m->len);
        }
        r = desk_job_said(l->desk, m->id, &said);
        if (p)
                os_unmap(p, JOB_OUT_MAX);
        return r;
}

static int give_jobs(struct loop *l) {
        const struct msg_job *m;
        int fd;

        while ((m = desk_job_next(l->desk, &fd))) {
                int r = os_send(CHILD_SOCKET, m, sizeof(*m), &fd, 1);

                if (r < 0)
                        return r;
                desk_job_sent(l->desk);
        }
        return 0;
}

/* Mapped, not read: whoever wrote it shares its position. */
static int take_recovery(struct loop *l, int fd) {
        struct stat st;
        void *p = NULL;
        int r = os_memfd_is_sealed(fd) == 1 ? os_fstat(fd, &st) : FAIL(-EPROTO);

        if (r == 0 && (st.st_size <= 0 || st.st_size > (off_t)MENDER_OUT_MAX * 2))
                r = FAIL(-EPROTO);
        if (r == 0)
                r = os_map(fd, (size_t)st.st_size, false, &p);
        if (r < 0)
                return r;
        r = desk_recovery(l->desk, span_of(p, (size_t)st.st_size));
        os_unmap(p, (size_t)st.st_size);
        return r;
}

static int take_drill(struct loop *l, const struct msg_mender_done *m, int fd) {
        void *p = NULL;
        int r = 0;

        if (m->error == 0) {
                if (fd < 0 || m->len > MENDER_OUT_MAX || os_memfd_is_sealed(fd) != 1)
                        return FAIL(-EPROTO);
                r = os_map(fd, MENDER_OUT_MAX, false, &p);
        }
        if (r == 0)
                r = desk_drill_said(l->desk, m, span_of(p, p ? m->len : 0), os_now());
        if (p)
                os_unmap(p, MENDER_OUT_MAX);
        return r;
}

static int give_drill(struct loop *l) {
        int fd = -1, r;
        const struct msg_mender *m = desk_drill_next(l->desk, os_now(), &fd, &r);

        if (!m)
                return r;
        r = os_send(CHILD_SOCKET, m, sizeof(*m), &fd, 1);
        os_close(fd);
        if (r == 0)
                desk_drill_sent(l->desk);
        return r;
}

/* One at a time. */
static int give_hold(struct loop *l) {
        int r;
        const struct msg_store_hold *m = desk_hold_next(l->desk, &r);

        if (!m)
                return r;
        r = os_send(CHILD_SOCKET, m, sizeof(*m), NULL, 0);
        if (r == 0)
                desk_hold_sent(l->desk);
        return r;
}

/* A line to a vault or console that began, or for a desk that began; or to a caller on this machine. */
static int new_peer(struct loop *l, const struct msg_plain *m, int fd) {
        if (m->value == NODE_PEER_ACT)
                return act_line_open(&l->act, fd);
        if (m->value >= NODE_PEER_SEARCH)
                return search_lines_open(&l->searches, m->value - NODE_PEER_SEARCH, fd);
        if (m->value == NODE_PEER_COURIER)
                return courier_line_open(&l->courier, fd);
        if (m->value == NODE_PEER_REPLAY)
                return replay_line_open(&l->replay, fd);
        if (m->value != NODE_PEER_CONSOLE && m->value != NODE_PEER_LOCAL)
                return vault_line_open(&l->vault, fd);
        fd = os_dup(fd);
        if (fd >= 0)
                desk_lines_open(&l->api, fd, m->value == NODE_PEER_LOCAL);
        return MIN(fd, 0);
}

static int deal_with(struct loop *l, const union message *m, size_t n, int fd) {
        if (n < sizeof(m->plain))
                return FAIL(-EPROTO);
        switch (m->plain.type) {
        case DESK_OUTBOX:
                return n == sizeof(m->judge) && fd >= 0 ? take_outbox(l, &m->judge, fd)
                                                        : FAIL(-EPROTO);
        case DESK_PROGRAM:
                return n == sizeof(m->plain) && fd >= 0 ? take_program(l, &m->plain, fd)
                                                        : FAIL(-EPROTO);
        case DESK_REGIMES:
                return n == sizeof(m->plain) && fd >= 0
                               ? take_json(l, fd, "the regimes were refused: those before stay",
                                           desk_regimes)
                               : FAIL(-EPROTO);
        case DESK_CONFIGURATION:
                return n == sizeof(m->plain) && fd >= 0
                               ? take_json(l, fd, "the configuration was refused: not shown",
                                           desk_configuration)
                               : FAIL(-EPROTO);
        case DESK_EXCEPTIONS:
                return n == sizeof(m->plain) && fd >= 0 ? take_exceptions(l, fd) : FAIL(-EPROTO);
        case NODE_PEER:
                return n == sizeof(m->plain) && fd >= 0 ? new_peer(l, &m->plain, fd)
                                                        : FAIL(-EPROTO);
        case DESK_BATCH: return n == sizeof(m->judge) ? take_batch(l, &m->judge) : FAIL(-EPROTO);
        case DESK_INCIDENT:
                if (n != sizeof(m->own))
                        return FAIL(-EPROTO);
                misbehave(&m->own);
                return desk_own(l->desk, &m->own, os_now());
        case DESK_AUDIT: return n == sizeof(m->audit) ? take_audit(l, &m->audit) : FAIL(-EPROTO);
        case DESK_RECOVERY:
                return n == sizeof(m->plain) && fd >= 0 ? take_recovery(l, fd) : FAIL(-EPROTO);
        case MENDER_DONE:
                return n == sizeof(m->drill) ? take_drill(l, &m->drill, fd) : FAIL(-EPROTO);
        case DESK_HELD:
                return n == sizeof(m->kept) ? desk_hold_said(l->desk, &m->kept, os_now())
                                            : FAIL(-EPROTO);
        case DESK_SEARCH:
                return n == sizeof(m->plain) ? desk_search_refused(l->desk, m->plain.value)
                                             : FAIL(-EPROTO);
        case JOB_DONE: return n == sizeof(m->job) ? take_job(l, &m->job, fd) : FAIL(-EPROTO);
        case DESK_CLOCK:
                if (n != sizeof(m->seq))
                        return FAIL(-EPROTO);
                l->clocked = true;
                return desk_clock(l->desk, (int64_t)MIN(m->seq.seq, (uint64_t)os_now()));
        default: return FAIL(-EPROTO);
        }
}

/* 1: there was one; 0: main has gone; -errno. */
static int take_message(struct loop *l) {
        union message m;
        unsigned n_fds = 0;
        int fds[2] = {-1, -1};
        ssize_t n = os_recv(CHILD_SOCKET, &m, sizeof(m), fds, 2, &n_fds);
        int r;

        if (n <= 0)
                return (int)n;
        m.bytes[MIN((size_t)n, sizeof(m) - 1)] = '\0';
        if (m.plain.type == DESK_RETRO && n == sizeof(m.retro) && n_fds == 2)
                return (r = desk_line_open(&l->line, &m.retro.begin, fds[0], fds[1])) < 0 ? r : 1;
        r = deal_with(l, &m, (size_t)n, n_fds ? fds[0] : -1);
        for (unsigned i = 0; i < n_fds; i++)
                os_close(fds[i]);
        return r < 0 ? r : 1;
}

/* 0: main has gone. */
static int take_messages(struct loop *l) {
        struct pollfd p = {.fd = CHILD_SOCKET, .events = POLLIN};
        int r = 1;

        for (unsigned i = 0; r > 0 && i < MESSAGES_AT_ONCE; i++) {
                r = take_message(l);
                if (r > 0 && os_poll(&p, 1, 0) <= 0)
                        return 1;
        }
        return r;
}

/* Lost when main is busy: the next ones say the same and more. */
static void tell_numbers(struct loop *l) {
        struct msg_desk_stats m = {.type = DESK_STATS};
        int64_t now = os_monotonic();
        struct desk_stats s;

        if (!l->tell || now - l->told < STATS_NS)
                return;
        l->told = now;
        desk_stats(l->desk, &s);
        const uint64_t numbers[] = {s.verdicts,
                                    s.doubled,
                                    s.counted,
                                    s.refused,
                                    s.alerts,
                                    s.suppressed,
                                    s.folded,
                                    s.hits,
                                    s.hits_forgotten,
                                    s.commits,
                                    (uint64_t)s.commit_ns,
                                    s.indicators,
                                    s.outgoing_queued,
                                    s.outgoing_failed,
                                    s.outgoing_oldest_s,
                                    l->turns_slow,
                                    (uint64_t)l->turn_max,
                                    s.exercises,
                                    s.exercise_plays,
                                    s.injects_late,
                                    s.drill_behind_ms,
                                    s.drill_failed};
        _Static_assert(ARRAY_LEN(numbers) == NUMBER_COURIER_MAILS - NUMBER_VERDICTS,
                       "wire/node_stats.h");
        m.n = ARRAY_LEN(numbers);
        memcpy(m.numbers, numbers, sizeof(numbers));
        (void)os_send_now(CHILD_SOCKET, &m, sizeof(m), NULL, 0);
}

/* Quiet periods close windows too. Without main's word for it: no batch for a while, and none that is
 * missing, means that everything before was judged. */
static int tick(struct loop *l) {
        if (l->clocked || !desk_whole(l->desk) || os_monotonic() - l->last_batch < IDLE_NS)
                return 0;
        return desk_clock(l->desk, os_now() - IDLE_NS);
}

/* What was asked through the API; who waits for a commit gets it at once, together with all that came in
 * the same turn. */
static int serve_api(struct loop *l, const struct pollfd *p) {
        int r = desk_lines_take(&l->api, p + OF_API);

        if (r == 0)
                r = search_lines_take(&l->searches, p + OF_API + API_LINES);
        if (r == 0 && p[OF_VAULT].revents && l->vault.sock >= 0)
                r = vault_line_take(&l->vault);
        if (r >= 0)
                r = vault_line_give(&l->vault);
        if (r >= 0 && p[OF_ACT].revents && l->act.sock >= 0)
                r = act_line_take(&l->act);
        if (r >= 0 && p[OF_COURIER].revents && l->courier.sock >= 0)
                r = courier_line_take(&l->courier);
        if (r >= 0)
                r = replay_line_take(&l->replay, &p[OF_REPLAY]);
        if (r >= 0 && desk_api_waiting(l->desk))
                r = commit(l);
        if (r >= 0)
                r = act_line_give(&l->act);
        if (r >= 0)
                r = courier_line_give(&l->courier);
        if (r >= 0)
                r = replay_line_give(&l->replay);
        if (r >= 0)
                r = give_jobs(l);
        if (r >= 0)
                r = give_hold(l);
        if (r >= 0)
                r = give_drill(l);
        if (r >= 0)
                r = search_lines_give(&l->searches, CHILD_SOCKET);
        if (r >= 0)
                desk_lines_give(&l->api);
        return r;
}

static int turn(struct loop *l, struct pollfd *p, int ready) {
        int r = ready;

        if (r > 0 && p[OF_MAIN].revents) {
                r = take_messages(l);
                if (r == 0)
                        return -EPIPE;
        } else if (r == 0) {
                r = tick(l);
        }
        if (r >= 0 && l->line.at_work)
                r = desk_line_work(&l->line);
        else if (r >= 0 && p[OF_LINE].revents)
                r = desk_line_message(&l->line);
        return r < 0 ? r : serve_api(l, p);
}

/* Whoever asks meanwhile waits as long. */
static void count_turn(struct loop *l, int64_t began) {
        int64_t took = os_monotonic() - began;

        l->turns_slow += took > SLOW_NS;
        l->turn_max = MAX(l->turn_max, took);
}

static int serve(struct loop *l) {
        for (;;) {
                struct pollfd p[OF_API + API_LINES + SEARCHES_MAX] = {
                        [OF_MAIN] = {.fd = CHILD_SOCKET, .events = POLLIN},
                        [OF_LINE] = {.fd = desk_line_fd(&l->line), .events = POLLIN},
                        [OF_VAULT] = {.fd = l->vault.sock, .events = POLLIN},
                        [OF_ACT] = {.fd = l->act.sock, .events = POLLIN}};
                int64_t now = os_monotonic();
                int wait = MIN(TICK_MS, desk_api_wait(l->desk)), r;

                courier_line_poll(&l->courier, &p[OF_COURIER]);
                replay_line_poll(&l->replay, &p[OF_REPLAY]);
                desk_lines_poll(&l->api, p + OF_API);
                search_lines_poll(&l->searches, p + OF_API + API_LINES);
                if (l->dirty_since)
                        wait = MIN(wait, (int)(MAX(l->dirty_since + COMMIT_NS - now, 0) / 1000000));
                r = os_poll(p, ARRAY_LEN(p), l->line.at_work ? 0 : wait);
                int64_t began = os_monotonic();
                r = turn(l, p, r);
                if (r < 0)
                        return r;
                tell_numbers(l);
                now = os_monotonic();
                if (!l->dirty_since && (l->n_waiting || l->line.due || desk_dirty(l->desk)))
                        l->dirty_since = now;
                if (l->dirty_since && now - l->dirty_since >= COMMIT_NS) {
                        r = commit(l);
                        if (r < 0)
                                return r;
                }
                count_turn(l, began);
        }
}

/* ---- the beginning ---- */

/* LATENESS:SKEW:WINDOW in seconds, as main writes them. */
static void read_times(struct desk_options *o, const char *text) {
        int64_t *to[] = {&o->lateness, &o->skew, &o->window};
        char *end = (char *)text;

        for (size_t i = 0; i < ARRAY_LEN(to); i++) {
                *to[i] = (int64_t)strtoul(text, &end, 10) * NS_PER_SEC;
                if (*end != ':')
                        return;
                text = end + 1;
        }
}

static int make_options(int argc, char **argv, struct loop *l, struct desk_options *o, char *path,
                        int *landlock) {
        const char *directory = NULL;

        *landlock = -1;
        for (int i = 1; i < argc; i++) {
                if (strncmp(argv[i], "directory=", 10) == 0)
                        directory = argv[i] + 10;
                else if (strncmp(argv[i], "landlock=", 9) == 0)
                        *landlock = (int)strtol(argv[i] + 9, NULL, 10);
                else if (strcmp(argv[i], "counters=4") == 0)
                        l->counters = 4;
                else if (strcmp(argv[i], "stats=1") == 0)
                        l->tell = true;
                else if (strncmp(argv[i], "vfs=", 4) == 0)
                        o->state.vfs = argv[i] + 4;
                else if (strncmp(argv[i], "alerts=", 7) == 0)
                        o->alert_days = (uint32_t)strtoul(argv[i] + 7, NULL, 10);
                else if (strncmp(argv[i], "blobs=", 6) == 0)
                        o->blob_bytes = strtoull(argv[i] + 6, NULL, 10);
                else if (strncmp(argv[i], "times=", 6) == 0)
                        read_times(o, argv[i] + 6);
        }
        if (!directory || snprintf(path, PATH_ROOM, "%s/" STATE_FILE, directory) >= (int)PATH_ROOM)
                return FAIL(-EINVAL);
        int r = os_mkdir(directory, 0700);
        return r == -EEXIST ? 0 : r;
}

static void say_failure(const struct desk *d, int error) {
        char text[160];

        if (!d) {
                snprintf(text, sizeof(text), "the state cannot be opened for writing: %s",
                         error_text(error));
                note(0, text);
        }
        snprintf(text, sizeof(text), "state=failed error=%d where=%s what=%s", -error,
                 base_fail_where(), d ? desk_error(d) : "");
        note(0, text);
}

/* Those that ship with the program; what the desk has already is left as it is. */
static int keep_playbooks(struct loop *l) {
        struct span all = content_bundle();
        struct bundle_entry e;
        size_t pos = 0;
        int r = 0;

        while (r == 0 && bundle_next(all, &pos, &e) == 1) {
                if (e.kind != BUNDLE_PLAYBOOK && e.kind != BUNDLE_SCENARIO)
                        continue;
                r = e.kind == BUNDLE_PLAYBOOK ? desk_playbook(l->desk, e.data, os_now())
                                              : desk_scenario(l->desk, e.data, os_now());
                if (r == DESK_E_REFUSED) {
                        note(0, e.kind == BUNDLE_PLAYBOOK ? "a shipped playbook was refused"
                                                          : "a shipped scenario was refused");
                        r = 0;
                }
        }
        return r < 0 || !desk_dirty(l->desk) ? r : commit(l);
}

static int map_counters(struct loop *l) {
        void *p = NULL;
        int r = os_map(l->counters, sizeof(struct counters_page), false, &p);

        os_close(l->counters);
        if (r == 0)
                desk_counters(l->desk, p);
        return r;
}

/* A clean end leaves no entry of the audit log without a head. The vault ends after the desk. */
static int last_head(struct loop *l) {
        int64_t until = os_monotonic() + (int64_t)LAST_HEAD_MS * 1000000;
        int r = 0;

        while (r == 0 && os_monotonic() < until && desk_heads_wanted(l->desk)) {
                int said = vault_line_head(&l->vault, LAST_HEAD_MS / 2);

                if (said <= 0)
                        return said;
                r = desk_commit(l->desk, os_monotonic(), os_now());
        }
        return r;
}

int process_desk(int argc, char **argv) {
        static struct loop l;
        static char path[PATH_ROOM];
        struct desk_options o = {.state = {.path = path, .vfs = OS_VFS}};
        struct msg_node_seq ready = {.type = DESK_READY};
        int landlock;
        int r = make_options(argc, argv, &l, &o, path, &landlock);

        if (r == 0)
                r = os_vfs_init();
        if (r == 0)
                r = desk_open(&l.desk, &o);
        l.line = (struct desk_line){.desk = l.desk, .sock = -1};
        l.vault = (struct vault_line){.desk = l.desk, .sock = -1};
        desk_lines_init(&l.api, l.desk);
        json_object_seed(0); /* reads a file once */
        l.act = (struct act_line){.desk = l.desk, .sock = -1};
        search_lines_init(&l.searches, l.desk);
        l.courier = (struct courier_line){.desk = l.desk, .sock = -1};
        l.replay = (struct replay_line){.desk = l.desk, .fd = -1};
        if (r == 0 && l.counters)
                r = map_counters(&l);
        if (r < 0) {
                say_failure(NULL, r);
                return 13;
        }
        if (sandbox_enter(SANDBOX_DESK, landlock, MEMORY_MAX, NULL) < 0)
                return 15;
        lang_current = LANG_EN; /* its log; alerts have both languages */
        if (keep_playbooks(&l) < 0) {
                say_failure(l.desk, -EIO);
                return 16;
        }
        l.last_batch = os_monotonic();
        for (r = 1; r > 0 && !l.ready;) /* main sends the rules at once */
                r = take_message(&l);
        if (r == 0)
                return 0;
        ready.seq = desk_watermark(l.desk);
        if (r > 0)
                r = os_send(CHILD_SOCKET, &ready, sizeof(ready), NULL, 0);
        if (r == 0)
                r = serve(&l);
        if (r == -EPIPE || r == -ECONNRESET) /* main went: what was taken stays */
                r = desk_commit(l.desk, os_monotonic(), os_now());
        if (r == 0)
                r = last_head(&l);
        if (r < 0)
                say_failure(l.desk, r);
        else
                desk_rest(l.desk);
        return r < 0 ? 16 : 0;
}

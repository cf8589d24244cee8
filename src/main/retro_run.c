/* See retro_run.h. A block is a piece of work. Pieces are handed on in their order, whatever order
 * judges finish in, so that how far a run came is one number.
 *
 * A judge that dies leaves its piece, and what it said of it is forgotten: the record it was at is
 * tried alone, what stands before and behind it apart (its word may be a lie, so later deaths halve
 * it). A record that two judges died on alone is set aside: named, and the rest goes on. */
#include "main/retro_run.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/timestamp.h"
#include "main/pool.h"
#include "main/seekers.h"
#include "os/fault.h"
#include "wire/node.h"
#include "wire/outbox.h"

#define JUDGES_MAX 16u
#define QUEUE 2u
#define PIECES_MAX 128u
#define POLL_MS 100
#define PIECE_NS (INT64_C(20) * NS_PER_SEC) /* of processor time */
#define ALONE_NS (INT64_C(3) * NS_PER_SEC)
#define SLOW 30 /* a judge that uses none has that much longer */
#define ALONE_DEATHS 2u
#define HINTS_TRUSTED 3u
#define HELD_MAX ((size_t)64 << 20) /* of findings that wait for their turn: then no new block */
#define PIECE_FINDINGS_MAX ((size_t)400 << 20)

enum piece_state { PIECE_WAITS, PIECE_GIVEN, PIECE_DONE };

struct stretch {
        enum piece_state state;
        int fd;
        uint64_t bytes, first_seq, from, to;
        uint64_t payload; /* about, for progress */
        unsigned deaths;
        bool aside;
        struct buf findings, hits;
};

struct worker {
        struct child child;
        bool ready;
        int outbox_fd;
        struct outbox *out;
        uint64_t tail;
        struct stretch *queue[QUEUE];
        unsigned queued;
        int64_t began, began_spent;
};

struct sweep {
        const struct retro_run_options *o;
        const struct retro_run_calls *calls;
        struct reader *reader;
        struct retro_run_stats *st;
        struct worker workers[JUDGES_MAX];
        unsigned n, unborn; /* unborn: deaths in a row before the first word */
        struct stretch *pieces[PIECES_MAX];
        unsigned n_pieces;
        struct child correlator;
        int scratch, only_fd;
        bool no_more;
        int64_t ticked;
        struct arena arena;
        char *entry;
};

/* ---- judges ---- */

static int start(struct sweep *s, struct worker *k) {
        char only[40], landlock[40], from[48], to[48], source[96];
        const char *args[] = {"node=1", only, landlock, from, to, s->o->source ? source : NULL,
                              NULL};
        void *p = NULL;
        int r = os_memfd("outbox", &k->outbox_fd);

        if (r == 0)
                r = os_ftruncate(k->outbox_fd, sizeof(struct outbox));
        if (r == 0)
                r = os_map(k->outbox_fd, sizeof(struct outbox), true, &p);
        if (r < 0)
                return FAIL(r);
        k->out = p;
        k->tail = 0;
        k->ready = false;
        k->queued = 0;
        int fds[] = {s->only_fd, s->o->program_fd, k->outbox_fd};
        snprintf(only, sizeof(only), "only=%zu", s->o->only.len);
        snprintf(landlock, sizeof(landlock), "landlock=%d", s->o->landlock);
        snprintf(from, sizeof(from), "from=%lld", (long long)s->o->from);
        snprintf(to, sizeof(to), "to=%lld", (long long)s->o->to);
        snprintf(source, sizeof(source), "source=%s", s->o->source ? s->o->source : "");
        return child_start(
                &k->child,
                &(struct child_spec){
                        .name = "judge", .fds = fds, .n_fds = 3, .args = args, .cpu = -1});
}

static void stop(struct worker *k) {
        child_stop(&k->child, 0);
        if (k->out)
                os_unmap(k->out, sizeof(struct outbox));
        os_close_quiet(k->outbox_fd);
        *k = (struct worker){.child = {.sock = -1}, .outbox_fd = -1};
}

static void begins(struct worker *k) {
        k->began = os_monotonic();
        k->began_spent = MAX(os_cpu_time_of(k->child.pid), 0);
}

/* ---- pieces ---- */

static struct stretch *piece_new(int fd, uint64_t from, uint64_t to) {
        struct stretch *p = calloc(1, sizeof(*p));

        if (!p) {
                os_close_quiet(fd);
                return NULL;
        }
        *p = (struct stretch){.fd = fd, .from = from, .to = to};
        p->findings.limit = p->hits.limit = PIECE_FINDINGS_MAX;
        return p;
}

static void piece_free(struct stretch *p) {
        os_close_quiet(p->fd);
        buf_deinit(&p->findings);
        buf_deinit(&p->hits);
        free(p);
}

static int read_block(struct sweep *s) {
        struct reader_block b;
        uint64_t bytes;
        int fd, r = reader_next(s->reader, &b);

        if (r <= 0) {
                s->no_more = true;
                return r;
        }
        r = seekers_frames(&b, &fd, &bytes);
        if (r < 0)
                return FAIL(r);
        struct stretch *p =
                piece_new(fd, MAX(b.first_seq, s->o->first), MIN(b.end_seq, s->o->past));
        if (!p)
                return FAIL(-ENOMEM);
        p->bytes = bytes;
        p->first_seq = b.first_seq;
        for (uint32_t i = 0; i < b.n_frames; i++)
                p->payload += b.entries[i].payload_len;
        if (p->from >= p->to)
                p->state = PIECE_DONE;
        s->pieces[s->n_pieces++] = p;
        return 0;
}

static size_t held(const struct sweep *s) {
        size_t n = 0;

        for (unsigned i = 0; i < s->n_pieces; i++)
                n += s->pieces[i]->findings.len + s->pieces[i]->hits.len;
        return n;
}

static struct stretch *waiting(const struct sweep *s) {
        for (unsigned i = 0; i < s->n_pieces; i++)
                if (s->pieces[i]->state == PIECE_WAITS)
                        return s->pieces[i];
        return NULL;
}

static void give(struct worker *k, struct stretch *p) {
        struct msg_judge m = {.type = JUDGE_FRAMES,
                              .slot = UINT32_MAX,
                              .first_seq = p->first_seq,
                              .from = p->from,
                              .to = p->to,
                              .bytes = p->bytes};

        if (k->queued == 0)
                begins(k);
        k->queue[k->queued++] = p;
        p->state = PIECE_GIVEN;
        if (os_send_now(k->child.sock, &m, sizeof(m), &p->fd, 1) < 0)
                os_kill(k->child.pid, SIGKILL);
}

static int give_work(struct sweep *s) {
        for (;;) {
                struct worker *best = NULL;
                struct stretch *p = waiting(s);

                for (unsigned i = 0; i < s->n; i++) {
                        struct worker *k = &s->workers[i];
                        if (k->ready && k->queued < QUEUE && (!best || k->queued < best->queued))
                                best = k;
                }
                if (!best)
                        return 0;
                if (!p && (s->no_more || s->n_pieces >= s->n * QUEUE * 2 || held(s) > HELD_MAX))
                        return 0;
                if (!p) {
                        int r = read_block(s);
                        if (r < 0)
                                return r;
                        continue;
                }
                give(best, p);
        }
}

/* ---- what came of them ---- */

static int hand_on(struct sweep *s, struct stretch *p) {
        int r = 0;

        if (p->aside) {
                s->st->aside++;
                r = s->calls->aside(s->calls->ctx, p->from);
        }
        if (r == 0)
                r = s->calls->findings(s->calls->ctx, buf_get(&p->findings), p->to);
        if (r == 0 && p->hits.len)
                r = os_write_full(s->correlator.sock, p->hits.p, p->hits.len);
        s->st->records += p->to > p->from ? p->to - p->from : 0;
        s->st->bytes += p->payload;
        s->st->at = MAX(s->st->at, p->to);
        return r;
}

static int hand_on_done(struct sweep *s) {
        unsigned n = 0;
        int r = 0;

        for (; n < s->n_pieces && s->pieces[n]->state == PIECE_DONE && r == 0; n++) {
                r = hand_on(s, s->pieces[n]);
                piece_free(s->pieces[n]);
        }
        s->n_pieces -= n;
        memmove(s->pieces, s->pieces + n, s->n_pieces * sizeof(struct stretch *));
        if (n)
                (void)fault_lag(); /* a test interrupts between two pieces, however quick the machine */
        return r;
}

/* A judge goes on with its next piece before it was heard that it is done with the first. */
static struct stretch *piece_of(const struct worker *k, uint64_t seq) {
        for (unsigned i = 0; i < k->queued; i++)
                if (seq >= k->queue[i]->from && seq < k->queue[i]->to)
                        return k->queue[i];
        return NULL;
}

/* -EBADMSG: a judge that broke the rules. */
static int drain(struct sweep *s, struct worker *k) {
        enum outbox_kind kind;
        size_t len;
        int r;

        while ((r = outbox_take(k->out, &k->tail, &kind, s->entry, &len)) == 1) {
                struct stretch *p;
                struct finding f;

                outbox_release(k->out, k->tail);
                if (kind == OUTBOX_PROBLEM)
                        continue;
                arena_reset(&s->arena);
                if (finding_decode(span_of(s->entry, len), &s->arena, &f) != (ssize_t)len ||
                    (f.flags & FINDING_ALERT) || !(p = piece_of(k, f.seq)))
                        return -EBADMSG;
                s->st->hits += kind == OUTBOX_HIT;
                struct buf *to = kind == OUTBOX_HIT ? &p->hits : &p->findings;
                buf_add(to, s->entry, len);
                if (to->failed)
                        return -ENOMEM;
        }
        return r;
}

static void put_in(struct sweep *s, unsigned at, struct stretch *p) {
        memmove(s->pieces + at + 1, s->pieces + at, (s->n_pieces - at) * sizeof(struct stretch *));
        s->pieces[at] = p;
        s->n_pieces++;
}

/* Again, less the record it died on. */
static int split(struct sweep *s, struct stretch *p, uint64_t hint) {
        uint64_t cut[4] = {p->from, p->from + (p->to - p->from) / 2, p->to, p->to};
        unsigned at = 0;

        buf_reset(&p->findings);
        buf_reset(&p->hits);
        p->state = PIECE_WAITS;
        p->deaths++;
        if (p->to - p->from == 1) {
                p->aside = p->deaths >= ALONE_DEATHS;
                p->state = p->aside ? PIECE_DONE : PIECE_WAITS;
                return 0;
        }
        if (p->deaths <= HINTS_TRUSTED && hint >= p->from && hint < p->to) {
                cut[1] = hint;
                cut[2] = hint + 1;
        }
        while (s->pieces[at] != p)
                at++;
        for (unsigned i = 2; i > 0; i--) {
                if (cut[i] >= cut[i + 1])
                        continue;
                if (s->n_pieces == PIECES_MAX)
                        return FAIL(-ENOSPC);
                struct stretch *part = piece_new(os_dup(p->fd), cut[i], cut[i + 1]);
                if (!part)
                        return FAIL(-ENOMEM);
                if (part->fd < 0) {
                        piece_free(part);
                        return FAIL(-EMFILE);
                }
                part->bytes = p->bytes;
                part->first_seq = p->first_seq;
                part->deaths = cut[i + 1] - cut[i] == 1 ? 0 : p->deaths;
                put_in(s, at + 1, part);
        }
        p->to = cut[1];
        if (p->from >= p->to)
                p->state = PIECE_DONE;
        return 0;
}

static int died(struct sweep *s, struct worker *k) {
        uint64_t hint = __atomic_load_n(&k->out->position, __ATOMIC_RELAXED);
        int r = 0;

        if (!k->ready && ++s->unborn > 3)
                return -ECHILD;
        s->st->deaths += k->ready;
        if (k->queued > 1) {
                k->queue[1]->state = PIECE_WAITS;
                buf_reset(&k->queue[1]->findings);
                buf_reset(&k->queue[1]->hits);
        }
        if (k->queued)
                r = split(s, k->queue[0], hint);
        stop(k);
        return r < 0 ? r : start(s, k);
}

static int take_message(struct sweep *s, struct worker *k) {
        union {
                struct msg_plain plain;
                struct msg_judge judge;
                char bytes[MESSAGE_MAX];
        } m;
        ssize_t n = os_recv(k->child.sock, &m, sizeof(m), NULL, 0, NULL);
        int r = -EBADMSG;

        if (n == sizeof(m.plain) && m.plain.type == PROCESS_READY && !k->ready) {
                k->ready = true;
                s->unborn = 0;
                return 0;
        }
        if (n == sizeof(m.plain) && m.plain.type == JUDGE_FULL) {
                struct msg_plain emptied = {JUDGE_EMPTIED, 0};

                r = drain(s, k);
                if (r == 0 && os_send_now(k->child.sock, &emptied, sizeof(emptied), NULL, 0) < 0)
                        r = -EBADMSG;
        } else if (n == sizeof(m.judge) && m.judge.type == JUDGED && k->queued &&
                   m.judge.to == k->queue[0]->to && m.judge.from == k->queue[0]->from) {
                r = drain(s, k);
                if (r == 0) {
                        s->st->damaged += MIN(m.judge.unopened, m.judge.to - m.judge.from);
                        s->st->given_up += m.judge.given_up;
                        k->queue[0]->state = PIECE_DONE;
                        k->queue[0] = k->queue[1];
                        k->queued--;
                        begins(k);
                }
        }
        return r == -EBADMSG ? died(s, k) : r;
}

static bool too_long(const struct worker *k, int64_t now) {
        const struct stretch *p = k->queue[0];
        int64_t limit = p->to - p->from == 1 ? ALONE_NS : PIECE_NS;

        return MAX(os_cpu_time_of(k->child.pid), 0) - k->began_spent > limit ||
               now - k->began > limit * SLOW;
}

static int turn(struct sweep *s) {
        struct pollfd p[JUDGES_MAX];
        int64_t now;

        for (unsigned i = 0; i < s->n; i++)
                p[i] = (struct pollfd){.fd = s->workers[i].child.sock, .events = POLLIN};
        int r = os_poll(p, s->n, POLL_MS);
        for (unsigned i = 0; i < s->n && r >= 0; i++)
                if (p[i].revents)
                        r = take_message(s, &s->workers[i]);
        now = os_monotonic();
        if (r < 0 || now - s->ticked < POLL_MS * INT64_C(1000000))
                return MIN(r, 0);
        s->ticked = now;
        for (unsigned i = 0; i < s->n; i++)
                if (s->workers[i].queued && too_long(&s->workers[i], now))
                        os_kill(s->workers[i].child.pid, SIGKILL); /* the next turn sees it */
        if (s->o->cancelled && *s->o->cancelled)
                return -ECANCELED;
        return s->calls->tick(s->calls->ctx, s->st);
}

/* ---- correlations ---- */

static int take_alerts(struct sweep *s) {
        _cleanup_(buf_deinit) struct buf in = {0};
        size_t cap = (size_t)256 << 10, have = 0;

        if (!buf_reserve(&in, cap))
                return -ENOMEM;
        for (;;) {
                ssize_t n = os_read(s->correlator.sock, in.p + have, cap - have);
                size_t used = 0;

                if (n <= 0)
                        return n < 0 ? (int)n : have ? -EBADMSG : 0;
                have += (size_t)n;
                for (;;) {
                        struct finding f;

                        arena_reset(&s->arena);
                        ssize_t k =
                                finding_decode(span_of(in.p + used, have - used), &s->arena, &f);
                        if (k == 0)
                                break;
                        int r = k < 0 ? (int)k
                                      : s->calls->alert(s->calls->ctx, &f,
                                                        span_of(in.p + used, (size_t)k));
                        if (r < 0)
                                return r;
                        used += (size_t)k;
                }
                memmove(in.p, in.p + used, have - used);
                have -= used;
        }
}

static int correlate(struct sweep *s) {
        int r = os_shutdown_write(s->correlator.sock);

        if (r == 0)
                r = take_alerts(s);
        int status = child_stop(&s->correlator, 2000);
        return r == 0 && status != 0 ? -ECHILD : r;
}

/* ---- all of it ---- */

static int prepare(struct sweep *s) {
        int r = os_memfd("only", &s->only_fd);

        s->entry = malloc(OUTBOX_ENTRY_MAX);
        if (!s->entry)
                r = -ENOMEM;
        if (r == 0)
                r = os_write_full(s->only_fd, s->o->only.p, s->o->only.len);
        if (r == 0)
                r = os_memfd_seal(s->only_fd);
        if (r == 0 && s->o->correlate)
                r = pool_start_correlator(&s->correlator, s->o->program_fd, s->o->landlock, -1,
                                          &s->scratch);
        for (unsigned i = 0; i < s->n && r == 0; i++)
                r = start(s, &s->workers[i]);
        return r;
}

int retro_run(const struct retro_run_options *o, struct reader *reader,
              const struct retro_run_calls *calls, struct retro_run_stats *ret) {
        struct sweep s = {.o = o,
                          .calls = calls,
                          .reader = reader,
                          .st = ret,
                          .n = MIN(MAX(o->judges, 1u), JUDGES_MAX),
                          .correlator = {.sock = -1},
                          .scratch = -1,
                          .only_fd = -1};

        *ret = (struct retro_run_stats){.at = o->first};
        arena_init(&s.arena, (size_t)1 << 20);
        for (unsigned i = 0; i < JUDGES_MAX; i++)
                s.workers[i] = (struct worker){.child = {.sock = -1}, .outbox_fd = -1};
        int r = prepare(&s);
        while (r == 0 && (!s.no_more || s.n_pieces)) {
                r = give_work(&s);
                if (r == 0)
                        r = hand_on_done(&s);
                if (r == 0 && (!s.no_more || s.n_pieces))
                        r = turn(&s);
        }
        for (unsigned i = 0; i < s.n; i++)
                stop(&s.workers[i]);
        if (r == 0 && o->correlate)
                r = correlate(&s);
        else
                child_stop(&s.correlator, 0);
        for (unsigned i = 0; i < s.n_pieces; i++)
                piece_free(s.pieces[i]);
        os_close_quiet(s.scratch);
        os_close_quiet(s.only_fd);
        arena_deinit(&s.arena);
        free(s.entry);
        return r;
}

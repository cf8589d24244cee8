/* See pool.h.
 *
 * ingest holds a few inputs and a few slots ahead and goes from one to the next by itself.
 * Slots: FREE -> FILLING (ingest has it) -> READY (a batch waits) -> JUDGED (a judge has it) ->
 * FREE. Only a few are in use at a time, so that a batch is still in the cache when it is judged.
 * When a judge dies, its current batch goes to its successor with the position behind the record it
 * died on; its waiting batches go back to READY.
 *
 * To wake a process costs as much as judging twenty records, and where all processors are busy the
 * woken one waits for its turn. So what is done stands in shared memory (wire/intake.h,
 * wire/outbox.h), messages only say that there is something, and both sides hand over several
 * batches at a time: a judge holds up to `depth` and gets more when half are left, which last longer
 * than we may have to wait; the same for ingest and its slots and inputs.
 *
 * A child may be hijacked, so nothing it does or leaves undone makes us wait without end: messages
 * to it are sent or it is ended, what it publishes is taken a ring at a time, and two clocks run.
 * `waited` counts only what we spent waiting ourselves, so that a reader of our output who takes
 * his time (a pager) is not held against a judge; `lived` counts all but the time we were stopped.
 */
#include "main/pool.h"
#include "main/phrases.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/lang.h"
#include "base/timestamp.h"
#include "os/fault.h"
#include "wire/batch.h"
#include "wire/intake.h"
#include "wire/outbox.h"

#define JUDGES_MAX 64u
#define JUDGE_QUEUE_MAX BATCHES_MAX
#define INPUTS_AHEAD 16u /* small files: ingest goes on to the next without asking */
#define INPUTS_LOW 8u
#define PROGRESS_LIMIT_NS                                                                          \
        (INT64_C(10) * NS_PER_SEC) /* a judge that stays on one record longer is ended */
#define BATCH_LIMIT_NS                                                                             \
        (INT64_C(300) * NS_PER_SEC) /* so is one that pretends to move, or never gets ready */
#define INGEST_LIMIT_NS (INT64_C(60) * NS_PER_SEC)    /* with a file to read and room for it */
#define CORRELATE_LIMIT_NS (INT64_C(60) * NS_PER_SEC) /* plus time for what it has to sort */
#define POLL_MS 200
#define CRASHES_MAX 1000u /* then the hunt gives up */
#define IN_PLACE 64u      /* bytes: as good as no way ahead */
#define TRIES_MAX 2u      /* of a batch whose judges die without saying where */

enum slot_state { SLOT_FREE, SLOT_FILLING, SLOT_READY, SLOT_JUDGED };

struct slot {
        enum slot_state state;
        uint32_t input, bytes, skip;
        uint32_t tries; /* judges that died without getting anywhere in it */
        uint64_t offset, order;
};

struct judge {
        struct child child;
        bool ready;
        int outbox_fd;
        struct outbox *out;
        uint64_t tail;
        uint32_t queue[JUDGE_QUEUE_MAX]; /* slots it has, the first is at work */
        unsigned queued;
        struct msg_batches next;   /* those that are still to be sent */
        uint64_t finished;         /* batches we know it is done with */
        uint64_t seen_position;    /* the furthest it said it was in the batch at work */
        int64_t seen_at, began_at; /* `waited` when it last got further; `lived` when it began */
};

struct pool {
        struct inputs *in;
        struct pool_options o;
        struct pool_calls calls;
        struct pool_stats st;
        int ring_fd, ring_ro, intake_fd, scratch;
        struct slot slots[RING_SLOTS];
        unsigned slots_used, filling;
        unsigned depth; /* batches that a judge holds at most; slots that ingest holds */
        uint64_t order;
        struct child ingest;
        bool ingest_ready;
        int64_t ingest_seen; /* `waited` when it last said something */
        struct intake *intake;
        uint64_t intake_tail;
        uint32_t ahead[INPUTS_AHEAD]; /* inputs that ingest has, the first is at work */
        unsigned n_ahead;
        uint32_t next_input, rounds;
        uint64_t input_offset; /* how far ingest got in the first */
        struct judge judges[JUDGES_MAX];
        unsigned n_judges;
        struct child correlator;
        struct arena arena;
        char *entry; /* OUTBOX_ENTRY_MAX */
        int64_t ticked, waited, lived, measured;
        int failed;
};

static volatile sig_atomic_t cancelled;

void pool_cancel(void) {
        if (cancelled < 2) /* the second time ends the correlator too */
                cancelled++;
}

static void problem(struct pool *p, uint32_t input, uint64_t offset, uint64_t length,
                    const char *what) {
        p->calls.problem(p->calls.ctx,
                         &(struct pool_problem){
                                 .input = input, .offset = offset, .length = length, .what = what});
}

/* Not ours any more: the message loop sees it end. */
static void end_child(const struct child *c) {
        if (c->pid > 0)
                os_kill(c->pid, SIGKILL);
}

/* Its clocks start anew. */
static void batch_begins(const struct pool *p, struct judge *j) {
        j->seen_position = 0;
        j->seen_at = p->waited;
        j->began_at = p->lived;
}

/* ---- starting ---- */

static int start_ingest(struct pool *p) {
        char landlock[16];
        const char *args[] = {landlock, NULL};
        int fds[2] = {p->ring_fd, p->intake_fd};

        snprintf(landlock, sizeof(landlock), "%d", p->o.landlock);
        p->ingest_ready = false;
        p->ingest_seen = p->waited;
        memset(p->intake, 0, sizeof(*p->intake));
        p->intake_tail = 0;
        return child_start(&p->ingest, &(struct child_spec){.name = "ingest",
                                                            .brisk = true,
                                                            .fds = fds,
                                                            .n_fds = 2,
                                                            .args = args,
                                                            .cpu = p->o.pin ? 0 : -1});
}

static int start_judge(struct pool *p, struct judge *j) {
        char zone[32], year[32], from[40], to[40], memo[16], level[16], landlock[24], tags[2][128],
                now[40];
        const char *args[15];
        unsigned n = 0;
        int fds[3] = {p->ring_ro, p->o.program_fd, j->outbox_fd};

        snprintf(zone, sizeof(zone), "zone=%d", p->o.zone_sec);
        snprintf(year, sizeof(year), "year=%d", p->o.year);
        snprintf(from, sizeof(from), "from=%lld", (long long)p->o.from);
        snprintf(to, sizeof(to), "to=%lld", (long long)p->o.to);
        snprintf(memo, sizeof(memo), "memo=%d", !p->o.no_memo);
        snprintf(level, sizeof(level), "level=%u", p->o.min_level);
        snprintf(landlock, sizeof(landlock), "landlock=%d", p->o.landlock);
        snprintf(now, sizeof(now), "now=%lld", (long long)p->o.now);
        args[n++] = now;
        args[n++] = zone;
        args[n++] = year;
        args[n++] = from;
        args[n++] = to;
        args[n++] = memo;
        args[n++] = level;
        args[n++] = landlock;
        args[n++] = p->o.leftovers ? "leftovers=1" : "leftovers=0";
        for (unsigned i = 0; i < p->o.n_tags && i < ARRAY_LEN(tags); i++) {
                snprintf(tags[i], sizeof(tags[i]), "tag=%s", p->o.tags[i]);
                args[n++] = tags[i];
        }
        args[n] = NULL;
        j->ready = false;
        batch_begins(p, j);
        return child_start(&j->child, &(struct child_spec){.name = "judge",
                                                           .fds = fds,
                                                           .n_fds = 3,
                                                           .args = args,
                                                           .cpu = p->o.pin ? 0 : -1});
}

/* pool_free() closes *ret_fd also when this fails. */
static int shared_memory(const char *name, size_t size, int *ret_fd, void **ret) {
        int r = os_memfd(name, ret_fd);

        if (r == 0)
                r = os_ftruncate(*ret_fd, size);
        return r < 0 ? r : os_map(*ret_fd, size, true, ret);
}

static int new_judge(struct pool *p) {
        struct judge *j = &p->judges[p->n_judges++];
        void *map;
        int r = shared_memory("outbox", sizeof(struct outbox), &j->outbox_fd, &map);

        if (r < 0)
                return r;
        assert(map);
        j->out = map;
        j->out->slot = UINT64_MAX; /* at none yet */
        return start_judge(p, j);
}

int pool_start_correlator(struct child *ret, int program_fd, int landlock, int cpu,
                          int *ret_scratch) {
        char text[16];
        const char *args[] = {text, NULL};
        const char *tmp = getenv("TMPDIR");

        snprintf(text, sizeof(text), "%d", landlock);
        *ret_scratch = os_open(tmp && *tmp ? tmp : "/tmp", O_RDWR | O_TMPFILE | O_EXCL, 0600);
        if (*ret_scratch < 0) {
                /* No such files there: memory will do, as it is only used when hits exceed the
                 * sorter's budget. */
                int r = os_memfd("scratch", ret_scratch);
                if (r < 0)
                        return r;
        }
        int fds[2] = {program_fd, *ret_scratch};
        return child_start(ret, &(struct child_spec){.name = "correlate",
                                                     .fds = fds,
                                                     .n_fds = 2,
                                                     .args = args,
                                                     .cpu = cpu,
                                                     .stream = true});
}

static int start_correlator(struct pool *p) {
        return pool_start_correlator(&p->correlator, p->o.program_fd, p->o.landlock,
                                     p->o.pin ? 0 : -1, &p->scratch);
}

static int make_ring(struct pool *p) {
        char path[64];
        int r = os_memfd("ring", &p->ring_fd);

        if (r == 0)
                r = os_ftruncate(p->ring_fd, RING_SLOTS * SLOT_BYTES);
        if (r < 0)
                return r;
        /* A second descriptor that cannot be mapped writable, for the judges. */
        snprintf(path, sizeof(path), "/proc/self/fd/%d", p->ring_fd);
        p->ring_ro = os_open(path, O_RDONLY, 0);
        if (p->ring_ro < 0)
                return p->ring_ro;
        void *map;
        r = shared_memory("intake", sizeof(struct intake), &p->intake_fd, &map);
        if (r == 0)
                p->intake = map;
        return r;
}

int pool_new(struct pool **ret, struct inputs *in, const struct pool_options *o,
             const struct pool_calls *calls) {
        _cleanup_(pool_freep) struct pool *p = calloc(1, sizeof(*p));

        if (!p)
                return -ENOMEM;
        p->in = in;
        p->o = *o;
        p->calls = *calls;
        p->ring_fd = p->ring_ro = p->intake_fd = p->scratch = -1;
        p->ingest.sock = p->correlator.sock = -1;
        for (unsigned i = 0; i < JUDGES_MAX; i++)
                p->judges[i] = (struct judge){.child.sock = -1, .outbox_fd = -1};
        arena_init(&p->arena, (size_t)1 << 20);
        p->entry = malloc(OUTBOX_ENTRY_MAX);
        if (!p->entry)
                return -ENOMEM;
        int r = make_ring(p);
        if (r == 0)
                r = start_ingest(p);
        for (unsigned i = 0; i < MIN(MAX(o->judges, 1u), JUDGES_MAX) && r == 0; i++)
                r = new_judge(p);
        if (r == 0 && o->correlate)
                r = start_correlator(p);
        if (r < 0)
                return FAIL(r);
        /* One judge is best served from the cache. Several keep all processors at work, and we and
         * ingest wait for a turn of a millisecond or more before we can give them the next. */
        p->depth = p->n_judges == 1 ? 4 : 8;
        p->slots_used = MIN(RING_SLOTS, p->depth * (p->n_judges + 1));
        *ret = p;
        p = NULL;
        return 0;
}

struct pool *pool_free(struct pool *p) {
        if (!p)
                return NULL;
        child_stop(&p->ingest, 500);
        for (unsigned i = 0; i < p->n_judges; i++) {
                child_stop(&p->judges[i].child, 500);
                if (p->judges[i].out)
                        os_unmap(p->judges[i].out, sizeof(struct outbox));
                os_close_quiet(p->judges[i].outbox_fd);
        }
        child_stop(&p->correlator, 500);
        os_close_quiet(p->ring_fd);
        os_close_quiet(p->ring_ro);
        if (p->intake)
                os_unmap(p->intake, sizeof(*p->intake));
        os_close_quiet(p->intake_fd);
        os_close_quiet(p->scratch);
        arena_deinit(&p->arena);
        free(p->entry);
        free(p);
        return NULL;
}

const struct pool_stats *pool_stats(const struct pool *p) {
        return &p->st;
}

/* ---- what judges say ---- */

/* The correlator only takes until we close: it never waits for us, so we may wait for it, but not
 * forever. */
static int send_hit(struct pool *p, struct span s) {
        struct pollfd f = {.fd = p->correlator.sock, .events = POLLOUT};
        int64_t since = 0;

        while (s.len) {
                ssize_t n = os_write_now(p->correlator.sock, s.p, s.len);
                if (n > 0) {
                        s = span_of(s.p + n, s.len - (size_t)n);
                        continue;
                }
                if (n != -EAGAIN)
                        return n < 0 ? (int)n : -EIO;
                if (since == 0)
                        since = os_monotonic();
                else if (os_monotonic() - since > CORRELATE_LIMIT_NS)
                        return -ETIMEDOUT;
                int r = os_poll(&f, 1, POLL_MS);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int take_entry(struct pool *p, enum outbox_kind kind, struct span s) {
        struct msg_problem m;
        struct finding f;

        if (kind == OUTBOX_PROBLEM) {
                if (s.len != sizeof(m))
                        return -EBADMSG;
                memcpy(&m, s.p, sizeof(m));
                m.what[sizeof(m.what) - 1] = '\0';
                if (m.input >= p->in->n)
                        return -EBADMSG;
                p->calls.problem(p->calls.ctx,
                                 &(struct pool_problem){.input = m.input,
                                                        .offset = m.offset,
                                                        .length = m.length,
                                                        .what = m.what,
                                                        .recovered = m.recovered != 0});
                return 0;
        }
        arena_reset(&p->arena);
        ssize_t n = finding_decode(s, &p->arena, &f);
        if (n < 0 || (size_t)n != s.len || f.input >= p->in->n)
                return -EBADMSG;
        if (kind == OUTBOX_FINDING)
                return p->calls.finding(p->calls.ctx, &f);
        p->st.hits++;
        if (p->correlator.sock >= 0 && send_hit(p, s) < 0) {
                os_close(p->correlator.sock); /* it died: said at the end, findings of single rules
                                                 go on */
                p->correlator.sock = -1;
        }
        return 0;
}

/* Everything published so far, which is a ring at most: a judge that goes on publishing while we
 * read waits for the next time. One that breaks the format is ended; what it said before stands. */
static int drain(struct pool *p, struct judge *j) {
        enum outbox_kind kind;
        uint64_t start = j->tail;
        size_t len;
        int r = 0;

        while (j->tail - start < OUTBOX_BYTES &&
               (r = outbox_take(j->out, &j->tail, &kind, p->entry, &len)) == 1) {
                r = take_entry(p, kind, span_of(p->entry, len));
                if (r == -EBADMSG)
                        break;
                if (r < 0)
                        return r;
                outbox_release(j->out, j->tail);
        }
        if (r == -EBADMSG)
                end_child(&j->child);
        if (j->tail != start)
                j->seen_at = p->waited;
        return 0;
}

static void free_slot(struct pool *p, uint32_t s) {
        p->slots[s].state = SLOT_FREE;
}

/* Batches it is done with, heard of or not: their findings are in the outbox, and to judge them
 * again would double those. -EPROTO: it claims what cannot be. */
static int take_finished(struct pool *p, struct judge *j) {
        struct outbox_done d;
        int r;

        while ((r = outbox_finished(j->out, &j->finished, &d)) == 1) {
                if (j->queued == 0 || j->queue[0] != d.slot)
                        return -EPROTO;
                struct input *in = &p->in->list[p->slots[d.slot].input];
                /* No more than there can be, whoever says it. */
                d.events = MIN(d.events, (uint64_t)SLOT_BYTES);
                d.bad = MIN(d.bad, (uint64_t)SLOT_BYTES);
                p->st.records += d.events;
                p->st.bad += d.bad;
                in->events += d.events;
                in->bad += d.bad;
                free_slot(p, j->queue[0]);
                memmove(j->queue, j->queue + 1, --j->queued * sizeof(j->queue[0]));
                batch_begins(p, j);
        }
        return r < 0 ? -EPROTO : 0;
}

/* What it has done and said so far, in this order: what was published before a batch ended is read
 * before anybody may think that all is over. The other way round a batch that ends in between counts
 * as done with its findings unread, and behind the last batch nobody reads on. 0, -EPROTO or what
 * ends the hunt. */
static int hear_judge(struct pool *p, struct judge *j) {
        int r = take_finished(p, j), said = drain(p, j);

        return said < 0 ? said : r;
}

/* The batch a dead judge was at. Its numbers are only hints from a process that may have been
 * hijacked: kept inside the batch, and always ahead, so that this ends. */
static void blame_batch(struct pool *p, const struct judge *j, struct slot *s, const char *fate) {
        uint64_t position = __atomic_load_n(&j->out->position, __ATOMIC_RELAXED);
        uint64_t at = __atomic_load_n(&j->out->slot, __ATOMIC_RELAXED);
        /* Else it had not begun: its numbers are still those of an earlier batch. */
        bool begun = __atomic_load_n(&j->out->batch, __ATOMIC_RELAXED) == j->finished + 1;
        uint64_t events = __atomic_load_n(&j->out->events, __ATOMIC_RELAXED);
        uint64_t bad = __atomic_load_n(&j->out->bad, __ATOMIC_RELAXED);
        struct pool_problem lost = {.input = s->input, .what = fate, .crash = true};

        s->state = SLOT_READY;
        if (begun && at == j->queue[0]) {
                position = MAX(MIN(position, (uint64_t)s->bytes), (uint64_t)s->skip);
                lost.offset = s->offset + position;
                /* Dying again where it died before, it loses twice as much each time. */
                s->tries = s->skip && position - s->skip < IN_PLACE ? s->tries + 1 : 0;
                lost.length = s->tries ? MIN(UINT64_C(1) << s->tries, s->bytes - position) : 0;
                s->skip = (uint32_t)(position + MAX(lost.length, UINT64_C(1)));
                p->st.records += MIN(events, (uint64_t)SLOT_BYTES);
                p->st.bad += MIN(bad, (uint64_t)SLOT_BYTES);
                p->calls.problem(p->calls.ctx, &lost);
        } else if (++s->tries == TRIES_MAX) {
                lost.offset = s->offset + s->skip;
                lost.length = s->bytes - MIN(s->skip, s->bytes);
                s->skip = s->bytes;
                p->calls.problem(p->calls.ctx, &lost);
        }
        if (s->skip >= s->bytes)
                s->state = SLOT_FREE;
}

/* A judge is gone: name the record, give its batches on, start another. */
static int judge_died(struct pool *p, struct judge *j) {
        const char *fate = child_fate(child_reap(&j->child));
        int r = drain(p, j); /* after it is dead for certain: nothing comes any more */

        if (r < 0)
                return r;
        if (!j->ready || p->st.crashes >= CRASHES_MAX) {
                fprintf(stderr, "coloa: %s: %s\n",
                        tr("a judge cannot work", "một tiến trình phán xét không chạy được"), fate);
                return -ECHILD;
        }
        p->st.crashes++;
        (void)take_finished(p, j); /* as far as it can be believed */
        if (j->queued)
                blame_batch(p, j, &p->slots[j->queue[0]], fate);
        for (unsigned i = 1; i < j->queued; i++)
                p->slots[j->queue[i]].state = SLOT_READY;
        j->queued = 0;
        j->tail = 0;
        j->finished = 0;
        memset(j->out, 0, offsetof(struct outbox, data));
        __atomic_store_n(&j->out->slot, UINT64_MAX, __ATOMIC_RELAXED); /* at none yet */
        return start_judge(p, j);
}

static int judge_message(struct pool *p, struct judge *j) {
        union {
                struct msg_plain plain;
                char bytes[MESSAGE_MAX];
        } m;
        ssize_t n = os_recv(j->child.sock, &m, sizeof(m), NULL, 0, NULL);

        if (n == sizeof(m.plain) && m.plain.type == PROCESS_READY && !j->ready) {
                j->ready = true;
                return 0;
        }
        if (n == sizeof(m.plain) && m.plain.type == JUDGE_FULL) {
                struct msg_plain emptied = {JUDGE_EMPTIED, 0};
                int r = drain(p, j);
                if (r == 0 && os_send_now(j->child.sock, &emptied, sizeof(emptied), NULL, 0) < 0)
                        end_child(&j->child);
                return r;
        }
        if (n == sizeof(m.plain) && m.plain.type == JUDGE_DONE) {
                int r = hear_judge(p, j);
                if (r != -EPROTO)
                        return r;
        }
        return judge_died(p, j);
}

/* ---- what ingest says ---- */

static int slot_filled(struct pool *p, const struct intake_entry *e) {
        struct slot *s = e->slot < RING_SLOTS ? &p->slots[e->slot] : NULL;

        if (!s || s->state != SLOT_FILLING || p->n_ahead == 0 || e->input != p->ahead[0] ||
            e->bytes > BATCH_ROOM)
                return -EPROTO;
        p->filling--;
        if (e->bytes == 0) {
                s->state = SLOT_FREE;
                return 0;
        }
        *s = (struct slot){.state = SLOT_READY,
                           .input = e->input,
                           .bytes = e->bytes,
                           .offset = e->offset,
                           .order = p->order++};
        p->input_offset = e->offset + e->bytes;
        p->in->list[e->input].format = e->format;
        p->st.bytes += e->bytes;
        p->st.batches++;
        return 0;
}

static int input_closed(struct pool *p, const struct intake_entry *e) {
        if (p->n_ahead == 0 || e->input != p->ahead[0])
                return -EPROTO;
        memmove(p->ahead, p->ahead + 1, --p->n_ahead * sizeof(p->ahead[0]));
        p->input_offset = 0;
        p->st.bytes_read += e->bytes_read;
        if (e->error)
                problem(p, e->input, e->offset, 0, e->error < 0 ? error_text(e->error) : "?");
        return 0;
}

/* What ingest has done so far. 0 or -EPROTO: it claims what cannot be. */
static int hear_ingest(struct pool *p) {
        struct intake_entry e;
        int r;

        while ((r = intake_take(p->intake, &p->intake_tail, &e)) == 1) {
                p->ingest_seen = p->waited;
                r = e.kind == INTAKE_FILLED   ? slot_filled(p, &e)
                    : e.kind == INTAKE_CLOSED ? input_closed(p, &e)
                                              : -EPROTO;
                if (r < 0)
                        break;
        }
        return r < 0 ? -EPROTO : 0;
}

static int ingest_died(struct pool *p) {
        const char *fate = child_fate(child_reap(&p->ingest));

        (void)hear_ingest(p); /* what it had done is done, as far as it can be believed */

        if (!p->ingest_ready || p->st.crashes >= CRASHES_MAX) {
                fprintf(stderr, "coloa: %s: %s\n",
                        tr("ingest cannot work", "tiến trình thu nhận không chạy được"), fate);
                return -ECHILD;
        }
        p->st.crashes++;
        if (p->n_ahead) {
                p->calls.problem(p->calls.ctx, &(struct pool_problem){.input = p->ahead[0],
                                                                      .offset = p->input_offset,
                                                                      .what = fate,
                                                                      .crash = true});
                /* The rest of that input is lost to us: said. Those behind it are given out again.
                 */
                p->next_input = p->n_ahead > 1 ? p->ahead[1] : p->next_input;
        }
        p->n_ahead = 0;
        p->input_offset = 0;
        for (unsigned i = 0; i < RING_SLOTS; i++)
                if (p->slots[i].state == SLOT_FILLING)
                        p->slots[i].state = SLOT_FREE;
        p->filling = 0;
        return start_ingest(p);
}

static int ingest_message(struct pool *p) {
        union {
                struct msg_plain plain;
                struct msg_problem problem;
                char bytes[MESSAGE_MAX];
        } m;
        ssize_t n = os_recv(p->ingest.sock, &m, sizeof(m), NULL, 0, NULL);
        int r = hear_ingest(p); /* before a problem behind it */

        p->ingest_seen = p->waited;
        if (r < 0)
                return ingest_died(p);
        r = -EPROTO;
        if (n == sizeof(m.plain) && m.plain.type == PROCESS_READY) {
                p->ingest_ready = true;
                r = 0;
        } else if (n == sizeof(m.plain) && m.plain.type == INGEST_NEWS) {
                r = 0;
        } else if (n == sizeof(m.problem) && m.problem.type == INGEST_PROBLEM &&
                   m.problem.input < p->in->n) {
                r = take_entry(p, OUTBOX_PROBLEM, span_of(m.bytes, sizeof(m.problem)));
        }
        if (r == 0)
                return 0;
        return ingest_died(p);
}

/* ---- giving out work ---- */

/* The next inputs that can be opened go to ingest, as many as one message takes. 1: ingest does not
 * take them. */
static int open_next(struct pool *p) {
        struct msg_ingest_open m = {.type = INGEST_OPEN, .format = p->o.format, .fill = p->o.fill};
        int fds[OPENS_MAX];

        while (m.n < OPENS_MAX && p->n_ahead + m.n < INPUTS_AHEAD && p->next_input < p->in->n) {
                uint32_t i = p->next_input;
                bool slow = p->in->list[i].ino == 0;

                if (slow && m.n)
                        break; /* to open it may make us wait: first what we have */
                p->next_input++;
                int fd = inputs_open(p->in, i);
                if (fd < 0) {
                        problem(p, i, 0, 0, error_text(fd));
                } else {
                        m.list[m.n].input = i;
                        m.list[m.n].slow = slow;
                        m.list[m.n].file_time = p->in->list[i].mtime;
                        fds[m.n++] = fd;
                }
                /* A measurement goes through the list again. */
                if (p->next_input == p->in->n && ++p->rounds < p->o.repeat)
                        p->next_input = 0;
        }
        if (m.n == 0)
                return 0;
        int r = os_send_now(p->ingest.sock, &m, sizeof(m), fds, m.n);
        for (unsigned i = 0; i < m.n; i++)
                os_close(fds[i]);
        if (r < 0) {
                end_child(&p->ingest);
                p->next_input = m.list[0].input; /* for the next ingest */
                return 1;
        }
        for (unsigned i = 0; i < m.n; i++)
                p->ahead[p->n_ahead++] = m.list[i].input;
        return 0;
}

static bool inputs_left(const struct pool *p) {
        return p->n_ahead > 0 || (!cancelled && p->next_input < p->in->n);
}

/* Slots for ingest, several at a time unless the judges would run out. */
static void give_slots(struct pool *p) {
        struct msg_plain m = {INGEST_FILL, 0};
        unsigned busy = 0, ready = 0, want;

        for (unsigned i = 0; i < RING_SLOTS; i++) {
                busy += p->slots[i].state != SLOT_FREE;
                ready += p->slots[i].state == SLOT_READY;
        }
        want = MIN(p->depth - p->filling, p->slots_used - MIN(busy, p->slots_used));
        if (want == 0 || (want < p->depth && ready >= p->depth / 2))
                return;
        if (p->filling == 0)
                p->ingest_seen = p->waited;
        for (unsigned i = 0; i < RING_SLOTS && want; i++) {
                if (p->slots[i].state != SLOT_FREE)
                        continue;
                p->slots[i].state = SLOT_FILLING;
                p->filling++;
                want--;
                m.value |= 1u << i;
        }
        if (os_send_now(p->ingest.sock, &m, sizeof(m), NULL, 0) < 0)
                end_child(&p->ingest);
}

static void ask_ingest(struct pool *p) {
        if (!p->ingest_ready || cancelled)
                return;
        if (p->n_ahead <= INPUTS_LOW)
                while (p->n_ahead < INPUTS_AHEAD && p->next_input < p->in->n)
                        if (open_next(p) > 0)
                                return;
        if (p->n_ahead)
                give_slots(p);
}

static int oldest_ready(const struct pool *p) {
        int best = -1;

        for (unsigned i = 0; i < RING_SLOTS; i++)
                if (p->slots[i].state == SLOT_READY &&
                    (best < 0 || p->slots[i].order < p->slots[best].order))
                        best = (int)i;
        return best;
}

/* Who has least to do, of those that run low. */
static struct judge *idlest(struct pool *p) {
        struct judge *best = NULL;

        for (unsigned i = 0; i < p->n_judges; i++) {
                struct judge *j = &p->judges[i];
                if (j->ready && j->queued < p->depth && j->queued - j->next.n <= p->depth / 2 &&
                    (!best || j->queued < best->queued))
                        best = j;
        }
        return best;
}

static void give_to_judges(struct pool *p) {
        struct judge *j;
        int s;

        while ((s = oldest_ready(p)) >= 0 && (j = idlest(p))) {
                if (j->queued == 0)
                        batch_begins(p, j);
                p->slots[s].state = SLOT_JUDGED;
                j->queue[j->queued++] = (uint32_t)s;
                j->next.list[j->next.n].slot = (uint32_t)s;
                j->next.list[j->next.n++].skip = p->slots[s].skip;
        }
        for (unsigned i = 0; i < p->n_judges; i++) {
                j = &p->judges[i];
                if (j->next.n == 0)
                        continue;
                j->next.type = JUDGE_BATCHES;
                /* One that is dead already may have said more before: the message loop listens. */
                if (os_send_now(j->child.sock, &j->next, sizeof(j->next), NULL, 0) < 0)
                        end_child(&j->child);
                j->next.n = 0;
        }
}

/* Judges that stay on one record too long are ended; the message loop then treats them like any
 * that died. Only going forward counts. */
static int watch_judges(struct pool *p) {
        for (unsigned i = 0; i < p->n_judges; i++) {
                struct judge *j = &p->judges[i];
                int r = hear_judge(p, j);

                if (r < 0 && r != -EPROTO)
                        return r;
                if (r < 0)
                        end_child(&j->child);
                uint64_t at = __atomic_load_n(&j->out->position, __ATOMIC_RELAXED);
                if (j->ready && j->queued == 0)
                        continue;
                if (j->queued && at > j->seen_position && at <= p->slots[j->queue[0]].bytes) {
                        j->seen_position = at;
                        j->seen_at = p->waited;
                }
                if ((j->ready && p->waited - j->seen_at > PROGRESS_LIMIT_NS) ||
                    p->lived - j->began_at > BATCH_LIMIT_NS)
                        end_child(&j->child);
        }
        return 0;
}

/* A pipe may be silent as long as it likes; a file may not, once there is room to put it. */
static void watch_ingest(struct pool *p) {
        if (p->n_ahead && p->filling && p->in->list[p->ahead[0]].ino &&
            p->waited - p->ingest_seen > INGEST_LIMIT_NS)
                end_child(&p->ingest);
}

static void measure(struct pool *p) {
        int64_t sum = os_pss(getpid()), one;

        for (unsigned i = 0; i < p->n_judges && sum > 0; i++) {
                one = os_pss(p->judges[i].child.pid);
                sum = one < 0 ? one : sum + one;
        }
        one = os_pss(p->ingest.pid);
        if (sum > 0 && one > 0)
                sum += one;
        if (p->correlator.pid > 0 && (one = os_pss(p->correlator.pid)) > 0)
                sum += one;
        if (sum > 0 && (uint64_t)sum > p->st.pss_peak)
                p->st.pss_peak = (uint64_t)sum;
}

static int tick(struct pool *p) {
        bool lag = fault_lag();
        int64_t now = os_monotonic();

        if (!lag && now - p->ticked < NS_PER_SEC / 5)
                return 0;
        /* The first time, and after we were stopped: not as long as it seems. */
        p->lived += MIN(now - p->ticked, NS_PER_SEC);
        p->ticked = now;
        int r = watch_judges(p);
        watch_ingest(p);
        if (p->o.measure_memory && now - p->measured > NS_PER_SEC) {
                measure(p); /* not so often that it costs what --stats shows */
                p->measured = now;
        }
        p->calls.tick(p->calls.ctx);
        return r;
}

static bool all_ready(const struct pool *p) {
        for (unsigned i = 0; i < p->n_judges; i++)
                if (!p->judges[i].ready)
                        return false;
        return p->ingest_ready;
}

static bool all_done(const struct pool *p) {
        /* Slots that ingest still has, and no input to fill them from, hold nothing. After a
         * cancel, the inputs it has are left where they are. */
        if (!cancelled && inputs_left(p))
                return false;
        for (unsigned i = 0; i < RING_SLOTS; i++)
                if (p->slots[i].state == SLOT_READY || p->slots[i].state == SLOT_JUDGED)
                        return false;
        return true;
}

static int wait_and_take(struct pool *p) {
        struct pollfd fds[JUDGES_MAX + 1];
        unsigned n = p->n_judges;

        for (unsigned i = 0; i < n; i++)
                fds[i] = (struct pollfd){.fd = p->judges[i].child.sock, .events = POLLIN};
        fds[n] = (struct pollfd){.fd = p->ingest.sock, .events = POLLIN};
        int64_t before = os_monotonic();
        int r = os_poll(fds, n + 1, POLL_MS);

        p->waited += MIN(os_monotonic() - before, 2 * POLL_MS * INT64_C(1000000));
        for (unsigned i = 0; i < n && r >= 0; i++)
                if (fds[i].revents)
                        r = judge_message(p, &p->judges[i]);
        if (r >= 0 && fds[n].revents)
                r = ingest_message(p);
        /* What it did without saying so yet comes along. */
        if (r >= 0 && p->ingest_ready && hear_ingest(p) < 0)
                r = ingest_died(p);
        return r < 0 ? r : 0;
}

/* ---- the end: alerts ---- */

/* One read that a signal ends, and time. */
static ssize_t read_correlator(struct pool *p, char *to, size_t n) {
        struct pollfd f = {.fd = p->correlator.sock, .events = POLLIN};
        int64_t limit = CORRELATE_LIMIT_NS + (int64_t)MIN(p->st.hits, (uint64_t)1 << 32) * 100000;
        sig_atomic_t before = cancelled;

        for (int64_t waited = 0; waited < limit; waited += POLL_MS * INT64_C(1000000)) {
                int r = os_poll(&f, 1, POLL_MS);
                if (r > 0)
                        return os_read(p->correlator.sock, to, n);
                if (r < 0 || cancelled != before)
                        return r < 0 ? r : -ECANCELED;
        }
        return -ETIMEDOUT;
}

static int read_alerts(struct pool *p) {
        _cleanup_(buf_deinit) struct buf in = {0};
        size_t cap = (size_t)256 << 10, have = 0;

        if (!buf_reserve(&in, cap))
                return -ENOMEM;
        for (;;) {
                ssize_t n = read_correlator(p, in.p + have, cap - have);
                if (n <= 0)
                        return n < 0 ? (int)n : have ? -EBADMSG : 0;
                have += (size_t)n;
                size_t used = 0;
                for (;;) {
                        struct finding f;
                        arena_reset(&p->arena);
                        ssize_t k =
                                finding_decode(span_of(in.p + used, have - used), &p->arena, &f);
                        if (k < 0)
                                return (int)k;
                        if (k == 0)
                                break;
                        used += (size_t)k;
                        int r = f.input < p->in->n ? p->calls.finding(p->calls.ctx, &f) : -EBADMSG;
                        if (r < 0)
                                return r;
                }
                memmove(in.p, in.p + used, have - used);
                have -= used;
        }
}

static int finish_correlation(struct pool *p) {
        if (p->correlator.pid <= 0)
                return 0;
        int r = p->correlator.sock < 0 ? -EPIPE : os_shutdown_write(p->correlator.sock);
        if (r == 0)
                r = read_alerts(p);
        if (p->o.measure_memory)
                measure(p);
        int status = child_stop(&p->correlator, 2000);
        if (status != 0 || r < 0) {
                fprintf(stderr, "coloa: %s: %s\n",
                        tr("the correlator failed", "tiến trình tương quan hỏng"),
                        r < 0 ? error_text(r) : child_fate(status));
                p->st.crashes++;
                if (r == 0)
                        r = -ECHILD;
        }
        return r;
}

int pool_run(struct pool *p) {
        int r = 0;

        (void)os_turns(BRISK_US);
        p->ticked = p->measured = os_monotonic();
        while (r == 0 && !all_ready(p) && !cancelled) {
                r = wait_and_take(p);
                if (r == 0)
                        r = tick(p);
        }
        p->st.ready = os_monotonic();
        while (r == 0 && !all_done(p)) {
                ask_ingest(p);
                give_to_judges(p);
                if (!all_done(p))
                        r = wait_and_take(p);
                if (r == 0)
                        r = tick(p);
        }
        p->st.judged = os_monotonic();
        if (p->o.measure_memory)
                measure(p);
        if (r == 0)
                r = finish_correlation(p);
        p->st.done = os_monotonic();
        return r == 0 && cancelled ? -ECANCELED : r;
}

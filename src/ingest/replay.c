/* See replay.h. The desk is not hostile, but it may be wrong: every length is checked (wire/replay.c), and a frame that is none
 * closes the line.
 *
 *   Y1. A label comes from here alone: no other part of ingest sets `drill` of an origin.
 *   Y2. Real senders first. Drills are read when everything else of a round was; not while ingest is stalled, nor when
 *       fewer than REPLAY_RESERVE slots are free, and not more of them in a second than REPLAY_RECORDS_S and REPLAY_BYTES_S.
 *   Y3. The number of a play's last record travels in the batch that holds it, first with the one from before
 *       (files_give.c does the same), so whatever a batch ends with is true of what it holds. A record whose number is
 *       not above its play's is passed over: it was taken.
 *   Y4. Drills have sources of no configuration: their names stand in the batch and nowhere else. Nothing that is known of
 *       a real source (when it was heard, its rate, its silence, its duplicates) hears of them. */
#include "ingest/replay.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/timestamp.h"
#include "os/os.h"
#include "wire/exercise.h"
#include "wire/replay.h"

#define IN_MAX (sizeof(struct replay_head) + REPLAY_FRAME_MAX)
#define ROUND_RECORDS 512u
#define WAIT_NS (10 * INT64_C(1000000))
#define KEY SPAN("play:")
#define SOURCE_REPLAYED 0x80000000u
#define TELL_AT_ONCE 1024u

struct play {
        uint32_t play;
        uint64_t taken, durable;
        uint64_t batch; /* that it has a place in */
        int64_t seen;   /* s UTC */
        bool untold;    /* how far it is durable */
};

/* What a batch says, until it is durable. */
struct promised {
        uint64_t end; /* its last number + 1 */
        uint32_t play;
        uint64_t position;
};
#define PROMISED_MAX (RING_SLOTS * POSITIONS_MAX)

struct serve_replay {
        int fd; /* -1: none */
        bool watched, begun;
        bool held; /* it waits, as counted */
        int64_t resume;
        char *in; /* IN_MAX */
        size_t in_len;
        struct span body; /* of the frame at the beginning of `in`, what is left of it */
        size_t frame;     /* its bytes; 0: none is at hand */
        struct buf out;
        struct play plays[REPLAY_PLAYS_MAX]; /* by number */
        uint32_t n, untold;
        struct promised promised[PROMISED_MAX]; /* a ring, in order of `end` */
        uint32_t promised_at, n_promised;
        uint32_t touched[POSITIONS_MAX], n_touched; /* plays in the open batch */
        double records_left, bytes_left;
        int64_t filled;
        struct { /* sources of the open batch */
                uint64_t batch;
                uint32_t n, last; /* last: a number is never given to two of one batch */
                uint64_t hash[SOURCES_MAX];
                uint32_t id[SOURCES_MAX];
                char name[SOURCES_MAX][SOURCE_NAME_MAX];
        } names;
        uint32_t records; /* of the open batch */
        uint64_t bytes;
};

struct serve_replay *replay_new(void) {
        struct serve_replay *x = calloc(1, sizeof(*x));

        if (!x)
                return NULL;
        x->fd = -1;
        x->in = malloc(IN_MAX);
        x->out.limit = (size_t)1 << 20;
        return x->in ? x : replay_free(x);
}

struct serve_replay *replay_free(struct serve_replay *x) {
        if (!x)
                return NULL;
        os_close_quiet(x->fd);
        free(x->in);
        buf_deinit(&x->out);
        free(x);
        return NULL;
}

/* ---- plays ---- */

static uint32_t place_of(const struct serve_replay *x, uint32_t play) {
        uint32_t lo = 0, hi = x->n;

        while (lo < hi) {
                uint32_t mid = lo + (hi - lo) / 2;

                if (x->plays[mid].play < play)
                        lo = mid + 1;
                else
                        hi = mid;
        }
        return lo;
}

static struct play *find(struct serve_replay *x, uint32_t play) {
        uint32_t i = place_of(x, play);

        return i < x->n && x->plays[i].play == play ? &x->plays[i] : NULL;
}

/* Of too many, the one that was heard of longest ago goes, but none of the open batch, which has fewer than there are; its
 * position goes with that batch. */
static void forget_one(struct serve *s, struct serve_replay *x) {
        uint32_t old = UINT32_MAX;
        char key[32];

        for (uint32_t i = 0; i < x->n; i++)
                if (x->plays[i].batch != s->batch_no &&
                    (old == UINT32_MAX || x->plays[i].seen < x->plays[old].seen))
                        old = i;
        assert(old != UINT32_MAX);
        int n = snprintf(key, sizeof(key), "play:%u", x->plays[old].play);
        if (s->open)
                (void)records_add_position(s->builder, span_of(key, (size_t)n), span_of("", 0));
        x->untold -= x->plays[old].untold;
        memmove(x->plays + old, x->plays + old + 1, (x->n - old - 1) * sizeof(x->plays[0]));
        x->n--;
}

static struct play *make(struct serve *s, struct serve_replay *x, uint32_t play) {
        struct play *p = find(x, play);

        if (p)
                return p;
        if (x->n == REPLAY_PLAYS_MAX)
                forget_one(s, x);
        uint32_t i = place_of(x, play);
        memmove(x->plays + i + 1, x->plays + i, (x->n - i) * sizeof(x->plays[0]));
        x->n++;
        x->plays[i] =
                (struct play){.play = play, .batch = UINT64_MAX, .seen = s->wall / NS_PER_SEC};
        return &x->plays[i];
}

static bool number(struct span *s, uint64_t max, uint64_t *ret) {
        uint64_t v = 0;
        size_t i = 0;

        for (; i < s->len && s->p[i] >= '0' && s->p[i] <= '9'; i++) {
                unsigned digit = (unsigned)(s->p[i] - '0');

                if (v > (max - digit) / 10)
                        return false;
                v = v * 10 + digit;
        }
        *s = span_of(s->p + i, s->len - i);
        *ret = v;
        return i > 0;
}

/* "play:NUMBER" and "1 POSITION SEEN"; what is not is nobody's. */
void replay_position(struct serve *s, struct span key, struct span value) {
        uint64_t play, version, position, seen;

        if (!span_starts(key, KEY))
                return;
        key = span_of(key.p + KEY.len, key.len - KEY.len);
        if (!number(&key, LABEL_PLAY_MAX, &play) || key.len || play == 0 ||
            !number(&value, 1, &version) || value.len == 0 || value.p[0] != ' ')
                return;
        value = span_of(value.p + 1, value.len - 1);
        if (!number(&value, UINT64_MAX, &position) || value.len == 0 || value.p[0] != ' ')
                return;
        value = span_of(value.p + 1, value.len - 1);
        if (!number(&value, INT64_MAX / NS_PER_SEC, &seen) || value.len)
                return;
        struct play *p = make(s, s->replay, (uint32_t)play);
        p->taken = p->durable = position;
        p->seen = (int64_t)seen;
}

static int add_position(struct serve *s, const struct play *p, bool into_batch) {
        char key[32], value[64];
        int k = snprintf(key, sizeof(key), "play:%u", p->play);
        int v = snprintf(value, sizeof(value), "1 %llu %lld", (unsigned long long)p->taken,
                         (long long)p->seen);
        struct span ks = span_of(key, (size_t)k), vs = span_of(value, (size_t)v);

        return into_batch ? records_add_position(s->builder, ks, vs) : serve_position(s, ks, vs);
}

/* Y3 */
static int touch(struct serve *s, struct serve_replay *x, struct play *p) {
        int r = add_position(s, p, false);

        if (r != 0)
                return r;
        assert(x->n_touched < POSITIONS_MAX); /* there was room in the batch */
        x->touched[x->n_touched++] = p->play;
        p->batch = s->batch_no;
        return 0;
}

static void promise(struct serve_replay *x, uint64_t end, const struct play *p) {
        /* A batch has POSITIONS_MAX of them, and a slot is free only when it is durable. */
        assert(x->n_promised < PROMISED_MAX);
        x->promised[(x->promised_at + x->n_promised++) % PROMISED_MAX] =
                (struct promised){end, p->play, p->taken};
}

void replay_batch_ends(struct serve *s, uint32_t *ret_records, uint64_t *ret_bytes) {
        struct serve_replay *x = s->replay;

        for (uint32_t i = 0; i < x->n_touched; i++) {
                struct play *p = find(x, x->touched[i]);

                if (!p)
                        continue;
                (void)add_position(s, p, true);
                promise(x, s->next_seq, p);
        }
        x->n_touched = 0;
        *ret_records = x->records;
        *ret_bytes = x->bytes;
        x->records = 0;
        x->bytes = 0;
}

/* ---- what is told ---- */

static void close_line(struct serve_replay *x) {
        os_close_quiet(x->fd);
        x->fd = -1;
        x->in_len = x->frame = 0;
        x->body = SPAN_NONE;
        buf_reset(&x->out);
        x->resume = 0;
        x->watched = x->begun = false;
}

static void write_out(struct serve_replay *x) {
        size_t at = 0;
        ssize_t n = 1;

        while (x->fd >= 0 && at < x->out.len && n > 0) {
                n = os_write_now(x->fd, x->out.p + at, x->out.len - at);
                if (n > 0)
                        at += (size_t)n;
        }
        buf_drop(&x->out, at);
        if (n < 0 && n != -EAGAIN)
                close_line(x);
}

/* What did not go out does soon. */
static void again(const struct serve *s, struct serve_replay *x) {
        if (x->fd >= 0 && (x->out.len || x->untold) && !x->resume)
                x->resume = s->now + WAIT_NS;
}

/* What is new, or (first) all. What finds no room is told when there is. */
static void tell(const struct serve *s) {
        struct serve_replay *x = s->replay;
        size_t at = SIZE_MAX;
        uint32_t n = 0;

        for (uint32_t i = 0; i < x->n && x->fd >= 0 && x->out.len < x->out.limit / 2; i++) {
                struct play *p = &x->plays[i];
                struct replay_position m = {.play = p->play, .position = p->durable};

                if (x->begun && !p->untold)
                        continue;
                x->untold -= p->untold;
                p->untold = false;
                if (at == SIZE_MAX)
                        at = replay_begin(&x->out, REPLAY_POSITIONS);
                buf_add(&x->out, &m, sizeof(m));
                if (++n % TELL_AT_ONCE == 0) {
                        replay_end(&x->out, at);
                        at = SIZE_MAX;
                }
        }
        if (at != SIZE_MAX)
                replay_end(&x->out, at);
        if (x->fd >= 0 && !x->begun) {
                replay_end(&x->out, replay_begin(&x->out, REPLAY_BEGUN));
                x->begun = true;
        }
        if (x->out.failed)
                close_line(x);
        else
                write_out(x);
        again(s, x);
}

void replay_durable(struct serve *s) {
        struct serve_replay *x = s->replay;

        while (x->n_promised && x->promised[x->promised_at].end <= s->durable) {
                const struct promised *m = &x->promised[x->promised_at];
                struct play *p = find(x, m->play);

                if (p && m->position > p->durable) {
                        p->durable = m->position;
                        x->untold += !p->untold;
                        p->untold = true;
                }
                x->promised_at = (x->promised_at + 1) % PROMISED_MAX;
                x->n_promised--;
        }
        if (s->begun && x->fd >= 0 && (x->untold || !x->begun))
                tell(s);
}

int replay_open(struct serve *s, int fd) {
        struct serve_replay *x = s->replay;
        int r = os_nonblocking(fd);

        close_line(x);
        if (r == 0)
                r = os_ready_add(s->streams, fd, OS_READABLE, (uint64_t)TAG_REPLAY << 32);
        if (r < 0) {
                os_close_quiet(fd);
                return FAIL(r);
        }
        x->fd = fd;
        x->watched = true;
        if (s->begun)
                tell(s);
        return 0;
}

/* ---- what comes ---- */

/* Left out of the set while nothing of it may be read. */
static int watch(struct serve *s, bool want) {
        struct serve_replay *x = s->replay;

        if (x->fd < 0 || x->watched == want)
                return 0;
        x->watched = want;
        return os_ready_change(s->streams, x->fd, want ? OS_READABLE : 0,
                               (uint64_t)TAG_REPLAY << 32);
}

/* Y2: 0, or for how long it may not. */
static int64_t must_wait(struct serve *s) {
        struct serve_replay *x = s->replay;
        double passed = (double)(s->now - x->filled) / (double)NS_PER_SEC;

        if (s->n_slots < REPLAY_RESERVE)
                return WAIT_NS;
        x->filled = s->now;
        x->records_left = MIN(x->records_left + passed * REPLAY_RECORDS_S, REPLAY_RECORDS_S / 8.0);
        x->bytes_left =
                MIN(x->bytes_left + passed * (double)REPLAY_BYTES_S, (double)REPLAY_BYTES_S / 8);
        return x->records_left < 1 || x->bytes_left < 1 ? WAIT_NS : 0;
}

/* Y4: its number in this batch; a new one when it has none. */
static uint32_t source_of(struct serve *s, struct serve_replay *x, struct span name) {
        uint64_t h = hash_span(name, 0);
        uint32_t i = 0;

        if (x->names.batch != s->batch_no)
                x->names.n = 0;
        x->names.batch = s->batch_no;
        while (i < x->names.n &&
               (x->names.hash[i] != h || !span_eq(span_str(x->names.name[i]), name)))
                i++;
        return i < x->names.n ? x->names.id[i] : SOURCE_REPLAYED | ++x->names.last;
}

static void keep_source(struct serve *s, struct serve_replay *x, uint32_t id, struct span name) {
        uint32_t i = x->names.n;

        if (x->names.batch != s->batch_no)
                i = 0;
        x->names.batch = s->batch_no;
        if (i == SOURCES_MAX || (i && id != (SOURCE_REPLAYED | x->names.last)))
                return; /* of too many; or there already */
        memcpy(x->names.name[i], name.p, name.len);
        x->names.name[i][name.len] = '\0';
        x->names.hash[i] = hash_span(name, 0);
        x->names.id[i] = id;
        x->names.n = i + 1;
}

static int give(struct serve *s, struct serve_replay *x, const struct replay_record *m) {
        struct play *p = make(s, x, LABEL_PLAY(m->label));
        char name[SOURCE_NAME_MAX] = "";
        struct origin o = {.source_name = name, .format = m->format, .drill = m->label};
        uint64_t seq;
        int r;

        if (m->position <= p->taken) {
                serve_count(s, COUNT_DRILL_KNOWN, 1);
                return 0;
        }
        if ((!s->open || p->batch != s->batch_no) && (r = touch(s, x, p)) != 0)
                return r;
        o.source = source_of(s, x, m->source);
        memcpy(name, m->source.p, m->source.len);
        uint64_t batch = s->batch_no;
        r = serve_replayed(s, &o, m->bytes, &seq);
        if (r != 0)
                return r;
        keep_source(s, x, o.source, m->source);
        if (batch != s->batch_no) /* it went into a new one, which has room for a position */
                r = touch(s, x, p);
        p->taken = m->position;
        p->seen = s->wall / NS_PER_SEC;
        x->records++;
        x->bytes += m->bytes.len + 1;
        x->records_left -= 1;
        x->bytes_left -= (double)m->bytes.len;
        serve_count(s, COUNT_DRILL_RECORDS, 1);
        return r;
}

/* What is left of the frame at hand: 0: it is over; 1: later; -EPROTO; -errno. */
static int take_frame(struct serve *s, struct serve_replay *x, unsigned *budget) {
        while (x->body.len) {
                struct replay_record m;
                struct span rest = x->body;
                int64_t wait = must_wait(s);

                if (wait || *budget == 0) {
                        x->resume = s->now + (wait ? wait : 0);
                        serve_count(s, COUNT_DRILL_HELD, wait && !x->held);
                        x->held = wait != 0;
                        return 1;
                }
                x->held = false;
                int r = replay_next(&rest, &m);
                if (r == 1)
                        r = give(s, x, &m);
                if (r == SERVE_E_STALLED) {
                        x->resume = s->now + WAIT_NS;
                        return 1;
                }
                if (r < 0)
                        return r;
                (*budget)--;
                x->body = rest;
        }
        return 0;
}

/* Whole frames at the beginning of what was read. As take_frame(). */
static int take_frames(struct serve *s, struct serve_replay *x, unsigned *budget) {
        enum replay_type type;
        size_t used;
        int r = 0;

        while (r == 0) {
                if (x->frame) {
                        r = take_frame(s, x, budget);
                        if (r != 0)
                                return r;
                        memmove(x->in, x->in + x->frame, x->in_len - x->frame);
                        x->in_len -= x->frame;
                        x->frame = 0;
                }
                r = replay_frame(span_of(x->in, x->in_len), &type, &x->body, &used);
                if (r <= 0)
                        return r;
                if (type != REPLAY_RECORDS)
                        return -EPROTO;
                x->frame = used;
                r = 0;
        }
        return r;
}

static void broken(struct serve *s, const char *why) {
        serve_count(s, COUNT_DRILL_REFUSED, 1);
        serve_note(s, NOTE_ERROR, "", why, "");
        close_line(s->replay);
}

int replay_run(struct serve *s, uint32_t what) {
        struct serve_replay *x = s->replay;
        unsigned budget = ROUND_RECORDS;
        int r = 0;

        if (x->fd < 0)
                return 0;
        x->resume = 0;
        if (what && !x->watched) { /* its other end went: what is not taken is given again */
                close_line(x);
                return 0;
        }
        while (r == 0) {
                r = s->stalled || s->stopping ? 1 : take_frames(s, x, &budget);
                if (r != 0)
                        break;
                ssize_t n = os_recv_stream(x->fd, x->in + x->in_len, IN_MAX - x->in_len);
                if (n == -EAGAIN)
                        break;
                if (n <= 0) {
                        close_line(x);
                        return 0;
                }
                x->in_len += (size_t)n;
        }
        if (r == -EPROTO) {
                broken(s, "the line of drills: a frame that is none");
                return 0;
        }
        if (r < 0)
                return r;
        if (r == 1 && !x->resume)
                x->resume = s->now + WAIT_NS;
        if (x->untold)
                tell(s);
        write_out(x);
        again(s, x);
        return watch(s, r == 0);
}

int64_t replay_due(const struct serve *s) {
        return s->replay->resume ? s->replay->resume : INT64_MAX;
}

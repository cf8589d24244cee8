/* See replay.h.
 *
 *   L1. Nothing is given before the line said how far each play is durable; what was given then counts from there. So what
 *       is in a line that breaks is given again, and passed over by who has it already.
 *   L2. OUT_MAX bytes wait here at most: beyond, -EAGAIN.
 *   L3. Plays are told by `ingest` alone; those that it does not know begin at 0. PLAYS_MAX are kept: of more than
 *       that the one whose number is lowest goes, as plays are numbered in the order that they began. */
#include "desk/replay.h"

#include <stdlib.h>

#include "desk/desk_impl.h"

#define OUT_MAX ((size_t)512 << 10)
#define FRAME_MOST ((size_t)64 << 10) /* of several records */
#define PLAYS_MAX (2 * REPLAY_PLAYS_MAX)

struct replay_play {
        uint32_t play;
        uint64_t given, durable;
};

struct replay {
        bool open, known; /* a line; it said where to go on */
        bool asked;       /* somebody got -EAGAIN */
        size_t frame;     /* where the frame begins that takes more; SIZE_MAX: none */
        struct buf out, in;
        struct replay_play *plays; /* by number */
        size_t n, cap;
        desk_replay_ready ready;
};

static struct replay *replay_of(struct desk *d) {
        if (!d->replay) {
                d->replay = calloc(1, sizeof(*d->replay));
                if (d->replay) {
                        d->replay->frame = SIZE_MAX;
                        d->replay->out.limit = OUT_MAX + 2 * REPLAY_FRAME_MAX;
                        d->replay->in.limit = 2 * REPLAY_FRAME_MAX;
                }
        }
        return d->replay;
}

void desk_replay_free(struct desk *d) {
        if (!d->replay)
                return;
        buf_deinit(&d->replay->out);
        buf_deinit(&d->replay->in);
        free(d->replay->plays);
        free(d->replay);
        d->replay = NULL;
}

/* ---- plays ---- */

/* Where it is, or would be. */
static size_t place_of(const struct replay *x, uint32_t play) {
        size_t lo = 0, hi = x->n;

        while (lo < hi) {
                size_t mid = lo + (hi - lo) / 2;

                if (x->plays[mid].play < play)
                        lo = mid + 1;
                else
                        hi = mid;
        }
        return lo;
}

static const struct replay_play *find(const struct replay *x, uint32_t play) {
        size_t i = place_of(x, play);

        return i < x->n && x->plays[i].play == play ? &x->plays[i] : NULL;
}

/* L3. NULL: out of memory. */
static struct replay_play *make(struct replay *x, uint32_t play) {
        size_t i = place_of(x, play);

        if (i < x->n && x->plays[i].play == play)
                return &x->plays[i];
        if (x->n == PLAYS_MAX) {
                memmove(x->plays, x->plays + 1, --x->n * sizeof(*x->plays));
                i -= i > 0;
        }
        if (x->n == x->cap) {
                size_t cap = x->cap ? x->cap * 2 : 64;
                struct replay_play *to = realloc(x->plays, cap * sizeof(*to));

                if (!to)
                        return NULL;
                x->plays = to;
                x->cap = cap;
        }
        memmove(x->plays + i + 1, x->plays + i, (x->n - i) * sizeof(*x->plays));
        x->n++;
        x->plays[i] = (struct replay_play){.play = play};
        return &x->plays[i];
}

/* ---- for the engine ---- */

static int wait(struct replay *x) {
        x->asked = true;
        return -EAGAIN;
}

static void tell(struct desk *d) {
        struct replay *x = d->replay;

        if (x->ready && x->known && x->asked) {
                x->asked = false;
                x->ready(d);
        }
}

int desk_replay(struct desk *d, uint32_t label, struct span source, enum format format,
                struct span record, uint64_t position) {
        struct replay_record r = {label, format, position, source, record};
        struct replay *x = replay_of(d);

        if (!x)
                return FAIL(-ENOMEM);
        if (!replay_good(&r))
                return -EINVAL;
        if (!x->known || x->out.len >= OUT_MAX)
                return wait(x);
        struct replay_play *p = make(x, LABEL_PLAY(label));
        if (!p)
                return FAIL(-ENOMEM);
        if (position <= p->given)
                return -EINVAL;
        size_t need = sizeof(struct replay_item) + source.len + record.len;
        if (x->frame != SIZE_MAX && x->out.len - x->frame + need > FRAME_MOST)
                x->frame = SIZE_MAX;
        if (x->frame == SIZE_MAX)
                x->frame = replay_begin(&x->out, REPLAY_RECORDS);
        replay_put(&x->out, &r);
        replay_end(&x->out, x->frame);
        if (x->out.failed)
                return FAIL(-ENOMEM);
        p->given = position;
        return 0;
}

static int known(struct desk *d, uint32_t play, bool durable, uint64_t *ret_position) {
        struct replay *x = replay_of(d);

        if (!x)
                return FAIL(-ENOMEM);
        if (!x->known)
                return wait(x);
        const struct replay_play *p = find(x, play);
        *ret_position = !p ? 0 : durable ? p->durable : p->given;
        return 0;
}

int desk_replay_given(struct desk *d, uint32_t play, uint64_t *ret_position) {
        return known(d, play, false, ret_position);
}

int desk_replayed(struct desk *d, uint32_t play, uint64_t *ret_position) {
        return known(d, play, true, ret_position);
}

void desk_replay_on_ready(struct desk *d, desk_replay_ready ready) {
        struct replay *x = replay_of(d);

        if (x)
                x->ready = ready;
}

uint64_t desk_replay_waiting(const struct desk *d) {
        uint64_t n = 0;

        for (size_t i = 0; d->replay && i < d->replay->n; i++)
                n += d->replay->plays[i].given - d->replay->plays[i].durable;
        return n;
}

/* ---- for the process ---- */

void desk_replay_open(struct desk *d) {
        struct replay *x = replay_of(d);

        if (!x)
                return;
        desk_replay_closed(d);
        x->open = true;
}

/* L1 */
void desk_replay_closed(struct desk *d) {
        struct replay *x = d->replay;

        if (!x)
                return;
        x->open = x->known = false;
        x->frame = SIZE_MAX;
        x->n = 0;
        buf_reset(&x->out);
        buf_reset(&x->in);
}

struct buf *desk_replay_out(struct desk *d) {
        struct replay *x = replay_of(d);

        if (!x)
                return NULL;
        x->frame = SIZE_MAX; /* it may be half on its way */
        return &x->out;
}

static int take_positions(struct replay *x, struct span body) {
        struct replay_position p;
        int r;

        while ((r = replay_next_position(&body, &p)) == 1) {
                struct replay_play *to = make(x, p.play);

                if (!to)
                        return FAIL(-ENOMEM);
                to->durable = MAX(to->durable, p.position);
                to->given = MAX(to->given, to->durable);
        }
        return r;
}

int desk_replay_bytes(struct desk *d, struct span bytes) {
        struct replay *x = replay_of(d);
        enum replay_type type;
        struct span body;
        size_t at = 0, used;
        int r;

        if (!x)
                return FAIL(-ENOMEM);
        buf_span(&x->in, bytes);
        if (x->in.failed)
                return FAIL(-ENOMEM);
        while ((r = replay_frame(span_of(x->in.p + at, x->in.len - at), &type, &body, &used)) ==
               1) {
                at += used;
                if (type == REPLAY_RECORDS || (type == REPLAY_BEGUN && body.len))
                        return -EPROTO;
                if (type == REPLAY_POSITIONS && (r = take_positions(x, body)) < 0)
                        return r;
                x->known = x->known || type == REPLAY_BEGUN;
                x->asked = true; /* more is durable: it may be waited for */
        }
        buf_drop(&x->in, at);
        if (r == 0)
                tell(d);
        return r;
}

/* Some of it went out. */
void desk_replay_went(struct desk *d) {
        if (d->replay && d->replay->out.len < OUT_MAX / 2)
                tell(d);
}

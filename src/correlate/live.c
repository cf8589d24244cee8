/* See live.h.
 *
 * Invariants:
 *   L1. The correlator of a drill gets its hits in the order (time, seq, offset, rule), and none
 *       before its watermark: who comes later is late. So a restart that feeds back the same hits
 *       up to the same watermark has the same windows.
 *   L2. The watermark never goes back. It is the clock less the lateness, but when the heap is full:
 *       then the earliest hits go before their time and the watermark with them.
 *   L3. A clock is moved only by hits of settled records: what a judge says of a later batch, before
 *       another has said something of an earlier one, does not make that late.
 *   L4. The clock of real events is never ahead of what was received, so that no sender can move it;
 *       an event from the future is taken as of its receipt, so that it does not stay in the heap
 *       until then. A drill may play any year at any speed: its clock is its events', and goes on by
 *       itself from the last one.
 *   L5. Bytes in the heap <= o.pending.
 *   L6. A source's line is for what is behind the line of real events, or older than its receipt by
 *       more than o.behind: its clock is its events', its lateness o.behind, since files are rarely in
 *       strict order; when nothing came for the common lateness, it goes on as a drill's does. A hit
 *       further back (the next file is an older one) ends it, with all its windows, and begins
 *       another. No source touches another's line, or that of real events.
 *   L7. The windows of all plays together take at most o.drill_memory between two calls, each of them at most a quarter of what
 *       real events have: the play untouched for longest goes as a whole. No play touches another's line otherwise, nor any of
 *       real events. */
#include "correlate/live.h"

#include <stdlib.h>

#include "base/timestamp.h"
#include "wire/exercise.h"

#define DRILLS_MAX 512u
#define SOURCES_MAX_LINES 20u
#define LINES_MAX (DRILLS_MAX + SOURCES_MAX_LINES + 1u)
#define AHEAD_MAX 65536u
#define AHEAD_DRILL 4096u /* of one play: there are many */
#define OVERHEAD 64u      /* of an allocation, and of its place in the tables */

struct waiting {
        int64_t time;
        uint64_t seq, offset;
        uint32_t rule, len;
        char bytes[];
};

struct unsettled {
        uint64_t seq;
        int64_t time, received;
};

struct line {
        uint64_t id;
        uint32_t drill;
        struct correlator *correlator;
        struct live *live;
        int64_t watermark, clock, received;
        int64_t heard; /* receipt of the last hit; TIME_NONE */
        bool muted;    /* what comes was said before */
        int64_t from;  /* hits before it are in what was restored; TIME_NONE */
        uint64_t touched;
        size_t used; /* of its correlator, as counted */
        struct waiting **heap;
        uint32_t n, cap;
        struct unsettled *ahead;
        uint32_t n_ahead, cap_ahead;
};

struct live {
        const struct correlation *c;
        uint32_t n;
        struct live_options o;
        struct line *lines[LINES_MAX];
        uint32_t n_lines;
        uint64_t settled, touches;
        uint32_t turns; /* lines of sources so far */
        struct live_stats st;
        struct correlate_stats past; /* of correlators that are gone */
        live_sink sink;
        void *ctx;
        struct buf buf;
        struct arena arena;
};

/* ---- the life of a line ---- */

static void to_sink(void *ctx, const struct finding *f) {
        struct line *k = ctx;

        if (!k->muted)
                k->live->sink(k->live->ctx, k->drill, f);
}

static void add_stats(struct correlate_stats *to, const struct correlate_stats *s) {
        to->hits += s->hits;
        to->alerts += s->alerts;
        to->groups_evicted += s->groups_evicted;
        to->entries_evicted += s->entries_evicted;
        to->without_time += s->without_time;
        to->without_group += s->without_group;
        to->without_value += s->without_value;
        to->late += s->late;
        to->chains_cut += s->chains_cut;
        to->peak_memory += s->peak_memory;
}

static void drop_waiting(struct live *l, struct waiting *w) {
        l->st.pending--;
        l->st.pending_bytes -= w->len + sizeof(*w) + OVERHEAD;
        free(w);
}

static void line_free(struct live *l, struct line *k) {
        if (!k)
                return;
        if (k->correlator)
                add_stats(&l->past, correlator_stats(k->correlator));
        l->st.drill_memory -= k->used;
        for (uint32_t i = 0; i < k->n; i++)
                drop_waiting(l, k->heap[i]);
        correlator_free(k->correlator);
        free(k->heap);
        free(k->ahead);
        free(k);
}

static int new_correlator(struct live *l, struct line *k) {
        struct correlate_options o = l->o.correlate;

        if (k->id)
                o.memory = (o.memory ? o.memory : (size_t)16 << 20) / 4;
        return correlator_new(&k->correlator, l->c, l->n, &o, to_sink, k);
}

static int line_new(struct live *l, uint64_t id, struct line **ret) {
        struct line *k = calloc(1, sizeof(*k));

        if (!k)
                return FAIL(-ENOMEM);
        *k = (struct line){.id = id,
                           .drill = LINE_IS_SOURCE(id) ? 0 : (uint32_t)id,
                           .heard = TIME_NONE,
                           .live = l,
                           .watermark = TIME_NONE,
                           .clock = TIME_NONE,
                           .from = TIME_NONE,
                           .received = TIME_NONE};
        int r = new_correlator(l, k);
        if (r < 0) {
                free(k);
                return r;
        }
        *ret = k;
        return 0;
}

int live_new(struct live **ret, const struct correlation *c, uint32_t n,
             const struct live_options *o, live_sink sink, void *ctx) {
        struct live *l = calloc(1, sizeof(*l));

        if (!l)
                return FAIL(-ENOMEM);
        if (o)
                l->o = *o;
        if (!l->o.lateness)
                l->o.lateness = 60 * NS_PER_SEC;
        if (!l->o.skew)
                l->o.skew = 300 * NS_PER_SEC;
        if (!l->o.pending)
                l->o.pending = (size_t)32 << 20;
        if (!l->o.max_drills)
                l->o.max_drills = 400;
        if (!l->o.drill_memory)
                l->o.drill_memory = (size_t)64 << 20;
        l->o.max_drills = MIN(l->o.max_drills, DRILLS_MAX);
        if (!l->o.max_behind)
                l->o.max_behind = 8;
        l->o.max_behind = MIN(l->o.max_behind, SOURCES_MAX_LINES);
        if (!l->o.behind)
                l->o.behind = 3600 * NS_PER_SEC;
        l->c = c;
        l->n = n;
        l->sink = sink;
        l->ctx = ctx;
        l->buf.limit = (size_t)1 << 20;
        arena_init(&l->arena, (size_t)1 << 20);
        *ret = l;
        return 0;
}

struct live *live_free(struct live *l) {
        if (!l)
                return NULL;
        while (l->n_lines)
                line_free(l, l->lines[--l->n_lines]);
        arena_deinit(&l->arena);
        buf_deinit(&l->buf);
        free(l);
        return NULL;
}

/* ---- the heap ---- */

static bool before(const struct waiting *a, const struct waiting *b) {
        if (a->time != b->time)
                return a->time < b->time;
        if (a->seq != b->seq)
                return a->seq < b->seq;
        if (a->offset != b->offset)
                return a->offset < b->offset;
        return a->rule < b->rule;
}

static bool heap_put(struct line *k, struct waiting *w) {
        if (k->n == k->cap) {
                uint32_t cap = k->cap ? k->cap * 2 : 64;
                struct waiting **to = realloc(k->heap, cap * sizeof(struct waiting *));

                if (!to)
                        return false;
                k->heap = to;
                k->cap = cap;
        }
        uint32_t i = k->n++;
        while (i && before(w, k->heap[(i - 1) / 2])) {
                k->heap[i] = k->heap[(i - 1) / 2];
                i = (i - 1) / 2;
        }
        k->heap[i] = w;
        return true;
}

static struct waiting *heap_take(struct line *k) {
        struct waiting *first = k->heap[0], *last = k->heap[--k->n];
        uint32_t i = 0;

        for (;;) {
                uint32_t kid = 2 * i + 1;

                if (kid >= k->n)
                        break;
                if (kid + 1 < k->n && before(k->heap[kid + 1], k->heap[kid]))
                        kid++;
                if (!before(k->heap[kid], last))
                        break;
                k->heap[i] = k->heap[kid];
                i = kid;
        }
        if (k->n)
                k->heap[i] = last;
        return first;
}

/* ---- to the correlator ---- */

static int give_first(struct live *l, struct line *k) {
        struct waiting *w = heap_take(k);
        struct finding f;
        int r = 0;

        arena_reset(&l->arena);
        if (finding_decode(span_of(w->bytes, w->len), &l->arena, &f) == (ssize_t)w->len)
                r = correlator_push(k->correlator, &f);
        drop_waiting(l, w);
        return r;
}

static void weigh(struct live *l, struct line *k) {
        if (!k->drill)
                return;
        l->st.drill_memory -= k->used;
        k->used = correlator_memory(k->correlator);
        l->st.drill_memory += k->used;
}

/* Everything before the watermark, then the windows that ended before it. */
static int drain(struct live *l, struct line *k, int64_t watermark) {
        if (watermark == TIME_NONE || (k->watermark != TIME_NONE && watermark <= k->watermark))
                return 0;
        k->watermark = watermark;
        while (k->n && k->heap[0]->time < watermark) {
                int r = give_first(l, k);
                if (r < 0)
                        return r;
        }
        int r = correlator_advance(k->correlator, watermark);
        weigh(l, k);
        return r;
}

static int64_t less(int64_t t, int64_t span) {
        int64_t r;

        return t == TIME_NONE || __builtin_sub_overflow(t, span, &r) ? TIME_NONE : r;
}

/* ---- lines ---- */

static struct line *find_line(const struct live *l, uint64_t id) {
        for (uint32_t i = 0; i < l->n_lines; i++)
                if (l->lines[i]->id == id)
                        return l->lines[i];
        return NULL;
}

static struct line *line_of_source(const struct live *l, uint32_t source) {
        for (uint32_t i = 0; i < l->n_lines; i++)
                if (l->lines[i]->id >> 32 == (uint64_t)source + 1)
                        return l->lines[i];
        return NULL;
}

static void remove_line(struct live *l, struct line *k) {
        uint32_t i = 0;

        while (l->lines[i] != k)
                i++;
        line_free(l, k);
        l->lines[i] = l->lines[--l->n_lines];
}

/* A source's line says what it still has to say. */
static int end_source(struct live *l, struct line *k) {
        int r = 0;

        while (k->n && r == 0)
                r = give_first(l, k);
        if (r == 0)
                r = correlator_finish(k->correlator);
        remove_line(l, k);
        return r;
}

/* Room for one more: the one of its kind untouched for longest goes; the real events' line stays. */
static int make_line_room(struct live *l, uint64_t id) {
        bool source = LINE_IS_SOURCE(id);
        struct line *oldest = NULL;
        uint32_t n = 0;

        for (uint32_t i = 0; i < l->n_lines; i++) {
                struct line *k = l->lines[i];

                if (k->id == 0 || LINE_IS_SOURCE(k->id) != source)
                        continue;
                n++;
                if (!oldest || k->touched < oldest->touched)
                        oldest = k;
        }
        if (id == 0 || n < (source ? l->o.max_behind : l->o.max_drills))
                return 0;
        assert(oldest); /* both limits are at least 1 */
        if (source)
                return end_source(l, oldest);
        remove_line(l, oldest);
        l->st.drills_ended++;
        return 0;
}

/* L7 */
static void trim_drills(struct live *l) {
        while (l->st.drill_memory > l->o.drill_memory) {
                struct line *oldest = NULL;

                for (uint32_t i = 0; i < l->n_lines; i++)
                        if (l->lines[i]->drill &&
                            (!oldest || l->lines[i]->touched < oldest->touched))
                                oldest = l->lines[i];
                assert(oldest);
                remove_line(l, oldest);
                l->st.drills_ended++;
        }
}

static int line_of(struct live *l, uint64_t id, struct line **ret) {
        struct line *k = find_line(l, id);

        if (!k) {
                int r = make_line_room(l, id);
                if (r == 0)
                        r = line_new(l, id, &k);
                if (r < 0)
                        return r;
                l->lines[l->n_lines++] = k;
                if (LINE_IS_SOURCE(id))
                        l->turns = MAX(l->turns, (uint32_t)id + 1);
        }
        assert(k);
        k->touched = ++l->touches;
        *ret = k;
        return 0;
}

/* L5: room for one more. The line with most in its heap pays. */
static int make_room(struct live *l, size_t need) {
        while (l->st.pending && l->st.pending_bytes + need > l->o.pending) {
                struct line *most = NULL;

                for (uint32_t i = 0; i < l->n_lines; i++)
                        if (l->lines[i]->n && (!most || l->lines[i]->n > most->n))
                                most = l->lines[i];
                if (!most)
                        return FAIL(-EBADMSG); /* pending, says the counter, but in no heap */
                int64_t t = most->heap[0]->time;
                l->st.hurried++;
                /* To just behind it, so that all of the same instant are on one side (L1). */
                int r = drain(l, most, t == INT64_MAX ? t : t + 1);
                if (r == 0 && most->n && most->heap[0]->time == t)
                        r = give_first(l, most);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* The hit in l->buf, and room for it in the heap: what is earliest may go before its time (L2). */
static int encode(struct live *l, const struct finding *f) {
        buf_reset(&l->buf);
        finding_encode(&l->buf, f);
        if (l->buf.failed)
                return FAIL(-ENOMEM);
        return make_room(l, l->buf.len + sizeof(struct waiting) + OVERHEAD);
}

static int put(struct live *l, struct line *k, const struct finding *f) {
        struct waiting *w = malloc(sizeof(*w) + l->buf.len);

        if (!w)
                return FAIL(-ENOMEM);
        w->time = f->time;
        w->seq = f->seq;
        w->offset = f->offset;
        w->rule = f->rule;
        w->len = (uint32_t)l->buf.len;
        memcpy(w->bytes, l->buf.p, l->buf.len);
        if (!heap_put(k, w)) {
                free(w);
                return FAIL(-ENOMEM);
        }
        l->st.pending++;
        l->st.pending_bytes += w->len + sizeof(*w) + OVERHEAD;
        l->st.pending_peak = MAX(l->st.pending_peak, l->st.pending_bytes);
        return 0;
}

/* ---- time ---- */

static void move_clock(struct line *k, int64_t time, int64_t received) {
        if (k->clock == TIME_NONE || time > k->clock)
                k->clock = time;
        if (k->received == TIME_NONE || received > k->received)
                k->received = received;
}

/* L4 */
static int64_t clock_of(const struct line *k, const struct finding *f) {
        return k->drill ? f->time : MIN(f->time, f->received);
}

static void settle_line(struct live *l, struct line *k) {
        uint32_t n = 0;

        for (uint32_t j = 0; j < k->n_ahead; j++)
                if (k->ahead[j].seq < l->settled)
                        move_clock(k, k->ahead[j].time, k->ahead[j].received);
                else
                        k->ahead[n++] = k->ahead[j];
        k->n_ahead = n;
}

static int remember(struct live *l, struct line *k, const struct finding *f) {
        if (f->seq < l->settled) {
                move_clock(k, clock_of(k, f), f->received);
                return 0;
        }
        if (k->n_ahead == (k->drill ? AHEAD_DRILL : AHEAD_MAX)) {
                /* An earlier batch that does not come: no longer waited for. */
                for (uint32_t j = 0; j < k->n_ahead; j++)
                        l->settled = MAX(l->settled, k->ahead[j].seq + 1);
                settle_line(l, k);
        }
        if (k->n_ahead == k->cap_ahead) {
                uint32_t cap = k->cap_ahead ? k->cap_ahead * 2 : 64;
                struct unsettled *to = realloc(k->ahead, cap * sizeof(*to));

                if (!to)
                        return FAIL(-ENOMEM);
                k->ahead = to;
                k->cap_ahead = cap;
        }
        k->ahead[k->n_ahead++] = (struct unsettled){f->seq, clock_of(k, f), f->received};
        return 0;
}

static bool ahead(const struct live *l, const struct finding *f) {
        return !f->drill && f->time > f->received &&
               (uint64_t)f->time - (uint64_t)f->received > (uint64_t)l->o.skew;
}

static bool is_behind(const struct live *l, const struct line *real, const struct finding *f,
                      int64_t t) {
        if (l->o.behind < 0 || f->drill)
                return false;
        if (real && real->watermark != TIME_NONE && t < real->watermark)
                return true;
        return t < f->received && (uint64_t)f->received - (uint64_t)t > (uint64_t)l->o.behind;
}

/* L6 */
int64_t live_time(const struct live *l, const struct finding *f, uint64_t *ret_line) {
        int64_t t = f->time != TIME_NONE && ahead(l, f) ? f->received : f->time;
        const struct line *k = find_line(l, LABEL_PLAY(f->drill));

        *ret_line = LABEL_PLAY(f->drill);
        if (t == TIME_NONE)
                return t;
        if (!is_behind(l, k, f, t))
                return k && k->watermark != TIME_NONE && t < k->watermark ? TIME_NONE : t;
        k = line_of_source(l, f->input);
        *ret_line = k && (k->watermark == TIME_NONE || t >= k->watermark)
                            ? k->id
                            : ((uint64_t)f->input + 1) << 32 | l->turns;
        return t;
}

/* The line that the hit goes to: a source's, for one further back than its last. */
static int turn_back(struct live *l, uint64_t id) {
        struct line *before =
                LINE_IS_SOURCE(id) ? line_of_source(l, (uint32_t)(id >> 32) - 1) : NULL;

        if (!before || before->id == id)
                return 0;
        l->st.turned++;
        return end_source(l, before);
}

int live_push(struct live *l, const struct finding *f) {
        struct finding hit = *f;
        struct line *k = NULL;
        uint64_t id;

        l->st.hits++;
        if (hit.time == TIME_NONE) {
                l->st.timeless++;
                return LIVE_E_TIMELESS;
        }
        l->st.future += ahead(l, f);
        hit.time = live_time(l, f, &id);
        if (hit.time == TIME_NONE) {
                l->st.late++;
                return LIVE_E_LATE;
        }
        int r = turn_back(l, id);
        if (r == 0)
                r = line_of(l, id, &k);
        if (r == 0)
                r = encode(l, &hit);
        if (r < 0)
                return r;
        assert(k);
        /* Making room may have moved the watermark past it. */
        if (k->watermark != TIME_NONE && hit.time < k->watermark) {
                l->st.late++;
                return LIVE_E_LATE;
        }
        l->st.behind += LINE_IS_SOURCE(id);
        k->heard = MAX(k->heard, f->received);
        r = put(l, k, &hit);
        return r < 0 ? r : remember(l, k, &hit);
}

static int64_t lateness(const struct live *l, const struct line *k) {
        return LINE_IS_SOURCE(k->id) ? l->o.behind : l->o.lateness;
}

int live_settle(struct live *l, uint64_t seq) {
        if (seq <= l->settled)
                return 0;
        l->settled = seq;
        for (uint32_t i = 0; i < l->n_lines; i++) {
                struct line *k = l->lines[i];

                settle_line(l, k);
                int r = drain(l, k, less(k->clock, lateness(l, k)));
                if (r < 0)
                        return r;
        }
        trim_drills(l);
        return 0;
}

/* A quiet source's line goes on by itself; once no window of it can be open it is over. */
static int source_clock(struct live *l, struct line *k, int64_t received, bool *ret_over) {
        int64_t clock, quiet;

        if (k->heard == TIME_NONE)
                k->heard = received;
        if (k->clock == TIME_NONE || received <= k->received ||
            __builtin_sub_overflow(received, k->heard, &quiet) || quiet < l->o.lateness ||
            __builtin_add_overflow(k->clock, received - MAX(k->received, k->heard), &clock))
                return 0;
        move_clock(k, clock, received);
        *ret_over = quiet / 2 > l->o.lateness && quiet / 2 > live_span(l);
        return drain(l, k, less(k->clock, l->o.lateness));
}

int live_clock(struct live *l, int64_t received) {
        for (uint32_t i = 0; i < l->n_lines; i++) {
                struct line *k = l->lines[i];
                int64_t clock = received;
                bool over = false;
                int r;

                if (LINE_IS_SOURCE(k->id)) {
                        r = source_clock(l, k, received, &over);
                        if (r == 0 && over && k->n == 0) {
                                r = end_source(l, k);
                                i--; /* another took its place */
                        }
                        if (r < 0)
                                return r;
                        continue;
                }
                if (k->drill) {
                        if (k->clock == TIME_NONE || received <= k->received ||
                            __builtin_add_overflow(k->clock, received - k->received, &clock))
                                continue;
                }
                move_clock(k, clock, received);
                r = drain(l, k, less(k->clock, l->o.lateness));
                if (r < 0)
                        return r;
        }
        trim_drills(l);
        return 0;
}

/* ---- going on ---- */

int live_resume(struct live *l, const struct live_mark *m) {
        struct line *k;
        int r = line_of(l, m->line, &k);

        if (r < 0)
                return r;
        k->watermark = m->watermark;
        k->clock = m->clock;
        k->received = m->received;
        k->muted = true;
        return 0;
}

int live_restore(struct live *l, uint64_t line, int64_t watermark, struct span saved) {
        struct correlator *before;
        struct line *k;
        int r = line_of(l, line, &k);

        if (r < 0)
                return r;
        if (k->watermark == TIME_NONE || watermark == TIME_NONE || watermark > k->watermark)
                return -EBADMSG;
        before = k->correlator;
        r = new_correlator(l, k);
        if (r < 0) {
                k->correlator = before;
                return r;
        }
        r = correlator_load(k->correlator, saved);
        if (r < 0) {
                correlator_free(k->correlator);
                k->correlator = before;
                return r;
        }
        correlator_free(before);
        k->from = watermark;
        return 0;
}

int live_save(const struct live *l, uint64_t line, struct buf *to) {
        const struct line *k = find_line(l, line);

        return k ? correlator_save(k->correlator, to) : -ENOENT;
}

int live_refeed(struct live *l, uint64_t line, const struct finding *f) {
        struct line *k;

        if (f->time == TIME_NONE)
                return LIVE_E_TIMELESS;
        int r = line_of(l, line, &k);
        if (r < 0)
                return r;
        if (k->from != TIME_NONE && f->time < k->from)
                return 0;
        if (k->watermark != TIME_NONE && f->time < k->watermark)
                return correlator_push(k->correlator, f);
        r = encode(l, f);
        return r < 0 ? r : put(l, k, f);
}

int live_resumed(struct live *l) {
        for (uint32_t i = 0; i < l->n_lines; i++) {
                struct line *k = l->lines[i];
                int r = k->watermark == TIME_NONE ? 0
                                                  : correlator_advance(k->correlator, k->watermark);

                if (r < 0)
                        return r;
                weigh(l, k);
                k->muted = false;
        }
        trim_drills(l);
        return 0;
}

bool live_mark_at(const struct live *l, uint32_t nth, struct live_mark *ret) {
        if (nth >= l->n_lines)
                return false;
        const struct line *k = l->lines[nth];
        *ret = (struct live_mark){k->id, k->watermark, k->clock, k->received};
        return true;
}

int64_t live_span(const struct live *l) {
        int64_t span = 0;

        for (uint32_t i = 0; i < l->n; i++)
                span = MAX(span, l->c[i].timespan);
        return span;
}

const struct live_stats *live_stats(const struct live *l) {
        return &l->st;
}

void live_correlate_stats(const struct live *l, struct correlate_stats *ret) {
        *ret = l->past;
        for (uint32_t i = 0; i < l->n_lines; i++)
                add_stats(ret, correlator_stats(l->lines[i]->correlator));
}

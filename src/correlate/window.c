/* What one group counts, in as little memory as the condition allows.
 *
 *   COUNT     n hits lie within the timespan exactly when the n-th last one does. So for "at least
 *             n" the times of the last n hits are enough, however many there are. A closed window
 *             needs a number only.
 *   DISTINCT  The same with values: n distinct values lie within the timespan exactly when the n-th
 *             last seen does. Values are kept as two keyed hashes. A closed window stops telling
 *             values apart beyond its largest bound and TOLD_APART.
 *   SEEN      temporal: when each rule was seen last.
 *   ORDER     temporal_ordered: start[j] is the latest time at which a sequence that has reached
 *             rule j can have begun. A hit of rule j extends the best sequence up to j-1:
 *             start[j] = max(start[j], start[j-1]). Since one record must not serve as two steps,
 *             it extends what was known before that record: `before`.
 *   SAMPLES   sum, average, median, percentile: the numbers of the timespan by time; those of one
 *             instant are merged where only sums matter; the order by size is kept by insertion
 *             where ranks matter, for at most RANKED_MAX numbers (beyond, the oldest go and are
 *             counted).
 *
 * Where the memory budget refuses growth, the oldest entry makes room and is counted: a window then
 * sees fewer events than there were, never more. */
#include <math.h>

#include "correlate/state.h"
#include "rules/corr_spec.h"

#define RANKED_MAX 65536u
#define TOLD_APART 256 /* a closed window counts exactly so far, whatever its bounds */

/* ---- the plan ---- */

static bool negates(const struct correlation *s) {
        for (uint32_t i = 0; i < s->n_cond; i++)
                if (s->cond[i].op == COND_NOT)
                        return true;
        return false;
}

/* The smallest count that all lower bounds allow, at least 1; or what a closed window must be able
 * to tell. */
static uint32_t needed(const struct corr *c) {
        double need = c->mode == MODE_CLOSED ? TOLD_APART : 1;

        for (uint32_t i = 0; i < c->spec->n_bounds; i++) {
                double v = c->spec->bounds[i].value;

                if (c->mode == MODE_CLOSED)
                        v = floor(v) + 2;
                else
                        v = c->spec->bounds[i].op == BOUND_GT ? floor(v) + 1 : ceil(v);
                need = MAX(need, v);
        }
        return need > (double)(UINT32_MAX / 4) ? UINT32_MAX / 4 : (uint32_t)need;
}

void window_plan(struct corr *c) {
        static const enum shape shapes[] = {
                [CORR_EVENT_COUNT] = SHAPE_COUNT,
                [CORR_VALUE_COUNT] = SHAPE_DISTINCT,
                [CORR_TEMPORAL] = SHAPE_SEEN,
                [CORR_TEMPORAL_ORDERED] = SHAPE_ORDER,
                [CORR_VALUE_SUM] = SHAPE_SAMPLES,
                [CORR_VALUE_AVG] = SHAPE_SAMPLES,
                [CORR_VALUE_PERCENTILE] = SHAPE_SAMPLES,
                [CORR_VALUE_MEDIAN] = SHAPE_SAMPLES,
        };
        bool lower_only = !negates(c->spec);

        for (uint32_t i = 0; i < c->spec->n_bounds; i++)
                if (c->spec->bounds[i].op != BOUND_GT && c->spec->bounds[i].op != BOUND_GTE)
                        lower_only = false;
        c->shape = shapes[c->spec->type];
        if (!lower_only)
                c->mode = MODE_CLOSED;
        else if (c->spec->type > CORR_VALUE_SUM)
                c->mode = MODE_COMPLETE;
        else
                c->mode = MODE_AT_ONCE;
        c->need = needed(c);
}

static bool bounds_hold(const struct correlation *s, double v) {
        for (uint32_t i = 0; i < s->n_bounds; i++) {
                double b = s->bounds[i].value;
                bool holds = true;

                switch (s->bounds[i].op) {
                case BOUND_GT: holds = v > b; break;
                case BOUND_GTE: holds = v >= b; break;
                case BOUND_LT: holds = v < b; break;
                case BOUND_LTE: holds = v <= b; break;
                case BOUND_EQ: holds = v == b; break;
                case BOUND_NEQ: holds = v != b; break;
                }
                if (!holds)
                        return false;
        }
        return true;
}

/* ---- COUNT ---- */

static bool ring_grow(struct correlator *q, struct corr *c, struct group *g) {
        struct ring *r = &g->ring;
        uint32_t cap = MIN(r->cap ? r->cap * 2 : 4, c->need), tail = r->cap - r->head;
        int64_t *t = group_realloc(q, c, g, r->t, r->cap * sizeof(*t), cap * sizeof(*t));

        if (!t)
                return false;
        if (r->head) {
                memmove(t + cap - tail, t + r->head, tail * sizeof(*t));
                r->head = cap - tail;
        }
        r->t = t;
        r->cap = cap;
        return true;
}

static void ring_drop(struct ring *r) {
        r->head = r->head + 1 == r->cap ? 0 : r->head + 1;
        r->n--;
}

static void ring_add(struct correlator *q, struct corr *c, struct group *g, int64_t t) {
        struct ring *r = &g->ring;

        r->total++;
        if (c->mode == MODE_CLOSED)
                return;
        if (r->n == c->need) {
                ring_drop(r);
        } else if (r->n == r->cap && !ring_grow(q, c, g)) {
                q->stats.entries_evicted++;
                if (r->cap == 0)
                        return;
                ring_drop(r);
        }
        uint32_t at = r->head + r->n;
        r->t[at >= r->cap ? at - r->cap : at] = t;
        r->n++;
}

/* ---- DISTINCT ---- */

static void value_unlink(struct distinct *d, uint32_t i) {
        struct value *v = &d->v[i - 1];

        if (v->newer)
                d->v[v->newer - 1].older = v->older;
        else
                d->newest = v->older;
        if (v->older)
                d->v[v->older - 1].newer = v->newer;
        else
                d->oldest = v->newer;
}

static void value_link(struct distinct *d, uint32_t i) {
        struct value *v = &d->v[i - 1];

        v->newer = 0;
        v->older = d->newest;
        if (d->newest)
                d->v[d->newest - 1].newer = i;
        else
                d->oldest = i;
        d->newest = i;
}

static void value_drop(struct distinct *d, uint32_t i) {
        uint32_t *p = &d->buckets[d->v[i - 1].h1 & (d->cap - 1)];

        while (*p != i)
                p = &d->v[*p - 1].chain;
        *p = d->v[i - 1].chain;
        value_unlink(d, i);
        d->v[i - 1].chain = d->free;
        d->free = i;
        d->n--;
}

/* Values, and behind them the buckets, in one block. */
static size_t distinct_size(uint32_t cap) {
        return (size_t)cap * (sizeof(struct value) + sizeof(uint32_t));
}

static bool distinct_grow(struct correlator *q, struct corr *c, struct group *g) {
        struct distinct *d = &g->distinct;
        uint32_t cap = d->cap ? d->cap * 2 : 4, *b;
        struct value *v;

        v = group_realloc(q, c, g, d->v, distinct_size(d->cap), distinct_size(cap));
        if (!v)
                return false;
        d->v = v;
        b = d->buckets = (uint32_t *)(void *)(v + cap);
        memset(b, 0, cap * sizeof(*b));
        for (uint32_t i = d->oldest; i; i = v[i - 1].newer) {
                v[i - 1].chain = b[v[i - 1].h1 & (cap - 1)];
                b[v[i - 1].h1 & (cap - 1)] = i;
        }
        for (uint32_t i = cap; i > d->cap; i--) {
                v[i - 1].chain = d->free;
                d->free = i;
        }
        d->cap = cap;
        return true;
}

static void distinct_add(struct correlator *q, struct corr *c, struct group *g,
                         const struct mark *m) {
        struct distinct *d = &g->distinct;
        uint32_t i = d->cap ? d->buckets[m->h1 & (d->cap - 1)] : 0;

        while (i && !(d->v[i - 1].h1 == m->h1 && d->v[i - 1].h2 == m->h2))
                i = d->v[i - 1].chain;
        if (i) {
                value_unlink(d, i);
        } else {
                if (d->n == c->need) {
                        if (c->mode == MODE_CLOSED)
                                return; /* as many as any bound can tell */
                        value_drop(d, d->oldest);
                } else if (!d->free && !distinct_grow(q, c, g)) {
                        q->stats.entries_evicted++;
                        if (!d->oldest)
                                return;
                        value_drop(d, d->oldest);
                }
                i = d->free;
                struct value *v = &d->v[i - 1];
                d->free = v->chain;
                v->h1 = m->h1;
                v->h2 = m->h2;
                v->chain = d->buckets[m->h1 & (d->cap - 1)];
                d->buckets[m->h1 & (d->cap - 1)] = i;
                d->n++;
        }
        d->v[i - 1].t = m->t;
        value_link(d, i);
}

/* ---- SEEN, ORDER ---- */

static size_t times_size(const struct corr *c) {
        return (size_t)c->spec->n_refs * sizeof(int64_t) * (c->shape == SHAPE_ORDER ? 2 : 1);
}

static void times_add(struct correlator *q, struct corr *c, struct group *g, const struct mark *m) {
        uint32_t n = c->spec->n_refs;
        int64_t *start, *before;

        if (!g->times) {
                g->times = group_realloc(q, c, g, NULL, 0, times_size(c));
                if (!g->times) {
                        q->stats.entries_evicted++;
                        return;
                }
                for (size_t i = 0; i < times_size(c) / sizeof(int64_t); i++)
                        g->times[i] = TIME_NONE;
        }
        if (c->shape == SHAPE_SEEN) {
                for (uint32_t i = 0; i < m->n_refs; i++)
                        g->times[m->refs[i].ref] = m->t;
                return;
        }
        start = g->times;
        before = g->times + n;
        if (m->new_event)
                memcpy(before, start, n * sizeof(*start));
        for (uint32_t i = 0; i < m->n_refs; i++) {
                uint32_t j = m->refs[i].ref;

                start[j] = MAX(start[j], j ? before[j - 1] : m->t);
        }
}

static bool expression(const struct correlation *s, const int64_t *times, int64_t t) {
        bool stack[CORR_COND_DEPTH + 1] = {false};
        uint32_t n = 0;

        for (uint32_t i = 0; i < s->n_cond; i++)
                switch (s->cond[i].op) {
                case COND_REF: {
                        int64_t at = times[s->cond[i].ref];
                        stack[n++] = at != TIME_NONE && within(at, t, s->timespan);
                        break;
                }
                case COND_AND: n--, stack[n - 1] = stack[n - 1] && stack[n]; break;
                case COND_OR: n--, stack[n - 1] = stack[n - 1] || stack[n]; break;
                case COND_NOT: stack[n - 1] = !stack[n - 1]; break;
                }
        return stack[0];
}

static struct verdict judge_times(const struct corr *c, const struct group *g, int64_t t) {
        const struct correlation *s = c->spec;
        struct verdict v = {.first = t};
        uint32_t seen = 0;

        if (!g->times)
                return v;
        for (uint32_t i = s->n_refs; i-- > 0;) {
                int64_t at = g->times[i];

                if (at == TIME_NONE || !within(at, t, s->timespan))
                        continue;
                v.first = MIN(v.first, at);
                seen++;
                if (c->shape == SHAPE_ORDER) {
                        seen = i + 1; /* the longest beginning of the sequence */
                        break;
                }
        }
        v.value = seen;
        v.holds = s->n_bounds ? seen > 0 && bounds_hold(s, seen)
                  : s->n_cond ? true
                              : seen == s->n_refs;
        if (s->n_cond)
                v.holds = v.holds && expression(s, g->times, t);
        return v;
}

/* ---- SAMPLES ---- */

static bool ranked(const struct corr *c) {
        return c->spec->type == CORR_VALUE_MEDIAN || c->spec->type == CORR_VALUE_PERCENTILE;
}

static void sum_add(struct samples *s, double v) {
        double sum = s->sum + v;

        s->lost += fabs(s->sum) >= fabs(v) ? (s->sum - sum) + v : (v - sum) + s->sum;
        s->sum = sum;
}

/* Where v stands, or should, in the order of size. */
static uint32_t rank_of(const struct samples *s, double v) {
        uint32_t lo = 0, hi = s->n;

        while (lo < hi) {
                uint32_t mid = lo + (hi - lo) / 2;

                if (s->sorted[mid] < v)
                        lo = mid + 1;
                else
                        hi = mid;
        }
        return lo;
}

static void sample_drop(const struct corr *c, struct samples *s) {
        const struct sample *x = &s->s[s->head];

        if (ranked(c)) {
                uint32_t i = rank_of(s, x->v);

                memmove(s->sorted + i, s->sorted + i + 1, (s->n - i - 1) * sizeof(double));
        }
        sum_add(s, -x->v);
        s->hits -= x->n;
        s->head = s->head + 1 == s->cap ? 0 : s->head + 1;
        if (--s->n == 0)
                s->sum = s->lost = 0; /* what rounding left */
}

static bool samples_grow(struct correlator *q, struct corr *c, struct group *g) {
        struct samples *s = &g->samples;
        uint32_t cap = s->cap ? s->cap * 2 : 4, tail = s->cap - s->head;
        struct sample *to;

        if (cap > (ranked(c) ? RANKED_MAX : UINT32_MAX / 4))
                return false;
        if (ranked(c)) {
                double *d = group_realloc(q, c, g, s->sorted, s->sorted_cap * sizeof(*d),
                                          cap * sizeof(*d));

                if (!d)
                        return false;
                s->sorted = d;
                s->sorted_cap = cap;
        }
        to = group_realloc(q, c, g, s->s, s->cap * sizeof(*to), cap * sizeof(*to));
        if (!to)
                return false;
        if (s->head) {
                memmove(to + cap - tail, to + s->head, tail * sizeof(*to));
                s->head = cap - tail;
        }
        s->s = to;
        s->cap = cap;
        return true;
}

static void sample_add(struct correlator *q, struct corr *c, struct group *g, int64_t t,
                       double value) {
        struct samples *s = &g->samples;
        uint32_t last = s->head + s->n - 1;

        if (s->n && !ranked(c)) {
                struct sample *x = &s->s[last >= s->cap ? last - s->cap : last];

                if (x->t == t) {
                        x->v += value;
                        x->n++;
                        sum_add(s, value);
                        s->hits++;
                        return;
                }
        }
        if (s->n == s->cap && !samples_grow(q, c, g)) {
                q->stats.entries_evicted++;
                if (s->cap == 0)
                        return;
                sample_drop(c, s);
        }
        if (ranked(c)) {
                uint32_t i = rank_of(s, value);

                memmove(s->sorted + i + 1, s->sorted + i, (s->n - i) * sizeof(double));
                s->sorted[i] = value;
        }
        uint32_t at = s->head + s->n;
        s->s[at >= s->cap ? at - s->cap : at] = (struct sample){t, value, 1};
        s->n++;
        s->hits++;
        sum_add(s, value);
}

static double measure(const struct corr *c, const struct samples *s) {
        switch (c->spec->type) {
        case CORR_VALUE_SUM: return s->sum + s->lost;
        case CORR_VALUE_AVG: return (s->sum + s->lost) / (double)s->hits;
        case CORR_VALUE_MEDIAN: return (s->sorted[(s->n - 1) / 2] + s->sorted[s->n / 2]) / 2;
        default: break;
        }
        /* The nearest rank: the smallest number that at least p % of all do not exceed. */
        double rank = ceil(c->spec->percentile / 100 * s->n);
        return s->sorted[rank < 1 ? 0 : MIN((uint32_t)rank, s->n) - 1];
}

/* ---- all shapes ---- */

void window_add(struct correlator *q, struct corr *c, struct group *g, const struct mark *m) {
        switch (c->shape) {
        case SHAPE_COUNT: ring_add(q, c, g, m->t); break;
        case SHAPE_DISTINCT: distinct_add(q, c, g, m); break;
        case SHAPE_SEEN:
        case SHAPE_ORDER: times_add(q, c, g, m); break;
        case SHAPE_SAMPLES:
                for (uint32_t i = 0; i < m->n_values; i++)
                        sample_add(q, c, g, m->t, m->values[i]);
                break;
        }
}

void window_expire(const struct corr *c, struct group *g, int64_t t) {
        int64_t span = c->spec->timespan;

        switch (c->shape) {
        case SHAPE_COUNT:
                while (g->ring.n && !within(g->ring.t[g->ring.head], t, span))
                        ring_drop(&g->ring);
                break;
        case SHAPE_DISTINCT:
                while (g->distinct.oldest &&
                       !within(g->distinct.v[g->distinct.oldest - 1].t, t, span))
                        value_drop(&g->distinct, g->distinct.oldest);
                break;
        case SHAPE_SAMPLES:
                while (g->samples.n && !within(g->samples.s[g->samples.head].t, t, span))
                        sample_drop(c, &g->samples);
                break;
        case SHAPE_SEEN:
        case SHAPE_ORDER: break; /* judged by their times */
        }
}

struct verdict window_judge(const struct corr *c, const struct group *g, int64_t t) {
        struct verdict v = {.first = t};

        switch (c->shape) {
        case SHAPE_COUNT:
                if (c->mode == MODE_CLOSED) {
                        v.value = (double)g->ring.total;
                        v.first = g->opened;
                } else if (g->ring.n) {
                        v.value = g->ring.n;
                        v.first = g->ring.t[g->ring.head];
                }
                break;
        case SHAPE_DISTINCT:
                v.value = g->distinct.n;
                if (c->mode == MODE_CLOSED)
                        v.first = g->opened;
                else if (g->distinct.oldest)
                        v.first = g->distinct.v[g->distinct.oldest - 1].t;
                break;
        case SHAPE_SAMPLES:
                if (g->samples.n == 0)
                        return v;
                v.value = measure(c, &g->samples);
                v.first = g->samples.s[g->samples.head].t;
                break;
        case SHAPE_SEEN:
        case SHAPE_ORDER: return judge_times(c, g, t);
        }
        v.holds = v.value > 0 || c->shape == SHAPE_SAMPLES ? bounds_hold(c->spec, v.value) : false;
        return v;
}

void window_free(struct correlator *q, struct corr *c, struct group *g) {
        switch (c->shape) {
        case SHAPE_COUNT:
                group_realloc(q, c, NULL, g->ring.t, g->ring.cap * sizeof(int64_t), 0);
                break;
        case SHAPE_DISTINCT:
                group_realloc(q, c, NULL, g->distinct.v, distinct_size(g->distinct.cap), 0);
                break;
        case SHAPE_SAMPLES:
                group_realloc(q, c, NULL, g->samples.s, g->samples.cap * sizeof(struct sample), 0);
                group_realloc(q, c, NULL, g->samples.sorted, g->samples.sorted_cap * sizeof(double),
                              0);
                break;
        case SHAPE_SEEN:
        case SHAPE_ORDER:
                group_realloc(q, c, NULL, g->times, g->times ? times_size(c) : 0, 0);
                break;
        }
}

/* ---- to keep, and back ---- */

static void save_ring(const struct ring *r, struct buf *b) {
        buf_add(b, &r->total, sizeof(r->total));
        buf_add(b, &r->n, sizeof(r->n));
        for (uint32_t i = 0; i < r->n; i++) {
                uint32_t at = r->head + i;

                buf_add(b, &r->t[at >= r->cap ? at - r->cap : at], sizeof(int64_t));
        }
}

static void save_distinct(const struct distinct *d, struct buf *b) {
        buf_add(b, &d->n, sizeof(d->n));
        for (uint32_t i = d->oldest; i; i = d->v[i - 1].newer) {
                buf_add(b, &d->v[i - 1].h1, sizeof(uint64_t));
                buf_add(b, &d->v[i - 1].h2, sizeof(uint64_t));
                buf_add(b, &d->v[i - 1].t, sizeof(int64_t));
        }
}

static void save_samples(const struct samples *s, struct buf *b) {
        buf_add(b, &s->n, sizeof(s->n));
        buf_add(b, &s->sum, sizeof(s->sum));
        buf_add(b, &s->lost, sizeof(s->lost));
        for (uint32_t i = 0; i < s->n; i++) {
                uint32_t at = s->head + i;

                buf_add(b, &s->s[at >= s->cap ? at - s->cap : at], sizeof(struct sample));
        }
}

void window_save(const struct corr *c, const struct group *g, struct buf *b) {
        switch (c->shape) {
        case SHAPE_COUNT: save_ring(&g->ring, b); break;
        case SHAPE_DISTINCT: save_distinct(&g->distinct, b); break;
        case SHAPE_SAMPLES: save_samples(&g->samples, b); break;
        case SHAPE_SEEN:
        case SHAPE_ORDER:
                buf_char(b, g->times != NULL);
                if (g->times)
                        buf_add(b, g->times, times_size(c));
                break;
        }
}

static bool take(struct span *s, void *to, size_t n) {
        if (s->len < n)
                return false;
        memcpy(to, s->p, n);
        *s = span_of(s->p + n, s->len - n);
        return true;
}

static bool load_ring(struct correlator *q, struct corr *c, struct group *g, struct span *s) {
        uint64_t total;
        uint32_t n;
        int64_t t;

        if (!take(s, &total, sizeof(total)) || !take(s, &n, sizeof(n)))
                return false;
        for (uint32_t i = 0; i < n; i++) {
                if (!take(s, &t, sizeof(t)))
                        return false;
                ring_add(q, c, g, t);
        }
        g->ring.total = total;
        return true;
}

static bool load_distinct(struct correlator *q, struct corr *c, struct group *g, struct span *s) {
        struct mark m = {0};
        uint32_t n;

        if (!take(s, &n, sizeof(n)))
                return false;
        for (uint32_t i = 0; i < n; i++) {
                if (!take(s, &m.h1, sizeof(m.h1)) || !take(s, &m.h2, sizeof(m.h2)) ||
                    !take(s, &m.t, sizeof(m.t)))
                        return false;
                distinct_add(q, c, g, &m);
        }
        return true;
}

static bool load_samples(struct correlator *q, struct corr *c, struct group *g, struct span *s) {
        struct samples *to = &g->samples;
        double sum, lost;
        uint32_t n;

        if (!take(s, &n, sizeof(n)) || !take(s, &sum, sizeof(sum)) || !take(s, &lost, sizeof(lost)))
                return false;
        for (uint32_t i = 0; i < n; i++) {
                struct sample x;
                uint32_t was = to->n;

                if (!take(s, &x, sizeof(x)) || !isfinite(x.v) || x.n == 0)
                        return false;
                sample_add(q, c, g, x.t, x.v);
                if (to->n != was + 1)
                        continue; /* no room */
                uint32_t at = to->head + to->n - 1;
                to->s[at >= to->cap ? at - to->cap : at].n = x.n;
                to->hits += x.n - 1;
        }
        if (to->n == n) { /* with the same rounding as before */
                to->sum = sum;
                to->lost = lost;
        }
        return isfinite(sum) && isfinite(lost);
}

bool window_load(struct correlator *q, struct corr *c, struct group *g, struct span *s) {
        char there;

        switch (c->shape) {
        case SHAPE_COUNT: return load_ring(q, c, g, s);
        case SHAPE_DISTINCT: return load_distinct(q, c, g, s);
        case SHAPE_SAMPLES: return load_samples(q, c, g, s);
        case SHAPE_SEEN:
        case SHAPE_ORDER: break;
        }
        if (!take(s, &there, 1))
                return false;
        if (!there)
                return true;
        if (s->len < times_size(c))
                return false;
        g->times = group_realloc(q, c, g, NULL, 0, times_size(c));
        if (g->times)
                memcpy(g->times, s->p, times_size(c));
        *s = span_of(s->p + times_size(c), s->len - times_size(c));
        return true;
}

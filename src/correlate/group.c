/* Groups of one correlation: a hash table, a list by last touch, a list of windows to be closed;
 * and the memory they use.
 *
 * Whoever sends the logs decides how many groups there are, so memory is charged to the correlation
 * that asks for it and, when the budget is used up, taken from the one that uses most: its group
 * untouched for longest. A flood of keys for one rule therefore costs that rule its oldest groups,
 * and another rule nothing as long as it uses less than the greedy one.
 *
 *   G1. `used` of the correlator is the sum of `used` of all correlations and never above the
 *       budget, but for bucket arrays (8 to 16 bytes per group).
 *   G2. A busy group is never evicted: somebody up the call chain holds it.
 *   G3. Hits come in time order, so the list by last touch is a list by time, and so is the list of
 *       due windows, as all windows of a correlation are of one length. */
#include <stdlib.h>

#include "base/hash.h"
#include "correlate/state.h"

/* What malloc adds. */
#define OVERHEAD 16u

static void charge(struct correlator *q, struct corr *c, size_t old_size, size_t size) {
        c->used = c->used - old_size + size;
        q->used = q->used - old_size + size;
        q->stats.peak_memory = MAX(q->stats.peak_memory, q->used);
}

static struct group *evictable(const struct corr *c) {
        struct group *g = c->oldest;

        while (g && g->busy)
                g = g->newer;
        return g;
}

static bool evict(struct correlator *q) {
        struct corr *worst = NULL;

        for (uint32_t i = 0; i < q->n; i++)
                if ((!worst || q->c[i].used > worst->used) && evictable(&q->c[i]))
                        worst = &q->c[i];
        if (!worst)
                return false;
        group_drop(q, worst, evictable(worst));
        q->stats.groups_evicted++;
        return true;
}

void *group_realloc(struct correlator *q, struct corr *c, struct group *g, void *p, size_t old_size,
                    size_t size) {
        size_t was = old_size ? old_size + OVERHEAD : 0, is = size ? size + OVERHEAD : 0;
        bool busy = g && g->busy;
        void *to;

        if (size == 0) {
                free(p);
                charge(q, c, was, 0);
                return NULL;
        }
        if (g)
                g->busy = true;
        /* Old and new exist side by side while realloc copies. */
        while (is > was && q->used + is > q->budget && evict(q))
                ;
        if (g)
                g->busy = busy;
        if (is > was && q->used + is > q->budget)
                return NULL;
        to = realloc(p, size);
        if (to)
                charge(q, c, was, is);
        return to;
}

/* ---- the list by last touch ---- */

static void unlink_touch(struct corr *c, struct group *g) {
        if (g->newer)
                g->newer->older = g->older;
        else
                c->newest = g->older;
        if (g->older)
                g->older->newer = g->newer;
        else
                c->oldest = g->newer;
}

static void link_newest(struct corr *c, struct group *g) {
        g->newer = NULL;
        g->older = c->newest;
        if (c->newest)
                c->newest->newer = g;
        else
                c->oldest = g;
        c->newest = g;
}

/* ---- windows to be closed ---- */

void group_due_add(struct correlator *q, struct corr *c, struct group *g) {
        assert(!g->open);
        g->open = true;
        g->due_next = NULL;
        g->due_prev = c->due_last;
        if (c->due_last)
                c->due_last->due_next = g;
        else
                c->due_first = g;
        c->due_last = g;
        q->next_due = MIN(q->next_due, later(g->opened, c->spec->timespan));
}

void group_due_remove(struct corr *c, struct group *g) {
        assert(g->open);
        g->open = false;
        if (g->due_next)
                g->due_next->due_prev = g->due_prev;
        else
                c->due_last = g->due_prev;
        if (g->due_prev)
                g->due_prev->due_next = g->due_next;
        else
                c->due_first = g->due_next;
}

/* ---- the table ---- */

static bool grow(struct corr *c) {
        uint32_t n = c->n_buckets ? c->n_buckets * 2 : 16;
        struct group **b = calloc(n, sizeof(struct group *));

        if (!b)
                return c->n_buckets > 0; /* longer chains will do */
        for (uint32_t i = 0; i < c->n_buckets; i++)
                for (struct group *g = c->buckets[i], *next; g; g = next) {
                        next = g->chain;
                        g->chain = b[g->hash & (n - 1)];
                        b[g->hash & (n - 1)] = g;
                }
        free(c->buckets);
        c->buckets = b;
        c->n_buckets = n;
        return true;
}

struct group *group_get(struct correlator *q, struct corr *c, struct span key, uint64_t hash) {
        struct group *g = c->n_buckets ? c->buckets[hash & (c->n_buckets - 1)] : NULL;

        while (g && !(g->hash == hash && span_eq(span_of(g->key, g->key_len), key)))
                g = g->chain;
        if (g) {
                unlink_touch(c, g);
                link_newest(c, g);
                g->touched = q->now;
                return g;
        }
        if (c->n_groups >= q->max_groups && evictable(c)) {
                group_drop(q, c, evictable(c));
                q->stats.groups_evicted++;
        }
        if (c->n_groups >= c->n_buckets && !grow(c))
                return NULL;
        g = group_realloc(q, c, NULL, NULL, 0, sizeof(*g) + key.len);
        if (!g)
                return NULL;
        *g = (struct group){
                .hash = hash, .key_len = (uint32_t)key.len, .touched = q->now, .last_t = TIME_NONE};
        if (key.len)
                memcpy(g->key, key.p, key.len);
        g->chain = c->buckets[hash & (c->n_buckets - 1)];
        c->buckets[hash & (c->n_buckets - 1)] = g;
        c->n_groups++;
        link_newest(c, g);
        return g;
}

void group_drop(struct correlator *q, struct corr *c, struct group *g) {
        struct group **p = &c->buckets[g->hash & (c->n_buckets - 1)];

        assert(!g->busy); /* G2 */
        while (*p != g)
                p = &(*p)->chain;
        *p = g->chain;
        unlink_touch(c, g);
        if (g->open)
                group_due_remove(c, g);
        window_free(q, c, g);
        group_realloc(q, c, NULL, g->blob, g->blob_len, 0);
        group_realloc(q, c, NULL, g->steps, g->n_steps * sizeof(*g->steps), 0);
        c->n_groups--;
        group_realloc(q, c, NULL, g, sizeof(*g) + g->key_len, 0);
}

/* A step whose last hit is before a window has none in it, so the last hit of each is all there is to know. */
void group_step(struct correlator *q, struct corr *c, struct group *g, uint32_t step, int64_t t) {
        for (uint32_t i = 0; i < g->n_steps; i++)
                if (g->steps[i].step == step) {
                        g->steps[i].t = t;
                        return;
                }
        for (uint32_t i = 0; i < g->n_steps; i++)
                if (!within(g->steps[i].t, t, c->spec->timespan)) {
                        g->steps[i] = (struct step_seen){.t = t, .step = step};
                        return;
                }
        struct step_seen *to = group_realloc(q, c, g, g->steps, g->n_steps * sizeof(*to),
                                             (g->n_steps + 1) * sizeof(*to));
        if (!to) {
                q->stats.entries_evicted++;
                return;
        }
        g->steps = to;
        g->steps[g->n_steps++] = (struct step_seen){.t = t, .step = step};
}

void group_steps(const struct group *g, int64_t first, struct finding_steps *ret) {
        *ret = (struct finding_steps){0};
        for (uint32_t i = 0; i < g->n_steps; i++)
                if (g->steps[i].t >= first)
                        ret->bits[g->steps[i].step / 64 % 4] |= UINT64_C(1)
                                                                << g->steps[i].step % 64;
}

/* G3: the oldest tells whether there is anything to do. A few at a time, so that no hit pays for a
 * long pause. */
void group_tidy(struct correlator *q, struct corr *c) {
        for (unsigned i = 0; i < 4; i++) {
                struct group *g = c->oldest;

                if (!g || g->busy || g->open || within(g->touched, q->now, c->spec->timespan))
                        return;
                group_drop(q, c, g);
        }
}

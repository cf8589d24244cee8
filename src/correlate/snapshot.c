/* All windows of a correlator as bytes, and back: what a process that starts anew needs to go on as if
 * the old one had never ended. Hits alone would not do: how long an episode has lasted, and when a
 * window began that is judged when it is over, depend on everything before.
 *
 *     magic | number of correlations | now | per correlation: number of groups | groups, untouched for
 *     longest first: fixed part, key, blob, steps, window (window.c) | number of windows to be closed | groups'
 *     numbers in the order of their ends
 *
 * The bytes come from our own database, which a desk that was taken over may have written: any bytes
 * are safe to read, and what does not fit is refused. */
#include <stdlib.h>

#include "base/hash.h"
#include "correlate/state.h"
#include "wire/exercise.h"

#define MAGIC 0x32534c43u
#define KEY_MAX ((uint32_t)1 << 20)

struct head {
        uint32_t magic, n;
        int64_t now;
};

struct fixed {
        int64_t touched, opened, last_t;
        uint64_t last_offset, last_seq;
        uint32_t last_input, key_len, blob_len, blob_ref;
        uint8_t on, seen_event, pad[2];
        uint32_t n_steps;
};

static void save_group(const struct corr *c, const struct group *g, struct buf *b) {
        struct fixed f = {.touched = g->touched,
                          .opened = g->opened,
                          .last_t = g->last_t,
                          .last_offset = g->last_offset,
                          .last_seq = g->last_seq,
                          .last_input = g->last_input,
                          .key_len = g->key_len,
                          .blob_len = g->blob_len,
                          .blob_ref = g->blob_ref,
                          .on = g->on,
                          .seen_event = g->seen_event,
                          .n_steps = g->n_steps};

        buf_add(b, &f, sizeof(f));
        buf_add(b, g->key, g->key_len);
        buf_add(b, g->blob, g->blob_len);
        buf_add(b, g->steps, g->n_steps * sizeof(*g->steps));
        window_save(c, g, b);
}

static void save_corr(const struct corr *c, struct buf *b) {
        uint32_t number = 0, due = 0;

        buf_add(b, &c->n_groups, sizeof(c->n_groups));
        for (struct group *g = c->oldest; g; g = g->newer) {
                g->mark = number++;
                save_group(c, g, b);
        }
        for (const struct group *g = c->due_first; g; g = g->due_next)
                due++;
        buf_add(b, &due, sizeof(due));
        for (const struct group *g = c->due_first; g; g = g->due_next)
                buf_add(b, &g->mark, sizeof(g->mark));
}

int correlator_save(const struct correlator *q, struct buf *to) {
        struct head h = {.magic = MAGIC, .n = q->n, .now = q->now};

        buf_add(to, &h, sizeof(h));
        for (uint32_t i = 0; i < q->n; i++)
                save_corr(&q->c[i], to);
        return to->failed ? FAIL(-ENOMEM) : 0;
}

static bool take(struct span *s, void *to, size_t n) {
        if (s->len < n)
                return false;
        memcpy(to, s->p, n);
        *s = span_of(s->p + n, s->len - n);
        return true;
}

static bool load_steps(struct correlator *q, struct corr *c, struct group *g, struct span *s,
                       uint32_t n) {
        struct step_seen x;

        if (n > LABEL_STEPS)
                return false;
        for (uint32_t i = 0; i < n; i++) {
                if (!take(s, &x, sizeof(x)) || x.step >= LABEL_STEPS)
                        return false;
                group_step(q, c, g, x.step, x.t);
        }
        return true;
}

/* NULL in *ret: there was no room for it, which is counted as elsewhere. */
static bool load_group(struct correlator *q, struct corr *c, struct span *s, struct group **ret) {
        struct fixed f;
        struct group *g;
        uint32_t groups = c->n_groups;

        if (!take(s, &f, sizeof(f)) || f.key_len > KEY_MAX || s->len < f.key_len ||
            f.blob_ref >= MAX(c->spec->n_refs, 1u) || f.on > 1 || f.seen_event > 1)
                return false;
        struct span key = span_of(s->p, f.key_len);
        *s = span_of(s->p + f.key_len, s->len - f.key_len);
        if (f.blob_len > KEY_MAX || s->len < f.blob_len)
                return false;
        g = group_get(q, c, key, hash_bytes(key.p, key.len, q->key));
        if (!g || c->n_groups != groups + 1)
                return false; /* twice the same key, or more than there may be */
        g->touched = f.touched;
        g->opened = f.opened;
        g->last_t = f.last_t;
        g->last_offset = f.last_offset;
        g->last_seq = f.last_seq;
        g->last_input = f.last_input;
        g->on = f.on != 0;
        g->seen_event = f.seen_event != 0;
        g->busy = true;
        g->blob = f.blob_len ? group_realloc(q, c, g, NULL, 0, f.blob_len) : NULL;
        if (g->blob) {
                memcpy(g->blob, s->p, f.blob_len);
                g->blob_len = f.blob_len;
                g->blob_ref = f.blob_ref;
        }
        *s = span_of(s->p + f.blob_len, s->len - f.blob_len);
        bool ok = load_steps(q, c, g, s, f.n_steps) && window_load(q, c, g, s);
        g->busy = false;
        *ret = g;
        return ok;
}

static int load_corr(struct correlator *q, struct corr *c, struct span *s) {
        uint32_t n, due, number;
        struct group **list;
        int r = -EBADMSG;

        if (!take(s, &n, sizeof(n)) || n > s->len / sizeof(struct fixed) || n > q->max_groups)
                return -EBADMSG;
        list = calloc((size_t)n + 1, sizeof(struct group *));
        if (!list)
                return FAIL(-ENOMEM);
        for (uint32_t i = 0; i < n; i++)
                if (!load_group(q, c, s, &list[i]) || q->stats.groups_evicted)
                        goto out;
        if (!take(s, &due, sizeof(due)) || due > n)
                goto out;
        for (uint32_t i = 0; i < due; i++) {
                if (!take(s, &number, sizeof(number)) || number >= n || list[number]->open ||
                    (c->due_last && c->due_last->opened > list[number]->opened))
                        goto out;
                group_due_add(q, c, list[number]);
        }
        r = 0;
out:
        free(list);
        return r;
}

int correlator_load(struct correlator *q, struct span s) {
        struct head h;

        if (!take(&s, &h, sizeof(h)) || h.magic != MAGIC || h.n != q->n || q->stats.hits)
                return -EBADMSG;
        q->now = h.now;
        for (uint32_t i = 0; i < q->n; i++) {
                int r = load_corr(q, &q->c[i], &s);
                if (r < 0)
                        return r;
        }
        return s.len ? -EBADMSG : 0;
}

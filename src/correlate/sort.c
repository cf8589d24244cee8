/* External merge sort (see sort.h).
 *
 *   memory:  data: encoded findings, one after the other | items: key, place, length of each
 *   scratch: run | run | …  A run is encoded findings in order; the finding's own length says where
 *            the next one begins.
 *
 * When data or items are full, the items are sorted and written as a run. At the end, as many runs
 * are merged at a time as the memory has buffers for (fan); if there are more, merged runs are
 * written behind the others and take part again. So memory is fixed, and with the default of 8 MiB
 * about 280 MB of hits need one pass.
 *
 *   R1. A buffer holds at least one whole finding (BUFFER_BYTES > RECORD_BYTES).
 *   R2. What comes back from the scratch file is decoded and checked like anything foreign.
 *
 * The sort is written out here, since qsort() may ask the system for its memory size (glibc does,
 * with sysinfo), which a sandbox may forbid, and since its own memory would not be counted. */
#include "correlate/sort.h"

#include <stdlib.h>

#include "base/timestamp.h"

#define MEMORY_DEFAULT ((size_t)8 << 20)
#ifndef SORT_SMALL /* the fuzz target has its own, so that a few hits make several runs */
#define MEMORY_MIN ((size_t)512 << 10)
#define RECORD_BYTES ((size_t)256 + 2048 + FINDING_BYTES_MAX + (size_t)FINDING_FIELDS_MAX * 16)
#define BUFFER_BYTES ((size_t)128 << 10)
#endif
#define FAN_MAX 64u

struct item {
        int64_t time;
        uint64_t offset;
        uint32_t input, rule;
        const char *p; /* encoded */
        uint32_t len;
};

struct run {
        uint64_t from, to; /* in the scratch file */
};

/* A run being read: a buffer of which [pos, len) is not used yet. */
struct source {
        uint64_t from, to;
        char *buf;
        size_t cap, pos, len;
        struct item head;
};

struct sorter {
        struct sorter_io io;
        size_t data_max;
        uint32_t items_max;
        char *data;
        size_t data_len, data_cap;
        struct item *items, *other; /* other: room for the merge sort, as large */
        uint32_t n, items_cap;
        struct run *runs;
        uint32_t first_run, n_runs, runs_cap; /* runs before first_run are merged already */
        uint64_t end;                         /* of the scratch file */
        struct arena arena;
};

static int item_cmp(const struct item *a, const struct item *b) {
        int r;

        if (a->time != b->time)
                return a->time < b->time ? -1 : 1;
        if (a->input != b->input)
                return a->input < b->input ? -1 : 1;
        if (a->offset != b->offset)
                return a->offset < b->offset ? -1 : 1;
        if (a->rule != b->rule)
                return a->rule < b->rule ? -1 : 1;
        r = memcmp(a->p, b->p, MIN(a->len, b->len));
        return r ? r : (a->len > b->len) - (a->len < b->len);
}

static struct item item_of(const struct finding *f, struct span encoded) {
        return (struct item){.time = f->time,
                             .offset = f->offset,
                             .input = f->input,
                             .rule = f->rule,
                             .p = encoded.p,
                             .len = (uint32_t)encoded.len};
}

/* ---- in memory ---- */

static void merge(const struct item *a, uint32_t n_a, const struct item *b, uint32_t n_b,
                  struct item *to) {
        while (n_a && n_b) {
                if (item_cmp(a, b) <= 0)
                        *to++ = *a++, n_a--;
                else
                        *to++ = *b++, n_b--;
        }
        memcpy(to, n_a ? a : b, (n_a + n_b) * sizeof(*to));
}

/* Bottom up. Stretches that are in order already, as those of one input mostly are, only get
 * copied. */
static void sort_items(struct sorter *s) {
        for (uint32_t width = 1; width < s->n; width *= 2) {
                struct item *t;

                for (uint32_t i = 0; i < s->n; i += MIN(2 * width, s->n - i)) {
                        uint32_t n_a = MIN(width, s->n - i), n_b = MIN(width, s->n - i - n_a);

                        if (n_b == 0 || item_cmp(&s->items[i + n_a - 1], &s->items[i + n_a]) <= 0)
                                memcpy(&s->other[i], &s->items[i], (n_a + n_b) * sizeof(*t));
                        else
                                merge(&s->items[i], n_a, &s->items[i + n_a], n_b, &s->other[i]);
                }
                t = s->items;
                s->items = s->other;
                s->other = t;
        }
}

/* The data may move when it grows, so items say where their bytes are from its start until all are
 * there. */
static void place_items(struct sorter *s) {
        for (uint32_t i = 0; i < s->n; i++)
                s->items[i].p = s->data + (uintptr_t)s->items[i].p;
}

static int new_run(struct sorter *s, uint64_t from) {
        if (s->n_runs == s->runs_cap) {
                uint32_t cap = s->runs_cap ? s->runs_cap * 2 : 16;
                struct run *r = reallocarray(s->runs, cap, sizeof(*r));

                if (!r)
                        return FAIL(-ENOMEM);
                s->runs = r;
                s->runs_cap = cap;
        }
        s->runs[s->n_runs++] = (struct run){from, s->end};
        return 0;
}

/* Output to the scratch file through a buffer. */
struct writer {
        struct sorter *s;
        char *buf;
        size_t cap, len;
};

static int flush(struct writer *w) {
        int r;

        if (w->len == 0)
                return 0;
        r = w->s->io.write(w->s->io.ctx, w->s->end, w->buf, w->len);
        if (r < 0)
                return FAIL(r);
        w->s->end += w->len;
        w->len = 0;
        return 0;
}

static int put(struct writer *w, const struct item *x) {
        if (w->len + x->len > w->cap) {
                int r = flush(w);

                if (r < 0)
                        return r;
        }
        memcpy(w->buf + w->len, x->p, x->len); /* R1 */
        w->len += x->len;
        return 0;
}

static int spill(struct sorter *s) {
        struct writer w = {.s = s, .cap = BUFFER_BYTES};
        uint64_t from = s->end;
        int r = 0;

        if (s->n == 0)
                return 0;
        w.buf = malloc(w.cap);
        if (!w.buf)
                return FAIL(-ENOMEM);
        place_items(s);
        sort_items(s);
        for (uint32_t i = 0; i < s->n && r == 0; i++)
                r = put(&w, &s->items[i]);
        if (r == 0)
                r = flush(&w);
        free(w.buf);
        if (r < 0)
                return r;
        s->n = 0;
        s->data_len = 0;
        return new_run(s, from);
}

static bool grow_data(struct sorter *s, size_t want) {
        size_t cap = MIN(MAX(MAX(s->data_cap * 2, (size_t)64 << 10), want), s->data_max);
        char *p = realloc(s->data, cap);

        if (!p)
                return false;
        s->data = p;
        s->data_cap = cap;
        return true;
}

static bool grow_items(struct sorter *s) {
        uint32_t cap = MIN(MAX(s->items_cap * 2, 256u), s->items_max);
        struct item *a = reallocarray(s->items, cap, sizeof(*a)), *b;

        if (!a)
                return false;
        s->items = a;
        b = reallocarray(s->other, cap, sizeof(*b));
        if (!b)
                return false;
        s->other = b;
        s->items_cap = cap;
        return true;
}

int sorter_add(struct sorter *s, const struct finding *f, struct span encoded) {
        struct item x;

        if (encoded.len > RECORD_BYTES)
                return FAIL(-EBADMSG);
        if (s->data_len + encoded.len > s->data_max || s->n == s->items_max) {
                int r = spill(s);

                if (r < 0)
                        return r;
        }
        if (s->data_len + encoded.len > s->data_cap && !grow_data(s, s->data_len + encoded.len))
                return FAIL(-ENOMEM);
        if (s->n == s->items_cap && !grow_items(s))
                return FAIL(-ENOMEM);
        memcpy(s->data + s->data_len, encoded.p, encoded.len);
        x = item_of(f, encoded);
        x.p = (const char *)(uintptr_t)s->data_len; /* place_items() */
        s->items[s->n++] = x;
        s->data_len += encoded.len;
        return 0;
}

/* ---- merging runs ---- */

/* More of the run behind what is left in its buffer. */
static int refill(struct sorter *s, struct source *x) {
        memmove(x->buf, x->buf + x->pos, x->len - x->pos);
        x->len -= x->pos;
        x->pos = 0;
        while (x->len < x->cap && x->from < x->to) {
                ssize_t n = s->io.read(s->io.ctx, x->from, x->buf + x->len,
                                       (size_t)MIN((uint64_t)(x->cap - x->len), x->to - x->from));

                if (n <= 0)
                        return FAIL(n < 0 ? (int)n : -EBADMSG);
                if ((uint64_t)n > x->to - x->from || (size_t)n > x->cap - x->len)
                        return FAIL(-EBADMSG);
                x->len += (size_t)n;
                x->from += (uint64_t)n;
        }
        return 0;
}

/* The next finding of a run becomes its head. 1, 0 at the run's end, or -errno. */
static int next_head(struct sorter *s, struct source *x) {
        for (unsigned tried = 0;; tried++) {
                struct finding f;
                struct span rest = span_of(x->buf + x->pos, x->len - x->pos);
                ssize_t n;

                if (rest.len == 0 && x->from == x->to)
                        return 0;
                arena_reset(&s->arena);
                n = finding_decode(rest, &s->arena, &f);
                if (n > 0) {
                        x->head = item_of(&f, span_of(rest.p, (size_t)n));
                        x->pos += (size_t)n;
                        return 1;
                }
                if (n < 0 || tried || x->from == x->to)
                        return FAIL(n < 0 ? (int)n : -EBADMSG); /* R2 */
                n = refill(s, x);
                if (n < 0)
                        return (int)n;
        }
}

/* The heap's smallest head goes to its place: heap[i] sinks. */
static void sink(struct source **heap, uint32_t n, uint32_t i) {
        for (;;) {
                uint32_t k = 2 * i + 1;
                struct source *t;

                if (k >= n)
                        return;
                if (k + 1 < n && item_cmp(&heap[k + 1]->head, &heap[k]->head) < 0)
                        k++;
                if (item_cmp(&heap[i]->head, &heap[k]->head) <= 0)
                        return;
                t = heap[i];
                heap[i] = heap[k];
                heap[k] = t;
                i = k;
        }
}

struct target {
        struct writer *to; /* or */
        int (*each)(void *ctx, const struct finding *f);
        void *ctx;
};

static int give(struct sorter *s, const struct item *x, const struct target *t) {
        struct finding f;

        if (t->to)
                return put(t->to, x);
        arena_reset(&s->arena);
        if (finding_decode(span_of(x->p, x->len), &s->arena, &f) != (ssize_t)x->len)
                return FAIL(-EBADMSG);
        return t->each(t->ctx, &f);
}

static int merge_sources(struct sorter *s, struct source *sources, uint32_t n_sources,
                         const struct target *t) {
        struct source *heap[FAN_MAX];
        uint32_t n = 0;
        int r;

        for (uint32_t i = 0; i < n_sources; i++) {
                r = next_head(s, &sources[i]);
                if (r < 0)
                        return r;
                if (r > 0)
                        heap[n++] = &sources[i];
        }
        for (uint32_t i = n / 2; i-- > 0;)
                sink(heap, n, i);
        while (n) {
                r = give(s, &heap[0]->head, t);
                if (r != 0)
                        return r;
                r = next_head(s, heap[0]);
                if (r < 0)
                        return r;
                if (r == 0)
                        heap[0] = heap[--n];
                sink(heap, n, 0);
        }
        return 0;
}

/* Merges the next n runs; `buf` has room for n buffers of `cap` bytes. */
static int merge_runs(struct sorter *s, uint32_t n, char *buf, size_t cap, const struct target *t) {
        struct source sources[FAN_MAX];

        for (uint32_t i = 0; i < n; i++) {
                const struct run *x = &s->runs[s->first_run + i];

                sources[i] = (struct source){
                        .from = x->from, .to = x->to, .buf = buf + i * cap, .cap = cap};
        }
        s->first_run += n;
        return merge_sources(s, sources, n, t);
}

static int drain_runs(struct sorter *s, const struct target *t) {
        uint32_t fan = (uint32_t)MIN(s->data_max / BUFFER_BYTES - 1, (size_t)FAN_MAX), n;
        _cleanup_(buf_deinit) struct buf room = {.limit = SIZE_MAX};
        struct writer w = {.s = s, .cap = BUFFER_BYTES};
        size_t cap = BUFFER_BYTES;
        int r;

        if (!buf_reserve(&room, (fan + 1) * BUFFER_BYTES))
                return FAIL(-ENOMEM);
        w.buf = room.p + fan * BUFFER_BYTES;
        while (s->n_runs - s->first_run > fan) {
                uint64_t from = s->end;

                r = merge_runs(s, fan, room.p, cap, &(struct target){.to = &w});
                if (r == 0)
                        r = flush(&w);
                if (r == 0)
                        r = new_run(s, from);
                if (r < 0)
                        return r;
        }
        n = s->n_runs - s->first_run;
        return merge_runs(s, n, room.p, cap, t);
}

int sorter_drain(struct sorter *s, int (*each)(void *ctx, const struct finding *f), void *ctx) {
        struct target t = {.each = each, .ctx = ctx};
        int r = 0;

        if (s->n_runs == 0) {
                place_items(s);
                sort_items(s);
                for (uint32_t i = 0; i < s->n && r == 0; i++)
                        r = give(s, &s->items[i], &t);
                s->n = 0;
                s->data_len = 0;
                return r;
        }
        r = spill(s);
        if (r < 0)
                return r;
        free(s->data);
        free(s->items);
        free(s->other);
        s->data = NULL;
        s->items = s->other = NULL;
        s->data_cap = s->items_cap = 0;
        return drain_runs(s, &t);
}

uint32_t sorter_runs(const struct sorter *s) {
        return s->n_runs;
}

int sorter_new(struct sorter **ret, const struct sorter_io *io, size_t memory) {
        struct sorter *s = calloc(1, sizeof(*s));

        if (!s)
                return FAIL(-ENOMEM);
        memory = MAX(memory ? memory : MEMORY_DEFAULT, MEMORY_MIN);
        s->io = *io;
        s->items_max =
                (uint32_t)MIN(memory / 4 / (2 * sizeof(struct item)), (size_t)UINT32_MAX / 2);
        s->data_max = memory - memory / 4;
        arena_init(&s->arena, (size_t)1 << 20);
        *ret = s;
        return 0;
}

struct sorter *sorter_free(struct sorter *s) {
        if (!s)
                return NULL;
        arena_deinit(&s->arena);
        free(s->data);
        free(s->items);
        free(s->other);
        free(s->runs);
        free(s);
        return NULL;
}

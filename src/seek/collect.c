/* See collect.h. */
#include "seek/collect.h"

#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/timestamp.h"

#define TABLE_SIZE (1u << 18) /* more than twice COLLECT_GROUPS_MAX */
#define GATHER_BYTES ((size_t)64 << 20)

struct group {
        struct span *values;
        uint32_t n_values;
        uint64_t count;
        int64_t bucket; /* timeline */
        uint64_t hash;
};

struct row {
        struct span encoded;
        struct span key;
        double number;
        bool is_number;
        uint64_t order;
};

struct collect {
        const struct query *q;
        struct collect_calls calls;
        struct collect_stats st;
        struct arena arena;   /* of groups and rows */
        struct arena scratch; /* of one event */
        uint32_t *table;      /* group + 1 */
        struct group *groups;
        uint32_t n_groups;
        struct row *rows;
        uint32_t n_rows;
        uint64_t shown;
};

int collect_new(struct collect **ret, const struct query *q, const struct collect_calls *calls) {
        struct collect *c = calloc(1, sizeof(*c));

        if (!c)
                return -ENOMEM;
        c->q = q;
        c->calls = *calls;
        arena_init(&c->arena, GATHER_BYTES);
        arena_init(&c->scratch, (size_t)1 << 20);
        if (q->gather != PIPE_NONE) {
                c->table = calloc(TABLE_SIZE, sizeof(*c->table));
                c->groups = calloc(COLLECT_GROUPS_MAX, sizeof(*c->groups));
        } else if (q->sort.p) {
                c->rows = calloc(COLLECT_ROWS_MAX, sizeof(*c->rows));
        }
        if ((q->gather != PIPE_NONE && (!c->table || !c->groups)) ||
            (q->sort.p && !q->gather && !c->rows)) {
                collect_free(c);
                return -ENOMEM;
        }
        *ret = c;
        return 0;
}

struct collect *collect_free(struct collect *c) {
        if (!c)
                return NULL;
        arena_deinit(&c->arena);
        arena_deinit(&c->scratch);
        free(c->table);
        free(c->groups);
        free(c->rows);
        free(c);
        return NULL;
}

const struct collect_stats *collect_stats(const struct collect *c) {
        return &c->st;
}

static struct span field_value(const struct finding *f, struct span name) {
        for (uint32_t i = f->n_fields; i-- > 0;)
                if (span_eq(f->fields[i].name, name))
                        return f->fields[i].value;
        for (uint32_t i = f->n_fields; i-- > 0;)
                if (span_ieq(f->fields[i].name, name))
                        return f->fields[i].value;
        return SPAN_NONE;
}

struct span collect_value(const struct finding *f, struct span name, struct arena *a) {
        char text[40];

        /* As a query calls it, and as what is shown does. */
        if (span_eq(name, SPAN("host")) || span_eq(name, SPAN("host.name")))
                return f->host.len ? f->host : SPAN("");
        if (span_eq(name, SPAN("user")) || span_eq(name, SPAN("user.name")))
                return f->user.len ? f->user : SPAN("");
        if (span_eq(name, SPAN("source")))
                return field_value(f, SPAN("coloa.source"));
        if (span_eq(name, SPAN("peer")))
                return field_value(f, SPAN("coloa.peer"));
        if (span_eq(name, SPAN("seq")) || span_eq(name, SPAN("event.sequence")))
                return arena_printf(a, "%llu", (unsigned long long)f->seq);
        if (span_eq(name, SPAN("time")) || span_eq(name, SPAN("@timestamp"))) {
                int64_t t = f->time != TIME_NONE ? f->time : f->received;
                size_t n = time_format(text, t, 3);
                return arena_dup(a, span_of(text, n));
        }
        struct span v = field_value(f, name);
        return v.p ? v : SPAN("");
}

/* ---- groups ---- */

static bool same_values(const struct group *g, const struct span *values, uint32_t n) {
        for (uint32_t i = 0; i < n; i++)
                if (!span_eq(g->values[i], values[i]))
                        return false;
        return true;
}

static int new_group(struct collect *c, uint32_t *at, const struct span *values, uint32_t n,
                     uint64_t hash, int64_t bucket) {
        if (c->n_groups == COLLECT_GROUPS_MAX) {
                c->st.others++;
                return 0;
        }
        struct group *g = &c->groups[c->n_groups];
        *g = (struct group){.n_values = n, .count = 1, .bucket = bucket, .hash = hash};
        g->values = arena_array(&c->arena, n + 1, sizeof(*g->values));
        for (uint32_t i = 0; i < n && g->values; i++)
                g->values[i] = arena_dup(&c->arena, values[i]);
        if (c->arena.overflowed) { /* no room for its name: counted with the others */
                c->st.others++;
                return 0;
        }
        *at = ++c->n_groups;
        return 0;
}

static int count_in(struct collect *c, const struct span *values, uint32_t n, int64_t bucket) {
        /* Where it lies in memory is nobody's to know: values that collide cannot be prepared. */
        uint64_t h = (uint64_t)bucket * 0x9e3779b97f4a7c15u ^ (uintptr_t)c;

        for (uint32_t i = 0; i < n; i++)
                h = hash_span(values[i], h + 1);
        uint32_t i = (uint32_t)(h % TABLE_SIZE);
        for (; c->table[i]; i = (i + 1) % TABLE_SIZE) {
                struct group *g = &c->groups[c->table[i] - 1];

                if (g->hash == h && g->bucket == bucket && same_values(g, values, n)) {
                        g->count++;
                        return 0;
                }
        }
        return new_group(c, &c->table[i], values, n, h, bucket);
}

static int gather(struct collect *c, const struct finding *f) {
        struct span values[QUERY_NAMES_MAX];

        if (c->q->gather == PIPE_TIMELINE) {
                int64_t t = f->time != TIME_NONE ? f->time : f->received;
                int64_t rest = t % c->q->step;

                return count_in(c, NULL, 0, t - (rest < 0 ? rest + c->q->step : rest));
        }
        for (uint32_t i = 0; i < c->q->n_by; i++) {
                struct span v = collect_value(f, c->q->by[i], &c->scratch);

                values[i] = c->calls.mask
                                    ? c->calls.mask(c->calls.ctx, f, c->q->by[i], v, &c->scratch)
                                    : v;
        }
        return count_in(c, values, c->q->n_by, 0);
}

/* ---- rows ---- */

static bool as_number(struct span s, double *ret) {
        char text[64], *end;

        if (s.len == 0 || s.len >= sizeof(text))
                return false;
        memcpy(text, s.p, s.len);
        text[s.len] = '\0';
        *ret = strtod(text, &end);
        return *end == '\0' && !isnan(*ret); /* in no order with any other */
}

static int keep(struct collect *c, const struct finding *f, struct span encoded) {
        struct row *r = &c->rows[c->n_rows];

        if (c->n_rows == COLLECT_ROWS_MAX) {
                c->st.dropped++;
                return 0;
        }
        *r = (struct row){.order = c->n_rows};
        r->encoded = arena_dup(&c->arena, encoded);
        r->key = arena_dup(&c->arena, collect_value(f, c->q->sort, &c->scratch));
        if (c->arena.overflowed) {
                c->arena.overflowed = false;
                c->st.dropped++;
                return 0;
        }
        r->is_number = as_number(r->key, &r->number);
        c->n_rows++;
        return 0;
}

int collect_add(struct collect *c, const struct finding *f, struct span encoded) {
        c->st.events++;
        arena_reset(&c->scratch);
        if (c->q->gather != PIPE_NONE)
                return gather(c, f);
        if (c->rows)
                return keep(c, f, encoded);
        if (c->shown++ >= c->q->limit)
                return 1;
        int r = c->calls.event(c->calls.ctx, f);
        return r < 0 ? r : c->shown >= c->q->limit;
}

/* ---- the end ---- */

static int by_count(const void *a, const void *b) {
        const struct group *x = a, *y = b;

        if (x->count != y->count)
                return x->count < y->count ? 1 : -1;
        for (uint32_t i = 0; i < x->n_values && i < y->n_values; i++) {
                struct span v = x->values[i], w = y->values[i];
                size_t n = MIN(v.len, w.len);
                int d = n ? memcmp(v.p, w.p, n) : 0;

                if (d || v.len != w.len)
                        return d ? d : v.len < w.len ? -1 : 1;
        }
        return 0;
}

static int by_bucket(const void *a, const void *b) {
        const struct group *x = a, *y = b;

        return x->bucket < y->bucket ? -1 : x->bucket > y->bucket;
}

static int by_key(const void *a, const void *b) {
        const struct row *x = a, *y = b;

        if (x->is_number != y->is_number)
                return x->is_number ? -1 : 1;
        if (x->is_number && x->number != y->number)
                return x->number < y->number ? -1 : 1;
        size_t n = MIN(x->key.len, y->key.len);
        int d = n ? memcmp(x->key.p, y->key.p, n) : 0;
        if (d == 0 && x->key.len != y->key.len)
                d = x->key.len < y->key.len ? -1 : 1;
        return d ? d : x->order < y->order ? -1 : 1;
}

static int show_groups(struct collect *c) {
        bool timeline = c->q->gather == PIPE_TIMELINE;
        uint64_t limit = MIN(c->q->limit, (uint64_t)c->n_groups);
        int r = 0;

        if (c->n_groups)
                qsort(c->groups, c->n_groups, sizeof(*c->groups), timeline ? by_bucket : by_count);
        for (uint64_t i = 0; i < limit && r == 0; i++) {
                const struct group *g = &c->groups[i];
                char text[40];
                struct span when = SPAN_NONE;

                if (timeline) {
                        when = span_of(text, time_format(text, g->bucket, 0));
                        r = c->calls.row(c->calls.ctx, &when, 1, g->count);
                } else {
                        r = c->calls.row(c->calls.ctx, g->values, c->q->n_by, g->count);
                }
        }
        return r;
}

static int show_rows(struct collect *c) {
        int r = 0;

        if (c->n_rows)
                qsort(c->rows, c->n_rows, sizeof(*c->rows), by_key);
        for (uint64_t i = 0; i < c->n_rows && i < c->q->limit && r >= 0; i++) {
                const struct row *row = &c->rows[c->q->descending ? c->n_rows - 1 - i : i];
                struct finding f;

                arena_reset(&c->scratch);
                if (finding_decode(row->encoded, &c->scratch, &f) > 0)
                        r = c->calls.event(c->calls.ctx, &f);
        }
        return r;
}

int collect_end(struct collect *c) {
        if (c->q->gather == PIPE_COUNT && c->q->n_by == 0)
                return c->calls.row(c->calls.ctx, NULL, 0, c->st.events);
        if (c->q->gather != PIPE_NONE)
                return show_groups(c);
        return c->rows ? show_rows(c) : 0;
}

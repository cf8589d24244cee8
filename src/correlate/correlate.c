/* Hits to alerts (see correlate.h; semantics: doc/correlation.md).
 *
 * A hit goes to every correlation that names its rule; there to the group that its group-by fields
 * name; there into a window (window.c). An alert is itself a hit for correlations that name its
 * correlation, at the time when it was raised.
 *
 *   C1. Time never goes back: before a hit of time t is looked at, every window that ended before
 *       t is closed, in the order of their ends, so that alerts of closing windows reach other
 *       correlations in time order too.
 *   C2. References among correlations have no cycles and little depth (corr_spec.c S1), so raising
 *       an alert inside of a delivery ends; DELIVERIES_MAX bounds how many deliveries one hit can
 *       cause.
 *   C3. What a group compares is folded (Unicode, case does not matter), as everywhere in Sigma;
 *       what an alert shows is as it was logged. */
#include "correlate/correlate.h"

#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "correlate/state.h"
#include "wire/exercise.h"

#define MEMORY_DEFAULT ((size_t)16 << 20)
#define GROUPS_DEFAULT 100000u
#define DELIVERIES_MAX 10000u
#define KEY_PART_MAX 256u   /* longer values are told apart by their hashes */
#define NUMBER_MAX 1e290    /* so that sums stay finite */
#define BLOB_FIELDS_MAX 64u /* of the last hit of an open window */
#define BLOB_VALUE_MAX 1024u

struct raised {
        struct corr *c;
        uint32_t ref;
        const struct verdict *v;
        int64_t at;
};
static void raise_alert(struct correlator *q, const struct group *g, const struct finding *last,
                        const struct raised *r);

/* ---- fields ---- */

/* The name under which hits of that ref have a group-by field or a counted field. */
static struct span name_for(const struct correlation *s, uint32_t ref, struct span name) {
        for (uint32_t i = 0; i < s->n_aliases; i++)
                if (s->aliases[i].ref == ref && span_eq(s->aliases[i].alias, name))
                        return s->aliases[i].field;
        return name;
}

static const struct finding_field *field_for(const struct correlation *s, uint32_t ref,
                                             const struct finding *f, struct span name) {
        struct span n = name_for(s, ref, name);

        for (uint32_t i = 0; i < f->n_fields; i++)
                if (span_eq(f->fields[i].name, n))
                        return f->fields[i].type == FINDING_NULL ? NULL : &f->fields[i];
        return NULL;
}

/* Appends one value to a key, folded; its length first, so that ("a", "bc") is not ("ab", "c"). */
static void key_part(struct correlator *q, struct span value) {
        uint32_t len = 0;
        size_t start = q->text.len;
        char *to;

        buf_add(&q->text, &len, sizeof(len));
        to = buf_reserve(&q->text, value.len * 3 / 2 + 4);
        if (!to)
                return;
        len = (uint32_t)utf8_fold_to(to, value);
        if (len > KEY_PART_MAX) {
                uint64_t h[2] = {hash_bytes(to, len, q->key), hash_bytes(to, len, ~q->key)};

                memcpy(to, h, sizeof(h));
                memcpy(q->text.p + start, &len, sizeof(len));
                q->text.len += sizeof(h);
                return;
        }
        memcpy(q->text.p + start, &len, sizeof(len));
        q->text.len += len;
}

/* The values of these fields as one key in q->text; false when one is missing. */
static bool make_key(struct correlator *q, const struct correlation *s, uint32_t ref,
                     const struct finding *f, const struct span *names, uint32_t n) {
        buf_reset(&q->text);
        for (uint32_t i = 0; i < n; i++) {
                const struct finding_field *x = field_for(s, ref, f, names[i]);

                if (!x)
                        return false;
                key_part(q, x->value);
        }
        return !q->text.failed;
}

static bool number_of(struct span s, double *ret) {
        char text[64], *end;
        double v;

        s = span_trim(s);
        if (s.len == 0 || s.len >= sizeof(text))
                return false;
        memcpy(text, s.p, s.len);
        text[s.len] = 0;
        v = strtod(text, &end);
        if (end != text + s.len || !isfinite(v))
                return false;
        *ret = fmax(-NUMBER_MAX, fmin(NUMBER_MAX, v));
        return true;
}

/* What the window needs of the hit; false (and counted) when the counted field is missing. */
static bool make_mark(struct correlator *q, const struct corr *c, const struct finding *f,
                      struct mark *m) {
        const struct correlation *s = c->spec;
        const struct finding_field *x;

        if (c->shape == SHAPE_DISTINCT) {
                if (!make_key(q, s, m->refs->ref, f, s->fields, s->n_fields))
                        goto missing;
                m->h1 = hash_bytes(q->text.p, q->text.len, q->key);
                m->h2 = hash_bytes(q->text.p, q->text.len, ~q->key);
        } else if (c->shape == SHAPE_SAMPLES) {
                /* Several fields (bytes in, bytes out): each is a number of its own. */
                for (uint32_t i = 0; i < s->n_fields && m->n_values < MEASURES_MAX; i++) {
                        x = field_for(s, m->refs->ref, f, s->fields[i]);
                        if (x && number_of(x->value, &m->values[m->n_values]))
                                m->n_values++;
                }
                if (m->n_values == 0)
                        goto missing;
        }
        return true;
missing:
        q->stats.without_value++;
        return false;
}

/* ---- the last hit of an open window ---- */

static void keep_last(struct correlator *q, struct corr *c, struct group *g,
                      const struct finding *f, uint32_t ref) {
        struct finding_field fields[BLOB_FIELDS_MAX];
        struct finding k = *f;
        char *to;

        k.fields = fields;
        k.n_fields = MIN(f->n_fields, BLOB_FIELDS_MAX);
        for (uint32_t i = 0; i < k.n_fields; i++) {
                fields[i] = f->fields[i];
                fields[i].value.len = MIN(fields[i].value.len, (size_t)BLOB_VALUE_MAX);
        }
        buf_reset(&q->blob);
        finding_encode(&q->blob, &k);
        if (q->blob.failed || q->blob.len > UINT32_MAX)
                return;
        to = group_realloc(q, c, g, g->blob, g->blob_len, q->blob.len);
        if (!to) {
                q->stats.entries_evicted++;
                return;
        }
        memcpy(to, q->blob.p, q->blob.len);
        g->blob = to;
        g->blob_len = (uint32_t)q->blob.len;
        g->blob_ref = ref;
}

static void close_window(struct correlator *q, struct corr *c, struct group *g, int64_t at) {
        struct finding last = {.time = TIME_NONE};
        struct verdict v;

        group_due_remove(c, g);
        v = window_judge(c, g, at);
        if (v.holds && g->blob_len &&
            finding_decode(span_of(g->blob, g->blob_len), &q->arena, &last) ==
                    (ssize_t)g->blob_len) {
                g->busy = true;
                last.time_last = g->last_t;
                raise_alert(q, g, &last, &(struct raised){c, g->blob_ref, &v, at});
                g->busy = false;
        }
        g->on = v.holds;
        if (c->mode == MODE_CLOSED)
                group_drop(q, c, g);
}

/* Closes what ended before t (or all there is), in the order of their ends (C1). */
static void close_due(struct correlator *q, int64_t t, bool all) {
        while (all || q->next_due < t) {
                struct corr *first = NULL;
                int64_t end = INT64_MAX;

                for (uint32_t i = 0; i < q->n; i++) {
                        struct corr *c = &q->c[i];
                        int64_t e =
                                c->due_first ? later(c->due_first->opened, c->spec->timespan) : 0;

                        if (c->due_first && (!first || e < end)) {
                                first = c;
                                end = e;
                        }
                }
                q->next_due = end;
                if (!first || (!all && end >= t))
                        return;
                q->now = MAX(q->now, end);
                q->deliveries = 0;
                arena_reset(&q->arena);
                close_window(q, first, first->due_first, end);
        }
}

/* ---- a hit in a group ---- */

static void judge_hit(struct correlator *q, struct corr *c, struct group *g,
                      const struct finding *f, const struct mark *m) {
        struct verdict v;
        bool was = g->on;

        if (g->open) {
                keep_last(q, c, g, f, m->refs->ref);
                return;
        }
        v = window_judge(c, g, m->t);
        g->on = v.holds;
        if (v.holds && !was)
                raise_alert(q, g, f, &(struct raised){c, m->refs->ref, &v, m->t});
}

/* An alert that comes from another correlation is of all its steps. */
static void keep_steps(struct correlator *q, struct corr *c, struct group *g,
                       const struct finding *f, int64_t t) {
        if (!f->drill)
                return;
        if (!f->steps)
                group_step(q, c, g, LABEL_STEP(f->drill), t);
        for (uint32_t i = 0; f->steps && i < LABEL_STEPS; i++)
                if (f->steps->bits[i / 64] >> i % 64 & 1)
                        group_step(q, c, g, i, t);
}

static void take_hit(struct correlator *q, struct corr *c, struct group *g, const struct finding *f,
                     const struct mark *m) {
        bool empty = g->last_t == TIME_NONE || !within(g->last_t, m->t, c->spec->timespan);

        if (empty)
                g->on = false;
        if (c->mode != MODE_CLOSED)
                window_expire(c, g, m->t);
        if (c->mode != MODE_AT_ONCE && empty && !g->open) {
                g->opened = m->t;
                group_due_add(q, c, g);
        }
        window_add(q, c, g, m);
        keep_steps(q, c, g, f, m->t);
        g->last_t = m->t;
        judge_hit(q, c, g, f, m);
}

/* `refs`: the routes to one correlation. An alert comes with the time when it was raised. */
static void deliver(struct correlator *q, const struct route *refs, uint32_t n,
                    const struct finding *f, int64_t t) {
        struct corr *c = &q->c[refs->corr];
        const struct correlation *s = c->spec;
        struct mark m = {.t = t, .refs = refs, .n_refs = n};
        struct group *g;
        uint64_t hash;

        if (q->deliveries++ >= DELIVERIES_MAX) {
                q->stats.chains_cut++;
                return;
        }
        group_tidy(q, c);
        if (!make_mark(q, c, f, &m))
                return;
        if (!make_key(q, s, refs->ref, f, s->group_by, s->n_group_by)) {
                q->stats.without_group++;
                return;
        }
        hash = hash_bytes(q->text.p, q->text.len, q->key);
        g = group_get(q, c, buf_get(&q->text), hash);
        if (!g) {
                q->stats.entries_evicted++;
                return;
        }
        m.new_event = (f->flags & FINDING_ALERT) || !g->seen_event || g->last_input != f->input ||
                      g->last_offset != f->offset || g->last_seq != f->seq;
        g->seen_event = !(f->flags & FINDING_ALERT);
        g->last_input = f->input;
        g->last_offset = f->offset;
        g->last_seq = f->seq;
        /* One record is one event, however many of the rules it matches. */
        if (!m.new_event && (c->shape == SHAPE_COUNT || c->shape == SHAPE_SAMPLES))
                return;
        g->busy = true;
        take_hit(q, c, g, f, &m);
        g->busy = false;
}

static int route_cmp(const void *a, const void *b) {
        const struct route *x = a, *y = b;

        if (x->is_correlation != y->is_correlation)
                return x->is_correlation ? 1 : -1;
        if (x->index != y->index)
                return x->index < y->index ? -1 : 1;
        if (x->corr != y->corr)
                return x->corr < y->corr ? -1 : 1;
        return (x->ref > y->ref) - (x->ref < y->ref);
}

/* To everybody who names that rule or correlation. */
static void route(struct correlator *q, bool is_correlation, uint32_t index,
                  const struct finding *f, int64_t t) {
        struct route want = {.is_correlation = is_correlation, .index = index};
        uint32_t lo = 0, hi = q->n_routes;

        while (lo < hi) {
                uint32_t mid = lo + (hi - lo) / 2;

                if (route_cmp(&q->routes[mid], &want) < 0)
                        lo = mid + 1;
                else
                        hi = mid;
        }
        while (lo < q->n_routes && q->routes[lo].is_correlation == is_correlation &&
               q->routes[lo].index == index) {
                uint32_t n = 1;

                while (lo + n < q->n_routes && q->routes[lo + n].corr == q->routes[lo].corr &&
                       q->routes[lo + n].index == index &&
                       q->routes[lo + n].is_correlation == is_correlation)
                        n++;
                deliver(q, &q->routes[lo], n, f, t);
                lo += n;
        }
}

/* ---- alerts ---- */

static bool has_field(const struct finding *f, struct span name) {
        for (uint32_t i = 0; i < f->n_fields; i++)
                if (span_eq(f->fields[i].name, name))
                        return true;
        return false;
}

static void add_field(struct finding *f, const struct finding_field *x, struct span name,
                      bool matched) {
        if (!x || f->n_fields >= FINDING_FIELDS_MAX || has_field(f, name))
                return;
        f->fields[f->n_fields] = *x;
        f->fields[f->n_fields].name = name;
        f->fields[f->n_fields++].matched = matched;
}

static void add_measure(struct correlator *q, const struct correlation *s, struct finding *f,
                        double value) {
        static const char *const names[] = {[CORR_VALUE_SUM] = "value_sum",
                                            [CORR_VALUE_AVG] = "value_avg",
                                            [CORR_VALUE_PERCENTILE] = "value_percentile",
                                            [CORR_VALUE_MEDIAN] = "value_median"};
        struct finding_field x = {.type = FINDING_NUMBER};

        if (s->type < CORR_VALUE_SUM)
                return;
        x.value = arena_printf(&q->arena, "%.15g", value);
        if (x.value.p)
                add_field(f, &x, span_str(names[s->type]), true);
}

static void alert_fields(struct correlator *q, const struct correlation *s, uint32_t ref,
                         const struct finding *last, struct finding *a, double value) {
        uint32_t room = MIN(s->n_group_by + s->n_fields + 1 + last->n_fields, FINDING_FIELDS_MAX);

        a->fields = arena_array(&q->arena, room, sizeof(*a->fields));
        a->n_fields = 0;
        if (!a->fields) {
                a->flags |= FINDING_CUT;
                return;
        }
        for (uint32_t i = 0; i < s->n_group_by; i++)
                add_field(a, field_for(s, ref, last, s->group_by[i]), s->group_by[i], true);
        for (uint32_t i = 0; i < s->n_fields; i++)
                add_field(a, field_for(s, ref, last, s->fields[i]), s->fields[i], true);
        add_measure(q, s, a, value);
        for (uint32_t i = 0; i < last->n_fields; i++)
                add_field(a, &last->fields[i], last->fields[i].name, false);
}

static void raise_alert(struct correlator *q, const struct group *g, const struct finding *last,
                        const struct raised *r) {
        const struct verdict *v = r->v;
        struct corr *c = r->c;
        struct finding a = *last;
        struct finding_steps steps;

        a.rule = (uint32_t)(c - q->c);
        a.flags = FINDING_ALERT | (c->spec->report ? FINDING_REPORT : 0) |
                  (last->flags & FINDING_CUT);
        a.time = v->first;
        a.time_last = c->mode == MODE_AT_ONCE ? r->at : MAX(last->time_last, v->first);
        a.count = v->value <= 0 ? 0 : v->value >= 0x1p63 ? INT64_MAX : (uint64_t)v->value;
        if (last->drill) {
                group_steps(g, v->first, &steps);
                a.steps = &steps;
        }
        alert_fields(q, c->spec, r->ref, last, &a, v->value);
        q->stats.alerts++;
        if (c->spec->report)
                q->sink(q->ctx, &a);
        route(q, true, a.rule, &a, r->at);
}

/* ---- the outside ---- */

int correlator_new(struct correlator **ret, const struct correlation *c, uint32_t n,
                   const struct correlate_options *o, correlate_sink sink, void *ctx) {
        _cleanup_(correlator_freep) struct correlator *q = calloc(1, sizeof(*q));
        size_t routes = 0;

        if (!q)
                return FAIL(-ENOMEM);
        q->budget = o && o->memory ? o->memory : MEMORY_DEFAULT;
        q->max_groups = o && o->max_groups ? o->max_groups : GROUPS_DEFAULT;
        q->key = o && o->key ? o->key : 0x9e3779b97f4a7c15u;
        q->now = INT64_MIN;
        q->next_due = INT64_MAX;
        q->sink = sink;
        q->ctx = ctx;
        arena_init(&q->arena, (size_t)1 << 20);
        q->text.limit = q->blob.limit = (size_t)4 << 20;
        for (uint32_t i = 0; i < n; i++)
                routes += c[i].n_refs;
        if (routes > UINT32_MAX)
                return FAIL(-ENOMEM);
        q->c = calloc(n ? n : 1, sizeof(*q->c));
        q->routes = calloc(routes ? routes : 1, sizeof(*q->routes));
        if (!q->c || !q->routes)
                return FAIL(-ENOMEM);
        q->n = n;
        for (uint32_t i = 0; i < n; i++) {
                q->c[i].spec = &c[i];
                window_plan(&q->c[i]);
                for (uint32_t k = 0; k < c[i].n_refs; k++)
                        q->routes[q->n_routes++] = (struct route){c[i].refs[k].is_correlation,
                                                                  c[i].refs[k].index, i, k};
        }
        if (q->n_routes)
                qsort(q->routes, q->n_routes, sizeof(*q->routes), route_cmp);
        *ret = q;
        q = NULL;
        return 0;
}

struct correlator *correlator_free(struct correlator *q) {
        if (!q)
                return NULL;
        for (uint32_t i = 0; i < q->n; i++) {
                while (q->c[i].oldest)
                        group_drop(q, &q->c[i], q->c[i].oldest);
                free(q->c[i].buckets);
        }
        assert(q->used == 0); /* group.c G1 */
        arena_deinit(&q->arena);
        buf_deinit(&q->text);
        buf_deinit(&q->blob);
        free(q->routes);
        free(q->c);
        free(q);
        return NULL;
}

int correlator_push(struct correlator *q, const struct finding *f) {
        struct finding hit = *f;
        int64_t t = f->time;

        q->stats.hits++;
        if (t == TIME_NONE) {
                q->stats.without_time++;
                return 0;
        }
        if (t < q->now) {
                q->stats.late++;
                t = q->now;
        }
        close_due(q, t, false);
        q->now = t;
        q->deliveries = 0;
        arena_reset(&q->arena);
        hit.flags &= ~(uint32_t)FINDING_ALERT;
        hit.time_last = t;
        route(q, false, f->rule, &hit, t);
        return 0;
}

int correlator_advance(struct correlator *q, int64_t t) {
        close_due(q, t, false);
        q->now = MAX(q->now, t);
        return 0;
}

int correlator_finish(struct correlator *q) {
        close_due(q, 0, true);
        return 0;
}

const struct correlate_stats *correlator_stats(const struct correlator *q) {
        return &q->stats;
}

size_t correlator_memory(const struct correlator *q) {
        return q->used;
}

/* Random streams of hits against the definition of doc/correlation.md, written down as plainly as
 * possible: for every hit, look at all hits before it. Says which seed failed; run with that seed
 * as argument to see it alone. */
#include "base/timestamp.h"
#include "check.h"
#include "correlate/correlate.h"

#define HITS 120u
#define GROUPS 3u
#define REFS 3u

struct hit {
        int64_t t;
        uint32_t rule, group, value;
        uint64_t record;
};
struct alert {
        int64_t first, last;
        uint64_t count;
        uint32_t group;
        int64_t end; /* order among alerts of all groups */
};
struct alerts {
        struct alert a[HITS * 2];
        uint32_t n;
};

static struct hit hits[HITS];
static struct corr_ref refs[REFS];
static struct corr_bound bounds[2];
static struct correlation c;
static struct span group_by = {"g", 1}, field = {"v", 1};

static uint64_t state;
static uint32_t roll(uint32_t n) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        return (uint32_t)(state >> 33) % n;
}

static void make(uint64_t seed) {
        int64_t t = 0;

        state = seed * 77 + 1;
        for (unsigned i = 0; i < 10; i++)
                roll(2);
        c = (struct correlation){.type = roll(8),
                                 .refs = refs,
                                 .n_refs = 1 + roll(REFS),
                                 .group_by = &group_by,
                                 .n_group_by = 1,
                                 .timespan = 1 + roll(20),
                                 .bounds = bounds,
                                 .n_bounds = 1 + roll(2),
                                 .fields = &field,
                                 .n_fields = 1,
                                 .percentile = roll(101),
                                 .report = true};
        for (unsigned i = 0; i < 2; i++) {
                bounds[i].op = roll(3) ? (int)roll(2) : (int)roll(6);
                bounds[i].value = roll(c.type >= CORR_VALUE_SUM ? 12 : 5) + (roll(4) ? 0 : 0.5);
        }
        for (unsigned i = 0; i < c.n_refs; i++)
                refs[i].index = roll(REFS);
        if ((c.type == CORR_TEMPORAL || c.type == CORR_TEMPORAL_ORDERED) && roll(2))
                c.n_bounds = 0;
        for (uint32_t i = 0; i < HITS; i++) {
                t += roll(3) ? roll(4) : roll(30);
                hits[i] = (struct hit){t, roll(REFS), roll(GROUPS), 1 + roll(5), i};
                /* Another rule of the same record: as hits come sorted, its rule is larger. */
                if (i && roll(5) == 0 && hits[i - 1].rule + 1 < REFS) {
                        hits[i] = hits[i - 1];
                        hits[i].rule++;
                        t = hits[i].t;
                }
        }
}

/* ---- what the correlator says ---- */

static void take(void *ctx, const struct finding *f) {
        struct alerts *to = ctx;

        check(to->n < HITS * 2 && f->n_fields >= 1);
        to->a[to->n++] = (struct alert){f->time, f->time_last, f->count,
                                        (uint32_t)(f->fields[0].value.p[0] - '0'), 0};
}

static void ask(struct alerts *to) {
        struct correlator *q;

        check(correlator_new(&q, &c, 1, NULL, take, to) == 0);
        for (uint32_t i = 0; i < HITS; i++) {
                char g = (char)('0' + hits[i].group), v = (char)('0' + hits[i].value);
                struct finding_field x[2] = {{.name = group_by, .value = span_of(&g, 1)},
                                             {.name = field, .value = span_of(&v, 1)}};
                struct finding f = {.time = hits[i].t,
                                    .rule = hits[i].rule,
                                    .offset = hits[i].record,
                                    .fields = x,
                                    .n_fields = 2};
                check(correlator_push(q, &f) == 0);
        }
        check(correlator_finish(q) == 0);
        correlator_free(q);
}

/* ---- the definition ---- */

static bool named(uint32_t rule) {
        for (uint32_t i = 0; i < c.n_refs; i++)
                if (refs[i].index == rule)
                        return true;
        return false;
}

/* The hits of one group that the correlation names, by number. */
static uint32_t of_group(uint32_t group, uint32_t *to) {
        uint32_t n = 0;

        for (uint32_t i = 0; i < HITS; i++)
                if (hits[i].group == group && named(hits[i].rule))
                        to[n++] = i;
        return n;
}

static bool bounds_hold(double v) {
        for (uint32_t i = 0; i < c.n_bounds; i++) {
                double b = bounds[i].value;
                bool is[] = {v > b, v >= b, v < b, v <= b, v == b, v != b};

                if (!is[bounds[i].op])
                        return false;
        }
        return true;
}

/* Steps of the sequence that hits w[0..n) reach in order, no two steps by one record. */
static uint32_t steps(const uint32_t *w, uint32_t n) {
        uint32_t at = 0;

        for (uint32_t i = 0; i < n && at < c.n_refs;) {
                uint32_t end = i;
                bool step = false;

                for (; end < n && hits[w[end]].record == hits[w[i]].record; end++)
                        step |= hits[w[end]].rule == refs[at].index;
                at += step;
                i = end;
        }
        return at;
}

static int by_size(const void *a, const void *b) {
        return (int)*(const double *)a - (int)*(const double *)b;
}

static double measured(const uint32_t *w, uint32_t n) {
        double v[HITS], sum = 0;
        uint32_t k = 0;

        for (uint32_t i = 0; i < n; i++)
                if (i == 0 || hits[w[i]].record != hits[w[i - 1]].record) {
                        v[k++] = hits[w[i]].value;
                        sum += hits[w[i]].value;
                }
        qsort(v, k, sizeof(*v), by_size);
        if (c.type == CORR_VALUE_SUM)
                return sum;
        if (c.type == CORR_VALUE_AVG)
                return sum / k;
        if (c.type == CORR_VALUE_MEDIAN)
                return k % 2 ? v[k / 2] : (v[k / 2 - 1] + v[k / 2]) / 2;
        for (uint32_t i = 0; i < k; i++)
                if ((i + 1) * 100.0 >= c.percentile * k)
                        return v[i];
        return v[k - 1];
}

/* The value of a window: hits w[0..n), in order; and when the first that matters came. */
static double judge(const uint32_t *w, uint32_t n, int64_t *ret_first) {
        uint32_t seen[8] = {0}, k = 0;

        *ret_first = hits[w[0]].t;
        switch (c.type) {
        case CORR_EVENT_COUNT:
                for (uint32_t i = 0; i < n; i++)
                        k += i == 0 || hits[w[i]].record != hits[w[i - 1]].record;
                return k;
        case CORR_VALUE_COUNT:
                *ret_first = INT64_MAX; /* of the value seen longest ago */
                for (uint32_t i = n; i-- > 0;)
                        if (!seen[hits[w[i]].value]++) {
                                *ret_first = hits[w[i]].t;
                                k++;
                        }
                return k;
        case CORR_TEMPORAL:
                for (uint32_t r = 0; r < c.n_refs; r++)
                        for (uint32_t i = n; i-- > 0;)
                                if (hits[w[i]].rule == refs[r].index) {
                                        *ret_first =
                                                k++ ? MIN(*ret_first, hits[w[i]].t) : hits[w[i]].t;
                                        break;
                                }
                return k;
        case CORR_TEMPORAL_ORDERED:
                k = steps(w, n);
                for (uint32_t i = 0; i < n; i++)
                        if (steps(w + i, n - i) == k)
                                *ret_first = hits[w[i]].t;
                return k;
        default: return measured(w, n);
        }
}

static bool holds(double v) {
        bool temporal = c.type == CORR_TEMPORAL || c.type == CORR_TEMPORAL_ORDERED;

        return temporal && c.n_bounds == 0 ? v == c.n_refs
                                           : (c.type > 3 || v > 0) && bounds_hold(v);
}

static void tell(struct alerts *to, int64_t first, int64_t last, double v, uint32_t group,
                 int64_t end) {
        to->a[to->n++] = (struct alert){first, last, (uint64_t)v, group, end};
}

static bool only_from_below(void) {
        for (uint32_t i = 0; i < c.n_bounds; i++)
                if (bounds[i].op > BOUND_GTE)
                        return false;
        return true;
}

static void define_group(struct alerts *to, uint32_t group) {
        bool below = only_from_below(), whole = below && c.type > CORR_VALUE_SUM, on = false;
        uint32_t w[HITS], n = of_group(group, w);
        int64_t first, opened = INT64_MIN;

        for (uint32_t i = 0; i < n; i++) {
                int64_t t = hits[w[i]].t;
                bool fresh = i == 0 || t - hits[w[i - 1]].t > c.timespan;
                uint32_t from = i, end = i + 1;
                double v;

                if (fresh)
                        on = false;
                if (!below || whole) {
                        /* A window from its first hit, judged when it is over. */
                        if (opened == INT64_MIN || (below ? fresh : t - opened > c.timespan)) {
                                opened = t;
                                while (end < n && hits[w[end]].t - t <= c.timespan)
                                        end++;
                                v = judge(w + i, end - i, &first);
                                if (c.type <= CORR_VALUE_COUNT || c.type >= CORR_VALUE_SUM)
                                        first = t;
                                on = holds(v);
                                if (on)
                                        tell(to, first, hits[w[end - 1]].t, v, group,
                                             t + c.timespan);
                        }
                        if (!below || t - opened <= c.timespan)
                                continue;
                }
                while (from > 0 && t - hits[w[from - 1]].t <= c.timespan)
                        from--;
                v = judge(w + from, i + 1 - from, &first);
                if (holds(v) && !on)
                        tell(to, first, t, v, group, t);
                on = holds(v);
        }
}

static void define(struct alerts *to) {
        for (uint32_t g = 0; g < GROUPS; g++)
                define_group(to, g);
}

/* ---- */

static int cmp(const void *a, const void *b) {
        const struct alert *x = a, *y = b;

        if (x->group != y->group)
                return x->group < y->group ? -1 : 1;
        if (x->last != y->last)
                return x->last < y->last ? -1 : 1;
        return (x->first > y->first) - (x->first < y->first);
}

static bool same(uint64_t seed, bool loud) {
        static struct alerts is, should;
        bool r;

        make(seed);
        is.n = should.n = 0;
        ask(&is);
        define(&should);
        qsort(is.a, is.n, sizeof(*is.a), cmp);
        qsort(should.a, should.n, sizeof(*should.a), cmp);
        r = is.n == should.n;
        for (uint32_t i = 0; r && i < is.n; i++)
                r = is.a[i].first == should.a[i].first && is.a[i].last == should.a[i].last &&
                    is.a[i].count == should.a[i].count && is.a[i].group == should.a[i].group;
        if (r || !loud)
                return r;
        printf("# seed %llu: type %d, timespan %lld, %u refs, bounds", (unsigned long long)seed,
               c.type, (long long)c.timespan, c.n_refs);
        for (uint32_t i = 0; i < c.n_bounds; i++)
                printf(" %d:%g", bounds[i].op, bounds[i].value);
        printf("\n");
        for (uint32_t i = 0; i < MAX(is.n, should.n); i++) {
                struct alert none = {-1, -1, 0, 9, 0}, x = i < is.n ? is.a[i] : none,
                             y = i < should.n ? should.a[i] : none;

                printf("#   is %u: %lld..%lld n=%llu    should %u: %lld..%lld n=%llu\n", x.group,
                       (long long)x.first, (long long)x.last, (unsigned long long)x.count, y.group,
                       (long long)y.first, (long long)y.last, (unsigned long long)y.count);
        }
        return false;
}

static uint64_t from_seed = 1, to_seed = 20000;

static void as_defined(void) {
        uint64_t alerts = 0;

        for (uint64_t seed = from_seed; seed <= to_seed; seed++)
                if (!same(seed, false)) {
                        same(seed, true);
                        check(!"the same alerts");
                }
        for (uint64_t seed = from_seed; seed <= MIN(to_seed, from_seed + 99); seed++) {
                static struct alerts all;

                all.n = 0;
                make(seed);
                ask(&all);
                alerts += all.n;
        }
        printf("# %llu streams; %llu alerts in the first hundred\n",
               (unsigned long long)(to_seed - from_seed + 1), (unsigned long long)alerts);
        check(from_seed == to_seed || alerts > 200);
}

int main(int argc, char **argv) {
        if (argc > 1)
                from_seed = to_seed = strtoull(argv[1], NULL, 10);
        RUN(as_defined);
        return check_done();
}

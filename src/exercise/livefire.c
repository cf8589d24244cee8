/* See livefire.h. points = base · I · place · report, I = (2 · greatest + sum of the three) / 15; every product is
 * rounded half up to whole millionths. Places of those that found the same: 1, ½, ¼, 0; who filed within ten minutes
 * of the first of a group shares the mean of the places that the group takes. */
#include "exercise/livefire.h"

#include <stdlib.h>

#include "exercise/plan.h"

const char *const live_levels[LIVE_LEVELS] = {"low", "medium", "high", "critical"};
const unsigned live_base[LIVE_LEVELS] = {10, 25, 50, 100};

static const int64_t places[] = {MILLION, MILLION / 2, MILLION / 4};

unsigned live_level(struct span name) {
        unsigned i = 0;

        while (i < LIVE_LEVELS && !span_eq(name, span_str(live_levels[i])))
                i++;
        return i;
}

static int64_t half_up(int64_t a, int64_t b) {
        return (2 * a + b) / (2 * b);
}

static int64_t product(int64_t a, int64_t b) {
        return half_up(a * b, MILLION);
}

static int earlier(const void *va, const void *vb) {
        const struct live_placed *a = va, *b = vb;

        if (a->same != b->same)
                return a->same < b->same ? -1 : 1;
        if (a->out != b->out)
                return a->out ? 1 : -1; /* those that count stand together */
        if (a->at != b->at)
                return a->at < b->at ? -1 : 1;
        return a->id < b->id ? -1 : a->id > b->id;
}

/* The mean of places `from` … `from + n`. */
static int64_t mean(size_t from, size_t n) {
        int64_t sum = 0;

        for (size_t i = from; i < from + n && i < ARRAY_LEN(places); i++)
                sum += places[i];
        return half_up(sum, (int64_t)n);
}

static int by_team(const void *va, const void *vb) {
        const struct live_placed *a = va, *b = vb;

        if (a->same != b->same)
                return a->same < b->same ? -1 : 1;
        if (a->team != b->team)
                return a->team < b->team ? -1 : 1;
        return earlier(a, b);
}

/* What a team files again is out, as what is void. */
static void once_a_team(struct live_placed *f, size_t n) {
        qsort(f, n, sizeof(*f), by_team);
        for (size_t i = 1, first = 0; i < n; i++) {
                if (f[i].same != f[first].same || f[i].team != f[first].team || f[first].out)
                        first = i;
                else
                        f[i].out = true;
        }
}

void live_place(struct live_placed *f, size_t n) {
        size_t first = 0; /* of those that found the same */

        once_a_team(f, n);
        qsort(f, n, sizeof(*f), earlier);
        for (size_t i = 0; i < n;) {
                size_t k = i + 1;

                if (i == 0 || f[i].same != f[i - 1].same)
                        first = i;
                if (f[i].out) {
                        f[i++].place = 0;
                        continue;
                }
                while (k < n && f[k].same == f[i].same && !f[k].out &&
                       f[k].at - f[i].at <= LIVE_TIE_MS)
                        k++;
                int64_t share = mean(i - first, k - i);
                for (; i < k; i++)
                        f[i].place = share;
        }
}

int64_t live_report(bool whole, bool overstated) {
        if (!whole)
                return 0;
        return overstated ? MILLION / 10 * 9 : MILLION;
}

bool live_apart(const struct live_judged *a, const struct live_judged *b) {
        return a->level > b->level + 1 || b->level > a->level + 1;
}

static int64_t points_of(const unsigned base[LIVE_LEVELS], const struct live_judged *m,
                         int64_t place, int64_t report) {
        unsigned most = MAX(MAX(m->impact[0], m->impact[1]), m->impact[2]);
        unsigned sum = m->impact[0] + m->impact[1] + m->impact[2];
        int64_t factor = half_up((int64_t)(2 * most + sum) * MILLION, 15);

        factor = product(product(factor, place), report);
        return half_up((int64_t)base[m->level] * 1000 * factor, MILLION);
}

static int by_value(const void *va, const void *vb) {
        const int64_t *a = va, *b = vb;

        return *a < *b ? -1 : *a > *b;
}

int64_t live_points(const unsigned base[LIVE_LEVELS], const struct live_judged *marks, size_t n,
                    int64_t place, int64_t report) {
        int64_t each[3] = {0};

        assert(n >= 1 && n <= ARRAY_LEN(each));
        for (size_t i = 0; i < n; i++)
                each[i] = points_of(base, &marks[i], place, report);
        qsort(each, n, sizeof(*each), by_value);
        return n == 2 ? half_up(each[0] + each[1], 2) : each[n / 2];
}

/* See ranges.h. */
#include "main/ranges.h"

static void remove_at(struct ranges *r, unsigned i) {
        memmove(&r->at[i], &r->at[i + 1], (--r->n - i) * sizeof(r->at[0]));
}

static void join_nearest(struct ranges *r) {
        unsigned best = 1;

        for (unsigned i = 2; i < r->n; i++)
                if (r->at[i].from - r->at[i - 1].to < r->at[best].from - r->at[best - 1].to)
                        best = i;
        r->at[best - 1].to = r->at[best].to;
        remove_at(r, best);
}

void ranges_add(struct ranges *r, uint64_t from, uint64_t to) {
        unsigned i = 0;

        if (from >= to)
                return;
        while (i < r->n && r->at[i].to < from)
                i++;
        while (i < r->n && r->at[i].from <= to) { /* touches or overlaps: taken in */
                from = MIN(from, r->at[i].from);
                to = MAX(to, r->at[i].to);
                remove_at(r, i);
        }
        memmove(&r->at[i + 1], &r->at[i], (r->n - i) * sizeof(r->at[0]));
        r->at[i] = (struct range){from, to};
        if (++r->n > RANGES_MAX)
                join_nearest(r);
}

void ranges_take(struct ranges *r, uint64_t from, uint64_t to) {
        for (unsigned i = 0; i < r->n && from < to; i++) {
                struct range *x = &r->at[i], behind = {to, x->to};

                if (x->to <= from || x->from >= to)
                        continue;
                if (x->from < from && x->to > to) { /* a hole: two of one */
                        if (r->n == RANGES_MAX)
                                return;
                        memmove(x + 1, x, (r->n++ - i) * sizeof(*x));
                        x->to = from;
                        x[1] = behind;
                        return;
                }
                if (x->from < from)
                        x->to = from;
                else if (x->to > to)
                        x->from = to;
                else
                        remove_at(r, i--);
        }
}

bool ranges_have(const struct ranges *r, uint64_t from, uint64_t to) {
        for (unsigned i = 0; i < r->n; i++)
                if (r->at[i].from <= from && to <= r->at[i].to)
                        return true;
        return false;
}

uint64_t ranges_sum(const struct ranges *r) {
        uint64_t sum = 0;

        for (unsigned i = 0; i < r->n; i++)
                sum += r->at[i].to - r->at[i].from;
        return sum;
}

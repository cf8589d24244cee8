/* See part.h. When something comes after something else, its time is that one's and its delay; what it is conditional on
 * is not asked: a re-test is about this step, whatever led to it the first time. */
#include "exercise/part.h"

#include <string.h>

static const struct plan_when *when_of(const struct plan *p, unsigned i) {
        return i < p->n_steps ? &p->steps[i].when : &p->injects[i - p->n_steps].when;
}

static int find(const struct plan *p, const char *id) {
        int i = plan_find_step(p, id);

        if (i >= 0)
                return i;
        i = plan_find_inject(p, id);
        return i < 0 ? -1 : i + (int)p->n_steps;
}

/* No chain is longer than there are items: a plan has no circles (plan.h), and a wrong one ends all the same. */
int64_t part_time(const struct plan *p, unsigned i) {
        int64_t t = 0;
        int at = (int)i;

        for (unsigned n = 0; n <= p->n_steps + p->n_injects && at >= 0; n++) {
                const struct plan_when *w = when_of(p, (unsigned)at);

                if (!w->after)
                        return t + MAX(w->at, (int64_t)0);
                t += w->delay;
                at = find(p, w->after);
        }
        return t;
}

void part_of(const struct plan *p, const char *key, struct part *ret) {
        const struct plan_expectation *e = NULL;
        int64_t machine = 0;

        *ret = (struct part){.item = -1, .until = p->length};
        if (strcmp(key, PART_REHEARSAL) == 0) {
                for (unsigned i = 0; i < p->n_steps && ret->item < 0; i++)
                        if (!p->steps[i].background)
                                ret->item = (int)i;
                if (ret->item < 0)
                        return;
                ret->from = MAX(part_time(p, (unsigned)ret->item) - PART_LEAD_MS, (int64_t)0);
                ret->until = part_time(p, (unsigned)ret->item) + PART_REHEARSAL_MS;
                return;
        }
        for (unsigned i = 0; i < p->n_expectations && !e; i++)
                if (strcmp(p->expectations[i].id, key) == 0)
                        e = &p->expectations[i];
        if (!e || (ret->item = find(p, e->of)) < 0)
                return;
        /* People's clock begins at the latest when the machine's line is over. */
        for (unsigned i = 0; i < p->n_expectations; i++)
                if (p->expectations[i].part == PART_MACHINE &&
                    strcmp(p->expectations[i].of, e->of) == 0)
                        machine = MAX(machine, p->expectations[i].h);
        int64_t t = part_time(p, (unsigned)ret->item);
        ret->from = MAX(t - PART_LEAD_MS, (int64_t)0);
        ret->until = t + e->h + (e->part == PART_PEOPLE ? machine : 0) + PART_REST_MS;
}

bool part_has(const struct plan *p, const struct part *part, unsigned i) {
        int64_t t;

        if (part->item < 0 || (int)i == part->item)
                return true;
        if (i >= p->n_steps || !p->steps[i].background)
                return false;
        t = part_time(p, i);
        return t >= part->from && t <= part->until;
}

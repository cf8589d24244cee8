/* A plan that may have been tampered with: it is refused, or everything in it is there. */
#include "exercise/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void steps(const struct plan *p) {
        for (unsigned i = 0; i < p->n_steps; i++) {
                const struct plan_step *s = &p->steps[i];

                assert(plan_find_step(p, s->id) == (int)i);
                assert(s->when.condition < (int)p->n_conditions);
                for (unsigned k = 0; k < s->n_activities; k++)
                        assert(!s->activities[k].host ||
                               plan_find_host(p, s->activities[k].host) >= 0);
        }
        for (unsigned i = 0; i < p->n_conditions; i++)
                if (p->conditions[i].op <= PLAN_NOT)
                        assert(p->conditions[i].first > i &&
                               p->conditions[i].first + p->conditions[i].n <= p->n_conditions);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct plan *p = NULL;
        struct buf b = {.limit = (size_t)1 << 20};

        if (plan_load(span_of((const char *)data, size), &p) < 0)
                return 0;
        steps(p);
        for (unsigned i = 0; i < p->n_expectations; i++) {
                const struct plan_expectation *e = &p->expectations[i];

                assert(e->g >= 0 && e->g <= e->d && e->d < e->h && e->weight > 0);
        }
        plan_fill(p, NULL, p->summary.en, &b);
        buf_deinit(&b);
        plan_free(p);
        return 0;
}

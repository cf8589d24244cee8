/* Q and R, and which facts decide a line (score.h).
 *
 *     alert, acknowledged, declared, evidence, closed   done: 1
 *     classified, told, answered                        the scenario's table
 *     scope       F2 over hosts and accounts; the best of the first three confirmations
 *     contained   share of the objects that are contained by then; the best moment (more targets, but later, is weighed
 *                 by the formula itself); what the unit itself took back within h does not count
 *     reported    mean over the mandatory fields: true 1, 'unknown' ½, else 0
 *     restored    proved 1, else ½
 *
 * Elsewhere the earliest decides, then the id; the others are linked. */
#include "exercise/score_impl.h"

#define HALF ((int64_t)MILLION / 2)

int64_t scoring_role(const struct plan_expectation *e, const struct drill_fact *f) {
        bool right = e->n_roles == 0;

        if (!f->actor) /* the node: duties are people's */
                return MILLION;
        for (unsigned i = 0; i < f->n_roles; i++)
                right |= scoring_is_one_of(f->roles[i], e->roles, e->n_roles);
        return right && !f->self ? (int64_t)MILLION : HALF;
}

static int64_t worth(const struct plan_expectation *e, const char *value) {
        for (unsigned i = 0; value && i < e->n_values; i++)
                if (strcmp(e->values[i].value, value) == 0)
                        return e->values[i].worth;
        return 0;
}

static int64_t answer_worth(const struct plan *p, const struct plan_expectation *e,
                            const struct drill_fact *f) {
        int at = plan_find_inject(p, e->of);
        const struct plan_inject *in = at >= 0 ? &p->injects[at] : NULL;

        if (!in || !in->n_choices)
                return MILLION; /* a text: that it was answered; how well is for a ruling */
        for (unsigned i = 0; f->value && i < in->n_choices; i++)
                if (strcmp(in->choices[i].id, f->value) == 0)
                        return in->choices[i].worth;
        return 0;
}

static int64_t report_truth(const struct drill_fact *f) {
        unsigned halves = 0;

        for (unsigned i = 0; i < f->n_fields; i++)
                halves += f->fields[i].truth == TRUTH_TRUE      ? 2
                          : f->fields[i].truth == TRUTH_UNKNOWN ? 1
                                                                : 0;
        return f->n_fields ? formula_part(halves, 2 * f->n_fields) : (int64_t)MILLION;
}

/* Twice the same object in a fact is one. */
static bool said_before(const struct drill_fact *f, unsigned at) {
        for (unsigned i = 0; i < at; i++)
                if (strcmp(f->objects[i], f->objects[at]) == 0)
                        return true;
        return false;
}

static int64_t scope(const struct plan_expectation *e, const struct drill_fact *f) {
        unsigned tp = 0, fp = 0;

        for (unsigned i = 0; i < f->n_objects; i++) {
                if (said_before(f, i))
                        continue;
                if (scoring_is_one_of(f->objects[i], e->objects, e->n_objects))
                        tp++;
                else
                        fp++;
        }
        return formula_fbeta(tp, fp, e->n_objects - MIN(tp, e->n_objects), 4);
}

int64_t scoring_quality(const struct scoring *g, const struct plan_expectation *e,
                        const struct drill_fact *f) {
        switch (e->fact) {
        case FACT_CLASSIFIED: return worth(e, f->value);
        case FACT_TOLD: return e->n_values ? worth(e, f->value) : (int64_t)MILLION;
        case FACT_ANSWERED: return answer_worth(g->p, e, f);
        case FACT_SCOPE: return scope(e, f);
        case FACT_REPORTED: return report_truth(f);
        case FACT_RESTORED: return f->number == 1 ? (int64_t)MILLION : HALF;
        default: return MILLION;
        }
}

/* ---- which decide ---- */

static int64_t product(const struct plan_expectation *e, const struct candidate *c) {
        int64_t t = formula_curve(c->t, e->g, e->d, e->h, e->p);

        return formula_mul(formula_mul(t, c->Q), c->R);
}

/* Those of `pick` first, the others as duplicates. */
static int take(const struct scoring *g, struct score_line *l, const struct candidate *c,
                unsigned n, const bool *pick) {
        const struct drill_fact **facts = arena_array(&g->s->arena, n, sizeof(struct drill_fact *));
        const struct drill_fact **also = arena_array(&g->s->arena, n, sizeof(struct drill_fact *));

        if (!facts || !also)
                return FAIL(-ENOMEM);
        for (unsigned i = 0; i < n; i++)
                if (pick[i] && l->n_facts < SCORE_ALSO_MAX)
                        facts[l->n_facts++] = c[i].f;
                else if (!pick[i] && l->n_also < SCORE_ALSO_MAX)
                        also[l->n_also++] = c[i].f;
        l->facts = facts;
        l->also = also;
        return 0;
}

static int choose_one(const struct scoring *g, struct score_line *l, const struct candidate *c,
                      unsigned n, unsigned best) {
        bool *pick = arena_array(&g->s->arena, n, sizeof(*pick));

        if (!pick)
                return FAIL(-ENOMEM);
        pick[best] = true;
        l->t = c[best].t;
        l->T = formula_curve(c[best].t, l->expectation->g, l->expectation->d, l->expectation->h,
                             l->expectation->p);
        l->Q = c[best].Q;
        l->R = c[best].R;
        return take(g, l, c, n, pick);
}

/* The unit itself took it back before h: it did not hold. */
static bool taken_back(const struct scoring *g, const struct candidate *c,
                       const struct score_line *l) {
        for (size_t i = 0; i < g->n; i++) {
                const struct drill_fact *u = &g->facts[i];

                if (u->kind == FACT_UNDONE && u->of && strcmp(u->of, c->f->id) == 0 &&
                    (!u->value ||
                     (strcmp(u->value, "ordered") != 0 && strcmp(u->value, "expired") != 0)) &&
                    scoring_between(g, l->start, u->t, false) < l->expectation->h)
                        return true;
        }
        return false;
}

/* Marks what this action adds; whether it adds anything. */
static bool adds(const struct plan_expectation *e, const struct drill_fact *f, bool *held) {
        bool more = false;

        for (unsigned i = 0; i < e->n_objects; i++)
                if (!held[i] && scoring_is_one_of(e->objects[i], f->objects, f->n_objects))
                        held[i] = more = true;
        return more;
}

static int choose_contained(const struct scoring *g, struct score_line *l,
                            const struct candidate *c, unsigned n) {
        const struct plan_expectation *e = l->expectation;
        bool *held = arena_array(&g->s->arena, e->n_objects + 1, sizeof(*held));
        bool *pick = arena_array(&g->s->arena, n, sizeof(*pick));
        unsigned have = 0, last = 0, best = n;
        int64_t r = MILLION, most = -1;

        if (!held || !pick)
                return FAIL(-ENOMEM);
        for (unsigned i = 0; i < n; i++) {
                struct candidate now = c[i];
                unsigned k = 0;

                if (taken_back(g, &c[i], l) || (e->n_objects && !adds(e, c[i].f, held)))
                        continue;
                for (unsigned o = 0; o < e->n_objects; o++)
                        k += held[o];
                have = e->n_objects ? k : 1;
                r = MIN(r, c[i].R); /* one without duty halves what stands on it */
                now.Q = formula_part(have, MAX(e->n_objects, 1u));
                now.R = r;
                pick[i] = true;
                last = i;
                if (product(e, &now) > most) {
                        most = product(e, &now);
                        best = last;
                        l->t = now.t;
                        l->Q = now.Q;
                        l->R = now.R;
                }
        }
        if (best == n) { /* all taken back */
                l->t = c[0].t;
                l->Q = 0;
                l->R = c[0].R;
                best = 0;
        }
        for (unsigned i = best + 1; i < n; i++)
                pick[i] = false;
        l->T = formula_curve(l->t, e->g, e->d, e->h, e->p);
        return take(g, l, c, n, pick);
}

int scoring_choose(const struct scoring *g, struct score_line *l, const struct candidate *c,
                   unsigned n) {
        unsigned best = 0;

        if (l->expectation->fact == FACT_CONTAINED)
                return choose_contained(g, l, c, n);
        if (l->expectation->fact == FACT_SCOPE)
                for (unsigned i = 1; i < MIN(n, (unsigned)SCORE_CONFIRMED); i++)
                        if (product(l->expectation, &c[i]) > product(l->expectation, &c[best]))
                                best = i;
        return choose_one(g, l, c, n, best);
}

/* Penalties (doc/scoring.md): needless harm, false claims, what one owns and does not use, broken rules.
 *
 * Innocent is what no step of the attack touches and no expectation wants contained; what the plan does not know
 * counts as of criticality 1. Each action on it costs once per target; half when it was undone within five minutes
 * of real time. A claim is false when all of an incident's steps are background: to acknowledge or to hunt is free.
 * The node's own acts are the machine's. All together cost at most 30 points; the harm itself is shown uncapped. */
#include "exercise/score_impl.h"

const char *const score_penalties[PENALTY_BROKEN + 1] = {"innocent", "false", "unused", "broken"};

static bool is_innocent(const struct plan *p, const char *object) {
        int o = plan_find_outside(p, object);

        if (o >= 0 && p->outside[o].attacker)
                return false;
        for (unsigned i = 0; i < p->n_steps; i++)
                if (!p->steps[i].background &&
                    scoring_is_one_of(object, p->steps[i].targets, p->steps[i].n_targets))
                        return false;
        for (unsigned i = 0; i < p->n_expectations; i++)
                if (p->expectations[i].fact == FACT_CONTAINED &&
                    scoring_is_one_of(object, p->expectations[i].objects,
                                      p->expectations[i].n_objects))
                        return false;
        return true;
}

static unsigned criticality(const struct plan *p, const char *object) {
        int h = plan_find_host(p, object);

        return h >= 0 ? MIN(MAX(p->hosts[h].criticality, 1u), 3u) : 1;
}

static const struct drill_fact *undone(const struct scoring *g, const struct drill_fact *action) {
        for (size_t i = 0; i < g->n; i++)
                if (g->facts[i].kind == FACT_UNDONE && g->facts[i].of &&
                    strcmp(g->facts[i].of, action->id) == 0)
                        return &g->facts[i];
        return NULL;
}

static bool pardoned(const struct scoring *g, const char *key) {
        bool yes = false;

        for (size_t i = 0; i < g->n; i++) {
                const struct drill_fact *f = &g->facts[i];

                if (f->kind != FACT_RULING || !f->value || !f->of || strcmp(f->of, key) != 0)
                        continue;
                if (strcmp(f->value, RULING_PARDON) == 0)
                        yes = true;
                else if (strcmp(f->value, RULING_RESTORE) == 0)
                        yes = false;
        }
        return yes;
}

static int add(struct scoring *g, const struct score_penalty *x, bool half) {
        struct score *s = g->s;
        struct score_penalty *to;
        int r;

        if (!x->key)
                return FAIL(-ENOMEM);
        if (s->n_penalties == SCORE_PENALTIES_MAX)
                return 0;
        to = &s->penalties[s->n_penalties++];
        *to = *x;
        to->pardoned = pardoned(g, x->key);
        r = scoring_penalty_words(g, to, half);
        return r;
}

/* An earlier action on the same target still stood, or the target was counted with it. */
static bool counted(const struct scoring *g, size_t at, unsigned object) {
        const struct drill_fact *f = &g->facts[at];

        for (unsigned k = 0; k < object; k++)
                if (strcmp(f->objects[k], f->objects[object]) == 0)
                        return true;
        for (size_t i = 0; i < at; i++) {
                const struct drill_fact *e = &g->facts[i], *u;

                if (e->kind != FACT_CONTAINED || g->m->of[i].rejected ||
                    !scoring_is_one_of(f->objects[object], e->objects, e->n_objects))
                        continue;
                u = undone(g, e);
                if (!u || u->real > f->real)
                        return true;
        }
        return false;
}

static int innocents(struct scoring *g) {
        for (size_t i = 0; i < g->n; i++) {
                const struct drill_fact *f = &g->facts[i], *u;
                bool half;

                if (f->kind != FACT_CONTAINED || g->m->of[i].rejected)
                        continue;
                u = undone(g, f);
                half = u && u->real - f->real <= SCORE_UNDONE_MS;
                for (unsigned k = 0; k < f->n_objects; k++) {
                        struct score_penalty x = {.kind = PENALTY_INNOCENT,
                                                  .machine = !f->actor,
                                                  .fact = f,
                                                  .object = f->objects[k]};
                        int r;

                        if (!is_innocent(g->p, f->objects[k]) || counted(g, i, k))
                                continue;
                        x.points = (int64_t)SCORE_INNOCENT * criticality(g->p, f->objects[k]);
                        x.points = half ? x.points / 2 : x.points;
                        x.key = arena_printf(&g->s->arena, "innocent/%s/%s", f->objects[k], f->id)
                                        .p;
                        r = add(g, &x, half);
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

static bool all_background(const struct scoring *g, const struct match_of *m) {
        for (unsigned i = 0; i < m->n; i++)
                if (m->steps[i] &&
                    !(m->steps[i] <= g->p->n_steps && g->p->steps[m->steps[i] - 1].background))
                        return false;
        return m->n != 0;
}

static const char *incident_of(const struct drill_fact *f) {
        return f->of ? f->of : f->id;
}

static int false_claims(struct scoring *g) {
        for (size_t i = 0; i < g->n; i++) {
                const struct drill_fact *f = &g->facts[i];
                struct score_penalty x = {.kind = PENALTY_FALSE,
                                          .points = SCORE_FALSE,
                                          .machine = !f->actor,
                                          .fact = f};
                bool innocent = f->kind == FACT_DECLARED && f->label && !g->m->of[i].rejected;
                int r;

                for (size_t k = 0; innocent && k < g->n; k++)
                        if (g->facts[k].kind == FACT_DECLARED &&
                            strcmp(incident_of(&g->facts[k]), incident_of(f)) == 0)
                                innocent = all_background(g, &g->m->of[k]) &&
                                           (k >= i || g->m->of[k].rejected); /* once */
                if (!innocent)
                        continue;
                x.object = incident_of(f);
                x.key = arena_printf(&g->s->arena, "false/%s", x.object).p;
                r = add(g, &x, false);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int unused_sources(struct scoring *g) {
        unsigned n = 0;

        for (size_t i = 0; i < g->n; i++) {
                const struct drill_fact *f = &g->facts[i];
                struct score_penalty x = {.kind = PENALTY_UNUSED,
                                          .points = SCORE_UNUSED,
                                          .fact = f,
                                          .object = f->value ? f->value : f->id};
                int r;

                if (f->kind != FACT_UNUSED || g->m->of[i].rejected || n == SCORE_UNUSED_MAX)
                        continue;
                x.key = arena_printf(&g->s->arena, "unused/%s", x.object).p;
                n += !pardoned(g, x.key ? x.key : "");
                r = add(g, &x, false);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int broken_rules(struct scoring *g) {
        for (size_t i = 0; i < g->n; i++) {
                const struct drill_fact *f = &g->facts[i];
                struct score_penalty x = {.kind = PENALTY_BROKEN, .fact = f, .object = f->of};
                int r;

                if (f->kind != FACT_RULING || !f->value || !f->of ||
                    strcmp(f->value, RULING_BROKEN) != 0)
                        continue;
                x.points = MIN(MAX(f->number, (int64_t)5), (int64_t)10) * 1000;
                x.key = arena_printf(&g->s->arena, "broken/%s", f->of).p;
                r = add(g, &x, false);
                if (r < 0)
                        return r;
        }
        return 0;
}

int scoring_penalties(struct scoring *g) {
        int r;

        g->s->penalties = arena_array(&g->s->arena, SCORE_PENALTIES_MAX, sizeof(*g->s->penalties));
        if (!g->s->penalties)
                return FAIL(-ENOMEM);
        r = innocents(g);
        if (r == 0)
                r = false_claims(g);
        if (r == 0)
                r = unused_sources(g);
        if (r == 0)
                r = broken_rules(g);
        return r;
}

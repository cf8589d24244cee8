/* A play's score (score.h). For each expectation, in the plan's order:
 *
 *     start    the step's or the inject's; for people's lines of a step the earliest of the alert that matched, a
 *              tip, and the step + the h of its machine line, so that a silent rule is not charged twice
 *     facts    of the kind, whose steps (match.h) hold the expectation's
 *     t        fact − start; of machine lines event time + latency in real time, as 30× would inflate it
 *     factors  T by the curve, Q by kind (score_quality.c), R; a ruling may say Q
 *     hints    off the line
 *
 * A line is void (it leaves the sum and the weights) when it was ruled so, its step or inject never came, the unit
 * prevented it and it stands unanswered, or the watch ended before h. While a play runs, a line whose time is not
 * over and that nothing answers is open and left out in the same way: the sum is of what is decided. */
#include <stdlib.h>

#include "exercise/score_impl.h"

const char *const score_states[LINE_VOID + 1] = {"scored", "missed", "open", "void"};
const char *const score_causes[SCORE_CAUSES] = {"none", "source", "rule", "step", "plan"};

bool scoring_is_one_of(const char *s, const char *const *list, unsigned n) {
        for (unsigned i = 0; s && i < n; i++)
                if (strcmp(s, list[i]) == 0)
                        return true;
        return false;
}

int64_t scoring_between(const struct scoring *g, int64_t from, int64_t to, bool real) {
        int64_t d = to - from, stood = 0, last = from;

        for (size_t i = 0; i < g->n && to > from; i++) {
                const struct drill_fact *f = &g->facts[i];
                int64_t a, b;

                if (f->kind != FACT_PAUSE)
                        continue;
                a = MAX(real ? f->real : f->t, last); /* pauses that overlap count once */
                b = MIN(real ? f->until_real : f->until, to);
                if (b > a) {
                        stood += b - a;
                        last = b;
                }
        }
        d -= stood;
        return MIN(MAX(d, -FORMULA_MS_MAX), FORMULA_MS_MAX);
}

/* ---- where a line's clock starts ---- */

struct start {
        const struct drill_fact *from; /* NULL: it did not begin */
        int64_t t, real;
        unsigned step; /* 0: an inject */
};

static const struct drill_fact *delivered(const struct scoring *g, const char *inject) {
        for (size_t i = 0; i < g->n; i++)
                if (g->facts[i].kind == FACT_DELIVERED && g->facts[i].of &&
                    strcmp(g->facts[i].of, inject) == 0)
                        return &g->facts[i];
        return NULL;
}

/* The alert that answers a step, by when a person could see it. */
static const struct drill_fact *first_alert(const struct scoring *g, unsigned step) {
        for (size_t i = 0; i < g->n; i++)
                if (g->facts[i].kind == FACT_ALERT && !g->m->of[i].rejected &&
                    match_has(&g->m->of[i], step))
                        return &g->facts[i];
        return NULL;
}

static const struct plan_expectation *machine_line(const struct plan *p, const char *of) {
        for (unsigned i = 0; i < p->n_expectations; i++)
                if (p->expectations[i].fact == FACT_ALERT && strcmp(p->expectations[i].of, of) == 0)
                        return &p->expectations[i];
        return NULL;
}

static void earlier(struct start *s, const struct drill_fact *f, int64_t by) {
        if (f && f->t + by < s->t) {
                s->from = f;
                s->t = f->t + by;
                s->real = f->real + by;
        }
}

static struct start start_of(const struct scoring *g, const struct plan_expectation *e) {
        const struct plan_expectation *machine = machine_line(g->p, e->of);
        struct start s = {.step = (unsigned)(plan_find_step(g->p, e->of) + 1)};
        const struct drill_fact *played;

        if (!s.step) {
                s.from = delivered(g, e->of);
                if (s.from) {
                        s.t = s.from->t;
                        s.real = s.from->real;
                }
                return s;
        }
        played = g->m->played[s.step];
        if (!played)
                return s;
        s.from = played;
        s.t = played->t;
        s.real = played->real;
        if (e->part == PART_MACHINE || !machine)
                return s;
        s.t += machine->h;
        s.real += machine->h;
        earlier(&s, first_alert(g, s.step), 0);
        earlier(&s, g->m->tip[s.step], 0);
        if (s.t < played->t) { /* what came before the step began does not start its clock */
                s.from = played;
                s.t = played->t;
                s.real = played->real;
        }
        return s;
}

/* ---- what could answer it ---- */

static bool is_value(const struct plan_expectation *e, const char *value) {
        for (unsigned i = 0; value && i < e->n_values; i++)
                if (strcmp(e->values[i].value, value) == 0)
                        return true;
        return false;
}

static bool about_objects(const struct plan_expectation *e, const struct drill_fact *f) {
        for (unsigned i = 0; i < f->n_objects; i++)
                if (scoring_is_one_of(f->objects[i], e->objects, e->n_objects))
                        return true;
        return e->n_objects == 0;
}

static bool fits(const struct scoring *g, const struct plan_expectation *e, const struct start *s,
                 size_t at) {
        const struct drill_fact *f = &g->facts[at];
        const struct match_of *m = &g->m->of[at];

        if (f->kind != e->fact || m->rejected)
                return false;
        if (e->part == PART_PEOPLE && e->fact != FACT_ALERT && !f->actor)
                return false; /* what the node did by itself is no person's merit */
        switch (e->fact) {
        case FACT_ANSWERED: return f->of && strcmp(f->of, e->of) == 0;
        case FACT_TOLD:
        case FACT_REPORTED:
                if (e->n_values && !is_value(e, f->value))
                        return false;
                break;
        case FACT_CONTAINED:
        case FACT_EVIDENCE:
        case FACT_RESTORED:
                if (!about_objects(e, f))
                        return false;
                break;
        default: break;
        }
        if (s->step)
                return match_has(m, s->step);
        return (f->of && strcmp(f->of, e->of) == 0) || f->t >= s->t;
}

static int64_t time_of(const struct scoring *g, const struct plan_expectation *e,
                       const struct start *s, const struct drill_fact *f) {
        int64_t t;

        if (e->fact == FACT_ALERT)
                t = MAX(f->event - s->t, (int64_t)0) + f->latency;
        else if (e->real)
                t = scoring_between(g, s->real, f->real, true);
        else
                t = scoring_between(g, s->t, f->t, false);
        return MIN(MAX(t, (int64_t)0), FORMULA_MS_MAX);
}

static int by_time(const void *a, const void *b) {
        const struct candidate *x = a, *y = b;

        if (x->t != y->t)
                return x->t < y->t ? -1 : 1;
        if (x->f->t != y->f->t)
                return x->f->t < y->f->t ? -1 : 1;
        return strcmp(x->f->id, y->f->id);
}

/* Those of a line, by t; freed by the caller. */
static int gather(const struct scoring *g, const struct plan_expectation *e, const struct start *s,
                  struct candidate **ret, unsigned *ret_n) {
        struct candidate *c = calloc(MAX(g->n, (size_t)1), sizeof(*c));
        unsigned n = 0;

        if (!c)
                return FAIL(-ENOMEM);
        for (size_t i = 0; i < g->n; i++) {
                const struct drill_fact *f = &g->facts[i];

                if (fits(g, e, s, i))
                        c[n++] = (struct candidate){f, time_of(g, e, s, f),
                                                    scoring_quality(g, e, f), scoring_role(e, f)};
        }
        qsort(c, n, sizeof(*c), by_time);
        *ret = c;
        *ret_n = n;
        return 0;
}

/* ---- rulings ---- */

static const struct drill_fact *ruling_of(const struct scoring *g, const char *what,
                                          const char *of) {
        const struct drill_fact *last = NULL;

        for (size_t i = 0; i < g->n; i++) {
                const struct drill_fact *f = &g->facts[i];

                if (f->kind != FACT_RULING || !f->value || !f->of || strcmp(f->of, of) != 0)
                        continue;
                if (strcmp(f->value, what) == 0)
                        last = f;
                else if (strcmp(f->value, RULING_RESTORE) == 0)
                        last = NULL;
        }
        return last;
}

/* ---- a line ---- */

static enum score_cause cause_of(const struct scoring *g, const struct score_line *l,
                                 unsigned step) {
        const struct drill_fact *played = step ? g->m->played[step] : NULL;

        if (l->state > LINE_MISSED || 2 * l->points >= (int64_t)l->expectation->weight * 1000)
                return CAUSE_NONE;
        if (l->state == LINE_SCORED && (l->Q < MILLION || l->R < MILLION) &&
            2 * l->T >= (int64_t)MILLION)
                return CAUSE_PLAN;
        if (played && played->value && strcmp(played->value, "none") == 0)
                return CAUSE_SOURCE;
        if (step && !first_alert(g, step))
                return CAUSE_RULE;
        return l->expectation->fact == FACT_ALERT ? CAUSE_RULE : CAUSE_STEP;
}

/* Alerts that might be of this step, but are as near to another. */
static bool is_ambiguous(const struct scoring *g, const struct plan_expectation *e, unsigned step) {
        for (size_t i = 0; e->fact == FACT_ALERT && step && i < g->n; i++)
                if (g->m->of[i].ambiguous &&
                    match_evidence(g->p, step, &g->facts[i]) >= MATCH_LEAST)
                        return true;
        return false;
}

static int judge_line(struct scoring *g, struct score_line *l, const struct start *s,
                      const struct candidate *c, unsigned n) {
        const struct plan_expectation *e = l->expectation;
        const struct drill_fact *ruling = ruling_of(g, RULING_QUALITY, e->id);
        bool answered = n && c[0].t < e->h;
        int r;

        if (g->ended && l->censored < e->h) {
                l->state = LINE_VOID;
                return scoring_words(g, l, WHY_STOPPED, NULL);
        }
        if (!answered && s->step && g->m->prevented[s->step]) {
                l->state = LINE_VOID;
                return scoring_words(g, l, WHY_PREVENTED, g->m->prevented[s->step]);
        }
        if (!answered && !g->ended && (g->offline || l->censored < e->h)) {
                l->state = LINE_OPEN;
                return scoring_words(g, l, g->offline ? WHY_OFFLINE : WHY_OPEN, NULL);
        }
        if (n == 0) {
                l->state = LINE_MISSED;
                return scoring_words(g, l, is_ambiguous(g, e, s->step) ? WHY_AMBIGUOUS : WHY_MISSED,
                                     NULL);
        }
        l->state = LINE_SCORED;
        r = scoring_choose(g, l, c, n);
        if (r < 0)
                return r;
        if (ruling)
                l->Q = MIN(MAX(ruling->number, (int64_t)0), (int64_t)MILLION);
        l->points = formula_line(e->weight, l->T, l->Q, l->R);
        return scoring_words(g, l, WHY_SCORED, ruling);
}

static int begin_line(struct scoring *g, struct score_line *l, const struct start *s) {
        if (s->step && g->m->prevented[s->step]) {
                l->state = LINE_VOID;
                return scoring_words(g, l, WHY_PREVENTED, g->m->prevented[s->step]);
        }
        l->state = g->ended ? LINE_VOID : LINE_OPEN;
        return scoring_words(g, l, g->ended ? WHY_UNPLAYED : WHY_FUTURE, NULL);
}

static int score_line(struct scoring *g, struct score_line *l, const struct plan_expectation *e) {
        const struct drill_fact *ruling = ruling_of(g, RULING_VOID, e->id);
        struct candidate *c = NULL;
        struct start s = start_of(g, e);
        unsigned n = 0;
        int r;

        *l = (struct score_line){.expectation = e, .t = FORMULA_NEVER, .start = FORMULA_NEVER};
        if (ruling) {
                l->state = LINE_VOID;
                return scoring_words(g, l, WHY_RULED, ruling);
        }
        if (!s.from)
                return begin_line(g, l, &s);
        l->start = s.t;
        l->censored = g->watch ? scoring_between(g, e->real ? s.real : s.t,
                                                 e->real ? g->watch->real : g->watch->t, e->real)
                               : 0;
        r = gather(g, e, &s, &c, &n);
        if (r == 0)
                r = judge_line(g, l, &s, c, n);
        free(c);
        if (r == 0)
                l->cause = cause_of(g, l, s.step);
        return r;
}

/* ---- hints and sums ---- */

/* Each hint once; its price in equal shares off its lines, never below 0. */
static void take_hints(struct scoring *g) {
        for (unsigned h = 0; h < g->p->n_hints; h++) {
                const struct plan_hint *hint = &g->p->hints[h];
                bool given = false;

                for (size_t i = 0; i < g->n; i++)
                        given |= g->facts[i].kind == FACT_HINT && g->facts[i].of &&
                                 strcmp(g->facts[i].of, hint->id) == 0;
                if (!given || !hint->n_expectations)
                        continue;
                g->s->hints++;
                for (unsigned i = 0; i < g->s->n_lines; i++) {
                        struct score_line *l = &g->s->lines[i];
                        int64_t off;

                        if (!scoring_is_one_of(l->expectation->id, hint->expectations,
                                               hint->n_expectations))
                                continue;
                        off = MIN(formula_div((int64_t)hint->price * 1000, hint->n_expectations),
                                  l->points);
                        l->points -= off;
                        l->hint += off;
                }
        }
}

struct sum {
        int64_t points, weights;
        unsigned lines;
};

static void sum_line(struct sum *s, const struct score_line *l) {
        if (l->state > LINE_MISSED)
                return;
        s->points += l->points;
        s->weights += l->expectation->weight;
        s->lines++;
}

static void sum_up(struct score *s) {
        struct sum all = {0}, part[PART_PEOPLE + 1] = {{0}}, cap[PLAN_CAPABILITIES] = {{0}};

        for (unsigned i = 0; i < s->n_lines; i++) {
                const struct score_line *l = &s->lines[i];

                sum_line(&all, l);
                sum_line(&part[l->expectation->part], l);
                sum_line(&cap[l->expectation->capability], l);
                s->n_void += l->state == LINE_VOID;
                s->n_open += l->state == LINE_OPEN;
        }
        s->base = formula_share(all.points, all.weights);
        for (unsigned i = 0; i <= PART_PEOPLE; i++)
                s->part[i] = part[i].weights ? formula_share(part[i].points, part[i].weights) : -1;
        for (unsigned i = 0; i < PLAN_CAPABILITIES; i++) {
                s->capability_lines[i] = cap[i].lines;
                s->capability[i] = cap[i].lines >= SCORE_CAPABILITY_LEAST
                                           ? formula_share(cap[i].points, cap[i].weights)
                                           : -1;
        }
        for (unsigned i = 0; i < s->n_penalties; i++)
                s->harm += s->penalties[i].pardoned ? 0 : s->penalties[i].points;
        s->penalty = MIN(s->harm, (int64_t)FORMULA_CAP);
        s->total = formula_total(s->base, s->harm);
}

static void read_watch(struct scoring *g) {
        for (size_t i = 0; i < g->n; i++)
                if (g->facts[i].kind == FACT_WATCH)
                        g->watch = &g->facts[i];
        g->ended = g->watch && g->watch->value && strcmp(g->watch->value, "ended") == 0;
        g->offline = g->watch && g->watch->value && strcmp(g->watch->value, "offline") == 0;
}

int score_play(struct score **ret, const struct plan *p, const struct drill_facts *facts,
               unsigned play) {
        _cleanup_(score_freep) struct score *s = calloc(1, sizeof(*s));
        _cleanup_(match_freep) struct match *m = NULL;
        struct scoring g = {.p = p, .s = s};
        int r;

        if (!s)
                return FAIL(-ENOMEM);
        arena_init(&s->arena, (size_t)64 << 20);
        s->play = play;
        g.facts = facts_of(facts, play, &g.n);
        r = match_new(&m, p, g.facts, g.n);
        if (r < 0)
                return r;
        g.m = m;
        read_watch(&g);
        s->n_lines = p->n_expectations;
        s->lines = arena_array(&s->arena, MAX(s->n_lines, 1u), sizeof(*s->lines));
        if (!s->lines)
                return FAIL(-ENOMEM);
        for (unsigned i = 0; i < s->n_lines; i++) {
                r = score_line(&g, &s->lines[i], &p->expectations[i]);
                if (r < 0)
                        return r;
        }
        take_hints(&g);
        r = scoring_penalties(&g);
        if (r < 0)
                return r;
        sum_up(s);
        s->provisional = !g.ended || s->n_open;
        *ret = s;
        s = NULL;
        return 0;
}

struct score *score_free(struct score *s) {
        if (s)
                arena_deinit(&s->arena);
        free(s);
        return NULL;
}

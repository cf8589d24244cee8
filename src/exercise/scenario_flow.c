/* Of a scenario: who comes when. Steps and injects follow each other by `after`; the latest start of each is what the
 * end of the drill is held against (SCORING: a scenario that ends before any h is refused).
 *
 * The latest start of what waits is its `until`. A people's line begins when the alert does, so at the latest at the h
 * of the machine's lines of the same step. What a condition asks for must be able to happen; a step can be played when
 * what it comes after can. */
#include "exercise/scenario_impl.h"

enum colour { WHITE, GREY, BLACK };

struct flow {
        struct scenario *s;
        int64_t *late; /* by number: steps, then injects; -1: not known yet, or never */
        enum colour *colour;
        unsigned n;
};

static const struct plan_when *when_of(const struct flow *f, unsigned i) {
        const struct plan *p = &f->s->plan;

        return i < p->n_steps ? &p->steps[i].when : &p->injects[i - p->n_steps].when;
}

static const char *id_of(const struct flow *f, unsigned i) {
        const struct plan *p = &f->s->plan;

        return i < p->n_steps ? p->steps[i].id : p->injects[i - p->n_steps].id;
}

static const struct node *node_of(const struct flow *f, unsigned i) {
        const struct scenario *s = f->s;

        return i < s->plan.n_steps ? s->at.steps[i] : s->at.injects[i - s->plan.n_steps];
}

static int number_of(const struct flow *f, const char *id) {
        const struct plan *p = &f->s->plan;
        int i = plan_find_step(p, id);

        if (i >= 0)
                return i;
        i = plan_find_inject(p, id);
        return i >= 0 ? (int)p->n_steps + i : -1;
}

/* Follows `after` back to an `at`, then forth again; a chain that bites its tail is told once. */
static void latest(struct flow *f, unsigned start) {
        unsigned path[PLAN_STEPS_MAX + PLAN_INJECTS_MAX], n = 0, i = start;

        while (f->colour[i] == WHITE) {
                const struct plan_when *w = when_of(f, i);
                int up = w->after ? number_of(f, w->after) : -1;

                f->colour[i] = GREY;
                path[n++] = i;
                if (up < 0) {
                        f->late[i] = w->after ? 0 : MAX(w->at, 0);
                        break;
                }
                i = (unsigned)up;
        }
        if (f->colour[i] == GREY && f->late[i] < 0) {
                TELL(f->s, node_get(node_of(f, i), "after"), RULE_CYCLE, id_of(f, i));
                f->late[i] = 0;
        }
        while (n--) {
                const struct plan_when *w = when_of(f, path[n]);
                int up = w->after ? number_of(f, w->after) : -1;

                if (f->late[path[n]] < 0)
                        f->late[path[n]] = (up >= 0 ? MAX(f->late[up], 0) : 0) + w->delay;
                if (w->wait && w->until < f->late[path[n]])
                        TELL(f->s, node_get(node_of(f, path[n]), "wait_until"), RULE_WAIT_EARLY,
                             id_of(f, path[n]), scenario_time_text(f->s, f->late[path[n]]));
                if (w->wait)
                        f->late[path[n]] = MAX(f->late[path[n]], w->until);
                f->colour[path[n]] = BLACK;
        }
}

/* ---- can it come true? ---- */

static bool can(const struct flow *f, unsigned i, const bool *reached) {
        const struct plan *p = &f->s->plan;
        const struct plan_condition *c = &p->conditions[i];
        int at;

        switch (c->op) {
        case PLAN_ALL:
                for (unsigned k = 0; k < c->n; k++)
                        if (!can(f, c->first + k, reached))
                                return false;
                return true;
        case PLAN_ANY:
                for (unsigned k = 0; k < c->n; k++)
                        if (can(f, c->first + k, reached))
                                return true;
                return c->n == 0;
        case PLAN_PLAYED:
        case PLAN_CHOSE:
                at = c->object ? number_of(f, c->object) : -1;
                return at < 0 || reached[at];
        default: return true;
        }
}

static bool names_itself(const struct flow *f, unsigned i, const char *id) {
        const struct plan_condition *c = &f->s->plan.conditions[i];

        if (c->op == PLAN_ALL || c->op == PLAN_ANY) {
                for (unsigned k = 0; k < c->n; k++)
                        if (names_itself(f, c->first + k, id))
                                return true;
                return false;
        }
        return (c->op == PLAN_PLAYED || c->op == PLAN_CHOSE) && c->object &&
               strcmp(c->object, id) == 0;
}

/* What can be played, until nothing more is added. */
static void reach(struct flow *f) {
        bool reached[PLAN_STEPS_MAX + PLAN_INJECTS_MAX] = {false}, more = true;

        while (more) {
                more = false;
                for (unsigned i = 0; i < f->n; i++) {
                        const struct plan_when *w = when_of(f, i);
                        int up = w->after ? number_of(f, w->after) : -1;

                        if (reached[i] || (up >= 0 && !reached[up]) ||
                            (w->condition >= 0 && !can(f, (unsigned)w->condition, reached)))
                                continue;
                        reached[i] = more = true;
                }
        }
        for (unsigned i = 0; i < f->n; i++) {
                const struct plan_when *w = when_of(f, i);

                if (w->condition >= 0 && names_itself(f, (unsigned)w->condition, id_of(f, i)))
                        TELL(f->s, node_get(node_of(f, i), "when"), RULE_CONDITION_SELF,
                             id_of(f, i));
                else if (!reached[i])
                        TELL(f->s, node_of(f, i), RULE_NEVER, id_of(f, i));
        }
}

/* ---- the end ---- */

static void ends(struct flow *f) {
        const struct plan *p = &f->s->plan;

        for (unsigned i = 0; i < f->n; i++)
                if (f->late[i] >= p->length)
                        TELL(f->s, node_of(f, i), RULE_LATE, id_of(f, i),
                             scenario_time_text(f->s, f->late[i]),
                             scenario_time_text(f->s, p->length));
        for (unsigned i = 0; i < p->n_steps; i++) {
                const struct node *list = node_get(f->s->at.steps[i], "activities"),
                                  *c = list && list->kind == NODE_LIST ? list->first : NULL;

                for (unsigned k = 0; k < p->steps[i].n_activities && c; k++, c = c->next) {
                        int64_t at = f->late[i] + p->steps[i].activities[k].offset;

                        if (f->late[i] < p->length && at >= p->length)
                                TELL(f->s, node_get(c, "offset"), RULE_OFFSET,
                                     scenario_time_text(f->s, at),
                                     scenario_time_text(f->s, p->length));
                }
        }
}

/* The latest that the machine may speak of the step. */
static int64_t machine_h(const struct plan *p, const char *of) {
        int64_t h = 0;

        for (unsigned i = 0; i < p->n_expectations; i++)
                if (p->expectations[i].fact == FACT_ALERT && strcmp(p->expectations[i].of, of) == 0)
                        h = MAX(h, p->expectations[i].h);
        return h;
}

static void lines_end(struct flow *f) {
        const struct plan *p = &f->s->plan;

        for (unsigned i = 0; i < p->n_expectations; i++) {
                const struct plan_expectation *e = &p->expectations[i];
                int at = number_of(f, e->of);

                if (at < 0 || f->late[at] >= p->length || e->real)
                        continue;
                int64_t end =
                        f->late[at] + e->h + (e->part == PART_PEOPLE ? machine_h(p, e->of) : 0);
                if (end > p->length)
                        TELL(f->s, node_get(f->s->at.expectations[i], "curve"), RULE_ENDS, e->id,
                             scenario_time_text(f->s, p->length), scenario_time_text(f->s, end));
        }
}

void scenario_flow(struct scenario *s) {
        struct flow f = {.s = s, .n = s->plan.n_steps + s->plan.n_injects};

        f.late = scenario_room(s, f.n, sizeof(*f.late));
        f.colour = scenario_room(s, f.n, sizeof(*f.colour));
        if (!f.late || !f.colour)
                return;
        for (unsigned i = 0; i < f.n; i++)
                f.late[i] = -1;
        for (unsigned i = 0; i < f.n; i++)
                latest(&f, i);
        reach(&f);
        ends(&f);
        lines_end(&f);
}

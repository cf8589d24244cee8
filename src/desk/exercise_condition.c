/* Whether a condition of the plan holds for one unit now: what was played to it, what it chose, and facts, which are
 * the scorer's own (exercise_facts.h, exercise/holds.c): a branch goes by what points come from. It asks whether there is
 * such a fact, not how good it is. What was found holds until something of the play changes (exercise_touched()). */
#include "desk/desk_impl.h"
#include "desk/exercise_engine.h"
#include "desk/exercise_facts.h"
#include "exercise/match.h"

#include <stdlib.h>

/* All facts that the plan's conditions ask for, looked up at once: so that a play is read once for what changed in it,
 * however many conditions wait. */
static int look(struct desk *d, struct engine_play *y, const struct plan *p) {
        _cleanup_(match_freep) struct match *m = NULL;
        const struct drill_fact *f;
        struct drill_facts facts;
        size_t n = 0;
        int r;

        if (!y->holds)
                y->holds = calloc(p->n_conditions + 1, 1);
        if (!y->holds)
                return FAIL(-ENOMEM);
        facts_init(&facts);
        r = exercise_facts(d, y->id, d->exercises->now, &facts);
        if (r == -E2BIG) { /* no set of facts: none holds */
                memset(y->holds, 0, p->n_conditions);
                r = 0;
        } else if (r == 0) {
                f = facts_of(&facts, (unsigned)y->id, &n);
                r = match_new(&m, p, f, n);
                for (unsigned i = 0; r == 0 && i < p->n_conditions; i++)
                        y->holds[i] = p->conditions[i].op == PLAN_FACT &&
                                      match_holds(p, m, f, n, &p->conditions[i]);
        }
        facts_deinit(&facts);
        y->holds_known = r == 0;
        y->holds_at = d->exercises->now;
        return r;
}

static int fact_holds(struct desk *d, struct engine_play *y, const struct plan *p, int condition) {
        int64_t now = d->exercises->now;
        bool old = !y->holds_known || now - y->holds_at > SCORE_FRESH_S * NS_PER_SEC ||
                   now < y->holds_at;
        int r = old ? look(d, y, p) : 0;

        return r < 0 ? r : y->holds[condition];
}

static int played(const struct engine_play *y, const struct plan *p, const char *object) {
        int i = plan_find_step(p, object);

        if (i < 0) {
                i = plan_find_inject(p, object);
                i = i < 0 ? i : i + (int)p->n_steps;
        }
        return i >= 0 && y->state[i] == ITEM_PLAYED;
}

static int chose(struct desk *d, const struct engine_play *y, const char *inject,
                 const char *value) {
        int64_t one;

        return sql_get_int(
                state_sql(d->state), &one,
                "SELECT 1 FROM exercise_delivery v JOIN exercise_inject i ON i.id=v.inject"
                " WHERE v.play=?1 AND i.plan_id=?2 AND v.choice=?3",
                "iss", y->id, inject, value);
}

/* Those below a condition stand behind it (plan.h L3), so this ends. */
int exercise_condition(struct desk *d, struct engine_play *y, const struct plan *p, int condition) {
        const struct plan_condition *k = &p->conditions[condition];
        int r = 0;

        switch (k->op) {
        case PLAN_ALL:
                r = 1;
                for (unsigned i = 0; i < k->n && r == 1; i++)
                        r = exercise_condition(d, y, p, (int)(k->first + i));
                return r;
        case PLAN_ANY:
                for (unsigned i = 0; i < k->n && r == 0; i++)
                        r = exercise_condition(d, y, p, (int)(k->first + i));
                return r;
        case PLAN_NOT: r = exercise_condition(d, y, p, (int)k->first); return r < 0 ? r : !r;
        case PLAN_FACT: return fact_holds(d, y, p, condition);
        case PLAN_PLAYED: return played(y, p, k->object);
        case PLAN_CHOSE: return chose(d, y, k->object, k->value);
        default: return 0;
        }
}

/* Whether a unit has a fact that a condition asks for (plan.h, PLAN_FACT): by the same facts and the same matching that
 * points come from, so that a branch and a score never disagree. It is asked whether there is one at this moment, not how
 * good it is: a measure that was taken back holds no more, unless the organisers ordered it; what the jury rejected never did. */
#include <string.h>

#include "exercise/match.h"

static bool taken_back(const struct drill_fact *facts, size_t n, const struct drill_fact *f) {
        for (size_t i = 0; i < n; i++)
                if (facts[i].kind == FACT_UNDONE && facts[i].of &&
                    strcmp(facts[i].of, f->id) == 0 &&
                    (!facts[i].value || strcmp(facts[i].value, "ordered") != 0))
                        return true;
        return false;
}

static bool has_object(const struct drill_fact *f, const char *object) {
        for (unsigned i = 0; i < f->n_objects; i++)
                if (strcmp(f->objects[i], object) == 0)
                        return true;
        return false;
}

/* Who takes an alert takes what it is about: "alert/17" is of "alert/17/2", "alert/17/3". */
static bool alert_has(const struct drill_fact *facts, size_t n, const char *alert,
                      const char *object) {
        size_t len = strlen(alert);

        for (size_t i = 0; i < n; i++)
                if (facts[i].kind == FACT_ALERT && strncmp(facts[i].id, alert, len) == 0 &&
                    facts[i].id[len] == '/' && has_object(&facts[i], object))
                        return true;
        return false;
}

bool match_holds(const struct plan *p, const struct match *m, const struct drill_fact *facts,
                 size_t n, const struct plan_condition *c) {
        int step = c->object ? plan_find_step(p, c->object) : -1;
        bool inject = c->object && step < 0 && plan_find_inject(p, c->object) >= 0;

        for (size_t i = 0; i < n; i++) {
                const struct drill_fact *f = &facts[i];

                if (f->kind != c->fact || m->of[i].rejected ||
                    (f->kind == FACT_CONTAINED && taken_back(facts, n, f)) ||
                    (c->value && (!f->value || strcmp(f->value, c->value) != 0)))
                        continue;
                if (!c->object || (step >= 0 && match_has(&m->of[i], (unsigned)step + 1)) ||
                    (inject && f->of && strcmp(f->of, c->object) == 0))
                        return true;
                if (step >= 0 || inject)
                        continue;
                if (has_object(f, c->object) || (f->kind == FACT_ACKNOWLEDGED && f->of &&
                                                 alert_has(facts, n, f->of, c->object)))
                        return true;
        }
        return false;
}

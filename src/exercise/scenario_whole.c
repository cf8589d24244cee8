/* Of a scenario: what only the whole shows: how fast it may run, what is never used, what is never scored. */
#include <stdio.h>

#include "exercise/scenario_impl.h"

#define DEMO_GOOD_MAX INT64_C(900000)

/* Doctrine: people's lines at speed s need d/s ≥ 60 real seconds. */
static void speeds(struct scenario *s) {
        struct plan *p = &s->plan;
        const struct node *demo = node_get(node_get(s->root, "demo"), "speed");
        unsigned most = PLAN_SPEED_MAX;

        for (unsigned i = 0; i < p->n_expectations; i++) {
                const struct plan_expectation *e = &p->expectations[i];

                if (e->part == PART_PEOPLE && !e->real && e->d / 60000 < most)
                        most = (unsigned)MAX(e->d / 60000, 1);
        }
        p->speed_max = most;
        if (p->demo_speed > most)
                TELL(s, demo, RULE_DEMO, scenario_print(s, "%u", p->demo_speed),
                     scenario_print(s, "%u", most));
        else if (p->demo_speed && p->length / p->demo_speed > DEMO_GOOD_MAX)
                TELL(s, demo, RULE_DEMO_LONG, scenario_time_text(s, p->length / p->demo_speed));
        if (!p->demo_speed)
                p->demo_speed = most;
}

static void capabilities(struct scenario *s) {
        const struct plan *p = &s->plan;
        unsigned n[PLAN_CAPABILITIES] = {0};

        for (unsigned i = 0; i < p->n_expectations; i++)
                n[p->expectations[i].capability]++;
        for (unsigned i = 0; i < PLAN_CAPABILITIES; i++)
                if (n[i] && n[i] < 3)
                        TELL(s, node_get(s->root, "expectations"), RULE_CAPABILITY_FEW,
                             plan_capabilities[i], scenario_print(s, "%u", n[i]));
}

static bool touched(const struct plan *p, const char *id) {
        for (unsigned i = 0; i < p->n_steps; i++) {
                const struct plan_step *x = &p->steps[i];

                for (unsigned k = 0; k < x->n_targets; k++)
                        if (strcmp(x->targets[k], id) == 0)
                                return true;
                for (unsigned k = 0; k < x->n_activities; k++)
                        for (unsigned m = 0; m < x->activities[k].n_with; m++)
                                if (strcmp(x->activities[k].with[m].value, id) == 0)
                                        return true;
        }
        return false;
}

/* Hosts live by their noise; accounts and what is outside only by steps. */
static void unused(struct scenario *s) {
        const struct plan *p = &s->plan;

        for (unsigned i = 0; i < p->n_outside; i++)
                if (!touched(p, p->outside[i].id))
                        TELL(s, s->at.outside[i], RULE_UNUSED, p->outside[i].id);
        for (unsigned i = 0; i < p->n_hosts && !p->noise; i++)
                if (!touched(p, p->hosts[i].id))
                        TELL(s, s->at.hosts[i], RULE_UNUSED, p->hosts[i].id);
}

static bool expected(const struct plan *p, const char *of) {
        for (unsigned i = 0; i < p->n_expectations; i++)
                if (strcmp(p->expectations[i].of, of) == 0)
                        return true;
        return false;
}

static void scored(struct scenario *s) {
        const struct plan *p = &s->plan;
        bool decoy = false;

        for (unsigned i = 0; i < p->n_steps; i++)
                decoy |= p->steps[i].background;
        for (unsigned i = 0; i < p->n_injects; i++)
                if (p->injects[i].answer && !expected(p, p->injects[i].id))
                        TELL(s, s->at.injects[i], RULE_UNSCORED, p->injects[i].id);
        if (!decoy && p->n_steps)
                TELL(s, node_get(s->root, "steps"), RULE_DECOY, NULL);
}

static void approver(struct scenario *s) {
        const struct plan *p = &s->plan;

        for (unsigned i = 0; i < p->n_roles; i++)
                if (strcmp(p->roles[i], "approver") == 0)
                        return;
        for (unsigned i = 0; i < p->n_expectations; i++)
                if (p->expectations[i].fact == FACT_CONTAINED) {
                        TELL(s, node_get(s->root, "roles"), RULE_ROLE_APPROVER, NULL);
                        return;
                }
}

void scenario_whole(struct scenario *s) {
        speeds(s);
        capabilities(s);
        unused(s);
        scored(s);
        approver(s);
}

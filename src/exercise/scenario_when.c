/* Of a scenario: when something is played, and the conditions it hangs on. Conditions become one list, in which those
 * below another come later than it, and next to each other (plan_load.c, L3). */
#include "exercise/scenario_impl.h"

#define DEEP_MAX 8u

static void one(struct scenario *s, const struct node *o, unsigned i, unsigned deep);

const char *scenario_near_story(const struct scenario *s, const char *id) {
        const char *table[PLAN_STEPS_MAX + PLAN_INJECTS_MAX];
        unsigned n = 0;

        for (unsigned i = 0; i < s->plan.n_steps; i++)
                table[n++] = s->plan.steps[i].id;
        for (unsigned i = 0; i < s->plan.n_injects; i++)
                table[n++] = s->plan.injects[i].id;
        return scenario_near(id, table, n);
}

static bool in_story(const struct scenario *s, const char *id) {
        return plan_find_step(&s->plan, id) >= 0 || plan_find_inject(&s->plan, id) >= 0;
}

static void unknown(struct scenario *s, const struct node *at, const char *id, const char *near) {
        if (near)
                TELL(s, at, RULE_REFERENCE_NEAR, id, near);
        else
                TELL(s, at, RULE_REFERENCE, id, "step, inject, host, account or outside",
                     "bước, tình huống, máy, tài khoản hay đối tượng bên ngoài");
}

/* Room for n side by side; -1: told. */
static int room(struct scenario *s, const struct node *at, unsigned n) {
        unsigned first = s->plan.n_conditions;

        if (n > PLAN_CONDITIONS_MAX - first) {
                TELL(s, at, RULE_LIST_LONG, "when", scenario_print(s, "%u", PLAN_CONDITIONS_MAX));
                return -1;
        }
        s->plan.n_conditions += n;
        return (int)first;
}

/* An entry that is wrong becomes one that plan_load() would take; the plan is not used. */
static void below(struct scenario *s, const struct node *v, unsigned i, unsigned deep) {
        struct plan_condition *c = &s->conditions[i];
        const struct node *first = v->kind == NODE_LIST ? v->first : v;
        unsigned n = v->kind == NODE_LIST ? v->n : 1;

        if (n == 0) {
                TELL(s, v, RULE_LIST_EMPTY, plan_condition_ops[c->op]);
                return;
        }
        if (deep == DEEP_MAX) {
                TELL(s, v, RULE_CONDITION_DEEP, scenario_print(s, "%u", DEEP_MAX));
                return;
        }
        int at = room(s, v, n);
        if (at < 0)
                return;
        c->first = (unsigned)at;
        c->n = n;
        for (unsigned k = 0; k < n && first; k++, first = first->next)
                one(s, first, (unsigned)at + k, deep + 1);
}

static void of_fact(struct scenario *s, const struct node *o, struct plan_condition *c) {
        c->fact = scenario_word(s, o, "fact", plan_facts, PLAN_FACTS, -1);
        c->object = scenario_text(s, o, "object", OPTIONAL, 100);
        c->value = scenario_text(s, o, "value", OPTIONAL, 100);
        if (c->value && *c->value) {
                if (c->fact == FACT_CLASSIFIED || c->fact == FACT_REPORTED || c->fact == FACT_TOLD)
                        scenario_known_value(s, node_get(o, "value"), (enum plan_fact)c->fact,
                                             c->value);
                else
                        TELL(s, node_get(o, "value"), RULE_WORD, c->value,
                             "classified, told, reported (facts that have values)");
        }
        if (c->object && *c->object && !scenario_object(s, c->object) && !in_story(s, c->object)) {
                const char *near = scenario_near_object(s, c->object);

                unknown(s, node_get(o, "object"), c->object,
                        near ? near : scenario_near_story(s, c->object));
        }
}

static void of_choice(struct scenario *s, const struct node *o, struct plan_condition *c) {
        c->object = scenario_text(s, o, "chose", REQUIRED, 100);
        c->value = scenario_text(s, o, "choice", REQUIRED, 100);
        int i = c->object ? plan_find_inject(&s->plan, c->object) : -1;
        if (c->object && *c->object && i < 0)
                unknown(s, node_get(o, "chose"), c->object, scenario_near_story(s, c->object));
        if (i < 0 || !c->value)
                return;
        const struct node *list = node_get(s->at.injects[i], "choices");
        for (const struct node *n = list && list->kind == NODE_LIST ? list->first : NULL; n;
             n = n->next) {
                const struct node *id = node_get(n, "id");

                if (id && id->kind == NODE_SCALAR &&
                    span_eq(span_trim(id->text), span_str(c->value)))
                        return;
        }
        TELL(s, node_get(o, "choice"), RULE_CHOICE_NONE, c->object, c->value);
}

static void one(struct scenario *s, const struct node *o, unsigned i, unsigned deep) {
        static const char *const ways[] = {"all", "any", "not"};
        struct plan_condition *c = &s->conditions[i];
        const struct node *v;

        *c = (struct plan_condition){.op = PLAN_FACT};
        if (o->kind != NODE_MAP) {
                TELL(s, o, RULE_CONDITION, NULL);
                return;
        }
        for (unsigned k = 0; k < ARRAY_LEN(ways); k++)
                if ((v = node_get(o, ways[k]))) {
                        scenario_keys(s, o, "when", ways[k]);
                        c->op = (enum plan_condition_op)k;
                        if (k == PLAN_NOT && v->kind == NODE_LIST)
                                TELL(s, v, RULE_CONDITION, NULL);
                        else if (k != PLAN_NOT && v->kind != NODE_LIST)
                                TELL(s, v, RULE_TYPE, ways[k], "a list", "danh sách");
                        else
                                below(s, v, i, deep);
                        return;
                }
        if (node_get(o, "fact")) {
                scenario_keys(s, o, "when", "fact object value");
                of_fact(s, o, c);
        } else if (node_get(o, "played")) {
                scenario_keys(s, o, "when", "played");
                c->op = PLAN_PLAYED;
                c->object = scenario_text(s, o, "played", REQUIRED, 100);
                if (c->object && *c->object && !in_story(s, c->object))
                        unknown(s, node_get(o, "played"), c->object,
                                scenario_near_story(s, c->object));
        } else if (node_get(o, "chose")) {
                scenario_keys(s, o, "when", "chose choice");
                c->op = PLAN_CHOSE;
                of_choice(s, o, c);
        } else
                TELL(s, o, RULE_CONDITION, NULL);
}

void scenario_when(struct scenario *s, const struct node *o, struct plan_when *w) {
        const struct node *id = node_get(o, "id"), *at = node_get(o, "at"),
                          *after = node_get(o, "after"), *when = node_get(o, "when"),
                          *until = node_get(o, "wait_until");
        const char *name = id && id->kind == NODE_SCALAR ? id->text.p : "?", *near;

        *w = (struct plan_when){.at = -1, .condition = -1};
        if (!at && !after && !until)
                TELL(s, o, RULE_WHEN_NONE, name);
        if (at && after)
                TELL(s, after, RULE_WHEN_BOTH, name);
        w->at = scenario_time(s, o, "at", 0, PLAN_LENGTH_MAX, -1);
        w->delay = scenario_time(s, o, "delay", 0, PLAN_LENGTH_MAX, 0);
        if (node_get(o, "delay") && !after)
                TELL(s, node_get(o, "delay"), RULE_DELAY, NULL);
        w->after = at ? NULL : scenario_text(s, o, "after", OPTIONAL, 100);
        if (!at && !after)
                w->at = 0; /* from the start on, until what it waits for */
        if (w->after && !in_story(s, w->after)) {
                near = scenario_near_story(s, w->after);
                TELL(s, after, RULE_AFTER, w->after, near ? near : "at: 5m");
        }
        if (when) {
                int i = room(s, when, 1);

                if (i >= 0) {
                        w->condition = i;
                        one(s, when, (unsigned)i, 1);
                }
        }
        if (until) {
                w->wait = true;
                w->until = scenario_time(s, o, "wait_until", 0, PLAN_LENGTH_MAX, 0);
                if (!when)
                        TELL(s, until, RULE_WAIT, NULL);
        }
}

/* Of a scenario: what is expected, and the hints that lower it. */
#include "exercise/activity.h"
#include "exercise/scenario_impl.h"

/* As regimes have them (content/regimes); a unit's own regime may have more, but a scenario is for all. */
static const char *const kinds[] = {"denial",     "phishing",   "malware",     "access",
                                    "defacement", "ransomware", "destruction", "espionage",
                                    "combined",   "other"};
static const char *const reports[] = {"immediate", "initial",  "findings", "update",
                                      "final",     "personal", "people"};
/* How it is told, or who: a message from the incident, a unit that is let in, a report's recipient. */
static const char *const told[] = {"message",  "unit",    "agency",     "owner",    "personal",
                                   "people",   "press",   "leadership", "supplier", "bank",
                                   "staff",    "network", "officer",    "handler",  "lead",
                                   "approver", "liaison"};

static unsigned bit(enum plan_fact f) {
        return 1u << f;
}

/* ---- values ---- */

void scenario_known_value(struct scenario *s, const struct node *at, enum plan_fact fact,
                          const char *v) {
        _cleanup_(buf_deinit) struct buf all = {.limit = 2000};
        const char *const *table = fact == FACT_CLASSIFIED ? kinds
                                   : fact == FACT_REPORTED ? reports
                                                           : told;
        unsigned n = fact == FACT_CLASSIFIED ? ARRAY_LEN(kinds)
                     : fact == FACT_REPORTED ? ARRAY_LEN(reports)
                                             : ARRAY_LEN(told);

        if (!(bit(fact) & (bit(FACT_CLASSIFIED) | bit(FACT_REPORTED) | bit(FACT_TOLD))))
                return;
        for (unsigned i = 0; i < n; i++)
                if (strcmp(v, table[i]) == 0)
                        return;
        for (unsigned i = 0; i < n; i++)
                buf_printf(&all, "%s%s", i ? ", " : "", table[i]);
        buf_char(&all, '\0');
        TELL(s, at, RULE_VALUE, v,
             fact == FACT_CLASSIFIED ? "kind of incident"
             : fact == FACT_REPORTED ? "report"
                                     : "recipient",
             fact == FACT_CLASSIFIED ? "loại sự cố"
             : fact == FACT_REPORTED ? "báo cáo"
                                     : "nơi nhận",
             all.p);
}

static void values(struct scenario *s, const struct node *o, struct plan_expectation *e) {
        const struct node *map = node_get(o, "values"), *c;
        unsigned needs = bit(FACT_CLASSIFIED) | bit(FACT_REPORTED) | bit(FACT_TOLD), best = 0;
        struct plan_value *v;

        if (!map) {
                if (bit(e->fact) & needs)
                        TELL(s, o, RULE_VALUES, e->id);
                return;
        }
        if (map->kind != NODE_MAP) {
                TELL(s, map, RULE_TYPE, "values", "a mapping of keys", "bảng các khóa");
                return;
        }
        if (map->n > PLAN_VALUES_MAX)
                TELL(s, map, RULE_LIST_LONG, "values", scenario_print(s, "%u", PLAN_VALUES_MAX));
        v = scenario_room(s, MIN(map->n, PLAN_VALUES_MAX), sizeof(*v));
        e->values = v;
        for (c = map->first; v && c && e->n_values < PLAN_VALUES_MAX; c = c->next) {
                v[e->n_values].value = scenario_keep(s, c->key->text);
                v[e->n_values].worth = scenario_share_of(s, c, c->key->text.p);
                best = MAX(best, v[e->n_values].worth);
                e->n_values++;
                scenario_known_value(s, c->key, e->fact, c->key->text.p);
        }
        if (best < MILLION)
                TELL(s, map, RULE_VALUE_WRONG, e->id);
}

/* ---- objects ---- */

static bool attacked(const struct plan *p, const char *id) {
        for (unsigned i = 0; i < p->n_steps; i++) {
                if (p->steps[i].background)
                        continue;
                for (unsigned k = 0; k < p->steps[i].n_targets; k++)
                        if (strcmp(p->steps[i].targets[k], id) == 0)
                                return true;
        }
        return false;
}

static void object(struct scenario *s, const struct node *at, const struct plan_expectation *e,
                   const char *id) {
        const char *near;
        int out = plan_find_outside(&s->plan, id);

        if (!*id)
                return;
        if (!scenario_object(s, id)) {
                near = scenario_near_object(s, id);
                if (near)
                        TELL(s, at, RULE_REFERENCE_NEAR, id, near);
                else
                        TELL(s, at, RULE_REFERENCE, id, "host, account or outside",
                             "máy, tài khoản hay đối tượng bên ngoài");
                return;
        }
        if (e->fact == FACT_RESTORED && plan_find_host(&s->plan, id) < 0)
                TELL(s, at, RULE_OBJECT_KIND, id, "restored", "khôi phục");
        if (e->fact == FACT_SCOPE && out >= 0)
                TELL(s, at, RULE_OBJECT_KIND, id, "in the scope", "tính vào phạm vi");
        if (e->fact == FACT_CONTAINED && !attacked(&s->plan, id))
                TELL(s, at, RULE_INNOCENT, id);
}

static void objects(struct scenario *s, const struct node *o, struct plan_expectation *e) {
        const struct node *list = node_get(o, "objects"), *c = list ? list->first : NULL;

        e->objects = scenario_words(s, o, "objects", PLAN_OBJECTS_MAX, &e->n_objects);
        if (!list && bit(e->fact) & (bit(FACT_SCOPE) | bit(FACT_CONTAINED) | bit(FACT_RESTORED)))
                TELL(s, o, RULE_OBJECTS, e->id);
        for (unsigned i = 0; i < e->n_objects && c; i++, c = c->next)
                object(s, c, e, e->objects[i]);
}

/* ---- what it is of ---- */

static bool writes_log(const struct scenario *s, const struct plan_step *x) {
        for (unsigned i = 0; i < x->n_activities; i++) {
                const struct activity *kind = activity_find(x->activities[i].activity);
                int h = x->activities[i].host ? plan_find_host(&s->plan, x->activities[i].host)
                                              : -1;

                if (!kind || h < 0)
                        return true; /* told already, or nothing to ask */
                for (unsigned k = 0; k < s->plan.hosts[h].n_sources; k++)
                        if (activity_lists(kind->sources, s->plan.hosts[h].sources[k]) ||
                            activity_lists(kind->more, s->plan.hosts[h].sources[k]))
                                return true;
        }
        return false;
}

static void of_step(struct scenario *s, const struct node *o, const struct plan_expectation *e,
                    const struct plan_step *x) {
        if (x->background)
                TELL(s, node_get(o, "of"), RULE_OF_BACKGROUND, e->id, x->id);
        if (e->fact == FACT_ANSWERED)
                TELL(s, node_get(o, "fact"), RULE_FACT_STEP, x->id);
        if (e->fact == FACT_ALERT && !writes_log(s, x))
                TELL(s, o, RULE_SILENT, e->id, x->id);
}

static void of_inject(struct scenario *s, const struct node *o, const struct plan_expectation *e,
                      const struct plan_inject *x) {
        unsigned may = bit(FACT_ANSWERED) | bit(FACT_TOLD) | bit(FACT_REPORTED) |
                       bit(FACT_CONTAINED) | bit(FACT_RESTORED) | bit(FACT_EVIDENCE);

        if (!(bit(e->fact) & may))
                TELL(s, node_get(o, "fact"), RULE_FACT_INJECT, plan_facts[e->fact]);
        if (e->fact == FACT_ANSWERED && !x->answer)
                TELL(s, o, RULE_ANSWER_NONE, e->id, x->id);
}

static void of(struct scenario *s, const struct node *o, struct plan_expectation *e) {
        const char *near;
        int step, inject;

        e->of = scenario_text(s, o, "of", REQUIRED, 100);
        if (!e->of || !*e->of) {
                e->of = "";
                return;
        }
        step = plan_find_step(&s->plan, e->of);
        inject = plan_find_inject(&s->plan, e->of);
        if (step >= 0)
                of_step(s, o, e, &s->plan.steps[step]);
        else if (inject >= 0)
                of_inject(s, o, e, &s->plan.injects[inject]);
        else {
                near = scenario_near_story(s, e->of);
                TELL(s, node_get(o, "of"), RULE_OF, e->of, near ? near : "?");
        }
}

/* ---- one line ---- */

static void curve(struct scenario *s, const struct node *o, struct plan_expectation *e) {
        const struct node *v = scenario_get(s, o, "curve", REQUIRED);

        e->g = 0;
        e->d = PLAN_LENGTH_MIN;
        e->h = PLAN_LENGTH_MIN + 1;
        bool real = e->real;
        e->real = true; /* as long as it is not right, nothing hangs on it */
        if (!v || !scenario_keys(s, v, "curve", "g d h p"))
                return;
        unsigned before = s->n_faults;
        int64_t g = scenario_time(s, v, "g", 0, PLAN_LENGTH_MAX, -2),
                d = scenario_time(s, v, "d", 0, PLAN_LENGTH_MAX, -2),
                h = scenario_time(s, v, "h", 0, PLAN_LENGTH_MAX, -2);
        e->p = scenario_share(s, v, "p", 0.5);
        if (s->n_faults != before)
                return;
        if (g > d || d >= h) {
                TELL(s, v, RULE_CURVE, scenario_time_text(s, g), scenario_time_text(s, d),
                     scenario_time_text(s, h));
                return;
        }
        e->real = real;
        e->g = g;
        e->d = d;
        e->h = h;
        if (e->part == PART_PEOPLE && d < 60000)
                TELL(s, node_get(v, "d"), RULE_FAST, scenario_time_text(s, d), e->id);
}

static const enum plan_capability capability_of[PLAN_FACTS] = {
        [FACT_ALERT] = CAP_DETECT,        [FACT_ACKNOWLEDGED] = CAP_TRIAGE,
        [FACT_DECLARED] = CAP_TRIAGE,     [FACT_CLASSIFIED] = CAP_TRIAGE,
        [FACT_SCOPE] = CAP_INVESTIGATE,   [FACT_CONTAINED] = CAP_CONTAIN,
        [FACT_TOLD] = CAP_COORDINATE,     [FACT_REPORTED] = CAP_REPORT,
        [FACT_RESTORED] = CAP_RECOVER,    [FACT_EVIDENCE] = CAP_INVESTIGATE,
        [FACT_ANSWERED] = CAP_COORDINATE, [FACT_CLOSED] = CAP_RECOVER,
};

static void expectation(struct scenario *s, const struct node *o, struct plan_expectation *e) {
        static const char *const clocks[] = {"drill", "real"};

        e->id = "x";
        e->of = "";
        e->title = (struct plan_text){"", ""};
        if (!scenario_keys(s, o, "expectations",
                           "id title of fact part capability weight curve clock objects values "
                           "roles"))
                return;
        e->id = scenario_id(s, o);
        e->title = scenario_both(s, o, "title", REQUIRED, PLAN_TITLE_MAX);
        e->fact = scenario_word(s, o, "fact", plan_facts, PLAN_FACTS, -1);
        e->part = scenario_word(s, o, "part", plan_parts, ARRAY_LEN(plan_parts),
                                e->fact == FACT_ALERT ? PART_MACHINE : PART_PEOPLE);
        e->capability = scenario_word(s, o, "capability", plan_capabilities, PLAN_CAPABILITIES,
                                      (int)capability_of[e->fact]);
        e->weight = (unsigned)scenario_number(s, o, "weight", 1, PLAN_WEIGHT_MAX, -1);
        e->real = scenario_word(s, o, "clock", clocks, 2, 0) == 1;
        if ((e->fact == FACT_ALERT) != (e->part == PART_MACHINE) && e->fact != FACT_CONTAINED)
                TELL(s, node_get(o, "part"), RULE_PART, plan_facts[e->fact], plan_parts[e->part]);
        of(s, o, e);
        curve(s, o, e);
        values(s, o, e);
        objects(s, o, e);
        e->roles = scenario_words(s, o, "roles", PLAN_ROLES_MAX, &e->n_roles);
        scenario_on_roster(s, o, e->roles, e->n_roles);
}

/* ---- hints ---- */

static unsigned line_weight(const struct plan *p, const char *id, int *ret_i) {
        for (unsigned i = 0; i < p->n_expectations; i++)
                if (strcmp(p->expectations[i].id, id) == 0) {
                        *ret_i = (int)i;
                        return p->expectations[i].weight;
                }
        *ret_i = -1;
        return 0;
}

static void hint(struct scenario *s, const struct node *o, struct plan_hint *h) {
        const struct node *list, *c;
        unsigned all = 0;

        h->id = "x";
        h->text = (struct plan_text){"", ""};
        if (!scenario_keys(s, o, "hints", "id step expectations price text"))
                return;
        h->id = scenario_id(s, o);
        h->text = scenario_both(s, o, "text", REQUIRED, 2000);
        h->price = (unsigned)scenario_number(s, o, "price", 0, PLAN_WEIGHT_MAX, -1);
        h->step = scenario_text(s, o, "step", OPTIONAL, 100);
        if (h->step && plan_find_step(&s->plan, h->step) < 0 &&
            plan_find_inject(&s->plan, h->step) < 0) {
                const char *near = scenario_near_story(s, h->step);

                TELL(s, node_get(o, "step"), RULE_OF, h->step, near ? near : "?");
        }
        list = node_get(o, "expectations");
        h->expectations =
                scenario_words(s, o, "expectations", PLAN_EXPECTATIONS_MAX, &h->n_expectations);
        c = list ? list->first : NULL;
        for (unsigned i = 0; i < h->n_expectations && c; i++, c = c->next) {
                int at;

                all += line_weight(&s->plan, h->expectations[i], &at);
                if (at < 0 && *h->expectations[i])
                        TELL(s, c, RULE_REFERENCE, h->expectations[i], "expectation", "mong đợi");
        }
        if (!list && !h->step)
                TELL(s, o, RULE_HINT_STEP, h->id);
        if (h->n_expectations && h->price > all)
                TELL(s, node_get(o, "price"), RULE_HINT_PRICE, h->id,
                     scenario_print(s, "%u", h->price), scenario_print(s, "%u", all));
}

/* ---- all ---- */

static bool taken(const struct node *const *at, unsigned n, const char *id) {
        for (unsigned i = 0; i < n; i++) {
                const struct node *x = node_get(at[i], "id");

                if (x && x->kind == NODE_SCALAR && span_eq(span_trim(x->text), span_str(id)))
                        return true;
        }
        return false;
}

void scenario_lines(struct scenario *s) {
        struct plan *p = &s->plan;
        unsigned n;
        const struct node *c = scenario_list(s, s->root, "expectations", PLAN_EXPECTATIONS_MAX, &n);
        struct plan_expectation *e = scenario_room(s, n, sizeof(*e));

        p->expectations = e;
        s->at.expectations = scenario_room(s, n, sizeof(*s->at.expectations));
        for (unsigned i = 0; e && s->at.expectations && c && i < n; i++, c = c->next) {
                expectation(s, c, &e[i]);
                if (taken(s->at.expectations, i, e[i].id))
                        TELL(s, node_get(c, "id"), RULE_TWICE, e[i].id);
                s->at.expectations[i] = c;
                p->n_expectations = i + 1;
        }
        if (!n)
                TELL(s, s->root, RULE_WEIGHTS, NULL);
        c = scenario_list(s, s->root, "hints", PLAN_HINTS_MAX, &n);
        struct plan_hint *h = scenario_room(s, n, sizeof(*h));
        p->hints = h;
        s->at.hints = scenario_room(s, n, sizeof(*s->at.hints));
        for (unsigned i = 0; h && s->at.hints && c && i < n; i++, c = c->next) {
                hint(s, c, &h[i]);
                if (taken(s->at.hints, i, h[i].id))
                        TELL(s, node_get(c, "id"), RULE_TWICE, h[i].id);
                s->at.hints[i] = c;
                p->n_hints = i + 1;
        }
}

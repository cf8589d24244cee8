/* A plan's JSON to structs (plan.h). The plan may have lain in a database for a year, or been said by a process
 * that read a foreign file: nothing of it is believed before it was looked at. Everything lies in one arena, which
 * is bounded by the plan's own bounds; one pass over the JSON, then one over the references.
 *
 *   L1. Every list is within its bound, every number within its own, every word one of its table.
 *   L2. Every id is there once; whatever is referred to is there.
 *   L3. Conditions refer to later conditions only, so looking at one ends. */
#include <jansson.h>
#include <stdlib.h>

#include "base/arena.h"
#include "exercise/plan.h"
#include "exercise/plan_bounds.h"

#define PLAN_JSON_MAX ((size_t)8 << 20)
#define ARENA_MAX ((size_t)32 << 20)

struct loaded {
        struct plan plan; /* first: plan_free() goes back from it */
        struct arena arena;
};

struct loading {
        struct plan *p;
        struct arena *a;
        bool bad; /* sticky: L1 or L2 does not hold, or no memory (arena) */
};

struct plan *plan_free(struct plan *p) {
        struct loaded *l = (struct loaded *)p;

        if (l) {
                arena_deinit(&l->arena);
                free(l);
        }
        return NULL;
}

/* ---- values ---- */

static const char *keep(struct loading *l, const char *s, size_t len) {
        struct span d = len > PLAN_XCEXF_MAX ? SPAN_NONE : arena_dup(l->a, span_of(s, len));

        if (!d.p)
                l->bad = true;
        return d.p ? d.p : "";
}

/* NULL: there is none, or null. */
static const char *text_or_none(struct loading *l, const json_t *o, const char *key) {
        const json_t *v = json_object_get(o, key);

        if (!v || json_is_null(v))
                return NULL;
        if (!json_is_string(v)) {
                l->bad = true;
                return NULL;
        }
        return keep(l, json_string_value(v), json_string_length(v));
}

static const char *text(struct loading *l, const json_t *o, const char *key) {
        const char *s = text_or_none(l, o, key);

        return s ? s : "";
}

static const char *id_of(struct loading *l, const json_t *o) {
        const char *s = text(l, o, "id");

        if (!plan_id_good(span_str(s)))
                l->bad = true;
        return s;
}

static struct plan_text both(struct loading *l, const json_t *o, const char *key) {
        const json_t *v = key ? json_object_get(o, key) : o;

        return (struct plan_text){text(l, v, "en"), text(l, v, "vi")};
}

static int64_t number(struct loading *l, const json_t *o, const char *key, int64_t min,
                      int64_t max) {
        const json_t *v = json_object_get(o, key);
        int64_t n = json_integer_value(v);

        if (!json_is_integer(v) || n < min || n > max) {
                l->bad = true;
                return min;
        }
        return n;
}

static bool flag(struct loading *l, const json_t *o, const char *key) {
        const json_t *v = json_object_get(o, key);

        l->bad |= !json_is_boolean(v);
        return json_is_true(v);
}

static unsigned word(struct loading *l, const json_t *o, const char *key, const char *const *table,
                     size_t n) {
        const char *s = json_string_value(json_object_get(o, key));

        for (size_t i = 0; s && i < n; i++)
                if (strcmp(s, table[i]) == 0)
                        return (unsigned)i;
        l->bad = true;
        return 0;
}

/* A list of at most `max`; *ret_n 0 when there is none. */
static const json_t *list(struct loading *l, const json_t *o, const char *key, size_t max,
                          unsigned *ret_n) {
        const json_t *v = json_object_get(o, key);
        size_t n = json_array_size(v);

        *ret_n = 0;
        if (!v)
                return NULL;
        if (!json_is_array(v) || n > max) {
                l->bad = true;
                return NULL;
        }
        *ret_n = (unsigned)n;
        return v;
}

static void *room(struct loading *l, unsigned *n, size_t size) {
        void *p = arena_array(l->a, *n ? *n : 1, size);

        if (!p) {
                l->bad = true;
                *n = 0;
        }
        return p;
}

static const char *const *words(struct loading *l, const json_t *o, const char *key, size_t max,
                                unsigned *ret_n) {
        const json_t *v = list(l, o, key, max, ret_n);
        const char **p = room(l, ret_n, sizeof(*p));

        for (unsigned i = 0; i < *ret_n; i++) {
                const json_t *s = json_array_get(v, i);

                l->bad |= !json_is_string(s);
                p[i] = json_is_string(s) ? keep(l, json_string_value(s), json_string_length(s))
                                         : "";
        }
        return p;
}

/* ---- the network ---- */

static void host(struct loading *l, const json_t *o, struct plan_host *h) {
        h->id = id_of(l, o);
        h->name = text(l, o, "name");
        h->address = text(l, o, "address");
        h->os = word(l, o, "os", plan_oses, ARRAY_LEN(plan_oses));
        h->kind = word(l, o, "kind", plan_host_kinds, ARRAY_LEN(plan_host_kinds));
        h->criticality = (unsigned)number(l, o, "criticality", 1, 3);
        h->sources = words(l, o, "sources", PLAN_SOURCES_MAX, &h->n_sources);
}

static void account(struct loading *l, const json_t *o, struct plan_account *a) {
        a->id = id_of(l, o);
        a->name = text(l, o, "name");
        a->person = both(l, o, "person");
        a->kind = word(l, o, "kind", plan_account_kinds, ARRAY_LEN(plan_account_kinds));
}

static void outside(struct loading *l, const json_t *o, struct plan_outside *x) {
        x->id = id_of(l, o);
        x->address = text_or_none(l, o, "address");
        x->domain = text_or_none(l, o, "domain");
        x->attacker = flag(l, o, "attacker");
}

/* ---- when ---- */

static void condition(struct loading *l, const json_t *o, struct plan_condition *c) {
        c->op = word(l, o, "op", plan_condition_ops, ARRAY_LEN(plan_condition_ops));
        c->object = text_or_none(l, o, "object");
        c->value = text_or_none(l, o, "value");
        if (c->op == PLAN_FACT)
                c->fact = word(l, o, "fact", plan_facts, PLAN_FACTS);
        else if (c->op <= PLAN_NOT) {
                c->first = (unsigned)number(l, o, "first", 0, PLAN_CONDITIONS_MAX);
                c->n = (unsigned)number(l, o, "n", 0, PLAN_CONDITIONS_MAX);
        }
}

static void when(struct loading *l, const json_t *up, struct plan_when *w) {
        const json_t *o = json_object_get(up, "when");

        w->at = number(l, o, "at", -1, PLAN_LENGTH_MAX);
        w->after = text_or_none(l, o, "after");
        w->delay = number(l, o, "delay", 0, PLAN_LENGTH_MAX);
        w->until = number(l, o, "until", 0, PLAN_LENGTH_MAX);
        w->condition = (int)number(l, o, "condition", -1, PLAN_CONDITIONS_MAX);
        w->wait = flag(l, o, "wait");
        l->bad |= (w->at < 0) != (w->after != NULL);
}

/* ---- what is played ---- */

static void activity(struct loading *l, const json_t *o, struct plan_activity *a) {
        const json_t *with = json_object_get(o, "with"), *v;
        struct plan_with *w;
        const char *name;

        a->activity = text(l, o, "activity");
        a->host = text_or_none(l, o, "host");
        a->account = text_or_none(l, o, "account");
        a->outside = text_or_none(l, o, "outside");
        a->offset = number(l, o, "offset", 0, PLAN_LENGTH_MAX);
        a->n_with = (unsigned)json_object_size(with);
        if (a->n_with > PLAN_WITH_MAX)
                l->bad = true, a->n_with = 0;
        a->with = w = room(l, &a->n_with, sizeof(*w));
        if (!a->n_with)
                return;
        json_object_foreach((json_t *)with, name, v) {
                w->name = keep(l, name, strlen(name));
                w->value = text(l, with, name);
                w++;
        }
}

static void step(struct loading *l, const json_t *o, struct plan_step *s) {
        s->id = id_of(l, o);
        s->title = both(l, o, "title");
        s->text = both(l, o, "text");
        s->technique = text_or_none(l, o, "technique");
        s->tactic = text_or_none(l, o, "tactic");
        when(l, o, &s->when);
        s->background = flag(l, o, "background");
        const json_t *v = list(l, o, "activities", PLAN_ACTIVITIES_MAX, &s->n_activities);
        struct plan_activity *a = room(l, &s->n_activities, sizeof(*a));
        for (unsigned i = 0; i < s->n_activities; i++)
                activity(l, json_array_get(v, i), &a[i]);
        s->activities = a;
        s->targets = words(l, o, "targets", PLAN_OBJECTS_MAX, &s->n_targets);
}

static void inject(struct loading *l, const json_t *o, struct plan_inject *x) {
        x->id = id_of(l, o);
        x->kind = word(l, o, "kind", plan_inject_kinds, ARRAY_LEN(plan_inject_kinds));
        x->title = both(l, o, "title");
        x->text = both(l, o, "text");
        x->from = both(l, o, "from");
        when(l, o, &x->when);
        x->roles = words(l, o, "roles", PLAN_ROLES_MAX, &x->n_roles);
        const json_t *v = list(l, o, "choices", PLAN_CHOICES_MAX, &x->n_choices);
        struct plan_choice *c = room(l, &x->n_choices, sizeof(*c));
        for (unsigned i = 0; i < x->n_choices; i++) {
                const json_t *one = json_array_get(v, i);

                c[i] = (struct plan_choice){id_of(l, one), both(l, one, "text"),
                                            (unsigned)number(l, one, "worth", 0, MILLION)};
        }
        x->choices = c;
        x->answer = flag(l, o, "answer");
        x->technique = text_or_none(l, o, "technique");
        x->file_name = text_or_none(l, o, "file_name");
        x->file = both(l, o, "file");
        x->xcexf = text_or_none(l, o, "xcexf");
}

static void expectation(struct loading *l, const json_t *o, struct plan_expectation *e) {
        e->id = id_of(l, o);
        e->title = both(l, o, "title");
        e->of = text(l, o, "of");
        e->fact = word(l, o, "fact", plan_facts, PLAN_FACTS);
        e->part = word(l, o, "part", plan_parts, ARRAY_LEN(plan_parts));
        e->capability = word(l, o, "capability", plan_capabilities, PLAN_CAPABILITIES);
        e->weight = (unsigned)number(l, o, "weight", 1, PLAN_WEIGHT_MAX);
        e->g = number(l, o, "g", 0, PLAN_LENGTH_MAX);
        e->d = number(l, o, "d", e->g, PLAN_LENGTH_MAX);
        e->h = number(l, o, "h", e->d + 1, PLAN_LENGTH_MAX + 1);
        e->p = (unsigned)number(l, o, "p", 0, MILLION);
        e->real = flag(l, o, "real");
        e->objects = words(l, o, "objects", PLAN_OBJECTS_MAX, &e->n_objects);
        const json_t *v = list(l, o, "values", PLAN_VALUES_MAX, &e->n_values);
        struct plan_value *x = room(l, &e->n_values, sizeof(*x));
        for (unsigned i = 0; i < e->n_values; i++) {
                const json_t *one = json_array_get(v, i);

                x[i] = (struct plan_value){text(l, one, "value"),
                                           (unsigned)number(l, one, "worth", 0, MILLION)};
        }
        e->values = x;
        e->roles = words(l, o, "roles", PLAN_ROLES_MAX, &e->n_roles);
}

static void hint(struct loading *l, const json_t *o, struct plan_hint *h) {
        h->id = id_of(l, o);
        h->step = text_or_none(l, o, "step");
        h->expectations = words(l, o, "expectations", PLAN_EXPECTATIONS_MAX, &h->n_expectations);
        h->price = (unsigned)number(l, o, "price", 0, PLAN_WEIGHT_MAX);
        h->text = both(l, o, "text");
}

/* ---- references ---- */

static int find_expectation(const struct plan *p, const char *id) {
        for (unsigned i = 0; i < p->n_expectations; i++)
                if (strcmp(p->expectations[i].id, id) == 0)
                        return (int)i;
        return -1;
}

static bool object(const struct plan *p, const char *id) {
        return plan_find_host(p, id) >= 0 || plan_find_account(p, id) >= 0 ||
               plan_find_outside(p, id) >= 0;
}

static bool played(const struct plan *p, const char *id) {
        return plan_find_step(p, id) >= 0 || plan_find_inject(p, id) >= 0;
}

static bool objects_good(const struct plan *p, const char *const *ids, unsigned n) {
        for (unsigned i = 0; i < n; i++)
                if (!object(p, ids[i]))
                        return false;
        return true;
}

static bool when_good(const struct plan *p, const struct plan_when *w) {
        return (!w->after || played(p, w->after)) && w->condition < (int)p->n_conditions;
}

static bool conditions_good(const struct plan *p) {
        for (unsigned i = 0; i < p->n_conditions; i++) {
                const struct plan_condition *c = &p->conditions[i];
                bool good = true;

                switch (c->op) {
                case PLAN_ALL:
                case PLAN_ANY:
                case PLAN_NOT:
                        /* L3 */
                        good = c->n > 0 && c->first > i && c->first + c->n <= p->n_conditions &&
                               (c->op != PLAN_NOT || c->n == 1);
                        break;
                case PLAN_FACT:
                        good = !c->object || object(p, c->object) || played(p, c->object);
                        break;
                case PLAN_PLAYED: good = c->object && played(p, c->object); break;
                case PLAN_CHOSE:
                        good = c->object && c->value && plan_find_inject(p, c->object) >= 0;
                        break;
                }
                if (!good)
                        return false;
        }
        return true;
}

static bool steps_good(const struct plan *p) {
        for (unsigned i = 0; i < p->n_steps; i++) {
                const struct plan_step *s = &p->steps[i];

                if (plan_find_step(p, s->id) != (int)i || !when_good(p, &s->when) ||
                    !objects_good(p, s->targets, s->n_targets))
                        return false;
                for (unsigned k = 0; k < s->n_activities; k++) {
                        const struct plan_activity *a = &s->activities[k];

                        if ((a->host && plan_find_host(p, a->host) < 0) ||
                            (a->account && plan_find_account(p, a->account) < 0) ||
                            (a->outside && plan_find_outside(p, a->outside) < 0))
                                return false;
                }
        }
        for (unsigned i = 0; i < p->n_injects; i++)
                if (plan_find_inject(p, p->injects[i].id) != (int)i ||
                    plan_find_step(p, p->injects[i].id) >= 0 || !when_good(p, &p->injects[i].when))
                        return false;
        return true;
}

static bool lines_good(const struct plan *p) {
        for (unsigned i = 0; i < p->n_expectations; i++) {
                const struct plan_expectation *e = &p->expectations[i];

                if (find_expectation(p, e->id) != (int)i || !played(p, e->of) ||
                    !objects_good(p, e->objects, e->n_objects))
                        return false;
        }
        for (unsigned i = 0; i < p->n_hints; i++) {
                const struct plan_hint *h = &p->hints[i];

                if (h->step && !played(p, h->step))
                        return false;
                for (unsigned k = 0; k < h->n_expectations; k++)
                        if (find_expectation(p, h->expectations[k]) < 0)
                                return false;
        }
        return true;
}

static bool network_good(const struct plan *p) {
        for (unsigned i = 0; i < p->n_hosts; i++)
                if (plan_find_host(p, p->hosts[i].id) != (int)i)
                        return false;
        for (unsigned i = 0; i < p->n_accounts; i++)
                if (plan_find_account(p, p->accounts[i].id) != (int)i)
                        return false;
        for (unsigned i = 0; i < p->n_outside; i++)
                if (plan_find_outside(p, p->outside[i].id) != (int)i)
                        return false;
        return true;
}

/* ---- the whole ---- */

#define LIST(member, name, max)                                                                    \
        do {                                                                                       \
                const json_t *v_ = list(l, o, #member, max, &p->n_##member);                       \
                struct plan_##name *x_ = room(l, &p->n_##member, sizeof(*x_));                     \
                for (unsigned i_ = 0; i_ < p->n_##member; i_++)                                    \
                        name(l, json_array_get(v_, i_), &x_[i_]);                                  \
                p->member = x_;                                                                    \
        } while (0)

static void head(struct loading *l, const json_t *o) {
        struct plan *p = l->p;
        const char *hash = text(l, o, "hash");

        p->id = id_of(l, o);
        p->formula = text(l, o, "formula");
        p->level = plan_levels[word(l, o, "level", plan_levels, ARRAY_LEN(plan_levels))];
        p->version = (unsigned)number(l, o, "version", 1, 1000000);
        l->bad |= strlen(hash) != 64 || strspn(hash, "0123456789abcdef") != 64;
        if (!l->bad)
                memcpy(p->hash, hash, sizeof(p->hash));
        p->title = both(l, o, "title");
        p->summary = both(l, o, "summary");
        p->length = number(l, o, "length", 1, PLAN_LENGTH_MAX);
        p->speed_max = (unsigned)number(l, o, "speed_max", 1, PLAN_SPEED_MAX);
        p->demo_speed = (unsigned)number(l, o, "demo_speed", 1, PLAN_SPEED_MAX);
        p->noise = (unsigned)number(l, o, "noise", 0, PLAN_NOISE_MAX);
        p->simulated = flag(l, o, "simulated");
        p->xcexf = text_or_none(l, o, "xcexf");
        p->roles = words(l, o, "roles", PLAN_ROLES_MAX, &p->n_roles);
        const json_t *v = list(l, o, "objectives", PLAN_OBJECTIVES_MAX, &p->n_objectives);
        struct plan_text *t = room(l, &p->n_objectives, sizeof(*t));
        for (unsigned i = 0; i < p->n_objectives; i++)
                t[i] = both(l, json_array_get(v, i), NULL);
        p->objectives = t;
}

static void body(struct loading *l, const json_t *o) {
        struct plan *p = l->p;

        LIST(hosts, host, PLAN_HOSTS_MAX);
        LIST(accounts, account, PLAN_ACCOUNTS_MAX);
        LIST(outside, outside, PLAN_OUTSIDE_MAX);
        LIST(conditions, condition, PLAN_CONDITIONS_MAX);
        LIST(steps, step, PLAN_STEPS_MAX);
        LIST(injects, inject, PLAN_INJECTS_MAX);
        LIST(expectations, expectation, PLAN_EXPECTATIONS_MAX);
        LIST(hints, hint, PLAN_HINTS_MAX);
}

int plan_load(struct span json, struct plan **ret) {
        if (json.len > PLAN_JSON_MAX)
                return -EBADMSG;
        json_t *o = json_loadb(json.p ? json.p : "", json.len, JSON_REJECT_DUPLICATES, NULL);
        if (!json_is_object(o)) {
                json_decref(o);
                return -EBADMSG;
        }
        struct loaded *x = calloc(1, sizeof(*x));
        if (!x) {
                json_decref(o);
                return FAIL(-ENOMEM);
        }
        arena_init(&x->arena, ARENA_MAX);
        struct loading l = {.p = &x->plan, .a = &x->arena};
        head(&l, o);
        body(&l, o);
        json_decref(o);
        bool memory = x->arena.overflowed;
        if (l.bad || !network_good(l.p) || !conditions_good(l.p) || !steps_good(l.p) ||
            !lines_good(l.p)) {
                plan_free(&x->plan);
                return memory ? FAIL(-ENOMEM) : -EBADMSG;
        }
        *ret = &x->plan;
        return 0;
}

/* Attack Flow 2 and 3 (CTID): a STIX 2.1 bundle in which attack-actions lead to each other through conditions and
 * operators. In: every action becomes a step after the action that leads to it, five minutes later; an operator AND of
 * several makes it wait for all of them, OR for one. What happens on machines is not said there, so steps come without
 * activities. Out: steps, their conditions in words, what they touch as assets.
 *
 * Time stands still in a flow; `created` is a constant, so that the same scenario is always the same bytes. */
#include <stdio.h>
#include <stdlib.h>

#include "exercise/exchange_impl.h"
#include "report/attack.h"

#define OBJECTS_MAX 5000u
#define FOLLOWED_MAX 20000u
#define STEP_MS INT64_C(300000)
#define EXTENSION "extension-definition--fb9c968a-745b-4ade-9b25-c324172197f4"
#define CREATED "2026-01-01T00:00:00.000Z"

/* ---- in ---- */

struct flow {
        struct import *im;
        json_t *by_id;   /* id: object */
        json_t *numbers; /* id of an action: number of its step */
        json_t *before;  /* id of an action: [numbers of steps that lead to it]; "or" beside */
        const json_t **actions;
        unsigned left; /* references that may still be followed: flows can fan out */
};

static const char *text_at(const json_t *o, const char *key) {
        return json_string_value(json_object_get(o, key));
}

static bool is(const json_t *o, const char *type) {
        const char *t = text_at(o, "type");

        return t && strcmp(t, type) == 0;
}

static const char *tactic_of(const char *s) {
        for (unsigned i = 0; s && i < ATTACK_TACTICS; i++)
                if (strcmp(s, attack_tactic(i)->id) == 0 || strcmp(s, attack_tactic(i)->key) == 0)
                        return attack_tactic(i)->key;
        return NULL;
}

static void action(struct flow *f, const json_t *o, const char *id) {
        const char *name = text_at(o, "name"), *about = text_at(o, "description"),
                   *technique = text_at(o, "technique_id");
        struct plan_step *s;

        if (!name) {
                import_tell(f->im, 1, import_print(f->im, "%.80s", id), IMPORT_MISSING, "name");
                return;
        }
        s = import_step(f->im);
        if (!s)
                return;
        s->id = import_id(f->im, name, "step");
        s->title = import_text(f->im, name, PLAN_TITLE_MAX);
        if (!*s->title.en)
                s->title = (struct plan_text){"(no name)", "(không tên)"};
        s->text = import_text(f->im, about ? about : "", 4000);
        s->when = (struct plan_when){.at = 0, .condition = -1};
        if (technique && attack_technique(span_str(technique)))
                s->technique = import_keep(f->im, span_str(technique));
        else if (technique)
                import_tell(f->im, 1, import_print(f->im, "%.80s", id), IMPORT_TECHNIQUE,
                            import_print(f->im, "%.40s", technique));
        s->tactic = tactic_of(text_at(o, "tactic_id"));
        f->actions[f->im->plan.n_steps - 1] = o;
        json_object_set_new(f->numbers, id, json_integer((json_int_t)f->im->plan.n_steps - 1));
}

static int number_of(const struct flow *f, const char *id) {
        const json_t *v = id ? json_object_get(f->numbers, id) : NULL;

        return v ? (int)json_integer_value(v) : -1;
}

static void leads(struct flow *f, unsigned from, const json_t *refs, bool any, unsigned deep,
                  const char *where);

/* From the step `from` to whatever `id` is: an action, or what stands between. */
static void lead_to(struct flow *f, unsigned from, const char *id, bool any, unsigned deep,
                    const char *where) {
        const json_t *o = id ? json_object_get(f->by_id, id) : NULL;
        int to = number_of(f, id);

        if (!o) {
                import_tell(f->im, 1, import_print(f->im, "%.80s", where), IMPORT_REFERENCE,
                            import_print(f->im, "%.80s", id ? id : "?"));
                return;
        }
        if (to >= 0) {
                json_t *list = json_object_get(f->before, id);

                if (!list)
                        json_object_set_new(f->before, id, list = json_array());
                if (json_array_size(list) < PLAN_STEPS_MAX)
                        json_array_append_new(list, json_integer(any ? -(json_int_t)from - 1
                                                                     : (json_int_t)from + 1));
                return;
        }
        if (deep == 0)
                return;
        const char *operator_ = text_at(o, "operator");
        bool or = operator_ && strcmp(operator_, "OR") == 0;
        leads(f, from, json_object_get(o, "effect_refs"), any || or, deep - 1, id);
        leads(f, from, json_object_get(o, "on_true_refs"), any, deep - 1, id);
        leads(f, from, json_object_get(o, "on_false_refs"), any, deep - 1, id);
}

static void leads(struct flow *f, unsigned from, const json_t *refs, bool any, unsigned deep,
                  const char *where) {
        const json_t *v;
        size_t i;

        if (json_array_size(refs) > f->left || f->im->n_faults > SCENARIO_FAULTS_MAX) {
                if (f->left)
                        import_tell(f->im, 1, import_print(f->im, "%.80s", where), IMPORT_MANY,
                                    import_print(f->im, "%u", FOLLOWED_MAX));
                f->left = 0;
                return;
        }
        f->left -= (unsigned)json_array_size(refs);
        json_array_foreach(refs, i, v) lead_to(f, from, json_string_value(v), any, deep, where);
}

/* Steps by how late they are: each after the latest of those that lead to it. */
static bool order(struct flow *f, int64_t *late) {
        unsigned n = f->im->plan.n_steps;

        for (unsigned round = 0; round <= n; round++) {
                bool more = false;

                for (unsigned i = 0; i < n; i++) {
                        const json_t *list = json_object_get(f->before,
                                                             text_at(f->actions[i], "id")),
                                     *v;
                        size_t k;

                        json_array_foreach(list, k, v) {
                                json_int_t from = json_integer_value(v);
                                unsigned at = (unsigned)(from < 0 ? -from - 1 : from - 1);

                                if (late[at] + STEP_MS > late[i]) {
                                        late[i] = late[at] + STEP_MS;
                                        more = true;
                                }
                        }
                }
                if (!more)
                        return true;
        }
        return false;
}

static void wait_for(struct flow *f, unsigned i, const json_t *list, const int64_t *late) {
        struct plan_step *s = &f->im->steps[i];
        size_t n = json_array_size(list), k;
        bool any = json_integer_value(json_array_get(list, 0)) < 0;
        unsigned last = 0, seen = 0;
        const json_t *v;

        json_array_foreach(list, k, v) {
                json_int_t from = json_integer_value(v);
                unsigned at = (unsigned)(from < 0 ? -from - 1 : from - 1);

                if (!seen++ || late[at] > late[last])
                        last = at;
        }
        s->when = (struct plan_when){
                .at = -1, .after = f->im->steps[last].id, .delay = STEP_MS, .condition = -1};
        if (n < 2)
                return;
        int root = import_conditions(f->im, 1), first = import_conditions(f->im, (unsigned)n);
        if (root < 0 || first < 0)
                return;
        f->im->conditions[root] = (struct plan_condition){
                .op = any ? PLAN_ANY : PLAN_ALL, .first = (unsigned)first, .n = (unsigned)n};
        json_array_foreach(list, k, v) {
                json_int_t from = json_integer_value(v);

                f->im->conditions[first + (int)k] = (struct plan_condition){
                        .op = PLAN_PLAYED,
                        .object = f->im->steps[from < 0 ? -from - 1 : from - 1].id};
        }
        s->when.condition = root;
        s->when.wait = true;
        s->when.until = late[i] + STEP_MS;
}

static void relate(struct flow *f, int64_t *late) {
        unsigned n = f->im->plan.n_steps;
        int64_t most = 0;

        for (unsigned i = 0; i < n; i++)
                leads(f, i, json_object_get(f->actions[i], "effect_refs"), false, 8,
                      text_at(f->actions[i], "id"));
        if (!order(f, late)) {
                import_tell(f->im, 1, "effect_refs", IMPORT_CYCLE, "attack-flow");
                return;
        }
        for (unsigned i = 0; i < n; i++) {
                const json_t *list = json_object_get(f->before, text_at(f->actions[i], "id"));

                most = MAX(most, late[i]);
                if (json_array_size(list))
                        wait_for(f, i, list, late);
        }
        /* Room for the line below, and for what waits. */
        f->im->plan.length = MIN(MAX(most * 2 + 2 * STEP_MS, INT64_C(3600000)), PLAN_LENGTH_MAX);
        f->im->plan.demo_speed = (unsigned)MIN(f->im->plan.length / 600000, 60);
        for (unsigned i = 0; i < n; i++)
                if (late[i] == most) {
                        struct plan_expectation *e =
                                import_expectation(f->im, f->im->steps[i].id, FACT_DECLARED, 10,
                                                   "An incident is opened");

                        if (e)
                                e->capability = CAP_TRIAGE;
                        break;
                }
}

static void collect(struct flow *f, const json_t *root, const json_t **ret_flow) {
        const json_t *list = json_object_get(root, "objects"), *o;
        size_t i;

        json_array_foreach(list, i, o) {
                const char *id = text_at(o, "id");

                if (i == OBJECTS_MAX) {
                        import_tell(f->im, 1, "objects", IMPORT_MANY, "5000");
                        return;
                }
                if (!id || !text_at(o, "type")) {
                        import_tell(f->im, 1, import_print(f->im, "objects[%zu]", i),
                                    IMPORT_MISSING, id ? "type" : "id");
                        continue;
                }
                if (is(o, "attack-action") && json_object_get(f->by_id, id)) {
                        import_tell(f->im, 1, import_print(f->im, "objects[%zu]", i), IMPORT_TWICE,
                                    import_print(f->im, "%.80s", id));
                        continue;
                }
                json_object_set(f->by_id, id, (json_t *)(uintptr_t)o);
                if (is(o, "attack-flow"))
                        *ret_flow = o;
        }
}

int attack_flow_read(struct import *im, const json_t *root) {
        struct flow f = {.im = im,
                         .by_id = json_object(),
                         .numbers = json_object(),
                         .left = FOLLOWED_MAX,
                         .before = json_object(),
                         .actions = calloc(PLAN_STEPS_MAX, sizeof(*f.actions))};
        int64_t *late = calloc(PLAN_STEPS_MAX, sizeof(*late));
        const json_t *flow = NULL, *o;
        size_t i;
        int r = f.by_id && f.numbers && f.before && f.actions && late ? 0 : -ENOMEM;

        if (r == 0) {
                if (!json_is_array(json_object_get(root, "objects")))
                        import_tell(im, 1, "", IMPORT_MISSING, "objects");
                collect(&f, root, &flow);
                if (!flow)
                        import_tell(im, 1, "objects", IMPORT_MISSING, "attack-flow");
                const char *name = text_at(flow, "name");
                import_frame(im, import_id(im, name, "attack-flow"), name,
                             text_at(flow, "description"), 3600000);
                json_array_foreach(json_object_get(root, "objects"), i, o) {
                        const char *id = text_at(o, "id");

                        if (id && is(o, "attack-action") && i < OBJECTS_MAX &&
                            json_object_get(f.by_id, id) == o)
                                action(&f, o, id);
                }
                if (!im->plan.n_steps)
                        import_tell(im, 1, "objects", IMPORT_MISSING, "attack-action");
                relate(&f, late);
                import_tell(im, 1, "", IMPORT_DRAFT, NULL);
        }
        json_decref(f.by_id);
        json_decref(f.numbers);
        json_decref(f.before);
        free(f.actions);
        free(late);
        return r < 0 ? FAIL(r) : 0;
}

/* ---- out ---- */

struct writing {
        const struct plan *p;
        json_t *objects;
};

static json_t *object(struct writing *w, const char *type, const char *what, char id[80]) {
        char uuid[37], seed[200];

        snprintf(seed, sizeof(seed), "%s/%s", type, what);
        exchange_uuid(w->p->id, seed, uuid);
        snprintf(id, 80, "%s--%s", type, uuid);
        json_t *o = json_pack("{ss ss ss ss ss}", "type", type, "spec_version", "2.1", "id", id,
                              "created", CREATED, "modified", CREATED);
        if (strncmp(type, "attack-", 7) == 0)
                json_object_set_new(o, "extensions",
                                    json_pack("{s{ss}}", EXTENSION, "extension_type", "new-sdo"));
        json_array_append_new(w->objects, o);
        return o;
}

static void id_of(const struct plan *p, const char *type, const char *what, char id[80]) {
        char uuid[37], seed[200];

        snprintf(seed, sizeof(seed), "%s/%s", type, what);
        exchange_uuid(p->id, seed, uuid);
        snprintf(id, 80, "%s--%s", type, uuid);
}

static void condition_text(const struct plan *p, unsigned i, struct buf *b) {
        const struct plan_condition *c = &p->conditions[i];

        switch (c->op) {
        case PLAN_NOT:
                buf_str(b, "not (");
                condition_text(p, c->first, b);
                buf_char(b, ')');
                return;
        case PLAN_ALL:
        case PLAN_ANY:
                for (unsigned k = 0; k < c->n; k++) {
                        buf_str(b, k ? c->op == PLAN_ALL ? " and " : " or " : "");
                        condition_text(p, c->first + k, b);
                }
                return;
        case PLAN_FACT:
                buf_printf(b, "the unit has %s %s", plan_facts[c->fact],
                           c->object ? c->object : "something");
                if (c->value)
                        buf_printf(b, " (%s)", c->value);
                return;
        case PLAN_PLAYED: buf_printf(b, "%s was played", c->object); return;
        case PLAN_CHOSE: buf_printf(b, "%s was answered with %s", c->object, c->value); return;
        }
}

/* The next step before `id` in the chain of `after` that is of the attack; NULL: none. */
static const struct plan_step *step_before(const struct plan *p, const struct plan_step *s) {
        const char *after = s->when.after;

        for (unsigned n = 0; after && n <= p->n_steps + p->n_injects; n++) {
                int i = plan_find_step(p, after);

                if (i >= 0 && !p->steps[i].background)
                        return &p->steps[i];
                if (i >= 0)
                        after = p->steps[i].when.after;
                else {
                        i = plan_find_inject(p, after);
                        after = i >= 0 ? p->injects[i].when.after : NULL;
                }
        }
        return NULL;
}

/* What a step leads to: the next step, or the condition in between. */
static void effects(struct writing *w, const struct plan_step *s, json_t *o) {
        json_t *refs = json_array();

        for (unsigned i = 0; i < w->p->n_steps; i++) {
                const struct plan_step *next = &w->p->steps[i];
                char id[80];

                if (next->background || step_before(w->p, next) != s)
                        continue;
                id_of(w->p, next->when.condition >= 0 ? "attack-condition" : "attack-action",
                      next->id, id);
                json_array_append_new(refs, json_string(id));
        }
        if (json_array_size(refs))
                json_object_set_new(o, "effect_refs", refs);
        else
                json_decref(refs);
}

static void condition(struct writing *w, const struct plan_step *s) {
        _cleanup_(buf_deinit) struct buf b = {.limit = 65536};
        char id[80], to[80];
        json_t *o = object(w, "attack-condition", s->id, id);

        condition_text(w->p, (unsigned)s->when.condition, &b);
        json_object_set_new(o, "description", json_stringn(b.p ? b.p : "", b.len));
        id_of(w->p, "attack-action", s->id, to);
        json_object_set_new(o, "on_true_refs", json_pack("[s]", to));
}

static void assets(struct writing *w, const struct plan_step *s, json_t *o) {
        json_t *refs = json_array();
        char id[80];

        for (unsigned i = 0; i < s->n_targets; i++)
                if (plan_find_outside(w->p, s->targets[i]) < 0) {
                        id_of(w->p, "attack-asset", s->targets[i], id);
                        json_array_append_new(refs, json_string(id));
                }
        if (json_array_size(refs))
                json_object_set_new(o, "asset_refs", refs);
        else
                json_decref(refs);
}

static void write_step(struct writing *w, const struct plan_step *s, json_t *start) {
        char id[80];
        json_t *o = object(w, "attack-action", s->id, id);

        json_object_set_new(o, "name", json_string(s->title.en));
        json_object_set_new(o, "description", json_string(*s->text.en ? s->text.en : s->title.en));
        if (s->technique)
                json_object_set_new(o, "technique_id", json_string(s->technique));
        for (unsigned i = 0; s->tactic && i < ATTACK_TACTICS; i++)
                if (strcmp(attack_tactic(i)->key, s->tactic) == 0)
                        json_object_set_new(o, "tactic_id", json_string(attack_tactic(i)->id));
        assets(w, s, o);
        effects(w, s, o);
        if (!step_before(w->p, s)) {
                id_of(w->p, s->when.condition >= 0 ? "attack-condition" : "attack-action", s->id,
                      id);
                json_array_append_new(start, json_string(id));
        }
        if (s->when.condition >= 0)
                condition(w, s);
}

static void write_assets(struct writing *w) {
        char id[80];

        for (unsigned i = 0; i < w->p->n_hosts; i++)
                json_object_set_new(object(w, "attack-asset", w->p->hosts[i].id, id), "name",
                                    json_string(w->p->hosts[i].name));
        for (unsigned i = 0; i < w->p->n_accounts; i++)
                json_object_set_new(object(w, "attack-asset", w->p->accounts[i].id, id), "name",
                                    json_string(w->p->accounts[i].name));
}

void attack_flow_write(const struct plan *p, struct buf *b) {
        struct writing w = {p, json_array()};
        char id[80], author[80], uuid[37];
        json_t *start = json_array(), *o = object(&w, "identity", "author", author);

        json_object_set_new(o, "name", json_string("Coloa"));
        json_object_set_new(o, "identity_class", json_string("system"));
        o = json_pack("{ss ss ss ss ss ss ss ss ss s[s]}", "type", "extension-definition",
                      "spec_version", "2.1", "id", EXTENSION, "created", CREATED, "modified",
                      CREATED, "name", "Attack Flow", "created_by_ref", author, "schema",
                      "https://center-for-threat-informed-defense.github.io/attack-flow/stix/"
                      "attack-flow-schema-2.0.0.json",
                      "version", "2.0.0", "extension_types", "new-sdo");
        json_array_append_new(w.objects, o);
        json_t *flow = object(&w, "attack-flow", "flow", id);
        json_object_set_new(flow, "created_by_ref", json_string(author));
        json_object_set_new(flow, "name", json_string(p->title.en));
        json_object_set_new(flow, "description", json_string(p->summary.en));
        json_object_set_new(flow, "scope", json_string("other"));
        for (unsigned i = 0; i < p->n_steps; i++)
                if (!p->steps[i].background)
                        write_step(&w, &p->steps[i], start);
        json_object_set_new(flow, "start_refs", start);
        write_assets(&w);
        exchange_uuid(p->id, "bundle", uuid);
        o = json_pack("{ss so so}", "type", "bundle", "id", json_sprintf("bundle--%s", uuid),
                      "objects", w.objects);
        char *s = o ? json_dumps(o, JSON_INDENT(2)) : NULL;
        if (s)
                buf_str(b, s);
        else
                b->failed = true;
        buf_char(b, '\n');
        free(s);
        json_decref(o);
}

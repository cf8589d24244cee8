/* A plan as the YAML that a person would go on writing (doc/scenarios.md): what an import makes. Reading it gives the same
 * plan again, but for its hash; texts stand in double quotes, which YAML reads as JSON does. */
#include "exercise/exchange.h"

#include <stdio.h>

static void quoted(struct buf *b, const char *s) {
        buf_char(b, '"');
        for (; s && *s; s++) {
                unsigned char c = (unsigned char)*s;

                if (c == '"' || c == '\\') {
                        buf_char(b, '\\');
                        buf_char(b, (char)c);
                } else if (c == '\n')
                        buf_str(b, "\\n");
                else if (c == '\t')
                        buf_str(b, "\\t");
                else if (c < ' ' || c == 0x7f)
                        buf_printf(b, "\\x%02x", c);
                else
                        buf_char(b, (char)c);
        }
        buf_char(b, '"');
}

void plan_yaml_time(struct buf *b, int64_t ms) {
        int64_t t = ms / 1000;
        size_t before = b->len;

        if (t >= 3600)
                buf_printf(b, "%lldh", (long long)(t / 3600));
        if (t % 3600 >= 60)
                buf_printf(b, "%lldm", (long long)(t % 3600 / 60));
        if (t % 60 || b->len == before)
                buf_printf(b, "%llds", (long long)(t % 60));
}

static void share(struct buf *b, unsigned millionths) {
        char text[24];
        int n = snprintf(text, sizeof(text), "%u.%06u", millionths / MILLION, millionths % MILLION);

        while (n > 2 && text[n - 1] == '0')
                n--;
        if (text[n - 1] == '.')
                n--;
        buf_add(b, text, (size_t)n);
}

/* One line of a map: indentation, key, what comes. */
static void key(struct buf *b, unsigned deep, const char *name) {
        for (unsigned i = 0; i < deep; i++)
                buf_str(b, "  ");
        buf_str(b, name);
        buf_str(b, ": ");
}

static void text(struct buf *b, unsigned deep, const char *name, const char *v) {
        if (!v || !*v)
                return;
        key(b, deep, name);
        quoted(b, v);
        buf_char(b, '\n');
}

static void word(struct buf *b, unsigned deep, const char *name, const char *v) {
        if (!v || !*v)
                return;
        key(b, deep, name);
        buf_str(b, v);
        buf_char(b, '\n');
}

static void number(struct buf *b, unsigned deep, const char *name, int64_t n) {
        key(b, deep, name);
        buf_printf(b, "%lld\n", (long long)n);
}

static void span_time(struct buf *b, unsigned deep, const char *name, int64_t ms) {
        key(b, deep, name);
        plan_yaml_time(b, ms);
        buf_char(b, '\n');
}

static void both_of(struct buf *b, const struct plan_text *t) {
        buf_str(b, "{en: ");
        quoted(b, t->en);
        buf_str(b, ", vi: ");
        quoted(b, t->vi);
        buf_str(b, "}");
}

static void both(struct buf *b, unsigned deep, const char *name, const struct plan_text *t) {
        if (!*t->en && !*t->vi)
                return;
        key(b, deep, name);
        both_of(b, t);
        buf_char(b, '\n');
}

static void words(struct buf *b, unsigned deep, const char *name, const char *const *list,
                  unsigned n) {
        if (!n)
                return;
        key(b, deep, name);
        for (unsigned i = 0; i < n; i++) {
                buf_str(b, i ? ", " : "[");
                buf_str(b, list[i]);
        }
        buf_str(b, "]\n");
}

/* ---- network ---- */

static void network(const struct plan *p, struct buf *b) {
        buf_str(b, "network:\n  hosts:\n");
        for (unsigned i = 0; i < p->n_hosts; i++) {
                const struct plan_host *h = &p->hosts[i];

                buf_printf(b, "    - id: %s\n", h->id);
                text(b, 3, "name", h->name);
                text(b, 3, "address", h->address);
                word(b, 3, "os", plan_oses[h->os]);
                word(b, 3, "kind", plan_host_kinds[h->kind]);
                number(b, 3, "criticality", h->criticality);
                words(b, 3, "sources", h->sources, h->n_sources);
        }
        if (p->n_accounts)
                buf_str(b, "  accounts:\n");
        for (unsigned i = 0; i < p->n_accounts; i++) {
                const struct plan_account *a = &p->accounts[i];

                buf_printf(b, "    - id: %s\n", a->id);
                text(b, 3, "name", a->name);
                word(b, 3, "kind", plan_account_kinds[a->kind]);
                both(b, 3, "person", &a->person);
        }
        if (p->n_outside)
                buf_str(b, "  outside:\n");
        for (unsigned i = 0; i < p->n_outside; i++) {
                const struct plan_outside *x = &p->outside[i];

                buf_printf(b, "    - id: %s\n", x->id);
                text(b, 3, "address", x->address);
                text(b, 3, "domain", x->domain);
                if (x->attacker)
                        word(b, 3, "attacker", "true");
        }
}

/* ---- when ---- */

static void condition(const struct plan *p, struct buf *b, unsigned i) {
        const struct plan_condition *c = &p->conditions[i];

        switch (c->op) {
        case PLAN_NOT:
                buf_str(b, "{not: ");
                condition(p, b, c->first);
                buf_char(b, '}');
                return;
        case PLAN_ALL:
        case PLAN_ANY:
                buf_str(b, c->op == PLAN_ALL ? "{all: [" : "{any: [");
                for (unsigned k = 0; k < c->n; k++) {
                        buf_str(b, k ? ", " : "");
                        condition(p, b, c->first + k);
                }
                buf_str(b, "]}");
                return;
        case PLAN_FACT:
                buf_printf(b, "{fact: %s", plan_facts[c->fact]);
                if (c->object)
                        buf_printf(b, ", object: %s", c->object);
                if (c->value)
                        buf_printf(b, ", value: %s", c->value);
                buf_char(b, '}');
                return;
        case PLAN_PLAYED: buf_printf(b, "{played: %s}", c->object); return;
        case PLAN_CHOSE: buf_printf(b, "{chose: %s, choice: %s}", c->object, c->value); return;
        }
}

static void when(const struct plan *p, struct buf *b, const struct plan_when *w) {
        if (w->after) {
                word(b, 2, "after", w->after);
                if (w->delay)
                        span_time(b, 2, "delay", w->delay);
        } else
                span_time(b, 2, "at", w->at);
        if (w->condition >= 0) {
                key(b, 2, "when");
                condition(p, b, (unsigned)w->condition);
                buf_char(b, '\n');
        }
        if (w->wait)
                span_time(b, 2, "wait_until", w->until);
}

/* ---- the story ---- */

static void activity(struct buf *b, const struct plan_activity *a) {
        buf_printf(b, "      - activity: %s\n", a->activity);
        word(b, 4, "host", a->host);
        word(b, 4, "account", a->account);
        word(b, 4, "outside", a->outside);
        if (a->offset)
                span_time(b, 4, "offset", a->offset);
        if (!a->n_with)
                return;
        key(b, 4, "with");
        for (unsigned i = 0; i < a->n_with; i++) {
                buf_printf(b, "%s%s: ", i ? ", " : "{", a->with[i].name);
                quoted(b, a->with[i].value);
        }
        buf_str(b, "}\n");
}

static void steps(const struct plan *p, struct buf *b) {
        if (p->n_steps)
                buf_str(b, "steps:\n");
        for (unsigned i = 0; i < p->n_steps; i++) {
                const struct plan_step *s = &p->steps[i];

                buf_printf(b, "  - id: %s\n", s->id);
                if (s->background)
                        word(b, 2, "background", "true");
                when(p, b, &s->when);
                both(b, 2, "title", &s->title);
                both(b, 2, "text", &s->text);
                word(b, 2, "technique", s->technique);
                word(b, 2, "tactic", s->tactic);
                if (s->n_activities)
                        buf_str(b, "    activities:\n");
                for (unsigned k = 0; k < s->n_activities; k++)
                        activity(b, &s->activities[k]);
                words(b, 2, "targets", s->targets, s->n_targets);
        }
}

static void injects(const struct plan *p, struct buf *b) {
        if (p->n_injects)
                buf_str(b, "injects:\n");
        for (unsigned i = 0; i < p->n_injects; i++) {
                const struct plan_inject *x = &p->injects[i];

                buf_printf(b, "  - id: %s\n", x->id);
                word(b, 2, "kind", plan_inject_kinds[x->kind]);
                when(p, b, &x->when);
                both(b, 2, "title", &x->title);
                both(b, 2, "text", &x->text);
                both(b, 2, "from", &x->from);
                words(b, 2, "roles", x->roles, x->n_roles);
                if (x->n_choices)
                        buf_str(b, "    choices:\n");
                for (unsigned k = 0; k < x->n_choices; k++) {
                        buf_printf(b, "      - id: %s\n        worth: ", x->choices[k].id);
                        share(b, x->choices[k].worth);
                        buf_char(b, '\n');
                        both(b, 4, "text", &x->choices[k].text);
                }
                if (x->answer && !x->n_choices)
                        word(b, 2, "answer", "true");
                word(b, 2, "technique", x->technique);
                if (x->file_name) {
                        buf_str(b, "    file:\n");
                        text(b, 3, "name", x->file_name);
                        both(b, 3, "text", &x->file);
                }
                text(b, 2, "x-cexf", x->xcexf);
        }
}

/* ---- what is expected ---- */

static void expectations(const struct plan *p, struct buf *b) {
        if (p->n_expectations)
                buf_str(b, "expectations:\n");
        for (unsigned i = 0; i < p->n_expectations; i++) {
                const struct plan_expectation *e = &p->expectations[i];

                buf_printf(b, "  - id: %s\n", e->id);
                both(b, 2, "title", &e->title);
                word(b, 2, "of", e->of);
                word(b, 2, "fact", plan_facts[e->fact]);
                word(b, 2, "part", plan_parts[e->part]);
                word(b, 2, "capability", plan_capabilities[e->capability]);
                number(b, 2, "weight", e->weight);
                key(b, 2, "curve");
                buf_str(b, "{g: ");
                plan_yaml_time(b, e->g);
                buf_str(b, ", d: ");
                plan_yaml_time(b, e->d);
                buf_str(b, ", h: ");
                plan_yaml_time(b, e->h);
                buf_str(b, ", p: ");
                share(b, e->p);
                buf_str(b, "}\n");
                if (e->real)
                        word(b, 2, "clock", "real");
                words(b, 2, "objects", e->objects, e->n_objects);
                if (e->n_values)
                        key(b, 2, "values");
                for (unsigned k = 0; k < e->n_values; k++) {
                        buf_printf(b, "%s%s: ", k ? ", " : "{", e->values[k].value);
                        share(b, e->values[k].worth);
                }
                if (e->n_values)
                        buf_str(b, "}\n");
                words(b, 2, "roles", e->roles, e->n_roles);
        }
}

static void hints(const struct plan *p, struct buf *b) {
        if (p->n_hints)
                buf_str(b, "hints:\n");
        for (unsigned i = 0; i < p->n_hints; i++) {
                const struct plan_hint *h = &p->hints[i];

                buf_printf(b, "  - id: %s\n", h->id);
                word(b, 2, "step", h->step);
                words(b, 2, "expectations", h->expectations, h->n_expectations);
                number(b, 2, "price", h->price);
                both(b, 2, "text", &h->text);
        }
}

void plan_yaml(const struct plan *p, struct buf *b) {
        buf_str(b, "scenario: coloa-scenario/1\n");
        word(b, 0, "id", p->id);
        number(b, 0, "version", p->version);
        word(b, 0, "level", p->level);
        word(b, 0, "formula", p->formula);
        span_time(b, 0, "length", p->length);
        if (p->demo_speed)
                buf_printf(b, "demo: {speed: %u}\n", p->demo_speed);
        both(b, 0, "title", &p->title);
        both(b, 0, "summary", &p->summary);
        if (p->n_objectives)
                buf_str(b, "objectives:\n");
        for (unsigned i = 0; i < p->n_objectives; i++) {
                buf_str(b, "  - ");
                both_of(b, &p->objectives[i]);
                buf_char(b, '\n');
        }
        words(b, 0, "roles", p->roles, p->n_roles);
        word(b, 0, "containment", p->simulated ? "simulated" : "rehearsed");
        number(b, 0, "noise", p->noise);
        text(b, 0, "x-cexf", p->xcexf);
        network(p, b);
        steps(p, b);
        injects(p, b);
        expectations(p, b);
        hints(p, b);
}

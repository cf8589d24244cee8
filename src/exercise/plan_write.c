/* A plan as JSON: what plan_load.c reads. Keys in a fixed order, nothing left out, so that the same plan is always the
 * same bytes. */
#include "exercise/scenario_impl.h"

static void key(struct buf *b, const char *name) {
        char last = b->len ? b->p[b->len - 1] : '{';

        if (last != '{' && last != '[')
                buf_char(b, ',');
        buf_char(b, '"');
        buf_str(b, name);
        buf_str(b, "\":");
}

static void comma(struct buf *b) {
        if (b->len && b->p[b->len - 1] != '[')
                buf_char(b, ',');
}

static void string(struct buf *b, const char *s) {
        if (!s) {
                buf_str(b, "null");
                return;
        }
        buf_char(b, '"');
        buf_json(b, span_str(s));
        buf_char(b, '"');
}

static void put(struct buf *b, const char *name, const char *s) {
        key(b, name);
        string(b, s);
}

static void number(struct buf *b, const char *name, int64_t n) {
        key(b, name);
        buf_printf(b, "%lld", (long long)n);
}

static void flag(struct buf *b, const char *name, bool on) {
        key(b, name);
        buf_str(b, on ? "true" : "false");
}

static void both_of(struct buf *b, const struct plan_text *t) {
        buf_char(b, '{');
        put(b, "en", t->en);
        put(b, "vi", t->vi);
        buf_char(b, '}');
}

static void both(struct buf *b, const char *name, const struct plan_text *t) {
        key(b, name);
        both_of(b, t);
}

static void words(struct buf *b, const char *name, const char *const *list, unsigned n) {
        key(b, name);
        buf_char(b, '[');
        for (unsigned i = 0; i < n; i++) {
                comma(b);
                string(b, list[i]);
        }
        buf_char(b, ']');
}

static void host(struct buf *b, const struct plan_host *h) {
        put(b, "id", h->id);
        put(b, "name", h->name);
        put(b, "address", h->address);
        put(b, "os", plan_oses[h->os]);
        put(b, "kind", plan_host_kinds[h->kind]);
        number(b, "criticality", h->criticality);
        words(b, "sources", h->sources, h->n_sources);
}

static void account(struct buf *b, const struct plan_account *a) {
        put(b, "id", a->id);
        put(b, "name", a->name);
        put(b, "kind", plan_account_kinds[a->kind]);
        both(b, "person", &a->person);
}

static void outside(struct buf *b, const struct plan_outside *x) {
        put(b, "id", x->id);
        put(b, "address", x->address);
        put(b, "domain", x->domain);
        flag(b, "attacker", x->attacker);
}

static void condition(struct buf *b, const struct plan_condition *c) {
        put(b, "op", plan_condition_ops[c->op]);
        if (c->op <= PLAN_NOT) {
                number(b, "first", c->first);
                number(b, "n", c->n);
        } else {
                if (c->op == PLAN_FACT)
                        put(b, "fact", plan_facts[c->fact]);
                put(b, "object", c->object);
                put(b, "value", c->value);
        }
}

static void when(struct buf *b, const struct plan_when *w) {
        key(b, "when");
        buf_char(b, '{');
        number(b, "at", w->after ? -1 : w->at);
        put(b, "after", w->after);
        number(b, "delay", w->delay);
        number(b, "until", w->until);
        number(b, "condition", w->condition);
        flag(b, "wait", w->wait);
        buf_char(b, '}');
}

static void activity(struct buf *b, const struct plan_activity *a) {
        put(b, "activity", a->activity);
        put(b, "host", a->host);
        put(b, "account", a->account);
        put(b, "outside", a->outside);
        number(b, "offset", a->offset);
        key(b, "with");
        buf_char(b, '{');
        for (unsigned i = 0; i < a->n_with; i++)
                put(b, a->with[i].name, a->with[i].value);
        buf_char(b, '}');
}

static void step(struct buf *b, const struct plan_step *s) {
        put(b, "id", s->id);
        both(b, "title", &s->title);
        both(b, "text", &s->text);
        put(b, "technique", s->technique);
        put(b, "tactic", s->tactic);
        when(b, &s->when);
        flag(b, "background", s->background);
        key(b, "activities");
        buf_char(b, '[');
        for (unsigned i = 0; i < s->n_activities; i++) {
                comma(b);
                buf_char(b, '{');
                activity(b, &s->activities[i]);
                buf_char(b, '}');
        }
        buf_char(b, ']');
        words(b, "targets", s->targets, s->n_targets);
}

static void inject(struct buf *b, const struct plan_inject *x) {
        put(b, "id", x->id);
        put(b, "kind", plan_inject_kinds[x->kind]);
        both(b, "title", &x->title);
        both(b, "text", &x->text);
        both(b, "from", &x->from);
        when(b, &x->when);
        words(b, "roles", x->roles, x->n_roles);
        key(b, "choices");
        buf_char(b, '[');
        for (unsigned i = 0; i < x->n_choices; i++) {
                comma(b);
                buf_char(b, '{');
                put(b, "id", x->choices[i].id);
                both(b, "text", &x->choices[i].text);
                number(b, "worth", x->choices[i].worth);
                buf_char(b, '}');
        }
        buf_char(b, ']');
        flag(b, "answer", x->answer);
        put(b, "technique", x->technique);
        put(b, "file_name", x->file_name);
        both(b, "file", &x->file);
        put(b, "xcexf", x->xcexf);
}

static void expectation(struct buf *b, const struct plan_expectation *e) {
        put(b, "id", e->id);
        both(b, "title", &e->title);
        put(b, "of", e->of);
        put(b, "fact", plan_facts[e->fact]);
        put(b, "part", plan_parts[e->part]);
        put(b, "capability", plan_capabilities[e->capability]);
        number(b, "weight", e->weight);
        number(b, "g", e->g);
        number(b, "d", e->d);
        number(b, "h", e->h);
        number(b, "p", e->p);
        flag(b, "real", e->real);
        words(b, "objects", e->objects, e->n_objects);
        key(b, "values");
        buf_char(b, '[');
        for (unsigned i = 0; i < e->n_values; i++) {
                comma(b);
                buf_char(b, '{');
                put(b, "value", e->values[i].value);
                number(b, "worth", e->values[i].worth);
                buf_char(b, '}');
        }
        buf_char(b, ']');
        words(b, "roles", e->roles, e->n_roles);
}

static void hint(struct buf *b, const struct plan_hint *h) {
        put(b, "id", h->id);
        put(b, "step", h->step);
        words(b, "expectations", h->expectations, h->n_expectations);
        number(b, "price", h->price);
        both(b, "text", &h->text);
}

#define LIST(member, type)                                                                         \
        do {                                                                                       \
                key(b, #member);                                                                   \
                buf_char(b, '[');                                                                  \
                for (unsigned i_ = 0; i_ < p->n_##member; i_++) {                                  \
                        comma(b);                                                                  \
                        buf_char(b, '{');                                                          \
                        type(b, &p->member[i_]);                                                   \
                        buf_char(b, '}');                                                          \
                }                                                                                  \
                buf_char(b, ']');                                                                  \
        } while (0)

void plan_write(const struct plan *p, struct buf *b) {
        buf_char(b, '{');
        put(b, "id", p->id);
        put(b, "formula", p->formula);
        put(b, "level", p->level);
        number(b, "version", p->version);
        put(b, "hash", p->hash);
        both(b, "title", &p->title);
        both(b, "summary", &p->summary);
        number(b, "length", p->length);
        number(b, "speed_max", p->speed_max);
        number(b, "demo_speed", p->demo_speed);
        number(b, "noise", p->noise);
        flag(b, "simulated", p->simulated);
        put(b, "xcexf", p->xcexf);
        key(b, "objectives");
        buf_char(b, '[');
        for (unsigned i = 0; i < p->n_objectives; i++) {
                comma(b);
                both_of(b, &p->objectives[i]);
        }
        buf_char(b, ']');
        words(b, "roles", p->roles, p->n_roles);
        LIST(hosts, host);
        LIST(accounts, account);
        LIST(outside, outside);
        LIST(conditions, condition);
        LIST(steps, step);
        LIST(injects, inject);
        LIST(expectations, expectation);
        LIST(hints, hint);
        buf_char(b, '}');
}

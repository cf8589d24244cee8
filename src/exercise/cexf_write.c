/* CEXF (MISP/cexf) out. What came from CEXF (x-cexf) is written as it came, changed only where the plan was since: names,
 * times, weights. Steps of the attack are injects too, played by target_tool "Coloa". The whole plan stands in
 * meta.x-coloa, so that nothing is lost when it comes back. */
#include <stdio.h>
#include <stdlib.h>

#include "exercise/exchange_impl.h"

struct out {
        const struct plan *p;
        json_t *flow, *injects, *payloads;
};

static json_t *parsed(const char *s) {
        return s ? json_loads(s, 0, NULL) : NULL;
}

static const char *text_at(const json_t *o, const char *key) {
        return json_string_value(json_object_get(o, key));
}

void cexf_uuid(const struct plan *p, const struct plan_inject *x, char to[37]) {
        json_t *all = parsed(x->xcexf);
        const char *kept = text_at(json_object_get(all, "inject"), "uuid");

        if (kept && strlen(kept) <= 36)
                snprintf(to, 37, "%s", kept);
        else
                exchange_uuid(p->id, x->id, to);
        json_decref(all);
}

static void story_uuid(const struct plan *p, const char *id, char to[37]) {
        int i = plan_find_inject(p, id);

        if (i >= 0)
                cexf_uuid(p, &p->injects[i], to);
        else
                exchange_uuid(p->id, id, to);
}

/* Whether ours is still what an import makes of theirs. */
static bool same_text(const char *theirs, const char *ours, size_t max) {
        _cleanup_(buf_deinit) struct buf b = {0};
        char first[8] = "";

        exchange_tame(theirs ? theirs : "", max, &b, first, sizeof(first));
        return span_eq(buf_get(&b), span_str(ours));
}

/* ---- the flow ---- */

static json_t *flow_of(const struct out *o, const char *id, const char *about,
                       const struct plan_when *w) {
        char uuid[37], before[37];
        json_t *needs = json_object();

        story_uuid(o->p, id, uuid);
        if (w->after) {
                story_uuid(o->p, w->after, before);
                json_object_set_new(needs, "inject_uuid", json_string(before));
                json_object_set_new(needs, "resolution_requirement", json_string("completion"));
        }
        bool start = !w->after && w->at == 0;
        json_t *at =
                w->after || start ? json_null() : json_sprintf("%lld", (long long)(w->at / 1000));
        return json_pack("{ss ss s[] so s{s[ss] s[s]} s{so}}", "description", about, "inject_uuid",
                         uuid, "reporting_callback", "requirements", needs, "sequence",
                         "completion_trigger", "time_expiration", "completion", "trigger",
                         start      ? "startex"
                         : w->after ? "inject-resolution"
                                    : "time",
                         "timing", "triggered_at", at);
}

/* Theirs, with our time where it was changed. */
static json_t *flow_kept(const struct plan_when *w, json_t *flow) {
        json_t *timing = json_object_get(flow, "timing");
        json_t *v = json_object_get(timing, "triggered_at");
        int64_t t = json_is_string(v)   ? strtoll(json_string_value(v), NULL, 10)
                    : json_is_number(v) ? (int64_t)json_number_value(v)
                                        : -1;

        if (!w->after && ((t >= 0 && t * 1000 != w->at) || (t < 0 && w->at > 0))) {
                if (!json_is_object(timing)) {
                        timing = json_object();
                        json_object_set_new(flow, "timing", timing);
                }
                json_object_set_new(timing, "triggered_at",
                                    json_sprintf("%lld", (long long)(w->at / 1000)));
        }
        return flow;
}

/* ---- evaluations ---- */

static json_t *evaluation(const struct plan_expectation *e) {
        json_t *values = json_array();

        for (unsigned i = 0; i < e->n_objects; i++)
                json_array_append_new(values, json_string(e->objects[i]));
        for (unsigned i = 0; i < e->n_values; i++)
                json_array_append_new(values, json_string(e->values[i].value));
        return json_pack("{s[{s{ss so}}] ss s[ii]}", "parameters", plan_facts[e->fact],
                         "comparison", "contains", "values", values, "result", e->title.en,
                         "score_range", 0, (int)e->weight);
}

static json_t *evaluations(const struct out *o, const char *of, json_t *kept) {
        json_t *list = json_is_array(kept) ? json_deep_copy(kept) : json_array();
        size_t n = 0;

        for (unsigned i = 0; i < o->p->n_expectations; i++) {
                const struct plan_expectation *e = &o->p->expectations[i];

                if (strcmp(e->of, of) != 0)
                        continue;
                json_t *range = json_object_get(json_array_get(list, n), "score_range");
                if (n >= json_array_size(list))
                        json_array_append_new(list, evaluation(e));
                else if (json_is_array(range) && json_array_size(range) == 2 &&
                         json_integer_value(json_array_get(range, 1)) != (json_int_t)e->weight)
                        json_array_set_new(range, 1, json_integer((json_int_t)e->weight));
                n++;
        }
        return list;
}

/* ---- injects ---- */

static void add_payload(struct out *o, const char *id, const char *type, json_t *parameters,
                        char uuid[37]) {
        char name[100];

        snprintf(name, sizeof(name), "payload/%s", id);
        exchange_uuid(o->p->id, name, uuid);
        json_array_append_new(o->payloads, json_pack("{ss so ss ss}", "name", id, "parameters",
                                                     parameters, "type", type, "uuid", uuid));
}

static void inject_kept(struct out *o, const struct plan_inject *x, json_t *all) {
        json_t *inject = json_object_get(all, "inject"), *flow = json_object_get(all, "flow"),
               *payload = json_object_get(all, "payload");
        const char *name = text_at(inject, "name");

        if (!same_text(name, x->title.en, PLAN_TITLE_MAX))
                json_object_set_new(inject, "name", json_string(x->title.en));
        if (json_is_array(json_object_get(inject, "inject_evaluation")))
                json_object_set_new(
                        inject, "inject_evaluation",
                        evaluations(o, x->id, json_object_get(inject, "inject_evaluation")));
        json_array_append(o->injects, inject);
        if (json_is_object(flow))
                json_array_append(o->flow, flow_kept(&x->when, flow));
        if (!json_is_object(payload))
                return;
        for (size_t i = 0; i < json_array_size(o->payloads); i++)
                if (json_equal(json_array_get(o->payloads, i), payload))
                        return;
        json_array_append(o->payloads, payload);
}

static void inject(struct out *o, const struct plan_inject *x) {
        json_t *all = parsed(x->xcexf);
        char uuid[37], resource[37];

        if (json_is_object(json_object_get(all, "inject"))) {
                inject_kept(o, x, all);
                json_decref(all);
                return;
        }
        json_decref(all);
        json_t *par = json_pack("{ss ss}", "content", x->text.en, "content-type", "text/plain");
        if (x->file_name)
                json_object_set_new(par, "filename", json_string(x->file_name));
        add_payload(o, x->id, "file", par, resource);
        cexf_uuid(o->p, x, uuid);
        json_array_append_new(o->injects,
                              json_pack("{ss ss so ss ss ss}", "action",
                                        x->kind == INJECT_MAIL ? "email_to_participants"
                                                               : plan_inject_kinds[x->kind],
                                        "action_payload_resource_uuid", resource,
                                        "inject_evaluation", evaluations(o, x->id, NULL), "name",
                                        x->title.en, "target_tool", "Coloa", "uuid", uuid));
        json_array_append_new(o->flow, flow_of(o, x->id, x->title.en, &x->when));
}

static void step(struct out *o, const struct plan_step *s) {
        json_t *list = json_array(), *par;
        char uuid[37], resource[37];

        for (unsigned i = 0; i < s->n_activities; i++)
                json_array_append_new(list, json_string(s->activities[i].activity));
        par = json_pack("{so}", "activities", list);
        if (s->technique)
                json_object_set_new(par, "technique", json_string(s->technique));
        add_payload(o, s->id, "telemetry", par, resource);
        story_uuid(o->p, s->id, uuid);
        json_array_append_new(o->injects,
                              json_pack("{ss ss so ss ss ss}", "action", "telemetry",
                                        "action_payload_resource_uuid", resource,
                                        "inject_evaluation", evaluations(o, s->id, NULL), "name",
                                        s->title.en, "target_tool", "Coloa", "uuid", uuid));
        json_array_append_new(o->flow, flow_of(o, s->id, s->title.en, &s->when));
}

/* ---- the exercise ---- */

static json_t *own_plan(const struct plan *p) {
        _cleanup_(buf_deinit) struct buf b = {0};

        plan_write(p, &b);
        return json_pack("{ss so}", "format", "coloa-scenario/1", "plan",
                         json_loadb(b.p ? b.p : "", b.len, 0, NULL));
}

static void put_meta(json_t *exercise, const struct plan *p) {
        json_t *meta = json_object_get(exercise, "meta"), *one;
        size_t i;

        if (json_is_array(meta)) {
                json_array_foreach(meta, i, one) json_object_del(one, "x-coloa");
                json_array_append_new(meta, json_pack("{so}", "x-coloa", own_plan(p)));
                return;
        }
        if (!json_is_object(meta)) {
                meta = json_pack("{ss}", "level", p->level);
                json_object_set_new(exercise, "meta", meta);
        }
        json_object_set_new(meta, "x-coloa", own_plan(p));
}

static json_t *exercise(const struct plan *p) {
        char uuid[37];

        exchange_uuid(p->id, "exercise", uuid);
        return json_pack("{ss ss ss ss s[ss] ss ss so}", "name", p->title.en, "description",
                         p->summary.en, "expanded", p->summary.en, "namespace", "coloa", "tags",
                         "exercise:software-scope=\"coloa\"", "state:production", "uuid", uuid,
                         "total_duration", "", "version", json_sprintf("%u", p->version));
}

/* What stands there as text or number, in seconds. */
static void put_length(json_t *exercise_, const struct plan *p) {
        const json_t *v = json_object_get(exercise_, "total_duration");
        int64_t t = json_is_string(v) ? strtoll(json_string_value(v), NULL, 10)
                                      : (int64_t)json_integer_value(v);
        int64_t taken = MAX(MIN(t * 1000, PLAN_LENGTH_MAX), PLAN_LENGTH_MIN) / 60000 * 60000;

        if (!v || t <= 0 || taken != p->length)
                json_object_set_new(exercise_, "total_duration",
                                    json_sprintf("%lld", (long long)(p->length / 1000)));
}

void cexf_write(const struct plan *p, struct buf *b) {
        struct out o = {p, json_array(), json_array(), json_array()};
        json_t *kept = parsed(p->xcexf), *ex = json_object_get(kept, "exercise"), *v;
        const char *key;
        size_t i;

        for (unsigned k = 0; k < p->n_steps; k++)
                step(&o, &p->steps[k]);
        for (unsigned k = 0; k < p->n_injects; k++)
                inject(&o, &p->injects[k]);
        json_array_foreach(json_object_get(kept, "inject_payloads"), i, v)
                json_array_append(o.payloads, v);
        ex = json_is_object(ex) ? json_incref(ex) : exercise(p);
        if (!same_text(text_at(ex, "name"), p->title.en, PLAN_TITLE_MAX))
                json_object_set_new(ex, "name", json_string(p->title.en));
        put_length(ex, p);
        put_meta(ex, p);
        json_t *root = json_pack("{so so so so}", "exercise", ex, "inject_flow", o.flow,
                                 "inject_payloads", o.payloads, "injects", o.injects);
        json_object_foreach(kept, key, v) if (!json_object_get(root, key))
                json_object_set(root, key, v);
        char *s = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
        if (s)
                buf_str(b, s);
        else
                b->failed = true;
        buf_char(b, '\n');
        free(s);
        json_decref(root);
        json_decref(kept);
}

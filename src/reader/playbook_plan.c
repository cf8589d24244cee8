/* What is run of a playbook, and what is shown of it, in one object (playbook.h). Only called for a document
 * without a fault, but looks before it takes all the same. */
#include <stdlib.h>

#include "base/utf8.h"
#include "reader/playbook_impl.h"

#define SHOWN_BYTES ((size_t)8 << 10)

/* A text for people, cut to what a page bears. */
static json_t *text(const json_t *o, const char *key) {
        const json_t *v = json_object_get(o, key);
        size_t all = json_string_length(v), n = MIN(all, SHOWN_BYTES);
        const char *s = json_string_value(v);

        if (!s)
                return json_null();
        while (n && n < all && (s[n] & 0xc0) == 0x80)
                n--;
        return json_stringn(s, n);
}

static json_t *copy(const json_t *o, const char *key) {
        json_t *v = json_object_get(o, key);

        return v ? json_incref(v) : json_null();
}

static json_t *list_or_none(const json_t *o, const char *key) {
        json_t *v = json_object_get(o, key);

        return v ? json_incref(v) : json_array();
}

static json_t *flag(const json_t *o, const char *key) {
        return json_boolean(json_is_true(json_object_get(o, key)));
}

/* ---- the whole ---- */

static json_t *variables(const json_t *root, const json_t *ext) {
        const json_t *about = json_object_get(ext, "variables_vi");
        json_t *list = json_array(), *v;
        const char *name;

        json_object_foreach(json_object_get(root, "playbook_variables"), name, v) {
                json_t *value = json_object_get(v, "value");
                json_t *o =
                        json_pack("{ss so so so so so so}", "name", name, "type", text(v, "type"),
                                  "about", text(v, "description"), "about_vi", text(about, name),
                                  "value", json_is_string(value) ? json_incref(value) : json_null(),
                                  "constant", flag(v, "constant"), "external", flag(v, "external"));
                if (json_array_append_new(list, o) < 0) {
                        json_decref(list);
                        return NULL;
                }
        }
        return list;
}

/* The strictest of its markings. */
static json_t *tlp(const json_t *root) {
        static const char *const levels[] = {"TLP:RED", "TLP:AMBER+STRICT", "TLP:AMBER",
                                             "TLP:GREEN", "TLP:CLEAR"};
        const json_t *all = json_object_get(root, "data_marking_definitions"), *id;
        size_t i, best = ARRAY_LEN(levels);

        json_array_foreach(json_object_get(root, "markings"), i, id) {
                const char *level =
                        playbook_text(json_object_get(all, json_string_value(id)), "tlpv2_level");

                for (size_t n = 0; level && n < best; n++)
                        if (strcmp(level, levels[n]) == 0)
                                best = n;
        }
        return best < ARRAY_LEN(levels) ? json_string(levels[best]) : json_null();
}

/* ---- steps, as they are run ---- */

static json_t *delay_of(const json_t *o) {
        int64_t ms = (int64_t)json_integer_value(json_object_get(o, "delay"));

        return ms > 0 ? json_integer((json_int_t)(ms / 1000)) : json_null();
}

/* Ours, or CACAO's timeout; what is longer than a quarter is no limit. */
static json_t *within_of(const struct step *s) {
        const json_t *ours = json_object_get(s->ext, "within_s");
        int64_t s_ = ours ? (int64_t)json_integer_value(ours)
                          : (int64_t)json_integer_value(json_object_get(s->o, "timeout")) / 1000;

        return s_ > 0 && s_ <= 90 * 86400 ? json_integer((json_int_t)s_) : json_null();
}

static int way(const struct reading *r, const struct step *s, enum edge_kind kind) {
        for (unsigned k = s->first; k < s->first + s->n; k++)
                if (r->edges[k].kind == kind)
                        return r->edges[k].to;
        return -1;
}

static json_t *branches(const struct reading *r, const struct step *s) {
        json_t *list = json_array();

        for (unsigned k = s->first; k < s->first + s->n; k++)
                if (r->edges[k].kind == EDGE_BRANCH)
                        json_array_append_new(list, json_integer(r->edges[k].to));
        return list;
}

static json_t *cases(const struct reading *r, const struct step *s) {
        const json_t *vi = json_object_get(s->ext, "cases_vi");
        json_t *list = json_array();

        for (unsigned k = s->first; k < s->first + s->n; k++)
                if (r->edges[k].kind == EDGE_CASE)
                        json_array_append_new(list,
                                              json_pack("{ss so sI}", "value", r->edges[k].label,
                                                        "title_vi", text(vi, r->edges[k].label),
                                                        "to", (json_int_t)r->edges[k].to));
        return list;
}

static json_t *step_json(const struct reading *r, const struct step *s) {
        return json_pack(
                "{ss ss so so so so so ss? so so so sI sI sI sI sI so so so so}", "id", s->id,
                "type", step_types[s->type], "name", text(s->o, "name"), "name_vi",
                text(s->ext, "name_vi"), "part", text(s->ext, "part"), "within_s", within_of(s),
                "delay_s", delay_of(s->o), "auto", s->verb, "with", copy(s->ext, "with"),
                "condition", text(s->o, "condition"), "switch", text(s->o, "switch"), "next",
                (json_int_t)way(r, s, EDGE_NEXT), "success", (json_int_t)way(r, s, EDGE_SUCCESS),
                "failure", (json_int_t)way(r, s, EDGE_FAILURE), "true",
                (json_int_t)way(r, s, EDGE_TRUE), "false", (json_int_t)way(r, s, EDGE_FALSE),
                "branches", branches(r, s), "cases", cases(r, s), "playbook",
                text(s->o, "playbook_id"), "out", list_or_none(s->o, "out_args"));
}

static json_t *steps(const struct reading *r) {
        json_t *list = json_array();

        for (unsigned i = 0; i < r->n_steps; i++)
                if (json_array_append_new(list, step_json(r, &r->steps[i])) < 0) {
                        json_decref(list);
                        return NULL;
                }
        return list;
}

static json_t *counts(const struct reading *r) {
        json_int_t n = 0, automatic = 0, parallel = 0, conditions = 0;

        for (unsigned i = 0; i < r->n_steps; i++) {
                enum step_type t = r->steps[i].type;

                n += t == STEP_ACTION || t == STEP_PLAYBOOK;
                automatic += r->steps[i].verb != NULL;
                parallel += t == STEP_PARALLEL;
                conditions += t == STEP_IF || t == STEP_WHILE || t == STEP_SWITCH;
        }
        return json_pack("{sI sI sI sI}", "steps", n, "automatic", automatic, "parallel", parallel,
                         "conditions", conditions);
}

json_t *playbook_plan(struct reading *r) {
        const json_t *o = r->root;
        const json_t *ext =
                json_object_get(json_object_get(o, "playbook_extensions"), PLAYBOOK_EXTENSION);
        json_t *graph = playbook_graph(r);
        json_t *head = json_pack(
                "{so so so so so so so so so so so so so so sI}", "cacao", text(o, "id"), "name",
                text(o, "name"), "name_vi", text(ext, "name_vi"), "about", text(o, "description"),
                "about_vi", text(ext, "description_vi"), "kinds",
                list_or_none(ext, "incident_kinds"), "labels", list_or_none(o, "labels"), "tlp",
                tlp(o), "created_by", text(o, "created_by"), "created", text(o, "created"),
                "modified", text(o, "modified"), "revoked", flag(o, "revoked"), "valid_from",
                text(o, "valid_from"), "valid_until", text(o, "valid_until"), "signatures",
                (json_int_t)json_array_size(json_object_get(o, "signatures")));
        json_t *run = json_pack("{so sI sI so so so}", "variables", variables(o, ext), "start",
                                (json_int_t)r->start, "exception", (json_int_t)r->exception,
                                "counts", counts(r), "steps", steps(r), "graph", graph);

        if (!head || !run || json_object_update(head, run) < 0) {
                json_decref(head);
                head = NULL;
                r->failed = true;
        }
        json_decref(run);
        return head ? head : json_null();
}

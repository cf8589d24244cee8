/* CEXF (MISP/cexf) in. There is no schema, only prose and a sample that breaks it: what is merely not as described is
 * taken and told; what cannot be understood at all (an inject that is not there) is a fault of its record.
 *
 * An inject of CEXF becomes an inject of ours; what its evaluations ask for becomes lines of points with the upper end of
 * `score_range` as weight. Whatever else they say (queries of tools, conditions of other platforms) is kept verbatim in
 * x-cexf and written out again (cexf_write.c). When the exercise was once written by us, meta.x-coloa holds the plan:
 * then that is taken, with what was changed since in names, times and length. */
#include <sodium.h>
#include <stdlib.h>

#include "exercise/exchange_impl.h"

#define RECORDS_MAX 2000u
#define FILE_TEXT_MAX ((size_t)12000)

struct cexf {
        struct import *im;
        const json_t *exercise, *flow, *payloads, *injects;
        json_t *ids; /* uuid: number of our inject */
};

static bool said(const json_t *o, const char *key) {
        const json_t *v = json_object_get(o, key);

        return v && !json_is_null(v);
}

static const char *text_at(const json_t *o, const char *key) {
        return json_string_value(json_object_get(o, key));
}

/* A number, or a text that is one (both are seen). -1: neither. */
static int64_t seconds(const json_t *v) {
        if (json_is_number(v)) {
                double d = json_number_value(v);

                return d >= 0 && d < 1e9 ? (int64_t)d : -1;
        }
        const char *s = json_string_value(v);
        char *end = NULL;
        long n = s && *s ? strtol(s, &end, 10) : -1;
        return end && *end == '\0' && n >= 0 && n < 1000000000 ? n : -1;
}

static bool is_uuid(const char *s) {
        if (strlen(s) != 36)
                return false;
        for (unsigned i = 0; i < 36; i++)
                if ((i == 8 || i == 13 || i == 18 || i == 23)
                            ? s[i] != '-'
                            : !strchr("0123456789abcdefABCDEF", s[i]))
                        return false;
        return true;
}

static const json_t *find(const json_t *list, const char *key, const char *value) {
        const json_t *o;
        size_t i;

        json_array_foreach(list, i, o) {
                const char *v = text_at(o, key);

                if (v && strcmp(v, value) == 0)
                        return o;
        }
        return NULL;
}

static const char *kept(struct import *im, const json_t *o, const char *where) {
        char *s = json_dumps(o, JSON_COMPACT);
        const char *r = NULL;

        if (!s)
                im->failed = true;
        else if (strlen(s) > PLAN_XCEXF_MAX)
                import_tell(im, 1, where, IMPORT_MANY, "256 KiB");
        else
                r = import_keep(im, span_str(s));
        free(s);
        return r;
}

/* ---- payloads ---- */

/* Base64 that is text; NULL: it is none. */
static char *decoded(const char *s) {
        size_t len = strlen(s), n = 0;
        char *to = len > (size_t)4 << 20 ? NULL : malloc(len + 1);

        if (!to)
                return NULL;
        if (sodium_base642bin((unsigned char *)to, len, s, len, " \r\n\t", &n, NULL,
                              sodium_base64_VARIANT_ORIGINAL) != 0 ||
            memchr(to, '\0', n)) {
                free(to);
                return NULL;
        }
        to[n] = '\0';
        return to;
}

static const char *file_name(struct import *im, const char *s) {
        char name[100];
        size_t n = 0;

        for (; *s && n + 1 < sizeof(name); s++)
                if ((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
                    (*s >= '0' && *s <= '9') || (n && strchr("._-", *s)))
                        name[n++] = *s;
        name[n] = '\0';
        return n ? import_keep(im, span_of(name, n)) : NULL;
}

static void payload(struct cexf *c, const json_t *p, struct plan_inject *x) {
        const json_t *par = json_object_get(p, "parameters");
        const char *raw = text_at(par, "contents"),
                   *content = text_at(par, "content") ? text_at(par, "content") : raw,
                   *how = text_at(par, "content-type"), *name = text_at(par, "filename");
        char *text = content && how && strcmp(how, "base64") == 0 ? decoded(content) : NULL;

        if (!text && content && (!how || strcmp(how, "base64") != 0))
                text = strdup(content);
        if (text && *text) {
                x->text = import_text(c->im, text, FILE_TEXT_MAX);
                x->file_name = name ? file_name(c->im, name) : NULL;
                if (x->file_name)
                        x->file = x->text;
        }
        free(text);
}

/* ---- an inject ---- */

static bool has_word(const json_t *v, const char *word) {
        const json_t *one;
        size_t i;

        if (json_is_string(v))
                return strcmp(json_string_value(v), word) == 0;
        json_array_foreach(v, i, one) if (json_is_string(one) &&
                                          strcmp(json_string_value(one), word) == 0) return true;
        return false;
}

static void evaluations(struct cexf *c, const json_t *o, struct plan_inject *x, const char *where) {
        const json_t *list = json_object_get(o, "inject_evaluation"), *e;
        size_t i;

        if (json_is_object(list)) { /* the prose says object, the sample a list */
                import_tell(c->im, 1, where, IMPORT_LAX, "inject_evaluation");
                return;
        }
        json_array_foreach(list, i, e) {
                const char *result = text_at(e, "result");
                int64_t top = seconds(json_array_get(json_object_get(e, "score_range"), 1));

                if (top < 0)
                        import_tell(c->im, 1,
                                    import_print(c->im, "%s.inject_evaluation[%zu]", where, i),
                                    IMPORT_LAX, "score_range");
                x->answer = true;
                import_expectation(c->im, x->id, FACT_ANSWERED,
                                   top > 0 ? (unsigned)MIN(top, 1000) : 1,
                                   result && *result ? result : x->title.en);
        }
        if (json_array_size(list))
                import_tell(c->im, 1, import_print(c->im, "%s.inject_evaluation", where),
                            IMPORT_KEPT, "parameters");
}

static void inject(struct cexf *c, const json_t *o, size_t number) {
        const char *where = import_print(c->im, "injects[%zu]", number), *name = text_at(o, "name"),
                   *uuid = text_at(o, "uuid"), *action = text_at(o, "action"),
                   *resource = text_at(o, "action_payload_resource_uuid");
        const json_t *p = NULL, *flow = uuid ? find(c->flow, "inject_uuid", uuid) : NULL;

        if (!json_is_object(o) || !name || !uuid) {
                import_tell(c->im, 1, where, json_is_object(o) ? IMPORT_MISSING : IMPORT_SHAPE,
                            !json_is_object(o) ? "inject"
                            : name             ? "uuid"
                                               : "name");
                return;
        }
        if (!is_uuid(uuid))
                import_tell(c->im, 1, where, IMPORT_LAX, import_print(c->im, "%.60s", uuid));
        if (json_object_get(c->ids, uuid)) {
                import_tell(c->im, 1, where, IMPORT_TWICE, import_print(c->im, "%.60s", uuid));
                return;
        }
        if (resource && !(p = find(c->payloads, "uuid", resource))) {
                import_tell(c->im, 1, import_print(c->im, "%s.action_payload_resource_uuid", where),
                            IMPORT_REFERENCE, import_print(c->im, "%.60s", resource));
                return;
        }
        struct plan_inject *x = import_inject(c->im);
        if (!x)
                return;
        x->id = import_id(c->im, name, "inject");
        x->kind =
                action && strcmp(action, "email_to_participants") == 0 ? INJECT_MAIL : INJECT_NOTE;
        x->title = import_text(c->im, name, PLAN_TITLE_MAX);
        x->from = x->file = (struct plan_text){"", ""};
        const char *about = text_at(o, "description");
        if (!about || !*about)
                about = text_at(flow, "description");
        x->text = import_text(c->im, about && *about ? about : name, 2000);
        x->when = (struct plan_when){.at = 0, .condition = -1};
        if (p)
                payload(c, p, x);
        if (!*x->title.en)
                x->title = (struct plan_text){"(no name)", "(không tên)"};
        if (!*x->text.en)
                x->text = x->title;
        json_object_set_new(c->ids, uuid, json_integer((json_int_t)c->im->plan.n_injects - 1));
        evaluations(c, o, x, where);
        json_t *all = json_pack("{sO? sO? sO?}", "inject", o, "flow", flow, "payload", p);
        for (const char *const *k = (const char *const[]){"inject", "flow", "payload", NULL}; *k;
             k++)
                if (json_is_null(json_object_get(all, *k)))
                        json_object_del(all, *k);
        x->xcexf = kept(c->im, all, where);
        json_decref(all);
}

/* ---- the flow ---- */

static int number_of(const struct cexf *c, const char *uuid) {
        const json_t *v = uuid ? json_object_get(c->ids, uuid) : NULL;

        return v ? (int)json_integer_value(v) : -1;
}

#define NEEDS_MAX 16u

/* After others were answered (all, or any of them), or at half time if they never are. */
static void require(struct cexf *c, struct plan_inject *x, const int *others, unsigned n,
                    bool any) {
        const char *id = c->im->injects[others[n - 1]].id;
        int root = import_conditions(c->im, 1), first = root;

        if (n > 1 && root >= 0)
                first = import_conditions(c->im, n);
        if (root < 0 || first < 0)
                return;
        if (n > 1)
                c->im->conditions[root] = (struct plan_condition){
                        .op = any ? PLAN_ANY : PLAN_ALL, .first = (unsigned)first, .n = n};
        for (unsigned i = 0; i < n; i++)
                c->im->conditions[first + (int)i] =
                        (struct plan_condition){.op = PLAN_FACT,
                                                .fact = FACT_ANSWERED,
                                                .object = c->im->injects[others[i]].id};
        x->when = (struct plan_when){.at = -1,
                                     .after = id,
                                     .condition = root,
                                     .wait = true,
                                     .until = c->im->plan.length / 2 / 60000 * 60000};
}

/* An object, or (elsewhere) a list of them. */
static void requirements(struct cexf *c, const json_t *needs, struct plan_inject *x,
                         const char *where) {
        const char *join =
                text_at(json_is_array(needs) ? json_array_get(needs, 0) : needs, "join_type");
        size_t n_needs = json_is_array(needs) ? json_array_size(needs) : 1;
        int others[NEEDS_MAX];
        unsigned n = 0;

        for (size_t i = 0; i < MIN(n_needs, (size_t)NEEDS_MAX); i++) {
                const char *uuid = text_at(json_is_array(needs) ? json_array_get(needs, i) : needs,
                                           "inject_uuid");

                if (!uuid)
                        continue;
                others[n] = number_of(c, uuid);
                if (others[n] >= 0)
                        n++;
                else
                        import_tell(c->im, 1, import_print(c->im, "%s.requirements", where),
                                    IMPORT_REFERENCE, import_print(c->im, "%.60s", uuid));
        }
        if (n)
                require(c, x, others, n, join && strcmp(join, "any") == 0);
}

static void step_of_flow(struct cexf *c, const json_t *f, size_t number) {
        const char *where = import_print(c->im, "inject_flow[%zu]", number),
                   *uuid = text_at(f, "inject_uuid");
        const json_t *timing = json_object_get(f, "timing"),
                     *sequence = json_object_get(f, "sequence"),
                     *needs = json_object_get(f, "requirements");
        int at = number_of(c, uuid);

        if (!uuid) {
                import_tell(c->im, 1, where, IMPORT_MISSING, "inject_uuid");
                return;
        }
        if (at < 0) {
                if (!find(c->injects, "uuid", uuid))
                        import_tell(c->im, 1, where, IMPORT_REFERENCE,
                                    import_print(c->im, "%.60s", uuid));
                return;
        }
        struct plan_inject *x = &c->im->injects[at];
        int64_t t = seconds(json_object_get(timing, "triggered_at"));
        if (json_is_string(json_object_get(sequence, "trigger")))
                import_tell(c->im, 1, where, IMPORT_LAX, "sequence.trigger");
        if (said(timing, "periodic_run_every"))
                import_tell(c->im, 1, where, IMPORT_KEPT, "periodic_run_every");
        if (t >= 0) {
                x->when.at = MIN(t * 1000, c->im->plan.length / 2);
                return;
        }
        if (!has_word(json_object_get(sequence, "trigger"), "startex"))
                requirements(c, needs, x, where);
}

/* What follows and asks for nothing itself comes a little later. */
static void followers(struct cexf *c, const json_t *f, size_t number) {
        const json_t *list = json_object_get(json_object_get(f, "sequence"), "followed_by"), *v;
        int from = number_of(c, text_at(f, "inject_uuid"));
        size_t i;

        json_array_foreach(list, i, v) {
                int to = number_of(c, json_string_value(v));

                if (to < 0) {
                        import_tell(c->im, 1,
                                    import_print(c->im, "inject_flow[%zu].sequence.followed_by",
                                                 number),
                                    IMPORT_REFERENCE,
                                    import_print(c->im, "%.60s",
                                                 json_is_string(v) ? json_string_value(v) : "?"));
                        continue;
                }
                struct plan_when *w = &c->im->injects[to].when;
                if (from >= 0 && from != to && w->at == 0 && !w->after) {
                        w->at = -1;
                        w->after = c->im->injects[from].id;
                        w->delay = 60000;
                }
        }
}

static void cycles(struct cexf *c) {
        struct plan *p = &c->im->plan;

        p->injects = c->im->injects;
        for (unsigned i = 0; i < p->n_injects; i++) {
                unsigned n = 0;
                int at = (int)i;

                while (at >= 0 && n++ <= p->n_injects)
                        at = c->im->injects[at].when.after
                                     ? plan_find_inject(p, c->im->injects[at].when.after)
                                     : -1;
                if (at >= 0) {
                        import_tell(c->im, 1, "inject_flow", IMPORT_CYCLE, c->im->injects[i].id);
                        return;
                }
        }
}

/* ---- what we wrote ourselves ---- */

static const json_t *ours(const json_t *meta) {
        const json_t *one, *found = json_object_get(meta, "x-coloa");
        size_t i;

        json_array_foreach(meta, i, one) if (json_object_get(one, "x-coloa")) found =
                json_object_get(one, "x-coloa");
        return json_object_get(found, "plan");
}

static void changed_inject(struct cexf *c, struct plan_inject *x, const char *uuid) {
        const json_t *o = find(c->injects, "uuid", uuid), *f = find(c->flow, "inject_uuid", uuid);
        const char *name = text_at(o, "name");
        int64_t t = seconds(json_object_get(json_object_get(f, "timing"), "triggered_at"));

        if (!o) {
                import_tell(c->im, 1, "injects", IMPORT_PLAN, x->id);
                return;
        }
        if (name && strcmp(name, x->title.en) != 0)
                x->title.en = import_text(c->im, name, PLAN_TITLE_MAX).en;
        if (t >= 0 && !x->when.after && t * 1000 <= PLAN_LENGTH_MAX)
                x->when.at = t * 1000;
}

static void take_plan(struct cexf *c, const json_t *plan) {
        struct import *im = c->im;
        char *s = json_dumps(plan, JSON_COMPACT);
        int r = s ? plan_load(span_str(s), &im->loaded) : -ENOMEM;

        free(s);
        if (r < 0) {
                import_tell(im, 1, "exercise.meta.x-coloa", IMPORT_PLAN, "plan");
                return;
        }
        im->plan = *im->loaded;
        memcpy(im->steps, im->plan.steps, im->plan.n_steps * sizeof(*im->steps));
        memcpy(im->injects, im->plan.injects, im->plan.n_injects * sizeof(*im->injects));
        memcpy(im->expectations, im->plan.expectations,
               im->plan.n_expectations * sizeof(*im->expectations));
        memcpy(im->conditions, im->plan.conditions,
               im->plan.n_conditions * sizeof(*im->conditions));
        const char *name = text_at(c->exercise, "name");
        int64_t length = seconds(json_object_get(c->exercise, "total_duration"));
        if (name && strcmp(name, im->plan.title.en) != 0)
                im->plan.title.en = import_text(im, name, PLAN_TITLE_MAX).en;
        if (length * 1000 >= PLAN_LENGTH_MIN && length * 1000 <= PLAN_LENGTH_MAX)
                im->plan.length = length * 1000;
        for (unsigned i = 0; i < im->plan.n_injects; i++) {
                char uuid[37];

                cexf_uuid(&im->plan, &im->injects[i], uuid);
                changed_inject(c, &im->injects[i], uuid);
        }
}

/* ---- the whole ---- */

static void others(struct cexf *c, const json_t *root) {
        json_t *all = json_object(), *unused = json_array();
        const char *key;
        const json_t *v;
        size_t i;

        json_object_foreach((json_t *)(uintptr_t)root, key,
                            v) if (strcmp(key, "inject_flow") != 0 && strcmp(key, "injects") != 0 &&
                                   strcmp(key, "inject_payloads") != 0)
                json_object_set(all, key, (json_t *)(uintptr_t)v);
        json_array_foreach(c->payloads, i, v) {
                const char *uuid = text_at(v, "uuid");

                if (!uuid || !find(c->injects, "action_payload_resource_uuid", uuid))
                        json_array_append(unused, (json_t *)(uintptr_t)v);
        }
        if (json_array_size(unused))
                json_object_set(all, "inject_payloads", unused);
        c->im->plan.xcexf = kept(c->im, all, "exercise");
        json_decref(unused);
        json_decref(all);
}

static const char *level_of(const json_t *exercise) {
        const json_t *meta = json_object_get(exercise, "meta");
        const char *s =
                text_at(meta, "level") ? text_at(meta, "level") : text_at(exercise, "level");

        return plan_levels[!s                                                       ? 0
                           : strcmp(s, "intermediate") == 0                         ? 1
                           : strcmp(s, "advanced") == 0 || strcmp(s, "expert") == 0 ? 2
                                                                                    : 0];
}

static void read_all(struct cexf *c, const json_t *root) {
        struct import *im = c->im;
        const char *name = text_at(c->exercise, "name"),
                   *about = text_at(c->exercise, "description"),
                   *more = text_at(c->exercise, "expanded");
        int64_t length = seconds(json_object_get(c->exercise, "total_duration"));
        const json_t *o;
        size_t i;

        if (length < 0)
                import_tell(im, 1, "exercise", IMPORT_LAX, "total_duration");
        if (json_is_object(json_object_get(c->exercise, "meta")))
                import_tell(im, 1, "exercise", IMPORT_LAX, "meta");
        import_frame(im, import_id(im, name, "imported"), name, more && *more ? more : about,
                     length > 0 ? length * 1000 : 3600000);
        im->plan.level = level_of(c->exercise);
        json_array_foreach(c->injects, i, o) inject(c, o, i);
        json_array_foreach(c->flow, i, o) step_of_flow(c, o, i);
        json_array_foreach(c->flow, i, o) followers(c, o, i);
        cycles(c);
        others(c, root);
        import_tell(im, 1, "", IMPORT_DRAFT, NULL);
}

int cexf_read(struct import *im, const json_t *root) {
        struct cexf c = {.im = im,
                         .exercise = json_object_get(root, "exercise"),
                         .flow = json_object_get(root, "inject_flow"),
                         .payloads = json_object_get(root, "inject_payloads"),
                         .injects = json_object_get(root, "injects"),
                         .ids = json_object()};
        const json_t *plan = ours(json_object_get(c.exercise, "meta"));

        if (!c.ids)
                return -ENOMEM;
        if (!json_is_object(c.exercise))
                import_tell(im, 1, "", c.exercise ? IMPORT_SHAPE : IMPORT_MISSING, "exercise");
        if (!json_is_array(c.injects))
                import_tell(im, 1, "", c.injects ? IMPORT_SHAPE : IMPORT_MISSING, "injects");
        if (!json_is_array(c.flow))
                import_tell(im, 1, "", c.flow ? IMPORT_SHAPE : IMPORT_MISSING, "inject_flow");
        if (!json_is_array(c.payloads))
                import_tell(im, 1, "", IMPORT_LAX, "inject_payloads");
        if (json_array_size(c.injects) > RECORDS_MAX || json_array_size(c.flow) > RECORDS_MAX ||
            json_array_size(c.payloads) > RECORDS_MAX)
                import_tell(im, 1, "", IMPORT_MANY, "2000");
        else if (plan)
                take_plan(&c, plan);
        else if (json_is_object(c.exercise))
                read_all(&c, root);
        json_decref(c.ids);
        return 0;
}

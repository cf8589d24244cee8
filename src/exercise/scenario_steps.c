/* Of a scenario: its steps, and what each plays. Activities are held against the catalogue (exercise/activity.h). */
#include "exercise/activity.h"
#include "exercise/scenario_impl.h"
#include "report/attack.h"

/* ---- ids first ---- */

static void once(struct scenario *s, const struct node *at, const char *id) {
        const struct node *other = NULL;
        int i;

        if ((i = plan_find_step(&s->plan, id)) >= 0)
                other = s->at.steps[i];
        else if ((i = plan_find_inject(&s->plan, id)) >= 0)
                other = s->at.injects[i];
        if (other && other != at)
                TELL(s, node_get(at, "id"), RULE_ID_TWICE, id,
                     scenario_print(s, "%u", other->line));
}

#define IDS(member, type, max)                                                                     \
        do {                                                                                       \
                unsigned n_;                                                                       \
                const struct node *c_ = scenario_list(s, s->root, #member, max, &n_);              \
                struct plan_##type *x_ = scenario_room(s, n_, sizeof(*x_));                        \
                s->at.member = scenario_room(s, n_, sizeof(*s->at.member));                        \
                s->plan.member = x_;                                                               \
                for (unsigned i_ = 0; x_ && s->at.member && c_ && i_ < n_; i_++, c_ = c_->next) {  \
                        s->at.member[i_] = c_;                                                     \
                        x_[i_].id = scenario_id(s, c_);                                            \
                        once(s, c_, x_[i_].id);                                                    \
                        s->plan.n_##member = i_ + 1;                                               \
                }                                                                                  \
        } while (0)

void scenario_story_ids(struct scenario *s) {
        /* Injects alone are a table-top exercise. */
        if (!node_get(s->root, "injects"))
                scenario_get(s, s->root, "steps", REQUIRED);
        IDS(steps, step, PLAN_STEPS_MAX);
        IDS(injects, inject, PLAN_INJECTS_MAX);
}

/* ---- ATT&CK ---- */

static void attack(struct scenario *s, const struct node *o, struct plan_step *x) {
        const char *keys[ATTACK_TACTICS];
        int tactic = -1;

        for (unsigned i = 0; i < ATTACK_TACTICS; i++)
                keys[i] = attack_tactic(i)->key;
        x->technique = scenario_text(s, o, "technique", OPTIONAL, 100);
        x->tactic = scenario_text(s, o, "tactic", OPTIONAL, 100);
        const struct attack_technique *t =
                x->technique ? attack_technique(span_str(x->technique)) : NULL;
        if (x->technique && *x->technique && !t)
                TELL(s, node_get(o, "technique"), RULE_TECHNIQUE, x->technique);
        for (unsigned i = 0; x->tactic && i < ATTACK_TACTICS; i++)
                if (strcmp(x->tactic, keys[i]) == 0)
                        tactic = (int)i;
        if (x->tactic && *x->tactic && tactic < 0) {
                const char *near = scenario_near(x->tactic, keys, ATTACK_TACTICS);
                char all[400] = "";

                for (unsigned i = 0; i < ATTACK_TACTICS; i++)
                        snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s",
                                 i ? "', '" : "", keys[i]);
                if (strcmp(x->tactic, "defense-evasion") == 0) /* until version 18 */
                        near = "stealth', 'defense-impairment";
                TELL(s, node_get(o, "tactic"), RULE_TACTIC, x->tactic, near ? near : all);
        }
        if (t && tactic >= 0 && !(t->tactics & 1u << tactic))
                TELL(s, node_get(o, "tactic"), RULE_TACTIC_OTHER, t->id, x->tactic);
        if (!x->technique && !x->background)
                TELL(s, o, RULE_TECHNIQUE_NONE, x->id);
}

/* ---- activities ---- */

static const char *object_of(struct scenario *s, const struct node *o, const char *key,
                             int (*find)(const struct plan *, const char *)) {
        const char *id = scenario_text(s, o, key, OPTIONAL, 100), *near;

        if (!id || !*id || find(&s->plan, id) >= 0)
                return id && *id ? id : NULL;
        near = scenario_near_object(s, id);
        if (near && find(&s->plan, near) >= 0)
                TELL(s, node_get(o, key), RULE_REFERENCE_NEAR, id, near);
        else
                TELL(s, node_get(o, key), RULE_REFERENCE, id, key,
                     strcmp(key, "host") == 0      ? "máy"
                     : strcmp(key, "account") == 0 ? "tài khoản"
                                                   : "đối tượng bên ngoài");
        return NULL;
}

static void needs(struct scenario *s, const struct node *o, const struct activity *kind,
                  const struct plan_activity *a) {
        static const char *const names[] = {"host", "account", "outside"};
        const char *const have[] = {a->host, a->account, a->outside};

        for (unsigned i = 0; i < 3; i++)
                if (kind->needs & 1u << i && !have[i] && !node_get(o, names[i]))
                        TELL(s, o, RULE_ACTIVITY_NEEDS, kind->name, names[i]);
}

static bool seen(const struct activity *kind, const struct plan_host *h) {
        if (!*kind->sources)
                return true;
        for (unsigned i = 0; i < h->n_sources; i++)
                if (activity_lists(kind->sources, h->sources[i]) ||
                    activity_lists(kind->more, h->sources[i]))
                        return true;
        return false;
}

static void place(struct scenario *s, const struct node *o, const struct activity *kind,
                  const struct plan_activity *a) {
        int i = a->host ? plan_find_host(&s->plan, a->host) : -1;
        const struct plan_host *h = i >= 0 ? &s->plan.hosts[i] : NULL;
        const struct node *at = node_get(o, "host");

        if (!h)
                return;
        if (!(kind->os & 1u << h->os))
                TELL(s, at, RULE_ACTIVITY_OS, kind->name, h->id, plan_oses[h->os]);
        else if (kind->kinds && !(kind->kinds & 1u << h->kind))
                TELL(s, at, RULE_ACTIVITY_KIND, kind->name, h->id, plan_host_kinds[h->kind]);
        else if (!seen(kind, h))
                TELL(s, at, RULE_ACTIVITY_SILENT, kind->name, h->id, kind->sources);
}

static const char *wanted(struct scenario *s, const struct activity_param *p) {
        switch (p->type) {
        case VALUE_COUNT:
                return scenario_print(s, "%lld … %lld", (long long)p->min, (long long)p->max);
        case VALUE_TIME: return scenario_print(s, "90s, 5m … %lldm", (long long)(p->max / 60000));
        case VALUE_BYTES: return "64k, 700M, 3G";
        case VALUE_BOOL: return "true, false";
        case VALUE_WORD: return p->words;
        case VALUE_HOST: return "network: hosts: id";
        case VALUE_ACCOUNT: return "network: accounts: id";
        case VALUE_OUTSIDE: return "network: outside: id";
        default: return scenario_print(s, "≤ %u byte", ACTIVITY_TEXT_MAX);
        }
}

static void value(struct scenario *s, const struct node *at, const struct activity_param *p,
                  const char *v) {
        int64_t n;
        int r = activity_value(p, v, &n);

        if (r == -ERANGE)
                TELL(s, at, RULE_PARAM_BOUNDS, p->name, v, wanted(s, p));
        else if (r < 0 || (p->type == VALUE_HOST && plan_find_host(&s->plan, v) < 0) ||
                 (p->type == VALUE_ACCOUNT && plan_find_account(&s->plan, v) < 0) ||
                 (p->type == VALUE_OUTSIDE && plan_find_outside(&s->plan, v) < 0))
                TELL(s, at, RULE_PARAM_VALUE, p->name, v, wanted(s, p));
        else if (p->type == VALUE_TEXT)
                scenario_safe(s, at, p->name, v);
}

static void with(struct scenario *s, const struct node *o, const struct activity *kind,
                 struct plan_activity *a) {
        const struct node *map = node_get(o, "with"), *c;
        const char *names[ACTIVITY_PARAMS_MAX], *near;
        struct plan_with *w;

        for (unsigned i = 0; i < kind->n_params; i++) {
                names[i] = kind->params[i].name;
                if (kind->params[i].required && !node_get(map, names[i]))
                        TELL(s, map ? map : o, RULE_PARAM_MISSING, kind->name, names[i]);
        }
        if (!map)
                return;
        if (map->kind != NODE_MAP) {
                TELL(s, map, RULE_TYPE, "with", "a mapping of keys", "bảng các khóa");
                return;
        }
        if (map->n > PLAN_WITH_MAX)
                TELL(s, map, RULE_LIST_LONG, "with", scenario_print(s, "%u", PLAN_WITH_MAX));
        a->with = w = scenario_room(s, MIN(map->n, PLAN_WITH_MAX), sizeof(*w));
        for (c = map->first; w && c && a->n_with < PLAN_WITH_MAX; c = c->next) {
                const struct activity_param *p = activity_param_find(kind, c->key->text.p);

                if (!p) {
                        near = scenario_near(c->key->text.p, names, kind->n_params);
                        TELL(s, c->key, RULE_PARAM, kind->name, c->key->text.p,
                             near             ? near
                             : kind->n_params ? names[0]
                                              : "-");
                        continue;
                }
                if (c->kind != NODE_SCALAR) {
                        TELL(s, c, RULE_PARAM_VALUE, p->name, "…", wanted(s, p));
                        continue;
                }
                w[a->n_with].name = p->name;
                w[a->n_with].value = scenario_keep(s, span_trim(c->text));
                value(s, c, p, w[a->n_with++].value);
        }
}

/* Whether the activity shows the step's technique, its parent, or one of its kind. */
static bool shows(const struct activity *kind, const char *technique) {
        size_t n = strcspn(technique, ".");

        for (const char *p = kind->techniques; *p;) {
                size_t len = strcspn(p, " ");

                if (strncmp(p, technique, n) == 0 && (p[n] == '\0' || p[n] == ' ' || p[n] == '.'))
                        return true;
                p += len + strspn(p + len, " ");
        }
        return false;
}

static void technique_of(struct scenario *s, const struct node *o, const struct plan_step *x) {
        const struct activity *kind = NULL;

        if (!x->technique || x->background)
                return;
        for (unsigned i = 0; i < x->n_activities; i++) {
                kind = activity_find(x->activities[i].activity);
                if (!kind || shows(kind, x->technique))
                        return;
        }
        if (kind)
                TELL(s, node_get(o, "technique"), RULE_ACTIVITY_OTHER, kind->name, kind->techniques,
                     x->technique);
}

/* One with a like name, else one that shares a word of it ("usb_insert": usb_copy); NULL: none. */
static const char *near_activity(struct scenario *s, const char *name) {
        const char **table = scenario_room(s, n_activities, sizeof(*table));

        for (unsigned i = 0; table && i < n_activities; i++)
                table[i] = activities[i].name;
        const char *near = table ? scenario_near(name, table, n_activities) : NULL;
        for (const char *p = name; table && !near && *p;) {
                size_t len = strcspn(p, "_-");

                for (unsigned i = 0; i < n_activities && len >= 3 && !near; i++)
                        if (memmem(table[i], strlen(table[i]), p, len))
                                near = table[i];
                p += len + strspn(p + len, "_-");
        }
        return near;
}

static void activity(struct scenario *s, const struct node *o, const struct plan_step *x,
                     struct plan_activity *a) {
        a->activity = "";
        if (!scenario_keys(s, o, "activities", "activity host account outside offset with"))
                return;
        const char *name = scenario_text(s, o, "activity", REQUIRED, 100);
        a->host = object_of(s, o, "host", plan_find_host);
        a->account = object_of(s, o, "account", plan_find_account);
        a->outside = object_of(s, o, "outside", plan_find_outside);
        a->offset = scenario_time(s, o, "offset", 0, PLAN_LENGTH_MAX, 0);
        if (!name || !*name)
                return;
        a->activity = name;
        const struct activity *kind = activity_find(name);
        if (!kind) {
                const char *near = near_activity(s, name);

                TELL(s, node_get(o, "activity"), near ? RULE_ACTIVITY : RULE_ACTIVITY_STRANGE, name,
                     near);
                return;
        }
        needs(s, o, kind, a);
        place(s, o, kind, a);
        with(s, o, kind, a);
        int i = a->outside ? plan_find_outside(&s->plan, a->outside) : -1;
        if (x->background && i >= 0 && s->plan.outside[i].attacker)
                TELL(s, node_get(o, "outside"), RULE_BACKGROUND, a->outside);
}

/* ---- a step ---- */

static void add_target(const char **list, unsigned *n, const char *id) {
        for (unsigned i = 0; i < *n; i++)
                if (strcmp(list[i], id) == 0)
                        return;
        if (id && *n < PLAN_OBJECTS_MAX)
                list[(*n)++] = id;
}

/* As written, else what the activities touch. */
static void targets(struct scenario *s, const struct node *o, struct plan_step *x) {
        const struct node *list = node_get(o, "targets"), *c;
        const char **t;

        if (list) {
                x->targets = scenario_words(s, o, "targets", PLAN_OBJECTS_MAX, &x->n_targets);
                c = list->first;
                for (unsigned i = 0; i < x->n_targets && c; i++, c = c->next) {
                        const char *near;

                        if (!*x->targets[i] || scenario_object(s, x->targets[i]))
                                continue;
                        near = scenario_near_object(s, x->targets[i]);
                        if (near)
                                TELL(s, c, RULE_REFERENCE_NEAR, x->targets[i], near);
                        else
                                TELL(s, c, RULE_REFERENCE, x->targets[i],
                                     "host, account or outside",
                                     "máy, tài khoản hay đối tượng bên ngoài");
                }
                return;
        }
        x->targets = t = scenario_room(s, PLAN_OBJECTS_MAX, sizeof(*t));
        for (unsigned i = 0; t && i < x->n_activities; i++) {
                const struct plan_activity *a = &x->activities[i];

                if (a->host)
                        add_target(t, &x->n_targets, a->host);
                if (a->account)
                        add_target(t, &x->n_targets, a->account);
                if (a->outside)
                        add_target(t, &x->n_targets, a->outside);
        }
}

static void step(struct scenario *s, const struct node *o, struct plan_step *x) {
        x->title = x->text = (struct plan_text){"", ""};
        x->when = (struct plan_when){.at = 0, .condition = -1};
        if (!scenario_keys(s, o, "steps",
                           "id title text technique tactic at after delay when wait_until "
                           "background targets activities"))
                return;
        x->background = scenario_flag(s, o, "background", false);
        x->title = scenario_both(s, o, "title", REQUIRED, PLAN_TITLE_MAX);
        x->text = scenario_both(s, o, "text", OPTIONAL, PLAN_TEXT_MAX);
        attack(s, o, x);
        scenario_when(s, o, &x->when);
        const struct node *c =
                scenario_list(s, o, "activities", PLAN_ACTIVITIES_MAX, &x->n_activities);
        struct plan_activity *a = scenario_room(s, x->n_activities, sizeof(*a));
        x->activities = a;
        if (!a)
                x->n_activities = 0;
        for (unsigned i = 0; c && i < x->n_activities; i++, c = c->next)
                activity(s, c, x, &a[i]);
        technique_of(s, o, x);
        targets(s, o, x);
        if (!node_get(o, "activities"))
                TELL(s, o, RULE_STEP_EMPTY, x->id);
}

void scenario_story(struct scenario *s) {
        for (unsigned i = 0; i < s->plan.n_steps; i++)
                step(s, s->at.steps[i], (struct plan_step *)(uintptr_t)&s->plan.steps[i]);
}

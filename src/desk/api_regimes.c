/* The law as the pages need it. It is given as rules/regime.c made it, with names that fit the rest of the API;
 * what a regime does not say is null. */
#include <stdlib.h>

#include "desk/api.h"
#include "desk/desk_impl.h"

static json_t *of(const json_t *o, const char *name) {
        json_t *v = json_object_get(o, name);

        return v ? json_incref(v) : json_null();
}

/* "to:from" or "name": what is taken of an entry, and how it is called. */
static json_t *pick(const json_t *from, const char *const *names) {
        json_t *o = json_object();

        for (; *names; names++) {
                const char *colon = strchr(*names, ':');
                char to[32];

                snprintf(to, sizeof(to), "%.*s",
                         colon ? (int)(colon - *names) : (int)strlen(*names), *names);
                json_object_set_new(o, to, of(from, colon ? colon + 1 : *names));
        }
        return o;
}

static json_t *pick_all(const json_t *list, const char *const *names) {
        json_t *all = json_array();
        const json_t *e;
        size_t i;

        json_array_foreach(list, i, e) json_array_append_new(all, pick(e, names));
        return all;
}

/* A map by name becomes a list of entries with `id`. */
static json_t *pick_map(const json_t *map, const char *const *names) {
        json_t *all = json_array(), *e;
        const char *id;

        json_object_foreach((json_t *)(uintptr_t)map, id, e) {
                json_t *o = pick(e, names);

                json_object_set_new(o, "id", json_string(id));
                json_array_append_new(all, o);
        }
        return all;
}

static json_t *head_of(struct api_call *c, const json_t *regime) {
        static const char *const names[] = {"id", "country", "from", "until", "zone", NULL};
        const json_t *name = json_object_get(regime, "name"),
                     *notice = json_object_get(regime, "notice");
        json_t *o = pick(regime, names);

        json_object_set_new(o, "name", of(name, "en"));
        json_object_set_new(o, "name_vi", of(name, "vi"));
        json_object_set_new(o, "notice", of(notice, "en"));
        json_object_set_new(o, "notice_vi", of(notice, "vi"));
        json_object_set_new(o, "in_force",
                            json_boolean(regime_at(c->desk->regimes, c->now) == regime));
        return o;
}

static int regimes_list(struct api_call *c) {
        json_t *items = json_array();

        c->answer = json_pack("{s:o}", "items", items);
        for (size_t i = 0; c->desk->regimes && i < regime_count(c->desk->regimes); i++)
                json_array_append_new(items, head_of(c, regime_nth(c->desk->regimes, i)));
        return c->answer ? 0 : FAIL(-ENOMEM);
}

static json_t *periodic_of(struct api_call *c, const json_t *regime) {
        static const char *const names[] = {"id",     "en", "vi",     "basis", "checked:status",
                                            "before", "to", "report", NULL};
        const json_t *list = json_object_get(regime, "periodic"), *e;
        json_t *all = json_array();
        size_t i;

        json_array_foreach(list, i, e) {
                const char *id;
                int64_t due = TIME_NONE;
                json_t *o = pick(e, names);

                if (!regime_periodic(regime, i, c->now, &id, &due))
                        due = TIME_NONE;
                json_object_set_new(o, "next", api_json_time(due));
                json_array_append_new(all, o);
        }
        return all;
}

static json_t *levels_of(const json_t *levels) {
        static const char *const names[] = {"level", "en", "vi", NULL};
        const json_t *approval = json_object_get(levels, "approval"), *e;
        json_t *all = json_array();
        size_t i;

        json_array_foreach(json_object_get(levels, "list"), i, e) {
                json_t *o = pick(e, names);
                char level[32];

                snprintf(level, sizeof(level), "%lld",
                         (long long)json_integer_value(json_object_get(e, "level")));
                json_object_set_new(o, "approval", of(approval, level));
                json_array_append_new(all, o);
        }
        return all;
}

static void put_body(struct api_call *c, const json_t *regime, json_t *to) {
        static const char *const plain[] = {"id", "en", "vi", NULL};
        static const char *const laws[] = {"en", "vi", "checked:status", NULL};
        static const char *const words[] = {"en", "vi", NULL};
        static const char *const questions[] = {
                "id", "en", "vi", "basis", "only_if", "checked:status", NULL};
        static const char *const clocks[] = {"id",
                                             "en",
                                             "vi",
                                             "to",
                                             "basis",
                                             "within_s:within",
                                             "when",
                                             "report",
                                             "expect_s:expect",
                                             "checked:status",
                                             NULL};
        static const char *const reports[] = {"id",       "en",     "vi", "basis",
                                              "official", "fields", NULL};
        static const char *const serious[] = {"basis", "checked:status", NULL};
        const json_t *severity = json_object_get(regime, "severity");
        const json_t *test = json_object_get(regime, "serious"),
                     *note = json_object_get(test, "note");
        const json_t *levels = json_object_get(regime, "levels");
        json_t *s = pick(test, serious);

        json_object_set_new(s, "note", of(note, "en"));
        json_object_set_new(s, "note_vi", of(note, "vi"));
        json_object_set_new(to, "serious", s);
        json_object_set_new(to, "laws", pick_map(json_object_get(regime, "laws"), laws));
        json_object_set_new(to, "recipients",
                            pick_map(json_object_get(regime, "recipients"), words));
        json_object_set_new(to, "kinds", pick_all(json_object_get(regime, "kinds"), plain));
        json_object_set_new(to, "harms", pick_all(json_object_get(severity, "harms"), plain));
        json_object_set_new(
                to, "activities",
                pick_all(json_object_get(json_object_get(regime, "activities"), "list"), plain));
        json_object_set_new(to, "questions",
                            pick_all(json_object_get(regime, "questions"), questions));
        json_object_set_new(to, "clocks", pick_all(json_object_get(regime, "clocks"), clocks));
        json_object_set_new(to, "periodic", periodic_of(c, regime));
        json_object_set_new(to, "reports", pick_all(json_object_get(regime, "reports"), reports));
        json_object_set_new(to, "severity", of(severity, "table"));
        json_object_set_new(to, "levels", levels_of(levels));
        json_object_set_new(to, "levels_basis", of(levels, "basis"));
}

static int regimes_get(struct api_call *c) {
        struct span id = api_text(c, "id");
        const json_t *regime = NULL;

        if (c->desk->regimes)
                regime = span_eq(id, SPAN("current")) ? regime_at(c->desk->regimes, c->now)
                                                      : regime_get(c->desk->regimes, id.p);
        if (!regime)
                return api_missing(c);
        c->answer = head_of(c, regime);
        put_body(c, regime, c->answer);
        return 0;
}

extern const struct api_binding api_regimes_bindings[];
const struct api_binding api_regimes_bindings[] = {
        {"regimes.list", regimes_list},
        {"regimes.get", regimes_get},
        {0},
};

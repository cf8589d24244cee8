/* A scenario's YAML, checked whole (plan.h, doc/scenarios.md).
 *
 * The tree is read by rules/yamltree.h, which bounds it. Then one pass a part: the network, the ids of steps and
 * injects, their bodies, expectations and hints; last what only the whole shows: who comes when, and whether it ends
 * well. A value that is wrong is told and replaced by a harmless one, so that one look tells all that is wrong. All
 * is linear but for lookups by id, steps × hosts at most, both bounded.
 *
 *   SC1. There is a plan exactly when there is no fault.
 *   SC2. A plan that was written is one that plan_load() takes.
 *   SC3. What is told has a line and a column within the file, a rule of the table, and a remedy, in both languages. */
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "exercise/scenario_impl.h"

#define ARENA_MAX ((size_t)64 << 20)
#define WHERE_MAX 300u
#define SHOWN_MAX 120u

/* ---- saying what is wrong ---- */

/* "{2}" is args[1]; cut, and without what a terminal would obey. */
static void fill(struct buf *b, const char *text, const char *const args[4]) {
        for (; *text; text++) {
                if (text[0] == '{' && text[1] >= '1' && text[1] <= '4' && text[2] == '}') {
                        struct span a = span_str(args[text[1] - '1']);
                        size_t n = MIN(a.len, (size_t)SHOWN_MAX * 4);

                        while (n && n < a.len && (a.p[n] & 0xc0) == 0x80)
                                n--;
                        buf_term(b, span_of(a.p, n));
                        if (n < a.len)
                                buf_str(b, "…");
                        text += 2;
                } else
                        buf_char(b, *text);
        }
}

static json_t *filled(const char *text, const char *const args[4]) {
        _cleanup_(buf_deinit) struct buf b = {.limit = 16384};

        fill(&b, text, args);
        return json_stringn(b.p ? b.p : "", b.len);
}

static void step_of_path(const struct node *up, const struct node *child, unsigned index,
                         struct buf *b) {
        if (up->kind == NODE_MAP) {
                if (b->len)
                        buf_char(b, '.');
                buf_term(b, span_of(child->key->text.p, MIN(child->key->text.len, SHOWN_MAX)));
                return;
        }
        const struct node *id = node_get(child, "id");
        if (id && id->kind == NODE_SCALAR && plan_id_good(id->text)) {
                buf_char(b, '[');
                buf_span(b, id->text);
                buf_char(b, ']');
        } else
                buf_printf(b, "[%u]", index + 1);
}

/* "steps[phish].activities[2].host": the first way down to the node, or to what has it as key. */
static bool where(const struct node *up, const struct node *at, struct buf *b, unsigned depth) {
        unsigned i = 0;

        if (up == at)
                return true;
        if (up->kind == NODE_SCALAR || depth == 0)
                return false;
        for (const struct node *c = up->first; c; c = c->next, i++) {
                size_t len = b->len;

                step_of_path(up, c, i, b);
                if (c->key == at || where(c, at, b, depth - 1))
                        return true;
                b->len = len;
        }
        return false;
}

json_t *scenario_finding(const struct scenario_rule *rule, unsigned line, unsigned column,
                         const char *where_, const char *const args[4]) {
        return json_pack("{si si so ss so so so so}", "line", (int)line, "column", (int)column,
                         "where", json_stringn(where_, MIN(strlen(where_), (size_t)WHERE_MAX)),
                         "rule", rule->name, "en", filled(rule->en, args), "vi",
                         filled(rule->vi, args), "remedy_en", filled(rule->remedy_en, args),
                         "remedy_vi", filled(rule->remedy_vi, args));
}

void scenario_tell(struct scenario *s, const struct node *at, enum scenario_rule_id id,
                   const char *const args[4]) {
        const struct scenario_rule *rule = &scenario_rules[id];
        unsigned *n = rule->fault ? &s->n_faults : &s->n_warnings;
        _cleanup_(buf_deinit) struct buf path = {.limit = 65536};

        if (++*n > SCENARIO_FAULTS_MAX)
                return;
        if (at && s->root && !where(s->root, at, &path, 12))
                path.len = 0;
        size_t len = MIN(path.len, (size_t)WHERE_MAX);
        while (len && len < path.len && (path.p[len] & 0xc0) == 0x80)
                len--;
        path.len = len;
        buf_char(&path, '\0');
        json_t *o = scenario_finding(rule, at ? at->line : 1, at ? at->column : 1, path.p, args);
        if (!o || json_array_append_new(rule->fault ? s->faults : s->warnings, o) < 0)
                s->failed = true;
}

/* ---- the document ---- */

static void problem(struct scenario *s, const struct yaml_problem *p) {
        struct node at = {.line = p->line ? p->line : 1, .column = p->column ? p->column : 1};
        json_t *o = json_pack(
                "{si si ss ss so so ss ss}", "line", (int)at.line, "column", (int)at.column,
                "where", "", "rule", p->code, "en", json_stringn(p->en.p, p->en.len), "vi",
                json_stringn(p->vi.p, p->vi.len), "remedy_en", scenario_rules[RULE_YAML].remedy_en,
                "remedy_vi", scenario_rules[RULE_YAML].remedy_vi);

        s->n_faults++;
        if (!o || json_array_append_new(s->faults, o) < 0)
                s->failed = true;
}

/* 0: s->root is the one document of it, or told why not; -ENOMEM. */
static int tree(struct scenario *s, struct span text) {
        _cleanup_(yaml_closep) struct yaml *y = NULL;
        struct yaml_problem p = {0};
        struct node *root = NULL, *more = NULL;
        int r = yaml_open(&y, text);

        if (r == -EFBIG)
                TELL(s, NULL, RULE_SIZE, NULL);
        if (r < 0)
                return r == -EFBIG ? 0 : r;
        r = yaml_next(y, s->arena, &root, &p);
        if (r == YAML_E_PROBLEM)
                problem(s, &p);
        if (r == 0 || (r == 1 && root->kind == NODE_SCALAR && !root->text.len))
                TELL(s, NULL, RULE_EMPTY, NULL);
        if (r == 1)
                s->root = root;
        if (r != 1 || s->n_faults)
                return r < 0 ? r : 0;
        r = yaml_next(y, s->arena, &more, &p);
        if (r == YAML_E_PROBLEM)
                problem(s, &p);
        if (r == 1)
                TELL(s, more, RULE_DOCUMENTS, NULL);
        return r < 0 ? r : 0;
}

/* ---- the head ---- */

static void format(struct scenario *s, const struct node *root) {
        const char *v = scenario_text(s, root, "scenario", REQUIRED, 100);

        if (v && *v && strcmp(v, "coloa-scenario/1") != 0)
                TELL(s, node_get(root, "scenario"), RULE_FORMAT, v);
        v = scenario_text(s, root, "formula", OPTIONAL, 100);
        if (v && strcmp(v, "coloa-score/1") != 0)
                TELL(s, node_get(root, "formula"), RULE_FORMULA, v);
        s->plan.formula = "coloa-score/1";
}

static void objectives(struct scenario *s, const struct node *root) {
        struct plan *p = &s->plan;
        const struct node *c =
                scenario_list(s, root, "objectives", PLAN_OBJECTIVES_MAX, &p->n_objectives);
        struct plan_text *t = scenario_room(s, p->n_objectives, sizeof(*t));

        if (!t)
                p->n_objectives = 0;
        for (unsigned i = 0; c && i < p->n_objectives; i++, c = c->next)
                t[i] = scenario_both_of(s, c, "objectives", 1000);
        p->objectives = t;
}

static void roster(struct scenario *s, const struct node *root) {
        struct plan *p = &s->plan;
        const struct node *list = scenario_get(s, root, "roles", REQUIRED), *c;

        p->roles = scenario_words(s, root, "roles", PLAN_ROLES_MAX, &p->n_roles);
        c = list ? list->first : NULL;
        for (unsigned i = 0; c && i < p->n_roles; i++, c = c->next)
                scenario_role(s, c, p->roles[i]);
}

static void head(struct scenario *s) {
        static const char *const containments[] = {"simulated", "rehearsed"};
        struct plan *p = &s->plan;
        const struct node *root = s->root, *demo;

        scenario_keys(s, root, "scenario",
                      "scenario id version level formula length demo title summary objectives "
                      "roles containment noise network steps injects expectations hints x-cexf");
        format(s, root);
        p->id = scenario_id(s, root);
        p->version = (unsigned)scenario_number(s, root, "version", 1, 1000000, 1);
        p->level = plan_levels[scenario_word(s, root, "level", plan_levels, ARRAY_LEN(plan_levels),
                                             -1)];
        unsigned before = s->n_faults;
        p->length = scenario_time(s, root, "length", PLAN_LENGTH_MIN, PLAN_LENGTH_MAX, -2);
        if (s->n_faults != before)
                p->length = PLAN_LENGTH_MAX; /* what hangs on it is told when it is right */
        p->title = scenario_both(s, root, "title", REQUIRED, PLAN_TITLE_MAX);
        p->summary = scenario_both(s, root, "summary", REQUIRED, PLAN_TEXT_MAX);
        p->noise = (unsigned)scenario_number(s, root, "noise", 0, PLAN_NOISE_MAX, 6);
        p->simulated = scenario_word(s, root, "containment", containments, 2, 0) == 0;
        p->xcexf = scenario_xcexf(s, root);
        demo = scenario_get(s, root, "demo", OPTIONAL);
        p->demo_speed = 0; /* as scenario_whole() finds it */
        if (demo && scenario_keys(s, demo, "demo", "speed"))
                p->demo_speed = (unsigned)scenario_number(s, demo, "speed", 1, PLAN_SPEED_MAX, -1);
        objectives(s, root);
        roster(s, root);
}

/* ---- the whole ---- */

static void hash_of(struct span text, char to[65]) {
        unsigned char h[32];

        crypto_generichash(h, sizeof(h), (const unsigned char *)text.p, text.len, NULL, 0);
        sodium_bin2hex(to, 65, h, sizeof(h));
}

static void all(struct scenario *s) {
        if (s->root->kind != NODE_MAP) {
                TELL(s, s->root, RULE_TYPE, "the document", "a mapping of keys", "bảng các khóa");
                return;
        }
        scenario_network(s); /* first: every text may name what is in it */
        head(s);
        scenario_story_ids(s);
        scenario_story(s);
        scenario_injects(s);
        scenario_lines(s);
        scenario_flow(s);
        scenario_whole(s);
}

static int by_place(const void *pa, const void *pb) {
        const json_t *a = *(json_t *const *)pa, *b = *(json_t *const *)pb;
        json_int_t la = json_integer_value(json_object_get(a, "line")),
                   lb = json_integer_value(json_object_get(b, "line"));

        if (la == lb) {
                la = json_integer_value(json_object_get(a, "column"));
                lb = json_integer_value(json_object_get(b, "column"));
        }
        return la < lb ? -1 : la > lb;
}

/* In the order of the file. */
static void put_list(struct buf *out, const json_t *list) {
        json_t *rows[SCENARIO_FAULTS_MAX + 4];
        size_t n = MIN(json_array_size(list), ARRAY_LEN(rows));

        for (size_t i = 0; i < n; i++)
                rows[i] = json_array_get(list, i);
        qsort(rows, n, sizeof(*rows), by_place);
        buf_char(out, '[');
        for (size_t i = 0; i < n; i++) {
                char *text = json_dumps(rows[i], JSON_COMPACT);

                if (i)
                        buf_char(out, ',');
                if (text)
                        buf_str(out, text);
                else
                        out->failed = true;
                free(text);
        }
        buf_char(out, ']');
}

static void put(struct scenario *s, struct buf *out) {
        buf_str(out, "{\"faults\":");
        put_list(out, s->faults);
        buf_printf(out, ",\"n_faults\":%u,\"warnings\":", s->n_faults);
        put_list(out, s->warnings);
        buf_printf(out, ",\"n_warnings\":%u,\"plan\":", s->n_warnings);
        if (s->n_faults)
                buf_str(out, "null");
        else
                plan_write(&s->plan, out); /* SC2 */
        buf_char(out, '}');
}

int scenario_plan(struct span yaml, struct arena *a, struct scenario *s) {
        *s = (struct scenario){.arena = a, .faults = json_array(), .warnings = json_array()};
        s->conditions = arena_array(a, PLAN_CONDITIONS_MAX, sizeof(*s->conditions));
        s->plan.conditions = s->conditions;
        s->failed = !s->faults || !s->warnings || !s->conditions;
        int r = s->failed ? -ENOMEM : tree(s, yaml);
        if (r == 0 && s->root && !s->n_faults) {
                hash_of(yaml, s->plan.hash);
                all(s);
        }
        if (r == 0 && (s->failed || a->overflowed))
                r = -ENOMEM;
        return r < 0 ? FAIL(r) : 0;
}

void scenario_deinit(struct scenario *s) {
        json_decref(s->faults);
        json_decref(s->warnings);
}

int scenario_read(struct span yaml, struct buf *out) {
        struct scenario s;
        struct arena a;

        arena_init(&a, ARENA_MAX);
        int r = scenario_plan(yaml, &a, &s);
        if (r == 0)
                put(&s, out);
        scenario_deinit(&s);
        arena_deinit(&a);
        return r == 0 && out->failed ? FAIL(-ENOMEM) : r;
}

/* The picture of a playbook: a rank (row) and a column for each step, and the lines between. Made here, once,
 * when a playbook is read, so that every page and every answer shows the same graph.
 *
 * The lines are those of the document, but for the ends of branches: from there the line goes to where the
 * step that opened the branch goes on ("next"), as a person reads it, and that step's own line thereto is left
 * out. Rank: the longest way from the start. Columns: branches side by side, each as wide as it needs, what
 * follows below their middle. */
#include <stdlib.h>

#include "base/utf8.h"
#include "reader/playbook_impl.h"

#define LINES_MAX (PLAYBOOK_EDGES_MAX * 2)
#define SHOWN_BYTES ((size_t)4 << 10)

struct line {
        unsigned short from, to;
        const char *kind, *label;
};

struct graph {
        struct reading *r;
        struct line lines[LINES_MAX];
        unsigned n;
        bool placed[PLAYBOOK_STEPS_MAX], seen[PLAYBOOK_STEPS_MAX];
        bool there[PLAYBOOK_STEPS_MAX][PLAYBOOK_STEPS_MAX]; /* a line without a label */
        double wide[PLAYBOOK_STEPS_MAX];
        struct step *order[PLAYBOOK_STEPS_MAX];
        unsigned short waits[PLAYBOOK_STEPS_MAX], queue[PLAYBOOK_STEPS_MAX];
        unsigned ends; /* found by the look at hand */
};

static const char *const kinds[EDGE_KINDS] = {"next",  "success", "failure", "true",
                                              "false", "branch",  "case"};

static void add(struct graph *g, unsigned from, unsigned to, const char *kind, const char *label) {
        if (!label && g->there[from][to])
                return;
        g->there[from][to] |= !label;
        if (g->n < LINES_MAX)
                g->lines[g->n++] =
                        (struct line){(unsigned short)from, (unsigned short)to, kind, label};
}

static bool opens(const struct edge *e) {
        return e->kind >= EDGE_TRUE;
}

static int after(const struct reading *r, unsigned s) {
        for (unsigned k = r->steps[s].first; k < r->steps[s].first + r->steps[s].n; k++)
                if (r->edges[k].kind <= EDGE_SUCCESS && !r->edges[k].loop)
                        return r->edges[k].to;
        return -1;
}

/* Lines from the ends of the branch that begins at `s` to `to`. */
static void join(struct graph *g, unsigned s, unsigned to, const char *kind) {
        const struct reading *r = g->r;
        const struct step *step = &r->steps[s];
        bool on = false;

        if (g->seen[s])
                return;
        g->seen[s] = true;
        for (unsigned k = step->first; k < step->first + step->n; k++) {
                const struct edge *e = &r->edges[k];

                if (e->loop || opens(e))
                        continue;
                on = true;
                join(g, e->to, to, kind);
        }
        if (on)
                return;
        for (unsigned k = step->first; k < step->first + step->n; k++)
                if (opens(&r->edges[k])) { /* a block at the end: its branches' ends */
                        on = true;
                        join(g, r->edges[k].to, to, kind);
                }
        if (!on) {
                g->ends++;
                add(g, s, to, kind, NULL);
        }
}

static void draw(struct graph *g) {
        const struct reading *r = g->r;

        for (unsigned s = 0; s < r->n_steps; s++) {
                const struct step *step = &r->steps[s];
                int next = after(r, s);
                bool block = step->type >= STEP_PARALLEL, other = false;

                g->ends = 0;
                for (unsigned k = step->first; k < step->first + step->n; k++) {
                        const struct edge *e = &r->edges[k];

                        if (!opens(e))
                                continue;
                        add(g, s, e->to, kinds[e->kind], e->label);
                        other |= e->kind == EDGE_FALSE;
                        memset(g->seen, 0, sizeof(g->seen));
                        g->seen[s] = true;
                        if (step->type == STEP_WHILE)
                                join(g, e->to, s, "loop");
                        else if (next >= 0)
                                join(g, e->to, (unsigned)next, "next");
                }
                for (unsigned k = step->first; k < step->first + step->n; k++) {
                        const struct edge *e = &r->edges[k];
                        bool own = !block || !g->ends || e->kind == EDGE_FAILURE;

                        if (opens(e))
                                continue;
                        if (e->loop)
                                add(g, s, e->to, "loop", NULL);
                        else if (e->kind != EDGE_FAILURE &&
                                 (step->type == STEP_WHILE || (step->type == STEP_IF && !other)))
                                add(g, s, e->to, "false", NULL);
                        else if (own)
                                add(g, s, e->to, kinds[e->kind], NULL);
                }
        }
}

/* ---- ranks ---- */

static bool down(const struct line *l) {
        return strcmp(l->kind, "loop") != 0;
}

static int rank(struct graph *g) {
        struct reading *r = g->r;
        unsigned at = 0, n = 0;
        int most = 0;

        for (unsigned i = 0; i < g->n; i++)
                g->waits[g->lines[i].to] += down(&g->lines[i]);
        for (unsigned s = 0; s < r->n_steps; s++)
                if (!g->waits[s])
                        g->queue[n++] = (unsigned short)s;
        while (at < n) {
                unsigned s = g->queue[at++];

                most = MAX(most, r->steps[s].rank);
                for (unsigned i = 0; i < g->n; i++) {
                        const struct line *l = &g->lines[i];

                        if (l->from != s || !down(l))
                                continue;
                        r->steps[l->to].rank = MAX(r->steps[l->to].rank, r->steps[s].rank + 1);
                        if (--g->waits[l->to] == 0)
                                g->queue[n++] = l->to;
                }
        }
        return most + 1;
}

/* ---- columns ---- */

/* Of a while, and of an if without else: the branch lies beside what goes straight on. */
static bool beside(const struct reading *r, unsigned s) {
        const struct step *step = &r->steps[s];
        unsigned n = 0;

        for (unsigned k = step->first; k < step->first + step->n; k++)
                n += opens(&r->edges[k]);
        return n == 1;
}

static double width(struct graph *g, unsigned s);

static double width_of(struct graph *g, unsigned s, bool branches) {
        const struct step *step = &g->r->steps[s];
        double sum = 0;

        for (unsigned k = step->first; k < step->first + step->n; k++) {
                const struct edge *e = &g->r->edges[k];

                if (!e->loop && opens(e) == branches)
                        sum += width(g, e->to);
        }
        return sum;
}

static double width(struct graph *g, unsigned s) {
        if (g->wide[s] == 0) {
                g->wide[s] = 1;
                double own = width_of(g, s, true), next = width_of(g, s, false);

                if (beside(g->r, s))
                        own = 2 * own + 1;
                g->wide[s] = MIN(MAX(MAX(own, next), 1), (double)PLAYBOOK_STEPS_MAX);
        }
        return g->wide[s];
}

static void place(struct graph *g, unsigned s, double left);

static void side_by_side(struct graph *g, unsigned s, double left, bool branches) {
        const struct step *step = &g->r->steps[s];

        for (unsigned k = step->first; k < step->first + step->n; k++) {
                const struct edge *e = &g->r->edges[k];

                if (e->loop || opens(e) != branches)
                        continue;
                place(g, e->to, left);
                left += width(g, e->to);
        }
}

static void place(struct graph *g, unsigned s, double left) {
        struct step *step = &g->r->steps[s];
        double wide = width(g, s);

        if (g->placed[s])
                return;
        g->placed[s] = true;
        step->column = left + (wide - 1) / 2;
        if (beside(g->r, s))
                side_by_side(g, s, step->column + 1, true);
        else
                side_by_side(g, s, left + (wide - width_of(g, s, true)) / 2, true);
        side_by_side(g, s, left + (wide - width_of(g, s, false)) / 2, false);
}

static int by_place(const void *x, const void *y) {
        const struct step *a = *(const struct step *const *)x, *b = *(const struct step *const *)y;

        if (a->rank != b->rank)
                return a->rank < b->rank ? -1 : 1;
        return (a->column > b->column) - (a->column < b->column);
}

/* No two at one place; none left of 0. */
static double part(struct graph *g) {
        struct reading *r = g->r;
        double most = 0, least = 0;

        for (unsigned i = 0; i < r->n_steps; i++)
                g->order[i] = &r->steps[i];
        qsort(g->order, r->n_steps, sizeof(*g->order), by_place);
        for (unsigned i = 0; i < r->n_steps; i++) {
                struct step *s = g->order[i], *before = i ? g->order[i - 1] : NULL;

                if (before && before->rank == s->rank && s->column < before->column + 1)
                        s->column = before->column + 1;
                least = i ? MIN(least, s->column) : s->column;
        }
        for (unsigned i = 0; i < r->n_steps; i++) {
                r->steps[i].column -= least;
                most = MAX(most, r->steps[i].column);
        }
        return most + 1;
}

/* ---- out ---- */

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

static json_t *commands(const struct step *s) {
        json_t *list = json_array();
        const json_t *c;
        size_t i;

        json_array_foreach(json_object_get(s->o, "commands"), i, c) {
                json_t *command = text(c, "command");

                if (json_is_null(command))
                        command = text(c, "description");
                json_array_append_new(list,
                                      json_pack("{so so so}", "type", text(c, "type"), "text",
                                                command, "text_vi",
                                                i == 0 ? text(s->ext, "command_vi") : json_null()));
        }
        return list;
}

static json_t *targets(const struct reading *r, const struct step *s) {
        const json_t *all = json_object_get(r->root, "target_definitions"), *e;
        json_t *list = json_array();
        size_t i;

        json_array_foreach(json_object_get(s->o, "targets"), i, e) json_array_append_new(
                list, text(json_object_get(all, json_string_value(e)), "name"));
        return list;
}

static json_t *cases(const struct step *s) {
        json_t *list = json_array(), *e;
        const char *key;

        json_object_foreach(json_object_get(s->o, "cases"), key, e) json_array_append_new(
                list, json_pack("{ss so}", "value", key, "title_vi",
                                text(json_object_get(s->ext, "cases_vi"), key)));
        return list;
}

static json_t *node(const struct reading *r, unsigned n) {
        const struct step *s = &r->steps[n];
        const char *id = playbook_text(s->o, "agent");
        const json_t *agent =
                id ? json_object_get(json_object_get(r->root, "agent_definitions"), id) : NULL;
        const json_t *vi = json_object_get(json_object_get(agent, "agent_target_extensions"),
                                           PLAYBOOK_EXTENSION);
        const json_t *within = json_object_get(s->ext, "within_s");
        json_int_t timeout = json_integer_value(json_object_get(s->o, "timeout")) / 1000,
                   limit = within ? json_integer_value(within) : timeout;
        json_int_t delay = json_integer_value(json_object_get(s->o, "delay")) / 1000;
        json_t *o = json_pack(
                "{sI ss ss so so so so so so so ss? so so so}", "n", (json_int_t)n, "id", s->id,
                "type", step_types[s->type], "name", text(s->o, "name"), "name_vi",
                text(s->ext, "name_vi"), "about", text(s->o, "description"), "about_vi",
                text(s->ext, "description_vi"), "part", text(s->ext, "part"), "within_s",
                limit > 0 && limit <= 90 * 86400 ? json_integer(limit) : json_null(), "delay_s",
                delay > 0 ? json_integer(delay) : json_null(), "auto", s->verb, "commands",
                commands(s), "agent", text(agent, "name"), "agent_vi", text(vi, "name_vi"));
        json_t *rest = json_pack(
                "{so so so so so so sI sf}", "targets", targets(r, s), "condition",
                s->type == STEP_SWITCH ? text(s->o, "switch") : text(s->o, "condition"), "question",
                text(s->ext, "question"), "question_vi", text(s->ext, "question_vi"), "cases",
                cases(s), "playbook", text(s->o, "playbook_id"), "rank", (json_int_t)s->rank,
                "column", s->column);

        if (!o || !rest || json_object_update(o, rest) < 0) {
                json_decref(o);
                o = NULL;
        }
        json_decref(rest);
        return o;
}

static json_t *picture(const struct graph *g, int ranks, double columns) {
        const struct reading *r = g->r;
        json_t *nodes = json_array(), *lines = json_array();
        bool good = nodes && lines;

        for (unsigned i = 0; i < r->n_steps && good; i++)
                good = json_array_append_new(nodes, node(r, i)) == 0;
        for (unsigned i = 0; i < g->n && good; i++)
                good = json_array_append_new(lines, json_pack("{sI sI ss ss?}", "from",
                                                              (json_int_t)g->lines[i].from, "to",
                                                              (json_int_t)g->lines[i].to, "kind",
                                                              g->lines[i].kind, "label",
                                                              g->lines[i].label)) == 0;
        json_t *all = good ? json_pack("{sI sf sO sO}", "ranks", (json_int_t)ranks, "columns",
                                       columns, "nodes", nodes, "edges", lines)
                           : NULL;
        json_decref(nodes);
        json_decref(lines);
        return all;
}

json_t *playbook_graph(struct reading *r) {
        struct graph *g = calloc(1, sizeof(*g));

        if (!g)
                return NULL;
        g->r = r;
        draw(g);
        if (r->exception >= 0 && r->exception != r->start)
                add(g, (unsigned)r->start, (unsigned)r->exception, "exception", NULL);
        int ranks = rank(g);
        place(g, (unsigned)r->start, 0);
        double right = width(g, (unsigned)r->start);
        if (r->exception >= 0 && !g->placed[r->exception]) {
                place(g, (unsigned)r->exception, right);
                right += width(g, (unsigned)r->exception);
        }
        for (unsigned i = 0; i < r->n_steps; i++)
                if (!g->placed[i]) { /* nothing leads to it */
                        place(g, i, right);
                        right += width(g, i);
                }
        json_t *all = picture(g, ranks, part(g));
        free(g);
        return all;
}

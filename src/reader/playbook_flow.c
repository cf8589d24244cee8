/* Steps and where they lead. CACAO's flow is made of blocks: a branch of a parallel, if, while or switch step goes
 * until an `end` step, and then the step that opened it goes on. So there is no way back in a sound flow, and a
 * loop is a `while` whose branch ends; an edge of its own branch back to the while is taken as such an end. Any
 * other circle is a fault: nobody could say when it is over.
 *
 * Bounds: PLAYBOOK_STEPS_MAX steps, PLAYBOOK_EDGES_MAX edges. Depth-first looks keep their own stack. */
#include <stdio.h>
#include <stdlib.h>

#include "reader/playbook_impl.h"

#define FAULT(name, en, vi, remedy_en, remedy_vi)                                                  \
        static const struct fault_text name = {en, vi, remedy_en, remedy_vi}

FAULT(too_many_steps, "there are more than 500 steps", "có hơn 500 bước",
      "divide it: a playbook may call others", "hãy chia nhỏ: quy trình có thể gọi quy trình khác");
FAULT(too_many_edges, "there are more than 2,000 ways between its steps",
      "có hơn 2.000 đường nối giữa các bước", "divide it", "hãy chia nhỏ");
FAULT(no_such_step, "there is no such step in the workflow", "không có bước này trong workflow",
      "name a step that is there", "nêu một bước có trong workflow");
FAULT(not_start, "it is no start step", "không phải bước start", "name the start step",
      "nêu bước start");
FAULT(no_action, "there is no action or playbook-action step",
      "không có bước action hay playbook-action", "add what is to be done", "thêm việc phải làm");
FAULT(no_end, "there is no end step", "không có bước end", "add one", "thêm bước end");
FAULT(both_after, "on_completion excludes on_success and on_failure",
      "on_completion không dùng cùng on_success, on_failure", "keep the one or the others",
      "giữ một trong hai cách");
FAULT(one_branch, "a parallel step has at least two branches", "bước parallel có ít nhất hai nhánh",
      "add one, or use no parallel step", "thêm nhánh hoặc bỏ bước parallel");
FAULT(same_branch, "the branch is named twice", "nhánh bị nêu hai lần", "remove one of them",
      "bỏ một trong hai");
FAULT(no_cases, "a switch has at least one case", "bước switch có ít nhất một trường hợp",
      "add one", "thêm một trường hợp");
FAULT(a_circle, "it leads back to a step that is under way: nobody could say when it is over",
      "quay lại bước đang thực hiện: không xác định được khi nào xong",
      "repeat with a while-condition step whose branch goes to an end step",
      "lặp bằng bước while-condition có nhánh kết thúc ở bước end");
FAULT(no_agent, "this agent is not in agent_definitions",
      "tác nhân này không có trong agent_definitions", "describe it there", "khai báo ở đó");
FAULT(no_target, "this target is not in target_definitions",
      "mục tiêu này không có trong target_definitions", "describe it there", "khai báo ở đó");
FAULT(no_variable, "no such variable is defined", "không có biến này",
      "define it in playbook_variables or step_variables",
      "khai báo trong playbook_variables hoặc step_variables");
FAULT(no_verb, "the node knows no such command", "nút không có lệnh này",
      "use task, block, search, evidence, clock or report",
      "dùng task, block, search, evidence, clock hoặc report");
FAULT(no_part, "there is no such part of a response", "không có hoạt động ứng cứu này",
      "use detect, protect, contain, analyse, restore or verify",
      "dùng detect, protect, contain, analyse, restore hoặc verify");
FAULT(long_time, "the time is longer than 90 days", "thời hạn dài hơn 90 ngày", "shorten it",
      "rút ngắn lại");

#define WITHIN_MOST (90 * 86400)

/* ---- steps ---- */

static enum step_type type_of(const json_t *o) {
        const char *type = playbook_text(o, "type");
        unsigned i = 0;

        while (i < STEP_TYPES && (!type || strcmp(type, step_types[i]) != 0))
                i++;
        return (enum step_type)i;
}

static void read_steps(struct reading *r, const struct at *at) {
        static const struct fault_text unknown = {
                "there is no such type of step", "không có loại bước này",
                "use one of CACAO 2.0: start, end, action, playbook-action, parallel, "
                "if-condition, while-condition, switch-condition",
                "dùng loại của CACAO 2.0: start, end, action, playbook-action, parallel, "
                "if-condition, while-condition, switch-condition"};
        const json_t *o;
        const char *key;

        json_object_foreach(json_object_get(r->root, "workflow"), key, o) {
                struct at in = {.up = at, .key = key}, type = {.up = &in, .key = "type"};

                if (r->n_steps == PLAYBOOK_STEPS_MAX) {
                        playbook_fault(r, at, NULL, &too_many_steps);
                        return;
                }
                struct step *s = &r->steps[r->n_steps];
                *s = (struct step){.id = key, .o = o, .type = type_of(o)};
                s->ext = json_object_get(json_object_get(o, "step_extensions"), PLAYBOOK_EXTENSION);
                if (s->type == STEP_TYPES) {
                        if (json_object_get(o, "type"))
                                playbook_fault(r, &type, json_object_get(o, "type"), &unknown);
                        s->type = STEP_END;
                }
                r->n_steps++;
        }
}

static void add_edge(struct reading *r, unsigned from, const json_t *to, enum edge_kind kind,
                     const struct at *at) {
        int n = playbook_step(r, json_string_value(to));

        if (!json_is_string(to))
                return;
        if (n < 0) {
                playbook_fault(r, at, to, &no_such_step);
                return;
        }
        if (r->n_edges == PLAYBOOK_EDGES_MAX) {
                playbook_fault(r, at, NULL, &too_many_edges);
                return;
        }
        r->edges[r->n_edges++] = (struct edge){.from = (unsigned short)from,
                                               .to = (unsigned short)n,
                                               .kind = kind,
                                               .label = kind == EDGE_CASE ? at->key : NULL};
        r->steps[from].n++;
}

static void add_parallel(struct reading *r, unsigned from, const struct at *step) {
        const json_t *list = json_object_get(r->steps[from].o, "next_steps"), *e;
        struct at at = {.up = step, .key = "next_steps"};
        size_t i;

        if (json_array_size(list) == 1)
                playbook_fault(r, &at, NULL, &one_branch);
        json_array_foreach(list, i, e) {
                struct at in = {.up = &at, .index = i};
                unsigned first = r->steps[from].first, before = r->n_edges;

                add_edge(r, from, e, EDGE_BRANCH, &in);
                for (unsigned k = first; k < before && before < r->n_edges; k++)
                        if (r->edges[k].kind == EDGE_BRANCH &&
                            r->edges[k].to == r->edges[before].to)
                                playbook_fault(r, &in, e, &same_branch);
        }
}

static void add_cases(struct reading *r, unsigned from, const struct at *step) {
        json_t *cases = json_object_get(r->steps[from].o, "cases"), *e;
        struct at at = {.up = step, .key = "cases"};
        const char *key;

        if (json_is_object(cases) && !json_object_size(cases))
                playbook_fault(r, &at, NULL, &no_cases);
        json_object_foreach(cases, key, e) {
                struct at in = {.up = &at, .key = key};
                add_edge(r, from, e, EDGE_CASE, &in);
        }
}

static void read_edges(struct reading *r, const struct at *workflow) {
        static const struct {
                const char *key;
                enum edge_kind kind;
        } keys[] = {{"on_completion", EDGE_NEXT},
                    {"on_success", EDGE_SUCCESS},
                    {"on_failure", EDGE_FAILURE},
                    {"on_true", EDGE_TRUE},
                    {"on_false", EDGE_FALSE}};

        for (unsigned i = 0; i < r->n_steps; i++) {
                struct step *s = &r->steps[i];
                struct at at = {.up = workflow, .key = s->id};

                s->first = r->n_edges;
                if (json_object_get(s->o, "on_completion") &&
                    (json_object_get(s->o, "on_success") || json_object_get(s->o, "on_failure")))
                        playbook_fault(r, &(struct at){.up = &at, .key = "on_completion"}, NULL,
                                       &both_after);
                for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
                        struct at in = {.up = &at, .key = keys[k].key};
                        add_edge(r, i, json_object_get(s->o, keys[k].key), keys[k].kind, &in);
                }
                if (s->type == STEP_PARALLEL)
                        add_parallel(r, i, &at);
                if (s->type == STEP_SWITCH)
                        add_cases(r, i, &at);
        }
}

/* ---- where it begins, and what must be there ---- */

static void check_start(struct reading *r) {
        const json_t *start = json_object_get(r->root, "workflow_start");
        const json_t *exception = json_object_get(r->root, "workflow_exception");
        bool action = false, end = false;

        r->start = playbook_step(r, json_string_value(start));
        r->exception = playbook_step(r, json_string_value(exception));
        if (start && (r->start < 0 || r->steps[r->start].type != STEP_START))
                playbook_fault(r, &(struct at){.key = "workflow_start"}, start,
                               r->start < 0 ? &no_such_step : &not_start);
        if (exception && r->exception < 0)
                playbook_fault(r, &(struct at){.key = "workflow_exception"}, exception,
                               &no_such_step);
        for (unsigned i = 0; i < r->n_steps; i++) {
                enum step_type t = r->steps[i].type;

                action |= t == STEP_ACTION || t == STEP_PLAYBOOK;
                end |= t == STEP_END;
        }
        if (!action)
                playbook_fault(r, &(struct at){.key = "workflow"}, NULL, &no_action);
        if (!end)
                playbook_fault(r, &(struct at){.key = "workflow"}, NULL, &no_end);
}

/* ---- circles and what is never reached ---- */

struct look {
        struct reading *r;
        unsigned char colour[PLAYBOOK_STEPS_MAX]; /* 0 new, 1 under way, 2 done */
        unsigned at[PLAYBOOK_STEPS_MAX];          /* the edge that is being followed */
        unsigned stack[PLAYBOOK_STEPS_MAX];
        unsigned n;
};

/* Back from a while's own branch, without another block in between. */
static bool is_loop(const struct look *l, const struct edge *e) {
        const struct reading *r = l->r;
        unsigned i = l->n;

        if (r->steps[e->to].type != STEP_WHILE || e->kind > EDGE_FAILURE)
                return false;
        while (i-- && l->stack[i] != e->to)
                if (i + 1 < l->n && r->edges[l->at[l->stack[i]]].kind > EDGE_FAILURE)
                        return false;
        return r->edges[l->at[e->to]].kind == EDGE_TRUE;
}

static const char *const edge_keys[EDGE_KINDS] = {
        "on_completion", "on_success", "on_failure", "on_true", "on_false", "next_steps", "cases"};

static void a_way_back(struct look *l, struct edge *e) {
        struct reading *r = l->r;
        struct at workflow = {.key = "workflow"},
                  step = {.up = &workflow, .key = r->steps[e->from].id},
                  at = {.up = &step, .key = edge_keys[e->kind]},
                  label = {.up = &at, .key = e->label};
        json_t *id = json_string(r->steps[e->to].id);

        e->loop = is_loop(l, e);
        if (!e->loop)
                playbook_fault(r, e->label ? &label : &at, id, &a_circle);
        else
                playbook_warn(r, &at,
                              "it goes back to its while step: taken as the end of the branch",
                              "quay về bước while: được coi là kết thúc nhánh");
        json_decref(id);
}

static void look_from(struct look *l, unsigned root) {
        struct reading *r = l->r;

        if (l->colour[root])
                return;
        l->stack[l->n++] = root;
        l->colour[root] = 1;
        l->at[root] = r->steps[root].first;
        while (l->n) {
                unsigned s = l->stack[l->n - 1];

                if (l->at[s] == r->steps[s].first + r->steps[s].n) {
                        l->colour[s] = 2;
                        l->n--;
                        if (l->n)
                                l->at[l->stack[l->n - 1]]++;
                        continue;
                }
                struct edge *e = &r->edges[l->at[s]];
                if (l->colour[e->to] == 0) {
                        l->stack[l->n++] = e->to;
                        l->colour[e->to] = 1;
                        l->at[e->to] = r->steps[e->to].first;
                        continue;
                }
                if (l->colour[e->to] == 1)
                        a_way_back(l, e);
                l->at[s]++;
        }
}

static int look_at_ways(struct reading *r) {
        struct look *l = calloc(1, sizeof(*l));

        if (!l)
                return FAIL(-ENOMEM);
        l->r = r;
        if (r->start >= 0)
                look_from(l, (unsigned)r->start);
        if (r->exception >= 0)
                look_from(l, (unsigned)r->exception);
        for (unsigned i = 0; i < r->n_steps; i++)
                r->steps[i].reached = l->colour[i] != 0;
        for (unsigned i = 0; i < r->n_steps; i++) /* circles there are circles too */
                look_from(l, i);
        free(l);
        return 0;
}

static void warn_of_ways(struct reading *r, const struct at *workflow) {
        for (unsigned i = 0; i < r->n_steps; i++) {
                const struct step *s = &r->steps[i];
                struct at at = {.up = workflow, .key = s->id};
                bool after = false;

                for (unsigned k = s->first; k < s->first + s->n; k++)
                        after |= r->edges[k].kind <= EDGE_SUCCESS;
                if (!s->reached)
                        playbook_warn(r, &at, "nothing leads to this step: it is never done",
                                      "không có đường đến bước này: sẽ không được thực hiện");
                else if (!after && s->type != STEP_END)
                        playbook_warn(r, &at, "nothing follows it: taken as the end of its branch",
                                      "không có bước tiếp theo: được coi là kết thúc nhánh");
        }
}

/* ---- what steps name ---- */

static void check_names(struct reading *r, unsigned i, const struct at *step, const char *key) {
        const json_t *o = r->steps[i].o, *e;
        const json_t *own = json_object_get(o, "step_variables");
        const json_t *all = json_object_get(r->root, "playbook_variables");
        struct at at = {.up = step, .key = key};
        size_t n;

        json_array_foreach(json_object_get(o, key), n, e) {
                struct at in = {.up = &at, .index = n};
                const char *name = json_string_value(e);

                if (name && !json_object_get(own, name) && !json_object_get(all, name))
                        playbook_fault(r, &in, e, &no_variable);
        }
}

static void check_agents(struct reading *r, unsigned i, const struct at *step) {
        const json_t *o = r->steps[i].o, *agent = json_object_get(o, "agent"), *e;
        const json_t *agents = json_object_get(r->root, "agent_definitions");
        const json_t *targets = json_object_get(r->root, "target_definitions");
        struct at at = {.up = step, .key = "targets"};
        size_t n;

        if (json_is_string(agent) && !json_object_get(agents, json_string_value(agent)))
                playbook_fault(r, &(struct at){.up = step, .key = "agent"}, agent, &no_agent);
        json_array_foreach(json_object_get(o, "targets"), n, e) {
                struct at in = {.up = &at, .index = n};

                if (json_is_string(e) && !json_object_get(targets, json_string_value(e)))
                        playbook_fault(r, &in, e, &no_target);
        }
}

/* Commands of ours. */
static void check_commands(struct reading *r, unsigned i, const struct at *step) {
        static const char *const verbs[] = {"task",     "block", "search",
                                            "evidence", "clock", "report"};
        struct at at = {.up = step, .key = "commands"};
        const json_t *c;
        size_t n;

        json_array_foreach(json_object_get(r->steps[i].o, "commands"), n, c) {
                struct at in = {.up = &at, .index = n}, command = {.up = &in, .key = "command"};
                const char *type = playbook_text(c, "type"), *verb = playbook_text(c, "command");
                bool good = false;

                if (!type || !verb || strcmp(type, "coloa") != 0)
                        continue;
                for (size_t k = 0; k < ARRAY_LEN(verbs) && !good; k++)
                        good = strcmp(verb, verbs[k]) == 0;
                if (!good)
                        playbook_fault(r, &command, json_object_get(c, "command"), &no_verb);
                else if (!r->steps[i].verb)
                        r->steps[i].verb = verb;
        }
}

static void check_ours(struct reading *r, unsigned i, const struct at *step) {
        static const char *const parts[] = {"detect",  "protect", "contain",
                                            "analyse", "restore", "verify"};
        const json_t *ext = r->steps[i].ext, *within = json_object_get(ext, "within_s");
        struct at at = {.up = step, .key = "step_extensions"},
                  in = {.up = &at, .key = PLAYBOOK_EXTENSION};
        const char *part = playbook_text(ext, "part");
        bool good = !part;

        for (size_t k = 0; k < ARRAY_LEN(parts) && !good; k++)
                good = strcmp(part, parts[k]) == 0;
        if (!good)
                playbook_fault(r, &(struct at){.up = &in, .key = "part"},
                               json_object_get(ext, "part"), &no_part);
        if (json_integer_value(within) > WITHIN_MOST)
                playbook_fault(r, &(struct at){.up = &in, .key = "within_s"}, within, &long_time);
}

void playbook_flow(struct reading *r) {
        struct at workflow = {.key = "workflow"};

        if (!json_is_object(json_object_get(r->root, "workflow")))
                return;
        read_steps(r, &workflow);
        read_edges(r, &workflow);
        check_start(r);
        for (unsigned i = 0; i < r->n_steps; i++) {
                struct at at = {.up = &workflow, .key = r->steps[i].id};

                check_names(r, i, &at, "in_args");
                check_names(r, i, &at, "out_args");
                check_agents(r, i, &at);
                check_commands(r, i, &at);
                check_ours(r, i, &at);
        }
        if (look_at_ways(r) < 0)
                r->failed = true;
        else
                warn_of_ways(r, &workflow);
}

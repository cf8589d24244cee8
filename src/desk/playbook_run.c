/* Runs of playbooks. A visit is one time that a step was come to; a step whose branches run is the parent of the
 * visits within them. People say what becomes of a visit; everything that follows from that by itself is done
 * in the same transaction, so a run stands still only where somebody is waited for.
 *
 *   V1. Nothing of a run is in memory between two requests: it is rows, and a killed desk goes on from them.
 *   V2. A visit is ended once: its version must be the asker's, and its state one that waits.
 *   V3. All that a person or the desk did of a step is in the incident's timeline, in the same transaction.
 *   V4. What can grow is bounded: visits of a run, rounds of a while, runs within runs.
 *   V5. The desk does nothing outside of itself: an automatic step opens a task, or prepares what a person then
 *       does through its own operation, with the rights and the second person that it asks for.
 *
 * States: ready (for a person), waiting (for its branches, or a run that it called), done, skipped, failed (nothing
 * says what then: the run is stuck until somebody does), passed (start, end). */
#include "desk/playbook.h"

#include <stdio.h>
#include <stdlib.h>

#include "desk/desk_impl.h"
#include "reader/playbook.h"

#define RUN_E_FULL 2101 /* V4 */
#define DEEP_MAX 300u   /* steps that follow each other without a person between */

static int enter(struct playbook_run *r, int64_t step, int64_t parent);
static int come_back(struct playbook_run *r, int64_t parent);

/* ---- plan ---- */

const json_t *run_step(const struct playbook_run *r, int64_t step) {
        return step < 0 ? NULL : json_array_get(r->steps, (size_t)step);
}

static int64_t way(const json_t *s, const char *key) {
        return (int64_t)json_integer_value(json_object_get(s, key));
}

static const char *text(const json_t *o, const char *key) {
        const char *s = json_string_value(json_object_get(o, key));
        return s ? s : "";
}

static bool is(const json_t *s, const char *type) {
        return strcmp(text(s, "type"), type) == 0;
}

/* ---- the timeline ---- */

struct span run_cut(struct span s, size_t most) {
        size_t n = MIN(s.len, most);

        while (n && n < s.len && (s.p[n] & 0xc0) == 0x80)
                n--;
        return span_of(s.p, n);
}

struct span run_name(const json_t *o, bool vi) {
        const char *s = vi ? text(o, "name_vi") : text(o, "name");

        if (!*s)
                s = text(o, "name");
        return run_cut(span_str(*s ? s : text(o, "type")), 160);
}

static struct span sentence(struct playbook_run *r, const json_t *s, bool vi, const char *what,
                            struct span more) {
        struct span book = run_name(r->plan, vi), step = s ? run_name(s, vi) : SPAN_NONE;

        more = run_cut(more, 400);
        return incident_text(r->c, "%.*s: %s%.*s%s%s%s%.*s", (int)book.len, book.p, s ? "“" : "",
                             (int)step.len, s ? step.p : "", s ? "” " : "", what,
                             more.len ? ": " : "", (int)more.len, more.len ? more.p : "");
}

/* “Playbook: “step” what: more”, in both languages. */
int run_say(struct playbook_run *r, const json_t *s, const char *en, const char *vi,
            struct span more) {
        struct incident_entry e = {.kind = "task",
                                   .about = "playbook_run",
                                   .about_id = r->id,
                                   .en = sentence(r, s, false, en, more),
                                   .vi = sentence(r, s, true, vi, more)};

        return incident_write(r->c, r->i.id, &e);
}

/* ---- variables ---- */

struct span run_value(void *ctx, struct span name) {
        const struct playbook_run *r = ctx;
        static const char *const facts[] = {"unknown", "no", "yes"};
        const json_t *v = json_object_getn(r->vars, name.p, name.len);

        if (json_is_string(v))
                return span_of(json_string_value(v), json_string_length(v));
        if (span_eq(name, SPAN("__coloa_kind__")))
                return r->i.kind.len ? r->i.kind : SPAN_NONE;
        if (span_eq(name, SPAN("__coloa_harm__")))
                return r->i.harm.len ? r->i.harm : SPAN_NONE;
        if (span_eq(name, SPAN("__coloa_severity__")))
                return r->i.severity.len ? r->i.severity : SPAN_NONE;
        if (span_eq(name, SPAN("__coloa_code__")))
                return r->i.code;
        if (span_eq(name, SPAN("__coloa_level__")))
                return r->i.level ? incident_text(r->c, "%lld", (long long)r->i.level) : SPAN_NONE;
        if (span_eq(name, SPAN("__coloa_serious__")))
                return r->i.serious == FACT_UNKNOWN ? SPAN_NONE : span_str(facts[r->i.serious]);
        return SPAN_NONE;
}

bool run_has_variable(const struct playbook_run *r, const char *name, bool *ret_constant) {
        const json_t *e;
        size_t i;

        json_array_foreach(json_object_get(r->plan, "variables"), i, e) {
                if (strcmp(text(e, "name"), name) != 0)
                        continue;
                *ret_constant = json_is_true(json_object_get(e, "constant"));
                return true;
        }
        return false;
}

int run_set(struct playbook_run *r, const char *name, const char *value) {
        return json_object_set_new(r->vars, name, json_string(value)) < 0 ? FAIL(-ENOMEM) : 0;
}

/* What a person answered is the variable's value, when the condition asks for one. */
static int learn(struct playbook_run *r, const json_t *s, struct span answer) {
        bool truth = span_eq(answer, SPAN("true")), constant = false;
        struct span name;
        char var[256];

        if (is(s, "switch-condition")) {
                name = span_str(text(s, "switch"));
                if (name.len < 7 || memcmp(name.p + name.len - 6, ":value", 6) != 0)
                        return 0;
                name.len -= 6;
        } else {
                name = playbook_asks(span_str(text(s, "condition")));
        }
        if (!name.p || name.len >= sizeof(var))
                return 0;
        snprintf(var, sizeof(var), "%.*s", (int)name.len, name.p);
        if (!run_has_variable(r, var, &constant) || constant)
                return 0;
        if (!is(s, "switch-condition"))
                return run_set(r, var, truth ? "true" : "false");
        struct span value = arena_dup(r->c->arena, answer);
        return value.p ? run_set(r, var, value.p) : FAIL(-ENOMEM);
}

int run_save(struct playbook_run *r) {
        char *vars = json_dumps(r->vars, JSON_COMPACT);
        int e = vars ? sql_do(r->c->db,
                              "UPDATE playbook_run SET vars=?2, version=version+1 WHERE id=?1",
                              "is", r->id, vars)
                     : FAIL(-ENOMEM);

        free(vars);
        if (e == 0)
                api_tell(r->c, "playbook_run", r->id, r->i.unit);
        return e;
}

/* ---- rows ---- */

static int set_state(struct playbook_run *r, int64_t visit, const char *state,
                     const char *outcome) {
        bool over = strcmp(state, "ready") != 0 && strcmp(state, "waiting") != 0;

        return sql_do(r->c->db,
                      "UPDATE playbook_visit SET state=?2, outcome=?3, ended=?4, by=?5,"
                      " version=version+1 WHERE id=?1",
                      "issTk", visit, state, outcome, over ? r->c->now : TIME_NONE,
                      over ? r->c->who.id : 0);
}

static int64_t seconds(const json_t *s, const char *key) {
        const json_t *v = json_object_get(s, key);
        json_int_t n = json_integer_value(v);

        return json_is_integer(v) && n > 0 && n <= 90 * 86400 ? (int64_t)n : 0;
}

static int add_visit(struct playbook_run *r, int64_t step, int64_t parent, const char *state,
                     int64_t *ret_id) {
        const json_t *s = run_step(r, step);
        int64_t wait = seconds(s, "delay_s"), within = seconds(s, "within_s"), now = r->c->now;
        bool open = strcmp(state, "ready") == 0;

        if (r->visits >= PLAYBOOK_VISITS_MAX) /* V4 */
                return RUN_E_FULL;
        r->visits++;
        int e = sql_do(r->c->db,
                       "INSERT INTO playbook_visit(run,step,parent,state,opened,begins,due,ended)"
                       " VALUES(?1,?2,?3,?4,?5,?6,?7,?8)",
                       "iiksiTTT", r->id, step, parent, state, now,
                       wait ? now + wait * NS_PER_SEC : TIME_NONE,
                       within && open ? now + (wait + within) * NS_PER_SEC : TIME_NONE,
                       strcmp(state, "passed") == 0 ? now : TIME_NONE);
        *ret_id = sql_last_id(r->c->db);
        return e;
}

int run_visit(struct playbook_run *r, int64_t visit, struct playbook_visit *ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int e = sql_rows(r->c->db, &q,
                         "SELECT step, parent, round, branches, version, state FROM playbook_visit"
                         " WHERE id=?1 AND run=?2",
                         "ii", visit, r->id);

        if (e == 0)
                e = sql_next(q);
        if (e != 1)
                return e;
        *ret = (struct playbook_visit){.id = visit,
                                       .step = sql_int(q, 0),
                                       .parent = sql_int(q, 1),
                                       .round = sql_int(q, 2),
                                       .branches = sql_int(q, 3),
                                       .version = sql_int(q, 4),
                                       .state = arena_dup(r->c->arena, sql_span(q, 5))};
        return ret->state.p && run_step(r, ret->step) ? 1 : FAIL(-EBADMSG);
}

/* Stuck while a visit has failed, else running; not a run that is over. */
static int settle(struct playbook_run *r) {
        return sql_do(r->c->db,
                      "UPDATE playbook_run SET state=CASE WHEN EXISTS(SELECT 1 FROM playbook_visit"
                      " WHERE run=?1 AND state='failed') THEN 'stuck' ELSE 'running' END"
                      " WHERE id=?1 AND state IN ('running','stuck')",
                      "i", r->id);
}

/* ---- what follows ---- */

/* Where it goes on after a visit; nothing: its branch is over. */
static int follow(struct playbook_run *r, const struct playbook_visit *v, bool failed) {
        const json_t *s = run_step(r, v->step);
        int64_t next = way(s, "next");

        if (!failed && way(s, "success") >= 0)
                next = way(s, "success");
        if (failed && next < 0)
                next = way(s, "failure");
        return next < 0 ? come_back(r, v->parent) : enter(r, next, v->parent);
}

/* A step with branches, or that called another run, is over. */
static int complete(struct playbook_run *r, const struct playbook_visit *v) {
        int e = set_state(r, v->id, "done", "done");

        return e == 0 ? follow(r, v, false) : e;
}

static int end_run(struct playbook_run *r) {
        struct playbook_run up = {.c = r->c};
        struct playbook_visit v;
        int64_t of = 0;
        int e = sql_do(r->c->db, "UPDATE playbook_run SET state='done', ended=?2 WHERE id=?1", "ii",
                       r->id, r->c->now);

        if (e == 0)
                e = run_say(r, NULL, "all steps are over", "mọi bước đã xong", SPAN_NONE);
        if (e < 0 || !r->parent)
                return e;
        e = sql_get_int(r->c->db, &of, "SELECT run FROM playbook_visit WHERE id=?1", "i",
                        r->parent);
        if (e == 1)
                e = run_get(r->c, of, "incidents.read", &up);
        if (e == 0 && run_visit(&up, r->parent, &v) == 1 && span_eq(v.state, SPAN("waiting"))) {
                e = complete(&up, &v);
                if (e == 0)
                        e = run_save(&up);
        }
        run_deinit(&up);
        return e;
}

static int ask_again(struct playbook_run *r, const struct playbook_visit *v);

/* A branch of that visit (0: the run itself) is over. */
static int come_back(struct playbook_run *r, int64_t parent) {
        struct playbook_visit v;
        int e = parent ? run_visit(r, parent, &v) : 1;

        if (!parent)
                return end_run(r);
        if (e != 1)
                return e < 0 ? e : FAIL(-EBADMSG);
        const json_t *s = run_step(r, v.step);
        if (is(s, "while-condition"))
                return ask_again(r, &v);
        if (v.branches > 1)
                return sql_do(r->c->db, "UPDATE playbook_visit SET branches=branches-1 WHERE id=?1",
                              "i", v.id);
        return complete(r, &v);
}

/* ---- conditions ---- */

static enum playbook_truth decide(struct playbook_run *r, const json_t *s) {
        return playbook_condition(span_str(text(s, "condition")), run_value, r);
}

/* The case that the variable names, or the default; -1: a person is asked. */
static int64_t decide_case(struct playbook_run *r, const json_t *s, struct span value) {
        const json_t *e;
        int64_t other = -1;
        size_t i;

        json_array_foreach(json_object_get(s, "cases"), i, e) {
                if (span_eq(value, span_str(text(e, "value"))))
                        return way(e, "to");
                if (strcmp(text(e, "value"), "default") == 0)
                        other = way(e, "to");
        }
        return other;
}

static struct span switch_value(struct playbook_run *r, const json_t *s) {
        struct span name = span_str(text(s, "switch"));

        if (name.len > 6 && memcmp(name.p + name.len - 6, ":value", 6) == 0)
                name.len -= 6;
        return run_value(r, name);
}

/* Into the branch that was chosen; -1: there is none. */
static int branch(struct playbook_run *r, const struct playbook_visit *v, int64_t to,
                  struct span answer) {
        int e = sql_do(
                r->c->db,
                "UPDATE playbook_visit SET state='waiting', branches=1, answer=?2, ended=NULL,"
                " due=NULL, version=version+1 WHERE id=?1",
                "it", v->id, answer);

        if (e < 0)
                return e;
        return to < 0 ? complete(r, v) : enter(r, to, v->id);
}

static int go_by(struct playbook_run *r, const struct playbook_visit *v, struct span answer) {
        const json_t *s = run_step(r, v->step);
        bool truth = span_eq(answer, SPAN("true"));

        if (is(s, "switch-condition"))
                return branch(r, v, decide_case(r, s, answer), answer);
        return branch(r, v, truth ? way(s, "true") : way(s, "false"), answer);
}

/* The variables say it, or a person is asked. */
static int enter_condition(struct playbook_run *r, int64_t step, int64_t parent) {
        const json_t *s = run_step(r, step);
        struct playbook_visit v = {.step = step, .parent = parent};
        struct span answer;
        int e = add_visit(r, step, parent, "ready", &v.id);

        if (e != 0)
                return e;
        if (is(s, "switch-condition")) {
                struct span value = switch_value(r, s);
                answer = value.p && decide_case(r, s, value) >= 0 ? value : SPAN_NONE;
        } else {
                enum playbook_truth t = decide(r, s);
                answer = t == PLAYBOOK_TRUE    ? SPAN("true")
                         : t == PLAYBOOK_FALSE ? SPAN("false")
                                               : SPAN_NONE;
        }
        if (!answer.p)
                return 0;
        e = run_say(r, s, "decided by what is known", "quyết định theo thông tin đã biết", answer);
        return e == 0 ? go_by(r, &v, answer) : e;
}

/* Another round: what a person answered is asked of a person again, as no step may have changed it. */
static int ask_again(struct playbook_run *r, const struct playbook_visit *v) {
        const json_t *s = run_step(r, v->step);
        enum playbook_truth t =
                playbook_asks(span_str(text(s, "condition"))).p ? PLAYBOOK_UNKNOWN : decide(r, s);
        int64_t within = seconds(s, "within_s");
        int e = sql_do(r->c->db,
                       "UPDATE playbook_visit SET state='ready', round=round+1, opened=?2, due=?3,"
                       " told=NULL, answer=NULL, version=version+1 WHERE id=?1",
                       "iiT", v->id, r->c->now,
                       within ? r->c->now + within * NS_PER_SEC : TIME_NONE);

        if (e == 0 && v->round + 1 >= PLAYBOOK_ROUNDS_MAX) { /* V4 */
                e = run_say(r, s, "ends after 100 rounds", "kết thúc sau 100 vòng", SPAN_NONE);
                t = PLAYBOOK_FALSE;
        }
        if (e < 0 || t == PLAYBOOK_UNKNOWN)
                return e;
        return go_by(r, v, t == PLAYBOOK_TRUE ? SPAN("true") : SPAN("false"));
}

/* ---- steps that are come to ---- */

static int enter_parallel(struct playbook_run *r, int64_t step, int64_t parent) {
        const json_t *list = json_object_get(run_step(r, step), "branches"), *b;
        int64_t id;
        size_t i;
        int e = add_visit(r, step, parent, "waiting", &id);

        if (e == 0)
                e = sql_do(r->c->db, "UPDATE playbook_visit SET branches=?2 WHERE id=?1", "ii", id,
                           (int64_t)json_array_size(list));
        if (e == 0 && json_array_size(list) == 0)
                return come_back(r, id);
        json_array_foreach(list, i, b) if (e == 0) e = enter(r, (int64_t)json_integer_value(b), id);
        return e;
}

/* V5: the one thing that the desk does by itself. */
static int open_task(struct playbook_run *r, const json_t *s, int64_t visit) {
        const json_t *with = json_object_get(s, "with");
        const char *part = text(s, "part"), *en = text(with, "title"), *vi = text(with, "title_vi");
        bool local = r->c->lang == LANG_VI && *vi;
        int64_t within = seconds(with, "within_s");
        int e = sql_do(r->c->db,
                       "INSERT INTO incident_task(incident,title,note,activity,due,step,created,"
                       "created_by) VALUES(?1,?2,'',nullif(?3,''),?4,?5,?6,?7)",
                       "issTtik", r->i.id,
                       local ? vi
                       : *en ? en
                             : text(s, "name"),
                       part, within ? r->c->now + within * NS_PER_SEC : TIME_NONE,
                       incident_text(r->c, "%lld.%lld", (long long)r->id, (long long)visit),
                       r->c->now, r->c->who.id);
        int64_t task = sql_last_id(r->c->db);

        if (e == 0)
                e = sql_do(r->c->db, "UPDATE playbook_visit SET task=?2 WHERE id=?1", "ii", visit,
                           task);
        return e == 0 ? run_say(r, s, "opened a task", "đã giao việc", SPAN_NONE) : e;
}

static int enter_action(struct playbook_run *r, int64_t step, int64_t parent) {
        const json_t *s = run_step(r, step);
        struct playbook_visit v = {.step = step, .parent = parent};
        int e = add_visit(r, step, parent, "ready", &v.id);

        if (e != 0 || strcmp(text(s, "auto"), "task") != 0)
                return e;
        e = open_task(r, s, v.id);
        return e == 0 ? complete(r, &v) : e;
}

/* Another playbook: begun beside, when the node has it. */
static int enter_playbook(struct playbook_run *r, int64_t step, int64_t parent) {
        const json_t *s = run_step(r, step);
        int64_t visit, id = 0, ran;
        int e = add_visit(r, step, parent, "ready", &visit);

        if (e != 0 || r->depth + 1 >= PLAYBOOK_RUN_DEPTH) /* V4: a person does it by hand */
                return e;
        e = sql_get_int(r->c->db, &id, "SELECT id FROM playbook WHERE cacao=?1 AND retired=0", "s",
                        text(s, "playbook"));
        if (e != 1)
                return e;
        e = set_state(r, visit, "waiting", NULL);
        return e == 0 ? run_start(r->c, &r->i, id, 0, visit, r->depth + 1, &ran) : e;
}

static int enter_deep(struct playbook_run *r, int64_t step, int64_t parent) {
        const json_t *s = run_step(r, step);
        struct playbook_visit v = {.step = step, .parent = parent};
        int e;

        if (!s)
                return FAIL(-EBADMSG);
        if (parent && run_visit(r, parent, &v) == 1 && v.step == step)
                return come_back(r, parent); /* back to its own while: the end of the branch */
        v = (struct playbook_visit){.step = step, .parent = parent};
        if (is(s, "action"))
                return enter_action(r, step, parent);
        if (is(s, "playbook-action"))
                return enter_playbook(r, step, parent);
        if (is(s, "parallel"))
                return enter_parallel(r, step, parent);
        if (!is(s, "start") && !is(s, "end"))
                return enter_condition(r, step, parent);
        e = add_visit(r, step, parent, "passed", &v.id);
        if (e != 0)
                return e;
        return is(s, "end") ? come_back(r, parent) : follow(r, &v, false);
}

static int enter(struct playbook_run *r, int64_t step, int64_t parent) {
        if (r->deep >= DEEP_MAX)
                return RUN_E_FULL;
        r->deep++;
        int e = enter_deep(r, step, parent);
        r->deep--;
        return e;
}

/* V4: where it cannot go on, it ends, and says so. */
static int full(struct playbook_run *r, int e) {
        if (e != RUN_E_FULL)
                return e;
        e = sql_do(r->c->db,
                   "UPDATE playbook_run SET state='stopped', ended=?2, reason=?3 WHERE id=?1",
                   "iis", r->id, r->c->now, "more steps were come to than a run may have");
        return e == 0 ? run_say(r, NULL, "stopped: more steps were come to than a run may have",
                                "dừng: số lượt bước vượt giới hạn", SPAN_NONE)
                      : e;
}

/* ---- what people do ---- */

static int fail(struct playbook_run *r, const struct playbook_visit *v) {
        const json_t *s = run_step(r, v->step);
        int64_t exception = (int64_t)json_integer_value(json_object_get(r->plan, "exception"));
        int e;

        if (way(s, "next") >= 0 || way(s, "failure") >= 0) {
                e = set_state(r, v->id, "done", "failed");
                return e == 0 ? follow(r, v, true) : e;
        }
        if (exception >= 0 && v->step != exception) {
                int64_t before = 0;

                e = sql_get_int(r->c->db, &before,
                                "SELECT count(*) FROM playbook_visit WHERE run=?1 AND step=?2",
                                "ii", r->id, exception);
                if (e == 1 && before == 0) {
                        e = set_state(r, v->id, "done", "failed");
                        return e == 0 ? enter(r, exception, v->parent) : e;
                }
                if (e < 0)
                        return e;
        }
        return set_state(r, v->id, "failed", "failed");
}

int run_outcome(struct playbook_run *r, const struct playbook_visit *v, enum run_outcome what,
                struct span answer, struct span note) {
        static const char *const en[] = {"done", "skipped", "failed", "is tried again"};
        static const char *const vi[] = {"đã xong", "bỏ qua", "thất bại", "làm lại"};
        const json_t *s = run_step(r, v->step);
        struct span more = note;
        int e = 0;

        if (answer.p) {
                struct span cut = run_cut(note, 400);

                more = note.len ? incident_text(r->c, "%.*s. %.*s", (int)answer.len, answer.p,
                                                (int)cut.len, cut.p)
                                : answer;
                e = learn(r, s, answer);
        }
        if (e == 0 && note.p)
                e = sql_do(r->c->db, "UPDATE playbook_visit SET note=?2 WHERE id=?1", "it", v->id,
                           note);
        if (e == 0)
                e = run_say(r, s, answer.p ? "answered" : en[what], answer.p ? "trả lời" : vi[what],
                            more);
        if (e < 0)
                return e;
        if (what == RUN_AGAIN) {
                e = sql_do(r->c->db,
                           "UPDATE playbook_visit SET state='ready', outcome=NULL, ended=NULL,"
                           " by=NULL, version=version+1 WHERE id=?1",
                           "i", v->id);
        } else if (answer.p) {
                e = sql_do(r->c->db, "UPDATE playbook_visit SET by=?2 WHERE id=?1", "ik", v->id,
                           r->c->who.id);
                if (e == 0)
                        e = go_by(r, v, answer);
        } else if (what == RUN_FAILED) {
                e = fail(r, v);
        } else {
                e = set_state(r, v->id, what == RUN_DONE ? "done" : "skipped", NULL);
                if (e == 0)
                        e = follow(r, v, false);
        }
        e = full(r, e);
        return e == 0 ? settle(r) : e;
}

int run_stop(struct playbook_run *r, struct span reason) {
        int64_t below;
        int e = sql_do(r->c->db,
                       "UPDATE playbook_run SET state='stopped', ended=?2, ended_by=?3, reason=?4"
                       " WHERE id=?1",
                       "iikt", r->id, r->c->now, r->c->who.id, reason);

        if (e == 0)
                e = run_say(r, NULL, "stopped", "dừng", reason);
        if (e == 0 && r->parent) /* whoever called it is not left waiting for ever */
                e = sql_do(r->c->db,
                           "UPDATE playbook_visit SET state='ready', version=version+1 WHERE id=?1"
                           " AND state='waiting'",
                           "i", r->parent);
        while (e == 0 &&
               (e = sql_get_int(r->c->db, &below,
                                "SELECT r.id FROM playbook_run r JOIN playbook_visit v ON"
                                " v.id=r.parent WHERE v.run=?1 AND r.state IN ('running','stuck')",
                                "i", r->id)) == 1) {
                struct playbook_run sub = {.c = r->c};

                e = run_get(r->c, below, "incidents.read", &sub);
                if (e == 0)
                        e = run_stop(&sub, reason);
                if (e == 0)
                        e = run_save(&sub);
                run_deinit(&sub);
        }
        return e;
}

/* ---- beginning, finding ---- */

void run_deinit(struct playbook_run *r) {
        json_decref(r->plan);
        json_decref(r->vars);
        r->plan = r->vars = NULL;
}

int run_get(struct api_call *c, int64_t id, const char *permission, struct playbook_run *ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int64_t incident, n = 0;
        int e = sql_rows(c->db, &q,
                         "SELECT incident, playbook, edition, version, parent, depth, state, vars"
                         " FROM playbook_run WHERE id=?1",
                         "i", id);

        if (e == 0)
                e = sql_next(q);
        if (e != 1)
                return e < 0 ? e : api_missing(c);
        incident = sql_int(q, 0);
        *ret = (struct playbook_run){.c = c,
                                     .id = id,
                                     .playbook = sql_int(q, 1),
                                     .edition = sql_int(q, 2),
                                     .version = sql_int(q, 3),
                                     .parent = sql_int(q, 4),
                                     .depth = sql_int(q, 5),
                                     .state = arena_dup(c->arena, sql_span(q, 6))};
        struct span vars = sql_span(q, 7);
        ret->vars = json_loadb(vars.p, vars.len, 0, NULL);
        q = sql_end(q);
        if (!ret->state.p || !json_is_object(ret->vars))
                return FAIL(-EBADMSG);
        e = incident_get(c, incident, permission, &ret->i);
        if (e == 0)
                e = playbook_load(c, ret->playbook, &ret->edition, &ret->plan);
        if (e == 1)
                e = sql_get_int(c->db, &n, "SELECT count(*) FROM playbook_visit WHERE run=?1", "i",
                                id);
        else if (e == 0 && !ret->plan)
                return FAIL(-EBADMSG);
        ret->visits = (unsigned)n;
        ret->steps = json_object_get(ret->plan, "steps");
        return e == 1 ? 0 : e;
}

static json_t *first_values(const json_t *plan) {
        json_t *vars = json_object();
        const json_t *e;
        size_t i;

        json_array_foreach(json_object_get(plan, "variables"), i, e) {
                json_t *value = json_object_get(e, "value");

                if (json_is_string(value))
                        json_object_set(vars, text(e, "name"), value);
        }
        return vars;
}

int run_start(struct api_call *c, const struct incident *i, int64_t playbook, int64_t edition,
              int64_t parent, int64_t depth, int64_t *ret_id) {
        struct playbook_run r = {.c = c,
                                 .i = *i,
                                 .playbook = playbook,
                                 .edition = edition,
                                 .parent = parent,
                                 .depth = depth};
        int e = playbook_load(c, playbook, &r.edition, &r.plan);

        if (e != 1) {
                json_decref(r.plan);
                return e < 0 ? e : api_missing(c);
        }
        r.steps = json_object_get(r.plan, "steps");
        r.vars = first_values(r.plan);
        e = sql_do(c->db,
                   "INSERT INTO playbook_run(incident,playbook,edition,state,started,started_by,"
                   "parent,depth,vars) VALUES(?1,?2,?3,'running',?4,?5,?6,?7,'{}')",
                   "iiiikki", i->id, playbook, r.edition, c->now, parent ? 0 : c->who.id, parent,
                   depth);
        if (e == -EEXIST) {
                run_deinit(&r);
                return api_refuse(c, 409, "running", "This playbook runs in this incident already",
                                  "Quy trình này đang được thực hiện trong sự cố này");
        }
        r.id = *ret_id = sql_last_id(c->db);
        if (e == 0)
                e = run_say(&r, NULL, "begun", "bắt đầu", SPAN_NONE);
        if (e == 0)
                e = full(&r,
                         enter(&r, (int64_t)json_integer_value(json_object_get(r.plan, "start")),
                               0));
        if (e == 0)
                e = run_save(&r);
        run_deinit(&r);
        return e;
}

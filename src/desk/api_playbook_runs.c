/* Runs of playbooks as people see and work on them; what follows from a step: playbook_run.c. */
#include <stdlib.h>

#include "desk/desk_impl.h"
#include "desk/playbook.h"
#include "wire/api_shapes.h"

#define FROM                                                                                       \
        "playbook_run r JOIN incident i ON i.id=r.incident JOIN playbook p ON p.id=r.playbook"     \
        " LEFT JOIN person s ON s.id=r.started_by"
#define OF_RUN "(SELECT count(*) FROM playbook_visit v WHERE v.run=r.id AND "

static const char *text(const json_t *o, const char *key) {
        const char *s = json_string_value(json_object_get(o, key));
        return s ? s : "";
}

static json_t *copy(const json_t *o, const char *key) {
        json_t *v = json_object_get(o, key);

        return v ? json_incref(v) : json_null();
}

/* Columns in the call's arena: a CSV is written after the handler. */
static int spec_of(struct api_call *c, struct api_list_spec *l) {
        struct span late = arena_printf(c->arena, OF_RUN "v.state='ready' AND v.due<=%lld)",
                                        (long long)c->now);
        const char *const names[] = {
                "r.id",
                "r.incident",
                "i.code",
                "r.playbook",
                "p.name",
                "p.name_vi",
                "r.edition",
                "r.state",
                "r.started",
                "s.name",
                "r.ended",
                "r.reason",
                (OF_RUN "v.state IN ('done','skipped') AND v.branches=0)"),
                (OF_RUN "v.state IN ('ready','failed') AND r.state IN ('running','stuck'))"),
                late.p,
                "(SELECT min(v.due) FROM playbook_visit v WHERE v.run=r.id AND v.state='ready')",
                "(SELECT v.run FROM playbook_visit v WHERE v.id=r.parent)",
                "r.version",
                "i.drill<>0",
                "nullif(i.drill,0)"};
        const char **columns = arena_array(c->arena, ARRAY_LEN(names), sizeof(*columns));

        if (!columns || !late.p)
                return FAIL(-ENOMEM);
        memcpy(columns, names, sizeof(names));
        *l = (struct api_list_spec){.shape = api_playbook_run_shape,
                                    .columns = columns,
                                    .from = FROM,
                                    .id = "r.id",
                                    .search = {"p.name", "p.name_vi", "i.code", NULL}};
        return 0;
}

int playbook_do_runs(struct api_call *c) {
        struct api_list_spec l;
        int r = spec_of(c, &l);

        if (r == 0)
                r = incident_visible(c, "", &l.where);
        return r < 0 ? r : api_list(c, &l);
}

/* ---- one, with its visits ---- */

/* What a person does next of an automatic step, through its own operation. */
static json_t *prepared(const struct playbook_run *r, const json_t *s) {
        const char *verb = text(s, "auto");
        const json_t *with = json_object_get(s, "with");
        long long id = (long long)r->i.id;
        char link[256] = "";

        if (!*verb)
                return json_null();
        if (strcmp(verb, "search") == 0)
                snprintf(link, sizeof(link), "/search?incident=%lld", id);
        else if (strcmp(verb, "report") == 0)
                snprintf(link, sizeof(link), "/reports?incident=%lld", id);
        return json_pack("{ss ss so so so so so}", "do", verb, "link", link, "query",
                         copy(with, "query"), "form", copy(with, "form"), "hours",
                         copy(with, "hours"), "title", copy(with, "title"), "title_vi",
                         copy(with, "title_vi"));
}

static json_t *choice(const char *value, const char *en, json_t *vi) {
        return json_pack("{ss ss so}", "value", value, "title", en, "title_vi", vi);
}

static json_t *choices(const json_t *s) {
        const char *type = text(s, "type");
        json_t *list = json_array();
        const json_t *e;
        size_t i;

        if (strcmp(type, "switch-condition") == 0)
                json_array_foreach(json_object_get(s, "cases"), i, e) json_array_append_new(
                        list, choice(text(e, "value"), text(e, "value"), copy(e, "title_vi")));
        if (strcmp(type, "if-condition") == 0 || strcmp(type, "while-condition") == 0) {
                json_array_append_new(list, choice("true", "Yes", json_string("Có")));
                json_array_append_new(list, choice("false", "No", json_string("Không")));
        }
        if (json_array_size(list))
                return list;
        json_decref(list);
        return json_null();
}

static json_t *maybe_text(struct sql_rows *q, int column) {
        return sql_null(q, column) ? json_null() : api_json_text(sql_span(q, column));
}

static json_t *maybe_id(struct sql_rows *q, int column) {
        return sql_null(q, column) ? json_null() : json_integer(sql_int(q, column));
}

static json_t *visit_json(struct playbook_run *r, struct sql_rows *q) {
        const json_t *s = run_step(r, sql_int(q, 1));
        int64_t due = sql_time(q, 8), ended = sql_time(q, 9), now = r->c->now;
        bool open = span_eq(sql_span(q, 4), SPAN("ready"));
        int64_t until = ended == TIME_NONE ? now : ended;
        json_t *o = json_pack(
                "{sI sI so sI so so so so so so sb}", "id", (json_int_t)sql_int(q, 0), "n",
                (json_int_t)sql_int(q, 1), "parent", maybe_id(q, 2), "round",
                (json_int_t)sql_int(q, 3), "state", maybe_text(q, 4), "outcome", maybe_text(q, 5),
                "opened", api_json_time(sql_time(q, 6)), "begins", api_json_time(sql_time(q, 7)),
                "due", api_json_time(due), "left_s",
                due == TIME_NONE ? json_null() : json_integer((due - until) / NS_PER_SEC),
                "overdue", due != TIME_NONE && until > due && (open || ended != TIME_NONE));
        json_t *more = json_pack("{so so so so so so so so sb sI}", "ended", api_json_time(ended),
                                 "by_name", maybe_text(q, 10), "note", maybe_text(q, 11), "answer",
                                 maybe_text(q, 12), "task", maybe_id(q, 13), "run", maybe_id(q, 15),
                                 "prepared", open ? prepared(r, s) : json_null(), "choices",
                                 open ? choices(s) : json_null(), "auto", *text(s, "auto") != '\0',
                                 "version", (json_int_t)sql_int(q, 14));

        if (!o || !more || json_object_update(o, more) < 0) {
                json_decref(o);
                o = NULL;
        }
        json_decref(more);
        return o;
}

static int visits(struct playbook_run *r, json_t *list) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int e = sql_rows(r->c->db, &q,
                         "SELECT v.id, v.step, v.parent, v.round, v.state, v.outcome, v.opened,"
                         " v.begins, v.due, v.ended, (SELECT name FROM person WHERE id=v.by),"
                         " v.note, v.answer, v.task, v.version,"
                         " (SELECT max(id) FROM playbook_run WHERE parent=v.id)"
                         " FROM playbook_visit v WHERE v.run=?1 ORDER BY v.id",
                         "i", r->id);

        while (e == 0 && (e = sql_next(q)) == 1)
                e = json_array_append_new(list, visit_json(r, q)) < 0 ? FAIL(-ENOMEM) : 0;
        return e;
}

/* Its variables, with their values of now. */
static json_t *variables(struct playbook_run *r) {
        json_t *list = json_array();
        const json_t *e;
        size_t i;

        json_array_foreach(json_object_get(r->plan, "variables"), i, e) {
                json_t *o = json_copy((json_t *)e);
                struct span v = run_value(r, span_str(text(e, "name")));

                json_object_set_new(o, "value", v.p ? api_json_text(v) : json_null());
                json_array_append_new(list, o);
        }
        return list;
}

static int answer(struct playbook_run *r) {
        struct api_call *c = r->c;
        struct api_list_spec l;
        json_t *list = json_array();
        int e = spec_of(c, &l);

        if (e == 0)
                e = api_detail(c, &l, r->id);
        if (e == 0)
                e = visits(r, list);
        if (e == 0) {
                json_t *more = json_pack("{so so sO}", "variables", variables(r), "graph",
                                         copy(r->plan, "graph"), "visits", list);
                if (!more || json_object_update(c->answer, more) < 0)
                        e = FAIL(-ENOMEM);
                json_decref(more);
        }
        json_decref(list);
        return e;
}

int playbook_do_run(struct api_call *c) {
        struct playbook_run r = {0};
        int e = run_get(c, api_int(c, "run", 0), "incidents.read", &r);

        if (e == 0)
                e = answer(&r);
        run_deinit(&r);
        return e;
}

/* After a change: as it is on the disk now. */
static int done(struct api_call *c, int64_t id) {
        struct playbook_run r = {0};
        int e = run_get(c, id, "incidents.read", &r);

        if (e == 0)
                e = incident_touch(c, &r.i);
        if (e == 0)
                e = answer(&r);
        run_deinit(&r);
        return e;
}

/* ---- which fit ---- */

int playbook_do_suggest(struct api_call *c) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        json_t *items = json_array();
        struct incident i = {0};
        int r = incident_get(c, api_int(c, "id", 0), "incidents.read", &i);

        if (r == 0)
                r = sql_rows(
                        c->db, &q,
                        "SELECT p.id, p.name, p.name_vi, p.kinds, p.steps,"
                        " EXISTS(SELECT 1 FROM json_each(p.kinds) k WHERE k.value=?1) AS fits,"
                        " (SELECT id FROM playbook_run r WHERE r.playbook=p.id AND"
                        " r.incident=?2 AND r.state IN ('running','stuck') LIMIT 1)"
                        " FROM playbook p WHERE p.retired=0"
                        " ORDER BY fits DESC, p.origin='coloa', p.name COLLATE words LIMIT 200",
                        "ti", i.kind.len ? i.kind : SPAN(""), i.id);
        while (r == 0 && (r = sql_next(q)) == 1) {
                struct span kinds = sql_span(q, 3);
                json_t *o = json_pack("{sI so so so sI ss so}", "id", (json_int_t)sql_int(q, 0),
                                      "name", maybe_text(q, 1), "name_vi", maybe_text(q, 2),
                                      "kinds", json_loadb(kinds.p, kinds.len, 0, NULL), "steps",
                                      (json_int_t)sql_int(q, 4), "why",
                                      sql_int(q, 5) ? "kind" : "other", "running", maybe_id(q, 6));
                r = json_array_append_new(items, o) < 0 ? FAIL(-ENOMEM) : 0;
        }
        c->answer = json_pack("{so}", "items", items);
        return r;
}

/* ---- changes ---- */

static int still_open(struct api_call *c, const struct incident *i) {
        if (!span_eq(i->state, SPAN("closed")) && !span_eq(i->state, SPAN("reviewed")) &&
            !span_eq(i->state, SPAN("false_alarm")))
                return 0;
        return api_refuse(c, 409, "closed", "The incident is closed: open it again first",
                          "Sự cố đã đóng: hãy mở lại trước");
}

/* Not taken out of use, not revoked, not outside its time. */
static int good_playbook(struct api_call *c, int64_t id, int64_t edition) {
        json_t *plan = NULL;
        int64_t retired = 0, from, until;
        int r = sql_get_int(c->db, &retired, "SELECT retired FROM playbook WHERE id=?1", "i", id);

        if (r == 1)
                r = playbook_load(c, id, &edition, &plan);
        if (r != 1) {
                json_decref(plan);
                return r < 0 ? r
                             : api_fault_at(c, "playbook", "There is no such playbook",
                                            "Không có quy trình này", "Choose one of the list",
                                            "Chọn trong danh sách");
        }
        bool revoked = json_is_true(json_object_get(plan, "revoked"));
        from = time_parse_iso(span_str(text(plan, "valid_from")), 0);
        until = time_parse_iso(span_str(text(plan, "valid_until")), 0);
        json_decref(plan);
        if (retired || revoked)
                return api_refuse(c, 409, "retired", "This playbook is not used any more",
                                  "Quy trình này không còn được dùng");
        if ((from != TIME_NONE && c->now < from) || (until != TIME_NONE && c->now >= until))
                return api_refuse(c, 409, "not_valid",
                                  "This playbook is not valid at this time, as its author set it",
                                  "Quy trình này không có hiệu lực vào lúc này theo tác giả");
        return 0;
}

int playbook_do_start(struct api_call *c) {
        int64_t playbook = api_int(c, "playbook", 0), edition = api_int(c, "edition", 0), id = 0;
        struct incident i = {0};
        int r = incident_get(c, api_int(c, "id", 0), "incidents.work", &i);

        if (r == 0)
                r = still_open(c, &i);
        if (r == 0)
                r = good_playbook(c, playbook, edition);
        if (r == 0)
                r = run_start(c, &i, playbook, edition, 0, 0, &id);
        return r == 0 ? done(c, id) : r;
}

static int stale(struct api_call *c) {
        return api_refuse(c, 409, "stale", "Somebody changed it meanwhile: look again, then repeat",
                          "Có người vừa thay đổi: hãy xem lại rồi làm lại");
}

static int going_on(struct api_call *c, const struct playbook_run *r) {
        if (span_eq(r->state, SPAN("running")) || span_eq(r->state, SPAN("stuck")))
                return still_open(c, &r->i);
        return api_refuse(c, 409, "over", "This run is over", "Lần thực hiện này đã kết thúc");
}

/* V2: of its state, and of the kind of its step. */
static int good_outcome(struct api_call *c, const struct playbook_visit *v, const json_t *s,
                        enum run_outcome what, struct span answer_) {
        bool ready = span_eq(v->state, SPAN("ready")), failed = span_eq(v->state, SPAN("failed"));
        bool asks = strstr(text(s, "type"), "condition") != NULL, good = false;
        json_t *all = choices(s);
        const json_t *e;
        size_t i;

        if ((!ready && !failed) || (what == RUN_AGAIN && !failed) ||
            (failed && what == RUN_FAILED)) {
                json_decref(all);
                return api_refuse(c, 409, "over", "This step does not wait for that",
                                  "Bước này không chờ việc đó");
        }
        json_array_foreach(all, i, e) good |= span_eq(answer_, span_str(text(e, "value")));
        json_decref(all);
        if (asks && what == RUN_DONE && !good)
                return api_fault_at(c, "answer", "It is none of the answers",
                                    "Không phải câu trả lời hợp lệ", "Choose one of the list",
                                    "Chọn trong danh sách");
        if (asks && what == RUN_FAILED)
                return api_fault_at(c, "outcome", "A condition is answered or skipped",
                                    "Điều kiện chỉ có thể trả lời hoặc bỏ qua", "Answer it",
                                    "Hãy trả lời");
        if (!asks && answer_.p)
                return api_fault_at(c, "answer", "This step asks nothing", "Bước này không hỏi gì",
                                    "Leave it out", "Bỏ trường này");
        return 0;
}

static int good_note(struct api_call *c, enum run_outcome what, struct span note) {
        if ((what != RUN_SKIPPED && what != RUN_FAILED) || note.len >= 3)
                return 0;
        return api_fault_at(c, "note", "Nothing says why", "Chưa có lý do",
                            "Write why it is skipped or failed", "Ghi lý do bỏ qua hoặc thất bại");
}

static int set_variables(struct playbook_run *r) {
        const json_t *list = json_object_get(r->c->in, "variables"), *e;
        size_t i;
        int x = 0;

        json_array_foreach(list, i, e) {
                const char *s = json_string_value(e), *eq = s ? strchr(s, '=') : NULL;
                bool constant = false;
                char name[256];

                if (x < 0)
                        return x;
                if (!eq || (size_t)(eq - s) >= sizeof(name))
                        return api_fault_at(r->c, "variables", "It is no NAME=VALUE",
                                            "Không có dạng TÊN=GIÁ TRỊ", "Write __name__=value",
                                            "Viết __ten__=giá trị");
                snprintf(name, sizeof(name), "%.*s", (int)(eq - s), s);
                if (!run_has_variable(r, name, &constant) || constant)
                        return api_fault_at(
                                r->c, "variables", "There is no such variable, or it is constant",
                                "Không có biến này hoặc là hằng", "Choose one of the playbook's",
                                "Chọn biến của quy trình");
                x = run_set(r, name, eq + 1);
        }
        return x;
}

static enum run_outcome outcome_of(struct span s) {
        return span_eq(s, SPAN("done"))      ? RUN_DONE
               : span_eq(s, SPAN("skipped")) ? RUN_SKIPPED
               : span_eq(s, SPAN("failed"))  ? RUN_FAILED
                                             : RUN_AGAIN;
}

int playbook_do_step(struct api_call *c) {
        enum run_outcome what = outcome_of(api_text(c, "outcome"));
        struct span said = api_text(c, "answer"), note = api_text(c, "note");
        struct playbook_run r = {0};
        struct playbook_visit v = {0};
        int64_t id = api_int(c, "run", 0);
        int e = run_get(c, id, "incidents.work", &r);

        if (e == 0)
                e = going_on(c, &r);
        if (e == 0) {
                e = run_visit(&r, api_int(c, "visit", 0), &v);
                e = e == 0 ? api_missing(c) : MIN(e, 0);
        }
        if (e == 0 && v.version != api_int(c, "version", 0))
                e = stale(c);
        if (e == 0)
                e = good_outcome(c, &v, run_step(&r, v.step), what, said);
        if (e == 0)
                e = good_note(c, what, note);
        if (e == 0)
                e = set_variables(&r);
        if (e == 0)
                e = run_outcome(&r, &v, what, what == RUN_DONE ? said : SPAN_NONE,
                                note.len ? note : SPAN_NONE);
        if (e == 0)
                e = run_save(&r);
        run_deinit(&r);
        return e == 0 ? done(c, id) : e;
}

int playbook_do_stop(struct api_call *c) {
        struct playbook_run r = {0};
        int64_t id = api_int(c, "run", 0);
        int e = run_get(c, id, "incidents.work", &r);

        if (e == 0)
                e = going_on(c, &r);
        if (e == 0 && api_int(c, "version", r.version) != r.version)
                e = stale(c);
        if (e == 0)
                e = run_stop(&r, api_text(c, "reason"));
        if (e == 0)
                e = run_save(&r);
        run_deinit(&r);
        return e == 0 ? done(c, id) : e;
}

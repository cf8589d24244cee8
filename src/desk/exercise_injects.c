/* Injects: what is handed to people. Each is one row of the exercise, and one delivery for each play it came to; a
 * delivery is seen once and answered once, by whoever of the roster is first, and its times are those of the desk.
 *
 *   N1. A delivery is told to people when it is on disk (events go out after the commit).
 *   N2. What was answered stands: a second answer is refused, whoever gives it. */
#include <stdlib.h>

#include "desk/desk_impl.h"
#include "desk/exercise_impl.h"

/* ---- laying them out ---- */

static json_t *choices_json(const struct plan_inject *i) {
        json_t *list = json_array();

        for (unsigned k = 0; k < i->n_choices; k++)
                json_array_append_new(list, json_pack("{ss ss ss}", "id", i->choices[k].id, "text",
                                                      i->choices[k].text.en, "text_vi",
                                                      i->choices[k].text.vi));
        return list;
}

static int lay(struct api_call *c, const struct exercise *e, const struct plan_inject *i,
               unsigned n) {
        static const char *const kinds[] = {"call", "mail",    "press", "note",
                                            "file", "failure", "order"};
        json_t *roles = json_array(), *choices = choices_json(i);

        for (unsigned k = 0; k < i->n_roles; k++)
                json_array_append_new(roles, json_string(i->roles[k]));
        char *r_text = json_dumps(roles, JSON_COMPACT), *c_text = json_dumps(choices, JSON_COMPACT);
        int r = !r_text || !c_text ? FAIL(-ENOMEM) : 0;

        if (r == 0)
                r = sql_do(
                        c->db,
                        "INSERT OR IGNORE INTO exercise_inject(exercise,item,n,plan_id,kind,title,"
                        "title_vi,text,text_vi,sender,sender_vi,roles,choices,answer,file_name,"
                        "file,file_vi,t,created) VALUES(?1,'i',?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,"
                        "?12,?13,?14,?15,?16,?17,?18)",
                        "iissssssssssbsssni", e->id, (int64_t)n, i->id, kinds[i->kind], i->title.en,
                        i->title.vi, i->text.en, i->text.vi, i->from.en, i->from.vi, r_text, c_text,
                        i->answer, i->file_name, i->file.en, i->file.vi, c->now);
        if (r == 0 && !i->when.after)
                r = sql_do(
                        c->db,
                        "UPDATE exercise_inject SET t=?3 WHERE exercise=?1 AND item='i' AND n=?2",
                        "iii", e->id, (int64_t)n, i->when.at);
        free(r_text);
        free(c_text);
        json_decref(roles);
        json_decref(choices);
        return r;
}

int exercise_injects_lay(struct api_call *c, const struct exercise *e, const struct plan *p) {
        int r = 0;

        for (unsigned i = 0; i < p->n_injects && r == 0; i++)
                r = lay(c, e, &p->injects[i], i + 1);
        return r;
}

/* ---- delivering ---- */

int exercise_tell_roster(struct desk *d, struct sql *db, int64_t exercise, int64_t unit,
                         const char *what, int64_t id) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(db, &q,
                         "SELECT DISTINCT person FROM exercise_roster WHERE exercise=?1 AND unit=?2"
                         " AND until IS NULL",
                         "ii", exercise, unit);

        while (r == 0 && (r = sql_next(q)) == 1) {
                api_tell_person(d, what, id, sql_int(q, 0));
                r = 0;
        }
        return r;
}

int exercise_deliver(struct desk *d, struct sql *db, const struct exercise_play *y, int64_t inject,
                     int64_t t, int64_t now) {
        int r = sql_do(
                db, "INSERT OR IGNORE INTO exercise_delivery(play,inject,t,at) VALUES(?1,?2,?3,?4)",
                "iiii", y->id, inject, MAX(t, 0), now);

        if (r < 0 || !sql_changes(db))
                return r;
        return exercise_tell_inject(d, y, sql_last_id(db), now);
}

/* ---- by organisers ---- */

static int organised(struct api_call *c, struct exercise *e, unsigned states) {
        int r = exercise_get(c, api_int(c, "id", 0), "exercises.plan", e);

        if (r == 0 && !(EX_BIT(e->state) & states))
                return api_refuse(c, 409, "state", "it does not run", "diễn tập không chạy");
        return r;
}

static int done(struct api_call *c, const struct exercise *e, int r) {
        c->answer = json_pack("{sb}", "done", 1);
        api_tell(c, "exercise", e->id, e->unit);
        exercise_engine_wake(c->desk);
        return r;
}

int exercise_do_inject(struct api_call *c) {
        struct exercise e = {0};
        json_t *choices = json_object_get(c->in, "choices"),
               *roles = json_object_get(c->in, "roles"), *units = json_object_get(c->in, "units"),
               *none = json_array();
        struct exercise_clock k = {0};
        int r = organised(c, &e, EX_LIVE);

        if (r == 0)
                r = exercise_clock_load(c->db, e.id, e.run, 0, &k);
        if (r != 0) {
                json_decref(none);
                return r;
        }
        char *c_text = json_dumps(json_is_array(choices) ? choices : none, JSON_COMPACT),
             *r_text = json_dumps(json_is_array(roles) ? roles : none, JSON_COMPACT),
             *u_text = json_array_size(units) ? json_dumps(units, JSON_COMPACT) : NULL;
        int64_t t = api_int(c, "t", MAX(clock_drill_of(k.p, k.n, c->now / MS_NS), 0));
        r = sql_do(
                c->db,
                "INSERT INTO exercise_inject(exercise,item,n,kind,title,text,sender,roles,choices,"
                "answer,units,t,by,created) SELECT ?1,'f',ifnull(max(n),0)+1,?2,?3,?4,?5,?6,?7,?8,"
                "?9,?10,?11,?12 FROM exercise_inject WHERE exercise=?1 AND item='f'",
                "ittttssbsiki", e.id, api_text(c, "kind"), api_text(c, "title"),
                api_text(c, "text"), api_text(c, "sender"), r_text, c_text,
                api_bool(c, "answer", json_array_size(choices) > 0), u_text, t, c->who.id, c->now);
        c->detail =
                json_pack("{sI sI}", "inject", (json_int_t)sql_last_id(c->db), "t", (json_int_t)t);
        free(c_text);
        free(r_text);
        free(u_text);
        json_decref(none);
        return r == 0 ? done(c, &e, 0) : r;
}

/* Of that exercise, not sent to all yet. 1, 0, -errno. */
static int inject_of(struct api_call *c, const struct exercise *e, int64_t *ret_n, bool *ret_free) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT n, item='f' FROM exercise_inject WHERE id=?1 AND exercise=?2 AND"
                         " item IN ('i','f') AND sent IS NULL",
                         "ii", api_int(c, "inject", 0), e->id);

        if (r == 0)
                r = sql_next(q);
        if (r == 1) {
                *ret_n = sql_int(q, 0);
                *ret_free = sql_int(q, 1) != 0;
        }
        return r;
}

/* Its row of each play is decided with it, so that the engine does not deliver it again. */
int exercise_do_inject_send(struct api_call *c) {
        struct exercise e = {0};
        int64_t n = 0;
        bool free_ = false;
        int r = organised(c, &e, EX_LIVE);

        if (r != 0)
                return r;
        r = inject_of(c, &e, &n, &free_);
        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        r = sql_do(c->db, "UPDATE exercise_inject SET t=0, shift=0, sent=?2 WHERE id=?1", "ii",
                   api_int(c, "inject", 0), c->now);
        if (r == 0)
                r = exercise_engine_send(c->desk, e.id, free_ ? 'f' : 'i', n, c->now);
        c->detail = json_pack("{sI}", "inject", (json_int_t)api_int(c, "inject", 0));
        return r == 0 ? done(c, &e, 0) : r;
}

int exercise_do_inject_postpone(struct api_call *c) {
        struct exercise e = {0};
        int64_t n = 0, by = api_int(c, "minutes", 0) * 60000;
        bool free_ = false;
        int r = organised(c, &e, EX_LIVE);

        if (r != 0)
                return r;
        r = inject_of(c, &e, &n, &free_);
        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        r = sql_do(c->db, "UPDATE exercise_inject SET shift=shift+?2, t=t+?2 WHERE id=?1", "ii",
                   api_int(c, "inject", 0), by);
        c->detail = json_pack("{sI sI}", "inject", (json_int_t)api_int(c, "inject", 0), "by_ms",
                              (json_int_t)by);
        return r == 0 ? done(c, &e, 0) : r;
}

/* ---- by units ---- */

struct delivery {
        int64_t id;
        struct exercise_play play;
        struct span choices, role;
        bool seen, answered, answer;
};

/* One of the asker's own, of a play that goes on. 0, API_E_REFUSED, -errno. */
static int own(struct api_call *c, struct delivery *ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int64_t one = 0, id = api_int(c, "id", 0);
        int r = sql_rows(
                c->db, &q,
                "SELECT v.play, i.choices, v.seen IS NOT NULL, v.answered IS NOT NULL,"
                " i.answer, e.state IN ('rehearsal','running','paused') FROM"
                " exercise_delivery v JOIN exercise_inject i ON i.id=v.inject JOIN exercise e"
                " ON e.id=i.exercise WHERE v.id=?1",
                "i", id);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r < 0 ? r : api_missing(c);
        *ret = (struct delivery){.id = id,
                                 .choices = arena_dup(c->arena, sql_span(q, 1)),
                                 .seen = sql_int(q, 2) != 0,
                                 .answered = sql_int(q, 3) != 0,
                                 .answer = sql_int(q, 4) != 0};
        int64_t play = sql_int(q, 0);
        bool goes_on = sql_int(q, 5) != 0;
        q = sql_end(q);
        r = exercise_play_of(c->db, play, c->now, &ret->play);
        if (r == 1)
                r = exercise_role_of(c->db, c->arena, play, c->who.id, c->now, &ret->role, NULL);
        if (r == 0 && !ret->role.p)
                r = sql_get_int(
                        c->db, &one,
                        "SELECT 1 FROM exercise_roster WHERE exercise=?1 AND unit=?2 AND until"
                        " IS NULL LIMIT 1",
                        "ii", ret->play.exercise, ret->play.unit);
        if (r == 0)
                r = ret->role.p ? 1 : api_sees(c, "exercises.play", ret->play.unit);
        else if (r == 1) /* others are on it */
                r = c->who.local;
        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        snprintf(c->about, sizeof(c->about), "exercise %lld", (long long)ret->play.exercise);
        if (!goes_on || ret->play.over)
                return api_refuse(c, 409, "over", "this exercise is over",
                                  "cuộc diễn tập đã kết thúc");
        return 0;
}

static int see(struct api_call *c, const struct delivery *v) {
        if (v->seen)
                return 0;
        return sql_do(
                c->db,
                "UPDATE exercise_delivery SET seen=?2, seen_t=?3, seen_by=?4 WHERE id=?1 AND seen"
                " IS NULL",
                "iiik", v->id, c->now, MAX(v->play.t, 0), c->who.id);
}

static int told(struct api_call *c, const struct delivery *v, int r) {
        c->answer = json_pack("{sb}", "done", 1);
        if (r == 0)
                r = exercise_tell_inject(c->desk, &v->play, v->id, c->now);
        if (r == 0)
                exercise_tell(c->desk, v->play.exercise);
        exercise_touched(c->desk, v->play.id);
        return r;
}

int exercise_do_drill_seen(struct api_call *c) {
        struct delivery v = {0};
        int r = own(c, &v);

        if (r == 0)
                r = see(c, &v);
        return r == 0 ? told(c, &v, 0) : r;
}

static bool has_choice(struct span choices, struct span id) {
        json_t *list = json_loadb(choices.p, choices.len, 0, NULL), *o;
        bool found = false;
        size_t i;

        json_array_foreach(list, i, o) {
                const json_t *v = json_object_get(o, "id");

                found |= span_eq(span_of(json_string_value(v), json_string_length(v)), id);
        }
        json_decref(list);
        return found;
}

int exercise_do_drill_answer(struct api_call *c) {
        struct span choice = api_text(c, "choice"), text = api_text(c, "text");
        struct delivery v = {0};
        int r = own(c, &v);

        if (r != 0)
                return r;
        if (v.answered) /* N2 */
                return api_refuse(c, 409, "answered", "somebody of your unit answered it already",
                                  "đơn vị bạn đã trả lời tình huống này");
        if (!v.answer)
                return api_refuse(c, 409, "no_answer", "no answer is asked for",
                                  "tình huống này không cần trả lời");
        if (choice.len && !has_choice(v.choices, choice))
                return api_fault_at(c, "choice", "it has no such choice", "không có lựa chọn này",
                                    "choose one of those shown", "chọn một trong các mục đã nêu");
        if (!choice.len && (!text.len || has_choice(v.choices, SPAN_NONE) || v.choices.len > 2))
                return api_fault_at(c, v.choices.len > 2 ? "choice" : "text",
                                    "nothing was answered", "chưa có câu trả lời",
                                    "choose, or write", "hãy chọn hoặc viết");
        r = see(c, &v);
        if (r == 0)
                r = sql_do(
                        c->db,
                        "UPDATE exercise_delivery SET answered=?2, answered_t=?3, answered_by=?4,"
                        " answered_role=?5, choice=?6, text=?7 WHERE id=?1 AND answered IS NULL",
                        "iiikttt", v.id, c->now, MAX(v.play.t, 0), c->who.id, v.role,
                        choice.len ? choice : SPAN_NONE, text.len ? text : SPAN_NONE);
        c->detail = json_pack("{sI so}", "delivery", (json_int_t)v.id, "choice",
                              choice.len ? api_json_text(choice) : json_null());
        return r == 0 ? told(c, &v, 0) : r;
}

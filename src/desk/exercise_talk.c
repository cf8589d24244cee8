/* What organisers and units say to each other: messages, requests with their answers, observers' notes. Every one
 * has its time of both clocks. A hint has a price, which lowers the lines it is about and no others; it is given when
 * the organisers say so, or at once to who plays alone. */
#include "desk/desk_impl.h"
#include "desk/exercise_impl.h"

static json_t *yes(void) {
        return json_pack("{sb}", "done", 1);
}

/* ---- messages and notes ---- */

/* Drill time of the exercise or of a play. */
static int t_of(struct api_call *c, const struct exercise *e, int64_t play, int64_t *ret) {
        struct exercise_clock k = {0};
        int r;

        if (play)
                r = exercise_drill_of(c->db, play, c->now, ret);
        else {
                r = exercise_clock_load(c->db, e->id, e->run, 0, &k);
                *ret = clock_drill_of(k.p, k.n, c->now / MS_NS);
        }
        *ret = MAX(*ret, 0);
        return r;
}

/* The play that a request names is of that exercise. 0, API_E_REFUSED, -errno; *ret_unit 0: none named. */
static int named_play(struct api_call *c, const struct exercise *e, int64_t *ret,
                      int64_t *ret_unit) {
        *ret = api_int(c, "play", 0);
        *ret_unit = 0;
        if (!*ret)
                return 0;
        int r = sql_get_int(c->db, ret_unit,
                            "SELECT unit FROM exercise_play WHERE id=?1 AND exercise=?2", "ii",
                            *ret, e->id);
        return r < 0 ? r : r ? 0 : api_missing(c);
}

static int tell_all_rosters(struct api_call *c, const struct exercise *e, int64_t unit) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                c->db, &q,
                "SELECT DISTINCT person FROM exercise_roster WHERE exercise=?1 AND until IS"
                " NULL AND (?2 IS NULL OR unit=?2)",
                "ik", e->id, unit);

        while (r == 0 && (r = sql_next(q)) == 1) {
                api_tell_person(c->desk, "exercise", e->id, sql_int(q, 0));
                r = 0;
        }
        return r;
}

int exercise_do_say(struct api_call *c) {
        int64_t play = 0, unit = 0, t = 0;
        struct exercise e = {0};
        int r = exercise_get(c, api_int(c, "id", 0), "exercises.plan", &e);

        if (r == 0)
                r = named_play(c, &e, &play, &unit);
        if (r == 0)
                r = t_of(c, &e, play, &t);
        if (r == 0)
                r = sql_do(c->db,
                           "INSERT INTO exercise_message(exercise,play,organiser,by,text,t,at)"
                           " VALUES(?1,?2,1,?3,?4,?5,?6)",
                           "ikktii", e.id, play, c->who.id, api_text(c, "text"), t, c->now);
        if (r == 0)
                r = tell_all_rosters(c, &e, unit);
        api_tell(c, "exercise", e.id, e.unit);
        c->answer = yes();
        return r;
}

int exercise_do_note(struct api_call *c) {
        int64_t play = 0, unit = 0, t = 0;
        struct exercise e = {0};
        int r = exercise_get(c, api_int(c, "id", 0), "exercises.plan", &e);

        if (r == 0)
                r = named_play(c, &e, &play, &unit);
        if (r == 0)
                r = t_of(c, &e, play, &t);
        if (r == 0)
                r = sql_do(c->db,
                           "INSERT INTO exercise_note(exercise,play,by,text,t,at)"
                           " VALUES(?1,?2,?3,?4,?5,?6)",
                           "ikktii", e.id, play, c->who.id, api_text(c, "text"), t, c->now);
        c->answer = yes();
        return r;
}

static int list(struct api_call *c, const char *table, bool organiser) {
        static const char *const columns[] = {"m.id",   "m.play", "y.unit", "u.name",     "p.name",
                                              "m.text", "m.t",    "m.at",   "m.organiser"};
        struct exercise e = {0};
        int r = exercise_get(c, api_int(c, "id", 0), "exercises.plan", &e);

        if (r != 0)
                return r;
        struct span from = arena_printf(
                            c->arena,
                            "%s m LEFT JOIN exercise_play y ON y.id=m.play LEFT JOIN unit u"
                            " ON u.id=y.unit LEFT JOIN person p ON p.id=m.by",
                            table),
                    where = arena_printf(c->arena, "m.exercise=" SQL_OWN_INT, (long long)e.id);
        if (!from.p || !where.p)
                return FAIL(-ENOMEM);
        (void)organiser;
        return api_list(c, &(struct api_list_spec){.shape = c->op->answer,
                                                   .columns = columns,
                                                   .from = from.p,
                                                   .where = where.p,
                                                   .id = "m.id",
                                                   .search = {"m.text"}});
}

int exercise_do_messages(struct api_call *c) {
        return list(c, "exercise_message", true);
}

int exercise_do_notes(struct api_call *c) {
        return list(c, "exercise_note", false);
}

/* ---- a unit's side ---- */

/* The play at hand, and its exercise. 0, API_E_REFUSED, -errno. */
static int mine(struct api_call *c, struct exercise_play *y, struct exercise *e) {
        int r = exercise_mine(c, api_int(c, "play", 0), y);

        if (r == 1)
                r = exercise_load(c->db, c->arena, y->exercise, e);
        if (r < 0)
                return r;
        if (r == 0)
                return api_refuse(c, 409, "no_exercise", "you are in no exercise now",
                                  "bạn không ở trong cuộc diễn tập nào");
        snprintf(c->about, sizeof(c->about), "exercise %lld", (long long)e->id);
        return 0;
}

int exercise_do_drill_say(struct api_call *c) {
        struct exercise_play y = {0};
        struct exercise e = {0};
        int r = mine(c, &y, &e);

        if (r == 0)
                r = sql_do(c->db,
                           "INSERT INTO exercise_message(exercise,play,organiser,by,text,t,at)"
                           " VALUES(?1,?2,0,?3,?4,?5,?6)",
                           "iiktii", e.id, y.id, c->who.id, api_text(c, "text"), MAX(y.t, 0),
                           c->now);
        if (r == 0)
                r = exercise_tell_roster(c->desk, c->db, e.id, y.unit, "exercise", e.id);
        api_tell(c, "exercise", e.id, e.unit);
        c->answer = yes();
        return r;
}

static const struct plan_hint *hint_of(struct api_call *c, const struct plan *p) {
        struct span id = api_text(c, "hint");
        int64_t step = api_int(c, "step", 0);

        for (unsigned i = 0; p && i < p->n_hints; i++)
                if (id.len ? span_eq(id, span_str(p->hints[i].id))
                           : step && p->hints[i].step &&
                                     plan_find_step(p, p->hints[i].step) + 1 == step)
                        return &p->hints[i];
        return NULL;
}

static int answer_request(struct api_call *c, int64_t id, bool agrees, struct span en,
                          struct span vi, int64_t t) {
        return sql_do(
                c->db,
                "UPDATE exercise_request SET state='answered', yes=?2, answer=?3, answer_vi=?4,"
                " answered_t=?5, answered=?6, answered_by=?7 WHERE id=?1",
                "ibttiik", id, agrees, en, vi, t, c->now, c->who.id);
}

/* Only about what was played for them. */
static int hint_good(struct api_call *c, const struct exercise_play *y, const struct plan *p,
                     const struct plan_hint *h) {
        int64_t one;
        int r;

        if (!h)
                return api_fault_at(c, "hint", "there is no such hint", "không có gợi ý này",
                                    "choose one of those shown", "chọn một gợi ý đang có");
        r = sql_get_int(c->db, &one,
                        "SELECT 1 FROM exercise_item WHERE play=?1 AND item='s' AND n=?2 AND"
                        " state='played'",
                        "ii", y->id, (int64_t)plan_find_step(p, h->step) + 1);
        if (r == 0)
                return api_fault_at(c, "hint", "there is no such hint yet", "chưa có gợi ý này",
                                    "choose one of those shown", "chọn một gợi ý đang có");
        if (r == 1)
                r = sql_get_int(
                        c->db, &one,
                        "SELECT 1 FROM exercise_request WHERE play=?1 AND hint=?2 AND (state="
                        "'waiting' OR yes)",
                        "is", y->id, h->id);
        if (r == 1)
                return api_refuse(c, 409, "asked", "you asked for that hint already",
                                  "đơn vị đã xin gợi ý này");
        return r;
}

int exercise_do_drill_ask(struct api_call *c) {
        bool wants_hint = span_eq(api_text(c, "kind"), SPAN("hint"));
        const struct plan_hint *h = NULL;
        const struct plan *p = NULL;
        struct exercise_play y = {0};
        struct exercise e = {0};
        int r = mine(c, &y, &e);

        if (r == 0)
                r = exercise_plan_of(c->desk, y.exercise, &p);
        if (r == 0 && wants_hint)
                r = hint_good(c, &y, p, h = hint_of(c, p));
        if (r == 0 && !wants_hint && !api_text(c, "text").len)
                r = api_fault_at(c, "text", "nothing is asked", "chưa có nội dung", "write it",
                                 "hãy viết nội dung");
        if (r == 0 && e.solo && !wants_hint)
                r = api_refuse(c, 409, "solo", "nobody organises an exercise that one plays alone",
                               "tự luyện không có ban tổ chức");
        if (r != 0)
                return r;
        r = sql_do(c->db,
                   "INSERT INTO "
                   "exercise_request(exercise,play,kind,text,step,hint,price,by,t,at,state)"
                   " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,'waiting')",
                   "iittksikii", e.id, y.id, api_text(c, "kind"), api_text(c, "text"),
                   h ? (int64_t)plan_find_step(p, h->step) + 1 : api_int(c, "step", 0),
                   h ? h->id : NULL, h ? (int64_t)h->price : 0, c->who.id, MAX(y.t, 0), c->now);
        int64_t id = sql_last_id(c->db);
        if (r == 0 && e.solo && h)
                r = answer_request(c, id, true, span_str(h->text.en), span_str(h->text.vi),
                                   MAX(y.t, 0));
        if (r == 0)
                r = exercise_tell_roster(c->desk, c->db, e.id, y.unit, "exercise_request", id);
        api_tell(c, "exercise_request", id, e.unit);
        api_tell(c, "exercise", e.id, e.unit);
        exercise_touched(c->desk, y.id);
        c->detail = json_pack("{sI}", "request", (json_int_t)id);
        c->answer = yes();
        return r;
}

int exercise_do_request_answer(struct api_call *c) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int64_t id = api_int(c, "request", 0), t = 0;
        bool agrees = api_bool(c, "yes", false);
        const struct plan *p = NULL;
        struct exercise e = {0};
        int r = exercise_get(c, api_int(c, "id", 0), "exercises.plan", &e);

        if (r == 0)
                r = exercise_plan_of(c->desk, e.id, &p);
        if (r == 0)
                r = sql_rows(
                        c->db, &q,
                        "SELECT r.state='waiting', r.play, r.hint, y.unit FROM exercise_request r"
                        " JOIN exercise_play y ON y.id=r.play WHERE r.id=?1 AND r.exercise=?2",
                        "ii", id, e.id);
        if (r == 0)
                r = sql_next(q);
        else
                return r;
        if (r != 1)
                return r < 0 ? r : api_missing(c);
        if (!sql_int(q, 0))
                return api_refuse(c, 409, "answered", "it was answered already", "đã được trả lời");
        int64_t play = sql_int(q, 1), unit = sql_int(q, 3);
        struct span text = api_text(c, "text"), en = text, vi = text, hint = sql_span(q, 2);
        for (unsigned i = 0; agrees && !sql_null(q, 2) && p && i < p->n_hints; i++)
                if (span_eq(hint, span_str(p->hints[i].id))) {
                        en = span_str(p->hints[i].text.en);
                        vi = span_str(p->hints[i].text.vi);
                }
        r = t_of(c, &e, play, &t);
        if (r == 0)
                r = answer_request(c, id, agrees, en, vi, t);
        if (r == 0)
                r = exercise_tell_roster(c->desk, c->db, e.id, unit, "exercise_request", id);
        api_tell(c, "exercise_request", id, e.unit);
        api_tell(c, "exercise", e.id, e.unit);
        exercise_touched(c->desk, play);
        c->detail = json_pack("{sI sb}", "request", (json_int_t)id, "yes", agrees);
        c->answer = yes();
        return r;
}

/* ---- alone against the clock ---- */

int exercise_do_drill_control(struct api_call *c) {
        struct span move = api_text(c, "move");
        struct exercise_play y = {0};
        struct exercise e = {0};
        int r = mine(c, &y, &e);

        if (r == 0 && (!e.solo || e.created_by != c->who.id))
                r = api_refuse(c, 403, "organised", "only the organisers do that",
                               "chỉ ban tổ chức được làm việc này");
        if (r != 0)
                return r;
        if (span_eq(move, SPAN("speed")))
                r = exercise_set_speed(c, &e, (unsigned)api_int(c, "speed", (int64_t)e.speed));
        else
                r = exercise_move(c, &e,
                                  span_eq(move, SPAN("pause"))    ? "pause"
                                  : span_eq(move, SPAN("resume")) ? "resume"
                                                                  : "end");
        if (r == 0 && e.state == EX_ENDED)
                r = exercise_move(c, &e, "publish");
        c->answer = yes();
        return r;
}

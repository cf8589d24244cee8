/* Where an exercise stands, and what may be done there: one table. What a move needs, and what it does, is a function
 * each; nothing else changes exercise.state.
 *
 *   M1. A move is made from one of its states only, by who organises it (or by the clock: `end`).
 *   M2. At go the scenario's hash and the formula with its own are written down, and do not change any more.
 *   M3. A stop or an end halts every clock in the same transaction that it is said in; undoing containment, of all runs,
 *       is begun in it, too: none that is real outlives its exercise.
 *   M4. A rewind makes a new run: the plays before it are left behind, with all that is theirs; what was done up to the
 *       checkpoint stands in the new ones: containment, too, which whoever may see the old play can undo. The exercise stands still until somebody resumes it. */
#include <stdlib.h>

#include "desk/desk_impl.h"
#include "desk/exercise_impl.h"
#include "exercise/clock.h"
#include "exercise/facts.h"

const char *const exercise_states[EX_STATES] = {"draft",   "invited", "rehearsal", "ready",
                                                "running", "paused",  "ended",     "provisional",
                                                "final",   "stopped"};

typedef int move_act(struct api_call *c, struct exercise *e);
static move_act do_invite, do_rehearse, do_go, do_recall, do_start, do_pause, do_resume, do_end,
        do_nothing, do_stop;

static const struct move {
        const char *name;
        unsigned from;
        enum exercise_state to;
        bool units, list; /* it needs units; the whole list */
        move_act *act;
        const char *en, *vi;
} moves[] = {
        {"invite", EX_BIT(EX_DRAFT), EX_INVITED, true, false, do_invite, "Invite the units",
         "Mời các đơn vị"},
        {"rehearse", EX_BIT(EX_INVITED) | EX_BIT(EX_REHEARSAL), EX_REHEARSAL, true, false,
         do_rehearse, "Rehearse", "Tổng duyệt"},
        {"go", EX_BIT(EX_INVITED) | EX_BIT(EX_REHEARSAL), EX_READY, true, true, do_go, "Go",
         "Sẵn sàng"},
        {"recall", EX_BIT(EX_READY), EX_INVITED, false, false, do_recall, "Back to the list",
         "Trở lại danh sách kiểm tra"},
        {"start", EX_BIT(EX_READY), EX_RUNNING, true, false, do_start, "Start", "Bắt đầu"},
        {"pause", EX_BIT(EX_RUNNING), EX_PAUSED, false, false, do_pause, "Pause", "Tạm dừng"},
        {"resume", EX_BIT(EX_PAUSED), EX_RUNNING, false, false, do_resume, "Resume", "Tiếp tục"},
        {"end", EX_LIVE, EX_ENDED, false, false, do_end, "End", "Kết thúc"},
        {"publish", EX_BIT(EX_ENDED), EX_PROVISIONAL, false, false, do_nothing,
         "Publish provisional scores", "Công bố điểm tạm tính"},
        {"finish", EX_BIT(EX_PROVISIONAL), EX_FINAL, false, false, do_nothing,
         "Make the scores final", "Chốt điểm"},
        {"stop", EX_BEFORE | EX_LIVE, EX_STOPPED, false, false, do_stop, "Emergency stop",
         "Dừng khẩn cấp"},
};

/* ---- what they do ---- */

static int do_nothing(struct api_call *c, struct exercise *e) {
        (void)c;
        (void)e;
        return 0;
}

static int plays_state(struct api_call *c, const struct exercise *e, const char *state, bool live) {
        return sql_do(c->db,
                      "UPDATE exercise_play SET state=?3, live=?4, version=version+1"
                      " WHERE exercise=?1 AND run=?2 AND state<>'declined'",
                      "iisb", e->id, e->run, state, live);
}

/* "exercise" to all who are on a roster of it. */
static int tell_rosters(struct api_call *c, const struct exercise *e) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                c->db, &q,
                "SELECT DISTINCT person FROM exercise_roster WHERE exercise=?1 AND until IS"
                " NULL",
                "i", e->id);

        while (r == 0 && (r = sql_next(q)) == 1) {
                api_tell_person(c->desk, "exercise", e->id, sql_int(q, 0));
                r = 0;
        }
        return r;
}

static int do_invite(struct api_call *c, struct exercise *e) {
        return plays_state(c, e, "invited", false);
}

static int do_go(struct api_call *c, struct exercise *e) { /* M2 */
        char hash[FACTS_HASH_HEX];
        int r = formula_hash(hash);

        return r < 0 ? r
                     : sql_do(c->db,
                              "UPDATE exercise SET scenario_hash=(SELECT hash FROM scenario s WHERE"
                              " s.id=exercise.scenario), formula=?2, formula_hash=?5, gone=?3,"
                              " gone_by=?4 WHERE id=?1",
                              "isiks", e->id, FORMULA, c->now, c->who.id, hash);
}

static int do_recall(struct api_call *c, struct exercise *e) {
        return sql_do(c->db,
                      "UPDATE exercise SET scenario_hash=NULL, formula=NULL, formula_hash=NULL,"
                      " gone=NULL, gone_by=NULL WHERE id=?1",
                      "i", e->id);
}

/* The injects that everybody gets once, to see that they reach somebody. */
static int do_rehearse(struct api_call *c, struct exercise *e) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int64_t n = 0;
        int r = sql_get_int(c->db, &n,
                            "SELECT ifnull(max(n),0)+1 FROM exercise_inject WHERE exercise=?1 AND"
                            " item='r'",
                            "i", e->id);

        if (r >= 0)
                r = sql_do(
                        c->db,
                        "INSERT INTO exercise_inject(exercise,item,n,kind,title,title_vi,text,"
                        "text_vi,roles,choices,answer,sent,by,created) VALUES(?1,'r',?2,'call',"
                        "'Rehearsal','Tổng duyệt','This is a rehearsal: choose \"received\".',"
                        "'Đây là tổng duyệt: hãy chọn \"đã nhận\".','[]',"
                        "'[{\"id\":\"received\",\"text\":\"received\",\"text_vi\":\"đã nhận\"}]',"
                        "1,?3,?4,?3)",
                        "iiik", e->id, n, c->now, c->who.id);
        int64_t inject = sql_last_id(c->db);
        if (r == 0)
                r = sql_rows(c->db, &q,
                             "SELECT id, unit FROM exercise_play WHERE exercise=?1 AND run=?2 AND"
                             " state<>'declined'",
                             "ii", e->id, e->run);
        while (r == 0 && (r = sql_next(q)) == 1) {
                struct exercise_play y = {
                        .id = sql_int(q, 0), .exercise = e->id, .unit = sql_int(q, 1)};

                r = exercise_deliver(c->desk, c->db, &y, inject, 0, c->now);
        }
        return r;
}

static int do_start(struct api_call *c, struct exercise *e) {
        const struct plan *p = NULL;
        int r = exercise_plan_of(c->desk, e->id, &p);

        if (r == 0)
                r = plays_state(c, e, "playing", true);
        if (r == 0)
                r = sql_do(c->db,
                           "UPDATE exercise_play SET seen=?3, lost=NULL WHERE exercise=?1 AND"
                           " run=?2",
                           "iii", e->id, e->run, c->now);
        if (r == 0 && e->from) /* a re-test: background before it is not wanted */
                r = sql_do(c->db, "UPDATE exercise_play SET noise=?2 WHERE exercise=?1", "ii",
                           e->id, e->from);
        if (r == 0)
                r = exercise_clock_set(c->db, e, 0, c->now, e->from, e->speed);
        if (r == 0) /* so that an event's time is now */
                r = sql_do(c->db, "UPDATE exercise SET started=?2 WHERE id=?1", "ii", e->id,
                           c->now - e->from * MS_NS);
        if (r == 0 && p)
                r = exercise_injects_lay(c, e, p);
        return r;
}

/* A point for the run, and one for each play that has a clock of its own and is not held. */
static int all_clocks(struct api_call *c, const struct exercise *e, unsigned speed) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = exercise_clock_set(c->db, e, 0, c->now, -1, speed);

        if (r == 0)
                r = sql_rows(
                        c->db, &q,
                        "SELECT id FROM exercise_play WHERE exercise=?1 AND run=?2 AND own_clock"
                        " AND live AND state<>'held'",
                        "ii", e->id, e->run);
        while (r == 0 && (r = sql_next(q)) == 1)
                r = exercise_clock_set(c->db, e, sql_int(q, 0), c->now, -1, speed);
        return r;
}

static int too_often(struct api_call *c) {
        return api_refuse(c, 409, "too_many_points", "its clock was moved too often",
                          "đồng hồ đã bị chỉnh quá nhiều lần");
}

static int do_pause(struct api_call *c, struct exercise *e) {
        return all_clocks(c, e, 0);
}

static int do_resume(struct api_call *c, struct exercise *e) {
        return all_clocks(c, e, e->speed);
}

/* M3 */
static int undo_all(struct api_call *c, const struct exercise *e) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q, "SELECT id FROM exercise_play WHERE exercise=?1", "i", e->id);

        while (r == 0 && (r = sql_next(q)) == 1)
                r = exercise_undo(c->desk, sql_int(q, 0), c->now);
        return r;
}

static int over(struct api_call *c, struct exercise *e, const char *state) {
        int r = 0;

        if (e->started !=
            TIME_NONE) /* a list that is full keeps its last word: `ended` bounds it */
                r = all_clocks(c, e, 0);
        if (r == -E2BIG)
                r = 0;
        if (r == 0)
                r = plays_state(c, e, state, false);
        if (r == 0)
                r = sql_do(c->db, "UPDATE exercise SET ended=?2, reason=?3 WHERE id=?1", "iit",
                           e->id, c->now, api_text(c, "reason"));
        return r == 0 ? undo_all(c, e) : r;
}

static int do_end(struct api_call *c, struct exercise *e) {
        return over(c, e, "done");
}

static int do_stop(struct api_call *c, struct exercise *e) {
        int r = over(c, e, "stopped");

        if (r == 0) /* what waits is never played */
                r = sql_do(c->db,
                           "DELETE FROM exercise_spool WHERE play IN (SELECT id FROM exercise_play"
                           " WHERE exercise=?1)",
                           "i", e->id);
        return r;
}

/* ---- making one ---- */

static const struct move *move_of(const char *name) {
        for (size_t i = 0; i < ARRAY_LEN(moves); i++)
                if (strcmp(moves[i].name, name) == 0)
                        return &moves[i];
        return NULL;
}

/* Why not now; NULL: it may be done. */
static int blocked(struct api_call *c, const struct exercise *e, const struct move *m,
                   const char **ret_en, const char **ret_vi) {
        int64_t units = 0;
        unsigned open = 0;
        int r = 0;

        *ret_en = NULL;
        if (m->units)
                r = sql_get_int(
                        c->db, &units,
                        "SELECT count(*) FROM exercise_play WHERE exercise=?1 AND run=?2 AND"
                        " state<>'declined'",
                        "ii", e->id, e->run);
        if (r >= 0 && m->units && !units) {
                *ret_en = "no unit plays";
                *ret_vi = "chưa có đơn vị tham gia";
                return 0;
        }
        if (r >= 0 && m->list)
                r = exercise_checklist(c, e, NULL, &open);
        if (r >= 0 && open) {
                *ret_en = "the list is not done";
                *ret_vi = "danh sách kiểm tra chưa đủ";
        }
        return MIN(r, 0);
}

int exercise_move(struct api_call *c, struct exercise *e, const char *name) {
        const struct move *m = move_of(name);
        const char *en, *vi = NULL;

        if (!(EX_BIT(e->state) & m->from)) /* M1 */
                return api_refuse(c, 409, "state",
                                  "this cannot be done where the exercise stands now",
                                  "không thể làm việc này ở trạng thái hiện tại");
        int r = blocked(c, e, m, &en, &vi);
        if (r == 0 && en)
                return api_refuse(c, 409, m->list ? "not_ready" : "no_units", en, vi);
        if (r == 0)
                r = m->act(c, e);
        if (r == -E2BIG)
                return too_often(c);
        if (r == 0)
                r = sql_do(c->db, "UPDATE exercise SET state=?2, version=version+1 WHERE id=?1",
                           "is", e->id, exercise_states[m->to]);
        if (r != 0)
                return r;
        e->state = m->to;
        exercise_tell(c->desk, e->id);
        exercise_engine_wake(c->desk);
        return tell_rosters(c, e);
}

int exercise_moves_json(struct api_call *c, const struct exercise *e, json_t **ret) {
        json_t *list = json_array();
        int r = 0;

        for (size_t i = 0; i < ARRAY_LEN(moves) && r == 0; i++) {
                const char *en, *vi = NULL;

                if (!(EX_BIT(e->state) & moves[i].from))
                        continue;
                r = blocked(c, e, &moves[i], &en, &vi);
                json_array_append_new(list, json_pack("{ss ss ss so}", "move", moves[i].name, "en",
                                                      moves[i].en, "vi", moves[i].vi, "blocked",
                                                      en ? json_string(c->lang == LANG_VI ? vi : en)
                                                         : json_null()));
        }
        *ret = list;
        return r;
}

int exercise_solo_start(struct api_call *c, struct exercise *e) {
        int r = do_go(c, e);

        if (r == 0)
                r = sql_do(c->db, "UPDATE exercise SET state='ready' WHERE id=?1", "i", e->id);
        e->state = EX_READY;
        return r == 0 ? exercise_move(c, e, "start") : r;
}

/* ---- handlers ---- */

static int fresh(struct api_call *c, const struct exercise *e) {
        if (api_int(c, "version", e->version) == e->version)
                return 0;
        return api_refuse(c, 409, "stale", "Somebody changed it meanwhile: look again, then repeat",
                          "Có người vừa thay đổi: hãy xem lại rồi làm lại");
}

static int move(struct api_call *c, const char *name) {
        struct exercise e;
        int r = exercise_get(c, api_int(c, "id", 0), c->op->permission, &e);

        if (r == 0)
                r = fresh(c, &e);
        if (r == 0)
                r = exercise_move(c, &e, name);
        return r == 0 ? exercise_answer(c, e.id) : r;
}

#define MOVE(name)                                                                                 \
        int exercise_do_move_##name(struct api_call *c) {                                          \
                return move(c, #name);                                                             \
        }
MOVE(invite)
MOVE(rehearse)
MOVE(go)
MOVE(recall)
MOVE(start)
MOVE(pause)
MOVE(resume)
MOVE(end)
MOVE(publish)
MOVE(finish)
MOVE(stop)

static int speed_good(struct api_call *c, const struct exercise *e, unsigned speed) {
        const struct plan *p = NULL;
        int r = exercise_plan_of(c->desk, e->id, &p);

        if (r == 0 && p && speed > MIN(p->speed_max * 1000u, CLOCK_SPEED_MAX) &&
            !(e->demo && speed <= p->demo_speed * 1000u))
                return api_fault_at(c, "speed", "faster than the scenario allows people",
                                    "nhanh hơn mức kịch bản cho phép", "see its speed_max",
                                    "xem speed_max của kịch bản");
        return r;
}

int exercise_set_speed(struct api_call *c, struct exercise *e, unsigned speed) {
        int r = speed_good(c, e, speed);

        if (r == 0)
                r = sql_do(c->db, "UPDATE exercise SET speed=?2 WHERE id=?1", "ii", e->id,
                           (int64_t)speed);
        e->speed = speed;
        if (r == 0 && e->state == EX_RUNNING)
                r = all_clocks(c, e, speed);
        if (r == -E2BIG)
                return too_often(c);
        if (r == 0)
                exercise_engine_wake(c->desk);
        return r == 0 ? exercise_changed(c, e) : r;
}

int exercise_do_speed(struct api_call *c) {
        struct exercise e;
        int r = exercise_get(c, api_int(c, "id", 0), c->op->permission, &e);

        if (r == 0 && !(EX_BIT(e.state) & (EX_LIVE | EX_BEFORE)))
                r = api_refuse(c, 409, "state", "it is over", "đã kết thúc");
        if (r == 0)
                r = exercise_set_speed(c, &e, (unsigned)api_int(c, "speed", 1000));
        return r == 0 ? exercise_answer(c, e.id) : r;
}

/* ---- back in time ---- */

int exercise_do_checkpoint(struct api_call *c) {
        struct exercise_clock k;
        struct exercise e;
        int r = exercise_get(c, api_int(c, "id", 0), c->op->permission, &e);

        if (r == 0 && !(EX_BIT(e.state) & EX_LIVE))
                r = api_refuse(c, 409, "state", "it does not run", "diễn tập không chạy");
        if (r == 0)
                r = exercise_clock_load(c->db, e.id, e.run, 0, &k);
        if (r == 0)
                r = sql_do(c->db,
                           "INSERT INTO exercise_checkpoint(exercise,run,name,t,at,by)"
                           " VALUES(?1,?2,?3,?4,?5,?6)",
                           "iitiik", e.id, e.run, api_text(c, "name"),
                           MAX(clock_drill_of(k.p, k.n, c->now / MS_NS), 0), c->now, c->who.id);
        if (r == 0)
                r = exercise_changed(c, &e);
        return r == 0 ? exercise_answer(c, e.id) : r;
}

/* What one play did up to t, into the one that goes on from it. */
static int carry(struct api_call *c, int64_t old, int64_t fresh_, int64_t t) {
        int r = sql_do(
                c->db,
                "INSERT INTO exercise_item(play,item,n,state,t,at,spooled)"
                " SELECT ?2, item, n, state, t, at, 0 FROM exercise_item WHERE play=?1 AND t<=?3"
                " AND state IN ('played','skipped')",
                "iii", old, fresh_, t);

        if (r == 0) /* E6: as they are; an answer that came later is not */
                r = sql_do(
                        c->db,
                        "INSERT INTO exercise_delivery(play,inject,t,at,seen,seen_t,seen_by,"
                        "answered,answered_t,answered_by,answered_role,choice,text,carried)"
                        " SELECT ?2, inject, t, at, iif(seen_t<=?3,seen,NULL),"
                        " iif(seen_t<=?3,seen_t,NULL), iif(seen_t<=?3,seen_by,NULL),"
                        " iif(answered_t<=?3,answered,NULL), iif(answered_t<=?3,answered_t,NULL),"
                        " iif(answered_t<=?3,answered_by,NULL),"
                        " iif(answered_t<=?3,answered_role,NULL), iif(answered_t<=?3,choice,NULL),"
                        " iif(answered_t<=?3,text,NULL), id FROM exercise_delivery"
                        " WHERE play=?1 AND t<=?3",
                        "iii", old, fresh_, t);
        if (r == 0)
                r = sql_do(c->db, "DELETE FROM exercise_spool WHERE play=?1", "i", old);
        if (r == 0)
                r = sql_do(c->db,
                           "UPDATE exercise_play SET live=0, state='left', version=version+1"
                           " WHERE id=?1",
                           "i", old);
        return r;
}

static int rewind_play(struct api_call *c, const struct exercise *e, int64_t old, int64_t t) {
        int r = sql_do(c->db,
                       "INSERT INTO exercise_play(exercise,run,unit,state,live,casting,consent,"
                       "consent_by,consent_at,seen,noise,old,old_t) SELECT exercise, ?2, unit,"
                       " 'playing', 1, casting, consent, consent_by, consent_at, seen, ?3, id, ?3"
                       " FROM exercise_play WHERE id=?1",
                       "iii", old, e->run + 1, t);
        int64_t id = sql_last_id(c->db);

        if (r == 0 && id > LABEL_PLAY_MAX) /* E2 */
                return api_refuse(c, 507, "full", "no number for a play is left",
                                  "đã hết số lượt chơi");
        if (r == 0)
                r = carry(c, old, id, t);
        return r == 0 ? exercise_undo_after(c->desk, old, t, c->now) : r;
}

static int rewind_all(struct api_call *c, struct exercise *e, int64_t t) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int64_t *old = arena_alloc(c->arena, sizeof(*old) * EXERCISE_UNITS_MAX);
        size_t n = 0;
        int r = old ? sql_rows(c->db, &q,
                               "SELECT id FROM exercise_play WHERE exercise=?1 AND run=?2 AND live",
                               "ii", e->id, e->run)
                    : FAIL(-ENOMEM);

        while (r == 0 && n < EXERCISE_UNITS_MAX && (r = sql_next(q)) == 1) {
                old[n++] = sql_int(q, 0);
                r = 0;
        }
        q = sql_end(q);
        for (size_t i = 0; i < n && r == 0; i++)
                r = rewind_play(c, e, old[i], t);
        /* Free injects that were sent later are to be sent again. */
        if (r == 0)
                r = sql_do(c->db,
                           "UPDATE exercise_inject SET sent=NULL WHERE exercise=?1 AND item='f' AND"
                           " t>?2",
                           "ii", e->id, t);
        if (r == 0)
                r = sql_do(c->db, "UPDATE exercise SET run=run+1, state='paused' WHERE id=?1", "i",
                           e->id);
        e->run++;
        e->state = EX_PAUSED;
        return r == 0 ? exercise_clock_set(c->db, e, 0, c->now, t, 0) : r;
}

int exercise_do_rewind(struct api_call *c) {
        struct exercise e;
        int64_t t = 0;
        int r = exercise_get(c, api_int(c, "id", 0), c->op->permission, &e);

        if (r == 0 && (!(EX_BIT(e.state) & EX_LIVE) || e.live_fire))
                r = api_refuse(c, 409, "state", "it does not run, or has no script",
                               "diễn tập không chạy, hoặc không có kịch bản");
        if (r == 0)
                r = sql_get_int(c->db, &t,
                                "SELECT t FROM exercise_checkpoint WHERE id=?1 AND exercise=?2",
                                "ii", api_int(c, "checkpoint", 0), e.id);
        else
                return r;
        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        r = rewind_all(c, &e, t);
        if (r == 0)
                r = exercise_changed(c, &e);
        if (r == 0)
                r = tell_rosters(c, &e);
        c->detail = json_pack("{sI sI}", "t", (json_int_t)t, "run", (json_int_t)e.run);
        exercise_engine_wake(c->desk);
        return r == 0 ? exercise_answer(c, e.id) : r;
}

/* ---- one unit alone ---- */

int exercise_hold_unit(struct api_call *c, const struct exercise *e, int64_t play, bool hold) {
        int r = sql_do(c->db,
                       "INSERT INTO exercise_clock(exercise,run,play,at_real,at_drill,speed)"
                       " SELECT exercise, run, ?3, at_real, at_drill, speed FROM exercise_clock"
                       " WHERE exercise=?1 AND run=?2 AND play=0 AND NOT (SELECT own_clock FROM"
                       " exercise_play WHERE id=?3) ORDER BY id",
                       "iii", e->id, e->run, play);

        if (r == 0)
                r = sql_do(c->db,
                           "UPDATE exercise_play SET own_clock=1, state=?2, version=version+1"
                           " WHERE id=?1",
                           "is", play, hold ? "held" : "playing");
        if (r == 0)
                r = exercise_clock_set(c->db, e, play, c->now, -1,
                                       hold || e->state == EX_PAUSED ? 0 : e->speed);
        exercise_engine_wake(c->desk);
        return r;
}

static int hold_unit(struct api_call *c, bool hold) {
        struct exercise e;
        int64_t play = 0;
        int r = exercise_get(c, api_int(c, "id", 0), c->op->permission, &e);

        if (r == 0 && !(EX_BIT(e.state) & EX_LIVE))
                r = api_refuse(c, 409, "state", "it does not run", "diễn tập không chạy");
        if (r != 0)
                return r;
        r = sql_get_int(c->db, &play,
                        "SELECT id FROM exercise_play WHERE exercise=?1 AND run=?2 AND unit=?3 AND"
                        " live AND state=?4",
                        "iiis", e.id, e.run, api_int(c, "unit", 0), hold ? "playing" : "held");
        if (r == 0)
                return api_refuse(c, 409, "state", "that unit does not stand so",
                                  "đơn vị không ở trạng thái đó");
        if (r == 1)
                r = exercise_hold_unit(c, &e, play, hold);
        if (r == -E2BIG)
                return too_often(c);
        if (r == 0)
                r = exercise_changed(c, &e);
        c->detail = json_pack("{sI}", "play", (json_int_t)play);
        return r == 0 ? exercise_answer(c, e.id) : r;
}

int exercise_do_unit_pause(struct api_call *c) {
        return hold_unit(c, true);
}

int exercise_do_unit_resume(struct api_call *c) {
        return hold_unit(c, false);
}

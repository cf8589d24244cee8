/* What the files of exercises share. All within the caller's transaction; 0 or -errno unless said otherwise. */
#ifndef DESK_EXERCISE_IMPL_H
#define DESK_EXERCISE_IMPL_H

#include "desk/exercise.h"
#include "exercise/clock.h"

#define MS_NS INT64_C(1000000)
#define EXERCISE_UNITS_MAX 500
#define EXERCISE_SOLOS_MAX 40 /* running or paused: fewer than the engine plays */
#define FORMULA "coloa-score/1"

/* ---- states (exercise_moves.c) ---- */

enum exercise_state {
        EX_DRAFT,
        EX_INVITED,
        EX_REHEARSAL,
        EX_READY,
        EX_RUNNING,
        EX_PAUSED,
        EX_ENDED,
        EX_PROVISIONAL,
        EX_FINAL,
        EX_STOPPED,
        EX_STATES
};
extern const char *const exercise_states[EX_STATES];
#define EX_BIT(state) (1u << (state))
#define EX_BEFORE (EX_BIT(EX_DRAFT) | EX_BIT(EX_INVITED) | EX_BIT(EX_REHEARSAL) | EX_BIT(EX_READY))
#define EX_LIVE (EX_BIT(EX_RUNNING) | EX_BIT(EX_PAUSED))

/* A row of it. */
struct exercise {
        int64_t id, scenario, unit, seed, run, starts, started, ended, version, created_by;
        enum exercise_state state;
        unsigned speed; /* thousandths */
        bool live_fire, solo, demo, simulated;
        bool part;               /* a re-test: one part of the plan (exercise/part.h) */
        int64_t from;            /* ms: where its clock begins */
        struct span code, title; /* of the arena that was given; SPAN_NONE without one */
};
/* 1, 0, -errno. `a`: NULL: without its texts. */
int exercise_load(struct sql *db, struct arena *a, int64_t id, struct exercise *ret);
/* For an asker with `permission` for the organisers' unit, or, with exercises.read or .play, for a unit that is
 * invited. 0, API_E_REFUSED, -errno. */
int exercise_get(struct api_call *c, int64_t id, const char *permission, struct exercise *ret);
/* It changed: version and listeners. */
int exercise_changed(struct api_call *c, const struct exercise *e);
void exercise_tell(struct desk *d, int64_t exercise);
/* Whether the asker organises it. 1, 0, -errno. */
int exercise_manages(struct api_call *c, const struct exercise *e);
/* A new one, a draft, with its code. */
int exercise_insert(struct api_call *c, struct exercise *e, struct span title);
/* What the list and the detail answer. */
int exercise_answer(struct api_call *c, int64_t id);
int exercise_spec(struct api_call *c, struct api_list_spec *ret);
/* Its list's row. */
int exercise_row(struct api_call *c, int64_t id, json_t **ret);

/* Moves, by their name in the table of exercise_moves.c: also for the engine (c->who is the node). 0,
 * API_E_REFUSED, -errno. */
int exercise_move(struct api_call *c, struct exercise *e, const char *name);
/* [{move, en, vi, blocked}] as things stand. */
int exercise_moves_json(struct api_call *c, const struct exercise *e, json_t **ret);

/* Without the list: nobody else is in it. */
int exercise_solo_start(struct api_call *c, struct exercise *e);
int exercise_checkpoints_json(struct api_call *c, const struct exercise *e, json_t **ret);
int exercise_set_speed(struct api_call *c, struct exercise *e, unsigned speed);
int exercise_hold_unit(struct api_call *c, const struct exercise *e, int64_t play, bool hold);
/* Its drill containment, all of it, or what was asked for after t, is undone (exercise_undo.c). */
int exercise_undo(struct desk *d, int64_t play, int64_t now);
int exercise_undo_after(struct desk *d, int64_t play, int64_t t, int64_t now);
void exercise_plans_free(struct desk *d);
int exercise_scenario_plan(struct desk *d, int64_t scenario, const struct plan **ret);

/* ---- clocks (exercise_play.c) ---- */

#define CLOCK_POINTS_MAX 500u
struct exercise_clock {
        struct clock_point p[CLOCK_POINTS_MAX];
        size_t n;
};
/* Of a run; of a play that has its own. */
int exercise_clock_load(struct sql *db, int64_t exercise, int64_t run, int64_t play,
                        struct exercise_clock *ret);
/* A point now, at drill time t (-1: as the clock has it). -E2BIG: too many already. */
int exercise_clock_set(struct sql *db, const struct exercise *e, int64_t play, int64_t now,
                       int64_t t, unsigned speed);
/* {drill_ms, speed, running, at, length_ms, ends, run} or null. */
int exercise_clock_json(struct api_call *c, const struct exercise *e, int64_t play, json_t **ret);

/* ---- units (exercise_units.c) ---- */

int exercise_unit_add(struct api_call *c, const struct exercise *e, int64_t unit);
/* Fills roster and cast from what is known, where they are empty. */
int exercise_suggest(struct api_call *c, const struct exercise *e, int64_t play, int64_t unit);
int exercise_plays_json(struct api_call *c, const struct exercise *e, bool manages, json_t **ret);
int exercise_checklist(struct api_call *c, const struct exercise *e, json_t **ret,
                       unsigned *ret_open);
/* The cast as the generator takes it; all of the arena. NULL: none was set. -EBADMSG. */
int exercise_cast_load(struct arena *a, const struct plan *p, struct span json, struct span unit,
                       struct plan_cast *ret);
/* The asker's own play that is live (or invited): their roster's, else their unit's. `want`: 0: the latest. 1, 0,
 * -errno. */
int exercise_mine(struct api_call *c, int64_t want, struct exercise_play *ret);

/* ---- injects (exercise_injects.c) ---- */

/* Rows for all injects of the plan. */
int exercise_injects_lay(struct api_call *c, const struct exercise *e, const struct plan *p);
/* Into one play, now. `t`: of its clock. */
int exercise_deliver(struct desk *d, struct sql *db, const struct exercise_play *y, int64_t inject,
                     int64_t t, int64_t now);
/* The inject as it stands, to those of the roster whom it is for, and to all who play for the unit where nobody is named
 * (exercise_drill.c). */
int exercise_tell_inject(struct desk *d, const struct exercise_play *y, int64_t delivery,
                         int64_t now);
/* To the asker, who listens again: what came or changed in the last minute, when there may have been no desk. */
int exercise_tell_recent(struct api_call *c);
/* To everybody on the roster of that unit: what, id. */
int exercise_tell_roster(struct desk *d, struct sql *db, int64_t exercise, int64_t unit,
                         const char *what, int64_t id);

/* ---- the engine (exercise_engine.c) ---- */

/* It began, was held, went on, ended: its plays are looked at anew in the next turn. */
void exercise_engine_wake(struct desk *d);
/* An inject goes to all plays now, whatever its time is. */
/* Somebody of the unit was there: kept by the next turn. */
int exercise_engine_seen(struct desk *d, int64_t play, int64_t now);
int exercise_engine_send(struct desk *d, int64_t exercise, char item, int64_t n, int64_t now);
struct exercise_numbers {
        uint64_t running, plays, late, behind_ms;
};
void exercise_engine_numbers(const struct desk *d, struct exercise_numbers *ret);

/* ---- handlers ---- */

// clang-format off
#define EXERCISE_HANDLERS(X) \
        X(scenario_list) X(scenario_upload) X(scenario_get) X(scenario_file) \
        X(scenario_retire) X(move_invite) X(move_rehearse) X(move_go) X(move_recall) \
        X(move_start) X(move_pause) X(move_resume) X(move_end) X(move_publish) \
        X(move_finish) X(move_stop) X(speed) X(checkpoint) X(rewind) X(check) X(units_add) \
        X(unit_remove) X(accept) X(roster) X(cast) X(suggest) X(consent) X(unit_pause) \
        X(unit_resume) X(merge) X(board) X(inject) X(inject_send) X(inject_postpone) \
        X(request_answer) X(messages) X(say) X(notes) X(note) X(drill_get) X(drill_seen) \
        X(drill_answer) X(drill_ask) X(drill_say) X(drill_control)
// clang-format on
#define X(name) int exercise_do_##name(struct api_call *c);
EXERCISE_HANDLERS(X)
#undef X

/* ---- recordings (exercise_recording.c) ---- */

/* The ask for a step that a recording stands for: 1, encoded; 0: there is none; -errno. */
int exercise_recording_ask(struct sql *db, int64_t exercise, unsigned step, const struct plan *p,
                           const struct plan_cast *cast, int64_t start_ns, int64_t at,
                           struct buf *out);
int exercise_do_recording(struct api_call *c);
int exercise_do_rehearse_play(struct api_call *c); /* exercise_rehearse.c */
int exercise_do_recording_remove(struct api_call *c);

#endif

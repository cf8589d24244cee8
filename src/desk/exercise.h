/* Exercises (doc/exercises.md): what the parts of the desk know of them. Tables: tables_exercises.c. */
#ifndef DESK_EXERCISE_H
#define DESK_EXERCISE_H

#include "desk/api.h"
#include "exercise/plan.h"
#include "wire/exercise.h"

/* One unit in one run of one exercise. */
struct exercise_play {
        int64_t id, exercise, run, unit;
        int64_t organiser;  /* the organisers' unit */
        int64_t started;    /* ns: what drill time 0 is in event time; TIME_NONE: not started */
        int64_t t;          /* ms of its drill clock now; -1: not started */
        int64_t speed;      /* thousandths now; 0: paused */
        int64_t old, old_t; /* the play that it goes on from after a rewind, and until when; 0 */
        bool live_fire;     /* no script: kind "live" */
        bool solo;          /* one person plays alone */
        bool simulated;     /* containment is written down, not carried out */
        bool running;       /* its clock may move: started, not over; also while paused */
        bool over;          /* ended, stopped, or left behind by a rewind */
};
/* 1, 0: there is none of that number, -errno. `now`: ns. */
int exercise_play_of(struct sql *db, int64_t play, int64_t now, struct exercise_play *ret);
/* The play that this unit, or one above it, is in at this moment (running or paused). 1, 0, -errno. */
int exercise_unit_plays(struct sql *db, int64_t unit, int64_t *ret_play);
/* Real ns to ms of that play's drill clock, and back (the last moment that has this drill time); TIME_NONE, -1: before
 * its start, or never. 0 or -errno. */
int exercise_drill_of(struct sql *db, int64_t play, int64_t real, int64_t *ret_t);
int exercise_real_of(struct sql *db, int64_t play, int64_t t, int64_t *ret_real);
/* The play's scenario, kept by the desk; NULL with 0: it has none (live fire). 0 or -errno. */
int exercise_plan_of(struct desk *d, int64_t exercise, const struct plan **ret);
/* Their role on the roster of that unit at that time ("lead"; the first by number, the chief before deputies), or
 * SPAN_NONE; of `a`. 0 or -errno. */
int exercise_role_of(struct sql *db, struct arena *a, int64_t play, int64_t person, int64_t at,
                     struct span *ret, bool *ret_deputy);
/* Whether the asker may know of drill matter of that play: on its roster or in its unit, or organiser or jury of
 * it. 1, 0, -errno. */
int exercise_may_see(struct api_call *c, int64_t play);

/* ---- the engine (exercise_engine.c) ---- */

/* Something of the play changed that a condition may look at, or its score. Cheap. */
void exercise_touched(struct desk *d, int64_t play);

#endif

/* A play's facts, as the desk's own records have them, and its score (doc/scoring.md). Nothing is written by hand:
 * each fact is read from a row that somebody's work, or the node's, made. */
#ifndef DESK_EXERCISE_FACTS_H
#define DESK_EXERCISE_FACTS_H

#include "desk/exercise.h"
#include "exercise/score.h"

/* All of a play's, sorted; those of the play before a rewind, up to its checkpoint, under this play's number. `to` is
 * initialised. `now`: ns; of a play that runs. 0; -E2BIG; -errno. */
int exercise_facts(struct desk *d, int64_t play, int64_t now, struct drill_facts *to);
/* The steps that an alert of a play holds, at most PLAN_STEPS_MAX + 1; how many, or -errno. */
int exercise_alert_steps(struct sql *db, int64_t alert, unsigned *to);

/* A play's score as a board shows it. Computed anew when something of its unit was told (api_tell()) since, or, while
 * it runs, after SCORE_FRESH_S; so to call it for each unit of a board is cheap. */
#define SCORE_FRESH_S 15
struct exercise_scored {
        bool is; /* there is one: the play began and has a scenario */
        bool provisional;
        int64_t total, base, penalty, harm, machine,
                people; /* thousandths; the last two: -1: no line */
        int n_void, n_open, hints;
        int64_t last_points, last_t; /* the newest line that was decided */
        char last_en[200], last_vi[260];
};
int exercise_score(struct desk *d, int64_t play, int64_t now, struct exercise_scored *ret);
/* Something of that unit changed (0: of any): its plays are scored anew when they are asked for. */
void exercise_scores_told(struct desk *d, int64_t unit);
/* Once, for a play that is over: its unit's sources that stayed silent (exercise_unused.c). */
int exercise_look_unused(struct desk *d, int64_t play, int64_t now);
void exercise_scores_free(struct desk *d);
/* Scores of plays that run, or ended since, into exercise_play.points, last_…, a few at a time; as often as one likes. */
int exercise_scores_tick(struct desk *d, int64_t now);
/* The same for one play, at once. */
int exercise_score_write(struct desk *d, int64_t play, int64_t now);
/* Everything: caller frees all three, the score before facts; `*ret` NULL: there is none to have. */
int exercise_score_whole(struct desk *d, int64_t play, int64_t now, struct drill_facts *facts,
                         const struct plan **ret_plan, struct score **ret);

#endif

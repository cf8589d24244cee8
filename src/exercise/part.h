/* The part of a plan that a re-test plays (doc/scoring.md, "Afterwards"): what one gap is about, two minutes of the
 * ordinary before it, innocent activity meanwhile, and time enough for all that is asked of it. Pure. */
#ifndef EXERCISE_PART_H
#define EXERCISE_PART_H

#include "exercise/plan.h"

#define PART_LEAD_MS 120000
#define PART_REST_MS 60000
/* No gap: the first step of the attack, for a rehearsal, and a few minutes after it. */
#define PART_REHEARSAL ":rehearsal"
#define PART_REHEARSAL_MS 240000

struct part {
        int item;            /* of steps, then injects; -1: the whole plan */
        int64_t from, until; /* ms of the drill's clock */
};
/* Of a gap's key: an expectation's id; anything else (a penalty) needs the whole plan. */
void part_of(const struct plan *p, const char *key, struct part *ret);
/* Whether item i is played in it, and when. */
bool part_has(const struct plan *p, const struct part *part, unsigned i);
int64_t part_time(const struct plan *p, unsigned i);

#endif

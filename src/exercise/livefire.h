/* Live fire, judged: places and points of red findings (doc/live-fire.md; the doctrine's section on live fire), and
 * what is taken for seen by the blue side. Whole numbers only, no clock: the same findings give the same points. */
#ifndef EXERCISE_LIVEFIRE_H
#define EXERCISE_LIVEFIRE_H

#include "base/base.h"

#define LIVE_LEVELS 4u /* low, medium, high, critical */
extern const char *const live_levels[LIVE_LEVELS];
/* Points of each unless the exercise's rules say otherwise. */
extern const unsigned live_base[LIVE_LEVELS];
/* Of a level's name; LIVE_LEVELS: none. */
unsigned live_level(struct span name);

/* Filed complete within this of the first: as good as at once. */
#define LIVE_TIE_MS INT64_C(600000)

struct live_placed {
        int64_t id, at; /* at: when it was filed complete, ms */
        uint64_t same;  /* equal: the same component, weakness and entry point */
        int64_t team;   /* which finds a thing once: what it files again has no place */
        bool out;       /* void: it has no place and leaves none free */
        int64_t place;  /* result, in millionths: 1, ½, ¼, 0, or a mean of some */
};
/* Fills `place`. Leaves the array in order of same, at, id. */
void live_place(struct live_placed *f, size_t n);

/* The report: whole 1; overstated by two levels or more 0.9; else 0. In millionths. */
int64_t live_report(bool whole, bool overstated);

struct live_judged {
        unsigned level;
        unsigned impact[3]; /* resources, data, users: 0 to 3 */
};
/* Two marks more than one level apart want a third. */
bool live_apart(const struct live_judged *a, const struct live_judged *b);
/* Points in thousandths: of one mark; of several (1 to 3) the median, of two their mean, half up. */
int64_t live_points(const unsigned base[LIVE_LEVELS], const struct live_judged *marks, size_t n,
                    int64_t place, int64_t report);

#endif

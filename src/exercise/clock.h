/* The drill's clock: points in order of real time, each saying what the drill's time was then, and how fast it
 * went from there on. Pure arithmetic on milliseconds; nothing else converts between the two times.
 *
 *   K1. Points are of one run: both times of them never fall (clock_good()).
 *   K2. Drill time at a real time is rounded down; the real time of a drill time is the first at which that drill
 *       time was reached, rounded up: drill_of(real_of(t)) ≥ t, and drill_of(real_of(t) - 1) < t. */
#ifndef EXERCISE_CLOCK_H
#define EXERCISE_CLOCK_H

#include "base/base.h"

#define CLOCK_SPEED_MAX 60000u /* thousandths */
#define CLOCK_DRILL_MAX ((int64_t)12 * 86400 * 1000)

struct clock_point {
        int64_t at_real, at_drill; /* ms */
        unsigned speed;            /* thousandths; 0: paused */
};

bool clock_good(const struct clock_point *p, size_t n);
/* -1: before the first point. */
int64_t clock_drill_of(const struct clock_point *p, size_t n, int64_t real);
/* INT64_MIN: before the first point; INT64_MAX: not as things stand. */
int64_t clock_real_of(const struct clock_point *p, size_t n, int64_t drill);

#endif

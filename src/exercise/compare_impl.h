/* Between the files of the comparison. */
#ifndef EXERCISE_COMPARE_IMPL_H
#define EXERCISE_COMPARE_IMPL_H

#include "exercise/compare.h"

struct compare_row {
        unsigned unit, item, step, sitting;
        double y; /* ln of seconds */
        bool censored;
};
struct compare_fit {
        struct compare_row *rows;
        double *y, *v;            /* expected, with its variance */
        double *beta, *theta, *x; /* x: exposure, centred */
        double *w;                /* of each step: how often it was drawn */
        double *sum, *weight;     /* scratch */
        bool *used;               /* items */
        double sigma, gamma;
        unsigned n, n_units, n_items;
        bool exposed;
};
void compare_fit_free(struct compare_fit *f);
uint64_t compare_random(uint64_t *state);
int compare_quality(const struct compare_in *in, struct compare_out *o);

#endif

/* Units compared, and one unit over the years (doc/scoring.md, "Fair comparison"). Floats are allowed here, and here only:
 * nothing of it is part of a score.
 *
 *     time     ln t = β(expectation) − θ(unit in a year) + γ·exposure + ε, ε normal, right-censored; θ is read as
 *              'times faster'. Penalised likelihood; intervals by a bootstrap over steps (lines of one step depend).
 *     quality  Rasch rating scale: categories 0 … 4, thresholds shared within a capability.
 *
 * Where there is too little to say, it says so and why. */
#ifndef EXERCISE_COMPARE_H
#define EXERCISE_COMPARE_H

#include "base/buf.h"
#include "exercise/plan.h"

#define COMPARE_UNITS_MAX 1000u
#define COMPARE_ITEMS_MAX 400u
#define COMPARE_ANSWERS_MAX 100000u
#define COMPARE_DRAWS 1000u
#define COMPARE_CATEGORIES 5u
#define COMPARE_SEED UINT64_C(0x636f6c6f61) /* fixed: the same answers, the same intervals */

/* Our choices (doc/scoring.md). */
#define COMPARE_UNITS_LEAST 30u
#define COMPARE_UNCENSORED_LEAST 10u /* of an expectation */
#define COMPARE_LINES_LEAST 15u      /* of a unit */
#define COMPARE_ANCHORS_LEAST 5u
#define COMPARE_ANCHOR_SHARE 0.20
#define COMPARE_CENSORED_MOST 0.50
#define COMPARE_VOID_MOST 0.20
#define COMPARE_DRIFT 1.5
#define COMPARE_FACTOR_MOST 4.0

struct compare_answer {
        unsigned unit, item, step; /* indices; step: what the bootstrap draws by */
        unsigned sitting;          /* which exercise */
        int64_t t;                 /* ms; censored: at least that */
        bool censored;
        int quality; /* 0 … 4; -1: none */
        unsigned capability;
};
struct compare_in {
        const struct compare_answer *answers;
        unsigned n, n_units, n_items, n_steps, n_sittings;
        const double *exposure;            /* of each unit: exercises played before; NULL: none */
        const double *void_share;          /* of each unit; NULL: none */
        bool same_speed, same_roles, seen; /* seen: somebody played this scenario before */
};

enum compare_refusal {
        COMPARE_GOOD = 0,
        COMPARE_FEW_UNITS,
        COMPARE_NO_ANCHORS,
        COMPARE_CENSORED,
        COMPARE_SPEED,
        COMPARE_ROLES,
        COMPARE_SEEN,
        COMPARE_FEW_ITEMS,
        /* of one unit */
        COMPARE_FEW_LINES,
        COMPARE_VOID,
        COMPARE_WIDE,
        COMPARE_REFUSALS
};
/* A sentence; NULL: good. */
const char *compare_why(enum compare_refusal r, bool vi);

struct compare_unit {
        enum compare_refusal refused;
        double theta, lo, hi; /* ln; exp() is 'times faster than the mean unit' */
        double quality, quality_se;
        unsigned lines, censored;
        unsigned rank_from, rank_to; /* simultaneous, 95 % */
};
struct compare_out {
        enum compare_refusal refused;
        struct compare_unit *units;
        double *beta; /* of each item; NaN: dropped */
        bool *drifted;
        double sigma, gamma;
        unsigned n_units, n_items, anchors, dropped;
};

/* 0; -EINVAL: an index or time out of its bounds; -ENOMEM. */
int compare_run(const struct compare_in *in, struct compare_out *ret);
void compare_out_deinit(struct compare_out *o);

/* 95 % interval of a time ratio known from n lines with spread σ: exp(∓1.96·σ/√n). */
void compare_ratio(unsigned n, double sigma, double *ret_lo, double *ret_hi);
/* Kaplan–Meier median; negative: more than half were censored before. `t`, `censored` are sorted in place. */
double compare_median(double *t, bool *censored, unsigned n);

/* For a job: {"answers":[[unit,item,step,sitting,t,censored,quality,capability],…],"units":N,"items":N,"steps":N,
 * "sittings":N,"exposure":[…],"void":[…],"same_speed":b,"same_roles":b,"seen":b} → {"refused":why|null,…}. */
int compare_job(struct span json, struct buf *out);

#endif

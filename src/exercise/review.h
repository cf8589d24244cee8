/* What a play shows, beside its points: step by step what was played, seen and answered; strengths; gaps with the first
 * link that failed (doc/scoring.md, "Afterwards"). Pure. */
#ifndef EXERCISE_REVIEW_H
#define EXERCISE_REVIEW_H

#include "exercise/score.h"

#define REVIEW_STRONG 85000 /* of 100,000: a capability from here on is a strength */

enum review_state {
        STEP_FUTURE,
        STEP_PLAYED,
        STEP_SEEN,     /* an alert holds it */
        STEP_ANSWERED, /* a person did something about it */
        STEP_PREVENTED,
        STEP_NOT /* another branch, or the drill was over before */
};
extern const char *const review_states[STEP_NOT + 1];

struct review_step {
        const struct plan_step *step;
        unsigned n; /* from 1 */
        enum review_state state;
        int64_t t, seen, answered; /* ms of the drill; FORMULA_NEVER */
        unsigned alerts;
};
struct review_gap {
        const char *key; /* an expectation's id, or a penalty's key */
        enum score_cause cause;
        const char *en, *vi;
        const struct score_line *line; /* NULL: a penalty */
        unsigned needs; /* re-tests to be passed: one for source or rule, two for people */
};
struct review {
        struct review_step *steps;
        enum plan_capability strengths[PLAN_CAPABILITIES];
        struct review_gap *gaps;
        unsigned n_steps, n_strengths, n_gaps;
        struct arena arena;
};

/* `facts` and `s` of that play; they and the plan outlive it. 0; -ENOMEM. */
int review_new(struct review **ret, const struct plan *p, const struct drill_facts *facts,
               const struct score *s);
struct review *review_free(struct review *r);
CLEANUP(review, review_free)

/* How capabilities and causes are called. */
const char *review_capability(enum plan_capability c, bool vi);
const char *review_cause(enum score_cause c, bool vi);

/* A re-test of one gap: the line's own, in a play of other seed and names: T ≥ p, Q ≥ 0.8, no new harm, nothing declared
 * on background. Of a penalty: it is not there again. */
bool review_passed(const struct score *s, const char *expectation, int64_t *ret_t, int64_t *ret_q);

/* An ATT&CK Navigator layer: played 1, seen 2, answered 3, by colour. */
void review_layer(struct buf *to, const struct review *r, const char *name);

#endif

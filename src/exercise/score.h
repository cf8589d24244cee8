/* What a unit's facts are worth: plan + facts → lines, penalties, sums, each with the facts it came from and a
 * reason in both languages. A pure function: no clock, no locale, no float; the same facts in another order give the
 * same bytes. Formula `coloa-score/1` (formula.h, doc/scoring.md). */
#ifndef EXERCISE_SCORE_H
#define EXERCISE_SCORE_H

#include "exercise/facts.h"
#include "exercise/formula.h"
#include "exercise/plan.h"

#define SCORE_CAPABILITY_LEAST 3 /* lines below which a capability is 'insufficient' */

enum score_state {
        LINE_SCORED, /* a fact answers it; maybe for 0 points */
        LINE_MISSED, /* nothing did until its end */
        LINE_OPEN,   /* its time is not over, or what a unit without connection did is not known */
        LINE_VOID,   /* it does not count */
};
/* The first link that failed, where a line is below half (doc/scoring.md, "Afterwards"). */
enum score_cause {
        CAUSE_NONE,
        CAUSE_SOURCE, /* no event came */
        CAUSE_RULE,   /* no alert */
        CAUSE_STEP,   /* late, or not at all, though there was an alert */
        CAUSE_PLAN,   /* wrong kind, scope, field, duty */
        SCORE_CAUSES
};
extern const char *const score_states[LINE_VOID + 1], *const score_causes[SCORE_CAUSES];

struct score_line {
        const struct plan_expectation *expectation;
        enum score_state state;
        enum score_cause cause;
        int64_t start;    /* ms of the drill from which it is measured; FORMULA_NEVER: not begun */
        int64_t t;        /* ms; FORMULA_NEVER */
        int64_t censored; /* ms that were watched */
        int64_t T, Q, R;  /* millionths */
        int64_t points, hint;                  /* thousandths; `hint` is already off */
        const struct drill_fact *const *facts; /* what decided, the decisive first */
        const struct drill_fact *const *also;  /* duplicates, and what began the clock */
        unsigned n_facts, n_also;
        const char *en, *vi;
};

enum score_penalty_kind { PENALTY_INNOCENT, PENALTY_FALSE, PENALTY_UNUSED, PENALTY_BROKEN };
extern const char *const score_penalties[PENALTY_BROKEN + 1];
struct score_penalty {
        const char *key; /* what a ruling names it by: "innocent/HOST/action/12" */
        enum score_penalty_kind kind;
        int64_t points; /* thousandths */
        bool machine;   /* nobody's act */
        bool pardoned;
        const struct drill_fact *fact;
        const char *object, *en, *vi;
};

struct score {
        unsigned play;
        bool provisional;
        int64_t base, penalty /* as it counts */, harm /* uncapped */, total;
        int64_t part[PART_PEOPLE + 1];         /* thousandths of 100; -1: no line */
        int64_t capability[PLAN_CAPABILITIES]; /* -1: insufficient */
        unsigned capability_lines[PLAN_CAPABILITIES];
        struct score_line *lines; /* one for each expectation, in the plan's order */
        struct score_penalty *penalties;
        unsigned n_lines, n_penalties, n_void, n_open, hints;
        struct arena arena;
};

/* `facts`: sorted; they and the plan outlive the score. 0; -ENOMEM. */
int score_play(struct score **ret, const struct plan *p, const struct drill_facts *facts,
               unsigned play);
struct score *score_free(struct score *s);
CLEANUP(score, score_free)

/* One canonical JSON object; what `coloa exercise score` reproduces byte for byte. */
void score_write(struct buf *to, const struct plan *p, const struct score *s);

#endif

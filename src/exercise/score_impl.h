/* Between the files of the score: lines (score.c), quality (score_quality.c), penalties (score_penalty.c), words
 * (score_words.c). */
#ifndef EXERCISE_SCORE_IMPL_H
#define EXERCISE_SCORE_IMPL_H

#include "exercise/match.h"
#include "exercise/score.h"

#define SCORE_INNOCENT 4000 /* times criticality */
#define SCORE_UNDONE_MS (5 * 60000)
#define SCORE_FALSE 3000
#define SCORE_UNUSED 1000
#define SCORE_UNUSED_MAX 5
#define SCORE_PENALTIES_MAX 500u
#define SCORE_ALSO_MAX 50u
#define SCORE_CONFIRMED 3 /* confirmations of a scope that count */

struct scoring {
        const struct plan *p;
        const struct drill_fact *facts;
        size_t n;
        struct match *m;
        struct score *s;
        const struct drill_fact *watch;
        bool ended, offline;
};

/* A fact that could answer a line. */
struct candidate {
        const struct drill_fact *f;
        int64_t t, Q, R;
};

/* Time between two moments, without what the unit stood still. */
int64_t scoring_between(const struct scoring *g, int64_t from, int64_t to, bool real);
bool scoring_is_one_of(const char *s, const char *const *list, unsigned n);

/* R. */
int64_t scoring_role(const struct plan_expectation *e, const struct drill_fact *f);
/* Q of one fact, but for scope and containment. */
int64_t scoring_quality(const struct scoring *g, const struct plan_expectation *e,
                        const struct drill_fact *f);
/* Which candidates decide, with T, Q, R and their facts into the line; `c` in the order of time. 0; -ENOMEM. */
int scoring_choose(const struct scoring *g, struct score_line *l, const struct candidate *c,
                   unsigned n);

int scoring_penalties(struct scoring *g);

/* The reasons. 0; -ENOMEM. */
enum scoring_why {
        WHY_SCORED,
        WHY_MISSED,
        WHY_OPEN,
        WHY_FUTURE,
        WHY_OFFLINE,
        WHY_RULED,
        WHY_STOPPED,
        WHY_PREVENTED,
        WHY_UNPLAYED,
        WHY_AMBIGUOUS
};
int scoring_words(struct scoring *g, struct score_line *l, enum scoring_why why,
                  const struct drill_fact *ruling);
int scoring_penalty_words(struct scoring *g, struct score_penalty *x, bool half);

#endif

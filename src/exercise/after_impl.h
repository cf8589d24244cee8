/* What both forms of the report are made of. */
#ifndef EXERCISE_AFTER_IMPL_H
#define EXERCISE_AFTER_IMPL_H

#include "exercise/after.h"

/* One unit, scored and reviewed. */
struct after_unit {
        const struct export_play *play;
        struct score *score;
        struct review *review;
};
struct after_all {
        const struct after *a;
        struct after_unit *units;
        unsigned n;
};

int after_open(struct after_all *ret, const struct after *a);
void after_close(struct after_all *x);

#define SAY(a, en, vi_) ((a)->vi ? (vi_) : (en))
#define AFTER_TIME 32
/* "1:04:09" of the drill; "–": never. */
const char *after_time(char to[AFTER_TIME], int64_t ms);
/* How sure one can be of ability with that many lines: "0.67–1.50"; NULL: with fewer than five. */
const char *after_ratio(unsigned lines, bool vi);
const char *after_text(const struct after *a, struct plan_text t);
/* How many units have the step in at least that state; of those for which it was played. */
unsigned after_count(const struct after_all *x, unsigned step, enum review_state state);
/* Median from the step's start to `seen` or `answered` over all units for which it was played; never is later than
 * anything, so that it may be "–". */
int64_t after_median(const struct after_all *x, unsigned step, bool answered);
/* What a figure spans: to the last moment there is, in whole quarters of twenty minutes; never beyond the plan. */
int64_t after_length(const struct after *a, const struct review *v);
const char *after_state(enum review_state s, bool vi);
/* As people call it; one that is not ATT&CK's, as it is. */
const char *after_tactic(const char *tactic, bool vi);
const char *after_lesson(enum score_cause c, bool vi);

#endif

/* What the handlers of results share (api_results.c). */
#ifndef DESK_EXERCISE_RESULTS_H
#define DESK_EXERCISE_RESULTS_H

#include "desk/exercise_facts.h"
#include "desk/exercise_impl.h"
#include "exercise/review.h"

#define RESULTS_PLAYS_MAX 1000u
#define RESULTS_WHOLE_MAX 30u /* units with their lines in one answer */

struct results {
        struct exercise e;
        const struct plan *plan; /* NULL: live fire */
        bool all, judge, over;
};
struct results_play {
        int64_t play, unit;
        const char *name, *code;
        struct span cast; /* JSON; none: SPAN_NONE */
};

/* The exercise of the call, and what the asker may see of it. 0, API_E_REFUSED, -errno. */
int results_open(struct api_call *c, struct results *ret);
int results_plays(struct api_call *c, const struct results *x, int64_t one,
                  struct results_play **ret, unsigned *ret_n);
int results_answer(struct api_call *c, const struct results *x);
/* A file that was made whole. */
int results_file(struct api_call *c, const char *type, const char *name, const struct buf *b);

/* Re-tests still to be passed before this task may be done; 0: none, or no task of a gap. -errno. */
int exercise_gap_open(struct sql *db, int64_t improvement);

#define RETEST_AFTER_NS (INT64_C(7) * 86400 * NS_PER_SEC)
/* Another re-test of a gap (exercise_retest.c). */
int retest_add(struct api_call *c, int64_t gap, int64_t due, bool by_itself);
/* Those that are due begin, those that are over are judged. */
int exercise_retests_tick(struct desk *d, int64_t now);

/* Handlers elsewhere: exercise_export.c, exercise_report.c, exercise_gaps.c, exercise_retest.c, exercise_compare.c. */
#define RESULTS_HANDLERS(X)                                                                        \
        X(export)                                                                                  \
        X(scores)                                                                                  \
        X(layer)                                                                                   \
        X(report) X(comparison) X(task) X(retests) X(retest) X(retest_start) X(retest_plan)        \
                X(sign) X(records)
#define X(name) int results_do_##name(struct api_call *c);
RESULTS_HANDLERS(X)
#undef X

#endif

/* Which steps of the storyline a fact answers (doc/scoring.md, "Matching"). Nobody claims anything: the same
 * plan and facts give the same steps, in whatever order the facts came.
 *
 * With a label: the steps of the label. Without (live fire, offline logs): each alert goes to the one step with the
 * most evidence; what stands between two steps is ambiguous until somebody rules. */
#ifndef EXERCISE_MATCH_H
#define EXERCISE_MATCH_H

#include "exercise/facts.h"

#define MATCH_SKEW 120000     /* ms that clocks of unlabelled sources may be apart */
#define MATCH_LEAST 6         /* evidence below this is none */
#define MATCH_LOOSE_MAX 4096u /* unlabelled alerts of a play that are looked at; the earliest */

/* Evidence of one kind: 4 target, 2 account, 2 source, 1 technique. */
enum { EVIDENCE_TARGET = 4, EVIDENCE_ACCOUNT = 2, EVIDENCE_SOURCE = 2, EVIDENCE_TECHNIQUE = 1 };

struct match_of {
        const unsigned *steps; /* 1…; 0: background */
        unsigned n;
        bool ambiguous;
        bool rejected; /* by a ruling */
        const struct drill_fact *ruling;
};
struct match {
        struct match_of *of; /* of each fact of the play, in their order */
        const struct drill_fact
                *played[PLAN_STEPS_MAX + 1]; /* when each step began; NULL: it did not */
        const struct drill_fact *prevented[PLAN_STEPS_MAX + 1], *tip[PLAN_STEPS_MAX + 1];
        size_t n;
        const struct drill_fact **ids; /* sorted by id */
        struct arena arena;
};

/* `facts`: of one play, sorted. 0; -ENOMEM. */
int match_new(struct match **ret, const struct plan *p, const struct drill_fact *facts, size_t n);
struct match *match_free(struct match *m);
CLEANUP(match, match_free)

/* A condition on a fact (PLAN_FACT), by these facts of one play (holds.c). */
bool match_holds(const struct plan *p, const struct match *m, const struct drill_fact *facts,
                 size_t n, const struct plan_condition *c);
bool match_has(const struct match_of *m, unsigned step);
/* What an unlabelled alert and a step have in common; 0 when the target does not agree. */
unsigned match_evidence(const struct plan *p, unsigned step, const struct drill_fact *alert);
/* "T1059.001" and "T1059": the same, or one the other's parent. */
bool match_technique(const char *a, const char *b);
/* Names as records have them against the plan's, through the unit's own names: case does not matter, a short name is
 * that of a full one, an account is known with and without its domain. The id, or NULL. */
const char *match_name(const struct plan *p, const struct plan_cast *c, struct span name);

#endif

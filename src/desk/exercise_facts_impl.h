/* Between the files that read facts. */
#ifndef DESK_EXERCISE_FACTS_IMPL_H
#define DESK_EXERCISE_FACTS_IMPL_H

#include "desk/exercise_facts.h"
#include "desk/exercise_impl.h"
#include "exercise/match.h"

#define READING_PEOPLE 400u
#define READING_ROSTER 2000u

struct reading {
        struct desk *desk;
        struct sql *db;
        struct arena arena; /* of what is read; facts are copied */
        struct drill_facts *to;
        const struct plan *plan;
        struct plan_cast cast;
        struct exercise_play play;
        struct exercise_clock clock;
        unsigned as;   /* the play that facts are of: this one, or the one that goes on from it */
        int64_t until; /* t; facts after it are left out */
        int64_t people[READING_PEOPLE]; /* p1, p2 … */
        unsigned n_people;
        struct {
                int64_t person, since, until;
                const char *role;
        } roster[READING_ROSTER];
        unsigned n_roster;
        struct {
                int64_t alert, at;
                unsigned step;
        } * held;
        size_t n_held, room_held;
};

/* Adds it: t from `at` (ns) unless that is TIME_NONE. 0; -errno. */
int reading_put(struct reading *g, struct drill_fact *f, int64_t at);
/* Who did it, and with which duties at that time; person 0: the node. */
int reading_who(struct reading *g, struct drill_fact *f, int64_t person, int64_t at);
_printf_(2, 3) const char *reading_text(struct reading *g, const char *fmt, ...);
/* An id of the plan, or "?name". NULL: out of memory. */
const char *reading_object(struct reading *g, struct span name);

/* The steps of one alert; `to` has room for PLAN_STEPS_MAX + 1. */
unsigned reading_steps(const struct reading *g, int64_t alert, unsigned *to);

/* The story, alerts, injects: exercise_facts.c; incidents and what hangs on them: exercise_facts_case.c. */
int reading_cases(struct reading *g);

#endif

/* The catalogue of activities: what a step of a scenario can play (plan_activity.activity), what each takes, what the
 * unit's network must have for it, what it shows, and which shipped rules speak of it. `coloa exercise check` holds
 * scenarios against it, the generator (exercise/telemetry.h) makes the records, doc/telemetry.md lists it. */
#ifndef EXERCISE_ACTIVITY_H
#define EXERCISE_ACTIVITY_H

#include "exercise/plan.h"

enum activity_type {
        VALUE_TEXT, /* printable, at most ACTIVITY_TEXT_MAX bytes */
        VALUE_COUNT,
        VALUE_TIME,  /* "90s", "5m", "2h", "250ms" */
        VALUE_BYTES, /* "700M", "3G", "64k" */
        VALUE_BOOL,  /* true, false */
        VALUE_WORD,  /* one of `words` */
        VALUE_HOST,  /* ids of the plan */
        VALUE_ACCOUNT,
        VALUE_OUTSIDE
};
#define ACTIVITY_TEXT_MAX 300u

struct activity_param {
        const char *name;
        enum activity_type type;
        const char *fallback; /* NULL: left out, nothing is played of it; or required */
        const char *words;    /* VALUE_WORD: separated by a blank */
        int64_t min, max;     /* VALUE_COUNT, _TIME (ms), _BYTES */
        struct plan_text what;
        bool required;
};

/* What plan_activity must name. */
#define NEEDS_HOST 1u
#define NEEDS_ACCOUNT 2u
#define NEEDS_OUTSIDE 4u
#define ACTIVITY_PARAMS_MAX 6u

struct activity {
        const char *name;
        struct plan_text title;
        unsigned needs; /* NEEDS_* */
        unsigned os;    /* bits: 1u << enum plan_os */
        unsigned kinds; /* bits: 1u << enum plan_host_kind; 0: any */
        bool innocent;  /* nobody's attack */
        /* Log sources, separated by a blank. The host must have one of `sources`, or nothing is written of it; what
         * it has of `more` is written too. */
        const char *sources, *more;
        const char *techniques; /* separated by a blank; "" when innocent */
        /* Of content/rules, names of files without ending, separated by a blank: each raises an alert when this is
         * played with its fallbacks on a host that has all of `sources` and `more`. "": only others' rules do. */
        const char *rules;
        struct activity_param params[ACTIVITY_PARAMS_MAX];
        unsigned n_params;
};

/* Sources that hosts can have (plan_host.sources). */
extern const char *const activity_sources[];
extern const unsigned n_activity_sources;

extern const struct activity activities[];
extern const unsigned n_activities;

/* NULL: there is none. */
const struct activity *activity_find(const char *name);
const struct activity_param *activity_param_find(const struct activity *a, const char *name);

/* The numbers of VALUE_COUNT, _TIME (ms), _BYTES, _BOOL; -EINVAL: it is none; -ERANGE: out of the bounds. For others only
 * whether it may be (ids are not looked up), *ret_number 0. */
int activity_value(const struct activity_param *p, const char *value, int64_t *ret_number);

/* Whether the blank-separated list has this word. */
bool activity_lists(const char *list, const char *word);

#endif

/* What a plan may hold, besides the counts in plan.h: the reader of scenarios keeps to them, and who loads a plan
 * looks that it did. */
#ifndef EXERCISE_PLAN_BOUNDS_H
#define EXERCISE_PLAN_BOUNDS_H

#include "exercise/plan.h"

#define PLAN_ID_MAX 64u
#define PLAN_TEXT_MAX ((size_t)16 << 10) /* bytes of one text */
#define PLAN_XCEXF_MAX ((size_t)256 << 10)
#define PLAN_TITLE_MAX ((size_t)300)
#define PLAN_LENGTH_MAX INT64_C(86400000) /* ms: a day */
#define PLAN_LENGTH_MIN INT64_C(600000)   /* ten minutes */
#define PLAN_SPEED_MAX 60u
#define PLAN_NOISE_MAX 600u
#define PLAN_WEIGHT_MAX 1000u
#define PLAN_OBJECTIVES_MAX 20u
#define PLAN_ROLES_MAX 16u
#define PLAN_SOURCES_MAX 16u
#define PLAN_ACTIVITIES_MAX 64u
#define PLAN_WITH_MAX 16u
#define PLAN_OBJECTS_MAX 100u
#define PLAN_CHOICES_MAX 8u
#define PLAN_VALUES_MAX 40u
#define PLAN_HINTS_MAX 100u
#define PLAN_CONDITIONS_MAX 1000u

/* "ws-01": lower-case letters, digits, '-' and '_', first a letter or digit. */
static inline bool plan_id_good(struct span s) {
        if (!s.len || s.len > PLAN_ID_MAX || *s.p == '-' || *s.p == '_')
                return false;
        for (size_t i = 0; i < s.len; i++)
                if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9') ||
                      s.p[i] == '-' || s.p[i] == '_'))
                        return false;
        return true;
}

#endif

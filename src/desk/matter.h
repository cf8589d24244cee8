/* What belongs to a drill (doc/drill-pipeline.md): who sees it, and who may make such matter. A row of a drill has its play in
 * a column (0: real), or is of an incident that has; alerts and incidents of drills have numbers from STATE_DRILL_IDS on. */
#ifndef DESK_MATTER_H
#define DESK_MATTER_H

#include "desk/api.h"

/* A condition on a column that holds a play or 0, for every list and count of what may be of a drill: what is real, and of
 * plays under way those that the asker is on the roster of. `all` (one row by its number; a list that was asked for drills):
 * also those that are over, and those of others that they organise, judge, or whose unit they play for. Text of the arena;
 * "1": everything. 0 or -errno. */
int matter_sees(struct api_call *c, const char *column, bool all, const char **ret_sql);
/* The same for alerts by their number, so that an index is enough for what is real: `alert` is that column, `column` the play's. */
int matter_sees_alerts(struct api_call *c, const char *alert, const char *column, bool all,
                       const char **ret_sql);
/* The list was asked for drills by one of its filters. */
bool matter_asked(const struct api_call *c);
/* The asker is on the roster of that play, and it is under way. 1, 0, -errno. */
int matter_plays(struct api_call *c, int64_t play);
/* The play that the asker plays for this unit (or any, 0) at this moment. 1, 0: none, -errno. */
int matter_of_mine(struct api_call *c, int64_t unit, int64_t *ret_play);
/* "NC-0012", or "DT-NC-0012" of a drill: as SQL, and of one; of the arena. */
#define ACTION_CODE(id)                                                                            \
        "iif(" id "<1000000000,printf('NC-%04d'," id "),printf('DT-NC-%04d'," id "-1000000000))"
struct span action_code(struct arena *a, int64_t id);
/* "DT-2026-03", or SPAN_NONE; of the arena. */
struct span matter_code(struct api_call *c, int64_t play);
/* The play's drill time as a date: its start and what its clock has run since. Deadlines of a drill's incidents are such
 * dates. c->now for what is real (0), or has not begun. */
int64_t matter_now(struct api_call *c, int64_t play);
/* The same of a moment of the node's clock. */
int64_t matter_at(struct api_call *c, int64_t play, int64_t real);
/* As SQL, for rows of several: `column` holds the play. Text of the arena. 0 or -errno. */
int matter_now_sql(struct api_call *c, const char *column, const char **ret_sql);

#endif

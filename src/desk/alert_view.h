/* Alerts as whoever asks may see them: names outside an incident that they work on are pseudonyms (mask.h). */
#ifndef DESK_ALERT_VIEW_H
#define DESK_ALERT_VIEW_H

#include "desk/api.h"

/* The columns `user` and `entity` of an alert `a` with its triage `t`, for alert_view_row(). */
int alert_view_columns(struct api_call *c, const char **ret_user, const char **ret_entity);
/* A row of such a list: its names as they are shown. */
int alert_view_row(struct api_call *c, json_t *row);
/* An entity with its mark before it ('=': as it is, else '0' + its kind) as it is shown, when the user is that one. */
struct span alert_entity_shown(struct api_call *c, struct span entity, struct span user);
/* The first and last event that are kept, and what of them matched, into c->answer; and whether names are masked. */
int alert_view_events(struct api_call *c, int64_t id);

#endif

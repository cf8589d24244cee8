/* Rights that are lent for a drill (doc/exercises.md, "Who may do what in a drill"): for one call, on one play. */
#ifndef DESK_LENT_H
#define DESK_LENT_H

#include "desk/api.h"

/* After who asks is known, before anything of the operation is looked at: whether this call is made by a right that is
 * lent, and for which play: fills c->who.lent. 0 or -errno. */
int lent_find(struct api_call *c);
/* Into `to`, as "lent": the names of those that who is signed in has in the play that they are in. */
int lent_names(struct api_call *c, json_t *to);
/* With c->who.lent.play: whether the permission is one of those lent. */
bool lent_knows(const char *permission);
bool lent_holds(const struct api_call *c, const char *permission);
/* … for that unit. 1, 0, -errno. */
int lent_sees(struct api_call *c, const char *permission, int64_t unit);
/* A play that one person plays alone, by that person: nobody else could decide there. 1, 0, -errno. */
int lent_alone(struct api_call *c, int64_t play);

#endif

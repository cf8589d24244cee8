/* The handover note (handover.c makes it, api_handover.c keeps it). */
#ifndef DESK_HANDOVER_H
#define DESK_HANDOVER_H

#include "desk/api.h"

struct handover {
        int64_t unit, from, to;
};
/* The note of that unit (and all below) and time as one JSON object; each part by its own permission. */
int handover_note(struct api_call *c, const struct handover *h, json_t **ret);
/* Takes out of a kept note what this asker may not see of that unit. */
int handover_veil(struct api_call *c, int64_t unit, json_t *note);

#endif

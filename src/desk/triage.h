/* What the desk tells the queue of alerts (triage.c). */
#ifndef DESK_TRIAGE_H
#define DESK_TRIAGE_H

#include <jansson.h>

#include "desk/desk.h"

/* It was written for the first time. */
int triage_new(struct desk *d, const struct state_alert *a);
/* It was written again: more came. */
int triage_again(struct desk *d, const struct state_alert *a);
/* Rows for alerts of before there was a queue; after the tables are there. */
int triage_catch_up(struct desk *d);

/* One alert as lists show it, names masked; whoever asks was found to see it. */
struct api_call;
int alert_row(struct api_call *c, int64_t id, json_t **ret);

#endif

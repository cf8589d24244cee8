/* What the desk tells the queue of alerts (triage.c). */
#ifndef DESK_TRIAGE_H
#define DESK_TRIAGE_H

#include "desk/desk.h"

/* It was written for the first time. */
int triage_new(struct desk *d, const struct state_alert *a);
/* It was written again: more came. */
int triage_again(struct desk *d, const struct state_alert *a);
/* Rows for alerts of before there was a queue; after the tables are there. */
int triage_catch_up(struct desk *d);

#endif

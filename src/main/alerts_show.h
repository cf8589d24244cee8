/* Alerts as people and programs read them. */
#ifndef MAIN_ALERTS_SHOW_H
#define MAIN_ALERTS_SHOW_H

#include "desk/state.h"

/* One line of a list, `width` columns. */
void alert_line(struct buf *b, const struct state_alert *a, const struct state_rule *r,
                unsigned width);
/* Everything; `fields`: of the first and the last event, as the state has them (JSON); `run`: over
 * the past, that raised it, or NULL. */
void alert_page(struct buf *b, const struct state_alert *a, const struct state_rule *r,
                const struct span fields[2], const struct state_retro *run);
/* A JSON object and a line end; fields may be NULL. */
void alert_json(struct buf *b, const struct state_alert *a, const struct state_rule *r,
                const struct span *fields, const struct state_retro *run);
void exception_line(struct buf *b, const struct state_exception *e, int64_t now);
void exception_json(struct buf *b, const struct state_exception *e, int64_t now);

#endif

/* What the files about directives share (doc/directives.md). */
#ifndef DESK_DIRECTIVES_H
#define DESK_DIRECTIVES_H

#include "desk/api.h"

struct directive {
        int64_t id, unit, incident, due, version;
        struct span code, kind, title, state; /* of the call's arena */
        bool rules, indicators;
};

/* Found for who may read it: their units' or addressed to one of them; else refused. */
int directive_find(struct api_call *c, int64_t id, struct directive *ret);
int directive_answer(struct api_call *c, int64_t id);
/* Pages that show it; the units it went to hear of it too. */
int directive_tell(struct api_call *c, const struct directive *d);
/* Mail to whoever answers for a unit (0: all that it went to). `what`: "issued", … part of what makes it unique. */
enum directive_mail {
        DIRECTIVE_ISSUED,
        DIRECTIVE_REMINDER,
        DIRECTIVE_WITHDRAWN,
        DIRECTIVE_REOPENED
};
int directive_mail(struct api_call *c, const struct directive *d, int64_t unit,
                   enum directive_mail what, int64_t n, struct span reason);

/* Reminders that are due; part of warn_tick(). */
int directives_remind(struct api_call *c);

/* api_directive_work.c */
int directive_do_create(struct api_call *c);
int directive_do_edit(struct api_call *c);
int directive_do_issue(struct api_call *c);
int directive_do_withdraw(struct api_call *c);
int directive_do_remind(struct api_call *c);
int directive_do_reopen(struct api_call *c);
int directive_do_acknowledge(struct api_call *c);
int directive_do_answer(struct api_call *c);

#endif

/* What waits for a person's decision, of all domains: "Tonight" and the handover note show it (decide.c). A domain
 * has one function here, which adds what waits for whoever asks, and a line in DECIDERS. */
#ifndef DESK_DECIDE_H
#define DESK_DECIDE_H

#include "desk/api.h"

#define DECISIONS_EACH 50 /* more of one domain are not looked at: LIMIT it */

struct decisions {
        int64_t unit; /* 0: any; else api_subtree(c, to->unit, "x.unit", …) is a condition too */
        json_t *list;
};

/* Texts are copied. Empty or SPAN_NONE: null. */
struct decision {
        const char *kind; /* "action_approve"; shown by the page of that name */
        int64_t id, incident;
        struct span code, title, title_vi, incident_code, by; /* by: who asks for it */
        int64_t asked, due;                                   /* TIME_NONE: no such */
        bool mine; /* this person may decide it; else it only waits in their sight */
};
int decision_add(struct decisions *to, const struct decision *d);

/* Each looks with its own api_scope() first: it adds nothing that the asker may not see. 0 or -errno. */
#define DECIDERS(X) X(playbook) X(action) X(exception) X(unmasking) X(report)

#define DECIDER(name) int name##_decisions(struct api_call *c, struct decisions *to);
DECIDERS(DECIDER)
#undef DECIDER

/* All of them, of a unit and below (0: any): what is due first, first. A new list. */
int decisions_of(struct api_call *c, int64_t unit, json_t **ret);

#endif

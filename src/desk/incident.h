/* What the parts of the desk do to incidents: entries, clocks, alerts that join (doc/incidents.md). All
 * within the caller's transaction; 0 or -errno unless said otherwise. */
#ifndef DESK_INCIDENT_H
#define DESK_INCIDENT_H

#include "desk/api.h"
#include "desk/regime.h"

/* One incident as the rules of work need it; texts are of the call's arena. */
struct incident {
        int64_t id, unit, system, lead, level, version; /* 0: none */
        int64_t t0, opened;
        struct span code, title, state, kind, harm, severity, severity_set, regime_id;
        enum fact serious;
        int64_t drill; /* the play it belongs to; 0: real */
        bool severity_is_set;
        const json_t *regime;
};

/* Finds it for an asker with `permission` in one of its units; refuses otherwise. 0, API_E_REFUSED, -errno. */
int incident_get(struct api_call *c, int64_t id, const char *permission, struct incident *ret);
/* The same for the node itself. 1, 0: there is none, -errno. */
int incident_read(struct api_call *c, int64_t id, struct incident *ret);
/* Which incidents the asker sees, as a condition on `i`, with ` AND …` behind it; text of the arena. */
int incident_visible(struct api_call *c, const char *more, const char **ret);
/* The asker's `version` field, if given, must be that of the incident. 0, API_E_REFUSED (409). */
int incident_fresh(struct api_call *c, const struct incident *i);
/* A guest (c->who.incident): reads facts, deadlines, timeline and observables of their one incident, by these operations
 * only, and as long as its mark is not stricter than theirs. Ranks of marks: */
#define TLP_RANK(column)                                                                           \
        "CASE " column " WHEN 'red' THEN 5 WHEN 'amber_strict' THEN 4 WHEN 'amber' THEN 3 WHEN"    \
        " 'green' THEN 2 ELSE 1 END"
int64_t tlp_rank(struct span tlp);
bool incident_for_guests(const struct api_call *c);
/* It changed: version and listeners. */
int incident_touch(struct api_call *c, const struct incident *i);

/* An entry of the timeline. `en`, `vi`: sentences; what people wrote stands in both. */
struct incident_entry {
        const char *kind, *about;       /* about: NULL: nothing */
        int64_t about_id, corrects, at; /* at: 0, TIME_NONE: now */
        struct span en, vi;
};
int incident_write(struct api_call *c, int64_t incident, const struct incident_entry *e);
/* The same with printf; the text of the arena. */
_printf_(2, 3) struct span incident_text(struct api_call *c, const char *fmt, ...);

/* Facts: what was answered, what is known of the system, what was decided. */
struct incident_facts {
        struct api_call *c;
        const struct incident *i;
        int error;
};
struct facts incident_facts(struct incident_facts *f, struct api_call *c, const struct incident *i);
/* Severity anew: by the regime's table, from the highest level of its systems, unless a person said otherwise. */
int incident_severity(struct api_call *c, const struct incident *i);
/* All clocks anew from the facts; what was met or void stays. After any change of t0, facts, system. */
int incident_clocks(struct api_call *c, const struct incident *i);

/* An alert joins (it must be nobody's yet), or leaves. 0, API_E_REFUSED, -errno. */
int incident_join(struct api_call *c, const struct incident *i, int64_t alert);
int incident_leave(struct api_call *c, const struct incident *i, int64_t alert);

/* ---- systems (api_incident_links.c) ---- */

/* Links the system of an alert that joined, with what follows from its level. */
int incident_alert_system(struct api_call *c, const struct incident *i, int64_t alert);
/* Another one (0: none) is what it is mainly about. */
int incident_main_system(struct api_call *c, const struct incident *i, int64_t system);
/* One that the asker may see (I7), or 0; refuses at the field `system`. */
int incident_good_system(struct api_call *c, int64_t id);

/* ---- states (incident_moves.c) ---- */

enum incident_need {
        NEED_KIND = 1 << 0,
        NEED_LEAD = 1 << 1,
        NEED_HARM = 1 << 2,
        NEED_SERIOUS = 1 << 3,    /* decided */
        NEED_REASON = 1 << 4,     /* of the mover */
        NEED_CLOCKS = 1 << 5,     /* those that run are met or void */
        NEED_TASKS = 1 << 6,      /* done or dropped */
        NEED_REVIEW = 1 << 8,     /* the review is written */
        NEED_ACTIVITIES = 1 << 9, /* every part of the response is done */
};
struct incident_move {
        const char *from, *to; /* NULL ends */
        unsigned needs;
        const char *en, *vi; /* what the button says */
};
extern const struct incident_move incident_moves[];
/* What is missing, as bits. */
int incident_missing(struct api_call *c, const struct incident *i, unsigned needs, unsigned *ret);
/* A line for the lowest bit of `need`, which is taken out. */
void incident_need_text(unsigned *need, const char **ret_en, const char **ret_vi);

/* ---- details for answers (api_incidents.c) ---- */

/* Clocks `t` of incidents `i`, for lists; its where is still to be set. */
int incident_clock_spec(struct api_call *c, struct api_list_spec *ret);
int incident_answer(struct api_call *c, const struct incident *i);
int incident_assessment(struct api_call *c, const struct incident *i);
int incident_task_answer(struct api_call *c, int64_t task);
int incident_entry_answer(struct api_call *c, int64_t entry);
int incident_observable_answer(struct api_call *c, int64_t observable);

/* Handlers of what changes them: api_incident_edit.c, api_incident_links.c, api_incident_work.c. */
int incident_do_open(struct api_call *c);
int incident_do_edit(struct api_call *c);
int incident_do_move(struct api_call *c);
int incident_do_t0(struct api_call *c);
int incident_do_activity(struct api_call *c);
int incident_do_answer(struct api_call *c);
int incident_do_serious(struct api_call *c);
int incident_do_note(struct api_call *c);
int incident_do_task_add(struct api_call *c);
int incident_do_task_edit(struct api_call *c);
int incident_do_observable_add(struct api_call *c);
int incident_do_observable_drop(struct api_call *c);
int incident_do_alerts_add(struct api_call *c);
int incident_do_alert_out(struct api_call *c);
int incident_do_unit_add(struct api_call *c);
int incident_do_unit_out(struct api_call *c);
int incident_do_system_add(struct api_call *c);
int incident_do_system_out(struct api_call *c);
int incident_do_clock_met(struct api_call *c);
int incident_do_clock_void(struct api_call *c);
int incident_do_review_get(struct api_call *c);
int incident_do_review(struct api_call *c);

#endif

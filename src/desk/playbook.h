/* Playbooks as the desk keeps and runs them (doc/playbooks.md). A document comes as what the reader made of it
 * (reader/playbook.h); a run is rows: what was come to, what became of it. All within the caller's
 * transaction; 0 or -errno unless said otherwise. */
#ifndef DESK_PLAYBOOK_H
#define DESK_PLAYBOOK_H

#include "desk/incident.h"

#define PLAYBOOK_VISITS_MAX 1000u /* of one run */
#define PLAYBOOK_ROUNDS_MAX 100   /* of one while */
#define PLAYBOOK_RUN_DEPTH 4      /* of playbooks that call playbooks */

/* ---- keeping (playbook_keep.c) ---- */

enum playbook_kept {
        PLAYBOOK_NEW = 1,
        PLAYBOOK_EDITION, /* another version of one that is kept */
        PLAYBOOK_SAME,    /* these bytes are kept already: nothing was written */
        PLAYBOOK_OLDER, /* a newer one, or another of the same time, is kept: nothing was written */
};
/* What reader/playbook.h says; anybody could have written it. false: it is not that. */
bool playbook_plan_good(const json_t *plan);
int playbook_keep(struct api_call *c, struct span bytes, const json_t *plan, const char *origin,
                  enum playbook_kept *ret_how, int64_t *ret_id, int64_t *ret_edition);
/* The plan of an edition (0: the newest): *ret is owned by the caller, *edition is what it is. 1, 0: there is
 * none, -errno. */
int playbook_load(struct api_call *c, int64_t id, int64_t *edition, json_t **ret);

/* ---- running (playbook_run.c) ---- */

struct playbook_run {
        struct api_call *c;
        struct incident i;
        int64_t id, playbook, edition, version, parent,
                depth; /* parent: visit of another run; or 0 */
        struct span state;
        json_t *plan, *vars; /* owned */
        const json_t *steps;
        unsigned visits, deep;
};

/* A visit: one time that a step was come to. */
struct playbook_visit {
        int64_t id, step, parent, round, branches, version;
        struct span state;
};

/* 0, API_E_REFUSED (404; 403), -errno. The caller calls run_deinit() whatever came of it. */
int run_get(struct api_call *c, int64_t id, const char *permission, struct playbook_run *ret);
void run_deinit(struct playbook_run *r);
/* 0, API_E_REFUSED: it runs there already (409), -errno. `parent`: the visit that calls it, or 0. */
int run_start(struct api_call *c, const struct incident *i, int64_t playbook, int64_t edition,
              int64_t parent, int64_t depth, int64_t *ret_id);
/* 1, 0: not of this run, -errno. */
int run_visit(struct playbook_run *r, int64_t visit, struct playbook_visit *ret);
const json_t *run_step(const struct playbook_run *r, int64_t step); /* NULL: no such step */

enum run_outcome { RUN_DONE, RUN_SKIPPED, RUN_FAILED, RUN_AGAIN };
/* `answer`: of a condition ("true", "false") or a switch (a case); else SPAN_NONE; checked by the caller. */
int run_outcome(struct playbook_run *r, const struct playbook_visit *v, enum run_outcome what,
                struct span answer, struct span note);
int run_stop(struct playbook_run *r, struct span reason);
/* The value of a variable: its own, then the incident's (__coloa_…__); SPAN_NONE: not known. */
struct span run_value(void *ctx, struct span name);
bool run_has_variable(const struct playbook_run *r, const char *name, bool *ret_constant);
int run_set(struct playbook_run *r, const char *name, const char *value);
/* Its variables, as they are now, into its row; and its version. */
int run_save(struct playbook_run *r);

/* At most so many bytes, whole characters. */
struct span run_cut(struct span s, size_t most);
/* Of a plan or a step, as it is shown; terminated only if it was not cut. */
struct span run_name(const json_t *o, bool vi);
/* An entry of the timeline about a step (NULL: the run). */
int run_say(struct playbook_run *r, const json_t *step, const char *en, const char *vi,
            struct span more);

/* What became late since: an entry in each timeline, told once. Within desk_api_tick(). */
int playbooks_tick(struct desk *d, int64_t mono, int64_t wall);

/* ---- handlers: api_playbook_runs.c ---- */

int playbook_do_runs(struct api_call *c);
int playbook_do_suggest(struct api_call *c);
int playbook_do_start(struct api_call *c);
int playbook_do_run(struct api_call *c);
int playbook_do_step(struct api_call *c);
int playbook_do_stop(struct api_call *c);

#endif

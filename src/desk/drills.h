/* Restore drills as jobs that last (doc/recovery.md): rows of table `drill`, one at a time with main, which starts
 * `mender` for it (wire/mender.h). */
#ifndef DESK_DRILLS_H
#define DESK_DRILLS_H

#include "desk/api.h"
#include "wire/mender.h"

/* The repositories of the configuration, as main says them: an array of JSON. 0, -EPROTO: it is none. */
int desk_recovery(struct desk *d, struct span json);
/* Those under way when the desk ended are begun again, three times at most. */
int drills_catch_up(struct desk *d);
/* What the schedule brings, and the next one to main: NULL, or the message and what goes with it (the caller
 * closes *ret_fd). Between transactions; it may begin one. */
const struct msg_mender *desk_drill_next(struct desk *d, int64_t wall, int *ret_fd, int *ret_error);
void desk_drill_sent(struct desk *d);
/* What came of it; `result` is foreign. -EPROTO: nobody asked. */
int desk_drill_said(struct desk *d, const struct msg_mender_done *m, struct span result,
                    int64_t wall);

/* ---- for the handlers ---- */

const json_t *drill_repositories(const struct desk *d); /* NULL: none */
const json_t *drill_repository(const struct desk *d, struct span name);
/* The system that a repository is of; 0: none of that code. `unit`: its unit, or headquarters. */
struct drill_place {
        int64_t system, unit, rto_s, rpo_s; /* 0: none is set */
};
int drill_place(struct desk *d, const json_t *repository, struct drill_place *ret);
/* A row; by 0: the schedule. *ret_id; -EBUSY: one waits or runs. */
int drill_queue(struct desk *d, const json_t *repository, bool whole, int64_t by, int64_t wall,
                int64_t *ret_id);
/* Texts of a fault's code, constant. */
void drill_fault_text(struct span code, const char **ret_en, const char **ret_vi);

/* The repository that the request names, and its place. One of a unit that the asker sees nothing of is none, as it is in
 * the list: refused at `repository`. 0, API_E_REFUSED, -errno. */
int drill_named(struct api_call *c, const json_t **ret, struct drill_place *ret_place);
int drills_do_list(struct api_call *c);
int drills_do_run(struct api_call *c);
int drills_do_get(struct api_call *c);
int drills_do_proof(struct api_call *c);
int drills_do_repositories(struct api_call *c);
/* Of one system (0: of all that one may see), a new array. */
int drills_repositories(struct api_call *c, int64_t system, json_t **ret);
int drills_of(struct api_call *c, int64_t system, json_t **ret);

/* api_afterwards.c */
int after_do_eradication(struct api_call *c);
int after_do_eradication_add(struct api_call *c);
int after_do_eradication_change(struct api_call *c);
int after_do_returns(struct api_call *c);
int after_do_return_add(struct api_call *c);
int after_do_return_end(struct api_call *c);
int after_do_improvements(struct api_call *c);
int after_do_summary(struct api_call *c);
int after_do_improvement_add(struct api_call *c);
int after_do_improvement_change(struct api_call *c);

#endif

/* Reports: what the law asks to be told, by whom it was written and signed, and how it left
 * (doc/reports.md). All within the caller's transaction; 0 or -errno unless said otherwise. */
#ifndef DESK_REPORT_H
#define DESK_REPORT_H

#include "desk/incident.h"

#define REPORT_SIGNS 2 /* people who sign */
#define REPORT_HASH 32u
#define REPORT_FIELDS_MAX 64u
#define REPORT_VALUE_MAX 20000u /* bytes that a fact brings at most */

/* One report as the rules of work need it; texts are of the call's arena. */
struct report {
        int64_t id, incident, unit, version, writer, due, year,
                mail; /* incident, writer, year, mail (row of outgoing): 0: none */
        struct span code, kind, regime_id, periodic, state, lang, clock, recipient, title, title_vi;
        bool drill, leaving;  /* leaving: its mail is queued */
        const json_t *regime; /* NULL: no longer known */
        struct incident of;   /* of the incident; id 0: none */
};

/* Finds it for an asker with `permission` in one of its units (of the incident, or the report's own).
 * 0, API_E_REFUSED, -errno. */
int report_get(struct api_call *c, int64_t id, const char *permission, struct report *ret);
/* The asker's `version` is the last one. 0, API_E_REFUSED (409 stale). */
int report_fresh(struct api_call *c, const struct report *r);
/* It is in that state, else 409. */
int report_in(struct api_call *c, const struct report *r, const char *state);
/* Which reports the asker sees, as a condition on report `t`. */
int report_visible(struct api_call *c, const char *more, const char **ret);

/* Its content: {fields: [{name, title, title_vi, must, kind, basis, value, filled}], …}. *ret is owned by
 * the caller; the hash is checked: -EBADMSG when the row was tampered with. */
int report_content(struct api_call *c, const struct report *r, int64_t version, json_t **ret,
                   unsigned char ret_hash[REPORT_HASH]);
/* The next version: `content` as it is now. Updates what is missing. */
int report_write(struct api_call *c, struct report *r, json_t *content, struct span note);
/* A form of the regime filled as far as the incident (or the year) is known; owned by the caller. */
int report_fill(struct api_call *c, const struct report *r, json_t **ret);
/* The same for fields of `content` that no person wrote. `all`: those too that were filled before. */
int report_fill_again(struct api_call *c, const struct report *r, json_t *content);

/* "BC-2026-0007". */
int report_next_code(struct api_call *c, const json_t *regime, bool drill, struct span *ret);
/* Seconds east of Greenwich of the regime. */
int64_t report_zone_s(const json_t *regime);
/* Those of the incident's clocks that this report meets are met; an entry for each. */
int report_meets(struct api_call *c, const struct report *r, int64_t at, struct span proof);
/* The mail in which it is to leave ended: the report is sent and its clock met, or it waits for people again. `mail`:
 * row of outgoing; one that is no report's, or no longer that report's mail, changes nothing. The courier's word
 * (errands.c), or a person's who takes it back; `said` in the words of the timeline. */
enum report_mail { REPORT_MAIL_SENT, REPORT_MAIL_FAILED, REPORT_MAIL_TAKEN_BACK };
int report_mail_ended(struct api_call *c, int64_t mail, enum report_mail how, struct span said);
/* 1: a report waits for that mail; 0: none does. */
int report_of_mail(struct sql *db, int64_t mail, int64_t *ret_report);
/* Refuses (409) while its mail is on its way. */
int report_not_leaving(struct api_call *c, const struct report *r);
/* The same as report_get() for the node itself. */
int report_read(struct api_call *c, int64_t id, struct report *ret);
/* A sentence for the timeline, nothing for a report of a year; listeners are told. */
int report_say(struct api_call *c, const struct report *r, const char *en, const char *vi,
               struct span more);

/* The mail's subject line; of the call's arena. */
struct span report_subject(struct api_call *c, const struct report *t, const json_t *form);

/* The version is signed by two, and stays as it is. */
bool report_final(const struct report *t, int64_t version);
/* What the press is asked for (press/document.h), and the report as JSON; report_paper.c. */
int report_paper(struct api_call *c, const struct report *t, int64_t version, struct span format,
                 struct buf *to);
int report_json(struct api_call *c, const struct report *t, int64_t version, struct buf *to);

/* The answer of api_report_shape (api_reports.c). */
int report_answer(struct api_call *c, int64_t id);

/* Handlers of what changes them: api_report_work.c. */
int report_do_open(struct api_call *c);
int report_do_edit(struct api_call *c);
int report_do_fill(struct api_call *c);
int report_do_submit(struct api_call *c);
int report_do_reopen(struct api_call *c);
int report_do_drop(struct api_call *c);
int report_do_sign(struct api_call *c);
int report_do_hand(struct api_call *c);
/* api_report_file.c */
int report_do_file(struct api_call *c);
int report_do_signature(struct api_call *c);
int report_do_send(struct api_call *c);
int report_do_stix(struct api_call *c);
int report_do_iodef(struct api_call *c);

#endif

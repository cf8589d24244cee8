/* Evidence within the desk: links of custody, holds on stored records (doc/evidence.md). */
#ifndef DESK_EVIDENCE_H
#define DESK_EVIDENCE_H

#include "desk/blobs.h"
#include "desk/incident.h"
#include "wire/keep.h"

struct evidence {
        int64_t id, incident, unit, blob, size, version, first_seq, last_seq;
        bool file;
        struct span code, name, query, hash; /* of the call's arena */
};

/* Found for who has the permission in a unit that works on its incident; or refused. */
int evidence_find(struct api_call *c, int64_t id, const char *permission, struct evidence *ret,
                  struct incident *ret_incident);
/* What an answer shows of it, with its chain. */
int evidence_answer(struct api_call *c, int64_t id);
/* A condition on e.incident for lists, of who may `permission`. */
int evidence_scope(struct api_call *c, const char *permission, const char *column,
                   const char **ret);

/* One more link, and its row in the audit log. `reason`, `to`: what people wrote, or empty. */
struct custody {
        const char *what;
        struct span to, reason, from;
};
int custody_add(struct api_call *c, const struct evidence *e, const struct custody *l);
/* The asker's address, of the arena. */
struct span custody_place(struct api_call *c);

/* ---- holds: the store keeps what is evidence ---- */

/* The next one to be asked of main, or NULL; only between transactions. */
const struct msg_store_hold *desk_hold_next(struct desk *d, int *ret_error);
void desk_hold_sent(struct desk *d);
/* -EPROTO: nobody asked. */
int desk_hold_said(struct desk *d, const struct msg_kept *m, int64_t wall);
void holds_changed(struct desk *d);

/* ---- api_evidence_export.c ---- */

int evidence_do_exports(struct api_call *c);
int evidence_do_propose(struct api_call *c);
int evidence_do_export_get(struct api_call *c);
int evidence_do_approve(struct api_call *c);
int evidence_do_refuse(struct api_call *c);
int evidence_do_withdraw(struct api_call *c);
int evidence_do_file(struct api_call *c);

#endif

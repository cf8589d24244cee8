/* What leaves the node: a row of table `outgoing`, committed with what caused it and sent by the courier
 * (doc/courier.md) until it arrived or cannot. All within the caller's transaction; a row is sent at least
 * once, always under the same Message-ID or Idempotency-Key. 0 or -errno unless said otherwise. */
#ifndef DESK_MAIL_H
#define DESK_MAIL_H

#include "base/base.h"
#include "base/lang.h"

struct desk;

struct outgoing_file {
        int64_t blob;           /* desk/blobs.h */
        struct span name, type; /* "bao-cao.pdf", "application/pdf" */
        uint64_t size;
};

struct outgoing {
        /* A text that is this one's for ever ("clock 12 near"): said twice it is one row. NULL: none. */
        const char *once;
        struct span to;            /* addresses, a comma between; of a webhook: its name */
        struct span subject, body; /* plain text; of a webhook: the event's name, JSON */
        const struct outgoing_file *files;
        unsigned n_files;
        int64_t due;       /* ns; 0: now */
        struct span about; /* "incident 12" */
        int64_t incident;  /* 0: none */
        int64_t unit;      /* those who may read its reports see the row; 0: headquarters */
        int64_t by;        /* person; 0: the node */
        bool drill;        /* held: it does not leave */
};

#define OUTGOING_TO_MAX 50u       /* addresses of one mail */
#define OUTGOING_FILES_MAX 20u    /* of one mail */
#define OUTGOING_BODY_MAX 200000u /* bytes */

enum { OUTGOING_E_ADDRESS = 2001 }; /* nothing was written */

/* *ret_id (or NULL): the row, an earlier one of the same `once` too. 0, OUTGOING_E_ADDRESS, -errno. */
int outgoing_mail(struct desk *d, const struct outgoing *o, int64_t *ret_id);
int outgoing_webhook(struct desk *d, const struct outgoing *o, int64_t *ret_id);
/* The same to every webhook that the courier has: kept until it said which there are. `to` is ignored. */
int outgoing_webhooks(struct desk *d, const struct outgoing *o);
int outgoing_spread(struct desk *d);
/* Whether something could be an address of mail: one @, no blanks, no control characters. */
bool outgoing_address_good(struct span s);

/* ---- to people, each in their language ---- */

struct outgoing_text {
        struct span subject[2], body[2]; /* by enum lang */
};
/* One mail to a person who has an address; nothing for others. `once` gets the person's number. */
int outgoing_person(struct desk *d, const struct outgoing *o, const struct outgoing_text *t,
                    int64_t person);

enum {
        TO_DUTY =
                1
                << 0, /* on duty now for the unit or one above; if nobody is: all officers there */
        TO_LEADS = 1 << 1,
        TO_LIAISONS = 1 << 2,
        TO_OWNERS = 1 << 3,
        TO_HANDLERS = 1 << 4,
        TO_INSPECTORS = 1 << 5,
};
/* All who are meant by `who` in the unit, and `person` (0: nobody more), each once. */
int outgoing_people(struct desk *d, const struct outgoing *o, const struct outgoing_text *t,
                    unsigned who, int64_t person);

/* ---- what the node sends by itself: numbers with a name (warn.c) ---- */

enum outgoing_setting {
        SEND_DEADLINES,     /* mail before a legal deadline, and when it passed */
        SEND_DEADLINES_OUT, /* the same to all webhooks */
        SEND_CRITICAL,      /* mail to whoever is on duty about alerts of that severity */
        SEND_DIGEST,        /* hour of the day for overdue tasks, of the regime's zone; -1: none */
        SEND_REMINDER, /* hours before a directive's due time, and between reminders after it */
        SEND_SETTINGS
};
int outgoing_setting(struct desk *d, enum outgoing_setting which, int64_t *ret);
int outgoing_set(struct desk *d, enum outgoing_setting which, int64_t to);

/* ---- what time brings: deadlines, overdue tasks, critical alerts (warn.c) ---- */

int warn_tick(struct desk *d, int64_t wall);
void warn_free(struct desk *d);

#endif

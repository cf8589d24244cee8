/* Requests of people and scripts, as the desk answers them. The dispatcher (api.c) finds the operation,
 * who asks (session.c), whether they may (permission and unit), checks the shape again, opens a savepoint,
 * calls the handler and, when it wrote, adds the audit row; the answer goes out when the transaction is
 * on disk. A refusal undoes everything the handler did.
 *
 * A handler is `int NAME(struct api_call *c)`: 0: c->answer is the answer (or NULL: 204);
 * API_E_REFUSED: api_refuse() or api_fault() said why; API_E_LATER: it answers later, through
 * api_resume(), when another process said something; -errno: the desk ends (desk.h).
 * Handlers are bound by operation id in tables: one per file, listed in api.c. */
#ifndef DESK_API_H
#define DESK_API_H

#include <jansson.h>

#include "base/arena.h"
#include "base/lang.h"
#include "desk/sql.h"
#include "wire/api.h"

struct desk;

/* No row (1) and no count is one of these: what was refused cannot be taken for something found. */
enum { API_E_REFUSED = 1001, API_E_LATER = 1002 };

/* A right that is lent for one play of an exercise, for this call (lent.h). */
struct api_lent {
        int64_t play, unit; /* 0: none; the unit that plays */
        uint32_t roles;     /* that the asker plays there */
        bool alone;         /* plays alone: all of them */
        bool watches;       /* organises or judges it: reads */
};

/* Who asks. */
struct api_person {
        int64_t id;          /* of table person; 0: nobody (API_ANONYMOUS), or the node itself */
        int64_t session;     /* 0: a script's token, or the local socket */
        int64_t token;       /* of a script; 0: none */
        struct span name;    /* as audit rows show it; of the call's arena */
        int64_t second;      /* when the second factor was last shown; TIME_NONE: never */
        int64_t incident;    /* a guest's only one; 0: no guest */
        int64_t tlp;         /* a guest's mark, as incident.h ranks them */
        struct span allowed; /* with a token: permissions that its owner chose, divided by blanks */
        struct api_lent lent;
        bool half; /* the sign-in is not finished */
        bool local; /* over the control socket: root or the node's user; may everything, is audited */
};

struct api_call {
        struct desk *desk;
        struct sql *db;
        const struct api_op *op;
        struct api_person who;
        enum lang lang;
        int64_t now;    /* ns UTC */
        json_t *in;     /* checked: fields of path, query and body together */
        json_t *answer; /* owned; the dispatcher frees it */
        /* For the audit row; set by the handler: what it was about ("incident 12"), and no secrets. */
        char about[128];
        json_t *detail;      /* owned; or NULL */
        struct arena *arena; /* of this call */
        /* Where its unit is checked: a handler calls api_may() for what it touches. */
        uint64_t ticket; /* of api_resume() */
        void *kept;      /* the handler's own between API_E_LATER and api_resume(); arena or NULL */
        const void *said; /* of the call that api_resume() makes: what was waited for; else NULL */
        const struct api_ask
                *ask; /* as it came: address, how; without its token once who asks is known */
        bool quiet; /* no row in the audit log: nobody is known yet, and what was written is bounded by itself */
        bool keep; /* what was written stays though it was refused: a wrong password is counted */
        /* Of the answer's struct api_say; set by the handlers of the sign-in. */
        uint32_t say; /* API_SAY_COOKIE: `token`; API_SAY_FORGET */
        unsigned char token[API_TOKEN_BYTES];
        int64_t retry; /* seconds; with a refusal of 429 or 503 */
};

/* Calls the handler of a call that waits once more, in a savepoint of its own, with c->said = said and
 * the rest as it left it. What it wrote before it said API_E_LATER stays. 0 also when nobody waits any more;
 * -errno. A call waits at most API_LATER_S seconds, then it is answered with 503. */
#define API_LATER_S 20
int api_resume(struct desk *d, uint64_t ticket, const void *said);

/* Who asks (session.c): fills c->who from c->ask before anything else. A token of nobody, an ended or
 * idle session: refused with 401 (and API_SAY_FORGET) unless the operation is API_ANONYMOUS. Also refuses
 * what the session may not do yet: all but API_SELF until its second factor and new password are there,
 * API_SECOND without a fresh one, API_NO_TOKEN with a token. 0, API_E_REFUSED, -errno. */
int api_who(struct api_call *c);

/* What the vault is asked for a call (wire/vault.h; type, person, step, box and text are the caller's, and
 * it wipes them): API_E_LATER, then c->said is a struct msg_vault_answer; API_E_REFUSED: 503, as it is
 * not there or has too much to do. An answer of -EAGAIN is for api_vault_busy(). */
struct msg_vault_ask;
int api_vault(struct api_call *c, const struct msg_vault_ask *m);
int api_vault_busy(struct api_call *c);

struct api_binding {
        const char *id; /* NULL ends */
        int (*handler)(struct api_call *c);
};

/* ---- refusing ---- */

/* `code` is stable and in English ("stale", "not_yours"): tests and scripts go by it; texts constant. */
int api_refuse(struct api_call *c, unsigned status, const char *code, const char *en,
               const char *vi);
/* A field's value does not fit what is there: 422. May be called more than once. */
int api_fault_at(struct api_call *c, const char *field, const char *en, const char *vi,
                 const char *remedy_en, const char *remedy_vi);
/* Takes back what a refusal said, for a request that goes on: its code, static. */
const char *api_forgive(struct api_call *c);
/* 404 in one voice: what is not there and what one may not see look the same. */
int api_missing(struct api_call *c);

/* ---- may they? ---- */

/* The asker holds `permission` for any unit at all; without refusing. 1, 0, -errno. */
int api_holds(struct api_call *c, const char *permission);
/* The same for that unit (0: of nobody in particular, any will do). 1, 0, -errno. */
int api_sees(struct api_call *c, const char *permission, int64_t unit);

/* The asker holds `permission` for that unit (through it or one above). Refuses (403, or 404 by
 * api_missing() when they may not even read it) and says so. 0, API_E_REFUSED, -errno. */
int api_may(struct api_call *c, const char *permission, int64_t unit);
/* The same as SQL: a condition on a column that holds a unit's id, for lists; text of the arena. "1"
 * for everything. */
int api_scope(struct api_call *c, const char *permission, const char *column, const char **ret_sql);
/* A condition on a column that holds a unit's id: that unit (0: any) or one below it; text of the arena. Lists do this
 * with their filter `unit`. */
int api_subtree(struct api_call *c, int64_t unit, const char *column, const char **ret_sql);

/* ---- values of a request: defaults when absent or null ---- */

struct span api_text(const struct api_call *c, const char *name); /* SPAN_NONE when absent */
int64_t api_int(const struct api_call *c, const char *name, int64_t otherwise);
int64_t api_time(const struct api_call *c, const char *name); /* ns; TIME_NONE */
bool api_bool(const struct api_call *c, const char *name, bool otherwise);
bool api_has(const struct api_call *c, const char *name); /* present, null or not */
/* Writes the fields of a request that are there into a row: `sql` sets ?2 where the id is ?1. 0, -errno. */
struct api_set {
        const char *name, *sql;
        char type; /* t text, k a reference (0: NULL), T a time (or NULL) */
};
int api_set_fields(struct api_call *c, const struct api_set *fields, size_t n, int64_t id);
/* Into answers. */
json_t *api_json_time(int64_t ns); /* null for TIME_NONE */
json_t *api_json_text(struct span s);
/* Of api_ask; false: none. */
bool api_address_text(const unsigned char address[16], char *to, size_t room);

/* ---- lists and details: the same rules everywhere ---- */

/* `shape` are the fields of the answer, in the order of `columns`: an SQL expression for each: of times ns, of
 * objects and lists JSON text (json_group_array()). What is not literal is of the call's arena. A list is
 * sorted by the field with API_DEFAULT_SORT: descending, but words ascending and as people sort them. */
struct api_list_spec {
        const struct api_field *shape;
        const char *const *columns;
        const char *from;  /* "alert a JOIN rule r ON …" */
        const char *where; /* fixed condition, or NULL; ?1… are `bind` */
        /* What a field is sorted by, where that is not the column itself (an index, a rank); NULL entries and
         * NULL: the column. */
        const char *const *sorts;
        /* The same for filters. With '=' before it: a column inside of what is closed behind the comparison, "=i.id IN
         * (SELECT x.… FROM … x WHERE x.…". */
        const char *const *filters;
        /* Enough of `from` for all that filters, searches and scopes: rows are counted there; NULL: from. */
        const char *count_from;
        /* Its columns cost more than finding a row: which rows a page has is found before they are looked at. */
        bool ids_first;
        const struct sql_value *bind;
        unsigned n_bind;
        const char *id; /* unique, of integers: ties are broken by it, cursors hold it */
        const char *search
                [6]; /* what `q` looks into (accents and case do not matter); NULL ends. With =
                                  before it: a column that is plain already */
        /* Where rows belong to several units: the filter `unit` is a condition on x.unit, within this: "i.id IN (SELECT
         * x.… FROM … x WHERE 1", to which " AND (…))" is added; NULL: on the column of `unit`. */
        const char *units_in;
        /* With '=': an FTS5 table of that column's trigrams, by the same id; or NULL. */
        const char *search_index;
        const char *
                unit; /* column of the unit that decides who sees a row; NULL: all who may at all */
        /* Column that holds the play of a row that may be of a drill, or 0 (matter.h); with '=': of alerts, whose number is
         * `id`. NULL: `where` sees to it, or no row is of any. */
        const char *drill;
        /* Changes a row before it goes out (masks, adds); or NULL. 0, API_E_REFUSED, -errno. */
        int (*row)(struct api_call *c, json_t *row);
};
/* Answers a list operation: filter, sort, page, count, CSV. */
int api_list(struct api_call *c, const struct api_list_spec *l);
/* Its rows, appended to `to`, for answers that hold several lists: at most `limit`, by `order`. Who may see them is
 * in l->where; l->unit is NULL. */
int api_rows(struct api_call *c, const struct api_list_spec *l, const char *order, int limit,
             json_t *to);
/* One row by id into c->answer; api_missing() when there is none or the asker may not see it. */
int api_detail(struct api_call *c, const struct api_list_spec *l, int64_t id);

/* ---- answers that are not one JSON ---- */

/* A handler that gives a file returns api_file(): `more` is then called for each piece, as fast as the reader
 * takes them, outside any transaction; c and its arena stay. 1: there is more, 0: that was the last,
 * -errno: the file ends there and is seen to be cut; API_E_LATER: nothing yet, api_more() calls again. */
typedef int api_piece(struct api_call *c, struct buf *to);
int api_file(struct api_call *c, const char *type, const char *name, api_piece *more);
/* There is something for a file that had nothing yet. */
void api_more(struct desk *d, uint64_t ticket);
/* Whoever asked still waits for an answer, or for more of it. */
bool api_alive(struct desk *d, uint64_t ticket);
/* An operation with API_UPLOAD: the handler sees the other fields, then returns api_upload(): `take` is
 * called for each piece (at most API_PIECE_MAX bytes) in a transaction of its own; `last`: there are no
 * more, and its result is the handler's. Before that: 0 or API_E_REFUSED. `gone` (or NULL): the
 * sender has gone or was refused, also by others (as late): nothing more will come. What it frees may be freed by then. */
typedef int api_take(struct api_call *c, struct span piece, bool last);
typedef void api_left(struct api_call *c);
int api_upload(struct api_call *c, api_take *take, api_left *gone);

/* ---- events that pages follow ---- */

/* Something changed: "alert", 17. Sent to those who may see it after the commit, at most four times a second. */
void api_tell(struct api_call *c, const char *what, int64_t id, int64_t unit);
/* To one person, whatever they may see: it is theirs (an inject). Within a call or not. */
void api_tell_person(struct desk *d, const char *what, int64_t id, int64_t person);
/* The same with what a page would else fetch: a JSON object's inside, '"inject":{…}'. Whoever hears the event must be
 * allowed to read it. The caller drops its own hold on the text; NULL: none. */
struct told_text;
struct told_text *told_text_new(struct span s);
struct told_text *told_text_hold(struct told_text *t);
struct told_text *told_text_drop(struct told_text *t);
void api_tell_person_text(struct desk *d, const char *what, int64_t id, int64_t person,
                          struct told_text *text);
void api_tell_all_text(struct desk *d, const char *what, int64_t id, int64_t unit,
                       struct told_text *text);
/* The same for what the desk does by itself. */
void api_tell_all(struct desk *d, const char *what, int64_t id, int64_t unit);
/* Whether any page listens. */
bool desk_listened(const struct desk *d);
/* Roles were given or taken, or units moved: who hears what is looked at anew. */
void api_rights_changed(struct desk *d);

/* ---- the audit log ---- */

/* For a GET that is to have its row (an export), or writes after all: as if it were a POST from here on. */
int api_write(struct api_call *c);
/* The dispatcher writes one row for each write; a handler may add others. `detail` stays the
 * caller's. */
int api_audit(struct api_call *c, const char *what, const char *about, json_t *detail);

#endif

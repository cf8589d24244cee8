/* SQL by text over the desk's database, for the parts that people work with. Statements are prepared once
 * and kept (by the address of their text when it is a literal, else by content, at most SQL_KEPT); values are
 * always bound. One owner, the desk; part of the same transaction as everything else (state.h).
 *
 * Formats: i int64_t, b bool (as int), t struct span (text), x struct span (blob), s const char * (NULL: NULL),
 * T int64_t time (TIME_NONE: NULL), k int64_t id (0: NULL), n nothing (NULL). */
#ifndef DESK_SQL_H
#define DESK_SQL_H

#include "base/base.h"
#include "base/timestamp.h"

struct sql;
struct sql_rows; /* a statement under way */

#define SQL_KEPT 512u
/* Stands before and after a number or a text that code puts into a statement's text and that is another one each time:
 * SQL_OWN "%lld" SQL_OWN. It is bound (sql.c Q4). */
#define SQL_OWN "\037"
#define SQL_OWN_INT SQL_OWN "%lld" SQL_OWN

unsigned sql_kept(const struct sql *s); /* statements at present */

/* 0 or -errno. -EEXIST: a UNIQUE or PRIMARY KEY refused it, -EDOM: a CHECK or FOREIGN KEY did; both leave
 * the transaction as it was. */
int sql_do(struct sql *s, const char *text, const char *format, ...);
int64_t sql_last_id(struct sql *s); /* of the last INSERT */
int64_t sql_changes(struct sql *s); /* rows that the last one touched */

/* Rows: while ((r = sql_next(q)) == 1) …; it is reset when it gives 0 or -errno. Always sql_end(), best
 * by `_cleanup_(sql_endp) struct sql_rows *q = NULL;`. */
int sql_rows(struct sql *s, struct sql_rows **ret, const char *text, const char *format, ...);
int sql_next(struct sql_rows *q);
struct sql_rows *sql_end(struct sql_rows *q);
static inline void sql_endp(struct sql_rows **q) {
        *q = sql_end(*q);
}
int64_t sql_int(struct sql_rows *q, int column);
int64_t sql_time(struct sql_rows *q, int column);
bool sql_null(struct sql_rows *q, int column);
struct span sql_span(struct sql_rows *q, int column); /* valid until the next sql_next() */

/* The same for a text that was put together: parameter ?i is values[i - 1]. */
enum sql_kind { SQL_NULL, SQL_INT, SQL_REAL, SQL_TEXT };
struct sql_value {
        enum sql_kind kind;
        int64_t number;
        double real;
        struct span text;
};
int sql_rows_of(struct sql *s, struct sql_rows **ret, const char *text,
                const struct sql_value *values, unsigned n);
void sql_value_at(struct sql_rows *q, int column, struct sql_value *ret); /* as sql_span() */

/* In texts there are also plain(TEXT): without case and accents, and holds(NEEDLE, TEXT, …): one of the
 * texts has the needle, which is plain already; and COLLATE words: without case and accents first. */

/* The first column of the first row. 1, 0: none, -errno. */
int sql_get_int(struct sql *s, int64_t *ret, const char *text, const char *format, ...);

/* A domain's tables: version 1 and each step after it. Brought up to date in one transaction at
 * desk_open(); each domain counts its own versions (table domain). */
struct sql_domain {
        const char *name;
        const char *const *steps; /* NULL ends; step i makes version i + 1 */
};
/* -EPROTO: of a newer version. */
int sql_upgrade(struct sql *s, const struct sql_domain *d);

/* Over an open state, which frees it (state.h: state_sql()). */
struct state;
int sql_new(struct sql **ret, struct state *state);
struct sql *sql_free(struct sql *s);
/* No statement shows rows. */
bool sql_idle(const struct sql *s);

#endif

/* Searches that people have begun: what waits for main, the lines to their processes (wire/search.h), and what came
 * over them until its reader takes it. A place is one of SEARCHES_MAX. */
#ifndef DESK_SEARCHES_H
#define DESK_SEARCHES_H

#include "desk/api.h"
#include "wire/search.h"

/* ---- for handlers ---- */

/* c->said of a call that asked. */
struct search_said {
        int error; /* 0: it looks (or, SEARCH_EXPLAIN: here is what it said); -EINVAL: `text` says what is
                             wrong with the query; -EAGAIN, -ECHILD: try later */
        struct span text; /* valid during the call */
};
/* Asks: API_E_LATER, then c->said; or refuses with 429 or 503. */
int search_begin(struct api_call *c, struct search_ask *m, struct span query, struct span rules,
                 struct span sources);
/* Answers with what the search finds, as it comes. */
int search_stream(struct api_call *c, const char *type, const char *name);

/* ---- for the process (main/search_line.c) ---- */

/* A place for which main is to be asked; -1: none. Then desk_search_asked(). */
int desk_search_wanted(struct desk *d);
void desk_search_asked(struct desk *d, unsigned place);
/* Main has none now. */
int desk_search_refused(struct desk *d, unsigned place);
/* Its line is there. */
void desk_search_open(struct desk *d, unsigned place);
/* Bytes that may go out; whoever writes them takes them off. */
struct buf *desk_search_out(struct desk *d, unsigned place);
/* There is room for more. */
bool desk_search_reads(const struct desk *d, unsigned place);
/* -EPROTO: it broke the format: close it. Other -errno: the desk ends. */
int desk_search_bytes(struct desk *d, unsigned place, struct span bytes);
/* The line has ended. 0, -errno. */
int desk_search_closed(struct desk *d, unsigned place);
/* Nobody waits for it any more: close the line. */
bool desk_search_left(struct desk *d, unsigned place);
/* A desk that begins anew has none. */
void desk_searches_free(struct desk *d);

/* ---- accounts that were seen ---- */

int accounts_learn(struct desk *d, struct span account);
/* 1: such an account was seen; 0; -errno. */
int accounts_know(struct desk *d, struct span name);

#endif

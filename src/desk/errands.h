/* The desk's line to the courier (wire/courier.h): rows of `outgoing` that are due, and what calls of the API
 * want to know from elsewhere (directories, other nodes). */
#ifndef DESK_ERRANDS_H
#define DESK_ERRANDS_H

#include "base/buf.h"
#include "wire/courier.h"

struct desk;
struct api_call;

/* ---- for the process ---- */

/* There is a line now, or none any more. 0 or -errno. */
int desk_courier_line(struct desk *d, bool there);
/* All whole frames of `in`, which is left with the rest. 0; -EPROTO: close the line; -errno. */
int desk_courier_bytes(struct desk *d, struct buf *in, int64_t wall);
/* What is to be sent; whoever writes it takes it off. Between transactions only. */
struct buf *desk_courier_out(struct desk *d, int64_t wall, int *ret_error);
void desk_errands_free(struct desk *d);

/* ---- for the handlers ---- */

struct courier_said {
        int error;       /* 0, or -errno; -EAGAIN: there is no courier, or it has too much to do */
        struct span out; /* of this call */
};
/* Asks for a call: API_E_LATER, then c->said is a struct courier_said; API_E_REFUSED: 503. */
int api_courier(struct api_call *c, uint32_t kind, struct span payload);

/* Rows wait for the commit. */
void errands_changed(struct desk *d);
/* What the courier was configured for. `up`: there is one. */
bool errands_up(struct desk *d, bool *ret_mail);
bool errands_mail(struct desk *d);                       /* it has a mail server, as it said last */
bool errands_under_way(struct desk *d, int64_t row);     /* handed over, its end not known yet */
bool errands_known(struct desk *d);                      /* there was one since the desk began */
const char *errands_webhook(struct desk *d, unsigned i); /* NULL: no more */
bool errands_directory(struct desk *d);
unsigned errands_waiting(struct desk *d); /* calls that wait for an answer */
const char *errands_oidc(struct desk *d); /* what it is called; NULL: there is none */

#endif

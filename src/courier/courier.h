/* The courier: all that leaves the node goes through it (doc/courier.md). It knows what main told it (servers,
 * secrets, where it may connect to), takes asks of the desk (wire/courier.h) and answers each once.
 *
 * A kind of ask is a line in the table of courier.c: `begin` is called with its payload and answers, then or
 * later, by courier_answer(). For what it needs there are courier_http(), courier_look_up(), courier_watch(),
 * courier_may_reach(). No call here waits; names are looked up by our own few packets, connections are made by
 * the address that was allowed. */
#ifndef COURIER_COURIER_H
#define COURIER_COURIER_H

#include "base/buf.h"
#include "os/net.h"

struct courier;
struct dns_addresses;

struct courier_counts {
        uint64_t mails, webhooks, asks; /* that got through */
        uint64_t failed;                /* tries that did not */
        uint64_t refused;               /* addresses that it may not connect to */
};

/* ---- for the process ---- */

/* Loads libcurl: before the sandbox. -ELIBACC: it is not there. */
int courier_new(struct courier **ret);
struct courier *courier_free(struct courier *c);
/* What main says: JSON (main/node_courier.c). -EBADMSG: what was before stays. */
int courier_configure(struct courier *c, struct span json);
/* A line to the desk begins, or has ended. */
void courier_line(struct courier *c, bool there);
/* All whole frames of `in`; -EPROTO: the line is to be closed. */
int courier_bytes(struct courier *c, struct buf *in);
struct buf *courier_out(struct courier *c);
/* The line to act: orders for a firewall elsewhere, and for accounts of the directory (COURIER_FIREWALL,
 * COURIER_LDAP), which the desk may not ask for. */
void courier_act_line(struct courier *c, bool there);
int courier_act_bytes(struct courier *c, struct buf *in);
struct buf *courier_act_out(struct courier *c);
/* Waits at most `ms` for that and for whatever is under way, and goes on with it. */
struct pollfd;
int courier_turn(struct courier *c, struct pollfd *own, unsigned n, int ms, int64_t (*mono)(void),
                 int64_t (*wall)(void));
void courier_counted(const struct courier *c, struct courier_counts *ret);

/* ---- for the kinds ---- */

#define COURIER_TEXT_MAX 300u

/* Answers the ask of that kind and id: error 0 or -errno; flags: COURIER_FOR_GOOD. */
void courier_answer(struct courier *c, uint32_t kind, uint64_t id, int error, uint32_t flags,
                    struct span text);

struct http_ask {
        const char *url;            /* https:// */
        const char *method;         /* NULL: GET, or POST with a body */
        const char *const *headers; /* "Name: value"; NULL ends; or NULL */
        struct span body;           /* kept by the caller until it is done */
        const char *ca;             /* PEM of its authorities; NULL: the machine's */
        size_t answer_max;          /* beyond, it fails; 0: 64 KiB */
        unsigned seconds;           /* for all of it; 0: 30 */
};
struct http_said {
        int error;        /* 0: there is an answer; -EACCES: not allowed to reach it; -errno */
        long status;      /* 3xx too: nothing is followed */
        struct span body; /* of this call */
        const char *text; /* of an error: what went wrong */
};
typedef void http_done(void *ctx, const struct http_said *s);
/* `done` is called once, later. 0 or -EBUSY, -ENOMEM: not at all. */
int courier_http(struct courier *c, const struct http_ask *a, http_done *done, void *ctx);

/* Addresses of a name (or address) that may be reached, `done` called once, perhaps at once: error -ENOENT, -EACCES,
 * -ETIMEDOUT. Who connects itself uses os/dial.h with one of these. */
typedef void courier_found(void *ctx, int error, const struct dns_addresses *a);
void courier_look_up(struct courier *c, const char *name, courier_found *done, void *ctx);
bool courier_may_reach(const struct courier *c, const uint8_t address[16]);

/* A descriptor that is waited for; `ready` with poll's revents. Events 0: no more. 0 or -ENOSPC. */
typedef void courier_ready(void *ctx, int fd, short revents);
int courier_watch(struct courier *c, int fd, short events, courier_ready *ready, void *ctx);

int64_t courier_mono(const struct courier *c); /* ns, of this turn */
int64_t courier_wall(const struct courier *c);

#endif

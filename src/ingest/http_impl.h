/* What the files of http share. */
#ifndef INGEST_HTTP_IMPL_H
#define INGEST_HTTP_IMPL_H

#include <microhttpd.h>

#include "ingest/bulk.h"
#include "ingest/gunzip.h"
#include "ingest/http.h"
#include "ingest/otlp.h"
#include "ingest/serve_impl.h"

#define HTTP_CONNECTION_MEMORY ((size_t)64 << 10) /* libmicrohttpd's, headers and a piece of body */
#define HTTP_PIECE ((size_t)64 << 10)             /* unpacked at a time */
#define HTTP_RESULTS_MAX ((size_t)16 << 20)       /* of one bulk request */
#define HTTP_OTLP_MAX ((size_t)16 << 20)          /* body of one OTLP request, unpacked */
#define HTTP_TURN ((size_t)256 << 10)         /* unpacked or rendered for one request at a time */
#define HTTP_ROUND ((size_t)2 << 20)          /* for all of a listener in one round */
#define HTTP_MEMORY_MAX (MEMORY_MAX / 4 * 3)  /* the rest is for streams alone */
#define HTTP_SOURCE_MAX ((size_t)40 << 20)    /* of it, for one source */
#define HTTP_TREES_MAX ((size_t)48 << 20)     /* for the trees of JSON of all requests */
#define HTTP_OTLP_RENDERED ((size_t)64 << 20) /* records of one OTLP request */
#define HTTP_BODY_NS (600 * INT64_C(1000000000)) /* for one body to come */

enum route { ROUTE_ANSWER, ROUTE_BULK, ROUTE_OTLP };

/* One accepted connection, for deadlines. */
struct http_peer {
        struct http_peer *next, *prev;
        int fd;
        int64_t since; /* accepted, or its last request was answered; ns monotonic */
        struct request *request;
        bool asked; /* a request came that could be read */
        struct os_peer from;
};

struct request {
        struct request *next, *prev;
        struct http *http;
        struct http_peer *peer;
        struct MHD_Connection *connection;
        struct source *source;
        struct os_peer from;
        enum route route;
        int64_t began;

        /* The whole answer, when it is not that of bulk or OTLP. */
        unsigned status; /* 0: not known yet */
        const char *what;

        struct gunzip *gunzip;     /* or NULL */
        uint64_t packed, unpacked; /* bytes of the body so far */
        bool suspended, stalled;   /* stalled: what it holds found no slot */
        bool in_turn;              /* waits for its turn; the next that does: */
        struct request *next_turn;
        uint64_t round; /* the last in which it had a turn, and what is left of that */
        size_t turn, charged;
        bool body_done, taken, waits; /* taken: all of it became records; waits: for durability */
        uint64_t last_seq;
        bool any;
        char *carry;
        size_t carry_len, carry_cap;

        /* bulk */
        struct bulk *bulk;
        char index[BULK_INDEX_MAX];
        struct buf results; /* struct result and names, one after the other */
        size_t results_cap; /* charged */
        uint32_t items, errors;
        bool brief;
        /* the answer, while it is being sent */
        size_t results_at, chunk_at;
        uint32_t said;
        struct buf chunk;

        /* OTLP */
        bool json;
        struct otlp *otlp;
        size_t tree, rendered; /* bytes */
        bool yielded;          /* its turn was over between two records */
        struct buf record;
        uint32_t rejected;
};

struct http {
        struct serve *serve;
        struct listener *listener;
        struct MHD_Daemon *daemon;
        struct request *requests;
        struct http_peer *peers;
        struct request *turns, **turns_end; /* who waits for a turn, first come first */
        uint64_t round;                     /* of `left`: what may still be unpacked in it */
        size_t left, trees;
        bool ending;
        char *piece;   /* HTTP_PIECE: unpacked */
        char *scratch; /* RECORD_MAX + HTTP_PIECE + HTTP_CONNECTION_MEMORY: carried and new */
};

/* http.c */
enum MHD_Result http_answer(struct request *r, unsigned status, const char *type, struct span body);
/* Takes `n` more bytes for a request until it ends; false: too much is held. */
bool http_charge(struct request *r, size_t n);
/* Gives some of that back. */
void http_discharge(struct request *r, size_t n);
/* Whether it may work on now: at first, and when its turn has come; http_spend() takes from that. */
bool http_turn(struct request *r);
void http_spend(struct request *r, size_t n);
/* A line for the operator: source, reason, who; counted when it recurs. */
void http_complain(const struct request *r, const char *what);

/* http_routes.c: what is answered without a body, and who may ask. */
/* Sets route, or status and what; for ROUTE_ANSWER answers are made by http_info(). */
void http_route(struct request *r, const char *method, const char *path);
enum MHD_Result http_info(struct request *r, const char *method, const char *path);
enum MHD_Result http_refuse(struct request *r);
bool http_identify(struct request *r);

/* http_bulk.c */
void http_bulk_feed(struct request *r, struct span piece);
void http_bulk_go_on(struct request *r); /* after a stall, or at the end of the body */
enum MHD_Result http_bulk_answer(struct request *r);

/* http_otlp.c */
void http_otlp_feed(struct request *r, struct span piece);
void http_otlp_go_on(struct request *r);
enum MHD_Result http_otlp_answer(struct request *r);
enum MHD_Result http_otlp_refuse(struct request *r);

#endif

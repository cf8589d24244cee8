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
#define HTTP_BODY_NS (600 * INT64_C(1000000000))  /* for one body to come */

enum route { ROUTE_ANSWER, ROUTE_BULK, ROUTE_OTLP };

/* One accepted connection, for deadlines. */
struct http_peer {
        struct http_peer *next, *prev;
        int fd;
        int64_t since; /* accepted, or its last request was answered; ns monotonic */
        struct request *request;
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

        struct gunzip *gunzip;        /* or NULL */
        uint64_t packed, unpacked;    /* bytes of the body so far */
        bool suspended, stalled;      /* stalled: what it holds found no slot */
        bool body_done, taken, waits; /* taken: all of it became records; waits: for durability */
        uint64_t last_seq;
        bool any;
        char *carry;
        size_t carry_len, carry_cap;

        /* bulk */
        struct bulk *bulk;
        char index[BULK_INDEX_MAX];
        struct buf results; /* struct result and names, one after the other */
        uint32_t items, errors;
        bool brief;
        /* the answer, while it is being sent */
        size_t results_at, chunk_at;
        uint32_t said;
        struct buf chunk;

        /* OTLP */
        bool json;
        struct otlp *otlp;
        struct buf record;
        uint32_t rejected;
};

struct http {
        struct serve *serve;
        struct listener *listener;
        struct MHD_Daemon *daemon;
        struct request *requests;
        struct http_peer *peers;
        bool ending;
        char *piece;   /* HTTP_PIECE: unpacked */
        char *scratch; /* RECORD_MAX + HTTP_PIECE + HTTP_CONNECTION_MEMORY: carried and new */
};

/* http.c */
enum MHD_Result http_answer(struct request *r, unsigned status, const char *type, struct span body);
/* Takes `n` more bytes for a connection; false: too much is held. */
bool http_charge(struct request *r, size_t n);
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

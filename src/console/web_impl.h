/* What the files of the web share. */
#ifndef CONSOLE_WEB_IMPL_H
#define CONSOLE_WEB_IMPL_H

#include <gnutls/gnutls.h>
#include <jansson.h>
#include <microhttpd.h>

#include "base/buf.h"
#include "base/lang.h"
#include "base/timestamp.h"
#include "console/web.h"
#include "wire/api.h"

#define WEB_CONNECTIONS 8192u
#define WEB_PER_PEER 512u       /* of another machine: a site behind one address */
#define WEB_PER_PEER_HERE 7168u /* of this one: a proxy, a test */
#define WEB_PLACES 4096u
#define WEB_BODIES ((size_t)64 << 20) /* of all requests under way */
#define WEB_OUT_MOST ((size_t)4 << 20)
#define WEB_PIECE_MOST ((size_t)2 << 20) /* of a stream that its reader does not take */

struct problem {
        unsigned status;
        const char *code, *en, *vi;
        unsigned retry;    /* s; 0: not said */
        const char *allow; /* with 405 */
        const struct api_fault *faults;
        unsigned n_faults;
};

enum ask_state {
        ASK_BODY,     /* its body is coming */
        ASK_SENT,     /* the desk has it */
        ASK_ANSWERED, /* all of the answer, or its first piece, is here */
        ASK_GIVING,   /* the answer goes out in pieces */
};

/* One request. */
struct ask {
        struct web *web;
        struct MHD_Connection *c;
        struct ask *next, *before;
        struct ask *same; /* in its place of web.places */
        enum ask_state state;
        bool suspended;
        bool sent; /* the desk knows of it */
        bool head; /* HEAD */
        bool waits_for_room;
        uint64_t id;
        const struct api_op *op;
        struct api_ask ask;
        enum lang lang;
        json_t *fields;
        struct buf body;
        size_t body_got; /* of an upload */
        struct api_say say;
        bool body_coming; /* what is refused meanwhile is said when all of it was read */
        bool refused;
        struct problem late; /* that; what it points to is below, or constant */
        struct api_fault faults[API_FAULTS_MAX];
        char allow[64];
        struct buf piece; /* of the answer */
        size_t at;        /* given */
        bool more, next_asked, cut;
        bool orphan; /* follows events, of a desk that has ended: asked for anew of the next */
        int64_t since, beat; /* mono */
};

/* One connection. */
struct peer {
        struct peer *next, *before;
        unsigned char address[16];
        int fd;
        int64_t since; /* mono: when it was accepted, or its last request ended */
        unsigned asks; /* under way */
        bool asked;    /* a request came already */
        bool ended, counted;
};

/* The connections of one address. */
#define WEB_CROWDS 1024u
struct crowd {
        struct crowd *next;
        unsigned char address[16];
        unsigned n;
};

struct bucket {
        unsigned char address[16];
        int64_t at; /* mono; 0: free */
        double tokens, sign_ins;
};
#define BUCKETS 8192u

struct web {
        struct MHD_Daemon *mhd;
        int listener, ep;
        bool tls;
        gnutls_datum_t tickets; /* key of sessions that are taken up again; empty: none are */
        int desk;               /* -1: none */
        int64_t desk_gone;      /* mono */
        struct buf in, out;
        struct ask *asks;
        struct ask *places[WEB_PLACES]; /* those with a number, by it */
        unsigned n_waiting;             /* for room in `out` */
        int64_t ticked;                 /* mono */
        struct peer *peers;
        struct crowd *crowds[WEB_CROWDS];
        uint64_t last_id, key;
        size_t bodies;
        unsigned n_peers;
        int64_t mono;
        struct bucket *buckets;
};

/* web_ask.c: MHD's handler, and the end of a request */
enum MHD_Result web_handler(void *cls, struct MHD_Connection *c, const char *url,
                            const char *method, const char *version, const char *data, size_t *len,
                            void **ret);
void web_completed(void *cls, struct MHD_Connection *c, void **ask,
                   enum MHD_RequestTerminationCode why);
void web_suspend(struct ask *a);
/* What an orphan asked, to a new desk. */
void web_ask_again(struct ask *a);
void web_resume(struct ask *a);

/* web_desk.c */
void web_desk_frame(struct web *w, uint32_t frame, uint64_t id, const void *p, size_t n,
                    struct span more);
int web_desk_read(struct web *w);
void web_desk_write(struct web *w);
void web_desk_lost(struct web *w);

/* web_say.c */
enum MHD_Result web_problem(struct MHD_Connection *c, const struct web *w, enum lang lang,
                            const struct problem *p);
enum MHD_Result web_answer(struct ask *a);
/* Adds what every answer has. */
void web_headers(struct MHD_Response *r, const struct web *w);

/* web_static.c */
enum MHD_Result web_static(struct web *w, struct MHD_Connection *c, const char *path,
                           enum lang lang);

/* web_limit.c */
enum web_cost { COST_REQUEST, COST_SIGN_IN };
/* 0: go on; else seconds to wait. */
unsigned web_limit(struct web *w, const unsigned char address[16], enum web_cost cost);
bool web_is_here(const unsigned char address[16]);

/* web_head.c: what stands in a request's head */
enum lang web_lang(struct MHD_Connection *c);
void web_token(struct MHD_Connection *c, const struct web *w, struct api_ask *ask);
/* Whether a page of ours, or no browser, sends a write. */
bool web_same_site(struct MHD_Connection *c, const struct web *w);
void web_address(struct MHD_Connection *c, unsigned char to[16]);
const char *web_header(struct MHD_Connection *c, const char *name);
const char *web_cookie_name(const struct web *w);

#endif

/* What the courier's files share. */
#ifndef COURIER_IMPL_H
#define COURIER_IMPL_H

#include <jansson.h>
#include <poll.h>

#include "base/buf.h"
#include "courier/courier.h"
#include "courier/curl.h"
#include "courier/dns.h"
#include "courier/reach.h"
#include "wire/courier.h"

#define HOOKS_MAX 32u
#define RESOLVERS_MAX 3u
#define LOOKUPS_MAX 32u
#define TRANSFERS_MAX 16u
#define WATCHES_MAX 48u
#define HOST_MAX 256u

struct hook {
        char name[65];
        char *url, *secret, *ca; /* owned; ca: NULL: the machine's */
};

struct watch {
        int fd; /* -1: free */
        short events;
        courier_ready *ready;
        void *ctx;
};

struct lookup;

struct courier {
        const struct curl_calls *curl;
        CURLM *multi;
        int64_t mono, wall;
        struct buf out, act_out;
        bool line, act_line;

        /* what main said */
        bool has_mail;
        struct {
                char *server, *from, *user, *password, *ca;
                uint16_t port;
                bool own_relay;
                enum { MAIL_STARTTLS, MAIL_TLS, MAIL_PLAIN } tls;
        } mail;
        struct hook hooks[HOOKS_MAX];
        struct hook firewall; /* act's alone; url NULL: none */
        unsigned n_hooks;
        struct reach reach;
        struct os_peer resolvers[RESOLVERS_MAX];
        unsigned n_resolvers;
        char *hosts, *authorities;

        struct lookup *lookups[LOOKUPS_MAX];
        struct transfer *transfers[TRANSFERS_MAX];
        struct watch watches[WATCHES_MAX];
        struct directory *directory; /* NULL: none */
        struct provider *provider;   /* NULL: none */
        struct parcel *parcels;      /* mails and webhooks under way */
        struct courier_counts counts;
};

/* ---- lookup.c: names to addresses ---- */

typedef void lookup_done(void *ctx, int error, const struct dns_addresses *a);
/* `done` is called once, perhaps before this returns. */
void lookup_begin(struct courier *c, struct span name, lookup_done *done, void *ctx);
void lookup_tick(struct courier *c);
void lookup_end_all(struct courier *c); /* without a word */

/* ---- transfer.c ---- */

void transfer_perform(struct courier *c);
void transfer_end_all(struct courier *c);

/* Whose ask it is: the line's answers go back to it. */
#define ID_OF_ACT (UINT64_C(1) << 63)

/* ---- parcel.c: mails and webhooks ---- */

int parcel_firewall(struct courier *c, uint64_t id, struct span payload);

int parcel_mail(struct courier *c, uint64_t id, struct span payload);
int parcel_webhook(struct courier *c, uint64_t id, struct span payload);
int parcel_bytes(struct courier *c, uint64_t id, struct span piece);
void parcel_end_all(struct courier *c);

#endif

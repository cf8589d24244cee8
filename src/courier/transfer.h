/* One conversation of libcurl's, from the name to its end: looked up by us, checked against what may be
 * reached, bounded in time and size. */
#ifndef COURIER_TRANSFER_H
#define COURIER_TRANSFER_H

#include "courier/courier.h"

enum transfer_kind { TRANSFER_HTTP = 1, TRANSFER_MAIL };

struct transfer_spec {
        enum transfer_kind kind;
        const char *url, *method, *ca;
        const char *const *headers; /* NULL ends */
        struct span body;           /* kept by the caller */
        size_t answer_max;
        unsigned seconds;
        bool own_relay; /* loopback is meant: the configuration names it as such */
        /* of a mail */
        const char *from, *user, *password;
        const char *const *to;
        unsigned n_to;
        bool starttls;
};

struct transfer_said {
        int error;
        long status;      /* of HTTP; of SMTP: the last answer's */
        bool taken;       /* of a mail: all of it was sent before it failed */
        bool login;       /* it failed at signing in */
        struct span body; /* of HTTP */
        const char *text;
};
typedef void transfer_done(void *ctx, const struct transfer_said *s);

/* 0, -EBUSY, -ENOMEM, -EINVAL: not an address that this is for. */
int transfer_begin(struct courier *c, const struct transfer_spec *s, transfer_done *done,
                   void *ctx);

#endif

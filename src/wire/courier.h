/* Between the desk and the courier: frames over one SOCK_STREAM pair, little-endian, many under way at once.
 * The desk asks (kind and payload), the courier answers with the same kind and id: struct courier_say,
 * then what there is to say. Whoever is told something that is none of this closes the line.
 *
 *     desk ──MAIL id {…}──► courier      desk ──BYTES id (its files, in order)──► courier
 *     desk ◄──MAIL id say── courier      desk ◄──READY 0 {…}── courier, first of all
 *
 * New kinds of asks get a number here and a line in src/courier/courier.c. */
#ifndef WIRE_COURIER_H
#define WIRE_COURIER_H

#include "base/base.h"

enum courier_kind {
        /* {"to": [address], "subject", "body", "id", "date": seconds, "files": [{"name", "type", "size"}]};
         * then the bytes of all files in BYTES. `id`: the left half of its Message-ID. */
        COURIER_MAIL = 1,
        /* {"to": name of the configuration, "id": Idempotency-Key, "event", "body": JSON as text} */
        COURIER_WEBHOOK = 2,
        COURIER_BYTES = 3, /* desk → courier */
        /* courier → desk: {"mail": bool, "webhooks": [name]}: what it was configured for */
        COURIER_READY = 4,
        /* Asks of calls that wait (desk/errands.h): their id is the call's ticket. */
        COURIER_ASKS = 16,
        COURIER_LDAP = 17, /* courier/directory.h */
        COURIER_OIDC = 18, /* courier/provider.h */
        /* act → courier: {"id", "event", "body"}, to the webhook of `containment:`, which nobody else reaches */
        COURIER_FIREWALL = 19,
};

struct courier_head {
        uint32_t len; /* of what follows */
        uint32_t kind;
        uint64_t id;
};

#define COURIER_FRAME_MAX ((size_t)1 << 20)
#define COURIER_PIECE ((size_t)64 << 10)       /* of BYTES */
#define COURIER_FILES_MAX ((uint64_t)32 << 20) /* of one mail, all together */
#define COURIER_AT_ONCE 4u                     /* mails and webhooks */

/* Begins every answer. */
struct courier_say {
        int32_t error; /* 0, or -errno */
        uint32_t flags;
};
/* It would fail again: wrong address, refused by the server. */
#define COURIER_FOR_GOOD 1u

#endif

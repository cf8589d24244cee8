/* The few words of D-Bus that stopping a service takes: calls with texts as arguments, and what a reply says
 * first. Pure; whoever reads and writes the socket is elsewhere (main/process_hand.c).
 *
 * The manager of services speaks it at /run/systemd/private (no bus between, root only) and on the system
 * bus. Its answers are looked at as if anybody had sent them. */
#ifndef ACT_DBUS_H
#define ACT_DBUS_H

#include "base/buf.h"

#define DBUS_BYTES_MAX ((size_t)64 << 10) /* of one message */

struct dbus_call {
        uint32_t serial; /* not 0 */
        const char *to;  /* NULL where there is no bus */
        const char *path, *interface, *member;
        const char *args[3]; /* texts; NULL ends */
};
void dbus_write(struct buf *to, const struct dbus_call *c);

enum { DBUS_RETURN = 2, DBUS_ERROR = 3 };
struct dbus_said {
        uint8_t type;      /* others than these two are no answers */
        uint32_t reply_to; /* a serial */
        struct span error; /* its name, of DBUS_ERROR */
        struct span text;  /* the first value where it is a text, a path, or such in a variant */
        int64_t number;    /* the first value where it is a boolean or 32 bits; else -1 */
};
/* 1: one message of *ret_used bytes; 0: more is needed; -EBADMSG. Spans point into `in`. */
int dbus_read(struct span in, size_t *ret_used, struct dbus_said *ret);

/* The greeting of who has this number, to its end; the other end answers a line that begins with "OK ".
 * Nothing is sent before that: systemd loses what comes in one piece with the greeting's end. */
void dbus_greeting(struct buf *to, uint32_t uid);

#endif

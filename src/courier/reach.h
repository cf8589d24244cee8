/* Where the courier may connect to: asked with the address of the connection itself, so that no name can be
 * made to mean another one in between. */
#ifndef COURIER_REACH_H
#define COURIER_REACH_H

#include "wire/node_ingest.h"

#define REACH_MAX 256u

struct reach {
        struct address_net list[REACH_MAX]; /* `allow` of the configuration; none: everywhere */
        unsigned n;
};

/* "10.0.0.0/8", "2001:db8::7". */
bool reach_add(struct reach *r, const char *text);
/* This machine itself, a neighbour by link, a group, or nobody: never reached unless a line of the list lies
 * within the same kind (127.0.0.1 does, 0.0.0.0/0 does not). */
bool reach_special(const uint8_t address[16]);
bool reach_loopback(const uint8_t address[16]);
bool reach_allowed(const struct reach *r, const uint8_t address[16]);

#endif

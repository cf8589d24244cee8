/* Services of this machine, stopped and started again through the manager of services (systemd), over a
 * socket that is open (act/dbus.h). As act_hands: done twice is done once. */
#ifndef ACT_SERVICES_H
#define ACT_SERVICES_H

#include "act/dbus.h"
#include "wire/order.h"

struct services;

/* Greets whoever is there: a manager at its own socket, or (bus) the bus it is on. Before the sandbox.
 * The socket is taken over. -ENOENT and others: there is none, or it does not want us. */
int services_new(struct services **ret, int sock, bool bus, uint32_t uid);
/* The first that there is of those systemd has; -ENOENT: none. */
int services_open(struct services **ret, uint32_t uid);
struct services *services_free(struct services *s);
CLEANUP(services, services_free)

/* 0, enum order_fault, -errno; -EPIPE: the line is gone, begin anew. */
int services_look(struct services *s, struct order_name *name);
int services_stop(struct services *s, const struct order_name *name);
int services_start(struct services *s, const struct order_name *name);

#endif
